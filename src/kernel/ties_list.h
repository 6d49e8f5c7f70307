/*
 * ties_list.h
 *	  the tie rule where there is no matrix: a list of the pairs that matter
 *
 * Problem.  Given is a solved problem (assign.h; "score" is not read) whose
 * rows can be made on demand.  Check its proof against every pair, and of all
 * optimal matchings find the one the rule of ties.h prefers.
 *
 * Method.  One pass over all rows checks the proof and keeps the pairs of
 * slack (0,0) and the pairs taken: nothing else can matter.  Their scores
 * are the sums of two prices, so an entry is four bytes.  The rule is then
 * applied to the list alone.
 *
 * Use.
 *
 *	 mtr_ties_list_begin(&list, p, room for entries, how many, scratch)
 *	 mtr_ties_list_row(&list, i, scores of row i), i = 0, 1, ...; a caller
 *		who makes the rows for another purpose, too, calls it himself, others
 *		call mtr_ties_list_rows()
 *	 mtr_ties_list_end(&list)
 *	 mtr_ties_list_resolve(&list, rows_are_right, more scratch)
 *
 * A row that doesn't fit gives MTR_FULL.  Then either enlarge the room, say so
 * with mtr_ties_list_enlarge(), and go on with the row list.next_row, which is
 * the same once more: no other row is made twice.  Or go on with the row after
 * it: this and all later rows are checked and counted, but not kept, and
 * mtr_ties_list_end() gives MTR_FULL with the entries wanted in list.needed.
 * With no room at all this is the check of the proof alone.
 *
 * Ranges.  As assign.h, |price| <= 2^60, at most 2^31 - 2 entries.
 */
#ifndef MTR_TIES_LIST_H
#define MTR_TIES_LIST_H

#include "assign.h"

/* An entry: the column, whether the pair is taken, and if so, whether for
 * good because its slack is above (0,0) */
#define MTR_TIES_COLUMN ((UINT32_C(1) << 25) - 1)
#define MTR_TIES_TAKEN (UINT32_C(1) << 31)
#define MTR_TIES_FIXED (UINT32_C(1) << 30)
#define MTR_TIES_OPEN (UINT32_C(1) << 29)	/* private */

typedef struct MtrTiesList
{
	/* for the caller to read */
	MtrAssign  *p;
	int32_t		next_row;		/* the row wanted next */
	int64_t		needed;			/* entries of the rows so far, kept or not */
	int64_t		room;
	uint32_t   *entry;			/* row after row, by column */

	/*
	 * for the caller to set after mtr_ties_list_begin(), or NULL: scores of
	 * the pairs of p, for which resolving will put the scores of the new ones
	 */
	int32_t    *pair_score;

	/* private */
	int64_t		used;			/* entries kept */
	int32_t		kept_rows;		/* rows wholly kept */
	int32_t		kept_pairs;		/* pairs of p in these */
	int32_t		next_pair;		/* first pair of next_row */
	uint32_t   *row_start;		/* [nrows + 1] first entry of each row */
	int64_t		middle;			/* see ties_scan.h */
	int32_t    *limit[2];		/* [ncols] by cover of the row: what a score
								 * less the row's price must reach */
	uint64_t   *reached;		/* one row's pairs that do */
} MtrTiesList;

/* Bytes of scratch that must live as long as the list: 4 a row, 8 and an
 * eighth a column. */
extern size_t mtr_ties_list_scratch_size(const MtrAssign *p);

/* Begin.  The pairs of p are sorted by row, then column; p, "entry" and
 * "scratch" (aligned to 64 bytes) stay until the end.  Usual data need two to
 * three entries a row.  MTR_INVALID if the pairs are no matching within the
 * places, or a place with a price is left free; MTR_OVERFLOW for a price or
 * size beyond the ranges. */
extern MtrStatus mtr_ties_list_begin(MtrTiesList *list, MtrAssign *p,
									 uint32_t *entry, int64_t room,
									 void *scratch);

/* Check and keep one row, score[ncols].  MTR_INVALID if the proof doesn't
 * hold: a pair not taken has a slack above (0,0), a pair taken one below or
 * isn't eligible; also if "row" is not next_row.  MTR_FULL: see above.
 * MTR_OVERFLOW for a score beyond 10^9 of a pair that matters. */
extern MtrStatus mtr_ties_list_row(MtrTiesList *list, int32_t row,
								   const int32_t *score);

/* Make and give all rows from next_row on.  Stops with MTR_FULL at the first
 * that doesn't fit: enlarge and call again to go on, or just call again to
 * count the rest.  "score" is room for one row. */
extern MtrStatus mtr_ties_list_rows(MtrTiesList *list, MtrRowFunction make_row,
									void *state, int32_t *score);

/* After MTR_FULL: there is more room now.  "entry" begins with the entries
 * that were kept, as after realloc(). */
extern void mtr_ties_list_enlarge(MtrTiesList *list, uint32_t *entry,
								  int64_t room);

/* All rows were given.  MTR_OK, or MTR_FULL with list->needed. */
extern MtrStatus mtr_ties_list_end(MtrTiesList *list);

/* Bytes of scratch to resolve a complete list of so many entries, which is
 * list->needed: 20 to 28 an entry, 64 a row and 64 a column. */
extern size_t mtr_ties_list_resolve_scratch_size(const MtrAssign *p,
												 int64_t nentries);

/* Replace the pairs of p by those the rule prefers, see mtr_ties_resolve().
 * The list is used up; MTR_FULL if it isn't complete.  scratch is aligned to
 * 64 bytes. */
extern MtrStatus mtr_ties_list_resolve(MtrTiesList *list, bool rows_are_right,
									   void *scratch);

#endif							/* MTR_TIES_LIST_H */
