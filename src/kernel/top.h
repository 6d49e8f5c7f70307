/*
 * top.h
 *	  the highest of many values, for kernels that bound totals
 *
 * A heap with the lowest on top, so what has to go is at hand; "floor" is
 * what a value must exceed to matter, so most are passed over by one
 * comparison.
 */
#ifndef MTR_TOP_H
#define MTR_TOP_H

#include "kernel.h"

typedef struct MtrTop
{
	int64_t    *value;			/* [room] */
	int32_t    *who;			/* [room] */
	int32_t		n;
	int32_t		room;
	int64_t		floor;			/* only values above it are taken */
} MtrTop;

static inline void
top_clear(MtrTop *t, int32_t room, int64_t floor)
{
	t->n = 0;
	t->room = room;
	t->floor = room > 0 ? floor : INT64_MAX;
}

/* Add a value above the floor; when there is no room the lowest goes. */
static inline void
top_add(MtrTop *t, int64_t value, int32_t who)
{
	int64_t    *v = t->value;
	int32_t		k;

	if (t->n < t->room)
	{
		for (k = t->n++; k > 0 && v[(k - 1) / 2] > value; k = (k - 1) / 2)
		{
			v[k] = v[(k - 1) / 2];
			t->who[k] = t->who[(k - 1) / 2];
		}
	}
	else
	{
		for (k = 0;;)
		{
			int32_t		child = 2 * k + 1;

			if (child + 1 < t->n && v[child + 1] < v[child])
				child++;
			if (child >= t->n || v[child] >= value)
				break;
			v[k] = v[child];
			t->who[k] = t->who[child];
			k = child;
		}
	}
	v[k] = value;
	t->who[k] = who;
	if (t->n == t->room)
		t->floor = v[0];
}

static inline int64_t
top_sum(const MtrTop *t)
{
	int64_t		sum = 0;

	for (int32_t k = 0; k < t->n; k++)
		sum += t->value[k];
	return sum;
}

#endif							/* MTR_TOP_H */
