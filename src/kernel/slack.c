/*
 * slack.c
 *	  the condition of duality, a row of pairs at a time (see slack.h)
 */
#include <string.h>

#include "slack.h"

/* Beyond all sums of two prices and a value */
#define BEYOND (INT64_C(1) << 62)

/* Columns looked at together */
#define BLOCK 512

int64_t
mtr_slack_limit(bool most_pairs, int row_cover, int col_cover,
				int64_t col_price)
{
	int			covers = row_cover + col_cover - (most_pairs ? 1 : 0);

	if (covers == 0)
		return col_price;
	return covers > 0 ? BEYOND : -BEYOND;
}

/* Both counts fit into what the comparisons yield, so that a vector of pairs
 * takes few instructions. */
MTR_SIMD static void
count_row(const int32_t *restrict value, const int64_t *restrict limit,
		  int64_t row_price, int32_t n, int64_t *eligible, int64_t *above)
{
	int64_t		e = 0,
				a = 0;

	for (int32_t j = 0; j < n; j++)
	{
		int64_t		is_eligible = value[j] != MTR_NO_PAIR;

		e += is_eligible;
		a += is_eligible & (value[j] - row_price > limit[j]);
	}
	*eligible = e;
	*above = a;
}

MtrSlack
mtr_slack_row(const int32_t *value, const int64_t *limit, int64_t row_price,
			  int32_t n)
{
	MtrSlack	slack;
	int64_t		eligible,
				above;

	count_row(value, limit, row_price, n, &eligible, &above);
	slack.eligible = (int32_t) eligible;
	slack.above = (int32_t) above;
	return slack;
}

MTR_SIMD static int32_t
count_eligible(const int32_t *value, int32_t n)
{
	int32_t		count = 0;

	for (int32_t j = 0; j < n; j++)
		count += value[j] != MTR_NO_PAIR;
	return count;
}

/* Most columns are seen in one of the first rows, and then only counted. */
int32_t
mtr_slack_see(const int32_t *value, bool *seen, int32_t n)
{
	for (int32_t first = 0; first < n; first += BLOCK)
	{
		int32_t		size = n - first < BLOCK ? n - first : BLOCK;

		if (memchr(seen + first, 0, size) == NULL)
			continue;
		for (int32_t j = first; j < first + size; j++)
			seen[j] |= value[j] != MTR_NO_PAIR;
	}
	return count_eligible(value, n);
}
