/*
 * sync.c
 *	  register_source() and sync()
 *
 * What a source's queries read belongs to the learning management system, and
 * with views, triggers or policies its owner can have code of his own run by
 * whoever reads it.  So they run with the caller's rights, who must be no
 * superuser; rows are kept, and only then written with the owner's rights.
 *
 * One call at a time: the lock is taken before the snapshot all queries of
 * the call share, so that none applies what another has overtaken.  A call is
 * one transaction's work and leaves everything or nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"
#include "rights.h"
#include "sync_apply.h"

PG_FUNCTION_INFO_V1(mentoring_register_source);
PG_FUNCTION_INFO_V1(mentoring_sync);

/* Where a query is among the arguments of register_source(), and how it is
 * called in the statement that writes it. */
static const int query_argument[MTR_SYNC_QUERIES] = {
	[MTR_SYNC_PERSON] = 2,
	[MTR_SYNC_MANAGER] = 3,
	[MTR_SYNC_SKILL] = 4,
	[MTR_SYNC_ACTIVITY] = 5,
	[MTR_SYNC_HISTORY] = 6,
	[MTR_SYNC_ALIAS] = 8,
	[MTR_SYNC_PIN] = 9
};

#define OPTIONS_ARGUMENT 7
#define REGISTER_ARGUMENTS 10

static const char *const object_name[MTR_SYNC_OBJECTS] = {
	[MTR_SYNC_O_PERSON] = "person",
	[MTR_SYNC_O_ALIAS] = "person_alias",
	[MTR_SYNC_O_MANAGER] = "manager",
	[MTR_SYNC_O_HISTORY] = "person_history",
	[MTR_SYNC_O_NEW_SKILL] = "skill",
	[MTR_SYNC_O_SKILL] = "person_skill",
	[MTR_SYNC_O_PIN] = "pair_rule",
	[MTR_SYNC_O_LOG] = "learning_log",
	[MTR_SYNC_O_XAPI] = "xapi_statement"
};

/*
 * register_source()
 */

/* What a CHECK would refuse with less to say. */
static void
check_source(FunctionCallInfo fcinfo, const char *name, const char *kind)
{
	if (*name == '\0' || strcmp(name, "local") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" can't be the name of a source", name),
				 errhint("\"local\" is what was entered here. Choose another name.")));
	if (strcmp(kind, "moodle") != 0 && strcmp(kind, "canvas") != 0 &&
		strcmp(kind, "xapi") != 0 && strcmp(kind, "custom") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no kind of source \"%s\"", kind),
				 errhint("Kinds are moodle, canvas, xapi and custom.")));
	if (PG_ARGISNULL(query_argument[MTR_SYNC_PERSON]) &&
		strcmp(kind, "xapi") != 0)
		mtr_refuse_null("person_query", "Only a source of kind xapi has no persons of its own.");
	if (!JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(OPTIONS_ARGUMENT)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of source \"%s\" are no JSON object", name),
				 errhint("Write them as {\"key\": value, ...}.")));
}

static int64
write_source(FunctionCallInfo fcinfo)
{
	static const char text[] =
	"INSERT INTO mentoring.source AS s (name, kind, person_query,"
	" manager_query, skill_query, activity_query, history_query, options,"
	" alias_query, pin_query)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	" ON CONFLICT (name) DO UPDATE SET kind = excluded.kind,"
	" person_query = excluded.person_query,"
	" manager_query = excluded.manager_query,"
	" skill_query = excluded.skill_query,"
	" activity_query = excluded.activity_query,"
	" history_query = excluded.history_query, options = excluded.options,"
	" alias_query = excluded.alias_query, pin_query = excluded.pin_query,"
	" last_synced_at = CASE WHEN s.activity_query"
	" IS NOT DISTINCT FROM excluded.activity_query THEN s.last_synced_at END"
	" RETURNING id";
	MtrParams	params = {0};
	bool		isnull;
	int			result;

	for (int i = 0; i < REGISTER_ARGUMENTS; i++)
	{
		Oid			type = i == OPTIONS_ARGUMENT ? JSONBOID : TEXTOID;

		if (PG_ARGISNULL(i))
			mtr_add_null(&params, type);
		else
			mtr_add_param(&params, type, PG_GETARG_DATUM(i));
	}
	result = SPI_execute_with_args(text, params.n, params.type, params.value,
								   params.is_null, false, 0);
	mtr_statement_check(text, NULL, result, SPI_OK_INSERT_RETURNING);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

Datum
mentoring_register_source(PG_FUNCTION_ARGS)
{
	char	   *name;
	MtrOwner	saved;
	int64		id;

	if (!mtr_is_admin())
		mtr_refuse(fcinfo, "level admin");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		mtr_refuse_null(PG_ARGISNULL(0) ? "name" : "kind",
						"A source has a name and a kind.");
	if (PG_ARGISNULL(OPTIONS_ARGUMENT))
		mtr_refuse_null("options", "Leave the argument out, or give {}.");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	check_source(fcinfo, name, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	SPI_connect();
	for (int i = 0; i < MTR_SYNC_QUERIES; i++)
		if (!PG_ARGISNULL(query_argument[i]))
			mtr_sync_check_query(name, i,
								 text_to_cstring(PG_GETARG_TEXT_PP(query_argument[i])));
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, &saved);
	id = write_source(fcinfo);
	mtr_owner_leave(&saved);
	SPI_finish();
	PG_RETURN_INT64(id);
}

/*
 * sync()
 */

static void
check_caller(FunctionCallInfo fcinfo)
{
	if (superuser_arg(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("sync() refuses to run with superuser rights"),
				 errdetail("The queries of a source run code of whoever owns the tables they read."),
				 errhint("Call it as an ordinary role of level sync that may read these tables.")));
	if (!mtr_is_admin() && !mtr_is_sync())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function mentoring.sync"),
				 errhint("It is for levels sync and admin; see grant_access().")));
}

/* One at a time, also not one inside another one. */
static void
take_lock(void)
{
	/* the other numbers are 1, of grant_access(), and 3, of import_xapi() */
	if (DatumGetBool(DirectFunctionCall2(pg_try_advisory_xact_lock_int4,
										 Int32GetDatum(1835363956),
										 Int32GetDatum(2))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("another sync() is running"),
			 errhint("Call it again when that one's transaction has ended.")));
}

/* Read the source; as the owner. */
static void
read_source(MtrSync *sync)
{
	static const char text[] =
	"SELECT s.person_query, s.alias_query, s.manager_query, s.history_query,"
	" s.skill_query, s.pin_query, s.activity_query, s.options,"
	" s.last_synced_at, coalesce((SELECT array_agg(q.id)"
	" FROM mentoring.sync_queue AS q WHERE q.source = s.name), '{}')"
	" FROM mentoring.source AS s WHERE s.name = $1";
	MtrParams	params = mtr_sync_params(sync);
	TupleDesc	desc;
	HeapTuple	row;
	bool		isnull;

	if (mtr_sync_execute(sync, text, SPI_OK_SELECT, &params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no source \"%s\"", sync->name),
				 errhint("The table mentoring.source lists them; register_source() adds one.")));
	desc = SPI_tuptable->tupdesc;
	row = SPI_tuptable->vals[0];
	for (int i = 0; i < MTR_SYNC_QUERIES; i++)
		sync->text[i] = SPI_getvalue(row, desc, i + 1);
	sync->options = DatumGetJsonbPCopy(SPI_getbinval(row, desc, 8, &isnull));
	sync->since = DatumGetTimestampTz(SPI_getbinval(row, desc, 9, &isnull));
	sync->has_since = !isnull;
	sync->queued = PointerGetDatum(DatumGetArrayTypePCopy(SPI_getbinval(row,
																		desc,
																		10,
																		&isnull)));
}

/* Run the queries; as the caller, all with one snapshot. */
static void
run_queries(MtrSync *sync)
{
	for (int i = 0; i < MTR_SYNC_QUERIES; i++)
	{
		if (sync->text[i] == NULL || sync->text[MTR_SYNC_PERSON] == NULL)
			continue;
		mtr_sync_run_query(sync, i);
		mtr_progress(i + 1, MTR_SYNC_QUERIES);
	}
}

/* Statements of unknown persons that have become known. */
static void
resolve_xapi(MtrSync *sync)
{
	MtrParams	params = mtr_sync_params(sync);
	int64		n;

	mtr_sync_counts(sync, "SELECT mentoring._resolve_xapi($1)", &params, 1,
					&n);
	sync->count[MTR_SYNC_O_XAPI].is_reported = n > 0;
	sync->count[MTR_SYNC_O_XAPI].inserted = n;
}

/* Names the source and the object in an error of what is applied; the row is
 * in that error's own detail. */
static void
name_object(void *arg)
{
	const MtrSync *sync = arg;

	errcontext("%s of source \"%s\"", sync->applied, sync->name);
}

static void
begin_applying(MtrSync *sync, const char *what)
{
	sync->applied = what;
	mtr_progress_phase(what);
}

/* Write what differs; as the owner. */
static void
apply(MtrSync *sync)
{
	MtrParams	params = mtr_sync_params(sync);
	MtrParams	queued = {0};
	ErrorContextCallback callback = {error_context_stack, name_object, sync};

	sync->applied = "statements";
	error_context_stack = &callback;
	if (sync->text[MTR_SYNC_PERSON] != NULL)
	{
		begin_applying(sync, "persons");
		mtr_sync_apply_persons(sync);
		if (sync->text[MTR_SYNC_MANAGER] != NULL)
			mtr_sync_apply_managers(sync);
		begin_applying(sync, "history");
		mtr_sync_apply_history(sync);
		begin_applying(sync, "skills");
		if (sync->text[MTR_SYNC_SKILL] != NULL)
			mtr_sync_apply_skills(sync);
		if (sync->text[MTR_SYNC_PIN] != NULL)
			mtr_sync_apply_pins(sync);
		begin_applying(sync, "activity");
		if (sync->text[MTR_SYNC_ACTIVITY] != NULL)
			mtr_sync_apply_activity(sync);
	}
	resolve_xapi(sync);
	(void) mtr_sync_execute(sync, "UPDATE mentoring.source"
							" SET last_synced_at = now() WHERE name = $1",
							SPI_OK_UPDATE, &params);
	mtr_add_param(&queued, INT8ARRAYOID, sync->queued);
	(void) mtr_sync_execute(sync, "DELETE FROM mentoring.sync_queue"
							" WHERE id = ANY ($1)", SPI_OK_DELETE, &queued);
	error_context_stack = callback.previous;
}

static void
do_sync(MtrSync *sync)
{
	MtrOwner	saved;

	SPI_connect();
	take_lock();
	mtr_progress_begin("sync", 0);
	PushActiveSnapshot(GetTransactionSnapshot());
	mtr_owner_enter_function(sync->function, &saved);
	read_source(sync);
	mtr_owner_leave(&saved);
	run_queries(sync);
	PopActiveSnapshot();

	/* statements for persons look at these in any case */
	if (sync->rows[MTR_SYNC_ALIAS].store == NULL)
		mtr_sync_no_rows(sync, MTR_SYNC_ALIAS);
	if (sync->rows[MTR_SYNC_MANAGER].store == NULL)
		mtr_sync_no_rows(sync, MTR_SYNC_MANAGER);
	mtr_owner_enter_function(sync->function, &saved);
	apply(sync);
	mtr_owner_leave(&saved);
	for (int i = 0; i < MTR_SYNC_QUERIES; i++)
		if (sync->rows[i].store != NULL)
			tuplestore_end(sync->rows[i].store);
	mtr_progress_end();
	SPI_finish();
}

static void
report(const MtrSync *sync, ReturnSetInfo *rsinfo)
{
	for (int i = 0; i < MTR_SYNC_OBJECTS; i++)
	{
		const MtrSyncCount *count = &sync->count[i];
		Datum		values[5];
		bool		nulls[5] = {0};

		if (!count->is_reported)
			continue;
		values[0] = CStringGetTextDatum(object_name[i]);
		values[1] = Int64GetDatum(count->inserted);
		values[2] = Int64GetDatum(count->updated);
		values[3] = Int64GetDatum(count->retired);
		values[4] = Int64GetDatum(count->refused);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

Datum
mentoring_sync(PG_FUNCTION_ARGS)
{
	static bool is_running = false;
	MtrSync		sync = {0};

	InitMaterializedSRF(fcinfo, 0);
	check_caller(fcinfo);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		mtr_refuse_null(PG_ARGISNULL(0) ? "name" : "force",
						"sync() takes the name of a source, and true to force it.");
	if (is_running)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("sync() cannot be called from the queries it runs")));
	sync.name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	sync.force = PG_GETARG_BOOL(1);
	sync.function = fcinfo->flinfo->fn_oid;
	is_running = true;
	PG_TRY();
	{
		do_sync(&sync);
	}
	PG_FINALLY();
	{
		is_running = false;
	}
	PG_END_TRY();
	report(&sync, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
