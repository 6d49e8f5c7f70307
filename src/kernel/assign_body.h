/*
 * assign_body.h
 *	  the solver of assign.c, included once for each width of arithmetic
 *
 * The includer defines SOLVER(name), which makes names different, NUM_TYPE,
 * a signed integer, and RANGE; all three are undefined again at the end.
 * What is defined here is static: solve() and lay_out() are the way in.
 *
 * Numbers.  A pair (c, p) of the ordered group is stored as one number,
 *
 *	 c * LEVEL + 2 * p		with |2 * p| < PART < LEVEL / 6,
 *
 * which compares as the pair does.  That the bound holds is checked wherever
 * a price or an offset arises; when it doesn't, the solver gives up.  The
 * lowest bit says in a column's price that the column is full: of columns at
 * one distance a search so meets those first where it can end.
 *
 * Keys.  The first component of a pair's value is the same for all pairs, so
 * it is left out, and staying unmatched counts LEVEL more instead:
 *
 *	 key(i,j) = price(j) - 2 * w(i,j)		what it costs row i to take j,
 *	 stay = LEVEL (most_pairs) or 0			what it costs to stay unmatched.
 *
 * A key is below LEVEL / 2 if the column's cover is 0, above if it is 1.
 *
 * Search.  The label of a column is the length of the shortest path to it
 * known so far, that of a row implied: row i with offset h offers column j at
 * key(i,j) - h and the end of the path at stay - h.  A column settled at
 * distance d reaches each row that sits there with the offset key - d, both
 * as of that pair.  In what order rows with several places are reached
 * doesn't matter: a better offset that comes later is tried again.
 */
#define Num SOLVER(Num)
#define Solver SOLVER(Solver)
#define add_listed SOLVER(add_listed)
#define augment SOLVER(augment)
#define begin_with SOLVER(begin_with)
#define auction SOLVER(auction)
#define begin_search SOLVER(begin_search)
#define bid SOLVER(bid)
#define cheapest_place SOLVER(cheapest_place)
#define drop_listed SOLVER(drop_listed)
#define fill_far SOLVER(fill_far)
#define finish SOLVER(finish)
#define in_range SOLVER(in_range)
#define key_block SOLVER(key_block)
#define key_of SOLVER(key_of)
#define key_row SOLVER(key_row)
#define lay_out SOLVER(lay_out)
#define least_block SOLVER(least_block)
#define load_pairs SOLVER(load_pairs)
#define load_prices SOLVER(load_prices)
#define lower_label SOLVER(lower_label)
#define move_along SOLVER(move_along)
#define move_prices SOLVER(move_prices)
#define offer_listed SOLVER(offer_listed)
#define postpone SOLVER(postpone)
#define price_empty SOLVER(price_empty)
#define price_sides SOLVER(price_sides)
#define put_price SOLVER(put_price)
#define raise_places SOLVER(raise_places)
#define reach SOLVER(reach)
#define read_row SOLVER(read_row)
#define reach_sitters SOLVER(reach_sitters)
#define relax_block SOLVER(relax_block)
#define relax_row SOLVER(relax_row)
#define scan_first SOLVER(scan_first)
#define shut_own SOLVER(shut_own)
#define solve SOLVER(solve)
#define start SOLVER(start)
#define take_least SOLVER(take_least)
#define tightest_key SOLVER(tightest_key)
#define two_least SOLVER(two_least)
#define write_pairs SOLVER(write_pairs)

/*
 * With PART as the unit: prices lie in (-1,1) or (6,8), doubled scores and
 * offsets in (-1,1), so labels that mean something are below 10.  FAR is
 * above them.  SHUT as the price of a column, or NOT_ELIGIBLE as a score,
 * makes keys above FAR; the largest number of all is below 27.
 */
#define PART		((Num) 1 << RANGE)
#define LEVEL		(7 * PART)
#define FAR			(11 * PART)
#define SHUT		(13 * PART)
#define NOT_ELIGIBLE (-SHUT / 2)

/* A score as a number; MTR_NO_PAIR is INT32_MIN. */
#define AS_NUM(w) \
	((w) < (-MAX_SCORE < NOT_ELIGIBLE ? NOT_ELIGIBLE : -MAX_SCORE) ? \
	 NOT_ELIGIBLE : (w))

/* Without the bit that says full */
#define EVEN(x) ((x) & ~(Num) 1)

typedef NUM_TYPE Num;

typedef struct Solver
{
	/* not changed */
	const MtrAssign *p;
	Num			stay;
	int32_t		col_blocks;
	int32_t		row_blocks;
	int64_t		max_pairs;

	Taken		taken;

	/* columns; arrays read by blocks are padded with FAR or SHUT */
	Num		   *price;
	Num		   *open;			/* price, but SHUT where settled */
	Num		   *label;
	Num		   *least;			/* [col_blocks] lowest label of a block */
	Num		   *from;			/* row that offered the label */
	Num		   *key;			/* keys of the row being read */
	Num		   *key_least;
	int32_t    *settled;		/* columns in the order they were settled */
	Num		   *settled_at;
	int32_t    *tail;			/* the last, incomplete block of a row */

	/* rows */
	Num		   *low;			/* no key of a column not taken is lower */
	Num		   *bound;			/* no key outside the list is lower */
	int32_t    *listed;			/* [nrows] length of the list */
	int32_t    *list_col;		/* [nrows * LIST_ROOM] */
	int32_t    *list_score;
	Num		   *offset;
	int32_t    *via;			/* place by which the row was reached */
	uint8_t    *is_reached;
	int32_t    *reached;		/* in the order they were reached */
	Num		   *whole;			/* where the row must be scanned as a whole,
								 * FAR = not at all */
	Num		   *whole_least;	/* [row_blocks] */
	int32_t    *queue;			/* [nrows + 1] */

	/* places */
	Num		   *place_price;	/* in the auction */
	Num		   *place_saved;	/* the column's price while it is shut */

	/* one search */
	int32_t		nsettled;
	int32_t		nreached;
	Num			limit;			/* the search ends here at the latest */
	Num			next_whole;		/* least of whole[] */
	int32_t		next_block;		/* and its block */

	/* whether lists help */
	int64_t		noffers;		/* rows reached */
	int64_t		nscans;			/* and scanned as a whole */
	bool		lists_help;
} Solver;

/*
 * Divide the scratch and set what isn't zero; with no scratch only its size
 * is found.
 */
static void
lay_out(Solver *x, const MtrAssign *p, Arena *a)
{
	int32_t		nrows = p->nrows > 0 ? p->nrows : 0,
				ncols = p->ncols > 0 ? p->ncols : 0,
				cols = whole_blocks(ncols) * BLOCK,
				rows = whole_blocks(nrows) * BLOCK;
	int64_t		pairs = mtr_assign_max_pairs(p);

	x->p = p;
	x->stay = p->most_pairs ? LEVEL : 0;
	x->col_blocks = cols / BLOCK;
	x->row_blocks = rows / BLOCK;
	x->max_pairs = pairs;
	x->price = carve(a, cols, sizeof(Num));
	x->open = carve(a, cols, sizeof(Num));
	x->label = carve(a, cols, sizeof(Num));
	x->from = carve(a, cols, sizeof(Num));
	x->key = carve(a, cols, sizeof(Num));
	x->least = carve(a, whole_steps(x->col_blocks), sizeof(Num));
	x->key_least = carve(a, whole_steps(x->col_blocks), sizeof(Num));
	x->settled = carve(a, ncols, sizeof(int32_t));
	x->settled_at = carve(a, ncols, sizeof(Num));
	x->tail = carve(a, BLOCK, sizeof(int32_t));
	x->low = carve(a, nrows, sizeof(Num));
	x->bound = carve(a, nrows, sizeof(Num));
	x->listed = carve(a, nrows, sizeof(int32_t));
	x->list_col = carve(a, (int64_t) nrows * LIST_ROOM, sizeof(int32_t));
	x->list_score = carve(a, (int64_t) nrows * LIST_ROOM, sizeof(int32_t));
	x->offset = carve(a, nrows, sizeof(Num));
	x->via = carve(a, nrows, sizeof(int32_t));
	x->is_reached = carve(a, nrows, sizeof(uint8_t));
	x->reached = carve(a, nrows, sizeof(int32_t));
	x->whole = carve(a, rows, sizeof(Num));
	x->whole_least = carve(a, whole_steps(x->row_blocks), sizeof(Num));
	x->queue = carve(a, (int64_t) nrows + 1, sizeof(int32_t));
	x->place_price = carve(a, pairs, sizeof(Num));
	x->place_saved = carve(a, pairs, sizeof(Num));
	x->taken.row = carve(a, pairs, sizeof(int32_t));
	x->taken.col = carve(a, pairs, sizeof(int32_t));
	x->taken.score = carve(a, pairs, sizeof(int32_t));
	x->taken.row_next = carve(a, pairs, sizeof(int32_t));
	x->taken.col_next = carve(a, pairs, sizeof(int32_t));
	x->taken.row_first = carve(a, nrows, sizeof(int32_t));
	x->taken.col_first = carve(a, ncols, sizeof(int32_t));
	x->taken.row_left = carve(a, nrows, sizeof(int32_t));
	x->taken.col_left = carve(a, ncols, sizeof(int32_t));
}

static void
fill_far(Num *restrict a, int32_t n)
{
	for (int32_t k = 0; k < n; k++)
		a[k] = FAR;
}

static void
start(Solver *x)
{
	const MtrAssign *p = x->p;
	Taken	   *t = &x->taken;

	t->n = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		t->row_first[i] = -1;
		t->row_left[i] = p->row_places[i];
		x->low[i] = -FAR;
		x->bound[i] = -FAR;		/* its list is empty */
		x->listed[i] = 0;
		x->is_reached[i] = false;
	}
	for (int32_t j = 0; j < p->ncols; j++)
	{
		t->col_first[j] = -1;
		t->col_left[j] = p->col_places[j];
		x->price[j] = p->col_places[j] > 0 ? 0 : SHUT;
	}
	for (int32_t j = p->ncols; j < x->col_blocks * BLOCK; j++)
		x->price[j] = SHUT;
	for (int32_t k = 0; k < BLOCK; k++)
		x->tail[k] = MTR_NO_PAIR;
	fill_far(x->least, whole_steps(x->col_blocks));
	fill_far(x->key_least, whole_steps(x->col_blocks));
	fill_far(x->whole, x->row_blocks * BLOCK);
	fill_far(x->whole_least, whole_steps(x->row_blocks));
	x->noffers = x->nscans = 0;
	x->lists_help = true;
}

#include "assign_rows.h"
#include "assign_paths.h"

/*
 * Start from an answer of somebody else's
 */

/* The columns' prices; false if one can't be a price. */
static bool
load_prices(Solver *x)
{
	const MtrAssign *p = x->p;

	for (int32_t j = 0; j < p->ncols; j++)
	{
		int64_t		price = p->col_price[j];

		if (p->col_places[j] == 0)
			continue;
		if (price <= -PART / 2 || price >= PART / 2 ||
			p->col_cover[j] > p->most_pairs ||
			(p->col_cover[j] == 0 && price < 0))
			return false;
		x->price[j] = (p->col_cover[j] ? LEVEL : 0) + 2 * (Num) price;
	}
	return true;
}

/* The pairs, of which check_pairs() said that they are a matching.  False if
 * one is never taken, or a column that has a place left would have a price. */
static bool
load_pairs(Solver *x)
{
	const MtrAssign *p = x->p;
	Taken	   *t = &x->taken;

	for (int32_t k = 0; k < p->npairs; k++)
	{
		int32_t		row = p->pair_row[k],
					place = open_place(t, p->pair_col[k]);

		sit_down(t, place, row, score_of(p, row, p->pair_col[k]));
		if (!p->most_pairs && t->score[place] <= 0)
			return false;
		t->row_left[row]--;
		x->place_price[place] = x->price[p->pair_col[k]];
	}
	for (int32_t j = 0; j < p->ncols; j++)
	{
		if (t->col_left[j] > 0 && x->price[j] != 0)
			return false;
		if (p->col_places[j] > 0 && t->col_left[j] == 0)
			x->price[j]++;
	}
	return true;
}

/*
 * Begin with the pairs and prices in p's outputs.  No row's pair may have a
 * key above that of a column it hasn't taken, or that of staying unmatched;
 * its places then get the highest prices that allows, as after a bid.  False
 * if they are not such a start; start() makes another.
 */
static bool
begin_with(Solver *x)
{
	const MtrAssign *p = x->p;
	int64_t		looks = 0;

	if (!load_prices(x) || !load_pairs(x))
		return false;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		Num			first,
					second;

		if (x->taken.row_first[i] < 0)
			continue;
		read_row(x, i);
		two_least(x, i, &first, &second);
		first = first < x->bound[i] ? first : x->bound[i];
		first = EVEN(first) < x->stay ? EVEN(first) : x->stay;
		if (tightest_key(x, i) > first || !raise_places(x, i, first, &looks))
			return false;
	}
	return true;
}

/*
 * Answer
 */

/* The pairs by row, then column: those of a column go to their rows, column
 * by column. */
static void
write_pairs(const Solver *x, MtrAssign *p)
{
	const Taken *t = &x->taken;
	int32_t    *next = x->queue;

	memset(next, 0, (p->nrows + 1) * sizeof(int32_t));
	for (int32_t k = 0; k < t->n; k++)
		next[t->row[k] + 1]++;
	for (int32_t i = 0; i < p->nrows; i++)
		next[i + 1] += next[i];
	p->npairs = t->n;
	p->total = 0;
	for (int32_t j = 0; j < p->ncols; j++)
		for (int32_t k = t->col_first[j]; k >= 0; k = t->col_next[k])
		{
			int32_t		row = t->row[k],
						at = next[row]++;

			p->pair_row[at] = row;
			p->pair_col[at] = j;
			p->total += t->score[k];
		}
}

static void
put_price(Num y, uint8_t *cover, int64_t *price)
{
	*cover = y > LEVEL / 2;
	*price = (y - (*cover ? LEVEL : 0)) / 2;
}

/*
 * Rows and columns without any place are full from the start, and their pairs
 * are not taken: they need prices so high that nobody would want them.  Rows
 * come first; columns then meet what is left.
 */
static void
price_empty(const Solver *x, MtrAssign *p)
{
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] == 0)
			x->open[j] = 0;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		const int32_t *score = p->score + (size_t) i * p->ncols;
		Num			y;

		mtr_poll();
		if (p->row_places[i] == 0)
		{
			y = 0;
			for (int32_t j = 0; j < p->ncols; j++)
				if (score[j] != MTR_NO_PAIR && p->col_places[j] > 0 &&
					x->stay - key_of(x, j, score[j]) > y)
					y = x->stay - key_of(x, j, score[j]);
			put_price(y, &p->row_cover[i], &p->row_price[i]);
		}
		y = (p->row_cover[i] ? LEVEL : 0) + 2 * (Num) p->row_price[i];
		for (int32_t j = 0; j < p->ncols; j++)
			if (p->col_places[j] == 0 && score[j] != MTR_NO_PAIR &&
				x->stay + 2 * (Num) score[j] - y > x->open[j])
				x->open[j] = x->stay + 2 * (Num) score[j] - y;
	}
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] == 0)
			put_price(x->open[j], &p->col_cover[j], &p->col_price[j]);
}

/*
 * A row's price is the highest that leaves each of its pairs a slack >= 0,
 * hence one of them slack 0, and 0 if it has a place left.
 */
static void
price_sides(const Solver *x, MtrAssign *p)
{
	const Taken *t = &x->taken;
	bool		some_empty = false;

	for (int32_t j = 0; j < p->ncols; j++)
	{
		put_price(EVEN(x->price[j]), &p->col_cover[j], &p->col_price[j]);
		some_empty |= p->col_places[j] == 0;
	}
	for (int32_t i = 0; i < p->nrows; i++)
	{
		int32_t		n = 0;

		for (int32_t k = t->row_first[i]; k >= 0; k = t->row_next[k])
			n++;
		put_price(n > 0 && n == p->row_places[i] ?
				  x->stay - tightest_key(x, i) : 0,
				  &p->row_cover[i], &p->row_price[i]);
		some_empty |= p->row_places[i] == 0;
	}
	if (some_empty)
		price_empty(x, p);
}

/* False if a number leaves its range; the outputs are untouched then. */
static bool
solve(MtrAssign *p, bool resume, void *scratch)
{
	Arena		arena = {scratch, 0};
	Solver		solver,
			   *x = &solver;

	lay_out(x, p, &arena);
	start(x);
	if (resume && !begin_with(x))
		start(x);
	if (!auction(x))
		return false;
	memcpy(x->open, x->price, (size_t) x->col_blocks * BLOCK * sizeof(Num));
	for (int32_t i = 0; i < p->nrows; i++)
	{
		mtr_progress(i, p->nrows);
		while (x->taken.row_left[i] > 0)
			if (!augment(x, i))
				return false;
	}
	write_pairs(x, p);
	price_sides(x, p);
	return true;
}

#undef Num
#undef Solver
#undef add_listed
#undef augment
#undef begin_with
#undef auction
#undef begin_search
#undef bid
#undef cheapest_place
#undef drop_listed
#undef fill_far
#undef finish
#undef in_range
#undef key_block
#undef key_of
#undef key_row
#undef lay_out
#undef least_block
#undef load_pairs
#undef load_prices
#undef lower_label
#undef move_along
#undef move_prices
#undef offer_listed
#undef postpone
#undef price_empty
#undef price_sides
#undef put_price
#undef raise_places
#undef reach
#undef read_row
#undef reach_sitters
#undef relax_block
#undef relax_row
#undef scan_first
#undef shut_own
#undef solve
#undef start
#undef take_least
#undef tightest_key
#undef two_least
#undef write_pairs
#undef PART
#undef LEVEL
#undef FAR
#undef SHUT
#undef NOT_ELIGIBLE
#undef AS_NUM
#undef EVEN
#undef SOLVER
#undef NUM_TYPE
#undef RANGE
