/*
 * kernel.h
 *	  what every kernel shares: fixed point, status codes, the interrupt hook
 *
 * A kernel is plain C99: it gets arrays, returns a status, never allocates,
 * reports, recurses or reads globals.  The same files are compiled into the
 * extension and, alone, into the unit tests and fuzzers.
 *
 * Units.  Similarities, scores, shares and prices are whole 10^-6
 * ("micro-units"): MTR_UNIT stands for 1.0.
 */
#ifndef MTR_KERNEL_H
#define MTR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 1.0 in fixed point */
#define MTR_UNIT 1000000

/* in a row or matrix of scores: this pair is not eligible */
#define MTR_NO_PAIR INT32_MIN

/* in a row of similarities: a side has no value */
#define MTR_MISSING (-1)

typedef enum MtrStatus
{
	MTR_OK = 0,
	MTR_OVERFLOW,				/* scores or places beyond the stated range */
	MTR_INVALID,				/* input breaks the stated contract */
	MTR_FULL,					/* the room given is too small: call again
								 * with more */
	MTR_DEGENERATE				/* this input is another kernel's: hand over */
} MtrStatus;

/*
 * A row of numbers made on demand: fills all of them, MTR_NO_PAIR or
 * MTR_MISSING where there is none.  Asked twice for the same row it must say
 * the same.  In the backend it may leave by longjmp.
 */
typedef void (*MtrRowFunction) (void *state, int32_t row, int32_t *number);

/*
 * Called by every kernel loop whose length the user controls, at least once
 * per row.  In the backend it answers a cancel by leaving through longjmp,
 * which a kernel survives because it owns nothing; in the unit tests it does
 * nothing.
 */
extern void mtr_poll(void);

/*
 * Called by kernels that may run for seconds, as often as they poll at most:
 * so much of the present phase is done.  In the backend it shows in
 * pg_stat_activity; in the unit tests it does nothing.
 */
extern void mtr_progress(int64_t done, int64_t total);

/*
 * Functions marked MTR_SIMD are compiled once for plain machines and once
 * for those with AVX2, chosen at load time.  Results are equal: no fused
 * multiply-add, no reordered floating point.
 */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && \
	!defined(MTR_NO_SIMD)
#define MTR_SIMD __attribute__((target_clones("avx2", "default")))
#else
#define MTR_SIMD
#endif

#endif							/* MTR_KERNEL_H */
