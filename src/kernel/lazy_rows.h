/*
 * lazy_rows.h
 *	  how the solver of lazy.c reads rows and keeps their lists
 *
 * Part of lazy_body.h, which says what the numbers mean.
 *
 * A row just scored is surveyed once, with a minimum for each group of
 * columns.  The groups' minima tell a threshold below which there are enough
 * keys, so that only some groups need a second look.
 */

/* Columns GROUP * g + lane, + LANES, + 2 * LANES ...: groups are strided so
 * that vector code needs no minimum across a vector. */
static inline int32_t
group_start(int32_t group)
{
	return group / LANES * (LANES * DEPTH) + group % LANES;
}

/* Least key of each of LANES groups; widens the range of the scores there */
static inline void
survey_groups(const int32_t *restrict score, const Num *restrict price,
			  Num *restrict least, int32_t *restrict highest,
			  uint32_t *restrict lowest)
{
	for (int k = 0; k < LANES; k++)
	{
		int32_t		high = highest[k];
		uint32_t	low = lowest[k];
		Num			key = FAR;

		for (int d = 0; d < DEPTH; d++)
		{
			int32_t		w = score[d * LANES + k];
			uint32_t	u = (uint32_t) w + INT32_MAX;
			Num			here = price[d * LANES + k] - 2 * AS_NUM(w);

			high = w > high ? w : high;
			low = u < low ? u : low;
			key = here < key ? here : key;
		}
		highest[k] = high;
		lowest[k] = low;
		least[k] = key;
	}
}

/*
 * Least keys of all groups of the row in number[].  False if a score is out
 * of range.  MTR_NO_PAIR, plus INT32_MAX, is the largest of unsigned numbers,
 * and all others keep their order.
 */
MTR_SIMD static bool
survey(Solver *x)
{
	int32_t		highest[LANES],
				most = 0;
	uint32_t	lowest[LANES],
				least = UINT32_MAX;

	for (int k = 0; k < LANES; k++)
	{
		highest[k] = 0;
		lowest[k] = UINT32_MAX;
	}
	for (int32_t g = 0; g < x->ngroups; g += LANES)
		survey_groups(x->number + (size_t) g * DEPTH,
					  x->price + (size_t) g * DEPTH, x->least + g,
					  highest, lowest);
	for (int k = 0; k < LANES; k++)
	{
		most = highest[k] > most ? highest[k] : most;
		least = lowest[k] < least ? lowest[k] : least;
	}
	return most <= LARGEST && least >= (uint32_t) INT32_MAX - LARGEST;
}

/*
 * For the row just surveyed, the least of key - label in each group, where
 * labels count as at most the limit: a row with offset h has something to
 * offer in a group if that is below h.
 */
MTR_SIMD static void
survey_labels(Solver *x)
{
	Num			limit = x->limit;

	for (int32_t g = 0; g < x->ngroups; g += LANES)
	{
		const int32_t *restrict score = x->number + (size_t) g * DEPTH;
		const Num  *restrict price = x->price + (size_t) g * DEPTH;
		const Num  *restrict label = x->label + (size_t) g * DEPTH;
		Num		   *restrict least = x->least + g;

		for (int k = 0; k < LANES; k++)
		{
			Num			most = FAR;

			for (int d = 0; d < DEPTH; d++)
			{
				int			j = d * LANES + k;
				Num			to = label[j] < limit ? label[j] : limit;
				Num			here = price[j] - 2 * AS_NUM(score[j]) - to;

				most = here < most ? here : most;
			}
			least[k] = most;
		}
	}
}

MTR_SIMD static Num
least_of(const Num *restrict least, int32_t ngroups)
{
	Num			lowest = FAR;

	for (int32_t g = 0; g < ngroups; g++)
		lowest = least[g] < lowest ? least[g] : lowest;
	return lowest;
}

/* How many groups have a key below this? */
MTR_SIMD static int32_t
count_below(const Num *restrict least, int32_t ngroups, Num limit)
{
	Num			n = 0;

	for (int32_t g = 0; g < ngroups; g++)
		n += least[g] < limit;
	return (int32_t) n;
}

/*
 * A limit below which at least "wanted" groups have a key, and not many more;
 * the least such limit that tells groups apart if need be, and stay, beyond
 * which nothing is wanted, if there aren't so many.  What was right for the
 * last row is a good guess.
 */
static Num
find_limit(Solver *x, int32_t wanted)
{
	Num			low = least_of(x->least, x->ngroups),
				high = x->stay,
				gap = x->last_gap,
				first = low;

	if (count_below(x->least, x->ngroups, high) <= wanted)
		return high;
	while (high - low > 1)
	{
		/* too few are below low, enough below high */
		Num			middle = gap < high - low ? low + gap :
		low + (high - low) / 2;
		int32_t		n = count_below(x->least, x->ngroups, middle);

		if (n < wanted)
			low = middle;
		else
			high = middle;
		gap = n < wanted && gap < PART ? gap + gap / 4 + 1 :
			(high - low) / 2;
		if (n >= wanted && n <= wanted + wanted / 4)
			break;
	}
	x->last_gap = high - first;
	return high;
}

static inline Row *
row_of(const Solver *x, int32_t row)
{
	return (Row *) (x->rows + (size_t) row * x->record);
}

static inline Entry *
list_of(Row *r)
{
	return (Entry *) (r + 1);
}

/*
 * Let the caller's function score a row.  A row never takes a column twice,
 * so one of several places doesn't see those it has.  False if lists turned
 * out not to help, or a score is out of range.
 */
static bool
read_row(Solver *x, int32_t row)
{
	const Taken *t = &x->taken;

	mtr_poll();

	/* three readings a row are usual */
	mtr_progress(x->p->rows_scored, 3 * (int64_t) x->p->nrows);
	if (x->p->rows_scored >= x->most_reads)
	{
		x->status = x->p->may_hand_over ? MTR_DEGENERATE : MTR_FULL;
		return false;
	}
	x->p->rows_scored++;
	x->p->row(x->p->row_state, row, x->number);
	if (x->p->row_places[row] > 1)
		for (int32_t k = t->row_first[row]; k >= 0; k = t->place[k].row_next)
			x->number[t->place[k].col] = MTR_NO_PAIR;
	if (!survey(x))
	{
		x->status = MTR_OVERFLOW;
		return false;
	}
	return true;
}

/*
 * Put an entry where it belongs in a list of n, behind its equals.  There is
 * room for it.
 */
static inline void
insert_entry(Entry *list, int32_t n, Entry e)
{
	while (n > 0 && list[n - 1].key > e.key)
	{
		list[n] = list[n - 1];
		n--;
	}
	list[n] = e;
}

/*
 * Put a group's keys below the limit into a row's list, which keeps the
 * "width" least; the least of the others becomes the row's bound, and, once
 * the list is full, the limit.
 */
static Num
list_group(Solver *x, Row *r, int32_t group, Num limit)
{
	Entry	   *list = list_of(r);

	for (int32_t d = 0, j = group_start(group); d < DEPTH; d++, j += LANES)
	{
		Entry		e;

		e.key = x->price[j] - 2 * AS_NUM(x->number[j]);
		if (e.key >= limit)
			continue;
		e.col = j;
		e.score = x->number[j];
		if (r->n < x->width)
			insert_entry(list, r->n++, e);
		else if (e.key >= list[r->n - 1].key)
			limit = r->bound = e.key;
		else
		{
			limit = r->bound = list[r->n - 1].key;
			insert_entry(list, r->n - 1, e);
		}
	}
	return limit;
}

/*
 * Make the list of a row that was just read.  Equal keys are taken in the
 * order of the columns beginning at another place for each row, so that rows
 * to whom all columns are equal don't list the same.
 */
static void
list_row(Solver *x, int32_t row)
{
	Row		   *r = row_of(x, row);
	Num			limit = find_limit(x, x->width + 1);
	int32_t		first = (int32_t) ((int64_t) row * x->ngroups / x->p->nrows);

	r->n = 0;
	r->bound = FAR;
	for (int32_t g = first; g < x->ngroups; g++)
		if (x->least[g] < limit)
			limit = list_group(x, r, g, limit);
	for (int32_t g = 0; g < first; g++)
		if (x->least[g] < limit)
			limit = list_group(x, r, g, limit);
}

/*
 * Entries move towards the end as their columns' prices rise: bring the one
 * at "at" up to date.  True if it stayed where it is.
 */
static inline bool
refresh(const Solver *x, Entry *list, int32_t n, int32_t at)
{
	Num			key = x->price[list[at].col] - 2 * (Num) list[at].score;
	Entry		e;

	if (key == list[at].key)
		return true;
	e = list[at];
	e.key = key;
	if (at + 1 == n || list[at + 1].key >= key)
	{
		list[at] = e;
		return true;
	}
	do
		list[at] = list[at + 1];
	while (++at + 1 < n && list[at + 1].key < key);
	list[at] = e;
	return false;
}

/* A row of several places has lost this column and may want it back. */
static void
add_listed(Solver *x, int32_t row, int32_t col, int32_t score)
{
	Row		   *r = row_of(x, row);
	Entry	   *list = list_of(r);
	Entry		e;

	if (x->p->row_places[row] <= 1)
		return;
	for (int32_t k = 0; k < r->n; k++)
		if (list[k].col == col)
			return;
	e.key = x->price[col] - 2 * (Num) score;
	e.col = col;
	e.score = score;
	if (e.key >= r->bound)
		return;
	if (r->n < x->width)
		insert_entry(list, r->n++, e);
	else if (e.key >= list[r->n - 1].key)
		r->bound = e.key;
	else
	{
		r->bound = list[r->n - 1].key < r->bound ?
			list[r->n - 1].key : r->bound;
		insert_entry(list, r->n - 1, e);
	}
}

/* All prices have risen alike. */
static void
raise_list(Solver *x, int32_t row, Num by)
{
	Row		   *r = row_of(x, row);
	Entry	   *list = list_of(r);

	while (r->n > 0 && list[r->n - 1].key >= x->stay - by)
		r->n--;
	for (int32_t k = 0; k < r->n; k++)
		list[k].key += by;
	if (r->bound != -FAR)
		r->bound = r->bound < x->stay - by ? r->bound + by : FAR;
}
