/*
 * programme.c
 *	  keys, params and functions of criteria
 *
 * What a criterion needs is written once, in the table below: which keys and
 * which params its kind takes.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "access.h"
#include "json.h"
#include "mentoring.h"
#include "programme.h"

PG_FUNCTION_INFO_V1(mentoring_check_criterion);
PG_FUNCTION_INFO_V1(mentoring_check_custom);

/* ----------------------------------------------------------------
 *		Criteria
 * ----------------------------------------------------------------
 */

/* the params a kind may have, beside "strict" */
typedef struct KindRule
{
	const char *kind;
	bool		needs_key;		/* mentee_key must be given */
	bool		takes_key;
	const char *params[4];
} KindRule;

static const KindRule kind_rules[] = {
	{"skill_cover", false, false, {NULL}},
	{"overlap", true, true, {"measure", NULL}},
	{"same", true, true, {NULL}},
	{"differ", true, true, {NULL}},
	{"near", true, true, {"range", NULL}},
	{"gap", true, true, {"from", "to", "slack", NULL}},
	{"cosine", true, true, {NULL}},
	{"availability", false, true, {"minutes", NULL}},
	{"text", true, true, {"config", NULL}},
	{"reporting_line", false, false, {"depth", "siblings", NULL}},
	{"not_met", false, false, {NULL}},
	{"preference", false, false, {NULL}},
	{"custom", false, false, {"function", NULL}},
};

/* Raise the error about one param, naming it and what it should be. */
static void
refuse_param(const char *kind, const char *key, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("key \"%s\" of params of a criterion of kind \"%s\" %s",
					key, kind, wanted),
			 errhint("doc/matching.md lists the kinds with their params; mentoring.default_criteria() inserts examples.")));
}

static void
check_keys(const KindRule *rule, bool has_mentee_key, bool has_mentor_key)
{
	if (rule->needs_key && !has_mentee_key)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("a criterion of kind \"%s\" needs mentee_key",
						rule->kind),
				 errhint("Name the profile entry or column of person that it compares.")));
	if (!rule->takes_key && (has_mentee_key || has_mentor_key))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("a criterion of kind \"%s\" takes no keys", rule->kind),
				 errhint("Leave mentee_key and mentor_key NULL.")));
}

/* Every key of params must be one the kind knows. */
static void
check_known(const KindRule *rule, Jsonb *params)
{
	JsonbIterator *it = JsonbIteratorInit(&params->root);
	JsonbValue	key,
				value;

	(void) JsonbIteratorNext(&it, &key, true);	/* WJB_BEGIN_OBJECT */
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		char	   *name = mtr_json_text(&key);
		bool		known = strcmp(name, "strict") == 0;

		(void) JsonbIteratorNext(&it, &value, true);
		for (const char *const *p = rule->params; *p && !known; p++)
			known = strcmp(name, *p) == 0;
		if (!known)
			refuse_param(rule->kind, mtr_json_label(name, strlen(name)),
						 "is unknown");
	}
}

/* A number that may be absent. */
static bool
get_number(const Jsonb *params, const char *kind, const char *key,
		   double *number)
{
	JsonbValue	buffer;
	JsonbValue *value = mtr_json_get(params, key, &buffer);

	if (value == NULL)
		return false;
	if (value->type != jbvNumeric)
		refuse_param(kind, key, "is not a number");
	*number = mtr_json_double(value, "params key", key);
	return true;
}

static void
check_flag(const Jsonb *params, const char *kind, const char *key)
{
	JsonbValue	buffer;
	JsonbValue *value = mtr_json_get(params, key, &buffer);

	if (value != NULL && value->type != jbvBool)
		refuse_param(kind, key, "is neither true nor false");
}

static void
check_text_param(const Jsonb *params, const char *kind, const char *key,
				 bool is_needed)
{
	JsonbValue	buffer;
	JsonbValue *value = mtr_json_get(params, key, &buffer);

	if (value == NULL && is_needed)
		refuse_param(kind, key, "is missing");
	if (value != NULL && value->type != jbvString)
		refuse_param(kind, key, "is not text");
}

static void
check_whole(const Jsonb *params, const char *kind, const char *key,
			int64 low, int64 high)
{
	JsonbValue	buffer;
	JsonbValue *value = mtr_json_get(params, key, &buffer);

	if (value != NULL && !mtr_json_is_whole(value, low, high))
		refuse_param(kind, key, psprintf("is not a whole number from %lld to %lld",
										 (long long) low, (long long) high));
}

static void
check_overlap(const Jsonb *params, const char *kind)
{
	JsonbValue	buffer;
	JsonbValue *value;

	check_text_param(params, kind, "measure", false);
	value = mtr_json_get(params, "measure", &buffer);
	if (value != NULL)
	{
		char	   *measure = mtr_json_text(value);

		if (strcmp(measure, "jaccard") != 0 && strcmp(measure, "cover") != 0)
			refuse_param(kind, "measure", "is neither \"jaccard\" nor \"cover\"");
	}
}

static void
check_near(const Jsonb *params, const char *kind)
{
	double		range;

	if (!get_number(params, kind, "range", &range))
		refuse_param(kind, "range", "is missing");
	if (range <= 0)
		refuse_param(kind, "range", "is not above 0");
}

static void
check_gap(const Jsonb *params, const char *kind)
{
	double		from = -INFINITY,
				to = INFINITY,
				slack = 0;
	bool		has_from = get_number(params, kind, "from", &from);
	bool		has_to = get_number(params, kind, "to", &to);

	(void) get_number(params, kind, "slack", &slack);
	if (!has_from && !has_to)
		refuse_param(kind, "from", "is missing, and so is \"to\"");
	if (from > to)
		refuse_param(kind, "from", "is above \"to\"");
	if (slack < 0)
		refuse_param(kind, "slack", "is below 0");
}

static void
check_params(const KindRule *rule, Jsonb *params)
{
	const char *kind = rule->kind;

	if (!JB_ROOT_IS_OBJECT(params))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("params of a criterion is not a JSON object"),
				 errhint("Write it as {\"key\": value}, or leave it out.")));
	check_known(rule, params);
	check_flag(params, kind, "strict");
	if (strcmp(kind, "overlap") == 0)
		check_overlap(params, kind);
	else if (strcmp(kind, "near") == 0)
		check_near(params, kind);
	else if (strcmp(kind, "gap") == 0)
		check_gap(params, kind);
	else if (strcmp(kind, "availability") == 0)
		check_whole(params, kind, "minutes", 1, 7 * 24 * 60);
	else if (strcmp(kind, "text") == 0)
		check_text_param(params, kind, "config", false);
	else if (strcmp(kind, "reporting_line") == 0)
	{
		check_whole(params, kind, "depth", 1, 1000);
		check_flag(params, kind, "siblings");
	}
	else if (strcmp(kind, "custom") == 0)
		check_text_param(params, kind, "function", true);
}

/*
 * _check_criterion(kind, mentee_key, mentor_key, params): used in a CHECK.
 * An unknown kind is left to the CHECK that lists the kinds.
 */
Datum
mentoring_check_criterion(PG_FUNCTION_ARGS)
{
	char	   *kind;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		PG_RETURN_BOOL(true);	/* NOT NULL refuses it */
	kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	for (size_t i = 0; i < lengthof(kind_rules); i++)
	{
		const KindRule *rule = &kind_rules[i];

		if (strcmp(rule->kind, kind) != 0)
			continue;
		check_keys(rule, !PG_ARGISNULL(1), !PG_ARGISNULL(2));
		check_params(rule, PG_GETARG_JSONB_P(3));
	}
	PG_RETURN_BOOL(true);
}

/* ----------------------------------------------------------------
 *		Custom functions
 * ----------------------------------------------------------------
 */

/*
 * Find the function a custom criterion names: schema-qualified, with arguments
 * (jsonb, jsonb).  InvalidOid when there is none.  Raises an error when the
 * name isn't qualified or the function isn't an ordinary one returning double
 * precision.
 */
Oid
mtr_custom_lookup(const char *name)
{
	Oid			types[2] = {JSONBOID, JSONBOID};
	List	   *parts;
	List	   *names;
	Oid			fnoid;

	if (!SplitIdentifierString(pstrdup(name), '.', &parts) ||
		list_length(parts) != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("custom function \"%s\" is not named with its schema",
						mtr_json_label(name, strlen(name))),
				 errhint("Write \"schema.function\" in params.")));
	if (!OidIsValid(LookupExplicitNamespace(linitial(parts), true)))
		return InvalidOid;
	names = list_make2(makeString(linitial(parts)), makeString(lsecond(parts)));
	fnoid = LookupFuncName(names, 2, types, true);
	if (OidIsValid(fnoid) &&
		(get_func_rettype(fnoid) != FLOAT8OID || get_func_retset(fnoid) ||
		 get_func_prokind(fnoid) != PROKIND_FUNCTION))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("custom function %s(jsonb, jsonb) does not return double precision",
						mtr_json_label(name, strlen(name))),
				 errhint("It must be a plain function that returns one double precision value.")));
	return fnoid;
}

/*
 * _check_custom(): BEFORE INSERT OR UPDATE row trigger of criterion.  On
 * INSERT a missing function is only a warning, so that a dump restores
 * whatever the order.
 */
Datum
mentoring_check_custom(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	bool		is_insert;
	HeapTuple	tuple;
	Datum		params;
	bool		isnull;
	JsonbValue	buffer;
	JsonbValue *value;
	char	   *name;
	Oid			fnoid;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("_check_custom must be called as a BEFORE row trigger")));
	is_insert = TRIGGER_FIRED_BY_INSERT(trigdata->tg_event);
	tuple = is_insert ? trigdata->tg_trigtuple : trigdata->tg_newtuple;
	params = SPI_getbinval(tuple, RelationGetDescr(trigdata->tg_relation),
						   SPI_fnumber(RelationGetDescr(trigdata->tg_relation),
									   "params"), &isnull);
	value = isnull ? NULL : mtr_json_get(DatumGetJsonbP(params), "function",
										 &buffer);
	if (value == NULL || value->type != jbvString)
		return PointerGetDatum(tuple);	/* the CHECK refuses it */

	name = mtr_json_text(value);
	fnoid = mtr_custom_lookup(name);
	if (!OidIsValid(fnoid))
		ereport(is_insert ? WARNING : ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("custom function %s(jsonb, jsonb) does not exist",
						mtr_json_label(name, strlen(name))),
				 errhint("Create it before the programme is scored.")));
	else if (object_aclcheck(ProcedureRelationId, fnoid, GetUserId(),
							 ACL_EXECUTE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, name);
	return PointerGetDatum(tuple);
}
