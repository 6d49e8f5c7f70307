/*
 * pending.c
 *	  stand-ins for kernels that are not there yet
 */
#include "kernel/group.h"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define W __attribute__((weak))
W int64_t mtr_group_max_groups(const MtrGroup*p){return 0;}
W int64_t mtr_group_max_seats(const MtrGroup*p){return 0;}
W size_t mtr_group_scratch_size(const MtrGroup*p){return 0;}
W MtrStatus mtr_group_solve(MtrGroup*p,void*s){return MTR_INVALID;}
