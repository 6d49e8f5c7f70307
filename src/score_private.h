/*
 * score_private.h
 *	  what the files that compile a programme share
 *
 * One MtrLoader exists while a programme is loaded.  Its parts are handed
 * over in this order:
 *
 *	 score_load.c		memory; the programme, its participants
 *	 score_query.c		queries, the hash
 *	 score_estimate.c	how large the planner takes tables to be
 *	 score_criterion.c	criteria and their settings
 *	 score_value.c		for each participant, what criteria compare
 *	 score_week.c		availability
 *	 score_term.c		dictionaries and sets
 *	 score_text.c		texts
 *	 score_relation.c	what stands between two participants: rules,
 *						preferences, the reporting line
 *	 score_member.c		relationships, present and past
 *	 score_skill.c		skills wanted and offered
 *	 score_custom.c		functions of custom criteria
 *
 * Arrays of the result grow in the programme's own context; what is needed
 * only meanwhile lives in "work".  All sizes are counted against
 * mentoring.match_memory before they are allocated.
 */
#ifndef MTR_SCORE_PRIVATE_H
#define MTR_SCORE_PRIVATE_H

#include "common/cryptohash.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"

#include "json.h"
#include "mentoring.h"
#include "score.h"

/* the two sides of a pair, as array index */
#define MTR_MENTEE 0
#define MTR_MENTOR 1

/* A growing array; elements are appended by mtr_buffer_add(). */
typedef struct MtrBuffer
{
	char	   *data;
	Size		used;			/* bytes */
	Size		size;
} MtrBuffer;

#define MTR_ITEMS(type, buffer) ((type *) (buffer).data)
#define MTR_COUNT(type, buffer) ((int32) ((buffer).used / sizeof(type)))

typedef struct MtrDict MtrDict;

typedef struct MtrDictKey
{
	const char *data;
	uint32		length;
} MtrDictKey;

/* attributes of a row of the query for participants */
enum
{
	MTR_P_ID,
	MTR_P_PERSON_ID,
	MTR_P_ROLE,
	MTR_P_IS_ACCEPTED,
	MTR_P_PLACES,
	MTR_P_PROFILE,
	MTR_P_PERSON_PROFILE,
	MTR_P_BIO,					/* from here on what a key may name */
	MTR_P_AIMS,
	MTR_P_SOURCE,
	MTR_P_EXTERNAL_ID,
	MTR_P_DISPLAY_NAME,
	MTR_P_EMAIL,
	MTR_P_ORG_UNIT,
	MTR_P_JOB_ROLE,
	MTR_P_SITE,
	MTR_P_TIMEZONE,
	MTR_P_JOINED_ON,
	MTR_P_GRADE,
	MTR_P_MANAGER_ID,
	MTR_P_IS_ACTIVE
};

/* A key some criterion compares, and the column that stands in for it. */
typedef struct MtrKey
{
	char	   *name;
	int			length;
	int			column;			/* attribute of the row, or -1 */
} MtrKey;

/*
 * What one side of a criterion has gathered, participant by participant.
 * "first" has an entry for each: where its items begin (sets, texts), the
 * code of its value (same, differ) or the number of its vector, -1 = missing.
 * "item" holds the items themselves.
 */
typedef struct MtrSide
{
	int			key;			/* index into MtrLoader.key, or -1 */
	MtrBuffer	first;			/* int32 */
	MtrBuffer	item;			/* int32, double, uint64 [] or Jsonb * */
} MtrSide;

/* A criterion while it is compiled: its settings and what is gathered. */
typedef struct MtrCompile
{
	MtrCriterionInfo *info;
	MtrCriterion *out;
	bool		is_reporting;	/* of the kind MTR_LISTED: reporting_line */
	MtrSide		side[2];
	MtrDict    *dict;			/* elements, values or lexemes */

	int32		depth;			/* reporting_line */
	bool		siblings;
	int32		dim;			/* cosine: 0 until the first vector */
	int64		dim_owner;		/* whose vector that was */
	Oid			config;			/* text */
	MtrBuffer	frequency;		/* text: int32, texts that use a term */
	int32		ntexts;
	Oid			function;		/* custom */
} MtrCompile;

typedef struct MtrLoader
{
	const MtrLoad *load;
	MtrProgramme *programme;
	MemoryContext work;			/* until the programme is loaded */
	MemoryContext row;			/* until the next row of a query */
	Size		bytes;			/* allocated for arrays */

	MtrBuffer	info;			/* MtrCriterionInfo */
	MtrBuffer	compiles;		/* MtrCompile */
	MtrCompile *compile;		/* [ncriteria], the same */
	MtrCriterion *criteria;		/* [ncriteria], becomes set.criteria */
	int			nkeys;
	MtrKey	   *key;
	JsonbValue *value;			/* [nkeys] of the present participant */
	Jsonb	   *profile;		/* and the merged profile, with uses_profile */
	int			timezone;		/* index of the key "timezone", or -1 */
	bool		uses_skills;
	bool		uses_text;
	bool		uses_preference;
	bool		uses_met;
	bool		uses_reporting;
	bool		uses_profile;	/* whole profiles, for custom */

	MtrDict    *zones;			/* time zones seen */
	MtrBuffer	zone_map;		/* int16 [MTR_WEEK_SLOTS] of each */

	bool		named_found[2]; /* the participants the caller named exist */
	MtrBuffer	participant[2]; /* MtrParticipant */
	MtrDict    *persons;		/* person ids */
	MtrBuffer	person_index[2];	/* int32: index of the participant who is
									 * the person of a code, or -1 */
	struct MtrRelations *relations; /* private to score_relation.c */
	JsonbParseState *texts;		/* becomes programme->texts */
	MtrBuffer	member;			/* private to score_member.c */
	struct MtrSkills *skills;	/* private to score_skill.c */

	StringInfo	bytes_buffer;	/* scratch for canonical bytes */
	pg_cryptohash_ctx *hash;	/* NULL unless wanted */
	StringInfo	hash_text;		/* not yet hashed */
} MtrLoader;

/* A query of the loader; its parameters are always those below, and it has a
 * plan for each combination of what they ask for (score_query.c). */
#define MTR_QUERY_VARIANTS 64
typedef struct MtrQuery
{
	const char *text;
	bool		is_lookup;		/* always reads a few rows */
	SPIPlanPtr	plan[MTR_QUERY_VARIANTS];
} MtrQuery;

/*
 * $1 programme_id, $2 only_mentee, $3 only_mentor, $4 ignore_run (bigint; 0 =
 * all, none), $5 release_proposed, $6 keep_unaccepted, $7 a flag of the
 * query's own (boolean).
 */
#define MTR_QUERY_PARAMS 7

/* in a query: relationships that hold a place and are not to be ignored */
#define MTR_QUERY_OPEN \
	"r.status IN ('proposed', 'trial', 'active', 'paused') "

#define MTR_QUERY_IGNORED \
	"($4 <> 0 AND r.match_run_id IS NOT DISTINCT FROM $4 " \
	" OR $5 AND r.status = 'proposed' AND r.programme_id = $1)"

/* Gets a row in a memory context that lasts as long; must not run queries. */
typedef void (*MtrRowHandler) (MtrLoader *loader, const Datum *values,
							   const bool *nulls);

/* Tags of the hash; each goes with the same number of numbers, always. */
typedef enum MtrHashTag
{
	MTR_HASH_BYTES = 'b',
	MTR_HASH_TEXT = 't',
	MTR_HASH_PARTICIPANT = 'p',
	MTR_HASH_PLACES = 'f',
	MTR_HASH_PIN = 'i',
	MTR_HASH_EXCLUDED = 'x',
	MTR_HASH_LIST = 'n',
	MTR_HASH_RANK = 'r',
	MTR_HASH_LINE = 'l',
	MTR_HASH_MET = 'm',
	MTR_HASH_WANT = 'w',
	MTR_HASH_OFFER = 'o',
	MTR_HASH_NO_SKILLS = 's'
} MtrHashTag;

/* numbers of a tag, at most */
#define MTR_HASH_NUMBERS 5

/* Hash a tag with integers: mtr_hash_numbers(loader, tag, a, b, ...). */
#define mtr_hash_numbers(loader, tag, ...) \
	mtr_hash_record(loader, tag, \
					lengthof(((const int64 []) {__VA_ARGS__})), \
					(const int64 []) {__VA_ARGS__})

/* ---- score_load.c ---- */
extern void *mtr_load_alloc(MtrLoader *loader, Size n, Size width);
extern void *mtr_buffer_add(MtrLoader *loader, MtrBuffer *buffer, Size bytes);
extern void mtr_buffer_free(MtrLoader *loader, MtrBuffer *buffer);

/* ---- score_query.c ---- */
extern void mtr_load_query(MtrLoader *loader, MtrQuery *query, bool flag,
						   MtrRowHandler handler);
extern void mtr_hash_append(MtrLoader *loader, const char *format,...)
			pg_attribute_printf(2, 3);
extern void mtr_hash_bytes(MtrLoader *loader, const char *data, Size size);
extern void mtr_hash_record(MtrLoader *loader, char tag, int n,
							const int64 *number);
extern void mtr_hash_start(MtrLoader *loader);
extern void mtr_hash_finish(MtrLoader *loader);

/* ---- score_estimate.c ---- */
extern int	mtr_estimate_execute(SPIPlanPtr plan, SPIExecuteOptions *options);

/* ---- score_criterion.c ---- */
extern void mtr_criterion_load(MtrLoader *loader);

/* ---- score_value.c ---- */
extern int	mtr_value_key(MtrLoader *loader, const char *name);
extern void mtr_value_merge(MtrLoader *loader, const Datum *values,
							const bool *nulls);
extern void mtr_value_add(MtrLoader *loader, int side, int64 id,
						  bool is_loaded);
extern void mtr_value_finish(MtrLoader *loader);
extern void mtr_value_canonical(StringInfo out, JsonbValue *value);
extern void mtr_value_refuse(const MtrLoader *loader, const char *wanted_by,
							 int key, int64 id, const char *expected);

/* ---- score_week.c ---- */
extern void mtr_week_add(MtrLoader *loader, MtrCompile *c, int side, int64 id);
extern void mtr_week_finish(MtrCompile *c);

/* ---- score_term.c ---- */
extern MtrDict *mtr_dict_create(MemoryContext context);
extern int32 mtr_dict_code(MtrDict *dict, const void *key, Size length,
						   bool add);
extern int32 mtr_dict_size(const MtrDict *dict);
extern MtrDictKey *mtr_dict_keys(const MtrDict *dict);
extern void mtr_term_begin(MtrLoader *loader, MtrSide *side);
extern int32 *mtr_term_finish(MtrLoader *loader, MtrCompile *c);
extern void mtr_term_invert(MtrLoader *loader, const MtrSide *side,
							int32 nterms, const int32 **start,
							const int32 **mentor);
extern void mtr_term_add_set(MtrLoader *loader, MtrCompile *c, int side,
							 int64 id);
extern void mtr_term_finish_set(MtrLoader *loader, MtrCompile *c);

/* ---- score_text.c ---- */
extern void mtr_text_add(MtrLoader *loader, MtrCompile *c, int side, int64 id,
						 bool is_loaded);
extern void mtr_text_finish(MtrLoader *loader, MtrCompile *c);
extern void mtr_text_keep(MtrLoader *loader);

/* ---- score_relation.c ---- */
extern void mtr_relation_load(MtrLoader *loader);
extern void mtr_relation_finish(MtrLoader *loader);
extern int32 mtr_find_mentee(const MtrLoader *loader, int64 id);
extern int32 mtr_find_mentor(const MtrLoader *loader, int64 id);
extern int32 mtr_find_person(const MtrLoader *loader, int side, int32 code);
extern void mtr_exclude(MtrLoader *loader, int32 mentee, int32 mentor,
						MtrExclusion why);
extern void mtr_note_met(MtrLoader *loader, int32 mentee, int32 mentor);

/* ---- score_member.c ---- */
extern void mtr_member_load(MtrLoader *loader);

/* ---- score_skill.c ---- */
extern void mtr_skill_load(MtrLoader *loader);

/* ---- score_custom.c ---- */
extern void mtr_custom_resolve(MtrCompile *c, const char *name);
extern void mtr_custom_finish(MtrLoader *loader, MtrCompile *c);

#endif							/* MTR_SCORE_PRIVATE_H */
