/*
 * assign_paths.h
 *	  the two ways in which the solver of assign.c fills places
 *
 * Part of assign_body.h, which says what the numbers mean: the auction, and
 * the search for one more shortest augmenting path.
 */

/*
 * Auction.  Every place taken has a price, not below its column's, which is
 * the lowest of them when the column is full, else 0.  The key of a pair at
 * its place's price is not above the row's keys of columns it hasn't taken.
 * That stays true whatever others bid, because prices only rise; and as a
 * column's price is not above that of its places, the invariant of assign.c
 * holds whenever the auction stops.
 */

/* The taken place of lowest price; "looks" counts the places looked at. */
static int32_t
cheapest_place(const Solver *x, int32_t col, int64_t *looks)
{
	const Taken *t = &x->taken;
	int32_t		best = t->col_first[col];

	for (int32_t k = t->col_next[best]; k >= 0; k = t->col_next[k])
	{
		if (x->place_price[k] < x->place_price[best])
			best = k;
		++*looks;
	}
	return best;
}

/*
 * Raise the prices of a row's places until its pairs have this key.  All of
 * them, not only the one just taken: if the row is put out of a place it must
 * not be left with another that it likes less.  False if a price leaves its
 * range.
 */
static bool
raise_places(Solver *x, int32_t row, Num key, int64_t *looks)
{
	const Taken *t = &x->taken;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->row_next[k])
	{
		int32_t		col = t->col[k];
		Num			price = key + 2 * (Num) t->score[k];

		if (!in_range(price))
			return false;
		x->place_price[k] = price;
		if (t->col_left[col] == 0)
			x->price[col] =
				x->place_price[cheapest_place(x, col, looks)] + 1;
	}
	return true;
}

/*
 * Let a row take its best column, or give up if staying unmatched is as good.
 * "victim" receives the row put out, or -1.  False if a price leaves its
 * range.
 */
static bool
bid(Solver *x, int32_t row, int32_t *victim, int64_t *looks)
{
	Taken	   *t = &x->taken;
	Num			first,
				second;
	int32_t		place,
				col = two_least(x, row, &first, &second);

	mtr_poll();
	*victim = -1;

	/*
	 * Is what decides, the second best or staying unmatched, beyond what the
	 * list knows?
	 */
	if (second > x->bound[row] && x->stay > x->bound[row])
	{
		read_row(x, row);
		col = two_least(x, row, &first, &second);
	}
	if (first >= x->stay)
	{
		/* prices only rise, so this is for good */
		t->row_left[row] = 0;
		return raise_places(x, row, x->stay, looks);
	}
	second = second < x->stay ? EVEN(second) : x->stay;
	if (t->col_left[col] > 0)
		place = open_place(t, col);
	else
	{
		place = cheapest_place(x, col, looks);
		*victim = t->row[place];
		stand_up(t, place);
		add_listed(x, *victim, col);
		t->row_left[*victim]++;
	}
	sit_down(t, place, row, score_of(x->p, row, col));
	drop_listed(x, row, col);
	t->row_left[row]--;
	return raise_places(x, row, second, looks);
}

/*
 * Rows bid in turn, those put out behind the others, until none is free or
 * the number of bids is used up.  In the queue are the free rows that take
 * part, each once.
 *
 * Three rows that like two columns nearly alike raise their prices by the
 * small difference at each bid, which can take as long as scores are large;
 * hence the limit on bids.  What is left then is the searches' work.
 */
static bool
auction(Solver *x)
{
	const MtrAssign *p = x->p;
	Taken	   *t = &x->taken;
	int64_t		bids = p->nrows + BIDS_A_PAIR * x->max_pairs,
				looks = 0;
	int32_t		first = 0,
				n = 0,
				victim;

	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] > 0 && p->row_places[i] <= MOST_BIDDING)
			x->queue[n++] = i;
	while (n > 0 && bids > looks / PLACES_A_BID)
	{
		int32_t		row = x->queue[first];

		first = first + 1 < p->nrows ? first + 1 : 0;
		n--;
		while (t->row_left[row] > 0)
		{
			bids--;
			if (!bid(x, row, &victim, &looks))
				return false;
			if (victim >= 0 && t->row_left[victim] == 1)
			{
				int64_t		at = (int64_t) first + n++;

				x->queue[at < p->nrows ? at : at - p->nrows] = victim;
			}
		}
	}
	return true;
}

/*
 * Search
 */

/*
 * Labels start at FAR.  When most rows had to be scanned as a whole after
 * all, as when everybody wants the same columns in the same order, lists are
 * given up for good: reading a row is cheaper than making a list of it.
 */
static void
begin_search(Solver *x)
{
	x->nsettled = x->nreached = 0;
	x->next_whole = x->limit = FAR;
	fill_far(x->label, x->col_blocks * BLOCK);
	fill_far(x->least, x->col_blocks);

	/* twice for each row, because after an auction most lists are old */
	if (x->nscans > 2 * (int64_t) x->p->nrows + x->noffers / 2)
		x->lists_help = false;
}

static inline void
lower_label(Num *label, Num *least, int32_t at, Num to)
{
	label[at] = to;
	if (to < least[at / BLOCK])
		least[at / BLOCK] = to;
}

/* Have the row scanned as a whole when the search comes to this distance. */
static void
postpone(Solver *x, int32_t row, Num distance)
{
	if (distance >= x->whole[row])
		return;
	lower_label(x->whole, x->whole_least, row, distance);
	if (distance < x->next_whole)
	{
		x->next_whole = distance;
		x->next_block = row / BLOCK;
	}
}

/* Offer the columns of the list, and find the row's lowest key anew. */
static void
offer_listed(Solver *x, int32_t row)
{
	const int32_t *col = x->list_col + (size_t) row * LIST_ROOM;
	const int32_t *score = x->list_score + (size_t) row * LIST_ROOM;
	Num			low = x->bound[row];

	for (int32_t k = 0; k < x->listed[row]; k++)
	{
		int32_t		j = col[k];
		Num			key = x->price[j] - 2 * (Num) score[k];
		Num			here = x->open[j] - 2 * (Num) score[k] - x->offset[row];

		low = key < low ? key : low;
		if (here < x->label[j])
		{
			lower_label(x->label, x->least, j, here);
			x->from[j] = row;
			if (here < x->limit && here == EVEN(here))
				x->limit = here;
		}
	}
	x->low[row] = low;
}

/* The highest key of the row's pairs, -FAR if it has none */
static Num
tightest_key(const Solver *x, int32_t row)
{
	const Taken *t = &x->taken;
	Num			highest = -FAR;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->row_next[k])
	{
		Num			key = key_of(x, t->col[k], t->score[k]);

		highest = key > highest ? key : highest;
	}
	return highest;
}

/*
 * The search has come to a row by one of its places (-1 = it starts there).
 * If even its lowest key leads beyond the limit it matters only as an end.
 * No key outside its list is below its bound, nor below the key of a pair it
 * has: before that distance a scan would change nothing.
 */
static bool
reach(Solver *x, int32_t row, int32_t place, Num h)
{
	/*
	 * A better offset comes only before a column offered at the old one is
	 * settled, because a pair's key isn't above those of the columns the row
	 * could take.  So paths stay simple.
	 */
	if (x->is_reached[row] && h <= x->offset[row])
		return true;
	if (h <= -PART || h >= PART)
		return false;
	if (!x->is_reached[row])
		x->reached[x->nreached++] = row;
	x->is_reached[row] = true;
	x->offset[row] = h;
	x->via[row] = place;
	if (x->stay - h < x->limit)
		x->limit = x->stay - h;
	if (x->low[row] - h >= x->limit)
		return true;
	x->noffers++;
	if (x->lists_help)
	{
		offer_listed(x, row);
		postpone(x, row, x->bound[row] - h);
	}
	else
		postpone(x, row, tightest_key(x, row) - h);
	return true;
}

/* Scan the row whose turn it is as a whole.  If lists help its list was too
 * old, so it gets a new one. */
static void
scan_first(Solver *x)
{
	int32_t		row = take_least(x->whole, x->whole_least, x->next_block);

	x->next_block = least_block(x->whole_least, x->row_blocks);
	x->next_whole = x->whole_least[x->next_block];
	x->nscans++;
	mtr_poll();
	shut_own(x, x->open, row, true);
	relax_row(x, row);
	shut_own(x, x->open, row, false);
	if (x->lists_help)
		read_row(x, row);
}

/*
 * Raise the price of each settled column by what the search went beyond it,
 * which leaves keys along the path equal and no key too low, and forget the
 * search.  False, with nothing changed, if a price leaves its
 * range.
 */
static bool
move_prices(Solver *x, Num end)
{
	for (int32_t k = 0; k < x->nsettled; k++)
		if (!in_range(x->price[x->settled[k]] + (end - x->settled_at[k])))
			return false;
	for (int32_t k = 0; k < x->nsettled; k++)
	{
		int32_t		col = x->settled[k];

		x->price[col] += end - x->settled_at[k];
		x->open[col] = x->price[col];
	}
	for (int32_t k = 0; k < x->nreached; k++)
	{
		int32_t		row = x->reached[k];

		x->is_reached[row] = false;
		x->whole[row] = FAR;
		x->whole_least[row / BLOCK] = FAR;
	}
	return true;
}

/*
 * Give "place" to the row that offered its column's label, the place by which
 * that row was reached to the next, and so on until the start of the path.
 */
static void
move_along(Solver *x, int32_t place)
{
	Taken	   *t = &x->taken;
	int32_t		row;

	for (;;)
	{
		int32_t		left;

		row = (int32_t) x->from[t->col[place]];
		left = x->via[row];
		if (left >= 0)
		{
			stand_up(t, left);
			add_listed(x, row, t->col[left]);
		}
		sit_down(t, place, row, score_of(x->p, row, t->col[place]));
		drop_listed(x, row, t->col[place]);
		if (left < 0)
			break;
		place = left;
	}
	t->row_left[row]--;
}

/*
 * End a search at a column with a free place, or (col < 0) at a row that
 * stays unmatched or, unless the path starts there, gets unmatched.
 */
static bool
finish(Solver *x, int32_t col, int32_t row, Num end)
{
	Taken	   *t = &x->taken;

	if (!move_prices(x, end))
		return false;
	if (col >= 0)
	{
		int32_t		place = open_place(t, col);

		if (t->col_left[col] == 0)
			x->open[col] = x->price[col] = 1;
		move_along(x, place);
		return true;
	}

	/* A row that does without one place does without those to come. */
	t->row_left[row] = 0;
	if (x->via[row] >= 0)
	{
		int32_t		place = x->via[row];

		stand_up(t, place);
		add_listed(x, row, t->col[place]);
		move_along(x, place);
	}
	return true;
}

/* Reach all rows of a settled column; keep the best row to end at: that with
 * the highest offset, the one that loses least by leaving its place. */
static bool
reach_sitters(Solver *x, int32_t col, Num distance, int32_t *best_row)
{
	const Taken *t = &x->taken;

	for (int32_t k = t->col_first[col]; k >= 0; k = t->col_next[k])
	{
		int32_t		row = t->row[k];

		if (!reach(x, row, k, key_of(x, col, t->score[k]) - distance))
			return false;
		if (x->offset[row] > x->offset[*best_row])
			*best_row = row;
	}
	return true;
}

/*
 * Find a place for one more of a row's places.  At equal distance a row's end
 * is preferred, so that best_total takes no pair of score 0, and a scan of a
 * row comes before the columns it may change, unless one of them is the end.
 */
static bool
augment(Solver *x, int32_t first)
{
	int32_t		end_row = first;

	begin_search(x);
	if (!reach(x, first, -1, 0))
		return false;
	for (;;)
	{
		int32_t		b = least_block(x->least, x->col_blocks),
					col;
		Num			at = x->least[b],
					end = x->stay - x->offset[end_row];

		mtr_poll();
		if (x->next_whole <= at && x->next_whole < x->limit)
		{
			scan_first(x);
			continue;
		}
		if (at >= end)
			return finish(x, -1, end_row, end);

		/* full columns are odd, so one with a free place comes first */
		col = take_least(x->label, x->least, b);
		if (x->taken.col_left[col] > 0)
			return finish(x, col, -1, at);
		at = EVEN(at);
		x->settled[x->nsettled] = col;
		x->settled_at[x->nsettled++] = at;
		x->open[col] = SHUT;
		if (!reach_sitters(x, col, at, &end_row))
			return false;
	}
}
