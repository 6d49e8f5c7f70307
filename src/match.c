/*
 * match.c
 *	  match(): the best pairs of a programme, as a draft for people to review
 *
 * Method.  The programme is loaded and compiled once (score.h).  Pinned pairs
 * are matched first and take their places out of the problem.  Everybody who
 * brings a free place is a row or column of the kernel's matrix, which is
 * filled by the scoring kernel a mentee at a time; where the kernel wants
 * mentors as rows, a block of mentees is scored and then turned.  The result
 * is stored together with the prices that prove it.
 *
 * Who is full brings no place and is no part of the problem.  That he exists
 * is needed only to tell "nobody suits" from "all who suit are full", and
 * scored only for who needs that answer.
 *
 * Cost.  Scoring and solving; 4 bytes for each pair of participants with a
 * free place, checked against mentoring.match_memory beforehand.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_match);

/* mentees scored before they are turned into columns: a cache line's worth
 * of each matrix row is written at a time */
#define BLOCK 16

/* The problem of a programme, and who is who in it. */
typedef struct Build
{
	MtrMatch   *match;
	MtrProblem	problem;		/* left: mentees, right: mentors */
	int32	   *mentee_of;		/* [nleft] index into programme->mentee */
	int32	   *mentor_of;		/* [nright] */
	bool	   *mentor_seen;	/* [nright] eligible with a mentee of ours */
	int32	   *score;			/* [programme->nmentors] */
	int32		pin;			/* next of match->pair, while mentees go by */
} Build;

double
mtr_elapsed_ms(const instr_time *start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, *start);
	return INSTR_TIME_GET_MILLISEC(now);
}

int64
mtr_id_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("Give the id of a row.")));
	return PG_GETARG_INT64(argument);
}

void
mtr_match_query(const char *text, int nargs, const int64 *args,
				bool read_only, int expect)
{
	Oid			types[4];
	Datum		values[4];
	int			result;

	Assert(nargs <= 4);
	for (int i = 0; i < nargs; i++)
	{
		types[i] = INT8OID;
		values[i] = Int64GetDatum(args[i]);
	}
	result = SPI_execute_with_args(text, nargs, types, values, NULL,
								   read_only, 0);
	if (result != expect)
		elog(ERROR, "could not run (%s): %s", SPI_result_code_string(result),
			 text);
}

/*
 * Arguments and state
 */

static void
refuse_null(const char *argument, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s must not be null", argument),
			 errhint("%s", hint)));
}

/* Only "optimal" proves anything; the method is kept by name for the run. */
static void
set_method(MtrMatch *match, const char *method)
{
	match->method = method;
	if (strcmp(method, "greedy") == 0)
		match->is_greedy = true;
	else if (strcmp(method, "stable") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("method \"%s\" is not supported yet", method),
				 errhint("Methods are optimal and greedy.")));
	else if (strcmp(method, "optimal") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown method \"%s\"", method),
				 errhint("Methods are optimal and greedy.")));
}

/*
 * The function isn't STRICT: a NULL that makes it return NULL would look like
 * a match that found nobody.
 */
static void
read_arguments(FunctionCallInfo fcinfo, MtrMatch *match)
{
	if (PG_ARGISNULL(1))
		refuse_null("method", "Methods are optimal and greedy.");
	if (PG_ARGISNULL(3))
		refuse_null("options", "Leave the argument out, or give {}.");
	match->programme_id = mtr_id_argument(fcinfo, 0, "programme_id");
	set_method(match, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	match->objective = PG_ARGISNULL(2) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(2));
	match->most_pairs = mtr_objective_is_most_pairs(match->objective);
	match->options_json = PG_GETARG_JSONB_P(3);
	mtr_parse_options(match->options_json, &match->options);
}

/*
 * Refuse what can be seen without loading the programme.
 */
static void
check_programme(int64 programme_id)
{
	HeapTuple	row;
	char	   *model;

	mtr_match_query("SELECT model, status FROM mentoring.programme"
					" WHERE id = $1", 1, &programme_id, true, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no programme %lld",
						(long long) programme_id),
				 errhint("The table mentoring.programme lists them.")));
	row = SPI_tuptable->vals[0];
	model = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
	if (strcmp(SPI_getvalue(row, SPI_tuptable->tupdesc, 2), "closed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld is closed", (long long) programme_id),
				 errhint("Matches are made in programmes that are not closed.")));
	if (strcmp(model, "one_to_one") != 0 && strcmp(model, "reverse") != 0 &&
		strcmp(model, "job_shadow") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("matching a programme of model \"%s\" is not supported yet",
						model),
				 errhint("Models one_to_one, reverse and job_shadow are matched.")));
	SPI_freetuptable(SPI_tuptable);
}

/* Refuse a programme that can have no match, and say what it lacks. */
static void
check_loaded(const MtrProgramme *programme)
{
	const char *missing = NULL;

	if (programme->nmentees == 0)
		missing = "mentee";
	else if (programme->nmentors == 0)
		missing = "mentor";
	if (missing != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld has no accepted %s",
						(long long) programme->id, missing),
				 errhint("Set the status of participants to 'accepted' in mentoring.participant.")));
	mtr_programme_check_weight(programme);
}

/*
 * Load with the hash that verify_match() will compare, and with the places
 * that this run may give away.
 */
static void
load_programme(MtrMatch *match)
{
	instr_time	start;
	MtrLoad		load = {0};

	INSTR_TIME_SET_CURRENT(start);
	load.programme_id = match->programme_id;
	load.release_proposed = !match->options.keep;
	load.want_hash = true;
	match->programme = mtr_programme_load(&load);
	check_loaded(match->programme);
	match->load_ms = mtr_elapsed_ms(&start);
}

/*
 * The matrix
 */

/* Who brings a free place. */
static MtrOutcome *
make_outcomes(const MtrParticipant *list, int32 n, int32 *count)
{
	MtrOutcome *outcome = palloc0(Max(n, 1) * sizeof(MtrOutcome));

	*count = 0;
	for (int32 i = 0; i < n; i++)
	{
		outcome[i].takes_part = list[i].places > 0;
		outcome[i].places_left = list[i].places;
		outcome[i].index = -1;
		if (outcome[i].takes_part)
			outcome[i].index = (*count)++;
	}
	return outcome;
}

/* The other way round: index in the problem to index in the programme. */
static int32 *
invert(const MtrOutcome *outcome, int32 n, int32 count, int32 **places)
{
	int32	   *list = palloc(Max(count, 1) * sizeof(int32));

	*places = palloc(Max(count, 1) * sizeof(int32));
	for (int32 i = 0; i < n; i++)
	{
		if (outcome[i].index < 0)
			continue;
		list[outcome[i].index] = i;
		(*places)[outcome[i].index] = outcome[i].places_left;
	}
	return list;
}

/*
 * Set up the problem.  Everything allocated so far counts against the limit,
 * the compiled programme included: it is below the same memory context.
 */
static void
begin_build(Build *build, MtrMatch *match)
{
	MtrProgramme *programme = match->programme;
	MtrProblem *problem = &build->problem;
	uint64		already;

	build->match = match;
	problem->nleft = match->nmentees;
	problem->nright = match->nmentors;
	problem->most_pairs = match->most_pairs;
	problem->greedy = match->is_greedy;
	build->mentee_of = invert(match->mentee, programme->nmentees,
							  match->nmentees, &problem->left_places);
	build->mentor_of = invert(match->mentor, programme->nmentors,
							  match->nmentors, &problem->right_places);
	build->mentor_seen = palloc0(Max(match->nmentors, 1) * sizeof(bool));
	build->score = palloc(programme->nmentors * sizeof(int32));
	already = MemoryContextMemAllocated(CurrentMemoryContext, true) +
		(uint64) BLOCK * match->nmentors * sizeof(int32);
	mtr_problem_begin(problem, already);
	match->bytes = already + problem->bytes;
}

/*
 * Score one mentee of the problem with its mentors.  A pinned pair is matched
 * already and no part of the problem; its places are gone from it, too.  All
 * eligible pairs are >= 0 and MTR_NO_PAIR is far below, so one comparison
 * serves both the rules and min_score.
 */
static void
fill_row(Build *build, int32 left, int32 *row)
{
	MtrMatch   *match = build->match;
	MtrProgramme *programme = match->programme;
	int32		mentee = build->mentee_of[left];
	int32		least = match->options.min_score;
	int32		count = 0;

	mtr_programme_row(programme, mentee, build->score);
	for (; build->pin < match->npairs &&
		 match->pair[build->pin].mentee == mentee; build->pin++)
		build->score[match->pair[build->pin].mentor] = MTR_NO_PAIR;

	for (int32 right = 0; right < match->nmentors; right++)
	{
		int32		score = build->score[build->mentor_of[right]];
		bool		is_eligible = score >= least;

		row[right] = is_eligible ? score : MTR_NO_PAIR;
		build->mentor_seen[right] |= is_eligible;
		count += is_eligible;
	}
	match->eligible += count;

	/* whom a full mentor would suit is asked only where no other one does */
	match->mentee[mentee].has_free_partner = count > 0;
	match->mentee[mentee].has_partner = count > 0;
	if (count > 0)
		return;
	for (int32 j = 0; j < programme->nmentors; j++)
		match->mentee[mentee].has_partner |= build->score[j] >= least;
}

/*
 * Fill the matrix.  A whole row is scored at a time; written straight into a
 * matrix whose rows are mentors, each number would touch another cache line.
 */
static void
fill(Build *build)
{
	MtrProblem *problem = &build->problem;
	int32		nright = problem->nright;
	int32	   *block;
	int32		size;

	if (!problem->rows_are_right)
	{
		for (int32 left = 0; left < problem->nleft; left++)
		{
			CHECK_FOR_INTERRUPTS();
			fill_row(build, left, mtr_problem_cell(problem, left, 0));
		}
		return;
	}

	block = palloc_extended((Size) BLOCK * nright * sizeof(int32),
							MCXT_ALLOC_HUGE);
	for (int32 left = 0; left < problem->nleft; left += size)
	{
		CHECK_FOR_INTERRUPTS();
		size = Min(BLOCK, problem->nleft - left);
		for (int32 i = 0; i < size; i++)
			fill_row(build, left + i, block + (Size) i * nright);
		for (int32 right = 0; right < nright; right++)
		{
			int32	   *cell = mtr_problem_cell(problem, left, right);

			for (int32 i = 0; i < size; i++)
				cell[i] = block[(Size) i * nright + right];
		}
	}
	pfree(block);
}

/*
 * The result
 */

static int
compare_pairs(const void *a, const void *b)
{
	const MtrMatchPair *p = a;
	const MtrMatchPair *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	return (p->mentor > q->mentor) - (p->mentor < q->mentor);
}

/* Add the pairs the kernel chose to the pinned ones.  The order decides the
 * ids of proposals, so it must not depend on the orientation. */
static void
collect_pairs(Build *build)
{
	MtrMatch   *match = build->match;
	MtrProblem *problem = &build->problem;

	match->pair = repalloc_huge(match->pair,
								((Size) match->npairs + problem->npairs + 1) *
								sizeof(MtrMatchPair));
	for (int32 i = 0; i < problem->npairs; i++)
	{
		MtrMatchPair *pair = &match->pair[match->npairs++];

		pair->mentee = build->mentee_of[problem->pair_left[i]];
		pair->mentor = build->mentor_of[problem->pair_right[i]];
		pair->score = *mtr_problem_cell(problem, problem->pair_left[i],
										problem->pair_right[i]);
		pair->is_pinned = false;
		match->mentee[pair->mentee].is_paired = true;
		match->mentor[pair->mentor].is_paired = true;
	}
	qsort(match->pair, match->npairs, sizeof(MtrMatchPair), compare_pairs);
	match->bound = match->total + problem->bound;
	match->total += problem->total;
}

/* The proof, by participant. */
static void
collect_prices(Build *build)
{
	MtrMatch   *match = build->match;
	MtrProblem *problem = &build->problem;

	for (int32 i = 0; i < problem->nleft; i++)
	{
		match->mentee[build->mentee_of[i]].cover = problem->left_cover[i];
		match->mentee[build->mentee_of[i]].price = problem->left_price[i];
	}
	for (int32 j = 0; j < problem->nright; j++)
	{
		MtrOutcome *mentor = &match->mentor[build->mentor_of[j]];

		mentor->cover = problem->right_cover[j];
		mentor->price = problem->right_price[j];
		mentor->has_free_partner = build->mentor_seen[j];
		mentor->has_partner = build->mentor_seen[j];
	}
}

/*
 * Mentors nobody in the problem suits: is there a full mentee who would?
 * Ends as soon as all of them have one.
 */
static void
look_at_full_mentees(Build *build)
{
	MtrMatch   *match = build->match;
	MtrProgramme *programme = match->programme;
	int32	   *open = palloc(Max(match->nmentors, 1) * sizeof(int32));
	int32		nopen = 0;

	for (int32 j = 0; j < match->nmentors; j++)
	{
		MtrOutcome *mentor = &match->mentor[build->mentor_of[j]];

		if (!mentor->is_paired && !mentor->has_partner)
			open[nopen++] = build->mentor_of[j];
	}
	for (int32 i = 0; i < programme->nmentees && nopen > 0; i++)
	{
		int32		kept = 0;

		if (match->mentee[i].takes_part)
			continue;
		CHECK_FOR_INTERRUPTS();
		mtr_programme_row(programme, i, build->score);
		for (int32 k = 0; k < nopen; k++)
		{
			if (build->score[open[k]] >= match->options.min_score)
				match->mentor[open[k]].has_partner = true;
			else
				open[kept++] = open[k];
		}
		nopen = kept;
	}
	pfree(open);
}

/* Pairs first, then places: somebody whom only full partners suit is told so
 * even though others with free places exist. */
static void
set_reasons(MtrOutcome *outcome, int32 n)
{
	for (int32 i = 0; i < n; i++)
	{
		if (!outcome[i].takes_part || outcome[i].is_paired)
			outcome[i].reason = MTR_MATCHED;
		else if (!outcome[i].has_partner)
			outcome[i].reason = MTR_NO_PARTNER;
		else if (!outcome[i].has_free_partner)
			outcome[i].reason = MTR_PARTNERS_FULL;
		else
			outcome[i].reason = MTR_OUTBID;
	}
}

/* Everything between loading and storing. */
static void
solve_programme(MtrMatch *match)
{
	MtrProgramme *programme = match->programme;
	Build		build = {0};
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	match->mentee = make_outcomes(programme->mentee, programme->nmentees,
								  &match->nmentees);
	match->mentor = make_outcomes(programme->mentor, programme->nmentors,
								  &match->nmentors);
	match->pair = palloc((programme->npins + 1) * sizeof(MtrMatchPair));
	mtr_match_pins(match);

	begin_build(&build, match);
	fill(&build);
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	mtr_problem_solve(&build.problem);
	match->solve_ms = mtr_elapsed_ms(&start);

	collect_pairs(&build);
	mtr_problem_shrink(&build.problem);
	collect_prices(&build);
	look_at_full_mentees(&build);
	set_reasons(match->mentee, programme->nmentees);
	set_reasons(match->mentor, programme->nmentors);
}

/*
 * mentoring.match(programme_id, method, objective, options)
 */
Datum
mentoring_match(PG_FUNCTION_ARGS)
{
	MtrOwner	saved;
	MtrMatch	match = {0};
	int64		run_id;

	INSTR_TIME_SET_CURRENT(match.started);
	mtr_owner_enter(fcinfo, &saved);
	read_arguments(fcinfo, &match);
	PreventCommandIfReadOnly("mentoring.match()");	/* not when all is done */
	SPI_connect();				/* its memory goes with SPI_finish() */
	check_programme(match.programme_id);
	load_programme(&match);
	solve_programme(&match);
	run_id = mtr_match_store(&match);
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_INT64(run_id);
}
