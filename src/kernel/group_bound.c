/*
 * group_bound.c
 *	  what no division into groups exceeds: seats_bound and bound
 *
 * A seat in a group is k pairs of a mentee and a mentor, k being the mentors
 * of a group.  In a division mentee i is in r(i) = k * min(places, partners /
 * k) pairs at most, and mentor j in c(j) = min(places * (max_size - k),
 * partners); a mentor with fewer than min_size - k partners is in none.
 * Forgetting all but that leaves an assignment problem, which every division
 * solves, if not best.
 *
 * seats_bound.  The most pairs of that problem, found as a maximum flow by
 * shortest augmenting paths, divided by k; no more than all groups that can be
 * led have; and of the numbers up to that the largest that is a sum of sizes.
 *
 * bound.  A seat is worth at most 1/k times the scores of its pairs and
 * (k / 2) / k.  For any prices p(j) >= 0 the scores of the pairs sum up to at
 * most
 *
 *	 sum over j of c(j) p(j) + sum over i of the r(i) highest w(i,j) - p(j)
 *							   that are above 0,
 *
 * since each mentor's pairs number at most c(j).  Prices are found by
 * subgradient steps: who is wanted by more than can come becomes dearer, who
 * is wanted by fewer cheaper.  The prices under which a search ended, which
 * are the best ones if it found the best division and all mentors are of use,
 * are a second start.
 *
 * Cost.  O(mentees * mentors) for each of ROUNDS rounds, and for each
 * augmenting path at most.
 */
#include <string.h>

#include "group_state.h"
#include "top.h"

/* Rounds in which prices are found; a step is smaller by 1/SHRINK than that
 * of the round before */
#define ROUNDS 60
#define SHRINK 12

/* A mentor wanted by many more than can come becomes dearer by no more than
 * so many steps */
#define MAX_STEPS 4

/* Prices are at most this, the largest score */
#define MAX_PRICE INT64_C(1000000000)

typedef struct Bound
{
	const MtrGroup *p;
	int32_t		k;
	int32_t    *row_room;		/* [nmentees] r(i) */
	int32_t    *col_room;		/* [nmentors] c(j) */
	int64_t    *price;			/* [nmentors] */
	int64_t    *best_price;		/* [nmentors] */
	int64_t    *advantage;		/* [nmentees] */
	int32_t    *wanted;			/* [nmentors] */
	MtrTop		top;

	/* the flow; nodes are mentees, then mentors */
	uint64_t   *taken;			/* [nmentors][words], a bit a mentee */
	size_t		words;
	int32_t    *row_left;		/* [nmentees] */
	int32_t    *col_left;		/* [nmentors] */
	int32_t    *before;			/* [nodes] -1 = not reached */
	int32_t    *queue;			/* [nodes] */
} Bound;

static void
lay_out_top(MtrTop *t, int32_t room, char *scratch, size_t *used)
{
	t->value = mtr_group_carve(scratch, used, room, sizeof(int64_t));
	t->who = mtr_group_carve(scratch, used, room, sizeof(int32_t));
}

static size_t
lay_out(Bound *b, const MtrGroup *p, char *scratch)
{
	size_t		used = 0;
	size_t		rows = p->nmentees;
	size_t		cols = p->nmentors;

	memset(b, 0, sizeof(*b));
	b->p = p;
	b->k = p->mentors_per_group;
	b->words = (rows + 63) / 64;
	b->row_room = mtr_group_carve(scratch, &used, rows, sizeof(int32_t));
	b->col_room = mtr_group_carve(scratch, &used, cols, sizeof(int32_t));
	b->price = mtr_group_carve(scratch, &used, cols, sizeof(int64_t));
	b->best_price = mtr_group_carve(scratch, &used, cols, sizeof(int64_t));
	b->advantage = mtr_group_carve(scratch, &used, rows, sizeof(int64_t));
	b->wanted = mtr_group_carve(scratch, &used, cols, sizeof(int32_t));
	lay_out_top(&b->top, p->nmentors, scratch, &used);
	b->taken = mtr_group_carve(scratch, &used, cols * b->words,
							   sizeof(uint64_t));
	b->row_left = mtr_group_carve(scratch, &used, rows, sizeof(int32_t));
	b->col_left = mtr_group_carve(scratch, &used, cols, sizeof(int32_t));
	b->before = mtr_group_carve(scratch, &used, rows + cols, sizeof(int32_t));
	b->queue = mtr_group_carve(scratch, &used, rows + cols, sizeof(int32_t));
	return used;
}

size_t
mtr_group_bound_scratch_size(const MtrGroup *p)
{
	Bound		b;

	return lay_out(&b, p, NULL);
}

static inline const int32_t *
row(const Bound *b, int32_t i)
{
	return b->p->score + (size_t) i * b->p->nmentors;
}

/* r and c */
static void
find_room(Bound *b)
{
	const MtrGroup *p = b->p;
	int64_t		max_seats = p->max_size - b->k;

	memset(b->col_room, 0, p->nmentors * sizeof(int32_t));
	for (int32_t i = 0; i < p->nmentees; i++)
	{
		int32_t		partners = 0;

		mtr_poll();
		for (int32_t j = 0; j < p->nmentors; j++)
		{
			bool		eligible = row(b, i)[j] != MTR_NO_PAIR &&
			p->mentor_places[j] > 0;

			partners += eligible;
			b->col_room[j] += eligible && p->mentee_places[i] > 0;
		}
		partners /= b->k;
		b->row_room[i] = b->k * (p->mentee_places[i] < partners ?
								 p->mentee_places[i] : partners);
	}
	for (int32_t j = 0; j < p->nmentors; j++)
	{
		int64_t		most = max_seats * p->mentor_places[j];

		if (b->col_room[j] < p->min_size - b->k)
			b->col_room[j] = 0;
		if (b->col_room[j] > most)
			b->col_room[j] = (int32_t) most;
	}
}

/* ----------
 * Seats
 * ----------
 */

static inline bool
is_taken(const Bound *b, int32_t i, int32_t j)
{
	return b->taken[(size_t) j * b->words + i / 64] >> (i % 64) & 1;
}

static inline void
flip(Bound *b, int32_t i, int32_t j)
{
	b->taken[(size_t) j * b->words + i / 64] ^= UINT64_C(1) << (i % 64);
}

/* Everybody who is with mentor j is reached; they might go elsewhere. */
static void
reach_mentees(Bound *b, int32_t j, int32_t *n)
{
	int32_t		rows = b->p->nmentees;

	for (size_t w = 0; w < b->words; w++)
	{
		uint64_t	bits = b->taken[(size_t) j * b->words + w];

		for (int32_t i = (int32_t) w * 64; bits != 0; bits >>= 1, i++)
			if ((bits & 1) && b->before[i] < 0)
			{
				b->before[i] = rows + j;
				b->queue[(*n)++] = i;
			}
	}
}

/*
 * Find one more pair for mentee "first" by a shortest augmenting path; false
 * if there is none.
 */
static bool
augment(Bound *b, int32_t first)
{
	const MtrGroup *p = b->p;
	int32_t		rows = p->nmentees;
	int32_t		n = 0;

	memset(b->before, 0xff, ((size_t) rows + p->nmentors) * sizeof(int32_t));
	b->before[first] = first;
	b->queue[n++] = first;
	for (int32_t at = 0; at < n; at++)
	{
		int32_t		i = b->queue[at];

		mtr_poll();
		for (int32_t j = 0; j < p->nmentors; j++)
		{
			if (b->before[rows + j] >= 0 || row(b, i)[j] == MTR_NO_PAIR ||
				b->col_room[j] == 0 || is_taken(b, i, j))
				continue;
			b->before[rows + j] = i;
			if (b->col_left[j] == 0)
			{
				reach_mentees(b, j, &n);
				continue;
			}
			b->col_left[j]--;
			for (;;)
			{
				i = b->before[rows + j];
				flip(b, i, j);
				if (i == first)
					return true;
				j = b->before[i] - rows;
				flip(b, i, j);
			}
		}
	}
	return false;
}

/* The largest number up to x that is a sum of sizes, in seats */
static int64_t
largest_sum(const Bound *b, int64_t x)
{
	int64_t		least = b->p->min_size - b->k;
	int64_t		most = b->p->max_size - b->k;

	while (x > 0 && (x + most - 1) / most * least > x)
		x = ((x + most - 1) / most - 1) * most;
	return x;
}

/* seats_bound.  A mentee for whom no path is found has none later, either. */
static int32_t
bound_seats(Bound *b)
{
	const MtrGroup *p = b->p;
	int64_t		pairs = 0;

	memset(b->taken, 0, (size_t) p->nmentors * b->words * sizeof(uint64_t));
	memcpy(b->row_left, b->row_room, p->nmentees * sizeof(int32_t));
	memcpy(b->col_left, b->col_room, p->nmentors * sizeof(int32_t));

	/* most find a mentor with room at once */
	for (int32_t i = 0; i < p->nmentees; i++)
	{
		mtr_poll();
		for (int32_t j = 0; j < p->nmentors && b->row_left[i] > 0; j++)
			if (row(b, i)[j] != MTR_NO_PAIR && b->col_left[j] > 0)
			{
				flip(b, i, j);
				b->row_left[i]--;
				b->col_left[j]--;
				pairs++;
			}
	}
	for (int32_t i = 0; i < p->nmentees; i++)
		while (b->row_left[i] > 0 && augment(b, i))
		{
			b->row_left[i]--;
			pairs++;
		}
	pairs /= b->k;
	if (pairs > mtr_group_max_seats(p))
		pairs = mtr_group_max_seats(p);
	return (int32_t) largest_sum(b, pairs);
}

/* ----------
 * The total
 * ----------
 */

/*
 * Starting at "from", a multiple of 32, find the first block of 32 in which
 * score - price is above the floor; or the last block, if it is shorter,
 * whatever is in it.  Pairs that are not eligible may be found, too.
 */
MTR_SIMD
static int32_t
find_above(const int32_t *score, const int64_t *price, int32_t n,
		   int64_t floor, int32_t from)
{
	for (; n - from >= 32; from += 32)
	{
		const int32_t *s = score + from;
		const int64_t *v = price + from;
		uint64_t	any = 0;

		for (int k = 0; k < 32; k++)
			any |= s[k] - v[k] > floor;
		if (any)
			break;
	}
	return from;
}

/* The sum of the bound for the present prices; "wanted" says by how many
 * each mentor is. */
static int64_t
bound_pairs(Bound *b)
{
	const MtrGroup *p = b->p;
	MtrTop	   *t = &b->top;
	int32_t		n = p->nmentors;
	int64_t		sum = 0;

	memset(b->wanted, 0, n * sizeof(int32_t));
	for (int32_t i = 0; i < p->nmentees; i++)
	{
		const int32_t *score = row(b, i);

		mtr_poll();
		top_clear(t, b->row_room[i], 0);
		for (int32_t from = find_above(score, b->price, n, t->floor, 0);
			 from < n;
			 from = find_above(score, b->price, n, t->floor, from + 32))
			for (int32_t j = from; j < n && j < from + 32; j++)
				if (score[j] - b->price[j] > t->floor &&
					score[j] != MTR_NO_PAIR && b->col_room[j] > 0)
					top_add(t, score[j] - b->price[j], j);
		sum += top_sum(t);
		for (int32_t x = 0; x < t->n; x++)
			b->wanted[t->who[x]]++;
	}
	for (int32_t j = 0; j < n; j++)
		sum += b->col_room[j] * b->price[j];
	return sum;
}

/*
 * How far a mentee's best mentor is above its average one: the median, so
 * that a few very high scores don't matter.
 */
static int64_t
usual_advantage(Bound *b)
{
	int32_t		n = 0;
	int64_t		low = 0,
				high = UINT32_MAX;

	for (int32_t i = 0; i < b->p->nmentees; i++)
	{
		int64_t		sum = 0,
					count = 0,
					most = INT32_MIN;

		mtr_poll();
		for (int32_t j = 0; j < b->p->nmentors; j++)
			if (row(b, i)[j] != MTR_NO_PAIR && b->col_room[j] > 0)
			{
				sum += row(b, i)[j];
				count++;
				most = row(b, i)[j] > most ? row(b, i)[j] : most;
			}
		if (count > 0 && b->row_room[i] > 0)
			b->advantage[n++] = most - sum / count;
	}
	while (low < high)
	{
		int64_t		middle = (low + high) / 2;
		int32_t		above = 0;

		for (int32_t x = 0; x < n; x++)
			above += b->advantage[x] > middle;
		if (2 * above > n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Move prices by a step, along what is wanted more and less than there is. */
static void
move_prices(Bound *b, int64_t step)
{
	for (int32_t j = 0; j < b->p->nmentors; j++)
	{
		int64_t		over = (int64_t) b->wanted[j] - b->col_room[j];
		int64_t		change;

		if (b->col_room[j] == 0)
			continue;
		if (over > (int64_t) MAX_STEPS * b->col_room[j])
			over = (int64_t) MAX_STEPS * b->col_room[j];
		change = step * over / b->col_room[j];
		b->price[j] += change;
		if (b->price[j] < 0)
			b->price[j] = 0;
		if (b->price[j] > MAX_PRICE)
			b->price[j] = MAX_PRICE;
	}
}

/* The smallest sum that subgradient steps from the present prices lead to. */
static int64_t
descend(Bound *b, int64_t step)
{
	int64_t		best = INT64_MAX;

	for (int round = 0; round < ROUNDS; round++)
	{
		int64_t		sum = bound_pairs(b);

		if (sum < best)
		{
			best = sum;
			memcpy(b->best_price, b->price,
				   b->p->nmentors * sizeof(int64_t));
		}
		move_prices(b, step);
		step -= step / SHRINK;
		if (step == 0)
			break;
	}
	return best;
}

/*
 * The bounds for a start, and the prices that gave them; or, from the prices
 * of a division found, a smaller bound if they lead to one.
 */
void
mtr_group_bound(MtrGroup *p, bool is_first, int64_t *price, void *scratch)
{
	Bound		b;
	int64_t		step;
	int64_t		bound;

	lay_out(&b, p, scratch);
	find_room(&b);
	if (is_first)
		p->seats_bound = bound_seats(&b);
	step = usual_advantage(&b) / 4 + 1;
	for (int32_t j = 0; j < p->nmentors; j++)
	{
		b.price[j] = is_first || price[j] < 0 ? 0 : price[j];
		if (b.price[j] > MAX_PRICE)
			b.price[j] = MAX_PRICE;
	}
	bound = descend(&b, is_first ? step : step / 16 + 1);
	bound = (bound + (int64_t) p->seats_bound * (b.k / 2)) / b.k;
	if (is_first || bound < p->bound)
		p->bound = bound;
	memcpy(price, b.best_price, p->nmentors * sizeof(int64_t));
}
