/*
 * fair_test.c
 *	  the fair kernel against enumeration and against the assignment kernels
 *
 * The references are those of fair_reference.h.  Every problem is solved as
 * given and with rows and columns exchanged, with either side as the left one,
 * in scratch filled with different rubbish and exactly as large as asked for,
 * and by a second copy of the kernel whose batches are so small that every
 * pass over the matrix refills them and levels seldom fit.  The check of the
 * kernel (fair_check_test.c) judges each answer; of large problems with all
 * sorts of scores it is the only judge.
 *
 * Build: fair_test.c poll.c fair.c fair_check.c assign.c ties*.c
 */
#include "fair_reference.h"

/* the second copy */
#define MTR_FAIR_BATCH 3
#define mtr_fair_solve small_fair_solve
#define mtr_fair_scratch_size small_fair_scratch_size
extern MtrStatus mtr_fair_solve(MtrAssign *p, bool rows_are_right,
								void *scratch);
extern size_t mtr_fair_scratch_size(const MtrAssign *p);
#define score_at kernel_score_at
#include "fair.c"
#undef score_at
#undef mtr_fair_solve
#undef mtr_fair_scratch_size

/* ----------
 * Running the kernel
 * ----------
 */

static MtrStatus
run_kernel(MtrAssign *p, bool rows_are_right, bool small, int rubbish)
{
	void	   *scratch = get_scratch(small ? small_fair_scratch_size(p) :
									  mtr_fair_scratch_size(p), rubbish);
	MtrStatus	status = small ?
	small_fair_solve(p, rows_are_right, scratch) :
	mtr_fair_solve(p, rows_are_right, scratch);

	free(scratch);
	return status;
}

/* Do the covers prove that there can't be more pairs? */
static bool
covers_prove(const MtrAssign *p)
{
	int32_t    *row_left = get_memory(p->nrows * sizeof(int32_t));
	int32_t    *col_left = get_memory(p->ncols * sizeof(int32_t));
	bool		holds = true;
	int32_t		k = 0;

	memcpy(row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			int			covers = p->row_cover[i] + p->col_cover[j];
			bool		is_taken = k < p->npairs && p->pair_row[k] == i &&
			p->pair_col[k] == j;

			if (is_taken)
			{
				row_left[i]--;
				col_left[j]--;
				k++;
			}
			if (score_at(p, i, j) == MTR_NO_PAIR)
				holds &= !is_taken;
			else
				holds &= is_taken ? covers <= 1 : covers >= 1;
		}
	holds &= k == p->npairs;
	for (int32_t i = 0; i < p->nrows; i++)
		holds &= row_left[i] >= 0 && (row_left[i] == 0 || !p->row_cover[i]) &&
			p->row_cover[i] <= 1;
	for (int32_t j = 0; j < p->ncols; j++)
		holds &= col_left[j] >= 0 && (col_left[j] == 0 || !p->col_cover[j]) &&
			p->col_cover[j] <= 1;
	free(row_left);
	free(col_left);
	return holds;
}

static bool
total_is_right(const MtrAssign *p)
{
	int64_t		total = 0;

	for (int32_t k = 0; k < p->npairs; k++)
		total += score_at(p, p->pair_row[k], p->pair_col[k]);
	return total == p->total;
}

static bool
check_accepts(const MtrAssign *p)
{
	void	   *scratch = get_scratch(mtr_fair_check_scratch_size(p), 0x5A);
	MtrFairVerdict verdict;
	MtrStatus	status = mtr_fair_check(p, &verdict, scratch);

	free(scratch);
	return status == MTR_OK && verdict.flaw == MTR_FAIR_NO_FLAW;
}

static bool
same_pairs(const MtrAssign *p, const MtrAssign *q)
{
	return p->npairs == q->npairs &&
		memcmp(p->pair_row, q->pair_row, p->npairs * sizeof(int32_t)) == 0 &&
		memcmp(p->pair_col, q->pair_col, p->npairs * sizeof(int32_t)) == 0;
}

/* Has q the pairs of p with rows and columns exchanged?  Both are sorted by
 * their own rows. */
static bool
same_exchanged(const MtrAssign *p, const MtrAssign *q)
{
	int32_t		n = 0;

	if (p->npairs != q->npairs)
		return false;
	for (int32_t j = 0; j < p->ncols; j++)
		for (int32_t k = 0; k < p->npairs; k++)
			if (p->pair_col[k] == j)
			{
				if (q->pair_row[n] != j || q->pair_col[n] != p->pair_row[k])
					return false;
				n++;
			}
	return true;
}

/*
 * Solve in all ways; false if one is refused, isn't proved, or has other pairs
 * than p is left with, with the left side as told.  q is p exchanged.
 */
static bool
solve_all_ways(MtrAssign *p, MtrAssign *q, bool rows_are_right)
{
	bool		good = run_kernel(p, rows_are_right, false, 0xA5) == MTR_OK;
	MtrAssign	second = *p;

	good = good && covers_prove(p) && total_is_right(p) && check_accepts(p);
	good = good && run_kernel(q, !rows_are_right, false, 0) == MTR_OK;
	good = good && covers_prove(q) && same_exchanged(p, q);
	good = good && q->total == p->total;
	good = good && run_kernel(q, !rows_are_right, true, 0xFF) == MTR_OK;
	good = good && covers_prove(q) && same_exchanged(p, q);

	second.pair_row = second.pair_col = NULL;
	second.row_cover = get_memory(p->nrows);
	second.col_cover = get_memory(p->ncols);
	make_room(&second);
	good = good && run_kernel(&second, rows_are_right, true, 0x5A) == MTR_OK;
	good = good && covers_prove(&second) && same_pairs(p, &second);
	free(second.pair_row);
	free(second.pair_col);
	free(second.row_cover);
	free(second.col_cover);
	return good;
}

/* ----------
 * Small problems
 * ----------
 */

/* Has p the pairs that enumeration has found best? */
static bool
is_best(const MtrAssign *p, const Brute *b)
{
	uint32_t	taken = 0;

	for (int32_t k = 0; k < p->npairs; k++)
		for (int32_t x = 0; x < b->ncells; x++)
			if (b->cell[x] == p->pair_row[k] * p->ncols + p->pair_col[k])
				taken |= UINT32_C(1) << x;
	return p->npairs == b->most && taken == b->best;
}

static void
test_brute(int ncases, bool one_place, const char *what)
{
	int			nwrong = 0;
	int			nempty = 0;
	int			nless_total = 0;

	for (int c = 0; c < ncases; c++)
	{
		int32_t		nrows = rnd(8) == 0 ? rnd(2) : 2 + rnd(MAX_SIDE - 1);
		int32_t		ncols = rnd(8) == 0 ? rnd(2) : 2 + rnd(MAX_SIDE - 1);
		MtrAssign  *p,
				   *q;
		Brute		b;

		/* with several places there are too many matchings */
		if (!one_place && nrows * ncols > 12)
			nrows = 12 / ncols;
		p = random_problem(nrows, ncols, 2 + rnd(20),
						   one_place ? 1 : 1 + rnd(3));
		q = transpose(p);
		for (int right = 0; right < 2; right++)
		{
			solve_brute(&b, p, right);
			nwrong += !solve_all_ways(p, q, right) || !is_best(p, &b);
		}
		nempty += p->npairs == 0;

		/* a fair total is often below the best one, or fair means nothing */
		if (p->npairs > 0)
		{
			void	   *scratch = get_scratch(mtr_assign_scratch_size(p), 0);
			int64_t		total = p->total;

			p->row_price = get_memory(p->nrows * sizeof(int64_t));
			p->col_price = get_memory(p->ncols * sizeof(int64_t));
			nwrong += mtr_assign_solve(p, scratch) != MTR_OK ||
				p->npairs != b.most || p->total < total;
			nless_total += p->total > total;
			free(scratch);
		}
		free_problem(p);
		free_problem(q);
	}
	printf("# of %d problems %d have no pair, %d a better total\n", ncases,
		   nempty, nless_total);
	report(nwrong == 0 && nless_total > ncases / 50, what);
}

/* ----------
 * Medium problems with few different scores
 * ----------
 */

/*
 * Solve by the assignment kernels.  "penalty" is what a pair of each score
 * costs: 1 for the highest, and then always base times as much, where there
 * are less than base pairs.
 */
static void
solve_by_penalties(MtrAssign *p, bool rows_are_right, int nscores,
				   int32_t base)
{
	int32_t		penalty[10];
	void	   *scratch;

	penalty[nscores - 1] = 1;
	for (int s = nscores - 2; s >= 0; s--)
		penalty[s] = penalty[s + 1] * base;
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (score_at(p, i, j) != MTR_NO_PAIR)
				set_score(p, i, j, -penalty[score_at(p, i, j)]);
	p->row_price = get_memory(p->nrows * sizeof(int64_t));
	p->col_price = get_memory(p->ncols * sizeof(int64_t));
	scratch = get_scratch(mtr_assign_scratch_size(p), 0);
	if (mtr_assign_solve(p, scratch) != MTR_OK)
		exit(2);
	free(scratch);
	scratch = get_scratch(mtr_ties_scratch_size(p), 0);
	if (mtr_ties_resolve(p, rows_are_right, scratch) != MTR_OK)
		exit(2);
	free(scratch);
}

/* A score for each pair: a number below nscores.  Sparse ones, and such as
 * depend on the row, have levels whose pairs can replace each other. */
static void
draw_scores(MtrAssign *p, int nscores)
{
	int			kind = rnd(4);
	int32_t		exclude = rnd(3) == 0 ? 30 : 2 + rnd(p->ncols);

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			int32_t		score = rnd(nscores);

			if (kind == 1)
				score = (int32_t) rnd(score + 1);
			else if (kind == 2)
				score = (i * 7 + j * 5 + (int32_t) rnd(2)) % nscores;
			else if (kind == 3 && rnd(4) > 0)
				score = 0;
			set_score(p, i, j, rnd(exclude) == 0 || (exclude < 30 &&
													 rnd(3) > 0) ?
					  MTR_NO_PAIR : score);
		}
}

static void
test_penalties(int ncases, int32_t max_side, int32_t most, const char *what)
{
	int			nwrong = 0;
	int			nshort = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(1 + rnd(max_side), 1 + rnd(max_side),
									   2, 1 + rnd(most));
		int32_t		base = (int32_t) mtr_assign_max_pairs(p) + 2;
		bool		rows_are_right = rnd(2);
		MtrAssign  *q,
				   *r;
		int			nscores = 1;

		for (int64_t x = base; x <= 1000000000 && nscores < 8; x *= base)
			nscores++;
		nscores = 1 + rnd(nscores);
		draw_scores(p, nscores);
		q = transpose(p);
		r = transpose(q);
		solve_by_penalties(r, rows_are_right, nscores, base);
		nwrong += !solve_all_ways(p, q, rows_are_right) || !same_pairs(p, r);
		nshort += p->npairs < base - 2;
		free_problem(p);
		free_problem(q);
		free_problem(r);
	}
	printf("# %d of %d can't fill one side\n", nshort, ncases);
	report(nwrong == 0 && nshort > 0, what);
}

/* ----------
 * Larger problems
 * ----------
 */

static int
compare_scores(const void *a, const void *b)
{
	int32_t		x = *(const int32_t *) a;
	int32_t		y = *(const int32_t *) b;

	return (x > y) - (x < y);
}

static int32_t *
sorted_scores(const MtrAssign *p)
{
	int32_t    *score = get_memory(p->npairs * sizeof(int32_t));

	for (int32_t k = 0; k < p->npairs; k++)
		score[k] = score_at(p, p->pair_row[k], p->pair_col[k]);
	qsort(score, p->npairs, sizeof(int32_t), compare_scores);
	return score;
}

/* In another order of rows and columns, the same scores come out; and where
 * they all differ, the same pairs */
static bool
is_invariant(const MtrAssign *p)
{
	int32_t    *row_to = new_order(p->nrows, true);
	int32_t    *col_to = new_order(p->ncols, true);
	MtrAssign  *q = permute(p, row_to, col_to, rnd(2));
	bool		same = run_kernel(q, rnd(2), rnd(2), 0) == MTR_OK &&
	q->npairs == p->npairs && q->total == p->total;
	int32_t    *a = sorted_scores(p);
	int32_t    *b = same ? sorted_scores(q) : NULL;

	same = same && memcmp(a, b, p->npairs * sizeof(int32_t)) == 0;
	free(a);
	free(b);
	free(row_to);
	free(col_to);
	free_problem(q);
	return same;
}

static void
test_larger(int ncases, int32_t max_side, const char *what)
{
	int			nwrong = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(1 + rnd(max_side), 1 + rnd(max_side),
									   2 + rnd(40), 1 + rnd(4));
		MtrAssign  *q = transpose(p);

		nwrong += !solve_all_ways(p, q, rnd(2)) || !is_invariant(p);
		free_problem(p);
		free_problem(q);
	}
	report(nwrong == 0, what);
}

/* ----------
 * Stated limits
 * ----------
 */

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
	MtrAssign  *p = new_problem(3, 80);
	MtrStatus	status;

	for (int32_t i = 0; i < 3; i++)
		((int32_t *) p->row_places)[i] = 1;
	for (int32_t j = 0; j < 80; j++)
		((int32_t *) p->col_places)[j] = 1;
	if (fault == ROW_PLACES)
		((int32_t *) p->row_places)[2] = -1;
	if (fault == COLUMN_PLACES)
		((int32_t *) p->col_places)[79] = -1;
	set_score(p, 0, 0, MTR_NO_PAIR);
	set_score(p, 0, 1, 1000000000);
	set_score(p, 0, 2, -1000000000);
	if (fault == SCORE_TOO_HIGH)
		set_score(p, at / 80, at % 80, 1000000001);
	if (fault == SCORE_TOO_LOW)
		set_score(p, at / 80, at % 80, -1000000001);
	if (fault == SCORE_LOWEST)
		set_score(p, at / 80, at % 80, INT32_MIN + 1);
	make_room(p);
	status = run_kernel(p, false, false, 0);
	free_problem(p);
	return status;
}

/* More pairs of rows and columns than keys can tell apart */
static MtrStatus
status_of_too_many(void)
{
	MtrAssign	p = {.nrows = 1 << 17,.ncols = (1 << 16) + 1};
	MtrStatus	status;

	p.row_places = get_memory(p.nrows * sizeof(int32_t));
	p.col_places = get_memory(p.ncols * sizeof(int32_t));
	status = mtr_fair_solve(&p, false, NULL);
	free((void *) p.row_places);
	free((void *) p.col_places);
	return status;
}

static void
test_faults(void)
{
	bool		as_stated = status_of_too_many() == MTR_OVERFLOW;

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
	report(as_stated, "what is out of range is refused");
}

int
main(void)
{
	test_brute(20000, false, "places on both sides: as by enumeration");
	test_brute(8000, true, "one place each: as by enumeration");
	test_penalties(2000, 12, 3, "medium problems: as by assignment");
	test_penalties(150, 70, 2, "larger ones: as by assignment");
	test_larger(100, 60, "all sorts of scores: proved, in any order");
	test_faults();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
