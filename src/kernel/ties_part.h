/*
 * ties_part.h
 *	  the graph of ties_settle.c, and its strongly connected components
 *
 * Part of ties_settle.c, which says what the graph means.
 *
 * The components, parts for short, are found by Tarjan's method (Depth-first
 * search and linear graph algorithms, SIAM J. Comput. 1, 1972) with stacks of
 * its own.  It reads the list as it is: rows lead to the columns of their
 * entries not taken, and only what leads from a column to a row, the pairs
 * taken, is laid out beforehand.
 */

/*
 * Directions of a search, used as index.  With the sides numbered 0 and 1,
 * too, whether a step from a node passes pairs taken or pairs not taken is
 * told by side != direction.
 */
#define FORWARD 0
#define BACKWARD 1

/* Flags of a node */
#define SEEN(d) (1 << (d))		/* reached by this search */
#define LINKED(d) (4 << (d))	/* in linked[d] */
#define IDLE 16					/* cover and price 0: the hub may have arcs */

/*
 * A row, a column or the hub.  A search comes to nodes in no order, so what it
 * waits for is memory: all it needs of one is in half a cache line.
 */
typedef struct Vertex
{
	int32_t		label;
	int32_t		flags;
	int32_t		prev[2];		/* by search, if seen: where it was reached
								 * from */
	int32_t		adj_first;		/* partners of its pairs, in adj[side] */
	int32_t		adj_count;
	int32_t		held_first;		/* of its loose pairs taken, in held[side] */
	int32_t		held_count;
} Vertex;

/* A pair */
typedef struct Ends
{
	uint32_t	row;			/* node, and whether the pair is TAKEN */
	uint32_t	col;			/* node */
} Ends;

/*
 * Nodes in adj[] have flags, too: whether the pair is taken, and whether it is
 * of no use any more.  They are sorted, and what is useless stays until it is
 * half of the list.
 */
#define TAKEN (UINT32_C(1) << 31)
#define USELESS (UINT32_C(1) << 30)
#define NODE (USELESS - 1)

typedef struct Search
{
	int32_t    *queue;			/* nodes in the order they were reached */
	int32_t		head;			/* now being expanded */
	int32_t		tail;
	int32_t		position;		/* next arc of that node */
	int32_t		hub_position;	/* next arc of the hub */
	int64_t		work;			/* arcs passed */
} Search;

/*
 * Everything.  Nodes are numbered: rows, columns, hub.  Two nodes of one part
 * have the same label, but not the other way round: after the beginning parts
 * are not computed again, labels only come as near to them as the pairs
 * decided so far have required.
 */
typedef struct Settle
{
	MtrTiesList *list;
	const MtrAssign *p;
	int32_t		nrows;
	int32_t		hub;			/* its node number, the last one */
	int32_t		nlabels;
	Vertex	   *node;
	int32_t    *vacant;			/* [nodes] places without a pair */

	/* pairs, numbered in the order of the left side, then the right */
	bool		rows_are_right;
	int32_t		npairs;
	Ends	   *pair;
	int32_t    *first_pair;		/* [left nodes and one more] */
	int32_t    *order;			/* pairs in the order of the rule */

	uint32_t   *adj[2];			/* partners of rows, of columns */
	int32_t    *nuseless;		/* [nodes] of adj_count */
	int32_t    *held[2];
	int32_t    *linked[2];		/* nodes the hub leads to, searching forward,
								 * backward, and others */
	int32_t		nlinked[2];
	Search		search[2];
} Settle;

static inline int
side_of(const Settle *t, int32_t k)
{
	return k >= t->nrows;
}

/* Is there an arc between a node and the hub?  Which of the two counts
 * decides is told by the table in ties_settle.c. */
static inline bool
has_link(const Settle *t, int32_t k, bool pairs_count)
{
	return (t->node[k].flags & IDLE) != 0 &&
		(pairs_count ? t->node[k].held_count : t->vacant[k]) > 0;
}

/* ... passed from the node to the hub by a search in direction d */
static inline bool
leads_to_hub(const Settle *t, int32_t k, int d)
{
	return has_link(t, k, side_of(t, k) == d);
}

static inline bool
hub_leads_to(const Settle *t, int32_t k, int d)
{
	return has_link(t, k, side_of(t, k) != d);
}

/* ----------
 * Loading the list
 * ----------
 */

/* Begin with the places and the proof */
static void
load_nodes(Settle *t)
{
	const MtrAssign *p = t->p;

	memset(t->node, 0, ((size_t) t->hub + 1) * sizeof(Vertex));
	memcpy(t->vacant, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(t->vacant + p->nrows, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_cover[i] == 0 && p->row_price[i] == 0)
			t->node[i].flags = IDLE;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_cover[j] == 0 && p->col_price[j] == 0)
			t->node[p->nrows + j].flags = IDLE;
}

/* Count what the entries say about each node */
static void
count_entries(Settle *t)
{
	const MtrTiesList *list = t->list;

	for (int32_t i = 0; i < t->nrows; i++)
	{
		mtr_poll();
		for (uint32_t k = list->row_start[i]; k < list->row_start[i + 1]; k++)
		{
			uint32_t	entry = list->entry[k];
			int32_t		col = t->nrows + (int32_t) (entry & MTR_TIES_COLUMN);
			bool		is_loose = (entry & MTR_TIES_FIXED) == 0;

			if ((entry & MTR_TIES_TAKEN) == 0)
				continue;
			t->vacant[i]--;
			t->vacant[col]--;
			t->node[i].held_count += is_loose;
			t->node[col].held_count += is_loose;
		}
	}
}

/* List for each column the rows it is taken by, in held[1] */
static void
list_takers(Settle *t)
{
	const MtrTiesList *list = t->list;
	int32_t    *free = t->linked[0];	/* not in use yet */
	int32_t		sum = 0;

	for (int32_t k = t->nrows; k < t->hub; k++)
	{
		free[k] = t->node[k].held_first = sum;
		sum += t->node[k].held_count;
	}
	for (int32_t i = 0; i < t->nrows; i++)
	{
		mtr_poll();
		for (uint32_t k = list->row_start[i]; k < list->row_start[i + 1]; k++)
		{
			uint32_t	entry = list->entry[k];
			int32_t		col = t->nrows + (int32_t) (entry & MTR_TIES_COLUMN);

			if ((entry & (MTR_TIES_TAKEN | MTR_TIES_FIXED)) == MTR_TIES_TAKEN)
				t->held[1][free[col]++] = i;
		}
	}
}

/* ----------
 * Parts
 * ----------
 */

/* What Tarjan's method knows of a node is where searches have other things
 * later */
#define number prev[0]			/* when it was come to, 0 = not yet */
#define low prev[1]				/* lowest number known to be reached within
								 * the part */
#define parent adj_first		/* the way back */
#define next adj_count			/* next arc */

typedef struct Walk
{
	int32_t    *open;			/* nodes whose part is not known yet */
	int32_t		nopen;
	int32_t		nseen;
} Walk;

/* The node the next arc of a node leads to, or -1 */
static inline int32_t
next_arc(Settle *t, int32_t k)
{
	Vertex	   *v = &t->node[k];

	if (k < t->nrows)
	{
		const MtrTiesList *list = t->list;
		int32_t		end = (int32_t) list->row_start[k + 1];

		while (v->next < end)
		{
			uint32_t	entry = list->entry[v->next++];

			if ((entry & MTR_TIES_TAKEN) == 0)
				return t->nrows + (int32_t) (entry & MTR_TIES_COLUMN);
		}
		if (v->next++ == end && leads_to_hub(t, k, FORWARD))
			return t->hub;
	}
	else if (k < t->hub)
	{
		if (v->next < v->held_count)
			return t->held[1][v->held_first + v->next++];
		if (v->next++ == v->held_count && leads_to_hub(t, k, FORWARD))
			return t->hub;
	}
	else
		while (v->next < t->hub)
		{
			int32_t		to = v->next++;

			if (hub_leads_to(t, to, FORWARD))
				return to;
		}
	return -1;
}

static inline void
come_to(Settle *t, Walk *w, int32_t k, int32_t from)
{
	Vertex	   *v = &t->node[k];

	v->number = v->low = ++w->nseen;
	v->parent = from;
	v->next = k < t->nrows ? (int32_t) t->list->row_start[k] : 0;
	v->label = -1;
	w->open[w->nopen++] = k;
}

/* Everything that can be reached from a node and was not come to before */
static void
walk_from(Settle *t, Walk *w, int32_t root)
{
	int32_t		k = root;

	come_to(t, w, root, -1);
	while (k >= 0)
	{
		Vertex	   *v = &t->node[k];
		int32_t		to = next_arc(t, k);

		if (to >= 0 && t->node[to].number == 0)
		{
			come_to(t, w, to, k);
			k = to;
			continue;
		}
		if (to >= 0)
		{
			if (t->node[to].label < 0 && t->node[to].number < v->low)
				v->low = t->node[to].number;
			continue;
		}

		mtr_poll();
		if (v->low == v->number)
		{
			do
				t->node[w->open[--w->nopen]].label = t->nlabels;
			while (w->open[w->nopen] != k);
			t->nlabels++;
		}
		k = v->parent;
		if (k >= 0 && v->low < t->node[k].low)
			t->node[k].low = v->low;
	}
}

/* Give each part a label */
static void
find_parts(Settle *t)
{
	Walk		w = {.open = t->search[0].queue};

	list_takers(t);
	for (int32_t k = 0; k <= t->hub; k++)
		if (t->node[k].number == 0)
			walk_from(t, &w, k);
}

#undef number
#undef low
#undef parent
#undef next
