/*
 * score_load.c
 *	  compile a programme into the arrays of the scoring kernel
 *
 * Everything scores depend on is read by a fixed number of queries, whatever
 * the number of participants, all with the snapshot of the calling statement
 * (score_query.c).  No query runs while pairs are scored.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "score_private.h"

/* positions in a buffer of 32 bit numbers must be 32 bit numbers */
#define MAX_BUFFER ((Size) PG_INT32_MAX * sizeof(int32))

/* beginnings of cache lines, where the kernel wants its scratch */
#define SCRATCH_ALIGN 64

/*
 * The week of starts_on; without it, the week after the programme was made.
 */
static MtrQuery programme_query = {
	"SELECT name, model, status,"
	" CASE WHEN starts_on IS NULL"
	"  THEN date_trunc('week', created_at AT TIME ZONE 'UTC')::date + 7"
	"  ELSE date_trunc('week', starts_on::timestamp)::date END"
	" FROM mentoring.programme WHERE id = $1",
	true
};

/* The columns are those of the MTR_P_ numbers; $7: all accepted. */
static MtrQuery participant_query = {
	"SELECT p.id, p.person_id, p.role, p.status = 'accepted' AND n.is_active,"
	" p.capacity - coalesce(l.active, 0), p.profile, n.profile, p.bio, p.aims,"
	" n.source, n.external_id, n.display_name, n.email, n.org_unit,"
	" n.job_role, n.site, n.timezone, n.joined_on, n.grade, n.manager_id,"
	" n.is_active"
	" FROM mentoring.participant p"
	" JOIN mentoring.person n ON n.id = p.person_id"
	" LEFT JOIN mentoring.participant_load l"
	"  ON l.programme_id = p.programme_id AND l.participant_id = p.id"
	" WHERE p.programme_id = $1"
	" AND ($7 OR $2 = 0 OR $3 = 0 OR p.id = $2 OR p.id = $3)"
	" AND (p.role = 'mentee' AND ($7 OR $2 = 0 OR p.id = $2)"
	"  OR p.role = 'mentor' AND ($7 OR $3 = 0 OR p.id = $3)"
	"  OR p.role = 'peer')"
	" AND (p.status = 'accepted' AND n.is_active"
	"  OR $6 AND (p.id = $2 OR p.id = $3))"
	" ORDER BY p.id"
};

static MtrQuery named_query = {
	"SELECT id, role FROM mentoring.participant"
	" WHERE programme_id = $1 AND id IN ($2, $3)",
	true
};

/* ----------------------------------------------------------------
 *		Memory
 * ----------------------------------------------------------------
 */

/* Count bytes about to be allocated against the limit. */
static void
reserve(MtrLoader *loader, Size bytes)
{
	Size		limit = (Size) mtr_match_memory * 1024;

	if (bytes > limit || loader->bytes > limit - bytes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("scoring programme %lld needs more than %d kB of memory",
						(long long) loader->load->programme_id,
						mtr_match_memory),
				 errhint("Raise mentoring.match_memory, or use fewer or smaller criteria.")));
	loader->bytes += bytes;
}

/* An array of zeros for the result. */
void *
mtr_load_alloc(MtrLoader *loader, Size n, Size width)
{
	Size		bytes;

	if (width != 0 && n > MaxAllocHugeSize / width)
		bytes = MaxAllocHugeSize;	/* more than any limit */
	else
		bytes = Max(n * width, 1);
	reserve(loader, bytes);
	return MemoryContextAllocExtended(loader->programme->context, bytes,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Room for more bytes at the end of a buffer. */
void *
mtr_buffer_add(MtrLoader *loader, MtrBuffer *buffer, Size bytes)
{
	char	   *place;

	if (bytes > MAX_BUFFER - buffer->used)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("programme %lld is too large to be scored in one call",
						(long long) loader->load->programme_id),
				 errhint("Divide it into several programmes.")));
	if (buffer->used + bytes > buffer->size)
	{
		Size		size = Max(buffer->size * 2, 256);

		size = Max(size, buffer->used + bytes);
		reserve(loader, size - buffer->size);
		if (buffer->data == NULL)
			buffer->data = MemoryContextAllocHuge(loader->programme->context,
												  size);
		else
			buffer->data = repalloc_huge(buffer->data, size);
		buffer->size = size;
	}
	place = buffer->data + buffer->used;
	buffer->used += bytes;
	return place;
}

void
mtr_buffer_free(MtrLoader *loader, MtrBuffer *buffer)
{
	if (buffer->data == NULL)
		return;
	pfree(buffer->data);
	loader->bytes -= buffer->size;
	memset(buffer, 0, sizeof(*buffer));
}

/* ----------------------------------------------------------------
 *		Programme and participants
 * ----------------------------------------------------------------
 */

void
mtr_no_programme(int64 programme_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("there is no programme %lld", (long long) programme_id),
			 errhint("The table mentoring.programme lists them.")));
}

void
mtr_no_participant(int64 programme_id, const char *role, int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("programme %lld has no %s %lld",
					(long long) programme_id, role, (long long) id),
			 errhint("Give the id of a row in mentoring.participant, not that of the person.")));
}

static void
set_programme(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	MtrProgramme *programme = loader->programme;
	MemoryContext oldcxt = MemoryContextSwitchTo(programme->context);

	programme->name = TextDatumGetCString(values[0]);
	programme->model = TextDatumGetCString(values[1]);
	programme->status = TextDatumGetCString(values[2]);
	programme->week = DatumGetDateADT(values[3]);
	MemoryContextSwitchTo(oldcxt);
	mtr_hash_append(loader, "programme %s %d\n", programme->model,
					programme->week);
}

static void
load_programme_row(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;

	mtr_load_query(loader, &programme_query, false, set_programme);
	if (programme->name == NULL)
		mtr_no_programme(programme->id);
	programme->is_peer = strcmp(programme->model, "peer") == 0 ||
		strcmp(programme->model, "circle") == 0;
}

/* Remember in what role a participant named by the caller takes part. */
static void
check_role(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	int64		id = DatumGetInt64(values[0]);
	char	   *role = TextDatumGetCString(values[1]);

	for (int side = MTR_MENTEE; side <= MTR_MENTOR; side++)
	{
		bool		is_mentor = side == MTR_MENTOR;
		const char *wanted = loader->programme->is_peer ? "peer" :
		is_mentor ? "mentor" : "mentee";

		if (id != (is_mentor ? loader->load->only_mentor :
				   loader->load->only_mentee))
			continue;
		if (strcmp(role, wanted) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_NO_DATA_FOUND),
					 errmsg("programme %lld has no %s %lld",
							(long long) loader->programme->id, wanted,
							(long long) id),
					 errdetail("Participant %lld takes part as %s.",
							   (long long) id, role),
					 loader->programme->is_peer ?
					 errhint("In a programme of model %s peers are scored.",
							 loader->programme->model) :
					 errhint("The mentee comes first, then the mentor.")));
		loader->named_found[side] = true;
	}
}

/* Participants named by the caller must exist, in the right role. */
static void
check_named(MtrLoader *loader)
{
	const MtrLoad *load = loader->load;

	if (load->only_mentee == 0 && load->only_mentor == 0)
		return;
	mtr_load_query(loader, &named_query, false, check_role);
	for (int side = MTR_MENTEE; side <= MTR_MENTOR; side++)
	{
		bool		is_mentor = side == MTR_MENTOR;
		int64		id = is_mentor ? load->only_mentor : load->only_mentee;

		if (id != 0 && !loader->named_found[side])
			mtr_no_participant(load->programme_id,
							   loader->programme->is_peer ? "peer" :
							   is_mentor ? "mentor" : "mentee", id);
	}
}

/* Give a person a code and note who he or she is in the programme. */
static void
note_person(MtrLoader *loader, int64 person_id, int side, int32 index)
{
	int32		code = mtr_dict_code(loader->persons, &person_id,
									 sizeof(person_id), true);

	for (int s = MTR_MENTEE; s <= MTR_MENTOR; s++)
		if (code == MTR_COUNT(int32, loader->person_index[s]))
			*(int32 *) mtr_buffer_add(loader, &loader->person_index[s],
									  sizeof(int32)) = -1;
	MTR_ITEMS(int32, loader->person_index[side])[code] = index;
}

/* Everything about the present participant that scores depend on. */
static void
hash_participant(MtrLoader *loader, const MtrParticipant *p, int side)
{
	StringInfo	bytes = loader->bytes_buffer;

	if (loader->hash == NULL)
		return;
	mtr_hash_numbers(loader, MTR_HASH_PARTICIPANT, side, p->id, p->person_id);
	resetStringInfo(bytes);
	for (int k = 0; k < loader->nkeys; k++)
		mtr_value_canonical(bytes, &loader->value[k]);
	if (loader->profile != NULL)
	{
		JsonbValue	whole;

		JsonbToJsonbValue(loader->profile, &whole);
		mtr_value_canonical(bytes, &whole);
	}
	mtr_hash_bytes(loader, bytes->data, bytes->len);
}

/* Put the present participant on a side. */
static void
add_to_side(MtrLoader *loader, int side, const Datum *values)
{
	int64		id = DatumGetInt64(values[MTR_P_ID]);
	int64		only = side == MTR_MENTOR ? loader->load->only_mentor :
	loader->load->only_mentee;
	bool		is_loaded = only == 0 || only == id;
	MtrParticipant *p;

	mtr_value_add(loader, side, id, is_loaded);
	if (!is_loaded)
		return;

	p = mtr_buffer_add(loader, &loader->participant[side], sizeof(*p));
	p->id = id;
	p->person_id = DatumGetInt64(values[MTR_P_PERSON_ID]);
	p->is_accepted = DatumGetBool(values[MTR_P_IS_ACCEPTED]);
	p->places = DatumGetInt32(values[MTR_P_PLACES]);
	note_person(loader, p->person_id, side,
				MTR_COUNT(MtrParticipant, loader->participant[side]) - 1);
	hash_participant(loader, p, side);
}

/* Peers are on both sides; other roles than the model knows take no part. */
static void
add_participant(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	text	   *role = DatumGetTextPP(values[MTR_P_ROLE]);
	bool		is_peer = VARSIZE_ANY_EXHDR(role) == strlen("peer");
	bool		is_mentor = !is_peer &&
	memcmp(VARDATA_ANY(role), "mentor", strlen("mentor")) == 0;

	if (is_peer != loader->programme->is_peer)
		return;
	mtr_value_merge(loader, values, nulls);
	if (!is_mentor)
		add_to_side(loader, MTR_MENTEE, values);
	if (is_mentor || is_peer)
		add_to_side(loader, MTR_MENTOR, values);
}

static void
load_participants(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;

	mtr_load_query(loader, &participant_query, loader->uses_text,
				   add_participant);
	programme->mentee = MTR_ITEMS(MtrParticipant,
								  loader->participant[MTR_MENTEE]);
	programme->nmentees = MTR_COUNT(MtrParticipant,
									loader->participant[MTR_MENTEE]);
	programme->mentor = MTR_ITEMS(MtrParticipant,
								  loader->participant[MTR_MENTOR]);
	programme->nmentors = MTR_COUNT(MtrParticipant,
									loader->participant[MTR_MENTOR]);
}

/* ----------------------------------------------------------------
 *		The whole
 * ----------------------------------------------------------------
 */

/* Free places are known when relationships were read. */
static void
settle_places(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;

	for (int side = MTR_MENTEE; side <= MTR_MENTOR; side++)
	{
		MtrParticipant *list = side == MTR_MENTOR ? programme->mentor :
		programme->mentee;
		int32		n = side == MTR_MENTOR ? programme->nmentors :
		programme->nmentees;

		for (int32 i = 0; i < n; i++)
		{
			list[i].places = Max(list[i].places, 0);
			mtr_hash_numbers(loader, MTR_HASH_PLACES, side, list[i].id,
							 list[i].places);
		}
	}
}

/* Shares of the criteria, and what the kernel needs for its rows. */
static void
finish_set(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;
	MtrScoreSet *set = &programme->set;
	int32		n = programme->ncriteria;
	double	   *weight = palloc(n * sizeof(double));
	int32	   *share = palloc(n * sizeof(int32));
	int32	   *order = palloc(n * sizeof(int32));
	char	   *raw;

	for (int32 k = 0; k < n; k++)
		weight[k] = programme->info[k].weight;
	programme->has_weight = mtr_divide(MTR_UNIT, n, weight, share, order);
	for (int32 k = 0; k < n; k++)
		loader->criteria[k].share = share[k];

	set->nmentees = programme->nmentees;
	set->nmentors = programme->nmentors;
	set->ncriteria = n;
	set->criteria = loader->criteria;
	raw = mtr_load_alloc(loader, SCRATCH_ALIGN + mtr_score_scratch_size(set),
						 1);
	programme->scratch = (void *) TYPEALIGN(SCRATCH_ALIGN, raw);
	mtr_score_prepare(set, programme->scratch);
}

static MtrLoader *
create_loader(const MtrLoad *load)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "mentoring programme",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext work = AllocSetContextCreate(context,
											   "mentoring loader",
											   ALLOCSET_DEFAULT_SIZES);
	MtrLoader  *loader = MemoryContextAllocZero(work, sizeof(MtrLoader));

	loader->load = load;
	loader->work = work;
	loader->row = AllocSetContextCreate(work, "mentoring loader row",
										ALLOCSET_DEFAULT_SIZES);
	loader->programme = MemoryContextAllocZero(context, sizeof(MtrProgramme));
	loader->programme->context = context;
	loader->programme->id = load->programme_id;
	return loader;
}

MtrProgramme *
mtr_programme_load(const MtrLoad *load)
{
	MtrLoader  *loader = create_loader(load);
	MtrProgramme *programme = loader->programme;
	MemoryContext oldcxt = MemoryContextSwitchTo(loader->work);

	loader->timezone = -1;
	loader->bytes_buffer = makeStringInfo();
	loader->persons = mtr_dict_create(loader->work);
	loader->zones = mtr_dict_create(loader->work);
	mtr_hash_start(loader);

	load_programme_row(loader);
	check_named(loader);
	mtr_criterion_load(loader);
	load_participants(loader);
	mtr_relation_load(loader);
	settle_places(loader);
	if (loader->uses_skills)
		mtr_skill_load(loader);
	mtr_value_finish(loader);
	mtr_text_keep(loader);
	mtr_relation_finish(loader);
	finish_set(loader);
	mtr_hash_finish(loader);

	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(loader->work);
	return programme;
}

void
mtr_programme_free(MtrProgramme *programme)
{
	MemoryContextDelete(programme->context);
}

void
mtr_programme_check_weight(const MtrProgramme *programme)
{
	if (!programme->has_weight)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("all criteria of programme %lld have weight 0",
						(long long) programme->id),
				 errhint("Give at least one criterion a weight above 0.")));
}

/*
 * People who joined one after the other have ids in a row, so the place is
 * guessed first.  The search has no branch that depends on the ids: it would
 * be mispredicted half of the time.
 */
int32
mtr_find_participant(const MtrParticipant *list, int32 n, int64 id)
{
	const MtrParticipant *first = list;
	double		width;
	int32		guess;

	if (n == 0 || id < list[0].id || id > list[n - 1].id)
		return -1;
	width = (double) list[n - 1].id - (double) list[0].id;
	guess = width == 0 ? 0 :
		(int32) (((double) id - (double) list[0].id) / width * (n - 1) + 0.5);
	if (list[guess].id == id)
		return guess;
	while (n > 1)
	{
		int32		half = n / 2;

		first += first[half - 1].id < id ? half : 0;
		n -= half;
	}
	return first->id == id ? (int32) (first - list) : -1;
}

void
mtr_programme_row(MtrProgramme *programme, int32 mentee, int32 *score)
{
	mtr_score_row(&programme->set, mentee, score, programme->scratch);
}

int64
mtr_from_double(double x)
{
	return (int64) floor(x * MTR_UNIT + 0.5);
}
