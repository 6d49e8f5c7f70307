/*
 * progress.c
 *	  how far a long call has come, for other sessions to see
 *
 * Where.  PostgreSQL shows the progress of its own commands in views that an
 * extension can't add to, and shared memory of our own would need
 * shared_preload_libraries.  The application name in the session's entry of
 * pg_stat_activity can be changed by the backend at any time, is read by
 * everybody's monitoring, and costs one short write.
 *
 * Cost.  Kernels report once a row; the clock is read for each report, and
 * what is shown changes every tenth of a second at most.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "mentoring.h"
#include "progress.h"

/* between two changes of the name, and two messages, in milliseconds */
#define SHOW_EVERY 100
#define INFORM_EVERY 1000

bool		mtr_progress_info = false;

/* The call that is shown, in this session. */
typedef struct Shown
{
	int			depth;			/* calls begun; only the first is shown */
	int			nest_level;		/* of its subtransaction */
	const char *function;		/* a constant */
	int64		programme_id;
	const char *phase;			/* a constant */
	TimestampTz at;
	TimestampTz told;
} Shown;

static Shown shown;

/* Put the line together and show it. */
static void
show(int64 done, int64 total, TimestampTz now)
{
	char		line[NAMEDATALEN];
	char		programme[24] = "";
	int			percent = total > 0 ? (int) (100.0 * done / total) : 0;

	if (shown.programme_id != 0)
		snprintf(programme, sizeof(programme), " %lld",
				 (long long) shown.programme_id);
	snprintf(line, sizeof(line), "mentoring %s%s: %s %d %%", shown.function,
			 programme, shown.phase, Min(percent, 100));
	shown.at = now;
	pgstat_report_appname(line);
	if (mtr_progress_info &&
		TimestampDifferenceExceeds(shown.told, now, INFORM_EVERY))
	{
		shown.told = now;

		ereport(INFO, (errmsg_internal("%s", line), errhidestmt(true)));
	}
}

void
mtr_progress_begin(const char *function, int64 programme_id)
{
	if (shown.depth++ > 0)
		return;
	shown.nest_level = GetCurrentTransactionNestLevel();
	shown.function = function;
	shown.programme_id = programme_id;
	shown.at = 0;
	shown.told = GetCurrentTimestamp();

	mtr_progress_phase("load");
}

void
mtr_progress_phase(const char *phase)
{
	if (shown.depth != 1)
		return;
	shown.phase = phase;

	show(0, 0, GetCurrentTimestamp());
}

/* kernel.h */
void
mtr_progress(int64_t done, int64_t total)
{
	TimestampTz now;

	if (shown.depth != 1)
		return;
	now = GetCurrentTimestamp();
	if (TimestampDifferenceExceeds(shown.at, now, SHOW_EVERY))
		show(done, total, now);
}

static void
restore(void)
{
	shown.depth = 0;

	pgstat_report_appname(application_name ? application_name : "");
}

void
mtr_progress_end(void)
{
	if (shown.depth > 0 && --shown.depth == 0)
		restore();
}

/* A transaction or subtransaction in which a call ran has failed. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (shown.depth > 0)
		restore();
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB || shown.depth == 0)
		return;
	if (GetCurrentTransactionNestLevel() <= shown.nest_level)
		restore();
	else
		shown.depth = 1;		/* calls inside the first one have failed */
}

void
mtr_progress_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
