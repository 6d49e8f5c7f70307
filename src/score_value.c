/*
 * score_value.c
 *	  what criteria compare: merged values, classes, numbers, vectors
 *
 * The value of a key is that of the first of these that has the key:
 * the participant's profile, the person's profile, the participant's bio or
 * aims, the person's columns.  A key that is there with JSON null hides the
 * others and means "no value", as an empty text or array does.
 *
 * A value of the wrong type for its kind is an error that names participant,
 * key and value: a guess would change scores silently.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "score_private.h"

/* how much of a wrong value an error shows */
#define SHOWN_BYTES 100

typedef struct KeyColumn
{
	const char *name;
	int			attribute;
	char		type;			/* text, date, integer, bigint, logical */
} KeyColumn;

static const KeyColumn key_columns[] = {
	{"bio", MTR_P_BIO, 't'},
	{"aims", MTR_P_AIMS, 't'},
	{"source", MTR_P_SOURCE, 't'},
	{"external_id", MTR_P_EXTERNAL_ID, 't'},
	{"display_name", MTR_P_DISPLAY_NAME, 't'},
	{"email", MTR_P_EMAIL, 't'},
	{"org_unit", MTR_P_ORG_UNIT, 't'},
	{"job_role", MTR_P_JOB_ROLE, 't'},
	{"site", MTR_P_SITE, 't'},
	{"timezone", MTR_P_TIMEZONE, 't'},
	{"joined_on", MTR_P_JOINED_ON, 'd'},
	{"grade", MTR_P_GRADE, 'i'},
	{"manager_id", MTR_P_MANAGER_ID, 'b'},
	{"is_active", MTR_P_IS_ACTIVE, 'l'},
};

/* ----------------------------------------------------------------
 *		Merged values
 * ----------------------------------------------------------------
 */

/* The number of a key, new ones at the end. */
int
mtr_value_key(MtrLoader *loader, const char *name)
{
	MemoryContext oldcxt;
	MtrKey	   *key;

	for (int k = 0; k < loader->nkeys; k++)
		if (strcmp(loader->key[k].name, name) == 0)
			return k;

	oldcxt = MemoryContextSwitchTo(loader->work);
	if (loader->key == NULL)
		loader->key = palloc(sizeof(MtrKey));
	else
		loader->key = repalloc(loader->key,
							   (loader->nkeys + 1) * sizeof(MtrKey));
	key = &loader->key[loader->nkeys];
	key->name = pstrdup(name);
	key->length = strlen(name);
	key->column = -1;
	for (int i = 0; i < lengthof(key_columns); i++)
		if (strcmp(key_columns[i].name, name) == 0)
			key->column = i;
	MemoryContextSwitchTo(oldcxt);
	return loader->nkeys++;
}

/* The value of a column as JSON has it. */
static void
column_value(const KeyColumn *column, Datum datum, JsonbValue *out)
{
	text	   *t;

	switch (column->type)
	{
		case 't':
			t = DatumGetTextPP(datum);
			out->type = jbvString;
			out->val.string.val = VARDATA_ANY(t);
			out->val.string.len = VARSIZE_ANY_EXHDR(t);
			break;
		case 'd':				/* as to_jsonb() has it: ISO 8601 */
			out->type = jbvString;
			out->val.string.val = JsonEncodeDateTime(palloc(MAXDATELEN + 1),
													 datum, DATEOID, NULL);
			out->val.string.len = strlen(out->val.string.val);
			break;
		case 'i':
			out->type = jbvNumeric;
			out->val.numeric = int64_to_numeric(DatumGetInt32(datum));
			break;
		case 'b':
			out->type = jbvNumeric;
			out->val.numeric = int64_to_numeric(DatumGetInt64(datum));
			break;
		default:
			out->type = jbvBool;
			out->val.boolean = DatumGetBool(datum);
	}
}

static bool
is_empty(const JsonbValue *value)
{
	return (value->type == jbvString && value->val.string.len == 0) ||
		(value->type == jbvBinary &&
		 JsonContainerIsArray(value->val.binary.data) &&
		 JsonContainerSize(value->val.binary.data) == 0);
}

/* Fill in loader->value for a row of the query for participants.  The values
 * point into the row. */
void
mtr_value_merge(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	Jsonb	   *own = DatumGetJsonbP(values[MTR_P_PROFILE]);
	Jsonb	   *person = DatumGetJsonbP(values[MTR_P_PERSON_PROFILE]);

	for (int k = 0; k < loader->nkeys; k++)
	{
		const MtrKey *key = &loader->key[k];
		JsonbValue *out = &loader->value[k];

		out->type = jbvNull;
		if (getKeyJsonValueFromContainer(&own->root, key->name, key->length,
										 out) == NULL &&
			getKeyJsonValueFromContainer(&person->root, key->name,
										 key->length, out) == NULL &&
			key->column >= 0)
		{
			const KeyColumn *column = &key_columns[key->column];

			if (!nulls[column->attribute])
				column_value(column, values[column->attribute], out);
		}
		if (is_empty(out))
			out->type = jbvNull;
	}
	if (loader->uses_profile)
		loader->profile =
			DatumGetJsonbP(DirectFunctionCall2(jsonb_concat,
											   JsonbPGetDatum(person),
											   JsonbPGetDatum(own)));
}

static void
canonical_scalar(StringInfo out, const JsonbValue *value)
{
	uint32		length;

	switch (value->type)
	{
		case jbvNull:
			appendStringInfoChar(out, 'z');
			break;
		case jbvString:
			length = pg_hton32(value->val.string.len);
			appendStringInfoChar(out, 's');
			appendBinaryStringInfo(out, (char *) &length, sizeof(length));
			appendBinaryStringInfo(out, value->val.string.val,
								   value->val.string.len);
			break;
		case jbvNumeric:
			appendStringInfoChar(out, 'n');
			appendStringInfoString(out,
								   numeric_normalize(value->val.numeric));
			appendStringInfoChar(out, ';');
			break;
		case jbvBool:
			appendStringInfoChar(out, value->val.boolean ? 't' : 'f');
			break;
		default:
			elog(ERROR, "unexpected type of jsonb value: %d", value->type);
	}
}

/* Append bytes that are equal exactly for values equal as jsonb: 1 and 1.0
 * are the same. */
void
mtr_value_canonical(StringInfo out, JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;

	if (value->type != jbvBinary)
	{
		canonical_scalar(out, value);
		return;
	}
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &v, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_ARRAY)
			appendStringInfoChar(out, '[');
		else if (token == WJB_END_ARRAY)
			appendStringInfoChar(out, ']');
		else if (token == WJB_BEGIN_OBJECT)
			appendStringInfoChar(out, '{');
		else if (token == WJB_END_OBJECT)
			appendStringInfoChar(out, '}');
		else
			canonical_scalar(out, &v);
	}
}

/* A value as text for an error, cut where it gets long. */
static char *
shown_value(JsonbValue *value)
{
	Jsonb	   *jsonb = JsonbValueToJsonb(value);
	char	   *shown = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
	int			length = strlen(shown);

	if (length <= SHOWN_BYTES)
		return shown;

	length = pg_mbcliplen(shown, length, SHOWN_BYTES);
	return psprintf("%.*s...", length, shown);
}

void
mtr_value_refuse(const MtrLoader *loader, const char *wanted_by, int key,
				 int64 id, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" of participant %lld is not %s",
					loader->key[key].name, (long long) id, expected),
			 errdetail("Criterion \"%s\" finds %s.", wanted_by,
					   shown_value(&loader->value[key])),
			 errhint("Correct it in the profile of the participant or the person, or let the criterion use another key.")));
}

/* ----------------------------------------------------------------
 *		Gathering, participant by participant
 * ----------------------------------------------------------------
 */

static JsonbValue *
value_of(const MtrLoader *loader, const MtrCompile *c, int side)
{
	return &loader->value[c->side[side].key];
}

static void
note_first(MtrLoader *loader, MtrCompile *c, int side, int32 first)
{
	*(int32 *) mtr_buffer_add(loader, &c->side[side].first,
							  sizeof(int32)) = first;
}

/* A number of double precision out of a numeric. */
static double
number_of(const MtrLoader *loader, const MtrCompile *c, int side, int64 id,
		  const JsonbValue *value)
{
	Datum		numeric;
	double		number;

	if (value->type != jbvNumeric)
		mtr_value_refuse(loader, c->info->name, c->side[side].key, id,
						 c->out->kind == MTR_COSINE ? "an array of numbers" :
						 "a number");
	numeric = NumericGetDatum(value->val.numeric);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												numeric));
	if (!isfinite(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("\"%s\" of participant %lld is beyond the range of double precision",
						loader->key[c->side[side].key].name, (long long) id),
				 errdetail("Criterion \"%s\" compares numbers of double precision.",
						   c->info->name),
				 errhint("Give a number between -1e308 and 1e308.")));
	return number;
}

static void
add_same(MtrLoader *loader, MtrCompile *c, int side)
{
	JsonbValue *value = value_of(loader, c, side);
	StringInfo	bytes = loader->bytes_buffer;

	if (value->type == jbvNull)
	{
		note_first(loader, c, side, -1);
		return;
	}
	resetStringInfo(bytes);
	mtr_value_canonical(bytes, value);
	note_first(loader, c, side,
			   mtr_dict_code(c->dict, bytes->data, bytes->len, true));
}

static void
add_number(MtrLoader *loader, MtrCompile *c, int side, int64 id)
{
	JsonbValue *value = value_of(loader, c, side);
	bool		is_missing = value->type == jbvNull;
	double		number = is_missing ? 0 :
	number_of(loader, c, side, id, value);

	note_first(loader, c, side, is_missing ? -1 : 0);
	*(double *) mtr_buffer_add(loader, &c->side[side].item,
							   sizeof(double)) = number;
}

/* All vectors of a criterion have as many components as the first. */
static void
check_dimension(const MtrLoader *loader, MtrCompile *c, int side, int64 id,
				int32 dim)
{
	if (c->dim == 0)
	{
		c->dim = dim;
		c->dim_owner = id;
	}
	if (dim != c->dim)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of participant %lld has %d components, that of participant %lld has %d",
						loader->key[c->side[side].key].name, (long long) id,
						dim, (long long) c->dim_owner, c->dim),
				 errdetail("Criterion \"%s\" compares vectors of one length.",
						   c->info->name),
				 errhint("Give both as many numbers, or remove one.")));
}

/*
 * A vector of length 0 has no direction, so it is no value.  One whose length
 * is beyond double precision is refused.
 */
static void
add_vector(MtrLoader *loader, MtrCompile *c, int side, int64 id)
{
	JsonbValue *value = value_of(loader, c, side);
	MtrSide    *out = &c->side[side];
	JsonbContainer *array;
	double	   *component;
	double		square = 0.0;
	int32		dim;
	Size		size;

	if (value->type == jbvNull)
	{
		note_first(loader, c, side, -1);
		return;
	}
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		mtr_value_refuse(loader, c->info->name, out->key, id,
						 "an array of numbers");
	array = value->val.binary.data;
	dim = JsonContainerSize(array);
	check_dimension(loader, c, side, id, dim);
	size = dim * sizeof(double);
	component = mtr_buffer_add(loader, &out->item, size);
	for (int32 i = 0; i < dim; i++)
	{
		component[i] = number_of(loader, c, side, id,
								 getIthJsonbValueFromContainer(array, i));
		square += component[i] * component[i];
	}
	if (!isfinite(square))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("\"%s\" of participant %lld is too long a vector",
						loader->key[out->key].name, (long long) id),
				 errhint("Scale it: the cosine depends on its direction only.")));
	if (square > 0)
		note_first(loader, c, side, out->item.used / size - 1);
	else
	{
		out->item.used -= size;
		note_first(loader, c, side, -1);
	}
}

/* Keep a merged profile for calls of a custom function. */
static void
add_profile(MtrLoader *loader, MtrCompile *c, int side)
{
	Size		size = VARSIZE(loader->profile);
	Jsonb	   *copy = mtr_load_alloc(loader, size, 1);

	memcpy(copy, loader->profile, size);
	*(Jsonb **) mtr_buffer_add(loader, &c->side[side].item,
							   sizeof(Jsonb *)) = copy;
}

/* ----------------------------------------------------------------
 *		All criteria
 * ----------------------------------------------------------------
 */

static void
keep_raw(MtrLoader *loader, int k, int side)
{
	Jsonb	  **values = loader->programme->values;
	int			key = loader->compile[k].side[side].key;
	MemoryContext oldcxt;

	if (values == NULL || key < 0 || loader->value[key].type == jbvNull)
		return;
	oldcxt = MemoryContextSwitchTo(loader->programme->context);
	values[2 * k + side] = JsonbValueToJsonb(&loader->value[key]);
	MemoryContextSwitchTo(oldcxt);
}

/*
 * Gather what each criterion needs of the present participant.  One who isn't
 * loaded counts only for the texts.
 */
void
mtr_value_add(MtrLoader *loader, int side, int64 id, bool is_loaded)
{
	for (int k = 0; k < loader->programme->ncriteria; k++)
	{
		MtrCompile *c = &loader->compile[k];

		if (c->out->kind == MTR_TEXT)
			mtr_text_add(loader, c, side, id, is_loaded);
		if (!is_loaded)
			continue;
		keep_raw(loader, k, side);
		switch (c->out->kind)
		{
			case MTR_OVERLAP:
				mtr_term_add_set(loader, c, side, id);
				break;
			case MTR_SAME:
			case MTR_DIFFER:
				add_same(loader, c, side);
				break;
			case MTR_NEAR:
			case MTR_GAP:
				add_number(loader, c, side, id);
				break;
			case MTR_COSINE:
				add_vector(loader, c, side, id);
				break;
			case MTR_AVAILABILITY:
				mtr_week_add(loader, c, side, id);
				break;
			case MTR_CUSTOM:
				add_profile(loader, c, side);
				break;
			default:
				break;
		}
	}
}

/* ----------------------------------------------------------------
 *		Arrays for the kernel
 * ----------------------------------------------------------------
 */

static bool *
missing_flags(MtrLoader *loader, const MtrSide *side, int32 n)
{
	bool	   *missing = mtr_load_alloc(loader, n, sizeof(bool));

	for (int32 i = 0; i < n; i++)
		missing[i] = MTR_ITEMS(int32, side->first)[i] < 0;
	return missing;
}

/* Number the classes that mentors have; the others become one number. */
static void
finish_same(MtrLoader *loader, MtrCompile *c)
{
	MtrClass   *out = &c->out->u.class;
	int32		nmentees = loader->programme->nmentees;
	int32		nmentors = loader->programme->nmentors;
	int32	   *mentee = MTR_ITEMS(int32, c->side[MTR_MENTEE].first);
	int32	   *mentor = MTR_ITEMS(int32, c->side[MTR_MENTOR].first);
	int32		ncodes = mtr_dict_size(c->dict);
	int32	   *class_of = palloc_extended((ncodes + 1) * sizeof(int32),
										   MCXT_ALLOC_HUGE);

	out->mentee_missing = missing_flags(loader, &c->side[MTR_MENTEE],
										nmentees);
	for (int32 i = 0; i < ncodes; i++)
		class_of[i] = -1;
	for (int32 j = 0; j < nmentors; j++)
		if (mentor[j] >= 0)
		{
			if (class_of[mentor[j]] < 0)
				class_of[mentor[j]] = out->nclasses++;
			mentor[j] = class_of[mentor[j]];
		}
	for (int32 i = 0; i < nmentees; i++)
		if (mentee[i] >= 0)
			mentee[i] = class_of[mentee[i]] >= 0 ? class_of[mentee[i]] :
				out->nclasses;
	out->mentee_class = mentee;
	out->mentor_class = mentor;
	pfree(class_of);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* The distinct values of the mentors, in order. */
static void
finish_number(MtrLoader *loader, MtrCompile *c)
{
	MtrClass   *out = &c->out->u.class;
	int32		nmentors = loader->programme->nmentors;
	const double *value = MTR_ITEMS(double, c->side[MTR_MENTOR].item);
	int32	   *class = MTR_ITEMS(int32, c->side[MTR_MENTOR].first);
	double	   *distinct = mtr_load_alloc(loader, nmentors, sizeof(double));
	int32		n = 0;

	for (int32 j = 0; j < nmentors; j++)
		if (class[j] >= 0)
			distinct[n++] = value[j];
	qsort(distinct, n, sizeof(double), compare_doubles);
	for (int32 j = 0; j < n; j++)
		if (j == 0 || distinct[j] != distinct[out->nclasses - 1])
			distinct[out->nclasses++] = distinct[j];
	for (int32 j = 0; j < nmentors; j++)
		if (class[j] >= 0)
			class[j] = (const double *) bsearch(&value[j], distinct,
												out->nclasses, sizeof(double),
												compare_doubles) - distinct;
	out->class_value = distinct;
	out->mentor_class = class;
	out->mentee_value = MTR_ITEMS(double, c->side[MTR_MENTEE].item);
	out->mentee_missing = missing_flags(loader, &c->side[MTR_MENTEE],
										loader->programme->nmentees);
	mtr_buffer_free(loader, &c->side[MTR_MENTOR].item);
}

static void
finish_vector(MtrLoader *loader, MtrCompile *c)
{
	MtrCosine  *out = &c->out->u.cosine;
	Size		nmentees = loader->programme->nmentees;
	Size		nmentors = loader->programme->nmentors;
	Size		dim = c->dim;
	Size		size = dim * sizeof(double);
	double	   *mentee = mtr_load_alloc(loader, nmentees, size);
	double	   *mentor = mtr_load_alloc(loader, nmentors, size);

	for (Size i = 0; i < nmentees; i++)
	{
		int32		v = MTR_ITEMS(int32, c->side[MTR_MENTEE].first)[i];

		if (v >= 0)
			memcpy(mentee + i * dim,
				   MTR_ITEMS(double, c->side[MTR_MENTEE].item) + v * dim,
				   size);
	}
	for (Size j = 0; j < nmentors; j++)
	{
		int32		v = MTR_ITEMS(int32, c->side[MTR_MENTOR].first)[j];

		for (Size k = 0; v >= 0 && k < dim; k++)
			mentor[k * nmentors + j] =
				MTR_ITEMS(double, c->side[MTR_MENTOR].item)[v * dim + k];
	}
	out->dim = c->dim;
	out->mentee = mentee;
	out->mentor = mentor;
	out->mentee_missing = missing_flags(loader, &c->side[MTR_MENTEE],
										nmentees);
	out->mentor_missing = missing_flags(loader, &c->side[MTR_MENTOR],
										nmentors);
	mtr_buffer_free(loader, &c->side[MTR_MENTEE].item);
	mtr_buffer_free(loader, &c->side[MTR_MENTOR].item);
}

void
mtr_value_finish(MtrLoader *loader)
{
	for (int k = 0; k < loader->programme->ncriteria; k++)
	{
		MtrCompile *c = &loader->compile[k];

		switch (c->out->kind)
		{
			case MTR_OVERLAP:
				mtr_term_finish_set(loader, c);
				break;
			case MTR_SAME:
			case MTR_DIFFER:
				finish_same(loader, c);
				break;
			case MTR_NEAR:
			case MTR_GAP:
				finish_number(loader, c);
				break;
			case MTR_COSINE:
				finish_vector(loader, c);
				break;
			case MTR_AVAILABILITY:
				mtr_week_finish(c);
				break;
			case MTR_TEXT:
				mtr_text_finish(loader, c);
				break;
			case MTR_CUSTOM:
				mtr_custom_finish(loader, c);
				break;
			default:
				break;
		}
	}
}
