/*
 * greedy_test.c
 *	  greedy matching and its bound: greedy.c against its definition
 *
 * The reference sorts all pairs and takes them one after another; for the
 * bound it sorts each element's scores.  Small problems also compare with the
 * best matching, found by enumeration.  Larger ones have rows longer than a
 * block of the kernel and lists that are used up again and again.
 *
 * Build: greedy_test.c poll.c greedy.c assign.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "greedy.h"

#define RANDOM_SEED 20240608
#include "tap.h"

#define MAX_BRUTE 20

/* A pair as the reference sees it */
typedef struct RefPair
{
	int32_t		score;
	int32_t		left;
	int32_t		right;
} RefPair;

/* How the scores of a problem are made */
typedef enum ScoreKind
{
	FEW_SCORES,
	MANY_SCORES,
	SAME_TASTE,					/* all rows prefer the same columns */
	ALL_EQUAL,
	LARGEST,					/* at the ends of the range */
	NSCORE_KINDS
} ScoreKind;

/* ----------
 * Problems
 * ----------
 */

static MtrAssign *
new_problem(int32_t nrows, int32_t ncols, bool most_pairs)
{
	MtrAssign  *p = get_memory(sizeof(MtrAssign));

	p->nrows = nrows;
	p->ncols = ncols;
	p->most_pairs = most_pairs;
	p->score = get_memory((size_t) nrows * ncols * sizeof(int32_t));
	p->row_places = get_memory(nrows * sizeof(int32_t));
	p->col_places = get_memory(ncols * sizeof(int32_t));
	return p;
}

static void
free_problem(MtrAssign *p)
{
	free((void *) p->score);
	free((void *) p->row_places);
	free((void *) p->col_places);
	free(p->pair_row);
	free(p->pair_col);
	free(p);
}

/* Room for exactly as many pairs as stated */
static void
make_room(MtrAssign *p)
{
	size_t		size = mtr_assign_max_pairs(p) * sizeof(int32_t);

	free(p->pair_row);
	free(p->pair_col);
	p->pair_row = get_memory(size);
	p->pair_col = get_memory(size);
}

static int32_t
random_score(const MtrAssign *p, ScoreKind kind, int32_t i, int32_t j)
{
	switch (kind)
	{
		case FEW_SCORES:
			return (int32_t) rnd(5) - 1;
		case MANY_SCORES:
			return (int32_t) rnd(2000) - 500;
		case SAME_TASTE:
			return (p->ncols - j) * 100 + (int32_t) rnd(10) - i - 50;
		case ALL_EQUAL:
			return 7;
		default:
			return rnd(4) == 0 ? -1000000000 : 1000000000 - (int32_t) rnd(3);
	}
}

/* one pair in "exclude" isn't eligible; few have more places than partners */
static MtrAssign *
random_problem(int32_t nrows, int32_t ncols, int32_t exclude)
{
	MtrAssign  *p = new_problem(nrows, ncols, rnd(2));
	int32_t    *score = (int32_t *) p->score;
	int32_t    *row_places = (int32_t *) p->row_places;
	int32_t    *col_places = (int32_t *) p->col_places;
	ScoreKind	kind = rnd(NSCORE_KINDS);
	int32_t		rows_max = 1 + rnd(4);
	int32_t		cols_max = 1 + rnd(4);

	for (int32_t i = 0; i < nrows; i++)
		row_places[i] = rnd(16) == 0 ? rnd(2 * ncols + 2) :
			rnd(rows_max + 1);
	for (int32_t j = 0; j < ncols; j++)
		col_places[j] = rnd(16) == 0 ? rnd(2 * nrows + 2) :
			rnd(cols_max + 1);
	if (nrows > 0 && rnd(64) == 0)
		row_places[rnd(nrows)] = INT32_MAX;
	if (ncols > 0 && rnd(64) == 0)
		col_places[rnd(ncols)] = INT32_MAX;
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
			score[(size_t) i * ncols + j] = rnd(exclude) == 0 ?
				MTR_NO_PAIR : random_score(p, kind, i, j);
	make_room(p);
	return p;
}

static MtrAssign *
transpose(const MtrAssign *p)
{
	MtrAssign  *q = new_problem(p->ncols, p->nrows, p->most_pairs);

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			((int32_t *) q->score)[(size_t) j * p->nrows + i] =
				p->score[(size_t) i * p->ncols + j];
	memcpy((void *) q->row_places, p->col_places,
		   p->ncols * sizeof(int32_t));
	memcpy((void *) q->col_places, p->row_places,
		   p->nrows * sizeof(int32_t));
	make_room(q);
	return q;
}

/* ----------
 * References
 * ----------
 */

static int
compare_pairs(const void *a, const void *b)
{
	const RefPair *x = a;
	const RefPair *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	return (x->right > y->right) - (x->right < y->right);
}

/* Flags of the pairs taken, rows being left; returns their total */
static int64_t
reference_greedy(const MtrAssign *p, uint8_t *taken)
{
	size_t		npairs = 0;
	RefPair    *pair = get_memory((size_t) p->nrows * p->ncols *
								  sizeof(RefPair));
	int32_t    *row_left = get_memory(p->nrows * sizeof(int32_t));
	int32_t    *col_left = get_memory(p->ncols * sizeof(int32_t));
	int64_t		total = 0;

	memcpy(row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			int32_t		score = p->score[(size_t) i * p->ncols + j];

			if (score == MTR_NO_PAIR || (!p->most_pairs && score <= 0))
				continue;
			pair[npairs].score = score;
			pair[npairs].left = i;
			pair[npairs++].right = j;
		}
	qsort(pair, npairs, sizeof(RefPair), compare_pairs);
	for (size_t k = 0; k < npairs; k++)
	{
		if (row_left[pair[k].left] == 0 || col_left[pair[k].right] == 0)
			continue;
		row_left[pair[k].left]--;
		col_left[pair[k].right]--;
		taken[(size_t) pair[k].left * p->ncols + pair[k].right] = 1;
		total += pair[k].score;
	}
	free(pair);
	free(row_left);
	free(col_left);
	return total;
}

static int
compare_scores(const void *a, const void *b)
{
	int32_t		x = *(const int32_t *) a;
	int32_t		y = *(const int32_t *) b;

	return (x < y) - (x > y);
}

/* The sum over the rows of each one's "places" highest positive scores with
 * columns that have places */
static int64_t
reference_row_bound(const MtrAssign *p)
{
	int32_t    *score = get_memory(p->ncols * sizeof(int32_t));
	int64_t		sum = 0;

	for (int32_t i = 0; i < p->nrows; i++)
	{
		int32_t		n = 0;

		for (int32_t j = 0; j < p->ncols; j++)
			if (p->col_places[j] > 0 &&
				p->score[(size_t) i * p->ncols + j] > 0)
				score[n++] = p->score[(size_t) i * p->ncols + j];
		qsort(score, n, sizeof(int32_t), compare_scores);
		for (int32_t k = 0; k < n && k < p->row_places[i]; k++)
			sum += score[k];
	}
	free(score);
	return sum;
}

typedef struct Brute
{
	const MtrAssign *p;
	int32_t		row_left[5];
	int32_t		col_left[5];
	int64_t		best_total;		/* of any matching */
	int32_t		most_pairs;
} Brute;

/* Go through the matchings that agree with the choice before pair k */
static void
enumerate(Brute *b, int32_t k, int32_t npairs, int64_t total)
{
	int32_t		i = k / (b->p->ncols > 0 ? b->p->ncols : 1);
	int32_t		j = k % (b->p->ncols > 0 ? b->p->ncols : 1);

	if (k == b->p->nrows * b->p->ncols)
	{
		if (total > b->best_total)
			b->best_total = total;
		if (npairs > b->most_pairs)
			b->most_pairs = npairs;
		return;
	}
	if (b->p->score[k] != MTR_NO_PAIR && b->row_left[i] > 0 &&
		b->col_left[j] > 0)
	{
		b->row_left[i]--;
		b->col_left[j]--;
		enumerate(b, k + 1, npairs + 1, total + b->p->score[k]);
		b->row_left[i]++;
		b->col_left[j]++;
	}
	enumerate(b, k + 1, npairs, total);
}

/* ----------
 * Running the kernel
 * ----------
 */

static MtrStatus
run_kernel(MtrAssign *p, bool rows_are_right, int64_t *bound)
{
	size_t		size = mtr_greedy_scratch_size(p);
	void	   *scratch = NULL;
	MtrStatus	status;

	/* scratch is not cleared, and not a byte longer than asked for */
	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	memset(scratch, 0xA5, size);
	status = mtr_greedy_solve(p, rows_are_right, bound, scratch);
	free(scratch);
	return status;
}

/* Are the pairs those of the flags, in order?  flags[i * row_step + j *
 * col_step] belongs to row i and column j. */
static bool
same_pairs(const MtrAssign *p, const uint8_t *flags, size_t row_step,
		   size_t col_step)
{
	int32_t		n = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			if (!flags[i * row_step + j * col_step])
				continue;
			if (n >= p->npairs || p->pair_row[n] != i || p->pair_col[n] != j)
				return false;
			n++;
		}
	return n == p->npairs;
}

/* Compare the kernel, both ways round, with the reference */
static bool
as_reference(MtrAssign *p)
{
	MtrAssign  *q = transpose(p);
	uint8_t    *taken = get_memory((size_t) p->nrows * p->ncols);
	int64_t		total = reference_greedy(p, taken);
	int64_t		by_row = reference_row_bound(p);
	int64_t		by_col = reference_row_bound(q);
	int64_t		wanted = by_row < by_col ? by_row : by_col;
	int64_t		bound = -1;
	bool		same = true;

	same = same && run_kernel(p, false, &bound) == MTR_OK;
	same = same && p->total == total && bound == wanted;
	same = same && same_pairs(p, taken, p->ncols, 1);
	bound = -1;
	same = same && run_kernel(q, true, &bound) == MTR_OK;
	same = same && q->total == total && bound == wanted;
	same = same && same_pairs(q, taken, 1, p->ncols);

	/* the columns of the same matrix as left side */
	memset(taken, 0, (size_t) p->nrows * p->ncols);
	same = same && reference_greedy(q, taken) == total;
	same = same && run_kernel(p, true, &bound) == MTR_OK;
	same = same && p->total == total && same_pairs(p, taken, 1, p->nrows);
	free(taken);
	free_problem(q);
	return same;
}

/* ----------
 * Tests
 * ----------
 */

static void
test_reference(int ncases, int32_t max_rows, int32_t max_cols,
			   const char *what)
{
	int			nwrong = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(rnd(max_rows + 1), rnd(max_cols + 1),
									   2 + rnd(30));

		nwrong += !as_reference(p);
		free_problem(p);
	}
	report(nwrong == 0, what);
}

static void
test_brute(int ncases)
{
	int			nbelow = 0;
	int			nless_than_half = 0;
	int			nfewer_than_half = 0;
	int			ntight = 0;
	int			nworse = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(1 + rnd(4), 1 + rnd(4), 3 + rnd(20));
		Brute		b = {.p = p};
		int64_t		bound = -1;

		memcpy(b.row_left, p->row_places, p->nrows * sizeof(int32_t));
		memcpy(b.col_left, p->col_places, p->ncols * sizeof(int32_t));
		enumerate(&b, 0, 0, 0);
		if (run_kernel(p, false, &bound) != MTR_OK)
			nbelow++;
		nbelow += bound < b.best_total;
		ntight += bound == b.best_total;
		if (p->most_pairs)
			nfewer_than_half += 2 * p->npairs < b.most_pairs;
		else
		{
			nless_than_half += 2 * p->total < b.best_total;
			nworse += p->total < b.best_total;
		}
		free_problem(p);
	}
	printf("# of %d bounds %d are reached; %d greedy totals are not best\n",
		   ncases, ntight, nworse);
	report(nbelow == 0, "no matching's total exceeds the bound");
	report(nless_than_half == 0 && nworse > 0,
		   "greedy totals are at least half of the best, not all of it");
	report(nfewer_than_half == 0,
		   "as many pairs as possible: at least half of them");
}

typedef enum Fault
{
	NO_FAULT,
	ROW_PLACES,
	COLUMN_PLACES,
	SCORE_TOO_HIGH,
	SCORE_TOO_LOW,
	SCORE_LOWEST,
	NFAULTS
} Fault;

static MtrStatus
status_with(Fault fault, int32_t at)
{
	MtrAssign  *p = new_problem(3, 80, true);
	int32_t    *score = (int32_t *) p->score;
	int64_t		bound;
	MtrStatus	status;

	for (int32_t i = 0; i < 3; i++)
		((int32_t *) p->row_places)[i] = 1;
	for (int32_t j = 0; j < 80; j++)
		((int32_t *) p->col_places)[j] = 1;
	if (fault == ROW_PLACES)
		((int32_t *) p->row_places)[2] = -1;
	if (fault == COLUMN_PLACES)
		((int32_t *) p->col_places)[79] = -1;
	score[0] = MTR_NO_PAIR;
	score[1] = 1000000000;
	score[2] = -1000000000;
	if (fault == SCORE_TOO_HIGH)
		score[at] = 1000000001;
	if (fault == SCORE_TOO_LOW)
		score[at] = -1000000001;
	if (fault == SCORE_LOWEST)
		score[at] = INT32_MIN + 1;
	make_room(p);
	status = run_kernel(p, false, &bound);
	free_problem(p);
	return status;
}

static void
test_faults(void)
{
	bool		as_stated = true;

	for (Fault fault = NO_FAULT; fault < NFAULTS; fault++)
		for (int32_t at = 0; at < 240; at += 239)
		{
			MtrStatus	wanted = MTR_INVALID;

			if (fault == NO_FAULT)
				wanted = MTR_OK;
			else if (fault >= SCORE_TOO_HIGH)
				wanted = MTR_OVERFLOW;
			if (status_with(fault, at) != wanted)
			{
				printf("# fault %d at %d\n", (int) fault, (int) at);
				as_stated = false;
			}
		}
	report(as_stated, "negative places and scores out of range are refused");
}

int
main(void)
{
	test_reference(20000, 8, 8, "small problems: as by sorting all pairs");
	test_reference(1500, 60, 150, "long rows: as by sorting all pairs");
	test_reference(300, 200, 70, "many rows: as by sorting all pairs");
	test_brute(20000);
	test_faults();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
