/*
 * profile.c
 *	  _profile(): profiles put together from columns of another's tables
 *
 * What jsonb_build_object(), || and jsonb_strip_nulls() would do in four
 * passes, with a look at the system catalogs for each value of each row: half
 * of what reading 100,000 persons of a learning management system takes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_profile);

/* Types of the arguments, found once a statement. */
static const Oid *
argument_types(FunctionCallInfo fcinfo)
{
	Oid		   *type = fcinfo->flinfo->fn_extra;

	if (type != NULL)
		return type;
	type = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
							  PG_NARGS() * sizeof(Oid));
	for (int i = 0; i < PG_NARGS(); i++)
		type[i] = get_fn_expr_argtype(fcinfo->flinfo, i);
	fcinfo->flinfo->fn_extra = type;
	return type;
}

static void
refuse_argument(int i, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("argument %d of _profile() is no %s", i + 1, wanted),
			 errhint("Arguments are jsonb objects, and texts as keys, each followed by a text or an array of texts.")));
}

/* A string that may lie in the argument itself. */
static void
set_string(JsonbValue *value, Datum datum)
{
	text	   *string = DatumGetTextPP(datum);

	value->type = jbvString;
	value->val.string.val = VARDATA_ANY(string);
	value->val.string.len = VARSIZE_ANY_EXHDR(string);
}

/* All entries of an object; true: one of them is null. */
static bool
add_object(JsonbParseState **state, Jsonb *object, int argument)
{
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbValue	key,
				value;
	bool		has_null = false;

	if (!JB_ROOT_IS_OBJECT(object))
		refuse_argument(argument, "object");
	(void) JsonbIteratorNext(&it, &key, true);	/* WJB_BEGIN_OBJECT */
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&it, &value, true);
		(void) pushJsonbValue(state, WJB_KEY, &key);
		(void) pushJsonbValue(state, WJB_VALUE, &value);
		has_null |= value.type == jbvNull;
	}
	return has_null;
}

static int
compare_strings(const void *a, const void *b)
{
	const JsonbValue *first = a;
	const JsonbValue *second = b;
	int			length = Min(first->val.string.len, second->val.string.len);
	int			result = memcmp(first->val.string.val, second->val.string.val,
								length);

	return result != 0 ? result :
		first->val.string.len - second->val.string.len;
}

/* A set: sorted by bytes, each text once; no entry for an empty one. */
static void
add_set(JsonbParseState **state, JsonbValue *key, ArrayType *array)
{
	Datum	   *text;
	bool	   *is_null;
	JsonbValue *value;
	int			length;
	int			n = 0;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &text, &is_null,
					  &length);
	value = palloc_array(JsonbValue, length + 1);
	for (int i = 0; i < length; i++)
		if (!is_null[i])
			set_string(&value[n++], text[i]);
	if (n == 0)
		return;
	qsort(value, n, sizeof(JsonbValue), compare_strings);
	(void) pushJsonbValue(state, WJB_KEY, key);
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i == 0 || compare_strings(&value[i - 1], &value[i]) != 0)
			(void) pushJsonbValue(state, WJB_ELEM, &value[i]);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* The value that argument i is the key of. */
static void
add_entry(JsonbParseState **state, FunctionCallInfo fcinfo, const Oid *type,
		  int i)
{
	JsonbValue	key;
	JsonbValue	value;

	if (type[i] != UNKNOWNOID && type[i] != TEXTOID)
		refuse_argument(i, "key");
	if (i + 1 == PG_NARGS() || PG_ARGISNULL(i))
		refuse_argument(i, "key of a value");
	if (PG_ARGISNULL(i + 1))
		return;
	if (type[i] == TEXTOID)
		set_string(&key, PG_GETARG_DATUM(i));
	else
	{
		key.type = jbvString;
		key.val.string.val = PG_GETARG_CSTRING(i);
		key.val.string.len = strlen(key.val.string.val);
	}
	if (type[i + 1] == TEXTARRAYOID || type[i + 1] == VARCHARARRAYOID)
		add_set(state, &key, PG_GETARG_ARRAYTYPE_P(i + 1));
	else if (type[i + 1] == TEXTOID || type[i + 1] == VARCHAROID)
	{
		set_string(&value, PG_GETARG_DATUM(i + 1));
		if (value.val.string.len == 0)
			return;
		(void) pushJsonbValue(state, WJB_KEY, &key);
		(void) pushJsonbValue(state, WJB_VALUE, &value);
	}
	else
		refuse_argument(i + 1, "text or array of texts");
}

/*
 * _profile(...): of several entries with one key the last one counts, and
 * hides the others also when it is JSON null, of which none is kept.
 */
Datum
mentoring_profile(PG_FUNCTION_ARGS)
{
	const Oid  *type = argument_types(fcinfo);
	JsonbParseState *state = NULL;
	bool		has_null = false;
	Datum		profile;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (type[i] != JSONBOID)
			add_entry(&state, fcinfo, type, i++);
		else if (!PG_ARGISNULL(i))
			has_null |= add_object(&state, PG_GETARG_JSONB_P(i), i);
	}
	profile = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state,
															  WJB_END_OBJECT,
															  NULL)));

	/* the second argument is of later versions */
	return has_null ? DirectFunctionCall2(jsonb_strip_nulls, profile,
										  BoolGetDatum(false)) : profile;
}
