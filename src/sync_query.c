/*
 * sync_query.c
 *	  the queries of a source: are they fit, and what do they return?
 *
 * A query must be one SELECT that only reads; its columns are found by name
 * and judged by class of type.  It runs with the rights of the current user,
 * for whatever it reads belongs to somebody else and may run that one's code:
 * as a security-restricted operation, which keeps that code from SET ROLE,
 * from making temporary objects and from leaving anything behind to be run
 * later, and changes of settings it makes end with it.
 *
 * Rows become values of the types our tables have, and are kept in a store
 * that goes to disk beyond work_mem.  What can't be stored is left out here,
 * where the row can still be named: the statements that apply the rest meet
 * nothing a constraint refuses.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/plancache.h"

#include "mentoring.h"
#include "sync.h"

/* kB a store of rows, and a sort or hash, take before they go to disk */
#define STORE_MEMORY 1024
#define SORT_MEMORY 8192

/* bytes of a key, so that an index holds it */
#define MAX_KEY 1000

/* rows of an object that are named in warnings */
#define MAX_WARNINGS 5

/* minutes of a log entry, at most */
#define MAX_MINUTES 1440

/* What a column is used for, which decides the types it may have. */
typedef enum ColumnUse
{
	USE_KEY,					/* integer, uuid or text; as text */
	USE_TEXT,
	USE_ZONE,
	USE_EMAIL,
	USE_KIND,
	USE_INTEGER,
	USE_MINUTES,
	USE_LEVEL,
	USE_DATE,
	USE_BOOLEAN,
	USE_PROFILE
} ColumnUse;

typedef struct ColumnSpec
{
	const char *name;
	ColumnUse	use;
	bool		is_required;	/* both the column and its values */
} ColumnSpec;

typedef struct QuerySpec
{
	const char *name;			/* column of mentoring.source */
	const char *object;			/* what a row is */
	bool		is_unique;		/* by the first column */
	int			ncolumns;
	ColumnSpec	column[MTR_SYNC_COLUMNS];
} QuerySpec;

/* The columns of a row follow its number and whether it is refused. */
#define FIRST_COLUMN 2

static const QuerySpec query_spec[MTR_SYNC_QUERIES] = {
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

/* Keys seen, to tell the second row of one. */
typedef struct KeyEntry
{
	const char *key;
	char		status;
} KeyEntry;

#define SH_PREFIX keys
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct RowReceiver
{
	DestReceiver pub;			/* must be first */
	const char *source;
	const QuerySpec *spec;
	MtrSyncRows *rows;
	int			attno[MTR_SYNC_COLUMNS];	/* 0: not returned */
	Oid			type[MTR_SYNC_COLUMNS]; /* below any domain */
	keys_hash  *seen;			/* NULL: a key may come again */
	MemoryContext key_context;
	MemoryContext row_context;
	const char *key;			/* of the present row */
	int			warnings;
	int64		nread;
} RowReceiver;

const char *
mtr_sync_query_name(MtrSyncQuery query)
{
	return query_spec[query].name;
}

bool
mtr_sync_has(const MtrSync *sync, MtrSyncQuery query, const char *column)
{
	for (int i = 0; i < query_spec[query].ncolumns; i++)
		if (strcmp(query_spec[query].column[i].name, column) == 0)
			return sync->rows[query].has[i];
	elog(ERROR, "unexpected column %s", column);
}

/*
 * Columns
 */

static Oid
stored_type(ColumnUse use)
{
	switch (use)
	{
		case USE_INTEGER:
		case USE_MINUTES:
			return INT4OID;
		case USE_LEVEL:
			return INT2OID;
		case USE_DATE:
			return DATEOID;
		case USE_BOOLEAN:
			return BOOLOID;
		case USE_PROFILE:
			return JSONBOID;
		default:
			return TEXTOID;
	}
}

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

/* Find the columns of a result by name and check their types. */
static void
find_columns(const char *source, const QuerySpec *spec, TupleDesc desc,
			 int *attno, Oid *type)
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

	if (place->receiver != NULL && place->receiver->key != NULL)
		errcontext("%s of source \"%s\", %s \"%s\"", place->spec->name,
				   place->source, place->spec->object, place->receiver->key);
	else
		errcontext("%s of source \"%s\"", place->spec->name, place->source);
}

/* Exactly one statement that only reads, or an error. */
static CachedPlanSource *
check_reads(SPIPlanPtr plan, const char *source, const QuerySpec *spec)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *found;
	Query	   *query;

	if (list_length(sources) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 sources == NIL ?
				 errmsg("%s of source \"%s\" is empty", spec->name, source) :
				 errmsg("%s of source \"%s\" holds %d statements", spec->name,
						source, list_length(sources)),
				 errhint("Give the text of one SELECT.")));
	found = (CachedPlanSource *) linitial(sources);
	if (found->commandTag != CMDTAG_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of source \"%s\" is not a SELECT", spec->name,
						source),
				 errdetail("It is a statement of kind %s.",
						   GetCommandTagName(found->commandTag)),
				 errhint("Give the text of one SELECT.")));

	/* the tag is that of the text as written: SELECT INTO still counts */
	query = linitial_node(Query, found->query_list);
	if (query->commandType != CMD_SELECT || query->rowMarks != NIL ||
		query->hasModifyingCTE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of source \"%s\" does not only read", spec->name,
						source),
				 errhint("Leave out INTO, FOR UPDATE, and INSERT, UPDATE and DELETE in WITH.")));
	return found;
}

/* Parse and analyse, which runs nothing of it, and check. */
static SPIPlanPtr
prepare_query(const char *source, const QuerySpec *spec, const char *text)
{
	Oid			type = TIMESTAMPTZOID;
	int			nargs = spec == &query_spec[MTR_SYNC_ACTIVITY] ? 1 : 0;
	SPIPlanPtr	plan = SPI_prepare_cursor(text, nargs, &type,
										  CURSOR_OPT_PARALLEL_OK);
	int			attno[MTR_SYNC_COLUMNS];
	Oid			types[MTR_SYNC_COLUMNS];

	if (plan == NULL)
		elog(ERROR, "could not prepare %s: %s", spec->name,
			 SPI_result_code_string(SPI_result));
	find_columns(source, spec, check_reads(plan, source, spec)->resultDesc,
				 attno, types);
	return plan;
}

void
mtr_sync_check_query(const char *source, MtrSyncQuery query, const char *text)
{
	QueryPlace	place = {source, &query_spec[query], NULL};
	ErrorContextCallback callback = {error_context_stack, name_place, &place};

	error_context_stack = &callback;
	SPI_freeplan(prepare_query(source, &query_spec[query], text));
	error_context_stack = callback.previous;
}

/*
 * Values
 */

/* A row that isn't taken, or a value that is left out. */
static void
warn(RowReceiver *receiver, const char *problem)
{
	if (receiver->warnings++ >= MAX_WARNINGS)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("source \"%s\", %s \"%s\": %s", receiver->source,
					receiver->spec->object,
					receiver->key != NULL ?
					pnstrdup(receiver->key,
							 pg_mbcliplen(receiver->key,
										  strlen(receiver->key), 60)) :
					psprintf("(row %lld)", (long long) receiver->nread),
					problem),
			 receiver->warnings == MAX_WARNINGS ?
			 errdetail("Further ones of this query are counted only.") : 0,
			 errhidestmt(true), errhidecontext(true)));
}

/* A datum as text, or NULL for an empty one, which is what learning
 * management systems store where nothing is known. */
static char *
read_text(Datum datum, Oid type)
{
	char	   *result;

	if (type == TEXTOID || type == VARCHAROID)
		result = TextDatumGetCString(datum);
	else if (type == INT8OID || type == INT4OID || type == INT2OID)
		result = psprintf(INT64_FORMAT, type == INT8OID ? DatumGetInt64(datum) :
						  type == INT4OID ? (int64) DatumGetInt32(datum) :
						  (int64) DatumGetInt16(datum));
	else
	{
		Oid			output;
		bool		is_varlena;

		if (type == BPCHAROID)
			datum = DirectFunctionCall1(rtrim1, datum);
		getTypeOutputInfo(type, &output, &is_varlena);
		result = OidOutputFunctionCall(output, datum);
	}
	return *result != '\0' ? result : NULL;
}

static int64
read_integer(Datum datum, Oid type)
{
	return type == INT8OID ? DatumGetInt64(datum) :
		type == INT4OID ? DatumGetInt32(datum) : DatumGetInt16(datum);
}

static double
read_number(Datum datum, Oid type)
{
	switch (type)
	{
		case FLOAT8OID:
			return DatumGetFloat8(datum);
		case FLOAT4OID:
			return DatumGetFloat4(datum);
		case NUMERICOID:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													  datum));
		default:
			return (double) read_integer(datum, type);
	}
}

static DateADT
read_date(Datum datum, Oid type)
{
	if (type == TIMESTAMPOID)
		datum = DirectFunctionCall1(timestamp_date, datum);
	else if (type == TIMESTAMPTZOID)
		datum = DirectFunctionCall1(timestamptz_date, datum);
	return DatumGetDateADT(datum);
}

/* Has it the shape mentoring._check_profile() asks for?  That one raises an
 * error; it takes nothing that would have to be given back. */
static bool
is_profile(Datum profile)
{
	extern Datum mentoring_check_profile(PG_FUNCTION_ARGS);
	MemoryContext oldcxt = CurrentMemoryContext;
	volatile bool is_good = true;

	PG_TRY();
	{
		(void) DirectFunctionCall1(mentoring_check_profile, profile);
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		MemoryContextSwitchTo(oldcxt);
		if (code != ERRCODE_CHECK_VIOLATION)
			PG_RE_THROW();
		FlushErrorState();
		is_good = false;
	}
	PG_END_TRY();
	return is_good;
}

/* The entries of an object that have the right shape. */
static Datum
good_entries(RowReceiver *receiver, Jsonb *profile)
{
	Datum		rest = JsonbPGetDatum(profile);
	JsonbIterator *it = JsonbIteratorInit(&profile->root);
	JsonbValue	key,
				value;

	(void) JsonbIteratorNext(&it, &key, true);	/* WJB_BEGIN_OBJECT */
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		JsonbParseState *state = NULL;
		JsonbValue *single;
		char	   *name;

		(void) JsonbIteratorNext(&it, &value, true);
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		(void) pushJsonbValue(&state, WJB_KEY, &key);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
		single = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
		if (is_profile(JsonbPGetDatum(JsonbValueToJsonb(single))))
			continue;
		name = pnstrdup(key.val.string.val, key.val.string.len);
		warn(receiver, psprintf("profile key \"%.60s\" is left out, for its value has no shape of a profile",
								name));
		rest = DirectFunctionCall2(jsonb_delete, rest,
								   CStringGetTextDatum(name));
	}
	return rest;
}

static bool
read_profile(RowReceiver *receiver, Datum datum, Oid type, Datum *value)
{
	Jsonb	   *profile;

	if (type == JSONOID)
		datum = DirectFunctionCall1(jsonb_in,
									CStringGetDatum(TextDatumGetCString(datum)));
	profile = DatumGetJsonbP(datum);
	if (!JB_ROOT_IS_OBJECT(profile))
	{
		warn(receiver, "profile is left out, for it is no JSON object");
		return false;
	}
	*value = JsonbPGetDatum(profile);
	if (!is_profile(*value))
		*value = good_entries(receiver, profile);
	return true;
}

static bool
is_log_kind(const char *kind)
{
	static const char *const kinds[] = {
		"reflection", "meeting", "practice", "course", "observation", "other"
	};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

/* Texts of one use or another; false: left out, or of no use. */
static bool
convert_text(RowReceiver *receiver, const ColumnSpec *column, char *text,
			 Datum *value)
{
	const char *result = text;
	const char *at;

	switch (column->use)
	{
		case USE_KEY:
			if (strlen(text) <= MAX_KEY)
				break;
			warn(receiver, psprintf("its %s is longer than %d bytes",
									column->name, MAX_KEY));
			return false;
		case USE_ZONE:
			result = mtr_sync_zone(text);
			if (result != NULL)
				break;
			warn(receiver, psprintf("time zone \"%s\" is unknown and left out",
									pnstrdup(text,
											 pg_mbcliplen(text, strlen(text),
														  60))));
			return false;
		case USE_EMAIL:
			at = strchr(text +1, '@');
			if (at != NULL && at[1] != '\0')
				break;
			warn(receiver, "its email is no address and left out");
			return false;
		case USE_KIND:
			if (is_log_kind(text))
				break;
			warn(receiver, psprintf("\"%.60s\" is no kind of log entry", text));
			return false;
		default:
			break;
	}
	*value = CStringGetTextDatum(result);
	return true;
}

/* One value that is there; false: it is left out. */
static bool
convert(RowReceiver *receiver, const ColumnSpec *column, Oid type, Datum datum,
		Datum *value)
{
	double		number;
	char	   *text;

	switch (column->use)
	{
		case USE_INTEGER:
		case USE_MINUTES:
			number = (double) read_integer(datum, type);
			if (column->use == USE_MINUTES)
				number = Min(number, MAX_MINUTES);
			*value = Int32GetDatum((int32) number);
			if (number >= 0 && number <= PG_INT32_MAX)
				return true;
			warn(receiver, psprintf("its %s is out of range", column->name));
			return false;
		case USE_LEVEL:
			number = read_number(datum, type);
			if (number >= 0 && number <= 7)
			{
				*value = Int16GetDatum((int16) (number + 0.5));
				return true;
			}
			warn(receiver, "its level isn't between 0 and 7");
			return false;
		case USE_DATE:
			*value = DateADTGetDatum(read_date(datum, type));
			if (!DATE_NOT_FINITE(DatumGetDateADT(*value)))
				return true;
			warn(receiver, psprintf("its %s is infinite", column->name));
			return false;
		case USE_BOOLEAN:
			*value = datum;
			return true;
		case USE_PROFILE:
			return read_profile(receiver, datum, type, value);
		default:
			text = read_text(datum, type);
			return text !=NULL &&
						convert_text(receiver, column, text, value);
	}
}

/* What two columns say together. */
static bool
check_pairs(RowReceiver *receiver, Datum *values, bool *nulls)
{
	Datum	   *value = values + FIRST_COLUMN;
	bool	   *is_null = nulls + FIRST_COLUMN;
	const QuerySpec *spec = receiver->spec;

	if (spec == &query_spec[MTR_SYNC_HISTORY] && !is_null[2] &&
		DatumGetDateADT(value[2]) < DatumGetDateADT(value[1]))
	{
		warn(receiver, "its valid_to is before its valid_from");
		return false;
	}
	if (spec == &query_spec[MTR_SYNC_ACTIVITY] &&
		DatumGetDateADT(value[2]) > GetSQLCurrentDate() + 1)
	{
		warn(receiver, "it lies in the future");
		return false;
	}
	if (spec == &query_spec[MTR_SYNC_PERSON] && !is_null[8] && !is_null[9] &&
		DatumGetDateADT(value[9]) < DatumGetDateADT(value[8]))
	{
		warn(receiver, "joined_on is after left_on and left out");
		is_null[8] = true;
	}
	return true;
}

/*
 * The receiver
 */

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RowReceiver *receiver = (RowReceiver *) self;

	find_columns(receiver->source, receiver->spec, desc, receiver->attno,
				 receiver->type);
	for (int i = 0; i < receiver->spec->ncolumns; i++)
		receiver->rows->has[i] = receiver->attno[i] != 0;
}

/* Is it the first row of its key? */
static bool
is_first(RowReceiver *receiver)
{
	bool		found;

	if (receiver->seen == NULL)
		return true;
	if (keys_lookup(receiver->seen, receiver->key) != NULL)
	{
		warn(receiver, "it came before");
		return false;
	}
	(void) keys_insert(receiver->seen,
					   MemoryContextStrdup(receiver->key_context,
										   receiver->key), &found);
	return true;
}

/* Convert a row; false: it can't be taken. */
static bool
read_row(RowReceiver *receiver, TupleTableSlot *slot, Datum *values,
		 bool *nulls)
{
	const QuerySpec *spec = receiver->spec;
	bool		is_good = true;

	for (int i = 0; i < spec->ncolumns; i++)
	{
		const ColumnSpec *column = &spec->column[i];
		int			attno = receiver->attno[i];
		bool		is_given = attno != 0 && !slot->tts_isnull[attno - 1];
		int			before = receiver->warnings;

		nulls[FIRST_COLUMN + i] = !is_given ||
			!convert(receiver, column, receiver->type[i],
					 slot->tts_values[attno - 1], &values[FIRST_COLUMN + i]);
		if (column->is_required && nulls[FIRST_COLUMN + i])
		{
			if (before == receiver->warnings)
				warn(receiver, psprintf("it has no %s", column->name));
			is_good = false;
		}
		if (i > 0)
			continue;
		if (!is_good)
			return false;
		receiver->key = TextDatumGetCString(values[FIRST_COLUMN]);
		if (!is_first(receiver))
		{
			nulls[FIRST_COLUMN] = true;
			return false;
		}
	}
	return is_good && check_pairs(receiver, values, nulls);
}

/* Called by the executor, in a context that lives as long as the query: what
 * conversions leave behind goes to a context of our own. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MtrSyncRows *rows = receiver->rows;
	MemoryContext oldcxt = MemoryContextSwitchTo(receiver->row_context);
	Datum		values[FIRST_COLUMN + MTR_SYNC_COLUMNS] = {0};
	bool		nulls[FIRST_COLUMN + MTR_SYNC_COLUMNS] = {0};
	bool		is_good;

	slot_getallattrs(slot);
	receiver->key = NULL;
	receiver->nread++;
	is_good = read_row(receiver, slot, values, nulls);
	if (!is_good)
		rows->refused++;

	/* A person who can't be taken is there all the same, not gone. */
	if (is_good || (receiver->spec == &query_spec[MTR_SYNC_PERSON] &&
					!nulls[FIRST_COLUMN]))
	{
		values[0] = Int64GetDatum(++rows->n);
		values[1] = BoolGetDatum(!is_good);
		tuplestore_putvalues(rows->store, rows->desc, values, nulls);
	}

	receiver->key = NULL;
	MemoryContextSwitchTo(oldcxt);
	if ((receiver->nread & 63) == 0)
	{
		MemoryContextReset(receiver->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

static void
receiver_done(DestReceiver *self)
{
}

/* An empty store for the rows of a query. */
static void
make_store(MtrSyncRows *rows, const QuerySpec *spec)
{
	rows->desc = CreateTemplateTupleDesc(FIRST_COLUMN + spec->ncolumns);
	TupleDescInitEntry(rows->desc, 1, "n", INT8OID, -1, 0);
	TupleDescInitEntry(rows->desc, 2, "is_refused", BOOLOID, -1, 0);
	for (int i = 0; i < spec->ncolumns; i++)
		TupleDescInitEntry(rows->desc, FIRST_COLUMN + 1 + i,
						   spec->column[i].name,
						   stored_type(spec->column[i].use), -1, 0);
	rows->store = tuplestore_begin_heap(false, false, STORE_MEMORY);
	rows->n = 0;
	rows->refused = 0;
}

void
mtr_sync_no_rows(MtrSync *sync, MtrSyncQuery query)
{
	make_store(&sync->rows[query], &query_spec[query]);
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
	int			result;

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
	result = SPI_execute_plan_extended(plan, &options);
	AtEOXact_GUC(false, guc_level);
	SetUserIdAndSecContext(user, context);
	if (result < 0)
		elog(ERROR, "could not execute %s: %s", receiver->spec->name,
			 SPI_result_code_string(result));
}

void
mtr_sync_run_query(MtrSync *sync, MtrSyncQuery query)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	MtrSyncRows *rows = &sync->rows[query];
	RowReceiver receiver = {.source = sync->name,
	.spec = &query_spec[query],.rows = rows};
	QueryPlace	place = {sync->name, &query_spec[query], &receiver};
	ErrorContextCallback callback = {error_context_stack, name_place, &place};
	SPIPlanPtr	plan;

	error_context_stack = &callback;
	make_store(rows, receiver.spec);
	plan = prepare_query(sync->name, receiver.spec, sync->text[query]);
	receiver.pub.receiveSlot = receive_row;
	receiver.pub.rStartup = receiver_startup;
	receiver.pub.rShutdown = receiver_done;
	receiver.pub.rDestroy = receiver_done;
	receiver.pub.mydest = DestNone;
	receiver.key_context = AllocSetContextCreate(oldcxt, "mentoring keys",
												 ALLOCSET_DEFAULT_SIZES);
	receiver.row_context = AllocSetContextCreate(oldcxt, "mentoring row",
												 ALLOCSET_DEFAULT_SIZES);
	if (receiver.spec->is_unique)
		receiver.seen = keys_create(receiver.key_context, 1024, NULL);
	run_restricted(plan, &receiver, sync);
	SPI_freeplan(plan);
	MemoryContextDelete(receiver.row_context);
	MemoryContextDelete(receiver.key_context);
	MemoryContextSwitchTo(oldcxt);	/* SPI left it for its own */
	error_context_stack = callback.previous;
}
