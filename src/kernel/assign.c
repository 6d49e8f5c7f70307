/*
 * assign.c
 *	  optimal assignment with places on both sides, with its proof
 *
 * Problem.  See assign.h.
 *
 * Method.  Shortest augmenting paths on the score matrix as it is: a row or
 * column with several places is one node, nothing is replicated.
 *
 * The value of a pair is (1, w) under most_pairs and (0, w) under best_total,
 * that of a place left empty (0, 0), and all arithmetic is that of pairs
 * compared lexicographically.  So most_pairs is best_total in another ordered
 * group, and both are one algorithm: rows come one place at a time, and each
 * takes a free place, or pushes another row out of one, along the path that
 * loses least.  A path that ends at a row is how a row stays unmatched; with
 * most_pairs it is longer, by the first component, than any path to a free
 * place.  Columns of a search that found no free place get cover 1.
 *
 * Only columns have a price while solving.  A column's price is (0,0) while
 * it has a free place and never falls.  For each row the invariant is
 *
 *	 price(j) - value(i,j) of a pair taken <= that of a pair not taken,
 *
 * the left side also <= 0, the right side also >= 0 where the row has given
 * up.  The rows' prices follow at the end, and with them the four conditions
 * of assign.h.
 *
 * An auction fills most places before the first search: a free row takes its
 * best column and raises the price to where its second best is as good,
 * which puts out the cheapest sitter of a full column.  In a column with
 * several places each has a price of its own, and the lowest is the column's
 * (Bertsekas and Castanon, "The auction algorithm for the transportation
 * problem", Annals of Operations Research 20, 1989).  It stops after a fixed
 * number of bids, so its end needs no epsilon.
 *
 * Each row keeps a short list of the columns that were best when it was last
 * read as a whole, and a bound below which no other column can have come,
 * because prices only rise.  A bid or a search that is decided above the bound
 * doesn't read the matrix.  (The reduction and the searches of Jonker and
 * Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
 * assignment problems", Computing 38, 1987, read whole rows; so do we when
 * lists turn out not to help.)
 *
 * Cost.  One search for each place of a row that the auction left; in it each
 * row is read at most twice and each column settled at most once, so at most
 * O(max_pairs * nrows * ncols) in all.  On scores of people, square, a row is
 * read about 4 times in all, and reached 10 to 70 times (1,000 to 5,000).
 *
 * Arithmetic.  assign_body.h is compiled for 32 and for 64 bits.  The first
 * runs when scores are small (2^23, 8 times the usual 1.0), and gives up when
 * a price leaves its range; the second then starts anew.  Both take the same
 * steps, so results don't tell which one ran.
 *
 * Limits.  As in assign.h; max_pairs < 2^31.
 */
#include <string.h>

#include "assign.h"

/* Tests compile a copy in which small problems meet every case. */
#ifndef MTR_ASSIGN_SMALL

/* Columns handled together: labels have their minimum kept for each block */
#define BLOCK 64

/* Minima of blocks are looked through in steps of this many */
#define STEP 16

/* Columns listed when a row is read, and room for those that come back */
#define LISTED 8
#define LIST_ROOM 16

/* Bids in the auction for each pair there can be; each row has one more */
#define BIDS_A_PAIR 16

/* A row of more places doesn't take part in the auction: a bid touches all
 * its places */
#define MOST_BIDDING 8

#else
#define BLOCK 4
#define STEP 2
#define LISTED 2
#define LIST_ROOM 2
#define BIDS_A_PAIR 0
#define MOST_BIDDING 2
#endif

/* Looking at so many places in an auction counts as one more bid */
#define PLACES_A_BID 64

#define MAX_SCORE 1000000000
#define MAX_NARROW_SCORE (1 << 23)
#define MAX_SIDE (1 << 24)

/*
 * The places taken, each in a list of its row's and one of its column's.  A
 * place belongs to its column for good; rows come and go.
 */
typedef struct Taken
{
	int32_t		n;
	int32_t    *row;			/* [max_pairs] who sits there */
	int32_t    *col;			/* [max_pairs] */
	int32_t    *score;			/* [max_pairs] of this row and column */
	int32_t    *row_next;		/* [max_pairs] -1 = last */
	int32_t    *col_next;		/* [max_pairs] */
	int32_t    *row_first;		/* [nrows] -1 = none */
	int32_t    *col_first;		/* [ncols] */
	int32_t    *row_left;		/* [nrows] places still to be filled; 0 also
								 * when the row has given up */
	int32_t    *col_left;		/* [ncols] free places */
} Taken;

/* Scratch being divided; base is NULL while only the size is asked for */
typedef struct Arena
{
	char	   *base;
	uint64_t	used;
} Arena;

static inline int32_t
score_of(const MtrAssign *p, int32_t row, int32_t col)
{
	return p->score[(size_t) row * p->ncols + col];
}

static void *
carve(Arena *a, int64_t n, size_t width)
{
	uint64_t	at = a->used;

	a->used += ((uint64_t) n * width + 63) / 64 * 64;
	return a->base != NULL ? a->base + at : NULL;
}

/* Open another place of a column that has one left. */
static int32_t
open_place(Taken *t, int32_t col)
{
	int32_t		place = t->n++;

	t->col[place] = col;
	t->col_next[place] = t->col_first[col];
	t->col_first[col] = place;
	t->col_left[col]--;
	return place;
}

static void
sit_down(Taken *t, int32_t place, int32_t row, int32_t score)
{
	t->row[place] = row;
	t->score[place] = score;
	t->row_next[place] = t->row_first[row];
	t->row_first[row] = place;
}

static void
stand_up(Taken *t, int32_t place)
{
	int32_t    *link = &t->row_first[t->row[place]];

	while (*link != place)
		link = &t->row_next[*link];
	*link = t->row_next[place];
}

/* Elements in an array that is read a block, or a step, at a time */
static int32_t
whole_blocks(int32_t n)
{
	return (n + BLOCK - 1) / BLOCK;
}

static int32_t
whole_steps(int32_t nblocks)
{
	return (nblocks + STEP - 1) / STEP * STEP;
}

/*
 * The two solvers.  RANGE is the logarithm of the range of prices and
 * distances: 27 times as much must fit (see assign_body.h).
 */
#define SOLVER(name) name##_narrow
#define NUM_TYPE int32_t
#define RANGE 26
#include "assign_body.h"

#define SOLVER(name) name##_wide
#define NUM_TYPE int64_t
#define RANGE 57
#include "assign_body.h"

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
mtr_assign_max_pairs(const MtrAssign *p)
{
	int64_t		rows = side_pairs(p->row_places, p->nrows, p->ncols);
	int64_t		cols = side_pairs(p->col_places, p->ncols, p->nrows);

	return rows < cols ? rows : cols;
}

size_t
mtr_assign_scratch_size(const MtrAssign *p)
{
	Arena		arena = {NULL, 0};
	Solver_wide unused;

	lay_out_wide(&unused, p, &arena);
	return arena.used <= SIZE_MAX ? (size_t) arena.used : SIZE_MAX;
}

/*
 * The largest absolute score that is there, or -1 if one is out of range.
 * Scores out of range are counted, not looked for, so that the loop stays a
 * plain one.
 */
MTR_SIMD static int32_t
largest_score(const int32_t *score, int32_t n)
{
	int32_t		most = 0,
				least = 0,
				wrong = 0;

	for (int32_t j = 0; j < n; j++)
	{
		int32_t		w = score[j] == MTR_NO_PAIR ? 0 : score[j];

		wrong |= w > MAX_SCORE || w < -MAX_SCORE;
		most = w > most ? w : most;
		least = w < least ? w : least;
	}
	if (wrong)
		return -1;
	return most > -least ? most : -least;
}

/* Check the input; "largest" receives the largest absolute score. */
static MtrStatus
check_input(const MtrAssign *p, int32_t *largest)
{
	if (p->nrows < 0 || p->ncols < 0)
		return MTR_INVALID;
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] < 0)
			return MTR_INVALID;
	if (p->nrows > MAX_SIDE || p->ncols > MAX_SIDE ||
		mtr_assign_max_pairs(p) >= INT32_MAX)
		return MTR_OVERFLOW;
	*largest = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		int32_t		here = largest_score(p->score + (size_t) i * p->ncols,
										 p->ncols);

		mtr_poll();
		if (here < 0)
			return MTR_OVERFLOW;
		*largest = here > *largest ? here : *largest;
	}
	return MTR_OK;
}

/* A problem with an empty side has no pair, and needs no price. */
static void
answer_nothing(MtrAssign *p)
{
	p->npairs = 0;
	p->total = 0;
	for (int32_t i = 0; i < p->nrows; i++)
		p->row_cover[i] = 0, p->row_price[i] = 0;
	for (int32_t j = 0; j < p->ncols; j++)
		p->col_cover[j] = 0, p->col_price[j] = 0;
}

/* Are the pairs in the outputs sorted, and a matching? */
static bool
check_pairs(const MtrAssign *p, Taken *t)
{
	if (p->npairs < 0 || p->npairs > mtr_assign_max_pairs(p))
		return false;
	memcpy(t->row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(t->col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k],
					j = p->pair_col[k];

		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols ||
			score_of(p, i, j) == MTR_NO_PAIR ||
			--t->row_left[i] < 0 || --t->col_left[j] < 0)
			return false;
		if (k > 0 && (i < p->pair_row[k - 1] ||
					  (i == p->pair_row[k - 1] && j <= p->pair_col[k - 1])))
			return false;
	}
	return true;
}

static MtrStatus
check_and_solve(MtrAssign *p, bool resume, void *scratch)
{
	int32_t		largest;
	MtrStatus	status = check_input(p, &largest);

	if (status != MTR_OK)
		return status;
	if (p->nrows == 0 || p->ncols == 0)
	{
		answer_nothing(p);
		return MTR_OK;
	}
	if (resume)
	{
		Arena		arena = {scratch, 0};
		Solver_wide unused;

		lay_out_wide(&unused, p, &arena);
		if (!check_pairs(p, &unused.taken))
			return MTR_INVALID;
	}
	if (largest <= MAX_NARROW_SCORE && solve_narrow(p, resume, scratch))
		return MTR_OK;

	/* With 64 bits no price within the limits leaves its range. */
	return solve_wide(p, resume, scratch) ? MTR_OK : MTR_OVERFLOW;
}

MtrStatus
mtr_assign_solve(MtrAssign *p, void *scratch)
{
	return check_and_solve(p, false, scratch);
}

MtrStatus
mtr_assign_resume(MtrAssign *p, void *scratch)
{
	return check_and_solve(p, true, scratch);
}
