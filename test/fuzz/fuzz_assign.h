/*
 * fuzz_assign.h
 *	  problems of rows, columns and places (assign.h) for the fuzz targets
 */
#ifndef FUZZ_ASSIGN_H
#define FUZZ_ASSIGN_H

#include "fuzz.h"
#include "assign.h"

static MtrAssign *
make_problem(int32_t nrows, int32_t ncols)
{
	MtrAssign  *p = take_cleared(1, sizeof(MtrAssign));

	p->nrows = nrows;
	p->ncols = ncols;
	p->score = take_memory((int64_t) nrows * ncols, sizeof(int32_t));
	p->row_places = take_memory(nrows, sizeof(int32_t));
	p->col_places = take_memory(ncols, sizeof(int32_t));
	p->row_cover = take_memory(nrows, 1);
	p->col_cover = take_memory(ncols, 1);
	p->row_price = take_memory(nrows, sizeof(int64_t));
	p->col_price = take_memory(ncols, sizeof(int64_t));
	return p;
}

static void
drop_problem(MtrAssign *p)
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
	free(p);
}

/* Room for exactly as many pairs as stated */
static void
make_pair_room(MtrAssign *p)
{
	int64_t		room = mtr_assign_max_pairs(p);

	free(p->pair_row);
	free(p->pair_col);
	p->pair_row = take_memory(room, sizeof(int32_t));
	p->pair_col = take_memory(room, sizeof(int32_t));
}

static inline int32_t
score_in(const MtrAssign *p, int32_t i, int32_t j)
{
	return p->score[(size_t) i * p->ncols + j];
}

static inline void
put_score(MtrAssign *p, int32_t i, int32_t j, int32_t score)
{
	((int32_t *) p->score)[(size_t) i * p->ncols + j] = score;
}

/* One place each; up to 3; up to 3 with a few beyond the number of partners */
static void
read_places(Input *in, const int32_t *places, int32_t n, int32_t partners)
{
	int			kind = choose(in, 4);

	for (int32_t k = 0; k < n; k++)
	{
		uint32_t	byte = kind < 2 ? 1 : next_byte(in);

		((int32_t *) places)[k] = kind < 3 || byte < 240 ?
			(int32_t) (byte % 4) : byte < 254 ? partners + 1 : INT32_MAX;
	}
}

static MtrAssign *
read_problem(Input *in, int32_t most_rows, int32_t most_cols)
{
	int32_t		nrows = choose_side(in, most_rows);
	int32_t		ncols = choose_side(in, most_cols);
	MtrAssign  *p = make_problem(nrows, ncols);
	ScoreSource source;

	p->most_pairs = choose(in, 2);
	read_places(in, p->row_places, nrows, ncols);
	read_places(in, p->col_places, ncols, nrows);
	source = choose_scores(in);
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
			put_score(p, i, j, next_score(in, &source, i, j));
	make_pair_room(p);
	return p;
}

/* The same problem without an answer, its scores multiplied */
static MtrAssign *
multiply_problem(const MtrAssign *p, int32_t factor)
{
	MtrAssign  *q = make_problem(p->nrows, p->ncols);

	q->most_pairs = p->most_pairs;
	memcpy((void *) q->row_places, p->row_places,
		   p->nrows * sizeof(int32_t));
	memcpy((void *) q->col_places, p->col_places,
		   p->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			put_score(q, i, j, score_in(p, i, j) == MTR_NO_PAIR ?
					  MTR_NO_PAIR : score_in(p, i, j) * factor);
	make_pair_room(q);
	return q;
}

static void
describe_side(const char *side, int32_t n, const int32_t *places,
			  const uint8_t *cover, const int64_t *price)
{
	fprintf(stderr, "%s:", side);
	for (int32_t k = 0; k < n; k++)
		fprintf(stderr, " %d", places[k]);
	fprintf(stderr, "\n%s (cover, price):", side);
	for (int32_t k = 0; k < n; k++)
		fprintf(stderr, " (%d, %lld)", cover[k], (long long) price[k]);
	fprintf(stderr, "\n");
}

/* The problem and what stands in its outputs, for whoever has to mend it */
static void
describe_problem(const void *problem)
{
	const MtrAssign *p = problem;

	fprintf(stderr, "%d rows, %d columns, %s\n", p->nrows, p->ncols,
			p->most_pairs ? "most_pairs" : "best_total");
	describe_side("rows' places", p->nrows, p->row_places, p->row_cover,
				  p->row_price);
	describe_side("columns' places", p->ncols, p->col_places, p->col_cover,
				  p->col_price);
	for (int32_t i = 0; i < p->nrows; i++)
	{
		for (int32_t j = 0; j < p->ncols; j++)
			if (score_in(p, i, j) == MTR_NO_PAIR)
				fprintf(stderr, " -");
			else
				fprintf(stderr, " %d", score_in(p, i, j));
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "%d pairs, total %lld:", p->npairs, (long long) p->total);
	for (int32_t k = 0; k < p->npairs; k++)
		fprintf(stderr, " %d-%d", p->pair_row[k], p->pair_col[k]);
	fprintf(stderr, "\n");
}

/* The problem to be described if a claim doesn't hold from now on */
static void
show_problem(const MtrAssign *p)
{
	describe = describe_problem;
	in_hand = p;
}

/* Rows become columns */
static MtrAssign *
transpose_problem(const MtrAssign *p)
{
	MtrAssign  *q = make_problem(p->ncols, p->nrows);

	q->most_pairs = p->most_pairs;
	memcpy((void *) q->row_places, p->col_places,
		   p->ncols * sizeof(int32_t));
	memcpy((void *) q->col_places, p->row_places,
		   p->nrows * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			put_score(q, j, i, score_in(p, i, j));
	make_pair_room(q);
	return q;
}

static int32_t
largest_size_of_score(const MtrAssign *p)
{
	int32_t		largest = 0;

	for (int32_t at = 0; at < p->nrows * p->ncols; at++)
		if (p->score[at] != MTR_NO_PAIR && abs(p->score[at]) > largest)
			largest = abs(p->score[at]);
	return largest;
}

static bool
same_pairs_in(const MtrAssign *p, const MtrAssign *q)
{
	return p->npairs == q->npairs &&
		memcmp(p->pair_row, q->pair_row, p->npairs * sizeof(int32_t)) == 0 &&
		memcmp(p->pair_col, q->pair_col, p->npairs * sizeof(int32_t)) == 0;
}

/* Are q's pairs those of p with rows and columns exchanged?  Both are sorted
 * by their own rows. */
static bool
same_pairs_exchanged(const MtrAssign *p, const MtrAssign *q)
{
	int32_t		n = 0;

	for (int32_t j = 0; j < p->ncols; j++)
		for (int32_t k = 0; k < p->npairs; k++)
			if (p->pair_col[k] == j)
			{
				if (n >= q->npairs || q->pair_row[n] != j ||
					q->pair_col[n] != p->pair_row[k])
					return false;
				n++;
			}
	return n == q->npairs;
}

/*
 * Some matching, sorted: a byte a pair says whether it is taken, if it may be
 */
static void
read_matching(Input *in, MtrAssign *p)
{
	int32_t    *row_left = take_memory(p->nrows, sizeof(int32_t));
	int32_t    *col_left = take_memory(p->ncols, sizeof(int32_t));
	uint32_t	taken = choose(in, 256);

	memcpy(row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	p->npairs = 0;
	p->total = 0;
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (score_in(p, i, j) != MTR_NO_PAIR && row_left[i] > 0 &&
				col_left[j] > 0 && next_byte(in) < taken)
			{
				row_left[i]--;
				col_left[j]--;
				p->pair_row[p->npairs] = i;
				p->pair_col[p->npairs++] = j;
				p->total += score_in(p, i, j);
			}
	free(row_left);
	free(col_left);
}

#endif							/* FUZZ_ASSIGN_H */
