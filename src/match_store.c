/*
 * match_store.c
 *	  a run and what it proposes, written in a few set-based statements
 *
 * Rows go in as a named tuplestore each: one INSERT for prices, one for
 * proposals, one for their members, in the order of mentee and mentor, so
 * that the same input gets ids in the same order.  The time of the whole call
 * is known only at the end, so the run's row is completed by an UPDATE.
 *
 * Foreign keys.  Each pair makes five rows with seven references, and checking
 * them row by row took two thirds of the whole call.  They are checked here
 * for all rows at once: the participants are locked as a foreign key would
 * lock them, the run and the proposals are rows of this same transaction.  So
 * the INSERTs run as if session_replication_role were replica, in which
 * triggers don't fire.  Where a site has put triggers or rules of its own on
 * these tables, they fire and all is checked row by row.
 *
 * Statements are prepared once in a session.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "rewrite/prs2lock.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "match.h"
#include "mentoring.h"

/* Parameters of one statement, collected one after the other. */
#define MAX_PARAMS 20

typedef struct Params
{
	int			n;
	Oid			type[MAX_PARAMS];
	Datum		value[MAX_PARAMS];
	char		is_null[MAX_PARAMS];	/* as SPI wants it */
} Params;

/* A statement and its plan. */
typedef struct Statement
{
	const char *text;
	int			expect;			/* result code of SPI */
	int			options;		/* 0: the plan doesn't depend on the data */
	SPIPlanPtr	plan;
} Statement;

/* Rows a statement reads by the name "rows". */
typedef struct Rows
{
	EphemeralNamedRelationData relation;
	Tuplestorestate *store;
} Rows;

/* A column of them. */
typedef struct RowColumn
{
	const char *name;
	Oid			type;
} RowColumn;

static void
add_param(Params *params, Oid type, Datum value)
{
	Assert(params->n < MAX_PARAMS);
	params->type[params->n] = type;
	params->value[params->n] = value;
	params->is_null[params->n] = ' ';
	params->n++;
}

static void
add_null(Params *params, Oid type)
{
	add_param(params, type, (Datum) 0);
	params->is_null[params->n - 1] = 'n';
}

static void
add_int64(Params *params, int64 value)
{
	add_param(params, INT8OID, Int64GetDatum(value));
}

static void
add_float8(Params *params, double value)
{
	add_param(params, FLOAT8OID, Float8GetDatum(value));
}

static void
add_text(Params *params, const char *value)
{
	add_param(params, TEXTOID, CStringGetTextDatum(value));
}

static void
execute(Statement *statement, Params *params)
{
	int			result;

	if (statement->plan == NULL)
	{
		int			options = statement->options != 0 ? statement->options :
		CURSOR_OPT_GENERIC_PLAN;
		SPIPlanPtr	plan = SPI_prepare_cursor(statement->text, params->n,
											  params->type, options);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare: %s", statement->text);
		statement->plan = plan;
	}
	result = SPI_execute_plan(statement->plan, params->value, params->is_null,
							  false, 0);
	if (result != statement->expect)
		elog(ERROR, "could not run (%s): %s", SPI_result_code_string(result),
			 statement->text);
}

/* Column 1 of a row of the last result, never null. */
static int64
result_int64(uint64 row)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[row],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

static void
begin_rows(Rows *rows, const RowColumn *column, int ncolumns, int n)
{
	TupleDesc	desc = CreateTemplateTupleDesc(ncolumns);

	for (int i = 0; i < ncolumns; i++)
		TupleDescInitEntry(desc, i + 1, column[i].name, column[i].type, -1, 0);
	memset(rows, 0, sizeof(*rows));
	rows->store = tuplestore_begin_heap(false, false, work_mem);
	rows->relation.md.name = "rows";
	rows->relation.md.reliddesc = InvalidOid;
	rows->relation.md.tupdesc = desc;
	rows->relation.md.enrtype = ENR_NAMED_TUPLESTORE;
	rows->relation.md.enrtuples = n;
	rows->relation.reldata = rows->store;
}

static void
put_row(Rows *rows, Datum *values, bool *nulls)
{
	tuplestore_putvalues(rows->store, rows->relation.md.tupdesc, values,
						 nulls);
}

/* Run a statement that reads them, which ends their life. */
static void
execute_with_rows(Statement *statement, Params *params, Rows *rows)
{
	if (SPI_register_relation(&rows->relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register rows");
	execute(statement, params);
	SPI_unregister_relation(rows->relation.md.name);
	tuplestore_end(rows->store);
	FreeTupleDesc(rows->relation.md.tupdesc);
}

static void
refuse_suppressed(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("rows of mentoring.%s were suppressed by a trigger",
					table),
			 errhint("No trigger on mentoring.%s may return NULL.", table)));
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
	for (int32 j = 0; match->mentor && j < match->programme->nmentors; j++)
		count += match->mentor[j].reason != MTR_MATCHED;
	return count;
}

/* A draft that is matched again keeps its id; what it proposed goes. */
static void
clear_run(const MtrMatch *match)
{
	static const char *const text[] = {
		"DELETE FROM mentoring.proposal"
		" WHERE programme_id = $1 AND match_run_id = $2",
		"DELETE FROM mentoring.match_price"
		" WHERE programme_id = $1 AND match_run_id = $2",
		"DELETE FROM mentoring.match_odd_set"
		" WHERE programme_id = $1 AND match_run_id = $2"
	};
	int64		args[2] = {match->programme_id, match->run_id};

	for (int i = 0; i < lengthof(text); i++)
		mtr_match_query(text[i], 2, args, false, SPI_OK_DELETE);
}

/*
 * Scores leave fixed point here.  A double holds them exactly enough to come
 * back as the same number of 10^-6, which verify_match() relies on.
 */
static int64
insert_run(const MtrMatch *match)
{
	static Statement statement = {
		"INSERT INTO mentoring.match_run (programme_id, method,"
		" objective, options, mentee_count, mentor_count, eligible_count,"
		" pair_count, unmatched_count, total_score, bound, gap,"
		" input_hash, extension_version)"
		" VALUES ($1, $2, $3, $4, $5::integer, $6::integer, $7,"
		" $8::integer, $9::integer, $10, $11, $12, $13, $14)"
		" RETURNING id", SPI_OK_INSERT_RETURNING
	};
	static Statement replacing = {
		"UPDATE mentoring.match_run SET method = $2, objective = $3,"
		" options = $4, mentee_count = $5::integer,"
		" mentor_count = $6::integer, eligible_count = $7,"
		" pair_count = $8::integer, unmatched_count = $9::integer,"
		" total_score = $10, bound = $11, gap = $12, input_hash = $13,"
		" extension_version = $14"
		" WHERE programme_id = $1 AND id = $15 RETURNING id",
		SPI_OK_UPDATE_RETURNING
	};
	Params		params = {0};
	int64		id;

	add_int64(&params, match->programme_id);
	add_text(&params, match->method_name);
	add_text(&params, match->objective_name);
	add_param(&params, JSONBOID, JsonbPGetDatum(match->options_json));
	add_int64(&params, match->nmentees);
	add_int64(&params, match->nmentors);
	add_int64(&params, match->eligible);
	add_int64(&params, match->nproposals);
	add_int64(&params, count_unmatched(match));
	add_float8(&params, MTR_TO_DOUBLE(match->total));
	if (match->has_bound)
	{
		add_float8(&params, MTR_TO_DOUBLE(match->bound));
		add_float8(&params, MTR_TO_DOUBLE(match->bound - match->value));
	}
	else
	{
		add_null(&params, FLOAT8OID);
		add_null(&params, FLOAT8OID);
	}
	add_text(&params, match->programme->hash);
	add_text(&params, MTR_VERSION);
	if (match->run_id != 0)
	{
		clear_run(match);
		add_int64(&params, match->run_id);
		execute(&replacing, &params);
	}
	else
		execute(&statement, &params);
	if (SPI_processed != 1)
		refuse_suppressed("match_run");
	id = result_int64(0);
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

/* Covers and prices of peers are kept in halves. */
static int
halves(const MtrMatch *match)
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
		append_double(out, outcome->cover / (double) halves(match));
		append_double(out, MTR_TO_DOUBLE(outcome->price) / halves(match));
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
add_digests(Params *params, const MtrMatch *match, int64 run_id,
			const int64 *plain_id)
{
	int64		args[2] = {match->programme_id, run_id};

	if (plain_id != NULL)
	{
		add_text(params, digest_prices(match));
		add_text(params, digest_proposals(match, plain_id));
		return;
	}
	mtr_match_query(MTR_RUN_DIGESTS, 2, args, false, SPI_OK_SELECT);
	for (int column = 1; column <= 2; column++)
		add_text(params, SPI_getvalue(SPI_tuptable->vals[0],
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
	static Statement statement = {
		"UPDATE mentoring.match_run SET elapsed_ms = $10,"
		" detail = jsonb_build_object('proof', $3, 'pairs', $4,"
		" 'load_ms', $5, 'score_ms', $6, 'solve_ms', $7,"
		" 'memory_bytes', $8, 'kernel', $9, 'value', $12,"
		" 'criteria', " MTR_CRITERIA_DIGEST ") || $11, texts = $13"
		" WHERE programme_id = $1 AND id = $2", SPI_OK_UPDATE
	};
	Params		params = {0};

	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	add_digests(&params, match, run_id, plain_id);
	add_float8(&params, match->load_ms);
	add_float8(&params, match->score_ms);
	add_float8(&params, match->solve_ms);
	add_int64(&params, match->bytes);
	add_text(&params, match->kernel);
	add_float8(&params, mtr_elapsed_ms(&match->started));
	add_param(&params, JSONBOID, more_detail(match));
	add_float8(&params, MTR_TO_DOUBLE(match->value));
	if (match->texts != NULL)
		add_param(&params, JSONBOID, JsonbPGetDatum(match->texts));
	else
		add_null(&params, JSONBOID);
	execute(&statement, &params);
}

/*
 * match_price
 */

static void
put_prices(Rows *rows, const MtrMatch *match, const MtrOutcome *outcome,
		   const MtrParticipant *list, int32 n)
{
	static const char *const reason[] = {
		[MTR_NO_PARTNER] = "no eligible partner",
		[MTR_PARTNERS_FULL] = "all eligible partners full",
		[MTR_OUTBID] = "outbid"
	};

	for (int32 i = 0; i < n; i++)
	{
		Datum		values[7];
		bool		nulls[7] = {false};

		if (!outcome[i].takes_part)
			continue;
		values[0] = Int64GetDatum(list[i].id);
		values[1] = Int32GetDatum(list[i].places);
		values[2] = Float8GetDatum(outcome[i].cover / (double) halves(match));
		values[3] = Float8GetDatum(MTR_TO_DOUBLE(outcome[i].price) /
								   halves(match));
		nulls[2] = nulls[3] = !match->has_proof;
		nulls[4] = outcome[i].reason == MTR_MATCHED;
		values[4] = nulls[4] ? (Datum) 0 :
			CStringGetTextDatum(reason[outcome[i].reason]);
		values[5] = Float8GetDatum(MTR_TO_DOUBLE(outcome[i].priority));
		values[6] = Int32GetDatum(outcome[i].set_position);
		nulls[6] = match->nsets == 0;
		put_row(rows, values, nulls);
	}
}

/* One row for everybody who brought a place, matched or not: optimality is
 * proven over all of them. */
static void
insert_prices(const MtrMatch *match, int64 run_id)
{
	static const RowColumn column[] = {
		{"participant_id", INT8OID}, {"places", INT4OID},
		{"cover", FLOAT8OID}, {"price", FLOAT8OID}, {"reason", TEXTOID},
		{"priority", FLOAT8OID}, {"set_position", INT4OID}
	};
	static Statement statement = {
		"INSERT INTO mentoring.match_price (programme_id, match_run_id,"
		" participant_id, places, cover, price, reason, priority,"
		" set_position)"
		" SELECT $1, $2, participant_id, places, cover, price, reason,"
		" priority, set_position FROM rows", SPI_OK_INSERT
	};
	const MtrProgramme *programme = match->programme;
	int			n = match->nmentees + match->nmentors;
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, column, lengthof(column), n);
	put_prices(&rows, match, match->mentee, programme->mentee,
			   programme->nmentees);
	if (match->mentor != NULL)
		put_prices(&rows, match, match->mentor, programme->mentor,
				   programme->nmentors);
	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != n)
		refuse_suppressed("match_price");
}

/* The odd sets of a proof of peers. */
static void
insert_sets(const MtrMatch *match, int64 run_id)
{
	static const RowColumn column[] = {
		{"set_no", INT4OID}, {"first_position", INT4OID},
		{"last_position", INT4OID}, {"cover", FLOAT8OID}, {"price", FLOAT8OID}
	};
	static Statement statement = {
		"INSERT INTO mentoring.match_odd_set (programme_id, match_run_id,"
		" set_no, first_position, last_position, cover, price)"
		" SELECT $1, $2, set_no, first_position, last_position, cover, price"
		" FROM rows", SPI_OK_INSERT
	};
	Rows		rows;
	Params		params = {0};

	if (match->nsets == 0)
		return;
	begin_rows(&rows, column, lengthof(column), match->nsets);
	for (int32 k = 0; k < match->nsets; k++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = Int32GetDatum(k);
		values[1] = Int32GetDatum(match->set[k].first);
		values[2] = Int32GetDatum(match->set[k].last);
		values[3] = Float8GetDatum(match->set[k].cover / 2.0);
		values[4] = Float8GetDatum(MTR_TO_DOUBLE(match->set[k].price) / 2);
		put_row(&rows, values, nulls);
	}
	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != match->nsets)
		refuse_suppressed("match_odd_set");
}

/*
 * proposal and proposal_member
 */

/* Returns the ids of the proposals, in the order of match->proposal. */
static int64 *
insert_proposals(const MtrMatch *match, int64 run_id)
{
	static const RowColumn column[] = {
		{"score", FLOAT8OID}, {"is_pinned", BOOLOID}
	};
	static Statement statement = {
		"INSERT INTO mentoring.proposal (programme_id, match_run_id,"
		" score, is_pinned)"
		" SELECT $1, $2, score, is_pinned FROM rows"
		" RETURNING id", SPI_OK_INSERT_RETURNING
	};
	int32		n = match->nproposals;
	int64	   *id = palloc_extended(Max(n, 1) * sizeof(int64),
									 MCXT_ALLOC_HUGE);
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, column, lengthof(column), n);
	for (int32 i = 0; i < n; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = Float8GetDatum(MTR_TO_DOUBLE(match->proposal[i].score));
		values[1] = BoolGetDatum(match->proposal[i].is_pinned);
		put_row(&rows, values, nulls);
	}
	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != n)
		refuse_suppressed("proposal");
	for (int32 i = 0; i < n; i++)
		id[i] = result_int64(i);
	SPI_freetuptable(SPI_tuptable);
	return id;
}

/* The members in their order. */
static void
insert_members(const MtrMatch *match, const int64 *proposal)
{
	static const RowColumn column[] = {
		{"proposal_id", INT8OID}, {"participant_id", INT8OID},
		{"role", TEXTOID}
	};
	static Statement statement = {
		"INSERT INTO mentoring.proposal_member (programme_id,"
		" proposal_id, participant_id, role)"
		" SELECT $1, proposal_id, participant_id, role FROM rows",
		SPI_OK_INSERT
	};
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, column, lengthof(column), match->nmembers);
	for (int32 i = 0; i < match->nproposals; i++)
	{
		const MtrProposal *p = &match->proposal[i];

		for (int32 k = p->first; k < p->first + p->count; k++)
		{
			Datum		values[3];
			bool		nulls[3] = {false, false, false};

			values[0] = Int64GetDatum(proposal[i]);
			values[1] = Int64GetDatum(match->member[k].participant_id);
			values[2] = CStringGetTextDatum(match->member[k].role);
			put_row(&rows, values, nulls);
			pfree(DatumGetPointer(values[2]));
		}
	}
	add_int64(&params, match->programme_id);
	execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != match->nmembers)
		refuse_suppressed("proposal_member");
}

/*
 * Foreign keys
 */

static void
put_ids(Rows *rows, const MtrOutcome *outcome, const MtrParticipant *list,
		int32 n)
{
	for (int32 i = 0; i < n; i++)
	{
		Datum		value = Int64GetDatum(list[i].id);
		bool		isnull = false;

		if (outcome[i].takes_part)
			put_row(rows, &value, &isnull);
	}
}

/* What the foreign keys to participant would do, for all rows at once. */
static void
lock_participants(const MtrMatch *match)
{
	static const RowColumn column = {"id", INT8OID};
	static Statement statement = {
		"SELECT count(*) FROM (SELECT FROM mentoring.participant AS p"
		" JOIN rows ON rows.id = p.id"
		" WHERE p.programme_id = $1 FOR KEY SHARE OF p) AS locked",
		SPI_OK_SELECT, CURSOR_OPT_CUSTOM_PLAN
	};
	const MtrProgramme *programme = match->programme;
	int			n = match->nmentees + match->nmentors;
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, &column, 1, n);
	put_ids(&rows, match->mentee, programme->mentee, programme->nmentees);
	if (match->mentor != NULL)
		put_ids(&rows, match->mentor, programme->mentor, programme->nmentors);
	add_int64(&params, match->programme_id);
	execute_with_rows(&statement, &params, &rows);
	if (result_int64(0) != n)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("participants of programme %lld were deleted while it was matched",
						(long long) match->programme_id),
				 errhint("Match again.")));
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Has a site put triggers or rules on a table that is filled?  The lock is
 * the one an INSERT takes; it keeps others from adding some now.
 */
static bool
has_site_code(const char *name)
{
	Oid			schema = get_namespace_oid(MTR_SCHEMA, false);
	Relation	relation = table_open(get_relname_relid(name, schema),
									  RowExclusiveLock);
	bool		found = relation->rd_rules != NULL;

	for (int i = 0; relation->trigdesc != NULL &&
		 i < relation->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &relation->trigdesc->triggers[i];

		found |= !trigger->tgisinternal &&
			trigger->tgenabled != TRIGGER_DISABLED;
	}
	table_close(relation, NoLock);
	return found;
}

/* Returns the ids of the proposals. */
static int64 *
insert_all(const MtrMatch *match, int64 run_id)
{
	int64	   *id;

	insert_prices(match, run_id);
	insert_sets(match, run_id);
	id = insert_proposals(match, run_id);
	insert_members(match, id);
	return id;
}

/*
 * The variable behind session_replication_role is set, not the setting:
 * changing the setting throws away all plans of the session, the caller's own
 * included, because rules may depend on it.  There are none here.
 */
static int64 *
insert_without_triggers(const MtrMatch *match, int64 run_id)
{
	int			role = SessionReplicationRole;
	int64	   *volatile id = NULL;

	PG_TRY();
	{
		SessionReplicationRole = SESSION_REPLICATION_ROLE_REPLICA;
		id = insert_all(match, run_id);
	}
	PG_FINALLY();
	{
		SessionReplicationRole = role;
	}
	PG_END_TRY();
	return id;
}

int64
mtr_match_store(MtrMatch *match)
{
	int64		run_id = insert_run(match);
	int64	   *plain_id = NULL;

	lock_participants(match);
	if (!has_site_code("match_price") && !has_site_code("match_odd_set") &&
		!has_site_code("proposal") && !has_site_code("proposal_member"))
		plain_id = insert_without_triggers(match, run_id);
	else
		(void) insert_all(match, run_id);
	complete_run(match, run_id, plain_id);
	return run_id;
}
