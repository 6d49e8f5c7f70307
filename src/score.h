/*
 * score.h
 *	  a programme compiled into arrays, ready for the scoring kernel
 *
 * mtr_programme_load() reads everything that scores depend on, once, and
 * hashes it.  The result lives in a memory context of its own, a child of the
 * current one; mtr_programme_free() deletes it.  The caller is connected to
 * SPI and acts as the owner (access.h).
 */
#ifndef MTR_SCORE_BACKEND_H
#define MTR_SCORE_BACKEND_H

#include "postgres.h"

#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "kernel/score.h"

/* What to load.  Zero-initialise for "everything, as it is now". */
typedef struct MtrLoad
{
	int64		programme_id;
	int64		only_mentee;	/* participant ids; 0 = all accepted */
	int64		only_mentor;
	bool		keep_unaccepted;	/* the two named above are loaded though
									 * not accepted, for explain_pair */
	int64		ignore_run;		/* relationships created by this match run
								 * don't count; 0 = none */
	bool		release_proposed;	/* nor do those still 'proposed' */
	const Jsonb *frozen_texts;	/* MtrProgramme.texts of an earlier load: how
								 * rare a term is, is as it was; or NULL */
	bool		want_texts;
	bool		want_values;	/* keep raw values for explain_pair */
	bool		want_hash;
} MtrLoad;

/* Why a pair is not eligible besides criteria; in MtrProgramme.excluded_why,
 * parallel to set.exclude_mentor.  A pair can be listed more than once. */
typedef enum MtrExclusion
{
	MTR_EX_SAME_PERSON,
	MTR_EX_FORBID,
	MTR_EX_VETO,
	MTR_EX_TOGETHER,
	MTR_EX_TRIAL_DECLINED
} MtrExclusion;

typedef struct MtrParticipant
{
	int64		id;
	int64		person_id;
	bool		is_accepted;
	int32		places;			/* free: capacity - open relationships, those
								 * of ignore_run / release_proposed given
								 * back; never negative */
} MtrParticipant;

typedef struct MtrCriterionInfo
{
	int64		id;
	char	   *name;
	char	   *kind;
	double		weight;
	bool		has_minimum;
	double		minimum;
	double		if_missing;
	Jsonb	   *params;
} MtrCriterionInfo;

/* a pinned pair, as indexes into mentee[] and mentor[] (-1: that participant
 * is not loaded, see the ids) */
typedef struct MtrPin
{
	int64		mentee_id;
	int64		mentor_id;
	int32		mentee;
	int32		mentor;
	bool		is_forbidden;	/* the pair is forbidden as well */
} MtrPin;

/*
 * In a programme of peers or circles everybody of role 'peer' stands on both
 * sides, at the same place where nobody in particular was asked for; a score
 * is that of one direction, the peer as mentee with the partner as mentor.
 * What counts between two peers is mtr_peer_score() of both directions.
 */
typedef struct MtrProgramme
{
	MemoryContext context;
	int64		id;
	char	   *name;
	char	   *model;
	char	   *status;
	bool		is_peer;		/* model peer or circle: see below */
	DateADT		week;			/* Monday of the week used for time zones */

	int32		nmentees;		/* both ordered by id */
	MtrParticipant *mentee;
	int32		nmentors;
	MtrParticipant *mentor;

	int32		ncriteria;		/* ordered by id */
	MtrCriterionInfo *info;
	bool		has_weight;		/* some weight is positive */

	MtrScoreSet set;			/* for the kernel; criteria as in info */
	MtrExclusion *excluded_why; /* parallel to set.exclude_mentor */
	void	   *scratch;		/* for the row functions, prepared */

	int32		npins;
	MtrPin	   *pin;

	Jsonb	   *texts;			/* frequencies of terms, see score_text.c;
								 * NULL without a criterion of kind text, or
								 * when not wanted */
	char		hash[65];		/* SHA-256 in hex of all inputs */
	void	   *values;			/* private to score_explain.c */
} MtrProgramme;

/*
 * Load and compile.  Errors: unknown programme,
 * a value of the wrong type (names participant, key, value), an unknown time
 * zone, a missing custom function.  "No such programme" and "no such
 * participant" are no_data_found (P0002) with a hint.
 */
extern MtrProgramme *mtr_programme_load(const MtrLoad *load);
extern void mtr_programme_free(MtrProgramme *programme);

/* The score of two peers from that of either with the other: the mean,
 * rounded half up; not eligible unless both are. */
static inline int32
mtr_peer_score(int32 there, int32 back)
{
	if (there == MTR_NO_PAIR || back == MTR_NO_PAIR)
		return MTR_NO_PAIR;
	return (there + back + 1) / 2;
}

/* When the library is loaded: see score_estimate.c. */
extern void mtr_estimate_init(void);

/* Raise an error when no criterion has a weight: there is no score. */
extern void mtr_programme_check_weight(const MtrProgramme *programme);

/* Raise no_data_found; role is "mentee", "mentor" or "participant". */
extern void mtr_no_programme(int64 programme_id);
extern void mtr_no_participant(int64 programme_id, const char *role,
							   int64 id);

/* Index of a participant, or -1. */
extern int32 mtr_find_participant(const MtrParticipant *list, int32 n,
								  int64 id);

/* Scores of one mentee with all mentors: MTR_NO_PAIR or 0..MTR_UNIT. */
extern void mtr_programme_row(MtrProgramme *programme, int32 mentee,
							  int32 *score);

/* 10^-6 units to double precision and back, exactly. */
#define MTR_TO_DOUBLE(x) ((double) (x) / MTR_UNIT)
extern int64 mtr_from_double(double x);

#endif							/* MTR_SCORE_BACKEND_H */
