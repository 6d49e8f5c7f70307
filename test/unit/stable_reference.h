/*
 * stable_reference.h
 *	  stable matchings by definition: problems as tables, all matchings tried
 *
 * A problem has a cell for every pair.  The solver sees its rows in one of
 * several guises that stable.h allows.  Small problems are solved by going
 * through all matchings and keeping the stable ones; larger ones by deferred
 * acceptance as the papers describe it, with preferences sorted as a whole.
 */
#ifndef STABLE_REFERENCE_H
#define STABLE_REFERENCE_H

#include <stdlib.h>
#include <string.h>

#include "stable.h"

#define RANDOM_SEED 20240611
#include "tap.h"

/* How scores are made */
typedef enum ScoreKind
{
	FEW_SCORES,
	MANY_SCORES,
	SAME_TASTE,					/* all rows and all columns agree */
	ALL_EQUAL,
	SYMMETRIC,					/* both sides have one score */
	OPPOSED,					/* what one side likes the other doesn't; no
								 * two rows the same */
	LARGEST,					/* at the ends of the range */
	NSCORE_KINDS
} ScoreKind;

/* How rows are handed out */
typedef enum Guise
{
	FILLED,						/* into the rooms */
	STORED,						/* the table itself */
	SHORT,						/* no entry for the last columns, if not
								 * accepted */
	SPARSE,						/* accepted pairs, and a few others */
	NGUISES
} Guise;

typedef struct Table
{
	MtrStable	p;
	int32_t    *a;				/* [nrows][ncols] what rows think */
	int32_t    *b;				/* what columns think */
	Guise		guise;
	int32_t    *col;			/* [ncols] the last sparse row */
	int32_t    *left;
	int32_t    *right;
	int64_t		reads;
} Table;

/* ----------
 * Tables
 * ----------
 */

static inline size_t
cell(const Table *t, int32_t i, int32_t j)
{
	return (size_t) i * t->p.ncols + j;
}

static inline bool
accepted(const Table *t, int32_t i, int32_t j)
{
	return t->a[cell(t, i, j)] != MTR_NO_PAIR &&
		t->b[cell(t, i, j)] != MTR_NO_PAIR;
}

/* Leave entries the sparse guise needs, and a third of the others. */
static void
read_sparse(Table *t, int32_t i, MtrStableRow *row)
{
	row->n = 0;
	for (int32_t j = 0; j < t->p.ncols; j++)
	{
		if (!accepted(t, i, j) && (i + j) % 3 != 0)
			continue;
		t->col[row->n] = j;
		t->left[row->n] = t->a[cell(t, i, j)];
		t->right[row->n++] = t->b[cell(t, i, j)];
	}
	row->col = t->col;
	row->left = t->left;
	row->right = t->right;
}

static void
read_row(void *state, int32_t i, MtrStableRow *row)
{
	Table	   *t = state;
	size_t		size = t->p.ncols * sizeof(int32_t);

	t->reads++;
	switch (t->guise)
	{
		case FILLED:
			memcpy(row->left_room, t->a + cell(t, i, 0), size);
			memcpy(row->right_room, t->b + cell(t, i, 0), size);
			break;
		case SPARSE:
			read_sparse(t, i, row);
			break;
		case SHORT:
			while (row->n > 0 && !accepted(t, i, row->n - 1))
				row->n--;
			/* FALLTHROUGH */
		default:
			row->left = t->a + cell(t, i, 0);
			row->right = t->b + cell(t, i, 0);
	}
}

static Table *
new_table(int32_t nrows, int32_t ncols)
{
	Table	   *t = get_memory(sizeof(Table));
	size_t		ncells = (size_t) nrows * ncols;

	t->p.nrows = nrows;
	t->p.ncols = ncols;
	t->p.row_places = get_memory(nrows * sizeof(int32_t));
	t->p.col_places = get_memory(ncols * sizeof(int32_t));
	t->p.read_row = read_row;
	t->p.state = t;
	t->a = get_memory(ncells * sizeof(int32_t));
	t->b = get_memory(ncells * sizeof(int32_t));
	t->col = get_memory(ncols * sizeof(int32_t));
	t->left = get_memory(ncols * sizeof(int32_t));
	t->right = get_memory(ncols * sizeof(int32_t));
	return t;
}

static void
free_table(Table *t)
{
	free((void *) t->p.row_places);
	free((void *) t->p.col_places);
	free(t->p.pair_row);
	free(t->p.pair_col);
	free(t->p.pair_left);
	free(t->p.pair_right);
	free(t->a);
	free(t->b);
	free(t->col);
	free(t->left);
	free(t->right);
	free(t);
}

/* Room for n pairs */
static void
make_room(Table *t, int64_t n)
{
	int32_t   **room[4] = {&t->p.pair_row, &t->p.pair_col, &t->p.pair_left,
	&t->p.pair_right};

	for (int k = 0; k < 4; k++)
	{
		free(*room[k]);
		*room[k] = get_memory(n * sizeof(int32_t));
	}
}

static int32_t
random_score(ScoreKind kind, int32_t partner)
{
	switch (kind)
	{
		case FEW_SCORES:
			return (int32_t) rnd(4) - 1;
		case SAME_TASTE:
			return partner * 100 + (int32_t) rnd(10);
		case ALL_EQUAL:
			return -7;
		case LARGEST:
			return rnd(2) == 0 ? MTR_NO_PAIR + 1 : INT32_MAX - (int32_t) rnd(2);
		default:
			return (int32_t) rnd(2000000) - 1000000;
	}
}

static void
random_places(int32_t *places, int32_t n, int32_t partners, int32_t most)
{
	for (int32_t k = 0; k < n; k++)
		places[k] = rnd(40) == 0 ? rnd(2 * partners + 2) : 1 + rnd(most);
	if (n > 0 && rnd(32) == 0)
		places[rnd(n)] = INT32_MAX;
}

/* One score in "missing" is none.  Every second problem is of the kind that
 * has many stable matchings. */
static Table *
random_table(int32_t nrows, int32_t ncols, int32_t missing)
{
	Table	   *t = new_table(nrows, ncols);
	bool		contested = rnd(2) == 0;
	ScoreKind	left_kind = contested ? OPPOSED : rnd(NSCORE_KINDS);
	ScoreKind	right_kind = contested ? OPPOSED : rnd(NSCORE_KINDS);
	int32_t		most = contested ? 1 + rnd(2) : 1 + rnd(3);

	random_places((int32_t *) t->p.row_places, nrows, ncols, most);
	random_places((int32_t *) t->p.col_places, ncols, nrows, most);
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
		{
			size_t		k = cell(t, i, j);

			t->a[k] = rnd(missing) == 0 ? MTR_NO_PAIR :
				left_kind == OPPOSED ? (j - i + nrows) % ncols :
				random_score(left_kind, j);
			if (rnd(missing) == 0)
				t->b[k] = MTR_NO_PAIR;
			else if (right_kind == SYMMETRIC)
				t->b[k] = t->a[k];
			else if (right_kind == OPPOSED && t->a[k] != MTR_NO_PAIR)
				t->b[k] = -t->a[k];
			else
				t->b[k] = random_score(right_kind, i);
		}
	t->guise = rnd(NGUISES);
	return t;
}

/* ----------
 * By definition
 * ----------
 */

/* Does row i prefer column j to k? */
static inline bool
row_prefers(const Table *t, int32_t i, int32_t j, int32_t k)
{
	int32_t		x = t->a[cell(t, i, j)];
	int32_t		y = t->a[cell(t, i, k)];

	return x != y ? x > y : j < k;
}

/* Does column j prefer row i to k? */
static inline bool
col_prefers(const Table *t, int32_t j, int32_t i, int32_t k)
{
	int32_t		x = t->b[cell(t, i, j)];
	int32_t		y = t->b[cell(t, k, j)];

	return x != y ? x > y : i < k;
}

/* Does the pair block the matching given by flags of its cells? */
static bool
blocks(const Table *t, const uint8_t *taken, int32_t i, int32_t j)
{
	int32_t		of_row = 0;
	int32_t		of_col = 0;
	bool		better_for_row = false;
	bool		better_for_col = false;

	if (taken[cell(t, i, j)] || !accepted(t, i, j))
		return false;
	for (int32_t k = 0; k < t->p.ncols; k++)
		if (taken[cell(t, i, k)])
		{
			of_row++;
			better_for_row |= row_prefers(t, i, j, k);
		}
	for (int32_t k = 0; k < t->p.nrows; k++)
		if (taken[cell(t, k, j)])
		{
			of_col++;
			better_for_col |= col_prefers(t, j, i, k);
		}
	return (of_row < t->p.row_places[i] || better_for_row) &&
		(of_col < t->p.col_places[j] || better_for_col);
}

static int64_t
count_blocking(const Table *t, const uint8_t *taken)
{
	int64_t		n = 0;

	for (int32_t i = 0; i < t->p.nrows; i++)
		for (int32_t j = 0; j < t->p.ncols; j++)
			n += blocks(t, taken, i, j);
	return n;
}

/*
 * Would every row, from its partners in both matchings, choose those of the
 * first, and every column those of the second?  That is so if each of its
 * partners there it hasn't here, too, is preferred to each of the others it
 * has here only, and there are as many.
 */
static bool
is_row_better(const Table *t, const uint8_t *taken, const uint8_t *other)
{
	for (int32_t i = 0; i < t->p.nrows; i++)
	{
		int32_t		difference = 0;

		for (int32_t j = 0; j < t->p.ncols; j++)
		{
			difference += taken[cell(t, i, j)] - other[cell(t, i, j)];
			for (int32_t k = 0; k < t->p.ncols; k++)
				if (taken[cell(t, i, j)] && !other[cell(t, i, j)] &&
					other[cell(t, i, k)] && !taken[cell(t, i, k)] &&
					!row_prefers(t, i, j, k))
					return false;
		}
		if (difference != 0)
			return false;
	}
	return true;
}

static bool
is_col_worse(const Table *t, const uint8_t *taken, const uint8_t *other)
{
	for (int32_t j = 0; j < t->p.ncols; j++)
	{
		int32_t		difference = 0;

		for (int32_t i = 0; i < t->p.nrows; i++)
		{
			difference += taken[cell(t, i, j)] - other[cell(t, i, j)];
			for (int32_t k = 0; k < t->p.nrows; k++)
				if (taken[cell(t, i, j)] && !other[cell(t, i, j)] &&
					other[cell(t, k, j)] && !taken[cell(t, k, j)] &&
					!col_prefers(t, j, k, i))
					return false;
		}
		if (difference != 0)
			return false;
	}
	return true;
}

/* ----------
 * Deferred acceptance, word by word
 * ----------
 */

/* Proposals go round by round: each row with empty places proposes to its
 * next column, each column keeps the best it has.  Flags of the pairs. */
static uint8_t *
deferred_acceptance(const Table *t)
{
	uint8_t    *taken = get_memory((size_t) t->p.nrows * t->p.ncols);
	uint8_t    *tried = get_memory((size_t) t->p.nrows * t->p.ncols);
	bool		again = true;

	while (again)
	{
		again = false;
		for (int32_t i = 0; i < t->p.nrows; i++)
		{
			int32_t		held = 0;
			int32_t		best = -1;
			int32_t		rows = 0;
			int32_t		worst = i;

			for (int32_t j = 0; j < t->p.ncols; j++)
			{
				held += taken[cell(t, i, j)];
				if (!tried[cell(t, i, j)] && accepted(t, i, j) &&
					(best < 0 || row_prefers(t, i, j, best)))
					best = j;
			}
			if (best < 0 || held >= t->p.row_places[i])
				continue;
			again = true;
			tried[cell(t, i, best)] = taken[cell(t, i, best)] = 1;
			for (int32_t k = 0; k < t->p.nrows; k++)
				if (taken[cell(t, k, best)])
				{
					rows++;
					if (col_prefers(t, best, worst, k))
						worst = k;
				}
			if (rows > t->p.col_places[best])
				taken[cell(t, worst, best)] = 0;
		}
	}
	free(tried);
	return taken;
}

#endif							/* STABLE_REFERENCE_H */
