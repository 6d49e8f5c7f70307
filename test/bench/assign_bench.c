/*
 * assign_bench.c
 *	  speed of the assignment kernel, in milliseconds of CPU time
 *
 * Without arguments it makes its own problems and solves each by the kernel
 * as compiled and by the same sources without vector clones; it fails when the
 * answers differ.  With files as arguments it solves those and prints, for
 * each, median seconds, number of pairs and total: assign_bench.py compares
 * them with scipy.  A file holds int32 in the machine's order: rows, columns,
 * 1 for most_pairs, the rows' places, the columns' places, the scores.
 *
 * Medians are of 7 runs, or fewer if these take longer than 2 s.
 *
 *	 gcc -std=gnu99 -O3 -ffp-contract=off -Isrc/kernel \
 *		 test/bench/assign_bench.c src/kernel/assign.c test/unit/poll.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* the kernel once more, plain */
#define MTR_NO_SIMD
#include "bench.h"
#include "assign.h"

extern int64_t plain_assign_max_pairs(const MtrAssign *p);
extern size_t plain_assign_scratch_size(const MtrAssign *p);
extern MtrStatus plain_assign_solve(MtrAssign *p, void *scratch);
extern MtrStatus plain_assign_resume(MtrAssign *p, void *scratch);

#define mtr_assign_max_pairs plain_assign_max_pairs
#define mtr_assign_scratch_size plain_assign_scratch_size
#define mtr_assign_solve plain_assign_solve
#define mtr_assign_resume plain_assign_resume
#include "assign.c"
#undef mtr_assign_max_pairs
#undef mtr_assign_scratch_size
#undef mtr_assign_solve
#undef mtr_assign_resume

#define MAX_RUNS 7
#define MAX_SECONDS 2.0

/* What the programme instance is made of */
#define NSKILLS 300
#define NWANTED 10
#define NOFFERED 12

typedef enum Kind
{
	UNIFORM,
	PROGRAMME,					/* scores of people */
	PERCENT,					/* the same in whole percent: many ties */
	PRODUCT						/* row * column, the worst for any search */
} Kind;

typedef struct Person
{
	int32_t		skill[NOFFERED];
	int32_t		number;			/* 0 to 999 */
} Person;

static void
make_outputs(MtrAssign *p)
{
	size_t		most = mtr_assign_max_pairs(p);

	p->pair_row = reserve(most, sizeof(int32_t));
	p->pair_col = reserve(most, sizeof(int32_t));
	p->row_cover = reserve(p->nrows, 1);
	p->col_cover = reserve(p->ncols, 1);
	p->row_price = reserve(p->nrows, sizeof(int64_t));
	p->col_price = reserve(p->ncols, sizeof(int64_t));
}

static void
free_problem(MtrAssign *p)
{
	free((void *) p->score);
	free((void *) p->row_places);
	free((void *) p->col_places);
	free(p->pair_row);
	free(p->pair_col);
	free(p->row_cover);
	free(p->col_cover);
	free(p->row_price);
	free(p->col_price);
}

/* Median seconds of a solution, with the scratch at hand */
static double
median_seconds(MtrAssign *p, MtrStatus (*solve) (MtrAssign *, void *))
{
	double		seconds[MAX_RUNS],
				sum = 0;
	int			n = 0;
	void	   *scratch = reserve(mtr_assign_scratch_size(p), 1);

	while (n < MAX_RUNS && sum < MAX_SECONDS)
	{
		double		before = cpu_seconds();

		if (solve(p, scratch) != MTR_OK)
		{
			fprintf(stderr, "the problem was refused\n");
			exit(1);
		}
		seconds[n] = cpu_seconds() - before;
		sum += seconds[n++];
	}
	free(scratch);
	qsort(seconds, n, sizeof(double), compare_doubles);
	return seconds[n / 2];
}

/*
 * Problems of its own
 */

static Person *
make_people(int32_t n, int nskills)
{
	Person	   *people = reserve(n, sizeof(Person));

	for (int32_t i = 0; i < n; i++)
	{
		people[i].number = rnd(1000);

		/* low numbers are popular */
		for (int k = 0; k < NOFFERED; k++)
			people[i].skill[k] = k < nskills ?
				(int32_t) rnd(1 + rnd(NSKILLS)) : -1;
	}
	return people;
}

static int32_t
score_people(const Person *mentee, const Person *mentor)
{
	int			covered = 0,
				distance = abs(mentee->number - mentor->number);

	for (int k = 0; k < NWANTED; k++)
		for (int l = 0; l < NOFFERED; l++)
			if (mentee->skill[k] == mentor->skill[l])
			{
				covered++;
				break;
			}
	return 700000 / NWANTED * covered + 300 * (1000 - distance);
}

static MtrAssign
make_problem(Kind kind, int32_t nrows, int32_t ncols, int32_t col_places)
{
	MtrAssign	p = {.nrows = nrows,.ncols = ncols,.most_pairs = true};
	int32_t    *score = reserve((size_t) nrows * ncols, sizeof(int32_t));
	int32_t    *rows = reserve(nrows, sizeof(int32_t));
	int32_t    *cols = reserve(ncols, sizeof(int32_t));
	Person	   *mentees = make_people(nrows, NWANTED),
			   *mentors = make_people(ncols, NOFFERED);

	for (int32_t i = 0; i < nrows; i++)
		rows[i] = 1;
	for (int32_t j = 0; j < ncols; j++)
		cols[j] = 1 + rnd(col_places);
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
		{
			int32_t    *w = &score[(size_t) i * ncols + j];

			if (kind == UNIFORM)
				*w = (int32_t) rnd(1000001);
			else if (kind == PRODUCT)
				*w = 1000000 - (int32_t)
					((i + 1.0) * (j + 1.0) * 1000000 / nrows / ncols);
			else
				*w = score_people(&mentees[i], &mentors[j]);
			if (kind == PERCENT)
				*w = *w / 10000 * 10000;
		}
	free(mentees);
	free(mentors);
	p.score = score;
	p.row_places = rows;
	p.col_places = cols;
	make_outputs(&p);
	return p;
}

typedef struct Instance
{
	const char *name;
	Kind		kind;
	int32_t		nrows;
	int32_t		ncols;
	int32_t		col_places;		/* at most */
} Instance;

static const Instance instances[] = {
	{"uniform", UNIFORM, 1000, 1000, 1},
	{"uniform", UNIFORM, 2000, 2000, 1},
	{"programme", PROGRAMME, 1000, 1000, 1},
	{"programme", PROGRAMME, 2000, 2000, 1},
	{"percent", PERCENT, 2000, 2000, 1},
	{"programme", PROGRAMME, 400, 250, 3},
	{"programme", PROGRAMME, 3000, 1000, 5},
	{"programme", PROGRAMME, 4000, 400, 1},
	{"product", PRODUCT, 500, 500, 1}
};

static bool
run_own(void)
{
	bool		equal = true;

	printf("%-10s %15s %7s %8s %10s %10s %6s\n", "scores", "rows x columns",
		   "places", "pairs", "ms", "no AVX2", "ratio");
	for (size_t k = 0; k < sizeof(instances) / sizeof(instances[0]); k++)
	{
		MtrAssign	p = make_problem(instances[k].kind, instances[k].nrows,
									 instances[k].ncols,
									 instances[k].col_places),
					q = p;
		double		ours,
					plain;

		make_outputs(&q);
		ours = median_seconds(&p, mtr_assign_solve);
		plain = median_seconds(&q, plain_assign_solve);
		equal &= p.npairs == q.npairs && p.total == q.total &&
			memcmp(p.pair_col, q.pair_col, p.npairs * sizeof(int32_t)) == 0;
		printf("%-10s %7d x %5d %7d %8d %10.2f %10.2f %6.2f\n",
			   instances[k].name, (int) p.nrows, (int) p.ncols,
			   (int) instances[k].col_places, (int) p.npairs, ours * 1e3,
			   plain * 1e3, plain / ours);
		fflush(stdout);
		q.score = NULL;
		q.row_places = q.col_places = NULL;
		free_problem(&p);
		free_problem(&q);
	}
	if (!equal)
		printf("answers differ\n");
	return equal;
}

static int32_t *
read_numbers(FILE *file, size_t n)
{
	int32_t    *numbers = reserve(n, sizeof(int32_t));

	if (fread(numbers, sizeof(int32_t), n, file) != n)
	{
		fprintf(stderr, "the file is too short\n");
		exit(1);
	}
	return numbers;
}

static void
run_file(const char *name)
{
	FILE	   *file = fopen(name, "rb");
	MtrAssign	p = {0};
	int32_t    *head;
	double		seconds;

	if (file == NULL)
	{
		perror(name);
		exit(1);
	}
	head = read_numbers(file, 3);
	p.nrows = head[0];
	p.ncols = head[1];
	p.most_pairs = head[2] != 0;
	p.row_places = read_numbers(file, p.nrows);
	p.col_places = read_numbers(file, p.ncols);
	p.score = read_numbers(file, (size_t) p.nrows * p.ncols);
	fclose(file);
	free(head);
	make_outputs(&p);
	seconds = median_seconds(&p, mtr_assign_solve);
	printf("%.9f %d %lld\n", seconds, (int) p.npairs, (long long) p.total);
	free_problem(&p);
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
