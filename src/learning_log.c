/*
 * learning_log.c
 *	  what a row of the learning log may be, beyond its constraints
 *
 * Rules that a CHECK can't state: today isn't the same tomorrow, and a CHECK
 * sees one version of the row only.  No table is read.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_learning_log_check);

/* A column that is never null. */
static Datum
column(TriggerData *trigger, HeapTuple row, const char *name, bool *isnull)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	return SPI_getbinval(row, desc, SPI_fnumber(desc, name), isnull);
}

/* Somewhere on earth it is tomorrow already; later is a mistake. */
static void
check_day(TriggerData *trigger)
{
	bool		isnull;
	DateADT		day = DatumGetDateADT(column(trigger, trigger->tg_trigtuple,
											 "occurred_on", &isnull));

	if (isnull || DATE_NOT_FINITE(day) || day <= GetSQLCurrentDate() + 1)
		return;					/* what else is wrong is a constraint's */
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("occurred_on of a log entry is %s, more than a day from now",
					DatumGetCString(DirectFunctionCall1(date_out,
														DateADTGetDatum(day)))),
			 errhint("Log what was learned, not what is planned.")));
}

/* Triggers of a row that is inserted, or whose programme_id changes. */
Datum
mentoring_learning_log_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s can only be called as a trigger",
						"mentoring._learning_log_check()")));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		check_day(trigger);
		return PointerGetDatum(trigger->tg_trigtuple);
	}
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("log entry %lld cannot move from programme %lld to another",
					(long long) DatumGetInt64(column(trigger,
													 trigger->tg_trigtuple,
													 "id", &isnull)),
					(long long) DatumGetInt64(column(trigger,
													 trigger->tg_trigtuple,
													 "programme_id",
													 &isnull))),
			 errhint("Delete it there and insert it here.")));
}
