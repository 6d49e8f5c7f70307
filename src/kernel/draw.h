/*
 * draw.h
 *	  random numbers of searches, the same on every machine
 *
 * SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): any seed will do.
 */
#ifndef MTR_DRAW_H
#define MTR_DRAW_H

#include "kernel.h"

static inline uint64_t
mtr_draw(uint64_t *state)
{
	uint64_t	x = (*state += UINT64_C(0x9E3779B97F4A7C15));

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

/* 0 .. n - 1 from 32 random bits */
static inline int32_t
mtr_below(uint32_t bits, int32_t n)
{
	return (int32_t) (((uint64_t) bits * (uint32_t) n) >> 32);
}

/*
 * What a move may lose while annealing: exponentially distributed,
 * "temperature" / 2^16 being the mean.  -log2 of a random number is its
 * leading zeros and what is left of it, interpolated; 177 / 256 is about
 * ln 2.  Temperatures up to 2^48.
 */
static inline int64_t
mtr_draw_loss(uint64_t *state, int64_t temperature)
{
	uint64_t	x = mtr_draw(state) | 1;
	int			zeros = 0;
	int64_t		log;

	while ((x >> 63) == 0)
	{
		x <<= 1;
		zeros++;
	}
	log = 64 * zeros + 128 - (int64_t) (x >> 57);
	return ((temperature >> 8) * log * 177) >> 22;
}

#endif							/* MTR_DRAW_H */
