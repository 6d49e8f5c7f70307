/*
 * match_statement.c
 *	  the set-based statements that write a run (see match_statement.h)
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "match_statement.h"

void
mtr_add_param(MtrParams *params, Oid type, Datum value)
{
	Assert(params->n < MTR_MAX_PARAMS);
	params->type[params->n] = type;
	params->value[params->n] = value;
	params->is_null[params->n] = ' ';
	params->n++;
}

void
mtr_add_null(MtrParams *params, Oid type)
{
	mtr_add_param(params, type, (Datum) 0);
	params->is_null[params->n - 1] = 'n';
}

void
mtr_add_int64(MtrParams *params, int64 value)
{
	mtr_add_param(params, INT8OID, Int64GetDatum(value));
}

void
mtr_add_float8(MtrParams *params, double value)
{
	mtr_add_param(params, FLOAT8OID, Float8GetDatum(value));
}

void
mtr_add_text(MtrParams *params, const char *value)
{
	mtr_add_param(params, TEXTOID, CStringGetTextDatum(value));
}

void
mtr_execute(MtrStatement *statement, MtrParams *params)
{
	SPIPlanPtr	plan = mtr_statement_plan(statement, params->n, params->type);
	int			result = SPI_execute_plan(plan, params->value,
										  params->is_null, false, 0);

	mtr_statement_check(statement->text, &statement->plan, result,
						statement->expect);
}

void
mtr_begin_rows(MtrRows *rows, const MtrRowColumn *column, int ncolumns, int n)
{
	TupleDesc	desc = CreateTemplateTupleDesc(ncolumns);

	for (int i = 0; i < ncolumns; i++)
		TupleDescInitEntry(desc, i + 1, column[i].name, column[i].type, -1, 0);
	memset(rows, 0, sizeof(*rows));
	rows->store = tuplestore_begin_heap(false, false, work_mem);
	rows->relation.md.name = "rows";
	rows->relation.md.reliddesc = InvalidOid;
	rows->relation.md.tupdesc = desc;
	rows->relation.md.enrtype = ENR_NAMED_TUPLESTORE;
	rows->relation.md.enrtuples = n;
	rows->relation.reldata = rows->store;
}

void
mtr_put_row(MtrRows *rows, Datum *values, bool *nulls)
{
	tuplestore_putvalues(rows->store, rows->relation.md.tupdesc, values,
						 nulls);
}

void
mtr_execute_with_rows(MtrStatement *statement, MtrParams *params, MtrRows *rows)
{
	/* "rows" is free: it lasts for one statement of this connection */
	if (SPI_register_relation(&rows->relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register rows");
	mtr_execute(statement, params);
	SPI_unregister_relation(rows->relation.md.name);
	tuplestore_end(rows->store);
	FreeTupleDesc(rows->relation.md.tupdesc);
}

void
mtr_refuse_suppressed(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("rows of mentoring.%s were suppressed by a trigger",
					table),
			 errhint("No trigger on mentoring.%s may return NULL.", table)));
}
