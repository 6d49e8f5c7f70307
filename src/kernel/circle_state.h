/*
 * circle_state.h
 *	  what the files of circle.h share: a division that can be changed
 *
 * circle.c			checks, memory, the result
 * circle_move.c	moves
 * circle_search.c	the start, descent, annealing
 * circle_placed.c	who can be placed: placed_bound
 * circle_bound.c	bound
 *
 * Every member is in a circle, in the pool, or out: those who are out belong
 * to no circle of any division (circle_placed.c) and are never looked at.  For
 * each circle and each member the sum of scores is kept, so what a move gains
 * takes a few numbers to say, and making it two passes over n of them, which
 * the compiler turns into vector code.
 */
#ifndef MTR_CIRCLE_STATE_H
#define MTR_CIRCLE_STATE_H

#include "circle.h"
#include "draw.h"

/* a member's circle when it has none */
#define NO_CIRCLE (-1)

/*
 * Best partners kept for each member: exchanges that bring a member to one
 * of these are where the gains are.  More of them are looked at less often.
 */
#define LISTED 24

/*
 * What a pair that is not eligible adds to a sum, and a member to that of its
 * own circle.  A sum of eligible pairs is above MTR_CIRCLE_MAX_SIZE * -10^9 >
 * BARRED / 2, one with any other below; taking such a pair out again restores
 * the sum.
 */
#define BARRED (-(INT64_C(1) << 52))

typedef struct CircleState
{
	const MtrCircle *p;
	int32_t		n;
	int32_t		min_size;
	int32_t		max_size;		/* at most n */
	int32_t		nslots;			/* circles there can be */

	/* the division */
	int32_t    *circle;			/* [n] or NO_CIRCLE */
	int32_t    *position;		/* [n] in its circle or the pool */
	int64_t    *own;			/* [n] sum with its circle; 0 in the pool */
	int64_t    *sum;			/* [nslots][n] scores with each circle */
	int32_t    *size;			/* [nslots] 0 = no such circle */
	int32_t    *member;			/* [nslots][max_size] */
	int32_t    *pool;			/* [n] */
	int32_t		npool;
	int32_t		ncircles;
	int64_t		total;

	/* who can be placed at all, and with whom best */
	int32_t    *alive;			/* [nalive] those who are not out */
	int32_t		nalive;
	int32_t    *partner;		/* [n][LISTED] by score, then number */
	int32_t    *npartners;		/* [n] */
	int32_t    *next;			/* [n] while starting: first one in the pool */
	int64_t    *advantage;		/* [n] of the first one over the average */

	/* the best division seen */
	int32_t    *best;			/* [n] its circle */
	int32_t		best_npool;
	int64_t		best_total;

	/* moves that may be taken back */
	int32_t    *moved;			/* [2 * n] who */
	int32_t    *moved_from;		/* [2 * n] */
	int32_t		nmoved;

	/* the search */
	uint64_t	random;
	int64_t		steps;			/* taken */
	int64_t		planned;		/* in all, not counting descent */
	int64_t		past;			/* planned for what has ended */
	int32_t		slot;			/* where the last empty one was */
} CircleState;

/* circle_search.c: search from the empty division; leaves the best one. */
extern void mtr_circle_search(CircleState *s);

/* The least gain that is made in descent */
#define STRICT INT64_C(1)

/*
 * circle_move.c.  A move with "least" is made if it places more members, or
 * as many and gains at least so much; it says whether it was made.
 */
extern void mtr_circle_enter(CircleState *s, int32_t i, int32_t to);
extern void mtr_circle_move(CircleState *s, int32_t i, int32_t to);
extern int32_t mtr_circle_empty_slot(CircleState *s);
extern bool mtr_circle_grow(CircleState *s, int32_t circle);
extern bool mtr_circle_join(CircleState *s, int32_t a, int32_t to,
							int32_t stays, int64_t least);
extern bool mtr_circle_open(CircleState *s, int32_t a, int64_t least);
extern bool mtr_circle_dissolve(CircleState *s, int32_t circle,
								int64_t least);
extern bool mtr_circle_force(CircleState *s, int32_t a, int64_t least);
extern void mtr_circle_place_pool(CircleState *s);

/* circle_placed.c and circle_bound.c: see there. */
extern size_t mtr_circle_bound_scratch_size(const MtrCircle *p);
extern int32_t mtr_circle_alive(const MtrCircle *p, int32_t *alive,
								int32_t *placed_bound, void *scratch);
extern int64_t mtr_circle_bound(const MtrCircle *p, const int32_t *alive,
								int32_t nalive, void *scratch);

/* Give out the next part of the scratch, or only count where there is none */
static inline void *
mtr_circle_carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 63) & ~(size_t) 63;
	return part;
}

static inline uint64_t
draw(CircleState *s)
{
	return mtr_draw(&s->random);
}

static inline int64_t
score_of(const CircleState *s, int32_t i, int32_t j)
{
	int32_t		score = s->p->score[(size_t) i * s->n + j];

	return score == MTR_NO_PAIR ? BARRED : score;
}

static inline int32_t *
members(const CircleState *s, int32_t circle)
{
	return s->member + (size_t) circle * s->max_size;
}

/* The sums of all members with a circle */
static inline int64_t *
sums(const CircleState *s, int32_t circle)
{
	return s->sum + (size_t) circle * s->n;
}

#endif							/* MTR_CIRCLE_STATE_H */
