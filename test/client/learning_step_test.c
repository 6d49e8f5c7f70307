/*
 * learning_step_test.c
 *	  the learning log, step by step: totals are exact after each
 *
 * What random transactions (learning_test.c) meet seldom or where it matters
 * in which order things happen: TRUNCATE in and out of savepoints with rows
 * pending, savepoints in each other, prepared transactions, fold and rebuild
 * within a transaction that goes on, which locks are held when, and a
 * background worker that folds.
 *
 * All but the last is done with each way to apply totals.  Besides being
 * exact, totals must be again what they were when what happened since is
 * undone.
 *
 * Needs an empty database with the extension, named by PGHOST and the like,
 * a superuser and max_prepared_transactions above 0.  Prints TAP.
 */
#include "learning_client.h"

#define NAUTHORS		6		/* 111 and so on */

/* How totals are applied. */
static const struct
{
	const char *name;
	const char *set;
}			ways[] = {
	{"direct", "SET mentoring.flush_method = auto"},
	{"statements", "SET mentoring.flush_method = statements"},
};

/* One of some entries, all different; an author, a day, a skill or none. */
static void
write_entry(PGconn *conn, int i)
{
	command(conn, "INSERT INTO mentoring.learning_log (programme_id,"
			" occurred_on, relationship_id, participant_id, minutes,"
			" skill_id, level_before, level_after) VALUES (1,"
			" date '2024-02-26' + %d, nullif(%d, 1001), %d, %d,"
			" nullif(%d, 0), 1, %d)", i % 9, i % 3 == 0 ? 1001 :
			1001 + 10 * (1 + i % NMENTEES), 111 + i % NMENTEES, 10 * i,
			i % (NSKILLS + 1), i % 8);
}

static void
write_entries(PGconn *conn, int from, int to)
{
	for (int i = from; i <= to; i++)
		write_entry(conn, i);
}

/* More keys than fit in the least mentoring.flush_memory. */
static void
write_many(PGconn *conn)
{
	command(conn, "INSERT INTO mentoring.learning_log (programme_id,"
			" occurred_on, relationship_id, participant_id, minutes,"
			" skill_id) SELECT programme_id, date '2023-12-01' + d,"
			" relationship_id, participant_id, d, 1 + d %% %d"
			" FROM mentoring.relationship_member,"
			" generate_series(1, 30) AS d", NSKILLS);
}

/* Nothing but entries 1 to 10, some of which are folded. */
static void
begin_anew(PGconn *conn)
{
	command(conn, "TRUNCATE mentoring.learning_log");
	write_entries(conn, 1, 5);
	command(conn, "SELECT mentoring.fold_learning_log()");
	write_entries(conn, 6, 10);
}

/* Everything the views give. */
static void
digest(PGconn *conn, char *value)
{
	text_of(conn, value, TEXT_SIZE, DIGEST);
}

/* Totals are those of "before", too. */
static void
ok_same(PGconn *conn, const char *before, const char *when)
{
	char		value[TEXT_SIZE];

	ok_exact(conn, when);
	digest(conn, value);
	ok(strcmp(value, before) == 0, "and as they were");
}

static void
ok_entries(PGconn *conn, int n)
{
	ok(number(conn, "SELECT coalesce(sum(entries), 0)"
			  " FROM mentoring.learning_by_participant") == n,
	   "of %d entries", n);
}

static void
ok_unprepared(PGconn *conn)
{
	ok(number(conn, "SELECT count(*) FROM pg_prepared_xacts") == 0,
	   "no prepared transaction is left");
}

/*
 * TRUNCATE
 */

static void
test_truncate(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	digest(conn, before);
	command(conn, "BEGIN");
	write_entries(conn, 11, 15);
	command(conn, "TRUNCATE mentoring.learning_log");
	ok_exact(conn, "after TRUNCATE with rows pending");
	ok_entries(conn, 0);
	write_entries(conn, 3, 8);
	ok_exact(conn, "with rows after it");
	ok_entries(conn, 6);
	command(conn, "ROLLBACK");
	ok_same(conn, before, "after TRUNCATE was rolled back");

	command(conn, "BEGIN");
	write_entries(conn, 11, 15);
	command(conn, "TRUNCATE mentoring.learning_log");
	write_entries(conn, 3, 8);
	command(conn, "TRUNCATE mentoring.learning_log");
	write_entries(conn, 4, 7);
	command(conn, "COMMIT");
	ok_exact(conn, "after TRUNCATE, twice, was committed");
	ok_entries(conn, 4);
	command(conn, "TRUNCATE mentoring.learning_log");
	ok_exact(conn, "after a TRUNCATE alone");
	ok_entries(conn, 0);
}

static void
test_truncate_savepoint(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN");
	write_entries(conn, 11, 13);
	digest(conn, before);
	command(conn, "SAVEPOINT a");
	write_entries(conn, 14, 16);
	command(conn, "TRUNCATE mentoring.learning_log");
	ok_exact(conn, "after TRUNCATE in a savepoint");
	write_entries(conn, 1, 2);
	ok_exact(conn, "with rows after it");
	ok_entries(conn, 2);
	command(conn, "ROLLBACK TO a");
	ok_same(conn, before, "after the savepoint was rolled back to");
	write_entries(conn, 17, 18);
	ok_exact(conn, "with rows after that");
	command(conn, "RELEASE a");
	ok_exact(conn, "when it is released");
	command(conn, "COMMIT");
	ok_exact(conn, "when it is committed");
	ok_entries(conn, 15);

	/* nothing was written by the transaction before */
	digest(conn, before);
	command(conn, "BEGIN");
	command(conn, "SAVEPOINT a");
	command(conn, "TRUNCATE mentoring.learning_log");
	command(conn, "ROLLBACK TO a");
	ok_same(conn, before, "after nothing but TRUNCATE was rolled back to");
	write_entries(conn, 19, 19);
	command(conn, "COMMIT");
	ok_exact(conn, "and committed with a row");
	ok_entries(conn, 16);
}

/* What is undone concerns none of the savepoints around it. */
static void
test_truncate_inner(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN");
	write_entries(conn, 11, 13);
	command(conn, "SAVEPOINT a");
	write_entries(conn, 14, 16);
	digest(conn, before);
	command(conn, "SAVEPOINT b");
	write_entries(conn, 17, 19);
	command(conn, "TRUNCATE mentoring.learning_log");
	write_entries(conn, 20, 21);
	command(conn, "ROLLBACK TO b");
	ok_same(conn, before, "after TRUNCATE in an inner savepoint was undone");
	command(conn, "TRUNCATE mentoring.learning_log");
	command(conn, "ROLLBACK TO b");
	write_entries(conn, 17, 17);
	command(conn, "RELEASE b");
	command(conn, "RELEASE a");
	ok_exact(conn, "when both savepoints are released");
	command(conn, "COMMIT");
	ok_exact(conn, "when it is committed");
	ok_entries(conn, 17);
}

/* Savepoints that are released take TRUNCATE with them. */
static void
test_truncate_release(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN");
	write_entries(conn, 11, 12);
	digest(conn, before);
	command(conn, "SAVEPOINT a");
	write_entries(conn, 13, 14);
	command(conn, "SAVEPOINT b");
	write_entries(conn, 15, 16);
	command(conn, "TRUNCATE mentoring.learning_log");
	write_entries(conn, 17, 19);
	command(conn, "RELEASE b");
	ok_exact(conn, "after TRUNCATE in a savepoint that is released");
	ok_entries(conn, 3);
	write_entries(conn, 20, 20);
	ok_exact(conn, "with a row after that");
	command(conn, "ROLLBACK TO a");
	ok_same(conn, before, "when the one outside is rolled back to");
	command(conn, "SAVEPOINT b");
	write_entries(conn, 20, 22);
	command(conn, "TRUNCATE mentoring.learning_log");
	command(conn, "RELEASE b");
	write_entries(conn, 1, 2);
	command(conn, "RELEASE a");
	ok_exact(conn, "when both are released");
	ok_entries(conn, 2);
	command(conn, "COMMIT");
	ok_exact(conn, "when it is committed");
	ok_entries(conn, 2);
}

static void
test_truncate_prepared(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	digest(conn, before);
	for (int commit = 0; commit < 2; commit++)
	{
		command(conn, "BEGIN");
		write_entries(conn, 11, 12);
		command(conn, "SAVEPOINT a");
		write_entries(conn, 13, 14);
		command(conn, "TRUNCATE mentoring.learning_log");
		write_entries(conn, 15, 17);
		command(conn, "RELEASE a");
		write_entries(conn, 18, 18);
		command(conn, "PREPARE TRANSACTION 'learning steps'");
		command(conn, "%s PREPARED 'learning steps'",
				commit ? "COMMIT" : "ROLLBACK");
		if (!commit)
			ok_same(conn, before, "after TRUNCATE was prepared and"
					" rolled back");
	}
	ok_exact(conn, "after TRUNCATE was prepared and committed");
	ok_entries(conn, 4);
	ok_unprepared(conn);
}

/* What was spilled before, and what is spilled after. */
static void
test_truncate_spilled(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	digest(conn, before);
	command(conn, "SET mentoring.flush_memory = '64kB'");
	command(conn, "BEGIN");
	write_many(conn);
	ok(number(conn, "SELECT count(*) FROM mentoring.learning_spill") > 0,
	   "many rows are spilled");
	ok_exact(conn, "then");
	command(conn, "SAVEPOINT a");
	write_many(conn);
	command(conn, "TRUNCATE mentoring.learning_log");
	ok_exact(conn, "after TRUNCATE");
	write_many(conn);
	ok_exact(conn, "with many rows after it");
	command(conn, "ROLLBACK TO a");
	ok_exact(conn, "when it is rolled back to");
	command(conn, "DELETE FROM mentoring.learning_log WHERE id %% 3 > 0");
	ok_exact(conn, "when two of three rows are deleted");
	command(conn, "ROLLBACK");
	ok_same(conn, before, "when all is rolled back");

	command(conn, "BEGIN");
	write_many(conn);
	command(conn, "UPDATE mentoring.learning_log SET minutes = minutes + 1,"
			" occurred_on = occurred_on + 1 WHERE id %% 2 = 0");
	command(conn, "DELETE FROM mentoring.learning_log WHERE id %% 5 > 0");
	ok_exact(conn, "after many rows and changes of them");
	command(conn, "COMMIT");
	ok_exact(conn, "when they are committed");
	command(conn, "DELETE FROM mentoring.learning_log WHERE id %% 3 = 0");
	ok_exact(conn, "when some of them are deleted");
	command(conn, "SELECT mentoring.fold_learning_log()");
	ok_exact(conn, "when all is folded");
	ok(number(conn, "SELECT count(*) FROM mentoring.learning_spill") == 0,
	   "nothing is spilled any more");
	command(conn, "RESET mentoring.flush_memory");
}

/*
 * Savepoints, fold and rebuild
 */

/* Each of five savepoints in each other is given up, or kept, in turn. */
static void
test_savepoints(PGconn *conn)
{
	char		before[6][TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN");
	for (int depth = 0; depth < 6; depth++)
	{
		write_entries(conn, 11 + 3 * depth, 13 + 3 * depth);
		digest(conn, before[depth]);
		command(conn, "SAVEPOINT s%d", depth);
		command(conn, "DELETE FROM mentoring.learning_log"
				" WHERE participant_id = %d", 111 + depth);
		command(conn, "UPDATE mentoring.learning_log SET"
				" occurred_on = occurred_on + 1, skill_id = 2");
	}
	ok_exact(conn, "in six savepoints in each other");
	for (int depth = 5; depth >= 3; depth--)
	{
		command(conn, "ROLLBACK TO s%d", depth);
		ok_same(conn, before[depth], "when one is rolled back to");
	}
	write_entries(conn, 31, 33);
	command(conn, "RELEASE s2");
	ok_exact(conn, "when two are released at once");
	write_entries(conn, 34, 36);
	command(conn, "ROLLBACK TO s1");
	ok_same(conn, before[1], "when what was released is undone");
	command(conn, "UPDATE mentoring.learning_log SET minutes = 1");
	ok_exact(conn, "after that");
	command(conn, "RELEASE s1");
	command(conn, "COMMIT");
	ok_exact(conn, "when it is committed");
}

/* Blocks that fail take what they wrote with them. */
static void
test_exceptions(PGconn *conn)
{
	begin_anew(conn);
	command(conn, "DO $$ BEGIN"
			" DELETE FROM mentoring.learning_log WHERE id %% 2 = 0;"
			" BEGIN"
			"  UPDATE mentoring.learning_log SET minutes = minutes + 1;"
			"  BEGIN"
			"   TRUNCATE mentoring.learning_log;"
			"   RAISE EXCEPTION 'no';"
			"  EXCEPTION WHEN raise_exception THEN"
			"   UPDATE mentoring.learning_log SET skill_id = 3;"
			"  END;"
			"  PERFORM 1 / 0;"
			" EXCEPTION WHEN division_by_zero THEN"
			"  UPDATE mentoring.learning_log SET minutes = minutes + 2;"
			" END;"
			" END $$");
	ok_exact(conn, "after blocks that fail");
	ok_entries(conn, 5);
}

static void
test_fold(PGconn *conn)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN");
	write_entries(conn, 11, 15);
	digest(conn, before);
	command(conn, "SAVEPOINT a");
	command(conn, "SELECT mentoring.fold_learning_log()");
	ok_same(conn, before, "after a fold with rows pending");
	write_entries(conn, 16, 18);
	ok_exact(conn, "with rows after it");
	command(conn, "ROLLBACK TO a");
	ok_same(conn, before, "when it is rolled back to");
	command(conn, "SELECT mentoring.fold_learning_log()");
	write_entries(conn, 16, 18);
	command(conn, "COMMIT");
	ok_exact(conn, "when another fold is committed");
	ok_entries(conn, 18);
}

static void
test_rebuild(PGconn *conn)
{
	char		before[TEXT_SIZE];
	char		why[TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN");
	write_entries(conn, 11, 15);
	digest(conn, before);
	command(conn, "SAVEPOINT a");
	ok(number(conn, "SELECT mentoring.rebuild_learning_log()") == 0,
	   "a rebuild with rows pending finds nothing wrong");
	ok_same(conn, before, "after it");
	write_entries(conn, 16, 18);
	ok_exact(conn, "with rows after it");
	command(conn, "ROLLBACK TO a");
	ok_same(conn, before, "when it is rolled back to");
	command(conn, "SELECT mentoring.rebuild_learning_log()");
	write_entries(conn, 16, 18);
	command(conn, "COMMIT");
	ok_exact(conn, "when another rebuild is committed");
	ok_entries(conn, 18);

	/* that a difference would be seen */
	command(conn, "UPDATE mentoring.learning_day SET minutes = minutes + 1"
			" WHERE participant_id = 112");
	ok(!is_exact(conn, why), "a false total is seen");
	ok(number(conn, "SELECT mentoring.rebuild_learning_log()") > 0,
	   "and rebuilt");
	ok_exact(conn, "then");
}

/*
 * Two sessions
 */

/* One entry of each of some authors. */
#define WRITE_AUTHORS \
	"INSERT INTO mentoring.learning_log (programme_id, occurred_on," \
	" participant_id) SELECT 1, '2024-03-01', 111 + k" \
	" FROM generate_series(%d, %d) AS k ORDER BY md5(k::text)"

static void
write_authors(PGconn *conn, int from, int to)
{
	command(conn, WRITE_AUTHORS, from, to);
}

/* Does a transaction that writes these come to its end without waiting? */
static bool
is_free(PGconn *conn, int from, int to)
{
	PGresult   *result;
	bool		is_ok;
	char		statement[1000];

	snprintf(statement, sizeof(statement), "BEGIN; " WRITE_AUTHORS
			 "; COMMIT", from, to);
	command(conn, "SET lock_timeout = '3s'");
	result = PQexec(conn, statement);
	is_ok = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!is_ok)
	{
		diagnose(PQresultErrorMessage(result));
		command(conn, "ROLLBACK");
	}
	PQclear(result);
	command(conn, "RESET lock_timeout");
	return is_ok;
}

/* Until it waits for a lock. */
static bool
wait_for_waiting(PGconn *conn, int pid)
{
	char		query[200];

	snprintf(query, sizeof(query), "SELECT count(*) FROM pg_locks"
			 " WHERE pid = %d AND NOT granted", pid);
	for (int i = 0; i < 1000; i++)
	{
		if (number(conn, query) > 0)
			return true;
		usleep(10000);
	}
	return false;
}

/* Before it commits a transaction locks no total. */
static void
test_open_transaction(PGconn *conn, PGconn *other)
{
	begin_anew(conn);
	command(conn, "BEGIN");
	write_authors(conn, 0, NAUTHORS - 1);
	command(conn, "SAVEPOINT a");
	command(conn, "UPDATE mentoring.learning_log SET minutes = minutes + 5"
			" WHERE participant_id = 112");
	command(conn, "RELEASE a");
	command(conn, "DELETE FROM mentoring.learning_log"
			" WHERE participant_id = 113");
	ok(is_free(other, 0, NAUTHORS - 1),
	   "nobody waits for the totals of an open transaction");
	ok_exact(conn, "in it, with what others have committed");
	command(conn, "COMMIT");
	ok_exact(conn, "when it is committed");
}

/*
 * Totals are locked in the order of authors: a transaction that waits for one
 * of them has locked none that comes later.  So nobody waits in a circle.
 */
static void
test_order(PGconn *conn, PGconn *holder, PGconn *other)
{
	begin_anew(conn);
	for (int k = 0; k < NAUTHORS; k++)
	{
		PGresult   *result;

		command(holder, "BEGIN");
		write_authors(holder, k, k);
		command(holder, "PREPARE TRANSACTION 'learning steps'");
		command(conn, "BEGIN");
		write_authors(conn, 0, NAUTHORS - 1);
		PQsendQuery(conn, "COMMIT");
		ok(wait_for_waiting(holder, PQbackendPID(conn)),
		   "who commits waits for the author of a prepared transaction");
		if (k < NAUTHORS - 1)
			ok(is_free(other, k + 1, NAUTHORS - 1),
			   "and has locked nobody who comes later (%d)", k);
		command(holder, "COMMIT PREPARED 'learning steps'");
		while ((result = PQgetResult(conn)) != NULL)
		{
			ok(PQresultStatus(result) == PGRES_COMMAND_OK,
			   "it is committed then");
			PQclear(result);
		}
	}
	ok_exact(conn, "after all that waiting");
}

/* What is prepared counts when it is committed, not before. */
static void
test_prepared(PGconn *conn, PGconn *other)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	digest(conn, before);
	for (int commit = 0; commit < 2; commit++)
	{
		command(conn, "BEGIN");
		write_entries(conn, 11, 14);
		command(conn, "SAVEPOINT a");
		command(conn, "UPDATE mentoring.learning_log SET minutes = 7");
		command(conn, "ROLLBACK TO a");
		command(conn, "DELETE FROM mentoring.learning_log"
				" WHERE participant_id = 113");
		command(conn, "PREPARE TRANSACTION 'learning steps'");
		ok_same(conn, before, "while a transaction is prepared");
		ok_same(other, before, "for others");
		command(other, "%s PREPARED 'learning steps'",
				commit ? "COMMIT" : "ROLLBACK");
		if (!commit)
			ok_same(conn, before, "when it is rolled back");
	}
	ok_exact(conn, "when it is committed");
	ok(number(conn, "SELECT count(*) FROM mentoring.learning_by_participant"
			  " WHERE participant_id = 113") == 0, "with its changes");
	ok_unprepared(conn);
}

/* A snapshot shows its own totals, and what its transaction writes. */
static void
test_snapshot(PGconn *conn, PGconn *other)
{
	char		before[TEXT_SIZE];

	begin_anew(conn);
	command(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ");
	digest(conn, before);
	command(other, "UPDATE mentoring.learning_log SET minutes = 11,"
			" occurred_on = occurred_on + 7");
	command(other, "SELECT mentoring.fold_learning_log()");
	write_authors(other, 0, NAUTHORS - 1);
	ok_same(conn, before, "in an older snapshot");
	write_entries(conn, 11, 18);
	write_authors(conn, 0, NAUTHORS - 1);
	ok_exact(conn, "in it, with what its transaction has written");
	ok_entries(conn, 18 + NAUTHORS);
	command(conn, "COMMIT");
	ok_exact(conn, "when it is committed");
	ok_entries(conn, 18 + 2 * NAUTHORS);
}

/* Who appends many deltas has them folded. */
static void
test_worker(PGconn *conn)
{
	bool		is_folded = false;

	begin_anew(conn);
	command(conn, "SELECT mentoring.fold_learning_log()");
	command(conn, "SET mentoring.fold_after = 20");
	for (int i = 0; i < 40; i++)
		write_entry(conn, i);
	command(conn, "RESET mentoring.fold_after");
	for (int i = 0; i < 3000 && !is_folded; i++)
	{
		is_folded = number(conn, "SELECT count(*)"
						   " FROM mentoring.learning_delta") < 40;
		usleep(10000);
	}
	ok(is_folded, "a background worker folds when it is asked to");
	ok_exact(conn, "then");
}

int
main(void)
{
	PGconn	   *conn = connect_to(NULL);
	PGconn	   *holder = connect_to(NULL);
	PGconn	   *other = connect_to(NULL);

	make_world(conn);
	for (int i = 0; i < (int) (sizeof(ways) / sizeof(ways[0])); i++)
	{
		printf("# by %s\n", ways[i].name);
		command(conn, "%s", ways[i].set);
		command(holder, "%s", ways[i].set);
		command(other, "%s", ways[i].set);
		test_truncate(conn);
		test_truncate_savepoint(conn);
		test_truncate_inner(conn);
		test_truncate_release(conn);
		test_truncate_prepared(conn);
		test_truncate_spilled(conn);
		test_savepoints(conn);
		test_exceptions(conn);
		test_fold(conn);
		test_rebuild(conn);
		test_open_transaction(conn, other);
		test_order(conn, holder, other);
		test_prepared(conn, other);
		test_snapshot(conn, other);
	}
	test_worker(conn);
	PQfinish(conn);
	PQfinish(holder);
	PQfinish(other);
	printf("1..%d\n", ntests);
	return nfailed == 0 ? 0 : 1;
}
