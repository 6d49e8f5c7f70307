/*
 * learning_test.c
 *	  sixteen clients write the learning log in every way; totals are exact
 *
 * The property: in every snapshot, that of a transaction which has written
 * included, the views of the learning log equal a recomputation from the log.
 *
 * Sixteen processes run random transactions: statements of all kinds
 * (learning_work.h), savepoints, prepared transactions, all isolation levels,
 * whole transactions rolled back; some with little memory, so that totals are
 * spilled, some with mentoring.flush_method = statements.  Within transactions
 * they look at the totals now and then.  Meanwhile
 *
 *	a folder	calls fold_learning_log() again and again, beside the
 *				background workers that fold
 *	a monitor	looks in REPEATABLE READ, and holds a snapshot over some folds:
 *				it must show the same afterwards
 *	a keeper	dumps the database, and calls rebuild_learning_log(), which
 *				finds nothing wrong
 *
 * Deadlocks of rows of the log are the clients' own affair and are tried
 * again.  None may involve a total, no other error is expected, and everybody
 * comes to an end.
 *
 * MTR_LEARNING_SECONDS says how long (25), MTR_SEED where to begin (1).  How
 * the processes meet is up to the scheduler, so a seed repeats what they do,
 * not when.
 *
 * Needs an empty database with the extension, named by PGHOST and the like, a
 * superuser, max_prepared_transactions of 16 or more, and pg_dump, pg_restore
 * and psql in the PATH.  Prints TAP.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

#include "learning_work.h"

#define NCLIENTS		16
#define FOLDER			NCLIENTS	/* processes that aren't clients */
#define MONITOR			(NCLIENTS + 1)
#define KEEPER			(NCLIENTS + 2)
#define NPROCESSES		(NCLIENTS + 3)
#define MAX_DEPTH		5
#define LEAST			40		/* transactions of a client */
#define PATIENCE		120		/* seconds beyond the end: a hang */
#define MAX_DUMPS		12

static const char *const level[] = {"READ COMMITTED", "REPEATABLE READ",
"SERIALIZABLE"};

static Tally *tally;			/* one for each process, shared */
static int	seconds;
static unsigned int seed;
static double end;				/* of the random phase */
static char folder[200];		/* for dumps */
static int	ndumps;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + t.tv_nsec / 1e9;
}

static void
pause_for(double duration)
{
	if (duration > 0)
		usleep((useconds_t) (duration * 1e6));
}

/*
 * A look at the totals, in one statement and so in one snapshot.  Returns NULL
 * or the SQLSTATE of an error.
 */
static const char *
look(Session *s, const char *query)
{
	PGresult   *result = PQexec(s->conn, query);
	const char *state = NULL;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		state = meet_error(s, result, query);
	else
	{
		const char *found = PQgetvalue(result, 0, 0);

		s->tally->looks++;
		if (found[0] != '\0' && strcmp(found, "0") != 0)
			note(s->tally->lie, &s->tally->lies, query, found);
	}
	PQclear(result);
	return state;
}

/*
 * Clients
 */

/* Open, keep or give up a savepoint. */
static const char *
change_savepoint(Session *s)
{
	char		statement[100];
	int			choice = pick(s, 5);
	const char *verb;

	if (s->depth == 0 || (choice < 2 && s->depth < MAX_DEPTH))
	{
		snprintf(statement, sizeof(statement), "SAVEPOINT s%d", ++s->depth);
		return run(s, statement);
	}

	/* perhaps one below the last, which takes those above with it */
	if (pick(s, 3) == 0)
		s->depth = 1 + pick(s, s->depth);
	verb = choice < 4 ? "ROLLBACK TO" : "RELEASE";
	snprintf(statement, sizeof(statement), "%s s%d", verb, s->depth);
	if (choice < 4)
		s->tally->undone++;
	else
	{
		s->tally->released++;
		s->depth--;
	}
	return run(s, statement);
}

/* After an error: go on from a savepoint, or say that there is none. */
static bool
recover(Session *s)
{
	char		statement[100];

	if (s->depth == 0 || pick(s, 4) == 0)
		return false;
	snprintf(statement, sizeof(statement), "ROLLBACK TO s%d", s->depth);
	s->tally->undone++;
	return run(s, statement) == NULL;
}

/* The middle of a transaction; false if it is to be given up. */
static bool
work_a_while(Session *s)
{
	int			nsteps = 1 + pick(s, 8);

	for (int i = 0; i < nsteps; i++)
	{
		const char *state;
		int			choice = pick(s, 100);

		if (choice < 33)
			state = change_savepoint(s);
		else if (choice < 36)
			state = look(s, FALSE_TOTALS);
		else if (choice < 37 && pick(s, 4) == 0)
			state = look(s, VERIFY);
		else
			state = work(s);
		if (state != NULL && !recover(s))
			return false;
	}
	return true;
}

/*
 * In two phases.  What is prepared holds locks of totals, so that others may
 * wait for it until it is finished, in which it waits for nobody.
 */
static void
prepare(Session *s)
{
	char		statement[100];
	int			commit = pick(s, 5) < 3;

	snprintf(statement, sizeof(statement),
			 "PREPARE TRANSACTION 'learning client %d'", s->number);
	if (run(s, statement) != NULL)
		return;
	if (pick(s, 2) == 0)
		usleep(pick(s, 4000));
	snprintf(statement, sizeof(statement),
			 "%s PREPARED 'learning client %d'",
			 commit ? "COMMIT" : "ROLLBACK", s->number);
	if (run(s, statement) == NULL)
		s->tally->prepared[commit]++;
}

static void
transact(Session *s)
{
	char		statement[100];
	int			choice = pick(s, 20);
	int			isolation = choice < 10 ? 0 : choice < 18 ? 1 : 2;

	if (pick(s, 5) == 0)
	{
		if (work(s) == NULL)
			s->tally->committed[0]++;
		return;
	}
	s->depth = 0;
	snprintf(statement, sizeof(statement), "BEGIN ISOLATION LEVEL %s",
			 level[isolation]);
	if (run(s, statement) != NULL)
		return;
	choice = pick(s, 20);
	if (!work_a_while(s) || choice < 2)
	{
		run(s, "ROLLBACK");
		s->tally->rolled_back++;
	}
	else if (choice < 6)
		prepare(s);
	else if (run(s, "COMMIT") == NULL)
		s->tally->committed[isolation]++;
	if (PQtransactionStatus(s->conn) != PQTRANS_IDLE)
		run(s, "ROLLBACK");
}

static void
be_client(Session *s)
{
	s->is_small = s->number % 4 == 1 || s->number % 8 == 6;
	if (s->is_small)
		command(s->conn, "SET mentoring.flush_memory = '64kB'");
	if (s->number % 4 == 2)
		command(s->conn, "SET mentoring.flush_method = 'statements'");
	for (int n = 0; n < LEAST || now() < end; n++)
		transact(s);
}

/*
 * Others
 */

static void
be_folder(Session *s)
{
	while (now() < end)
	{
		PGresult   *result = PQexec(s->conn,
									"SELECT mentoring.fold_learning_log()");

		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			meet_error(s, result, "fold_learning_log()");
		else if (atol(PQgetvalue(result, 0, 0)) > 0)
			s->tally->folds++;
		PQclear(result);
		usleep(pick(s, 10000));
	}
}

/* Hold the snapshot until it was folded a few times, but not for ever. */
static void
hold(Session *s)
{
	char		before[200];
	char		after[200];
	long		folds = tally[FOLDER].folds;
	double		limit = now() + 3;

	text_of(s->conn, before, sizeof(before), DIGEST);
	while (tally[FOLDER].folds < folds + 3)
	{
		if (now() > limit)
			return;
		usleep(5000);
	}
	text_of(s->conn, after, sizeof(after), DIGEST);
	s->tally->held++;
	if (strcmp(before, after) != 0)
		s->tally->changed++;
	look(s, VERIFY);
}

static void
be_monitor(Session *s)
{
	for (int n = 0; now() < end; n++)
	{
		command(s->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
		look(s, FALSE_TOTALS);
		if (n % 2 == 0)
			look(s, VERIFY);
		else
			hold(s);
		command(s->conn, "ROLLBACK");
		usleep(pick(s, 200000));
	}
}

/* Dump number "i": every other one as an archive. */
static bool
is_archive(int i)
{
	return i % 2 == 1;
}

/* Run a program; what it says goes to the output as a diagnostic. */
static bool
run_program(const char *format,...)
{
	char		line[1000];
	va_list		args;
	FILE	   *output;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fflush(stdout);
	output = popen(line, "r");
	if (output == NULL)
		return false;
	while (fgets(line, sizeof(line), output) != NULL)
		printf("# %s", line);
	fflush(stdout);
	return pclose(output) == 0;
}

/* Each dump in its part of the time, and a rebuild in between. */
static void
be_keeper(Session *s)
{
	double		start = now();
	double		part = (end - start) / ndumps;

	for (int i = 0; i < ndumps; i++)
	{
		double		when = part * pick(s, 1000) / 2000;

		pause_for(start + i * part + when - now());
		if (!run_program("pg_dump -F%c -f %s/%d 2>&1",
						 is_archive(i) ? 'c' : 'p', folder, i))
			note(s->tally->error, &s->tally->errors, "pg_dump", "failed");
		pause_for(part * pick(s, 1000) / 4000);
		look(s, "SELECT mentoring.rebuild_learning_log()");
	}
}

static void
be_process(int i)
{
	Session    *s = calloc(1, sizeof(Session));

	if (s == NULL)
		_exit(2);
	s->number = i;
	s->tally = &tally[i];
	s->random = (seed + (unsigned int) i) * 2654435761u;
	s->conn = connect_to(NULL);
	if (i < NCLIENTS)
		be_client(s);
	else if (i == FOLDER)
		be_folder(s);
	else if (i == MONITOR)
		be_monitor(s);
	else
		be_keeper(s);
	PQfinish(s->conn);
	_exit(0);
}

/*
 * The random phase
 */

/* What everybody does, for somebody hangs. */
static void
show_activity(void)
{
	PGconn	   *conn = connect_to(NULL);
	char text[	TEXT_SIZE];

	text_of(conn, text, sizeof(text),
			"SELECT string_agg(concat_ws(' ', pid, backend_type, state,"
			" wait_event_type, wait_event, pg_blocking_pids(pid),"
			" left(query, 80)), E'\n')"
			" FROM pg_stat_activity WHERE datname = current_database()");
	diagnose(text);
	PQfinish(conn);
}

/* Wait for all processes, or end them when they hang; how many were fine. */
static int
wait_for(pid_t *pid)
{
	int			nrunning = NPROCESSES;
	int			nfine = 0;

	while (nrunning > 0 && now() < end + PATIENCE)
	{
		int			status;
		pid_t		gone = waitpid(-1, &status, WNOHANG);

		if (gone <= 0)
		{
			usleep(20000);
			continue;
		}
		for (int i = 0; i < NPROCESSES; i++)
		{
			if (pid[i] == gone)
			{
				pid[i] = 0;
				nrunning--;
				nfine += WIFEXITED(status) && WEXITSTATUS(status) == 0;
			}
		}
	}
	if (nrunning > 0)
		show_activity();
	for (int i = 0; i < NPROCESSES; i++)
	{
		if (pid[i] > 0)
		{
			printf("# process %d hangs\n", i);
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
		}
	}
	return nfine;
}

/* Add up what the processes told. */
static Tally
sum_up(void)
{
	Tally		sum;

	memset(&sum, 0, sizeof(sum));
	for (int i = 0; i < NPROCESSES; i++)
	{
		const Tally *t = &tally[i];

		for (int k = 0; k < 3; k++)
		{
			sum.committed[k] += t->committed[k];
			sum.retries[k] += t->retries[k];
		}
		for (int k = 0; k < 2; k++)
			sum.prepared[k] += t->prepared[k];
		for (int k = 0; k < NKINDS; k++)
			sum.rows[k] += t->rows[k];
		sum.rolled_back += t->rolled_back;
		sum.released += t->released;
		sum.undone += t->undone;
		sum.looks += t->looks;
		sum.folds += t->folds;
		sum.held += t->held;
		sum.changed += t->changed;
		if (sum.lies == 0)
			strcpy(sum.lie, t->lie);
		if (sum.errors == 0)
			strcpy(sum.error, t->error);
		if (sum.deadlocks == 0)
			strcpy(sum.deadlock, t->deadlock);
		sum.lies += t->lies;
		sum.errors += t->errors;
		sum.deadlocks += t->deadlocks;
	}
	return sum;
}

static bool
happened(PGconn *conn, const char *sequence)
{
	char		query[200];

	snprintf(query, sizeof(query),
			 "SELECT is_called::integer FROM mentoring.%s", sequence);
	return number(conn, query) == 1;
}

/* That the test has tested something. */
static void
test_coverage(PGconn *conn, const Tally *sum)
{
	bool		all = true;

	for (int k = 0; k < NKINDS; k++)
	{
		if (sum->rows[k] == 0)
		{
			printf("# %s: no row\n", kinds[k].name);
			all = false;
		}
	}
	ok(all, "statements of each kind changed rows");
	ok(sum->committed[0] > 0 && sum->committed[1] > 0 &&
	   sum->committed[2] > 0, "transactions of each isolation level"
	   " were committed");
	ok(sum->rolled_back > 0, "some were rolled back");
	ok(sum->prepared[0] > 0 && sum->prepared[1] > 0,
	   "some were prepared, and then committed or rolled back");
	ok(sum->released > 0 && sum->undone > 0,
	   "savepoints were released and rolled back to");
	ok(happened(conn, "learning_delta_id_seq"), "deltas were appended");
	ok(happened(conn, "learning_spill_id_seq"),
	   "some transactions were spilled");
	ok(sum->folds > 0, "deltas were folded");
	ok(sum->held > 0, "snapshots were held meanwhile");
}

static void
test_random(PGconn *conn)
{
	pid_t		pid[NPROCESSES];
	Tally		sum;
	int			nfine;

	fflush(stdout);
	end = now() + seconds;
	for (int i = 0; i < NPROCESSES; i++)
	{
		pid[i] = fork();
		if (pid[i] == 0)
			be_process(i);
	}
	nfine = wait_for(pid);
	sum = sum_up();
	printf("# committed %ld, %ld and %ld of the isolation levels,"
		   " %ld prepared; rolled back %ld, %ld prepared; savepoints"
		   " %ld released, %ld rolled back to\n", sum.committed[0],
		   sum.committed[1], sum.committed[2], sum.prepared[1],
		   sum.rolled_back, sum.prepared[0], sum.released, sum.undone);
	printf("# not serializable %ld, deadlocks of the log %ld, event known"
		   " %ld; %ld looks, %ld folds, %ld snapshots held\n",
		   sum.retries[0], sum.retries[1] - sum.deadlocks, sum.retries[2],
		   sum.looks, sum.folds, sum.held);
	ok(nfine == NPROCESSES, "%d of %d processes came to an end", nfine,
	   NPROCESSES);
	ok(sum.deadlocks == 0, "no deadlock of totals (%ld)", sum.deadlocks);
	diagnose(sum.deadlock);
	ok(sum.errors == 0, "no error nobody expects (%ld)", sum.errors);
	diagnose(sum.error);
	ok(sum.lies == 0, "totals were exact in each snapshot, with what the"
	   " transaction itself had written (%ld not)", sum.lies);
	diagnose(sum.lie);
	ok(sum.changed == 0, "an older snapshot keeps its totals across folds"
	   " (%ld didn't)", sum.changed);
	test_coverage(conn, &sum);
	ok(number(conn, "SELECT count(*) FROM pg_prepared_xacts") == 0,
	   "no prepared transaction is left");
}

/*
 * Afterwards
 */

static void
test_end(PGconn *conn)
{
	ok_exact(conn, "at the end");
	command(conn, "SELECT mentoring.fold_learning_log()");
	ok_exact(conn, "when all is folded");
	ok(number(conn, "SELECT mentoring.rebuild_learning_log()") == 0,
	   "there is nothing to rebuild");
	printf("# %ld entries in the log\n",
		   number(conn, "SELECT count(*) FROM mentoring.learning_log"));
	command(conn, "DELETE FROM mentoring.learning_log");
	ok_exact(conn, "when all entries are deleted");
	ok(number(conn, "SELECT (SELECT count(*) FROM"
			  " mentoring.learning_by_relationship_week)"
			  " + (SELECT count(*) FROM mentoring.learning_by_participant)"
			  " + (SELECT count(*) FROM mentoring.learning_by_skill_month)"
			  " + (SELECT count(*)"
			  " FROM mentoring.learning_by_programme_month)")
	   == 0, "and the views are empty");
	ok(number(conn, "SELECT (SELECT count(*) FROM mentoring.learning_day)"
			  " + (SELECT count(*) FROM mentoring.learning_author"
			  " WHERE entries <> 0 OR skill_id <> 0)") == 0,
	   "so are the totals of authors, but for what they are locked by");
}

/* What was dumped in the middle of it is exact in another database. */
static void
test_dumps(PGconn *conn)
{
	char		own[100];

	text_of(conn, own, sizeof(own), "SELECT current_database()");
	for (int i = 0; i < ndumps; i++)
	{
		char		name[120];
		const char *kind = is_archive(i) ? "an archive" : "a plain dump";
		PGconn	   *other;

		snprintf(name, sizeof(name), "%s_restored", own);
		command(conn, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
		command(conn, "CREATE DATABASE %s TEMPLATE template0", name);
		ok(is_archive(i) ?
		   run_program("pg_restore --exit-on-error -d %s %s/%d 2>&1", name,
					   folder, i) :
		   run_program("psql -X -q -v ON_ERROR_STOP=1 -d %s -f %s/%d 2>&1"
					   " >%s/out", name, folder, i, folder),
		   "%s is restored", kind);
		other = connect_to(name);
		ok_exact(other, "in it");
		ok(number(other, "SELECT count(*) FROM mentoring.learning_log") > 0 &&
		   number(other, "SELECT count(*) FROM"
				  " mentoring.learning_by_programme_month") > 0,
		   "and not nothing");
		PQfinish(other);
		command(conn, "DROP DATABASE %s WITH (FORCE)", name);
	}
	run_program("rm -rf %s", folder);
}

/* Blocks that end in an exception, with others in them that do. */
static void
make_function(PGconn *conn)
{
	command(conn, "%s",
			"CREATE FUNCTION public.learn_and_err(who text,"
			" programme bigint, relationship bigint, author bigint,"
			" day date, n integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
			" FOR i IN 1 .. n LOOP"
			"  BEGIN"
			"   INSERT INTO mentoring.learning_log (programme_id,"
			"    occurred_on, relationship_id, participant_id, minutes,"
			"    skill_id, level_after, source)"
			"   VALUES (programme, day + i, relationship, author, 10 * i,"
			"    1 + i % 5, i % 8, who);"
			"   BEGIN"
			"    UPDATE mentoring.learning_log"
			"     SET minutes = (minutes + 7) % 1441,"
			"      occurred_on = occurred_on - i"
			"     WHERE source = who AND id % 11 = i;"
			"    IF i % 2 = 0 THEN RAISE EXCEPTION 'not so'; END IF;"
			"   EXCEPTION WHEN raise_exception THEN"
			"    DELETE FROM mentoring.learning_log"
			"     WHERE source = who AND id % 13 = i;"
			"   END;"
			"   IF i % 3 = 0 THEN RAISE EXCEPTION 'all in vain'; END IF;"
			"  EXCEPTION WHEN raise_exception THEN NULL;"
			"  END;"
			" END LOOP;"
			"END $$");
}

static void
set_up(PGconn *conn)
{
	char		name[100];

	make_world(conn);
	make_function(conn);
	text_of(conn, name, sizeof(name), "SELECT current_database()");
	command(conn, "ALTER DATABASE %s SET mentoring.fold_after = 200", name);
	for (int i = 0; i < NTOTALS; i++)
	{
		char		query[200];

		snprintf(query, sizeof(query), "SELECT 'mentoring.%s'::regclass::oid",
				 total_tables[i]);
		total_oid[i] = (unsigned int) number(conn, query);
	}
	log_oid = (unsigned int)
		number(conn, "SELECT 'mentoring.learning_log'::regclass::oid");

	snprintf(folder, sizeof(folder), "%s/learning_test.XXXXXX",
			 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	tally = mmap(NULL, NPROCESSES * sizeof(Tally), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mkdtemp(folder) == NULL || tally == MAP_FAILED)
		bail_out(conn, "no folder or no memory");
}

/* A whole number from the environment, or else "value". */
static int
setting(const char *name, int value)
{
	const char *text = getenv(name);

	return text !=NULL && text[0] != '\0' ? atoi(text) : value;
}

int
main(void)
{
	PGconn	   *conn = connect_to(NULL);

	seconds = setting("MTR_LEARNING_SECONDS", 25);
	seed = (unsigned int) setting("MTR_SEED", 1);
	ndumps = 2 + seconds / 200;
	if (ndumps > MAX_DUMPS)
		ndumps = MAX_DUMPS;
	printf("# MTR_SEED=%u, %d seconds\n", seed, seconds);
	if (number(conn, "SHOW max_prepared_transactions") < NCLIENTS)
		bail_out(conn, "max_prepared_transactions is too small");
	set_up(conn);
	test_random(conn);
	test_dumps(conn);
	test_end(conn);
	PQfinish(conn);
	printf("1..%d\n", ntests);
	return nfailed == 0 ? 0 : 1;
}
