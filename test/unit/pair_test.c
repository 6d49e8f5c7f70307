/*
 * pair_test.c
 *	  pairing peers: pair.c, pair_greedy.c and pair_check.c against brute force
 *
 * Small problems are solved by going through all subsets of vertices; the
 * proof is looked at by a second, plain check that knows the sets as lists,
 * and the kernel's checker has to agree with it, also on solutions that have
 * been tampered with.  Larger problems are made so that sets are nested and
 * opened again; there the proof alone has to hold.
 *
 * Build: pair_test.c poll.c pair.c pair_check.c pair_greedy.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

#define MAX_BRUTE 12

/* How the scores of a problem are made */
typedef enum ScoreKind
{
	FEW_SCORES,
	MANY_SCORES,
	SAME_TASTE,					/* everybody prefers the same partners */
	CLOSE_TRIANGLES,			/* groups of three, and of nine, like their
								 * own */
	ALL_EQUAL,
	LARGEST,					/* at the ends of the range */
	NSCORE_KINDS
} ScoreKind;

typedef struct Problem
{
	MtrPairing	p;
	int32_t    *score;			/* [n * n] */
	void	   *scratch;
	int64_t		nrows_read;
} Problem;

/* Number of pairs, then total */
typedef struct Optimum
{
	int32_t		npairs;
	int64_t		total;
} Optimum;

static int	ntests = 0;
static int	nfailed = 0;
static uint64_t rng_state = 20240611;

static uint32_t
rnd(uint32_t n)
{
	uint64_t	x = (rng_state += UINT64_C(0x9E3779B97F4A7C15));

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (uint32_t) ((x ^ (x >> 31)) >> 32) % n;
}

static void
report(bool passed, const char *what)
{
	printf("%s %d - %s\n", passed ? "ok" : "not ok", ++ntests, what);
	fflush(stdout);
	nfailed += !passed;
}

static void *
get_memory(size_t size)
{
	void	   *result = NULL;

	if (posix_memalign(&result, 64, size > 0 ? size : 1) != 0)
		exit(2);
	return result;
}

/* ----------
 * Problems
 * ----------
 */

static void
read_row(void *state, int32_t row, int32_t *number)
{
	Problem    *problem = state;
	size_t		n = problem->p.n;

	problem->nrows_read++;
	memcpy(number, problem->score + row * n, n * sizeof(int32_t));
}

static Problem *
new_problem(int32_t n, bool most_pairs)
{
	Problem    *problem = get_memory(sizeof(Problem));
	MtrPairing *p = &problem->p;

	memset(problem, 0, sizeof(Problem));
	p->n = n;
	p->row = read_row;
	p->state = problem;
	p->most_pairs = most_pairs;
	p->mate = get_memory(n * sizeof(int32_t));
	p->cover = get_memory(n);
	p->price = get_memory(n * sizeof(int64_t));
	p->order = get_memory(n * sizeof(int32_t));
	p->set_first = get_memory(n / 2 * sizeof(int32_t));
	p->set_last = get_memory(n / 2 * sizeof(int32_t));
	p->set_cover = get_memory(n / 2);
	p->set_price = get_memory(n / 2 * sizeof(int64_t));
	problem->score = get_memory((size_t) n * n * sizeof(int32_t));
	return problem;
}

static void
free_problem(Problem *problem)
{
	MtrPairing *p = &problem->p;

	free(p->mate);
	free(p->cover);
	free(p->price);
	free(p->order);
	free(p->set_first);
	free(p->set_last);
	free(p->set_cover);
	free(p->set_price);
	free(problem->score);
	free(problem);
}

static int32_t
score_of(const Problem *problem, int32_t a, int32_t b)
{
	return problem->score[(size_t) a * problem->p.n + b];
}

static int32_t
random_score(ScoreKind kind, int32_t a, int32_t b)
{
	switch (kind)
	{
		case FEW_SCORES:
			return (int32_t) rnd(5) - 1;
		case MANY_SCORES:
			return (int32_t) rnd(2000) - 500;
		case SAME_TASTE:
			return (a + 1) * (b + 1);
		case CLOSE_TRIANGLES:
			return (a / 3 == b / 3 ? 100 : a / 9 == b / 9 ? 60 : 10) +
				(int32_t) rnd(12);
		case ALL_EQUAL:
			return 7;
		default:
			return rnd(4) == 0 ? -1000000000 : 1000000000 - (int32_t) rnd(3);
	}
}

/* one pair in "exclude" isn't eligible */
static Problem *
random_problem(int32_t n, ScoreKind kind, uint32_t exclude)
{
	Problem    *problem = new_problem(n, rnd(2));

	for (int32_t a = 0; a < n; a++)
		for (int32_t b = 0; b <= a; b++)
		{
			int32_t		score = a == b || rnd(exclude) == 0 ? MTR_NO_PAIR :
			random_score(kind, a, b);

			problem->score[(size_t) a * n + b] = score;
			problem->score[(size_t) b * n + a] = score;
		}
	return problem;
}

/* Solve with exactly the memory stated; grow where asked to. */
static MtrStatus
solve(Problem *problem, int64_t edge_room)
{
	MtrPairing *p = &problem->p;
	int64_t		all = (int64_t) p->n * (p->n - 1) / 2;
	MtrStatus	status;

	for (p->edge_room = edge_room;; p->edge_room = 2 * p->edge_room + 1)
	{
		if (p->edge_room > all)
			p->edge_room = all;
		problem->scratch = get_memory(mtr_pair_scratch_size(p));
		status = mtr_pair_solve(p, problem->scratch);
		free(problem->scratch);
		if (status != MTR_FULL || p->edge_room == all)
			return status;
	}
}

static MtrPairVerdict
check(Problem *problem)
{
	MtrPairVerdict verdict;
	void	   *scratch = get_memory(mtr_pair_check_scratch_size(&problem->p));

	if (mtr_pair_check(&problem->p, &verdict, scratch) != MTR_OK)
		verdict.fault = MTR_PAIR_RANGE;
	free(scratch);
	return verdict;
}

/* ----------
 * References
 * ----------
 */

static bool
is_eligible(const Problem *problem, int32_t a, int32_t b)
{
	int32_t		score = score_of(problem, a, b);

	return a != b && score != MTR_NO_PAIR &&
		(score > 0 || problem->p.most_pairs);
}

static bool
is_better(Optimum a, Optimum b, bool most_pairs)
{
	if (most_pairs && a.npairs != b.npairs)
		return a.npairs > b.npairs;
	return a.total > b.total;
}

/* The best matching within each set of vertices: the highest one in it stays
 * free or goes with one of the others. */
static Optimum
brute_force(const Problem *problem)
{
	static Optimum best[1 << MAX_BRUTE];
	int32_t		n = problem->p.n;

	memset(best, 0, sizeof(Optimum));
	for (uint32_t set = 1; set < 1u << n; set++)
	{
		int32_t		a = 31 - __builtin_clz(set);
		uint32_t	rest = set & ~(1u << a);

		best[set] = best[rest];
		for (int32_t b = 0; b < a; b++)
			if (rest >> b & 1 && is_eligible(problem, a, b))
			{
				Optimum		here = best[rest & ~(1u << b)];

				here.npairs++;
				here.total += score_of(problem, a, b);
				if (is_better(here, best[set], problem->p.most_pairs))
					best[set] = here;
			}
	}
	return best[(1u << n) - 1];
}

static int
compare_y(int64_t cover, int64_t price)
{
	return cover != 0 ? (cover > 0 ? 1 : -1) : (price > 0) - (price < 0);
}

/* Does set s hold vertex v?  Plainly, by its list. */
static bool
holds(const MtrPairing *p, int32_t s, int32_t v)
{
	for (int32_t k = p->set_first[s]; k < p->set_last[s]; k++)
		if (p->order[k] == v)
			return true;
	return false;
}

/* Conditions (4) and (5) of pair.h for two vertices */
static bool
pair_holds(const Problem *problem, int32_t a, int32_t b)
{
	const MtrPairing *p = &problem->p;
	int64_t		cover = (p->most_pairs ? 2 : 0) - p->cover[a] - p->cover[b];
	int64_t		price = 2 * (int64_t) score_of(problem, a, b) - p->price[a] -
	p->price[b];
	int			slack;

	if (!is_eligible(problem, a, b))
		return p->mate[a] != b;
	for (int32_t s = 0; s < p->nsets; s++)
		if (holds(p, s, a) && holds(p, s, b))
		{
			cover -= p->set_cover[s];
			price -= p->set_price[s];
		}
	slack = compare_y(cover, price);
	return p->mate[a] == b ? slack == 0 : slack <= 0;
}

static bool
set_holds(const MtrPairing *p, int32_t s)
{
	int32_t		size = p->set_last[s] - p->set_first[s],
				inside = 0;
	int			y = compare_y(p->set_cover[s], p->set_price[s]);

	for (int32_t v = 0; v < p->n; v++)
		inside += holds(p, s, v) && p->mate[v] >= 0 &&
			holds(p, s, p->mate[v]);
	return y >= 0 && size >= 3 && size % 2 == 1 &&
		(y == 0 || inside == size - 1);
}

/* All of the proof, but for the form of the sets, which no test tampers with
 * so that only this could see it */
static bool
proof_holds(const Problem *problem)
{
	const MtrPairing *p = &problem->p;
	int32_t		npairs = 0;
	int64_t		total = 0;

	for (int32_t v = 0; v < p->n; v++)
	{
		int			y = compare_y(p->cover[v], p->price[v]);

		if (y < 0 || (y > 0 && p->mate[v] < 0) ||
			(!p->most_pairs && p->cover[v] != 0))
			return false;
		if (p->mate[v] >= 0 && p->mate[p->mate[v]] != v)
			return false;
		if (p->mate[v] > v)
		{
			npairs++;
			total += score_of(problem, v, p->mate[v]);
		}
	}
	for (int32_t s = 0; s < p->nsets; s++)
		if (!set_holds(p, s))
			return false;
	for (int32_t a = 0; a < p->n; a++)
		for (int32_t b = 0; b < p->n; b++)
			if (a != b && !pair_holds(problem, a, b))
				return false;
	return npairs == p->npairs && total == p->total;
}

/* ----------
 * The solver
 * ----------
 */

typedef struct Counts
{
	int64_t		cases;
	int64_t		wrong;
	int64_t		unproven;
	int64_t		sets_made;
	int64_t		nested;
	int64_t		opened;
	int64_t		rounds;			/* problems with more than one */
	int64_t		kept;			/* sets in the proof */
	int64_t		kept_nested;
	int64_t		halves;			/* prices that are no whole numbers */
	int64_t		covers;			/* with a cover of set or 1 */
} Counts;

static void
count_work(Counts *counts, const MtrPairing *p)
{
	counts->cases++;
	counts->sets_made += p->work.sets_made;
	counts->nested += p->work.sets_nested;
	counts->opened += p->work.sets_opened;
	counts->rounds += p->work.rounds > 1;
	counts->kept += p->nsets;
	for (int32_t s = 1; s < p->nsets; s++)
		counts->kept_nested += p->set_first[s] < p->set_last[s - 1];
	for (int32_t s = 0; s < p->nsets; s++)
		counts->covers += p->set_cover[s] > 0;
	for (int32_t v = 0; v < p->n; v++)
		counts->halves += p->price[v] % 2 != 0;
}

/* One problem of at most MAX_BRUTE vertices */
static void
try_small(Counts *counts, int32_t n)
{
	Problem    *problem = random_problem(n, rnd(NSCORE_KINDS), 1 + rnd(6));
	MtrPairing *p = &problem->p;
	Optimum		best = brute_force(problem);

	p->nearest = rnd(2) ? 1 + rnd(2) : 1 + rnd(n + 1);
	if (solve(problem, rnd(2) ? mtr_pair_edge_room(n, p->nearest) :
			  rnd(n * n + 1)) != MTR_OK)
		counts->wrong++;
	else
	{
		count_work(counts, p);
		if (p->total != best.total ||
			(p->most_pairs && p->npairs != best.npairs))
			counts->wrong++;
		if (check(problem).fault != MTR_PAIR_OPTIMAL || !proof_holds(problem))
			counts->unproven++;
	}
	free_problem(problem);
}

static void
test_small(void)
{
	Counts		counts = {0};

	for (int k = 0; k < 30000; k++)
		try_small(&counts, rnd(9));
	for (int k = 0; k < 1500; k++)
		try_small(&counts, 9 + rnd(MAX_BRUTE - 8));
	printf("# %ld cases: %ld sets made, %ld of them around others, %ld opened;"
		   " %ld sets and %ld nested ones in proofs, %ld with a cover;"
		   " %ld prices of halves; %ld problems of several rounds\n",
		   (long) counts.cases, (long) counts.sets_made, (long) counts.nested,
		   (long) counts.opened, (long) counts.kept,
		   (long) counts.kept_nested, (long) counts.covers,
		   (long) counts.halves, (long) counts.rounds);
	report(counts.wrong == 0, "totals and numbers of pairs of brute force");
	report(counts.unproven == 0, "each solution comes with a proof that holds");
	report(counts.sets_made > 1000 && counts.nested > 100 &&
		   counts.opened > 100 && counts.kept > 1000 &&
		   counts.kept_nested > 100 && counts.covers > 100 &&
		   counts.halves > 1000 && counts.rounds > 1000,
		   "all that can happen did happen");
}

/* Larger problems, where searches are long and sets deep: the proof is what
 * is tested, and that neither room nor the number of pairs to begin with
 * changes the result. */
static void
try_large(Counts *counts, int32_t n)
{
	Problem    *problem = random_problem(n, rnd(NSCORE_KINDS), 2 + rnd(30));
	MtrPairing *p = &problem->p;
	int32_t    *mate = get_memory(n * sizeof(int32_t));
	int64_t		total;
	int32_t		npairs;

	p->nearest = 1 + rnd(6);
	if (solve(problem, 1) != MTR_OK || check(problem).fault !=
		MTR_PAIR_OPTIMAL || (n < 40 && !proof_holds(problem)))
		counts->unproven++;
	count_work(counts, p);
	total = p->total;
	npairs = p->npairs;
	memcpy(mate, p->mate, n * sizeof(int32_t));
	if (solve(problem, (int64_t) n * n) != MTR_OK ||
		memcmp(mate, p->mate, n * sizeof(int32_t)) != 0)
		counts->wrong++;
	p->nearest = 0;
	if (solve(problem, mtr_pair_edge_room(n, 0)) != MTR_OK ||
		p->total != total || (p->most_pairs && p->npairs != npairs))
		counts->wrong++;
	free(mate);
	free_problem(problem);
}

static void
test_large(void)
{
	Counts		counts = {0};

	for (int k = 0; k < 250; k++)
		try_large(&counts, 13 + rnd(150));
	printf("# %ld cases: %ld sets made, %ld of them around others, %ld opened;"
		   " %ld problems of several rounds\n",
		   (long) counts.cases, (long) counts.sets_made, (long) counts.nested,
		   (long) counts.opened, (long) counts.rounds);
	report(counts.unproven == 0, "the proof of larger problems holds");
	report(counts.wrong == 0,
		   "room and pairs to begin with change no total");
	report(counts.sets_made > 10000 && counts.nested > 5000 &&
		   counts.opened > 5000 && counts.rounds > 50,
		   "larger problems took long searches");
}

/* ----------
 * The checker
 * ----------
 */

/* Add one of -2, -1, 1, 2 to a number. */
#define SHAKE(x) ((x) += rnd(2) ? 1 + (int) rnd(2) : -1 - (int) rnd(2))

/* Change the matching: swap the partners of two pairs, or leave one out. */
static void
tamper_mates(Problem *problem)
{
	MtrPairing *p = &problem->p;
	int32_t		a = rnd(p->n),
				b = rnd(p->n),
				c = p->mate[a],
				d = p->mate[b];

	if (c < 0 || d < 0 || a == b || rnd(4) == 0)
	{
		if (c >= 0)
		{
			p->mate[a] = p->mate[c] = -1;
			p->npairs--;
			p->total -= score_of(problem, a, c);
		}
		return;
	}
	if (c == b || score_of(problem, a, b) == MTR_NO_PAIR ||
		score_of(problem, c, d) == MTR_NO_PAIR)
		return;
	p->total += (int64_t) score_of(problem, a, b) + score_of(problem, c, d) -
		score_of(problem, a, c) - score_of(problem, b, d);
	p->mate[a] = b;
	p->mate[b] = a;
	p->mate[c] = d;
	p->mate[d] = c;
}

/* Change one thing of a solution; with luck it stays a proof. */
static void
tamper(Problem *problem)
{
	MtrPairing *p = &problem->p;
	int32_t		v = rnd(p->n),
				u = rnd(p->n),
				t;

	switch (rnd(9))
	{
		case 0:
			SHAKE(p->price[v]);
			break;
		case 1:
			p->cover[v] = rnd(3);
			break;
		case 2:
			if (p->nsets > 0)
				SHAKE(p->set_price[rnd(p->nsets)]);
			break;
		case 3:
			if (p->nsets > 0)
				p->set_cover[rnd(p->nsets)] = rnd(3);
			break;
		case 4:
			t = p->order[v];
			p->order[v] = p->order[u];
			p->order[u] = t;
			break;
		case 5:
			SHAKE(p->total);
			break;
		case 6:
			SHAKE(p->npairs);
			break;
		case 7:
			if (p->nsets > 0)
				p->nsets--;
			break;
		default:
			tamper_mates(problem);
	}
}

/* Both checks have to agree, whatever was done. */
static void
test_tampered(void)
{
	int64_t		still = 0,
				wrong = 0,
				found[MTR_PAIR_NOT_TIGHT + 1] = {0},
				nfound = 0;

	for (int k = 0; k < 20000; k++)
	{
		Problem    *problem = random_problem(2 + rnd(9), rnd(NSCORE_KINDS - 1),
											 2 + rnd(8));
		MtrPairVerdict verdict;

		if (solve(problem, 100) != MTR_OK)
			wrong++;
		for (int times = 1 + rnd(2); times > 0; times--)
			tamper(problem);
		verdict = check(problem);
		if ((verdict.fault == MTR_PAIR_OPTIMAL) != proof_holds(problem))
			wrong++;
		found[verdict.fault]++;
		still += verdict.fault == MTR_PAIR_OPTIMAL;
		free_problem(problem);
	}
	for (int fault = 0; fault <= MTR_PAIR_NOT_TIGHT; fault++)
		nfound += found[fault] > 20;
	printf("# %ld of 20000 still proofs; faults of %ld kinds found\n",
		   (long) still, (long) nfound);
	report(wrong == 0, "both checks agree on solutions tampered with");
	report(still > 1000 && still < 12000 && found[MTR_PAIR_SUM] > 20 &&
		   found[MTR_PAIR_NEGATIVE] > 20 && found[MTR_PAIR_FREE] > 20 &&
		   found[MTR_PAIR_NOT_FULL] > 20 && found[MTR_PAIR_MISSED] > 20 &&
		   found[MTR_PAIR_NOT_TIGHT] > 20, "faults of all these kinds occur");
}

/* What no shaking makes: each is wrong in form. */
static void
test_forms(void)
{
	Problem    *problem = random_problem(9, CLOSE_TRIANGLES, 1000);
	MtrPairing *p = &problem->p;
	int			wrong = 0;

	p->most_pairs = false;
	if (solve(problem, 100) != MTR_OK ||
		check(problem).fault != MTR_PAIR_OPTIMAL)
		wrong++;
	p->set_first[0] = 1;
	p->set_last[0] = 4;
	p->set_first[1] = 3;
	p->set_last[1] = 6;
	p->set_price[0] = p->set_price[1] = 0;
	p->set_cover[0] = p->set_cover[1] = 0;
	p->nsets = 2;
	wrong += check(problem).fault != MTR_PAIR_SET;	/* overlap */
	p->set_first[1] = 4;
	p->set_last[1] = 6;
	wrong += check(problem).fault != MTR_PAIR_SET;	/* an even one */
	p->set_last[1] = 5;
	wrong += check(problem).fault != MTR_PAIR_SET;	/* a single one */
	p->set_last[1] = 11;
	wrong += check(problem).fault != MTR_PAIR_SET;	/* beyond the end */
	p->set_first[1] = 0;
	p->set_last[1] = 3;
	wrong += check(problem).fault != MTR_PAIR_SET;	/* not ascending */
	p->nsets = 5;
	wrong += check(problem).fault != MTR_PAIR_SET;	/* too many */
	p->nsets = 0;
	p->order[3] = p->order[4];
	wrong += check(problem).fault != MTR_PAIR_ORDER;
	p->order[3] = 9;
	wrong += check(problem).fault != MTR_PAIR_ORDER;
	p->mate[0] = 0;
	wrong += check(problem).fault != MTR_PAIR_MATE;
	p->mate[0] = 9;
	wrong += check(problem).fault != MTR_PAIR_MATE;
	if (solve(problem, 100) != MTR_OK)
		wrong++;
	p->price[2] = INT64_MIN;
	wrong += check(problem).fault != MTR_PAIR_RANGE;
	p->price[2] = INT64_MAX;
	wrong += check(problem).fault != MTR_PAIR_RANGE;
	p->price[2] = 0;
	p->cover[2] = 1;
	wrong += check(problem).fault != MTR_PAIR_RANGE;	/* best_total */
	report(wrong == 0, "solutions of wrong form are refused");
	free_problem(problem);
}

static void
test_ranges(void)
{
	Problem    *problem = random_problem(5, ALL_EQUAL, 1000);
	MtrPairVerdict verdict;
	void	   *scratch = get_memory(mtr_pair_check_scratch_size(&problem->p));
	int			wrong = 0;

	wrong += solve(problem, 10) != MTR_OK;
	problem->score[7] = problem->score[11] = 1000000001;
	wrong += mtr_pair_check(&problem->p, &verdict, scratch) != MTR_OVERFLOW;
	wrong += solve(problem, 10) != MTR_OVERFLOW;
	problem->score[7] = problem->score[11] = 7;
	wrong += solve(problem, 10) != MTR_OK;
	problem->score[7] = problem->score[11] = -1000000001;
	wrong += mtr_pair_check(&problem->p, &verdict, scratch) != MTR_OVERFLOW;
	wrong += solve(problem, 10) != MTR_OVERFLOW;
	problem->score[7] = problem->score[11] = 1000000000;
	wrong += solve(problem, 10) != MTR_OK || problem->p.total != 1000000007;
	problem->p.edge_room = 3;
	free(scratch);
	scratch = get_memory(mtr_pair_scratch_size(&problem->p));
	wrong += mtr_pair_solve(&problem->p, scratch) != MTR_FULL;
	problem->p.n = -1;
	wrong += mtr_pair_solve(&problem->p, scratch) != MTR_INVALID;
	problem->p.n = 5;
	report(wrong == 0, "scores, room and n out of range are refused");
	free(scratch);
	free_problem(problem);
}

/* ----------
 * Greedy, where lists are used up again and again
 * ----------
 */

/* Scores of the pairs still possible, highest first, both ends ascending */
static bool
is_greedy(const Problem *problem)
{
	const MtrPairing *p = &problem->p;

	/*
	 * a pair left out, or taken instead of another, has an end whose own pair
	 * comes first
	 */
	for (int32_t a = 0; a < p->n; a++)
		for (int32_t b = a + 1; b < p->n; b++)
		{
			int32_t		ends[2] = {a, b};
			bool		has_reason = false;

			if (!is_eligible(problem, a, b) || p->mate[a] == b)
				continue;
			for (int k = 0; k < 2; k++)
			{
				int32_t		v = ends[k],
							u = p->mate[v],
							low = u < v ? u : v,
							high = u < v ? v : u,
							score = score_of(problem, a, b);

				if (u < 0)
					continue;
				has_reason |= score_of(problem, v, u) > score ||
					(score_of(problem, v, u) == score &&
					 (low < a || (low == a && high < b)));
			}
			if (!has_reason)
				return false;
		}
	return true;
}

static void
test_greedy(void)
{
	int			wrong = 0;
	int64_t		nrows = 0,
				n = 0;

	for (int k = 0; k < 150; k++)
	{
		Problem    *problem = random_problem(100 + rnd(200),
											 rnd(NSCORE_KINDS), 2 + rnd(40));
		void	   *scratch =
		get_memory(mtr_pair_greedy_scratch_size(&problem->p));
		int64_t		bound,
					best = 0;

		problem->p.nsets = 0;
		if (mtr_pair_greedy(&problem->p, &bound, scratch) != MTR_OK ||
			!is_greedy(problem))
			wrong++;
		for (int32_t a = 0; a < problem->p.n; a++)
		{
			int32_t		highest = 0;

			for (int32_t b = 0; b < problem->p.n; b++)
				if (is_eligible(problem, a, b) &&
					score_of(problem, a, b) > highest)
					highest = score_of(problem, a, b);
			best += highest;
		}
		wrong += bound != best / 2;
		nrows += problem->nrows_read;
		n += problem->p.n;
		free(scratch);
		free_problem(problem);
	}
	printf("# %ld rows read for %ld vertices\n", (long) nrows, (long) n);
	report(wrong == 0, "greedy pairs of larger problems and their bounds");
	report(nrows > n + n / 4, "lists were used up");
}

int
main(void)
{
	test_small();
	test_large();
	test_tampered();
	test_forms();
	test_ranges();
	test_greedy();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
