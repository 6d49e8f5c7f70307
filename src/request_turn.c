/*
 * request_turn.c
 *	  whose turn it is among the requests of a mentee
 *
 * Of the open requests of a mentee one at most is 'asked', the others wait.
 * When none is asked, the best by rank, then id is.  If its mentor can't be
 * had by then, it is declined without asking anybody, and the next is tried.
 *
 * Concurrency.  What one mentee has asked is decided under a lock on the
 * mentee's row of participant_load: without it, a request made while another
 * is being declined could wait for ever, because neither side sees the other.
 * A unique index (one asked for each mentee) stands behind it.  Locks are
 * taken in this order: programme, the asked request, places in the order of
 * participants, waiting requests.  mtr_ask_close_all() closes several asked
 * ones: it goes through mentees in the order of their ids, as those who claim
 * places do, and leaves out requests that are locked, for somebody is closing
 * them.  Rows are read with the latest snapshot, and under REPEATABLE READ one
 * that changed since the transaction began is refused with a serialization
 * failure (see relationship.c).
 *
 * Limits.  One UPDATE that withdraws several requests of a mentee locks them
 * in the order it finds them in.  It may meet somebody who passes on at the
 * same moment; then the server ends one of the two as a deadlock.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "request.h"

#define ASK_PARAMS 5

/* Whose requests are being passed on, 0 = nobody's. */
static int64 settling_mentee = 0;

/* ----------------------------------------------------------------
 *		Statements
 * ----------------------------------------------------------------
 */

uint64
mtr_ask_run(MtrStatement *statement, const MtrAsk *ask)
{
	Datum		values[ASK_PARAMS] = {0};
	char		nulls[ASK_PARAMS] = {' ', ' ', ' ', ' ', ' '};
	Oid			types[ASK_PARAMS] = {INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID};
	SPIPlanPtr	plan = mtr_statement_plan(statement, ASK_PARAMS, types);
	Snapshot	crosscheck = InvalidSnapshot;

	values[0] = Int64GetDatum(ask->programme_id);
	values[1] = Int64GetDatum(ask->mentee_id);
	values[2] = Int64GetDatum(ask->mentor_id);
	values[3] = Int64GetDatum(ask->id);
	nulls[0] = ask->all_programmes ? 'n' : ' ';
	if (ask->note != NULL)
		values[4] = CStringGetTextDatum(ask->note);
	else
		nulls[4] = 'n';
	CommandCounterIncrement();
	/* what is updated must be what the transaction sees */
	if (IsolationUsesXactSnapshot())
		crosscheck = GetTransactionSnapshot();
	mtr_statement_check(statement->text, &statement->plan,
						SPI_execute_snapshot(plan, values, nulls,
											 GetLatestSnapshot(), crosscheck,
											 false, true, 0),
						statement->expect);
	return SPI_processed;
}

char *
mtr_ask_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						column);
}

bool
mtr_ask_is_true(uint64 row, int column)
{
	char	   *value = mtr_ask_text(row, column);

	return value != NULL && strcmp(value, "t") == 0;
}

int64
mtr_ask_int64(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);

	if (isnull)
		elog(ERROR, "column %d is null", column);
	return DatumGetInt64(value);
}

void
mtr_ask_suppressed(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a change of mentoring.%s was suppressed by a trigger",
					table),
			 errhint("No trigger on mentoring.%s may return NULL.", table)));
}

/* ----------------------------------------------------------------
 *		Obstacles
 * ----------------------------------------------------------------
 */

/* e, the mentee, or o, the mentor, never wants the other. */
#define VETO_OF(who, whom) \
	"EXISTS (SELECT FROM mentoring.preference AS v" \
	" WHERE v.programme_id = g.id AND v.participant_id = " who \
	" AND v.preferred_id = " whom " AND v.is_veto)"

#define ARE_TOGETHER \
	"EXISTS (SELECT FROM mentoring.relationship_member AS a" \
	" JOIN mentoring.relationship_member AS b" \
	"  ON b.programme_id = a.programme_id" \
	"  AND b.relationship_id = a.relationship_id" \
	" JOIN mentoring.relationship AS r" \
	"  ON r.programme_id = a.programme_id AND r.id = a.relationship_id" \
	" WHERE a.programme_id = g.id AND a.participant_id = e.id" \
	" AND b.participant_id = o.id" \
	" AND r.status IN ('proposed', 'trial', 'active', 'paused'))"

/* A trial of the two persons that failed, in any programme. */
#define TRIAL_FAILED \
	"EXISTS (SELECT FROM mentoring.participant AS x" \
	" JOIN mentoring.relationship_member AS a" \
	"  ON a.programme_id = x.programme_id AND a.participant_id = x.id" \
	" JOIN mentoring.relationship AS r" \
	"  ON r.programme_id = a.programme_id AND r.id = a.relationship_id" \
	" JOIN mentoring.relationship_member AS b" \
	"  ON b.programme_id = r.programme_id AND b.relationship_id = r.id" \
	" JOIN mentoring.participant AS y" \
	"  ON y.programme_id = b.programme_id AND y.id = b.participant_id" \
	" WHERE x.person_id = e.person_id AND y.person_id = o.person_id" \
	" AND r.ended_from = 'trial')"

/* As an expression.  Who isn't a mentee or a mentor got into the table by an
 * INSERT; such a request is as dead as that of an excluded pair. */
#define OBSTACLE(programme, mentee, mentor) \
	"(SELECT CASE" \
	" WHEN g.status = 'closed' THEN 'programme closed'" \
	" WHEN e.status <> 'accepted' OR NOT h.is_active THEN 'mentee not accepted'" \
	" WHEN coalesce(f.active, 0) >= e.capacity THEN 'mentee full'" \
	" WHEN o.status <> 'accepted' OR NOT q.is_active THEN 'mentor not available'" \
	" WHEN coalesce(l.active, 0) >= o.capacity THEN 'mentor full'" \
	" WHEN " ARE_TOGETHER " THEN 'together already'" \
	" WHEN g.model NOT IN ('one_to_one', 'reverse', 'job_shadow')" \
	"  OR e.role <> 'mentee' OR o.role <> 'mentor'" \
	"  OR e.person_id = o.person_id" \
	"  OR EXISTS (SELECT FROM mentoring.pair_rule AS u" \
	"   WHERE u.programme_id = g.id AND u.mentee_id = e.id" \
	"   AND u.mentor_id = o.id AND u.rule = 'forbid')" \
	"  OR " VETO_OF("e.id", "o.id") " OR " VETO_OF("o.id", "e.id") \
	"  OR " TRIAL_FAILED " THEN 'mentor not available' END" \
	" FROM mentoring.programme AS g" \
	" JOIN mentoring.participant AS e ON e.programme_id = g.id" \
	" JOIN mentoring.participant AS o ON o.programme_id = g.id" \
	" JOIN mentoring.person AS h ON h.id = e.person_id" \
	" JOIN mentoring.person AS q ON q.id = o.person_id" \
	" LEFT JOIN mentoring.participant_load AS f" \
	"  ON f.programme_id = e.programme_id AND f.participant_id = e.id" \
	" LEFT JOIN mentoring.participant_load AS l" \
	"  ON l.programme_id = o.programme_id AND l.participant_id = o.id" \
	" WHERE g.id = " programme " AND e.id = " mentee " AND o.id = " mentor ")"

static MtrStatement get_obstacle = {
	"SELECT " OBSTACLE("$1", "$2", "$3"), SPI_OK_SELECT
};

char *
mtr_ask_obstacle(const MtrAsk *ask)
{
	(void) mtr_ask_run(&get_obstacle, ask);
	return mtr_ask_text(0, 1);
}

bool
mtr_obstacle_is_of_mentee(const char *obstacle)
{
	return strcmp(obstacle, "programme closed") == 0 ||
		strcmp(obstacle, "mentee not accepted") == 0 ||
		strcmp(obstacle, "mentee full") == 0;
}

/* ----------------------------------------------------------------
 *		Passing on
 * ----------------------------------------------------------------
 */

static MtrStatement lock_places = {
	"SELECT FROM mentoring.participant_load"
	" WHERE programme_id = $1 AND participant_id IN ($2, $3)"
	" ORDER BY participant_id FOR NO KEY UPDATE", SPI_OK_SELECT
};

static MtrStatement find_asked = {
	"SELECT id, mentor_id, answer_by < now() FROM mentoring.request"
	MTR_OF_MENTEE " AND status = 'asked'", SPI_OK_SELECT
};

static MtrStatement find_next = {
	"SELECT n.id, " OBSTACLE("$1", "$2", "n.mentor_id")
	" FROM (SELECT id, mentor_id FROM mentoring.request" MTR_OF_MENTEE
	"  AND status = 'waiting' ORDER BY rank, id LIMIT 1) AS n", SPI_OK_SELECT
};

static MtrStatement set_asked = {
	"UPDATE mentoring.request SET status = 'asked'" MTR_THIS_ROW
	" AND status = 'waiting'", SPI_OK_UPDATE
};

static MtrStatement set_unasked = {
	"UPDATE mentoring.request SET status = 'declined', reason = $5,"
	" asked_at = NULL, answer_by = NULL" MTR_THIS_ROW, SPI_OK_UPDATE
};

static MtrStatement withdraw_waiting = {
	"UPDATE mentoring.request SET status = 'withdrawn', reason = $5"
	MTR_OF_MENTEE " AND status = 'waiting'", SPI_OK_UPDATE
};

void
mtr_ask_lock_places(const MtrAsk *ask)
{
	(void) mtr_ask_run(&lock_places, ask);
}

/*
 * The next may be withdrawn by its mentee while set_asked waits for it; then
 * another is the next.  A mentor who cannot be had is passed over by way of
 * 'asked', as states allow, but nobody was asked.
 */
static void
ask_next(MtrAsk *ask)
{
	int64		before = 0;

	while (mtr_ask_run(&find_asked, ask) == 0 &&
		   mtr_ask_run(&find_next, ask) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		ask->id = mtr_ask_int64(0, 1);
		ask->note = mtr_ask_text(0, 2);
		if (ask->id == before)
			mtr_ask_suppressed("request");
		before = ask->id;
		if (ask->note != NULL && mtr_obstacle_is_of_mentee(ask->note))
		{
			(void) mtr_ask_run(&withdraw_waiting, ask);
			return;
		}
		if (mtr_ask_run(&set_asked, ask) > 0 && ask->note != NULL)
			(void) mtr_ask_run(&set_unasked, ask);
	}
}

void
mtr_ask_settle(int64 programme_id, int64 mentee_id)
{
	int64		before = settling_mentee;
	MtrAsk		ask = {0};

	ask.programme_id = programme_id;
	ask.mentee_id = ask.mentor_id = mentee_id;
	mtr_ask_lock_places(&ask);
	PG_TRY();
	{
		settling_mentee = mentee_id;
		ask_next(&ask);
	}
	PG_FINALLY();
	{
		settling_mentee = before;
	}
	PG_END_TRY();
}

bool
mtr_ask_is_settling(int64 mentee_id)
{
	return mentee_id == settling_mentee;
}

/* ----------------------------------------------------------------
 *		Closing what cannot be answered any more
 * ----------------------------------------------------------------
 */

static MtrStatement lock_asked = {
	"SELECT answer_by < now() FROM mentoring.request" MTR_THIS_ROW
	" AND status = 'asked' FOR NO KEY UPDATE SKIP LOCKED", SPI_OK_SELECT
};

static MtrStatement set_expired = {
	"UPDATE mentoring.request SET status = 'expired'" MTR_THIS_ROW,
	SPI_OK_UPDATE
};

static MtrStatement set_withdrawn = {
	"UPDATE mentoring.request SET status = 'withdrawn', reason = $5"
	MTR_THIS_ROW, SPI_OK_UPDATE
};

static MtrStatement set_declined = {
	"UPDATE mentoring.request SET status = 'declined', reason = $5"
	MTR_THIS_ROW, SPI_OK_UPDATE
};

/* Mentees with open requests, and whether one is asked. */
static MtrStatement find_all = {
	"SELECT programme_id, mentee_id, bool_or(status = 'asked')"
	" FROM mentoring.request WHERE status IN ('waiting', 'asked')"
	" AND ($1 IS NULL OR programme_id = $1)"
	" GROUP BY programme_id, mentee_id ORDER BY mentee_id", SPI_OK_SELECT
};

/*
 * Most requests are alive, so they are looked at first and locked only then;
 * what is said with the lock counts.
 */
int64
mtr_ask_close_dead(int64 programme_id, int64 mentee_id)
{
	MtrAsk		ask = {0};

	ask.programme_id = programme_id;
	ask.mentee_id = mentee_id;
	if (mtr_ask_run(&find_asked, &ask) == 0)
		return 0;
	ask.id = mtr_ask_int64(0, 1);
	ask.mentor_id = mtr_ask_int64(0, 2);
	if (!mtr_ask_is_true(0, 3) && mtr_ask_obstacle(&ask) == NULL)
		return 0;
	if (mtr_ask_run(&lock_asked, &ask) == 0)
		return 0;
	if (mtr_ask_is_true(0, 1))
		return (int64) mtr_ask_run(&set_expired, &ask);
	ask.note = mtr_ask_obstacle(&ask);
	if (ask.note != NULL)
		(void) mtr_ask_run(mtr_obstacle_is_of_mentee(ask.note) ?
						   &set_withdrawn : &set_declined, &ask);
	return 0;
}

/* What a mentee needs is freed with its own connection to SPI; afterwards the
 * list is the last result again. */
int64
mtr_ask_close_all(const MtrAsk *ask)
{
	uint64		n = mtr_ask_run(&find_all, ask);
	int64		expired = 0;

	for (uint64 i = 0; i < n; i++)
	{
		int64		programme_id = mtr_ask_int64(i, 1);
		int64		mentee_id = mtr_ask_int64(i, 2);
		bool		has_asked = mtr_ask_is_true(i, 3);

		CHECK_FOR_INTERRUPTS();
		SPI_connect();
		if (has_asked)
			expired += mtr_ask_close_dead(programme_id, mentee_id);
		else
			mtr_ask_settle(programme_id, mentee_id);
		SPI_finish();
	}
	return expired;
}
