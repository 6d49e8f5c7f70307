/*
 * event.c
 *	  the audit: who changed what
 *
 * A row trigger writes a row of event for a row that was changed or deleted.
 * Its arguments are the columns that are recorded; everything else stays out,
 * above all what people have written: the audit is kept when a person's texts
 * are erased.  So values are numbers, flags, dates and words, and a column of
 * any other type, such as jsonb, is refused.
 *
 * It is written with the rights of the table's owner, so nobody needs a right
 * on event, and in the transaction of the change: both are there or neither.
 * The triggers act on UPDATE and DELETE alone and fire at the origin only. A
 * restore inserts, and a subscriber receives the rows of event as they are;
 * neither records anything twice.
 *
 * Who it was: the role is the one outside of functions that work as somebody
 * else, as foreign keys and publish_match() do; the person is that of
 * identity.h.
 *
 * Cost.  One INSERT by a prepared statement for each row recorded, and a
 * look-up in person_role where no person is set.  A WHEN clause keeps the
 * trigger from being called when none of the columns has changed.
 *
 * Limits.  TRUNCATE, session_replication_role = replica and DISABLE TRIGGER
 * leave no trace; no level may do them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/shortest_dec.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/rel.h"

#include "access.h"
#include "identity.h"
#include "match_statement.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_record_event);

/* The columns of a table that are looked at. */
typedef struct Columns
{
	TupleDesc	tupdesc;
	int			n;
	int		   *number;
} Columns;

/* The trigger's data, if it is the trigger we mean. */
static TriggerData *
check_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		(!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) &&
		 !TRIGGER_FIRED_BY_DELETE(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("_record_event must be called as an AFTER UPDATE OR DELETE row trigger")));
	return trigdata;
}

static int
column_number(TupleDesc tupdesc, const char *name)
{
	int			number = SPI_fnumber(tupdesc, name);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of the trigger's arguments does not exist",
						name)));
	return number;
}

/* The column that names the programme: the key itself in its own table. */
static const char *
programme_column(TupleDesc tupdesc)
{
	return SPI_fnumber(tupdesc, "programme_id") > 0 ? "programme_id" : "id";
}

static bool
is_changed(const TriggerData *trigdata, TupleDesc tupdesc, int number)
{
	Form_pg_attribute attr = TupleDescAttr(tupdesc, number - 1);
	bool		old_null,
				new_null;
	Datum		old = SPI_getbinval(trigdata->tg_trigtuple, tupdesc, number,
									&old_null);
	Datum		new = SPI_getbinval(trigdata->tg_newtuple, tupdesc, number,
									&new_null);

	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(old, new, attr->attbyval, attr->attlen);
}

/*
 * What is to be recorded: of a deletion all columns listed, of an update
 * those that changed.  An update of the key would leave the events before it
 * to another row, so it counts even though it isn't listed.
 */
static void
find_columns(const TriggerData *trigdata, Columns *columns)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	const Trigger *trigger = trigdata->tg_trigger;
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	int			id = column_number(tupdesc, "id");
	int			programme = column_number(tupdesc, programme_column(tupdesc));

	columns->tupdesc = tupdesc;
	columns->n = 0;
	columns->number = palloc((trigger->tgnargs + 2) * sizeof(int));
	if (is_update && is_changed(trigdata, tupdesc, id))
		columns->number[columns->n++] = id;
	if (is_update && programme != id &&
		is_changed(trigdata, tupdesc, programme))
		columns->number[columns->n++] = programme;
	for (int i = 0; i < trigger->tgnargs; i++)
	{
		int			number = column_number(tupdesc, trigger->tgargs[i]);

		if (!is_update || is_changed(trigdata, tupdesc, number))
			columns->number[columns->n++] = number;
	}
}

/*
 * A value as JSON, as to_jsonb() writes it, but whatever the settings of the
 * session are.
 */
static void
append_value(StringInfo out, Oid type, Datum value)
{
	char		buffer[MAXDATELEN + 1];

	switch (type)
	{
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(value) ? "true" :
								   "false");
			break;
		case INT4OID:
			appendStringInfo(out, "%d", DatumGetInt32(value));
			break;
		case INT8OID:
			appendStringInfo(out, "%lld", (long long) DatumGetInt64(value));
			break;
		case FLOAT8OID:
			/* checks of the tables keep infinity and NaN out */
			(void) double_to_shortest_decimal_buf(DatumGetFloat8(value),
												  buffer);
			appendStringInfoString(out, buffer);
			break;
		case DATEOID:
			(void) JsonEncodeDateTime(buffer, value, DATEOID, NULL);
			escape_json(out, buffer);
			break;
		case TEXTOID:
			escape_json(out, TextDatumGetCString(value));
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("values of type %s cannot be recorded",
							format_type_be(type)),
					 errhint("Leave the column out of the trigger's arguments.")));
	}
}

/* The columns of a row as jsonb. */
static Datum
row_to_jsonb(const Columns *columns, HeapTuple tuple)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int i = 0; i < columns->n; i++)
	{
		int			number = columns->number[i];
		Form_pg_attribute attr = TupleDescAttr(columns->tupdesc, number - 1);
		bool		isnull;
		Datum		value = SPI_getbinval(tuple, columns->tupdesc, number,
										  &isnull);

		if (i > 0)
			appendStringInfoChar(&text, ',');
		escape_json(&text, NameStr(attr->attname));
		appendStringInfoChar(&text, ':');
		if (isnull)
			appendStringInfoString(&text, "null");
		else
			append_value(&text, attr->atttypid, value);
	}
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static int64
key_value(const TriggerData *trigdata, const char *name)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(trigdata->tg_trigtuple, tupdesc,
									   column_number(tupdesc, name),
									   &isnull));
}

static void
collect_event(const TriggerData *trigdata, const Columns *columns,
			  MtrParams *params)
{
	TupleDesc	tupdesc = columns->tupdesc;
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	int64		person_id = mtr_current_person();

	mtr_add_int64(params, key_value(trigdata, programme_column(tupdesc)));
	mtr_add_text(params, GetUserNameFromId(GetOuterUserId(), false));
	if (person_id != 0)
		mtr_add_int64(params, person_id);
	else
		mtr_add_null(params, INT8OID);
	mtr_add_text(params, RelationGetRelationName(trigdata->tg_relation));
	mtr_add_int64(params, key_value(trigdata, "id"));
	mtr_add_text(params, is_update ? "update" : "delete");
	mtr_add_param(params, JSONBOID,
				  row_to_jsonb(columns, trigdata->tg_trigtuple));
	if (is_update)
		mtr_add_param(params, JSONBOID,
					  row_to_jsonb(columns, trigdata->tg_newtuple));
	else
		mtr_add_null(params, JSONBOID);
}

/*
 * _record_event(column, ...): AFTER UPDATE OR DELETE row trigger.
 */
Datum
mentoring_record_event(PG_FUNCTION_ARGS)
{
	static MtrStatement statement = {
		"INSERT INTO mentoring.event (programme_id, role_name, person_id,"
		" object, object_id, action, old, new)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		SPI_OK_INSERT
	};
	TriggerData *trigdata = check_trigger(fcinfo);
	MtrParams	params = {0};
	Columns		columns;
	MtrOwner	saved;

	find_columns(trigdata, &columns);
	if (columns.n == 0)
		return PointerGetDatum(NULL);
	collect_event(trigdata, &columns, &params);
	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	mtr_execute(&statement, &params);
	if (SPI_processed != 1)
		mtr_refuse_suppressed("event");
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}
