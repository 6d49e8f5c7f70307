/*
 * stable_check.c
 *	  are these pairs a stable matching?
 *
 * Problem and preferences: stable.h.  This file shares nothing with the
 * solver, so a mistake of the one isn't repeated by the other.
 *
 * Method.  The scores the pairs come with tell the worst partner of each row
 * and column that is full, before any row is read.  Then every row is read
 * once: its pairs must be there with the scores they claim, and a pair not
 * taken which both ends want blocks.  Where a score was claimed wrongly, the
 * count of blocking pairs would be wrong, too; but then the fault found is
 * the result.
 *
 * Cost.  One row read for each row; the pass over it is vectorised, as most
 * blocks of 64 columns have nothing that may block.
 */
#include "stable.h"

/* stable.h */
#define MAX_SIDE (1 << 24)

/* A partner, as good as another one must be better to be wanted.  Nobody is
 * better than BEST; everybody accepted is better than NOBODY. */
typedef struct Bar
{
	int32_t		score;
	int32_t		index;
} Bar;

#define NOBODY {MTR_NO_PAIR, INT32_MAX}
#define BEST {INT32_MAX, -1}

typedef struct Check
{
	const MtrStable *p;
	MtrStableCheck *result;
	int32_t    *col_score;		/* [ncols] bars of the columns */
	int32_t    *col_index;		/* [ncols] */
	int32_t    *col_pairs;		/* [ncols] pairs of each */
	int32_t    *left_room;		/* [ncols] see MtrStableRow */
	int32_t    *right_room;
} Check;

static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 7) & ~(size_t) 7;
	return part;
}

static size_t
lay_out(Check *c, int32_t ncols, char *scratch)
{
	size_t		used = 0;

	c->col_score = carve(scratch, &used, ncols, sizeof(int32_t));
	c->col_index = carve(scratch, &used, ncols, sizeof(int32_t));
	c->col_pairs = carve(scratch, &used, ncols, sizeof(int32_t));
	c->left_room = carve(scratch, &used, ncols, sizeof(int32_t));
	c->right_room = carve(scratch, &used, ncols, sizeof(int32_t));
	return used;
}

size_t
mtr_stable_check_size(const MtrStable *p)
{
	Check		c;

	return lay_out(&c, p->ncols, NULL);
}

/* Remember a fault, if it is the first. */
static void
find_fault(Check *c, MtrStableFault fault, int32_t pair)
{
	if (c->result->fault != MTR_STABLE_FEASIBLE)
		return;
	c->result->fault = fault;
	c->result->fault_pair = pair;
}

static bool
is_better(int32_t score, int32_t index, Bar bar)
{
	return score > bar.score || (score == bar.score && index < bar.index);
}

/* ----------
 * The pairs alone
 * ----------
 */

/* Are they sorted, each within the problem, no element above its places? */
static void
check_places(Check *c)
{
	const MtrStable *p = c->p;
	int32_t		of_row = 0;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k];
		int32_t		j = p->pair_col[k];

		if ((k & 0xffff) == 0)
			mtr_poll();
		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols ||
			(k > 0 && (p->pair_row[k - 1] > i ||
					   (p->pair_row[k - 1] == i && p->pair_col[k - 1] >= j))))
		{
			find_fault(c, MTR_STABLE_ORDER, k);
			return;
		}
		of_row = k > 0 && p->pair_row[k - 1] == i ? of_row + 1 : 1;
		if (of_row > p->row_places[i])
			find_fault(c, MTR_STABLE_ROW_PLACES, k);
		if (++c->col_pairs[j] > p->col_places[j])
			find_fault(c, MTR_STABLE_COL_PLACES, k);
	}
}

/*
 * The bars of the columns: BEST for one without places, NOBODY for one with
 * an empty place, else the worst partner, which is found by lowering the bar
 * from BEST.
 */
static void
set_column_bars(Check *c)
{
	const MtrStable *p = c->p;
	const Bar	nobody = NOBODY;
	const Bar	best = BEST;

	for (int32_t j = 0; j < p->ncols; j++)
	{
		bool		is_full = c->col_pairs[j] == p->col_places[j];

		c->col_score[j] = is_full ? best.score : nobody.score;
		c->col_index[j] = is_full ? best.index : nobody.index;
	}
	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		j = p->pair_col[k];
		Bar			bar = {c->col_score[j], c->col_index[j]};

		if (c->col_pairs[j] < p->col_places[j] ||
			is_better(p->pair_right[k], p->pair_row[k], bar))
			continue;
		c->col_score[j] = p->pair_right[k];
		c->col_index[j] = p->pair_row[k];
	}
}

/* ----------
 * A row
 * ----------
 */

/* The row being checked and its pairs, first .. first + n - 1 */
typedef struct RowPairs
{
	int32_t		row;
	int32_t		first;
	int32_t		n;
	int32_t		seen;			/* pairs met in the row so far */
	Bar			bar;
} RowPairs;

static void
set_row_bar(const MtrStable *p, RowPairs *pairs)
{
	const Bar	nobody = NOBODY;
	const Bar	best = BEST;

	pairs->bar = nobody;
	if (pairs->n < p->row_places[pairs->row])
		return;
	pairs->bar = best;
	for (int32_t k = pairs->first; k < pairs->first + pairs->n; k++)
		if (!is_better(p->pair_left[k], p->pair_col[k], pairs->bar))
		{
			pairs->bar.score = p->pair_left[k];
			pairs->bar.index = p->pair_col[k];
		}
}

/* A pair that blocks: count it, list it while there is room. */
static void
add_blocking(MtrStableCheck *result, int32_t i, int32_t j,
			 const int32_t *score)
{
	int32_t		at = result->nlisted;

	result->nblocking++;
	if (at == result->max_listed)
		return;
	result->blocking_row[at] = i;
	result->blocking_col[at] = j;
	result->blocking_left[at] = score[0];
	result->blocking_right[at] = score[1];
	result->nlisted++;
}

/* Look at one entry of the row: a pair taken, or one that may block. */
static void
check_entry(Check *c, RowPairs *pairs, int32_t j, int32_t left,
			int32_t right)
{
	const MtrStable *p = c->p;
	int32_t		next = pairs->first + pairs->seen;
	Bar			col_bar = {c->col_score[j], c->col_index[j]};
	int32_t		score[2] = {left, right};

	if (left == MTR_NO_PAIR || right == MTR_NO_PAIR)
		return;
	if (pairs->seen < pairs->n && p->pair_col[next] == j)
	{
		pairs->seen++;
		if (left != p->pair_left[next] || right != p->pair_right[next])
			find_fault(c, MTR_STABLE_SCORES, next);
	}
	else if (is_better(left, j, pairs->bar) &&
			 is_better(right, pairs->row, col_bar))
		add_blocking(c->result, pairs->row, j, score);
}

/*
 * Starting at "from", a multiple of 64, find the first block of 64 columns of
 * a dense row in which something is at least as good as both bars; or the
 * last block, if it is shorter.
 */
MTR_SIMD
static int32_t
find_wanted(const Check *c, const MtrStableRow *row, int32_t bar,
			int32_t from)
{
	for (; row->n - from >= 64; from += 64)
	{
		const int32_t *left = row->left + from;
		const int32_t *right = row->right + from;
		const int32_t *col_bar = c->col_score + from;
		uint32_t	any = 0;

		for (int k = 0; k < 64; k++)
			any |= (left[k] >= bar) & (right[k] >= col_bar[k]) &
				(left[k] != MTR_NO_PAIR) & (right[k] != MTR_NO_PAIR);
		if (any)
			break;
	}
	return from;
}

/*
 * A dense row: the pairs taken are looked at one by one, wherever they are,
 * and so are the blocks in which something may block.
 */
static void
check_dense(Check *c, RowPairs *pairs, const MtrStableRow *row)
{
	const MtrStable *p = c->p;
	int32_t		j = 0;

	while (j < row->n)
	{
		int32_t		block = find_wanted(c, row, pairs->bar.score,
										j & ~63);
		int32_t		end = row->n - block > 64 ? block + 64 : row->n;

		/* pairs passed over, which are none when all is well */
		while (pairs->seen < pairs->n &&
			   p->pair_col[pairs->first + pairs->seen] < block)
		{
			int32_t		col = p->pair_col[pairs->first + pairs->seen];
			int32_t		seen = pairs->seen;

			check_entry(c, pairs, col, row->left[col], row->right[col]);
			if (pairs->seen == seen)
				return;			/* not accepted */
		}
		for (j = block; j < end; j++)
			check_entry(c, pairs, j, row->left[j], row->right[j]);
	}
}

/* A row that names its columns; false when they don't ascend. */
static bool
check_sparse(Check *c, RowPairs *pairs, const MtrStableRow *row)
{
	int32_t		before = -1;

	for (int32_t k = 0; k < row->n; k++)
	{
		if (row->col[k] <= before || row->col[k] >= c->p->ncols)
			return false;
		before = row->col[k];
		check_entry(c, pairs, before, row->left[k], row->right[k]);
	}
	return true;
}

/* Read one row and check it. */
static MtrStatus
check_row(Check *c, RowPairs *pairs)
{
	const MtrStable *p = c->p;
	MtrStableRow row = {.n = p->ncols};

	mtr_poll();
	set_row_bar(p, pairs);
	row.left = row.left_room = c->left_room;
	row.right = row.right_room = c->right_room;
	p->read_row(p->state, pairs->row, &row);
	if (row.n < 0 || row.n > p->ncols)
		return MTR_INVALID;
	pairs->seen = 0;
	if (row.col == NULL)
		check_dense(c, pairs, &row);
	else if (!check_sparse(c, pairs, &row))
		return MTR_INVALID;
	if (pairs->seen < pairs->n)
		find_fault(c, MTR_STABLE_NOT_ACCEPTED, pairs->first + pairs->seen);
	return MTR_OK;
}

/* Is the input within the ranges? */
static MtrStatus
check_input(const MtrStable *p)
{
	if (p->nrows < 0 || p->ncols < 0 || p->npairs < 0)
		return MTR_INVALID;
	if (p->nrows > MAX_SIDE || p->ncols > MAX_SIDE)
		return MTR_OVERFLOW;
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] < 0)
			return MTR_INVALID;
	return MTR_OK;
}

MtrStatus
mtr_stable_blocking(const MtrStable *p, MtrStableCheck *check,
					void *scratch)
{
	Check		c = {.p = p,.result = check};
	RowPairs	pairs = {0};
	MtrStatus	status = check_input(p);

	check->fault = MTR_STABLE_FEASIBLE;
	check->fault_pair = -1;
	check->nblocking = 0;
	check->nlisted = 0;
	if (status != MTR_OK)
		return status;

	lay_out(&c, p->ncols, scratch);
	for (int32_t j = 0; j < p->ncols; j++)
		c.col_pairs[j] = 0;
	check_places(&c);
	if (check->fault != MTR_STABLE_FEASIBLE)
		return MTR_OK;
	set_column_bars(&c);

	for (int32_t i = 0; i < p->nrows && status == MTR_OK; i++)
	{
		pairs.row = i;
		pairs.first += pairs.n;
		pairs.n = 0;
		while (pairs.first + pairs.n < p->npairs &&
			   p->pair_row[pairs.first + pairs.n] == i)
			pairs.n++;
		if (p->row_places[i] > 0)
			status = check_row(&c, &pairs);
	}
	if (check->fault != MTR_STABLE_FEASIBLE)
		check->nblocking = check->nlisted = 0;
	return status;
}
