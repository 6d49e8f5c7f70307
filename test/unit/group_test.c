/*
 * group_test.c
 *	  groups and their bounds: group.c, group_move.c, group_seats.c,
 *	  group_search.c, group_bound.c
 *
 * Small problems are compared with the best of all divisions, found by going
 * through all choices of groups and, for each, of the groups a mentee joins.
 * What the kernel returns must always be a division and within its bounds; no
 * division may exceed them; and how often the search reaches the best is
 * counted.  Where groups of one mentee are allowed the problem is nearly that
 * of assignment with places, whose kernel says how many seats there are and
 * what the bound should be.
 *
 * Build: group_test.c poll.c group.c group_move.c group_seats.c group_search.c
 * group_bound.c assign.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assign.h"
#include "group.h"

#define RANDOM_SEED 20250302
#include "tap.h"

/* Sizes of problems solved by enumeration */
#define MAX_MENTEES 5
#define MAX_MENTORS 4
#define MAX_GROUPS 4

/* How the scores of a problem are made */
typedef enum ScoreKind
{
	FEW_SCORES,
	MANY_SCORES,
	POPULAR,					/* everybody prefers the same mentors */
	NEGATIVE,
	ALL_EQUAL,
	LARGEST,					/* at the ends of the range */
	NSCORE_KINDS
} ScoreKind;

/* The best divisions of a problem, while they are enumerated */
typedef struct Best
{
	const MtrGroup *p;
	int32_t		seats;
	int64_t		total;			/* of those of so many seats */
	int64_t		any_total;		/* of all */
	int32_t		ngroups;		/* chosen now */
	int32_t		mentors[MAX_GROUPS];	/* of each, as a set */
	int32_t		size[MAX_GROUPS];
	int32_t		left[MAX_MENTORS];	/* places */
} Best;

/* What came out, against enumeration */
typedef struct Tally
{
	int32_t		cases;
	int32_t		as_many;		/* takes as many seats as possible */
	int32_t		best;			/* and has the highest total */
	int64_t		total;			/* sums where it takes as many, of totals */
	int64_t		best_total;		/* above 0 */
} Tally;

/* ----------
 * Problems
 * ----------
 */

static MtrGroup *
new_problem(int32_t nmentees, int32_t nmentors)
{
	MtrGroup   *p = get_memory(sizeof(MtrGroup));

	p->nmentees = nmentees;
	p->nmentors = nmentors;
	p->score = get_memory((size_t) nmentees * nmentors * sizeof(int32_t));
	p->mentee_places = get_memory(nmentees * sizeof(int32_t));
	p->mentor_places = get_memory(nmentors * sizeof(int32_t));
	p->mentors_per_group = 1;
	p->min_size = 2;
	p->max_size = 4;
	return p;
}

static void
free_problem(MtrGroup *p)
{
	free((void *) p->score);
	free((void *) p->mentee_places);
	free((void *) p->mentor_places);
	free(p->group_mentor);
	free(p->seat_group);
	free(p->seat_mentee);
	free(p->seat_score);
	free(p);
}

static int32_t
random_score(ScoreKind kind, int32_t j)
{
	switch (kind)
	{
		case FEW_SCORES:
			return (int32_t) rnd(4);
		case MANY_SCORES:
			return (int32_t) rnd(2000) - 300;
		case POPULAR:
			return j * 100 + (int32_t) rnd(30);
		case NEGATIVE:
			return -(int32_t) rnd(100);
		case ALL_EQUAL:
			return 7;
		default:
			return rnd(4) == 0 ? -1000000000 : 1000000000 - (int32_t) rnd(3);
	}
}

/* "excluded" of 16 pairs are not eligible; places are up to max_places */
static MtrGroup *
random_problem(int32_t nmentees, int32_t nmentors, uint32_t excluded,
			   uint32_t max_places)
{
	MtrGroup   *p = new_problem(nmentees, nmentors);
	ScoreKind	kind = rnd(NSCORE_KINDS);

	for (int32_t i = 0; i < nmentees; i++)
		((int32_t *) p->mentee_places)[i] =
			rnd(3) == 0 ? rnd(max_places + 1) : 1;
	for (int32_t j = 0; j < nmentors; j++)
		((int32_t *) p->mentor_places)[j] =
			rnd(3) == 0 ? rnd(max_places + 1) : 1;
	for (int32_t i = 0; i < nmentees; i++)
		for (int32_t j = 0; j < nmentors; j++)
			((int32_t *) p->score)[i * nmentors + j] =
				rnd(16) < excluded ? MTR_NO_PAIR : random_score(kind, j);
	p->seed = rnd(1000);
	return p;
}

/* Room for exactly as many groups and seats as stated */
static void
make_room(MtrGroup *p)
{
	size_t		groups = mtr_group_max_groups(p);
	size_t		seats = mtr_group_max_seats(p);

	free(p->group_mentor);
	free(p->seat_group);
	free(p->seat_mentee);
	free(p->seat_score);
	p->group_mentor = get_memory(groups * p->mentors_per_group *
								 sizeof(int32_t));
	p->seat_group = get_memory(seats * sizeof(int32_t));
	p->seat_mentee = get_memory(seats * sizeof(int32_t));
	p->seat_score = get_memory(seats * sizeof(int32_t));
}

/* Run the kernel in scratch of exactly the size stated, full of anything. */
static MtrStatus
run_kernel(MtrGroup *p)
{
	size_t		size = mtr_group_scratch_size(p);
	void	   *scratch = NULL;
	MtrStatus	status;

	if (posix_memalign(&scratch, 64, size > 0 ? size : 64) != 0)
		exit(2);
	memset(scratch, (int) rnd(256), size);
	status = mtr_group_solve(p, scratch);
	free(scratch);
	return status;
}

/* ----------
 * Checks
 * ----------
 */

/* What a seat is worth by definition; MTR_NO_PAIR = it isn't one */
static int32_t
seat_value(const MtrGroup *p, int32_t i, const int32_t *mentor)
{
	int64_t		sum = p->mentors_per_group / 2;
	int64_t		value;

	for (int32_t x = 0; x < p->mentors_per_group; x++)
	{
		int32_t		score = p->score[(size_t) i * p->nmentors + mentor[x]];

		if (score == MTR_NO_PAIR)
			return MTR_NO_PAIR;
		sum += score;
	}
	value = sum / p->mentors_per_group;
	return (int32_t) (value * p->mentors_per_group > sum ? value - 1 : value);
}

static bool
share_mentor(const MtrGroup *p, int32_t g, int32_t h)
{
	int32_t		k = p->mentors_per_group;

	for (int32_t x = 0; x < k; x++)
		for (int32_t y = 0; y < k; y++)
			if (p->group_mentor[g * k + x] == p->group_mentor[h * k + y])
				return true;
	return false;
}

/* Are mentors in range, ascending, within their places; groups in order? */
static bool
are_mentors(const MtrGroup *p)
{
	int32_t    *led = get_memory(p->nmentors * sizeof(int32_t));
	int32_t		k = p->mentors_per_group;
	bool		valid = p->ngroups <= mtr_group_max_groups(p);

	for (int32_t n = 0; n < p->ngroups * k && valid; n++)
	{
		int32_t		j = p->group_mentor[n];

		valid = j >= 0 && j < p->nmentors &&
			(n % k == 0 || p->group_mentor[n - 1] < j) &&
			++led[j] <= p->mentor_places[j];
	}
	for (int32_t g = 1; g < p->ngroups && valid; g++)
	{
		int32_t		x = 0;

		while (x < k && p->group_mentor[(g - 1) * k + x] ==
			   p->group_mentor[g * k + x])
			x++;
		valid = x == k || p->group_mentor[(g - 1) * k + x] <
			p->group_mentor[g * k + x];
	}
	free(led);
	return valid;
}

/* Are the seats in order, in groups of the sizes wanted, within places? */
static bool
are_seats(const MtrGroup *p)
{
	int32_t    *size = get_memory(p->ngroups * sizeof(int32_t));
	int32_t    *joined = get_memory(p->nmentees * sizeof(int32_t));
	int64_t		total = 0;
	bool		valid = p->nseats <= mtr_group_max_seats(p);

	for (int32_t n = 0; n < p->nseats && valid; n++)
	{
		int32_t		g = p->seat_group[n];
		int32_t		i = p->seat_mentee[n];

		valid = g >= 0 && g < p->ngroups && i >= 0 && i < p->nmentees &&
			(n == 0 || g > p->seat_group[n - 1] ||
			 (g == p->seat_group[n - 1] && i > p->seat_mentee[n - 1])) &&
			++joined[i] <= p->mentee_places[i] &&
			p->seat_score[n] != MTR_NO_PAIR && p->seat_score[n] ==
			seat_value(p, i, p->group_mentor + g * p->mentors_per_group);
		for (int32_t m = 0; m < n && valid; m++)
			valid = p->seat_mentee[m] != i ||
				!share_mentor(p, g, p->seat_group[m]);
		if (valid)
			size[g]++;
		total += p->seat_score[n];
	}
	for (int32_t g = 0; g < p->ngroups; g++)
		valid = valid && size[g] + p->mentors_per_group >= p->min_size &&
			size[g] + p->mentors_per_group <= p->max_size;
	free(size);
	free(joined);
	return valid && total == p->total;
}

static bool
is_division(const MtrGroup *p)
{
	return are_mentors(p) && are_seats(p) && p->nseats <= p->seats_bound &&
		p->total <= p->bound;
}

/*
 * The sum of each mentee's best scores above 0, for as many mentors as it may
 * have, divided among co-mentors; a half of each seat may come from rounding.
 */
static int64_t
simple_bound(const MtrGroup *p)
{
	int64_t		k = p->mentors_per_group;
	int64_t		sum = 0;
	int32_t    *best = get_memory((p->nmentors + 1) * sizeof(int32_t));

	for (int32_t i = 0; i < p->nmentees; i++)
	{
		int32_t		n = 0;

		for (int32_t j = 0; j < p->nmentors; j++)
		{
			int32_t		score = p->score[(size_t) i * p->nmentors + j];
			int32_t		at;

			if (score <= 0)
				continue;
			for (at = n++; at > 0 && best[at - 1] < score; at--)
				best[at] = best[at - 1];
			best[at] = score;
		}
		for (int32_t x = 0; x < n && x < k * p->mentee_places[i]; x++)
			sum += best[x];
	}
	free(best);
	return (sum + p->seats_bound * (k / 2)) / k;
}

/* ----------
 * Enumeration
 * ----------
 */

/* Let mentees from i on join any of the groups chosen. */
static void
seat_all(Best *best, int32_t i, int32_t seats, int64_t total)
{
	const MtrGroup *p = best->p;

	if (i == p->nmentees)
	{
		for (int32_t g = 0; g < best->ngroups; g++)
			if (best->size[g] + p->mentors_per_group < p->min_size)
				return;
		if (total > best->any_total)
			best->any_total = total;
		if (seats > best->seats ||
			(seats == best->seats && total > best->total))
		{
			best->seats = seats;
			best->total = total;
		}
		return;
	}
	for (int32_t set = 0; set < 1 << best->ngroups; set++)
	{
		int32_t		met = 0;
		int64_t		sum = 0;
		bool		valid = __builtin_popcount(set) <= p->mentee_places[i];

		for (int32_t g = 0; g < best->ngroups && valid; g++)
		{
			int32_t		mentor[MAX_MENTORS];
			int32_t		k = 0;
			int32_t		value;

			if (!(set >> g & 1))
				continue;
			for (int32_t j = 0; j < p->nmentors; j++)
				if (best->mentors[g] >> j & 1)
					mentor[k++] = j;
			value = seat_value(p, i, mentor);
			valid = value != MTR_NO_PAIR && !(met & best->mentors[g]) &&
				best->size[g] + p->mentors_per_group < p->max_size;
			met |= best->mentors[g];
			sum += value;
		}
		if (!valid)
			continue;
		for (int32_t g = 0; g < best->ngroups; g++)
			best->size[g] += set >> g & 1;
		seat_all(best, i + 1, seats + __builtin_popcount(set), total + sum);
		for (int32_t g = 0; g < best->ngroups; g++)
			best->size[g] -= set >> g & 1;
	}
}

/* Choose groups, as sets of mentors in ascending order. */
static void
choose_groups(Best *best, int32_t from)
{
	const MtrGroup *p = best->p;

	seat_all(best, 0, 0, 0);
	if (best->ngroups == MAX_GROUPS)
		return;
	for (int32_t set = from; set < 1 << p->nmentors; set++)
	{
		bool		valid = __builtin_popcount(set) == p->mentors_per_group;

		for (int32_t j = 0; j < p->nmentors; j++)
			valid = valid && (!(set >> j & 1) || best->left[j] > 0);
		if (!valid)
			continue;
		for (int32_t j = 0; j < p->nmentors; j++)
			best->left[j] -= set >> j & 1;
		best->mentors[best->ngroups++] = set;
		choose_groups(best, set);
		best->ngroups--;
		for (int32_t j = 0; j < p->nmentors; j++)
			best->left[j] += set >> j & 1;
	}
}

static Best
enumerate(const MtrGroup *p)
{
	Best		best = {.p = p};

	memcpy(best.left, p->mentor_places, p->nmentors * sizeof(int32_t));
	choose_groups(&best, 1);
	return best;
}

/* ----------
 * Tests
 * ----------
 */

static void
tell(const MtrGroup *p, const Best *best)
{
	printf("# %d mentees, %d mentors, %d a group, sizes %d to %d, seed %d: "
		   "seats %d of %d, total %lld of %lld, best %d with %lld, any %lld\n",
		   (int) p->nmentees, (int) p->nmentors, (int) p->mentors_per_group,
		   (int) p->min_size, (int) p->max_size, (int) p->seed,
		   (int) p->nseats, (int) p->seats_bound, (long long) p->total,
		   (long long) p->bound, (int) best->seats, (long long) best->total,
		   (long long) best->any_total);
}

/*
 * One small problem; false if anything is wrong about it.  Groups that could
 * be opened are few enough for the enumeration.
 */
static bool
check_small(int32_t effort, Tally *tally)
{
	int32_t		k = rnd(3) ? 1 : 2 + rnd(2);
	MtrGroup   *p = random_problem(rnd(MAX_MENTEES + 1),
								   rnd(MAX_MENTORS + 1),
								   rnd(3) == 0 ? rnd(12) : 0,
								   rnd(2) ? 1 : 2);
	Best		best;
	bool		right;

	p->mentors_per_group = k;
	p->min_size = k + 1 + rnd(3);
	p->max_size = p->min_size + rnd(3);
	p->effort = effort;
	make_room(p);
	if (mtr_group_max_groups(p) > MAX_GROUPS)
	{
		free_problem(p);
		return true;
	}
	best = enumerate(p);
	right = run_kernel(p) == MTR_OK && is_division(p) &&
		best.seats <= p->seats_bound && best.any_total <= p->bound &&
		p->bound <= simple_bound(p) &&
		p->nseats <= best.seats &&
		(p->nseats < best.seats || p->total <= best.total);
	if (!right)
		tell(p, &best);
	tally->cases++;
	tally->as_many += p->nseats == best.seats;
	tally->best += p->nseats == best.seats && p->total == best.total;
	if (p->nseats == best.seats && best.total > 0 &&
		best.total < INT32_MAX / 4)
	{
		tally->total += p->total;
		tally->best_total += best.total;
	}
	free_problem(p);
	return right;
}

/* The seeds are fixed: so many are reached, on every machine. */
static void
test_small(int32_t cases, int32_t effort, double as_many, double best)
{
	Tally		tally = {0};
	int32_t		wrong = 0;
	char		what[120];

	while (tally.cases < cases)
		wrong += !check_small(effort, &tally);
	printf("# effort %d: of %d problems %d take as many seats as possible, "
		   "%d are best, %.3f %% of the best totals\n", (int) effort,
		   (int) tally.cases, (int) tally.as_many, (int) tally.best,
		   100.0 * tally.total / tally.best_total);
	sprintf(what, "%d small problems, effort %d: divisions within bounds",
			(int) cases, (int) effort);
	report(wrong == 0, what);
	sprintf(what, "%g %% take as many seats as possible, %g %% are the best",
			100 * as_many, 100 * best);
	report(tally.as_many >= as_many * cases && tally.best >= best * cases &&
		   tally.total >= 0.98 * tally.best_total, what);
}

/* Solve again in other scratch; the same must come out. */
static bool
is_repeatable(MtrGroup *p)
{
	size_t		size = p->nseats * sizeof(int32_t);
	MtrGroup	before = *p;
	int32_t    *group = get_memory(size);
	int32_t    *mentee = get_memory(size);
	bool		same;

	memcpy(group, p->seat_group, size);
	memcpy(mentee, p->seat_mentee, size);
	make_room(p);
	same = run_kernel(p) == MTR_OK && p->nseats == before.nseats &&
		p->ngroups == before.ngroups && p->total == before.total &&
		p->bound == before.bound && p->seats_bound == before.seats_bound &&
		memcmp(group, p->seat_group, size) == 0 &&
		memcmp(mentee, p->seat_mentee, size) == 0;
	free(group);
	free(mentee);
	return same;
}

static void
test_large(int32_t cases)
{
	bool		valid = true;
	bool		same = true;
	bool		tight = true;

	for (int32_t n = 0; n < cases; n++)
	{
		MtrGroup   *p = random_problem(rnd(80), rnd(30),
									   rnd(3) == 0 ? rnd(15) : 0,
									   1 + rnd(4));

		p->mentors_per_group = rnd(2) ? 1 : 1 + rnd(4);
		p->min_size = p->mentors_per_group + 1 + rnd(5);
		p->max_size = p->min_size + rnd(rnd(4) ? 5 : 60);
		p->effort = rnd(3) ? 0 : 5;
		make_room(p);
		valid = valid && run_kernel(p) == MTR_OK && is_division(p);
		tight = tight && p->bound <= simple_bound(p);
		if (n % 8 == 0)
			same = same && is_repeatable(p);
		free_problem(p);
	}
	report(valid, "large problems: divisions within bounds");
	report(tight, "large problems: no bound above the simple one");
	report(same, "large problems: the same comes out again");
}

/* The assignment problem that groups without a smallest size are */
static void
solve_assignment(const MtrGroup *p, MtrAssign *a, bool most_pairs)
{
	int32_t    *places = get_memory(p->nmentors * sizeof(int32_t));
	size_t		max_pairs;
	void	   *scratch = NULL;

	memset(a, 0, sizeof(*a));
	for (int32_t j = 0; j < p->nmentors; j++)
		places[j] = p->mentor_places[j] * (p->max_size - 1);
	a->nrows = p->nmentees;
	a->ncols = p->nmentors;
	a->score = p->score;
	a->row_places = p->mentee_places;
	a->col_places = places;
	a->most_pairs = most_pairs;
	max_pairs = mtr_assign_max_pairs(a);
	a->pair_row = get_memory(max_pairs * sizeof(int32_t));
	a->pair_col = get_memory(max_pairs * sizeof(int32_t));
	a->row_cover = get_memory(a->nrows);
	a->col_cover = get_memory(a->ncols);
	a->row_price = get_memory(a->nrows * sizeof(int64_t));
	a->col_price = get_memory(a->ncols * sizeof(int64_t));
	if (posix_memalign(&scratch, 64, mtr_assign_scratch_size(a) + 64) != 0 ||
		mtr_assign_solve(a, scratch) != MTR_OK)
		exit(2);
	free(scratch);
	free(places);
	free(a->pair_row);
	free(a->pair_col);
	free(a->row_cover);
	free(a->col_cover);
	free(a->row_price);
	free(a->col_price);
}

/*
 * Groups of one mentor and any mentee or more: as many seats as pairs can be
 * assigned, a bound just above the best total, and a total just below that of
 * the most pairs.
 */
static void
test_assignment(int32_t cases)
{
	int32_t		seats = 0;
	int32_t		bounds = 0;
	int32_t		totals = 0;

	for (int32_t n = 0; n < cases; n++)
	{
		MtrGroup   *p = random_problem(20 + rnd(60), 5 + rnd(20),
									   rnd(2) ? rnd(14) : 0, 1 + rnd(2));
		MtrAssign	most,
					best;

		p->max_size = 3 + rnd(4);
		p->effort = 2;
		make_room(p);
		for (int32_t i = 0; i < p->nmentees * p->nmentors; i++)
			if (p->score[i] != MTR_NO_PAIR && p->score[i] < 0)
				((int32_t *) p->score)[i] = 0;
		solve_assignment(p, &most, true);
		solve_assignment(p, &best, false);
		if (run_kernel(p) != MTR_OK || !is_division(p))
			continue;
		seats += p->nseats == most.npairs && p->seats_bound == most.npairs;
		bounds += p->bound >= best.total && p->bound <= 1.005 * best.total;
		totals += p->total <= most.total && p->total >= 0.995 * most.total;
		free_problem(p);
	}
	printf("# of %d: %d seats, %d bounds, %d totals as assigned\n",
		   (int) cases, (int) seats, (int) bounds, (int) totals);
	report(seats == cases, "no smallest size: as many seats as pairs");
	report(bounds == cases, "no smallest size: bounds within 0.5 %");
	report(totals >= 0.97 * cases,
		   "no smallest size: 97 % of totals within 0.5 % of the best");
}

/* More effort finds no less on the whole; another seed, another search. */
static void
test_effort(void)
{
	int64_t		total[3] = {0, 0, 0};
	bool		seeds_differ = false;

	for (int32_t n = 0; n < 5; n++)
	{
		MtrGroup   *p = new_problem(60, 24);
		int32_t		first[60];

		for (int32_t i = 0; i < 60; i++)
			((int32_t *) p->mentee_places)[i] = 1;
		for (int32_t j = 0; j < 24; j++)
			((int32_t *) p->mentor_places)[j] = 1;
		for (int32_t i = 0; i < 60 * 24; i++)
			((int32_t *) p->score)[i] = random_score(MANY_SCORES, 0);
		p->mentors_per_group = 2;
		p->min_size = 6;
		p->max_size = 7;
		make_room(p);
		for (int32_t e = 0; e < 3; e++)
		{
			p->effort = e * e * 60;
			p->seed = 1;
			run_kernel(p);
			total[e] += p->total;
		}
		memcpy(first, p->seat_mentee, sizeof(first));
		p->seed = 2;
		run_kernel(p);
		seeds_differ |= memcmp(first, p->seat_mentee, sizeof(first)) != 0;
		free_problem(p);
	}
	printf("# totals by effort 0, 60, 240: %lld, %lld, %lld\n",
		   (long long) total[0], (long long) total[1], (long long) total[2]);
	report(total[1] > total[0] && total[2] > total[1] && seeds_differ,
		   "effort raises totals, seeds lead elsewhere");
}

/* The mean of co-mentors is rounded half up, below zero as well. */
static void
test_means(void)
{
	static const int32_t score[4][3] = {
		{3, 4, 0}, {-3, -4, 0}, {1, 1, 3}, {-1, -1, -2}
	};
	static const int32_t wanted[4][2] = {{4, 2}, {-3, -2}, {1, 2}, {-1, -1}};
	bool		right = true;

	for (int32_t n = 0; n < 4; n++)
		for (int32_t k = 2; k <= 3; k++)
		{
			MtrGroup   *p = new_problem(1, k);

			memcpy((int32_t *) p->score, score[n], k * sizeof(int32_t));
			*(int32_t *) p->mentee_places = 1;
			for (int32_t j = 0; j < k; j++)
				((int32_t *) p->mentor_places)[j] = 1;
			p->mentors_per_group = k;
			p->min_size = k + 1;
			make_room(p);
			right = right && run_kernel(p) == MTR_OK && p->nseats == 1 &&
				p->total == wanted[n][k - 2];
			free_problem(p);
		}
	report(right, "means of co-mentors are rounded half up");
}

/* Mentors who are left over when groups have theirs offer no seats. */
static void
test_left_over(void)
{
	bool		right = true;

	for (int32_t k = 2; k <= 4; k++)
		for (int32_t nmentors = k; nmentors < 3 * k; nmentors++)
		{
			MtrGroup   *p = new_problem(20, nmentors);
			int32_t		seats = 2 * (nmentors / k);

			for (int32_t i = 0; i < 20; i++)
				((int32_t *) p->mentee_places)[i] = 1;
			for (int32_t j = 0; j < nmentors; j++)
				((int32_t *) p->mentor_places)[j] = 1;
			p->mentors_per_group = k;
			p->min_size = k + 1;
			p->max_size = k + 2;
			make_room(p);
			right = right && run_kernel(p) == MTR_OK && is_division(p) &&
				p->nseats == seats && p->seats_bound == seats;
			free_problem(p);
		}
	report(right, "mentors left over are in no bound of seats");
}

static void
test_faults(void)
{
	MtrGroup   *p = new_problem(4, 2);
	int32_t    *mentee_places = (int32_t *) p->mentee_places;
	int32_t    *mentor_places = (int32_t *) p->mentor_places;
	int32_t    *score = (int32_t *) p->score;
	bool		right;

	for (int32_t i = 0; i < 4; i++)
		mentee_places[i] = 1;
	mentor_places[0] = mentor_places[1] = 1;
	make_room(p);
	right = run_kernel(p) == MTR_OK && p->nseats == 4;
	mentee_places[3] = -1;
	right = right && run_kernel(p) == MTR_INVALID;
	mentee_places[3] = INT32_MAX;
	mentor_places[1] = -1;
	right = right && run_kernel(p) == MTR_INVALID;
	mentor_places[1] = INT32_MAX;
	free(p->seat_group);
	p->seat_group = NULL;
	make_room(p);
	right = right && run_kernel(p) == MTR_OK && p->nseats == 5;
	p->min_size = 1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->min_size = 5;
	right = right && run_kernel(p) == MTR_INVALID;
	p->min_size = 2;
	p->max_size = MTR_GROUP_MAX_SIZE + 1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->max_size = 4;
	p->mentors_per_group = 0;
	right = right && run_kernel(p) == MTR_INVALID;
	p->mentors_per_group = MTR_GROUP_MAX_MENTORS + 1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->mentors_per_group = 1;
	p->effort = -1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->effort = 0;
	report(right, "sizes, places and efforts out of range are refused");

	score[7] = 1000000001;
	right = run_kernel(p) == MTR_OVERFLOW;
	score[7] = -1000000001;
	right = right && run_kernel(p) == MTR_OVERFLOW;
	report(right, "scores out of range are refused");
	free_problem(p);
}

int
main(void)
{
	test_small(20000, 0, 0.99, 0.98);
	test_small(2000, 10, 0.995, 0.99);
	test_large(300);
	test_assignment(150);
	test_effort();
	test_means();
	test_left_over();
	test_faults();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
