/*
 * stable.h
 *	  stable matching with places on both sides, the rows propose
 *
 * Problem.  Rows i and columns j, places r(i), s(j) >= 0.  A pair both accept
 * has two scores: a(i,j), how much the row (the left element) likes the
 * column, and b(i,j), how much the column (the right element) likes the row.
 * A matching takes accepted pairs only, each once at most, row i at most r(i)
 * times, column j at most s(j) times.
 *
 * Preferences.  Row i prefers the column of higher a(i,.), of equal ones the
 * one of lower index; column j prefers the row of higher b(.,j), of equal
 * ones the one of lower index.  So preferences are strict whatever the scores
 * are.  Any partner accepted is better than an empty place, and of two sets
 * of partners that differ in one element the one with the better element is
 * preferred (responsive preferences).
 *
 * Result.  An accepted pair not taken blocks a matching if its row has an
 * empty place or prefers the column to its worst partner, and its column has
 * an empty place or prefers the row to its worst partner.  A matching is
 * stable if no pair blocks it.  One always exists, and among the stable ones
 * there is one that is best for all rows at once: whatever partners row i has
 * in another stable matching, of these and its own it would choose its own
 * (Gale and Shapley 1962, College admissions and the stability of marriage,
 * for one place a row; Roth 1984, Stability and polarization of interests in
 * job matching, Econometrica 52, for places on both sides).  That one, the
 * row-optimal or left-optimal, is what mtr_stable_solve() returns.  It is
 * unique, hence independent of the order in which proposals are made
 * (McVitie and Wilson 1971, CACM 14); for the columns it is the worst of the
 * stable matchings.  Every element has as many partners in each of them.
 *
 * Ranges.  Scores: any number but MTR_NO_PAIR; nrows, ncols <= 2^24;
 * mtr_stable_max_pairs() < 2^31.
 */
#ifndef MTR_STABLE_H
#define MTR_STABLE_H

#include "kernel.h"

/*
 * One row as the solver and the checker ask for it: n entries, entry k for
 * column col[k], or for column k where col is NULL.  Columns ascend.  A pair
 * is accepted where neither score is MTR_NO_PAIR; a column not named is not
 * accepted.
 */
typedef struct MtrStableRow
{
	int32_t		n;
	const int32_t *col;			/* [n], or NULL: 0 .. n - 1 */
	const int32_t *left;		/* [n] a(i,.) */
	const int32_t *right;		/* [n] b(i,.) */
	int32_t    *left_room;		/* [ncols] for whoever makes the numbers */
	int32_t    *right_room;		/* [ncols] */
} MtrStableRow;

/*
 * A row on demand.  The rooms belong to the caller; n is ncols, col NULL, and
 * left and right are the rooms already.  So a function that computes a dense
 * row fills the rooms and returns; one that has the numbers sets left and
 * right to them instead, and for a sparse row n and col, too.  They stay
 * until the next call.  Asked twice for the same row it must say the same.
 * In the backend it may leave by longjmp.
 */
typedef void (*MtrStableRowFunction) (void *state, int32_t row,
									  MtrStableRow *numbers);

typedef struct MtrStable
{
	/* inputs, unchanged */
	int32_t		nrows;
	int32_t		ncols;
	const int32_t *row_places;	/* [nrows], >= 0 */
	const int32_t *col_places;	/* [ncols], >= 0 */
	MtrStableRowFunction read_row;
	void	   *state;
	int32_t		list_size;		/* columns of a row kept at a time; 0 = the
								 * usual number, which is best */

	/* outputs, arrays given by the caller */
	int32_t		npairs;
	int32_t    *pair_row;		/* room for mtr_stable_max_pairs() entries; */
	int32_t    *pair_col;		/* sorted by row, then column */
	int32_t    *pair_left;		/* a(i,j) */
	int32_t    *pair_right;		/* b(i,j) */
	int64_t		rows_read;		/* calls of read_row */
	int64_t		proposals;		/* pairs tried; one turned down at once for
								 * sure isn't, so it depends on list_size */
} MtrStable;

/* An upper bound of npairs: the smaller side's places, each row's and
 * column's counted at most as often as there are partners.  Places beyond
 * the number of partners an element accepts are worth cutting beforehand:
 * room for them is kept. */
extern int64_t mtr_stable_max_pairs(const MtrStable *p);

/* Bytes of scratch that mtr_stable_solve() needs: 24 a row and 12 more for
 * each column listed, usually 16; 24 a column; 20 for each of max_pairs. */
extern size_t mtr_stable_scratch_size(const MtrStable *p);

/* Solve.  scratch must be aligned to 64 bytes.  MTR_INVALID for negative
 * places or a row whose columns don't ascend within 0 .. ncols - 1,
 * MTR_OVERFLOW beyond the ranges stated. */
extern MtrStatus mtr_stable_solve(MtrStable *p, void *scratch);

/*
 * The checker, stable_check.c, which shares nothing with the solver.  Reads
 * each row once.
 */
typedef enum MtrStableFault
{
	MTR_STABLE_FEASIBLE = 0,
	MTR_STABLE_ORDER,			/* pair out of range, repeated or out of order */
	MTR_STABLE_NOT_ACCEPTED,	/* pair not accepted by both */
	MTR_STABLE_SCORES,			/* pair has other scores */
	MTR_STABLE_ROW_PLACES,		/* more pairs of a row than it has places */
	MTR_STABLE_COL_PLACES
} MtrStableFault;

typedef struct MtrStableCheck
{
	/* inputs */
	int32_t		max_listed;		/* >= 0 */

	/* outputs */
	MtrStableFault fault;		/* the first found ... */
	int32_t		fault_pair;		/* ... and the pair that has it, or -1 */
	int64_t		nblocking;		/* all blocking pairs; 0 = stable.  Not
								 * counted when there is a fault */
	int32_t		nlisted;		/* the first of them by row, then column */
	int32_t    *blocking_row;	/* room for max_listed */
	int32_t    *blocking_col;
	int32_t    *blocking_left;	/* their scores */
	int32_t    *blocking_right;
} MtrStableCheck;

/* Bytes of scratch for mtr_stable_blocking(): 20 a column. */
extern size_t mtr_stable_check_size(const MtrStable *p);

/* Check the npairs pairs of p with their scores, wherever they come from,
 * against its inputs: feasibility, then blocking pairs.  MTR_INVALID and
 * MTR_OVERFLOW are about the inputs, as for the solver; what is wrong with
 * the pairs is in the outputs. */
extern MtrStatus mtr_stable_blocking(const MtrStable *p,
									 MtrStableCheck *check, void *scratch);

#endif							/* MTR_STABLE_H */
