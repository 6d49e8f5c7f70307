/*
 * fair.h
 *	  assignment that raises the worst pair first, then the next, and so on
 *
 * Problem.  Rows, columns, places, eligible pairs and their scores are those
 * of assign.h.  Of two matchings with equally many pairs, write down the
 * scores of each in ascending order: the fairer one has the higher score
 * where they first differ.  So the worst pair is raised as high as possible,
 * then as few pairs as possible are that bad, then the worst of the others
 * is raised, and so on.  Wanted is the fairest of the matchings with as many
 * pairs as possible.  Its scores are determined, and with them the total; who
 * has which score may not be.
 *
 * Put differently: of the matchings with as many pairs as possible the one
 * that has as few pairs as possible of the lowest score there is; of these
 * the one that has as few as possible of the second lowest, and so on.  Scores
 * of any sign count, and only their order matters.
 *
 * Ties.  Of several fairest matchings comes out the one that the rule of
 * ties.h prefers: higher score, then lower left element, then lower right
 * element.  "left" is the row, or with rows_are_right the column; the pairs
 * are the same either way.
 *
 * Literature.  Burkard and Rendl, "Lexicographic bottleneck problems",
 * Operations Research Letters 10 (1991); Huang, Kavitha, Mehlhorn and
 * Michail, "Fair matchings and related problems", Algorithmica 74 (2016).
 */
#ifndef MTR_FAIR_H
#define MTR_FAIR_H

#include "assign.h"

/* Bytes of scratch for mtr_fair_solve(): five eighths of a byte a pair of row
 * and column (for few pairs, up to 16 bytes each for 32768 of them), 60 a row
 * and 60 a column, and 21 for each of mtr_assign_max_pairs(). */
extern size_t mtr_fair_scratch_size(const MtrAssign *p);

/*
 * Solve: the pairs, their total, and covers that prove that there can't be
 * more pairs (assign.h).  Prices are neither read nor written, most_pairs is
 * not read.  scratch must be aligned to 64 bytes.  MTR_INVALID for negative
 * places, MTR_OVERFLOW for a score beyond 10^9 or more than 2^33 pairs of
 * rows and columns.
 */
extern MtrStatus mtr_fair_solve(MtrAssign *p, bool rows_are_right,
								void *scratch);

/* What a matching lacks */
typedef enum MtrFairFlaw
{
	MTR_FAIR_NO_FLAW,
	MTR_FAIR_MORE_PAIRS,		/* there can be more pairs */
	MTR_FAIR_LEVEL				/* fairer ones have the same pairs of a score
								 * below "level" and fewer at it */
} MtrFairFlaw;

typedef struct MtrFairVerdict
{
	MtrFairFlaw flaw;
	int32_t		level;			/* only with MTR_FAIR_LEVEL */
} MtrFairVerdict;

/* Bytes of scratch for mtr_fair_check(): half a byte a pair of row and column
 * (for few pairs as above), 20 a row and 24 a column, and 25 for each of
 * mtr_assign_max_pairs(). */
extern size_t mtr_fair_check_scratch_size(const MtrAssign *p);

/*
 * Is the matching p has a fairest one?  Judged from the scores and the pairs
 * alone, by a way of its own; covers, prices and total are not read, and
 * which of several fairest matchings it is doesn't matter.  The pairs may
 * come in any order.  "level" is the lowest score of which there are too many.
 *
 * MTR_INVALID for negative places, or if the pairs are no matching: not
 * eligible, there twice, or more than the places; MTR_OVERFLOW as above.
 * scratch must be aligned to 64 bytes.
 */
extern MtrStatus mtr_fair_check(const MtrAssign *p, MtrFairVerdict *verdict,
								void *scratch);

#endif							/* MTR_FAIR_H */
