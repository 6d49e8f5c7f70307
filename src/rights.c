/*
 * rights.c
 *	  who may what: levels of roles
 *
 * A level is held by whoever may execute its marker function.  What a role may
 * is asked many times in a query, and kept until a catalog it depends on
 * changes.
 *
 * Level admin isn't for those who may set mentoring.person_id: who holds both
 * could read private entries as their authors.  grant_access() refuses it;
 * since SET may be granted later, every set is refused then.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "identity.h"
#include "mentoring.h"
#include "rights.h"

PG_FUNCTION_INFO_V1(mentoring_has_level);
PG_FUNCTION_INFO_V1(mentoring_caller);

typedef enum Level
{
	LEVEL_APP,
	LEVEL_SYNC,
	LEVEL_ANALYST,
	LEVEL_ADMIN,
	LEVEL_COUNT
} Level;

static const char *const level_name[LEVEL_COUNT] = {
	"app", "sync", "analyst", "admin"
};

/* What a role may. */
typedef struct RoleRights
{
	Oid			user;			/* invalid: to be found out */
	Oid			owner;			/* of the extension's functions */
	bool		holds[LEVEL_COUNT];
	bool		is_unrestricted;
	bool		is_refused;		/* admin who may act for persons */
} RoleRights;

static RoleRights known;
static uint64 changes = 0;		/* of catalogs RoleRights depend on */

/* A marker function and its owner. */
static Oid
find_marker(const char *level, Oid *owner)
{
	char		name[NAMEDATALEN];
	List	   *names;
	Oid			fnoid;
	HeapTuple	tuple;

	snprintf(name, sizeof(name), "_level_%s", level);
	names = list_make2(makeString(MTR_SCHEMA), makeString(name));
	fnoid = LookupFuncName(names, 0, NULL, false);
	list_free_deep(names);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fnoid);
	*owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return fnoid;
}

/* A catalog has changed. */
static void
forget_rights(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
	known.user = InvalidOid;
}

/* Be told of grants on functions and settings, roles and who is in them. */
static void
watch_catalogs(void)
{
	static const int catalogs[] = {
		PROCOID, PARAMETERACLNAME, AUTHOID, AUTHMEMROLEMEM,
		/* its owner is in pg_database_owner */
		DATABASEOID
	};
	static bool is_watching = false;

	if (is_watching)
		return;
	is_watching = true;
	for (int i = 0; i < lengthof(catalogs); i++)
		CacheRegisterSyscacheCallback(catalogs[i], forget_rights, (Datum) 0);
}

/* What the current role may. */
static RoleRights
find_rights(void)
{
	RoleRights	rights;
	uint64		before;

	if (known.user == GetUserId())
		return known;
	watch_catalogs();
	before = changes;
	memset(&rights, 0, sizeof(rights));
	rights.user = GetUserId();
	for (int i = 0; i < LEVEL_COUNT; i++)
		rights.holds[i] =
			object_aclcheck(ProcedureRelationId,
							find_marker(level_name[i], &rights.owner),
							rights.user, ACL_EXECUTE) == ACLCHECK_OK;
	rights.is_unrestricted = has_privs_of_role(rights.user, rights.owner) ||
		has_bypassrls_privilege(rights.user);
	rights.is_refused = rights.holds[LEVEL_ADMIN] &&
		!superuser_arg(rights.user) &&
		pg_parameter_aclcheck(MTR_IDENTITY_SETTING, rights.user, ACL_SET) ==
		ACLCHECK_OK;
	/* a change while they were looked up may have been missed by some */
	if (changes == before)
		known = rights;
	return rights;
}

/* The same, but for a role that may act for persons and read all of them. */
static RoleRights
check_rights(void)
{
	RoleRights	rights = find_rights();

	if (rights.is_refused)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" holds level admin and may act for persons",
						GetUserNameFromId(rights.user, false)),
				 errdetail("Together they would open what only its author may read."),
				 errhint("REVOKE SET ON PARAMETER %s from it, or call revoke_access() for level admin.",
						 MTR_IDENTITY_SETTING)));
	return rights;
}

Oid
mtr_rights_owner(void)
{
	return find_rights().owner;
}

void
mtr_rights_check_admin(void)
{
	(void) check_rights();
}

bool
mtr_is_unrestricted(void)
{
	return find_rights().is_unrestricted;
}

bool
mtr_is_admin(void)
{
	RoleRights	rights = check_rights();

	return rights.is_unrestricted || rights.holds[LEVEL_ADMIN];
}

bool
mtr_is_sync(void)
{
	return check_rights().holds[LEVEL_SYNC];
}

bool
mtr_holds_level(text *level)
{
	RoleRights	rights = check_rights();

	for (int i = 0; i < LEVEL_COUNT; i++)
		if (strlen(level_name[i]) == VARSIZE_ANY_EXHDR(level) &&
			memcmp(level_name[i], VARDATA_ANY(level),
				   VARSIZE_ANY_EXHDR(level)) == 0)
			return rights.holds[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no level \"%s\"", text_to_cstring(level)),
			 errhint("Levels are app, sync, analyst and admin.")));
}

/* has_level(level) */
Datum
mentoring_has_level(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(mtr_holds_level(PG_GETARG_TEXT_PP(0)));
}

/* _caller(): who has called, whoever works now. */
Datum
mentoring_caller(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(GetUserNameFromId(GetOuterUserId(),
													   false)));
}

void
mtr_refuse(FunctionCallInfo fcinfo, const char *who)
{
	char	   *name = get_func_name(fcinfo->flinfo->fn_oid);

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for function mentoring.%s", name),
			 errdetail("It is for %s.", who),
			 mtr_current_person() == 0 ?
			 errhint("This transaction works for nobody: call act_as() in it first, or use a role of level admin.") :
			 errhint("Use a role of level admin for what isn't one's own.")));
}

void
mtr_enter_coordinator(FunctionCallInfo fcinfo, int64 programme_id,
					  MtrOwner *saved)
{
	if (!mtr_is_coordinator(programme_id))
		mtr_refuse(fcinfo, "coordinators of the programme");
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, saved);
}

void
mtr_enter_participant(FunctionCallInfo fcinfo, int64 programme_id,
					  int64 participant_id, int64 or_participant_id,
					  MtrOwner *saved)
{
	if (!mtr_is_own_participant(participant_id) &&
		!mtr_is_own_participant(or_participant_id) &&
		!mtr_is_coordinator(programme_id))
		mtr_refuse(fcinfo, "the participant and coordinators of the programme");
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, saved);
}

void
mtr_enter_self(FunctionCallInfo fcinfo, int64 participant_id, MtrOwner *saved)
{
	if (!mtr_is_own_participant(participant_id) && !mtr_is_admin())
		mtr_refuse(fcinfo, "the participant");
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, saved);
}

void
mtr_enter_admin(FunctionCallInfo fcinfo, MtrOwner *saved)
{
	if (!mtr_is_admin())
		mtr_refuse(fcinfo, "level admin");
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, saved);
}
