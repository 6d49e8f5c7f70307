/*
 * fair_fuzz.c
 *	  fair assignment and its check: fair.h word for word
 *
 * The kernel and a copy of it with tiny batches must come to the same pairs,
 * with rows and columns exchanged, too, and with as many pairs as the
 * assignment kernel finds; of small problems the pairs must be those that
 * enumeration finds.  The check, and a copy of it with tiny batches, must
 * accept what has the scores of that matching and nothing else, and say where
 * another one is less fair.
 *
 * Build: fair_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
#include "fair_reference.h"

/* the second copies; the check's functions of names that fair.c has, too,
 * get others */
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

#define MTR_FAIR_CHECK_BATCH 3
#define mtr_fair_check small_fair_check
#define mtr_fair_check_scratch_size small_fair_check_scratch_size
extern MtrStatus mtr_fair_check(const MtrAssign *p, MtrFairVerdict *verdict,
								void *scratch);
extern size_t mtr_fair_check_scratch_size(const MtrAssign *p);
#define carve check_carve
#define check_input check_check_input
#define collect check_collect
#define get_bit check_get_bit
#define keep_lowest check_keep_lowest
#define lay_out check_lay_out
#define put_bit check_put_bit
#define shorten_keys check_shorten_keys
#define sort_keys check_sort_keys
#define words_for check_words_for
#include "fair_check.c"
#undef mtr_fair_check
#undef mtr_fair_check_scratch_size

static MtrStatus
run(MtrAssign *p, bool rows_are_right, bool small)
{
	void	   *scratch = take_memory(small ? small_fair_scratch_size(p) :
									  mtr_fair_scratch_size(p), 1);
	MtrStatus	status = small ?
	small_fair_solve(p, rows_are_right, scratch) :
	mtr_fair_solve(p, rows_are_right, scratch);

	show_problem(p);
	free(scratch);
	return status;
}

/* A matching whose total is right and whose covers prove that there can't be
 * more pairs: each eligible pair is covered, none taken twice, and no cover
 * is wasted on a place left */
static void
claim_covers(const MtrAssign *p)
{
	int32_t    *row_left = take_memory(p->nrows, sizeof(int32_t));
	int32_t    *col_left = take_memory(p->ncols, sizeof(int32_t));
	int64_t		total = 0;

	memcpy(row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k],
					j = p->pair_col[k];

		CLAIM(i >= 0 && i < p->nrows && j >= 0 && j < p->ncols);
		CLAIM(k == 0 || p->pair_row[k - 1] < i ||
			  (p->pair_row[k - 1] == i && p->pair_col[k - 1] < j));
		CLAIM(score_in(p, i, j) != MTR_NO_PAIR);
		CLAIM(row_left[i]-- > 0 && col_left[j]-- > 0);
		CLAIM(p->row_cover[i] + p->col_cover[j] <= 1);
		total += score_in(p, i, j);
	}
	CLAIM(total == p->total);
	for (int32_t i = 0; i < p->nrows; i++)
		CLAIM(p->row_cover[i] == 0 ||
			  (p->row_cover[i] == 1 && row_left[i] == 0));
	for (int32_t j = 0; j < p->ncols; j++)
		CLAIM(p->col_cover[j] == 0 ||
			  (p->col_cover[j] == 1 && col_left[j] == 0));
	/* a pair taken needs no cover, for it can't be taken twice */
	for (int32_t k = 0, i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (k < p->npairs && p->pair_row[k] == i && p->pair_col[k] == j)
				k++;
			else
				CLAIM(score_in(p, i, j) == MTR_NO_PAIR ||
					  p->row_cover[i] + p->col_cover[j] >= 1);
	free(row_left);
	free(col_left);
}

/* Fewer pairs can't be right, more neither. */
static void
claim_as_many(const MtrAssign *p)
{
	MtrAssign  *q = multiply_problem(p, 1);
	void	   *scratch = take_memory(mtr_assign_scratch_size(q), 1);

	q->most_pairs = true;
	CLAIM(mtr_assign_solve(q, scratch) == MTR_OK);
	CLAIM(q->npairs == p->npairs && q->total >= p->total);
	free(scratch);
	drop_problem(q);
}

static void
claim_enumeration(const MtrAssign *p, bool rows_are_right)
{
	Brute		b;
	uint32_t	taken = 0;

	if (p->nrows > MAX_SIDE || p->ncols > MAX_SIDE ||
		p->nrows * p->ncols > 16)
		return;
	solve_brute(&b, p, rows_are_right);
	for (int32_t k = 0; k < p->npairs; k++)
		for (int32_t x = 0; x < b.ncells; x++)
			if (b.cell[x] == p->pair_row[k] * p->ncols + p->pair_col[k])
				taken |= UINT32_C(1) << x;
	CLAIM(p->npairs == b.most && taken == b.best);
}

static int
compare_numbers(const void *a, const void *b)
{
	int32_t		x = *(const int32_t *) a;
	int32_t		y = *(const int32_t *) b;

	return (x > y) - (x < y);
}

static int32_t *
sorted_scores(const MtrAssign *p)
{
	int32_t    *scores = take_memory(p->npairs, sizeof(int32_t));

	for (int32_t k = 0; k < p->npairs; k++)
		scores[k] = score_in(p, p->pair_row[k], p->pair_col[k]);
	qsort(scores, p->npairs, sizeof(int32_t), compare_numbers);
	return scores;
}

/* What the check says, in both ways */
static MtrFairVerdict
judge_twice(const MtrAssign *p)
{
	MtrFairVerdict verdict[2];

	for (int small = 0; small < 2; small++)
	{
		void	   *scratch = take_memory(small ?
										  small_fair_check_scratch_size(p) :
										  mtr_fair_check_scratch_size(p), 1);

		CLAIM((small ? small_fair_check(p, &verdict[1], scratch) :
			   mtr_fair_check(p, &verdict[0], scratch)) == MTR_OK);
		free(scratch);
	}
	CLAIM(verdict[0].flaw == verdict[1].flaw &&
		  verdict[0].level == verdict[1].level);
	return verdict[0];
}

/* Is the check's verdict on p right, when "fairest" is a fairest matching? */
static void
claim_verdict(const MtrAssign *p, const MtrAssign *fairest)
{
	MtrFairVerdict verdict = judge_twice(p);
	int32_t    *scores = sorted_scores(p);
	int32_t    *wanted = sorted_scores(fairest);
	int32_t		k = 0;

	CLAIM((verdict.flaw == MTR_FAIR_MORE_PAIRS) ==
		  (p->npairs < fairest->npairs));
	if (p->npairs == fairest->npairs)
	{
		while (k < p->npairs && scores[k] == wanted[k])
			k++;
		CLAIM((verdict.flaw == MTR_FAIR_NO_FLAW) == (k == p->npairs));
		if (k < p->npairs)
			CLAIM(scores[k] < wanted[k] && verdict.level == scores[k]);
	}
	free(scores);
	free(wanted);
}

/* Solve p, whose pairs it is left with, in all ways; q is p exchanged. */
static void
claim_ways(MtrAssign *p, MtrAssign *q, bool rows_are_right)
{
	MtrAssign  *other = multiply_problem(p, 1);

	CLAIM(run(p, rows_are_right, false) == MTR_OK);
	claim_covers(p);
	for (int small = 0; small < 2; small++)
	{
		CLAIM(run(q, !rows_are_right, small) == MTR_OK);
		CLAIM(same_pairs_exchanged(p, q) && q->total == p->total);
		claim_covers(q);
	}
	CLAIM(run(other, rows_are_right, true) == MTR_OK);
	CLAIM(same_pairs_in(p, other));
	drop_problem(other);
}

/* Pairs that are no matching aren't judged. */
static void
claim_refused(Input *in, MtrAssign *p)
{
	void	   *scratch = take_memory(mtr_fair_check_scratch_size(p), 1);
	int32_t		at = choose(in, p->npairs);
	int32_t		other = choose(in, p->npairs);
	MtrFairVerdict verdict;

	if (p->npairs > 1 && at != other)
	{
		p->pair_row[at] = p->pair_row[other];
		p->pair_col[at] = p->pair_col[other];
		CLAIM(mtr_fair_check(p, &verdict, scratch) == MTR_INVALID);
	}
	else if (p->npairs > 0)
	{
		p->pair_col[at] = choose(in, 2) ? -1 : p->ncols;
		CLAIM(mtr_fair_check(p, &verdict, scratch) == MTR_INVALID);
	}
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	MtrAssign  *p = read_problem(&in, 34, 68);
	MtrAssign  *q = transpose_problem(p);
	MtrAssign  *any = multiply_problem(p, 1);
	bool		rows_are_right = choose(&in, 2);

	claim_ways(p, q, rows_are_right);
	claim_as_many(p);
	claim_enumeration(p, rows_are_right);
	claim_verdict(p, p);
	read_matching(&in, any);
	show_problem(any);
	claim_verdict(any, p);
	claim_refused(&in, any);
	drop_problem(p);
	drop_problem(q);
	drop_problem(any);
	return 0;
}
