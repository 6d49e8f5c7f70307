/*
 * greedy.h
 *	  matching by taking the best remaining pair again and again
 *
 * Pairs are taken in the order: higher score, then lower left element, then
 * lower right element, each while both sides have a place.  "left" is the row,
 * or with rows_are_right the column; the pairs taken are the same either way.
 * Under best_total pairs of score <= 0 are never taken, and the total is at
 * least half of the best total; under most_pairs every eligible pair may be
 * taken, and the number of pairs is at least half of the largest.
 *
 * Uses the inputs and the pair outputs of MtrAssign; covers and prices are
 * not touched, for there is no proof.  Instead "bound" receives a number that
 * no matching's total exceeds, whatever its number of pairs.  Each element
 * that has places adds its "places" highest scores > 0 with partners that
 * have a place (all of them when there are fewer); the bound is the smaller
 * of the sum over the rows and the sum over the columns.
 */
#ifndef MTR_GREEDY_H
#define MTR_GREEDY_H

#include "assign.h"

/* Bytes of scratch for mtr_greedy_solve(): about 150 a row and 30 a column,
 * 8 for each of mtr_assign_max_pairs(), and 4 for each place of those columns
 * that have fewer places than there are rows. */
extern size_t mtr_greedy_scratch_size(const MtrAssign *p);

/* Solve.  scratch must be aligned to 64 bytes.  MTR_INVALID for negative
 * places, MTR_OVERFLOW for a score beyond 10^9. */
extern MtrStatus mtr_greedy_solve(MtrAssign *p, bool rows_are_right,
								  int64_t *bound, void *scratch);

#endif							/* MTR_GREEDY_H */
