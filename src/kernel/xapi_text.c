/*
 * xapi_text.c
 *	  the texts of xAPI statements: what each must look like, and its value
 *
 * Problem: what a statement says when, how long and by whom arrives as text
 * from elsewhere.  Casts of the server take more than the standards do ("now",
 * "1 hour", "PT-5M") and raise errors at some of what they allow, so each text
 * is read by its grammar alone.
 *
 * Method: one pass from left to right, no backtracking, no recursion; O(length)
 * each.  Numbers of a duration saturate at MTR_MAX_DURATION.
 *
 * Limits: characters beyond ASCII are taken as they are; an IRI's parts are not
 * checked against its scheme's own rules but for http and https, which need a
 * host; an address is of the plain form local@domain, not a quoted one.
 *
 * Sources: Experience API 1.0.3, part two, and IEEE 9274.1.1 (xAPI 2.0); RFC
 * 3339, 3987, 4122, 5321, 5646, 6068; ISO 8601:2004, 4.4.3.2.
 */
#include <string.h>

#include "xapi_text.h"

#define USEC_PER_SEC INT64_C(1000000)

/* A text being read. */
typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_beyond_ascii(char c)
{
	return (unsigned char) c >= 0x80;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* Not of the set; a zero byte is in no set. */
static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
take(Reader *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

/* A number of so many digits; -1 when it isn't there. */
static int
take_digits(Reader *in, int n)
{
	int			value = 0;

	if (in->end - in->at < n)
		return -1;
	for (int i = 0; i < n; i++)
	{
		if (!is_digit(in->at[i]))
			return -1;
		value = value * 10 + (in->at[i] - '0');
	}
	in->at += n;
	return value;
}

/* Digits behind a point, as billionths; false when there are none. */
static bool
take_fraction(Reader *in, int64_t *billionths)
{
	int64_t		unit = 100000000;

	*billionths = 0;
	if (in->at == in->end || !is_digit(*in->at))
		return false;
	for (; in->at < in->end && is_digit(*in->at); in->at++)
	{
		*billionths += unit * (*in->at - '0');
		unit /= 10;
	}
	return true;
}

bool
mtr_xapi_hex(const char *string, size_t length, size_t digits)
{
	if (length != digits)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_hex(string[i]))
			return false;
	return true;
}

bool
mtr_xapi_uuid(const char *string, size_t length, char uuid[MTR_UUID_SIZE])
{
	if (length != MTR_UUID_SIZE - 1)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		bool		is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? string[i] != '-' : !is_hex(string[i]))
			return false;
	}
	for (size_t i = 0; i < length; i++)
		uuid[i] = lower(string[i]);
	uuid[length] = '\0';
	return true;
}

/*
 * Timestamps
 */

static bool
is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01; years begin in March, so that the leap day is last. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t		y = year - (month <= 2) + 400;	/* never negative */
	int64_t		m = month + (month > 2 ? -3 : 9);

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
		719468 - 146097;
}

/* YYYY-MM-DD */
static bool
take_date(Reader *in, int64_t *days)
{
	int			year = take_digits(in, 4);
	int			month = year >= 0 && take(in, '-') ? take_digits(in, 2) : -1;
	int			day = month >= 0 && take(in, '-') ? take_digits(in, 2) : -1;

	if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
		return false;
	*days = days_since_1970(year, month, day);
	return true;
}

/* HH:MM */
static bool
take_clock(Reader *in, int *minutes)
{
	int			hour = take_digits(in, 2);
	int			minute = hour >= 0 && take(in, ':') ? take_digits(in, 2) : -1;

	if (hour > 23 || minute < 0 || minute > 59)
		return false;
	*minutes = hour * 60 + minute;
	return true;
}

/* Z, +HH:MM or -HH:MM, in minutes */
static bool
take_offset(Reader *in, int *minutes)
{
	bool		is_minus;

	*minutes = 0;
	if (take(in, 'Z') || take(in, 'z'))
		return true;
	is_minus = take(in, '-');
	if ((!is_minus && !take(in, '+')) || !take_clock(in, minutes))
		return false;
	if (is_minus && *minutes == 0)
		return false;			/* that nobody knows where it was */
	*minutes = is_minus ? -*minutes : *minutes;
	return true;
}

bool
mtr_xapi_timestamp(const char *string, size_t length, int64_t *usec)
{
	Reader		in = {string, string + length};
	int64_t		days,
				minutes,
				billionths = 0;
	int			clock,
				second,
				offset;

	if (!take_date(&in, &days) || (!take(&in, 'T') && !take(&in, 't')) ||
		!take_clock(&in, &clock) || !take(&in, ':'))
		return false;
	second = take_digits(&in, 2);
	if (second < 0 || second > 60 ||
		(take(&in, '.') && !take_fraction(&in, &billionths)) ||
		!take_offset(&in, &offset) || in.at != in.end)
		return false;
	minutes = days * 1440 + clock - offset;
	if (second == 60)
	{
		/* within the leap second time stands still */
		if (((minutes % 1440) + 1440) % 1440 != 1439)
			return false;
		billionths = 0;
	}
	*usec = (minutes * 60 + second) * USEC_PER_SEC + billionths / 1000;
	return true;
}

/*
 * Durations
 */

/* A number and what it counts. */
typedef struct Amount
{
	int64_t		whole;			/* at most MTR_MAX_DURATION */
	int64_t		billionths;
	bool		has_fraction;
	char		unit;
} Amount;

static bool
take_amount(Reader *in, Amount *amount)
{
	amount->whole = 0;
	amount->billionths = 0;
	if (in->at == in->end || !is_digit(*in->at))
		return false;
	for (; in->at < in->end && is_digit(*in->at); in->at++)
		if (amount->whole < MTR_MAX_DURATION / 10)
			amount->whole = amount->whole * 10 + (*in->at - '0');
		else
			amount->whole = MTR_MAX_DURATION;
	amount->has_fraction = take(in, '.');
	if (amount->has_fraction && !take_fraction(in, &amount->billionths))
		return false;
	if (in->at == in->end)
		return false;
	amount->unit = *in->at++;
	return true;
}

/* Add so many seconds an amount, as far as there is room. */
static void
add_amount(int64_t *usec, const Amount *amount, int64_t seconds)
{
	int64_t		room = MTR_MAX_DURATION - *usec;
	int64_t		part = amount->billionths * seconds / 1000;

	if (amount->whole > room / (seconds * USEC_PER_SEC))
		*usec = MTR_MAX_DURATION;
	else
	{
		*usec += amount->whole * seconds * USEC_PER_SEC;
		*usec = part > MTR_MAX_DURATION - *usec ? MTR_MAX_DURATION :
			*usec + part;
	}
}

/* Amounts in the order of their units, each at most once; at least one where
 * they are all there is. */
static bool
take_amounts(Reader *in, const char *units, const int64_t *seconds,
			 bool *is_last, int64_t *usec)
{
	const char *next = units;
	bool		has_any = false;

	while (in->at < in->end && *in->at != 'T')
	{
		Amount		amount;
		const char *unit;

		/* a fraction ends it */
		if (*is_last || !take_amount(in, &amount) || amount.unit == '\0')
			return false;
		unit = strchr(next, amount.unit);
		if (unit == NULL)
			return false;
		add_amount(usec, &amount, seconds[unit - units]);
		*is_last = amount.has_fraction;
		next = unit + 1;
		has_any = true;
	}
	return has_any;
}

bool
mtr_xapi_duration(const char *string, size_t length, int64_t *usec)
{
	static const int64_t day[] = {31557600, 2592000, 86400};
	static const int64_t week[] = {604800};
	static const int64_t time[] = {3600, 60, 1};
	Reader		in = {string, string + length};
	int64_t		sum = 0;
	bool		is_last = false;
	bool		has_days;

	if (!take(&in, 'P'))
		return false;
	if (length > 1 && string[length - 1] == 'W')
		has_days = take_amounts(&in, "W", week, &is_last, &sum) &&
			in.at == in.end;
	else
	{
		bool		starts_with_time = in.at < in.end && *in.at == 'T';

		has_days = starts_with_time ||
			take_amounts(&in, "YMD", day, &is_last, &sum);
		if (has_days && take(&in, 'T'))
			has_days = !is_last &&
				take_amounts(&in, "HMS", time, &is_last, &sum);
	}
	if (!has_days || in.at != in.end)
		return false;
	*usec = sum;
	return true;
}

/*
 * IRIs, addresses, languages
 */

/* The scheme and its colon. */
static bool
take_scheme(Reader *in, Reader *scheme)
{
	scheme->at = in->at;
	if (in->at == in->end || !is_alpha(*in->at))
		return false;
	while (in->at < in->end &&
		   (is_alpha(*in->at) || is_digit(*in->at) ||
			is_one_of(*in->at, "+-.")))
		in->at++;
	scheme->end = in->at;
	return take(in, ':');
}

static bool
is_word(const Reader *part, const char *word)
{
	size_t		length = strlen(word);

	if ((size_t) (part->end - part->at) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (lower(part->at[i]) != word[i])
			return false;
	return true;
}

/* Characters an IRI may have, %HH for one; brackets only where they may be. */
static bool
take_iri_char(Reader *in, bool brackets)
{
	char		c = *in->at;

	if (c == '%')
	{
		if (in->end - in->at < 3 || !is_hex(in->at[1]) || !is_hex(in->at[2]))
			return false;
		in->at += 3;
		return true;
	}
	if (!is_alpha(c) && !is_digit(c) && !is_beyond_ascii(c) &&
		!is_one_of(c, "-._~:/?@!$&'()*+,;=") &&
		!(brackets && is_one_of(c, "[]")))
		return false;
	in->at++;
	return true;
}

/* What follows "//"; empty only where nothing asks for a host. */
static bool
take_authority(Reader *in, bool needs_host)
{
	const char *start = in->at;

	while (in->at < in->end && !is_one_of(*in->at, "/?#"))
		if (!take_iri_char(in, true))
			return false;
	return in->at > start || !needs_host;
}

bool
mtr_xapi_iri(const char *string, size_t length)
{
	Reader		in = {string, string + length};
	Reader		scheme;
	bool		needs_host;

	if (!take_scheme(&in, &scheme) || in.at == in.end)
		return false;
	needs_host = is_word(&scheme, "http") || is_word(&scheme, "https");
	if (in.end - in.at >= 2 && in.at[0] == '/' && in.at[1] == '/')
	{
		in.at += 2;
		if (!take_authority(&in, needs_host))
			return false;
	}
	else if (needs_host)
		return false;
	while (in.at < in.end && *in.at != '#')
		if (!take_iri_char(&in, false))
			return false;
	if (take(&in, '#'))
		while (in.at < in.end)
			if (!take_iri_char(&in, false))
				return false;
	return in.at == in.end;
}

/* Words with dots between. */
static bool
is_dotted(Reader part, bool is_domain)
{
	const char *word = part.at;

	if (part.at == part.end)
		return false;
	for (const char *c = part.at;; c++)
	{
		if (c == part.end || *c == '.')
		{
			if (c == word || (is_domain && (c - word > 63 || *word == '-' ||
											c[-1] == '-')))
				return false;
			if (c == part.end)
				return true;
			word = c + 1;
		}
		else if (!is_alpha(*c) && !is_digit(*c) && !is_beyond_ascii(*c) &&
				 !is_one_of(*c, is_domain ? "-" : "!#$%&'*+-/=?^_`{|}~"))
			return false;
	}
}

bool
mtr_xapi_mailto(const char *string, size_t length, size_t *address)
{
	Reader		in = {string, string + length};
	Reader		scheme,
				local,
				domain;

	if (!take_scheme(&in, &scheme) || !is_word(&scheme, "mailto") ||
		in.end - in.at > 254)
		return false;
	local.at = in.at;
	while (in.at < in.end && *in.at != '@')
		in.at++;
	local.end = in.at;
	if (!take(&in, '@') || local.end - local.at > 64)
		return false;
	domain.at = in.at;
	domain.end = in.end;
	if (!is_dotted(local, false) || !is_dotted(domain, true))
		return false;
	*address = (size_t) (local.at - string);
	return true;
}

bool
mtr_xapi_language(const char *string, size_t length)
{
	size_t		start = 0;

	/* the first part has letters only, a lone one for x-... and i-... */
	for (size_t i = 0; i <= length; i++)
		if (i == length || string[i] == '-')
		{
			if (i == start || i - start > 8 ||
				(start == 0 && i == 1 &&
				 (i == length || !is_one_of(string[0], "xXiI"))))
				return false;
			start = i + 1;
		}
		else if (!is_alpha(string[i]) && (start == 0 || !is_digit(string[i])))
			return false;
	return length > 0;
}

bool
mtr_xapi_version(const char *string, size_t length)
{
	if (length < 3 || (string[0] != '1' && string[0] != '2') ||
		string[1] != '.' || string[2] != '0')
		return false;
	if (length == 3)
		return true;
	if (string[3] != '.' || length == 4 || length > 12)
		return false;
	for (size_t i = 4; i < length; i++)
		if (!is_digit(string[i]))
			return false;
	return true;
}
