/*
 * fair_check.c
 *	  is a matching a fairest one?  Judged without the solver
 *
 * Problem.  See fair.h.  Given are the scores and a matching; nothing that a
 * solver says about it is believed.
 *
 * Method.  Every other matching with as many pairs comes from the given one by
 * exchanges along cycles of a graph: from a row to a column by a pair not
 * taken, from a column to a row by a pair that is taken, and over the "hub" of
 * the rows from one that does without a pair to one that fills a vacant place,
 * likewise for the columns.
 *
 * The scores of the matching are gone through in ascending order.  An arc that
 * gives up a pair of the present score gains 1, one that takes such a pair
 * loses 1, lower scores are of no use any more.  The matching has too many
 * pairs of this score exactly if there is a cycle that gains.  The gains of
 * the best walks to each node are found by raising them as long as an arc
 * says that its head can have more.  If there is no such cycle that ends,
 * with no gain higher than there are rows or columns, because no walk need
 * pass a node twice; and a cycle that gains raises them beyond.
 *
 * Where it ends, the gains are prices of the linear programme: an arc whose
 * head has just what the arc gives can be in a cycle that changes nothing;
 * any other would lose and is dropped, as pair that is never taken, or always.
 * What remains are the matchings with equally many pairs of this and all lower
 * scores, and the next score is looked at.
 *
 * Whether there can be more pairs is found in the same way: rows with a vacant
 * place begin with a gain of 1, and no column with one may receive it.
 *
 * Cost.  For each score of the matching a walk over what its pairs reach, at
 * most nrows * ncols / 64 words for each unit of gain, and a pass over as
 * many words.  The pairs not taken are sorted by score in batches, at most
 * 128 passes over the matrix.
 *
 * Limits.  nrows * ncols <= 2^33, |score| <= 10^9.
 */
#include <string.h>

#include "fair.h"

/* A key is the score's distance from the lowest, then the index of a pair */
#define MAX_SCORE 1000000000
#define INDEX_BITS 33
#define INDEX_OF(key) ((key) & ((UINT64_C(1) << INDEX_BITS) - 1))
#define SCORE_OF(key) ((int32_t) ((int64_t) ((key) >> INDEX_BITS) - MAX_SCORE))
#define NO_LEVEL INT64_MIN

/* Pairs sorted at a time, unless a 128th of all is more; tests set it to
 * almost nothing */
#ifndef MTR_FAIR_CHECK_BATCH
#define MTR_FAIR_CHECK_BATCH 32768
#endif

#include "ties_order.h"

typedef struct Element
{
	int32_t		vacant;			/* places without a pair */
	int32_t		gain;			/* of the best walk known that ends here */
	bool		is_idle;		/* its number of pairs may change */
	bool		is_queued;
} Element;

typedef struct Check
{
	const MtrAssign *p;
	int32_t		words;			/* of a set of columns */
	int32_t		row_hub;		/* the rows' hub; the columns' is the next */
	int32_t		most_gain;		/* whoever has more is in a cycle that gains */
	uint64_t   *open;			/* [nrows][words] pairs not taken */
	uint64_t   *at_level;		/* [nrows][words] those of the present score */
	uint64_t   *gainers;		/* [most_gain + 2][words] columns that have at
								 * least this gain: of 0 all, beyond the most
								 * none */
	int32_t		ngains;			/* highest gain a column has */
	Element    *element;		/* [nodes] rows, columns, hubs */
	int32_t    *queue;			/* [nodes] a ring of nodes to be looked at */
	int32_t		nodes;
	int32_t		head;
	int32_t		nqueued;

	/* the matching, sorted by column */
	int32_t    *col_first;		/* [ncols + 1] first of a column's pairs */
	int32_t    *row;			/* [npairs] */
	int32_t    *score;
	uint8_t    *is_fixed;		/* every fairest matching has it */
	uint64_t   *pair_key;		/* [2 * npairs] score, then place in "row" */

	/* the present score, and the pairs not taken of the next ones */
	int64_t		level;
	int64_t		batch;
	uint64_t   *key;			/* [2 * batch] sorted */
	int64_t		nkeys;
	int64_t		next_key;
	int64_t		upto;			/* higher scores are not in "key" */
} Check;

/* ----------
 * Memory
 * ----------
 */

static inline int32_t
words_for(int32_t nbits)
{
	return (int32_t) (((int64_t) nbits + 63) / 64);
}

static inline bool
get_bit(const uint64_t *set, int32_t bit)
{
	return (set[bit >> 6] >> (bit & 63)) & 1;
}

static inline void
put_bit(uint64_t *set, int32_t bit, bool value)
{
	uint64_t	mask = UINT64_C(1) << (bit & 63);

	set[bit >> 6] = (set[bit >> 6] & ~mask) | (value ? mask : 0);
}

/* One of several sets of columns */
static inline uint64_t *
nth(const Check *c, uint64_t *sets, int32_t n)
{
	return sets + (size_t) n * c->words;
}

/* Give out the next part of the scratch, or only count when there is none */
static void *
carve(char *scratch, size_t *used, int64_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += ((size_t) count * size + 63) & ~(size_t) 63;
	return part;
}

/* Lay out the scratch and return its size.  The parts that begin as 0 come
 * first, "cleared" bytes. */
static size_t
lay_out(Check *c, const MtrAssign *p, char *scratch, size_t *cleared)
{
	int64_t		cells = (int64_t) p->nrows * p->ncols;
	int64_t		npairs = mtr_assign_max_pairs(p);
	size_t		used = 0;

	c->p = p;
	c->words = words_for(p->ncols);
	c->row_hub = p->nrows + p->ncols;
	c->nodes = c->row_hub + 2;
	c->most_gain = p->nrows < p->ncols ? p->nrows : p->ncols;
	c->open = carve(scratch, &used, (int64_t) p->nrows * c->words, 8);
	c->at_level = carve(scratch, &used, (int64_t) p->nrows * c->words, 8);
	c->gainers = carve(scratch, &used,
					   ((int64_t) c->most_gain + 2) * c->words, 8);
	c->element = carve(scratch, &used, c->nodes, sizeof(Element));
	c->col_first = carve(scratch, &used, (int64_t) p->ncols + 1,
						 sizeof(int32_t));
	c->is_fixed = carve(scratch, &used, npairs, 1);
	*cleared = used;

	c->queue = carve(scratch, &used, c->nodes, sizeof(int32_t));
	c->row = carve(scratch, &used, npairs, sizeof(int32_t));
	c->score = carve(scratch, &used, npairs, sizeof(int32_t));
	c->pair_key = carve(scratch, &used, 2 * npairs, 8);
	c->batch = cells / 128 > MTR_FAIR_CHECK_BATCH ? cells / 128 :
		MTR_FAIR_CHECK_BATCH;
	if (c->batch > cells)
		c->batch = cells;
	c->key = carve(scratch, &used, 2 * c->batch, 8);
	return used;
}

size_t
mtr_fair_check_scratch_size(const MtrAssign *p)
{
	Check		c;
	size_t		cleared;

	return lay_out(&c, p, NULL, &cleared);
}

/* ----------
 * Input
 * ----------
 */

static MtrStatus
check_input(const MtrAssign *p)
{
	if (p->nrows < 0 || p->ncols < 0 || p->npairs < 0)
		return MTR_INVALID;
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] < 0)
			return MTR_INVALID;
	if ((int64_t) p->nrows * p->ncols > INT64_C(1) << INDEX_BITS ||
		mtr_assign_max_pairs(p) >= INT32_MAX - 1)
		return MTR_OVERFLOW;
	if (p->npairs > mtr_assign_max_pairs(p))
		return MTR_INVALID;
	return MTR_OK;
}

/* The graph: every eligible pair of a row and column with places is open */
static MtrStatus
load_scores(Check *c)
{
	const MtrAssign *p = c->p;

	for (int32_t i = 0; i < p->nrows; i++)
	{
		const int32_t *score = p->score + (size_t) i * p->ncols;
		uint64_t   *open = nth(c, c->open, i);

		mtr_poll();
		mtr_progress(i, (int64_t) p->nrows + p->npairs);
		c->element[i].vacant = p->row_places[i];
		for (int32_t j = 0; j < p->ncols; j++)
		{
			if (score[j] == MTR_NO_PAIR)
				continue;
			if (score[j] > MAX_SCORE || score[j] < -MAX_SCORE)
				return MTR_OVERFLOW;
			if (p->row_places[i] > 0 && p->col_places[j] > 0)
				put_bit(open, j, true);
		}
	}
	for (int32_t j = 0; j < p->ncols; j++)
		c->element[p->nrows + j].vacant = p->col_places[j];
	return MTR_OK;
}

/* Enter the matching, sorted by column, if it is one */
static MtrStatus
load_pairs(Check *c)
{
	const MtrAssign *p = c->p;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k];
		int32_t		j = p->pair_col[k];

		if ((k & 1023) == 0)
			mtr_poll();
		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols ||
			!get_bit(nth(c, c->open, i), j))
			return MTR_INVALID;
		put_bit(nth(c, c->open, i), j, false);
		c->col_first[j]++;
		if (--c->element[i].vacant < 0 ||
			--c->element[p->nrows + j].vacant < 0)
			return MTR_INVALID;
	}

	/* counts become ends, and entering the pairs turns ends into begins */
	for (int32_t j = 0; j < p->ncols; j++)
		c->col_first[j + 1] += c->col_first[j];
	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		at = --c->col_first[p->pair_col[k]];
		int32_t		score = p->score[(size_t) p->pair_row[k] * p->ncols +
									 p->pair_col[k]];

		if ((k & 1023) == 0)
			mtr_poll();
		c->row[at] = p->pair_row[k];
		c->score[at] = score;
		c->pair_key[k] =
			(uint64_t) (score + (int64_t) MAX_SCORE) << INDEX_BITS | at;
	}
	sort_keys(c->pair_key, p->npairs);
	return MTR_OK;
}

/* ----------
 * Gains
 * ----------
 */

/* Let a node have at least this gain */
static inline void
raise_gain(Check *c, int32_t node, int32_t gain)
{
	Element    *e = &c->element[node];
	int32_t		at;

	if (e->gain >= gain)
		return;
	if (node >= c->p->nrows && node < c->row_hub)
	{
		for (int32_t g = e->gain + 1; g <= gain && g <= c->most_gain; g++)
			put_bit(nth(c, c->gainers, g), node - c->p->nrows, true);
		if (gain > c->ngains)
			c->ngains = gain;
	}
	e->gain = gain;
	if (e->is_queued)
		return;
	e->is_queued = true;
	at = c->head + c->nqueued++;
	c->queue[at < c->nodes ? at : at - c->nodes] = node;
}

/* Columns that have less than a row gives */
static void
raise_columns(Check *c, int32_t row)
{
	const uint64_t *open = nth(c, c->open, row);
	const uint64_t *at_level = nth(c, c->at_level, row);
	int32_t		gain = c->element[row].gain;
	const uint64_t *have = nth(c, c->gainers, gain);
	const uint64_t *have_less = nth(c, c->gainers, gain - 1);

	for (int32_t w = 0; w < c->words; w++)
	{
		for (uint64_t x = open[w] & ~have[w]; x != 0; x &= x - 1)
			raise_gain(c, c->p->nrows + w * 64 + __builtin_ctzll(x), gain);
		for (uint64_t x = at_level[w] & ~have_less[w]; x != 0; x &= x - 1)
			raise_gain(c, c->p->nrows + w * 64 + __builtin_ctzll(x), gain - 1);
	}
}

/* Everybody on a hub's side who may take part, for a gain of the hub */
static void
raise_from_hub(Check *c, int32_t hub)
{
	bool		is_row = hub == c->row_hub;
	int32_t		first = is_row ? 0 : c->p->nrows;
	int32_t		n = is_row ? c->p->nrows : c->p->ncols;

	for (int32_t k = first; k < first + n; k++)
		if (c->element[k].is_idle && (!is_row || c->element[k].vacant > 0))
			raise_gain(c, k, c->element[hub].gain);
}

/* Follow all arcs out of a node */
static void
raise_heads(Check *c, int32_t node)
{
	const Element *e = &c->element[node];

	if (node >= c->row_hub)
		raise_from_hub(c, node);
	else if (node < c->p->nrows)
	{
		raise_columns(c, node);
		if (e->is_idle)
			raise_gain(c, c->row_hub, e->gain);
	}
	else
	{
		int32_t		j = node - c->p->nrows;

		for (int32_t k = c->col_first[j]; k < c->col_first[j + 1]; k++)
			if (!c->is_fixed[k])
				raise_gain(c, c->row[k],
						   e->gain + (c->score[k] == c->level));
		if (e->is_idle && e->vacant > 0)
			raise_gain(c, c->row_hub + 1, e->gain);
	}
}

/* Raise gains until every arc is content.  False if there is a cycle that
 * gains. */
static bool
spread_gains(Check *c)
{
	while (c->nqueued > 0)
	{
		int32_t		node = c->queue[c->head];

		mtr_poll();
		c->head = c->head + 1 < c->nodes ? c->head + 1 : 0;
		c->nqueued--;
		c->element[node].is_queued = false;
		if (c->element[node].gain > c->most_gain)
			return false;
		raise_heads(c, node);
	}
	return true;
}

/*
 * Of one row keep the arcs to columns that have just what they give: its own
 * gain, or at the present score one less.  The latter become open, too.
 */
MTR_SIMD
static void
keep_columns(uint64_t *open, uint64_t *at_level, const uint64_t *have_less,
			 const uint64_t *have, int32_t words)
{
	const uint64_t *have_more = have + words;

	for (int32_t w = 0; w < words; w++)
	{
		open[w] = (open[w] & have[w] & ~have_more[w]) |
			(at_level[w] & have_less[w] & ~have[w]);
		at_level[w] = 0;
	}
}

/* Drop what no cycle that changes nothing uses: the arcs whose head has more
 * than they give. */
static void
drop_slack(Check *c)
{
	int32_t		nrows = c->p->nrows;

	for (int32_t i = 0; i < nrows; i++)
	{
		int32_t		gain = c->element[i].gain;
		const uint64_t *have = nth(c, c->gainers, gain);

		/* nobody has less than no gain: "all" and not "all" is none */
		mtr_poll();
		keep_columns(nth(c, c->open, i), nth(c, c->at_level, i),
					 gain > 0 ? have - c->words : have, have, c->words);
	}
	for (int32_t j = 0; j < c->p->ncols; j++)
	{
		mtr_poll();
		for (int32_t k = c->col_first[j]; k < c->col_first[j + 1]; k++)
			if (c->element[c->row[k]].gain !=
				c->element[nrows + j].gain + (c->score[k] == c->level))
				c->is_fixed[k] = true;
	}
	for (int32_t k = 0; k < c->row_hub; k++)
		if (c->element[k].gain != c->element[c->row_hub + (k >= nrows)].gain)
			c->element[k].is_idle = false;
}

/* All gains are 0 again */
static void
forget_gains(Check *c)
{
	for (int32_t k = 0; k < c->nodes; k++)
		c->element[k].gain = 0;
	for (int32_t g = 1; g <= c->ngains && g <= c->most_gain; g++)
		memset(nth(c, c->gainers, g), 0, c->words * sizeof(uint64_t));
	c->ngains = 0;
}

/* ----------
 * Number of pairs
 * ----------
 */

/*
 * Can a row with a vacant place pass it on to a column with one?  If not, the
 * graph is reduced to the matchings with as many pairs: rows that can get a
 * vacant place are idle, and columns that can't pass one to these.
 */
static bool
has_most_pairs(Check *c)
{
	int32_t		nrows = c->p->nrows;

	c->level = NO_LEVEL;
	for (int32_t i = 0; i < nrows; i++)
		if (c->element[i].vacant > 0)
			raise_gain(c, i, 1);
	spread_gains(c);
	for (int32_t k = nrows; k < c->row_hub; k++)
		if (c->element[k].vacant > 0 && c->element[k].gain > 0)
			return false;
	drop_slack(c);
	for (int32_t k = 0; k < c->row_hub; k++)
		c->element[k].is_idle = (c->element[k].gain > 0) == (k < nrows);
	forget_gains(c);
	return true;
}

/* ----------
 * Levels
 * ----------
 */

/* Keep a batch of keys; those from the one returned on are not wanted */
static uint64_t
shorten_keys(Check *c)
{
	uint64_t	cutoff = 0;

	keep_lowest(c->key, c->nkeys, c->batch);
	c->nkeys = c->batch;
	for (int64_t k = 0; k < c->nkeys; k++)
		cutoff = c->key[k] > cutoff ? c->key[k] : cutoff;
	return cutoff;
}

/* Sort the open pairs of the lowest scores from "low" on, whole scores only;
 * "upto" says how far.  If even one score has too many it says low - 1. */
static void
collect(Check *c, int32_t low)
{
	const MtrAssign *p = c->p;
	uint64_t	cutoff = UINT64_MAX;

	c->nkeys = c->next_key = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		const int32_t *score = p->score + (size_t) i * p->ncols;
		const uint64_t *open = nth(c, c->open, i);

		mtr_poll();
		for (int32_t w = 0; w < c->words; w++)
			for (uint64_t x = open[w]; x != 0; x &= x - 1)
			{
				int32_t		j = w * 64 + __builtin_ctzll(x);
				uint64_t	key = (uint64_t) (score[j] + (int64_t) MAX_SCORE)
				<< INDEX_BITS | ((uint64_t) i * p->ncols + j);

				if (score[j] < low || key >= cutoff)
					continue;
				c->key[c->nkeys++] = key;
				if (c->nkeys == 2 * c->batch)
					cutoff = shorten_keys(c);
			}
	}
	if (c->nkeys > c->batch)
		cutoff = shorten_keys(c);
	sort_keys(c->key, c->nkeys);
	c->upto = MAX_SCORE;
	if (cutoff != UINT64_MAX)
	{
		c->upto = SCORE_OF(cutoff) - 1;
		while (c->nkeys > 0 && SCORE_OF(c->key[c->nkeys - 1]) > c->upto)
			c->nkeys--;
	}
}

/*
 * Read all open pairs: drop those between the score before and this one, which
 * nobody needs, and with "and_enter" move those of this score to "at_level".
 * Pairs of lower scores that are open still are there to stay.
 */
static void
sift(Check *c, int32_t level, bool and_enter)
{
	const MtrAssign *p = c->p;

	for (int32_t i = 0; i < p->nrows; i++)
	{
		const int32_t *score = p->score + (size_t) i * p->ncols;
		uint64_t   *open = nth(c, c->open, i);

		mtr_poll();
		for (int32_t w = 0; w < c->words; w++)
			for (uint64_t x = open[w]; x != 0; x &= x - 1)
			{
				int32_t		j = w * 64 + __builtin_ctzll(x);

				if (score[j] <= c->level || score[j] > level - !and_enter)
					continue;
				put_bit(open, j, false);
				put_bit(nth(c, c->at_level, i), j, score[j] == level);
			}
	}
}

/* Go on to a score: move its open pairs to "at_level" and drop lower ones that
 * were not yet looked at */
static void
enter_level(Check *c, int32_t level)
{
	int32_t		ncols = c->p->ncols;

	if (level > c->upto)
	{
		sift(c, level, false);
		collect(c, level);
		if (level > c->upto)
		{
			sift(c, level, true);
			c->nkeys = 0;
			c->upto = level;
		}
	}
	c->level = level;
	for (; c->next_key < c->nkeys; c->next_key++)
	{
		uint64_t	key = c->key[c->next_key];
		int32_t		i = (int32_t) (INDEX_OF(key) / (uint32_t) ncols);
		int32_t		j = (int32_t) (INDEX_OF(key) % (uint32_t) ncols);

		if ((c->next_key & 1023) == 0)
			mtr_poll();
		if (SCORE_OF(key) > level)
			break;
		if (!get_bit(nth(c, c->open, i), j))
			continue;
		put_bit(nth(c, c->open, i), j, false);
		put_bit(nth(c, c->at_level, i), j, SCORE_OF(key) == level);
	}
}

/*
 * Are there as few pairs as possible of one score?  Those are pair_key[first]
 * to pair_key[end - 1].  A score all of whose pairs are fixed needs no look.
 */
static bool
is_level_fair(Check *c, int32_t first, int32_t end)
{
	bool		is_fair;
	bool		all_fixed = true;

	for (int32_t k = first; k < end; k++)
		all_fixed &= c->is_fixed[INDEX_OF(c->pair_key[k])];
	if (all_fixed)
		return true;
	enter_level(c, SCORE_OF(c->pair_key[first]));
	for (int32_t k = first; k < end; k++)
	{
		int32_t		at = (int32_t) INDEX_OF(c->pair_key[k]);

		if ((k & 1023) == 0)
			mtr_poll();
		if (!c->is_fixed[at])
			raise_gain(c, c->row[at], 1);
	}
	is_fair = spread_gains(c);
	if (is_fair)
	{
		drop_slack(c);
		forget_gains(c);
	}
	return is_fair;
}

static void
judge(Check *c, MtrFairVerdict *verdict)
{
	int32_t		npairs = c->p->npairs;

	verdict->flaw = MTR_FAIR_MORE_PAIRS;
	verdict->level = 0;
	if (!has_most_pairs(c))
		return;
	c->level = -(int64_t) MAX_SCORE - 1;
	c->upto = c->level;
	verdict->flaw = MTR_FAIR_LEVEL;
	for (int32_t k = 0; k < npairs;)
	{
		int32_t		first = k;

		mtr_progress((int64_t) c->p->nrows + first,
					 (int64_t) c->p->nrows + npairs);
		verdict->level = SCORE_OF(c->pair_key[k]);
		while (k < npairs && SCORE_OF(c->pair_key[k]) == verdict->level)
			k++;
		if (!is_level_fair(c, first, k))
			return;
	}
	verdict->flaw = MTR_FAIR_NO_FLAW;
	verdict->level = 0;
}

MtrStatus
mtr_fair_check(const MtrAssign *p, MtrFairVerdict *verdict, void *scratch)
{
	Check		c;
	MtrStatus	status = check_input(p);
	size_t		cleared;

	verdict->flaw = MTR_FAIR_NO_FLAW;
	verdict->level = 0;
	if (status != MTR_OK || p->nrows == 0 || p->ncols == 0)
		return status;
	memset(&c, 0, sizeof(c));
	lay_out(&c, p, scratch, &cleared);
	memset(scratch, 0, cleared);
	memset(c.gainers, 0xFF, c.words * sizeof(uint64_t));
	status = load_scores(&c);
	if (status == MTR_OK)
		status = load_pairs(&c);
	if (status == MTR_OK)
		judge(&c, verdict);
	return status;
}
