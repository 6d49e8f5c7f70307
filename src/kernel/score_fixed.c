/*
 * score_fixed.c
 *	  fixed point: dividing a whole into shares, and the weights of words
 *
 * Shares and contributions are divided by largest remainder (Hamilton's
 * method): everyone gets the whole part of what is due, and the units left
 * over go, one each, to the largest fractional parts, ties to the lower
 * index.  Those are found with a binary heap, O(n + units left * log n) and
 * without memory beyond the caller's.
 *
 * Logarithms and roots are worked out in integers, digit by digit, because
 * those of the C library may differ in the last place from one machine to
 * another.  The square of a 128 bit number is put together from 64 bit
 * pieces: not every platform has a longer type.
 */
#include "score.h"

/* fractions of amounts are compared in steps of 1 / FRACTION_STEPS */
#define FRACTION_STEPS (1 << 20)

/* What is being divided: weights, or shares times similarities. */
typedef struct Division
{
	double		total;
	double		weight_sum;
	const double *weight;		/* NULL when contributions are divided */
	const int32_t *share;
	const int32_t *sim;
} Division;

/* What is due to k of the total. */
static double
amount_due(const Division *division, int32_t k)
{
	return division->total * division->weight[k] / division->weight_sum;
}

/*
 * The fractional part of what is due to k.  That of an amount is taken in
 * steps of 2^-20: what is equal, like the thirds of 1/6 and 4/6 of a million,
 * shall stay equal in spite of rounding, whose error is some 10^-10.
 */
static int32_t
fraction_due(const Division *division, int32_t k)
{
	double		due;

	if (division->weight == NULL)
		return (int32_t) ((int64_t) division->share[k] * division->sim[k] %
						  MTR_UNIT);
	due = amount_due(division, k);
	return (int32_t) ((due - (int32_t) due) * FRACTION_STEPS + 0.5);
}

/* Does a get a unit before b? */
static bool
comes_first(const Division *division, int32_t a, int32_t b)
{
	int32_t		x = fraction_due(division, a);
	int32_t		y = fraction_due(division, b);

	return x != y ? x > y : a < b;
}

/* Let the element at the root of a subheap sink to its place. */
static void
sink(const Division *division, int32_t *heap, int32_t size, int32_t root)
{
	int32_t		sinking = heap[root];

	for (;;)
	{
		int32_t		child = 2 * root + 1;

		if (child >= size)
			break;
		if (child + 1 < size &&
			comes_first(division, heap[child + 1], heap[child]))
			child++;
		if (!comes_first(division, heap[child], sinking))
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = sinking;
}

/* Give units to the n parts with the largest fractions, one each and
 * another round while some are left.  heap is scratch. */
static void
give_units(const Division *division, int32_t n, int64_t units, int32_t *part,
		   int32_t *heap)
{
	while (units > 0)
	{
		int32_t		size = n;

		for (int32_t k = 0; k < n; k++)
			heap[k] = k;
		for (int32_t k = n / 2 - 1; k >= 0; k--)
			sink(division, heap, size, k);
		for (; units > 0 && size > 0; units--)
		{
			part[heap[0]]++;
			heap[0] = heap[--size];
			if (size > 0)
				sink(division, heap, size, 0);
		}
	}
}

bool
mtr_divide(int32_t total, int32_t n, const double *weight, int32_t *part,
		   int32_t *order)
{
	Division	division = {total, 0.0, weight, NULL, NULL};
	int64_t		units = total;

	for (int32_t k = 0; k < n; k++)
	{
		part[k] = 0;
		division.weight_sum += weight[k];
	}
	if (!(division.weight_sum > 0))
		return false;

	/*
	 * The whole parts can't exceed the total: each amount errs by less than
	 * 2^-51 of itself and the sum of weights by n * 2^-53, which is less than
	 * one unit while n * total < 2^51.
	 */
	for (int32_t k = 0; k < n; k++)
	{
		part[k] = (int32_t) amount_due(&division, k);
		units -= part[k];
	}
	give_units(&division, n, units, part, order);
	return true;
}

int32_t
mtr_contributions(int32_t n, const int32_t *share, const int32_t *sim,
				  int32_t *part, int32_t *order)
{
	Division	division = {0.0, 0.0, NULL, share, sim};
	int64_t		sum = MTR_UNIT / 2;
	int64_t		units = 0;
	int32_t		score;

	for (int32_t k = 0; k < n; k++)
	{
		int64_t		product = (int64_t) share[k] * sim[k];

		sum += product;
		part[k] = (int32_t) (product / MTR_UNIT);
		units -= part[k];
	}
	score = (int32_t) (sum / MTR_UNIT);
	give_units(&division, n, units + score, part, order);
	return score;
}

/* The two halves of a product of 64 bit numbers. */
static void
multiply_wide(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
	uint64_t	a1 = a >> 32;
	uint64_t	a0 = a & UINT32_MAX;
	uint64_t	b1 = b >> 32;
	uint64_t	b0 = b & UINT32_MAX;
	uint64_t	middle = a1 * b0 + (a0 * b0 >> 32);
	uint64_t	other = a0 * b1 + (middle & UINT32_MAX);

	*high = a1 * b1 + (middle >> 32) + (other >> 32);
	*low = (other << 32) | ((a0 * b0) & UINT32_MAX);
}

/*
 * With x = total / df scaled into [1, 2), squaring x eight times and halving
 * it whenever it reaches 2 yields eight binary digits of log2(x).
 *
 * x is kept with 127 binary places in (high, low).  A squaring loses at most
 * 4 units of the last place and doubles the relative error, so at the end x
 * is too small by less than 2^-115 of itself.  That could give a wrong digit
 * only where total / df misses a power of 2^(1/256) by less; but a power
 * that is whole is hit exactly, and by continued fractions no ratio of
 * numbers below 2^31 comes nearer to any other than 2^-67.1.
 */
int32_t
mtr_text_idf(int32_t total, int32_t df)
{
	uint64_t	divisor = df;
	uint64_t	rest;
	uint64_t	high;
	uint64_t	low = 0;
	int32_t		idf = 0;

	while (divisor * 2 <= (uint64_t) total)
	{
		divisor *= 2;
		idf++;
	}

	/* long division, bit by bit: 64 bits of high, then of low */
	high = 1;
	rest = total - divisor;
	for (int bit = 1; bit < 128; bit++)
	{
		uint64_t   *half = bit < 64 ? &high : &low;

		rest *= 2;
		*half = *half << 1 | (rest >= divisor);
		if (rest >= divisor)
			rest -= divisor;
	}

	for (int digit = 0; digit < 8; digit++)
	{
		uint64_t	square_high;
		uint64_t	square_low;
		uint64_t	cross_high;
		uint64_t	cross_low;

		/* (high * 2^64 + low)^2 / 2^128 without the square of low */
		multiply_wide(high, high, &square_high, &square_low);
		multiply_wide(high, low, &cross_high, &cross_low);
		cross_low = cross_high << 1 | cross_low >> 63;
		square_high += cross_high >> 63;
		low = square_low + cross_low;
		high = square_high + (low < square_low);

		/* 126 places now, which is x / 2 with 127 */
		idf = idf * 2 + (int32_t) (high >> 63);
		if (high >> 63 == 0)
		{
			high = high << 1 | low >> 63;
			low <<= 1;
		}
	}
	return idf > 0 ? idf : 1;
}

/* The root is found from the highest bit down: a bit stays when the square
 * still fits. */
int64_t
mtr_text_root(int64_t q)
{
	uint64_t	square = (uint64_t) q << 20;
	uint64_t	root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
	{
		uint64_t	longer = root | bit;

		if (longer * longer <= square)
			root = longer;
	}
	return (int64_t) root;
}
