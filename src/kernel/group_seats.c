/*
 * group_seats.c
 *	  the best seats for the groups that are open
 *
 * Problem.  Once it is settled who leads which group, who sits where is an
 * assignment problem: groups take so many mentees at least and so many at
 * most.  Annealing leaves a few mentees where a chain of several of them
 * would have to move at once.
 *
 * Method.  Shortest augmenting paths (Jonker and Volgenant, Computing 38,
 * 1987), with groups as columns.  All seats are given back; then one place of
 * a mentee after the other is seated, along the path that gains most: it
 * takes a seat of a group, one of the mentees there goes to another, and so
 * on, until a group has room or somebody stays without a seat, which is worth
 * 0.  Each seat is worth MORE_SEATS beside its value, so seats come first.
 *
 * Every group has a price p: a mentee's seat is always one of those where its
 * value less the price is highest (0 for none), and 0 is the price of room.
 * With labels
 *
 *	 L(h) = the highest gain of a path to a seat in h, less p(h),
 *
 * no arc of a path gains anything, so the group of the highest label is
 * final, as in Dijkstra's algorithm; when no label is above the best end
 * found, prices rise by what labels are above it, and the path is flipped.
 *
 * It begins with the prices that gave the bound, since they are nearly right,
 * and with whoever finds room where its value less the price is highest.
 * Groups that have room at a price above 0 are then made cheaper in the same
 * way, backwards: paths lead to such a group from another, and prices fall.
 * So they do in the end, below 0, for groups that came out too small, and
 * mentees come from groups that can spare them.
 *
 * What comes out is the best of all ways to seat everybody in these groups,
 * but for mentees of several places, who must not meet a mentor twice: for
 * these what was before is restored if it was better.  The prices are dual
 * prices, from which group_bound.c can start.
 *
 * Cost.  For each place one look at each group, and for each group made final
 * one at all groups for each of its mentees; most paths are short.
 */
#include <string.h>

#include "group_state.h"

/* Below every label */
#define LOWEST (-(INT64_C(1) << 60))

/* Looks that count as one step */
#define LOOKS_A_STEP 4

/* The end of a path: the group it ends in, and who leaves its seat there, or
 * NONE where there is room */
typedef struct End
{
	int64_t		label;
	int32_t		group;
	int32_t		who;
} End;

static inline int64_t
worth(int32_t value)
{
	return value + MORE_SEATS;
}

/*
 * Mentee i, coming from a group with label "base" less the worth of its seat,
 * or new, could take a seat in any group: raise labels that are lower.  Those
 * that aren't above the best end don't matter.
 */
static void
look_at_mentee(GroupState *s, int32_t i, int32_t from, int64_t base,
			   const End *end)
{
	const int32_t *score = s->p->score + (size_t) i * s->nmentors;

	s->steps += s->ngroups / LOOKS_A_STEP + 1;
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		int32_t		h = s->open[n];
		int32_t		value = s->k == 1 ? score[s->lead[h]] : values(s, h)[i];
		int64_t		label = base + worth(value) - s->price[h];

		if (label <= s->label[h] || label <= end->label || s->final[h] ||
			value == MTR_NO_PAIR || !mtr_group_can_join(s, i, h, from))
			continue;
		s->label[h] = label;
		s->via[h] = i;
		s->before[h] = from;
	}
}

/* A path could end in a group: with room, or with who leaves it. */
static void
look_at_ends(GroupState *s, int32_t g, End *end)
{
	int64_t		base = s->label[g] + s->price[g];

	if (s->size[g] < s->max_seats && base > end->label)
	{
		end->label = base;
		end->group = g;
		end->who = NONE;
	}
	for (int32_t x = 0; x < s->size[g]; x++)
	{
		int32_t		i = members(s, g)[x];

		if (base - worth(values(s, g)[i]) > end->label)
		{
			end->label = base - worth(values(s, g)[i]);
			end->group = g;
			end->who = i;
		}
	}
}

/* The group of the highest label that isn't final; NONE when no label is
 * above the best end. */
static int32_t
highest_label(const GroupState *s, const End *end)
{
	int32_t		best = NONE;

	for (int32_t n = 0; n < s->ngroups; n++)
	{
		int32_t		g = s->open[n];

		if (!s->final[g] && s->label[g] > end->label &&
			(best == NONE || s->label[g] > s->label[best]))
			best = g;
	}
	return best;
}

/*
 * Flip the path: from its end back to who is new, each takes the next one's
 * place.  False when a mentee of several places would meet a mentor twice;
 * then whoever had no seat left is without.
 */
static bool
flip(GroupState *s, const End *end)
{
	int32_t		g = end->group;

	if (end->who != NONE)
		mtr_group_quit(s, end->who, g);
	while (g != NONE)
	{
		int32_t		i = s->via[g];
		int32_t		from = s->before[g];

		if (from != NONE)
			mtr_group_quit(s, i, from);
		if (!mtr_group_can_join(s, i, g, NONE))
			return false;
		mtr_group_join(s, i, g);
		g = from;
	}
	return true;
}

static void
clear_labels(GroupState *s)
{
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		s->label[s->open[n]] = LOWEST;
		s->final[s->open[n]] = 0;
	}
}

/* Seat one place of mentee i as well as can be. */
static bool
seat(GroupState *s, int32_t i)
{
	End			end = {0, NONE, NONE};	/* it has no seat, as before */
	int32_t		g;

	clear_labels(s);
	look_at_mentee(s, i, NONE, 0, &end);
	while ((g = highest_label(s, &end)) != NONE)
	{
		mtr_poll();
		s->final[g] = 1;
		look_at_ends(s, g, &end);
		for (int32_t x = 0; x < s->size[g]; x++)
		{
			int32_t		who = members(s, g)[x];

			look_at_mentee(s, who, g, s->label[g] + s->price[g] -
						   worth(values(s, g)[who]), &end);
		}
	}
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		g = s->open[n];
		if (s->final[g] && s->label[g] > end.label)
			s->price[g] += s->label[g] - end.label;
	}
	return end.group == NONE || flip(s, &end);
}

/* ----------
 * Filling groups
 * ----------
 */

/* Whoever is elsewhere could come to group g: raise labels that are lower. */
static void
look_at_comers(GroupState *s, int32_t g, const End *end)
{
	const int32_t *value = values(s, g);
	int64_t		base = s->label[g] - s->price[g];

	s->steps += s->nseats / LOOKS_A_STEP + 1;
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		int32_t		from = s->open[n];

		for (int32_t x = 0; x < s->size[from] && !s->final[from]; x++)
		{
			int32_t		i = members(s, from)[x];
			int64_t		label = base + s->price[from] + value[i] -
			values(s, from)[i];

			if (label <= s->label[from] || label <= end->label ||
				value[i] == MTR_NO_PAIR ||
				!mtr_group_can_join(s, i, g, from))
				continue;
			s->label[from] = label;
			s->via[from] = i;
			s->before[from] = g;
		}
	}
}

/* So could those without a seat, and then the path ends there. */
static void
look_at_pool(GroupState *s, int32_t g, End *end)
{
	const int32_t *value = values(s, g);
	int64_t		base = s->label[g] - s->price[g];

	for (int32_t x = 0; x < s->npool; x++)
	{
		int32_t		i = s->pool[x];

		if (value[i] == MTR_NO_PAIR || base + worth(value[i]) <= end->label ||
			!mtr_group_can_join(s, i, g, NONE))
			continue;
		end->label = base + worth(value[i]);
		end->group = g;
		end->who = i;
	}
}

/* Flip a path: from its end on, each goes to the next group. */
static bool
flip_back(GroupState *s, const End *end, int32_t last)
{
	for (int32_t g = end->group; g != last; g = s->before[g])
		mtr_group_quit(s, s->via[g], g);
	if (end->who != NONE)
	{
		if (!mtr_group_can_join(s, end->who, end->group, NONE))
			return false;
		mtr_group_join(s, end->who, end->group);
	}
	for (int32_t g = end->group; g != last; g = s->before[g])
	{
		if (!mtr_group_can_join(s, s->via[g], s->before[g], NONE))
			return false;
		mtr_group_join(s, s->via[g], s->before[g]);
	}
	return true;
}

/*
 * Bring one mentee to a group that is too small; or, when it isn't, to one
 * that has room at a price above 0, or make it cheaper so that none would
 * come.
 */
static bool
bring(GroupState *s, int32_t last, bool must)
{
	End			end = {must ? LOWEST : -s->price[last], last, NONE};
	int32_t		g;

	clear_labels(s);
	s->label[last] = 0;
	while ((g = highest_label(s, &end)) != NONE)
	{
		mtr_poll();
		s->final[g] = 1;
		if (s->size[g] > (must ? s->min_seats : 0) && g != last &&
			s->label[g] - s->price[g] > end.label)
		{
			end.label = s->label[g] - s->price[g];
			end.group = g;
			end.who = NONE;
		}
		look_at_comers(s, g, &end);
		if (must)
			look_at_pool(s, g, &end);
	}
	if (end.label == LOWEST)
		return false;
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		g = s->open[n];
		if (s->final[g] && s->label[g] > end.label)
			s->price[g] -= s->label[g] - end.label;
	}
	return flip_back(s, &end, last);
}

static bool
fill_groups(GroupState *s)
{
	for (int32_t n = 0; n < s->ngroups; n++)
		while (s->size[s->open[n]] < s->min_seats)
			if (!bring(s, s->open[n], true))
				return false;
	return true;
}

static bool
make_cheaper(GroupState *s)
{
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		int32_t		g = s->open[n];

		while (s->size[g] < s->max_seats && s->price[g] > 0)
			if (!bring(s, g, false))
				return false;
	}
	return true;
}

/* Seat one place of mentee i where its value less the price is highest, if
 * there is room. */
static void
seat_at_best(GroupState *s, int32_t i)
{
	const int32_t *score = s->p->score + (size_t) i * s->nmentors;
	int64_t		best_gain = 0;
	int32_t		best = NONE;

	s->steps += s->ngroups / LOOKS_A_STEP + 1;
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		int32_t		h = s->open[n];
		int32_t		value = s->k == 1 ? score[s->lead[h]] : values(s, h)[i];
		int64_t		gain = worth(value) - s->price[h];

		if (gain <= best_gain || value == MTR_NO_PAIR ||
			!mtr_group_can_join(s, i, h, NONE))
			continue;
		best_gain = gain;
		best = h;
	}
	if (best != NONE && s->size[best] < s->max_seats)
		mtr_group_join(s, i, best);
}

/* ----------
 * All of it
 * ----------
 */

/* Give all seats back, remembering them, and set prices. */
static void
empty_groups(GroupState *s)
{
	int32_t		nopen = 0;

	for (int32_t g = 0; g < s->nslots; g++)
	{
		if (!is_open(s, g))
			continue;
		mtr_poll();
		s->open[nopen++] = g;
		s->price[g] = 0;
		for (int32_t x = 0; x < s->k; x++)
			s->price[g] += s->mentor_price[leads(s, g)[x]];
		s->price[g] /= s->k;
		s->old_size[g] = s->size[g];
		memcpy(s->old_member + (size_t) g * s->max_seats, members(s, g),
			   s->size[g] * sizeof(int32_t));
		while (s->size[g] > 0)
			mtr_group_quit(s, members(s, g)[0], g);
	}
}

static void
restore_seats(GroupState *s)
{
	for (int32_t n = 0; n < s->ngroups; n++)
		while (s->size[s->open[n]] > 0)
			mtr_group_quit(s, members(s, s->open[n])[0], s->open[n]);
	for (int32_t n = 0; n < s->ngroups; n++)
	{
		int32_t		g = s->open[n];

		for (int32_t x = 0; x < s->old_size[g]; x++)
			mtr_group_join(s, s->old_member[(size_t) g * s->max_seats + x],
						   g);
	}
}

/* Seat everybody anew; returns whether the seats are the best ones, and the
 * prices theirs. */
bool
mtr_group_best_seats(GroupState *s)
{
	int32_t		nseats = s->nseats;
	int64_t		total = s->total;
	bool		is_best = true;

	empty_groups(s);
	for (int32_t a = 0; a < s->nalive; a++)
	{
		mtr_poll();
		for (int32_t x = 0; x < s->places[s->alive[a]]; x++)
			seat_at_best(s, s->alive[a]);
	}
	is_best &= make_cheaper(s);
	for (int32_t a = 0; a < s->nalive; a++)
	{
		int32_t		i = s->alive[a];

		for (int32_t x = s->njoined[i]; x < s->places[i]; x++)
			is_best &= seat(s, i);
	}
	if (fill_groups(s) && (s->nseats > nseats ||
						   (s->nseats == nseats && s->total >= total)))
		return is_best;
	restore_seats(s);
	return false;
}
