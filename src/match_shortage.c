/*
 * match_shortage.c
 *	  why not everybody can be matched, and what each rule costs
 *
 * shortage().  Take a matching with as many pairs as possible and a mentee
 * who still has a place to fill.  Go from mentees to every mentor who suits
 * them and isn't theirs already, and from a mentor to every mentee he has:
 * nobody reached so has a free place, or the mentee could have had it.  The
 * mentees reached want more places than all mentors who suit them have, one
 * more with one place each.  No part of them does: a part that wants more
 * than it can have must contain the mentee who is left, for all others are
 * matched among the mentors of the part; so these mentors have nobody else,
 * the part is closed under both steps, and is all of them.  (Hall 1935 says
 * there is such a set whenever somebody is left over.)  Of the sets found
 * from different mentees the smallest is shown, of equal ones that of the
 * lowest mentee.  Where mentees have several places each, the set lacks
 * places but may not be the smallest.
 *
 * price_of_rules().  The programme is matched once with all rules and once
 * more without each.  A rule that forbids single pairs costs nothing when
 * the prices of the optimum say that no such pair would be taken, so most of
 * these are not solved again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"
#include "rights.h"

PG_FUNCTION_INFO_V1(mentoring_shortage);
PG_FUNCTION_INFO_V1(mentoring_price_of_rules);

/* A solved problem, and who is who in it. */
typedef struct Solved
{
	MtrMatch   *match;
	MtrMatchRows rows;
	MtrProblem	problem;
} Solved;

/* Solve for as many pairs as possible, what is loaded as it is now. */
static void
solve(Solved *s, MtrMatch *match)
{
	MtrProblem *problem = &s->problem;

	memset(s, 0, sizeof(*s));
	s->match = match;
	mtr_rows_begin(&s->rows, match);
	problem->nleft = s->rows.nleft;
	problem->nright = s->rows.nright;
	problem->left_places = s->rows.left_places;
	problem->right_places = s->rows.right_places;
	problem->method = MTR_OPTIMAL;
	problem->objective = MTR_MOST_PAIRS;
	problem->row = mtr_rows_row;
	problem->row_state = &s->rows;
	mtr_problem_begin(problem,
					  MemoryContextMemAllocated(CurrentMemoryContext, true));
	mtr_problem_fill(problem);
	mtr_problem_solve(problem);
	mtr_problem_shrink(problem);
}

/*
 * shortage
 */

/* The matching, from both sides, and what a search from a mentee reaches. */
typedef struct Reach
{
	const Solved *s;
	int32	   *left_start;		/* [nleft + 1] of problem.pair_right */
	int32	   *right_start;	/* [nright + 1] of right_left */
	int32	   *right_left;		/* [npairs] mentees of each mentor */
	int32	   *value;			/* [nright] */
	int32	   *left_mark;		/* [nleft] number of the search that came by */
	int32	   *right_mark;
	int32		mark;
	int32		count;			/* mentees of the present search: */
	int32	   *queue;			/* [nleft] */
	int32		best_count;		/* those of the best one so far */
	int32	   *best;
} Reach;

static int32 *
count_starts(const int32 *element, int32 npairs, int32 n)
{
	int32	   *start = palloc0((n + 2) * sizeof(int32));

	for (int32 i = 0; i < npairs; i++)
		start[element[i] + 1]++;
	for (int32 i = 0; i < n; i++)
		start[i + 1] += start[i];
	return start;
}

static void
begin_reach(Reach *r, const Solved *s)
{
	const MtrProblem *problem = &s->problem;
	int32	   *next;

	r->s = s;
	r->left_start = count_starts(problem->pair_left, problem->npairs,
								 problem->nleft);
	r->right_start = count_starts(problem->pair_right, problem->npairs,
								  problem->nright);
	r->right_left = palloc((problem->npairs + 1) * sizeof(int32));
	next = palloc((problem->nright + 1) * sizeof(int32));
	memcpy(next, r->right_start, problem->nright * sizeof(int32));
	for (int32 i = 0; i < problem->npairs; i++)
		r->right_left[next[problem->pair_right[i]]++] = problem->pair_left[i];
	pfree(next);
	r->value = palloc((problem->nright + 1) * sizeof(int32));
	r->left_mark = palloc0((problem->nleft + 1) * sizeof(int32));
	r->right_mark = palloc0((problem->nright + 1) * sizeof(int32));
	r->queue = palloc((problem->nleft + 1) * sizeof(int32));
	r->best = palloc((problem->nleft + 1) * sizeof(int32));
}

/* Go on from one mentee; the pairs he has are passed over. */
static void
visit(Reach *r, int32 left)
{
	const MtrProblem *problem = &r->s->problem;
	const int32 *own = problem->pair_right + r->left_start[left];
	const int32 *end = problem->pair_right + r->left_start[left + 1];

	mtr_rows_row((void *) &r->s->rows, left, r->value);
	for (int32 right = 0; right < problem->nright; right++)
	{
		bool		is_own = own < end && *own == right;

		own += is_own;
		if (is_own || r->value[right] == MTR_NO_PAIR ||
			r->right_mark[right] == r->mark ||
			problem->right_places[right] == 0)
			continue;
		r->right_mark[right] = r->mark;
		for (int32 k = r->right_start[right]; k < r->right_start[right + 1];
			 k++)
		{
			int32		other = r->right_left[k];

			if (r->left_mark[other] == r->mark)
				continue;
			r->left_mark[other] = r->mark;
			r->queue[r->count++] = other;
		}
	}
}

/* Everybody reached from this mentee; given up when no smaller than the best
 * set so far. */
static void
search(Reach *r, int32 left)
{
	r->mark++;
	r->left_mark[left] = r->mark;
	r->queue[0] = left;
	r->count = 1;
	for (int32 i = 0; i < r->count; i++)
	{
		if (r->best_count > 0 && r->count >= r->best_count)
			return;
		CHECK_FOR_INTERRUPTS();
		visit(r, r->queue[i]);
	}
	if (r->best_count > 0 && r->count >= r->best_count)
		return;
	r->best_count = r->count;
	memcpy(r->best, r->queue, r->count * sizeof(int32));
}

static int
compare_lefts(const void *a, const void *b)
{
	int32		p = *(const int32 *) a;
	int32		q = *(const int32 *) b;

	return (p > q) - (p < q);
}

/* Places the set still wants. */
static int32
missing_places(const Reach *r)
{
	int32		missing = 0;

	for (int32 i = 0; i < r->best_count; i++)
	{
		int32		left = r->best[i];

		missing += r->s->problem.left_places[left] -
			(r->left_start[left + 1] - r->left_start[left]);
	}
	return missing;
}

/* The set as two lists: each mentee with each mentor who suits, or once with
 * null. */
typedef struct SetPairs
{
	int			n;
	Datum	   *mentee;
	Datum	   *mentor;
	bool	   *is_alone;
} SetPairs;

static void
list_pairs(Reach *r, SetPairs *pairs)
{
	const MtrProgramme *programme = r->s->match->programme;
	const MtrMatchRows *rows = &r->s->rows;
	Size		room = (Size) r->best_count * (rows->nright + 1) + 1;

	pairs->mentee = palloc_extended(room * sizeof(Datum), MCXT_ALLOC_HUGE);
	pairs->mentor = palloc_extended(room * sizeof(Datum), MCXT_ALLOC_HUGE);
	pairs->is_alone = palloc_extended(room * sizeof(bool), MCXT_ALLOC_HUGE);
	qsort(r->best, r->best_count, sizeof(int32), compare_lefts);
	for (int32 i = 0; i < r->best_count; i++)
	{
		int32		first = pairs->n;
		Datum		id = Int64GetDatum(programme->mentee[rows->mentee_of[r->best[i]]].id);

		CHECK_FOR_INTERRUPTS();
		mtr_rows_row((void *) rows, r->best[i], r->value);
		for (int32 right = 0; right <= rows->nright; right++)
		{
			bool		is_last = right == rows->nright;

			if (is_last ? pairs->n > first :
				r->value[right] == MTR_NO_PAIR ||
				rows->right_places[right] == 0)
				continue;
			pairs->mentee[pairs->n] = id;
			pairs->mentor[pairs->n] = is_last ? (Datum) 0 :
				Int64GetDatum(programme->mentor[rows->mentor_of[right]].id);
			pairs->is_alone[pairs->n++] = is_last;
		}
	}
}

/*
 * What would cure a shortage: another place of a mentor shared, or another
 * mentor whom the rules allow.  $1 programme, $2 and $3 the pairs, $4 places
 * missing.
 */
#define CURES \
	"WITH pair AS (SELECT u.mentee_id, u.mentor_id" \
	"  FROM unnest($2, $3) AS u (mentee_id, mentor_id))," \
	" mentee AS (SELECT a.id, a.profile, a.person_id" \
	"  FROM mentoring.participant AS a WHERE a.programme_id = $1" \
	"  AND a.id IN (SELECT mentee_id FROM pair))," \
	" rule AS (SELECT c.id, c.name, c.kind, c.mentee_key" \
	"  FROM mentoring.criterion AS c" \
	"  WHERE c.programme_id = $1 AND c.minimum > 0)," \
	" need AS (" \
	"  SELECT p.mentee_id, p.mentor_id, 1 AS place, 0::bigint AS rule_id," \
	"   CASE WHEN p.mentor_id IS NULL THEN 'mentor' ELSE 'place' END AS kind," \
	"   NULL::text AS need FROM pair AS p" \
	"  UNION ALL" \
	"  SELECT DISTINCT m.id, NULL::bigint, 2, r.id, 'skill', k.name" \
	"  FROM mentee AS m JOIN rule AS r ON r.kind = 'skill_cover'" \
	"  JOIN mentoring.participant_skill AS w" \
	"    ON w.programme_id = $1 AND w.participant_id = m.id" \
	"   AND w.target_level > coalesce(w.level, 0)" \
	"  JOIN mentoring.skill AS k ON k.id = w.skill_id" \
	"  UNION ALL" \
	"  SELECT DISTINCT m.id, NULL::bigint, 3, r.id, r.mentee_key, e.element" \
	"  FROM mentee AS m JOIN rule AS r ON r.kind IN ('same', 'overlap')" \
	"  JOIN mentoring.person AS p ON p.id = m.person_id" \
	"  CROSS JOIN LATERAL (SELECT coalesce(m.profile -> r.mentee_key," \
	"    p.profile -> r.mentee_key, to_jsonb(p) -> r.mentee_key)) AS v (value)" \
	"  CROSS JOIN LATERAL (SELECT jsonb_array_elements_text(v.value)" \
	"    WHERE jsonb_typeof(v.value) = 'array' UNION ALL" \
	"    SELECT v.value #>> '{}' WHERE jsonb_typeof(v.value)" \
	"      NOT IN ('array', 'object', 'null')) AS e (element)" \
	"  UNION ALL" \
	"  SELECT m.id, NULL::bigint, 4, r.id, 'rule', r.name FROM mentee AS m" \
	"  JOIN rule AS r ON r.kind NOT IN ('skill_cover', 'same', 'overlap'))" \
	" SELECT n.mentee_id, n.mentor_id, n.kind, n.need, $4 FROM need AS n" \
	" ORDER BY n.mentee_id, n.place, n.mentor_id, n.rule_id, n.need" \
	"  COLLATE \"C\""

/* A bigint array with nulls. */
static Datum
id_array(Datum *id, bool *is_null, int n)
{
	int			dims[1] = {n};
	int			lower[1] = {1};

	return PointerGetDatum(construct_md_array(id, is_null, 1, dims, lower,
											  INT8OID, sizeof(int64),
											  FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE));
}

static void
put_set(Reach *r, ReturnSetInfo *rsinfo)
{
	Oid			types[4] = {INT8OID, INT8ARRAYOID, INT8ARRAYOID, INT4OID};
	Datum		args[4];
	SetPairs	pairs = {0};
	bool		nulls[5];
	Datum		values[5];

	list_pairs(r, &pairs);
	args[0] = Int64GetDatum(r->s->match->programme_id);
	args[1] = id_array(pairs.mentee, NULL, pairs.n);
	args[2] = id_array(pairs.mentor, pairs.is_alone, pairs.n);
	args[3] = Int32GetDatum(missing_places(r));
	if (SPI_execute_with_args(CURES, 4, types, args, NULL, true, 0) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not look up what would cure a shortage");
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		for (int c = 0; c < 5; c++)
			values[c] = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, c + 1,
									  &nulls[c]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

/*
 * mentoring.shortage(programme_id)
 */
Datum
mentoring_shortage(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	MtrMatch	match = {0};
	Solved		s;
	Reach		r = {0};

	InitMaterializedSRF(fcinfo, 0);
	mtr_enter_coordinator(fcinfo, PG_GETARG_INT64(0), &saved);
	SPI_connect();
	mtr_progress_begin("shortage", PG_GETARG_INT64(0));
	mtr_match_prepare(&match, PG_GETARG_INT64(0));
	solve(&s, &match);
	begin_reach(&r, &s);
	for (int32 left = 0; left < s.problem.nleft; left++)
	{
		if (r.left_start[left + 1] - r.left_start[left] <
			s.problem.left_places[left])
			search(&r, left);
	}
	if (r.best_count > 0)
		put_set(&r, (ReturnSetInfo *) fcinfo->resultinfo);
	mtr_progress_end();
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}

/*
 * price_of_rules
 */

/* The optimum with all rules. */
typedef struct Optimum
{
	MtrMatch   *match;
	ReturnSetInfo *rsinfo;
	int32		npairs;
	int64		total;
	Solved		solved;
} Optimum;

/* Exclusions to be left out: all of one kind, or those of one pair. */
typedef struct Lifted
{
	MtrExclusion why;
	int32		mentee;			/* -1 = all */
	int32		mentor;
	const int32 *saved_start;
	const int32 *saved_mentor;
	MtrExclusion *saved_why;
} Lifted;

static void
put_rule(const Optimum *o, const char *kind, int64 id, const char *name,
		 const Solved *without)
{
	Datum		values[5];
	bool		nulls[5] = {false, false, false, false, false};
	int32		pairs = 0;
	int64		score = 0;

	if (without != NULL)
	{
		pairs = without->problem.npairs + o->match->npairs - o->npairs;
		score = without->problem.total + o->match->total - o->total;
	}
	values[0] = CStringGetTextDatum(kind);
	values[1] = Int64GetDatum(id);
	nulls[1] = id == 0;
	values[2] = CStringGetTextDatum(name);
	values[3] = Int32GetDatum(pairs);
	values[4] = Float8GetDatum(MTR_TO_DOUBLE(score));
	tuplestore_putvalues(o->rsinfo->setResult, o->rsinfo->setDesc, values,
						 nulls);
}

/* Solve again, what is loaded having been changed, and put the difference. */
static void
solve_without(const Optimum *o, const char *kind, int64 id, const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "mentoring rule",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(context);
	Solved		s;

	solve(&s, o->match);
	MemoryContextSwitchTo(oldcxt);
	put_rule(o, kind, id, name, &s);
	MemoryContextDelete(context);
}

/* Criteria with a minimum, by id. */
static void
try_criteria(const Optimum *o)
{
	MtrProgramme *programme = o->match->programme;

	for (int32 k = 0; k < programme->ncriteria; k++)
	{
		MtrCriterion *criterion = (MtrCriterion *) &programme->set.criteria[k];
		int32		minimum = criterion->minimum;

		if (minimum < 0)
			continue;
		criterion->minimum = -1;
		mtr_score_prepare(&programme->set, programme->scratch);
		solve_without(o, "criterion", programme->info[k].id,
					  programme->info[k].name);
		criterion->minimum = minimum;
		mtr_score_prepare(&programme->set, programme->scratch);
	}
}

/* Leave exclusions out; returns whether there were any. */
static bool
lift(MtrProgramme *programme, Lifted *lifted)
{
	MtrScoreSet *set = &programme->set;
	int32		n = set->exclude_start[set->nmentees];
	int32	   *start = palloc_extended((set->nmentees + 1) * sizeof(int32),
										MCXT_ALLOC_HUGE);
	int32	   *mentor = palloc_extended((n + 1) * sizeof(int32),
										 MCXT_ALLOC_HUGE);
	MtrExclusion *why = palloc_extended((n + 1) * sizeof(MtrExclusion),
										MCXT_ALLOC_HUGE);
	int32		kept = 0;

	for (int32 i = 0; i < set->nmentees; i++)
	{
		start[i] = kept;
		for (int32 e = set->exclude_start[i]; e < set->exclude_start[i + 1];
			 e++)
		{
			if (programme->excluded_why[e] == lifted->why &&
				(lifted->mentee < 0 ||
				 (lifted->mentee == i &&
				  lifted->mentor == set->exclude_mentor[e])))
				continue;
			mentor[kept] = set->exclude_mentor[e];
			why[kept++] = programme->excluded_why[e];
		}
	}
	start[set->nmentees] = kept;
	lifted->saved_start = set->exclude_start;
	lifted->saved_mentor = set->exclude_mentor;
	lifted->saved_why = programme->excluded_why;
	set->exclude_start = start;
	set->exclude_mentor = mentor;
	programme->excluded_why = why;
	return kept < n;
}

static void
put_back(MtrProgramme *programme, const Lifted *lifted)
{
	pfree((void *) programme->set.exclude_start);
	pfree((void *) programme->set.exclude_mentor);
	pfree(programme->excluded_why);
	programme->set.exclude_start = lifted->saved_start;
	programme->set.exclude_mentor = lifted->saved_mentor;
	programme->excluded_why = lifted->saved_why;
}

/* All vetoes together, for a single one is nobody's business; all trials that
 * were declined. */
static void
try_kind(const Optimum *o, MtrExclusion why, const char *kind,
		 const char *name)
{
	MtrProgramme *programme = o->match->programme;
	Lifted		lifted = {.why = why,.mentee = -1};

	if (lift(programme, &lifted))
		solve_without(o, kind, 0, name);
	put_back(programme, &lifted);
}

/* Do the prices prove that the pair, if it could be had, would bring
 * nothing? */
static bool
brings_nothing(const Optimum *o, int32 mentee, int32 mentor)
{
	const MtrProblem *p = &o->solved.problem;
	int32		left = o->match->mentee[mentee].index;
	int32		right = o->match->mentor[mentor].index;
	int32	   *value;
	int32		score;
	int			first;

	if (left < 0 || right < 0)
		return true;
	value = palloc_extended((p->nright + 1) * sizeof(int32), MCXT_ALLOC_HUGE);
	mtr_rows_row((void *) &o->solved.rows, left, value);
	score = value[right];
	pfree(value);
	if (score == MTR_NO_PAIR)
		return true;
	first = 1 - p->left_cover[left] - p->right_cover[right];
	return first < 0 ||
		(first == 0 && score <= p->left_price[left] + p->right_price[right]);
}

/* A forbidden pair. */
static void
try_forbid(const Optimum *o, int64 id, const char *name, int32 mentee,
		   int32 mentor)
{
	MtrProgramme *programme = o->match->programme;
	Lifted		lifted = {.why = MTR_EX_FORBID,.mentee = mentee,
	.mentor = mentor};

	(void) lift(programme, &lifted);
	if (brings_nothing(o, mentee, mentor))
		put_rule(o, "forbid", id, name, NULL);
	else
		solve_without(o, "forbid", id, name);
	put_back(programme, &lifted);
}

/* A pinned pair: without it the two take part like everybody else. */
static void
try_pin(Optimum *o, int64 id, const char *name, int32 mentee, int32 mentor)
{
	MtrMatch   *match = o->match;
	MtrProgramme *programme = match->programme;
	MtrPin	   *pins = programme->pin;
	int32		npins = programme->npins;
	MtrMatch	saved = *match;

	programme->pin = palloc((npins + 1) * sizeof(MtrPin));
	programme->npins = 0;
	for (int32 i = 0; i < npins; i++)
	{
		if (pins[i].mentee != mentee || pins[i].mentor != mentor)
			programme->pin[programme->npins++] = pins[i];
	}
	mtr_match_places(match);
	solve_without(o, "pin", id, name);
	pfree(programme->pin);
	programme->pin = pins;
	programme->npins = npins;
	*match = saved;
}

/* A row of pair_rule; participants who take no part can't lose a pair. */
typedef struct PairRule
{
	int64		id;
	bool		is_pin;
	int32		mentee;
	int32		mentor;
	char	   *name;
} PairRule;

static PairRule *
read_pair_rules(const Optimum *o, uint64 *count)
{
	const MtrProgramme *programme = o->match->programme;
	int64		id = programme->id;
	PairRule   *rule;

	mtr_match_query("SELECT u.id, (u.rule = 'pin')::integer::bigint,"
					" u.mentee_id, u.mentor_id, coalesce(u.reason,"
					" format('mentee %s, mentor %s', u.mentee_id, u.mentor_id))"
					" FROM mentoring.pair_rule AS u"
					" WHERE u.programme_id = $1 ORDER BY u.id",
					1, &id, true, SPI_OK_SELECT);
	*count = SPI_processed;
	rule = palloc_extended((*count + 1) * sizeof(PairRule), MCXT_ALLOC_HUGE);
	for (uint64 row = 0; row < *count; row++)
	{
		rule[row].id = mtr_result_int64(row, 1);
		rule[row].is_pin = mtr_result_int64(row, 2) != 0;
		rule[row].mentee = mtr_find_participant(programme->mentee,
												programme->nmentees,
												mtr_result_int64(row, 3));
		rule[row].mentor = mtr_find_participant(programme->mentor,
												programme->nmentors,
												mtr_result_int64(row, 4));
		rule[row].name = SPI_getvalue(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, 5);
	}
	SPI_freetuptable(SPI_tuptable);
	return rule;
}

static void
try_pair_rules(Optimum *o)
{
	uint64		count;
	PairRule   *rule = read_pair_rules(o, &count);

	for (uint64 i = 0; i < count; i++)
	{
		mtr_progress(i, count);
		if (rule[i].mentee < 0 || rule[i].mentor < 0)
			put_rule(o, rule[i].is_pin ? "pin" : "forbid", rule[i].id,
					 rule[i].name, NULL);
		else if (rule[i].is_pin)
			try_pin(o, rule[i].id, rule[i].name, rule[i].mentee,
					rule[i].mentor);
		else
			try_forbid(o, rule[i].id, rule[i].name, rule[i].mentee,
					   rule[i].mentor);
	}
}

/*
 * mentoring.price_of_rules(programme_id)
 */
Datum
mentoring_price_of_rules(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	MtrMatch	match = {0};
	Optimum		o = {0};

	InitMaterializedSRF(fcinfo, 0);
	mtr_enter_coordinator(fcinfo, PG_GETARG_INT64(0), &saved);
	SPI_connect();
	mtr_progress_begin("price_of_rules", PG_GETARG_INT64(0));
	mtr_match_prepare(&match, PG_GETARG_INT64(0));
	o.match = &match;
	o.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	solve(&o.solved, &match);
	o.npairs = o.solved.problem.npairs + match.npairs;
	o.total = o.solved.problem.total + match.total;
	try_criteria(&o);
	try_pair_rules(&o);
	try_kind(&o, MTR_EX_VETO, "veto", "all vetoes");
	try_kind(&o, MTR_EX_TRIAL_DECLINED, "trial_declined",
			 "all trials that were ended");
	mtr_progress_end();
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}
