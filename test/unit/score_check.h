/*
 * score_check.h
 *	  what the tests of the scoring kernel share: two builds, and a report
 *
 * Every check is made with the build linked and with one that has the vector
 * clones of MTR_SIMD functions, however the program is compiled.
 */
#ifndef SCORE_CHECK_H
#define SCORE_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef MTR_NO_SIMD
#include "score_second.h"

#include "score_reference.h"

static int	ntests = 0;
static int	nfailed = 0;
static int64_t npolls = 0;

void
second_poll(void)
{
	npolls++;
}

static void
report(bool passed, const char *what)
{
	printf("%s %d - %s\n", passed ? "ok" : "not ok", ++ntests, what);
	nfailed += !passed;
}

/* ----------
 * Running the kernel
 * ----------
 */

typedef struct Build
{
	size_t		(*scratch_size) (const MtrScoreSet *set);
	void		(*prepare) (const MtrScoreSet *set, void *scratch);
	void		(*row) (const MtrScoreSet *set, int32_t mentee,
						int32_t *score, void *scratch);
	void		(*similarities) (const MtrScoreSet *set, int32_t criterion,
								 int32_t mentee, int32_t *sim, void *scratch);
	void		(*sides) (const MtrScoreSet *set, int32_t mentee,
						  int32_t *mentee_score, int32_t *mentor_score,
						  void *scratch);
	size_t		(*column_size) (const MtrScoreSet *set);
	void		(*column_prepare) (const MtrScoreSet *set, void *scratch);
	void		(*column) (const MtrScoreSet *set, int32_t mentor,
						   int32_t *score, void *scratch, void *row_scratch);
} Build;

static const Build builds[2] = {
	{mtr_score_scratch_size, mtr_score_prepare, mtr_score_row,
		mtr_score_similarities, mtr_score_row_sides, mtr_score_column_size,
	mtr_score_column_prepare, mtr_score_column},
	{second_score_scratch_size, second_score_prepare, second_score_row,
		second_score_similarities, second_score_row_sides,
		second_score_column_size, second_score_column_prepare,
	second_score_column},
};

/* Prepared scratch, filled with rubbish before and exactly as long as asked
 * for. */
static void *
new_scratch(const Build *build, const MtrScoreSet *set)
{
	size_t		size = build->scratch_size(set);
	void	   *scratch = NULL;

	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	memset(scratch, 0xA5, size);
	build->prepare(set, scratch);
	return scratch;
}

static bool
same_row(int32_t m, const int32_t *row, const int32_t *wanted,
		 const char *what, int32_t i)
{
	for (int32_t j = 0; j < m; j++)
		if (row[j] != wanted[j])
		{
			printf("# mentee %d, mentor %d: %s %d, not %d\n", i, j, what,
				   row[j], wanted[j]);
			return false;
		}
	return true;
}

/* The last lines of a test program; its exit status. */
static int
finish(void)
{
	printf("1..%d\n", ntests);
	return nfailed > 0;
}

#endif							/* SCORE_CHECK_H */
