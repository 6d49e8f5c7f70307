/*
 * match_stable.c
 *	  mentees and mentors in pairs: method stable
 *
 * Problem.  Both sides judge a pair by the criteria of the programme, but each
 * by its own preferences only (mtr_score_row_sides).  A matching is stable
 * when no two who are not matched would both rather be; of all stable ones
 * this is the best for the mentees (kernel/stable.h).  Mentors count a
 * mentee's priority, which waiting raises, as part of their score, and both
 * sides churn_penalty for a partner they are proposed now.
 *
 * Cost.  Rows are made on demand, two or three times each; no matrix.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/stable.h"
#include "match.h"
#include "progress.h"

/* MtrStableRowFunction: what both sides think of each other. */
static void
read_sides(void *state, int32 left, MtrStableRow *numbers)
{
	mtr_rows_sides(state, left, numbers->left_room, numbers->right_room);
}

/* Add the pairs the kernel chose to the pinned ones. */
static void
collect(MtrMatch *match, MtrMatchRows *rows, const MtrStable *p)
{
	int32	   *value = palloc_extended((rows->nright + 1) * sizeof(int32),
										MCXT_ALLOC_HUGE);
	int32		k = 0;

	match->pair = repalloc_huge(match->pair,
								((Size) match->npairs + p->npairs + 1) *
								sizeof(MtrMatchPair));
	for (int32 left = 0; left < rows->nleft; left++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_progress(left, rows->nleft);
		mtr_rows_row(rows, left, value);
		mtr_rows_note(rows, left, value);
		for (; k < p->npairs && p->pair_row[k] == left; k++)
		{
			int32		right = p->pair_col[k];
			MtrMatchPair *pair = &match->pair[match->npairs++];

			pair->mentee = rows->mentee_of[left];
			pair->mentor = rows->mentor_of[right];
			pair->score = value[right] - mtr_rows_bonus(rows, left, right);
			pair->is_pinned = false;
			match->total += pair->score;
			match->value += value[right];
			match->mentee[pair->mentee].is_paired = true;
			match->mentor[pair->mentor].is_paired = true;
		}
	}
	mtr_match_sort_pairs(match);
	pfree(value);
}

/* Room for the answer: as many pairs as there can be. */
static void
allocate(MtrStable *p)
{
	int64		most = mtr_stable_max_pairs(p);
	Size		size = (most + 1) * sizeof(int32);

	if (most >= PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("matching %d by %d can give %lld pairs, which is too many",
						p->nrows, p->ncols, (long long) most),
				 errhint("Give people fewer places, or match in parts.")));
	mtr_check_memory(4 * size, p->nrows, p->ncols);
	p->pair_row = palloc_extended(size, MCXT_ALLOC_HUGE);
	p->pair_col = palloc_extended(size, MCXT_ALLOC_HUGE);
	p->pair_left = palloc_extended(size, MCXT_ALLOC_HUGE);
	p->pair_right = palloc_extended(size, MCXT_ALLOC_HUGE);
}

void
mtr_match_stable(MtrMatch *match)
{
	MtrMatchRows rows = {0};
	MtrStable	p = {0};
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("solve");
	mtr_rows_begin(&rows, match);
	p.nrows = rows.nleft;
	p.ncols = rows.nright;
	p.row_places = rows.left_places;
	p.col_places = rows.right_places;
	p.read_row = read_sides;
	p.state = &rows;
	allocate(&p);
	mtr_check_status(mtr_stable_solve(&p, mtr_match_scratch(match,
															mtr_stable_scratch_size(&p),
															p.nrows)),
					 "stable");
	match->solve_ms = mtr_elapsed_ms(&start);
	match->kernel = "stable";
	match->value = match->total;
	mtr_match_detail(match, "rows_scored", "%lld", (long long) p.rows_read);

	INSTR_TIME_SET_CURRENT(start);
	mtr_progress_phase("score");
	collect(match, &rows, &p);
	mtr_rows_end(&rows);
	match->score_ms = mtr_elapsed_ms(&start);
}
