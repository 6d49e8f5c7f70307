/*
 * circle_bench.c
 *	  quality of circles and groups against a plain greedy, and time
 *
 * For each problem: the total by greedy, by effort 0 (the first local
 * optimum) and by the usual effort, in percent of the bound; how much more
 * the search finds than greedy; and milliseconds of CPU time, the median of
 * three runs.  Whoever is placed is a part of the answer, so the numbers
 * placed are printed, too.
 *
 * Greedy, circles: the best pair left, then again and again whoever adds
 * most, until the circle is full.  Greedy, groups: pairs by score, while both
 * have a place; then groups that are too small are dissolved, the smallest
 * first, and their mentees go to the best group with room.
 *
 * The bench fails where the search finds less than greedy does, or a bound
 * does not hold.
 *
 *	 gcc -std=gnu99 -O3 -ffp-contract=off -Isrc/kernel
 *		 test/bench/circle_bench.c test/unit/poll.c and all of src/kernel
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "circle.h"
#include "group.h"

#define RUNS 3

/* What people are made of: interests and skills, popular ones first */
#define NTRAITS 40
#define NSKILLS 300
#define NWANTED 10
#define NOFFERED 12

typedef enum Kind
{
	UNIFORM,
	PEOPLE
} Kind;

static const char *const kind_name[] = {"uniform", "people"};

typedef struct Person
{
	uint64_t	traits;
	int32_t		skill[NOFFERED];
	int32_t		number;			/* 0 to 999 */
} Person;

static int	nfailed = 0;

static double
median(double *x)
{
	for (int i = 1; i < RUNS; i++)
		for (int k = i; k > 0 && x[k] < x[k - 1]; k--)
		{
			double		other = x[k];

			x[k] = x[k - 1];
			x[k - 1] = other;
		}
	return x[RUNS / 2];
}

/* ----------
 * People
 * ----------
 */

static Person *
make_people(int32_t n)
{
	Person	   *person = reserve(n, sizeof(Person));

	for (int32_t i = 0; i < n; i++)
	{
		person[i].traits = 0;
		for (int32_t t = 0; t < NTRAITS; t++)
			if (rnd(100) < (uint32_t) (60 / (1 + t / 3)))
				person[i].traits |= UINT64_C(1) << t;
		for (int32_t k = 0; k < NOFFERED; k++)
			person[i].skill[k] = (int32_t) (rnd(NSKILLS) * (uint64_t)
											(1 + rnd(NSKILLS)) / NSKILLS);
		person[i].number = rnd(1000);
	}
	return person;
}

/* Half interests in common, as Jaccard; a third how near in seniority; the
 * rest what nobody knows. */
static int32_t
peer_score(const Person *a, const Person *b)
{
	int32_t		both = __builtin_popcountll(a->traits & b->traits);
	int32_t		any = __builtin_popcountll(a->traits | b->traits);

	return (any > 0 ? 500000 * both / any : 0) +
		333 * (1000 - abs(a->number - b->number)) + (int32_t) rnd(167000);
}

/* Two thirds how much of what is wanted is offered; the rest seniority */
static int32_t
mentor_score(const Person *mentee, const Person *mentor)
{
	int32_t		covered = 0;

	for (int32_t w = 0; w < NWANTED; w++)
		for (int32_t k = 0; k < NOFFERED; k++)
			covered += mentee->skill[w] == mentor->skill[k];
	covered = covered < NWANTED ? covered : NWANTED;
	return 660000 * covered / NWANTED +
		340 * (1000 - abs(mentee->number - mentor->number));
}

/* ----------
 * Circles
 * ----------
 */

static MtrCircle
make_circle(int32_t n, int32_t min_size, int32_t max_size, Kind kind)
{
	MtrCircle	c = {0};
	int32_t    *score = reserve((size_t) n * n, sizeof(int32_t));
	Person	   *person = make_people(n);

	for (int32_t i = 0; i < n; i++)
	{
		score[(size_t) i * n + i] = MTR_NO_PAIR;
		for (int32_t j = 0; j < i; j++)
			score[(size_t) i * n + j] = score[(size_t) j * n + i] =
				kind == UNIFORM ? (int32_t) rnd(1000001) :
				peer_score(&person[i], &person[j]);
	}
	free(person);
	c.n = n;
	c.score = score;
	c.min_size = min_size;
	c.max_size = max_size;
	c.circle_of = reserve(n, sizeof(int32_t));
	return c;
}

/* Add to a circle whoever adds most; what that is. */
static int64_t
grow_circle(const MtrCircle *c, bool *taken, int32_t *circle, int32_t size)
{
	int64_t		best_sum = INT64_MIN;

	for (int32_t i = 0; i < c->n; i++)
	{
		int64_t		sum = 0;

		if (taken[i])
			continue;
		for (int32_t k = 0; k < size; k++)
			sum += c->score[(size_t) circle[k] * c->n + i];
		if (sum > best_sum)
		{
			best_sum = sum;
			circle[size] = i;
		}
	}
	taken[circle[size]] = true;
	return best_sum;
}

static int64_t
greedy_circles(const MtrCircle *c)
{
	bool	   *taken = reserve(c->n, sizeof(bool));
	int32_t    *circle = reserve(c->max_size, sizeof(int32_t));
	int64_t		total = 0;
	int32_t		left = c->n;

	memset(taken, 0, c->n * sizeof(bool));
	while (left >= c->min_size)
	{
		int32_t		best_score = INT32_MIN;
		int32_t		size = left < c->max_size ? left : c->max_size;

		for (int32_t i = 0; i < c->n; i++)
			for (int32_t j = 0; j < i && !taken[i]; j++)
				if (!taken[j] && c->score[(size_t) i * c->n + j] > best_score)
				{
					best_score = c->score[(size_t) i * c->n + j];
					circle[0] = i;
					circle[1] = j;
				}
		taken[circle[0]] = taken[circle[1]] = true;
		total += best_score;
		for (int32_t k = 2; k < size; k++)
			total += grow_circle(c, taken, circle, k);
		left -= size;
	}
	free(taken);
	free(circle);
	return total;
}

/* Milliseconds at one effort */
static double
solve_circles(MtrCircle *c, int32_t effort)
{
	void	   *scratch = reserve(mtr_circle_scratch_size(c), 1);
	double		seconds[RUNS];

	c->effort = effort;
	c->seed = 1;
	for (int run = 0; run < RUNS; run++)
	{
		double		begin = cpu_seconds();

		if (mtr_circle_solve(c, scratch) != MTR_OK)
			exit(1);
		seconds[run] = cpu_seconds() - begin;
	}
	free(scratch);
	return median(seconds) * 1e3;
}

static void
bench_circles(int32_t n, int32_t min_size, int32_t max_size, Kind kind)
{
	MtrCircle	c = make_circle(n, min_size, max_size, kind);
	int64_t		greedy = greedy_circles(&c);
	double		first_ms = solve_circles(&c, 0);
	int64_t		first = c.total;
	double		ms = solve_circles(&c, MTR_CIRCLE_EFFORT);

	printf("%6d %8s   %2d..%-2d  %5d  %6.2f  %6.2f %7.0f  %6.2f %7.0f  "
		   "%+6.2f %%\n",
		   (int) n, kind_name[kind], (int) min_size, (int) max_size,
		   (int) c.nplaced, 100.0 * greedy / c.bound,
		   100.0 * first / c.bound, first_ms, 100.0 * c.total / c.bound, ms,
		   100.0 * (c.total - greedy) / greedy);
	fflush(stdout);
	if (c.total < greedy || c.total > c.bound || c.nplaced != n)
	{
		printf("*** worse than greedy, or beyond the bound\n");
		nfailed++;
	}
	free((void *) c.score);
	free(c.circle_of);
}

/* ----------
 * Groups
 * ----------
 */

/* A problem by its numbers */
typedef struct GroupCase
{
	int32_t		nmentees;
	int32_t		nmentors;
	int32_t		mentors_per_group;
	int32_t		min_size;
	int32_t		max_size;
	Kind		kind;
} GroupCase;

static MtrGroup
make_group(const GroupCase *what)
{
	MtrGroup	g = {0};
	int32_t		n = what->nmentees;
	int32_t		m = what->nmentors;
	int32_t    *score = reserve((size_t) n * m, sizeof(int32_t));
	int32_t    *places = reserve((size_t) n + m, sizeof(int32_t));
	Person	   *person = make_people(n + m);
	int64_t		room;

	for (int32_t i = 0; i < n + m; i++)
		places[i] = 1;
	for (int32_t i = 0; i < n; i++)
		for (int32_t j = 0; j < m; j++)
			score[(size_t) i * m + j] = what->kind == UNIFORM ?
				(int32_t) rnd(1000001) :
				mentor_score(&person[i], &person[n + j]);
	free(person);
	g.nmentees = n;
	g.nmentors = m;
	g.score = score;
	g.mentee_places = places;
	g.mentor_places = places + n;
	g.mentors_per_group = what->mentors_per_group;
	g.min_size = what->min_size;
	g.max_size = what->max_size;
	room = mtr_group_max_groups(&g) * g.mentors_per_group;
	g.group_mentor = reserve(room, sizeof(int32_t));
	room = mtr_group_max_seats(&g);
	g.seat_group = reserve(room, sizeof(int32_t));
	g.seat_mentee = reserve(room, sizeof(int32_t));
	g.seat_score = reserve(room, sizeof(int32_t));
	return g;
}

/* The best mentor with room for mentee i, of those with somebody */
static int32_t
best_mentor(const MtrGroup *g, const int32_t *size, int32_t i)
{
	int32_t		best = -1;

	for (int32_t j = 0; j < g->nmentors; j++)
		if (size[j] > 0 && size[j] < g->max_size - 1 &&
			(best < 0 || g->score[(size_t) i * g->nmentors + j] >
			 g->score[(size_t) i * g->nmentors + best]))
			best = j;
	return best;
}

/* Dissolve the smallest group that is too small; false if there is none. */
static bool
dissolve(const MtrGroup *g, int32_t *size, int32_t *mentor)
{
	int32_t		smallest = -1;

	for (int32_t j = 0; j < g->nmentors; j++)
		if (size[j] > 0 && size[j] < g->min_size - 1 &&
			(smallest < 0 || size[j] < size[smallest]))
			smallest = j;
	if (smallest < 0)
		return false;
	size[smallest] = 0;
	for (int32_t i = 0; i < g->nmentees; i++)
		if (mentor[i] == smallest)
		{
			mentor[i] = best_mentor(g, size, i);
			if (mentor[i] >= 0)
				size[mentor[i]]++;
		}
	return true;
}

/* Greedy total of groups of one mentor, mentors and mentees having one place
 * each; pairs are found anew each time, for the time of greedy isn't asked. */
static int64_t
greedy_groups(const MtrGroup *g)
{
	int32_t    *size = reserve(g->nmentors, sizeof(int32_t));
	int32_t    *mentor = reserve(g->nmentees, sizeof(int32_t));
	int64_t		total = 0;

	memset(size, 0, g->nmentors * sizeof(int32_t));
	memset(mentor, 0xff, g->nmentees * sizeof(int32_t));
	for (int32_t n = 0; n < g->nmentees; n++)
	{
		int32_t		best = -1,
					best_mentee = -1;
		int32_t		best_score = INT32_MIN;

		for (int32_t i = 0; i < g->nmentees; i++)
			for (int32_t j = 0; j < g->nmentors && mentor[i] < 0; j++)
				if (size[j] < g->max_size - 1 &&
					g->score[(size_t) i * g->nmentors + j] > best_score)
				{
					best_score = g->score[(size_t) i * g->nmentors + j];
					best_mentee = i;
					best = j;
				}
		if (best < 0)
			break;
		mentor[best_mentee] = best;
		size[best]++;
	}
	while (dissolve(g, size, mentor))
		;
	for (int32_t i = 0; i < g->nmentees; i++)
		if (mentor[i] >= 0)
			total += g->score[(size_t) i * g->nmentors + mentor[i]];
	free(size);
	free(mentor);
	return total;
}

static double
solve_groups(MtrGroup *g, int32_t effort)
{
	void	   *scratch = reserve(mtr_group_scratch_size(g), 1);
	double		seconds[RUNS];

	g->effort = effort;
	g->seed = 1;
	for (int run = 0; run < RUNS; run++)
	{
		double		begin = cpu_seconds();

		if (mtr_group_solve(g, scratch) != MTR_OK)
			exit(1);
		seconds[run] = cpu_seconds() - begin;
	}
	free(scratch);
	return median(seconds) * 1e3;
}

static void
bench_groups(const GroupCase *what)
{
	MtrGroup	g = make_group(what);
	int64_t		greedy = what->mentors_per_group == 1 ? greedy_groups(&g) : 0;
	double		first_ms = solve_groups(&g, 0);
	int64_t		first = g.total;
	double		ms = solve_groups(&g, MTR_GROUP_EFFORT);

	printf("%6d + %-4d %d %8s  %2d..%-2d  %5d  ",
		   (int) what->nmentees, (int) what->nmentors,
		   (int) what->mentors_per_group, kind_name[what->kind],
		   (int) what->min_size, (int) what->max_size, (int) g.nseats);
	if (greedy > 0)
		printf("%6.2f", 100.0 * greedy / g.bound);
	else
		printf("     -");
	printf("  %6.2f %7.0f  %6.2f %7.0f  ", 100.0 * first / g.bound, first_ms,
		   100.0 * g.total / g.bound, ms);
	if (greedy > 0)
		printf("%+6.2f %%\n", 100.0 * (g.total - greedy) / greedy);
	else
		printf("     -\n");
	fflush(stdout);
	if (g.total < greedy || g.total > g.bound || g.nseats != what->nmentees)
	{
		printf("*** worse than greedy, or beyond the bound\n");
		nfailed++;
	}
	free((void *) g.score);
	free((void *) g.mentee_places);
	free(g.group_mentor);
	free(g.seat_group);
	free(g.seat_mentee);
	free(g.seat_score);
}

static const GroupCase group_cases[] = {
	{200, 50, 1, 3, 6, UNIFORM},
	{200, 80, 1, 5, 6, UNIFORM},
	{1000, 250, 1, 3, 6, UNIFORM},
	{1000, 400, 1, 5, 6, UNIFORM},
	{200, 100, 2, 5, 7, UNIFORM},
	{200, 50, 1, 3, 6, PEOPLE},
	{200, 80, 1, 5, 6, PEOPLE},
	{1000, 250, 1, 3, 6, PEOPLE},
	{1000, 400, 1, 5, 6, PEOPLE},
	{200, 100, 2, 5, 7, PEOPLE},
};

int
main(void)
{
	size_t		ncases = sizeof(group_cases) / sizeof(group_cases[0]);

	printf("circles, totals in %% of the bound, CPU ms\n"
		   "     n     kind   sizes placed  greedy  effort 0      ms     %3d"
		   "      ms  over greedy\n", MTR_CIRCLE_EFFORT);
	for (Kind kind = UNIFORM; kind <= PEOPLE; kind++)
	{
		bench_circles(200, 4, 4, kind);
		bench_circles(200, 3, 6, kind);
		bench_circles(1000, 4, 5, kind);
		bench_circles(1000, 8, 10, kind);
	}

	printf("\ngroups, mentees + mentors, mentors of a group\n"
		   "        n     k     kind  sizes  seats  greedy  effort 0      ms"
		   "     %3d      ms  over greedy\n", MTR_GROUP_EFFORT);
	for (size_t n = 0; n < ncases; n++)
		bench_groups(&group_cases[n]);
	return nfailed > 0;
}
