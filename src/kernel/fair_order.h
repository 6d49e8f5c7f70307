/*
 * fair_order.h
 *	  the pairs in order, in batches of bounded size
 *
 * Part of fair.c.  A key is a score's distance from one end of the range,
 * then the index of the pair: ascending scores while levels are settled,
 * later the order of the rule.  A pass over the matrix collects the lowest
 * keys of all pairs that matter, as many as fit.
 */

#define MAX_SCORE 1000000000
#define INDEX_BITS 33

static const uint32_t one_bit[32] = {
	1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7,
	1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14,
	1u << 15, 1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21,
	1u << 22, 1u << 23, 1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28,
	1u << 29, 1u << 30, 1u << 31
};

/*
 * The set of places where low <= score <= high; low >= -MAX_SCORE, so that
 * MTR_NO_PAIR is outside.  Comparing differences modulo 2^32 needs one
 * comparison, and adding up bits is how a compiler packs them.
 */
MTR_SIMD
static void
mark_range(const int32_t *score, int32_t n, int32_t low, int32_t high,
		   uint64_t *out)
{
	uint32_t	span = (uint32_t) high - (uint32_t) low;
	int32_t		from = 0;

	for (; from + 64 <= n; from += 64)
	{
		const int32_t *s = score + from;
		uint32_t	lower = 0;
		uint32_t	upper = 0;

		for (int k = 0; k < 32; k++)
			lower |= (uint32_t) s[k] - (uint32_t) low <= span ?
				one_bit[k] : 0;
		for (int k = 0; k < 32; k++)
			upper |= (uint32_t) s[32 + k] - (uint32_t) low <= span ?
				one_bit[k] : 0;
		out[from >> 6] = (uint64_t) upper << 32 | lower;
	}
	if (from < n)
	{
		uint64_t	word = 0;

		for (int32_t j = from; j < n; j++)
			word |= (uint64_t) ((uint32_t) score[j] - (uint32_t) low <= span)
				<< (j & 63);
		out[from >> 6] = word;
	}
}

static inline uint64_t
key_of(const Fair *f, int32_t i, int32_t j, int32_t score)
{
	uint64_t	index = (uint64_t) i * f->p->ncols + j;
	int64_t		distance = (int64_t) score + MAX_SCORE;

	if (f->by_rule)
	{
		distance = MAX_SCORE - (int64_t) score;
		if (f->rows_are_right)
			index = (uint64_t) j * f->p->nrows + i;
	}
	return (uint64_t) distance << INDEX_BITS | index;
}

static inline int32_t
score_of_key(const Fair *f, uint64_t key)
{
	int64_t		distance = (int64_t) (key >> INDEX_BITS);

	return (int32_t) (f->by_rule ? MAX_SCORE - distance :
					  distance - MAX_SCORE);
}

/* The row and column of a key */
static inline void
cell_of(const Fair *f, uint64_t key, int32_t *i, int32_t *j)
{
	uint64_t	index = key & ((UINT64_C(1) << INDEX_BITS) - 1);

	if (f->by_rule && f->rows_are_right)
	{
		*i = (int32_t) (index % (uint32_t) f->p->nrows);
		*j = (int32_t) (index / (uint32_t) f->p->nrows);
	}
	else
	{
		*i = (int32_t) (index / (uint32_t) f->p->ncols);
		*j = (int32_t) (index % (uint32_t) f->p->ncols);
	}
}

/* Keep a batch of keys, and take none from the highest of them on */
static void
shorten_keys(Fair *f)
{
	keep_lowest(f->key, f->nkeys, f->batch);
	f->nkeys = f->batch;
	f->cutoff = 0;
	for (int64_t k = 0; k < f->nkeys; k++)
		if (f->key[k] > f->cutoff)
			f->cutoff = f->key[k];
}

static inline void
add_key(Fair *f, uint64_t key)
{
	if (key >= f->cutoff)
		return;
	f->key[f->nkeys++] = key;
	if (f->nkeys == 2 * f->batch)
		shorten_keys(f);
}

/*
 * Add the pairs of one row that aren't taken.  Ascending, few pairs are
 * wanted of the many in the graph.  In the order of the rule most of what is
 * left is wanted soon, so a row's lowest key is kept for the next pass: while
 * the row gets no other arcs it isn't read until the key is wanted.
 */
static void
collect_row(Fair *f, int32_t i, int32_t low)
{
	const Side *rows = &f->side[0];
	const int32_t *score = f->p->score + (size_t) i * f->p->ncols;
	const uint64_t *open = set_of(rows->open, rows, i);
	uint64_t	lowest = UINT64_MAX;

	if (f->by_rule && f->row_low[i] >= f->cutoff)
		return;
	if (!f->by_rule)
		mark_range(score, f->p->ncols, low, f->cutoff == UINT64_MAX ?
				   MAX_SCORE : score_of_key(f, f->cutoff), f->mark);
	for (int32_t w = 0; w < rows->words; w++)
		for (uint64_t x = open[w] & f->mark[w]; x != 0; x &= x - 1)
		{
			int32_t		j = w * 64 + __builtin_ctzll(x);
			uint64_t	key = key_of(f, i, j, score[j]);

			lowest = key < lowest ? key : lowest;
			add_key(f, key);
		}
	f->row_low[i] = lowest;
}

/*
 * Collect the next pairs, live or not taken, of score "low" or more; sorted.
 * Returns whether these are all there are.
 */
static bool
collect(Fair *f, int32_t low)
{
	bool		all;

	f->nkeys = 0;
	f->cutoff = UINT64_MAX;
	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] == PLACE_LIVE && f->score[q] >= low)
			add_key(f, key_of(f, f->end[0][q], f->end[1][q], f->score[q]));
	}
	for (int32_t i = 0; i < f->p->nrows; i++)
	{
		mtr_poll();
		collect_row(f, i, low);
	}
	if (f->nkeys > f->batch)
		shorten_keys(f);
	all = f->cutoff == UINT64_MAX;
	sort_keys(f->key, f->nkeys);
	return all;
}

/* Pairs not taken, of scores from "low" to "high", are gone */
static void
drop_range(Fair *f, int32_t low, int32_t high)
{
	Side	   *rows = &f->side[0];
	Side	   *cols = &f->side[1];

	for (int32_t i = 0; i < f->p->nrows; i++)
	{
		const uint64_t *open = set_of(rows->open, rows, i);

		mtr_poll();
		mark_range(f->p->score + (size_t) i * f->p->ncols, f->p->ncols,
				   low, high, f->mark);
		for (int32_t w = 0; w < rows->words; w++)
			if ((open[w] & f->mark[w]) != 0)
				close_word(rows, cols, i, w, open[w] & f->mark[w]);
	}
}
