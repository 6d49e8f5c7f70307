/*
 * greedy.h
 *	  matching by taking the best remaining pair again and again
 *
 * Pairs are taken in the order: higher score, then lower left element, then
 * lower right element, each while both sides have a place ("left" is the row,
 * or with rows_are_right the column).  Under best_total pairs of score <= 0
 * are never taken.  The total is at least half of the best total.
 *
 * Uses the inputs and the pair outputs of MtrAssign; covers and prices are
 * not touched, for there is no proof.  "bound" receives an upper bound of the
 * total of any matching: the smaller of the sums, over rows and over columns,
 * of each one's best scores > 0 (best_total), or of its best scores
 * of any sign where it can't be left out (see greedy.c).
 */
#ifndef MTR_GREEDY_H
#define MTR_GREEDY_H

#include "assign.h"

extern size_t mtr_greedy_scratch_size(const MtrAssign *p);
extern MtrStatus mtr_greedy_solve(MtrAssign *p, bool rows_are_right,
								  int64_t *bound, void *scratch);

#endif							/* MTR_GREEDY_H */
