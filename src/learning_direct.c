/*
 * learning_direct.c
 *	  additions by table access, without statements
 *
 * What INSERT ... ON CONFLICT DO UPDATE does, for tables whose form is known:
 * look the key up in the primary key with a snapshot that sees what is not
 * committed; wait for whoever is inserting it; update the row found, which
 * waits for whoever is updating it; or insert it speculatively.  Repeat where
 * somebody else was faster.  Nothing depends on the transaction's snapshot, so
 * at every isolation level the row's latest version is added to; an error is
 * raised where SERIALIZABLE asks for it.  Keys never change, and fillfactor
 * leaves room, so most updates are HOT.
 *
 * All of this is needed for the row of an author's month only.  Whoever has
 * it is alone with the other rows of that month; what is new of them is
 * inserted many rows at a time, and not looked for where the month is new.
 *
 * A row whose numbers are all 0 is deleted, but not that of the month.
 *
 * Rights, row security and triggers don't come into it.  Tables that a site
 * has changed are left to learning_statement.c.
 *
 * The steps follow src/backend/executor/nodeModifyTable.c, ExecInsert() with
 * ON CONFLICT, and execIndexing.c of PostgreSQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "learning.h"
#include "mentoring.h"

/* rows appended at once */
#define APPEND_ROWS		200

/* the columns of a cold total's key come first, sums follow */
#define KEY_COLUMNS		4

typedef enum Target
{
	T_DAY,
	T_AUTHOR,
	T_DELTA,
	T_SPILL,
	T_COUNT
} Target;

static const struct
{
	const char *name;
	int			natts;
	bool		is_cold;
}			target[T_COUNT] = {
	[T_DAY] = {"learning_day", 6, true},
	[T_AUTHOR] = {"learning_author", 5, true},
	[T_DELTA] = {"learning_delta", 12, false},
	[T_SPILL] = {"learning_spill", 10, false},
};

/* A table while it is written to. */
typedef struct Table
{
	Relation	rel;			/* NULL: not opened yet */
	ResultRelInfo *result;		/* with its indexes */
	List	   *arbiter;		/* the primary key */
	Relation	primary;
	TupleTableSlot *found;		/* the row of a key */
	TupleTableSlot *made;		/* what to write */
	IndexScanDesc scan;			/* cold: by primary key */
	SnapshotData dirty;			/* of the scan */
	ScanKeyData key[KEY_COLUMNS];
	TupleTableSlot **rows;		/* to be inserted */
	int			nrows;
	int			nslots;			/* made so far */
	Oid			sequence;
} Table;

/* Between begin and end; set anew by each begin. */
typedef struct Direct
{
	EState	   *estate;
	bool		has_snapshot;	/* pushed by begin */
	Table		table[T_COUNT];
} Direct;

static Direct direct;

static void close_tables(void);

/*
 * The primary key, or InvalidOid.  rd_pkindex is set with the list of indexes,
 * and forgotten whenever a lock is taken and somebody has changed the table.
 */
static Oid
primary_key(Relation rel)
{
	list_free(RelationGetIndexList(rel));
	return rel->rd_pkindex;
}

/* Is it as the extension has made it? */
static bool
is_plain(Relation rel, Target which)
{
	return rel->rd_rel->relkind == RELKIND_RELATION &&
		rel->rd_rel->relam == HEAP_TABLE_AM_OID &&
		!rel->rd_rel->relispartition && !rel->rd_rel->relhassubclass &&
		rel->trigdesc == NULL && rel->rd_rules == NULL &&
		RelationGetNumberOfAttributes(rel) == target[which].natts &&
		OidIsValid(primary_key(rel));
}

/* -----------------------------------------------------------------------
 * Opening and closing
 * -----------------------------------------------------------------------
 */

/* Whether all tables are as they should be; those are locked then. */
static bool
direct_begin(void)
{
	bool		result = true;

	memset(&direct, 0, sizeof(direct));
	for (Target which = 0; result && which < T_COUNT; which++)
	{
		Relation	rel = table_open(mtr_learning_table(target[which].name),
									 RowExclusiveLock);

		result = is_plain(rel, which);
		direct.table[which].rel = rel;
	}
	if (!result)
	{
		close_tables();
		return false;
	}
	direct.estate = CreateExecutorState();
	/* at commit there is none, and a site's index may call a function */
	direct.has_snapshot = !ActiveSnapshotSet();
	if (direct.has_snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	return true;
}

/* Prepare the look-up by primary key; operators of its btree columns. */
static void
open_scan(Table *table)
{
	TupleDesc	desc = RelationGetDescr(table->rel);

	InitDirtySnapshot(table->dirty);
	table->found = table_slot_create(table->rel, NULL);
	for (int i = 0; i < KEY_COLUMNS; i++)
		ScanKeyInit(&table->key[i], i + 1, BTEqualStrategyNumber,
					TupleDescAttr(desc, i)->atttypid == DATEOID ?
					F_DATE_EQ : F_INT8EQ, (Datum) 0);
	table->scan = index_beginscan(table->rel, table->primary, &table->dirty,
								  NULL, KEY_COLUMNS, 0);
}

/* That of a column "id", looked for once: the catalogue tells it slowly. */
static Oid
identity_sequence(Relation rel, Target which)
{
	static Oid	table[T_COUNT];
	static Oid	sequence[T_COUNT];

	if (table[which] != RelationGetRelid(rel) ||
		get_rel_relkind(sequence[which]) != RELKIND_SEQUENCE)
	{
		sequence[which] = getIdentitySequence(rel, 2, false);
		table[which] = RelationGetRelid(rel);
	}
	return sequence[which];
}

static Table *
open_target(Target which)
{
	Table	   *table = &direct.table[which];
	Oid			primary;

	if (table->result != NULL)
		return table;
	primary = primary_key(table->rel);
	table->result = makeNode(ResultRelInfo);
	/* in no range table: whoever asks hears that no key column changes */
	InitResultRelInfo(table->result, table->rel, 0, NULL, 0);
	ExecOpenIndices(table->result, false);
	for (int i = 0; i < table->result->ri_NumIndices; i++)
		if (RelationGetRelid(table->result->ri_IndexRelationDescs[i]) ==
			primary)
			table->primary = table->result->ri_IndexRelationDescs[i];
	if (table->primary == NULL)
		elog(ERROR, "table %s has lost its primary key",
			 RelationGetRelationName(table->rel));
	table->arbiter = list_make1_oid(primary);
	table->rows = palloc(APPEND_ROWS * sizeof(*table->rows));
	if (target[which].is_cold)
	{
		table->made = table_slot_create(table->rel, NULL);
		open_scan(table);
	}
	else
		table->sequence = identity_sequence(table->rel, which);
	return table;
}

/* A row is there that shouldn't: only if somebody else wrote to the totals. */
static void
report_conflict(Table *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("totals of the learning log contradict each other"),
			 errdetail("Table %s has a row that learning_author or a sequence doesn't know of.",
					   RelationGetRelationName(table->rel)),
			 errhint("Call rebuild_learning_log().")));
}

/* Write the rows that wait to be inserted; none of their keys is there. */
static void
insert_rows(Table *table)
{
	if (table->nrows == 0)
		return;
	if (table->nrows == 1)
		table_tuple_insert(table->rel, table->rows[0],
						   GetCurrentCommandId(true), 0, NULL);
	else
		table_multi_insert(table->rel, table->rows, table->nrows,
						   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < table->nrows; i++)
	{
		bool		conflict = false;

		(void) mtr_insert_index_tuples(table->result, table->rows[i],
									   direct.estate, true, &conflict,
									   table->arbiter);
		if (conflict)
			report_conflict(table);
		ResetPerTupleExprContext(direct.estate);
		ExecClearTuple(table->rows[i]);
	}
	table->nrows = 0;
}

/* A slot for the next row to insert; its values are to be filled in. */
static TupleTableSlot *
next_row(Table *table)
{
	TupleTableSlot *slot;

	if (table->nrows == APPEND_ROWS)
		insert_rows(table);
	if (table->nrows == table->nslots)
		table->rows[table->nslots++] = table_slot_create(table->rel, NULL);
	slot = table->rows[table->nrows++];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, 0, slot->tts_tupleDescriptor->natts);
	return slot;
}

static void
close_tables(void)
{
	for (Target which = 0; which < T_COUNT; which++)
	{
		Table	   *table = &direct.table[which];

		if (table->result != NULL)
		{
			for (int i = 0; i < table->nslots; i++)
				ExecDropSingleTupleTableSlot(table->rows[i]);
			if (table->scan != NULL)
			{
				index_endscan(table->scan);
				ExecDropSingleTupleTableSlot(table->found);
				ExecDropSingleTupleTableSlot(table->made);
			}
			ExecCloseIndices(table->result);
		}
		if (table->rel != NULL)
			table_close(table->rel, NoLock);
	}
}

static void
direct_end(void)
{
	for (Target which = 0; which < T_COUNT; which++)
		insert_rows(&direct.table[which]);
	close_tables();
	FreeExecutorState(direct.estate);
	if (direct.has_snapshot)
		PopActiveSnapshot();
	/* what was written is seen by what follows */
	CommandCounterIncrement();
}

/* -----------------------------------------------------------------------
 * Cold totals
 * -----------------------------------------------------------------------
 */

/*
 * Find the row of the key in table->key, and its values in table->found.
 * Waits for whoever is inserting it.
 */
static bool
find_row(Table *table)
{
	for (;;)
	{
		TransactionId other;
		uint32		token;
		ItemPointerData tid;

		index_rescan(table->scan, table->key, KEY_COLUMNS, NULL, 0);
		if (!index_getnext_slot(table->scan, ForwardScanDirection,
								table->found))
			return false;
		other = table->dirty.xmin;
		if (!TransactionIdIsValid(other))
			return true;
		token = table->dirty.speculativeToken;
		tid = table->found->tts_tid;
		/* nobody waits while holding a buffer */
		ExecClearTuple(table->found);
		index_rescan(table->scan, table->key, KEY_COLUMNS, NULL, 0);
		if (token != 0)
			SpeculativeInsertionWait(other, token);
		else
			XactLockTableWait(other, table->rel, &tid, XLTW_InsertIndex);
	}
}

/* Insert table->made unless somebody else does. */
static bool
insert_row(Table *table)
{
	TransactionId xid = GetCurrentTransactionId();
	bool		conflict = false;
	uint32		token = SpeculativeInsertionLockAcquire(xid);

	table_tuple_insert_speculative(table->rel, table->made,
								   GetCurrentCommandId(true), 0, NULL, token);
	list_free(mtr_insert_index_tuples(table->result, table->made,
									  direct.estate, true, &conflict,
									  table->arbiter));
	table_tuple_complete_speculative(table->rel, table->made, token,
									 !conflict);
	SpeculativeInsertionLockRelease(xid);
	ResetPerTupleExprContext(direct.estate);
	return !conflict;
}

/* Put table->made in the place of table->found, the version that was read. */
static bool
update_row(Table *table)
{
	ItemPointerData tid = table->found->tts_tid;
	TM_FailureData failure;
	LockTupleMode mode;
	TU_UpdateIndexes indexes;
	TM_Result	result;

	ExecClearTuple(table->found);
	result = table_tuple_update(table->rel, &tid, table->made,
								GetCurrentCommandId(true), NULL,
								InvalidSnapshot, true, &failure, &mode,
								&indexes);
	if (result == TM_Updated || result == TM_Deleted)
		return false;
	if (result != TM_Ok)
		elog(ERROR, "row of %s was changed twice: %d",
			 RelationGetRelationName(table->rel), (int) result);
	if (indexes != TU_None)
	{
		list_free(mtr_update_index_tuples(table->result, table->made,
										  direct.estate, indexes));
		ResetPerTupleExprContext(direct.estate);
	}
	return true;
}

/* Delete the version that was read. */
static bool
delete_row(Table *table)
{
	ItemPointerData tid = table->found->tts_tid;
	TM_FailureData failure;
	TM_Result	result;

	ExecClearTuple(table->found);
	result = table_tuple_delete(table->rel, &tid, GetCurrentCommandId(true),
								NULL, InvalidSnapshot, true, &failure, false);
	if (result == TM_Updated || result == TM_Deleted)
		return false;
	if (result != TM_Ok)
		elog(ERROR, "row of %s was changed twice: %d",
			 RelationGetRelationName(table->rel), (int) result);
	return true;
}

/* What is to be added to a row: its key and one or two sums. */
typedef struct Addition
{
	Datum		key[KEY_COLUMNS];
	int64		add[2];
	int			nadd;
	bool		is_kept;		/* also where the sums are 0 */
} Addition;

static void
fill_slot(TupleTableSlot *slot, const Addition *addition, const int64 *sum)
{
	for (int i = 0; i < KEY_COLUMNS; i++)
		slot->tts_values[i] = addition->key[i];
	for (int i = 0; i < addition->nadd; i++)
		slot->tts_values[KEY_COLUMNS + i] = Int64GetDatum(sum[i]);
	memset(slot->tts_isnull, 0, KEY_COLUMNS + addition->nadd);
	ExecStoreVirtualTuple(slot);
}

/* Add to the row found, or fail if it isn't the latest any more. */
static bool
add_to_found(Table *table, const Addition *addition, MtrLearningChange *change)
{
	int64		sum[2] = {0, 0};

	for (int i = 0; i < addition->nadd; i++)
	{
		bool		isnull;
		int64		old = DatumGetInt64(slot_getattr(table->found,
													 KEY_COLUMNS + i + 1,
													 &isnull));

		sum[i] = mtr_learning_add(old, addition->add[i]);
		if (i == 0)
			change->before = old;
	}
	change->after = sum[0];
	if (sum[0] == 0 && sum[1] == 0 && !addition->is_kept)
		return delete_row(table);
	ExecClearTuple(table->made);
	fill_slot(table->made, addition, sum);
	return update_row(table);
}

static void
set_key(Table *table, const Addition *addition)
{
	for (int i = 0; i < KEY_COLUMNS; i++)
		table->key[i].sk_argument = addition->key[i];
}

/* Add to a row of a month that is locked.  New rows wait to be inserted. */
static MtrLearningChange
add_to_row(Table *table, const Addition *addition, bool is_new)
{
	MtrLearningChange change;

	set_key(table, addition);
	while (!is_new && find_row(table))
		if (add_to_found(table, addition, &change))
			return change;
	fill_slot(next_row(table), addition, addition->add);
	change.before = 0;
	change.after = addition->add[0];
	return change;
}

static void
set_author(Addition *addition, const MtrLearningKey *from, int64 skill_id,
		   int64 entries)
{
	addition->key[0] = Int64GetDatum(from->programme_id);
	addition->key[1] = Int64GetDatum(from->participant_id);
	addition->key[2] = DateADTGetDatum(mtr_learning_date(from->month, 1));
	addition->key[3] = Int64GetDatum(skill_id);
	addition->add[0] = entries;
	addition->nadd = 1;
	addition->is_kept = skill_id == 0;
}

/* The row of the month: whoever else wants it waits from here on. */
static MtrLearningChange
direct_lock_author(const MtrLearningKey *from, int64 entries, bool *is_new)
{
	Table	   *table = open_target(T_AUTHOR);
	Addition	addition;
	MtrLearningChange change;
	bool		done;

	set_author(&addition, from, 0, entries);
	set_key(table, &addition);
	do
	{
		*is_new = !find_row(table);
		if (*is_new)
		{
			change.before = 0;
			change.after = entries;
			ExecClearTuple(table->made);
			fill_slot(table->made, &addition, addition.add);
			done = insert_row(table);
		}
		else
			done = add_to_found(table, &addition, &change);
	} while (!done);
	return change;
}

static MtrLearningChange
direct_add_skill(const MtrLearningEntry *entry, bool is_new)
{
	Addition	addition;

	set_author(&addition, &entry->key, entry->key.object_id,
			   entry->sum.entries);
	return add_to_row(open_target(T_AUTHOR), &addition, is_new);
}

static void
direct_add_day(const MtrLearningEntry *entry, bool is_new)
{
	const MtrLearningKey *from = &entry->key;
	Addition	addition;

	addition.key[0] = Int64GetDatum(from->programme_id);
	addition.key[1] = Int64GetDatum(from->participant_id);
	addition.key[2] = DateADTGetDatum(mtr_learning_date(from->month,
														from->day));
	addition.key[3] = Int64GetDatum(from->object_id);
	addition.add[0] = entry->sum.entries;
	addition.add[1] = entry->sum.minutes;
	addition.nadd = 2;
	addition.is_kept = false;
	(void) add_to_row(open_target(T_DAY), &addition, is_new);
}

/* -----------------------------------------------------------------------
 * Appended rows
 * -----------------------------------------------------------------------
 */

/* The next row to append, with its programme and id. */
static TupleTableSlot *
next_appended(Table *table, int64 programme_id)
{
	TupleTableSlot *slot = next_row(table);

	slot->tts_values[0] = Int64GetDatum(programme_id);
	slot->tts_values[1] = Int64GetDatum(nextval_internal(table->sequence,
														 false));
	return slot;
}

/* Columns of learning_delta are integers. */
static Datum
small_sum(int64 sum)
{
	if (sum < PG_INT32_MIN || sum > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("one transaction cannot add %lld to a total of the learning log",
						(long long) sum),
				 errhint("Write it in several transactions.")));
	return Int32GetDatum((int32) sum);
}

static void
direct_append_delta(const MtrLearningDelta *delta)
{
	TupleTableSlot *slot = next_appended(open_target(T_DELTA),
										 delta->programme_id);

	slot->tts_values[2] = Int64GetDatum(delta->skill_id);
	slot->tts_isnull[2] = delta->skill_id == 0;
	slot->tts_values[3] = DateADTGetDatum(delta->day);
	slot->tts_values[4] = small_sum(delta->entries);
	slot->tts_values[5] = small_sum(delta->minutes);
	slot->tts_values[6] = small_sum(delta->participants);
	slot->tts_values[7] = small_sum(delta->skill_entries);
	slot->tts_values[8] = small_sum(delta->skill_minutes);
	slot->tts_values[9] = small_sum(delta->skill_participants);
	slot->tts_values[10] = small_sum(delta->gain);
	slot->tts_values[11] = small_sum(delta->gain_entries);
	mtr_learning_fold_count(DatumGetInt64(slot->tts_values[1]), false);
	ExecStoreVirtualTuple(slot);
}

static void
direct_append_spill(const MtrLearningEntry *entry)
{
	const MtrLearningKey *key = &entry->key;
	bool		is_day = key->kind == MTR_LEARNING_DAY;
	TupleTableSlot *slot = next_appended(open_target(T_SPILL),
										 key->programme_id);

	slot->tts_values[2] = Int64GetDatum(key->participant_id);
	slot->tts_values[3] = slot->tts_values[4] = Int64GetDatum(key->object_id);
	slot->tts_isnull[is_day ? 4 : 3] = true;
	slot->tts_values[5] = DateADTGetDatum(mtr_learning_date(key->month,
															key->day));
	slot->tts_values[6] = Int64GetDatum(entry->sum.entries);
	slot->tts_values[7] = Int64GetDatum(entry->sum.minutes);
	slot->tts_values[8] = Int64GetDatum(entry->sum.gain);
	slot->tts_values[9] = Int64GetDatum(entry->sum.gain_entries);
	mtr_learning_fold_count(DatumGetInt64(slot->tts_values[1]), true);
	ExecStoreVirtualTuple(slot);
}

const MtrLearningApplier mtr_learning_direct = {
	.begin = direct_begin,
	.lock_author = direct_lock_author,
	.add_day = direct_add_day,
	.add_skill = direct_add_skill,
	.append_delta = direct_append_delta,
	.append_spill = direct_append_spill,
	.end = direct_end,
};
