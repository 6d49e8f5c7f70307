/*
 * fair_route.h
 *	  fill the places in demand along shortest paths
 *
 * Part of fair.c, which says what the graph means.  Rows in demand want one
 * more pair each, and so do columns; a path from one of those to one of these
 * gives it to both.  This is how as many pairs as possible are found, and how
 * the pairs of a level are chosen (fair_level.h).
 *
 * Costs.  While a level is settled its pairs are arcs, too: one that isn't
 * taken, in "at_level", costs 1, one that is taken brings 1 back, and all
 * other arcs cost 0.  Each node has a potential, the length of the shortest
 * path from a row in demand as far as is known, and paths use the arcs that
 * are tight:
 *
 *	 potential(head) = potential(tail) + cost.
 *
 * No arc has a potential(head) above that: taking a tight path keeps this
 * true.  Columns of one potential are a class, so that the tight arcs of a row
 * are found 64 at a time.  When no tight path is left all nodes that weren't
 * reached get a potential higher by 1.  (The Hungarian method; Ahuja, Magnanti
 * and Orlin, "Network flows", 1993, chapter 9.8, primal-dual algorithm.)
 */

/* In "prev" of a tree's root, in "branch" of a branch that gave its path */
#define IS_ROOT (-1)
#define DEAD (-1)

static inline int32_t
potential_of(const Fair *f, int s, int32_t k)
{
	return f->potential[f->side[s].first + k];
}

/* What a live pair costs when not taken */
static inline int32_t
cost_of(const Fair *f, int32_t q)
{
	return f->score[q] == f->level;
}

static inline bool
is_tight(const Fair *f, int32_t q)
{
	return potential_of(f, 1, f->end[1][q]) ==
		potential_of(f, 0, f->end[0][q]) + cost_of(f, q);
}

static inline uint64_t *
class_of(Fair *f, int32_t potential)
{
	return f->class_set + (size_t) potential * f->side[0].words;
}

/* All potentials 0 */
static void
begin_potentials(Fair *f)
{
	const Side *rows = &f->side[0];
	uint64_t   *class = class_of(f, 0);

	memset(f->potential, 0, (rows->hub + 2) * sizeof(int32_t));
	memset(class, 0, 2 * (size_t) rows->words * sizeof(uint64_t));
	for (int32_t j = 0; j < f->p->ncols; j++)
		put_bit(class, j, true);
	f->nclasses = 1;
}

/*
 * Raise the potential of all that the last round of route() has not reached.
 * No shortest path costs more than a row and column allow one arc each, so
 * there is room for all classes.
 */
static void
raise_potentials(Fair *f)
{
	const Search *q = &f->search[FORWARD];
	const Side *rows = &f->side[0];
	const Side *cols = &f->side[1];

	for (int32_t i = 0; i < rows->n; i++)
		f->potential[i] += !get_bit(rows->seen[FORWARD], i);
	for (int32_t j = 0; j < cols->n; j++)
		f->potential[cols->first + j] += !get_bit(cols->seen[FORWARD], j);
	for (int s = 0; s < 2; s++)
		f->potential[rows->hub + s] += !q->seen_hub[s];

	memset(class_of(f, f->nclasses + 1), 0,
		   rows->words * sizeof(uint64_t));
	for (int32_t a = f->nclasses++; a >= 0; a--)
	{
		uint64_t   *class = class_of(f, a);

		mtr_poll();
		for (int32_t w = 0; w < rows->words; w++)
		{
			uint64_t	below = a > 0 ? class[w - rows->words] : 0;
			uint64_t	seen = cols->seen[FORWARD][w];

			class[w] = (class[w] & seen) | (below & ~seen);
		}
	}
}

/* A column in demand that is one tight arc from a row, or -1 */
static int32_t
find_wanting(Fair *f, int32_t row)
{
	const Side *rows = &f->side[0];
	const uint64_t *open = set_of(rows->open, rows, row);
	const uint64_t *level = level_set(f, row);
	const uint64_t *class = class_of(f, f->potential[row]);
	const uint64_t *next_class = class + rows->words;
	const uint64_t *wanting = f->side[1].wanting;

	for (int32_t w = 0; w < rows->words; w++)
	{
		uint64_t	x = wanting[w] &
		((open[w] & class[w]) | (level[w] & next_class[w]));

		if (x != 0)
			return w * 64 + __builtin_ctzll(x);
	}
	return -1;
}

/*
 * Append a node to the branch that "from" is in.  Each node that the root of a
 * tree leads to begins a branch: paths in two branches have no arc in common.
 */
static inline void
add_node(Fair *f, int32_t from, int32_t node)
{
	Search	   *q = &f->search[FORWARD];

	q->prev[node] = from;
	f->branch[node] = q->prev[from] == IS_ROOT ? node : f->branch[from];
	q->queue[q->tail++] = node;
}

/* May a node still lead to a path?  Its branch gives one path a round, and
 * the row at the root may have got all it wants. */
static inline bool
is_growing(const Fair *f, int32_t node)
{
	const int32_t *prev = f->search[FORWARD].prev;
	int32_t		branch;

	if (prev[node] == IS_ROOT)
		return f->side[0].demand[node] > 0;
	branch = f->branch[node];
	return f->branch[branch] == branch &&
		f->side[0].demand[prev[branch]] > 0;
}

/* The columns a row leads to; one in demand is returned at once, else -1 */
static int32_t
add_columns(Fair *f, int32_t row)
{
	Side	   *rows = &f->side[0];
	Side	   *cols = &f->side[1];
	const uint64_t *open = set_of(rows->open, rows, row);
	const uint64_t *level = level_set(f, row);
	const uint64_t *class = class_of(f, f->potential[row]);
	const uint64_t *next_class = class + rows->words;
	const uint64_t *wanting = cols->wanting;
	uint64_t   *seen = cols->seen[FORWARD];

	for (int32_t w = 0; w < rows->words; w++)
	{
		uint64_t	x = ~seen[w] &
		((open[w] & class[w]) | (level[w] & next_class[w]));

		if ((x & wanting[w]) != 0)
			return w * 64 + __builtin_ctzll(x & wanting[w]);
		seen[w] |= x;
		for (; x != 0; x &= x - 1)
			add_node(f, row, cols->first + w * 64 + __builtin_ctzll(x));
	}
	return -1;
}

static void
add_partners(Fair *f, int32_t col)
{
	Side	   *rows = &f->side[0];

	for (int32_t e = f->side[1].first_pair[col]; e >= 0; e = f->next[1][e])
	{
		int32_t		i = f->end[0][e];

		if (get_bit(rows->seen[FORWARD], i) || !is_tight(f, e))
			continue;
		put_bit(rows->seen[FORWARD], i, true);
		add_node(f, f->side[1].first + col, i);
	}
}

/* The hub of a side, from one of its elements */
static void
add_hub(Fair *f, int32_t from)
{
	Search	   *q = &f->search[FORWARD];
	Side	   *s = side_of(f, from);
	int			side = s == &f->side[1];
	const uint64_t *linked = side == 0 ? s->idle : s->with_vacant;

	if (!get_bit(linked, from - s->first) || q->seen_hub[side] ||
		f->potential[from] != f->potential[s->hub])
		return;
	q->seen_hub[side] = true;
	add_node(f, from, s->hub);
}

/* From a hub to its side: returns a column in demand if there is one, or -1 */
static int32_t
add_from_hub(Fair *f, int32_t hub)
{
	int			side = hub - f->side[0].hub;
	Side	   *s = &f->side[side];
	const uint64_t *linked = side == 0 ? s->with_vacant : s->idle;
	uint64_t   *seen = s->seen[FORWARD];

	for (int32_t w = 0; w < s->own_words; w++)
		for (uint64_t x = linked[w] & ~seen[w]; x != 0; x &= x - 1)
		{
			int32_t		k = w * 64 + __builtin_ctzll(x);

			if (f->potential[s->first + k] != f->potential[hub])
				continue;
			if (side == 1 && get_bit(s->wanting, k))
				return k;
			put_bit(seen, k, true);
			add_node(f, hub, s->first + k);
		}
	return -1;
}

/* Take the path that ends with an arc to this column */
static void
take_path(Fair *f, int32_t from, int32_t col)
{
	const int32_t *prev = f->search[FORWARD].prev;
	int32_t		node = from;

	step(f, from, f->side[1].first + col);
	for (; prev[node] != IS_ROOT; node = prev[node])
	{
		if (prev[prev[node]] == IS_ROOT)
			f->branch[node] = DEAD;
		step(f, prev[node], node);
	}
	change_demand(&f->side[0], node, -1);
	change_demand(&f->side[1], col, -1);
	f->nfilled++;
}

/* Plant a tree at each row in demand that has no wanting column at hand */
static int64_t
plant_trees(Fair *f)
{
	Side	   *rows = &f->side[0];
	Search	   *q = &f->search[FORWARD];
	int64_t		ntaken = 0;

	for (int32_t w = 0; w < rows->own_words; w++)
		for (uint64_t x = rows->wanting[w]; x != 0; x &= x - 1)
		{
			int32_t		i = w * 64 + __builtin_ctzll(x);
			int32_t		j;

			mtr_poll();
			q->prev[i] = IS_ROOT;
			while (rows->demand[i] > 0 && (j = find_wanting(f, i)) >= 0)
			{
				take_path(f, i, j);
				ntaken++;
			}
			if (rows->demand[i] == 0)
				continue;
			put_bit(rows->seen[FORWARD], i, true);
			q->queue[q->tail++] = i;
		}
	return ntaken;
}

/*
 * One round: trees grow breadth first, all at once, each node in one of them;
 * a branch that comes to a column in demand takes the path and stops.  Returns
 * the number of paths; if it is 0, "seen" is all that tight arcs lead to.
 */
static int64_t
route_round(Fair *f)
{
	Search	   *q = &f->search[FORWARD];
	int64_t		ntaken;

	tell(f);
	for (int s = 0; s < 2; s++)
	{
		memset(f->side[s].seen[FORWARD], 0,
			   f->side[s].own_words * sizeof(uint64_t));
		q->seen_hub[s] = false;
	}
	q->head = q->tail = 0;
	ntaken = plant_trees(f);
	while (q->head < q->tail)
	{
		int32_t		node = q->queue[q->head++];
		int32_t		col = -1;

		mtr_poll();
		if (!is_growing(f, node))
			continue;
		if (is_hub(f, node))
			col = add_from_hub(f, node);
		else
		{
			add_hub(f, node);
			if (node < f->side[1].first)
				col = add_columns(f, node);
			else
				add_partners(f, node - f->side[1].first);
		}
		if (col >= 0)
		{
			take_path(f, node, col);
			ntaken++;
		}
	}
	return ntaken;
}

/* Take paths until there is none.  Returns whether rows are still in demand;
 * if so, all they lead to is "seen". */
static bool
route(Fair *f)
{
	const Side *rows = &f->side[0];
	uint64_t	any = 0;

	while (route_round(f) > 0)
		continue;
	for (int32_t w = 0; w < rows->own_words; w++)
		any |= rows->wanting[w];
	return any != 0;
}

/* Afterwards no search has reached anything */
static void
end_routes(Fair *f)
{
	for (int s = 0; s < 2; s++)
		memset(f->side[s].seen[FORWARD], 0,
			   f->side[s].own_words * sizeof(uint64_t));
}
