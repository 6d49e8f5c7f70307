/*
 * xapi_check.c
 *	  what a statement must look like: xAPI 1.0.3 part two, and 2.0
 *
 * The parts of a statement, each by a list of its keys (xapi_value.c); rules
 * between keys follow the list.  Statements don't nest but for one
 * SubStatement, so the depth is bounded.
 *
 * The first thing that is wrong ends it, and is told with where it stands.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "json.h"
#include "xapi_check.h"

#define VOIDED "http://adlnet.gov/expapi/verbs/voided"

static bool check_actor(MtrXapiCheck *check, const MtrXapiPlace *place,
						const JsonbValue *value);
static bool check_sub_object(MtrXapiCheck *check, const MtrXapiPlace *place,
							 const JsonbValue *value);

/*
 * Agents and groups
 */

static bool
check_account(MtrXapiCheck *check, const MtrXapiPlace *place,
			  const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"homePage", true, mtr_xapi_check_iri},
		{"name", true, mtr_xapi_check_text}
	};
	MtrXapiPlace name = {place, "name", 0};
	JsonbValue	buffer;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	return mtr_xapi_get(value, "name", &buffer)->val.string.len > 0 ||
		mtr_xapi_wrong(check, &name, "is empty");
}

static bool
check_member(MtrXapiCheck *check, const MtrXapiPlace *place,
			 const JsonbValue *value)
{
	JsonbValue	buffer;

	if (mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer), "Group"))
		return mtr_xapi_wrong(check, place, "is a group within a group");
	return check_actor(check, place, value);
}

static bool
check_members(MtrXapiCheck *check, const MtrXapiPlace *place,
			  const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, check_member);
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
check_actor(MtrXapiCheck *check, const MtrXapiPlace *place,
			const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"objectType", false, mtr_xapi_check_text},
		{"name", false, mtr_xapi_check_text},
		{"mbox", false, mtr_xapi_check_mbox},
		{"mbox_sha1sum", false, mtr_xapi_check_sha1sum},
		{"openid", false, mtr_xapi_check_iri},
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
		return mtr_xapi_wrong(check, place, "has more than one identifier");
	if (mtr_xapi_is(type, "Group"))
		return n == 1 ||
			(member != NULL &&
			 JsonContainerSize(member->val.binary.data) > 0) ||
			mtr_xapi_wrong(check, place, "has neither an identifier nor members");
	if (type != NULL && !mtr_xapi_is(type, "Agent"))
		return mtr_xapi_wrong(check, place, "is neither Agent nor Group");
	if (member != NULL)
		return mtr_xapi_wrong(check, place, "has members and is no Group");
	return n == 1 ||
		mtr_xapi_wrong(check, place, "has no identifier (mbox, mbox_sha1sum, openid or account)");
}

static bool
check_group(MtrXapiCheck *check, const MtrXapiPlace *place,
			const JsonbValue *value)
{
	JsonbValue	buffer;

	if (!mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer), "Group"))
		return mtr_xapi_wrong(check, place, "is no Group");
	return check_actor(check, place, value);
}

/*
 * Verbs and objects
 */

static bool
check_verb(MtrXapiCheck *check, const MtrXapiPlace *place,
		   const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"id", true, mtr_xapi_check_iri},
		{"display", false, mtr_xapi_check_language_map}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_component(MtrXapiCheck *check, const MtrXapiPlace *place,
				const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"id", true, mtr_xapi_check_text},
		{"description", false, mtr_xapi_check_language_map}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_components(MtrXapiCheck *check, const MtrXapiPlace *place,
				 const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, check_component);
}

static bool
check_texts(MtrXapiCheck *check, const MtrXapiPlace *place,
			const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, mtr_xapi_check_text);
}

static bool
check_interaction(MtrXapiCheck *check, const MtrXapiPlace *place,
				  const JsonbValue *value)
{
	static const char *const type[] = {
		"true-false", "choice", "fill-in", "long-fill-in", "matching",
		"performance", "sequencing", "likert", "numeric", "other"
	};

	for (int i = 0; i < lengthof(type); i++)
		if (mtr_xapi_is(value, type[i]))
			return true;
	return mtr_xapi_wrong(check, place, "is no type of interaction");
}

static bool
check_definition(MtrXapiCheck *check, const MtrXapiPlace *place,
				 const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"name", false, mtr_xapi_check_language_map},
		{"description", false, mtr_xapi_check_language_map},
		{"type", false, mtr_xapi_check_iri},
		{"moreInfo", false, mtr_xapi_check_iri},
		{"extensions", false, mtr_xapi_check_extensions},
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
check_activity(MtrXapiCheck *check, const MtrXapiPlace *place,
			   const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"objectType", false, mtr_xapi_check_text},
		{"id", true, mtr_xapi_check_iri},
		{"definition", false, check_definition}
	};
	JsonbValue	buffer;
	JsonbValue *type;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	type = mtr_xapi_get(value, "objectType", &buffer);
	return type == NULL || mtr_xapi_is(type, "Activity") ||
		mtr_xapi_wrong(check, place, "is no Activity");
}

static bool
check_reference(MtrXapiCheck *check, const MtrXapiPlace *place,
				const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"objectType", true, mtr_xapi_check_text},
		{"id", true, mtr_xapi_check_uuid}
	};
	JsonbValue	buffer;

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	return mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer),
					   "StatementRef") ||
		mtr_xapi_wrong(check, place, "is no StatementRef");
}

/* What both a statement and a SubStatement may be about. */
static bool
check_plain_object(MtrXapiCheck *check, const MtrXapiPlace *place,
				   const JsonbValue *value)
{
	JsonbValue	buffer;
	JsonbValue *type;

	if (!mtr_xapi_is_object(value))
		return mtr_xapi_wrong(check, place, "is no object");
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
check_score(MtrXapiCheck *check, const MtrXapiPlace *place,
			const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"scaled", false, mtr_xapi_check_number},
		{"raw", false, mtr_xapi_check_number},
		{"min", false, mtr_xapi_check_number},
		{"max", false, mtr_xapi_check_number}
	};
	JsonbValue	buffer[4];
	JsonbValue *part[4];

	if (!CHECK_OBJECT(check, place, value, fields))
		return false;
	for (int i = 0; i < lengthof(fields); i++)
		part[i] = mtr_xapi_get(value, fields[i].name, &buffer[i]);
	if (part[0] != NULL && !(number(part[0]) >= -1 && number(part[0]) <= 1))
		return mtr_xapi_wrong(check, place, "has scaled beyond -1 and 1");
	if (part[1] != NULL && part[2] != NULL &&
		!(number(part[1]) >= number(part[2])))
		return mtr_xapi_wrong(check, place, "has raw below min");
	if (part[1] != NULL && part[3] != NULL &&
		!(number(part[1]) <= number(part[3])))
		return mtr_xapi_wrong(check, place, "has raw above max");
	if (part[2] != NULL && part[3] != NULL &&
		!(number(part[2]) < number(part[3])))
		return mtr_xapi_wrong(check, place, "has min not below max");
	return true;
}

static bool
check_result(MtrXapiCheck *check, const MtrXapiPlace *place,
			 const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"score", false, check_score},
		{"success", false, mtr_xapi_check_boolean},
		{"completion", false, mtr_xapi_check_boolean},
		{"response", false, mtr_xapi_check_text},
		{"duration", false, mtr_xapi_check_duration},
		{"extensions", false, mtr_xapi_check_extensions}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

/* One activity or an array of them */
static bool
check_activities(MtrXapiCheck *check, const MtrXapiPlace *place,
				 const JsonbValue *value)
{
	return mtr_xapi_is_array(value) ?
		mtr_xapi_check_array(check, place, value, check_activity) :
		check_activity(check, place, value);
}

static bool
check_context_activities(MtrXapiCheck *check, const MtrXapiPlace *place,
						 const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"parent", false, check_activities},
		{"grouping", false, check_activities},
		{"category", false, check_activities},
		{"other", false, check_activities}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_iris(MtrXapiCheck *check, const MtrXapiPlace *place,
		   const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, mtr_xapi_check_iri);
}

static bool
check_context_agent(MtrXapiCheck *check, const MtrXapiPlace *place,
					const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"objectType", true, mtr_xapi_check_text},
		{"agent", true, check_member},
		{"relevantTypes", false, check_iris}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_context_group(MtrXapiCheck *check, const MtrXapiPlace *place,
					const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"objectType", true, mtr_xapi_check_text},
		{"group", true, check_group},
		{"relevantTypes", false, check_iris}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_context_agents(MtrXapiCheck *check, const MtrXapiPlace *place,
					 const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, check_context_agent);
}

static bool
check_context_groups(MtrXapiCheck *check, const MtrXapiPlace *place,
					 const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, check_context_group);
}

static bool
check_context(MtrXapiCheck *check, const MtrXapiPlace *place,
			  const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"registration", false, mtr_xapi_check_uuid},
		{"instructor", false, check_actor},
		{"team", false, check_group},
		{"contextActivities", false, check_context_activities},
		{"contextAgents", false, check_context_agents},
		{"contextGroups", false, check_context_groups},
		{"revision", false, mtr_xapi_check_text},
		{"platform", false, mtr_xapi_check_text},
		{"language", false, mtr_xapi_check_language},
		{"statement", false, check_reference},
		{"extensions", false, mtr_xapi_check_extensions}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_attachment(MtrXapiCheck *check, const MtrXapiPlace *place,
				 const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"usageType", true, mtr_xapi_check_iri},
		{"display", true, mtr_xapi_check_language_map},
		{"description", false, mtr_xapi_check_language_map},
		{"contentType", true, mtr_xapi_check_text},
		{"length", true, mtr_xapi_check_length},
		{"sha2", true, mtr_xapi_check_sha2},
		{"fileUrl", false, mtr_xapi_check_iri}
	};

	return CHECK_OBJECT(check, place, value, fields);
}

static bool
check_attachments(MtrXapiCheck *check, const MtrXapiPlace *place,
				  const JsonbValue *value)
{
	return mtr_xapi_check_array(check, place, value, check_attachment);
}

/*
 * Statements
 */

/* What is true of a SubStatement too. */
static bool
check_together(MtrXapiCheck *check, const MtrXapiPlace *outer,
			   const JsonbValue *value)
{
	MtrXapiPlace place = {outer, "context", 0};
	JsonbValue	buffer[5];
	JsonbValue *object = mtr_xapi_get(value, "object", &buffer[0]);
	JsonbValue *type = mtr_xapi_get(object, "objectType", &buffer[1]);
	JsonbValue *context = mtr_xapi_get(value, "context", &buffer[2]);

	if (type != NULL && !mtr_xapi_is(type, "Activity") &&
		(mtr_xapi_get(context, "revision", &buffer[3]) != NULL ||
		 mtr_xapi_get(context, "platform", &buffer[4]) != NULL))
		return mtr_xapi_wrong(check, &place, "has revision or platform, but the object is no Activity");
	return true;
}

static bool
check_sub_object(MtrXapiCheck *check, const MtrXapiPlace *place,
				 const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"objectType", true, mtr_xapi_check_text},
		{"actor", true, check_actor},
		{"verb", true, check_verb},
		{"object", true, check_plain_object},
		{"result", false, check_result},
		{"context", false, check_context},
		{"timestamp", false, mtr_xapi_check_timestamp},
		{"attachments", false, check_attachments}
	};
	MtrXapiPlace inner = {place, "object", 0};
	JsonbValue	buffer[3];
	JsonbValue *object = mtr_xapi_get(value, "object", &buffer[0]);

	if (mtr_xapi_is(mtr_xapi_get(value, "objectType", &buffer[1]),
					"SubStatement"))
	{
		if (mtr_xapi_is(mtr_xapi_get(object, "objectType", &buffer[2]),
						"SubStatement"))
			return mtr_xapi_wrong(check, &inner, "is a SubStatement within one");
		return CHECK_OBJECT(check, place, value, fields) &&
			check_together(check, place, value);
	}
	return check_plain_object(check, place, value);
}

static bool
check_statement(MtrXapiCheck *check, const JsonbValue *value)
{
	static const MtrXapiField fields[] = {
		{"id", true, mtr_xapi_check_uuid},
		{"actor", true, check_actor},
		{"verb", true, check_verb},
		{"object", true, check_sub_object},
		{"result", false, check_result},
		{"context", false, check_context},
		{"timestamp", false, mtr_xapi_check_timestamp},
		{"stored", false, mtr_xapi_check_timestamp},
		{"authority", false, check_actor},
		{"version", false, mtr_xapi_check_version},
		{"attachments", false, check_attachments}
	};

	if (!mtr_xapi_is_object(value))
		return mtr_xapi_wrong(check, NULL, "the statement is no JSON object");
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
	if (part != NULL && mtr_xapi_is_array(part))
		part = getIthJsonbValueFromContainer(part->val.binary.data, 0);
	if (part != NULL)
		result->grouping = copy_text(mtr_xapi_get(part, "id", &buffer[3]));
}

/* A voiding statement names another one. */
static bool
read_voided(MtrXapiCheck *check, const JsonbValue *value, MtrXapi *result)
{
	MtrXapiPlace place = {NULL, "object", 0};
	JsonbValue	buffer[3];
	JsonbValue *object = mtr_xapi_get(value, "object", &buffer[0]);
	JsonbValue *id;

	if (strcmp(result->verb, VOIDED) != 0)
		return true;
	if (!mtr_xapi_is(mtr_xapi_get(object, "objectType", &buffer[1]),
					 "StatementRef"))
		return mtr_xapi_wrong(check, &place, "of a voiding statement is no StatementRef");
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
	{
		CHECK_FOR_INTERRUPTS();
		result->actors = lappend(result->actors,
								 read_agent(getIthJsonbValueFromContainer(member->val.binary.data, i)));
	}

	/* a group that names no members is nobody we know */
	if (result->actors == NIL)
		result->actors = list_make1(palloc0(sizeof(MtrXapiActor)));
}

void
mtr_xapi_check(const JsonbValue *statement, MtrXapi *result)
{
	MtrXapiCheck check = {0};
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
