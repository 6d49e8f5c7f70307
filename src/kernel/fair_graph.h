/*
 * fair_graph.h
 *	  the graph of fair.c: what its parts look like in memory, and steps in it
 *
 * Part of fair.c, which says what the graph means.
 *
 * An arc row -> column is an eligible pair that isn't taken, and a bit in
 * "open" of both sides.  An arc column -> row is a pair that is taken, and an
 * entry in a list of both.  Each side has a hub: an element whose number of
 * pairs may change is "idle" and linked to it,
 *
 *	 row -> hub of rows			the row does without one of its pairs,
 *	 hub of rows -> row			it fills a vacant place,
 *	 hub of columns -> column	the column does without one,
 *	 column -> hub of columns	it fills a vacant place.
 */

/*
 * Directions of a search, used as index.  With the sides numbered 0 and 1,
 * too, whether steps from an element are bits or entries of a list is told by
 * side == direction.
 */
#define FORWARD 0
#define BACKWARD 1

/* States of a place for a pair */
#define PLACE_SPARE 0			/* in the pool */
#define PLACE_LIVE 1			/* in the lists of its row and column */
#define PLACE_FIXED 2			/* taken for good, in no list */

#define NO_LEVEL INT64_MIN

/* The rows or the columns */
typedef struct Side
{
	int32_t		n;
	int32_t		first;			/* node number of element 0 */
	int32_t		hub;			/* node number of the hub */
	int32_t		words;			/* of a bit set over the other side */
	int32_t		own_words;		/* of a bit set over this side */
	uint64_t   *open;			/* [n][words] arcs of pairs not taken */
	int32_t    *first_pair;		/* [n] list of live pairs, -1 = none */
	int32_t    *vacant;			/* [n] places that stay without a pair */
	int32_t    *demand;			/* [n] places to be filled by route() */

	/* bit sets over this side */
	uint64_t   *idle;			/* linked to the hub */
	uint64_t   *with_vacant;	/* idle, and vacant > 0 */
	uint64_t   *wanting;		/* demand > 0 */
	uint64_t   *seen[2];		/* reached by the forward, backward search */
} Side;

/* One of two searches.  What belongs to a node is not cleared between
 * searches; only nodes in the queue have it. */
typedef struct Search
{
	int32_t    *queue;			/* nodes in the order they were reached */
	int32_t    *prev;			/* [nodes] where each was reached from */
	int32_t		head;			/* next to be expanded */
	int32_t		tail;
	bool		seen_hub[2];
	int64_t		work;			/* words read and nodes reached */
} Search;

/* Everything.  Nodes are numbered: rows, columns, hub of rows, of columns. */
typedef struct Fair
{
	MtrAssign  *p;
	bool		rows_are_right;
	Side		side[2];		/* rows, columns */
	Search		search[2];

	/* places for pairs; end[0] is the row, end[1] the column */
	int32_t		nplaces;
	int32_t		pool;			/* list of spare ones, by next[0] */
	int32_t    *end[2];
	int32_t    *next[2];
	int32_t    *score;
	uint8_t    *state;

	/* how far it has come */
	int32_t		nfilled;		/* places, first */
	int32_t		npairs;			/* most pairs, -1 while not known */
	int32_t		nfixed;			/* of those */
	int64_t		lowest;			/* score taken when levels begin */
	int64_t		highest;

	/* the level being settled (fair_level.h) */
	int64_t		level;			/* its score, or NO_LEVEL */
	uint64_t   *at_level;		/* [nrows][words] pairs of it, not taken */
	int32_t    *potential;		/* [nodes] */
	uint64_t   *class_set;		/* [nclasses + 1][words] columns */
	int32_t		nclasses;
	int32_t    *branch;			/* [nodes] first node of the branch */

	/* pairs in order (fair_order.h) */
	bool		by_rule;		/* in the order of the rule, else ascending */
	int64_t		batch;
	int64_t		nkeys;
	uint64_t   *key;			/* [2 * batch] */
	uint64_t	cutoff;			/* keys from here on are left for later */
	int64_t		done;			/* levels up to this one are settled */
	uint64_t   *mark;			/* a set of columns */
	uint64_t   *row_low;		/* [nrows] no key of the row is lower */
} Fair;

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

	if (value)
		set[bit >> 6] |= mask;
	else
		set[bit >> 6] &= ~mask;
}

/* The bit set of one element among those of its side */
static inline uint64_t *
set_of(uint64_t *sets, const Side *s, int32_t element)
{
	return sets + (size_t) element * s->words;
}

static inline uint64_t *
level_set(Fair *f, int32_t row)
{
	return set_of(f->at_level, &f->side[0], row);
}

static inline int32_t
score_of(const Fair *f, int32_t i, int32_t j)
{
	return f->p->score[(size_t) i * f->p->ncols + j];
}

static inline bool
is_hub(const Fair *f, int32_t node)
{
	return node >= f->side[0].hub;
}

/* The side of a node that is no hub */
static inline Side *
side_of(Fair *f, int32_t node)
{
	return &f->side[node >= f->side[1].first];
}

static inline bool
is_open(Fair *f, int32_t i, int32_t j)
{
	return get_bit(set_of(f->side[0].open, &f->side[0], i), j);
}

static inline void
put_open(Fair *f, int32_t i, int32_t j, bool value)
{
	put_bit(set_of(f->side[0].open, &f->side[0], i), j, value);
	put_bit(set_of(f->side[1].open, &f->side[1], j), i, value);
}

static inline int64_t
share_of(int64_t part, int64_t all)
{
	return part >= all ? MTR_UNIT : part * MTR_UNIT / all;
}

/*
 * A quarter of it is to find the most pairs and a quarter to resolve ties, in
 * which pairs are fixed one after another.  While levels are settled either
 * the level rises steadily or most pairs are fixed at once.
 */
static void
tell(const Fair *f)
{
	int64_t		done;

	if (f->npairs < 0)
		done = share_of(f->nfilled, f->nplaces);
	else
	{
		int64_t		fixed = share_of(f->nfixed, f->npairs);
		int64_t		risen = f->level <= f->lowest ? 0 :
		share_of(f->level - f->lowest, f->highest - f->lowest);

		done = f->by_rule ? 3 * MTR_UNIT + fixed :
			MTR_UNIT + 2 * (risen > fixed ? risen : fixed);
	}
	mtr_progress(done, 4 * MTR_UNIT);
}

/* ----------
 * Pairs
 * ----------
 */

/* The live pair of a row and a column, or -1 */
static int32_t
find_pair(const Fair *f, int32_t i, int32_t j)
{
	int32_t		q = f->side[0].first_pair[i];

	while (q >= 0 && f->end[1][q] != j)
		q = f->next[0][q];
	return q;
}

/* Take a pair out of both lists */
static void
unlink_pair(Fair *f, int32_t q)
{
	for (int s = 0; s < 2; s++)
	{
		int32_t    *link = &f->side[s].first_pair[f->end[s][q]];

		while (*link != q)
			link = &f->next[s][*link];
		*link = f->next[s][q];
	}
}

/*
 * Take a pair.  The pool has a place: it begins with one more than there can
 * be pairs, and pairs are taken and given up in turn.
 */
static void
take(Fair *f, int32_t i, int32_t j)
{
	int32_t		q = f->pool;

	f->pool = f->next[0][q];
	f->end[0][q] = i;
	f->end[1][q] = j;
	f->score[q] = score_of(f, i, j);
	f->state[q] = PLACE_LIVE;
	for (int s = 0; s < 2; s++)
	{
		int32_t    *link = &f->side[s].first_pair[f->end[s][q]];

		f->next[s][q] = *link;
		*link = q;
	}
	if (f->score[q] == f->level)
		put_bit(level_set(f, i), j, false);
	else
		put_open(f, i, j, false);
}

/* Give a pair up */
static void
give_up(Fair *f, int32_t q)
{
	int32_t		i = f->end[0][q];
	int32_t		j = f->end[1][q];

	unlink_pair(f, q);
	f->state[q] = PLACE_SPARE;
	f->next[0][q] = f->pool;
	f->pool = q;
	if (f->score[q] == f->level)
		put_bit(level_set(f, i), j, true);
	else
	{
		put_open(f, i, j, true);
		f->row_low[i] = 0;
	}
}

static void
fix_pair(Fair *f, int32_t q)
{
	unlink_pair(f, q);
	f->state[q] = PLACE_FIXED;
	f->nfixed++;
}

static inline void
change_vacant(Side *s, int32_t k, int32_t by)
{
	s->vacant[k] += by;
	put_bit(s->with_vacant, k, s->vacant[k] > 0);
}

static inline void
change_demand(Side *s, int32_t k, int32_t by)
{
	s->demand[k] += by;
	put_bit(s->wanting, k, s->demand[k] > 0);
}

/* The number of an element's pairs doesn't change any more */
static inline void
end_idleness(Side *s, int32_t k)
{
	put_bit(s->idle, k, false);
	put_bit(s->with_vacant, k, false);
}

/* Change the matching by one arc of a path */
static void
step(Fair *f, int32_t from, int32_t to)
{
	if (is_hub(f, from) || is_hub(f, to))
	{
		bool		to_hub = is_hub(f, to);
		int32_t		node = to_hub ? from : to;
		Side	   *s = side_of(f, node);
		bool		is_row = s == &f->side[0];

		change_vacant(s, node - s->first, to_hub == is_row ? 1 : -1);
	}
	else if (from < to)
		take(f, from, to - f->side[1].first);
	else
		give_up(f, find_pair(f, to, from - f->side[1].first));
}

/* ----------
 * Sets
 * ----------
 */

/* Take arcs of one element, 64 elements of the other side at a time, away */
static inline void
close_word(Side *s, Side *other, int32_t k, int32_t w, uint64_t gone)
{
	set_of(s->open, s, k)[w] &= ~gone;
	for (; gone != 0; gone &= gone - 1)
		put_bit(set_of(other->open, other, w * 64 + __builtin_ctzll(gone)),
				k, false);
}

/*
 * The set a search has reached, and could not leave, is "closed": forward no
 * arc leads out, backward none leads in.  No cycle crosses its border then, so
 * the arcs in the other direction go: pairs not taken are no arcs any more,
 * pairs taken are fixed.  Each arc goes once; all else is paid for by the
 * search.
 *
 * The pair "spared" is not fixed (-1 = none).
 */
static void
cut(Fair *f, int d, int32_t spared)
{
	const Search *q = &f->search[d];
	Side	   *heads = &f->side[!d];
	Side	   *tails = &f->side[d];

	for (int32_t k = 0; k < q->tail; k++)
	{
		int32_t		node = q->queue[k];

		mtr_poll();
		if (is_hub(f, node))
			continue;
		if (side_of(f, node) == heads)
		{
			int32_t		x = node - heads->first;
			const uint64_t *set = set_of(heads->open, heads, x);

			for (int32_t w = 0; w < heads->words; w++)
				close_word(heads, tails, x, w,
						   set[w] & ~tails->seen[d][w]);
			if (!q->seen_hub[!d])
				end_idleness(heads, x);
		}
		else
			for (int32_t e = tails->first_pair[node - tails->first], next;
				 e >= 0; e = next)
			{
				next = f->next[d][e];
				if (e != spared && !get_bit(heads->seen[d], f->end[!d][e]))
					fix_pair(f, e);
			}
	}
	if (q->seen_hub[d])
		for (int32_t w = 0; w < tails->own_words; w++)
		{
			tails->idle[w] &= tails->seen[d][w];
			tails->with_vacant[w] &= tails->seen[d][w];
		}
}
