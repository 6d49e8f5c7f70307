/*
 * fair_level.h
 *	  as few pairs of one score as possible, and what else achieves that
 *
 * Part of fair.c, which says what the graph means.  The pairs of the level
 * that aren't taken are in "at_level", no longer in "open"; afterwards those
 * that some best matching takes are arcs like any other, the rest is gone.
 *
 * One pair is taken at the level, as usual when scores differ: if a path from
 * its row to its column is found, it is given up for the pairs on the path.
 * If not, the search that came to its end has closed a set, and every best
 * matching takes just one pair of the level that leads out of this set, and no
 * other.
 *
 * Several are taken: all are given up, and their places filled again by
 * paths that cost as little as possible (fair_route.h).  Whatever is not
 * tight in the end is in no best matching, or in all.
 */

/* Part of the keys that agree in their score */
typedef struct Group
{
	int64_t		first;
	int64_t		end;
	int64_t		ntaken;			/* live pairs */
	int64_t		nopen;			/* pairs at_level */
} Group;

/* Count what is left of a group */
static void
count_group(Fair *f, Group *g)
{
	int32_t		i,
				j;

	g->ntaken = g->nopen = 0;
	for (int64_t k = g->first; k < g->end; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		cell_of(f, f->key[k], &i, &j);
		if (get_bit(level_set(f, i), j))
			g->nopen++;
		else if (find_pair(f, i, j) >= 0)
			g->ntaken++;
	}
}

/* Move the pairs of a group that aren't taken from "open" to "at_level" */
static void
open_group(Fair *f, Group *g)
{
	int32_t		i,
				j;

	for (int64_t k = g->first; k < g->end; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		cell_of(f, f->key[k], &i, &j);
		if (is_open(f, i, j))
		{
			put_open(f, i, j, false);
			put_bit(level_set(f, i), j, true);
		}
	}
}

/* The pairs of a group that still are in "at_level" are gone */
static void
drop_group(Fair *f, const Group *g)
{
	int32_t		i,
				j;

	for (int64_t k = g->first; k < g->end; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		cell_of(f, f->key[k], &i, &j);
		put_bit(level_set(f, i), j, false);
	}
}

/*
 * Several pairs
 */

/* Give up a pair of the level, to be replaced by route() */
static void
demand_again(Fair *f, int32_t q)
{
	change_demand(&f->side[0], f->end[0][q], 1);
	change_demand(&f->side[1], f->end[1][q], 1);
	give_up(f, q);
}

/* Keep what is tight */
static void
keep_tight(Fair *f)
{
	Side	   *rows = &f->side[0];
	Side	   *cols = &f->side[1];

	for (int32_t i = 0; i < rows->n; i++)
	{
		const uint64_t *open = set_of(rows->open, rows, i);
		const uint64_t *level = level_set(f, i);
		const uint64_t *class = class_of(f, f->potential[i]);
		const uint64_t *next_class = class + rows->words;

		mtr_poll();
		for (int32_t w = 0; w < rows->words; w++)
		{
			if ((open[w] & ~class[w]) != 0)
				close_word(rows, cols, i, w, open[w] & ~class[w]);
			for (uint64_t x = level[w] & next_class[w]; x != 0; x &= x - 1)
				put_open(f, i, w * 64 + __builtin_ctzll(x), true);
		}
	}
	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] == PLACE_LIVE && !is_tight(f, q))
			fix_pair(f, q);
	}
	for (int s = 0; s < 2; s++)
	{
		Side	   *side = &f->side[s];

		for (int32_t k = 0; k < side->n; k++)
			if (potential_of(f, s, k) != f->potential[side->hub])
				end_idleness(side, k);
	}
}

/* Fill the places of the pairs given up.  That is possible, because those
 * pairs filled them. */
static void
settle_several(Fair *f)
{
	begin_potentials(f);
	while (route(f))
		raise_potentials(f);
	end_routes(f);
	if (f->nclasses > 1)
		keep_tight(f);
}

/*
 * One pair
 */

/* Of the pairs at_level those that lead out of the closed set stay; returns
 * how many there are.  They are in "open" only after the cut. */
static int64_t
keep_leading_out(Fair *f, const Group *g, int d)
{
	const uint64_t *rows_seen = f->side[0].seen[d];
	const uint64_t *cols_seen = f->side[1].seen[d];
	int64_t		nkept = 0;
	int32_t		i,
				j;

	for (int64_t k = g->first; k < g->end; k++)
	{
		bool		leads_out;

		if ((k & 1023) == 0)
			mtr_poll();
		cell_of(f, f->key[k], &i, &j);
		leads_out = get_bit(rows_seen, i) == (d == FORWARD) &&
			get_bit(cols_seen, j) == (d == BACKWARD);
		if (!get_bit(level_set(f, i), j))
			continue;
		if (leads_out)
			nkept++;
		else
			put_bit(level_set(f, i), j, false);
	}
	return nkept;
}

static void
reopen_group(Fair *f, const Group *g)
{
	int32_t		i,
				j;

	for (int64_t k = g->first; k < g->end; k++)
	{
		if ((k & 1023) == 0)
			mtr_poll();
		cell_of(f, f->key[k], &i, &j);
		if (get_bit(level_set(f, i), j))
			put_open(f, i, j, true);
	}
}

/* Do without the pair, or find out that this is impossible.  Returns whether
 * it was given up. */
static bool
settle_one(Fair *f, const Group *g, int32_t q)
{
	int			closed = FORWARD;
	int32_t		met = connect(f, f->end[0][q],
							  f->side[1].first + f->end[1][q], &closed);

	if (met >= 0)
	{
		give_up(f, q);
		turn(f, met);
	}
	else if (g->nopen == 0 || keep_leading_out(f, g, closed) == 0)
		cut(f, closed, -1);
	else
	{
		cut(f, closed, q);
		reopen_group(f, g);
	}
	end_searches(f);
	return met >= 0;
}

/*
 * Settle a level from the list of its pairs.  Without pairs to be had instead,
 * those taken can be looked at one by one: each is given up, or fixed.
 */
static void
settle_group(Fair *f, Group *g)
{
	int32_t		i,
				j;

	f->level = score_of_key(f, f->key[g->first]);
	open_group(f, g);
	count_group(f, g);
	for (int64_t k = g->first; k < g->end; k++)
	{
		int32_t		q;

		if (g->ntaken == 0 || (g->ntaken > 1 && g->nopen > 0))
			break;
		cell_of(f, f->key[k], &i, &j);
		q = get_bit(level_set(f, i), j) ? -1 : find_pair(f, i, j);
		if (q < 0)
			continue;
		if (settle_one(f, g, q))
			count_group(f, g);
		else
			g->ntaken--;
	}
	if (g->ntaken > 0)
	{
		for (int64_t k = g->first; k < g->end; k++)
		{
			int32_t		q;

			cell_of(f, f->key[k], &i, &j);
			q = get_bit(level_set(f, i), j) ? -1 : find_pair(f, i, j);
			if (q >= 0)
				demand_again(f, q);
		}
		settle_several(f);
	}
	drop_group(f, g);
	f->level = NO_LEVEL;
}

/* Settle a level that has too many pairs for a list */
static void
settle_matrix(Fair *f, int32_t level)
{
	Side	   *rows = &f->side[0];
	Side	   *cols = &f->side[1];

	f->level = level;
	for (int32_t i = 0; i < rows->n; i++)
	{
		const uint64_t *open = set_of(rows->open, rows, i);
		uint64_t   *at_level = level_set(f, i);

		mtr_poll();
		mark_range(f->p->score + (size_t) i * f->p->ncols, f->p->ncols,
				   level, level, at_level);
		for (int32_t w = 0; w < rows->words; w++)
		{
			at_level[w] &= open[w];
			close_word(rows, cols, i, w, at_level[w]);
		}
	}
	for (int32_t q = 0; q < f->nplaces; q++)
	{
		if ((q & 1023) == 0)
			mtr_poll();
		if (f->state[q] == PLACE_LIVE && f->score[q] == level)
			demand_again(f, q);
	}
	settle_several(f);
	for (int32_t i = 0; i < rows->n; i++)
	{
		mtr_poll();
		memset(level_set(f, i), 0, rows->words * sizeof(uint64_t));
	}
	f->level = NO_LEVEL;
}
