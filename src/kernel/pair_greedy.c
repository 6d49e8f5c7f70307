/*
 * pair_greedy.c
 *	  pairing peers by taking the best remaining pair again and again
 *
 * Method.  Each vertex has a list of its best pairs and in a heap stands with
 * the first of them whose other end is free.  The one on top is taken when it
 * is really there; a vertex whose list is used up stands in the heap with
 * what its next pair can be at best, and only if that comes out on top is its
 * row read again.  So who prefers partners who are long gone, but has nothing
 * good to offer, isn't looked at again and again.
 *
 * What the next pair can be at best: one of the score of the last pair listed
 * with the first free vertex behind that one, or one of a lower score.
 *
 * Strict order of the pairs makes the result unique.  Suitors, who propose and
 * are displaced by better ones (F. Manne and M. Halappanavar, New effective
 * multithreaded matching algorithms, IPDPS 2014), lead to the same one, but
 * where all prefer the same partners they displace each other n^2 times.
 *
 * Cost.  n rows, and one more for each LISTED pairs a vertex has used up and
 * still comes out on top: O(n^2) on usual data.  Where all scores are equal,
 * O(n^2 log n) steps in the heap.
 */
#include <string.h>

#include "pair.h"

/* pair.h */
#define MAX_SCORE 1000000000
#define MAX_VERTICES (1 << 24)

/* Pairs listed for each vertex */
#define LISTED 32

/* Scores compared at a time; behind the end of a row stand as many */
#define BLOCK 64

/* In barriers: nothing gets over it; everything eligible does, because
 * MTR_NO_PAIR is the lowest number there is */
#define BARRED INT32_MAX
#define OPEN INT32_MIN

typedef struct Listed
{
	int32_t		score;
	int32_t		b;
} Listed;

typedef struct Greedy
{
	MtrPairing *p;
	int32_t		n;
	int32_t		floor;			/* scores must be above */
	int32_t    *row;			/* [n] and a block */
	int32_t    *barrier;		/* [n] and a block; BARRED once taken */
	Listed	   *list;			/* [n][LISTED] best first */
	int32_t    *listed;			/* [n] entries in the list */
	int32_t    *next;			/* [n] those before are taken */
	Listed	   *offer;			/* [n] what a vertex stands with in the heap */
	int32_t    *heap;			/* [n] */
	int32_t		nheap;
	int32_t    *following;		/* [n + 1] no free vertex lies between */
} Greedy;

static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 63) & ~(size_t) 63;
	return part;
}

static size_t
lay_out(Greedy *g, const MtrPairing *p, char *scratch)
{
	size_t		used = 0;
	size_t		n = p->n;

	g->row = carve(scratch, &used, n + BLOCK, sizeof(int32_t));
	g->barrier = carve(scratch, &used, n + BLOCK, sizeof(int32_t));
	g->list = carve(scratch, &used, n * LISTED, sizeof(Listed));
	g->listed = carve(scratch, &used, n, sizeof(int32_t));
	g->next = carve(scratch, &used, n, sizeof(int32_t));
	g->offer = carve(scratch, &used, n, sizeof(Listed));
	g->heap = carve(scratch, &used, n, sizeof(int32_t));
	g->following = carve(scratch, &used, n + 1, sizeof(int32_t));
	return used;
}

size_t
mtr_pair_greedy_scratch_size(const MtrPairing *p)
{
	Greedy		g;

	return lay_out(&g, p, NULL);
}

/*
 * Lists
 */

/* Is some score of this block above the floor and its barrier? */
static inline bool
any_open(const int32_t *restrict score, const int32_t *restrict barrier,
		 int32_t floor)
{
	uint32_t	any = 0;

	for (int k = 0; k < BLOCK; k++)
		any |= score[k] > (barrier[k] > floor ? barrier[k] : floor);
	return any != 0;
}

MTR_SIMD static int32_t
next_open(const Greedy *g, int32_t floor, int32_t from)
{
	while (from < g->n &&
		   !any_open(g->row + from, g->barrier + from, floor))
		from += BLOCK;
	return from;
}

MTR_SIMD static bool
in_range(const int32_t *score, int32_t n)
{
	uint32_t	bad = 0;

	/* one unsigned comparison sees both ends */
	for (int32_t k = 0; k < n; k++)
		bad |= ((uint32_t) score[k] + MAX_SCORE >
				2 * (uint32_t) MAX_SCORE) & (score[k] != MTR_NO_PAIR);
	return bad == 0;
}

/*
 * List the best pairs of a vertex with free ones.  For a given vertex the
 * order is higher score, then lower other end, whichever of the two is a.  A
 * list that doesn't become full holds all that is left for this vertex.
 */
static void
fill_list(Greedy *g, int32_t a)
{
	Listed	   *list = g->list + (size_t) a * LISTED;
	int32_t		floor = g->floor;
	int			n = 0;

	mtr_poll();
	g->p->row(g->p->state, a, g->row);
	g->row[a] = MTR_NO_PAIR;
	for (int32_t from = next_open(g, floor, 0); from < g->n;
		 from = next_open(g, floor, from + BLOCK))
		for (int32_t b = from; b < from + BLOCK; b++)
		{
			int32_t		score = g->row[b];
			int			k;

			if (score <= floor || score <= g->barrier[b])
				continue;
			/* others come in ascending order, so equal ones stay ahead */
			for (k = n < LISTED ? n++ : n - 1;
				 k > 0 && list[k - 1].score < score; k--)
				list[k] = list[k - 1];
			list[k].score = score;
			list[k].b = b;
			if (n == LISTED)
				floor = list[LISTED - 1].score;
		}
	g->listed[a] = n;
	g->next[a] = 0;
}

/* The first free vertex from this one on, n if there is none.  The way there
 * is halved for those who come after. */
static int32_t
first_free(Greedy *g, int32_t b)
{
	int32_t    *following = g->following;

	while (following[b] != b)
	{
		following[b] = following[following[b]];
		b = following[b];
	}
	return b;
}

/*
 * What a vertex can offer next, at best when its list is used up; false if
 * nothing.
 */
static bool
make_offer(Greedy *g, int32_t a)
{
	const Listed *list = g->list + (size_t) a * LISTED;
	Listed	   *offer = &g->offer[a];
	int32_t    *next = &g->next[a];

	while (*next < g->listed[a] && g->barrier[list[*next].b] == BARRED)
		(*next)++;
	if (*next < g->listed[a])
	{
		*offer = list[*next];
		return true;
	}
	if (*next < LISTED)
		return false;
	offer->score = list[LISTED - 1].score;
	offer->b = first_free(g, list[LISTED - 1].b + 1);
	if (offer->b == a)
		offer->b = first_free(g, a + 1);
	if (offer->b < g->n)
		return true;
	if (offer->score - 1 <= g->floor)
		return false;
	offer->score--;
	offer->b = first_free(g, 0);
	return true;
}

/*
 * The heap
 */

static bool
is_before(const Greedy *g, int32_t a, int32_t b)
{
	Listed		x = g->offer[a],
				y = g->offer[b];
	int32_t		x_low = a < x.b ? a : x.b,
				y_low = b < y.b ? b : y.b;

	if (x.score != y.score)
		return x.score > y.score;
	if (x_low != y_low)
		return x_low < y_low;
	if (a + x.b != b + y.b)
		return a + x.b < b + y.b;
	return a < b;
}

/* Put a vertex where position k is empty, or below. */
static void
sift_down(Greedy *g, int32_t k, int32_t a)
{
	for (;;)
	{
		int32_t		child = 2 * k + 1;

		if (child + 1 < g->nheap &&
			is_before(g, g->heap[child + 1], g->heap[child]))
			child++;
		if (child >= g->nheap || is_before(g, a, g->heap[child]))
			break;
		g->heap[k] = g->heap[child];
		k = child;
	}
	g->heap[k] = a;
}

static void
take(Greedy *g, int32_t a, int32_t b, int32_t score)
{
	MtrPairing *p = g->p;

	mtr_progress(g->n + 2 * (int64_t) p->npairs, 2 * (int64_t) g->n);
	p->mate[a] = b;
	p->mate[b] = a;
	p->npairs++;
	p->total += score;
	g->barrier[a] = g->barrier[b] = BARRED;
	g->following[a] = a + 1;
	g->following[b] = b + 1;
}

/*
 * Take pairs until nothing is left.  Everybody's offer comes no later than
 * the best pair that is left for them, so one on top that is real comes
 * before all others.
 */
static void
take_pairs(Greedy *g)
{
	while (g->nheap > 0)
	{
		int32_t		a = g->heap[0];
		Listed		offer = g->offer[a];
		bool		is_free = g->barrier[a] != BARRED;

		mtr_poll();
		if (is_free && g->barrier[offer.b] != BARRED)
		{
			if (g->next[a] == LISTED)
				fill_list(g, a);
			else
			{
				take(g, a, offer.b, offer.score);
				is_free = false;
			}
		}
		if (is_free && make_offer(g, a))
			sift_down(g, 0, a);
		else if (--g->nheap > 0)
			sift_down(g, 0, g->heap[g->nheap]);
	}
}

MtrStatus
mtr_pair_greedy(MtrPairing *p, int64_t *bound, void *scratch)
{
	Greedy		g = {.p = p,.n = p->n};

	p->npairs = 0;
	p->total = 0;
	*bound = 0;
	if (p->n < 0 || p->n > MAX_VERTICES)
		return MTR_INVALID;
	lay_out(&g, p, scratch);
	g.floor = p->most_pairs ? MTR_NO_PAIR : 0;
	for (int32_t v = 0; v < p->n + BLOCK; v++)
	{
		g.row[v] = MTR_NO_PAIR;
		g.barrier[v] = OPEN;
	}
	for (int32_t v = 0; v <= p->n; v++)
		g.following[v] = v;
	for (int32_t a = 0; a < p->n; a++)
	{
		mtr_progress(a, 2 * (int64_t) p->n);
		p->mate[a] = -1;
		fill_list(&g, a);
		if (!in_range(g.row, p->n))
			return MTR_OVERFLOW;
		if (g.listed[a] == 0)
			continue;
		if (g.list[(size_t) a * LISTED].score > 0)
			*bound += g.list[(size_t) a * LISTED].score;
		make_offer(&g, a);
		g.heap[g.nheap++] = a;
	}
	*bound /= 2;
	for (int32_t k = g.nheap / 2 - 1; k >= 0; k--)
		sift_down(&g, k, g.heap[k]);
	take_pairs(&g);
	return MTR_OK;
}
