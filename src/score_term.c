/*
 * score_term.c
 *	  dictionaries and sets of elements
 *
 * Whatever has a name becomes a small number in the order it is first seen:
 * elements of sets, values that are only equal or not, lexemes, persons,
 * skills, time zones.  Mentors' sets are turned into lists of who has an
 * element, which is what the kernel scatters.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "score_private.h"

/* ----------------------------------------------------------------
 *		Dictionaries
 * ----------------------------------------------------------------
 */

typedef struct DictEntry
{
	MtrDictKey	key;
	uint32		hash;
	int32		code;
	char		status;
} DictEntry;

static inline uint32
hash_key(MtrDictKey key)
{
	return hash_bytes((const unsigned char *) key.data, key.length);
}

static inline bool
equal_keys(MtrDictKey a, MtrDictKey b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

#define SH_PREFIX dict
#define SH_ELEMENT_TYPE DictEntry
#define SH_KEY_TYPE MtrDictKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_key(key)
#define SH_EQUAL(tb, a, b) equal_keys(a, b)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct MtrDict
{
	dict_hash  *hash;
	MemoryContext context;
	int32		size;
};

MtrDict *
mtr_dict_create(MemoryContext context)
{
	MtrDict    *dict = MemoryContextAllocZero(context, sizeof(MtrDict));

	dict->hash = dict_create(context, 64, NULL);
	dict->context = context;
	return dict;
}

/* The code of a key; one not seen before gets the next, or -1 without add. */
int32
mtr_dict_code(MtrDict *dict, const void *key, Size length, bool add)
{
	MtrDictKey	wanted = {key, (uint32) length};
	DictEntry  *entry;
	bool		found;
	char	   *copy;

	if (!add)
	{
		entry = dict_lookup(dict->hash, wanted);
		return entry == NULL ? -1 : entry->code;
	}
	entry = dict_insert(dict->hash, wanted, &found);
	if (!found)
	{
		copy = MemoryContextAlloc(dict->context, Max(length, 1));
		memcpy(copy, key, length);
		entry->key.data = copy;
		entry->code = dict->size++;
	}
	return entry->code;
}

int32
mtr_dict_size(const MtrDict *dict)
{
	return dict->size;
}

/* All keys, by code. */
MtrDictKey *
mtr_dict_keys(const MtrDict *dict)
{
	MtrDictKey *key = palloc_extended((dict->size + 1) * sizeof(MtrDictKey),
									  MCXT_ALLOC_HUGE);
	dict_iterator iterator;
	DictEntry  *entry;

	dict_start_iterate(dict->hash, &iterator);
	while ((entry = dict_iterate(dict->hash, &iterator)) != NULL)
		key[entry->code] = entry->key;
	return key;
}

/* ----------------------------------------------------------------
 *		Sets
 * ----------------------------------------------------------------
 */

static int
compare_codes(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

/* Note that the items of the next participant begin here. */
void
mtr_term_begin(MtrLoader *loader, MtrSide *side)
{
	int32		first = MTR_COUNT(int32, side->item);

	*(int32 *) mtr_buffer_add(loader, &side->first, sizeof(int32)) = first;
}

/* Elements named twice count once. */
static void
drop_repeated(MtrSide *side, int32 n)
{
	int32	   *code = MTR_ITEMS(int32, side->item) +
	MTR_COUNT(int32, side->item) - n;
	int32		kept = 0;

	qsort(code, n, sizeof(int32), compare_codes);
	for (int32 i = 0; i < n; i++)
		if (i == 0 || code[i] != code[kept - 1])
			code[kept++] = code[i];
	side->item.used -= (n - kept) * sizeof(int32);
}

/* A set is an array of texts; a single text is a set of one. */
void
mtr_term_add_set(MtrLoader *loader, MtrCompile *c, int side, int64 id)
{
	MtrSide    *out = &c->side[side];
	JsonbValue *value = &loader->value[out->key];
	JsonbContainer *array = NULL;
	int32		n = 1;

	mtr_term_begin(loader, out);
	if (value->type == jbvNull)
		return;
	if (value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data))
	{
		array = value->val.binary.data;
		n = JsonContainerSize(array);
	}
	for (int32 i = 0; i < n; i++)
	{
		JsonbValue *element = array == NULL ? value :
		getIthJsonbValueFromContainer(array, i);

		if (element->type != jbvString)
			mtr_value_refuse(loader, c->info->name, out->key, id,
							 "a text or an array of texts");
		*(int32 *) mtr_buffer_add(loader, &out->item, sizeof(int32)) =
			mtr_dict_code(c->dict, element->val.string.val,
						  element->val.string.len, true);
	}
	drop_repeated(out, n);
}

/* Who has a term: lists of mentors by term, from lists of terms by mentor. */
void
mtr_term_invert(MtrLoader *loader, const MtrSide *side, int32 nterms,
				const int32 **start, const int32 **mentor)
{
	const int32 *first = MTR_ITEMS(int32, side->first);
	const int32 *item = MTR_ITEMS(int32, side->item);
	int32		nmentors = loader->programme->nmentors;
	int32	   *list_start = mtr_load_alloc(loader, (Size) nterms + 2,
											sizeof(int32));
	int32	   *list_mentor = mtr_load_alloc(loader, first[nmentors],
											 sizeof(int32));

	/* the counts stand two places on, then ends become beginnings */
	for (int32 i = 0; i < first[nmentors]; i++)
		list_start[item[i] + 2]++;
	for (int32 t = 0; t < nterms; t++)
		list_start[t + 2] += list_start[t + 1];
	for (int32 j = 0; j < nmentors; j++)
		for (int32 i = first[j]; i < first[j + 1]; i++)
			list_mentor[list_start[item[i] + 1]++] = j;
	*start = list_start;
	*mentor = list_mentor;
}

/* Close both sides' lists; returns how many terms each mentor has. */
int32 *
mtr_term_finish(MtrLoader *loader, MtrCompile *c)
{
	int32		nmentors = loader->programme->nmentors;
	int32	   *size = mtr_load_alloc(loader, nmentors, sizeof(int32));
	const int32 *first;

	mtr_term_begin(loader, &c->side[MTR_MENTEE]);
	mtr_term_begin(loader, &c->side[MTR_MENTOR]);
	first = MTR_ITEMS(int32, c->side[MTR_MENTOR].first);
	for (int32 j = 0; j < nmentors; j++)
		size[j] = first[j + 1] - first[j];
	return size;
}

void
mtr_term_finish_set(MtrLoader *loader, MtrCompile *c)
{
	MtrOverlap *out = &c->out->u.overlap;

	out->mentor_size = mtr_term_finish(loader, c);
	out->nelements = mtr_dict_size(c->dict);
	out->mentee_start = MTR_ITEMS(int32, c->side[MTR_MENTEE].first);
	out->mentee_element = MTR_ITEMS(int32, c->side[MTR_MENTEE].item);
	mtr_term_invert(loader, &c->side[MTR_MENTOR], out->nelements, &out->list_start,
					&out->list_mentor);
	mtr_buffer_free(loader, &c->side[MTR_MENTOR].item);
}
