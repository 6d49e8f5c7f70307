/*
 * solve.h
 *	  what solve_kernel.c, solve_ties.c and solve_resume.c share
 */
#ifndef MTR_SOLVE_H
#define MTR_SOLVE_H

#include "kernel/lazy.h"
#include "match.h"

/* what kernels want their scratch aligned to */
#define MTR_SCRATCH_ALIGNMENT 64

/* Bytes to allocate so that as many aligned ones are among them. */
static inline uint64
mtr_solve_aligned(Size scratch)
{
	return (uint64) scratch + MTR_SCRATCH_ALIGNMENT;
}

/* Scratch for one kernel after another, aligned: the one before is freed. */
extern void *mtr_solve_scratch(MtrProblem *problem, Size size);

/* Bytes of everything but the caller's and the scratch. */
extern uint64 mtr_solve_bytes(const MtrProblem *problem);

/* Make the row of a left element and note it. */
extern void mtr_solve_row(MtrProblem *problem, int32 left, int32 *row);

/* The problem as the lazy kernel sees it; results are shared, rows are not
 * set. */
extern MtrLazy mtr_solve_lazy(const MtrProblem *problem);

/* Where a change of a solved problem is known: what changed, and how the
 * scores of a column are made. */
typedef struct MtrSolveChange
{
	MtrLazyChange change;
	MtrRowFunction column;
	void	   *column_state;
} MtrSolveChange;

/*
 * Solve by lists, from the beginning (NULL) or from the present results.
 * Where lists don't help and there is a matrix, the dense kernel goes on; any
 * other failure is an error.
 */
extern void mtr_solve_by_lists(MtrProblem *problem,
							   const MtrSolveChange *change);

/*
 * Check the proof against every pair, noting each row where there is no
 * matrix, and replace the pairs by those the tie rule prefers.  False when
 * the proof doesn't hold.  The matrix may be gone then, rows be made on demand
 * and be the left side.
 */
extern bool mtr_solve_ties(MtrProblem *problem);

/* Pairs by left and right, with as much room as the kernel's, and their scores
 * as far as there is a matrix. */
extern void mtr_solve_pairs(MtrProblem *problem);

/* Hand the results out by left and right. */
extern void mtr_solve_results(MtrProblem *problem);

#endif							/* MTR_SOLVE_H */
