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

#endif							/* MTR_COMPAT_H */
