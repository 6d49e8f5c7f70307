/*
 * ties_search.h
 *	  the searches of ties_bits.c for a path between two nodes
 *
 * Part of ties_bits.c, which says what the graph means.  A path found is left
 * in "prev" of both searches: from the node where they met back to the source,
 * and on to the sink.
 */

/* Both searches begin with one node that counts as reached */
static void
begin_search(Ties *t, int d, int32_t node)
{
	Search	   *q = &t->search[d];
	Side	   *s = &t->side[node >= t->side[1].first];

	q->queue[0] = node;
	q->head = 0;
	q->tail = 1;
	q->work = 0;
	q->seen_hub = false;
	put_bit(s->seen[d], node - s->first, true);
}

/* Forget what was reached, at the cost of what was reached */
static void
end_search(Ties *t, int d)
{
	Search	   *q = &t->search[d];

	for (int32_t k = 0; k < q->tail; k++)
	{
		int32_t		node = q->queue[k];
		Side	   *s = &t->side[node >= t->side[1].first];

		if (node != t->hub)
			put_bit(s->seen[d], node - s->first, false);
	}
}

/*
 * An arc that leads to a node of the other search, or -1.  Looking for it
 * before anything is put into the queue saves dense graphs most of the work:
 * there, two steps from either end usually suffice.
 */
static int32_t
find_meeting(const Arcs *a, int d)
{
	const uint64_t *seen = a->to->seen[!d];

	for (int32_t w = 0; w < a->words; w++)
	{
		uint64_t	x = a->set[w] & (a->mask[w] ^ a->flip) & seen[w];

		if (x != 0)
			return a->to->first + w * 64 + __builtin_ctzll(x);
	}
	return -1;
}

/*
 * Reach everything some arcs lead to.  Arcs between two labels lie on no
 * cycle, now or later; they are dropped, so that each is met once only.  For
 * the hub this means that the element has nothing to do with it any more.
 */
static void
follow(Ties *t, int d, int32_t from, const Arcs *a)
{
	Search	   *q = &t->search[d];
	uint64_t   *seen = a->to->seen[d];
	int32_t		label = t->label[from];
	int32_t		tail = q->tail;

	for (int32_t w = 0; w < a->words; w++)
	{
		uint64_t	x = a->set[w] & (a->mask[w] ^ a->flip) & ~seen[w];

		for (; x != 0; x &= x - 1)
		{
			int32_t		k = w * 64 + __builtin_ctzll(x);
			int32_t		node = a->to->first + k;

			if (t->label[node] == label)
			{
				put_bit(seen, k, true);
				q->prev[node] = from;
				q->queue[tail++] = node;
				continue;
			}
			if (from == t->hub)
			{
				a->to->idle[k] = false;
				put_bit(a->to->hub[0], k, false);
				put_bit(a->to->hub[1], k, false);
			}
			else
				put_bit(a->set, k, false);
		}
	}
	q->work += a->words + (tail - q->tail);
	q->tail = tail;
}

static void
set_arcs(Arcs *a, Side *to, uint64_t *set, const uint64_t *mask, bool flip)
{
	a->to = to;
	a->words = words_for(to->n);
	a->set = set;
	a->mask = mask;
	a->flip = flip ? ~UINT64_C(0) : 0;
}

/*
 * Expand one node.  Which arcs there are depends on the side and on the
 * direction only: from a row forward pairs not taken, backward pairs taken,
 * and for columns the other way round; likewise for the hub with "vacant" for
 * "not taken".
 *
 * An arc between an element and the hub is there if the count behind it is
 * above 0.  That i -> hub and hub -> i make up a cycle that changes nothing
 * does no harm: a path that visits no node twice doesn't use both.
 *
 * Returns a node also reached by the other search, or -1.
 */
static int32_t
expand(Ties *t, int d, int32_t node)
{
	Search	   *q = &t->search[d];
	Arcs		arcs[2];
	int			narcs = 0;
	int			side = node >= t->side[1].first;
	Side	   *s = &t->side[side];

	if (node == t->hub)
		for (; narcs < 2; narcs++)
		{
			Side	   *to = &t->side[narcs];
			uint64_t   *set = to->hub[narcs != d];

			set_arcs(&arcs[narcs], to, set, set, false);
		}
	else
	{
		int32_t		k = node - s->first;

		set_arcs(&arcs[narcs++], &t->side[!side], set_of(s->loose, s, k),
				 set_of(s->taken, s, k), side == d);

		if (get_bit(s->hub[side == d], k) && !q->seen_hub &&
			t->label[t->hub] == t->label[node])
		{
			q->seen_hub = true;
			q->prev[t->hub] = node;
			q->queue[q->tail++] = t->hub;
			if (t->search[!d].seen_hub)
				return t->hub;
		}
	}

	for (int k = 0; k < narcs; k++)
	{
		int32_t		met = find_meeting(&arcs[k], d);

		if (met >= 0)
		{
			q->prev[met] = node;
			return met;
		}
	}
	for (int k = 0; k < narcs; k++)
		follow(t, d, node, &arcs[k]);
	return -1;
}

/*
 * Look for a path from "source" to "sink".  Returns the node where the two
 * searches met, or -1 with the direction of the one that came to its end.
 *
 * Without a path no node is reached by both, and the one that comes to its
 * end has worked no more than the other would have had to, give or take one
 * step: so it is paid for by the smaller part of what it separates.
 */
static int32_t
connect(Ties *t, int32_t source, int32_t sink, int *closed)
{
	begin_search(t, FORWARD, source);
	begin_search(t, BACKWARD, sink);
	for (;;)
	{
		int			d = t->search[BACKWARD].work < t->search[FORWARD].work;
		Search	   *q = &t->search[d];
		int32_t		met;

		mtr_poll();
		if (q->head == q->tail)
		{
			*closed = d;
			return -1;
		}
		met = expand(t, d, q->queue[q->head++]);
		if (met >= 0)
			return met;
	}
}
