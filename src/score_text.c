/*
 * score_text.c
 *	  sets of lexemes and how rare each is
 *
 * The terms of a text are its lexemes under the criterion's text search
 * configuration, each counted once.  The frequency of a term is the number of
 * texts using it among all accepted participants of the programme, each under
 * the key of his or her side, whoever else is loaded; so a score doesn't
 * depend on what was asked for.  A participant who is not accepted and
 * explained all the same counts as if accepted.
 *
 * Frozen frequencies.  Whoever joins or edits a text changes frequencies, and
 * with them the scores of everybody.  So a match run keeps those it was made
 * with, and is matched again and verified with them:
 *
 *	 {"<id of criterion>": {"texts": 120, "frequency": {"garden": 7, ...}}}
 *
 * Only terms of at least two texts are kept: any other, be it new, counts as
 * used once.
 */
#include "postgres.h"

#include "tsearch/ts_type.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "score_private.h"

/* The lexemes of the present participant's text, NULL without any. */
static TSVector
lexemes(const MtrLoader *loader, const MtrCompile *c, int side, int64 id)
{
	int			key = c->side[side].key;
	const JsonbValue *value = &loader->value[key];
	text	   *t;
	TSVector	vector;

	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		mtr_value_refuse(loader, c->info->name, key, id, "a text");
	t = cstring_to_text_with_len(value->val.string.val,
								 value->val.string.len);
	vector = DatumGetTSVector(DirectFunctionCall2(to_tsvector_byid,
												  ObjectIdGetDatum(c->config),
												  PointerGetDatum(t)));
	return vector->size > 0 ? vector : NULL;
}

void
mtr_text_add(MtrLoader *loader, MtrCompile *c, int side, int64 id,
			 bool is_loaded)
{
	MtrSide    *out = &c->side[side];
	TSVector	vector = lexemes(loader, c, side, id);

	if (is_loaded)
		mtr_term_begin(loader, out);
	if (vector == NULL)
		return;
	c->ntexts++;
	for (int32 i = 0; i < vector->size; i++)
	{
		WordEntry  *word = ARRPTR(vector) + i;
		int32		code = mtr_dict_code(c->dict, STRPTR(vector) + word->pos,
										 word->len, true);

		if (code == MTR_COUNT(int32, c->frequency))
			*(int32 *) mtr_buffer_add(loader, &c->frequency,
									  sizeof(int32)) = 0;
		MTR_ITEMS(int32, c->frequency)[code]++;
		if (is_loaded)
			*(int32 *) mtr_buffer_add(loader, &out->item,
									  sizeof(int32)) = code;
	}
}

/*
 * Frozen frequencies
 */

/* A member that counts something, or 0. */
static int32
count_of(JsonbContainer *object, const char *key, int length)
{
	JsonbValue	space;
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, length,
													 &space);
	double		number;

	if (value == NULL || value->type != jbvNumeric)
		return 0;
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	return number >= 1 && number <= PG_INT32_MAX ? (int32) number : 0;
}

/* A member that is an object, or NULL. */
static JsonbContainer *
object_of(JsonbContainer *object, const char *key, JsonbValue *space)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key),
													 space);

	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		return NULL;
	return value->val.binary.data;
}

/* Count as the run did that is given.  A criterion it didn't have counts the
 * texts there are now. */
static void
thaw(const MtrLoader *loader, MtrCompile *c)
{
	const Jsonb *frozen = loader->load->frozen_texts;
	int32	   *frequency = MTR_ITEMS(int32, c->frequency);
	MtrDictKey *key;
	JsonbValue	space[2];
	JsonbContainer *object = object_of(unconstify(JsonbContainer *,
												  &frozen->root),
									   psprintf(INT64_FORMAT, c->info->id),
									   &space[0]);
	JsonbContainer *counts;

	if (object == NULL)
		return;
	c->ntexts = Max(count_of(object, "texts", strlen("texts")), 1);
	counts = object_of(object, "frequency", &space[1]);
	key = mtr_dict_keys(c->dict);
	for (int32 t = 0; t < mtr_dict_size(c->dict); t++)
	{
		int32		count = counts == NULL ? 0 :
		count_of(counts, key[t].data, key[t].length);

		frequency[t] = Min(Max(count, 1), c->ntexts);
	}
	pfree(key);
}

static void
push_string(JsonbParseState **state, const char *key, int length)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, key);
	value.val.string.len = length;
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_count(JsonbParseState **state, int32 count)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(count);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* Note this criterion's part of programme.texts. */
static void
freeze(MtrLoader *loader, const MtrCompile *c)
{
	const int32 *frequency = MTR_ITEMS(int32, c->frequency);
	JsonbParseState **state = &loader->texts;
	MtrDictKey *key = mtr_dict_keys(c->dict);
	char	   *id = psprintf(INT64_FORMAT, c->info->id);

	if (*state == NULL)
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_string(state, id, strlen(id));
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_string(state, "texts", strlen("texts"));
	push_count(state, c->ntexts);
	push_string(state, "frequency", strlen("frequency"));
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int32 t = 0; t < mtr_dict_size(c->dict); t++)
		if (frequency[t] > 1)
		{
			push_string(state, key[t].data, key[t].length);
			push_count(state, frequency[t]);
		}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Set programme.texts, once all criteria are finished. */
void
mtr_text_keep(MtrLoader *loader)
{
	MemoryContext oldcxt;
	JsonbValue *value;

	if (loader->texts == NULL)
		return;
	value = pushJsonbValue(&loader->texts, WJB_END_OBJECT, NULL);
	oldcxt = MemoryContextSwitchTo(loader->programme->context);
	loader->programme->texts = JsonbValueToJsonb(value);
	MemoryContextSwitchTo(oldcxt);
}

/*
 * Scoring
 */

void
mtr_text_finish(MtrLoader *loader, MtrCompile *c)
{
	MtrText    *out = &c->out->u.text;
	int32		nmentors = loader->programme->nmentors;
	const int32 *frequency = MTR_ITEMS(int32, c->frequency);
	int32	   *idf;
	int64	   *root = mtr_load_alloc(loader, nmentors, sizeof(int64));
	const int32 *first;
	const int32 *item;

	if (loader->load->frozen_texts != NULL)
		thaw(loader, c);
	if (loader->load->want_texts)
		freeze(loader, c);
	out->mentor_size = mtr_term_finish(loader, c);
	out->nterms = mtr_dict_size(c->dict);
	idf = mtr_load_alloc(loader, out->nterms, sizeof(int32));
	for (int32 t = 0; t < out->nterms; t++)
		idf[t] = mtr_text_idf(c->ntexts, frequency[t]);
	first = MTR_ITEMS(int32, c->side[MTR_MENTOR].first);
	item = MTR_ITEMS(int32, c->side[MTR_MENTOR].item);
	for (int32 j = 0; j < nmentors; j++)
	{
		int64		q = 0;

		for (int32 i = first[j]; i < first[j + 1]; i++)
			q += (int64) idf[item[i]] * idf[item[i]];
		root[j] = mtr_text_root(q);
	}
	out->idf = idf;
	out->mentor_root = root;
	out->mentee_start = MTR_ITEMS(int32, c->side[MTR_MENTEE].first);
	out->mentee_term = MTR_ITEMS(int32, c->side[MTR_MENTEE].item);
	mtr_term_invert(loader, &c->side[MTR_MENTOR], out->nterms, &out->list_start,
					&out->list_mentor);
	mtr_buffer_free(loader, &c->side[MTR_MENTOR].item);
	mtr_buffer_free(loader, &c->frequency);
}
