/*
 * score_plan.h
 *	  private to the scoring kernel: what prepare works out, and the kinds
 *
 * A row is evaluated in two phases.  First each criterion looks at the whole
 * row where it must (inverted lists scatter into an array of their own).
 * Then the mentors are gone through in blocks small enough for the nearest
 * cache: every criterion adds its terms to the block's sums, and the sums
 * become scores.
 *
 * Per row a criterion takes one of three forms:
 *
 *	 MISSING	the mentee has no value: the same term for everyone;
 *	 CODES		each mentor has a small code, and a table made for this row
 *				gives the similarity of each code.  Several tables are added
 *				in one pass, at about a quarter nanosecond each;
 *	 SIMS		similarities are computed mentor by mentor, by loops the
 *				compiler turns into vector code.
 *
 * Sums are doubles.  A term is share * similarity <= 10^12 and all terms are
 * whole, so sums stay far below 2^53 and every addition is exact; doubles
 * are used because conversion from and to 32 bit integers exists as a vector
 * instruction on every x86-64, unlike that of 64 bit integers.
 */
#ifndef MTR_SCORE_PLAN_H
#define MTR_SCORE_PLAN_H

#include "score.h"

/* mentors handled at a time: all arrays of a block fit 32 kB */
#define MTR_SCORE_BLOCK 1024

/* codes are 16 bit; the last one may stand for "missing" */
#define MTR_SCORE_MAX_CODES 65536

/* Sums start at half a unit of scores and a half, for exact rounding. */
#define MTR_SCORE_START (MTR_UNIT / 2 + 0.5)

/* The term of a broken rule: the sum stays negative whatever is added. */
#define MTR_SCORE_BROKEN (-1e15)

typedef enum MtrRowForm
{
	MTR_ROW_MISSING,
	MTR_ROW_CODES,
	MTR_ROW_SIMS
} MtrRowForm;

/*
 * What is known about a criterion: first the part made by prepare, then the
 * part every row makes anew.  The kinds use of the arrays what they need.
 */
typedef struct MtrScorePlan
{
	const MtrCriterion *criterion;
	const struct MtrKindOps *ops;

	/* how similarities become terms */
	bool		counts;			/* has a share or a rule */
	bool		has_rule;		/* some similarity breaks the minimum */
	double		share;
	int32_t		if_missing;
	int32_t		minimum;		/* meaningful with has_rule */
	int32_t		missing_passes; /* what a missing value is to the rule */

	/* made by prepare */
	uint16_t   *code;			/* [m] fixed codes of the mentors */
	double	   *value;			/* [m] fixed numbers of the mentors */
	uint64_t   *week;			/* [MTR_WEEK_WORDS][m] transposed weeks */
	int32_t    *list;			/* skill_cover: lists sorted by level */
	int32_t    *list_start;		/* where they start; overlap: see there */
	uint8_t    *dense;			/* overlap: bytes of frequent elements */
	int32_t    *own[2];			/* [m] preference with a share: what the
								 * mentee and what the mentors say, made for
								 * each row by score_sides.c */
	int32_t    *sim_table;		/* [max_codes] similarity of a code */
	double	   *term_table;		/* [max_codes] term of a code */
	int32_t		max_codes;
	int32_t		code_step;		/* overlap: distance of the counts in codes */
	int32_t		table_for;		/* overlap: size of set sim_table is for */
	bool		any_missing;	/* some mentor has no value */
	bool		has_fixed_codes;	/* "code" is what "codes" yields */
	bool		table_is_fixed; /* the tables do not depend on the mentee */

	/* criteria looked up together, see score.c */
	bool		is_joined;		/* by the one before it in its group */
	int32_t		next_joined;	/* the next one of the group, or 0 */
	uint16_t   *joint_code;		/* [m] of the first one, if there is a next */
	double	   *joint_table;

	/* made for each row */
	void	   *row;			/* [m] array that lists scatter into */
	void	   *block;			/* [MTR_SCORE_BLOCK] codes of a block */
	int32_t		ncodes;			/* entries of the tables in use */
	int32_t		mentee_size;	/* size of the mentee's set */
	double		mentee_value;	/* a norm or root of the mentee */
	MtrRowForm	form;
	bool		uses_row;		/* skill_cover: a skill wanted is in lists */
	bool		uses_dense;		/* skill_cover: some skill wanted is dense */
} MtrScorePlan;

/* The head of scratch. */
typedef struct MtrScoreWork
{
	MtrScorePlan *plan;			/* [ncriteria] */
	double	   *sum;			/* [MTR_SCORE_BLOCK] */
	double	   *number;			/* [MTR_SCORE_BLOCK] for the kinds */
	int32_t    *sim;			/* [MTR_SCORE_BLOCK] what "sims" may return */
	uint8_t    *bytes;			/* [4 * MTR_SCORE_BLOCK] for the kinds */
} MtrScoreWork;

/* The row being evaluated. */
typedef struct MtrScoreJob
{
	const MtrScoreSet *set;
	MtrScoreWork *work;
	int32_t		mentee;
	bool		sides;			/* preferences only rule, and add no terms */
} MtrScoreJob;

/* Hands out pieces of scratch; without a base it only counts. */
typedef struct MtrCarver
{
	char	   *base;
	size_t		used;
} MtrCarver;

extern void *mtr_score_carve(MtrCarver *carver, size_t count, size_t size);

/* The phases of a row, score.c.  The first returns the sum everyone starts
 * with, below 0 when all pairs are refused; the second puts the sums of a
 * block into the head of scratch. */
extern double mtr_score_start_row(const MtrScoreJob *job);
extern void mtr_score_sum_block(const MtrScoreJob *job, double start,
								int32_t first, int32_t n);

/* Add the terms of similarities of a criterion, and of its rule. */
extern void mtr_score_add_block(const MtrScorePlan *plan, int32_t n,
								const int32_t *sim, double *sum);

/* The same without the rule. */
extern void mtr_score_add_share(const MtrScorePlan *plan, int32_t n,
								const int32_t *sim, double *sum);
extern void mtr_score_round(int32_t n, const double *sum, int32_t *score);

/* The last phase: refuse the pairs of the exclusion list. */
extern void mtr_score_exclude(const MtrScoreSet *set, int32_t mentee,
							  int32_t *score);

/*
 * What a kind can do.  "carve" takes the arrays of a plan, and is also
 * called to measure scratch, when all it takes is NULL.  "row" gives the form
 * of the row.  "codes" and "sims" yield the codes or similarities of mentors
 * first .. first + n - 1, n <= MTR_SCORE_BLOCK, valid until the next call for
 * the same plan (codes) or for any plan (sims).
 */
typedef struct MtrKindOps
{
	void		(*carve) (const MtrScoreSet *set, MtrScorePlan *plan,
						  MtrCarver *carver);
	void		(*prepare) (const MtrScoreSet *set, MtrScorePlan *plan);
	MtrRowForm	(*row) (const MtrScoreJob *job, MtrScorePlan *plan);
	const uint16_t *(*codes) (const MtrScoreJob *job, MtrScorePlan *plan,
							  int32_t first, int32_t n);
	const int32_t *(*sims) (const MtrScoreJob *job, MtrScorePlan *plan,
							int32_t first, int32_t n);
} MtrKindOps;

/* score_skill.c */
extern const MtrKindOps mtr_skill_ops;

/* score_list.c: kinds given by inverted lists */
extern const MtrKindOps mtr_overlap_ops;
extern const MtrKindOps mtr_text_ops;
extern const MtrKindOps mtr_listed_ops;

/* score_value.c: kinds given by a value of each side */
extern const MtrKindOps mtr_equal_ops;	/* same, differ */
extern const MtrKindOps mtr_distance_ops;	/* near, gap */
extern const MtrKindOps mtr_cosine_ops;
extern const MtrKindOps mtr_availability_ops;
extern const MtrKindOps mtr_preference_ops;
extern const MtrKindOps mtr_custom_ops;

#endif							/* MTR_SCORE_PLAN_H */
