/*
 * sync_zone.c
 *	  time zones as learning management systems spell them
 *
 * Canvas keeps the names of Ruby on Rails, old Moodle sites hours from
 * Greenwich; PostgreSQL takes the former for unknown and the latter for POSIX
 * rules of the opposite sign.  Both become IANA names; of fractions of an hour
 * only those that are somebody's time have one.
 */
#include "postgres.h"

#include "pgtime.h"

#include "sync.h"

typedef struct ZoneName
{
	const char *name;
	const char *iana;
} ZoneName;

/* ActiveSupport::TimeZone, sorted by name in ASCII. */
static const ZoneName rails_zone[] = {
	{"Abu Dhabi", "Asia/Muscat"},
	{"Adelaide", "Australia/Adelaide"},
	{"Alaska", "America/Juneau"},
	{"Almaty", "Asia/Almaty"},
	{"American Samoa", "Pacific/Pago_Pago"},
	{"Amsterdam", "Europe/Amsterdam"},
	{"Arizona", "America/Phoenix"},
	{"Astana", "Asia/Almaty"},
	{"Asuncion", "America/Asuncion"},
	{"Athens", "Europe/Athens"},
	{"Atlantic Time (Canada)", "America/Halifax"},
	{"Auckland", "Pacific/Auckland"},
	{"Azores", "Atlantic/Azores"},
	{"Baghdad", "Asia/Baghdad"},
	{"Baku", "Asia/Baku"},
	{"Bangkok", "Asia/Bangkok"},
	{"Beijing", "Asia/Shanghai"},
	{"Belgrade", "Europe/Belgrade"},
	{"Berlin", "Europe/Berlin"},
	{"Bern", "Europe/Zurich"},
	{"Bogota", "America/Bogota"},
	{"Brasilia", "America/Sao_Paulo"},
	{"Bratislava", "Europe/Bratislava"},
	{"Brisbane", "Australia/Brisbane"},
	{"Brussels", "Europe/Brussels"},
	{"Bucharest", "Europe/Bucharest"},
	{"Budapest", "Europe/Budapest"},
	{"Buenos Aires", "America/Argentina/Buenos_Aires"},
	{"Cairo", "Africa/Cairo"},
	{"Canberra", "Australia/Canberra"},
	{"Cape Verde Is.", "Atlantic/Cape_Verde"},
	{"Caracas", "America/Caracas"},
	{"Casablanca", "Africa/Casablanca"},
	{"Central America", "America/Guatemala"},
	{"Central Time (US & Canada)", "America/Chicago"},
	{"Chatham Is.", "Pacific/Chatham"},
	{"Chennai", "Asia/Kolkata"},
	{"Chihuahua", "America/Chihuahua"},
	{"Chongqing", "Asia/Shanghai"},
	{"Copenhagen", "Europe/Copenhagen"},
	{"Darwin", "Australia/Darwin"},
	{"Dhaka", "Asia/Dhaka"},
	{"Dublin", "Europe/Dublin"},
	{"Eastern Time (US & Canada)", "America/New_York"},
	{"Edinburgh", "Europe/London"},
	{"Ekaterinburg", "Asia/Yekaterinburg"},
	{"Fiji", "Pacific/Fiji"},
	{"Georgetown", "America/Guyana"},
	{"Greenland", "America/Nuuk"},
	{"Guadalajara", "America/Mexico_City"},
	{"Guam", "Pacific/Guam"},
	{"Hanoi", "Asia/Bangkok"},
	{"Harare", "Africa/Harare"},
	{"Hawaii", "Pacific/Honolulu"},
	{"Helsinki", "Europe/Helsinki"},
	{"Hobart", "Australia/Hobart"},
	{"Hong Kong", "Asia/Hong_Kong"},
	{"Indiana (East)", "America/Indiana/Indianapolis"},
	{"International Date Line West", "Etc/GMT+12"},
	{"Irkutsk", "Asia/Irkutsk"},
	{"Islamabad", "Asia/Karachi"},
	{"Istanbul", "Europe/Istanbul"},
	{"Jakarta", "Asia/Jakarta"},
	{"Jerusalem", "Asia/Jerusalem"},
	{"Kabul", "Asia/Kabul"},
	{"Kaliningrad", "Europe/Kaliningrad"},
	{"Kamchatka", "Asia/Kamchatka"},
	{"Karachi", "Asia/Karachi"},
	{"Kathmandu", "Asia/Kathmandu"},
	{"Kolkata", "Asia/Kolkata"},
	{"Krasnoyarsk", "Asia/Krasnoyarsk"},
	{"Kuala Lumpur", "Asia/Kuala_Lumpur"},
	{"Kuwait", "Asia/Kuwait"},
	{"Kyiv", "Europe/Kyiv"},
	{"La Paz", "America/La_Paz"},
	{"Lima", "America/Lima"},
	{"Lisbon", "Europe/Lisbon"},
	{"Ljubljana", "Europe/Ljubljana"},
	{"London", "Europe/London"},
	{"Madrid", "Europe/Madrid"},
	{"Magadan", "Asia/Magadan"},
	{"Marshall Is.", "Pacific/Majuro"},
	{"Mazatlan", "America/Mazatlan"},
	{"Melbourne", "Australia/Melbourne"},
	{"Mexico City", "America/Mexico_City"},
	{"Mid-Atlantic", "Atlantic/South_Georgia"},
	{"Midway Island", "Pacific/Midway"},
	{"Minsk", "Europe/Minsk"},
	{"Monrovia", "Africa/Monrovia"},
	{"Monterrey", "America/Monterrey"},
	{"Montevideo", "America/Montevideo"},
	{"Moscow", "Europe/Moscow"},
	{"Mountain Time (US & Canada)", "America/Denver"},
	{"Mumbai", "Asia/Kolkata"},
	{"Muscat", "Asia/Muscat"},
	{"Nairobi", "Africa/Nairobi"},
	{"New Caledonia", "Pacific/Noumea"},
	{"New Delhi", "Asia/Kolkata"},
	{"Newfoundland", "America/St_Johns"},
	{"Novosibirsk", "Asia/Novosibirsk"},
	{"Nuku'alofa", "Pacific/Tongatapu"},
	{"Osaka", "Asia/Tokyo"},
	{"Pacific Time (US & Canada)", "America/Los_Angeles"},
	{"Paris", "Europe/Paris"},
	{"Perth", "Australia/Perth"},
	{"Port Moresby", "Pacific/Port_Moresby"},
	{"Prague", "Europe/Prague"},
	{"Pretoria", "Africa/Johannesburg"},
	{"Puerto Rico", "America/Puerto_Rico"},
	{"Quito", "America/Lima"},
	{"Rangoon", "Asia/Yangon"},
	{"Riga", "Europe/Riga"},
	{"Riyadh", "Asia/Riyadh"},
	{"Rome", "Europe/Rome"},
	{"Samara", "Europe/Samara"},
	{"Samoa", "Pacific/Apia"},
	{"Santiago", "America/Santiago"},
	{"Sapporo", "Asia/Tokyo"},
	{"Sarajevo", "Europe/Sarajevo"},
	{"Saskatchewan", "America/Regina"},
	{"Seoul", "Asia/Seoul"},
	{"Singapore", "Asia/Singapore"},
	{"Skopje", "Europe/Skopje"},
	{"Sofia", "Europe/Sofia"},
	{"Solomon Is.", "Pacific/Guadalcanal"},
	{"Srednekolymsk", "Asia/Srednekolymsk"},
	{"Sri Jayawardenepura", "Asia/Colombo"},
	{"St. Petersburg", "Europe/Moscow"},
	{"Stockholm", "Europe/Stockholm"},
	{"Sydney", "Australia/Sydney"},
	{"Taipei", "Asia/Taipei"},
	{"Tallinn", "Europe/Tallinn"},
	{"Tashkent", "Asia/Tashkent"},
	{"Tbilisi", "Asia/Tbilisi"},
	{"Tehran", "Asia/Tehran"},
	{"Tijuana", "America/Tijuana"},
	{"Tokelau Is.", "Pacific/Fakaofo"},
	{"Tokyo", "Asia/Tokyo"},
	{"Ulaanbaatar", "Asia/Ulaanbaatar"},
	{"Urumqi", "Asia/Urumqi"},
	{"Vienna", "Europe/Vienna"},
	{"Vilnius", "Europe/Vilnius"},
	{"Vladivostok", "Asia/Vladivostok"},
	{"Volgograd", "Europe/Volgograd"},
	{"Warsaw", "Europe/Warsaw"},
	{"Wellington", "Pacific/Auckland"},
	{"West Central Africa", "Africa/Algiers"},
	{"Yakutsk", "Asia/Yakutsk"},
	{"Yerevan", "Asia/Yerevan"},
	{"Zagreb", "Europe/Zagreb"},
	{"Zurich", "Europe/Zurich"}
};

/* Names that are newer than some servers' time zone data. */
static const ZoneName former_zone[] = {
	{"America/Godthab", "America/Nuuk"},
	{"Asia/Rangoon", "Asia/Yangon"},
	{"Europe/Kiev", "Europe/Kyiv"}
};

/* Minutes from Greenwich that are no whole hours. */
static const struct
{
	int			minutes;
	const char *iana;
}			odd_offset[] = {
	{-570, "Pacific/Marquesas"},
	{-210, "America/St_Johns"},
	{210, "Asia/Tehran"},
	{270, "Asia/Kabul"},
	{330, "Asia/Kolkata"},
	{345, "Asia/Kathmandu"},
	{390, "Asia/Yangon"},
	{525, "Australia/Eucla"},
	{570, "Australia/Darwin"},
	{630, "Australia/Lord_Howe"},
	{765, "Pacific/Chatham"}
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const ZoneName *) a)->name, ((const ZoneName *) b)->name);
}

/* "5", "-3.5", "+05:45" as minutes; false for anything else. */
static bool
read_offset(const char *name, int *minutes)
{
	const char *s = name;
	int			sign = *s == '-' ? -1 : 1;
	int			part;
	char	   *end;

	if (*s == '-' || *s == '+')
		s++;
	if (!isdigit((unsigned char) *s) || strlen(s) > 6)
		return false;
	*minutes = 60 * (int) strtol(s, &end, 10);
	if (*end == ':' && strlen(end) == 3 && isdigit((unsigned char) end[1]) &&
		isdigit((unsigned char) end[2]))
	{
		part = atoi(end + 1);
		if (part > 59)
			return false;
		*minutes += part;
	}
	else if (*end == '.')
	{
		part = strspn(end + 1, "0123456789");
		if (part == 0 || end[1 + part] != '\0')
			return false;
		*minutes += (int) (strtod(end, NULL) * 60 + 0.5);
	}
	else if (*end != '\0')
		return false;
	*minutes *= sign;
	return true;
}

/* A name with a number in it PostgreSQL may take for a POSIX rule. */
static bool
is_known(const char *name)
{
	if (strpbrk(name, "0123456789,<") != NULL &&
		pg_strncasecmp(name, "Etc/GMT", 7) != 0)
		return false;
	return strlen(name) <= TZ_STRLEN_MAX && isalpha((unsigned char) *name) &&
		pg_tzset(name) != NULL;
}

/* What this server calls a zone. */
static const char *
known_name(const char *iana)
{
	if (is_known(iana))
		return iana;
	for (int i = 0; i < lengthof(former_zone); i++)
		if (strcmp(former_zone[i].iana, iana) == 0 &&
			is_known(former_zone[i].name))
			return former_zone[i].name;
	return NULL;
}

/* Hours from Greenwich; names of Etc/ count the other way. */
static const char *
zone_of_offset(int minutes)
{
	for (int i = 0; i < lengthof(odd_offset); i++)
		if (odd_offset[i].minutes == minutes)
			return known_name(odd_offset[i].iana);
	if (minutes == 0)
		return "Etc/UTC";
	if (minutes % 60 != 0 || minutes < -12 * 60 || minutes > 14 * 60)
		return NULL;
	return psprintf("Etc/GMT%c%d", minutes > 0 ? '-' : '+',
					abs(minutes) / 60);
}

const char *
mtr_sync_zone(const char *name)
{
	ZoneName	key = {name, NULL};
	const ZoneName *found;
	int			minutes;

	if (read_offset(name, &minutes))
		return zone_of_offset(minutes);
	found = bsearch(&key, rails_zone, lengthof(rails_zone), sizeof(ZoneName),
					compare_names);
	if (found != NULL)
		return known_name(found->iana);
	return is_known(name) ? name : NULL;
}
