/*
 * circle.h
 *	  circles: dividing one set of members into small groups of peers
 *
 * Problem.  n members, a whole score w(i,j) = w(j,i) for each eligible pair,
 * sizes 2 <= min_size <= max_size.  A division puts members into circles of
 * min_size to max_size members, each member into one at most, every two of a
 * circle eligible.  Wanted is, of the divisions that place as many members as
 * possible, one whose total is highest: the sum of the scores of all pairs
 * that share a circle.  Scores may have any sign.
 *
 * This is NP-hard from circles of three on, even to tell whether all can be
 * placed.  The kernel searches: what it returns is a division, not claimed to
 * be the best, and two numbers that none exceeds:
 *
 *	 placed_bound	members that any division places, at most;
 *	 bound			the total of any division, however many it places.
 *
 * nplaced = placed_bound proves the first, total = bound the second (then
 * the division is the best of all).  How both follow is told, with proof, in
 * circle_placed.c and circle_bound.c.
 *
 * Effort.  The search ends after "effort" times n times MTR_CIRCLE_STEPS
 * steps, a step being one move evaluated or 16 sums kept up to date: never by
 * the clock, so the same input gives the same division on every machine.
 * MTR_CIRCLE_EFFORT takes about two seconds for 1,000 members; effort 0 stops
 * at the first local optimum.  "seed" chooses among searches; another seed
 * may find another division.
 *
 * A pair that must share a circle: give it a score far above all others
 * (100 times, say) and subtract it afterwards; see whether it was honoured.
 *
 * Ranges.  |score| <= 10^9; n <= 32768; max_size <= 1024, of which no more
 * than n are used.
 */
#ifndef MTR_CIRCLE_H
#define MTR_CIRCLE_H

#include "kernel.h"

#define MTR_CIRCLE_MAX_MEMBERS 32768
#define MTR_CIRCLE_MAX_SIZE 1024
#define MTR_CIRCLE_EFFORT 100
#define MTR_CIRCLE_STEPS 600

typedef struct MtrCircle
{
	/* inputs, unchanged */
	int32_t		n;
	const int32_t *score;		/* [n * n], symmetric; MTR_NO_PAIR where two
								 * must not share a circle, and on the
								 * diagonal */
	int32_t		min_size;
	int32_t		max_size;
	int32_t		effort;			/* >= 0, usually MTR_CIRCLE_EFFORT */
	uint64_t	seed;

	/* outputs, the array given by the caller */
	int32_t    *circle_of;		/* [n] 0 .. ncircles - 1, in the order of
								 * their lowest members; -1 = not placed */
	int32_t		ncircles;
	int32_t		nplaced;
	int32_t		placed_bound;
	int64_t		total;
	int64_t		bound;
} MtrCircle;

/* Bytes of scratch for mtr_circle_solve(): 8 * n + 4 * max_size for each of
 * the n / min_size circles there can be, and about 500 a member. */
extern size_t mtr_circle_scratch_size(const MtrCircle *p);

/* Solve.  scratch must be aligned to 64 bytes.  MTR_INVALID for sizes or an
 * effort out of range and a matrix that isn't as told, MTR_OVERFLOW for a
 * score beyond 10^9 or more members than MTR_CIRCLE_MAX_MEMBERS. */
extern MtrStatus mtr_circle_solve(MtrCircle *p, void *scratch);

#endif							/* MTR_CIRCLE_H */
