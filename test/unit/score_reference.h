/*
 * score_reference.h
 *	  score.h word by word: programmes as plain tables, scored pair by pair
 *
 * A programme is kept twice: as tables in which everyone has a cell for
 * everything (Raw), from which reference_similarity() computes one pair
 * straight from the definitions, and as the lists and columns of score.h,
 * made from the tables by pack_programme().  Every array has exactly the size
 * stated there, so that sanitizers see the kernel read beyond.
 */
#ifndef SCORE_REFERENCE_H
#define SCORE_REFERENCE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "score.h"

/* the definition of text needs more than 64 bits */
typedef unsigned __int128 Wide;

/* The tables of a criterion; a kind uses those it needs. */
typedef struct Raw
{
	int32_t		nitems;			/* skills, terms, classes, dimensions .. */

	/* [n or m][nitems] */
	uint8_t    *level;			/* skill_cover, mentees */
	uint8_t    *target;			/* 0 = not wanted */
	int32_t    *share;
	uint8_t    *offered;		/* mentors, 0 = does not have it */
	bool	   *dense;			/* [nitems] */
	bool	   *mentee_has;		/* overlap, text */
	bool	   *mentor_has;
	int32_t    *idf;			/* [nitems] */
	double	   *mentee_vector;	/* cosine */
	double	   *mentor_vector;

	/* [n] and [m] */
	bool	   *mentee_missing; /* class kinds, cosine */
	bool	   *mentor_missing; /* skill_cover, cosine */
	int32_t    *mentee_class;
	int32_t    *mentor_class;
	double	   *mentee_value;
	double	   *class_value;	/* [nitems] */
	uint64_t   *mentee_week;	/* [n][MTR_WEEK_WORDS] */
	uint64_t   *mentor_week;
	int32_t    *mentee_base;
	int32_t    *mentor_base;

	/* [n][m] */
	bool	   *listed;			/* listed, preference */
	int32_t    *mentee_says;	/* preference; custom: the similarity */
	int32_t    *mentor_says;
} Raw;

typedef struct Programme
{
	MtrScoreSet set;
	MtrCriterion *criteria;
	Raw		   *raw;
	bool	   *excluded;		/* [n][m] */
} Programme;

/* ----------
 * Memory: everything is given back at once
 * ----------
 */

static void **reference_memory = NULL;
static size_t reference_used = 0;

/* Zeroed memory of exactly this size. */
static void *
get_memory(size_t count, size_t size)
{
	void	   *memory = calloc(count, size);

	reference_memory = realloc(reference_memory,
							   (reference_used + 1) * sizeof(void *));
	if (reference_memory == NULL || (memory == NULL && count * size > 0))
		exit(2);
	reference_memory[reference_used++] = memory;
	return memory;
}

#define TABLE(count, type) ((type *) get_memory((count), sizeof(type)))

static void
release_memory(void)
{
	while (reference_used > 0)
		free(reference_memory[--reference_used]);
	free(reference_memory);
	reference_memory = NULL;
}

/* ----------
 * Similarities by definition
 * ----------
 */

static int32_t
reference_skill(const Raw *raw, int32_t i, int32_t j)
{
	int64_t		sum = 0;
	bool		wants = false;

	for (int32_t s = 0; s < raw->nitems; s++)
	{
		int			level = raw->level[i * raw->nitems + s];
		int			target = raw->target[i * raw->nitems + s];
		int			x = raw->offered[j * raw->nitems + s];
		int64_t		share = raw->share[i * raw->nitems + s];

		if (target == 0)
			continue;
		wants = true;
		if (x > target)
			x = target;
		if (x > level)
			sum += share * (x - level) * (420 / (target - level));
	}
	if (!wants || raw->mentor_missing[j])
		return MTR_MISSING;
	return (int32_t) ((sum + 210) / 420);
}

static int32_t
reference_overlap(const Raw *raw, bool cover, int32_t i, int32_t j)
{
	int64_t		a = 0;
	int64_t		b = 0;
	int64_t		x = 0;
	int64_t		d;

	for (int32_t e = 0; e < raw->nitems; e++)
	{
		bool		mentee = raw->mentee_has[i * raw->nitems + e];
		bool		mentor = raw->mentor_has[j * raw->nitems + e];

		a += mentee;
		b += mentor;
		x += mentee && mentor;
	}
	if (a == 0 || b == 0)
		return MTR_MISSING;
	d = cover ? a : a + b - x;
	return (int32_t) ((2 * x * MTR_UNIT + d) / (2 * d));
}

/* By bisection, unlike the kernel. */
static int64_t
reference_root(int64_t q)
{
	uint64_t	square = (uint64_t) q << 20;
	uint64_t	low = 0;
	uint64_t	high = UINT64_C(1) << 32;

	while (high - low > 1)
	{
		uint64_t	middle = low + (high - low) / 2;

		if (middle * middle <= square)
			low = middle;
		else
			high = middle;
	}
	return (int64_t) low;
}

static int32_t
reference_text(const Raw *raw, int32_t i, int32_t j)
{
	int64_t		q[3] = {0, 0, 0};
	int			sizes[2] = {0, 0};
	Wide		product;
	Wide		similarity;

	for (int32_t t = 0; t < raw->nitems; t++)
	{
		bool		mentee = raw->mentee_has[i * raw->nitems + t];
		bool		mentor = raw->mentor_has[j * raw->nitems + t];
		int64_t		square = (int64_t) raw->idf[t] * raw->idf[t];

		sizes[0] += mentee;
		sizes[1] += mentor;
		q[0] += mentee ? square : 0;
		q[1] += mentor ? square : 0;
		q[2] += mentee && mentor ? square : 0;
	}
	if (sizes[0] == 0 || sizes[1] == 0)
		return MTR_MISSING;
	product = (Wide) reference_root(q[0]) * reference_root(q[1]);
	if (product == 0)
		return 0;
	similarity = ((Wide) q[2] * (1 << 20) * MTR_UNIT +
				  product / 2) / product;
	return similarity > MTR_UNIT ? MTR_UNIT : (int32_t) similarity;
}

static int32_t
reference_class(const MtrCriterion *c, const Raw *raw, int32_t i, int32_t j)
{
	const MtrClass *class = &c->u.class;
	int32_t		theirs = raw->mentor_class[j];
	double		a;
	double		b;
	double		d;
	double		s;

	if (raw->mentee_missing[i] || theirs < 0)
		return MTR_MISSING;
	if (c->kind == MTR_SAME || c->kind == MTR_DIFFER)
	{
		if (raw->mentee_class[i] < 0)
			return MTR_MISSING;
		return (raw->mentee_class[i] == theirs) == (c->kind == MTR_SAME) ?
			MTR_UNIT : 0;
	}
	a = raw->mentee_value[i];
	b = raw->class_value[theirs];
	if (c->kind == MTR_NEAR)
	{
		s = 1 - fabs(a - b) / class->range;
		return (int32_t) floor(1e6 * (s > 0 ? s : 0) + 0.5);
	}
	d = b - a;
	if (class->from <= d && d <= class->to)
		return MTR_UNIT;
	if (class->slack == 0)
		return 0;
	s = 1 - (d < class->from ? class->from - d : d - class->to) /
		class->slack;
	return (int32_t) floor(1e6 * (s > 0 ? s : 0) + 0.5);
}

static int32_t
reference_cosine(const Raw *raw, int32_t i, int32_t j)
{
	const double *a = raw->mentee_vector + i * raw->nitems;
	const double *b = raw->mentor_vector + j * raw->nitems;
	double		dot = 0.0;
	double		aa = 0.0;
	double		bb = 0.0;
	double		s;

	for (int32_t d = 0; d < raw->nitems; d++)
	{
		dot += a[d] * b[d];
		aa += a[d] * a[d];
		bb += b[d] * b[d];
	}
	if (raw->mentee_missing[i] || raw->mentor_missing[j] || aa == 0 ||
		bb == 0)
		return MTR_MISSING;
	s = dot / (sqrt(aa) * sqrt(bb));
	if (!(s > 0))
		s = 0;
	if (s > 1)
		s = 1;
	return (int32_t) floor(s * 1e6 + 0.5);
}

static int32_t
reference_availability(int64_t minutes, const uint64_t *a, const uint64_t *b)
{
	int64_t		free_a = 0;
	int64_t		free_b = 0;
	int64_t		common = 0;

	for (int q = 0; q < MTR_WEEK_SLOTS; q++)
	{
		bool		in_a = a[q / 64] >> q % 64 & 1;
		bool		in_b = b[q / 64] >> q % 64 & 1;

		free_a += in_a;
		free_b += in_b;
		common += in_a && in_b;
	}
	if (free_a == 0 || free_b == 0)
		return MTR_MISSING;
	common = 15 * common < minutes ? 15 * common : minutes;
	return (int32_t) ((2 * common * MTR_UNIT + minutes) / (2 * minutes));
}

static int32_t
reference_preference(const MtrCriterion *c, const Raw *raw, int32_t i,
					 int32_t j, int32_t pair)
{
	int32_t		a = raw->mentee_base[i];
	int32_t		b = raw->mentor_base[j];

	if (raw->listed[pair])
	{
		a = raw->mentee_says[pair];
		b = raw->mentor_says[pair];
	}
	if (a == -1 && b == -1)
		return MTR_MISSING;
	if (a == -1)
		a = c->if_missing;
	if (b == -1)
		b = c->if_missing;
	return (a + b + 1) / 2;
}

static int32_t
reference_similarity(const Programme *p, int32_t k, int32_t i, int32_t j)
{
	const MtrCriterion *c = &p->criteria[k];
	const Raw  *raw = &p->raw[k];
	int32_t		pair = i * p->set.nmentors + j;

	switch (c->kind)
	{
		case MTR_SKILL_COVER:
			return reference_skill(raw, i, j);
		case MTR_OVERLAP:
			return reference_overlap(raw, c->u.overlap.cover, i, j);
		case MTR_SAME:
		case MTR_DIFFER:
		case MTR_NEAR:
		case MTR_GAP:
			return reference_class(c, raw, i, j);
		case MTR_COSINE:
			return reference_cosine(raw, i, j);
		case MTR_AVAILABILITY:
			return reference_availability(c->u.availability.minutes,
										  raw->mentee_week +
										  i * MTR_WEEK_WORDS,
										  raw->mentor_week +
										  j * MTR_WEEK_WORDS);
		case MTR_TEXT:
			return reference_text(raw, i, j);
		case MTR_LISTED:
			return raw->listed[pair] ? 0 : MTR_UNIT;
		case MTR_PREFERENCE:
			return reference_preference(c, raw, i, j, pair);
		case MTR_CUSTOM:
			return raw->mentee_says[pair];
	}
	abort();
}

/* sim has the similarities, all pairs of the first criterion first. */
static int32_t
reference_score(const Programme *p, const int32_t *sim, int32_t i, int32_t j)
{
	int32_t		pair = i * p->set.nmentors + j;
	int64_t		sum = 0;

	if (p->excluded[pair])
		return MTR_NO_PAIR;
	for (int32_t k = 0; k < p->set.ncriteria; k++)
	{
		const MtrCriterion *c = &p->criteria[k];
		int32_t		s = sim[k * p->set.nmentees * p->set.nmentors + pair];

		if (c->minimum >= 0 && (s == MTR_MISSING ? c->strict :
								s < c->minimum))
			return MTR_NO_PAIR;
		if (s == MTR_MISSING)
			s = c->if_missing;
		sum += (int64_t) c->share * s;
	}
	return (int32_t) ((sum + MTR_UNIT / 2) / MTR_UNIT);
}

/* The score as the mentee (side 0) or the mentor (side 1) sees it: of a
 * preference only what this side says counts. */
static int32_t
reference_side(const Programme *p, const int32_t *sim, int32_t pair, int side)
{
	int32_t		m = p->set.nmentors;
	int64_t		sum = 0;

	if (reference_score(p, sim, pair / m, pair % m) == MTR_NO_PAIR)
		return MTR_NO_PAIR;
	for (int32_t k = 0; k < p->set.ncriteria; k++)
	{
		const MtrCriterion *c = &p->criteria[k];
		const Raw  *raw = &p->raw[k];
		int32_t		s = sim[k * p->set.nmentees * m + pair];

		if (c->kind == MTR_PREFERENCE && raw->listed[pair])
			s = side == 0 ? raw->mentee_says[pair] : raw->mentor_says[pair];
		else if (c->kind == MTR_PREFERENCE)
			s = side == 0 ? raw->mentee_base[pair / m] :
				raw->mentor_base[pair % m];
		if (s == MTR_MISSING)
			s = c->if_missing;
		sum += (int64_t) c->share * s;
	}
	return (int32_t) ((sum + MTR_UNIT / 2) / MTR_UNIT);
}

/* ----------
 * Building programmes
 * ----------
 */

static Programme *
new_programme(int32_t nmentees, int32_t nmentors, int32_t ncriteria)
{
	Programme  *p = TABLE(1, Programme);

	p->criteria = TABLE(ncriteria, MtrCriterion);
	p->raw = TABLE(ncriteria, Raw);
	p->excluded = TABLE((size_t) nmentees * nmentors, bool);
	p->set.nmentees = nmentees;
	p->set.nmentors = nmentors;
	p->set.ncriteria = ncriteria;
	p->set.criteria = p->criteria;
	return p;
}

/* Make criterion k of this kind, without rule, with empty tables. */
static Raw *
add_criterion(Programme *p, int32_t k, MtrKind kind, int32_t nitems)
{
	MtrCriterion *c = &p->criteria[k];
	Raw		   *raw = &p->raw[k];
	size_t		n = p->set.nmentees;
	size_t		m = p->set.nmentors;

	c->kind = kind;
	c->share = MTR_UNIT;
	c->minimum = -1;
	raw->nitems = nitems;
	raw->level = TABLE(n * nitems, uint8_t);
	raw->target = TABLE(n * nitems, uint8_t);
	raw->share = TABLE(n * nitems, int32_t);
	raw->offered = TABLE(m * nitems, uint8_t);
	raw->dense = TABLE(nitems, bool);
	raw->mentee_has = TABLE(n * nitems, bool);
	raw->mentor_has = TABLE(m * nitems, bool);
	raw->idf = TABLE(nitems, int32_t);
	raw->mentee_vector = TABLE(n * nitems, double);
	raw->mentor_vector = TABLE(m * nitems, double);
	raw->mentee_missing = TABLE(n, bool);
	raw->mentor_missing = TABLE(m, bool);
	raw->mentee_class = TABLE(n, int32_t);
	raw->mentor_class = TABLE(m, int32_t);
	raw->mentee_value = TABLE(n, double);
	raw->class_value = TABLE(nitems, double);
	raw->mentee_week = TABLE(n * MTR_WEEK_WORDS, uint64_t);
	raw->mentor_week = TABLE(m * MTR_WEEK_WORDS, uint64_t);
	raw->mentee_base = TABLE(n, int32_t);
	raw->mentor_base = TABLE(m, int32_t);
	raw->listed = TABLE(n * m, bool);
	raw->mentee_says = TABLE(n * m, int32_t);
	raw->mentor_says = TABLE(n * m, int32_t);
	return raw;
}

/* ----------
 * From tables to the kernel's lists
 * ----------
 */

/* Lists of the columns set in each row of a table. */
static void
pack_rows(int32_t nrows, int32_t ncols, const bool *cell,
		  const int32_t **start, const int32_t **column)
{
	int32_t    *first = TABLE(nrows + 1, int32_t);
	int32_t    *entry;

	for (int32_t i = 0; i < nrows; i++)
	{
		first[i + 1] = first[i];
		for (int32_t j = 0; j < ncols; j++)
			first[i + 1] += cell[(size_t) i * ncols + j];
	}
	entry = TABLE(first[nrows], int32_t);
	*start = first;
	*column = entry;
	for (size_t c = 0; c < (size_t) nrows * ncols; c++)
		if (cell[c])
			*entry++ = (int32_t) (c % ncols);
}

/* Lists of the rows set in each column. */
static void
pack_columns(int32_t nrows, int32_t ncols, const bool *cell,
			 const int32_t **start, const int32_t **row)
{
	bool	   *turned = TABLE((size_t) nrows * ncols, bool);

	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
			turned[(size_t) j * nrows + i] = cell[(size_t) i * ncols + j];
	pack_rows(ncols, nrows, turned, start, row);
}

static void
pack_skill(const Programme *p, MtrSkillCover *skill, const Raw *raw)
{
	int32_t		n = p->set.nmentees;
	int32_t		m = p->set.nmentors;
	int32_t		nskills = raw->nitems;
	bool	   *wanted = TABLE((size_t) n * nskills, bool);
	bool	   *in_list = TABLE((size_t) m * nskills, bool);
	uint8_t   **dense = TABLE(nskills, uint8_t *);
	int32_t		nwants;
	int32_t		nentries;
	uint8_t    *level;
	uint8_t    *target;
	int32_t    *share;
	uint8_t    *list_level;

	for (int32_t c = 0; c < n * nskills; c++)
		wanted[c] = raw->target[c] > 0;
	pack_rows(n, nskills, wanted, &skill->want_start, &skill->want_skill);
	nwants = skill->want_start[n];
	level = TABLE(nwants, uint8_t);
	target = TABLE(nwants, uint8_t);
	share = TABLE(nwants, int32_t);
	for (int32_t c = 0, w = 0; c < n * nskills; c++)
		if (wanted[c])
		{
			level[w] = raw->level[c];
			target[w] = raw->target[c];
			share[w++] = raw->share[c];
		}

	for (int32_t s = 0; s < nskills; s++)
		if (raw->dense[s])
			dense[s] = TABLE(m, uint8_t);
	for (int32_t c = 0; c < m * nskills; c++)
	{
		if (raw->dense[c % nskills])
			dense[c % nskills][c / nskills] = raw->offered[c];
		else
			/* level 0 may be said, too */
			in_list[c] = raw->offered[c] > 0 || c % 5 == 0;
	}
	pack_columns(m, nskills, in_list, &skill->list_start,
				 &skill->list_mentor);
	nentries = skill->list_start[nskills];
	list_level = TABLE(nentries, uint8_t);
	for (int32_t s = 0; s < nskills; s++)
		for (int32_t e = skill->list_start[s]; e < skill->list_start[s + 1];
			 e++)
			list_level[e] = raw->offered[skill->list_mentor[e] * nskills + s];

	skill->nskills = nskills;
	skill->want_level = level;
	skill->want_target = target;
	skill->want_share = share;
	skill->dense = (const uint8_t *const *) dense;
	skill->list_level = list_level;
	skill->mentor_missing = raw->mentor_missing;
}

static int32_t *
set_sizes(int32_t count, const Raw *raw)
{
	int32_t    *size = TABLE(count, int32_t);

	for (int32_t c = 0; c < count * raw->nitems; c++)
		size[c / raw->nitems] += raw->mentor_has[c];
	return size;
}

static void
pack_text(const Programme *p, MtrText *terms, const Raw *raw)
{
	int32_t		m = p->set.nmentors;
	int64_t    *root = TABLE(m, int64_t);

	terms->nterms = raw->nitems;
	terms->idf = raw->idf;
	terms->mentor_size = set_sizes(m, raw);
	for (int32_t c = 0; c < m * raw->nitems; c++)
		if (raw->mentor_has[c])
			root[c / raw->nitems] += (int64_t) raw->idf[c % raw->nitems] *
				raw->idf[c % raw->nitems];
	for (int32_t j = 0; j < m; j++)
		root[j] = mtr_text_root(root[j]);
	terms->mentor_root = root;
	pack_rows(p->set.nmentees, raw->nitems, raw->mentee_has,
			  &terms->mentee_start, &terms->mentee_term);
	pack_columns(m, raw->nitems, raw->mentor_has, &terms->list_start,
				 &terms->list_mentor);
}

static void
pack_cosine(const Programme *p, MtrCosine *cosine, const Raw *raw)
{
	int32_t		m = p->set.nmentors;
	double	   *mentor = TABLE((size_t) m * raw->nitems, double);

	for (int32_t j = 0; j < m; j++)
		for (int32_t d = 0; d < raw->nitems; d++)
			mentor[d * m + j] = raw->mentor_vector[j * raw->nitems + d];
	cosine->dim = raw->nitems;
	cosine->mentee = raw->mentee_vector;
	cosine->mentor = mentor;
	cosine->mentee_missing = raw->mentee_missing;
	cosine->mentor_missing = raw->mentor_missing;
}

static void
pack_preference(const Programme *p, MtrPreference *preference, const Raw *raw)
{
	int32_t		n = p->set.nmentees;
	int32_t		m = p->set.nmentors;
	int32_t    *says[2];

	pack_rows(n, m, raw->listed, &preference->start, &preference->mentor);
	for (int side = 0; side < 2; side++)
	{
		const int32_t *all = side == 0 ? raw->mentee_says : raw->mentor_says;

		says[side] = TABLE(preference->start[n], int32_t);
		for (int32_t c = 0, e = 0; c < n * m; c++)
			if (raw->listed[c])
				says[side][e++] = all[c];
	}
	preference->mentee_base = raw->mentee_base;
	preference->mentor_base = raw->mentor_base;
	preference->mentee_says = says[0];
	preference->mentor_says = says[1];
}

/* The function of a custom criterion. */
static int32_t custom_nmentors;

static void
fill_custom(void *state, int32_t mentee, int32_t *sim)
{
	memcpy(sim, (const int32_t *) state + mentee * custom_nmentors,
		   custom_nmentors * sizeof(int32_t));
}

/* Give the kernel what the tables hold.  Parameters are already set. */
static void
pack_programme(Programme *p)
{
	custom_nmentors = p->set.nmentors;
	for (int32_t k = 0; k < p->set.ncriteria; k++)
	{
		MtrCriterion *c = &p->criteria[k];
		Raw		   *raw = &p->raw[k];

		switch (c->kind)
		{
			case MTR_SKILL_COVER:
				pack_skill(p, &c->u.skill, raw);
				break;
			case MTR_OVERLAP:
				c->u.overlap.nelements = raw->nitems;
				c->u.overlap.mentor_size = set_sizes(p->set.nmentors, raw);
				pack_rows(p->set.nmentees, raw->nitems, raw->mentee_has,
						  &c->u.overlap.mentee_start,
						  &c->u.overlap.mentee_element);
				pack_columns(p->set.nmentors, raw->nitems, raw->mentor_has,
							 &c->u.overlap.list_start,
							 &c->u.overlap.list_mentor);
				break;
			case MTR_SAME:
			case MTR_DIFFER:
			case MTR_NEAR:
			case MTR_GAP:
				/* some tests claim more classes than there are */
				if (c->u.class.nclasses == 0)
					c->u.class.nclasses = raw->nitems;
				c->u.class.mentee_class = raw->mentee_class;
				c->u.class.mentee_value = raw->mentee_value;
				c->u.class.mentee_missing = raw->mentee_missing;
				c->u.class.mentor_class = raw->mentor_class;
				c->u.class.class_value = raw->class_value;
				break;
			case MTR_COSINE:
				pack_cosine(p, &c->u.cosine, raw);
				break;
			case MTR_AVAILABILITY:
				c->u.availability.mentee = raw->mentee_week;
				c->u.availability.mentor = raw->mentor_week;
				break;
			case MTR_TEXT:
				pack_text(p, &c->u.text, raw);
				break;
			case MTR_LISTED:
				pack_rows(p->set.nmentees, p->set.nmentors, raw->listed,
						  &c->u.listed.start, &c->u.listed.mentor);
				break;
			case MTR_PREFERENCE:
				pack_preference(p, &c->u.preference, raw);
				break;
			case MTR_CUSTOM:
				c->u.custom.fill = fill_custom;
				c->u.custom.state = raw->mentee_says;
				break;
		}
	}
	pack_rows(p->set.nmentees, p->set.nmentors, p->excluded,
			  &p->set.exclude_start, &p->set.exclude_mentor);
}

#endif							/* SCORE_REFERENCE_H */
