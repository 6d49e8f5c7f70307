/*
 * match_rows.c
 *	  the numbers a kernel compares: score, waiting time, churn
 *
 * Problem.  Whoever brings a free place is an element of a matching problem;
 * the others are not.  What counts there is the value of a pair, in 10^-6:
 *
 *	 value = score + priority(mentee) + priority(mentor)
 *			 + churn_penalty if the pair is one that is proposed now
 *
 * Pairs below min_score are not eligible; min_score looks at the score alone.
 * Pinned pairs are matched already and no part of the problem, and so are the
 * places they take.
 *
 * Waiting.  With option ageing = a, a mentee who applied d whole days before
 * the run has priority
 *
 *	 floor((2 * a * min(d, 365) + 365) / 730)
 *
 * which is a for a year and more, and never below 0.  Mentors have none: they
 * are asked, they don't queue.
 *
 * Churn.  A penalty on every pair that is new and a reward of the same size
 * for every pair that stays rank all matchings of one size alike; the reward
 * leaves the value of a new pair its score, so that is what is added.
 *
 * Cost.  A row costs the scoring kernel and, where there is nothing to add
 * and everybody brings a place, one pass over the pairs or none.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/slack.h"
#include "match.h"

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

/*
 * The elements of the problem
 */

/* From index in the problem to index in the programme. */
static int32 *
invert(const MtrOutcome *outcome, int32 n, int32 count, int32 **places)
{
	int32	   *list = palloc(Max(count, 1) * sizeof(int32));

	*places = palloc(Max(count, 1) * sizeof(int32));
	for (int32 i = 0; i < n; i++)
	{
		if (outcome[i].index < 0)
			continue;
		list[outcome[i].index] = i;
		(*places)[outcome[i].index] = outcome[i].places_left;
	}
	return list;
}

/* Where each left element's pairs begin in a list ordered by mentee. */
static int32 *
index_pairs(const MtrMatchRows *rows, const MtrMatchPair *pair, int32 n)
{
	int32	   *start = palloc0((rows->nleft + 1) * sizeof(int32));
	int32		next = 0;

	for (int32 left = 0; left < rows->nleft; left++)
	{
		while (next < n && pair[next].mentee < rows->mentee_of[left])
			next++;				/* of a mentee who brings no place */
		start[left] = next;
	}
	start[rows->nleft] = n;
	return start;
}

void
mtr_rows_begin(MtrMatchRows *rows, MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;

	rows->match = match;
	rows->nleft = match->nmentees;
	rows->nright = match->nmentors;
	rows->mentee_of = invert(match->mentee, programme->nmentees,
							 match->nmentees, &rows->left_places);
	rows->mentor_of = invert(match->mentor, programme->nmentors,
							 match->nmentors, &rows->right_places);
	rows->has_all_mentors = rows->nright == programme->nmentors;
	rows->pin_start = index_pairs(rows, match->pair, match->npairs);
	rows->churn_start = index_pairs(rows, match->churn, match->nchurn);
	rows->mentor_seen = palloc0(Max(rows->nright, 1) * sizeof(bool));
	rows->score = palloc_extended(Max(programme->nmentors, 1) * sizeof(int32),
								  MCXT_ALLOC_HUGE);
}

/*
 * Values
 */

/* The pairs of a list that belong to this left element. */
static inline bool
next_pair(const MtrMatchRows *rows, const MtrMatchPair *pair, int32 left,
		  int32 k)
{
	return pair[k].mentee == rows->mentee_of[left];
}

/* The scores of the problem's mentors, min_score applied.  All eligible pairs
 * are >= 0 and MTR_NO_PAIR is far below, so one comparison serves both. */
static void
fill_scores(MtrMatchRows *rows, int32 left, int32 *value)
{
	MtrMatch   *match = rows->match;
	int32		least = match->options.min_score;
	int32		nright = rows->nright;

	if (rows->has_all_mentors)
	{
		mtr_programme_row(match->programme, rows->mentee_of[left], value);
		if (least > 0)
			for (int32 right = 0; right < nright; right++)
				value[right] = value[right] >= least ? value[right] :
					MTR_NO_PAIR;
		return;
	}
	mtr_programme_row(match->programme, rows->mentee_of[left], rows->score);
	for (int32 right = 0; right < nright; right++)
	{
		int32		score = rows->score[rows->mentor_of[right]];

		value[right] = score >= least ? score : MTR_NO_PAIR;
	}
}

void
mtr_rows_row(void *state, int32 left, int32 *value)
{
	MtrMatchRows *rows = state;
	const MtrMatch *match = rows->match;
	int32		priority = match->mentee[rows->mentee_of[left]].priority;

	fill_scores(rows, left, value);
	if (priority > 0)
		for (int32 right = 0; right < rows->nright; right++)
			value[right] += value[right] >= 0 ? priority : 0;
	for (int32 k = rows->churn_start[left];
		 k < match->nchurn && next_pair(rows, match->churn, left, k); k++)
	{
		int32		right = match->mentor[match->churn[k].mentor].index;

		if (right >= 0 && value[right] >= 0)
			value[right] += match->options.churn_penalty;
	}
	for (int32 k = rows->pin_start[left];
		 k < rows->pin_start[rows->nleft] &&
		 next_pair(rows, match->pair, left, k); k++)
	{
		int32		right = match->mentor[match->pair[k].mentor].index;

		if (right >= 0)
			value[right] = MTR_NO_PAIR;
	}
}

/* Once, when the first column is asked for. */
static void
prepare_columns(MtrMatchRows *rows)
{
	MtrProgramme *programme = rows->match->programme;
	Size		size = mtr_score_column_size(&programme->set);
	void	   *block;

	mtr_check_memory(MemoryContextMemAllocated(CurrentMemoryContext, true) +
					 size, programme->nmentees, programme->nmentors);
	block = palloc_extended(size + SCRATCH_ALIGNMENT, MCXT_ALLOC_HUGE);
	rows->column_scratch = (void *) TYPEALIGN(SCRATCH_ALIGNMENT, block);
	rows->column = palloc_extended((programme->nmentees + 1) * sizeof(int32),
								   MCXT_ALLOC_HUGE);
	mtr_score_column_prepare(&programme->set, rows->column_scratch);
}

void
mtr_rows_column(void *state, int32 right, int32 *value)
{
	MtrMatchRows *rows = state;
	const MtrMatch *match = rows->match;
	MtrProgramme *programme = match->programme;
	int32		mentor = rows->mentor_of[right];

	if (rows->column == NULL)
		prepare_columns(rows);
	mtr_score_column(&programme->set, mentor, rows->column,
					 rows->column_scratch, programme->scratch);
	for (int32 left = 0; left < rows->nleft; left++)
	{
		int32		mentee = rows->mentee_of[left];
		int32		score = rows->column[mentee];

		value[left] = score < match->options.min_score ? MTR_NO_PAIR :
			score + match->mentee[mentee].priority;
	}
	for (int32 k = 0; k < match->nchurn; k++)
	{
		int32		left = match->mentee[match->churn[k].mentee].index;

		if (match->churn[k].mentor == mentor && left >= 0 &&
			value[left] != MTR_NO_PAIR)
			value[left] += match->options.churn_penalty;
	}
	for (int32 k = 0; k < rows->pin_start[rows->nleft]; k++)
	{
		int32		left = match->mentee[match->pair[k].mentee].index;

		if (match->pair[k].mentor == mentor && left >= 0)
			value[left] = MTR_NO_PAIR;
	}
}

/*
 * What counts is the score of the pair and what a side's own preferences make
 * of it; who may be matched at all is decided by the pair.
 */
void
mtr_rows_sides(void *state, int32 left, int32 *left_value, int32 *right_value)
{
	MtrMatchRows *rows = state;
	MtrMatch   *match = rows->match;
	MtrProgramme *programme = match->programme;
	int32		mentee = rows->mentee_of[left];
	int32		priority = match->mentee[mentee].priority;

	if (rows->side == NULL)
		rows->side = palloc_extended(2 * (programme->nmentors + 1) *
									 sizeof(int32), MCXT_ALLOC_HUGE);
	mtr_rows_row(rows, left, left_value);
	mtr_score_row_sides(&programme->set, mentee, rows->side,
						rows->side + programme->nmentors,
						programme->scratch);
	for (int32 right = 0; right < rows->nright; right++)
	{
		int32		mentor = rows->mentor_of[right];
		bool		is_pair = left_value[right] != MTR_NO_PAIR;

		right_value[right] = !is_pair ? MTR_NO_PAIR :
			rows->side[programme->nmentors + mentor] + priority;
		left_value[right] = !is_pair ? MTR_NO_PAIR : rows->side[mentor];
	}
	for (int32 k = rows->churn_start[left];
		 k < match->nchurn && next_pair(rows, match->churn, left, k); k++)
	{
		int32		right = match->mentor[match->churn[k].mentor].index;

		if (right < 0 || left_value[right] == MTR_NO_PAIR)
			continue;
		left_value[right] += match->options.churn_penalty;
		right_value[right] += match->options.churn_penalty;
	}
}

int32
mtr_rows_bonus(const MtrMatchRows *rows, int32 left, int32 right)
{
	const MtrMatch *match = rows->match;
	int32		bonus = match->mentee[rows->mentee_of[left]].priority;

	for (int32 k = rows->churn_start[left];
		 k < match->nchurn && next_pair(rows, match->churn, left, k); k++)
		if (match->churn[k].mentor == rows->mentor_of[right])
			bonus += match->options.churn_penalty;
	return bonus;
}

/*
 * Who has a partner
 */

/* Is there somebody without a place who would suit?  Asked only where no
 * other one does. */
static bool
has_full_partner(MtrMatchRows *rows, int32 left)
{
	MtrMatch   *match = rows->match;
	MtrProgramme *programme = match->programme;

	mtr_programme_row(programme, rows->mentee_of[left], rows->score);
	for (int32 j = 0; j < programme->nmentors; j++)
	{
		if (!match->mentor[j].takes_part &&
			rows->score[j] >= match->options.min_score)
			return true;
	}
	return false;
}

void
mtr_rows_note(void *state, int32 left, const int32 *value)
{
	MtrMatchRows *rows = state;
	MtrMatch   *match = rows->match;
	MtrOutcome *mentee = &match->mentee[rows->mentee_of[left]];
	int32		count;

	if (left == 0)				/* perhaps not for the first time */
	{
		match->eligible = rows->pin_start[rows->nleft];
		memset(rows->mentor_seen, 0, rows->nright * sizeof(bool));
	}
	count = mtr_slack_see(value, rows->mentor_seen, rows->nright);
	match->eligible += count;
	mentee->has_free_partner = count > 0;
	mentee->has_partner = count > 0 || has_full_partner(rows, left);
}

/*
 * Mentors nobody in the problem suits: is there a full mentee who would?
 * Ends as soon as all of them have one.
 */
static void
look_at_full_mentees(MtrMatchRows *rows)
{
	MtrMatch   *match = rows->match;
	MtrProgramme *programme = match->programme;
	int32	   *open = palloc(Max(rows->nright, 1) * sizeof(int32));
	int32		nopen = 0;

	for (int32 right = 0; right < rows->nright; right++)
	{
		if (!rows->mentor_seen[right])
			open[nopen++] = rows->mentor_of[right];
	}
	for (int32 i = 0; i < programme->nmentees && nopen > 0; i++)
	{
		int32		kept = 0;

		if (match->mentee[i].takes_part)
			continue;
		CHECK_FOR_INTERRUPTS();
		mtr_programme_row(programme, i, rows->score);
		for (int32 k = 0; k < nopen; k++)
		{
			if (rows->score[open[k]] >= match->options.min_score)
				match->mentor[open[k]].has_partner = true;
			else
				open[kept++] = open[k];
		}
		nopen = kept;
	}
	pfree(open);
}

void
mtr_rows_end(MtrMatchRows *rows)
{
	for (int32 right = 0; right < rows->nright; right++)
	{
		MtrOutcome *mentor = &rows->match->mentor[rows->mentor_of[right]];

		mentor->has_free_partner = rows->mentor_seen[right];
		mentor->has_partner = rows->mentor_seen[right];
	}
	look_at_full_mentees(rows);
}

/*
 * What is added to scores
 */

/*
 * Days are counted to the time of match(), also when the run is matched again
 * later: nobody's place in the queue changes with the day.  verify_match()
 * counts them again.
 */
void
mtr_match_waiting(MtrMatch *match)
{
	MtrProgramme *programme = match->programme;
	int64		args[2];

	if (match->options.ageing == 0)
		return;
	args[0] = match->programme_id;
	args[1] = match->waiting_at;	/* microseconds since 2000 */
	mtr_match_query("SELECT a.id, greatest(0, floor(extract(epoch FROM"
					" timestamptz '2000-01-01 00:00:00+00'"
					" + $2 * interval '1 microsecond' - a.applied_at)"
					" / 86400))::bigint"
					" FROM mentoring.participant AS a"
					" JOIN mentoring.person AS n ON n.id = a.person_id"
					" WHERE a.programme_id = $1 AND a.status = 'accepted'"
					" AND n.is_active"
					" AND a.role IN ('mentee', 'peer')",
					2, args, true, SPI_OK_SELECT);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int64		id = mtr_result_int64(row, 1);
		int64		days = Min(mtr_result_int64(row, 2), 365);
		int32		i = mtr_find_participant(programme->mentee,
											 programme->nmentees, id);

		if (i >= 0)
			match->mentee[i].priority =
				(int32) ((2 * match->options.ageing * days + 365) / 730);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* A pair that is proposed now, if both still take part. */
static void
add_churn(MtrMatch *match, int64 mentee_id, int64 mentor_id)
{
	const MtrProgramme *programme = match->programme;
	MtrMatchPair *pair = &match->churn[match->nchurn];

	pair->mentee = mtr_find_participant(programme->mentee,
										programme->nmentees, mentee_id);
	pair->mentor = mtr_find_participant(programme->mentor,
										programme->nmentors, mentor_id);
	if (pair->mentee >= 0 && pair->mentor >= 0)
		match->nchurn++;
}

/* The pairs of the run that is matched again, or else those together in a
 * relationship still proposed. */
void
mtr_match_churn(MtrMatch *match)
{
	const MtrPrevious *previous = match->previous;

	if (match->options.churn_penalty == 0)
		return;
	if (previous != NULL)
	{
		match->churn = palloc_extended((previous->npairs + 1) *
									   sizeof(MtrMatchPair), MCXT_ALLOC_HUGE);
		for (int32 i = 0; i < previous->npairs; i++)
			add_churn(match, previous->pair[i].mentee_id,
					  previous->pair[i].mentor_id);
		return;
	}
	mtr_match_query("SELECT DISTINCT e.participant_id, o.participant_id"
					" FROM mentoring.relationship AS r"
					" JOIN mentoring.relationship_member AS e"
					"   ON e.programme_id = r.programme_id"
					"  AND e.relationship_id = r.id"
					" JOIN mentoring.relationship_member AS o"
					"   ON o.programme_id = r.programme_id"
					"  AND o.relationship_id = r.id"
					"  AND (e.role = 'mentee' AND o.role = 'mentor'"
					"   OR e.role = 'peer' AND o.role = 'peer'"
					"    AND e.participant_id < o.participant_id)"
					" WHERE r.programme_id = $1 AND r.status = 'proposed'"
					" ORDER BY 1, 2",
					1, &match->programme_id, true, SPI_OK_SELECT);
	match->churn = palloc_extended((SPI_processed + 1) * sizeof(MtrMatchPair),
								   MCXT_ALLOC_HUGE);
	for (uint64 row = 0; row < SPI_processed; row++)
		add_churn(match, mtr_result_int64(row, 1), mtr_result_int64(row, 2));
	SPI_freetuptable(SPI_tuptable);
}
