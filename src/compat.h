/*
 * compat.h
 *	  what differs between the supported server versions, in one place
 *
 * Elsewhere the newest spelling is written; here older servers learn it.  No
 * other file asks for PG_VERSION_NUM.
 */
#ifndef MTR_COMPAT_H
#define MTR_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "mentoring needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM < 160000

/* one function for all kinds of object since 16; we ask for functions only */
#define object_aclcheck(classid, objectid, roleid, mode) \
	(AssertMacro((classid) == ProcedureRelationId), \
	 pg_proc_aclcheck(objectid, roleid, mode))

#endif

#endif							/* MTR_COMPAT_H */
