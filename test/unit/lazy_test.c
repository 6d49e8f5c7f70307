/*
 * lazy_test.c
 *	  the lazy assignment kernel against enumeration, proof and the dense one
 *
 * Rows and columns are handed out of a matrix, so answers can be judged as in
 * assign_test.c: small ones by enumeration, all by their covers and prices,
 * and by the dense kernel's total.
 *
 * Small problems are solved with lists of one, two and many columns, by the
 * kernel and by a copy of it that has hardly an auction and little patience,
 * with and without a dense kernel to hand over to.  So that every way through
 * the kernel is gone, the ways are counted, and one not gone is a failure.
 *
 * Scratch is filled with rubbish and exactly as large as asked for.
 *
 * Build: lazy_test.c poll.c lazy.c assign.c
 */
#include "assign_check.h"
#include "lazy.h"

/* a second copy, in which small problems meet every case */
extern int64_t small_lazy_max_pairs(const MtrLazy *p);
extern size_t small_lazy_scratch_size(const MtrLazy *p);
extern MtrStatus small_lazy_solve(MtrLazy *p, void *scratch);
extern MtrStatus small_lazy_resume(MtrLazy *p, const MtrLazyChange *change,
								   void *scratch);

#define MTR_LAZY_SMALL
#define mtr_lazy_max_pairs small_lazy_max_pairs
#define mtr_lazy_scratch_size small_lazy_scratch_size
#define mtr_lazy_solve small_lazy_solve
#define mtr_lazy_resume small_lazy_resume
#include "lazy.c"
#undef mtr_lazy_max_pairs
#undef mtr_lazy_scratch_size
#undef mtr_lazy_solve
#undef mtr_lazy_resume

/* How a problem is to be solved */
typedef struct Way
{
	bool		small;			/* by the copy */
	bool		may_hand_over;
	int32_t		width;
} Way;

/* Which ways were gone, and how often */
typedef struct Gone
{
	int64_t		bids;
	int64_t		searches;
	int64_t		rebuilds;
	int64_t		whole_scans;
	int64_t		widened;
	int64_t		handed_over;
	int64_t		from_columns;	/* columns read */
} Gone;

static Gone gone;

/* Scores of a problem whose sides may still grow */
typedef struct Matrix
{
	const int32_t *score;
	int32_t		nrows;
	int32_t		ncols;
	int32_t		stride;
} Matrix;

static void
give_row(void *state, int32_t row, int32_t *number)
{
	const Matrix *m = state;

	memcpy(number, m->score + (size_t) row * m->stride,
		   m->ncols * sizeof(int32_t));
}

static void
give_column(void *state, int32_t col, int32_t *number)
{
	const Matrix *m = state;

	for (int32_t i = 0; i < m->nrows; i++)
		number[i] = m->score[(size_t) i * m->stride + col];
}

static void *
rubbish(size_t size)
{
	void	   *scratch = NULL;

	if (posix_memalign(&scratch, 64, size > 0 ? size : 1) != 0)
	{
		printf("Bail out! out of memory\n");
		exit(1);
	}
	memset(scratch, 0xA5, size);
	return scratch;
}

/*
 * Solving
 */

/* The lazy problem that writes its answer where p's goes */
static MtrLazy
lazy_of(MtrAssign *p, Matrix *m, Way way)
{
	MtrLazy		q = {.nrows = p->nrows,.ncols = p->ncols};

	m->score = p->score;
	m->nrows = p->nrows;
	m->ncols = m->stride = p->ncols;
	q.row = give_row;
	q.column = give_column;
	q.row_state = q.column_state = m;
	q.row_places = p->row_places;
	q.col_places = p->col_places;
	q.most_pairs = p->most_pairs;
	q.may_hand_over = way.may_hand_over;
	q.width = way.width;
	q.row_cover = p->row_cover;
	q.col_cover = p->col_cover;
	q.row_price = p->row_price;
	q.col_price = p->col_price;
	return q;
}

static void
make_pairs(MtrLazy *q, MtrAssign *p)
{
	int64_t		room = mtr_lazy_max_pairs(q);

	free(p->pair_row);
	free(p->pair_col);
	q->pair_row = p->pair_row = reserve(room, sizeof(int32_t));
	q->pair_col = p->pair_col = reserve(room, sizeof(int32_t));
	q->pair_score = reserve(room, sizeof(int32_t));
}

static MtrStatus
invoke(MtrLazy *q, Way way, bool resume, const MtrLazyChange *change)
{
	void	   *scratch = rubbish(way.small ? small_lazy_scratch_size(q) :
								  mtr_lazy_scratch_size(q));
	MtrStatus	status;

	if (resume)
		status = way.small ? small_lazy_resume(q, change, scratch) :
			mtr_lazy_resume(q, change, scratch);
	else
		status = way.small ? small_lazy_solve(q, scratch) :
			mtr_lazy_solve(q, scratch);
	free(scratch);
	gone.bids += q->bids;
	gone.searches += q->searches;
	gone.rebuilds += q->rebuilds;
	gone.whole_scans += q->whole_scans;
	gone.from_columns += q->columns_scored;
	return status;
}

/* Are the pairs' scores those of the matrix, and statistics possible? */
static bool
fits_matrix(const MtrLazy *q)
{
	const Matrix *m = q->row_state;

	for (int32_t k = 0; k < q->npairs; k++)
		if (q->pair_score[k] != m->score[(size_t) q->pair_row[k] * m->stride +
										 q->pair_col[k]])
			return false;
	return q->rows_scored >= q->rebuilds;
}

/* Go on until there is an answer, as lazy.h says. */
static MtrStatus
conclude(MtrLazy *q, MtrAssign *p, Way way, MtrStatus status)
{
	void	   *scratch;

	while (status == MTR_FULL && !way.may_hand_over)
	{
		gone.widened++;
		status = invoke(q, way, true, NULL);
	}
	p->npairs = q->npairs;
	p->total = q->total;
	if (status == MTR_OK && !fits_matrix(q))
		return MTR_INVALID;
	if (status == MTR_DEGENERATE && way.may_hand_over)
	{
		gone.handed_over++;
		scratch = rubbish(mtr_assign_scratch_size(p));
		status = mtr_assign_resume(p, scratch);
		free(scratch);
	}
	return status;
}

static MtrStatus
solve_lazily(MtrAssign *p, Way way)
{
	Matrix		m;
	MtrLazy		q = lazy_of(p, &m, way);
	MtrStatus	status;

	make_pairs(&q, p);
	status = conclude(&q, p, way, invoke(&q, way, false, NULL));
	free(q.pair_score);
	return status;
}

static MtrStatus
solve_densely(MtrAssign *p)
{
	int64_t		room = mtr_assign_max_pairs(p);
	void	   *scratch = rubbish(mtr_assign_scratch_size(p));
	MtrStatus	status;

	free(p->pair_row);
	free(p->pair_col);
	p->pair_row = reserve(room, sizeof(int32_t));
	p->pair_col = reserve(room, sizeof(int32_t));
	status = mtr_assign_solve(p, scratch);
	free(scratch);
	return status;
}

static MtrAssign
copy_of(const MtrAssign *p)
{
	MtrAssign	q = new_problem(p->nrows, p->ncols);

	q.most_pairs = p->most_pairs;
	memcpy((void *) q.score, p->score,
		   (size_t) p->nrows * p->ncols * sizeof(int32_t));
	memcpy((void *) q.row_places, p->row_places,
		   p->nrows * sizeof(int32_t));
	memcpy((void *) q.col_places, p->col_places,
		   p->ncols * sizeof(int32_t));
	return q;
}

/* Is p's total that of the dense kernel, and its number of pairs, too? */
static bool
agrees(const MtrAssign *p)
{
	MtrAssign	q = copy_of(p);
	bool		equal = solve_densely(&q) == MTR_OK && q.total == p->total &&
	(q.npairs == p->npairs || !p->most_pairs);

	free_problem(&q);
	return equal;
}

/*
 * Small problems
 */

static void
test_small(bool most_pairs)
{
	static const Way ways[] = {
		{false, true, 0}, {false, false, 1}, {true, false, 1},
		{true, true, 1}, {true, false, 2}, {true, true, 3}
	};
	int			ncases = 24500,
				nproved = 0,
				nbest = 0;

	for (int k = 0; k < ncases; k++)
	{
		Shape		shape = {k % 7, k / 7 % 7,
			rnd(2) ? SMALL_PLACES : -1, rnd(2) ? SMALL_PLACES : -1,
		rnd(3) == 0 ? 0 : (int) rnd(90), rnd(NSCORE_KINDS)};
		MtrAssign	p = random_problem(&shape);
		int64_t		value;

		p.most_pairs = most_pairs;
		if (solve_lazily(&p, ways[rnd(6)]) == MTR_OK)
		{
			value = p.total + (most_pairs ? p.npairs * COUNT_ONE : 0);
			nbest += value == best_value(&p);
			nproved += is_proved(&p);
		}
		free_problem(&p);
	}
	ok(nbest == ncases, most_pairs ?
	   "most_pairs: number and total of enumeration, sides 0 to 6" :
	   "best_total: total of enumeration, sides 0 to 6", ncases);
	ok(nproved == ncases, "... and all four conditions hold", ncases);
}

/*
 * Larger problems
 */

typedef struct Family
{
	const char *claim;
	Shape		shape;
	int			ncases;
} Family;

/* One of the family, of sides and kinds at random where one is meant */
static MtrAssign
member(const Shape *shape)
{
	Shape		here = *shape;

	if (shape->kind == NSCORE_KINDS)
	{
		here.nrows = 1 + (int32_t) rnd(shape->nrows);
		here.ncols = 1 + (int32_t) rnd(shape->ncols);
		here.row_places = rnd(3) ? -1 : (int32_t) rnd(8);
		here.col_places = rnd(3) ? (int32_t) rnd(8) : -1;
		here.excluded = (int) rnd(100);
		here.kind = rnd(NSCORE_KINDS);
	}
	return random_problem(&here);
}

static void
test_family(const Family *family)
{
	int			nproved = 0;

	for (int k = 0; k < family->ncases; k++)
	{
		MtrAssign	p = member(&family->shape);
		Way			way = {rnd(2), rnd(2), (int32_t) rnd(6) * rnd(6)};

		p.most_pairs = k % 2 == 0;
		nproved += solve_lazily(&p, way) == MTR_OK && is_proved(&p) &&
			agrees(&p);
		free_problem(&p);
	}
	ok(nproved == family->ncases, family->claim, family->ncases);
}

static const Family families[] = {
	{"proved and as the dense kernel, random sides to 60",
	{60, 60, 0, 0, 0, NSCORE_KINDS}, 1500},
	{"proved and as the dense kernel, random sides to 20 x 400",
	{20, 400, 0, 0, 0, NSCORE_KINDS}, 150},
	{"proved and as the dense kernel, random sides to 300 x 20",
	{300, 20, 0, 0, 0, NSCORE_KINDS}, 150},
	{"proved and as the dense kernel, 200 x 150, scores to +-10^9",
	{200, 150, -1, -1, 20, LARGEST}, 8},
	{"proved and as the dense kernel, 200 x 150, places 0 to 3",
	{200, 150, 3, 3, 20, ANY_SIGN}, 8},
	{"proved and as the dense kernel, 100 x 100, product scores",
	{100, 100, -1, -1, 0, PRODUCT}, 8},
	{"proved and as the dense kernel, 60 x 60, product scores, 5 places",
	{60, 60, -5, -5, 0, PRODUCT}, 8},
	{"proved and as the dense kernel, 300 x 300, equal scores",
	{300, 300, -1, -1, 0, EQUAL}, 8},
	{"proved and as the dense kernel, 500 rows for 40 places, few values",
	{500, 20, -1, -2, 50, FEW_VALUES}, 8},
	{"proved and as the dense kernel, 300 x 300, one pair in 50 eligible",
	{300, 300, -1, -1, 98, ANY_SIGN}, 8}
};

/*
 * Scores beyond the range of 32 bits, and prices that get there although no
 * score is: row i fits columns i and i+1 only and would lose by the second;
 * the last row fits column 0 only, which pushes all others on.
 */
static void
test_range(void)
{
	int			nproved = 0,
				nbeyond = 0,
				ncases = 0;

	for (int32_t n = 2; n <= 60; n += 2)
		for (int32_t step = 1000000; step <= 9000000; step += 2000000)
		{
			MtrAssign	p = new_problem(n, n);
			Way			way = {false, true, 0};

			p.most_pairs = true;
			set_places(p.row_places, n, -1);
			set_places(p.col_places, n, -1);
			for (int32_t i = 0; i < n; i++)
				for (int32_t j = 0; j < n; j++)
					set_score(&p, i, j, i == n - 1 ?
							  (j == 0 ? step : MTR_NO_PAIR) :
							  i == j ? step : j == i + 1 ? -step :
							  MTR_NO_PAIR);
			nproved += solve_lazily(&p, way) == MTR_OK && is_proved(&p);
			for (int32_t j = 0; j < n; j++)
				if (p.col_price[j] > 1 << 25 || p.col_price[j] < -(1 << 25))
				{
					nbeyond++;
					break;
				}
			ncases++;
			free_problem(&p);
		}
	ok(nproved == ncases && nbeyond > 0,
	   "prices beyond 32 bits are found with 64", ncases);
}

/*
 * Changes
 */

/* A problem with room to grow, its outputs in arrays for its largest size */
typedef struct Market
{
	MtrAssign	p;				/* of the largest size */
	Matrix		m;
	MtrLazy		q;				/* as large as it is now */
	Shape		shape;
	int32_t    *row;			/* changed in this step */
	int32_t    *col;
	MtrLazyChange change;
} Market;

static void
open_market(Market *t, const Shape *shape, bool most_pairs, Way way)
{
	int64_t		room;

	memset(t, 0, sizeof(Market));
	t->shape = *shape;
	t->p = random_problem(shape);
	t->p.most_pairs = most_pairs;
	t->q = lazy_of(&t->p, &t->m, way);
	t->row = reserve(shape->nrows, sizeof(int32_t));
	t->col = reserve(shape->ncols, sizeof(int32_t));
	room = (int64_t) shape->nrows * shape->ncols;
	t->q.pair_row = t->p.pair_row = reserve(room, sizeof(int32_t));
	t->q.pair_col = t->p.pair_col = reserve(room, sizeof(int32_t));
	t->q.pair_score = reserve(room, sizeof(int32_t));
	t->m.nrows = t->q.nrows = (shape->nrows + 1) / 2;
	t->m.ncols = t->q.ncols = (shape->ncols + 1) / 2;
}

static void
close_market(Market *t)
{
	free(t->q.pair_score);
	free(t->row);
	free(t->col);
	free_problem(&t->p);
}

static void
change_row(Market *t, int32_t i)
{
	int			what = rnd(4);

	t->row[t->change.nrows++] = i;
	if (what != 0)
		((int32_t *) t->p.row_places)[i] = t->shape.row_places < 0 ?
			what > 1 : (int32_t) rnd(t->shape.row_places + 1);
	if (what != 1)
		for (int32_t j = 0; j < t->p.ncols; j++)
			if (rnd(3) > 0)
				set_score(&t->p, i, j, (int) rnd(100) < t->shape.excluded ?
						  MTR_NO_PAIR : random_score(&t->shape, i, j));
}

static void
change_col(Market *t, int32_t j)
{
	int			what = rnd(4);

	t->col[t->change.ncols++] = j;
	if (what != 0)
		((int32_t *) t->p.col_places)[j] = t->shape.col_places < 0 ?
			what > 1 : (int32_t) rnd(t->shape.col_places + 1);
	if (what != 1)
		for (int32_t i = 0; i < t->p.nrows; i++)
			if (rnd(3) > 0)
				set_score(&t->p, i, j, (int) rnd(100) < t->shape.excluded ?
						  MTR_NO_PAIR : random_score(&t->shape, i, j));
}

/* Rows and columns that come or change, none twice */
static void
make_change(Market *t)
{
	int32_t		nrows = t->q.nrows,
				ncols = t->q.ncols;

	t->change.nrows = t->change.ncols = 0;
	for (int32_t i = 0; i < nrows; i++)
		if (rnd(nrows + 1) == 0)
			change_row(t, i);
	for (int32_t j = 0; j < ncols; j++)
		if (rnd(ncols + 1) == 0)
			change_col(t, j);
	if (nrows < t->p.nrows && rnd(4) == 0)
		t->row[t->change.nrows++] = t->q.nrows++;
	if (ncols < t->p.ncols && rnd(4) == 0)
		t->col[t->change.ncols++] = t->q.ncols++;
	t->m.nrows = t->q.nrows;
	t->m.ncols = t->q.ncols;
	t->change.row = t->row;
	t->change.col = t->col;
}

/* The present problem as one of its own; answers go where the market's do */
static MtrAssign
snapshot(const Market *t)
{
	MtrAssign	p = t->p;
	int32_t    *score = reserve((int64_t) t->q.nrows * t->q.ncols,
								sizeof(int32_t));

	p.nrows = t->q.nrows;
	p.ncols = t->q.ncols;
	for (int32_t i = 0; i < p.nrows; i++)
		memcpy(score + (size_t) i * p.ncols,
			   t->p.score + (size_t) i * t->p.ncols,
			   p.ncols * sizeof(int32_t));
	p.score = score;
	return p;
}

/* Solve, then change again and again; how many answers were right? */
static int
follow(const Shape *shape, bool most_pairs, Way way, int nsteps)
{
	Market		t;
	int			nright = 0;

	open_market(&t, shape, most_pairs, way);
	for (int k = 0; k < nsteps; k++)
	{
		MtrStatus	status;
		MtrAssign	p;

		t.q.width = way.width;
		if (k > 0)
			make_change(&t);
		p = snapshot(&t);
		status = invoke(&t.q, way, k > 0, &t.change);

		status = conclude(&t.q, &p, way, status);
		nright += status == MTR_OK && is_proved(&p) && agrees(&p);

		/* go on from there, also if the dense kernel did it */
		t.q.npairs = p.npairs;
		for (int32_t s = 0; s < p.npairs; s++)
			t.q.pair_score[s] = score_at(&p, p.pair_row[s], p.pair_col[s]);
		free((void *) p.score);
		if (status != MTR_OK)
			break;
	}
	close_market(&t);
	return nright;
}

static void
test_changes(const char *claim, Shape shape, int nruns, int nsteps)
{
	int			nright = 0;

	for (int k = 0; k < nruns; k++)
	{
		Way			way = {rnd(2), rnd(4) == 0, (int32_t) rnd(6)};
		Shape		here = shape;

		if (shape.kind == NSCORE_KINDS)
		{
			here.kind = rnd(NSCORE_KINDS);
			here.nrows = 2 + (int32_t) rnd(shape.nrows - 1);
			here.ncols = 2 + (int32_t) rnd(shape.ncols - 1);
			here.row_places = rnd(2) ? -1 : 3;
			here.col_places = rnd(2) ? -1 : 3;
			here.excluded = rnd(2) ? 0 : (int) rnd(90);
		}
		nright += follow(&here, k % 2 == 0, way, nsteps);
	}
	ok(nright == nruns * nsteps, claim, (int64_t) nruns * nsteps);
}

/* A call that names nothing changed does nothing, and needs no column. */
static void
test_no_change(void)
{
	int			ncases = 200,
				nsame = 0;

	for (int k = 0; k < ncases; k++)
	{
		Shape		shape = {30, 30, 0, 0, 0, NSCORE_KINDS};
		MtrAssign	p = member(&shape);
		Matrix		m;
		Way			way = {false, false, 0};
		MtrLazyChange none = {0};
		MtrLazy		q;
		int64_t		total;

		p.most_pairs = k % 2 == 0;
		q = lazy_of(&p, &m, way);
		make_pairs(&q, &p);
		nsame += invoke(&q, way, false, NULL) == MTR_OK;

		total = q.total;
		q.column = NULL;
		nsame -= invoke(&q, way, true, &none) != MTR_OK ||
			q.rows_scored != 0 || q.total != total;

		p.npairs = q.npairs;
		p.total = q.total;
		nsame -= !is_proved(&p);
		free(q.pair_score);
		free_problem(&p);
	}
	ok(nsame == ncases, "no change, no row scored", ncases);
}

/*
 * The dense kernel's start
 */

/* Any other answer as good is kept as it is; a wrong one is no harm. */
static void
test_dense_start(void)
{
	int			ncases = 2000,
				nkept = 0,
				nrepaired = 0;

	for (int k = 0; k < ncases; k++)
	{
		Shape		shape = {12, 12, 0, 0, 0, NSCORE_KINDS};
		MtrAssign	p = member(&shape),
					q;
		Way			way = {true, false, 1};
		void	   *scratch;

		p.most_pairs = k % 2 == 0;
		q = copy_of(&p);
		if (solve_lazily(&p, way) != MTR_OK || solve_densely(&q) != MTR_OK)
			break;
		scratch = rubbish(mtr_assign_scratch_size(&q));
		memcpy(q.pair_row, p.pair_row, p.npairs * sizeof(int32_t));
		memcpy(q.pair_col, p.pair_col, p.npairs * sizeof(int32_t));
		memcpy(q.col_cover, p.col_cover, p.ncols);
		memcpy(q.col_price, p.col_price, p.ncols * sizeof(int64_t));
		q.npairs = p.npairs;
		nkept += mtr_assign_resume(&q, scratch) == MTR_OK && is_proved(&q) &&
			q.npairs == p.npairs &&
			memcmp(q.pair_col, p.pair_col, p.npairs * sizeof(int32_t)) == 0;
		for (int32_t j = 0; j < q.ncols; j++)
			q.col_price[j] += (int64_t) rnd(3) * rnd(1000);
		if (q.npairs > 0)
			q.npairs -= (int32_t) rnd(q.npairs);
		nrepaired += mtr_assign_resume(&q, scratch) == MTR_OK &&
			is_proved(&q) && q.total == p.total;
		free(scratch);
		free_problem(&p);
		free_problem(&q);
	}
	ok(nkept == ncases, "the dense kernel keeps an optimal start", ncases);
	ok(nrepaired == ncases, "... and survives a wrong one", ncases);
}

/*
 * Limits of the contract
 */

static MtrStatus
status_with(int32_t *(*where) (MtrAssign *), int32_t value)
{
	Shape		shape = {3, 4, -1, -1, 0, ANY_SIGN};
	Way			way = {false, true, 0};
	MtrAssign	p = random_problem(&shape);
	MtrStatus	status;

	*where(&p) = value;
	status = solve_lazily(&p, way);
	free_problem(&p);
	return status;
}

static int32_t *
last_row(MtrAssign *p)
{
	return (int32_t *) &p->row_places[p->nrows - 1];
}

static int32_t *
last_col(MtrAssign *p)
{
	return (int32_t *) &p->col_places[p->ncols - 1];
}

static int32_t *
last_score(MtrAssign *p)
{
	return (int32_t *) &p->score[p->nrows * p->ncols - 1];
}

static void
test_refused(void)
{
	MtrLazy		q = {.width = -1};

	ok(status_with(last_row, -1) == MTR_INVALID &&
	   status_with(last_col, -1) == MTR_INVALID &&
	   status_with(last_col, INT32_MIN) == MTR_INVALID &&
	   mtr_lazy_solve(&q, NULL) == MTR_INVALID,
	   "negative places or width are invalid", 4);
	ok(status_with(last_score, 1000000001) == MTR_OVERFLOW &&
	   status_with(last_score, -1000000001) == MTR_OVERFLOW &&
	   status_with(last_score, INT32_MIN + 1) == MTR_OVERFLOW &&
	   status_with(last_score, 1000000000) == MTR_OK &&
	   status_with(last_score, -1000000000) == MTR_OK &&
	   status_with(last_score, MTR_NO_PAIR) == MTR_OK,
	   "scores beyond 10^9 overflow", 6);
}

/* What a start can have wrong, one at a time */
static void
test_wrong_starts(void)
{
	int			nrefused = 0;

	for (int k = 0; k < 9; k++)
	{
		Shape		shape = {6, 6, -1, -1, 0, LARGEST};
		MtrAssign	p = random_problem(&shape);
		Matrix		m;
		Way			way = {false, false, 0};
		int32_t		one[2] = {5, 5};
		MtrLazyChange change = {k == 0 ? 2 : 1, one, 1, one};
		MtrLazy		q;

		p.most_pairs = true;
		q = lazy_of(&p, &m, way);
		make_pairs(&q, &p);
		if (invoke(&q, way, false, NULL) != MTR_OK || q.npairs != 6)
			nrefused = -100;
		if (k == 1)
			one[0] = -1;
		if (k == 2)
			one[0] = 6;
		if (k == 3)
			q.pair_row[0] = 7;
		if (k == 4)
			q.pair_row[1] = 0;
		if (k == 5)
			q.pair_col[0] = q.pair_col[q.pair_col[1] == 5 ? 2 : 1];
		if (k == 6)
			q.col_price[0] = INT64_MAX;
		if (k == 7)
			q.col_cover[0] = 2;
		if (k == 8)
			q.column = NULL;
		nrefused += invoke(&q, way, true, &change) == MTR_INVALID;

		free(q.pair_score);
		free_problem(&p);
	}
	ok(nrefused == 9, "a start that isn't one is invalid", 9);
}

static void
test_gone(void)
{
	printf("# bids %lld, searches %lld, rebuilds %lld, whole scans %lld, "
		   "widened %lld, handed over %lld, columns read %lld\n",
		   (long long) gone.bids, (long long) gone.searches,
		   (long long) gone.rebuilds, (long long) gone.whole_scans,
		   (long long) gone.widened, (long long) gone.handed_over,
		   (long long) gone.from_columns);
	ok(gone.bids > 1000 && gone.searches > 1000 && gone.rebuilds > 1000 &&
	   gone.whole_scans > 1000 && gone.widened > 100 &&
	   gone.handed_over > 50 && gone.from_columns > 1000,
	   "every way was gone", 7);
}

int
main(void)
{
	Shape		small = {8, 8, 0, 0, 0, NSCORE_KINDS},
				large = {60, 60, 0, 0, 0, NSCORE_KINDS},
				single = {120, 120, -1, -1, 0, ANY_SIGN};

	test_small(true);
	test_small(false);
	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++)
		test_family(&families[k]);
	test_range();
	test_changes("changes, sides to 8: proved and as if solved anew",
				 small, 1000, 30);
	test_changes("changes, sides to 60: proved and as if solved anew",
				 large, 60, 40);
	test_changes("changes, 120 x 120: proved and as if solved anew",
				 single, 4, 200);
	test_no_change();
	test_dense_start();
	test_refused();
	test_wrong_starts();
	test_gone();
	printf("1..%d\n", ntests);
	return nfailed != 0;
}
