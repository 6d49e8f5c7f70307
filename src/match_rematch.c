/*
 * match_rematch.c
 *	  rematch(): a run made optimal again after people came, left or changed
 *
 * Method.  The programme is loaded as it is now.  What the run stored, its
 * pairs and the prices that proved them, is the start from which the kernel
 * repairs what changed (solve_resume.c); the result is that of a new match()
 * with the waiting times, and the frequencies of words, of the old one.  A draft is changed in place.  Of a
 * published run only relationships still proposed give their places back, and
 * the result is a new draft: publishing that ends those it doesn't repeat.
 *
 * A run without prices (greedy, stable, fair, peers, groups, circles), and
 * one whose criteria were edited since, is solved anew, and a notice says so.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"
#include "rights.h"

PG_FUNCTION_INFO_V1(mentoring_rematch);

/* What the run was, but for its pairs. */
typedef struct Run
{
	int64		args[2];		/* programme, run */
	char	   *status;
	char	   *model;
	char	   *criteria;		/* digest */
	char	   *criteria_now;
	bool		has_prices;
} Run;

static Datum
run_column(int column)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column,
						 &isnull);
}

static char *
run_text(int column)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, column);

	return text ? text : "";
}

/*
 * Lock the run, so that nobody publishes or rematches it meanwhile, and take
 * its claims over.  Options given win over those of the run.
 */
static void
read_run(MtrMatch *match, Run *run)
{
	Datum		texts;
	bool		has_none;

	mtr_match_query("SELECT r.method, r.objective, r.options, r.status,"
					" r.detail ->> 'criteria', " MTR_CRITERIA_DIGEST ","
					" coalesce((r.detail ->> 'waiting_at')::timestamptz,"
					" r.created_at), r.texts"
					", p.model FROM mentoring.match_run AS r"
					" JOIN mentoring.programme AS p ON p.id = r.programme_id"
					" WHERE r.programme_id = $1 AND r.id = $2"
					" FOR NO KEY UPDATE OF r", 2, run->args, false, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("programme %lld has no match run %lld",
						(long long) run->args[0], (long long) run->args[1]),
				 errhint("The table mentoring.match_run lists them.")));
	match->method_name = run_text(1);
	match->method = mtr_method(match->method_name);
	match->objective_name = run_text(2);
	match->objective = mtr_objective(match->objective_name);
	match->options_json = DatumGetJsonbPCopy(run_column(3));
	run->status = run_text(4);
	run->criteria = run_text(5);
	run->criteria_now = run_text(6);
	match->waiting_at = DatumGetTimestampTz(run_column(7));
	run->model = run_text(9);
	texts = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 8,
						  &has_none);
	if (strcmp(run->criteria, run->criteria_now) == 0 && !has_none)
		match->texts = DatumGetJsonbPCopy(texts);
	SPI_freetuptable(SPI_tuptable);
	if (strcmp(run->status, "discarded") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("match run %lld is discarded",
						(long long) run->args[1]),
				 errhint("Match again with mentoring.match.")));
}

/* The options given, over those the run had; {"keep": false} for a published
 * run. */
static void
merge_options(MtrMatch *match, const Run *run, Jsonb *given)
{
	bool		is_published = strcmp(run->status, "published") == 0;

	mtr_parse_options(given, &match->options);	/* before anything else */
	match->options_json =
		DatumGetJsonbP(DirectFunctionCall2(jsonb_concat,
										   JsonbPGetDatum(match->options_json),
										   JsonbPGetDatum(given)));
	if (is_published)
		match->options_json =
			DatumGetJsonbP(DirectFunctionCall2(jsonb_concat,
											   JsonbPGetDatum(match->options_json),
											   DirectFunctionCall1(jsonb_in,
																   CStringGetDatum("{\"keep\": false}"))));
	mtr_parse_options(match->options_json, &match->options);
	match->run_id = is_published ? 0 : run->args[1];
}

/*
 * The old answer
 */

static void
read_prices(MtrPrevious *previous, const Run *run)
{
	mtr_match_query("SELECT participant_id, places::bigint,"
					" (cover * 2)::bigint, (price * 1000000)::numeric::bigint"
					" FROM mentoring.match_price"
					" WHERE programme_id = $1 AND match_run_id = $2"
					" AND cover IS NOT NULL AND price IS NOT NULL"
					" ORDER BY participant_id", 2, run->args, true,
					SPI_OK_SELECT);
	previous->nprices = (int32) SPI_processed;
	previous->price = palloc_extended((SPI_processed + 1) *
									  sizeof(MtrOldPrice), MCXT_ALLOC_HUGE);
	for (int32 i = 0; i < previous->nprices; i++)
	{
		MtrOldPrice *price = &previous->price[i];

		price->participant_id = mtr_result_int64(i, 1);
		price->places = (int32) mtr_result_int64(i, 2);
		price->cover = mtr_result_int64(i, 3) > 0;
		price->price = mtr_result_int64(i, 4);
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
read_pairs(MtrPrevious *previous, const Run *run)
{
	mtr_match_query("SELECT e.participant_id, o.participant_id,"
					" (p.score * 1000000)::numeric::bigint,"
					" p.is_pinned::integer::bigint"
					" FROM mentoring.proposal AS p"
					" JOIN mentoring.proposal_member AS e"
					"   ON e.programme_id = p.programme_id"
					"  AND e.proposal_id = p.id"
					" JOIN mentoring.proposal_member AS o"
					"   ON o.programme_id = p.programme_id"
					"  AND o.proposal_id = p.id"
					"  AND (e.role = 'mentee' AND o.role = 'mentor'"
					"   OR e.role = 'peer' AND o.role = 'peer'"
					"    AND e.participant_id < o.participant_id)"
					" WHERE p.programme_id = $1 AND p.match_run_id = $2"
					" ORDER BY 1, 2", 2, run->args, true, SPI_OK_SELECT);
	previous->npairs = (int32) SPI_processed;
	previous->pair = palloc_extended((SPI_processed + 1) * sizeof(MtrOldPair),
									 MCXT_ALLOC_HUGE);
	for (int32 i = 0; i < previous->npairs; i++)
	{
		MtrOldPair *pair = &previous->pair[i];

		pair->mentee_id = mtr_result_int64(i, 1);
		pair->mentor_id = mtr_result_int64(i, 2);
		pair->score = (int32) mtr_result_int64(i, 3);
		pair->is_pinned = mtr_result_int64(i, 4) != 0;
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Who changed, as the caller says.  Named once more than needed does no harm;
 * an id that never was in the programme is a mistake.
 */
static void
read_changed(MtrPrevious *previous, const Run *run, const Jsonb *changed)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (changed == NULL)
		return;
	if (!JB_ROOT_IS_ARRAY(changed) || JB_ROOT_IS_SCALAR(changed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("changed is not a JSON array"),
				 errhint("Give the ids of participants as [17, 23], or null to have them found.")));
	previous->changed = palloc_extended((JB_ROOT_COUNT(changed) + 1) *
										sizeof(int64), MCXT_ALLOC_HUGE);
	iterator = JsonbIteratorInit(unconstify(JsonbContainer *,
											&changed->root));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		int64		args[2] = {run->args[0], 0};

		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvNumeric)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("changed has an element that is not a number"),
					 errhint("Give the ids of participants as [17, 23], or null to have them found.")));
		args[1] = DatumGetInt64(DirectFunctionCall1(numeric_int8,
													NumericGetDatum(value.val.numeric)));
		mtr_match_query("SELECT FROM mentoring.participant"
						" WHERE programme_id = $1 AND id = $2",
						2, args, true, SPI_OK_SELECT);
		if (SPI_processed == 0)
			mtr_no_participant(args[0], "participant", args[1]);
		previous->changed[previous->nchanged++] = args[1];
	}
}

/* Why the old prices are of no use, or NULL. */
static const char *
why_anew(const MtrMatch *match, const Run *run)
{
	if (!mtr_model_is_paired(run->model))
		return psprintf("its programme is of model \"%s\"", run->model);
	if (match->method != MTR_OPTIMAL || match->objective == MTR_FAIR ||
		match->previous->nprices == 0)
		return "it has no prices to start from";
	if (strcmp(run->criteria, run->criteria_now) != 0)
		return "criteria were edited, which touches every score";
	return NULL;
}

/*
 * mentoring.rematch(programme_id, match_run_id, changed, options)
 */
Datum
mentoring_rematch(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	MtrMatch	match = {0};
	MtrPrevious previous = {0};
	Run			run = {{0}};
	const char *why;
	int64		run_id;

	INSTR_TIME_SET_CURRENT(match.started);
	run.args[0] = mtr_id_argument(fcinfo, 0, "programme_id");
	mtr_enter_coordinator(fcinfo, run.args[0], &saved);
	run.args[1] = mtr_id_argument(fcinfo, 1, "match_run_id");
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("options must not be null"),
				 errhint("Leave the argument out, or give {}.")));
	PreventCommandIfReadOnly("mentoring.rematch()");
	SPI_connect();
	mtr_progress_begin("rematch", run.args[0]);
	match.programme_id = run.args[0];
	match.previous = &previous;
	read_run(&match, &run);
	merge_options(&match, &run, PG_GETARG_JSONB_P(3));
	read_changed(&previous, &run, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	read_prices(&previous, &run);
	read_pairs(&previous, &run);
	why = why_anew(&match, &run);
	previous.is_start = why == NULL;
	if (why != NULL)
		ereport(NOTICE,
				(errmsg("match run %lld is solved anew: %s",
						(long long) run.args[1], why)));
	mtr_match_run(&match);
	mtr_match_detail(&match, "rematch_of", "%lld", (long long) run.args[1]);
	run_id = mtr_match_store(&match);
	mtr_progress_end();
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_INT64(run_id);
}
