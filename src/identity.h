/*
 * identity.h
 *	  on whose behalf a transaction works
 */
#ifndef MTR_IDENTITY_H
#define MTR_IDENTITY_H

#define MTR_IDENTITY_SETTING "mentoring.person_id"

/* Define the setting mentoring.person_id. */
extern void mtr_identity_init(void);

/* The person the setting names in this transaction; 0 where it names none. */
extern int64 mtr_set_person(void);

/* The same, or else the person of the role that logged in; 0 for nobody. */
extern int64 mtr_current_person(void);

#endif							/* MTR_IDENTITY_H */
