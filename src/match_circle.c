/*
 * match_circle.c
 *	  circles of peers, and what they share with groups
 *
 * Nothing is known that finds the best circles or groups in acceptable time,
 * so these are searched (kernel/circle.h, kernel/group.h): the run's method is
 * "heuristic", or "greedy" for the start of the search alone, and its bound is
 * a number no division exceeds.  The same seed gives the same division.
 *
 * Sizes are min_group_size and max_group_size of the programme, by default 3
 * to 6 people.  A pinned pair must share a circle: it is searched with a score
 * far above all others, and a division that doesn't honour it is refused.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/circle.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"

#define DEFAULT_MIN_SIZE 3
#define DEFAULT_MAX_SIZE 6

void
mtr_match_sizes(const MtrMatch *match, int32 *min_size, int32 *max_size)
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

int32
mtr_match_effort(MtrMatch *match, int32 usual)
{
	if (match->method == MTR_GREEDY)
		return 0;
	match->method = MTR_HEURISTIC;
	match->method_name = "heuristic";
	return usual;
}

void
mtr_match_refuse_pin(const MtrMatch *match, int64 a, int64 b)
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

/* Pinned pairs count much more, whatever min_score; they are given back to
 * the problem, since a circle has room for others. */
static void
set_pins(const MtrMatch *match, MtrPeers *peers, int32 amount)
{
	for (int32 k = 0; k < match->npairs; k++)
	{
		const MtrMatchPair *pin = &match->pair[k];
		int32		a = match->mentee[pin->mentee].index;
		int32		b = match->mentee[pin->mentor].index;
		int32		score = pin->score + amount +
		mtr_peers_bonus(match, pin->mentee, pin->mentor);

		peers->score[(Size) a * peers->n + b] = score;
		peers->score[(Size) b * peers->n + a] = score;
	}
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
			mtr_match_refuse_pin(match, peer[i].id, peer[j].id);
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

/* The scores of a circle's pairs in sum; "value" gets what options add, too. */
static int64
score_circle(const MtrMatch *match, const MtrPeers *peers, const int32 *member,
			 int32 count, int64 *value)
{
	int64		score = 0;

	for (int32 x = 0; x < count; x++)
		for (int32 y = x + 1; y < count; y++)
		{
			int32		pair = peers->score[(Size) member[x] * peers->n +
											member[y]];

			*value += pair;
			score += pair - mtr_peers_bonus(match,
											peers->peer_of[member[x]],
											peers->peer_of[member[y]]);
		}
	return score;
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
		int64		value = 0;
		int64		score;
		MtrMember  *member;

		score = score_circle(match, peers, list + start[k],
							 start[k + 1] - start[k], &value);
		member = mtr_match_propose(match, start[k + 1] - start[k], score,
								   false);
		for (int32 x = start[k]; x < start[k + 1]; x++, member++)
		{
			member->participant_id = peer[peers->peer_of[list[x]]].id;
			member->role = "peer";
			match->mentee[peers->peer_of[list[x]]].is_paired = true;
		}
		match->total += score;
		match->value += value;
	}
}

void
mtr_match_circle(MtrMatch *match)
{
	MtrPeers	peers;
	MtrCircle	c = {0};
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	match->total = match->value = 0;
	match->eligible = 0;
	mtr_peers_begin(match, &peers);
	mtr_peers_note(match, &peers);
	mtr_peers_add_bonuses(match, &peers);
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("solve");
	mtr_match_sizes(match, &c.min_size, &c.max_size);
	set_pins(match, &peers, MTR_PIN_SCORE);
	c.n = peers.n;
	c.score = peers.score;
	c.effort = mtr_match_effort(match, MTR_CIRCLE_EFFORT);
	c.seed = match->options.seed;
	c.circle_of = palloc((peers.n + 1) * sizeof(int32));
	mtr_check_status(mtr_circle_solve(&c, mtr_match_scratch(match,
															mtr_circle_scratch_size(&c),
															c.n)),
					 "circle");
	check_circles(match, &c);
	c.bound -= (int64) match->npairs * MTR_PIN_SCORE;
	set_pins(match, &peers, 0);
	match->solve_ms = mtr_elapsed_ms(&start);
	match->kernel = "circle";
	match->has_bound = true;
	match->bound = c.bound;
	mtr_match_detail(match, "placed", "%d", c.nplaced);
	mtr_match_detail(match, "placed_bound", "%d", c.placed_bound);
	propose_circles(match, &peers, &c);
	pfree(peers.score);
}
