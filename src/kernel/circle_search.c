/*
 * circle_search.c
 *	  looking for a good division into circles
 *
 * Start.  Circle by circle: the best pair among those in the pool, then again
 * and again whoever adds most, until the circle is as large as leaves a
 * number that can still be divided.
 *
 * Search.  Descent makes moves (circle_move.c) that gain until there is none.
 * Where more members might be placed, a walk among divisions that place as
 * many follows, whatever is lost.  Then annealing (Kirkpatrick, Gelatt,
 * Vecchi, Science 220, 1983) proposes random moves and makes those that lose
 * no more than a random number, exponentially distributed around a
 * temperature that falls in LEVELS steps to a sixth.  It starts at a part of
 * what a best partner usually has above an average one, and once more, lower,
 * from the best division found.  After a level members in the pool are tried
 * everywhere, and the best division is kept.
 *
 * Moves go along lists of best partners.  That makes the difference: where
 * exchanges of any two members end 1.5 % below the best total known, these
 * end 0.5 % below it in half of the time (1,000 members, circles of five).
 *
 * Everything is in integers and drawn from one generator (SplitMix64, Steele,
 * Lea, Flood, OOPSLA 2014), so a seed leads to the same division everywhere.
 *
 * Cost.  As budgeted (circle.h); before that O(n * n) for the lists, the same
 * for the start, and for each round of descent.
 */
#include <string.h>

#include "circle_state.h"

/* Temperatures; each is lower by 1/COOLING than the one before */
#define LEVELS 128
#define COOLING 70

/* Who is in a larger pool than this is tried everywhere less and less often
 * when nobody is placed: after twice as many levels each time, to so many */
#define SMALL_POOL 64
#define RARELY 16

/* Moves proposed together, to fetch ahead what they need */
#define BATCH 32

#ifdef __GNUC__
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) ((void) 0)
#endif

/* One in so many proposals begins in the pool if anybody is there */
#define FROM_POOL 4

/* A member and a partner of its, by whom a move is made */
typedef struct Pair
{
	int32_t		a;
	int32_t		j;
} Pair;

/* ----------
 * Start
 * ----------
 */

/* The best partners of a member, by score, then number */
static void
list_partners(CircleState *s, int32_t i)
{
	const int32_t *score = s->p->score + (size_t) i * s->n;
	int32_t    *partner = s->partner + (size_t) i * LISTED;
	int32_t		n = 0;

	for (int32_t a = 0; a < s->nalive; a++)
	{
		int32_t		j = s->alive[a];
		int32_t		k;

		if (score[j] == MTR_NO_PAIR ||
			(n == LISTED && score[j] <= score[partner[n - 1]]))
			continue;
		for (k = n < LISTED ? n++ : n - 1;
			 k > 0 && score[partner[k - 1]] < score[j]; k--)
			partner[k] = partner[k - 1];
		partner[k] = j;
	}
	s->npartners[i] = n;
}

/* Is there a number of circles for n members? */
static bool
divides(const CircleState *s, int32_t n)
{
	int64_t		circles = ((int64_t) n + s->max_size - 1) / s->max_size;

	return circles * s->min_size <= n;
}

/* How large the next circle should become, of n members in the pool */
static int32_t
next_size(const CircleState *s, int32_t n)
{
	if (divides(s, n))
		for (int32_t size = s->max_size; size >= s->min_size; size--)
			if (size <= n && divides(s, n - size))
				return size;
	return s->max_size;
}

/* The member of the pool whose first partner in the pool is the best; -1 when
 * nobody has one. */
static int32_t
find_first(CircleState *s)
{
	int32_t		best = -1;
	int32_t		best_score = 0;

	for (int32_t at = 0; at < s->npool; at++)
	{
		int32_t		i = s->pool[at];
		const int32_t *partner = s->partner + (size_t) i * LISTED;
		int32_t    *next = &s->next[i];
		int32_t		score;

		while (*next < s->npartners[i] &&
			   s->circle[partner[*next]] != NO_CIRCLE)
			(*next)++;
		if (*next == s->npartners[i])
			continue;
		score = s->p->score[(size_t) i * s->n + partner[*next]];
		if (best < 0 || score > best_score ||
			(score == best_score && i < best))
		{
			best = i;
			best_score = score;
		}
	}
	return best;
}

/*
 * The start.  A first member whose circle doesn't come to the least size
 * isn't tried again: "next" says that it has no partner.
 */
static void
start(CircleState *s)
{
	int32_t		first;
	int32_t		circle;

	for (int32_t a = 0; a < s->nalive; a++)
	{
		mtr_poll();
		list_partners(s, s->alive[a]);
		mtr_circle_enter(s, s->alive[a], NO_CIRCLE);
	}
	while ((first = find_first(s)) >= 0 &&
		   (circle = mtr_circle_empty_slot(s)) >= 0)
	{
		int32_t		size = next_size(s, s->npool);
		int32_t		second = s->partner[(size_t) first * LISTED +
										s->next[first]];

		mtr_circle_move(s, first, circle);
		mtr_circle_move(s, second, circle);
		while (s->size[circle] < size && mtr_circle_grow(s, circle))
			;
		if (s->size[circle] >= s->min_size)
			continue;
		s->next[first] = s->npartners[first];
		while (s->size[circle] > 0)
			mtr_circle_move(s, members(s, circle)[0], NO_CIRCLE);
	}
	mtr_circle_place_pool(s);
}

/* ----------
 * Search
 * ----------
 */

static bool
is_better(const CircleState *s)
{
	return s->npool < s->best_npool ||
		(s->npool == s->best_npool && s->total > s->best_total);
}

static void
keep_best(CircleState *s)
{
	if (!is_better(s))
		return;
	s->best_npool = s->npool;
	s->best_total = s->total;
	memcpy(s->best, s->circle, s->n * sizeof(int32_t));
}

/* Is the best division proven to be the best of all? */
static bool
is_proven(const CircleState *s)
{
	return s->nalive - s->best_npool == s->p->placed_bound &&
		s->best_total == s->p->bound;
}

/* Back to the best division. */
static void
restore_best(CircleState *s)
{
	for (int32_t a = 0; a < s->nalive; a++)
	{
		mtr_poll();
		if (s->circle[s->alive[a]] != NO_CIRCLE)
			mtr_circle_move(s, s->alive[a], NO_CIRCLE);
	}
	for (int32_t a = 0; a < s->nalive; a++)
	{
		mtr_poll();
		if (s->best[s->alive[a]] != NO_CIRCLE)
			mtr_circle_move(s, s->alive[a], s->best[s->alive[a]]);
	}
}

/* A move by a and its partner j */
static bool
try_pair(CircleState *s, int32_t a, int32_t j, int64_t least)
{
	if (s->circle[j] == NO_CIRCLE)
	{
		int32_t		other = a;

		a = j;
		j = other;
	}
	if (s->circle[j] == NO_CIRCLE)
		return mtr_circle_open(s, a, least);
	if (s->circle[a] == s->circle[j])
		return false;
	return mtr_circle_join(s, a, s->circle[j], j, least);
}

/* Moves of any member to any circle that gain, until there is none */
static void
descend(CircleState *s)
{
	bool		moved;

	do
	{
		moved = false;
		for (int32_t at = 0; at < s->nalive; at++)
		{
			int32_t		a = s->alive[at];

			mtr_poll();
			for (int32_t c = 0; c < s->nslots; c++)
				if (s->size[c] > 0 && c != s->circle[a])
					moved |= mtr_circle_join(s, a, c, -1, STRICT);
			moved |= mtr_circle_open(s, a, STRICT);
			if (s->circle[a] != NO_CIRCLE)
				moved |= mtr_circle_dissolve(s, s->circle[a], STRICT);
		}
		mtr_circle_place_pool(s);
	} while (moved);
	keep_best(s);
}

/*
 * Draw a member and a partner.  Of two ranks in the list of partners the
 * better one is taken; for who is in the pool half of the time it is anybody.
 */
static void
draw_pair(CircleState *s, Pair *pair)
{
	uint64_t	bits = draw(s);
	uint64_t	more = draw(s);
	int32_t		a = s->alive[mtr_below((uint32_t) bits, s->nalive)];
	int32_t		rank,
				other;

	if (s->npool > 0 && (bits >> 32) % FROM_POOL == 0)
	{
		a = s->pool[mtr_below((uint32_t) bits, s->npool)];
		if (more & 1)
		{
			pair->a = a;
			pair->j = s->alive[mtr_below((uint32_t) (more >> 32), s->nalive)];
			return;
		}
	}
	rank = mtr_below((uint32_t) (more >> 32), s->npartners[a]);
	other = mtr_below((uint32_t) more, s->npartners[a]);
	pair->a = a;
	pair->j = s->partner[(size_t) a * LISTED + (other < rank ? other : rank)];
}

/*
 * Fetch what mtr_circle_join() will look at: the numbers are all over two
 * large tables, and waiting for them one after another takes longer than
 * anything else here.
 */
static void
fetch_ahead(const CircleState *s, const Pair *pair)
{
	const int32_t *score = s->p->score + (size_t) pair->a * s->n;
	int32_t		from = s->circle[pair->a];
	int32_t		to = s->circle[pair->j];
	const int32_t *member;

	if (to == NO_CIRCLE || from == to)
		return;
	member = members(s, to);
	FETCH(&sums(s, to)[pair->a]);
	for (int32_t k = 0; k < s->size[to]; k++)
	{
		FETCH(&score[member[k]]);
		if (from != NO_CIRCLE)
			FETCH(&sums(s, from)[member[k]]);
	}
}

/* Some random moves */
static void
propose(CircleState *s, int64_t temperature)
{
	Pair		pair[BATCH];
	int64_t		least;

	for (int k = 0; k < BATCH; k++)
		draw_pair(s, &pair[k]);
	for (int k = 0; k < BATCH; k++)
		fetch_ahead(s, &pair[k]);
	for (int k = 0; k < BATCH; k++)
	{
		s->steps++;
		least = -mtr_draw_loss(&s->random, temperature);
		if (pair[k].a != pair[k].j)
			try_pair(s, pair[k].a, pair[k].j, least);
	}

	/* and a rarer one */
	least = -mtr_draw_loss(&s->random, temperature);
	if (s->circle[pair[0].a] == NO_CIRCLE)
		mtr_circle_force(s, pair[0].a, least);
	else if (draw(s) & 1)
		mtr_circle_open(s, pair[0].a, least);
	else
		mtr_circle_dissolve(s, s->circle[pair[0].a], least);
}

/* What began with the first of these steps has come so far. */
static void
tell(const CircleState *s, int64_t first, int64_t steps)
{
	int64_t		done = s->steps - first;

	mtr_progress(s->past + (done < steps ? done : steps), s->planned);
}

/*
 * Try to place whoever isn't, by a walk among divisions that place as many:
 * somebody from the pool takes the place of somebody else, or opens a circle
 * by force, whatever is lost.
 */
static void
walk(CircleState *s, int64_t steps)
{
	int64_t		first = s->steps;
	int64_t		end = first + steps;

	while (s->nalive - s->best_npool < s->p->placed_bound && s->steps < end)
	{
		uint64_t	bits = draw(s);
		int32_t		a = s->pool[mtr_below((uint32_t) bits, s->npool)];
		int32_t		j = s->alive[mtr_below((uint32_t) (bits >> 32),
										   s->nalive)];

		mtr_poll();
		tell(s, first, steps);
		s->steps++;
		if (s->circle[j] == NO_CIRCLE || (bits & 1))
			mtr_circle_force(s, a, INT64_MIN);
		else
			mtr_circle_join(s, a, s->circle[j], j, BARRED / 2);
		if (s->npool < s->best_npool)
		{
			mtr_circle_place_pool(s);
			keep_best(s);
		}
	}
}

/* Try everywhere who is in the pool; was anybody placed? */
static bool
try_pool(CircleState *s)
{
	int32_t		npool = s->npool;

	mtr_circle_place_pool(s);
	return s->npool < npool;
}

/* Spend so many steps while the temperature falls. */
static void
anneal(CircleState *s, int64_t steps, int64_t temperature)
{
	int64_t		first = s->steps;
	int			pause = 1;
	int			next = 1;

	temperature *= 65536;
	for (int level = 1; level <= LEVELS; level++)
	{
		int64_t		end = first + steps / LEVELS * level;

		while (s->steps < end)
		{
			mtr_poll();
			tell(s, first, steps);
			propose(s, temperature);
		}
		if (s->npool <= SMALL_POOL || level >= next)
		{
			pause = try_pool(s) ? 1 : 2 * pause;
			pause = pause < RARELY ? pause : RARELY;
			next = level + pause;
		}
		keep_best(s);
		if (is_proven(s))
			return;
		temperature -= temperature / COOLING;
	}
}

/* How far a member's best partner is above its average one, usually */
static int64_t
usual_advantage(CircleState *s)
{
	int64_t		low = 0,
				high = UINT32_MAX;

	for (int32_t a = 0; a < s->nalive; a++)
	{
		int32_t		i = s->alive[a];
		const int32_t *score = s->p->score + (size_t) i * s->n;
		int64_t		sum = 0,
					n = 0;

		mtr_poll();
		for (int32_t k = 0; k < s->nalive; k++)
			if (score[s->alive[k]] != MTR_NO_PAIR)
			{
				sum += score[s->alive[k]];
				n++;
			}
		s->advantage[i] = score[s->partner[(size_t) i * LISTED]] - sum / n;
	}
	/* the median, by bisection */
	while (low < high)
	{
		int64_t		middle = (low + high) / 2;
		int32_t		above = 0;

		for (int32_t a = 0; a < s->nalive; a++)
			above += s->advantage[s->alive[a]] > middle;
		if (2 * above > s->nalive)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Search: the start, descent, and the rest as the effort allows.  What is
 * proven to be the best of all ends it.
 */
void
mtr_circle_search(CircleState *s)
{
	int64_t		steps = (int64_t) s->p->effort * s->n * MTR_CIRCLE_STEPS;
	int64_t		advantage;

	s->planned = steps;
	start(s);
	descend(s);
	if (steps == 0 || s->nalive == 0)
		return;
	if (s->nalive - s->best_npool < s->p->placed_bound)
	{
		s->planned += steps / 5;
		walk(s, steps / 5);
		s->past = steps / 5;
		restore_best(s);
		descend(s);
	}
	advantage = usual_advantage(s);
	if (!is_proven(s))
		anneal(s, steps / 5 * 4, advantage * 2 / 5 + 1);
	s->past += steps / 5 * 4;
	restore_best(s);
	descend(s);
	if (!is_proven(s))
		anneal(s, steps / 5, advantage / 7 + 1);
	restore_best(s);
	descend(s);
}
