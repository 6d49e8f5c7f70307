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
#include "utils/array.h"
#include "utils/builtins.h"
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
} Params;

/* A statement and its plan, which doesn't depend on what is written. */
typedef struct Statement
{
	const char *text;
	int			expect;			/* result code of SPI */
	SPIPlanPtr	plan;
} Statement;

/* Rows to be inserted; a statement reads them by the name "rows". */
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
	params->n++;
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
		SPIPlanPtr	plan = SPI_prepare_cursor(statement->text, params->n,
											  params->type,
											  CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare: %s", statement->text);
		statement->plan = plan;
	}
	result = SPI_execute_plan(statement->plan, params->value, NULL, false, 0);
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

/* Run the statement that inserts them. */
static void
insert_rows(Rows *rows, Statement *statement, Params *params)
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
	static Statement statement = {
		"INSERT INTO mentoring.match_run (programme_id, method,"
		" objective, options, mentee_count, mentor_count, eligible_count,"
		" pair_count, unmatched_count, total_score, bound, gap,"
		" input_hash, extension_version)"
		" VALUES ($1, $2, $3, $4, $5::integer, $6::integer, $7,"
		" $8::integer, $9::integer, $10, $11, $12, $13, $14)"
		" RETURNING id", SPI_OK_INSERT_RETURNING
	};
	Params		params = {0};
	int64		id;

	add_int64(&params, match->programme_id);
	add_text(&params, match->method);
	add_text(&params, match->objective);
	add_param(&params, JSONBOID, JsonbPGetDatum(match->options_json));
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
append_price(StringInfo out, const MtrMatch *match, int64 id, int32 places,
			 const MtrOutcome *outcome)
{
	uint32		bytes = pg_hton32((uint32) places);
	uint16		cover = pg_hton16(outcome->cover);

	if (!outcome->takes_part)
		return;
	append_int64(out, id);
	appendBinaryStringInfo(out, (char *) &bytes, sizeof(bytes));
	if (match->is_greedy)
		return;
	appendBinaryStringInfo(out, (char *) &cover, sizeof(cover));
	append_double(out, MTR_TO_DOUBLE(outcome->price));
}

/* The first column of MTR_RUN_DIGESTS: both sides, merged by id. */
static char *
digest_prices(const MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;
	StringInfoData bytes;
	int32		i = 0;
	int32		j = 0;

	initStringInfo(&bytes);
	while (i < programme->nmentees || j < programme->nmentors)
	{
		const MtrParticipant *mentee = &programme->mentee[i];
		const MtrParticipant *mentor = &programme->mentor[j];

		if (j == programme->nmentors ||
			(i < programme->nmentees && mentee->id < mentor->id))
			append_price(&bytes, match, mentee->id, mentee->places,
						 &match->mentee[i++]);
		else
			append_price(&bytes, match, mentor->id, mentor->places,
						 &match->mentor[j++]);
	}
	return digest(&bytes);
}

/* The second column. */
static char *
digest_pairs(const MtrMatch *match)
{
	const MtrProgramme *programme = match->programme;
	StringInfoData bytes;

	initStringInfo(&bytes);
	for (int32 i = 0; i < match->npairs; i++)
	{
		const MtrMatchPair *pair = &match->pair[i];

		append_int64(&bytes, programme->mentee[pair->mentee].id);
		append_int64(&bytes, programme->mentor[pair->mentor].id);
		append_double(&bytes, MTR_TO_DOUBLE(pair->score));
	}
	return digest(&bytes);
}

/*
 * What verify_match() will find by MTR_RUN_DIGESTS.  What was written is known
 * without reading it again, unless somebody else's trigger had a hand in it.
 */
static void
add_digests(Params *params, const MtrMatch *match, int64 run_id, bool is_plain)
{
	int64		args[2] = {match->programme_id, run_id};

	if (is_plain)
	{
		add_text(params, digest_prices(match));
		add_text(params, digest_pairs(match));
		return;
	}
	mtr_match_query(MTR_RUN_DIGESTS, 2, args, false, SPI_OK_SELECT);
	for (int column = 1; column <= 2; column++)
		add_text(params, SPI_getvalue(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, column));
}

/* What is known only when all is done. */
static void
complete_run(const MtrMatch *match, int64 run_id, bool is_plain)
{
	static Statement statement = {
		"UPDATE mentoring.match_run SET elapsed_ms = $10,"
		" detail = jsonb_build_object('proof', $3, 'pairs', $4,"
		" 'load_ms', $5, 'score_ms', $6, 'solve_ms', $7,"
		" 'memory_bytes', $8, 'kernel', $9)"
		" WHERE programme_id = $1 AND id = $2", SPI_OK_UPDATE
	};
	Params		params = {0};

	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	add_digests(&params, match, run_id, is_plain);
	add_float8(&params, match->load_ms);
	add_float8(&params, match->score_ms);
	add_float8(&params, match->solve_ms);
	add_int64(&params, match->bytes);
	add_text(&params, match->is_greedy ? "greedy" : "dense");
	add_float8(&params, mtr_elapsed_ms(&match->started));
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
		Datum		values[5];
		bool		nulls[5] = {false};

		if (!outcome[i].takes_part)
			continue;
		values[0] = Int64GetDatum(list[i].id);
		values[1] = Int32GetDatum(list[i].places);
		values[2] = Int16GetDatum(outcome[i].cover);
		values[3] = Float8GetDatum(MTR_TO_DOUBLE(outcome[i].price));
		nulls[2] = nulls[3] = match->is_greedy;
		nulls[4] = outcome[i].reason == MTR_MATCHED;
		values[4] = nulls[4] ? (Datum) 0 :
			CStringGetTextDatum(reason[outcome[i].reason]);
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
		{"cover", INT2OID}, {"price", FLOAT8OID}, {"reason", TEXTOID}
	};
	static Statement statement = {
		"INSERT INTO mentoring.match_price (programme_id, match_run_id,"
		" participant_id, places, cover, price, reason)"
		" SELECT $1, $2, participant_id, places, cover, price, reason"
		" FROM rows", SPI_OK_INSERT
	};
	const MtrProgramme *programme = match->programme;
	int			n = match->nmentees + match->nmentors;
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, column, lengthof(column), n);
	put_prices(&rows, match, match->mentee, programme->mentee,
			   programme->nmentees);
	put_prices(&rows, match, match->mentor, programme->mentor,
			   programme->nmentors);
	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	insert_rows(&rows, &statement, &params);
	if (SPI_processed != n)
		refuse_suppressed("match_price");
}

/*
 * proposal and proposal_member
 */

/* Returns the ids of the proposals, in the order of match->pair. */
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
	int64	   *id = palloc_extended(Max(match->npairs, 1) * sizeof(int64),
									 MCXT_ALLOC_HUGE);
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, column, lengthof(column), match->npairs);
	for (int32 i = 0; i < match->npairs; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = Float8GetDatum(MTR_TO_DOUBLE(match->pair[i].score));
		values[1] = BoolGetDatum(match->pair[i].is_pinned);
		put_row(&rows, values, nulls);
	}
	add_int64(&params, match->programme_id);
	add_int64(&params, run_id);
	insert_rows(&rows, &statement, &params);
	if (SPI_processed != match->npairs)
		refuse_suppressed("proposal");
	for (int32 i = 0; i < match->npairs; i++)
		id[i] = result_int64(i);
	SPI_freetuptable(SPI_tuptable);
	return id;
}

/* Two rows for each proposal; the mentee's comes first. */
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
	const MtrProgramme *programme = match->programme;
	Datum		mentee = CStringGetTextDatum("mentee");
	Datum		mentor = CStringGetTextDatum("mentor");
	Rows		rows;
	Params		params = {0};

	begin_rows(&rows, column, lengthof(column), 2 * match->npairs);
	for (int32 i = 0; i < match->npairs; i++)
	{
		const MtrMatchPair *pair = &match->pair[i];
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = Int64GetDatum(proposal[i]);
		values[1] = Int64GetDatum(programme->mentee[pair->mentee].id);
		values[2] = mentee;
		put_row(&rows, values, nulls);
		values[1] = Int64GetDatum(programme->mentor[pair->mentor].id);
		values[2] = mentor;
		put_row(&rows, values, nulls);
	}
	add_int64(&params, match->programme_id);
	insert_rows(&rows, &statement, &params);
	if (SPI_processed != 2 * (uint64) match->npairs)
		refuse_suppressed("proposal_member");
}

/*
 * Foreign keys
 */

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
	static Statement statement = {
		"SELECT count(*) FROM (SELECT FROM mentoring.participant"
		" WHERE programme_id = $1 AND id = ANY ($2) FOR KEY SHARE) AS p",
		SPI_OK_SELECT
	};
	const MtrProgramme *programme = match->programme;
	Datum	   *id = palloc_extended((match->nmentees + match->nmentors + 1) *
									 sizeof(Datum), MCXT_ALLOC_HUGE);
	int			n = taking_part(match->mentee, programme->mentee,
								programme->nmentees, id);
	Params		params = {0};

	n += taking_part(match->mentor, programme->mentor, programme->nmentors,
					 id + n);
	add_int64(&params, match->programme_id);
	add_param(&params, INT8ARRAYOID,
			  PointerGetDatum(construct_array(id, n, INT8OID, sizeof(int64),
											  FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE)));
	execute(&statement, &params);
	if (result_int64(0) != n)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("participants of programme %lld were deleted while it was matched",
						(long long) match->programme_id),
				 errhint("Match again.")));
	pfree(id);
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

static void
insert_all(const MtrMatch *match, int64 run_id)
{
	insert_prices(match, run_id);
	insert_members(match, insert_proposals(match, run_id));
}

/*
 * The variable behind session_replication_role is set, not the setting:
 * changing the setting throws away all plans of the session, the caller's own
 * included, because rules may depend on it.  There are none here.
 */
static void
insert_without_triggers(const MtrMatch *match, int64 run_id)
{
	int			role = SessionReplicationRole;

	PG_TRY();
	{
		SessionReplicationRole = SESSION_REPLICATION_ROLE_REPLICA;
		insert_all(match, run_id);
	}
	PG_FINALLY();
	{
		SessionReplicationRole = role;
	}
	PG_END_TRY();
}

int64
mtr_match_store(MtrMatch *match)
{
	int64		run_id = insert_run(match);
	bool		is_plain;

	lock_participants(match);
	is_plain = !has_site_code("match_price") && !has_site_code("proposal") &&
		!has_site_code("proposal_member");
	if (is_plain)
		insert_without_triggers(match, run_id);
	else
		insert_all(match, run_id);
	complete_run(match, run_id, is_plain);
	return run_id;
}
