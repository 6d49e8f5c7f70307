/*
 * fair_check_test.c
 *	  the check of fair matchings against the definition
 *
 * Of tiny problems every matching there is gets judged, and the verdict is
 * compared with the definition: may there be more pairs, and if not, which is
 * the lowest score of which a fairest matching has fewer?  Of larger problems
 * the fair kernel's matching, some that the assignment kernel likes for other
 * reasons, and changed ones are judged.  Each is judged twice, by the check
 * and by a copy of it whose batches are so small that scores seldom fit.
 *
 * Build: fair_check_test.c poll.c fair.c fair_check.c assign.c ties*.c
 */
#include "fair_reference.h"

/* the second copy */
extern size_t small_check_scratch_size(const MtrAssign *p);
extern MtrStatus small_check(const MtrAssign *p, MtrFairVerdict *verdict,
							 void *scratch);

#define MTR_FAIR_CHECK_BATCH 3
#define mtr_fair_check small_check
#define mtr_fair_check_scratch_size small_check_scratch_size
#include "fair_check.c"
#undef mtr_fair_check
#undef mtr_fair_check_scratch_size

/* Judge in both ways; they must agree */
static MtrStatus
judge_twice(const MtrAssign *p, MtrFairVerdict *verdict)
{
	void	   *scratch = get_scratch(mtr_fair_check_scratch_size(p), 0xA5);
	MtrFairVerdict second;
	MtrStatus	status = mtr_fair_check(p, verdict, scratch);

	free(scratch);
	scratch = get_scratch(small_check_scratch_size(p), 0xFF);
	if (small_check(p, &second, scratch) != status ||
		second.flaw != verdict->flaw || second.level != verdict->level)
	{
		printf("# the two checks don't agree\n");
		nfailed++;
	}
	free(scratch);
	return status;
}

static bool
verdict_is(const MtrAssign *p, MtrFairFlaw flaw, int32_t level)
{
	MtrFairVerdict verdict;

	return judge_twice(p, &verdict) == MTR_OK && verdict.flaw == flaw &&
		(flaw != MTR_FAIR_LEVEL || verdict.level == level);
}

/* ----------
 * Tiny problems
 * ----------
 */

typedef struct Tally
{
	MtrAssign  *p;
	int32_t		nright[3];		/* by flaw */
	int32_t		nwrong;
} Tally;

static void
judge_matching(Brute *b, uint32_t taken)
{
	Tally	   *t = b->state;
	MtrAssign  *p = t->p;
	int32_t		level = first_difference(b, taken, b->best);
	MtrFairFlaw wanted = MTR_FAIR_NO_FLAW;

	/* pairs in the order of the rule, which is not that of rows */
	p->npairs = 0;
	for (int32_t k = 0; k < b->ncells; k++)
		if ((taken >> k) & 1)
		{
			p->pair_row[p->npairs] = b->cell[k] / p->ncols;
			p->pair_col[p->npairs++] = b->cell[k] % p->ncols;
		}
	if (p->npairs < b->most)
		wanted = MTR_FAIR_MORE_PAIRS;
	else if (level < b->nlevels)
		wanted = MTR_FAIR_LEVEL;
	if (verdict_is(p, wanted, level < b->nlevels ? b->level_score[level] : 0))
		t->nright[wanted]++;
	else
		t->nwrong++;
}

static void
test_all_matchings(int ncases)
{
	Tally		t = {0};

	for (int c = 0; c < ncases; c++)
	{
		int32_t		nrows = 1 + rnd(4);
		int32_t		ncols = 1 + rnd(9 / nrows < 4 ? 9 / nrows : 4);
		Brute		b;

		t.p = random_problem(nrows, ncols, 2 + rnd(20), 1 + rnd(2));
		solve_brute(&b, t.p, false);
		b.visit = judge_matching;
		b.state = &t;
		b.least = 0;
		enumerate(&b, 0, 0);
		free_problem(t.p);
	}
	printf("# %d with too few pairs, %d unfair, %d fair\n",
		   t.nright[MTR_FAIR_MORE_PAIRS], t.nright[MTR_FAIR_LEVEL],
		   t.nright[MTR_FAIR_NO_FLAW]);
	report(t.nwrong == 0 && t.nright[MTR_FAIR_MORE_PAIRS] > ncases &&
		   t.nright[MTR_FAIR_LEVEL] > ncases &&
		   t.nright[MTR_FAIR_NO_FLAW] > ncases,
		   "every matching of tiny problems: as defined");
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

/* Is p's matching judged rightly, when "best" are the sorted scores of a
 * fairest one? */
static bool
is_judged(const MtrAssign *p, const int32_t *best, int32_t nbest)
{
	int32_t    *score = sorted_scores(p);
	int32_t		k = 0;
	bool		right;

	while (k < p->npairs && score[k] == best[k])
		k++;
	if (p->npairs < nbest)
		right = verdict_is(p, MTR_FAIR_MORE_PAIRS, 0);
	else if (k < nbest)
		right = score[k] < best[k] &&
			verdict_is(p, MTR_FAIR_LEVEL, score[k]);
	else
		right = verdict_is(p, MTR_FAIR_NO_FLAW, 0);
	free(score);
	return right;
}

/* Let p have another matching with most pairs: the best one for scores that
 * are sometimes right and sometimes random */
static void
find_another(MtrAssign *p, uint32_t right)
{
	MtrAssign  *q = new_problem(p->nrows, p->ncols);
	void	   *scratch = get_scratch(mtr_assign_scratch_size(p), 0);

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			set_score(q, i, j, score_at(p, i, j) == MTR_NO_PAIR ||
					  rnd(100) < right ? score_at(p, i, j) :
					  (int32_t) rnd(1000000));
	memcpy((void *) q->row_places, p->row_places, p->nrows * sizeof(int32_t));
	memcpy((void *) q->col_places, p->col_places, p->ncols * sizeof(int32_t));
	q->row_price = get_memory(p->nrows * sizeof(int64_t));
	q->col_price = get_memory(p->ncols * sizeof(int64_t));
	make_room(q);
	if (mtr_assign_solve(q, scratch) != MTR_OK)
		exit(2);
	p->npairs = q->npairs;
	memcpy(p->pair_row, q->pair_row, q->npairs * sizeof(int32_t));
	memcpy(p->pair_col, q->pair_col, q->npairs * sizeof(int32_t));
	free(scratch);
	free_problem(q);
}

/*
 * Exchange the partners of pairs of a fair matching, or give one up.  Most
 * changes make it a little unfair somewhere, some hit another fair one.
 */
static void
spoil(MtrAssign *p)
{
	for (int tries = 0; tries < 50; tries++)
	{
		int32_t		a = rnd(p->npairs);
		int32_t		b = rnd(p->npairs);
		int32_t		col = p->pair_col[a];
		bool		is_there = a == b;

		if (score_at(p, p->pair_row[a], p->pair_col[b]) == MTR_NO_PAIR ||
			score_at(p, p->pair_row[b], p->pair_col[a]) == MTR_NO_PAIR)
			continue;
		for (int32_t k = 0; k < p->npairs; k++)
			is_there |= (p->pair_row[k] == p->pair_row[a] &&
						 p->pair_col[k] == p->pair_col[b]) ||
				(p->pair_row[k] == p->pair_row[b] &&
				 p->pair_col[k] == p->pair_col[a]);
		if (is_there)
			continue;
		p->pair_col[a] = p->pair_col[b];
		p->pair_col[b] = col;
		return;
	}
	p->npairs--;
}

static void
test_larger(int ncases, int32_t max_side)
{
	int			nwrong = 0;
	int			nunfair = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(1 + rnd(max_side), 1 + rnd(max_side),
									   2 + rnd(40), 1 + rnd(3));
		void	   *scratch = get_scratch(mtr_fair_scratch_size(p), 0);
		int32_t    *best;
		int32_t		nbest;

		if (mtr_fair_solve(p, rnd(2), scratch) != MTR_OK)
			exit(2);
		free(scratch);
		best = sorted_scores(p);
		nbest = p->npairs;
		nwrong += !is_judged(p, best, nbest);
		if (nbest > 0)
		{
			spoil(p);
			nwrong += !is_judged(p, best, nbest);
		}
		for (uint32_t right = 0; right <= 100; right += 50)
		{
			MtrFairVerdict verdict;

			find_another(p, right);
			nwrong += !is_judged(p, best, nbest);
			judge_twice(p, &verdict);
			nunfair += verdict.flaw == MTR_FAIR_LEVEL;
		}
		free(best);
		free_problem(p);
	}
	printf("# %d of %d matchings with most pairs are unfair\n", nunfair,
		   3 * ncases);
	report(nwrong == 0 && nunfair > ncases,
		   "larger problems: fair, unfair and spoilt matchings");
}

/* ----------
 * What is no matching
 * ----------
 */

typedef enum Fault
{
	NO_FAULT,
	ROW_BELOW,
	ROW_ABOVE,
	COLUMN_BELOW,
	COLUMN_ABOVE,
	NOT_ELIGIBLE,
	TWICE,
	ROW_FULL,
	COLUMN_FULL,
	TOO_MANY_PAIRS,
	FEWER_THAN_NONE,
	NEGATIVE_PLACES,
	SCORE_TOO_HIGH,
	NFAULTS
} Fault;

/* A matching of three rows and columns with two places each, and a fault */
static MtrStatus
status_with(Fault fault)
{
	MtrAssign  *p = new_problem(3, 3);
	static const int32_t row[6] = {0, 0, 1, 1, 2, 2};
	static const int32_t col[6] = {0, 1, 1, 2, 2, 0};
	MtrFairVerdict verdict;
	MtrStatus	status;

	for (int32_t k = 0; k < 3; k++)
	{
		((int32_t *) p->row_places)[k] = 2;
		((int32_t *) p->col_places)[k] = 2;
	}
	make_room(p);
	p->npairs = 6;
	memcpy(p->pair_row, row, sizeof(row));
	memcpy(p->pair_col, col, sizeof(col));
	if (fault == ROW_BELOW)
		p->pair_row[3] = -1;
	if (fault == ROW_ABOVE)
		p->pair_row[3] = 3;
	if (fault == COLUMN_BELOW)
		p->pair_col[5] = -1;
	if (fault == COLUMN_ABOVE)
		p->pair_col[5] = 3;
	if (fault == NOT_ELIGIBLE)
		set_score(p, 1, 2, MTR_NO_PAIR);
	if (fault == TWICE)
		p->pair_col[3] = 1;
	if (fault == ROW_FULL)
		p->pair_row[4] = 0;
	if (fault == COLUMN_FULL)
		p->pair_col[1] = 2;
	if (fault == TOO_MANY_PAIRS)
		p->npairs = 7;
	if (fault == FEWER_THAN_NONE)
		p->npairs = -1;
	if (fault == NEGATIVE_PLACES)
		((int32_t *) p->col_places)[1] = -1;
	if (fault == SCORE_TOO_HIGH)
		set_score(p, 2, 1, 1000000001);
	status = judge_twice(p, &verdict);
	free_problem(p);
	return status;
}

static void
test_faults(void)
{
	bool		as_stated = true;

	for (Fault fault = NO_FAULT; fault < NFAULTS; fault++)
	{
		MtrStatus	wanted = MTR_INVALID;

		if (fault == NO_FAULT)
			wanted = MTR_OK;
		else if (fault == SCORE_TOO_HIGH)
			wanted = MTR_OVERFLOW;
		if (status_with(fault) != wanted)
		{
			printf("# fault %d\n", (int) fault);
			as_stated = false;
		}
	}
	report(as_stated, "what is no matching is refused");
}

int
main(void)
{
	test_all_matchings(4000);
	test_larger(300, 12);
	test_larger(100, 60);
	test_faults();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
