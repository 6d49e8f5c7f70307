/*
 * ties_graph.h
 *	  the graph of ties_bits.c: what its parts look like in memory
 *
 * Part of ties_bits.c, which says what the graph means.
 */

/*
 * Directions of a search, used as index.  With the sides numbered 0 and 1,
 * too, whether a step from a node passes pairs taken or pairs not taken is
 * told by side != direction (see expand()).
 */
#define FORWARD 0
#define BACKWARD 1

/*
 * The rows or the columns.  Pairs appear in both, row by row and column by
 * column, so that every step reads whole words.
 *
 * "taken" is the matching and always the same in both.  A bit of "loose" goes
 * when its pair is fixed, then in both, or when its ends are found to have
 * different labels, then only where it was found; as labels never become
 * equal again, the other bit will be passed over in the same way.
 *
 * "held" counts loose pairs taken until they are fixed, also those since
 * dropped because of labels.  An element that has only such pairs keeps its
 * arc to the hub for nothing: no cycle enters it but from the hub.
 */
typedef struct Side
{
	int32_t		n;
	int32_t		first;			/* node number of element 0 */
	int32_t		words;			/* of a bit set over the other side */
	uint64_t   *loose;			/* [n][words] slack (0,0), not fixed */
	uint64_t   *taken;			/* [n][words] all pairs taken */
	int32_t    *vacant;			/* [n] places without a pair */
	int32_t    *held;			/* [n] loose pairs taken */
	bool	   *idle;			/* [n] cover and price 0, linked to the hub */

	/* bit sets over this side */
	uint64_t   *hub[2];			/* idle with a place vacant; a pair held */
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
	bool		seen_hub;
	int64_t		work;			/* words read and nodes reached */
} Search;

/*
 * Everything.  Nodes are numbered: rows, columns, hub.  Two nodes of one
 * strongly connected component have the same label, but not the other way
 * round: components are never computed, labels only come as near to them as
 * the pairs decided so far have required.
 */
typedef struct Ties
{
	MtrAssign  *p;
	bool		rows_are_right;
	int32_t		hub;			/* its node number, the last one */
	int32_t		nlabels;
	int32_t    *label;			/* [nodes] */
	int32_t    *members;		/* [label] number of nodes */
	Side		side[2];		/* rows, columns */
	Search		search[2];

	int64_t		batch;
	uint64_t   *key;			/* [2 * batch] */
	uint64_t   *row_low;		/* [nrows] no key of the row is lower */
	Limits		limits;			/* see ties_scan.h */
} Ties;

/*
 * Some arcs out of one node (into it, searching backward): the set bits of
 * set & (mask ^ flip), elements of the side "to".  flip is all ones where the
 * arcs are the bits not in the mask.
 */
typedef struct Arcs
{
	Side	   *to;
	int32_t		words;
	uint64_t   *set;
	const uint64_t *mask;
	uint64_t	flip;
} Arcs;

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
