/*
 * sync_query.c
 *	  the queries of a source: are they fit to be run, and running them
 *
 * A query must be one SELECT that only reads; its columns are found by name
 * and judged by class of type.  It runs with the rights of the current user,
 * for whatever it reads belongs to somebody else and may run that one's code:
 * as a security-restricted operation, which keeps that code from SET ROLE,
 * from making temporary objects and from leaving anything behind to be run
 * later, and changes of settings it makes end with it.  What becomes of the
 * rows is in sync_row.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"

#include "mentoring.h"
#include "statement.h"
#include "sync_query.h"

/* kB a sort or hash takes before it goes to disk */
#define SORT_MEMORY 8192

const QuerySpec mtr_sync_spec[MTR_SYNC_QUERIES] = {
	[MTR_SYNC_PERSON] = {"person_query", "person", true, 12, {
			{"external_id", USE_KEY, true}, {"display_name", USE_TEXT, true},
			{"email", USE_EMAIL, false}, {"org_unit", USE_TEXT, false},
			{"job_role", USE_TEXT, false}, {"grade", USE_INTEGER, false},
			{"site", USE_TEXT, false}, {"timezone", USE_ZONE, false},
			{"joined_on", USE_DATE, false}, {"left_on", USE_DATE, false},
			{"is_active", USE_BOOLEAN, false},
			{"profile", USE_PROFILE, false}
	}},
	[MTR_SYNC_ALIAS] = {"alias_query", "alias of person", true, 2, {
			{"external_id", USE_KEY, true},
			{"person_external_id", USE_KEY, true}
	}},
	[MTR_SYNC_MANAGER] = {"manager_query", "manager of person", true, 2, {
			{"external_id", USE_KEY, true},
			{"manager_external_id", USE_KEY, true}
	}},
	[MTR_SYNC_HISTORY] = {"history_query", "history of person", false, 9, {
			{"external_id", USE_KEY, true}, {"valid_from", USE_DATE, true},
			{"valid_to", USE_DATE, false}, {"org_unit", USE_TEXT, false},
			{"job_role", USE_TEXT, false}, {"grade", USE_INTEGER, false},
			{"site", USE_TEXT, false}, {"manager_external_id", USE_KEY, false},
			{"exit_kind", USE_TEXT, false}
	}},
	[MTR_SYNC_SKILL] = {"skill_query", "skill of person", false, 5, {
			{"external_id", USE_KEY, true}, {"skill", USE_KEY, true},
			{"level", USE_LEVEL, true}, {"category", USE_KEY, false},
			{"uri", USE_TEXT, false}
	}},
	[MTR_SYNC_PIN] = {"pin_query", "mentor of person", false, 2, {
			{"external_id", USE_KEY, true},
			{"mentor_external_id", USE_KEY, true}
	}},
	[MTR_SYNC_ACTIVITY] = {"activity_query", "activity of person", false, 6, {
			{"external_id", USE_KEY, true}, {"source_event_id", USE_KEY, true},
			{"occurred_on", USE_DATE, true}, {"kind", USE_KIND, true},
			{"minutes", USE_MINUTES, true}, {"skill", USE_KEY, false}
	}}
};
const char *
mtr_sync_query_name(MtrSyncQuery query)
{
	return mtr_sync_spec[query].name;
}

const char *
mtr_sync_row_name(MtrSyncQuery query)
{
	return mtr_sync_spec[query].object;
}

bool
mtr_sync_has(const MtrSync *sync, MtrSyncQuery query, const char *column)
{
	for (int i = 0; i < mtr_sync_spec[query].ncolumns; i++)
		if (strcmp(mtr_sync_spec[query].column[i].name, column) == 0)
			return sync->rows[query].has[i];
	elog(ERROR, "unexpected column %s", column);
}

/*
 * Columns
 */

static const char *
class_name(ColumnUse use)
{
	switch (use)
	{
		case USE_KEY:
			return "text, an integer or a uuid";
		case USE_INTEGER:
		case USE_MINUTES:
			return "an integer";
		case USE_LEVEL:
			return "a number";
		case USE_DATE:
			return "a date or a timestamp";
		case USE_BOOLEAN:
			return "boolean";
		case USE_PROFILE:
			return "jsonb or json";
		default:
			return "text";
	}
}

static bool
is_integer(Oid type)
{
	return type == INT8OID || type == INT4OID || type == INT2OID;
}

static bool
is_text(Oid type)
{
	char		category;
	bool		is_preferred;

	get_type_category_preferred(type, &category, &is_preferred);
	return category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM;
}

static bool
type_suits(ColumnUse use, Oid type)
{
	switch (use)
	{
		case USE_KEY:
			return is_integer(type) || type == UUIDOID || is_text(type);
		case USE_INTEGER:
		case USE_MINUTES:
			return is_integer(type);
		case USE_LEVEL:
			return is_integer(type) || type == FLOAT8OID ||
				type == FLOAT4OID || type == NUMERICOID;
		case USE_DATE:
			return type == DATEOID || type == TIMESTAMPOID ||
				type == TIMESTAMPTZOID;
		case USE_BOOLEAN:
			return type == BOOLOID;
		case USE_PROFILE:
			return type == JSONBOID || type == JSONOID;
		default:
			return is_text(type);
	}
}

/* "external_id, display_name; optional: email, ..." */
static char *
describe_columns(const QuerySpec *spec)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int optional = 0; optional <= 1; optional++)
	{
		const char *separator = optional ? "; optional " : "";

		for (int i = 0; i < spec->ncolumns; i++)
		{
			const ColumnSpec *column = &spec->column[i];

			if (column->is_required == (bool) optional)
				continue;
			appendStringInfo(&text, "%s%s (%s)", separator, column->name,
							 class_name(column->use));
			separator = ", ";
		}
	}
	return text.data;
}

/* Names of required columns that weren't found. */
static void
refuse_missing(const char *source, const QuerySpec *spec, const int *attno)
{
	StringInfoData missing;
	int			n = 0;

	initStringInfo(&missing);
	for (int i = 0; i < spec->ncolumns; i++)
		if (spec->column[i].is_required && attno[i] == 0)
			appendStringInfo(&missing, "%s\"%s\"", n++ > 0 ? ", " : "",
							 spec->column[i].name);
	if (n == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg_plural("%s of source \"%s\" returns no column %s",
						   "%s of source \"%s\" returns no columns %s", n,
						   spec->name, source, missing.data),
			 errhint("It must return %s.", describe_columns(spec))));
}

void
mtr_sync_find_columns(const char *source, const QuerySpec *spec,
					  TupleDesc desc, int *attno, Oid *type)
{
	for (int i = 0; i < spec->ncolumns; i++)
	{
		const ColumnSpec *column = &spec->column[i];

		attno[i] = 0;
		for (int j = 0; j < desc->natts; j++)
		{
			Form_pg_attribute attr = TupleDescAttr(desc, j);

			if (strcmp(NameStr(attr->attname), column->name) != 0)
				continue;
			if (attno[i] != 0)
				ereport(ERROR,
						(errcode(ERRCODE_AMBIGUOUS_COLUMN),
						 errmsg("%s of source \"%s\" returns more than one column \"%s\"",
								spec->name, source, column->name),
						 errhint("Give the other one another name with AS.")));
			attno[i] = j + 1;
			type[i] = getBaseType(attr->atttypid);
			if (!type_suits(column->use, type[i]))
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("column \"%s\" of %s of source \"%s\" is of type %s",
								column->name, spec->name, source,
								format_type_be(attr->atttypid)),
						 errhint("It must be %s; use CAST.",
								 class_name(column->use))));
		}
	}
	refuse_missing(source, spec, attno);
}

/*
 * Queries
 */

/* Names the query in every error that comes out of it. */
typedef struct QueryPlace
{
	const char *source;
	const QuerySpec *spec;
	const RowReceiver *receiver;	/* while it runs */
} QueryPlace;

static void
name_place(void *arg)
{
	QueryPlace *place = arg;
	const RowReceiver *receiver = place->receiver;
	const char *object = place->spec->object;

	if (receiver != NULL && receiver->key != NULL)
		errcontext("%s of source \"%s\", %s \"%s\"", place->spec->name,
				   place->source, object, receiver->key);
	else if (receiver != NULL && receiver->nread > 0)
		errcontext("%s of source \"%s\", after %s \"%s\" (row %lld)",
				   place->spec->name, place->source, object,
				   receiver->last_key, (long long) receiver->nread);
	else
		errcontext("%s of source \"%s\"", place->spec->name, place->source);
}

/* What messages call a query. */
static char *
query_label(const char *source, const QuerySpec *spec)
{
	return psprintf("%s of source \"%s\"", spec->name, source);
}

/* Parse and analyse, which runs nothing of it, and check. */
static SPIPlanPtr
prepare_query(const char *source, const QuerySpec *spec, const char *text)
{
	Oid			type = TIMESTAMPTZOID;
	int			nargs = spec == &mtr_sync_spec[MTR_SYNC_ACTIVITY] ? 1 : 0;
	SPIPlanPtr	plan = mtr_prepare_read(text, nargs, &type,
										query_label(source, spec));
	CachedPlanSource *reads = linitial(SPI_plan_get_plan_sources(plan));
	int			attno[MTR_SYNC_COLUMNS];
	Oid			types[MTR_SYNC_COLUMNS];

	mtr_sync_find_columns(source, spec, reads->resultDesc, attno, types);
	return plan;
}

void
mtr_sync_check_query(const char *source, MtrSyncQuery query, const char *text)
{
	QueryPlace	place = {source, &mtr_sync_spec[query], NULL};
	ErrorContextCallback callback = {error_context_stack, name_place, &place};

	error_context_stack = &callback;
	SPI_freeplan(prepare_query(source, &mtr_sync_spec[query], text));
	error_context_stack = callback.previous;
}

void
mtr_sync_limit_memory(void)
{
	if (work_mem > SORT_MEMORY)
		(void) set_config_option("work_mem", psprintf("%d", SORT_MEMORY),
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* Run a plan, restricted: see the top of this file. */
static void
run_restricted(SPIPlanPtr plan, RowReceiver *receiver, const MtrSync *sync)
{
	SPIExecuteOptions options = {0};
	ParamListInfo params = makeParamList(1);
	Oid			user;
	int			context;
	int			guc_level;

	params->params[0].value = TimestampTzGetDatum(sync->since);
	params->params[0].isnull = !sync->has_since;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = TIMESTAMPTZOID;
	options.params = params;
	options.read_only = true;
	options.dest = &receiver->pub;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(user, context | SECURITY_RESTRICTED_OPERATION);
	guc_level = NewGUCNestLevel();
	mtr_sync_limit_memory();
	mtr_run_read(plan, &options, query_label(receiver->source, receiver->spec));
	AtEOXact_GUC(false, guc_level);
	SetUserIdAndSecContext(user, context);
}

void
mtr_sync_run_query(MtrSync *sync, MtrSyncQuery query)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	RowReceiver receiver = {.source = sync->name,
	.spec = &mtr_sync_spec[query],.rows = &sync->rows[query]};
	QueryPlace	place = {sync->name, &mtr_sync_spec[query], &receiver};
	ErrorContextCallback callback = {error_context_stack, name_place, &place};
	SPIPlanPtr	plan;

	error_context_stack = &callback;
	mtr_sync_begin_rows(&receiver);
	plan = prepare_query(sync->name, receiver.spec, sync->text[query]);
	run_restricted(plan, &receiver, sync);
	SPI_freeplan(plan);
	mtr_sync_end_rows(&receiver);
	MemoryContextSwitchTo(oldcxt);	/* SPI left it for its own */
	error_context_stack = callback.previous;
}
