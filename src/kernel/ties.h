/*
 * ties.h
 *	  of several optimal matchings, the one the stated rule prefers
 *
 * Rule.  Put all eligible pairs in the order: higher score, then lower left
 * element, then lower right element.  Of two optimal matchings the one is
 * preferred that contains the first pair, in this order, which is in just one
 * of them.  The rule names one matching, whatever algorithm found an optimal
 * one first and in whatever order the data came.
 *
 * Method.  With optimal prices the optimal matchings are those reachable by
 * exchanging pairs of slack (0,0) along circulations (assign.h).  Direct
 * such a pair from its row to its column when it is not taken and back when
 * it is, and join rows and columns whose number of places taken may change
 * (cover and price both 0) to one extra node.  A pair not taken can be had
 * exactly if its column reaches its row.  The pairs are gone through in the
 * order of the rule; each that can be had is brought in by turning one cycle
 * and then fixed.
 *
 * Two ways.  A list of the pairs of slack (0,0) (ties_list.h) is small where
 * few pairs are tied, which is usual; bit sets over all pairs (ties_bits.h) are
 * smaller and faster where many are.  Neither needs a matrix, both take rows
 * one after the other; the functions here choose where there is one.  The
 * result is the same.
 *
 * "left" is the row, or with rows_are_right the column.
 */
#ifndef MTR_TIES_H
#define MTR_TIES_H

#include "assign.h"

/* Rows times columns, at most */
#define MTR_TIES_MAX_CELLS (INT64_C(1) << 33)

/* How many entries a list of a solved problem has at most: pairs of slack
 * (0,0) and pairs taken.  One pass over the matrix, no scratch. */
extern int64_t mtr_ties_count(const MtrAssign *p);

/* What the count is usually below, to be tried before counting. */
extern int64_t mtr_ties_usual_count(const MtrAssign *p);

/* Bytes of scratch for mtr_ties_resolve_counted(): never more than bit sets
 * take, five eighths of a byte a pair, 64 a row and 64 a column. */
extern size_t mtr_ties_scratch_size_for(const MtrAssign *p, int64_t count);

/* Replace the pairs of a solved problem by those the rule prefers.  Total,
 * covers and prices stay as they are; so does the number of pairs, except
 * that under best_total the matching preferred may have fewer or more pairs
 * of the same total.  scratch is aligned to 64 bytes.
 *
 * MTR_FULL, with nothing changed, if "count" was too low.
 * MTR_INVALID if the pairs are no matching or the proof doesn't hold,
 * MTR_OVERFLOW for more than 2^33 pairs of rows and columns, a score beyond
 * 10^9 or a price beyond 2^60. */
extern MtrStatus mtr_ties_resolve_counted(MtrAssign *p, bool rows_are_right,
										  int64_t count, void *scratch);

/* The same without counting first: scratch for any count, or for that of
 * mtr_ties_count(). */
extern size_t mtr_ties_scratch_size(const MtrAssign *p);
extern MtrStatus mtr_ties_resolve(MtrAssign *p, bool rows_are_right,
								  void *scratch);

#endif							/* MTR_TIES_H */
