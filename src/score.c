/*
 * score.c
 *	  functions that score: compatibility, pair_scores, recommend
 *
 * Each loads the programme, or the part it needs, with the owner's rights and
 * leaves the arithmetic to the kernel.  None writes, so they work on a
 * standby.
 *
 * Peers are scored in both directions, of which the mean counts, so what is
 * asked about one of them is loaded twice.
 *
 * Cost.  Loading dominates: compatibility() reads one pair, recommend() one
 * participant and the whole other side, each with the queries of
 * score_load.c; scores then take nanoseconds.  Who needs many pairs calls
 * pair_scores() once.  A criterion of kind text has to read all texts of the
 * programme even for one pair.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "access.h"
#include "match.h"
#include "mentoring.h"
#include "rights.h"
#include "score.h"

PG_FUNCTION_INFO_V1(mentoring_compatibility);
PG_FUNCTION_INFO_V1(mentoring_pair_scores);
PG_FUNCTION_INFO_V1(mentoring_recommend);
PG_FUNCTION_INFO_V1(mentoring_score_hash);

#define PAIR_SCORES_COLUMNS 3
#define RECOMMEND_COLUMNS 9

/* A possible partner of the participant who asks. */
typedef struct Candidate
{
	int64		id;
	int32		score;
	int32		places;
} Candidate;

/* Persons behind the partners, in the order of the ids. */
#define PARTNER_QUERY \
	"SELECT p.id, p.person_id, n.source, n.external_id, n.display_name, p.bio" \
	" FROM unnest($2) WITH ORDINALITY AS chosen (id, place)" \
	" JOIN mentoring.participant p" \
	"  ON p.programme_id = $1 AND p.id = chosen.id" \
	" JOIN mentoring.person n ON n.id = p.person_id" \
	" ORDER BY chosen.place"

#define ROLE_QUERY \
	"SELECT (SELECT p.role FROM mentoring.participant p" \
	"  WHERE p.programme_id = $1 AND p.id = $2)," \
	" EXISTS (SELECT FROM mentoring.programme WHERE id = $1)"

/* ----------------------------------------------------------------
 *		One pair
 * ----------------------------------------------------------------
 */

/* The score of the one pair that load names, in that direction. */
static int32
score_pair(const MtrLoad *load, bool *is_peer)
{
	MtrProgramme *programme = mtr_programme_load(load);
	int32		score = MTR_NO_PAIR;

	mtr_programme_check_weight(programme);
	if (programme->nmentees == 1 && programme->nmentors == 1)
		mtr_programme_row(programme, 0, &score);
	*is_peer = programme->is_peer;
	mtr_programme_free(programme);
	return score;
}

/*
 * compatibility(programme_id, mentee_id, mentor_id): NULL when the pair is
 * not eligible.
 */
Datum
mentoring_compatibility(PG_FUNCTION_ARGS)
{
	MtrLoad		load = {0};
	MtrOwner	saved;
	int32		score;
	bool		is_peer;

	load.programme_id = PG_GETARG_INT64(0);
	load.only_mentee = PG_GETARG_INT64(1);
	load.only_mentor = PG_GETARG_INT64(2);
	mtr_enter_participant(fcinfo, load.programme_id, load.only_mentee,
						  load.only_mentor, &saved);
	if (load.only_mentee == 0)
		mtr_no_participant(load.programme_id, "mentee", 0);
	if (load.only_mentor == 0)
		mtr_no_participant(load.programme_id, "mentor", 0);
	SPI_connect();
	score = score_pair(&load, &is_peer);
	if (is_peer)
	{
		load.only_mentee = PG_GETARG_INT64(2);
		load.only_mentor = PG_GETARG_INT64(1);
		score = mtr_peer_score(score, score_pair(&load, &is_peer));
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	if (score == MTR_NO_PAIR)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(MTR_TO_DOUBLE(score));
}

/* ----------------------------------------------------------------
 *		All pairs
 * ----------------------------------------------------------------
 */

static void
put_row_of_scores(ReturnSetInfo *rsinfo, const MtrProgramme *programme,
				  int32 mentee, const int32 *score)
{
	Datum		values[PAIR_SCORES_COLUMNS];
	bool		nulls[PAIR_SCORES_COLUMNS] = {false};

	values[0] = Int64GetDatum(programme->mentee[mentee].id);
	for (int32 j = 0; j < programme->nmentors; j++)
	{
		if (score[j] == MTR_NO_PAIR)
			continue;
		values[1] = Int64GetDatum(programme->mentor[j].id);
		values[2] = Float8GetDatum(MTR_TO_DOUBLE(score[j]));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

/* Of peers each pair once, the lower id first. */
static void
put_peers(ReturnSetInfo *rsinfo, MtrProgramme *programme)
{
	int32		n = programme->nmentees;
	int32	   *matrix;

	mtr_check_memory((uint64) n * n * sizeof(int32), n, n);
	matrix = palloc_extended(((Size) n * n + 1) * sizeof(int32),
							 MCXT_ALLOC_HUGE);
	for (int32 a = 0; a < n; a++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_programme_row(programme, a, matrix + (Size) a * n);
	}
	for (int32 a = 0; a < n; a++)
	{
		int32	   *row = matrix + (Size) a * n;

		CHECK_FOR_INTERRUPTS();
		for (int32 b = a + 1; b < n; b++)
			row[b] = mtr_peer_score(row[b], matrix[(Size) b * n + a]);
		for (int32 b = 0; b <= a; b++)
			row[b] = MTR_NO_PAIR;
		put_row_of_scores(rsinfo, programme, a, row);
	}
}

/*
 * pair_scores(programme_id): every eligible pair, by mentee and mentor.
 */
Datum
mentoring_pair_scores(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MtrLoad		load = {0};
	MtrOwner	saved;
	MtrProgramme *programme;
	int32	   *score;

	InitMaterializedSRF(fcinfo, 0);
	load.programme_id = PG_GETARG_INT64(0);
	mtr_enter_coordinator(fcinfo, load.programme_id, &saved);
	SPI_connect();
	programme = mtr_programme_load(&load);
	mtr_programme_check_weight(programme);
	score = palloc_extended(Max(programme->nmentors, 1) * sizeof(int32),
							MCXT_ALLOC_HUGE);
	if (programme->is_peer)
		put_peers(rsinfo, programme);
	for (int32 i = 0; i < programme->nmentees && !programme->is_peer; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_programme_row(programme, i, score);
		put_row_of_scores(rsinfo, programme, i, score);
	}
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}

/* ----------------------------------------------------------------
 *		Recommendations
 * ----------------------------------------------------------------
 */

/* Who asks decides which side is loaded whole. */
static void
choose_side(MtrLoad *load, int64 id)
{
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		values[2];
	HeapTuple	row;
	TupleDesc	tupdesc;
	char	   *role;
	bool		isnull;

	values[0] = Int64GetDatum(load->programme_id);
	values[1] = Int64GetDatum(id);
	if (SPI_execute_with_args(ROLE_QUERY, 2, types, values, NULL, true, 1) !=
		SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not look a participant up");
	row = SPI_tuptable->vals[0];
	tupdesc = SPI_tuptable->tupdesc;
	if (!DatumGetBool(SPI_getbinval(row, tupdesc, 2, &isnull)))
		mtr_no_programme(load->programme_id);
	role = SPI_getvalue(row, tupdesc, 1);
	if (role == NULL || id == 0)
		mtr_no_participant(load->programme_id, "participant", id);
	else if (strcmp(role, "mentee") == 0 || strcmp(role, "peer") == 0)
		load->only_mentee = id;
	else if (strcmp(role, "mentor") == 0)
		load->only_mentor = id;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("participant %lld takes part as %s", (long long) id,
						role),
				 errhint("Partners are recommended to mentees, mentors and peers.")));
}

/* Free places first, then higher scores, then lower ids. */
static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if ((x->places > 0) != (y->places > 0))
		return x->places > 0 ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The other direction of a peer's scores, loaded by itself. */
static void
join_back(const MtrLoad *load, int32 *score, int32 n)
{
	MtrLoad		turned = *load;
	MtrProgramme *programme;
	int32		back;

	turned.only_mentor = load->only_mentee;
	turned.only_mentee = 0;
	programme = mtr_programme_load(&turned);
	for (int32 i = 0; i < n; i++)
	{
		if (i < programme->nmentees)
			mtr_programme_row(programme, i, &back);
		else
			back = MTR_NO_PAIR;
		score[i] = mtr_peer_score(score[i], back);
	}
	mtr_programme_free(programme);
}

/* All eligible partners of the one mentee or mentor loaded, best first. */
static Candidate *
find_candidates(MtrProgramme *programme, const MtrLoad *load, int32 *count)
{
	bool		for_mentee = load->only_mentee != 0;
	const MtrParticipant *partner = for_mentee ? programme->mentor :
	programme->mentee;
	int32		n = for_mentee ? programme->nmentors : programme->nmentees;
	Candidate  *candidate = palloc_extended((n + 1) * sizeof(Candidate),
											MCXT_ALLOC_HUGE);
	int32	   *score = palloc_extended((n + 1) * sizeof(int32),
										MCXT_ALLOC_HUGE);

	*count = 0;
	if (programme->nmentees == 0 || programme->nmentors == 0)
		return candidate;		/* who asks isn't accepted */
	if (for_mentee)
		mtr_programme_row(programme, 0, score);
	else
		for (int32 i = 0; i < n; i++)
			mtr_programme_row(programme, i, &score[i]);
	if (programme->is_peer)
		join_back(load, score, n);
	for (int32 i = 0; i < n; i++)
		if (score[i] != MTR_NO_PAIR)
		{
			Candidate  *c = &candidate[(*count)++];

			c->id = partner[i].id;
			c->score = score[i];
			c->places = partner[i].places;
		}
	if (*count > 0)
		qsort(candidate, *count, sizeof(Candidate), compare_candidates);
	return candidate;
}

static void
put_candidates(ReturnSetInfo *rsinfo, int64 programme_id,
			   const Candidate *candidate, int32 n)
{
	Oid			types[2] = {INT8OID, INT8ARRAYOID};
	Datum		values[RECOMMEND_COLUMNS];
	bool		nulls[RECOMMEND_COLUMNS] = {false};
	Datum	   *ids = palloc((n + 1) * sizeof(Datum));

	for (int32 i = 0; i < n; i++)
		ids[i] = Int64GetDatum(candidate[i].id);
	values[0] = Int64GetDatum(programme_id);
	values[1] = PointerGetDatum(construct_array(ids, n, INT8OID, sizeof(int64),
												FLOAT8PASSBYVAL,
												TYPALIGN_DOUBLE));
	if (SPI_execute_with_args(PARTNER_QUERY, 2, types, values, NULL, true,
							  0) != SPI_OK_SELECT || SPI_processed != n)
		elog(ERROR, "could not look the partners up");
	for (int32 i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];

		values[0] = Int32GetDatum(i + 1);
		for (int c = 1; c <= 6; c++)
			values[c] = SPI_getbinval(row, SPI_tuptable->tupdesc, c,
									  &nulls[c]);
		values[7] = Float8GetDatum(MTR_TO_DOUBLE(candidate[i].score));
		values[8] = Int32GetDatum(candidate[i].places);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

/*
 * recommend(programme_id, participant_id, how_many)
 */
Datum
mentoring_recommend(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int32		how_many = PG_GETARG_INT32(2);
	MtrLoad		load = {0};
	MtrOwner	saved;
	MtrProgramme *programme;
	Candidate  *candidate;
	int32		n;

	if (how_many <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("how_many must be above 0, not %d", how_many),
				 errhint("Leave it out for 10.")));
	InitMaterializedSRF(fcinfo, 0);
	load.programme_id = PG_GETARG_INT64(0);
	mtr_enter_participant(fcinfo, load.programme_id, PG_GETARG_INT64(1),
						  0, &saved);
	SPI_connect();
	choose_side(&load, PG_GETARG_INT64(1));
	programme = mtr_programme_load(&load);
	mtr_programme_check_weight(programme);
	candidate = find_candidates(programme, &load, &n);
	put_candidates(rsinfo, programme->id, candidate, Min(n, how_many));
	SPI_finish();
	mtr_owner_leave(&saved);
	return (Datum) 0;
}

/*
 * _score_hash(programme_id): the hash match_run keeps, without a run.
 */
Datum
mentoring_score_hash(PG_FUNCTION_ARGS)
{
	MtrLoad		load = {0};
	MtrOwner	saved;
	char		hash[sizeof(((MtrProgramme *) NULL)->hash)];

	load.programme_id = PG_GETARG_INT64(0);
	load.want_hash = true;
	mtr_enter_coordinator(fcinfo, load.programme_id, &saved);
	SPI_connect();
	strlcpy(hash, mtr_programme_load(&load)->hash, sizeof(hash));
	SPI_finish();
	mtr_owner_leave(&saved);
	PG_RETURN_TEXT_P(cstring_to_text(hash));
}
