/*
 * xapi.h
 *	  a statement of the Experience API (xAPI), checked and read
 */
#ifndef MTR_XAPI_H
#define MTR_XAPI_H

#include "postgres.h"

#include "kernel/xapi_text.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* hexadecimal digits of a SHA-256 and of a SHA-1, with the final zero */
#define MTR_SHA256_SIZE 65
#define MTR_SHA1_SIZE 41

/* Who did it: one identifier. */
typedef struct MtrXapiActor
{
	const char *kind;			/* account, mbox, mbox_sha1sum, openid; NULL
								 * for a group that names nobody */
	char	   *name;			/* account name, address, digest or IRI */
	char	   *home_page;		/* of an account */
} MtrXapiActor;

/* What of a statement is of use. */
typedef struct MtrXapi
{
	char	   *error;			/* why it isn't valid; NULL: it is */
	bool		has_id;
	char		id[MTR_UUID_SIZE];
	char	   *verb;
	char	   *voids;			/* id of the statement it voids */
	bool		has_time;
	int64		time;			/* microseconds since 1970 */
	int64		duration;		/* microseconds */
	char	   *grouping;		/* id of the first grouping activity */
	bool		is_group;
	List	   *actors;			/* of MtrXapiActor */
	char		digest[MTR_SHA256_SIZE];	/* of its content */
} MtrXapi;

/* Check and read one; everything is palloc'd in the current context. */
extern void mtr_xapi_read(const JsonbValue *statement, MtrXapi *result);

/* The same for what it checks (xapi_check.c) and its digest (xapi_digest.c). */
extern void mtr_xapi_check(const JsonbValue *statement, MtrXapi *result);
extern void mtr_xapi_digest(const JsonbValue *statement,
							char digest[MTR_SHA256_SIZE]);

/* Digests as hexadecimal digits. */
extern void mtr_xapi_sha1(const char *data, size_t length,
						  char digest[MTR_SHA1_SIZE]);

/* The value of a key, or NULL; objects only. */
extern JsonbValue *mtr_xapi_get(const JsonbValue *object, const char *key,
								JsonbValue *buffer);

/* Whether a value is this text. */
extern bool mtr_xapi_is(const JsonbValue *value, const char *text);

#endif							/* MTR_XAPI_H */
