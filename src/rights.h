/*
 * rights.h
 *	  who may what: levels of roles (rights.c), and what concerns the current
 *	  person (my_ids.c)
 *
 * The caller is the current role (GetUserId()) with the person of identity.h.
 * Whom row security doesn't hold (superusers, BYPASSRLS, members of the
 * extension's owner) may do what level admin may, and more.
 *
 * mtr_enter_...() check the caller and become the owner (access.h); they raise
 * insufficient_privilege, and say nothing of what exists.
 */
#ifndef MTR_RIGHTS_H
#define MTR_RIGHTS_H

#include "access.h"
#include "fmgr.h"

/* The owner of the extension's functions. */
extern Oid	mtr_rights_owner(void);

/* Refuse a role that holds level admin and may act for persons. */
extern void mtr_rights_check_admin(void);

/* Not held by row security. */
extern bool mtr_is_unrestricted(void);

/* Level admin, or unrestricted. */
extern bool mtr_is_admin(void);

/* Level sync. */
extern bool mtr_is_sync(void);

/* A level by its name, which must be one. */
extern bool mtr_holds_level(text *level);

extern bool mtr_is_coordinator(int64 programme_id);

/* The person the transaction works for, unless that person has left. */
extern bool mtr_is_own_person(int64 person_id);

extern bool mtr_is_own_participant(int64 participant_id);
extern bool mtr_is_own_relationship(int64 relationship_id);

/* Refuse a function, telling who may call it. */
extern void mtr_refuse(FunctionCallInfo fcinfo, const char *who);

/* Coordinators of the programme and admins. */
extern void mtr_enter_coordinator(FunctionCallInfo fcinfo, int64 programme_id,
								  MtrOwner *saved);

/* The person one of these participants is, coordinators and admins. */
extern void mtr_enter_participant(FunctionCallInfo fcinfo, int64 programme_id,
								  int64 participant_id, int64 or_participant_id,
								  MtrOwner *saved);

/* The person this participant is, and admins. */
extern void mtr_enter_self(FunctionCallInfo fcinfo, int64 participant_id,
						   MtrOwner *saved);

/* Admins. */
extern void mtr_enter_admin(FunctionCallInfo fcinfo, MtrOwner *saved);

#endif							/* MTR_RIGHTS_H */
