/*
 * xapi_check.h
 *	  what the checks of a statement of xAPI share
 */
#ifndef MTR_XAPI_CHECK_H
#define MTR_XAPI_CHECK_H

#include "postgres.h"

#include "xapi.h"

/* The check under way. */
typedef struct MtrXapiCheck
{
	char	   *error;
} MtrXapiCheck;

/* Where a value stands, to be told: linked from inside out. */
typedef struct MtrXapiPlace
{
	const struct MtrXapiPlace *outer;
	const char *name;
	int			number;			/* in an array; 0: by name */
} MtrXapiPlace;

/* True, or what is wrong is in check->error. */
typedef bool (*MtrXapiCheckFunction) (MtrXapiCheck *check,
									  const MtrXapiPlace *place,
									  const JsonbValue *value);

/* A key an object may have. */
typedef struct MtrXapiField
{
	const char *name;
	bool		is_needed;
	MtrXapiCheckFunction function;
} MtrXapiField;

/* Tell what is wrong with the value there; always false. */
extern bool mtr_xapi_wrong(MtrXapiCheck *check, const MtrXapiPlace *place,
						   const char *what);

extern bool mtr_xapi_is_object(const JsonbValue *value);
extern bool mtr_xapi_is_array(const JsonbValue *value);

/* An object of these keys. */
extern bool mtr_xapi_check_object(MtrXapiCheck *check,
								  const MtrXapiPlace *place,
								  const JsonbValue *value,
								  const MtrXapiField *fields, int n);

#define CHECK_OBJECT(check, place, value, fields) \
	mtr_xapi_check_object(check, place, value, fields, lengthof(fields))

/* An array, each of its values by the function. */
extern bool mtr_xapi_check_array(MtrXapiCheck *check,
								 const MtrXapiPlace *outer,
								 const JsonbValue *value,
								 MtrXapiCheckFunction function);

/* Values by their grammar (kernel/xapi_text.h). */
#define DECLARE_CHECK(name) \
	extern bool name(MtrXapiCheck *check, const MtrXapiPlace *place, \
					 const JsonbValue *value)

DECLARE_CHECK(mtr_xapi_check_text);
DECLARE_CHECK(mtr_xapi_check_boolean);
DECLARE_CHECK(mtr_xapi_check_number);
DECLARE_CHECK(mtr_xapi_check_length);
DECLARE_CHECK(mtr_xapi_check_uuid);
DECLARE_CHECK(mtr_xapi_check_iri);
DECLARE_CHECK(mtr_xapi_check_timestamp);
DECLARE_CHECK(mtr_xapi_check_duration);
DECLARE_CHECK(mtr_xapi_check_version);
DECLARE_CHECK(mtr_xapi_check_sha1sum);
DECLARE_CHECK(mtr_xapi_check_sha2);
DECLARE_CHECK(mtr_xapi_check_mbox);
DECLARE_CHECK(mtr_xapi_check_language);
DECLARE_CHECK(mtr_xapi_check_language_map);
DECLARE_CHECK(mtr_xapi_check_extensions);

#undef DECLARE_CHECK

#endif							/* MTR_XAPI_CHECK_H */
