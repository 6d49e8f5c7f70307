/*
 * capacity_test.c
 *	  twelve clients, sixty places: nobody gets one too many
 *
 * Twenty mentors have three places each, sixty mentees one.  Twelve client
 * processes claim places for five mentees each, of mentors chosen at random,
 * each transaction at an isolation level chosen at random, and try again what
 * could not be serialized.  Whoever loads the last place twice shows as a
 * mentor with four relationships, whoever loses one as a mentee who finds
 * none.  Then they end, move and replace relationships and change capacities.
 *
 * Meanwhile a monitor looks: in every snapshot, not only at the end, the loads
 * must be what a recomputation gives and nobody beyond the capacity.
 *
 * How the clients meet is up to the scheduler, so nothing is asserted about
 * how often they had to try again; a diagnostic tells.
 *
 * Needs an empty database with the extension, named by PGHOST and the like,
 * and a superuser.  Prints TAP.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#define NCLIENTS	12
#define NMENTORS	20
#define PLACES		3
#define NPLACES		(NMENTORS * PLACES)
#define NOWN		(NPLACES / NCLIENTS)	/* mentees of a client */
#define NCHANGES	150			/* changes a client makes in the second phase */
#define PATIENCE	5000		/* attempts before a client gives up */

/* SQLSTATEs a client meets and lives with */
#define NO_PLACE		"23514"
#define SERIALIZATION	"40001"
#define DEADLOCK		"40P01"
#define LOCK_TIMEOUT	"55P03"

/* A mentee of the client, and the relationship the mentee is in. */
typedef struct Mentee
{
	int			id;
	int			mentor;			/* 0: none */
	long		relationship;
} Mentee;

typedef struct Client
{
	PGconn	   *conn;
	unsigned int random;
	Mentee		mentee[NOWN];
	int			transactions;	/* committed */
	int			refusals;		/* no free place */
	int			retries;
} Client;

/* What a client tells the parent when it is done. */
typedef struct Report
{
	int			transactions;
	int			refusals;
	int			retries;
} Report;

/* What the monitor saw. */
typedef struct Sight
{
	int			looks;
	int			overfull;
	int			wrong;
} Sight;

static int	ntests = 0;
static int	nfailed = 0;

static void
ok(bool holds, const char *format,...)
{
	va_list		args;

	printf("%s %d - ", holds ? "ok" : "not ok", ++ntests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	if (!holds)
		nfailed++;
}

/*
 * Statements
 */

/* What can't be gone on from. */
static void
bail_out(PGconn *conn, const char *what)
{
	fprintf(stderr, "%s: %s", what, PQerrorMessage(conn));
	printf("Bail out! %s\n", what);
	fflush(stdout);
	_exit(2);
}

static PGconn *
connect_to(void)
{
	PGconn	   *conn = PQconnectdb("");

	if (PQstatus(conn) != CONNECTION_OK)
		bail_out(conn, "connection");
	/* a deadlock is to be noticed soon, and a lost lock not waited for */
	PQclear(PQexec(conn, "SET deadlock_timeout = '20ms'"));
	PQclear(PQexec(conn, "SET statement_timeout = '120s'"));
	PQclear(PQexec(conn, "SET client_min_messages = error"));
	return conn;
}

/*
 * Run a statement.  Returns NULL, or the SQLSTATE of an error the callers
 * live with; any other error ends the program.  The first value goes to
 * *value when that is given.
 */
static const char *
run(PGconn *conn, long *value, const char *format,...)
{
	static char state[6];
	char		statement[1000];
	va_list		args;
	PGresult   *result;
	ExecStatusType status;

	va_start(args, format);
	vsnprintf(statement, sizeof(statement), format, args);
	va_end(args);
	result = PQexec(conn, statement);
	status = PQresultStatus(result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
	{
		if (value != NULL)
			*value = PQntuples(result) > 0 ? atol(PQgetvalue(result, 0, 0)) : 0;
		PQclear(result);
		return NULL;
	}
	snprintf(state, sizeof(state), "%s",
			 PQresultErrorField(result, PG_DIAG_SQLSTATE) ?
			 PQresultErrorField(result, PG_DIAG_SQLSTATE) : "");
	PQclear(result);
	if (strcmp(state, NO_PLACE) != 0 && strcmp(state, SERIALIZATION) != 0 &&
		strcmp(state, DEADLOCK) != 0 && strcmp(state, LOCK_TIMEOUT) != 0)
		bail_out(conn, statement);
	return state;
}

/* A number a query returns. */
static long
number(PGconn *conn, const char *query)
{
	long		value;

	if (run(conn, &value, "%s", query) != NULL)
		bail_out(conn, query);
	return value;
}

/*
 * Transactions
 */

/* A whole number from 0 to below "limit", the same in every C library. */
static int
pick(Client *client, int limit)
{
	client->random = client->random * 1664525u + 1013904223u;
	return (int) ((client->random >> 8) % (unsigned int) limit);
}

/*
 * What a transaction does with one mentee; "mentor" is one at random.  A
 * SQLSTATE ends it.
 */
typedef const char *(*Work) (Client *client, Mentee *mentee, int mentor);

/*
 * Run a transaction until it is committed (true) or refused for want of a
 * place (false; the mentee is then as before).
 */
static bool
transact(Client *client, Work work, Mentee *mentee, int mentor)
{
	static const char *const level[] = {"READ COMMITTED", "REPEATABLE READ",
	"SERIALIZABLE"};

	for (int attempt = 0; attempt < PATIENCE; attempt++)
	{
		Mentee		before = *mentee;
		const char *state;
		bool		refused;

		run(client->conn, NULL, "BEGIN ISOLATION LEVEL %s",
			level[pick(client, 3)]);
		state = work(client, mentee, mentor);
		if (state == NULL)
			state = run(client->conn, NULL, "COMMIT");
		if (state == NULL)
		{
			client->transactions++;
			return true;
		}
		refused = strcmp(state, NO_PLACE) == 0;
		run(client->conn, NULL, "ROLLBACK");
		*mentee = before;
		if (refused)
		{
			client->refusals++;
			return false;
		}
		client->retries++;
		usleep(pick(client, 5000));
	}
	bail_out(client->conn, "a client gave up");
	return false;
}

/* A relationship of the mentee and the mentor, in the order of their ids. */
static const char *
claim(Client *client, Mentee *mentee, int mentor)
{
	const char *state;

	state = run(client->conn, &mentee->relationship,
				"INSERT INTO mentoring.relationship (programme_id, status)"
				" VALUES (1, 'active') RETURNING id");
	if (state != NULL)
		return state;
	mentee->mentor = mentor;
	return run(client->conn, NULL,
			   "INSERT INTO mentoring.relationship_member"
			   " (programme_id, relationship_id, participant_id, role)"
			   " VALUES (1, %ld, %d, 'mentor'), (1, %ld, %d, 'mentee')",
			   mentee->relationship, mentor, mentee->relationship,
			   mentee->id);
}

static const char *
end(Client *client, Mentee *mentee, int mentor)
{
	(void) mentor;
	mentee->mentor = 0;
	return run(client->conn, NULL,
			   "UPDATE mentoring.relationship SET status = 'ended'"
			   " WHERE programme_id = 1 AND id = %ld", mentee->relationship);
}

static const char *
end_and_claim(Client *client, Mentee *mentee, int mentor)
{
	const char *state = end(client, mentee, mentor);

	return state != NULL ? state : claim(client, mentee, mentor);
}

/* The same in one statement, whose row triggers all see its end. */
static const char *
exchange(Client *client, Mentee *mentee, int mentor)
{
	const char *state;

	state = run(client->conn, &mentee->relationship,
				"WITH e AS (UPDATE mentoring.relationship"
				" SET status = 'ended' WHERE programme_id = 1 AND id = %ld),"
				" n AS (INSERT INTO mentoring.relationship"
				" (programme_id, status) VALUES (1, 'trial') RETURNING id),"
				" m AS (INSERT INTO mentoring.relationship_member"
				" (programme_id, relationship_id, participant_id, role)"
				" SELECT 1, n.id, v.id, v.role FROM n,"
				" (VALUES (%d, 'mentor'), (%d, 'mentee')) AS v (id, role))"
				" SELECT id FROM n",
				mentee->relationship, mentor, mentee->id);
	mentee->mentor = mentor;
	return state;
}

/* Another mentor in the same relationship. */
static const char *
move(Client *client, Mentee *mentee, int mentor)
{
	mentee->mentor = mentor;
	return run(client->conn, NULL,
			   "UPDATE mentoring.relationship_member SET participant_id = %d"
			   " WHERE programme_id = 1 AND relationship_id = %ld"
			   " AND role = 'mentor'", mentor, mentee->relationship);
}

/* What a savepoint undoes gives nothing back. */
static const char *
think_twice(Client *client, Mentee *mentee, int mentor)
{
	const char *state;

	run(client->conn, NULL, "SAVEPOINT s");
	state = run(client->conn, NULL,
				"DELETE FROM mentoring.relationship_member"
				" WHERE programme_id = 1 AND relationship_id = %ld",
				mentee->relationship);
	if (state != NULL)
		return state;
	run(client->conn, NULL, "ROLLBACK TO s");
	return move(client, mentee, mentor);
}

/* More or fewer places for the mentor. */
static const char *
change_capacity(Client *client, Mentee *mentee, int mentor)
{
	(void) mentee;
	return run(client->conn, NULL,
			   "UPDATE mentoring.participant SET capacity = %d"
			   " WHERE programme_id = 1 AND id = %d",
			   pick(client, 2 * PLACES), mentor);
}

/*
 * Clients
 */

/* Find a mentor for each mentee. */
static void
fill(Client *client)
{
	for (int i = 0; i < NOWN; i++)
	{
		int			attempts = 0;

		while (!transact(client, claim, &client->mentee[i],
						 1 + pick(client, NMENTORS)))
		{
			if (++attempts == PATIENCE)
				bail_out(client->conn, "a mentee finds no mentor");
		}
	}
}

static void
change(Client *client)
{
	static const Work work[] = {end_and_claim, exchange, move, think_twice};

	for (int i = 0; i < NCHANGES; i++)
	{
		Mentee	   *mentee = &client->mentee[pick(client, NOWN)];
		int			mentor = 1 + pick(client, NMENTORS);

		if (mentee->mentor == 0)
			transact(client, claim, mentee, mentor);
		else if (pick(client, 4) == 0)
			transact(client, change_capacity, mentee, mentor);
		else if (pick(client, 4) == 0)
			transact(client, end, mentee, mentor);
		else if (mentor != mentee->mentor)
			transact(client, work[pick(client, 4)], mentee, mentor);
	}
}

/* The relationships the client's mentees are in, from the phase before. */
static void
find_mentees(Client *client, int number_of_client)
{
	for (int i = 0; i < NOWN; i++)
	{
		Mentee	   *mentee = &client->mentee[i];
		long		mentor;

		mentee->id = NMENTORS + 1 + number_of_client * NOWN + i;
		run(client->conn, &mentee->relationship,
			"SELECT relationship_id FROM mentoring.relationship_member"
			" WHERE participant_id = %d", mentee->id);
		run(client->conn, &mentor,
			"SELECT participant_id FROM mentoring.relationship_member"
			" WHERE relationship_id = %ld AND role = 'mentor'",
			mentee->relationship);
		mentee->mentor = (int) mentor;
	}
}

/* The life of client i: its phase, then a report to the parent. */
static void
be_client(int i, void (*phase) (Client *client), int channel)
{
	Client		client;
	Report		report;

	memset(&client, 0, sizeof(client));
	client.random = (unsigned int) (i + 1) * 2654435761u;
	client.conn = connect_to();
	find_mentees(&client, i);
	phase(&client);
	PQfinish(client.conn);
	report.transactions = client.transactions;
	report.refusals = client.refusals;
	report.retries = client.retries;
	_exit(write(channel, &report, sizeof(report)) == (ssize_t) sizeof(report)
		  ? 0 : 2);
}

/* One statement, one snapshot each. */
static void
look(PGconn *monitor, Sight *sight)
{
	sight->looks++;
	if (number(monitor, "SELECT count(*) FROM mentoring.verify_load()") > 0)
		sight->wrong++;
	if (number(monitor, "SELECT count(*) FROM mentoring.participant AS p"
			   " WHERE p.capacity < (SELECT count(*)"
			   " FROM mentoring.relationship_member AS m"
			   " JOIN mentoring.relationship AS r"
			   " ON r.id = m.relationship_id"
			   " WHERE m.participant_id = p.id AND r.status"
			   " NOT IN ('completed', 'ended'))") > 0)
		sight->overfull++;
}

/*
 * Run all clients, each a process, and look at the loads until they are done.
 * Returns how many ended as they should.
 */
static int
run_clients(void (*phase) (Client *client), Sight *sight, Report *sum)
{
	PGconn	   *monitor;
	int			channel[2];
	int			running = NCLIENTS;
	int			nfine = 0;

	fflush(stdout);
	if (pipe(channel) != 0)
		exit(2);
	for (int i = 0; i < NCLIENTS; i++)
	{
		if (fork() == 0)
			be_client(i, phase, channel[1]);
	}
	monitor = connect_to();
	while (running > 0)
	{
		int			status;
		pid_t		pid = waitpid(-1, &status, WNOHANG);

		if (pid < 0)
			break;
		if (pid == 0)
		{
			look(monitor, sight);
			usleep(2000);
			continue;
		}
		running--;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			nfine++;
	}
	PQfinish(monitor);
	close(channel[1]);

	memset(sum, 0, sizeof(*sum));
	for (Report report; read(channel[0], &report, sizeof(report)) ==
		 (ssize_t) sizeof(report);)
	{
		sum->transactions += report.transactions;
		sum->refusals += report.refusals;
		sum->retries += report.retries;
	}
	close(channel[0]);
	return nfine;
}

static void
diagnose(const char *phase, const Report *sum, const Sight *sight)
{
	printf("# %s: %d transactions, %d refused, %d tried again; %d looks\n",
		   phase, sum->transactions, sum->refusals, sum->retries,
		   sight->looks);
}

/*
 * Tests
 */

static void
make_people(PGconn *conn)
{
	if (number(conn, "SELECT count(*) FROM mentoring.participant") > 0)
		bail_out(conn, "the database is not empty");
	run(conn, NULL, "INSERT INTO mentoring.person"
		" (id, external_id, display_name) SELECT i, 'p' || i, 'Person ' || i"
		" FROM generate_series(1, %d) AS i", NMENTORS + NPLACES);
	run(conn, NULL, "INSERT INTO mentoring.programme (id, name, model)"
		" VALUES (1, 'Sixty places', 'one_to_one')");
	run(conn, NULL, "INSERT INTO mentoring.participant"
		" (programme_id, id, person_id, role, status, capacity)"
		" SELECT 1, i, i, CASE WHEN i <= %d THEN 'mentor' ELSE 'mentee' END,"
		" 'accepted', CASE WHEN i <= %d THEN %d ELSE 1 END"
		" FROM generate_series(1, %d) AS i",
		NMENTORS, NMENTORS, PLACES, NMENTORS + NPLACES);
}

/* Phase one: the places are taken, all of them and none twice. */
static void
test_fill(PGconn *conn)
{
	Sight		sight = {0, 0, 0};
	Report		sum;
	int			nfine = run_clients(fill, &sight, &sum);

	ok(nfine == NCLIENTS, "%d of %d clients found all their mentors", nfine,
	   NCLIENTS);
	diagnose("fill", &sum, &sight);
	ok(number(conn, "SELECT count(*) FROM mentoring.relationship"
			  " WHERE status = 'active'") == NPLACES,
	   "as many relationships as places");
	ok(number(conn, "SELECT count(*) FROM (SELECT participant_id"
			  " FROM mentoring.relationship_member WHERE role = 'mentor'"
			  " GROUP BY participant_id HAVING count(*) = 3) AS m")
	   == NMENTORS, "each mentor has exactly three");
	ok(number(conn, "SELECT sum(capacity - active)"
			  " FROM mentoring.participant_load") == 0, "no place is free");
	ok(sight.looks > 0 && sight.overfull == 0,
	   "nobody was beyond the capacity at any time");
	ok(sight.looks > 0 && sight.wrong == 0, "the loads were right at any time");
}

/* Phase two: places are given back and taken, and their number changes. */
static void
test_change(PGconn *conn)
{
	Sight		sight = {0, 0, 0};
	Report		sum;
	int			nfine = run_clients(change, &sight, &sum);

	ok(nfine == NCLIENTS, "%d of %d clients made all their changes", nfine,
	   NCLIENTS);
	diagnose("change", &sum, &sight);
	ok(sum.transactions > 0, "some changes were made");
	ok(sight.looks > 0 && sight.overfull == 0,
	   "nobody was beyond the capacity at any time");
	ok(sight.looks > 0 && sight.wrong == 0, "the loads were right at any time");
	ok(number(conn, "SELECT count(*) FROM mentoring.verify_load()") == 0,
	   "the loads are right at the end");
	ok(number(conn, "SELECT sum(active) FROM mentoring.participant_load") ==
	   2 * number(conn, "SELECT count(*) FROM mentoring.relationship"
				  " WHERE status NOT IN ('completed', 'ended')"),
	   "each open relationship takes two places");
}

/* Claim the one place of mentor 1 for a mentee; the SQLSTATE or NULL. */
static const char *
claim_last(PGconn *conn, long relationship, int mentee)
{
	return run(conn, NULL, "INSERT INTO mentoring.relationship_member"
			   " (programme_id, relationship_id, participant_id, role)"
			   " VALUES (1, %ld, 1, 'mentor'), (1, %ld, %d, 'mentee')",
			   relationship, relationship, mentee);
}

/* A prepared transaction holds the place it claims. */
static void
test_prepared(PGconn *conn)
{
	PGconn	   *other = connect_to();
	const char *state;
	long		r;

	run(conn, NULL, "TRUNCATE mentoring.relationship_member CASCADE");
	run(conn, NULL, "UPDATE mentoring.participant SET capacity = 1");
	run(conn, &r, "INSERT INTO mentoring.relationship (programme_id, status)"
		" VALUES (1, 'active') RETURNING id");
	run(other, NULL, "SET lock_timeout = '100ms'");

	for (int i = 0; i < 2; i++)
	{
		run(conn, NULL, "BEGIN");
		claim_last(conn, r, NMENTORS + 1);
		run(conn, NULL, "PREPARE TRANSACTION 'mentoring_capacity_test'");
		state = claim_last(other, r, NMENTORS + 2);
		ok(state != NULL && strcmp(state, LOCK_TIMEOUT) == 0,
		   "a place claimed by a prepared transaction is waited for");
		run(conn, NULL, "%s PREPARED 'mentoring_capacity_test'",
			i == 0 ? "ROLLBACK" : "COMMIT");
		if (i == 0)
			ok(number(conn, "SELECT sum(active)"
					  " FROM mentoring.participant_load") == 0,
			   "rolled back, it gives the place back");
	}
	run(conn, &r, "INSERT INTO mentoring.relationship (programme_id, status)"
		" VALUES (1, 'active') RETURNING id");
	state = claim_last(other, r, NMENTORS + 2);
	ok(state != NULL && strcmp(state, NO_PLACE) == 0,
	   "committed, it has taken the place");
	ok(number(conn, "SELECT count(*) FROM mentoring.verify_load()") == 0,
	   "the loads are right");
	PQfinish(other);
}

int
main(void)
{
	PGconn	   *conn = connect_to();

	make_people(conn);
	test_fill(conn);
	test_change(conn);
	if (number(conn, "SHOW max_prepared_transactions") > 0)
		test_prepared(conn);
	else
		ok(true, "prepared transactions # SKIP max_prepared_transactions = 0");
	PQfinish(conn);
	printf("1..%d\n", ntests);
	return nfailed == 0 ? 0 : 1;
}
