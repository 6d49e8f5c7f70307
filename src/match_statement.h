/*
 * match_statement.h
 *	  the set-based statements that write a run
 *
 * Parameters of a statement are collected one after the other; rows it reads
 * by the name "rows" are a named tuplestore.
 */
#ifndef MTR_MATCH_STATEMENT_H
#define MTR_MATCH_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/tuplestore.h"

#include "statement.h"

/* Parameters of one statement, collected one after the other. */
#define MTR_MAX_PARAMS 20

typedef struct MtrParams
{
	int			n;
	Oid			type[MTR_MAX_PARAMS];
	Datum		value[MTR_MAX_PARAMS];
	char		is_null[MTR_MAX_PARAMS];	/* as SPI wants it */
} MtrParams;

/* Rows a statement reads by the name "rows". */
typedef struct MtrRows
{
	EphemeralNamedRelationData relation;
	Tuplestorestate *store;
} MtrRows;

/* A column of them. */
typedef struct MtrRowColumn
{
	const char *name;
	Oid			type;
} MtrRowColumn;

extern void mtr_add_param(MtrParams *params, Oid type, Datum value);
extern void mtr_add_null(MtrParams *params, Oid type);
extern void mtr_add_int64(MtrParams *params, int64 value);
extern void mtr_add_float8(MtrParams *params, double value);
extern void mtr_add_text(MtrParams *params, const char *value);

/* Run a statement. */
extern void mtr_execute(MtrStatement *statement, MtrParams *params);

/* Make room for n rows, fill it, and run a statement that reads them, which
 * ends their life. */
extern void mtr_begin_rows(MtrRows *rows, const MtrRowColumn *column,
						   int ncolumns, int n);
extern void mtr_put_row(MtrRows *rows, Datum *values, bool *nulls);
extern void mtr_execute_with_rows(MtrStatement *statement, MtrParams *params,
								  MtrRows *rows);

/* Raise an error: a trigger of the site kept rows from being written. */
extern void mtr_refuse_suppressed(const char *table);

#endif							/* MTR_MATCH_STATEMENT_H */
