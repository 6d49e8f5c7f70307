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

#include "miscadmin.h"
#include "utils/builtins.h"

#include "score_private.h"

/* a skill is stored densely when one mentor in so many has it */
#define DENSE_ONE_IN 16

/* the level of a want that says none */
#define UNSAID 0xff

typedef struct Want
{
	int64		skill_id;
	double		weight;
	int32		mentee;
	uint8		level;
	uint8		target;
} Want;

typedef struct Offer
{
	int64		skill;			/* id, once settled the code */
	int32		mentor;
	uint8		is_own;			/* of participant_skill */
	uint8		level;
} Offer;

struct MtrSkills
{
	MtrBuffer	want;			/* Want */
	MtrBuffer	offer;			/* Offer */
	MtrDict    *dict;			/* skills somebody wants, in a fixed order */
	bool		lacks_level;	/* some want doesn't say the present level */
	bool	   *mentor_missing;

	/* whose row came last; those of a participant mostly come together */
	bool		has_last;
	int64		last_id;
	int32		last_mentee;
	int32		last_mentor;
};

/* Rows of people who aren't loaded are left out when they have been read: a
 * join to tell beforehand costs more. */
static MtrQuery own_query = {
	"SELECT participant_id, skill_id, level, target_level, weight"
	" FROM mentoring.participant_skill"
	" WHERE programme_id = $1"
	" AND ($2 = 0 OR $3 = 0 OR participant_id IN ($2, $3))"
};

/* What persons know, where the own row of who wants a skill doesn't say. */
static MtrQuery level_query = {
	"SELECT s.participant_id, s.skill_id, k.level"
	" FROM mentoring.participant_skill s"
	" JOIN mentoring.participant p"
	"  ON p.programme_id = s.programme_id AND p.id = s.participant_id"
	" JOIN mentoring.person_skill k"
	"  ON k.person_id = p.person_id AND k.skill_id = s.skill_id"
	" WHERE s.programme_id = $1 AND s.level IS NULL"
	" AND s.target_level IS NOT NULL AND p.role IN ('mentee', 'peer')"
	" AND ($2 = 0 OR p.id = $2)"
};

static MtrQuery person_offer_query = {
	"SELECT p.id, k.skill_id, k.level"
	" FROM mentoring.participant p"
	" JOIN mentoring.person_skill k ON k.person_id = p.person_id"
	" WHERE p.programme_id = $1 AND p.role IN ('mentor', 'peer')"
	" AND ($3 = 0 OR p.id = $3) AND ($6 OR p.status = 'accepted')"
};

/* ----------------------------------------------------------------
 *		Rows
 * ----------------------------------------------------------------
 */

/* Find the participant a row is of. */
static void
look_up(MtrLoader *loader, int64 id)
{
	struct MtrSkills *skills = loader->skills;

	if (skills->has_last && id == skills->last_id)
		return;
	skills->has_last = true;
	skills->last_id = id;
	skills->last_mentor = -1;
	skills->last_mentee = mtr_find_mentee(loader, id);
	if (skills->last_mentee < 0 || loader->programme->is_peer)
		skills->last_mentor = mtr_find_mentor(loader, id);
}

static void
add_want(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	struct MtrSkills *skills = loader->skills;
	double		weight = DatumGetFloat8(values[4]);
	Want	   *want;

	if (nulls[3] || weight <= 0)
		return;
	want = mtr_buffer_add(loader, &skills->want, sizeof(*want));
	want->skill_id = DatumGetInt64(values[1]);
	want->weight = weight;
	want->mentee = skills->last_mentee;
	want->level = nulls[2] ? UNSAID : DatumGetInt16(values[2]);
	want->target = DatumGetInt16(values[3]);
	skills->lacks_level |= nulls[2];
}

static void
add_offer(MtrLoader *loader, const Datum *values, bool is_own)
{
	Offer	   *offer = mtr_buffer_add(loader, &loader->skills->offer,
									   sizeof(*offer));

	offer->skill = DatumGetInt64(values[1]);
	offer->mentor = loader->skills->last_mentor;
	offer->is_own = is_own;
	offer->level = DatumGetInt16(values[2]);
}

/* An own row without a level says only that the mentor has skills. */
static void
add_own(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	struct MtrSkills *skills = loader->skills;

	look_up(loader, DatumGetInt64(values[0]));
	if (skills->last_mentee >= 0)
		add_want(loader, values, nulls);
	if (skills->last_mentor < 0)
		return;
	skills->mentor_missing[skills->last_mentor] = false;
	if (!nulls[2])
		add_offer(loader, values, true);
}

/* By now it is known what is wanted; persons know much more. */
static void
add_person_offer(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	struct MtrSkills *skills = loader->skills;
	int64		skill_id = DatumGetInt64(values[1]);

	look_up(loader, DatumGetInt64(values[0]));
	if (skills->last_mentor < 0)
		return;
	skills->mentor_missing[skills->last_mentor] = false;
	if (mtr_dict_code(skills->dict, &skill_id, sizeof(skill_id), false) >= 0)
		add_offer(loader, values, false);
}

static int
compare_wants(const void *a, const void *b)
{
	const Want *x = a;
	const Want *y = b;

	if (x->mentee != y->mentee)
		return x->mentee < y->mentee ? -1 : 1;
	return (x->skill_id > y->skill_id) - (x->skill_id < y->skill_id);
}

/* Wants are sorted by now. */
static void
add_level(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	MtrBuffer  *buffer = &loader->skills->want;
	Want		key = {.skill_id = DatumGetInt64(values[1])};
	Want	   *want;

	key.mentee = mtr_find_mentee(loader, DatumGetInt64(values[0]));
	if (buffer->used == 0)
		return;
	want = bsearch(&key, buffer->data, MTR_COUNT(Want, *buffer),
				   sizeof(Want), compare_wants);
	if (want != NULL && want->level == UNSAID)
		want->level = DatumGetInt16(values[2]);
}

/* ----------------------------------------------------------------
 *		Wants
 * ----------------------------------------------------------------
 */

/*
 * Sort by mentee and skill.  By mentee they are counted into place; what is
 * left to compare is the few wants of each.
 */
static void
sort_wants(MtrLoader *loader)
{
	MtrBuffer  *buffer = &loader->skills->want;
	MtrBuffer	sorted = {0};
	const Want *want = MTR_ITEMS(Want, *buffer);
	Want	   *place = mtr_buffer_add(loader, &sorted, buffer->used);
	int32		n = MTR_COUNT(Want, *buffer);
	int32		nmentees = loader->programme->nmentees;
	int32	   *start = palloc_extended(((Size) nmentees + 2) * sizeof(int32),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int32 i = 0; i < n; i++)
		start[want[i].mentee + 2]++;
	for (int32 i = 0; i < nmentees; i++)
		start[i + 2] += start[i + 1];
	for (int32 i = 0; i < n; i++)
		place[start[want[i].mentee + 1]++] = want[i];
	for (int32 i = 0; i < nmentees; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (start[i + 1] - start[i] > 1)
			qsort(place + start[i], start[i + 1] - start[i], sizeof(Want),
				  compare_wants);
	}
	pfree(start);
	mtr_buffer_free(loader, buffer);
	*buffer = sorted;
}

/* Fill in the levels that own rows don't say; what is reached is no want. */
static void
settle_wants(MtrLoader *loader)
{
	MtrBuffer  *buffer = &loader->skills->want;
	Want	   *want;
	int32		n;
	int32		kept = 0;

	sort_wants(loader);
	if (loader->skills->lacks_level)
		mtr_load_query(loader, &level_query, false, add_level);
	want = MTR_ITEMS(Want, *buffer);
	n = MTR_COUNT(Want, *buffer);
	for (int32 i = 0; i < n; i++)
	{
		if (want[i].level == UNSAID)
			want[i].level = 0;
		if (want[i].level < want[i].target)
			want[kept++] = want[i];
	}
	buffer->used = kept * sizeof(Want);
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
	int64		weight;			/* the bits of one */

	for (int32 i = 0; i < n; i++)
	{
		start[want[i].mentee + 1] = i + 1;
		skill[i] = mtr_dict_code(loader->skills->dict, &want[i].skill_id,
								 sizeof(int64), true);
		level[i] = want[i].level;
		target[i] = want[i].target;
		memcpy(&weight, &want[i].weight, sizeof(weight));
		mtr_hash_numbers(loader, MTR_HASH_WANT,
						 programme->mentee[want[i].mentee].id,
						 want[i].skill_id, want[i].level, want[i].target,
						 weight);
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

/* Count offers into place, by skill or by mentor; equal ones keep their
 * order. */
static void
sort_offers(MtrLoader *loader, bool by_skill, int32 nkeys)
{
	MtrBuffer  *buffer = &loader->skills->offer;
	MtrBuffer	sorted = {0};
	const Offer *offer = MTR_ITEMS(Offer, *buffer);
	Offer	   *place = mtr_buffer_add(loader, &sorted, buffer->used);
	int32		n = MTR_COUNT(Offer, *buffer);
	int32	   *start = palloc_extended(((Size) nkeys + 1) * sizeof(int32),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int32 i = 0; i < n; i++)
		start[(by_skill ? offer[i].skill : offer[i].mentor) + 1]++;
	for (int32 key = 0; key < nkeys; key++)
		start[key + 1] += start[key];
	for (int32 i = 0; i < n; i++)
		place[start[by_skill ? offer[i].skill : offer[i].mentor]++] = offer[i];
	pfree(start);
	mtr_buffer_free(loader, buffer);
	*buffer = sorted;
}

/* Drop the skills nobody wants and turn ids into codes. */
static void
code_offers(MtrLoader *loader)
{
	MtrBuffer  *buffer = &loader->skills->offer;
	Offer	   *offer = MTR_ITEMS(Offer, *buffer);
	int32		n = MTR_COUNT(Offer, *buffer);
	int32		kept = 0;

	for (int32 i = 0; i < n; i++)
	{
		int32		code = mtr_dict_code(loader->skills->dict, &offer[i].skill,
										 sizeof(int64), false);

		if (code < 0)
			continue;
		offer[kept] = offer[i];
		offer[kept++].skill = code;
	}
	buffer->used = kept * sizeof(Offer);
}

/* Sort by skill and mentor, and keep one for both: the own row wins. */
static int32
settle_offers(MtrLoader *loader)
{
	const MtrParticipant *mentor = loader->programme->mentor;
	Offer	   *offer;
	int32		n;
	int32		kept = 0;

	code_offers(loader);
	sort_offers(loader, false, loader->programme->nmentors);
	sort_offers(loader, true, mtr_dict_size(loader->skills->dict));
	offer = MTR_ITEMS(Offer, loader->skills->offer);
	n = MTR_COUNT(Offer, loader->skills->offer);
	for (int32 i = 0; i < n; i++)
	{
		if (kept > 0 && offer[kept - 1].skill == offer[i].skill &&
			offer[kept - 1].mentor == offer[i].mentor)
		{
			if (offer[i].is_own)
				offer[kept - 1] = offer[i];
		}
		else
			offer[kept++] = offer[i];
	}
	for (int32 i = 0; i < kept; i++)
		mtr_hash_numbers(loader, MTR_HASH_OFFER, offer[i].skill,
						 mentor[offer[i].mentor].id, offer[i].level);
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
	int32		n = settle_offers(loader);
	const Offer *offer = MTR_ITEMS(Offer, loader->skills->offer);
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

	mtr_load_query(loader, &own_query, false, add_own);
	settle_wants(loader);
	finish_wants(loader, &out);
	mtr_load_query(loader, &person_offer_query, false, add_person_offer);
	finish_offers(loader, &out);
	out.mentor_missing = skills->mentor_missing;
	for (int32 j = 0; j < nmentors; j++)
		if (out.mentor_missing[j])
			mtr_hash_numbers(loader, MTR_HASH_NO_SKILLS,
							 loader->programme->mentor[j].id);
	for (int k = 0; k < loader->programme->ncriteria; k++)
		if (loader->criteria[k].kind == MTR_SKILL_COVER)
			loader->criteria[k].u.skill = out;
}
