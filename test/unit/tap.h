/*
 * tap.h
 *	  what unit tests share: results as TAP, random numbers, memory
 *
 * Numbers are those of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) from
 * RANDOM_SEED, which the includer defines, so that a test has the same cases
 * everywhere.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __GNUC__
#define MAY_BE_UNUSED __attribute__((unused))
#else
#define MAY_BE_UNUSED
#endif

MAY_BE_UNUSED static int ntests = 0;
MAY_BE_UNUSED static int nfailed = 0;
MAY_BE_UNUSED static uint64_t rng_state = RANDOM_SEED;

/* 0 to n - 1 */
MAY_BE_UNUSED static uint32_t
rnd(uint32_t n)
{
	uint64_t	x = (rng_state += UINT64_C(0x9E3779B97F4A7C15));

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (uint32_t) ((x ^ (x >> 31)) >> 32) % n;
}

MAY_BE_UNUSED static void
report(bool passed, const char *what)
{
	printf("%s %d - %s\n", passed ? "ok" : "not ok", ++ntests, what);
	nfailed += !passed;
}

/* Zeroes */
MAY_BE_UNUSED static void *
get_memory(size_t size)
{
	void	   *result = calloc(1, size > 0 ? size : 1);

	if (result == NULL)
		exit(2);
	return result;
}

#endif							/* TAP_H */
