/*
 * score_edge_test.c
 *	  edges of the scoring kernel, with the numbers they should give
 *
 * Build: score_edge_test.c poll.c score*.c -lm
 */
#include "score_check.h"

/* Does criterion 0 give the mentee these similarities, in both builds? */
static bool
gives(Programme *p, int32_t mentee, const int32_t *wanted)
{
	int32_t		m = p->set.nmentors;
	int32_t    *row = TABLE(m, int32_t);
	bool		same = true;

	pack_programme(p);
	for (int b = 0; b < 2; b++)
	{
		void	   *scratch = new_scratch(&builds[b], &p->set);

		builds[b].similarities(&p->set, 0, mentee, row, scratch);
		same = same && same_row(m, row, wanted, "similarity", mentee);
		free(scratch);
	}
	return same;
}

/* The same for scores. */
static bool
scores(Programme *p, int32_t mentee, const int32_t *wanted)
{
	int32_t		m = p->set.nmentors;
	int32_t    *row = TABLE(m, int32_t);
	bool		same = true;

	pack_programme(p);
	for (int b = 0; b < 2; b++)
	{
		void	   *scratch = new_scratch(&builds[b], &p->set);

		builds[b].row(&p->set, mentee, row, scratch);
		same = same && same_row(m, row, wanted, "score", mentee);
		free(scratch);
	}
	return same;
}

#define ROW(...) ((const int32_t[]) {__VA_ARGS__})

static void
test_skill_edges(void)
{
	for (int dense = 0; dense < 2; dense++)
	{
		Programme  *p = new_programme(3, 6, 1);
		Raw		   *raw = add_criterion(p, 0, MTR_SKILL_COVER, 2);
		static const uint8_t offered[6] = {0, 2, 3, 5, 7, 7};

		raw->dense[0] = raw->dense[1] = dense;
		raw->level[0] = 2;
		raw->target[0] = 5;
		raw->share[0] = MTR_UNIT;
		for (int j = 0; j < 6; j++)
			raw->offered[2 * j] = offered[j];
		raw->mentor_missing[5] = true;
		report(gives(p, 0, ROW(0, 0, 333333, 1000000, 1000000, MTR_MISSING)),
			   dense ? "skill_cover: dense levels up to above the target" :
			   "skill_cover: listed levels up to above the target");
		report(gives(p, 1, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING,
							   MTR_MISSING, MTR_MISSING, MTR_MISSING)),
			   "skill_cover: a mentee without wants");

		/* 1/14 of what is wanted, and all that counts */
		raw->target[4] = 7;
		raw->share[4] = MTR_UNIT / 2;
		raw->level[5] = 6;
		raw->target[5] = 7;
		raw->share[5] = MTR_UNIT / 2;
		for (int j = 0; j < 6; j++)
			raw->offered[2 * j] = 1;
		report(gives(p, 2, ROW(71429, 71429, 71429, 71429, 71429,
							   MTR_MISSING)),
			   "skill_cover: a seventh of half, rounded");
		raw->share[4] = 0;
		raw->share[5] = MTR_UNIT;
		report(gives(p, 2, ROW(0, 0, 0, 0, 0, MTR_MISSING)),
			   "skill_cover: a want of weight 0");
		release_memory();
	}
}

static void
test_overlap_edges(void)
{
	Programme  *p = new_programme(3, 4, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_OVERLAP, 200);

	/* mentee 0: {0,1}; mentors {0,1}, {1,2}, {2,3}, {} */
	raw->mentee_has[0] = raw->mentee_has[1] = true;
	for (int j = 0; j < 3; j++)
		raw->mentor_has[200 * j + j] = raw->mentor_has[200 * j + j + 1] =
			true;
	report(gives(p, 0, ROW(1000000, 333333, 0, MTR_MISSING)),
		   "overlap: equal, one common, disjoint, empty sets");
	report(gives(p, 1, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING,
						   MTR_MISSING)),
		   "overlap: an empty set of the mentee");
	p->criteria[0].u.overlap.cover = true;
	report(gives(p, 0, ROW(1000000, 500000, 0, MTR_MISSING)),
		   "overlap: cover");
	for (int e = 0; e < 200; e++)
		raw->mentor_has[600 + e] = true;
	report(gives(p, 0, ROW(1000000, 500000, 0, 1000000)),
		   "overlap: cover by a larger set");

	/* mentee 2 has 128 elements, of which mentor 0 has one */
	memset(raw->mentor_has, 0, 800);
	for (int e = 0; e < 128; e++)
		raw->mentee_has[400 + e] = true;
	raw->mentor_has[127] = true;
	report(gives(p, 2, ROW(7813, MTR_MISSING, MTR_MISSING, MTR_MISSING)),
		   "overlap: cover of 1/128 rounds half up");
	p->criteria[0].u.overlap.cover = false;
	report(gives(p, 2, ROW(7813, MTR_MISSING, MTR_MISSING, MTR_MISSING)),
		   "overlap: Jaccard of 1/128 rounds half up");
	release_memory();
}

static void
test_class_edges(void)
{
	Programme  *p = new_programme(3, 3, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_SAME, 2);
	MtrClass   *class = &p->criteria[0].u.class;
	static const double value[3] = {10, 15, 20};

	/* mentors of class 0, 1 and none; mentees of class 1, 5 and none */
	for (int j = 0; j < 3; j++)
		raw->mentor_class[j] = j < 2 ? j : -1;
	raw->mentee_class[0] = 1;
	raw->mentee_class[1] = 5;
	raw->mentee_missing[2] = true;
	for (int wide = 0; wide < 2; wide++)
	{
		class->nclasses = wide ? 65536 : 2;
		p->criteria[0].kind = MTR_SAME;
		report(gives(p, 0, ROW(0, 1000000, MTR_MISSING)), "same: values");
		report(gives(p, 1, ROW(0, 0, MTR_MISSING)),
			   "same: a value no mentor has");
		report(gives(p, 2, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING)),
			   "same: the mentee has no value");
		p->criteria[0].kind = MTR_DIFFER;
		report(gives(p, 0, ROW(1000000, 0, MTR_MISSING)), "differ: values");
		report(gives(p, 1, ROW(1000000, 1000000, MTR_MISSING)),
			   "differ: a value no mentor has");
	}
	release_memory();

	p = new_programme(2, 3, 1);
	raw = add_criterion(p, 0, MTR_NEAR, 3);
	class = &p->criteria[0].u.class;
	memcpy(raw->class_value, value, sizeof(value));
	for (int j = 0; j < 3; j++)
		raw->mentor_class[j] = j;
	raw->mentee_value[0] = 10;
	raw->mentee_value[1] = 1e308;
	class->range = 10;
	report(gives(p, 0, ROW(1000000, 500000, 0)),
		   "near: equal, half the range away, the range away");
	raw->class_value[2] = -1e308;
	report(gives(p, 1, ROW(0, 0, 0)), "near: a distance beyond all numbers");
	class->range = 3;
	raw->class_value[2] = 11;
	report(gives(p, 0, ROW(1000000, 0, 666667)), "near: a third of the range");
	release_memory();
}

static void
test_gap_edges(void)
{
	Programme  *p = new_programme(2, 5, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_GAP, 5);
	MtrClass   *gap = &p->criteria[0].u.class;

	/* mentors 0, 1 .. 4 above mentee 0 */
	for (int j = 0; j < 5; j++)
	{
		raw->mentor_class[j] = j;
		raw->class_value[j] = 10 + j;
	}
	raw->mentee_value[0] = 10;
	gap->from = gap->to = 2;
	gap->slack = 0;
	report(gives(p, 0, ROW(0, 0, 1000000, 0, 0)),
		   "gap: equal bounds, no slack");
	gap->slack = 2;
	report(gives(p, 0, ROW(0, 500000, 1000000, 500000, 0)),
		   "gap: equal bounds, slack 2");
	gap->from = -INFINITY;
	report(gives(p, 0, ROW(1000000, 1000000, 1000000, 500000, 0)),
		   "gap: no lower bound");
	gap->from = 2;
	gap->to = INFINITY;
	report(gives(p, 0, ROW(0, 500000, 1000000, 1000000, 1000000)),
		   "gap: no upper bound");
	gap->slack = 0;
	raw->mentee_value[1] = -1e308;
	raw->class_value[4] = 1e308;
	report(gives(p, 1, ROW(1000000, 1000000, 1000000, 1000000, 1000000)),
		   "gap: a difference beyond all numbers, no upper bound");
	gap->to = 1e308;
	report(gives(p, 1, ROW(1000000, 1000000, 1000000, 1000000, 0)),
		   "gap: a difference beyond all numbers, upper bound");
	gap->from = -INFINITY;
	gap->to = INFINITY;
	report(gives(p, 1, ROW(1000000, 1000000, 1000000, 1000000, 1000000)),
		   "gap: no bounds");
	raw->mentee_value[1] = 1e308;
	raw->class_value[0] = -1e308;
	report(gives(p, 1, ROW(1000000, 1000000, 1000000, 1000000, 1000000)),
		   "gap: a difference below all numbers, no bounds");
	release_memory();
}

static void
test_cosine_edges(void)
{
	Programme  *p = new_programme(3, 6, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_COSINE, 2);
	static const double mentors[6][2] = {
		{2, 2}, {-3, -3}, {1, -1}, {1, 0}, {0, 0}, {5, 5}
	};

	memcpy(raw->mentor_vector, mentors, sizeof(mentors));
	raw->mentor_missing[5] = true;
	raw->mentee_vector[0] = raw->mentee_vector[1] = 1;
	report(gives(p, 0, ROW(1000000, 0, 0, 707107, MTR_MISSING, MTR_MISSING)),
		   "cosine: along, opposite, across, aside, no length, missing");
	report(gives(p, 1, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING,
						   MTR_MISSING, MTR_MISSING, MTR_MISSING)),
		   "cosine: a mentee's vector without length");
	raw->mentee_vector[4] = raw->mentee_vector[5] = 1e200;
	raw->mentor_vector[0] = raw->mentor_vector[1] = 1e200;
	report(gives(p, 2, ROW(0, 0, 0, 0, MTR_MISSING, MTR_MISSING)),
		   "cosine: lengths beyond all numbers count 0");
	raw->mentee_vector[4] = 2.7e-162;
	raw->mentee_vector[5] = 0;
	raw->mentor_vector[0] = 3.3e-162;
	raw->mentor_vector[1] = 0;
	report(gives(p, 2, ROW(1000000, 0, 858927, 1000000, MTR_MISSING,
						   MTR_MISSING)),
		   "cosine: a quotient that rounding makes 2 counts 1");
	release_memory();
}

static void
set_slots(uint64_t *week, int from, int to)
{
	for (int q = from; q < to; q++)
		week[q / 64] |= UINT64_C(1) << q % 64;
}

static void
test_availability_edges(void)
{
	Programme  *p = new_programme(3, 5, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_AVAILABILITY, 1);
	MtrAvailability *free = &p->criteria[0].u.availability;
	uint64_t   *mentor = raw->mentor_week;

	/* mentee 0 is always free; mentee 1 the first hour and the last quarter */
	set_slots(raw->mentee_week, 0, MTR_WEEK_SLOTS);
	set_slots(raw->mentee_week + MTR_WEEK_WORDS, 0, 4);
	set_slots(raw->mentee_week + MTR_WEEK_WORDS, 671, 672);
	set_slots(mentor, 0, MTR_WEEK_SLOTS);
	set_slots(mentor + MTR_WEEK_WORDS, 3, 12);
	set_slots(mentor + 2 * MTR_WEEK_WORDS, 671, 672);
	set_slots(mentor + 4 * MTR_WEEK_WORDS, 100, 101);

	free->minutes = 10080;
	report(gives(p, 0, ROW(1000000, 13393, 1488, MTR_MISSING, 1488)),
		   "availability: whole weeks");
	free->minutes = 120;
	report(gives(p, 0, ROW(1000000, 1000000, 125000, MTR_MISSING, 125000)),
		   "availability: at most 1");
	report(gives(p, 1, ROW(625000, 125000, 125000, MTR_MISSING, 0)),
		   "availability: common quarters");
	free->minutes = 7;
	report(gives(p, 1, ROW(1000000, 1000000, 1000000, MTR_MISSING, 0)),
		   "availability: less than a quarter wanted");
	report(gives(p, 2, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING,
						   MTR_MISSING, MTR_MISSING)),
		   "availability: a mentee without time");

	/* bits that are no part of the week */
	raw->mentee_week[2 * MTR_WEEK_WORDS + 10] = UINT64_C(1) << 40;
	mentor[3 * MTR_WEEK_WORDS + 10] = UINT64_C(1) << 40;
	report(gives(p, 2, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING,
						   MTR_MISSING, MTR_MISSING)),
		   "availability: bits after the week are no time of a mentee");
	mentor[4 * MTR_WEEK_WORDS + 10] = UINT64_C(1) << 40;
	raw->mentee_week[MTR_WEEK_WORDS + 10] |= UINT64_C(1) << 40;
	report(gives(p, 1, ROW(1000000, 1000000, 1000000, MTR_MISSING, 0)),
		   "availability: bits after the week are no time of a mentor");
	release_memory();
}

static void
test_text_edges(void)
{
	Programme  *p = new_programme(4, 5, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_TEXT, 8);

	/* mentee 0: {0,1}; mentors {0,1}, {1,2}, {2,3}, {}, {7} */
	for (int t = 0; t < 8; t++)
		raw->idf[t] = t < 7 ? 256 : 0;
	raw->mentee_has[0] = raw->mentee_has[1] = true;
	for (int j = 0; j < 3; j++)
		raw->mentor_has[8 * j + j] = raw->mentor_has[8 * j + j + 1] = true;
	raw->mentor_has[39] = true;
	report(gives(p, 0, ROW(1000000, 500002, 0, MTR_MISSING, 0)),
		   "text: identical, half common, disjoint, empty, weightless");
	report(gives(p, 1, ROW(MTR_MISSING, MTR_MISSING, MTR_MISSING, MTR_MISSING,
						   MTR_MISSING)), "text: the mentee wrote nothing");
	raw->mentee_has[23] = true;
	report(gives(p, 2, ROW(0, 0, 0, MTR_MISSING, 0)),
		   "text: a mentee's words weigh nothing");

	/* sums of squares 256, 256 and 2: the quotient is 7812.5 exactly */
	memset(raw->mentor_has, 0, 40);
	raw->idf[0] = raw->idf[1] = 1;
	raw->idf[2] = raw->idf[5] = 15;
	raw->idf[3] = raw->idf[6] = 5;
	raw->idf[4] = raw->idf[7] = 2;
	for (int t = 0; t < 5; t++)
		raw->mentee_has[24 + t] = true;
	for (int t = 0; t < 8; t++)
		raw->mentor_has[t] = t < 2 || t > 4;
	report(gives(p, 3, ROW(7813, MTR_MISSING, MTR_MISSING, MTR_MISSING,
						   MTR_MISSING)), "text: 1/128 rounds half up");
	release_memory();
}

/* settle_text() decides what doubles can't: here for any quotient. */
static void
test_text_rounding(void)
{
	uint64_t	state = 1;
	bool		agrees = true;

	for (int r = 0; r < 200000; r++)
	{
		uint64_t	product;
		uint64_t	common;
		double		z;
		Wide		exact;

		state = state * UINT64_C(6364136223846793005) + 12345;
		product = (state >> 2) + 1;
		if (r % 2 > 0)
			product >>= 20;

		/* close to where the rounding changes */
		exact = (Wide) product * (2 * (state % 1000000) + 1) /
			(2 * (Wide) MTR_UNIT * (1 << 20));
		common = (uint64_t) exact + (state >> 40) % 2;
		z = (double) common * MTR_UNIT * (1 << 20) / product + 0.5;
		exact = ((Wide) common * (1 << 20) * MTR_UNIT +
				 product / 2) / product;
		agrees = agrees && z < MTR_UNIT + 1 &&
			settle_text(common, product, z) ==
			(exact < MTR_UNIT ? (int32_t) exact : MTR_UNIT);
	}
	report(agrees, "text: quotients next to the middle are rounded exactly");
}

static void
test_pair_edges(void)
{
	Programme  *p = new_programme(2, 3, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_LISTED, 1);

	raw->listed[1] = true;
	report(gives(p, 0, ROW(1000000, 0, 1000000)), "listed: one of three");
	report(gives(p, 1, ROW(1000000, 1000000, 1000000)), "listed: none");

	/* a pair may be listed twice, for two reasons */
	{
		static const int32_t start[3] = {0, 3, 3};
		static const int32_t mentor[3] = {2, 0, 2};
		int32_t		row[3];

		pack_programme(p);
		p->criteria[0].u.listed.start = start;
		p->criteria[0].u.listed.mentor = mentor;
		for (int b = 0; b < 2; b++)
		{
			void	   *scratch = new_scratch(&builds[b], &p->set);

			builds[b].row(&p->set, 0, row, scratch);
			report(same_row(3, row, ROW(0, 1000000, 0), "score", 0),
				   "listed: one pair twice");
			free(scratch);
		}
	}

	raw = add_criterion(p, 0, MTR_PREFERENCE, 1);
	p->criteria[0].if_missing = 400000;
	raw->mentee_base[0] = 0;
	raw->mentee_base[1] = -1;
	raw->mentor_base[0] = 0;
	raw->mentor_base[1] = raw->mentor_base[2] = -1;
	raw->listed[2] = true;
	raw->listed[0] = true;
	raw->listed[1] = false;
	raw->mentee_says[2] = 666667;
	raw->mentor_says[2] = -1;
	raw->mentee_says[0] = 1000000;
	raw->mentor_says[0] = 333333;
	report(gives(p, 0, ROW(666667, 200000, 533334)),
		   "preference: both say, one has no list, one says");
	report(gives(p, 1, ROW(200000, MTR_MISSING, MTR_MISSING)),
		   "preference: neither has a list");
	release_memory();
}

/* A rule: what the similarities 0, 500000, MTR_UNIT and missing become. */
static bool
rule_gives(int32_t minimum, bool strict, int32_t share, const int32_t *wanted)
{
	Programme  *p = new_programme(1, 4, 1);
	Raw		   *raw = add_criterion(p, 0, MTR_CUSTOM, 1);
	bool		same;

	memcpy(raw->mentee_says, ROW(0, 500000, MTR_UNIT, MTR_MISSING),
		   4 * sizeof(int32_t));
	p->criteria[0].share = share;
	p->criteria[0].minimum = minimum;
	p->criteria[0].strict = strict;
	p->criteria[0].if_missing = 250000;
	same = scores(p, 0, wanted);
	release_memory();
	return same;
}

static void
test_rules(void)
{
	int32_t		none = MTR_NO_PAIR;

	report(rule_gives(-1, true, MTR_UNIT, ROW(0, 500000, 1000000, 250000)),
		   "rules: none, though strict");
	report(rule_gives(0, false, MTR_UNIT, ROW(0, 500000, 1000000, 250000)),
		   "rules: a minimum of 0");
	report(rule_gives(0, true, MTR_UNIT, ROW(0, 500000, 1000000, none)),
		   "rules: a strict minimum of 0");
	report(rule_gives(500000, false, MTR_UNIT,
					  ROW(none, 500000, 1000000, 250000)),
		   "rules: equal to the minimum, and a missing value below it");
	report(rule_gives(500001, false, MTR_UNIT,
					  ROW(none, none, 1000000, 250000)),
		   "rules: one unit below the minimum");
	report(rule_gives(MTR_UNIT, true, MTR_UNIT,
					  ROW(none, none, 1000000, none)),
		   "rules: a strict minimum of 1");
	report(rule_gives(500000, false, 0, ROW(none, 0, 0, 0)),
		   "rules: weight 0");
	report(rule_gives(500000, true, 0, ROW(none, 0, 0, none)),
		   "rules: weight 0, strict");
	report(rule_gives(-1, false, 0, ROW(0, 0, 0, 0)),
		   "rules: weight 0, no minimum");
}

/* A mentee without a value: the whole row. */
static void
test_missing_mentee(void)
{
	for (int strict = 0; strict < 2; strict++)
	{
		Programme  *p = new_programme(1, 2, 2);
		Raw		   *raw = add_criterion(p, 0, MTR_SAME, 1);

		raw->mentee_missing[0] = true;
		add_criterion(p, 1, MTR_LISTED, 1);
		p->criteria[0].share = p->criteria[1].share = MTR_UNIT / 2;
		p->criteria[0].if_missing = 500001;
		p->criteria[0].minimum = 700000;
		p->criteria[0].strict = strict;
		if (strict)
			report(scores(p, 0, ROW(MTR_NO_PAIR, MTR_NO_PAIR)),
				   "a value the mentee lacks breaks a strict rule");
		else
			report(scores(p, 0, ROW(750001, 750001)),
				   "a value the mentee lacks counts as if_missing");
		release_memory();
	}
}

static void
test_empty_programmes(void)
{
	Programme  *p = new_programme(2, 3, 0);
	int64_t		before;
	void	   *scratch;
	int32_t		row[3];

	report(scores(p, 0, ROW(0, 0, 0)), "no criteria: all scores are 0");
	p->excluded[4] = true;
	report(scores(p, 1, ROW(0, MTR_NO_PAIR, 0)), "no criteria: an exclusion");
	p->set.exclude_start = NULL;
	scratch = new_scratch(&builds[1], &p->set);
	before = npolls;
	builds[1].row(&p->set, 1, row, scratch);
	report(same_row(3, row, ROW(0, 0, 0), "score", 1),
		   "no list of exclusions");
	report(npolls == before + 1, "a row polls once");
	free(scratch);

	for (int kind = 0; kind <= MTR_CUSTOM; kind++)
		for (int side = 0; side < 2; side++)
		{
			p = new_programme(side == 0 ? 0 : 2, side == 0 ? 2 : 0, 1);
			add_criterion(p, 0, kind, 0);
			p->criteria[0].u.availability.minutes = 60;
			if (kind >= MTR_SAME && kind <= MTR_GAP)
				memset(&p->criteria[0].u, 0, sizeof(p->criteria[0].u));
			pack_programme(p);
			scratch = new_scratch(&builds[0], &p->set);
			if (side == 1)
			{
				builds[0].row(&p->set, 1, row, scratch);
				builds[0].similarities(&p->set, 0, 1, row, scratch);
			}
			free(scratch);
		}
	report(same_row(3, row, ROW(0, 0, 0), "score", 1),
		   "no mentees or no mentors, each kind");
	release_memory();
}

int
main(void)
{
	test_skill_edges();
	test_overlap_edges();
	test_class_edges();
	test_gap_edges();
	test_cosine_edges();
	test_availability_edges();
	test_text_edges();
	test_text_rounding();
	test_pair_edges();
	test_rules();
	test_missing_mentee();
	test_empty_programmes();
	return finish();
}
