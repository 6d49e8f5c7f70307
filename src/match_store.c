/*
 * match_store.c
 *	  a run and what it proposes, written in a few set-based statements
 *
 * The run comes first, for the others refer to it (match_store_rows.c); the
 * time of the whole call is known only at the end, so its row is completed by
 * an UPDATE.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "match.h"
#include "match_statement.h"
#include "mentoring.h"

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
	for (int32 j = 0; match->mentor && j < match->programme->nmentors; j++)
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
	static MtrStatement statement = {
		"INSERT INTO mentoring.match_run (programme_id, method,"
		" objective, options, mentee_count, mentor_count, eligible_count,"
		" pair_count, unmatched_count, total_score, bound, gap,"
		" input_hash, extension_version)"
		" VALUES ($1, $2, $3, $4, $5::integer, $6::integer, $7,"
		" $8::integer, $9::integer, $10, $11, $12, $13, $14)"
		" RETURNING id", SPI_OK_INSERT_RETURNING
	};
	static MtrStatement replacing = {
		"UPDATE mentoring.match_run SET method = $2, objective = $3,"
		" options = $4, mentee_count = $5::integer,"
		" mentor_count = $6::integer, eligible_count = $7,"
		" pair_count = $8::integer, unmatched_count = $9::integer,"
		" total_score = $10, bound = $11, gap = $12, input_hash = $13,"
		" extension_version = $14"
		" WHERE programme_id = $1 AND id = $15 RETURNING id",
		SPI_OK_UPDATE_RETURNING
	};
	MtrParams	params = {0};
	int64		id;

	mtr_add_int64(&params, match->programme_id);
	mtr_add_text(&params, match->method_name);
	mtr_add_text(&params, match->objective_name);
	mtr_add_param(&params, JSONBOID, JsonbPGetDatum(match->options_json));
	mtr_add_int64(&params, match->nmentees);
	mtr_add_int64(&params, match->nmentors);
	mtr_add_int64(&params, match->eligible);
	mtr_add_int64(&params, match->nproposals);
	mtr_add_int64(&params, count_unmatched(match));
	mtr_add_float8(&params, MTR_TO_DOUBLE(match->total));
	if (match->has_bound)
	{
		mtr_add_float8(&params, MTR_TO_DOUBLE(match->bound));
		mtr_add_float8(&params, MTR_TO_DOUBLE(match->bound - match->value));
	}
	else
	{
		mtr_add_null(&params, FLOAT8OID);
		mtr_add_null(&params, FLOAT8OID);
	}
	mtr_add_text(&params, match->programme->hash);
	mtr_add_text(&params, MTR_VERSION);
	if (match->run_id != 0)
	{
		mtr_add_int64(&params, match->run_id);
		mtr_execute(&replacing, &params);
	}
	else
		mtr_execute(&statement, &params);
	if (SPI_processed != 1)
		mtr_refuse_suppressed("match_run");
	id = mtr_result_int64(0, 1);
	SPI_freetuptable(SPI_tuptable);
	return id;
}

/*
 * Digests
 */

static void
append_int64(StringInfo out, int64 value)
{
	uint64		bytes = pg_hton64((uint64) value);

	appendBinaryStringInfo(out, (char *) &bytes, sizeof(bytes));
}

static void
append_double(StringInfo out, double value)
{
	int64		bits;

	memcpy(&bits, &value, sizeof(bits));
	append_int64(out, bits);
}

/* SHA-256 in hex; frees the bytes. */
static char *
digest(StringInfo bytes)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		result[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = palloc(2 * PG_SHA256_DIGEST_LENGTH + 1);

	if (hash == NULL || pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) bytes->data,
							 bytes->len) < 0 ||
		pg_cryptohash_final(hash, result, sizeof(result)) < 0)
		elog(ERROR, "could not hash a run");
	pg_cryptohash_free(hash);
	pfree(bytes->data);
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
		snprintf(hex + 2 * i, 3, "%02x", result[i]);
	return hex;
}

static void
append_int32(StringInfo out, int32 value)
{
	uint32		bytes = pg_hton32((uint32) value);

	appendBinaryStringInfo(out, (char *) &bytes, sizeof(bytes));
}

int
mtr_match_halves(const MtrMatch *match)
{
	return match->mentor == NULL ? 2 : 1;
}

static void
append_price(StringInfo out, const MtrMatch *match, int64 id, int32 places,
			 const MtrOutcome *outcome)
{
	if (!outcome->takes_part)
		return;
	append_int64(out, id);
	append_int32(out, places);
	if (match->has_proof)
	{
		append_double(out, outcome->cover / (double) mtr_match_halves(match));
		append_double(out, MTR_TO_DOUBLE(outcome->price) / mtr_match_halves(match));
	}
	append_double(out, MTR_TO_DOUBLE(outcome->priority));
	if (match->nsets > 0)
		append_int32(out, outcome->set_position);
}

/* The first column of MTR_RUN_DIGESTS: both sides, merged by id, and the odd
 * sets of peers. */
static char *
digest_prices(const MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;
	int32		nmentors = match->mentor == NULL ? 0 : programme->nmentors;
	StringInfoData bytes;
	int32		i = 0;
	int32		j = 0;

	initStringInfo(&bytes);
	while (i < programme->nmentees || j < nmentors)
	{
		const MtrParticipant *mentee = &programme->mentee[i];
		const MtrParticipant *mentor = &programme->mentor[j];

		if (j == nmentors ||
			(i < programme->nmentees && mentee->id < mentor->id))
			append_price(&bytes, match, mentee->id, mentee->places,
						 &match->mentee[i++]);
		else
			append_price(&bytes, match, mentor->id, mentor->places,
						 &match->mentor[j++]);
	}
	for (int32 k = 0; k < match->nsets; k++)
	{
		append_int32(&bytes, match->set[k].first);
		append_int32(&bytes, match->set[k].last);
		append_double(&bytes, match->set[k].cover / 2.0);
		append_double(&bytes, MTR_TO_DOUBLE(match->set[k].price) / 2);
	}
	return digest(&bytes);
}

/* The second column. */
static char *
digest_proposals(const MtrMatch *match, const int64 *id)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	for (int32 i = 0; i < match->nproposals; i++)
	{
		const MtrProposal *proposal = &match->proposal[i];

		for (int32 k = 0; k < proposal->count; k++)
		{
			const MtrMember *member = &match->member[proposal->first + k];

			append_int64(&bytes, id[i]);
			append_double(&bytes, MTR_TO_DOUBLE(proposal->score));
			append_int64(&bytes, member->participant_id);
			appendStringInfoString(&bytes, member->role);
		}
	}
	return digest(&bytes);
}

/*
 * What verify_match() will find by MTR_RUN_DIGESTS.  What was written is known
 * without reading it again, unless somebody else's trigger had a hand in it.
 */
static void
add_digests(MtrParams *params, const MtrMatch *match, int64 run_id,
			const int64 *plain_id)
{
	int64		args[2] = {match->programme_id, run_id};

	if (plain_id != NULL)
	{
		mtr_add_text(params, digest_prices(match));
		mtr_add_text(params, digest_proposals(match, plain_id));
		return;
	}
	mtr_match_query(MTR_RUN_DIGESTS, 2, args, false, SPI_OK_SELECT);
	for (int column = 1; column <= 2; column++)
		mtr_add_text(params, SPI_getvalue(SPI_tuptable->vals[0],
										  SPI_tuptable->tupdesc, column));
}

/*
 * What else a model or a method says; what verify_match() needs to value a
 * pair as the run did.
 */
static Datum
more_detail(const MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "{%s", match->detail ? match->detail->data : "");
	if (match->options.ageing > 0)
		appendStringInfo(&text, "%s\"waiting_at\": \"%s\"",
						 text.len > 1 ? ", " : "",
						 JsonEncodeDateTime(palloc(MAXDATELEN + 1),
											TimestampTzGetDatum(match->waiting_at),
											TIMESTAMPTZOID, NULL));
	if (match->options.churn_penalty > 0)
	{
		appendStringInfo(&text, "%s\"churn\": [", text.len > 1 ? ", " : "");
		for (int32 i = 0; i < match->nchurn; i++)
			appendStringInfo(&text, "%s[%lld, %lld]", i > 0 ? ", " : "",
							 (long long) programme->mentee[match->churn[i].mentee].id,
							 (long long) programme->mentor[match->churn[i].mentor].id);
		appendStringInfoChar(&text, ']');
	}
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

/* What is known only when all is done. */
static void
complete_run(const MtrMatch *match, int64 run_id, const int64 *plain_id)
{
	static MtrStatement statement = {
		"UPDATE mentoring.match_run SET elapsed_ms = $10,"
		" detail = jsonb_build_object('proof', $3, 'pairs', $4,"
		" 'load_ms', $5, 'score_ms', $6, 'solve_ms', $7,"
		" 'memory_bytes', $8, 'kernel', $9, 'value', $12,"
		" 'criteria', " MTR_CRITERIA_DIGEST ") || $11, texts = $13"
		" WHERE programme_id = $1 AND id = $2", SPI_OK_UPDATE
	};
	MtrParams	params = {0};

	mtr_add_int64(&params, match->programme_id);
	mtr_add_int64(&params, run_id);
	add_digests(&params, match, run_id, plain_id);
	mtr_add_float8(&params, match->load_ms);
	mtr_add_float8(&params, match->score_ms);
	mtr_add_float8(&params, match->solve_ms);
	mtr_add_int64(&params, match->bytes);
	mtr_add_text(&params, match->kernel);
	mtr_add_float8(&params, mtr_elapsed_ms(&match->started));
	mtr_add_param(&params, JSONBOID, more_detail(match));
	mtr_add_float8(&params, MTR_TO_DOUBLE(match->value));
	if (match->texts != NULL)
		mtr_add_param(&params, JSONBOID, JsonbPGetDatum(match->texts));
	else
		mtr_add_null(&params, JSONBOID);
	mtr_execute(&statement, &params);
}

int64
mtr_match_store(MtrMatch *match)
{
	int64		run_id = insert_run(match);

	complete_run(match, run_id, mtr_match_store_rows(match, run_id));
	return run_id;
}
