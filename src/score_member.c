/*
 * score_member.c
 *	  who is together, and who has met
 *
 * Excluded are the pairs of an open relationship of this programme, and those
 * with a relationship behind them, in any programme, that ended from its
 * trial.  Where a criterion asks for it, all who met before are listed.
 *
 * "Met" and "trial" go by persons, whatever their roles were; relationships
 * the caller wants ignored (those of a match run, or still proposed) don't
 * count for anything, nor do those that ended from "proposed" as met.
 *
 * The queries return members, not pairs: a query for pairs joins seven
 * tables, and planning it took ten times as long as reading the rows.  A
 * relationship of g members yields up to g * g pairs.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "score_private.h"

/* Who is in a relationship, as mentee or mentor of this programme; -1: not. */
typedef struct Member
{
	int64		programme_id;
	int64		relationship_id;
	int32		mentee;
	int32		mentor;
	bool		is_trial;
} Member;

typedef void (*PairHandler) (MtrLoader *loader, const Member *mentee,
							 const Member *mentor);

/* in a query: one of those the caller named */
#define NAMED "CASE WHEN $2 = 0 THEN $3 ELSE $2 END"

/*
 * Members of open relationships, by relationship; C makes pairs of them.
 * Where somebody is named, only his or her relationships matter.
 */
static MtrQuery together_query = {
	"SELECT r.programme_id, r.id, m.participant_id"
	" FROM mentoring.relationship r"
	" JOIN mentoring.relationship_member m"
	"  ON m.programme_id = r.programme_id AND m.relationship_id = r.id"
	" WHERE r.programme_id = $1 AND " MTR_QUERY_OPEN
	" AND (" MTR_QUERY_IGNORED ") IS NOT TRUE"
};

static MtrQuery together_named_query = {
	"SELECT r.programme_id, r.id, m.participant_id"
	" FROM mentoring.relationship_member a"
	" JOIN mentoring.relationship r"
	"  ON r.programme_id = a.programme_id AND r.id = a.relationship_id"
	" JOIN mentoring.relationship_member m"
	"  ON m.programme_id = r.programme_id AND m.relationship_id = r.id"
	" WHERE a.programme_id = $1 AND a.participant_id = " NAMED
	" AND " MTR_QUERY_OPEN
	" AND (" MTR_QUERY_IGNORED ") IS NOT TRUE",
	true
};

/* The same for relationships over or not, in all programmes, and by persons.
 * $7: all who met, not only after a trial. */
#define HAVE_MET \
	"(r.ended_from = 'trial'" \
	" OR $7 AND r.ended_from IS DISTINCT FROM 'proposed')" \
	" AND (" MTR_QUERY_IGNORED ") IS NOT TRUE"

static MtrQuery met_query = {
	"SELECT r.programme_id, r.id, a.person_id,"
	" r.ended_from IS NOT DISTINCT FROM 'trial'"
	" FROM mentoring.participant p"
	" JOIN mentoring.participant a ON a.person_id = p.person_id"
	" JOIN mentoring.relationship_member m"
	"  ON m.programme_id = a.programme_id AND m.participant_id = a.id"
	" JOIN mentoring.relationship r"
	"  ON r.programme_id = m.programme_id AND r.id = m.relationship_id"
	" WHERE p.programme_id = $1 AND p.role IN ('mentee', 'mentor', 'peer')"
	" AND " HAVE_MET
};

/* In two steps, each of which is planned in no time. */
static MtrQuery met_named_query = {
	"WITH mine AS MATERIALIZED ("
	" SELECT r.programme_id, r.id,"
	"  r.ended_from IS NOT DISTINCT FROM 'trial' AS is_trial"
	" FROM mentoring.participant p"
	" JOIN mentoring.participant a ON a.person_id = p.person_id"
	" JOIN mentoring.relationship_member m"
	"  ON m.programme_id = a.programme_id AND m.participant_id = a.id"
	" JOIN mentoring.relationship r"
	"  ON r.programme_id = m.programme_id AND r.id = m.relationship_id"
	" WHERE p.programme_id = $1 AND p.id = " NAMED " AND " HAVE_MET ")"
	" SELECT r.programme_id, r.id, b.person_id, r.is_trial"
	" FROM mine r"
	" JOIN mentoring.relationship_member m"
	"  ON m.programme_id = r.programme_id AND m.relationship_id = r.id"
	" JOIN mentoring.participant b"
	"  ON b.programme_id = m.programme_id AND b.id = m.participant_id",
	true
};

static MtrQuery released_query = {
	"SELECT m.participant_id, count(*)"
	" FROM mentoring.relationship r"
	" JOIN mentoring.relationship_member m"
	"  ON m.programme_id = r.programme_id AND m.relationship_id = r.id"
	" WHERE r.programme_id = $1 AND " MTR_QUERY_OPEN
	" AND (" MTR_QUERY_IGNORED ")"
	" GROUP BY m.participant_id"
};

/* ----------------------------------------------------------------
 *		Rows of the queries
 * ----------------------------------------------------------------
 */

/* Whoever isn't loaded is in no pair. */
static void
add_member(MtrLoader *loader, const Datum *values, int32 mentee, int32 mentor,
		   bool is_trial)
{
	Member	   *member;

	if (mentee < 0 && mentor < 0)
		return;
	member = mtr_buffer_add(loader, &loader->member, sizeof(*member));
	member->programme_id = DatumGetInt64(values[0]);
	member->relationship_id = DatumGetInt64(values[1]);
	member->mentee = mentee;
	member->mentor = mentor;
	member->is_trial = is_trial;
}

static void
add_together(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		id = DatumGetInt64(values[2]);

	add_member(loader, values, mtr_find_mentee(loader, id),
			   mtr_find_mentor(loader, id), false);
}

static void
add_met(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		id = DatumGetInt64(values[2]);
	int32		code = mtr_dict_code(loader->persons, &id, sizeof(id), false);

	add_member(loader, values, mtr_find_person(loader, MTR_MENTEE, code),
			   mtr_find_person(loader, MTR_MENTOR, code),
			   DatumGetBool(values[3]));
}

/* Places of ignored relationships are free again. */
static void
add_released(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		id = DatumGetInt64(values[0]);
	int32		mentee = mtr_find_mentee(loader, id);
	int32		mentor = mtr_find_mentor(loader, id);

	if (mentee >= 0)
		loader->programme->mentee[mentee].places += DatumGetInt64(values[1]);
	if (mentor >= 0)
		loader->programme->mentor[mentor].places += DatumGetInt64(values[1]);
}

/* ----------------------------------------------------------------
 *		Pairs
 * ----------------------------------------------------------------
 */

static int
compare_members(const void *a, const void *b)
{
	const Member *x = a;
	const Member *y = b;

	if (x->programme_id != y->programme_id)
		return x->programme_id < y->programme_id ? -1 : 1;
	return (x->relationship_id > y->relationship_id) -
		(x->relationship_id < y->relationship_id);
}

/* Every mentee of a relationship with every mentor of it. */
static void
pair_members(MtrLoader *loader, const Member *member, int32 n,
			 PairHandler add)
{
	for (int32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int32 j = 0; member[i].mentee >= 0 && j < n; j++)
			if (member[j].mentor >= 0)
				add(loader, &member[i], &member[j]);
	}
}

/* Run a query for members; "add" gets the pairs. */
static void
load_pairs(MtrLoader *loader, MtrQuery *query, bool flag,
		   MtrRowHandler handler, PairHandler add)
{
	MtrBuffer  *buffer = &loader->member;
	Member	   *member;
	int32		n;
	int32		first = 0;

	mtr_load_query(loader, query, flag, handler);
	member = MTR_ITEMS(Member, *buffer);
	n = MTR_COUNT(Member, *buffer);
	if (n > 0)
		qsort(member, n, sizeof(*member), compare_members);
	for (int32 i = 1; i <= n; i++)
	{
		if (i < n && compare_members(&member[first], &member[i]) == 0)
			continue;
		pair_members(loader, &member[first], i - first, add);
		first = i;
	}
	mtr_buffer_free(loader, buffer);
}

static void
note_together(MtrLoader *loader, const Member *mentee, const Member *mentor)
{
	mtr_exclude(loader, mentee->mentee, mentor->mentor, MTR_EX_TOGETHER);
}

/* Nobody meets himself. */
static void
note_met(MtrLoader *loader, const Member *mentee, const Member *mentor)
{
	const MtrProgramme *programme = loader->programme;

	if (programme->mentee[mentee->mentee].person_id ==
		programme->mentor[mentor->mentor].person_id)
		return;
	if (loader->uses_met)
		mtr_note_met(loader, mentee->mentee, mentor->mentor);
	if (mentee->is_trial)
		mtr_exclude(loader, mentee->mentee, mentor->mentor,
					MTR_EX_TRIAL_DECLINED);
}

/* Read relationships; participants are loaded already. */
void
mtr_member_load(MtrLoader *loader)
{
	const MtrLoad *load = loader->load;
	bool		is_named = load->only_mentee != 0 || load->only_mentor != 0;

	load_pairs(loader, is_named ? &together_named_query : &together_query,
			   false, add_together, note_together);
	load_pairs(loader, is_named ? &met_named_query : &met_query,
			   loader->uses_met, add_met, note_met);
	if (load->ignore_run != 0 || load->release_proposed)
		mtr_load_query(loader, &released_query, false, add_released);
}
