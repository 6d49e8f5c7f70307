/*
 * relationship.c
 *	  the places of participants, exact under any concurrency
 *
 * participant_load holds, for each participant, the capacity and how many
 * open relationships use it; its CHECK makes over-booking impossible.  Three
 * triggers keep it: on participant (capacity), relationship_member (a member
 * comes or goes) and relationship (an open one is closed).
 *
 * Method.  The row of participant_load is the lock: a claim is one UPDATE
 * that counts up where a place is free.  Counting relationships instead would
 * be wrong under REPEATABLE READ, where the snapshot hides what others have
 * committed.  A member's claim depends on the status of its relationship, so
 * the member trigger locks that row FOR SHARE; the status trigger, which
 * holds it exclusively, reads the members.  Both use the latest snapshot, as
 * foreign keys do, not that of the transaction.  Several participants are
 * gone through in id order, so that two transactions don't deadlock.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "access.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_participant_load);
PG_FUNCTION_INFO_V1(mentoring_member_load);
PG_FUNCTION_INFO_V1(mentoring_relationship_state);
PG_FUNCTION_INFO_V1(mentoring_relationship_load);

/* The statements of the triggers; parameters are bigint or integer. */
typedef enum LoadQuery
{
	Q_INSERT,
	Q_CAPACITY,
	Q_CLAIM,
	Q_RELEASE,
	Q_READ,
	Q_STATUS,
	Q_MEMBERS,
	Q_COUNT
} LoadQuery;

#define THIS_ROW \
	" WHERE programme_id OPERATOR(pg_catalog.=) $1" \
	" AND participant_id OPERATOR(pg_catalog.=) $2"

static const struct
{
	const char *text;
	int			nargs;
	int			expect;
}			load_query[Q_COUNT] =
{
	[Q_INSERT] = {
		"INSERT INTO mentoring.participant_load"
		" (programme_id, participant_id, capacity)"
		" VALUES ($1, $2, $3::integer)"
		" ON CONFLICT (programme_id, participant_id) DO NOTHING",
		3, SPI_OK_INSERT
	},
	[Q_CAPACITY] = {
		"UPDATE mentoring.participant_load SET capacity = $3::integer" THIS_ROW
		" AND active OPERATOR(pg_catalog.<=) $3::integer",
		3, SPI_OK_UPDATE
	},
	[Q_CLAIM] = {
		"UPDATE mentoring.participant_load"
		" SET active = active OPERATOR(pg_catalog.+) 1" THIS_ROW
		" AND active OPERATOR(pg_catalog.<) capacity",
		2, SPI_OK_UPDATE
	},
	[Q_RELEASE] = {
		"UPDATE mentoring.participant_load"
		" SET active = active OPERATOR(pg_catalog.-) 1" THIS_ROW,
		2, SPI_OK_UPDATE
	},
	[Q_READ] = {
		"SELECT capacity, active FROM mentoring.participant_load" THIS_ROW,
		2, SPI_OK_SELECT
	},
	[Q_STATUS] = {
		"SELECT status FROM mentoring.relationship"
		" WHERE programme_id OPERATOR(pg_catalog.=) $1"
		" AND id OPERATOR(pg_catalog.=) $2 FOR SHARE",
		2, SPI_OK_SELECT
	},
	[Q_MEMBERS] = {
		"SELECT participant_id FROM mentoring.relationship_member"
		" WHERE programme_id OPERATOR(pg_catalog.=) $1"
		" AND relationship_id OPERATOR(pg_catalog.=) $2"
		" ORDER BY participant_id",
		2, SPI_OK_SELECT
	},
};

/*
 * Run one of them with the latest snapshot; returns the number of rows.
 * Connected to SPI.
 */
static uint64
run(LoadQuery query, int64 a, int64 b, int64 c)
{
	static SPIPlanPtr plan[Q_COUNT];
	Oid			types[3] = {INT8OID, INT8OID, INT8OID};
	Datum		values[3];
	int			result;

	if (plan[query] == NULL)
	{
		SPIPlanPtr	new_plan = SPI_prepare(load_query[query].text,
										   load_query[query].nargs, types);

		if (new_plan == NULL || SPI_keepplan(new_plan) != 0)
			elog(ERROR, "could not prepare: %s", load_query[query].text);
		plan[query] = new_plan;
	}
	values[0] = Int64GetDatum(a);
	values[1] = Int64GetDatum(b);
	values[2] = Int64GetDatum(c);

	/* what this transaction has done so far must be seen, too */
	CommandCounterIncrement();
	result = SPI_execute_snapshot(plan[query], values, NULL,
								  GetLatestSnapshot(), InvalidSnapshot,
								  false, false, 0);
	if (result != load_query[query].expect)
		elog(ERROR, "could not run: %s", load_query[query].text);
	return SPI_processed;
}

/* An integer column of the first row of the last result. */
static int64
result_int32(int column)
{
	bool		isnull;

	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, column, &isnull));
}

/* Explain why a statement on participant_load found no row to change. */
static void
report_no_place(int64 programme_id, int64 participant_id, int64 wanted)
{
	int64		capacity,
				active;

	if (run(Q_READ, programme_id, participant_id, 0) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("participant %lld of programme %lld has no row in participant_load",
						(long long) participant_id, (long long) programme_id),
				 errhint("Call mentoring.rebuild_load() where triggers did not run.")));
	capacity = result_int32(1);
	active = result_int32(2);
	if (wanted >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("capacity of participant %lld cannot be lowered to %lld",
						(long long) participant_id, (long long) wanted),
				 errdetail("%lld of %lld places are in use.",
						   (long long) active, (long long) capacity),
				 errhint("End a relationship first.")));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("participant %lld has no free place",
					(long long) participant_id),
			 errdetail("%lld of %lld places are in use.",
					   (long long) active, (long long) capacity),
			 errhint("Raise the capacity or end a relationship.")));
}

static void
claim(int64 programme_id, int64 participant_id)
{
	if (run(Q_CLAIM, programme_id, participant_id, 0) == 0)
		report_no_place(programme_id, participant_id, -1);
}

static void
release(int64 programme_id, int64 participant_id)
{
	if (run(Q_RELEASE, programme_id, participant_id, 0) == 0)
		report_no_place(programme_id, participant_id, -1);
}

/* Does a relationship of this status take places? */
static bool
is_open(const char *status)
{
	return strcmp(status, "completed") != 0 && strcmp(status, "ended") != 0;
}

/* Lock a relationship and tell whether it is open. */
static bool
lock_open_relationship(int64 programme_id, int64 relationship_id)
{
	/* the foreign key, checked at the end of the statement, reports this */
	if (run(Q_STATUS, programme_id, relationship_id, 0) == 0)
		return false;
	return is_open(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
								1));
}

/* A column of a trigger's row, by name. */
static Datum
column_value(const TriggerData *trigdata, HeapTuple tuple, const char *name)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, tupdesc,
									  SPI_fnumber(tupdesc, name), &isnull);

	if (isnull)
		elog(ERROR, "column \"%s\" is null", name);
	return value;
}

static int64
column_int64(const TriggerData *trigdata, HeapTuple tuple, const char *name)
{
	return DatumGetInt64(column_value(trigdata, tuple, name));
}

static char *
column_text(const TriggerData *trigdata, HeapTuple tuple, const char *name)
{
	return TextDatumGetCString(column_value(trigdata, tuple, name));
}

/* Refuse to be called otherwise than as the row trigger meant. */
static TriggerData *
check_trigger(FunctionCallInfo fcinfo, const char *function, bool before)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		(before ? !TRIGGER_FIRED_BEFORE(trigdata->tg_event)
		 : !TRIGGER_FIRED_AFTER(trigdata->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be called as %s row trigger", function,
						before ? "a BEFORE" : "an AFTER")));
	return trigdata;
}

/*
 * _participant_load(): AFTER INSERT, or AFTER UPDATE that changes capacity.
 */
Datum
mentoring_participant_load(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_participant_load", false);
	bool		is_insert = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event);
	HeapTuple	tuple = is_insert ? trigdata->tg_trigtuple : trigdata->tg_newtuple;
	int64		programme_id = column_int64(trigdata, tuple, "programme_id");
	int64		id = column_int64(trigdata, tuple, "id");
	int32		capacity = DatumGetInt32(column_value(trigdata, tuple,
													  "capacity"));
	MtrOwner	saved;

	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	if (is_insert)
		(void) run(Q_INSERT, programme_id, id, capacity);
	else if (run(Q_CAPACITY, programme_id, id, capacity) == 0)
		report_no_place(programme_id, id, capacity);
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}

/*
 * _member_load(): AFTER INSERT, DELETE or UPDATE of relationship_member.
 */
Datum
mentoring_member_load(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_member_load", false);
	HeapTuple	removed = NULL,
				added = NULL;
	MtrOwner	saved;

	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		added = trigdata->tg_trigtuple;
	else
		removed = trigdata->tg_trigtuple;
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		added = trigdata->tg_newtuple;

	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	if (removed &&
		lock_open_relationship(column_int64(trigdata, removed, "programme_id"),
							   column_int64(trigdata, removed, "relationship_id")))
		release(column_int64(trigdata, removed, "programme_id"),
				column_int64(trigdata, removed, "participant_id"));
	if (added &&
		lock_open_relationship(column_int64(trigdata, added, "programme_id"),
							   column_int64(trigdata, added, "relationship_id")))
		claim(column_int64(trigdata, added, "programme_id"),
			  column_int64(trigdata, added, "participant_id"));
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}

/*
 * _relationship_state(): BEFORE UPDATE of relationship.  ended_from is ours
 * alone; the dates are filled in where the client gave none.
 */
Datum
mentoring_relationship_state(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_relationship_state", true);
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	HeapTuple	old = trigdata->tg_trigtuple;
	HeapTuple	new = trigdata->tg_newtuple;
	char	   *from = column_text(trigdata, old, "status");
	char	   *to;
	int			columns[2];
	Datum		values[2];
	bool		nulls[2] = {false, false};
	bool		isnull;
	int			date_column = 0;

	columns[0] = SPI_fnumber(tupdesc, "ended_from");
	values[0] = SPI_getbinval(old, tupdesc, columns[0], &nulls[0]);
	(void) SPI_getbinval(new, tupdesc, SPI_fnumber(tupdesc, "status"), &isnull);
	to = isnull ? from : column_text(trigdata, new, "status");
	if (strcmp(from, to) != 0)
	{
		if (strcmp(to, "ended") == 0)
		{
			values[0] = CStringGetTextDatum(from);
			nulls[0] = false;
		}
		if (!is_open(to))
			date_column = SPI_fnumber(tupdesc, "ended_on");
		else if (strcmp(to, "trial") == 0 || strcmp(to, "active") == 0)
			date_column = SPI_fnumber(tupdesc, "started_on");
	}
	if (date_column > 0)
	{
		(void) SPI_getbinval(new, tupdesc, date_column, &isnull);
		if (!isnull)
			date_column = 0;
	}
	columns[1] = date_column;
	values[1] = DateADTGetDatum(GetSQLCurrentDate());
	new = heap_modify_tuple_by_cols(new, tupdesc, date_column > 0 ? 2 : 1,
									columns, values, nulls);
	return PointerGetDatum(new);
}

/*
 * _relationship_load(): AFTER UPDATE that changes the status.
 */
Datum
mentoring_relationship_load(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_relationship_load", false);
	HeapTuple	new = trigdata->tg_newtuple;
	bool		was_open = is_open(column_text(trigdata, trigdata->tg_trigtuple,
											   "status"));
	bool		now_open = is_open(column_text(trigdata, new, "status"));
	int64		programme_id = column_int64(trigdata, new, "programme_id");
	MtrOwner	saved;
	SPITupleTable *members;
	uint64		nmembers;

	if (was_open == now_open)
		return PointerGetDatum(NULL);

	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	nmembers = run(Q_MEMBERS, programme_id, column_int64(trigdata, new, "id"), 0);
	members = SPI_tuptable;
	for (uint64 i = 0; i < nmembers; i++)
	{
		bool		isnull;
		int64		id = DatumGetInt64(SPI_getbinval(members->vals[i],
													 members->tupdesc, 1,
													 &isnull));

		if (now_open)
			claim(programme_id, id);
		else
			release(programme_id, id);
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}
