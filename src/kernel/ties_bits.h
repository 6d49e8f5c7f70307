/*
 * ties_bits.h
 *	  the tie rule by bit sets over all pairs, with a matrix or without
 *
 * Problem.  As ties_list.h: given is a solved problem (assign.h; "score" is
 * not read) whose rows can be made on demand.  Check its proof against every
 * pair, and of all optimal matchings find the one the rule of ties.h prefers.
 *
 * Method.  Each row becomes bits that say which of its pairs have slack (0,0)
 * and which are taken; what they are worth the prices say.  So the room is
 * known beforehand and the same for any number of ties.
 *
 * Use.
 *
 *	 mtr_ties_bits_begin(&bits, p, scratch)
 *	 mtr_ties_bits_row(&bits, i, scores of row i), i = 0, 1, ..., nrows - 1
 *	 mtr_ties_bits_resolve(&bits, rows_are_right)
 *
 * or, where there is a matrix, mtr_ties_bits_resolve_matrix().
 *
 * Ranges.  As assign.h, |price| <= 2^60, nrows * ncols <= 2^33.
 */
#ifndef MTR_TIES_BITS_H
#define MTR_TIES_BITS_H

#include "assign.h"

typedef struct MtrTiesBits
{
	/* for the caller to read */
	MtrAssign  *p;
	int32_t		next_row;		/* the row wanted next */

	/*
	 * for the caller to set after mtr_ties_bits_begin(), or NULL: scores of
	 * the pairs of p, which then are sorted by row and column, with as much
	 * room as these; resolving will put the scores of the new ones
	 */
	int32_t    *pair_score;

	/* private */
	struct Ties *graph;			/* in the scratch, see ties_graph.h */
} MtrTiesBits;

/* Bytes of scratch, all there is: five eighths of a byte a pair, 64 a row and
 * 64 a column; for few pairs, up to 16 bytes each for 32768 of them. */
extern size_t mtr_ties_bits_scratch_size(const MtrAssign *p);

/* Begin.  p and "scratch" (aligned to 64 bytes) stay until the end.
 * MTR_INVALID if the pairs are no matching within the places, or a place with
 * a price is left free; MTR_OVERFLOW for a price or size beyond the ranges. */
extern MtrStatus mtr_ties_bits_begin(MtrTiesBits *bits, MtrAssign *p,
									 void *scratch);

/* Check and enter one row, score[ncols].  MTR_INVALID if the proof doesn't
 * hold: a pair not taken has a slack above (0,0), a pair taken one below or
 * isn't eligible; also if "row" is not next_row.  MTR_OVERFLOW for a score
 * beyond 10^9 of a pair that matters. */
extern MtrStatus mtr_ties_bits_row(MtrTiesBits *bits, int32_t row,
								   const int32_t *score);

/* Replace the pairs of p by those the rule prefers, see
 * mtr_ties_resolve_counted().  The bit sets are used up.  MTR_INVALID, with
 * nothing changed, if a row is missing or was refused. */
extern MtrStatus mtr_ties_bits_resolve(MtrTiesBits *bits, bool rows_are_right);

/* All of it for the matrix p->score. */
extern MtrStatus mtr_ties_bits_resolve_matrix(MtrAssign *p,
											  bool rows_are_right,
											  void *scratch);

#endif							/* MTR_TIES_BITS_H */
