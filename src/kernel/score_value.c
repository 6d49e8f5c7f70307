/*
 * score_value.c
 *	  kinds of criteria given by a value of each side
 *
 * same, differ, near and gap compare values that few mentors or many may
 * share: mentors carry a 16 bit code, and a row makes a table over the codes.
 * Where values are about as many as mentors, they are compared one by one.
 * cosine, availability and preference are arithmetic over all mentors,
 * arranged so that neighbouring mentors are handled by one vector.
 *
 * Cost for each mentor.  A table look-up about 0.3 ns; near and gap compared
 * one by one 1.5 ns; cosine 0.3 ns and dimension, bound by memory where the
 * vectors don't fit the cache; availability 0.4 ns for each word of the week
 * (eight of eleven hold Monday to Friday) in which the mentee has time.
 */
#include <math.h>
#include <string.h>

#include "score_plan.h"

/* components of a vector, or words of a week, handled in one pass */
#define COSINE_GROUP 4
#define WEEK_GROUP 3

/* slots of the last word that exist: 672 = 10 * 64 + 32 */
#define LAST_WORD_MASK UINT64_C(0xffffffff)

/* ---- classes: same, differ, near, gap ---- */

/* Tables pay while they are smaller than the row; those of same and differ
 * are filled so fast that only the range of codes limits them. */
static bool
uses_table(const MtrScoreSet *set, const MtrCriterion *c)
{
	const MtrClass *class = &c->u.class;

	if (class->nclasses >= MTR_SCORE_MAX_CODES)
		return false;
	return c->kind == MTR_SAME || c->kind == MTR_DIFFER ||
		class->nclasses <= set->nmentors / 2;
}

/* Codes and tables, or the mentors' values, or nothing where the classes
 * given are compared. */
static void
class_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	const MtrCriterion *c = plan->criterion;

	if (uses_table(set, c))
	{
		plan->has_fixed_codes = true;
		plan->max_codes = c->u.class.nclasses + 1;
		plan->code = mtr_score_carve(carver, set->nmentors,
									 sizeof(uint16_t));
		plan->sim_table = mtr_score_carve(carver, plan->max_codes,
										  sizeof(int32_t));
		plan->term_table = mtr_score_carve(carver, plan->max_codes,
										   sizeof(double));
	}
	else if (c->kind == MTR_NEAR || c->kind == MTR_GAP)
		plan->value = mtr_score_carve(carver, set->nmentors, sizeof(double));
}

/* The code after the last class, or a value that isn't a number, stands for
 * a mentor without a value. */
static void
class_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	const MtrClass *class = &plan->criterion->u.class;

	for (int32_t j = 0; j < set->nmentors; j++)
	{
		int32_t		c = class->mentor_class[j];

		if (plan->max_codes > 0)
			plan->code[j] = c < 0 ? class->nclasses : c;
		else if (plan->value != NULL)
			plan->value[j] = c < 0 ? NAN : class->class_value[c];
	}
	plan->ncodes = plan->max_codes;
}

/* Codes never change. */
static const uint16_t *
class_codes(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
			int32_t n)
{
	return plan->code + first;
}

/* The table has two values but for the mentee's own class. */
static MtrRowForm
equal_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrClass *class = &plan->criterion->u.class;
	int32_t		own = class->mentee_class[job->mentee];
	int32_t		other_sim;

	if (class->mentee_missing[job->mentee] || own < 0)
		return MTR_ROW_MISSING;
	if (plan->max_codes == 0)
		return MTR_ROW_SIMS;

	other_sim = plan->criterion->kind == MTR_SAME ? 0 : MTR_UNIT;
	for (int32_t c = 0; c < class->nclasses; c++)
		plan->sim_table[c] = other_sim;
	if (own < class->nclasses)
		plan->sim_table[own] = MTR_UNIT - other_sim;
	plan->sim_table[class->nclasses] = MTR_MISSING;
	return MTR_ROW_CODES;
}

/* The similarities of same, or with a same_sim of 0 those of differ. */
MTR_SIMD static void
compare_classes(int32_t n, const int32_t *restrict class, int32_t own,
				int32_t same_sim, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
	{
		int32_t		s = class[j] == own ? same_sim : MTR_UNIT - same_sim;

		sim[j] = class[j] < 0 ? MTR_MISSING : s;
	}
}

/* More classes than codes: compare them one by one. */
static const int32_t *
equal_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
		   int32_t n)
{
	const MtrClass *class = &plan->criterion->u.class;

	compare_classes(n, class->mentor_class + first,
					class->mentee_class[job->mentee],
					plan->criterion->kind == MTR_SAME ? MTR_UNIT : 0,
					job->work->sim);
	return job->work->sim;
}

const MtrKindOps mtr_equal_ops = {
	.carve = class_carve,
	.prepare = class_prepare,
	.row = equal_row,
	.codes = class_codes,
	.sims = equal_sims,
};

/*
 * A number not below 0, as the definitions round it: what is no number counts
 * 0.  Choosing comes after multiplying and adding, which changes no result
 * but lets the compiler see that both ways cost nothing.
 */
static inline int32_t
round_clamped(double s)
{
	double		x = 1e6 * s + 0.5;

	return (int32_t) (x > 0 ? x : 0);
}

/* The order of operations is that of the definition. */
MTR_SIMD static void
near_values(int32_t n, const double *restrict value, double a, double range,
			int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
	{
		int32_t		s = round_clamped(1 - fabs(a - value[j]) / range);

		sim[j] = value[j] == value[j] ? s : MTR_MISSING;
	}
}

/*
 * The greater of the distances is above 0 exactly outside; a slack of 0 then
 * makes the quotient infinite and the similarity 0.  Inside it may be no
 * number (infinity minus infinity), and the quotient isn't used.
 */
MTR_SIMD static void
gap_values(int32_t n, const double *restrict value, double a,
		   const MtrClass *gap, int32_t *restrict sim)
{
	double		from = gap->from;
	double		to = gap->to;
	double		slack = gap->slack;

	for (int32_t j = 0; j < n; j++)
	{
		double		d = value[j] - a;
		double		below = from - d;
		double		above = d - to;
		double		outside = below > above ? below : above;
		double		s = 1e6 * (1 - outside / slack) + 0.5;

		s = s > 0 ? s : 0;
		s = outside > 0 ? s : MTR_UNIT;
		s = value[j] == value[j] ? s : MTR_MISSING;
		sim[j] = (int32_t) s;
	}
}

/* Similarities of n values, which are those of classes or of mentors. */
static void
distances(const MtrScoreJob *job, const MtrScorePlan *plan, int32_t n,
		  const double *value, int32_t *sim)
{
	const MtrClass *class = &plan->criterion->u.class;
	double		a = class->mentee_value[job->mentee];

	if (plan->criterion->kind == MTR_NEAR)
		near_values(n, value, a, class->range, sim);
	else
		gap_values(n, value, a, class, sim);
}

/* With tables, only the classes' values are compared. */
static MtrRowForm
distance_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrClass *class = &plan->criterion->u.class;

	if (class->mentee_missing[job->mentee])
		return MTR_ROW_MISSING;
	if (plan->max_codes == 0)
		return MTR_ROW_SIMS;
	distances(job, plan, class->nclasses, class->class_value,
			  plan->sim_table);
	plan->sim_table[class->nclasses] = MTR_MISSING;
	return MTR_ROW_CODES;
}

/* About as many values as mentors: compare the mentors'. */
static const int32_t *
distance_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
			  int32_t n)
{
	distances(job, plan, n, plan->value + first, job->work->sim);
	return job->work->sim;
}

const MtrKindOps mtr_distance_ops = {
	.carve = class_carve,
	.prepare = class_prepare,
	.row = distance_row,
	.codes = class_codes,
	.sims = distance_sims,
};

/* ---- cosine ---- */

/* The mentors' lengths. */
static void
cosine_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	plan->value = mtr_score_carve(carver, set->nmentors, sizeof(double));
}

/* Lengths of the mentors' vectors, 0 for none. */
static void
cosine_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	const MtrCosine *cosine = &plan->criterion->u.cosine;
	size_t		nmentors = set->nmentors;
	double	   *length = plan->value;

	for (size_t j = 0; j < nmentors; j++)
		length[j] = 0.0;
	for (int32_t i = 0; i < cosine->dim; i++)
	{
		const double *x = cosine->mentor + i * nmentors;

		for (size_t j = 0; j < nmentors; j++)
			length[j] += x[j] * x[j];
	}
	for (size_t j = 0; j < nmentors; j++)
		length[j] = cosine->mentor_missing[j] ? 0.0 : sqrt(length[j]);
}

/* The mentee's length. */
static MtrRowForm
cosine_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrCosine *cosine = &plan->criterion->u.cosine;
	const double *a = cosine->mentee + (size_t) job->mentee * cosine->dim;
	double		aa = 0.0;

	if (cosine->mentee_missing[job->mentee])
		return MTR_ROW_MISSING;
	for (int32_t i = 0; i < cosine->dim; i++)
		aa += a[i] * a[i];
	plan->mentee_value = sqrt(aa);
	return plan->mentee_value > 0 ? MTR_ROW_SIMS : MTR_ROW_MISSING;
}

/*
 * Add the products of count <= COSINE_GROUP components in their order; x is
 * the first component of the block's first mentor, the next components are
 * stride further on each.
 */
MTR_SIMD static void
add_products(int32_t n, const double *a, const double *restrict x,
			 size_t stride, double *restrict dot)
{
	const double *restrict x1 = x + stride;
	const double *restrict x2 = x1 + stride;
	const double *restrict x3 = x2 + stride;
	double		a0 = a[0];
	double		a1 = a[1];
	double		a2 = a[2];
	double		a3 = a[3];

	for (int32_t j = 0; j < n; j++)
		dot[j] = (((dot[j] + a0 * x[j]) + a1 * x1[j]) + a2 * x2[j]) +
			a3 * x3[j];
}

/* The same for one component. */
MTR_SIMD static void
add_product(int32_t n, double a, const double *restrict x,
			double *restrict dot)
{
	for (int32_t j = 0; j < n; j++)
		dot[j] += a * x[j];
}

/* Overflow can make the quotient no number; it counts 0. */
MTR_SIMD static void
divide_dots(int32_t n, const double *restrict dot,
			const double *restrict length, double mentee_length,
			int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
	{
		double		s = 1e6 * (dot[j] / (mentee_length * length[j])) + 0.5;

		s = s > 0 ? s : 0;
		s = s < MTR_UNIT ? s : MTR_UNIT;
		s = length[j] > 0 ? s : MTR_MISSING;
		sim[j] = (int32_t) s;
	}
}

/* Mentors are neighbours in memory, so the sums of a block are made side by
 * side, each in the order of the definition. */
static const int32_t *
cosine_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
			int32_t n)
{
	const MtrCosine *cosine = &plan->criterion->u.cosine;
	size_t		stride = job->set->nmentors;
	const double *a = cosine->mentee + (size_t) job->mentee * cosine->dim;
	double	   *dot = job->work->number;
	int32_t		i = 0;

	for (int32_t j = 0; j < n; j++)
		dot[j] = 0.0;
	for (; i + COSINE_GROUP <= cosine->dim; i += COSINE_GROUP)
		add_products(n, a + i, cosine->mentor + i * stride + first, stride,
					 dot);
	for (; i < cosine->dim; i++)
		add_product(n, a[i], cosine->mentor + i * stride + first, dot);
	divide_dots(n, dot, plan->value + first, plan->mentee_value,
				job->work->sim);
	return job->work->sim;
}

const MtrKindOps mtr_cosine_ops = {
	.carve = cosine_carve,
	.prepare = cosine_prepare,
	.row = cosine_row,
	.sims = cosine_sims,
};

/* ---- availability ---- */

/* Codes are the common quarters; one more stands for a mentor without any
 * time, who is told by a fixed offset of his code. */
static void
availability_carve(const MtrScoreSet *set, MtrScorePlan *plan,
				   MtrCarver *carver)
{
	size_t		nmentors = set->nmentors;

	plan->max_codes = MTR_WEEK_SLOTS + 2;
	plan->sim_table = mtr_score_carve(carver, plan->max_codes,
									  sizeof(int32_t));
	plan->term_table = mtr_score_carve(carver, plan->max_codes,
									   sizeof(double));
	plan->code = mtr_score_carve(carver, nmentors, sizeof(uint16_t));
	plan->week = mtr_score_carve(carver, MTR_WEEK_WORDS * nmentors,
								 sizeof(uint64_t));
	plan->block = mtr_score_carve(carver, MTR_SCORE_BLOCK, sizeof(uint16_t));
}

/* The table is the same for all mentees. */
static void
availability_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	const MtrAvailability *free = &plan->criterion->u.availability;
	size_t		nmentors = set->nmentors;
	int64_t		minutes = free->minutes;

	for (int64_t x = 0; x <= MTR_WEEK_SLOTS; x++)
	{
		int64_t		common = 15 * x < minutes ? 15 * x : minutes;

		plan->sim_table[x] = (int32_t) ((2 * common * MTR_UNIT + minutes) /
										(2 * minutes));
	}
	plan->sim_table[MTR_WEEK_SLOTS + 1] = MTR_MISSING;
	plan->ncodes = plan->max_codes;
	plan->table_is_fixed = true;

	for (size_t j = 0; j < nmentors; j++)
	{
		const uint64_t *from = free->mentor + j * MTR_WEEK_WORDS;
		uint64_t	any = 0;

		for (int w = 0; w < MTR_WEEK_WORDS; w++)
		{
			uint64_t	word = from[w];

			if (w == MTR_WEEK_WORDS - 1)
				word &= LAST_WORD_MASK;
			plan->week[w * nmentors + j] = word;
			any |= word;
		}
		plan->code[j] = any == 0 ? MTR_WEEK_SLOTS + 1 : 0;
	}
}

/* All is prepared but the question whether the mentee has any time. */
static MtrRowForm
availability_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const uint64_t *own = plan->criterion->u.availability.mentee +
	(size_t) job->mentee * MTR_WEEK_WORDS;
	uint64_t	any = own[MTR_WEEK_WORDS - 1] & LAST_WORD_MASK;

	for (int w = 0; w < MTR_WEEK_WORDS - 1; w++)
		any |= own[w];
	return any == 0 ? MTR_ROW_MISSING : MTR_ROW_CODES;
}

/* Count the bits of each four. */
static inline uint64_t
count_fours(uint64_t x)
{
	x -= (x >> 1) & UINT64_C(0x5555555555555555);
	return (x & UINT64_C(0x3333333333333333)) +
		((x >> 2) & UINT64_C(0x3333333333333333));
}

/*
 * Add the common bits of three words of the week to byte-wise counts.  Three
 * fours hold at most 12, so they are added before bytes are made; a byte of
 * eleven words holds at most 88.
 */
MTR_SIMD static void
count_words(int32_t n, const uint64_t *const *week, const uint64_t *own,
			uint64_t *restrict count)
{
	const uint64_t *restrict week0 = week[0];
	const uint64_t *restrict week1 = week[1];
	const uint64_t *restrict week2 = week[2];
	uint64_t	own0 = own[0];
	uint64_t	own1 = own[1];
	uint64_t	own2 = own[2];

	for (int32_t j = 0; j < n; j++)
	{
		uint64_t	x = count_fours(week0[j] & own0) +
		count_fours(week1[j] & own1) + count_fours(week2[j] & own2);

		count[j] += (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) +
			((x >> 4) & UINT64_C(0x0f0f0f0f0f0f0f0f));
	}
}

/* Add the bytes of the counts and the mentor's own offset. */
MTR_SIMD static void
sum_counts(int32_t n, const uint64_t *restrict count,
		   const uint16_t *restrict offset, uint16_t *restrict code)
{
	for (int32_t j = 0; j < n; j++)
	{
		uint64_t	x = count[j];

		x = (x & UINT64_C(0x00ff00ff00ff00ff)) +
			((x >> 8) & UINT64_C(0x00ff00ff00ff00ff));
		x += x >> 32;
		x += x >> 16;
		code[j] = (uint16_t) x + offset[j];
	}
}

/* Only words in which the mentee has time are looked at. */
static const uint16_t *
availability_codes(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
				   int32_t n)
{
	size_t		nmentors = job->set->nmentors;
	const uint64_t *mentee = plan->criterion->u.availability.mentee +
	(size_t) job->mentee * MTR_WEEK_WORDS;
	uint64_t   *count = (uint64_t *) job->work->number;
	const uint64_t *week[WEEK_GROUP];
	uint64_t	own[WEEK_GROUP];
	int			size = 0;

	memset(count, 0, n * sizeof(uint64_t));
	for (int w = 0; w < MTR_WEEK_WORDS; w++)
	{
		if (mentee[w] != 0)
		{
			week[size] = plan->week + w * nmentors + first;
			own[size++] = mentee[w];
		}
		if (size == 0 || (size < WEEK_GROUP && w < MTR_WEEK_WORDS - 1))
			continue;
		for (; size < WEEK_GROUP; size++)
		{
			week[size] = week[0];
			own[size] = 0;
		}
		count_words(n, week, own, count);
		size = 0;
	}
	sum_counts(n, count, plan->code + first, plan->block);
	return plan->block;
}

const MtrKindOps mtr_availability_ops = {
	.carve = availability_carve,
	.prepare = availability_prepare,
	.row = availability_row,
	.codes = availability_codes,
};

/* ---- preference, custom: the row holds similarities ---- */

/* The row phase does all, into an array of its own; what each side of a
 * preference says is for score_sides.c. */
static void
preference_carve(const MtrScoreSet *set, MtrScorePlan *plan,
				 MtrCarver *carver)
{
	plan->row = mtr_score_carve(carver, set->nmentors, sizeof(int32_t));
	if (plan->share == 0)
		return;
	for (int side = 0; side < 2; side++)
		plan->own[side] = mtr_score_carve(carver, set->nmentors,
										  sizeof(int32_t));
}

static void
custom_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	plan->row = mtr_score_carve(carver, set->nmentors, sizeof(int32_t));
}

static const int32_t *
row_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first, int32_t n)
{
	return (const int32_t *) plan->row + first;
}

/* What both sides say, as the definition has it; -1 = has no list. */
static inline int32_t
preference_sim(int32_t a, int32_t b, int32_t if_missing)
{
	int32_t		sum = (a < 0 ? if_missing : a) + (b < 0 ? if_missing : b);

	return (a & b) < 0 ? MTR_MISSING : (sum + 1) / 2;
}

/* What follows when neither ranked the other. */
MTR_SIMD static void
base_preferences(int32_t n, int32_t a, const int32_t *restrict b,
				 int32_t if_missing, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
		sim[j] = preference_sim(a, b[j], if_missing);
}

/* Base similarities, then the pairs in which somebody ranked somebody. */
static MtrRowForm
preference_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrPreference *p = &plan->criterion->u.preference;
	int32_t		if_missing = plan->if_missing;
	int32_t    *sim = plan->row;

	base_preferences(job->set->nmentors, p->mentee_base[job->mentee],
					 p->mentor_base, if_missing, sim);
	for (int32_t e = p->start[job->mentee]; e < p->start[job->mentee + 1];
		 e++)
		sim[p->mentor[e]] = preference_sim(p->mentee_says[e],
										   p->mentor_says[e], if_missing);
	return MTR_ROW_SIMS;
}

const MtrKindOps mtr_preference_ops = {
	.carve = preference_carve,
	.row = preference_row,
	.sims = row_sims,
};

/* The function may leave by longjmp: nothing here minds. */
static MtrRowForm
custom_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrCustom *custom = &plan->criterion->u.custom;

	custom->fill(custom->state, job->mentee, plan->row);
	return MTR_ROW_SIMS;
}

const MtrKindOps mtr_custom_ops = {
	.carve = custom_carve,
	.row = custom_row,
	.sims = row_sims,
};
