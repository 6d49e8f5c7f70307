/*
 * sync_row.c
 *	  the rows of a source's queries, as values of our own types
 *
 * They are kept in a store that goes to disk beyond its memory.  What can't be
 * stored is left out here, where the row can still be named: the statements
 * that apply the rest meet nothing a constraint refuses.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "mentoring.h"
#include "sync_query.h"

/* kB a store of rows takes before it goes to disk */
#define STORE_MEMORY 1024

/* bytes of a key or an address, so that an index holds it */
#define MAX_KEY 1000

/* rows of an object that are named in warnings */
#define MAX_WARNINGS 5

/* minutes of a log entry, at most */
#define MAX_MINUTES 1440

/* Keys seen, to tell the second row of one. */
typedef struct KeyEntry
{
	const char *key;
	char		status;
} KeyEntry;

#define SH_PREFIX keys
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"
/*
 * Values
 */

/* A row that isn't taken, or a value that is left out. */
static void
warn(RowReceiver *receiver, const char *problem)
{
	if (receiver->warnings++ >= MAX_WARNINGS)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("source \"%s\", %s \"%s\": %s", receiver->source,
					receiver->spec->object,
					receiver->key != NULL ?
					pnstrdup(receiver->key,
							 pg_mbcliplen(receiver->key,
										  strlen(receiver->key), 60)) :
					psprintf("(row %lld)", (long long) receiver->nread),
					problem),
			 receiver->warnings == MAX_WARNINGS ?
			 errdetail("Further ones of this query are counted only.") : 0,
			 errhidestmt(true), errhidecontext(true)));
}

static int64
read_integer(Datum datum, Oid type)
{
	return type == INT8OID ? DatumGetInt64(datum) :
		type == INT4OID ? DatumGetInt32(datum) : DatumGetInt16(datum);
}

/* A datum as text, or NULL for an empty one, which is what learning
 * management systems store where nothing is known. */
static text *
read_text(Datum datum, Oid type)
{
	char		digits[MAXINT8LEN + 1];
	text	   *result;
	Oid			output;
	bool		is_varlena;

	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			result = DatumGetTextPP(datum);
			break;
		case INT8OID:
		case INT4OID:
		case INT2OID:
			return cstring_to_text_with_len(digits,
											pg_lltoa(read_integer(datum, type),
													 digits));
		default:
			if (type == BPCHAROID)
				datum = DirectFunctionCall1(rtrim1, datum);
			getTypeOutputInfo(type, &output, &is_varlena);
			result = cstring_to_text(OidOutputFunctionCall(output, datum));
			break;
	}
	return VARSIZE_ANY_EXHDR(result) > 0 ? result : NULL;
}

static double
read_number(Datum datum, Oid type)
{
	switch (type)
	{
		case FLOAT8OID:
			return DatumGetFloat8(datum);
		case FLOAT4OID:
			return DatumGetFloat4(datum);
		case NUMERICOID:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													  datum));
		default:
			return (double) read_integer(datum, type);
	}
}

static DateADT
read_date(Datum datum, Oid type)
{
	if (type == TIMESTAMPOID)
		datum = DirectFunctionCall1(timestamp_date, datum);
	else if (type == TIMESTAMPTZOID)
		datum = DirectFunctionCall1(timestamptz_date, datum);
	return DatumGetDateADT(datum);
}

/* Has it the shape mentoring._check_profile() asks for?  That one raises an
 * error; it takes nothing that would have to be given back. */
static bool
is_profile(Datum profile)
{
	extern Datum mentoring_check_profile(PG_FUNCTION_ARGS);
	MemoryContext oldcxt = CurrentMemoryContext;
	volatile bool is_good = true;

	PG_TRY();
	{
		(void) DirectFunctionCall1(mentoring_check_profile, profile);
	}
	PG_CATCH();
	{
		int			code = geterrcode();

		MemoryContextSwitchTo(oldcxt);
		if (code != ERRCODE_CHECK_VIOLATION &&
			code != ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE)
			PG_RE_THROW();
		FlushErrorState();
		is_good = false;
	}
	PG_END_TRY();
	return is_good;
}

/* The entries of an object that have the right shape. */
static Datum
good_entries(RowReceiver *receiver, Jsonb *profile)
{
	Datum		rest = JsonbPGetDatum(profile);
	JsonbIterator *it = JsonbIteratorInit(&profile->root);
	JsonbValue	key,
				value;

	(void) JsonbIteratorNext(&it, &key, true);	/* WJB_BEGIN_OBJECT */
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		JsonbParseState *state = NULL;
		JsonbValue *single;
		char	   *name;

		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &value, true);
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		(void) pushJsonbValue(&state, WJB_KEY, &key);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
		single = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
		if (is_profile(JsonbPGetDatum(JsonbValueToJsonb(single))))
			continue;
		name = pnstrdup(key.val.string.val, key.val.string.len);
		warn(receiver, psprintf("profile key \"%.60s\" is left out, for its value has no shape of a profile",
								name));
		rest = DirectFunctionCall2(jsonb_delete, rest,
								   CStringGetTextDatum(name));
	}
	return rest;
}

static bool
read_profile(RowReceiver *receiver, Datum datum, Oid type, Datum *value)
{
	Jsonb	   *profile;

	if (type == JSONOID)
		datum = DirectFunctionCall1(jsonb_in,
									CStringGetDatum(TextDatumGetCString(datum)));
	profile = DatumGetJsonbP(datum);
	if (!JB_ROOT_IS_OBJECT(profile))
	{
		warn(receiver, "profile is left out, for it is no JSON object");
		return false;
	}
	*value = JsonbPGetDatum(profile);
	if (!is_profile(*value))
		*value = good_entries(receiver, profile);
	return true;
}

static bool
is_log_kind(const char *kind)
{
	static const char *const kinds[] = {
		"reflection", "meeting", "practice", "course", "observation", "other"
	};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

/* A text that has to be of a certain kind; NULL: left out, or of no use. */
static const char *
convert_string(RowReceiver *receiver, ColumnUse use, const char *string)
{
	const char *result;
	const char *at;

	switch (use)
	{
		case USE_ZONE:
			result = mtr_sync_zone(string);
			if (result == NULL)
				warn(receiver, psprintf("time zone \"%s\" is unknown and left out",
										pnstrdup(string,
												 pg_mbcliplen(string,
															  strlen(string),
															  60))));
			return result;
		case USE_EMAIL:
			at = strchr(string + 1, '@');
			if (at != NULL && at[1] != '\0' && strlen(string) <= MAX_KEY)
				return string;
			warn(receiver, "its email is no address and left out");
			return NULL;
		default:
			if (is_log_kind(string))
				return string;
			warn(receiver, psprintf("\"%.60s\" is no kind of log entry",
									string));
			return NULL;
	}
}

/* Texts of one use or another; false: left out, or of no use. */
static bool
convert_text(RowReceiver *receiver, const ColumnSpec *column, text *given,
			 Datum *value)
{
	const char *result;

	*value = PointerGetDatum(given);
	if (column->use == USE_TEXT)
		return true;
	if (column->use == USE_KEY)
	{
		if (VARSIZE_ANY_EXHDR(given) <= MAX_KEY)
			return true;
		warn(receiver, psprintf("its %s is longer than %d bytes",
								column->name, MAX_KEY));
		return false;
	}
	result = convert_string(receiver, column->use, text_to_cstring(given));
	if (result != NULL)
		*value = CStringGetTextDatum(result);
	return result != NULL;
}

/* One value that is there; false: it is left out. */
static bool
convert(RowReceiver *receiver, const ColumnSpec *column, Oid type, Datum datum,
		Datum *value)
{
	double		number;
	text	   *given;

	switch (column->use)
	{
		case USE_INTEGER:
		case USE_MINUTES:
			number = (double) read_integer(datum, type);
			if (column->use == USE_MINUTES)
				number = Min(number, MAX_MINUTES);
			*value = Int32GetDatum((int32) number);
			if (number >= 0 && number <= PG_INT32_MAX)
				return true;
			warn(receiver, psprintf("its %s is out of range", column->name));
			return false;
		case USE_LEVEL:
			number = read_number(datum, type);
			if (number >= 0 && number <= 7)
			{
				*value = Int16GetDatum((int16) (number + 0.5));
				return true;
			}
			warn(receiver, "its level isn't between 0 and 7");
			return false;
		case USE_DATE:
			*value = DateADTGetDatum(read_date(datum, type));
			if (!DATE_NOT_FINITE(DatumGetDateADT(*value)))
				return true;
			warn(receiver, psprintf("its %s is infinite", column->name));
			return false;
		case USE_BOOLEAN:
			*value = datum;
			return true;
		case USE_PROFILE:
			return read_profile(receiver, datum, type, value);
		default:
			given = read_text(datum, type);
			return given != NULL &&
				convert_text(receiver, column, given, value);
	}
}

/* What two columns say together. */
static bool
check_pairs(RowReceiver *receiver, Datum *values, bool *nulls)
{
	Datum	   *value = values + FIRST_COLUMN;
	bool	   *is_null = nulls + FIRST_COLUMN;
	const QuerySpec *spec = receiver->spec;

	if (spec == &mtr_sync_spec[MTR_SYNC_HISTORY] && !is_null[2] &&
		DatumGetDateADT(value[2]) < DatumGetDateADT(value[1]))
	{
		warn(receiver, "its valid_to is before its valid_from");
		return false;
	}
	if (spec == &mtr_sync_spec[MTR_SYNC_ACTIVITY] &&
		DatumGetDateADT(value[2]) > GetSQLCurrentDate() + 1)
	{
		warn(receiver, "it lies in the future");
		return false;
	}
	if (spec == &mtr_sync_spec[MTR_SYNC_PERSON] && !is_null[8] && !is_null[9] &&
		DatumGetDateADT(value[9]) < DatumGetDateADT(value[8]))
	{
		warn(receiver, "joined_on is after left_on and left out");
		is_null[8] = true;
	}
	return true;
}

/*
 * The receiver
 */

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RowReceiver *receiver = (RowReceiver *) self;

	mtr_sync_find_columns(receiver->source, receiver->spec, desc,
						  receiver->attno, receiver->type);
	for (int i = 0; i < receiver->spec->ncolumns; i++)
		receiver->rows->has[i] = receiver->attno[i] != 0;
}

/* Is it the first row of its key? */
static bool
is_first(RowReceiver *receiver)
{
	bool		found;

	if (receiver->seen == NULL)
		return true;
	if (keys_lookup(receiver->seen, receiver->key) != NULL)
	{
		warn(receiver, "it came before");
		return false;
	}
	(void) keys_insert(receiver->seen,
					   MemoryContextStrdup(receiver->key_context,
										   receiver->key), &found);
	return true;
}

/* Convert a row; false: it can't be taken. */
static bool
read_row(RowReceiver *receiver, TupleTableSlot *slot, Datum *values,
		 bool *nulls)
{
	const QuerySpec *spec = receiver->spec;
	bool		is_good = true;

	for (int i = 0; i < spec->ncolumns; i++)
	{
		const ColumnSpec *column = &spec->column[i];
		int			attno = receiver->attno[i];
		bool		is_given = attno != 0 && !slot->tts_isnull[attno - 1];
		int			before = receiver->warnings;

		nulls[FIRST_COLUMN + i] = !is_given ||
			!convert(receiver, column, receiver->type[i],
					 slot->tts_values[attno - 1], &values[FIRST_COLUMN + i]);
		if (column->is_required && nulls[FIRST_COLUMN + i])
		{
			if (before == receiver->warnings)
				warn(receiver, psprintf("it has no %s", column->name));
			is_good = false;
		}
		if (i > 0)
			continue;
		if (!is_good)
			return false;
		receiver->key = TextDatumGetCString(values[FIRST_COLUMN]);
		if (!is_first(receiver))
		{
			nulls[FIRST_COLUMN] = true;
			return false;
		}
	}
	return is_good && check_pairs(receiver, values, nulls);
}

/* The row is done with; where the query fails, it does so after this one. */
static void
remember_key(RowReceiver *receiver)
{
	const char *key = receiver->key != NULL ? receiver->key : "";
	int			length = strlen(key);

	if (length >= sizeof(receiver->last_key))
		length = pg_mbcliplen(key, length, sizeof(receiver->last_key) - 1);
	memcpy(receiver->last_key, key, length);
	receiver->last_key[length] = '\0';
	receiver->key = NULL;
}

/* Called by the executor, in a context that lives as long as the query: what
 * conversions leave behind goes to a context of our own. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MtrSyncRows *rows = receiver->rows;
	MemoryContext oldcxt = MemoryContextSwitchTo(receiver->row_context);
	Datum		values[FIRST_COLUMN + MTR_SYNC_COLUMNS] = {0};
	bool		nulls[FIRST_COLUMN + MTR_SYNC_COLUMNS] = {0};
	bool		is_good;

	slot_getallattrs(slot);
	receiver->key = NULL;
	receiver->nread++;
	is_good = read_row(receiver, slot, values, nulls);
	if (!is_good)
		rows->refused++;

	/* A person who can't be taken is there all the same, not gone. */
	if (is_good || (receiver->spec == &mtr_sync_spec[MTR_SYNC_PERSON] &&
					!nulls[FIRST_COLUMN]))
	{
		values[0] = Int64GetDatum(++rows->n);
		values[1] = BoolGetDatum(!is_good);
		tuplestore_putvalues(rows->store, rows->desc, values, nulls);
	}

	remember_key(receiver);
	MemoryContextSwitchTo(oldcxt);
	if ((receiver->nread & 63) == 0)
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

static Oid
stored_type(ColumnUse use)
{
	switch (use)
	{
		case USE_INTEGER:
		case USE_MINUTES:
			return INT4OID;
		case USE_LEVEL:
			return INT2OID;
		case USE_DATE:
			return DATEOID;
		case USE_BOOLEAN:
			return BOOLOID;
		case USE_PROFILE:
			return JSONBOID;
		default:
			return TEXTOID;
	}
}

/* An empty store for the rows of a query. */
static void
make_store(MtrSyncRows *rows, const QuerySpec *spec)
{
	rows->desc = CreateTemplateTupleDesc(FIRST_COLUMN + spec->ncolumns);
	TupleDescInitEntry(rows->desc, 1, "n", INT8OID, -1, 0);
	TupleDescInitEntry(rows->desc, 2, "is_refused", BOOLOID, -1, 0);
	for (int i = 0; i < spec->ncolumns; i++)
		TupleDescInitEntry(rows->desc, FIRST_COLUMN + 1 + i,
						   spec->column[i].name,
						   stored_type(spec->column[i].use), -1, 0);
	rows->store = tuplestore_begin_heap(false, false, STORE_MEMORY);
	rows->n = 0;
	rows->refused = 0;
}

void
mtr_sync_no_rows(MtrSync *sync, MtrSyncQuery query)
{
	make_store(&sync->rows[query], &mtr_sync_spec[query]);
}

void
mtr_sync_begin_rows(RowReceiver *receiver)
{
	MemoryContext context = CurrentMemoryContext;

	make_store(receiver->rows, receiver->spec);
	receiver->pub.receiveSlot = receive_row;
	receiver->pub.rStartup = receiver_startup;
	receiver->pub.rShutdown = receiver_done;
	receiver->pub.rDestroy = receiver_done;
	receiver->pub.mydest = DestNone;
	receiver->key_context = AllocSetContextCreate(context, "mentoring keys",
												  ALLOCSET_DEFAULT_SIZES);
	receiver->row_context = AllocSetContextCreate(context, "mentoring row",
												  ALLOCSET_DEFAULT_SIZES);
	if (receiver->spec->is_unique)
		receiver->seen = keys_create(receiver->key_context, 1024, NULL);
}

void
mtr_sync_end_rows(RowReceiver *receiver)
{
	MemoryContextDelete(receiver->row_context);
	MemoryContextDelete(receiver->key_context);
}
