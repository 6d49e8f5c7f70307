/*
 * ties_list.c
 *	  gathering the pairs that matter to the tie rule, and checking the proof
 *
 * Problem, use: ties_list.h.
 *
 * Method.  A row is compared with the limits of all columns (ties_scan.h).
 * The pairs that reach them, and are not found to be below in 64 bits, are
 * merged with the pairs taken, both being sorted by column: a pair taken that
 * isn't reached breaks the proof, and so does a pair reached that isn't taken
 * and has a positive slack.
 *
 * Cost.  A pair costs one comparison, eight at a time with AVX2: about
 * a tenth of a nanosecond when the row is in the nearest cache.
 */
#include <string.h>

#include "ties_list.h"
#include "ties_scan.h"

/* Columns are numbered below this (assign.h) */
#define MAX_SIDE (INT32_C(1) << 24)

/* Give out the next part of the scratch, or only count when there is none */
static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 63) & ~(size_t) 63;
	return part;
}

static size_t
lay_out(MtrTiesList *list, const MtrAssign *p, char *scratch)
{
	size_t		used = 0;

	for (int c = 0; c < 2; c++)
		list->limit[c] = carve(scratch, &used, p->ncols, sizeof(int32_t));
	list->reached = carve(scratch, &used, words_for(p->ncols),
						  sizeof(uint64_t));
	list->row_start = carve(scratch, &used, (size_t) p->nrows + 1,
							sizeof(uint32_t));
	return used;
}

size_t
mtr_ties_list_scratch_size(const MtrAssign *p)
{
	MtrTiesList list;

	return lay_out(&list, p, NULL);
}

/*
 * Are the pairs sorted, once each, within the problem?  Leaves the places
 * they don't take.
 */
static MtrStatus
count_places(const MtrAssign *p, int32_t *row_vacant, int32_t *col_vacant)
{
	memcpy(row_vacant, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_vacant, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k];
		int32_t		j = p->pair_col[k];

		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols)
			return MTR_INVALID;
		if (k > 0 && (i < p->pair_row[k - 1] ||
					  (i == p->pair_row[k - 1] && j <= p->pair_col[k - 1])))
			return MTR_INVALID;
		row_vacant[i]--;
		col_vacant[j]--;
	}
	return MTR_OK;
}

static inline Limits
limits_of(const MtrTiesList *list)
{
	Limits		limits = {
		list->p, list->middle, {list->limit[0], list->limit[1]}
	};

	return limits;
}

MtrStatus
mtr_ties_list_begin(MtrTiesList *list, MtrAssign *p, uint32_t *entry,
					int64_t room, void *scratch)
{
	int32_t    *row_vacant;
	int32_t    *col_vacant;
	Limits		limits;
	MtrStatus	status;

	if (p->nrows > MAX_SIDE || p->ncols > MAX_SIDE || !prices_in_range(p))
		return MTR_OVERFLOW;
	memset(list, 0, sizeof(*list));
	list->p = p;
	mtr_ties_list_enlarge(list, entry, room);
	lay_out(list, p, scratch);

	/* these arrays aren't needed for themselves yet */
	row_vacant = (int32_t *) list->row_start;
	col_vacant = list->limit[0];
	status = count_places(p, row_vacant, col_vacant);
	if (status == MTR_OK)
		status = check_side(p->nrows, p->row_cover, p->row_price, row_vacant);
	if (status == MTR_OK)
		status = check_side(p->ncols, p->col_cover, p->col_price, col_vacant);
	if (status != MTR_OK)
		return status;

	list->middle = middle_price(p);
	limits = limits_of(list);
	fill_limits(&limits, 0, p->ncols);
	list->row_start[0] = 0;
	return MTR_OK;
}

/* Is the next pair taken, number k, this one? */
static inline bool
is_next_pair(const MtrAssign *p, int32_t k, int32_t row, int32_t col)
{
	return k < p->npairs && p->pair_row[k] == row && p->pair_col[k] == col;
}

/*
 * Go through the pairs of a row that reach the limits; add those that matter
 * to the list from list->used on, as far as there is room.  Returns through
 * "n" how many there are.
 */
static MtrStatus
add_row(MtrTiesList *list, int32_t row, const int32_t *score, int64_t *n)
{
	const MtrAssign *p = list->p;
	int64_t		room = list->kept_rows == row ? list->room - list->used : 0;
	uint32_t   *entry = list->entry + list->used;
	int32_t		next = list->next_pair;

	*n = 0;
	for (int32_t w = 0; w < words_for(p->ncols); w++)
		for (uint64_t x = list->reached[w]; x != 0; x &= x - 1)
		{
			int32_t		j = w * 64 + __builtin_ctzll(x);
			int			slack = slack_sign(p, row, j, score[j]);
			bool		is_taken = is_next_pair(p, next, row, j);

			if (slack < 0)
				continue;
			if (slack > 0 && !is_taken)
				return MTR_INVALID;
			if (score[j] > MAX_SCORE || score[j] < -MAX_SCORE)
				return MTR_OVERFLOW;
			next += is_taken;
			if (*n < room)
				entry[*n] = (uint32_t) j | (is_taken ? MTR_TIES_TAKEN : 0) |
					(slack > 0 ? MTR_TIES_FIXED : 0);
			++*n;
		}

	/* a pair taken that has not been come by */
	if (next < p->npairs && p->pair_row[next] == row)
		return MTR_INVALID;
	list->next_pair = next;
	return MTR_OK;
}

MtrStatus
mtr_ties_list_row(MtrTiesList *list, int32_t row, const int32_t *score)
{
	Limits		limits = limits_of(list);
	MtrStatus	status;
	int64_t		n;

	if (row != list->next_row || row >= list->p->nrows)
		return MTR_INVALID;
	find_reached(&limits, row, score, list->reached);
	status = add_row(list, row, score, &n);
	if (status != MTR_OK)
		return status;

	list->next_row++;
	list->needed += n;
	if (list->kept_rows < row || n > list->room - list->used)
		return MTR_FULL;
	list->used += n;
	list->kept_rows++;
	list->kept_pairs = list->next_pair;
	list->row_start[list->kept_rows] = (uint32_t) list->used;
	return MTR_OK;
}

MtrStatus
mtr_ties_list_rows(MtrTiesList *list, MtrRowFunction make_row, void *state,
				   int32_t *score)
{
	bool		only_count = list->kept_rows < list->next_row;

	while (list->next_row < list->p->nrows)
	{
		MtrStatus	status;

		mtr_poll();
		make_row(state, list->next_row, score);
		status = mtr_ties_list_row(list, list->next_row, score);
		if (status != MTR_OK && !(status == MTR_FULL && only_count))
			return status;
	}
	return mtr_ties_list_end(list);
}

void
mtr_ties_list_enlarge(MtrTiesList *list, uint32_t *entry, int64_t room)
{
	/* so that the number of one entry more fits 31 bits */
	list->room = room < INT32_MAX ? room : INT32_MAX - 1;
	list->entry = entry;
	list->next_row = list->kept_rows;
	list->next_pair = list->kept_pairs;
	list->needed = list->used;
}

MtrStatus
mtr_ties_list_end(MtrTiesList *list)
{
	if (list->next_row < list->p->nrows)
		return MTR_INVALID;
	return list->kept_rows < list->p->nrows ? MTR_FULL : MTR_OK;
}
