/*
 * group_fuzz.c
 *	  groups and their bounds: group.h word for word
 *
 * What comes out must be a division, the same each time, and within its
 * bounds, and these no higher than the sum of what each mentee likes best.  Of
 * small problems the best of all divisions is found by enumeration: no bound
 * may be below it and no answer above it.  Where any group may be opened the
 * bounds are those of the assignment problem, which its kernel solves.
 *
 * Build: group_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
#include "group.h"

/* People of a side where a search may follow the first local optimum; and
 * mentees of more mentors than that: other cases take so long that few could
 * be tried */
#define MOST_SEARCHED 10

/* Sizes of problems solved by enumeration */
#define MAX_MENTEES 5
#define MAX_MENTORS 4
#define MAX_GROUPS 3
#define MAX_OPTIONS ((1 << MAX_MENTORS) << MAX_MENTEES)

/* A group that might be opened: sets of people, what it is worth */
typedef struct Option
{
	uint32_t	mentors;
	uint32_t	mentees;
	int64_t		value;
} Option;

/* Divisions while they are enumerated, and the best ones */
typedef struct Divisions
{
	const MtrGroup *p;
	Option		option[MAX_OPTIONS];
	int32_t		noptions;
	const Option *chosen[MAX_GROUPS];
	int32_t		nchosen;
	int32_t		seats;
	int64_t		total;			/* of those of most seats */
	int64_t		any_total;		/* of all */
} Divisions;

static int32_t *
score_at(const MtrGroup *p, int32_t i, int32_t j)
{
	return (int32_t *) p->score + (size_t) i * p->nmentors + j;
}

static void
describe_groups(const void *problem)
{
	const MtrGroup *p = problem;
	int32_t		k = p->mentors_per_group;

	fprintf(stderr, "%d mentors a group, sizes %d to %d, effort %d, seed "
			"%llu\nplaces of mentors:", k, p->min_size, p->max_size,
			p->effort, (unsigned long long) p->seed);
	for (int32_t j = 0; j < p->nmentors; j++)
		fprintf(stderr, " %d", p->mentor_places[j]);
	fprintf(stderr, "\n");
	for (int32_t i = 0; i < p->nmentees; i++)
	{
		fprintf(stderr, "places %d:", p->mentee_places[i]);
		for (int32_t j = 0; j < p->nmentors; j++)
			if (*score_at(p, i, j) == MTR_NO_PAIR)
				fprintf(stderr, " -");
			else
				fprintf(stderr, " %d", *score_at(p, i, j));
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "%d groups, %d seats of %d, total %lld of %lld\n",
			p->ngroups, p->nseats, p->seats_bound, (long long) p->total,
			(long long) p->bound);
}

static void
take_outputs(MtrGroup *p)
{
	int64_t		groups = mtr_group_max_groups(p);
	int64_t		seats = mtr_group_max_seats(p);

	p->group_mentor = take_memory(groups * p->mentors_per_group,
								  sizeof(int32_t));
	p->seat_group = take_memory(seats, sizeof(int32_t));
	p->seat_mentee = take_memory(seats, sizeof(int32_t));
	p->seat_score = take_memory(seats, sizeof(int32_t));
}

static void
drop_outputs(MtrGroup *p)
{
	free(p->group_mentor);
	free(p->seat_group);
	free(p->seat_mentee);
	free(p->seat_score);
}

static void
read_groups(Input *in, MtrGroup *p)
{
	ScoreSource source;

	memset(p, 0, sizeof(MtrGroup));
	p->nmentors = choose_side(in, 34);
	p->nmentees = choose_side(in, p->nmentors <= MOST_SEARCHED ? 26 :
							  MOST_SEARCHED);
	p->mentors_per_group = 1;
	if (choose(in, 2) == 1)
		p->mentors_per_group += (int32_t) choose(in, 4);
	p->min_size = p->mentors_per_group + 1 + (int32_t) choose(in, 4);
	p->max_size = p->min_size + (int32_t) choose(in, 5);
	if (p->nmentees <= MOST_SEARCHED && p->nmentors <= MOST_SEARCHED)
		p->effort = choose(in, 8) == 7;
	p->seed = choose(in, 256);
	p->score = take_memory((int64_t) p->nmentees * p->nmentors,
						   sizeof(int32_t));
	p->mentee_places = take_memory(p->nmentees, sizeof(int32_t));
	p->mentor_places = take_memory(p->nmentors, sizeof(int32_t));
	read_places(in, p->mentee_places, p->nmentees, p->nmentors);
	read_places(in, p->mentor_places, p->nmentors, p->nmentees);
	source = choose_scores(in);
	for (int32_t i = 0; i < p->nmentees; i++)
		for (int32_t j = 0; j < p->nmentors; j++)
			*score_at(p, i, j) = next_score(in, &source, i, j);
	take_outputs(p);
	describe = describe_groups;
	in_hand = p;
}

/* Solve in scratch full of some byte. */
static MtrStatus
run(MtrGroup *p, int rubbish)
{
	size_t		size = mtr_group_scratch_size(p);
	void	   *scratch = take_memory(size, 1);
	MtrStatus	status;

	memset(scratch, rubbish, size);
	status = mtr_group_solve(p, scratch);
	free(scratch);
	return status;
}

/* ----------
 * Divisions
 * ----------
 */

/* What a seat is worth: floor((sum + k / 2) / k); MTR_NO_PAIR = nothing */
static int32_t
value_of(const MtrGroup *p, int32_t i, uint64_t mentors)
{
	int64_t		k = p->mentors_per_group;
	int64_t		sum = k / 2;

	for (int32_t j = 0; j < p->nmentors; j++)
	{
		if (!(mentors >> j & 1))
			continue;
		if (*score_at(p, i, j) == MTR_NO_PAIR)
			return MTR_NO_PAIR;
		sum += *score_at(p, i, j);
	}

	/* beyond all scores, so that nothing below zero is divided */
	return (int32_t) ((sum + k * 2000000000) / k - 2000000000);
}

static uint64_t
mentors_of(const MtrGroup *p, int32_t g)
{
	uint64_t	set = 0;

	for (int32_t x = 0; x < p->mentors_per_group; x++)
		set |= UINT64_C(1) << p->group_mentor[g * p->mentors_per_group + x];
	return set;
}

/* Mentors in range, ascending, within their places; groups in order */
static void
claim_mentors(const MtrGroup *p)
{
	int32_t    *led = take_cleared(p->nmentors, sizeof(int32_t));
	int32_t		k = p->mentors_per_group;

	CLAIM(p->ngroups >= 0 && p->ngroups <= mtr_group_max_groups(p));
	for (int32_t n = 0; n < p->ngroups * k; n++)
	{
		int32_t		j = p->group_mentor[n];

		CLAIM(j >= 0 && j < p->nmentors);
		CLAIM(n % k == 0 || p->group_mentor[n - 1] < j);
		CLAIM(++led[j] <= p->mentor_places[j]);
	}
	for (int32_t g = 1; g < p->ngroups; g++)
	{
		const int32_t *mentor = p->group_mentor + g * k;
		int32_t		x = 0;

		while (x < k && mentor[x - k] == mentor[x])
			x++;
		CLAIM(x == k || mentor[x - k] < mentor[x]);
	}
	free(led);
}

/* Seats in order, of the worth told, nobody too often; groups of the sizes
 * asked for, those of the same mentors by their lowest mentees */
static void
claim_seats(const MtrGroup *p)
{
	int32_t    *size = take_cleared(p->ngroups, sizeof(int32_t));
	int32_t    *first = take_cleared(p->ngroups, sizeof(int32_t));
	int32_t    *joined = take_cleared(p->nmentees, sizeof(int32_t));
	uint64_t   *met = take_cleared(p->nmentees, sizeof(uint64_t));
	int64_t		total = 0;

	CLAIM(p->nseats >= 0 && p->nseats <= p->seats_bound);
	CLAIM(p->seats_bound <= mtr_group_max_seats(p));
	for (int32_t n = 0; n < p->nseats; n++)
	{
		int32_t		g = p->seat_group[n];
		int32_t		i = p->seat_mentee[n];
		uint64_t	mentors;

		CLAIM(g >= 0 && g < p->ngroups && i >= 0 && i < p->nmentees);
		CLAIM(n == 0 || g > p->seat_group[n - 1] ||
			  (g == p->seat_group[n - 1] && i > p->seat_mentee[n - 1]));
		mentors = mentors_of(p, g);
		CLAIM(p->seat_score[n] != MTR_NO_PAIR &&
			  p->seat_score[n] == value_of(p, i, mentors));
		CLAIM(++joined[i] <= p->mentee_places[i]);
		CLAIM((met[i] & mentors) == 0);
		met[i] |= mentors;
		if (size[g]++ == 0)
			first[g] = i;
		total += p->seat_score[n];
	}
	for (int32_t g = 0; g < p->ngroups; g++)
	{
		CLAIM(size[g] + p->mentors_per_group >= p->min_size &&
			  size[g] + p->mentors_per_group <= p->max_size);
		CLAIM(g == 0 || mentors_of(p, g) != mentors_of(p, g - 1) ||
			  first[g - 1] < first[g]);
	}
	CLAIM(total == p->total && total <= p->bound);
	free(size);
	free(first);
	free(joined);
	free(met);
}

/* ----------
 * Bounds
 * ----------
 */

/* The best scores above 0 of each mentee, as many as it may use */
static void
claim_simple_bound(const MtrGroup *p)
{
	int64_t		k = p->mentors_per_group;
	int64_t		sum = 0;
	bool	   *is_used = take_memory(p->nmentors, sizeof(bool));

	for (int32_t i = 0; i < p->nmentees; i++)
	{
		memset(is_used, 0, p->nmentors * sizeof(bool));
		for (int64_t n = 0; n < k * p->mentee_places[i]; n++)
		{
			int32_t		best = -1;

			for (int32_t j = 0; j < p->nmentors; j++)
				if (!is_used[j] && *score_at(p, i, j) > 0 &&
					(best < 0 || *score_at(p, i, j) > *score_at(p, i, best)))
					best = j;
			if (best < 0)
				break;
			is_used[best] = true;
			sum += *score_at(p, i, best);
		}
	}
	CLAIM(p->bound <= (sum + p->seats_bound * (k / 2)) / k);
	free(is_used);
}

/* All groups that might be opened */
static void
list_options(Divisions *d)
{
	const MtrGroup *p = d->p;
	int32_t		k = p->mentors_per_group;

	for (uint32_t mentors = 1; mentors < UINT32_C(1) << p->nmentors; mentors++)
		for (uint32_t mentees = 1; mentees < UINT32_C(1) << p->nmentees;
			 mentees++)
		{
			int32_t		size = __builtin_popcount(mentees) + k;
			Option	   *option = &d->option[d->noptions];
			bool		is_valid = __builtin_popcount(mentors) == k &&
			size >= p->min_size && size <= p->max_size;

			option->mentors = mentors;
			option->mentees = mentees;
			option->value = 0;
			for (int32_t i = 0; i < p->nmentees && is_valid; i++)
				if (mentees >> i & 1)
				{
					is_valid = value_of(p, i, mentors) != MTR_NO_PAIR;
					option->value += value_of(p, i, mentors);
				}
			d->noptions += is_valid;
		}
}

/* May the groups chosen be open together? */
static bool
is_together(const Divisions *d)
{
	int32_t		led[MAX_MENTORS] = {0};
	int32_t		joined[MAX_MENTEES] = {0};

	for (int32_t a = 0; a < d->nchosen; a++)
	{
		const Option *x = d->chosen[a];

		for (int32_t j = 0; j < d->p->nmentors; j++)
			if (x->mentors >> j & 1 && ++led[j] > d->p->mentor_places[j])
				return false;
		for (int32_t i = 0; i < d->p->nmentees; i++)
			if (x->mentees >> i & 1 && ++joined[i] > d->p->mentee_places[i])
				return false;
		for (int32_t b = 0; b < a; b++)
			if ((x->mentors & d->chosen[b]->mentors) != 0 &&
				(x->mentees & d->chosen[b]->mentees) != 0)
				return false;
	}
	return true;
}

static void
note_division(Divisions *d)
{
	int32_t		seats = 0;
	int64_t		total = 0;

	for (int32_t a = 0; a < d->nchosen; a++)
	{
		seats += __builtin_popcount(d->chosen[a]->mentees);
		total += d->chosen[a]->value;
	}
	if (total > d->any_total)
		d->any_total = total;
	if (seats > d->seats || (seats == d->seats && total > d->total))
	{
		d->seats = seats;
		d->total = total;
	}
}

/* Go through all choices of options from this one on, in their order. */
static void
enumerate(Divisions *d, int32_t from)
{
	note_division(d);
	for (int32_t x = from; x < d->noptions && d->nchosen < MAX_GROUPS; x++)
	{
		d->chosen[d->nchosen++] = &d->option[x];
		if (is_together(d))
			enumerate(d, x + 1);
		d->nchosen--;
	}
}

static void
claim_bounds(const MtrGroup *p)
{
	static Divisions d;

	memset(&d, 0, sizeof(d));
	d.p = p;
	list_options(&d);
	enumerate(&d, 0);
	CLAIM(d.seats <= p->seats_bound && d.any_total <= p->bound);
	CLAIM(p->nseats <= d.seats);
	CLAIM(p->nseats < d.seats || p->total <= d.total);
}

/* One mentor with any mentee may be a group: an assignment problem */
static void
claim_assignment(const MtrGroup *p)
{
	MtrAssign  *a = make_problem(p->nmentees, p->nmentors);

	memcpy((int32_t *) a->score, p->score,
		   (size_t) p->nmentees * p->nmentors * sizeof(int32_t));
	memcpy((int32_t *) a->row_places, p->mentee_places,
		   p->nmentees * sizeof(int32_t));
	for (int32_t j = 0; j < p->nmentors; j++)
	{
		int64_t		places = (int64_t) p->mentor_places[j] * (p->max_size - 1);

		((int32_t *) a->col_places)[j] = (int32_t)
			(places < p->nmentees ? places : p->nmentees);
	}
	make_pair_room(a);
	for (int most_pairs = 0; most_pairs < 2; most_pairs++)
	{
		void	   *scratch;

		a->most_pairs = most_pairs;
		scratch = take_memory(mtr_assign_scratch_size(a), 1);
		CLAIM(mtr_assign_solve(a, scratch) == MTR_OK);
		if (most_pairs)
			CLAIM(p->seats_bound == a->npairs);
		else
			CLAIM(p->bound >= a->total);
		free(scratch);
	}
	drop_problem(a);
}

/* ----------
 * Once more, and with faults
 * ----------
 */

static void
claim_same_again(const MtrGroup *p)
{
	MtrGroup	q = *p;
	size_t		seats = p->nseats * sizeof(int32_t);

	take_outputs(&q);
	CLAIM(run(&q, 0x5A) == MTR_OK);
	CLAIM(q.ngroups == p->ngroups && q.nseats == p->nseats &&
		  q.total == p->total && q.bound == p->bound &&
		  q.seats_bound == p->seats_bound);
	CLAIM(memcmp(q.group_mentor, p->group_mentor, p->ngroups *
				 p->mentors_per_group * sizeof(int32_t)) == 0);
	CLAIM(memcmp(q.seat_group, p->seat_group, seats) == 0 &&
		  memcmp(q.seat_mentee, p->seat_mentee, seats) == 0 &&
		  memcmp(q.seat_score, p->seat_score, seats) == 0);
	drop_outputs(&q);
}

static void
claim_refused(Input *in, MtrGroup *p)
{
	int32_t		i = choose(in, p->nmentees);
	int32_t		j = choose(in, p->nmentors);
	MtrStatus	expected = MTR_INVALID;

	switch (choose(in, 7))
	{
		case 0:
			if (p->nmentees == 0 || p->nmentors == 0)
				return;
			*score_at(p, i, j) = choose(in, 2) ? 1000000001 : -1000000001;
			expected = MTR_OVERFLOW;
			break;
		case 1:
			if (p->nmentees == 0)
				return;
			((int32_t *) p->mentee_places)[i] = -1;
			break;
		case 2:
			if (p->nmentors == 0)
				return;
			((int32_t *) p->mentor_places)[j] = -1;
			break;
		case 3:
			p->mentors_per_group = choose(in, 2) ? 0 :
				MTR_GROUP_MAX_MENTORS + 1;
			break;
		case 4:
			p->min_size = p->mentors_per_group - (int32_t) choose(in, 2);
			break;
		case 5:
			p->max_size = choose(in, 2) ? p->min_size - 1 :
				MTR_GROUP_MAX_SIZE + 1;
			break;
		default:
			p->effort = -1;
	}
	CLAIM(run(p, 0xA5) == expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	MtrGroup	p;

	read_groups(&in, &p);
	CLAIM(run(&p, 0xA5) == MTR_OK);
	claim_mentors(&p);
	claim_seats(&p);
	claim_simple_bound(&p);
	if (p.nmentees <= MAX_MENTEES && p.nmentors <= MAX_MENTORS &&
		mtr_group_max_groups(&p) <= MAX_GROUPS)
		claim_bounds(&p);
	if (p.mentors_per_group == 1 && p.min_size == 2)
		claim_assignment(&p);
	claim_same_again(&p);
	claim_refused(&in, &p);
	drop_outputs(&p);
	free((void *) p.score);
	free((void *) p.mentee_places);
	free((void *) p.mentor_places);
	return 0;
}
