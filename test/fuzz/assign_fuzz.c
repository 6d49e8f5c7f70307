/*
 * assign_fuzz.c
 *	  the dense assignment kernel: assign.h word for word
 *
 * A problem is solved by the kernel and by a copy of it with short lists and
 * no auction; from any start; with scores so large that the other width of
 * numbers is used; and with rows and columns exchanged.  Every answer must be
 * proved by its own covers and prices, small ones also by enumeration.
 *
 * Build: assign_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
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

static MtrStatus
run(MtrAssign *p, bool small, bool resume)
{
	void	   *scratch = take_memory(small ? small_assign_scratch_size(p) :
									  mtr_assign_scratch_size(p), 1);
	MtrStatus	status;

	show_problem(p);
	if (resume)
		status = small ? small_assign_resume(p, scratch) :
			mtr_assign_resume(p, scratch);
	else
		status = small ? small_assign_solve(p, scratch) :
			mtr_assign_solve(p, scratch);
	free(scratch);
	return status;
}

static bool
as_good(const MtrAssign *p, const MtrAssign *q)
{
	return p->total == q->total && (!p->most_pairs || p->npairs == q->npairs);
}

/* Can it be enumerated in no time? */
static bool
is_small(const MtrAssign *p)
{
	if (p->nrows > 6 || p->ncols > 4)
		return false;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] > SMALL_PLACES)
			return false;
	return true;
}

/* The widths' answers are equal but for the factor. */
static void
claim_widths(const MtrAssign *p)
{
	MtrAssign  *q = multiply_problem(p, 1000);

	CLAIM(run(q, false, false) == MTR_OK);
	CLAIM(same_pairs_in(p, q) && q->total == 1000 * p->total);
	for (int32_t i = 0; i < p->nrows; i++)
		CLAIM(q->row_cover[i] == p->row_cover[i] &&
			  q->row_price[i] == 1000 * p->row_price[i]);
	for (int32_t j = 0; j < p->ncols; j++)
		CLAIM(q->col_cover[j] == p->col_cover[j] &&
			  q->col_price[j] == 1000 * p->col_price[j]);
	drop_problem(q);
}

/* Prices to begin with: none, those of the answer, next to them, any */
static void
read_prices(Input *in, const MtrAssign *answer, MtrAssign *p)
{
	int			kind = choose(in, 5);

	for (int32_t j = 0; j < p->ncols; j++)
	{
		p->col_cover[j] = kind == 0 ? 0 : answer->col_cover[j];
		p->col_price[j] = kind == 0 ? 0 : answer->col_price[j];
		if (kind == 2)
			p->col_price[j] += (int64_t) next_byte(in) % 3 - 1;
		if (kind > 2)
			p->col_cover[j] = next_byte(in) % (kind == 3 ? 2 : 256);
		if (kind == 3)
			p->col_price[j] = ((int64_t) next_byte(in) - 128) * 100000;
		if (kind == 4)
			p->col_price[j] = (int64_t) ((uint64_t) next_number(in) << 32 |
										 next_number(in));
	}
}

static void
claim_resume(Input *in, const MtrAssign *p)
{
	MtrAssign  *q = multiply_problem(p, 1);
	bool		small = choose(in, 2);
	uint32_t	fault = choose(in, 16);

	if (choose(in, 2))
	{
		q->npairs = p->npairs;
		memcpy(q->pair_row, p->pair_row, p->npairs * sizeof(int32_t));
		memcpy(q->pair_col, p->pair_col, p->npairs * sizeof(int32_t));
	}
	else
		read_matching(in, q);
	read_prices(in, p, q);
	if (fault == 1 && q->npairs > 0)
		q->pair_row[choose(in, q->npairs)] = (int32_t) choose(in, 12) - 2;
	if (fault == 2 && q->npairs > 0)
		q->pair_col[choose(in, q->npairs)] = (int32_t) choose(in, 12) - 2;
	if (fault == 3)
		q->npairs = -1;
	if (run(q, small, true) == MTR_OK)
		CLAIM(is_proved(q) && as_good(p, q));
	else
		CLAIM(fault >= 1 && fault <= 3);
	drop_problem(q);
}

static void
claim_refused(Input *in, const MtrAssign *p)
{
	static const int32_t beyond[] = {
		1000000001, -1000000001, INT32_MAX, MTR_NO_PAIR + 1
	};
	MtrAssign  *q = multiply_problem(p, 1);
	bool		small = choose(in, 2);
	bool		of_cols = choose(in, 2);

	if (choose(in, 2) && p->nrows > 0 && p->ncols > 0)
	{
		put_score(q, choose(in, p->nrows), choose(in, p->ncols),
				  beyond[choose(in, 4)]);
		CLAIM(run(q, small, false) == MTR_OVERFLOW);
	}
	else if ((of_cols ? p->ncols : p->nrows) > 0)
	{
		if (of_cols)
			((int32_t *) q->col_places)[choose(in, p->ncols)] = -1;
		else
			((int32_t *) q->row_places)[choose(in, p->nrows)] = INT32_MIN;
		CLAIM(run(q, small, false) == MTR_INVALID);
	}
	drop_problem(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	MtrAssign  *p = read_problem(&in, 68, 68);
	MtrAssign  *q = multiply_problem(p, 1);

	CLAIM(run(p, false, false) == MTR_OK && is_proved(p));
	CLAIM(run(q, true, false) == MTR_OK && is_proved(q) && as_good(p, q));
	drop_problem(q);
	if (is_small(p))
		CLAIM(p->total + (p->most_pairs ? p->npairs * COUNT_ONE : 0) ==
			  best_value(p));
	if (largest_size_of_score(p) <= 1000000)
		claim_widths(p);
	q = transpose_problem(p);
	CLAIM(run(q, false, false) == MTR_OK && is_proved(q) && as_good(p, q));
	drop_problem(q);
	claim_resume(&in, p);
	claim_refused(&in, p);
	drop_problem(p);
	return 0;
}
