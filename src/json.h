/*
 * json.h
 *	  reading numbers, flags and texts out of jsonb
 */
#ifndef MTR_JSON_H
#define MTR_JSON_H

#include "postgres.h"

#include "utils/jsonb.h"

/* A number as double; "what" and "key" name it in the error raised when it is
 * no number (check_violation) or beyond the range of double precision. */
extern double mtr_json_double(const JsonbValue *value, const char *what,
							  const char *key);

/* Whether a value is a whole number between low and high. */
extern bool mtr_json_is_whole(const JsonbValue *value, int64 low, int64 high);

/* Entry of an object, or NULL when it is absent or JSON null, or when the
 * document is no object.  The result lies in *buffer. */
extern JsonbValue *mtr_json_get(const Jsonb *object, const char *key,
								JsonbValue *buffer);

/* A key or text as a message shows it: palloc'd, cut when it is long. */
extern char *mtr_json_label(const char *text, int length);

/* Text of a string value, palloc'd. */
extern char *mtr_json_text(const JsonbValue *value);

/* Minutes since midnight of "HH:MM" up to "24:00", or -1 (directory.c). */
extern int	mtr_clock_minutes(const JsonbValue *value);

#endif							/* MTR_JSON_H */
