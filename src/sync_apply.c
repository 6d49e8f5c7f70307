/*
 * sync_apply.c
 *	  what sync() does with persons, merged accounts and managers
 *
 * Each step is a statement that joins what was read with what is there and
 * writes where they differ, so that a second run writes nothing.  Aliases come
 * first, for they say under which key a person is found; then persons, then
 * what refers to persons.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "mentoring.h"
#include "sync_apply.h"

/* rows named in warnings, as many as of those that could not be read */
#define UNKNOWN_ROWS "5"

/* more than one in so many gone at once is no change of persons */
#define MAX_GONE_PART 5

MtrParams
mtr_sync_params(const MtrSync *sync)
{
	MtrParams	params;

	params.n = 0;
	mtr_add_text(&params, sync->name);
	return params;
}

/* Let statements see what was read, or no longer. */
static void
show_rows(const MtrSync *sync, EphemeralNamedRelationData *relation)
{
	for (int i = 0; i < MTR_SYNC_QUERIES; i++)
	{
		const MtrSyncRows *rows = &sync->rows[i];

		if (rows->store == NULL)
			continue;
		memset(&relation[i], 0, sizeof(relation[i]));
		relation[i].md.name = unconstify(char *, mtr_sync_query_name(i));
		relation[i].md.reliddesc = InvalidOid;
		relation[i].md.tupdesc = rows->desc;
		relation[i].md.enrtype = ENR_NAMED_TUPLESTORE;
		relation[i].md.enrtuples = rows->n;
		relation[i].reldata = rows->store;
		if (SPI_register_relation(&relation[i]) != SPI_OK_REL_REGISTER)
			elog(ERROR, "could not register rows");
	}
}

static void
hide_rows(const MtrSync *sync)
{
	for (int i = 0; i < MTR_SYNC_QUERIES; i++)
		if (sync->rows[i].store != NULL)
			SPI_unregister_relation(mtr_sync_query_name(i));
}

/*
 * Tables that have just been filled have no statistics, and the planner takes
 * 100,000 rows of a source for a few hundred: a nested loop over what was read
 * would never end, and sorts for merges take twice as long as hashes.
 */
uint64
mtr_sync_execute(MtrSync *sync, const char *text, int expect,
				 MtrParams *params)
{
	EphemeralNamedRelationData relation[MTR_SYNC_QUERIES];
	int			guc_level = NewGUCNestLevel();
	int			result;

	(void) set_config_option("enable_nestloop", "off", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("enable_mergejoin", "off", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	mtr_sync_limit_memory();
	show_rows(sync, relation);

	/* planned anew: the rows are other ones each time */
	result = SPI_execute_with_args(text, params->n, params->type,
								   params->value, params->is_null, false, 0);
	mtr_statement_check(text, NULL, result, expect);
	hide_rows(sync);
	AtEOXact_GUC(true, guc_level);
	return SPI_processed;
}

void
mtr_sync_counts(MtrSync *sync, const char *text, MtrParams *params, int n,
				int64 *count)
{
	(void) mtr_sync_execute(sync, text, SPI_OK_SELECT, params);
	for (int i = 0; i < n; i++)
	{
		bool		isnull;

		count[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
											   SPI_tuptable->tupdesc, i + 1,
											   &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Has a table no triggers but those that look up the person or the skill a
 * row refers to? */
static bool
has_only_references(const char *table)
{
	Oid			schema = get_namespace_oid(MTR_SCHEMA, false);
	Oid			person = get_relname_relid("person", schema);
	Oid			skill = get_relname_relid("skill", schema);
	Relation	rel = table_open(get_relname_relid(table, schema),
								 RowExclusiveLock);
	TriggerDesc *triggers = rel->trigdesc;
	bool		result = true;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (RI_FKey_trigger_type(trigger->tgfoid) != RI_TRIGGER_FK ||
			(trigger->tgconstrrelid != person &&
			 trigger->tgconstrrelid != skill))
			result = false;
	}
	table_close(rel, NoLock);
	return result;
}

/*
 * Foreign keys look up and lock the referenced row for each row that is
 * written, which for the levels of 100,000 persons is a quarter of the time.
 * A statement run here has itself locked, FOR KEY SHARE as they do, each
 * person and skill its new rows refer to, and writes rows of those it got
 * alone.  So their triggers have nothing left to find, and stand back for the
 * statement; where the table has triggers of another kind, all are fired.
 */
void
mtr_sync_write(MtrSync *sync, const char *table, const char *text,
			   MtrParams *params, int n, int64 *count)
{
	int			guc_level = NewGUCNestLevel();

	if (has_only_references(table))
		(void) set_config_option("session_replication_role", "replica",
								 PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	mtr_sync_counts(sync, text, params, n, count);
	AtEOXact_GUC(true, guc_level);
}

/* Names and conditions in the text are constants of ours. */
void
mtr_sync_warn_rows(MtrSync *sync, MtrSyncQuery query, const char *condition,
				   const char *problem)
{
	MtrParams	params = mtr_sync_params(sync);
	char	   *text = psprintf("WITH " MTR_SYNC_KEYS
								" SELECT left(r.external_id, 60) FROM %s AS r"
								" WHERE NOT EXISTS (SELECT FROM %s)"
								" ORDER BY r.n LIMIT " UNKNOWN_ROWS,
								mtr_sync_query_name(query), condition);
	uint64		n = mtr_sync_execute(sync, text, SPI_OK_SELECT, &params);

	for (uint64 i = 0; i < n; i++)
		ereport(WARNING,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("source \"%s\", %s \"%s\": %s", sync->name,
						mtr_sync_row_name(query),
						SPI_getvalue(SPI_tuptable->vals[i],
									 SPI_tuptable->tupdesc, 1), problem),
				 errhidestmt(true), errhidecontext(true)));
	SPI_freetuptable(SPI_tuptable);
}

void
mtr_sync_warn_unknown(MtrSync *sync, MtrSyncQuery query, const char *column,
					  const char *problem)
{
	mtr_sync_warn_rows(sync, query,
					   psprintf("key AS k WHERE k.external_id = r.%s", column),
					   problem);
}

void
mtr_sync_refuse(MtrSync *sync, MtrSyncCount *count, MtrSyncQuery query,
				int64 n)
{
	count->refused = n + sync->rows[query].refused;
	if (n > 0)
		mtr_sync_warn_unknown(sync, query, "external_id",
							  "there is no such person");
}

/*
 * Merged accounts
 */

/* Which account each merged one has come to at last.  Those that go round in a
 * circle have come to none. */
#define MERGED \
	"RECURSIVE step AS (" \
	" SELECT r.external_id AS origin, r.person_external_id AS target," \
	" 1 AS depth FROM alias_query AS r" \
	" UNION ALL SELECT s.origin, r.person_external_id, s.depth + 1" \
	" FROM step AS s JOIN alias_query AS r ON r.external_id = s.target" \
	" WHERE s.depth < 100)," \
	" merged AS MATERIALIZED (SELECT s.origin, s.target FROM step AS s" \
	" WHERE NOT EXISTS (SELECT FROM alias_query AS r" \
	" WHERE r.external_id = s.target))"

/* Somebody known under the old key alone goes on under the new one. */
static const char rename_person[] =
"WITH " MERGED
" UPDATE mentoring.person AS p SET external_id = m.target"
" FROM (SELECT DISTINCT ON (m.target) o.id, m.target FROM merged AS m"
" JOIN mentoring.person AS o ON o.source = $1 AND o.external_id = m.origin"
" AND o.erased_at IS NULL"
" WHERE NOT EXISTS (SELECT FROM mentoring.person AS t"
" WHERE t.source = $1 AND t.external_id = m.target)"
" AND NOT EXISTS (SELECT FROM mentoring.person_alias AS a"
" WHERE a.source = $1 AND a.external_id IN (m.target, m.origin))"
" AND EXISTS (SELECT FROM person_query AS r WHERE r.external_id = m.target)"
" ORDER BY m.target, o.id) AS m WHERE p.id = m.id";

/* Aliases of persons of other sources are somebody else's decision.  Accounts
 * that were split again are persons of their own before persons are entered. */
static const char drop_aliases[] =
"WITH " MERGED
" DELETE FROM mentoring.person_alias AS a USING mentoring.person AS p"
" WHERE a.source = $1 AND p.id = a.person_id AND p.source = $1"
" AND NOT EXISTS (SELECT FROM merged AS m WHERE m.origin = a.external_id)";

static const char write_aliases[] =
"WITH " MERGED ", " MTR_SYNC_KEYS ","
" wanted AS MATERIALIZED (SELECT DISTINCT ON (m.origin) m.origin, k.person_id"
" FROM merged AS m JOIN key AS k ON k.external_id = m.target"
" ORDER BY m.origin, k.is_alias),"
" gone AS (DELETE FROM mentoring.person_alias AS a"
" USING mentoring.person AS p"
" WHERE a.source = $1 AND p.id = a.person_id AND p.source = $1"
" AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.origin = a.external_id)"
" RETURNING 1),"
" changed AS (UPDATE mentoring.person_alias AS a SET person_id = w.person_id"
" FROM wanted AS w WHERE a.source = $1 AND a.external_id = w.origin"
" AND a.person_id <> w.person_id RETURNING 1),"
" added AS (INSERT INTO mentoring.person_alias"
" (source, external_id, person_id)"
" SELECT $1, w.origin, w.person_id FROM wanted AS w"
" WHERE NOT EXISTS (SELECT FROM mentoring.person_alias AS a"
" WHERE a.source = $1 AND a.external_id = w.origin)"
" ORDER BY w.origin RETURNING 1)"
" SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed),"
" (SELECT count(*) FROM gone),"
" (SELECT count(*) FROM alias_query) - (SELECT count(*) FROM wanted)";

/* Persons who are there under the key of an alias are to be merged. */
static const char find_merges[] =
"SELECT p.id, a.person_id FROM mentoring.person_alias AS a"
" JOIN mentoring.person AS p"
" ON p.source = a.source AND p.external_id = a.external_id"
" JOIN mentoring.person AS t ON t.id = a.person_id"
" WHERE a.source = $1 AND p.erased_at IS NULL AND t.erased_at IS NULL"
" AND p.id <> t.id ORDER BY p.id";

/* What is known of $1 is known of $2 then, as far as that has nothing of the
 * kind; the rest is erased. */
static MtrStatement merge_person[] = {
	{"UPDATE mentoring.participant AS p SET person_id = $2"
		" WHERE p.person_id = $1 AND NOT EXISTS (SELECT"
		" FROM mentoring.participant AS o"
		" WHERE o.programme_id = p.programme_id AND o.person_id = $2)",
	SPI_OK_UPDATE},
	{"UPDATE mentoring.person SET manager_id = $2"
		" WHERE manager_id = $1 AND id <> $2",
	SPI_OK_UPDATE},
	{"UPDATE mentoring.person_history SET manager_id = $2"
		" WHERE manager_id = $1",
	SPI_OK_UPDATE},
	{"UPDATE mentoring.person_role SET person_id = $2 WHERE person_id = $1",
	SPI_OK_UPDATE},
	{"UPDATE mentoring.person_alias SET person_id = $2 WHERE person_id = $1",
	SPI_OK_UPDATE},
	{"UPDATE mentoring.person_skill AS s SET person_id = $2"
		" WHERE s.person_id = $1 AND NOT EXISTS (SELECT"
		" FROM mentoring.person_skill AS o"
		" WHERE o.person_id = $2 AND o.skill_id = s.skill_id)",
	SPI_OK_UPDATE}
};

/* erase_person() for somebody the source has lost. */
static void
erase_person(int64 person_id, const char *reason)
{
	static MtrStatement statement = {
		"SELECT mentoring._erase_person($1, $2)", SPI_OK_SELECT
	};
	MtrParams	params = {0};

	mtr_add_int64(&params, person_id);
	mtr_add_text(&params, reason);
	mtr_execute(&statement, &params);
	SPI_freetuptable(SPI_tuptable);
}

/* Two columns of ids, in memory that outlives the next statement. */
static int64 *
copy_ids(int ncolumns)
{
	int64	   *ids = palloc_array(int64, SPI_processed * ncolumns + 1);

	for (uint64 i = 0; i < SPI_processed; i++)
		for (int c = 0; c < ncolumns; c++)
		{
			bool		isnull;

			ids[i * ncolumns + c] =
				DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
											SPI_tuptable->tupdesc, c + 1,
											&isnull));
		}
	return ids;
}

/* Merge persons into those their keys are aliases of. */
static void
merge_persons(MtrSync *sync)
{
	MtrParams	params = mtr_sync_params(sync);
	uint64		n = mtr_sync_execute(sync, find_merges, SPI_OK_SELECT,
									 &params);
	int64	   *ids = copy_ids(2);

	SPI_freetuptable(SPI_tuptable);
	for (uint64 i = 0; i < n; i++)
	{
		for (int j = 0; j < lengthof(merge_person); j++)
		{
			MtrParams	pair = {0};

			mtr_add_int64(&pair, ids[2 * i]);
			mtr_add_int64(&pair, ids[2 * i + 1]);
			mtr_execute(&merge_person[j], &pair);
		}
		erase_person(ids[2 * i],
					 psprintf("sync: merged into person %lld",
							  (long long) ids[2 * i + 1]));
		mtr_progress(i, n);
	}
	sync->count[MTR_SYNC_O_PERSON].retired += n;
}

/*
 * Persons
 */

/*
 * The values a person is to have: $2 says which columns the query returns, $3
 * lists keys of the profile that are the person's own.  Those who have come or
 * gone are counted only, so that they need be looked for only if there are any.
 */
static const char update_persons[] =
"WITH wanted AS MATERIALIZED (SELECT o.id, r.external_id IS NULL AS is_gone,"
" n.* FROM (SELECT r.*, a.external_id IS NOT NULL AS is_alias"
" FROM person_query AS r LEFT JOIN mentoring.person_alias AS a"
" ON a.source = $1 AND a.external_id = r.external_id) AS r"
" FULL JOIN (SELECT * FROM mentoring.person AS p"
" WHERE p.source = $1 AND p.erased_at IS NULL) AS o"
" ON o.external_id = r.external_id"
" CROSS JOIN LATERAL (SELECT CASE WHEN ($2::bool[])[7] THEN r.joined_on"
" ELSE o.joined_on END AS joined_on,"
" CASE WHEN ($2::bool[])[8] THEN r.left_on ELSE o.left_on END AS left_on)"
" AS d"
" CROSS JOIN LATERAL (SELECT r.display_name,"
" CASE WHEN ($2::bool[])[1] THEN r.email ELSE o.email END AS email,"
" CASE WHEN ($2::bool[])[2] THEN r.org_unit ELSE o.org_unit END AS org_unit,"
" CASE WHEN ($2::bool[])[3] THEN r.job_role ELSE o.job_role END AS job_role,"
" CASE WHEN ($2::bool[])[4] THEN r.grade ELSE o.grade END AS grade,"
" CASE WHEN ($2::bool[])[5] THEN r.site ELSE o.site END AS site,"
" CASE WHEN ($2::bool[])[6] THEN r.timezone ELSE o.timezone END AS timezone,"
" CASE WHEN d.joined_on > d.left_on THEN NULL ELSE d.joined_on END"
" AS joined_on, d.left_on,"
" CASE WHEN ($2::bool[])[9] THEN coalesce(r.is_active, true)"
" ELSE o.is_active END AS is_active,"
" CASE WHEN NOT ($2::bool[])[10] THEN o.profile"
" WHEN o.profile ?| $3::text[] THEN (SELECT"
" jsonb_object_agg(k, o.profile -> k) FROM unnest($3::text[]) AS k"
" WHERE o.profile ? k) || coalesce(r.profile, '{}')"
" ELSE coalesce(r.profile, '{}') END AS profile) AS n"
" WHERE o.id IS NULL OR r.external_id IS NULL"
" OR NOT r.is_refused AND NOT r.is_alias"
" AND (n.display_name, n.email, n.org_unit, n.job_role, n.grade, n.site,"
" n.timezone, n.joined_on, n.left_on, n.is_active, n.profile)"
" IS DISTINCT FROM (o.display_name, o.email, o.org_unit, o.job_role, o.grade,"
" o.site, o.timezone, o.joined_on, o.left_on, o.is_active, o.profile)),"
" changed AS (UPDATE mentoring.person AS p SET (display_name, email,"
" org_unit, job_role, grade, site, timezone, joined_on, left_on, is_active,"
" profile) ="
" ROW(w.display_name, w.email, w.org_unit, w.job_role, w.grade, w.site,"
" w.timezone, w.joined_on, w.left_on, w.is_active, w.profile)"
" FROM wanted AS w WHERE p.id = w.id AND NOT w.is_gone RETURNING 1)"
" SELECT (SELECT count(*) FROM changed),"
" (SELECT count(*) FROM wanted WHERE id IS NULL),"
" (SELECT count(*) FROM wanted WHERE is_gone)";

/*
 * Accounts that were merged before they were known needn't become known.  Ids
 * are drawn before, so that managers who are new, too, are entered at once:
 * an update of every row would take as long as the rest.
 */
static const char insert_persons[] =
"WITH " MERGED ","
" fresh AS MATERIALIZED (SELECT nextval('mentoring.person_id_seq') AS id, r.*"
" FROM (SELECT r.* FROM person_query AS r"
" WHERE NOT r.is_refused AND NOT EXISTS (SELECT"
" FROM mentoring.person_alias AS a"
" WHERE a.source = $1 AND a.external_id = r.external_id)"
" AND NOT EXISTS (SELECT FROM mentoring.person AS p"
" WHERE p.source = $1 AND p.external_id = r.external_id)"
" AND NOT EXISTS (SELECT FROM merged AS m WHERE m.origin = r.external_id)"
" ORDER BY r.n) AS r),"
" known AS (SELECT f.external_id, f.id FROM fresh AS f"
" UNION ALL SELECT p.external_id, p.id FROM mentoring.person AS p"
" WHERE p.source = $1 AND p.erased_at IS NULL),"
" added AS (INSERT INTO mentoring.person (id, source, external_id,"
" display_name, email, org_unit, job_role, grade, site, timezone, joined_on,"
" left_on, is_active, profile, manager_id)"
" SELECT f.id, $1, f.external_id, f.display_name, f.email, f.org_unit,"
" f.job_role, f.grade, f.site, f.timezone, f.joined_on, f.left_on,"
" coalesce(f.is_active, true), coalesce(f.profile, '{}'), m.id"
" FROM fresh AS f"
" LEFT JOIN manager_query AS q ON q.external_id = f.external_id"
" LEFT JOIN known AS m ON m.external_id = q.manager_external_id"
" AND m.id <> f.id ORDER BY f.id"
" ON CONFLICT (source, external_id) DO NOTHING RETURNING manager_id)"
" SELECT count(*), count(manager_id) FROM added";

static const char find_gone[] =
"SELECT p.id FROM mentoring.person AS p"
" WHERE p.source = $1 AND p.erased_at IS NULL"
" AND NOT EXISTS (SELECT FROM person_query AS r"
" WHERE r.external_id = p.external_id) ORDER BY p.id";

static const char count_living[] =
"SELECT count(*) FROM mentoring.person AS p"
" WHERE p.source = $1 AND p.erased_at IS NULL";

static const char leave_persons[] =
"UPDATE mentoring.person AS p SET left_on = greatest(p.joined_on, current_date)"
" WHERE p.id = ANY ($1) AND p.left_on IS NULL";

static void
refuse_gone(const MtrSync *sync, int64 gone, int64 living)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("source \"%s\" has lost %lld of %lld persons", sync->name,
					(long long) gone, (long long) living),
			 errdetail("More than a fifth gone at once looks like tables that are empty or being restored; nothing was changed."),
			 errhint("If they have left indeed, call sync() with force: they are erased, which can't be undone.")));
}

/* Erase the persons the source has lost. */
static void
retire_persons(MtrSync *sync)
{
	MtrParams	params = mtr_sync_params(sync);
	int64		living;
	uint64		n;
	int64	   *ids;
	Datum	   *gone;
	MtrParams	left = {0};

	mtr_sync_counts(sync, count_living, &params, 1, &living);
	n = mtr_sync_execute(sync, find_gone, SPI_OK_SELECT, &params);
	ids = copy_ids(1);
	SPI_freetuptable(SPI_tuptable);
	if (!sync->force && (int64) n * MAX_GONE_PART > living)
		refuse_gone(sync, n, living);
	if (n == 0)
		return;
	gone = palloc_array(Datum, n);
	for (uint64 i = 0; i < n; i++)
	{
		erase_person(ids[i], psprintf("sync: gone from source \"%s\"",
									  sync->name));
		gone[i] = Int64GetDatum(ids[i]);
		mtr_progress(i, n);
	}
	mtr_add_param(&left, INT8ARRAYOID,
				  PointerGetDatum(construct_array(gone, n, INT8OID, 8,
												  FLOAT8PASSBYVAL,
												  TYPALIGN_DOUBLE)));
	(void) mtr_sync_execute(sync, leave_persons, SPI_OK_UPDATE, &left);
	sync->count[MTR_SYNC_O_PERSON].retired += n;
}

/* Columns of persons that the query may leave out, in the order of the
 * statement. */
static Datum
given_columns(const MtrSync *sync)
{
	static const char *const name[] = {
		"email", "org_unit", "job_role", "grade", "site", "timezone",
		"joined_on", "left_on", "is_active", "profile"
	};
	Datum		given[lengthof(name)];

	for (int i = 0; i < lengthof(name); i++)
		given[i] = BoolGetDatum(mtr_sync_has(sync, MTR_SYNC_PERSON, name[i]));
	return PointerGetDatum(construct_array(given, lengthof(name), BOOLOID, 1,
										   true, TYPALIGN_CHAR));
}

/* options.own_keys */
static Datum
own_keys(const MtrSync *sync)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&sync->options->root,
													 "own_keys", 8, &buffer);
	Datum	   *key;
	int			n = 0;

	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
	{
		key = palloc_array(Datum, 1);
		key[n++] = CStringGetTextDatum("availability");
	}
	else
	{
		JsonbContainer *list = value->val.binary.data;
		int			length = JsonContainerSize(list);

		key = palloc_array(Datum, length + 1);
		for (int i = 0; i < length; i++)
		{
			JsonbValue *entry = getIthJsonbValueFromContainer(list, i);

			if (entry->type == jbvString)
				key[n++] =
					PointerGetDatum(cstring_to_text_with_len(entry->val.string.val,
															 entry->val.string.len));
		}
	}
	return PointerGetDatum(construct_array(key, n, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

void
mtr_sync_apply_persons(MtrSync *sync)
{
	MtrSyncCount *person = &sync->count[MTR_SYNC_O_PERSON];
	MtrParams	params = mtr_sync_params(sync);
	MtrParams	update = mtr_sync_params(sync);
	int64		n[4];
	bool		some_gone;

	person->is_reported = true;
	person->refused = sync->rows[MTR_SYNC_PERSON].refused;
	if (sync->text[MTR_SYNC_ALIAS] != NULL)
	{
		sync->count[MTR_SYNC_O_ALIAS].retired =
			mtr_sync_execute(sync, drop_aliases, SPI_OK_DELETE, &params);
		(void) mtr_sync_execute(sync, rename_person, SPI_OK_UPDATE, &params);
	}
	mtr_add_param(&update, BOOLARRAYOID, given_columns(sync));
	mtr_add_param(&update, TEXTARRAYOID, own_keys(sync));
	mtr_sync_counts(sync, update_persons, &update, 3, n);
	person->updated = n[0];
	some_gone = n[2] > 0;
	if (n[1] > 0)
	{
		mtr_sync_counts(sync, insert_persons, &params, 2, n);
		person->inserted = n[0];
		sync->count[MTR_SYNC_O_MANAGER].inserted = n[1];
	}
	if (sync->text[MTR_SYNC_ALIAS] != NULL)
	{
		MtrSyncCount *count = &sync->count[MTR_SYNC_O_ALIAS];

		mtr_sync_counts(sync, write_aliases, &params, 4, n);
		count->is_reported = true;
		count->inserted = n[0];
		count->updated = n[1];
		count->retired += n[2];
		count->refused = n[3] + sync->rows[MTR_SYNC_ALIAS].refused;
		if (n[3] > 0)
			mtr_sync_warn_rows(sync, MTR_SYNC_ALIAS,
							   "mentoring.person_alias AS a WHERE a.source = $1"
							   " AND a.external_id = r.external_id",
							   "there is no person it has come to");
	}
	merge_persons(sync);
	if (some_gone)
		retire_persons(sync);
}

/*
 * Managers
 */

/*
 * Nobody manages himself, also not by another account.  What an account of
 * somebody's own says goes before what merged ones say, of which the first one
 * counts.
 */
static const char update_managers[] =
"WITH " MTR_SYNC_KEYS ","
" known AS NOT MATERIALIZED (SELECT r.external_id, r.n,"
" k.person_id AS manager_id FROM manager_query AS r"
" JOIN key AS k ON k.external_id = r.manager_external_id LIMIT 2 * $2),"
" own AS MATERIALIZED (SELECT p.id, p.manager_id, w.manager_id AS wanted_id"
" FROM mentoring.person AS p LEFT JOIN known AS w"
" ON w.external_id = p.external_id AND w.manager_id <> p.id"
" WHERE p.source = $1 AND p.erased_at IS NULL),"
" merged AS MATERIALIZED (SELECT a.person_id, w.manager_id, w.n"
" FROM mentoring.person_alias AS a"
" JOIN mentoring.person AS p ON p.id = a.person_id AND p.erased_at IS NULL"
" JOIN known AS w ON w.external_id = a.external_id"
" AND w.manager_id <> a.person_id WHERE a.source = $1),"
" wanted AS MATERIALIZED (SELECT o.id, coalesce(o.wanted_id, m.manager_id)"
" AS manager_id FROM own AS o LEFT JOIN (SELECT DISTINCT ON (person_id) *"
" FROM merged ORDER BY person_id, n) AS m ON m.person_id = o.id"
" WHERE o.manager_id IS DISTINCT FROM coalesce(o.wanted_id, m.manager_id)),"
" changed AS (UPDATE mentoring.person AS p SET manager_id = w.manager_id"
" FROM wanted AS w WHERE p.id = w.id RETURNING p.manager_id)"
" SELECT (SELECT count(*) FROM changed WHERE manager_id IS NOT NULL),"
" (SELECT count(*) FROM changed WHERE manager_id IS NULL),"
" $2 - (SELECT count(wanted_id) FROM own)"
" - (SELECT count(*) FROM merged)";

void
mtr_sync_apply_managers(MtrSync *sync)
{
	MtrSyncCount *count = &sync->count[MTR_SYNC_O_MANAGER];
	MtrParams	params = mtr_sync_params(sync);
	int64		n[3];

	mtr_add_int64(&params, sync->rows[MTR_SYNC_MANAGER].n);
	mtr_sync_counts(sync, update_managers, &params, 3, n);
	count->is_reported = true;
	count->updated = n[0];
	count->retired = n[1];
	mtr_sync_refuse(sync, count, MTR_SYNC_MANAGER, n[2]);
	if (n[2] > 0)
		mtr_sync_warn_unknown(sync, MTR_SYNC_MANAGER, "manager_external_id",
							  "there is no such manager");
}
