/*
 * match_verify.c
 *	  verify_match(): is a run what it claims to be?
 *
 * Problem.  A run claims that its pairs keep all rules and that no other
 * matching is better.  Both can be checked without solving anything: the
 * rules by looking at each pair, the optimum by the prices stored with it.
 *
 * Method.  The programme is loaded as it is now, without the relationships
 * this run created, and every eligible pair is scored once more.  With places
 * r, covers c in {0,1}, prices p, y = (c,p) and, under most_pairs,
 * slack(i,j) = (1 - c(i) - c(j), w(i,j) - p(i) - p(j)), else with the first
 * component 0, all compared lexicographically, a matching is optimal if
 *
 *	 1. y >= (0,0) for every participant,
 *	 2. y > (0,0) only where all places are taken,
 *	 3. slack >= (0,0) for each pair taken,
 *	 4. slack <= (0,0) for each eligible pair not taken.
 *
 * The proof is linear programming duality: the value of a matching is at most
 * the sum of r * y over participants and of max(slack, 0) over pairs, and
 * 2. and 3. make both equal.  The first components alone prove that no
 * matching has more pairs.  Pinned pairs are outside the problem and so are
 * the places they take.
 *
 * Nothing here calls or shares code with the solver.  The scores come from
 * the scoring kernel, which has its own tests against SQL.
 *
 * Cost.  One pass over all pairs; memory O(participants + proposals).
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_verify_match);

typedef enum Verdict
{
	FAILS,
	HOLDS,
	UNDECIDED
} Verdict;

/* A proposal of the run. */
typedef struct Pair
{
	int32		mentee;			/* index into the programme's list */
	int32		mentor;
	int64		proposal_id;
	double		stored;			/* score; NaN when null */
	bool		says_pinned;
	bool		is_pin;			/* a pin of the programme says so now */
	int32		now;			/* score as of now, 10^-6 or MTR_NO_PAIR */
} Pair;

/* What the run says of a participant, and what the pairs make of it. */
typedef struct Person
{
	int64		id;
	int32		places;			/* free, as of now */
	int32		taken;			/* pairs of the run */
	bool		has_row;		/* in match_price */
	bool		has_price;		/* cover and price in range */
	int32		stored_places;
	int			cover;
	int64		price;
} Person;

typedef struct Verify
{
	int64		args[2];		/* programme, run */
	ReturnSetInfo *rsinfo;
	MtrProgramme *programme;

	/* match_run */
	bool		is_optimal;		/* the method claims it */
	bool		most_pairs;
	MtrMatchOptions options;
	double		pair_count;
	double		total;
	double		bound;
	double		gap;
	char	   *hash;
	bool		is_proof_altered;	/* since the run was made */
	bool		are_pairs_altered;

	/* proposals */
	int32		nproposals;		/* all of them */
	double		stored_total;	/* sum of their scores in 10^-6 */
	int32		npairs;			/* those of two accepted participants */
	Pair	   *pair;			/* sorted by mentee, mentor */
	int32	   *first_pair;		/* [nmentees + 1] */
	char	   *member_problem;

	Person	   *mentee;
	Person	   *mentor;
	char	   *price_problem;

	bool		is_unchanged;
	bool		is_feasible;
	int64		eligible;		/* pairs compared with the prices */
	char	   *cover_problem;	/* first violation found by the pass */
	char	   *slack_problem;
} Verify;

static void
put(Verify *v, const char *name, Verdict verdict, const char *detail)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	values[0] = CStringGetTextDatum(name);
	values[1] = BoolGetDatum(verdict == HOLDS);
	nulls[1] = verdict == UNDECIDED;
	values[2] = CStringGetTextDatum(detail);
	tuplestore_putvalues(v->rsinfo->setResult, v->rsinfo->setDesc, values,
						 nulls);
}

/* A check that fails when it found a problem. */
static bool
put_found(Verify *v, const char *name, const char *problem,
		  const char *otherwise)
{
	put(v, name, problem ? FAILS : HOLDS, problem ? problem : otherwise);
	return problem == NULL;
}

/* 10^-6 units, false where a double can't tell them apart. */
static bool
to_units(double value, int64 *units)
{
	if (!(fabs(value) < 4e9))
		return false;
	*units = (int64) floor(value * MTR_UNIT + 0.5);
	return true;
}

static char *
pair_name(const Verify *v, int32 mentee, int32 mentor)
{
	return psprintf("mentee %lld and mentor %lld",
					(long long) v->mentee[mentee].id,
					(long long) v->mentor[mentor].id);
}

/*
 * Reading
 */

static double
result_double(uint64 row, int column, double if_null)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? if_null : DatumGetFloat8(value);
}

static int64
result_int64(uint64 row, int column, int64 if_null)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? if_null : DatumGetInt64(value);
}

static char *
result_text(uint64 row, int column)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[row],
									SPI_tuptable->tupdesc, column);

	return text ? text : "";
}

/*
 * The claims, and whether the rows that go with them are still those the run
 * wrote.
 */
static void
read_run(Verify *v)
{
	bool		isnull;
	Datum		options;
	char	   *proof_digest;
	char	   *pairs_digest;

	mtr_match_query("SELECT method, objective, options,"
					" pair_count::double precision, total_score, bound, gap,"
					" input_hash, detail ->> 'proof', detail ->> 'pairs'"
					" FROM mentoring.match_run"
					" WHERE programme_id = $1 AND id = $2",
					2, v->args, true, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("programme %lld has no match run %lld",
						(long long) v->args[0], (long long) v->args[1]),
				 errhint("The table mentoring.match_run lists them.")));
	v->is_optimal = strcmp(result_text(0, 1), "optimal") == 0;
	v->most_pairs = strcmp(result_text(0, 2), "most_pairs") == 0;
	options = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3,
							&isnull);
	mtr_parse_options(DatumGetJsonbP(options), &v->options);
	v->pair_count = result_double(0, 4, -1);
	v->total = result_double(0, 5, get_float8_nan());
	v->bound = result_double(0, 6, get_float8_nan());
	v->gap = result_double(0, 7, get_float8_nan());
	v->hash = result_text(0, 8);
	proof_digest = result_text(0, 9);
	pairs_digest = result_text(0, 10);

	/* what they are now */
	mtr_match_query(MTR_RUN_DIGESTS, 2, v->args, true, SPI_OK_SELECT);
	v->is_proof_altered = strcmp(result_text(0, 1), proof_digest) != 0;
	v->are_pairs_altered = strcmp(result_text(0, 2), pairs_digest) != 0;
}

/* The inputs as they are now, as the run would see them had it not been
 * published. */
static void
load_programme(Verify *v)
{
	MtrLoad		load = {0};

	load.programme_id = v->args[0];
	load.ignore_run = v->args[1];
	load.release_proposed = !v->options.keep;
	load.want_hash = true;
	v->programme = mtr_programme_load(&load);
}

static Person *
make_persons(const MtrParticipant *list, int32 n)
{
	Person	   *person = palloc0((n + 1) * sizeof(Person));

	for (int32 i = 0; i < n; i++)
	{
		person[i].id = list[i].id;
		person[i].places = list[i].places;
	}
	return person;
}

static int
compare_pairs(const void *a, const void *b)
{
	const Pair *p = a;
	const Pair *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	if (p->mentor != q->mentor)
		return p->mentor < q->mentor ? -1 : 1;
	return (p->proposal_id > q->proposal_id) -
		(p->proposal_id < q->proposal_id);
}

/* Take over one proposal, or note what is wrong with its members. */
static void
add_proposal(Verify *v, uint64 row)
{
	Pair	   *pair = &v->pair[v->npairs];
	const MtrProgramme *programme = v->programme;
	int64		units;

	pair->proposal_id = result_int64(row, 1, 0);
	pair->stored = result_double(row, 2, get_float8_nan());
	pair->says_pinned = result_int64(row, 3, 0) != 0;
	v->stored_total += to_units(pair->stored, &units) ? units :
		get_float8_nan();
	if (result_int64(row, 4, 0) != 1 || result_int64(row, 5, 0) != 1 ||
		result_int64(row, 6, 0) != 2)
	{
		if (v->member_problem == NULL)
			v->member_problem =
				psprintf("proposal %lld has %lld mentees and %lld mentors among %lld members",
						 (long long) pair->proposal_id,
						 (long long) result_int64(row, 4, 0),
						 (long long) result_int64(row, 5, 0),
						 (long long) result_int64(row, 6, 0));
		return;
	}
	pair->mentee = mtr_find_participant(programme->mentee,
										programme->nmentees,
										result_int64(row, 7, 0));
	pair->mentor = mtr_find_participant(programme->mentor,
										programme->nmentors,
										result_int64(row, 8, 0));
	if (pair->mentee >= 0 && pair->mentor >= 0)
		v->npairs++;
	else if (v->member_problem == NULL)
		v->member_problem =
			psprintf("proposal %lld: participant %lld is no accepted %s",
					 (long long) pair->proposal_id,
					 (long long) result_int64(row, pair->mentee < 0 ? 7 : 8, 0),
					 pair->mentee < 0 ? "mentee" : "mentor");
}

/*
 * Read what is proposed, whatever its shape: a wrong number of members is a
 * finding, not an error.
 */
static void
read_proposals(Verify *v)
{
	mtr_match_query("SELECT o.id, o.score, o.is_pinned::integer::bigint,"
					" count(*) FILTER (WHERE m.role = 'mentee'),"
					" count(*) FILTER (WHERE m.role = 'mentor'),"
					" count(m.id),"
					" min(m.participant_id) FILTER (WHERE m.role = 'mentee'),"
					" min(m.participant_id) FILTER (WHERE m.role = 'mentor')"
					" FROM mentoring.proposal AS o"
					" LEFT JOIN mentoring.proposal_member AS m"
					"   ON m.programme_id = o.programme_id"
					"  AND m.proposal_id = o.id"
					" WHERE o.programme_id = $1 AND o.match_run_id = $2"
					" GROUP BY o.id, o.score, o.is_pinned ORDER BY o.id",
					2, v->args, true, SPI_OK_SELECT);
	v->nproposals = (int32) SPI_processed;
	v->pair = palloc_extended(((Size) v->nproposals + 1) * sizeof(Pair),
							  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int32 i = 0; i < v->nproposals; i++)
		add_proposal(v, i);
	SPI_freetuptable(SPI_tuptable);
	qsort(v->pair, v->npairs, sizeof(Pair), compare_pairs);

	v->first_pair = palloc0((v->programme->nmentees + 1) * sizeof(int32));
	for (int32 i = 0; i < v->npairs; i++)
	{
		v->first_pair[v->pair[i].mentee + 1] = i + 1;
		v->mentee[v->pair[i].mentee].taken++;
		v->mentor[v->pair[i].mentor].taken++;
	}
	for (int32 i = 0; i < v->programme->nmentees; i++)
		v->first_pair[i + 1] = Max(v->first_pair[i + 1], v->first_pair[i]);
}

/*
 * Read the proof.  A price beyond the range where doubles still tell 10^-6
 * apart can't be one the run wrote.
 */
static void
read_prices(Verify *v)
{
	const MtrProgramme *programme = v->programme;

	mtr_match_query("SELECT participant_id, places::bigint, cover::bigint,"
					" price FROM mentoring.match_price"
					" WHERE programme_id = $1 AND match_run_id = $2"
					" ORDER BY participant_id",
					2, v->args, true, SPI_OK_SELECT);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int64		id = result_int64(row, 1, 0);
		int64		cover = result_int64(row, 3, -1);
		Person	   *person;
		int32		i;

		i = mtr_find_participant(programme->mentee, programme->nmentees, id);
		person = i >= 0 ? &v->mentee[i] : NULL;
		i = mtr_find_participant(programme->mentor, programme->nmentors, id);
		if (i >= 0)
			person = &v->mentor[i];
		if (person == NULL || person->places == 0)
		{
			if (v->price_problem == NULL)
				v->price_problem =
					psprintf("match_price has a row for participant %lld, who has no free place",
							 (long long) id);
			continue;
		}
		person->has_row = true;
		person->stored_places = (int32) result_int64(row, 2, 0);
		person->cover = (int) cover;
		person->has_price = cover >= 0 &&
			to_units(result_double(row, 4, get_float8_nan()), &person->price);
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * One pass over the pairs
 */

static int
compare_pins(const void *a, const void *b)
{
	const MtrPin *p = a;
	const MtrPin *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	return (p->mentor > q->mentor) - (p->mentor < q->mentor);
}

/* Conditions 3 and 4 for one pair. */
static void
check_slack(Verify *v, int32 i, int32 j, int32 score, bool is_taken)
{
	const Person *mentee = &v->mentee[i];
	const Person *mentor = &v->mentor[j];
	int			first = (v->most_pairs ? 1 : 0) - mentee->cover -
	mentor->cover;
	int64		second = score - mentee->price - mentor->price;
	int			sign = first != 0 ? first : (second > 0) - (second < 0);

	v->eligible++;
	if (is_taken ? sign >= 0 : sign <= 0)
		return;
	if (first != 0 && v->cover_problem == NULL)
		v->cover_problem =
			psprintf(is_taken ? "%s are paired though both are covered" :
					 "%s are not paired though none is covered",
					 pair_name(v, i, j));
	if (v->slack_problem == NULL)
		v->slack_problem =
			psprintf("%s, %s: score %.6f against prices %.6f and %.6f, covers %d and %d",
					 pair_name(v, i, j),
					 is_taken ? "paired" : "not paired",
					 MTR_TO_DOUBLE(score), MTR_TO_DOUBLE(mentee->price),
					 MTR_TO_DOUBLE(mentor->price), mentee->cover,
					 mentor->cover);
}

/* Compare one mentee's row of scores with the prices.  Pinned pairs are no
 * part of the problem. */
static void
check_row(Verify *v, int32 i, const int32 *score)
{
	const Pair *pair = &v->pair[v->first_pair[i]];
	const Pair *end = &v->pair[v->first_pair[i + 1]];

	if (v->mentee[i].places == 0)
		return;
	for (int32 j = 0; j < v->programme->nmentors; j++)
	{
		bool		is_taken = pair < end && pair->mentor == j;
		bool		is_pin = is_taken && pair->is_pin;

		pair += is_taken;
		if (score[j] >= v->options.min_score && v->mentor[j].places > 0 &&
			!is_pin)
			check_slack(v, i, j, score[j], is_taken);
	}
}

/*
 * Score the proposed pairs again and, where optimality is to be judged, look
 * at every other pair, too.
 */
static void
scan(Verify *v, bool judge)
{
	MtrProgramme *programme = v->programme;
	int32	   *score = palloc((programme->nmentors + 1) * sizeof(int32));

	for (int32 i = 0; i < programme->nmentees; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!judge && v->first_pair[i] == v->first_pair[i + 1])
			continue;
		mtr_programme_row(programme, i, score);
		for (int32 k = v->first_pair[i]; k < v->first_pair[i + 1]; k++)
		{
			Pair	   *pair = &v->pair[k];
			MtrPin		key = {.mentee = i,.mentor = pair->mentor};

			pair->now = score[pair->mentor];
			pair->is_pin = bsearch(&key, programme->pin, programme->npins,
								   sizeof(MtrPin), compare_pins) != NULL;
		}
		if (judge)
			check_row(v, i, score);
	}
	pfree(score);
}

/*
 * The checks
 */

/* The hash covers all that scores, rules and places depend on. */
static void
check_inputs(Verify *v)
{
	v->is_unchanged = strcmp(v->hash, v->programme->hash) == 0;
	put_found(v, "inputs_unchanged", v->is_unchanged ? NULL :
			  "participants, places, profiles, criteria, rules or preferences changed since the run was made",
			  psprintf("hash %.12s", v->hash));
}

static void
check_members(Verify *v)
{
	for (int32 k = 1; k < v->npairs && v->member_problem == NULL; k++)
	{
		if (v->pair[k].mentee == v->pair[k - 1].mentee &&
			v->pair[k].mentor == v->pair[k - 1].mentor)
			v->member_problem =
				psprintf("%s are proposed twice",
						 pair_name(v, v->pair[k].mentee, v->pair[k].mentor));
	}
	v->is_feasible &= v->member_problem == NULL;

	/* a matching just as good would not be the one the run made */
	if (v->member_problem == NULL && v->are_pairs_altered)
		v->member_problem = "the proposals were changed after the run was made";
	put_found(v, "members", v->member_problem,
			  psprintf("%d proposals", v->nproposals));
}

static char *
find_overfull(const Person *person, int32 n)
{
	for (int32 i = 0; i < n; i++)
	{
		if (person[i].taken > person[i].places)
			return psprintf("participant %lld has %d places and is proposed %d times",
							(long long) person[i].id, person[i].places,
							person[i].taken);
	}
	return NULL;
}

static void
check_capacity(Verify *v)
{
	char	   *problem = find_overfull(v->mentee, v->programme->nmentees);

	if (problem == NULL)
		problem = find_overfull(v->mentor, v->programme->nmentors);
	v->is_feasible &= put_found(v, "capacity", problem,
								"nobody has more proposals than places");
}

/* Is a pin's pair together already, so that it needn't be proposed? */
static bool
is_together(const MtrProgramme *programme, const MtrPin *pin)
{
	const MtrScoreSet *set = &programme->set;

	for (int32 e = set->exclude_start[pin->mentee];
		 e < set->exclude_start[pin->mentee + 1]; e++)
	{
		if (set->exclude_mentor[e] == pin->mentor &&
			programme->excluded_why[e] == MTR_EX_TOGETHER)
			return true;
	}
	return false;
}

/* A pin must be met: proposed, or together without the run's doing. */
static char *
find_missing_pin(const Verify *v)
{
	for (int32 i = 0; i < v->programme->npins; i++)
	{
		const MtrPin *pin = &v->programme->pin[i];
		bool		is_met = false;

		if (pin->mentee >= 0 && pin->mentor >= 0)
		{
			for (int32 k = v->first_pair[pin->mentee];
				 k < v->first_pair[pin->mentee + 1]; k++)
				is_met |= v->pair[k].mentor == pin->mentor;
			is_met |= is_together(v->programme, pin);
		}
		if (!is_met)
			return psprintf("mentee %lld and mentor %lld are pinned and not proposed",
							(long long) pin->mentee_id,
							(long long) pin->mentor_id);
	}
	return NULL;
}

/*
 * Pairs must be eligible by the rules as they are now.  is_pinned has to be
 * true to the pins, for a pinned pair is taken out of the proof.
 */
static void
check_rules(Verify *v)
{
	char	   *problem = NULL;

	for (int32 k = 0; k < v->npairs && problem == NULL; k++)
	{
		const Pair *pair = &v->pair[k];
		const char *what = NULL;

		if (pair->now == MTR_NO_PAIR)
			what = "may not be paired, see mentoring.explain_pair";
		else if (pair->says_pinned && !pair->is_pin)
			what = "are marked as pinned without a pin";
		else if (!pair->says_pinned && pair->is_pin)
			what = "are pinned and not marked so";
		else if (!pair->is_pin && pair->now < v->options.min_score)
			what = "are below min_score";
		if (what != NULL)
			problem = psprintf("%s %s",
							   pair_name(v, pair->mentee, pair->mentor), what);
	}
	if (problem == NULL)
		problem = find_missing_pin(v);
	v->is_feasible &= put_found(v, "rules", problem,
								"every pair is eligible, every pin is met");
}

/* Exactly: both are whole 10^-6. */
static void
check_scores(Verify *v)
{
	char	   *problem = NULL;

	for (int32 k = 0; k < v->npairs && problem == NULL; k++)
	{
		const Pair *pair = &v->pair[k];
		int64		units;

		if (pair->now == MTR_NO_PAIR)
			problem = psprintf("%s have no score now",
							   pair_name(v, pair->mentee, pair->mentor));
		else if (pair->stored != MTR_TO_DOUBLE(pair->now) ||
				 !to_units(pair->stored, &units))
			problem = psprintf("%s: stored %.6f, recomputed %.6f",
							   pair_name(v, pair->mentee, pair->mentor),
							   pair->stored, MTR_TO_DOUBLE(pair->now));
	}
	put_found(v, "scores", problem, "every stored score is that recomputed");
}

/* What match_run says in sum, and how bound and gap go with it. */
static void
check_total(Verify *v)
{
	char	   *problem = NULL;
	int64		total,
				bound,
				gap;

	if (v->pair_count != v->nproposals)
		problem = psprintf("pair_count is %.0f, there are %d proposals",
						   v->pair_count, v->nproposals);
	else if (!to_units(v->total, &total) || !to_units(v->bound, &bound) ||
			 !to_units(v->gap, &gap))
		problem = "total_score, bound or gap is no number";
	else if (!(total == v->stored_total))
		problem = psprintf("total_score is %.6f, the proposals add up to %.6f",
						   v->total, v->stored_total / MTR_UNIT);
	else if (bound - total != gap || gap < 0 || (v->is_optimal && gap != 0))
		problem = psprintf("total_score %.6f, bound %.6f and gap %.6f do not agree",
						   v->total, v->bound, v->gap);
	put_found(v, "total", problem,
			  psprintf("%d pairs, total %.6f", v->nproposals, v->total));
}

/*
 * The stored proof is complete, and conditions 1 and 2 hold.  With
 * only_covers the prices don't matter.
 */
static char *
check_persons(const Verify *v, const Person *list, int32 n, bool only_covers)
{
	for (int32 i = 0; i < n; i++)
	{
		const Person *person = &list[i];
		const char *what = NULL;

		if (person->places == 0)
			continue;
		if (!person->has_row)
			what = "has no row in match_price";
		else if (!person->has_price)
			what = "has no cover and price";
		else if (person->stored_places != person->places)
			what = "has other places than match_price says";
		else if (person->cover != 0 && !v->most_pairs)
			what = "is covered, which best_total does not know";
		else if (person->cover != 0 && person->taken != person->places)
			what = "is covered with a free place";
		else if (only_covers || person->cover != 0)
			continue;
		else if (person->price < 0)
			what = "has a price below 0";
		else if (person->price > 0 && person->taken != person->places)
			what = "has a price above 0 with a free place";
		if (what != NULL)
			return psprintf("participant %lld %s", (long long) person->id,
							what);
	}
	return NULL;
}

/* The first participant at fault, mentees first. */
static char *
find_bad_person(const Verify *v, bool only_covers)
{
	char	   *problem = v->price_problem;

	if (problem == NULL)
		problem = check_persons(v, v->mentee, v->programme->nmentees,
								only_covers);
	if (problem == NULL)
		problem = check_persons(v, v->mentor, v->programme->nmentors,
								only_covers);
	return problem;
}

/* Both checks of optimality, where there is something to judge. */
static void
check_optimality(Verify *v, const char *why_not)
{
	char	   *problem;

	if (why_not != NULL)
	{
		put(v, "pairs_optimal", UNDECIDED, why_not);
		put(v, "optimal", UNDECIDED, why_not);
		return;
	}
	problem = v->is_feasible ? NULL : "the proposals are no valid matching";
	if (!v->most_pairs)
		put(v, "pairs_optimal", UNDECIDED,
			"best_total makes no claim about the number of pairs");
	else
	{
		if (problem == NULL)
			problem = find_bad_person(v, true);
		if (problem == NULL)
			problem = v->cover_problem;
		put_found(v, "pairs_optimal", problem,
				  psprintf("no matching has more than %d pairs", v->npairs));
	}
	if (problem == NULL)
		problem = find_bad_person(v, false);
	if (problem == NULL)
		problem = v->slack_problem;

	/* the prices may still prove it though somebody changed them */
	if (problem == NULL && v->is_proof_altered)
		problem = "match_price was changed after the run was made";
	put_found(v, "optimal", problem,
			  psprintf("no such matching has a higher total; %lld eligible pairs compared with the prices",
					   (long long) v->eligible));
}

/*
 * Everything, in the order of the answer.  The pass over the pairs comes
 * first, because the checks of rules and scores need its results.
 */
static void
verify(Verify *v)
{
	const char *why_not = NULL;

	read_run(v);
	load_programme(v);
	v->mentee = make_persons(v->programme->mentee, v->programme->nmentees);
	v->mentor = make_persons(v->programme->mentor, v->programme->nmentors);
	read_proposals(v);
	read_prices(v);
	qsort(v->programme->pin, v->programme->npins, sizeof(MtrPin),
		  compare_pins);
	v->is_feasible = true;

	check_inputs(v);
	if (!v->is_optimal)
		why_not = "the method does not claim to be optimal";
	else if (!v->is_unchanged)
		why_not = "inputs changed since the run was made";
	scan(v, why_not == NULL);
	check_members(v);
	check_capacity(v);
	check_rules(v);
	check_scores(v);
	check_total(v);
	check_optimality(v, why_not);
}

/*
 * mentoring.verify_match(programme_id, match_run_id)
 */
Datum
mentoring_verify_match(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	Verify		v;

	memset(&v, 0, sizeof(v));
	v.args[0] = mtr_id_argument(fcinfo, 0, "programme_id");
	v.args[1] = mtr_id_argument(fcinfo, 1, "match_run_id");
	v.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	InitMaterializedSRF(fcinfo, 0);
	mtr_owner_enter(fcinfo, &saved);
	SPI_connect();				/* its memory goes with SPI_finish() */
	verify(&v);
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}
