/*
 * match_circle.c
 *	  circles of peers, and groups of mentees with mentors
 *
 * Nothing is known that finds the best circles or groups in acceptable time,
 * so these are searched (kernel/circle.h, kernel/group.h): the run's method is
 * "heuristic", or "greedy" for the start of the search alone, and its bound is
 * a number no division exceeds.  The same seed gives the same division.
 *
 * Sizes are min_group_size and max_group_size of the programme, by default 3
 * to 6 people, in a group its mentor included.  A pinned pair must share a
 * circle or group: it is searched with a score far above all others, and a
 * division that doesn't honour it is refused.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/circle.h"
#include "kernel/group.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"

#define DEFAULT_MIN_SIZE 3
#define DEFAULT_MAX_SIZE 6

/* what a pinned pair is worth more in the search */
#define PIN_SCORE (100 * MTR_UNIT)

/* The sizes the programme asks for. */
static void
read_sizes(const MtrMatch *match, int32 *min_size, int32 *max_size)
{
	int64		id = match->programme_id;

	mtr_match_query("SELECT coalesce(min_group_size, least("
					CppAsString2(DEFAULT_MIN_SIZE) ", max_group_size))::bigint,"
					" coalesce(max_group_size, greatest("
					CppAsString2(DEFAULT_MAX_SIZE) ", min_group_size))::bigint"
					" FROM mentoring.programme WHERE id = $1",
					1, &id, true, SPI_OK_SELECT);
	*min_size = (int32) mtr_result_int64(0, 1);
	*max_size = (int32) mtr_result_int64(0, 2);
	SPI_freetuptable(SPI_tuptable);
	if (*min_size < 2 || *min_size > *max_size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("programme %lld asks for groups of %d to %d people",
						(long long) id, *min_size, *max_size),
				 errhint("Set min_group_size to 2 or more and max_group_size to no less in mentoring.programme.")));
}

/* The method of a run that was searched. */
static int32
effort_of(MtrMatch *match, int32 usual)
{
	if (match->method == MTR_GREEDY)
		return 0;
	match->method = MTR_HEURISTIC;
	match->method_name = "heuristic";
	return usual;
}

static void
refuse_pin(const MtrMatch *match, int64 a, int64 b)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("no division was found in which participants %lld and %lld are together, as pinned",
					(long long) a, (long long) b),
			 errhint("Try another seed, change the sizes of groups, or delete a pin from mentoring.pair_rule.")));
}

/*
 * Circles
 */

/* Pinned pairs count much more; they are given back to the problem, since a
 * circle has room for others. */
static int32
add_pins(const MtrMatch *match, MtrPeers *peers, int32 amount)
{
	for (int32 k = 0; k < match->npairs; k++)
	{
		int32		a = match->mentee[match->pair[k].mentee].index;
		int32		b = match->mentee[match->pair[k].mentor].index;

		peers->score[(Size) a * peers->n + b] += amount;
		peers->score[(Size) b * peers->n + a] += amount;
	}
	return match->npairs;
}

static void
check_circles(const MtrMatch *match, const MtrCircle *c)
{
	const MtrParticipant *peer = match->programme->mentee;

	for (int32 k = 0; k < match->npairs; k++)
	{
		int32		i = match->pair[k].mentee;
		int32		j = match->pair[k].mentor;
		int32		circle = c->circle_of[match->mentee[i].index];

		if (circle < 0 || circle != c->circle_of[match->mentee[j].index])
			refuse_pin(match, peer[i].id, peer[j].id);
	}
}

/* The members of each circle, one after the other; start[] is where each
 * begins. */
static int32 *
list_members(const MtrCircle *c, int32 **start)
{
	int32	   *member = palloc((c->n + 1) * sizeof(int32));
	int32	   *next = palloc0((c->ncircles + 2) * sizeof(int32));

	for (int32 a = 0; a < c->n; a++)
	{
		if (c->circle_of[a] >= 0)
			next[c->circle_of[a] + 1]++;
	}
	for (int32 k = 0; k < c->ncircles; k++)
		next[k + 1] += next[k];
	*start = palloc((c->ncircles + 2) * sizeof(int32));
	memcpy(*start, next, (c->ncircles + 1) * sizeof(int32));
	for (int32 a = 0; a < c->n; a++)
	{
		if (c->circle_of[a] >= 0)
			member[next[c->circle_of[a]]++] = a;
	}
	return member;
}

static void
propose_circles(MtrMatch *match, const MtrPeers *peers, const MtrCircle *c)
{
	const MtrParticipant *peer = match->programme->mentee;
	int32	   *start;
	int32	   *list = list_members(c, &start);

	mtr_match_proposal_room(match, c->ncircles, c->nplaced);
	for (int32 k = 0; k < c->ncircles; k++)
	{
		int64		score = 0;
		MtrMember  *member;

		for (int32 x = start[k]; x < start[k + 1]; x++)
			for (int32 y = x + 1; y < start[k + 1]; y++)
				score += peers->score[(Size) list[x] * peers->n + list[y]];
		member = mtr_match_propose(match, start[k + 1] - start[k], score,
								   false);
		for (int32 x = start[k]; x < start[k + 1]; x++, member++)
		{
			member->participant_id = peer[peers->peer_of[list[x]]].id;
			member->role = "peer";
			match->mentee[peers->peer_of[list[x]]].is_paired = true;
		}
		match->total += score;
	}
	match->value = match->total;
}

void
mtr_match_circle(MtrMatch *match)
{
	MtrPeers	peers;
	MtrCircle	c = {0};
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	for (int32 i = 0; i < match->programme->nmentees; i++)
		match->mentee[i].is_paired = false; /* pins go into circles, too */
	match->total = 0;
	match->eligible = 0;
	mtr_peers_begin(match, &peers);
	mtr_peers_note(match, &peers);
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("solve");
	read_sizes(match, &c.min_size, &c.max_size);
	(void) add_pins(match, &peers, PIN_SCORE);
	c.n = peers.n;
	c.score = peers.score;
	c.effort = effort_of(match, MTR_CIRCLE_EFFORT);
	c.seed = match->options.seed;
	c.circle_of = palloc((peers.n + 1) * sizeof(int32));
	mtr_check_status(mtr_circle_solve(&c, mtr_match_scratch(match,
															mtr_circle_scratch_size(&c),
															c.n)),
					 "circle");
	check_circles(match, &c);
	c.bound -= (int64) add_pins(match, &peers, -PIN_SCORE) * PIN_SCORE;
	match->solve_ms = mtr_elapsed_ms(&start);
	match->kernel = "circle";
	match->has_bound = true;
	match->bound = c.bound;
	mtr_match_detail(match, "placed", "%d", c.nplaced);
	mtr_match_detail(match, "placed_bound", "%d", c.placed_bound);
	propose_circles(match, &peers, &c);
	pfree(peers.score);
}

/*
 * Groups
 */

/* The matrix of scores; pinned pairs are part of it and worth more. */
static void
fill_group(MtrMatchRows *rows, MtrGroup *g, int32 *matrix)
{
	for (int32 left = 0; left < rows->nleft; left++)
	{
		int32	   *row = matrix + (Size) left * rows->nright;

		CHECK_FOR_INTERRUPTS();
		mtr_progress(left, rows->nleft);
		mtr_rows_row(rows, left, row);
		mtr_rows_note(rows, left, row);
	}
	g->nmentees = rows->nleft;
	g->nmentors = rows->nright;
	g->score = matrix;
	g->mentee_places = rows->left_places;
	g->mentor_places = rows->right_places;
}

/* Was each pinned pair put into one group? */
static void
check_groups(const MtrMatch *match, const MtrPin *pin, int32 npins,
			 const MtrGroup *g)
{
	for (int32 k = 0; k < npins; k++)
	{
		int32		left = match->mentee[pin[k].mentee].index;
		int32		right = match->mentor[pin[k].mentor].index;
		bool		is_met = false;

		for (int32 s = 0; s < g->nseats; s++)
			is_met |= g->seat_mentee[s] == left &&
				g->group_mentor[g->seat_group[s]] == right;
		if (!is_met)
			refuse_pin(match, pin[k].mentee_id, pin[k].mentor_id);
	}
}

/* Mentor first, then the mentees. */
static void
propose_groups(MtrMatch *match, const MtrMatchRows *rows, const MtrGroup *g)
{
	const MtrProgramme *programme = match->programme;
	int32		s = 0;

	mtr_match_proposal_room(match, g->ngroups, (int64) g->nseats + g->ngroups);
	for (int32 k = 0; k < g->ngroups; k++)
	{
		int32		first = s;
		int64		score = 0;
		int32		mentor = rows->mentor_of[g->group_mentor[k]];
		MtrMember  *member;

		for (; s < g->nseats && g->seat_group[s] == k; s++)
			score += g->seat_score[s] >= PIN_SCORE ?
				g->seat_score[s] - PIN_SCORE : g->seat_score[s];
		member = mtr_match_propose(match, s - first + 1, score, false);
		member->participant_id = programme->mentor[mentor].id;
		member->role = "mentor";
		match->mentor[mentor].is_paired = true;
		for (int32 x = first; x < s; x++)
		{
			int32		mentee = rows->mentee_of[g->seat_mentee[x]];

			member++;
			member->participant_id = programme->mentee[mentee].id;
			member->role = "mentee";
			match->mentee[mentee].is_paired = true;
		}
		match->total += score;
	}
	match->value = match->total;
}

/* Pins aren't matched beforehand here: the places they took are given back. */
static void
release_pins(MtrMatch *match)
{
	for (int32 k = 0; k < match->npairs; k++)
	{
		MtrOutcome *mentee = &match->mentee[match->pair[k].mentee];
		MtrOutcome *mentor = &match->mentor[match->pair[k].mentor];

		mentee->places_left++;
		mentor->places_left++;
		mentee->is_paired = mentor->is_paired = false;
	}
	match->npairs = 0;
	match->total = 0;
	match->eligible = 0;
}

/* The pins that were matched, kept before they are released. */
static MtrPin *
keep_pins(const MtrMatch *match)
{
	MtrPin	   *pin = palloc((match->npairs + 1) * sizeof(MtrPin));

	for (int32 k = 0; k < match->npairs; k++)
	{
		pin[k].mentee = match->pair[k].mentee;
		pin[k].mentor = match->pair[k].mentor;
		pin[k].mentee_id = match->programme->mentee[pin[k].mentee].id;
		pin[k].mentor_id = match->programme->mentor[pin[k].mentor].id;
	}
	return pin;
}

static void
allocate_group(MtrGroup *g)
{
	int64		groups = mtr_group_max_groups(g);
	int64		seats = mtr_group_max_seats(g);

	g->group_mentor = palloc_extended((groups + 1) * sizeof(int32),
									  MCXT_ALLOC_HUGE);
	g->seat_group = palloc_extended((seats + 1) * sizeof(int32),
									MCXT_ALLOC_HUGE);
	g->seat_mentee = palloc_extended((seats + 1) * sizeof(int32),
									 MCXT_ALLOC_HUGE);
	g->seat_score = palloc_extended((seats + 1) * sizeof(int32),
									MCXT_ALLOC_HUGE);
}

void
mtr_match_group(MtrMatch *match)
{
	MtrMatchRows rows = {0};
	MtrGroup	g = {0};
	instr_time	start;
	int32		npins = match->npairs;
	MtrPin	   *pin = keep_pins(match);
	int32	   *matrix;
	uint64		cells = (uint64) match->nmentees * match->nmentors;

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("score");
	release_pins(match);
	mtr_rows_begin(&rows, match);
	mtr_check_memory(MemoryContextMemAllocated(CurrentMemoryContext, true) +
					 cells * sizeof(int32), match->nmentees, match->nmentors);
	matrix = MemoryContextAllocHuge(CurrentMemoryContext,
									Max(cells, 1) * sizeof(int32));
	fill_group(&rows, &g, matrix);
	for (int32 k = 0; k < npins; k++)
		matrix[(Size) match->mentee[pin[k].mentee].index * rows.nright +
			   match->mentor[pin[k].mentor].index] += PIN_SCORE;
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("solve");
	read_sizes(match, &g.min_size, &g.max_size);
	g.mentors_per_group = 1;
	g.effort = effort_of(match, MTR_GROUP_EFFORT);
	g.seed = match->options.seed;
	allocate_group(&g);
	mtr_check_status(mtr_group_solve(&g, mtr_match_scratch(match,
														   mtr_group_scratch_size(&g),
														   rows.nleft)),
					 "group");
	check_groups(match, pin, npins, &g);
	match->solve_ms = mtr_elapsed_ms(&start);
	match->kernel = "group";
	match->has_bound = true;
	match->bound = g.bound - (int64) npins * PIN_SCORE;
	mtr_match_detail(match, "placed", "%d", g.nseats);
	mtr_match_detail(match, "placed_bound", "%d", g.seats_bound);
	propose_groups(match, &rows, &g);
	mtr_rows_end(&rows);
	pfree(matrix);
}
