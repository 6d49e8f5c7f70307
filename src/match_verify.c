/*
 * match_verify.c
 *	  verify_match(): is a run what it claims to be?
 *
 * Problem.  A run claims that its pairs keep all rules and that no other
 * matching is better.  Both can be checked without solving anything: the
 * rules by looking at each pair, the optimum by the prices stored with it.
 *
 * Method.  The programme is loaded as it is now, without the relationships
 * this run created, and every eligible pair is scored once more.  What each
 * run must keep is checked here, what its method claims in files of their
 * own.
 *
 * Nothing here calls or shares code with the solver.  The scores come from
 * the scoring kernel, which has its own tests against SQL.
 *
 * Cost.  One pass over all pairs; memory O(participants + proposals).
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"

#include "access.h"
#include "match_verify.h"
#include "mentoring.h"
#include "progress.h"
#include "rights.h"

PG_FUNCTION_INFO_V1(mentoring_verify_match);

void
mtr_verify_put(MtrVerify *v, const char *name, MtrVerdict verdict, const char *detail)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	values[0] = CStringGetTextDatum(name);
	values[1] = BoolGetDatum(verdict == MTR_HOLDS);
	nulls[1] = verdict == MTR_UNDECIDED;
	values[2] = CStringGetTextDatum(detail);
	tuplestore_putvalues(v->rsinfo->setResult, v->rsinfo->setDesc, values,
						 nulls);
}

bool
mtr_verify_found(MtrVerify *v, const char *name, const char *problem,
				 const char *otherwise)
{
	mtr_verify_put(v, name, problem ? MTR_FAILS : MTR_HOLDS, problem ? problem : otherwise);
	return problem == NULL;
}

bool
mtr_verify_units(double value, int64 *units)
{
	if (!(fabs(value) < 4e9))
		return false;
	*units = (int64) floor(value * MTR_UNIT + 0.5);
	return true;
}

char *
mtr_verify_pair_name(const MtrVerify *v, int32 mentee, int32 mentor)
{
	return psprintf("mentee %lld and mentor %lld",
					(long long) v->mentee[mentee].id,
					(long long) v->mentor[mentor].id);
}

/*
 * Reading
 */

double
mtr_verify_double(uint64 row, int column, double if_null)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? if_null : DatumGetFloat8(value);
}

static int64
result_int64(uint64 row, int column, int64 if_null)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? if_null : DatumGetInt64(value);
}

static char *
result_text(uint64 row, int column)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[row],
									SPI_tuptable->tupdesc, column);

	return text ? text : "";
}

/*
 * The claims, and whether the rows that go with them are still those the run
 * wrote.
 */
static void
read_run(MtrVerify *v)
{
	bool		isnull;
	Datum		json;
	char	   *proof_digest;
	char	   *pairs_digest;

	mtr_match_query("SELECT method, objective, options,"
					" pair_count::double precision, total_score, bound, gap,"
					" input_hash, detail ->> 'proof', detail ->> 'pairs',"
					" (detail ->> 'value')::double precision,"
					" (extract(epoch FROM coalesce("
					"   (detail ->> 'waiting_at')::timestamptz, created_at)"
					"   - timestamptz '2000-01-01 00:00:00+00')"
					"  * 1000000)::bigint, texts"
					" FROM mentoring.match_run"
					" WHERE programme_id = $1 AND id = $2",
					2, v->args, true, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("programme %lld has no match run %lld",
						(long long) v->args[0], (long long) v->args[1]),
				 errhint("The table mentoring.match_run lists them.")));
	v->method = mtr_method(result_text(0, 1));
	v->objective = mtr_objective(result_text(0, 2));
	v->most_pairs = v->objective != MTR_BEST_TOTAL;
	json = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3,
						 &isnull);
	mtr_parse_options(DatumGetJsonbP(json), &v->options);
	v->pair_count = mtr_verify_double(0, 4, -1);
	v->total = mtr_verify_double(0, 5, get_float8_nan());
	v->bound = mtr_verify_double(0, 6, get_float8_nan());
	v->gap = mtr_verify_double(0, 7, get_float8_nan());
	v->hash = result_text(0, 8);
	proof_digest = result_text(0, 9);
	pairs_digest = result_text(0, 10);
	v->value = mtr_verify_double(0, 11, get_float8_nan());
	v->waiting_at = result_int64(0, 12, 0);
	json = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 13,
						 &isnull);
	v->texts = isnull ? NULL : DatumGetJsonbPCopy(json);

	/* what they are now */
	mtr_match_query(MTR_RUN_DIGESTS, 2, v->args, true, SPI_OK_SELECT);
	v->is_proof_altered = strcmp(result_text(0, 1), proof_digest) != 0;
	v->are_pairs_altered = strcmp(result_text(0, 2), pairs_digest) != 0;
}

/* The inputs as they are now, as the run would see them had it not been
 * published. */
static void
load_programme(MtrVerify *v)
{
	MtrLoad		load = {0};

	load.programme_id = v->args[0];
	load.ignore_run = v->args[1];
	load.release_proposed = !v->options.keep;
	load.want_hash = true;
	load.frozen_texts = v->texts;
	v->programme = mtr_programme_load(&load);
}

static MtrVerifyPerson *
make_persons(const MtrParticipant *list, int32 n)
{
	MtrVerifyPerson *person = palloc0((n + 1) * sizeof(MtrVerifyPerson));

	for (int32 i = 0; i < n; i++)
	{
		person[i].id = list[i].id;
		person[i].places = list[i].places;
	}
	return person;
}

static int
compare_pairs(const void *a, const void *b)
{
	const MtrVerifyPair *p = a;
	const MtrVerifyPair *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	if (p->mentor != q->mentor)
		return p->mentor < q->mentor ? -1 : 1;
	return (p->proposal_id > q->proposal_id) -
		(p->proposal_id < q->proposal_id);
}

/* Take over one proposal, or note what is wrong with its members. */
static void
add_proposal(MtrVerify *v, uint64 row)
{
	MtrVerifyPair *pair = &v->pair[v->npairs];
	const MtrProgramme *programme = v->programme;
	int64		units;

	pair->proposal_id = result_int64(row, 1, 0);
	pair->stored = mtr_verify_double(row, 2, get_float8_nan());
	pair->says_pinned = result_int64(row, 3, 0) != 0;
	v->stored_total += mtr_verify_units(pair->stored, &units) ? units :
		get_float8_nan();
	if (result_int64(row, 4, 0) != 1 || result_int64(row, 5, 0) != 1 ||
		result_int64(row, 6, 0) != 2)
	{
		if (v->member_problem == NULL)
			v->member_problem =
				psprintf("proposal %lld has %lld mentees and %lld mentors among %lld members",
						 (long long) pair->proposal_id,
						 (long long) result_int64(row, 4, 0),
						 (long long) result_int64(row, 5, 0),
						 (long long) result_int64(row, 6, 0));
		return;
	}
	pair->mentee = mtr_find_participant(programme->mentee,
										programme->nmentees,
										result_int64(row, 7, 0));
	pair->mentor = mtr_find_participant(programme->mentor,
										programme->nmentors,
										result_int64(row, 8, 0));
	if (pair->mentee >= 0 && pair->mentor >= 0)
		v->npairs++;
	else if (v->member_problem == NULL)
		v->member_problem =
			psprintf("proposal %lld: participant %lld is no accepted, active %s",
					 (long long) pair->proposal_id,
					 (long long) result_int64(row, pair->mentee < 0 ? 7 : 8, 0),
					 pair->mentee < 0 ? "mentee" : "mentor");
}

/*
 * Read what is proposed, whatever its shape: a wrong number of members is a
 * finding, not an error.
 */
static void
read_proposals(MtrVerify *v)
{
	mtr_match_query("SELECT o.id, o.score, o.is_pinned::integer::bigint,"
					" count(*) FILTER (WHERE m.role = 'mentee'),"
					" count(*) FILTER (WHERE m.role = 'mentor'),"
					" count(m.id),"
					" min(m.participant_id) FILTER (WHERE m.role = 'mentee'),"
					" min(m.participant_id) FILTER (WHERE m.role = 'mentor')"
					" FROM mentoring.proposal AS o"
					" LEFT JOIN mentoring.proposal_member AS m"
					"   ON m.programme_id = o.programme_id"
					"  AND m.proposal_id = o.id"
					" WHERE o.programme_id = $1 AND o.match_run_id = $2"
					" GROUP BY o.id, o.score, o.is_pinned ORDER BY o.id",
					2, v->args, true, SPI_OK_SELECT);
	v->nproposals = (int32) SPI_processed;
	v->pair = palloc_extended(((Size) v->nproposals + 1) * sizeof(MtrVerifyPair),
							  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int32 i = 0; i < v->nproposals; i++)
		add_proposal(v, i);
	SPI_freetuptable(SPI_tuptable);
	qsort(v->pair, v->npairs, sizeof(MtrVerifyPair), compare_pairs);

	v->first_pair = palloc0((v->programme->nmentees + 1) * sizeof(int32));
	for (int32 i = 0; i < v->npairs; i++)
	{
		v->first_pair[v->pair[i].mentee + 1] = i + 1;
		v->mentee[v->pair[i].mentee].taken++;
		v->mentor[v->pair[i].mentor].taken++;
	}
	for (int32 i = 0; i < v->programme->nmentees; i++)
		v->first_pair[i + 1] = Max(v->first_pair[i + 1], v->first_pair[i]);
}

/*
 * One pass over the pairs
 */

static int
compare_pins(const void *a, const void *b)
{
	const MtrPin *p = a;
	const MtrPin *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	return (p->mentor > q->mentor) - (p->mentor < q->mentor);
}

/*
 * Score the proposed pairs again and, where optimality is to be judged, look
 * at every other pair, too.
 */
static void
scan(MtrVerify *v, bool judge)
{
	MtrProgramme *programme = v->programme;
	int32	   *score = palloc((programme->nmentors + 1) * sizeof(int32));

	for (int32 i = 0; i < programme->nmentees; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_progress(i, programme->nmentees);
		if (!judge && v->first_pair[i] == v->first_pair[i + 1])
			continue;
		mtr_programme_row(programme, i, score);
		for (int32 k = v->first_pair[i]; k < v->first_pair[i + 1]; k++)
		{
			MtrVerifyPair *pair = &v->pair[k];
			MtrPin		key = {.mentee = i,.mentor = pair->mentor};

			pair->now = score[pair->mentor];
			pair->is_pin = bsearch(&key, programme->pin, programme->npins,
								   sizeof(MtrPin), compare_pins) != NULL;
		}
		if (judge)
			mtr_verify_row(v, i, score);
	}
	pfree(score);
}

/*
 * The checks
 */

/* The hash covers all that scores, rules and places depend on. */
static void
check_inputs(MtrVerify *v)
{
	v->is_unchanged = strcmp(v->hash, v->programme->hash) == 0;
	mtr_verify_found(v, "inputs_unchanged", v->is_unchanged ? NULL :
					 "participants, places, profiles, criteria, rules or preferences changed since the run was made",
					 psprintf("hash %.12s", v->hash));
}

static void
check_members(MtrVerify *v)
{
	for (int32 k = 1; k < v->npairs && v->member_problem == NULL; k++)
	{
		if (v->pair[k].mentee == v->pair[k - 1].mentee &&
			v->pair[k].mentor == v->pair[k - 1].mentor)
			v->member_problem =
				psprintf("%s are proposed twice",
						 mtr_verify_pair_name(v, v->pair[k].mentee, v->pair[k].mentor));
	}
	v->is_feasible &= v->member_problem == NULL;

	/* a matching just as good would not be the one the run made */
	if (v->member_problem == NULL && v->are_pairs_altered)
		v->member_problem = "the proposals were changed after the run was made";
	mtr_verify_found(v, "members", v->member_problem,
					 psprintf("%d proposals", v->nproposals));
}

static char *
find_overfull(const MtrVerifyPerson *person, int32 n)
{
	for (int32 i = 0; i < n; i++)
	{
		if (person[i].taken > person[i].places)
			return psprintf("participant %lld has %d places and is proposed %d times",
							(long long) person[i].id, person[i].places,
							person[i].taken);
	}
	return NULL;
}

static void
check_capacity(MtrVerify *v)
{
	char	   *problem = find_overfull(v->mentee, v->programme->nmentees);

	if (problem == NULL)
		problem = find_overfull(v->mentor, v->programme->nmentors);
	v->is_feasible &= mtr_verify_found(v, "capacity", problem,
									   "nobody has more proposals than places");
}

/* Is a pin's pair together already, so that it needn't be proposed? */
static bool
is_together(const MtrProgramme *programme, const MtrPin *pin)
{
	const MtrScoreSet *set = &programme->set;

	for (int32 e = set->exclude_start[pin->mentee];
		 e < set->exclude_start[pin->mentee + 1]; e++)
	{
		if (set->exclude_mentor[e] == pin->mentor &&
			programme->excluded_why[e] == MTR_EX_TOGETHER)
			return true;
	}
	return false;
}

/* A pin must be met: proposed, or together without the run's doing. */
static char *
find_missing_pin(const MtrVerify *v)
{
	for (int32 i = 0; i < v->programme->npins; i++)
	{
		const MtrPin *pin = &v->programme->pin[i];
		bool		is_met = false;

		if (pin->mentee >= 0 && pin->mentor >= 0)
		{
			for (int32 k = v->first_pair[pin->mentee];
				 k < v->first_pair[pin->mentee + 1]; k++)
				is_met |= v->pair[k].mentor == pin->mentor;
			is_met |= is_together(v->programme, pin);
		}
		if (!is_met)
			return psprintf("mentee %lld and mentor %lld are pinned and not proposed",
							(long long) pin->mentee_id,
							(long long) pin->mentor_id);
	}
	return NULL;
}

/*
 * Pairs must be eligible by the rules as they are now.  is_pinned has to be
 * true to the pins, for a pinned pair is taken out of the proof.
 */
static void
check_rules(MtrVerify *v)
{
	char	   *problem = NULL;

	for (int32 k = 0; k < v->npairs && problem == NULL; k++)
	{
		const MtrVerifyPair *pair = &v->pair[k];
		const char *what = NULL;

		if (pair->now == MTR_NO_PAIR)
			what = "may not be paired, see mentoring.explain_pair";
		else if (pair->says_pinned && !pair->is_pin)
			what = "are marked as pinned without a pin";
		else if (!pair->says_pinned && pair->is_pin)
			what = "are pinned and not marked so";
		else if (!pair->is_pin && pair->now < v->options.min_score)
			what = "are below min_score";
		if (what != NULL)
			problem = psprintf("%s %s",
							   mtr_verify_pair_name(v, pair->mentee, pair->mentor), what);
	}
	if (problem == NULL)
		problem = find_missing_pin(v);
	v->is_feasible &= mtr_verify_found(v, "rules", problem,
									   "every pair is eligible, every pin is met");
}

/* Exactly: both are whole 10^-6. */
static void
check_scores(MtrVerify *v)
{
	char	   *problem = NULL;

	for (int32 k = 0; k < v->npairs && problem == NULL; k++)
	{
		const MtrVerifyPair *pair = &v->pair[k];
		int64		units;

		if (pair->now == MTR_NO_PAIR)
			problem = psprintf("%s have no score now",
							   mtr_verify_pair_name(v, pair->mentee, pair->mentor));
		else if (pair->stored != MTR_TO_DOUBLE(pair->now) ||
				 !mtr_verify_units(pair->stored, &units))
			problem = psprintf("%s: stored %.6f, recomputed %.6f",
							   mtr_verify_pair_name(v, pair->mentee, pair->mentor),
							   pair->stored, MTR_TO_DOUBLE(pair->now));
	}
	mtr_verify_found(v, "scores", problem, "every stored score is that recomputed");
}

/* The value of the pairs as the run counts it: pinned ones by their score. */
static int64
sum_values(const MtrVerify *v)
{
	int64		value = v->more_value;

	for (int32 k = 0; k < v->npairs; k++)
	{
		const MtrVerifyPair *pair = &v->pair[k];
		int64		units = 0;

		(void) mtr_verify_units(pair->stored, &units);
		value += units;
		if (!pair->is_pin)
			value += mtr_verify_bonus(v, pair->mentee, pair->mentor);
	}
	return value;
}

/* Bound and gap go with the value; a method may know no bound. */
static char *
check_bound(const MtrVerify *v)
{
	bool		is_proven = v->method == MTR_OPTIMAL &&
	v->objective != MTR_FAIR;
	int64		value,
				bound,
				gap;

	if (!mtr_verify_units(v->value, &value))
		return "detail.value is no number";
	if (v->member_problem == NULL && value != sum_values(v))
		return psprintf("detail.value is %.6f, the pairs have %.6f", v->value,
						sum_values(v) / (double) MTR_UNIT);
	if (isnan(v->bound) && isnan(v->gap) && !is_proven)
		return NULL;
	if (!mtr_verify_units(v->bound, &bound) || !mtr_verify_units(v->gap, &gap))
		return "bound or gap is no number";
	if (bound - value != gap || gap < 0 || (is_proven && gap != 0))
		return psprintf("value %.6f, bound %.6f and gap %.6f do not agree",
						v->value, v->bound, v->gap);
	return NULL;
}

void
mtr_verify_total(MtrVerify *v)
{
	char	   *problem = NULL;
	int64		total;

	if (v->pair_count != v->nproposals)
		problem = psprintf("pair_count is %.0f, there are %d proposals",
						   v->pair_count, v->nproposals);
	else if (!mtr_verify_units(v->total, &total))
		problem = "total_score is no number";
	else if (!(total == v->stored_total))
		problem = psprintf("total_score is %.6f, the proposals add up to %.6f",
						   v->total, v->stored_total / MTR_UNIT);
	else
		problem = check_bound(v);
	mtr_verify_found(v, "total", problem,
					 psprintf("%d pairs, total %.6f", v->nproposals,
							  v->total));
}

/*
 * Everything, in the order of the answer.  The pass over the pairs comes
 * first, because the checks of rules and scores need its results.
 */
static void
verify(MtrVerify *v)
{
	const char *why_not = NULL;
	bool		has_prices;

	read_run(v);
	load_programme(v);
	v->mentee = make_persons(v->programme->mentee, v->programme->nmentees);
	v->mentor = make_persons(v->programme->mentor, v->programme->nmentors);
	mtr_verify_read_prices(v);
	qsort(v->programme->pin, v->programme->npins, sizeof(MtrPin),
		  compare_pins);
	v->is_feasible = true;

	check_inputs(v);
	if (!v->is_unchanged)
		why_not = "inputs changed since the run was made";
	if (v->method != MTR_OPTIMAL && v->method != MTR_STABLE)
		why_not = "the method does not claim to be optimal";
	if (v->programme->is_peer || strcmp(v->programme->model, "group") == 0)
	{
		mtr_verify_groups(v, why_not);
		return;
	}
	read_proposals(v);
	has_prices = v->method == MTR_OPTIMAL && v->objective != MTR_FAIR;
	mtr_progress_phase("check");
	scan(v, why_not == NULL && has_prices);
	check_members(v);
	check_capacity(v);
	check_rules(v);
	check_scores(v);
	mtr_verify_total(v);
	if (v->method == MTR_STABLE)
		mtr_verify_stable(v, why_not);
	else if (v->method == MTR_OPTIMAL && v->objective == MTR_FAIR)
		mtr_verify_fair(v, why_not);
	else
		mtr_verify_prices(v, why_not);
}

/*
 * mentoring.verify_match(programme_id, match_run_id)
 */
Datum
mentoring_verify_match(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	MtrVerify	v;

	memset(&v, 0, sizeof(v));
	v.args[0] = mtr_id_argument(fcinfo, 0, "programme_id");
	v.args[1] = mtr_id_argument(fcinfo, 1, "match_run_id");
	v.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	InitMaterializedSRF(fcinfo, 0);
	mtr_enter_coordinator(fcinfo, v.args[0], &saved);
	SPI_connect();				/* its memory goes with SPI_finish() */
	mtr_progress_begin("verify_match", v.args[0]);
	verify(&v);
	mtr_progress_end();
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}
