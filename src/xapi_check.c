/*
 * xapi_check.c
 *	  what a statement must look like: xAPI 1.0.3 part two, and 2.0
 *
 * An object is described by a list of its keys, each with the function that
 * checks its value; other keys are refused, as the standard asks, and so is
 * null everywhere but within extensions.  Rules between keys follow the list.
 * Statements don't nest but for one SubStatement, so the depth is bounded.
 *
 * The first thing that is wrong ends it, and is told with where it stands.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "json.h"
#include "xapi.h"

#define VOIDED "http://adlnet.gov/expapi/verbs/voided"

/* bytes of an IRI, at most */
#define MAX_IRI 2000

/* The check under way. */
typedef struct Check
{
	char	   *error;
} Check;

/* Where a value stands, to be told: linked from inside out. */
typedef struct Place
{
	const struct Place *outer;
	const char *name;
	int			number;			/* in an array; 0: by name */
} Place;

typedef bool (*CheckFunction) (Check *check, const Place *place,
							   const JsonbValue *value);

/* A key an object may have. */
typedef struct Field
{
	const char *name;
	bool		is_needed;
	CheckFunction function;
} Field;

static bool check_actor(Check *check, const Place *place,
						const JsonbValue *value);
static bool check_sub_object(Check *check, const Place *place,
							 const JsonbValue *value);

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
put_place(StringInfo out, const Place *place)
{
	const Place *way[16];
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

static bool
wrong(Check *check, const Place *place, const char *what)
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

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data) &&
		!JsonContainerIsScalar(value->val.binary.data);
}

/* One key and its value. */
static bool
check_field(Check *check, const Place *outer, const Field *fields, int n,
			const JsonbValue *key, const JsonbValue *value)
{
	Place		place = {outer, NULL, 0};

	place.name = pnstrdup(key->val.string.val, key->val.string.len);
	if (value->type == jbvNull)
		return wrong(check, &place, "is null");
	for (int i = 0; i < n; i++)
		if (strcmp(fields[i].name, place.name) == 0)
			return fields[i].function(check, &place, value);
	return wrong(check, &place, "is no key of this object");
}

static bool
check_object(Check *check, const Place *place, const JsonbValue *value,
			 const Field *fields, int n)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key,
				part;

	if (!is_object(value))
		return wrong(check, place, "is no object");
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &key, true);
	while ((token = JsonbIteratorNext(&it, &key, true)) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&it, &part, true);
		if (!check_field(check, place, fields, n, &key, &part))
			return false;
	}
	for (int i = 0; i < n; i++)
	{
		Place		missing = {place, fields[i].name, 0};
		JsonbValue	buffer;

		if (fields[i].is_needed &&
			mtr_xapi_get(value, fields[i].name, &buffer) == NULL)
			return wrong(check, &missing, "is missing");
	}
	return true;
}

#define CHECK_OBJECT(check, place, value, fields) \
	check_object(check, place, value, fields, lengthof(fields))

static bool
check_array(Check *check, const Place *outer, const JsonbValue *value,
			CheckFunction function)
{
	uint32		n;

	if (!is_array(value))
		return wrong(check, outer, "is no array");
	n = JsonContainerSize(value->val.binary.data);
	for (uint32 i = 0; i < n; i++)
	{
		Place		place = {outer, NULL, (int) i + 1};
		JsonbValue *part = getIthJsonbValueFromContainer(value->val.binary.data,
														 i);

		if (!function(check, &place, part))
			return false;
		pfree(part);
	}
	return true;
}

/*
 * Texts and numbers
 */

static bool
check_text(Check *check, const Place *place, const JsonbValue *value)
{
	return value->type == jbvString || wrong(check, place, "is no text");
}

static bool
check_boolean(Check *check, const Place *place, const JsonbValue *value)
{
	return value->type == jbvBool || wrong(check, place, "is no boolean");
}

static bool
check_number(Check *check, const Place *place, const JsonbValue *value)
{
	return value->type == jbvNumeric || wrong(check, place, "is no number");
}

static bool
check_length(Check *check, const Place *place, const JsonbValue *value)
{
	return mtr_json_is_whole(value, 0, PG_INT64_MAX) ||
		wrong(check, place, "is no whole number from 0 on");
}

static bool
check_uuid(Check *check, const Place *place, const JsonbValue *value)
{
	char		uuid[MTR_UUID_SIZE];

	return (value->type == jbvString &&
			mtr_xapi_uuid(value->val.string.val, value->val.string.len,
						  uuid)) ||
		wrong(check, place, "is no UUID");
}

static bool
check_iri(Check *check, const Place *place, const JsonbValue *value)
{
	return (value->type == jbvString && value->val.string.len <= MAX_IRI &&
			mtr_xapi_iri(value->val.string.val, value->val.string.len)) ||
		wrong(check, place, "is no IRI");
}

static bool
check_timestamp(Check *check, const Place *place, const JsonbValue *value)
{
	int64		usec;

	return (value->type == jbvString &&
			mtr_xapi_timestamp(value->val.string.val, value->val.string.len,
							   &usec)) ||
		wrong(check, place, "is no RFC 3339 timestamp");
}

static bool
check_duration(Check *check, const Place *place, const JsonbValue *value)
{
	int64		usec;

	return (value->type == jbvString &&
			mtr_xapi_duration(value->val.string.val, value->val.string.len,
							  &usec)) ||
		wrong(check, place, "is no ISO 8601 duration");
}

static bool
check_version(Check *check, const Place *place, const JsonbValue *value)
{
	return (value->type == jbvString &&
			mtr_xapi_version(value->val.string.val,
							 value->val.string.len)) ||
		wrong(check, place, "is no version of xAPI from 1.0 to 2.0");
}

static bool
check_language(Check *check, const Place *place, const JsonbValue *value)
{
	return (value->type == jbvString &&
			mtr_xapi_language(value->val.string.val,
							  value->val.string.len)) ||
		wrong(check, place, "is no language tag");
}

static bool
check_sha1sum(Check *check, const Place *place, const JsonbValue *value)
{
	return (value->type == jbvString &&
			mtr_xapi_hex(value->val.string.val, value->val.string.len, 40)) ||
		wrong(check, place, "is no SHA-1");
}

/* SHA-224 to SHA-512 */
static bool
check_sha2(Check *check, const Place *place, const JsonbValue *value)
{
	static const size_t digits[] = {56, 64, 96, 128};

	for (int i = 0; value->type == jbvString && i < lengthof(digits); i++)
		if (mtr_xapi_hex(value->val.string.val, value->val.string.len,
						 digits[i]))
			return true;
	return wrong(check, place, "is no SHA-2");
}

static bool
check_mbox(Check *check, const Place *place, const JsonbValue *value)
{
	size_t		address;

	return (value->type == jbvString &&
			mtr_xapi_mailto(value->val.string.val, value->val.string.len,
							&address)) ||
		wrong(check, place, "is no mailto IRI of one address");
}

/* {"en": "text", ...} with a check of keys; values are texts or anything. */
static bool
check_map(Check *check, const Place *outer, const JsonbValue *value,
		  CheckFunction key_function, CheckFunction value_function)
{
	JsonbIterator *it;
	JsonbValue	key,
				part;

	if (!is_object(value))
		return wrong(check, outer, "is no object");
	it = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&it, &key, true);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		Place		place = {outer, NULL, 0};

		place.name = pnstrdup(key.val.string.val, key.val.string.len);
		(void) JsonbIteratorNext(&it, &part, true);
		if (!key_function(check, &place, &key) ||
			(value_function != NULL && !value_function(check, &place, &part)))
			return false;
	}
	return true;
}

static bool
check_language_map(Check *check, const Place *place, const JsonbValue *value)
{
	return check_map(check, place, value, check_language, check_text);
}

static bool
check_extensions(Check *check, const Place *place, const JsonbValue *value)
{
	return check_map(check, place, value, check_iri, NULL);
}

/*
 * Agents and groups
 */

static bool
check_account(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"homePage", true, check_iri},
		{"name", true, check_text}
	};
	Place		name = {place, "name", 0};
	JsonbValue	buffer;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	return mtr_xapi_get(value, "name", &buffer)->val.string.len > 0 ||
		wrong(check, &name, "is empty");
}

static bool
check_member(Check *check, const Place *place, const JsonbValue *value)
{
	JsonbValue	buffer;

	if (mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer), "Group"))
		return wrong(check, place, "is a group within a group");
	return check_actor(check, place, value);
}

static bool
check_members(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_member);
}

/* Of the keys that identify somebody, how many are there? */
static int
count_identifiers(const JsonbValue *value)
{
	static const char *const key[] = {
		"mbox", "mbox_sha1sum", "openid", "account"
	};
	int			n = 0;

	for (int i = 0; i < lengthof(key); i++)
	{
		JsonbValue	buffer;

		n += mtr_xapi_get(value, key[i], &buffer) != NULL;
	}
	return n;
}

static bool
check_actor(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"objectType", false, check_text},
		{"name", false, check_text},
		{"mbox", false, check_mbox},
		{"mbox_sha1sum", false, check_sha1sum},
		{"openid", false, check_iri},
		{"account", false, check_account},
		{"member", false, check_members}
	};
	JsonbValue	type_buffer,
				member_buffer;
	JsonbValue *type,
			   *member;
	int			n;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	type = mtr_xapi_get(value, "objectType", &type_buffer);
	member = mtr_xapi_get(value, "member", &member_buffer);
	n = count_identifiers(value);
	if (n > 1)
		return wrong(check, place, "has more than one identifier");
	if (mtr_xapi_is(type, "Group"))
		return n == 1 ||
			(member != NULL &&
			 JsonContainerSize(member->val.binary.data) > 0) ||
			wrong(check, place, "has neither an identifier nor members");
	if (type != NULL && !mtr_xapi_is(type, "Agent"))
		return wrong(check, place, "is neither Agent nor Group");
	if (member != NULL)
		return wrong(check, place, "has members and is no Group");
	return n == 1 ||
		wrong(check, place, "has no identifier (mbox, mbox_sha1sum, openid or account)");
}

static bool
check_group(Check *check, const Place *place, const JsonbValue *value)
{
	JsonbValue	buffer;

	if (!mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer), "Group"))
		return wrong(check, place, "is no Group");
	return check_actor(check, place, value);
}

/*
 * Verbs and objects
 */

static bool
check_verb(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"id", true, check_iri},
		{"display", false, check_language_map}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_component(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"id", true, check_text},
		{"description", false, check_language_map}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_components(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_component);
}

static bool
check_texts(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_text);
}

static bool
check_interaction(Check *check, const Place *place, const JsonbValue *value)
{
	static const char *const type[] = {
		"true-false", "choice", "fill-in", "long-fill-in", "matching",
		"performance", "sequencing", "likert", "numeric", "other"
	};

	for (int i = 0; i < lengthof(type); i++)
		if (mtr_xapi_is(value, type[i]))
			return true;
	return wrong(check, place, "is no type of interaction");
}

static bool
check_definition(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"name", false, check_language_map},
		{"description", false, check_language_map},
		{"type", false, check_iri},
		{"moreInfo", false, check_iri},
		{"extensions", false, check_extensions},
		{"interactionType", false, check_interaction},
		{"correctResponsesPattern", false, check_texts},
		{"choices", false, check_components},
		{"scale", false, check_components},
		{"source", false, check_components},
		{"target", false, check_components},
		{"steps", false, check_components}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_activity(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"objectType", false, check_text},
		{"id", true, check_iri},
		{"definition", false, check_definition}
	};
	JsonbValue	buffer;
	JsonbValue *type;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	type = mtr_xapi_get(value, "objectType", &buffer);
	return type == NULL || mtr_xapi_is(type, "Activity") ||
		wrong(check, place, "is no Activity");
}

static bool
check_reference(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"objectType", true, check_text},
		{"id", true, check_uuid}
	};
	JsonbValue	buffer;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	return mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer),
					   "StatementRef") ||
		wrong(check, place, "is no StatementRef");
}

/* What both a statement and a SubStatement may be about. */
static bool
check_plain_object(Check *check, const Place *place, const JsonbValue *value)
{
	JsonbValue	buffer;
	JsonbValue *type;

	if (!is_object(value))
		return wrong(check, place, "is no object");
	type = mtr_xapi_get(value, "objectType", &buffer);
	if (mtr_xapi_is(type, "Agent") || mtr_xapi_is(type, "Group"))
		return check_actor(check, place, value);
	if (mtr_xapi_is(type, "StatementRef"))
		return check_reference(check, place, value);
	return check_activity(check, place, value);
}

/*
 * Results and contexts
 */

static double
number(const JsonbValue *value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(value->val.numeric)));
}

static bool
check_score(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"scaled", false, check_number},
		{"raw", false, check_number},
		{"min", false, check_number},
		{"max", false, check_number}
	};
	JsonbValue	buffer[4];
	JsonbValue *part[4];

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	for (int i = 0; i < lengthof(fields); i++)
		part[i] = mtr_xapi_get(value, fields[i].name, &buffer[i]);
	if (part[0] != NULL && !(number(part[0]) >= -1 && number(part[0]) <= 1))
		return wrong(check, place, "has scaled beyond -1 and 1");
	if (part[1] != NULL && part[2] != NULL &&
		!(number(part[1]) >= number(part[2])))
		return wrong(check, place, "has raw below min");
	if (part[1] != NULL && part[3] != NULL &&
		!(number(part[1]) <= number(part[3])))
		return wrong(check, place, "has raw above max");
	if (part[2] != NULL && part[3] != NULL &&
		!(number(part[2]) < number(part[3])))
		return wrong(check, place, "has min not below max");
	return true;
}

static bool
check_result(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"score", false, check_score},
		{"success", false, check_boolean},
		{"completion", false, check_boolean},
		{"response", false, check_text},
		{"duration", false, check_duration},
		{"extensions", false, check_extensions}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

/* One activity or an array of them */
static bool
check_activities(Check *check, const Place *place, const JsonbValue *value)
{
	return is_array(value) ?
		check_array(check, place, value, check_activity) :
		check_activity(check, place, value);
}

static bool
check_context_activities(Check *check, const Place *place,
						 const JsonbValue *value)
{
	static const Field fields[] = {
		{"parent", false, check_activities},
		{"grouping", false, check_activities},
		{"category", false, check_activities},
		{"other", false, check_activities}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_iris(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_iri);
}

static bool
check_context_agent(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"objectType", true, check_text},
		{"agent", true, check_member},
		{"relevantTypes", false, check_iris}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_context_group(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"objectType", true, check_text},
		{"group", true, check_group},
		{"relevantTypes", false, check_iris}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_context_agents(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_context_agent);
}

static bool
check_context_groups(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_context_group);
}

static bool
check_context(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"registration", false, check_uuid},
		{"instructor", false, check_actor},
		{"team", false, check_group},
		{"contextActivities", false, check_context_activities},
		{"contextAgents", false, check_context_agents},
		{"contextGroups", false, check_context_groups},
		{"revision", false, check_text},
		{"platform", false, check_text},
		{"language", false, check_language},
		{"statement", false, check_reference},
		{"extensions", false, check_extensions}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_attachment(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"usageType", true, check_iri},
		{"display", true, check_language_map},
		{"description", false, check_language_map},
		{"contentType", true, check_text},
		{"length", true, check_length},
		{"sha2", true, check_sha2},
		{"fileUrl", false, check_iri}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_attachments(Check *check, const Place *place, const JsonbValue *value)
{
	return check_array(check, place, value, check_attachment);
}

/*
 * Statements
 */

/* What is true of a SubStatement too. */
static bool
check_together(Check *check, const Place *outer, const JsonbValue *value)
{
	Place		place = {outer, "context", 0};
	JsonbValue	buffer[5];
	JsonbValue *object = mtr_xapi_get(value, "object", &buffer[0]);
	JsonbValue *type = mtr_xapi_get(object, "objectType", &buffer[1]);
	JsonbValue *context = mtr_xapi_get(value, "context", &buffer[2]);

	if (type != NULL && !mtr_xapi_is(type, "Activity") &&
		(mtr_xapi_get(context, "revision", &buffer[3]) != NULL ||
		 mtr_xapi_get(context, "platform", &buffer[4]) != NULL))
		return wrong(check, &place, "has revision or platform, but the object is no Activity");
	return true;
}

static bool
check_sub_object(Check *check, const Place *place, const JsonbValue *value)
{
	static const Field fields[] = {
		{"objectType", true, check_text},
		{"actor", true, check_actor},
		{"verb", true, check_verb},
		{"object", true, check_plain_object},
		{"result", false, check_result},
		{"context", false, check_context},
		{"timestamp", false, check_timestamp},
		{"attachments", false, check_attachments}
	};
	Place		inner = {place, "object", 0};
	JsonbValue	buffer[3];
	JsonbValue *object = mtr_xapi_get(value, "object", &buffer[0]);

	if (mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer[1]),
					"SubStatement"))
	{
		if (mtr_xapi_is(mtr_xapi_get(object, "objectType", &buffer[2]),
						"SubStatement"))
			return wrong(check, &inner, "is a SubStatement within one");
		return CHECK_OBJECT(check, place, value, fields) &&
			check_together(check, place, value);
	}
	return check_plain_object(check, place, value);
}

static bool
check_statement(Check *check, const JsonbValue *value)
{
	static const Field fields[] = {
		{"id", true, check_uuid},
		{"actor", true, check_actor},
		{"verb", true, check_verb},
		{"object", true, check_sub_object},
		{"result", false, check_result},
		{"context", false, check_context},
		{"timestamp", false, check_timestamp},
		{"stored", false, check_timestamp},
		{"authority", false, check_actor},
		{"version", false, check_version},
		{"attachments", false, check_attachments}
	};

	if (!is_object(value))
		return wrong(check, NULL, "the statement is no JSON object");
	return CHECK_OBJECT(check, NULL, value, fields) &&
		check_together(check, NULL, value);
}

static char *
copy_text(const JsonbValue *value)
{
	return value == NULL ? NULL : mtr_json_text(value);
}

/* What a valid statement says. */
static void
read_values(const JsonbValue *value, MtrXapi *result)
{
	JsonbValue	buffer[4];
	JsonbValue *part;

	result->verb = copy_text(mtr_xapi_get(mtr_xapi_get(value, "verb",
													   &buffer[0]),
										  "id", &buffer[1]));
	part = mtr_xapi_get(value, "timestamp", &buffer[0]);
	if (part == NULL)
		part = mtr_xapi_get(value, "stored", &buffer[0]);
	result->has_time = part != NULL &&
		mtr_xapi_timestamp(part->val.string.val, part->val.string.len,
						   &result->time);
	part = mtr_xapi_get(mtr_xapi_get(value, "result", &buffer[0]), "duration",
						&buffer[1]);
	if (part != NULL)
		(void) mtr_xapi_duration(part->val.string.val, part->val.string.len,
								 &result->duration);
	part = mtr_xapi_get(mtr_xapi_get(mtr_xapi_get(value, "context",
												  &buffer[0]),
									 "contextActivities", &buffer[1]),
						"grouping", &buffer[2]);
	if (part != NULL && is_array(part))
		part = getIthJsonbValueFromContainer(part->val.binary.data, 0);
	if (part != NULL)
		result->grouping = copy_text(mtr_xapi_get(part, "id", &buffer[3]));
}

/* A voiding statement names another one. */
static bool
read_voided(Check *check, const JsonbValue *value, MtrXapi *result)
{
	Place		place = {NULL, "object", 0};
	JsonbValue	buffer[3];
	JsonbValue *object = mtr_xapi_get(value, "object", &buffer[0]);
	JsonbValue *id;

	if (strcmp(result->verb, VOIDED) != 0)
		return true;
	if (!mtr_xapi_is(mtr_xapi_get(object, "objectType", &buffer[1]),
					 "StatementRef"))
		return wrong(check, &place, "of a voiding statement is no StatementRef");
	id = mtr_xapi_get(object, "id", &buffer[2]);
	result->voids = palloc(MTR_UUID_SIZE);
	(void) mtr_xapi_uuid(id->val.string.val, id->val.string.len,
						 result->voids);
	return true;
}

/* The identifier of an agent, or of nobody for a group. */
static MtrXapiActor *
read_agent(const JsonbValue *value)
{
	MtrXapiActor *actor = palloc0(sizeof(MtrXapiActor));
	JsonbValue	buffer[2];
	JsonbValue *part;
	size_t		address;

	if ((part = mtr_xapi_get(value, "account", &buffer[0])) != NULL)
	{
		actor->kind = "account";
		actor->name = copy_text(mtr_xapi_get(part, "name", &buffer[1]));
		actor->home_page = copy_text(mtr_xapi_get(part, "homePage",
												  &buffer[1]));
	}
	else if ((part = mtr_xapi_get(value, "mbox", &buffer[0])) != NULL)
	{
		actor->kind = "mbox";
		actor->name = copy_text(part);
		(void) mtr_xapi_mailto(part->val.string.val, part->val.string.len,
							   &address);
		actor->name += address;
	}
	else if ((part = mtr_xapi_get(value, "mbox_sha1sum", &buffer[0])) != NULL)
	{
		actor->kind = "mbox_sha1sum";
		actor->name = copy_text(part);
		for (char *c = actor->name; *c; c++)
			*c = pg_ascii_tolower((unsigned char) *c);
	}
	else if ((part = mtr_xapi_get(value, "openid", &buffer[0])) != NULL)
	{
		actor->kind = "openid";
		actor->name = copy_text(part);
	}
	return actor;
}

static void
read_actors(const JsonbValue *value, MtrXapi *result)
{
	JsonbValue	buffer[3];
	JsonbValue *actor = mtr_xapi_get(value, "actor", &buffer[0]);
	JsonbValue *member;

	result->is_group = mtr_xapi_is(mtr_xapi_get(actor, "objectType",
												&buffer[1]), "Group");
	if (!result->is_group)
	{
		result->actors = list_make1(read_agent(actor));
		return;
	}
	member = mtr_xapi_get(actor, "member", &buffer[2]);
	for (uint32 i = 0;
		 member != NULL && i < JsonContainerSize(member->val.binary.data); i++)
		result->actors = lappend(result->actors,
								 read_agent(getIthJsonbValueFromContainer(member->val.binary.data, i)));

	/* a group that names no members is nobody we know */
	if (result->actors == NIL)
		result->actors = list_make1(palloc0(sizeof(MtrXapiActor)));
}

void
mtr_xapi_check(const JsonbValue *statement, MtrXapi *result)
{
	Check		check = {0};
	JsonbValue	buffer;
	JsonbValue *id = mtr_xapi_get(statement, "id", &buffer);

	/* to be told even where the rest isn't valid */
	result->has_id = id != NULL && id->type == jbvString &&
		mtr_xapi_uuid(id->val.string.val, id->val.string.len, result->id);
	if (check_statement(&check, statement))
	{
		read_values(statement, result);
		if (read_voided(&check, statement, result))
			read_actors(statement, result);
	}
	result->error = check.error;
}
