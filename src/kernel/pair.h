/*
 * pair.h
 *	  optimal pairing of peers: maximum-weight matching in a general graph
 *
 * Problem.  n vertices, and for each two of them either a whole score w(a,b) =
 * w(b,a) or nothing: they are not eligible, as no vertex is with itself.  A
 * matching takes each vertex at most once.  Wanted is
 *
 *	 best_total:  the matching of highest total score (a pair of score <= 0
 *				  is never taken, as if it weren't eligible);
 *	 most_pairs:  of the matchings with as many pairs as possible the one of
 *				  highest total score (scores of any sign).
 *
 * Proof.  The solution comes with odd sets of vertices, at least 3 in each,
 * any two of them disjoint or one within the other, and with a cover c and a
 * price p for each vertex and each set.  Prices may be halves of whole
 * numbers, so ALL COVERS AND PRICES HERE ARE STORED DOUBLED.  Write y = (c,p),
 * compare lexicographically, and let
 *
 *	 slack(a,b) = (2, 2 w(a,b)) - y(a) - y(b)
 *				  - the sum of y(B) over the sets B that hold both a and b
 *
 * with first component 0 instead of 2 under best_total, where every c is 0.
 * The matching is optimal if
 *
 *	 (1) y >= (0,0) for every vertex and every set,
 *	 (2) y(v) > (0,0) only for vertices v that are matched,
 *	 (3) y(B) > (0,0) only for sets B that are full: (|B| - 1) / 2 pairs of
 *		 the matching have both ends in B,
 *	 (4) slack <= (0,0) for each eligible pair,
 *	 (5) slack = (0,0) for each pair taken.
 *
 * This is complementary slackness of Edmonds' linear programme in the ordered
 * field of pairs.  Why it suffices: by (4), whatever matching N is, twice its
 * (pairs, total) is at most the sum of y(v) over the vertices it meets plus
 * that of y(B) times its pairs within B; as these are at most (|B| - 1) / 2
 * and by (1), no more than the sum of all y(v) plus that of all y(B) times
 * (|B| - 1) / 2.  By (2), (3) and (5) the matching given reaches that number.
 * So the covers alone prove the number of pairs, the prices the total among
 * the matchings of that size, and there is no large constant whose size could
 * be wrong.  Under most_pairs a price is below 0 where the cover allows it.
 *
 * Sets are ranges of one array: set s holds order[first[s]] up to, but not
 * including, order[last[s]].  Every vertex stands in that array exactly once,
 * so any number of nested sets takes O(n) memory.
 *
 * Ties.  The kernel is deterministic: the same scores give the same answer on
 * every machine, whatever edge_room is.  Vertices, and of equal ones the
 * lower index, are gone through in order, but which of several optimal
 * matchings comes out isn't fixed by a rule about the pairs.
 *
 * Ranges.  |score| <= 10^9; n <= 2^24; prices are below 2^55 in size, covers
 * 0, 1 or 2; sums are 64 bit.
 */
#ifndef MTR_PAIR_H
#define MTR_PAIR_H

#include "kernel.h"

/* What the solver did; for reports and tests */
typedef struct MtrPairWork
{
	int64_t		edges;			/* pairs it worked on in the end */
	int32_t		rounds;			/* solutions tried against all pairs */
	int32_t		searches;
	int32_t		sets_made;
	int32_t		sets_nested;	/* of these, with another set in them */
	int32_t		sets_opened;	/* during a search */
} MtrPairWork;

typedef struct MtrPairing
{
	/* inputs, unchanged */
	int32_t		n;
	MtrRowFunction row;			/* n scores of a vertex with each vertex,
								 * MTR_NO_PAIR where not eligible and at the
								 * vertex itself; symmetric */
	void	   *state;
	bool		most_pairs;		/* else best_total */
	int32_t		nearest;		/* best pairs of each vertex to begin with, 0:
								 * the kernel's choice; the total doesn't
								 * depend on it */
	int64_t		edge_room;		/* pairs that fit into the scratch, at least
								 * mtr_pair_edge_room() to begin with */

	/* outputs, arrays given by the caller */
	int32_t		npairs;
	int64_t		total;			/* sum of the scores of the pairs */
	int32_t    *mate;			/* [n], -1 where unmatched */
	uint8_t    *cover;			/* [n], doubled: 0, 1 or 2 */
	int64_t    *price;			/* [n], doubled */
	int32_t		nsets;
	int32_t    *order;			/* [n] */
	int32_t    *set_first;		/* [n / 2], ascending; of equal ones the */
	int32_t    *set_last;		/* [n / 2] larger set comes first */
	uint8_t    *set_cover;		/* [n / 2], doubled */
	int64_t    *set_price;		/* [n / 2], doubled */
	MtrPairWork work;
} MtrPairing;

/* Room for pairs that is enough as a rule.  n * (n - 1) / 2 is always. */
extern int64_t mtr_pair_edge_room(int32_t n, int32_t nearest);

/* Bytes of scratch for mtr_pair_solve(): 32 for each of edge_room and 192 a
 * vertex */
extern size_t mtr_pair_scratch_size(const MtrPairing *p);

/*
 * Solve.  scratch must be aligned to 64 bytes.  MTR_FULL when edge_room is
 * too small: double it (at most to n * (n - 1) / 2), make new scratch and
 * call again.  MTR_OVERFLOW for a score beyond 10^9 or prices beyond 2^55.
 */
extern MtrStatus mtr_pair_solve(MtrPairing *p, void *scratch);

/*
 * Greedy: pairs are taken in the order higher score, then lower a, then lower
 * b (a < b), while both are free; under best_total those of score > 0 only.
 * This is the matching that mutually best partners form again and again; its
 * total is at least half of the best one under best_total, its number of
 * pairs at least half of the largest under most_pairs.  Fills npairs, total
 * and mate only.
 *
 * "bound" receives a number that no matching's total exceeds, whatever its
 * number of pairs: half the sum, rounded down, of each vertex's highest score
 * if that is > 0.
 *
 * Scratch: 288 bytes a vertex, aligned to 64 bytes.  MTR_OVERFLOW for a score
 * beyond 10^9.
 */
extern size_t mtr_pair_greedy_scratch_size(const MtrPairing *p);
extern MtrStatus mtr_pair_greedy(MtrPairing *p, int64_t *bound,
								 void *scratch);

/*
 * What is wrong with a solution
 */
typedef enum MtrPairFault
{
	MTR_PAIR_OPTIMAL = 0,		/* nothing */
	MTR_PAIR_MATE,				/* a's mate isn't a vertex whose mate is a */
	MTR_PAIR_INELIGIBLE,		/* a and b are taken, but not eligible or,
								 * under best_total, of score <= 0 */
	MTR_PAIR_SUM,				/* npairs or total isn't that of the pairs */
	MTR_PAIR_ORDER,				/* a vertex isn't exactly once in order[] */
	MTR_PAIR_SET,				/* set a isn't odd and >= 3, or overlaps, or
								 * isn't in its place */
	MTR_PAIR_RANGE,				/* the y of vertex or set a is beyond range; */
	MTR_PAIR_NEGATIVE,			/* ... or below (0,0), which (1) forbids */
	MTR_PAIR_FREE,				/* (2) doesn't hold for vertex a, */
	MTR_PAIR_NOT_FULL,			/* (3) for set a, */
	MTR_PAIR_MISSED,			/* (4) for a and b, */
	MTR_PAIR_NOT_TIGHT			/* (5) for a and b */
} MtrPairFault;

typedef struct MtrPairVerdict
{
	MtrPairFault fault;			/* the first one found */
	bool		in_set;			/* a is a set, not a vertex */
	int32_t		a;
	int32_t		b;				/* -1 where only a matters */
} MtrPairVerdict;

/*
 * Check a solution against every pair by the conditions above, in one pass
 * over the rows: O(n^2) plus, for each vertex, the size of the largest set it
 * is in.  Trusts none of the outputs, and shares no code with the solver.
 * MTR_OVERFLOW for a score beyond 10^9.  Everything but a MISSED pair (4) says
 * that the proof doesn't fit the matching, or is no proof.
 */
extern size_t mtr_pair_check_scratch_size(const MtrPairing *p);
extern MtrStatus mtr_pair_check(const MtrPairing *p, MtrPairVerdict *verdict,
								void *scratch);

#endif							/* MTR_PAIR_H */
