/*
 * ties_bits.c
 *	  the tie rule by bit sets over all pairs, for data that tie many of them
 *
 * Problem, use: ties.h, ties_bits.h.  Given is one optimal matching with covers
 * and prices that prove it (assign.h), and each row of scores once, in order.
 * The pairs of slack (0,0) are called loose here; the score of one is the sum
 * of two prices, so rows need not be seen again:
 * every optimal matching is made from the given one by turning cycles of a
 * directed graph whose arcs are
 *
 *	 row -> column		a loose pair that is not taken,
 *	 column -> row		a loose pair that is taken,
 *	 hub -> row			the row has a free place and may leave it free,
 *	 row -> hub			the row has a loose pair and may do without it,
 *	 column -> hub		as hub -> row,
 *	 hub -> column		as row -> hub,
 *
 * "may" meaning that cover and price are both 0.  Turning a cycle takes the
 * pairs passed from row to column and gives up those passed from column to
 * row; the arcs of the hub follow from the counts.
 *
 * Method.  The loose pairs are gone through in the order of the rule.  A pair
 * that is taken is fixed: it stops being an arc.  A pair (i,j) that is not
 * taken can be had exactly if j reaches i; then the cycle is turned and the
 * pair fixed.  Two searches look for the path, forward from j and backward
 * from i, each step done by the one that has worked less so far.  If one of
 * them comes to an end without meeting the other, i and j are in different
 * strongly connected components for good, because fixing pairs only removes
 * arcs and turning a cycle doesn't change components.  The set it has reached
 * is closed, so no component crosses its border: it gets a label of its own,
 * and pairs of two labels are never looked at again.  The sets reached by the
 * two searches are disjoint then, so it is the smaller half that gets the new
 * label, and a node changes its label O(log(nodes)) times.
 *
 * Rows of the graph are bit sets, kept by row and by column, so that a step
 * of a search handles 64 pairs at a time.  A loose pair found to have two
 * labels is taken out of the bit set that was being read.
 *
 * The order of the rule is produced in batches: a pass over the bit sets
 * collects the next lowest keys in a bounded buffer, which is then sorted.
 * Pairs dealt with are fixed or have two labels, so a pass needs no memory of
 * the passes before it.
 *
 * Cost.  One pass over the rows; O(nodes log(nodes)) steps of failing
 * searches and at most "pairs taken" successful ones, a step reading
 * partners / 64 words.  Data without ties cost little beyond the first pass.
 * At most 65 passes over the bit sets.
 *
 * Limits.  nrows * ncols <= 2^33.
 */
#include <string.h>

#include "ties_bits.h"
#include "ties_scan.h"

/*
 * A key is (MAX_SCORE - score) << INDEX_BITS | left * nrights + right: the
 * lower key comes first in the order of the rule.  31 bits hold the score.
 */
#define INDEX_BITS 33

/* Keys sorted at a time, unless a 128th of all pairs is more; tests set it to
 * almost nothing */
#ifndef MTR_TIES_BATCH
#define MTR_TIES_BATCH 32768
#endif

#include "ties_graph.h"
#include "ties_search.h"
#include "ties_order.h"

/* ----------
 * Memory
 * ----------
 */

/* Give out the next part of the scratch, or only count when there is none */
static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 7) & ~(size_t) 7;
	return part;
}

/* One side's share: n elements with sets over the "other" elements of the
 * other side */
static void
carve_side(Side *s, int32_t n, int32_t other, char *scratch, size_t *used)
{
	size_t		own = words_for(n);

	s->n = n;
	s->words = words_for(other);
	s->loose = carve(scratch, used, (size_t) n * s->words, 8);
	s->taken = carve(scratch, used, (size_t) n * s->words, 8);
	for (int k = 0; k < 2; k++)
	{
		s->hub[k] = carve(scratch, used, own, 8);
		s->seen[k] = carve(scratch, used, own, 8);
	}
	s->vacant = carve(scratch, used, n, sizeof(int32_t));
	s->held = carve(scratch, used, n, sizeof(int32_t));
	s->idle = carve(scratch, used, n, sizeof(bool));
}

/* Lay out the scratch; everything that must begin as 0 comes first, and its
 * size is returned in "cleared" */
static size_t
lay_out(Ties *t, const MtrAssign *p, char *scratch, size_t *cleared)
{
	size_t		used = 0;
	size_t		nodes = (size_t) p->nrows + p->ncols + 1;
	int64_t		npairs = (int64_t) p->nrows * p->ncols;

	carve(scratch, &used, 1, sizeof(Ties)); /* where mtr_ties_bits_begin()
											 * leaves all this */
	carve_side(&t->side[0], p->nrows, p->ncols, scratch, &used);
	carve_side(&t->side[1], p->ncols, p->nrows, scratch, &used);
	t->side[0].first = 0;
	t->side[1].first = p->nrows;
	t->hub = (int32_t) nodes - 1;
	t->row_low = carve(scratch, &used, p->nrows, 8);
	t->label = carve(scratch, &used, nodes, sizeof(int32_t));
	t->members = carve(scratch, &used, nodes, sizeof(int32_t));
	*cleared = used;

	for (int d = 0; d < 2; d++)
	{
		t->search[d].queue = carve(scratch, &used, nodes, sizeof(int32_t));
		t->search[d].prev = carve(scratch, &used, nodes, sizeof(int32_t));
	}
	for (int cover = 0; cover < 2; cover++)
		t->limits.limit[cover] = carve(scratch, &used, p->ncols,
									   sizeof(int32_t));
	t->batch = npairs / 128 > MTR_TIES_BATCH ? npairs / 128 :
		MTR_TIES_BATCH;
	if (t->batch > npairs)
		t->batch = npairs;
	t->key = carve(scratch, &used, 2 * (size_t) t->batch, 8);
	return used;
}

size_t
mtr_ties_bits_scratch_size(const MtrAssign *p)
{
	Ties		t;
	size_t		cleared;

	return lay_out(&t, p, NULL, &cleared);
}

/* ----------
 * The graph
 * ----------
 */

/* Keep the links between an element and the hub in step with its counts */
static inline void
refresh_hub(Side *s, int32_t k)
{
	if (s->idle[k])
	{
		put_bit(s->hub[0], k, s->vacant[k] > 0);
		put_bit(s->hub[1], k, s->held[k] > 0);
	}
}

static inline void
count_pair(Side *s, int32_t k, bool is_taken)
{
	s->vacant[k] += is_taken ? -1 : 1;
	s->held[k] += is_taken ? 1 : -1;
}

/*
 * Enter the given matching and see that it is one: each pair is there once,
 * and no element has more than its places.  What the pairs are worth is seen
 * when their rows come.
 */
static MtrStatus
load_pairs(Ties *t)
{
	const MtrAssign *p = t->p;
	Side	   *rows = &t->side[0];
	Side	   *cols = &t->side[1];
	MtrStatus	status;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k];
		int32_t		j = p->pair_col[k];

		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols)
			return MTR_INVALID;
		if (get_bit(set_of(rows->taken, rows, i), j))
			return MTR_INVALID;
		put_bit(set_of(rows->taken, rows, i), j, true);
		put_bit(set_of(cols->taken, cols, j), i, true);
		rows->vacant[i]--;
		cols->vacant[j]--;
	}
	status = check_side(p->nrows, p->row_cover, p->row_price, rows->vacant);
	if (status == MTR_OK)
		status = check_side(p->ncols, p->col_cover, p->col_price,
							cols->vacant);
	return status;
}

/*
 * Enter 64 pairs of a row, of which "reached" reach the limits: returns the
 * loose ones, whether taken or not, through "loose".  See that no other pair
 * could be had and none is taken that may not be.
 */
static MtrStatus
load_word(Ties *t, int32_t i, int32_t w, const int32_t *score,
		  uint64_t *loose)
{
	const MtrAssign *p = t->p;
	Side	   *rows = &t->side[0];
	Side	   *cols = &t->side[1];
	uint64_t	taken = set_of(rows->taken, rows, i)[w];
	uint64_t	proper = 0;		/* slack not negative */

	for (uint64_t x = *loose; x != 0; x &= x - 1)
	{
		uint64_t	bit = x & -x;
		int32_t		j = w * 64 + __builtin_ctzll(x);
		int			slack = slack_sign(p, i, j, score[j]);

		if (slack > 0 && (taken & bit) == 0)
			return MTR_INVALID;
		if (slack >= 0 && (score[j] > MAX_SCORE || score[j] < -MAX_SCORE))
			return MTR_OVERFLOW;
		if (slack != 0)
			*loose &= ~bit;
		else
			put_bit(set_of(cols->loose, cols, j), i, true);
		if (slack >= 0)
			proper |= bit;
	}
	if ((taken & ~proper) != 0)
		return MTR_INVALID;

	for (uint64_t x = *loose & taken; x != 0; x &= x - 1)
	{
		rows->held[i]++;
		cols->held[w * 64 + __builtin_ctzll(x)]++;
	}
	return MTR_OK;
}

/*
 * Link one side to the hub, once all counts are known.  An element with a
 * price leaves no place vacant, so its number of pairs is fixed: it has no
 * arcs to the hub.
 */
static void
link_side(Side *s, const uint8_t *cover, const int64_t *price)
{
	for (int32_t k = 0; k < s->n; k++)
	{
		s->idle[k] = cover[k] == 0 && price[k] == 0;
		refresh_hub(s, k);
	}
}

/* ----------
 * Changing the matching
 * ----------
 */

/* Take a pair or give it up, given as two nodes; arcs of the hub only follow
 * the counts */
static void
toggle(Ties *t, int32_t a, int32_t b)
{
	Side	   *rows = &t->side[0];
	Side	   *cols = &t->side[1];
	int32_t		i = a < b ? a : b;
	int32_t		j = (a < b ? b : a) - cols->first;
	bool		is_taken;

	if (a == t->hub || b == t->hub)
		return;
	is_taken = !get_bit(set_of(rows->taken, rows, i), j);
	put_bit(set_of(rows->taken, rows, i), j, is_taken);
	put_bit(set_of(cols->taken, cols, j), i, is_taken);
	count_pair(rows, i, is_taken);
	count_pair(cols, j, is_taken);
	refresh_hub(rows, i);
	refresh_hub(cols, j);
}

/* Turn the cycle of an arc and the path found for it.  Both searches began at
 * an end of the arc. */
static void
turn(Ties *t, int32_t met)
{
	int32_t		begin[2];

	for (int d = 0; d < 2; d++)
	{
		const Search *q = &t->search[d];

		begin[d] = q->queue[0];
		for (int32_t node = met; node != begin[d]; node = q->prev[node])
		{
			mtr_poll();
			toggle(t, node, q->prev[node]);
		}
	}
	toggle(t, begin[FORWARD], begin[BACKWARD]);
}

/*
 * Give the nodes a search has reached a label of their own.  They are the
 * smaller part of those of their label, which never becomes empty, for the
 * other end of the pair stays; hence there are no more labels than nodes.
 */
static void
split_off(Ties *t, const Search *q)
{
	int32_t		new_label = t->nlabels++;

	t->members[t->label[q->queue[0]]] -= q->tail;
	t->members[new_label] = q->tail;
	for (int32_t k = 0; k < q->tail; k++)
		t->label[q->queue[k]] = new_label;
}

/* A pair taken stops being an arc and stays for good */
static void
fix_pair(Ties *t, int32_t i, int32_t j)
{
	Side	   *rows = &t->side[0];
	Side	   *cols = &t->side[1];

	put_bit(set_of(rows->loose, rows, i), j, false);
	put_bit(set_of(cols->loose, cols, j), i, false);
	rows->held[i]--;
	cols->held[j]--;
	refresh_hub(rows, i);
	refresh_hub(cols, j);
}

/*
 * Decide about the next pair in the order of the rule.  Afterwards the pair
 * is fixed, or its ends have different labels.
 */
static void
decide(Ties *t, int32_t i, int32_t j)
{
	Side	   *rows = &t->side[0];
	int32_t		col_node = t->side[1].first + j;

	if (t->label[i] != t->label[col_node])
		return;
	if (!get_bit(set_of(rows->taken, rows, i), j))
	{
		int			closed = FORWARD;
		int32_t		met = connect(t, col_node, i, &closed);

		if (met >= 0)
			turn(t, met);
		else
			split_off(t, &t->search[closed]);
		end_search(t, FORWARD);
		end_search(t, BACKWARD);
		if (met < 0)
			return;
	}
	fix_pair(t, i, j);
}

/* ----------
 * The order of the rule
 * ----------
 */

/* The score of a loose pair is the sum of its prices */
static inline uint64_t
key_of(const Ties *t, int32_t i, int32_t j)
{
	const MtrAssign *p = t->p;
	uint64_t	score = (uint64_t) (MAX_SCORE - p->row_price[i] -
									p->col_price[j]);
	uint64_t	in_order = t->rows_are_right ?
	(uint64_t) j * p->nrows + i : (uint64_t) i * p->ncols + j;

	return score << INDEX_BITS | in_order;
}

/*
 * Add the keys of one row that are below "cutoff" to the n in the buffer.
 * Whenever the buffer is full only the lower half stays, and the cutoff
 * falls.  Each such selection throws away as many keys as it keeps, so that
 * a key costs a constant number of operations.
 *
 * The lowest key of the row is kept for the next pass: pairs are only lost,
 * so while it is not below the cutoff the row needs no reading.
 */
static int64_t
collect_row(Ties *t, int32_t i, int64_t n, uint64_t *cutoff)
{
	const Side *rows = &t->side[0];
	const int32_t *col_label = t->label + t->side[1].first;
	uint64_t   *set = set_of(rows->loose, rows, i);
	uint64_t	low = UINT64_MAX;

	for (int32_t w = 0; w < rows->words; w++)
		for (uint64_t x = set[w]; x != 0; x &= x - 1)
		{
			int32_t		j = w * 64 + __builtin_ctzll(x);
			uint64_t	key;

			if (col_label[j] != t->label[i])
			{
				put_bit(set, j, false);
				continue;
			}
			key = key_of(t, i, j);
			low = key < low ? key : low;
			if (key >= *cutoff)
				continue;
			t->key[n++] = key;
			if (n == 2 * t->batch)
			{
				n = t->batch;
				keep_lowest(t->key, 2 * n, n);
				*cutoff = 0;
				for (int64_t k = 0; k < n; k++)
					*cutoff = t->key[k] > *cutoff ? t->key[k] : *cutoff;
			}
		}
	t->row_low[i] = low;
	return n;
}

/*
 * The next pairs in the order of the rule, at most a batch, sorted.  A row
 * alone with its label has no pair to offer.
 */
static int64_t
collect(Ties *t)
{
	uint64_t	cutoff = UINT64_MAX;
	int64_t		n = 0;

	for (int32_t i = 0; i < t->p->nrows; i++)
	{
		mtr_poll();
		if (t->members[t->label[i]] > 1 && t->row_low[i] < cutoff)
			n = collect_row(t, i, n, &cutoff);
	}
	if (n > t->batch)
	{
		keep_lowest(t->key, n, t->batch);
		n = t->batch;
	}
	sort_keys(t->key, n);
	return n;
}

/* ----------
 * The result
 * ----------
 */

/*
 * Where the scores of pairs are kept, those of the pairs taken for good, which
 * are no sums of prices, must outlast the rest.  They are moved to the end of
 * the room that the new pairs will fill.  As all of them are among the new
 * pairs, in the same order, the place a new pair is written to is never beyond
 * the first that is still to be read.  Returns where they begin.
 */
static int32_t
keep_fixed(const MtrTiesBits *bits, int32_t npairs)
{
	const MtrAssign *p = bits->p;
	int32_t		nfixed = 0;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		if (slack_sign(p, p->pair_row[k], p->pair_col[k],
					   bits->pair_score[k]) <= 0)
			continue;
		p->pair_row[nfixed] = p->pair_row[k];
		p->pair_col[nfixed] = p->pair_col[k];
		bits->pair_score[nfixed++] = bits->pair_score[k];
	}
	memmove(p->pair_row + npairs - nfixed, p->pair_row,
			nfixed * sizeof(int32_t));
	memmove(p->pair_col + npairs - nfixed, p->pair_col,
			nfixed * sizeof(int32_t));
	memmove(bits->pair_score + npairs - nfixed, bits->pair_score,
			nfixed * sizeof(int32_t));
	return npairs - nfixed;
}

/* Write the pairs taken, by row, then column, and their scores */
static void
store_pairs(MtrTiesBits *bits)
{
	Ties	   *t = bits->graph;
	MtrAssign  *p = t->p;
	Side	   *rows = &t->side[0];
	int32_t		npairs = 0;
	int32_t		fixed = 0;
	int32_t		n = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		npairs += p->row_places[i] - rows->vacant[i];
	if (bits->pair_score != NULL)
		fixed = keep_fixed(bits, npairs);
	for (int32_t i = 0; i < p->nrows; i++)
	{
		const uint64_t *set = set_of(rows->taken, rows, i);

		mtr_poll();
		for (int32_t w = 0; w < rows->words; w++)
			for (uint64_t x = set[w]; x != 0; x &= x - 1, n++)
			{
				int32_t		j = w * 64 + __builtin_ctzll(x);

				if (bits->pair_score == NULL)
					;
				else if (fixed < npairs && p->pair_row[fixed] == i &&
						 p->pair_col[fixed] == j)
					bits->pair_score[n] = bits->pair_score[fixed++];
				else
					bits->pair_score[n] =
						(int32_t) (p->row_price[i] + p->col_price[j]);
				p->pair_row[n] = i;
				p->pair_col[n] = j;
			}
	}
	p->npairs = n;
}

/* ----------
 * From outside
 * ----------
 */

MtrStatus
mtr_ties_bits_begin(MtrTiesBits *bits, MtrAssign *p, void *scratch)
{
	Ties		t = {.p = p,.nlabels = 1};
	size_t		cleared;

	if ((int64_t) p->nrows * p->ncols > INT64_C(1) << INDEX_BITS)
		return MTR_OVERFLOW;
	if (!prices_in_range(p))
		return MTR_OVERFLOW;
	memset(bits, 0, sizeof(*bits));
	bits->p = p;
	bits->graph = scratch;
	lay_out(&t, p, scratch, &cleared);
	memset(scratch, 0, cleared);
	t.members[0] = t.hub + 1;
	memcpy(t.side[0].vacant, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(t.side[1].vacant, p->col_places, p->ncols * sizeof(int32_t));
	t.limits.p = p;
	t.limits.middle = middle_price(p);
	fill_limits(&t.limits, 0, p->ncols);
	*bits->graph = t;
	return load_pairs(&t);
}

MtrStatus
mtr_ties_bits_row(MtrTiesBits *bits, int32_t row, const int32_t *score)
{
	Ties	   *t = bits->graph;
	Side	   *rows = &t->side[0];
	uint64_t   *set;

	if (row != bits->next_row || row >= bits->p->nrows)
		return MTR_INVALID;
	set = set_of(rows->loose, rows, row);
	find_reached(&t->limits, row, score, set);
	for (int32_t w = 0; w < rows->words; w++)
	{
		MtrStatus	status = load_word(t, row, w, score, &set[w]);

		if (status != MTR_OK)
			return status;
	}
	bits->next_row++;
	return MTR_OK;
}

MtrStatus
mtr_ties_bits_resolve(MtrTiesBits *bits, bool rows_are_right)
{
	Ties	   *t = bits->graph;
	MtrAssign  *p = bits->p;
	int32_t		nrights = rows_are_right ? p->nrows : p->ncols;
	int64_t		n;

	if (bits->next_row < p->nrows)
		return MTR_INVALID;
	t->rows_are_right = rows_are_right;
	link_side(&t->side[0], p->row_cover, p->row_price);
	link_side(&t->side[1], p->col_cover, p->col_price);
	while ((n = collect(t)) > 0)
		for (int64_t k = 0; k < n; k++)
		{
			uint64_t	index = t->key[k] & ((UINT64_C(1) << INDEX_BITS) - 1);
			int32_t		left = (int32_t) (index / nrights);
			int32_t		right = (int32_t) (index % nrights);

			if ((k & 1023) == 0)
				mtr_poll();
			decide(t, rows_are_right ? right : left,
				   rows_are_right ? left : right);
		}
	store_pairs(bits);
	return MTR_OK;
}

MtrStatus
mtr_ties_bits_resolve_matrix(MtrAssign *p, bool rows_are_right, void *scratch)
{
	MtrTiesBits bits;
	MtrStatus	status = mtr_ties_bits_begin(&bits, p, scratch);

	for (int32_t i = 0; i < p->nrows && status == MTR_OK; i++)
	{
		mtr_poll();
		status = mtr_ties_bits_row(&bits, i, p->score + (size_t) i * p->ncols);
	}
	return status == MTR_OK ? mtr_ties_bits_resolve(&bits, rows_are_right) :
		status;
}
