/*
 * learning_client.h
 *	  what tests of the learning log share: TAP, a session, a small world,
 *	  and whether totals are exact
 *
 * "Exact" is asked twice: verify_learning_log() is what users have, and
 * FALSE_TOTALS recomputes the four views in other words, so that an error
 * common to the views and to verify_learning_log() shows, too.
 *
 * The world is small, so that transactions meet: three programmes, in each
 * four mentors (participants 101 to 104 of programme 1) and eight mentees (111
 * to 118) with two relationships each (1011 and 1012 are those of 111), five
 * skills.
 */
#ifndef MTR_LEARNING_CLIENT_H
#define MTR_LEARNING_CLIENT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#define NPROGRAMMES		3
#define NMENTORS		4
#define NMENTEES		8
#define NSKILLS			5

#define STATEMENT_SIZE	32000
#define TEXT_SIZE		3000

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

/* Lines of text as a TAP diagnostic. */
static void
diagnose(const char *text)
{
	char		copy[TEXT_SIZE];

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *line = strtok(copy, "\n"); line != NULL;
		 line = strtok(NULL, "\n"))
		printf("# %s\n", line);
	fflush(stdout);
}

/* What can't be gone on from. */
static void
bail_out(PGconn *conn, const char *what)
{
	printf("Bail out! %s: %s\n", what, PQerrorMessage(conn));
	fflush(stdout);
	_exit(2);
}

/* Run a statement that can't fail. */
static void
command(PGconn *conn, const char *format,...)
{
	char		statement[STATEMENT_SIZE];
	va_list		args;
	PGresult   *result;

	va_start(args, format);
	vsnprintf(statement, sizeof(statement), format, args);
	va_end(args);
	result = PQexec(conn, statement);
	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK)
		bail_out(conn, statement);
	PQclear(result);
}

/* A value a query returns. */
static void
text_of(PGconn *conn, char *value, size_t size, const char *query)
{
	PGresult   *result = PQexec(conn, query);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		bail_out(conn, query);
	snprintf(value, size, "%s",
			 PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
}

static long
number(PGconn *conn, const char *query)
{
	char		value[100];

	text_of(conn, value, sizeof(value), query);
	return atol(value);
}

/* To the database named by "database", or by the environment if NULL. */
static PGconn *
connect_to(const char *database)
{
	static const char *const keywords[] = {"dbname", NULL};
	const char *values[] = {database, NULL};
	PGconn	   *conn = PQconnectdbParams(keywords, values, 0);

	if (PQstatus(conn) != CONNECTION_OK)
		bail_out(conn, "connection");
	/* a deadlock is to be noticed soon, a lost wake-up not waited for */
	command(conn, "SET deadlock_timeout = '20ms'");
	command(conn, "SET statement_timeout = '60s'");
	command(conn, "SET client_min_messages = error");
	/* its settings are to be known and checked from now on */
	command(conn, "LOAD 'mentoring'");
	return conn;
}

/* How many rows of one view a recomputation hasn't, and the reverse. */
#define FALSE_ROWS(view, query) \
	"(WITH a AS MATERIALIZED (TABLE mentoring." view ")," \
	" b AS MATERIALIZED (" query ")" \
	" SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b)" \
	" UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS d)"

#define MONDAY(day)	"(" day " - (extract(isodow FROM " day ")::integer - 1))"
#define FIRST(day)	"(" day " - (extract(day FROM " day ")::integer - 1))"

#define FALSE_TOTALS \
	"SELECT " \
	FALSE_ROWS("learning_by_relationship_week", \
	"SELECT programme_id, relationship_id, " MONDAY("occurred_on") "," \
	" count(*), sum(minutes), count(DISTINCT occurred_on), max(occurred_on)" \
	" FROM mentoring.learning_log WHERE relationship_id IS NOT NULL" \
	" GROUP BY 1, 2, 3") " + " \
	FALSE_ROWS("learning_by_participant", \
	"SELECT programme_id, participant_id, count(*), sum(minutes)," \
	" count(DISTINCT occurred_on), min(occurred_on), max(occurred_on)," \
	" (SELECT min(k)::integer FROM generate_series(1," \
	" count(DISTINCT " MONDAY("occurred_on") ")) AS k WHERE " \
	MONDAY("max(occurred_on)") " - 7 * k::integer" \
	" <> ALL (array_agg(" MONDAY("occurred_on") ")))" \
	" FROM mentoring.learning_log GROUP BY 1, 2") " + " \
	FALSE_ROWS("learning_by_skill_month", \
	"SELECT programme_id, skill_id, " FIRST("occurred_on") ", count(*)," \
	" sum(minutes), count(DISTINCT participant_id)," \
	" coalesce(sum(level_after - level_before), 0)," \
	" count(level_after - level_before)" \
	" FROM mentoring.learning_log WHERE skill_id IS NOT NULL" \
	" GROUP BY 1, 2, 3") " + " \
	FALSE_ROWS("learning_by_programme_month", \
	"SELECT programme_id, " FIRST("occurred_on") ", count(*), sum(minutes)," \
	" count(DISTINCT participant_id), count(DISTINCT occurred_on)" \
	" FROM mentoring.learning_log GROUP BY 1, 2")

#define VERIFY \
	"SELECT coalesce(string_agg(f, E'\\n'), '') FROM" \
	" (SELECT format('%s %s: stored %s, expected %s', grain, key, stored," \
	" expected) FROM mentoring.verify_learning_log() LIMIT 5) AS w (f)"

/* Everything the views give, as one value. */
#define DIGEST_ROWS(view) \
	"(SELECT md5(string_agg(v::text, ' ' ORDER BY v::text COLLATE \"C\"))" \
	" FROM mentoring." view " AS v)"
#define DIGEST \
	"SELECT concat_ws(' ', " \
	DIGEST_ROWS("learning_by_relationship_week") ", " \
	DIGEST_ROWS("learning_by_participant") ", " \
	DIGEST_ROWS("learning_by_skill_month") ", " \
	DIGEST_ROWS("learning_by_programme_month") ")"

/*
 * Are the totals, as this session sees them, those of the log?  If not, "why"
 * (TEXT_SIZE) tells some that aren't.  Of two snapshots, so for nobody else to
 * write meanwhile, or within a REPEATABLE READ transaction.
 */
static bool
is_exact(PGconn *conn, char *why)
{
	text_of(conn, why, TEXT_SIZE, VERIFY);
	if (why[0] == '\0' && number(conn, FALSE_TOTALS) != 0)
		strcpy(why, "the views differ from the log, and"
			   " verify_learning_log() doesn't see it");
	return why[0] == '\0';
}

/* The same as a test. */
static void
ok_exact(PGconn *conn, const char *when)
{
	char		why[TEXT_SIZE];

	ok(is_exact(conn, why), "totals are exact %s", when);
	diagnose(why);
}

/* Programmes, participants, relationships and skills; no log entry. */
static void
make_world(PGconn *conn)
{
	if (number(conn, "SELECT count(*) FROM mentoring.participant") > 0)
		bail_out(conn, "the database is not empty");
	command(conn, "INSERT INTO mentoring.programme (id, name, model)"
			" SELECT p, 'Programme ' || p, 'one_to_one'"
			" FROM generate_series(1, %d) AS p", NPROGRAMMES);
	command(conn, "INSERT INTO mentoring.skill (id, name)"
			" SELECT s, 'Skill ' || s FROM generate_series(1, %d) AS s",
			NSKILLS);
	command(conn, "INSERT INTO mentoring.person (id, external_id,"
			" display_name) SELECT 100 * p + k, 'p' || 100 * p + k,"
			" 'Person ' || k FROM generate_series(1, %d) AS p,"
			" generate_series(1, %d) AS k WHERE k <= %d OR k > 10",
			NPROGRAMMES, 10 + NMENTEES, NMENTORS);
	command(conn, "INSERT INTO mentoring.participant (programme_id, id,"
			" person_id, role, status, capacity) SELECT id / 100, id, id,"
			" CASE WHEN id %% 100 <= %d THEN 'mentor' ELSE 'mentee' END,"
			" 'accepted', 20 FROM mentoring.person", NMENTORS);
	command(conn, "INSERT INTO mentoring.relationship (programme_id, id,"
			" status) SELECT p, 1000 * p + 10 * k + r, 'active'"
			" FROM generate_series(1, %d) AS p, generate_series(1, %d) AS k,"
			" generate_series(1, 2) AS r", NPROGRAMMES, NMENTEES);
	command(conn, "INSERT INTO mentoring.relationship_member"
			" (programme_id, relationship_id, participant_id, role)"
			" SELECT programme_id, id, 100 * programme_id + 10 + id %% 1000"
			" / 10, 'mentee' FROM mentoring.relationship UNION ALL"
			" SELECT programme_id, id, 100 * programme_id + 1 +"
			" (id %% 1000 / 10 + id %% 10) %% %d, 'mentor'"
			" FROM mentoring.relationship", NMENTORS);
	/* without statistics some plans of a recomputation are slow */
	command(conn, "ANALYZE");
}

#endif							/* MTR_LEARNING_CLIENT_H */
