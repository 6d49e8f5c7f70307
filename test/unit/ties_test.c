/*
 * ties_test.c
 *	  the preferred optimal matching: the kernels against its definition
 *
 * The definition is carried out by ties_reference.h.  Every problem is
 * resolved from several optimal matchings, with several sets of prices, as
 * given and transposed, and in all ways there are: by the way chosen for its
 * size, by bit sets, by a second copy of these whose batches are so small that
 * every pass refills them, by bit sets given row by row without a matrix, by a
 * list so given, and by a list whose room grows as it must.
 *
 * Build: ties_test.c poll.c ties.c ties_bits.c ties_list.c ties_settle.c
 *		  assign.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ties_ways.h"

/* ----------
 * Problems
 * ----------
 */

static void
store_matching(MtrAssign *p, const uint8_t *taken)
{
	p->npairs = 0;
	p->total = 0;
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (taken[(size_t) i * p->ncols + j])
			{
				p->pair_row[p->npairs] = i;
				p->pair_col[p->npairs++] = j;
				p->total += p->score[(size_t) i * p->ncols + j];
			}
}

/* Are the pairs those of a matching, in order, and total and count too? */
static bool
same_matching(const MtrAssign *p, const uint8_t *taken)
{
	int32_t		n = 0;
	int64_t		total = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			if (!taken[(size_t) i * p->ncols + j])
				continue;
			if (n >= p->npairs || p->pair_row[n] != i || p->pair_col[n] != j)
				return false;
			total += p->score[(size_t) i * p->ncols + j];
			n++;
		}
	return n == p->npairs && total == p->total;
}

static void
transpose(const MtrAssign *p, const uint8_t *taken, MtrAssign *q,
		  uint8_t *q_taken)
{
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			set_score(q, j, i, p->score[(size_t) i * p->ncols + j]);
			q_taken[(size_t) j * p->nrows + i] =
				taken[(size_t) i * p->ncols + j];
		}
	for (int32_t i = 0; i < p->nrows; i++)
		set_places(q, true, i, p->row_places[i]);
	for (int32_t j = 0; j < p->ncols; j++)
		set_places(q, false, j, p->col_places[j]);
	memcpy(q->row_cover, p->col_cover, p->ncols);
	memcpy(q->col_cover, p->row_cover, p->nrows);
	memcpy(q->row_price, p->col_price, p->ncols * sizeof(int64_t));
	memcpy(q->col_price, p->row_price, p->nrows * sizeof(int64_t));
}

/* Does the kernel turn "taken" into "wanted", in these ways?  Prices are in
 * the problem. */
static bool
resolves_to(MtrAssign *p, const uint8_t *taken, const uint8_t *wanted,
			int ways)
{
	size_t		npairs = (size_t) p->nrows * p->ncols;
	MtrAssign  *q = new_problem(p->ncols, p->nrows, p->most_pairs);
	uint8_t    *q_taken = get_memory(npairs);
	uint8_t    *q_wanted = get_memory(npairs);
	bool		same = true;

	transpose(p, wanted, q, q_wanted);
	transpose(p, taken, q, q_taken);
	for (Way way = CHOSEN; way < NWAYS; way++)
	{
		if ((ways & 1 << way) == 0)
			continue;
		store_matching(p, taken);
		same = same && run_kernel(p, false, way) == MTR_OK;
		same = same && same_matching(p, wanted);
		store_matching(q, q_taken);
		same = same && run_kernel(q, true, way) == MTR_OK;
		same = same && same_matching(q, q_wanted);
	}
	free(q_taken);
	free(q_wanted);
	free_problem(q);
	return same;
}

/* ----------
 * Tests
 * ----------
 */

static void
test_small(int ncases)
{
	int			nwrong = 0;
	int			nmoved = 0;
	int			nempty = 0;

	for (int c = 0; c < ncases; c++)
	{
		int32_t		n = rnd(40) == 0 ? 0 : 2 + rnd(4);
		int32_t		m = rnd(40) == 0 ? 0 : 1 + rnd(5);
		MtrAssign  *p = random_problem(c % 2 ? n : m, c % 2 ? m : n, 3,
									   3 + rnd(20));
		uint8_t		wanted[MAX_BRUTE];
		uint8_t		taken[MAX_BRUTE];
		int64_t		value = brute_preferred(p, wanted);
		size_t		npairs = (size_t) p->nrows * p->ncols;

		for (int start = 0; start < 3; start++)
		{
			brute_any(p, value, taken);
			find_prices(p, taken, (c + start) % 3);
			nwrong += !resolves_to(p, taken, wanted,
								   start == 0 ? ALL_WAYS : THREE_WAYS);
			nmoved += memcmp(taken, wanted, npairs) != 0;
			nempty += matching_value(p, wanted) == 0;
		}
		free_problem(p);
	}
	printf("# %d cases from 3 starts each: %d were not the preferred one, "
		   "%d were empty\n", ncases, nmoved, nempty);
	report(nwrong == 0, "small problems: as by enumeration");
	report(nmoved > ncases / 2 && nempty < ncases,
		   "the small problems have ties");
}

static void
test_medium(int ncases)
{
	int			nwrong = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(1 + rnd(9), 1 + rnd(9), 1 + rnd(4),
									   2 + rnd(20));
		uint8_t		wanted[81];
		uint8_t		taken[81];

		preferred_by_asking(p, wanted);
		for (int kind = ROWS_LOW; kind <= BETWEEN; kind++)
		{
			solve(p, taken);
			find_prices(p, taken, kind);
			nwrong += !resolves_to(p, taken, wanted, ALL_WAYS);
		}
		free_problem(p);
	}
	report(nwrong == 0, "medium problems: as by asking for pair after pair");
}

/* The first outcome is what the others are compared with */
static void
test_large(int ncases)
{
	int			nwrong = 0;
	int			nstarts = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = random_problem(30 + rnd(71), 30 + rnd(51), 1 + rnd(3),
									   c % 2 ? 1000 : 4);
		size_t		npairs = (size_t) p->nrows * p->ncols;
		uint8_t    *taken = get_memory(npairs);
		uint8_t    *wanted = get_memory(npairs);
		uint8_t    *first = get_memory(npairs);

		for (int start = 0; start < 4; start++)
		{
			solve(p, taken);
			find_prices(p, taken, start % 3);
			if (start == 0)
			{
				memcpy(first, taken, npairs);
				store_matching(p, taken);
				nwrong += run_kernel(p, false, CHOSEN) != MTR_OK;
				for (int32_t k = 0; k < p->npairs; k++)
					wanted[(size_t) p->pair_row[k] * p->ncols +
						   p->pair_col[k]] = 1;
				nwrong += matching_value(p, wanted) !=
					matching_value(p, taken);
			}
			nwrong += !resolves_to(p, taken, wanted, ALL_WAYS);
			nstarts += memcmp(taken, first, npairs) != 0;
		}
		free(taken);
		free(wanted);
		free(first);
		free_problem(p);
	}
	printf("# %d other starts\n", nstarts);
	report(nwrong == 0, "large problems: the start makes no difference");
	report(nstarts > ncases, "the large problems have ties");
}

/*
 * Spoil a proof, or not: a pair, a score, a price, a cover or a place becomes
 * another.  Every way must say what the definition says.
 */
static void
spoil(MtrAssign *p, uint8_t *taken)
{
	int32_t		i = (int32_t) rnd(p->nrows);
	int32_t		j = (int32_t) rnd(p->ncols);
	int32_t		by = rnd(2) ? 1 : -1;
	int32_t		score = p->score[(size_t) i * p->ncols + j];

	switch (rnd(9))
	{
		case 0:
			taken[(size_t) i * p->ncols + j] ^= 1;
			break;
		case 1:
			if (score != MTR_NO_PAIR)
				set_score(p, i, j, score + by);
			break;
		case 2:
			set_score(p, i, j, MTR_NO_PAIR);
			break;
		case 3:
			p->row_price[i] += by;
			break;
		case 4:
			p->col_price[j] += by;
			break;
		case 5:
			p->row_cover[i] ^= 1;
			break;
		case 6:
			p->col_cover[j] ^= 1;
			break;
		case 7:
			set_places(p, rnd(2), rnd(2) ? 0 : (int32_t) rnd(2), rnd(3));
			break;
		default:
			p->row_price[i] += by;
			p->col_price[j] -= by;
			break;
	}
}

static void
test_proofs(int ncases)
{
	int			nwrong = 0;
	int			nholding = 0;

	for (int c = 0; c < ncases; c++)
	{
		bool		wide = c % 8 == 0;
		MtrAssign  *p = random_problem(2 + rnd(4), wide ? 60 + rnd(80) :
									   2 + rnd(4), 2, 3 + rnd(20));
		size_t		npairs = (size_t) p->nrows * p->ncols;
		uint8_t    *taken = get_memory(npairs);
		bool		holds;

		solve(p, taken);
		find_prices(p, taken, c % 3);
		for (uint32_t n = rnd(3); n > 0; n--)
			spoil(p, taken);
		holds = proof_holds(p, taken);
		nholding += holds;
		for (Way way = CHOSEN; way < NWAYS; way++)
		{
			store_matching(p, taken);
			nwrong += run_kernel(p, c & 1, way) !=
				(holds ? MTR_OK : MTR_INVALID);
		}
		free(taken);
		free_problem(p);
	}
	printf("# %d cases, %d proofs hold\n", ncases, nholding);
	report(nwrong == 0, "what proves nothing is refused, by definition");
	report(nholding > ncases / 4 && nholding < ncases / 4 * 3,
		   "some proofs hold and some don't");
}

/*
 * A problem whose pairs all have different scores but are all tied, for the
 * scores are sums of a row's and a column's part.  The rule then knows no
 * rows and columns, only scores: rearranging them rearranges the result.
 */
static void
test_rearranged(int ncases)
{
	int			nwrong = 0;
	int			nstaying = 0;

	for (int c = 0; c < ncases; c++)
	{
		int32_t		n = 20 + (int32_t) rnd(30);
		MtrAssign  *p[2];
		int32_t		order[2][50];
		int32_t		part[2][50];
		uint8_t    *taken[2];

		for (int k = 0; k < 2; k++)
		{
			shuffle(order[k], n);
			shuffle(part[k], n);
		}
		for (int k = 0; k < 2; k++)
		{
			p[k] = new_problem(n, n, true);
			taken[k] = get_memory((size_t) n * n);
			for (int32_t i = 0; i < n; i++)
			{
				int32_t		row = k == 0 ? i : order[0][i];

				set_places(p[k], false, row, 1);
				set_places(p[k], true, row, 1);
				p[k]->row_cover[row] = 1;
				p[k]->row_price[row] = 100 * part[0][i];
				taken[k][(size_t) row * n + row] = 1;
				for (int32_t j = 0; j < n; j++)
					set_score(p[k], row, k == 0 ? j : order[1][j],
							  100 * part[0][i] + part[1][j]);
			}
			for (int32_t j = 0; j < n; j++)
				p[k]->col_price[k == 0 ? j : order[1][j]] = part[1][j];
			store_matching(p[k], taken[k]);
			nwrong += run_kernel(p[k], k == 1, LIST) != MTR_OK;
		}
		memset(taken[1], 0, (size_t) n * n);
		for (int32_t k = 0; k < p[0]->npairs; k++)
		{
			nstaying += p[0]->pair_row[k] == p[0]->pair_col[k];
			taken[1][(size_t) order[0][p[0]->pair_row[k]] * n +
					 order[1][p[0]->pair_col[k]]] = 1;
		}
		nwrong += !same_matching(p[1], taken[1]);
		for (int k = 0; k < 2; k++)
		{
			free(taken[k]);
			free_problem(p[k]);
		}
	}
	report(nwrong == 0 && nstaying < ncases * 10,
		   "rearranged problems have the rearranged result");
}

/*
 * Problems as large as time allows, solved by the assignment kernel: all ways
 * come to the same matching, and from the solution of the problem upside down
 * as well.
 */
static MtrAssign *
upside_down(const MtrAssign *p)
{
	MtrAssign  *q = new_problem(p->nrows, p->ncols, p->most_pairs);

	for (int32_t i = 0; i < p->nrows; i++)
	{
		int32_t		row = p->nrows - 1 - i;

		set_places(q, false, row, p->row_places[i]);
		for (int32_t j = 0; j < p->ncols; j++)
			set_score(q, row, p->ncols - 1 - j,
					  p->score[(size_t) i * p->ncols + j]);
	}
	for (int32_t j = 0; j < p->ncols; j++)
		set_places(q, true, p->ncols - 1 - j, p->col_places[j]);
	return q;
}

static void
solve_by_kernel(MtrAssign *p, uint8_t *taken, bool reverse)
{
	MtrAssign  *q = reverse ? upside_down(p) : p;
	void	   *scratch = get_scratch(mtr_assign_scratch_size(q));

	if (mtr_assign_solve(q, scratch) != MTR_OK)
		exit(2);
	free(scratch);
	memset(taken, 0, (size_t) p->nrows * p->ncols);
	for (int32_t k = 0; k < q->npairs; k++)
	{
		int32_t		i = q->pair_row[k];
		int32_t		j = q->pair_col[k];

		taken[reverse ? (size_t) (p->nrows - 1 - i) * p->ncols +
			  p->ncols - 1 - j : (size_t) i * p->ncols + j] = 1;
	}
	if (!reverse)
		return;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		p->row_cover[i] = q->row_cover[p->nrows - 1 - i];
		p->row_price[i] = q->row_price[p->nrows - 1 - i];
	}
	for (int32_t j = 0; j < p->ncols; j++)
	{
		p->col_cover[j] = q->col_cover[p->ncols - 1 - j];
		p->col_price[j] = q->col_price[p->ncols - 1 - j];
	}
	free_problem(q);
}

static void
test_ways(int ncases)
{
	int			nwrong = 0;
	int			nchanged = 0;

	for (int c = 0; c < ncases; c++)
	{
		MtrAssign  *p = tied_problem(60 + rnd(240), 60 + rnd(240), c);
		size_t		npairs = (size_t) p->nrows * p->ncols;
		uint8_t    *taken = get_memory(npairs);
		uint8_t    *wanted = get_memory(npairs);

		for (int start = 0; start < 2; start++)
		{
			solve_by_kernel(p, taken, start == 1);
			if (start == 0)
			{
				store_matching(p, taken);
				nwrong += run_kernel(p, false, BITS) != MTR_OK;
				for (int32_t k = 0; k < p->npairs; k++)
					wanted[(size_t) p->pair_row[k] * p->ncols +
						   p->pair_col[k]] = 1;
			}
			nwrong += !resolves_to(p, taken, wanted, ALL_WAYS);
			nchanged += memcmp(taken, wanted, npairs) != 0;
		}
		free(taken);
		free(wanted);
		free_problem(p);
	}
	printf("# %d of %d solutions were not the preferred one\n", nchanged,
		   2 * ncases);
	report(nwrong == 0, "all ways come to the same matching");
	report(nchanged > ncases, "the problems of all ways have ties");
}

static void
test_sparse(int ncases)
{
	int			nwrong = 0;
	int64_t		nchanged = 0;

	for (int c = 0; c < ncases; c++)
	{
		int32_t		nrows = 5 + (int32_t) rnd(c % 8 == 0 ? 200 : 40);
		int32_t		ncols = 5 + (int32_t) rnd(c % 8 == 0 ? 200 : 40);
		size_t		npairs = (size_t) nrows * ncols;
		uint8_t    *taken = get_memory(npairs);
		uint8_t    *wanted = get_memory(npairs);
		MtrAssign  *p = sparse_problem(nrows, ncols, 2 + rnd(12), taken);

		nwrong += !proof_holds(p, taken);
		store_matching(p, taken);
		nwrong += run_kernel(p, false, BITS) != MTR_OK;
		for (int32_t k = 0; k < p->npairs; k++)
			wanted[(size_t) p->pair_row[k] * ncols + p->pair_col[k]] = 1;
		nwrong += !resolves_to(p, taken, wanted, THREE_WAYS);
		for (size_t k = 0; k < npairs; k++)
			nchanged += wanted[k] && !taken[k];
		free(taken);
		free(wanted);
		free_problem(p);
	}
	printf("# %d pairs brought in\n", (int) nchanged);
	report(nwrong == 0, "sparse problems: list and bit sets agree");
	report(nchanged > 20 * ncases, "the sparse problems have ties");
}

/*
 * A list too small counts what it needs, and can still be enlarged; with
 * count too low nothing is resolved.
 */
static void
test_room(void)
{
	MtrAssign  *p = tied_problem(90, 100, 3);
	uint8_t    *taken = get_memory(90 * 100);
	RowMaker	maker = {.p = p,.score = p->score};
	int32_t		row[100];
	uint32_t   *entry = get_memory(90 * 100 * sizeof(uint32_t));
	void	   *scratch = get_scratch(mtr_ties_list_scratch_size(p));
	MtrTiesList list;
	int64_t		needed;
	bool		as_stated;

	solve_by_kernel(p, taken, false);
	as_stated = mtr_ties_list_begin(&list, p, NULL, 0, scratch) == MTR_OK;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		MtrStatus	status;

		make_row(&maker, i, row);
		status = mtr_ties_list_row(&list, i, row);
		as_stated = as_stated && (status == MTR_FULL ||
								  (status == MTR_OK && list.needed == 0));
	}
	needed = list.needed;
	as_stated = as_stated && mtr_ties_list_end(&list) == MTR_FULL &&
		mtr_ties_list_resolve(&list, false, NULL) == MTR_FULL &&
		needed <= mtr_ties_count(p);
	report(as_stated && needed > p->npairs, "a list without room counts");

	as_stated = mtr_ties_list_begin(&list, p, entry, needed - 1,
									scratch) == MTR_OK &&
		mtr_ties_list_rows(&list, make_row, &maker, row) == MTR_FULL &&
		mtr_ties_list_rows(&list, make_row, &maker, row) == MTR_FULL &&
		list.needed == needed && list.next_row == p->nrows;
	mtr_ties_list_enlarge(&list, entry, needed);
	as_stated = as_stated && mtr_ties_list_row(&list, 0, row) == MTR_INVALID &&
		mtr_ties_list_end(&list) == MTR_INVALID &&
		mtr_ties_list_rows(&list, make_row, &maker, row) == MTR_OK &&
		list.needed == needed;
	report(as_stated, "a list too small can be enlarged");
	free(scratch);

	/* bit sets need no count */
	for (size_t k = 0; k < 90 * 100; k++)
		if (taken[k] == 0)
			((int32_t *) p->score)[k] = MTR_NO_PAIR;
	scratch = get_scratch(mtr_ties_scratch_size(p));
	as_stated = mtr_ties_resolve_counted(p, false, p->npairs - 1,
										 scratch) == MTR_FULL &&
		same_matching(p, taken) &&
		mtr_ties_resolve_counted(p, false, mtr_ties_count(p),
								 scratch) == MTR_OK &&
		same_matching(p, taken);
	report(as_stated, "a count too low is said");
	free(scratch);
	free(entry);
	free(taken);
	free_problem(p);
}

/*
 * Bit sets want the rows in order and all of them; else nothing is resolved.
 */
static void
test_order(void)
{
	MtrAssign  *p = tied_problem(90, 100, 3);
	uint8_t    *taken = get_memory(90 * 100);
	RowMaker	maker = {.p = p,.score = p->score};
	int32_t		row[100];
	void	   *scratch = get_scratch(mtr_ties_bits_scratch_size(p));
	MtrTiesBits bits;
	bool		as_stated;

	solve_by_kernel(p, taken, false);
	as_stated = mtr_ties_bits_begin(&bits, p, scratch) == MTR_OK;
	make_row(&maker, 1, row);
	as_stated = as_stated && mtr_ties_bits_row(&bits, 1, row) == MTR_INVALID;
	for (int32_t i = 0; i < p->nrows; i++)
	{
		as_stated = as_stated && bits.next_row == i &&
			mtr_ties_bits_resolve(&bits, false) == MTR_INVALID &&
			same_matching(p, taken);
		make_row(&maker, i, row);
		as_stated = as_stated && mtr_ties_bits_row(&bits, i, row) == MTR_OK;
	}
	as_stated = as_stated &&
		mtr_ties_bits_row(&bits, p->nrows, row) == MTR_INVALID &&
		mtr_ties_bits_resolve(&bits, false) == MTR_OK &&
		!same_matching(p, taken);
	report(as_stated, "bit sets want all rows in order");
	free(scratch);
	free(taken);
	free_problem(p);
}

/*
 * All scores equal: what is preferred is known without computing.  More pairs
 * than fit in one batch of the kernel.
 */
static void
test_all_equal(int32_t nrows, int32_t ncols, int32_t places)
{
	MtrAssign  *p = new_problem(nrows, ncols, true);
	size_t		npairs = (size_t) nrows * ncols;
	uint8_t    *taken = get_memory(npairs);
	uint8_t    *wanted = get_memory(npairs);
	int32_t		order[400];
	bool		rows_full = nrows <= ncols * places;
	int32_t		n = rows_full ? nrows : ncols * places;
	char		what[80];

	/* each row has one place, each column "places" */
	for (int32_t i = 0; i < nrows; i++)
		set_places(p, false, i, 1);
	for (int32_t j = 0; j < ncols; j++)
		set_places(p, true, j, places);
	for (size_t k = 0; k < npairs; k++)
		((int32_t *) p->score)[k] = -5;
	shuffle(order, nrows);
	for (int32_t k = 0; k < n; k++)
	{
		taken[(size_t) order[k] * ncols + k % ncols] = 1;
		wanted[(size_t) k * ncols + k / places] = 1;
	}
	memset(p->row_cover, rows_full, nrows);
	memset(p->col_cover, !rows_full, ncols);
	for (int32_t i = 0; i < nrows; i++)
		p->row_price[i] = rows_full ? -5 : 0;
	for (int32_t j = 0; j < ncols; j++)
		p->col_price[j] = rows_full ? 0 : -5;
	snprintf(what, sizeof(what), "all scores equal, %d x %d, %d places",
			 nrows, ncols, places);
	report(resolves_to(p, taken, wanted, ALL_WAYS), what);
	free(taken);
	free(wanted);
	free_problem(p);
}

/*
 * A cycle of four pairs that would bring in a better placed pair, but loses
 * exactly 2^32: prices that agree in their lower 32 bits only must not count
 * as agreeing.
 */
static void
test_lower_bits(void)
{
	static const int32_t other[4] =
	{1000000000, -1000000000, -1000000000, 705032704};
	MtrAssign  *p = new_problem(4, 4, true);
	uint8_t		taken[16] = {0};
	bool		same = true;

	for (int32_t k = 0; k < 4; k++)
	{
		set_places(p, false, k, 1);
		set_places(p, true, k, 1);
		for (int32_t j = 0; j < 4; j++)
			set_score(p, k, j, MTR_NO_PAIR);
		set_score(p, k, k, other[k]);
		set_score(p, k, (k + 1) % 4, 1000000000);
		taken[k * 4 + (k + 1) % 4] = 1;
	}
	for (int kind = ROWS_LOW; kind <= BETWEEN; kind++)
	{
		find_prices(p, taken, kind);
		same = same && resolves_to(p, taken, taken, ALL_WAYS);
	}
	report(same, "slack of 2^32 is slack");
	free_problem(p);
}

/* A solved problem with two pairs, to be spoilt */
static MtrAssign *
small_solved(void)
{
	MtrAssign  *p = new_problem(2, 2, false);
	uint8_t		taken[4] = {1, 0, 0, 1};

	for (int32_t k = 0; k < 2; k++)
	{
		set_places(p, false, k, 1);
		set_places(p, true, k, 1);
		set_score(p, k, 0, 7);
		set_score(p, k, 1, 7);
		p->row_price[k] = 7;
	}
	store_matching(p, taken);
	return p;
}

typedef enum Fault
{
	NO_FAULT,
	NOT_A_ROW,
	NOT_A_COLUMN,
	TWICE,
	TOO_MANY,
	NEGATIVE_PLACES,
	NOT_ELIGIBLE,
	NEGATIVE_SLACK,
	NEVER_TAKEN,
	NEGATIVE_PRICE,
	PRICE_OF_A_FREE_PLACE,
	HUGE_PRICE,
	HUGE_SCORE,
	NFAULTS
} Fault;

static MtrStatus
status_with(Fault fault, Way way)
{
	MtrAssign  *p = small_solved();
	MtrStatus	status;

	switch (fault)
	{
		case NOT_A_ROW:
			p->pair_row[1] = 2;
			break;
		case NOT_A_COLUMN:
			p->pair_col[1] = -1;
			break;
		case TWICE:
			p->pair_row[1] = p->pair_col[1] = 0;
			set_places(p, false, 0, 2);
			set_places(p, true, 0, 2);
			break;
		case TOO_MANY:
			p->pair_col[1] = 0;
			break;
		case NEGATIVE_PLACES:
			set_places(p, true, 1, -1);
			break;
		case NOT_ELIGIBLE:
			set_score(p, 0, 0, MTR_NO_PAIR);
			break;
		case NEGATIVE_SLACK:
			p->row_price[1] = 8;
			break;
		case NEVER_TAKEN:
			set_score(p, 1, 1, 0);
			p->row_price[1] = 0;
			break;
		case NEGATIVE_PRICE:
			p->row_price[1] = 8;
			p->col_price[1] = -1;
			break;
		case PRICE_OF_A_FREE_PLACE:
			p->npairs = 1;
			break;
		case HUGE_PRICE:
			p->row_price[0] = INT64_MIN;
			break;
		case HUGE_SCORE:
			set_score(p, 0, 1, 1000000001);
			p->row_price[0] = 1;
			set_score(p, 0, 0, 1);
			p->col_price[1] = 1000000000;
			set_score(p, 1, 1, 1000000000);
			p->row_price[1] = 0;
			set_score(p, 1, 0, MTR_NO_PAIR);
			break;
		default:
			break;
	}
	status = run_kernel(p, false, way);
	free_problem(p);
	return status;
}

static void
test_faults(void)
{
	bool		as_stated = true;
	MtrAssign	large = {.nrows = 1 << 24,.ncols = (1 << 9) + 1};
	MtrTiesBits bits;

	for (int k = 0; k < NFAULTS * NWAYS; k++)
	{
		Fault		fault = k % NFAULTS;
		MtrStatus	wanted = MTR_INVALID;
		MtrStatus	status = status_with(fault, k / NFAULTS);

		if (fault == NO_FAULT)
			wanted = MTR_OK;
		else if (fault >= HUGE_PRICE)
			wanted = MTR_OVERFLOW;
		if (status != wanted)
		{
			printf("# fault %d, way %d: status %d\n", (int) fault,
				   k / NFAULTS, (int) status);
			as_stated = false;
		}
	}
	report(as_stated, "what is not a solved problem is refused");
	report(mtr_ties_resolve(&large, false, NULL) == MTR_OVERFLOW &&
		   mtr_ties_bits_begin(&bits, &large, NULL) == MTR_OVERFLOW,
		   "more than 2^33 pairs are refused");
}

int
main(void)
{
	test_small(20000);
	test_medium(300);
	test_large(16);
	test_proofs(6000);
	test_rearranged(50);
	test_ways(20);
	test_sparse(400);
	test_room();
	test_order();
	test_all_equal(300, 300, 1);
	test_all_equal(300, 260, 1);
	test_all_equal(200, 320, 1);
	test_all_equal(390, 120, 3);
	test_all_equal(390, 140, 3);
	test_lower_bits();
	test_faults();
	printf("1..%d\n", ntests);
	return nfailed > 0;
}
