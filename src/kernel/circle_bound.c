/*
 * circle_bound.c
 *	  what no division into circles exceeds: the bound of its total
 *
 * Proof.  Let y be any number for each member, and sum over the ordered pairs
 * (i,j) within a circle C: the terms y(i) - y(j) cancel, hence
 *
 *	 W(C) = 1/2 sum over i in C of the sum over its partners j of
 *				[ w(i,j) + y(i) - y(j) ]									(1)
 *
 * and the inner sum is no more than that of i's s - 1 highest values, for a
 * circle of size s.  In the same way over ordered triples (i,j,k), where each
 * pair of C is in s - 2 of its triangles,
 *
 *	 W(C) = 1/(6 (s - 2)) sum over i, j, k of
 *				[ w(i,j) + w(i,k) + w(j,k) + 4 y(i) - 2 y(j) - 2 y(k) ]
 *		  <= 1/6 sum over i, sum over its partners j of Q(i,j),				(2)
 *	 Q(i,j) = w(i,j) + 4 y(i) - 2 y(j) + 1/(s - 2) *
 *				the s - 2 highest of w(i,k) + w(j,k) - 2 y(k) over all k,
 *
 * which sees that the partners of i must get on with each other, too; again
 * the inner sum is no more than that of i's s - 1 highest Q(i,j).
 *
 * So each member has, for each size s, a share: at most what is claimed for
 * it in a circle of that size.  Who isn't placed has 0.  Let f(i) be the
 * share in a circle of max_size and g(i) the highest of the others, 0
 * included.  At least r = nalive mod max_size members are in no circle of
 * max_size, so the total is at most
 *
 *	 sum of max(f, g) - sum of the r lowest max(f, g) - g.
 *
 * The bound is the smaller of those from (1) and (2).
 *
 * y should make popular members expensive.  It is found by subgradient steps
 * on (1): whoever is chosen as a partner more often than choosing becomes
 * dearer, the others cheaper, in ROUNDS rounds of ever smaller steps; that
 * comes within some 10^-4 of the best y for (1), and suits (2) as well.
 * Whatever y is, the bound holds.
 *
 * Cost of (2).  Q(i,j) takes one pass over two rows.  It is at most
 *
 *	 E(i,j) = w(i,j) + 4 y(i) - 2 y(j) + h(i) + h(j),
 *	 h(i) = 1/(s - 2) * the s - 2 highest of w(i,k) - y(k),
 *
 * so it is computed only where E(i,j) is above i's (s - 1)-th highest so far;
 * for no more than EXACT partners of i, E(i,j) standing in for the others.
 * Sizes below max_size are seen through E alone: O(n * n * (EXACT + sizes)).
 */
#include <string.h>

#include "circle_state.h"
#include "top.h"

/* Rounds in which prices are found; a step is smaller by 1/SHRINK than that
 * of the round before */
#define ROUNDS 30
#define SHRINK 8

/* Prices are cut to this, twice the largest score */
#define MAX_PRICE INT64_C(2000000000)

/* Triples are looked at for circles up to this size */
#define MAX_TRIPLE_SIZE 32

/* Partners of a member whose triples are all looked at, at most; the first
 * FIRST of them are those that promise most */
#define EXACT 128
#define FIRST 32

/* Lower than any value, far from the end of the range */
#define LOWEST (-(INT64_C(1) << 58))

/* The price of who is out: no value reaches a floor */
#define LARGEST (INT64_C(1) << 60)

typedef struct Bound
{
	const MtrCircle *p;
	const int32_t *alive;
	int32_t		nalive;
	int32_t		max_size;		/* at most n */
	int64_t    *price;			/* [n] 2 y; who is out costs too much */
	int64_t    *row;			/* [n] w(i,k) - 2 y(k) of one i */
	int64_t    *promise;		/* [n] E(i,j) of one i */
	int64_t    *half;			/* [n][MAX_TRIPLE_SIZE] 2 h, by size */
	int32_t    *chosen;			/* [n] as partner, less those it chose */
	MtrTop		top;			/* of one member */
	MtrTop		triple;			/* of one pair */
	MtrTop		first;			/* partners that promise most */
	MtrTop		saved;			/* the lowest max(f, g) - g, below 0 */
} Bound;

/* ----------
 * Rows of scores
 * ----------
 */

/* Round up a quotient; the divisor is positive. */
static inline int64_t
divide_up(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

static inline int64_t
divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Starting at "from", a multiple of 32, find the first block of 32 in which
 * factor * score - price is above the floor; or the last block, if it is
 * shorter, whatever is in it.  Pairs that are not eligible may be found, too.
 */
MTR_SIMD
static int32_t
find_above(const int32_t *score, const int64_t *price, int32_t n,
		   int64_t floor, int32_t from)
{
	for (; n - from >= 32; from += 32)
	{
		const int32_t *s = score + from;
		const int64_t *v = price + from;
		uint64_t	any = 0;

		for (int k = 0; k < 32; k++)
			any |= 2 * (int64_t) s[k] - v[k] > floor;
		if (any)
			break;
	}
	return from;
}

/* The same for row + score */
MTR_SIMD
static int32_t
find_sum_above(const int32_t *score, const int64_t *row, int32_t n,
			   int64_t floor, int32_t from)
{
	for (; n - from >= 32; from += 32)
	{
		const int32_t *s = score + from;
		const int64_t *v = row + from;
		uint64_t	any = 0;

		for (int k = 0; k < 32; k++)
			any |= s[k] + v[k] > floor;
		if (any)
			break;
	}
	return from;
}

/* Find the "room" partners of i with the highest 2 * w(i,j) - price(j). */
static void
find_partners(Bound *b, int32_t i, int32_t room, int64_t floor)
{
	const int32_t *score = b->p->score + (size_t) i * b->p->n;
	int32_t		n = b->p->n;
	MtrTop	   *t = &b->top;

	top_clear(t, room, floor);
	for (int32_t from = find_above(score, b->price, n, t->floor, 0); from < n;
		 from = find_above(score, b->price, n, t->floor, from + 32))
		for (int32_t j = from; j < n && j < from + 32; j++)
		{
			int64_t		value = 2 * (int64_t) score[j] - b->price[j];

			if (value > t->floor && score[j] != MTR_NO_PAIR)
				top_add(t, value, j);
		}
}

/* ----------
 * Prices
 * ----------
 */

/*
 * The first step: a fifth of what the best partner usually has above the
 * average, split among the partners of a circle.  "Usually" is a median, so
 * that a few very high scores don't matter.
 */
static int64_t
first_step(Bound *b)
{
	int64_t		low = 0,
				high = 2 * MAX_PRICE;

	for (int32_t a = 0; a < b->nalive; a++)
	{
		int32_t		i = b->alive[a];
		const int32_t *score = b->p->score + (size_t) i * b->p->n;
		int64_t		sum = 0,
					count = 0,
					most = -MAX_PRICE;

		mtr_poll();
		for (int32_t j = 0; j < b->p->n; j++)
			if (score[j] != MTR_NO_PAIR)
			{
				sum += score[j];
				count++;
				most = score[j] > most ? score[j] : most;
			}
		b->row[a] = most - divide_down(sum, count);
	}
	while (low < high)
	{
		int64_t		middle = (low + high) / 2;
		int32_t		above = 0;

		for (int32_t a = 0; a < b->nalive; a++)
			above += b->row[a] > middle;
		if (2 * above > b->nalive)
			low = middle + 1;
		else
			high = middle;
	}
	return 2 * low / 5 / (b->max_size - 1);
}

/* Bound (1), four times, for the present prices; "chosen" is its slope. */
static int64_t
bound_pairs(Bound *b)
{
	int64_t		sum = 0;
	int32_t		nsaved = b->nalive % b->max_size;
	bool		smaller = b->p->min_size < b->max_size;

	memset(b->chosen, 0, b->p->n * sizeof(int32_t));
	top_clear(&b->saved, nsaved, -INT64_MAX);
	for (int32_t a = 0; a < b->nalive; a++)
	{
		int32_t		i = b->alive[a];
		MtrTop	   *t = &b->top;
		int64_t		share;
		int64_t		saved = 0;

		/* only what is above 0 after adding price(i) */
		mtr_poll();
		find_partners(b, i, b->max_size - 1, -b->price[i]);
		share = top_sum(t) + t->n * b->price[i];
		b->chosen[i] -= t->n;
		for (int32_t k = 0; k < t->n; k++)
			b->chosen[t->who[k]]++;
		sum += share;
		if (!smaller)
			saved = share;
		else if (t->n == t->room)
			saved = t->value[0] + b->price[i];
		if (-saved > b->saved.floor)
			top_add(&b->saved, -saved, i);
	}
	return sum + top_sum(&b->saved);
}

/* Find prices; returns bound (1). */
static int64_t
find_prices(Bound *b, int64_t *best_price)
{
	int64_t		step = first_step(b);
	int64_t		best = INT64_MAX;

	for (int32_t j = 0; j < b->p->n; j++)
		b->price[j] = LARGEST;
	for (int32_t a = 0; a < b->nalive; a++)
		b->price[b->alive[a]] = 0;
	for (int round = 0; round < ROUNDS; round++)
	{
		int64_t		bound = bound_pairs(b);

		if (bound < best)
		{
			best = bound;
			memcpy(best_price, b->price, b->p->n * sizeof(int64_t));
		}
		if (step == 0)
			break;
		for (int32_t a = 0; a < b->nalive; a++)
		{
			int64_t    *price = &b->price[b->alive[a]];

			*price += step * b->chosen[b->alive[a]];
			if (*price > MAX_PRICE)
				*price = MAX_PRICE;
			if (*price < -MAX_PRICE)
				*price = -MAX_PRICE;
		}
		step -= divide_up(step, SHRINK);
	}
	memcpy(b->price, best_price, b->p->n * sizeof(int64_t));
	return divide_down(best, 4);
}

/* ----------
 * Triples
 * ----------
 */

/* 2 h(i), rounded up, for all sizes; LOWEST where there are too few */
static void
find_half(Bound *b, int32_t i)
{
	int64_t    *half = b->half + (size_t) i * MAX_TRIPLE_SIZE;
	MtrTop	   *t = &b->top;
	int64_t		sum = 0;

	find_partners(b, i, b->max_size - 2, LOWEST);

	/* insertion sort, highest first */
	for (int32_t k = 1; k < t->n; k++)
	{
		int64_t		value = t->value[k];
		int32_t		at = k;

		for (; at > 0 && t->value[at - 1] < value; at--)
			t->value[at] = t->value[at - 1];
		t->value[at] = value;
	}
	for (int32_t k = 0; k < b->max_size - 2; k++)
	{
		sum += k < t->n ? t->value[k] : 0;
		half[k] = k < t->n ? divide_up(sum, k + 1) : LOWEST;
	}
}

/* E(i,j) for circles of "size" */
static inline int64_t
promise_of(const Bound *b, int32_t i, int32_t j, int32_t size)
{
	int64_t		half = b->half[(size_t) i * MAX_TRIPLE_SIZE + size - 3] +
	b->half[(size_t) j * MAX_TRIPLE_SIZE + size - 3];

	return b->p->score[(size_t) i * b->p->n + j] + 2 * b->price[i] -
		b->price[j] + divide_up(half, 2);
}

/* Q(i,j), rounded up, for circles of max_size; the row is that of i */
static int64_t
exact_value(Bound *b, int32_t i, int32_t j)
{
	const int32_t *score = b->p->score + (size_t) j * b->p->n;
	int32_t		n = b->p->n;
	MtrTop	   *t = &b->triple;

	mtr_poll();
	top_clear(t, b->max_size - 2, LOWEST);
	for (int32_t from = find_sum_above(score, b->row, n, t->floor, 0);
		 from < n;
		 from = find_sum_above(score, b->row, n, t->floor, from + 32))
		for (int32_t k = from; k < n && k < from + 32; k++)
			if (b->row[k] + score[k] > t->floor && score[k] != MTR_NO_PAIR)
				top_add(t, b->row[k] + score[k], k);
	if (t->n < t->room)
		return LOWEST;
	return b->p->score[(size_t) i * n + j] + 2 * b->price[i] - b->price[j] +
		divide_up(top_sum(t), t->room);
}

/*
 * Six times f(i).  The partners that promise most go first, because they
 * raise the floor below which E(i,j) is enough.
 */
static int64_t
largest_share(Bound *b, int32_t i)
{
	const int32_t *score = b->p->score + (size_t) i * b->p->n;
	int32_t		n = b->p->n;
	int32_t		nexact = 0;
	MtrTop	   *t = &b->top;

	top_clear(&b->first, FIRST, LOWEST);
	for (int32_t j = 0; j < n; j++)
	{
		bool		eligible = score[j] != MTR_NO_PAIR &&
		b->price[j] < LARGEST;

		b->row[j] = eligible ? score[j] - b->price[j] : 2 * LOWEST;
		b->promise[j] = eligible ? promise_of(b, i, j, b->max_size) : LOWEST;
		if (b->promise[j] > b->first.floor)
			top_add(&b->first, b->promise[j], j);
	}

	top_clear(t, b->max_size - 1, LOWEST);
	for (int32_t k = 0; k < b->first.n; k++)
	{
		int32_t		j = b->first.who[k];
		int64_t		value = exact_value(b, i, j);

		b->promise[j] = LOWEST;
		if (value > t->floor)
			top_add(t, value, j);
	}
	for (int32_t j = 0; j < n; j++)
	{
		int64_t		value = b->promise[j];

		if (value > t->floor && nexact < EXACT - FIRST)
		{
			value = exact_value(b, i, j);
			nexact++;
		}
		if (value > t->floor)
			top_add(t, value, j);
	}
	return t->n < t->room ? 0 : top_sum(t);
}

/* Six times the share of i in circles of one size below max_size */
static int64_t
smaller_share(Bound *b, int32_t i, int32_t size)
{
	const int32_t *score = b->p->score + (size_t) i * b->p->n;
	MtrTop	   *t = &b->top;

	top_clear(t, size - 1, LOWEST);
	for (int32_t j = 0; j < b->p->n; j++)
	{
		int64_t		value;

		if (score[j] == MTR_NO_PAIR || b->price[j] == LARGEST)
			continue;
		if (size == 2)
			value = divide_up(6 * (int64_t) score[j] +
							  3 * (b->price[i] - b->price[j]), 2);
		else
			value = promise_of(b, i, j, size);
		if (value > t->floor)
			top_add(t, value, j);
	}
	return t->n < t->room ? 0 : top_sum(t);
}

/* Bound (2) */
static int64_t
bound_triples(Bound *b)
{
	int64_t		sum = 0;

	top_clear(&b->saved, b->nalive % b->max_size, -INT64_MAX);
	for (int32_t a = 0; a < b->nalive; a++)
	{
		mtr_poll();
		find_half(b, b->alive[a]);
	}
	for (int32_t a = 0; a < b->nalive; a++)
	{
		int32_t		i = b->alive[a];
		int64_t		share = largest_share(b, i);
		int64_t		other = 0;

		for (int32_t size = b->p->min_size; size < b->max_size; size++)
		{
			int64_t		smaller;

			mtr_poll();
			smaller = smaller_share(b, i, size);
			other = smaller > other ? smaller : other;
		}
		share = share > other ? share : other;
		sum += share;
		if (other - share > b->saved.floor)
			top_add(&b->saved, other - share, i);
	}
	return divide_down(sum + top_sum(&b->saved), 6);
}

/* ----------
 * All of it
 * ----------
 */

static void
lay_out_top(MtrTop *t, int32_t room, char *scratch, size_t *used)
{
	t->value = mtr_circle_carve(scratch, used, room, sizeof(int64_t));
	t->who = mtr_circle_carve(scratch, used, room, sizeof(int32_t));
}

static size_t
lay_out(Bound *b, const MtrCircle *p, char *scratch)
{
	size_t		used = 0;
	size_t		n = p->n;

	memset(b, 0, sizeof(*b));
	b->p = p;
	b->max_size = p->max_size < p->n ? p->max_size : p->n;
	b->price = mtr_circle_carve(scratch, &used, n, sizeof(int64_t));
	b->row = mtr_circle_carve(scratch, &used, n, sizeof(int64_t));
	b->promise = mtr_circle_carve(scratch, &used, n, sizeof(int64_t));
	if (b->max_size <= MAX_TRIPLE_SIZE)
		b->half = mtr_circle_carve(scratch, &used, n * MAX_TRIPLE_SIZE,
								   sizeof(int64_t));
	b->chosen = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	lay_out_top(&b->top, b->max_size, scratch, &used);
	lay_out_top(&b->triple, b->max_size, scratch, &used);
	lay_out_top(&b->first, FIRST, scratch, &used);
	lay_out_top(&b->saved, b->max_size, scratch, &used);
	return used;
}

size_t
mtr_circle_bound_scratch_size(const MtrCircle *p)
{
	Bound		b;

	return lay_out(&b, p, NULL);
}

/* The bound of the total; alive are the members of mtr_circle_alive(). */
int64_t
mtr_circle_bound(const MtrCircle *p, const int32_t *alive, int32_t nalive,
				 void *scratch)
{
	Bound		b;
	int64_t		bound,
				triples;

	if (nalive < p->min_size)
		return 0;
	lay_out(&b, p, scratch);
	b.alive = alive;
	b.nalive = nalive;
	bound = find_prices(&b, b.promise);
	if (b.max_size < 3 || b.max_size > MAX_TRIPLE_SIZE)
		return bound;
	triples = bound_triples(&b);
	return triples < bound ? triples : bound;
}
