/*
 * circle_placed.c
 *	  who can be in a circle, and how many at most
 *
 * Proof.  Who has fewer than min_size - 1 eligible partners is in no circle
 * and is nobody's partner; nor is it with a partner with whom it has fewer
 * than min_size - 2 partners in common, so such partners don't count.  Taking
 * members out until there is none to be taken leaves those who may be placed
 * ("alive").  Partners in common are counted only for members of no more than
 * FEW partners, and in no more than PASSES passes.
 *
 * A circle lies within one connected component of eligible pairs, and of a
 * component of c members at most the largest number up to c can be placed
 * that is a sum of sizes: x is one exactly if ceil(x / max_size) * min_size
 * <= x.  placed_bound is the sum over the components.
 *
 * Cost.  O(n * n), and FEW * FEW for each member of few partners in a pass.
 */
#include "circle_state.h"

/* Partners in common are counted for members of so few, so many times */
#define FEW 64
#define PASSES 8

/* Largest sum of sizes that is no more than x */
static int32_t
largest_sum(const MtrCircle *p, int32_t x)
{
	int64_t		circles;

	for (; x > 0; x--)
	{
		circles = (x + (int64_t) p->max_size - 1) / p->max_size;
		if (circles * p->min_size <= x)
			break;
		/* so many circles are too many: one less, all full */
		x = (int32_t) ((circles - 1) * p->max_size) + 1;
	}
	return x;
}

/*
 * The component of a member, as part of the queue; "state" becomes 2 for each
 * of its members.
 */
static int32_t
find_component(const MtrCircle *p, int32_t first, int32_t *state,
			   int32_t *queue)
{
	int32_t		n = 0;

	queue[n++] = first;
	state[first] = 2;
	for (int32_t at = 0; at < n; at++)
	{
		const int32_t *score = p->score + (size_t) queue[at] * p->n;

		mtr_poll();
		for (int32_t j = 0; j < p->n; j++)
			if (state[j] == 1 && score[j] != MTR_NO_PAIR)
			{
				state[j] = 2;
				queue[n++] = j;
			}
	}
	return n;
}

/*
 * Take out those in the queue and, one after the other, whoever has too few
 * partners left; "state" is 1 for those who stay, partners[i] counts those of
 * i who stay.
 */
static void
take_out(const MtrCircle *p, int32_t *state, int32_t *partners,
		 int32_t *queue, int32_t n)
{
	for (int32_t at = 0; at < n; at++)
	{
		const int32_t *score = p->score + (size_t) queue[at] * p->n;

		mtr_poll();
		for (int32_t j = 0; j < p->n; j++)
			if (score[j] != MTR_NO_PAIR && --partners[j] < p->min_size - 1 &&
				state[j])
			{
				state[j] = 0;
				queue[n++] = j;
			}
	}
}

/* Has i, of few partners, enough with whom it has enough in common? */
static bool
has_company(const MtrCircle *p, int32_t i, const int32_t *state)
{
	const int32_t *score = p->score + (size_t) i * p->n;
	int32_t		list[FEW];
	int32_t		n = 0;
	int32_t		good = 0;

	for (int32_t j = 0; j < p->n; j++)
		if (state[j] && score[j] != MTR_NO_PAIR)
			list[n++] = j;
	for (int32_t k = 0; k < n; k++)
	{
		const int32_t *other = p->score + (size_t) list[k] * p->n;
		int32_t		common = 0;

		for (int32_t l = 0; l < n; l++)
			common += other[list[l]] != MTR_NO_PAIR;
		good += common >= p->min_size - 2;
	}
	return good >= p->min_size - 1;
}

/* Find who stays. */
static void
find_state(const MtrCircle *p, int32_t *state, int32_t *partners,
		   int32_t *queue)
{
	int32_t		n = 0;

	for (int32_t i = 0; i < p->n; i++)
	{
		const int32_t *score = p->score + (size_t) i * p->n;

		mtr_poll();
		partners[i] = 0;
		for (int32_t j = 0; j < p->n; j++)
			partners[i] += score[j] != MTR_NO_PAIR;
		state[i] = partners[i] >= p->min_size - 1;
		if (!state[i])
			queue[n++] = i;
	}
	take_out(p, state, partners, queue, n);
	for (int pass = 0; pass < PASSES && p->min_size > 2; pass++)
	{
		n = 0;
		for (int32_t i = 0; i < p->n; i++)
		{
			mtr_poll();
			if (!state[i] || partners[i] > FEW || has_company(p, i, state))
				continue;
			state[i] = 0;
			queue[n++] = i;
		}
		if (n == 0)
			break;
		take_out(p, state, partners, queue, n);
	}
}

/*
 * Find the members who may be placed, in ascending order; returns their
 * number.  The scratch is that of the bound, with room for 3 * n numbers.
 */
int32_t
mtr_circle_alive(const MtrCircle *p, int32_t *alive, int32_t *placed_bound,
				 void *scratch)
{
	int32_t    *state = scratch;
	int32_t    *partners = state + p->n;
	int32_t    *queue = partners + p->n;
	int32_t		nalive = 0;

	find_state(p, state, partners, queue);
	*placed_bound = 0;
	for (int32_t i = 0; i < p->n; i++)
	{
		if (state[i] == 1)
			*placed_bound += largest_sum(p, find_component(p, i, state,
														   queue));
		if (state[i] != 0)
			alive[nalive++] = i;
	}
	return nalive;
}
