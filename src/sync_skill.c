/*
 * sync_skill.c
 *	  what sync() does with skills, pins and activity
 *
 * A level belongs to the source it came from: another source's, or one entered
 * here, is left alone and the row counted as refused.  Pins are known by their
 * reason.  Activity is only added to and corrected: a log the learning
 * management system has cleared away happened all the same.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "json.h"
#include "mentoring.h"
#include "sync_apply.h"

/*
 * Skills
 */

static const char insert_skills[] =
"INSERT INTO mentoring.skill (name, category, uri)"
" SELECT DISTINCT ON (r.skill, r.category) r.skill, r.category, r.uri"
" FROM skill_query AS r WHERE NOT EXISTS (SELECT FROM mentoring.skill AS s"
" WHERE s.name = r.skill AND s.category IS NOT DISTINCT FROM r.category)"
" ORDER BY r.skill, r.category, r.n"
" ON CONFLICT (category, name) DO NOTHING";

/*
 * Of several levels in one skill the highest is what somebody can do.  Most
 * rows are what is there already, and are left out before any are put
 * together: it is the others, levels the source no longer tells of, and levels
 * of nobody, to be counted, that make up "change".  A level that seems to be
 * lower stays if one of the rows left out is as high; these are read again only
 * where there is such a level.  Every skill is there;
 * outer joins keep the planner from expecting few rows, and the limit, which is
 * never reached, from expecting millions.  Persons and skills that new rows
 * refer to are locked as foreign keys lock them; see mtr_sync_write().
 */
static const char write_levels[] =
"WITH " MTR_SYNC_KEYS ","
" level AS NOT MATERIALIZED (SELECT k.person_id, s.id AS skill_id, r.level"
" FROM skill_query AS r LEFT JOIN key AS k ON k.external_id = r.external_id"
" LEFT JOIN mentoring.skill AS s ON s.name = r.skill"
" AND s.category IS NOT DISTINCT FROM r.category LIMIT 2 * $2),"
" differing AS MATERIALIZED (SELECT w.person_id, w.skill_id,"
" max(w.level) AS level, count(*) AS n, o.id, o.level AS old_level, o.is_ours"
" FROM level AS w FULL JOIN (SELECT p.id, p.person_id, p.skill_id, p.level,"
" p.source = $1 AS is_ours FROM mentoring.person_skill AS p) AS o"
" ON o.person_id = w.person_id AND o.skill_id = w.skill_id"
" WHERE o.id IS NULL OR CASE WHEN o.is_ours"
" THEN w.level IS DISTINCT FROM o.level ELSE w.level IS NOT NULL END"
" GROUP BY w.person_id, w.skill_id, o.id, o.level, o.is_ours),"
" as_high AS MATERIALIZED (SELECT d.id FROM level AS w JOIN differing AS d"
" ON w.person_id = d.person_id AND w.skill_id = d.skill_id"
" AND w.level = d.old_level WHERE d.is_ours AND d.level < d.old_level"
" AND (SELECT bool_or(l.is_ours AND l.level < l.old_level)"
" FROM differing AS l)),"
" change AS MATERIALIZED (SELECT d.* FROM differing AS d"
" WHERE NOT EXISTS (SELECT FROM as_high AS h WHERE h.id = d.id)),"
" gone AS (DELETE FROM mentoring.person_skill AS p USING change AS c"
" WHERE p.id = c.id AND c.is_ours AND c.level IS NULL RETURNING 1),"
" changed AS (UPDATE mentoring.person_skill AS p SET level = c.level"
" FROM change AS c WHERE p.id = c.id AND c.is_ours"
" AND c.level IS NOT NULL RETURNING 1),"
" person AS MATERIALIZED (SELECT p.id FROM mentoring.person AS p"
" WHERE p.id IN (SELECT c.person_id FROM change AS c WHERE c.id IS NULL)"
" FOR KEY SHARE OF p),"
" skill AS MATERIALIZED (SELECT s.id FROM mentoring.skill AS s"
" WHERE s.id IN (SELECT c.skill_id FROM change AS c WHERE c.id IS NULL)"
" FOR KEY SHARE OF s),"
" added AS (INSERT INTO mentoring.person_skill"
" (person_id, skill_id, level, source)"
" SELECT p.id, s.id, c.level, $1 FROM change AS c"
" JOIN person AS p ON p.id = c.person_id"
" JOIN skill AS s ON s.id = c.skill_id"
" WHERE c.id IS NULL ORDER BY p.id, s.id"
" ON CONFLICT (person_id, skill_id) DO NOTHING RETURNING 1)"
" SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed),"
" (SELECT count(*) FROM gone),"
" (SELECT coalesce(sum(n), 0)::bigint FROM change"
" WHERE id IS NULL AND person_id IS NULL)"
" + (SELECT count(*) FROM change WHERE id IS NOT NULL AND NOT is_ours)";

void
mtr_sync_apply_skills(MtrSync *sync)
{
	MtrSyncCount *skill = &sync->count[MTR_SYNC_O_NEW_SKILL];
	MtrSyncCount *level = &sync->count[MTR_SYNC_O_SKILL];
	MtrParams	params = {0};
	MtrParams	source = mtr_sync_params(sync);
	int64		n[4];

	mtr_add_int64(&source, sync->rows[MTR_SYNC_SKILL].n);
	skill->is_reported = true;
	skill->inserted += mtr_sync_execute(sync, insert_skills, SPI_OK_INSERT,
										&params);
	mtr_sync_write(sync, "person_skill", write_levels, &source, 4, n);
	level->is_reported = true;
	level->inserted = n[0];
	level->updated = n[1];
	level->retired = n[2];
	mtr_sync_refuse(sync, level, MTR_SYNC_SKILL, n[3]);
}

/*
 * Pins
 */

/*
 * A pair a coordinator has pinned or forbidden is left as it is.  Only who takes
 * part is pinned, for a match that can't keep a pin fails; a later sync() knows
 * whether others do.
 */
static const char write_pins[] =
"WITH " MTR_SYNC_KEYS ","
" known AS MATERIALIZED (SELECT DISTINCT e.id AS mentee_id, m.id AS mentor_id"
" FROM pin_query AS r JOIN key AS k ON k.external_id = r.external_id"
" JOIN key AS o ON o.external_id = r.mentor_external_id"
" JOIN mentoring.participant AS e ON e.programme_id = $2"
" AND e.person_id = k.person_id AND e.role = 'mentee'"
" AND e.status = 'accepted'"
" JOIN mentoring.participant AS m ON m.programme_id = $2"
" AND m.person_id = o.person_id AND m.role = 'mentor'"
" AND m.status = 'accepted'"
" JOIN mentoring.person AS ep ON ep.id = e.person_id AND ep.is_active"
" JOIN mentoring.person AS mp ON mp.id = m.person_id AND mp.is_active),"
" gone AS (DELETE FROM mentoring.pair_rule AS p"
" WHERE p.rule = 'pin' AND p.reason = $3 AND NOT (p.programme_id = $2"
" AND EXISTS (SELECT FROM known AS w WHERE w.mentee_id = p.mentee_id"
" AND w.mentor_id = p.mentor_id)) RETURNING 1),"
" added AS (INSERT INTO mentoring.pair_rule"
" (programme_id, mentee_id, mentor_id, rule, reason)"
" SELECT $2, w.mentee_id, w.mentor_id, 'pin', $3 FROM known AS w"
" WHERE NOT EXISTS (SELECT FROM mentoring.pair_rule AS p"
" WHERE p.programme_id = $2 AND p.mentee_id = w.mentee_id"
" AND p.mentor_id = w.mentor_id) ORDER BY w.mentee_id, w.mentor_id"
" RETURNING 1)"
" SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM gone),"
" (SELECT count(*) FROM pin_query) - (SELECT count(*) FROM known)";

/* options.programme_id; 0 for none. */
static int64
pin_programme(const MtrSync *sync)
{
	JsonbValue	buffer;
	JsonbValue *value = mtr_json_get(sync->options, "programme_id", &buffer);
	MtrParams	params = {0};
	int64		id;

	if (value == NULL)
		return 0;
	if (!mtr_json_is_whole(value, 1, PG_INT64_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("programme_id in options of source \"%s\" is no id",
						sync->name),
				 errhint("Give the id of a programme, as a number.")));
	id = DatumGetInt64(DirectFunctionCall1(numeric_int8,
										   NumericGetDatum(value->val.numeric)));
	mtr_add_int64(&params, id);
	if (mtr_sync_execute(unconstify(MtrSync *, sync),
						 "SELECT FROM mentoring.programme WHERE id = $1",
						 SPI_OK_SELECT, &params) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("options of source \"%s\" name programme %lld, which isn't there",
						sync->name, (long long) id),
				 errhint("Register the source again with another programme_id, or with none.")));
	return id;
}

void
mtr_sync_apply_pins(MtrSync *sync)
{
	MtrSyncCount *count = &sync->count[MTR_SYNC_O_PIN];
	MtrParams	params = mtr_sync_params(sync);
	int64		programme_id = pin_programme(sync);
	int64		n[3];

	if (programme_id == 0)
		return;
	mtr_add_int64(&params, programme_id);
	mtr_add_text(&params, psprintf("source \"%s\"", sync->name));
	mtr_sync_counts(sync, write_pins, &params, 3, n);
	count->is_reported = true;
	count->inserted = n[0];
	count->retired = n[1];
	mtr_sync_refuse(sync, count, MTR_SYNC_PIN, n[2]);
	if (n[2] > 0)
		mtr_sync_warn_unknown(sync, MTR_SYNC_PIN, "mentor_external_id",
							  "there is no such mentor");
}

/*
 * Activity
 */

static const char insert_activity_skills[] =
"INSERT INTO mentoring.skill (name)"
" SELECT DISTINCT r.skill FROM activity_query AS r WHERE r.skill IS NOT NULL"
" AND NOT EXISTS (SELECT FROM mentoring.skill AS s WHERE s.name = r.skill)"
" ORDER BY r.skill ON CONFLICT (category, name) DO NOTHING";

/* Once for each programme under way in which the person is a mentee. */
static const char write_activity[] =
"WITH " MTR_SYNC_KEYS ","
" event AS MATERIALIZED (SELECT DISTINCT ON (r.source_event_id) r.*"
" FROM activity_query AS r ORDER BY r.source_event_id, r.n),"
" place AS MATERIALIZED (SELECT t.programme_id, t.id AS participant_id,"
" r.n, r.source_event_id, r.occurred_on, r.kind, r.minutes,"
" (SELECT min(s.id) FROM mentoring.skill AS s WHERE s.name = r.skill)"
" AS skill_id FROM event AS r"
" JOIN key AS k ON k.external_id = r.external_id"
" JOIN mentoring.participant AS t ON t.person_id = k.person_id"
" AND t.role = 'mentee' AND t.status = 'accepted'"
" JOIN mentoring.programme AS g ON g.id = t.programme_id"
" AND g.status = 'running'),"
" both_ AS MATERIALIZED (SELECT w.*, l.id, (l.occurred_on, l.kind, l.minutes,"
" l.skill_id) IS DISTINCT FROM (w.occurred_on, w.kind, w.minutes, w.skill_id)"
" AS differs FROM place AS w"
" LEFT JOIN mentoring.learning_log AS l ON l.programme_id = w.programme_id"
" AND l.source = $1 AND l.source_event_id = w.source_event_id),"
" changed AS (UPDATE mentoring.learning_log AS l"
" SET occurred_on = w.occurred_on, kind = w.kind, minutes = w.minutes,"
" skill_id = w.skill_id FROM both_ AS w"
" WHERE l.id = w.id AND l.programme_id = w.programme_id AND w.differs"
" RETURNING 1),"
" added AS (INSERT INTO mentoring.learning_log (programme_id, participant_id,"
" source, source_event_id, occurred_on, kind, minutes, skill_id)"
" SELECT w.programme_id, w.participant_id, $1, w.source_event_id,"
" w.occurred_on, w.kind, w.minutes, w.skill_id FROM both_ AS w"
" WHERE w.id IS NULL ORDER BY w.n, w.programme_id"
" ON CONFLICT (programme_id, source, source_event_id) DO NOTHING RETURNING 1)"
" SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed),"
" (SELECT count(*) FROM activity_query)"
" - (SELECT count(DISTINCT n) FROM place)";

void
mtr_sync_apply_activity(MtrSync *sync)
{
	MtrSyncCount *count = &sync->count[MTR_SYNC_O_LOG];
	MtrSyncCount *skill = &sync->count[MTR_SYNC_O_NEW_SKILL];
	MtrParams	none = {0};
	MtrParams	params = mtr_sync_params(sync);
	int64		n[3];

	if (mtr_sync_has(sync, MTR_SYNC_ACTIVITY, "skill"))
	{
		skill->is_reported = true;
		skill->inserted += mtr_sync_execute(sync, insert_activity_skills,
											SPI_OK_INSERT, &none);
	}
	mtr_sync_counts(sync, write_activity, &params, 3, n);
	count->is_reported = true;
	count->inserted = n[0];
	count->updated = n[1];
	mtr_sync_refuse(sync, count, MTR_SYNC_ACTIVITY, n[2]);
}
