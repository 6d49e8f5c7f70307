/*
 * score_week.c
 *	  availability: weeks of quarters of an hour in UTC
 *
 * Availability is local time.  Each quarter of an hour that lies wholly
 * inside an interval is moved to UTC by "timestamp AT TIME ZONE" on its date
 * in the programme's week, so hours that don't exist or exist twice where
 * clocks change are what PostgreSQL takes them for.  Beyond either end the
 * week goes round.  One table of 672 quarters is made for each time zone.
 *
 * Cost: a table look-up for each free quarter.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "score_private.h"

#define SLOT_MINUTES 15
#define DAY_SLOTS 96

/* what a value should have been */
#define EXPECTED "an array of {\"day\": 1, \"from\": \"09:00\", \"to\": \"11:30\"}"

/* PostgreSQL's own "timestamp AT TIME ZONE". */
static TimestampTz
at_time_zone(text *zone, Timestamp local)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone,
												   PointerGetDatum(zone),
												   TimestampGetDatum(local)));
}

static void
refuse_zone(const char *name, int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("time zone \"%s\" of participant %lld is unknown",
					name, (long long) id),
			 errhint("Use an IANA name such as \"Europe/Vienna\"; pg_timezone_names lists them.")));
}

/*
 * Would PostgreSQL read the name as a POSIX rule instead of looking it up?
 * "99" and "UTC+3" are such rules, and "+05:30" one that means five and a half
 * hours west of Greenwich, which nobody who writes it wants.  A rule has a
 * number in it, and few names in the time zone database have.
 */
static bool
is_posix_rule(const char *name)
{
	static const char *const numbered[] = {
		"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT0", "GMT+0", "GMT-0"
	};
	const char *number = name + strcspn(name, "0123456789");

	if (*number == '\0')
		return false;
	for (int i = 0; i < lengthof(numbered); i++)
		if (pg_strcasecmp(name, numbered[i]) == 0)
			return false;

	/* Etc/GMT-14 to Etc/GMT+12 */
	return pg_strncasecmp(name, "Etc/GMT", 7) != 0 || atoi(number) > 14;
}

/* Let PostgreSQL judge the name, but name the participant. */
static void
check_zone(const MtrLoader *loader, text *zone, Timestamp week, int64 id)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	char	   *name = text_to_cstring(zone);

	if (is_posix_rule(name))
		refuse_zone(name, id);
	PG_TRY();
	{
		(void) at_time_zone(zone, week);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(oldcxt);
		error = CopyErrorData();
		FlushErrorState();
		if (error->sqlerrcode != ERRCODE_INVALID_PARAMETER_VALUE)
			ReThrowError(error);
		refuse_zone(name, id);
	}
	PG_END_TRY();
}

/* Where each quarter of the local week lies in the week of UTC. */
static void
make_zone_map(MtrLoader *loader, text *zone, int64 id)
{
	MtrProgramme *programme = loader->programme;
	const int64 slot_length = SLOT_MINUTES * USECS_PER_MINUTE;
	Timestamp	week;
	int16	   *map;

	if (DATE_NOT_FINITE(programme->week))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("programme %lld has no first week",
						(long long) programme->id),
				 errdetail("Availability is compared in the week of starts_on, or in the one after created_at."),
				 errhint("Set starts_on of the programme.")));
	week = (Timestamp) programme->week * USECS_PER_DAY;
	check_zone(loader, zone, week, id);
	map = mtr_buffer_add(loader, &loader->zone_map,
						 MTR_WEEK_SLOTS * sizeof(int16));
	for (int i = 0; i < MTR_WEEK_SLOTS; i++)
	{
		int64		moved = at_time_zone(zone, week + i * slot_length) - week;
		int64		slot = moved / slot_length;

		if (moved < slot * slot_length)
			slot--;				/* round down */
		map[i] = ((slot % MTR_WEEK_SLOTS) + MTR_WEEK_SLOTS) % MTR_WEEK_SLOTS;
	}
}

/* The map of the present participant's time zone. */
static const int16 *
zone_map(MtrLoader *loader, const MtrCompile *c, int64 id)
{
	JsonbValue *value = &loader->value[loader->timezone];
	const char *name = "UTC";
	int			length = 3;
	int32		code;

	if (value->type == jbvString)
	{
		name = value->val.string.val;
		length = value->val.string.len;
	}
	else if (value->type != jbvNull)
		mtr_value_refuse(loader, c->info->name, loader->timezone, id,
						 "the name of a time zone");
	code = mtr_dict_code(loader->zones, name, length, true);
	if (loader->zone_map.used == code * MTR_WEEK_SLOTS * sizeof(int16))
		make_zone_map(loader, cstring_to_text_with_len(name, length), id);
	return MTR_ITEMS(int16, loader->zone_map) + code * MTR_WEEK_SLOTS;
}

/* Read {"day": 1-7, "from": "HH:MM", "to": "HH:MM"}. */
static bool
read_interval(const JsonbValue *entry, int *day, int *from, int *to)
{
	JsonbContainer *object = entry->val.binary.data;
	JsonbValue	buffer;
	JsonbValue *value;
	Datum		number;

	if (entry->type != jbvBinary || !JsonContainerIsObject(object))
		return false;
	value = getKeyJsonValueFromContainer(object, "day", 3, &buffer);
	if (value == NULL || !mtr_json_is_whole(value, 1, 7))
		return false;
	number = NumericGetDatum(value->val.numeric);
	*day = DatumGetInt32(DirectFunctionCall1(numeric_int4, number));
	value = getKeyJsonValueFromContainer(object, "from", 4, &buffer);
	*from = value != NULL ? mtr_clock_minutes(value) : -1;
	value = getKeyJsonValueFromContainer(object, "to", 2, &buffer);
	*to = value != NULL ? mtr_clock_minutes(value) : -1;
	return *from >= 0 && *to > *from;
}

void
mtr_week_add(MtrLoader *loader, MtrCompile *c, int side, int64 id)
{
	const Size	size = MTR_WEEK_WORDS * sizeof(uint64);
	JsonbValue *value = &loader->value[c->side[side].key];
	uint64	   *week = mtr_buffer_add(loader, &c->side[side].item, size);
	JsonbContainer *array = value->val.binary.data;
	const int16 *map;

	memset(week, 0, size);
	if (value->type == jbvNull)
		return;
	if (value->type != jbvBinary || !JsonContainerIsArray(array))
		mtr_value_refuse(loader, c->info->name, c->side[side].key, id,
						 EXPECTED);
	map = zone_map(loader, c, id);
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		int			day = 0,
					from = 0,
					to = 0;

		if (!read_interval(getIthJsonbValueFromContainer(array, i), &day,
						   &from, &to))
			mtr_value_refuse(loader, c->info->name, c->side[side].key, id,
							 EXPECTED);
		for (int s = (from + SLOT_MINUTES - 1) / SLOT_MINUTES;
			 s < to / SLOT_MINUTES; s++)
		{
			int			slot = map[(day - 1) * DAY_SLOTS + s];

			week[slot / 64] |= UINT64CONST(1) << (slot % 64);
		}
	}
}

void
mtr_week_finish(MtrCompile *c)
{
	MtrAvailability *out = &c->out->u.availability;

	out->mentee = MTR_ITEMS(uint64, c->side[MTR_MENTEE].item);
	out->mentor = MTR_ITEMS(uint64, c->side[MTR_MENTOR].item);
}
