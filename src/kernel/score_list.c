/*
 * score_list.c
 *	  kinds of criteria given by inverted lists: overlap, text, listed pairs
 *
 * For each element or term there is the list of the mentors who have it.  A
 * mentee's row goes through the lists of what the mentee has and adds to an
 * array over the mentors, so mentors who share nothing cost nothing but their
 * place in that array.  It is cleared at the start of each row: a row left
 * half-way through an interrupt harms nothing.
 *
 * Cost.  About 0.8 ns for each list entry met and 0.1 to 1 ns for each
 * mentor.  Elements that many mentors have are also kept as one byte for each
 * mentor, which costs 0.05 ns for each mentor instead.
 */
#include <math.h>
#include <string.h>

#include "score_plan.h"

/* tables of overlap beyond this leave the nearest cache */
#define OVERLAP_MAX_CODES 4096

/* an element that one mentor in so many has is kept densely */
#define DENSE_PART 16

/* Is an element so frequent that bytes are faster than its list? */
static inline bool
is_dense(const MtrScoreSet *set, const int32_t *list_start, int32_t element)
{
	int64_t		count = list_start[element + 1] - list_start[element];

	return count * DENSE_PART >= set->nmentors && count > 0;
}

/* ---- overlap ---- */

/*
 * A mentor's code is his set's size plus code_step for each common element,
 * so that scattering moves him to the right entry of a table made for the
 * mentee.  Where the table would cost more than it saves, common elements
 * are counted and divided by.
 */
static void
overlap_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	const MtrOverlap *overlap = &plan->criterion->u.overlap;
	size_t		nmentors = set->nmentors;
	int32_t		max_codes = set->nmentors / 2;
	size_t		ndense = 0;

	if (max_codes < 64)
		max_codes = 64;
	if (max_codes > OVERLAP_MAX_CODES)
		max_codes = OVERLAP_MAX_CODES;
	plan->max_codes = max_codes;
	plan->sim_table = mtr_score_carve(carver, max_codes, sizeof(int32_t));
	plan->term_table = mtr_score_carve(carver, max_codes, sizeof(double));
	plan->code = mtr_score_carve(carver, nmentors, sizeof(uint16_t));
	plan->row = mtr_score_carve(carver, nmentors, sizeof(int32_t));

	for (int32_t e = 0; e < overlap->nelements; e++)
		ndense += is_dense(set, overlap->list_start, e);
	plan->dense = mtr_score_carve(carver, ndense * nmentors, 1);
	plan->list_start = mtr_score_carve(carver, overlap->nelements,
									   sizeof(int32_t));
}

/* list_start of the plan tells where among the dense elements one is. */
static void
overlap_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	const MtrOverlap *overlap = &plan->criterion->u.overlap;
	size_t		nmentors = set->nmentors;
	int32_t		largest = 0;
	int32_t		ndense = 0;

	for (size_t j = 0; j < nmentors; j++)
		if (overlap->mentor_size[j] > largest)
			largest = overlap->mentor_size[j];

	/* a step of 0 says that the table is never used */
	plan->code_step = largest < plan->max_codes ? largest + 1 : 0;
	for (size_t j = 0; j < nmentors; j++)
		plan->code[j] = plan->code_step == 0 ? 0 : overlap->mentor_size[j];

	for (int32_t e = 0; e < overlap->nelements; e++)
	{
		uint8_t    *has;

		plan->list_start[e] = -1;
		if (!is_dense(set, overlap->list_start, e))
			continue;
		has = plan->dense + ndense * nmentors;
		memset(has, 0, nmentors);
		for (int32_t i = overlap->list_start[e];
			 i < overlap->list_start[e + 1]; i++)
			has[overlap->list_mentor[i]] = 1;
		plan->list_start[e] = ndense++;
	}
}

/* The similarity by definition; x <= a, x <= b. */
static int32_t
overlap_sim(bool cover, int32_t a, int32_t b, int32_t x)
{
	int64_t		d = cover ? a : (int64_t) a + b - x;

	return (int32_t) ((2 * (int64_t) x * MTR_UNIT + d) / (2 * d));
}

/* Make the table of the codes size + x * code_step, which depends on the size
 * of the mentee's set only. */
static void
fill_overlap_table(MtrScorePlan *plan, int32_t a)
{
	bool		cover = plan->criterion->u.overlap.cover;
	int32_t    *sim = plan->sim_table;

	for (int32_t x = 0; x <= a; x++)
	{
		sim[0] = MTR_MISSING;
		for (int32_t b = 1; b < plan->code_step; b++)
			sim[b] = x > b ? 0 : overlap_sim(cover, a, b, x);
		sim += plan->code_step;
	}
	plan->ncodes = (a + 1) * plan->code_step;
	plan->table_for = a;
}

/* Add a step to the codes of those who have a dense element. */
MTR_SIMD static void
step_dense_codes(int32_t nmentors, const uint8_t *restrict has, uint16_t step,
				 uint16_t *restrict code)
{
	for (int32_t j = 0; j < nmentors; j++)
		code[j] += (uint16_t) (has[j] * step);
}

/* Count a dense element for those who have it. */
MTR_SIMD static void
count_dense(int32_t nmentors, const uint8_t *restrict has,
			int32_t *restrict count)
{
	for (int32_t j = 0; j < nmentors; j++)
		count[j] += has[j];
}

/* Add a step to the code of all who have an element. */
static void
step_codes(const MtrScoreJob *job, const MtrScorePlan *plan, int32_t element)
{
	const MtrOverlap *overlap = &plan->criterion->u.overlap;
	size_t		nmentors = job->set->nmentors;
	int32_t		at = plan->list_start[element];
	uint16_t   *code = plan->row;

	if (at >= 0)
		step_dense_codes(nmentors, plan->dense + at * nmentors,
						 plan->code_step, code);
	else
		for (int32_t e = overlap->list_start[element];
			 e < overlap->list_start[element + 1]; e++)
			code[overlap->list_mentor[e]] += plan->code_step;
}

/* Count an element for all who have it. */
static void
count_element(const MtrScoreJob *job, const MtrScorePlan *plan,
			  int32_t element)
{
	const MtrOverlap *overlap = &plan->criterion->u.overlap;
	size_t		nmentors = job->set->nmentors;
	int32_t		at = plan->list_start[element];
	int32_t    *count = plan->row;

	if (at >= 0)
		count_dense(nmentors, plan->dense + at * nmentors, count);
	else
		for (int32_t e = overlap->list_start[element];
			 e < overlap->list_start[element + 1]; e++)
			count[overlap->list_mentor[e]]++;
}

/* Codes where the table for this size of set is small enough, else counts. */
static MtrRowForm
overlap_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrOverlap *overlap = &plan->criterion->u.overlap;
	size_t		nmentors = job->set->nmentors;
	int32_t		begin = overlap->mentee_start[job->mentee];
	int32_t		end = overlap->mentee_start[job->mentee + 1];
	int32_t		a = end - begin;

	if (a == 0)
		return MTR_ROW_MISSING;
	plan->mentee_size = a;
	if (plan->code_step > 0 && a < plan->max_codes / plan->code_step)
	{
		if (plan->table_for != a)
			fill_overlap_table(plan, a);
		memcpy(plan->row, plan->code, nmentors * sizeof(uint16_t));
		for (int32_t i = begin; i < end; i++)
			step_codes(job, plan, overlap->mentee_element[i]);
		return MTR_ROW_CODES;
	}
	memset(plan->row, 0, nmentors * sizeof(int32_t));
	for (int32_t i = begin; i < end; i++)
		count_element(job, plan, overlap->mentee_element[i]);
	return MTR_ROW_SIMS;
}

/* The codes of listed pairs are kept in the same way. */
static const uint16_t *
row_codes(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
		  int32_t n)
{
	return (const uint16_t *) plan->row + first;
}

/*
 * Similarities by division.  Numerator and denominator are whole and below
 * 2^53, and the quotient, below 2^20, is either whole or at least 2^-32 away
 * from the next whole number: rounding to double can't reach that, so cutting
 * off the fraction is exact.
 */
MTR_SIMD static void
divide_jaccard(int32_t n, const int32_t *restrict count,
			   const int32_t *restrict size, double a, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
	{
		double		x = count[j];
		double		d = a + size[j] - x;
		int32_t		s = (int32_t) ((x * (2 * MTR_UNIT) + d) / (d + d));

		sim[j] = s | -(int32_t) (size[j] == 0);
	}
}

/* The same with the size of the mentee's set as denominator. */
MTR_SIMD static void
divide_cover(int32_t n, const int32_t *restrict count,
			 const int32_t *restrict size, double a, int32_t *restrict sim)
{
	for (int32_t j = 0; j < n; j++)
	{
		double		x = count[j];
		int32_t		s = (int32_t) ((x * (2 * MTR_UNIT) + a) / (a + a));

		sim[j] = s | -(int32_t) (size[j] == 0);
	}
}

/* Counts become similarities block by block. */
static const int32_t *
overlap_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
			 int32_t n)
{
	const MtrOverlap *overlap = &plan->criterion->u.overlap;
	const int32_t *count = (const int32_t *) plan->row + first;
	const int32_t *size = overlap->mentor_size + first;
	int32_t    *sim = job->work->sim;

	if (overlap->cover)
		divide_cover(n, count, size, plan->mentee_size, sim);
	else
		divide_jaccard(n, count, size, plan->mentee_size, sim);
	return sim;
}

const MtrKindOps mtr_overlap_ops = {
	.carve = overlap_carve,
	.prepare = overlap_prepare,
	.row = overlap_row,
	.codes = row_codes,
	.sims = overlap_sims,
};

/* ---- text ---- */

/* Roots of the mentors, and what they have in common with the mentee. */
static void
text_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	plan->value = mtr_score_carve(carver, set->nmentors, sizeof(double));
	plan->row = mtr_score_carve(carver, set->nmentors, sizeof(double));
}

/* A root of 0 comes with common terms that weigh nothing: 0 / 1 is right. */
static void
text_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	const MtrText *text = &plan->criterion->u.text;

	for (int32_t j = 0; j < set->nmentors; j++)
		plan->value[j] = text->mentor_root[j] > 0 ? text->mentor_root[j] : 1;
}

/* Sums of squares stay below 2^43, exact in double. */
static MtrRowForm
text_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrText *text = &plan->criterion->u.text;
	int32_t		begin = text->mentee_start[job->mentee];
	int32_t		end = text->mentee_start[job->mentee + 1];
	int64_t		q = 0;
	int64_t		root;
	double	   *common = plan->row;

	if (begin == end)
		return MTR_ROW_MISSING;
	memset(common, 0, job->set->nmentors * sizeof(double));
	for (int32_t i = begin; i < end; i++)
	{
		int32_t		term = text->mentee_term[i];
		int64_t		square = (int64_t) text->idf[term] * text->idf[term];
		double		add = (double) square;

		q += square;
		for (int32_t e = text->list_start[term];
			 e < text->list_start[term + 1]; e++)
			common[text->list_mentor[e]] += add;
	}
	root = mtr_text_root(q);
	plan->mentee_value = root > 0 ? root : 1;
	return MTR_ROW_SIMS;
}

/*
 * Quotients in double, plus 1/2.  They err by less than 1e-8, so cutting off
 * the fraction can only be wrong within that of a whole number, where twice
 * the distance to the middle is almost 1.  Returns whether some quotient is
 * within 1e-6, for the caller to settle.  (None exceeds a million by more
 * than 0.2 %, since roots are above 1000 where anything is in common.)
 */
MTR_SIMD static bool
divide_text(int32_t n, const double *restrict common,
			const double *restrict root, double mentee_root,
			int32_t *restrict sim)
{
	double		scale = (double) MTR_UNIT * (1 << 20) / mentee_root;
	int32_t		doubtful = 0;

	for (int32_t j = 0; j < n; j++)
	{
		double		z = common[j] * scale / root[j] + 0.5;
		int32_t		s = (int32_t) z;
		double		off_middle = fabs(z - s - 0.5);

		doubtful |= (int32_t) (off_middle * (2 + 4e-6));
		sim[j] = s < MTR_UNIT ? s : MTR_UNIT;
	}
	return doubtful != 0;
}

/*
 * The similarity by definition in integers.  floor(N / R) is k or k - 1, k
 * being the whole number next to the quotient z, and the sign of N - k * R
 * says which.  Both are too long for 64 bits, but their difference is far
 * smaller than R < 2^63, so it may be taken modulo 2^64.
 */
static int32_t
settle_text(uint64_t common, uint64_t root_product, double z)
{
	uint64_t	k = (uint64_t) (z + 0.5);
	uint64_t	difference;

	difference = (common << 20) * MTR_UNIT + root_product / 2 -
		k * root_product;
	if (difference >> 63 != 0)
		k--;
	return k < MTR_UNIT ? (int32_t) k : MTR_UNIT;
}

/* Doubles settle nearly all; a block with a doubtful one is done again. */
static const int32_t *
text_sims(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
		  int32_t n)
{
	const MtrText *text = &plan->criterion->u.text;
	const double *common = (const double *) plan->row + first;
	const double *root = plan->value + first;
	double		mentee_root = plan->mentee_value;
	int32_t    *sim = job->work->sim;

	if (divide_text(n, common, root, mentee_root, sim))
	{
		for (int32_t j = 0; j < n; j++)
		{
			double		z;

			z = common[j] * ((double) MTR_UNIT * (1 << 20)) /
				(mentee_root * root[j]) + 0.5;
			if (z < MTR_UNIT + 1)
				sim[j] = settle_text((uint64_t) common[j],
									 (uint64_t) mentee_root *
									 (uint64_t) root[j], z);
		}
	}
	for (int32_t j = 0; j < n; j++)
		if (text->mentor_size[first + j] == 0)
			sim[j] = MTR_MISSING;
	return sim;
}

const MtrKindOps mtr_text_ops = {
	.carve = text_carve,
	.prepare = text_prepare,
	.row = text_row,
	.sims = text_sims,
};

/* ---- reporting_line, not_met ---- */

/* One code for the pairs listed, one for the others. */
static void
listed_carve(const MtrScoreSet *set, MtrScorePlan *plan, MtrCarver *carver)
{
	plan->max_codes = 2;
	plan->sim_table = mtr_score_carve(carver, 2, sizeof(int32_t));
	plan->term_table = mtr_score_carve(carver, 2, sizeof(double));
	plan->row = mtr_score_carve(carver, set->nmentors, sizeof(uint16_t));
}

/* The table is the same for all mentees. */
static void
listed_prepare(const MtrScoreSet *set, MtrScorePlan *plan)
{
	plan->ncodes = 2;
	plan->sim_table[0] = MTR_UNIT;
	plan->sim_table[1] = 0;
	plan->table_is_fixed = true;
}

/* Setting a code twice does no harm. */
static MtrRowForm
listed_row(const MtrScoreJob *job, MtrScorePlan *plan)
{
	const MtrListed *listed = &plan->criterion->u.listed;
	uint16_t   *code = plan->row;

	memset(code, 0, job->set->nmentors * sizeof(uint16_t));
	for (int32_t e = listed->start[job->mentee];
		 e < listed->start[job->mentee + 1]; e++)
		code[listed->mentor[e]] = 1;
	return MTR_ROW_CODES;
}

const MtrKindOps mtr_listed_ops = {
	.carve = listed_carve,
	.prepare = listed_prepare,
	.row = listed_row,
	.codes = row_codes,
};
