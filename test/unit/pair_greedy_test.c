/*
 * pair_greedy_test.c
 *	  pairing by suitors is what sorting all pairs gives; its bound holds
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

#define MAX_N 9
#define CASES 30000

static uint64_t state = 88172645463325252u;

static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) (state >> 33) % below;
}

typedef struct Case
{
	int32_t		n;
	int32_t		w[MAX_N][MAX_N];
} Case;

static void
row(void *from, int32_t v, int32_t *score)
{
	const Case *c = from;

	memcpy(score, c->w[v], c->n * sizeof(int32_t));
}

static void
make_case(Case *c)
{
	uint32_t	levels = draw(3) == 0 ? 2000000 : 1 + draw(6);
	uint32_t	holes = draw(4);

	c->n = draw(MAX_N + 1);
	for (int32_t a = 0; a < c->n; a++)
		for (int32_t b = 0; b <= a; b++)
			c->w[a][b] = c->w[b][a] = a == b || draw(5) < holes ?
				MTR_NO_PAIR : (int32_t) draw(levels) - (int32_t) levels / 4;
}

/* The definition: the first remaining pair, again and again. */
static void
define(const Case *c, bool most_pairs, int32_t *mate)
{
	for (int32_t v = 0; v < c->n; v++)
		mate[v] = -1;
	for (;;)
	{
		int32_t		x = -1,
					y = -1;

		for (int32_t a = 0; a < c->n; a++)
			for (int32_t b = a + 1; b < c->n; b++)
				if (mate[a] < 0 && mate[b] < 0 &&
					c->w[a][b] != MTR_NO_PAIR &&
					(most_pairs || c->w[a][b] > 0) &&
					(x < 0 || c->w[a][b] > c->w[x][y]))
				{
					x = a;
					y = b;
				}
		if (x < 0)
			return;
		mate[x] = y;
		mate[y] = x;
	}
}

/* The highest total of any matching. */
static int64_t
best_total(const Case *c, uint32_t left)
{
	int32_t		a = 0;
	int64_t		best;

	if (left == 0)
		return 0;
	while (!(left >> a & 1))
		a++;
	left &= ~(1u << a);
	best = best_total(c, left);
	for (int32_t b = a + 1; b < c->n; b++)
		if ((left >> b & 1) && c->w[a][b] != MTR_NO_PAIR)
		{
			int64_t		total = c->w[a][b] +
			best_total(c, left & ~(1u << b));

			if (total > best)
				best = total;
		}
	return best;
}

/* One case: 0 = as defined, 1 = other pairs, 2 = a bound too low, 3 = less
 * than half of the best total. */
static int
try_case(const Case *c, bool most_pairs)
{
	MtrPairing	p = {.n = c->n,.row = row,.state = (void *) c,
	.most_pairs = most_pairs};
	int32_t		mate[MAX_N + 1],
				defined[MAX_N + 1];
	int64_t		bound = -1,
				total = 0,
				best = best_total(c, (1u << c->n) - 1);
	int32_t		pairs = 0;
	void	   *scratch = malloc(mtr_pair_greedy_scratch_size(&p));
	MtrStatus	status;

	p.mate = mate;
	status = mtr_pair_greedy(&p, &bound, scratch);
	free(scratch);
	define(c, most_pairs, defined);
	for (int32_t v = 0; v < c->n; v++)
	{
		if (mate[v] != defined[v])
			return 1;
		if (defined[v] > v)
		{
			total += c->w[v][defined[v]];
			pairs++;
		}
	}
	if (status != MTR_OK || p.npairs != pairs || p.total != total)
		return 1;
	if (bound < best)
		return 2;
	return !most_pairs && 2 * total < best ? 3 : 0;
}

int
main(void)
{
	int			wrong[4] = {0};
	Case		c;

	for (int i = 0; i < CASES; i++)
	{
		make_case(&c);
		wrong[try_case(&c, i % 2 == 0)]++;
	}
	printf("%sok 1 - %d cases are as defined\n", wrong[1] ? "not " : "",
		   CASES);
	printf("%sok 2 - the bound holds\n", wrong[2] ? "not " : "");
	printf("%sok 3 - at least half of the best total\n",
		   wrong[3] ? "not " : "");
	c.n = 2;
	c.w[0][0] = c.w[1][1] = MTR_NO_PAIR;
	c.w[0][1] = c.w[1][0] = 1000000001;
	{
		MtrPairing	p = {.n = 2,.row = row,.state = &c};
		int32_t		mate[2];
		int64_t		bound;
		void	   *scratch = malloc(mtr_pair_greedy_scratch_size(&p));

		p.mate = mate;
		printf("%sok 4 - a score beyond 10^9 is refused\n",
			   mtr_pair_greedy(&p, &bound, scratch) == MTR_OVERFLOW ? "" :
			   "not ");
		free(scratch);
	}
	printf("1..4\n");
	return wrong[1] || wrong[2] || wrong[3];
}
