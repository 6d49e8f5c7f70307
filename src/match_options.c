/*
 * match_options.c
 *	  the words match() and solve_assignment() take: methods, objectives,
 *	  options
 *
 * What is unknown is refused with the list of what there is: an option
 * silently ignored would be a wrong result.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "kernel/group.h"
#include "match.h"

#define METHODS_HINT "Methods are optimal, stable and greedy."
#define OBJECTIVES_HINT "Objectives are most_pairs, best_total and fair."
#define OPTIONS_HINT \
	"Options are min_score, keep, ageing, churn_penalty, seed and mentors_per_group."

MtrMethod
mtr_method(const char *name)
{
	if (strcmp(name, "optimal") == 0)
		return MTR_OPTIMAL;
	if (strcmp(name, "stable") == 0)
		return MTR_STABLE;
	if (strcmp(name, "greedy") == 0)
		return MTR_GREEDY;
	if (strcmp(name, "heuristic") == 0)
		return MTR_HEURISTIC;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method \"%s\"", name),
			 errhint(METHODS_HINT)));
}

MtrObjective
mtr_objective(const char *name)
{
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("objective must not be null"),
				 errhint(OBJECTIVES_HINT)));
	if (strcmp(name, "most_pairs") == 0)
		return MTR_MOST_PAIRS;
	if (strcmp(name, "best_total") == 0)
		return MTR_BEST_TOTAL;
	if (strcmp(name, "fair") == 0)
		return MTR_FAIR;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown objective \"%s\"", name),
			 errhint(OBJECTIVES_HINT)));
}

static void
refuse_value(const char *key, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is not %s", key, wanted),
			 errhint("Write options as {\"min_score\": 0.5, \"keep\": false}.")));
}

static double
number_value(const char *key, const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		refuse_value(key, "a number");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(value->val.numeric)));
}

/* Rounded as scores are, so 0.7 means what a score of 0.7 is. */
static int32
score_value(const char *key, const JsonbValue *value)
{
	double		number = number_value(key, value);

	if (!(number >= 0 && number <= 1))
		refuse_value(key, "between 0 and 1");
	return (int32) mtr_from_double(number);
}

static int32
whole_value(const char *key, const JsonbValue *value, int32 least,
			int32 greatest)
{
	double		number = number_value(key, value);

	if (!(number >= least && number <= greatest && floor(number) == number))
		refuse_value(key, psprintf("a whole number from %d to %d", least,
								   greatest));
	return (int32) number;
}

static void
set_option(MtrMatchOptions *options, const char *key, const JsonbValue *value)
{
	if (strcmp(key, "min_score") == 0)
	{
		options->min_score = score_value(key, value);
		options->has_min_score = true;
	}
	else if (strcmp(key, "keep") == 0)
	{
		if (value->type != jbvBool)
			refuse_value(key, "true or false");
		options->keep = value->val.boolean;
	}
	else if (strcmp(key, "ageing") == 0)
		options->ageing = score_value(key, value);
	else if (strcmp(key, "churn_penalty") == 0)
		options->churn_penalty = score_value(key, value);
	else if (strcmp(key, "seed") == 0)
		options->seed = whole_value(key, value, 0, PG_INT32_MAX);
	else if (strcmp(key, "mentors_per_group") == 0)
		options->mentors_per_group = whole_value(key, value, 1,
												 MTR_GROUP_MAX_MENTORS);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown option \"%s\"", key),
				 errhint(OPTIONS_HINT)));
}

/* verify_match() parses the stored options with this, too. */
void
mtr_parse_options(const Jsonb *json, MtrMatchOptions *options)
{
	JsonbIterator *iterator;
	JsonbValue	key,
				value;

	memset(options, 0, sizeof(*options));
	options->keep = true;
	options->mentors_per_group = 1;
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
