/*
 * fair_bench.c
 *	  speed of the fair kernel and of its check, in milliseconds of CPU time
 *
 * Without arguments it makes its own problems and solves each as fairly as
 * possible, has the check judge the answer, and solves it for the best total,
 * too: that is what fairness costs, in time and in total.  "worst" is the
 * score of the worst pair, fair and best.  It fails if the check objects.
 * With files as arguments it solves those and prints, for each, median
 * seconds, number of pairs and total: fair_bench.py compares them with scipy.
 * A file is as for assign_bench.c.
 *
 * Medians are of 5 runs, or fewer if these take longer than 2 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "fair.h"

#define MAX_RUNS 5
#define MAX_SECONDS 2.0

/* What the programme instance is made of */
#define NSKILLS 300
#define NWANTED 10
#define NOFFERED 12

typedef enum Kind
{
	PROGRAMME,					/* scores of people */
	DISTINCT,					/* the same, hardly two alike */
	PERCENT,					/* the same in whole percent: many ties */
	UNIFORM,
	THREE,						/* three different scores */
	ALL_EQUAL,
	SPARSE,						/* one pair in 100 is eligible */
	PRODUCT						/* all agree about the order of the others */
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
free_outputs(MtrAssign *p)
{
	free(p->pair_row);
	free(p->pair_col);
	free(p->row_cover);
	free(p->col_cover);
	free(p->row_price);
	free(p->col_price);
}

/* What is measured */

static MtrStatus
run_fair(MtrAssign *p, void *scratch)
{
	return mtr_fair_solve(p, false, scratch);
}

static MtrStatus
run_check(MtrAssign *p, void *scratch)
{
	MtrFairVerdict verdict;
	MtrStatus	status = mtr_fair_check(p, &verdict, scratch);

	if (status == MTR_OK && verdict.flaw != MTR_FAIR_NO_FLAW)
		return MTR_INVALID;
	return status;
}

/* Median seconds, with the scratch at hand */
static double
median_seconds(MtrAssign *p, MtrStatus (*run) (MtrAssign *, void *),
			   size_t scratch_size)
{
	double		seconds[MAX_RUNS],
				sum = 0;
	int			n = 0;
	void	   *scratch = reserve(scratch_size, 1);

	while (n < MAX_RUNS && sum < MAX_SECONDS)
	{
		double		before = cpu_seconds();

		if (run(p, scratch) != MTR_OK)
		{
			fprintf(stderr, "the problem or its answer was refused\n");
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

static int32_t
make_score(Kind kind, const Person *mentee, const Person *mentor, double share)
{
	switch (kind)
	{
		case PROGRAMME:
			return score_people(mentee, mentor);
		case DISTINCT:
			return score_people(mentee, mentor) + (int32_t) rnd(300);
		case PERCENT:
			return score_people(mentee, mentor) / 10000 * 10000;
		case UNIFORM:
			return (int32_t) rnd(1000001);
		case THREE:
			return (int32_t) rnd(3) * 500000;
		case ALL_EQUAL:
			return 500000;
		case SPARSE:
			return rnd(100) == 0 ? (int32_t) rnd(1000001) : MTR_NO_PAIR;
		default:
			return 1000000 - (int32_t) (share * 1000000);
	}
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
			score[(size_t) i * ncols + j] =
				make_score(kind, &mentees[i], &mentors[j],
						   (i + 1.0) * (j + 1.0) / nrows / ncols);
	free(mentees);
	free(mentors);
	p.score = score;
	p.row_places = rows;
	p.col_places = cols;
	make_outputs(&p);
	return p;
}

static double
worst_score(const MtrAssign *p)
{
	int32_t		worst = INT32_MAX;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		score = p->score[(size_t) p->pair_row[k] * p->ncols +
									 p->pair_col[k]];

		worst = score < worst ? score : worst;
	}
	return worst / 1e6;
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
	{"programme", PROGRAMME, 1000, 1000, 1},
	{"programme", PROGRAMME, 4000, 4000, 1},
	{"distinct", DISTINCT, 1000, 1000, 1},
	{"distinct", DISTINCT, 4000, 4000, 1},
	{"percent", PERCENT, 1000, 1000, 1},
	{"percent", PERCENT, 4000, 4000, 1},
	{"programme", PROGRAMME, 3000, 1000, 5},
	{"programme", PROGRAMME, 400, 4000, 1},
	{"uniform", UNIFORM, 1000, 1000, 1},
	{"uniform", UNIFORM, 4000, 4000, 1},
	{"three", THREE, 2000, 2000, 1},
	{"all equal", ALL_EQUAL, 4000, 4000, 1},
	{"sparse", SPARSE, 4000, 4000, 1},
	{"product", PRODUCT, 1000, 1000, 1}
};

static void
run_own(void)
{
	printf("%-10s %14s %6s %9s %9s %9s %15s %11s\n", "scores",
		   "rows x columns", "places", "fair ms", "check ms", "best ms",
		   "worst fair/best", "total share");
	for (size_t k = 0; k < sizeof(instances) / sizeof(instances[0]); k++)
	{
		const Instance *instance = &instances[k];
		MtrAssign	p = make_problem(instance->kind, instance->nrows,
									 instance->ncols, instance->col_places);
		double		fair = median_seconds(&p, run_fair,
										  mtr_fair_scratch_size(&p)),
					check = median_seconds(&p, run_check,
										   mtr_fair_check_scratch_size(&p)),
					fair_worst = worst_score(&p),
					fair_total = (double) p.total,
					best = median_seconds(&p, mtr_assign_solve,
										  mtr_assign_scratch_size(&p));

		printf("%-10s %6d x %5d %6d %9.1f %9.1f %9.1f %7.4f %7.4f %11.4f\n",
			   instance->name, (int) p.nrows, (int) p.ncols,
			   (int) instance->col_places, fair * 1e3, check * 1e3,
			   best * 1e3, fair_worst, worst_score(&p),
			   fair_total / (double) p.total);
		fflush(stdout);
		free((void *) p.score);
		free((void *) p.row_places);
		free((void *) p.col_places);
		free_outputs(&p);
	}
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
	p.row_places = read_numbers(file, p.nrows);
	p.col_places = read_numbers(file, p.ncols);
	p.score = read_numbers(file, (size_t) p.nrows * p.ncols);
	fclose(file);
	free(head);
	make_outputs(&p);
	seconds = median_seconds(&p, run_fair, mtr_fair_scratch_size(&p));
	printf("%.9f %d %lld\n", seconds, (int) p.npairs, (long long) p.total);
	free((void *) p.score);
	free((void *) p.row_places);
	free((void *) p.col_places);
	free_outputs(&p);
}

int
main(int argc, char **argv)
{
	if (argc == 1)
		run_own();
	for (int k = 1; k < argc; k++)
		run_file(argv[k]);
	return 0;
}
