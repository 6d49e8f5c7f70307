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
 * A node is reached.  Whether the hub is reached with it is seen at once: to
 * find out by expanding the hub would cost as many steps as it has arcs,
 * which may be one for each node.
 *
 * Returns a node also reached by the other search, or -1.
 */
static inline int32_t
reach(Settle *t, int d, int32_t node, int32_t pair)
{
	Search	   *q = &t->search[d];

	q->prev[node] = pair;
	if (t->flags[node] & SEEN(!d))
		return node;
	t->flags[node] |= SEEN(d);
	q->queue[q->tail++] = node;
	if (t->flags[t->hub] & SEEN(d) || !leads_to_hub(t, node, d) ||
		t->label[node] != t->label[t->hub])
		return -1;
	t->flags[t->hub] |= SEEN(d);
	q->hub_from = node;
	return t->flags[t->hub] & SEEN(!d) ? t->hub : -1;
}

static int32_t
begin_search(Settle *t, int d, int32_t node)
{
	Search	   *q = &t->search[d];

	q->head = q->tail = 0;
	q->position = q->hub_position = 0;
	q->work = 0;
	return reach(t, d, node, -1);
}

/* Forget what was reached, at the cost of what was reached */
static void
end_search(Settle *t, int d)
{
	Search	   *q = &t->search[d];

	for (int32_t k = 0; k < q->tail; k++)
		t->flags[q->queue[k]] &= ~SEEN(d);
	t->flags[t->hub] &= ~SEEN(d);
}

/*
 * Pass some arcs of the hub.  Nodes of another label have nothing to do with
 * it any more.  Nodes that lead nowhere at present leave the list, too; they
 * come back by link().
 */
static int32_t
expand_hub(Settle *t, int d)
{
	Search	   *q = &t->search[d];
	int32_t    *linked = t->linked[d];

	for (int n = 0; n < ARCS_AT_A_TIME; n++)
	{
		int32_t		node;
		int32_t		met;

		if (q->hub_position == t->nlinked[d])
			break;
		q->work++;
		node = linked[q->hub_position];
		if (t->label[node] != t->label[t->hub])
			t->flags[node] &= ~IDLE;
		if (!hub_leads_to(t, node, d))
		{
			t->flags[node] &= ~LINKED(d);
			linked[q->hub_position] = linked[--t->nlinked[d]];
			continue;
		}
		q->hub_position++;
		if (t->flags[node] & SEEN(d))
			continue;
		met = reach(t, d, node, -1);
		if (met >= 0)
			return met;
	}
	return -1;
}

/*
 * Pass some arcs of the node at the head of the queue: from a row forward
 * pairs not taken, backward pairs taken, and for columns the other way round.
 * Arcs between two labels lie on no cycle, now or later, nor do pairs that
 * are decided: they leave the list.
 */
static int32_t
expand_node(Settle *t, int d)
{
	Search	   *q = &t->search[d];
	int32_t		from = q->queue[q->head];
	int			side = side_of(t, from);
	int32_t		label = t->label[from];
	bool		is_adj = side == d;
	int32_t    *pair = is_adj ? t->adj[side] + t->adj_first[from] :
	t->held[side] + t->held_first[from];
	int32_t    *count = is_adj ? &t->adj_count[from] : &t->held_count[from];
	const int32_t *other_end = t->end[!side];

	for (int n = 0; n < ARCS_AT_A_TIME; n++)
	{
		int32_t		e;
		int32_t		to;
		int32_t		met;

		if (q->position == *count)
		{
			q->head++;
			q->position = 0;
			break;
		}
		q->work++;
		e = pair[q->position];
		to = other_end[e];
		if (t->label[to] != label || (t->state[e] & DECIDED) != 0)
		{
			pair[q->position] = pair[--*count];
			continue;
		}
		q->position++;
		if ((t->flags[to] & SEEN(d)) != 0 ||
			(is_adj && (t->state[e] & TAKEN) != 0))
			continue;
		met = reach(t, d, to, e);
		if (met >= 0)
			return met;
	}
	return -1;
}

/*
 * Look for a path from "source" to "sink".  Returns the node where the two
 * searches met, or -1 with the direction of the one that came to its end.
 * The hub is expanded last.
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
			met = expand_node(t, d);
		else if ((t->flags[t->hub] & SEEN(d)) != 0 &&
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
link_node(Settle *t, int32_t node)
{
	for (int d = 0; d < 2; d++)
		if (hub_leads_to(t, node, d) && (t->flags[node] & LINKED(d)) == 0)
		{
			t->flags[node] |= LINKED(d);
			t->linked[d][t->nlinked[d]++] = node;
		}
}

/* Take a pair or give it up; arcs of the hub only follow the counts */
static void
toggle(Settle *t, int32_t e)
{
	bool		is_taken = (t->state[e] ^= TAKEN) & TAKEN;

	for (int side = 0; side < 2; side++)
	{
		int32_t		node = t->end[side][e];
		int32_t    *held = t->held[side] + t->held_first[node];
		int32_t    *count = &t->held_count[node];

		t->vacant[node] += is_taken ? -1 : 1;
		t->nheld[node] += is_taken ? 1 : -1;
		if (is_taken)
			held[(*count)++] = e;
		else
			for (int32_t k = 0; k < *count; k++)
				if (held[k] == e)
				{
					held[k] = held[--*count];
					break;
				}
		link_node(t, node);
	}
}

/* Turn the cycle of a pair and the path found for it: from where the searches
 * met back to where each began, at the ends of the pair */
static void
turn(Settle *t, int32_t e, int32_t met)
{
	for (int d = 0; d < 2; d++)
	{
		const Search *q = &t->search[d];
		int32_t		node = met;

		while (node != q->queue[0])
		{
			mtr_poll();
			if (node == t->hub)
				node = q->hub_from;
			else if (q->prev[node] < 0)
				node = t->hub;
			else
			{
				int32_t		pair = q->prev[node];

				node = t->end[t->end[0][pair] == node][pair];
				toggle(t, pair);
			}
		}
	}
	toggle(t, e);
}

/* What a search has reached at its end gets a label of its own */
static void
split_off(Settle *t, int d)
{
	const Search *q = &t->search[d];

	for (int32_t k = 0; k < q->tail; k++)
		t->label[q->queue[k]] = t->nlabels;
	if (t->flags[t->hub] & SEEN(d))
		t->label[t->hub] = t->nlabels;
	t->nlabels++;
}

/*
 * Decide about the next pair in the order of the rule.  Afterwards the pair
 * is decided, or its ends have different labels.
 */
static void
decide(Settle *t, int32_t e)
{
	int32_t		row = t->end[0][e];
	int32_t		col = t->end[1][e];

	if (t->label[row] != t->label[col])
		return;
	if ((t->state[e] & TAKEN) == 0)
	{
		int			closed = FORWARD;
		int32_t		met = connect(t, col, row, &closed);

		if (met >= 0)
			turn(t, e, met);
		else
			split_off(t, closed);
		end_search(t, FORWARD);
		end_search(t, BACKWARD);
		if (met < 0)
			return;
	}
	t->state[e] |= DECIDED;
	t->nheld[row]--;
	t->nheld[col]--;
}
