/*
 * xapi_value.c
 *	  values in a statement of xAPI: objects, arrays, texts by their grammar
 *
 * Each function is true, or tells what is wrong with the value and where that
 * stands.  An object is described by a list of its keys, each with the function
 * that checks its value; other keys are refused, as the standard asks, and so
 * is null everywhere but within extensions.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "json.h"
#include "xapi_check.h"

/* bytes of an IRI, at most */
#define MAX_IRI 2000

JsonbValue *
mtr_xapi_get(const JsonbValue *object, const char *key, JsonbValue *buffer)
{
	if (object == NULL || object->type != jbvBinary ||
		!JsonContainerIsObject(object->val.binary.data))
		return NULL;
	return getKeyJsonValueFromContainer(object->val.binary.data, key,
										strlen(key), buffer);
}

bool
mtr_xapi_is(const JsonbValue *value, const char *text)
{
	return value != NULL && value->type == jbvString &&
		value->val.string.len == (int) strlen(text) &&
		memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

/*
 * Telling what is wrong
 */

static void
put_place(StringInfo out, const MtrXapiPlace *place)
{
	const MtrXapiPlace *way[16];
	int			n = 0;

	for (; place != NULL && n < 16; place = place->outer)
		way[n++] = place;
	while (n-- > 0)
	{
		if (way[n]->number > 0)
			appendStringInfo(out, "[%d]", way[n]->number);
		else
			appendStringInfo(out, "%s%s", out->len > 0 ? "." : "",
							 mtr_json_label(way[n]->name,
											strlen(way[n]->name)));
	}
}

bool
mtr_xapi_wrong(MtrXapiCheck *check, const MtrXapiPlace *place,
			   const char *what)
{
	StringInfoData message;

	initStringInfo(&message);
	put_place(&message, place);
	appendStringInfo(&message, "%s%s", message.len > 0 ? " " : "", what);
	check->error = message.data;
	return false;
}

/*
 * Objects and arrays
 */

bool
mtr_xapi_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		JsonContainerIsObject(value->val.binary.data);
}

bool
mtr_xapi_is_array(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data) &&
		!JsonContainerIsScalar(value->val.binary.data);
}

/* One key and its value. */
static bool
check_field(MtrXapiCheck *check, const MtrXapiPlace *outer,
			const MtrXapiField *fields, int n,
			const JsonbValue *key, const JsonbValue *value)
{
	MtrXapiPlace place = {outer, NULL, 0};

	place.name = pnstrdup(key->val.string.val, key->val.string.len);
	if (value->type == jbvNull)
		return mtr_xapi_wrong(check, &place, "is null");
	for (int i = 0; i < n; i++)
		if (strcmp(fields[i].name, place.name) == 0)
			return fields[i].function(check, &place, value);
	return mtr_xapi_wrong(check, &place, "is no key of this object");
}

bool
mtr_xapi_check_object(MtrXapiCheck *check, const MtrXapiPlace *place,
					  const JsonbValue *value, const MtrXapiField *fields, int n)
{
	JsonbIterator *it;
	JsonbValue	key,
				part;

	if (!mtr_xapi_is_object(value))
		return mtr_xapi_wrong(check, place, "is no object");
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &key, true);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &part, true);
		if (!check_field(check, place, fields, n, &key, &part))
			return false;
	}
	for (int i = 0; i < n; i++)
	{
		MtrXapiPlace missing = {place, fields[i].name, 0};
		JsonbValue	buffer;

		if (fields[i].is_needed &&
			mtr_xapi_get(value, fields[i].name, &buffer) == NULL)
			return mtr_xapi_wrong(check, &missing, "is missing");
	}
	return true;
}

bool
mtr_xapi_check_array(MtrXapiCheck *check, const MtrXapiPlace *outer,
					 const JsonbValue *value, MtrXapiCheckFunction function)
{
	uint32		n;

	if (!mtr_xapi_is_array(value))
		return mtr_xapi_wrong(check, outer, "is no array");
	n = JsonContainerSize(value->val.binary.data);
	for (uint32 i = 0; i < n; i++)
	{
		MtrXapiPlace place = {outer, NULL, (int) i + 1};
		JsonbValue *part = getIthJsonbValueFromContainer(value->val.binary.data,
														 i);

		CHECK_FOR_INTERRUPTS();
		if (!function(check, &place, part))
			return false;
		pfree(part);
	}
	return true;
}

/*
 * Texts and numbers
 */

bool
mtr_xapi_check_text(MtrXapiCheck *check, const MtrXapiPlace *place,
					const JsonbValue *value)
{
	return value->type == jbvString ||
		mtr_xapi_wrong(check, place, "is no text");
}

bool
mtr_xapi_check_boolean(MtrXapiCheck *check, const MtrXapiPlace *place,
					   const JsonbValue *value)
{
	return value->type == jbvBool ||
		mtr_xapi_wrong(check, place, "is no boolean");
}

bool
mtr_xapi_check_number(MtrXapiCheck *check, const MtrXapiPlace *place,
					  const JsonbValue *value)
{
	return value->type == jbvNumeric ||
		mtr_xapi_wrong(check, place, "is no number");
}

bool
mtr_xapi_check_length(MtrXapiCheck *check, const MtrXapiPlace *place,
					  const JsonbValue *value)
{
	return mtr_json_is_whole(value, 0, PG_INT64_MAX) ||
		mtr_xapi_wrong(check, place, "is no whole number from 0 on");
}

bool
mtr_xapi_check_uuid(MtrXapiCheck *check, const MtrXapiPlace *place,
					const JsonbValue *value)
{
	char		uuid[MTR_UUID_SIZE];

	return (value->type == jbvString &&
			mtr_xapi_uuid(value->val.string.val, value->val.string.len,
						  uuid)) ||
		mtr_xapi_wrong(check, place, "is no UUID");
}

bool
mtr_xapi_check_iri(MtrXapiCheck *check, const MtrXapiPlace *place,
				   const JsonbValue *value)
{
	return (value->type == jbvString && value->val.string.len <= MAX_IRI &&
			mtr_xapi_iri(value->val.string.val, value->val.string.len)) ||
		mtr_xapi_wrong(check, place, "is no IRI");
}

bool
mtr_xapi_check_timestamp(MtrXapiCheck *check, const MtrXapiPlace *place,
						 const JsonbValue *value)
{
	int64		usec;

	return (value->type == jbvString &&
			mtr_xapi_timestamp(value->val.string.val, value->val.string.len,
							   &usec)) ||
		mtr_xapi_wrong(check, place, "is no RFC 3339 timestamp");
}

bool
mtr_xapi_check_duration(MtrXapiCheck *check, const MtrXapiPlace *place,
						const JsonbValue *value)
{
	int64		usec;

	return (value->type == jbvString &&
			mtr_xapi_duration(value->val.string.val, value->val.string.len,
							  &usec)) ||
		mtr_xapi_wrong(check, place, "is no ISO 8601 duration");
}

bool
mtr_xapi_check_version(MtrXapiCheck *check, const MtrXapiPlace *place,
					   const JsonbValue *value)
{
	return (value->type == jbvString &&
			mtr_xapi_version(value->val.string.val,
							 value->val.string.len)) ||
		mtr_xapi_wrong(check, place, "is no version of xAPI from 1.0 to 2.0");
}

bool
mtr_xapi_check_language(MtrXapiCheck *check, const MtrXapiPlace *place,
						const JsonbValue *value)
{
	return (value->type == jbvString &&
			mtr_xapi_language(value->val.string.val,
							  value->val.string.len)) ||
		mtr_xapi_wrong(check, place, "is no language tag");
}

bool
mtr_xapi_check_sha1sum(MtrXapiCheck *check, const MtrXapiPlace *place,
					   const JsonbValue *value)
{
	return (value->type == jbvString &&
			mtr_xapi_hex(value->val.string.val, value->val.string.len, 40)) ||
		mtr_xapi_wrong(check, place, "is no SHA-1");
}

/* SHA-224 to SHA-512 */
bool
mtr_xapi_check_sha2(MtrXapiCheck *check, const MtrXapiPlace *place,
					const JsonbValue *value)
{
	static const size_t digits[] = {56, 64, 96, 128};

	for (int i = 0; value->type == jbvString && i < lengthof(digits); i++)
		if (mtr_xapi_hex(value->val.string.val, value->val.string.len,
						 digits[i]))
			return true;
	return mtr_xapi_wrong(check, place, "is no SHA-2");
}

bool
mtr_xapi_check_mbox(MtrXapiCheck *check, const MtrXapiPlace *place,
					const JsonbValue *value)
{
	size_t		address;

	return (value->type == jbvString &&
			mtr_xapi_mailto(value->val.string.val, value->val.string.len,
							&address)) ||
		mtr_xapi_wrong(check, place, "is no mailto IRI of one address");
}

/* {"en": "text", ...} with a check of keys; values are texts or anything. */
static bool
check_map(MtrXapiCheck *check, const MtrXapiPlace *outer,
		  const JsonbValue *value, MtrXapiCheckFunction key_function,
		  MtrXapiCheckFunction value_function)
{
	JsonbIterator *it;
	JsonbValue	key,
				part;

	if (!mtr_xapi_is_object(value))
		return mtr_xapi_wrong(check, outer, "is no object");
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &key, true);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		MtrXapiPlace place = {outer, NULL, 0};

		CHECK_FOR_INTERRUPTS();
		place.name = pnstrdup(key.val.string.val, key.val.string.len);
		(void) JsonbIteratorNext(&it, &part, true);
		if (!key_function(check, &place, &key) ||
			(value_function != NULL && !value_function(check, &place, &part)))
			return false;
	}
	return true;
}

bool
mtr_xapi_check_language_map(MtrXapiCheck *check, const MtrXapiPlace *place,
							const JsonbValue *value)
{
	return check_map(check, place, value, mtr_xapi_check_language,
					 mtr_xapi_check_text);
}

bool
mtr_xapi_check_extensions(MtrXapiCheck *check, const MtrXapiPlace *place,
						  const JsonbValue *value)
{
	return check_map(check, place, value, mtr_xapi_check_iri, NULL);
}
