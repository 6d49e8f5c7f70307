/*
 * score_criterion.c
 *	  criteria of a programme and their settings
 *
 * What a kind takes is checked when a criterion is saved (programme.c); here
 * settings are only read, and a value that can't be there raises an internal
 * error.  Shares, minima and if_missing become whole 10^-6, rounded half up.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "score_private.h"

static MtrQuery criterion_query = {
	"SELECT id, name, kind, mentee_key, mentor_key, weight, minimum,"
	" if_missing, params"
	" FROM mentoring.criterion WHERE programme_id = $1 ORDER BY id",
	true
};

/* attributes of the query */
enum
{
	C_ID,
	C_NAME,
	C_KIND,
	C_MENTEE_KEY,
	C_MENTOR_KEY,
	C_WEIGHT,
	C_MINIMUM,
	C_IF_MISSING,
	C_PARAMS
};

typedef struct KindName
{
	const char *name;
	MtrKind		kind;
	bool		has_keys;
} KindName;

static const KindName kind_names[] = {
	{"skill_cover", MTR_SKILL_COVER, false},
	{"overlap", MTR_OVERLAP, true},
	{"same", MTR_SAME, true},
	{"differ", MTR_DIFFER, true},
	{"near", MTR_NEAR, true},
	{"gap", MTR_GAP, true},
	{"cosine", MTR_COSINE, true},
	{"availability", MTR_AVAILABILITY, true},
	{"text", MTR_TEXT, true},
	{"reporting_line", MTR_LISTED, false},
	{"not_met", MTR_LISTED, false},
	{"preference", MTR_PREFERENCE, false},
	{"custom", MTR_CUSTOM, false},
};

/* ----------------------------------------------------------------
 *		Settings
 * ----------------------------------------------------------------
 */

/* A setting of a criterion, or NULL; wrong types were refused on saving. */
static JsonbValue *
get_param(const MtrCriterionInfo *info, const char *key,
		  enum jbvType type, JsonbValue *buffer)
{
	JsonbValue *value = mtr_json_get(info->params, key, buffer);

	if (value != NULL && value->type != type)
		elog(ERROR, "unexpected type of \"%s\" in params of criterion %lld",
			 key, (long long) info->id);
	return value;
}

static double
get_number(const MtrCriterionInfo *info, const char *key, double otherwise)
{
	JsonbValue	buffer;
	JsonbValue *value = get_param(info, key, jbvNumeric, &buffer);

	return value == NULL ? otherwise :
		mtr_json_double(value, "params key", key);
}

static bool
get_flag(const MtrCriterionInfo *info, const char *key)
{
	JsonbValue	buffer;
	JsonbValue *value = get_param(info, key, jbvBool, &buffer);

	return value != NULL && value->val.boolean;
}

static char *
get_text(const MtrCriterionInfo *info, const char *key, const char *otherwise)
{
	JsonbValue	buffer;
	JsonbValue *value = get_param(info, key, jbvString, &buffer);

	return value == NULL ? pstrdup(otherwise) : mtr_json_text(value);
}

/* The text search configuration; search_path being pinned, one that isn't
 * the server's own is found by its schema. */
static Oid
find_config(const MtrCriterionInfo *info, const char *name)
{
	List	   *names = NIL;
	List	   *parts;
	ListCell   *part;
	Oid			config = InvalidOid;

	if (SplitIdentifierString(pstrdup(name), '.', &parts))
	{
		foreach(part, parts)
			names = lappend(names, makeString(lfirst(part)));
		if (names != NIL)
			config = get_ts_config_oid(names, true);
	}
	if (!OidIsValid(config))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("text search configuration \"%s\" of criterion \"%s\" does not exist",
						name, info->name),
				 errhint("Name one of pg_ts_config, with its schema unless that is pg_catalog.")));
	return config;
}

static void
read_params(MtrLoader *loader, MtrCompile *c)
{
	const MtrCriterionInfo *info = c->info;
	MtrCriterion *out = c->out;

	out->strict = get_flag(info, "strict");
	switch (out->kind)
	{
		case MTR_OVERLAP:
			out->u.overlap.cover =
				strcmp(get_text(info, "measure", "jaccard"), "cover") == 0;
			break;
		case MTR_NEAR:
			out->u.class.range = get_number(info, "range", 1);
			break;
		case MTR_GAP:
			out->u.class.from = get_number(info, "from", -INFINITY);
			out->u.class.to = get_number(info, "to", INFINITY);
			out->u.class.slack = get_number(info, "slack", 0);
			break;
		case MTR_AVAILABILITY:
			out->u.availability.minutes =
				(int32) get_number(info, "minutes", 120);
			break;
		case MTR_TEXT:
			c->config = find_config(info, get_text(info, "config", "simple"));
			break;
		case MTR_LISTED:
			c->depth = (int32) get_number(info, "depth", PG_INT32_MAX);
			c->siblings = get_flag(info, "siblings");
			break;
		case MTR_CUSTOM:
			mtr_custom_resolve(c, get_text(info, "function", ""));
			break;
		default:
			break;
	}
}

/* ----------------------------------------------------------------
 *		Criteria
 * ----------------------------------------------------------------
 */

static const KindName *
find_kind(const char *name)
{
	for (size_t i = 0; i < lengthof(kind_names); i++)
		if (strcmp(kind_names[i].name, name) == 0)
			return &kind_names[i];
	elog(ERROR, "unknown kind of criterion: %s", name);
}

/* A criterion as it stands in the table; the rest waits for all of them. */
static void
add_criterion(MtrLoader *loader, const Datum *values, const bool *nulls)
{
	MtrProgramme *programme = loader->programme;
	MemoryContext oldcxt = MemoryContextSwitchTo(programme->context);
	MtrCriterionInfo info = {0};
	MtrCompile	c = {0};

	info.id = DatumGetInt64(values[C_ID]);
	info.name = TextDatumGetCString(values[C_NAME]);
	info.kind = TextDatumGetCString(values[C_KIND]);
	info.weight = DatumGetFloat8(values[C_WEIGHT]);
	info.has_minimum = !nulls[C_MINIMUM];
	if (info.has_minimum)
		info.minimum = DatumGetFloat8(values[C_MINIMUM]);
	info.if_missing = DatumGetFloat8(values[C_IF_MISSING]);
	info.params = DatumGetJsonbPCopy(values[C_PARAMS]);
	MemoryContextSwitchTo(oldcxt);

	for (int side = MTR_MENTEE; side <= MTR_MENTOR; side++)
	{
		const char *name = NULL;

		c.side[side].key = -1;
		if (!find_kind(info.kind)->has_keys)
			continue;
		if (strcmp(info.kind, "availability") == 0)
			name = "availability";
		if (!nulls[C_MENTEE_KEY])
			name = TextDatumGetCString(values[C_MENTEE_KEY]);
		if (side == MTR_MENTOR && !nulls[C_MENTOR_KEY])
			name = TextDatumGetCString(values[C_MENTOR_KEY]);
		c.side[side].key = mtr_value_key(loader, name);
	}
	*(MtrCriterionInfo *) mtr_buffer_add(loader, &loader->info,
										 sizeof(info)) = info;
	*(MtrCompile *) mtr_buffer_add(loader, &loader->compiles, sizeof(c)) = c;
}

/* What the other parts of the loader have to read. */
static void
note_uses(MtrLoader *loader, MtrCompile *c)
{
	switch (c->out->kind)
	{
		case MTR_SKILL_COVER:
			loader->uses_skills = true;
			break;
		case MTR_AVAILABILITY:
			loader->timezone = mtr_value_key(loader, "timezone");
			break;
		case MTR_TEXT:
			loader->uses_text = true;
			break;
		case MTR_LISTED:
			c->is_reporting = strcmp(c->info->kind, "reporting_line") == 0;
			if (c->is_reporting)
				loader->uses_reporting = true;
			else
				loader->uses_met = true;
			break;
		case MTR_PREFERENCE:
			loader->uses_preference = true;
			break;
		case MTR_CUSTOM:
			loader->uses_profile = true;
			break;
		default:
			break;
	}
}

static void
hash_criterion(MtrLoader *loader, const MtrCompile *c)
{
	const MtrCriterionInfo *info = c->info;
	StringInfo	bytes = loader->bytes_buffer;
	JsonbValue	params;

	if (loader->hash == NULL)
		return;
	mtr_hash_append(loader, "criterion %lld %s %.17g %d %.17g %.17g\n",
					(long long) info->id, info->kind, info->weight,
					info->has_minimum, info->minimum, info->if_missing);
	resetStringInfo(bytes);
	for (int side = MTR_MENTEE; side <= MTR_MENTOR; side++)
		if (c->side[side].key >= 0)
		{
			const MtrKey *key = &loader->key[c->side[side].key];

			appendStringInfo(bytes, "%d:", key->length);
			appendBinaryStringInfo(bytes, key->name, key->length);
		}
	JsonbToJsonbValue(info->params, &params);
	mtr_value_canonical(bytes, &params);
	mtr_hash_bytes(loader, bytes->data, bytes->len);
}

static void
start_compile(MtrLoader *loader, int32 k)
{
	MtrCompile *c = &loader->compile[k];

	c->info = &loader->programme->info[k];
	c->out = &loader->criteria[k];
	c->out->kind = find_kind(c->info->kind)->kind;
	c->out->minimum = c->info->has_minimum ?
		(int32) mtr_from_double(c->info->minimum) : -1;
	c->out->if_missing = (int32) mtr_from_double(c->info->if_missing);
	c->dict = mtr_dict_create(loader->work);
	read_params(loader, c);
	note_uses(loader, c);
	hash_criterion(loader, c);
}

void
mtr_criterion_load(MtrLoader *loader)
{
	MtrProgramme *programme = loader->programme;

	mtr_load_query(loader, &criterion_query, false, add_criterion);
	programme->info = MTR_ITEMS(MtrCriterionInfo, loader->info);
	programme->ncriteria = MTR_COUNT(MtrCriterionInfo, loader->info);
	if (programme->ncriteria == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("programme %lld has no criteria",
						(long long) programme->id),
				 errhint("Insert rows into mentoring.criterion, or call mentoring.default_criteria(%lld) for a sensible set.",
						 (long long) programme->id)));
	loader->compile = MTR_ITEMS(MtrCompile, loader->compiles);
	loader->criteria = mtr_load_alloc(loader, programme->ncriteria,
									  sizeof(MtrCriterion));
	for (int32 k = 0; k < programme->ncriteria; k++)
		start_compile(loader, k);
	loader->value = palloc0(Max(loader->nkeys, 1) * sizeof(JsonbValue));
	if (loader->load->want_values)
		programme->values = mtr_load_alloc(loader, 2 * programme->ncriteria,
										   sizeof(Jsonb *));
}
