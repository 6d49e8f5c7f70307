/*
 * identity.h
 *	  on whose behalf a transaction works
 */
#ifndef MTR_IDENTITY_H
#define MTR_IDENTITY_H

#define MTR_IDENTITY_SETTING "mentoring.person_id"

/* Define the setting mentoring.person_id. */
extern void mtr_identity_init(void);

/* The person this transaction works for; 0 for nobody. */
extern int64 mtr_current_person(void);

#endif							/* MTR_IDENTITY_H */
