/*
 * rights.c
 *	  who may what: levels of roles, and what concerns the current person
 *
 * A level is held by whoever may execute its marker function.
 *
 * Policies of row security compare columns with sets of ids, which are read
 * here with the owner's rights and the snapshot of the query.  One query asks
 * for the same set once for each table it reads, and one page of an
 * application sends several queries in a transaction; so sets are kept until
 * the snapshot, the role or the person is another one.  Snapshots are compared
 * by what they contain: two that are equal see the same rows, unless a
 * savepoint was undone between them.
 *
 * An id is taken for unique among all programmes, as its sequence makes it,
 * while its key allows one in each.  Clients can't choose ids; where somebody
 * else has given one id to two rows, neither concerns anybody.
 *
 * Level admin isn't for those who may set mentoring.person_id: who holds both
 * could read private entries as their authors.  grant_access() refuses it;
 * since SET may be granted later, every set is refused then.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "identity.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_has_level);
PG_FUNCTION_INFO_V1(mentoring_caller);
PG_FUNCTION_INFO_V1(mentoring_my_person);
PG_FUNCTION_INFO_V1(mentoring_my_people);
PG_FUNCTION_INFO_V1(mentoring_my_participants);
PG_FUNCTION_INFO_V1(mentoring_my_relationships);
PG_FUNCTION_INFO_V1(mentoring_my_partners);
PG_FUNCTION_INFO_V1(mentoring_my_programmes);
PG_FUNCTION_INFO_V1(mentoring_my_participations);
PG_FUNCTION_INFO_V1(mentoring_my_level_programmes);

typedef enum MySet
{
	MY_PERSON,
	MY_PEOPLE,
	MY_PARTICIPANTS,
	MY_RELATIONSHIPS,
	MY_PARTNERS,
	MY_PROGRAMMES,
	MY_PARTICIPATIONS,
	ALL_PROGRAMMES,
	MY_SET_COUNT
} MySet;

/* Each gives one array; $1 is the person. */
static MtrStatement set_statement[MY_SET_COUNT] = {
	[MY_PERSON] = {
		"SELECT pg_catalog.array_agg(id) FROM mentoring.person"
		" WHERE id = $1 AND is_active AND erased_at IS NULL",
		SPI_OK_SELECT
	},
	[MY_PEOPLE] = {
		"SELECT pg_catalog.array_agg(DISTINCT o.person_id)"
		" FROM mentoring.participant AS c"
		" JOIN mentoring.participant AS o USING (programme_id)"
		" WHERE c.person_id = $1 AND c.role = 'coordinator'"
		" AND c.status = 'accepted'",
		SPI_OK_SELECT
	},
	[MY_PARTICIPANTS] = {
		"SELECT pg_catalog.array_agg(p.id) FROM mentoring.participant AS p"
		" WHERE p.person_id = $1"
		" AND NOT EXISTS (SELECT FROM mentoring.participant AS o"
		" WHERE o.id = p.id AND o.programme_id <> p.programme_id)",
		SPI_OK_SELECT
	},
	[MY_RELATIONSHIPS] = {
		"SELECT pg_catalog.array_agg(DISTINCT m.relationship_id)"
		" FROM mentoring.participant AS p"
		" JOIN mentoring.relationship_member AS m"
		" ON m.participant_id = p.id AND m.programme_id = p.programme_id"
		" WHERE p.person_id = $1"
		" AND NOT EXISTS (SELECT FROM mentoring.relationship AS o"
		" WHERE o.id = m.relationship_id"
		" AND o.programme_id <> m.programme_id)",
		SPI_OK_SELECT
	},
	[MY_PARTNERS] = {
		"SELECT pg_catalog.array_agg(DISTINCT o.participant_id)"
		" FROM mentoring.participant AS p"
		" JOIN mentoring.relationship_member AS m"
		" ON m.participant_id = p.id AND m.programme_id = p.programme_id"
		" JOIN mentoring.relationship_member AS o"
		" ON o.programme_id = m.programme_id"
		" AND o.relationship_id = m.relationship_id"
		" JOIN mentoring.participant AS q"
		" ON q.id = o.participant_id AND q.programme_id = o.programme_id"
		" WHERE p.person_id = $1 AND q.person_id <> $1"
		" AND NOT EXISTS (SELECT FROM mentoring.participant AS c"
		" WHERE c.programme_id = p.programme_id AND c.person_id = $1"
		" AND c.role = 'coordinator' AND c.status = 'accepted')",
		SPI_OK_SELECT
	},
	[MY_PROGRAMMES] = {
		"SELECT pg_catalog.array_agg(programme_id) FROM mentoring.participant"
		" WHERE person_id = $1 AND role = 'coordinator'"
		" AND status = 'accepted'",
		SPI_OK_SELECT
	},
	[MY_PARTICIPATIONS] = {
		"SELECT pg_catalog.array_agg(DISTINCT programme_id)"
		" FROM mentoring.participant WHERE person_id = $1",
		SPI_OK_SELECT
	},
	[ALL_PROGRAMMES] = {
		"SELECT pg_catalog.array_agg(id) FROM mentoring.programme"
		" WHERE $1 IS NOT NULL",
		SPI_OK_SELECT
	},
};

/* The sets read so far, and what they were read with. */
typedef struct MySets
{
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	Oid			user;
	int64		person_id;
	Snapshot	snapshot;
	ArrayType  *set[MY_SET_COUNT];
} MySets;

static MySets kept;

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

static bool
holds(Oid user, const char *level)
{
	Oid			owner;
	Oid			marker = find_marker(level, &owner);

	return object_aclcheck(ProcedureRelationId, marker, user, ACL_EXECUTE) ==
		ACLCHECK_OK;
}

/* Level admin without superuser, and the right to act for persons. */
static void
check_admin_cannot_act(Oid user)
{
	if (superuser_arg(user) ||
		pg_parameter_aclcheck(MTR_IDENTITY_SETTING, user, ACL_SET) !=
		ACLCHECK_OK || !holds(user, "admin"))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("role \"%s\" holds level admin and may act for persons",
					GetUserNameFromId(user, false)),
			 errdetail("Together they would open what only its author may read."),
			 errhint("REVOKE SET ON PARAMETER %s from it, or call revoke_access() for level admin.",
					 MTR_IDENTITY_SETTING)));
}

Oid
mtr_rights_owner(void)
{
	Oid			owner;

	(void) find_marker("admin", &owner);
	return owner;
}

void
mtr_rights_check_admin(void)
{
	check_admin_cannot_act(GetUserId());
}

bool
mtr_is_unrestricted(void)
{
	return has_privs_of_role(GetUserId(), mtr_rights_owner()) ||
		has_bypassrls_privilege(GetUserId());
}

bool
mtr_is_admin(void)
{
	check_admin_cannot_act(GetUserId());
	return mtr_is_unrestricted() || holds(GetUserId(), "admin");
}

/* has_level(level) */
Datum
mentoring_has_level(PG_FUNCTION_ARGS)
{
	static const char *const levels[] = {"app", "sync", "analyst", "admin"};
	char	   *level = text_to_cstring(PG_GETARG_TEXT_PP(0));

	check_admin_cannot_act(GetUserId());
	for (int i = 0; i < lengthof(levels); i++)
		if (strcmp(level, levels[i]) == 0)
			PG_RETURN_BOOL(holds(GetUserId(), level));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no level \"%s\"", level),
			 errhint("Levels are app, sync, analyst and admin.")));
}

/* _caller(): who has called, whoever works now. */
Datum
mentoring_caller(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(GetUserNameFromId(GetOuterUserId(),
													   false)));
}

/* Do they see the same, if nothing was undone between them? */
static bool
sees_same(Snapshot a, Snapshot b)
{
	return a->xmin == b->xmin && a->xmax == b->xmax &&
		a->curcid == b->curcid && a->xcnt == b->xcnt &&
		a->subxcnt == b->subxcnt && a->suboverflowed == b->suboverflowed &&
		a->takenDuringRecovery == b->takenDuringRecovery &&
		(a->xcnt == 0 ||
		 memcmp(a->xip, b->xip, a->xcnt * sizeof(TransactionId)) == 0) &&
		(a->subxcnt <= 0 ||
		 memcmp(a->subxip, b->subxip,
				a->subxcnt * sizeof(TransactionId)) == 0);
}

/* Numbers of transactions, kept. */
static TransactionId *
keep_xids(const TransactionId *xid, int n)
{
	TransactionId *copy;

	if (n <= 0)
		return NULL;
	copy = MemoryContextAlloc(TopTransactionContext,
							  n * sizeof(TransactionId));
	memcpy(copy, xid, n * sizeof(TransactionId));
	return copy;
}

/* Forget what was read with another snapshot, role or person. */
static void
keep_for(int64 person_id)
{
	Snapshot	now = GetActiveSnapshot();
	LocalTransactionId transaction = mtr_local_xid(MyProc);
	bool		is_alive = kept.transaction == transaction;

	if (is_alive && kept.user == GetUserId() &&
		kept.subtransaction == GetCurrentSubTransactionId() &&
		kept.person_id == person_id && kept.snapshot != NULL &&
		sees_same(kept.snapshot, now))
		return;

	/* those of an earlier transaction went with its memory */
	if (is_alive)
	{
		for (int i = 0; i < MY_SET_COUNT; i++)
			if (kept.set[i] != NULL)
				pfree(kept.set[i]);
		if (kept.snapshot != NULL)
		{
			if (kept.snapshot->xip != NULL)
				pfree(kept.snapshot->xip);
			if (kept.snapshot->subxip != NULL)
				pfree(kept.snapshot->subxip);
			pfree(kept.snapshot);
		}
	}
	memset(&kept, 0, sizeof(kept));
	kept.transaction = transaction;
	kept.subtransaction = GetCurrentSubTransactionId();
	kept.user = GetUserId();
	kept.person_id = person_id;
	if (now->snapshot_type != SNAPSHOT_MVCC)
		return;
	kept.snapshot = MemoryContextAllocZero(TopTransactionContext,
										   sizeof(SnapshotData));
	*kept.snapshot = *now;
	kept.snapshot->xip = NULL;
	kept.snapshot->subxip = NULL;
	kept.snapshot->xip = keep_xids(now->xip, now->xcnt);
	kept.snapshot->subxip = keep_xids(now->subxip, now->subxcnt);
}

/* Read a set with the owner's rights, into the memory of the transaction. */
static ArrayType *
read_set(MySet set, int64 person_id)
{
	Oid			type = INT8OID;
	Datum		param = Int64GetDatum(person_id);
	ArrayType  *array = NULL;
	MtrOwner	saved;
	int			result;

	mtr_owner_enter_role(mtr_rights_owner(), &saved);
	SPI_connect();
	result = SPI_execute_plan(mtr_statement_plan(&set_statement[set], 1,
												 &type),
							  &param, NULL, true, 1);
	mtr_statement_check(set_statement[set].text, &set_statement[set].plan,
						result, set_statement[set].expect);
	if (SPI_processed > 0)
	{
		bool		isnull;
		Datum		ids = SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

		if (!isnull)
			array = DatumGetArrayTypePCopy(ids);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	return array;
}

static ArrayType *
no_ids(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	ArrayType  *array = construct_empty_array(INT8OID);

	MemoryContextSwitchTo(old);
	return array;
}

static int
count_ids(ArrayType *array)
{
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/* A set of ids, valid while nothing changes. */
static ArrayType *
find_set(MySet set)
{
	int64		person_id = mtr_current_person();
	ArrayType  *array = NULL;

	check_admin_cannot_act(GetUserId());
	keep_for(person_id);
	if (kept.set[set] != NULL)
		return kept.set[set];

	/* nobody, and who has left, has none */
	if (set == ALL_PROGRAMMES || (set == MY_PERSON && person_id != 0) ||
		(set != MY_PERSON && count_ids(find_set(MY_PERSON)) > 0))
		array = read_set(set, person_id);
	if (array == NULL)
		array = no_ids();
	kept.set[set] = array;
	return array;
}

/* The set as a result: what is kept may go before the query ends. */
static Datum
return_set(MySet set)
{
	return PointerGetDatum(DatumGetArrayTypePCopy(PointerGetDatum(find_set(set))));
}

static bool
is_in_set(MySet set, int64 id)
{
	ArrayType  *array = find_set(set);
	int			n = count_ids(array);
	int64	   *ids = (int64 *) ARR_DATA_PTR(array);

	for (int i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

Datum
mentoring_my_person(PG_FUNCTION_ARGS)
{
	return return_set(MY_PERSON);
}

Datum
mentoring_my_people(PG_FUNCTION_ARGS)
{
	return return_set(MY_PEOPLE);
}

Datum
mentoring_my_participants(PG_FUNCTION_ARGS)
{
	return return_set(MY_PARTICIPANTS);
}

Datum
mentoring_my_relationships(PG_FUNCTION_ARGS)
{
	return return_set(MY_RELATIONSHIPS);
}

Datum
mentoring_my_partners(PG_FUNCTION_ARGS)
{
	return return_set(MY_PARTNERS);
}

Datum
mentoring_my_programmes(PG_FUNCTION_ARGS)
{
	return return_set(mtr_is_admin() ? ALL_PROGRAMMES : MY_PROGRAMMES);
}

Datum
mentoring_my_participations(PG_FUNCTION_ARGS)
{
	return return_set(MY_PARTICIPATIONS);
}

/* my_level_programmes(level) */
Datum
mentoring_my_level_programmes(PG_FUNCTION_ARGS)
{
	if (DatumGetBool(mentoring_has_level(fcinfo)))
		return return_set(ALL_PROGRAMMES);
	return PointerGetDatum(construct_empty_array(INT8OID));
}

bool
mtr_is_coordinator(int64 programme_id)
{
	return mtr_is_admin() || is_in_set(MY_PROGRAMMES, programme_id);
}

bool
mtr_is_own_participant(int64 participant_id)
{
	return is_in_set(MY_PARTICIPANTS, participant_id);
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

bool
mtr_is_own_relationship(int64 relationship_id)
{
	return is_in_set(MY_RELATIONSHIPS, relationship_id);
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
