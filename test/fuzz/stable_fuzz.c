/*
 * stable_fuzz.c
 *	  stable matching and its checker: stable.h word for word
 *
 * The matching must be the one that deferred acceptance as the papers describe
 * it finds, whatever the length of lists and however rows are handed out; the
 * checker must find nothing that blocks it.  What blocks any other matching the
 * checker must find by definition.  Pairs that are no matching, and rows that
 * break the contract, are told from the good ones.
 *
 * Build: stable_fuzz.c with poll.c and the kernels
 */
#include "fuzz.h"
#include "stable_reference.h"

static Table *
read_table(Input *in)
{
	int32_t		nrows = choose_side(in, 34);
	int32_t		ncols = choose_side(in, 51);
	Table	   *t = new_table(nrows, ncols);
	ScoreSource left = choose_scores(in);
	ScoreSource right = choose_scores(in);
	int			kind = choose(in, 4);

	for (int32_t i = 0; i < nrows; i++)
		((int32_t *) t->p.row_places)[i] = kind < 2 ? 1 : next_byte(in) % 4;
	for (int32_t j = 0; j < ncols; j++)
		((int32_t *) t->p.col_places)[j] = kind % 2 ? 1 : next_byte(in) % 4;
	if (nrows > 0 && kind == 3)
		((int32_t *) t->p.row_places)[choose(in, nrows)] = INT32_MAX;
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
		{
			t->a[cell(t, i, j)] = next_score(in, &left, i, j);
			t->b[cell(t, i, j)] = next_score(in, &right, i, j);
		}
	return t;
}

static void
describe_table(const void *table)
{
	const Table *t = table;

	fprintf(stderr, "%d rows, %d columns, lists of %d, guise %d\nrows:",
			t->p.nrows, t->p.ncols, t->p.list_size, t->guise);
	for (int32_t i = 0; i < t->p.nrows; i++)
		fprintf(stderr, " %d", t->p.row_places[i]);
	fprintf(stderr, "\ncolumns:");
	for (int32_t j = 0; j < t->p.ncols; j++)
		fprintf(stderr, " %d", t->p.col_places[j]);
	for (int32_t i = 0; i < t->p.nrows; i++)
	{
		fprintf(stderr, "\n");
		for (int32_t j = 0; j < t->p.ncols; j++)
			fprintf(stderr, " (%d, %d)", t->a[cell(t, i, j)],
					t->b[cell(t, i, j)]);
	}
	fprintf(stderr, "\n%d pairs:", t->p.npairs);
	for (int32_t k = 0; k < t->p.npairs; k++)
		fprintf(stderr, " %d-%d", t->p.pair_row[k], t->p.pair_col[k]);
	fprintf(stderr, "\n");
}

static MtrStatus
solve(Table *t, int32_t list_size, Guise guise)
{
	void	   *scratch;
	MtrStatus	status;

	describe = describe_table;
	in_hand = t;
	t->guise = guise;
	t->p.list_size = list_size;
	t->reads = 0;
	scratch = take_memory(mtr_stable_scratch_size(&t->p), 1);
	status = mtr_stable_solve(&t->p, scratch);
	free(scratch);
	return status;
}

static bool
has_pairs(const Table *t, const uint8_t *taken)
{
	const MtrStable *p = &t->p;
	int32_t		n = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (taken[cell(t, i, j)])
			{
				if (n >= p->npairs || p->pair_row[n] != i ||
					p->pair_col[n] != j ||
					p->pair_left[n] != t->a[cell(t, i, j)] ||
					p->pair_right[n] != t->b[cell(t, i, j)])
					return false;
				n++;
			}
	return n == p->npairs;
}

static void
take_room(MtrStableCheck *check, int32_t max_listed)
{
	check->max_listed = max_listed;
	check->blocking_row = take_memory(max_listed, sizeof(int32_t));
	check->blocking_col = take_memory(max_listed, sizeof(int32_t));
	check->blocking_left = take_memory(max_listed, sizeof(int32_t));
	check->blocking_right = take_memory(max_listed, sizeof(int32_t));
}

static void
drop_room(MtrStableCheck *check)
{
	free(check->blocking_row);
	free(check->blocking_col);
	free(check->blocking_left);
	free(check->blocking_right);
}

static MtrStatus
run_check(const Table *t, MtrStableCheck *check)
{
	void	   *scratch = take_memory(mtr_stable_check_size(&t->p), 1);
	MtrStatus	status = mtr_stable_blocking(&t->p, check, scratch);

	free(scratch);
	return status;
}

/* The checker's list are the first of those that block by definition. */
static void
claim_listed(const Table *t, const MtrStableCheck *check,
			 const uint8_t *taken)
{
	int32_t		n = 0;

	for (int32_t i = 0; i < t->p.nrows; i++)
		for (int32_t j = 0; j < t->p.ncols && n < check->max_listed; j++)
			if (blocks(t, taken, i, j))
			{
				CLAIM(n < check->nlisted && check->blocking_row[n] == i &&
					  check->blocking_col[n] == j);
				CLAIM(check->blocking_left[n] == t->a[cell(t, i, j)] &&
					  check->blocking_right[n] == t->b[cell(t, i, j)]);
				n++;
			}
	CLAIM(n == check->nlisted);
}

/* Of any pairs whatever the checker must say what is wrong with them: these
 * were a matching, until bytes were put in. */
static MtrStableFault
fault_of(const Table *t)
{
	const MtrStable *p = &t->p;
	int32_t    *rows = take_cleared(p->nrows, sizeof(int32_t));
	int32_t    *cols = take_cleared(p->ncols, sizeof(int32_t));
	MtrStableFault fault = MTR_STABLE_FEASIBLE;

	for (int32_t k = 0; k < p->npairs && fault == MTR_STABLE_FEASIBLE; k++)
	{
		int32_t		i = p->pair_row[k],
					j = p->pair_col[k];

		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols ||
			(k > 0 && (p->pair_row[k - 1] > i ||
					   (p->pair_row[k - 1] == i && p->pair_col[k - 1] >= j))))
			fault = MTR_STABLE_ORDER;
		else if (!accepted(t, i, j))
			fault = MTR_STABLE_NOT_ACCEPTED;
		else if (p->pair_left[k] != t->a[cell(t, i, j)] ||
				 p->pair_right[k] != t->b[cell(t, i, j)])
			fault = MTR_STABLE_SCORES;
		else if (++rows[i] > p->row_places[i])
			fault = MTR_STABLE_ROW_PLACES;
		else if (++cols[j] > p->col_places[j])
			fault = MTR_STABLE_COL_PLACES;
	}
	free(rows);
	free(cols);
	return fault;
}

static void
claim_check(Input *in, Table *t)
{
	MtrStable  *p = &t->p;
	uint8_t    *taken = take_cleared((int64_t) p->nrows * p->ncols, 1);
	MtrStableCheck check;
	int			nspoiled = choose(in, 3);

	for (int k = 0; k < nspoiled && p->npairs > 0; k++)
	{
		int32_t		at = choose(in, p->npairs);
		int32_t    *array[] = {
			p->pair_row, p->pair_col, p->pair_left, p->pair_right
		};

		array[choose(in, 4)][at] = (int32_t) choose(in, 12) - 2;
	}
	if (p->npairs > 0 && choose(in, 2))
		p->npairs--;
	t->guise = choose(in, NGUISES);
	take_room(&check, choose(in, 5));
	CLAIM(run_check(t, &check) == MTR_OK);

	/* of several faults which one is the first isn't stated */
	CLAIM((check.fault == MTR_STABLE_FEASIBLE) ==
		  (fault_of(t) == MTR_STABLE_FEASIBLE));
	if (check.fault == MTR_STABLE_FEASIBLE)
	{
		for (int32_t k = 0; k < p->npairs; k++)
			taken[cell(t, p->pair_row[k], p->pair_col[k])] = 1;
		CLAIM(check.nblocking == count_blocking(t, taken));
		claim_listed(t, &check, taken);
	}
	else
		CLAIM(check.fault_pair >= 0 && check.fault_pair < p->npairs);
	drop_room(&check);
	free(taken);
}

/* A matching that has nothing to do with what is wanted, for the checker */
static void
claim_any_matching(Input *in, Table *t)
{
	MtrStable  *p = &t->p;
	int32_t    *col_left = take_memory(p->ncols, sizeof(int32_t));

	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	make_room(t, (int64_t) p->nrows * p->ncols);
	p->npairs = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		int32_t		left = p->row_places[i];

		for (int32_t j = 0; j < p->ncols; j++)
			if (accepted(t, i, j) && left > 0 && col_left[j] > 0 &&
				next_byte(in) % 4 > 0)
			{
				left--;
				col_left[j]--;
				p->pair_row[p->npairs] = i;
				p->pair_col[p->npairs] = j;
				p->pair_left[p->npairs] = t->a[cell(t, i, j)];
				p->pair_right[p->npairs++] = t->b[cell(t, i, j)];
			}
	}
	free(col_left);
	claim_check(in, t);
}

/* ----------
 * Rows that break the contract
 * ----------
 */

typedef struct WrongRows
{
	Table	   *t;
	int32_t		row;			/* this one is handed out wrongly: */
	int32_t		n;				/* so long, */
	bool		without;		/* columns not named or, */
	int32_t		from;			/* from this entry on, */
	int32_t		add;			/* other columns */
	int32_t    *col;			/* [ncols] */
} WrongRows;

static void
read_wrong_row(void *state, int32_t i, MtrStableRow *row)
{
	WrongRows  *w = state;

	w->t->guise = STORED;
	read_row(w->t, i, row);
	if (i != w->row)
		return;
	row->n = w->n;
	row->col = w->without ? NULL : w->col;
	for (int32_t k = 0; k < w->t->p.ncols; k++)
		w->col[k] = k < w->from ? k : k + w->add;
}

/* Is a row told like that wrong? */
static bool
is_wrong(const WrongRows *w)
{
	if (w->n < 0 || w->n > w->t->p.ncols)
		return true;
	if (w->without || w->n <= w->from || w->add == 0)
		return false;
	return w->add < 0 || w->n - 1 + w->add >= w->t->p.ncols;
}

static void
claim_wrong_rows(Input *in, Table *t)
{
	WrongRows	w = {t};
	MtrStable	p = t->p;
	void	   *scratch;
	MtrStatus	status;

	if (p.nrows == 0 || p.ncols == 0)
		return;
	w.row = choose(in, p.nrows);
	w.n = (int32_t) choose(in, p.ncols + 4) - 2;
	w.without = choose(in, 4) == 0;
	w.from = choose(in, p.ncols);
	w.add = (int32_t) choose(in, 8) - 3;
	w.col = take_memory(p.ncols, sizeof(int32_t));
	p.read_row = read_wrong_row;
	p.state = &w;
	scratch = take_memory(mtr_stable_scratch_size(&p), 1);
	status = mtr_stable_solve(&p, scratch);
	CLAIM(status == (is_wrong(&w) && p.row_places[w.row] > 0 ? MTR_INVALID :
					 MTR_OK));
	free(scratch);
	free(w.col);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int32_t sizes[] = {0, 1, 2, 3, 7, 20};
	Input		in = begin_input(data, size);
	Table	   *t = read_table(&in);
	uint8_t    *taken = deferred_acceptance(t);
	MtrStableCheck check;

	make_room(t, mtr_stable_max_pairs(&t->p));
	for (int k = 0; k < 3; k++)
		CLAIM(solve(t, sizes[choose(&in, 6)], choose(&in, NGUISES)) ==
			  MTR_OK && has_pairs(t, taken) && t->p.rows_read == t->reads &&
			  t->p.proposals >= t->p.npairs);
	take_room(&check, 0);
	CLAIM(run_check(t, &check) == MTR_OK &&
		  check.fault == MTR_STABLE_FEASIBLE && check.nblocking == 0);
	drop_room(&check);
	claim_check(&in, t);
	claim_any_matching(&in, t);
	make_room(t, mtr_stable_max_pairs(&t->p));
	claim_wrong_rows(&in, t);
	free(taken);
	free_table(t);
	return 0;
}
