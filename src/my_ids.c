/*
 * my_ids.c
 *	  what concerns the current person, as sets of ids
 *
 * Policies of row security compare columns with these sets, which are read
 * with the owner's rights and the snapshot of the query.  One query asks
 * for the same set once for each table it reads, and one page of an
 * application sends several queries in a transaction; so sets are kept until
 * the snapshot, the role or the person is another one.  Snapshots are compared
 * by what they contain: two that are equal see the same rows, unless a
 * savepoint was undone between them.  What follows from a person's own
 * participations is read at once, for most pages need all of it.
 *
 * An id is taken for unique among all programmes, as its sequence makes it,
 * while its key allows one in each.  Clients can't choose ids; where somebody
 * else has given one id to two rows, neither concerns anybody.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "identity.h"
#include "mentoring.h"
#include "rights.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(mentoring_my_person);
PG_FUNCTION_INFO_V1(mentoring_my_people);
PG_FUNCTION_INFO_V1(mentoring_my_participants);
PG_FUNCTION_INFO_V1(mentoring_my_relationships);
PG_FUNCTION_INFO_V1(mentoring_my_partners);
PG_FUNCTION_INFO_V1(mentoring_my_programmes);
PG_FUNCTION_INFO_V1(mentoring_my_participations);
PG_FUNCTION_INFO_V1(mentoring_my_level_programmes);

/* The sets of ids.  The first four are read together. */
typedef enum MySet
{
	MY_PERSON,
	MY_PARTICIPANTS,
	MY_PROGRAMMES,
	MY_PARTICIPATIONS,
	MY_PEOPLE,
	MY_RELATIONSHIPS,
	MY_PARTNERS,
	ALL_PROGRAMMES,
	MY_SET_COUNT
} MySet;

/*
 * The person, if active, with each participation: its id, unless it isn't the
 * only one of that id; its programme; whether it makes a coordinator.  $1 is
 * the person.  search_path stays, as for a trigger (access.h).
 */
static MtrStatement own_statement = {
	"SELECT CASE WHEN NOT EXISTS (SELECT FROM mentoring.participant AS o"
	" WHERE o.id OPERATOR(pg_catalog.=) p.id"
	" AND o.programme_id OPERATOR(pg_catalog.<>) p.programme_id)"
	" THEN p.id END, p.programme_id,"
	" p.role OPERATOR(pg_catalog.=) 'coordinator'"
	" AND p.status OPERATOR(pg_catalog.=) 'accepted'"
	" FROM mentoring.person AS n LEFT JOIN mentoring.participant AS p"
	" ON p.person_id OPERATOR(pg_catalog.=) n.id"
	" WHERE n.id OPERATOR(pg_catalog.=) $1 AND n.is_active"
	" AND n.erased_at IS NULL",
	SPI_OK_SELECT
};

/* Each of the others gives one array. */
static MtrStatement set_statement[MY_SET_COUNT] = {
	[MY_PEOPLE] = {
		"SELECT pg_catalog.array_agg(DISTINCT o.person_id)"
		" FROM mentoring.participant AS c"
		" JOIN mentoring.participant AS o"
		" ON o.programme_id OPERATOR(pg_catalog.=) c.programme_id"
		" WHERE c.person_id OPERATOR(pg_catalog.=) $1"
		" AND c.role OPERATOR(pg_catalog.=) 'coordinator'"
		" AND c.status OPERATOR(pg_catalog.=) 'accepted'",
		SPI_OK_SELECT
	},
	[MY_RELATIONSHIPS] = {
		"SELECT pg_catalog.array_agg(DISTINCT m.relationship_id)"
		" FROM mentoring.participant AS p"
		" JOIN mentoring.relationship_member AS m"
		" ON m.participant_id OPERATOR(pg_catalog.=) p.id"
		" AND m.programme_id OPERATOR(pg_catalog.=) p.programme_id"
		" WHERE p.person_id OPERATOR(pg_catalog.=) $1"
		" AND NOT EXISTS (SELECT FROM mentoring.relationship AS o"
		" WHERE o.id OPERATOR(pg_catalog.=) m.relationship_id"
		" AND o.programme_id OPERATOR(pg_catalog.<>) m.programme_id)",
		SPI_OK_SELECT
	},
	[MY_PARTNERS] = {
		"SELECT pg_catalog.array_agg(DISTINCT o.participant_id)"
		" FROM mentoring.participant AS p"
		" JOIN mentoring.relationship_member AS m"
		" ON m.participant_id OPERATOR(pg_catalog.=) p.id"
		" AND m.programme_id OPERATOR(pg_catalog.=) p.programme_id"
		" JOIN mentoring.relationship_member AS o"
		" ON o.programme_id OPERATOR(pg_catalog.=) m.programme_id"
		" AND o.relationship_id OPERATOR(pg_catalog.=) m.relationship_id"
		" JOIN mentoring.participant AS q"
		" ON q.id OPERATOR(pg_catalog.=) o.participant_id"
		" AND q.programme_id OPERATOR(pg_catalog.=) o.programme_id"
		" WHERE p.person_id OPERATOR(pg_catalog.=) $1"
		" AND q.person_id OPERATOR(pg_catalog.<>) $1"
		" AND NOT EXISTS (SELECT FROM mentoring.participant AS c"
		" WHERE c.programme_id OPERATOR(pg_catalog.=) p.programme_id"
		" AND c.person_id OPERATOR(pg_catalog.=) $1"
		" AND c.role OPERATOR(pg_catalog.=) 'coordinator'"
		" AND c.status OPERATOR(pg_catalog.=) 'accepted')",
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
	Oid			session_user;
	int64		set_person;		/* 0: found by session_user */
	int64		person_id;
	Snapshot	snapshot;
	ArrayType  *set[MY_SET_COUNT];
} MySets;

static MySets kept;

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

/* Free what was read with another snapshot, role or person. */
static void
forget_sets(void)
{
	/* those of an earlier transaction went with its memory */
	if (kept.transaction == mtr_local_xid(MyProc))
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
}

/* Make sure that what is kept is what this query would read. */
static void
keep_current(void)
{
	Snapshot	now = GetActiveSnapshot();
	LocalTransactionId transaction = mtr_local_xid(MyProc);
	int64		set_person = mtr_set_person();

	if (kept.transaction == transaction && kept.user == GetUserId() &&
		kept.session_user == GetSessionUserId() &&
		kept.subtransaction == GetCurrentSubTransactionId() &&
		kept.set_person == set_person && kept.snapshot != NULL &&
		sees_same(kept.snapshot, now))
		return;

	forget_sets();
	kept.person_id = mtr_current_person();
	kept.set_person = set_person;
	kept.subtransaction = GetCurrentSubTransactionId();
	kept.session_user = GetSessionUserId();
	kept.user = GetUserId();
	kept.transaction = transaction;
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

static int
compare_ids(const void *a, const void *b)
{
	int64		x = DatumGetInt64(*(const Datum *) a);
	int64		y = DatumGetInt64(*(const Datum *) b);

	return x < y ? -1 : x > y;
}

/* A set of ids, each once, in the memory of the transaction. */
static ArrayType *
make_set(Datum *ids, int n)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	ArrayType  *array;
	int			different = 0;

	qsort(ids, n, sizeof(Datum), compare_ids);
	for (int i = 0; i < n; i++)
		if (i == 0 || DatumGetInt64(ids[i]) != DatumGetInt64(ids[i - 1]))
			ids[different++] = ids[i];
	array = construct_array(ids, different, INT8OID, sizeof(int64),
							FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	MemoryContextSwitchTo(old);
	return array;
}

static ArrayType *
no_ids(void)
{
	return make_set(NULL, 0);
}

/* Run a statement about the person with the owner's rights. */
static void
run_as_owner(MtrStatement *statement)
{
	Oid			type = INT8OID;
	Datum		param = Int64GetDatum(kept.person_id);
	int			result;

	result = SPI_execute_plan(mtr_statement_plan(statement, 1, &type), &param,
							  NULL, true, 0);
	mtr_statement_check(statement->text, &statement->plan, result,
						statement->expect);
}

/* Read what the person and his participations make. */
static void
read_own(void)
{
	Datum	   *ids[MY_PARTICIPATIONS + 1];
	int			n[MY_PARTICIPATIONS + 1] = {0};
	MtrOwner	saved;

	mtr_owner_enter_table(mtr_rights_owner(), &saved);
	SPI_connect();
	run_as_owner(&own_statement);
	for (int set = 0; set <= MY_PARTICIPATIONS; set++)
		ids[set] = palloc((SPI_processed + 1) * sizeof(Datum));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		is_shared;
		bool		is_none;
		Datum		id = SPI_getbinval(row, desc, 1, &is_shared);
		Datum		programme = SPI_getbinval(row, desc, 2, &is_none);

		ids[MY_PERSON][n[MY_PERSON]++] = Int64GetDatum(kept.person_id);
		if (is_none)
			continue;
		if (!is_shared)
			ids[MY_PARTICIPANTS][n[MY_PARTICIPANTS]++] = id;
		ids[MY_PARTICIPATIONS][n[MY_PARTICIPATIONS]++] = programme;
		if (DatumGetBool(SPI_getbinval(row, desc, 3, &is_none)))
			ids[MY_PROGRAMMES][n[MY_PROGRAMMES]++] = programme;
	}
	for (int set = 0; set <= MY_PARTICIPATIONS; set++)
		kept.set[set] = make_set(ids[set], n[set]);
	SPI_finish();
	mtr_owner_leave(&saved);
}

/* Read a set that is an array in one row. */
static ArrayType *
read_set(MySet set)
{
	ArrayType  *array = NULL;
	MtrOwner	saved;

	mtr_owner_enter_table(mtr_rights_owner(), &saved);
	SPI_connect();
	run_as_owner(&set_statement[set]);
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
	return array != NULL ? array : no_ids();
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
	mtr_rights_check_admin();
	keep_current();
	if (kept.set[set] != NULL)
		return kept.set[set];

	/* nobody, and who has left, has none */
	if (set == ALL_PROGRAMMES)
		kept.set[set] = read_set(set);
	else if (kept.person_id == 0)
		kept.set[set] = no_ids();
	else if (kept.set[MY_PERSON] == NULL)
	{
		read_own();
		return find_set(set);
	}
	else if (count_ids(kept.set[MY_PERSON]) == 0)
		kept.set[set] = no_ids();
	else
		kept.set[set] = read_set(set);
	return kept.set[set];
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
	if (mtr_holds_level(PG_GETARG_TEXT_PP(0)))
		return return_set(ALL_PROGRAMMES);
	return PointerGetDatum(construct_empty_array(INT8OID));
}

bool
mtr_is_coordinator(int64 programme_id)
{
	return mtr_is_admin() || is_in_set(MY_PROGRAMMES, programme_id);
}

bool
mtr_is_own_person(int64 person_id)
{
	return is_in_set(MY_PERSON, person_id);
}

bool
mtr_is_own_participant(int64 participant_id)
{
	return is_in_set(MY_PARTICIPANTS, participant_id);
}

bool
mtr_is_own_relationship(int64 relationship_id)
{
	return is_in_set(MY_RELATIONSHIPS, relationship_id);
}
