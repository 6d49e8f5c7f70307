/*
 * score_sides.c
 *	  scores of a mentee with every mentor, as each side sees them
 *
 * Definition: score.h.  The two scores of a pair differ in the terms of the
 * preferences alone.  So the sums of all other criteria, and all rules, are
 * worked out once by the phases of score.c, copied, and each copy gets the
 * terms of one side.
 *
 * Cost.  A row of mtr_score_row(), and 2 ns a mentor for each preference with
 * a share, whose 8 bytes a mentor score_value.c takes from scratch; without
 * any the row is copied.
 */
#include <string.h>

#include "score_plan.h"

/* Does some preference make the sides differ? */
static bool
sides_differ(const MtrScoreSet *set, const MtrScoreWork *work)
{
	for (int32_t k = 0; k < set->ncriteria; k++)
		if (work->plan[k].own[0] != NULL)
			return true;
	return false;
}

/* Tell apart what the sides say: what follows when neither ranked the other,
 * then the pairs in which somebody ranked somebody. */
static void
tell_sides_apart(const MtrScoreJob *job, const MtrScorePlan *plan)
{
	const MtrPreference *p = &plan->criterion->u.preference;
	int32_t    *mentee_says = plan->own[0];
	int32_t    *mentor_says = plan->own[1];
	int32_t		base = p->mentee_base[job->mentee];

	for (int32_t j = 0; j < job->set->nmentors; j++)
		mentee_says[j] = base;
	memcpy(mentor_says, p->mentor_base,
		   job->set->nmentors * sizeof(int32_t));
	for (int32_t e = p->start[job->mentee]; e < p->start[job->mentee + 1];
		 e++)
	{
		mentee_says[p->mentor[e]] = p->mentee_says[e];
		mentor_says[p->mentor[e]] = p->mentor_says[e];
	}
}

/* The scores of mentors first .. first + n - 1; the array for the kinds is
 * free once the block's sums are there. */
static void
score_sides_block(const MtrScoreJob *job, double start, int32_t first,
				  int32_t n, int32_t *const *score)
{
	double	   *sum[2] = {job->work->sum, job->work->number};

	mtr_score_sum_block(job, start, first, n);
	memcpy(sum[1], sum[0], n * sizeof(double));
	for (int side = 0; side < 2; side++)
	{
		for (int32_t k = 0; k < job->set->ncriteria; k++)
		{
			const MtrScorePlan *plan = &job->work->plan[k];

			if (plan->own[side] != NULL)
				mtr_score_add_share(plan, n, plan->own[side] + first,
									sum[side]);
		}
		mtr_score_round(n, sum[side], score[side] + first);
	}
}

void
mtr_score_row_sides(const MtrScoreSet *set, int32_t mentee,
					int32_t *mentee_score, int32_t *mentor_score,
					void *scratch)
{
	MtrScoreJob job = {set, scratch, mentee, true};
	int32_t    *score[2] = {mentee_score, mentor_score};
	size_t		size = set->nmentors * sizeof(int32_t);
	double		start;

	if (set->nmentors == 0 || !sides_differ(set, job.work))
	{
		mtr_score_row(set, mentee, mentee_score, scratch);
		if (size > 0)
			memcpy(mentor_score, mentee_score, size);
		return;
	}

	mtr_poll();
	start = mtr_score_start_row(&job);
	if (start < 0)
	{
		/* a value the mentee lacks breaks a strict rule */
		for (int32_t j = 0; j < set->nmentors; j++)
			mentee_score[j] = mentor_score[j] = MTR_NO_PAIR;
		return;
	}
	for (int32_t k = 0; k < set->ncriteria; k++)
		if (job.work->plan[k].own[0] != NULL)
			tell_sides_apart(&job, &job.work->plan[k]);
	for (int32_t first = 0; first < set->nmentors; first += MTR_SCORE_BLOCK)
	{
		int32_t		n = set->nmentors - first;

		if (n > MTR_SCORE_BLOCK)
			n = MTR_SCORE_BLOCK;
		score_sides_block(&job, start, first, n, score);
	}
	mtr_score_exclude(set, mentee, mentee_score);
	mtr_score_exclude(set, mentee, mentor_score);
}
