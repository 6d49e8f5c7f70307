/*
 * group_small_test.c
 *	  groups are valid, what is said of them is so, and no division of small
 *	  problems exceeds the bounds
 */
#define _ISOC11_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

#define MAX_MENTEES 5
#define MAX_MENTORS 3
#define CASES 20000

static uint64_t state = 2463534242u;

static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) (state >> 33) % below;
}

typedef struct Case
{
	MtrGroup	g;
	int32_t		score[MAX_MENTEES * MAX_MENTORS];
	int32_t		mentee_places[MAX_MENTEES];
	int32_t		mentor_places[MAX_MENTORS];
	int32_t		size[MAX_MENTORS * 2];	/* of each mentor's groups */
	int32_t		best_seats;		/* of all divisions */
	int64_t		best_total;		/* of those with so many seats */
	int64_t		highest;		/* of all */
} Case;

static void
make_case(Case *c)
{
	MtrGroup   *g = &c->g;
	uint32_t	levels = 1 + draw(2) * 999999 + draw(5);

	memset(c, 0, sizeof(*c));
	g->nmentees = draw(MAX_MENTEES + 1);
	g->nmentors = draw(MAX_MENTORS + 1);
	g->score = c->score;
	g->mentee_places = c->mentee_places;
	g->mentor_places = c->mentor_places;
	g->mentors_per_group = 1;
	g->min_size = 2 + draw(3);
	g->max_size = g->min_size + draw(3);
	g->effort = draw(8) == 0;
	g->seed = draw(1000);
	for (int i = 0; i < g->nmentees * g->nmentors; i++)
		c->score[i] = draw(5) == 0 ? MTR_NO_PAIR : (int32_t) draw(levels);
	for (int i = 0; i < g->nmentees; i++)
		c->mentee_places[i] = draw(8) > 0;
	for (int j = 0; j < g->nmentors; j++)
		c->mentor_places[j] = draw(3);
}

/* Every division: mentee i goes to any group of any mentor, or to none. */
static void
try_all(Case *c, int32_t i, int32_t seats, int64_t total)
{
	MtrGroup   *g = &c->g;

	if (i == g->nmentees)
	{
		for (int s = 0; s < 2 * g->nmentors; s++)
			if (c->size[s] > 0 && c->size[s] + 1 < g->min_size)
				return;
		if (seats > c->best_seats ||
			(seats == c->best_seats && total > c->best_total))
		{
			c->best_seats = seats;
			c->best_total = total;
		}
		if (total > c->highest)
			c->highest = total;
		return;
	}
	try_all(c, i + 1, seats, total);
	for (int s = 0; s < 2 * g->nmentors && c->mentee_places[i] > 0; s++)
	{
		int32_t		score = c->score[i * g->nmentors + s / 2];

		if (s % 2 >= c->mentor_places[s / 2] || score == MTR_NO_PAIR ||
			c->size[s] + 2 > g->max_size)
			continue;
		c->size[s]++;
		try_all(c, i + 1, seats + 1, total + score);
		c->size[s]--;
	}
}

/* What the kernel says holds of what it returns. */
static int
is_valid(const Case *c)
{
	const MtrGroup *g = &c->g;
	int32_t		led[MAX_MENTORS] = {0};
	int32_t		seats[MAX_MENTEES] = {0};
	int32_t		size[MAX_MENTEES * MAX_MENTORS + 1] = {0};
	int64_t		total = 0;

	for (int k = 0; k < g->ngroups; k++)
		if (++led[g->group_mentor[k]] > c->mentor_places[g->group_mentor[k]])
			return 0;
	for (int s = 0; s < g->nseats; s++)
	{
		int32_t		k = g->seat_group[s];
		int32_t		i = g->seat_mentee[s];
		int32_t		score = c->score[i * g->nmentors + g->group_mentor[k]];

		if (k < 0 || k >= g->ngroups || score == MTR_NO_PAIR ||
			score != g->seat_score[s] || ++seats[i] > c->mentee_places[i] ||
			(s > 0 && (k < g->seat_group[s - 1] ||
					   (k == g->seat_group[s - 1] &&
						i <= g->seat_mentee[s - 1]))))
			return 0;
		size[k]++;
		total += score;
	}
	for (int k = 0; k < g->ngroups; k++)
		if (size[k] + 1 < g->min_size || size[k] + 1 > g->max_size)
			return 0;
	return total == g->total && g->nseats <= g->seats_bound &&
		g->total <= g->bound;
}

static MtrStatus
solve(Case *c)
{
	MtrGroup   *g = &c->g;
	size_t		groups = mtr_group_max_groups(g) + 1;
	size_t		room = mtr_group_max_seats(g) + 1;
	void	   *scratch;
	MtrStatus	status;

	g->group_mentor = malloc(groups * sizeof(int32_t));
	g->seat_group = malloc(room * sizeof(int32_t));
	g->seat_mentee = malloc(room * sizeof(int32_t));
	g->seat_score = malloc(room * sizeof(int32_t));
	scratch = aligned_alloc(64, (mtr_group_scratch_size(g) + 127) / 64 * 64);
	status = mtr_group_solve(g, scratch);
	free(scratch);
	return status;
}

static void
forget(Case *c)
{
	free(c->g.group_mentor);
	free(c->g.seat_group);
	free(c->g.seat_mentee);
	free(c->g.seat_score);
}

int
main(void)
{
	int			failed = 0,
				invalid = 0,
				low = 0,
				fewer = 0,
				good = 0;

	for (int n = 0; n < CASES; n++)
	{
		Case		c;

		make_case(&c);
		failed += solve(&c) != MTR_OK;
		invalid += !is_valid(&c);
		try_all(&c, 0, 0, 0);
		low += c.g.seats_bound < c.best_seats || c.g.bound < c.highest;
		fewer += c.g.nseats < c.best_seats;
		good += c.g.nseats == c.best_seats && c.g.total == c.best_total;
		forget(&c);
	}
	printf("# %d of %d are the best division, %d have a seat less\n", good,
		   CASES, fewer);
	printf("%sok 1 - every problem is solved\n", failed ? "not " : "");
	printf("%sok 2 - every division keeps the rules\n", invalid ? "not " : "");
	printf("%sok 3 - no division exceeds the bounds\n", low ? "not " : "");
	printf("%sok 4 - 95 of 100 are the best\n",
		   good < CASES / 100 * 95 ? "not " : "");
	printf("1..4\n");
	return failed || invalid || low || good < CASES / 100 * 95;
}
