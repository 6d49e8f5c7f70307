/*
 * programme.h
 *	  what other files need of programme.c
 */
#ifndef MTR_PROGRAMME_H
#define MTR_PROGRAMME_H

#include "postgres.h"

/* Oid of the function "schema.name"(jsonb, jsonb) that returns double
 * precision, or InvalidOid when there is none. */
extern Oid	mtr_custom_lookup(const char *name);

#endif							/* MTR_PROGRAMME_H */
