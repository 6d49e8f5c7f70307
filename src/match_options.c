/*
 * match_options.c
 *	  the words match() and solve_assignment() take: objectives and options
 *
 * What is known but not built is refused with feature_not_supported, what is
 * unknown with the list of what there is: an option silently ignored would
 * be a wrong result.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "match.h"

/* Options planned but not built. */
static const char *const later_option[] = {"churn_penalty", "ageing", "seed"};

bool
mtr_objective_is_most_pairs(const char *objective)
{
	if (objective == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("objective must not be null"),
				 errhint("Objectives are most_pairs and best_total.")));
	if (strcmp(objective, "most_pairs") == 0)
		return true;
	if (strcmp(objective, "best_total") == 0)
		return false;
	if (strcmp(objective, "fair") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("objective \"%s\" is not supported yet", objective),
				 errhint("Objectives are most_pairs and best_total.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown objective \"%s\"", objective),
			 errhint("Objectives are most_pairs and best_total.")));
}

static void
refuse_value(const char *key, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is not %s", key, wanted),
			 errhint("Write options as {\"min_score\": 0.5, \"keep\": false}.")));
}

/* min_score is rounded as scores are, so 0.7 means what a score of 0.7 is. */
static void
set_option(MtrMatchOptions *options, const char *key, const JsonbValue *value)
{
	double		number;

	if (strcmp(key, "min_score") == 0)
	{
		if (value->type != jbvNumeric)
			refuse_value(key, "a number");
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													NumericGetDatum(value->val.numeric)));
		if (!(number >= 0 && number <= 1))
			refuse_value(key, "between 0 and 1");
		options->has_min_score = true;
		options->min_score = (int32) mtr_from_double(number);
		return;
	}
	if (strcmp(key, "keep") == 0)
	{
		if (value->type != jbvBool)
			refuse_value(key, "true or false");
		options->keep = value->val.boolean;
		return;
	}
	for (int i = 0; i < lengthof(later_option); i++)
	{
		if (strcmp(key, later_option[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("option \"%s\" is not supported yet", key),
					 errhint("Options are min_score and keep.")));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\"", key),
			 errhint("Options are min_score and keep.")));
}

/* verify_match() parses the stored options with this, too. */
void
mtr_parse_options(const Jsonb *json, MtrMatchOptions *options)
{
	JsonbIterator *iterator;
	JsonbValue	key,
				value;

	options->has_min_score = false;
	options->min_score = 0;
	options->keep = true;
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options are not a JSON object"),
				 errhint("Write options as {\"min_score\": 0.5, \"keep\": false}.")));
	iterator = JsonbIteratorInit(unconstify(JsonbContainer *, &json->root));
	(void) JsonbIteratorNext(&iterator, &key, true);	/* the object begins */
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, true);
		set_option(options, pnstrdup(key.val.string.val, key.val.string.len),
				   &value);
	}
}
