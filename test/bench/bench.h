/*
 * bench.h
 *	  what the benches of kernels share: numbers, memory, processor time
 *
 * Numbers are those of xorshift (Marsaglia, Journal of Statistical Software
 * 8(14), 2003), so that a bench has the same problems on every machine.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __GNUC__
#define MAY_BE_UNUSED __attribute__((unused))
#else
#define MAY_BE_UNUSED
#endif

#define FIRST_STATE UINT64_C(88172645463325252)

static uint64_t rng_state = FIRST_STATE;

/* 0 to n - 1 */
MAY_BE_UNUSED static uint32_t
rnd(uint32_t n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t) (((rng_state >> 32) * n) >> 32);
}

/* Zeroes, aligned as kernels want their scratch */
MAY_BE_UNUSED static void *
reserve(size_t n, size_t width)
{
	void	   *p = NULL;

	if (posix_memalign(&p, 64, n * width + 64) != 0)
	{
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	memset(p, 0, n * width + 64);
	return p;
}

MAY_BE_UNUSED static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

MAY_BE_UNUSED static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a,
				y = *(const double *) b;

	return x < y ? -1 : x > y;
}

#endif							/* BENCH_H */
