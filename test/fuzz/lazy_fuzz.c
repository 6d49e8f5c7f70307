/*
 * lazy_fuzz.c
 *	  assignment without a matrix: lazy.h word for word
 *
 * A problem is solved with lists of any width, by the kernel or by a copy of
 * it that has hardly an auction and little patience; where lists don't help,
 * they are widened or the dense kernel takes over.  Then rows and columns
 * change, come and go, again and again.  Every answer must be proved by its
 * covers and prices and be as good as that of the dense kernel, which starts
 * anew.
 *
 * Build: lazy_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
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

/*
 * A problem that may grow up to the size of "whole", of which it is the upper
 * left corner.
 */
typedef struct Market
{
	MtrAssign  *whole;			/* its arrays hold the answers, too */
	MtrLazy		q;
	bool		small;			/* solved by the copy */
	ScoreSource source;
	bool	   *row_changed;
	bool	   *col_changed;
} Market;

static void
give_row(void *state, int32_t row, int32_t *number)
{
	const Market *m = state;

	CLAIM(row >= 0 && row < m->q.nrows);
	memcpy(number, m->whole->score + (size_t) row * m->whole->ncols,
		   m->q.ncols * sizeof(int32_t));
}

static void
give_column(void *state, int32_t col, int32_t *number)
{
	const Market *m = state;

	CLAIM(col >= 0 && col < m->q.ncols);
	for (int32_t i = 0; i < m->q.nrows; i++)
		number[i] = score_in(m->whole, i, col);
}

static void
open_market(Input *in, Market *m)
{
	MtrAssign  *p = read_problem(in, 34, 51);
	MtrLazy		q = {.nrows = p->nrows,.ncols = p->ncols};

	memset(m, 0, sizeof(Market));
	m->whole = p;
	m->small = choose(in, 2);
	m->source = choose_scores(in);
	m->row_changed = take_cleared(p->nrows, sizeof(bool));
	m->col_changed = take_cleared(p->ncols, sizeof(bool));
	if (choose(in, 4) == 0)
		q.nrows = (p->nrows + 1) / 2;
	if (choose(in, 4) == 0)
		q.ncols = (p->ncols + 1) / 2;
	q.row = give_row;
	q.column = give_column;
	q.row_state = q.column_state = m;
	q.row_places = p->row_places;
	q.col_places = p->col_places;
	q.most_pairs = p->most_pairs;
	q.may_hand_over = choose(in, 4) == 0;
	q.row_cover = p->row_cover;
	q.col_cover = p->col_cover;
	q.row_price = p->row_price;
	q.col_price = p->col_price;
	m->q = q;
}

static void
close_market(Market *m)
{
	free(m->q.pair_row);
	free(m->q.pair_col);
	free(m->q.pair_score);
	free(m->row_changed);
	free(m->col_changed);
	drop_problem(m->whole);
}

/* The present problem as one of its own, with the answer there is */
static MtrAssign *
copy_market(const Market *m)
{
	const MtrLazy *q = &m->q;
	MtrAssign  *p = make_problem(q->nrows, q->ncols);

	p->most_pairs = q->most_pairs;
	memcpy((void *) p->row_places, q->row_places, q->nrows * sizeof(int32_t));
	memcpy((void *) p->col_places, q->col_places, q->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < q->nrows; i++)
		for (int32_t j = 0; j < q->ncols; j++)
			put_score(p, i, j, score_in(m->whole, i, j));
	make_pair_room(p);
	memcpy(p->pair_row, q->pair_row, q->npairs * sizeof(int32_t));
	memcpy(p->pair_col, q->pair_col, q->npairs * sizeof(int32_t));
	memcpy(p->row_cover, q->row_cover, q->nrows);
	memcpy(p->col_cover, q->col_cover, q->ncols);
	memcpy(p->row_price, q->row_price, q->nrows * sizeof(int64_t));
	memcpy(p->col_price, q->col_price, q->ncols * sizeof(int64_t));
	p->npairs = q->npairs;
	p->total = q->total;
	return p;
}

/* Room for the present problem's pairs; those there are stay, as before a
 * change there may be more */
static void
grow_pairs(MtrLazy *q)
{
	int64_t		room = mtr_lazy_max_pairs(q);
	int32_t   **array[3] = {&q->pair_row, &q->pair_col, &q->pair_score};

	if (room < q->npairs)
		room = q->npairs;
	for (int k = 0; k < 3; k++)
	{
		int32_t    *larger = take_memory(room, sizeof(int32_t));

		if (*array[k] != NULL)
			memcpy(larger, *array[k], q->npairs * sizeof(int32_t));
		free(*array[k]);
		*array[k] = larger;
	}
}

static MtrStatus
run(Market *m, bool resume, const MtrLazyChange *change)
{
	MtrLazy    *q = &m->q;
	void	   *scratch = take_memory(m->small ? small_lazy_scratch_size(q) :
									  mtr_lazy_scratch_size(q), 1);
	MtrStatus	status;

	if (resume)
		status = m->small ? small_lazy_resume(q, change, scratch) :
			mtr_lazy_resume(q, change, scratch);
	else
		status = m->small ? small_lazy_solve(q, scratch) :
			mtr_lazy_solve(q, scratch);
	free(scratch);
	return status;
}

static void
run_dense(MtrAssign *p, bool resume)
{
	void	   *scratch = take_memory(mtr_assign_scratch_size(p), 1);

	CLAIM((resume ? mtr_assign_resume(p, scratch) :
		   mtr_assign_solve(p, scratch)) == MTR_OK);
	free(scratch);
}

/* The dense kernel's answer is the market's from now on */
static void
take_over(Market *m, const MtrAssign *p)
{
	MtrLazy    *q = &m->q;

	q->npairs = p->npairs;
	q->total = p->total;
	memcpy(q->pair_row, p->pair_row, p->npairs * sizeof(int32_t));
	memcpy(q->pair_col, p->pair_col, p->npairs * sizeof(int32_t));
	memcpy(q->row_cover, p->row_cover, p->nrows);
	memcpy(q->col_cover, p->col_cover, p->ncols);
	memcpy(q->row_price, p->row_price, p->nrows * sizeof(int64_t));
	memcpy(q->col_price, p->col_price, p->ncols * sizeof(int64_t));
	for (int32_t k = 0; k < p->npairs; k++)
		q->pair_score[k] = score_in(p, p->pair_row[k], p->pair_col[k]);
}

/* Go on until there is an answer, as lazy.h says, and judge it. */
static void
conclude(Market *m, MtrStatus status)
{
	MtrLazy    *q = &m->q;
	MtrAssign  *p;
	int64_t		total;
	int32_t		npairs;

	while (status == MTR_FULL)
	{
		CLAIM(!q->may_hand_over);
		status = run(m, true, NULL);
	}
	p = copy_market(m);
	show_problem(p);
	if (status == MTR_DEGENERATE)
	{
		CLAIM(q->may_hand_over);
		run_dense(p, true);
		take_over(m, p);
		status = MTR_OK;
	}
	CLAIM(status == MTR_OK);
	CLAIM(is_proved(p));
	for (int32_t k = 0; k < q->npairs; k++)
		CLAIM(q->pair_score[k] == score_in(p, p->pair_row[k], p->pair_col[k]));
	total = p->total;
	npairs = p->npairs;
	run_dense(p, false);
	CLAIM(p->total == total && (p->npairs == npairs || !p->most_pairs));
	drop_problem(p);
}

/* Rows and columns that come, change or go */
static void
change_rows(Input *in, Market *m)
{
	int32_t		n = choose(in, 4);

	for (int32_t k = 0; k < n && m->q.nrows > 0; k++)
	{
		int32_t		i = choose(in, m->q.nrows);
		uint32_t	what = next_byte(in);

		m->row_changed[i] = true;
		if (what & 8)
			((int32_t *) m->whole->row_places)[i] = what % 4;
		if (what & 16)
			for (int32_t j = 0; j < m->whole->ncols; j++)
				put_score(m->whole, i, j, next_score(in, &m->source, i, j));
	}
	if (m->q.nrows < m->whole->nrows && choose(in, 2))
		m->row_changed[m->q.nrows++] = true;
}

static void
change_cols(Input *in, Market *m)
{
	int32_t		n = choose(in, 4);

	for (int32_t k = 0; k < n && m->q.ncols > 0; k++)
	{
		int32_t		j = choose(in, m->q.ncols);
		uint32_t	what = next_byte(in);

		m->col_changed[j] = true;
		if (what & 8)
			((int32_t *) m->whole->col_places)[j] = what % 4;
		if (what & 16)
			for (int32_t i = 0; i < m->whole->nrows; i++)
				put_score(m->whole, i, j, next_score(in, &m->source, i, j));
	}
	if (m->q.ncols < m->whole->ncols && choose(in, 2))
		m->col_changed[m->q.ncols++] = true;
}

/* The numbers of those marked, and no marks any more */
static int32_t *
collect(bool *marked, int32_t n, int32_t *nmarked)
{
	int32_t    *list;

	*nmarked = 0;
	for (int32_t k = 0; k < n; k++)
		*nmarked += marked[k];
	list = take_memory(*nmarked, sizeof(int32_t));
	*nmarked = 0;
	for (int32_t k = n - 1; k >= 0; k--)
		if (marked[k])
		{
			list[(*nmarked)++] = k;
			marked[k] = false;
		}
	return list;
}

static void
follow(Input *in, Market *m)
{
	int			nsteps = choose(in, 6);

	for (int step = 0; step < nsteps; step++)
	{
		MtrLazyChange change;

		change_rows(in, m);
		change_cols(in, m);
		change.row = collect(m->row_changed, m->q.nrows, &change.nrows);
		change.col = collect(m->col_changed, m->q.ncols, &change.ncols);
		grow_pairs(&m->q);
		m->q.width = choose(in, 6);
		conclude(m, run(m, true, &change));
		free((void *) change.row);
		free((void *) change.col);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	Market		m;

	open_market(&in, &m);
	m.q.row_state = m.q.column_state = &m;
	m.q.width = choose(&in, 8);
	if (m.q.width == 7)
		m.q.width = (int32_t) choose(&in, 60);
	grow_pairs(&m.q);
	conclude(&m, run(&m, false, NULL));
	follow(&in, &m);
	close_market(&m);
	return 0;
}
