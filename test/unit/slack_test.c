/*
 * slack_test.c
 *	  the condition of duality by rows against the condition pair by pair
 *
 * Build: slack_test.c poll.c slack.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slack.h"

#define CASES 20000
#define MAX_N 1200

static int	ntests;
static int	nfailed;
static uint64_t rng_state = 0x9E3779B97F4A7C15u;

static uint32_t
rnd(uint32_t n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t) ((rng_state >> 32) % n);
}

static void
report(const char *what, int cases, int failures)
{
	printf("%sok %d - %s (%d cases)\n", failures ? "not " : "", ++ntests,
		   what, cases);
	nfailed += failures;
}

/* The condition as assign.h states it, first components before second. */
static bool
is_above(bool most_pairs, const int cover[2], const int64_t price[2],
		 int32_t value)
{
	int			first = (most_pairs ? 1 : 0) - cover[0] - cover[1];

	if (value == MTR_NO_PAIR)
		return false;
	return first != 0 ? first > 0 : value - price[0] - price[1] > 0;
}

/* Few numbers, so that values meet limits, and sometimes the largest. */
static int32_t
random_value(void)
{
	switch (rnd(8))
	{
		case 0:
			return MTR_NO_PAIR;
		case 1:
			return rnd(2) ? INT32_MAX : INT32_MIN + 1;
		default:
			return (int32_t) rnd(9) - 4;
	}
}

static int64_t
random_price(void)
{
	static const int64_t far = INT64_C(1) << 60;

	return rnd(30) == 0 ? (rnd(2) ? far : -far) : (int64_t) rnd(5) - 2;
}

/* One row; arrays are exactly as long as needed. */
static bool
row_agrees(int32_t n)
{
	bool		most_pairs = rnd(2),
				agrees;
	int			row_cover = most_pairs ? rnd(2) : 0;
	int64_t		row_price = random_price();
	int32_t    *value = malloc(n * sizeof(int32_t) + 1);
	int64_t    *limit = malloc(n * sizeof(int64_t) + 1);
	bool	   *seen = malloc(n + 1);
	bool	   *expected = malloc(n + 1);
	MtrSlack	slack = {0, 0};
	MtrSlack	found;

	for (int32_t j = 0; j < n; j++)
	{
		int			cover[2] = {row_cover, most_pairs ? rnd(2) : 0};
		int64_t		price[2] = {row_price, random_price()};

		value[j] = random_value();
		limit[j] = mtr_slack_limit(most_pairs, row_cover, cover[1], price[1]);
		seen[j] = rnd(40) > 0;
		expected[j] = seen[j] || value[j] != MTR_NO_PAIR;
		slack.eligible += value[j] != MTR_NO_PAIR;
		slack.above += is_above(most_pairs, cover, price, value[j]);
	}
	found = mtr_slack_row(value, limit, row_price, n);
	agrees = found.eligible == slack.eligible && found.above == slack.above &&
		mtr_slack_see(value, seen, n) == slack.eligible &&
		memcmp(seen, expected, n) == 0;
	free(value);
	free(limit);
	free(seen);
	free(expected);
	return agrees;
}

int
main(void)
{
	int			failures = 0;

	for (int k = 0; k < CASES; k++)
		failures += !row_agrees(k < CASES / 2 ? rnd(12) : rnd(MAX_N));
	report("rows as pair by pair", CASES, failures);
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
