/*
 * lazy_paths.h
 *	  the two ways in which the solver of lazy.c fills places
 *
 * Part of lazy_body.h, which says what the numbers mean: the auction, and
 * the search for one more shortest augmenting path.
 */

/*
 * Auction.  As in the dense kernel (assign_paths.h): every place taken has a
 * price, not below its column's, which is the lowest of them when the column
 * is full, else 0; and the key of a pair at its place's price isn't above the
 * row's keys of columns it hasn't taken.
 */

/* The taken place of lowest price; "looks" counts the places looked at. */
static int32_t
cheapest_place(const Solver *x, int32_t col, int64_t *looks)
{
	const Taken *t = &x->taken;
	int32_t		best = t->col_first[col];

	for (int32_t k = t->place[best].col_next; k >= 0; k = t->place[k].col_next)
	{
		if (x->place_price[k] < x->place_price[best])
			best = k;
		++*looks;
	}
	return best;
}

/* Raise the prices of a row's places until its pairs have this key.  False
 * if a price leaves its range. */
static bool
raise_places(Solver *x, int32_t row, Num key, int64_t *looks)
{
	const Taken *t = &x->taken;

	for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
	{
		int32_t		col = t->place[k].col;
		Num			price = key + 2 * (Num) t->place[k].score;

		if (!in_range(price))
			return give_up(x);
		x->place_price[k] = price;
		if (t->col_left[col] == 0)
			x->price[col] =
				x->place_price[cheapest_place(x, col, looks)] + 1;
	}
	return true;
}

/*
 * The entry of lowest key of a row's list (NULL if there is none) and the two
 * lowest keys.  Only as many entries are brought up to date as that takes.
 */
static Entry *
two_least(Solver *x, int32_t row, Num *first, Num *second)
{
	Row		   *r = row_of(x, row);
	Entry	   *list = list_of(r);
	int32_t		best = -1,
				k = 0;

	mark_own(x, row, true);
	*first = *second = FAR;
	while (k < r->n && list[k].key < *second)
	{
		if (!refresh(x, list, r->n, k))
			continue;
		if (!is_own(x, row, list[k].col))
		{
			if (best < 0)
				*first = list[best = k].key;
			else
				*second = list[k].key;
		}
		k++;
	}
	mark_own(x, row, false);
	return best >= 0 ? &list[best] : NULL;
}

/*
 * Let a row take its best column, or give up if staying unmatched is as good.
 * "victim" receives the row put out, or -1.
 */
static bool
bid(Solver *x, int32_t row, int32_t *victim, int64_t *looks)
{
	Taken	   *t = &x->taken;
	const Row  *r = row_of(x, row);
	Num			first,
				second;
	int32_t		place,
				col,
				score;
	Entry	   *best = two_least(x, row, &first, &second);

	*victim = -1;
	if (first < r->bound && r->bound < second)
		second = r->bound;		/* not quite as much as could be, but sure */
	else if (second > r->bound && x->stay > r->bound)
	{
		/* what decides is beyond what the list knows */
		if (!build(x, row))
			return false;
		best = two_least(x, row, &first, &second);

		/* right now a column has just this key */
		second = r->bound < second ? r->bound : second;
	}
	if (first >= x->stay)
	{
		/* prices only rise, so this is for good */
		t->row_left[row] = 0;
		return raise_places(x, row, x->stay, looks);
	}
	second = second < x->stay ? EVEN(second) : x->stay;
	col = best->col;
	score = best->score;
	if (t->col_left[col] > 0)
		place = open_place(t, col);
	else
	{
		place = cheapest_place(x, col, looks);
		*victim = t->place[place].row;
		stand_up(t, place);
		add_listed(x, *victim, col, t->place[place].score);
		t->row_left[*victim]++;
	}
	sit_down(t, place, row, score);
	t->row_left[row]--;
	return raise_places(x, row, second, looks);
}

/*
 * With most_pairs, and all places taken while rows still look for one, all
 * columns will get cover 1 in the end.  The search that finds that out would
 * go through all rows and columns; but where no column has a free place all
 * prices can be raised alike, until the first row might as well go without.
 * Lists stay as they are.  "auctioned" tells whether places have prices of
 * their own.  False if a price leaves its range.
 */
static bool
raise_all(Solver *x, bool auctioned)
{
	const MtrLazy *p = x->p;
	const Taken *t = &x->taken;
	Num			highest = -FAR,
				by;

	x->is_raised = true;
	for (int32_t k = 0; k < t->n; k++)
	{
		Num			price = auctioned ? x->place_price[k] :
		EVEN(x->price[t->place[k].col]);
		Num			key = price - 2 * (Num) t->place[k].score;

		highest = key > highest ? key : highest;
	}
	by = x->stay - highest;
	if (by < LEVEL / 2 || by > LEVEL + PART)
		return true;			/* there are covers already, or no pair */
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] > 0)
		{
			x->price[j] += by;
			if (!in_range(x->price[j]))
				return give_up(x);
		}
	for (int32_t k = 0; auctioned && k < t->n; k++)
	{
		x->place_price[k] += by;
		if (!in_range(x->place_price[k]))
			return give_up(x);
	}
	for (int32_t i = 0; i < p->nrows; i++)
		raise_list(x, i, by);
	return true;
}

/*
 * Rows bid in turn, those put out behind the others, until none is free or
 * the number of bids is used up.
 */
static bool
auction(Solver *x)
{
	const MtrLazy *p = x->p;
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
			x->p->bids++;
			if (!bid(x, row, &victim, &looks))
				return false;
			if (must_raise(x) && n + (victim >= 0) + t->row_left[row] > 0 &&
				!raise_all(x, true))
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
 * Heap of what the search may come to, nearest first: columns by number, and
 * rows, by the complement of it, whose bound may lead to something.  Four
 * children a node: half the levels of a binary heap.
 */

/* Is this entry still what it was when it was put in? */
static inline bool
is_current(const Solver *x, Item item)
{
	const Row  *r;

	if (item.id >= 0)
		return x->label[item.id] == item.at;
	r = row_of(x, ~item.id);
	return r->state != SCANNED && r->bound - r->offset == item.at;
}

static inline void
sift_down(Item *heap, int32_t n, int32_t at, Item item)
{
	int32_t		child;

	while ((child = 4 * at + 1) < n)
	{
		int32_t		last = child + 4 < n ? child + 4 : n,
					least = child;

		for (int32_t k = child + 1; k < last; k++)
			if (heap[k].at < heap[least].at)
				least = k;
		if (heap[least].at >= item.at)
			break;
		heap[at] = heap[least];
		at = least;
	}
	heap[at] = item;
}

/* Forget entries that no longer count. */
static void
sweep_heap(Solver *x)
{
	int32_t		n = 0;

	for (int32_t k = 0; k < x->nheap; k++)
		if (is_current(x, x->heap[k]))
			x->heap[n++] = x->heap[k];
	x->nheap = n;
	for (int32_t k = n / 4; k >= 0; k--)
		if (k < n)
			sift_down(x->heap, n, k, x->heap[k]);
}

static inline void
push(Solver *x, Num at, int32_t id)
{
	Item	   *heap = x->heap;
	int32_t		k;

	if (x->nheap == x->heap_room)
		sweep_heap(x);
	for (k = x->nheap++; k > 0 && heap[(k - 1) / 4].at > at; k = (k - 1) / 4)
		heap[k] = heap[(k - 1) / 4];
	heap[k].at = at;
	heap[k].id = id;
}

static inline Item
pop(Solver *x)
{
	Item		top = x->heap[0],
				last = x->heap[--x->nheap];

	if (x->nheap > 0)
		sift_down(x->heap, x->nheap, 0, last);
	return top;
}

/* Have the row fetched that will be reached next, if it's a column's turn. */
static inline void
expect_next(const Solver *x)
{
	const Taken *t = &x->taken;

	if (x->nheap > 0 && x->heap[0].id >= 0)
		PREFETCH(row_of(x, t->place[t->col_first[x->heap[0].id]].row));
}

/*
 * Search
 */

/* Let a row offer a column at this label, which is below the limit. */
static inline void
offer(Solver *x, int32_t row, int32_t col, int32_t score, Num label)
{
	if (label >= x->label[col])
		return;
	if (x->label[col] == FAR)
		x->touched[x->ntouched++] = col;
	x->label[col] = label;
	x->offer[col].row = row;
	x->offer[col].score = score;
	if (label == EVEN(label))
	{
		/* it has a free place, and nothing beyond matters */
		x->limit = label;
		x->end_col = col;
	}
	else
		push(x, label, col);
}

/* Offer the columns of a row's list that lead below the limit. */
static void
scan_list(Solver *x, int32_t row)
{
	Row		   *r = row_of(x, row);
	Entry	   *list = list_of(r);
	Num			h = r->offset;
	int32_t		k = 0;

	mark_own(x, row, true);
	while (k < r->n && list[k].key - h < x->limit)
	{
		if (!refresh(x, list, r->n, k))
			continue;
		if (list[k].key - h < x->limit && !is_own(x, row, list[k].col))
			offer(x, row, list[k].col, list[k].score, list[k].key - h);
		k++;
	}
	mark_own(x, row, false);
	if (r->bound - h < x->limit)
		push(x, r->bound - h, ~row);
}

/* Offer all columns of the row just read that lead below the limit. */
static void
scan_whole(Solver *x, int32_t row)
{
	Row		   *r = row_of(x, row);
	Num			h = r->offset;

	x->p->whole_scans++;
	r->state = SCANNED;
	for (int32_t g = 0; g < x->ngroups; g++)
	{
		if (x->least[g] >= h)
			continue;
		for (int32_t d = 0, j = group_start(g); d < DEPTH; d++, j += LANES)
		{
			Num			label = x->price[j] - 2 * AS_NUM(x->number[j]) - h;

			if (label < x->limit)
				offer(x, row, j, x->number[j], label);
		}
	}
}

/*
 * The search has come to a row by one of its places (-1 = it starts there).
 * A row of several places may be come to again, at a better offset; that
 * happens only before a column offered at the old one is settled, because a
 * pair's key isn't above those of the columns the row could take.  So paths
 * stay simple.
 */
static bool
reach(Solver *x, int32_t row, int32_t place, Num h)
{
	Row		   *r = row_of(x, row);

	if (r->state != UNSEEN && h <= r->offset)
		return true;
	if (h <= -PART || h >= PART)
		return give_up(x);
	if (r->state == UNSEEN)
	{
		x->reached[x->nreached++] = row;
		r->state = REACHED;
	}
	r->offset = h;
	r->via = place;
	if (x->stay - h < x->limit)
	{
		x->limit = x->stay - h;
		x->end_col = -1;
		x->end_row = row;
	}
	if (r->bound == -FAR && !build(x, row))
		return false;
	if (r->state == SCANNED)
	{
		if (!read_row(x, row))
			return false;
		survey_labels(x);
		scan_whole(x, row);
	}
	else
		scan_list(x, row);
	return true;
}

/*
 * The search has come to where a row's bound may lead to something.  Its list
 * is renewed.  While the row is at hand, it is looked through as a whole if
 * that isn't much, and at the latest when this happens to it again: with
 * ties, bound may follow bound without end.
 */
static bool
pass_bound(Solver *x, int32_t row)
{
	Row		   *r = row_of(x, row);

	if (!build(x, row))
		return false;
	survey_labels(x);
	if (r->state == RENEWED ||
		count_below(x->least, x->ngroups, r->offset) <= FEW_GROUPS)
		scan_whole(x, row);
	else
	{
		r->state = RENEWED;
		scan_list(x, row);
	}
	return true;
}

/* Reach the rows of a settled column. */
static bool
settle(Solver *x, int32_t col, Num distance)
{
	const Taken *t = &x->taken;
	Num			price = EVEN(x->price[col]);

	x->settled[x->nsettled++] = col;
	for (int32_t k = t->col_first[col]; k >= 0; k = t->place[k].col_next)
		if (!reach(x, t->place[k].row, k,
				   price - 2 * (Num) t->place[k].score - EVEN(distance)))
			return false;
	return true;
}

/*
 * Raise the price of each settled column by what the search went beyond it,
 * which leaves keys along the path equal and no key too low.  False, with
 * nothing changed, if a price leaves its range.
 */
static bool
move_prices(Solver *x)
{
	for (int32_t k = 0; k < x->nsettled; k++)
	{
		int32_t		j = x->settled[k];

		if (!in_range(x->price[j] + (x->limit - EVEN(x->label[j]))))
			return give_up(x);
	}
	for (int32_t k = 0; k < x->nsettled; k++)
	{
		int32_t		j = x->settled[k];

		if (EVEN(x->label[j]) < x->limit)
			x->price[j] += x->limit - EVEN(x->label[j]);
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
		const Offer *o = &x->offer[t->place[place].col];
		int32_t		left;

		row = o->row;
		left = row_of(x, row)->via;
		if (left >= 0)
		{
			stand_up(t, left);
			add_listed(x, row, t->place[left].col, t->place[left].score);
		}
		sit_down(t, place, row, o->score);
		if (left < 0)
			break;
		place = left;
	}
	t->row_left[row]--;
}

/*
 * Take the path found: to a column with a free place, or to a row that stays
 * unmatched or, unless the path starts there, gets unmatched.
 */
static bool
finish(Solver *x)
{
	Taken	   *t = &x->taken;

	if (!move_prices(x))
		return false;
	if (x->end_col >= 0)
	{
		int32_t		place = open_place(t, x->end_col);

		if (t->col_left[x->end_col] == 0)
			x->price[x->end_col]++;
		move_along(x, place);
	}
	else
	{
		int32_t		place = row_of(x, x->end_row)->via;

		/* a row that does without one place does without those to come */
		t->row_left[x->end_row] = 0;
		if (place >= 0)
		{
			stand_up(t, place);
			add_listed(x, x->end_row, t->place[place].col,
					   t->place[place].score);
			move_along(x, place);
		}
	}
	return true;
}

static void
forget_search(Solver *x)
{
	for (int32_t k = 0; k < x->ntouched; k++)
		x->label[x->touched[k]] = FAR;
	for (int32_t k = 0; k < x->nreached; k++)
		row_of(x, x->reached[k])->state = UNSEEN;
	x->ntouched = x->nreached = x->nsettled = x->nheap = 0;
}

/* Find a place for one more of a row's places. */
static bool
augment(Solver *x, int32_t first)
{
	bool		found;

	mtr_poll();
	if (must_raise(x) && !raise_all(x, false))
		return false;
	x->p->searches++;
	x->limit = FAR;
	found = reach(x, first, -1, 0);
	while (found && x->nheap > 0 && x->heap[0].at < x->limit)
	{
		Item		item = pop(x);

		if (!is_current(x, item))
			continue;
		expect_next(x);
		found = item.id < 0 ? pass_bound(x, ~item.id) :
			settle(x, item.id, item.at);
	}
	found = found && finish(x);
	forget_search(x);
	return found;
}
