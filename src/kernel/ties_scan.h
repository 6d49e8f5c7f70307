/*
 * ties_scan.h
 *	  the pairs of a row whose slack is not negative, and the proof's other
 *	  conditions
 *
 * Part of ties.c, ties_bits.c, ties_list.c and ties_settle.c.
 *
 * Of a row nearly all pairs have a slack below (0,0) (assign.h), so what
 * counts is the speed of finding that out.  Each column has a limit which the
 * score, less the row's price, must reach; it depends on the row only by the
 * row's cover, so two arrays of 32-bit limits serve all rows.  Limits are
 * lowered or raised where they don't fit, never so that a pair is missed, and
 * the few pairs found are looked at again in 64 bits.
 *
 * For 32 bits row prices are counted from the middle of their range: within
 * 2^29 of it no sum of price and limit leaves 32 bits, and none falls to
 * MTR_NO_PAIR.  That is all there usually is, for scores from 0 to 10^9; rows
 * whose price is further away are compared in 64 bits, at an eighth of the
 * speed.
 */

/* Scores beyond are refused; sums of a score and two prices must fit */
#define MAX_SCORE INT32_C(1000000000)
#define MAX_PRICE (INT64_C(1) << 60)

/* How far from the middle row prices are compared in 32 bits */
#define NARROW (INT32_C(1) << 29)

/* Limits every score reaches, and none, with any narrow price */
#define ALWAYS (-MAX_SCORE - NARROW)
#define NEVER (INT32_MAX - NARROW)

typedef struct Limits
{
	const MtrAssign *p;
	int64_t		middle;			/* of the row prices; limits include it */
	int32_t    *limit[2];		/* [columns] by cover of the row */
} Limits;

static inline int32_t
words_for(int32_t nbits)
{
	return (int32_t) (((int64_t) nbits + 63) / 64);
}

/* The lowest score that may be taken */
static inline int32_t
lowest_score(const MtrAssign *p)
{
	return p->most_pairs ? MTR_NO_PAIR + 1 : 1;
}

/*
 * Sign of the slack of an eligible pair.  A pair that is never taken is put
 * below all others.
 */
static inline int
slack_sign(const MtrAssign *p, int32_t i, int32_t j, int32_t score)
{
	int			cover = p->row_cover[i] + p->col_cover[j];
	int64_t		rest = score - p->row_price[i] - p->col_price[j];

	if (score < lowest_score(p))
		return -1;
	if (cover != p->most_pairs)
		return p->most_pairs - cover;
	return (rest > 0) - (rest < 0);
}

/* Prices so large that the slack might not fit are none of a solution */
static inline bool
prices_in_range(const MtrAssign *p)
{
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_price[i] > MAX_PRICE || p->row_price[i] < -MAX_PRICE)
			return false;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_price[j] > MAX_PRICE || p->col_price[j] < -MAX_PRICE)
			return false;
	return true;
}

/*
 * Check a side's part of the proof: no cover and price below (0,0), and above
 * it only where no place is vacant.
 */
static inline MtrStatus
check_side(int32_t n, const uint8_t *cover, const int64_t *price,
		   const int32_t *vacant)
{
	for (int32_t k = 0; k < n; k++)
	{
		if (cover[k] > 1 || vacant[k] < 0)
			return MTR_INVALID;
		if (cover[k] == 0 && price[k] < 0)
			return MTR_INVALID;
		if (vacant[k] > 0 && (cover[k] != 0 || price[k] != 0))
			return MTR_INVALID;
	}
	return MTR_OK;
}

/* The prices are in range */
static inline int64_t
middle_price(const MtrAssign *p)
{
	int64_t		lowest = MAX_PRICE;
	int64_t		highest = -MAX_PRICE;

	for (int32_t i = 0; i < p->nrows; i++)
	{
		lowest = p->row_price[i] < lowest ? p->row_price[i] : lowest;
		highest = p->row_price[i] > highest ? p->row_price[i] : highest;
	}
	return (lowest + highest) / 2;
}

/* Set the limits of n columns from "from" on */
static inline void
fill_limits(const Limits *l, int32_t from, int32_t n)
{
	for (int row_cover = 0; row_cover < 2; row_cover++)
		for (int32_t k = 0; k < n; k++)
		{
			int			sign = l->p->most_pairs - row_cover -
			l->p->col_cover[from + k];
			int64_t		price = l->p->col_price[from + k] + l->middle;

			if (sign > 0 || (sign == 0 && price < ALWAYS))
				price = ALWAYS;
			else if (sign < 0 || price > NEVER)
				price = NEVER;
			l->limit[row_cover][k] = (int32_t) price;
		}
}

static inline bool
is_narrow(const Limits *l, int32_t i)
{
	int64_t		price = l->p->row_price[i] - l->middle;

	return price >= -NARROW && price <= NARROW;
}

/* 64 bytes of 0 or 1 as bits; most often nearly all are 0 */
static inline uint64_t
pack_bits(const uint8_t *byte)
{
	uint64_t	part[8];
	uint64_t	word = 0;

	memcpy(part, byte, sizeof(part));
	for (int g = 0; g < 8; g++)
		if (part[g] != 0)
			for (int k = g * 8; k < g * 8 + 8; k++)
				word |= (uint64_t) byte[k] << k;
	return word;
}

/*
 * Mark in "out" where a row reaches the limits.  Most blocks have no such
 * place; finding that out is what has to be fast.
 */
MTR_SIMD
static void
find_narrow(const int32_t *score, const int32_t *limit, int32_t price,
			int32_t lowest, int32_t n, uint64_t *out)
{
	for (int32_t from = 0; from < n; from += 64)
	{
		const int32_t *s = score + from;
		const int32_t *l = limit + from;
		int32_t		len = n - from < 64 ? n - from : 64;
		int32_t		any = len < 64;
		uint8_t		reached[64] = {0};

		if (len == 64)
			for (int k = 0; k < 64; k++)
				any |= (s[k] >= l[k] + price) & (s[k] >= lowest);
		if (any)
			for (int k = 0; k < len; k++)
				reached[k] = (s[k] >= l[k] + price) & (s[k] >= lowest);
		out[from >> 6] = any ? pack_bits(reached) : 0;
	}
}

/* The same in 64 bits; first_missing is what the covers of the columns have
 * to add to that of the row */
MTR_SIMD
static void
find_wide(const MtrAssign *p, const int32_t *score, int64_t price,
		  int first_missing, uint64_t *out)
{
	int32_t		lowest = lowest_score(p);

	for (int32_t from = 0; from < p->ncols; from += 64)
	{
		int32_t		len = p->ncols - from < 64 ? p->ncols - from : 64;
		uint8_t		reached[64] = {0};

		for (int k = 0; k < len; k++)
		{
			int64_t		rest = score[from + k] - price -
			p->col_price[from + k];
			int			cover = p->col_cover[from + k];

			reached[k] = (score[from + k] >= lowest) &
				((cover < first_missing) |
				 ((cover == first_missing) & (rest >= 0)));
		}
		out[from >> 6] = pack_bits(reached);
	}
}

/* Mark in "out", words_for(ncols) words, the pairs of row i whose slack may
 * be (0,0) or above; the limits are those of all columns */
static inline void
find_reached(const Limits *l, int32_t i, const int32_t *score, uint64_t *out)
{
	const MtrAssign *p = l->p;
	int			cover = p->row_cover[i];
	int64_t		price = p->row_price[i];

	if (is_narrow(l, i))
		find_narrow(score, l->limit[cover], (int32_t) (price - l->middle),
					lowest_score(p), p->ncols, out);
	else
		find_wide(p, score, price, p->most_pairs - cover, out);
}
