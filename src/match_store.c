/*
 * match_store.c
 *	  a run and what it proposes, written in a few set-based statements
 *
 * Everything goes in as arrays: one INSERT for prices, one for proposals, one
 * for their members, in the order of mentee and mentor, so that the same
 * input gets ids in the same order.  The time of the whole call is known only
 * at the end, so the run's row is completed by an UPDATE.
 *
 * Foreign keys.  Each pair makes five rows with seven references, and checking
 * them row by row took two thirds of the whole call.  They are checked here
 * for all rows at once: the participants are locked as a foreign key would
 * lock them, the run and the proposals are rows of this same transaction.  So
 * the INSERTs run with session_replication_role = replica, in which triggers
 * don't fire; restored before anything else is done.  Where a site has put
 * triggers of its own on these tables, they fire and all is checked row by
 * row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "match.h"
#include "mentoring.h"

/* Parameters of one statement, collected one after the other. */
#define MAX_PARAMS 20

typedef struct Params
{
	int			n;
	Oid			type[MAX_PARAMS];
	Datum		value[MAX_PARAMS];
	char		is_null[MAX_PARAMS];
} Params;

static void
add_param(Params *params, Oid type, Datum value, bool is_null)
{
	Assert(params->n < MAX_PARAMS);
	params->type[params->n] = type;
	params->value[params->n] = value;
	params->is_null[params->n] = is_null ? 'n' : ' ';
	params->n++;
}

static void
add_int64(Params *params, int64 value)
{
	add_param(params, INT8OID, Int64GetDatum(value), false);
}

static void
add_float8(Params *params, double value)
{
	add_param(params, FLOAT8OID, Float8GetDatum(value), false);
}

static void
add_text(Params *params, const char *value)
{
	add_param(params, TEXTOID, CStringGetTextDatum(value), false);
}

/* An array with nulls where is_null says so (NULL: nowhere). */
static void
add_array(Params *params, Oid element, Datum *value, bool *is_null, int n)
{
	int			dims[1] = {n};
	int			lower[1] = {1};
	int16		length;
	bool		by_value;
	char		align;
	ArrayType  *array;

	get_typlenbyvalalign(element, &length, &by_value, &align);
	if (n == 0)
		array = construct_empty_array(element);
	else
		array = construct_md_array(value, is_null, 1, dims, lower, element,
								   length, by_value, align);
	add_param(params, get_array_type(element), PointerGetDatum(array), false);
}

static void
execute(Params *params, const char *text, int expect)
{
	int			result;

	result = SPI_execute_with_args(text, params->n, params->type,
								   params->value, params->is_null, false, 0);
	if (result != expect)
		elog(ERROR, "could not run (%s): %s", SPI_result_code_string(result),
			 text);
}

/* Column 1 of a row of the last result, never null. */
static int64
result_int64(uint64 row)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[row],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * match_run
 */

/* Both sides: a mentor left over is as much worth knowing as a mentee. */
static int
count_unmatched(const MtrMatch *match)
{
	int			count = 0;

	for (int32 i = 0; i < match->programme->nmentees; i++)
		count += match->mentee[i].reason != MTR_MATCHED;
	for (int32 j = 0; j < match->programme->nmentors; j++)
		count += match->mentor[j].reason != MTR_MATCHED;
	return count;
}

/*
 * Scores leave fixed point here.  A double holds them exactly enough to come
 * back as the same number of 10^-6, which verify_match() relies on.
 */
static int64
insert_run(const MtrMatch *match)
{
	Params		params = {0};

	add_int64(&params, match->programme_id);
	add_text(&params, match->method);
	add_text(&params, match->objective);
	add_param(&params, JSONBOID, JsonbPGetDatum(match->options_json), false);
	add_int64(&params, match->nmentees);
	add_int64(&params, match->nmentors);
	add_int64(&params, match->eligible);
	add_int64(&params, match->npairs);
	add_int64(&params, count_unmatched(match));
	add_float8(&params, MTR_TO_DOUBLE(match->total));
	add_float8(&params, MTR_TO_DOUBLE(match->bound));
	add_float8(&params, MTR_TO_DOUBLE(match->bound - match->total));
	add_text(&params, match->programme->hash);
	add_text(&params, MTR_VERSION);
	execute(&params,
			"INSERT INTO mentoring.match_run (programme_id, method,"
			" objective, options, mentee_count, mentor_count, eligible_count,"
			" pair_count, unmatched_count, total_score, bound, gap,"
			" input_hash, extension_version)"
			" VALUES ($1, $2, $3, $4, $5::integer, $6::integer, $7,"
			" $8::integer, $9::integer, $10, $11, $12, $13, $14)"
			" RETURNING id", SPI_OK_INSERT_RETURNING);
	return result_int64(0);
}

/* What is known only when all is done. */
static void
complete_run(const MtrMatch *match, int64 run_id)
{
	Params		params = {0};
	int64		args[2] = {match->programme_id, run_id};

	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	mtr_match_query(MTR_RUN_DIGESTS, 2, args, false, SPI_OK_SELECT);
	add_text(&params, SPI_getvalue(SPI_tuptable->vals[0],
								   SPI_tuptable->tupdesc, 1));
	add_text(&params, SPI_getvalue(SPI_tuptable->vals[0],
								   SPI_tuptable->tupdesc, 2));
	add_float8(&params, match->load_ms);
	add_float8(&params, match->score_ms);
	add_float8(&params, match->solve_ms);
	add_int64(&params, match->bytes);
	add_text(&params, match->is_greedy ? "greedy" : "dense");
	add_float8(&params, mtr_elapsed_ms(&match->started));
	execute(&params,
			"UPDATE mentoring.match_run SET elapsed_ms = $10,"
			" detail = jsonb_build_object('proof', $3, 'pairs', $4,"
			" 'load_ms', $5, 'score_ms', $6, 'solve_ms', $7,"
			" 'memory_bytes', $8, 'kernel', $9)"
			" WHERE programme_id = $1 AND id = $2", SPI_OK_UPDATE);
}

/*
 * match_price
 */

/* Columns of match_price, each to become one array parameter. */
typedef struct PriceRows
{
	int			n;
	Datum	   *participant;
	Datum	   *places;
	Datum	   *cover;
	Datum	   *price;
	Datum	   *reason;
	bool	   *no_proof;
	bool	   *no_reason;
} PriceRows;

static void
add_prices(PriceRows *rows, const MtrMatch *match, const MtrOutcome *outcome,
		   const MtrParticipant *list, int32 n)
{
	static const char *const reason[] = {
		[MTR_NO_PARTNER] = "no eligible partner",
		[MTR_PARTNERS_FULL] = "all eligible partners full",
		[MTR_OUTBID] = "outbid"
	};

	for (int32 i = 0; i < n; i++)
	{
		int			k = rows->n;

		if (!outcome[i].takes_part)
			continue;
		rows->participant[k] = Int64GetDatum(list[i].id);
		rows->places[k] = Int32GetDatum(list[i].places);
		rows->cover[k] = Int32GetDatum(outcome[i].cover);
		rows->price[k] = Float8GetDatum(MTR_TO_DOUBLE(outcome[i].price));
		rows->no_proof[k] = match->is_greedy;
		rows->no_reason[k] = outcome[i].reason == MTR_MATCHED;
		rows->reason[k] = rows->no_reason[k] ? (Datum) 0 :
			CStringGetTextDatum(reason[outcome[i].reason]);
		rows->n++;
	}
}

/* One row for everybody who brought a place, matched or not: optimality is
 * proven over all of them. */
static void
insert_prices(const MtrMatch *match, int64 run_id)
{
	const MtrProgramme *programme = match->programme;
	int			size = match->nmentees + match->nmentors;
	PriceRows	rows = {0};
	Params		params = {0};

	rows.participant = palloc_extended((size + 1) * 5 * sizeof(Datum),
									   MCXT_ALLOC_HUGE);
	rows.places = rows.participant + size;
	rows.cover = rows.places + size;
	rows.price = rows.cover + size;
	rows.reason = rows.price + size;
	rows.no_proof = palloc((size + 1) * sizeof(bool));
	rows.no_reason = palloc((size + 1) * sizeof(bool));
	add_prices(&rows, match, match->mentee, programme->mentee,
			   programme->nmentees);
	add_prices(&rows, match, match->mentor, programme->mentor,
			   programme->nmentors);

	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	add_array(&params, INT8OID, rows.participant, NULL, rows.n);
	add_array(&params, INT4OID, rows.places, NULL, rows.n);
	add_array(&params, INT4OID, rows.cover, rows.no_proof, rows.n);
	add_array(&params, FLOAT8OID, rows.price, rows.no_proof, rows.n);
	add_array(&params, TEXTOID, rows.reason, rows.no_reason, rows.n);
	execute(&params,
			"INSERT INTO mentoring.match_price (programme_id, match_run_id,"
			" participant_id, places, cover, price, reason)"
			" SELECT $1, $2, u.participant_id, u.places, u.cover::smallint,"
			" u.price, u.reason FROM unnest($3, $4, $5, $6, $7)"
			" AS u (participant_id, places, cover, price, reason)",
			SPI_OK_INSERT);
}

/*
 * proposal and proposal_member
 */

/* Returns the ids of the proposals, in the order of match->pair. */
static Datum *
insert_proposals(const MtrMatch *match, int64 run_id)
{
	Datum	   *id = palloc((match->npairs + 1) * sizeof(Datum));
	Datum	   *score = palloc((match->npairs + 1) * sizeof(Datum));
	Datum	   *is_pinned = palloc((match->npairs + 1) * sizeof(Datum));
	Params		params = {0};

	for (int32 i = 0; i < match->npairs; i++)
	{
		score[i] = Float8GetDatum(MTR_TO_DOUBLE(match->pair[i].score));
		is_pinned[i] = BoolGetDatum(match->pair[i].is_pinned);
	}
	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	add_array(&params, FLOAT8OID, score, NULL, match->npairs);
	add_array(&params, BOOLOID, is_pinned, NULL, match->npairs);
	execute(&params,
			"INSERT INTO mentoring.proposal (programme_id, match_run_id,"
			" score, is_pinned)"
			" SELECT $1, $2, u.score, u.is_pinned FROM unnest($3, $4)"
			" WITH ORDINALITY AS u (score, is_pinned, position)"
			" ORDER BY u.position RETURNING id", SPI_OK_INSERT_RETURNING);
	for (int32 i = 0; i < match->npairs; i++)
		id[i] = Int64GetDatum(result_int64(i));
	SPI_freetuptable(SPI_tuptable);
	return id;
}

/* Two rows for each proposal; the mentee's comes first. */
static void
insert_members(const MtrMatch *match, Datum *proposal)
{
	const MtrProgramme *programme = match->programme;
	Datum	   *mentee = palloc((match->npairs + 1) * sizeof(Datum));
	Datum	   *mentor = palloc((match->npairs + 1) * sizeof(Datum));
	Params		params = {0};

	for (int32 i = 0; i < match->npairs; i++)
	{
		const MtrMatchPair *pair = &match->pair[i];

		mentee[i] = Int64GetDatum(programme->mentee[pair->mentee].id);
		mentor[i] = Int64GetDatum(programme->mentor[pair->mentor].id);
	}
	add_int64(&params, match->programme_id);
	add_array(&params, INT8OID, proposal, NULL, match->npairs);
	add_array(&params, INT8OID, mentee, NULL, match->npairs);
	add_array(&params, INT8OID, mentor, NULL, match->npairs);
	execute(&params,
			"INSERT INTO mentoring.proposal_member (programme_id,"
			" proposal_id, participant_id, role)"
			" SELECT $1, u.proposal_id, m.participant_id, m.role"
			" FROM unnest($2, $3, $4) AS u (proposal_id, mentee, mentor)"
			" CROSS JOIN LATERAL (VALUES (u.mentee, 'mentee'),"
			" (u.mentor, 'mentor')) AS m (participant_id, role)"
			" ORDER BY u.proposal_id, m.role", SPI_OK_INSERT);
}

/* Ids of who takes part, into id[]; returns their number. */
static int
taking_part(const MtrOutcome *outcome, const MtrParticipant *list, int32 n,
			Datum *id)
{
	int			count = 0;

	for (int32 i = 0; i < n; i++)
		if (outcome[i].takes_part)
			id[count++] = Int64GetDatum(list[i].id);
	return count;
}

/* What the foreign keys to participant would do, for all rows at once. */
static void
lock_participants(const MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;
	Datum	   *id = palloc_extended((programme->nmentees +
									  programme->nmentors + 1) * sizeof(Datum),
									 MCXT_ALLOC_HUGE);
	int			n = taking_part(match->mentee, programme->mentee,
								programme->nmentees, id);
	Params		params = {0};

	n += taking_part(match->mentor, programme->mentor, programme->nmentors,
					 id + n);
	add_int64(&params, match->programme_id);
	add_array(&params, INT8OID, id, NULL, n);
	execute(&params,
			"SELECT count(*) FROM (SELECT FROM mentoring.participant"
			" WHERE programme_id = $1 AND id = ANY ($2) FOR KEY SHARE) AS p",
			SPI_OK_SELECT);
	if (result_int64(0) != n)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("participants of programme %lld were deleted while it was matched",
						(long long) match->programme_id),
				 errhint("Match again.")));
}

/* Has a site put triggers on the tables that are filled? */
static bool
has_site_triggers(void)
{
	mtr_match_query("SELECT count(*) FROM pg_trigger WHERE tgrelid IN"
					" ('mentoring.match_price'::regclass,"
					" 'mentoring.proposal'::regclass,"
					" 'mentoring.proposal_member'::regclass)"
					" AND NOT tgisinternal AND tgenabled <> 'D'",
					0, NULL, true, SPI_OK_SELECT);
	return result_int64(0) > 0;
}

int64
mtr_match_store(MtrMatch *match)
{
	int64		run_id = insert_run(match);
	int			guc_level;

	lock_participants(match);
	guc_level = NewGUCNestLevel();
	if (!has_site_triggers())
		(void) set_config_option("session_replication_role", "replica",
								 PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	insert_prices(match, run_id);
	insert_members(match, insert_proposals(match, run_id));
	AtEOXact_GUC(true, guc_level);
	complete_run(match, run_id);
	return run_id;
}
