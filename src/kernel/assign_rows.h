/*
 * assign_rows.h
 *	  how the solver of assign.c reads rows of scores
 *
 * Part of assign_body.h, which says what the numbers mean.
 *
 * Most of the time goes into the loops over a whole row here.  Their least
 * values are kept for each block of columns, so that finding the lowest label
 * and taking it out costs two blocks, not a row.  The same is done with rows
 * that wait to be scanned.
 */

/*
 * Loops over blocks.  The functions for one block have arguments that can't
 * overlap and a constant length, which is what compilers want to see before
 * they make vector code.
 */

/* Keys of a block of a row; returns the lowest. */
static inline Num
key_block(const int32_t *restrict score, const Num *restrict price,
		  Num *restrict key)
{
	Num			lowest = FAR;

	for (int k = 0; k < BLOCK; k++)
	{
		Num			w = AS_NUM(score[k]);
		Num			here = price[k] - 2 * w;

		here = here < FAR ? here : FAR;
		key[k] = here;
		lowest = here < lowest ? here : lowest;
	}
	return lowest;
}

/* Let a row with offset h offer its keys; returns the lowest label. */
static inline Num
relax_block(const int32_t *restrict score, const Num *restrict price,
			Num *restrict label, Num *restrict from, const Num row_and_h[2])
{
	Num			lowest = FAR,
				row = row_and_h[0],
				h = row_and_h[1];

	for (int k = 0; k < BLOCK; k++)
	{
		Num			w = AS_NUM(score[k]);
		Num			here = price[k] - 2 * w - h;
		Num			old = label[k];

		from[k] = here < old ? row : from[k];
		here = here < old ? here : old;
		label[k] = here;
		lowest = here < lowest ? here : lowest;
	}
	return lowest;
}

/*
 * All keys of a row at the columns' prices.
 *
 * A row ends anywhere, so its last, incomplete block is copied to where
 * ineligible pairs follow: nothing behind the row is read, and the loop over
 * a block always has the same length.
 */
MTR_SIMD static void
key_row(Solver *x, int32_t row)
{
	int32_t		ncols = x->p->ncols,
				rest = ncols % BLOCK;
	const int32_t *score = x->p->score + (size_t) row * ncols;

	memcpy(x->tail, score + (ncols - rest), rest * sizeof(int32_t));
	for (int32_t b = 0; b < x->col_blocks; b++)
	{
		size_t		at = (size_t) b * BLOCK;

		x->key_least[b] = key_block(b < ncols / BLOCK ? score + at : x->tail,
									x->price + at, x->key + at);
	}
}

/* Offers of a row to all columns that are not settled: those are shut, and
 * their labels are FAR, so no offer to them is ever lower. */
MTR_SIMD static void
relax_row(Solver *x, int32_t row)
{
	int32_t		ncols = x->p->ncols,
				rest = ncols % BLOCK;
	const int32_t *score = x->p->score + (size_t) row * ncols;
	Num			row_and_h[2] = {row, x->offset[row]};

	memcpy(x->tail, score + (ncols - rest), rest * sizeof(int32_t));
	for (int32_t b = 0; b < x->col_blocks; b++)
	{
		size_t		at = (size_t) b * BLOCK;

		x->least[b] = relax_block(b < ncols / BLOCK ? score + at : x->tail,
								  x->open + at, x->label + at, x->from + at,
								  row_and_h);
	}
}

/*
 * The first block that has the lowest label of all.  That the first is taken,
 * here and within the block, is what makes the answer the same everywhere;
 * which of equal labels comes first doesn't matter to the optimum.
 */
MTR_SIMD static int32_t
least_block(const Num *restrict least, int32_t nblocks)
{
	Num			lowest = FAR;

	for (int32_t b = 0; b < nblocks; b += STEP)
		for (int k = 0; k < STEP; k++)
			lowest = least[b + k] < lowest ? least[b + k] : lowest;
	for (int32_t b = 0; b < nblocks; b += STEP)
	{
		Num			at = STEP;

		for (int k = 0; k < STEP; k++)
		{
			Num			here = least[b + k] == lowest ? k : STEP;

			at = here < at ? here : at;
		}
		if (at < STEP)
			return b + (int32_t) at;
	}
	return 0;
}

/* Take the first lowest label out of block b; returns its index.  Two plain
 * passes are faster than one with an index to carry along. */
MTR_SIMD static int32_t
take_least(Num *restrict label, Num *restrict least, int32_t b)
{
	Num		   *block = label + (size_t) b * BLOCK;
	Num			lowest = least[b],
				at = BLOCK;

	for (int k = 0; k < BLOCK; k++)
	{
		Num			here = block[k] == lowest ? k : BLOCK;

		at = here < at ? here : at;
	}
	block[at] = FAR;
	lowest = FAR;
	for (int k = 0; k < BLOCK; k++)
		lowest = block[k] < lowest ? block[k] : lowest;
	least[b] = lowest;
	return b * BLOCK + (int32_t) at;
}

/* Is this a price of cover 0, or of cover 1, within the bound? */
static inline bool
in_range(Num price)
{
	return (price > -PART && price < PART) ||
		(price > LEVEL - PART && price < LEVEL + PART);
}

/* The key of a pair, without the bit of the price */
static inline Num
key_of(const Solver *x, int32_t col, int32_t score)
{
	return EVEN(x->price[col]) - 2 * (Num) score;
}

/*
 * Keep a row from taking a column twice: its own columns are shut while it
 * is read, and "shut" false opens them again.  A settled column is shut
 * already and stays so.
 */
static void
shut_own(Solver *x, Num *price, int32_t row, bool shut)
{
	const Taken *t = &x->taken;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->row_next[k])
	{
		Num		   *own = &price[t->col[k]];

		if (shut)
		{
			x->place_saved[k] = *own;
			*own = SHUT;
		}
		else
			*own = x->place_saved[k];
	}
}

/*
 * Lists.  What is neither listed nor taken by the row has a key >= its bound,
 * and what isn't taken by the row a key >= low.  A search that moves the row
 * from a column to another leaves both the same key, so low needs no care
 * then; a row that gives up is left with the key stay, beyond any search.
 */

/*
 * Make a row's list anew, from prices as they are outside the search: a
 * settled column belongs to the list, for when the search is over it may be
 * as good as any.
 */
static void
read_row(Solver *x, int32_t row)
{
	int32_t    *col = x->list_col + (size_t) row * LIST_ROOM;
	int32_t    *score = x->list_score + (size_t) row * LIST_ROOM;
	int32_t		n = 0,
				b;

	mtr_poll();
	shut_own(x, x->price, row, true);
	key_row(x, row);
	shut_own(x, x->price, row, false);
	for (;;)
	{
		b = least_block(x->key_least, x->col_blocks);
		if (n == LISTED || x->key_least[b] == FAR)
			break;
		col[n] = take_least(x->key, x->key_least, b);
		score[n] = score_of(x->p, row, col[n]);
		n++;
	}
	x->listed[row] = n;
	x->bound[row] = x->key_least[b];
}

/* The row has taken this column, so it can't take it again. */
static void
drop_listed(Solver *x, int32_t row, int32_t col)
{
	int32_t    *cols = x->list_col + (size_t) row * LIST_ROOM;
	int32_t    *scores = x->list_score + (size_t) row * LIST_ROOM;

	for (int32_t k = 0; k < x->listed[row]; k++)
		if (cols[k] == col)
		{
			int32_t		last = --x->listed[row];

			cols[k] = cols[last];
			scores[k] = scores[last];
			return;
		}
}

/* The row has lost this column and may want it back; where the list is full
 * the bound has to account for it. */
static void
add_listed(Solver *x, int32_t row, int32_t col)
{
	int32_t		n = x->listed[row],
				score = score_of(x->p, row, col);
	size_t		at = (size_t) row * LIST_ROOM + n;

	if (n < LIST_ROOM)
	{
		x->list_col[at] = col;
		x->list_score[at] = score;
		x->listed[row]++;
	}
	else if (key_of(x, col, score) < x->bound[row])
		x->bound[row] = key_of(x, col, score);
}

/* The column with the lowest key of the list, or -1; the two lowest keys.
 * Full columns count one more, so a free one is preferred. */
static int32_t
two_least(const Solver *x, int32_t row, Num *first, Num *second)
{
	const int32_t *col = x->list_col + (size_t) row * LIST_ROOM;
	const int32_t *score = x->list_score + (size_t) row * LIST_ROOM;
	int32_t		best = -1;

	*first = *second = FAR;
	for (int32_t k = 0; k < x->listed[row]; k++)
	{
		Num			key = x->price[col[k]] - 2 * (Num) score[k];

		if (key < *first)
		{
			*second = *first;
			*first = key;
			best = col[k];
		}
		else if (key < *second)
			*second = key;
	}
	return best;
}
