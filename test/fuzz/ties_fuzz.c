/*
 * ties_fuzz.c
 *	  the preferred optimal matching: ties.h and ties_list.h word for word
 *
 * Whatever optimal matching one begins with, by whatever prices it is proved,
 * and whichever way is gone (bit sets, a copy of them with tiny batches, given
 * row by row, or a list with room or without), the same matching must come out, with rows and columns
 * exchanged, too; small ones must be what the definition says.  Then the proof
 * is spoiled, and all ways must see what the definition sees.
 *
 * Build: ties_fuzz.c with poll.c and the kernels
 */
#include "fuzz_assign.h"
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
	LIST,
	GROWING_LIST,
	ROW_BITS,					/* last, which keeps the corpus as it is */
	NWAYS
} Way;

/* Rows on demand; the matrix is out of the kernel's sight */
typedef struct RowMaker
{
	const int32_t *score;
	int32_t		ncols;
} RowMaker;

static void
make_row(void *state, int32_t row, int32_t *score)
{
	const RowMaker *maker = state;

	memcpy(score, maker->score + (size_t) row * maker->ncols,
		   maker->ncols * sizeof(int32_t));
}

/* Fill a list with room for all, or with none at first */
static MtrStatus
fill_list(MtrTiesList *list, MtrAssign *p, const RowMaker *maker, int64_t room,
		  void *scratch)
{
	uint32_t   *entry = take_memory(room, sizeof(uint32_t));
	int32_t    *row = take_memory(p->ncols, sizeof(int32_t));
	MtrStatus	status = mtr_ties_list_begin(list, p, entry, room, scratch);

	while (status == MTR_OK &&
		   (status = mtr_ties_list_rows(list, make_row, (void *) maker,
										row)) == MTR_FULL)
	{
		uint32_t   *larger = take_memory(list->needed, sizeof(uint32_t));

		CLAIM(list->needed > room);
		memcpy(larger, entry, room * sizeof(uint32_t));
		room = list->needed;
		free(entry);
		entry = larger;
		mtr_ties_list_enlarge(list, entry, room);
		status = MTR_OK;
	}
	list->entry = entry;
	free(row);
	return status == MTR_OK ? mtr_ties_list_end(list) : status;
}

/* Scores of the pairs, with room for any number */
static int32_t *
pair_scores(const MtrAssign *p, const RowMaker *maker)
{
	int64_t		most = (int64_t) p->nrows * p->ncols;
	int32_t    *score = take_memory(most, sizeof(int32_t));

	for (int32_t k = 0; k < p->npairs; k++)
		score[k] = maker->score[p->pair_row[k] * p->ncols + p->pair_col[k]];
	return score;
}

static void
claim_pair_scores(const MtrAssign *p, const RowMaker *maker,
				  const int32_t *score)
{
	for (int32_t k = 0; k < p->npairs; k++)
		CLAIM(score[k] ==
			  maker->score[p->pair_row[k] * p->ncols + p->pair_col[k]]);
}

static MtrStatus
run_row_bits(MtrAssign *p, bool rows_are_right)
{
	RowMaker	maker = {p->score, p->ncols};
	MtrTiesBits bits;
	void	   *scratch = take_memory(mtr_ties_bits_scratch_size(p), 1);
	int32_t    *row = take_memory(p->ncols, sizeof(int32_t));
	MtrStatus	status;

	p->score = NULL;
	status = mtr_ties_bits_begin(&bits, p, scratch);
	for (int32_t i = 0; i < p->nrows && status == MTR_OK; i++)
	{
		make_row(&maker, i, row);
		status = mtr_ties_bits_row(&bits, i, row);
	}
	if (status == MTR_OK)
	{
		bits.pair_score = pair_scores(p, &maker);
		status = mtr_ties_bits_resolve(&bits, rows_are_right);
		claim_pair_scores(p, &maker, bits.pair_score);
		free(bits.pair_score);
	}
	p->score = maker.score;
	free(row);
	free(scratch);
	return status;
}

static MtrStatus
run_list(MtrAssign *p, bool rows_are_right, bool growing)
{
	MtrTiesList list = {0};
	RowMaker	maker = {p->score, p->ncols};
	int64_t		room = growing ? 0 : mtr_ties_count(p);
	void	   *scratch = take_memory(mtr_ties_list_scratch_size(p), 1);
	MtrStatus	status;

	p->score = NULL;
	status = fill_list(&list, p, &maker, room, scratch);
	if (status == MTR_OK)
	{
		void	   *more = take_memory(
									   mtr_ties_list_resolve_scratch_size(p, list.needed), 1);

		list.pair_score = pair_scores(p, &maker);
		status = mtr_ties_list_resolve(&list, rows_are_right, more);
		claim_pair_scores(p, &maker, list.pair_score);
		free(list.pair_score);
		free(more);
	}
	p->score = maker.score;
	free(list.entry);
	free(scratch);
	return status;
}

static MtrStatus
run(MtrAssign *p, bool rows_are_right, Way way)
{
	void	   *scratch;
	MtrStatus	status;

	show_problem(p);
	if (way == ROW_BITS)
		return run_row_bits(p, rows_are_right);
	if (way >= LIST)
		return run_list(p, rows_are_right, way == GROWING_LIST);
	scratch = take_memory(way == CHOSEN ?
						  mtr_ties_scratch_size_for(p, mtr_ties_count(p)) :
						  way == BITS ? mtr_ties_bits_scratch_size(p) :
						  small_ties_scratch_size(p), 1);
	if (way == CHOSEN)
		status = mtr_ties_resolve(p, rows_are_right, scratch);
	else if (way == BITS)
		status = mtr_ties_bits_resolve_matrix(p, rows_are_right, scratch);
	else
		status = small_ties_resolve_matrix(p, rows_are_right, scratch);
	free(scratch);
	return status;
}

/* Under best_total the preferred matching may have more pairs: room for as
 * many as a matching can have is what max_pairs says. */
static void
solve_dense(MtrAssign *p)
{
	void	   *scratch = take_memory(mtr_assign_scratch_size(p), 1);

	CLAIM(mtr_assign_solve(p, scratch) == MTR_OK);
	free(scratch);
}

/* The same with another solution: the problem's from its last row and column
 * to the first, or exchanged.  q is p's to be solved. */
static void
solve_otherwise(MtrAssign *p)
{
	MtrAssign  *q = make_problem(p->nrows, p->ncols);
	int32_t		n = p->nrows,
				m = p->ncols;

	q->most_pairs = p->most_pairs;
	for (int32_t i = 0; i < n; i++)
	{
		((int32_t *) q->row_places)[n - 1 - i] = p->row_places[i];
		for (int32_t j = 0; j < m; j++)
			put_score(q, n - 1 - i, m - 1 - j, score_in(p, i, j));
	}
	for (int32_t j = 0; j < m; j++)
		((int32_t *) q->col_places)[m - 1 - j] = p->col_places[j];
	make_pair_room(q);
	solve_dense(q);
	p->npairs = q->npairs;
	p->total = q->total;
	for (int32_t k = 0; k < q->npairs; k++)
	{
		p->pair_row[k] = n - 1 - q->pair_row[q->npairs - 1 - k];
		p->pair_col[k] = m - 1 - q->pair_col[q->npairs - 1 - k];
	}
	for (int32_t i = 0; i < n; i++)
	{
		p->row_cover[i] = q->row_cover[n - 1 - i];
		p->row_price[i] = q->row_price[n - 1 - i];
	}
	for (int32_t j = 0; j < m; j++)
	{
		p->col_cover[j] = q->col_cover[m - 1 - j];
		p->col_price[j] = q->col_price[m - 1 - j];
	}
	drop_problem(q);
}

static void
copy_answer(MtrAssign *to, const MtrAssign *from)
{
	to->npairs = from->npairs;
	to->total = from->total;
	memcpy(to->pair_row, from->pair_row, from->npairs * sizeof(int32_t));
	memcpy(to->pair_col, from->pair_col, from->npairs * sizeof(int32_t));
	memcpy(to->row_cover, from->row_cover, from->nrows);
	memcpy(to->col_cover, from->col_cover, from->ncols);
	memcpy(to->row_price, from->row_price, from->nrows * sizeof(int64_t));
	memcpy(to->col_price, from->col_price, from->ncols * sizeof(int64_t));
}

static uint8_t *
flags_of(const MtrAssign *p)
{
	uint8_t    *taken = take_cleared((int64_t) p->nrows * p->ncols, 1);

	for (int32_t k = 0; k < p->npairs; k++)
		taken[(size_t) p->pair_row[k] * p->ncols + p->pair_col[k]] = 1;
	return taken;
}

/* All ways from what p has come to the pairs of "wanted". */
static void
claim_ways(const MtrAssign *p, const MtrAssign *wanted)
{
	for (Way way = CHOSEN; way < NWAYS; way++)
	{
		MtrAssign  *q = multiply_problem(p, 1);

		copy_answer(q, p);
		CLAIM(run(q, false, way) == MTR_OK);
		CLAIM(same_pairs_in(q, wanted) && q->total == wanted->total);
		drop_problem(q);
	}
}

/* So they do when the columns are called rows. */
static void
claim_exchanged(const MtrAssign *p, const MtrAssign *wanted, Way way)
{
	MtrAssign  *q = transpose_problem(p);

	solve_dense(q);
	CLAIM(run(q, true, way) == MTR_OK);
	CLAIM(same_pairs_exchanged(wanted, q) && q->total == wanted->total);
	drop_problem(q);
}

static void
claim_definition(const MtrAssign *p)
{
	uint8_t    *wanted = take_memory((int64_t) p->nrows * p->ncols, 1);
	uint8_t    *taken = flags_of(p);

	preferred_by_asking(p, wanted);
	CLAIM(memcmp(wanted, taken, (size_t) p->nrows * p->ncols) == 0);
	free(wanted);
	free(taken);
}

/* A pair, a score, a price, a cover or a place becomes another. */
static void
spoil(Input *in, MtrAssign *p)
{
	int32_t		i = choose(in, p->nrows);
	int32_t		j = choose(in, p->ncols);
	uint32_t	what = next_byte(in);
	int32_t		by = what & 64 ? -1 : 1;

	if (what & 128)
		p->row_price[i] += by;
	switch (what % 9)
	{
		case 0:
			p->row_cover[i] ^= 1;
			break;
		case 1:
			p->col_cover[j] ^= 1;
			break;
		case 2:
			p->col_price[j] -= by;
			break;
		case 3:
			put_score(p, i, j, MTR_NO_PAIR);
			break;
		case 4:
			if (score_in(p, i, j) > -1000000000 &&
				score_in(p, i, j) < 1000000000)
				put_score(p, i, j, score_in(p, i, j) + by);
			break;
		case 5:
			((int32_t *) p->row_places)[i] ^= 1;
			break;
		case 6:
			((int32_t *) p->col_places)[j] ^= 1;
			break;
		case 7:
			if (p->npairs > 0)
			{
				p->npairs--;
				p->total -= score_in(p, p->pair_row[p->npairs],
									 p->pair_col[p->npairs]);
			}
			break;
		default:
			p->col_price[j] = by * (INT64_C(1) << 59);
	}
}

/* After that all ways say what the definition says of the proof. */
static void
claim_proof(Input *in, MtrAssign *p)
{
	int			nfaults = choose(in, 4);
	uint8_t    *taken;
	bool		holds;

	if (p->nrows == 0 || p->ncols == 0)
		return;
	for (int k = 0; k < nfaults; k++)
		spoil(in, p);
	for (int32_t k = 0; k < p->npairs; k++)
		if (score_in(p, p->pair_row[k], p->pair_col[k]) == MTR_NO_PAIR)
			p->total = 0;
	taken = flags_of(p);
	holds = proof_holds(p, taken);
	for (Way way = CHOSEN; way < NWAYS; way++)
	{
		/* with room for all pairs, for places may have become more */
		MtrAssign  *q = multiply_problem(p, 1);

		free(q->pair_row);
		free(q->pair_col);
		q->pair_row = take_memory((int64_t) p->nrows * p->ncols,
								  sizeof(int32_t));
		q->pair_col = take_memory((int64_t) p->nrows * p->ncols,
								  sizeof(int32_t));
		copy_answer(q, p);
		CLAIM(run(q, false, way) == (holds ? MTR_OK : MTR_INVALID));
		drop_problem(q);
	}
	free(taken);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		in = begin_input(data, size);
	MtrAssign  *p = read_problem(&in, 68, 68);
	MtrAssign  *preferred = multiply_problem(p, 1);
	Way			way = choose(&in, NWAYS);

	solve_dense(preferred);
	copy_answer(p, preferred);
	CLAIM(run(preferred, false, way) == MTR_OK);
	claim_ways(p, preferred);
	claim_exchanged(p, preferred, way);
	solve_otherwise(p);
	claim_ways(p, preferred);
	if (p->nrows <= 8 && p->ncols <= 8)
		claim_definition(preferred);
	claim_proof(&in, p);
	drop_problem(preferred);
	drop_problem(p);
	return 0;
}
