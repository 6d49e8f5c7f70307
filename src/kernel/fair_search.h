/*
 * fair_search.h
 *	  two searches that meet: is there a path from one node to another?
 *
 * Part of fair.c, which says what the graph means.  A path found is left in
 * "prev" of both searches: from the node where they met back to the source,
 * and on to the sink.
 */

/* Both searches begin with one node that counts as reached */
static void
begin_search(Fair *f, int d, int32_t node)
{
	Search	   *q = &f->search[d];
	Side	   *s = side_of(f, node);

	q->queue[0] = node;
	q->head = 0;
	q->tail = 1;
	q->work = 0;
	q->seen_hub[0] = q->seen_hub[1] = false;
	put_bit(s->seen[d], node - s->first, true);
}

/* Forget what was reached, at the cost of what was reached */
static void
end_search(Fair *f, int d)
{
	Search	   *q = &f->search[d];

	for (int32_t k = 0; k < q->tail; k++)
	{
		int32_t		node = q->queue[k];

		if (!is_hub(f, node))
		{
			Side	   *s = side_of(f, node);

			put_bit(s->seen[d], node - s->first, false);
		}
	}
}

static void
end_searches(Fair *f)
{
	end_search(f, FORWARD);
	end_search(f, BACKWARD);
}

/*
 * Reach the elements of a side that are in a set.  One that the other search
 * has reached, too, is returned at once: looking for it first saves dense
 * graphs most of the work.  Else -1.
 */
static int32_t
reach_set(Fair *f, int d, int32_t from, Side *to, const uint64_t *set)
{
	Search	   *q = &f->search[d];
	int32_t		words = to->own_words;
	const uint64_t *other = to->seen[!d];
	uint64_t   *seen = to->seen[d];
	int32_t		tail = q->tail;

	for (int32_t w = 0; w < words; w++)
		if ((set[w] & other[w]) != 0)
		{
			int32_t		met = to->first + w * 64 +
			__builtin_ctzll(set[w] & other[w]);

			q->prev[met] = from;
			return met;
		}
	for (int32_t w = 0; w < words; w++)
	{
		uint64_t	x = set[w] & ~seen[w];

		seen[w] |= x;
		for (; x != 0; x &= x - 1)
		{
			int32_t		node = to->first + w * 64 + __builtin_ctzll(x);

			q->prev[node] = from;
			q->queue[tail++] = node;
		}
	}
	q->work += words + (tail - q->tail);
	q->tail = tail;
	return -1;
}

/* Reach the partners of an element in live pairs, as above */
static int32_t
reach_partners(Fair *f, int d, int32_t from)
{
	Search	   *q = &f->search[d];
	Side	   *s = &f->side[!d];
	Side	   *to = &f->side[d];

	for (int32_t e = s->first_pair[from - s->first]; e >= 0;
		 e = f->next[!d][e])
	{
		int32_t		k = f->end[d][e];

		q->work++;
		if (get_bit(to->seen[d], k))
			continue;
		q->prev[to->first + k] = from;
		if (get_bit(to->seen[!d], k))
			return to->first + k;
		put_bit(to->seen[d], k, true);
		q->queue[q->tail++] = to->first + k;
	}
	return -1;
}

/*
 * Expand one node.  Returns a node also reached by the other search, or -1.
 *
 * That row -> hub -> row may be a cycle that changes nothing does no harm: a
 * path that visits no node twice doesn't use both arcs.
 */
static int32_t
expand(Fair *f, int d, int32_t node)
{
	Search	   *q = &f->search[d];
	Side	   *s;
	const uint64_t *linked;
	int			side;

	if (is_hub(f, node))
	{
		side = node - f->side[0].hub;
		s = &f->side[side];
		return reach_set(f, d, node, s, side == d ? s->with_vacant : s->idle);
	}
	s = side_of(f, node);
	side = s == &f->side[1];
	linked = side == d ? s->idle : s->with_vacant;
	if (get_bit(linked, node - s->first) && !q->seen_hub[side])
	{
		q->seen_hub[side] = true;
		q->prev[s->hub] = node;
		if (f->search[!d].seen_hub[side])
			return s->hub;
		q->queue[q->tail++] = s->hub;
	}
	if (side == d)
		return reach_set(f, d, node, &f->side[!side],
						 set_of(s->open, s, node - s->first));
	return reach_partners(f, d, node);
}

/*
 * Look for a path from "source" to "sink", one a row and the other a column.
 * Returns the node where the two searches met, or -1 with the direction of the
 * one that came to its end.
 *
 * Each step is done by the search that has worked less so far.  Without a
 * path no node is reached by both, so the one that comes to its end is paid
 * for by the smaller part of what it separates.
 */
static int32_t
connect(Fair *f, int32_t source, int32_t sink, int *closed)
{
	tell(f);
	begin_search(f, FORWARD, source);
	begin_search(f, BACKWARD, sink);
	for (;;)
	{
		int			d = f->search[BACKWARD].work < f->search[FORWARD].work;
		Search	   *q = &f->search[d];
		int32_t		met;

		mtr_poll();
		if (q->head == q->tail)
		{
			*closed = d;
			return -1;
		}
		met = expand(f, d, q->queue[q->head++]);
		if (met >= 0)
			return met;
	}
}

/* Change the matching along the path found */
static void
turn(Fair *f, int32_t met)
{
	const Search *forward = &f->search[FORWARD];
	const Search *backward = &f->search[BACKWARD];

	for (int32_t node = met; node != forward->queue[0];
		 node = forward->prev[node])
		step(f, forward->prev[node], node);
	for (int32_t node = met; node != backward->queue[0];
		 node = backward->prev[node])
		step(f, node, backward->prev[node]);
}
