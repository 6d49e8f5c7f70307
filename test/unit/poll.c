/*
 * poll.c
 *	  the interrupt hook of the kernels where nothing can interrupt
 */
#include "kernel.h"

void
mtr_poll(void)
{
}
