/*
 * pair_fuzz.c
 *	  pairing peers, its checker and greedy pairing: pair.h word for word
 *
 * Every answer must be accepted by the checker, be the same whatever room
 * there is, and of small problems be as good as enumeration finds; where the
 * peers are of two kinds that only want the other kind, it must be as good as
 * the assignment kernel's.  Then the answer is tampered with: a proof the
 * checker still accepts must prove the optimum.
 *
 * Build: pair_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
#include "pair.h"

#define MAX_BRUTE 10

typedef struct Problem
{
	MtrPairing	p;
	int32_t    *score;			/* [n * n] */
	bool		two_kinds;		/* even and odd */
} Problem;

static void
read_row(void *state, int32_t row, int32_t *number)
{
	const Problem *problem = state;

	CLAIM(row >= 0 && row < problem->p.n);
	memcpy(number, problem->score + (size_t) row * problem->p.n,
		   problem->p.n * sizeof(int32_t));
}

static int32_t
score_of(const Problem *problem, int32_t a, int32_t b)
{
	return problem->score[(size_t) a * problem->p.n + b];
}

/* May the two be paired? */
static bool
is_eligible(const Problem *problem, int32_t a, int32_t b)
{
	int32_t		score = score_of(problem, a, b);

	return a != b && score != MTR_NO_PAIR &&
		(score > 0 || problem->p.most_pairs);
}

static void
take_outputs(MtrPairing *p)
{
	int32_t		n = p->n;

	p->mate = take_memory(n, sizeof(int32_t));
	p->cover = take_memory(n, 1);
	p->price = take_memory(n, sizeof(int64_t));
	p->order = take_memory(n, sizeof(int32_t));
	p->set_first = take_memory(n / 2, sizeof(int32_t));
	p->set_last = take_memory(n / 2, sizeof(int32_t));
	p->set_cover = take_memory(n / 2, 1);
	p->set_price = take_memory(n / 2, sizeof(int64_t));
}

static void
drop_outputs(MtrPairing *p)
{
	free(p->mate);
	free(p->cover);
	free(p->price);
	free(p->order);
	free(p->set_first);
	free(p->set_last);
	free(p->set_cover);
	free(p->set_price);
}

static void
describe_pairing(const void *data)
{
	const Problem *problem = data;
	const MtrPairing *p = &problem->p;

	fprintf(stderr, "%d members, %s, nearest %d, room %lld\n", p->n,
			p->most_pairs ? "most_pairs" : "best_total", p->nearest,
			(long long) p->edge_room);
	for (int32_t a = 0; a < p->n; a++)
	{
		for (int32_t b = 0; b < p->n; b++)
			if (score_of(problem, a, b) == MTR_NO_PAIR)
				fprintf(stderr, " -");
			else
				fprintf(stderr, " %d", score_of(problem, a, b));
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "%d pairs, total %lld:", p->npairs, (long long) p->total);
	for (int32_t a = 0; a < p->n; a++)
		fprintf(stderr, " %d-%d", a, p->mate[a]);
	fprintf(stderr, "\n");
}

static Problem *
read_pairing(Input *in)
{
	Problem    *problem = take_cleared(1, sizeof(Problem));
	MtrPairing *p = &problem->p;
	ScoreSource source;

	p->n = choose_side(in, 51);
	p->row = read_row;
	p->state = problem;
	p->most_pairs = choose(in, 2);
	p->nearest = (int32_t) choose(in, 8) - 1;
	if (p->nearest < 0)
		p->nearest = p->n;
	problem->two_kinds = choose(in, 8) == 1;
	source = choose_scores(in);
	problem->score = take_memory((int64_t) p->n * p->n, sizeof(int32_t));
	for (int32_t a = 0; a < p->n; a++)
		for (int32_t b = 0; b <= a; b++)
		{
			int32_t		score = a == b ||
			(problem->two_kinds && (a - b) % 2 == 0) ?
			MTR_NO_PAIR : next_score(in, &source, a, b);

			problem->score[(size_t) a * p->n + b] = score;
			problem->score[(size_t) b * p->n + a] = score;
		}
	take_outputs(p);
	describe = describe_pairing;
	in_hand = problem;
	return problem;
}

static void
drop_pairing(Problem *problem)
{
	drop_outputs(&problem->p);
	free(problem->score);
	free(problem);
}

/* ----------
 * Running
 * ----------
 */

/* Solve in room for so many pairs, and more where it asks for more. */
static MtrStatus
run(MtrPairing *p, int64_t room)
{
	int64_t		all = (int64_t) p->n * (p->n - 1) / 2;
	MtrStatus	status;

	for (p->edge_room = room;; p->edge_room = 2 * p->edge_room + 1)
	{
		void	   *scratch;

		if (p->edge_room > all)
			p->edge_room = all;
		scratch = take_memory(mtr_pair_scratch_size(p), 1);
		status = mtr_pair_solve(p, scratch);
		free(scratch);
		if (status != MTR_FULL)
			return status;
		CLAIM(p->edge_room < all);
	}
}

static MtrPairFault
check(const MtrPairing *p)
{
	void	   *scratch = take_memory(mtr_pair_check_scratch_size(p), 1);
	MtrPairVerdict verdict;

	CLAIM(mtr_pair_check(p, &verdict, scratch) == MTR_OK);
	free(scratch);
	return verdict.fault;
}

/* ----------
 * The best there is
 * ----------
 */

/* Number of pairs, then total */
typedef struct Optimum
{
	int32_t		npairs;
	int64_t		total;
} Optimum;

static bool
is_better(Optimum a, Optimum b, bool most_pairs)
{
	if (most_pairs && a.npairs != b.npairs)
		return a.npairs > b.npairs;
	return a.total > b.total;
}

/* Within each set of members: the last one stays free or goes with another. */
static Optimum
enumerate(const Problem *problem)
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

/* Two kinds are rows and columns. */
static Optimum
assign_kinds(const Problem *problem)
{
	int32_t		n = problem->p.n;
	MtrAssign  *q = make_problem((n + 1) / 2, n / 2);
	Optimum		best;
	void	   *scratch;

	q->most_pairs = problem->p.most_pairs;
	for (int32_t i = 0; i < q->nrows; i++)
	{
		((int32_t *) q->row_places)[i] = 1;
		for (int32_t j = 0; j < q->ncols; j++)
			put_score(q, i, j, score_of(problem, 2 * i, 2 * j + 1));
	}
	for (int32_t j = 0; j < q->ncols; j++)
		((int32_t *) q->col_places)[j] = 1;
	make_pair_room(q);
	scratch = take_memory(mtr_assign_scratch_size(q), 1);
	CLAIM(mtr_assign_solve(q, scratch) == MTR_OK);
	best.npairs = q->npairs;
	best.total = q->total;
	free(scratch);
	drop_problem(q);
	return best;
}

static void
claim_best(const Problem *problem, Optimum best)
{
	CLAIM(problem->p.total == best.total);
	CLAIM(problem->p.npairs == best.npairs || !problem->p.most_pairs);
}

/* ----------
 * Claims
 * ----------
 */

/* Room doesn't matter, and nearest only for which of the best comes out; so
 * does room if there is less than the least that is asked for. */
static void
claim_room(Input *in, const Problem *problem)
{
	MtrPairing	q = problem->p;
	int32_t		n = q.n;
	int64_t		least = mtr_pair_edge_room(n, q.nearest);

	take_outputs(&q);
	CLAIM(run(&q, least + (int64_t) choose(in, 256) * n) == MTR_OK);
	CLAIM(memcmp(q.mate, problem->p.mate, n * sizeof(int32_t)) == 0);
	CLAIM(q.total == problem->p.total && q.npairs == problem->p.npairs);
	q.nearest = (int32_t) choose(in, 6);
	least = mtr_pair_edge_room(n, q.nearest);
	CLAIM(run(&q, choose(in, 2) ? least : choose(in, least)) == MTR_OK);
	CLAIM(check(&q) == MTR_PAIR_OPTIMAL);
	CLAIM(q.total == problem->p.total &&
		  (q.npairs == problem->p.npairs || !q.most_pairs));
	drop_outputs(&q);
}

/* Let v and its mate exchange partners with another pair, and count that
 * right. */
static void
exchange(Input *in, MtrPairing *p, int32_t v)
{
	int32_t		u = choose(in, p->n);
	int32_t		v_mate = p->mate[v];
	int32_t		u_mate = p->mate[u];

	if (v_mate < 0 || v_mate >= p->n || u_mate < 0 || u_mate >= p->n ||
		u == v || u == v_mate || p->mate[v_mate] != v ||
		p->mate[u_mate] != u || score_of(p->state, v, u) == MTR_NO_PAIR ||
		score_of(p->state, v_mate, u_mate) == MTR_NO_PAIR)
		return;
	p->total += (int64_t) score_of(p->state, v, u) +
		score_of(p->state, v_mate, u_mate) -
		score_of(p->state, v, v_mate) - score_of(p->state, u, u_mate);
	p->mate[v] = u;
	p->mate[u] = v;
	p->mate[v_mate] = u_mate;
	p->mate[u_mate] = v_mate;
}

/* Put something else somewhere in the answer. */
static void
tamper(Input *in, MtrPairing *p)
{
	int32_t		v = choose(in, p->n);
	uint32_t	what = next_byte(in);
	int32_t		by = what & 64 ? -1 : 1;

	switch (what % 12)
	{
		case 0:
			p->price[v] += by;
			break;
		case 1:
			p->price[v] += 2 * by;
			break;
		case 2:
			p->cover[v] = choose(in, 4);
			break;
		case 3:
			if (p->mate[v] >= 0 && p->mate[v] < p->n &&
				p->mate[p->mate[v]] == v)
			{
				p->npairs--;
				p->total -= score_of(p->state, v, p->mate[v]);
				p->mate[p->mate[v]] = -1;
				p->mate[v] = -1;
			}
			break;
		case 4:
			p->mate[v] = (int32_t) choose(in, p->n + 2) - 1;
			break;
		case 5:
			p->order[v] = choose(in, p->n);
			break;
		case 6:
			p->nsets = choose(in, p->n / 2 + 1);
			break;
		case 7:
			if (p->nsets > 0)
				p->set_first[choose(in, p->nsets)] = choose(in, p->n);
			break;
		case 8:
			if (p->nsets > 0)
				p->set_last[choose(in, p->nsets)] = choose(in, p->n + 2);
			break;
		case 9:
			exchange(in, p, v);
			break;
		case 10:
			if (what & 128)
				p->npairs += by;
			else
				p->total += by;
			break;
		default:
			if (p->nsets > 0)
				p->set_price[choose(in, p->nsets)] += by;
	}
}

/* What is accepted all the same is as good as the best. */
static void
claim_proof(Input *in, Problem *problem)
{
	MtrPairing *p = &problem->p;
	Optimum		best = {p->npairs, p->total};
	int			nfaults = choose(in, 4);
	int32_t		nmates = 0;
	bool		is_matching = true;

	if (p->n == 0)
		return;

	/* sets that weren't written have to be something, not to be read */
	memset(p->set_first + p->nsets, 0,
		   (p->n / 2 - p->nsets) * sizeof(int32_t));
	memset(p->set_last + p->nsets, 0,
		   (p->n / 2 - p->nsets) * sizeof(int32_t));
	for (int k = 0; k < nfaults; k++)
		tamper(in, p);
	if (check(p) != MTR_PAIR_OPTIMAL)
	{
		CLAIM(nfaults > 0);
		return;
	}
	for (int32_t v = 0; v < p->n; v++)
	{
		is_matching = is_matching && (p->mate[v] == -1 ||
									  p->mate[p->mate[v]] == v);
		nmates += p->mate[v] >= 0;
	}
	CLAIM(is_matching && nmates == 2 * p->npairs);
	claim_best(problem, best);
}

static void
claim_greedy(const Problem *problem)
{
	MtrPairing	p = problem->p;
	int64_t		bound,
				best = 0,
				total = 0;
	void	   *scratch = take_memory(mtr_pair_greedy_scratch_size(&p), 1);
	int32_t    *mate = take_memory(p.n, sizeof(int32_t));
	int32_t		npairs = 0;

	p.mate = take_memory(p.n, sizeof(int32_t));
	CLAIM(mtr_pair_greedy(&p, &bound, scratch) == MTR_OK);
	for (int32_t v = 0; v < p.n; v++)
	{
		int64_t		most = 0;

		mate[v] = -1;
		for (int32_t u = 0; u < p.n; u++)
			if (u != v && score_of(problem, v, u) > most)
				most = score_of(problem, v, u);
		best += most;
	}
	CLAIM(bound == best / 2);
	for (;;)
	{
		int32_t		x = -1,
					y = -1;

		for (int32_t a = 0; a < p.n; a++)
			for (int32_t b = a + 1; b < p.n; b++)
				if (mate[a] < 0 && mate[b] < 0 && is_eligible(problem, a, b) &&
					(x < 0 || score_of(problem, a, b) >
					 score_of(problem, x, y)))
					x = a, y = b;
		if (x < 0)
			break;
		mate[x] = y;
		mate[y] = x;
		npairs++;
		total += score_of(problem, x, y);
	}
	CLAIM(memcmp(mate, p.mate, p.n * sizeof(int32_t)) == 0);
	CLAIM(npairs == p.npairs && total == p.total);
	free(p.mate);
	free(mate);
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	Problem    *problem = read_pairing(&in);
	MtrPairing *p = &problem->p;

	CLAIM(run(p, mtr_pair_edge_room(p->n, p->nearest)) == MTR_OK);
	CLAIM(check(p) == MTR_PAIR_OPTIMAL);
	if (p->n <= MAX_BRUTE)
		claim_best(problem, enumerate(problem));
	if (problem->two_kinds)
		claim_best(problem, assign_kinds(problem));
	claim_room(&in, problem);
	claim_greedy(problem);
	claim_proof(&in, problem);
	drop_pairing(problem);
	return 0;
}
