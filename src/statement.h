/*
 * statement.h
 *	  statements prepared once in a session, and what they came to
 */
#ifndef MTR_STATEMENT_H
#define MTR_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/plancache.h"

/* A statement and its plan. */
typedef struct MtrStatement
{
	const char *text;
	int			expect;			/* result code of SPI */
	int			options;		/* 0: the plan doesn't depend on the data */
	SPIPlanPtr	plan;
} MtrStatement;

/* The plan, made when it is first asked for.  Connected to SPI. */
extern SPIPlanPtr mtr_statement_plan(MtrStatement *statement, int nargs,
									 Oid *types);

/*
 * Raise an error unless the result is the one expected: a rule of the site
 * put something else in the statement's place.  A plan that was kept is
 * dropped, because the plan of what the rule left, which may be nothing,
 * needn't notice that the rule goes.
 */
extern void mtr_statement_check(const char *text, SPIPlanPtr *plan,
								int result, int expect);

/* Raise an error unless a plan is one statement that only reads; "what" is what
 * the caller knows its text by.  Returns its source. */
extern CachedPlanSource *mtr_statement_reads(SPIPlanPtr plan,
											 const char *what);

#endif							/* MTR_STATEMENT_H */
