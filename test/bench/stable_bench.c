/*
 * stable_bench.c
 *	  speed of the stable matching kernel, in milliseconds of CPU time
 *
 * Without arguments it makes problems of n rows and n / 3 columns with 1 to 5
 * places and solves each three times: by the kernel as compiled, by the same
 * sources without vector clones, and by deferred acceptance as books have it,
 * which sorts each row's preferences first.  It fails when answers differ or
 * the checker finds a blocking pair.  Rows are computed when asked for, so
 * that is in all the times; "rows" is what computing them once costs alone.
 *
 * With files as arguments it solves those and prints, for each, median
 * seconds, number of pairs and the sums of both scores: stable_bench.py
 * compares with programs in Python.  A file holds int32 in the machine's
 * order: rows, columns, the rows' places, the columns' places, the rows'
 * scores, the columns' scores, both row after row.
 *
 * Medians are of 7 runs, or fewer if these take longer than 2 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* the kernel once more, plain */
#define MTR_NO_SIMD
#include "bench.h"
#include "stable.h"

extern int64_t plain_stable_max_pairs(const MtrStable *p);
extern size_t plain_stable_scratch_size(const MtrStable *p);
extern MtrStatus plain_stable_solve(MtrStable *p, void *scratch);

#define mtr_stable_max_pairs plain_stable_max_pairs
#define mtr_stable_scratch_size plain_stable_scratch_size
#define mtr_stable_solve plain_stable_solve
#include "stable.c"
#undef mtr_stable_max_pairs
#undef mtr_stable_scratch_size
#undef mtr_stable_solve

#define MAX_RUNS 7
#define MAX_SECONDS 2.0

/* beyond it sorting all preferences takes too long for a bench */
#define MAX_RIVAL 10000

typedef enum Kind
{
	UNIFORM,					/* both scores random */
	PROGRAMME,					/* fit, popularity, and one's own opinion */
	PERCENT,					/* the same in whole percent: many ties */
	AGREED						/* all agree, the best rows come last */
} Kind;

/* Rows made from the properties of rows and columns */
typedef struct Maker
{
	Kind		kind;
	int32_t		ncols;
	uint32_t   *row;			/* [nrows] random */
	uint32_t   *col;			/* [ncols] */
} Maker;

/* Rows that are there */
typedef struct Stored
{
	int32_t		ncols;
	const int32_t *left;
	const int32_t *right;
} Stored;

/* ----------
 * Problems
 * ----------
 */

/* A number from 0 to 999999 that looks random */
static inline int32_t
mix(uint32_t x)
{
	x = (x ^ (x >> 15)) * 0x2C1B3C6DU;
	x = (x ^ (x >> 12)) * 0x297A2D39U;
	return (int32_t) (((x >> 16) * 1000000U) >> 16);
}

/* Vector code as in the scoring kernel, so that rows cost about as much. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
static void
make_row(void *state, int32_t i, MtrStableRow *row)
{
	const Maker *m = state;
	const uint32_t *restrict col = m->col;
	int32_t    *restrict left = row->left_room;
	int32_t    *restrict right = row->right_room;
	uint32_t	own = m->row[i];
	int32_t		n = m->ncols;

	switch (m->kind)
	{
		case UNIFORM:
			for (int32_t j = 0; j < n; j++)
			{
				left[j] = mix(own + col[j]);
				right[j] = mix(own - col[j]);
			}
			break;
		case AGREED:
			for (int32_t j = 0; j < n; j++)
			{
				left[j] = -j;
				right[j] = i;
			}
			break;
		default:
			for (int32_t j = 0; j < n; j++)
			{
				int32_t		fit = mix(own ^ col[j]);

				left[j] = (fit >> 1) + (mix(col[j]) >> 2) +
					(mix(own + col[j]) >> 2);
				right[j] = (fit >> 1) + (mix(own) >> 2) +
					(mix(own - col[j]) >> 2);
			}
			for (int32_t j = 0; j < n && m->kind == PERCENT; j++)
			{
				left[j] = left[j] / 10000;
				right[j] = right[j] / 10000;
			}
	}
}

static void
stored_row(void *state, int32_t i, MtrStableRow *row)
{
	const Stored *s = state;

	row->left = s->left + (size_t) i * s->ncols;
	row->right = s->right + (size_t) i * s->ncols;
}

static void
make_outputs(MtrStable *p)
{
	size_t		most = mtr_stable_max_pairs(p);

	p->pair_row = reserve(most, sizeof(int32_t));
	p->pair_col = reserve(most, sizeof(int32_t));
	p->pair_left = reserve(most, sizeof(int32_t));
	p->pair_right = reserve(most, sizeof(int32_t));
}

static void
free_outputs(MtrStable *p)
{
	free(p->pair_row);
	free(p->pair_col);
	free(p->pair_left);
	free(p->pair_right);
}

/* Median seconds of a solution, with the scratch at hand */
static double
median_seconds(MtrStable *p, MtrStatus (*solve) (MtrStable *, void *))
{
	double		seconds[MAX_RUNS],
				sum = 0;
	int			n = 0;
	void	   *scratch = reserve(mtr_stable_scratch_size(p), 1);

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

/* ----------
 * The rival: preferences sorted as a whole
 * ----------
 */

typedef struct Ranked
{
	int32_t		score;
	int32_t		col;
} Ranked;

static int
compare_ranked(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->col > y->col) - (x->col < y->col);
}

/* What a column holds, at most 5, in no order */
typedef struct Held
{
	int32_t		n;
	int32_t		row[5];
} Held;

typedef struct Rival
{
	const MtrStable *p;
	Ranked	   *list;			/* [nrows][ncols] */
	int32_t    *right;			/* [nrows][ncols] */
	int32_t    *next;			/* [nrows] */
	Held	   *held;			/* [ncols] */
} Rival;

/* Sort the preferences of all rows. */
static void
sort_rows(Rival *r)
{
	const MtrStable *p = r->p;
	int32_t    *room = reserve(p->ncols, sizeof(int32_t));

	for (int32_t i = 0; i < p->nrows; i++)
	{
		Ranked	   *own = r->list + (size_t) i * p->ncols;
		MtrStableRow row = {.n = p->ncols,.left = room,.left_room = room};

		row.right = row.right_room = r->right + (size_t) i * p->ncols;
		p->read_row(p->state, i, &row);
		for (int32_t j = 0; j < p->ncols; j++)
		{
			own[j].score = row.left[j];
			own[j].col = j;
		}
		qsort(own, p->ncols, sizeof(Ranked), compare_ranked);
	}
	free(room);
}

static inline bool
col_prefers(const Rival *r, int32_t j, int32_t a, int32_t b)
{
	int32_t		x = r->right[(size_t) a * r->p->ncols + j];
	int32_t		y = r->right[(size_t) b * r->p->ncols + j];

	return x != y ? x > y : a < b;
}

/* Row i proposes to column j: returns the row that has no place then, -1 if
 * there is none. */
static int32_t
propose_sorted(Rival *r, int32_t i, int32_t j)
{
	Held	   *h = &r->held[j];
	int32_t		worst = 0;
	int32_t		out;

	if (h->n < r->p->col_places[j])
	{
		h->row[h->n++] = i;
		return -1;
	}
	for (int32_t k = 1; k < h->n; k++)
		if (col_prefers(r, j, h->row[worst], h->row[k]))
			worst = k;
	if (!col_prefers(r, j, i, h->row[worst]))
		return i;
	out = h->row[worst];
	h->row[worst] = i;
	return out;
}

/* Rows with one place each propose one after another, a row turned out at
 * once: returns whether the pairs are those of p. */
static bool
sorted_solve(const MtrStable *p, double *seconds)
{
	size_t		ncells = (size_t) p->nrows * p->ncols;
	Rival		r = {.p = p};
	double		before = cpu_seconds();
	int32_t		nwrong = -p->npairs;

	r.list = reserve(ncells, sizeof(Ranked));
	r.right = reserve(ncells, sizeof(int32_t));
	r.next = reserve(p->nrows, sizeof(int32_t));
	r.held = reserve(p->ncols, sizeof(Held));
	memset(r.held, 0, p->ncols * sizeof(Held));
	memset(r.next, 0, p->nrows * sizeof(int32_t));
	sort_rows(&r);
	for (int32_t first = 0; first < p->nrows; first++)
	{
		int32_t		i = first;

		while (i >= 0 && r.next[i] < p->ncols)
			i = propose_sorted(&r, i, r.list[(size_t) i * p->ncols +
											 r.next[i]++].col);
	}
	*seconds = cpu_seconds() - before;

	for (int32_t j = 0; j < p->ncols; j++)
		nwrong += r.held[j].n;
	for (int32_t k = 0; k < p->npairs; k++)
	{
		const Held *h = &r.held[p->pair_col[k]];
		int32_t		at = 0;

		while (at < h->n && h->row[at] != p->pair_row[k])
			at++;
		nwrong += at == h->n;
	}
	free(r.list);
	free(r.right);
	free(r.next);
	free(r.held);
	return nwrong == 0;
}

/* ----------
 * Figures
 * ----------
 */

/* Milliseconds that making all rows once takes */
static double
row_ms(const MtrStable *p)
{
	MtrStableRow row = {.n = p->ncols};
	double		before = cpu_seconds();

	row.left_room = reserve(p->ncols, sizeof(int32_t));
	row.right_room = reserve(p->ncols, sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		p->read_row(p->state, i, &row);
	free(row.left_room);
	free(row.right_room);
	return 1000 * (cpu_seconds() - before);
}

/* Milliseconds of the checker; -1 if it objects */
static double
check_ms(const MtrStable *p)
{
	void	   *scratch = reserve(mtr_stable_check_size(p), 1);
	MtrStableCheck check = {0};
	double		before = cpu_seconds();
	MtrStatus	status = mtr_stable_blocking(p, &check, scratch);
	double		ms = 1000 * (cpu_seconds() - before);

	free(scratch);
	return status == MTR_OK && check.fault == MTR_STABLE_FEASIBLE &&
		check.nblocking == 0 ? ms : -1;
}

static bool
measure(const char *name, Kind kind, int32_t n)
{
	Maker		maker = {.kind = kind,.ncols = n / 3};
	MtrStable	p = {.nrows = n,.ncols = n / 3,.read_row = make_row,
	.state = &maker};
	int32_t    *row_places = reserve(n, sizeof(int32_t));
	int32_t    *col_places = reserve(n, sizeof(int32_t));
	double		ms[2],
				rival = 0,
				check;
	bool		good = true;

	maker.row = reserve(n, sizeof(uint32_t));
	maker.col = reserve(n, sizeof(uint32_t));
	for (int32_t i = 0; i < n; i++)
	{
		row_places[i] = 1;
		maker.row[i] = rnd(UINT32_MAX);
	}
	for (int32_t j = 0; j < n / 3; j++)
	{
		col_places[j] = 1 + rnd(5);
		maker.col[j] = rnd(UINT32_MAX);
	}
	p.row_places = row_places;
	p.col_places = col_places;
	make_outputs(&p);

	ms[0] = 1000 * median_seconds(&p, plain_stable_solve);
	ms[1] = 1000 * median_seconds(&p, mtr_stable_solve);
	check = check_ms(&p);
	good = check >= 0 && (n > MAX_RIVAL || sorted_solve(&p, &rival));
	printf("%-10s %6d %8.1f %8.1f %8.1f %8.1f", name, (int) n, row_ms(&p),
		   ms[1], ms[0], check);
	if (n <= MAX_RIVAL)
		printf(" %9.1f %6.0fx", 1000 * rival, 1000 * rival / ms[1]);
	else
		printf(" %9s %7s", "-", "-");
	printf(" %9lld %7lld %7.1f%s\n", (long long) p.proposals,
		   (long long) p.rows_read,
		   mtr_stable_scratch_size(&p) / 1048576.0,
		   good ? "" : "  WRONG");
	free_outputs(&p);
	free(row_places);
	free(col_places);
	free(maker.row);
	free(maker.col);
	return good;
}

static bool
solve_file(const char *name)
{
	FILE	   *file = fopen(name, "rb");
	int32_t		size[2] = {0, 0};
	MtrStable	p = {.read_row = stored_row};
	Stored		stored;
	size_t		ncells;
	int32_t    *numbers;
	int64_t		left = 0,
				right = 0;
	double		seconds;

	if (file == NULL || fread(size, sizeof(int32_t), 2, file) != 2)
	{
		perror(name);
		return false;
	}
	ncells = (size_t) size[0] * size[1];
	numbers = reserve(2 * ncells + size[0] + size[1], sizeof(int32_t));
	if (fread(numbers, sizeof(int32_t), 2 * ncells + size[0] + size[1],
			  file) != 2 * ncells + size[0] + size[1])
	{
		fprintf(stderr, "%s is too short\n", name);
		return false;
	}
	fclose(file);
	p.nrows = size[0];
	p.ncols = size[1];
	p.row_places = numbers;
	p.col_places = numbers + size[0];
	stored.ncols = size[1];
	stored.left = numbers + size[0] + size[1];
	stored.right = stored.left + ncells;
	p.state = &stored;
	make_outputs(&p);
	seconds = median_seconds(&p, mtr_stable_solve);
	for (int32_t k = 0; k < p.npairs; k++)
	{
		left += p.pair_left[k];
		right += p.pair_right[k];
	}
	printf("%.6f %d %lld %lld\n", seconds, (int) p.npairs, (long long) left,
		   (long long) right);
	free_outputs(&p);
	free(numbers);
	return true;
}

int
main(int argc, char **argv)
{
	static const struct
	{
		const char *name;
		Kind		kind;
	}			kinds[] = {
		{"uniform", UNIFORM}, {"programme", PROGRAMME},
		{"percent", PERCENT}, {"agreed", AGREED}
	};
	bool		good = true;

	if (argc > 1)
	{
		for (int k = 1; k < argc; k++)
			good = solve_file(argv[k]) && good;
		return !good;
	}
	printf("n rows, n / 3 columns of 1 to 5 places; milliseconds of CPU\n"
		   "%-10s %6s %8s %8s %8s %8s %9s %7s %9s %7s %7s\n", "", "n",
		   "rows", "kernel", "plain", "checker", "sorting", "ratio",
		   "proposals", "reads", "MB");
	for (int k = 0; k < 4; k++)
		for (int32_t n = 1000; n <= 30000; n *= n == 1000 ? 10 : 3)
			good = measure(kinds[k].name, kinds[k].kind, n) && good;
	return !good;
}
