/*
 * match_publish.c
 *	  what becomes of a draft: published or discarded; two runs compared
 *
 * Publishing copies the proposals of a run to relationships, of status
 * 'proposed'.  The triggers on relationship_member take the places and refuse
 * what no longer fits, so a draft can't overfill anybody however old it is.
 *
 * Concurrency.  Publications of a programme go one after the other, because
 * "already together" is a condition on rows that don't exist yet: the
 * programme's row is locked.  What it depends on is then read with the latest
 * snapshot, which under REPEATABLE READ and SERIALIZABLE is not that of the
 * transaction.  Members are inserted in the order of participants, so places
 * are claimed in id order and two claims don't deadlock; what is ended before
 * is locked in that order, too.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_publish_match);
PG_FUNCTION_INFO_V1(mentoring_discard_match);
PG_FUNCTION_INFO_V1(mentoring_diff_match);

/* ids or pairs an error names, at most */
#define MAX_NAMED 20

/* Relationships that take places. */
#define IS_OPEN "status IN ('proposed', 'trial', 'active', 'paused')"

/*
 * The pairs of the run ($1 programme, $2 run) that are together in an open
 * relationship r already.
 */
#define FROM_TOGETHER \
	" FROM mentoring.proposed_pair AS p" \
	" JOIN mentoring.relationship_member AS a" \
	"   ON a.programme_id = p.programme_id AND a.participant_id = p.mentee_id" \
	" JOIN mentoring.relationship_member AS b" \
	"   ON b.programme_id = p.programme_id AND b.participant_id = p.mentor_id" \
	"  AND b.relationship_id = a.relationship_id" \
	" JOIN mentoring.relationship AS r" \
	"   ON r.programme_id = p.programme_id AND r.id = a.relationship_id" \
	" WHERE p.programme_id = $1 AND p.match_run_id = $2 AND r." IS_OPEN

/*
 * Proposals of the run, and relationships on some condition, each with its
 * members: a proposal repeats a relationship when these are the same, be they
 * a pair, a group or a circle.
 */
#define PROPOSED_MEMBERS \
	"(SELECT o.id, array_agg(m.participant_id" \
	"   ORDER BY m.participant_id) AS members" \
	"  FROM mentoring.proposal AS o" \
	"  JOIN mentoring.proposal_member AS m" \
	"    ON m.programme_id = o.programme_id AND m.proposal_id = o.id" \
	"  WHERE o.programme_id = $1 AND o.match_run_id = $2 GROUP BY o.id)"

#define RELATED_MEMBERS(condition) \
	"(SELECT r.id, array_agg(m.participant_id" \
	"   ORDER BY m.participant_id) AS members" \
	"  FROM mentoring.relationship AS r" \
	"  JOIN mentoring.relationship_member AS m" \
	"    ON m.programme_id = r.programme_id AND m.relationship_id = r.id" \
	"  WHERE r.programme_id = $1 AND " condition " GROUP BY r.id)"

/*
 * Run a statement that sees what others have committed by now, besides what
 * this transaction did; returns how many rows it touched or found.  The first
 * two parameters are programme and run, two more may be arrays of ids.
 *
 * A row that changed since a REPEATABLE READ transaction began must not be
 * updated: the transaction would see the old version and its own, both.  That
 * is refused with a serialization failure, as in relationship.c.
 */
static uint64
run_arrays(const char *text, const int64 *id, const Datum *array, int narrays,
		   int expect)
{
	Oid			types[4] = {INT8OID, INT8OID, INT8ARRAYOID, INT8ARRAYOID};
	Datum		values[4];
	SPIPlanPtr	plan = SPI_prepare(text, 2 + narrays, types);
	Snapshot	crosscheck = InvalidSnapshot;

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", text);
	values[0] = Int64GetDatum(id[0]);
	values[1] = Int64GetDatum(id[1]);
	for (int i = 0; i < narrays; i++)
		values[2 + i] = array[i];
	CommandCounterIncrement();
	if (IsolationUsesXactSnapshot())
		crosscheck = GetTransactionSnapshot();
	mtr_statement_check(text, NULL,
						SPI_execute_snapshot(plan, values, NULL,
											 GetLatestSnapshot(), crosscheck,
											 false, true, 0), expect);
	SPI_freeplan(plan);
	return SPI_processed;
}

static uint64
run(const char *text, int64 programme_id, int64 run_id, int expect)
{
	int64		id[2] = {programme_id, run_id};

	return run_arrays(text, id, NULL, 0, expect);
}

static char *
result_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						column);
}

/*
 * Conditions
 */

static void
refuse_unknown_run(int64 programme_id, int64 run_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("programme %lld has no match run %lld",
					(long long) programme_id, (long long) run_id),
			 errhint("The table mentoring.match_run lists them.")));
}

/*
 * Lock the run; returns whether existing proposals are kept.  The caller
 * says what it wants to do, for the message.
 */
static bool
lock_run(int64 programme_id, int64 run_id, const char *what)
{
	char	   *status;
	bool		keep;

	if (run("SELECT status, published_at,"
			" coalesce((options ->> 'keep')::boolean, true)"
			" FROM mentoring.match_run"
			" WHERE programme_id = $1 AND id = $2 FOR UPDATE",
			programme_id, run_id, SPI_OK_SELECT) == 0)
		refuse_unknown_run(programme_id, run_id);
	status = result_text(0, 1);
	keep = strcmp(result_text(0, 3), "t") == 0;
	if (strcmp(status, "published") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("match run %lld cannot be %s", (long long) run_id,
						what),
				 errdetail("It is published since %s.", result_text(0, 2)),
				 errhint("Make a new draft with mentoring.match.")));
	if (strcmp(status, "draft") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("match run %lld cannot be %s", (long long) run_id,
						what),
				 errdetail("It is %s.", status),
				 errhint("Make a new draft with mentoring.match.")));
	return keep;
}

/* Wait for other publications of the programme; it must not be closed. */
static void
lock_programme(int64 programme_id)
{
	if (run("SELECT status FROM mentoring.programme"
			" WHERE id = $1 AND $2 IS NOT NULL FOR NO KEY UPDATE",
			programme_id, 0, SPI_OK_SELECT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no programme %lld",
						(long long) programme_id),
				 errhint("The table mentoring.programme lists them.")));
	if (strcmp(result_text(0, 1), "closed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld is closed", (long long) programme_id),
				 errhint("Matches are published in programmes that are not closed.")));
}

/* The first rows of the last result, "a" or "(a, b)", as a list. */
static char *
name_rows(uint64 nrows)
{
	StringInfoData list;
	bool		is_pair = SPI_tuptable->tupdesc->natts > 1;

	initStringInfo(&list);
	for (uint64 i = 0; i < Min(nrows, MAX_NAMED); i++)
	{
		appendStringInfoString(&list, i == 0 ? "" : ", ");
		if (is_pair)
			appendStringInfo(&list, "(%s, %s)", result_text(i, 1),
							 result_text(i, 2));
		else
			appendStringInfoString(&list, result_text(i, 1));
	}
	if (nrows > MAX_NAMED)
		appendStringInfo(&list, " and %llu more",
						 (unsigned long long) (nrows - MAX_NAMED));
	return list.data;
}

/* A draft may be old: who left since must not get a partner. */
static void
check_accepted(int64 programme_id, int64 run_id)
{
	uint64		nrows;

	nrows = run("SELECT DISTINCT p.id"
				" FROM mentoring.proposal AS o"
				" JOIN mentoring.proposal_member AS m"
				"   ON m.programme_id = o.programme_id"
				"  AND m.proposal_id = o.id"
				" JOIN mentoring.participant AS p"
				"   ON p.programme_id = m.programme_id"
				"  AND p.id = m.participant_id"
				" JOIN mentoring.person AS n ON n.id = p.person_id"
				" WHERE o.programme_id = $1 AND o.match_run_id = $2"
				" AND (p.status <> 'accepted' OR NOT n.is_active)"
				" ORDER BY p.id", programme_id, run_id, SPI_OK_SELECT);
	if (nrows > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("match run %lld proposes participants who are not accepted or not active any more",
						(long long) run_id),
				 errdetail("Participants: %s.", name_rows(nrows)),
				 errhint("Discard the run and match again.")));
}

/* Whom a coordinator or one of the two has refused since must not be paired. */
static void
check_not_refused(int64 programme_id, int64 run_id)
{
	uint64		nrows;

	nrows = run("SELECT DISTINCT p.mentee_id, p.mentor_id"
				" FROM mentoring.proposed_pair AS p"
				" WHERE p.programme_id = $1 AND p.match_run_id = $2"
				" AND (EXISTS (SELECT FROM mentoring.pair_rule AS u"
				"   WHERE u.programme_id = $1 AND u.rule = 'forbid'"
				"   AND (u.mentee_id = p.mentee_id"
				"    AND u.mentor_id = p.mentor_id"
				"    OR u.mentee_id = p.mentor_id"
				"    AND u.mentor_id = p.mentee_id))"
				"  OR EXISTS (SELECT FROM mentoring.preference AS f"
				"   WHERE f.programme_id = $1 AND f.is_veto"
				"   AND (f.participant_id = p.mentee_id"
				"    AND f.preferred_id = p.mentor_id"
				"    OR f.participant_id = p.mentor_id"
				"    AND f.preferred_id = p.mentee_id)))"
				" ORDER BY 1, 2", programme_id, run_id, SPI_OK_SELECT);
	if (nrows > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("match run %lld proposes pairs that are forbidden or vetoed by now",
						(long long) run_id),
				 errdetail("Pairs of mentee and mentor: %s.",
						   name_rows(nrows)),
				 errhint("Discard the run and match again.")));
}

/* Refuse the pairs a query finds together. */
static void
check_together(int64 programme_id, int64 run_id, const char *query)
{
	uint64		nrows = run(query, programme_id, run_id, SPI_OK_SELECT);

	if (nrows > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("match run %lld proposes pairs that are together already",
						(long long) run_id),
				 errdetail("Pairs of mentee and mentor: %s.",
						   name_rows(nrows)),
				 errhint("Discard the run and match again.")));
}

/* With keep = false, pairs still 'proposed' are what the run repeats. */
static void
check_together_before(int64 programme_id, int64 run_id, bool keep)
{
	check_together(programme_id, run_id, keep ?
				   "SELECT DISTINCT p.mentee_id, p.mentor_id" FROM_TOGETHER
				   " ORDER BY 1, 2" :
				   "SELECT DISTINCT p.mentee_id, p.mentor_id" FROM_TOGETHER
				   " AND r.status <> 'proposed' ORDER BY 1, 2");
}

/*
 * Once more when the places are taken.  A relationship that somebody entered
 * by hand and had not committed was not to be seen before; taking a place
 * then waited for its end.
 */
static void
check_together_after(int64 programme_id, int64 run_id)
{
	check_together(programme_id, run_id,
				   "SELECT DISTINCT p.mentee_id, p.mentor_id" FROM_TOGETHER
				   " AND r.match_run_id IS DISTINCT FROM $2 ORDER BY 1, 2");
}

/*
 * Publishing
 */

/*
 * Ending relationships gives places back in the order in which their rows are
 * found, so all that this and the claims will touch is locked beforehand: the
 * relationships, then the places, as their triggers do, each in id order.
 */
static void
lock_replaced(int64 programme_id, int64 run_id)
{
	run("SELECT FROM mentoring.relationship"
		" WHERE programme_id = $1 AND status = 'proposed'"
		" AND $2 IS NOT NULL ORDER BY id FOR NO KEY UPDATE",
		programme_id, run_id, SPI_OK_SELECT);
	run("SELECT FROM mentoring.participant_load"
		" WHERE programme_id = $1 AND participant_id IN"
		" (SELECT m.participant_id FROM mentoring.relationship AS r"
		"  JOIN mentoring.relationship_member AS m"
		"    ON m.programme_id = r.programme_id AND m.relationship_id = r.id"
		"  WHERE r.programme_id = $1 AND r.status = 'proposed'"
		"  UNION ALL"
		"  SELECT m.participant_id FROM mentoring.proposal AS o"
		"  JOIN mentoring.proposal_member AS m"
		"    ON m.programme_id = o.programme_id AND m.proposal_id = o.id"
		"  WHERE o.programme_id = $1 AND o.match_run_id = $2)"
		" ORDER BY participant_id FOR NO KEY UPDATE",
		programme_id, run_id, SPI_OK_SELECT);
}

/*
 * With keep = false: what the run repeats becomes a relationship of this
 * run, what it doesn't is ended.  The places of the latter are free for the
 * claims that follow.
 */
static void
replace_proposed(int64 programme_id, int64 run_id)
{
	lock_replaced(programme_id, run_id);
	run("UPDATE mentoring.relationship AS u SET match_run_id = $2"
		" WHERE u.programme_id = $1 AND u.id IN (SELECT r.id"
		" FROM " PROPOSED_MEMBERS " AS o"
		" JOIN " RELATED_MEMBERS("r.status = 'proposed'") " AS r"
		" USING (members))", programme_id, run_id, SPI_OK_UPDATE);
	run("UPDATE mentoring.relationship SET status = 'ended',"
		" end_reason = concat('not repeated by match run ', $2),"
		" is_no_fault = true"
		" WHERE programme_id = $1 AND status = 'proposed'"
		" AND match_run_id IS DISTINCT FROM $2",
		programme_id, run_id, SPI_OK_UPDATE);
}

/* Column 1 of the last result as an array. */
static Datum
result_array(void)
{
	uint64		n = SPI_processed;
	Datum	   *id = palloc_extended((n + 1) * sizeof(Datum),
									 MCXT_ALLOC_HUGE);

	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;

		id[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
							  &isnull);
	}
	return PointerGetDatum(construct_array(id, (int) n, INT8OID,
										   sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/* Half a relationship would be worse than none. */
static void
refuse_suppressed(const char *table, int64 run_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("rows of mentoring.%s for match run %lld were suppressed by a trigger",
					table, (long long) run_id),
			 errhint("No trigger on mentoring.%s may return NULL.", table)));
}

/*
 * Create the relationships that don't exist; returns how many.  Their ids
 * follow the order of proposals, members that of participants.
 */
static uint64
create_relationships(int64 programme_id, int64 run_id)
{
	int64		id[2] = {programme_id, run_id};
	Datum		array[2];		/* proposals and their relationships */
	uint64		count;
	uint64		members = 0;

	count = run("SELECT o.id, cardinality(o.members)::bigint"
				" FROM " PROPOSED_MEMBERS " AS o"
				" WHERE NOT EXISTS (SELECT FROM "
				RELATED_MEMBERS("r.match_run_id = $2") " AS r"
				"  WHERE r.members = o.members)"
				" ORDER BY o.id", programme_id, run_id, SPI_OK_SELECT);
	array[0] = result_array();
	for (uint64 i = 0; i < count; i++)
		members += mtr_result_int64(i, 2);
	if (run_arrays("INSERT INTO mentoring.relationship"
				   " (programme_id, match_run_id, status, cadence_days)"
				   " SELECT $1, $2, 'proposed', g.cadence_days"
				   " FROM mentoring.programme AS g,"
				   " unnest($3) WITH ORDINALITY AS u (id, position)"
				   " WHERE g.id = $1 ORDER BY u.position RETURNING id",
				   id, array, 1, SPI_OK_INSERT_RETURNING) != count)
		refuse_suppressed("relationship", run_id);
	array[1] = result_array();
	if (run_arrays("INSERT INTO mentoring.relationship_member"
				   " (programme_id, relationship_id, participant_id, role)"
				   " SELECT $1, u.relationship_id, m.participant_id, m.role"
				   " FROM unnest($3, $4) AS u (proposal_id, relationship_id)"
				   " JOIN mentoring.proposal_member AS m"
				   "   ON m.programme_id = $1"
				   "  AND m.proposal_id = u.proposal_id"
				   " WHERE $2 IS NOT NULL"
				   " ORDER BY m.participant_id, u.relationship_id",
				   id, array, 2, SPI_OK_INSERT) != members)
		refuse_suppressed("relationship_member", run_id);
	return count;
}

/*
 * The programme is locked before the run, always: two publications that
 * locked in different orders could wait for each other.
 */
Datum
mentoring_publish_match(PG_FUNCTION_ARGS)
{
	int64		programme_id = mtr_id_argument(fcinfo, 0, "programme_id");
	int64		run_id = mtr_id_argument(fcinfo, 1, "match_run_id");
	MtrOwner	saved;
	uint64		count;
	bool		keep;

	mtr_enter_coordinator(fcinfo, programme_id, &saved);
	SPI_connect();
	lock_programme(programme_id);
	keep = lock_run(programme_id, run_id, "published");
	check_accepted(programme_id, run_id);
	check_not_refused(programme_id, run_id);
	check_together_before(programme_id, run_id, keep);
	if (!keep)
		replace_proposed(programme_id, run_id);
	count = create_relationships(programme_id, run_id);
	check_together_after(programme_id, run_id);
	run("UPDATE mentoring.match_run"
		" SET status = 'published', published_at = now()"
		" WHERE programme_id = $1 AND id = $2",
		programme_id, run_id, SPI_OK_UPDATE);
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_INT64((int64) count);
}

/* A draft of a closed programme, too, may be cleared away. */
Datum
mentoring_discard_match(PG_FUNCTION_ARGS)
{
	int64		programme_id = mtr_id_argument(fcinfo, 0, "programme_id");
	int64		run_id = mtr_id_argument(fcinfo, 1, "match_run_id");
	MtrOwner	saved;

	mtr_enter_coordinator(fcinfo, programme_id, &saved);
	SPI_connect();
	(void) lock_run(programme_id, run_id, "discarded");
	run("UPDATE mentoring.match_run SET status = 'discarded'"
		" WHERE programme_id = $1 AND id = $2",
		programme_id, run_id, SPI_OK_UPDATE);
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_VOID();
}

/*
 * Comparing
 */

static void
check_run_exists(int64 programme_id, int64 run_id)
{
	int64		args[2] = {programme_id, run_id};

	mtr_match_query("SELECT FROM mentoring.match_run"
					" WHERE programme_id = $1 AND id = $2",
					2, args, true, SPI_OK_SELECT);
	if (SPI_processed == 0)
		refuse_unknown_run(programme_id, run_id);
}

/* What pairs have in common is the two participants; ids of proposals say
 * nothing, and a score may differ between runs. */
Datum
mentoring_diff_match(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MtrOwner	saved;
	int64		args[3];

	args[0] = mtr_id_argument(fcinfo, 0, "programme_id");
	args[1] = mtr_id_argument(fcinfo, 1, "run_a");
	args[2] = mtr_id_argument(fcinfo, 2, "run_b");
	InitMaterializedSRF(fcinfo, 0);
	mtr_enter_coordinator(fcinfo, args[0], &saved);
	SPI_connect();
	check_run_exists(args[0], args[1]);
	check_run_exists(args[0], args[2]);
	mtr_match_query("SELECT mentee_id, mentor_id,"
					" CASE WHEN a.is_in IS NULL THEN 'added'"
					" WHEN b.is_in IS NULL THEN 'removed' ELSE 'kept' END,"
					" a.score, b.score"
					" FROM (SELECT mentee_id, mentor_id, score, true AS is_in"
					"       FROM mentoring.proposed_pair"
					"       WHERE programme_id = $1 AND match_run_id = $2) AS a"
					" FULL JOIN"
					"      (SELECT mentee_id, mentor_id, score, true AS is_in"
					"       FROM mentoring.proposed_pair"
					"       WHERE programme_id = $1 AND match_run_id = $3) AS b"
					" USING (mentee_id, mentor_id)"
					" ORDER BY mentee_id, mentor_id",
					3, args, true, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}
