/*
 * stable_test.c
 *	  stable matching and its checker: stable*.c against the definition
 *
 * Small problems: all matchings are gone through, the stable ones kept, and
 * the kernel's must be the one of these that is best for every row and worst
 * for every column.  The checker's count is compared with the definition's
 * for matchings of all kinds.  Larger problems have rows longer than a block
 * of the kernel and lists that are used up again and again; they compare with
 * deferred acceptance as the papers describe it.
 *
 * Build: stable_test.c poll.c stable.c stable_check.c
 */
#include <stdio.h>

#include "stable_reference.h"

#define MAX_CELLS 12
#define MAX_STABLE 64

/* of the problem that faults are planted in */
#define SOLVED_COLS 301

/* ----------
 * Running the kernel
 * ----------
 */

/* Scratch that is not cleared, and not a byte longer than asked for */
static void *
new_scratch(size_t size)
{
	void	   *scratch = NULL;

	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	memset(scratch, 0xA5, size);
	return scratch;
}

static MtrStatus
solve(Table *t, int32_t list_size)
{
	void	   *scratch;
	MtrStatus	status;

	t->p.list_size = list_size;
	t->reads = 0;
	scratch = new_scratch(mtr_stable_scratch_size(&t->p));
	status = mtr_stable_solve(&t->p, scratch);
	free(scratch);
	return status;
}

/* Check the pairs of a table, listing up to as many as there is room for. */
static MtrStatus
run_check(const Table *t, MtrStableCheck *check, int32_t max_listed)
{
	size_t		size = max_listed * sizeof(int32_t);
	void	   *scratch = new_scratch(mtr_stable_check_size(&t->p));
	MtrStatus	status;

	check->max_listed = max_listed;
	check->blocking_row = get_memory(size);
	check->blocking_col = get_memory(size);
	check->blocking_left = get_memory(size);
	check->blocking_right = get_memory(size);
	status = mtr_stable_blocking(&t->p, check, scratch);
	free(scratch);
	return status;
}

static void
free_check(MtrStableCheck *check)
{
	free(check->blocking_row);
	free(check->blocking_col);
	free(check->blocking_left);
	free(check->blocking_right);
}

/* Is the matching free of faults, and does it have so many blocking pairs? */
static bool
has_blocking(const Table *t, int64_t n)
{
	MtrStableCheck check;
	bool		as_wanted;

	as_wanted = run_check(t, &check, 0) == MTR_OK &&
		check.fault == MTR_STABLE_FEASIBLE && check.fault_pair == -1 &&
		check.nblocking == n && check.nlisted == 0;
	free_check(&check);
	return as_wanted;
}

/* Are the pairs those of the flags, in order, with their scores? */
static bool
same_pairs(const Table *t, const uint8_t *taken)
{
	const MtrStable *p = &t->p;
	int32_t		n = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			if (!taken[cell(t, i, j)])
				continue;
			if (n >= p->npairs || p->pair_row[n] != i ||
				p->pair_col[n] != j ||
				p->pair_left[n] != t->a[cell(t, i, j)] ||
				p->pair_right[n] != t->b[cell(t, i, j)])
				return false;
			n++;
		}
	return n == p->npairs;
}

/* Put a matching given by flags into the table, for the checker. */
static void
put_pairs(Table *t, const uint8_t *taken)
{
	MtrStable  *p = &t->p;
	int32_t		n = 0;

	make_room(t, (int64_t) p->nrows * p->ncols);
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (taken[cell(t, i, j)])
			{
				p->pair_row[n] = i;
				p->pair_col[n] = j;
				p->pair_left[n] = t->a[cell(t, i, j)];
				p->pair_right[n++] = t->b[cell(t, i, j)];
			}
	p->npairs = n;
}

/*
 * Solve with several sizes of lists and in all guises: always these pairs.
 * Every row with places is read, and none without.
 */
static bool
solves_to(Table *t, const uint8_t *taken)
{
	static const int32_t sizes[] = {0, 1, 2, 3, 7};
	bool		same = true;
	int64_t		nactive = 0;

	for (int32_t i = 0; i < t->p.nrows; i++)
		nactive += t->p.ncols > 0 && t->p.row_places[i] > 0;
	make_room(t, mtr_stable_max_pairs(&t->p));
	for (int k = 0; k < 5; k++)
	{
		t->guise = (t->guise + 1) % NGUISES;
		same = same && solve(t, sizes[k]) == MTR_OK && same_pairs(t, taken);
		same = same && t->p.rows_read == t->reads && t->reads >= nactive;
		same = same && t->p.proposals >= t->p.npairs;
	}
	return same;
}

/* ----------
 * Small problems
 * ----------
 */

typedef struct Brute
{
	Table	   *t;
	int32_t		row_left[MAX_CELLS];
	int32_t		col_left[MAX_CELLS];
	uint8_t		taken[MAX_CELLS];
	uint8_t		stable[MAX_STABLE][MAX_CELLS];
	int			nstable;
	int			nchecked;		/* matchings the checker saw, */
	int			nwrong;			/* and counted wrongly */
} Brute;

/* Does the checker agree with the definition, in its list, too? */
static bool
is_checked_right(Table *t, const uint8_t *taken, int64_t nblocking)
{
	MtrStableCheck check;
	int32_t		max_listed = rnd(4);
	int32_t		n = 0;
	bool		right;

	put_pairs(t, taken);
	t->guise = rnd(NGUISES);
	right = run_check(t, &check, max_listed) == MTR_OK &&
		check.fault == MTR_STABLE_FEASIBLE && check.nblocking == nblocking;
	right = right && check.nlisted ==
		(nblocking < max_listed ? nblocking : max_listed);
	for (int32_t i = 0; i < t->p.nrows && right; i++)
		for (int32_t j = 0; j < t->p.ncols && right && n < max_listed; j++)
		{
			if (!blocks(t, taken, i, j))
				continue;
			right = check.blocking_row[n] == i && check.blocking_col[n] == j &&
				check.blocking_left[n] == t->a[cell(t, i, j)] &&
				check.blocking_right[n] == t->b[cell(t, i, j)];
			n++;
		}
	free_check(&check);
	return right;
}

/* All cells are settled: is this matching stable? */
static void
consider(Brute *b)
{
	int64_t		nblocking = count_blocking(b->t, b->taken);

	if (rnd(32) == 0)
	{
		b->nchecked++;
		b->nwrong += !is_checked_right(b->t, b->taken, nblocking);
	}
	if (nblocking > 0)
		return;
	if (b->nstable == MAX_STABLE)
		exit(2);
	memcpy(b->stable[b->nstable++], b->taken, MAX_CELLS);
}

/* Go through the matchings that agree with the choice before cell k. */
static void
enumerate(Brute *b, int32_t k)
{
	int32_t		ncols = b->t->p.ncols;
	int32_t		i = k / (ncols > 0 ? ncols : 1);
	int32_t		j = k % (ncols > 0 ? ncols : 1);

	if (k == b->t->p.nrows * ncols)
	{
		consider(b);
		return;
	}
	if (accepted(b->t, i, j) && b->row_left[i] > 0 && b->col_left[j] > 0)
	{
		b->row_left[i]--;
		b->col_left[j]--;
		b->taken[k] = 1;
		enumerate(b, k + 1);
		b->taken[k] = 0;
		b->row_left[i]++;
		b->col_left[j]++;
	}
	enumerate(b, k + 1);
}

/* The stable matching that is best for all rows and worst for all columns,
 * or -1 if there were none. */
static int
find_best(const Brute *b)
{
	for (int k = 0; k < b->nstable; k++)
	{
		bool		is_best = true;

		for (int other = 0; other < b->nstable && is_best; other++)
			is_best = is_row_better(b->t, b->stable[k], b->stable[other]) &&
				is_col_worse(b->t, b->stable[k], b->stable[other]);
		if (is_best)
			return k;
	}
	return -1;
}

static void
test_brute(int ncases)
{
	int			nwrong = 0;
	int			nchecks = 0;
	int			nwrong_checks = 0;
	int			nseveral = 0;
	int			nlost = 0;

	for (int c = 0; c < ncases; c++)
	{
		int32_t		nrows = rnd(16) == 0 ? rnd(2) : 2 + rnd(3);
		int32_t		ncols = rnd(16) == 0 ? rnd(2) : 2 + rnd(2);
		Table	   *t = random_table(nrows, ncols, 3 + rnd(40));
		Brute		b = {.t = t};
		int			best;

		memcpy(b.row_left, t->p.row_places, nrows * sizeof(int32_t));
		memcpy(b.col_left, t->p.col_places, ncols * sizeof(int32_t));
		enumerate(&b, 0);
		best = find_best(&b);
		nlost += best < 0;
		nwrong += best < 0 || !solves_to(t, b.stable[best]) ||
			!has_blocking(t, 0);
		nseveral += b.nstable > 1;
		nchecks += b.nchecked;
		nwrong_checks += b.nwrong;
		free_table(t);
	}
	printf("# %d of %d problems have several stable matchings\n", nseveral,
		   ncases);
	report(nlost == 0,
		   "one stable matching is best for rows and worst for columns");
	report(nwrong == 0 && nseveral > ncases / 20, "and that one is found");
	report(nwrong_checks == 0 && nchecks > ncases,
		   "the checker finds the blocking pairs of any matching");
}

/* ----------
 * Larger problems
 * ----------
 */

/* The same problem, columns proposing */
static Table *
transpose(const Table *t)
{
	Table	   *u = new_table(t->p.ncols, t->p.nrows);

	for (int32_t i = 0; i < t->p.nrows; i++)
		for (int32_t j = 0; j < t->p.ncols; j++)
		{
			u->a[cell(u, j, i)] = t->b[cell(t, i, j)];
			u->b[cell(u, j, i)] = t->a[cell(t, i, j)];
		}
	memcpy((void *) u->p.row_places, t->p.col_places,
		   t->p.ncols * sizeof(int32_t));
	memcpy((void *) u->p.col_places, t->p.row_places,
		   t->p.nrows * sizeof(int32_t));
	return u;
}

/* What the columns get when they propose is stable, too, and nothing rows
 * would exchange theirs for. */
static bool
is_better_than_transposed(const Table *t, const uint8_t *taken)
{
	Table	   *u = transpose(t);
	uint8_t    *mirrored = get_memory((size_t) t->p.nrows * t->p.ncols);
	bool		better;

	make_room(u, mtr_stable_max_pairs(&u->p));
	better = solve(u, 0) == MTR_OK;
	for (int32_t k = 0; k < u->p.npairs; k++)
		mirrored[cell(t, u->p.pair_col[k], u->p.pair_row[k])] = 1;
	better = better && count_blocking(t, mirrored) == 0 &&
		is_row_better(t, taken, mirrored) && is_col_worse(t, taken, mirrored);
	free(mirrored);
	free_table(u);
	return better;
}

static void
test_reference(int ncases, int32_t max_rows, int32_t max_cols,
			   const char *what)
{
	int			nwrong = 0;

	for (int c = 0; c < ncases; c++)
	{
		Table	   *t = random_table(rnd(max_rows + 1), rnd(max_cols + 1),
									 2 + rnd(30));
		uint8_t    *taken = deferred_acceptance(t);

		nwrong += !solves_to(t, taken) || !has_blocking(t, 0);
		if (c % 8 == 0)
			nwrong += !is_better_than_transposed(t, taken);
		free(taken);
		free_table(t);
	}
	report(nwrong == 0, what);
}

/* Take cells one by one in random order while there are places. */
static uint8_t *
random_matching(const Table *t)
{
	size_t		ncells = (size_t) t->p.nrows * t->p.ncols;
	uint8_t    *taken = get_memory(ncells);
	int32_t    *row_left = get_memory(t->p.nrows * sizeof(int32_t));
	int32_t    *col_left = get_memory(t->p.ncols * sizeof(int32_t));

	memcpy(row_left, t->p.row_places, t->p.nrows * sizeof(int32_t));
	memcpy(col_left, t->p.col_places, t->p.ncols * sizeof(int32_t));
	for (size_t n = 0; n < ncells; n++)
	{
		int32_t		i = rnd(t->p.nrows);
		int32_t		j = rnd(t->p.ncols);

		if (taken[cell(t, i, j)] || !accepted(t, i, j) ||
			row_left[i] == 0 || col_left[j] == 0)
			continue;
		taken[cell(t, i, j)] = 1;
		row_left[i]--;
		col_left[j]--;
	}
	free(row_left);
	free(col_left);
	return taken;
}

static void
test_long_checks(int ncases)
{
	int			nwrong = 0;
	int			nstable = 0;

	for (int c = 0; c < ncases; c++)
	{
		Table	   *t = random_table(1 + rnd(c % 4 == 0 ? 40 : 4), 60 + rnd(80),
									 2 + rnd(8));
		uint8_t    *taken = random_matching(t);
		int64_t		nblocking = count_blocking(t, taken);

		nstable += nblocking == 0;
		nwrong += !is_checked_right(t, taken, nblocking);
		free(taken);
		free_table(t);
	}
	printf("# %d of %d are stable\n", nstable, ncases);
	report(nwrong == 0, "the checker counts right in long rows, too");
}

/* An order in which 0 .. n - 1 are exchanged */
static int32_t *
random_order(int32_t n)
{
	int32_t    *order = get_memory(n * sizeof(int32_t));

	for (int32_t k = 0; k < n; k++)
	{
		int32_t		other = rnd(k + 1);

		order[k] = order[other];
		order[other] = k;
	}
	return order;
}

/* Where no two scores of an element are equal the indexes mean nothing: rows
 * and columns in another order have the same pairs. */
static bool
permutes(int32_t nrows, int32_t ncols)
{
	Table	   *t = random_table(nrows, ncols, 10);
	Table	   *u = new_table(nrows, ncols);
	uint8_t    *taken = get_memory((size_t) nrows * ncols);
	int32_t    *row = random_order(nrows);
	int32_t    *col = random_order(ncols);
	bool		same;

	make_room(t, mtr_stable_max_pairs(&t->p));
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
		{
			t->a[cell(t, i, j)] = (int32_t) rnd(100000) * ncols + j;
			t->b[cell(t, i, j)] = (int32_t) rnd(100000) * nrows + i;
			u->a[cell(u, row[i], col[j])] = t->a[cell(t, i, j)];
			u->b[cell(u, row[i], col[j])] = t->b[cell(t, i, j)];
		}
	for (int32_t i = 0; i < nrows; i++)
		((int32_t *) u->p.row_places)[row[i]] = t->p.row_places[i];
	for (int32_t j = 0; j < ncols; j++)
		((int32_t *) u->p.col_places)[col[j]] = t->p.col_places[j];
	same = solve(t, 0) == MTR_OK;
	for (int32_t k = 0; k < t->p.npairs; k++)
		taken[cell(u, row[t->p.pair_row[k]], col[t->p.pair_col[k]])] = 1;
	same = same && solves_to(u, taken);
	free(row);
	free(col);
	free(taken);
	free_table(t);
	free_table(u);
	return same;
}

static void
test_permuted(int ncases)
{
	int			nwrong = 0;

	for (int c = 0; c < ncases; c++)
		nwrong += !permutes(1 + rnd(90), 1 + rnd(150));
	report(nwrong == 0, "the order of rows and columns doesn't matter");
}

/* ----------
 * Faults
 * ----------
 */

/* A solved problem of a fixed kind, with room for one pair more: rows 0 .. 7
 * have places, and so have columns 0 .. 299 but 50. */
static Table *
solved_table(Guise guise)
{
	Table	   *t = new_table(9, SOLVED_COLS);

	for (int32_t i = 0; i < 8; i++)
		((int32_t *) t->p.row_places)[i] = 3;
	for (int32_t j = 0; j < SOLVED_COLS - 1; j++)
		((int32_t *) t->p.col_places)[j] = j == 50 ? 0 : 1 + (j < 30);
	for (int32_t i = 0; i < 9; i++)
		for (int32_t j = 0; j < SOLVED_COLS; j++)
		{
			t->a[cell(t, i, j)] = (i * 37 + j * 71) % 307;
			t->b[cell(t, i, j)] = (i * 53 + j * 29) % 97;
		}
	t->guise = guise;
	make_room(t, mtr_stable_max_pairs(&t->p) + 1);
	if (solve(t, 5) != MTR_OK || t->p.npairs != 24 || !has_blocking(t, 0))
		exit(2);
	return t;
}

/* Plant a fault at pair k. */
static void
plant(Table *t, MtrStableFault fault, int32_t k)
{
	MtrStable  *p = &t->p;

	switch (fault)
	{
		case MTR_STABLE_ORDER:
			p->pair_col[k] = p->pair_col[k - 1];
			break;
		case MTR_STABLE_NOT_ACCEPTED:
			t->b[cell(t, p->pair_row[k], p->pair_col[k])] = MTR_NO_PAIR;
			break;
		case MTR_STABLE_SCORES:
			p->pair_right[k]++;
			break;
		case MTR_STABLE_ROW_PLACES:
			((int32_t *) p->row_places)[p->pair_row[k]] = 2;
			break;
		case MTR_STABLE_COL_PLACES:
			((int32_t *) p->col_places)[p->pair_col[k]] = 0;
			break;
		default:
			break;
	}
}

static void
test_planted_faults(void)
{
	int			nwrong = 0;

	for (Guise guise = FILLED; guise < NGUISES; guise++)
		for (MtrStableFault fault = MTR_STABLE_FEASIBLE;
			 fault <= MTR_STABLE_COL_PLACES; fault++)
			for (int32_t k = 2; k < 24; k += 3)
			{
				Table	   *t = solved_table(guise);
				MtrStableCheck check;

				plant(t, fault, k);
				nwrong += run_check(t, &check, 5) != MTR_OK ||
					check.fault != fault || check.nblocking != 0 ||
					check.fault_pair !=
					(fault == MTR_STABLE_FEASIBLE ? -1 : k);
				free_check(&check);
				free_table(t);
			}
	report(nwrong == 0, "the checker finds planted faults and where they are");
}

/* A pair out of range, and one whose left score is wrong */
static void
test_other_faults(void)
{
	int			nwrong = 0;

	for (int c = 0; c < 6; c++)
	{
		Table	   *t = solved_table(c % NGUISES);
		MtrStableCheck check;
		int32_t    *at[6] = {&t->p.pair_row[23], &t->p.pair_row[0],
			&t->p.pair_col[23], &t->p.pair_col[0], &t->p.pair_left[7],
		&t->p.pair_row[23]};
		int32_t		wrong[6] = {9, -1, SOLVED_COLS, -1, -1, INT32_MAX};

		*at[c] = wrong[c];
		nwrong += run_check(t, &check, 5) != MTR_OK || check.fault !=
			(c == 4 ? MTR_STABLE_SCORES : MTR_STABLE_ORDER);
		free_check(&check);
		free_table(t);
	}
	report(nwrong == 0, "the checker finds pairs out of range, wrong scores");
}

/* Take a pair away, make another one better: what then blocks is found. */
static void
test_planted_blocking(void)
{
	int			nwrong = 0;
	int64_t		nblocking = 0;

	for (int32_t k = 0; k < 24; k++)
	{
		Table	   *t = solved_table(k % NGUISES);
		uint8_t    *taken = get_memory(9 * SOLVED_COLS);
		size_t		lost = cell(t, t->p.pair_row[k], t->p.pair_col[k]);
		int32_t		col = (t->p.pair_col[k] + 1) % 300;

		for (int32_t q = 0; q < t->p.npairs; q++)
			taken[cell(t, t->p.pair_row[q], t->p.pair_col[q])] = q != k;
		nblocking += count_blocking(t, taken);
		nwrong += !is_checked_right(t, taken, count_blocking(t, taken)) ||
			count_blocking(t, taken) == 0;

		/* and one that both like best of all */
		taken[lost] = 1;
		t->a[cell(t, 8, col)] = INT32_MAX;
		t->b[cell(t, 8, col)] = INT32_MAX;
		((int32_t *) t->p.row_places)[8] = 1;
		nwrong += !is_checked_right(t, taken, count_blocking(t, taken)) ||
			(t->p.col_places[col] > 0 && !blocks(t, taken, 8, col));
		free(taken);
		free_table(t);
	}
	report(nwrong == 0 && nblocking > 24,
		   "the checker finds planted blocking pairs");
}

/*
 * Let row 0 want a column that likes it as much as another row it has, and no
 * more: the lower index alone makes the pair block.
 */
static void
test_planted_ties(void)
{
	int			nwrong = 0;
	int			nplanted = 0;

	for (int32_t k = 3; k < 24; k++)
	{
		Table	   *t = solved_table(k % NGUISES);
		size_t		better = cell(t, 0, t->p.pair_col[k]);

		if (t->p.col_places[t->p.pair_col[k]] == 1)
		{
			t->a[better] = INT32_MAX;
			t->b[better] = t->p.pair_right[k];
			nplanted++;
			nwrong += !has_blocking(t, 1);
		}
		free_table(t);
	}
	report(nwrong == 0 && nplanted > 10,
		   "the checker finds pairs that block by their index");
}

/* ----------
 * Contract
 * ----------
 */

/* Hand out row 2 wrongly. */
static void
read_wrongly(void *state, int32_t i, MtrStableRow *row)
{
	static const int32_t col[4][3] = {
		{0, 2, 2}, {1, 0, 2}, {-1, 0, 1}, {0, 1, 5}
	};
	static const int32_t score[3] = {5, 6, 7};
	int			wrong = *(int *) state;

	row->n = 3;
	row->left = row->right = score;
	if (i != 2)
		return;
	if (wrong < 4)
		row->col = col[wrong];
	else
		row->n = wrong == 4 ? 6 : -1;
}

static void
test_wrong_rows(void)
{
	int32_t		places[5] = {1, 1, 1, 1, 1};
	int32_t		room[4][5];
	int			nwrong = 0;

	for (int wrong = 0; wrong < 6; wrong++)
	{
		MtrStable	p = {.nrows = 3,.ncols = 5,.row_places = places,
			.col_places = places,.read_row = read_wrongly,.state = &wrong,
			.pair_row = room[0],.pair_col = room[1],.pair_left = room[2],
		.pair_right = room[3]};
		MtrStableCheck check = {0};
		void	   *scratch = new_scratch(mtr_stable_scratch_size(&p));
		void	   *other = new_scratch(mtr_stable_check_size(&p));

		nwrong += mtr_stable_solve(&p, scratch) != MTR_INVALID;
		p.npairs = 0;
		nwrong += mtr_stable_blocking(&p, &check, other) != MTR_INVALID;
		free(scratch);
		free(other);
	}
	report(nwrong == 0, "rows whose columns don't ascend are refused");
}

static void
test_ranges(void)
{
	int32_t    *places = get_memory((1 << 16) * sizeof(int32_t));
	MtrStable	p = {.row_places = places,.col_places = places};
	MtrStableCheck check = {0};
	bool		as_stated = true;

	p.nrows = (1 << 24) + 1;
	as_stated = as_stated && mtr_stable_solve(&p, NULL) == MTR_OVERFLOW;
	as_stated = as_stated &&
		mtr_stable_blocking(&p, &check, NULL) == MTR_OVERFLOW;
	p.nrows = 0;
	p.ncols = (1 << 24) + 1;
	as_stated = as_stated && mtr_stable_solve(&p, NULL) == MTR_OVERFLOW;
	p.ncols = -1;
	as_stated = as_stated && mtr_stable_solve(&p, NULL) == MTR_INVALID;
	p.ncols = 3;
	places[2] = -1;
	as_stated = as_stated && mtr_stable_solve(&p, NULL) == MTR_INVALID;
	as_stated = as_stated &&
		mtr_stable_blocking(&p, &check, NULL) == MTR_INVALID;
	p.nrows = 3;
	p.ncols = 2;
	as_stated = as_stated && mtr_stable_solve(&p, NULL) == MTR_INVALID;

	/* 2^32 places that could be used */
	for (int32_t k = 0; k < 1 << 16; k++)
		places[k] = INT32_MAX;
	p.nrows = p.ncols = 1 << 16;
	as_stated = as_stated &&
		mtr_stable_max_pairs(&p) == INT64_C(1) << 32 &&
		mtr_stable_solve(&p, NULL) == MTR_OVERFLOW;
	free(places);
	report(as_stated, "negative places and sizes out of range are refused");
}

/*
 * Where everybody agrees, the last row being the best, every row takes the
 * place of the one before it, again and again; the order in which rows wait
 * must keep that from taking n * n / 2 changes of place.
 */
static void
test_agreement(void)
{
	int32_t		n = 400;
	Table	   *t = new_table(n, n);
	bool		opposed = true;

	for (int32_t i = 0; i < n; i++)
	{
		((int32_t *) t->p.row_places)[i] = 1;
		((int32_t *) t->p.col_places)[i] = 1;
		for (int32_t j = 0; j < n; j++)
		{
			t->a[cell(t, i, j)] = n - j;
			t->b[cell(t, i, j)] = i;
		}
	}
	t->guise = STORED;
	make_room(t, n);
	opposed = solve(t, 16) == MTR_OK && t->p.npairs == n;
	for (int32_t i = 0; i < n && opposed; i++)
		opposed = t->p.pair_col[i] == n - 1 - i;
	printf("# %lld proposals, %lld rows read\n",
		   (long long) t->p.proposals, (long long) t->p.rows_read);
	report(opposed && t->p.rows_read < 3 * n && t->p.proposals < 20 * n,
		   "where all agree few rows are read again");
	free_table(t);
}

int
main(void)
{
	test_brute(24000);
	test_reference(3000, 12, 12, "small problems: as by sorted preferences");
	test_reference(150, 40, 200, "long rows: as by sorted preferences");
	test_reference(60, 150, 50, "many rows: as by sorted preferences");
	test_long_checks(1500);
	test_permuted(200);
	test_planted_faults();
	test_other_faults();
	test_planted_blocking();
	test_planted_ties();
	test_wrong_rows();
	test_ranges();
	test_agreement();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
