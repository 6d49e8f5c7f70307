/*
 * circle_move.c
 *	  changing a division into circles, one move at a time
 *
 * Moves.  All go by a member a and a partner j of its, from its list of best
 * ones or, for who is in the pool, any:
 *
 *	 join		a goes to the circle of j, if there is room and its own can
 *				spare it;
 *	 exchange	a goes there and somebody other than j comes in its place, or,
 *				when a was in the pool, goes to the pool;
 *	 merge		the circle of a goes there as a whole;
 *	 dissolve	all of the circle of a go elsewhere, each to the best place
 *				that is left;
 *	 open		a opens a circle with partners from the pool and from circles
 *				that can spare them;
 *	 force		a, from the pool, opens one with partners from anywhere, and
 *				the circles that can't spare them are dissolved.
 *
 * A move that places more members is always made, one that places fewer
 * never; otherwise the gain decides.
 *
 * Cost.  Saying what joining or an exchange gains takes one number for each
 * member of the circle; making it, 2 or 4 passes over n sums.
 */
#include "circle_state.h"

/* Sums kept up to date that count as one step */
#define SUMS_A_STEP 16

/* A member enters: its row is added to the sums of the circle. */
MTR_SIMD
static void
add_row(int64_t *sum, const int32_t *score, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		sum[i] += score[i] == MTR_NO_PAIR ? BARRED : score[i];
}

MTR_SIMD
static void
subtract_row(int64_t *sum, const int32_t *score, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		sum[i] -= score[i] == MTR_NO_PAIR ? BARRED : score[i];
}

/* ----------
 * Moves
 * ----------
 */

/* Take i out of its circle, or out of the pool */
static void
leave(CircleState *s, int32_t i)
{
	int32_t		from = s->circle[i];
	int32_t		at = s->position[i];
	int32_t		last;

	if (from == NO_CIRCLE)
	{
		last = s->pool[--s->npool];
		s->pool[at] = last;
	}
	else
	{
		int32_t    *member = members(s, from);

		last = member[--s->size[from]];
		member[at] = last;
		for (int32_t k = 0; k < s->size[from]; k++)
			s->own[member[k]] -= score_of(s, i, member[k]);
		s->total -= s->own[i];
		s->ncircles -= s->size[from] == 0;
		subtract_row(sums(s, from), s->p->score + (size_t) i * s->n, s->n);
		s->steps += s->n / SUMS_A_STEP + 1;
	}
	s->position[last] = at;
}

/* Put i, who is nowhere now, into a circle or into the pool */
void
mtr_circle_enter(CircleState *s, int32_t i, int32_t to)
{
	s->circle[i] = to;
	if (to == NO_CIRCLE)
	{
		s->own[i] = 0;
		s->position[i] = s->npool;
		s->pool[s->npool++] = i;
	}
	else
	{
		int32_t    *member = members(s, to);

		for (int32_t k = 0; k < s->size[to]; k++)
			s->own[member[k]] += score_of(s, i, member[k]);
		s->own[i] = sums(s, to)[i];
		s->total += s->own[i];
		s->ncircles += s->size[to] == 0;
		s->position[i] = s->size[to];
		member[s->size[to]++] = i;
		add_row(sums(s, to), s->p->score + (size_t) i * s->n, s->n);
		s->steps += s->n / SUMS_A_STEP + 1;
	}
}

void
mtr_circle_move(CircleState *s, int32_t i, int32_t to)
{
	leave(s, i);
	mtr_circle_enter(s, i, to);
}

/* The same, to be taken back or not */
static void
move_trying(CircleState *s, int32_t i, int32_t to)
{
	s->moved[s->nmoved] = i;
	s->moved_from[s->nmoved++] = s->circle[i];
	mtr_circle_move(s, i, to);
}

/*
 * Keep what was tried if it places more members, or as many without losing
 * too much: the gain must be "least" at the least.
 */
static bool
keep_or_undo(CircleState *s, int32_t npool, int64_t total, int64_t least)
{
	bool		keep = s->npool < npool ||
	(s->npool == npool && s->total - total >= least);

	while (!keep && s->nmoved > 0)
	{
		s->nmoved--;
		mtr_circle_move(s, s->moved[s->nmoved], s->moved_from[s->nmoved]);
	}
	s->nmoved = 0;
	return keep;
}

/* The circle of a goes to another as a whole. */
static bool
try_merge(CircleState *s, int32_t from, int32_t to, int64_t least)
{
	const int32_t *member = members(s, from);
	int64_t		gain = 0;

	if (s->size[from] + s->size[to] > s->max_size)
		return false;
	s->steps += s->size[from];
	for (int32_t k = 0; k < s->size[from]; k++)
	{
		int64_t		joins = sums(s, to)[member[k]];

		if (joins < BARRED / 2)
			return false;
		gain += joins;
	}
	if (gain < least)
		return false;
	while (s->size[from] > 0)
		mtr_circle_move(s, member[0], to);
	return true;
}

/*
 * a goes to another circle: in addition to those there, or for one of them
 * other than "stays", who comes to the circle of a or into the pool.  The
 * best of these is made if it gains enough.
 */
bool
mtr_circle_join(CircleState *s, int32_t a, int32_t to, int32_t stays,
				int64_t least)
{
	int32_t		from = s->circle[a];
	int32_t		size = s->size[to];
	const int32_t *member = members(s, to);
	const int64_t *back = from == NO_CIRCLE ? NULL : sums(s, from);
	int64_t		joins = sums(s, to)[a] - s->own[a];
	int64_t		best_gain = INT64_MIN;
	int32_t		best = -1;

	s->steps += size;
	if (size < s->max_size && joins > BARRED / 2)
	{
		if (from == NO_CIRCLE)
		{
			mtr_circle_move(s, a, to);
			return true;
		}
		if (s->size[from] > s->min_size)
			best_gain = joins;
		else if (try_merge(s, from, to, least))
			return true;
	}
	for (int32_t k = 0; k < size; k++)
	{
		int32_t		b = member[k];
		int64_t		score = score_of(s, a, b);
		int64_t		gain = joins - score - s->own[b];

		if (back != NULL)
			gain += back[b] - score;
		if (gain > best_gain && b != stays)
		{
			best_gain = gain;
			best = b;
		}
	}
	if (best_gain < least)
		return false;
	leave(s, a);
	if (best >= 0)
		mtr_circle_move(s, best, from);
	mtr_circle_enter(s, a, to);
	return true;
}

/* A circle that isn't, or -1 */
int32_t
mtr_circle_empty_slot(CircleState *s)
{
	if (s->ncircles == s->nslots)
		return -1;
	while (s->size[s->slot] > 0)
	{
		s->slot = s->slot + 1 < s->nslots ? s->slot + 1 : 0;
		s->steps++;
	}
	return s->slot;
}

/*
 * Can the circle of j spare it, besides those named in "moved"?  *loss is what
 * it costs: the scores of j with those who stay.
 */
static bool
can_leave(CircleState *s, int32_t j, int64_t *loss)
{
	int32_t		circle = s->circle[j];
	int32_t		size;

	*loss = s->own[j];
	if (circle == NO_CIRCLE)
		return true;
	size = s->size[circle] - 1;
	for (int32_t k = 0; k < s->nmoved; k++)
		if (s->circle[s->moved[k]] == circle)
		{
			*loss -= score_of(s, j, s->moved[k]);
			size--;
		}
	return size >= s->min_size;
}

/* What j gains in a circle of those named in "moved" */
static int64_t
joins_moved(CircleState *s, int32_t j)
{
	int64_t		joins = 0;

	s->steps += s->nmoved + 1;
	for (int32_t k = 0; k < s->nmoved; k++)
		joins += score_of(s, j, s->moved[k]);
	return joins;
}

/*
 * a opens a circle of the smallest size.  While annealing a partner is passed
 * over now and then, or the same ones would be tried always.  Here "moved" is
 * who will be moved, if it gains enough: making a move to see what it gains is
 * slow.
 */
bool
mtr_circle_open(CircleState *s, int32_t a, int64_t least)
{
	const int32_t *partner = s->partner + (size_t) a * LISTED;
	int32_t		placed = s->circle[a] == NO_CIRCLE;
	int32_t		circle;
	int64_t		gain = 0;
	int64_t		loss;

	s->nmoved = 0;
	if (!can_leave(s, a, &loss) || (circle = mtr_circle_empty_slot(s)) < 0)
		return false;
	gain = -loss;
	s->moved[s->nmoved++] = a;
	for (int32_t k = 0; k < s->npartners[a] && s->nmoved < s->min_size; k++)
	{
		int32_t		j = partner[k];
		int64_t		joins;

		if ((least < 0 && draw(s) >> 62 == 0) || !can_leave(s, j, &loss) ||
			(joins = joins_moved(s, j)) < BARRED / 2)
			continue;
		gain += joins - loss;
		placed += s->circle[j] == NO_CIRCLE;
		s->moved[s->nmoved++] = j;
	}
	if (s->nmoved < s->min_size || (placed == 0 && gain < least))
		return false;
	for (int32_t k = 0; k < s->nmoved; k++)
		mtr_circle_move(s, s->moved[k], circle);
	return true;
}

/* All of a circle go elsewhere, each to the best place left with one of its
 * best partners. */
bool
mtr_circle_dissolve(CircleState *s, int32_t circle, int64_t least)
{
	int32_t		npool = s->npool;
	int64_t		total = s->total;
	int64_t		room = (int64_t) (s->ncircles - 1) * s->max_size -
	(s->nalive - s->npool - s->size[circle]);

	if (room < s->size[circle])
		return false;
	s->nmoved = 0;
	while (s->size[circle] > 0)
	{
		int32_t		i = members(s, circle)[0];
		const int32_t *partner = s->partner + (size_t) i * LISTED;
		int64_t		best_joins = BARRED / 2;
		int32_t		best = NO_CIRCLE;

		for (int32_t k = 0; k < s->npartners[i]; k++)
		{
			int32_t		to = s->circle[partner[k]];
			int64_t		joins;

			s->steps++;
			if (to == NO_CIRCLE || to == circle || s->size[to] == s->max_size)
				continue;
			joins = sums(s, to)[i];
			if (joins > best_joins)
			{
				best_joins = joins;
				best = to;
			}
		}
		move_trying(s, i, best);
	}
	return keep_or_undo(s, npool, total, least);
}

/* Let a circle grow by whoever of the pool adds most; false if nobody can. */
bool
mtr_circle_grow(CircleState *s, int32_t circle)
{
	int64_t		best_joins = BARRED / 2;
	int32_t		best = -1;

	mtr_poll();
	s->steps += s->npool;
	for (int32_t at = 0; at < s->npool; at++)
	{
		int32_t		i = s->pool[at];
		int64_t		joins = sums(s, circle)[i];

		if (joins > best_joins ||
			(joins == best_joins && best >= 0 && i < best))
		{
			best_joins = joins;
			best = i;
		}
	}
	if (best >= 0)
		mtr_circle_move(s, best, circle);
	return best >= 0;
}

/* i opens a circle of the smallest size with whoever of the pool adds most. */
static bool
open_in_pool(CircleState *s, int32_t i)
{
	int32_t		circle;

	if (s->npool < s->min_size || (circle = mtr_circle_empty_slot(s)) < 0)
		return false;
	mtr_circle_move(s, i, circle);
	while (s->size[circle] < s->min_size && mtr_circle_grow(s, circle))
		;
	if (s->size[circle] == s->min_size)
		return true;
	while (s->size[circle] > 0)
		mtr_circle_move(s, members(s, circle)[0], NO_CIRCLE);
	return false;
}

/* The circle with room where i would add most, but for one */
static int32_t
best_circle(CircleState *s, int32_t i, int32_t but)
{
	int64_t		best_joins = BARRED / 2;
	int32_t		best = NO_CIRCLE;

	s->steps += s->nslots;
	for (int32_t c = 0; c < s->nslots; c++)
	{
		if (s->size[c] == 0 || s->size[c] == s->max_size || c == but ||
			sums(s, c)[i] <= best_joins)
			continue;
		best_joins = sums(s, c)[i];
		best = c;
	}
	return best;
}

/*
 * a, from the pool, opens a circle with partners taken from wherever they
 * are.  Circles that can't spare them are dissolved, those left over going to
 * the best place that is left.
 */
bool
mtr_circle_force(CircleState *s, int32_t a, int64_t least)
{
	const int32_t *partner = s->partner + (size_t) a * LISTED;
	int32_t		npool = s->npool;
	int64_t		total = s->total;
	int32_t		circle = mtr_circle_empty_slot(s);
	int32_t		n = s->npartners[a];
	int32_t		rank = mtr_below((uint32_t) draw(s), n);

	if (circle < 0)
		return false;
	s->nmoved = 0;
	move_trying(s, a, circle);
	for (int32_t k = 0; k < n && s->size[circle] < s->min_size; k++)
	{
		if (sums(s, circle)[partner[rank]] > BARRED / 2)
			move_trying(s, partner[rank], circle);
		rank = rank + 1 < n ? rank + 1 : 0;
	}
	if (s->size[circle] < s->min_size)
		return keep_or_undo(s, -1, 0, 0);
	for (int32_t k = 1; k < s->min_size; k++)
	{
		int32_t		from = s->moved_from[k];

		while (from != NO_CIRCLE && s->size[from] > 0 &&
			   s->size[from] < s->min_size)
		{
			int32_t		i = members(s, from)[0];

			move_trying(s, i, best_circle(s, i, from));
		}
	}
	return keep_or_undo(s, npool, total, least);
}

/*
 * Put into circles whoever in the pool can be, looking at all of them.  Who
 * leaves the pool is replaced by its last member, who has been tried.
 */
void
mtr_circle_place_pool(CircleState *s)
{
	for (int32_t at = s->npool - 1; at >= 0; at--)
	{
		int32_t		i = s->pool[at];
		int32_t		circle = best_circle(s, i, NO_CIRCLE);

		mtr_poll();
		if (circle != NO_CIRCLE)
			mtr_circle_move(s, i, circle);
		if ((circle != NO_CIRCLE || mtr_circle_open(s, i, STRICT) ||
			 open_in_pool(s, i)) && at > s->npool)
			at = s->npool;
	}
}
