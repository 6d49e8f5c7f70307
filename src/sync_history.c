/*
 * sync_history.c
 *	  what sync() does with the periods of persons
 */
#include "postgres.h"

#include "mentoring.h"
#include "sync_apply.h"

/* Without a history_query: the period that lasts is compared with the person;
 * "state" holds those where one of them has to change.  Of several changes on
 * one day the last one counts.  Persons that rows come to refer to are locked
 * as foreign keys lock them; see mtr_sync_write(). */
static const char keep_history[] =
"WITH state AS MATERIALIZED (SELECT * FROM (SELECT p.id, p.org_unit,"
" p.job_role, p.grade, p.site, p.manager_id, h.id AS history_id, h.valid_from,"
" p.erased_at IS NULL AND coalesce(p.left_on > current_date, true) AS is_here,"
" least(coalesce(p.left_on, current_date), current_date) AS last_day,"
" (h.org_unit, h.job_role, h.grade, h.site, h.manager_id) IS DISTINCT FROM"
" (p.org_unit, p.job_role, p.grade, p.site, p.manager_id) AS differs"
" FROM mentoring.person AS p"
" LEFT JOIN (SELECT DISTINCT ON (h.person_id) h.* FROM"
" mentoring.person_history AS h WHERE h.valid_to IS NULL"
" ORDER BY h.person_id, h.valid_from DESC) AS h ON h.person_id = p.id"
" WHERE p.source = $1) AS s WHERE CASE WHEN s.is_here THEN s.differs"
" ELSE s.history_id IS NOT NULL END),"
" closed AS (UPDATE mentoring.person_history AS h"
" SET valid_to = CASE WHEN s.is_here THEN current_date - 1"
" ELSE greatest(h.valid_from, s.last_day) END"
" FROM state AS s WHERE h.id = s.history_id"
" AND (NOT s.is_here OR s.valid_from < current_date)"
" RETURNING 1),"
" fresh AS MATERIALIZED (SELECT s.* FROM state AS s WHERE s.is_here"
" AND (s.history_id IS NULL OR s.valid_from < current_date)),"
" person AS MATERIALIZED (SELECT p.id FROM mentoring.person AS p"
" WHERE p.id IN (SELECT f.id FROM fresh AS f"
" UNION SELECT f.manager_id FROM fresh AS f"
" UNION SELECT s.manager_id FROM state AS s"
" WHERE s.is_here AND s.valid_from >= current_date) FOR KEY SHARE OF p),"
" changed AS (UPDATE mentoring.person_history AS h"
" SET org_unit = s.org_unit, job_role = s.job_role, grade = s.grade,"
" site = s.site, manager_id = m.id"
" FROM state AS s LEFT JOIN person AS m ON m.id = s.manager_id"
" WHERE h.id = s.history_id AND s.is_here"
" AND s.valid_from >= current_date RETURNING 1),"
" added AS (INSERT INTO mentoring.person_history AS h (person_id, valid_from,"
" org_unit, job_role, grade, site, manager_id)"
" SELECT p.id, current_date, f.org_unit, f.job_role, f.grade, f.site, m.id"
" FROM fresh AS f JOIN person AS p ON p.id = f.id"
" LEFT JOIN person AS m ON m.id = f.manager_id ORDER BY p.id"
" ON CONFLICT (person_id, valid_from) DO UPDATE SET valid_to = NULL,"
" org_unit = excluded.org_unit, job_role = excluded.job_role,"
" grade = excluded.grade, site = excluded.site,"
" manager_id = excluded.manager_id RETURNING 1)"
" SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed)"
" + (SELECT count(*) FROM closed), 0::bigint";

/* With one: periods are what it says; those it no longer tells of are kept. */
static const char write_history[] =
"WITH " MTR_SYNC_KEYS ","
" known AS MATERIALIZED (SELECT k.person_id, k.is_alias, r.*,"
" m.person_id AS manager_id FROM history_query AS r"
" JOIN key AS k ON k.external_id = r.external_id"
" LEFT JOIN key AS m ON m.external_id = r.manager_external_id),"
" wanted AS MATERIALIZED (SELECT DISTINCT ON (person_id, valid_from) * FROM known"
" ORDER BY person_id, valid_from, is_alias, n),"
" changed AS (UPDATE mentoring.person_history AS h SET valid_to = w.valid_to,"
" org_unit = w.org_unit, job_role = w.job_role, grade = w.grade,"
" site = w.site, manager_id = w.manager_id, exit_kind = w.exit_kind"
" FROM wanted AS w WHERE h.person_id = w.person_id"
" AND h.valid_from = w.valid_from"
" AND (h.valid_to, h.org_unit, h.job_role, h.grade, h.site, h.manager_id,"
" h.exit_kind) IS DISTINCT FROM (w.valid_to, w.org_unit, w.job_role, w.grade,"
" w.site, w.manager_id, w.exit_kind) RETURNING 1),"
" added AS (INSERT INTO mentoring.person_history (person_id, valid_from,"
" valid_to, org_unit, job_role, grade, site, manager_id, exit_kind)"
" SELECT w.person_id, w.valid_from, w.valid_to, w.org_unit, w.job_role,"
" w.grade, w.site, w.manager_id, w.exit_kind FROM wanted AS w"
" WHERE NOT EXISTS (SELECT FROM mentoring.person_history AS h"
" WHERE h.person_id = w.person_id AND h.valid_from = w.valid_from)"
" ORDER BY w.person_id, w.valid_from RETURNING 1)"
" SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed),"
" (SELECT count(*) FROM history_query) - (SELECT count(*) FROM known)";

void
mtr_sync_apply_history(MtrSync *sync)
{
	MtrSyncCount *count = &sync->count[MTR_SYNC_O_HISTORY];
	MtrParams	params = mtr_sync_params(sync);
	int64		n[3];

	if (sync->text[MTR_SYNC_HISTORY] != NULL)
		mtr_sync_counts(sync, write_history, &params, 3, n);
	else
		mtr_sync_write(sync, "person_history", keep_history, &params, 3, n);
	count->is_reported = true;
	count->inserted = n[0];
	count->updated = n[1];
	mtr_sync_refuse(sync, count, MTR_SYNC_HISTORY, n[2]);
}
