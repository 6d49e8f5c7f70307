/*
 * match_verify_pairing.c
 *	  verify_match() of the claim that a pairing of peers is the best
 *
 * It is proven by the prices of peers and of odd sets of them, checked against
 * every pair by mtr_pair_check() (kernel/pair.h), which shares nothing with
 * the solver.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/pair.h"
#include "match_verify.h"
#include "progress.h"

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

/* The peers of the problem: who has a place and isn't pinned. */
typedef struct Problem
{
	MtrVerify  *v;
	int32		n;
	int32	   *peer_of;		/* [n] */
	int32	   *index;			/* [nmentees], -1 = not in it */
	int32	   *value;			/* [n * n] */
} Problem;

static void *
huge(Size size, const MtrVerify *v)
{
	uint64		already = MemoryContextMemAllocated(CurrentMemoryContext, true);
	int32		n = v->programme->nmentees;
	void	   *block;

	mtr_check_memory(already + size + SCRATCH_ALIGNMENT, n, n);
	block = palloc_extended(size + SCRATCH_ALIGNMENT,
							MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return (void *) TYPEALIGN(SCRATCH_ALIGNMENT, block);
}

/* MtrRowFunction */
static void
value_row(void *state, int32 a, int32 *value)
{
	const Problem *p = state;

	memcpy(value, p->value + (Size) a * p->n, p->n * sizeof(int32));
}

/* Both directions first, then what counts. */
static void
fill_problem(Problem *p)
{
	MtrVerify  *v = p->v;
	int32		n = p->n;
	int32	   *row = huge((v->programme->nmentors + 1) * sizeof(int32),
						   v);

	p->value = huge(Max((Size) n * n, 1) * sizeof(int32), v);
	for (int32 a = 0; a < n; a++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_progress(a, n);
		mtr_programme_row(v->programme, p->peer_of[a], row);
		for (int32 b = 0; b < n; b++)
			p->value[(Size) a * n + b] = row[p->peer_of[b]];
	}
	for (int32 a = 0; a < n; a++)
		for (int32 b = a; b < n; b++)
		{
			int32		value = mtr_peer_score(p->value[(Size) a * n + b],
											   p->value[(Size) b * n + a]);

			if (a == b || value < v->options.min_score)
				value = MTR_NO_PAIR;
			else
				value += (int32) mtr_verify_bonus(v, p->peer_of[a],
												  p->peer_of[b]);
			p->value[(Size) a * n + b] = p->value[(Size) b * n + a] = value;
		}
}

/* Who is in it. */
static void
begin_problem(Problem *p, MtrVerify *v)
{
	int32		n = v->programme->nmentees;

	p->v = v;
	p->peer_of = palloc((n + 1) * sizeof(int32));
	p->index = palloc0((n + 1) * sizeof(int32));
	for (int32 k = 0; k < v->npairs; k++)
		if (v->pair[k].is_pin)
			p->index[v->pair[k].mentee] = p->index[v->pair[k].mentor] = -1;
	for (int32 i = 0; i < n; i++)
	{
		if (p->index[i] == 0 && v->mentee[i].places > 0)
		{
			p->index[i] = p->n;
			p->peer_of[p->n++] = i;
		}
		else
			p->index[i] = -1;
	}
}

/* The stored odd sets; false when they are no such thing. */
static bool
read_sets(const MtrVerify *v, MtrPairing *pairing)
{
	mtr_match_query("SELECT first_position::bigint, last_position::bigint,"
					" (cover * 2)::bigint, (price * 2000000)::numeric::bigint"
					" FROM mentoring.match_odd_set"
					" WHERE programme_id = $1 AND match_run_id = $2"
					" ORDER BY set_no", 2, v->args, true, SPI_OK_SELECT);
	if (SPI_processed > pairing->n / 2)
		return false;
	pairing->nsets = (int32) SPI_processed;
	for (int32 s = 0; s < pairing->nsets; s++)
	{
		pairing->set_first[s] = (int32) mtr_verify_integer(s, 1, 0);
		pairing->set_last[s] = (int32) mtr_verify_integer(s, 2, 0);
		pairing->set_cover[s] = (uint8) mtr_verify_integer(s, 3, 0);
		pairing->set_price[s] = mtr_verify_integer(s, 4, 0);
	}
	SPI_freetuptable(SPI_tuptable);
	return true;
}

/* Covers, prices and positions of peers; false when some are missing. */
static bool
read_peer_prices(const Problem *p, MtrPairing *pairing)
{
	const MtrVerify *v = p->v;
	int32		seen = 0;

	for (int32 a = 0; a < p->n; a++)
		pairing->order[a] = a;
	mtr_match_query("SELECT participant_id, (cover * 2)::bigint,"
					" (price * 2000000)::numeric::bigint,"
					" coalesce(set_position, -1)::bigint"
					" FROM mentoring.match_price"
					" WHERE programme_id = $1 AND match_run_id = $2"
					" AND cover IS NOT NULL AND price IS NOT NULL",
					2, v->args, true, SPI_OK_SELECT);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int32		i = mtr_find_participant(v->programme->mentee,
											 v->programme->nmentees,
											 mtr_verify_integer(row, 1, 0));
		int64		position = mtr_verify_integer(row, 4, 0);

		if (i < 0 || p->index[i] < 0)
			continue;
		pairing->cover[p->index[i]] = (uint8) mtr_verify_integer(row, 2, 0);
		pairing->price[p->index[i]] = mtr_verify_integer(row, 3, 0);
		if (position >= 0 && position < p->n)
			pairing->order[position] = p->index[i];
		seen++;
	}
	SPI_freetuptable(SPI_tuptable);
	return seen == p->n;
}

static void
allocate_pairing(const Problem *p, MtrPairing *pairing)
{
	int32		n = p->n + 1;

	pairing->n = p->n;
	pairing->row = value_row;
	pairing->state = (void *) p;
	pairing->most_pairs = p->v->most_pairs;
	pairing->mate = palloc0(n * sizeof(int32));
	pairing->cover = palloc0(n);
	pairing->price = palloc0(n * sizeof(int64));
	pairing->order = palloc0(n * sizeof(int32));
	pairing->set_first = palloc0(n * sizeof(int32));
	pairing->set_last = palloc0(n * sizeof(int32));
	pairing->set_cover = palloc0(n);
	pairing->set_price = palloc0(n * sizeof(int64));
}

static void
fill_mates(const Problem *p, MtrPairing *pairing)
{
	for (int32 a = 0; a < p->n; a++)
		pairing->mate[a] = -1;
	for (int32 k = 0; k < p->v->npairs; k++)
	{
		int32		a = p->index[p->v->pair[k].mentee];
		int32		b = p->index[p->v->pair[k].mentor];

		if (a < 0 || b < 0)
			continue;
		pairing->mate[a] = b;
		pairing->mate[b] = a;
		pairing->npairs++;
		pairing->total += p->value[(Size) a * p->n + b];
	}
}

/* What the checker says, in words. */
static char *
fault_text(const Problem *p, const MtrPairVerdict *verdict)
{
	const MtrParticipant *peer = p->v->programme->mentee;

	if (verdict->fault == MTR_PAIR_OPTIMAL)
		return NULL;
	if (verdict->in_set)
		return psprintf("the proof does not hold for odd set %d", verdict->a);
	if (verdict->b >= 0)
		return psprintf(verdict->fault == MTR_PAIR_MISSED ?
						"peers %lld and %lld are worth more than their prices" :
						"the proof does not hold for peers %lld and %lld",
						(long long) peer[p->peer_of[verdict->a]].id,
						(long long) peer[p->peer_of[verdict->b]].id);
	return psprintf("the proof does not hold for peer %lld",
					(long long) peer[p->peer_of[verdict->a]].id);
}

void
mtr_verify_pairing(MtrVerify *v)
{
	Problem		p = {0};
	MtrPairing	pairing = {0};
	MtrPairVerdict verdict = {0};
	char	   *problem = NULL;

	begin_problem(&p, v);
	fill_problem(&p);
	allocate_pairing(&p, &pairing);
	fill_mates(&p, &pairing);
	if (!read_peer_prices(&p, &pairing) || !read_sets(v, &pairing))
		problem = "match_price or match_odd_set lacks a part of the proof";
	else
	{
		mtr_check_status(mtr_pair_check(&pairing, &verdict,
										huge(mtr_pair_check_scratch_size(&pairing),
											 v)),
						 "pairing");
		problem = fault_text(&p, &verdict);
	}
	if (problem == NULL && v->is_proof_altered)
		problem = "match_price or match_odd_set was changed after the run was made";
	mtr_verify_found(v, "optimal", problem,
					 v->most_pairs ?
					 "no matching has more pairs, and none of as many a higher total" :
					 "no matching has a higher total");
}
