/*
 * directory.c
 *	  persons: the shape of a profile, looking a person up
 *
 * A profile is what criteria compare.  Its shape is checked when it is
 * written, so that scoring meets no surprise but a value of the wrong type
 * for a criterion.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "access.h"
#include "json.h"
#include "mentoring.h"
#include "rights.h"

PG_FUNCTION_INFO_V1(mentoring_check_profile);
PG_FUNCTION_INFO_V1(mentoring_person_id);

static void
refuse_profile(const JsonbValue *key, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("profile key \"%s\" %s",
					mtr_json_label(key->val.string.val, key->val.string.len),
					problem),
			 errhint("A profile value is text, number, boolean, an array of text, an array of numbers, or availability as [{\"day\": 1, \"from\": \"09:00\", \"to\": \"11:30\"}].")));
}

/*
 * Minutes since midnight of "HH:MM", "24:00" included, or -1.
 */
int
mtr_clock_minutes(const JsonbValue *value)
{
	const char *s;
	int			hours,
				minutes;

	if (value->type != jbvString || value->val.string.len != 5)
		return -1;
	s = value->val.string.val;
	if (s[2] != ':' || !isdigit((unsigned char) s[0]) ||
		!isdigit((unsigned char) s[1]) || !isdigit((unsigned char) s[3]) ||
		!isdigit((unsigned char) s[4]))
		return -1;
	hours = (s[0] - '0') * 10 + (s[1] - '0');
	minutes = (s[3] - '0') * 10 + (s[4] - '0');
	if (minutes > 59 || hours * 60 + minutes > 24 * 60)
		return -1;
	return hours * 60 + minutes;
}

static void
check_number(const JsonbValue *key, const JsonbValue *value)
{
	(void) mtr_json_double(value, "profile key",
						   mtr_json_label(key->val.string.val,
										  key->val.string.len));
}

/* One entry of availability: exactly day, from and to. */
static void
check_interval(const JsonbValue *key, JsonbContainer *entry)
{
	JsonbValue	buffer;
	JsonbValue *value;
	int			from,
				to;

	value = getKeyJsonValueFromContainer(entry, "day", 3, &buffer);
	if (value == NULL || !mtr_json_is_whole(value, 1, 7))
		refuse_profile(key, "has an entry whose \"day\" is not a whole number from 1 (Monday) to 7");
	value = getKeyJsonValueFromContainer(entry, "from", 4, &buffer);
	from = value ? mtr_clock_minutes(value) : -1;
	value = getKeyJsonValueFromContainer(entry, "to", 2, &buffer);
	to = value ? mtr_clock_minutes(value) : -1;
	if (from < 0 || to < 0)
		refuse_profile(key, "has an entry whose \"from\" or \"to\" is not a time like \"09:00\"");
	if (from >= to)
		refuse_profile(key, "has an entry whose \"from\" is not before its \"to\"");
	if (JsonContainerSize(entry) != 3)
		refuse_profile(key, "has an entry with other keys than \"day\", \"from\" and \"to\"");
}

/*
 * An array: all text, all numbers, or all intervals.
 */
static void
check_array(const JsonbValue *key, JsonbContainer *array)
{
	uint32		count = JsonContainerSize(array);
	enum jbvType type = jbvNull;

	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(array, i);

		if (i > 0 && value->type != type)
			refuse_profile(key, "is an array of different types");
		type = value->type;
		if (type == jbvNumeric)
			check_number(key, value);
		else if (type == jbvBinary &&
				 JsonContainerIsObject(value->val.binary.data))
			check_interval(key, value->val.binary.data);
		else if (type != jbvString)
			refuse_profile(key, "is an array of neither text, numbers nor intervals");
		pfree(value);
	}
}

static void
check_value(const JsonbValue *key, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
		case jbvBool:
		case jbvString:
			break;
		case jbvNumeric:
			check_number(key, value);
			break;
		case jbvBinary:
			if (JsonContainerIsArray(value->val.binary.data))
				check_array(key, value->val.binary.data);
			else
				refuse_profile(key, "is an object");
			break;
		default:
			elog(ERROR, "unexpected type of jsonb value: %d", value->type);
	}
}

/*
 * _check_profile(jsonb): used in CHECK constraints, which have no message of
 * their own; so it raises the error itself.
 */
Datum
mentoring_check_profile(PG_FUNCTION_ARGS)
{
	Jsonb	   *profile = PG_GETARG_JSONB_P(0);
	JsonbIterator *it;
	JsonbValue	key,
				value;

	if (!JB_ROOT_IS_OBJECT(profile))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("profile is not a JSON object"),
				 errhint("Write it as {\"key\": value, ...}.")));
	it = JsonbIteratorInit(&profile->root);
	(void) JsonbIteratorNext(&it, &key, true);	/* WJB_BEGIN_OBJECT */
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&it, &value, true);
		check_value(&key, &value);
	}
	PG_RETURN_BOOL(true);
}

/*
 * person_id(source, external_id)
 */
Datum
mentoring_person_id(PG_FUNCTION_ARGS)
{
	Datum		values[2];
	Oid			types[2] = {TEXTOID, TEXTOID};
	MtrOwner	saved;
	bool		isnull = true;
	Datum		id = (Datum) 0;

	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	mtr_owner_enter_function(fcinfo->flinfo->fn_oid, &saved);
	SPI_connect();
	if (SPI_execute_with_args("SELECT id FROM mentoring.person WHERE source = $1 AND external_id = $2",
							  2, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look a person up");
	if (SPI_processed > 0)
		id = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						   &isnull);
	SPI_finish();
	mtr_owner_leave(&saved);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_INT64(DatumGetInt64(id));
}
