/*
 * pair_bench.c
 *	  speed of pairing peers, in milliseconds of CPU time
 *
 * Without arguments it makes its own problems; for each it shows the solver as
 * compiled and without vector clones, the checker of the proof, and greedy.
 * It fails when answers differ or a proof doesn't hold.  With files as
 * arguments it solves those and prints, for each, median seconds, number of
 * pairs and total: pair_bench.py compares them with LEMON.  A file holds int32
 * in the machine's order: n, 1 for most_pairs, the n * n scores.
 *
 * Scores are read from memory, so what making them costs isn't in the figures.
 * Medians are of 5 runs, or fewer if these take longer than 2 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* the solver once more, plain */
#define MTR_NO_SIMD
#include "bench.h"
#include "pair.h"

extern int64_t plain_pair_edge_room(int32_t n, int32_t nearest);
extern size_t plain_pair_scratch_size(const MtrPairing *p);
extern MtrStatus plain_pair_solve(MtrPairing *p, void *scratch);

#define mtr_pair_edge_room plain_pair_edge_room
#define mtr_pair_scratch_size plain_pair_scratch_size
#define mtr_pair_solve plain_pair_solve
#include "pair.c"
#undef mtr_pair_edge_room
#undef mtr_pair_scratch_size
#undef mtr_pair_solve

#define MAX_RUNS 5
#define MAX_SECONDS 2.0

/* What scores of people are made of */
#define NSKILLS 300
#define NHELD 10

typedef enum Kind
{
	UNIFORM,
	PEOPLE,						/* how much two people have in common */
	PERCENT,					/* the same in whole percent: many ties */
	POPULAR,					/* two qualities and chance: favourites */
	PRODUCT,					/* of two qualities, nothing else */
	TRIANGLES,					/* groups of three that like their own */
	EQUAL
} Kind;

typedef struct Person
{
	uint8_t		level[NSKILLS];
	int32_t		skill[NHELD];
	int32_t		number;			/* 0 to 999 */
	int32_t		quality;		/* 1 to n, all different */
} Person;

typedef struct Problem
{
	MtrPairing	p;
	int32_t    *score;
} Problem;

/*
 * Problems
 */

static void
give_row(void *state, int32_t row, int32_t *number)
{
	const Problem *problem = state;
	size_t		n = problem->p.n;

	memcpy(number, problem->score + row * n, n * sizeof(int32_t));
}

static Problem *
new_problem(int32_t n, bool most_pairs)
{
	Problem    *problem = reserve(1, sizeof(Problem));
	MtrPairing *p = &problem->p;

	memset(problem, 0, sizeof(Problem));
	p->n = n;
	p->row = give_row;
	p->state = problem;
	p->most_pairs = most_pairs;
	p->mate = reserve(n, sizeof(int32_t));
	p->cover = reserve(n, 1);
	p->price = reserve(n, sizeof(int64_t));
	p->order = reserve(n, sizeof(int32_t));
	p->set_first = reserve(n, sizeof(int32_t));
	p->set_last = reserve(n, sizeof(int32_t));
	p->set_cover = reserve(n, 1);
	p->set_price = reserve(n, sizeof(int64_t));
	problem->score = reserve((size_t) n * n, sizeof(int32_t));
	return problem;
}

static void
free_problem(Problem *problem)
{
	free(problem->p.mate);
	free(problem->p.cover);
	free(problem->p.price);
	free(problem->p.order);
	free(problem->p.set_first);
	free(problem->p.set_last);
	free(problem->p.set_cover);
	free(problem->p.set_price);
	free(problem->score);
	free(problem);
}

static Person *
make_people(int32_t n)
{
	Person	   *people = reserve(n, sizeof(Person));

	memset(people, 0, n * sizeof(Person));
	for (int32_t i = 0; i < n; i++)
	{
		int32_t		other = rnd(i + 1);

		people[i].number = rnd(1000);
		people[i].quality = people[other].quality;
		people[other].quality = i + 1;

		/* low numbers are popular */
		for (int k = 0; k < NHELD; k++)
		{
			people[i].skill[k] = rnd(1 + rnd(NSKILLS));
			people[i].level[people[i].skill[k]] = 1 + rnd(5);
		}
	}
	return people;
}

/* How well b's skills cover a's, and a's b's */
static int32_t
score_people(const Person *a, const Person *b)
{
	int32_t		covered = 0;

	for (int k = 0; k < NHELD; k++)
	{
		int			skill = a->skill[k];

		covered += 60 * (b->level[skill] < a->level[skill] ?
						 b->level[skill] : a->level[skill]) / a->level[skill];
		skill = b->skill[k];
		covered += 60 * (a->level[skill] < b->level[skill] ?
						 a->level[skill] : b->level[skill]) / b->level[skill];
	}
	return 700000 / (120 * NHELD) * covered +
		300 * (1000 - abs(a->number - b->number));
}

static int32_t
make_score(Kind kind, const Person *people, int32_t n, const int32_t ends[2])
{
	const Person *a = &people[ends[0]],
			   *b = &people[ends[1]];
	double		qa = (double) a->quality / n,
				qb = (double) b->quality / n;

	switch (kind)
	{
		case UNIFORM:
			return (int32_t) rnd(1000001);
		case PEOPLE:
			return score_people(a, b);
		case PERCENT:
			return score_people(a, b) / 10000 * 10000;
		case POPULAR:
			return (int32_t) (400000 * qa) + (int32_t) (400000 * qb) +
				(int32_t) rnd(200000);
		case PRODUCT:
			return (int32_t) (1000000 * qa * qb);
		case TRIANGLES:
			return (ends[0] / 3 == ends[1] / 3 ? 900000 : 100000) +
				(int32_t) rnd(50000);
		default:
			return 500000;
	}
}

static Problem *
make_problem(Kind kind, int32_t n, bool most_pairs)
{
	Problem    *problem = new_problem(n, most_pairs);
	Person	   *people = make_people(n);

	for (int32_t a = 0; a < n; a++)
		for (int32_t b = 0; b <= a; b++)
		{
			int32_t		ends[2] = {a, b};
			int32_t		score = a == b ? MTR_NO_PAIR :
			make_score(kind, people, n, ends);

			problem->score[(size_t) a * n + b] = score;
			problem->score[(size_t) b * n + a] = score;
		}
	free(people);
	return problem;
}

/*
 * What is measured
 */

typedef MtrStatus (*Work) (Problem *problem, void *scratch);

static MtrStatus
run_solver(Problem *problem, void *scratch)
{
	return mtr_pair_solve(&problem->p, scratch);
}

static MtrStatus
run_plain(Problem *problem, void *scratch)
{
	return plain_pair_solve(&problem->p, scratch);
}

static MtrStatus
run_check(Problem *problem, void *scratch)
{
	MtrPairVerdict verdict;
	MtrStatus	status = mtr_pair_check(&problem->p, &verdict, scratch);

	return verdict.fault == MTR_PAIR_OPTIMAL ? status : MTR_INVALID;
}

static MtrStatus
run_greedy(Problem *problem, void *scratch)
{
	int64_t		bound;

	return mtr_pair_greedy(&problem->p, &bound, scratch);
}

/* Median milliseconds, scratch of this size at hand; negative when the room
 * is too small. */
static double
median(Problem *problem, Work work, size_t size)
{
	double		seconds[MAX_RUNS],
				sum = 0;
	int			n = 0;
	void	   *scratch = reserve(size, 1);

	while (n < MAX_RUNS && sum < MAX_SECONDS)
	{
		double		before = cpu_seconds();
		MtrStatus	status = work(problem, scratch);

		seconds[n] = cpu_seconds() - before;
		sum += seconds[n++];
		if (status == MTR_FULL)
		{
			free(scratch);
			return -1;
		}
		if (status != MTR_OK)
		{
			fprintf(stderr, "the problem was refused, or its proof\n");
			exit(1);
		}
	}
	free(scratch);
	qsort(seconds, n, sizeof(double), compare_doubles);
	return 1e3 * seconds[n / 2];
}

/* Solve with as much room as it takes. */
static double
median_solve(Problem *problem, Work work)
{
	MtrPairing *p = &problem->p;
	double		ms;

	p->edge_room = mtr_pair_edge_room(p->n, p->nearest);
	while ((ms = median(problem, work, mtr_pair_scratch_size(p))) < 0)
		p->edge_room *= 2;
	return ms;
}

typedef struct Instance
{
	const char *name;
	Kind		kind;
	int32_t		n;
} Instance;

static const Instance instances[] = {
	{"people", PEOPLE, 1000},
	{"people", PEOPLE, 2000},
	{"people", PEOPLE, 5000},
	{"percent", PERCENT, 5000},
	{"uniform", UNIFORM, 1000},
	{"uniform", UNIFORM, 5000},
	{"popular", POPULAR, 2000},
	{"product", PRODUCT, 1000},
	{"triangles", TRIANGLES, 2000},
	{"equal", EQUAL, 5000}
};

static bool
run_own(void)
{
	bool		equal = true;

	printf("%-10s %6s %9s %9s %7s %8s %8s %8s %9s\n", "scores", "n", "ms",
		   "no AVX2", "rounds", "check", "greedy", "gap", "MB");
	for (size_t k = 0; k < sizeof(instances) / sizeof(instances[0]); k++)
	{
		Problem    *problem = make_problem(instances[k].kind, instances[k].n,
										   true);
		MtrPairing *p = &problem->p;
		double		plain = median_solve(problem, run_plain),
					ours,
					check,
					greedy;
		int64_t		total = p->total;

		ours = median_solve(problem, run_solver);
		equal &= p->total == total;
		total = p->total;
		check = median(problem, run_check, mtr_pair_check_scratch_size(p));
		printf("%-10s %6d %9.2f %9.2f %7d %8.2f ", instances[k].name,
			   (int) p->n, ours, plain, (int) p->work.rounds, check);
		greedy = median(problem, run_greedy, mtr_pair_greedy_scratch_size(p));
		printf("%8.2f %7.2f%% %9.1f\n", greedy,
			   100.0 * (total - p->total) / total,
			   mtr_pair_scratch_size(p) * 1e-6);
		fflush(stdout);
		free_problem(problem);
	}
	if (!equal)
		printf("answers differ\n");
	return equal;
}

static void
run_file(const char *name)
{
	FILE	   *file = fopen(name, "rb");
	Problem    *problem;
	int32_t		head[2];
	size_t		cells;
	double		ms;

	if (file == NULL || fread(head, sizeof(int32_t), 2, file) != 2)
	{
		perror(name);
		exit(1);
	}
	cells = (size_t) head[0] * head[0];
	problem = new_problem(head[0], head[1] != 0);
	if (fread(problem->score, sizeof(int32_t), cells, file) != cells)
	{
		fprintf(stderr, "the file is too short\n");
		exit(1);
	}
	fclose(file);
	ms = median_solve(problem, run_solver);
	median(problem, run_check, mtr_pair_check_scratch_size(&problem->p));
	printf("%.9f %d %lld\n", ms * 1e-3, (int) problem->p.npairs,
		   (long long) problem->p.total);
	free_problem(problem);
}

int
main(int argc, char **argv)
{
	if (argc == 1)
		return run_own() ? 0 : 1;
	for (int k = 1; k < argc; k++)
		run_file(argv[k]);
	return 0;
}
