/*
 * score.h
 *	  similarities and scores of mentee-mentor pairs, a row at a time
 *
 * Problem.  n mentees, m mentors, criteria k with an integer share of
 * MTR_UNIT (the shares add up to MTR_UNIT, or all are 0).  Each criterion
 * turns a pair into a similarity s_k in 0..MTR_UNIT, or finds that a side has
 * no value, when s_k is the criterion's if_missing.  The score is
 *
 *	 floor((sum over k of share_k * s_k + MTR_UNIT / 2) / MTR_UNIT)
 *
 * or MTR_NO_PAIR when the pair is in the exclusion list or a criterion with a
 * minimum has a similarity below it.  A missing value breaks no minimum,
 * unless the criterion is strict, when it always does.
 *
 * Every rounding is half up; floating point is used only where the definition
 * below says so, one IEEE operation after the other in the stated order, so
 * results are equal on every machine and equal to the same expression in SQL.
 *
 * All arrays belong to the caller.  Compressed lists ("start/entry"): the
 * entries of element e are at positions start[e] .. start[e + 1] - 1.
 */
#ifndef MTR_SCORE_H
#define MTR_SCORE_H

#include "kernel.h"

typedef enum MtrKind
{
	MTR_SKILL_COVER,
	MTR_OVERLAP,
	MTR_SAME,
	MTR_DIFFER,
	MTR_NEAR,
	MTR_GAP,
	MTR_COSINE,
	MTR_AVAILABILITY,
	MTR_TEXT,
	MTR_LISTED,					/* reporting_line, not_met */
	MTR_PREFERENCE,
	MTR_CUSTOM
} MtrKind;

/*
 * skill_cover.  A mentee's wants are positions in want_*; want w asks for
 * skill want_skill[w] from want_level[w] to want_target[w] > want_level[w]
 * (levels 0..7) with integer weight want_share[w]; the want_shares of one
 * mentee add up to MTR_UNIT.  With x the level the mentor offers (0 for a
 * skill he does not have),
 *
 *	 similarity = floor((sum of want_share * clamp(x - level, 0, t) * (420 / t)
 *						 + 210) / 420),		t = target - level
 *
 * 420 = lcm(1..7), so every term is whole and the sum fits 32 bits.  Missing:
 * a mentee without wants; a mentor with mentor_missing set (no skill at all).
 * Mentors' levels are given for each skill either densely (dense[s] points to
 * m bytes, 0 = does not have it) or, when dense[s] is NULL, as a list; the
 * former is faster from about a tenth of the mentors on.
 */
typedef struct MtrSkillCover
{
	int32_t		nskills;
	const int32_t *want_start;	/* [n + 1] */
	const int32_t *want_skill;
	const uint8_t *want_level;
	const uint8_t *want_target;
	const int32_t *want_share;
	const uint8_t *const *dense;	/* [nskills] */
	const int32_t *list_start;	/* [nskills + 1], empty where dense */
	const int32_t *list_mentor;
	const uint8_t *list_level;
	const bool *mentor_missing; /* [m] */
} MtrSkillCover;

/*
 * overlap.  Sets of dictionary-coded elements without repetition.  With a, b
 * the sizes and x that of the intersection: x / (a + b - x) (Jaccard), or
 * with cover x / a; rounded as floor((2 * x * MTR_UNIT + d) / (2 * d)) with d
 * the denominator.  An empty set is a missing value.
 */
typedef struct MtrOverlap
{
	bool		cover;
	int32_t		nelements;
	const int32_t *mentee_start;	/* [n + 1] */
	const int32_t *mentee_element;
	const int32_t *mentor_size; /* [m] */
	const int32_t *list_start;	/* [nelements + 1]: who has an element */
	const int32_t *list_mentor;
} MtrOverlap;

/*
 * same, differ: classes are equal or not.  near, gap: each class has a
 * value; the similarity of values a (mentee) and b (mentor) is, in double
 * precision and in this order,
 *
 *	 near:	floor(1e6 * max(0, 1 - |a - b| / range) + 0.5)
 *	 gap:	d = b - a; 1 when from <= d <= to; else with e = from - d below
 *			and e = d - to above: floor(1e6 * max(0, 1 - e / slack) + 0.5),
 *			or 0 when slack = 0
 *
 * A class of -1 means missing.
 */
typedef struct MtrClass
{
	int32_t		nclasses;		/* of the mentors */
	const int32_t *mentee_class;	/* [n]; same, differ only: a class no
									 * mentor has is >= nclasses */
	const double *mentee_value; /* [n]; near, gap only */
	const bool *mentee_missing; /* [n] */
	const int32_t *mentor_class;	/* [m], -1 = missing */
	const double *class_value;	/* [nclasses]; near, gap only */
	double		range;			/* near: > 0 */
	double		from,			/* gap: may be -infinity */
				to,				/* may be +infinity, >= from */
				slack;			/* >= 0 */
} MtrClass;

/*
 * cosine.  dim doubles for each; the mentors' are transposed (all mentors'
 * first component, then all second ...).  With dot, aa, bb summed over the
 * components in order from 0.0: max(0, dot / (sqrt(aa) * sqrt(bb))), at most
 * 1, times 1e6, plus 0.5, floor.  A vector of length 0 is missing.
 */
typedef struct MtrCosine
{
	int32_t		dim;
	const double *mentee;		/* [n][dim] */
	const double *mentor;		/* [dim][m] */
	const bool *mentee_missing; /* [n] */
	const bool *mentor_missing; /* [m] */
} MtrCosine;

/*
 * availability.  A week is 672 quarters of an hour in MTR_WEEK_WORDS words;
 * x common quarters give floor((2 * min(15 * x, minutes) * MTR_UNIT +
 * minutes) / (2 * minutes)).  Missing: a week without a free quarter.
 */
#define MTR_WEEK_SLOTS 672
#define MTR_WEEK_WORDS 11
typedef struct MtrAvailability
{
	int32_t		minutes;		/* 1 .. 10080 */
	const uint64_t *mentee;		/* [n][MTR_WEEK_WORDS] */
	const uint64_t *mentor;		/* [m][MTR_WEEK_WORDS] */
} MtrAvailability;

/*
 * text.  Sets of terms; term t has an integer idf[t] >= 0 below 2^20.  With
 * q(S) the sum of idf^2 over S and r(S) = floor(sqrt(q(S) * 2^20)),
 *
 *	 similarity = min(MTR_UNIT, floor((q(A and B) * 2^20 * MTR_UNIT
 *									   + r(A) * r(B) / 2) / (r(A) * r(B))))
 *
 * in 128 bit integers; 0 where r(A) or r(B) is 0 though the sets are not
 * empty.  An empty set is missing.
 */
typedef struct MtrText
{
	int32_t		nterms;
	const int32_t *idf;			/* [nterms] */
	const int32_t *mentee_start;	/* [n + 1] */
	const int32_t *mentee_term;
	const int32_t *mentor_size; /* [m] number of terms */
	const int64_t *mentor_root; /* [m] r(B), by mtr_text_root() */
	const int32_t *list_start;	/* [nterms + 1]: who uses a term */
	const int32_t *list_mentor;
} MtrText;

/* reporting_line, not_met: 0 for the pairs listed, be it once or more often, 1
 * for all others; never missing. */
typedef struct MtrListed
{
	const int32_t *start;		/* [n + 1] */
	const int32_t *mentor;
} MtrListed;

/*
 * preference.  Each side has a base similarity for whom it did not rank (-1:
 * it has no list, which counts as if_missing); the pair's similarity is
 * (a + b + 1) / 2 (integer division).  Entries of the list give both sides'
 * values for the pairs in which at least one side ranked the other, each pair
 * once; -1 = that side has no list.  Missing only when neither side has a
 * list.
 */
typedef struct MtrPreference
{
	const int32_t *mentee_base; /* [n] */
	const int32_t *mentor_base; /* [m] */
	const int32_t *start;		/* [n + 1] */
	const int32_t *mentor;
	const int32_t *mentee_says;
	const int32_t *mentor_says;
} MtrPreference;

/* custom: a function of the backend fills a row with similarities or
 * MTR_MISSING.  It may leave by longjmp; scratch stays usable. */
typedef struct MtrCustom
{
	MtrRowFunction fill;
	void	   *state;
} MtrCustom;

typedef struct MtrCriterion
{
	MtrKind		kind;
	int32_t		share;			/* 0 .. MTR_UNIT */
	int32_t		minimum;		/* 0 .. MTR_UNIT, or -1: no rule */
	int32_t		if_missing;		/* 0 .. MTR_UNIT */
	bool		strict;			/* a missing value breaks the minimum */
	union
	{
		MtrSkillCover skill;
		MtrOverlap	overlap;
		MtrClass	class;		/* same, differ, near, gap */
		MtrCosine	cosine;
		MtrAvailability availability;
		MtrText text;
		MtrListed	listed;
		MtrPreference preference;
		MtrCustom	custom;
	}			u;
} MtrCriterion;

typedef struct MtrScoreSet
{
	int32_t		nmentees;
	int32_t		nmentors;
	int32_t		ncriteria;
	const MtrCriterion *criteria;	/* ordered by criterion id */
	const int32_t *exclude_start;	/* [nmentees + 1] pairs never eligible, or
									 * NULL */
	const int32_t *exclude_mentor;
} MtrScoreSet;

/* Bytes of scratch the row functions need, aligned to 64 bytes. */
extern size_t mtr_score_scratch_size(const MtrScoreSet *set);

/* Prepare scratch (norms of vectors, tables that depend on the mentors only);
 * call once before the row functions, again when the set changes. */
extern void mtr_score_prepare(const MtrScoreSet *set, void *scratch);

/*
 * Scores of one mentee with every mentor: score[0 .. nmentors - 1].  Like the
 * next function it polls once, and what it leaves in scratch is of no
 * consequence for other rows.
 */
extern void mtr_score_row(const MtrScoreSet *set, int32_t mentee,
						  int32_t *score, void *scratch);

/*
 * The same as each side sees it, for stable matching.  A preference counts
 * with what this side alone says instead of the mean: the mentee's score uses
 * the mentee's list, the mentor's score the mentor's, and a side without list
 * gives if_missing.  All other criteria count alike in both.  A pair is
 * eligible where mtr_score_row() says so, rules using the similarity of the
 * pair; else both scores are MTR_NO_PAIR.  Costs one row and, for each
 * preference with a share, about 2 ns a mentor.
 */
extern void mtr_score_row_sides(const MtrScoreSet *set, int32_t mentee,
								int32_t *mentee_score, int32_t *mentor_score,
								void *scratch);

/*
 * Scores of one mentor with every mentee: score[0 .. nmentees - 1], equal to
 * the entries of all rows.  scratch and row_scratch are prepared by
 * mtr_score_column_prepare() and mtr_score_prepare(); what is left in them is
 * of no consequence for other rows and columns.  Costs 30 ns or so a mentee;
 * but with a custom criterion, which can only make whole rows, nmentees rows
 * of that.  Polls once a criterion, and once each of these rows.
 */
extern void mtr_score_column(const MtrScoreSet *set, int32_t mentor,
							 int32_t *score, void *scratch,
							 void *row_scratch);

/*
 * Bytes of scratch for it, aligned to 64 bytes, n mentees and m mentors: 8 n,
 * 24 kB a criterion by values or text, 4 m and 4 an entry for each list kept
 * by mentor (8 for skills and preferences), and for each
 *
 *	 same, differ	6 n + m				near, gap		12 n + 9 m
 *	 cosine			8 dim (n + m) + 8 n	availability	90 n
 *	 text			28 n and 4 an entry of the mentees, 4 a term
 *	 listed			2 n					preference		4 n and 4 an entry
 */
extern size_t mtr_score_column_size(const MtrScoreSet *set);

/* Prepare it: what the set holds by mentee, kept by mentor.  It refers to the
 * arrays of the set; call again when they change. */
extern void mtr_score_column_prepare(const MtrScoreSet *set, void *scratch);

/* Similarities of one criterion, MTR_MISSING where a side has no value. */
extern void mtr_score_similarities(const MtrScoreSet *set,
								   int32_t criterion, int32_t mentee,
								   int32_t *sim, void *scratch);

/*
 * Divide total >= 0 into n whole parts in proportion to finite weights >= 0,
 * by largest remainder.  With W the sum of the weights in their order and
 * x_k = total * w_k / W (multiplied, then divided, in double), part k is
 * floor(x_k), and the units left over go, one each, to the largest fractional
 * parts, ties to the lower index.  Fractional parts are compared as
 * floor(2^20 * fraction + 0.5), so that rounding decides no tie.  The parts
 * add up to total while n * total < 2^51 and W is finite.
 *
 * Returns false, with all parts 0, when no weight is positive.  order is
 * scratch for n entries.
 */
extern bool mtr_divide(int32_t total, int32_t n, const double *weight,
					   int32_t *part, int32_t *order);

/* Split a score into contributions: share_k * sim_k / MTR_UNIT rounded by
 * largest remainder, ties to the lower index, so that they add up to the
 * score.  sim has if_missing already put in.  Returns the score. */
extern int32_t mtr_contributions(int32_t n, const int32_t *share,
								 const int32_t *sim, int32_t *part,
								 int32_t *order);

/* idf of a term used by df of total texts: floor(256 * log2(total / df)) by
 * integer arithmetic, at least 1 for df = total; 1 <= df <= total. */
extern int32_t mtr_text_idf(int32_t total, int32_t df);

/* floor(sqrt(q * 2^20)) for q < 2^43 */
extern int64_t mtr_text_root(int64_t q);

#endif							/* MTR_SCORE_H */
