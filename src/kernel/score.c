/*
 * score.c
 *	  scores of a mentee with every mentor
 *
 * Problem and definitions: score.h.  Phases of a row and the forms a
 * criterion may take: score_plan.h.  This file lays out scratch, runs the
 * phases and turns similarities into terms and sums into scores; what a kind
 * means is known only to score_skill.c, score_list.c and score_value.c.
 *
 * Cost.  About one nanosecond for each criterion and pair (numbers in
 * test/bench/score_bench.c), O(nmentors) scratch of 2 to 16 bytes a mentor
 * and criterion, 88 more for availability.  Mentors are handled in blocks, so
 * that 100,000 of them cost no more apiece than 1,000.
 *
 * Compilation.  Speed relies on gcc -O3 (loop vectorisation and unswitching)
 * and exactness on -ffp-contract=off; with less optimisation results are the
 * same.  Loops meant to become vector code stand alone in functions marked
 * MTR_SIMD and use only operations both SSE2 and AVX2 have.  Table look-ups
 * are not marked: a gather instruction is slower than loads one by one.
 * Needs -lm for sqrt().
 */
#include <string.h>

#include "score_plan.h"

/* scratch pieces start at cache lines */
#define CARVE_ALIGN 64

/* tables added in one pass */
#define MAX_LOOKUPS 4

/* combinations of codes in one table: it has to stay in the nearest cache */
#define MAX_JOINT_CODES 4096

/*
 * Criteria whose codes are the same in all rows can be looked up together:
 * the mentors get joint codes, and a row makes the table of all combinations
 * of its tables' entries, if it is small beside the row.
 */
typedef struct Group
{
	int32_t		first;			/* criteria, -1 = none */
	int32_t		last;
	int32_t		size;			/* number of combinations */
} Group;

typedef struct Lookup
{
	const uint16_t *code;
	const double *term;
} Lookup;

static const MtrKindOps *const kind_ops[] = {
	[MTR_SKILL_COVER] = &mtr_skill_ops,
	[MTR_OVERLAP] = &mtr_overlap_ops,
	[MTR_SAME] = &mtr_equal_ops,
	[MTR_DIFFER] = &mtr_equal_ops,
	[MTR_NEAR] = &mtr_distance_ops,
	[MTR_GAP] = &mtr_distance_ops,
	[MTR_COSINE] = &mtr_cosine_ops,
	[MTR_AVAILABILITY] = &mtr_availability_ops,
	[MTR_TEXT] = &mtr_text_ops,
	[MTR_LISTED] = &mtr_listed_ops,
	[MTR_PREFERENCE] = &mtr_preference_ops,
	[MTR_CUSTOM] = &mtr_custom_ops,
};

/* Take count elements of a size from scratch, or only count them. */
void *
mtr_score_carve(MtrCarver *carver, size_t count, size_t size)
{
	size_t		at = carver->used;

	carver->used += (count * size + CARVE_ALIGN - 1) &
		~(size_t) (CARVE_ALIGN - 1);
	return carver->base == NULL ? NULL : carver->base + at;
}

/* Settle what is the same for all rows and takes no memory. */
static void
init_plan(MtrScorePlan *plan, const MtrCriterion *c)
{
	memset(plan, 0, sizeof(*plan));
	plan->criterion = c;
	plan->ops = kind_ops[c->kind];
	plan->share = c->share;
	plan->if_missing = c->if_missing;
	plan->minimum = c->minimum;
	plan->missing_passes = c->strict ? -1 : MTR_UNIT;
	/* nothing known is below a minimum of 0, only what is missing */
	plan->has_rule = c->minimum > 0 || (c->minimum == 0 && c->strict);
	plan->counts = c->share > 0 || plan->has_rule;
}

/* Take what the criteria of a group have in common, if they are several. */
static void
close_group(const MtrScoreSet *set, const Group *group, MtrScorePlan *plans,
			MtrCarver *carver)
{
	uint16_t   *code;
	double	   *table;

	if (group->last == group->first)
		return;
	code = mtr_score_carve(carver, set->nmentors, sizeof(uint16_t));
	table = mtr_score_carve(carver, group->size, sizeof(double));
	if (plans != NULL)
	{
		plans[group->first].joint_code = code;
		plans[group->first].joint_table = table;
	}
}

/* Add criterion k to the group. */
static void
join_group(Group *group, int32_t k, int32_t ncodes, MtrScorePlan *plans)
{
	group->size *= ncodes;
	if (plans != NULL)
	{
		plans[group->last].next_joined = k;
		plans[k].is_joined = true;
	}
	group->last = k;
}

/* Filling an entry costs about half of what a look-up less saves. */
static int32_t
max_joint_codes(const MtrScoreSet *set)
{
	int32_t		most = set->nmentors / 2;

	return most < MAX_JOINT_CODES ? most : MAX_JOINT_CODES;
}

/* Lay out scratch; with a base also start the plans. */
static MtrScoreWork *
lay_out(const MtrScoreSet *set, MtrCarver *carver)
{
	MtrScoreWork *work = mtr_score_carve(carver, 1, sizeof(MtrScoreWork));
	MtrScorePlan *plans = mtr_score_carve(carver, set->ncriteria,
										  sizeof(MtrScorePlan));
	double	   *sum = mtr_score_carve(carver, MTR_SCORE_BLOCK,
									  sizeof(double));
	double	   *number = mtr_score_carve(carver, MTR_SCORE_BLOCK,
										 sizeof(double));
	int32_t    *sim = mtr_score_carve(carver, MTR_SCORE_BLOCK,
									  sizeof(int32_t));
	uint8_t    *bytes = mtr_score_carve(carver, 4 * MTR_SCORE_BLOCK, 1);
	Group		group = {-1, -1, 0};

	for (int32_t k = 0; k < set->ncriteria; k++)
	{
		MtrScorePlan counted;
		MtrScorePlan *plan = plans == NULL ? &counted : &plans[k];

		init_plan(plan, &set->criteria[k]);
		plan->ops->carve(set, plan, carver);
		if (!plan->counts || !plan->has_fixed_codes)
			continue;
		if (group.first >= 0 &&
			(int64_t) group.size * plan->max_codes <= max_joint_codes(set))
			join_group(&group, k, plan->max_codes, plans);
		else
		{
			close_group(set, &group, plans, carver);
			group.first = group.last = k;
			group.size = plan->max_codes;
		}
	}
	close_group(set, &group, plans, carver);
	if (work != NULL)
	{
		work->plan = plans;
		work->sum = sum;
		work->number = number;
		work->sim = sim;
		work->bytes = bytes;
	}
	return work;
}

/* Lay out scratch that isn't there, and see how long it got. */
size_t
mtr_score_scratch_size(const MtrScoreSet *set)
{
	MtrCarver	carver = {NULL, 0};

	lay_out(set, &carver);
	return carver.used;
}

/* Let a block of sums, or a table of terms, start at a value. */
MTR_SIMD static void
fill(int32_t n, double value, double *restrict sum)
{
	for (int32_t j = 0; j < n; j++)
		sum[j] = value;
}

/* Add terms: a missing value counts as if_missing. */
MTR_SIMD static void
add_terms(int32_t n, const int32_t *restrict sim, double *restrict sum,
		  double share, int32_t if_missing)
{
	for (int32_t j = 0; j < n; j++)
	{
		int32_t		s = sim[j];

		s = s < 0 ? if_missing : s;
		sum[j] += s * share;
	}
}

/*
 * Break the sums of the mentors a rule refuses, by a product rather than a
 * choice, which compilers turn into a branch.
 */
MTR_SIMD static void
add_rule(int32_t n, const int32_t *restrict sim, double *restrict sum,
		 int32_t minimum, int32_t missing_passes)
{
	for (int32_t j = 0; j < n; j++)
	{
		int32_t		s = sim[j];
		int32_t		broken;

		s = s < 0 ? missing_passes : s;
		broken = s < minimum;
		sum[j] += broken * MTR_SCORE_BROKEN;
	}
}

/* Add the terms of a block of similarities to its sums. */
void
mtr_score_add_block(const MtrScorePlan *plan, int32_t n, const int32_t *sim,
					double *sum)
{
	if (plan->share > 0)
		add_terms(n, sim, sum, plan->share, plan->if_missing);
	if (plan->has_rule)
		add_rule(n, sim, sum, plan->minimum, plan->missing_passes);
}

/* Turn the table of similarities into one of terms. */
static void
fill_term_table(MtrScorePlan *plan)
{
	fill(plan->ncodes, 0, plan->term_table);
	mtr_score_add_block(plan, plan->ncodes, plan->sim_table,
						plan->term_table);
}

/* Give the mentors the joint codes of a group. */
static void
join_codes(const MtrScoreSet *set, const MtrScorePlan *plans,
		   const MtrScorePlan *first)
{
	const MtrScorePlan *plan = first;

	memcpy(first->joint_code, plan->code, set->nmentors * sizeof(uint16_t));
	while (plan->next_joined > 0)
	{
		plan = &plans[plan->next_joined];
		for (int32_t j = 0; j < set->nmentors; j++)
			first->joint_code[j] = first->joint_code[j] * plan->max_codes +
				plan->code[j];
	}
}

/*
 * Make the table of a group.  Each table in turn spreads the entries there
 * are, from the last one down so that none is overwritten before its turn.
 * A criterion whose value the mentee lacks is in the sum from the start.
 */
static void
fill_joint_table(const MtrScorePlan *plans, const MtrScorePlan *first)
{
	const MtrScorePlan *plan = first;
	double	   *table = first->joint_table;
	int32_t		size = 1;

	table[0] = 0;
	for (;;)
	{
		const double *restrict term = plan->term_table;
		int32_t		ncodes = plan->max_codes;
		bool		counts = plan->form == MTR_ROW_CODES;

		for (int32_t i = size - 1; i >= 0; i--)
		{
			double		base = table[i];
			double	   *entry = &table[(size_t) i * ncodes];

			for (int32_t c = 0; c < ncodes; c++)
				entry[c] = base;
			for (int32_t c = 0; counts && c < ncodes; c++)
				entry[c] += term[c];
		}
		size *= ncodes;
		if (plan->next_joined == 0)
			return;
		plan = &plans[plan->next_joined];
	}
}

/* Everything that depends on the mentors only. */
void
mtr_score_prepare(const MtrScoreSet *set, void *scratch)
{
	MtrCarver	carver = {scratch, 0};
	MtrScoreWork *work = lay_out(set, &carver);

	for (int32_t k = 0; k < set->ncriteria; k++)
	{
		MtrScorePlan *plan = &work->plan[k];

		if (plan->ops->prepare != NULL)
			plan->ops->prepare(set, plan);
		if (plan->table_is_fixed)
			fill_term_table(plan);
	}
	for (int32_t k = 0; k < set->ncriteria; k++)
		if (work->plan[k].joint_code != NULL)
			join_codes(set, work->plan, &work->plan[k]);
}

/*
 * Vector code for look-ups would take the vectors apart to load entry by
 * entry, and put them together again.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define LOAD_ONE_BY_ONE __attribute__((noinline, \
									   optimize("no-tree-vectorize")))
#else
#define LOAD_ONE_BY_ONE
#endif

/* Add the terms that up to MAX_LOOKUPS tables give to the codes of a block;
 * entries beyond count repeat the first, and are not used. */
LOAD_ONE_BY_ONE static void
add_lookups(int32_t n, double *restrict sum, const Lookup *lookup, int count)
{
	const uint16_t *restrict c0 = lookup[0].code;
	const uint16_t *restrict c1 = lookup[count > 1 ? 1 : 0].code;
	const uint16_t *restrict c2 = lookup[count > 2 ? 2 : 0].code;
	const uint16_t *restrict c3 = lookup[count > 3 ? 3 : 0].code;
	const double *restrict t0 = lookup[0].term;
	const double *restrict t1 = lookup[count > 1 ? 1 : 0].term;
	const double *restrict t2 = lookup[count > 2 ? 2 : 0].term;
	const double *restrict t3 = lookup[count > 3 ? 3 : 0].term;

	if (count == 1)
		for (int32_t j = 0; j < n; j++)
			sum[j] += t0[c0[j]];
	else if (count == 2)
		for (int32_t j = 0; j < n; j++)
			sum[j] += t0[c0[j]] + t1[c1[j]];
	else if (count == 3)
		for (int32_t j = 0; j < n; j++)
			sum[j] += t0[c0[j]] + t1[c1[j]] + t2[c2[j]];
	else
		for (int32_t j = 0; j < n; j++)
			sum[j] += t0[c0[j]] + t1[c1[j]] + t2[c2[j]] + t3[c3[j]];
}

/*
 * Round the sums.  They start at MTR_UNIT / 2 + 1/2, so a sum is a whole
 * number plus 1/2 and its quotient by MTR_UNIT stays at least 5e-7 away from
 * the next whole number; the product below errs by less than 1e-9, so
 * cutting off its fraction is exact.
 */
MTR_SIMD static void
round_sums(int32_t n, const double *restrict sum, int32_t *restrict score)
{
	for (int32_t j = 0; j < n; j++)
	{
		double		q = sum[j] * 1e-6;

		q = q < 0 ? (double) MTR_NO_PAIR : q;
		score[j] = (int32_t) q;
	}
}

/*
 * First phase: find each criterion's form for this mentee and make its
 * tables.  Returns the sum everyone starts with.
 */
double
mtr_score_start_row(const MtrScoreJob *job)
{
	double		start = MTR_SCORE_START;

	for (int32_t k = 0; k < job->set->ncriteria; k++)
	{
		MtrScorePlan *plan = &job->work->plan[k];

		if (!plan->counts)
			continue;
		plan->form = plan->ops->row(job, plan);
		if (plan->form == MTR_ROW_CODES && !plan->table_is_fixed)
			fill_term_table(plan);
		if (plan->form == MTR_ROW_MISSING)
		{
			start += plan->share * plan->if_missing;
			if (plan->has_rule && plan->missing_passes < 0)
				start += MTR_SCORE_BROKEN;
		}
	}
	for (int32_t k = 0; k < job->set->ncriteria; k++)
		if (job->work->plan[k].joint_code != NULL)
			fill_joint_table(job->work->plan, &job->work->plan[k]);
	return start;
}

/* Second phase: the sums of mentors first .. first + n - 1. */
void
mtr_score_sum_block(const MtrScoreJob *job, double start, int32_t first,
					int32_t n)
{
	double	   *sum = job->work->sum;
	Lookup		lookup[MAX_LOOKUPS];
	int			count = 0;

	fill(n, start, sum);
	for (int32_t k = 0; k < job->set->ncriteria; k++)
	{
		MtrScorePlan *plan = &job->work->plan[k];

		if (!plan->counts || plan->is_joined)
			continue;
		if (plan->joint_code != NULL)
		{
			lookup[count].code = plan->joint_code + first;
			lookup[count++].term = plan->joint_table;
		}
		else if (plan->form == MTR_ROW_CODES)
		{
			lookup[count].code = plan->ops->codes(job, plan, first, n);
			lookup[count++].term = plan->term_table;
		}
		else if (plan->form == MTR_ROW_SIMS)
		{
			const int32_t *sim = plan->ops->sims(job, plan, first, n);

			if (!job->sides || plan->own[0] == NULL)
				mtr_score_add_block(plan, n, sim, sum);
			else if (plan->has_rule)
				add_rule(n, sim, sum, plan->minimum, plan->missing_passes);
		}
		if (count == MAX_LOOKUPS)
		{
			add_lookups(n, sum, lookup, count);
			count = 0;
		}
	}
	if (count > 0)
		add_lookups(n, sum, lookup, count);
}

void
mtr_score_add_share(const MtrScorePlan *plan, int32_t n, const int32_t *sim,
					double *sum)
{
	add_terms(n, sim, sum, plan->share, plan->if_missing);
}

void
mtr_score_round(int32_t n, const double *sum, int32_t *score)
{
	round_sums(n, sum, score);
}

void
mtr_score_exclude(const MtrScoreSet *set, int32_t mentee, int32_t *score)
{
	if (set->exclude_start == NULL)
		return;
	for (int32_t e = set->exclude_start[mentee];
		 e < set->exclude_start[mentee + 1]; e++)
		score[set->exclude_mentor[e]] = MTR_NO_PAIR;
}

/* Both phases, and the exclusions last: they are few and in no order. */
void
mtr_score_row(const MtrScoreSet *set, int32_t mentee, int32_t *score,
			  void *scratch)
{
	MtrScoreJob job = {set, scratch, mentee, false};
	int32_t		nmentors = set->nmentors;
	double		start;

	mtr_poll();
	if (nmentors == 0)
		return;

	start = mtr_score_start_row(&job);
	if (start < 0)
	{
		/* a value the mentee lacks breaks a strict rule */
		for (int32_t j = 0; j < nmentors; j++)
			score[j] = MTR_NO_PAIR;
		return;
	}
	for (int32_t first = 0; first < nmentors; first += MTR_SCORE_BLOCK)
	{
		int32_t		n = nmentors - first;

		if (n > MTR_SCORE_BLOCK)
			n = MTR_SCORE_BLOCK;
		mtr_score_sum_block(&job, start, first, n);
		round_sums(n, job.work->sum, score + first);
	}
	mtr_score_exclude(set, mentee, score);
}

/* Similarities of mentors first .. first + n - 1. */
static void
similarity_block(const MtrScoreJob *job, MtrScorePlan *plan, int32_t first,
				 int32_t n, int32_t *sim)
{
	if (plan->form == MTR_ROW_SIMS)
		memcpy(sim, plan->ops->sims(job, plan, first, n),
			   n * sizeof(int32_t));
	else
	{
		const uint16_t *code = plan->ops->codes(job, plan, first, n);

		for (int32_t j = 0; j < n; j++)
			sim[j] = plan->sim_table[code[j]];
	}
}

/* The same phases for one criterion, whether or not it counts. */
void
mtr_score_similarities(const MtrScoreSet *set, int32_t criterion,
					   int32_t mentee, int32_t *sim, void *scratch)
{
	MtrScoreJob job = {set, scratch, mentee, false};
	MtrScorePlan *plan = &job.work->plan[criterion];
	int32_t		nmentors = set->nmentors;

	mtr_poll();
	if (nmentors == 0)
		return;

	plan->form = plan->ops->row(&job, plan);
	if (plan->form == MTR_ROW_MISSING)
	{
		for (int32_t j = 0; j < nmentors; j++)
			sim[j] = MTR_MISSING;
		return;
	}
	for (int32_t first = 0; first < nmentors; first += MTR_SCORE_BLOCK)
	{
		int32_t		n = nmentors - first;

		if (n > MTR_SCORE_BLOCK)
			n = MTR_SCORE_BLOCK;
		similarity_block(&job, plan, first, n, sim + first);
	}
}
