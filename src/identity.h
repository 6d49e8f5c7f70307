/*
 * identity.h
 *	  on whose behalf a transaction works
 */
#ifndef MTR_IDENTITY_H
#define MTR_IDENTITY_H

/* Define the setting mentoring.person_id. */
extern void mtr_identity_init(void);

#endif							/* MTR_IDENTITY_H */
