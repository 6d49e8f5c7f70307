/*
 * match.c
 *	  match(): the best pairs of a programme, as a draft for people to review
 *
 * Method.  The programme is loaded and compiled once (score.h).  Pinned pairs
 * are matched first and take their places out of the problem.  The rest is
 * one problem, solved by what suits the model and the method; what comes out
 * is, whatever its form, a list of proposals with members, stored together
 * with what proves it.
 *
 * Who is full brings no place and is no part of the problem.  That he exists
 * is needed only to tell "nobody suits" from "all who suit are full", and
 * scored only for who needs that answer.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_match);

double
mtr_elapsed_ms(const instr_time *start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, *start);
	return INSTR_TIME_GET_MILLISEC(now);
}

void
mtr_refuse_null(const char *argument, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s must not be null", argument),
			 errhint("%s", hint)));
}

int64
mtr_id_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		mtr_refuse_null(name, "Give the id of a row.");
	return PG_GETARG_INT64(argument);
}

void
mtr_match_query(const char *text, int nargs, const int64 *args,
				bool read_only, int expect)
{
	Oid			types[4];
	Datum		values[4];
	int			result;

	Assert(nargs <= 4);
	for (int i = 0; i < nargs; i++)
	{
		types[i] = INT8OID;
		values[i] = Int64GetDatum(args[i]);
	}
	result = SPI_execute_with_args(text, nargs, types, values, NULL,
								   read_only, 0);
	mtr_statement_check(text, NULL, result, expect);
}

int64
mtr_result_int64(uint64 row, int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[row],
									   SPI_tuptable->tupdesc, column,
									   &isnull));
}

/*
 * Arguments and state
 */

/*
 * The function isn't STRICT: a NULL that makes it return NULL would look like
 * a match that found nobody.
 */
static void
read_arguments(FunctionCallInfo fcinfo, MtrMatch *match)
{
	if (PG_ARGISNULL(1))
		mtr_refuse_null("method", "Methods are optimal, stable and greedy.");
	if (PG_ARGISNULL(3))
		mtr_refuse_null("options", "Leave the argument out, or give {}.");
	match->programme_id = mtr_id_argument(fcinfo, 0, "programme_id");
	match->method_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	match->method = mtr_method(match->method_name);
	match->objective_name = PG_ARGISNULL(2) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(2));
	match->objective = mtr_objective(match->objective_name);
	match->options_json = PG_GETARG_JSONB_P(3);
	mtr_parse_options(match->options_json, &match->options);
}

/*
 * Refuse what can be seen without loading the programme; returns its model.
 */
static char *
check_programme(int64 programme_id)
{
	HeapTuple	row;
	char	   *model;

	mtr_match_query("SELECT model, status FROM mentoring.programme"
					" WHERE id = $1", 1, &programme_id, true, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no programme %lld",
						(long long) programme_id),
				 errhint("The table mentoring.programme lists them.")));
	row = SPI_tuptable->vals[0];
	model = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
	if (strcmp(SPI_getvalue(row, SPI_tuptable->tupdesc, 2), "closed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld is closed", (long long) programme_id),
				 errhint("Matches are made in programmes that are not closed.")));
	SPI_freetuptable(SPI_tuptable);
	return model;
}

bool
mtr_model_is_paired(const char *model)
{
	return strcmp(model, "one_to_one") == 0 || strcmp(model, "reverse") == 0 ||
		strcmp(model, "job_shadow") == 0;
}

bool
mtr_model_is_shared(const char *model)
{
	return strcmp(model, "circle") == 0 || strcmp(model, "group") == 0;
}

/* What a model can't do. */
static void
refuse_for_model(const char *model, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("programmes of model \"%s\" are not matched with %s",
					model, what),
			 errhint("%s", hint)));
}

static void
check_model(const MtrMatch *match, const char *model)
{
	bool		is_group = mtr_model_is_shared(model);

	if (match->method == MTR_HEURISTIC && !is_group)
		refuse_for_model(model, "method heuristic",
						 "Circles and groups are searched; pairs can be optimal.");
	if (match->options.mentors_per_group > 1 && strcmp(model, "group") != 0)
		refuse_for_model(model, "option mentors_per_group",
						 "Groups have mentors in common: model group.");
	if (mtr_model_is_paired(model))
		return;
	if (match->method == MTR_STABLE)
		refuse_for_model(model, "method stable",
						 "Stable matchings are of mentees and mentors in pairs: models one_to_one, reverse and job_shadow.");
	if (match->objective == MTR_FAIR)
		refuse_for_model(model, "objective fair",
						 "Fairness is known of mentees and mentors in pairs: models one_to_one, reverse and job_shadow.");
	if (is_group && match->objective == MTR_BEST_TOTAL)
		refuse_for_model(model, "objective best_total",
						 "As many people as possible are placed: objective most_pairs.");
}

/* Refuse a programme that can have no match, and say what it lacks. */
static void
check_loaded(const MtrProgramme *programme)
{
	const char *missing = NULL;

	if (programme->nmentees == 0)
		missing = programme->is_peer ? "peer" : "mentee";
	else if (programme->nmentors == 0)
		missing = "mentor";
	if (missing != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld has no accepted, active %s",
						(long long) programme->id, missing),
				 errhint("Set the status of participants to 'accepted' in mentoring.participant, and see is_active in mentoring.person.")));
	mtr_programme_check_weight(programme);
}

/*
 * Load, with the hash that verify_match() will compare if that is wanted, and
 * with the places that this run may give away.
 */
static void
load_programme(MtrMatch *match, bool want_hash)
{
	instr_time	start;
	MtrLoad		load = {0};

	INSTR_TIME_SET_CURRENT(start);
	load.programme_id = match->programme_id;
	load.release_proposed = !match->options.keep;
	load.want_hash = want_hash;
	load.frozen_texts = match->texts;
	load.want_texts = match->texts == NULL;
	match->programme = mtr_programme_load(&load);
	if (match->texts == NULL)
		match->texts = match->programme->texts;
	check_loaded(match->programme);
	match->load_ms = mtr_elapsed_ms(&start);
}

/* Who brings a free place. */
static MtrOutcome *
make_outcomes(const MtrParticipant *list, int32 n, int32 *count)
{
	MtrOutcome *outcome = palloc0(Max(n, 1) * sizeof(MtrOutcome));

	*count = 0;
	for (int32 i = 0; i < n; i++)
	{
		outcome[i].takes_part = list[i].places > 0;
		outcome[i].places_left = list[i].places;
		outcome[i].index = -1;
		if (outcome[i].takes_part)
			outcome[i].index = (*count)++;
	}
	return outcome;
}

/* Pairs first, then places: somebody whom only full partners suit is told so
 * even though others with free places exist. */
static void
set_reasons(MtrOutcome *outcome, int32 n)
{
	for (int32 i = 0; i < n; i++)
	{
		if (!outcome[i].takes_part || outcome[i].is_paired)
			outcome[i].reason = MTR_MATCHED;
		else if (!outcome[i].has_partner)
			outcome[i].reason = MTR_NO_PARTNER;
		else if (!outcome[i].has_free_partner)
			outcome[i].reason = MTR_PARTNERS_FULL;
		else
			outcome[i].reason = MTR_OUTBID;
	}
}

/*
 * Proposals
 */

MtrMember *
mtr_match_propose(MtrMatch *match, int32 count, int64 score, bool is_pinned)
{
	MtrProposal *proposal = &match->proposal[match->nproposals++];

	proposal->first = match->nmembers;
	proposal->count = count;
	proposal->score = score;
	proposal->is_pinned = is_pinned;
	match->nmembers += count;
	return &match->member[proposal->first];
}

void
mtr_match_proposal_room(MtrMatch *match, int32 proposals, int64 members)
{
	match->proposal = palloc_extended(((Size) proposals + 1) *
									  sizeof(MtrProposal), MCXT_ALLOC_HUGE);
	match->member = palloc_extended(((Size) members + 1) * sizeof(MtrMember),
									MCXT_ALLOC_HUGE);
}

/* Each pair is a proposal of two. */
static void
propose_pairs(MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;

	mtr_match_proposal_room(match, match->npairs, 2 * (int64) match->npairs);
	for (int32 i = 0; i < match->npairs; i++)
	{
		const MtrMatchPair *pair = &match->pair[i];
		MtrMember  *member = mtr_match_propose(match, 2, pair->score,
											   pair->is_pinned);

		member[0].participant_id = programme->mentee[pair->mentee].id;
		member[0].role = "mentee";
		member[1].participant_id = programme->mentor[pair->mentor].id;
		member[1].role = "mentor";
	}
}

/* Another member of match_run.detail, its value given as JSON. */
void
mtr_match_detail(MtrMatch *match, const char *key, const char *format,...)
{
	va_list		args;
	char		value[256];

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (match->detail == NULL)
		match->detail = makeStringInfo();
	appendStringInfo(match->detail, "%s\"%s\": %s",
					 match->detail->len > 0 ? ", " : "", key, value);
}

void
mtr_match_places(MtrMatch *match)
{
	MtrProgramme *programme = match->programme;

	match->mentee = make_outcomes(programme->mentee, programme->nmentees,
								  &match->nmentees);
	if (!programme->is_peer)
		match->mentor = make_outcomes(programme->mentor, programme->nmentors,
									  &match->nmentors);
	match->pair = palloc((programme->npins + 1) * sizeof(MtrMatchPair));
	match->npairs = 0;
	match->total = 0;
	match->eligible = 0;
	mtr_match_pins(match);
}

void
mtr_match_prepare(MtrMatch *match, int64 programme_id)
{
	char	   *model = check_programme(programme_id);

	match->options.keep = true;
	if (!mtr_model_is_paired(model))
		refuse_for_model(model, "what shortage and price_of_rules ask",
						 "They are about mentees and mentors in pairs: models one_to_one, reverse and job_shadow.");
	match->programme_id = programme_id;
	load_programme(match, false);
	mtr_match_places(match);
}

void
mtr_match_run(MtrMatch *match)
{
	char	   *model = check_programme(match->programme_id);

	check_model(match, model);
	load_programme(match, true);
	mtr_match_places(match);
	mtr_match_waiting(match);
	mtr_match_churn(match);
	if (strcmp(model, "peer") == 0)
		mtr_match_peer(match);
	else if (strcmp(model, "circle") == 0)
		mtr_match_circle(match);
	else if (strcmp(model, "group") == 0)
		mtr_match_group(match);
	else
	{
		if (match->method == MTR_STABLE)
			mtr_match_stable(match);
		else
			mtr_match_assign(match);
		propose_pairs(match);
	}
	set_reasons(match->mentee, match->programme->nmentees);
	if (match->mentor != NULL)
		set_reasons(match->mentor, match->programme->nmentors);
	mtr_progress_phase("store");
}

/*
 * mentoring.match(programme_id, method, objective, options)
 */
Datum
mentoring_match(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	MtrMatch	match = {0};
	int64		run_id;

	INSTR_TIME_SET_CURRENT(match.started);
	mtr_enter_coordinator(fcinfo, mtr_id_argument(fcinfo, 0, "programme_id"), &saved);
	read_arguments(fcinfo, &match);
	PreventCommandIfReadOnly("mentoring.match()");	/* not when all is done */
	SPI_connect();				/* its memory goes with SPI_finish() */
	mtr_progress_begin("match", match.programme_id);
	match.waiting_at = GetCurrentTransactionStartTimestamp();
	mtr_match_run(&match);
	run_id = mtr_match_store(&match);
	mtr_progress_end();
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_INT64(run_id);
}
