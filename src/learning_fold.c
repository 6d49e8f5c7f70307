/*
 * learning_fold.c
 *	  deltas into hot totals, spilled entries into all
 *
 * One session folds at a time; an advisory lock sees to that.  Rows are
 * deleted and what they come to is added in one transaction, so any snapshot
 * has either, and a crash undoes both.  Hot totals are written by nobody else.
 * Spilled entries go the way of a transaction's own, in the same order, so
 * folding them takes part in no deadlock.
 *
 * Whoever appends asks for it, every mentoring.fold_after rows and always
 * after a spill: once committed, a background worker is started that folds
 * and ends.  Where none is to be had, somebody else will ask.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"

#include "access.h"
#include "learning.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_fold_learning_log);

/* first key of the advisory lock; "ment" in ASCII */
#define LOCK_CLASS		0x6d656e74

#define FETCH_ROWS		1000

int			mtr_learning_fold_after = 10000;

static bool is_asked = false;	/* by this transaction */
static bool is_folder = false;	/* this process is the worker */

/* In the order of mtr_learning_compare(). */
static const char *const spill_text =
"WITH gone AS (DELETE FROM mentoring.learning_spill RETURNING programme_id,"
" participant_id, skill_id IS NOT NULL AS is_skill, day, coalesce(skill_id,"
" relationship_id) AS object_id, entries, minutes, gain, gain_entries)"
" SELECT programme_id, participant_id, is_skill, day, object_id,"
" pg_catalog.sum(entries)::bigint, pg_catalog.sum(minutes)::bigint,"
" pg_catalog.sum(gain)::bigint, pg_catalog.sum(gain_entries)::bigint,"
" pg_catalog.count(*) FROM gone GROUP BY 1, 2, 3, 4, 5"
" ORDER BY 1, 2, pg_catalog.date_trunc('month', day::timestamp), 3, 4, 5";

/* A day becomes active with its first entry, and ceases to be with its last. */
static const char *const delta_text =
"WITH gone AS (DELETE FROM mentoring.learning_delta RETURNING *,"
" pg_catalog.date_trunc('month', day::timestamp)::date AS month), added AS ("
"SELECT programme_id, month, day, pg_catalog.sum(entries) AS entries,"
" pg_catalog.sum(minutes) AS minutes,"
" pg_catalog.sum(participants) AS participants"
" FROM gone GROUP BY 1, 2, 3), days AS ("
"INSERT INTO mentoring.learning_programme_day AS t (programme_id, day,"
" entries) SELECT programme_id, day, entries FROM added"
" WHERE entries <> 0 ORDER BY 1, 2 ON CONFLICT (programme_id, day)"
" DO UPDATE SET entries = t.entries + EXCLUDED.entries"
" RETURNING programme_id, day, entries), programmes AS ("
"INSERT INTO mentoring.learning_programme_month AS t (programme_id, month,"
" entries, minutes, participants, active_days) SELECT a.programme_id,"
" a.month, pg_catalog.sum(a.entries), pg_catalog.sum(a.minutes),"
" pg_catalog.sum(a.participants), coalesce(pg_catalog.sum("
"(d.entries > 0)::integer - (d.entries - a.entries > 0)::integer), 0)"
" FROM added AS a LEFT JOIN days AS d USING (programme_id, day)"
" GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT (programme_id, month)"
" DO UPDATE SET entries = t.entries + EXCLUDED.entries,"
" minutes = t.minutes + EXCLUDED.minutes,"
" participants = t.participants + EXCLUDED.participants,"
" active_days = t.active_days + EXCLUDED.active_days), skills AS ("
"INSERT INTO mentoring.learning_skill_month AS t (programme_id, skill_id,"
" month, entries, minutes, participants, gain, gain_entries) SELECT"
" programme_id, skill_id, month, pg_catalog.sum(skill_entries),"
" pg_catalog.sum(skill_minutes), pg_catalog.sum(skill_participants),"
" pg_catalog.sum(gain), pg_catalog.sum(gain_entries) FROM gone"
" WHERE skill_id IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
" ON CONFLICT (programme_id, skill_id, month) DO UPDATE SET"
" entries = t.entries + EXCLUDED.entries,"
" minutes = t.minutes + EXCLUDED.minutes,"
" participants = t.participants + EXCLUDED.participants,"
" gain = t.gain + EXCLUDED.gain,"
" gain_entries = t.gain_entries + EXCLUDED.gain_entries)"
" SELECT pg_catalog.count(*) FROM gone";

static bool
take_lock(bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, LOCK_CLASS,
						 mtr_learning_table("learning_delta"), 2);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) !=
		LOCKACQUIRE_NOT_AVAIL;
}

/* Wait until nobody folds, and keep others from it until the transaction's
 * end. */
void
mtr_learning_fold_lock(void)
{
	(void) take_lock(true);
}

static int64
column(SPITupleTable *rows, uint64 row, int at, bool *isnull)
{
	return DatumGetInt64(SPI_getbinval(rows->vals[row], rows->tupdesc, at,
									   isnull));
}

/* One row of spill_text; returns how many rows it stands for. */
static int64
read_spilled(SPITupleTable *rows, uint64 row, MtrLearningEntry *entry)
{
	MtrLearningKey *key = &entry->key;
	bool		isnull;
	Datum		day = SPI_getbinval(rows->vals[row], rows->tupdesc, 4,
									&isnull);

	memset(entry, 0, sizeof(*entry));
	key->programme_id = column(rows, row, 1, &isnull);
	key->participant_id = column(rows, row, 2, &isnull);
	key->kind = DatumGetBool(SPI_getbinval(rows->vals[row], rows->tupdesc, 3,
										   &isnull)) ?
		MTR_LEARNING_SKILL : MTR_LEARNING_DAY;
	mtr_learning_month(DatumGetDateADT(day), &key->month, &key->day);
	key->object_id = column(rows, row, 5, &isnull);
	entry->sum.entries = column(rows, row, 6, &isnull);
	entry->sum.minutes = column(rows, row, 7, &isnull);
	entry->sum.gain = column(rows, row, 8, &isnull);
	entry->sum.gain_entries = column(rows, row, 9, &isnull);
	return column(rows, row, 10, &isnull);
}

/* Apply all spilled entries.  Connected to SPI, as is what is called. */
static int64
fold_spilled(void)
{
	SPIPlanPtr	plan;
	Portal		portal;
	MtrLearningEntry *entry = palloc(FETCH_ROWS * sizeof(*entry));
	int64		folded = 0;
	uint64		n;

	if (SPI_execute("SELECT FROM mentoring.learning_spill LIMIT 1", false,
					1) != SPI_OK_SELECT || SPI_processed == 0)
		return 0;
	plan = SPI_prepare(spill_text, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", spill_text);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	mtr_learning_flush_begin();
	do
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		n = SPI_processed;
		for (uint64 i = 0; i < n; i++)
			folded += read_spilled(SPI_tuptable, i, &entry[i]);
		SPI_freetuptable(SPI_tuptable);
		for (uint64 i = 0; i < n; i++)
			mtr_learning_flush_entry(&entry[i]);
	} while (n > 0);
	SPI_cursor_close(portal);
	mtr_learning_flush_end();
	SPI_freeplan(plan);
	return folded;
}

static int64
fold_deltas(void)
{
	bool		isnull;

	mtr_statement_check(delta_text, NULL, SPI_execute(delta_text, false, 0),
						SPI_OK_SELECT);
	return column(SPI_tuptable, 0, 1, &isnull);
}

/*
 * Fold, if nobody else does.  As the owner of the extension, with its
 * search_path.
 */
static int64
fold(bool with_spilled)
{
	int64		folded = 0;

	if (!take_lock(false))
		return 0;
	SPI_connect();
	if (with_spilled)
		folded = fold_spilled();
	folded += fold_deltas();
	SPI_finish();
	return folded;
}

/* Where deltas come from a publisher, so does what they are folded into. */
static void
check_not_received(void)
{
	static const char *const text =
	"SELECT FROM pg_catalog.pg_subscription_rel"
	" WHERE srrelid = 'mentoring.learning_delta'::regclass";
	bool		received;

	SPI_connect();
	mtr_statement_check(text, NULL, SPI_execute(text, true, 1), SPI_OK_SELECT);
	received = SPI_processed > 0;
	SPI_finish();
	if (received)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a subscription delivers learning_delta"),
				 errdetail("It is folded where it comes from."),
				 errhint("Call fold_learning_log() on the publisher.")));
}

/* All of it, where nobody can write to the log. */
void
mtr_learning_fold_all(void)
{
	mtr_learning_fold_lock();
	(void) fold(true);
}

/*
 * Spilled entries lock rows of authors until the transaction ends, and one
 * that goes on and waits for somebody else would break the order.
 */
Datum
mentoring_fold_learning_log(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	int64		folded;

	mtr_enter_admin(fcinfo, &saved);
	check_not_received();
	folded = fold(!IsTransactionBlock() && !IsSubTransaction());
	mtr_owner_leave(&saved);
	PG_RETURN_INT64(folded);
}

/* -----------------------------------------------------------------------
 * The worker
 * -----------------------------------------------------------------------
 */

/* A row was appended, with this id. */
void
mtr_learning_fold_count(int64 id, bool is_spill)
{
	if (mtr_learning_fold_after > 0 &&
		(is_spill || id % mtr_learning_fold_after == 0))
		is_asked = true;
}

/* At the end of the transaction. */
void
mtr_learning_fold_ask(bool is_committed)
{
	BackgroundWorker worker;
	bool		asked = is_asked && is_committed;

	is_asked = false;
	/* what a worker leaves to be folded, it or the next one finds */
	if (!asked || is_folder)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "$libdir/mentoring", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "mtr_learning_fold_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "mentoring: folding the learning log",
			BGW_MAXLEN);
	strlcpy(worker.bgw_type, "mentoring fold", BGW_MAXLEN);
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	(void) RegisterDynamicBackgroundWorker(&worker, NULL);
}

void
mtr_learning_fold_main(Datum database)
{
	is_folder = true;
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database),
											  InvalidOid, 0);
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, "fold_learning_log()");
	if (mtr_learning_is_there())
		(void) fold(true);
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
	proc_exit(0);
}
