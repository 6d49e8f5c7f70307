/*
 * score_bench.c
 *	  speed of the scoring kernel, in nanoseconds of CPU time for each pair
 *
 * The instance imitates a mentoring programme: 0.45 coverage of 10 wanted of
 * 300 skills (levels 1-5, popular skills far more frequent), 0.2 Jaccard of 5
 * of 100 interests, 0.15 gap of grades, 0.1 same department, 0.1 nearness of
 * ages.  Variants: skills held by 20 skills a mentor in lists ("sparse"), by
 * all mentors with all of 70 skills ("dense"), either with availability of
 * some windows a week instead of department, and single criteria alone.
 *
 * Given are medians with and without vector clones, the best time with them,
 * and the median of columns (one mentor, all mentees).  The program fails when
 * the two builds' checksums or rows and columns differ.  Arguments:
 * the number of people on either side, 2000 if not given, and a part of the
 * names of the variants to run.
 *
 *	 gcc -std=gnu99 -O3 -ffp-contract=off -Isrc/kernel \
 *		 test/bench/score_bench.c src/kernel/score*.c test/unit/poll.c -lm
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* the second build is the plain one */
#define MTR_NO_SIMD
#include "bench.h"
#include "../unit/score_second.h"

#define NSKILLS 300
#define NDENSE 70
#define NWANTS 10
#define NHELD 20
#define NINTERESTS 100
#define SET_SIZE 5
#define NGRADES 10
#define NDEPARTMENTS 12
#define NAGES 45
#define NTERMS 2000
#define TEXT_SIZE 40
#define DIM 16
#define REPEATS 9
#define MAX_CRITERIA 8

/* sets of elements, compressed by owner and by element */
typedef struct Lists
{
	int32_t    *owner_start;
	int32_t    *owner_element;
	int32_t    *owner_size;
	int32_t    *start;
	int32_t    *owner;
} Lists;

typedef void (*RowFunction) (const MtrScoreSet *set, int32_t mentee,
							 int32_t *score, void *scratch);

static int32_t people = 2000;
static const char *only = "";
static uint64_t random_state = 1;

/* A linear congruential generator: the same everywhere. */
static int32_t
below(int32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (int32_t) ((random_state >> 33) % (uint64_t) n);
}

void
second_poll(void)
{
}

static void *
take(size_t count, size_t size)
{
	void	   *memory = calloc(count + 1, size);

	if (memory == NULL)
	{
		fprintf(stderr, "out of memory\n");
		exit(2);
	}
	return memory;
}

/* An element below n, the small ones popular when skewed. */
static int32_t
pick(int32_t n, bool skewed)
{
	int64_t		r = below(1 << 20);

	if (!skewed)
		return below(n);
	/* density falls as 1 / sqrt(rank) */
	return (int32_t) (((r * r) >> 20) * n >> 20);
}

/* Everyone gets a set of size distinct elements of n. */
static Lists
make_sets(int32_t n, int32_t size, bool skewed)
{
	Lists		sets;
	int32_t    *last = take(n, sizeof(int32_t));
	int32_t    *fill = take(n, sizeof(int32_t));

	sets.owner_start = take(people + 1, sizeof(int32_t));
	sets.owner_element = take((size_t) people * size, sizeof(int32_t));
	sets.owner_size = take(people, sizeof(int32_t));
	sets.start = take(n + 1, sizeof(int32_t));
	sets.owner = take((size_t) people * size, sizeof(int32_t));
	for (int32_t i = 0; i < people; i++)
	{
		sets.owner_start[i] = i * size;
		sets.owner_size[i] = size;
		for (int32_t k = 0; k < size;)
		{
			int32_t		element = pick(n, skewed);

			if (last[element] == i + 1)
				continue;
			last[element] = i + 1;
			sets.owner_element[i * size + k++] = element;
			sets.start[element + 1]++;
		}
	}
	sets.owner_start[people] = people * size;
	for (int32_t e = 0; e < n; e++)
	{
		sets.start[e + 1] += sets.start[e];
		fill[e] = sets.start[e];
	}
	for (int32_t i = 0; i < people * size; i++)
		sets.owner[fill[sets.owner_element[i]]++] = i / size;
	free(last);
	free(fill);
	return sets;
}

/* Ten wants of each mentee with levels and shares. */
static void
make_wants(MtrSkillCover *skill, int32_t nskills, bool skewed)
{
	Lists		wants = make_sets(nskills, NWANTS, skewed);
	uint8_t    *level = take(people * NWANTS, 1);
	uint8_t    *target = take(people * NWANTS, 1);
	int32_t    *share = take(people * NWANTS, sizeof(int32_t));

	skill->nskills = nskills;
	skill->want_start = wants.owner_start;
	skill->want_skill = wants.owner_element;
	skill->want_level = level;
	skill->want_target = target;
	skill->want_share = share;
	for (int32_t i = 0; i < people; i++)
	{
		double		weight[NWANTS];
		int32_t		order[NWANTS];

		for (int32_t w = i * NWANTS; w < (i + 1) * NWANTS; w++)
		{
			level[w] = below(4);
			target[w] = level[w] + 1 + below(5 - level[w]);
			weight[w - i * NWANTS] = 1 + below(3);
		}
		mtr_divide(MTR_UNIT, NWANTS, weight, &share[i * NWANTS], order);
	}
}

static MtrCriterion
make_criterion(MtrKind kind, int32_t share)
{
	MtrCriterion c;

	memset(&c, 0, sizeof(c));
	c.kind = kind;
	c.share = share;
	c.minimum = -1;
	c.if_missing = MTR_UNIT / 2;
	return c;
}

/* Skills by list, by list but the most frequent, or all mentors with all. */
static MtrCriterion
make_skills(int32_t share, int32_t nskills, double dense_from)
{
	MtrCriterion c = make_criterion(MTR_SKILL_COVER, share);
	MtrSkillCover *skill = &c.u.skill;
	Lists		held = make_sets(nskills, nskills == NDENSE ? NDENSE : NHELD,
								 nskills != NDENSE);
	uint8_t   **dense = take(nskills, sizeof(uint8_t *));
	int32_t    *start = take(nskills + 1, sizeof(int32_t));
	int32_t    *mentor = take(held.start[nskills], sizeof(int32_t));
	uint8_t    *level = take(held.start[nskills], 1);

	make_wants(skill, nskills, nskills != NDENSE);
	for (int32_t s = 0; s < nskills; s++)
	{
		int32_t		count = held.start[s + 1] - held.start[s];

		start[s + 1] = start[s];
		if (count >= dense_from * people)
			dense[s] = take(people, 1);
		for (int32_t e = held.start[s]; e < held.start[s + 1]; e++)
		{
			if (dense[s] != NULL)
				dense[s][held.owner[e]] = 1 + below(5);
			else
			{
				mentor[start[s + 1]] = held.owner[e];
				level[start[s + 1]++] = 1 + below(5);
			}
		}
	}
	skill->dense = (const uint8_t *const *) dense;
	skill->list_start = start;
	skill->list_mentor = mentor;
	skill->list_level = level;
	skill->mentor_missing = take(people, sizeof(bool));
	return c;
}

static MtrCriterion
make_overlap(int32_t share, int32_t size)
{
	MtrCriterion c = make_criterion(MTR_OVERLAP, share);
	Lists		mentees = make_sets(NINTERESTS, size, false);
	Lists		mentors = make_sets(NINTERESTS, size, false);

	c.u.overlap.nelements = NINTERESTS;
	c.u.overlap.mentee_start = mentees.owner_start;
	c.u.overlap.mentee_element = mentees.owner_element;
	c.u.overlap.mentor_size = mentors.owner_size;
	c.u.overlap.list_start = mentors.start;
	c.u.overlap.list_mentor = mentors.owner;
	return c;
}

static MtrCriterion
make_class(MtrKind kind, int32_t share, int32_t nclasses)
{
	MtrCriterion c = make_criterion(kind, share);
	int32_t    *mentee = take(people, sizeof(int32_t));
	int32_t    *mentor = take(people, sizeof(int32_t));
	double	   *mentee_value = take(people, sizeof(double));
	double	   *value = take(nclasses, sizeof(double));

	for (int32_t i = 0; i < people; i++)
	{
		mentee[i] = below(nclasses);
		mentor[i] = below(nclasses);
		mentee_value[i] = mentee[i];
	}
	for (int32_t k = 0; k < nclasses; k++)
		value[k] = k;
	c.u.class.nclasses = nclasses;
	c.u.class.mentee_class = mentee;
	c.u.class.mentor_class = mentor;
	c.u.class.mentee_missing = take(people, sizeof(bool));
	c.u.class.mentee_value = mentee_value;
	c.u.class.class_value = value;
	c.u.class.range = nclasses / 2.0;
	c.u.class.from = 1;
	c.u.class.to = 3;
	c.u.class.slack = 2;
	return c;
}

/* Some windows of one to four hours on working days. */
static uint64_t *
make_weeks(int32_t windows)
{
	uint64_t   *week = take((size_t) people * MTR_WEEK_WORDS,
							sizeof(uint64_t));

	for (int32_t i = 0; i < people; i++)
		for (int32_t k = 0; k < windows; k++)
		{
			int32_t		from = below(5) * 96 + 32 + below(32);
			int32_t		to = from + 4 * (1 + below(4));

			for (int32_t q = from; q < to; q++)
				week[(size_t) i * MTR_WEEK_WORDS + q / 64] |=
					UINT64_C(1) << q % 64;
		}
	return week;
}

static MtrCriterion
make_availability(int32_t share, int32_t windows)
{
	MtrCriterion c = make_criterion(MTR_AVAILABILITY, share);

	c.u.availability.minutes = 120;
	c.u.availability.mentee = make_weeks(windows);
	c.u.availability.mentor = make_weeks(windows);
	return c;
}

static MtrCriterion
make_text(int32_t share)
{
	MtrCriterion c = make_criterion(MTR_TEXT, share);
	Lists		mentees = make_sets(NTERMS, TEXT_SIZE, true);
	Lists		mentors = make_sets(NTERMS, TEXT_SIZE, true);
	int32_t    *idf = take(NTERMS, sizeof(int32_t));
	int64_t    *root = take(people, sizeof(int64_t));

	for (int32_t t = 0; t < NTERMS; t++)
	{
		int32_t		df = mentees.start[t + 1] - mentees.start[t] +
		mentors.start[t + 1] - mentors.start[t];

		idf[t] = mtr_text_idf(2 * people, df > 0 ? df : 1);
	}
	for (int32_t i = 0; i < people; i++)
	{
		for (int32_t k = i * TEXT_SIZE; k < (i + 1) * TEXT_SIZE; k++)
			root[i] += (int64_t) idf[mentors.owner_element[k]] *
				idf[mentors.owner_element[k]];
		root[i] = mtr_text_root(root[i]);
	}
	c.u.text.nterms = NTERMS;
	c.u.text.idf = idf;
	c.u.text.mentee_start = mentees.owner_start;
	c.u.text.mentee_term = mentees.owner_element;
	c.u.text.mentor_size = mentors.owner_size;
	c.u.text.mentor_root = root;
	c.u.text.list_start = mentors.start;
	c.u.text.list_mentor = mentors.owner;
	return c;
}

static MtrCriterion
make_cosine(int32_t share)
{
	MtrCriterion c = make_criterion(MTR_COSINE, share);
	double	   *mentee = take((size_t) people * DIM, sizeof(double));
	double	   *mentor = take((size_t) people * DIM, sizeof(double));

	for (int32_t i = 0; i < people * DIM; i++)
	{
		mentee[i] = below(2001) / 1000.0 - 1;
		mentor[i] = below(2001) / 1000.0 - 1;
	}
	c.u.cosine.dim = DIM;
	c.u.cosine.mentee = mentee;
	c.u.cosine.mentor = mentor;
	c.u.cosine.mentee_missing = take(people, sizeof(bool));
	c.u.cosine.mentor_missing = take(people, sizeof(bool));
	return c;
}

/* Score all pairs; returns the time in nanoseconds for each. */
static double
measure(const MtrScoreSet *set, RowFunction row, void *scratch)
{
	int32_t    *score = take(people, sizeof(int32_t));
	double		begin = cpu_seconds();

	for (int32_t i = 0; i < people; i++)
		row(set, i, score, scratch);
	free(score);
	return (cpu_seconds() - begin) * 1e9 / ((double) people * people);
}

/* A number that depends on every score. */
static uint64_t
checksum(const MtrScoreSet *set, RowFunction row, void *scratch)
{
	int32_t    *score = take(people, sizeof(int32_t));
	uint64_t	sum = 0;

	for (int32_t i = 0; i < people; i++)
	{
		row(set, i, score, scratch);
		for (int32_t j = 0; j < people; j++)
			sum = sum * 31 + (uint32_t) score[j];
	}
	free(score);
	return sum;
}

/* The same by columns, which the scratch given is prepared for. */
static double
measure_columns(const MtrScoreSet *set, void *scratch, void *row_scratch)
{
	int32_t    *score = take(people, sizeof(int32_t));
	double		begin = cpu_seconds();

	for (int32_t j = 0; j < people; j++)
		mtr_score_column(set, j, score, scratch, row_scratch);
	free(score);
	return (cpu_seconds() - begin) * 1e9 / ((double) people * people);
}

/* Do rows and columns add up to the same, position by position? */
static bool
columns_agree(const MtrScoreSet *set, void *scratch, void *row_scratch)
{
	int32_t    *score = take(people, sizeof(int32_t));
	uint64_t	difference = 0;

	for (int32_t i = 0; i < people; i++)
	{
		mtr_score_row(set, i, score, row_scratch);
		for (int32_t j = 0; j < people; j++)
			difference += (uint64_t) (2 * i + 1) * (2 * j + 3) *
				(uint32_t) score[j];
	}
	for (int32_t j = 0; j < people; j++)
	{
		mtr_score_column(set, j, score, scratch, row_scratch);
		for (int32_t i = 0; i < people; i++)
			difference -= (uint64_t) (2 * i + 1) * (2 * j + 3) *
				(uint32_t) score[i];
	}
	free(score);
	return difference == 0;
}

static double
median(double *value)
{
	qsort(value, REPEATS, sizeof(double), compare_doubles);
	return value[REPEATS / 2];
}

static void *
take_scratch(size_t size)
{
	void	   *scratch;

	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	return scratch;
}

/* Measure one programme with both builds in turn; false when they differ. */
static bool
run(const char *name, int32_t ncriteria, const MtrCriterion *criteria)
{
	MtrScoreSet set = {people, people, ncriteria, criteria, NULL, NULL};
	size_t		size = mtr_score_scratch_size(&set);
	void	   *scratch;
	void	   *plain_scratch;
	void	   *column_scratch;
	double		vector[REPEATS];
	double		plain[REPEATS];
	double		column[REPEATS];
	uint64_t	sum;
	bool		equal;

	if (strstr(name, only) == NULL)
		return true;
	scratch = take_scratch(size);
	plain_scratch = take_scratch(size);
	column_scratch = take_scratch(mtr_score_column_size(&set));
	mtr_score_prepare(&set, scratch);
	second_score_prepare(&set, plain_scratch);
	mtr_score_column_prepare(&set, column_scratch);
	sum = checksum(&set, mtr_score_row, scratch);
	equal = sum == checksum(&set, second_score_row, plain_scratch) &&
		columns_agree(&set, column_scratch, scratch);
	for (int r = 0; r < REPEATS; r++)
	{
		vector[r] = measure(&set, mtr_score_row, scratch);
		plain[r] = measure(&set, second_score_row, plain_scratch);
		column[r] = measure_columns(&set, column_scratch, scratch);
	}
	printf("%-30s %7.2f", name, median(vector));
	printf(" %7.2f %7.2f %7.2f %9zu", vector[0], median(plain),
		   median(column), size / 1024);
	printf("  %016llx%s\n", (unsigned long long) sum,
		   equal ? "" : "  DIFFERS");
	free(scratch);
	free(plain_scratch);
	free(column_scratch);
	return equal;
}

int
main(int argc, char **argv)
{
	MtrCriterion c[MAX_CRITERIA];
	MtrCriterion sparse;
	MtrCriterion available;
	bool		equal = true;

	if (argc > 1)
		people = atoi(argv[1]);
	if (argc > 2)
		only = argv[2];
	if (people < 1)
		return 2;
	printf("%d x %d pairs, ns of CPU time each\n", people, people);
	printf("%-30s %7s %7s %7s %7s %9s  %s\n", "criteria", "vector",
		   "(best)", "plain", "column", "scratch kB", "checksum");

	sparse = make_skills(450000, NSKILLS, 2.0);
	available = make_availability(100000, 6);
	c[0] = sparse;
	c[1] = make_overlap(200000, SET_SIZE);
	c[2] = make_class(MTR_GAP, 150000, NGRADES);
	c[3] = make_class(MTR_SAME, 100000, NDEPARTMENTS);
	c[4] = make_class(MTR_NEAR, 100000, NAGES);
	equal &= run("sparse", 5, c);
	c[4] = available;
	equal &= run("sparse, availability", 5, c);
	c[4] = make_class(MTR_NEAR, 100000, NAGES);
	c[0] = make_skills(450000, NSKILLS, 0.1);
	equal &= run("mixed", 5, c);
	c[0] = make_skills(450000, NDENSE, 0.1);
	equal &= run("dense", 5, c);
	c[0].minimum = 100000;
	equal &= run("dense, minimum", 5, c);
	c[0].minimum = -1;
	c[4] = available;
	equal &= run("dense, availability", 5, c);

	equal &= run("nothing", 0, c);
	equal &= run("one: skills sparse", 1, &sparse);
	equal &= run("one: skills dense", 1, &c[0]);
	equal &= run("one: overlap", 1, &c[1]);
	c[0] = make_overlap(200000, 50);
	equal &= run("one: overlap, 50 each", 1, c);
	equal &= run("one: gap, 10 classes", 1, &c[2]);
	c[0] = make_class(MTR_GAP, 1000000, people);
	equal &= run("one: gap, all different", 1, c);
	equal &= run("one: availability", 1, &available);
	c[0] = make_availability(1000000, 60);
	equal &= run("one: availability, 60 windows", 1, c);
	c[0] = make_text(1000000);
	equal &= run("one: text of 40 terms", 1, c);
	c[0] = make_cosine(1000000);
	equal &= run("one: cosine of 16", 1, c);
	return equal ? 0 : 1;
}
