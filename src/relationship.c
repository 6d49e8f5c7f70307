/*
 * relationship.c
 *	  the places of participants, exact under any concurrency
 *
 * participant_load holds, for each participant, the capacity and how many
 * open relationships use it; its CHECK makes over-booking impossible.
 * Triggers keep it: on participant (capacity), relationship_member (a member
 * comes or goes) and relationship (an open one is closed).
 *
 * Method.  Whoever changes something a row of participant_load depends on
 * locks that row, then recomputes it with a snapshot taken after the lock, and
 * so sees every change of those who held the lock before.  Recomputing, not
 * counting up and down: a statement may end a relationship and remove its
 * members at once, by data-modifying WITH or by triggers of a site's own, and
 * each row trigger then sees the end of the statement, not the moment of its
 * row.  Counts would be taken twice or never; recomputation doesn't care.
 *
 * What a new member takes depends on the status of the relationship, so the
 * member trigger locks that row FOR SHARE; the status trigger, which holds it
 * exclusively, reads the members.  Both use the latest snapshot, not that of
 * the transaction: under REPEATABLE READ that one hides what others have
 * committed.  There a row that changed since the transaction began is refused
 * with a serialization failure, as any UPDATE of it would be; otherwise the
 * transaction would see the old and its own version of the row, both.
 * Several participants are gone through in id order, so that two statements
 * don't deadlock.
 *
 * Cost.  A member that comes or goes costs three or four indexed statements,
 * and as many row look-ups as the participant has had relationships.
 *
 * Limits.  Where triggers don't fire (session_replication_role = replica,
 * DISABLE TRIGGER) rebuild_load() must be called.
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
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_participant_load);
PG_FUNCTION_INFO_V1(mentoring_member_load);
PG_FUNCTION_INFO_V1(mentoring_member_truncate);
PG_FUNCTION_INFO_V1(mentoring_relationship_state);
PG_FUNCTION_INFO_V1(mentoring_relationship_load);

/* The statements of the triggers; every parameter is a bigint. */
typedef enum LoadQuery
{
	Q_INSERT,
	Q_DELETE,
	Q_LOCK,
	Q_EXPECTED,
	Q_SET,
	Q_EMPTY,
	Q_STATUS,
	Q_MEMBERS,
	Q_COUNT
} LoadQuery;

#define THIS_ROW \
	" WHERE programme_id OPERATOR(pg_catalog.=) $1" \
	" AND participant_id OPERATOR(pg_catalog.=) $2"

typedef struct QueryText
{
	const char *text;
	int			nargs;
	int			expect;
} QueryText;

static const QueryText load_query[Q_COUNT] = {
	[Q_INSERT] = {
		"INSERT INTO mentoring.participant_load"
		" (programme_id, participant_id, capacity)"
		" SELECT programme_id, id, capacity FROM mentoring.participant"
		" WHERE programme_id OPERATOR(pg_catalog.=) $1"
		" AND id OPERATOR(pg_catalog.=) $2"
		" ON CONFLICT (programme_id, participant_id) DO NOTHING",
		2, SPI_OK_INSERT
	},
	[Q_DELETE] = {
		"DELETE FROM mentoring.participant_load" THIS_ROW,
		2, SPI_OK_DELETE
	},
	[Q_LOCK] = {
		"SELECT capacity, active FROM mentoring.participant_load" THIS_ROW
		" FOR NO KEY UPDATE",
		2, SPI_OK_SELECT
	},
	[Q_EXPECTED] = {
		"SELECT p.capacity, (SELECT pg_catalog.count(*)"
		" FROM mentoring.relationship_member AS m"
		" JOIN mentoring.relationship AS r"
		" ON r.programme_id OPERATOR(pg_catalog.=) m.programme_id"
		" AND r.id OPERATOR(pg_catalog.=) m.relationship_id"
		" WHERE m.programme_id OPERATOR(pg_catalog.=) $1"
		" AND m.participant_id OPERATOR(pg_catalog.=) $2"
		" AND r.status OPERATOR(pg_catalog.<>)"
		" ALL (ARRAY['completed', 'ended']))::integer"
		" FROM mentoring.participant AS p"
		" WHERE p.programme_id OPERATOR(pg_catalog.=) $1"
		" AND p.id OPERATOR(pg_catalog.=) $2",
		2, SPI_OK_SELECT
	},
	[Q_SET] = {
		"UPDATE mentoring.participant_load"
		" SET capacity = $3::integer, active = $4::integer" THIS_ROW,
		4, SPI_OK_UPDATE
	},
	[Q_EMPTY] = {
		"UPDATE mentoring.participant_load SET active = 0"
		" WHERE active OPERATOR(pg_catalog.<>) 0",
		0, SPI_OK_UPDATE
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
 * Run one of them, connected to SPI; returns the number of rows.  The latest
 * snapshot sees what others have committed up to now; both see what this
 * transaction has done so far.
 */
static uint64
run_with(LoadQuery query, const int64 *params, bool latest)
{
	static SPIPlanPtr plan[Q_COUNT];
	Oid			types[4] = {INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		values[4];
	Snapshot	snapshot;
	Snapshot	crosscheck = InvalidSnapshot;
	int			result;

	if (plan[query] == NULL)
	{
		SPIPlanPtr	new_plan = SPI_prepare(load_query[query].text,
										   load_query[query].nargs, types);

		if (new_plan == NULL || SPI_keepplan(new_plan) != 0)
			elog(ERROR, "could not prepare: %s", load_query[query].text);
		plan[query] = new_plan;
	}
	for (int i = 0; i < load_query[query].nargs; i++)
		values[i] = Int64GetDatum(params[i]);

	CommandCounterIncrement();
	snapshot = latest ? GetLatestSnapshot() : GetTransactionSnapshot();
	/* what is updated must be what the transaction sees */
	if (IsolationUsesXactSnapshot())
		crosscheck = GetTransactionSnapshot();
	result = SPI_execute_snapshot(plan[query], values, NULL, snapshot,
								  crosscheck, false, true, 0);
	mtr_statement_check(load_query[query].text, &plan[query], result,
						load_query[query].expect);
	return SPI_processed;
}

static uint64
run(LoadQuery query, const int64 *params)
{
	return run_with(query, params, true);
}

/* An integer column of the first row of the last result. */
static int64
result_int32(int column)
{
	bool		isnull;

	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, column, &isnull));
}

/* Explain what CHECK (active <= capacity) would refuse without a reason. */
static void
report_full(int64 participant_id, int64 capacity, int64 active, bool is_claim)
{
	if (is_claim)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("participant %lld has no free place",
						(long long) participant_id),
				 errdetail("Capacity is %lld; open relationships would be %lld.",
						   (long long) capacity, (long long) active),
				 errhint("Raise the capacity or end a relationship.")));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("capacity of participant %lld cannot be lowered to %lld",
					(long long) participant_id, (long long) capacity),
			 errdetail("Open relationships are %lld.", (long long) active),
			 errhint("End a relationship first.")));
}

/*
 * Make the row of one participant what it should be, or refuse.  The row may
 * be missing where triggers did not run: then "make" says whether to make it.
 */
static void
recompute(int64 programme_id, int64 participant_id, bool make)
{
	int64		params[4];
	int64		old_capacity,
				old_active;

	params[0] = programme_id;
	params[1] = participant_id;
	if (run(Q_LOCK, params) == 0)
	{
		if (!make)
			return;
		(void) run(Q_INSERT, params);
		if (run(Q_LOCK, params) == 0)
			return;				/* no such participant: a foreign key says so */
	}
	old_capacity = result_int32(1);
	old_active = result_int32(2);

	/* with a new snapshot, for the lock may have been waited for */
	if (run(Q_EXPECTED, params) == 0)
		return;
	params[2] = result_int32(1);
	params[3] = result_int32(2);
	if (params[2] == old_capacity && params[3] == old_active)
		return;
	if (params[3] > params[2])
		report_full(participant_id, params[2], params[3],
					params[3] > old_active);
	(void) run(Q_SET, params);
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
	int64		params[2];
	uint64		found = 0;

	params[0] = programme_id;
	params[1] = relationship_id;

	/*
	 * With the transaction's own snapshot the server refuses a relationship
	 * that was changed since.  One that came since is not in it, but in the
	 * latest, as it is for the foreign key.
	 */
	if (IsolationUsesXactSnapshot())
		found = run_with(Q_STATUS, params, false);
	if (found == 0)
		found = run(Q_STATUS, params);
	if (found == 0)
		return false;			/* the foreign key reports it */
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

/* Refuse to be called otherwise than as the trigger meant. */
static TriggerData *
check_trigger(FunctionCallInfo fcinfo, const char *function,
			  TriggerEvent timing, TriggerEvent level)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(trigdata->tg_event & TRIGGER_EVENT_TIMINGMASK) != timing ||
		(trigdata->tg_event & TRIGGER_EVENT_ROW) != level)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be called as %s %s trigger", function,
						timing == TRIGGER_EVENT_BEFORE ? "a BEFORE" : "an AFTER",
						level == TRIGGER_EVENT_ROW ? "row" : "statement")));
	return trigdata;
}

/*
 * _participant_load(): AFTER INSERT, AFTER UPDATE that changes capacity, and
 * AFTER DELETE.  The row of a participant who goes is gone already, by the
 * foreign key, except where replication applies the change: there foreign
 * keys don't fire, and these triggers may be set to.
 */
Datum
mentoring_participant_load(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_participant_load",
										  TRIGGER_EVENT_AFTER,
										  TRIGGER_EVENT_ROW);
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
	HeapTuple	tuple = is_update ? trigdata->tg_newtuple : trigdata->tg_trigtuple;
	int64		params[2];
	MtrOwner	saved;

	params[0] = column_int64(trigdata, tuple, "programme_id");
	params[1] = column_int64(trigdata, tuple, "id");
	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		(void) run(Q_DELETE, params);
	/* members that came in the same statement have triggers of their own */
	else if (is_update || run(Q_INSERT, params) == 0)
		recompute(params[0], params[1], true);
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}

/* What a row of relationship_member says. */
typedef struct Membership
{
	int64		programme_id;
	int64		relationship_id;
	int64		participant_id;
} Membership;

static Membership
read_membership(const TriggerData *trigdata, HeapTuple tuple)
{
	Membership	result;

	result.programme_id = column_int64(trigdata, tuple, "programme_id");
	result.relationship_id = column_int64(trigdata, tuple, "relationship_id");
	result.participant_id = column_int64(trigdata, tuple, "participant_id");
	return result;
}

static bool
same_participant(const Membership *a, const Membership *b)
{
	return a->programme_id == b->programme_id &&
		a->participant_id == b->participant_id;
}

/* Another participant or another relationship takes the place of the first. */
static void
change_member(const Membership *from, const Membership *to)
{
	bool		now_open;
	bool		to_first;

	if (same_participant(from, to) &&
		from->relationship_id == to->relationship_id)
		return;
	now_open = lock_open_relationship(to->programme_id, to->relationship_id);
	if (same_participant(from, to))
	{
		recompute(to->programme_id, to->participant_id, now_open);
		return;
	}
	to_first = to->programme_id != from->programme_id ?
		to->programme_id < from->programme_id :
		to->participant_id < from->participant_id;
	if (to_first && now_open)
		recompute(to->programme_id, to->participant_id, true);
	recompute(from->programme_id, from->participant_id, false);
	if (!to_first && now_open)
		recompute(to->programme_id, to->participant_id, true);
}

/*
 * _member_load(): AFTER INSERT, DELETE or UPDATE of relationship_member.
 *
 * One who goes needs no lock on the relationship: if it is ended meanwhile,
 * that transaction recomputes the same row before or after this one.
 */
Datum
mentoring_member_load(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_member_load",
										  TRIGGER_EVENT_AFTER,
										  TRIGGER_EVENT_ROW);
	Membership	row = read_membership(trigdata, trigdata->tg_trigtuple);
	MtrOwner	saved;

	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		Membership	to = read_membership(trigdata, trigdata->tg_newtuple);

		change_member(&row, &to);
	}
	else if (TRIGGER_FIRED_BY_DELETE(trigdata->tg_event))
		recompute(row.programme_id, row.participant_id, false);
	else if (lock_open_relationship(row.programme_id, row.relationship_id))
		recompute(row.programme_id, row.participant_id, true);
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}

/*
 * _member_truncate(): AFTER TRUNCATE of relationship_member.  Whoever empties
 * relationship or participant empties this table, too.
 */
Datum
mentoring_member_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_member_truncate",
										  TRIGGER_EVENT_AFTER, 0);
	MtrOwner	saved;

	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	(void) run(Q_EMPTY, NULL);
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}

/*
 * The column of the date that a change to status "to" fills in where the
 * client gave none, or 0.  What was to start later than today ends on the day
 * it was to start: the dates must be in order.
 */
static int
date_to_fill(const TriggerData *trigdata, const char *to, Datum *date)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	HeapTuple	new = trigdata->tg_newtuple;
	DateADT		today = GetSQLCurrentDate();
	int			started_on = SPI_fnumber(tupdesc, "started_on");
	int			column;
	Datum		start;
	bool		has_start;
	bool		isnull;

	start = SPI_getbinval(new, tupdesc, started_on, &isnull);
	has_start = !isnull;
	*date = DateADTGetDatum(today);
	if (strcmp(to, "trial") == 0 || strcmp(to, "active") == 0)
		return has_start ? 0 : started_on;
	if (is_open(to))
		return 0;
	if (has_start && DatumGetDateADT(start) > today)
		*date = start;
	column = SPI_fnumber(tupdesc, "ended_on");
	(void) SPI_getbinval(new, tupdesc, column, &isnull);
	return isnull ? column : 0;
}

/*
 * _relationship_state(): BEFORE UPDATE of relationship.  ended_from is ours
 * alone; the dates are filled in where the client gave none.
 */
Datum
mentoring_relationship_state(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_relationship_state",
										  TRIGGER_EVENT_BEFORE,
										  TRIGGER_EVENT_ROW);
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	HeapTuple	old = trigdata->tg_trigtuple;
	HeapTuple	new = trigdata->tg_newtuple;
	char	   *from = column_text(trigdata, old, "status");
	char	   *to = SPI_getvalue(new, tupdesc, SPI_fnumber(tupdesc, "status"));
	int			columns[2];
	Datum		values[2];
	bool		nulls[2] = {false, false};
	int			ncolumns = 1;

	columns[0] = SPI_fnumber(tupdesc, "ended_from");
	values[0] = SPI_getbinval(old, tupdesc, columns[0], &nulls[0]);

	/* a status of NULL is refused after the triggers */
	if (to != NULL && strcmp(from, to) != 0)
	{
		if (strcmp(to, "ended") == 0)
		{
			values[0] = CStringGetTextDatum(from);
			nulls[0] = false;
		}
		columns[1] = date_to_fill(trigdata, to, &values[1]);
		if (columns[1] > 0)
			ncolumns = 2;
	}
	return PointerGetDatum(heap_modify_tuple_by_cols(new, tupdesc, ncolumns,
													 columns, values, nulls));
}

/*
 * _relationship_load(): AFTER UPDATE that changes the status.
 */
Datum
mentoring_relationship_load(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_relationship_load",
										  TRIGGER_EVENT_AFTER,
										  TRIGGER_EVENT_ROW);
	HeapTuple	new = trigdata->tg_newtuple;
	bool		was_open = is_open(column_text(trigdata, trigdata->tg_trigtuple,
											   "status"));
	bool		now_open = is_open(column_text(trigdata, new, "status"));
	int64		params[2];
	MtrOwner	saved;
	SPITupleTable *members;
	uint64		nmembers;

	if (was_open == now_open)
		return PointerGetDatum(NULL);

	params[0] = column_int64(trigdata, new, "programme_id");
	params[1] = column_int64(trigdata, new, "id");
	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	SPI_connect();
	nmembers = run(Q_MEMBERS, params);
	members = SPI_tuptable;
	for (uint64 i = 0; i < nmembers; i++)
	{
		bool		isnull;

		recompute(params[0],
				  DatumGetInt64(SPI_getbinval(members->vals[i],
											  members->tupdesc, 1, &isnull)),
				  now_open);
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	return PointerGetDatum(NULL);
}
