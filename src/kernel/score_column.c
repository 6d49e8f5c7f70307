/*
 * score_column.c
 *	  scores of a mentor with every mentee
 *
 * Problem.  A row of the score matrix belongs to a mentee.  When a mentor
 * joins or changes, a column is wanted, without making all rows, and every
 * entry of it must be what its row says.
 *
 * Method.  Most kinds of criteria stay what they are when mentees and mentors
 * change places: a column is a row of the programme turned around.  Prepare
 * makes for each criterion a turned programme of that criterion alone, which
 * mtr_score_similarities() evaluates with the very code of the rows.
 *
 *	 same, differ, near
 *				the values change sides
 *	 gap		so do they, and from .. to becomes -to .. -from: all
 *				differences change their sign, which is exact
 *	 cosine, availability
 *				products and common bits commute
 *	 text, listed, preference
 *				lists by mentee become lists by mentor; the quotients of
 *				texts are settled in integers anyway
 *
 * A skill_cover, or an overlap as a cover, doesn't turn.  So here
 * skill_cover and overlap lay out what the mentor has, one byte for each
 * skill or element, and look up what each mentee wants or has.  A custom
 * criterion makes whole rows only: all rows are made.
 *
 * The similarities then become sums and scores by the code of the rows, with
 * the shares and rules that mtr_score_prepare() found.
 *
 * Cost.  For each mentee 2.5 ns a skill wanted, 1 ns an element, else as in
 * a row: 0.35 ms for 10,000 mentees with skill_cover of ten skills, overlap
 * of five elements and three criteria by values.  Prepare takes as long as 5
 * to 40 columns.  With a custom criterion a column costs all rows of that.
 *
 * Values of mentees are numbers; a skill lists a mentor once.
 */
#include <math.h>
#include <string.h>

#include "score_plan.h"

/* as in score_skill.c: the value of a step, when so many make up a want */
#define LEVEL_UNITS 420
static const uint32_t units_a_step[8] = {0, 420, 210, 140, 105, 84, 70, 60};

/* lists of members: what the criteria have by skill, element or mentee */
typedef struct MemberLists
{
	int32_t		nlists;
	const int32_t *start;		/* [nlists + 1] */
	const int32_t *member;
} MemberLists;

/* the same by member */
typedef struct MemberIndex
{
	int32_t    *start;			/* [nmembers + 1] */
	int32_t    *list;			/* the lists a member is in, ascending */
	int32_t    *entry;			/* at which of their entries, or NULL */
} MemberIndex;

/* What prepare makes of a criterion. */
typedef struct TurnedCriterion
{
	/* skill_cover, overlap */
	MemberIndex index;			/* skills or elements of a mentor */
	uint8_t    *mark;			/* of each, what this mentor has */

	/* all others but custom: a programme, and its prepared scratch */
	MtrCriterion criterion;
	MtrScoreSet set;
	void	   *scratch;
} TurnedCriterion;

/* The head of scratch. */
typedef struct ScoreColumn
{
	TurnedCriterion *turned;	/* [ncriteria] */
	MemberIndex exclude;		/* mentees a mentor is excluded from */
	double	   *sum;			/* [nmentees] */
} ScoreColumn;

/* ---- lists by member ---- */

/* Ends become beginnings as the lists are gone through backwards, which also
 * leaves the lists of each member ascending. */
static void
index_members(const MemberLists *lists, int32_t nmembers, bool with_entries,
			  MemberIndex *index, MtrCarver *carver)
{
	int32_t		nentries = lists->start[lists->nlists];
	int32_t    *start;

	start = mtr_score_carve(carver, (size_t) nmembers + 1, sizeof(int32_t));
	index->start = start;
	index->list = mtr_score_carve(carver, nentries, sizeof(int32_t));
	index->entry = NULL;
	if (with_entries)
		index->entry = mtr_score_carve(carver, nentries, sizeof(int32_t));
	if (carver->base == NULL)
		return;

	memset(start, 0, ((size_t) nmembers + 1) * sizeof(int32_t));
	for (int32_t e = 0; e < nentries; e++)
		start[lists->member[e]]++;
	for (int32_t j = 1; j <= nmembers; j++)
		start[j] += start[j - 1];
	for (int32_t i = lists->nlists - 1; i >= 0; i--)
	{
		mtr_poll();
		for (int32_t e = lists->start[i + 1] - 1; e >= lists->start[i]; e--)
		{
			int32_t		at = --start[lists->member[e]];

			index->list[at] = i;
			if (with_entries)
				index->entry[at] = e;
		}
	}
}

/* ---- turning criteria ----
 *
 * Each function takes its arrays and, unless only their size is asked for,
 * fills them.  turned->criterion is a copy of the criterion so far.
 */

static void
turn_skill(const MtrScoreSet *set, TurnedCriterion *turned, MtrCarver *carver)
{
	const MtrSkillCover *skill = &turned->criterion.u.skill;
	MemberLists lists = {skill->nskills, skill->list_start,
	skill->list_mentor};

	index_members(&lists, set->nmentors, true, &turned->index, carver);
	turned->mark = mtr_score_carve(carver, skill->nskills, 1);
}

static void
turn_overlap(const MtrScoreSet *set, TurnedCriterion *turned,
			 MtrCarver *carver)
{
	const MtrOverlap *overlap = &turned->criterion.u.overlap;
	MemberLists lists = {overlap->nelements, overlap->list_start,
	overlap->list_mentor};

	index_members(&lists, set->nmentors, false, &turned->index, carver);
	turned->mark = mtr_score_carve(carver, overlap->nelements, 1);
}

/* All classes that no mentor has become one. */
static void
turn_equal(const MtrScoreSet *set, TurnedCriterion *turned, MtrCarver *carver)
{
	MtrClass   *class = &turned->criterion.u.class;
	int32_t    *theirs = mtr_score_carve(carver, set->nmentees,
										 sizeof(int32_t));
	bool	   *missing = mtr_score_carve(carver, set->nmentors,
										  sizeof(bool));
	int32_t		unknown = class->nclasses++;

	if (carver->base == NULL)
		return;
	for (int32_t i = 0; i < set->nmentees; i++)
	{
		int32_t		own = class->mentee_class[i];

		if (class->mentee_missing[i])
			own = -1;
		theirs[i] = own < unknown ? own : unknown;
	}
	/* a class of -1 says so on either side */
	memset(missing, 0, set->nmentors * sizeof(bool));
	class->mentee_class = class->mentor_class;
	class->mentee_missing = missing;
	class->mentor_class = theirs;
}

/* Every mentee is a class. */
static void
turn_distance(const MtrScoreSet *set, TurnedCriterion *turned,
			  MtrCarver *carver)
{
	MtrClass   *class = &turned->criterion.u.class;
	int32_t    *theirs = mtr_score_carve(carver, set->nmentees,
										 sizeof(int32_t));
	double	   *value = mtr_score_carve(carver, set->nmentors,
										sizeof(double));
	bool	   *missing = mtr_score_carve(carver, set->nmentors,
										  sizeof(bool));
	double		from = class->from;

	class->nclasses = set->nmentees;
	if (carver->base == NULL)
		return;
	for (int32_t i = 0; i < set->nmentees; i++)
		theirs[i] = class->mentee_missing[i] ? -1 : i;
	for (int32_t j = 0; j < set->nmentors; j++)
	{
		int32_t		own = class->mentor_class[j];

		value[j] = own < 0 ? NAN : class->class_value[own];
		missing[j] = isnan(value[j]);
	}
	class->class_value = class->mentee_value;
	class->mentee_value = value;
	class->mentee_missing = missing;
	class->mentor_class = theirs;
	class->from = -class->to;
	class->to = -from;
}

static void
turn_cosine(const MtrScoreSet *set, TurnedCriterion *turned,
			MtrCarver *carver)
{
	MtrCosine  *cosine = &turned->criterion.u.cosine;
	const bool *missing = cosine->mentee_missing;
	size_t		dim = cosine->dim;
	size_t		n = set->nmentees;
	size_t		m = set->nmentors;
	double	   *ours = mtr_score_carve(carver, m * dim, sizeof(double));
	double	   *theirs = mtr_score_carve(carver, n * dim, sizeof(double));

	if (carver->base == NULL)
		return;
	for (size_t d = 0; d < dim; d++)
	{
		mtr_poll();
		for (size_t j = 0; j < m; j++)
			ours[j * dim + d] = cosine->mentor[d * m + j];
		for (size_t i = 0; i < n; i++)
			theirs[d * n + i] = cosine->mentee[i * dim + d];
	}
	cosine->mentee = ours;
	cosine->mentor = theirs;
	cosine->mentee_missing = cosine->mentor_missing;
	cosine->mentor_missing = missing;
}

static void
turn_availability(TurnedCriterion *turned)
{
	MtrAvailability *free = &turned->criterion.u.availability;
	const uint64_t *mentee = free->mentee;

	free->mentee = free->mentor;
	free->mentor = mentee;
}

/* Terms by mentor and mentees by term; and what is known of the mentees. */
static void
turn_text(const MtrScoreSet *set, TurnedCriterion *turned, MtrCarver *carver)
{
	MtrText    *out = &turned->criterion.u.text;
	int32_t		n = set->nmentees;
	MemberLists by_term = {out->nterms, out->list_start, out->list_mentor};
	MemberLists by_mentee = {n, out->mentee_start, out->mentee_term};
	int32_t    *size = mtr_score_carve(carver, n, sizeof(int32_t));
	int64_t    *root = mtr_score_carve(carver, n, sizeof(int64_t));
	MemberIndex ours;
	MemberIndex theirs;

	index_members(&by_term, set->nmentors, false, &ours, carver);
	index_members(&by_mentee, out->nterms, false, &theirs, carver);
	if (carver->base == NULL)
		return;
	for (int32_t i = 0; i < n; i++)
	{
		int64_t		q = 0;

		for (int32_t e = out->mentee_start[i]; e < out->mentee_start[i + 1];
			 e++)
			q += (int64_t) out->idf[out->mentee_term[e]] *
				out->idf[out->mentee_term[e]];
		root[i] = mtr_text_root(q);
		size[i] = out->mentee_start[i + 1] - out->mentee_start[i];
	}
	out->mentee_start = ours.start;
	out->mentee_term = ours.list;
	out->mentor_size = size;
	out->mentor_root = root;
	out->list_start = theirs.start;
	out->list_mentor = theirs.list;
}

static void
turn_listed(const MtrScoreSet *set, TurnedCriterion *turned,
			MtrCarver *carver)
{
	MtrListed  *listed = &turned->criterion.u.listed;
	MemberLists lists = {set->nmentees, listed->start, listed->mentor};
	MemberIndex index;

	index_members(&lists, set->nmentors, false, &index, carver);
	listed->start = index.start;
	listed->mentor = index.list;
}

/* What one side says takes the place of the entries it was found by. */
static void
turn_preference(const MtrScoreSet *set, TurnedCriterion *turned,
				MtrCarver *carver)
{
	MtrPreference *p = &turned->criterion.u.preference;
	const int32_t *mentee_base = p->mentee_base;
	MemberLists lists = {set->nmentees, p->start, p->mentor};
	int32_t		nentries = p->start[set->nmentees];
	int32_t    *says = mtr_score_carve(carver, nentries, sizeof(int32_t));
	MemberIndex index;

	index_members(&lists, set->nmentors, true, &index, carver);
	if (carver->base == NULL)
		return;
	for (int32_t at = 0; at < nentries; at++)
	{
		int32_t		e = index.entry[at];

		says[at] = p->mentor_says[e];
		index.entry[at] = p->mentee_says[e];
	}
	p->mentee_base = p->mentor_base;
	p->mentor_base = mentee_base;
	p->start = index.start;
	p->mentor = index.list;
	p->mentee_says = says;
	p->mentor_says = index.entry;
}

/* Give the turned criterion a programme of its own. */
static void
make_programme(const MtrScoreSet *set, TurnedCriterion *turned,
			   MtrCarver *carver)
{
	turned->set.nmentees = set->nmentors;
	turned->set.nmentors = set->nmentees;
	turned->set.ncriteria = 1;
	turned->set.criteria = &turned->criterion;
	turned->scratch = mtr_score_carve(carver,
									  mtr_score_scratch_size(&turned->set),
									  1);
	if (carver->base != NULL)
		mtr_score_prepare(&turned->set, turned->scratch);
}

static void
turn_criterion(const MtrScoreSet *set, const MtrCriterion *c,
			   TurnedCriterion *turned, MtrCarver *carver)
{
	memset(turned, 0, sizeof(*turned));
	turned->criterion = *c;
	/* it is asked for similarities only */
	turned->criterion.share = 0;
	turned->criterion.minimum = -1;
	switch (c->kind)
	{
		case MTR_SKILL_COVER:
			turn_skill(set, turned, carver);
			return;
		case MTR_OVERLAP:
			turn_overlap(set, turned, carver);
			return;
		case MTR_CUSTOM:
			return;
		case MTR_SAME:
		case MTR_DIFFER:
			turn_equal(set, turned, carver);
			break;
		case MTR_NEAR:
		case MTR_GAP:
			turn_distance(set, turned, carver);
			break;
		case MTR_COSINE:
			turn_cosine(set, turned, carver);
			break;
		case MTR_AVAILABILITY:
			turn_availability(turned);
			break;
		case MTR_TEXT:
			turn_text(set, turned, carver);
			break;
		case MTR_LISTED:
			turn_listed(set, turned, carver);
			break;
		case MTR_PREFERENCE:
			turn_preference(set, turned, carver);
			break;
	}
	make_programme(set, turned, carver);
}

/* Lay out scratch; with a base also prepare it. */
static void
lay_out_column(const MtrScoreSet *set, MtrCarver *carver)
{
	ScoreColumn counted;
	ScoreColumn *column = mtr_score_carve(carver, 1, sizeof(ScoreColumn));

	if (column == NULL)
		column = &counted;
	column->turned = mtr_score_carve(carver, set->ncriteria,
									 sizeof(TurnedCriterion));
	column->sum = mtr_score_carve(carver, set->nmentees, sizeof(double));
	if (set->exclude_start != NULL)
	{
		MemberLists lists = {set->nmentees, set->exclude_start,
		set->exclude_mentor};

		index_members(&lists, set->nmentors, false, &column->exclude, carver);
	}
	for (int32_t k = 0; k < set->ncriteria; k++)
	{
		TurnedCriterion measured;

		turn_criterion(set, &set->criteria[k], carver->base == NULL ?
					   &measured : &column->turned[k], carver);
	}
}

size_t
mtr_score_column_size(const MtrScoreSet *set)
{
	MtrCarver	carver = {NULL, 0};

	lay_out_column(set, &carver);
	return carver.used;
}

void
mtr_score_column_prepare(const MtrScoreSet *set, void *scratch)
{
	MtrCarver	carver = {scratch, 0};

	lay_out_column(set, &carver);
}

/* ---- what is looked up ---- */

static void
fill_missing(int32_t n, int32_t *sim)
{
	for (int32_t i = 0; i < n; i++)
		sim[i] = MTR_MISSING;
}

/* Lay out the mentor's levels, dense and listed. */
static void
mark_levels(const TurnedCriterion *turned, int32_t mentor)
{
	const MtrSkillCover *skill = &turned->criterion.u.skill;
	const MemberIndex *index = &turned->index;

	for (int32_t s = 0; s < skill->nskills; s++)
		turned->mark[s] = skill->dense[s] == NULL ? 0 :
			skill->dense[s][mentor];
	for (int32_t at = index->start[mentor]; at < index->start[mentor + 1];
		 at++)
		turned->mark[index->list[at]] = skill->list_level[index->entry[at]];
}

static void
skill_column(const MtrScoreSet *set, const TurnedCriterion *turned,
			 int32_t mentor, int32_t *sim)
{
	const MtrSkillCover *skill = &turned->criterion.u.skill;
	const uint8_t *offered = turned->mark;

	if (skill->mentor_missing[mentor])
	{
		fill_missing(set->nmentees, sim);
		return;
	}
	mark_levels(turned, mentor);
	for (int32_t i = 0; i < set->nmentees; i++)
	{
		int32_t		begin = skill->want_start[i];
		int32_t		end = skill->want_start[i + 1];
		uint32_t	total = LEVEL_UNITS / 2;

		for (int32_t w = begin; w < end; w++)
		{
			int			level = skill->want_level[w];
			int			steps = offered[skill->want_skill[w]] - level;
			int			most = skill->want_target[w] - level;

			steps = steps > 0 ? steps : 0;
			steps = steps < most ? steps : most;
			total += (uint32_t) skill->want_share[w] * units_a_step[most] *
				steps;
		}
		sim[i] = begin == end ? MTR_MISSING : (int32_t) (total / LEVEL_UNITS);
	}
}

/*
 * Counts of common elements become similarities, b being the size of the
 * mentor's set; by division in double, as in score_list.c, where it is shown
 * to be exact.  The size of the mentee's set may be 0, and is counted as 1.
 */
MTR_SIMD static void
divide_column(int32_t n, const int32_t *restrict start, int32_t b, bool cover,
			  int32_t *restrict sim)
{
	for (int32_t i = 0; i < n; i++)
	{
		int32_t		a = start[i + 1] - start[i];
		double		x = sim[i];
		double		d = (cover ? 0 : b - sim[i]) + (a > 0 ? a : 1);
		int32_t		s = (int32_t) ((x * (2 * MTR_UNIT) + d) / (d + d));

		sim[i] = s | -(int32_t) (a == 0);
	}
}

static void
overlap_column(const MtrScoreSet *set, const TurnedCriterion *turned,
			   int32_t mentor, int32_t *sim)
{
	const MtrOverlap *overlap = &turned->criterion.u.overlap;
	const MemberIndex *index = &turned->index;
	uint8_t    *has = turned->mark;

	if (overlap->mentor_size[mentor] == 0)
	{
		fill_missing(set->nmentees, sim);
		return;
	}
	memset(has, 0, overlap->nelements);
	for (int32_t at = index->start[mentor]; at < index->start[mentor + 1];
		 at++)
		has[index->list[at]] = 1;
	for (int32_t i = 0; i < set->nmentees; i++)
	{
		int32_t		common = 0;

		for (int32_t e = overlap->mentee_start[i];
			 e < overlap->mentee_start[i + 1]; e++)
			common += has[overlap->mentee_element[e]];
		sim[i] = common;
	}
	divide_column(set->nmentees, overlap->mentee_start,
				  overlap->mentor_size[mentor], overlap->cover, sim);
}

/* Make all rows, in the array a row of this criterion uses anyway. */
static void
custom_column(const MtrScoreSet *set, const MtrScorePlan *plan,
			  int32_t mentor, int32_t *sim)
{
	const MtrCustom *custom = &plan->criterion->u.custom;
	int32_t    *row = plan->row;

	for (int32_t i = 0; i < set->nmentees; i++)
	{
		mtr_poll();
		custom->fill(custom->state, i, row);
		sim[i] = row[mentor];
	}
}

/* The array for the scores holds the similarities of one criterion after the
 * other before. */
void
mtr_score_column(const MtrScoreSet *set, int32_t mentor, int32_t *score,
				 void *scratch, void *row_scratch)
{
	const ScoreColumn *column = scratch;
	const MtrScoreWork *work = row_scratch;
	const MemberIndex *exclude = &column->exclude;
	int32_t		n = set->nmentees;

	for (int32_t i = 0; i < n; i++)
		column->sum[i] = MTR_SCORE_START;
	for (int32_t k = 0; k < set->ncriteria; k++)
	{
		const TurnedCriterion *turned = &column->turned[k];
		const MtrScorePlan *plan = &work->plan[k];

		mtr_poll();
		if (!plan->counts)
			continue;
		if (plan->criterion->kind == MTR_SKILL_COVER)
			skill_column(set, turned, mentor, score);
		else if (plan->criterion->kind == MTR_OVERLAP)
			overlap_column(set, turned, mentor, score);
		else if (plan->criterion->kind == MTR_CUSTOM)
			custom_column(set, plan, mentor, score);
		else
			mtr_score_similarities(&turned->set, 0, mentor, score,
								   turned->scratch);
		mtr_score_add_block(plan, n, score, column->sum);
	}
	mtr_score_round(n, column->sum, score);
	if (set->exclude_start == NULL)
		return;
	for (int32_t at = exclude->start[mentor]; at < exclude->start[mentor + 1];
		 at++)
		score[exclude->list[at]] = MTR_NO_PAIR;
}
