/*
 * ties.c
 *	  the tie rule for a problem with a matrix: list or bit sets
 *
 * Problem.  See ties.h.  A list of the tied pairs (ties_list.h) takes about
 * thirty bytes a pair tied, bit sets (ties_bits.h) five bits for each pair,
 * tied or not.
 *
 * Method.  The tied pairs are counted, and what takes less memory is used:
 * the list while fewer than about one pair in fifty is tied.  A programme's
 * scores tie two or three pairs a row, scores in whole percent about one in
 * a hundred.
 *
 * Cost.  Counting is one more pass over the matrix, in blocks of columns
 * whose limits (ties_scan.h) fit the stack: it runs as fast as the matrix can
 * be read.
 */
#include <string.h>

#include "ties.h"
#include "ties_bits.h"
#include "ties_list.h"
#include "ties_scan.h"

/* Columns counted at a time */
#define BLOCK 4096

/* How many scores of n equal limit + price and may be taken */
MTR_SIMD
static int32_t
count_narrow(const int32_t *score, const int32_t *limit, int32_t price,
			 int32_t lowest, int32_t n)
{
	int32_t		count = 0;

	for (int32_t k = 0; k < n; k++)
		count += (score[k] == limit[k] + price) & (score[k] >= lowest);
	return count;
}

static int32_t
count_wide(const MtrAssign *p, int32_t i, int32_t from, int32_t n)
{
	const int32_t *score = p->score + (size_t) i * p->ncols;
	int32_t		count = 0;

	for (int32_t j = from; j < from + n; j++)
		count += slack_sign(p, i, j, score[j]) == 0;
	return count;
}

int64_t
mtr_ties_count(const MtrAssign *p)
{
	int32_t		limit[2][BLOCK];
	Limits		limits = {p, 0, {limit[0], limit[1]}};
	int64_t		count = p->npairs;

	if (!prices_in_range(p))
		return count;
	limits.middle = middle_price(p);
	for (int32_t from = 0; from < p->ncols; from += BLOCK)
	{
		int32_t		n = p->ncols - from < BLOCK ? p->ncols - from : BLOCK;

		fill_limits(&limits, from, n);
		for (int32_t i = 0; i < p->nrows; i++)
		{
			const int32_t *score = p->score + (size_t) i * p->ncols + from;
			int64_t		price = p->row_price[i] - limits.middle;

			mtr_poll();
			if (is_narrow(&limits, i))
				count += count_narrow(score, limit[p->row_cover[i] != 0],
									  (int32_t) price, lowest_score(p), n);
			else
				count += count_wide(p, i, from, n);
		}
	}
	return count;
}

int64_t
mtr_ties_usual_count(const MtrAssign *p)
{
	return p->npairs + 4 * ((int64_t) p->nrows + p->ncols);
}

static size_t
round_up(size_t size)
{
	return (size + 63) & ~(size_t) 63;
}

/* Bytes that the way of the list takes, entries included */
static size_t
list_size(const MtrAssign *p, int64_t count)
{
	return round_up(mtr_ties_list_scratch_size(p)) +
		round_up(count * sizeof(uint32_t)) +
		mtr_ties_list_resolve_scratch_size(p, count);
}

size_t
mtr_ties_scratch_size_for(const MtrAssign *p, int64_t count)
{
	size_t		bits = mtr_ties_bits_scratch_size(p);
	size_t		list = list_size(p, count);

	return list < bits ? list : bits;
}

size_t
mtr_ties_scratch_size(const MtrAssign *p)
{
	return mtr_ties_bits_scratch_size(p);
}

/* Rows of a matrix for mtr_ties_list_row() */
static MtrStatus
resolve_by_list(MtrAssign *p, bool rows_are_right, int64_t count,
				char *scratch)
{
	MtrTiesList list;
	uint32_t   *entry = (uint32_t *)
	(scratch + round_up(mtr_ties_list_scratch_size(p)));
	char	   *rest = (char *) entry + round_up(count * sizeof(uint32_t));
	MtrStatus	status = mtr_ties_list_begin(&list, p, entry, count, scratch);

	for (int32_t i = 0; i < p->nrows && status == MTR_OK; i++)
	{
		mtr_poll();
		status = mtr_ties_list_row(&list, i,
								   p->score + (size_t) i * p->ncols);
	}
	if (status != MTR_OK)
		return status;
	return mtr_ties_list_resolve(&list, rows_are_right, rest);
}

MtrStatus
mtr_ties_resolve_counted(MtrAssign *p, bool rows_are_right, int64_t count,
						 void *scratch)
{
	if ((int64_t) p->nrows * p->ncols > MTR_TIES_MAX_CELLS)
		return MTR_OVERFLOW;
	if (list_size(p, count) < mtr_ties_bits_scratch_size(p))
		return resolve_by_list(p, rows_are_right, count, scratch);
	return mtr_ties_bits_resolve_matrix(p, rows_are_right, scratch);
}

MtrStatus
mtr_ties_resolve(MtrAssign *p, bool rows_are_right, void *scratch)
{
	if ((int64_t) p->nrows * p->ncols > MTR_TIES_MAX_CELLS)
		return MTR_OVERFLOW;
	return mtr_ties_resolve_counted(p, rows_are_right, mtr_ties_count(p),
									scratch);
}
