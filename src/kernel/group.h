/*
 * group.h
 *	  groups: one or more mentors with several mentees
 *
 * Problem.  Mentees i and mentors j, a whole score w(i,j) for each eligible
 * pair.  A group has exactly k = mentors_per_group mentors and so many mentees
 * that all its people together are min_size to max_size; each of its mentees
 * is eligible with each of its mentors (co-mentors need no score with each
 * other).  Mentee i takes at most mentee_places(i) seats, mentor j leads at
 * most mentor_places(j) groups, and no mentee meets a mentor in two groups.
 *
 * A seat, one mentee in one group, is worth the mean of the group's mentors,
 *
 *	 v(i,g) = floor((sum of w(i,j) over the mentors j of g + k / 2) / k)
 *
 * (k / 2 rounded down; floor also below zero), which is w(i,j) itself when
 * k = 1.  Wanted is, of the divisions with as many seats taken as possible,
 * one whose total, the sum of v over all seats, is highest.  With one place
 * a mentee the seats are the mentees placed.
 *
 * Opening a group of at least min_size makes this NP-hard.  The kernel
 * searches: what it returns is not claimed to be the best, and comes with two
 * numbers that no division exceeds:
 *
 *	 seats_bound	the seats that any division takes, at most;
 *	 bound			the total of any division, however many seats it takes.
 *
 * Both are those of the assignment problem that is left when min_size is
 * forgotten and a mentee may have mentors of different groups: see
 * group_bound.c for the proof.  For k = 1 the bound is usually within 0.1 % of
 * the best total where small groups are allowed, for co-mentors some percent
 * above it.
 *
 * Effort.  The search ends after "effort" times (nmentees + nmentors) times
 * MTR_GROUP_STEPS steps, a step being one move evaluated or some values looked
 * at: never by the clock, so the same input gives the same groups on every
 * machine.  MTR_GROUP_EFFORT takes about two seconds for 1,000 mentees and 250
 * mentors; effort 0 stops at the first local optimum, where no mentee and no
 * chain of mentees can gain by moving.  "seed" chooses among searches.
 *
 * A mentee and a mentor who must share a group: give the pair a score far
 * above all others and subtract it afterwards; see whether it was honoured.
 *
 * Ranges.  |score| <= 10^9; nmentees, nmentors <= 32768; max_size <= 1024;
 * k <= 8.
 */
#ifndef MTR_GROUP_H
#define MTR_GROUP_H

#include "kernel.h"

#define MTR_GROUP_MAX_PEOPLE 32768	/* a side */
#define MTR_GROUP_MAX_SIZE 1024
#define MTR_GROUP_MAX_MENTORS 8
#define MTR_GROUP_EFFORT 100
#define MTR_GROUP_STEPS 400

typedef struct MtrGroup
{
	/* inputs, unchanged */
	int32_t		nmentees;
	int32_t		nmentors;
	const int32_t *score;		/* [nmentees * nmentors], row after row;
								 * MTR_NO_PAIR where not eligible */
	const int32_t *mentee_places;	/* [nmentees], >= 0 */
	const int32_t *mentor_places;	/* [nmentors], >= 0 */
	int32_t		mentors_per_group;	/* k, usually 1 */
	int32_t		min_size;		/* people of a group, its mentors included: */
	int32_t		max_size;		/* k + 1 <= min_size <= max_size */
	int32_t		effort;			/* >= 0, usually MTR_GROUP_EFFORT */
	uint64_t	seed;

	/* outputs, arrays given by the caller */
	int32_t		ngroups;		/* in the order of their mentors, then of
								 * their lowest mentees */
	int32_t    *group_mentor;	/* room for k * mtr_group_max_groups(): those
								 * of group g from k * g on, ascending */
	int32_t		nseats;
	int32_t    *seat_group;		/* room for mtr_group_max_seats() entries; */
	int32_t    *seat_mentee;	/* sorted by group, then mentee */
	int32_t    *seat_score;		/* v of each */
	int32_t		seats_bound;
	int64_t		total;
	int64_t		bound;
} MtrGroup;

/* Upper bounds of nseats and ngroups, from places and sizes alone.  A problem
 * that passes 2^31 seats is MTR_OVERFLOW. */
extern int64_t mtr_group_max_seats(const MtrGroup *p);
extern int64_t mtr_group_max_groups(const MtrGroup *p);

/* Bytes of scratch for mtr_group_solve(): another matrix and an eighth of a
 * byte for each of its pairs; for k > 1, 4 for each mentee and group there can
 * be; 12 for each seat there can be in each group; some hundred a person. */
extern size_t mtr_group_scratch_size(const MtrGroup *p);

/* Solve.  scratch must be aligned to 64 bytes.  MTR_INVALID for negative
 * places and for sizes, k or effort out of range, MTR_OVERFLOW for a score
 * beyond 10^9 or too many people or seats. */
extern MtrStatus mtr_group_solve(MtrGroup *p, void *scratch);

#endif							/* MTR_GROUP_H */
