/*
 * score_relation.c
 *	  what stands between two participants
 *
 * Pairs that are never eligible: the same person on both sides, forbidden, a
 * veto by either, together in an open relationship of this programme, or with
 * a relationship behind them, in any programme, that ended from its trial.
 * Pairs some criteria rank low: in one line of management, met before.  And
 * whom each side ranked.
 *
 * All of it is sparse and becomes lists of mentors by mentee.  The size of a
 * list is that of the data: siblings yield as many pairs as a manager has
 * direct reports of both sides.  Relationships are read by score_member.c.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "score_private.h"

typedef struct Pair
{
	int32		mentee;			/* indexes of participants */
	int32		mentor;
} Pair;

typedef struct Excluded
{
	int32		mentee;
	int32		mentor;
	int32		why;
} Excluded;

/* What one side says about a partner; side and rank decide how it counts. */
typedef struct Ranked
{
	int32		mentee;
	int32		mentor;
	int32		side;
	int32		rank;
} Ranked;

/* what the handlers below fill */
struct MtrRelations
{
	MtrBuffer	excluded;		/* Excluded */
	MtrBuffer	met;			/* Pair */
	MtrBuffer	ranked;			/* Ranked */
	MtrBuffer	pin;			/* MtrPin */
	MtrBuffer	edge;			/* Edge */
	int32	   *list_length[2]; /* partners a participant ranked */
};

/* A person and the manager, by codes of persons. */
typedef struct Edge
{
	int32		person;
	int32		manager;
} Edge;

/* The reporting line as arrays over codes of persons. */
typedef struct Line
{
	int32		npersons;		/* who take part; managers have higher codes */
	int32	   *manager;		/* or -1 */
	int32	   *seen;			/* number of the walk that came by last */
	int32		walk;
} Line;

static MtrQuery rule_query = {
	"SELECT mentee_id, mentor_id, bool_or(rule = 'forbid'),"
	" bool_or(rule = 'pin')"
	" FROM mentoring.pair_rule"
	" WHERE programme_id = $1 AND ($2 = 0 OR mentee_id = $2)"
	" AND ($3 = 0 OR mentor_id = $3)"
	" GROUP BY mentee_id, mentor_id ORDER BY mentee_id, mentor_id"
};

/* $7: ranks too, not only vetoes */
static MtrQuery preference_query = {
	"SELECT participant_id, preferred_id, rank FROM mentoring.preference"
	" WHERE programme_id = $1 AND ($7 OR is_veto)"
	" AND ($2 = 0 OR $3 = 0 OR participant_id IN ($2, $3))"
};

/* UNION, not UNION ALL: a cycle of managers ends where it began. */
static MtrQuery line_query = {
	"WITH RECURSIVE up (id, manager_id) AS ("
	" SELECT n.id, n.manager_id FROM mentoring.participant p"
	" JOIN mentoring.person n ON n.id = p.person_id"
	" WHERE p.programme_id = $1 AND ($2 = 0 OR $3 = 0 OR p.id IN ($2, $3))"
	" AND (p.role = 'mentee' AND ($2 = 0 OR p.id = $2)"
	"  OR p.role = 'mentor' AND ($3 = 0 OR p.id = $3)"
	"  OR p.role = 'peer')"
	" UNION"
	" SELECT n.id, n.manager_id FROM up"
	" JOIN mentoring.person n ON n.id = up.manager_id)"
	" SELECT id, manager_id FROM up WHERE manager_id IS NOT NULL"
};

/* ----------------------------------------------------------------
 *		Looking up
 * ----------------------------------------------------------------
 */

int32
mtr_find_mentee(const MtrLoader *loader, int64 id)
{
	return mtr_find_participant(loader->programme->mentee,
								loader->programme->nmentees, id);
}

int32
mtr_find_mentor(const MtrLoader *loader, int64 id)
{
	return mtr_find_participant(loader->programme->mentor,
								loader->programme->nmentors, id);
}

/* Which mentee or mentor the person of a code is, or -1. */
int32
mtr_find_person(const MtrLoader *loader, int side, int32 code)
{
	return code < 0 || code >= MTR_COUNT(int32, loader->person_index[side]) ?
		-1 : MTR_ITEMS(int32, loader->person_index[side])[code];
}

/* Pairs of which one isn't loaded are nobody's business. */
void
mtr_exclude(MtrLoader *loader, int32 mentee, int32 mentor, MtrExclusion why)
{
	Excluded   *excluded;

	if (mentee < 0 || mentor < 0)
		return;
	excluded = mtr_buffer_add(loader, &loader->relations->excluded,
							  sizeof(*excluded));
	excluded->mentee = mentee;
	excluded->mentor = mentor;
	excluded->why = why;
}

static void
add_pair(MtrLoader *loader, MtrBuffer *pairs, int32 mentee, int32 mentor)
{
	Pair	   *pair;

	if (mentee < 0 || mentor < 0)
		return;
	pair = mtr_buffer_add(loader, pairs, sizeof(*pair));
	pair->mentee = mentee;
	pair->mentor = mentor;
}

void
mtr_note_met(MtrLoader *loader, int32 mentee, int32 mentor)
{
	add_pair(loader, &loader->relations->met, mentee, mentor);
}

/* ----------------------------------------------------------------
 *		Rows of the queries
 * ----------------------------------------------------------------
 */

static void
add_rule(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		mentee_id = DatumGetInt64(values[0]);
	int64		mentor_id = DatumGetInt64(values[1]);
	int32		mentee = mtr_find_mentee(loader, mentee_id);
	int32		mentor = mtr_find_mentor(loader, mentor_id);
	bool		is_forbidden = DatumGetBool(values[2]);
	MtrPin	   *pin;

	if (is_forbidden)
		mtr_exclude(loader, mentee, mentor, MTR_EX_FORBID);
	if (!DatumGetBool(values[3]))
		return;
	pin = mtr_buffer_add(loader, &loader->relations->pin, sizeof(*pin));
	pin->mentee_id = mentee_id;
	pin->mentor_id = mentor_id;
	pin->mentee = mentee;
	pin->mentor = mentor;
	pin->is_forbidden = is_forbidden;
	mtr_hash_numbers(loader, MTR_HASH_PIN, mentee_id, mentor_id);
}

/* Every ranked partner makes the list longer, loaded or not.  "own" is who
 * has the list, an index of that side. */
static void
add_ranked(MtrLoader *loader, int side, int32 own, const Datum *values,
		   const bool *nulls)
{
	int64		partner_id = DatumGetInt64(values[1]);
	int32		mentee = side == MTR_MENTEE ? own :
	mtr_find_mentee(loader, partner_id);
	int32		mentor = side == MTR_MENTOR ? own :
	mtr_find_mentor(loader, partner_id);
	Ranked	   *ranked;

	if (!nulls[2])
		loader->relations->list_length[side][own]++;
	if (nulls[2])
		mtr_exclude(loader, mentee, mentor, MTR_EX_VETO);
	else if (mentee >= 0 && mentor >= 0)
	{
		ranked = mtr_buffer_add(loader, &loader->relations->ranked,
								sizeof(*ranked));
		ranked->mentee = mentee;
		ranked->mentor = mentor;
		ranked->side = side;
		ranked->rank = DatumGetInt32(values[2]);
	}
}

/* A peer's list counts on both sides. */
static void
add_preference(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		id = DatumGetInt64(values[0]);
	int32		mentee = mtr_find_mentee(loader, id);
	int32		mentor = -1;

	if (mentee < 0 || loader->programme->is_peer)
		mentor = mtr_find_mentor(loader, id);
	if (mentee >= 0)
		add_ranked(loader, MTR_MENTEE, mentee, values, nulls);
	if (mentor >= 0)
		add_ranked(loader, MTR_MENTOR, mentor, values, nulls);
}

/* Managers who don't take part get codes after those who do. */
static void
add_edge(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		person_id = DatumGetInt64(values[0]);
	int64		manager_id = DatumGetInt64(values[1]);
	Edge	   *edge = mtr_buffer_add(loader, &loader->relations->edge,
									  sizeof(*edge));

	edge->person = mtr_dict_code(loader->persons, &person_id,
								 sizeof(person_id), true);
	edge->manager = mtr_dict_code(loader->persons, &manager_id,
								  sizeof(manager_id), true);
}

/* Nobody mentors himself. */
static void
exclude_same_person(MtrLoader *loader)
{
	int32		n = MTR_COUNT(int32, loader->person_index[MTR_MENTEE]);

	for (int32 code = 0; code < n; code++)
		mtr_exclude(loader, mtr_find_person(loader, MTR_MENTEE, code),
					mtr_find_person(loader, MTR_MENTOR, code), MTR_EX_SAME_PERSON);
}

/* Read all that stands between participants, who are loaded already. */
void
mtr_relation_load(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;
	struct MtrRelations *relations = palloc0(sizeof(*relations));

	loader->relations = relations;
	relations->list_length[MTR_MENTEE] =
		mtr_load_alloc(loader, programme->nmentees, sizeof(int32));
	relations->list_length[MTR_MENTOR] =
		mtr_load_alloc(loader, programme->nmentors, sizeof(int32));
	exclude_same_person(loader);
	mtr_load_query(loader, &rule_query, false, add_rule);
	mtr_load_query(loader, &preference_query, loader->uses_preference,
				   add_preference);
	mtr_member_load(loader);
	if (loader->uses_reporting)
		mtr_load_query(loader, &line_query, false, add_edge);
	programme->pin = MTR_ITEMS(MtrPin, relations->pin);
	programme->npins = MTR_COUNT(MtrPin, relations->pin);
}

/* ----------------------------------------------------------------
 *		Lists by mentee
 * ----------------------------------------------------------------
 */

/* Orders Excluded, Ranked and Pair alike, by their first numbers. */
static int
compare_pairs(const void *a, const void *b)
{
	const Pair *x = a;
	const Pair *y = b;

	if (x->mentee != y->mentee)
		return x->mentee < y->mentee ? -1 : 1;
	return (x->mentor > y->mentor) - (x->mentor < y->mentor);
}

static int
compare_excluded(const void *a, const void *b)
{
	int			order = compare_pairs(a, b);

	return order != 0 ? order :
		((const Excluded *) a)->why - ((const Excluded *) b)->why;
}

static int
compare_ranked(const void *a, const void *b)
{
	int			order = compare_pairs(a, b);

	return order != 0 ? order :
		((const Ranked *) a)->side - ((const Ranked *) b)->side;
}

/* From counts standing one place on, make beginnings. */
static void
sum_up(int32 *start, int32 n)
{
	for (int32 i = 0; i < n; i++)
		start[i + 1] += start[i];
}

/* Turn pairs, in any order and repeated, into lists. */
static void
finish_pairs(MtrLoader *loader, MtrBuffer *pairs, MtrHashTag tag,
			 MtrListed *out)
{
	const MtrProgramme *programme = loader->programme;
	Pair	   *pair = MTR_ITEMS(Pair, *pairs);
	int32		n = MTR_COUNT(Pair, *pairs);
	int32	   *start = mtr_load_alloc(loader, (Size) programme->nmentees + 1,
									   sizeof(int32));
	int32	   *mentor = mtr_load_alloc(loader, n, sizeof(int32));
	int32		kept = 0;

	if (n > 0)
		qsort(pair, n, sizeof(*pair), compare_pairs);
	for (int32 i = 0; i < n; i++)
	{
		if (i > 0 && compare_pairs(&pair[i - 1], &pair[i]) == 0)
			continue;
		start[pair[i].mentee + 1]++;
		mentor[kept++] = pair[i].mentor;
		mtr_hash_numbers(loader, tag, programme->mentee[pair[i].mentee].id,
						 programme->mentor[pair[i].mentor].id);
	}
	sum_up(start, programme->nmentees);
	out->start = start;
	out->mentor = mentor;
}

static void
finish_excluded(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;
	MtrBuffer  *buffer = &loader->relations->excluded;
	Excluded   *excluded = MTR_ITEMS(Excluded, *buffer);
	int32		n = MTR_COUNT(Excluded, *buffer);
	int32	   *start = mtr_load_alloc(loader, (Size) programme->nmentees + 1,
									   sizeof(int32));
	int32	   *mentor = mtr_load_alloc(loader, n, sizeof(int32));
	MtrExclusion *why = mtr_load_alloc(loader, n, sizeof(MtrExclusion));
	int32		kept = 0;

	if (n > 0)
		qsort(excluded, n, sizeof(*excluded), compare_excluded);
	for (int32 i = 0; i < n; i++)
	{
		const Excluded *e = &excluded[i];

		if (i > 0 && compare_excluded(e - 1, e) == 0)
			continue;
		start[e->mentee + 1]++;
		mentor[kept] = e->mentor;
		why[kept++] = (MtrExclusion) e->why;
		mtr_hash_numbers(loader, MTR_HASH_EXCLUDED,
						 programme->mentee[e->mentee].id,
						 programme->mentor[e->mentor].id, e->why);
	}
	sum_up(start, programme->nmentees);
	programme->set.exclude_start = start;
	programme->set.exclude_mentor = mentor;
	programme->excluded_why = why;
	mtr_buffer_free(loader, buffer);
}

/* ----------------------------------------------------------------
 *		Preferences
 * ----------------------------------------------------------------
 */

/* 1 - (rank - 1) / n, at least 0, rounded half up to 10^-6. */
static int32
rank_value(int32 rank, int32 n)
{
	int64		above = (int64) n - rank + 1;

	return above <= 0 ? 0 : (2 * above * MTR_UNIT + n) / (2 * (int64) n);
}

/* 0 for who has a list, -1 for who has none. */
static int32 *
preference_base(MtrLoader *loader, int side, const MtrParticipant *list,
				int32 n)
{
	const int32 *length = loader->relations->list_length[side];
	int32	   *base = mtr_load_alloc(loader, n, sizeof(int32));

	for (int32 i = 0; i < n; i++)
	{
		base[i] = length[i] > 0 ? 0 : -1;
		mtr_hash_numbers(loader, MTR_HASH_LIST, side, list[i].id, length[i]);
	}
	return base;
}

/* The lists, made once whatever the number of criteria. */
static void
finish_preference(MtrLoader *loader, MtrPreference *out)
{
	const MtrProgramme *programme = loader->programme;
	MtrBuffer  *buffer = &loader->relations->ranked;
	const Ranked *ranked = MTR_ITEMS(Ranked, *buffer);
	int32		n = MTR_COUNT(Ranked, *buffer);
	int32	   *start = mtr_load_alloc(loader, (Size) programme->nmentees + 1,
									   sizeof(int32));
	int32	   *mentor = mtr_load_alloc(loader, n, sizeof(int32));
	int32	   *says[2];
	const int32 *base[2];
	int32		kept = -1;

	base[MTR_MENTEE] = out->mentee_base =
		preference_base(loader, MTR_MENTEE, programme->mentee,
						programme->nmentees);
	base[MTR_MENTOR] = out->mentor_base =
		preference_base(loader, MTR_MENTOR, programme->mentor,
						programme->nmentors);
	says[MTR_MENTEE] = mtr_load_alloc(loader, n, sizeof(int32));
	says[MTR_MENTOR] = mtr_load_alloc(loader, n, sizeof(int32));
	if (n > 0)
		qsort(buffer->data, n, sizeof(*ranked), compare_ranked);
	for (int32 i = 0; i < n; i++)
	{
		const Ranked *r = &ranked[i];
		int32		who = r->side == MTR_MENTEE ? r->mentee : r->mentor;
		int32		length = loader->relations->list_length[r->side][who];

		if (i == 0 || compare_pairs(r - 1, r) != 0)
		{
			mentor[++kept] = r->mentor;
			start[r->mentee + 1]++;
			says[MTR_MENTEE][kept] = base[MTR_MENTEE][r->mentee];
			says[MTR_MENTOR][kept] = base[MTR_MENTOR][r->mentor];
		}
		says[r->side][kept] = rank_value(r->rank, length);
		mtr_hash_numbers(loader, MTR_HASH_RANK, r->side,
						 programme->mentee[r->mentee].id,
						 programme->mentor[r->mentor].id, r->rank);
	}
	sum_up(start, programme->nmentees);
	out->start = start;
	out->mentor = mentor;
	out->mentee_says = says[MTR_MENTEE];
	out->mentor_says = says[MTR_MENTOR];
}

/* ----------------------------------------------------------------
 *		Reporting line
 * ----------------------------------------------------------------
 */

static void
make_line(MtrLoader *loader, Line *line)
{
	const Edge *edge = MTR_ITEMS(Edge, loader->relations->edge);
	int32		nedges = MTR_COUNT(Edge, loader->relations->edge);
	Size		ncodes = mtr_dict_size(loader->persons);

	line->npersons = MTR_COUNT(int32, loader->person_index[MTR_MENTEE]);
	line->manager = mtr_load_alloc(loader, ncodes, sizeof(int32));
	line->seen = mtr_load_alloc(loader, ncodes, sizeof(int32));
	line->walk = 0;
	for (Size i = 0; i < ncodes; i++)
		line->manager[i] = -1;
	for (int32 i = 0; i < nedges; i++)
		line->manager[edge[i].person] = edge[i].manager;
}

/* Walk up from everybody who takes part; a walk ends at the top, at the
 * depth, or where it has been. */
static void
add_chains(MtrLoader *loader, Line *line, int32 depth, MtrBuffer *pairs)
{
	for (int32 p = 0; p < line->npersons; p++)
	{
		int32		mentee = mtr_find_person(loader, MTR_MENTEE, p);
		int32		mentor = mtr_find_person(loader, MTR_MENTOR, p);
		int32		m = line->manager[p];

		CHECK_FOR_INTERRUPTS();
		line->seen[p] = ++line->walk;
		for (int32 i = 0; i < depth && m >= 0; i++)
		{
			if (line->seen[m] == line->walk)
				break;
			line->seen[m] = line->walk;
			add_pair(loader, pairs, mentee,
					 mtr_find_person(loader, MTR_MENTOR, m));
			add_pair(loader, pairs, mtr_find_person(loader, MTR_MENTEE, m),
					 mentor);
			m = line->manager[m];
		}
	}
}

/* Everybody with everybody else who has the same direct manager. */
static void
add_siblings(MtrLoader *loader, const Line *line, MtrBuffer *pairs)
{
	int32		ncodes = mtr_dict_size(loader->persons);
	int32	   *start = mtr_load_alloc(loader, (Size) ncodes + 2,
									   sizeof(int32));
	int32	   *report = mtr_load_alloc(loader, line->npersons, sizeof(int32));

	for (int32 p = 0; p < line->npersons; p++)
		if (line->manager[p] >= 0)
			start[line->manager[p] + 2]++;
	sum_up(start + 1, ncodes);
	for (int32 p = 0; p < line->npersons; p++)
		if (line->manager[p] >= 0)
			report[start[line->manager[p] + 1]++] = p;
	for (int32 m = 0; m < ncodes; m++)
		for (int32 i = start[m]; i < start[m + 1]; i++)
		{
			int32		mentee = mtr_find_person(loader, MTR_MENTEE, report[i]);

			CHECK_FOR_INTERRUPTS();
			for (int32 j = start[m]; mentee >= 0 && j < start[m + 1]; j++)
				if (i != j)
					add_pair(loader, pairs, mentee,
							 mtr_find_person(loader, MTR_MENTOR, report[j]));
		}
	pfree(start);
	pfree(report);
}

static void
finish_reporting(MtrLoader *loader, const MtrCompile *c)
{
	MtrBuffer	pairs = {0};
	Line		line;

	make_line(loader, &line);
	add_chains(loader, &line, c->depth, &pairs);
	if (c->siblings)
		add_siblings(loader, &line, &pairs);
	finish_pairs(loader, &pairs, MTR_HASH_LINE, &c->out->u.listed);
	mtr_buffer_free(loader, &pairs);
}

/* Make the lists of the exclusions and of all criteria that have some. */
void
mtr_relation_finish(MtrLoader *loader)
{
	MtrListed  *met = NULL;
	MtrPreference *preference = NULL;

	finish_excluded(loader);
	for (int k = 0; k < loader->programme->ncriteria; k++)
	{
		MtrCompile *c = &loader->compile[k];

		if (c->out->kind == MTR_PREFERENCE)
		{
			if (preference == NULL)
				finish_preference(loader, &c->out->u.preference);
			else
				c->out->u.preference = *preference;
			preference = &c->out->u.preference;
		}
		else if (c->out->kind == MTR_LISTED && c->is_reporting)
			finish_reporting(loader, c);
		else if (c->out->kind == MTR_LISTED)
		{
			if (met == NULL)
				finish_pairs(loader, &loader->relations->met, MTR_HASH_MET,
							 &c->out->u.listed);
			else
				c->out->u.listed = *met;
			met = &c->out->u.listed;
		}
	}
	mtr_buffer_free(loader, &loader->relations->met);
	mtr_buffer_free(loader, &loader->relations->ranked);
	mtr_buffer_free(loader, &loader->relations->edge);
}
