/*
 * score_query.c
 *	  what the loader reads, row by row, and the hash of it
 *
 * Queries are prepared once in a session and run read-only, so they work on a
 * standby.  Their rows go straight from the executor to a handler: nothing is
 * copied, and nobody's profile stays in memory.  A handler therefore must not
 * run a query of its own.
 *
 * The hash covers every value read that can influence a score or an
 * eligibility, in a canonical form and in the order of ids; what was inserted
 * first doesn't matter.  It is a sequence of pieces of which each tells where
 * it ends, so two different inputs never give the same bytes:
 *
 *	 a tag and as many numbers as always go with this tag, 8 bytes each
 *	 't' and a length, then a text of that length
 *	 'b' and a length, then bytes
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "tcop/dest.h"
#include "utils/memutils.h"

#include "score_private.h"

/* bytes hashed at a time */
#define HASH_TEXT_SIZE 32768

/* what decides the text of a query; numbers of MtrQuery.plan */
#define ALL_MENTEES 0x01
#define ALL_MENTORS 0x02
#define IGNORE_RUN 0x04
#define RELEASE_PROPOSED 0x08
#define KEEP_UNACCEPTED 0x10
#define QUERY_FLAG 0x20

/* Where the executor sends the rows. */
typedef struct RowReceiver
{
	DestReceiver pub;			/* must be first */
	MtrLoader  *loader;
	MtrRowHandler handler;
} RowReceiver;

/* ----------------------------------------------------------------
 *		Plans
 * ----------------------------------------------------------------
 */

/*
 * What is asked for decides the plan, so it is written into the text: each
 * condition that is only about parameters becomes true or false, and every
 * combination that occurs has its own plan.
 */
static int
query_variant(const MtrLoad *load, bool flag)
{
	return (load->only_mentee == 0 ? ALL_MENTEES : 0) |
		(load->only_mentor == 0 ? ALL_MENTORS : 0) |
		(load->ignore_run != 0 ? IGNORE_RUN : 0) |
		(load->release_proposed ? RELEASE_PROPOSED : 0) |
		(load->keep_unaccepted ? KEEP_UNACCEPTED : 0) |
		(flag ? QUERY_FLAG : 0);
}

static char *
variant_text(const char *query, int variant)
{
	static const struct
	{
		const char *condition;
		int			bit;
	}			conditions[] = {
		{"$2 = 0", ALL_MENTEES},
		{"$3 = 0", ALL_MENTORS},
		{"$4 <> 0", IGNORE_RUN},
		{"$5", RELEASE_PROPOSED},
		{"$6", KEEP_UNACCEPTED},
		{"$7", QUERY_FLAG},
	};
	StringInfoData out;

	initStringInfo(&out);
	while (*query != '\0')
	{
		size_t		length = 0;

		for (int i = 0; i < lengthof(conditions) && length == 0; i++)
		{
			length = strlen(conditions[i].condition);
			if (strncmp(query, conditions[i].condition, length) != 0)
				length = 0;
			else
				appendStringInfoString(&out, variant & conditions[i].bit ?
									   "true" : "false");
		}
		if (length == 0)
			appendStringInfoChar(&out, *query);
		query += Max(length, 1);
	}
	return out.data;
}

/*
 * A look-up has the same plan whatever the ids, which would take longer to
 * make than to run: it is kept.  How to read a whole programme depends on how
 * much of the tables it is, and a plan made when it was little would be slow
 * for much, or the other way round; so such a query is planned anew.
 */
static SPIPlanPtr
query_plan(MtrQuery *query, int variant)
{
	Oid			types[MTR_QUERY_PARAMS] = {INT8OID, INT8OID, INT8OID, INT8OID,
	BOOLOID, BOOLOID, BOOLOID};
	bool		is_pair = (variant & (ALL_MENTEES | ALL_MENTORS)) == 0;
	SPIPlanPtr	plan = query->plan[variant];

	if (plan != NULL)
		return plan;
	plan = SPI_prepare_cursor(variant_text(query->text, variant),
							  MTR_QUERY_PARAMS, types,
							  is_pair || query->is_lookup ?
							  CURSOR_OPT_GENERIC_PLAN :
							  CURSOR_OPT_CUSTOM_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare: %s", query->text);
	query->plan[variant] = plan;
	return plan;
}

/* ----------------------------------------------------------------
 *		Rows
 * ----------------------------------------------------------------
 */

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
receiver_done(DestReceiver *self)
{
}

/* One row, with a memory context of its own while it is handled. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MtrLoader  *loader = receiver->loader;
	MemoryContext oldcxt;

	CHECK_FOR_INTERRUPTS();
	slot_getallattrs(slot);
	oldcxt = MemoryContextSwitchTo(loader->row);
	receiver->handler(loader, slot->tts_values, slot->tts_isnull);
	MemoryContextReset(loader->row);
	MemoryContextSwitchTo(oldcxt);
	return true;
}

static void
set_param(ParamListInfo params, int number, Oid type, Datum value)
{
	ParamExternData *param = &params->params[number - 1];

	param->value = value;
	param->isnull = false;
	param->pflags = PARAM_FLAG_CONST;
	param->ptype = type;
}

/* Run a query; the handler gets its rows. */
void
mtr_load_query(MtrLoader *loader, MtrQuery *query, bool flag,
			   MtrRowHandler handler)
{
	const MtrLoad *load = loader->load;
	SPIPlanPtr	plan = query_plan(query, query_variant(load, flag));
	ParamListInfo params = makeParamList(MTR_QUERY_PARAMS);
	SPIExecuteOptions options = {0};
	RowReceiver receiver = {0};

	set_param(params, 1, INT8OID, Int64GetDatum(load->programme_id));
	set_param(params, 2, INT8OID, Int64GetDatum(load->only_mentee));
	set_param(params, 3, INT8OID, Int64GetDatum(load->only_mentor));
	set_param(params, 4, INT8OID, Int64GetDatum(load->ignore_run));
	set_param(params, 5, BOOLOID, BoolGetDatum(load->release_proposed));
	set_param(params, 6, BOOLOID, BoolGetDatum(load->keep_unaccepted));
	set_param(params, 7, BOOLOID, BoolGetDatum(flag));
	receiver.pub.receiveSlot = receive_row;
	receiver.pub.rStartup = receiver_startup;
	receiver.pub.rShutdown = receiver_done;
	receiver.pub.rDestroy = receiver_done;
	receiver.pub.mydest = DestNone;
	receiver.loader = loader;
	receiver.handler = handler;
	options.params = params;
	options.read_only = true;
	options.dest = &receiver.pub;
	if (mtr_estimate_execute(plan, &options) < 0)
		elog(ERROR, "could not run: %s", query->text);
	pfree(params);
}

/* ----------------------------------------------------------------
 *		Hash
 * ----------------------------------------------------------------
 */

/* Lists of pairs are long and have no other place to poll. */
static void
flush_hash(MtrLoader *loader)
{
	CHECK_FOR_INTERRUPTS();
	if (pg_cryptohash_update(loader->hash,
							 (const uint8 *) loader->hash_text->data,
							 loader->hash_text->len) < 0)
		elog(ERROR, "could not hash the inputs: %s",
			 pg_cryptohash_error(loader->hash));
	resetStringInfo(loader->hash_text);
}

static void
add_bytes(MtrLoader *loader, const char *data, Size size)
{
	appendBinaryStringInfo(loader->hash_text, data, size);
	if (loader->hash_text->len > HASH_TEXT_SIZE)
		flush_hash(loader);
}

/* Use mtr_hash_numbers(), which counts. */
void
mtr_hash_record(MtrLoader *loader, char tag, int n, const int64 *number)
{
	char		record[1 + MTR_HASH_NUMBERS * sizeof(int64)];

	if (loader->hash == NULL)
		return;
	Assert(n <= MTR_HASH_NUMBERS);
	record[0] = tag;
	for (int i = 0; i < n; i++)
	{
		uint64		bytes = pg_hton64((uint64) number[i]);

		memcpy(record + 1 + i * sizeof(bytes), &bytes, sizeof(bytes));
	}
	add_bytes(loader, record, 1 + n * sizeof(int64));
}

void
mtr_hash_bytes(MtrLoader *loader, const char *data, Size size)
{
	mtr_hash_numbers(loader, MTR_HASH_BYTES, (int64) size);
	if (loader->hash != NULL)
		add_bytes(loader, data, size);
}

void
mtr_hash_append(MtrLoader *loader, const char *format,...)
{
	char		line[512];
	va_list		args;
	int			length;

	if (loader->hash == NULL)
		return;
	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length < 0 || length >= sizeof(line))
		elog(ERROR, "line of the hash is too long");
	mtr_hash_numbers(loader, MTR_HASH_TEXT, length);
	add_bytes(loader, line, length);
}

void
mtr_hash_start(MtrLoader *loader)
{
	if (!loader->load->want_hash)
		return;
	loader->hash_text = makeStringInfo();
	loader->hash = pg_cryptohash_create(PG_SHA256);
	if (loader->hash == NULL || pg_cryptohash_init(loader->hash) < 0)
		elog(ERROR, "could not start to hash the inputs");
}

void
mtr_hash_finish(MtrLoader *loader)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *out = loader->programme->hash;

	if (loader->hash == NULL)
		return;
	flush_hash(loader);
	if (pg_cryptohash_final(loader->hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not hash the inputs: %s",
			 pg_cryptohash_error(loader->hash));
	pg_cryptohash_free(loader->hash);
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
