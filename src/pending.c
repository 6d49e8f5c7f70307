/*
 * pending.c
 *	  stand-ins for kernels that are not there yet
 */
#include "kernel/circle.h"
#include "kernel/group.h"
#include "kernel/pair.h"
#include "kernel/score.h"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define W __attribute__((weak))
W size_t mtr_circle_scratch_size(const MtrCircle*p){return 0;}
W MtrStatus mtr_circle_solve(MtrCircle*p,void*s){return MTR_INVALID;}
W int64_t mtr_group_max_groups(const MtrGroup*p){return 0;}
W int64_t mtr_group_max_seats(const MtrGroup*p){return 0;}
W size_t mtr_group_scratch_size(const MtrGroup*p){return 0;}
W MtrStatus mtr_group_solve(MtrGroup*p,void*s){return MTR_INVALID;}
W int64_t mtr_pair_edge_room(int32_t n,int32_t k){return 0;}
W MtrStatus mtr_pair_greedy(MtrPairing*p,int64_t*b,void*s){return MTR_INVALID;}
W size_t mtr_pair_greedy_scratch_size(const MtrPairing*p){return 0;}
W size_t mtr_pair_scratch_size(const MtrPairing*p){return 0;}
W MtrStatus mtr_pair_solve(MtrPairing*p,void*s){return MTR_INVALID;}
W void mtr_score_row_sides(const MtrScoreSet *set, int32_t m, int32_t *a, int32_t *b, void *s){ mtr_score_row(set,m,a,s); for(int i=0;i<set->nmentors;i++) b[i]=a[i];}
#include "kernel/fair.h"
W size_t mtr_fair_check_scratch_size(const MtrAssign *p){return 0;}
W MtrStatus mtr_fair_check(const MtrAssign *p, MtrFairVerdict *v, void *s){ v->flaw=MTR_FAIR_NO_FLAW; return MTR_OK;}
W size_t mtr_pair_check_scratch_size(const MtrPairing *p){return 0;}
W MtrStatus mtr_pair_check(const MtrPairing *p, MtrPairVerdict *v, void *s){return MTR_INVALID;}
