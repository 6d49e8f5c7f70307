/*
 * sync.h
 *	  what the files of sync() share
 *
 * sync() takes three steps: it runs the queries of a source with the caller's
 * rights into stores of rows of known types (sync_query.c); it applies them
 * with the owner's rights, by statements that are constants (sync_apply.c,
 * sync_history.c, sync_skill.c); it reports (sync.c).  Nothing of a query is
 * run by the owner.
 */
#ifndef MTR_SYNC_H
#define MTR_SYNC_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

/* The queries of a source, in the order in which they are applied. */
typedef enum MtrSyncQuery
{
	MTR_SYNC_PERSON,
	MTR_SYNC_ALIAS,
	MTR_SYNC_MANAGER,
	MTR_SYNC_HISTORY,
	MTR_SYNC_SKILL,
	MTR_SYNC_PIN,
	MTR_SYNC_ACTIVITY,
	MTR_SYNC_QUERIES
} MtrSyncQuery;

/* Columns of a query's rows, at most; and of persons that may be missing */
#define MTR_SYNC_COLUMNS 16

/* What a query returned, in the types of our tables. */
typedef struct MtrSyncRows
{
	Tuplestorestate *store;		/* NULL: the source has no such query */
	TupleDesc	desc;
	int64		n;				/* rows in it */
	int64		refused;		/* rows that aren't */
	bool		has[MTR_SYNC_COLUMNS];	/* columns the query returns */
} MtrSyncRows;

/* Rows of the report. */
typedef enum MtrSyncObject
{
	MTR_SYNC_O_PERSON,
	MTR_SYNC_O_ALIAS,
	MTR_SYNC_O_MANAGER,
	MTR_SYNC_O_HISTORY,
	MTR_SYNC_O_NEW_SKILL,
	MTR_SYNC_O_SKILL,
	MTR_SYNC_O_PIN,
	MTR_SYNC_O_LOG,
	MTR_SYNC_O_XAPI,
	MTR_SYNC_OBJECTS
} MtrSyncObject;

typedef struct MtrSyncCount
{
	bool		is_reported;
	int64		inserted;
	int64		updated;
	int64		retired;
	int64		refused;
} MtrSyncCount;

/* One call. */
typedef struct MtrSync
{
	const char *name;			/* of the source */
	bool		force;
	Oid			function;		/* sync() itself, for its owner */
	char	   *text[MTR_SYNC_QUERIES]; /* NULL: none */
	Jsonb	   *options;
	bool		has_since;
	TimestampTz since;			/* last_synced_at */
	Datum		queued;			/* bigint[]: ids of sync_queue */
	const char *applied;		/* what is being written */
	MtrSyncRows rows[MTR_SYNC_QUERIES];
	MtrSyncCount count[MTR_SYNC_OBJECTS];
} MtrSync;

/* Prepare a query and check its columns; connected to SPI. */
extern void mtr_sync_check_query(const char *source, MtrSyncQuery query,
								 const char *text);

/* Run a query with the rights of the current user. */
extern void mtr_sync_run_query(MtrSync *sync, MtrSyncQuery query);

/* Until the present level of settings ends: less memory for each sort and hash
 * than others may have, for a statement has several, and the rows are there. */
extern void mtr_sync_limit_memory(void);

/* As if it had returned none. */
extern void mtr_sync_no_rows(MtrSync *sync, MtrSyncQuery query);

/* Name of the column of mentoring.source that holds it. */
extern const char *mtr_sync_query_name(MtrSyncQuery query);

/* What a row of it is, for messages. */
extern const char *mtr_sync_row_name(MtrSyncQuery query);

/* Where an optional column of persons stands in has[]. */
extern bool mtr_sync_has(const MtrSync *sync, MtrSyncQuery query,
						 const char *column);

/* Apply what was read; as the owner. */
extern void mtr_sync_apply_persons(MtrSync *sync);
extern void mtr_sync_apply_managers(MtrSync *sync);
extern void mtr_sync_apply_history(MtrSync *sync);
extern void mtr_sync_apply_skills(MtrSync *sync);
extern void mtr_sync_apply_pins(MtrSync *sync);
extern void mtr_sync_apply_activity(MtrSync *sync);

/* The IANA name of a time zone as learning management systems spell it (IANA,
 * Rails, hours from Greenwich), or NULL for an unknown one. */
extern const char *mtr_sync_zone(const char *name);

#endif							/* MTR_SYNC_H */
