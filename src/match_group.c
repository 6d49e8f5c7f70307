/*
 * match_group.c
 *	  groups: one or more mentors with several mentees
 *
 * They are searched (kernel/group.h), as circles are; see match_circle.c.
 * A group has mentors_per_group mentors, by default one, and together with
 * them min_group_size to max_group_size people.  A mentee's score is the mean
 * of those with each of the group's mentors, a group's the sum of its
 * mentees'.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/group.h"
#include "match.h"
#include "progress.h"

/* The problem, and what it was made from. */
typedef struct Groups
{
	MtrMatch   *match;
	MtrMatchRows rows;
	int32	   *matrix;			/* scores with what options add */
	int32		npins;
	MtrMatchPair *pin;
	MtrGroup	g;
} Groups;

/* Pins are part of the problem, not pairs already made. */
static void
take_pins(Groups *x)
{
	MtrMatch   *match = x->match;

	x->npins = match->npairs;
	x->pin = match->pair;
	match->pair = palloc0(sizeof(MtrMatchPair));
	match->npairs = 0;
	match->total = match->value = 0;
	match->eligible = 0;
}

/* The cell of a pinned pair. */
static int32 *
pin_cell(const Groups *x, const MtrMatchPair *pin)
{
	int32		left = x->match->mentee[pin->mentee].index;
	int32		right = x->match->mentor[pin->mentor].index;

	return &x->matrix[(Size) left * x->rows.nright + right];
}

/* The matrix.  A seat is worth a mean, so a pinned pair has to count for all
 * mentors of its group to be worth the same in any. */
static void
fill_matrix(Groups *x)
{
	MtrMatch   *match = x->match;
	MtrMatchRows *rows = &x->rows;
	uint64		cells;

	mtr_rows_begin(rows, match);
	cells = (uint64) rows->nleft * rows->nright;
	mtr_check_memory(MemoryContextMemAllocated(CurrentMemoryContext, true) +
					 cells * sizeof(int32), rows->nleft, rows->nright);
	x->matrix = MemoryContextAllocHuge(CurrentMemoryContext,
									   Max(cells, 1) * sizeof(int32));
	for (int32 left = 0; left < rows->nleft; left++)
	{
		int32	   *row = x->matrix + (Size) left * rows->nright;

		CHECK_FOR_INTERRUPTS();
		mtr_progress(left, rows->nleft);
		mtr_rows_row(rows, left, row);
		mtr_rows_note(rows, left, row);
	}
	for (int32 k = 0; k < x->npins; k++)
	{
		const MtrMatchPair *pin = &x->pin[k];

		*pin_cell(x, pin) = pin->score +
			mtr_rows_bonus(rows, match->mentee[pin->mentee].index,
						   match->mentor[pin->mentor].index) +
			match->options.mentors_per_group * MTR_PIN_SCORE;
	}
}

static void
describe(Groups *x)
{
	const MtrMatch *match = x->match;
	MtrGroup   *g = &x->g;
	int64		groups;
	int64		seats;

	g->nmentees = x->rows.nleft;
	g->nmentors = x->rows.nright;
	g->score = x->matrix;
	g->mentee_places = x->rows.left_places;
	g->mentor_places = x->rows.right_places;
	g->mentors_per_group = match->options.mentors_per_group;
	mtr_match_sizes(match, &g->min_size, &g->max_size);
	if (g->max_size <= g->mentors_per_group)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("groups of at most %d people have no room for %d mentors and a mentee",
						g->max_size, g->mentors_per_group),
				 errhint("Set max_group_size in mentoring.programme, or the option mentors_per_group.")));
	g->min_size = Max(g->min_size, g->mentors_per_group + 1);
	g->seed = match->options.seed;
	groups = mtr_group_max_groups(g);
	seats = mtr_group_max_seats(g);
	g->group_mentor = palloc_extended((groups * g->mentors_per_group + 1) *
									  sizeof(int32), MCXT_ALLOC_HUGE);
	g->seat_group = palloc_extended((seats + 1) * sizeof(int32),
									MCXT_ALLOC_HUGE);
	g->seat_mentee = palloc_extended((seats + 1) * sizeof(int32),
									 MCXT_ALLOC_HUGE);
	g->seat_score = palloc_extended((seats + 1) * sizeof(int32),
									MCXT_ALLOC_HUGE);
}

/* Was each pinned pair put into one group? */
static void
check_pins(const Groups *x)
{
	const MtrMatch *match = x->match;
	const MtrGroup *g = &x->g;

	for (int32 p = 0; p < x->npins; p++)
	{
		const MtrMatchPair *pin = &x->pin[p];
		int32		left = match->mentee[pin->mentee].index;
		int32		right = match->mentor[pin->mentor].index;
		bool		is_met = false;

		CHECK_FOR_INTERRUPTS();
		for (int32 s = 0; s < g->nseats; s++)
			for (int32 m = 0; m < g->mentors_per_group; m++)
				is_met |= g->seat_mentee[s] == left &&
					g->group_mentor[g->seat_group[s] * g->mentors_per_group +
									m] == right;
		if (!is_met)
			mtr_match_refuse_pin(match,
								 match->programme->mentee[pin->mentee].id,
								 match->programme->mentor[pin->mentor].id);
	}
}

/* A seat's score without what options and pins add. */
static int32
seat_score(const Groups *x, int32 seat)
{
	const MtrGroup *g = &x->g;
	int32		left = g->seat_mentee[seat];
	const int32 *mentor = &g->group_mentor[g->seat_group[seat] *
										   g->mentors_per_group];
	int64		sum = g->mentors_per_group / 2;

	for (int32 m = 0; m < g->mentors_per_group; m++)
		sum += x->matrix[(Size) left * x->rows.nright + mentor[m]] %
			MTR_PIN_SCORE - mtr_rows_bonus(&x->rows, left, mentor[m]);
	return (int32) (sum / g->mentors_per_group);
}

/* Mentors first, then mentees, both by id. */
static void
propose_group(Groups *x, int32 group, int32 first, int32 end)
{
	MtrMatch   *match = x->match;
	const MtrGroup *g = &x->g;
	int32		k = g->mentors_per_group;
	int64		score = 0;
	MtrMember  *member;

	for (int32 s = first; s < end; s++)
	{
		score += seat_score(x, s);
		match->value += g->seat_score[s] % MTR_PIN_SCORE;
	}
	match->total += score;
	member = mtr_match_propose(match, end - first + k, score, false);
	for (int32 m = 0; m < k; m++, member++)
	{
		int32		mentor = x->rows.mentor_of[g->group_mentor[group * k + m]];

		member->participant_id = match->programme->mentor[mentor].id;
		member->role = "mentor";
		match->mentor[mentor].is_paired = true;
	}
	for (int32 s = first; s < end; s++, member++)
	{
		int32		mentee = x->rows.mentee_of[g->seat_mentee[s]];

		member->participant_id = match->programme->mentee[mentee].id;
		member->role = "mentee";
		match->mentee[mentee].is_paired = true;
	}
}

static void
propose_groups(Groups *x)
{
	const MtrGroup *g = &x->g;
	int32		end = 0;

	mtr_match_proposal_room(x->match, g->ngroups,
							(int64) g->nseats +
							(int64) g->ngroups * g->mentors_per_group);
	for (int32 group = 0; group < g->ngroups; group++)
	{
		int32		first = end;

		while (end < g->nseats && g->seat_group[end] == group)
			end++;
		propose_group(x, group, first, end);
	}
}

void
mtr_match_group(MtrMatch *match)
{
	Groups		x = {match};
	MtrGroup   *g = &x.g;
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("score");
	take_pins(&x);
	fill_matrix(&x);
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("solve");
	describe(&x);
	g->effort = mtr_match_effort(match, MTR_GROUP_EFFORT);
	mtr_check_status(mtr_group_solve(g, mtr_match_scratch(match,
														  mtr_group_scratch_size(g),
														  g->nmentees)),
					 "group");
	check_pins(&x);
	match->solve_ms = mtr_elapsed_ms(&start);
	match->kernel = "group";
	match->has_bound = true;
	match->bound = g->bound - (int64) x.npins * MTR_PIN_SCORE;
	mtr_match_detail(match, "placed", "%d", g->nseats);
	mtr_match_detail(match, "placed_bound", "%d", g->seats_bound);
	propose_groups(&x);
	mtr_rows_end(&x.rows);
	pfree(x.matrix);
}
