/*
 * lazy_body.h
 *	  the solver of lazy.c, included once for each width of arithmetic
 *
 * The includer defines SOLVER(name), which makes names different, NUM_TYPE,
 * a signed integer, RANGE and LARGEST, the largest score; all are undefined
 * again at the end.  What is defined here is static.
 *
 * Numbers are those of the dense kernel (assign_body.h): a pair (c, p) of the
 * ordered group is stored as
 *
 *	 c * LEVEL + 2 * p		with |2 * p| < PART < LEVEL / 6,
 *
 * the lowest bit says in a column's price that the column is full, and
 *
 *	 key(i,j) = price(j) - 2 * w(i,j)		what it costs row i to take j,
 *	 stay = LEVEL (most_pairs) or 0			what it costs to stay unmatched.
 *
 * A pair whose key isn't below stay will never be taken, for prices only
 * rise: such pairs are treated as not eligible.
 *
 * Lists.  Each row has entries (key, column, score) in the order of keys as
 * they were when last looked at, hence never above what they are now, and a
 * bound: no column outside the list has a lower key.
 *
 * Search.  The label of a column is the length of the shortest path to it
 * known so far.  Row i with offset h offers column j at key(i,j) - h and the
 * end of the path at stay - h.  A column settled at distance d reaches each
 * row that sits there with the offset key - d, both as of that pair.
 */
#define Entry SOLVER(Entry)
#define Item SOLVER(Item)
#define Num SOLVER(Num)
#define Row SOLVER(Row)
#define Solver SOLVER(Solver)
#define add_listed SOLVER(add_listed)
#define auction SOLVER(auction)
#define augment SOLVER(augment)
#define bid SOLVER(bid)
#define build SOLVER(build)
#define cheapest_place SOLVER(cheapest_place)
#define count_below SOLVER(count_below)
#define expect_next SOLVER(expect_next)
#define fill_places SOLVER(fill_places)
#define find_limit SOLVER(find_limit)
#define finish SOLVER(finish)
#define forget_search SOLVER(forget_search)
#define give_up SOLVER(give_up)
#define group_start SOLVER(group_start)
#define in_range SOLVER(in_range)
#define insert_entry SOLVER(insert_entry)
#define is_current SOLVER(is_current)
#define is_own SOLVER(is_own)
#define lay_out SOLVER(lay_out)
#define least_of SOLVER(least_of)
#define list_group SOLVER(list_group)
#define list_of SOLVER(list_of)
#define list_row SOLVER(list_row)
#define mark_own SOLVER(mark_own)
#define move_along SOLVER(move_along)
#define move_prices SOLVER(move_prices)
#define offer SOLVER(offer)
#define pass_bound SOLVER(pass_bound)
#define pop SOLVER(pop)
#define push SOLVER(push)
#define put_price SOLVER(put_price)
#define raise_places SOLVER(raise_places)
#define must_raise SOLVER(must_raise)
#define raise_list SOLVER(raise_list)
#define raise_all SOLVER(raise_all)
#define reach SOLVER(reach)
#define read_row SOLVER(read_row)
#define refresh SOLVER(refresh)
#define row_of SOLVER(row_of)
#define scan_list SOLVER(scan_list)
#define scan_whole SOLVER(scan_whole)
#define settle SOLVER(settle)
#define sift_down SOLVER(sift_down)
#define solve SOLVER(solve)
#define start SOLVER(start)
#define survey SOLVER(survey)
#define survey_groups SOLVER(survey_groups)
#define survey_labels SOLVER(survey_labels)
#define sweep_heap SOLVER(sweep_heap)
#define tightest_key SOLVER(tightest_key)
#define two_least SOLVER(two_least)
#define write_answer SOLVER(write_answer)

#define PART		((Num) 1 << RANGE)
#define LEVEL		(7 * PART)
#define FAR			(11 * PART)
#define SHUT		(13 * PART)
#define NOT_ELIGIBLE (-SHUT / 2)

/* A score as a number; MTR_NO_PAIR is INT32_MIN. */
#define AS_NUM(w) \
	((w) < (-MAX_SCORE < NOT_ELIGIBLE ? NOT_ELIGIBLE : -MAX_SCORE) ? \
	 NOT_ELIGIBLE : (w))

/* Without the bit that says full */
#define EVEN(x) ((x) & ~(Num) 1)

typedef NUM_TYPE Num;

typedef struct Entry
{
	Num			key;
	int32_t		col;
	int32_t		score;
} Entry;

/* What precedes a row's entries: four of them are in its first cache line */
typedef struct Row
{
	Num			bound;			/* -FAR before the list is first made */
	Num			offset;
	int32_t		via;			/* place by which the row was reached */
	uint16_t	n;				/* entries */
	uint8_t		state;			/* SeenState */
	bool		has_several;	/* places */
} Row;

typedef struct Item
{
	Num			at;
	int32_t		id;
} Item;

typedef struct Solver
{
	/* not changed */
	MtrLazy    *p;
	Num			stay;
	int32_t		ngroups;
	int32_t		width;
	size_t		record;			/* bytes of a row with its list */
	int64_t		max_pairs;
	int64_t		most_reads;		/* calls of row before lists count as no help */

	Taken		taken;
	MtrStatus	status;			/* why a function returned false */
	bool		is_raised;		/* raise_all() was called */

	/* columns; those read by groups are padded with SHUT, FAR, MTR_NO_PAIR */
	Num		   *price;
	Num		   *label;
	Offer	   *offer;			/* that made the label */
	int32_t    *number;			/* the row just scored */
	Num		   *least;			/* [ngroups] */
	Num			last_gap;		/* see find_limit() */
	int32_t    *own;			/* row marked as having this column, or -1 */

	char	   *rows;			/* [nrows] of Row, each with its entries */
	int32_t    *queue;			/* [nrows + 1] */
	Num		   *place_price;	/* in the auction */

	/* one search */
	Num			limit;			/* the search ends here, at the latest */
	int32_t		end_col;		/* in this column, or, if < 0, */
	int32_t		end_row;		/* at this row */
	Item	   *heap;
	int32_t		nheap;
	int32_t		heap_room;
	int32_t    *touched;		/* columns that have a label */
	int32_t		ntouched;
	int32_t    *settled;
	int32_t		nsettled;
	int32_t    *reached;
	int32_t		nreached;
} Solver;

/*
 * Divide the scratch; with none only its size is found.  A row with its list
 * begins a cache line.  It has the same room for both widths of numbers, so
 * wide lists are shorter.
 */
static void
lay_out(Solver *x, MtrLazy *p, Arena *a)
{
	int32_t		nrows = p->nrows,
				ncols = p->ncols,
				most = nrows > ncols ? nrows : ncols,
				group = LANES * DEPTH,
				cols = (ncols + group - 1) / group * group;
	int64_t		pairs = mtr_lazy_max_pairs(p);

	x->p = p;
	x->stay = p->most_pairs ? LEVEL : 0;
	x->ngroups = cols / DEPTH;
	x->max_pairs = pairs;
	x->record = row_room(width_of(p));
	x->width = (int32_t) ((x->record - sizeof(Row)) / sizeof(Entry));
	if (x->width > width_of(p))
		x->width = width_of(p);
	x->heap_room = 2 * (nrows + ncols) + 16;
	x->price = carve(a, cols, sizeof(Num));
	x->label = carve(a, cols, sizeof(Num));
	x->offer = carve(a, ncols, sizeof(Offer));
	x->number = carve(a, most + group, sizeof(int32_t));
	x->least = carve(a, x->ngroups, sizeof(Num));
	x->own = carve(a, ncols, sizeof(int32_t));
	x->rows = carve(a, nrows, x->record);
	x->queue = carve(a, (int64_t) nrows + 1, sizeof(int32_t));
	x->place_price = carve(a, pairs, sizeof(Num));
	x->heap = carve(a, x->heap_room, sizeof(Item));
	x->touched = carve(a, ncols, sizeof(int32_t));
	x->settled = carve(a, ncols, sizeof(int32_t));
	x->reached = carve(a, nrows, sizeof(int32_t));
	x->taken.place = carve(a, pairs, sizeof(Place));
	x->taken.row_first = carve(a, nrows, sizeof(int32_t));
	x->taken.col_first = carve(a, ncols, sizeof(int32_t));
	x->taken.row_left = carve(a, nrows, sizeof(int32_t));
	x->taken.col_left = carve(a, ncols, sizeof(int32_t));
}

/* Is this a price of cover 0, or of cover 1, within the bound? */
static inline bool
in_range(Num price)
{
	return (price > -PART && price < PART) ||
		(price > LEVEL - PART && price < LEVEL + PART);
}

/* A number is out of range: the wide solver's turn */
static bool
give_up(Solver *x)
{
	x->status = MTR_OVERFLOW;
	return false;
}

/*
 * Mark the columns that a row of several places has, or unmark them: it must
 * not take one twice.  A row of one place has none when it looks for one; or
 * it was reached by it, and offers it nothing new.
 */

#include "lazy_rows.h"

static inline void
mark_own(Solver *x, int32_t row, bool mark)
{
	const Taken *t = &x->taken;

	if (row_of(x, row)->has_several)
		for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
			x->own[t->place[k].col] = mark ? row : -1;
}

static inline bool
is_own(const Solver *x, int32_t row, int32_t col)
{
	return row_of(x, row)->has_several && x->own[col] == row;
}

/* Make a row's list at the present prices. */
static bool
build(Solver *x, int32_t row)
{
	if (row_of(x, row)->bound != -FAR)
		x->p->rebuilds++;
	if (!read_row(x, row))
		return false;
	list_row(x, row);
	return true;
}

/* Do rows look for places that aren't there?  See raise_all(). */
static inline bool
must_raise(const Solver *x)
{
	return x->taken.ncols_free == 0 && !x->is_raised && x->p->most_pairs;
}

#include "lazy_paths.h"

static void
start(Solver *x)
{
	const MtrLazy *p = x->p;
	Taken	   *t = &x->taken;
	int32_t		cols = x->ngroups * DEPTH;

	t->n = 0;
	t->unused = -1;
	t->ncols_free = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		Row		   *r = row_of(x, i);

		t->row_first[i] = -1;
		t->row_left[i] = p->row_places[i];
		memset(r, 0, sizeof(Row));
		r->bound = -FAR;
		r->has_several = p->row_places[i] > 1;
	}
	for (int32_t j = 0; j < p->ncols; j++)
	{
		t->col_first[j] = -1;
		t->col_left[j] = p->col_places[j];
		x->own[j] = -1;
		x->label[j] = FAR;
		x->price[j] = p->col_places[j] > 0 ? 0 : SHUT;
		t->ncols_free += p->col_places[j] > 0;
	}
	for (int32_t j = p->ncols; j < cols; j++)
	{
		x->price[j] = SHUT;
		x->label[j] = FAR;
		x->number[j] = MTR_NO_PAIR;
	}
	x->nheap = x->ntouched = x->nsettled = x->nreached = 0;
	x->most_reads = READS_A_ROW * (int64_t) p->nrows;
	if (!p->may_hand_over && width_of(p) >= widest(p))
		x->most_reads = INT64_MAX;
	x->status = MTR_OK;
	x->is_raised = false;
	x->last_gap = PART / 64;
}

/*
 * Answer
 */

static void
put_price(Num y, uint8_t *cover, int64_t *price)
{
	*cover = y > LEVEL / 2;
	*price = (y - (*cover ? LEVEL : 0)) / 2;
}

/* The highest key of the row's pairs, -FAR if it has none */
static Num
tightest_key(const Solver *x, int32_t row)
{
	const Taken *t = &x->taken;
	Num			highest = -FAR;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
	{
		const Place *s = &t->place[k];
		Num			key = EVEN(x->price[s->col]) - 2 * (Num) s->score;

		highest = key > highest ? key : highest;
	}
	return highest;
}

/*
 * A row's price is the highest that leaves each of its pairs a slack >= 0,
 * hence one of them slack 0, and 0 if it has a place left.  Rows and columns
 * without any place are full from the start, and their pairs are not taken:
 * they need prices so high that nobody would want them.
 */
static void
write_answer(const Solver *x)
{
	const Taken *t = &x->taken;
	MtrLazy    *p = x->p;

	write_pairs(t, p, x->queue);
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] > 0)
			put_price(EVEN(x->price[j]), &p->col_cover[j],
					  &p->col_price[j]);
		else
		{
			p->col_cover[j] = p->most_pairs;
			p->col_price[j] = MAX_SCORE;
		}
	for (int32_t i = 0; i < p->nrows; i++)
	{
		int32_t		n = 0;

		for (int32_t k = t->row_first[i]; k >= 0; k = t->place[k].row_next)
			n++;
		put_price(n > 0 && n == p->row_places[i] ?
				  x->stay - tightest_key(x, i) : 0,
				  &p->row_cover[i], &p->row_price[i]);
		if (p->row_places[i] == 0)
		{
			p->row_cover[i] = p->most_pairs;
			p->row_price[i] = MAX_SCORE;
		}
	}
}

/* Find places for all rows that have some left, and write the answer. */
static bool
fill_places(Solver *x)
{
	for (int32_t i = 0; i < x->p->nrows; i++)
		while (x->taken.row_left[i] > 0)
			if (!augment(x, i))
				return false;
	return true;
}

static MtrStatus
solve(MtrLazy *p, void *scratch)
{
	Arena		arena = {scratch, 0};
	Solver		solver,
			   *x = &solver;

	lay_out(x, p, &arena);
	start(x);
	if ((auction(x) && fill_places(x)) || x->status != MTR_OVERFLOW)
		write_answer(x);
	return x->status;
}

#ifdef WITH_CHANGES
#include "lazy_change.h"
#endif

#undef Entry
#undef Item
#undef Num
#undef Row
#undef Solver
#undef add_listed
#undef auction
#undef augment
#undef bid
#undef build
#undef cheapest_place
#undef count_below
#undef expect_next
#undef fill_places
#undef find_limit
#undef finish
#undef forget_search
#undef give_up
#undef group_start
#undef in_range
#undef insert_entry
#undef is_current
#undef is_own
#undef lay_out
#undef least_of
#undef list_group
#undef list_of
#undef list_row
#undef mark_own
#undef move_along
#undef move_prices
#undef offer
#undef pass_bound
#undef pop
#undef push
#undef put_price
#undef raise_places
#undef must_raise
#undef raise_list
#undef raise_all
#undef reach
#undef read_row
#undef refresh
#undef row_of
#undef scan_list
#undef scan_whole
#undef settle
#undef sift_down
#undef solve
#undef start
#undef survey
#undef survey_groups
#undef survey_labels
#undef sweep_heap
#undef tightest_key
#undef two_least
#undef write_answer
#undef PART
#undef LEVEL
#undef FAR
#undef SHUT
#undef NOT_ELIGIBLE
#undef AS_NUM
#undef EVEN
#undef SOLVER
#undef NUM_TYPE
#undef RANGE
#undef LARGEST
#undef WITH_CHANGES
