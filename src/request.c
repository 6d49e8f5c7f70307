/*
 * request.c
 *	  mentees ask mentors, one after the other
 *
 * Of the open requests of a mentee one at most is 'asked', the others wait.
 * Whoever closes the asked one (the mentor by answer_request(), the mentee by
 * an UPDATE to 'withdrawn', time by expire_requests()), a trigger asks the
 * next in the same statement (request_turn.c, also about concurrency).  A
 * request that became 'accepted' has its relationship: a trigger makes it, so
 * for every client it is there or the change fails.
 *
 * Places.  A relationship takes its places as relationship.c has it, so
 * nobody is overbooked.  That the two may be paired is looked at when the
 * request is made, when its turn comes and when it is accepted; criteria only
 * the first time, for both agree on what they see.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "request.h"
#include "rights.h"
#include "score.h"

PG_FUNCTION_INFO_V1(mentoring_request_mentor);
PG_FUNCTION_INFO_V1(mentoring_answer_request);
PG_FUNCTION_INFO_V1(mentoring_expire_requests);
PG_FUNCTION_INFO_V1(mentoring_request_state);
PG_FUNCTION_INFO_V1(mentoring_request_pass_on);

/* more days than this are no limit, and would be no timestamp either */
#define MAX_ANSWER_DAYS 1000000

/* ----------------------------------------------------------------
 *		Conditions
 * ----------------------------------------------------------------
 */

/* $4: a participant, as in get_role */
static MtrStatement get_places = {
	"SELECT p.capacity, coalesce(l.active, 0) FROM mentoring.participant AS p"
	" LEFT JOIN mentoring.participant_load AS l"
	"  ON l.programme_id = p.programme_id AND l.participant_id = p.id"
	" WHERE p.programme_id = $1 AND p.id = $4", SPI_OK_SELECT
};

static MtrStatement share_programme = {
	"SELECT status, model FROM mentoring.programme"
	" WHERE id = $1 FOR SHARE", SPI_OK_SELECT
};

static MtrStatement find_programme = {
	"SELECT FROM mentoring.programme WHERE id = $1", SPI_OK_SELECT
};

static MtrStatement get_role = {
	"SELECT role FROM mentoring.participant" MTR_THIS_ROW, SPI_OK_SELECT
};

static MtrStatement find_criterion = {
	"SELECT FROM mentoring.criterion WHERE programme_id = $1 LIMIT 1",
	SPI_OK_SELECT
};

static MtrStatement find_open = {
	"SELECT id, status FROM mentoring.request" MTR_OF_MENTEE
	" AND mentor_id = $3 AND status IN ('waiting', 'asked')", SPI_OK_SELECT
};

/* No place left, on whichever side. */
static void
refuse_full(const MtrAsk *ask, const char *role, int64 id, const char *hint)
{
	MtrAsk		who = *ask;

	who.id = id;
	(void) mtr_ask_run(&get_places, &who);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("%s %lld has no free place", role, (long long) id),
			 errdetail("Capacity is %s; open relationships are %s.",
					   mtr_ask_text(0, 1), mtr_ask_text(0, 2)),
			 errhint("%s", hint)));
}

static void
refuse_mentee(const MtrAsk *ask, const char *obstacle)
{
	if (strcmp(obstacle, "programme closed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld is closed",
						(long long) ask->programme_id),
				 errhint("Requests are made and accepted in programmes that are not closed.")));
	if (strcmp(obstacle, "mentee full") == 0)
		refuse_full(ask, "mentee", ask->mentee_id,
					"Raise the capacity or end a relationship.");
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("mentee %lld is not accepted or not active",
					(long long) ask->mentee_id),
			 errhint("Only accepted participants whose person is active ask and are paired; see status in mentoring.participant and is_active in mentoring.person.")));
}

/*
 * Why the mentor can't be had: one wording for who left, who is excluded by a
 * rule and who is vetoed, or nobody could say "never" in confidence.
 */
static void
refuse_mentor(const MtrAsk *ask, const char *obstacle)
{
	const char *hint;

	if (ask->is_answer)
		hint = "Decline it: then the mentee's next choice is asked.";
	else
		hint = psprintf("mentoring.recommend(%lld, %lld) lists mentors who can be asked.",
						(long long) ask->programme_id,
						(long long) ask->mentee_id);
	if (strcmp(obstacle, "mentor full") == 0)
		refuse_full(ask, "mentor", ask->mentor_id, hint);
	if (strcmp(obstacle, "together already") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("mentee %lld and mentor %lld are together already",
						(long long) ask->mentee_id,
						(long long) ask->mentor_id),
				 errdetail("Their relationship is proposed, on trial, active or paused."),
				 errhint("%s", hint)));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("mentor %lld is not available to mentee %lld",
					(long long) ask->mentor_id, (long long) ask->mentee_id),
			 errdetail("The mentor does not take part any more, or a rule of the programme or one of the two excludes the pair."),
			 errhint("%s", hint)));
}

/* Raise an error if the pair cannot come together now. */
static void
check_obstacle(const MtrAsk *ask)
{
	char	   *obstacle = mtr_ask_obstacle(ask);

	if (obstacle == NULL)
		return;
	if (mtr_obstacle_is_of_mentee(obstacle))
		refuse_mentee(ask, obstacle);
	refuse_mentor(ask, obstacle);
}

/*
 * The programme must not be closed, nor be closed by others before this ends.
 * Publishing a match waits for it, too, and the reverse.  Returns the model.
 */
static char *
lock_programme(const MtrAsk *ask)
{
	if (mtr_ask_run(&share_programme, ask) == 0)
		mtr_no_programme(ask->programme_id);
	if (strcmp(mtr_ask_text(0, 1), "closed") == 0)
		refuse_mentee(ask, "programme closed");
	return mtr_ask_text(0, 2);
}

static void
check_model(const MtrAsk *ask, const char *model)
{
	if (strcmp(model, "one_to_one") != 0 && strcmp(model, "reverse") != 0 &&
		strcmp(model, "job_shadow") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("programme %lld of model \"%s\" has no requests",
						(long long) ask->programme_id, model),
				 errhint("A mentee asks a mentor in the models one_to_one, reverse and job_shadow.")));
}

/* Both must be participants, in the right roles. */
static void
check_role(const MtrAsk *ask, const char *role, int64 id)
{
	MtrAsk		who = *ask;
	char	   *found;

	who.id = id;
	if (mtr_ask_run(&get_role, &who) == 0)
		mtr_no_participant(ask->programme_id, role, id);
	found = mtr_ask_text(0, 1);
	if (strcmp(found, role) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("programme %lld has no %s %lld",
						(long long) ask->programme_id, role, (long long) id),
				 errdetail("Participant %lld takes part as %s.",
						   (long long) id, found),
				 errhint("The mentee comes first, then the mentor.")));
}

/*
 * Criteria of the programme that have a minimum.  They needn't have a weight
 * here: nothing is compared.
 */
static void
check_criteria(const MtrAsk *ask)
{
	MtrLoad		load = {0};
	MtrProgramme *programme;
	int32		score = MTR_NO_PAIR;

	if (mtr_ask_run(&find_criterion, ask) == 0)
		return;
	load.programme_id = ask->programme_id;
	load.only_mentee = ask->mentee_id;
	load.only_mentor = ask->mentor_id;
	programme = mtr_programme_load(&load);
	if (programme->nmentees == 1 && programme->nmentors == 1)
		mtr_programme_row(programme, 0, &score);
	mtr_programme_free(programme);
	if (score == MTR_NO_PAIR)
		refuse_mentor(ask, "mentor not available");
}

static void
check_not_open(const MtrAsk *ask)
{
	if (mtr_ask_run(&find_open, ask) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("mentee %lld has an open request to mentor %lld already",
						(long long) ask->mentee_id,
						(long long) ask->mentor_id),
				 errdetail("Request %s is %s.", mtr_ask_text(0, 1),
						   mtr_ask_text(0, 2)),
				 errhint("Change its rank, or set its status to withdrawn first.")));
}

static void
refuse_late(const MtrAsk *ask, const char *answer_by)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the time to answer request %lld is over",
					(long long) ask->id),
			 errdetail("It was to be answered by %s.", answer_by),
			 errhint("mentoring.expire_requests passes it on; a new one can be made with mentoring.request_mentor.")));
}

/* ----------------------------------------------------------------
 *		Functions
 * ----------------------------------------------------------------
 */

static MtrStatement insert_request = {
	"INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, rank)"
	" VALUES ($1, $2, $3, $5::integer) RETURNING id", SPI_OK_INSERT_RETURNING
};

static MtrStatement lock_request = {
	"SELECT status, answer_by < now(), answer_by FROM mentoring.request"
	MTR_THIS_ROW " FOR NO KEY UPDATE", SPI_OK_SELECT
};

static MtrStatement find_mentor = {
	"SELECT mentor_id FROM mentoring.request" MTR_THIS_ROW
	" AND asked_at IS NOT NULL", SPI_OK_SELECT
};

static MtrStatement set_accepted = {
	"UPDATE mentoring.request SET status = 'accepted', reason = $5"
	MTR_THIS_ROW " RETURNING relationship_id", SPI_OK_UPDATE_RETURNING
};

static MtrStatement set_declined = {
	"UPDATE mentoring.request SET status = 'declined', reason = $5"
	MTR_THIS_ROW, SPI_OK_UPDATE
};

static int32
rank_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("rank must not be null"),
				 errhint("Leave it out for 1, the first choice.")));
	if (PG_GETARG_INT32(argument) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rank must be 1 or more, not %d",
						PG_GETARG_INT32(argument)),
				 errhint("1 is the first choice.")));
	return PG_GETARG_INT32(argument);
}

/*
 * request_mentor(programme_id, mentee_id, mentor_id, rank): the mentor's
 * places are looked at, not locked, for none is taken yet.
 */
Datum
mentoring_request_mentor(PG_FUNCTION_ARGS)
{
	MtrAsk		ask = {0};
	MtrAsk		mentee;
	MtrOwner	saved;

	ask.programme_id = mtr_id_argument(fcinfo, 0, "programme_id");
	ask.mentee_id = mtr_id_argument(fcinfo, 1, "mentee_id");
	ask.mentor_id = mtr_id_argument(fcinfo, 2, "mentor_id");
	ask.note = psprintf("%d", rank_argument(fcinfo, 3));
	mtr_enter_self(fcinfo, ask.mentee_id, &saved);
	SPI_connect();
	check_model(&ask, lock_programme(&ask));
	check_role(&ask, "mentee", ask.mentee_id);
	check_role(&ask, "mentor", ask.mentor_id);
	(void) mtr_ask_close_dead(ask.programme_id, ask.mentee_id);

	mentee = ask;
	mentee.mentor_id = ask.mentee_id;
	mtr_ask_lock_places(&mentee);
	check_obstacle(&ask);
	check_criteria(&ask);
	check_not_open(&ask);
	if (mtr_ask_run(&insert_request, &ask) == 0)
		mtr_ask_suppressed("request");
	ask.id = mtr_ask_int64(0, 1);
	mtr_ask_settle(ask.programme_id, ask.mentee_id);
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_INT64(ask.id);
}

/* Lock a request that is to be answered; it must be asked, and in time. */
static void
lock_asked(const MtrAsk *ask)
{
	char	   *status;

	if (mtr_ask_run(&lock_request, ask) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("programme %lld has no request %lld",
						(long long) ask->programme_id,
						(long long) ask->id),
				 errhint("The table mentoring.request lists them.")));
	status = mtr_ask_text(0, 1);
	if (strcmp(status, "waiting") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("request %lld has not been asked yet",
						(long long) ask->id),
				 errhint("It is asked when the mentee's request before it is closed.")));
	if (strcmp(status, "asked") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("request %lld is %s already",
						(long long) ask->id, status),
				 strcmp(status, "accepted") == 0 ?
				 errhint("Its relationship_id names the relationship.") :
				 errhint("A new one can be made with mentoring.request_mentor.")));
	if (mtr_ask_is_true(0, 2))
		refuse_late(ask, mtr_ask_text(0, 3));
}

/* Has this request reached a mentor who is the current person? */
static bool
is_mentor(const MtrAsk *ask)
{
	return mtr_ask_run(&find_mentor, ask) > 0 &&
		mtr_is_own_participant(mtr_ask_int64(0, 1));
}

/*
 * answer_request(programme_id, request_id, accept, reason): the triggers do
 * what follows from the change of status.
 */
Datum
mentoring_answer_request(PG_FUNCTION_ARGS)
{
	MtrAsk		ask = {0};
	bool		accept;
	bool		is_admin;
	int64		relationship_id = 0;
	MtrOwner	saved;

	ask.programme_id = mtr_id_argument(fcinfo, 0, "programme_id");
	ask.id = mtr_id_argument(fcinfo, 1, "request_id");
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("accept must not be null"),
				 errhint("true accepts the request, false declines it.")));
	accept = PG_GETARG_BOOL(2);
	if (!PG_ARGISNULL(3))
		ask.note = text_to_cstring(PG_GETARG_TEXT_PP(3));
	is_admin = mtr_is_admin();
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, &saved);
	SPI_connect();
	if (!is_admin && !is_mentor(&ask))
		mtr_refuse(fcinfo, "the mentor asked");
	if (accept)
		lock_programme(&ask);
	lock_asked(&ask);
	if (mtr_ask_run(accept ? &set_accepted : &set_declined, &ask) == 0)
		mtr_ask_suppressed("request");
	if (accept)
		relationship_id = mtr_ask_int64(0, 1);
	SPI_finish();
	mtr_owner_leave(&saved);
	if (!accept)
		PG_RETURN_NULL();
	PG_RETURN_INT64(relationship_id);
}

/*
 * expire_requests(programme_id)
 */
Datum
mentoring_expire_requests(PG_FUNCTION_ARGS)
{
	MtrAsk		ask = {0};
	MtrOwner	saved;
	int64		expired;

	ask.all_programmes = PG_ARGISNULL(0);
	if (!ask.all_programmes)
		ask.programme_id = PG_GETARG_INT64(0);
	if (ask.all_programmes)
		mtr_enter_admin(fcinfo, &saved);
	else
		mtr_enter_coordinator(fcinfo, ask.programme_id, &saved);
	SPI_connect();
	if (!ask.all_programmes && mtr_ask_run(&find_programme, &ask) == 0)
		mtr_no_programme(ask.programme_id);
	expired = mtr_ask_close_all(&ask);
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_INT64(expired);
}

/* ----------------------------------------------------------------
 *		Triggers
 * ----------------------------------------------------------------
 */

static MtrStatement insert_relationship = {
	"INSERT INTO mentoring.relationship"
	" (programme_id, status, cadence_days, started_on)"
	" SELECT id, 'active', cadence_days, current_date"
	" FROM mentoring.programme WHERE id = $1 RETURNING id",
	SPI_OK_INSERT_RETURNING
};

/* $4: the relationship */
static MtrStatement insert_members = {
	"INSERT INTO mentoring.relationship_member"
	" (programme_id, relationship_id, participant_id, role)"
	" SELECT programme_id, $4, id, role FROM mentoring.participant"
	" WHERE programme_id = $1 AND id IN ($2, $3) ORDER BY id", SPI_OK_INSERT
};

static MtrStatement get_answer_days = {
	"SELECT answer_days::bigint FROM mentoring.programme WHERE id = $1",
	SPI_OK_SELECT
};

/* Refuse to be called otherwise than as the trigger meant. */
static TriggerData *
check_trigger(FunctionCallInfo fcinfo, const char *function,
			  TriggerEvent timing)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(trigdata->tg_event & TRIGGER_EVENT_TIMINGMASK) != timing ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s must be called as %s UPDATE row trigger", function,
						timing == TRIGGER_EVENT_BEFORE ? "a BEFORE" : "an AFTER")));
	return trigdata;
}

/* Become the owner of the table, with the search_path of functions called
 * directly: the statements above are the same for both. */
static void
enter_trigger(const TriggerData *trigdata, MtrOwner *saved)
{
	mtr_owner_enter_table(trigdata->tg_relation->rd_rel->relowner, saved);
	saved->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
}

static void
leave_trigger(const MtrOwner *saved)
{
	SPI_finish();
	mtr_owner_leave(saved);
}

/* What a row of request says; false when an id is null, as it may be before
 * NOT NULL is checked. */
static bool
read_request(const TriggerData *trigdata, HeapTuple tuple, MtrAsk *ask)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	static const char *const name[] = {
		"programme_id", "mentee_id", "mentor_id", "id"
	};
	int64		value[lengthof(name)];

	for (int i = 0; i < lengthof(name); i++)
	{
		bool		isnull;

		value[i] = DatumGetInt64(SPI_getbinval(tuple, tupdesc,
											   SPI_fnumber(tupdesc, name[i]),
											   &isnull));
		if (isnull)
			return false;
	}
	memset(ask, 0, sizeof(*ask));
	ask->programme_id = value[0];
	ask->mentee_id = value[1];
	ask->mentor_id = value[2];
	ask->id = value[3];
	return true;
}

/* Make the relationship of an accepted request; returns its id. */
static int64
make_relationship(MtrAsk *ask)
{
	int64		relationship_id;

	ask->is_answer = true;
	mtr_ask_lock_places(ask);
	check_obstacle(ask);
	if (mtr_ask_run(&insert_relationship, ask) != 1)
		mtr_ask_suppressed("relationship");
	relationship_id = mtr_ask_int64(0, 1);
	ask->id = relationship_id;
	if (mtr_ask_run(&insert_members, ask) != 2)
		mtr_ask_suppressed("relationship_member");
	return relationship_id;
}

/* Columns of the new row a change of status fills in, where they are empty. */
typedef struct Filled
{
	int			count;
	int			column[2];
	Datum		value[2];
} Filled;

static void
fill(const TriggerData *trigdata, Filled *filled, const char *name,
	 Datum value)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	int			column = SPI_fnumber(tupdesc, name);
	bool		isnull;

	(void) SPI_getbinval(trigdata->tg_newtuple, tupdesc, column, &isnull);
	if (!isnull)
		return;
	filled->column[filled->count] = column;
	filled->value[filled->count] = value;
	filled->count++;
}

/* A day is 24 hours, whatever the session's time zone does meanwhile. */
static TimestampTz
answer_deadline(const MtrAsk *ask)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	int64		days = MAX_ANSWER_DAYS;

	if (mtr_ask_run(&get_answer_days, ask) > 0)
		days = Min(days, mtr_ask_int64(0, 1));
	return now + days * USECS_PER_DAY;
}

/* Accepted late by an UPDATE is late, too. */
static void
check_in_time(const TriggerData *trigdata, const MtrAsk *ask)
{
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	bool		isnull;
	Datum		answer_by = SPI_getbinval(trigdata->tg_newtuple, tupdesc,
										  SPI_fnumber(tupdesc, "answer_by"),
										  &isnull);

	if (!isnull && DatumGetTimestampTz(answer_by) <
		GetCurrentTransactionStartTimestamp())
		refuse_late(ask, DatumGetCString(DirectFunctionCall1(timestamptz_out,
															 answer_by)));
}

/*
 * _request_state(): BEFORE UPDATE that changes the status.  The relationship
 * is made here because the row names it; the row is locked by now.
 */
Datum
mentoring_request_state(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_request_state",
										  TRIGGER_EVENT_BEFORE);
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	HeapTuple	new = trigdata->tg_newtuple;
	char	   *to = SPI_getvalue(new, tupdesc, SPI_fnumber(tupdesc, "status"));
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool		nulls[2] = {false, false};
	Filled		filled = {0};
	MtrAsk		ask;
	MtrOwner	saved;

	if (to == NULL || !read_request(trigdata, new, &ask))
		return PointerGetDatum(new);	/* refused after the triggers */
	enter_trigger(trigdata, &saved);
	if (strcmp(to, "asked") == 0)
	{
		fill(trigdata, &filled, "asked_at", now);
		fill(trigdata, &filled, "answer_by",
			 TimestampTzGetDatum(answer_deadline(&ask)));
	}
	else if (strcmp(to, "accepted") == 0)
	{
		bool		isnull;

		fill(trigdata, &filled, "answered_at", now);
		(void) SPI_getbinval(new, tupdesc,
							 SPI_fnumber(tupdesc, "relationship_id"), &isnull);
		if (isnull)
		{
			check_in_time(trigdata, &ask);
			fill(trigdata, &filled, "relationship_id",
				 Int64GetDatum(make_relationship(&ask)));
		}
	}
	else if (strcmp(to, "declined") == 0)
		fill(trigdata, &filled, "answered_at", now);
	leave_trigger(&saved);
	if (filled.count == 0)
		return PointerGetDatum(new);
	return PointerGetDatum(heap_modify_tuple_by_cols(new, tupdesc,
													 filled.count,
													 filled.column,
													 filled.value, nulls));
}

/*
 * _request_pass_on(): AFTER UPDATE that closes the request a mentee had
 * asked.
 */
Datum
mentoring_request_pass_on(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = check_trigger(fcinfo, "_request_pass_on",
										  TRIGGER_EVENT_AFTER);
	MtrAsk		ask;
	MtrOwner	saved;

	if (!read_request(trigdata, trigdata->tg_trigtuple, &ask) ||
		mtr_ask_is_settling(ask.mentee_id))
		return PointerGetDatum(NULL);
	enter_trigger(trigdata, &saved);
	mtr_ask_settle(ask.programme_id, ask.mentee_id);
	leave_trigger(&saved);
	return PointerGetDatum(NULL);
}
