/*
 * group_search.c
 *	  looking for a good division into groups
 *
 * Start.  Group by group: the mentor for whom the best mentees left in the
 * pool are worth most opens a group of the smallest size with them.  What a
 * mentor can expect only falls, so it is worked out anew only for who comes
 * first.  Who is left over goes to the best group with room.
 *
 * Search.  Descent makes moves of groups and mentors (group_move.c) that gain
 * until there is none, with the best seats for them (group_seats.c).  Where
 * more seats might be taken, a walk among divisions that take as many follows,
 * whatever is lost.  Then annealing (Kirkpatrick, Gelatt, Vecchi, Science 220,
 * 1983) proposes random moves and makes those that lose no more than a random
 * number, exponentially distributed around a temperature that falls in LEVELS
 * steps to a sixth.  It starts at a part of what a mentee's best mentor
 * usually has above an average one.  Moves go along lists of each mentee's
 * best mentors.  At last the best division is kicked, a few groups opened,
 * closed or led by somebody else, and the best seats after that are kept if
 * they are better.  Annealing helps where groups are tight or have
 * co-mentors, kicks where it matters who leads one.
 *
 * Everything is in integers and drawn from one generator (SplitMix64, Steele,
 * Lea, Flood, OOPSLA 2014), so a seed leads to the same division everywhere.
 *
 * Cost.  As budgeted (group.h); before that O(mentees * mentors) for the
 * lists, and for the start and each round of descent some of these.
 */
#include <string.h>

#include "group_state.h"

/* Temperatures; each is lower by 1/COOLING than the one before */
#define LEVELS 128
#define COOLING 70

/* Who is in a larger pool than this is tried everywhere less and less often
 * when nobody is placed: after twice as many levels each time, to so many */
#define SMALL_POOL 64
#define RARELY 16

/* Seats proposed between two proposals of another kind */
#define BATCH 32

/* One in so many proposals begins in the pool if anybody is there */
#define FROM_POOL 4

/* Kicks before the best seats are found, at most */
#define MAX_KICKS 3

/* A mentor nobody is left for */
#define HOPELESS INT64_MIN

/* ----------
 * Start
 * ----------
 */

/* The best mentors of a mentee, by score, then number; false when there are
 * too few for any group. */
static bool
list_mentors(GroupState *s, int32_t i)
{
	const int32_t *score = s->p->score + (size_t) i * s->nmentors;
	int32_t    *mentor = s->mentor + (size_t) i * LISTED;
	int32_t		n = 0;
	int32_t		partners = 0;

	for (int32_t j = 0; j < s->nmentors; j++)
	{
		int32_t		x;

		if (score[j] == MTR_NO_PAIR ||
			s->led_start[j] == s->led_start[j + 1])
			continue;
		partners++;
		if (n == LISTED && score[j] <= score[mentor[n - 1]])
			continue;
		for (x = n < LISTED ? n++ : n - 1;
			 x > 0 && score[mentor[x - 1]] < score[j]; x--)
			mentor[x] = mentor[x - 1];
		mentor[x] = j;
	}
	s->nlisted[i] = n;
	return partners >= s->k;
}

/* Fill the pool. */
static void
find_alive(GroupState *s)
{
	s->nalive = 0;
	for (int32_t i = 0; i < s->nmentees; i++)
	{
		mtr_poll();
		if (!list_mentors(s, i) || s->places[i] == 0)
			continue;
		s->alive[s->nalive++] = i;
		s->pool_at[i] = s->npool;
		s->pool[s->npool++] = i;
	}
}

/*
 * What the best mentees in the pool, as many as a group needs, are worth with
 * mentor j alone.  They are kept as a heap in "gain", the lowest on top.
 */
static int64_t
expect(GroupState *s, int32_t j)
{
	const int32_t *score = s->turned + (size_t) j * s->nmentees;
	int64_t    *best = s->gain;
	int32_t		n = 0;
	int64_t		sum = 0;

	mtr_poll();
	for (int32_t at = 0; at < s->npool; at++)
	{
		int64_t		value = score[s->pool[at]];
		int32_t		x;

		if (value == MTR_NO_PAIR || (n == s->min_seats && value <= best[0]))
			continue;
		if (n < s->min_seats)
		{
			for (x = n++; x > 0 && best[(x - 1) / 2] > value;
				 x = (x - 1) / 2)
				best[x] = best[(x - 1) / 2];
			best[x] = value;
			continue;
		}
		for (x = 0; 2 * x + 1 < n;)
		{
			int32_t		child = 2 * x + 1;

			if (child + 1 < n && best[child + 1] < best[child])
				child++;
			if (best[child] >= value)
				break;
			best[x] = best[child];
			x = child;
		}
		best[x] = value;
	}
	for (int32_t x = 0; x < n; x++)
		sum += best[x];
	return n < s->min_seats ? HOPELESS : sum;
}

/* The mentor of the highest expectation, the first of equal ones */
static int32_t
most_expected(const GroupState *s)
{
	int32_t		best = NONE;

	for (int32_t j = 0; j < s->nmentors; j++)
		if (s->expected[j] != HOPELESS &&
			(best == NONE || s->expected[j] > s->expected[best]))
			best = j;
	return best;
}

static void
start(GroupState *s)
{
	int32_t		j;

	find_alive(s);
	for (j = 0; j < s->nmentors; j++)
		s->expected[j] = s->led_start[j] == s->led_start[j + 1] ? HOPELESS :
			expect(s, j);
	while (s->npool >= s->min_seats && (j = most_expected(s)) != NONE)
	{
		int64_t		expected = expect(s, j);

		if (expected < s->expected[j])
			s->expected[j] = expected;
		else if (!mtr_group_try_open(s, j, NONE, false, STRICT))
			s->expected[j] = HOPELESS;
	}
	mtr_group_place_pool(s);
}

/* ----------
 * The best division
 * ----------
 */

static void
keep_best(GroupState *s)
{
	if (s->nseats < s->best_nseats ||
		(s->nseats == s->best_nseats && s->total <= s->best_total))
		return;
	s->best_nseats = s->nseats;
	s->best_total = s->total;
	for (int32_t g = 0; g < s->nslots; g++)
	{
		s->best_size[g] = is_open(s, g) ? s->size[g] : 0;
		memcpy(s->best_lead + (size_t) g * s->k, leads(s, g),
			   s->k * sizeof(int32_t));
		memcpy(s->best_member + (size_t) g * s->max_seats, members(s, g),
			   s->best_size[g] * sizeof(int32_t));
	}
}

/* Back to the best division. */
static void
restore_best(GroupState *s)
{
	for (int32_t g = 0; g < s->nslots; g++)
	{
		if (!is_open(s, g))
			continue;
		mtr_poll();
		while (s->size[g] > 0)
			mtr_group_quit(s, members(s, g)[0], g);
		mtr_group_close(s, g);
	}
	for (int32_t b = 0; b < s->nslots; b++)
	{
		int32_t		g;

		if (s->best_size[b] == 0)
			continue;
		mtr_poll();
		g = mtr_group_open(s, s->best_lead + (size_t) b * s->k);
		for (int32_t x = 0; x < s->best_size[b]; x++)
			mtr_group_join(s, s->best_member[(size_t) b * s->max_seats + x],
						   g);
	}
}

/* Is the best division proven to be the best of all? */
static bool
is_proven(const GroupState *s)
{
	return s->best_nseats == s->p->seats_bound &&
		s->best_total == s->p->bound;
}

/* ----------
 * Search
 * ----------
 */

/* One round of moves of groups and mentors that gain */
static bool
improve_groups(GroupState *s)
{
	bool		moved = false;
	int32_t		nseats = s->nseats;

	for (int32_t j = 0; j < s->nmentors; j++)
		moved |= mtr_group_try_open(s, j, NONE, false, STRICT);
	for (int32_t g = 0; g < s->nslots; g++)
	{
		for (int32_t x = 0; x < s->k && is_open(s, g); x++)
		{
			mtr_poll();
			for (int32_t j = 0; j < s->nmentors; j++)
				if (s->led_start[j] < s->led_start[j + 1])
					moved |= mtr_group_try_mentor(s, g, x, j, STRICT);
		}
		if (is_open(s, g))
			moved |= mtr_group_try_close(s, g, STRICT);
	}
	mtr_group_place_pool(s);
	return moved || s->nseats > nseats;
}

/* Moves that gain, until there is none, with the best seats */
static void
descend(GroupState *s)
{
	do
	{
		s->settled = mtr_group_best_seats(s);
	} while (improve_groups(s));
	keep_best(s);
}

/* Draw a mentee, a seat of its or the pool, and a mentor it likes. */
static void
draw_mentee(GroupState *s, int32_t *i, int32_t *from, int32_t *mentor)
{
	uint64_t	bits = draw(s);
	uint64_t	more = draw(s);
	int32_t		seats;
	int32_t		rank,
				other;

	*i = s->alive[mtr_below((uint32_t) bits, s->nalive)];
	if (s->npool > 0 && (bits >> 32) % FROM_POOL == 0)
		*i = s->pool[mtr_below((uint32_t) bits, s->npool)];
	seats = s->njoined[*i];
	*from = NONE;
	if (seats > 0 && (s->pool_at[*i] == NONE || (bits >> 40) % 2))
		*from = s->joined[s->joined_start[*i] +
						  (int32_t) ((bits >> 41) % seats)];

	/* of two ranks in the list the better one */
	rank = mtr_below((uint32_t) (more >> 32), s->nlisted[*i]);
	other = mtr_below((uint32_t) more, s->nlisted[*i]);
	*mentor = s->mentor[(size_t) *i * LISTED + (other < rank ? other : rank)];
}

/* A group of mentor j, or NONE */
static int32_t
draw_group(GroupState *s, int32_t j)
{
	if (s->nled[j] == 0)
		return NONE;
	return s->led[s->led_start[j] +
				  mtr_below((uint32_t) (draw(s) >> 32), s->nled[j])];
}

/* A random move of a group or mentor */
static void
propose_group(GroupState *s, int64_t least)
{
	uint64_t	bits = draw(s);
	int32_t		i,
				from,
				j;

	draw_mentee(s, &i, &from, &j);
	switch (bits % 8)
	{
		case 0:
			if (from != NONE)
				mtr_group_try_close(s, from, least);
			break;
		case 1:
			mtr_group_try_open(s, j, i, from == NONE, least);
			break;
		default:
			if (from != NONE)
				mtr_group_try_mentor(s, from, (int32_t) ((bits >> 8) % s->k),
									 j, least);
	}
}

/* Some random moves */
static void
propose(GroupState *s, int64_t temperature)
{
	for (int n = 0; n < BATCH; n++)
	{
		int64_t		least = -mtr_draw_loss(&s->random, temperature);
		int32_t		i,
					from,
					j,
					to;

		s->steps++;
		draw_mentee(s, &i, &from, &j);
		to = draw_group(s, j);
		if (to != NONE && to != from)
			mtr_group_try_seat(s, i, from, to, least);
	}
	propose_group(s, -mtr_draw_loss(&s->random, temperature));
}

/* What began with the first of these steps has come so far. */
static void
tell(const GroupState *s, int64_t first, int64_t steps)
{
	int64_t		done = s->steps - first;

	mtr_progress(s->past + (done < steps ? done : steps), s->planned);
}

/*
 * Try to seat whoever isn't, by a walk among divisions that take as many
 * seats: somebody from the pool takes the place of somebody else, or a group
 * is opened by force, whatever is lost.
 */
static void
walk(GroupState *s, int64_t steps)
{
	int64_t		first = s->steps;
	int64_t		end = first + steps;

	while (s->best_nseats < s->p->seats_bound && s->steps < end &&
		   s->npool > 0)
	{
		uint64_t	bits = draw(s);
		int32_t		i = s->pool[mtr_below((uint32_t) bits, s->npool)];
		int32_t		j = s->mentor[(size_t) i * LISTED +
								  mtr_below((uint32_t) (bits >> 32),
											s->nlisted[i])];
		int32_t		to = draw_group(s, j);

		mtr_poll();
		tell(s, first, steps);
		s->steps++;
		if (to == NONE || (bits & 1))
			mtr_group_try_open(s, j, i, true, -INT64_MAX);
		else
			mtr_group_try_seat(s, i, NONE, to, -INT64_MAX);
		if (s->nseats > s->best_nseats)
		{
			mtr_group_place_pool(s);
			keep_best(s);
		}
	}
}

/* Try everywhere who is in the pool; was any seat taken? */
static bool
try_pool(GroupState *s)
{
	int32_t		nseats = s->nseats;

	mtr_group_place_pool(s);
	return s->nseats > nseats;
}

/* Spend so many steps while the temperature falls. */
static void
anneal(GroupState *s, int64_t steps, int64_t temperature)
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

/* A random change of groups or mentors, whatever it costs */
static void
kick(GroupState *s)
{
	uint64_t	bits = draw(s);
	int32_t		i,
				from,
				j;

	draw_mentee(s, &i, &from, &j);
	if (from != NONE && bits % 4 == 0)
		mtr_group_try_close(s, from, ANYTHING);
	else if (from != NONE && bits % 4 == 1 && (s->k > 1 || s->nled[j] == 0))
		mtr_group_try_mentor(s, from, (int32_t) ((bits >> 8) % s->k), j,
							 ANYTHING);
	else
		mtr_group_try_open(s, j, i, (bits >> 8) & 1, ANYTHING);
}

/*
 * From the best division: some kicks, and the best seats after them.  What
 * isn't better is forgotten.
 */
static void
kick_around(GroupState *s, int64_t steps)
{
	int64_t		first = s->steps;

	while (s->steps < first + steps && !is_proven(s))
	{
		int			kicks = 1 + (int) (draw(s) % MAX_KICKS);

		tell(s, first, steps);
		for (int n = 0; n < kicks; n++)
			kick(s);
		mtr_group_best_seats(s);
		keep_best(s);
		restore_best(s);
	}
}

/* How far a mentee's best mentor is above an average one: the median */
static int64_t
usual_advantage(GroupState *s)
{
	int64_t		low = 0,
				high = UINT32_MAX;

	for (int32_t a = 0; a < s->nalive; a++)
	{
		int32_t		i = s->alive[a];
		const int32_t *score = s->p->score + (size_t) i * s->nmentors;
		int64_t		sum = 0,
					n = 0;

		mtr_poll();
		for (int32_t j = 0; j < s->nmentors; j++)
			if (score[j] != MTR_NO_PAIR)
			{
				sum += score[j];
				n++;
			}
		s->gain[a] = score[s->mentor[(size_t) i * LISTED]] - sum / n;
	}
	while (low < high)
	{
		int64_t		middle = (low + high) / 2;
		int32_t		above = 0;

		for (int32_t a = 0; a < s->nalive; a++)
			above += s->gain[a] > middle;
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
mtr_group_search(GroupState *s)
{
	int64_t		steps = ((int64_t) s->nmentees + s->nmentors) *
	MTR_GROUP_STEPS * s->p->effort;

	s->planned = steps;
	start(s);
	descend(s);
	if (steps == 0 || s->nalive == 0)
		return;
	if (s->best_nseats < s->p->seats_bound)
	{
		s->planned += steps / 5;
		walk(s, steps / 5);
		s->past = steps / 5;
		restore_best(s);
		descend(s);
	}
	if (is_proven(s))
		return;
	anneal(s, steps / 5 * 4, usual_advantage(s) / 5 + 1);
	s->past += steps / 5 * 4;
	restore_best(s);
	descend(s);
	kick_around(s, steps / 5);
	restore_best(s);
	descend(s);
}
