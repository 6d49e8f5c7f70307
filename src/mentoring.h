/*
 * mentoring.h
 *	  what all backend files share
 *
 * Include after postgres.h.  Names: functions callable from SQL are
 * mentoring_<sql name>, others that leave their file mtr_<file>_<verb>.
 */
#ifndef MENTORING_H
#define MENTORING_H

#include "compat.h"
#include "kernel/kernel.h"

/* the schema of every object of the extension */
#define MTR_SCHEMA "mentoring"

/*
 * mentoring.match_memory: kilobytes one scoring or matching call may allocate
 * for its arrays.  Checked before the allocation.
 */
extern int	mtr_match_memory;

extern PGDLLEXPORT void _PG_init(void);

#endif							/* MENTORING_H */
