/*
 * mentoring.c
 *	  the library: load, settings, version, the kernels' interrupt hook
 *
 * Settings are defined when the library is loaded, which happens at the first
 * call of one of its functions.  A value set before is a placeholder until
 * then; PostgreSQL checks it on definition.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "identity.h"
#include "learning.h"
#include "mentoring.h"
#include "progress.h"
#include "score.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(mentoring_version);

int			mtr_match_memory = 256 * 1024;

static const struct config_enum_entry learning_methods[] = {
	{"auto", MTR_LEARNING_AUTO, false},
	{"statements", MTR_LEARNING_STATEMENTS, false},
	{NULL, 0, false}
};

/* Settings of the learning log. */
static void
define_learning(void)
{
	/*
	 * For the administrator: a transaction keeps about 72 bytes for each
	 * author and day, and for each author, skill and month, that it writes
	 * about.  What doesn't fit is written to a table and added up later.
	 */
	DefineCustomIntVariable("mentoring.flush_memory",
							"Memory for the totals a transaction changes before it commits.",
							"What is more goes to learning_spill.",
							&mtr_learning_memory,
							64 * 1024,
							64,
							MAX_KILOBYTES,
							PGC_USERSET,
							GUC_UNIT_KB,
							NULL,
							NULL,
							NULL);

	/* For tests, and for tables in the hands of another module. */
	DefineCustomEnumVariable("mentoring.flush_method",
							 "How totals of the learning log are written.",
							 "\"auto\" writes to plain tables directly; \"statements\" always uses SQL.",
							 &mtr_learning_method,
							 MTR_LEARNING_AUTO,
							 learning_methods,
							 PGC_SUSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	/*
	 * For the administrator: views read learning_delta whole, about a
	 * millisecond for 10,000 rows.  0 leaves fold_learning_log() to you.
	 */
	DefineCustomIntVariable("mentoring.fold_after",
							"Rows of learning_delta after which a background worker adds them up.",
							"0 = none is started.",
							&mtr_learning_fold_after,
							10000,
							0,
							INT_MAX,
							PGC_SUSET,
							0,
							NULL,
							NULL,
							NULL);
}

void
_PG_init(void)
{
	/*
	 * For the administrator: one call allocates up to this, beside work_mem.
	 * A matching needs about 4 bytes for each pair of mentee and mentor and 1
	 * kB for each person: 256 MB hold about 7,000 by 7,000.  Anybody may set
	 * it, as work_mem.
	 */
	DefineCustomIntVariable("mentoring.match_memory",
							"Memory one scoring or matching call may use for its arrays.",
							"A problem that needs more is refused before anything is allocated.",
							&mtr_match_memory,
							256 * 1024,
							1024,
							MAX_KILOBYTES,
							PGC_USERSET,
							GUC_UNIT_KB,
							NULL,
							NULL,
							NULL);

	/*
	 * For whoever waits: long calls say how far they have come.  Other
	 * sessions see it in pg_stat_activity in any case.
	 */
	DefineCustomBoolVariable("mentoring.progress",
							 "Sends the progress of long calls to the client.",
							 "As INFO, at most once a second.",
							 &mtr_progress_info,
							 false,
							 PGC_USERSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	mtr_identity_init();
	define_learning();
	mtr_learning_init();
	mtr_progress_init();
	mtr_estimate_init();

	/* no other module, and no typing error, gets a name below ours */
	MarkGUCPrefixReserved("mentoring");
}

/*
 * The hook every kernel calls in its loops (kernel.h).  A kernel owns nothing,
 * so leaving it by longjmp is safe.
 */
void
mtr_poll(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * mentoring.version(): that of the library, which differs from extversion
 * between the installation of a package and ALTER EXTENSION ... UPDATE.
 */
Datum
mentoring_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MTR_VERSION));
}
