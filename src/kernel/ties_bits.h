/*
 * ties_bits.h
 *	  the tie rule by bit sets over all pairs, for ties.c
 */
#ifndef MTR_TIES_BITS_H
#define MTR_TIES_BITS_H

#include "assign.h"

/* Bytes of scratch: five eighths of a byte a pair, 64 a row and 64 a column;
 * for few pairs, up to 16 bytes each for 32768 of them. */
extern size_t mtr_ties_bits_scratch_size(const MtrAssign *p);

/* As mtr_ties_resolve() (ties.h). */
extern MtrStatus mtr_ties_bits_resolve(MtrAssign *p, bool rows_are_right,
									   void *scratch);

#endif							/* MTR_TIES_BITS_H */
