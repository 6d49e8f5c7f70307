/*
 * ties_bench.c
 *	  speed of resolving ties, in milliseconds of CPU time
 *
 * With a matrix the two ways are rivals: bit sets, and a list that is gathered
 * and then resolved; fails when their matchings differ.  Figures are medians
 * of 5 runs.
 *
 * Without a matrix, once each: rows of a few tied pairs, in one part, solved
 * backwards from prices.
 *
 *	 gcc -std=gnu99 -O3 -ffp-contract=off -Isrc/kernel \
 *		 test/bench/ties_bench.c src/kernel/assign.c src/kernel/ties*.c \
 *		 test/unit/poll.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "ties.h"
#include "ties_bits.h"
#include "ties_list.h"

#define MAX_RUNS 5

/* What a person of a programme is made of */
#define NSKILLS 300
#define NWANTED 10

typedef enum Kind
{
	PROGRAMME,					/* scores of people */
	PERCENT,					/* the same in whole percent */
	TENTH,						/* in tenths */
	LINE,						/* distances on a line */
	EQUAL						/* all the same */
} Kind;

typedef struct Person
{
	int32_t		skill[NWANTED];
	int32_t		number;			/* 0 to 999 */
} Person;

/* Milliseconds of the parts of one run */
typedef struct Times
{
	double		count;
	double		bits;
	double		gather;
	double		list;
} Times;

/* Touched, so that no run pays for it */
static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

/* The median of one of the parts */
static double
median(const Times *times, int n, size_t offset)
{
	double		ms[MAX_RUNS];

	for (int k = 0; k < n; k++)
		memcpy(&ms[k], (const char *) &times[k] + offset, sizeof(double));
	qsort(ms, n, sizeof(double), compare_doubles);
	return ms[n / 2];
}

static void
check(MtrStatus status, const char *what)
{
	if (status == MTR_OK)
		return;
	fprintf(stderr, "%s: status %d\n", what, (int) status);
	exit(1);
}

static void
make_outputs(MtrAssign *p, size_t most)
{
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

/*
 * With a matrix
 */

static Person *
make_people(int32_t n)
{
	Person	   *people = reserve(n, sizeof(Person));

	for (int32_t i = 0; i < n; i++)
	{
		people[i].number = rnd(1000);

		/* low numbers are popular */
		for (int k = 0; k < NWANTED; k++)
			people[i].skill[k] = rnd(1 + rnd(NSKILLS));
	}
	return people;
}

static int32_t
score_people(Kind kind, const Person *mentee, const Person *mentor)
{
	int			covered = 0;
	int			near = 1000 - abs(mentee->number - mentor->number);
	int32_t		score;

	if (kind == EQUAL)
		return 500000;
	if (kind == LINE)
		return 1000 * near;
	for (int k = 0; k < NWANTED; k++)
		for (int l = 0; l < NWANTED; l++)
			if (mentee->skill[k] == mentor->skill[l])
			{
				covered++;
				break;
			}
	score = 700000 / NWANTED * covered + 300 * near;
	if (kind == PERCENT)
		score -= score % 10000;
	else if (kind == TENTH)
		score -= score % 100000;
	return score;
}

static void
make_problem(MtrAssign *p, Kind kind, int32_t places)
{
	int32_t    *score = reserve((size_t) p->nrows * p->ncols, sizeof(int32_t));
	int32_t    *rows = reserve(p->nrows, sizeof(int32_t));
	int32_t    *cols = reserve(p->ncols, sizeof(int32_t));
	Person	   *mentees = make_people(p->nrows);
	Person	   *mentors = make_people(p->ncols);
	void	   *scratch;

	for (int32_t i = 0; i < p->nrows; i++)
		rows[i] = 1;
	for (int32_t j = 0; j < p->ncols; j++)
		cols[j] = 1 + rnd(places);
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			score[(size_t) i * p->ncols + j] =
				score_people(kind, &mentees[i], &mentors[j]);
	free(mentees);
	free(mentors);
	p->score = score;
	p->row_places = rows;
	p->col_places = cols;
	make_outputs(p, mtr_assign_max_pairs(p));
	scratch = reserve(mtr_assign_scratch_size(p), 1);
	check(mtr_assign_solve(p, scratch), "assignment");
	free(scratch);
}

/* Resolve a copy of the solution by the list */
static MtrAssign
resolve_by_list(const MtrAssign *p, int64_t count, Times *times)
{
	MtrAssign	q = *p;
	MtrTiesList list;
	uint32_t   *entry = reserve(count, sizeof(uint32_t));
	void	   *scratch = reserve(mtr_ties_list_scratch_size(p), 1);
	void	   *more = reserve(mtr_ties_list_resolve_scratch_size(p, count), 1);
	double		start;

	q.pair_row = reserve(count, sizeof(int32_t));
	q.pair_col = reserve(count, sizeof(int32_t));
	memcpy(q.pair_row, p->pair_row, p->npairs * sizeof(int32_t));
	memcpy(q.pair_col, p->pair_col, p->npairs * sizeof(int32_t));
	start = cpu_ms();
	check(mtr_ties_list_begin(&list, &q, entry, count, scratch), "begin");
	for (int32_t i = 0; i < p->nrows; i++)
		check(mtr_ties_list_row(&list, i, p->score + (size_t) i * p->ncols),
			  "row");
	times->gather = cpu_ms() - start;
	start = cpu_ms();
	check(mtr_ties_list_resolve(&list, false, more), "list");
	times->list = cpu_ms() - start;
	free(entry);
	free(scratch);
	free(more);
	return q;
}

/* The same by bit sets; are the matchings equal? */
static bool
run_both(const MtrAssign *p, Times *times)
{
	double		start = cpu_ms();
	int64_t		count = mtr_ties_count(p);
	MtrAssign	q;
	MtrAssign	r = *p;
	void	   *scratch;
	bool		equal;

	times->count = cpu_ms() - start;
	q = resolve_by_list(p, count, times);
	r.pair_row = reserve(count, sizeof(int32_t));
	r.pair_col = reserve(count, sizeof(int32_t));
	memcpy(r.pair_row, p->pair_row, p->npairs * sizeof(int32_t));
	memcpy(r.pair_col, p->pair_col, p->npairs * sizeof(int32_t));
	scratch = reserve(mtr_ties_bits_scratch_size(p), 1);
	start = cpu_ms();
	check(mtr_ties_bits_resolve_matrix(&r, false, scratch), "bit sets");
	times->bits = cpu_ms() - start;

	equal = q.npairs == r.npairs &&
		memcmp(q.pair_row, r.pair_row, q.npairs * sizeof(int32_t)) == 0 &&
		memcmp(q.pair_col, r.pair_col, q.npairs * sizeof(int32_t)) == 0;
	free(scratch);
	free(q.pair_row);
	free(q.pair_col);
	free(r.pair_row);
	free(r.pair_col);
	return equal;
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
	{"programme", PROGRAMME, 2000, 2000, 1},
	{"programme", PROGRAMME, 3000, 1000, 5},
	{"percent", PERCENT, 2000, 2000, 1},
	{"percent", PERCENT, 5000, 5000, 1},
	{"percent", PERCENT, 3000, 1000, 5},
	{"tenth", TENTH, 2000, 2000, 1},
	{"line", LINE, 2000, 2000, 1},
	{"equal", EQUAL, 2000, 2000, 1},
	{"equal", EQUAL, 2000, 1500, 1}
};

static bool
run_instance(const Instance *instance)
{
	MtrAssign	p = {
		.nrows = instance->nrows,.ncols = instance->ncols,
		.most_pairs = true
	};
	Times		times[MAX_RUNS];
	bool		equal = true;
	int64_t		count;
	size_t		list;

	make_problem(&p, instance->kind, instance->col_places);
	for (int k = 0; k < MAX_RUNS; k++)
		equal &= run_both(&p, &times[k]);
	count = mtr_ties_count(&p);
	list = mtr_ties_list_scratch_size(&p) + count * sizeof(uint32_t) +
		mtr_ties_list_resolve_scratch_size(&p, count);
	printf("%-9s %4d x %4d %8.1f %7.2f %7.2f %7.2f %8.2f %7.2f %7.2f%s\n",
		   instance->name, (int) p.nrows, (int) p.ncols,
		   (double) count / p.nrows,
		   median(times, MAX_RUNS, offsetof(Times, count)),
		   median(times, MAX_RUNS, offsetof(Times, gather)),
		   median(times, MAX_RUNS, offsetof(Times, list)),
		   median(times, MAX_RUNS, offsetof(Times, bits)),
		   list / 1e6, mtr_ties_bits_scratch_size(&p) / 1e6,
		   equal ? "" : "  DIFFERENT");
	fflush(stdout);
	free_problem(&p);
	return equal;
}

/*
 * Without a matrix
 */

typedef enum Shape
{
	ANYWHERE,					/* partners are any */
	NEAR,						/* at most 100 away */
	LATTICE,					/* four neighbours in the plane */
	BLOCKS						/* all of a block of 100 */
} Shape;

typedef struct Sparse
{
	const char *name;
	Shape		shape;
	int32_t		nrows;
	int32_t		ncols;
	int32_t		degree;
} Sparse;

static const Sparse sparse[] = {
	{"anywhere", ANYWHERE, 10000, 10000, 10},
	{"anywhere", ANYWHERE, 30000, 30000, 10},
	{"anywhere", ANYWHERE, 100000, 100000, 10},
	{"anywhere", ANYWHERE, 30000, 30000, 3},
	{"anywhere", ANYWHERE, 30000, 33000, 10},
	{"anywhere", ANYWHERE, 33000, 30000, 10},
	{"near", NEAR, 30000, 30000, 10},
	{"lattice", LATTICE, 30000, 30000, 5},
	{"blocks", BLOCKS, 30000, 30000, 100}
};

typedef struct Maker
{
	const MtrAssign *p;
	int32_t		degree;
	const int32_t *partner;		/* [nrows][degree] */
} Maker;

/* All pairs that are eligible are tied */
static void
make_row(void *state, int32_t row, int32_t *score)
{
	const Maker *m = state;

	for (int32_t j = 0; j < m->p->ncols; j++)
		score[j] = MTR_NO_PAIR;
	for (int32_t k = 0; k < m->degree; k++)
	{
		int32_t		j = m->partner[(size_t) row * m->degree + k];

		score[j] = (int32_t) (m->p->row_price[row] + m->p->col_price[j]);
	}
}

static int32_t
partner_of(const Sparse *s, int32_t row, int32_t k)
{
	static const int32_t step[] = {0, 1, -1, 173, -173};
	int64_t		to = row;

	if (s->shape == ANYWHERE)
		return (int32_t) rnd(s->ncols);
	if (s->shape == NEAR)
		to += (int32_t) rnd(201) - 100;
	else if (s->shape == LATTICE)
		to += step[k];
	else
		to = row / 100 * 100 + k;
	return (int32_t) (to < 0 ? 0 : to >= s->ncols ? s->ncols - 1 : to);
}

/*
 * Row and column of the same number are a pair, as far as there are both.
 * The shorter side is covered; when both are equal, prices of the columns
 * shuffle the order of the rule.
 */
static void
make_sparse(const Sparse *s, MtrAssign *p, int32_t *partner)
{
	int32_t    *rows = reserve(p->nrows, sizeof(int32_t));
	int32_t    *cols = reserve(p->ncols, sizeof(int32_t));
	int32_t		npairs = p->nrows < p->ncols ? p->nrows : p->ncols;

	make_outputs(p, npairs);
	for (int32_t i = 0; i < p->nrows; i++)
	{
		rows[i] = 1;
		p->row_cover[i] = p->nrows <= p->ncols;
		p->row_price[i] = p->row_cover[i] ? 10000 * (int64_t) rnd(100) : 0;
		for (int32_t k = 0; k < s->degree; k++)
			partner[(size_t) i * s->degree + k] = partner_of(s, i, k);
		if (i < npairs)
			partner[(size_t) i * s->degree] = i;
	}
	for (int32_t j = 0; j < p->ncols; j++)
	{
		cols[j] = 1;
		p->col_cover[j] = p->nrows > p->ncols;
		p->col_price[j] = p->nrows >= p->ncols ?
			10000 * (int64_t) rnd(100) : 0;
	}
	for (int32_t k = 0; k < npairs; k++)
		p->pair_row[k] = p->pair_col[k] = k;
	p->npairs = npairs;
	p->row_places = rows;
	p->col_places = cols;
}

static void
run_sparse(const Sparse *s)
{
	MtrAssign	p = {
		.nrows = s->nrows,.ncols = s->ncols,.most_pairs = true
	};
	int64_t		room = (int64_t) s->nrows * s->degree;
	int32_t    *partner = reserve(room, sizeof(int32_t));
	uint32_t   *entry = reserve(room, sizeof(uint32_t));
	int32_t    *row = reserve(s->ncols, sizeof(int32_t));
	Maker		maker = {&p, s->degree, partner};
	MtrTiesList list;
	void	   *scratch;
	void	   *more;
	double		start;
	double		gathering = 0;

	make_sparse(s, &p, partner);
	scratch = reserve(mtr_ties_list_scratch_size(&p), 1);
	check(mtr_ties_list_begin(&list, &p, entry, room, scratch), "begin");
	for (int32_t i = 0; i < p.nrows; i++)
	{
		make_row(&maker, i, row);
		start = cpu_ms();
		check(mtr_ties_list_row(&list, i, row), "row");
		gathering += cpu_ms() - start;
	}
	more = reserve(mtr_ties_list_resolve_scratch_size(&p, list.needed), 1);
	start = cpu_ms();
	check(mtr_ties_list_resolve(&list, false, more), "list");
	printf("%-9s %6d x %6d %5.1f %10.3f %10.1f %8.1f\n", s->name,
		   (int) s->nrows, (int) s->ncols, (double) list.needed / s->nrows,
		   gathering * 1e6 / s->nrows / s->ncols, cpu_ms() - start,
		   mtr_ties_list_resolve_scratch_size(&p, list.needed) / 1e6);
	fflush(stdout);
	free(partner);
	free(entry);
	free(row);
	free(scratch);
	free(more);
	free_problem(&p);
}

int
main(void)
{
	bool		equal = true;

	printf("%-9s %11s %8s %7s %7s %7s %8s %7s %7s\n", "scores",
		   "rows x cols", "tied/row", "count", "gather", "list", "bitsets",
		   "list MB", "bits MB");
	for (size_t k = 0; k < sizeof(instances) / sizeof(instances[0]); k++)
		equal &= run_instance(&instances[k]);
	printf("\n%-9s %15s %5s %10s %10s %8s\n", "partners", "rows x columns",
		   "tied", "gather ns", "resolve ms", "MB");
	for (size_t k = 0; k < sizeof(sparse) / sizeof(sparse[0]); k++)
		run_sparse(&sparse[k]);
	if (!equal)
		printf("answers differ\n");
	return !equal;
}
