/*
 * fair.c
 *	  assignment that raises the worst pair first, then the next, and so on
 *
 * Problem.  See fair.h: of the matchings with as many pairs as possible, those
 * with as few as possible of the lowest score, of these those with as few as
 * possible of the second lowest, and so on; at last the one of them that the
 * tie rule prefers.
 *
 * Graph.  Those matchings that are still possible are kept as a graph, with
 * one of them, the present one: an arc row -> column for a pair not taken, an
 * arc column -> row for one that is (fair_graph.h).  Every possible matching
 * comes from the present one by turning cycles, which takes the pairs passed
 * from row to column and gives up those passed from column to row.  At first
 * the graph holds the matchings with most pairs.  That is the face of a
 * polytope, and "as few as possible of a score" leads to a face of the face:
 * some pairs leave the graph for good, not taken, and some are fixed.
 *
 * Method.
 *
 * 1. Most pairs (fair_route.h).  Begin with the highest scores alone and
 *	  admit more in steps, so that few low scores are taken without need.
 *	  Konig's cover then says which arcs are of no use to any matching with as
 *	  many pairs.
 *
 * 2. Levels (fair_level.h), ascending.  Of the scores of the present matching
 *	  that aren't settled the lowest is next.  Lower ones nobody needs, so
 *	  these pairs go.  If one pair of this score is taken, which is usual, look
 *	  for a cycle that gives it up and has no arc of this score or below,
 *	  unless settled; there are two searches that meet halfway
 *	  (fair_search.h).  If there is none, the pair is fixed and the graph falls
 *	  apart, so that searches get smaller and smaller.  If several are taken,
 *	  solve a minimum cost flow problem with costs 0 and 1.
 *
 * 3. Ties.  What is left of the graph are the fairest matchings.  Go through
 *	  its pairs in the order of the rule: have the pair if a cycle brings it
 *	  in, and fix it.  This is ties.c once more, in the graph at hand.
 *
 * Step 2 and 3 need pairs in order.  They are collected in batches, by passes
 * over the matrix in which 64 pairs are compared at a time (fair_order.h).
 *
 * Cost.  A search reads partners / 64 words for each node it reaches, at most
 * nrows * ncols / 64.  One that fails is paid for by the smaller part of what
 * it separates; where pairs of one score may replace each other nothing is
 * separated, but of these searches there are few for each level.  At most one
 * search that succeeds for each pair; on scores of people, which differ, one
 * or two searches a row in all, each a few dozen steps, for step 1 leaves
 * little to do.  About 130 passes over the matrix at most, usually 10.
 *
 * Limits.  nrows * ncols <= 2^33, mtr_assign_max_pairs() < 2^31 - 1.
 */
#include <string.h>

#include "fair.h"

/* Pairs sorted at a time, unless a 128th of all is more; tests set it to
 * almost nothing */
#ifndef MTR_FAIR_BATCH
#define MTR_FAIR_BATCH 32768
#endif

/* Pairs from which the first thresholds are guessed */
#define MAX_SAMPLE 16384

#include "ties_order.h"
#include "fair_graph.h"
#include "fair_search.h"
#include "fair_route.h"
#include "fair_order.h"
#include "fair_level.h"

/* ----------
 * Memory
 * ----------
 */

/* Scratch being divided; base is NULL while only the size is asked for */
typedef struct Arena
{
	char	   *base;
	size_t		used;
} Arena;

static void *
carve(Arena *a, int64_t n, size_t width)
{
	size_t		at = a->used;

	a->used += ((size_t) n * width + 63) & ~(size_t) 63;
	return a->base != NULL ? a->base + at : NULL;
}

static void
carve_side(Side *s, int32_t n, int32_t other, Arena *a)
{
	s->n = n;
	s->words = words_for(other);
	s->own_words = words_for(n);
	s->open = carve(a, (int64_t) n * s->words, sizeof(uint64_t));
	s->idle = carve(a, s->own_words, sizeof(uint64_t));
	s->with_vacant = carve(a, s->own_words, sizeof(uint64_t));
	s->wanting = carve(a, s->own_words, sizeof(uint64_t));
	for (int d = 0; d < 2; d++)
		s->seen[d] = carve(a, s->own_words, sizeof(uint64_t));
	s->vacant = carve(a, n, sizeof(int32_t));
	s->demand = carve(a, n, sizeof(int32_t));
	s->first_pair = carve(a, n, sizeof(int32_t));
}

/* Lay out the scratch; everything that must begin as 0 comes first, and its
 * size is returned in "cleared" */
static void
lay_out(Fair *f, const MtrAssign *p, Arena *a, size_t *cleared)
{
	int32_t		nodes = p->nrows + p->ncols + 2;
	int32_t		fewer = p->nrows < p->ncols ? p->nrows : p->ncols;
	int64_t		npairs = (int64_t) p->nrows * p->ncols;
	int64_t		nplaces = mtr_assign_max_pairs(p) + 1;
	int32_t		words = words_for(p->ncols);

	carve_side(&f->side[0], p->nrows, p->ncols, a);
	carve_side(&f->side[1], p->ncols, p->nrows, a);
	f->side[0].first = 0;
	f->side[1].first = p->nrows;
	f->side[0].hub = p->nrows + p->ncols;
	f->side[1].hub = f->side[0].hub + 1;
	f->at_level = carve(a, (int64_t) p->nrows * words, sizeof(uint64_t));
	*cleared = a->used;

	f->nplaces = (int32_t) nplaces;
	for (int d = 0; d < 2; d++)
	{
		f->search[d].queue = carve(a, nodes, sizeof(int32_t));
		f->search[d].prev = carve(a, nodes, sizeof(int32_t));
		f->end[d] = carve(a, nplaces, sizeof(int32_t));
		f->next[d] = carve(a, nplaces, sizeof(int32_t));
	}
	f->score = carve(a, nplaces, sizeof(int32_t));
	f->state = carve(a, nplaces, sizeof(uint8_t));
	f->potential = carve(a, nodes, sizeof(int32_t));
	f->branch = carve(a, nodes, sizeof(int32_t));
	f->class_set = carve(a, (int64_t) (fewer + 2) * words, sizeof(uint64_t));
	f->mark = carve(a, words, sizeof(uint64_t));
	f->row_low = carve(a, p->nrows, sizeof(uint64_t));
	f->batch = npairs / 128 > MTR_FAIR_BATCH ? npairs / 128 : MTR_FAIR_BATCH;
	if (f->batch > npairs)
		f->batch = npairs;
	f->key = carve(a, 2 * f->batch, sizeof(uint64_t));
}

size_t
mtr_fair_scratch_size(const MtrAssign *p)
{
	Arena		a = {NULL, 0};
	Fair		f;
	size_t		cleared;

	lay_out(&f, p, &a, &cleared);
	return a.used;
}

/* ----------
 * Input and output
 * ----------
 */

MTR_SIMD
static bool
scores_in_range(const int32_t *score, int32_t n)
{
	uint32_t	nwrong = 0;

	for (int32_t j = 0; j < n; j++)
		nwrong += (score[j] > MAX_SCORE) |
			((score[j] < -MAX_SCORE) & (score[j] != MTR_NO_PAIR));
	return nwrong == 0;
}

static MtrStatus
check_input(const MtrAssign *p)
{
	if (p->nrows < 0 || p->ncols < 0)
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
	for (int32_t i = 0; i < p->nrows; i++)
	{
		mtr_poll();
		if (!scores_in_range(p->score + (size_t) i * p->ncols, p->ncols))
			return MTR_OVERFLOW;
	}
	return MTR_OK;
}

/* Write the pairs, by row, then column.  All are fixed, and "at_level" is
 * empty and serves to sort them. */
static void
store_pairs(Fair *f)
{
	MtrAssign  *p = f->p;
	int32_t		n = 0;

	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] != PLACE_SPARE)
			put_bit(level_set(f, f->end[0][q]), f->end[1][q], true);
	}
	p->total = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		const uint64_t *set = level_set(f, i);

		mtr_poll();
		for (int32_t w = 0; w < f->side[0].words; w++)
			for (uint64_t x = set[w]; x != 0; x &= x - 1)
			{
				p->pair_row[n] = i;
				p->pair_col[n] = w * 64 + __builtin_ctzll(x);
				p->total += score_of(f, i, p->pair_col[n++]);
			}
	}
	p->npairs = n;
}

/* ----------
 * Most pairs
 * ----------
 */

static void
begin(Fair *f)
{
	const MtrAssign *p = f->p;

	f->level = NO_LEVEL;
	f->done = -(int64_t) MAX_SCORE - 1;
	f->npairs = -1;
	for (int s = 0; s < 2; s++)
	{
		Side	   *side = &f->side[s];

		for (int32_t k = 0; k < side->n; k++)
		{
			side->first_pair[k] = -1;
			change_demand(side, k, s == 0 ? p->row_places[k] :
						  p->col_places[k]);
		}
	}
	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		f->state[q] = PLACE_SPARE;
		f->next[0][q] = q + 1;
	}
	f->pool = 0;
	begin_potentials(f);
}

/* Let the graph be all pairs of score "low" or more with places on both
 * sides.  Columns' arcs are not needed yet. */
static void
admit(Fair *f, int32_t low)
{
	const MtrAssign *p = f->p;
	const Side *rows = &f->side[0];

	for (int32_t j = 0; j < p->ncols; j++)
		put_bit(f->mark, j, p->col_places[j] > 0);
	for (int32_t i = 0; i < p->nrows; i++)
	{
		uint64_t   *open = set_of(rows->open, rows, i);

		mtr_poll();
		if (p->row_places[i] == 0)
			continue;
		mark_range(p->score + (size_t) i * p->ncols, p->ncols, low, MAX_SCORE,
				   open);
		for (int32_t w = 0; w < rows->words; w++)
			open[w] &= f->mark[w];
		for (int32_t q = rows->first_pair[i]; q >= 0; q = f->next[0][q])
			put_bit(open, f->end[1][q], false);
	}
}

/*
 * Put a sample of all scores into "key", highest first, as keys; returns how
 * many.  Which pairs are drawn is fixed but looks random.
 */
static int64_t
draw_sample(Fair *f)
{
	uint64_t	npairs = (uint64_t) f->p->nrows * f->p->ncols;
	uint64_t	want = npairs < MAX_SAMPLE ? npairs : MAX_SAMPLE;
	int64_t		n = 0;

	if (want > (uint64_t) f->batch)
		want = f->batch;
	for (uint64_t k = 0; k < want; k++)
	{
		uint64_t	at = ((k + 1) * UINT64_C(0x9E3779B97F4A7C15) >> 16) %
		npairs;
		int32_t		score = f->p->score[at];

		if (score != MTR_NO_PAIR)
			f->key[n++] = (uint64_t) (MAX_SCORE - (int64_t) score);
	}
	sort_keys(f->key, n);
	return n;
}

static bool
is_wanting(const Side *s)
{
	for (int32_t w = 0; w < s->own_words; w++)
		if (s->wanting[w] != 0)
			return true;
	return false;
}

/*
 * Find a matching with most pairs.  It begins with about four pairs for each
 * row and column and doubles them until all places of one side are filled.
 * Returns whether they are; if not, all pairs have been admitted.
 */
static bool
fill_places(Fair *f)
{
	int64_t		nsample = draw_sample(f);
	int64_t		ncells = (int64_t) f->p->nrows * f->p->ncols;
	int64_t		first = 4 * ((int64_t) f->p->nrows + f->p->ncols) *
	(nsample + 1) / ncells;
	int32_t		low = MAX_SCORE;

	for (int64_t k = first;; k = 2 * k + 1)
	{
		int32_t		next = k < nsample ?
		(int32_t) (MAX_SCORE - (int64_t) f->key[k]) : -MAX_SCORE;

		if (next < low || k >= nsample)
		{
			low = next;
			admit(f, low);
			if (!route(f))
				return true;
			if (!is_wanting(&f->side[1]))
				return true;
		}
		if (k >= nsample)
			return false;
	}
}

/*
 * Cover every pair not taken.  If one side is full it is the cover.  Else all
 * that route() has seen from rows with places left: such a column is full, and
 * pairs of other rows with other columns need no other cover than the row's.
 */
static void
cover(Fair *f, bool is_full)
{
	MtrAssign  *p = f->p;
	Side	   *rows = &f->side[0];
	Side	   *cols = &f->side[1];
	bool		cols_full = is_full && is_wanting(rows);

	for (int32_t i = 0; i < p->nrows; i++)
		p->row_cover[i] = p->row_places[i] == 0 ||
			(is_full ? !cols_full : !get_bit(rows->seen[FORWARD], i));
	for (int32_t j = 0; j < p->ncols; j++)
		p->col_cover[j] = p->col_places[j] == 0 ||
			(is_full ? cols_full : get_bit(cols->seen[FORWARD], j));
	end_routes(f);
}

/* Places left over stay vacant, and any element without a cover may get
 * them. */
static void
leave_vacant(Side *s, const uint8_t *is_covered)
{
	bool		is_needed = is_wanting(s);

	for (int32_t k = 0; k < s->n; k++)
	{
		put_bit(s->idle, k, is_needed && !is_covered[k]);
		change_vacant(s, k, s->demand[k]);
		change_demand(s, k, -s->demand[k]);
	}
}

/*
 * Reduce the graph to the matchings with most pairs: a pair not taken with
 * two covers is never taken, and one taken without is always.  Then the
 * columns get the same arcs.
 */
static void
keep_covered_once(Fair *f)
{
	const MtrAssign *p = f->p;
	const Side *rows = &f->side[0];
	const Side *cols = &f->side[1];

	memset(cols->open, 0, (size_t) cols->n * cols->words * sizeof(uint64_t));
	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] == PLACE_LIVE &&
			p->row_cover[f->end[0][q]] == p->col_cover[f->end[1][q]])
			fix_pair(f, q);
	}
	for (int32_t j = 0; j < p->ncols; j++)
		put_bit(f->mark, j, p->col_cover[j]);
	for (int32_t i = 0; i < p->nrows; i++)
	{
		uint64_t   *open = set_of(rows->open, rows, i);

		mtr_poll();
		for (int32_t w = 0; w < rows->words; w++)
		{
			open[w] &= p->row_cover[i] ? ~f->mark[w] : f->mark[w];
			for (uint64_t x = open[w]; x != 0; x &= x - 1)
				put_bit(set_of(cols->open, cols,
							   w * 64 + __builtin_ctzll(x)), i, true);
		}
	}
}

/* ----------
 * Levels
 * ----------
 */

/* Levels lie between the lowest and highest score taken, or nearly so. */
static void
note_range(Fair *f)
{
	f->lowest = MAX_SCORE;
	f->highest = -MAX_SCORE;
	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] != PLACE_LIVE)
			continue;
		f->lowest = f->score[q] < f->lowest ? f->score[q] : f->lowest;
		f->highest = f->score[q] > f->highest ? f->score[q] : f->highest;
	}
}

/* The lowest score taken that isn't settled; false = there is none */
static bool
lowest_taken(const Fair *f, int32_t *score)
{
	bool		found = false;

	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] == PLACE_LIVE && f->score[q] > f->done &&
			(!found || f->score[q] < *score))
		{
			*score = f->score[q];
			found = true;
		}
	}
	return found;
}

/*
 * Settle levels from "lowest" on, as many as fit into a batch of keys.  A
 * level that doesn't fit as a whole waits for the next batch; if it is the
 * first, it gets a way of its own.
 */
static void
settle_batch(Fair *f, int32_t lowest)
{
	int32_t		upto = MAX_SCORE;
	int64_t		n;

	if (!collect(f, lowest))
	{
		n = f->nkeys;
		upto = score_of_key(f, f->key[n - 1]) - 1;
		while (n > 0 && score_of_key(f, f->key[n - 1]) > upto)
			n--;
		f->nkeys = n;
		if (n == 0)
		{
			upto = lowest;
			settle_matrix(f, lowest);
		}
	}
	for (int64_t k = 0; k < f->nkeys;)
	{
		Group		g = {.first = k};
		int32_t		score = score_of_key(f, f->key[k]);

		while (k < f->nkeys && score_of_key(f, f->key[k]) == score)
			k++;
		g.end = k;
		settle_group(f, &g);
	}
	f->done = upto;
}

static void
settle_levels(Fair *f)
{
	int32_t		lowest = 0;

	note_range(f);
	while (lowest_taken(f, &lowest))
	{
		if (f->done + 1 < lowest)
			drop_range(f, (int32_t) (f->done + 1), lowest - 1);
		settle_batch(f, lowest);
	}
}

/* ----------
 * Ties
 * ----------
 */

/* Decide about the next pair in the order of the rule */
static void
decide(Fair *f, int32_t i, int32_t j)
{
	int			closed = FORWARD;
	int32_t		q = find_pair(f, i, j);
	int32_t		met;

	if (q >= 0)
	{
		fix_pair(f, q);
		return;
	}
	if (!is_open(f, i, j))
		return;
	met = connect(f, f->side[1].first + j, i, &closed);
	if (met < 0)
		cut(f, closed, -1);
	else
	{
		turn(f, met);
		take(f, i, j);
		fix_pair(f, find_pair(f, i, j));
	}
	end_searches(f);
}

static void
resolve_ties(Fair *f)
{
	bool		all;

	f->by_rule = true;
	memset(f->row_low, 0, f->p->nrows * sizeof(uint64_t));
	memset(f->mark, 0xFF, f->side[0].words * sizeof(uint64_t));
	do
	{
		all = collect(f, -MAX_SCORE);
		for (int64_t k = 0; k < f->nkeys; k++)
		{
			int32_t		i,
						j;

			if ((k & 1023) == 0)
				mtr_poll();
			cell_of(f, f->key[k], &i, &j);
			decide(f, i, j);
		}
	} while (!all);
}

MtrStatus
mtr_fair_solve(MtrAssign *p, bool rows_are_right, void *scratch)
{
	Fair		f = {.p = p,.rows_are_right = rows_are_right};
	Arena		a = {scratch, 0};
	MtrStatus	status = check_input(p);
	size_t		cleared;
	bool		is_full;

	if (status != MTR_OK)
		return status;
	if (p->nrows == 0 || p->ncols == 0)
	{
		p->npairs = 0;
		p->total = 0;
		memset(p->row_cover, 0, p->nrows);
		memset(p->col_cover, 0, p->ncols);
		return MTR_OK;
	}
	lay_out(&f, p, &a, &cleared);
	memset(scratch, 0, cleared);

	begin(&f);
	is_full = fill_places(&f);
	f.npairs = f.nfilled;
	cover(&f, is_full);
	leave_vacant(&f.side[0], p->row_cover);
	leave_vacant(&f.side[1], p->col_cover);
	keep_covered_once(&f);
	settle_levels(&f);
	resolve_ties(&f);
	store_pairs(&f);
	return MTR_OK;
}
