/*
 * match_verify_price.c
 *	  the optimum proven by covers and prices
 *
 * With places r, covers c in {0,1}, prices p, y = (c,p) and, under most_pairs,
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
 * w is the score of a pair and what the options ageing and churn_penalty add
 * to it; the waiting time is counted again from applied_at.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "kernel/slack.h"
#include "match_verify.h"

/*
 * Reading
 */

int64
mtr_verify_integer(uint64 row, int column, int64 if_null)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? if_null : DatumGetInt64(value);
}

/* What a mentee's waiting is worth: a share of a year, rounded half up. */
static void
read_waited(MtrVerify *v)
{
	int64		args[3] = {v->args[0], v->waiting_at, v->options.ageing};

	if (v->options.ageing == 0)
		return;
	mtr_match_query("SELECT a.id, round($3 * d.days / 365.0)::bigint"
					" FROM mentoring.participant AS a"
					" CROSS JOIN LATERAL (SELECT least(365, greatest(0,"
					"   floor(extract(epoch FROM timestamptz"
					"     '2000-01-01 00:00:00+00' - a.applied_at)"
					"     / 86400.0 + $2 / 86400000000.0)))) AS d (days)"
					" WHERE a.programme_id = $1 AND a.role IN ('mentee', 'peer')",
					3, args, true, SPI_OK_SELECT);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int32		i = mtr_find_participant(v->programme->mentee,
											 v->programme->nmentees,
											 mtr_verify_integer(row, 1, 0));

		if (i >= 0)
			v->mentee[i].waited = mtr_verify_integer(row, 2, 0);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* The pairs that were proposed when the run was made. */
static void
read_churn(MtrVerify *v)
{
	mtr_match_query("SELECT (p.pair ->> 0)::bigint, (p.pair ->> 1)::bigint"
					" FROM mentoring.match_run AS r,"
					" jsonb_array_elements(r.detail -> 'churn') AS p (pair)"
					" WHERE r.programme_id = $1 AND r.id = $2 ORDER BY 1, 2",
					2, v->args, true, SPI_OK_SELECT);
	v->first_churn = palloc0((v->programme->nmentees + 1) * sizeof(int32));
	v->churn_pair = palloc_extended((SPI_processed + 1) *
									sizeof(MtrVerifyPair),
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		MtrVerifyPair *pair = &v->churn_pair[v->nchurn];

		pair->mentee = mtr_find_participant(v->programme->mentee,
											v->programme->nmentees,
											mtr_verify_integer(row, 1, 0));
		pair->mentor = mtr_find_participant(v->programme->mentor,
											v->programme->nmentors,
											mtr_verify_integer(row, 2, 0));
		if (pair->mentee >= 0 && pair->mentor >= 0)
			v->nchurn++;
	}
	SPI_freetuptable(SPI_tuptable);
	for (int32 k = 0; k < v->nchurn; k++)
		v->first_churn[v->churn_pair[k].mentee + 1] = k + 1;
	for (int32 i = 0; i < v->programme->nmentees; i++)
		v->first_churn[i + 1] = Max(v->first_churn[i + 1],
									v->first_churn[i]);
}

/*
 * Read the proof.  A price beyond the range where doubles still tell 10^-6
 * apart can't be one the run wrote.
 */
void
mtr_verify_read_prices(MtrVerify *v)
{
	const MtrProgramme *programme = v->programme;

	mtr_match_query("SELECT participant_id, places::bigint,"
					" (cover * 2)::bigint, price, priority FROM mentoring.match_price"
					" WHERE programme_id = $1 AND match_run_id = $2"
					" ORDER BY participant_id",
					2, v->args, true, SPI_OK_SELECT);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int64		id = mtr_verify_integer(row, 1, 0);
		int64		cover = mtr_verify_integer(row, 3, -1);
		MtrVerifyPerson *person;
		int32		i;

		i = mtr_find_participant(programme->mentee, programme->nmentees, id);
		person = i >= 0 ? &v->mentee[i] : NULL;
		i = programme->is_peer ? -1 :
			mtr_find_participant(programme->mentor, programme->nmentors, id);
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
		person->stored_places = (int32) mtr_verify_integer(row, 2, 0);
		person->cover = (int) cover / 2;
		if (!mtr_verify_units(mtr_verify_double(row, 5, 0),
							  &person->priority))
			person->priority = -1;
		person->has_price = (cover == 0 || cover == 2) &&
			mtr_verify_units(mtr_verify_double(row, 4, get_float8_nan()), &person->price);
	}
	SPI_freetuptable(SPI_tuptable);
	read_waited(v);
	read_churn(v);
}

/*
 * Values
 */

static int
compare_pairs(const void *a, const void *b)
{
	const MtrVerifyPair *p = a;
	const MtrVerifyPair *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	return (p->mentor > q->mentor) - (p->mentor < q->mentor);
}

int64
mtr_verify_bonus(const MtrVerify *v, int32 mentee, int32 mentor)
{
	MtrVerifyPair key = {.mentee = mentee,.mentor = mentor};
	const MtrVerifyPerson *other = v->programme->is_peer ? v->mentee :
	v->mentor;
	int64		bonus = v->mentee[mentee].priority + other[mentor].priority;

	if (v->nchurn > 0 &&
		bsearch(&key, v->churn_pair, v->nchurn, sizeof(MtrVerifyPair),
				compare_pairs) != NULL)
		bonus += v->options.churn_penalty;
	return bonus;
}

void
mtr_verify_priorities(MtrVerify *v)
{
	char	   *problem = NULL;

	if (v->options.ageing == 0)
		return;
	for (int32 i = 0; i < v->programme->nmentees && problem == NULL; i++)
	{
		const MtrVerifyPerson *person = &v->mentee[i];

		if (person->places > 0 && person->priority != person->waited)
			problem = psprintf("participant %lld has priority %.6f, waiting is worth %.6f",
							   (long long) person->id,
							   MTR_TO_DOUBLE(person->priority),
							   MTR_TO_DOUBLE(person->waited));
	}
	mtr_verify_found(v, "priorities", problem,
					 "every priority is that of the time waited");
}

/*
 * Conditions 3 and 4
 */

/* One pair of the problem. */
static void
check_pair(MtrVerify *v, int32 i, int32 j, int32 score, bool is_taken)
{
	const MtrVerifyPerson *mentee = &v->mentee[i];
	const MtrVerifyPerson *mentor = &v->mentor[j];
	int			first = (v->most_pairs ? 1 : 0) - mentee->cover -
	mentor->cover;
	int64		value = score + mtr_verify_bonus(v, i, j);
	int64		second = value - mentee->price - mentor->price;
	int			sign = first != 0 ? first : (second > 0) - (second < 0);

	if (is_taken ? sign >= 0 : sign <= 0)
		return;
	if (first != 0 && v->cover_problem == NULL)
		v->cover_problem =
			psprintf(is_taken ? "%s are paired though both are covered" :
					 "%s are not paired though none is covered",
					 mtr_verify_pair_name(v, i, j));
	if (v->slack_problem == NULL)
		v->slack_problem =
			psprintf("%s, %s: value %.6f against prices %.6f and %.6f, covers %d and %d",
					 mtr_verify_pair_name(v, i, j),
					 is_taken ? "paired" : "not paired",
					 MTR_TO_DOUBLE(value), MTR_TO_DOUBLE(mentee->price),
					 MTR_TO_DOUBLE(mentor->price), mentee->cover,
					 mentor->cover);
}

/* What mentors' prices allow in the rows of either cover. */
static void
set_limits(MtrVerify *v)
{
	int32		n = v->programme->nmentors;

	for (int cover = 0; cover < 2; cover++)
	{
		v->limit[cover] = palloc_extended((n + 1) * sizeof(int64),
										  MCXT_ALLOC_HUGE);
		for (int32 j = 0; j < n; j++)
			v->limit[cover][j] =
				mtr_slack_limit(v->most_pairs, cover, v->mentor[j].cover,
								v->mentor[j].price - v->mentor[j].priority);
	}
	v->closed = palloc_extended((n + 1) * sizeof(int32), MCXT_ALLOC_HUGE);
	for (int32 j = 0; j < n; j++)
		if (v->mentor[j].places == 0)
			v->closed[v->nclosed++] = j;
}

/* No part of the problem: who has no place, whoever scores too little, and
 * pinned pairs. */
static void
leave_out(const MtrVerify *v, int32 i, int32 *score)
{
	for (int32 k = 0; k < v->nclosed; k++)
		score[v->closed[k]] = MTR_NO_PAIR;
	if (v->options.min_score > 0)
		for (int32 j = 0; j < v->programme->nmentors; j++)
			score[j] = score[j] >= v->options.min_score ? score[j] :
				MTR_NO_PAIR;
	for (int32 k = v->first_pair[i]; k < v->first_pair[i + 1]; k++)
		if (v->pair[k].is_pin)
			score[v->pair[k].mentor] = MTR_NO_PAIR;
}

/* Add the churn_penalty to the scores of a row, or take it off again. */
static void
add_churn(const MtrVerify *v, int32 i, int32 *score, int32 penalty)
{
	for (int32 k = v->first_churn[i]; k < v->first_churn[i + 1]; k++)
		if (score[v->churn_pair[k].mentor] != MTR_NO_PAIR)
			score[v->churn_pair[k].mentor] += penalty;
}

/*
 * All pairs are compared at once, those taken once more; if that doesn't come
 * to the same, pair by pair to name one.
 */
void
mtr_verify_row(MtrVerify *v, int32 i, int32 *score)
{
	const MtrVerifyPerson *mentee = &v->mentee[i];
	int64		price = mentee->price - mentee->priority;
	int32		above = 0;
	MtrSlack	slack;

	if (mentee->places == 0)
		return;
	if (v->limit[0] == NULL)
		set_limits(v);
	leave_out(v, i, score);
	add_churn(v, i, score, v->options.churn_penalty);
	slack = mtr_slack_row(score, v->limit[mentee->cover], price,
						  v->programme->nmentors);
	v->eligible += slack.eligible;
	for (int32 k = v->first_pair[i]; k < v->first_pair[i + 1]; k++)
	{
		int32		j = v->pair[k].mentor;

		if (k == v->first_pair[i] || j != v->pair[k - 1].mentor)
			above += mtr_slack_row(&score[j], &v->limit[mentee->cover][j],
								   price, 1).above;
	}
	add_churn(v, i, score, -v->options.churn_penalty);
	for (int32 k = v->first_pair[i]; k < v->first_pair[i + 1]; k++)
		if (score[v->pair[k].mentor] != MTR_NO_PAIR)
			check_pair(v, i, v->pair[k].mentor, score[v->pair[k].mentor],
					   true);
	if (slack.above == above)
		return;
	for (int32 k = v->first_pair[i]; k < v->first_pair[i + 1]; k++)
		score[v->pair[k].mentor] = MTR_NO_PAIR;
	for (int32 j = 0; j < v->programme->nmentors; j++)
		if (score[j] != MTR_NO_PAIR)
			check_pair(v, i, j, score[j], false);
}

/*
 * The stored proof is complete, and conditions 1 and 2 hold.  With
 * only_covers the prices don't matter.
 */
static char *
check_persons(const MtrVerify *v, const MtrVerifyPerson *list, int32 n, bool only_covers)
{
	for (int32 i = 0; i < n; i++)
	{
		const MtrVerifyPerson *person = &list[i];
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
find_bad_person(const MtrVerify *v, bool only_covers)
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
void
mtr_verify_prices(MtrVerify *v, const char *why_not)
{
	char	   *problem;

	mtr_verify_priorities(v);
	if (why_not != NULL)
	{
		mtr_verify_put(v, "pairs_optimal", MTR_UNDECIDED, why_not);
		mtr_verify_put(v, "optimal", MTR_UNDECIDED, why_not);
		return;
	}
	problem = v->is_feasible ? NULL : "the proposals are no valid matching";
	if (!v->most_pairs)
		mtr_verify_put(v, "pairs_optimal", MTR_UNDECIDED,
					   "best_total makes no claim about the number of pairs");
	else
	{
		if (problem == NULL)
			problem = find_bad_person(v, true);
		if (problem == NULL)
			problem = v->cover_problem;
		mtr_verify_found(v, "pairs_optimal", problem,
						 psprintf("no matching has more than %d pairs", v->npairs));
	}
	if (problem == NULL)
		problem = find_bad_person(v, false);
	if (problem == NULL)
		problem = v->slack_problem;

	/* the prices may still prove it though somebody changed them */
	if (problem == NULL && v->is_proof_altered)
		problem = "match_price was changed after the run was made";
	mtr_verify_found(v, "optimal", problem,
					 psprintf("no such matching has a higher total; %lld eligible pairs compared with the prices",
							  (long long) v->eligible));
}
