/*
 * identity.c
 *	  on whose behalf a transaction works
 *
 * A client names the person by the setting mentoring.person_id.  Row security
 * asks for it through current_person() only, never by current_setting():
 * before the library is loaded any role may set a placeholder of that name,
 * which a C setting refuses once it is defined.
 *
 * Only superusers, and roles that were given SET on the setting, can set it.
 * It holds for the transaction it is set in: what a pool left in a session by
 * a plain SET, or a role by ALTER ROLE ... SET, is void for the next one.  The
 * transaction is noted when the value is checked, not when it is assigned, for
 * the end of a savepoint assigns an older value anew.  A value that was there
 * before the library holds if this transaction has set it.
 *
 * Who has no setting and logs in with a role of his own is found in
 * person_role by the name of that role, as it was at login: SET ROLE doesn't
 * change it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "access.h"
#include "identity.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_current_person);
PG_FUNCTION_INFO_V1(mentoring_act_as);

/* A value of the setting. */
typedef struct Identity
{
	int64		person_id;		/* 0: nobody */
	LocalTransactionId transaction; /* it was set in */
} Identity;

static char *setting_text = NULL;
static Identity nobody = {0, InvalidLocalTransactionId};
static Identity *current_identity = &nobody;
static bool is_defining = false;

/* Digits only, 1 to the largest bigint; 0 where it isn't. */
static int64
parse_person(const char *text)
{
	char	   *end;
	long long	value;

	if (*text <'1' || *text >'9')
		return 0;
	errno = 0;
	value = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0 ? value : 0;
}

static bool
check_setting(char **newval, void **extra, GucSource source)
{
	Identity   *identity = mtr_guc_alloc(sizeof(Identity));

	if (identity == NULL)
		return false;
	identity->person_id = parse_person(*newval);
	identity->transaction = InvalidLocalTransactionId;
	if (MyProc != NULL && !is_defining)
		identity->transaction = mtr_local_xid(MyProc);
	*extra = identity;
	if (identity->person_id != 0 || **newval == '\0')
		return true;
	GUC_check_errdetail("It is the id of a person, or empty.");
	return false;
}

static void
assign_setting(const char *newval, void *extra)
{
	current_identity = extra;
}

/* Is there a value to go back to when the transaction ends? */
static bool
is_set_by_transaction(void)
{
	struct config_generic *setting = mtr_find_setting(MTR_IDENTITY_SETTING);

	return setting != NULL && setting->stack != NULL;
}

void
mtr_identity_init(void)
{
	/*
	 * For the administrator: GRANT SET ON PARAMETER mentoring.person_id to
	 * the role the learning management system connects as, and to nobody
	 * else.
	 */
	is_defining = true;
	DefineCustomStringVariable(MTR_IDENTITY_SETTING,
							   "The person a transaction works for.",
							   "Empty = nobody. Set it by act_as(), or by SET LOCAL.",
							   &setting_text,
							   "",
							   PGC_SUSET,
							   GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE,
							   check_setting,
							   assign_setting,
							   NULL);
	is_defining = false;
	if (MyProc != NULL && is_set_by_transaction())
		current_identity->transaction = mtr_local_xid(MyProc);
}

/* The person who has logged in with this role, or 0. */
static int64
person_of_role(void)
{
	static MtrStatement statement = {
		"SELECT r.person_id FROM mentoring.person_role AS r"
		" JOIN mentoring.person AS p ON p.id OPERATOR(pg_catalog.=) r.person_id"
		" WHERE r.role_name OPERATOR(pg_catalog.=) $1 AND p.is_active"
		" AND p.erased_at IS NULL",
		SPI_OK_SELECT
	};
	Oid			type = TEXTOID;
	Datum		role = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(),
															 false));
	MtrOwner	saved;
	int64		person_id = 0;
	bool		isnull;
	int			result;

	mtr_owner_enter_role(mtr_rights_owner(), &saved);
	SPI_connect();
	result = SPI_execute_plan(mtr_statement_plan(&statement, 1, &type), &role,
							  NULL, true, 1);
	mtr_statement_check(statement.text, &statement.plan, result,
						statement.expect);
	if (SPI_processed > 0)
		person_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
												SPI_tuptable->tupdesc, 1,
												&isnull));
	SPI_finish();
	mtr_owner_leave(&saved);
	return person_id;
}

int64
mtr_set_person(void)
{
	if (current_identity->transaction == mtr_local_xid(MyProc))
		return current_identity->person_id;
	return 0;
}

int64
mtr_current_person(void)
{
	int64		person_id = mtr_set_person();

	return person_id != 0 ? person_id : person_of_role();
}

/* current_person(): NULL for nobody. */
Datum
mentoring_current_person(PG_FUNCTION_ARGS)
{
	int64		person_id = mtr_current_person();

	if (person_id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(person_id);
}

/* The person's id, if that person may act. */
static int64
find_active_person(Oid fn_oid, Datum source, Datum external_id)
{
	static MtrStatement statement = {
		"SELECT id, is_active AND erased_at IS NULL FROM mentoring.person"
		" WHERE source OPERATOR(pg_catalog.=) $1"
		" AND external_id OPERATOR(pg_catalog.=) $2",
		SPI_OK_SELECT
	};
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];
	MtrOwner	saved;
	int64		person_id = 0;
	bool		is_active = false;
	bool		isnull;
	int			result;

	values[0] = source;
	values[1] = external_id;
	mtr_owner_enter_function(fn_oid, &saved);
	SPI_connect();
	result = SPI_execute_plan(mtr_statement_plan(&statement, 2, types), values,
							  NULL, true, 1);
	mtr_statement_check(statement.text, &statement.plan, result,
						statement.expect);
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;

		person_id = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		is_active = DatumGetBool(SPI_getbinval(row, desc, 2, &isnull));
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	if (person_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("source \"%s\" has no person \"%s\"",
						TextDatumGetCString(source),
						TextDatumGetCString(external_id)),
				 errhint("Insert the person first, or sync the source.")));
	if (!is_active)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("person \"%s\" of source \"%s\" is not active",
						TextDatumGetCString(external_id),
						TextDatumGetCString(source)),
				 errhint("Who has left cannot act; see is_active and erased_at.")));
	return person_id;
}

/* act_as(source, external_id): the setting for the rest of the transaction. */
Datum
mentoring_act_as(PG_FUNCTION_ARGS)
{
	int64		person_id;
	char text[	24];

	if (!IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
				 errmsg("act_as() works in a transaction block only"),
				 errdetail("The identity ends with the transaction, which is this statement alone."),
				 errhint("Send BEGIN first, or switch autocommit off.")));
	mtr_rights_check_admin();
	if (!superuser() &&
		pg_parameter_aclcheck(MTR_IDENTITY_SETTING, GetUserId(), ACL_SET) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" cannot act for persons",
						GetUserNameFromId(GetUserId(), false)),
				 errhint("A superuser allows it once: GRANT SET ON PARAMETER %s TO %s.",
						 MTR_IDENTITY_SETTING,
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("act_as() needs a source and an external id"),
				 errhint("To act for nobody: SET LOCAL %s = ''.", MTR_IDENTITY_SETTING)));
	person_id = find_active_person(fcinfo->flinfo->fn_oid, PG_GETARG_DATUM(0),
								   PG_GETARG_DATUM(1));
	snprintf(text, sizeof(text), "%lld", (long long) person_id);
	(void) set_config_option(MTR_IDENTITY_SETTING, text, PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	PG_RETURN_INT64(person_id);
}
