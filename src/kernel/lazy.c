/*
 * lazy.c
 *	  optimal assignment without a matrix, and again after changes
 *
 * Problem.  See lazy.h and assign.h.
 *
 * Method.  That of the dense kernel (assign.c), on short lists: shortest
 * augmenting paths in the ordered group of pairs (c, p), after an auction.
 * Only columns have a price while solving.  A column's price is (0,0) while
 * it has a free place, and never falls.  For each row the invariant is
 *
 *	 price(j) - value(i,j) of a pair taken <= that of a pair not taken,
 *
 * the left side also <= 0, the right side also >= 0 where the row has given
 * up.  The rows' prices follow at the end.
 *
 * Because prices only rise, what was known of a row's columns stays true as a
 * lower bound: a list of the best columns when the row was last made, in that
 * order, and one number for all others.  A bid or a search looks at a list
 * only as far as the old keys are below what decides, brings those entries up
 * to date, and moves them back in the list.  Where the bound of all others
 * would come into play, the row is made again.  So the answer is optimal over
 * all pairs although few are ever looked at twice.  (Lee and Orlin, "On very
 * large scale assignment problems", in Large Scale Optimization, 1994, solve
 * with a few good arcs and price the others; here each row is priced when it
 * needs to be.)
 *
 * A search ends at the best end found so far: columns beyond it never get
 * into the heap.
 *
 * Ties.  When a row's bound comes up for a second time in one search, the row
 * is looked through as a whole: of many equal keys lists would show a few at
 * a time, for ever.  When all rows together have been made many times, lists
 * don't help, and the caller is told so (lazy.h).
 *
 * Cost.  One pass over a row whenever it is made, 2 to 3.5 times in all on
 * scores of people (1,000 to 100,000 square), and for each search some 10 ns
 * for each column it comes to; no more than READS_A_ROW times before work is
 * handed over.
 *
 * Arithmetic.  As in the dense kernel: lazy_body.h is compiled for 32 and for
 * 64 bits.  The first runs when scores are small (2^23), and gives up when a
 * price leaves its range; the second then starts anew.
 *
 * Limits.  As in assign.h; max_pairs < 2^31, width <= 2^15.
 */
#include <string.h>

#include "lazy.h"

/* Columns are surveyed in groups of DEPTH, LANES groups at a time */
#ifndef MTR_LAZY_SMALL
#define LANES 8
#define DEPTH 16
#define DEFAULT_WIDTH 20
#define LONG_ROW 10000
#define LONG_WIDTH 36
#ifndef BIDS_A_PAIR
#define BIDS_A_PAIR 16
#endif
#define MOST_BIDDING 8
#define READS_A_ROW 9
#define FEW_GROUPS 16
#define FEW_PLACES 32
#else
#define LANES 2
#define DEPTH 2
#define DEFAULT_WIDTH 2
#define LONG_ROW 100
#define LONG_WIDTH 3
#define BIDS_A_PAIR 0
#define MOST_BIDDING 2
#define READS_A_ROW 3
#define FEW_GROUPS 1
#define FEW_PLACES 1
#endif

#define PLACES_A_BID 64

#ifdef __GNUC__
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void) (address))
#endif

#define MAX_SCORE 1000000000
#define MAX_NARROW_SCORE (1 << 23)
#define MAX_SIDE (1 << 24)
#define MAX_WIDTH (1 << 15)

/* How a search sees a row */
typedef enum SeenState
{
	UNSEEN = 0,
	REACHED,
	RENEWED,					/* its list was made again */
	SCANNED						/* it was looked through as a whole */
} SeenState;

/* A place taken; it belongs to its column, rows come and go */
typedef struct Place
{
	int32_t		row;
	int32_t		col;
	int32_t		score;
	int32_t		row_next;		/* the row's next place, -1 = last */
	int32_t		col_next;
} Place;

/* Who made a column's label */
typedef struct Offer
{
	int32_t		row;
	int32_t		score;
} Offer;

typedef struct Taken
{
	int32_t		n;
	int32_t		unused;			/* list of those given back, by col_next */
	Place	   *place;			/* [max_pairs] */
	int32_t    *row_first;		/* [nrows] -1 = none */
	int32_t    *col_first;		/* [ncols] */
	int32_t    *row_left;		/* [nrows] places still to be filled; 0 also
								 * when the row has given up */
	int32_t    *col_left;		/* [ncols] free places */
	int32_t		ncols_free;		/* columns that have some */
} Taken;

/* Scratch being divided; base is NULL while only the size is asked for */
typedef struct Arena
{
	char	   *base;
	uint64_t	used;
} Arena;

static void *
carve(Arena *a, int64_t n, size_t width)
{
	uint64_t	at = a->used;

	a->used += ((uint64_t) n * width + 63) / 64 * 64;
	return a->base != NULL ? a->base + at : NULL;
}

/* Short rows are made quickly, long ones should be made less often. */
static int32_t
width_of(const MtrLazy *p)
{
	if (p->width > 0)
		return p->width;
	return p->ncols < LONG_ROW ? DEFAULT_WIDTH : LONG_WIDTH;
}

/* Lists are not made wider than this. */
static int32_t
widest(const MtrLazy *p)
{
	int32_t		most = p->ncols / 4 < MAX_WIDTH ? p->ncols / 4 : MAX_WIDTH;

	return most > LONG_WIDTH ? most : LONG_WIDTH;
}

static size_t
row_room(int32_t width)
{
	size_t		narrow = 16 + 12 * (size_t) width;

	return (narrow + 63) / 64 * 64;
}

/* Open another place of a column that has one left. */
static int32_t
open_place(Taken *t, int32_t col)
{
	int32_t		place = t->unused;

	if (place >= 0)
		t->unused = t->place[place].col_next;
	else
		place = t->n++;
	t->place[place].col = col;
	t->place[place].col_next = t->col_first[col];
	t->col_first[col] = place;
	if (--t->col_left[col] == 0)
		t->ncols_free--;
	return place;
}

static void
sit_down(Taken *t, int32_t place, int32_t row, int32_t score)
{
	t->place[place].row = row;
	t->place[place].score = score;
	t->place[place].row_next = t->row_first[row];
	t->row_first[row] = place;
}

static void
stand_up(Taken *t, int32_t place)
{
	int32_t    *link = &t->row_first[t->place[place].row];

	while (*link != place)
		link = &t->place[*link].row_next;
	*link = t->place[place].row_next;
}

/* Give a place, which nobody has any more, back to its column. */
static void
close_place(Taken *t, int32_t place)
{
	int32_t		col = t->place[place].col;
	int32_t    *link = &t->col_first[col];

	while (*link != place)
		link = &t->place[*link].col_next;
	*link = t->place[place].col_next;
	t->place[place].col_next = t->unused;
	t->unused = place;
	if (t->col_left[col]++ == 0)
		t->ncols_free++;
}

/* The pairs of a row, of which there are few, by column. */
static inline void
write_row(const Taken *t, MtrLazy *p, int32_t row)
{
	int32_t		first = p->npairs;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
	{
		int32_t		at = p->npairs++;

		for (; at > first && p->pair_col[at - 1] > t->place[k].col; at--)
		{
			p->pair_col[at] = p->pair_col[at - 1];
			p->pair_score[at] = p->pair_score[at - 1];
		}
		p->pair_row[p->npairs - 1] = row;
		p->pair_col[at] = t->place[k].col;
		p->pair_score[at] = t->place[k].score;
		p->total += t->place[k].score;
	}
}

/*
 * The pairs by row, then column.  Where rows have many places those of a
 * column go to their rows, column after column.  next[nrows + 1] is scratch.
 */
static void
write_pairs(const Taken *t, MtrLazy *p, int32_t *next)
{
	int32_t		most = 0;

	p->npairs = 0;
	p->total = 0;
	for (int32_t i = 0; i < p->nrows; i++)
		most = p->row_places[i] > most ? p->row_places[i] : most;
	if (most <= FEW_PLACES)
	{
		for (int32_t i = 0; i < p->nrows; i++)
			write_row(t, p, i);
		return;
	}
	memset(next, 0, ((size_t) p->nrows + 1) * sizeof(int32_t));
	for (int32_t j = 0; j < p->ncols; j++)
		for (int32_t k = t->col_first[j]; k >= 0; k = t->place[k].col_next)
		{
			next[t->place[k].row + 1]++;
			p->npairs++;
		}
	for (int32_t i = 0; i < p->nrows; i++)
		next[i + 1] += next[i];
	for (int32_t j = 0; j < p->ncols; j++)
		for (int32_t k = t->col_first[j]; k >= 0; k = t->place[k].col_next)
		{
			int32_t		at = next[t->place[k].row]++;

			p->pair_row[at] = t->place[k].row;
			p->pair_col[at] = j;
			p->pair_score[at] = t->place[k].score;
			p->total += t->place[k].score;
		}
}

#define SOLVER(name) name##_narrow
#define NUM_TYPE int32_t
#define RANGE 26
#define LARGEST MAX_NARROW_SCORE
#include "lazy_body.h"

#define SOLVER(name) name##_wide
#define NUM_TYPE int64_t
#define RANGE 57
#define LARGEST MAX_SCORE
#define WITH_CHANGES
#include "lazy_body.h"

static int64_t
side_pairs(const int32_t *places, int32_t n, int32_t partners)
{
	int64_t		sum = 0;

	for (int32_t i = 0; i < n; i++)
		if (places[i] > 0)
			sum += places[i] < partners ? places[i] : partners;
	return sum;
}

int64_t
mtr_lazy_max_pairs(const MtrLazy *p)
{
	int64_t		rows = side_pairs(p->row_places, p->nrows, p->ncols);
	int64_t		cols = side_pairs(p->col_places, p->ncols, p->nrows);

	return rows < cols ? rows : cols;
}

size_t
mtr_lazy_scratch_size(const MtrLazy *p)
{
	Arena		arena = {NULL, 0};
	Solver_wide unused;
	Repair		none;

	lay_out_wide(&unused, (MtrLazy *) p, &arena);
	lay_out_repair(&none, p, &arena);
	return arena.used <= SIZE_MAX ? (size_t) arena.used : SIZE_MAX;
}

static MtrStatus
check_input(const MtrLazy *p)
{
	if (p->nrows < 0 || p->ncols < 0 || p->width < 0)
		return MTR_INVALID;
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] < 0)
			return MTR_INVALID;
	if (p->nrows > MAX_SIDE || p->ncols > MAX_SIDE || p->width > MAX_WIDTH ||
		mtr_lazy_max_pairs(p) >= INT32_MAX)
		return MTR_OVERFLOW;
	return MTR_OK;
}

static void
reset_statistics(MtrLazy *p)
{
	p->rows_scored = p->columns_scored = p->rebuilds = 0;
	p->whole_scans = p->searches = p->bids = 0;
}

/* If lists of this width don't help, wider ones are next. */
static MtrStatus
ask_for_width(MtrLazy *p, MtrStatus status)
{
	if (status == MTR_FULL)
	{
		p->width = 2 * width_of(p);
		if (p->width > widest(p))
			p->width = widest(p);
	}
	return status;
}

MtrStatus
mtr_lazy_solve(MtrLazy *p, void *scratch)
{
	MtrStatus	status = check_input(p);

	if (status != MTR_OK)
		return status;
	reset_statistics(p);
	status = solve_narrow(p, scratch);
	if (status == MTR_OVERFLOW)
	{
		/* with 64 bits only a score can be out of range */
		reset_statistics(p);
		status = solve_wide(p, scratch);
	}
	return ask_for_width(p, status);
}

MtrStatus
mtr_lazy_resume(MtrLazy *p, const MtrLazyChange *change, void *scratch)
{
	MtrStatus	status = check_input(p);

	if (status != MTR_OK)
		return status;
	reset_statistics(p);
	return ask_for_width(p, resume(p, change, scratch));
}
