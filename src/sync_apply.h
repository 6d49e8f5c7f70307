/*
 * sync_apply.h
 *	  statements that apply what sync() has read
 *
 * Their texts are constants.  What was read they find by the name of its
 * query: person_query, manager_query ...
 */
#ifndef MTR_SYNC_APPLY_H
#define MTR_SYNC_APPLY_H

#include "match_statement.h"
#include "sync.h"

/*
 * Who has a key of the source $1: its living persons, and aliases.  So a key is
 * that of two at most; a statement that joins n rows with keys can say so by
 * LIMIT 2 * n, without which the planner expects hundreds of persons a key.
 */
#define MTR_SYNC_KEYS \
	"key AS (" \
	" SELECT p.external_id, p.id AS person_id, false AS is_alias" \
	" FROM mentoring.person AS p" \
	" WHERE p.source = $1 AND p.erased_at IS NULL" \
	" UNION ALL SELECT a.external_id, a.person_id, true" \
	" FROM mentoring.person_alias AS a" \
	" JOIN mentoring.person AS p ON p.id = a.person_id" \
	" WHERE a.source = $1 AND p.erased_at IS NULL)"

/* Parameters beginning with the name of the source. */
extern MtrParams mtr_sync_params(const MtrSync *sync);

/* Run a statement that reads some of the rows; returns how many rows it
 * processed. */
extern uint64 mtr_sync_execute(MtrSync *sync, const char *text, int expect,
							   MtrParams *params);

/* The same for a SELECT of one row of bigints. */
extern void mtr_sync_counts(MtrSync *sync, const char *text, MtrParams *params,
							int n, int64 *count);

/* The same for a statement that writes rows of a table, and has locked what
 * these refer to. */
extern void mtr_sync_write(MtrSync *sync, const char *table, const char *text,
						   MtrParams *params, int n, int64 *count);

/* Warn of the first rows "r" of a query for which there is no such row. */
extern void mtr_sync_warn_rows(MtrSync *sync, MtrSyncQuery query,
							   const char *condition, const char *problem);

/* The same for those whose value in that column is no key of anybody. */
extern void mtr_sync_warn_unknown(MtrSync *sync, MtrSyncQuery query,
								  const char *column, const char *problem);

/* Count n rows of a query as refused, with those that could not be read, and
 * warn of the first ones that are about nobody. */
extern void mtr_sync_refuse(MtrSync *sync, MtrSyncCount *count,
							MtrSyncQuery query, int64 n);

#endif							/* MTR_SYNC_APPLY_H */
