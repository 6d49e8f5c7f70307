/*
 * request.h
 *	  what the files of requests share
 *
 * request.c		request_mentor(), answer_request(), expire_requests(), triggers
 * request_turn.c	their statements; whose turn it is
 *
 * All of it runs connected to SPI, as the owner and with the search_path of
 * access.h.
 */
#ifndef MTR_REQUEST_H
#define MTR_REQUEST_H

#include "postgres.h"

#include "statement.h"

/*
 * What a statement is about.  Its parameters are always $1 programme (NULL:
 * all of them), $2 mentee, $3 mentor, $4 the id of a row, of a request unless
 * stated otherwise, $5 a text or NULL.
 */
typedef struct MtrAsk
{
	int64		programme_id;
	bool		all_programmes;
	int64		mentee_id;
	int64		mentor_id;
	int64		id;
	const char *note;
	bool		is_answer;		/* for messages: somebody accepts */
} MtrAsk;

#define MTR_OF_MENTEE " WHERE programme_id = $1 AND mentee_id = $2"
#define MTR_THIS_ROW " WHERE programme_id = $1 AND id = $4"

/* Run one with the latest snapshot; returns how many rows. */
extern uint64 mtr_ask_run(MtrStatement *statement, const MtrAsk *ask);

/* Columns of a row of the last result, from 1; a text is NULL when null. */
extern char *mtr_ask_text(uint64 row, int column);
extern bool mtr_ask_is_true(uint64 row, int column);
extern int64 mtr_ask_int64(uint64 row, int column);

/* Raise an error: a trigger of the site's own returned NULL where a change
 * must be made. */
extern void mtr_ask_suppressed(const char *table);

/*
 * Why the mentee can't ask the mentor now or be accepted, as request.reason
 * has it, or NULL.  Only rules that are always on, and free places; criteria
 * are looked at when a request is made.  A veto isn't told from other reasons.
 */
extern char *mtr_ask_obstacle(const MtrAsk *ask);

/* Does it concern the mentee, and so all of his or her requests? */
extern bool mtr_obstacle_is_of_mentee(const char *obstacle);

/* Lock the places of a mentee and, if it is another participant, the mentor,
 * in the order in which all claims go. */
extern void mtr_ask_lock_places(const MtrAsk *ask);

/*
 * If a mentee has asked nobody, ask the best of those who wait.  Those who
 * cannot be had by now are passed over; when the mentee cannot have anybody,
 * all are withdrawn.
 */
extern void mtr_ask_settle(int64 programme_id, int64 mentee_id);

/* Is that going on for this mentee?  Then what it changes starts nothing. */
extern bool mtr_ask_is_settling(int64 mentee_id);

/* Close the request a mentee has asked if it cannot be answered any more;
 * returns how many expired, 0 or 1. */
extern int64 mtr_ask_close_dead(int64 programme_id, int64 mentee_id);

/* The same for all mentees, of one programme or all, and settle for those who
 * have asked nobody. */
extern int64 mtr_ask_close_all(const MtrAsk *ask);

#endif							/* MTR_REQUEST_H */
