/*
 * person_data.c
 *	  rights of the person: export_person(), erase_person(), retention()
 *
 * The work is SQL, in functions of the same name with an underscore, which
 * nobody is granted.  Here the caller is checked, then they run with the
 * owner's rights: what is held on a person lies in rows that neither the
 * person nor an administrator may read or change.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_export_person);
PG_FUNCTION_INFO_V1(mentoring_erase_person);
PG_FUNCTION_INFO_V1(mentoring_retention);

/* Run one of the functions of the owner; connected to SPI. */
static void
run(MtrStatement *statement, int nargs, Oid *types, Datum *values,
	const char *nulls)
{
	int			result;

	result = SPI_execute_plan(mtr_statement_plan(statement, nargs, types),
							  values, nulls, false, 0);
	mtr_statement_check(statement->text, &statement->plan, result,
						statement->expect);
}

/*
 * export_person(person_id): private entries are their author's alone, so an
 * administrator who does it for somebody gets the rest.  Whom row security
 * doesn't hold reads them anyway.
 */
Datum
mentoring_export_person(PG_FUNCTION_ARGS)
{
	static MtrStatement statement = {
		"SELECT mentoring._export_person($1, $2)", SPI_OK_SELECT
	};
	int64		person_id = mtr_id_argument(fcinfo, 0, "person_id");
	bool		is_own = mtr_is_own_person(person_id);
	Oid			types[2] = {INT8OID, BOOLOID};
	Datum		values[2];
	MtrOwner	saved;
	Jsonb	   *exported = NULL;
	MemoryContext caller = CurrentMemoryContext;
	Datum		found;
	bool		isnull;

	values[0] = Int64GetDatum(person_id);
	values[1] = BoolGetDatum(is_own || mtr_is_unrestricted());
	if (is_own)
		mtr_owner_enter_function(fcinfo->flinfo->fn_oid, &saved);
	else
		mtr_enter_admin(fcinfo, &saved);
	SPI_connect();
	run(&statement, 2, types, values, NULL);
	found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						  &isnull);
	if (!isnull)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		exported = DatumGetJsonbPCopy(found);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	if (exported == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no person %lld", (long long) person_id),
				 errhint("The table mentoring.person lists them.")));
	PG_RETURN_JSONB_P(exported);
}

/* erase_person(person_id, reason) */
Datum
mentoring_erase_person(PG_FUNCTION_ARGS)
{
	static MtrStatement statement = {
		"SELECT mentoring._erase_person($1, $2)", SPI_OK_SELECT
	};
	Oid			types[2] = {INT8OID, TEXTOID};
	Datum		values[2] = {0};
	MtrOwner	saved;
	bool		is_first;
	bool		isnull;

	mtr_enter_admin(fcinfo, &saved);
	values[0] = Int64GetDatum(mtr_id_argument(fcinfo, 0, "person_id"));
	if (!PG_ARGISNULL(1))
		values[1] = PG_GETARG_DATUM(1);
	SPI_connect();
	run(&statement, 2, types, values, PG_ARGISNULL(1) ? " n" : NULL);
	is_first = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
										  SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_BOOL(is_first);
}

/* retention(programme_id, keep_days) */
Datum
mentoring_retention(PG_FUNCTION_ARGS)
{
	static MtrStatement statement = {
		"SELECT object, removed FROM mentoring._retention($1, $2)",
		SPI_OK_SELECT
	};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			types[2] = {INT8OID, INT4OID};
	Datum		values[2] = {0};
	MtrOwner	saved;

	InitMaterializedSRF(fcinfo, 0);
	mtr_enter_admin(fcinfo, &saved);
	values[0] = Int64GetDatum(mtr_id_argument(fcinfo, 0, "programme_id"));
	if (!PG_ARGISNULL(1))
		values[1] = Int32GetDatum(PG_GETARG_INT32(1));
	SPI_connect();
	run(&statement, 2, types, values, PG_ARGISNULL(1) ? " n" : NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}
