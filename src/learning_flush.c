/*
 * learning_flush.c
 *	  entries in order to additions in order
 *
 * Entries come sorted by programme, author and month.  Those of one author and
 * month are a group: its row of learning_author comes first, then its days and
 * skills.  All give hot totals, which are summed up first, as a transaction
 * that writes many rows writes few of them.  A row of learning_delta has room
 * for a day and for a skill in the same month; which day and which skill share
 * one matters to nobody, nor their order.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "learning.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_month);

typedef struct HotKey
{
	int64		programme_id;
	int64		skill_id;		/* 0: a day of the programme */
	int32		month;
	int32		day;			/* of the month; 0 where it is a skill's */
} HotKey;

typedef struct HotEntry
{
	HotKey		key;
	int64		entries;
	int64		minutes;
	int64		participants;
	int64		gain;
	int64		gain_entries;
	char		status;
} HotEntry;

#define SH_PREFIX hot
#define SH_ELEMENT_TYPE HotEntry
#define SH_KEY_TYPE HotKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) &(key), sizeof(HotKey))
#define SH_EQUAL(tb, a, b) (memcmp(&(a), &(b), sizeof(HotKey)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef HotEntry *HotPointer;

/* more hot totals than these are appended before the end, to save memory */
#define HOT_LIMIT	50000

/* entries of a group at first */
#define GROUP_ROOM	16

/* One flush; set anew by each. */
typedef struct Flush
{
	const MtrLearningApplier *applier;
	hot_hash   *hot;
	MtrLearningEntry *group;	/* of one author and month */
	int			ngroup;
	int			room;
} Flush;

int			mtr_learning_method = MTR_LEARNING_AUTO;

static Flush flush;

int64
mtr_learning_add(int64 a, int64 b)
{
	int64		result;

	if (pg_add_s64_overflow(a, b, &result))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a total of the learning log would be out of range"),
				 errdetail("%lld and %lld cannot be added.", (long long) a,
						   (long long) b),
				 errhint("If verify_learning_log() shows differences, call rebuild_learning_log().")));
	return result;
}

void
mtr_learning_month(DateADT date, int32 *month, uint8 *day)
{
	int			y,
				m,
				d;

	j2date(date + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	*month = y * 12 + m - 1;
	*day = d;
}

DateADT
mtr_learning_date(int32 month, int day)
{
	int			y = month >= 0 ? month / 12 : -((11 - month) / 12);

	return date2j(y, month - 12 * y + 1, day) - POSTGRES_EPOCH_JDATE;
}

/* _month(): the first day of the month; less work than date_trunc(). */
Datum
mentoring_month(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	int32		month;
	uint8		day;

	if (DATE_NOT_FINITE(date))
		PG_RETURN_DATEADT(date);
	mtr_learning_month(date, &month, &day);
	PG_RETURN_DATEADT(date - (day - 1));
}

/* -1, 0, 1: by programme, author, month; days before skills. */
int
mtr_learning_compare(const MtrLearningKey *a, const MtrLearningKey *b)
{
	if (a->programme_id != b->programme_id)
		return a->programme_id < b->programme_id ? -1 : 1;
	if (a->participant_id != b->participant_id)
		return a->participant_id < b->participant_id ? -1 : 1;
	if (a->month != b->month)
		return a->month < b->month ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	if (a->object_id != b->object_id)
		return a->object_id < b->object_id ? -1 : 1;
	return 0;
}

static Oid
find_table(const char *name)
{
	Oid			schema = get_namespace_oid(MTR_SCHEMA, true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

bool
mtr_learning_is_there(void)
{
	return OidIsValid(find_table("learning_delta"));
}

/* A table of the extension, whatever search_path says. */
Oid
mtr_learning_table(const char *name)
{
	Oid			table = find_table(name);

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table mentoring.%s does not exist", name),
				 errhint("Create the extension anew.")));
	return table;
}

/* Open the tables, by the applier that can. */
const MtrLearningApplier *
mtr_learning_begin(void)
{
	if (mtr_learning_method == MTR_LEARNING_AUTO && mtr_learning_direct.begin())
		return &mtr_learning_direct;
	(void) mtr_learning_statement.begin();
	return &mtr_learning_statement;
}

/* -----------------------------------------------------------------------
 * Hot totals
 * -----------------------------------------------------------------------
 */

/* By programme and month; days before skills. */
static int
compare_hot(const HotKey *a, const HotKey *b)
{
	if (a->programme_id != b->programme_id)
		return a->programme_id < b->programme_id ? -1 : 1;
	if (a->month != b->month)
		return a->month < b->month ? -1 : 1;
	if (a->skill_id != b->skill_id)
	{
		if (a->skill_id == 0 || b->skill_id == 0)
			return a->skill_id == 0 ? -1 : 1;
		return a->skill_id < b->skill_id ? -1 : 1;
	}
	return a->day < b->day ? -1 : a->day > b->day;
}

#define ST_SORT sort_hot
#define ST_ELEMENT_TYPE HotPointer
#define ST_COMPARE(a, b) compare_hot(&(*(a))->key, &(*(b))->key)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static HotEntry *
hot_total(const MtrLearningKey *from, int64 skill_id, int day)
{
	HotKey		key = {0};
	HotEntry   *entry;
	bool		found;

	key.programme_id = from->programme_id;
	key.skill_id = skill_id;
	key.month = from->month;
	key.day = day;
	entry = hot_insert(flush.hot, key, &found);
	if (!found)
	{
		entry->entries = entry->minutes = entry->participants = 0;
		entry->gain = entry->gain_entries = 0;
	}
	return entry;
}

/* A row for a day, a skill of that month, or both. */
static void
append_pair(const HotEntry *day, const HotEntry *skill)
{
	const HotKey *key = day != NULL ? &day->key : &skill->key;
	MtrLearningDelta delta = {0};

	delta.programme_id = key->programme_id;
	delta.day = mtr_learning_date(key->month, day != NULL ? key->day : 1);
	if (day != NULL)
	{
		delta.entries = day->entries;
		delta.minutes = day->minutes;
		delta.participants = day->participants;
	}
	if (skill != NULL)
	{
		delta.skill_id = skill->key.skill_id;
		delta.skill_entries = skill->entries;
		delta.skill_minutes = skill->minutes;
		delta.skill_participants = skill->participants;
		delta.gain = skill->gain;
		delta.gain_entries = skill->gain_entries;
	}
	flush.applier->append_delta(&delta);
}

static bool
is_same_month(const HotEntry *a, const HotEntry *b)
{
	return a->key.month == b->key.month &&
		a->key.programme_id == b->key.programme_id;
}

/* Append what was summed up, days and skills of a month side by side. */
static void
append_hot(void)
{
	HotPointer *hot = palloc((flush.hot->members + 1) * sizeof(*hot));
	HotEntry   *entry;
	hot_iterator i;
	int			n = 0;

	hot_start_iterate(flush.hot, &i);
	while ((entry = hot_iterate(flush.hot, &i)) != NULL)
	{
		if (entry->entries != 0 || entry->minutes != 0 ||
			entry->participants != 0 || entry->gain != 0 ||
			entry->gain_entries != 0)
			hot[n++] = entry;
	}
	sort_hot(hot, n);
	for (int first = 0, next; first < n; first = next)
	{
		int			skills = first;
		int			rows;

		while (skills < n && is_same_month(hot[skills], hot[first]) &&
			   hot[skills]->key.skill_id == 0)
			skills++;
		for (next = skills; next < n && is_same_month(hot[next], hot[first]);)
			next++;
		rows = Max(skills - first, next - skills);
		for (int row = 0; row < rows; row++)
			append_pair(first + row < skills ? hot[first + row] : NULL,
						skills + row < next ? hot[skills + row] : NULL);
	}
	pfree(hot);
}

/* -----------------------------------------------------------------------
 * Groups
 * -----------------------------------------------------------------------
 */

/* How many authors more, -1 to 1. */
static int
authors_more(MtrLearningChange change)
{
	return (change.after > 0) - (change.before > 0);
}

static void
add_to_hot(HotEntry *hot, const MtrLearningSum *sum, int participants)
{
	hot->entries = mtr_learning_add(hot->entries, sum->entries);
	hot->minutes = mtr_learning_add(hot->minutes, sum->minutes);
	hot->participants = mtr_learning_add(hot->participants, participants);
	hot->gain = mtr_learning_add(hot->gain, sum->gain);
	hot->gain_entries = mtr_learning_add(hot->gain_entries,
										 sum->gain_entries);
}

/* The author counts on the first of the days. */
static void
apply_group(void)
{
	const MtrLearningEntry *end = flush.group + flush.ngroup;
	const MtrLearningKey *key = &flush.group->key;
	int64		entries = 0;
	int			more;
	bool		is_new;

	if (flush.ngroup == 0)
		return;
	for (const MtrLearningEntry *e = flush.group; e < end; e++)
		if (e->key.kind == MTR_LEARNING_DAY)
			entries = mtr_learning_add(entries, e->sum.entries);
	more = authors_more(flush.applier->lock_author(key, entries, &is_new));
	for (const MtrLearningEntry *e = flush.group; e < end; e++)
	{
		CHECK_FOR_INTERRUPTS();
		if (e->key.kind == MTR_LEARNING_DAY)
		{
			flush.applier->add_day(e, is_new);
			add_to_hot(hot_total(key, 0, e->key.day), &e->sum, more);
			more = 0;
		}
		else
		{
			int			skill_more = 0;

			if (e->sum.entries != 0)
				skill_more = authors_more(flush.applier->add_skill(e, is_new));
			add_to_hot(hot_total(key, e->key.object_id, 0), &e->sum,
					   skill_more);
		}
	}
	flush.ngroup = 0;
	if (flush.hot->members >= HOT_LIMIT)
	{
		append_hot();
		hot_reset(flush.hot);
	}
}

/* Begin, in a memory context that lasts until the end. */
void
mtr_learning_flush_begin(void)
{
	memset(&flush, 0, sizeof(flush));
	flush.hot = hot_create(CurrentMemoryContext, 8, NULL);
	flush.room = GROUP_ROOM;
	flush.group = palloc(flush.room * sizeof(*flush.group));
	flush.applier = mtr_learning_begin();
}

/* Entries in the order of mtr_learning_compare(), no key twice. */
void
mtr_learning_flush_entry(const MtrLearningEntry *entry)
{
	const MtrLearningKey *key = &entry->key;
	const MtrLearningKey *group = &flush.group->key;
	const MtrLearningSum *sum = &entry->sum;

	if (sum->entries == 0 && sum->minutes == 0 && sum->gain == 0 &&
		sum->gain_entries == 0)
		return;
	if (flush.ngroup > 0 &&
		(key->month != group->month ||
		 key->participant_id != group->participant_id ||
		 key->programme_id != group->programme_id))
		apply_group();
	if (flush.ngroup == flush.room)
	{
		flush.room *= 2;
		flush.group = repalloc_huge(flush.group,
									flush.room * sizeof(*flush.group));
	}
	flush.group[flush.ngroup++] = *entry;
}

void
mtr_learning_flush_end(void)
{
	apply_group();
	append_hot();
	flush.applier->end();
}
