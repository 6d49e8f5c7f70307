/*
 * sync_query.h
 *	  what sync_query.c and sync_row.c share: columns and their uses
 */
#ifndef MTR_SYNC_QUERY_H
#define MTR_SYNC_QUERY_H

#include "executor/tuptable.h"
#include "tcop/dest.h"

#include "sync.h"

/* What a column is used for, which decides the types it may have. */
typedef enum ColumnUse
{
	USE_KEY,					/* integer, uuid or text; as text */
	USE_TEXT,
	USE_ZONE,
	USE_EMAIL,
	USE_KIND,
	USE_INTEGER,
	USE_MINUTES,
	USE_LEVEL,
	USE_DATE,
	USE_BOOLEAN,
	USE_PROFILE
} ColumnUse;

typedef struct ColumnSpec
{
	const char *name;
	ColumnUse	use;
	bool		is_required;	/* both the column and its values */
} ColumnSpec;

typedef struct QuerySpec
{
	const char *name;			/* column of mentoring.source */
	const char *object;			/* what a row is */
	bool		is_unique;		/* by the first column */
	int			ncolumns;
	ColumnSpec	column[MTR_SYNC_COLUMNS];
} QuerySpec;

/* The columns of a row follow its number and whether it is refused. */
#define FIRST_COLUMN 2

extern const QuerySpec mtr_sync_spec[MTR_SYNC_QUERIES];

/* Where the rows of a query go: a value at a time they become values of our
 * own types, kept in rows->store. */
typedef struct RowReceiver
{
	DestReceiver pub;			/* must be first */
	const char *source;
	const QuerySpec *spec;
	MtrSyncRows *rows;
	int			attno[MTR_SYNC_COLUMNS];	/* 0: not returned */
	Oid			type[MTR_SYNC_COLUMNS]; /* below any domain */
	struct keys_hash *seen;		/* NULL: a key may come again */
	MemoryContext key_context;
	MemoryContext row_context;
	const char *key;			/* of the present row */
	char		last_key[NAMEDATALEN];	/* of the row before */
	int			warnings;
	int64		nread;
} RowReceiver;

/* Find the columns of a result by name and check their types. */
extern void mtr_sync_find_columns(const char *source, const QuerySpec *spec,
								  TupleDesc desc, int *attno, Oid *type);

/* A receiver with an empty store; what it takes of memory, but for the store,
 * goes with the end. */
extern void mtr_sync_begin_rows(RowReceiver *receiver);
extern void mtr_sync_end_rows(RowReceiver *receiver);

#endif							/* MTR_SYNC_QUERY_H */
