/*
 * slack.h
 *	  the condition of duality, a row of pairs at a time
 *
 * Problem.  Covers and prices prove a matching when no eligible pair outside
 * it is worth more than they allow (assign.h).  For a row of given cover and
 * price, each column allows values up to the row's price plus its limit:
 *
 *	 its price		if one of the two is covered, or best_total is the aim
 *	 no value		if most_pairs is the aim and none is covered
 *	 any value		if both are
 *
 * Method.  The limits depend on the row's cover only, so they are made once
 * for either, and a row takes one comparison a pair.  Which pairs break the
 * condition isn't said: a caller counts first and, where the count isn't
 * that of the pairs taken, looks at the row pair by pair.
 *
 * Ranges.  |prices| below 2^61; values are any int32 but MTR_NO_PAIR.
 */
#ifndef MTR_SLACK_H
#define MTR_SLACK_H

#include "kernel.h"

typedef struct MtrSlack
{
	int32_t		eligible;		/* pairs of the row */
	int32_t		above;			/* those worth more than allowed */
} MtrSlack;

/* A column's limit in rows of this cover. */
extern int64_t mtr_slack_limit(bool most_pairs, int row_cover, int col_cover,
							   int64_t col_price);

/* Compare the values of a row with limit[n] and the row's price. */
extern MtrSlack mtr_slack_row(const int32_t *value, const int64_t *limit,
							  int64_t row_price, int32_t n);

/* Count the eligible pairs of a row, and mark their columns in seen[n]. */
extern int32_t mtr_slack_see(const int32_t *value, bool *seen, int32_t n);

#endif							/* MTR_SLACK_H */
