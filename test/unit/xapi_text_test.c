/*
 * xapi_text_test.c
 *	  the texts of xAPI statements against regular expressions and the calendar
 *	  of the C library
 *
 * Texts are put together from pieces that belong there and some that don't,
 * then now and then a byte is changed, left out or put in.  Each is in memory
 * of its own size, so that the sanitizer sees a byte too many.
 *
 * Build: xapi_text_test.c poll.c xapi_text.c
 */
#define _GNU_SOURCE
#include <math.h>
#include <regex.h>
#include <string.h>
#include <time.h>

#include "xapi_text.h"

#define RANDOM_SEED 61
#include "tap.h"

#define CASES 30000
#define MAX_TEXT 400

/* A text and how long it is. */
typedef struct Text
{
	char		chars[MAX_TEXT];
	size_t		length;
} Text;

/* What a kind of text is made of: pieces, with "|" between. */
typedef struct Grammar
{
	const char *name;
	const char *pieces;
	int			most;			/* pieces in a text */
	const char *start;
	const char *expression;		/* NULL: the check says it */
	bool		(*check) (const char *sample);	/* beyond it */
	bool		(*kernel) (const char *sample, size_t length, int64_t *value);
	bool		(*value) (const char *sample, int64_t value);
} Grammar;


static void
add(Text *sample, const char *piece, size_t length)
{
	if (sample->length + length >= MAX_TEXT - 2)
		return;
	memcpy(sample->chars + sample->length, piece, length);
	sample->length += length;
	sample->chars[sample->length] = '\0';
}

/* One of the pieces */
static void
add_piece(Text *sample, const char *pieces)
{
	int			n = 1;
	const char *piece = pieces;

	for (const char *c = pieces; *c; c++)
		n += *c == '|';
	for (int i = (int) rnd((uint32_t) n); i > 0; piece++)
		i -= *piece == '|';
	add(sample, piece, strcspn(piece, "|"));
}

/* A byte is another one, is gone or is new; never zero. */
static void
spoil(Text *sample)
{
	static const char bytes[] = "0159aAzZfGTPMWSYDH:-+./@#%[] \"<\\^\x80\xff\x01\x7f";
	size_t		at = rnd((uint32_t) sample->length + 1);
	char		byte = bytes[rnd(sizeof(bytes) - 1)];

	switch (rnd(3))
	{
		case 0:
			if (at < sample->length)
				sample->chars[at] = byte;
			break;
		case 1:
			if (at < sample->length)
				memmove(sample->chars + at, sample->chars + at + 1,
						sample->length-- - at);
			break;
		default:
			memmove(sample->chars + at + 1, sample->chars + at,
					sample->length++ - at + 1);
			sample->chars[at] = byte;
	}
}

/*
 * Timestamps and durations, otherwise
 */

static bool
read_time(const char *sample, int64_t *usec)
{
	struct tm	tm = {0},
				back;
	int			year,
				month,
				used,
				hours = 0,
				minutes = 0;
	char		sign;
	time_t		seconds;
	int64_t		fraction = 0;
	int			second;

	(void) sscanf(sample, "%4d-%2d-%2d%*c%2d:%2d:%2d%n", &year, &month,
				  &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used);
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	second = tm.tm_sec;
	back = tm;
	if (second == 60)
		back.tm_sec = 59;
	tm.tm_sec = back.tm_sec;
	seconds = timegm(&back);
	if (second > 60 || back.tm_mday != tm.tm_mday ||
		back.tm_mon != tm.tm_mon || back.tm_hour != tm.tm_hour ||
		back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return false;
	sample += used;
	if (*sample == '.')
	{
		fraction = (int64_t) floorl(strtold(sample, NULL) * 1000000 + 1e-9L);
		sample += 1 + strspn(sample + 1, "0123456789");
	}
	sign = *sample;
	if (sign != 'Z' && sign != 'z')
	{
		(void) sscanf(sample + 1, "%2d:%2d", &hours, &minutes);
		if (hours > 23 || minutes > 59 ||
			(sign == '-' && hours == 0 && minutes == 0))
			return false;
		seconds += (sign == '-' ? 1 : -1) * (hours * 3600 + minutes * 60);
	}
	if (second == 60)
	{
		/* it comes after 23:59:59 in Greenwich */
		(void) gmtime_r(&seconds, &back);
		if (back.tm_hour != 23 || back.tm_min != 59)
			return false;
		seconds++;
		fraction = 0;
	}
	*usec = (int64_t) seconds * 1000000 + fraction;
	return true;
}

static bool
check_time(const char *sample)
{
	int64_t		usec;

	return read_time(sample, &usec);
}

static bool
value_time(const char *sample, int64_t value)
{
	int64_t		usec;

	return read_time(sample, &usec) && usec == value;
}

/* Something is there, also behind a T; only the last number has a point. */
static bool
check_duration(const char *sample)
{
	const char *point = strchr(sample, '.');

	if (strchr("PT", sample[strlen(sample) - 1]) != NULL)
		return false;
	return point == NULL ||
		strspn(point + 1, "0123456789") + 2 == strlen(point);
}

static bool
value_duration(const char *sample, int64_t value)
{
	long double sum = 0;
	bool		is_time = false;

	for (sample++; *sample; sample++)
	{
		char	   *unit;
		long double number;

		if (*sample == 'T')
		{
			is_time = true;
			continue;
		}
		number = strtold(sample, &unit);
		switch (*unit)
		{
			case 'Y':
				sum += number * 31557600;
				break;
			case 'M':
				sum += number * (is_time ? 60 : 2592000);
				break;
			case 'W':
				sum += number * 604800;
				break;
			case 'D':
				sum += number * 86400;
				break;
			case 'H':
				sum += number * 3600;
				break;
			default:
				sum += number;
		}
		sample = unit;
	}
	sum *= 1000000;
	if (sum >= MTR_MAX_DURATION)
		return value == MTR_MAX_DURATION;
	/* billionths of a year are 32 milliseconds */
	return fabsl(sum - value) <= 31558;
}

/* http and https have a host; there is something. */
static bool
check_iri(const char *sample)
{
	size_t		scheme = strcspn(sample, ":");

	if (sample[scheme + 1] == '\0')
		return false;
	if (strncasecmp(sample, "http:", 5) == 0 ||
		strncasecmp(sample, "https:", 6) == 0)
		return strncmp(sample + scheme, "://", 3) == 0 &&
			strcspn(sample + scheme + 3, "/?#") > 0;
	return true;
}

static bool
check_mailto(const char *sample)
{
	const char *at = strchr(sample, '@');

	return at - sample <= 7 + 64 && strlen(sample) <= 7 + 254;
}

static bool
value_mailto(const char *sample, int64_t value)
{
	return value == 7 && sample[6] == ':';
}

/*
 * The kernel's functions in one form
 */

static bool
run_uuid(const char *sample, size_t length, int64_t *value)
{
	char		uuid[MTR_UUID_SIZE];

	*value = 0;
	if (!mtr_xapi_uuid(sample, length, uuid))
		return false;
	for (int i = 0; i < MTR_UUID_SIZE - 1; i++)
		*value += (uuid[i] >= 'A' && uuid[i] <= 'Z') ||
			(uuid[i] | ' ') != (sample[i] | ' ');
	*value += uuid[MTR_UUID_SIZE - 1] != '\0';
	return true;
}

static bool
value_uuid(const char *sample, int64_t value)
{
	return sample != NULL && value == 0;
}

static bool
run_iri(const char *sample, size_t length, int64_t *value)
{
	*value = 0;
	return mtr_xapi_iri(sample, length);
}

static bool
run_mailto(const char *sample, size_t length, int64_t *value)
{
	size_t		address = 0;
	bool		result = mtr_xapi_mailto(sample, length, &address);

	*value = (int64_t) address;
	return result;
}

static bool
run_language(const char *sample, size_t length, int64_t *value)
{
	*value = 0;
	return mtr_xapi_language(sample, length);
}

static bool
run_version(const char *sample, size_t length, int64_t *value)
{
	*value = 0;
	return mtr_xapi_version(sample, length);
}

static bool
run_sha1(const char *sample, size_t length, int64_t *value)
{
	*value = 0;
	return mtr_xapi_hex(sample, length, 40);
}

#define PLAIN_CHAR "([A-Za-z0-9._~:/?@!$&'()*+,;=\x80-\xff-]|%[0-9A-Fa-f][0-9A-Fa-f])"
#define HOST_CHAR "([][A-Za-z0-9._~:@!$&'()*+,;=\x80-\xff-]|%[0-9A-Fa-f][0-9A-Fa-f])"
#define ATEXT "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]+"
#define LABEL "[A-Za-z0-9\x80-\xff]([A-Za-z0-9\x80-\xff-]{0,61}[A-Za-z0-9\x80-\xff])?"
#define AMOUNT "[0-9]+(\\.[0-9]+)?"

static const Grammar grammar[] = {
	{"UUIDs", "0|A|f|4|g|-|9c", 2,
		"123e4567-e89b-12d3-a456-426614174",
		"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
	NULL, run_uuid, value_uuid},
	{"timestamps", "", 0, NULL,
		"^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
	check_time, mtr_xapi_timestamp, value_time},
	{"durations", "3Y|12M|1D|T|5H|30M|2S|1.5S|0.25H|3W|0.5Y|99999999999999999999D|1M|007S|T5M|T0.001S|1,5S|4.|-|P|2y", 6,
		"P",
		"^P(" AMOUNT "W|(" AMOUNT "Y)?(" AMOUNT "M)?(" AMOUNT "D)?"
		"(T(" AMOUNT "H)?(" AMOUNT "M)?(" AMOUNT "S)?)?)$",
	check_duration, mtr_xapi_duration, value_duration},
	{"IRIs", "http://|https:|urn:|x|example.org|/a/b|?q=1|#f|%41|%4|[::1]|\xc3\xa9|:80|//|tag:a,2000:|[|@|+|mailto:|<|#", 7,
		"",
		"^[A-Za-z][A-Za-z0-9+.-]*:(//" HOST_CHAR "*([/?]" PLAIN_CHAR "*)?|"
		PLAIN_CHAR "+)?(#" PLAIN_CHAR "*)?$",
	check_iri, run_iri, NULL},
	{"addresses", "mailto:|a|b.c|@|example|.org|-|.|x_y|\xc3\xa9|1|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|o'n|?s=1|,", 9,
		"mailto:",
		"^[Mm][Aa][Ii][Ll][Tt][Oo]:" ATEXT "(\\." ATEXT ")*@" LABEL
		"(\\." LABEL ")*$",
	check_mailto, run_mailto, value_mailto},
	{"languages", "en|de|-|US|x|i|sr|-Latn|-1994|abcdefgh|i-|x-|a1|klingon", 5,
		"",
		"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*|[xXiI](-[A-Za-z0-9]{1,8})+)$",
	NULL, run_language, NULL},
	{"versions", "1|2|.|0|.0|1.0|10|3|.12345678|.123456789", 4, "",
		"^[12]\\.0(\\.[0-9]{1,8})?$",
	NULL, run_version, NULL},
	{"SHA-1", "ABCDEF01|0011|ffff|00|f|g", 3,
		"0123456789abcdef0123456789ABCDEF",
		"^[0-9a-fA-F]{40}$",
	NULL, run_sha1, NULL}
};

/* Years and days at the ends of months and of what can be written */
static void
make_time(Text *sample)
{
	static const int year[] = {0, 1, 1600, 1899, 1900, 1969, 1970, 2000, 2004,
	2023, 2024, 2100, 9999};
	char		out[100];
	int			n;

	n = snprintf(out, sizeof(out), "%04d-%02d-%02d%c%02d:%02d:%02d",
				 rnd(3) > 0 ? year[rnd(13)] : (int) rnd(10000),
				 (int) rnd(14), rnd(2) > 0 ? 28 + (int) rnd(5) :
				 (int) rnd(33), rnd(9) > 0 ? 'T' : 't',
				 rnd(2) > 0 ? 23 : (int) rnd(25),
				 rnd(2) > 0 ? 59 : (int) rnd(61),
				 rnd(2) > 0 ? (int) rnd(60) : 57 + (int) rnd(5));
	add(sample, out, (size_t) n);
	if (rnd(2) > 0)
		add_piece(sample, ".5|.123456|.999999999|.000001|.|.25");
	add_piece(sample, "Z|z|+00:00|-00:00|+01:00|-05:30|+14:00|-23:59|+24:00|+00:01| |");
}

static void
make_text(const Grammar *g, Text *sample)
{
	sample->length = 0;
	sample->chars[0] = '\0';
	if (g->start == NULL)
		make_time(sample);
	else
	{
		int			n = 1 + (int) rnd((uint32_t) g->most);

		if (rnd(8) > 0)
			add(sample, g->start, strlen(g->start));
		while (n-- > 0)
			add_piece(sample, g->pieces);
	}
	while (rnd(4) == 0)
		spoil(sample);
}

/* What the regular expression says, with what it can't. */
static bool
is_right(const Grammar *g, const regex_t * expression, const Text *sample)
{
	return regexec(expression, sample->chars, 0, NULL, 0) == 0 &&
		(g->check == NULL || g->check(sample->chars));
}

static bool
run(const Grammar *g, const Text *sample, int64_t *value)
{
	char	   *copy = get_memory(sample->length);
	bool		result;

	memcpy(copy, sample->chars, sample->length);
	result = g->kernel(copy, sample->length, value);
	free(copy);
	return result;
}

static void
test_grammar(const Grammar *g)
{
	regex_t		expression;
	int			nright = 0,
				nwrong = 0;
	bool		passed = true;
	char		what[200];

	if (regcomp(&expression, g->expression, REG_EXTENDED | REG_NOSUB) != 0)
		exit(2);
	for (int i = 0; i < CASES && passed; i++)
	{
		Text		sample;
		int64_t		value = -1;
		bool		right;

		make_text(g, &sample);
		right = is_right(g, &expression, &sample);
		nright += right;
		nwrong += !right;
		passed = run(g, &sample, &value) == right &&
			(!right || g->value == NULL || g->value(sample.chars, value));
		if (!passed)
			printf("# \"%s\" should be %s, value %lld\n", sample.chars,
				   right ? "right" : "wrong", (long long) value);
	}
	regfree(&expression);
	(void) snprintf(what, sizeof(what), "%s: %d cases, %d right", g->name,
					nright + nwrong, nright);
	/* a test that never sees both says nothing */
	report(passed && nright > CASES / 200 && nwrong > CASES / 20, what);
}

/* What others take or refuse wrongly. */
static void
test_known(void)
{
	static const char *const good[] = {
		"PT1H30M", "P3W", "PT0.5S", "P3Y1M29DT4H35M59.14S", "PT0S", "P0D"
	};
	static const char *const bad[] = {
		"", "P", "PT", "PT1S2M", "P1DT", "P1Y2W", "PT-5M", "1 hour", "5",
		"-PT1H", "PT1,5S", "pt1h", "P1.5Y2M", "PT.5S", "PT1.S", "PT1"
	};
	static const char *const no_time[] = {
		"now", "infinity", "2013-05-18", "20130518T053234Z",
		"2013-05-18T05:32:34", "2013-05-18T05:32:34-00:00",
		"2013-05-18T05:32:34,5Z", "2013-02-29T00:00:00Z",
		"2013-05-18 05:32:34Z", "2013-05-18T24:00:00Z"
	};
	bool		passed = true;
	int64_t		value;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		passed &= mtr_xapi_duration(good[i], strlen(good[i]), &value);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		passed &= !mtr_xapi_duration(bad[i], strlen(bad[i]), &value);
	report(passed, "durations that casts get wrong");
	passed = mtr_xapi_duration("PT1H30M", 7, &value) && value == 5400000000;
	passed &= mtr_xapi_duration("PT999999999999999999H", 21, &value) &&
		value == MTR_MAX_DURATION;
	passed &= mtr_xapi_duration("P1W", 3, &value) && value == 604800000000;
	report(passed, "values of durations");
	passed = true;
	for (size_t i = 0; i < sizeof(no_time) / sizeof(*no_time); i++)
		passed &= !mtr_xapi_timestamp(no_time[i], strlen(no_time[i]), &value);
	report(passed, "timestamps that casts get wrong");
	passed = mtr_xapi_timestamp("1970-01-01T00:00:00Z", 20, &value) &&
		value == 0;
	passed &= mtr_xapi_timestamp("2016-12-31T23:59:60Z", 20, &value) &&
		value == INT64_C(1483228800000000);
	passed &= mtr_xapi_timestamp("2017-01-01T00:59:60+01:00", 25, &value) &&
		value == INT64_C(1483228800000000);
	report(passed, "values of timestamps");
}

/* A zero byte belongs nowhere. */
static void
test_zero(void)
{
	bool		passed = true;
	int64_t		value;

	for (size_t i = 0; i < sizeof(grammar) / sizeof(*grammar); i++)
		for (int k = 0; k < 1000; k++)
		{
			Text		sample;

			make_text(&grammar[i], &sample);
			if (sample.length == 0)
				continue;
			sample.chars[rnd((uint32_t) sample.length)] = '\0';
			passed &= !run(&grammar[i], &sample, &value);
		}
	report(passed, "zero bytes are refused");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(grammar) / sizeof(*grammar); i++)
		test_grammar(&grammar[i]);
	test_known();
	test_zero();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
