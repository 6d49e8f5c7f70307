/*
 * solve_row.h
 *	  rows of a caller's query, their columns converted
 *
 * A query text is one SELECT that only reads.  Its columns are found by name
 * and judged by class of type; each row is handed on as soon as it is there,
 * and kept by whoever wants it.
 */
#ifndef MTR_SOLVE_ROW_H
#define MTR_SOLVE_ROW_H

#include "postgres.h"

#include "tcop/dest.h"

/* What a column is used for, which decides the types it may have. */
typedef enum SolveColumnUse
{
	USE_ID,
	USE_SCORE,
	USE_SIDE,
	USE_PLACES
} SolveColumnUse;

typedef struct SolveColumn
{
	const char *name;
	SolveColumnUse use;
	int			attno;
	Oid			type;			/* of the value, below any domain */
} SolveColumn;

/* columns of a query, at most: those of pairs with two scores */
#define SOLVE_COLUMNS 4

/* A value of a row. */
typedef union SolveValue
{
	int64		number;			/* id, places, score in 10^-6 */
	const char *text;			/* side */
} SolveValue;

/* Reads the rows of a query; the caller fills in what comes before the
 * line. */
typedef struct SolveReader
{
	DestReceiver pub;			/* must be first */
	const char *argument;		/* "pairs_sql" or "places_sql" */
	int			ncolumns;
	SolveColumn *column;		/* [ncolumns] */
	void		(*handler) (void *state, const SolveValue *value);
	void	   *state;

	MemoryContext row_context;
	uint64		nrows;
} SolveReader;

/* Run a query and call the handler for each row. */
extern void mtr_solve_rows(const char *text, SolveReader *reader);

#endif							/* MTR_SOLVE_ROW_H */
