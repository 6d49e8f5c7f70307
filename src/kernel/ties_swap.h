/*
 * ties_swap.h
 *	  searching the graph of ties_settle.c for a cycle, and turning it
 *
 * Part of ties_settle.c, which says what the graph means.
 */

/* Arcs a search passes before it is the other's turn, if that has worked
 * less */
#define ARCS_AT_A_TIME 16

/* ----------
 * The two searches
 * ----------
 */

/*
 * Where partners are spread over a graph larger than the caches, a search
 * mostly waits for memory.  So what will be read soon is asked for when it is
 * known: the arcs of a node when it is reached, the nodes they lead to when
 * its turn has come.
 */

/*
 * A node is reached.  Whether the hub is reached with it is seen at once: to
 * find out by expanding the hub would cost as many steps as it has arcs,
 * which may be one for each node.
 *
 * Returns a node also reached by the other search, or -1.
 */
static inline int32_t
reach(Settle *t, int d, int32_t k, int32_t from)
{
	Search	   *q = &t->search[d];
	Vertex	   *v = &t->node[k];
	Vertex	   *hub = &t->node[t->hub];

	v->prev[d] = from;
	if (v->flags & SEEN(!d))
		return k;
	v->flags |= SEEN(d);
	q->queue[q->tail++] = k;
	if (side_of(t, k) == d)
		__builtin_prefetch(t->adj[d] + v->adj_first);
	else
		__builtin_prefetch(t->held[!d] + v->held_first);
	if ((hub->flags & SEEN(d)) != 0 || !leads_to_hub(t, k, d) ||
		v->label != hub->label)
		return -1;
	hub->flags |= SEEN(d);
	hub->prev[d] = k;
	return hub->flags & SEEN(!d) ? t->hub : -1;
}

static int32_t
begin_search(Settle *t, int d, int32_t k)
{
	Search	   *q = &t->search[d];

	q->head = q->tail = 0;
	q->position = q->hub_position = 0;
	q->work = 0;
	return reach(t, d, k, -1);
}

/* Forget what was reached, at the cost of what was reached */
static void
end_search(Settle *t, int d)
{
	Search	   *q = &t->search[d];

	for (int32_t n = 0; n < q->tail; n++)
		t->node[q->queue[n]].flags &= ~SEEN(d);
	t->node[t->hub].flags &= ~SEEN(d);
}

/*
 * Pass some arcs of the hub.  Nodes of another label have nothing to do with
 * it any more.  Nodes that lead nowhere at present leave the list, too; they
 * come back by link_node().
 */
static int32_t
expand_hub(Settle *t, int d)
{
	Search	   *q = &t->search[d];
	int32_t    *linked = t->linked[d];

	for (int n = 0; n < ARCS_AT_A_TIME; n++)
	{
		int32_t		k;
		int32_t		met;
		Vertex	   *v;

		if (q->hub_position == t->nlinked[d])
			break;
		q->work++;
		k = linked[q->hub_position];
		v = &t->node[k];
		if (v->label != t->node[t->hub].label)
			v->flags &= ~IDLE;
		if (!hub_leads_to(t, k, d))
		{
			v->flags &= ~LINKED(d);
			linked[q->hub_position] = linked[--t->nlinked[d]];
			continue;
		}
		q->hub_position++;
		if (v->flags & SEEN(d))
			continue;
		met = reach(t, d, k, t->hub);
		if (met >= 0)
			return met;
	}
	return -1;
}

/* Drop the useless from a node's list */
static void
tidy_adj(Settle *t, int32_t k)
{
	Vertex	   *v = &t->node[k];
	uint32_t   *adj = t->adj[side_of(t, k)] + v->adj_first;
	int32_t		kept = 0;

	for (int32_t n = 0; n < v->adj_count; n++)
		if ((adj[n] & USELESS) == 0)
			adj[kept++] = adj[n];
	v->adj_count = kept;
	t->nuseless[k] = 0;
}

/*
 * Pass some of the pairs not taken of the node at the head of the queue.
 * Arcs between two labels lie on no cycle, now or later: they are useless.
 */
static int32_t
expand_adj(Settle *t, int d)
{
	Search	   *q = &t->search[d];
	int32_t		from = q->queue[q->head];
	Vertex	   *v = &t->node[from];
	uint32_t   *adj = t->adj[d] + v->adj_first;

	if (q->position == 0 && t->nuseless[from] > v->adj_count / 2)
		tidy_adj(t, from);
	for (int32_t n = q->position;
		 n < v->adj_count && n < q->position + ARCS_AT_A_TIME; n++)
		__builtin_prefetch(&t->node[adj[n] & NODE], 1);
	for (int n = 0; n < ARCS_AT_A_TIME; n++)
	{
		uint32_t	entry;
		int32_t		to;
		int32_t		met;

		if (q->position == v->adj_count)
		{
			q->head++;
			q->position = 0;
			break;
		}
		q->work++;
		entry = adj[q->position++];
		to = (int32_t) (entry & NODE);
		if ((entry & (TAKEN | USELESS)) != 0)
			continue;
		if (t->node[to].label != v->label)
		{
			adj[q->position - 1] |= USELESS;
			t->nuseless[from]++;
			continue;
		}
		if ((t->node[to].flags & SEEN(d)) != 0)
			continue;
		met = reach(t, d, to, from);
		if (met >= 0)
			return met;
	}
	return -1;
}

/* The same with pairs taken */
static int32_t
expand_held(Settle *t, int d)
{
	Search	   *q = &t->search[d];
	int32_t		from = q->queue[q->head];
	Vertex	   *v = &t->node[from];
	int32_t    *held = t->held[!d] + v->held_first;

	for (int n = 0; n < ARCS_AT_A_TIME; n++)
	{
		int32_t		to;
		int32_t		met;

		if (q->position == v->held_count)
		{
			q->head++;
			q->position = 0;
			break;
		}
		q->work++;
		to = held[q->position];
		if (t->node[to].label != v->label)
		{
			held[q->position] = held[--v->held_count];
			continue;
		}
		q->position++;
		if ((t->node[to].flags & SEEN(d)) != 0)
			continue;
		met = reach(t, d, to, from);
		if (met >= 0)
			return met;
	}
	return -1;
}

/*
 * Look for a path from "source" to "sink".  Returns the node where the two
 * searches met, or -1 with the direction of the one that came to its end.
 * From rows a search forward passes pairs not taken, one backward pairs
 * taken, and from columns the other way round; the hub is expanded last.
 *
 * Without a path no node is reached by both, and the one that comes to its
 * end has worked no more than the other, give or take ARCS_AT_A_TIME.
 */
static int32_t
connect(Settle *t, int32_t source, int32_t sink, int *closed)
{
	int32_t		met;

	begin_search(t, FORWARD, source);
	met = begin_search(t, BACKWARD, sink);
	while (met < 0)
	{
		int			d = t->search[BACKWARD].work < t->search[FORWARD].work;
		Search	   *q = &t->search[d];

		mtr_poll();
		if (q->head < q->tail)
			met = side_of(t, q->queue[q->head]) == d ? expand_adj(t, d) :
				expand_held(t, d);
		else if ((t->node[t->hub].flags & SEEN(d)) != 0 &&
				 q->hub_position < t->nlinked[d])
			met = expand_hub(t, d);
		else
		{
			*closed = d;
			break;
		}
	}
	return met;
}

/* ----------
 * Changing the matching
 * ----------
 */

/* Put a node where the hub's arcs are looked for, if there is one now */
static inline void
link_node(Settle *t, int32_t k)
{
	Vertex	   *v = &t->node[k];

	for (int d = 0; d < 2; d++)
		if (hub_leads_to(t, k, d) && (v->flags & LINKED(d)) == 0)
		{
			v->flags |= LINKED(d);
			t->linked[d][t->nlinked[d]++] = k;
		}
}

/* Add a partner to those a node has taken, or take it away */
static inline void
hold(Settle *t, int32_t k, int32_t partner, bool is_taken)
{
	Vertex	   *v = &t->node[k];
	int32_t    *held = t->held[side_of(t, k)] + v->held_first;
	int32_t		n = 0;

	if (is_taken)
	{
		held[v->held_count++] = partner;
		return;
	}
	while (held[n] != partner)
		n++;
	held[n] = held[--v->held_count];
}

/* Where a node's list has a partner */
static inline uint32_t *
find_adj(const Settle *t, int32_t k, int32_t partner)
{
	uint32_t   *adj = t->adj[side_of(t, k)] + t->node[k].adj_first;
	int32_t		lo = 0;
	int32_t		hi = t->node[k].adj_count;

	while (hi - lo > 1)
	{
		int32_t		mid = lo + (hi - lo) / 2;

		if ((int32_t) (adj[mid] & NODE) <= partner)
			lo = mid;
		else
			hi = mid;
	}
	return &adj[lo];
}

/* The pair of a row and a column: those of a left node are sorted */
static inline Ends *
find_pair(const Settle *t, int32_t row, int32_t col)
{
	int32_t		left = t->rows_are_right ? col : row;
	uint32_t	right = (uint32_t) (t->rows_are_right ? row : col);
	int32_t		lo = t->first_pair[left];
	int32_t		hi = t->first_pair[left + 1];

	while (hi - lo > 1)
	{
		int32_t		mid = lo + (hi - lo) / 2;
		const Ends *e = &t->pair[mid];

		if ((t->rows_are_right ? e->row & NODE : e->col) <= right)
			lo = mid;
		else
			hi = mid;
	}
	return &t->pair[lo];
}

/* Take a pair or give it up; arcs of the hub only follow the counts */
static void
toggle(Settle *t, int32_t a, int32_t b)
{
	int32_t		row = a < b ? a : b;
	int32_t		col = a < b ? b : a;
	bool		is_taken;

	if (a == t->hub || b == t->hub)
		return;
	is_taken = ((find_pair(t, row, col)->row ^= TAKEN) & TAKEN) != 0;
	*find_adj(t, row, col) ^= TAKEN;
	*find_adj(t, col, row) ^= TAKEN;
	hold(t, row, col, is_taken);
	hold(t, col, row, is_taken);
	t->vacant[row] += is_taken ? -1 : 1;
	t->vacant[col] += is_taken ? -1 : 1;
	link_node(t, row);
	link_node(t, col);
}

/* Turn the cycle of a pair and the path found for it: from where the searches
 * met back to where each began, at the ends of the pair */
static void
turn(Settle *t, int32_t met)
{
	for (int d = 0; d < 2; d++)
		for (int32_t k = met; k != t->search[d].queue[0];
			 k = t->node[k].prev[d])
		{
			mtr_poll();
			toggle(t, k, t->node[k].prev[d]);
		}
	toggle(t, t->search[FORWARD].queue[0], t->search[BACKWARD].queue[0]);
}

/* What a search has reached at its end gets a label of its own */
static void
split_off(Settle *t, int d)
{
	const Search *q = &t->search[d];

	for (int32_t n = 0; n < q->tail; n++)
		t->node[q->queue[n]].label = t->nlabels;
	if (t->node[t->hub].flags & SEEN(d))
		t->node[t->hub].label = t->nlabels;
	t->nlabels++;
}

/* A pair taken is fixed: it is no arc any more */
static void
fix_pair(Settle *t, int32_t row, int32_t col)
{
	hold(t, row, col, false);
	hold(t, col, row, false);
	*find_adj(t, row, col) |= USELESS;
	*find_adj(t, col, row) |= USELESS;
	t->nuseless[row]++;
	t->nuseless[col]++;
}

/*
 * Decide about the next pair in the order of the rule.  Afterwards the pair
 * is fixed, or its ends have different labels.
 */
static void
decide(Settle *t, const Ends *e)
{
	int32_t		row = (int32_t) (e->row & NODE);
	int32_t		col = (int32_t) e->col;

	if (t->node[row].label != t->node[col].label)
		return;
	if ((e->row & TAKEN) == 0)
	{
		int			closed = FORWARD;
		int32_t		met = connect(t, col, row, &closed);

		if (met >= 0)
			turn(t, met);
		else
			split_off(t, closed);
		end_search(t, FORWARD);
		end_search(t, BACKWARD);
		if (met < 0)
			return;
	}
	fix_pair(t, row, col);
}
