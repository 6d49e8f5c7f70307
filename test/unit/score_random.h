/*
 * score_random.h
 *	  random programmes for the tests of the scoring kernel
 *
 * Tables of score_reference.h with criteria of every kind: missing values,
 * empty sets, rules, lists of either side and excluded pairs.
 */
#ifndef SCORE_RANDOM_H
#define SCORE_RANDOM_H

#include "score_reference.h"

/* A program with numbers of its own defines SCORE_RANDOM_BELOW and below(). */
#ifndef SCORE_RANDOM_BELOW
static uint64_t random_state = 1;

/* A whole number below n. */
static int32_t
below(int32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (int32_t) ((random_state >> 33) % (uint64_t) n);
}
#endif

static bool
chance(int percent)
{
	return below(100) < percent;
}

static void
random_sets(bool *cell, int32_t count, int32_t nitems, int filled)
{
	for (int32_t i = 0; i < count; i++)
	{
		bool		empty = chance(10);

		for (int32_t e = 0; e < nitems; e++)
			cell[(size_t) i * nitems + e] = !empty && chance(filled);
	}
}

/* Divide MTR_UNIT among the cells set; at least one weight is positive. */
static void
random_shares(int32_t n, const uint8_t *set, int32_t *share)
{
	double	   *weight = TABLE(n, double);
	int32_t    *order = TABLE(n, int32_t);
	bool		any = false;

	for (int32_t k = 0; k < n; k++)
		if (set[k])
		{
			weight[k] = any && chance(20) ? 0 : 1 + below(100) / 7.0;
			any = true;
		}
	mtr_divide(MTR_UNIT, n, weight, share, order);
}

static void
random_skills(const Programme *p, Raw *raw)
{
	for (int32_t c = 0; c < p->set.nmentees * raw->nitems; c++)
		if (chance(30))
		{
			raw->level[c] = below(7);
			raw->target[c] = raw->level[c] + 1 + below(7 - raw->level[c]);
		}
	for (int32_t i = 0; i < p->set.nmentees; i++)
	{
		if (chance(10))
			memset(&raw->target[i * raw->nitems], 0, raw->nitems);
		random_shares(raw->nitems, &raw->target[i * raw->nitems],
					  &raw->share[i * raw->nitems]);
	}
	for (int32_t c = 0; c < p->set.nmentors * raw->nitems; c++)
		raw->offered[c] = chance(60) ? below(8) : 0;
	for (int32_t s = 0; s < raw->nitems; s++)
		raw->dense[s] = chance(50);
	for (int32_t j = 0; j < p->set.nmentors; j++)
		raw->mentor_missing[j] = chance(10);
}

static double
random_number(void)
{
	return chance(70) ? below(20) - 5 : below(1000000) / 7919.0 - 50;
}

static void
random_classes(const Programme *p, MtrCriterion *c, Raw *raw)
{
	MtrClass   *class = &c->u.class;

	for (int32_t i = 0; i < p->set.nmentees; i++)
	{
		raw->mentee_class[i] = below(raw->nitems + 3) - 1;
		raw->mentee_value[i] = random_number();
		raw->mentee_missing[i] = chance(10);
	}
	for (int32_t j = 0; j < p->set.nmentors; j++)
		raw->mentor_class[j] = below(raw->nitems + 1) - 1;
	for (int32_t v = 0; v < raw->nitems; v++)
		raw->class_value[v] = random_number();
	if ((c->kind == MTR_SAME || c->kind == MTR_DIFFER) && chance(20))
		class->nclasses = 70000;
	class->range = chance(50) ? 1 + below(20) : 0.3 + below(1000) / 77.0;
	class->from = chance(20) ? -INFINITY : random_number();
	class->to = chance(20) ? INFINITY : class->from + below(6);
	class->slack = chance(30) ? 0 : below(100) / 9.0;
}

static void
random_vectors(double *cell, int32_t count, int32_t dim)
{
	for (int32_t i = 0; i < count; i++)
	{
		int			form = below(10);

		for (int32_t d = 0; d < dim; d++)
			cell[(size_t) i * dim + d] = form == 0 ? 0 :
				form < 4 ? below(5) - 2 : random_number();
	}
}

static void
random_weeks(uint64_t *week, int32_t count)
{
	for (int32_t i = 0; i < count; i++)
	{
		int32_t		windows = below(6);
		int			form = below(8);

		for (int32_t w = 0; w < windows; w++)
		{
			int32_t		from = below(MTR_WEEK_SLOTS);
			int32_t		to = from + 1 + below(40);

			for (int32_t q = from; q < to && q < MTR_WEEK_SLOTS; q++)
				week[i * MTR_WEEK_WORDS + q / 64] |= UINT64_C(1) << q % 64;
		}
		for (int32_t q = 0; q < MTR_WEEK_SLOTS && form < 2; q++)
			if (form == 0 || chance(50))
				week[i * MTR_WEEK_WORDS + q / 64] |= UINT64_C(1) << q % 64;
	}
}

static int32_t
random_similarity(void)
{
	int			form = below(6);

	return form == 0 ? 0 : form == 1 ? MTR_UNIT : below(MTR_UNIT + 1);
}

static void
random_says(const Programme *p, Raw *raw)
{
	for (int32_t i = 0; i < p->set.nmentees; i++)
		raw->mentee_base[i] = chance(40) ? -1 : random_similarity();
	for (int32_t j = 0; j < p->set.nmentors; j++)
		raw->mentor_base[j] = chance(40) ? -1 : random_similarity();
	for (int32_t c = 0; c < p->set.nmentees * p->set.nmentors; c++)
	{
		raw->listed[c] = chance(10);
		raw->mentee_says[c] = chance(20) ? -1 : random_similarity();
		raw->mentor_says[c] = chance(20) ? -1 : random_similarity();
	}
}

static void
random_criterion(Programme *p, int32_t k, MtrKind kind)
{
	Raw		   *raw = add_criterion(p, k, kind, 1 + below(15));
	MtrCriterion *c = &p->criteria[k];
	int			filled = 5 + below(80);

	c->minimum = chance(60) ? -1 : chance(30) ? 0 : random_similarity();
	c->if_missing = random_similarity();
	c->strict = chance(30);
	c->u.class.nclasses = 0;
	if (kind == MTR_OVERLAP)
		c->u.overlap.cover = chance(50);
	if (kind == MTR_AVAILABILITY)
		c->u.availability.minutes = chance(50) ? 1 + below(300) :
			1 + below(10080);
	if (kind == MTR_SKILL_COVER)
		random_skills(p, raw);
	if (kind >= MTR_SAME && kind <= MTR_GAP)
		random_classes(p, c, raw);
	random_sets(raw->mentee_has, p->set.nmentees, raw->nitems, filled);
	random_sets(raw->mentor_has, p->set.nmentors, raw->nitems, filled);
	for (int32_t t = 0; t < raw->nitems; t++)
		raw->idf[t] = chance(10) ? 0 : chance(10) ? below(1 << 20) :
			1 + below(3000);
	if (kind == MTR_COSINE)
		for (int32_t j = 0; j < p->set.nmentors; j++)
			raw->mentor_missing[j] = chance(10);
	random_vectors(raw->mentee_vector, p->set.nmentees, raw->nitems);
	random_vectors(raw->mentor_vector, p->set.nmentors, raw->nitems);
	random_weeks(raw->mentee_week, p->set.nmentees);
	random_weeks(raw->mentor_week, p->set.nmentors);
	random_says(p, raw);
}

/* A programme of these sizes; kind < 0: each criterion of any kind. */
static Programme *
random_programme(int32_t n, int32_t m, int32_t ncriteria, int kind)
{
	Programme  *p = new_programme(n, m, ncriteria);
	double	   *weight = TABLE(ncriteria, double);
	int32_t    *share = TABLE(ncriteria, int32_t);
	int32_t    *order = TABLE(ncriteria, int32_t);

	for (int32_t k = 0; k < ncriteria; k++)
	{
		random_criterion(p, k, kind < 0 ? below(MTR_CUSTOM + 1) : kind);
		weight[k] = chance(20) ? 0 : below(1000) / 10.0;
	}
	mtr_divide(MTR_UNIT, ncriteria, weight, share, order);
	for (int32_t k = 0; k < ncriteria; k++)
		p->criteria[k].share = share[k];
	for (int32_t c = 0; c < n * m; c++)
		p->excluded[c] = chance(5);
	return p;
}

#endif							/* SCORE_RANDOM_H */
