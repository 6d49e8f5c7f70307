/*
 * solve_row.c
 *	  rows of a caller's query, their columns converted (see solve_row.h)
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "match.h"
#include "mentoring.h"
#include "solve_row.h"
#include "statement.h"

/* |score| of a pair, at most */
#define MAX_SCORE 1000

/*
 * Columns
 */

static const char *
needed_columns(const SolveReader *reader)
{
	if (reader->column[0].use == USE_SIDE)
		return "The query must return side ('left' or 'right'), id and places (integers).";
	if (reader->ncolumns == SOLVE_COLUMNS)
		return "The query must return left_id and right_id (integers), left_score and right_score (numbers).";
	if (strcmp(reader->column[0].name, "a_id") == 0)
		return "The query must return a_id and b_id (integers) and score (a number).";
	return "The query must return left_id and right_id (integers) and score (a number).";
}

/* By class, as callers think of it: any integer, any number, any text. */
static bool
type_suits(SolveColumnUse use, Oid type)
{
	switch (use)
	{
		case USE_ID:
		case USE_PLACES:
			return type == INT8OID || type == INT4OID || type == INT2OID;
		case USE_SCORE:
			return type == INT8OID || type == INT4OID || type == INT2OID ||
				type == FLOAT8OID || type == FLOAT4OID || type == NUMERICOID;
		case USE_SIDE:
			return type == TEXTOID || type == VARCHAROID ||
				type == BPCHAROID || type == NAMEOID;
	}
	return false;
}

/* Find one column by name and check its type. */
static void
find_column(const SolveReader *reader, SolveColumn *column, TupleDesc desc)
{
	Form_pg_attribute found = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (strcmp(NameStr(attr->attname), column->name) != 0)
			continue;
		if (found != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("%s returns more than one column \"%s\"",
							reader->argument, column->name),
					 errhint("Give the other one another name with AS.")));
		found = attr;
		column->attno = i + 1;
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s returns no column \"%s\"",
						reader->argument, column->name),
				 errhint("%s", needed_columns(reader))));
	column->type = getBaseType(found->atttypid);
	if (!type_suits(column->use, column->type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of %s is of type %s", column->name,
						reader->argument, format_type_be(found->atttypid)),
				 errhint("%s", needed_columns(reader))));
}

static int64
integer_value(const SolveColumn *column, Datum value)
{
	switch (column->type)
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt16(value);
	}
}

static const char *
text_value(const SolveColumn *column, Datum value)
{
	if (column->type == NAMEOID)
		return NameStr(*DatumGetName(value));
	if (column->type == BPCHAROID)
		value = DirectFunctionCall1(rtrim1, value);
	return TextDatumGetCString(value);
}

/*
 * Scores
 */

/* The ids of the row, for messages about its score. */
static char *
pair_name(const SolveReader *reader, const SolveValue *value)
{
	return psprintf("%s %lld, %s %lld",
					reader->column[0].name, (long long) value[0].number,
					reader->column[1].name, (long long) value[1].number);
}

/*
 * A numeric as double, which is enough unless that is so near to a tie that
 * its rounding could be wrong.  Then it is rounded exactly, into *exact, and
 * true returned.
 */
static bool
numeric_score(Numeric number, double *score, int64 *exact)
{
	double		part;
	Datum		scaled;

	*score = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(number)));
	if (!(fabs(*score) <= MAX_SCORE))
		return false;

	/* the error of the double is below 10^-6 of a unit here */
	part = *score * MTR_UNIT - floor(*score * MTR_UNIT);
	if (fabs(part - 0.5) > 0.001)
		return false;
	scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(number),
								 NumericGetDatum(int64_to_numeric(MTR_UNIT)));
	scaled = DirectFunctionCall2(numeric_add, scaled,
								 NumericGetDatum(int64_div_fast_to_numeric(5, 1)));
	scaled = DirectFunctionCall1(numeric_floor, scaled);
	*exact = DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled));
	return true;
}

/* The score of a row in 10^-6, rounded half up. */
static int64
score_value(const SolveReader *reader, const SolveColumn *column, Datum datum,
			const SolveValue *row)
{
	double		score;
	int64		exact;

	switch (column->type)
	{
		case FLOAT8OID:
			score = DatumGetFloat8(datum);
			break;
		case FLOAT4OID:
			score = DatumGetFloat4(datum);
			break;
		case NUMERICOID:
			if (numeric_score(DatumGetNumeric(datum), &score, &exact))
				return exact;
			if (isinf(score) && !numeric_is_inf(DatumGetNumeric(datum)))
				score = copysign(DBL_MAX, score);
			break;
		default:
			score = integer_value(column, datum);
	}
	if (isnan(score) || isinf(score))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of pair (%s) is %s", column->name,
						pair_name(reader, row),
						isnan(score) ? "NaN" : "infinite"),
				 errhint("Leave out pairs that must not be matched.")));
	if (fabs(score) > MAX_SCORE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of pair (%s) is beyond %d", column->name,
						pair_name(reader, row), MAX_SCORE),
				 fabs(score) == DBL_MAX ? 0 :
				 errdetail("The score is %.15g.", score),
				 errhint("Divide all scores by the same number.")));
	return (int64) floor(score * MTR_UNIT + 0.5);
}

/*
 * The receiver
 */

/* Called before the first row, and where there is none: a missing column is
 * found in an empty result, too. */
static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	SolveReader *reader = (SolveReader *) self;

	for (int i = 0; i < reader->ncolumns; i++)
		find_column(reader, &reader->column[i], desc);
}

static void
refuse_null(const SolveReader *reader, int column, const SolveValue *value)
{
	const char *name = reader->column[column].name;

	if (reader->column[column].use == USE_SCORE)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of pair (%s) is null", name,
						pair_name(reader, value)),
				 reader->ncolumns == SOLVE_COLUMNS ?
				 errhint("Leave out pairs that one side does not accept.") :
				 errhint("Leave out pairs that must not be matched.")));
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s returns a row whose \"%s\" is null",
					reader->argument, name),
			 errhint("Add WHERE %s IS NOT NULL to the query.", name)));
}

/* Called by the executor, in a context that lives as long as the query: what
 * conversions leave behind goes to a context of our own. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	SolveReader *reader = (SolveReader *) self;
	MemoryContext oldcxt = MemoryContextSwitchTo(reader->row_context);
	SolveValue	value[SOLVE_COLUMNS];

	slot_getallattrs(slot);
	for (int i = 0; i < reader->ncolumns; i++)
	{
		const SolveColumn *column = &reader->column[i];
		Datum		datum = slot->tts_values[column->attno - 1];

		if (slot->tts_isnull[column->attno - 1])
			refuse_null(reader, i, value);
		if (column->use == USE_SCORE)
			value[i].number = score_value(reader, column, datum, value);
		else if (column->use == USE_SIDE)
			value[i].text = text_value(column, datum);
		else
			value[i].number = integer_value(column, datum);
	}
	reader->handler(reader->state, value);

	MemoryContextSwitchTo(oldcxt);
	if ((++reader->nrows & 1023) == 0)
	{
		MemoryContextReset(reader->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

static void
receiver_done(DestReceiver *self)
{
}

/*
 * No cursor: rows go from the executor's slot to the handler without being
 * copied, and the plan may be parallel.
 */
void
mtr_solve_rows(const char *text, SolveReader *reader)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	SPIExecuteOptions options = {0};
	SPIPlanPtr	plan = mtr_prepare_read(text, 0, NULL, reader->argument);

	reader->pub.receiveSlot = receive_row;
	reader->pub.rStartup = receiver_startup;
	reader->pub.rShutdown = receiver_done;
	reader->pub.rDestroy = receiver_done;
	reader->pub.mydest = DestNone;
	reader->row_context = AllocSetContextCreate(oldcxt, "mentoring row",
												ALLOCSET_SMALL_SIZES);
	options.read_only = true;
	options.dest = &reader->pub;
	mtr_run_read(plan, &options, reader->argument);
	MemoryContextDelete(reader->row_context);
	SPI_freeplan(plan);
	MemoryContextSwitchTo(oldcxt);	/* SPI left it for its own */
}
