/*
 * sync_queue.c
 *	  the trigger that notes which rows of a learning management system change
 *
 * A statement-level trigger with transition tables names no column, so the
 * table can be altered as if it weren't there.  Rows are compared here as
 * images of their values: nothing that belongs to the table's owner, no
 * operator, cast or output function, runs while we write as our own.  Columns
 * the trigger's arguments name are of no interest: Moodle notes lastaccess of
 * whoever is there once a minute.
 *
 * Whatever fails is a warning, for the statement isn't ours; a cancelled one
 * is cancelled.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/uuid.h"

#include "access.h"
#include "match_statement.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_queue_change);

/* arguments before the columns of no interest */
#define FIXED_ARGUMENTS 2

/* Is a column of interest? */
static bool
is_watched(const Trigger *trigger, const char *column)
{
	for (int i = FIXED_ARGUMENTS; i < trigger->tgnargs; i++)
		if (strcmp(trigger->tgargs[i], column) == 0)
			return false;
	return true;
}

static bool
differs(TupleTableSlot *old, TupleTableSlot *new, const bool *watched)
{
	TupleDesc	desc = new->tts_tupleDescriptor;

	slot_getallattrs(old);
	slot_getallattrs(new);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped || !watched[i])
			continue;
		if (old->tts_isnull[i] != new->tts_isnull[i])
			return true;
		if (!new->tts_isnull[i] &&
			!datum_image_eq(old->tts_values[i], new->tts_values[i],
							att->attbyval, att->attlen))
			return true;
	}
	return false;
}

/* The key of a row as text; NULL for types whose output isn't the server's. */
static Datum
row_key(TupleTableSlot *slot, int attno, bool *isnull)
{
	Oid			type;
	Oid			output;
	bool		is_varlena;

	*isnull = true;
	if (attno == InvalidAttrNumber || slot_attisnull(slot, attno))
		return (Datum) 0;
	type = TupleDescAttr(slot->tts_tupleDescriptor, attno - 1)->atttypid;
	if (type != INT8OID && type != INT4OID && type != INT2OID &&
		type != TEXTOID && type != VARCHAROID && type != UUIDOID)
		return (Datum) 0;
	*isnull = false;
	getTypeOutputInfo(type, &output, &is_varlena);
	return CStringGetTextDatum(OidOutputFunctionCall(output,
													 slot_getattr(slot, attno,
																  isnull)));
}

/* Keys of the rows that matter, as an array of text; NULL for none. */
static ArrayType *
changed_keys(TriggerData *trigdata)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Trigger    *trigger = trigdata->tg_trigger;
	Tuplestorestate *rows = trigdata->tg_newtable != NULL ?
	trigdata->tg_newtable : trigdata->tg_oldtable;
	bool		compare = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) &&
	tuplestore_tuple_count(trigdata->tg_oldtable) ==
	tuplestore_tuple_count(trigdata->tg_newtable);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	TupleTableSlot *old = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	bool	   *watched = palloc_array(bool, desc->natts);
	int			attno = SPI_fnumber(desc, trigger->tgargs[1]);
	ArrayBuildState *keys = NULL;

	for (int i = 0; i < desc->natts; i++)
		watched[i] = is_watched(trigger, NameStr(TupleDescAttr(desc, i)->attname));
	tuplestore_rescan(rows);
	if (compare)
		tuplestore_rescan(trigdata->tg_oldtable);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;
		Datum		key;

		CHECK_FOR_INTERRUPTS();

		/* both tables hold the rows in the order in which they changed */
		if (compare &&
			tuplestore_gettupleslot(trigdata->tg_oldtable, true, false, old) &&
			!differs(old, slot, watched))
			continue;
		key = row_key(slot, Max(attno, 0), &isnull);
		keys = accumArrayResult(keys, key, isnull, TEXTOID,
								CurrentMemoryContext);
	}
	ExecDropSingleTupleTableSlot(slot);
	ExecDropSingleTupleTableSlot(old);
	return keys == NULL ? NULL :
		DatumGetArrayTypeP(makeArrayResult(keys, CurrentMemoryContext));
}

/* Write them with the owner's rights. */
static void
write_keys(TriggerData *trigdata, Oid function, ArrayType *keys)
{
	static MtrStatement statement = {
		"INSERT INTO mentoring.sync_queue"
		" (source, table_name, action, external_id)"
		" SELECT $1, $2, $3, k FROM pg_catalog.unnest($4::text[]) AS k",
		SPI_OK_INSERT
	};
	Relation	rel = trigdata->tg_relation;
	MtrParams	params = {0};
	MtrOwner	saved;

	mtr_add_text(&params, trigdata->tg_trigger->tgargs[0]);
	mtr_add_text(&params,
				 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
											RelationGetRelationName(rel)));
	mtr_add_text(&params, TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ?
				 "insert" : TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
				 "update" : "delete");
	mtr_add_param(&params, TEXTARRAYOID, PointerGetDatum(keys));
	mtr_owner_enter_function(function, &saved);
	SPI_connect();
	mtr_execute(&statement, &params);
	SPI_finish();
	mtr_owner_leave(&saved);
}

/* In a subtransaction, so that a failure undoes our part alone. */
static void
queue_changes(TriggerData *trigdata, Oid function)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(oldcxt);
	PG_TRY();
	{
		ArrayType  *keys = changed_keys(trigdata);

		if (keys != NULL)
			write_keys(trigdata, function, keys);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(oldcxt);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(oldcxt);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(oldcxt);
		CurrentResourceOwner = owner;
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("changes of \"%s\" weren't noted for mentoring: %s",
						RelationGetRelationName(trigdata->tg_relation),
						error->message),
				 errdetail("The statement isn't affected; the next sync() finds them.")));
		FreeErrorData(error);
	}
	PG_END_TRY();
}

Datum
mentoring_queue_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s can only be called as a trigger",
						"mentoring._queue_change()")));
	if (trigdata->tg_trigger->tgnargs < FIXED_ARGUMENTS ||
		(trigdata->tg_newtable == NULL && trigdata->tg_oldtable == NULL))
		ereport(WARNING,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" wasn't made by attach_trigger()",
						trigdata->tg_trigger->tgname)));
	else
		queue_changes(trigdata, fcinfo->flinfo->fn_oid);
	return PointerGetDatum(NULL);
}
