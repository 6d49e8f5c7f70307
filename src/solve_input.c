/*
 * solve_input.c
 *	  the rows of a caller's query, as a matching problem
 *
 * Problem.  A query text names pairs by any ids in any order, with one score
 * or with one of each side; a kernel wants numbers 0..n-1, in a dense matrix
 * or in lists.  Rows can be many, so they are not kept as tuples.
 *
 * Method.  The query is planned, checked to be one SELECT that only reads,
 * and run with the caller's rights, read-only, into a receiver of our own.
 * Ids are numbered in the order they appear; a pair is kept as two 32 bit
 * words (the other id's number, the score), or three with two scores, behind
 * a word that says whose pairs follow, written only where that changes.  A
 * query ordered by either id costs 8 bytes a pair, any other 12, and 4 more
 * with two scores.  Memory is compared with mentoring.match_memory, the
 * matrix to come included, whenever another chunk is needed: a query of
 * endless rows ends there.  Where the matrix would be too large, and always
 * with two scores, pairs are sorted by left and right instead, and a row is
 * made from its few pairs.
 *
 * Limits.  |score| <= 1000; 2^24 ids a side.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "match.h"
#include "mentoring.h"
#include "solve_graph.h"
#include "solve_row.h"

/* ids of a side, at most */
#define MAX_IDS (1 << 24)

/* words of one chunk of pairs */
#define CHUNK_WORDS (64 * 1024)

/* A number or a count of places for each id. */
typedef struct IdEntry
{
	int64		id;
	int32		value;
	char		status;
} IdEntry;

static inline uint32
hash_id(int64 id)
{
	return hash_bytes((const unsigned char *) &id, sizeof(id));
}

#define SH_PREFIX ids
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE int64
#define SH_KEY id
#define SH_HASH_KEY(table, key) hash_id(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct IdSide
{
	ids_hash   *number;			/* ids of pairs, in order of appearance */
	ids_hash   *places;			/* ids of places_sql */
	int32	   *rank;			/* number -> position among the sorted ids */
	int64	   *sorted;
	int64		last_id;		/* rows come in groups: one look-up saved */
	int32		last_number;
} IdSide;

#define LEFT 0
#define RIGHT 1

static const char *const side_name[] = {"left", "right"};

struct MtrPairInput
{
	MemoryContext context;
	const char *id_name[2];		/* columns of the ids */
	IdSide		side[2];
	List	   *chunks;			/* of int32 [CHUNK_WORDS] */
	int32	   *chunk;			/* the one being filled */
	int			used;			/* words of it */
	int			nscores;		/* of a pair: 1, or 2 for one of each side */
	int64		npairs;
	int			group;			/* LEFT or RIGHT: whose pairs follow a mark */
	int32		group_number;	/* the last mark, -1 at first */

	/* made by mtr_input_sort() */
	int64	   *row_start;		/* [nleft + 1] */
	int32	   *sorted;			/* pairs by left, then right: the right one's
								 * position and the scores, see pair_words() */
};

/* A word below 0 in a chunk marks a group: -1 - number. */
#define GROUP_MARK(number) (-1 - (number))

/* Words of a pair that is sorted */
static inline int
pair_words(const MtrPairInput *input)
{
	return 1 + input->nscores;
}

/*
 * Pairs
 */

uint64
mtr_input_bytes(const MtrPairInput *input)
{
	uint64		bytes = (uint64) list_length(input->chunks) * CHUNK_WORDS *
	sizeof(int32);

	for (int s = LEFT; s <= RIGHT; s++)
		bytes += input->side[s].number->size * sizeof(IdEntry) +
			input->side[s].places->size * sizeof(IdEntry) +
			input->side[s].number->members * (sizeof(int64) + sizeof(int32));
	if (input->sorted != NULL)
		bytes += (uint64) input->npairs * pair_words(input) * sizeof(int32) +
			input->side[LEFT].number->members * sizeof(int64);
	return bytes;
}

/* Compare what is held, and the matrix or the sorted pairs it will take, with
 * the limit. */
static void
check_growth(const MtrPairInput *input)
{
	int64		nleft = input->side[LEFT].number->members;
	int64		nright = input->side[RIGHT].number->members;
	uint64		ahead = (uint64) input->npairs * pair_words(input) *
	sizeof(int32);

	if (input->nscores == 1)
		ahead = Min(ahead, (uint64) nleft * nright * sizeof(int32));
	mtr_check_memory(mtr_input_bytes(input) + CHUNK_WORDS * sizeof(int32) +
					 ahead, nleft, nright);
}

/* The number of an id. */
static int32
number_of(MtrPairInput *input, int s, int64 id)
{
	IdSide	   *side = &input->side[s];
	IdEntry    *entry;
	bool		found;

	if (id == side->last_id && side->last_number >= 0)
		return side->last_number;
	entry = ids_insert(side->number, id, &found);
	if (!found)
	{
		if (side->number->members > MAX_IDS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("pairs_sql returns more than %d different %s",
							MAX_IDS, input->id_name[s]),
					 errhint("Match in parts.")));
		entry->value = side->number->members - 1;
	}
	side->last_id = id;
	side->last_number = entry->value;
	return entry->value;
}

/* Append a word; memory is compared with the limit for each new chunk. */
static void
put_word(MtrPairInput *input, int32 word)
{
	if (input->used == CHUNK_WORDS)
	{
		check_growth(input);
		input->chunk = MemoryContextAlloc(input->context,
										  CHUNK_WORDS * sizeof(int32));
		input->chunks = lappend(input->chunks, input->chunk);
		input->used = 0;
	}
	input->chunk[input->used++] = word;
}

/* A query ordered by right_id is as compact as one ordered by left_id. */
static void
receive_pair(void *state, const SolveValue *value)
{
	MtrPairInput *input = state;
	MemoryContext oldcxt = MemoryContextSwitchTo(input->context);
	int32		number[2];

	number[LEFT] = number_of(input, LEFT, value[0].number);
	number[RIGHT] = number_of(input, RIGHT, value[1].number);

	/* the second pair shows by which side the rows come in groups, if any */
	if (input->npairs == 1 && input->chunk[1] == number[RIGHT] &&
		input->group_number != number[LEFT])
	{
		input->chunk[1] = input->group_number;
		input->chunk[0] = GROUP_MARK(number[RIGHT]);
		input->group = RIGHT;
		input->group_number = number[RIGHT];
	}
	if (input->group_number != number[input->group])
	{
		input->group_number = number[input->group];
		put_word(input, GROUP_MARK(input->group_number));
	}
	put_word(input, number[1 - input->group]);
	for (int i = 0; i < input->nscores; i++)
		put_word(input, (int32) value[2 + i].number);
	input->npairs++;
	MemoryContextSwitchTo(oldcxt);
}

/* Read pairs with the columns named, the ids' first. */
static MtrPairInput *
read_pairs(const char *pairs_sql, SolveColumn *column, int ncolumns)
{
	MtrPairInput *input = palloc0(sizeof(MtrPairInput));
	SolveReader reader = {.argument = "pairs_sql",.ncolumns = ncolumns,
	.column = column,.handler = receive_pair,.state = input};

	input->context = CurrentMemoryContext;
	for (int s = LEFT; s <= RIGHT; s++)
	{
		input->side[s].number = ids_create(input->context, 256, NULL);
		input->side[s].places = ids_create(input->context, 16, NULL);
		input->side[s].last_number = -1;
		input->id_name[s] = column[s].name;
	}
	input->nscores = ncolumns - 2;
	input->used = CHUNK_WORDS;
	input->group = LEFT;
	input->group_number = -1;
	mtr_solve_rows(pairs_sql, &reader);
	return input;
}

MtrPairInput *
mtr_read_pairs(const char *pairs_sql)
{
	SolveColumn column[] = {
		{.name = "left_id",.use = USE_ID},
		{.name = "right_id",.use = USE_ID},
		{.name = "score",.use = USE_SCORE}
	};

	return read_pairs(pairs_sql, column, lengthof(column));
}

MtrPairInput *
mtr_read_sided_pairs(const char *pairs_sql)
{
	SolveColumn column[] = {
		{.name = "left_id",.use = USE_ID},
		{.name = "right_id",.use = USE_ID},
		{.name = "left_score",.use = USE_SCORE},
		{.name = "right_score",.use = USE_SCORE}
	};

	return read_pairs(pairs_sql, column, lengthof(column));
}

MtrPairInput *
mtr_read_peer_pairs(const char *pairs_sql)
{
	SolveColumn column[] = {
		{.name = "a_id",.use = USE_ID},
		{.name = "b_id",.use = USE_ID},
		{.name = "score",.use = USE_SCORE}
	};

	return read_pairs(pairs_sql, column, lengthof(column));
}

/*
 * Places
 */

/*
 * Ids that occur in no pair are remembered, too: naming one twice is an error
 * whatever the pairs are.
 */
static void
receive_places(void *state, const SolveValue *value)
{
	MtrPairInput *input = state;
	int64		id = value[1].number;
	int64		places = value[2].number;
	IdEntry    *entry;
	bool		found;
	int			s;

	if (strcmp(value[0].text, side_name[LEFT]) == 0)
		s = LEFT;
	else if (strcmp(value[0].text, side_name[RIGHT]) == 0)
		s = RIGHT;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("places_sql returns the unknown side \"%s\" for id %lld",
						value[0].text, (long long) id),
				 errhint("Sides are 'left' and 'right'.")));
	if (places < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s_id %lld has %lld places", side_name[s],
						(long long) id, (long long) places),
				 errhint("Use 0 for who accepts nobody.")));
	entry = ids_insert(input->side[s].places, id, &found);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("places_sql returns %s_id %lld more than once",
						side_name[s], (long long) id),
				 errhint("Return one row for each id.")));

	/* nobody has so many partners: each pair is taken once at most */
	entry->value = (int32) Min(places, MAX_IDS);
	if ((input->side[s].places->members & 0xffff) == 0)
		check_growth(input);
}

void
mtr_read_places(MtrPairInput *input, const char *places_sql)
{
	SolveColumn column[] = {
		{.name = "side",.use = USE_SIDE},
		{.name = "id",.use = USE_ID},
		{.name = "places",.use = USE_PLACES}
	};
	SolveReader reader = {.argument = "places_sql",
		.ncolumns = lengthof(column),.column = column,.handler = receive_places,
	.state = input};

	mtr_solve_rows(places_sql, &reader);
}

/*
 * The problem
 */

static int
compare_ids(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/* Sort the ids of a side, remember where each number went, find places. */
static int32 *
sort_side(IdSide *side)
{
	int32		n = side->number->members;
	int32	   *places = palloc(Max(n, 1) * sizeof(int32));
	ids_iterator iterator;
	IdEntry    *entry;
	int32		i = 0;

	side->sorted = palloc(Max(n, 1) * sizeof(int64));
	side->rank = palloc(Max(n, 1) * sizeof(int32));
	ids_start_iterate(side->number, &iterator);
	while ((entry = ids_iterate(side->number, &iterator)) != NULL)
		side->sorted[i++] = entry->id;
	qsort(side->sorted, n, sizeof(int64), compare_ids);
	for (i = 0; i < n; i++)
	{
		entry = ids_lookup(side->number, side->sorted[i]);
		side->rank[entry->value] = i;
		entry = ids_lookup(side->places, side->sorted[i]);
		places[i] = entry ? entry->value : 1;
	}
	return places;
}

void
mtr_input_problem(MtrPairInput *input, MtrProblem *problem,
				  const int64 **left_id, const int64 **right_id)
{
	check_growth(input);
	problem->nleft = input->side[LEFT].number->members;
	problem->nright = input->side[RIGHT].number->members;
	problem->left_places = sort_side(&input->side[LEFT]);
	problem->right_places = sort_side(&input->side[RIGHT]);
	*left_id = input->side[LEFT].sorted;
	*right_id = input->side[RIGHT].sorted;
}

static void
refuse_duplicate(const MtrPairInput *input, int32 left, int32 right)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("pairs_sql returns the pair (%s %lld, %s %lld) more than once",
					input->id_name[LEFT],
					(long long) input->side[LEFT].sorted[left],
					input->id_name[RIGHT],
					(long long) input->side[RIGHT].sorted[right]),
			 errhint("Aggregate the scores with GROUP BY %s, %s.",
					 input->id_name[LEFT], input->id_name[RIGHT])));
}

/*
 * Words are read back as they were written: a mark changes the group, any
 * other word is the other side's number and is followed by the scores, which
 * may look like marks.  Each pair is handed to "take", by position among the
 * sorted ids.
 */
static void
read_back(const MtrPairInput *input,
		  void (*take) (void *state, int32 left, int32 right,
						const int32 *score),
		  void *state)
{
	int64		words = (int64) (list_length(input->chunks) - 1) *
	CHUNK_WORDS + input->used;
	int32		number[2] = {0, 0};
	int32		score[2] = {0, 0};
	int			missing = 0;	/* scores of a pair not yet read */

	for (int64 i = 0; i < words; i++)
	{
		const int32 *chunk = list_nth(input->chunks, i / CHUNK_WORDS);
		int32		word = chunk[i % CHUNK_WORDS];

		if (i % CHUNK_WORDS == 0)
			CHECK_FOR_INTERRUPTS();
		if (missing > 0)
		{
			score[input->nscores - missing] = word;
			if (--missing == 0)
				take(state, input->side[LEFT].rank[number[LEFT]],
					 input->side[RIGHT].rank[number[RIGHT]], score);
		}
		else if (word < 0)
			number[input->group] = -1 - word;
		else
		{
			number[1 - input->group] = word;
			missing = input->nscores;
		}
	}
}

/*
 * A matrix
 */

typedef struct Fill
{
	const MtrPairInput *input;
	MtrProblem *problem;
} Fill;

static void
fill_pair(void *state, int32 left, int32 right, const int32 *score)
{
	Fill	   *fill = state;
	int32	   *cell = mtr_problem_cell(fill->problem, left, right);

	if (*cell != MTR_NO_PAIR)
		refuse_duplicate(fill->input, left, right);
	*cell = score[0];
}

void
mtr_input_fill(const MtrPairInput *input, MtrProblem *problem)
{
	size_t		cells = (size_t) problem->nleft * problem->nright;
	Fill		fill = {input, problem};

	for (size_t i = 0; i < cells; i++)
		problem->matrix[i] = MTR_NO_PAIR;
	read_back(input, fill_pair, &fill);
}

/*
 * Or sorted pairs
 */

static void
count_pair(void *state, int32 left, int32 right, const int32 *score)
{
	MtrPairInput *input = state;

	input->row_start[left + 1]++;
}

static void
place_pair(void *state, int32 left, int32 right, const int32 *score)
{
	MtrPairInput *input = state;
	int32	   *pair = input->sorted +
	input->row_start[left]++ * pair_words(input);

	pair[0] = right;
	memcpy(pair + 1, score, input->nscores * sizeof(int32));
}

static int
compare_sorted(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

/* By counting into rows, then each row by its right elements. */
void
mtr_input_sort(MtrPairInput *input, const MtrProblem *problem)
{
	int32		n = problem->nleft;
	int			words = pair_words(input);
	Size		size = words * sizeof(int32);

	mtr_check_memory(problem->already + problem->bytes +
					 (n + 2) * sizeof(int64) + input->npairs * size, n,
					 problem->nright);
	input->row_start = palloc0((n + 2) * sizeof(int64));
	input->sorted = palloc_extended((input->npairs + 1) * size,
									MCXT_ALLOC_HUGE);
	read_back(input, count_pair, input);
	for (int32 i = 0; i < n; i++)
		input->row_start[i + 1] += input->row_start[i];
	read_back(input, place_pair, input);

	/* placing has moved each start to the next row's */
	memmove(input->row_start + 1, input->row_start, n * sizeof(int64));
	input->row_start[0] = 0;
	for (int32 i = 0; i < n; i++)
	{
		int32	   *pair = input->sorted + input->row_start[i] * words;
		int64		count = input->row_start[i + 1] - input->row_start[i];

		CHECK_FOR_INTERRUPTS();
		qsort(pair, count, size, compare_sorted);
		for (int64 k = 1; k < count; k++)
			if (pair[k * words] == pair[(k - 1) * words])
				refuse_duplicate(input, i, pair[k * words]);
	}
}

const int32 *
mtr_input_list(const MtrPairInput *input, int32 left, int32 *count)
{
	*count = (int32) (input->row_start[left + 1] - input->row_start[left]);
	return input->sorted + input->row_start[left] * pair_words(input);
}

void
mtr_input_row(void *state, int32 left, int32 *row)
{
	const MtrPairInput *input = state;
	int32		nright = input->side[RIGHT].number->members;
	int			words = pair_words(input);
	int32		count;
	const int32 *pair = mtr_input_list(input, left, &count);

	for (int32 right = 0; right < nright; right++)
		row[right] = MTR_NO_PAIR;
	for (; count > 0; count--, pair += words)
		row[pair[0]] = pair[1];
}
