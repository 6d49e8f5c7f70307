/*
 * xapi_text_fuzz.c
 *	  the texts of xAPI statements: xapi_text.h word for word
 *
 * The bytes are the text.  Each function reads a copy of its own size; what is
 * taken must have a value in range, be taken again in other words that say the
 * same, and no longer be taken with a zero byte at its end.
 *
 * Build: xapi_text_fuzz.c with poll.c and the kernels
 */
#include "fuzz.h"
#include "xapi_text.h"

/* Years 0 to 9999, and what offsets add */
#define MIN_TIME INT64_C(-62167305600000000)
#define MAX_TIME INT64_C(253402387200000000)

/* The same with a zero byte behind, which is in no text. */
static char *
copy_text(const uint8_t *data, size_t size, size_t more)
{
	char	   *copy = take_memory((int64_t) (size + more), 1);

	memcpy(copy, data, size);
	memset(copy + size, 0, more);
	return copy;
}

static void
claim_uuid(const char *text, size_t size)
{
	char		uuid[MTR_UUID_SIZE],
				again[MTR_UUID_SIZE];

	if (!mtr_xapi_uuid(text, size, uuid))
		return;
	CLAIM(size == MTR_UUID_SIZE - 1 && strlen(uuid) == size);
	CLAIM(mtr_xapi_uuid(uuid, size, again) && strcmp(uuid, again) == 0);
}

/* Seconds later is so much later, but for the leap second. */
static void
claim_timestamp(const char *text, size_t size)
{
	int64_t		usec,
				later;
	char	   *copy;

	if (!mtr_xapi_timestamp(text, size, &usec))
		return;
	CLAIM(size >= 20 && usec >= MIN_TIME && usec <= MAX_TIME);
	copy = copy_text((const uint8_t *) text, size, 0);
	if (copy[17] == '6')
		memcpy(copy + 17, "59", 2);
	CLAIM(mtr_xapi_timestamp(copy, size, &usec));
	memcpy(copy + 17, "00", 2);
	CLAIM(mtr_xapi_timestamp(copy, size, &later));
	CLAIM((usec - later) % 1000000 == 0 && usec - later >= 0 &&
		  usec - later < INT64_C(60000000));
	copy[10] = 't';
	CLAIM(mtr_xapi_timestamp(copy, size, &usec) && usec == later);
	free(copy);
}

/* A zero before a number says nothing. */
static void
claim_duration(const char *text, size_t size)
{
	int64_t		usec,
				again;
	char	   *copy;
	size_t		at = 1;

	if (!mtr_xapi_duration(text, size, &usec))
		return;
	CLAIM(size >= 3 && usec >= 0 && usec <= MTR_MAX_DURATION);
	copy = take_memory((int64_t) size + 1, 1);
	if (text[at] == 'T')
		at++;
	memcpy(copy, text, at);
	copy[at] = '0';
	memcpy(copy + at + 1, text +at, size - at);
	CLAIM(mtr_xapi_duration(copy, size + 1, &again) && again == usec);
	free(copy);
}

/* More of a path, a longer label */
static void
claim_more(const char *text, size_t size)
{
	char	   *copy = copy_text((const uint8_t *) text, size, 1);
	size_t		address;

	copy[size] = 'a';
	if (mtr_xapi_iri(text, size))
		CLAIM(mtr_xapi_iri(copy, size + 1));
	if (mtr_xapi_mailto(text, size, &address))
	{
		CLAIM(address == 7 && memchr(text +address, '@', size - address));
	}
	if (mtr_xapi_hex(text, size, size) && size > 0)
		CLAIM(mtr_xapi_hex(copy, size + 1, size + 1));
	free(copy);
}

/* With a zero byte none is what it was. */
static void
claim_zero(const uint8_t *data, size_t size)
{
	char	   *copy = copy_text(data, size, 1);
	char		uuid[MTR_UUID_SIZE];
	int64_t		usec;
	size_t		address;

	CLAIM(!mtr_xapi_uuid(copy, size + 1, uuid));
	CLAIM(!mtr_xapi_timestamp(copy, size + 1, &usec));
	CLAIM(!mtr_xapi_duration(copy, size + 1, &usec));
	CLAIM(!mtr_xapi_iri(copy, size + 1));
	CLAIM(!mtr_xapi_mailto(copy, size + 1, &address));
	CLAIM(!mtr_xapi_language(copy, size + 1));
	CLAIM(!mtr_xapi_version(copy, size + 1));
	CLAIM(!mtr_xapi_hex(copy, size + 1, size + 1));
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = copy_text(data, size, 0);

	claim_uuid(text, size);
	claim_timestamp(text, size);
	claim_duration(text, size);
	claim_more(text, size);
	(void) mtr_xapi_language(text, size);
	(void) mtr_xapi_version(text, size);
	free(text);
	claim_zero(data, size);
	return 0;
}
