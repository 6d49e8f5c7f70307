/*
 * solve_input.c
 *	  the rows of a caller's query, as a matching problem
 *
 * Problem.  A query text names pairs by any ids in any order, with one score
 * or with one of each side; a kernel wants numbers 0..n-1, in a dense matrix
 * or in lists.  Rows can be many, so they are not kept as tuples.
 *
 * Method.  The query is planned, checked to be one SELECT that only reads,
 * and run with the caller's rights, read-only, into a receiver of our own.
 * Ids are numbered in the order they appear; a pair is kept as two 32 bit
 * words (the other id's number, the score), or three with two scores, behind
 * a word that says whose pairs follow, written only where that changes.  A
 * query ordered by either id costs 8 bytes a pair, any other 12, and 4 more
 * with two scores.  Memory is compared with mentoring.match_memory, the
 * matrix to come included, whenever another chunk is needed: a query of
 * endless rows ends there.  Where the matrix would be too large, and always
 * with two scores, pairs are sorted by left and right instead, and a row is
 * made from its few pairs.
 *
 * Limits.  |score| <= 1000; 2^24 ids a side.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/plancache.h"

#include "match.h"
#include "mentoring.h"
#include "solve_graph.h"

/* |score| of a pair, and ids of a side, at most */
#define MAX_SCORE 1000
#define MAX_IDS (1 << 24)

/* words of one chunk of pairs */
#define CHUNK_WORDS (64 * 1024)

/* What a column is used for, which decides the types it may have. */
typedef enum ColumnUse
{
	USE_ID,
	USE_SCORE,
	USE_SIDE,
	USE_PLACES
} ColumnUse;

typedef struct Column
{
	const char *name;
	ColumnUse	use;
	int			attno;
	Oid			type;			/* of the value, below any domain */
} Column;

/* columns of a query, at most */
#define MAX_COLUMNS 4

/* One row, its columns converted. */
typedef union Value
{
	int64		number;			/* id, places, score in 10^-6 */
	const char *text;			/* side */
} Value;

typedef void (*RowHandler) (MtrPairInput *input, const Value *value);

typedef struct RowReceiver
{
	DestReceiver pub;			/* must be first */
	const char *argument;		/* "pairs_sql" or "places_sql" */
	int			ncolumns;
	Column	   *column;			/* [ncolumns] */
	RowHandler	handler;
	MtrPairInput *input;
	MemoryContext row_context;
	uint64		nrows;
} RowReceiver;

/* A number or a count of places for each id. */
typedef struct IdEntry
{
	int64		id;
	int32		value;
	char		status;
} IdEntry;

static inline uint32
hash_id(int64 id)
{
	return hash_bytes((const unsigned char *) &id, sizeof(id));
}

#define SH_PREFIX ids
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE int64
#define SH_KEY id
#define SH_HASH_KEY(table, key) hash_id(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct IdSide
{
	ids_hash   *number;			/* ids of pairs, in order of appearance */
	ids_hash   *places;			/* ids of places_sql */
	int32	   *rank;			/* number -> position among the sorted ids */
	int64	   *sorted;
	int64		last_id;		/* rows come in groups: one look-up saved */
	int32		last_number;
} IdSide;

#define LEFT 0
#define RIGHT 1

static const char *const side_name[] = {"left", "right"};

struct MtrPairInput
{
	MemoryContext context;
	const char *id_name[2];		/* columns of the ids */
	IdSide		side[2];
	List	   *chunks;			/* of int32 [CHUNK_WORDS] */
	int32	   *chunk;			/* the one being filled */
	int			used;			/* words of it */
	int			nscores;		/* of a pair: 1, or 2 for one of each side */
	int64		npairs;
	int			group;			/* LEFT or RIGHT: whose pairs follow a mark */
	int32		group_number;	/* the last mark, -1 at first */

	/* made by mtr_input_sort() */
	int64	   *row_start;		/* [nleft + 1] */
	int32	   *sorted;			/* pairs by left, then right: the right one's
								 * position and the scores, see pair_words() */
};

/* A word below 0 in a chunk marks a group: -1 - number. */
#define GROUP_MARK(number) (-1 - (number))

/* Words of a pair that is sorted */
static inline int
pair_words(const MtrPairInput *input)
{
	return 1 + input->nscores;
}

/*
 * Columns
 */

static const char *
needed_columns(const RowReceiver *receiver)
{
	if (receiver->column[0].use == USE_SIDE)
		return "The query must return side ('left' or 'right'), id and places (integers).";
	if (receiver->input->nscores == 2)
		return "The query must return left_id and right_id (integers), left_score and right_score (numbers).";
	if (strcmp(receiver->column[0].name, "a_id") == 0)
		return "The query must return a_id and b_id (integers) and score (a number).";
	return "The query must return left_id and right_id (integers) and score (a number).";
}

/* By class, as callers think of it: any integer, any number, any text. */
static bool
type_suits(ColumnUse use, Oid type)
{
	switch (use)
	{
		case USE_ID:
		case USE_PLACES:
			return type == INT8OID || type == INT4OID || type == INT2OID;
		case USE_SCORE:
			return type == INT8OID || type == INT4OID || type == INT2OID ||
				type == FLOAT8OID || type == FLOAT4OID || type == NUMERICOID;
		case USE_SIDE:
			return type == TEXTOID || type == VARCHAROID ||
				type == BPCHAROID || type == NAMEOID;
	}
	return false;
}

/* Find one column by name and check its type. */
static void
find_column(const RowReceiver *receiver, Column *column, TupleDesc desc)
{
	Form_pg_attribute found = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (strcmp(NameStr(attr->attname), column->name) != 0)
			continue;
		if (found != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("%s returns more than one column \"%s\"",
							receiver->argument, column->name),
					 errhint("Give the other one another name with AS.")));
		found = attr;
		column->attno = i + 1;
	}
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s returns no column \"%s\"",
						receiver->argument, column->name),
				 errhint("%s", needed_columns(receiver))));
	column->type = getBaseType(found->atttypid);
	if (!type_suits(column->use, column->type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of %s is of type %s", column->name,
						receiver->argument, format_type_be(found->atttypid)),
				 errhint("%s", needed_columns(receiver))));
}

static int64
integer_value(const Column *column, Datum value)
{
	switch (column->type)
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt16(value);
	}
}

static const char *
text_value(const Column *column, Datum value)
{
	if (column->type == NAMEOID)
		return NameStr(*DatumGetName(value));
	if (column->type == BPCHAROID)
		value = DirectFunctionCall1(rtrim1, value);
	return TextDatumGetCString(value);
}

/*
 * Scores
 */

/* The ids of the row, for messages about its score. */
static char *
pair_name(const RowReceiver *receiver, const Value *value)
{
	return psprintf("%s %lld, %s %lld",
					receiver->column[0].name, (long long) value[0].number,
					receiver->column[1].name, (long long) value[1].number);
}

/*
 * A numeric as double, which is enough unless that is so near to a tie that
 * its rounding could be wrong.  Then it is rounded exactly, into *exact, and
 * true returned.
 */
static bool
numeric_score(Numeric number, double *score, int64 *exact)
{
	double		part;
	Datum		scaled;

	*score = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(number)));
	if (!(fabs(*score) <= MAX_SCORE))
		return false;

	/* the error of the double is below 10^-6 of a unit here */
	part = *score * MTR_UNIT - floor(*score * MTR_UNIT);
	if (fabs(part - 0.5) > 0.001)
		return false;
	scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(number),
								 NumericGetDatum(int64_to_numeric(MTR_UNIT)));
	scaled = DirectFunctionCall2(numeric_add, scaled,
								 NumericGetDatum(int64_div_fast_to_numeric(5, 1)));
	scaled = DirectFunctionCall1(numeric_floor, scaled);
	*exact = DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled));
	return true;
}

/* The score of a row in 10^-6, rounded half up. */
static int64
score_value(const RowReceiver *receiver, const Column *column, Datum datum,
			const Value *row)
{
	double		score;
	int64		exact;

	switch (column->type)
	{
		case FLOAT8OID:
			score = DatumGetFloat8(datum);
			break;
		case FLOAT4OID:
			score = DatumGetFloat4(datum);
			break;
		case NUMERICOID:
			if (numeric_score(DatumGetNumeric(datum), &score, &exact))
				return exact;
			if (isinf(score) && !numeric_is_inf(DatumGetNumeric(datum)))
				score = copysign(DBL_MAX, score);
			break;
		default:
			score = integer_value(column, datum);
	}
	if (isnan(score) || isinf(score))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of pair (%s) is %s", column->name,
						pair_name(receiver, row),
						isnan(score) ? "NaN" : "infinite"),
				 errhint("Leave out pairs that must not be matched.")));
	if (fabs(score) > MAX_SCORE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of pair (%s) is beyond %d", column->name,
						pair_name(receiver, row), MAX_SCORE),
				 fabs(score) == DBL_MAX ? 0 :
				 errdetail("The score is %.15g.", score),
				 errhint("Divide all scores by the same number.")));
	return (int64) floor(score * MTR_UNIT + 0.5);
}

/*
 * The receiver
 */

/* Called before the first row, and where there is none: a missing column is
 * found in an empty result, too. */
static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RowReceiver *receiver = (RowReceiver *) self;

	for (int i = 0; i < receiver->ncolumns; i++)
		find_column(receiver, &receiver->column[i], desc);
}

static void
refuse_null(const RowReceiver *receiver, int column, const Value *value)
{
	const char *name = receiver->column[column].name;

	if (receiver->column[column].use == USE_SCORE)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of pair (%s) is null", name,
						pair_name(receiver, value)),
				 receiver->input->nscores == 2 ?
				 errhint("Leave out pairs that one side does not accept.") :
				 errhint("Leave out pairs that must not be matched.")));
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s returns a row whose \"%s\" is null",
					receiver->argument, name),
			 errhint("Add WHERE %s IS NOT NULL to the query.", name)));
}

/* Called by the executor, in a context that lives as long as the query: what
 * conversions leave behind goes to a context of our own. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext oldcxt = MemoryContextSwitchTo(receiver->row_context);
	Value		value[MAX_COLUMNS];

	slot_getallattrs(slot);
	for (int i = 0; i < receiver->ncolumns; i++)
	{
		const Column *column = &receiver->column[i];
		Datum		datum = slot->tts_values[column->attno - 1];

		if (slot->tts_isnull[column->attno - 1])
			refuse_null(receiver, i, value);
		if (column->use == USE_SCORE)
			value[i].number = score_value(receiver, column, datum, value);
		else if (column->use == USE_SIDE)
			value[i].text = text_value(column, datum);
		else
			value[i].number = integer_value(column, datum);
	}
	receiver->handler(receiver->input, value);

	MemoryContextSwitchTo(oldcxt);
	if ((++receiver->nrows & 1023) == 0)
	{
		MemoryContextReset(receiver->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

static void
receiver_done(DestReceiver *self)
{
}

/* Exactly one statement that only reads, or an error. */
static void
check_query(SPIPlanPtr plan, const char *argument)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *query;

	if (list_length(sources) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 sources == NIL ?
				 errmsg("%s is empty", argument) :
				 errmsg("%s holds %d statements", argument,
						list_length(sources)),
				 errhint("Give the text of one SELECT.")));
	source = (CachedPlanSource *) linitial(sources);
	if (source->commandTag != CMDTAG_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a SELECT", argument),
				 errdetail("It is a statement of kind %s.",
						   GetCommandTagName(source->commandTag)),
				 errhint("Give the text of one SELECT.")));

	/* the tag is that of the text as written: SELECT INTO still counts */
	query = linitial_node(Query, source->query_list);
	if (query->commandType != CMD_SELECT || query->rowMarks != NIL ||
		query->hasModifyingCTE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s does not only read", argument),
				 errhint("Leave out INTO, FOR UPDATE, and INSERT, UPDATE and DELETE in WITH.")));
}

/*
 * Run a query into the receiver's handler.  No cursor: rows go from the
 * executor's slot to the handler without being copied, and the plan may be
 * parallel.
 */
static void
run_query(MtrPairInput *input, const char *text, RowReceiver receiver)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	const char *argument = receiver.argument;
	SPIExecuteOptions options = {0};
	SPIPlanPtr	plan;
	int			result;

	plan = SPI_prepare_cursor(text, 0, NULL, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "could not prepare %s: %s", argument,
			 SPI_result_code_string(SPI_result));
	check_query(plan, argument);

	receiver.pub.receiveSlot = receive_row;
	receiver.pub.rStartup = receiver_startup;
	receiver.pub.rShutdown = receiver_done;
	receiver.pub.rDestroy = receiver_done;
	receiver.pub.mydest = DestNone;
	receiver.input = input;
	receiver.row_context = AllocSetContextCreate(input->context,
												 "mentoring row",
												 ALLOCSET_SMALL_SIZES);
	options.read_only = true;
	options.dest = &receiver.pub;
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "could not execute %s: %s", argument,
			 SPI_result_code_string(result));
	MemoryContextDelete(receiver.row_context);
	SPI_freeplan(plan);
	MemoryContextSwitchTo(oldcxt);	/* SPI left it for its own */
}

/*
 * Pairs
 */

uint64
mtr_input_bytes(const MtrPairInput *input)
{
	uint64		bytes = (uint64) list_length(input->chunks) * CHUNK_WORDS *
	sizeof(int32);

	for (int s = LEFT; s <= RIGHT; s++)
		bytes += input->side[s].number->size * sizeof(IdEntry) +
			input->side[s].places->size * sizeof(IdEntry) +
			input->side[s].number->members * (sizeof(int64) + sizeof(int32));
	if (input->sorted != NULL)
		bytes += (uint64) input->npairs * pair_words(input) * sizeof(int32) +
			input->side[LEFT].number->members * sizeof(int64);
	return bytes;
}

/* Compare what is held, and the matrix or the sorted pairs it will take, with
 * the limit. */
static void
check_growth(const MtrPairInput *input)
{
	int64		nleft = input->side[LEFT].number->members;
	int64		nright = input->side[RIGHT].number->members;
	uint64		ahead = (uint64) input->npairs * pair_words(input) *
	sizeof(int32);

	if (input->nscores == 1)
		ahead = Min(ahead, (uint64) nleft * nright * sizeof(int32));
	mtr_check_memory(mtr_input_bytes(input) + CHUNK_WORDS * sizeof(int32) +
					 ahead, nleft, nright);
}

/* The number of an id. */
static int32
number_of(MtrPairInput *input, int s, int64 id)
{
	IdSide	   *side = &input->side[s];
	IdEntry    *entry;
	bool		found;

	if (id == side->last_id && side->last_number >= 0)
		return side->last_number;
	entry = ids_insert(side->number, id, &found);
	if (!found)
	{
		if (side->number->members > MAX_IDS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("pairs_sql returns more than %d different %s",
							MAX_IDS, input->id_name[s]),
					 errhint("Match in parts.")));
		entry->value = side->number->members - 1;
	}
	side->last_id = id;
	side->last_number = entry->value;
	return entry->value;
}

/* Append a word; memory is compared with the limit for each new chunk. */
static void
put_word(MtrPairInput *input, int32 word)
{
	if (input->used == CHUNK_WORDS)
	{
		check_growth(input);
		input->chunk = MemoryContextAlloc(input->context,
										  CHUNK_WORDS * sizeof(int32));
		input->chunks = lappend(input->chunks, input->chunk);
		input->used = 0;
	}
	input->chunk[input->used++] = word;
}

/* A query ordered by right_id is as compact as one ordered by left_id. */
static void
receive_pair(MtrPairInput *input, const Value *value)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(input->context);
	int32		number[2];

	number[LEFT] = number_of(input, LEFT, value[0].number);
	number[RIGHT] = number_of(input, RIGHT, value[1].number);

	/* the second pair shows by which side the rows come in groups, if any */
	if (input->npairs == 1 && input->chunk[1] == number[RIGHT] &&
		input->group_number != number[LEFT])
	{
		input->chunk[1] = input->group_number;
		input->chunk[0] = GROUP_MARK(number[RIGHT]);
		input->group = RIGHT;
		input->group_number = number[RIGHT];
	}
	if (input->group_number != number[input->group])
	{
		input->group_number = number[input->group];
		put_word(input, GROUP_MARK(input->group_number));
	}
	put_word(input, number[1 - input->group]);
	for (int i = 0; i < input->nscores; i++)
		put_word(input, (int32) value[2 + i].number);
	input->npairs++;
	MemoryContextSwitchTo(oldcxt);
}

/* Read pairs with the columns named, the ids' first. */
static MtrPairInput *
read_pairs(const char *pairs_sql, Column *column, int ncolumns)
{
	MtrPairInput *input = palloc0(sizeof(MtrPairInput));
	RowReceiver receiver = {.argument = "pairs_sql",.ncolumns = ncolumns,
	.column = column,.handler = receive_pair};

	input->context = CurrentMemoryContext;
	for (int s = LEFT; s <= RIGHT; s++)
	{
		input->side[s].number = ids_create(input->context, 256, NULL);
		input->side[s].places = ids_create(input->context, 16, NULL);
		input->side[s].last_number = -1;
		input->id_name[s] = column[s].name;
	}
	input->nscores = ncolumns - 2;
	input->used = CHUNK_WORDS;
	input->group = LEFT;
	input->group_number = -1;
	run_query(input, pairs_sql, receiver);
	return input;
}

MtrPairInput *
mtr_read_pairs(const char *pairs_sql)
{
	Column		column[] = {
		{.name = "left_id",.use = USE_ID},
		{.name = "right_id",.use = USE_ID},
		{.name = "score",.use = USE_SCORE}
	};

	return read_pairs(pairs_sql, column, lengthof(column));
}

MtrPairInput *
mtr_read_sided_pairs(const char *pairs_sql)
{
	Column		column[] = {
		{.name = "left_id",.use = USE_ID},
		{.name = "right_id",.use = USE_ID},
		{.name = "left_score",.use = USE_SCORE},
		{.name = "right_score",.use = USE_SCORE}
	};

	return read_pairs(pairs_sql, column, lengthof(column));
}

MtrPairInput *
mtr_read_peer_pairs(const char *pairs_sql)
{
	Column		column[] = {
		{.name = "a_id",.use = USE_ID},
		{.name = "b_id",.use = USE_ID},
		{.name = "score",.use = USE_SCORE}
	};

	return read_pairs(pairs_sql, column, lengthof(column));
}

/*
 * Places
 */

/*
 * Ids that occur in no pair are remembered, too: naming one twice is an error
 * whatever the pairs are.
 */
static void
receive_places(MtrPairInput *input, const Value *value)
{
	int64		id = value[1].number;
	int64		places = value[2].number;
	IdEntry    *entry;
	bool		found;
	int			s;

	if (strcmp(value[0].text, side_name[LEFT]) == 0)
		s = LEFT;
	else if (strcmp(value[0].text, side_name[RIGHT]) == 0)
		s = RIGHT;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("places_sql returns the unknown side \"%s\" for id %lld",
						value[0].text, (long long) id),
				 errhint("Sides are 'left' and 'right'.")));
	if (places < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s_id %lld has %lld places", side_name[s],
						(long long) id, (long long) places),
				 errhint("Use 0 for who accepts nobody.")));
	entry = ids_insert(input->side[s].places, id, &found);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("places_sql returns %s_id %lld more than once",
						side_name[s], (long long) id),
				 errhint("Return one row for each id.")));

	/* nobody has so many partners: each pair is taken once at most */
	entry->value = (int32) Min(places, MAX_IDS);
	if ((input->side[s].places->members & 0xffff) == 0)
		check_growth(input);
}

void
mtr_read_places(MtrPairInput *input, const char *places_sql)
{
	Column		column[] = {
		{.name = "side",.use = USE_SIDE},
		{.name = "id",.use = USE_ID},
		{.name = "places",.use = USE_PLACES}
	};
	RowReceiver receiver = {.argument = "places_sql",
	.ncolumns = lengthof(column),.column = column,.handler = receive_places};

	run_query(input, places_sql, receiver);
}

/*
 * The problem
 */

static int
compare_ids(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/* Sort the ids of a side, remember where each number went, find places. */
static int32 *
sort_side(IdSide *side)
{
	int32		n = side->number->members;
	int32	   *places = palloc(Max(n, 1) * sizeof(int32));
	ids_iterator iterator;
	IdEntry    *entry;
	int32		i = 0;

	side->sorted = palloc(Max(n, 1) * sizeof(int64));
	side->rank = palloc(Max(n, 1) * sizeof(int32));
	ids_start_iterate(side->number, &iterator);
	while ((entry = ids_iterate(side->number, &iterator)) != NULL)
		side->sorted[i++] = entry->id;
	qsort(side->sorted, n, sizeof(int64), compare_ids);
	for (i = 0; i < n; i++)
	{
		entry = ids_lookup(side->number, side->sorted[i]);
		side->rank[entry->value] = i;
		entry = ids_lookup(side->places, side->sorted[i]);
		places[i] = entry ? entry->value : 1;
	}
	return places;
}

void
mtr_input_problem(MtrPairInput *input, MtrProblem *problem,
				  const int64 **left_id, const int64 **right_id)
{
	check_growth(input);
	problem->nleft = input->side[LEFT].number->members;
	problem->nright = input->side[RIGHT].number->members;
	problem->left_places = sort_side(&input->side[LEFT]);
	problem->right_places = sort_side(&input->side[RIGHT]);
	*left_id = input->side[LEFT].sorted;
	*right_id = input->side[RIGHT].sorted;
}

static void
refuse_duplicate(const MtrPairInput *input, int32 left, int32 right)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("pairs_sql returns the pair (%s %lld, %s %lld) more than once",
					input->id_name[LEFT],
					(long long) input->side[LEFT].sorted[left],
					input->id_name[RIGHT],
					(long long) input->side[RIGHT].sorted[right]),
			 errhint("Aggregate the scores with GROUP BY %s, %s.",
					 input->id_name[LEFT], input->id_name[RIGHT])));
}

/*
 * Words are read back as they were written: a mark changes the group, any
 * other word is the other side's number and is followed by the scores, which
 * may look like marks.  Each pair is handed to "take", by position among the
 * sorted ids.
 */
static void
read_back(const MtrPairInput *input,
		  void (*take) (void *state, int32 left, int32 right,
						const int32 *score),
		  void *state)
{
	int64		words = (int64) (list_length(input->chunks) - 1) *
	CHUNK_WORDS + input->used;
	int32		number[2] = {0, 0};
	int32		score[2] = {0, 0};
	int			missing = 0;	/* scores of a pair not yet read */

	for (int64 i = 0; i < words; i++)
	{
		const int32 *chunk = list_nth(input->chunks, i / CHUNK_WORDS);
		int32		word = chunk[i % CHUNK_WORDS];

		if (i % CHUNK_WORDS == 0)
			CHECK_FOR_INTERRUPTS();
		if (missing > 0)
		{
			score[input->nscores - missing] = word;
			if (--missing == 0)
				take(state, input->side[LEFT].rank[number[LEFT]],
					 input->side[RIGHT].rank[number[RIGHT]], score);
		}
		else if (word < 0)
			number[input->group] = -1 - word;
		else
		{
			number[1 - input->group] = word;
			missing = input->nscores;
		}
	}
}

/*
 * A matrix
 */

typedef struct Fill
{
	const MtrPairInput *input;
	MtrProblem *problem;
} Fill;

static void
fill_pair(void *state, int32 left, int32 right, const int32 *score)
{
	Fill	   *fill = state;
	int32	   *cell = mtr_problem_cell(fill->problem, left, right);

	if (*cell != MTR_NO_PAIR)
		refuse_duplicate(fill->input, left, right);
	*cell = score[0];
}

void
mtr_input_fill(const MtrPairInput *input, MtrProblem *problem)
{
	size_t		cells = (size_t) problem->nleft * problem->nright;
	Fill		fill = {input, problem};

	for (size_t i = 0; i < cells; i++)
		problem->matrix[i] = MTR_NO_PAIR;
	read_back(input, fill_pair, &fill);
}

/*
 * Or sorted pairs
 */

static void
count_pair(void *state, int32 left, int32 right, const int32 *score)
{
	MtrPairInput *input = state;

	input->row_start[left + 1]++;
}

static void
place_pair(void *state, int32 left, int32 right, const int32 *score)
{
	MtrPairInput *input = state;
	int32	   *pair = input->sorted +
	input->row_start[left]++ * pair_words(input);

	pair[0] = right;
	memcpy(pair + 1, score, input->nscores * sizeof(int32));
}

static int
compare_sorted(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

/* By counting into rows, then each row by its right elements. */
void
mtr_input_sort(MtrPairInput *input, const MtrProblem *problem)
{
	int32		n = problem->nleft;
	int			words = pair_words(input);
	Size		size = words * sizeof(int32);

	mtr_check_memory(problem->already + problem->bytes +
					 (n + 2) * sizeof(int64) + input->npairs * size, n,
					 problem->nright);
	input->row_start = palloc0((n + 2) * sizeof(int64));
	input->sorted = palloc_extended((input->npairs + 1) * size,
									MCXT_ALLOC_HUGE);
	read_back(input, count_pair, input);
	for (int32 i = 0; i < n; i++)
		input->row_start[i + 1] += input->row_start[i];
	read_back(input, place_pair, input);

	/* placing has moved each start to the next row's */
	memmove(input->row_start + 1, input->row_start, n * sizeof(int64));
	input->row_start[0] = 0;
	for (int32 i = 0; i < n; i++)
	{
		int32	   *pair = input->sorted + input->row_start[i] * words;
		int64		count = input->row_start[i + 1] - input->row_start[i];

		CHECK_FOR_INTERRUPTS();
		qsort(pair, count, size, compare_sorted);
		for (int64 k = 1; k < count; k++)
			if (pair[k * words] == pair[(k - 1) * words])
				refuse_duplicate(input, i, pair[k * words]);
	}
}

const int32 *
mtr_input_list(const MtrPairInput *input, int32 left, int32 *count)
{
	*count = (int32) (input->row_start[left + 1] - input->row_start[left]);
	return input->sorted + input->row_start[left] * pair_words(input);
}

void
mtr_input_row(void *state, int32 left, int32 *row)
{
	const MtrPairInput *input = state;
	int32		nright = input->side[RIGHT].number->members;
	int			words = pair_words(input);
	int32		count;
	const int32 *pair = mtr_input_list(input, left, &count);

	for (int32 right = 0; right < nright; right++)
		row[right] = MTR_NO_PAIR;
	for (; count > 0; count--, pair += words)
		row[pair[0]] = pair[1];
}
