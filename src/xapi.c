/*
 * xapi.c
 *	  import_xapi() and xapi_statements()
 *
 * Statements are checked and read here (xapi_check.c, xapi_digest.c) and come
 * out of _read_xapi() as rows; what becomes of them is SQL (61_xapi.sql), run
 * with the owner's rights once the caller has been checked.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "access.h"
#include "compat.h"
#include "match.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"
#include "xapi.h"

PG_FUNCTION_INFO_V1(mentoring_read_xapi);
PG_FUNCTION_INFO_V1(mentoring_import_xapi);
PG_FUNCTION_INFO_V1(mentoring_xapi_statements);
PG_FUNCTION_INFO_V1(mentoring_mbox_sha1);
PG_FUNCTION_INFO_V1(mentoring_is_iri);
PG_FUNCTION_INFO_V1(mentoring_xapi_uuid);
PG_FUNCTION_INFO_V1(mentoring_xapi_home_page);
PG_FUNCTION_INFO_V1(mentoring_xapi_home_source);

/* Home page of accounts in a source that has none of its own */
#define SOURCE_URN "urn:mentoring:source:"

/* Columns of _read_xapi() */
typedef enum Column
{
	COLUMN_N,
	COLUMN_STATEMENT_ID,
	COLUMN_ERROR,
	COLUMN_DIGEST,
	COLUMN_VERB,
	COLUMN_VOIDS,
	COLUMN_MEMBER_NO,
	COLUMN_ACTOR_KIND,
	COLUMN_ACTOR_NAME,
	COLUMN_HOME_PAGE,
	COLUMN_OCCURRED_AT,
	COLUMN_SECONDS,
	COLUMN_GROUPING,
	COLUMNS
} Column;

void
mtr_xapi_read(const JsonbValue *statement, MtrXapi *result)
{
	memset(result, 0, sizeof(MtrXapi));
	mtr_xapi_check(statement, result);
	if (result->error == NULL)
		mtr_xapi_digest(statement, result->digest);
}

static void
set_text(Datum *values, bool *nulls, Column column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* A row for each actor: members of a group count from 1, anybody else is 0. */
static void
put_rows(ReturnSetInfo *rsinfo, int n, const MtrXapi *statement)
{
	Datum		values[COLUMNS] = {0};
	bool		nulls[COLUMNS];
	int			member = statement->is_group ? 1 : 0;
	ListCell   *cell;

	memset(nulls, true, sizeof(nulls));
	values[COLUMN_N] = Int32GetDatum(n);
	nulls[COLUMN_N] = false;
	set_text(values, nulls, COLUMN_STATEMENT_ID,
			 statement->has_id ? statement->id : NULL);
	if (statement->error != NULL)
	{
		set_text(values, nulls, COLUMN_ERROR, statement->error);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
		return;
	}
	set_text(values, nulls, COLUMN_DIGEST, statement->digest);
	set_text(values, nulls, COLUMN_VERB, statement->verb);
	set_text(values, nulls, COLUMN_VOIDS, statement->voids);
	set_text(values, nulls, COLUMN_GROUPING, statement->grouping);
	nulls[COLUMN_OCCURRED_AT] = !statement->has_time;
	values[COLUMN_OCCURRED_AT] =
		TimestampTzGetDatum(statement->time -
							(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
							USECS_PER_DAY);
	nulls[COLUMN_SECONDS] = false;
	values[COLUMN_SECONDS] = Int64GetDatum(statement->duration / USECS_PER_SEC);
	foreach(cell, statement->actors)
	{
		MtrXapiActor *actor = lfirst(cell);

		values[COLUMN_MEMBER_NO] = Int32GetDatum(member++);
		nulls[COLUMN_MEMBER_NO] = false;
		set_text(values, nulls, COLUMN_ACTOR_KIND, actor->kind);
		set_text(values, nulls, COLUMN_ACTOR_NAME, actor->name);
		set_text(values, nulls, COLUMN_HOME_PAGE, actor->home_page);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

/* One statement; its memory goes with it. */
static void
read_one(ReturnSetInfo *rsinfo, int n, const JsonbValue *statement,
		 MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	MtrXapi		read;

	CHECK_FOR_INTERRUPTS();
	mtr_xapi_read(statement, &read);
	put_rows(rsinfo, n, &read);
	MemoryContextSwitchTo(old);
	MemoryContextReset(context);
}

/* _read_xapi(statements): one statement or an array of them */
Datum
mentoring_read_xapi(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Jsonb	   *statements = PG_GETARG_JSONB_P(0);
	MemoryContext context;
	JsonbIterator *it;
	JsonbValue	value;
	int			n = 0;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "xAPI statement",
									ALLOCSET_DEFAULT_SIZES);
	if (JB_ROOT_IS_OBJECT(statements))
	{
		value.type = jbvBinary;
		value.val.binary.data = &statements->root;
		value.val.binary.len = VARSIZE(statements) - VARHDRSZ;
		read_one(rsinfo, 1, &value, context);
	}
	else
	{
		/* a scalar is an array of one to the iterator */
		it = JsonbIteratorInit(&statements->root);
		(void) JsonbIteratorNext(&it, &value, true);
		while (JsonbIteratorNext(&it, &value, true) == WJB_ELEM)
			read_one(rsinfo, ++n, &value, context);
	}
	MemoryContextDelete(context);
	return (Datum) 0;
}

/* Run the owner's function and return its rows. */
static void
run(FunctionCallInfo fcinfo, MtrStatement *statement, Oid *types,
	Datum *values, const char *nulls)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MtrOwner	saved;
	int			result;

	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, &saved);
	SPI_connect();
	result = SPI_execute_plan(mtr_statement_plan(statement, 3, types), values,
							  nulls, false, 0);
	mtr_statement_check(statement->text, &statement->plan, result,
						statement->expect);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	mtr_owner_leave(&saved);
}

/* import_xapi(statements, source, programme_id) */
Datum
mentoring_import_xapi(PG_FUNCTION_ARGS)
{
	static MtrStatement statement = {
		"SELECT statement_id, outcome, detail"
		" FROM mentoring._import_xapi($1, $2, $3)",
		SPI_OK_SELECT
	};
	Oid			types[3] = {JSONBOID, TEXTOID, INT8OID};
	Datum		values[3];

	InitMaterializedSRF(fcinfo, 0);
	if (!mtr_is_admin() && !mtr_is_sync())
		mtr_refuse(fcinfo, "levels sync and admin");
	if (PG_ARGISNULL(0))
		mtr_refuse_null("statements", "Give a statement, or an array of them.");
	if (PG_ARGISNULL(1))
		mtr_refuse_null("source", "Name the system the statements come from.");
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = Int64GetDatum(mtr_id_argument(fcinfo, 2, "programme_id"));
	run(fcinfo, &statement, types, values, NULL);
	return (Datum) 0;
}

/*
 * xapi_statements(programme_id, since): entries of the log an administrator
 * may read are more than those a coordinator may.
 */
Datum
mentoring_xapi_statements(PG_FUNCTION_ARGS)
{
	static MtrStatement statement = {
		"SELECT statement FROM mentoring._xapi_statements($1, $2, $3)",
		SPI_OK_SELECT
	};
	Oid			types[3] = {INT8OID, TIMESTAMPTZOID, BOOLOID};
	Datum		values[3] = {0};
	int64		programme_id = mtr_id_argument(fcinfo, 0, "programme_id");

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (!mtr_is_coordinator(programme_id) && !mtr_is_sync())
		mtr_refuse(fcinfo, "coordinators of the programme and levels sync and admin");
	values[0] = Int64GetDatum(programme_id);
	if (!PG_ARGISNULL(1))
		values[1] = PG_GETARG_DATUM(1);
	values[2] = BoolGetDatum(mtr_is_admin());
	run(fcinfo, &statement, types, values, PG_ARGISNULL(1) ? " n " : NULL);
	return (Datum) 0;
}

/* _mbox_sha1(email): mbox_sha1sum of an address */
Datum
mentoring_mbox_sha1(PG_FUNCTION_ARGS)
{
	char	   *mbox = psprintf("mailto:%s",
								text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char		digest[MTR_SHA1_SIZE];

	mtr_xapi_sha1(mbox, strlen(mbox), digest);
	PG_RETURN_TEXT_P(cstring_to_text(digest));
}

/* _is_iri(value) */
Datum
mentoring_is_iri(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(mtr_xapi_iri(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

/* _xapi_uuid(name): version 5 (RFC 4122), in a name space of our own */
Datum
mentoring_xapi_uuid(PG_FUNCTION_ARGS)
{
	char	   *name = psprintf("urn:mentoring:%s",
								text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char		digest[MTR_SHA1_SIZE];

	mtr_xapi_sha1(name, strlen(name), digest);
	digest[12] = '5';
	digest[16] = "89ab"[(digest[16] >= 'a' ? digest[16] - 'a' + 10 :
						 digest[16] - '0') & 3];
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%.8s-%.4s-%.4s-%.4s-%.12s",
											  digest, digest + 8, digest + 12,
											  digest + 16, digest + 20)));
}

/* _xapi_home_page(source): what isn't a letter or digit is %HH */
Datum
mentoring_xapi_home_page(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, SOURCE_URN);
	for (unsigned char *c = (unsigned char *) source; *c; c++)
	{
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || *c == '_' || *c == '-')
			appendStringInfoChar(&out, *c);
		else
			appendStringInfo(&out, "%%%02X", *c);
	}
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return pg_ascii_tolower((unsigned char) c) - 'a' + 10;
}

/* _xapi_home_source(home_page): the source, NULL for other home pages */
Datum
mentoring_xapi_home_source(PG_FUNCTION_ARGS)
{
	char	   *page = text_to_cstring(PG_GETARG_TEXT_PP(0));
	StringInfoData out;

	if (strncmp(page, SOURCE_URN, strlen(SOURCE_URN)) != 0)
		PG_RETURN_NULL();
	initStringInfo(&out);
	for (char *c = page + strlen(SOURCE_URN); *c; c++)
	{
		if (*c != '%')
			appendStringInfoChar(&out, *c);
		else if (mtr_xapi_hex(c + 1, strnlen(c + 1, 2), 2))
		{
			appendStringInfoChar(&out, (char) (hex_value(c[1]) * 16 +
											   hex_value(c[2])));
			c += 2;
		}
		else
			PG_RETURN_NULL();
	}

	/* zero bytes and broken characters are no name */
	if (strlen(out.data) != out.len ||
		!pg_verifymbstr(out.data, out.len, true))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}
