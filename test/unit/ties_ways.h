/*
 * ties_ways.h
 *	  the ways of ties_test.c to resolve a problem
 *
 * Part of ties_test.c.  Scratch is filled with rubbish and not a byte longer
 * than asked for; where a way needs no matrix it sees none, and the scores of
 * the pairs it keeps are compared with it afterwards.
 */
#include "ties.h"
#include "ties_bits.h"
#include "ties_list.h"

/* the second copy */
#define MTR_TIES_BATCH 2
#define mtr_ties_bits_scratch_size small_ties_scratch_size
#define mtr_ties_bits_begin small_ties_begin
#define mtr_ties_bits_row small_ties_row
#define mtr_ties_bits_resolve small_ties_resolve
#define mtr_ties_bits_resolve_matrix small_ties_resolve_matrix
#include "ties_bits.c"
#undef mtr_ties_bits_scratch_size
#undef mtr_ties_bits_begin
#undef mtr_ties_bits_row
#undef mtr_ties_bits_resolve
#undef mtr_ties_bits_resolve_matrix

#include "ties_reference.h"

typedef enum Way
{
	CHOSEN,
	BITS,
	SMALL_BITS,
	ROW_BITS,
	LIST,
	GROWING_LIST,
	NWAYS
} Way;

/* Sets of ways */
#define ALL_WAYS ((1 << NWAYS) - 1)
#define THREE_WAYS (1 << SMALL_BITS | 1 << ROW_BITS | 1 << LIST)

/* Scratch is not cleared, and not a byte longer than asked for */
static void *
get_scratch(size_t size)
{
	void	   *scratch = NULL;

	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	memset(scratch, 0xA5, size);
	return scratch;
}

/* Rows on demand, counting them */
typedef struct RowMaker
{
	const MtrAssign *p;
	const int32_t *score;
	int32_t		nmade;
} RowMaker;

static void
make_row(void *state, int32_t row, int32_t *score)
{
	RowMaker   *maker = state;
	int32_t		ncols = maker->p->ncols;

	memcpy(score, maker->score + (size_t) row * ncols,
		   ncols * sizeof(int32_t));
	maker->nmade++;
}

/*
 * Fill a list of just the room it needs, or of none at first, enlarged row by
 * row.  The matrix is out of sight.
 */
static MtrStatus
fill_list(MtrTiesList *list, MtrAssign *p, bool growing, void *scratch)
{
	RowMaker	maker = {.p = p,.score = p->score};
	int64_t		room = growing ? 0 : mtr_ties_count(p);
	uint32_t   *entry = get_memory(room * sizeof(uint32_t));
	int32_t    *row = get_memory(p->ncols * sizeof(int32_t));
	int32_t		nfull = 0;
	MtrStatus	status;

	p->score = NULL;
	status = mtr_ties_list_begin(list, p, entry, room, scratch);
	for (int32_t i = 0; i < p->nrows && status == MTR_OK && !growing; i++)
	{
		make_row(&maker, i, row);
		status = mtr_ties_list_row(list, i, row);
	}
	if (status == MTR_OK && growing)
		while ((status = mtr_ties_list_rows(list, make_row, &maker,
											row)) == MTR_FULL)
		{
			entry = realloc(entry, list->needed * sizeof(uint32_t));
			mtr_ties_list_enlarge(list, entry, list->needed);
			nfull++;
		}
	if (status == MTR_OK && maker.nmade != p->nrows + nfull)
		status = MTR_DEGENERATE;	/* rows made twice */
	list->entry = entry;
	p->score = maker.score;
	free(row);
	return status;
}

static int32_t
score_of(const MtrAssign *p, int32_t pair)
{
	return p->score[(size_t) p->pair_row[pair] * p->ncols +
					p->pair_col[pair]];
}

/* The scores of the pairs, with room for as many as there may become */
static int32_t *
scores_of_pairs(const MtrAssign *p)
{
	int32_t    *pair_score = get_memory(mtr_assign_max_pairs(p) *
										sizeof(int32_t));

	for (int32_t k = 0; k < p->npairs; k++)
		pair_score[k] = score_of(p, k);
	return pair_score;
}

static bool
are_scores_of_pairs(const MtrAssign *p, const int32_t *pair_score)
{
	for (int32_t k = 0; k < p->npairs; k++)
		if (pair_score[k] != score_of(p, k))
			return false;
	return true;
}

/* Bit sets from rows; the matrix is out of sight */
static MtrStatus
run_bits(MtrAssign *p, bool rows_are_right)
{
	RowMaker	maker = {.p = p,.score = p->score};
	MtrTiesBits bits;
	void	   *scratch = get_scratch(mtr_ties_bits_scratch_size(p));
	int32_t    *row = get_memory(p->ncols * sizeof(int32_t));
	MtrStatus	status;

	p->score = NULL;
	status = mtr_ties_bits_begin(&bits, p, scratch);
	while (status == MTR_OK && bits.next_row < p->nrows)
	{
		make_row(&maker, bits.next_row, row);
		status = mtr_ties_bits_row(&bits, bits.next_row, row);
	}
	p->score = maker.score;
	if (status == MTR_OK)
	{
		bits.pair_score = scores_of_pairs(p);
		p->score = NULL;
		status = mtr_ties_bits_resolve(&bits, rows_are_right);
		p->score = maker.score;
		if (!are_scores_of_pairs(p, bits.pair_score))
			status = MTR_DEGENERATE;
		free(bits.pair_score);
	}
	free(row);
	free(scratch);
	return status;
}

static MtrStatus
run_list(MtrAssign *p, bool rows_are_right, bool growing)
{
	MtrTiesList list = {0};
	void	   *scratch = get_scratch(mtr_ties_list_scratch_size(p));
	void	   *more = NULL;
	int32_t    *pair_score = NULL;
	MtrStatus	status = fill_list(&list, p, growing, scratch);

	if (status == MTR_OK)
	{
		const int32_t *score = p->score;

		more = get_scratch(mtr_ties_list_resolve_scratch_size(p,
															  list.needed));
		pair_score = scores_of_pairs(p);
		list.pair_score = pair_score;
		p->score = NULL;
		status = mtr_ties_list_resolve(&list, rows_are_right, more);
		p->score = score;
		if (!are_scores_of_pairs(p, pair_score))
			status = MTR_DEGENERATE;
	}
	free(pair_score);
	free(list.entry);
	free(scratch);
	free(more);
	return status;
}

static MtrStatus
run_kernel(MtrAssign *p, bool rows_are_right, Way way)
{
	void	   *scratch;
	MtrStatus	status;

	if (way >= LIST)
		return run_list(p, rows_are_right, way == GROWING_LIST);
	if (way == ROW_BITS)
		return run_bits(p, rows_are_right);
	if (way == CHOSEN)
		scratch = get_scratch(mtr_ties_scratch_size_for(p, mtr_ties_count(p)));
	else if (way == BITS)
		scratch = get_scratch(mtr_ties_bits_scratch_size(p));
	else
		scratch = get_scratch(small_ties_scratch_size(p));
	if (way == CHOSEN)
		status = mtr_ties_resolve(p, rows_are_right, scratch);
	else if (way == BITS)
		status = mtr_ties_bits_resolve_matrix(p, rows_are_right, scratch);
	else
		status = small_ties_resolve_matrix(p, rows_are_right, scratch);
	free(scratch);
	return status;
}
