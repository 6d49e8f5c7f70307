/*
 * learning.h
 *	  totals of the learning log: exact at every commit
 *
 * Problem.  For whoever reads, totals of learning_log must equal a
 * recomputation in every snapshot, for rows inserted, updated and deleted in
 * any way, while many write at once; and the log must stay cheap to write.
 *
 * Method.  Row triggers (learning_total.c) collect what each row adds or takes
 * in a hash of the transaction, one for each subtransaction level
 * (learning_pending.c).  Just before the transaction commits or is prepared its
 * sum is applied, sorted (learning_flush.c), by table access where the tables
 * allow it (learning_direct.c), else by statements (learning_statement.c):
 *
 *	 cold totals	of one author (learning_day, learning_author), in place
 *	 hot totals		of a programme (learning_programme_day, _month,
 *					learning_skill_month), as rows of learning_delta, which
 *					fold_learning_log() adds up later (learning_fold.c)
 *
 * Authors are to be counted once: a row of learning_author whose entries come
 * to more than none, or back to none, is one more or less in the hot total.
 * This is known under the lock of that row.
 *
 * No deadlock.  A transaction that applies waits for rows of learning_author
 * only, and whoever holds one of these is applying, too, in the same order, or
 * has finished.  So nothing may be applied before the transaction's end; one too
 * large for memory writes to learning_spill instead (nobody waits there).
 *
 * Reading.  The views add up: the stored total, learning_delta,
 * learning_spill, and what the own transaction has pending.  What isn't
 * applied is thus visible to whom the log's rows are, and folding moves
 * numbers from one term of the sum to another, under MVCC.
 *
 * Ranges.  Counters are int64 and never wrap: an error is raised.  Months are
 * counted from year 0.
 *
 * The idea to collect for a transaction and write once before its commit is
 * that of TimescaleDB's continuous aggregates; the sum there is lazy.
 */
#ifndef MTR_LEARNING_H
#define MTR_LEARNING_H

#include "fmgr.h"
#include "utils/date.h"

/* What a number is a part of. */
typedef enum MtrLearningKind
{
	MTR_LEARNING_DAY,			/* a row of learning_day */
	MTR_LEARNING_SKILL			/* author and skill in a month */
} MtrLearningKind;

typedef struct MtrLearningKey
{
	int64		programme_id;
	int64		participant_id;
	int64		object_id;		/* of a day: relationship, 0 = none; else
								 * skill */
	int32		month;			/* 12 * year + month - 1 */
	uint8		day;			/* of the month; 1 where it is a skill's */
	uint8		kind;			/* MtrLearningKind */
	uint16		unused;			/* 0 */
} MtrLearningKey;

typedef struct MtrLearningSum
{
	int64		entries;
	int64		minutes;
	int64		gain;			/* 0 for a day */
	int64		gain_entries;
} MtrLearningSum;

typedef struct MtrLearningEntry
{
	MtrLearningKey key;
	MtrLearningSum sum;
	char		status;			/* of the hash table */
} MtrLearningEntry;

/* Additions to a hot total of a day, and to one of a skill in that month. */
typedef struct MtrLearningDelta
{
	int64		programme_id;
	DateADT		day;
	int64		entries;
	int64		minutes;
	int64		participants;
	int64		skill_id;		/* 0: nothing to add to a skill */
	int64		skill_entries;
	int64		skill_minutes;
	int64		skill_participants;
	int64		gain;
	int64		gain_entries;
} MtrLearningDelta;

/* The entries of a row of learning_author. */
typedef struct MtrLearningChange
{
	int64		before;
	int64		after;
} MtrLearningChange;

/*
 * How additions get into tables.
 *
 * For each author and month, in their order, first the row of learning_author
 * for all skills is locked; that is the only one that is waited for, and it is
 * never deleted.  So if it wasn't there, no other row of that author and month
 * is (is_new), and nobody else makes one meanwhile.
 */
typedef struct MtrLearningApplier
{
	/* open what is needed, in the current memory context; false: can't */
	bool		(*begin) (void);
	MtrLearningChange (*lock_author) (const MtrLearningKey *key,
									  int64 entries, bool *is_new);
	void		(*add_day) (const MtrLearningEntry *entry, bool is_new);
	MtrLearningChange (*add_skill) (const MtrLearningEntry *entry,
									bool is_new);
	void		(*append_delta) (const MtrLearningDelta *delta);
	void		(*append_spill) (const MtrLearningEntry *entry);
	void		(*end) (void);
} MtrLearningApplier;

/* Settings; mentoring.c says what they do */
typedef enum MtrLearningMethod
{
	MTR_LEARNING_AUTO,
	MTR_LEARNING_STATEMENTS
} MtrLearningMethod;

extern int	mtr_learning_memory;	/* kB */
extern int	mtr_learning_method;	/* MtrLearningMethod */
extern int	mtr_learning_fold_after;	/* rows */

/* learning_pending.c */
extern void mtr_learning_init(void);
extern void mtr_learning_collect(const MtrLearningKey *key,
								 const MtrLearningSum *sum);
extern void mtr_learning_collected(void);
extern void mtr_learning_reset(void);

/* learning_flush.c */
extern DateADT mtr_learning_date(int32 month, int day);
extern void mtr_learning_month(DateADT date, int32 *month, uint8 *day);
extern int	mtr_learning_compare(const MtrLearningKey *a,
								 const MtrLearningKey *b);
extern void mtr_learning_flush_begin(void);
extern void mtr_learning_flush_entry(const MtrLearningEntry *entry);
extern void mtr_learning_flush_end(void);
extern bool mtr_learning_is_there(void);
extern Oid	mtr_learning_table(const char *name);
extern const MtrLearningApplier *mtr_learning_begin(void);
extern int64 mtr_learning_add(int64 a, int64 b);

/* the appliers */
extern const MtrLearningApplier mtr_learning_direct;
extern const MtrLearningApplier mtr_learning_statement;

/* learning_fold.c */
extern void mtr_learning_fold_lock(void);
extern void mtr_learning_fold_all(void);
extern void mtr_learning_fold_count(int64 id, bool is_spill);
extern void mtr_learning_fold_ask(bool is_committed);
extern PGDLLEXPORT void mtr_learning_fold_main(Datum database);

#endif							/* MTR_LEARNING_H */
