/*
 * xapi_digest.c
 *	  whether two statements of one id say the same
 *
 * A store may have added to a statement (stored, authority, version), tell the
 * time in another zone, a duration in other units, 0.5 as 0.50, and hold what
 * describes agents, verbs and activities in the form of today; a Group's
 * members come in any order.  None of that makes another statement.  So a
 * statement is written down without it, keys in jsonb's order and every text
 * with its length, and what stays of it is the SHA-256 of that.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha1.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/numeric.h"

#include "xapi.h"

#define USEC_PER_CENTISECOND INT64CONST(10000)

/* What a value is, and so what of it counts. */
typedef enum Part
{
	PART_ANY,
	PART_STATEMENT,
	PART_ACTOR,
	PART_VERB,
	PART_OBJECT,
	PART_RESULT,
	PART_CONTEXT,
	PART_ACTIVITIES,			/* lists of them by relation */
	PART_ACTIVITY_LIST,			/* one activity stands for a list of one */
	PART_MEMBERS,				/* in any order */
	PART_TIMESTAMP,
	PART_DURATION,
	PART_LOWER,					/* whatever the case */
	PART_NONE					/* not written */
} Part;

/* What a key of a part is; keys that aren't listed are PART_ANY. */
typedef struct Key
{
	Part		part;
	const char *name;
	Part		value;
} Key;

static const Key keys[] = {
	{PART_STATEMENT, "id", PART_NONE},
	{PART_STATEMENT, "stored", PART_NONE},
	{PART_STATEMENT, "authority", PART_NONE},
	{PART_STATEMENT, "version", PART_NONE},
	{PART_STATEMENT, "attachments", PART_NONE},
	{PART_STATEMENT, "actor", PART_ACTOR},
	{PART_STATEMENT, "verb", PART_VERB},
	{PART_STATEMENT, "object", PART_OBJECT},
	{PART_STATEMENT, "result", PART_RESULT},
	{PART_STATEMENT, "context", PART_CONTEXT},
	{PART_STATEMENT, "timestamp", PART_TIMESTAMP},
	{PART_ACTOR, "name", PART_NONE},
	{PART_ACTOR, "mbox", PART_LOWER},
	{PART_ACTOR, "mbox_sha1sum", PART_LOWER},
	{PART_ACTOR, "member", PART_MEMBERS},
	{PART_VERB, "display", PART_NONE},
	{PART_OBJECT, "definition", PART_NONE},
	{PART_OBJECT, "name", PART_NONE},
	{PART_OBJECT, "mbox", PART_LOWER},
	{PART_OBJECT, "mbox_sha1sum", PART_LOWER},
	{PART_OBJECT, "member", PART_MEMBERS},
	{PART_OBJECT, "actor", PART_ACTOR},
	{PART_OBJECT, "verb", PART_VERB},
	{PART_OBJECT, "object", PART_OBJECT},
	{PART_OBJECT, "result", PART_RESULT},
	{PART_OBJECT, "context", PART_CONTEXT},
	{PART_OBJECT, "timestamp", PART_TIMESTAMP},
	{PART_OBJECT, "attachments", PART_NONE},
	{PART_RESULT, "duration", PART_DURATION},
	{PART_CONTEXT, "registration", PART_LOWER},
	{PART_CONTEXT, "instructor", PART_ACTOR},
	{PART_CONTEXT, "team", PART_ACTOR},
	{PART_CONTEXT, "contextActivities", PART_ACTIVITIES},
	{PART_ACTIVITIES, "parent", PART_ACTIVITY_LIST},
	{PART_ACTIVITIES, "grouping", PART_ACTIVITY_LIST},
	{PART_ACTIVITIES, "category", PART_ACTIVITY_LIST},
	{PART_ACTIVITIES, "other", PART_ACTIVITY_LIST}
};

static void put_value(StringInfo out, Part part, const JsonbValue *value);

static Part
part_of_key(Part part, const JsonbValue *key)
{
	for (int i = 0; i < lengthof(keys); i++)
		if (keys[i].part == part && mtr_xapi_is(key, keys[i].name))
			return keys[i].value;
	return PART_ANY;
}

static void
put_text(StringInfo out, char type, const char *text, int length)
{
	appendStringInfo(out, "%c%d:", type, length);
	appendBinaryStringInfo(out, text, length);
}

static void
put_string(StringInfo out, Part part, const JsonbValue *value)
{
	const char *text = value->val.string.val;
	int			length = value->val.string.len;
	int			start;
	int64		usec;

	if (part == PART_TIMESTAMP && mtr_xapi_timestamp(text, length, &usec))
		appendStringInfo(out, "t" INT64_FORMAT, usec);
	else if (part == PART_DURATION && mtr_xapi_duration(text, length, &usec))
		appendStringInfo(out, "d" INT64_FORMAT, usec / USEC_PER_CENTISECOND);
	else
	{
		put_text(out, 's', text, length);
		start = out->len - length;
		for (int i = start; part == PART_LOWER && i < out->len; i++)
			out->data[i] = pg_ascii_tolower((unsigned char) out->data[i]);
	}
}

/* What is said where nothing is: {"objectType": "Activity"} */
static bool
is_default(const JsonbValue *key, const JsonbValue *value)
{
	return mtr_xapi_is(key, "objectType") &&
		(mtr_xapi_is(value, "Activity") || mtr_xapi_is(value, "Agent"));
}

/* Where a statement has no timestamp, a store gives it that of its arrival. */
static bool
is_arrival(const JsonbValue *statement, const JsonbValue *key,
		   const JsonbValue *value)
{
	JsonbValue	buffer;
	JsonbValue *stored = mtr_xapi_get(statement, "stored", &buffer);
	int64		usec[2];

	return stored != NULL && mtr_xapi_is(key, "timestamp") &&
		mtr_xapi_timestamp(value->val.string.val, value->val.string.len,
						   &usec[0]) &&
		mtr_xapi_timestamp(stored->val.string.val, stored->val.string.len,
						   &usec[1]) &&
		usec[0] == usec[1];
}

static void
put_object(StringInfo out, Part part, const JsonbValue *value)
{
	JsonbIterator *it = JsonbIteratorInit(value->val.binary.data);
	JsonbValue	key,
				inner;

	appendStringInfoChar(out, '{');
	(void) JsonbIteratorNext(&it, &key, true);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		Part		inner_part = part_of_key(part, &key);

		(void) JsonbIteratorNext(&it, &inner, true);
		if (inner_part == PART_NONE ||
			((part == PART_ACTOR || part == PART_OBJECT) &&
			 is_default(&key, &inner)) ||
			(part == PART_STATEMENT && is_arrival(value, &key, &inner)))
			continue;
		put_text(out, 'k', key.val.string.val, key.val.string.len);
		put_value(out, inner_part, &inner);
	}
	appendStringInfoChar(out, '}');
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Texts end with a byte jsonb has none of, so strcmp() tells all apart. */
static void
put_sorted(StringInfo out, const JsonbValue *value)
{
	JsonbContainer *array = value->val.binary.data;
	int			n = JsonContainerSize(array);
	char	  **texts = palloc_array(char *, Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		StringInfoData text;

		initStringInfo(&text);
		put_value(&text, PART_ACTOR, getIthJsonbValueFromContainer(array, i));
		texts[i] = text.data;
	}
	qsort(texts, n, sizeof(char *), compare_texts);
	appendStringInfoChar(out, '[');
	for (int i = 0; i < n; i++)
		appendStringInfoString(out, texts[i]);
	appendStringInfoChar(out, ']');
}

static void
put_array(StringInfo out, Part part, const JsonbValue *value)
{
	JsonbContainer *array = value->val.binary.data;
	int			n = JsonContainerSize(array);

	if (part == PART_MEMBERS)
	{
		put_sorted(out, value);
		return;
	}
	appendStringInfoChar(out, '[');
	for (int i = 0; i < n; i++)
	{
		JsonbValue *inner = getIthJsonbValueFromContainer(array, i);

		put_value(out, part == PART_ACTIVITY_LIST ? PART_OBJECT : PART_ANY,
				  inner);
		pfree(inner);
	}
	appendStringInfoChar(out, ']');
}

static void
put_value(StringInfo out, Part part, const JsonbValue *value)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (value->type)
	{
		case jbvString:
			put_string(out, part, value);
			break;
		case jbvNumeric:
			{
				char	   *text = numeric_normalize(value->val.numeric);

				put_text(out, 'n', text, strlen(text));
				pfree(text);
			}
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "b1" : "b0");
			break;
		case jbvBinary:
			if (JsonContainerIsArray(value->val.binary.data))
				put_array(out, part, value);
			else if (part == PART_ACTIVITY_LIST)
			{
				appendStringInfoChar(out, '[');
				put_object(out, PART_OBJECT, value);
				appendStringInfoChar(out, ']');
			}
			else
				put_object(out, part, value);
			break;
		default:
			appendStringInfoChar(out, '0');
	}
}

/* Of so many bytes of digest, in hexadecimal digits. */
static void
hash(pg_cryptohash_type type, const char *data, size_t length,
	 int size, char *digest)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(type);
	uint8		raw[PG_SHA256_DIGEST_LENGTH];

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) data, length) < 0 ||
		pg_cryptohash_final(context, raw, size) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute %s hash: %s",
						type == PG_SHA1 ? "SHA-1" : "SHA-256",
						pg_cryptohash_error(context)),
				 errhint("Look whether the server's OpenSSL is set up to forbid it.")));
	pg_cryptohash_free(context);
	for (int i = 0; i < size; i++)
		snprintf(digest + 2 * i, 3, "%02x", raw[i]);
}

void
mtr_xapi_sha1(const char *data, size_t length, char digest[MTR_SHA1_SIZE])
{
	hash(PG_SHA1, data, length, SHA1_DIGEST_LENGTH, digest);
}

void
mtr_xapi_digest(const JsonbValue *statement, char digest[MTR_SHA256_SIZE])
{
	StringInfoData out;

	initStringInfo(&out);
	put_value(&out, PART_STATEMENT, statement);
	hash(PG_SHA256, out.data, out.len, PG_SHA256_DIGEST_LENGTH, digest);
	pfree(out.data);
}
