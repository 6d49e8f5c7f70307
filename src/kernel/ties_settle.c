/*
 * ties_settle.c
 *	  the tie rule applied to a list of pairs
 *
 * Problem.  See ties.h and ties_list.h.  Given is a complete list: the pairs
 * of slack (0,0), called loose until they are decided, and those taken for
 * good.  Every optimal matching is made from the given one by turning cycles
 * of a directed graph whose arcs are
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
 * Method.  1.  Strongly connected components, here parts: no cycle leaves
 * one, so a pair whose ends are in two parts stays as it is, for good (turning
 * a cycle changes no part, and deciding pairs only removes arcs).  In usual
 * data this leaves a handful of pairs (ties_part.h).
 *
 * 2.  What is left becomes a graph with adjacency lists and is gone through
 * in the order of the rule.  A pair that is taken is fixed: it stops being an
 * arc.  A pair (i,j) that is not taken can be had exactly if j reaches i; then
 * the cycle is turned and the pair fixed.  Two searches look for the path,
 * forward from j and backward from i, a few arcs at a time, always the one
 * that has worked less (ties_swap.h).  If one of them comes to an end, i and j
 * are in two parts from now on.  What it has reached is closed, so no part
 * crosses its border, and it gets a label of its own; arcs between two labels
 * are dropped where they are met.
 *
 * Cost.  Linear in the entries, sorting included, but for the searches.  One
 * that fails has passed no more arcs than the other, so no more than lie
 * outside of what it separates: an arc is passed O(log(entries)) times by
 * searches that fail.  One that succeeds fixes a pair taken, so there are at
 * most as many as pairs; two searches that meet have usually passed about the
 * square root of what they could.  Usual data leave a few hundred pairs after
 * step 1 and take a tenth of a microsecond an entry.  The worst met, 100,000
 * rows of 10 random pairs each in one part, takes some seconds; lattices and
 * blocks of that size half of one.
 *
 * Limits.  At most 2^31 - 2 entries.
 */
#include <string.h>

#include "ties_list.h"
#include "ties_scan.h"
#include "ties_part.h"
#include "ties_swap.h"

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

/*
 * Room for the pairs each element has taken: as many as it has places, of
 * entries, and one more, for it may get a pair before it gives one up.
 */
static size_t
held_room(const int32_t *places, int32_t n, int32_t other, int64_t nentries)
{
	int64_t		room = 0;

	for (int32_t k = 0; k < n; k++)
		room += places[k] < other ? places[k] : other;
	return (room < nentries ? room : nentries) + n;
}

static size_t
lay_out(Settle *t, const MtrAssign *p, int64_t nentries, char *scratch)
{
	size_t		used = 0;
	size_t		nodes = (size_t) p->nrows + p->ncols + 1;

	t->node = carve(scratch, &used, nodes, sizeof(Vertex));
	t->vacant = carve(scratch, &used, nodes, sizeof(int32_t));
	t->nuseless = carve(scratch, &used, nodes, sizeof(int32_t));
	t->first_pair = carve(scratch, &used, nodes + 1, sizeof(int32_t));
	t->held[0] = carve(scratch, &used,
					   held_room(p->row_places, p->nrows, p->ncols, nentries),
					   sizeof(int32_t));
	t->held[1] = carve(scratch, &used,
					   held_room(p->col_places, p->ncols, p->nrows, nentries),
					   sizeof(int32_t));
	for (int d = 0; d < 2; d++)
	{
		t->linked[d] = carve(scratch, &used, nodes, sizeof(int32_t));
		t->search[d].queue = carve(scratch, &used, nodes, sizeof(int32_t));
	}
	t->pair = carve(scratch, &used, nentries, sizeof(Ends));
	for (int s = 0; s < 2; s++)
		t->adj[s] = carve(scratch, &used, nentries, sizeof(uint32_t));
	t->order = carve(scratch, &used, nentries, sizeof(int32_t));
	return used;
}

size_t
mtr_ties_list_resolve_scratch_size(const MtrAssign *p, int64_t nentries)
{
	Settle		t;

	return lay_out(&t, p, nentries, NULL);
}

/* ----------
 * What is left within the parts
 * ----------
 */

/*
 * Mark the loose pairs within one part and count them for each node.  Returns
 * their number.
 */
static int32_t
mark_open(Settle *t)
{
	MtrTiesList *list = t->list;
	int32_t		n = 0;

	for (int32_t k = 0; k < t->hub; k++)
		t->node[k].adj_count = 0;
	for (int32_t i = 0; i < t->nrows; i++)
	{
		mtr_poll();
		for (uint32_t k = list->row_start[i]; k < list->row_start[i + 1]; k++)
		{
			uint32_t   *entry = &list->entry[k];
			Vertex	   *col = &t->node[t->nrows + (*entry & MTR_TIES_COLUMN)];

			if ((*entry & MTR_TIES_FIXED) != 0 ||
				t->node[i].label != col->label)
				continue;
			*entry |= MTR_TIES_OPEN;
			t->node[i].adj_count++;
			col->adj_count++;
			n++;
		}
	}
	return n;
}

/* Lay out the nodes' lists, empty, one side after the other */
static void
lay_out_lists(Settle *t)
{
	const MtrAssign *p = t->p;

	for (int side = 0; side < 2; side++)
	{
		int32_t		from = side == 0 ? 0 : t->nrows;
		int32_t		to = side == 0 ? t->nrows : t->hub;
		const int32_t *places = side == 0 ? p->row_places : p->col_places;
		int32_t		adj_sum = 0;
		int32_t		held_sum = 0;

		for (int32_t k = from; k < to; k++)
		{
			Vertex	   *v = &t->node[k];
			int32_t		room = places[k - from];

			v->adj_first = adj_sum;
			if (side == t->rows_are_right)
				t->first_pair[k] = adj_sum;
			adj_sum += v->adj_count;
			v->held_first = held_sum;
			held_sum += (room < v->adj_count ? room : v->adj_count) + 1;
			v->adj_count = v->held_count = 0;
		}
		if (side == t->rows_are_right)
			t->first_pair[to] = adj_sum;
	}
}

/*
 * Number the open pairs in the order of the left side: row by row, or column
 * by column with rows ascending, which is how they are come by.  With "store"
 * write what became of them back into the list, else load them from there.
 */
static void
exchange_open(Settle *t, bool store)
{
	MtrTiesList *list = t->list;
	int32_t    *next = t->linked[1];	/* not in use yet, or any more */

	memcpy(next, t->first_pair, t->hub * sizeof(int32_t));
	for (int32_t i = 0; i < t->nrows; i++)
	{
		mtr_poll();
		for (uint32_t k = list->row_start[i]; k < list->row_start[i + 1]; k++)
		{
			uint32_t   *entry = &list->entry[k];
			int32_t		col = t->nrows + (int32_t) (*entry & MTR_TIES_COLUMN);
			Ends	   *e;

			if ((*entry & MTR_TIES_OPEN) == 0)
				continue;
			e = &t->pair[next[t->rows_are_right ? col : i]++];
			if (store)
				*entry = (*entry & ~MTR_TIES_TAKEN) |
					((e->row & TAKEN) != 0 ? MTR_TIES_TAKEN : 0);
			else
			{
				e->row = (uint32_t) i |
					((*entry & MTR_TIES_TAKEN) != 0 ? TAKEN : 0);
				e->col = (uint32_t) col;
			}
		}
	}
}

/*
 * Put the pairs in the order of the rule.  By their numbers they are in the
 * order of left and right, so what remains is to sort by score, the highest
 * first, without changing the order of equals: by digits of 11 bits, passing
 * over those in which all agree.  A pair's score is the sum of two prices.
 */
static void
sort_pairs(Settle *t)
{
	const MtrAssign *p = t->p;
	uint32_t   *key = t->adj[0];	/* not in use yet, nor is the other */
	int32_t    *from = (int32_t *) t->adj[1];
	int32_t    *to = t->order;
	uint32_t	differ = 0;

	for (int32_t e = 0; e < t->npairs; e++)
	{
		key[e] = (uint32_t) (MAX_SCORE -
							 p->row_price[t->pair[e].row & NODE] -
							 p->col_price[t->pair[e].col - t->nrows]);
		differ |= key[e] ^ key[0];
		from[e] = e;
	}
	for (int shift = 0; shift < 32; shift += 11)
	{
		int32_t		start[2048] = {0};
		int32_t		sum = 0;
		int32_t    *swap = from;

		mtr_poll();
		if (((differ >> shift) & 2047) == 0)
			continue;
		for (int32_t k = 0; k < t->npairs; k++)
			start[(key[k] >> shift) & 2047]++;
		for (int digit = 0; digit < 2048; digit++)
		{
			int32_t		count = start[digit];

			start[digit] = sum;
			sum += count;
		}
		for (int32_t k = 0; k < t->npairs; k++)
			to[start[(key[from[k]] >> shift) & 2047]++] = from[k];
		from = to;
		to = swap;
	}
	if (from != t->order)
		memcpy(t->order, from, t->npairs * sizeof(int32_t));
}

/* Fill the nodes' lists */
static void
load_lists(Settle *t)
{
	for (int32_t e = 0; e < t->npairs; e++)
	{
		uint32_t	taken = t->pair[e].row & TAKEN;
		uint32_t	end[2] = {t->pair[e].row & NODE, t->pair[e].col};

		if ((e & 1023) == 0)
			mtr_poll();
		for (int side = 0; side < 2; side++)
		{
			Vertex	   *v = &t->node[end[side]];

			t->adj[side][v->adj_first + v->adj_count++] = end[!side] | taken;
			if (taken != 0)
				hold(t, (int32_t) end[side], (int32_t) end[!side], true);
		}
	}
	memset(t->nuseless, 0, t->hub * sizeof(int32_t));
	t->nlinked[FORWARD] = t->nlinked[BACKWARD] = 0;
	for (int32_t k = 0; k < t->hub; k++)
		if (t->node[k].label == t->node[t->hub].label)
			link_node(t, k);
		else
			t->node[k].flags &= ~IDLE;
}

/* The scores of the pairs taken for good, in the order of the list */
static void
save_fixed_scores(const MtrTiesList *list, int32_t *fixed_score)
{
	const MtrAssign *p = list->p;
	int32_t		n = 0;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		if (slack_sign(p, p->pair_row[k], p->pair_col[k],
					   list->pair_score[k]) > 0)
			fixed_score[n++] = list->pair_score[k];
	}
}

/* Write the pairs taken, by row, then column, and their scores */
static void
store_pairs(const MtrTiesList *list, const int32_t *fixed_score)
{
	MtrAssign  *p = list->p;
	int32_t		n = 0;

	for (int32_t i = 0; i < p->nrows; i++)
	{
		mtr_poll();
		for (uint32_t k = list->row_start[i]; k < list->row_start[i + 1]; k++)
		{
			uint32_t	entry = list->entry[k];
			int32_t		j = (int32_t) (entry & MTR_TIES_COLUMN);

			if ((entry & MTR_TIES_TAKEN) == 0)
				continue;
			p->pair_row[n] = i;
			p->pair_col[n] = j;
			if (list->pair_score != NULL)
				list->pair_score[n] = (entry & MTR_TIES_FIXED) != 0 ?
					*fixed_score++ :
					(int32_t) (p->row_price[i] + p->col_price[j]);
			n++;
		}
	}
	p->npairs = n;
}

MtrStatus
mtr_ties_list_resolve(MtrTiesList *list, bool rows_are_right, void *scratch)
{
	Settle		t = {
		.list = list,.p = list->p,.rows_are_right = rows_are_right
	};
	MtrStatus	status = mtr_ties_list_end(list);

	if (status != MTR_OK)
		return status;
	t.nrows = list->p->nrows;
	t.hub = list->p->nrows + list->p->ncols;
	lay_out(&t, list->p, list->used, scratch);
	load_nodes(&t);
	count_entries(&t);
	find_parts(&t);
	t.npairs = mark_open(&t);
	if (t.npairs == 0)
		return MTR_OK;

	lay_out_lists(&t);
	exchange_open(&t, false);
	sort_pairs(&t);
	load_lists(&t);
	for (int32_t k = 0; k < t.npairs; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		decide(&t, &t.pair[t.order[k]]);
	}
	exchange_open(&t, true);
	if (list->pair_score != NULL)
		save_fixed_scores(list, t.order);
	store_pairs(list, t.order);
	return MTR_OK;
}
