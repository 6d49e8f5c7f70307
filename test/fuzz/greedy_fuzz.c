/*
 * greedy_fuzz.c
 *	  greedy matching and its bound: greedy.h word for word
 *
 * The pairs must be those found by taking the best one left, again and again,
 * and the bound the one stated.  No matching exceeds the bound, and none is
 * more than twice as good: the assignment kernel's is asked.
 *
 * Build: greedy_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
#include "greedy.h"

static MtrStatus
run(MtrAssign *p, bool rows_are_right, int64_t *bound)
{
	void	   *scratch = take_memory(mtr_greedy_scratch_size(p), 1);
	MtrStatus	status = mtr_greedy_solve(p, rows_are_right, bound, scratch);

	show_problem(p);
	free(scratch);
	return status;
}

/* Flags of the pairs taken by definition, rows being left */
static uint8_t *
take_best_again_and_again(const MtrAssign *p)
{
	uint8_t    *taken = take_cleared((int64_t) p->nrows * p->ncols, 1);
	int32_t    *row_left = take_memory(p->nrows, sizeof(int32_t));
	int32_t    *col_left = take_memory(p->ncols, sizeof(int32_t));

	memcpy(row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (;;)
	{
		int32_t		best = -1;

		for (int32_t at = 0; at < p->nrows * p->ncols; at++)
			if (!taken[at] && p->score[at] != MTR_NO_PAIR &&
				(p->most_pairs || p->score[at] > 0) &&
				row_left[at / p->ncols] > 0 && col_left[at % p->ncols] > 0 &&
				(best < 0 || p->score[at] > p->score[best]))
				best = at;
		if (best < 0)
			break;
		taken[best] = 1;
		row_left[best / p->ncols]--;
		col_left[best % p->ncols]--;
	}
	free(row_left);
	free(col_left);
	return taken;
}

/* Are the pairs those of the flags, in order, and is the total theirs? */
static bool
has_pairs(const MtrAssign *p, const uint8_t *taken)
{
	int32_t		n = 0;
	int64_t		total = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (taken[(size_t) i * p->ncols + j])
			{
				if (n >= p->npairs || p->pair_row[n] != i ||
					p->pair_col[n] != j)
					return false;
				total += score_in(p, i, j);
				n++;
			}
	return n == p->npairs && total == p->total;
}

/* The sum over the rows of each one's "places" highest scores > 0 */
static int64_t
sum_of_best(const MtrAssign *p)
{
	int64_t		sum = 0;
	bool	   *used = take_memory(p->ncols, sizeof(bool));

	for (int32_t i = 0; i < p->nrows; i++)
	{
		memset(used, 0, p->ncols * sizeof(bool));
		for (int32_t k = 0; k < p->row_places[i] && k < p->ncols; k++)
		{
			int32_t		best = -1;

			for (int32_t j = 0; j < p->ncols; j++)
				if (!used[j] && p->col_places[j] > 0 &&
					score_in(p, i, j) > 0 &&
					(best < 0 || score_in(p, i, j) > score_in(p, i, best)))
					best = j;
			if (best < 0)
				break;
			used[best] = true;
			sum += score_in(p, i, best);
		}
	}
	free(used);
	return sum;
}

/* Against the best there is, with as many pairs as possible or with the
 * highest total */
static void
claim_best(const MtrAssign *p, int64_t bound, bool most_pairs)
{
	MtrAssign  *q = multiply_problem(p, 1);
	void	   *scratch = take_memory(mtr_assign_scratch_size(q), 1);

	q->most_pairs = most_pairs;
	CLAIM(mtr_assign_solve(q, scratch) == MTR_OK);
	CLAIM(q->total <= bound);
	if (most_pairs && p->most_pairs)
		CLAIM(2 * p->npairs >= q->npairs && p->npairs <= q->npairs);
	if (!most_pairs && !p->most_pairs)
		CLAIM(2 * p->total >= q->total && p->total <= q->total);
	free(scratch);
	drop_problem(q);
}

static void
claim_refused(Input *in, MtrAssign *p)
{
	int64_t		bound;

	if (p->nrows == 0 || p->ncols == 0)
		return;
	if (choose(in, 2))
	{
		put_score(p, choose(in, p->nrows), choose(in, p->ncols),
				  choose(in, 2) ? 1000000001 : MTR_NO_PAIR + 1);
		CLAIM(run(p, false, &bound) == MTR_OVERFLOW);
	}
	else
	{
		((int32_t *) p->col_places)[choose(in, p->ncols)] = -1;
		CLAIM(run(p, true, &bound) == MTR_INVALID);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	MtrAssign  *p = read_problem(&in, 34, 68);
	MtrAssign  *q = transpose_problem(p);
	uint8_t    *taken = take_best_again_and_again(p);
	int64_t		bound,
				other;

	CLAIM(run(p, false, &bound) == MTR_OK && has_pairs(p, taken));
	CLAIM(run(q, true, &other) == MTR_OK && same_pairs_exchanged(p, q));
	CLAIM(bound == other && q->total == p->total);
	show_problem(p);
	other = sum_of_best(p);
	CLAIM(bound == (other < sum_of_best(q) ? other : sum_of_best(q)));
	claim_best(p, bound, true);
	claim_best(p, bound, false);
	claim_refused(&in, p);
	free(taken);
	drop_problem(p);
	drop_problem(q);
	return 0;
}
