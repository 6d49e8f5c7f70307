/*
 * match_peer.c
 *	  peers: in pairs, and the scores that circles need, too
 *
 * Problem.  In a programme of model peer or circle there is one kind of
 * participant, and what counts between two of them is the mean of both
 * directions (mtr_peer_score).  These scores are one symmetric matrix over
 * the peers who bring a free place.
 *
 * Pairs.  The pairing kernel finds the best matching and proves it by covers
 * and prices of peers and of odd sets of them (kernel/pair.h); greedy takes
 * the best remaining pair again and again.  A peer gets one partner in a run,
 * whatever the places; pinned pairs are taken first.
 *
 * Cost.  4 bytes for each two peers, both ways, and the kernel's scratch.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/pair.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

void *
mtr_match_scratch(MtrMatch *match, Size size, int32 n)
{
	uint64		already = MemoryContextMemAllocated(CurrentMemoryContext, true);
	void	   *block;

	mtr_check_memory(already + size + SCRATCH_ALIGNMENT, n, n);
	match->bytes = Max(match->bytes, already + size + SCRATCH_ALIGNMENT);
	block = MemoryContextAllocHuge(CurrentMemoryContext,
								   size + SCRATCH_ALIGNMENT);
	return (void *) TYPEALIGN(SCRATCH_ALIGNMENT, block);
}

/*
 * The scores of both directions
 */

/* Rows of the problem, one direction; "row" has room for all peers. */
static void
score_rows(MtrMatch *match, MtrPeers *peers, int32 *row)
{
	MtrProgramme *programme = match->programme;

	for (int32 a = 0; a < peers->n; a++)
	{
		int32	   *score = peers->score + (Size) a * peers->n;

		CHECK_FOR_INTERRUPTS();
		mtr_progress(a, peers->n);
		mtr_programme_row(programme, peers->peer_of[a], row);
		for (int32 b = 0; b < peers->n; b++)
			score[b] = row[peers->peer_of[b]];
	}
}

/* Make the matrix symmetric; blocks, so that both cells are near. */
#define BLOCK 64

static void
join_directions(MtrPeers *peers, int32 least)
{
	int32		n = peers->n;

	for (int32 a0 = 0; a0 < n; a0 += BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		for (int32 b0 = a0; b0 < n; b0 += BLOCK)
			for (int32 a = a0; a < Min(a0 + BLOCK, n); a++)
				for (int32 b = Max(b0, a); b < Min(b0 + BLOCK, n); b++)
				{
					int32	   *there = &peers->score[(Size) a * n + b];
					int32	   *back = &peers->score[(Size) b * n + a];
					int32		score = mtr_peer_score(*there, *back);

					*there = *back = a == b || score < least ? MTR_NO_PAIR :
						score;
				}
	}
}

void
mtr_peers_begin(MtrMatch *match, MtrPeers *peers)
{
	MtrProgramme *programme = match->programme;
	int32		n = 0;
	int32	   *row = palloc_extended((programme->nmentors + 1) *
									  sizeof(int32), MCXT_ALLOC_HUGE);

	mtr_progress_phase("score");
	peers->peer_of = palloc((programme->nmentees + 1) * sizeof(int32));
	for (int32 i = 0; i < programme->nmentees; i++)
	{
		MtrOutcome *outcome = &match->mentee[i];

		outcome->index = -1;
		if (outcome->takes_part && !outcome->is_paired)
		{
			outcome->index = n;
			peers->peer_of[n++] = i;
		}
	}
	peers->n = n;
	mtr_check_memory(MemoryContextMemAllocated(CurrentMemoryContext, true) +
					 (uint64) n * n * sizeof(int32), n, n);
	peers->score = MemoryContextAllocHuge(CurrentMemoryContext,
										  Max((Size) n * n, 1) *
										  sizeof(int32));
	score_rows(match, peers, row);
	join_directions(peers, match->options.min_score);
	pfree(row);
}

/* Is there somebody without a place in the problem who would suit? */
static bool
has_other_partner(MtrMatch *match, int32 i, int32 *there, int32 *back)
{
	MtrProgramme *programme = match->programme;

	mtr_programme_row(programme, i, there);
	for (int32 j = 0; j < programme->nmentees; j++)
	{
		if (there[j] == MTR_NO_PAIR)
			continue;
		mtr_programme_row(programme, j, back);
		if (mtr_peer_score(there[j], back[i]) >= match->options.min_score)
			return true;
	}
	return false;
}

void
mtr_peers_note(MtrMatch *match, const MtrPeers *peers)
{
	Size		size = (match->programme->nmentors + 1) * sizeof(int32);
	int32	   *there = palloc_extended(size, MCXT_ALLOC_HUGE);
	int32	   *back = palloc_extended(size, MCXT_ALLOC_HUGE);

	for (int32 a = 0; a < peers->n; a++)
	{
		MtrOutcome *outcome = &match->mentee[peers->peer_of[a]];
		const int32 *score = peers->score + (Size) a * peers->n;
		int32		count = 0;

		CHECK_FOR_INTERRUPTS();
		for (int32 b = 0; b < peers->n; b++)
			count += score[b] != MTR_NO_PAIR && b > a;
		match->eligible += count;
		for (int32 b = 0; b < a && count == 0; b++)
			count += score[b] != MTR_NO_PAIR;
		outcome->has_free_partner = count > 0;
		outcome->has_partner = count > 0 || outcome->is_paired ||
			has_other_partner(match, peers->peer_of[a], there, back);
	}
	pfree(there);
	pfree(back);
}

/*
 * Pairs
 */

void
mtr_peers_add_bonuses(MtrMatch *match, MtrPeers *peers)
{
	int32		n = peers->n;

	if (match->options.ageing > 0)
		for (int32 a = 0; a < n; a++)
		{
			int32	   *score = peers->score + (Size) a * n;
			int32		own = match->mentee[peers->peer_of[a]].priority;

			CHECK_FOR_INTERRUPTS();
			for (int32 b = 0; b < n; b++)
				score[b] += score[b] == MTR_NO_PAIR ? 0 :
					own + match->mentee[peers->peer_of[b]].priority;
		}
	for (int32 k = 0; k < match->nchurn; k++)
	{
		int32		a = match->mentee[match->churn[k].mentee].index;
		int32		b = match->mentee[match->churn[k].mentor].index;

		if (a < 0 || b < 0 || peers->score[(Size) a * n + b] == MTR_NO_PAIR)
			continue;
		peers->score[(Size) a * n + b] += match->options.churn_penalty;
		peers->score[(Size) b * n + a] += match->options.churn_penalty;
	}
}

int32
mtr_peers_bonus(const MtrMatch *match, int32 i, int32 j)
{
	int32		bonus = match->mentee[i].priority + match->mentee[j].priority;

	if (mtr_match_has_pair(match->churn, match->nchurn, Min(i, j),
						   Max(i, j)))
		bonus += match->options.churn_penalty;
	return bonus;
}

/* MtrRowFunction */
static void
peer_row(void *state, int32 a, int32 *score)
{
	const MtrPeers *peers = state;

	memcpy(score, peers->score + (Size) a * peers->n,
		   peers->n * sizeof(int32));
}

static void
describe(const MtrMatch *match, MtrPeers *peers, MtrPairing *p)
{
	int32		n = peers->n;

	memset(p, 0, sizeof(*p));
	p->n = n;
	p->row = peer_row;
	p->state = peers;
	p->most_pairs = match->objective == MTR_MOST_PAIRS;
	p->edge_room = mtr_pair_edge_room(n, 0);
	p->mate = palloc((n + 1) * sizeof(int32));
	p->cover = palloc0(n + 1);
	p->price = palloc0((n + 1) * sizeof(int64));
	p->order = palloc0((n + 1) * sizeof(int32));
	p->set_first = palloc0((n / 2 + 1) * sizeof(int32));
	p->set_last = palloc0((n / 2 + 1) * sizeof(int32));
	p->set_cover = palloc0(n / 2 + 1);
	p->set_price = palloc0((n / 2 + 1) * sizeof(int64));
}

/* The best matching, with as much room for pairs as it turns out to need. */
static void
solve_pairing(MtrMatch *match, MtrPairing *p)
{
	int64		most = (int64) p->n * (p->n - 1) / 2;
	MtrStatus	status;

	do
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
													  "mentoring pairing",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext oldcxt;
		void	   *scratch;

		scratch = mtr_match_scratch(match, 0, p->n);
		oldcxt = MemoryContextSwitchTo(context);
		mtr_check_memory(match->bytes + mtr_pair_scratch_size(p), p->n, p->n);
		scratch = mtr_match_scratch(match, mtr_pair_scratch_size(p), p->n);
		MemoryContextSwitchTo(oldcxt);
		status = mtr_pair_solve(p, scratch);
		MemoryContextDelete(context);
		p->edge_room = status == MTR_FULL ? Min(2 * p->edge_room, most) :
			p->edge_room;
	} while (status == MTR_FULL);
	mtr_check_status(status, "pairing");
}

/* Hand the proof out. */
static void
collect_proof(MtrMatch *match, const MtrPeers *peers, const MtrPairing *p)
{
	match->has_proof = true;
	for (int32 a = 0; a < p->n; a++)
	{
		MtrOutcome *outcome = &match->mentee[peers->peer_of[a]];

		outcome->cover = p->cover[a];
		outcome->price = p->price[a];
		match->mentee[peers->peer_of[p->order[a]]].set_position = a;
	}
	match->nsets = p->nsets;
	match->set = palloc((p->nsets + 1) * sizeof(MtrOddSet));
	for (int32 s = 0; s < p->nsets; s++)
	{
		match->set[s].first = p->set_first[s];
		match->set[s].last = p->set_last[s];
		match->set[s].cover = p->set_cover[s];
		match->set[s].price = p->set_price[s];
	}
}

/* A pair of peers becomes a proposal; the lower one comes first. */
static void
propose(MtrMatch *match, int32 i, int32 j, int32 score, bool is_pinned)
{
	const MtrProgramme *programme = match->programme;
	MtrMember  *member = mtr_match_propose(match, 2, score, is_pinned);

	member[0].participant_id = programme->mentee[Min(i, j)].id;
	member[1].participant_id = programme->mentee[Max(i, j)].id;
	member[0].role = member[1].role = "peer";
	match->mentee[i].is_paired = true;
	match->mentee[j].is_paired = true;
}

/* Pinned pairs and those of the kernel, in the order of their lower peers. */
static void
propose_all(MtrMatch *match, const MtrPeers *peers, const MtrPairing *p)
{
	int32		pin = 0;
	int32		a = 0;

	mtr_match_proposal_room(match, match->npairs + p->npairs,
							2 * ((int64) match->npairs + p->npairs));
	while (pin < match->npairs || a < p->n)
	{
		const MtrMatchPair *pair = &match->pair[pin];
		int32		b;

		if (pin < match->npairs &&
			(a == p->n || pair->mentee < peers->peer_of[a]))
		{
			propose(match, pair->mentee, pair->mentor, pair->score, true);
			pin++;
			continue;
		}
		b = p->mate[a];
		if (b > a)
		{
			int32		score = peers->score[(Size) a * p->n + b] -
			mtr_peers_bonus(match, peers->peer_of[a], peers->peer_of[b]);

			propose(match, peers->peer_of[a], peers->peer_of[b], score,
					false);
			match->total += score;
		}
		a++;
	}
}

void
mtr_match_peer(MtrMatch *match)
{
	MtrPeers	peers;
	MtrPairing	p;
	instr_time	start;
	int64		pinned = match->total;

	INSTR_TIME_SET_CURRENT(start);
	mtr_peers_begin(match, &peers);
	mtr_peers_note(match, &peers);
	mtr_peers_add_bonuses(match, &peers);
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("solve");
	describe(match, &peers, &p);
	if (match->method == MTR_GREEDY)
	{
		mtr_check_status(mtr_pair_greedy(&p, &match->bound,
										 mtr_match_scratch(match,
														   mtr_pair_greedy_scratch_size(&p),
														   p.n)),
						 "greedy pairing");
		match->kernel = "greedy";
	}
	else
	{
		solve_pairing(match, &p);
		match->bound = p.total;
		match->kernel = "blossom";
		collect_proof(match, &peers, &p);
	}
	match->solve_ms = mtr_elapsed_ms(&start);
	match->has_bound = true;
	match->bound += pinned;
	match->value = pinned + p.total;
	propose_all(match, &peers, &p);
	pfree(peers.score);
}
