/*
 * match_verify_group.c
 *	  verify_match() of peers, circles and groups
 *
 * A proposal has members: two peers, a circle of peers, or mentees with their
 * mentors.  Each is looked at by itself: who must suit whom are all members of
 * a circle, each mentor and each mentee of a group.  Scores of both directions
 * are made for the members only.
 *
 * That a pairing of peers is the best is checked in match_verify_pairing.c;
 * circles and groups claim nothing.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "match_verify.h"
#include "progress.h"

/* A member of a proposal. */
typedef struct Member
{
	int64		participant_id;
	bool		is_mentor;
	int32		index;			/* in the list of its side, -1 = not accepted */
} Member;

/* A proposal. */
typedef struct Proposed
{
	int64		id;
	double		stored;			/* score; NaN when null */
	bool		says_pinned;
	int32		first;			/* of the members */
	int32		count;
	int64		now;			/* score as of now */
	int64		bonus;			/* what options add to it */
	char	   *problem;		/* why it breaks a rule, or NULL */
} Proposed;

typedef struct Groups
{
	MtrVerify  *v;
	bool		is_peer;		/* model peer */
	bool		is_circle;
	int32		min_size;
	int32		max_size;
	int32		n;
	Proposed   *group;
	int32		nmembers;
	Member	   *member;
} Groups;

/*
 * Reading
 */

/* Find the member among those accepted. */
static void
look_up(const Groups *g, Member *member)
{
	const MtrProgramme *programme = g->v->programme;

	member->index = member->is_mentor ?
		mtr_find_participant(programme->mentor, programme->nmentors,
							 member->participant_id) :
		mtr_find_participant(programme->mentee, programme->nmentees,
							 member->participant_id);
}

static void
read_groups(Groups *g)
{
	MtrVerify  *v = g->v;

	mtr_match_query("SELECT o.id, o.score, o.is_pinned::integer::bigint,"
					" m.participant_id, (m.role = 'mentor')::integer::bigint"
					" FROM mentoring.proposal AS o"
					" LEFT JOIN mentoring.proposal_member AS m"
					"   ON m.programme_id = o.programme_id"
					"  AND m.proposal_id = o.id"
					" WHERE o.programme_id = $1 AND o.match_run_id = $2"
					" ORDER BY o.id, m.role, m.participant_id",
					2, v->args, true, SPI_OK_SELECT);
	g->group = palloc_extended((SPI_processed + 1) * sizeof(Proposed),
							   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	g->member = palloc_extended((SPI_processed + 1) * sizeof(Member),
								MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		Proposed   *group = &g->group[g->n - 1];
		Member	   *member = &g->member[g->nmembers];

		if (g->n == 0 || group->id != mtr_verify_integer(row, 1, 0))
		{
			int64		units;

			group = &g->group[g->n++];
			group->id = mtr_verify_integer(row, 1, 0);
			group->stored = mtr_verify_double(row, 2, get_float8_nan());
			group->says_pinned = mtr_verify_integer(row, 3, 0) != 0;
			group->first = g->nmembers;
			v->stored_total += mtr_verify_units(group->stored, &units) ?
				units : get_float8_nan();
		}
		member->participant_id = mtr_verify_integer(row, 4, 0);
		member->is_mentor = mtr_verify_integer(row, 5, 0) != 0;
		if (member->participant_id == 0)
			continue;			/* a proposal without members */
		look_up(g, member);
		group->count++;
		g->nmembers++;
	}
	v->nproposals = g->n;
	SPI_freetuptable(SPI_tuptable);
}

static void
read_sizes(Groups *g)
{
	mtr_match_query("SELECT coalesce(min_group_size,"
					" least(3, max_group_size))::bigint,"
					" coalesce(max_group_size,"
					" greatest(6, min_group_size))::bigint"
					" FROM mentoring.programme WHERE id = $1",
					1, g->v->args, true, SPI_OK_SELECT);
	g->min_size = g->is_peer ? 2 : (int32) mtr_verify_integer(0, 1, 0);
	g->max_size = g->is_peer ? 2 : (int32) mtr_verify_integer(0, 2, 0);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Members and places
 */

/* What is wrong with the shape of a proposal, or NULL. */
static char *
shape_problem(const Groups *g, const Proposed *group)
{
	const Member *member = g->member + group->first;
	int32		mentors = 0;

	for (int32 k = 0; k < group->count; k++)
	{
		mentors += member[k].is_mentor;
		if (member[k].index < 0)
			return psprintf("proposal %lld: participant %lld is not accepted or not active",
							(long long) group->id,
							(long long) member[k].participant_id);
		for (int32 l = 0; l < k; l++)
			if (member[l].participant_id == member[k].participant_id)
				return psprintf("proposal %lld has participant %lld twice",
								(long long) group->id,
								(long long) member[k].participant_id);
	}
	if (mentors != (g->is_peer || g->is_circle ? 0 :
					g->v->options.mentors_per_group))
		return psprintf("proposal %lld has %d mentors",
						(long long) group->id, mentors);
	if (group->count < g->min_size || group->count > g->max_size)
		return psprintf("proposal %lld has %d members, the programme wants %d to %d",
						(long long) group->id, group->count, g->min_size,
						g->max_size);
	return NULL;
}

static void
check_members(Groups *g)
{
	MtrVerify  *v = g->v;
	char	   *problem = NULL;

	for (int32 k = 0; k < g->n && problem == NULL; k++)
		problem = shape_problem(g, &g->group[k]);
	v->is_feasible &= problem == NULL;
	if (problem == NULL && v->are_pairs_altered)
		problem = "the proposals were changed after the run was made";
	mtr_verify_found(v, "members", problem,
					 psprintf("%d proposals", v->nproposals));
}

/* A group counts one for its mentor and one for each mentee; a peer is in one
 * pair or circle of a run. */
static void
check_capacity(Groups *g)
{
	MtrVerify  *v = g->v;
	char	   *problem = NULL;

	for (int32 k = 0; k < g->nmembers && problem == NULL; k++)
	{
		const Member *member = &g->member[k];
		MtrVerifyPerson *person;

		if (member->index < 0)
			continue;
		person = member->is_mentor ? &v->mentor[member->index] :
			&v->mentee[member->index];
		person->taken++;
		if (person->taken > person->places)
			problem = psprintf("participant %lld has %d places and is proposed more often",
							   (long long) person->id, person->places);
		else if (person->taken > 1 && (g->is_peer || g->is_circle))
			problem = psprintf("peer %lld is proposed more than once",
							   (long long) person->id);
	}
	v->is_feasible &= mtr_verify_found(v, "capacity", problem,
									   "nobody has more proposals than places");
}

/*
 * Rules and scores
 */

static int
compare_pins(const void *a, const void *b)
{
	const MtrPin *p = a;
	const MtrPin *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	return (p->mentor > q->mentor) - (p->mentor < q->mentor);
}

/* Is the pair pinned, of peers either way round? */
static bool
is_pinned(const Groups *g, int32 a, int32 b)
{
	const MtrProgramme *programme = g->v->programme;
	MtrPin		key = {.mentee = a,.mentor = b};
	MtrPin		back = {.mentee = b,.mentor = a};

	if (bsearch(&key, programme->pin, programme->npins, sizeof(MtrPin),
				compare_pins) != NULL)
		return true;
	return (g->is_peer || g->is_circle) &&
		bsearch(&back, programme->pin, programme->npins, sizeof(MtrPin),
				compare_pins) != NULL;
}

/* The score of two members who must suit each other; rows are those of the
 * members, "row" by row. */
static int32
pair_score(const Groups *g, const Proposed *group, const int32 *rows, int32 x,
		   int32 y)
{
	const Member *member = g->member + group->first;
	int32		m = g->v->programme->nmentors;

	if (g->is_peer || g->is_circle)
		return mtr_peer_score(rows[(Size) x * m + member[y].index],
							  rows[(Size) y * m + member[x].index]);
	return rows[(Size) x * m + member[y].index];
}

/* The score of two members, noting when they may not be together. */
static int64
checked_score(Groups *g, Proposed *group, const int32 *rows, int32 x, int32 y)
{
	MtrVerify  *v = g->v;
	const Member *member = g->member + group->first;
	int32		score = pair_score(g, group, rows, x, y);

	if (score != MTR_NO_PAIR &&
		(score >= v->options.min_score ||
		 is_pinned(g, member[x].index, member[y].index)))
		return score;
	group->problem =
		psprintf("participants %lld and %lld of proposal %lld may not be together, see mentoring.explain_pair",
				 (long long) member[x].participant_id,
				 (long long) member[y].participant_id,
				 (long long) group->id);
	return 0;
}

/* Every two of a circle, or two peers. */
static void
score_peers(Groups *g, Proposed *group, const int32 *rows)
{
	const Member *member = g->member + group->first;

	for (int32 x = 0; x < group->count; x++)
		for (int32 y = x + 1; y < group->count; y++)
		{
			int32		a = member[x].index;
			int32		b = member[y].index;

			group->now += checked_score(g, group, rows, x, y);
			group->bonus += mtr_verify_bonus(g->v, Min(a, b), Max(a, b));
		}
}

/* A sum over mentors, as a mean rounded half up. */
static int64
mean(int64 sum, int32 mentors)
{
	return (sum + mentors / 2) / mentors;
}

/* The mean with the mentors, of each mentee. */
static void
score_mentees(Groups *g, Proposed *group, const int32 *rows)
{
	const Member *member = g->member + group->first;

	for (int32 x = 0; x < group->count; x++)
	{
		int64		score = 0;
		int64		bonus = 0;
		int32		mentors = 0;

		if (member[x].is_mentor)
			continue;
		for (int32 y = 0; y < group->count; y++)
		{
			if (!member[y].is_mentor)
				continue;
			mentors++;
			score += checked_score(g, group, rows, x, y);
			bonus += mtr_verify_bonus(g->v, member[x].index, member[y].index);
		}
		group->now += mean(score, mentors);
		group->bonus += mean(score + bonus, mentors) - mean(score, mentors);
	}
}

/* Score one proposal again, and find a rule it breaks. */
static void
score_group(Groups *g, Proposed *group, int32 *rows)
{
	const Member *member = g->member + group->first;
	int32		m = g->v->programme->nmentors;

	for (int32 x = 0; x < group->count; x++)
	{
		if (!member[x].is_mentor)
			mtr_programme_row(g->v->programme, member[x].index,
							  rows + (Size) x * m);
	}
	if (g->is_peer || g->is_circle)
		score_peers(g, group, rows);
	else
		score_mentees(g, group, rows);
}

static void
score_groups(Groups *g)
{
	int32		m = g->v->programme->nmentors;
	int32	   *rows;
	int32		most = 0;

	for (int32 k = 0; k < g->n; k++)
		most = Max(most, g->group[k].count);
	rows = palloc_extended((Size) (most + 1) * (m + 1) * sizeof(int32),
						   MCXT_ALLOC_HUGE);
	for (int32 k = 0; k < g->n; k++)
	{
		CHECK_FOR_INTERRUPTS();
		if (shape_problem(g, &g->group[k]) == NULL)
			score_group(g, &g->group[k], rows);
	}
	pfree(rows);
}

/* Do two participants share a proposal? */
static bool
share_proposal(const Groups *g, int64 a, int64 b)
{
	for (int32 k = 0; k < g->n; k++)
	{
		const Member *member = g->member + g->group[k].first;
		int			found = 0;

		for (int32 x = 0; x < g->group[k].count; x++)
			found += member[x].participant_id == a ||
				member[x].participant_id == b;
		if (found == 2)
			return true;
	}
	return false;
}

/* Is a pin's pair together already, so that it needn't be proposed? */
static bool
is_together(const MtrProgramme *programme, const MtrPin *pin)
{
	const MtrScoreSet *set = &programme->set;

	for (int32 e = set->exclude_start[pin->mentee];
		 e < set->exclude_start[pin->mentee + 1]; e++)
	{
		if (set->exclude_mentor[e] == pin->mentor &&
			programme->excluded_why[e] == MTR_EX_TOGETHER)
			return true;
	}
	return false;
}

static void
check_rules(Groups *g)
{
	MtrVerify  *v = g->v;
	char	   *problem = NULL;

	for (int32 k = 0; k < g->n && problem == NULL; k++)
		problem = g->group[k].problem;
	for (int32 k = 0; k < v->programme->npins && problem == NULL; k++)
	{
		const MtrPin *pin = &v->programme->pin[k];

		CHECK_FOR_INTERRUPTS();
		if (!share_proposal(g, pin->mentee_id, pin->mentor_id) &&
			(pin->mentee < 0 || pin->mentor < 0 ||
			 !is_together(v->programme, pin)))
			problem = psprintf("participants %lld and %lld are pinned and not proposed together",
							   (long long) pin->mentee_id,
							   (long long) pin->mentor_id);
	}
	v->is_feasible &= mtr_verify_found(v, "rules", problem,
									   "all who are together are eligible, every pin is met");
}

static void
check_scores(Groups *g)
{
	char	   *problem = NULL;

	for (int32 k = 0; k < g->n && problem == NULL; k++)
	{
		const Proposed *group = &g->group[k];

		if (group->stored != MTR_TO_DOUBLE(group->now))
			problem = psprintf("proposal %lld: stored %.6f, recomputed %.6f",
							   (long long) group->id, group->stored,
							   MTR_TO_DOUBLE(group->now));
	}
	mtr_verify_found(g->v, "scores", problem,
					 "every stored score is that recomputed");
}

static void
check_optimality(Groups *g, const char *why_not)
{
	mtr_verify_priorities(g->v);
	if (why_not != NULL)
		mtr_verify_put(g->v, "optimal", MTR_UNDECIDED, why_not);
	else if (!g->v->is_feasible)
		mtr_verify_put(g->v, "optimal", MTR_FAILS,
					   "the proposals are no valid matching");
	else
		mtr_verify_pairing(g->v);
}

/* Pairs of peers as the common checks know them, for their values. */
static void
list_pairs(Groups *g)
{
	MtrVerify  *v = g->v;

	v->pair = palloc_extended((g->n + 1) * sizeof(MtrVerifyPair),
							  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int32 k = 0; k < g->n; k++)
	{
		const Proposed *group = &g->group[k];
		const Member *member = g->member + group->first;
		MtrVerifyPair *pair = &v->pair[v->npairs];

		if (shape_problem(g, group) != NULL)
			v->member_problem = group->problem ? group->problem : "";
		else
		{
			pair->stored = group->stored;
			pair->is_pin = !g->is_peer ||
				is_pinned(g, member[0].index, member[1].index);
			pair->mentee = Min(member[0].index, member[1].index);
			pair->mentor = Max(member[0].index, member[1].index);
			v->npairs++;
			v->more_value += g->is_peer ? 0 : group->bonus;
		}
	}
}

void
mtr_verify_groups(MtrVerify *v, const char *why_not)
{
	Groups		g = {0};

	g.v = v;
	g.is_peer = strcmp(v->programme->model, "peer") == 0;
	g.is_circle = strcmp(v->programme->model, "circle") == 0;
	read_sizes(&g);
	read_groups(&g);
	mtr_progress_phase("check");
	score_groups(&g);
	list_pairs(&g);
	check_members(&g);
	check_capacity(&g);
	check_rules(&g);
	check_scores(&g);
	mtr_verify_total(v);
	check_optimality(&g, why_not);
}
