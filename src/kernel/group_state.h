/*
 * group_state.h
 *	  what the files of group.h share: a division that can be changed
 *
 * group.c			checks, memory, the result
 * group_move.c		changing a division, moves that may be taken back
 * group_search.c	the start, the walk, annealing
 * group_seats.c	the best seats for given groups
 * group_bound.c	seats_bound and bound
 *
 * A group is open while it has mentors.  Every mentee with a free place who
 * could be in some group stands in the pool.  For one mentor a group the
 * values of the mentees are a row of the turned matrix; for more there is a
 * row for each group.
 */
#ifndef MTR_GROUP_STATE_H
#define MTR_GROUP_STATE_H

#include "draw.h"
#include "group.h"

/* no group, no mentor, nobody */
#define NONE (-1)

/* Best mentors kept for each mentee */
#define LISTED 24

/* What a seat taken is better by than any total */
#define MORE_SEATS (INT64_C(1) << 48)

/* The least gain that is made in descent */
#define STRICT INT64_C(1)

/* Whatever it costs, seats as well */
#define ANYTHING INT64_MIN

/* What was moved, to be taken back */
typedef struct GroupMove
{
	int32_t		mentee;
	int32_t		from;			/* NONE = the pool */
	int32_t		to;
} GroupMove;

typedef struct GroupState
{
	const MtrGroup *p;
	int32_t		nmentees;
	int32_t		nmentors;
	int32_t		k;				/* mentors of a group */
	int32_t		min_seats;		/* mentees of a group */
	int32_t		max_seats;
	int32_t		nslots;			/* groups there can be */
	int32_t    *places;			/* [nmentees] that can be used */
	int32_t    *turned;			/* [nmentors][nmentees] the scores */

	/* groups */
	int32_t    *lead;			/* [nslots][k] mentors; NONE = not open */
	int32_t    *size;			/* [nslots] mentees */
	int32_t    *member;			/* [nslots][max_seats] */
	int32_t    *value;			/* [nslots][nmentees] for k > 1 */
	int32_t		ngroups;		/* open */

	/* people */
	int32_t    *joined;			/* groups of mentee i, from joined_start[i] */
	int32_t    *joined_start;	/* [nmentees + 1] */
	int32_t    *njoined;		/* [nmentees] */
	int32_t    *led;			/* groups of mentor j, from led_start[j] */
	int32_t    *led_start;		/* [nmentors + 1], 1 more than places if any */
	int32_t    *nled;			/* [nmentors] */
	int32_t    *pool;			/* [nmentees] */
	int32_t    *pool_at;		/* [nmentees] where, or NONE */
	int32_t		npool;

	/* what it is worth */
	int32_t		nseats;
	int64_t		total;

	/* who can be in a group at all, and with whom best */
	int32_t    *alive;			/* [nalive] */
	int32_t		nalive;
	int32_t    *mentor;			/* [nmentees][LISTED] by score, then number */
	int32_t    *nlisted;		/* [nmentees] */

	/* the best division seen */
	int32_t    *best_lead;		/* as above */
	int32_t    *best_size;
	int32_t    *best_member;
	int32_t		best_nseats;
	int64_t		best_total;

	/* moves that may be taken back */
	GroupMove  *moved;			/* mtr_group_max_moved() of them */
	int32_t		nmoved;

	/* the best seats (group_seats.c) */
	int32_t    *open;			/* [ngroups] */
	int64_t    *price;			/* [nslots] */
	int64_t    *label;			/* [nslots] */
	int32_t    *via;			/* [nslots] who came last on the path */
	int32_t    *before;			/* [nslots] from where, NONE = the new one */
	uint8_t    *final;			/* [nslots] */
	int32_t    *old_size;		/* [nslots] seats before */
	int32_t    *old_member;		/* [nslots][max_seats] */

	int64_t    *expected;		/* [nmentors] while starting */
	int64_t    *mentor_price;	/* [nmentors] of group_bound.c */

	/* numbers of one mentor, mentee or group each, for whoever needs them */
	int64_t    *gain;			/* [nmentees + nmentors] */
	int32_t    *pick;			/* [nmentees + nmentors] */

	/* the search */
	uint64_t	random;
	int64_t		steps;			/* taken */
	int64_t		planned;		/* in all, not counting descent */
	int64_t		past;			/* planned for what has ended */
	int32_t		slot;			/* where the last empty one was */
	bool		settled;		/* prices prove the seats to be the best */
} GroupState;

/* group_move.c: changes, and moves that are made if they place more seats, or
 * as many and gain at least "least"; they say whether they were made. */
extern bool mtr_group_can_join(const GroupState *s, int32_t i, int32_t g,
							   int32_t but);
extern void mtr_group_join(GroupState *s, int32_t i, int32_t g);
extern void mtr_group_quit(GroupState *s, int32_t i, int32_t g);
extern int32_t mtr_group_open(GroupState *s, const int32_t *mentor);
extern void mtr_group_close(GroupState *s, int32_t g);
extern bool mtr_group_try_seat(GroupState *s, int32_t i, int32_t from,
							   int32_t to, int64_t least);
extern bool mtr_group_try_open(GroupState *s, int32_t j, int32_t first,
							   bool force, int64_t least);
extern bool mtr_group_try_close(GroupState *s, int32_t g, int64_t least);
extern bool mtr_group_try_mentor(GroupState *s, int32_t g, int32_t at,
								 int32_t j, int64_t least);
extern void mtr_group_place_pool(GroupState *s);

/* group_seats.c: make the seats the best ones for the groups that are open;
 * true if they are, and "price" proves it. */
extern bool mtr_group_best_seats(GroupState *s);

/* group_search.c: search from the empty division; leaves the best one. */
extern void mtr_group_search(GroupState *s);

/* group_bound.c */
extern size_t mtr_group_bound_scratch_size(const MtrGroup *p);
extern void mtr_group_bound(MtrGroup *p, bool is_first, int64_t *price,
							void *scratch);

/* Give out the next part of the scratch, or only count where there is none */
static inline void *
mtr_group_carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 63) & ~(size_t) 63;
	return part;
}

/* floor((sum + k / 2) / k) */
static inline int64_t
mean_of(int64_t sum, int32_t k)
{
	sum += k / 2;
	return sum / k - (sum % k < 0);
}

static inline int32_t *
leads(const GroupState *s, int32_t g)
{
	return s->lead + (size_t) g * s->k;
}

static inline bool
is_open(const GroupState *s, int32_t g)
{
	return s->lead[(size_t) g * s->k] != NONE;
}

static inline int32_t *
members(const GroupState *s, int32_t g)
{
	return s->member + (size_t) g * s->max_seats;
}

/* What a seat in a group is worth to each mentee, MTR_NO_PAIR = none */
static inline const int32_t *
values(const GroupState *s, int32_t g)
{
	if (s->k == 1)
		return s->turned + (size_t) s->lead[g] * s->nmentees;
	return s->value + (size_t) g * s->nmentees;
}

static inline uint64_t
draw(GroupState *s)
{
	return mtr_draw(&s->random);
}

#endif							/* MTR_GROUP_STATE_H */
