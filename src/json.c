/*
 * json.c
 *	  reading numbers, flags and texts out of jsonb
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "json.h"

/* bytes of a key or text that a message shows */
#define MAX_LABEL 100

double
mtr_json_double(const JsonbValue *value, const char *what, const char *key)
{
	double		result;

	if (value->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("%s \"%s\" is not a number", what, key),
				 errhint("Write it without quotes.")));

	/* the "no overflow" variant gives infinity instead of a nameless error */
	result = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (!isfinite(result))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s \"%s\" is beyond the range of double precision",
						what, key),
				 errhint("Give a number between -1e308 and 1e308.")));
	return result;
}

bool
mtr_json_is_whole(const JsonbValue *value, int64 low, int64 high)
{
	double		number;

	if (value->type != jbvNumeric)
		return false;
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	return number == floor(number) && number >= low && number <= high;
}

JsonbValue *
mtr_json_get(const Jsonb *object, const char *key, JsonbValue *buffer)
{
	JsonbValue *value;

	/* on anything but an object the search would read past its end */
	if (!JB_ROOT_IS_OBJECT(object))
		return NULL;
	value = getKeyJsonValueFromContainer(unconstify(JsonbContainer *,
													&object->root),
										 key, strlen(key), buffer);
	if (value == NULL || value->type == jbvNull)
		return NULL;
	return value;
}

char *
mtr_json_label(const char *text, int length)
{
	int			clipped = pg_mbcliplen(text, length, MAX_LABEL);

	if (clipped == length)
		return pnstrdup(text, length);
	return psprintf("%.*s...", clipped, text);
}

char *
mtr_json_text(const JsonbValue *value)
{
	Assert(value->type == jbvString);
	return pnstrdup(value->val.string.val, value->val.string.len);
}
