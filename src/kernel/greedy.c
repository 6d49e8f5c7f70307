/*
 * greedy.c
 *	  matching by taking the best remaining pair again and again
 *
 * Problem.  See greedy.h.
 *
 * Method.  All pairs are never sorted.  Each row keeps a short list of its
 * best pairs with columns that have a place, and a heap holds the first pair
 * of each row.  A column that is full stays full, so a list can only become
 * shorter and the top of the heap, unless its column has filled up meanwhile,
 * is the pair to be taken.  A used-up list is filled anew from the scores
 * that come after its last pair in the order.
 *
 * Which side is "left" makes no difference.  Whether a pair is taken depends
 * only on the pairs before it in its own row and its own column, and these
 * are in the same order either way: by score, then by the other end.  So the
 * heap is ordered by row and column always, and the matrix is read row by
 * row.
 *
 * The bound is found in the same manner: rows are read one after another, and
 * every row and column keeps its "places" highest scores in a heap with the
 * lowest on top.  An element with at least as many places as partners needs
 * no heap, all its positive scores count.
 *
 * Cost.  One pass for the bound, one for the lists, one row for each LISTED
 * pairs a row has used up: O(pairs) on usual data, O(rows * rows * columns /
 * LISTED) when all rows prefer the same columns.  The inner loop, finding
 * the next block of 64 scores with one that matters, is vectorised.
 */
#include <string.h>

#include "greedy.h"

/* assign.h */
#define MAX_SCORE 1000000000

/*
 * Pairs listed for each row: enough that filling lists anew is rare, few
 * enough that inserting into a sorted array is cheap and the lists of some
 * thousand rows stay in the cache.
 */
#define LISTED 16

/* In barriers: nothing gets over it; everything eligible does, because
 * MTR_NO_PAIR is the lowest number there is */
#define BARRED INT32_MAX
#define OPEN INT32_MIN

/* The best pair a row can still have */
typedef struct Candidate
{
	int32_t		score;
	int32_t		row;
	int32_t		col;
} Candidate;

/* The same in the list of its row */
typedef struct Listed
{
	int32_t		score;
	int32_t		col;
} Listed;

/* The highest scores seen, as a heap with the lowest on top */
typedef struct Highest
{
	int32_t    *score;
	int32_t		n;
	int32_t		room;
} Highest;

/*
 * Everything.  Columns are full when col_left is 0; barriers say the same in
 * a form that can be compared with scores many at a time.
 */
typedef struct Greedy
{
	MtrAssign  *p;
	int32_t    *row_left;		/* [nrows] places left */
	int32_t    *col_left;		/* [ncols] */
	int32_t    *barrier;		/* [ncols] BARRED once the column is full */

	Listed	   *list;			/* [nrows][LISTED] best first */
	int32_t    *listed;			/* [nrows] entries in the list */
	int32_t    *next;			/* [nrows] the one in the heap */
	Candidate  *heap;			/* [nrows] */
	int32_t		nheap;

	/* for the bound */
	Highest    *col_best;		/* [ncols] */
	int32_t    *col_floor;		/* [ncols] scores up to it don't matter */
	int32_t    *col_room;		/* what the heaps of the columns use */
	int32_t    *row_room;		/* [ncols] the heap of one row */

	/* for sorting the pairs */
	int32_t    *sorted_row;		/* [max_pairs] */
	int32_t    *sorted_col;
	int32_t    *start;			/* [max(nrows, ncols) + 1] */
} Greedy;

/* ----------
 * Memory
 * ----------
 */

/* Give out the next part of the scratch, or only count when there is none */
static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 7) & ~(size_t) 7;
	return part;
}

/* Places of the column heaps: none where all scores count anyway */
static int32_t
heap_room(int32_t places, int32_t partners)
{
	return places > 0 && places < partners ? places : 0;
}

static size_t
lay_out(Greedy *g, const MtrAssign *p, char *scratch)
{
	size_t		used = 0;
	size_t		nrows = p->nrows;
	size_t		ncols = p->ncols;
	size_t		npairs = mtr_assign_max_pairs(p);
	size_t		room = 0;

	for (size_t j = 0; j < ncols; j++)
		room += heap_room(p->col_places[j], p->nrows);

	g->list = carve(scratch, &used, nrows * LISTED, sizeof(Listed));
	g->heap = carve(scratch, &used, nrows, sizeof(Candidate));
	g->listed = carve(scratch, &used, nrows, sizeof(int32_t));
	g->next = carve(scratch, &used, nrows, sizeof(int32_t));
	g->row_left = carve(scratch, &used, nrows, sizeof(int32_t));
	g->col_left = carve(scratch, &used, ncols, sizeof(int32_t));
	g->barrier = carve(scratch, &used, ncols, sizeof(int32_t));
	g->col_best = carve(scratch, &used, ncols, sizeof(Highest));
	g->col_floor = carve(scratch, &used, ncols, sizeof(int32_t));
	g->row_room = carve(scratch, &used, ncols, sizeof(int32_t));
	g->col_room = carve(scratch, &used, room, sizeof(int32_t));
	g->sorted_row = carve(scratch, &used, npairs, sizeof(int32_t));
	g->sorted_col = carve(scratch, &used, npairs, sizeof(int32_t));
	g->start = carve(scratch, &used, (nrows > ncols ? nrows : ncols) + 1,
					 sizeof(int32_t));
	return used;
}

size_t
mtr_greedy_scratch_size(const MtrAssign *p)
{
	Greedy		g;

	return lay_out(&g, p, NULL);
}

/* ----------
 * Reading rows
 * ----------
 */

/*
 * Starting at "from", a multiple of 64, find the first block of 64 in which
 * some score is above "floor" and above its barrier; or the last block, if
 * it is shorter, whatever is in it.  Beyond the row if there is none.
 *
 * The caller looks at the block score by score, raises the floor and goes on
 * behind it.  A high floor makes most of a row pass in this loop.
 */
MTR_SIMD
static int32_t
find_above(const Greedy *g, const int32_t *score, const int32_t *barrier,
		   int32_t floor, int32_t from)
{
	int32_t		n = g->p->ncols;

	for (; n - from >= 64; from += 64)
	{
		const int32_t *s = score + from;
		const int32_t *b = barrier + from;
		uint32_t	any = 0;

		for (int k = 0; k < 64; k++)
			any |= s[k] > (b[k] > floor ? b[k] : floor);
		if (any)
			break;
	}
	return from;
}

/* Are all scores of a row allowed? */
MTR_SIMD
static bool
in_range(const int32_t *score, int32_t n)
{
	uint32_t	bad = 0;
	int32_t		from = 0;

	/* one unsigned comparison sees both ends */
	for (; n - from >= 64; from += 64)
		for (int k = 0; k < 64; k++)
			bad |= ((uint32_t) score[from + k] + MAX_SCORE >
					2 * (uint32_t) MAX_SCORE) &
				(score[from + k] != MTR_NO_PAIR);
	for (; from < n; from++)
		bad |= ((uint32_t) score[from] + MAX_SCORE >
				2 * (uint32_t) MAX_SCORE) & (score[from] != MTR_NO_PAIR);
	return bad == 0;
}

/* ----------
 * The bound
 * ----------
 */

/*
 * Add a score, dropping the lowest if there is no room; the caller has seen
 * that the new one is higher.  Returns the score that the next one has to
 * exceed to matter: 0 while there is room, as only scores above it count.
 */
static int32_t
add_highest(Highest *h, int32_t score)
{
	int32_t    *s = h->score;
	int32_t		k;

	if (h->n < h->room)
	{
		for (k = h->n++; k > 0 && s[(k - 1) / 2] > score; k = (k - 1) / 2)
			s[k] = s[(k - 1) / 2];
		s[k] = score;
		return h->n < h->room ? 0 : s[0];
	}

	for (k = 0;;)
	{
		int32_t		child = 2 * k + 1;

		if (child + 1 < h->n && s[child + 1] < s[child])
			child++;
		if (child >= h->n || s[child] >= score)
			break;
		s[k] = s[child];
		k = child;
	}
	s[k] = score;
	return s[0];
}

static int64_t
sum_highest(const Highest *h)
{
	int64_t		sum = 0;

	for (int32_t k = 0; k < h->n; k++)
		sum += h->score[k];
	return sum;
}

/*
 * One row's part of the bound: its "places" highest scores above 0 with
 * columns that have a place.  One heap serves all rows, one after another.
 */
static int64_t
bound_row(const Greedy *g, int32_t i)
{
	const MtrAssign *p = g->p;
	const int32_t *score = p->score + (size_t) i * p->ncols;
	Highest		best = {.score = g->row_room};
	int64_t		sum = 0;
	int32_t		floor = 0;

	best.room = heap_room(p->row_places[i], p->ncols);
	for (int32_t from = find_above(g, score, g->barrier, floor, 0);
		 from < p->ncols;
		 from = find_above(g, score, g->barrier, floor, from + 64))
		for (int32_t j = from; j < p->ncols && j < from + 64; j++)
		{
			if (score[j] <= floor || score[j] <= g->barrier[j])
				continue;
			if (best.room > 0)
				floor = add_highest(&best, score[j]);
			else
				sum += score[j];
		}
	return sum + sum_highest(&best);
}

/*
 * Let the columns see one row that has places.  Columns that have room for
 * every row need no heap; the sum of their scores is returned.  A column's
 * floor rises with its heap, so most blocks are passed over after some rows.
 */
static int64_t
bound_columns(Greedy *g, int32_t i)
{
	const MtrAssign *p = g->p;
	const int32_t *score = p->score + (size_t) i * p->ncols;
	int64_t		sum = 0;

	for (int32_t from = find_above(g, score, g->col_floor, 0, 0);
		 from < p->ncols;
		 from = find_above(g, score, g->col_floor, 0, from + 64))
		for (int32_t j = from; j < p->ncols && j < from + 64; j++)
		{
			if (score[j] <= g->col_floor[j])
				continue;
			if (g->col_best[j].room > 0)
				g->col_floor[j] = add_highest(&g->col_best[j], score[j]);
			else
				sum += score[j];
		}
	return sum;
}

/*
 * The bound of greedy.h; -1 when a score is out of range.  In a matching a
 * row has at most "places" pairs, whose positive scores sum up to at most
 * its part; the rows together bound the total, and so do the columns.
 */
static int64_t
find_bound(Greedy *g)
{
	const MtrAssign *p = g->p;
	int32_t    *room = g->col_room;
	int64_t		by_row = 0;
	int64_t		by_col = 0;

	for (int32_t j = 0; j < p->ncols; j++)
	{
		Highest    *best = &g->col_best[j];

		best->n = 0;
		best->score = room;
		best->room = heap_room(p->col_places[j], p->nrows);
		room += best->room;
		g->col_floor[j] = p->col_places[j] > 0 ? 0 : BARRED;
	}
	for (int32_t i = 0; i < p->nrows; i++)
	{
		mtr_poll();
		if (!in_range(p->score + (size_t) i * p->ncols, p->ncols))
			return -1;
		if (p->row_places[i] == 0)
			continue;
		by_row += bound_row(g, i);
		by_col += bound_columns(g, i);
	}
	for (int32_t j = 0; j < p->ncols; j++)
		by_col += sum_highest(&g->col_best[j]);
	return by_row < by_col ? by_row : by_col;
}

/* ----------
 * The lists
 * ----------
 */

/*
 * Fill the list of a row with its best pairs that come after "last" in the
 * order.  What comes before has been in the list already: it has been taken,
 * or its column was full.  A list that doesn't become full holds all that is
 * left for this row.
 */
static void
fill_list(Greedy *g, int32_t i, Listed last)
{
	const MtrAssign *p = g->p;
	const int32_t *score = p->score + (size_t) i * p->ncols;
	Listed	   *list = g->list + (size_t) i * LISTED;
	int32_t		floor = p->most_pairs ? OPEN : 0;
	int			n = 0;

	mtr_poll();
	for (int32_t from = find_above(g, score, g->barrier, floor, 0);
		 from < p->ncols;
		 from = find_above(g, score, g->barrier, floor, from + 64))
		for (int32_t j = from; j < p->ncols && j < from + 64; j++)
		{
			int32_t		s = score[j];
			int			k;

			if (s <= floor || s <= g->barrier[j])
				continue;
			if (s > last.score || (s == last.score && j <= last.col))
				continue;
			/* columns come in ascending order, so equal scores stay ahead */
			for (k = n < LISTED ? n++ : n - 1; k > 0 && list[k - 1].score < s;
				 k--)
				list[k] = list[k - 1];
			list[k].score = s;
			list[k].col = j;
			if (n == LISTED)
				floor = list[LISTED - 1].score;
		}
	g->listed[i] = n;
	g->next[i] = 0;
}

/*
 * Find the best pair a row can still have; false if there is none.  Columns
 * may have filled up since the list was made; after filling it anew its
 * first column has a place.
 */
static bool
best_of_row(Greedy *g, int32_t i, Candidate *best)
{
	const Listed *list = g->list + (size_t) i * LISTED;
	int32_t    *next = &g->next[i];

	while (*next < g->listed[i] && g->col_left[list[*next].col] == 0)
		(*next)++;
	if (*next == LISTED)
		fill_list(g, i, list[LISTED - 1]);
	if (*next == g->listed[i])
		return false;
	best->score = list[*next].score;
	best->row = i;
	best->col = list[*next].col;
	return true;
}

/* ----------
 * The heap of rows
 * ----------
 */

/* The order in which pairs are taken; there is one candidate a row */
static bool
is_before(const Candidate *a, const Candidate *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return a->row < b->row;
}

/* Put a candidate where position k is empty, or below: the heap has the
 * candidate taken first on top */
static void
sift_down(Greedy *g, int32_t k, Candidate c)
{
	for (;;)
	{
		int32_t		child = 2 * k + 1;

		if (child + 1 < g->nheap &&
			is_before(&g->heap[child + 1], &g->heap[child]))
			child++;
		if (child >= g->nheap || is_before(&c, &g->heap[child]))
			break;
		g->heap[k] = g->heap[child];
		k = child;
	}
	g->heap[k] = c;
}

/*
 * Take pairs until nothing is left.  A candidate whose column has filled up
 * is replaced by the row's next one, which comes later in the order; all
 * others in the heap come no earlier than it did, so the top is never too
 * late.
 */
static void
take_pairs(Greedy *g)
{
	MtrAssign  *p = g->p;

	while (g->nheap > 0)
	{
		Candidate	top = g->heap[0];

		mtr_poll();
		if (g->col_left[top.col] > 0)
		{
			p->pair_row[p->npairs] = top.row;
			p->pair_col[p->npairs++] = top.col;
			p->total += top.score;
			g->row_left[top.row]--;
			if (--g->col_left[top.col] == 0)
				g->barrier[top.col] = BARRED;
			g->next[top.row]++;
		}
		if (g->row_left[top.row] > 0 && best_of_row(g, top.row, &top))
			sift_down(g, 0, top);
		else if (--g->nheap > 0)
			sift_down(g, 0, g->heap[g->nheap]);
	}
}

/* One end of the pairs, 0 .. n - 1, with the other end */
typedef struct Ends
{
	int32_t    *end;
	int32_t    *other;
	int32_t		n;
} Ends;

/*
 * Sort pairs by one of their ends, equal ones staying in their order: by
 * columns first and then by rows gives the order of MtrAssign.
 */
static void
sort_by_end(const Ends *from, const Ends *to, int32_t npairs, int32_t *start)
{
	memset(start, 0, ((size_t) from->n + 1) * sizeof(int32_t));
	for (int32_t k = 0; k < npairs; k++)
		start[from->end[k] + 1]++;
	for (int32_t k = 0; k < from->n; k++)
		start[k + 1] += start[k];
	for (int32_t k = 0; k < npairs; k++)
	{
		int32_t		at = start[from->end[k]]++;

		to->end[at] = from->end[k];
		to->other[at] = from->other[k];
	}
}

/* Bring the pairs from the order in which they were taken into that of
 * MtrAssign, by way of the scratch */
static void
sort_pairs(Greedy *g)
{
	MtrAssign  *p = g->p;
	Ends		by_col = {p->pair_col, p->pair_row, p->ncols};
	Ends		sorted_by_col = {g->sorted_col, g->sorted_row, p->ncols};
	Ends		by_row = {g->sorted_row, g->sorted_col, p->nrows};
	Ends		sorted = {p->pair_row, p->pair_col, p->nrows};

	sort_by_end(&by_col, &sorted_by_col, p->npairs, g->start);
	sort_by_end(&by_row, &sorted, p->npairs, g->start);
}

MtrStatus
mtr_greedy_solve(MtrAssign *p, bool rows_are_right, int64_t *bound,
				 void *scratch)
{
	Greedy		g = {.p = p};
	Listed		first = {INT32_MAX, -1};	/* comes before all pairs */

	(void) rows_are_right;		/* see above */
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] < 0)
			return MTR_INVALID;
	p->npairs = 0;
	p->total = 0;
	*bound = 0;
	if (p->nrows == 0 || p->ncols == 0)
		return MTR_OK;

	lay_out(&g, p, scratch);
	memcpy(g.row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(g.col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t j = 0; j < p->ncols; j++)
		g.barrier[j] = p->col_places[j] > 0 ? OPEN : BARRED;
	*bound = find_bound(&g);
	if (*bound < 0)
		return MTR_OVERFLOW;

	for (int32_t i = 0; i < p->nrows; i++)
	{
		Candidate	best;

		if (g.row_left[i] == 0)
			continue;
		fill_list(&g, i, first);
		if (best_of_row(&g, i, &best))
			g.heap[g.nheap++] = best;
	}
	for (int32_t k = g.nheap / 2 - 1; k >= 0; k--)
		sift_down(&g, k, g.heap[k]);
	take_pairs(&g);

	sort_pairs(&g);
	return MTR_OK;
}
