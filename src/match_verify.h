/*
 * match_verify.h
 *	  what the files of verify_match() share
 *
 * match_verify.c			what every run must keep: members, places, rules
 * match_verify_price.c		the optimum, by covers and prices
 * match_verify_claim.c		stable, fair
 * match_verify_group.c		peers, circles and groups
 * match_verify_pairing.c	the optimum of peers
 *
 * Nothing of this calls or shares code with the solver, but for the parser of
 * options.
 */
#ifndef MTR_MATCH_VERIFY_H
#define MTR_MATCH_VERIFY_H

#include "nodes/execnodes.h"

#include "match.h"

typedef enum MtrVerdict
{
	MTR_FAILS,
	MTR_HOLDS,
	MTR_UNDECIDED
} MtrVerdict;

/* A proposal of the run. */
typedef struct MtrVerifyPair
{
	int32		mentee;			/* index into the programme's list */
	int32		mentor;
	int64		proposal_id;
	double		stored;			/* score; NaN when null */
	bool		says_pinned;
	bool		is_pin;			/* a pin of the programme says so now */
	int32		now;			/* score as of now, 10^-6 or MTR_NO_PAIR */
} MtrVerifyPair;

/* What the run says of a participant, and what the pairs make of it. */
typedef struct MtrVerifyPerson
{
	int64		id;
	int32		places;			/* free, as of now */
	int32		taken;			/* pairs of the run */
	bool		has_row;		/* in match_price */
	bool		has_price;		/* cover and price in range */
	int32		stored_places;
	int			cover;
	int64		price;
	int64		priority;		/* as the run has it, 10^-6 */
	int64		waited;			/* as it should be */
} MtrVerifyPerson;

typedef struct MtrVerify
{
	int64		args[2];		/* programme, run */
	ReturnSetInfo *rsinfo;
	MtrProgramme *programme;

	/* match_run */
	MtrMethod	method;
	MtrObjective objective;
	bool		most_pairs;		/* that or fair */
	MtrMatchOptions options;
	double		pair_count;
	double		total;
	double		bound;
	double		gap;
	char	   *hash;
	double		value;			/* total with what options add */
	int64		more_value;		/* what they add to circles and groups */
	int64		waiting_at;		/* microseconds since 2000 */
	Jsonb	   *texts;			/* by which it scored, or NULL */
	int32		nchurn;			/* those of accepted participants */
	MtrVerifyPair *churn_pair;	/* sorted */
	int32	   *first_churn;	/* [nmentees + 1] */
	bool		is_proof_altered;	/* since the run was made */
	bool		are_pairs_altered;

	/* proposals */
	int32		nproposals;		/* all of them */
	double		stored_total;	/* sum of their scores in 10^-6 */
	int32		npairs;			/* those of two accepted participants */
	MtrVerifyPair *pair;		/* sorted by mentee, mentor */
	int32	   *first_pair;		/* [nmentees + 1] */
	char	   *member_problem;

	MtrVerifyPerson *mentee;
	MtrVerifyPerson *mentor;
	char	   *price_problem;

	int64	   *limit[2];		/* [nmentors] in rows of this cover */
	int32		nclosed;		/* mentors without a place */
	int32	   *closed;

	bool		is_unchanged;
	bool		is_feasible;
	int64		eligible;		/* pairs compared with the prices */
	char	   *cover_problem;	/* first violation found by the pass */
	char	   *slack_problem;
} MtrVerify;

/* A row of the answer. */
extern void mtr_verify_put(MtrVerify *v, const char *name, MtrVerdict verdict,
						   const char *detail);

/* A check that fails when it found a problem. */
extern bool mtr_verify_found(MtrVerify *v, const char *name,
							 const char *problem, const char *otherwise);

/* 10^-6 units, false where a double can't tell them apart. */
extern bool mtr_verify_units(double value, int64 *units);

/* "mentee 17 and mentor 23" */
extern char *mtr_verify_pair_name(const MtrVerify *v, int32 mentee,
								  int32 mentor);

/* A column of the last result. */
extern double mtr_verify_double(uint64 row, int column, double if_null);
extern int64 mtr_verify_integer(uint64 row, int column, int64 if_null);

/* Read the proof and what options add to scores. */
extern void mtr_verify_read_prices(MtrVerify *v);

/* What priority and churn_penalty add to the score of a pair. */
extern int64 mtr_verify_bonus(const MtrVerify *v, int32 mentee, int32 mentor);

/* Compare a mentee's scores, which are overwritten, with the prices. */
extern void mtr_verify_row(MtrVerify *v, int32 mentee, int32 *score);

/* Check that priorities are those of the time waited. */
extern void mtr_verify_priorities(MtrVerify *v);

/* The last checks: priorities, and the claim of the method unless there is a
 * reason not to judge it. */
extern void mtr_verify_prices(MtrVerify *v, const char *why_not);
extern void mtr_verify_stable(MtrVerify *v, const char *why_not);
extern void mtr_verify_fair(MtrVerify *v, const char *why_not);

/* That no pairing of peers is better than this one, which is feasible. */
extern void mtr_verify_pairing(MtrVerify *v);

/* What match_run says in sum, judged by the proposals read. */
extern void mtr_verify_total(MtrVerify *v);

/* All that is left to do for a programme of peers, circles or groups. */
extern void mtr_verify_groups(MtrVerify *v, const char *why_not);

#endif							/* MTR_MATCH_VERIFY_H */
