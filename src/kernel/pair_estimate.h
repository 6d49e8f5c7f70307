/*
 * pair_estimate.h
 *	  who is everybody's favourite?  Estimates for the solver of pair.c
 *
 * Problem.  Where some vertices have high scores with everybody, the best
 * pairs of each vertex all lead to the same few, the others hardly meet among
 * the pairs chosen, and round after round is needed to bring them together.
 * Pairs have to be chosen by what is left of their score when the partner has
 * its price, and that isn't known yet.
 *
 * Method.  The rows of a sample of vertices are read, and prices fitted to
 * them: again and again each vertex takes the mean of its price and of the
 * best that is left for it among the sample.  Two halves of the sample give
 * two such fits.  What they have in common is popularity, what they haven't
 * is chance, and prices wrong by chance would do the harm they should cure.
 * So the fit is shrunk to the part that both agree on, as statisticians shrink
 * a score of which they know the reliability.  If that is low, as with scores
 * in which everybody has other favourites, no estimate is used.
 *
 * Else the means of all rows are taken first, which are exact where a score is
 * the sum of two persons' qualities and something that is neither's, and the
 * same is done with what remains.
 *
 * A bad estimate costs time and changes nothing else.
 */
#ifndef MTR_PAIR_ESTIMATE_H
#define MTR_PAIR_ESTIMATE_H

#include <string.h>

#include "pair_rows.h"

/* Rows that are read, fewer than TOO_FEW being no use, and how often prices
 * are improved: each time halves what they are off. */
#define SAMPLE 128
#define TOO_FEW 4
#define SWEEPS 8

/* Reliabilities are in 1024ths; lower ones than this are disregarded. */
#define RELIABLE 1024
#define HARDLY_RELIABLE 512

typedef struct Sample
{
	int32_t    *score;			/* [nrows * n] */
	int32_t		nrows;
	int32_t    *mean;			/* [n] prices to start with */
	int32_t    *fit[2];			/* [n] one for each half */
} Sample;

static inline int32_t
clamp(int64_t score)
{
	return score > MAX_SCORE ? MAX_SCORE :
		score < -MAX_SCORE ? -MAX_SCORE : (int32_t) score;
}

static inline int32_t
sampled(const Solver *x, const Sample *s, int32_t k)
{
	return (int32_t) ((int64_t) k * x->n / s->nrows);
}

/* What is left of a row's scores for each vertex, if that is its best */
MTR_SIMD static void
raise_best(int32_t *restrict best, const int32_t *restrict score, int32_t n,
		   const int32_t floor_and_price[2])
{
	int32_t		floor = floor_and_price[0],
				price = floor_and_price[1];

	for (int32_t b = 0; b < n; b++)
	{
		int32_t		here = score[b] > floor ? score[b] - price : INT32_MIN;

		best[b] = here > best[b] ? here : best[b];
	}
}

/* Fit prices to every other row of the sample. */
static void
fit_half(const Solver *x, const Sample *s, int32_t half)
{
	int32_t    *fit = s->fit[half],
			   *best = x->worth,
				n = x->n;

	memcpy(fit, s->mean, n * sizeof(int32_t));
	for (int sweep = 0; sweep < SWEEPS; sweep++)
	{
		mtr_poll();
		for (int32_t v = 0; v < n; v++)
			best[v] = INT32_MIN;
		for (int32_t k = half; k < s->nrows; k += 2)
		{
			int32_t		floor_and_price[2] = {x->floor, fit[sampled(x, s, k)]};

			raise_best(best, s->score + (size_t) k * n, n, floor_and_price);
		}
		for (int32_t v = 0; v < n; v++)
			if (best[v] != INT32_MIN)
				fit[v] = clamp(((int64_t) fit[v] + best[v]) / 2);
	}
}

/* Take the mean out of what a fit adds to the means of rows, and return how
 * large the largest is. */
static int64_t
center(const Solver *x, const Sample *s, int32_t half)
{
	int32_t    *fit = s->fit[half];
	int64_t		sum = 0,
				largest = 0;

	for (int32_t v = 0; v < x->n; v++)
		sum += fit[v] - s->mean[v];
	for (int32_t v = 0; v < x->n; v++)
	{
		fit[v] = clamp((int64_t) fit[v] - s->mean[v] - sum / x->n);
		if (fit[v] > largest || -fit[v] > largest)
			largest = fit[v] > 0 ? fit[v] : -fit[v];
	}
	return largest;
}

/*
 * Fit both halves, and add what they agree on to the means, as the estimate.
 * Returns the reliability of their mean: with c the covariance and v the mean
 * variance of two equally good fits it is 2c / (v + c).
 */
static int64_t
fit_both(const Solver *x, const Sample *s)
{
	int64_t		largest,
				other,
				reliability,
				square = 0,
				product = 0;
	int			shift = 0;

	fit_half(x, s, 0);
	fit_half(x, s, 1);
	largest = center(x, s, 0);
	other = center(x, s, 1);
	if (other > largest)
		largest = other;

	/* n squares of numbers below 2^13 fit into a sum, and 2048 times that */
	while (largest >> shift > 1 << 13)
		shift++;
	for (int32_t v = 0; v < x->n; v++)
	{
		int64_t		a = s->fit[0][v] / (1 << shift),
					b = s->fit[1][v] / (1 << shift);

		square += a * a + b * b;
		product += 2 * a * b;
	}
	reliability = product <= 0 ? 0 :
		2 * RELIABLE * product / (square + product);
	for (int32_t v = 0; v < x->n; v++)
		x->bias[v] = clamp(s->mean[v] + reliability *
						   ((int64_t) s->fit[0][v] + s->fit[1][v]) /
						   (2 * RELIABLE));
	return reliability;
}

/* The mean of each row's scores */
static void
read_means(Solver *x, int32_t *mean)
{
	for (int32_t a = 0; a < x->n; a++)
	{
		int64_t		sum = 0;
		int32_t		count = 0;

		read_row(x, a);
		for (int32_t b = 0; b < x->n; b++)
			if (x->row[b] > x->floor)
			{
				sum += clamp(x->row[b]);
				count++;
			}
		mean[a] = count > 0 ? (int32_t) (sum / count) : 0;
	}
}

/*
 * Estimate x->bias, what each vertex will cost those who want it, up to a
 * number that is the same for all.  True if that isn't 0 everywhere.
 */
static bool
estimate(Solver *x)
{
	Sample		s = {.score = (int32_t *) x->arc,.mean = x->waiting};
	int64_t		room = 2 * mtr_pair_edge_room(x->n, x->p->nearest) *
	(int64_t) sizeof(Arc) / (int64_t) sizeof(int32_t) / x->n;

	s.nrows = x->n < SAMPLE ? x->n : SAMPLE;
	if (s.nrows > room)
		s.nrows = (int32_t) room;
	s.fit[0] = x->touched;
	s.fit[1] = x->last_score;
	memset(x->bias, 0, x->n * sizeof(int32_t));
	if (s.nrows < TOO_FEW)
		return false;
	for (int32_t k = 0; k < s.nrows; k++)
	{
		int32_t		a = sampled(x, &s, k);

		read_row(x, a);
		for (int32_t b = 0; b < x->n; b++)
			s.score[(size_t) k * x->n + b] = x->row[b] == MTR_NO_PAIR ?
				MTR_NO_PAIR : clamp(x->row[b]);
	}
	memset(s.mean, 0, x->n * sizeof(int32_t));
	if (fit_both(x, &s) < HARDLY_RELIABLE)
	{
		memset(x->bias, 0, x->n * sizeof(int32_t));
		return false;
	}
	read_means(x, s.mean);
	if (fit_both(x, &s) < HARDLY_RELIABLE)
		memcpy(x->bias, s.mean, x->n * sizeof(int32_t));
	return true;
}

#endif							/* MTR_PAIR_ESTIMATE_H */
