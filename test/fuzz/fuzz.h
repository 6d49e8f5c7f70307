/*
 * fuzz.h
 *	  what the fuzz targets share: bytes become small problems, claims must hold
 *
 * A target reads the fuzzer's bytes as choices: a size here, a kind of scores
 * there, then a byte or two for each number.  The first byte says what comes
 * when the bytes end: zeros, or, if it isn't 0, pseudo-random ones that follow
 * from it.  So a few bytes can stand for a problem of any size, and changing
 * one of them changes little else.
 *
 * A target doesn't only wait for sanitizers: it claims what the kernel's header
 * states.  A claim that doesn't hold is printed and ends the program, which is
 * what a fuzzer looks for.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

/* called by libFuzzer, of which there is no header for C */
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLAIM(holds) \
	((holds) ? (void) 0 : claim_failed(#holds, __FILE__, __LINE__))

/* What to print with a claim that doesn't hold: the problem in hand */
static void (*describe) (const void *problem) = NULL;
static const void *in_hand = NULL;

static void
claim_failed(const char *claim, const char *file, int line)
{
	fprintf(stderr, "%s:%d: this doesn't hold: %s\n", file, line, claim);
	if (describe != NULL && in_hand != NULL)
		describe(in_hand);
	abort();
}

/* ----------
 * Bytes
 * ----------
 */

typedef struct Input
{
	const uint8_t *data;
	size_t		size;
	size_t		used;
	bool		goes_on;		/* pseudo-random bytes at the end */
	uint64_t	state;			/* of these */
} Input;

static uint32_t
next_byte(Input *in)
{
	if (in->used < in->size)
		return in->data[in->used++];
	if (!in->goes_on)
		return 0;
	in->state = in->state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (uint32_t) (in->state >> 56);
}

static Input
begin_input(const uint8_t *data, size_t size)
{
	Input		in = {data, size, 0, false, 0};

	in.state = next_byte(&in);
	in.goes_on = in.state != 0;
	return in;
}

static uint32_t
next_number(Input *in)
{
	uint32_t	number = 0;

	for (int k = 0; k < 4; k++)
		number = number << 8 | next_byte(in);
	return number;
}

/* A number below n; takes no byte where there is nothing to choose */
static uint32_t
choose(Input *in, uint32_t n)
{
	if (n <= 1)
		return 0;
	return (n <= 256 ? next_byte(in) : next_number(in)) % n;
}

/* The length of a side: mostly small, sometimes beyond the blocks and lists
 * of the kernels; at most "most", and 68 */
static int32_t
choose_side(Input *in, int32_t most)
{
	int32_t		byte = (int32_t) next_byte(in);
	int32_t		side = byte < 192 ? byte % 9 : byte < 252 ? byte % 26 :
	17 * (byte - 251);

	return side < most ? side : most;
}

/* ----------
 * Memory: exactly as much as asked for, full of rubbish
 * ----------
 */

static void *
take_memory(int64_t n, size_t width)
{
	void	   *memory = NULL;
	size_t		size = (size_t) n * width;

	if (posix_memalign(&memory, 64, size > 0 ? size : 1) != 0)
		exit(2);
	memset(memory, 0xA5, size);
	return memory;
}

static void *
take_cleared(int64_t n, size_t width)
{
	void	   *memory = take_memory(n, width);

	memset(memory, 0, (size_t) n * width);
	return memory;
}

/* ----------
 * Scores
 * ----------
 */

typedef enum Pattern
{
	OF_LEVELS,					/* four of them: nearly all ties */
	OF_BYTES,
	OF_SUMS,					/* of one number a row and one a column, or 1
								 * more: optimal prices abound */
	OF_PRODUCTS,				/* the same order for all */
	OF_ANY_SIZE,				/* to +-10^9 */
	OF_ENDS,					/* of the range, and next to them */
	NPATTERNS
} Pattern;

typedef struct ScoreSource
{
	Pattern		pattern;
	int32_t		lowest;			/* level */
	int32_t		step;
	uint32_t	excluded;		/* of 64 pairs */
} ScoreSource;

static ScoreSource
choose_scores(Input *in)
{
	static const int32_t steps[] = {
		1, 2, 1000, 250000, 1000000, 8000000, 200000000, 250000000
	};
	uint32_t	byte = next_byte(in);
	ScoreSource s = {byte % NPATTERNS};

	/* half of the problems exclude nothing */
	s.excluded = byte < 128 ? 0 : 1 + choose(in, 60);
	byte = next_byte(in);
	s.step = steps[byte % 8];
	s.lowest = -(int32_t) (byte / 8 % 4) * s.step;
	return s;
}

static int32_t
next_score(Input *in, const ScoreSource *s, int32_t i, int32_t j)
{
	static const int32_t ends[] = {
		1000000000, 999999999, 0, 1, -1, -999999999, -1000000000, 500000000
	};
	uint32_t	byte = next_byte(in);

	if (s->pattern == OF_LEVELS)
		return byte / 4 < s->excluded ? MTR_NO_PAIR :
			s->lowest + (int32_t) (byte % 4) * s->step;
	if (s->excluded > 0 && choose(in, 64) < s->excluded)
		return MTR_NO_PAIR;
	switch (s->pattern)
	{
		case OF_SUMS:
			return (i * 7 % 5 + j * 5 % 7 - 4) * (s->step % 50000000) +
				(byte % 16 == 1);
		case OF_PRODUCTS:
			return -(i + 1) * (j + 1) * (s->step % 100000) +
				(byte % 16 == 1);
		case OF_ANY_SIZE:
			return (int32_t) (next_number(in) % 2000000001) - 1000000000;
		case OF_ENDS:
			return ends[byte % 8];
		default:
			return ((int32_t) byte - 100) * (s->step % 4000000);
	}
}

#endif							/* FUZZ_H */
