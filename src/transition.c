/*
 * transition.c
 *	  what may become of a row, and by whom
 *
 * Row security says which rows somebody may update, column privileges which
 * columns; neither compares the old row with the new one, and participants,
 * partners and coordinators are all clients of one database role.  Triggers
 * do the rest: which columns (_check_update), which change of status
 * (_check_transition, by the table transition).
 *
 * They ask who it is only where row security holds for who updates: owners,
 * superusers and the extension's own functions may change any column, and make
 * any change of status somebody may make.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "access.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_check_transition);
PG_FUNCTION_INFO_V1(mentoring_check_update);

/* What became of looking a change up. */
typedef struct Change
{
	bool		is_allowed;		/* to the caller */
	char	   *others;			/* who may, if the caller may not */
	char	   *instead;		/* what the caller may */
} Change;

static int64
row_int64(TriggerData *trigdata, const char *column)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(trigdata->tg_trigtuple, desc,
									   SPI_fnumber(desc, column), &isnull));
}

/*
 * As whom the caller updates this row: NULL for anybody, else a value of
 * transition.by_whom.  Row security has let nobody else through.
 */
static const char *
find_actor(TriggerData *trigdata)
{
	const char *object = RelationGetRelationName(trigdata->tg_relation);

	if (check_enable_rls(RelationGetRelid(trigdata->tg_relation), InvalidOid,
						 true) != RLS_ENABLED)
		return NULL;
	if (mtr_is_coordinator(row_int64(trigdata,
									 strcmp(object, "programme") == 0 ?
									 "id" : "programme_id")))
		return "coordinator";
	return strcmp(object, "relationship") == 0 ? "partner" : "self";
}

static void
check_called(FunctionCallInfo fcinfo, const char *name)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be called as a BEFORE UPDATE row trigger",
						name)));
}

/* Look a change up; the texts are the caller's to read. */
static Change
find_change(Oid owner, const char *object, const char *from, const char *to,
			const char *actor)
{
	static MtrStatement statement = {
		"SELECT coalesce(pg_catalog.bool_or(to_state OPERATOR(pg_catalog.=) $3"
		" AND is_mine), false), pg_catalog.string_agg(DISTINCT by_whom"
		" COLLATE pg_catalog.\"C\", ', ')"
		" FILTER (WHERE to_state OPERATOR(pg_catalog.=) $3),"
		" pg_catalog.string_agg(DISTINCT pg_catalog.quote_literal(to_state)"
		" COLLATE pg_catalog.\"C\", ', ') FILTER (WHERE is_mine)"
		" FROM (SELECT to_state, by_whom,"
		" coalesce(by_whom OPERATOR(pg_catalog.=) $4, true) AS is_mine"
		" FROM mentoring.transition WHERE object OPERATOR(pg_catalog.=) $1"
		" AND from_state OPERATOR(pg_catalog.=) $2) AS t",
		SPI_OK_SELECT
	};
	Oid			types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[4];
	Change		change;
	MtrOwner	saved;
	MemoryContext caller = CurrentMemoryContext;
	bool		isnull;
	int			result;

	values[0] = CStringGetTextDatum(object);
	values[1] = CStringGetTextDatum(from);
	values[2] = CStringGetTextDatum(to);
	values[3] = actor == NULL ? (Datum) 0 : CStringGetTextDatum(actor);
	mtr_owner_enter_table(owner, &saved);
	SPI_connect();
	result = SPI_execute_plan(mtr_statement_plan(&statement, 4, types), values,
							  actor == NULL ? "   n" : NULL, true, 1);
	mtr_statement_check(statement.text, &statement.plan, result,
						statement.expect);
	change.is_allowed = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
												   SPI_tuptable->tupdesc, 1,
												   &isnull));
	change.others = SPI_getvalue(SPI_tuptable->vals[0],
								 SPI_tuptable->tupdesc, 2);
	change.instead = SPI_getvalue(SPI_tuptable->vals[0],
								  SPI_tuptable->tupdesc, 3);
	if (change.others != NULL)
		change.others = MemoryContextStrdup(caller, change.others);
	if (change.instead != NULL)
		change.instead = MemoryContextStrdup(caller, change.instead);
	SPI_finish();
	mtr_owner_leave(&saved);
	return change;
}

/*
 * _check_transition(): BEFORE UPDATE row trigger of every table with a status.
 */
Datum
mentoring_check_transition(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TupleDesc	tupdesc;
	const char *object;
	const char *actor;
	char	   *from,
			   *to;
	Change		change;
	int			column;

	check_called(fcinfo, "_check_transition");
	tupdesc = RelationGetDescr(trigdata->tg_relation);
	object = RelationGetRelationName(trigdata->tg_relation);
	column = SPI_fnumber(tupdesc, "status");
	from = SPI_getvalue(trigdata->tg_trigtuple, tupdesc, column);
	to = SPI_getvalue(trigdata->tg_newtuple, tupdesc, column);
	if (to == NULL || strcmp(from, to) == 0)
		return PointerGetDatum(trigdata->tg_newtuple);	/* NOT NULL follows */

	actor = find_actor(trigdata);
	change = find_change(trigdata->tg_relation->rd_rel->relowner, object, from,
						 to, actor);
	if (!change.is_allowed)
		ereport(ERROR,
				(errcode(change.others == NULL ?
						 ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE :
						 ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s %lld cannot change from status \"%s\" to \"%s\"",
						object, (long long) row_int64(trigdata, "id"), from,
						to),
				 change.others == NULL ? 0 :
				 errdetail("That is for %s, not for %s.", change.others,
						   actor),
				 change.instead != NULL ?
				 errhint("From \"%s\" it can become %s.", from, change.instead)
				 : change.others == NULL ?
				 errhint("\"%s\" is final.", from) : 0));
	return PointerGetDatum(trigdata->tg_newtuple);
}

/* Has the update changed this column?  Gives its values. */
static bool
is_changed(TriggerData *trigdata, int attno, Datum *old, Datum *new)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Form_pg_attribute att = TupleDescAttr(desc, attno - 1);
	bool		old_null,
				new_null;

	*old = heap_getattr(trigdata->tg_trigtuple, attno, desc, &old_null);
	*new = heap_getattr(trigdata->tg_newtuple, attno, desc, &new_null);
	if (old_null || new_null)
		return old_null != new_null;
	return !datum_image_eq(*old, *new, att->attbyval, att->attlen);
}

/* What the arguments of the trigger say of a column: 0 = nothing. */
static char
find_rule(Trigger *trigger, const char *column)
{
	for (int i = 0; i < trigger->tgnargs; i++)
	{
		const char *arg = trigger->tgargs[i];
		bool		is_plain = *arg != '!' && *arg != '<';

		if (strcmp(is_plain ? arg : arg + 1, column) == 0)
			return is_plain ? '=' : *arg;
	}
	return 0;
}

static void
refuse_column(TriggerData *trigdata, const char *column, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("column \"%s\" of %s %lld cannot be changed", column,
					RelationGetRelationName(trigdata->tg_relation),
					(long long) row_int64(trigdata, "id")),
			 errdetail("%s", why)));
}

/*
 * _check_update(column, ...): BEFORE UPDATE row trigger.  The arguments are the
 * columns others than coordinators may change: "<column" may be lowered only;
 * "!column" isn't for coordinators either.
 */
Datum
mentoring_check_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	const char *actor;
	bool		is_coordinator;

	check_called(fcinfo, "_check_update");
	actor = find_actor(trigdata);
	if (actor == NULL)
		return PointerGetDatum(trigdata->tg_newtuple);
	is_coordinator = strcmp(actor, "coordinator") == 0;
	desc = RelationGetDescr(trigdata->tg_relation);
	for (int attno = 1; attno <= desc->natts; attno++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, attno - 1);
		const char *column = NameStr(att->attname);
		char		rule = find_rule(trigdata->tg_trigger, column);
		Datum		old,
					new;

		if (att->attisdropped || rule == '=' ||
			(is_coordinator && rule != '!') ||
			!is_changed(trigdata, attno, &old, &new))
			continue;
		if (rule == '!')
			refuse_column(trigdata, column,
						  "What was written as one person isn't given to another.");
		if (rule == 0)
			refuse_column(trigdata, column,
						  "That is for coordinators of the programme.");
		if (DatumGetInt32(new) > DatumGetInt32(old))
			refuse_column(trigdata, column,
						  "It may be lowered; coordinators of the programme raise it.");
	}
	return PointerGetDatum(trigdata->tg_newtuple);
}
