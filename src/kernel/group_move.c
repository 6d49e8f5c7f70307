/*
 * group_move.c
 *	  changing a division into groups, one move at a time
 *
 * Moves:
 *
 *	 seat		a mentee goes from a group or the pool to another group, if
 *				there is room and the first can spare it, or for one of its
 *				mentees, who comes in exchange or goes to the pool;
 *	 open		a mentor with a place opens a group of the smallest size, with
 *				co-mentors who suit the same mentees; these come from the pool
 *				and from groups that can spare them or, by force, from
 *				anywhere, and groups that can't spare them are closed;
 *	 close		all of a group go elsewhere, or to the pool;
 *	 mentor		a mentor leads a group in place of another, who gets a group
 *				for it if the first had no place free.
 *
 * A move that takes more seats is always made, one that takes fewer never;
 * otherwise the gain decides.
 *
 * Cost.  Seats: one value for each mentee of a group.  Opening looks at all
 * mentees, closing at all groups for each mentee.
 */
#include "group_state.h"

/* One mentee in so many is passed over in opening, so that not the same ones
 * come always */
#define PASSED_OVER 4

/* Mentees looked at that count as one step, where one is like another */
#define LOOKS_A_STEP 8

/* ----------
 * Changes
 * ----------
 */

static void
enter_pool(GroupState *s, int32_t i)
{
	s->pool_at[i] = s->npool;
	s->pool[s->npool++] = i;
}

static void
leave_pool(GroupState *s, int32_t i)
{
	int32_t		last = s->pool[--s->npool];

	s->pool[s->pool_at[i]] = last;
	s->pool_at[last] = s->pool_at[i];
	s->pool_at[i] = NONE;
}

/* Take "what" out of an unordered list. */
static inline void
take_out(int32_t *list, int32_t *n, int32_t what)
{
	int32_t		at = 0;

	while (list[at] != what)
		at++;
	list[at] = list[--*n];
}

void
mtr_group_join(GroupState *s, int32_t i, int32_t g)
{
	members(s, g)[s->size[g]++] = i;
	s->joined[s->joined_start[i] + s->njoined[i]++] = g;
	if (s->njoined[i] == s->places[i])
		leave_pool(s, i);
	s->nseats++;
	s->total += values(s, g)[i];
	s->steps++;
}

void
mtr_group_quit(GroupState *s, int32_t i, int32_t g)
{
	take_out(members(s, g), &s->size[g], i);
	take_out(s->joined + s->joined_start[i], &s->njoined[i], g);
	if (s->pool_at[i] == NONE)
		enter_pool(s, i);
	s->nseats--;
	s->total -= values(s, g)[i];
	s->steps++;
}

static inline bool
has_mentor(const GroupState *s, int32_t g, int32_t j)
{
	for (int32_t x = 0; x < s->k; x++)
		if (leads(s, g)[x] == j)
			return true;
	return false;
}

/*
 * May mentee i join group g, once it has left group "but"?  It must be
 * eligible with its mentors and not meet any of them elsewhere.
 */
bool
mtr_group_can_join(const GroupState *s, int32_t i, int32_t g, int32_t but)
{
	const int32_t *joined = s->joined + s->joined_start[i];

	if (values(s, g)[i] == MTR_NO_PAIR)
		return false;
	for (int32_t n = 0; n < s->njoined[i]; n++)
	{
		if (joined[n] == but)
			continue;
		for (int32_t x = 0; x < s->k; x++)
			if (has_mentor(s, joined[n], leads(s, g)[x]))
				return false;
	}
	return true;
}

/* A mentor who leads any groups has room for one more than places, which an
 * exchange needs in between. */
static inline int32_t
free_places(const GroupState *s, int32_t j)
{
	int32_t		room = s->led_start[j + 1] - s->led_start[j];

	return room == 0 ? 0 : room - 1 - s->nled[j];
}

/* What mentee i would be worth in a group of these mentors */
static int32_t
value_with(const GroupState *s, int32_t i, const int32_t *mentor)
{
	int64_t		sum = 0;

	for (int32_t x = 0; x < s->k; x++)
	{
		int32_t		score = s->turned[(size_t) mentor[x] * s->nmentees + i];

		if (score == MTR_NO_PAIR)
			return MTR_NO_PAIR;
		sum += score;
	}
	return (int32_t) mean_of(sum, s->k);
}

/* Make the values of a group whose mentors are new. */
static void
make_values(GroupState *s, int32_t g)
{
	int32_t    *value;

	if (s->k == 1)
		return;
	value = s->value + (size_t) g * s->nmentees;
	for (int32_t i = 0; i < s->nmentees; i++)
		value[i] = value_with(s, i, leads(s, g));
	s->steps += s->nmentees / LOOKS_A_STEP * s->k;
}

/* Open a group of k mentors who have places; there must be a slot. */
int32_t
mtr_group_open(GroupState *s, const int32_t *mentor)
{
	int32_t		g = s->slot;

	while (is_open(s, g))
		g = g + 1 < s->nslots ? g + 1 : 0;
	s->slot = g;
	for (int32_t x = 0; x < s->k; x++)
	{
		int32_t		j = mentor[x];

		leads(s, g)[x] = j;
		s->led[s->led_start[j] + s->nled[j]++] = g;
	}
	s->size[g] = 0;
	s->ngroups++;
	make_values(s, g);
	return g;
}

/* Close a group that has no mentees. */
void
mtr_group_close(GroupState *s, int32_t g)
{
	for (int32_t x = 0; x < s->k; x++)
	{
		int32_t		j = leads(s, g)[x];

		take_out(s->led + s->led_start[j], &s->nled[j], g);
		leads(s, g)[x] = NONE;
	}
	s->ngroups--;
}

/* ----------
 * Moves that may be taken back
 * ----------
 */

static void
move_trying(GroupState *s, int32_t i, int32_t from, int32_t to)
{
	GroupMove  *move = &s->moved[s->nmoved++];

	move->mentee = i;
	move->from = from;
	move->to = to;
	if (from != NONE)
		mtr_group_quit(s, i, from);
	if (to != NONE)
		mtr_group_join(s, i, to);
}

/*
 * Keep what was tried if it takes more seats, or as many and gains at least
 * "least", or if that is ANYTHING; groups left by all are closed.
 */
static bool
keep_or_undo(GroupState *s, int32_t nseats, int64_t total, int64_t least)
{
	bool		keep = s->nseats > nseats || least == ANYTHING ||
	(s->nseats == nseats && s->total - total >= least);

	while (s->nmoved > 0)
	{
		GroupMove  *move = &s->moved[--s->nmoved];

		if (keep)
		{
			if (move->from != NONE && is_open(s, move->from) &&
				s->size[move->from] == 0)
				mtr_group_close(s, move->from);
			continue;
		}
		if (move->to != NONE)
			mtr_group_quit(s, move->mentee, move->to);
		if (move->from != NONE)
			mtr_group_join(s, move->mentee, move->from);
	}
	return keep;
}

/* The group with room where i is worth most, but for one */
static int32_t
best_group(GroupState *s, int32_t i, int32_t but)
{
	int32_t		best = NONE;
	int32_t		best_value = MTR_NO_PAIR;

	s->steps += s->nslots / LOOKS_A_STEP + 1;
	for (int32_t g = 0; g < s->nslots; g++)
	{
		if (s->size[g] == 0 || s->size[g] == s->max_seats || g == but ||
			!is_open(s, g) || values(s, g)[i] <= best_value ||
			!mtr_group_can_join(s, i, g, but))
			continue;
		best = g;
		best_value = values(s, g)[i];
	}
	return best;
}

/* All mentees of a group go to the best place left, or to the pool. */
static void
scatter(GroupState *s, int32_t g)
{
	while (s->size[g] > 0)
	{
		int32_t		i = members(s, g)[0];

		move_trying(s, i, g, best_group(s, i, g));
	}
}

/* ----------
 * Seats
 * ----------
 */

bool
mtr_group_try_seat(GroupState *s, int32_t i, int32_t from, int32_t to,
				   int64_t least)
{
	const int32_t *there = values(s, to);
	const int32_t *back = from == NONE ? NULL : values(s, from);
	const int32_t *member = members(s, to);
	int32_t		size = s->size[to];
	int64_t		joins;
	int64_t		best_gain = INT64_MIN;
	int32_t		best = NONE;

	s->steps += size + 1;
	if (!mtr_group_can_join(s, i, to, from))
		return false;
	joins = there[i];
	if (from != NONE)
		joins -= back[i];
	if (size < s->max_seats && from == NONE)
	{
		mtr_group_join(s, i, to);
		return true;
	}
	if (size < s->max_seats && s->size[from] > s->min_seats)
		best_gain = joins;
	for (int32_t n = 0; n < size; n++)
	{
		int32_t		b = member[n];
		int64_t		gain = joins - there[b];

		if (from != NONE && back[b] == MTR_NO_PAIR)
			continue;
		if (from != NONE)
			gain += back[b];
		if (gain > best_gain &&
			(from == NONE || mtr_group_can_join(s, b, from, to)))
		{
			best_gain = gain;
			best = b;
		}
	}
	if (best_gain < least || best_gain == INT64_MIN)
		return false;
	if (from != NONE)
		mtr_group_quit(s, i, from);
	if (best != NONE)
	{
		mtr_group_quit(s, best, to);
		if (from != NONE)
			mtr_group_join(s, best, from);
	}
	mtr_group_join(s, i, to);
	return true;
}

/* ----------
 * Groups
 * ----------
 */

/* From where mentee i could go to a new group: the pool, if it has a place,
 * else the group, which must be able to spare it unless by force, where it is
 * worth least. */
static bool
find_source(const GroupState *s, int32_t i, bool force, int32_t *from)
{
	const int32_t *joined = s->joined + s->joined_start[i];

	*from = NONE;
	if (s->pool_at[i] != NONE)
		return true;
	for (int32_t n = 0; n < s->njoined[i]; n++)
		if ((force || s->size[joined[n]] > s->min_seats) &&
			(*from == NONE ||
			 values(s, joined[n])[i] < values(s, *from)[i]))
			*from = joined[n];
	return *from != NONE;
}

/* Put mentee i into a heap by gain, the highest on top. */
static void
heap_add(GroupState *s, int32_t n, int32_t i)
{
	for (; n > 0 && s->gain[s->pick[(n - 1) / 2]] < s->gain[i];
		 n = (n - 1) / 2)
		s->pick[n] = s->pick[(n - 1) / 2];
	s->pick[n] = i;
}

/* Take the top off a heap of n. */
static int32_t
heap_take(GroupState *s, int32_t n)
{
	int32_t		top = s->pick[0];
	int32_t		last = s->pick[n - 1];
	int32_t		at = 0;

	for (;;)
	{
		int32_t		child = 2 * at + 1;

		if (child + 1 < n - 1 &&
			s->gain[s->pick[child + 1]] > s->gain[s->pick[child]])
			child++;
		if (child >= n - 1 || s->gain[s->pick[child]] <= s->gain[last])
			break;
		s->pick[at] = s->pick[child];
		at = child;
	}
	s->pick[at] = last;
	return top;
}

/* Those who could come to a group with these values, as a heap by gain */
static int32_t
gather(GroupState *s, const int32_t *value, bool force)
{
	int32_t		n = 0;

	mtr_poll();
	s->steps += s->nalive / LOOKS_A_STEP * 4 + 1;
	for (int32_t a = 0; a < s->nalive; a++)
	{
		int32_t		i = s->alive[a];
		int32_t		from;

		if (value[i] == MTR_NO_PAIR || !find_source(s, i, force, &from))
			continue;
		s->gain[i] = value[i];
		s->gain[i] += from == NONE ? MORE_SEATS : -values(s, from)[i];
		heap_add(s, n++, i);
	}
	return n;
}

/*
 * Add co-mentors to the first mentor: each the one with a place who is best
 * for those who gain most by those chosen before.  False when there are too
 * few.
 */
static bool
add_mentors(GroupState *s, int32_t *mentor, bool force)
{
	int32_t    *mentee = s->pick + s->nmentees;
	int32_t		n = gather(s, s->turned + (size_t) mentor[0] * s->nmentees,
						   force);
	int32_t		nmentees = n < s->min_seats ? n : s->min_seats;

	/* the heap is in the first part of "pick", the choice goes behind it */
	if (nmentees > s->nmentors)
		nmentees = s->nmentors;
	for (int32_t x = 0; x < nmentees; x++)
		mentee[x] = heap_take(s, n - x);
	for (int32_t x = 1; x < s->k; x++)
	{
		int32_t		best = NONE;
		int64_t		best_sum = 0;

		s->steps += s->nmentors;
		for (int32_t j = 0; j < s->nmentors; j++)
		{
			const int32_t *score = s->turned + (size_t) j * s->nmentees;
			int64_t		sum = 0;
			bool		chosen = free_places(s, j) == 0;

			for (int32_t y = 0; y < x; y++)
				chosen |= mentor[y] == j;
			if (chosen)
				continue;
			for (int32_t y = 0; y < nmentees; y++)
				sum += score[mentee[y]] == MTR_NO_PAIR ? -MORE_SEATS :
					score[mentee[y]];
			if (best == NONE || sum > best_sum)
			{
				best = j;
				best_sum = sum;
			}
		}
		if (best == NONE)
			return false;
		mentor[x] = best;
	}
	return true;
}

/* Fill a new group up to the smallest size. */
static void
fill_group(GroupState *s, int32_t g, bool force, bool pass_over)
{
	int32_t		n = gather(s, values(s, g), force);

	while (n > 0 && s->size[g] < s->min_seats)
	{
		int32_t		i = heap_take(s, n--);
		int32_t		from;

		if ((pass_over && draw(s) % PASSED_OVER == 0) ||
			!find_source(s, i, force, &from) ||
			!mtr_group_can_join(s, i, g, from))
			continue;
		move_trying(s, i, from, g);
	}
}

/*
 * Mentor j opens a group; mentee "first", unless NONE, must be in it.
 */
bool
mtr_group_try_open(GroupState *s, int32_t j, int32_t first, bool force,
				   int64_t least)
{
	int32_t		mentor[MTR_GROUP_MAX_MENTORS];
	int32_t		nseats = s->nseats;
	int64_t		total = s->total;
	int32_t		g;
	int32_t		from;

	s->nmoved = 0;
	s->steps++;
	mentor[0] = j;
	if (free_places(s, j) == 0 || s->ngroups == s->nslots ||
		(s->k > 1 && !add_mentors(s, mentor, force)))
		return false;
	g = mtr_group_open(s, mentor);
	if (first != NONE && find_source(s, first, force, &from) &&
		mtr_group_can_join(s, first, g, from))
		move_trying(s, first, from, g);
	if (first == NONE || s->size[g] > 0)
		fill_group(s, g, force, least < 0);
	if (s->size[g] < s->min_seats)
	{
		nseats = INT32_MAX;		/* not to be kept */
		least = STRICT;
	}
	else if (force)
	{
		int32_t		came = s->nmoved;

		for (int32_t n = 0; n < came; n++)
		{
			from = s->moved[n].from;
			if (from != NONE && s->size[from] < s->min_seats)
				scatter(s, from);
		}
	}
	if (keep_or_undo(s, nseats, total, least))
		return true;
	mtr_group_close(s, g);
	return false;
}

bool
mtr_group_try_close(GroupState *s, int32_t g, int64_t least)
{
	int32_t		nseats = s->nseats;
	int64_t		total = s->total;

	s->nmoved = 0;
	scatter(s, g);
	return keep_or_undo(s, nseats, total, least);
}

/* ----------
 * Mentors
 * ----------
 */

/* What a group gains by another mentor in place of one; INT64_MIN when one of
 * its mentees may not be with the new one. */
static int64_t
mentor_gain(GroupState *s, int32_t g, int32_t at, int32_t j)
{
	const int32_t *value = values(s, g);
	int32_t		mentor[MTR_GROUP_MAX_MENTORS];
	int64_t		gain = 0;

	if (has_mentor(s, g, j))
		return INT64_MIN;
	for (int32_t x = 0; x < s->k; x++)
		mentor[x] = x == at ? j : leads(s, g)[x];
	s->steps += s->size[g];
	for (int32_t n = 0; n < s->size[g]; n++)
	{
		int32_t		i = members(s, g)[n];
		const int32_t *joined = s->joined + s->joined_start[i];
		int32_t		with = value_with(s, i, mentor);

		if (with == MTR_NO_PAIR)
			return INT64_MIN;
		for (int32_t x = 0; x < s->njoined[i]; x++)
			if (joined[x] != g && has_mentor(s, joined[x], j))
				return INT64_MIN;
		gain += (int64_t) with - value[i];
	}
	return gain;
}

/* Mentor j is to lead a group in place of another. */
static void
set_mentor(GroupState *s, int32_t g, int32_t at, int32_t j)
{
	int32_t		old = leads(s, g)[at];

	take_out(s->led + s->led_start[old], &s->nled[old], g);
	leads(s, g)[at] = j;
}

static void
take_lead(GroupState *s, int32_t g, int32_t j)
{
	s->led[s->led_start[j] + s->nled[j]++] = g;
	make_values(s, g);
}

/* Where a mentor stands among those of a group */
static int32_t
mentor_at(const GroupState *s, int32_t g, int32_t j)
{
	int32_t		at = 0;

	while (leads(s, g)[at] != j)
		at++;
	return at;
}

bool
mtr_group_try_mentor(GroupState *s, int32_t g, int32_t at, int32_t j,
					 int64_t least)
{
	int32_t		old = leads(s, g)[at];
	int32_t		other = NONE;
	int32_t		other_at = 0;
	int64_t		gain = mentor_gain(s, g, at, j);

	if (gain == INT64_MIN)
		return false;
	if (free_places(s, j) == 0)
	{
		int64_t		back;

		other = s->led[s->led_start[j] +
					   mtr_below((uint32_t) draw(s), s->nled[j])];
		other_at = mentor_at(s, other, j);
		back = mentor_gain(s, other, other_at, old);
		if (back == INT64_MIN)
			return false;
		gain += back;
	}
	if (gain < least)
		return false;

	set_mentor(s, g, at, j);
	if (other != NONE)
	{
		set_mentor(s, other, other_at, old);
		take_lead(s, other, old);
	}
	take_lead(s, g, j);
	s->total += gain;
	return true;
}

/* ----------
 * The pool
 * ----------
 */

/* Put mentee i into the best group with room, or a new one; one place. */
static bool
place(GroupState *s, int32_t i)
{
	int32_t		g = best_group(s, i, NONE);

	if (g != NONE)
	{
		mtr_group_join(s, i, g);
		return true;
	}
	for (int32_t n = 0; n < s->nlisted[i]; n++)
		if (mtr_group_try_open(s, s->mentor[(size_t) i * LISTED + n], i,
							   false, STRICT))
			return true;
	return false;
}

/*
 * Put into groups whoever in the pool can be, looking at all of them.  Who
 * leaves the pool is replaced by its last mentee, who has been tried.
 */
void
mtr_group_place_pool(GroupState *s)
{
	for (int32_t at = s->npool - 1; at >= 0; at--)
	{
		int32_t		i = s->pool[at];

		mtr_poll();
		while (s->pool_at[i] != NONE && place(s, i))
			;
		if (at > s->npool)
			at = s->npool;
	}
}
