/*
 * lazy_change.h
 *	  going on from an answer: the unfinished one, or one that was optimal
 *
 * Part of lazy_body.h, with the wide numbers only.
 *
 * What a change undoes are pairs.  What remains satisfies the invariant of
 * lazy.c, except that rows have places they are still looking for, and that
 * columns have free places at prices above 0.  A column that is new, or new
 * again, gets the lowest price at which no row would rather have it than what
 * it has.  Then
 *
 * - each row looks for its places by the searches of lazy_paths.h, for which
 *	 a free place is a free place whatever its price;
 * - each column that still has free places at a price above 0 looks for rows,
 *	 by the search here.
 *
 * Either search leaves one violation less, and the second, which lowers
 * prices, comes last: lists rely on prices that only rise.
 *
 * Search from a column.  It is that for a shortest path in the other
 * direction, by Dijkstra's method on whole columns.  The label of a row is
 * what prices must fall until it would move to a column settled,
 *
 *	 label(i) = min over settled columns j of  distance(j) + key(i,j) - tight(i)
 *
 * where tight(i) is the highest key of its pairs, or stay if it has given up
 * a place.  A row settled offers the columns it sits in, for somebody must
 * take its place there; the path ends at a row that had given up, or where a
 * column's price gets 0 and the place may stay free.
 */

typedef struct Repair
{
	uint8_t    *row_changed;	/* [nrows] */
	uint8_t    *col_changed;	/* [ncols] */
	Num		   *tight;			/* [rows], -SHUT = takes no part */
	Num		   *open;			/* tight, but -SHUT when settled */
	Num		   *label;
	Num		   *from;			/* column that offered the label */
	Num		   *least;			/* [ngroups] lowest label of a group */
	int32_t		ngroups;
	Num		   *distance;		/* label when settled */
	int32_t    *from_place;		/* [ncols] that leads there */
} Repair;

static void
lay_out_repair(Repair *y, const MtrLazy *p, Arena *a)
{
	int32_t		group = LANES * DEPTH,
				rows = (p->nrows + group - 1) / group * group;

	y->ngroups = rows / DEPTH;
	y->row_changed = carve(a, p->nrows, 1);
	y->col_changed = carve(a, p->ncols, 1);
	y->tight = carve(a, rows, sizeof(Num));
	y->open = carve(a, rows, sizeof(Num));
	y->label = carve(a, rows, sizeof(Num));
	y->from = carve(a, rows, sizeof(Num));
	y->least = carve(a, y->ngroups, sizeof(Num));
	y->distance = carve(a, rows, sizeof(Num));
	y->from_place = carve(a, p->ncols, sizeof(int32_t));
}

/*
 * The start
 */

static bool
invalid(Solver *x)
{
	x->status = MTR_INVALID;
	return false;
}

static bool
mark_changed(Solver *x, const int32_t *which, int32_t n, uint8_t *changed,
			 int32_t room)
{
	for (int32_t k = 0; k < n; k++)
	{
		if (which[k] < 0 || which[k] >= room || changed[which[k]])
			return invalid(x);
		changed[which[k]] = 1;
	}
	return true;
}

static bool
load_prices(Solver *x, const Repair *y)
{
	const MtrLazy *p = x->p;

	for (int32_t j = 0; j < p->ncols; j++)
	{
		int64_t		price = p->col_price[j];

		if (p->col_places[j] == 0)
			continue;
		if (y->col_changed[j])
		{
			x->price[j] = SHUT;
			continue;
		}
		if (p->col_cover[j] > p->most_pairs || price <= -PART / 2 ||
			price >= PART / 2 || (p->col_cover[j] == 0 && price < 0))
			return invalid(x);
		x->price[j] = (p->col_cover[j] ? LEVEL : 0) + 2 * price;
	}
	return true;
}

/*
 * Take the pairs that hold.  A row that didn't change looks for as many places
 * as it lost, having given up others, if any; when the answer is unfinished,
 * for all it has.
 */
static bool
load_pairs(Solver *x, const Repair *y, bool finished)
{
	const MtrLazy *p = x->p;
	Taken	   *t = &x->taken;

	for (int32_t i = 0; finished && i < p->nrows; i++)
		if (!y->row_changed[i])
			t->row_left[i] = 0;
	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k],
					j = p->pair_col[k],
					w = p->pair_score[k];

		if (i < 0 || i >= p->nrows || j < 0 || j >= p->ncols ||
			w > MAX_SCORE || w < -MAX_SCORE ||
			(k > 0 && (i < p->pair_row[k - 1] ||
					   (i == p->pair_row[k - 1] && j <= p->pair_col[k - 1]))))
			return invalid(x);
		if (y->row_changed[i])
			continue;
		if (y->col_changed[j])
		{
			t->row_left[i]++;
			continue;
		}
		if (t->col_left[j] == 0)
			return invalid(x);
		sit_down(t, open_place(t, j), i, w);
		if (!finished && --t->row_left[i] < 0)
			return invalid(x);
	}
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] > 0 && t->col_left[j] == 0)
			x->price[j] = x->price[j] + 1;
	return true;
}

/* Places a row neither has nor looks for */
static int32_t
places_given_up(const Solver *x, int32_t row)
{
	const Taken *t = &x->taken;
	int32_t		n = x->p->row_places[row] - t->row_left[row];

	for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
		n--;
	return n;
}

static Num
tight_of(const Solver *x, int32_t row)
{
	if (places_given_up(x, row) > 0)
		return x->stay;
	return x->taken.row_first[row] >= 0 ? tightest_key(x, row) : -SHUT;
}

static bool
find_all_tight(Solver *x, Repair *y)
{
	for (int32_t i = 0; i < y->ngroups * DEPTH; i++)
		y->tight[i] = i < x->p->nrows ? tight_of(x, i) : -SHUT;
	for (int32_t i = 0; i < x->p->nrows; i++)
		if (places_given_up(x, i) < 0)
			return invalid(x);
	return true;
}

/* Let the caller's function score a column, which no row has twice. */
static bool
read_column(Solver *x, const Repair *y, int32_t col)
{
	const Taken *t = &x->taken;
	MtrLazy    *p = x->p;
	int32_t		rows = y->ngroups * DEPTH,
				wrong = 0;

	mtr_poll();
	if (p->column == NULL)
		return invalid(x);
	p->columns_scored++;
	p->column(p->column_state, col, x->number);
	for (int32_t i = 0; i < p->nrows; i++)
		wrong |= x->number[i] > MAX_SCORE ||
			(x->number[i] < -MAX_SCORE && x->number[i] != MTR_NO_PAIR);
	if (wrong)
		return give_up(x);
	for (int32_t i = p->nrows; i < rows; i++)
		x->number[i] = MTR_NO_PAIR;
	for (int32_t k = t->col_first[col]; k >= 0; k = t->place[k].col_next)
		x->number[t->place[k].row] = MTR_NO_PAIR;
	return true;
}

/* The lowest price at which no row would rather have this column */
MTR_SIMD static Num
entry_price(const Num *restrict tight, const int32_t *restrict score,
			int32_t nrows)
{
	Num			price = 0;

	for (int32_t i = 0; i < nrows; i++)
	{
		Num			here = tight[i] + 2 * AS_NUM(score[i]);

		price = here > price ? here : price;
	}
	return price;
}

static bool
admit_columns(Solver *x, const Repair *y, const MtrLazyChange *change)
{
	for (int32_t k = 0; k < change->ncols; k++)
	{
		int32_t		j = change->col[k];
		Num			price;

		if (x->p->col_places[j] == 0)
			continue;
		if (!read_column(x, y, j))
			return false;
		price = entry_price(y->tight, x->number, x->p->nrows);
		if (!in_range(price))
			return give_up(x);
		x->price[j] = price;
	}

	/* reading rows relies on what follows the columns */
	for (int32_t j = x->p->ncols; j < x->ngroups * DEPTH; j++)
		x->number[j] = MTR_NO_PAIR;
	return true;
}

/*
 * Search from a column
 */

/* Let a column whose distance plus price is "base" offer itself to all rows
 * that are not settled; their open is such that no label gets lower. */
MTR_SIMD static void
relax_rows(Solver *x, Repair *y, int32_t col, Num base)
{
	const int32_t *restrict score = x->number;
	const Num  *restrict open = y->open;
	Num		   *restrict label = y->label;
	Num		   *restrict from = y->from;

	for (int32_t g = 0; g < y->ngroups; g += LANES)
		for (int k = 0; k < LANES; k++)
		{
			Num			lowest = FAR;

			for (int d = 0; d < DEPTH; d++)
			{
				int32_t		i = g * DEPTH + d * LANES + k;
				Num			here = base - 2 * AS_NUM(score[i]) - open[i];

				from[i] = here < label[i] ? col : from[i];
				label[i] = here < label[i] ? here : label[i];
				lowest = label[i] < lowest ? label[i] : lowest;
			}
			y->least[g + k] = lowest;
		}
}

static bool
settle_column(Solver *x, Repair *y, int32_t col, Num distance)
{
	x->settled[x->nsettled++] = col;
	if (!read_column(x, y, col))
		return false;
	relax_rows(x, y, col, distance + EVEN(x->price[col]));
	return true;
}

/* The first group that has the lowest label of all */
static int32_t
least_group(const Repair *y)
{
	int32_t		best = 0;

	for (int32_t g = 1; g < y->ngroups; g++)
		if (y->least[g] < y->least[best])
			best = g;
	return best;
}

/* Settle the row of lowest label of a group. */
static int32_t
take_row(Repair *y, int32_t group)
{
	int32_t		first = group_start(group),
				row = first;
	Num			lowest = FAR;

	for (int32_t d = 1; d < DEPTH; d++)
		if (y->label[first + d * LANES] < y->label[row])
			row = first + d * LANES;
	y->distance[row] = y->label[row];
	y->label[row] = FAR;
	y->open[row] = -SHUT;
	for (int32_t d = 0; d < DEPTH; d++)
		if (y->label[first + d * LANES] < lowest)
			lowest = y->label[first + d * LANES];
	y->least[group] = lowest;
	return row;
}

/* Let a settled row offer the places it has. */
static void
offer_places(Solver *x, Repair *y, int32_t row, Num distance)
{
	const Taken *t = &x->taken;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
	{
		const Place *s = &t->place[k];
		Num			price = EVEN(x->price[s->col]),
					label = distance + y->tight[row] -
		(price - 2 * (Num) s->score);

		if (label >= x->label[s->col] || label >= x->limit)
			continue;
		if (x->label[s->col] == FAR)
			x->touched[x->ntouched++] = s->col;
		x->label[s->col] = label;
		y->from_place[s->col] = k;
		push(x, label, s->col);
		if (label + price < x->limit)
		{
			x->limit = label + price;
			x->end_col = s->col;
		}
	}
}

/* Search from a column that has a free place until the end is known. */
static bool
search_rows(Solver *x, Repair *y, int32_t col)
{
	int32_t		rows = y->ngroups * DEPTH;

	memcpy(y->open, y->tight, rows * sizeof(Num));
	for (int32_t i = 0; i < rows; i++)
		y->label[i] = FAR;
	x->limit = EVEN(x->price[col]);
	x->end_col = col;
	x->end_row = -1;
	x->label[col] = 0;
	x->touched[x->ntouched++] = col;
	if (!settle_column(x, y, col, 0))
		return false;
	for (;;)
	{
		int32_t		g = least_group(y),
					row;
		Num			at = y->least[g];

		if (x->nheap > 0 && x->heap[0].at <= at && x->heap[0].at < x->limit)
		{
			Item		item = pop(x);

			if (is_current(x, item) && !settle_column(x, y, item.id, item.at))
				return false;
			continue;
		}
		if (at >= x->limit)
			return true;
		row = take_row(y, g);
		if (places_given_up(x, row) > 0)
		{
			x->limit = at;
			x->end_row = row;
			return true;
		}
		offer_places(x, y, row, at);
	}
}

/* Move rows along the path found; the last takes the place "col" offers. */
static void
move_rows(Solver *x, const Repair *y, int32_t col)
{
	Taken	   *t = &x->taken;
	int32_t		row = x->end_row;

	if (row < 0)
	{
		/* the place that stays free is another */
		int32_t		place = y->from_place[x->end_col];

		if (x->end_col == col)
			return;
		row = t->place[place].row;
		stand_up(t, place);
		close_place(t, place);
	}
	for (;;)
	{
		int32_t		to = (int32_t) y->from[row],
					place,
					other;
		Num			twice = x->label[to] + EVEN(x->price[to]) -
		y->tight[row] - y->distance[row];

		if (to == col)
		{
			sit_down(t, open_place(t, col), row, (int32_t) (twice / 2));
			return;
		}
		place = y->from_place[to];
		other = t->place[place].row;
		stand_up(t, place);
		sit_down(t, place, row, (int32_t) (twice / 2));
		row = other;
	}
}

/*
 * Let a column fill one of its free places, or lower its price to 0.  The
 * prices of all columns settled fall by what they were nearer than the end.
 */
static bool
fill_column(Solver *x, Repair *y, int32_t col)
{
	const Taken *t = &x->taken;

	mtr_poll();
	x->p->searches++;
	if (!search_rows(x, y, col))
	{
		forget_search(x);
		return false;
	}
	move_rows(x, y, col);
	for (int32_t k = 0; k < x->nsettled; k++)
	{
		int32_t		j = x->settled[k];
		Num			price = EVEN(x->price[j]) -
		(x->limit - x->label[j]);

		if (!in_range(price))
		{
			forget_search(x);
			return give_up(x);
		}
		x->price[j] = price;
	}
	for (int32_t k = 0; k < x->nsettled; k++)
		for (int32_t s = t->col_first[x->settled[k]]; s >= 0;
			 s = t->place[s].col_next)
			y->tight[t->place[s].row] = tight_of(x, t->place[s].row);
	forget_search(x);
	return true;
}

static bool
fill_columns(Solver *x, Repair *y)
{
	bool		known = false;

	for (int32_t j = 0; j < x->p->ncols; j++)
		while (x->taken.col_left[j] > 0 && EVEN(x->price[j]) > 0 &&
			   x->p->col_places[j] > 0)
		{
			if (!known && !find_all_tight(x, y))
				return false;
			known = true;
			if (!fill_column(x, y, j))
				return false;
		}
	return true;
}

static bool
go_on(Solver *x, Repair *y, const MtrLazyChange *change)
{
	const MtrLazy *p = x->p;

	memset(y->row_changed, 0, p->nrows);
	memset(y->col_changed, 0, p->ncols);
	if (change != NULL &&
		(!mark_changed(x, change->row, change->nrows, y->row_changed,
					   p->nrows) ||
		 !mark_changed(x, change->col, change->ncols, y->col_changed,
					   p->ncols)))
		return false;
	if (!load_prices(x, y) || !load_pairs(x, y, change != NULL) ||
		!find_all_tight(x, y))
		return false;
	if (change != NULL && !admit_columns(x, y, change))
		return false;
	return fill_places(x) && fill_columns(x, y);
}

static MtrStatus
resume(MtrLazy *p, const MtrLazyChange *change, void *scratch)
{
	Arena		arena = {scratch, 0};
	Solver		solver,
			   *x = &solver;
	Repair		repair;

	lay_out(x, p, &arena);
	lay_out_repair(&repair, p, &arena);
	start(x);
	if (go_on(x, &repair, change) || x->status == MTR_FULL ||
		x->status == MTR_DEGENERATE)
		write_answer(x);
	return x->status;
}
