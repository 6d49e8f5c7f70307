/*
 * score_skill.c
 *	  the criterion skill_cover: what a mentor offers of what is wanted
 *
 * Definition: score.h.  The mentors of a skill are given by a list, when few
 * have it, or densely, as one byte each.
 *
 * Lists.  Prepare copies them with the mentors of a skill sorted by level.  A
 * row goes through the levels above the mentee's own and adds one value to
 * all who offer a level, so an entry costs two loads and a store, about 0.8
 * ns, and entries at or below the mentee's level cost nothing.
 *
 * Dense skills.  Levels are clamped 32 at a time as bytes and multiplied by
 * the value of a step, about 0.08 ns for each mentor and skill wanted.  So a
 * list pays while fewer than a tenth of the mentors have the skill; the
 * caller chooses.
 *
 * Both parts are whole and fit 32 bits, so they are added before rounding.
 */
#include <string.h>

#include "score_plan.h"

/* every term of skill_cover is a multiple of 1/420 */
#define LEVEL_SCALE 420

/* dense skills handled in one pass */
#define DENSE_GROUP 4

/* words of four mentors' levels in a block */
#define QUARTER_BLOCK (MTR_SCORE_BLOCK / 4)

/* levels run 0 .. MAX_LEVEL */
#define MAX_LEVEL 7

/* The byte of a word that lies at address k, for loops over words of bytes. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTE_AT(word, k) ((word) >> (24 - 8 * (k)) & 255)
#else
#define BYTE_AT(word, k) ((word) >> (8 * (k)) & 255)
#endif

typedef struct DenseWant
{
	const uint8_t *offered;		/* levels of the block's mentors */
	uint8_t		level;
	uint8_t		steps;			/* target - level */
	uint32_t	step_value;		/* want_share * 420 / steps */
} DenseWant;

/* The lists sorted by level, and what they add up to in a row. */
static void
skill_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	const MtrSkillCover *skill = &plan->criterion->u.skill;
	size_t		nskills = skill->nskills;

	plan->row = mtr_score_carve(carver, set->nmentors, sizeof(uint32_t));
	plan->list = mtr_score_carve(carver, skill->list_start[nskills],
								 sizeof(int32_t));
	plan->list_start = mtr_score_carve(carver, nskills * (MAX_LEVEL + 1) + 1,
									   sizeof(int32_t));
}

/* Those who offer level x of skill s go to positions list_start[8 * s + x] up
 * to the next start. */
static void
skill_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	const MtrSkillCover *skill = &plan->criterion->u.skill;
	int32_t    *level_start = plan->list_start;

	for (int32_t j = 0; j < set->nmentors; j++)
		plan->any_missing |= skill->mentor_missing[j];
	for (int32_t s = 0; s < skill->nskills; s++)
	{
		int32_t		begin = skill->list_start[s];
		int32_t		end = skill->list_start[s + 1];
		int32_t		next[MAX_LEVEL + 2] = {0};

		for (int32_t e = begin; e < end; e++)
			next[skill->list_level[e] + 1]++;
		next[0] = begin;
		for (int x = 0; x <= MAX_LEVEL; x++)
		{
			next[x + 1] += next[x];
			level_start[x] = next[x];
		}
		for (int32_t e = begin; e < end; e++)
			plan->list[next[skill->list_level[e]]++] = skill->list_mentor[e];
		level_start += MAX_LEVEL + 1;
	}
	*level_start = skill->list_start[skill->nskills];
}

/* Go through the list of one wanted skill. */
static void
scatter_want(const MtrScorePlan *plan, int32_t want, uint32_t *row)
{
	const MtrSkillCover *skill = &plan->criterion->u.skill;
	const int32_t *level_start = plan->list_start +
	(size_t) skill->want_skill[want] * (MAX_LEVEL + 1);
	int			level = skill->want_level[want];
	int			target = skill->want_target[want];
	uint32_t	step_value = (uint32_t) skill->want_share[want] *
	(LEVEL_SCALE / (target - level));

	for (int x = level + 1; x <= target; x++)
	{
		/* who offers more than the target adds as much as who reaches it */
		int32_t		end = level_start[x < target ? x + 1 : MAX_LEVEL + 1];
		uint32_t	value = (x - level) * step_value;

		for (int32_t e = level_start[x]; e < end; e++)
			row[plan->list[e]] += value;
	}
}

/* Lists are gone through for the whole row, dense skills wait for blocks. */
static MtrRowForm
skill_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrSkillCover *skill = &plan->criterion->u.skill;
	int32_t		begin = skill->want_start[job->mentee];
	int32_t		end = skill->want_start[job->mentee + 1];

	if (begin == end)
		return MTR_ROW_MISSING;
	plan->uses_row = false;
	plan->uses_dense = false;
	for (int32_t w = begin; w < end; w++)
	{
		if (skill->dense[skill->want_skill[w]] != NULL)
		{
			plan->uses_dense = true;
			continue;
		}
		if (!plan->uses_row)
			memset(plan->row, 0, job->set->nmentors * sizeof(uint32_t));
		plan->uses_row = true;
		scatter_want(plan, w, plan->row);
	}
	return MTR_ROW_SIMS;
}

/*
 * Clamp the levels of a group of dense skills.  Raising a level to the
 * mentee's first keeps the difference an unsigned byte, so that 32 mentors
 * are handled at once.  Each skill's result has MTR_SCORE_BLOCK bytes.
 */
MTR_SIMD static void
clamp_levels(int32_t n, const DenseWant *want, uint8_t *restrict steps)
{
	for (int i = 0; i < DENSE_GROUP; i++)
	{
		const uint8_t *restrict offered = want[i].offered;
		uint8_t		level = want[i].level;
		uint8_t		most = want[i].steps;

		for (int32_t j = 0; j < n; j++)
		{
			uint8_t		d = (offered[j] > level ? offered[j] : level) - level;

			steps[j] = d < most ? d : most;
		}
		steps += MTR_SCORE_BLOCK;
	}
}

/*
 * Add what a group of dense skills is worth.  Four mentors share a word of
 * bytes; the sums of those at byte k of their words are kept together in
 * total[k], so that bytes need no widening, only shifts.
 */
MTR_SIMD static void
add_steps(int32_t nwords, const DenseWant *want,
		  const uint32_t *restrict steps, uint32_t *restrict total)
{
	const uint32_t *restrict s0 = steps;
	const uint32_t *restrict s1 = s0 + QUARTER_BLOCK;
	const uint32_t *restrict s2 = s1 + QUARTER_BLOCK;
	const uint32_t *restrict s3 = s2 + QUARTER_BLOCK;
	uint32_t   *restrict t1 = total + QUARTER_BLOCK;
	uint32_t   *restrict t2 = t1 + QUARTER_BLOCK;
	uint32_t   *restrict t3 = t2 + QUARTER_BLOCK;
	uint32_t	v0 = want[0].step_value;
	uint32_t	v1 = want[1].step_value;
	uint32_t	v2 = want[2].step_value;
	uint32_t	v3 = want[3].step_value;

	for (int32_t i = 0; i < nwords; i++)
	{
		total[i] += BYTE_AT(s0[i], 0) * v0 + BYTE_AT(s1[i], 0) * v1 +
			BYTE_AT(s2[i], 0) * v2 + BYTE_AT(s3[i], 0) * v3;
		t1[i] += BYTE_AT(s0[i], 1) * v0 + BYTE_AT(s1[i], 1) * v1 +
			BYTE_AT(s2[i], 1) * v2 + BYTE_AT(s3[i], 1) * v3;
		t2[i] += BYTE_AT(s0[i], 2) * v0 + BYTE_AT(s1[i], 2) * v1 +
			BYTE_AT(s2[i], 2) * v2 + BYTE_AT(s3[i], 2) * v3;
		t3[i] += BYTE_AT(s0[i], 3) * v0 + BYTE_AT(s1[i], 3) * v1 +
			BYTE_AT(s2[i], 3) * v2 + BYTE_AT(s3[i], 3) * v3;
	}
}

/* Bring the sums back into the order of the mentors. */
MTR_SIMD static void
interleave(int32_t nwords, const uint32_t *restrict total,
		   uint32_t *restrict ordered)
{
	const uint32_t *restrict t1 = total + QUARTER_BLOCK;
	const uint32_t *restrict t2 = t1 + QUARTER_BLOCK;
	const uint32_t *restrict t3 = t2 + QUARTER_BLOCK;

	for (int32_t i = 0; i < nwords; i++)
	{
		ordered[4 * i] = total[i];
		ordered[4 * i + 1] = t1[i];
		ordered[4 * i + 2] = t2[i];
		ordered[4 * i + 3] = t3[i];
	}
}

/* Round the sums of a block. */
MTR_SIMD static void
round_cover(int32_t n, const uint32_t *restrict total, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
		sim[j] = (int32_t) ((total[j] + LEVEL_SCALE / 2) / LEVEL_SCALE);
}

/* The same where lists have added their part. */
MTR_SIMD static void
round_both(int32_t n, const uint32_t *restrict total,
		   const uint32_t *restrict row, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
		sim[j] = (int32_t) ((total[j] + row[j] + LEVEL_SCALE / 2) /
							LEVEL_SCALE);
}

/* Where a mentor has no value, the similarity is missing. */
MTR_SIMD static void
mark_missing(int32_t n, const bool *restrict missing, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
		sim[j] |= -(int32_t) missing[j];
}

/* Add up what the dense skills give to the mentors of a block. */
static const uint32_t *
dense_totals(const MtrScoreJob *job, const MtrSkillCover *skill,
			 int32_t first, int32_t n)
{
	MtrScoreWork *work = job->work;
	uint32_t   *steps = (uint32_t *) work->bytes;
	uint32_t   *total = (uint32_t *) work->sim;
	uint32_t   *ordered = (uint32_t *) work->number;
	int32_t		nwords = (n + 3) / 4;
	DenseWant	group[DENSE_GROUP];
	int			count = 0;
	int32_t		end = skill->want_start[job->mentee + 1];

	memset(total, 0, MTR_SCORE_BLOCK * sizeof(uint32_t));
	for (int32_t w = skill->want_start[job->mentee]; w < end || count > 0;
		 w++)
	{
		if (w < end)
		{
			const uint8_t *offered = skill->dense[skill->want_skill[w]];
			DenseWant  *want = &group[count];

			if (offered == NULL)
				continue;
			want->offered = offered + first;
			want->level = skill->want_level[w];
			want->steps = skill->want_target[w] - want->level;
			want->step_value = (uint32_t) skill->want_share[w] *
				(LEVEL_SCALE / want->steps);
			count++;
		}
		else
		{
			/* fill the last group with what is worth nothing */
			group[count] = group[0];
			group[count++].step_value = 0;
		}
		if (count == DENSE_GROUP)
		{
			clamp_levels(n, group, work->bytes);
			add_steps(nwords, group, steps, total);
			count = 0;
		}
	}
	interleave(nwords, total, ordered);
	return ordered;
}

/* Round what lists, dense skills or both add up to. */
static const int32_t *
skill_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
		   int32_t n)
{
	const MtrSkillCover *skill = &plan->criterion->u.skill;
	const uint32_t *row = (const uint32_t *) plan->row + first;
	int32_t    *sim = job->work->sim;

	if (!plan->uses_dense)
		round_cover(n, row, sim);
	else
	{
		const uint32_t *total = dense_totals(job, skill, first, n);

		if (plan->uses_row)
			round_both(n, total, row, sim);
		else
			round_cover(n, total, sim);
	}
	if (plan->any_missing)
		mark_missing(n, skill->mentor_missing + first, sim);
	return sim;
}

const MtrKindOps mtr_skill_ops = {
	.carve = skill_carve,
	.prepare = skill_prepare,
	.row = skill_row,
	.sims = skill_sims,
};
