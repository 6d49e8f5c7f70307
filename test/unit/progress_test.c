/*
 * progress_test.c
 *	  what long kernels say about how far they have come
 *
 * The hooks of kernel.h are here instead of in poll.c and keep count.  What a
 * kernel says must lie between nothing and all, never go back, not come more
 * often than polls, and come so often that no large part of the work, counted
 * in polls, passes in silence.  At the end most of it must be done.
 *
 * Build: progress_test.c and all of src/kernel
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "circle.h"
#include "fair.h"
#include "group.h"
#include "pair.h"

#define N 240

/* What was said since a kernel began */
typedef struct Heard
{
	int64_t		npolls;
	int64_t		ncalls;
	int64_t		done;			/* the last time */
	int64_t		total;
	bool		is_sound;		/* within bounds, and never back */
	int64_t		polls_then;		/* the last time */
	int64_t		silence;		/* longest, in polls */
} Heard;

/* Scores of every two of N */
typedef struct Scores
{
	int32_t		all[N * N];
} Scores;

static Heard heard;
static int	ntests = 0;
static int	nfailed = 0;
static uint64_t rng_state = 88172645463325252;

void
mtr_poll(void)
{
	heard.npolls++;
}

void
mtr_progress(int64_t done, int64_t total)
{
	int64_t		silence = heard.npolls - heard.polls_then;

	if (done < 0 || done > total || total <= 0)
		heard.is_sound = false;
	if (heard.ncalls > 0 &&
		(double) done * heard.total < (double) heard.done * total)
		heard.is_sound = false;
	heard.silence = silence > heard.silence ? silence : heard.silence;
	heard.polls_then = heard.npolls;
	heard.done = done;
	heard.total = total;
	heard.ncalls++;
}

static uint32_t
rnd(uint32_t n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t) (((rng_state >> 32) * n) >> 32);
}

static void
begin(void)
{
	memset(&heard, 0, sizeof(heard));
	heard.is_sound = true;
}

/* What must have been said, and how large the part of the work that passes in
 * silence and the part that isn't done at the end may be */
static void
report(MtrStatus status, const char *what, int64_t ncalls, double part)
{
	int64_t		last = heard.npolls - heard.polls_then;
	int64_t		silence = last > heard.silence ? last : heard.silence;
	bool		passed = status == MTR_OK && heard.is_sound &&
	heard.ncalls >= ncalls && heard.ncalls <= heard.npolls &&
	silence <= part * heard.npolls &&
	heard.done >= (1 - part) * heard.total;

	printf("# %s: said %lld times in %lld polls, at last %lld of %lld, "
		   "silent for %lld\n", heard.is_sound ? "sound" : "unsound",
		   (long long) heard.ncalls, (long long) heard.npolls,
		   (long long) heard.done, (long long) heard.total,
		   (long long) silence);
	printf("%s %d - %s\n", passed ? "ok" : "not ok", ++ntests, what);
	nfailed += !passed;
}

static void *
reserve(size_t size)
{
	void	   *p = NULL;

	if (posix_memalign(&p, 64, size > 0 ? size : 64) != 0)
		exit(2);
	return p;
}

static Scores *
make_scores(uint32_t levels)
{
	Scores	   *s = reserve(sizeof(Scores));

	for (int32_t a = 0; a < N; a++)
		for (int32_t b = 0; b <= a; b++)
			s->all[a * N + b] = s->all[b * N + a] = a == b ? MTR_NO_PAIR :
				(int32_t) rnd(levels);
	return s;
}

static void
give_row(void *state, int32_t row, int32_t *number)
{
	memcpy(number, ((Scores *) state)->all + row * N, N * sizeof(int32_t));
}

/* ----------
 * The kernels
 * ----------
 */

static void
test_fair(uint32_t levels, int64_t ncalls, double part)
{
	static int32_t places[N];
	static int32_t pairs[2][N];
	static uint8_t covers[2][N];
	static int64_t prices[2][N];
	Scores	   *s = make_scores(levels);
	MtrAssign	p = {.nrows = N,.ncols = N,.score = s->all};
	MtrFairVerdict verdict;
	MtrStatus	status;
	void	   *scratch;
	char		what[80];

	for (int32_t k = 0; k < N; k++)
		places[k] = 1;
	p.row_places = p.col_places = places;
	p.pair_row = pairs[0];
	p.pair_col = pairs[1];
	p.row_cover = covers[0];
	p.col_cover = covers[1];
	p.row_price = prices[0];
	p.col_price = prices[1];

	scratch = reserve(mtr_fair_scratch_size(&p));
	begin();
	status = mtr_fair_solve(&p, false, scratch);
	sprintf(what, "fair assignment, scores of %u levels", levels);
	report(status, what, ncalls, part);
	free(scratch);

	scratch = reserve(mtr_fair_check_scratch_size(&p));
	begin();
	status = mtr_fair_check(&p, &verdict, scratch);
	sprintf(what, "checking it");
	report(status, what, N + 1, 0.75);
	free(scratch);
	free(s);
}

static void
test_pairing(uint32_t levels)
{
	static int32_t numbers[4][N];
	static uint8_t covers[2][N];
	static int64_t prices[2][N];
	MtrPairing	p = {.n = N,.row = give_row,.most_pairs = true};
	MtrPairVerdict verdict;
	MtrStatus	status;
	void	   *scratch;
	int64_t		bound;
	char		what[80];

	p.state = make_scores(levels);
	p.mate = numbers[0];
	p.order = numbers[1];
	p.set_first = numbers[2];
	p.set_last = numbers[3];
	p.cover = covers[0];
	p.set_cover = covers[1];
	p.price = prices[0];
	p.set_price = prices[1];
	p.edge_room = N * (N - 1) / 2;

	scratch = reserve(mtr_pair_scratch_size(&p));
	begin();
	status = mtr_pair_solve(&p, scratch);
	sprintf(what, "pairing, scores of %u levels", levels);
	report(status, what, 3 * N, 0.5);
	free(scratch);

	scratch = reserve(mtr_pair_check_scratch_size(&p));
	begin();
	status = mtr_pair_check(&p, &verdict, scratch);
	report(status, "checking it", N, 0.02);
	free(scratch);

	scratch = reserve(mtr_pair_greedy_scratch_size(&p));
	begin();
	status = mtr_pair_greedy(&p, &bound, scratch);
	report(status, "greedy pairing", N + N / 2, 0.05);
	free(scratch);
	free(p.state);
}

/* With few eligible pairs not all can be placed, and it walks first. */
static void
test_circles(uint32_t excluded)
{
	static int32_t circle[N];
	Scores	   *s = make_scores(1000);
	MtrCircle	p = {.n = N,.min_size = 4,.max_size = 5,.effort = 60};
	MtrStatus	status;
	void	   *scratch;
	char		what[80];

	for (int32_t a = 0; a < N; a++)
		for (int32_t b = 0; b < a; b++)
			if (rnd(100) < excluded)
				s->all[a * N + b] = s->all[b * N + a] = MTR_NO_PAIR;
	p.score = s->all;
	p.circle_of = circle;
	scratch = reserve(mtr_circle_scratch_size(&p));
	begin();
	status = mtr_circle_solve(&p, scratch);
	sprintf(what, "circles, %u %% not eligible", excluded);
	report(status, what, 1000, 0.3);
	free(scratch);
	free(s);
}

static void
test_groups(uint32_t excluded)
{
	static int32_t places[N];
	static int32_t numbers[4][N];
	Scores	   *s = make_scores(1000);
	MtrGroup	p = {.nmentees = N,.nmentors = N / 3,.mentors_per_group = 2};
	MtrStatus	status;
	void	   *scratch;
	char		what[80];

	for (int32_t k = 0; k < N; k++)
		places[k] = 1;
	for (int32_t k = 0; k < N * N / 3; k++)
		s->all[k] = rnd(100) < excluded ? MTR_NO_PAIR : (int32_t) rnd(1000);
	p.score = s->all;
	p.mentee_places = p.mentor_places = places;
	p.min_size = 6;
	p.max_size = 8;
	p.effort = 60;
	p.group_mentor = numbers[0];
	p.seat_group = numbers[1];
	p.seat_mentee = numbers[2];
	p.seat_score = numbers[3];
	if (mtr_group_max_seats(&p) > N || mtr_group_max_groups(&p) * 2 > N)
		exit(2);
	scratch = reserve(mtr_group_scratch_size(&p));
	begin();
	status = mtr_group_solve(&p, scratch);
	sprintf(what, "groups, %u %% not eligible", excluded);
	report(status, what, 1000, 0.3);
	free(scratch);
	free(s);
}

int
main(void)
{
	test_fair(1000000, 200, 0.5);
	test_fair(20, 100, 0.5);
	test_fair(1, 100, 0.5);
	test_pairing(1000000);
	test_pairing(3);
	test_circles(0);
	test_circles(85);
	test_groups(0);
	test_groups(75);
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
