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

/* which indexes an updated row needs entries in */
#define TU_UpdateIndexes bool
#define TU_None false

#define mtr_update_index_tuples(result, slot, estate, indexes) \
	ExecInsertIndexTuples(result, slot, estate, true, false, NULL, NIL)
#define mtr_insert_index_tuples(result, slot, estate, unique, conflict, keys) \
	ExecInsertIndexTuples(result, slot, estate, false, unique, conflict, keys)

#else

#define mtr_update_index_tuples(result, slot, estate, indexes) \
	ExecInsertIndexTuples(result, slot, estate, true, false, NULL, NIL, \
						  (indexes) == TU_Summarizing)
#define mtr_insert_index_tuples(result, slot, estate, unique, conflict, keys) \
	ExecInsertIndexTuples(result, slot, estate, false, unique, conflict, \
						  keys, false)

#endif

/* memory of a setting's extra value: the server frees it its own way since 16 */
#if PG_VERSION_NUM < 160000
#define mtr_guc_alloc(size) malloc(size)
#else
#define mtr_guc_alloc(size) guc_malloc(LOG, size)
#endif

/* a setting by its name, NULL where there is none */
#include "utils/guc.h"
#include "utils/guc_tables.h"

#if PG_VERSION_NUM < 160000
static inline struct config_generic *
mtr_find_setting(const char *name)
{
	struct config_generic **all = get_guc_variables();

	for (int i = 0; i < GetNumConfigOptions(); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
#else
#define mtr_find_setting(name) find_option(name, false, true, 0)
#endif

/* the number of a backend's transaction */
#if PG_VERSION_NUM < 170000
#define mtr_local_xid(proc) ((proc)->lxid)
#else
#define mtr_local_xid(proc) ((proc)->vxid.lxid)
#endif

/* macros that take the place of functions come after their declarations */
#include "access/genam.h"
#include "catalog/dependency.h"

#if PG_VERSION_NUM < 170000

/* by the relation, not its OID, since 17 */
#define getIdentitySequence(rel, attnum, missing_ok) \
	getIdentitySequence(RelationGetRelid(rel), attnum, missing_ok)

#endif

#if PG_VERSION_NUM < 180000

/* counts what it does since 18 */
#define index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)

#endif

#endif							/* MTR_COMPAT_H */
