/*
 * learning_pending.c
 *	  what a transaction has written to the learning log and not committed
 *
 * Row triggers add up what rows bring and take, in one hash for each level of
 * subtransactions that wrote.  A level is forgotten when its subtransaction
 * aborts.  When one is released its level becomes one of the parent, and is
 * merged the next time somebody writes: nothing can fail then half-way.
 *
 * TRUNCATE is no row event: it marks the level, and so voids what is further
 * out, until the level is forgotten or released to where that is.
 *
 * Memory.  A hash that would have to grow beyond mentoring.flush_memory is
 * written to learning_spill.  Rows there belong to the subtransaction, so only
 * what it has collected itself may go.
 *
 * Applied just before commit or prepare, after all deferred triggers.  What
 * another module's commit callback writes to the log after that is applied at
 * once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "access.h"
#include "learning.h"
#include "mentoring.h"
#include "rights.h"

PG_FUNCTION_INFO_V1(mentoring_learning_pending);
PG_FUNCTION_INFO_V1(mentoring_learning_flush);

#define SH_PREFIX pending
#define SH_ELEMENT_TYPE MtrLearningEntry
#define SH_KEY_TYPE MtrLearningKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) &(key), sizeof(MtrLearningKey))
#define SH_EQUAL(tb, a, b) (memcmp(&(a), &(b), sizeof(MtrLearningKey)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
/* grows when it is full and not before, for make_room() has to know */
#define SH_FILLFACTOR 0.8
#define SH_GROW_MIN_FILLFACTOR 1.1
#include "lib/simplehash.h"

typedef MtrLearningEntry *EntryPointer;

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE EntryPointer
#define ST_COMPARE(a, b) mtr_learning_compare(&(*(a))->key, &(*(b))->key)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* entries of a new hash, and how many are worth being spilled */
#define FIRST_SIZE	8
#define SPILL_LEAST	1024

/* What one level of subtransactions has collected. */
typedef struct Level
{
	int			nest;			/* 1: the transaction itself */
	bool		is_reset;		/* levels further out are void */
	pending_hash *hash;
	struct Level *outer;
} Level;

int			mtr_learning_memory = 64 * 1024;

static Level *top = NULL;		/* innermost; the outermost's outer is NULL */
static MemoryContext pending_context = NULL;
static bool is_merging = false; /* stays true when a merge fails */
static bool is_applying = false;
static bool is_flushed = false; /* the transaction has done so once */

/* -----------------------------------------------------------------------
 * Levels
 * -----------------------------------------------------------------------
 */

static size_t
hash_size(const pending_hash *hash)
{
	return (size_t) hash->size * sizeof(MtrLearningEntry);
}

static size_t
size_of_all(void)
{
	size_t		result = 0;

	for (Level *level = top; level != NULL; level = level->outer)
		result += hash_size(level->hash);
	return result;
}

static size_t
size_limit(void)
{
	return (size_t) mtr_learning_memory * 1024;
}

static void
push_level(int nest)
{
	Level	   *level;

	if (pending_context == NULL)
		pending_context = AllocSetContextCreate(TopTransactionContext,
												"mentoring learning log",
												ALLOCSET_SMALL_SIZES);
	level = MemoryContextAllocZero(pending_context, sizeof(Level));
	level->nest = nest;
	level->hash = pending_create(pending_context, FIRST_SIZE, NULL);
	level->outer = top;
	top = level;
}

/* Take the innermost level off. */
static void
pop_level(void)
{
	Level	   *level = top;

	top = level->outer;
	pending_destroy(level->hash);
	pfree(level);
}

static void
add_sum(MtrLearningSum *to, const MtrLearningSum *sum)
{
	to->entries = mtr_learning_add(to->entries, sum->entries);
	to->minutes = mtr_learning_add(to->minutes, sum->minutes);
	to->gain = mtr_learning_add(to->gain, sum->gain);
	to->gain_entries = mtr_learning_add(to->gain_entries, sum->gain_entries);
}

static void
add_to_hash(pending_hash *hash, const MtrLearningKey *key,
			const MtrLearningSum *sum)
{
	bool		found;
	MtrLearningEntry *entry = pending_insert(hash, *key, &found);

	if (found)
		add_sum(&entry->sum, sum);
	else
		entry->sum = *sum;
}

static void
add_hash(pending_hash *to, pending_hash *from)
{
	pending_iterator i;
	MtrLearningEntry *entry;

	pending_start_iterate(from, &i);
	while ((entry = pending_iterate(from, &i)) != NULL)
		add_to_hash(to, &entry->key, &entry->sum);
}

/*
 * Should merging fail, the subtransaction that goes on may not be the one that
 * fails: then its sums are of no use.
 */
static void
check_merged(void)
{
	if (is_merging)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("totals of the learning log could not be added up in this transaction"),
				 errhint("Roll it back and try again.")));
}

/* Make one of the two innermost levels, which are of the same subtransaction
 * now. */
static void
merge_top(void)
{
	Level	   *inner = top;
	Level	   *outer = top->outer;

	check_merged();
	is_merging = true;
	if (!inner->is_reset)
	{
		/* the smaller one into the larger */
		if (inner->hash->members > outer->hash->members)
		{
			pending_hash *swap = inner->hash;

			inner->hash = outer->hash;
			outer->hash = swap;
		}
		add_hash(outer->hash, inner->hash);
		pop_level();
	}
	else
	{
		inner->outer = outer->outer;
		pending_destroy(outer->hash);
		pfree(outer);
	}
	is_merging = false;
}

/* The level of the current subtransaction. */
static Level *
current_level(void)
{
	int			nest = GetCurrentTransactionNestLevel();

	while (top != NULL && top->outer != NULL && top->nest == top->outer->nest)
		merge_top();
	if (top == NULL || top->nest < nest)
		push_level(nest);
	return top;
}

/* Write the innermost level to learning_spill. */
static void
spill_top(void)
{
	const MtrLearningApplier *applier;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "mentoring spill",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	pending_hash *hash = top->hash;
	pending_iterator i;
	MtrLearningEntry *entry;

	/* first, for a trigger of a site on that table may write to the log */
	top->hash = pending_create(pending_context, FIRST_SIZE, NULL);
	applier = mtr_learning_begin();
	pending_start_iterate(hash, &i);
	while ((entry = pending_iterate(hash, &i)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (entry->sum.entries != 0 || entry->sum.minutes != 0 ||
			entry->sum.gain != 0 || entry->sum.gain_entries != 0)
			applier->append_spill(entry);
	}
	applier->end();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	pending_destroy(hash);
}

/* Before an entry is added to a hash that may be full. */
static void
make_room(Level *level)
{
	pending_hash *hash = level->hash;

	if (hash->members < hash->grow_threshold || is_applying ||
		hash->members < SPILL_LEAST)
		return;
	/* while it grows, there are the old and the new one of twice the size */
	if (size_of_all() + 2 * hash_size(hash) > size_limit())
		spill_top();
}

/* -----------------------------------------------------------------------
 * Applying
 * -----------------------------------------------------------------------
 */

static void
apply_hash(pending_hash *hash)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "mentoring flush",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MtrLearningEntry **entries;
	MtrLearningEntry *entry;
	pending_iterator i;
	size_t		n = 0;

	entries = palloc_extended((hash->members + 1) * sizeof(*entries),
							  MCXT_ALLOC_HUGE);
	pending_start_iterate(hash, &i);
	while ((entry = pending_iterate(hash, &i)) != NULL)
		entries[n++] = entry;
	if (n > 1)
		sort_entries(entries, n);
	mtr_learning_flush_begin();
	for (size_t k = 0; k < n; k++)
		mtr_learning_flush_entry(entries[k]);
	mtr_learning_flush_end();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * Apply all levels.  What triggers of a site on the totals write to the log
 * meanwhile follows at once.
 */
static void
flush_all(void)
{
	check_merged();
	while (top != NULL)
	{
		Level	   *level;

		while (top->outer != NULL)
			merge_top();
		level = top;
		top = NULL;
		is_applying = true;
		apply_hash(level->hash);
		is_applying = false;
		pending_destroy(level->hash);
		pfree(level);
	}
}

static void
forget_all(void)
{
	/* the memory goes with the transaction's */
	top = NULL;
	pending_context = NULL;
	is_merging = false;
	is_applying = false;
	is_flushed = false;
}

static void
at_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			/* not if the extension was dropped since */
			if (top != NULL && mtr_learning_is_there())
			{
				flush_all();
				is_flushed = true;
			}
			break;
		case XACT_EVENT_COMMIT:
			forget_all();
			mtr_learning_fold_ask(true);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			forget_all();
			mtr_learning_fold_ask(false);
			break;
		default:
			break;				/* parallel workers don't write */
	}
}

/*
 * A subtransaction is to be released.  Where its numbers will not find room in
 * its parent's hash, they are spilled while that can still fail.
 */
static void
before_release(int nest)
{
	Level	   *outer;

	if (top->nest != nest || is_applying)
		return;
	while (top->outer != NULL && top->outer->nest == nest)
		merge_top();
	outer = top->outer;
	if (outer == NULL || outer->nest < nest - 1 || top->is_reset ||
		outer->hash->members < SPILL_LEAST ||
		outer->hash->members + top->hash->members < outer->hash->grow_threshold)
		return;
	if (size_of_all() + 2 * hash_size(outer->hash) > size_limit())
		spill_top();
}

static void
at_subtransaction(SubXactEvent event, SubTransactionId subid,
				  SubTransactionId parent, void *arg)
{
	int			nest = GetCurrentTransactionNestLevel();

	if (top == NULL)
		return;
	switch (event)
	{
		case SUBXACT_EVENT_PRE_COMMIT_SUB:
			before_release(nest);
			break;
		case SUBXACT_EVENT_COMMIT_SUB:
			for (Level *level = top; level != NULL && level->nest == nest;
				 level = level->outer)
				level->nest = nest - 1;
			break;
		case SUBXACT_EVENT_ABORT_SUB:
			while (top != NULL && top->nest >= nest)
				pop_level();
			is_applying = false;
			break;
		default:
			break;
	}
}

void
mtr_learning_init(void)
{
	RegisterXactCallback(at_transaction, NULL);
	RegisterSubXactCallback(at_subtransaction, NULL);
}

/* Add what a row brings or takes. */
void
mtr_learning_collect(const MtrLearningKey *key, const MtrLearningSum *sum)
{
	Level	   *level = current_level();

	make_room(level);
	add_to_hash(level->hash, key, sum);
}

/* A row's parts are all collected. */
void
mtr_learning_collected(void)
{
	if (is_flushed && !is_applying)
		flush_all();
}

/* From here on, in this subtransaction, there is nothing further out. */
void
mtr_learning_reset(void)
{
	Level	   *level = current_level();

	pending_reset(level->hash);
	level->is_reset = true;
}

/* -----------------------------------------------------------------------
 * Functions
 * -----------------------------------------------------------------------
 */

/* _learning_flush(): apply and fold all; the caller has locked the log. */
Datum
mentoring_learning_flush(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	pending_hash *all;

	mtr_owner_enter(fcinfo, &saved);
	mtr_learning_fold_lock();
	if (top != NULL)
	{
		/* what is further out stays there, for this may be rolled back */
		(void) current_level();
		all = pending_create(CurrentMemoryContext,
							 Max(top->hash->members, FIRST_SIZE), NULL);
		for (Level *level = top; level != NULL; level = level->outer)
		{
			add_hash(all, level->hash);
			if (level->is_reset)
				break;
		}
		mtr_learning_reset();
		apply_hash(all);
		pending_destroy(all);
	}
	mtr_learning_fold_all();
	mtr_owner_leave(&saved);
	PG_RETURN_VOID();
}

/* May the caller see it?  As row security of learning_spill says. */
static bool
is_visible(const MtrLearningKey *key)
{
	return mtr_is_own_participant(key->participant_id) ||
		(key->kind == MTR_LEARNING_DAY && key->object_id != 0 &&
		 mtr_is_own_relationship(key->object_id)) ||
		mtr_is_coordinator(key->programme_id);
}

/* _learning_pending(): rows as those of learning_spill. */
Datum
mentoring_learning_pending(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		sees_all = mtr_is_admin();

	InitMaterializedSRF(fcinfo, 0);
	for (Level *level = top; level != NULL; level = level->outer)
	{
		pending_iterator i;
		MtrLearningEntry *entry;

		pending_start_iterate(level->hash, &i);
		while ((entry = pending_iterate(level->hash, &i)) != NULL)
		{
			const MtrLearningKey *key = &entry->key;
			bool		is_day = key->kind == MTR_LEARNING_DAY;
			Datum		values[9];
			bool		nulls[9] = {false};

			if (!sees_all && !is_visible(key))
				continue;
			values[0] = Int64GetDatum(key->programme_id);
			values[1] = Int64GetDatum(key->participant_id);
			values[2] = Int64GetDatum(key->object_id);
			nulls[2] = !is_day;
			values[3] = Int64GetDatum(key->object_id);
			nulls[3] = is_day;
			values[4] = DateADTGetDatum(mtr_learning_date(key->month,
														  key->day));
			values[5] = Int64GetDatum(entry->sum.entries);
			values[6] = Int64GetDatum(entry->sum.minutes);
			values[7] = Int64GetDatum(entry->sum.gain);
			values[8] = Int64GetDatum(entry->sum.gain_entries);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
								 nulls);
		}
		if (level->is_reset)
			break;
	}
	return (Datum) 0;
}
