/*
 * progress.h
 *	  how far a long call has come, for other sessions to see
 *
 * While a call runs, pg_stat_activity.application_name of its session reads
 *
 *	 mentoring match 42: solve 37 %
 *
 * that is the function, the programme, the phase and how much of it is done;
 * afterwards it reads what it read before, whether the call succeeds, fails
 * or is cancelled.  The setting application_name itself isn't touched.  With
 * mentoring.progress on, the same is sent to the client as INFO, at most once
 * a second.
 *
 * Phases: load, score, solve, ties, store, check; of sync() load, persons,
 * history, skills, activity.  A call inside another one
 * shows nothing of its own.
 */
#ifndef MTR_PROGRESS_H
#define MTR_PROGRESS_H

#include "kernel/kernel.h"

/* mentoring.progress */
extern bool mtr_progress_info;

/* Begin, for that function and programme (0: none). */
extern void mtr_progress_begin(const char *function, int64 programme_id);

/* A new phase of which nothing is done. */
extern void mtr_progress_phase(const char *phase);

/* End; an error needs no call. */
extern void mtr_progress_end(void);

/* At load: what restores after an error. */
extern void mtr_progress_init(void);

#endif							/* MTR_PROGRESS_H */
