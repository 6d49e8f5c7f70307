/*
 * circle_fuzz.c
 *	  circles and their bounds: circle.h word for word
 *
 * What comes out must be a division, the same each time, and within its
 * bounds; of small problems the best of all divisions is found by enumeration:
 * no bound may be below it and no answer above it.
 *
 * Build: circle_fuzz.c with poll.c and the kernels
 */
#include "fuzz.h"
#include "circle.h"

/* Members of problems solved by enumeration */
#define MAX_BRUTE 8

/* No division */
#define NONE INT64_MIN

/* The best division of one set of members */
typedef struct Best
{
	int32_t		placed;
	int64_t		total;			/* of those that place so many */
	int64_t		any_total;		/* of all */
} Best;

static int32_t
score_of(const MtrCircle *p, int32_t i, int32_t j)
{
	return p->score[(size_t) i * p->n + j];
}

static void
put_score(MtrCircle *p, int32_t i, int32_t j, int32_t score)
{
	((int32_t *) p->score)[(size_t) i * p->n + j] = score;
}

static void
describe_circles(const void *problem)
{
	const MtrCircle *p = problem;

	fprintf(stderr, "%d members, sizes %d to %d, effort %d, seed %llu\n",
			p->n, p->min_size, p->max_size, p->effort,
			(unsigned long long) p->seed);
	for (int32_t i = 0; i < p->n; i++)
	{
		for (int32_t j = 0; j < p->n; j++)
			if (score_of(p, i, j) == MTR_NO_PAIR)
				fprintf(stderr, " -");
			else
				fprintf(stderr, " %d", score_of(p, i, j));
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "%d circles, %d placed of %d, total %lld of %lld:",
			p->ncircles, p->nplaced, p->placed_bound, (long long) p->total,
			(long long) p->bound);
	for (int32_t i = 0; i < p->n; i++)
		fprintf(stderr, " %d", p->circle_of[i]);
	fprintf(stderr, "\n");
}

static void
read_circles(Input *in, MtrCircle *p)
{
	ScoreSource source;

	memset(p, 0, sizeof(MtrCircle));
	p->n = choose_side(in, 34);
	p->min_size = 2 + (int32_t) choose(in, 4);
	p->max_size = p->min_size + (int32_t) choose(in, 5);
	p->effort = choose(in, 8) == 0;
	p->seed = choose(in, 256);
	p->score = take_memory((int64_t) p->n * p->n, sizeof(int32_t));
	p->circle_of = take_memory(p->n, sizeof(int32_t));
	source = choose_scores(in);
	for (int32_t i = 0; i < p->n; i++)
	{
		put_score(p, i, i, MTR_NO_PAIR);
		for (int32_t j = 0; j < i; j++)
		{
			put_score(p, i, j, next_score(in, &source, i, j));
			put_score(p, j, i, score_of(p, i, j));
		}
	}
	describe = describe_circles;
	in_hand = p;
}

/* Solve in scratch full of some byte. */
static MtrStatus
run(MtrCircle *p, int rubbish)
{
	size_t		size = mtr_circle_scratch_size(p);
	void	   *scratch = take_memory(size, 1);
	MtrStatus	status;

	memset(scratch, rubbish, size);
	status = mtr_circle_solve(p, scratch);
	free(scratch);
	return status;
}

/* A division, numbered and counted as told, within bounds */
static void
claim_division(const MtrCircle *p)
{
	int32_t    *size = take_cleared(p->n, sizeof(int32_t));
	int32_t		ncircles = 0;
	int32_t		nplaced = 0;
	int64_t		total = 0;

	for (int32_t i = 0; i < p->n; i++)
	{
		int32_t		circle = p->circle_of[i];

		if (circle == -1)
			continue;
		nplaced++;
		ncircles += circle == ncircles;
		CLAIM(circle >= 0 && circle < ncircles);
		size[circle]++;
		for (int32_t j = 0; j < i; j++)
			if (p->circle_of[j] == circle)
			{
				CLAIM(score_of(p, i, j) != MTR_NO_PAIR);
				total += score_of(p, i, j);
			}
	}
	for (int32_t c = 0; c < ncircles; c++)
		CLAIM(size[c] >= p->min_size && size[c] <= p->max_size);
	CLAIM(ncircles == p->ncircles && nplaced == p->nplaced &&
		  total == p->total);
	CLAIM(nplaced <= p->placed_bound && p->placed_bound <= p->n);
	CLAIM(total <= p->bound);
	free(size);
}

/* Total of a set as one circle; NONE when it isn't one */
static int64_t
circle_total(const MtrCircle *p, uint32_t set)
{
	int64_t		total = 0;
	int32_t		size = __builtin_popcount(set);

	if (size < p->min_size || size > p->max_size)
		return NONE;
	for (int32_t i = 0; i < p->n; i++)
		for (int32_t j = 0; j < i; j++)
			if (set >> i & set >> j & 1)
			{
				if (score_of(p, i, j) == MTR_NO_PAIR)
					return NONE;
				total += score_of(p, i, j);
			}
	return total;
}

/* A set's first member is in no circle or in one with some of the others. */
static Best
enumerate(const MtrCircle *p)
{
	static Best best[1 << MAX_BRUTE];
	static int64_t circle[1 << MAX_BRUTE];
	uint32_t	all = (1U << p->n) - 1;

	for (uint32_t set = 0; set <= all; set++)
		circle[set] = circle_total(p, set);
	memset(best, 0, sizeof(Best));
	for (uint32_t set = 1; set <= all; set++)
	{
		uint32_t	first = set & -set;
		uint32_t	others = set ^ first;

		best[set] = best[others];
		for (uint32_t with = others; with != 0; with = (with - 1) & others)
		{
			const Best *rest = &best[others ^ with];
			int64_t		total = circle[with | first];
			int32_t		placed = __builtin_popcount(with | first) +
			rest->placed;

			if (total == NONE)
				continue;
			if (total + rest->any_total > best[set].any_total)
				best[set].any_total = total + rest->any_total;
			if (placed > best[set].placed ||
				(placed == best[set].placed &&
				 total + rest->total > best[set].total))
			{
				best[set].placed = placed;
				best[set].total = total + rest->total;
			}
		}
	}
	return best[all];
}

static void
claim_bounds(const MtrCircle *p)
{
	Best		best = enumerate(p);

	CLAIM(best.placed <= p->placed_bound && best.any_total <= p->bound);
	CLAIM(p->nplaced <= best.placed);
	CLAIM(p->nplaced < best.placed || p->total <= best.total);
}

static void
claim_same_again(MtrCircle *p)
{
	MtrCircle	q = *p;

	q.circle_of = take_memory(p->n, sizeof(int32_t));
	CLAIM(run(&q, 0x5A) == MTR_OK);
	CLAIM(memcmp(q.circle_of, p->circle_of, p->n * sizeof(int32_t)) == 0);
	CLAIM(q.total == p->total && q.bound == p->bound &&
		  q.placed_bound == p->placed_bound);
	free(q.circle_of);
}

static void
claim_refused(Input *in, MtrCircle *p)
{
	int32_t		i = choose(in, p->n);
	int32_t		j = choose(in, p->n);

	switch (choose(in, 5))
	{
		case 0:
			if (i == j || p->n == 0)
				return;
			put_score(p, i, j, score_of(p, i, j) == 0 ? 1 : 0);
			CLAIM(run(p, 0xA5) == MTR_INVALID);
			break;
		case 1:
			if (i == j || p->n == 0)
				return;
			put_score(p, i, j, 1000000001);
			put_score(p, j, i, 1000000001);
			CLAIM(run(p, 0xA5) == MTR_OVERFLOW);
			break;
		case 2:
			p->min_size = (int32_t) choose(in, 3) - 1;
			CLAIM(run(p, 0xA5) == MTR_INVALID);
			break;
		case 3:
			p->max_size = p->min_size - 1;
			CLAIM(run(p, 0xA5) == MTR_INVALID);
			break;
		default:
			p->effort = -1;
			CLAIM(run(p, 0xA5) == MTR_INVALID);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	MtrCircle	p;

	read_circles(&in, &p);
	CLAIM(run(&p, 0xA5) == MTR_OK);
	claim_division(&p);
	if (p.n <= MAX_BRUTE)
		claim_bounds(&p);
	claim_same_again(&p);
	claim_refused(&in, &p);
	free((void *) p.score);
	free(p.circle_of);
	return 0;
}
