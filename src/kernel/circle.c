/*
 * circle.c
 *	  circles: dividing one set of members into small groups of peers
 *
 * Problem.  See circle.h.
 *
 * This file checks the input, divides the scratch, lets circle_bound.c say
 * who can be placed and what no division exceeds, and circle_search.c look
 * for a good one, and numbers its circles.
 *
 * Cost.  Checks and bound O(n * n) times some hundred, then the effort.
 */
#include "circle_state.h"

/* circle.h */
#define MAX_SCORE 1000000000

/* Side of the squares in which the matrix is compared with itself */
#define SQUARE 32

/* ----------
 * Checks
 * ----------
 */

/*
 * Scores in range, the diagonal not eligible, w(i,j) = w(j,i).  In squares,
 * for a column read from top to bottom would miss the cache at each score.
 */
static MtrStatus
check_square(const MtrCircle *p, int32_t row, int32_t col)
{
	for (int32_t i = row; i < row + SQUARE && i < p->n; i++)
		for (int32_t j = col; j < col + SQUARE && j < p->n; j++)
		{
			int32_t		score = p->score[(size_t) i * p->n + j];

			if (score == MTR_NO_PAIR)
				continue;
			if (score > MAX_SCORE || score < -MAX_SCORE)
				return MTR_OVERFLOW;
			if (i == j)
				return MTR_INVALID;
		}
	for (int32_t i = row; i < row + SQUARE && i < p->n; i++)
		for (int32_t j = col; j < col + SQUARE && j < p->n; j++)
			if (p->score[(size_t) i * p->n + j] !=
				p->score[(size_t) j * p->n + i])
				return MTR_INVALID;
	return MTR_OK;
}

static MtrStatus
check_input(const MtrCircle *p)
{
	if (p->n < 0 || p->min_size < 2 || p->max_size < p->min_size ||
		p->max_size > MTR_CIRCLE_MAX_SIZE || p->effort < 0)
		return MTR_INVALID;
	if (p->n > MTR_CIRCLE_MAX_MEMBERS)
		return MTR_OVERFLOW;
	for (int32_t row = 0; row < p->n; row += SQUARE)
		for (int32_t col = 0; col < p->n; col += SQUARE)
		{
			MtrStatus	status = check_square(p, row, col);

			mtr_poll();
			if (status != MTR_OK)
				return status;
		}
	return MTR_OK;
}

/* ----------
 * Memory
 * ----------
 */

/* The bound is found before the search begins, so both use "shared". */
static size_t
lay_out(CircleState *s, const MtrCircle *p, char *scratch, void **shared)
{
	size_t		used = 0;
	size_t		n = p->n;
	size_t		max_size = p->max_size < p->n ? p->max_size : p->n;
	size_t		nslots = n / p->min_size;
	size_t		first,
				bound;

	s->p = p;
	s->n = p->n;
	s->min_size = p->min_size;
	s->max_size = (int32_t) max_size;
	s->nslots = (int32_t) nslots;
	s->alive = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	first = used;
	*shared = mtr_circle_carve(scratch, &used, 0, 1);
	s->circle = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	s->position = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	s->own = mtr_circle_carve(scratch, &used, n, sizeof(int64_t));
	s->sum = mtr_circle_carve(scratch, &used, nslots * n, sizeof(int64_t));
	s->size = mtr_circle_carve(scratch, &used, nslots, sizeof(int32_t));
	s->member = mtr_circle_carve(scratch, &used, nslots * max_size,
								 sizeof(int32_t));
	s->pool = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	s->partner = mtr_circle_carve(scratch, &used, n * LISTED,
								  sizeof(int32_t));
	s->npartners = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	s->next = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	s->advantage = mtr_circle_carve(scratch, &used, n, sizeof(int64_t));
	s->best = mtr_circle_carve(scratch, &used, n, sizeof(int32_t));
	s->moved = mtr_circle_carve(scratch, &used, 2 * n, sizeof(int32_t));
	s->moved_from = mtr_circle_carve(scratch, &used, 2 * n, sizeof(int32_t));
	bound = first + mtr_circle_bound_scratch_size(p);
	return used > bound ? used : bound;
}

size_t
mtr_circle_scratch_size(const MtrCircle *p)
{
	CircleState s;
	void	   *shared;

	/* what isn't valid is refused later, and needs nothing until then */
	if (p->n < 0 || p->min_size < 2 || p->max_size < p->min_size)
		return 0;
	return lay_out(&s, p, NULL, &shared);
}

/* ----------
 * All of it
 * ----------
 */

/* Nobody is placed yet. */
static void
clear(CircleState *s)
{
	for (int32_t i = 0; i < s->n; i++)
	{
		s->circle[i] = NO_CIRCLE;
		s->best[i] = NO_CIRCLE;
		s->next[i] = 0;
		s->npartners[i] = 0;
		s->own[i] = 0;
	}
	for (int32_t c = 0; c < s->nslots; c++)
	{
		mtr_poll();
		s->size[c] = 0;
		for (int32_t i = 0; i < s->n; i++)
			s->sum[(size_t) c * s->n + i] = 0;
	}
	s->best_npool = s->nalive;
	s->best_total = 0;
	s->random = s->p->seed;
}

/* Hand over the best division, circles in the order of their lowest members.
 * "size" is free now and says the numbers, from 1. */
static void
number_circles(CircleState *s, MtrCircle *p)
{
	for (int32_t c = 0; c < s->nslots; c++)
		s->size[c] = 0;
	p->ncircles = 0;
	for (int32_t i = 0; i < p->n; i++)
	{
		int32_t		circle = s->best[i];

		if (circle != NO_CIRCLE && s->size[circle] == 0)
			s->size[circle] = ++p->ncircles;
		p->circle_of[i] = circle == NO_CIRCLE ? -1 : s->size[circle] - 1;
	}
	p->nplaced = s->nalive - s->best_npool;
	p->total = s->best_total;
}

MtrStatus
mtr_circle_solve(MtrCircle *p, void *scratch)
{
	CircleState s = {0};
	MtrStatus	status = check_input(p);
	void	   *shared;

	if (status != MTR_OK)
		return status;
	lay_out(&s, p, scratch, &shared);
	s.nalive = mtr_circle_alive(p, s.alive, &p->placed_bound, shared);
	p->bound = mtr_circle_bound(p, s.alive, s.nalive, shared);
	clear(&s);
	mtr_circle_search(&s);
	number_circles(&s, p);
	return MTR_OK;
}
