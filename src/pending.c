/*
 * pending.c
 *	  stand-ins for kernels that are not linked yet; they are never reached
 *	  with a matrix, for a large problem goes on with the dense kernel
 */
#include "kernel/assign.h"
#include "kernel/lazy.h"

#define PENDING __attribute__((weak))

PENDING size_t
mtr_lazy_scratch_size(const MtrLazy *p)
{
	return 0;
}

PENDING MtrStatus
mtr_lazy_solve(MtrLazy *p, void *scratch)
{
	return MTR_DEGENERATE;
}

PENDING MtrStatus
mtr_lazy_resume(MtrLazy *p, const MtrLazyChange *change, void *scratch)
{
	return MTR_DEGENERATE;
}

PENDING MtrStatus
mtr_assign_resume(MtrAssign *p, void *scratch)
{
	return mtr_assign_solve(p, scratch);
}
