/*
 * circle_test.c
 *	  circles and their bounds: circle.c, circle_search.c, circle_bound.c
 *
 * Small problems are compared with the best of all divisions, found by going
 * through them: for each set of members the best division of it, from those
 * of smaller sets.  What the kernel returns must always be a division and
 * within its bounds; no division may exceed them; and how often the search
 * reaches the best is counted.  Larger problems have divisions known to be
 * good, or all the kernel says is recomputed.
 *
 * Build: circle_test.c poll.c circle.c circle_search.c circle_bound.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "circle.h"

#define RANDOM_SEED 20250301
#include "tap.h"

/* Members of problems solved by enumeration */
#define MAX_BRUTE 9

/* No division */
#define NONE INT64_MIN

/* How the scores of a problem are made */
typedef enum ScoreKind
{
	FEW_SCORES,
	MANY_SCORES,
	LIKES,						/* sums of what both like */
	POPULAR,					/* everybody prefers the same */
	NEGATIVE,
	ALL_EQUAL,
	LARGEST,					/* at the ends of the range */
	NSCORE_KINDS
} ScoreKind;

/* The best division of one set of members, for a problem */
typedef struct Best
{
	int32_t		placed;
	int64_t		total;			/* of those that place so many */
	int64_t		any_total;		/* of all */
} Best;

/* What came out, against enumeration */
typedef struct Tally
{
	int32_t		cases;
	int32_t		as_many;		/* places as many as possible */
	int32_t		best;			/* and has the highest total */
	int64_t		total;			/* sums, where it places as many; scores of */
	int64_t		best_total;		/* 0 and more only */
} Tally;

/* ----------
 * Problems
 * ----------
 */

static MtrCircle *
new_problem(int32_t n, int32_t min_size, int32_t max_size)
{
	MtrCircle  *p = get_memory(sizeof(MtrCircle));
	int32_t    *score = get_memory((size_t) n * n * sizeof(int32_t));

	p->n = n;
	p->min_size = min_size;
	p->max_size = max_size;
	p->score = score;
	p->circle_of = get_memory(n * sizeof(int32_t));
	for (int32_t i = 0; i < n; i++)
		score[(size_t) i * n + i] = MTR_NO_PAIR;
	return p;
}

static void
free_problem(MtrCircle *p)
{
	free((void *) p->score);
	free(p->circle_of);
	free(p);
}

static inline int32_t
score_of(const MtrCircle *p, int32_t i, int32_t j)
{
	return p->score[(size_t) i * p->n + j];
}

static void
set_score(MtrCircle *p, int32_t i, int32_t j, int32_t score)
{
	((int32_t *) p->score)[(size_t) i * p->n + j] = score;
	((int32_t *) p->score)[(size_t) j * p->n + i] = score;
}

static int32_t
random_score(ScoreKind kind, int32_t i, int32_t j)
{
	switch (kind)
	{
		case FEW_SCORES:
			return (int32_t) rnd(4);
		case MANY_SCORES:
			return (int32_t) rnd(2000) - 500;
		case LIKES:
			return 300 * !((i ^ j) & 1) + 200 * !((i ^ j) & 2) +
				100 * !((i ^ j) & 4) + (int32_t) rnd(50);
		case POPULAR:
			return (i % 5) * 100 + (j % 5) * 100 + (int32_t) rnd(20);
		case NEGATIVE:
			return -(int32_t) rnd(100);
		case ALL_EQUAL:
			return 7;
		default:
			return rnd(4) == 0 ? -1000000000 : 1000000000 - (int32_t) rnd(3);
	}
}

/* "excluded" of 16 pairs are not eligible */
static MtrCircle *
random_problem(int32_t n, int32_t max_size, uint32_t excluded)
{
	int32_t		min_size = 2 + rnd(max_size - 1);
	MtrCircle  *p = new_problem(n, min_size, max_size);
	ScoreKind	kind = rnd(NSCORE_KINDS);

	for (int32_t i = 0; i < n; i++)
		for (int32_t j = 0; j < i; j++)
			set_score(p, i, j, rnd(16) < excluded ? MTR_NO_PAIR :
					  random_score(kind, i, j));
	p->seed = rnd(1000);
	return p;
}

/* Run the kernel in scratch of exactly the size stated, full of anything. */
static MtrStatus
run_kernel(MtrCircle *p)
{
	size_t		size = mtr_circle_scratch_size(p);
	char	   *block = get_memory(size + 64);
	char	   *scratch = (char *) (((uintptr_t) block + 63) &
									~(uintptr_t) 63);
	char	   *exact = NULL;
	MtrStatus	status;

	/* the sanitizer sees what is beyond only at the end of a block */
	if (posix_memalign((void **) &exact, 64, size > 0 ? size : 64) == 0)
		scratch = exact;
	memset(scratch, (int) rnd(256), size);
	status = mtr_circle_solve(p, scratch);
	free(exact);
	free(block);
	return status;
}

/* ----------
 * Checks
 * ----------
 */

/* Is the result a division, numbered and counted as told, within bounds? */
static bool
is_division(const MtrCircle *p)
{
	int32_t    *size = get_memory((p->n + 1) * sizeof(int32_t));
	int32_t		ncircles = 0;
	int32_t		nplaced = 0;
	int64_t		total = 0;
	bool		valid = true;

	for (int32_t i = 0; i < p->n && valid; i++)
	{
		int32_t		circle = p->circle_of[i];

		if (circle == -1)
			continue;
		nplaced++;
		if (circle == ncircles)
			ncircles++;
		valid = circle >= 0 && circle < ncircles;
		if (valid)
			size[circle]++;
		for (int32_t j = 0; j < i && valid; j++)
			if (p->circle_of[j] == circle)
			{
				valid = score_of(p, i, j) != MTR_NO_PAIR;
				total += valid ? score_of(p, i, j) : 0;
			}
	}
	for (int32_t c = 0; c < ncircles; c++)
		valid = valid && size[c] >= p->min_size && size[c] <= p->max_size;
	free(size);
	return valid && ncircles == p->ncircles && nplaced == p->nplaced &&
		total == p->total && nplaced <= p->placed_bound &&
		total <= p->bound;
}

/* Half the sum of each member's max_size - 1 best scores above 0 */
static int64_t
simple_bound(const MtrCircle *p)
{
	int64_t		sum = 0;
	int32_t    *best = get_memory(p->max_size * sizeof(int32_t));

	for (int32_t i = 0; i < p->n; i++)
	{
		memset(best, 0, p->max_size * sizeof(int32_t));
		for (int32_t j = 0; j < p->n; j++)
		{
			int32_t		k = p->max_size - 1;

			for (; k > 0 && best[k - 1] < score_of(p, i, j); k--)
				best[k] = best[k - 1];
			best[k] = score_of(p, i, j) > 0 || k < p->max_size - 1 ?
				score_of(p, i, j) : 0;
		}
		for (int32_t k = 0; k < p->max_size - 1; k++)
			sum += best[k];
	}
	free(best);
	return sum / 2;
}

/* Total of a set as one circle; NONE when it isn't one */
static int64_t
circle_total(const MtrCircle *p, uint32_t set)
{
	int64_t		total = 0;
	int32_t		size = 0;

	for (int32_t i = 0; i < p->n; i++)
	{
		if (!(set >> i & 1))
			continue;
		size++;
		for (int32_t j = 0; j < i; j++)
			if (set >> j & 1)
			{
				if (score_of(p, i, j) == MTR_NO_PAIR)
					return NONE;
				total += score_of(p, i, j);
			}
	}
	return size >= p->min_size && size <= p->max_size ? total : NONE;
}

/* The best of all divisions: a set's first member is in no circle or in one
 * with some of the others. */
static Best
enumerate(const MtrCircle *p)
{
	static Best best[1 << MAX_BRUTE];
	static int64_t circle[1 << MAX_BRUTE];
	uint32_t	all = (1U << p->n) - 1;

	for (uint32_t set = 0; set <= all; set++)
		circle[set] = circle_total(p, set);
	best[0].placed = 0;
	best[0].total = 0;
	best[0].any_total = 0;
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

/* ----------
 * Tests
 * ----------
 */

static void
tell(const MtrCircle *p, const Best *best)
{
	printf("# n %d, sizes %d to %d, seed %d: placed %d of %d, total %lld of "
		   "%lld, best %d with %lld, any %lld\n", (int) p->n,
		   (int) p->min_size, (int) p->max_size, (int) p->seed,
		   (int) p->nplaced, (int) p->placed_bound, (long long) p->total,
		   (long long) p->bound, (int) best->placed, (long long) best->total,
		   (long long) best->any_total);
}

/* One small problem; false if anything is wrong about it */
static bool
check_small(int32_t effort, Tally *tally)
{
	int32_t		max_size = 2 + rnd(rnd(2) ? 3 : 7);
	MtrCircle  *p = random_problem(rnd(MAX_BRUTE + 1), max_size,
								   rnd(3) == 0 ? rnd(14) : 0);
	Best		best = enumerate(p);
	bool		right;

	p->effort = effort;
	right = run_kernel(p) == MTR_OK && is_division(p) &&
		best.placed <= p->placed_bound && best.any_total <= p->bound &&
		p->nplaced <= best.placed && p->bound <= simple_bound(p) &&
		(p->nplaced < best.placed || p->total <= best.total);
	if (!right)
		tell(p, &best);
	tally->cases++;
	tally->as_many += p->nplaced == best.placed;
	tally->best += p->nplaced == best.placed && p->total == best.total;
	if (p->nplaced == best.placed && best.total > 0 &&
		best.total < INT32_MAX / 4)
	{
		tally->total += p->total;
		tally->best_total += best.total;
	}
	free_problem(p);
	return right;
}

/* The seeds are fixed: so many are reached, on every machine. */
static void
test_small(int32_t cases, int32_t effort, double as_many, double best)
{
	Tally		tally = {0};
	int32_t		wrong = 0;
	char		what[120];

	for (int32_t k = 0; k < cases; k++)
		wrong += !check_small(effort, &tally);
	printf("# effort %d: of %d problems %d placed as many as possible, %d "
		   "are best, %.3f %% of the best totals\n", (int) effort,
		   (int) tally.cases, (int) tally.as_many, (int) tally.best,
		   100.0 * tally.total / tally.best_total);
	sprintf(what, "%d small problems, effort %d: divisions within bounds",
			(int) cases, (int) effort);
	report(wrong == 0, what);
	sprintf(what, "%g %% place as many as possible, %g %% are the best",
			100 * as_many, 100 * best);
	report(tally.as_many >= as_many * cases && tally.best >= best * cases &&
		   tally.total >= 0.98 * tally.best_total, what);
}

/* Solve again in other scratch; the same must come out. */
static bool
is_repeatable(MtrCircle *p)
{
	size_t		size = p->n * sizeof(int32_t);
	int32_t    *first = get_memory(size);
	MtrCircle	before = *p;
	bool		same;

	memcpy(first, p->circle_of, size);
	memset(p->circle_of, 1, size);
	same = run_kernel(p) == MTR_OK &&
		memcmp(first, p->circle_of, size) == 0 &&
		p->ncircles == before.ncircles && p->nplaced == before.nplaced &&
		p->placed_bound == before.placed_bound &&
		p->total == before.total && p->bound == before.bound;
	free(first);
	return same;
}

static void
test_large(int32_t cases, int32_t max_n)
{
	bool		valid = true;
	bool		same = true;
	bool		tight = true;

	for (int32_t k = 0; k < cases; k++)
	{
		MtrCircle  *p = random_problem(rnd(max_n), 2 + rnd(rnd(4) ? 6 : 40),
									   rnd(3) == 0 ? rnd(16) : 0);

		p->effort = rnd(3) == 0 ? 1 + rnd(2) : 0;
		valid = valid && run_kernel(p) == MTR_OK && is_division(p);
		tight = tight && p->bound <= simple_bound(p);
		if (k % 4 == 0)
			same = same && is_repeatable(p);
		free_problem(p);
	}
	report(valid, "large problems: divisions within bounds");
	report(tight, "large problems: no bound above the simple one");
	report(same, "large problems: the same comes out again");
}

/*
 * Hidden circles of max_size that are all there is to gain, members in random
 * order: they are found, and the bound proves it.
 */
static void
test_hidden(void)
{
	int32_t		found = 0;
	int32_t		cases = 0;

	for (int32_t size = 2; size <= 7; size++)
		for (int32_t circles = 1; circles <= 12; circles++)
		{
			int32_t		n = size * circles;
			MtrCircle  *p = new_problem(n, 2 + rnd(size - 1), size);
			int32_t    *circle = get_memory(n * sizeof(int32_t));

			for (int32_t i = 0; i < n; i++)
			{
				int32_t		other = rnd(i + 1);

				circle[i] = circle[other];
				circle[other] = i / size;
			}
			for (int32_t i = 0; i < n; i++)
				for (int32_t j = 0; j < i; j++)
					set_score(p, i, j, circle[i] == circle[j] ? 1000 : 0);
			p->effort = 5;
			cases++;
			found += run_kernel(p) == MTR_OK && is_division(p) &&
				p->nplaced == n && p->ncircles == circles &&
				p->total == (int64_t) 1000 * n * (size - 1) / 2 &&
				p->bound == p->total;
			free(circle);
			free_problem(p);
		}
	printf("# %d of %d\n", (int) found, (int) cases);
	report(found == cases, "hidden circles are found and proven to be best");
}

/*
 * Pairs eligible only within hidden circles and at random between them: all
 * can be placed, which isn't easy to see.
 */
static void
test_sparse(void)
{
	int32_t		placed = 0;
	int32_t		members = 0;

	for (int32_t k = 0; k < 20; k++)
	{
		int32_t		size = 3 + k % 2;
		int32_t		n = size * (5 + k);
		MtrCircle  *p = new_problem(n, size, size + k % 3);

		for (int32_t i = 0; i < n; i++)
			for (int32_t j = 0; j < i; j++)
				set_score(p, i, j, i % (n / size) == j % (n / size) ||
						  rnd(10) == 0 ? (int32_t) rnd(1000) : MTR_NO_PAIR);
		p->effort = 10;
		if (run_kernel(p) == MTR_OK && is_division(p) &&
			p->placed_bound == n)
			placed += p->nplaced;
		members += n;
		free_problem(p);
	}
	printf("# %d of %d\n", (int) placed, (int) members);
	report(placed >= 0.95 * members,
		   "few pairs eligible: 95 % of those who can are placed");
}

/* More effort finds no less on the whole; another seed, another search. */
static void
test_effort(void)
{
	int64_t		total[3] = {0, 0, 0};
	bool		seeds_differ = false;

	for (int32_t k = 0; k < 12; k++)
	{
		MtrCircle  *p = new_problem(60, 4, 5);
		int32_t		first[60];

		for (int32_t i = 0; i < p->n; i++)
			for (int32_t j = 0; j < i; j++)
				set_score(p, i, j, random_score(MANY_SCORES, i, j));
		for (int32_t e = 0; e < 3; e++)
		{
			p->effort = e * e * 5;
			p->seed = 1;
			run_kernel(p);
			total[e] += p->total;
		}
		memcpy(first, p->circle_of, sizeof(first));
		p->seed = 2;
		run_kernel(p);
		seeds_differ |= memcmp(first, p->circle_of, sizeof(first)) != 0;
		free_problem(p);
	}
	printf("# totals by effort 0, 5, 20: %lld, %lld, %lld\n",
		   (long long) total[0], (long long) total[1], (long long) total[2]);
	report(total[1] > total[0] && total[2] > total[1] && seeds_differ,
		   "effort raises totals, seeds lead elsewhere");
}

static void
test_faults(void)
{
	MtrCircle  *p = new_problem(5, 2, 3);
	bool		right;

	for (int32_t i = 0; i < 5; i++)
		for (int32_t j = 0; j < i; j++)
			set_score(p, i, j, 1000000000);
	right = run_kernel(p) == MTR_OK;
	p->min_size = 1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->min_size = 4;
	right = right && run_kernel(p) == MTR_INVALID;
	p->min_size = 3;
	p->max_size = MTR_CIRCLE_MAX_SIZE + 1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->max_size = MTR_CIRCLE_MAX_SIZE;
	right = right && run_kernel(p) == MTR_OK && p->ncircles == 1;
	p->effort = -1;
	right = right && run_kernel(p) == MTR_INVALID;
	p->effort = 0;
	report(right, "sizes and efforts out of range are refused");

	set_score(p, 4, 1, 1000000001);
	right = run_kernel(p) == MTR_OVERFLOW;
	set_score(p, 4, 1, -1000000001);
	right = right && run_kernel(p) == MTR_OVERFLOW;
	set_score(p, 4, 1, 5);
	((int32_t *) p->score)[4 * 5 + 1] = 6;
	right = right && run_kernel(p) == MTR_INVALID;
	((int32_t *) p->score)[4 * 5 + 1] = MTR_NO_PAIR;
	right = right && run_kernel(p) == MTR_INVALID;
	set_score(p, 4, 1, 5);
	set_score(p, 2, 2, 0);
	right = right && run_kernel(p) == MTR_INVALID;
	report(right, "scores out of range or not symmetric are refused");
	free_problem(p);
}

int
main(void)
{
	test_small(18000, 0, 0.97, 0.92);
	test_small(3000, 1, 0.99, 0.98);
	test_large(300, 70);
	test_hidden();
	test_sparse();
	test_effort();
	test_faults();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
