/*
 * match_pin.c
 *	  pinned pairs: checked, then matched before everything else
 *
 * A pin is a coordinator's decision, so it is never dropped silently: one
 * that can't be carried out is an error that says which and why.  min_score
 * doesn't apply.  A pin whose pair is together already is satisfied.
 *
 * Circles and groups are searched with their pins, which are only checked
 * here.
 *
 * Of two peers both directions count, and it doesn't matter who stands as
 * mentee in the pin.
 *
 * Pins are gone through by mentee, then mentor, so the error is the same
 * whatever order they were written in.
 */
#include "postgres.h"

#include "match.h"
#include "mentoring.h"


static void
refuse_pin(const MtrPin *pin, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pinned pair of mentee %lld and mentor %lld cannot be matched",
					(long long) pin->mentee_id, (long long) pin->mentor_id),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

/* By id, not by index: participants that aren't loaded have none. */
static int
compare_pins(const void *a, const void *b)
{
	const MtrPin *p = a;
	const MtrPin *q = b;

	if (p->mentee_id != q->mentee_id)
		return p->mentee_id < q->mentee_id ? -1 : 1;
	return (p->mentor_id > q->mentor_id) - (p->mentor_id < q->mentor_id);
}

/* Both must be accepted, one as mentee, the other as mentor, and no other
 * rule may contradict. */
static void
check_participants(const MtrProgramme *programme, const MtrPin *pin)
{
	if (pin->mentee < 0)
		refuse_pin(pin,
				   psprintf("Participant %lld is not an accepted, active %s of the programme.",
							(long long) pin->mentee_id,
							programme->is_peer ? "peer" : "mentee"),
				   "Accept the participant, see whether the person is active, or delete the pin from mentoring.pair_rule.");
	if (pin->mentor < 0)
		refuse_pin(pin,
				   psprintf("Participant %lld is not an accepted, active %s of the programme.",
							(long long) pin->mentor_id,
							programme->is_peer ? "peer" : "mentor"),
				   "Accept the participant, see whether the person is active, or delete the pin from mentoring.pair_rule.");
	if (pin->is_forbidden)
		refuse_pin(pin, "The pair is forbidden, too.",
				   "Delete one of the two rows from mentoring.pair_rule.");
}

/*
 * The rules that hold without a criterion.  Returns true when the pair is
 * together already; raises an error when another rule excludes it.
 */
static bool
check_exclusions(const MtrProgramme *programme, const MtrPin *pin)
{
	const MtrScoreSet *set = &programme->set;
	bool		is_together = false;

	for (int32 e = set->exclude_start[pin->mentee];
		 e < set->exclude_start[pin->mentee + 1]; e++)
	{
		if (set->exclude_mentor[e] != pin->mentor)
			continue;
		switch (programme->excluded_why[e])
		{
			case MTR_EX_TOGETHER:
				is_together = true;
				break;
			case MTR_EX_SAME_PERSON:
				refuse_pin(pin, "They are the same person.",
						   "Delete the pin from mentoring.pair_rule.");
				break;
			case MTR_EX_FORBID:
				refuse_pin(pin, "The pair is forbidden, too.",
						   "Delete one of the two rows from mentoring.pair_rule.");
				break;
			case MTR_EX_VETO:
				refuse_pin(pin, "One of them does not want the other as partner.",
						   "Delete the pin from mentoring.pair_rule.");
				break;
			case MTR_EX_TRIAL_DECLINED:
				refuse_pin(pin, "The two ended a trial before.",
						   "Delete the pin from mentoring.pair_rule.");
				break;
		}
	}
	return is_together;
}

/* Say which criterion's minimum the pair is below. */
static void
refuse_criterion(MtrProgramme *programme, const MtrPin *pin)
{
	int32	   *sim = palloc(programme->nmentors * sizeof(int32));

	for (int32 k = 0; k < programme->ncriteria; k++)
	{
		const MtrCriterion *criterion = &programme->set.criteria[k];

		if (criterion->minimum < 0)
			continue;
		mtr_score_similarities(&programme->set, k, pin->mentee, sim,
							   programme->scratch);
		if (sim[pin->mentor] == MTR_MISSING ? criterion->strict :
			sim[pin->mentor] < criterion->minimum)
			refuse_pin(pin,
					   psprintf("The pair is below the minimum of criterion \"%s\".",
								programme->info[k].name),
					   "Delete the pin from mentoring.pair_rule, or lower the minimum; mentoring.explain_pair shows the pair.");
	}

	/* only a custom function can change its mind between two calls */
	refuse_pin(pin, "The pair was below a minimum, and asked again it is not.",
			   "Make custom functions give equal results for equal arguments.");
}

/*
 * Take a place for the pin.  In a programme of circles or groups several pins
 * can share a place, so none is taken; the search finds out.
 */
static void
take_place(MtrOutcome *outcome, const MtrParticipant *participant,
		   const MtrPin *pin, bool is_shared)
{
	if (participant->places == 0)
		refuse_pin(pin,
				   psprintf("Participant %lld has no free place.",
							(long long) participant->id),
				   "Raise the capacity, end a relationship, or delete the pin from mentoring.pair_rule.");
	if (is_shared)
		return;
	if (outcome->places_left == 0)
		refuse_pin(pin,
				   psprintf("Other pins use all free places of participant %lld (%d).",
							(long long) participant->id, participant->places),
				   "Raise the capacity, end a relationship, or delete a pin from mentoring.pair_rule.");
	outcome->places_left--;
	outcome->is_paired = true;
}

/* A pin of peers the other way round: the places of the lists are equal. */
static MtrPin
turned(const MtrPin *pin)
{
	MtrPin		other = *pin;

	other.mentee = pin->mentor;
	other.mentor = pin->mentee;
	return other;
}

/* Peers are pinned once, whoever stands first; sorts and drops the second. */
static void
settle_peers(MtrProgramme *programme)
{
	int32		kept = 0;

	for (int32 i = 0; i < programme->npins; i++)
	{
		MtrPin	   *pin = &programme->pin[i];

		if (pin->mentee > pin->mentor && pin->mentor >= 0)
		{
			int64		id = pin->mentee_id;

			*pin = turned(pin);
			pin->mentee_id = pin->mentor_id;
			pin->mentor_id = id;
		}
	}
	qsort(programme->pin, programme->npins, sizeof(MtrPin), compare_pins);
	for (int32 i = 0; i < programme->npins; i++)
	{
		if (kept == 0 ||
			compare_pins(&programme->pin[kept - 1], &programme->pin[i]) != 0)
			programme->pin[kept++] = programme->pin[i];
		else
			programme->pin[kept - 1].is_forbidden |=
				programme->pin[i].is_forbidden;
	}
	programme->npins = kept;
}

/* The score of a pinned pair, which is eligible or refused.  score[] is kept
 * for the next pin of the same mentee. */
static int32
pin_score(MtrProgramme *programme, const MtrPin *pin, int32 *score,
		  int32 *row)
{
	if (*row != pin->mentee)
		mtr_programme_row(programme, pin->mentee, score);
	*row = pin->mentee;
	if (score[pin->mentor] == MTR_NO_PAIR)
		refuse_criterion(programme, pin);
	return score[pin->mentor];
}

/*
 * A row of scores is computed once for each mentee with pins.  Whoever is
 * named first in an error is the lowest pair that fails.
 */
void
mtr_match_pins(MtrMatch *match)
{
	MtrProgramme *programme = match->programme;
	bool		is_peer = programme->is_peer;
	bool		is_shared = mtr_model_is_shared(programme->model);
	int32	   *score = palloc(Max(programme->nmentors, 1) * sizeof(int32));
	int32		row = -1;		/* the mentee score[] is of */

	qsort(programme->pin, programme->npins, sizeof(MtrPin), compare_pins);
	if (is_peer)
		settle_peers(programme);
	for (int32 i = 0; i < programme->npins; i++)
	{
		const MtrPin *pin = &programme->pin[i];
		MtrPin		back = turned(pin);
		MtrMatchPair *pair = &match->pair[match->npairs];

		check_participants(programme, pin);
		if (check_exclusions(programme, pin))
			continue;
		if (is_peer && check_exclusions(programme, &back))
			continue;
		pair->score = pin_score(programme, pin, score, &row);
		if (is_peer)
			pair->score = mtr_peer_score(pair->score,
										 pin_score(programme, &back, score,
												   &row));
		take_place(&match->mentee[pin->mentee],
				   &programme->mentee[pin->mentee], pin, is_shared);
		take_place(is_peer ? &match->mentee[pin->mentor] :
				   &match->mentor[pin->mentor],
				   &programme->mentor[pin->mentor], pin, is_shared);
		pair->mentee = pin->mentee;
		pair->mentor = pin->mentor;
		pair->is_pinned = true;
		match->npairs++;
		match->total += pair->score;
		match->eligible++;
	}
	pfree(score);
}
