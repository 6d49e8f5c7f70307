/*
 * access.h
 *	  acting as the owner of the extension, after one check of the caller
 *
 * Scoring and matching must see every row of a programme: under the caller's
 * own rows the scores would be silently wrong.  So a function checks the
 * caller once, switches to the owner, and switches back.  In between
 * search_path is "pg_catalog, pg_temp", so SPI texts need only name the
 * schemas of tables and of our own functions.  An error on the way needs no
 * clean-up: transaction abort restores user and settings.
 */
#ifndef MTR_ACCESS_H
#define MTR_ACCESS_H

#include "fmgr.h"

typedef struct MtrOwner
{
	Oid			saved_user;
	int			saved_context;
	int			guc_level;
} MtrOwner;

/* Become the owner of the function being called; row security does not apply
 * to tables the owner owns.  Raises insufficient_privilege when the caller
 * does not have the owner's rights.  See rights.h for those who may less. */
extern void mtr_owner_enter(FunctionCallInfo fcinfo, MtrOwner *saved);

/* The same without asking the caller: for functions that check otherwise. */
extern void mtr_owner_enter_function(Oid fnoid, MtrOwner *saved);

/* The same for the owner of something else of the extension. */
extern void mtr_owner_enter_role(Oid owner, MtrOwner *saved);

/* For a trigger: become the owner of the table, unconditionally.  search_path
 * stays (changing it would cost more than the trigger), so its SPI texts must
 * qualify operators too. */
extern void mtr_owner_enter_table(Oid relowner, MtrOwner *saved);

extern void mtr_owner_leave(const MtrOwner *saved);

#endif							/* MTR_ACCESS_H */
