/*
 * pair_check.c
 *	  is a pairing of peers optimal?  The conditions of pair.h, one by one
 *
 * Method.  What doesn't need scores is checked first: that the mates are a
 * matching, that the sets are nested or apart, that no cover or price is
 * negative, conditions (1) to (3).  Then each row is read once and (4) is
 * checked for the whole of it, (5) for the pair taken.
 *
 * The prices of the sets that hold both a and b are those of the innermost
 * such set and of all around it; that sum is worked out once for each set.
 * For a row a, the vertices of the largest set with a in it are gone through
 * from the inside out, and each gets the sum of the innermost set it shares
 * with a added to its own price; the rest of the row is one loop over plain
 * arrays.  Where a is in a set, the row is brought into the order in which
 * sets are ranges, so that the additions are loops over plain arrays, too.
 *
 * Covers and prices stay apart and are compared one after the other.  Nothing
 * is taken from the solver but what pair.h says of the outputs.
 */
#include <string.h>

#include "pair.h"

#define MAX_SCORE 1000000000

/* Prices are smaller, and so are sums of those of nested sets: with three of
 * them and a score nothing overflows. */
#define MAX_PRICE ((int64_t) 1 << 56)
#define MAX_SUM ((int64_t) 1 << 60)

/* A cover and a price */
typedef struct Weight
{
	int64_t		cover;
	int64_t		price;
} Weight;

/* A row beside what the scores have to stay below, by vertex or by position
 * in order[]: covers and prices are those of a vertex and of the sets it
 * shares with the row's */
typedef struct View
{
	int32_t    *score;			/* [n] */
	int64_t    *cover;			/* [n] */
	int64_t    *price;			/* [n] */
} View;

typedef struct Check
{
	const MtrPairing *p;
	MtrPairVerdict *verdict;
	View		plain;			/* by vertex: no sets */
	View		placed;			/* by position */
	int32_t    *position;		/* [n] in order[] */
	int32_t    *inner;			/* [n] innermost set of a vertex, or -1 */
	int32_t    *around;			/* [n / 2] the set around a set, or -1 */
	int32_t    *npairs;			/* [n / 2] pairs within a set */
	Weight	   *sum;			/* [n / 2] of a set and those around it */
} Check;

static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 63) & ~(size_t) 63;
	return part;
}

static size_t
lay_out(Check *x, const MtrPairing *p, char *scratch)
{
	size_t		used = 0;
	size_t		n = p->n;

	x->plain.score = carve(scratch, &used, n, sizeof(int32_t));
	x->plain.cover = carve(scratch, &used, n, sizeof(int64_t));
	x->plain.price = carve(scratch, &used, n, sizeof(int64_t));
	x->placed.score = carve(scratch, &used, n, sizeof(int32_t));
	x->placed.cover = carve(scratch, &used, n, sizeof(int64_t));
	x->placed.price = carve(scratch, &used, n, sizeof(int64_t));
	x->position = carve(scratch, &used, n, sizeof(int32_t));
	x->inner = carve(scratch, &used, n, sizeof(int32_t));
	x->around = carve(scratch, &used, n / 2, sizeof(int32_t));
	x->npairs = carve(scratch, &used, n / 2, sizeof(int32_t));
	x->sum = carve(scratch, &used, n / 2, sizeof(Weight));
	return used;
}

size_t
mtr_pair_check_scratch_size(const MtrPairing *p)
{
	Check		x;

	return lay_out(&x, p, NULL);
}

/* Note what is wrong; false, so that it can be returned. */
static bool
object(Check *x, MtrPairFault fault, int32_t a, int32_t b)
{
	x->verdict->fault = fault;
	x->verdict->a = a;
	x->verdict->b = b;
	return false;
}

static bool
object_set(Check *x, MtrPairFault fault, int32_t set)
{
	x->verdict->in_set = true;
	return object(x, fault, set, -1);
}

/* -1, 0 or 1 as a cover and price are below, equal to, or above (0,0) */
static int
sign(int64_t cover, int64_t price)
{
	if (cover != 0)
		return cover > 0 ? 1 : -1;
	return (price > 0) - (price < 0);
}

/*
 * Without scores
 */

static bool
check_mates(Check *x)
{
	const MtrPairing *p = x->p;
	int32_t		npairs = 0;

	for (int32_t a = 0; a < p->n; a++)
	{
		int32_t		b = p->mate[a];

		if (b == -1)
			continue;
		if (b < 0 || b >= p->n || b == a || p->mate[b] != a)
			return object(x, MTR_PAIR_MATE, a, b);
		npairs += a < b;
	}
	if (npairs != p->npairs)
		return object(x, MTR_PAIR_SUM, -1, -1);
	return true;
}

static bool
check_order(Check *x)
{
	const MtrPairing *p = x->p;

	for (int32_t v = 0; v < p->n; v++)
		x->position[v] = -1;
	for (int32_t k = 0; k < p->n; k++)
	{
		int32_t		v = p->order[k];

		if (v < 0 || v >= p->n || x->position[v] >= 0)
			return object(x, MTR_PAIR_ORDER, v, -1);
		x->position[v] = k;
	}
	return true;
}

/*
 * Sets come sorted by where they begin, the larger first: so the set around
 * one is the last one before it that hasn't ended yet.
 */
static bool
check_sets(Check *x)
{
	const MtrPairing *p = x->p;
	int32_t		set = -1,
				next = 0;

	if (p->nsets < 0 || p->nsets > p->n / 2)
		return object_set(x, MTR_PAIR_SET, p->nsets);
	for (int32_t s = 0; s < p->nsets; s++)
	{
		int32_t		first = p->set_first[s],
					last = p->set_last[s],
					around = s - 1;

		if (first < 0 || last > p->n || first >= last || last - first < 3 ||
			(last - first) % 2 == 0 ||
			(s > 0 && first < p->set_first[s - 1]))
			return object_set(x, MTR_PAIR_SET, s);
		while (around >= 0 && p->set_last[around] <= first)
			around = x->around[around];
		if (around >= 0 && p->set_last[around] < last)
			return object_set(x, MTR_PAIR_SET, s);
		x->around[s] = around;
	}

	/* the innermost set at each position */
	for (int32_t k = 0; k < p->n; k++)
	{
		while (set >= 0 && p->set_last[set] == k)
			set = x->around[set];
		while (next < p->nsets && p->set_first[next] == k)
			set = next++;
		x->inner[p->order[k]] = set;
	}
	return true;
}

/* Is this a cover and price pair.h allows? */
static bool
in_range(const MtrPairing *p, uint8_t cover, int64_t price)
{
	return cover <= (p->most_pairs ? 2 : 0) &&
		price > -MAX_PRICE && price < MAX_PRICE;
}

/* (1) and (2), and the sums of nested sets */
static bool
check_signs(Check *x)
{
	const MtrPairing *p = x->p;

	for (int32_t v = 0; v < p->n; v++)
	{
		if (!in_range(p, p->cover[v], p->price[v]))
			return object(x, MTR_PAIR_RANGE, v, -1);
		if (sign(p->cover[v], p->price[v]) < 0)
			return object(x, MTR_PAIR_NEGATIVE, v, -1);
		if (p->mate[v] < 0 && sign(p->cover[v], p->price[v]) > 0)
			return object(x, MTR_PAIR_FREE, v, -1);
	}
	for (int32_t s = 0; s < p->nsets; s++)
	{
		Weight		sum = {p->set_cover[s], p->set_price[s]};

		if (!in_range(p, p->set_cover[s], p->set_price[s]))
			return object_set(x, MTR_PAIR_RANGE, s);
		if (sign(sum.cover, sum.price) < 0)
			return object_set(x, MTR_PAIR_NEGATIVE, s);
		if (x->around[s] >= 0)
		{
			sum.cover += x->sum[x->around[s]].cover;
			sum.price += x->sum[x->around[s]].price;
		}
		if (sum.price < -MAX_SUM || sum.price > MAX_SUM)
			return object_set(x, MTR_PAIR_RANGE, s);
		x->sum[s] = sum;
	}
	return true;
}

/* Is a vertex in a set? */
static inline bool
is_in(const Check *x, int32_t v, int32_t set)
{
	return x->position[v] >= x->p->set_first[set] &&
		x->position[v] < x->p->set_last[set];
}

/* (3): each pair counts for the innermost set that holds it, then for those
 * around that. */
static bool
check_full(Check *x)
{
	const MtrPairing *p = x->p;

	for (int32_t s = 0; s < p->nsets; s++)
		x->npairs[s] = 0;
	for (int32_t a = 0; a < p->n; a++)
	{
		int32_t		set = x->inner[a];

		if (p->mate[a] < a)
			continue;
		while (set >= 0 && !is_in(x, p->mate[a], set))
			set = x->around[set];
		if (set >= 0)
			x->npairs[set]++;
	}
	for (int32_t s = p->nsets - 1; s >= 0; s--)
	{
		int32_t		size = p->set_last[s] - p->set_first[s];

		if (x->npairs[s] != (size - 1) / 2 &&
			sign(p->set_cover[s], p->set_price[s]) > 0)
			return object_set(x, MTR_PAIR_NOT_FULL, s);
		if (x->around[s] >= 0)
			x->npairs[x->around[s]] += x->npairs[s];
	}
	return true;
}

/*
 * Against the scores
 */

/* Add the sum of one set, or take it away, at positions first to last - 1. */
static void
shift(const View *view, int32_t first, int32_t last, Weight sum)
{
	for (int32_t k = first; k < last; k++)
		view->cover[k] += sum.cover;
	for (int32_t k = first; k < last; k++)
		view->price[k] += sum.price;
}

/* Add to each vertex the sets it shares with a, or (factor -1) take them
 * away. */
static void
add_shared(Check *x, int32_t a, int factor)
{
	const MtrPairing *p = x->p;
	int32_t		first = x->position[a],
				last = first;

	for (int32_t set = x->inner[a]; set >= 0; set = x->around[set])
	{
		Weight		sum = x->sum[set];

		sum.cover *= factor;
		sum.price *= factor;
		shift(&x->placed, p->set_first[set], first, sum);
		shift(&x->placed, last, p->set_last[set], sum);
		first = p->set_first[set];
		last = p->set_last[set];
	}
}

/* The part of (4) that is the same for a whole row */
typedef struct RowLimit
{
	int64_t		cover;			/* 2 or 0, minus the vertex's cover */
	int64_t		price;			/* the vertex's price */
	int32_t		floor;			/* scores up to it are not eligible */
} RowLimit;

static inline bool
is_missed(const RowLimit *limit, int32_t score, int64_t cover, int64_t price)
{
	int64_t		left = limit->cover - cover;

	return (score > limit->floor) &
		((left > 0) |
		 ((left == 0) & (2 * (int64_t) score > limit->price + price)));
}

/* Does no pair of this row break (4), and no score the range? */
MTR_SIMD static bool
row_is_fine(const View *view, int32_t n, RowLimit limit)
{
	const int32_t *score = view->score;
	const int64_t *cover = view->cover,
			   *price = view->price;
	uint64_t	bad = 0;

	for (int32_t k = 0; k < n; k++)
		bad |= is_missed(&limit, score[k], cover[k], price[k]) |
			((score[k] != MTR_NO_PAIR) &
			 ((score[k] > MAX_SCORE) | (score[k] < -MAX_SCORE)));
	return bad == 0;
}

/* Find what is wrong in a row that isn't fine. */
static MtrStatus
name_missed(Check *x, int32_t a, const View *view, RowLimit limit)
{
	for (int32_t k = 0; k < x->p->n; k++)
	{
		int32_t		score = view->score[k];

		if (score == MTR_NO_PAIR)
			continue;
		if (score > MAX_SCORE || score < -MAX_SCORE)
			return MTR_OVERFLOW;
		if (is_missed(&limit, score, view->cover[k], view->price[k]))
		{
			object(x, MTR_PAIR_MISSED, a,
				   view == &x->placed ? x->p->order[k] : k);
			break;
		}
	}
	return MTR_OK;
}

/* (5) for the vertex of a row; its mate's score is returned. */
static int32_t
check_taken(Check *x, int32_t a, const View *view, RowLimit limit)
{
	int32_t		mate = x->p->mate[a],
				k = view == &x->placed ? x->position[mate] : mate,
				score = view->score[k];

	if (score <= limit.floor)
	{
		object(x, MTR_PAIR_INELIGIBLE, a, mate);
		return 0;
	}
	if (limit.cover != view->cover[k] ||
		2 * (int64_t) score != limit.price + view->price[k])
		object(x, MTR_PAIR_NOT_TIGHT, a, mate);
	return score;
}

/* One row; the total of the pairs grows by that of its vertex. */
static MtrStatus
check_row(Check *x, int32_t a, int64_t *total)
{
	const MtrPairing *p = x->p;
	const View *view = x->inner[a] >= 0 ? &x->placed : &x->plain;
	RowLimit	limit = {
		.cover = (p->most_pairs ? 2 : 0) - p->cover[a],
		.price = p->price[a],
		.floor = p->most_pairs ? MTR_NO_PAIR : 0
	};
	MtrStatus	status = MTR_OK;

	mtr_poll();
	p->row(p->state, a, x->plain.score);
	x->plain.score[a] = MTR_NO_PAIR;
	if (view == &x->placed)
	{
		for (int32_t k = 0; k < p->n; k++)
			x->placed.score[k] = x->plain.score[p->order[k]];
		add_shared(x, a, 1);
	}
	if (!row_is_fine(view, p->n, limit))
		status = name_missed(x, a, view, limit);
	else if (p->mate[a] >= 0)
	{
		int32_t		score = check_taken(x, a, view, limit);

		if (a < p->mate[a])
			*total += score;
	}
	if (view == &x->placed)
		add_shared(x, a, -1);
	return status;
}

static MtrStatus
check_rows(Check *x)
{
	const MtrPairing *p = x->p;
	int64_t		total = 0;

	for (int32_t v = 0; v < p->n; v++)
	{
		x->plain.cover[v] = p->cover[v];
		x->plain.price[v] = p->price[v];
		x->placed.cover[x->position[v]] = p->cover[v];
		x->placed.price[x->position[v]] = p->price[v];
	}
	for (int32_t a = 0; a < p->n; a++)
	{
		MtrStatus	status;

		mtr_progress(a, p->n);
		status = check_row(x, a, &total);
		if (status != MTR_OK || x->verdict->fault != MTR_PAIR_OPTIMAL)
			return status;
	}
	if (total != p->total)
		object(x, MTR_PAIR_SUM, -1, -1);
	return MTR_OK;
}

MtrStatus
mtr_pair_check(const MtrPairing *p, MtrPairVerdict *verdict, void *scratch)
{
	Check		x = {.p = p,.verdict = verdict};

	memset(verdict, 0, sizeof(*verdict));
	verdict->a = verdict->b = -1;
	if (p->n < 0)
		return MTR_INVALID;
	lay_out(&x, p, scratch);
	if (!check_mates(&x) || !check_order(&x) || !check_sets(&x) ||
		!check_signs(&x) || !check_full(&x))
		return MTR_OK;
	return check_rows(&x);
}
