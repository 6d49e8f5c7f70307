/*
 * statement.h
 *	  statements prepared once in a session, and what they came to
 */
#ifndef MTR_STATEMENT_H
#define MTR_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"

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

/* The plan of a text from outside, or an error unless it is one SELECT that
 * only reads; nothing of it is run.  "what" is what the caller knows the text
 * by, here and where its rows are sent to options->dest. */
extern SPIPlanPtr mtr_prepare_read(const char *text, int nargs, Oid *types,
								   const char *what);
extern void mtr_run_read(SPIPlanPtr plan, const SPIExecuteOptions *options,
						 const char *what);

#endif							/* MTR_STATEMENT_H */
