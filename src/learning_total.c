/*
 * learning_total.c
 *	  triggers on the learning log that keep its totals
 *
 * A row counts for the day of its author and relationship, and for its skill
 * in its month.  What it brings is collected until the transaction ends.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/datetime.h"
#include "utils/rel.h"

#include "access.h"
#include "learning.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_learning_total);
PG_FUNCTION_INFO_V1(mentoring_learning_truncate);

/* The columns that count, and where they are. */
typedef enum LogColumn
{
	C_PROGRAMME,
	C_OCCURRED,
	C_RELATIONSHIP,
	C_PARTICIPANT,
	C_MINUTES,
	C_SKILL,
	C_BEFORE,
	C_AFTER,
	C_COUNT
} LogColumn;

static const char *const column_name[C_COUNT] = {
	[C_PROGRAMME] = "programme_id",
	[C_OCCURRED] = "occurred_on",
	[C_RELATIONSHIP] = "relationship_id",
	[C_PARTICIPANT] = "participant_id",
	[C_MINUTES] = "minutes",
	[C_SKILL] = "skill_id",
	[C_BEFORE] = "level_before",
	[C_AFTER] = "level_after",
};

static AttrNumber column_at[C_COUNT];

static void
find_columns(TupleDesc desc)
{
	for (int i = 0; i < C_COUNT; i++)
	{
		AttrNumber	at = column_at[i];

		if (at > 0 && at <= desc->natts &&
			strcmp(NameStr(TupleDescAttr(desc, at - 1)->attname),
				   column_name[i]) == 0)
			continue;
		at = SPI_fnumber(desc, column_name[i]);
		if (at <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("learning_log has no column \"%s\"",
							column_name[i]),
					 errhint("Tables of the extension can't be changed.")));
		column_at[i] = at;
	}
}

static int64
slot_int64(TupleTableSlot *slot, LogColumn column, bool *isnull)
{
	return DatumGetInt64(slot_getattr(slot, column_at[column], isnull));
}

/* Add (sign 1) or take away (-1) what a row of the log contributes. */
static void
book(TupleTableSlot *slot, int sign)
{
	MtrLearningKey key = {0};
	MtrLearningSum sum = {0};
	bool		isnull,
				no_before,
				no_after;
	int16		before,
				after;
	int64		skill_id;

	key.programme_id = slot_int64(slot, C_PROGRAMME, &isnull);
	key.participant_id = slot_int64(slot, C_PARTICIPANT, &isnull);
	key.object_id = slot_int64(slot, C_RELATIONSHIP, &isnull);
	if (isnull)
		key.object_id = 0;
	mtr_learning_month(DatumGetDateADT(slot_getattr(slot,
													column_at[C_OCCURRED],
													&isnull)),
					   &key.month, &key.day);
	key.kind = MTR_LEARNING_DAY;
	sum.entries = sign;
	sum.minutes = sign * DatumGetInt32(slot_getattr(slot,
													column_at[C_MINUTES],
													&isnull));
	mtr_learning_collect(&key, &sum);

	skill_id = slot_int64(slot, C_SKILL, &isnull);
	if (isnull)
		return;
	key.object_id = skill_id;
	key.day = 1;
	key.kind = MTR_LEARNING_SKILL;
	before = DatumGetInt16(slot_getattr(slot, column_at[C_BEFORE],
										&no_before));
	after = DatumGetInt16(slot_getattr(slot, column_at[C_AFTER], &no_after));
	if (!no_before && !no_after)
	{
		sum.gain = sign * (after - before);
		sum.gain_entries = sign;
	}
	mtr_learning_collect(&key, &sum);
}

static TriggerData *
check_trigger(FunctionCallInfo fcinfo, bool is_row)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		(TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) != 0) != is_row)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("triggers of the learning log's totals must be called AFTER, as created by the extension")));
	return trigdata;
}

/* _learning_total(): AFTER INSERT, DELETE or UPDATE, each row. */
Datum
mentoring_learning_total(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, true);

	find_columns(RelationGetDescr(trigdata->tg_relation));
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		book(trigdata->tg_trigslot, 1);
	else
	{
		book(trigdata->tg_trigslot, -1);
		if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
			book(trigdata->tg_newslot, 1);
	}
	mtr_learning_collected();
	return PointerGetDatum(NULL);
}

/*
 * _learning_truncate(): AFTER TRUNCATE.  Not by TRUNCATE of the totals, which
 * would wait for whoever reads them, who might wait for the log: whoever
 * folds is waited for, before any row is locked.
 */
Datum
mentoring_learning_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, false);
	static const char *const text[] = {
		"DELETE FROM mentoring.learning_spill",
		"DELETE FROM mentoring.learning_delta",
		"DELETE FROM mentoring.learning_day",
		"DELETE FROM mentoring.learning_author",
		"DELETE FROM mentoring.learning_programme_month",
		"DELETE FROM mentoring.learning_programme_day",
		"DELETE FROM mentoring.learning_skill_month",
	};
	MtrOwner	saved;

	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, &saved);
	mtr_learning_fold_lock();
	SPI_connect();
	for (int i = 0; i < lengthof(text); i++)
		mtr_statement_check(text[i], NULL, SPI_execute(text[i], false, 0),
							SPI_OK_DELETE);
	SPI_finish();
	mtr_owner_leave(&saved);
	mtr_learning_reset();
	return PointerGetDatum(NULL);
}
