/*
 * learning_work.h
 *	  random statements that write the learning log, and the session that runs
 *	  them
 *
 * Each kind of statement is a function that runs one of its kind, with values
 * chosen at random, and returns NULL or the SQLSTATE of what went wrong.  Most
 * touch rows of the own session only (source = 'client N'), so that sessions
 * meet in the totals more than in the log; some touch anybody's, and events of
 * the source 'lms', which all sessions bring.
 */
#ifndef MTR_LEARNING_WORK_H
#define MTR_LEARNING_WORK_H

#include "learning_client.h"

#define NEVENTS		40			/* of each programme */
#define MAX_ROWS	12			/* of a statement; bulks have more */

/* SQLSTATEs that random writers meet and live with */
#define SERIALIZATION	"40001"
#define DEADLOCK		"40P01"
#define UNIQUE			"23505"
#define EVENT_KEY		"learning_log_programme_id_source_source_event_id_key"

/* What must not be heard of in a deadlock: nobody waits in a circle there. */
static const char *const total_tables[] = {
	"learning_day", "learning_author", "learning_programme_day",
	"learning_programme_month", "learning_skill_month", "learning_delta", "learning_spill"
};

#define NTOTALS	((int) (sizeof(total_tables) / sizeof(total_tables[0])))

static unsigned int total_oid[NTOTALS];
static unsigned int log_oid;

#define NKINDS	19				/* of statements, see kinds[] */

/* What a process tells the one that started it; in shared memory. */
typedef struct Tally
{
	long		committed[3];	/* by isolation level */
	long		rolled_back;
	long		prepared[2];	/* then rolled back, committed */
	long		released;		/* savepoints */
	long		undone;			/* savepoints rolled back to */
	long		rows[NKINDS];	/* by kind of statement */
	long		retries[3];		/* serialization, deadlock, event known */
	long		looks;			/* how often totals were compared */
	long		lies;			/* and weren't exact */
	long		errors;			/* nobody expected */
	long		deadlocks;		/* of totals */
	volatile long folds;		/* that folded something */
	long		held;			/* snapshots held across folds */
	long		changed;		/* whose totals changed */
	char		lie[TEXT_SIZE]; /* the first of each */
	char		error[TEXT_SIZE];
	char		deadlock[TEXT_SIZE];
} Tally;

typedef struct Session
{
	PGconn	   *conn;
	int			number;
	unsigned int random;
	bool		is_small;		/* mentoring.flush_memory is small */
	int			depth;			/* open savepoints */
	long		rows;			/* of the last statement */
	char		state[6];		/* SQLSTATE of the last error */
	char		statement[STATEMENT_SIZE];
	Tally	   *tally;
} Session;

/* A whole number from 0 to below "limit", the same in every C library. */
static int
pick(Session *s, int limit)
{
	s->random = s->random * 1664525u + 1013904223u;
	return (int) ((s->random >> 8) % (unsigned int) limit);
}

/*
 * Errors
 */

static void
note(char *text, long *count, const char *statement, const char *message)
{
	if ((*count)++ == 0)
		snprintf(text, TEXT_SIZE, "%.600s\n%s", statement, message);
}

/* Does the text name one of the relations by its OID, as deadlocks do? */
static bool
names_relation(const char *text, unsigned int oid)
{
	char		name[40];

	snprintf(name, sizeof(name), "relation %u ", oid);
	return strstr(text, name) != NULL;
}

/*
 * Is this deadlock one of rows of the log, and of nothing else?  Whoever waits
 * for such a row says so in the context, or the detail names the log; COMMIT
 * and PREPARE TRANSACTION wait for totals only.
 */
static bool
is_of_log(const char *statement, const char *message)
{
	if (strncmp(statement, "COMMIT", 6) == 0 ||
		strncmp(statement, "PREPARE", 7) == 0)
		return false;
	for (int i = 0; i < NTOTALS; i++)
	{
		if (strstr(message, total_tables[i]) != NULL ||
			names_relation(message, total_oid[i]))
			return false;
	}
	return strstr(message, "in relation \"learning_log") != NULL ||
		names_relation(message, log_oid);
}

/* Count an error; returns its SQLSTATE, in the session. */
static const char *
meet_error(Session *s, const PGresult *result, const char *statement)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result,
												PG_DIAG_CONSTRAINT_NAME);
	char	   *message = PQresultVerboseErrorMessage(result, PQERRORS_VERBOSE,
													  PQSHOW_CONTEXT_ALWAYS);

	snprintf(s->state, sizeof(s->state), "%s", state ? state : "?????");
	if (strcmp(s->state, SERIALIZATION) == 0)
		s->tally->retries[0]++;
	else if (strcmp(s->state, DEADLOCK) == 0)
	{
		s->tally->retries[1]++;
		if (!is_of_log(statement, message))
			note(s->tally->deadlock, &s->tally->deadlocks, statement,
				 message);
	}
	else if (strcmp(s->state, UNIQUE) == 0 && constraint != NULL &&
			 strcmp(constraint, EVENT_KEY) == 0)
		s->tally->retries[2]++;
	else
		note(s->tally->error, &s->tally->errors, statement, message);
	PQfreemem(message);
	return s->state;
}

static const char *
run(Session *s, const char *statement)
{
	PGresult   *result = PQexec(s->conn, statement);
	const char *state = NULL;

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK)
		state = meet_error(s, result, statement);
	else
		s->rows = atol(PQcmdTuples(result));
	PQclear(result);
	if (PQstatus(s->conn) != CONNECTION_OK)
		bail_out(s->conn, "a session was lost");
	return state;
}

/* Statements are written piece by piece. */
static void
begin_statement(Session *s)
{
	s->statement[0] = '\0';
}

static void
add(Session *s, const char *format,...)
{
	size_t		length = strlen(s->statement);
	va_list		args;

	va_start(args, format);
	if (vsnprintf(s->statement + length, STATEMENT_SIZE - length, format,
				  args) >= (int) (STATEMENT_SIZE - length))
		bail_out(s->conn, "STATEMENT_SIZE is too small");
	va_end(args);
}

static const char *
run_it(Session *s)
{
	return run(s, s->statement);
}

/*
 * Entries
 */

/* 0 and -1 (levels) stand for NULL. */
typedef struct Entry
{
	int			programme;
	int			day;			/* after FIRST_DAY */
	int			relationship;
	int			participant;
	int			minutes;
	int			skill;
	int			before;
	int			after;
} Entry;

#define FIRST_DAY	"date '2023-12-25'"

#define COLUMNS \
	"(programme_id, occurred_on, relationship_id, participant_id, minutes," \
	" skill_id, level_before, level_after, source, source_event_id)"

/* Ends of a week, of a month and of a year; few, so that sessions meet. */
static int
pick_day(Session *s)
{
	return pick(s, 2) == 0 ? pick(s, 12) : 62 + pick(s, 10);
}

static Entry
pick_entry(Session *s)
{
	Entry		e;
	int			mentee = 1 + pick(s, NMENTEES);
	int			which = 1 + pick(s, 2);

	e.programme = 1 + pick(s, NPROGRAMMES);
	e.day = pick_day(s);
	e.relationship = 1000 * e.programme + 10 * mentee + which;
	e.participant = 100 * e.programme + (pick(s, 4) > 0 ? 10 + mentee :
										 1 + (mentee + which) % NMENTORS);
	if (pick(s, 4) == 0)
		e.relationship = 0;
	e.minutes = pick(s, 3) == 0 ? 0 : pick(s, 1441);
	e.skill = pick(s, 4) == 0 ? 0 : 1 + pick(s, NSKILLS);
	e.before = pick(s, 9) - 1;
	e.after = pick(s, 9) - 1;
	return e;
}

/* A number, or what stands for NULL. */
static void
add_number(Session *s, int value, bool is_null, const char *null)
{
	if (is_null)
		add(s, "%s", null);
	else
		add(s, "%d", value);
}

/* The values of COLUMNS but the last two. */
static void
add_values(Session *s, const Entry *e, const char *separator,
		   const char *null)
{
	add_number(s, e->relationship, e->relationship == 0, null);
	add(s, "%s%d%s%d%s", separator, e->participant, separator, e->minutes,
		separator);
	add_number(s, e->skill, e->skill == 0, null);
	add(s, "%s", separator);
	add_number(s, e->before, e->before < 0, null);
	add(s, "%s", separator);
	add_number(s, e->after, e->after < 0, null);
}

/* As a row of VALUES; event 0 is none. */
static void
add_entry(Session *s, int event)
{
	Entry		e = pick_entry(s);

	add(s, "(%d, " FIRST_DAY " + %d, ", e.programme, e.day);
	add_values(s, &e, ", ", "NULL");
	if (event > 0)
		add(s, ", 'lms', 'e%d')", event);
	else
		add(s, ", 'client %d', NULL)", s->number);
}

/* Different events, so that no statement touches a row twice. */
static void
add_events(Session *s, int n)
{
	int			first = pick(s, NEVENTS);

	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			add(s, ", ");
		add_entry(s, 1 + (first + 7 * i) % NEVENTS);
	}
}

/* Which rows an UPDATE or DELETE takes. */
static void
add_target(Session *s)
{
	switch (pick(s, 8))
	{
		case 0:
			add(s, " WHERE source = 'lms' AND source_event_id = 'e%d'",
				1 + pick(s, NEVENTS));
			break;
		case 1:
			add(s, " WHERE participant_id = %d AND occurred_on = " FIRST_DAY
				" + %d", 100 * (1 + pick(s, NPROGRAMMES)) + 11 +
				pick(s, NMENTEES), pick_day(s));
			break;
		case 2:
		case 3:
			add(s, " WHERE source = 'client %d' AND id %% 4 = %d", s->number,
				pick(s, 4));
			break;
		default:
			add(s, " WHERE id IN (SELECT id FROM mentoring.learning_log"
				" WHERE source = 'client %d' ORDER BY (id * 7919) %% 101"
				" LIMIT %d)", s->number, 1 + pick(s, MAX_ROWS));
	}
}

/* UPDATE with that SET clause, of some rows */
static const char *
update(Session *s, const char *format,...)
{
	char		set[2000];
	va_list		args;

	va_start(args, format);
	vsnprintf(set, sizeof(set), format, args);
	va_end(args);
	begin_statement(s);
	add(s, "UPDATE mentoring.learning_log SET %s", set);
	add_target(s);
	return run_it(s);
}

/*
 * Kinds of statements
 */

static const char *
insert_one(Session *s)
{
	begin_statement(s);
	add(s, "INSERT INTO mentoring.learning_log " COLUMNS " VALUES ");
	add_entry(s, pick(s, 5) == 0 ? 1 + pick(s, NEVENTS) : 0);
	return run_it(s);
}

static const char *
insert_many(Session *s)
{
	int			n = 2 + pick(s, MAX_ROWS - 1);

	begin_statement(s);
	add(s, "INSERT INTO mentoring.learning_log " COLUMNS " VALUES ");
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			add(s, ", ");
		add_entry(s, 0);
	}
	return run_it(s);
}

/* Members of some relationships, each on some days. */
static const char *
insert_select(Session *s)
{
	begin_statement(s);
	add(s, "INSERT INTO mentoring.learning_log " COLUMNS
		" SELECT m.programme_id, " FIRST_DAY " + %d + d, m.relationship_id,"
		" m.participant_id, 10 * d, 1 + (m.id + d) %% %d, d, (m.id + d) %% 8,"
		" 'client %d', NULL FROM mentoring.relationship_member AS m,"
		" generate_series(0, %d) AS d WHERE m.relationship_id %% 10 = %d"
		" AND m.relationship_id / 10 %% 10 = %d ORDER BY md5('%d' || m.id)",
		pick_day(s), NSKILLS, s->number, pick(s, 3), 1 + pick(s, 2),
		1 + pick(s, NMENTEES), pick(s, 1000));
	return run_it(s);
}

static const char *
copy(Session *s)
{
	static const char start[] = "COPY mentoring.learning_log " COLUMNS
	" FROM STDIN";
	PGresult   *result = PQexec(s->conn, start);
	const char *state = NULL;
	int			n = 1 + pick(s, MAX_ROWS);

	if (PQresultStatus(result) != PGRES_COPY_IN)
	{
		state = meet_error(s, result, start);
		PQclear(result);
		return state;
	}
	PQclear(result);
	begin_statement(s);
	for (int i = 0; i < n; i++)
	{
		Entry		e = pick_entry(s);

		add(s, "%d\t2024-01-%02d\t", e.programme, 1 + e.day % 31);
		add_values(s, &e, "\t", "\\N");
		add(s, "\tclient %d\t\\N\n", s->number);
	}
	if (PQputCopyData(s->conn, s->statement, (int) strlen(s->statement)) != 1
		|| PQputCopyEnd(s->conn, NULL) != 1)
		bail_out(s->conn, start);
	while ((result = PQgetResult(s->conn)) != NULL)
	{
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			state = meet_error(s, result, start);
		else
			s->rows = atol(PQcmdTuples(result));
		PQclear(result);
	}
	return state;
}

static const char *
skip_known(Session *s)
{
	begin_statement(s);
	add(s, "INSERT INTO mentoring.learning_log " COLUMNS " VALUES ");
	add_events(s, 1 + pick(s, 5));
	add(s, " ON CONFLICT (programme_id, source, source_event_id) DO NOTHING");
	return run_it(s);
}

#define FROM_ROW(row) \
	"(occurred_on, relationship_id, participant_id, minutes, skill_id," \
	" level_before, level_after) = (" row ".occurred_on, " \
	row ".relationship_id, " row ".participant_id, " row ".minutes, " \
	row ".skill_id, " row ".level_before, " row ".level_after)"

static const char *
replace_known(Session *s)
{
	begin_statement(s);
	add(s, "INSERT INTO mentoring.learning_log AS l " COLUMNS " VALUES ");
	add_events(s, 1 + pick(s, 5));
	add(s, " ON CONFLICT (programme_id, source, source_event_id) DO UPDATE"
		" SET " FROM_ROW("excluded"));
	if (pick(s, 3) == 0)
		add(s, " WHERE l.minutes %% 3 > 0");
	return run_it(s);
}

static const char *
merge(Session *s)
{
	begin_statement(s);
	add(s, "MERGE INTO mentoring.learning_log AS l USING (SELECT"
		" v.programme_id, v.occurred_on, v.relationship_id::bigint,"
		" v.participant_id, v.minutes, v.skill_id::bigint,"
		" v.level_before::smallint, v.level_after::smallint, v.source,"
		" v.source_event_id FROM (VALUES ");
	add_events(s, 1 + pick(s, 6));
	add(s, ") AS v " COLUMNS ") AS n ON l.programme_id = n.programme_id"
		" AND l.source = n.source"
		" AND l.source_event_id = n.source_event_id"
		" WHEN MATCHED AND l.id %% 3 = %d THEN DELETE"
		" WHEN MATCHED THEN UPDATE SET " FROM_ROW("n")
		" WHEN NOT MATCHED AND n.minutes %% 5 = 0 THEN DO NOTHING"
		" WHEN NOT MATCHED THEN INSERT " COLUMNS " VALUES (n.programme_id,"
		" n.occurred_on, n.relationship_id, n.participant_id, n.minutes,"
		" n.skill_id, n.level_before, n.level_after, n.source,"
		" n.source_event_id)", pick(s, 3));
	return run_it(s);
}

static const char *
move_day(Session *s)
{
	static const int days[] = {1, -1, 7, -7, 31, -31};

	return update(s, "occurred_on = occurred_on + %d", days[pick(s, 6)]);
}

/* Another of the author's, or none. */
static const char *
change_relationship(Session *s)
{
	if (pick(s, 4) == 0)
		return update(s, "relationship_id = NULL");
	return update(s, "relationship_id = (SELECT m.relationship_id"
				  " FROM mentoring.relationship_member AS m"
				  " WHERE m.programme_id = learning_log.programme_id"
				  " AND m.participant_id = learning_log.participant_id"
				  " ORDER BY (m.relationship_id * 31) %% %d,"
				  " m.relationship_id LIMIT 1)", 2 + pick(s, 50));
}

/* The other member; outside a relationship anybody. */
static const char *
change_author(Session *s)
{
	return update(s, "participant_id = CASE WHEN relationship_id IS NULL"
				  " THEN 100 * programme_id + %d"
				  " ELSE (SELECT m.participant_id"
				  " FROM mentoring.relationship_member AS m"
				  " WHERE m.relationship_id = learning_log.relationship_id"
				  " AND m.participant_id <> learning_log.participant_id) END",
				  11 + pick(s, NMENTEES));
}

static const char *
change_minutes(Session *s)
{
	return update(s, "minutes = (minutes + %d) %% 1441", pick(s, 1000));
}

static const char *
change_skill(Session *s)
{
	return update(s, "skill_id = nullif((coalesce(skill_id, 0) + %d)"
				  " %% %d, 0)", 1 + pick(s, NSKILLS), NSKILLS + 1);
}

static const char *
change_levels(Session *s)
{
	switch (pick(s, 3))
	{
		case 0:
			return update(s, "level_before = nullif(%d, 8)", pick(s, 9));
		case 1:
			return update(s, "level_after = nullif(%d, 8)", pick(s, 9));
		default:
			return update(s, "level_before = level_after,"
						  " level_after = level_before");
	}
}

/* Several columns at once. */
static const char *
change_all(Session *s)
{
	return update(s, "occurred_on = occurred_on + %d, relationship_id = NULL,"
				  " participant_id = 100 * programme_id + %d,"
				  " minutes = %d, skill_id = %d, level_before = NULL",
				  1 - 2 * pick(s, 2), 1 + pick(s, NMENTORS), pick(s, 1441),
				  1 + pick(s, NSKILLS));
}

/* Nothing that counts. */
static const char *
change_text(Session *s)
{
	return update(s, "reflection = 'text %d', minutes = minutes,"
				  " visibility = '%s'", pick(s, 1000),
				  pick(s, 2) == 0 ? "private" : "coordinator");
}

static const char *
delete(Session *s)
{
	begin_statement(s);
	add(s, "DELETE FROM mentoring.learning_log");
	add_target(s);
	return run_it(s);
}

/* Delete, update and insert in one statement. */
static const char *
replace(Session *s)
{
	begin_statement(s);
	add(s, "WITH gone AS (DELETE FROM mentoring.learning_log"
		" WHERE source = 'client %d' AND id %% 5 = %d RETURNING *),"
		" later AS (UPDATE mentoring.learning_log"
		" SET occurred_on = occurred_on + 1"
		" WHERE source = 'client %d' AND id %% 5 = %d RETURNING 1)"
		" INSERT INTO mentoring.learning_log " COLUMNS
		" SELECT programme_id, occurred_on - 1, relationship_id,"
		" participant_id, 1440 - minutes, skill_id, level_after,"
		" level_before, source, source_event_id FROM gone"
		" WHERE id %% 3 > 0",
		s->number, pick(s, 2), s->number, 2 + pick(s, 3));
	return run_it(s);
}

/* PL/pgSQL blocks that end in an exception, one in another. */
static const char *
catch_exceptions(Session *s)
{
	Entry		e = pick_entry(s);

	begin_statement(s);
	if (pick(s, 2) == 0)
	{
		add(s, "SELECT public.learn_and_err('client %d', %d, ", s->number,
			e.programme);
		add_number(s, e.relationship, e.relationship == 0, "NULL");
		add(s, ", %d, " FIRST_DAY " + %d, %d)", e.participant, e.day,
			2 + pick(s, 6));
		return run_it(s);
	}
	/* an event that is known takes the others of its block with it */
	add(s, "DO $$ BEGIN FOR i IN 1 .. %d LOOP BEGIN"
		" INSERT INTO mentoring.learning_log " COLUMNS " VALUES ",
		1 + pick(s, 3));
	add_entry(s, 0);
	add(s, "; INSERT INTO mentoring.learning_log " COLUMNS " VALUES ");
	add_entry(s, 1 + pick(s, NEVENTS));
	add(s, "; EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END"
		" $$");
	if (run_it(s) != NULL)
		return s->state;
	s->rows = 1;
	return NULL;
}

/*
 * More keys than fit in a small mentoring.flush_memory, so that they are
 * spilled.  Most goes again in the same transaction, spilled, too, or not, and
 * the rest the next time, for the log to stay small.
 */
static const char *
bulk(Session *s)
{
	begin_statement(s);
	add(s, "DELETE FROM mentoring.learning_log WHERE kind = 'course'"
		" AND source = 'client %d'", s->number);
	if (run_it(s) != NULL)
		return s->state;
	if (!s->is_small)
		return NULL;
	begin_statement(s);
	add(s, "INSERT INTO mentoring.learning_log (programme_id, occurred_on,"
		" relationship_id, participant_id, minutes, skill_id, level_before,"
		" level_after, source, kind) SELECT m.programme_id, " FIRST_DAY
		" + %d + d, m.relationship_id, m.participant_id, d, 1 + d %% %d, 1,"
		" m.id %% 8, 'client %d', 'course'"
		" FROM mentoring.relationship_member AS m,"
		" generate_series(0, 24) AS d", pick(s, 40), NSKILLS, s->number);
	if (run_it(s) != NULL)
		return s->state;
	begin_statement(s);
	add(s, "DELETE FROM mentoring.learning_log WHERE kind = 'course'"
		" AND source = 'client %d' AND id %% 16 > %d", s->number,
		pick(s, 2) == 0 ? 0 : 4);
	return run_it(s);
}

static const struct
{
	const char *name;
	const char *(*run) (Session *s);
	int			weight;
}			kinds[NKINDS] = {
	{"INSERT", insert_one, 16},
	{"INSERT of many rows", insert_many, 8},
	{"INSERT ... SELECT", insert_select, 2},
	{"COPY", copy, 4},
	{"ON CONFLICT DO NOTHING", skip_known, 4},
	{"ON CONFLICT DO UPDATE", replace_known, 4},
	{"MERGE", merge, 4},
	{"UPDATE of the day", move_day, 4},
	{"UPDATE of the relationship", change_relationship, 4},
	{"UPDATE of the author", change_author, 4},
	{"UPDATE of minutes", change_minutes, 4},
	{"UPDATE of the skill", change_skill, 4},
	{"UPDATE of levels", change_levels, 4},
	{"UPDATE of all columns", change_all, 2},
	{"UPDATE of text", change_text, 3},
	{"DELETE", delete, 14},
	{"DELETE, UPDATE and INSERT in one", replace, 6},
	{"exception blocks", catch_exceptions, 5},
	{"bulks", bulk, 1},
};

/* One statement of a kind chosen at random. */
static const char *
work(Session *s)
{
	int			total = 0;
	int			kind = 0;
	const char *state;

	for (int i = 0; i < NKINDS; i++)
		total += kinds[i].weight;
	for (int x = pick(s, total); x >= kinds[kind].weight; kind++)
		x -= kinds[kind].weight;
	s->rows = 0;
	state = kinds[kind].run(s);
	if (state == NULL)
		s->tally->rows[kind] += s->rows;
	return state;
}

#endif							/* MTR_LEARNING_WORK_H */
