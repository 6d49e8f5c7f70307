/*
 * lazy_bench.c
 *	  speed of the lazy assignment kernel, in CPU time of one core
 *
 * Without arguments it prints three tables:
 *
 * - the kernel against the dense one on matrices, most of them scores of
 *	 people, some made to defeat short lists, where it hands over;
 * - score and solve together, no matrix being stored;
 * - a change at a time, made optimal again.
 *
 * It fails when totals differ.  Arguments "solve KIND ROWS COLUMNS PLACES FILE"
 * write such a problem to a file (int32: the columns' places, then the
 * scores), solve it, and print median seconds, pairs and total, for
 * lazy_bench.py to compare with scipy; "large ROWS" prints one line of the
 * second table, "changes" the third.  Medians are of 7 runs, or fewer if these take longer than
 * 2 s.
 *
 * People: 0.45 coverage of 10 wanted of 300 skills at levels 1 to 5, low
 * numbers being popular, 0.2 Jaccard of 5 of 100 interests, 0.15 years of
 * seniority between them, 0.1 same department, 0.1 near time zones.
 *
 *	 gcc -std=gnu99 -O3 -ffp-contract=off -Isrc/kernel \
 *		 test/bench/lazy_bench.c src/kernel/assign.c src/kernel/lazy.c \
 *		 test/unit/poll.c -lm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "assign.h"
#include "lazy.h"

#define MAX_RUNS 7
#define MAX_SECONDS 2.0

#define NSKILLS 300
#define NINTERESTS 100
#define WANTED 10
#define OFFERED 12
#define LIKED 5

/* Mentors scored at a time */
#define SOME 4096

typedef enum Kind
{
	PEOPLE,
	PERCENT,					/* the same in whole percent: many ties */
	UNIFORM,
	PRODUCT,					/* row * column, the worst for any search */
	POPULAR,					/* all agree about the order, nearly */
	EQUAL,
	BLOCKS						/* equal within groups of people */
} Kind;

static const char *const kind_name[] = {
	"people", "percent", "uniform", "product", "popular", "equal", "blocks"
};

/* One side of a market; skills and interests of mentors are kept by skill */
typedef struct Side
{
	int32_t		n;
	int32_t    *skill;			/* [n * WANTED] of mentees */
	uint8_t    *want;			/* [n * WANTED] at which level */
	int32_t    *interest;		/* [n * LIKED] */
	uint8_t    *level;			/* [NSKILLS * n] of mentors, 0 = none */
	uint8_t    *likes;			/* [NINTERESTS * n] */
	int32_t    *years;
	int32_t    *unit;
	int32_t    *zone;
} Side;

typedef struct People
{
	Side		mentee;
	Side		mentor;
	bool		whole_percent;
} People;

typedef struct Matrix
{
	const int32_t *score;
	int32_t		ncols;
} Matrix;

static const int32_t jaccard[LIKED + 1] = {
	0, 22222, 50000, 85714, 133333, 200000
};

static double
median(double *seconds, int n)
{
	qsort(seconds, n, sizeof(double), compare_doubles);
	return seconds[n / 2];
}

/*
 * People
 */

/* One of the skills the person doesn't have yet; low numbers are popular */
static int32_t
draw_skill(const uint8_t *has)
{
	static int64_t upto[NSKILLS + 1];
	int32_t		low,
				high;

	for (int k = 0; k < NSKILLS && upto[NSKILLS] == 0; k++)
		upto[k + 1] = upto[k] + (int64_t) (1e6 * pow(k + 1, -0.8));
	do
	{
		int64_t		at = ((int64_t) rnd(1 << 30) * upto[NSKILLS]) >> 30;

		for (low = 0, high = NSKILLS; high - low > 1;)
		{
			int32_t		middle = (low + high) / 2;

			if (upto[middle] <= at)
				low = middle;
			else
				high = middle;
		}
	} while (has[low]);
	return low;
}

static void
make_mentee(Side *side, int32_t i)
{
	uint8_t		has[NSKILLS] = {0},
				likes[NINTERESTS] = {0};

	for (int k = 0; k < WANTED; k++)
	{
		int32_t		skill = draw_skill(has);

		has[skill] = 1;
		side->skill[(size_t) i * WANTED + k] = skill;
		side->want[(size_t) i * WANTED + k] = 1 + rnd(5);
	}
	for (int k = 0; k < LIKED;)
	{
		int32_t		l = rnd(NINTERESTS);

		if (likes[l])
			continue;
		likes[l] = 1;
		side->interest[(size_t) i * LIKED + k++] = l;
	}
	side->years[i] = rnd(2000);
	side->unit[i] = rnd(12);
	side->zone[i] = rnd(1000);
}

static void
make_mentor(Side *side, int32_t j)
{
	uint8_t		has[NSKILLS] = {0};

	for (int k = 0; k < OFFERED; k++)
	{
		int32_t		skill = draw_skill(has);

		has[skill] = 1;
		side->level[(size_t) skill * side->n + j] = 1 + rnd(5);
	}
	for (int k = 0; k < LIKED;)
	{
		uint8_t    *likes = &side->likes[(size_t) rnd(NINTERESTS) * side->n +
										 j];

		k += !*likes;
		*likes = 1;
	}
	side->years[j] = 300 + rnd(2700);
	side->unit[j] = rnd(12);
	side->zone[j] = rnd(1000);
}

static People *
make_people(int32_t nmentees, int32_t nmentors)
{
	People	   *p = reserve(1, sizeof(People));
	Side	   *a = &p->mentee,
			   *b = &p->mentor;

	rng_state = FIRST_STATE;
	a->n = nmentees;
	b->n = nmentors;
	a->skill = reserve((size_t) a->n * WANTED, sizeof(int32_t));
	a->want = reserve((size_t) a->n * WANTED, 1);
	a->interest = reserve((size_t) a->n * LIKED, sizeof(int32_t));
	b->level = reserve((size_t) b->n * NSKILLS, 1);
	b->likes = reserve((size_t) b->n * NINTERESTS, 1);
	for (Side *s = a; s != NULL; s = s == a ? b : NULL)
	{
		s->years = reserve(s->n, sizeof(int32_t));
		s->unit = reserve(s->n, sizeof(int32_t));
		s->zone = reserve(s->n, sizeof(int32_t));
	}
	for (int32_t i = 0; i < a->n; i++)
		make_mentee(a, i);
	for (int32_t j = 0; j < b->n; j++)
		make_mentor(b, j);
	return p;
}

static void
free_people(People *p)
{
	free(p->mentee.skill);
	free(p->mentee.want);
	free(p->mentee.interest);
	free(p->mentor.level);
	free(p->mentor.likes);
	for (Side *s = &p->mentee; s != NULL;
		 s = s == &p->mentee ? &p->mentor : NULL)
	{
		free(s->years);
		free(s->unit);
		free(s->zone);
	}
	free(p);
}

static inline int32_t
score_of(int32_t cover, int32_t common, int32_t years, int32_t zones,
		 bool same_unit)
{
	int32_t		gap = 150 * (1000 - abs(years - 600)),
				near = 100 * (1000 - 2 * abs(zones));

	return 750 * cover + jaccard[common] + (gap > 0 ? gap : 0) +
		(near > 0 ? near : 0) + (same_unit ? 100000 : 0);
}

/* How much of a skill mentors cover, in sixtieths: levels 1 to 5 divide 60 */
static inline void
add_cover(uint16_t *restrict cover, const uint8_t *restrict level,
		  uint8_t want, int32_t n)
{
	uint16_t	factor = 60 / want;

	for (int32_t j = 0; j < n; j++)
		cover[j] += (uint16_t) (level[j] < want ? level[j] : want) * factor;
}

static inline void
add_common(uint8_t *restrict common, const uint8_t *restrict likes, int32_t n)
{
	for (int32_t j = 0; j < n; j++)
		common[j] += likes[j];
}

/* A mentee's score with some mentors, few enough to stay in the cache */
MTR_SIMD static void
score_some(const People *p, int32_t row, int32_t first, int32_t n,
		   int32_t *restrict number)
{
	const Side *a = &p->mentee,
			   *b = &p->mentor;
	const int32_t *restrict years = b->years + first,
			   *restrict unit = b->unit + first,
			   *restrict zone = b->zone + first;
	uint16_t	cover[SOME] = {0};
	uint8_t		common[SOME] = {0};

	for (size_t k = (size_t) row * WANTED; k < (row + (size_t) 1) * WANTED;
		 k++)
		add_cover(cover, b->level + (size_t) a->skill[k] * b->n + first,
				  a->want[k], n);
	for (size_t k = (size_t) row * LIKED; k < (row + (size_t) 1) * LIKED; k++)
		add_common(common, b->likes + (size_t) a->interest[k] * b->n + first,
				   n);
	for (int32_t j = 0; j < n; j++)
		number[j] = score_of(cover[j], common[j], years[j] - a->years[row],
							 zone[j] - a->zone[row], unit[j] == a->unit[row]);
	if (p->whole_percent)
		for (int32_t j = 0; j < n; j++)
			number[j] = number[j] / 10000 * 10000;
}

static void
score_mentee(void *state, int32_t row, int32_t *number)
{
	const People *p = state;
	int32_t		n = p->mentor.n;

	for (int32_t first = 0; first < n; first += SOME)
		score_some(p, row, first, n - first < SOME ? n - first : SOME,
				   number + first);
}

/* A mentor's score with all mentees */
static void
score_mentor(void *state, int32_t col, int32_t *number)
{
	const People *p = state;
	const Side *a = &p->mentee,
			   *b = &p->mentor;
	uint8_t		level[NSKILLS],
				likes[NINTERESTS];

	for (int k = 0; k < NSKILLS; k++)
		level[k] = b->level[(size_t) k * b->n + col];
	for (int k = 0; k < NINTERESTS; k++)
		likes[k] = b->likes[(size_t) k * b->n + col];
	for (int32_t i = 0; i < a->n; i++)
	{
		int32_t		cover = 0,
					common = 0;

		for (int k = 0; k < WANTED; k++)
		{
			int			want = a->want[(size_t) i * WANTED + k],
						has = level[a->skill[(size_t) i * WANTED + k]];

			cover += (has < want ? has : want) * (60 / want);
		}
		for (int k = 0; k < LIKED; k++)
			common += likes[a->interest[(size_t) i * LIKED + k]];
		number[i] = score_of(cover, common, b->years[col] - a->years[i],
							 b->zone[col] - a->zone[i],
							 b->unit[col] == a->unit[i]);
		if (p->whole_percent)
			number[i] = number[i] / 10000 * 10000;
	}
}

/*
 * Problems
 */

static void
copy_row(void *state, int32_t row, int32_t *number)
{
	const Matrix *m = state;

	memcpy(number, m->score + (size_t) row * m->ncols,
		   m->ncols * sizeof(int32_t));
}

static int32_t
other_score(Kind kind, int32_t i, int32_t j, const MtrAssign *p)
{
	int32_t		group = i * 10 / p->nrows,
				other = j * 10 / p->ncols;

	switch (kind)
	{
		case UNIFORM:
			return (int32_t) rnd(1000001);
		case PRODUCT:
			return 1000000 - (int32_t) ((i + 1.0) * (j + 1.0) * 1000000 /
										p->nrows / p->ncols);
		case POPULAR:
			return 1000000 - (int32_t) (j * 900000.0 / p->ncols) -
				(int32_t) rnd(1000);
		case BLOCKS:
			return group == other ? 800000 :
				200000 + (group + other) % 10 * 10000;
		default:
			return 500000;
	}
}

static int32_t *
make_matrix(Kind kind, const MtrAssign *p)
{
	int32_t    *score = reserve((size_t) p->nrows * p->ncols,
								sizeof(int32_t));
	People	   *people;

	if (kind != PEOPLE && kind != PERCENT)
	{
		rng_state = FIRST_STATE;
		for (int32_t i = 0; i < p->nrows; i++)
			for (int32_t j = 0; j < p->ncols; j++)
				score[(size_t) i * p->ncols + j] = other_score(kind, i, j, p);
		return score;
	}
	people = make_people(p->nrows, p->ncols);
	people->whole_percent = kind == PERCENT;
	for (int32_t i = 0; i < p->nrows; i++)
		score_mentee(people, i, score + (size_t) i * p->ncols);
	free_people(people);
	return score;
}

static int32_t *
make_places(int32_t n, int32_t most)
{
	int32_t    *places = reserve(n, sizeof(int32_t));

	rng_state = FIRST_STATE;
	for (int32_t i = 0; i < n; i++)
		places[i] = 1 + rnd(most);
	return places;
}

/* A problem without scores, and room for its answer */
static MtrAssign
make_problem(int32_t nrows, int32_t ncols, int32_t col_places)
{
	MtrAssign	p = {.nrows = nrows,.ncols = ncols,.most_pairs = true};
	size_t		most;

	p.row_places = make_places(nrows, 1);
	p.col_places = make_places(ncols, col_places);
	most = mtr_assign_max_pairs(&p);
	p.pair_row = reserve(most, sizeof(int32_t));
	p.pair_col = reserve(most, sizeof(int32_t));
	p.row_cover = reserve(nrows, 1);
	p.col_cover = reserve(ncols, 1);
	p.row_price = reserve(nrows, sizeof(int64_t));
	p.col_price = reserve(ncols, sizeof(int64_t));
	return p;
}

/* The same for the lazy kernel, with the same places for the answer */
static MtrLazy
lazy_of(MtrAssign *p, MtrRowFunction row, void *row_state)
{
	MtrLazy		q = {.nrows = p->nrows,.ncols = p->ncols};

	q.row = row;
	q.row_state = row_state;
	q.row_places = p->row_places;
	q.col_places = p->col_places;
	q.most_pairs = p->most_pairs;
	q.may_hand_over = p->score != NULL;
	q.pair_row = p->pair_row;
	q.pair_col = p->pair_col;
	q.pair_score = reserve(mtr_assign_max_pairs(p), sizeof(int32_t));
	q.row_cover = p->row_cover;
	q.col_cover = p->col_cover;
	q.row_price = p->row_price;
	q.col_price = p->col_price;
	return q;
}

static void
free_problem(MtrAssign *p, MtrLazy *q)
{
	free((void *) p->score);
	free((void *) p->row_places);
	free((void *) p->col_places);
	free(p->pair_row);
	free(p->pair_col);
	free(q->pair_score);
	free(p->row_cover);
	free(p->col_cover);
	free(p->row_price);
	free(p->col_price);
}

static void
must(MtrStatus status)
{
	if (status != MTR_OK)
	{
		fprintf(stderr, "the problem was refused\n");
		exit(1);
	}
}

static double
time_dense(MtrAssign *p)
{
	double		seconds[MAX_RUNS],
				sum = 0;
	int			n = 0;
	void	   *scratch = reserve(mtr_assign_scratch_size(p), 1);

	while (n < MAX_RUNS && sum < MAX_SECONDS)
	{
		double		before = cpu_seconds();

		must(mtr_assign_solve(p, scratch));
		seconds[n] = cpu_seconds() - before;
		sum += seconds[n++];
	}
	free(scratch);
	return median(seconds, n);
}

/* With what the dense kernel does after it, if lists don't help */
static double
time_lazy(MtrLazy *q, MtrAssign *p, bool *handed_over)
{
	double		seconds[MAX_RUNS],
				sum = 0;
	int			n = 0;
	void	   *scratch = reserve(mtr_lazy_scratch_size(q), 1),
			   *dense = reserve(mtr_assign_scratch_size(p), 1);

	while (n < MAX_RUNS && sum < MAX_SECONDS)
	{
		double		before = cpu_seconds();
		MtrStatus	status = mtr_lazy_solve(q, scratch);

		p->npairs = q->npairs;
		p->total = q->total;
		*handed_over = status == MTR_DEGENERATE;
		if (*handed_over)
			status = mtr_assign_resume(p, dense);
		must(status);
		seconds[n] = cpu_seconds() - before;
		sum += seconds[n++];
	}
	free(scratch);
	free(dense);
	return median(seconds, n);
}

/*
 * Against the dense kernel
 */

typedef struct Instance
{
	Kind		kind;
	int32_t		nrows;
	int32_t		ncols;
	int32_t		col_places;		/* at most */
} Instance;

static const Instance instances[] = {
	{PEOPLE, 1000, 1000, 1},
	{PEOPLE, 2000, 2000, 1},
	{PEOPLE, 5000, 5000, 1},
	{PERCENT, 2000, 2000, 1},
	{PERCENT, 5000, 5000, 1},
	{UNIFORM, 2000, 2000, 1},
	{PEOPLE, 6000, 2000, 5},
	{PEOPLE, 6000, 2000, 3},
	{PEOPLE, 2000, 6000, 1},
	{PEOPLE, 5250, 5000, 1},
	{PRODUCT, 1000, 1000, 1},
	{POPULAR, 1000, 1000, 1},
	{EQUAL, 2000, 2000, 1},
	{BLOCKS, 2000, 2000, 1}
};

static bool
run_matrices(void)
{
	bool		equal = true;

	printf("%-8s %15s %7s %7s %9s %9s %6s %6s\n", "scores",
		   "rows x columns", "places", "pairs", "ms", "dense ms", "ratio",
		   "reads");
	for (size_t k = 0; k < sizeof(instances) / sizeof(instances[0]); k++)
	{
		const Instance *i = &instances[k];
		MtrAssign	p = make_problem(i->nrows, i->ncols, i->col_places);
		Matrix		m;
		MtrLazy		q;
		bool		handed_over;
		double		ours,
					dense;
		int64_t		total;

		p.score = m.score = make_matrix(i->kind, &p);
		m.ncols = i->ncols;
		q = lazy_of(&p, copy_row, &m);
		ours = time_lazy(&q, &p, &handed_over);
		total = p.total;
		dense = time_dense(&p);
		equal &= total == p.total;
		printf("%-8s %7d x %5d %7d %7d %9.2f %9.2f %6.2f %6.2f%s\n",
			   kind_name[i->kind], (int) p.nrows, (int) p.ncols,
			   (int) i->col_places, (int) p.npairs, ours * 1e3, dense * 1e3,
			   dense / ours, q.rows_scored / (double) p.nrows,
			   handed_over ? "  handed over" : "");
		fflush(stdout);
		free_problem(&p, &q);
	}
	if (!equal)
		printf("totals differ\n");
	return equal;
}

/*
 * Without a matrix
 */

/* Do the prices prove the answer against every pair? */
static bool
is_proved(const MtrLazy *q, int32_t *number)
{
	int64_t		bound = 0,
				pairs = 0;

	for (int32_t i = 0; i < q->nrows; i++)
	{
		pairs += q->row_cover[i];
		bound += q->row_price[i];
	}
	for (int32_t j = 0; j < q->ncols; j++)
	{
		pairs += (int64_t) q->col_cover[j] * q->col_places[j];
		bound += q->col_price[j] * q->col_places[j];
	}
	for (int32_t i = 0; i < q->nrows; i++)
	{
		q->row(q->row_state, i, number);
		for (int32_t j = 0; j < q->ncols; j++)
		{
			int			cover = q->row_cover[i] + q->col_cover[j];

			if (cover == 0 ||
				(cover == 1 &&
				 number[j] > q->row_price[i] + q->col_price[j]))
				return false;
		}
	}
	return pairs == q->npairs && bound == q->total;
}

static bool
run_large(int32_t n)
{
	MtrAssign	p = make_problem(n, n, 1);
	People	   *people = make_people(n, n);
	MtrLazy		q = lazy_of(&p, score_mentee, people);
	int32_t    *number = reserve(n, sizeof(int32_t));
	int32_t		sample = 20000000 / n + 1;
	void	   *scratch = reserve(mtr_lazy_scratch_size(&q), 1);
	double		before = cpu_seconds(),
				score,
				seconds;
	bool		proved;

	for (int32_t i = 0; i < sample; i++)
		score_mentee(people, i % n, number);
	score = (cpu_seconds() - before) / sample / n;
	before = cpu_seconds();
	must(mtr_lazy_solve(&q, scratch));
	seconds = cpu_seconds() - before;
	proved = is_proved(&q, number);
	printf("%7d x %6d %10.2f %10.2f %10.2f %7.2f %10.1f%s\n", (int) n, (int) n,
		   score * 1e9, seconds, score * n * q.rows_scored,
		   q.rows_scored / (double) n,
		   mtr_lazy_scratch_size(&q) / 1048576.0,
		   proved ? "" : "  not proved");
	fflush(stdout);
	free(number);
	free(scratch);
	free_people(people);
	free_problem(&p, &q);
	return proved;
}

static void
large_head(void)
{
	printf("%16s %10s %10s %10s %7s %10s\n", "rows x columns", "ns a pair",
		   "s in all", "s scoring", "reads", "MB scratch");
}

/*
 * Changes
 */

typedef enum Change
{
	ROW_SCORES,
	ROW_LEAVES,
	ROW_COMES,
	COL_SCORES,
	COL_LEAVES,
	COL_COMES,
	NCHANGES
} Change;

static const char *const change_name[] = {
	"a mentee's scores", "a mentee leaves", "a mentee comes",
	"a mentor's scores", "a mentor leaves", "a mentor comes"
};

#define CHANGES_EACH 15

/* Scores, and how long it took to make them */
typedef struct Scorer
{
	People	   *people;
	double		seconds;
} Scorer;

static void
timed_mentee(void *state, int32_t i, int32_t *number)
{
	Scorer	   *s = state;
	double		before = cpu_seconds();

	score_mentee(s->people, i, number);
	s->seconds += cpu_seconds() - before;
}

static void
timed_mentor(void *state, int32_t j, int32_t *number)
{
	Scorer	   *s = state;
	double		before = cpu_seconds();

	score_mentor(s->people, j, number);
	s->seconds += cpu_seconds() - before;
}

/* Change somebody who is as he has to be for that; returns who. */
static int32_t
make_change(Change what, const MtrAssign *p, People *people)
{
	bool		is_row = what <= ROW_COMES;
	int32_t    *places = (int32_t *) (is_row ? p->row_places : p->col_places),
				n = is_row ? p->nrows : p->ncols,
				who;

	do
		who = rnd(n);
	while ((places[who] == 0) != (what == ROW_COMES || what == COL_COMES));
	if (what == ROW_SCORES)
		make_mentee(&people->mentee, who);
	else if (what == COL_SCORES)
	{
		people->mentor.years[who] = 300 + rnd(2700);
		people->mentor.unit[who] = rnd(12);
	}
	else
		places[who] = places[who] == 0;
	return who;
}

/* Change after change of a kind, and a line of the table */
static void
time_changes(Change what, const MtrAssign *p, MtrLazy *q, Scorer *s,
			 void *scratch)
{
	double		seconds[CHANGES_EACH],
				kernel[CHANGES_EACH],
				most;
	int64_t		rows = 0,
				cols = 0;

	for (int k = 0; k < CHANGES_EACH; k++)
	{
		int32_t		who = make_change(what, p, s->people);
		MtrLazyChange change = {what <= ROW_COMES, &who,
		what > ROW_COMES, &who};
		double		before = cpu_seconds();

		s->seconds = 0;
		must(mtr_lazy_resume(q, &change, scratch));
		seconds[k] = cpu_seconds() - before;
		kernel[k] = seconds[k] - s->seconds;
		rows += q->rows_scored;
		cols += q->columns_scored;
	}
	seconds[0] = median(seconds, CHANGES_EACH);
	most = seconds[CHANGES_EACH - 1];
	printf("%6d x %5d  %-18s %9.2f %9.2f %9.2f %9.1f %9.1f\n",
		   (int) p->nrows, (int) p->ncols, change_name[what],
		   median(kernel, CHANGES_EACH) * 1e3, seconds[0] * 1e3, most * 1e3,
		   rows / (double) CHANGES_EACH, cols / (double) CHANGES_EACH);
	fflush(stdout);
}

static bool
run_changes(int32_t nrows, int32_t ncols)
{
	MtrAssign	p = make_problem(nrows, ncols, 1);
	Scorer		s = {make_people(nrows, ncols), 0};
	MtrLazy		q = lazy_of(&p, timed_mentee, &s);
	void	   *scratch;
	int64_t		total;
	bool		equal;

	q.column = timed_mentor;
	q.column_state = &s;
	for (int32_t i = 0; i < nrows; i += 50)
		((int32_t *) p.row_places)[i] = 0;
	for (int32_t j = 0; j < ncols; j += 50)
		((int32_t *) p.col_places)[j] = 0;
	scratch = reserve(mtr_lazy_scratch_size(&q), 1);
	must(mtr_lazy_solve(&q, scratch));
	for (Change what = 0; what < NCHANGES; what++)
		time_changes(what, &p, &q, &s, scratch);
	total = q.total;
	must(mtr_lazy_solve(&q, scratch));
	equal = total == q.total;
	if (!equal)
		printf("totals differ\n");
	free(scratch);
	free_people(s.people);
	free_problem(&p, &q);
	return equal;
}

static bool
all_changes(void)
{
	bool		good;

	printf("\n%14s  %-18s %9s %9s %9s %9s %9s\n", "rows x columns", "change",
		   "kernel ms", "in all", "at most", "rows", "columns");
	good = run_changes(10000, 10500);
	return run_changes(10500, 10000) && good;
}

/*
 * For lazy_bench.py
 */

static void
solve_file(char **argument)
{
	Kind		kind = 0;
	MtrAssign	p = make_problem(atoi(argument[1]), atoi(argument[2]),
								 atoi(argument[3]));
	FILE	   *file = fopen(argument[4], "wb");
	Matrix		m;
	MtrLazy		q;
	bool		handed_over;
	double		seconds;
	size_t		npairs = (size_t) p.nrows * p.ncols;

	while (kind < BLOCKS && strcmp(kind_name[kind], argument[0]) != 0)
		kind++;
	p.score = m.score = make_matrix(kind, &p);
	m.ncols = p.ncols;
	q = lazy_of(&p, copy_row, &m);
	if (file == NULL ||
		fwrite(p.col_places, sizeof(int32_t), p.ncols, file) !=
		(size_t) p.ncols ||
		fwrite(p.score, sizeof(int32_t), npairs, file) != npairs ||
		fclose(file) != 0)
	{
		perror(argument[4]);
		exit(1);
	}
	seconds = time_lazy(&q, &p, &handed_over);
	printf("%.9f %d %lld\n", seconds, (int) p.npairs, (long long) p.total);
	free_problem(&p, &q);
}

int
main(int argc, char **argv)
{
	bool		good;

	if (argc == 7 && strcmp(argv[1], "solve") == 0)
	{
		solve_file(argv + 2);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "changes") == 0)
		return all_changes() ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "large") == 0)
	{
		large_head();
		return run_large(atoi(argv[2])) ? 0 : 1;
	}
	good = run_matrices();
	printf("\n");
	large_head();
	good = run_large(5000) && good;
	good = run_large(20000) && good;
	return all_changes() && good ? 0 : 1;
}
