/*
 * score_custom.c
 *	  criteria of kind custom: a function of the database judges the pair
 *
 * The function is looked up by name each time a programme is loaded and
 * called for each pair with the merged profiles of both (person.profile ||
 * participant.profile; columns are not added).  NULL means "no value"; a
 * result that isn't between 0 and 1 is an error.
 *
 * Whoever may write criteria must gain nothing by it.  So the function runs
 * neither as the caller nor as the owner of this extension but as its own
 * owner, and as functions of an index do in a security-restricted operation,
 * which bars SET ROLE, temporary objects and the like, with search_path set
 * to pg_catalog, pg_temp, and with all settings it makes undone.
 *
 * Cost: that of a function call for each pair, a thousand times that of
 * another criterion.  Excluded pairs are not asked for.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "programme.h"
#include "score_private.h"

typedef struct CustomState
{
	MtrProgramme *programme;
	const MtrCriterionInfo *info;
	FmgrInfo	function;
	char	   *name;
	Oid			owner;
	Jsonb	  **mentee;
	Jsonb	  **mentor;
	bool		wants_excluded; /* explain_pair asks for every pair */
	MemoryContext call;			/* of one call */
	int32		at_mentee;		/* the pair, for messages */
	int32		at_mentor;
} CustomState;

/* Find the function when the criterion is read. */
void
mtr_custom_resolve(MtrCompile *c, const char *name)
{
	c->function = mtr_custom_lookup(name);
	if (!OidIsValid(c->function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("custom function %s(jsonb, jsonb) does not exist",
						name),
				 errdetail("Criterion \"%s\" calls it.", c->info->name),
				 errhint("Create it, or delete the criterion.")));
}

/* Say which pair an error is about, whoever raised it. */
static void
name_pair(void *arg)
{
	const CustomState *state = arg;
	const MtrProgramme *programme = state->programme;

	errcontext("custom criterion \"%s\", mentee %lld and mentor %lld",
			   state->info->name,
			   (long long) programme->mentee[state->at_mentee].id,
			   (long long) programme->mentor[state->at_mentor].id);
}

/* One call; the result is checked by the caller's hand. */
static Datum
call_function(CustomState *state, bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 2);
	ErrorContextCallback callback;
	Datum		result;

	InitFunctionCallInfoData(*fcinfo, &state->function, 2, InvalidOid, NULL,
							 NULL);
	fcinfo->args[0].value = JsonbPGetDatum(state->mentee[state->at_mentee]);
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = JsonbPGetDatum(state->mentor[state->at_mentor]);
	fcinfo->args[1].isnull = false;
	callback.callback = name_pair;
	callback.arg = state;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	result = FunctionCallInvoke(fcinfo);
	error_context_stack = callback.previous;
	*isnull = fcinfo->isnull;
	return result;
}

static int32
checked_similarity(const CustomState *state, Datum result)
{
	const MtrProgramme *programme = state->programme;
	double		value = DatumGetFloat8(result);
	char	   *shown;

	if (value >= 0 && value <= 1)
		return (int32) mtr_from_double(value);
	shown = DatumGetCString(DirectFunctionCall1(float8out, result));

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("custom function %s returned %s for mentee %lld and mentor %lld",
					state->name, shown,
					(long long) programme->mentee[state->at_mentee].id,
					(long long) programme->mentor[state->at_mentor].id),
			 errdetail("Criterion \"%s\" needs a similarity.",
					   state->info->name),
			 errhint("Return a number from 0 to 1, or NULL when a side has no value.")));
	return 0;					/* keep the compiler quiet */
}

/* Whether the pair needs no answer. */
static bool
is_excluded(const CustomState *state, int32 mentee, int32 mentor)
{
	const MtrScoreSet *set = &state->programme->set;

	if (state->wants_excluded)
		return false;
	for (int32 e = set->exclude_start[mentee];
		 e < set->exclude_start[mentee + 1]; e++)
		if (set->exclude_mentor[e] == mentor)
			return true;
	return false;
}

/* All mentors of one mentee, as the owner of the function. */
static void
fill_row(void *arg, int32_t mentee, int32_t *sim)
{
	CustomState *state = arg;
	MemoryContext oldcxt = MemoryContextSwitchTo(state->call);
	Oid			saved_user;
	int			saved_context;
	int			guc_level;

	GetUserIdAndSecContext(&saved_user, &saved_context);
	SetUserIdAndSecContext(state->owner,
						   (saved_context & ~SECURITY_NOFORCE_RLS) |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	guc_level = NewGUCNestLevel();
	state->at_mentee = mentee;
	for (int32 j = 0; j < state->programme->nmentors; j++)
	{
		Datum		result;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		sim[j] = MTR_MISSING;
		if (is_excluded(state, mentee, j))
			continue;
		state->at_mentor = j;
		result = call_function(state, &isnull);
		if (!isnull)
			sim[j] = checked_similarity(state, result);
		MemoryContextReset(state->call);
	}
	AtEOXact_GUC(false, guc_level);
	SetUserIdAndSecContext(saved_user, saved_context);
	MemoryContextSwitchTo(oldcxt);
}

/* What the function is and does, for the hash.  A body in standard SQL is kept
 * parsed and has no source. */
static void
hash_function(MtrLoader *loader, Form_pg_proc proc, HeapTuple tuple)
{
	bool		isnull;
	Datum		source;
	char	   *body;

	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &isnull);
	if (isnull)
		source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	else
		source = DirectFunctionCall1(pg_get_function_sqlbody,
									 ObjectIdGetDatum(proc->oid));
	body = TextDatumGetCString(source);
	mtr_hash_append(loader, "function %s %zu:", NameStr(proc->proname),
					strlen(body));
	mtr_hash_bytes(loader, body, strlen(body));
}

void
mtr_custom_finish(MtrLoader *loader, MtrCompile *c)
{
	MtrProgramme *programme = loader->programme;
	CustomState *state = mtr_load_alloc(loader, 1, sizeof(CustomState));
	HeapTuple	tuple = SearchSysCache1(PROCOID,
										ObjectIdGetDatum(c->function));
	Form_pg_proc proc;
	JsonbValue	buffer;
	JsonbValue *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", c->function);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	state->owner = proc->proowner;
	hash_function(loader, proc, tuple);
	ReleaseSysCache(tuple);

	state->programme = programme;
	state->info = c->info;
	name = mtr_json_get(c->info->params, "function", &buffer);
	state->name = MemoryContextStrdup(programme->context,
									  mtr_json_text(name));
	state->mentee = MTR_ITEMS(Jsonb *, c->side[MTR_MENTEE].item);
	state->mentor = MTR_ITEMS(Jsonb *, c->side[MTR_MENTOR].item);
	state->wants_excluded = loader->load->want_values;
	state->call = AllocSetContextCreate(programme->context,
										"mentoring custom criterion",
										ALLOCSET_SMALL_SIZES);
	fmgr_info_cxt(c->function, &state->function, programme->context);
	c->out->u.custom.fill = fill_row;
	c->out->u.custom.state = state;
}
