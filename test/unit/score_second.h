/*
 * score_second.h
 *	  the scoring kernel once more, compiled in here under other names
 *
 * A program that includes this first has two builds of the same sources: the
 * one it is linked with, and this one, whose functions are called second_...
 * Defining or undefining MTR_NO_SIMD before makes them differ.  The program
 * provides second_poll().
 */
#ifndef SCORE_SECOND_H
#define SCORE_SECOND_H

#define mtr_poll second_poll
#define mtr_contributions second_contributions
#define mtr_divide second_divide
#define mtr_score_add_block second_score_add_block
#define mtr_score_add_share second_score_add_share
#define mtr_score_carve second_score_carve
#define mtr_score_column second_score_column
#define mtr_score_column_prepare second_score_column_prepare
#define mtr_score_column_size second_score_column_size
#define mtr_score_exclude second_score_exclude
#define mtr_score_prepare second_score_prepare
#define mtr_score_round second_score_round
#define mtr_score_row second_score_row
#define mtr_score_row_sides second_score_row_sides
#define mtr_score_scratch_size second_score_scratch_size
#define mtr_score_similarities second_score_similarities
#define mtr_score_start_row second_score_start_row
#define mtr_score_sum_block second_score_sum_block
#define mtr_text_idf second_text_idf
#define mtr_text_root second_text_root
#define mtr_availability_ops second_availability_ops
#define mtr_cosine_ops second_cosine_ops
#define mtr_custom_ops second_custom_ops
#define mtr_distance_ops second_distance_ops
#define mtr_equal_ops second_equal_ops
#define mtr_listed_ops second_listed_ops
#define mtr_overlap_ops second_overlap_ops
#define mtr_preference_ops second_preference_ops
#define mtr_skill_ops second_skill_ops
#define mtr_text_ops second_text_ops

#include "score.c"
#include "score_column.c"
#include "score_fixed.c"
#include "score_list.c"
#include "score_sides.c"
#include "score_skill.c"
#include "score_value.c"

#undef mtr_poll
#undef mtr_contributions
#undef mtr_divide
#undef mtr_score_column
#undef mtr_score_column_prepare
#undef mtr_score_column_size
#undef mtr_score_prepare
#undef mtr_score_row
#undef mtr_score_row_sides
#undef mtr_score_scratch_size
#undef mtr_score_similarities
#undef mtr_text_idf
#undef mtr_text_root

/* the declarations of score.h again, of the build linked */
extern size_t mtr_score_scratch_size(const MtrScoreSet *set);
extern void mtr_score_prepare(const MtrScoreSet *set, void *scratch);
extern void mtr_score_row(const MtrScoreSet *set, int32_t mentee,
						  int32_t *score, void *scratch);
extern void mtr_score_row_sides(const MtrScoreSet *set, int32_t mentee,
								int32_t *mentee_score, int32_t *mentor_score,
								void *scratch);
extern void mtr_score_column(const MtrScoreSet *set, int32_t mentor,
							 int32_t *score, void *scratch,
							 void *row_scratch);
extern size_t mtr_score_column_size(const MtrScoreSet *set);
extern void mtr_score_column_prepare(const MtrScoreSet *set, void *scratch);
extern void mtr_score_similarities(const MtrScoreSet *set, int32_t criterion,
								   int32_t mentee, int32_t *sim,
								   void *scratch);
extern bool mtr_divide(int32_t total, int32_t n, const double *weight,
					   int32_t *part, int32_t *order);
extern int32_t mtr_contributions(int32_t n, const int32_t *share,
								 const int32_t *sim, int32_t *part,
								 int32_t *order);
extern int32_t mtr_text_idf(int32_t total, int32_t df);
extern int64_t mtr_text_root(int64_t q);

#endif							/* SCORE_SECOND_H */
