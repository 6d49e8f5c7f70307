/*
 * score_skill.c
 *	  skills mentees want and mentors offer
 *
 * A want is a row of participant_skill with a target level.  The present
 * level is that of the same row, else that of person_skill, else 0.  What is
 * reached already, or has weight 0, is no want.  A mentor offers the level of
 * participant_skill, else that of person_skill, and 0 where neither has one;
 * a mentor without any row in either has no value.
 *
 * Levels of a skill many mentors have are stored densely, one byte for each
 * mentor, which the kernel adds up by vector instructions; those of a rare
 * skill as a list.  Skills nobody wants are dropped.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "score_private.h"

/* a skill is stored densely when one mentor in so many has it */
#define DENSE_ONE_IN 16

typedef struct Want
{
	int32		mentee;
	int32		skill;			/* code, once sorted */
	int64		skill_id;
	double		weight;
	uint8		level;
	uint8		target;
} Want;

typedef struct Offer
{
	int32		skill;
	int32		mentor;
	uint8		is_own;			/* of participant_skill */
	uint8		level;
} Offer;

struct MtrSkills
{
	MtrBuffer	want;			/* Want */
	MtrBuffer	offer;			/* Offer */
	MtrDict    *dict;			/* ids of wanted skills */
	bool	   *mentor_missing;
	bool		is_own;			/* offers now read are of participant_skill */
};

static MtrQuery want_query = {
	"SELECT s.participant_id, s.skill_id, s.target_level, s.weight,"
	" coalesce(s.level, k.level, 0::smallint)"
	" FROM mentoring.participant_skill s"
	" JOIN mentoring.participant p"
	"  ON p.programme_id = s.programme_id AND p.id = s.participant_id"
	" LEFT JOIN mentoring.person_skill k"
	"  ON k.person_id = p.person_id AND k.skill_id = s.skill_id"
	" WHERE s.programme_id = $1 AND s.target_level IS NOT NULL"
	" AND s.weight > 0 AND p.role = 'mentee' AND ($2 = 0 OR p.id = $2)"
	" AND ($6 OR p.status = 'accepted')"
};

static MtrQuery person_offer_query = {
	"SELECT p.id, k.skill_id, k.level"
	" FROM mentoring.participant p"
	" JOIN mentoring.person_skill k ON k.person_id = p.person_id"
	" WHERE p.programme_id = $1 AND p.role = 'mentor'"
	" AND ($3 = 0 OR p.id = $3) AND ($6 OR p.status = 'accepted')"
};

static MtrQuery own_offer_query = {
	"SELECT s.participant_id, s.skill_id, s.level"
	" FROM mentoring.participant_skill s"
	" WHERE s.programme_id = $1 AND ($3 = 0 OR s.participant_id = $3)"
};

/* ----------------------------------------------------------------
 *		Rows
 * ----------------------------------------------------------------
 */

static void
add_want(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	const MtrProgramme *programme = loader->programme;
	int16		target = DatumGetInt16(values[2]);
	int16		level = DatumGetInt16(values[4]);
	int32		mentee = mtr_find_participant(programme->mentee,
											  programme->nmentees,
											  DatumGetInt64(values[0]));
	Want	   *want;

	if (mentee < 0 || level >= target)
		return;
	want = mtr_buffer_add(loader, &loader->skills->want, sizeof(*want));
	want->mentee = mentee;
	want->skill_id = DatumGetInt64(values[1]);
	want->weight = DatumGetFloat8(values[3]);
	want->level = level;
	want->target = target;
}

/* An own row without a level says only that the mentor has skills. */
static void
add_offer(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	const MtrProgramme *programme = loader->programme;
	struct MtrSkills *skills = loader->skills;
	int32		mentor = mtr_find_participant(programme->mentor,
											  programme->nmentors,
											  DatumGetInt64(values[0]));
	int64		skill_id = DatumGetInt64(values[1]);
	int32		skill;
	Offer	   *offer;

	if (mentor < 0)
		return;
	skills->mentor_missing[mentor] = false;
	skill = mtr_dict_code(skills->dict, &skill_id, sizeof(skill_id), false);
	if (skill < 0 || nulls[2])
		return;
	offer = mtr_buffer_add(loader, &skills->offer, sizeof(*offer));
	offer->skill = skill;
	offer->mentor = mentor;
	offer->is_own = skills->is_own;
	offer->level = DatumGetInt16(values[2]);
}

/* ----------------------------------------------------------------
 *		Wants
 * ----------------------------------------------------------------
 */

static int
compare_wants(const void *a, const void *b)
{
	const Want *x = a;
	const Want *y = b;

	if (x->mentee != y->mentee)
		return x->mentee < y->mentee ? -1 : 1;
	return (x->skill_id > y->skill_id) - (x->skill_id < y->skill_id);
}

/* Divide MTR_UNIT among the wants of one mentee. */
static void
divide_wants(const Want *want, int32 n, int32 *share)
{
	double	   *weight = palloc(n * sizeof(double));
	int32	   *order = palloc(n * sizeof(int32));

	for (int32 i = 0; i < n; i++)
		weight[i] = want[i].weight;
	mtr_divide(MTR_UNIT, n, weight, share, order);
	pfree(weight);
	pfree(order);
}

/* Arrays of the wants, by mentee and then by the id of the skill. */
static void
finish_wants(MtrLoader *loader, MtrSkillCover *out)
{
	const MtrProgramme *programme = loader->programme;
	Want	   *want = MTR_ITEMS(Want, loader->skills->want);
	int32		n = MTR_COUNT(Want, loader->skills->want);
	int32	   *start = mtr_load_alloc(loader, (Size) programme->nmentees + 1,
									   sizeof(int32));
	int32	   *skill = mtr_load_alloc(loader, n, sizeof(int32));
	uint8	   *level = mtr_load_alloc(loader, n, 1);
	uint8	   *target = mtr_load_alloc(loader, n, 1);
	int32	   *share = mtr_load_alloc(loader, n, sizeof(int32));
	int32		first = 0;

	if (n > 0)
		qsort(want, n, sizeof(*want), compare_wants);
	for (int32 i = 0; i < n; i++)
	{
		start[want[i].mentee + 1] = i + 1;
		skill[i] = mtr_dict_code(loader->skills->dict, &want[i].skill_id,
								 sizeof(int64), true);
		level[i] = want[i].level;
		target[i] = want[i].target;
		mtr_hash_append(loader, "want %lld %lld %d %d %.17g\n",
						(long long) programme->mentee[want[i].mentee].id,
						(long long) want[i].skill_id, want[i].level,
						want[i].target, want[i].weight);
		if (i + 1 < n && want[i + 1].mentee == want[i].mentee)
			continue;
		divide_wants(&want[first], i + 1 - first, &share[first]);
		first = i + 1;
	}
	for (int32 i = 0; i < programme->nmentees; i++)
		start[i + 1] = Max(start[i + 1], start[i]);
	out->want_start = start;
	out->want_skill = skill;
	out->want_level = level;
	out->want_target = target;
	out->want_share = share;
	mtr_buffer_free(loader, &loader->skills->want);
}

/* ----------------------------------------------------------------
 *		Offers
 * ----------------------------------------------------------------
 */

/* By skill and mentor; the own row comes last and wins. */
static int
compare_offers(const void *a, const void *b)
{
	const Offer *x = a;
	const Offer *y = b;

	if (x->skill != y->skill)
		return x->skill < y->skill ? -1 : 1;
	if (x->mentor != y->mentor)
		return x->mentor < y->mentor ? -1 : 1;
	return x->is_own - y->is_own;
}

/* Sort and keep one offer for each skill and mentor. */
static int32
settle_offers(MtrLoader *loader, Offer *offer, int32 n)
{
	const MtrParticipant *mentor = loader->programme->mentor;
	int32		kept = 0;

	if (n > 0)
		qsort(offer, n, sizeof(*offer), compare_offers);
	for (int32 i = 0; i < n; i++)
	{
		if (i + 1 < n && offer[i].skill == offer[i + 1].skill &&
			offer[i].mentor == offer[i + 1].mentor)
			continue;
		offer[kept++] = offer[i];
		mtr_hash_append(loader, "offer %d %lld %d\n", offer[i].skill,
						(long long) mentor[offer[i].mentor].id,
						offer[i].level);
	}
	return kept;
}

static uint8 *
make_dense(MtrLoader *loader, const Offer *offer, int32 n)
{
	uint8	   *level = mtr_load_alloc(loader, loader->programme->nmentors, 1);

	for (int32 i = 0; i < n; i++)
		level[offer[i].mentor] = offer[i].level;
	return level;
}

static void
finish_offers(MtrLoader *loader, MtrSkillCover *out)
{
	int32		nskills = mtr_dict_size(loader->skills->dict);
	Offer	   *offer = MTR_ITEMS(Offer, loader->skills->offer);
	int32		n = settle_offers(loader, offer,
								  MTR_COUNT(Offer, loader->skills->offer));
	const uint8 **dense = mtr_load_alloc(loader, nskills, sizeof(uint8 *));
	int32	   *start = mtr_load_alloc(loader, (Size) nskills + 1,
									   sizeof(int32));
	int32	   *mentor = mtr_load_alloc(loader, n, sizeof(int32));
	uint8	   *level = mtr_load_alloc(loader, n, 1);
	int32		i = 0;
	int32		listed = 0;

	for (int32 s = 0; s < nskills; s++)
	{
		int32		first = i;

		while (i < n && offer[i].skill == s)
			i++;
		if ((int64) (i - first) * DENSE_ONE_IN >= loader->programme->nmentors)
			dense[s] = make_dense(loader, &offer[first], i - first);
		else
			for (int32 e = first; e < i; e++)
			{
				mentor[listed] = offer[e].mentor;
				level[listed++] = offer[e].level;
			}
		start[s + 1] = listed;
	}
	out->nskills = nskills;
	out->dense = dense;
	out->list_start = start;
	out->list_mentor = mentor;
	out->list_level = level;
	mtr_buffer_free(loader, &loader->skills->offer);
}

/* Read and compile skills, once for all criteria of the kind. */
void
mtr_skill_load(MtrLoader *loader)
{
	struct MtrSkills *skills = palloc0(sizeof(*skills));
	int32		nmentors = loader->programme->nmentors;
	MtrSkillCover out = {0};

	loader->skills = skills;
	skills->dict = mtr_dict_create(loader->work);
	skills->mentor_missing = mtr_load_alloc(loader, nmentors, sizeof(bool));
	memset(skills->mentor_missing, true, nmentors);

	mtr_load_query(loader, &want_query, false, add_want);
	finish_wants(loader, &out);
	mtr_load_query(loader, &person_offer_query, false, add_offer);
	skills->is_own = true;
	mtr_load_query(loader, &own_offer_query, false, add_offer);
	finish_offers(loader, &out);
	out.mentor_missing = skills->mentor_missing;
	for (int32 j = 0; j < nmentors; j++)
		if (out.mentor_missing[j])
			mtr_hash_append(loader, "no skills %lld\n",
							(long long) loader->programme->mentor[j].id);
	for (int k = 0; k < loader->programme->ncriteria; k++)
		if (loader->criteria[k].kind == MTR_SKILL_COVER)
			loader->criteria[k].u.skill = out;
}
