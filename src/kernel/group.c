/*
 * group.c
 *	  groups: one or more mentors with several mentees
 *
 * Problem.  See group.h.
 *
 * This file checks the input, divides the scratch, lets group_bound.c say
 * what no division exceeds and group_search.c look for a good one, and orders
 * its groups.
 *
 * Cost.  Bounds O(mentees * mentors) times some hundred, then the effort.
 */
#include <string.h>

#include "group_state.h"

/* group.h */
#define MAX_SCORE 1000000000

/* Side of the squares in which the matrix is turned */
#define SQUARE 32

/* ----------
 * Checks
 * ----------
 */

static MtrStatus
check_numbers(const MtrGroup *p)
{
	if (p->nmentees < 0 || p->nmentors < 0 || p->mentors_per_group < 1 ||
		p->mentors_per_group > MTR_GROUP_MAX_MENTORS ||
		p->min_size <= p->mentors_per_group || p->max_size < p->min_size ||
		p->max_size > MTR_GROUP_MAX_SIZE || p->effort < 0)
		return MTR_INVALID;
	if (p->nmentees > MTR_GROUP_MAX_PEOPLE ||
		p->nmentors > MTR_GROUP_MAX_PEOPLE)
		return MTR_OVERFLOW;
	for (int32_t i = 0; i < p->nmentees; i++)
		if (p->mentee_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->nmentors; j++)
		if (p->mentor_places[j] < 0)
			return MTR_INVALID;
	return mtr_group_max_seats(p) > INT32_MAX ? MTR_OVERFLOW : MTR_OK;
}

static MtrStatus
check_scores(const MtrGroup *p)
{
	for (int32_t i = 0; i < p->nmentees; i++)
	{
		const int32_t *score = p->score + (size_t) i * p->nmentors;

		mtr_poll();
		for (int32_t j = 0; j < p->nmentors; j++)
			if (score[j] != MTR_NO_PAIR &&
				(score[j] > MAX_SCORE || score[j] < -MAX_SCORE))
				return MTR_OVERFLOW;
	}
	return MTR_OK;
}

/* ----------
 * Memory
 * ----------
 */

/* Groups a mentee may usefully join: k other mentors in each */
static inline int64_t
mentee_groups(const MtrGroup *p, int32_t i)
{
	int32_t		most = p->nmentors / p->mentors_per_group;
	int32_t		places = p->mentee_places[i] < most ? p->mentee_places[i] :
	most;

	return places > 0 ? places : 0;
}

/* Groups a mentor may usefully lead: at least so many other mentees in each */
static inline int64_t
mentor_groups(const MtrGroup *p, int32_t j)
{
	int32_t		most = p->nmentees / (p->min_size - p->mentors_per_group);
	int32_t		places = p->mentor_places[j] < most ? p->mentor_places[j] :
	most;

	return places > 0 ? places : 0;
}

static int64_t
sum_mentee_groups(const MtrGroup *p)
{
	int64_t		sum = 0;

	for (int32_t i = 0; i < p->nmentees; i++)
		sum += mentee_groups(p, i);
	return sum;
}

static int64_t
sum_mentor_groups(const MtrGroup *p)
{
	int64_t		sum = 0;

	for (int32_t j = 0; j < p->nmentors; j++)
		sum += mentor_groups(p, j);
	return sum;
}

/* Mentees of a group, at most */
static int64_t
most_seats(const MtrGroup *p)
{
	int64_t		most = p->max_size - p->mentors_per_group;

	return most < p->nmentees ? most : p->nmentees;
}

int64_t
mtr_group_max_groups(const MtrGroup *p)
{
	int64_t		led = sum_mentor_groups(p) / p->mentors_per_group;
	int64_t		filled = sum_mentee_groups(p) /
	(p->min_size - p->mentors_per_group);

	return led < filled ? led : filled;
}

int64_t
mtr_group_max_seats(const MtrGroup *p)
{
	int64_t		wanted = sum_mentee_groups(p);
	int64_t		offered = mtr_group_max_groups(p) * most_seats(p);

	return wanted < offered ? wanted : offered;
}

/* Moves of one trial: all of a group; or a new one and what is left of the
 * groups its mentees came from, less than the smallest size each. */
static size_t
max_moved(const GroupState *s)
{
	size_t		groups = s->min_seats < s->nslots ? s->min_seats : s->nslots;

	return (groups + 1) * s->min_seats + s->max_seats;
}

static void
lay_out_groups(GroupState *s, char *scratch, size_t *used)
{
	size_t		slots = s->nslots;
	size_t		k = s->k;
	size_t		seats = slots * s->max_seats;

	s->lead = mtr_group_carve(scratch, used, slots * k, sizeof(int32_t));
	s->size = mtr_group_carve(scratch, used, slots, sizeof(int32_t));
	s->member = mtr_group_carve(scratch, used, seats, sizeof(int32_t));
	s->best_lead = mtr_group_carve(scratch, used, slots * k,
								   sizeof(int32_t));
	s->best_size = mtr_group_carve(scratch, used, slots, sizeof(int32_t));
	s->best_member = mtr_group_carve(scratch, used, seats, sizeof(int32_t));
	if (k > 1)
		s->value = mtr_group_carve(scratch, used, slots * s->nmentees,
								   sizeof(int32_t));
	s->open = mtr_group_carve(scratch, used, slots, sizeof(int32_t));
	s->price = mtr_group_carve(scratch, used, slots, sizeof(int64_t));
	s->label = mtr_group_carve(scratch, used, slots, sizeof(int64_t));
	s->via = mtr_group_carve(scratch, used, slots, sizeof(int32_t));
	s->before = mtr_group_carve(scratch, used, slots, sizeof(int32_t));
	s->final = mtr_group_carve(scratch, used, slots, 1);
	s->old_size = mtr_group_carve(scratch, used, slots, sizeof(int32_t));
	s->old_member = mtr_group_carve(scratch, used, seats, sizeof(int32_t));
	s->moved = mtr_group_carve(scratch, used, max_moved(s),
							   sizeof(GroupMove));
}

static void
lay_out_people(GroupState *s, const MtrGroup *p, char *scratch, size_t *used)
{
	size_t		rows = p->nmentees;
	size_t		cols = p->nmentors;

	s->places = mtr_group_carve(scratch, used, rows, sizeof(int32_t));
	s->turned = mtr_group_carve(scratch, used, rows * cols, sizeof(int32_t));
	s->joined = mtr_group_carve(scratch, used, sum_mentee_groups(p),
								sizeof(int32_t));
	s->joined_start = mtr_group_carve(scratch, used, rows + 1,
									  sizeof(int32_t));
	s->njoined = mtr_group_carve(scratch, used, rows, sizeof(int32_t));
	s->led = mtr_group_carve(scratch, used, sum_mentor_groups(p) + cols,
							 sizeof(int32_t));
	s->led_start = mtr_group_carve(scratch, used, cols + 1, sizeof(int32_t));
	s->nled = mtr_group_carve(scratch, used, cols, sizeof(int32_t));
	s->pool = mtr_group_carve(scratch, used, rows, sizeof(int32_t));
	s->pool_at = mtr_group_carve(scratch, used, rows, sizeof(int32_t));
	s->alive = mtr_group_carve(scratch, used, rows, sizeof(int32_t));
	s->mentor = mtr_group_carve(scratch, used, rows * LISTED,
								sizeof(int32_t));
	s->nlisted = mtr_group_carve(scratch, used, rows, sizeof(int32_t));
	s->expected = mtr_group_carve(scratch, used, cols, sizeof(int64_t));
	s->mentor_price = mtr_group_carve(scratch, used, cols, sizeof(int64_t));
	s->gain = mtr_group_carve(scratch, used, rows + cols, sizeof(int64_t));
	s->pick = mtr_group_carve(scratch, used, rows + cols, sizeof(int32_t));
}

/* The bounds are found before the search begins and once more when it has
 * ended; what they need is their own. */
static size_t
lay_out(GroupState *s, const MtrGroup *p, char *scratch, void **bound)
{
	size_t		used = 0;

	memset(s, 0, sizeof(*s));
	s->p = p;
	s->nmentees = p->nmentees;
	s->nmentors = p->nmentors;
	s->k = p->mentors_per_group;
	s->min_seats = p->min_size - s->k;
	s->max_seats = (int32_t) most_seats(p);
	s->nslots = (int32_t) mtr_group_max_groups(p);
	lay_out_groups(s, scratch, &used);
	lay_out_people(s, p, scratch, &used);
	*bound = mtr_group_carve(scratch, &used,
							 mtr_group_bound_scratch_size(p), 1);
	return used;
}

size_t
mtr_group_scratch_size(const MtrGroup *p)
{
	GroupState	s;
	void	   *bound;

	/* what isn't valid is refused later, and needs nothing until then */
	if (check_numbers(p) != MTR_OK)
		return 0;
	return lay_out(&s, p, NULL, &bound);
}

/* ----------
 * All of it
 * ----------
 */

/* In squares, for a column read from top to bottom would miss the cache at
 * each score. */
static void
turn_matrix(GroupState *s)
{
	for (int32_t row = 0; row < s->nmentees; row += SQUARE)
		for (int32_t col = 0; col < s->nmentors; col += SQUARE)
		{
			mtr_poll();
			for (int32_t i = row; i < row + SQUARE && i < s->nmentees; i++)
				for (int32_t j = col; j < col + SQUARE && j < s->nmentors; j++)
					s->turned[(size_t) j * s->nmentees + i] =
						s->p->score[(size_t) i * s->nmentors + j];
		}
}

/* Nobody is in a group yet. */
static void
clear(GroupState *s)
{
	const MtrGroup *p = s->p;

	s->joined_start[0] = 0;
	for (int32_t i = 0; i < s->nmentees; i++)
	{
		s->places[i] = (int32_t) mentee_groups(p, i);
		s->joined_start[i + 1] = s->joined_start[i] + s->places[i];
		s->njoined[i] = 0;
		s->pool_at[i] = NONE;
	}
	s->led_start[0] = 0;
	for (int32_t j = 0; j < s->nmentors; j++)
	{
		int32_t		groups = (int32_t) mentor_groups(p, j);

		s->led_start[j + 1] = s->led_start[j] + groups + (groups > 0);
		s->nled[j] = 0;
	}
	for (int32_t g = 0; g < s->nslots; g++)
	{
		s->size[g] = 0;
		s->best_size[g] = 0;
		for (int32_t x = 0; x < s->k; x++)
			leads(s, g)[x] = NONE;
	}
	s->random = p->seed;
}

static void
sort_numbers(int32_t *number, int32_t n)
{
	for (int32_t x = 1; x < n; x++)
	{
		int32_t		what = number[x];
		int32_t		at = x;

		for (; at > 0 && number[at - 1] > what; at--)
			number[at] = number[at - 1];
		number[at] = what;
	}
}

/* Does group a come before b: by mentors, then by the lowest mentee? */
static bool
comes_before(const GroupState *s, int32_t a, int32_t b)
{
	for (int32_t x = 0; x < s->k; x++)
	{
		int32_t		mentor_a = s->best_lead[(size_t) a * s->k + x];
		int32_t		mentor_b = s->best_lead[(size_t) b * s->k + x];

		if (mentor_a != mentor_b)
			return mentor_a < mentor_b;
	}
	return s->best_member[(size_t) a * s->max_seats] <
		s->best_member[(size_t) b * s->max_seats];
}

/* Put group g into a heap where the last of the order is on top. */
static void
sift_down(const GroupState *s, int32_t *heap, int32_t n, int32_t at)
{
	int32_t		g = heap[at];

	for (;;)
	{
		int32_t		child = 2 * at + 1;

		if (child + 1 < n && comes_before(s, heap[child], heap[child + 1]))
			child++;
		if (child >= n || !comes_before(s, g, heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = g;
}

/* The groups of the best division in their order, in "open" */
static int32_t
order_groups(GroupState *s)
{
	int32_t		n = 0;

	for (int32_t g = 0; g < s->nslots; g++)
	{
		if (s->best_size[g] == 0)
			continue;
		mtr_poll();
		sort_numbers(s->best_lead + (size_t) g * s->k, s->k);
		sort_numbers(s->best_member + (size_t) g * s->max_seats,
					 s->best_size[g]);
		s->open[n++] = g;
	}
	for (int32_t at = n / 2 - 1; at >= 0; at--)
		sift_down(s, s->open, n, at);
	for (int32_t last = n - 1; last > 0; last--)
	{
		int32_t		g = s->open[last];

		s->open[last] = s->open[0];
		s->open[0] = g;
		sift_down(s, s->open, last, 0);
	}
	return n;
}

static int32_t
value_of(const GroupState *s, int32_t i, const int32_t *mentor)
{
	int64_t		sum = 0;

	for (int32_t x = 0; x < s->k; x++)
		sum += s->p->score[(size_t) i * s->nmentors + mentor[x]];
	return (int32_t) mean_of(sum, s->k);
}

/* Hand over the best division. */
static void
hand_over(GroupState *s, MtrGroup *p)
{
	p->ngroups = order_groups(s);
	p->nseats = 0;
	p->total = 0;
	for (int32_t n = 0; n < p->ngroups; n++)
	{
		int32_t		g = s->open[n];
		const int32_t *mentor = s->best_lead + (size_t) g * s->k;
		const int32_t *mentee = s->best_member + (size_t) g * s->max_seats;

		memcpy(p->group_mentor + (size_t) n * s->k, mentor,
			   s->k * sizeof(int32_t));
		for (int32_t x = 0; x < s->best_size[g]; x++)
		{
			p->seat_group[p->nseats] = n;
			p->seat_mentee[p->nseats] = mentee[x];
			p->seat_score[p->nseats] = value_of(s, mentee[x], mentor);
			p->total += p->seat_score[p->nseats++];
		}
	}
}

/*
 * The prices of groups as those of mentors: a mentor who leads several has the
 * highest.  Where somebody has no seat, they include what a seat more would
 * be worth.
 */
static void
use_prices(GroupState *s, MtrGroup *p, void *scratch)
{
	for (int32_t j = 0; j < s->nmentors; j++)
		s->mentor_price[j] = 0;
	for (int32_t g = 0; g < s->nslots; g++)
		for (int32_t x = 0; x < s->k && is_open(s, g); x++)
		{
			int64_t    *highest = &s->mentor_price[leads(s, g)[x]];
			int64_t		price = s->price[g];

			if (price > MORE_SEATS / 2)
				price -= MORE_SEATS;
			if (price > *highest)
				*highest = price;
		}
	mtr_group_bound(p, false, s->mentor_price, scratch);
}

MtrStatus
mtr_group_solve(MtrGroup *p, void *scratch)
{
	GroupState	s;
	MtrStatus	status = check_numbers(p);
	void	   *bound;

	if (status == MTR_OK)
		status = check_scores(p);
	if (status != MTR_OK)
		return status;
	lay_out(&s, p, scratch, &bound);
	mtr_group_bound(p, true, s.mentor_price, bound);
	turn_matrix(&s);
	clear(&s);
	mtr_group_search(&s);
	if (s.settled)
		use_prices(&s, p, bound);
	hand_over(&s, p);
	return MTR_OK;
}
