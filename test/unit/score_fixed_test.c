/*
 * score_fixed_test.c
 *	  shares, contributions, logarithms and roots against their definitions
 *
 * Build: score_fixed_test.c poll.c score*.c -lm
 */
#include "score_check.h"

#define MANY 5000

/* a number of 256 * 31 bits and more, lowest word first */
#define WORDS 260
typedef struct Long
{
	uint32_t	word[WORDS];
} Long;

static uint64_t random_state = 1;

static int32_t
below(int32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (int32_t) ((random_state >> 33) % (uint64_t) n);
}

/* ----------
 * mtr_divide, mtr_contributions
 * ----------
 */

static double
fraction(double x)
{
	return floor((x - floor(x)) * 1048576 + 0.5);
}

/* Largest remainder by looking for the largest again and again. */
static void
reference_divide(int32_t total, int32_t n, const double *weight,
				 int32_t *part)
{
	bool	   *given = TABLE(n, bool);
	double		sum = 0.0;

	for (int32_t k = 0; k < n; k++)
		sum += weight[k];
	for (int32_t k = 0; k < n; k++)
		part[k] = (int32_t) floor(total * weight[k] / sum);
	for (;;)
	{
		int64_t		left = total;
		int32_t		best = -1;

		for (int32_t k = 0; k < n; k++)
		{
			double		x = total * weight[k] / sum;
			double		y = best < 0 ? 0 : total * weight[best] / sum;

			left -= part[k];
			if (!given[k] && (best < 0 || fraction(x) > fraction(y)))
				best = k;
		}
		if (left == 0)
			return;
		given[best] = true;
		part[best]++;
	}
}

static bool
divides_into(int32_t total, int32_t n, const double *weight,
			 const int32_t *wanted)
{
	int32_t    *part = TABLE(n, int32_t);
	int32_t    *order = TABLE(n, int32_t);

	return mtr_divide(total, n, weight, part, order) &&
		same_row(n, part, wanted, "part", 0);
}

#define WEIGHTS(...) ((const double[]) {__VA_ARGS__})
#define PARTS(...) ((const int32_t[]) {__VA_ARGS__})

static void
test_divide_edges(void)
{
	int32_t		part[3] = {7, 7, 7};
	int32_t		order[3];

	report(divides_into(10, 3, WEIGHTS(1, 1, 1), PARTS(4, 3, 3)),
		   "divide: ties go to the lower index");
	report(divides_into(11, 3, WEIGHTS(1, 1, 1), PARTS(4, 4, 3)),
		   "divide: two units left");
	report(divides_into(10, 3, WEIGHTS(6, 7, 7), PARTS(3, 4, 3)),
		   "divide: the larger fractions first");
	report(divides_into(MTR_UNIT, 3, WEIGHTS(4, 1, 1),
						PARTS(666667, 166667, 166666)) &&
		   divides_into(MTR_UNIT, 3, WEIGHTS(0.1, 0.4, 0.7),
						PARTS(83334, 333333, 583333)),
		   "divide: fractions that are equal but for rounding");
	report(divides_into(10, 4, WEIGHTS(0, 2, 0, 1), PARTS(0, 7, 0, 3)),
		   "divide: weight 0 gets nothing");
	report(divides_into(0, 2, WEIGHTS(1, 2), PARTS(0, 0)),
		   "divide: nothing");
	report(divides_into(MTR_UNIT, 1, WEIGHTS(0.1), PARTS(MTR_UNIT)),
		   "divide: all to one");
	report(divides_into(MTR_UNIT, 3, WEIGHTS(1e6, 1e-300, 5e-324),
						PARTS(MTR_UNIT, 0, 0)),
		   "divide: weights too small to count");
	report(divides_into(3, 2, WEIGHTS(5e-324, 1e-323), PARTS(1, 2)),
		   "divide: the smallest weights there are");
	report(!mtr_divide(MTR_UNIT, 3, WEIGHTS(0, 0, 0), part, order) &&
		   part[0] == 0 && part[1] == 0 && part[2] == 0,
		   "divide: no weight");
	report(!mtr_divide(MTR_UNIT, 0, NULL, NULL, NULL), "divide: no parts");
	release_memory();
}

static double
random_weight(int form)
{
	if (form == 0)
		return below(4);
	if (form == 1)
		return below(1000000) / 999.0;
	if (form == 2)
		return 1e6;
	return ldexp(1 + below(1000), below(4) == 0 ? -below(300) : -10);
}

static void
test_divide_random(void)
{
	bool		agrees = true;
	bool		adds_up = true;

	for (int r = 0; r < 3000 && agrees; r++)
	{
		int32_t		n = 1 + below(30);
		double	   *weight = TABLE(n, double);
		int32_t    *wanted = TABLE(n, int32_t);
		int32_t		total = below(2) ? MTR_UNIT : below(100);
		int			form = below(4);

		for (int32_t k = 0; k < n; k++)
			weight[k] = random_weight(form);
		weight[below(n)] += 1;
		reference_divide(total, n, weight, wanted);
		agrees = divides_into(total, n, weight, wanted);
		release_memory();
	}
	report(agrees, "divide: 3000 random divisions agree");

	for (int r = 0; r < 12; r++)
	{
		double	   *weight = TABLE(MANY, double);
		int32_t    *part = TABLE(MANY, int32_t);
		int32_t    *order = TABLE(MANY, int32_t);
		double		sum = 0;
		int64_t		left = MTR_UNIT;

		for (int32_t k = 0; k < MANY; k++)
			sum += weight[k] = random_weight(r % 4);
		mtr_divide(MTR_UNIT, MANY, weight, part, order);
		for (int32_t k = 0; k < MANY; k++)
		{
			adds_up = adds_up &&
				fabs(part[k] - MTR_UNIT * weight[k] / sum) <= 1;
			left -= part[k];
		}
		adds_up = adds_up && left == 0;
		release_memory();
	}
	report(adds_up, "divide: 5000 parts add up");
}

static void
test_contribution_edges(void)
{
	int32_t		part[3];
	int32_t		order[3];

	/* 0.5, 0.5 and nothing */
	report(mtr_contributions(3, PARTS(500000, 500000, 0), PARTS(1, 1, 1),
							 part, order) == 1 &&
		   same_row(3, part, PARTS(1, 0, 0), "part", 0),
		   "contributions: a tie goes to the lower index");
	report(mtr_contributions(2, PARTS(500000, 500000), PARTS(1, 0), part,
							 order) == 1 &&
		   same_row(2, part, PARTS(1, 0), "part", 0),
		   "contributions: a half rounds up");
	report(mtr_contributions(3, PARTS(333334, 333333, 333333),
							 PARTS(MTR_UNIT, MTR_UNIT, MTR_UNIT), part,
							 order) == MTR_UNIT &&
		   same_row(3, part, PARTS(333334, 333333, 333333), "part", 0),
		   "contributions: all");
	report(mtr_contributions(0, NULL, NULL, NULL, NULL) == 0,
		   "contributions: no criteria");
}

/* ----------
 * mtr_text_idf, mtr_text_root
 * ----------
 */

/* x^256 */
static void
power_256(uint32_t x, Long *power)
{
	static Long product;

	memset(power, 0, sizeof(Long));
	power->word[0] = x;
	for (int r = 0; r < 8; r++)
	{
		memset(&product, 0, sizeof(Long));
		for (int i = 0; i < WORDS; i++)
		{
			uint64_t	carry = 0;

			if (power->word[i] == 0)
				continue;
			for (int j = 0; i + j < WORDS; j++)
			{
				carry += (uint64_t) power->word[i] * power->word[j] +
					product.word[i + j];
				product.word[i + j] = (uint32_t) carry;
				carry >>= 32;
			}
		}
		*power = product;
	}
}

static int
bit_length(const Long *x)
{
	for (int i = WORDS * 32 - 1; i >= 0; i--)
		if (x->word[i / 32] >> i % 32 & 1)
			return i + 1;
	return 0;
}

/* Is x >= y * 2^shift, when both have the same number of bits? */
static bool
not_less(const Long *x, const Long *y, int shift)
{
	for (int i = WORDS * 32 - 1; i >= 0; i--)
	{
		int			a = x->word[i / 32] >> i % 32 & 1;
		int			b = i < shift ? 0 :
		y->word[(i - shift) / 32] >> (i - shift) % 32 & 1;

		if (a != b)
			return a > b;
	}
	return true;
}

/* The largest k with total^256 >= 2^k * df^256, at least 1. */
static int32_t
reference_idf(int32_t total, int32_t df)
{
	static Long a;
	static Long b;
	int			k;

	power_256(total, &a);
	power_256(df, &b);
	k = bit_length(&a) - bit_length(&b);
	if (!not_less(&a, &b, k))
		k--;
	return k > 1 ? k : 1;
}

/* The ratios of numbers below 2^31 closest to powers of 2^(1/256). */
static const int32_t close_ratios[][2] = {
	{1145083801, 682716930}, {1365433860, 1145083801},
	{1208440873, 736268118}, {1472536236, 1208440873},
	{566304603, 433147835}, {866295670, 566304603},
	{587428597, 540134893}, {1080269786, 587428597},
	{1987870493, 1122725329}, {1725707897, 940948903},
	{1881897806, 1725707897}, {1319887981, 670752761},
};

static void
test_idf(void)
{
	bool		agrees = true;

	report(mtr_text_idf(1, 1) == 1 && mtr_text_idf(1000, 1000) == 1 &&
		   mtr_text_idf(INT32_MAX, INT32_MAX) == 1,
		   "idf: in every text");
	for (int32_t shift = 1; shift < 31; shift++)
		agrees = agrees && mtr_text_idf(1 << shift, 1) == 256 * shift;
	for (int32_t shift = 1; shift < 29; shift++)
		agrees = agrees && mtr_text_idf(3 << shift, 3) == 256 * shift &&
			mtr_text_idf((3 << shift) - 1, 3) < 256 * shift;
	report(agrees, "idf: powers of 2, and next to them");

	agrees = true;
	for (size_t r = 0; r < sizeof(close_ratios) / sizeof(*close_ratios); r++)
		agrees = agrees &&
			mtr_text_idf(close_ratios[r][0], close_ratios[r][1]) ==
			reference_idf(close_ratios[r][0], close_ratios[r][1]);
	report(agrees, "idf: ratios closest to a power of 2^(1/256)");

	for (int r = 0; r < 150 && agrees; r++)
	{
		int32_t		total = 1 + below(r % 3 == 0 ? INT32_MAX : 10000);
		int32_t		df = 1 + below(total);

		agrees = mtr_text_idf(total, df) == reference_idf(total, df);
	}
	report(agrees, "idf: 150 random ratios agree");
}

static void
test_root(void)
{
	bool		agrees = true;

	report(mtr_text_root(0) == 0 && mtr_text_root(1) == 1024 &&
		   mtr_text_root(4) == 2048 && mtr_text_root(2) == 1448,
		   "root: small numbers");
	report(mtr_text_root((INT64_C(1) << 43) - 1) == INT64_C(3037000499),
		   "root: the largest number");
	for (int r = 0; r < 10000 && agrees; r++)
	{
		int64_t		q = ((int64_t) below(INT32_MAX) << 12) + below(1 << 12);
		int64_t		x = below(1 << 21);

		q >>= below(43);
		agrees = mtr_text_root(q) == reference_root(q);

		/* a square, and one less */
		agrees = agrees && mtr_text_root(x * x) == 1024 * x &&
			(x == 0 || mtr_text_root(x * x - 1) < 1024 * x);
	}
	report(agrees, "root: 10000 random numbers agree");
}

int
main(void)
{
	test_divide_edges();
	test_divide_random();
	test_contribution_edges();
	test_idf();
	test_root();
	return finish();
}
