/*
 * learning_statement.c
 *	  additions by SQL statements
 *
 * For tables that learning_direct.c doesn't write to: of another access
 * method, distributed, or with triggers of a site.  Slower, and under
 * REPEATABLE READ two transactions that meet in a row of a cold total may end
 * in a serialization failure; else the same.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "access.h"
#include "learning.h"
#include "mentoring.h"
#include "statement.h"

static MtrOwner saved_owner;

static MtrStatement add_day_text = {
	"INSERT INTO mentoring.learning_day AS t (programme_id, participant_id,"
	" day, relationship_id, entries, minutes)"
	" VALUES ($1, $2, $3, $4, $5, $6)"
	" ON CONFLICT (programme_id, participant_id, day, relationship_id)"
	" DO UPDATE SET entries = t.entries OPERATOR(pg_catalog.+)"
	" EXCLUDED.entries, minutes = t.minutes OPERATOR(pg_catalog.+)"
	" EXCLUDED.minutes RETURNING entries, minutes",
	SPI_OK_INSERT_RETURNING
};

static MtrStatement delete_day_text = {
	"DELETE FROM mentoring.learning_day"
	" WHERE programme_id OPERATOR(pg_catalog.=) $1"
	" AND participant_id OPERATOR(pg_catalog.=) $2"
	" AND day OPERATOR(pg_catalog.=) $3"
	" AND relationship_id OPERATOR(pg_catalog.=) $4",
	SPI_OK_DELETE
};

static MtrStatement add_author_text = {
	"INSERT INTO mentoring.learning_author AS t (programme_id,"
	" participant_id, month, skill_id, entries) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (programme_id, participant_id, month, skill_id)"
	" DO UPDATE SET entries = t.entries OPERATOR(pg_catalog.+)"
	" EXCLUDED.entries RETURNING entries",
	SPI_OK_INSERT_RETURNING
};

static MtrStatement delete_author_text = {
	"DELETE FROM mentoring.learning_author"
	" WHERE programme_id OPERATOR(pg_catalog.=) $1"
	" AND participant_id OPERATOR(pg_catalog.=) $2"
	" AND month OPERATOR(pg_catalog.=) $3"
	" AND skill_id OPERATOR(pg_catalog.=) $4",
	SPI_OK_DELETE
};

static MtrStatement delta_text = {
	"INSERT INTO mentoring.learning_delta (programme_id, skill_id, day,"
	" entries, minutes, participants, skill_entries, skill_minutes,"
	" skill_participants, gain, gain_entries)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
	SPI_OK_INSERT_RETURNING
};

static MtrStatement spill_text = {
	"INSERT INTO mentoring.learning_spill (programme_id, participant_id,"
	" relationship_id, skill_id, day, entries, minutes, gain, gain_entries)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
	SPI_OK_INSERT_RETURNING
};

/* Parameters are bigint, but the one that is a date. */
static void
run(MtrStatement *statement, int nargs, int date_at, Datum *values,
	const char *nulls)
{
	Oid			types[11];
	Snapshot	snapshot;
	int			result;

	for (int i = 0; i < nargs; i++)
		types[i] = i == date_at ? DATEOID : INT8OID;
	/* that of the statement before */
	SPI_freetuptable(SPI_tuptable);
	CommandCounterIncrement();
	/* also where the transaction has an older one */
	snapshot = GetLatestSnapshot();
	result = SPI_execute_snapshot(mtr_statement_plan(statement, nargs, types),
								  values, nulls, snapshot, InvalidSnapshot,
								  false, true, 0);
	mtr_statement_check(statement->text, &statement->plan, result,
						statement->expect);
}

/* A column of the row that was returned. */
static int64
returned(int column)
{
	bool		isnull;

	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a row of a total of the learning log was suppressed"),
				 errhint("Triggers on tables of schema mentoring must not return NULL.")));
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, column,
									   &isnull));
}

static Oid
owner_of_totals(void)
{
	Oid			table = mtr_learning_table("learning_day");
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static bool
statement_begin(void)
{
	mtr_owner_enter_table(owner_of_totals(), &saved_owner);
	SPI_connect();
	return true;
}

static void
statement_end(void)
{
	SPI_finish();
	mtr_owner_leave(&saved_owner);
	/* what was written is seen by what follows */
	CommandCounterIncrement();
}

/* Where the row is new it is added to all the same. */
static void
statement_add_day(const MtrLearningEntry *entry, bool is_new)
{
	const MtrLearningKey *key = &entry->key;
	Datum		values[6];

	values[0] = Int64GetDatum(key->programme_id);
	values[1] = Int64GetDatum(key->participant_id);
	values[2] = DateADTGetDatum(mtr_learning_date(key->month, key->day));
	values[3] = Int64GetDatum(key->object_id);
	values[4] = Int64GetDatum(entry->sum.entries);
	values[5] = Int64GetDatum(entry->sum.minutes);
	run(&add_day_text, 6, 2, values, NULL);
	if (returned(1) == 0 && returned(2) == 0)
		run(&delete_day_text, 4, 2, values, NULL);
}

static MtrLearningChange
add_author(const MtrLearningKey *key, int64 skill_id, int64 entries)
{
	MtrLearningChange change;
	Datum		values[5];

	values[0] = Int64GetDatum(key->programme_id);
	values[1] = Int64GetDatum(key->participant_id);
	values[2] = DateADTGetDatum(mtr_learning_date(key->month, 1));
	values[3] = Int64GetDatum(skill_id);
	values[4] = Int64GetDatum(entries);
	run(&add_author_text, 5, 2, values, NULL);
	change.after = returned(1);
	change.before = change.after - entries;
	if (change.after == 0 && skill_id != 0)
		run(&delete_author_text, 4, 2, values, NULL);
	return change;
}

/* The row is locked also where nothing is added. */
static MtrLearningChange
statement_lock_author(const MtrLearningKey *key, int64 entries, bool *is_new)
{
	*is_new = false;
	return add_author(key, 0, entries);
}

static MtrLearningChange
statement_add_skill(const MtrLearningEntry *entry, bool is_new)
{
	return add_author(&entry->key, entry->key.object_id, entry->sum.entries);
}

static void
statement_append_delta(const MtrLearningDelta *delta)
{
	Datum		values[11];
	char		nulls[11];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = Int64GetDatum(delta->programme_id);
	values[1] = Int64GetDatum(delta->skill_id);
	if (delta->skill_id == 0)
		nulls[1] = 'n';
	values[2] = DateADTGetDatum(delta->day);
	values[3] = Int64GetDatum(delta->entries);
	values[4] = Int64GetDatum(delta->minutes);
	values[5] = Int64GetDatum(delta->participants);
	values[6] = Int64GetDatum(delta->skill_entries);
	values[7] = Int64GetDatum(delta->skill_minutes);
	values[8] = Int64GetDatum(delta->skill_participants);
	values[9] = Int64GetDatum(delta->gain);
	values[10] = Int64GetDatum(delta->gain_entries);
	run(&delta_text, 11, 2, values, nulls);
	mtr_learning_fold_count(returned(1), false);
}

static void
statement_append_spill(const MtrLearningEntry *entry)
{
	const MtrLearningKey *key = &entry->key;
	Datum		values[9];
	char		nulls[9];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = Int64GetDatum(key->programme_id);
	values[1] = Int64GetDatum(key->participant_id);
	values[2] = values[3] = Int64GetDatum(key->object_id);
	nulls[key->kind == MTR_LEARNING_DAY ? 3 : 2] = 'n';
	values[4] = DateADTGetDatum(mtr_learning_date(key->month, key->day));
	values[5] = Int64GetDatum(entry->sum.entries);
	values[6] = Int64GetDatum(entry->sum.minutes);
	values[7] = Int64GetDatum(entry->sum.gain);
	values[8] = Int64GetDatum(entry->sum.gain_entries);
	run(&spill_text, 9, 4, values, nulls);
	mtr_learning_fold_count(returned(1), true);
}

const MtrLearningApplier mtr_learning_statement = {
	.begin = statement_begin,
	.lock_author = statement_lock_author,
	.add_day = statement_add_day,
	.add_skill = statement_add_skill,
	.append_delta = statement_append_delta,
	.append_spill = statement_append_spill,
	.end = statement_end,
};
