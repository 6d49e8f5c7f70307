/*
 * xapi_text.h
 *	  the texts of xAPI statements: what each must look like, and its value
 *
 * Every function takes bytes and their number, reads no byte more, and says
 * whether the text is of its grammar; a value is set only then.  Bytes of 0x80
 * and more are parts of characters beyond ASCII, whatever the encoding.
 */
#ifndef MTR_XAPI_TEXT_H
#define MTR_XAPI_TEXT_H

#include "kernel.h"

/* Bytes of a UUID with its final zero */
#define MTR_UUID_SIZE 37

/* A duration that is longer counts as this many microseconds: 3,000 years */
#define MTR_MAX_DURATION INT64_C(94670856000000000)

/* A UUID (RFC 4122), of any version; copied in lower case. */
extern bool mtr_xapi_uuid(const char *string, size_t length,
						  char uuid[MTR_UUID_SIZE]);

/*
 * A timestamp (RFC 3339), in microseconds since 1970-01-01 00:00 UTC, what is
 * finer cut off.  xAPI forbids the offset -00:00.  A leap second, which is the
 * 61st of the last minute of a day in UTC, is the first of the next day.
 */
extern bool mtr_xapi_timestamp(const char *string, size_t length, int64_t *usec);

/*
 * A duration (ISO 8601), in microseconds, what is finer cut off: P1Y2M3DT4H5M6S
 * with any of these left out but not all, or P7W.  The last number may have a
 * fraction, after a point.  A year is 365.25 days, a month is 30.
 */
extern bool mtr_xapi_duration(const char *string, size_t length, int64_t *usec);

/* An absolute IRI (RFC 3987). */
extern bool mtr_xapi_iri(const char *string, size_t length);

/* A mailto IRI of one address without headers; *address is where it begins. */
extern bool mtr_xapi_mailto(const char *string, size_t length, size_t *address);

/* A language tag by its shape (RFC 5646). */
extern bool mtr_xapi_language(const char *string, size_t length);

/* Hexadecimal digits, so many. */
extern bool mtr_xapi_hex(const char *string, size_t length, size_t digits);

/* A version of xAPI that this is: 1.0, 1.0.n, 2.0 or 2.0.n. */
extern bool mtr_xapi_version(const char *string, size_t length);

#endif							/* MTR_XAPI_TEXT_H */
