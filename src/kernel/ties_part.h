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

/* States of a pair */
#define TAKEN 1
#define DECIDED 2

/* One of two searches.  What belongs to a node is not cleared between
 * searches; only nodes in the queue have it. */
typedef struct Search
{
	int32_t    *queue;			/* nodes in the order they were reached */
	int32_t    *prev;			/* [nodes] pair by which each was reached, -1
								 * for from the hub */
	int32_t		head;			/* now being expanded */
	int32_t		tail;
	int32_t		position;		/* next arc of that node */
	int32_t		hub_position;	/* next arc of the hub */
	int32_t		hub_from;		/* node the hub was reached from */
	int64_t		work;			/* arcs passed */
} Search;

/*
 * Everything.  Nodes are numbered: rows, columns, hub.  Two nodes of one part
 * have the same label, but not the other way round: after the beginning parts
 * are not computed again, labels only come as near to them as the pairs
 * decided so far have required.
 *
 * A node's lists "adj" (its pairs) and "held" (those taken) lose what is found
 * to be of no use any more, each only where it was found.
 */
typedef struct Settle
{
	MtrTiesList *list;
	const MtrAssign *p;
	int32_t		nrows;
	int32_t		hub;			/* its node number, the last one */
	int32_t		nlabels;

	/* of nodes */
	int32_t    *label;
	int32_t    *vacant;			/* places without a pair */
	int32_t    *nheld;			/* loose pairs taken */
	uint8_t    *flags;
	int32_t    *adj_first;		/* in adj[side] */
	int32_t    *adj_count;
	int32_t    *held_first;		/* in held[side] */
	int32_t    *held_count;

	/* of pairs, numbered in the order of the left side */
	int32_t		npairs;
	int32_t    *end[2];			/* node of the row, of the column */
	uint8_t    *state;
	int32_t    *order;			/* pairs in the order of the rule */

	int32_t    *adj[2];			/* pairs of rows, of columns */
	int32_t    *held[2];
	int32_t    *linked[2];		/* nodes the hub leads to, searching forward,
								 * backward, and others */
	int32_t		nlinked[2];
	Search		search[2];
} Settle;

static inline int
side_of(const Settle *t, int32_t node)
{
	return node >= t->nrows;
}

/* Is there an arc between a node and the hub?  "pairs_count" tells which of
 * the two counts decides: see the table in ties_settle.c. */
static inline bool
has_link(const Settle *t, int32_t node, bool pairs_count)
{
	return (t->flags[node] & IDLE) != 0 &&
		(pairs_count ? t->nheld[node] : t->vacant[node]) > 0;
}

/* ... passed from the node to the hub by a search in direction d */
static inline bool
leads_to_hub(const Settle *t, int32_t node, int d)
{
	return has_link(t, node, side_of(t, node) == d);
}

static inline bool
hub_leads_to(const Settle *t, int32_t node, int d)
{
	return has_link(t, node, side_of(t, node) != d);
}

/* ----------
 * Loading the list
 * ----------
 */

/* Count what the entries say about each node */
static void
count_entries(Settle *t)
{
	const MtrAssign *p = t->p;
	const MtrTiesList *list = t->list;

	memcpy(t->vacant, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(t->vacant + p->nrows, p->col_places, p->ncols * sizeof(int32_t));
	memset(t->nheld, 0, (t->hub + 1) * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
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
			t->nheld[i] += is_loose;
			t->nheld[col] += is_loose;
		}
	}
	for (int32_t i = 0; i < p->nrows; i++)
		t->flags[i] = p->row_cover[i] == 0 && p->row_price[i] == 0 ? IDLE : 0;
	for (int32_t j = 0; j < p->ncols; j++)
		t->flags[p->nrows + j] =
			p->col_cover[j] == 0 && p->col_price[j] == 0 ? IDLE : 0;
	t->flags[t->hub] = 0;
}

/* List for each column the rows it is taken by, in held[1] */
static void
list_takers(Settle *t)
{
	const MtrTiesList *list = t->list;
	int32_t		sum = 0;

	for (int32_t node = t->nrows; node < t->hub; node++)
	{
		t->held_first[node] = sum;
		t->held_count[node] = 0;
		sum += t->nheld[node];
	}
	for (int32_t i = 0; i < t->nrows; i++)
	{
		mtr_poll();
		for (uint32_t k = list->row_start[i]; k < list->row_start[i + 1]; k++)
		{
			uint32_t	entry = list->entry[k];
			int32_t		col = t->nrows + (int32_t) (entry & MTR_TIES_COLUMN);

			if ((entry & (MTR_TIES_TAKEN | MTR_TIES_FIXED)) == MTR_TIES_TAKEN)
				t->held[1][t->held_first[col] + t->held_count[col]++] = i;
		}
	}
}

/* ----------
 * Parts
 * ----------
 */

/* Tarjan's numbers and stacks, in memory the searches use later */
typedef struct Walk
{
	int32_t    *number;			/* [nodes] when it was come to, 0 = not yet */
	int32_t    *low;			/* [nodes] lowest number known to be reached
								 * within the part */
	int32_t    *parent;			/* [nodes] the way back */
	int32_t    *next;			/* [nodes] next arc */
	int32_t    *open;			/* nodes whose part is not known yet */
	int32_t		nopen;
	int32_t		nseen;
} Walk;

/* The node the next arc of a node leads to, or -1 */
static inline int32_t
next_arc(const Settle *t, int32_t node, int32_t *next)
{
	if (node < t->nrows)
	{
		const MtrTiesList *list = t->list;
		int32_t		end = (int32_t) list->row_start[node + 1];

		while (*next < end)
		{
			uint32_t	entry = list->entry[(*next)++];

			if ((entry & MTR_TIES_TAKEN) == 0)
				return t->nrows + (int32_t) (entry & MTR_TIES_COLUMN);
		}
		if ((*next)++ == end && leads_to_hub(t, node, FORWARD))
			return t->hub;
	}
	else if (node < t->hub)
	{
		int32_t		count = t->held_count[node];

		if (*next < count)
			return t->held[1][t->held_first[node] + (*next)++];
		if ((*next)++ == count && leads_to_hub(t, node, FORWARD))
			return t->hub;
	}
	else
		while (*next < t->hub)
		{
			int32_t		to = (*next)++;

			if (hub_leads_to(t, to, FORWARD))
				return to;
		}
	return -1;
}

static inline void
come_to(Settle *t, Walk *w, int32_t node)
{
	w->number[node] = w->low[node] = ++w->nseen;
	w->next[node] = node < t->nrows ? (int32_t) t->list->row_start[node] : 0;
	w->open[w->nopen++] = node;
	t->label[node] = -1;
}

/* Everything that can be reached from a node and was not come to before */
static void
walk_from(Settle *t, Walk *w, int32_t root)
{
	int32_t		node = root;

	come_to(t, w, root);
	w->parent[root] = -1;
	while (node >= 0)
	{
		int32_t		to = next_arc(t, node, &w->next[node]);

		if (to < 0)
		{
			int32_t		parent = w->parent[node];

			mtr_poll();
			if (w->low[node] == w->number[node])
			{
				do
					t->label[w->open[--w->nopen]] = t->nlabels;
				while (w->open[w->nopen] != node);
				t->nlabels++;
			}
			if (parent >= 0 && w->low[node] < w->low[parent])
				w->low[parent] = w->low[node];
			node = parent;
		}
		else if (w->number[to] == 0)
		{
			w->parent[to] = node;
			come_to(t, w, to);
			node = to;
		}
		else if (t->label[to] < 0 && w->number[to] < w->low[node])
			w->low[node] = w->number[to];
	}
}

/* Give each part a label */
static void
find_parts(Settle *t)
{
	Walk		w = {
		.number = t->search[0].queue,.low = t->search[0].prev,
		.parent = t->search[1].queue,.next = t->search[1].prev,
		.open = t->linked[0]
	};

	memset(w.number, 0, (t->hub + 1) * sizeof(int32_t));
	list_takers(t);
	for (int32_t node = 0; node <= t->hub; node++)
		if (w.number[node] == 0)
			walk_from(t, &w, node);
}
