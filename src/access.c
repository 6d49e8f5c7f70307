/*
 * access.c
 *	  acting as the owner of the extension, after one check of the caller
 *
 * The switch is the one referential-integrity triggers make: the owner of
 * the tables, with row security off for what that owner owns even where it
 * is forced.  SET ROLE and the like are barred meanwhile.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "access.h"

/* The owner and the name of a function. */
static Oid
function_owner(Oid fnoid, char *name, size_t size)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fnoid));
	Form_pg_proc proc;
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fnoid);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	owner = proc->proowner;
	strlcpy(name, NameStr(proc->proname), size);
	ReleaseSysCache(tuple);
	return owner;
}

void
mtr_owner_enter_table(Oid relowner, MtrOwner *saved)
{
	GetUserIdAndSecContext(&saved->saved_user, &saved->saved_context);
	saved->guc_level = -1;
	SetUserIdAndSecContext(relowner, saved->saved_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
}

/*
 * The texts run by SPI name every table with its schema; functions and
 * operators come from pg_catalog, whatever the caller's search_path says.
 */
void
mtr_owner_enter_role(Oid owner, MtrOwner *saved)
{
	mtr_owner_enter_table(owner, saved);
	saved->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
mtr_owner_enter(FunctionCallInfo fcinfo, MtrOwner *saved)
{
	char		name[NAMEDATALEN];
	Oid			owner = function_owner(fcinfo->flinfo->fn_oid, name,
									   sizeof(name));

	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function mentoring.%s", name),
				 errdetail("It reads rows of all participants with the rights of the extension's owner."),
				 errhint("Call it as a member of the role \"%s\".",
						 GetUserNameFromId(owner, false))));
	mtr_owner_enter_role(owner, saved);
}

void
mtr_owner_enter_function(Oid fnoid, MtrOwner *saved)
{
	char		name[NAMEDATALEN];

	mtr_owner_enter_role(function_owner(fnoid, name, sizeof(name)), saved);
}

void
mtr_owner_leave(const MtrOwner *saved)
{
	if (saved->guc_level >= 0)
		AtEOXact_GUC(true, saved->guc_level);
	SetUserIdAndSecContext(saved->saved_user, saved->saved_context);
}
