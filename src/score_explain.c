/*
 * score_explain.c
 *	  explain_pair(): what a score is made of, or why there is none
 *
 * One row for each criterion: the values compared, the similarity they give
 * (if_missing when a side has none), and the part of the score that is due to
 * it, by the kernel's own division, so that the parts add up to
 * compatibility() exactly.  Then a row for each other reason why the pair is
 * not eligible.  A pair that isn't eligible is explained with the score it
 * would have.
 *
 * What kinds without keys compare is read again, for this one pair, by the
 * queries below.  Each yields the values of both sides; what belongs to the
 * pair (relationships, a rule) stands on both.
 *
 * Who asks sees what concerns him.  Vetoes are their author's secret: all but
 * admins see the pair "unavailable", whichever of the two it is.  Ranks are
 * not shown to coordinators.  The mentee and the mentor see their own values,
 * and nothing that gives the other's preference away: its part of the score
 * would follow from all others, so it is shown together with that of the
 * criterion that counts most, as one row of kind "other".
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "access.h"
#include "json.h"
#include "mentoring.h"
#include "rights.h"
#include "score.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_explain_pair);

/* columns of the result */
enum
{
	X_CRITERION,
	X_KIND,
	X_MENTEE_VALUE,
	X_MENTOR_VALUE,
	X_SIMILARITY,
	X_WEIGHT,
	X_CONTRIBUTION,
	X_MINIMUM,
	X_IS_MET,
	X_COLUMNS
};

typedef struct Explanation
{
	ReturnSetInfo *rsinfo;
	MtrProgramme *programme;
	int64		mentee_id;
	int64		mentor_id;
	struct View *view;
} Explanation;

/* Who looks at it, and what that one isn't shown one by one. */
typedef struct View
{
	bool		is_admin;
	bool		is_coordinator;
	bool		is_own[2];		/* the mentee, the mentor */
	int32		companion;		/* criterion shown with the preference, or -1 */
	bool		is_unavailable;
	bool		has_other;
	bool		other_met;
	double		other_weight;
	int32		other_contribution;
} View;

#define IS_PARTICIPANT(view) (!(view)->is_admin && !(view)->is_coordinator)

/*
 * Parameters of all: $1 programme, $2 mentee, $3 mentor, $4 a number.
 */
#define SKILL_QUERY \
	"WITH want AS (" \
	" SELECT s.skill_id, k.name, s.target_level," \
	"  coalesce(s.level, l.level, 0) AS level" \
	" FROM mentoring.participant_skill s" \
	" JOIN mentoring.skill k ON k.id = s.skill_id" \
	" JOIN mentoring.participant p" \
	"  ON p.programme_id = s.programme_id AND p.id = s.participant_id" \
	" LEFT JOIN mentoring.person_skill l" \
	"  ON l.person_id = p.person_id AND l.skill_id = s.skill_id" \
	" WHERE s.programme_id = $1 AND s.participant_id = $2 AND s.weight > 0" \
	" AND s.target_level > coalesce(s.level, l.level, 0))," \
	" own AS (SELECT skill_id, level FROM mentoring.participant_skill" \
	"  WHERE programme_id = $1 AND participant_id = $3)," \
	" known AS (SELECT l.skill_id, l.level FROM mentoring.participant p" \
	"  JOIN mentoring.person_skill l ON l.person_id = p.person_id" \
	"  WHERE p.programme_id = $1 AND p.id = $3)" \
	" SELECT (SELECT jsonb_agg(jsonb_build_object('skill', name," \
	"   'level', level, 'target', target_level) ORDER BY skill_id)" \
	"  FROM want)," \
	" (SELECT jsonb_agg(jsonb_build_object('skill', w.name," \
	"   'level', coalesce(own.level, known.level, 0)) ORDER BY w.skill_id)" \
	"  FROM want w LEFT JOIN own ON own.skill_id = w.skill_id" \
	"  LEFT JOIN known ON known.skill_id = w.skill_id" \
	"  WHERE EXISTS (SELECT FROM own) OR EXISTS (SELECT FROM known))"

/* What the mentor offers, without saying what the mentee wants. */
#define OFFER_QUERY \
	"SELECT NULL::jsonb, jsonb_agg(jsonb_build_object('skill', k.name," \
	" 'level', o.level) ORDER BY k.id)" \
	" FROM (SELECT coalesce(s.skill_id, l.skill_id) AS skill_id," \
	"  coalesce(s.level, l.level, 0) AS level" \
	"  FROM (SELECT skill_id, level FROM mentoring.participant_skill" \
	"   WHERE programme_id = $1 AND participant_id = $3) s" \
	"  FULL JOIN (SELECT n.skill_id, n.level FROM mentoring.participant p" \
	"   JOIN mentoring.person_skill n ON n.person_id = p.person_id" \
	"   WHERE p.programme_id = $1 AND p.id = $3) l" \
	"  ON l.skill_id = s.skill_id) o" \
	" JOIN mentoring.skill k ON k.id = o.skill_id"

/* Managers from the direct one up, at most $4, once round a circle. */
#define CHAIN_OF(participant) \
	"(WITH RECURSIVE up (id, place) AS (" \
	" SELECT p.person_id, 0 FROM mentoring.participant p" \
	" WHERE p.programme_id = $1 AND p.id = " participant \
	" UNION ALL" \
	" SELECT n.manager_id, up.place + 1 FROM up" \
	" JOIN mentoring.person n ON n.id = up.id" \
	" WHERE n.manager_id IS NOT NULL AND up.place < $4)" \
	" CYCLE id SET is_cycle USING path" \
	" SELECT jsonb_agg(id ORDER BY place) FROM up" \
	" WHERE place > 0 AND NOT is_cycle)"

#define LINE_QUERY "SELECT " CHAIN_OF("$2") ", " CHAIN_OF("$3")

/* Relationships of the two persons that meet a condition. */
#define MET_QUERY(condition) \
	"WITH shared AS (" \
	" SELECT DISTINCT r.id" \
	" FROM mentoring.participant x" \
	" JOIN mentoring.participant a ON a.person_id = x.person_id" \
	" JOIN mentoring.relationship_member ma" \
	"  ON ma.programme_id = a.programme_id AND ma.participant_id = a.id" \
	" JOIN mentoring.relationship r" \
	"  ON r.programme_id = ma.programme_id AND r.id = ma.relationship_id" \
	" JOIN mentoring.relationship_member mb" \
	"  ON mb.programme_id = r.programme_id AND mb.relationship_id = r.id" \
	" JOIN mentoring.participant b" \
	"  ON b.programme_id = mb.programme_id AND b.id = mb.participant_id" \
	" JOIN mentoring.participant y ON y.person_id = b.person_id" \
	" WHERE x.programme_id = $1 AND x.id = $2" \
	" AND y.programme_id = $1 AND y.id = $3" \
	" AND a.person_id <> b.person_id AND " condition ")," \
	" ids AS (SELECT jsonb_agg(id ORDER BY id) AS list FROM shared)" \
	" SELECT list, list FROM ids"

#define RANK_OF(id, partner, column) \
	"(SELECT to_jsonb(" column ") FROM mentoring.preference" \
	" WHERE programme_id = $1 AND participant_id = " id \
	" AND preferred_id = " partner ")"

#define RANK_QUERY(column) \
	"SELECT " RANK_OF("$2", "$3", column) ", " RANK_OF("$3", "$2", column)

#define PARTICIPANT_VALUE(expression, id) \
	"(SELECT to_jsonb(" expression ") FROM mentoring.participant p" \
	" JOIN mentoring.person n ON n.id = p.person_id" \
	" WHERE p.programme_id = $1 AND p.id = " id ")"

#define PARTICIPANT_QUERY(expression) \
	"SELECT " PARTICIPANT_VALUE(expression, "$2") ", " \
	PARTICIPANT_VALUE(expression, "$3")

#define FORBID_QUERY \
	"SELECT to_jsonb(min(reason)), to_jsonb(min(reason))" \
	" FROM mentoring.pair_rule WHERE programme_id = $1" \
	" AND mentee_id = $2 AND mentor_id = $3 AND rule = 'forbid'"

/* Each is prepared at its first use and kept. */
static MtrStatement skill_query = {SKILL_QUERY};
static MtrStatement offer_query = {OFFER_QUERY};
static MtrStatement line_query = {LINE_QUERY};
static MtrStatement met_query = {
	MET_QUERY("r.ended_from IS DISTINCT FROM 'proposed'")
};
static MtrStatement rank_query = {RANK_QUERY("rank")};
static MtrStatement profile_query = {
	PARTICIPANT_QUERY("n.profile || p.profile")
};
static MtrStatement status_query = {
	PARTICIPANT_QUERY("CASE WHEN p.status = 'accepted' AND NOT n.is_active"
					  " THEN 'inactive' ELSE p.status END")
};

typedef struct Reason
{
	const char *kind;
	MtrStatement query;
} Reason;

/* by MtrExclusion */
static Reason reasons[] = {
	[MTR_EX_SAME_PERSON] = {
		"same_person", {PARTICIPANT_QUERY("p.person_id")}
	},
	[MTR_EX_FORBID] = {"forbid", {FORBID_QUERY}},
	[MTR_EX_VETO] = {"veto", {RANK_QUERY("nullif(is_veto, false)")}},
	[MTR_EX_TOGETHER] = {
		"together", {
			MET_QUERY("r.programme_id = $1 AND ma.participant_id = $2"
					  " AND mb.participant_id = $3 AND r.status IN"
					  " ('proposed', 'trial', 'active', 'paused')")
		}
	},
	[MTR_EX_TRIAL_DECLINED] = {
		"trial_declined", {MET_QUERY("r.ended_from = 'trial'")}
	},
};

/* ----------------------------------------------------------------
 *		Values
 * ----------------------------------------------------------------
 */

/* Fill in the values of both sides by one of the queries above. */
static void
query_values(const Explanation *x, MtrStatement *query, int64 number,
			 Datum *values, bool *nulls)
{
	Oid			types[4] = {INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		params[4];

	params[0] = Int64GetDatum(x->programme->id);
	params[1] = Int64GetDatum(x->mentee_id);
	params[2] = Int64GetDatum(x->mentor_id);
	params[3] = Int64GetDatum(number);
	if (SPI_execute_plan(mtr_statement_plan(query, 4, types), params, NULL,
						 true, 1) !=
		SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read the values of a pair");
	for (int side = 0; side < 2; side++)
		values[X_MENTEE_VALUE + side] =
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
						  side + 1, &nulls[X_MENTEE_VALUE + side]);
}

static void
line_values(const Explanation *x, const MtrCriterionInfo *info,
			Datum *values, bool *nulls)
{
	JsonbValue	buffer;
	JsonbValue *depth = mtr_json_get(info->params, "depth", &buffer);

	query_values(x, &line_query,
				 depth == NULL ? PG_INT32_MAX :
				 (int64) mtr_json_double(depth, "params key", "depth"),
				 values, nulls);
}

/* The values a criterion compares. */
static void
criterion_values(const Explanation *x, int32 k, Datum *values, bool *nulls)
{
	const MtrCriterionInfo *info = &x->programme->info[k];
	Jsonb	  **raw = (Jsonb **) x->programme->values + 2 * k;

	switch (x->programme->set.criteria[k].kind)
	{
		case MTR_SKILL_COVER:
			query_values(x, IS_PARTICIPANT(x->view) && !x->view->is_own[0] ?
						 &offer_query : &skill_query, 0, values, nulls);
			break;
		case MTR_LISTED:
			if (strcmp(info->kind, "reporting_line") == 0)
				line_values(x, info, values, nulls);
			else
				query_values(x, &met_query, 0, values, nulls);
			break;
		case MTR_PREFERENCE:
			query_values(x, &rank_query, 0, values, nulls);
			break;
		case MTR_CUSTOM:
			query_values(x, &profile_query, 0, values, nulls);
			break;
		default:
			for (int side = 0; side < 2; side++)
				if (raw[side] == NULL)
					nulls[X_MENTEE_VALUE + side] = true;
				else
					values[X_MENTEE_VALUE + side] = JsonbPGetDatum(raw[side]);
	}
}

/* ----------------------------------------------------------------
 *		Who looks
 * ----------------------------------------------------------------
 */

/* Before the caller becomes the owner. */
static void
find_view(Explanation *x, int64 programme_id)
{
	View	   *view = palloc0(sizeof(View));

	view->is_admin = mtr_is_admin();
	view->is_coordinator = mtr_is_coordinator(programme_id);
	view->is_own[0] = mtr_is_own_participant(x->mentee_id);
	view->is_own[1] = mtr_is_own_participant(x->mentor_id);
	view->companion = -1;
	view->other_met = true;
	x->view = view;
}

static bool
is_preference(const MtrProgramme *programme, int32 k)
{
	return programme->set.criteria[k].kind == MTR_PREFERENCE;
}

/* Find what a preference that counts is shown together with. */
static void
find_companion(Explanation *x)
{
	const MtrCriterion *criteria = x->programme->set.criteria;
	int32		best = -1;
	bool		is_wanted = false;

	for (int32 k = 0; k < x->programme->ncriteria; k++)
		if (is_preference(x->programme, k))
			is_wanted |= criteria[k].share > 0;
		else if (criteria[k].share > 0 &&
				 (best < 0 || criteria[k].share > criteria[best].share))
			best = k;
	if (is_wanted && IS_PARTICIPANT(x->view))
		x->view->companion = best;
}

/* Is this criterion one of those not shown by themselves?  Then add it up. */
static bool
is_hidden(const Explanation *x, int32 k, int32 contribution, bool is_met)
{
	View	   *view = x->view;
	bool		is_secret = is_preference(x->programme, k);

	if (!IS_PARTICIPANT(view) || (!is_secret && k != view->companion))
		return false;
	if (is_secret)
		view->is_unavailable |= !is_met;
	else
		view->other_met &= is_met;
	if (x->programme->set.criteria[k].share > 0)
	{
		view->has_other = true;
		view->other_weight += x->programme->info[k].weight;
		view->other_contribution += contribution;
	}
	return true;
}

/* Blank the values that aren't the caller's to see. */
static void
conceal_values(const Explanation *x, bool is_rank, bool is_rule, bool *nulls)
{
	const View *view = x->view;

	if (view->is_admin)
		return;
	for (int side = 0; side < 2; side++)
		if (is_rank || (!view->is_coordinator &&
						(is_rule || !view->is_own[side])))
			nulls[X_MENTEE_VALUE + side] = true;
}

/* ----------------------------------------------------------------
 *		Rows
 * ----------------------------------------------------------------
 */

/* A criterion: its similarity, what that contributes, whether it is met. */
static void
put_criterion(const Explanation *x, int32 k, double similarity,
			  int32 contribution, bool is_met)
{
	const MtrCriterionInfo *info = &x->programme->info[k];
	Datum		values[X_COLUMNS] = {0};
	bool		nulls[X_COLUMNS] = {false};

	if (is_hidden(x, k, contribution, is_met))
		return;
	values[X_CRITERION] = CStringGetTextDatum(info->name);
	values[X_KIND] = CStringGetTextDatum(info->kind);
	criterion_values(x, k, values, nulls);
	conceal_values(x, is_preference(x->programme, k), false, nulls);
	values[X_SIMILARITY] = Float8GetDatum(similarity);
	values[X_WEIGHT] = Float8GetDatum(info->weight);
	values[X_CONTRIBUTION] = Float8GetDatum(MTR_TO_DOUBLE(contribution));
	values[X_MINIMUM] = Float8GetDatum(info->minimum);
	nulls[X_MINIMUM] = !info->has_minimum;
	values[X_IS_MET] = BoolGetDatum(is_met);
	tuplestore_putvalues(x->rsinfo->setResult, x->rsinfo->setDesc, values,
						 nulls);
}

/* What the kernel makes of the one pair loaded: a similarity for each
 * criterion, whether it is met; returns the score it has or would have. */
static int32
read_similarities(MtrProgramme *programme, int32 *similarity, bool *is_met)
{
	int32		n = programme->ncriteria;
	int32	   *share = palloc(n * sizeof(int32));
	int32	   *part = palloc(n * sizeof(int32));
	int32	   *order = palloc(n * sizeof(int32));

	for (int32 k = 0; k < n; k++)
	{
		const MtrCriterion *c = &programme->set.criteria[k];

		share[k] = c->share;
		mtr_score_similarities(&programme->set, k, 0, &similarity[k],
							   programme->scratch);
		if (similarity[k] == MTR_MISSING)
		{
			is_met[k] = c->minimum < 0 || !c->strict;
			similarity[k] = c->if_missing;
		}
		else
			is_met[k] = similarity[k] >= c->minimum;
	}
	return mtr_contributions(n, share, similarity, part, order);
}

/* Divided as the kernel divides them. */
static void
put_criteria(const Explanation *x)
{
	MtrProgramme *programme = x->programme;
	int32		n = programme->ncriteria;
	int32	   *share = palloc(n * sizeof(int32));
	int32	   *similarity = palloc(n * sizeof(int32));
	int32	   *part = palloc(n * sizeof(int32));
	int32	   *order = palloc(n * sizeof(int32));
	bool	   *is_met = palloc(n * sizeof(bool));

	(void) read_similarities(programme, similarity, is_met);
	for (int32 k = 0; k < n; k++)
		share[k] = programme->set.criteria[k].share;
	(void) mtr_contributions(n, share, similarity, part, order);
	for (int32 k = 0; k < n; k++)
		put_criterion(x, k, MTR_TO_DOUBLE(similarity[k]), part[k], is_met[k]);
}

/*
 * Contributions of two peers: whole parts of the score that counts, by largest
 * remainder of share * (there + back) / 2, ties to the lower criterion.  The
 * score is at least the sum of the parts rounded down, and exceeds it by no
 * more than one for each criterion.
 */
static void
divide_peer_score(const MtrProgramme *programme, int32 score,
				  const int32 *both, int32 *part)
{
	int32		n = programme->ncriteria;
	int64	   *rest = palloc(n * sizeof(int64));
	int32		left = score;

	for (int32 k = 0; k < n; k++)
	{
		int64		exact = (int64) programme->set.criteria[k].share * both[k];

		part[k] = (int32) (exact / (2 * MTR_UNIT));
		rest[k] = exact % (2 * MTR_UNIT);
		left -= part[k];
	}
	for (; left > 0; left--)
	{
		int32		best = 0;

		for (int32 k = 1; k < n; k++)
			if (rest[k] > rest[best])
				best = k;
		part[best]++;
		rest[best] -= 2 * MTR_UNIT;
	}
}

/* Of two peers the mean of both directions; "back" is the other one. */
static void
put_peer_criteria(const Explanation *x, const Explanation *back)
{
	MtrProgramme *programme = x->programme;
	int32		n = programme->ncriteria;
	int32	   *both = palloc(n * sizeof(int32));
	int32	   *other = palloc(n * sizeof(int32));
	int32	   *part = palloc(n * sizeof(int32));
	bool	   *is_met = palloc(n * sizeof(bool));
	bool	   *other_met = palloc(n * sizeof(bool));
	int32		score = read_similarities(programme, both, is_met);

	score = mtr_peer_score(score, read_similarities(back->programme, other,
													other_met));
	for (int32 k = 0; k < n; k++)
		both[k] += other[k];
	divide_peer_score(programme, score, both, part);
	for (int32 k = 0; k < n; k++)
		put_criterion(x, k, MTR_TO_DOUBLE(both[k]) / 2, part[k],
					  is_met[k] && other_met[k]);
}

/* Another reason why the pair isn't eligible. */
static void
put_reason(const Explanation *x, const char *kind, MtrStatement *query)
{
	Datum		values[X_COLUMNS] = {0};
	bool		nulls[X_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	if (query != NULL)
	{
		query_values(x, query, 0, values, nulls);
		conceal_values(x, false, strcmp(kind, "forbid") == 0, nulls);
	}
	nulls[X_KIND] = nulls[X_CONTRIBUTION] = nulls[X_IS_MET] = false;
	values[X_KIND] = CStringGetTextDatum(kind);
	values[X_CONTRIBUTION] = Float8GetDatum(0);
	values[X_IS_MET] = BoolGetDatum(false);
	tuplestore_putvalues(x->rsinfo->setResult, x->rsinfo->setDesc, values,
						 nulls);
}

/* What wasn't shown by itself. */
static void
put_other(const Explanation *x)
{
	const View *view = x->view;
	Datum		values[X_COLUMNS] = {0};
	bool		nulls[X_COLUMNS];

	if (!view->has_other)
		return;
	memset(nulls, true, sizeof(nulls));
	nulls[X_KIND] = nulls[X_WEIGHT] = false;
	nulls[X_CONTRIBUTION] = nulls[X_IS_MET] = false;
	values[X_KIND] = CStringGetTextDatum("other");
	values[X_WEIGHT] = Float8GetDatum(view->other_weight);
	values[X_CONTRIBUTION] =
		Float8GetDatum(MTR_TO_DOUBLE(view->other_contribution));
	values[X_IS_MET] = BoolGetDatum(view->other_met);
	tuplestore_putvalues(x->rsinfo->setResult, x->rsinfo->setDesc, values,
						 nulls);
}

/* Is the pair excluded for this reason? */
static bool
is_excluded(const MtrProgramme *programme, MtrExclusion why)
{
	const MtrScoreSet *set = &programme->set;

	for (int32 e = set->exclude_start[0]; e < set->exclude_start[1]; e++)
		if (programme->excluded_why[e] == why)
			return true;
	return false;
}

/* Each reason once, whatever direction of two peers has it. */
static void
put_reasons(const Explanation *x, const Explanation *back)
{
	const MtrProgramme *programme = x->programme;

	if (!programme->mentee[0].is_accepted || !programme->mentor[0].is_accepted)
		put_reason(x, "not_accepted", &status_query);
	for (int why = 0; why < lengthof(reasons); why++)
	{
		bool		is_there = is_excluded(programme, why);

		if (!is_there && (back == NULL || !is_excluded(back->programme, why)))
			continue;
		if (why == MTR_EX_VETO && !x->view->is_admin)
			x->view->is_unavailable = true;
		else
			put_reason(is_there ? x : back, reasons[why].kind,
					   &reasons[why].query);
	}
	if (x->view->is_unavailable)
		put_reason(x, "unavailable", NULL);
}

/*
 * explain_pair(programme_id, mentee_id, mentor_id)
 */
Datum
mentoring_explain_pair(PG_FUNCTION_ARGS)
{
	Explanation x = {0};
	Explanation back;
	View		view_back;
	MtrLoad		load = {0};
	MtrOwner	saved;

	InitMaterializedSRF(fcinfo, 0);
	x.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	x.mentee_id = load.only_mentee = PG_GETARG_INT64(1);
	x.mentor_id = load.only_mentor = PG_GETARG_INT64(2);
	load.programme_id = PG_GETARG_INT64(0);
	load.keep_unaccepted = true;
	load.want_values = true;
	find_view(&x, load.programme_id);
	mtr_enter_participant(fcinfo, load.programme_id, x.mentee_id,
						  x.mentor_id, &saved);
	if (x.mentee_id == 0)
		mtr_no_participant(load.programme_id, "mentee", 0);
	if (x.mentor_id == 0)
		mtr_no_participant(load.programme_id, "mentor", 0);
	SPI_connect();
	x.programme = mtr_programme_load(&load);
	mtr_programme_check_weight(x.programme);
	find_companion(&x);
	if (x.programme->is_peer)
	{
		back = x;
		back.view = &view_back;
		view_back = *x.view;
		view_back.is_own[0] = x.view->is_own[1];
		view_back.is_own[1] = x.view->is_own[0];
		back.mentee_id = load.only_mentee = x.mentor_id;
		back.mentor_id = load.only_mentor = x.mentee_id;
		back.programme = mtr_programme_load(&load);
		put_peer_criteria(&x, &back);
		put_other(&x);
		put_reasons(&x, &back);
	}
	else
	{
		put_criteria(&x);
		put_other(&x);
		put_reasons(&x, NULL);
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}
