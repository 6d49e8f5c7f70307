/*
 * learning_flush.c
 *	  entries in order to additions in order
 *
 * Entries come sorted by programme, author and month.  Of a month's days
 * follows the row of learning_author for all skills, and both give the hot
 * totals.  These are summed up first, as a transaction that writes many rows
 * writes few of them; the order of deltas matters to nobody.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "learning.h"
#include "mentoring.h"

typedef struct HotKey
{
	int64		programme_id;
	int64		skill_id;
	int64		day;			/* a DateADT, without padding */
} HotKey;

typedef struct HotEntry
{
	HotKey		key;
	MtrLearningDelta delta;
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

/* more hot totals than these are appended before the end, to save memory */
#define HOT_LIMIT	50000

/* One flush; set anew by each. */
typedef struct Flush
{
	const MtrLearningApplier *applier;
	hot_hash   *hot;
	MtrLearningKey month;		/* the days summed up last */
	int64		month_entries;	/* of these days */
	bool		is_month;		/* month is set */
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

const MtrLearningApplier *
mtr_learning_applier(void)
{
	return mtr_learning_direct_possible() ? &mtr_learning_direct :
		&mtr_learning_statement;
}

/* Append what was summed up. */
static void
append_hot(void)
{
	hot_iterator i;
	HotEntry   *entry;

	hot_start_iterate(flush.hot, &i);
	while ((entry = hot_iterate(flush.hot, &i)) != NULL)
	{
		const MtrLearningDelta *delta = &entry->delta;

		if (delta->entries != 0 || delta->minutes != 0 ||
			delta->participants != 0 || delta->gain != 0 ||
			delta->gain_entries != 0)
			flush.applier->append_delta(delta);
	}
}

static MtrLearningDelta *
hot_total(int64 programme_id, int64 skill_id, DateADT day)
{
	HotKey		key = {0};
	HotEntry   *entry;
	bool		found;

	if (flush.hot->members >= HOT_LIMIT)
	{
		append_hot();
		hot_reset(flush.hot);
	}
	key.programme_id = programme_id;
	key.skill_id = skill_id;
	key.day = day;
	entry = hot_insert(flush.hot, key, &found);
	if (!found)
	{
		memset(&entry->delta, 0, sizeof(entry->delta));
		entry->delta.programme_id = programme_id;
		entry->delta.skill_id = skill_id;
		entry->delta.day = day;
	}
	return &entry->delta;
}

/* How many authors more, -1 to 1. */
static int
authors_more(MtrLearningChange change)
{
	return (change.after > 0) - (change.before > 0);
}

/* The month of days that ends. */
static void
end_month(void)
{
	const MtrLearningKey *key = &flush.month;
	int			more;

	if (!flush.is_month)
		return;
	flush.is_month = false;
	if (flush.month_entries == 0)
		return;
	more = authors_more(flush.applier->add_author(key, 0,
												  flush.month_entries));
	if (more != 0)
	{
		MtrLearningDelta *delta = hot_total(key->programme_id, 0,
											mtr_learning_date(key->month, 1));

		delta->participants = mtr_learning_add(delta->participants, more);
	}
}

static void
add_day(const MtrLearningEntry *entry)
{
	const MtrLearningKey *key = &entry->key;
	MtrLearningDelta *delta;

	if (!flush.is_month || key->month != flush.month.month ||
		key->participant_id != flush.month.participant_id ||
		key->programme_id != flush.month.programme_id)
	{
		end_month();
		flush.month = *key;
		flush.month_entries = 0;
		flush.is_month = true;
	}
	flush.month_entries = mtr_learning_add(flush.month_entries,
										   entry->sum.entries);
	(void) flush.applier->add_day(entry);
	delta = hot_total(key->programme_id, 0,
					  mtr_learning_date(key->month, key->day));
	delta->entries = mtr_learning_add(delta->entries, entry->sum.entries);
	delta->minutes = mtr_learning_add(delta->minutes, entry->sum.minutes);
}

static void
add_skill(const MtrLearningEntry *entry)
{
	const MtrLearningKey *key = &entry->key;
	const MtrLearningSum *sum = &entry->sum;
	MtrLearningDelta *delta;
	int			more = 0;

	end_month();
	if (sum->entries != 0)
		more = authors_more(flush.applier->add_author(key, key->object_id,
													  sum->entries));
	delta = hot_total(key->programme_id, key->object_id,
					  mtr_learning_date(key->month, 1));
	delta->entries = mtr_learning_add(delta->entries, sum->entries);
	delta->minutes = mtr_learning_add(delta->minutes, sum->minutes);
	delta->participants = mtr_learning_add(delta->participants, more);
	delta->gain = mtr_learning_add(delta->gain, sum->gain);
	delta->gain_entries = mtr_learning_add(delta->gain_entries,
										   sum->gain_entries);
}

/* Begin, in a memory context that lasts until the end. */
void
mtr_learning_flush_begin(void)
{
	memset(&flush, 0, sizeof(flush));
	flush.hot = hot_create(CurrentMemoryContext, 8, NULL);
	flush.applier = mtr_learning_applier();
	flush.applier->begin();
}

/* Entries in the order of mtr_learning_compare(), no key twice. */
void
mtr_learning_flush_entry(const MtrLearningEntry *entry)
{
	const MtrLearningSum *sum = &entry->sum;

	CHECK_FOR_INTERRUPTS();
	if (sum->entries == 0 && sum->minutes == 0 && sum->gain == 0 &&
		sum->gain_entries == 0)
		return;
	if (entry->key.kind == MTR_LEARNING_DAY)
		add_day(entry);
	else
		add_skill(entry);
}

void
mtr_learning_flush_end(void)
{
	end_month();
	append_hot();
	flush.applier->end();
}
