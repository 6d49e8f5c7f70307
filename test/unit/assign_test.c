/*
 * assign_test.c
 *	  the assignment kernel against enumeration and against its own proof
 *
 * Small problems are solved by enumerating, row by row, which columns it
 * takes, for every number of places the columns may have left.  Larger ones
 * have no oracle here: their covers and prices are checked against the four
 * conditions of assign.h, which prove a matching optimal whoever found it.
 *
 * Each problem is solved twice, in scratch filled with different rubbish and
 * exactly as large as asked for, and must be answered alike; and once more by
 * a copy of the kernel that has hardly an auction and short lists, which may
 * find other pairs but none better.
 *
 * Build: assign_test.c poll.c assign.c
 */
#include "assign_check.h"

/* a second copy, in which small problems meet every case */
extern int64_t small_assign_max_pairs(const MtrAssign *p);
extern size_t small_assign_scratch_size(const MtrAssign *p);
extern MtrStatus small_assign_solve(MtrAssign *p, void *scratch);
extern MtrStatus small_assign_resume(MtrAssign *p, void *scratch);

#define MTR_ASSIGN_SMALL
#define mtr_assign_max_pairs small_assign_max_pairs
#define mtr_assign_scratch_size small_assign_scratch_size
#define mtr_assign_solve small_assign_solve
#define mtr_assign_resume small_assign_resume
#include "assign.c"
#undef mtr_assign_max_pairs
#undef mtr_assign_scratch_size
#undef mtr_assign_solve
#undef mtr_assign_resume

/*
 * Solving
 */

static MtrStatus
solve_in(MtrAssign *p, int rubbish, bool small)
{
	size_t		size = small ? small_assign_scratch_size(p) :
	mtr_assign_scratch_size(p);
	int64_t		max_pairs = mtr_assign_max_pairs(p);
	void	   *scratch = NULL;
	MtrStatus	status;

	free(p->pair_row);
	free(p->pair_col);
	p->pair_row = reserve(max_pairs, sizeof(int32_t));
	p->pair_col = reserve(max_pairs, sizeof(int32_t));
	if (posix_memalign(&scratch, 64, size > 0 ? size : 1) != 0)
	{
		printf("Bail out! out of memory\n");
		exit(1);
	}
	memset(scratch, rubbish, size);
	status = small ? small_assign_solve(p, scratch) :
		mtr_assign_solve(p, scratch);
	free(scratch);
	return status;
}

static bool
same_pairs(const MtrAssign *a, const MtrAssign *b)
{
	return a->npairs == b->npairs &&
		memcmp(a->pair_row, b->pair_row, a->npairs * sizeof(int32_t)) == 0 &&
		memcmp(a->pair_col, b->pair_col, a->npairs * sizeof(int32_t)) == 0;
}

/* Is b's answer that of a with scores multiplied by "factor"? */
static bool
same_answer(const MtrAssign *a, const MtrAssign *b, int64_t factor)
{
	if (!same_pairs(a, b) || a->total * factor != b->total)
		return false;
	for (int32_t i = 0; i < a->nrows; i++)
		if (a->row_cover[i] != b->row_cover[i] ||
			a->row_price[i] * factor != b->row_price[i])
			return false;
	for (int32_t j = 0; j < a->ncols; j++)
		if (a->col_cover[j] != b->col_cover[j] ||
			a->col_price[j] * factor != b->col_price[j])
			return false;
	return true;
}

/* The same problem, scores multiplied, without an answer */
static MtrAssign
multiplied(const MtrAssign *p, int32_t factor)
{
	MtrAssign	q = new_problem(p->nrows, p->ncols);

	q.most_pairs = p->most_pairs;
	memcpy((void *) q.row_places, p->row_places,
		   p->nrows * sizeof(int32_t));
	memcpy((void *) q.col_places, p->col_places,
		   p->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			set_score(&q, i, j, score_at(p, i, j) == MTR_NO_PAIR ?
					  MTR_NO_PAIR : score_at(p, i, j) * factor);
	return q;
}

static bool
same_input(const MtrAssign *a, const MtrAssign *b)
{
	return memcmp(a->score, b->score, (size_t) a->nrows * a->ncols *
				  sizeof(int32_t)) == 0 &&
		memcmp(a->row_places, b->row_places,
			   a->nrows * sizeof(int32_t)) == 0 &&
		memcmp(a->col_places, b->col_places,
			   a->ncols * sizeof(int32_t)) == 0;
}

/* Solve in all ways; false if answers differ or an input changed. */
static bool
solve(MtrAssign *p)
{
	MtrAssign	q = multiplied(p, 1);
	bool		holds = solve_in(p, 0xA5, false) == MTR_OK &&
	solve_in(&q, 0x5A, false) == MTR_OK && same_answer(p, &q, 1) &&
	same_input(p, &q);

	holds = holds && solve_in(&q, 0xA5, true) == MTR_OK && is_proved(&q) &&
		p->total == q.total &&
		(p->npairs == q.npairs || !p->most_pairs);
	free_problem(&q);
	return holds;
}

static void
test_small(bool most_pairs)
{
	int			ncases = 24500,
				nproved = 0,
				nbest = 0;

	for (int k = 0; k < ncases; k++)
	{
		Shape		shape = {k % 7, k / 7 % 7,
			rnd(2) ? SMALL_PLACES : -1, rnd(2) ? SMALL_PLACES : -1,
		rnd(3) == 0 ? 0 : (int) rnd(90), rnd(NSCORE_KINDS)};
		MtrAssign	p = random_problem(&shape);
		int64_t		value;

		p.most_pairs = most_pairs;
		if (solve(&p))
		{
			value = p.total + (most_pairs ? p.npairs * COUNT_ONE : 0);
			nbest += value == best_value(&p);
			nproved += is_proved(&p);
		}
		free_problem(&p);
	}
	ok(nbest == ncases, most_pairs ?
	   "most_pairs: number and total of enumeration, sides 0 to 6" :
	   "best_total: total of enumeration, sides 0 to 6", ncases);
	ok(nproved == ncases, "... and all four conditions hold", ncases);
}

/*
 * Larger problems
 */

static void
test_proofs(const char *claim, Shape shape, int ncases)
{
	int			nproved = 0;
	Shape		most = shape;

	for (int k = 0; k < ncases; k++)
	{
		MtrAssign	p;

		/* sizes vary where a whole family is meant */
		if (shape.kind == NSCORE_KINDS)
		{
			most.nrows = 1 + (int32_t) rnd(shape.nrows);
			most.ncols = 1 + (int32_t) rnd(shape.ncols);
			most.row_places = rnd(3) ? -1 : (int32_t) rnd(8);
			most.col_places = rnd(3) ? (int32_t) rnd(8) : -1;
			most.excluded = (int) rnd(100);
			most.kind = rnd(NSCORE_KINDS);
		}
		p = random_problem(&most);
		p.most_pairs = k % 2 == 0;
		nproved += solve(&p) && is_proved(&p);
		free_problem(&p);
	}
	ok(nproved == ncases, claim, ncases);
}

/*
 * Scores times 1000 are beyond what 32 bits are used for, so the wide solver
 * must answer 1000 times the same.
 */
static void
test_widths(void)
{
	int			ncases = 600,
				nsame = 0;

	for (int k = 0; k < ncases; k++)
	{
		Shape		shape = {1 + rnd(60), 1 + rnd(60), rnd(2) ? 4 : -1,
		rnd(2) ? 4 : -1, rnd(80), rnd(LARGEST)};
		MtrAssign	p = random_problem(&shape),
					q;

		p.most_pairs = k % 2 == 0;

		/* without this, ties of the narrow one could stay narrow */
		set_score(&p, 0, 0, 1000000);
		q = multiplied(&p, 1000);
		nsame += solve(&p) && solve(&q) && same_answer(&p, &q, 1000);
		free_problem(&p);
		free_problem(&q);
	}
	ok(nsame == ncases, "32 and 64 bits give the same answer", ncases);
}

/*
 * Row i fits columns i and i+1 only and would lose by the second; the last
 * row fits column 0 only, which pushes all others on.  Each step of the chain
 * adds to the price, so that 32 bits end after some steps although no score is
 * large.
 */
static MtrAssign
chain(int32_t n, int32_t step)
{
	MtrAssign	p = new_problem(n, n);

	p.most_pairs = true;
	set_places(p.row_places, n, -1);
	set_places(p.col_places, n, -1);
	for (int32_t i = 0; i < n; i++)
		for (int32_t j = 0; j < n; j++)
			set_score(&p, i, j, i == n - 1 ? (j == 0 ? step : MTR_NO_PAIR) :
					  i == j ? step : j == i + 1 ? -step : MTR_NO_PAIR);
	return p;
}

/* Is it answered as with scores that are never thought of as 32 bits, and
 * do prices leave the range of those? */
static bool
range_case(MtrAssign *p, int64_t *nbeyond)
{
	MtrAssign	q = multiplied(p, 100);
	bool		holds = solve(p) && solve(&q);

	holds = holds && is_proved(p) && same_answer(p, &q, 100);
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_price[j] > 1 << 25 || p->col_price[j] < -(1 << 25))
		{
			++*nbeyond;
			break;
		}
	free_problem(p);
	free_problem(&q);
	return holds;
}

static void
test_range(void)
{
	int64_t		nbeyond = 0;
	bool		holds = true;

	for (int32_t n = 2; n <= 60; n += 2)
		for (int32_t step = 1000000; step <= 8000000; step += 1000000)
		{
			MtrAssign	p = chain(n, step);

			holds = range_case(&p, &nbeyond) && holds;
		}
	ok(holds && nbeyond > 0,
	   "prices beyond 32 bits are found with 64, chains", nbeyond);
	nbeyond = 0;
	for (int k = 0; k < 6000; k++)
	{
		Shape		shape = {2 + rnd(6), 2 + rnd(6), -1, -1, 50, COARSE};
		MtrAssign	p = random_problem(&shape);

		p.most_pairs = true;
		holds = range_case(&p, &nbeyond) && holds;
	}
	ok(holds && nbeyond > 0,
	   "prices beyond 32 bits are found with 64, at random", nbeyond);
}

/*
 * Limits of the contract
 */

static void
test_empty(void)
{
	int			ncases = 0,
				ngood = 0;

	for (int32_t n = 0; n <= 70; n += 35)
		for (int32_t m = 0; m <= 130; m += 65)
			for (int k = 0; k < 6; k++)
			{
				Shape		shape = {n, m, k / 2 == 0 ? 0 : -1,
				k / 2 == 1 ? 0 : -1, k / 2 == 2 ? 100 : 0, ANY_SIGN};
				MtrAssign	p = random_problem(&shape);

				p.most_pairs = k % 2 == 0;
				ncases++;
				ngood += solve(&p) && is_proved(&p) && p.npairs == 0;
				free_problem(&p);
			}
	ok(ngood == ncases, "no side, no place, no pair: an empty matching",
	   ncases);
}

/* Places without end: every pair is taken that may be. */
static void
test_unlimited(void)
{
	int			ncases = 20,
				ngood = 0;

	for (int k = 0; k < ncases; k++)
	{
		Shape		shape = {40, 30, -INT32_MAX, -INT32_MAX, 30, ANY_SIGN};
		MtrAssign	p = random_problem(&shape);
		int32_t		npairs = 0;

		p.most_pairs = k % 2 == 0;
		for (int32_t at = 0; at < 40 * 30; at++)
			npairs += p.score[at] != MTR_NO_PAIR &&
				(p.most_pairs || p.score[at] > 0);
		ngood += solve(&p) && is_proved(&p) && p.npairs == npairs;
		free_problem(&p);
	}
	ok(ngood == ncases, "places beyond number", ncases);
}

/* One problem of 3 x 4 with a value put where it is told */
static MtrStatus
status_with(int32_t *(*where) (MtrAssign *), int32_t value)
{
	Shape		shape = {3, 4, -1, -1, 0, ANY_SIGN};
	MtrAssign	p = random_problem(&shape);
	MtrStatus	status;

	*where(&p) = value;
	status = solve_in(&p, 0, false);
	free_problem(&p);
	return status;
}

static int32_t *
last_row(MtrAssign *p)
{
	return (int32_t *) &p->row_places[p->nrows - 1];
}

static int32_t *
last_col(MtrAssign *p)
{
	return (int32_t *) &p->col_places[p->ncols - 1];
}

static int32_t *
last_score(MtrAssign *p)
{
	return (int32_t *) &p->score[p->nrows * p->ncols - 1];
}

static void
test_refused(void)
{
	MtrAssign	p = new_problem(65536, 0);

	ok(status_with(last_row, -1) == MTR_INVALID &&
	   status_with(last_col, -1) == MTR_INVALID &&
	   status_with(last_col, INT32_MIN) == MTR_INVALID,
	   "negative places are invalid", 3);
	ok(status_with(last_score, 1000000001) == MTR_OVERFLOW &&
	   status_with(last_score, -1000000001) == MTR_OVERFLOW &&
	   status_with(last_score, INT32_MIN + 1) == MTR_OVERFLOW &&
	   status_with(last_score, 1000000000) == MTR_OK &&
	   status_with(last_score, -1000000000) == MTR_OK &&
	   status_with(last_score, MTR_NO_PAIR) == MTR_OK,
	   "scores beyond 10^9 overflow", 6);

	/* 2^32 pairs: refused before any score is read */
	set_places(p.row_places, p.nrows, -65536);
	free((void *) p.col_places);
	p.col_places = reserve(65536, sizeof(int32_t));
	set_places(p.col_places, 65536, -65536);
	p.ncols = 65536;
	ok(mtr_assign_max_pairs(&p) == INT64_C(1) << 32 &&
	   mtr_assign_solve(&p, NULL) == MTR_OVERFLOW,
	   "more pairs than can be numbered overflow", 1);
	p.ncols = -1;
	ok(mtr_assign_solve(&p, NULL) == MTR_INVALID, "negative side is invalid",
	   1);
	free_problem(&p);
}

typedef struct Family
{
	const char *claim;
	Shape		shape;
	int			ncases;
} Family;

static const Family families[] = {
	{"conditions hold, random sides to 60",
	{60, 60, 0, 0, 0, NSCORE_KINDS}, 1500},
	{"conditions hold, random sides to 20 x 300",
	{20, 300, 0, 0, 0, NSCORE_KINDS}, 150},
	{"conditions hold, 200 x 150, scores to +-10^9",
	{200, 150, -1, -1, 20, LARGEST}, 8},
	{"conditions hold, 200 x 150, places 0 to 3, scores to +-10^9",
	{200, 150, 3, 3, 20, LARGEST}, 8},
	{"conditions hold, 100 x 100, product scores",
	{100, 100, -1, -1, 0, PRODUCT}, 2},
	{"conditions hold, 60 x 60, product scores, 5 places",
	{60, 60, -5, -5, 0, PRODUCT}, 2},
	{"conditions hold, 40 x 60, places 0 to 20",
	{40, 60, 20, 20, 10, ANY_SIGN}, 30},
	{"conditions hold, 500 rows for 40 places",
	{500, 20, -1, -2, 0, ANY_SIGN}, 8},
	{"conditions hold, 500 rows for 40 places, few values",
	{500, 20, -1, -2, 50, FEW_VALUES}, 8}
};

int
main(void)
{
	test_small(true);
	test_small(false);
	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++)
		test_proofs(families[k].claim, families[k].shape, families[k].ncases);
	test_widths();
	test_range();
	test_empty();
	test_unlimited();
	test_refused();
	printf("1..%d\n", ntests);
	return nfailed != 0;
}
