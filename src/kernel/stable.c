/*
 * stable.c
 *	  stable matching by deferred acceptance, the rows propose
 *
 * Problem, theorems and sources: stable.h.
 *
 * Method.  A row with an empty place proposes to the best column it hasn't
 * proposed to yet.  A column that has an empty place keeps the proposal, one
 * that is full keeps it only if it prefers the row to the worst it holds,
 * which then has an empty place again.  When no row with an empty place has a
 * column left, what is held is the row-optimal stable matching.
 *
 * What a full column requires, its gate, only rises.  So a proposal that
 * doesn't pass the gate now never will, and may be skipped without changing
 * the result.  A row's preferences are never sorted as a whole: it has a list
 * of its best columns whose gates it passes at the moment, and when that is
 * used up the list is filled anew with what comes after its last column.
 * This makes two things worth doing which the order of proposals leaves
 * free: lists are filled when their row first proposes, with the gates as
 * they are by then; and rows that lost a place wait until all others have
 * proposed, those first whom the column they lost valued most, because they
 * are the likeliest to stay where they go next.  (Where all columns agree on
 * the rows, and all rows on the columns, this makes of n * n / 2 changes of
 * place as many as there are rows.)
 *
 * Each column holds its proposals in a skew heap (Sleator and Tarjan 1986,
 * Self-adjusting heaps) with the worst on top, made of nodes from one pool:
 * no room is kept for places that stay empty.
 *
 * Cost.  One row read for each row, and one more for each list used up, some
 * 1.8 a row in all on usual data; the pass over a row, which is vectorised,
 * takes some 2 ns a column.  At most nrows * ncols proposals, some 15 a row on
 * usual data.
 */
#include <string.h>

#include "stable.h"

/* stable.h */
#define MAX_SIDE (1 << 24)

/*
 * Columns listed for a row, unless told otherwise.  A longer list saves
 * reading rows again, but costs more to fill: from 8 to 32 the sum is nearly
 * the same.
 */
#define USUAL_LIST 16

/* No node */
#define NONE (-1)

/* The gates of a column with an empty place and of one without any place:
 * the first is passed by every score and row, the second by none. */
#define OPEN_SCORE (MTR_NO_PAIR + 1)
#define OPEN_ROW INT32_MAX
#define BARRED_SCORE INT32_MAX
#define BARRED_ROW (-1)

/* A column in the list of a row */
typedef struct Choice
{
	int32_t		left;
	int32_t		right;
	int32_t		col;
} Choice;

/* A proposal held */
typedef struct Node
{
	int32_t		left;
	int32_t		right;
	int32_t		row;
	int32_t		child[2];
} Node;

typedef struct Stable
{
	MtrStable  *p;
	MtrStableRow numbers;		/* what is read into */

	/* rows */
	int32_t		list_size;
	Choice	   *list;			/* [nrows][list_size] best first */
	int32_t    *listed;			/* [nrows] entries in the list */
	int32_t    *next;			/* [nrows] the first one not tried */
	int32_t    *row_left;		/* [nrows] empty places */
	int64_t    *waiting;		/* [nrows] a heap, see wait_key() */
	int32_t		nwaiting;

	/* columns */
	int32_t    *gate;			/* [ncols] the score to be passed, */
	int32_t    *gate_row;		/* [ncols] and the row if the score is equal */
	int32_t    *col_left;		/* [ncols] empty places */
	int32_t    *worst;			/* [ncols] the node on top, or NONE */
	int32_t    *left_room;		/* [ncols] see MtrStableRow */
	int32_t    *right_room;

	Node	   *node;			/* [max_pairs] */
	int32_t		nnodes;
	int32_t    *start;			/* [nrows + 1] for sorting the pairs */
} Stable;

/* ----------
 * Memory
 * ----------
 */

/* Give out the next part of the scratch, or only count when there is none */
static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 7) & ~(size_t) 7;
	return part;
}

static int64_t
sum_places(const int32_t *places, int32_t n, int32_t partners)
{
	int64_t		sum = 0;

	for (int32_t k = 0; k < n; k++)
		sum += places[k] < partners ? places[k] : partners;
	return sum;
}

int64_t
mtr_stable_max_pairs(const MtrStable *p)
{
	int64_t		rows = sum_places(p->row_places, p->nrows, p->ncols);
	int64_t		cols = sum_places(p->col_places, p->ncols, p->nrows);

	return rows < cols ? rows : cols;
}

/* A list longer than there are columns would stay empty at its end. */
static int32_t
choose_list_size(const MtrStable *p)
{
	int32_t		size = p->list_size > 0 ? p->list_size : USUAL_LIST;

	return size < p->ncols ? size : p->ncols;
}

static size_t
lay_out(Stable *s, const MtrStable *p, char *scratch)
{
	size_t		used = 0;
	size_t		nrows = p->nrows;
	size_t		ncols = p->ncols;

	s->list_size = choose_list_size(p);
	s->waiting = carve(scratch, &used, nrows, sizeof(int64_t));
	s->list = carve(scratch, &used, nrows * s->list_size, sizeof(Choice));
	s->listed = carve(scratch, &used, nrows, sizeof(int32_t));
	s->next = carve(scratch, &used, nrows, sizeof(int32_t));
	s->row_left = carve(scratch, &used, nrows, sizeof(int32_t));
	s->start = carve(scratch, &used, nrows + 1, sizeof(int32_t));
	s->gate = carve(scratch, &used, ncols, sizeof(int32_t));
	s->gate_row = carve(scratch, &used, ncols, sizeof(int32_t));
	s->col_left = carve(scratch, &used, ncols, sizeof(int32_t));
	s->worst = carve(scratch, &used, ncols, sizeof(int32_t));
	s->left_room = carve(scratch, &used, ncols, sizeof(int32_t));
	s->right_room = carve(scratch, &used, ncols, sizeof(int32_t));
	s->node = carve(scratch, &used, mtr_stable_max_pairs(p), sizeof(Node));
	return used;
}

size_t
mtr_stable_scratch_size(const MtrStable *p)
{
	Stable		s;

	return lay_out(&s, p, NULL);
}

/* ----------
 * The lists
 * ----------
 */

/* Does the column prefer this row to the worst it must keep? */
static inline bool
passes_gate(const Stable *s, int32_t i, int32_t j, int32_t right)
{
	return right > s->gate[j] || (right == s->gate[j] && i < s->gate_row[j]);
}

/* What a column must have to enter a list, as far as its score tells */
typedef struct Window
{
	int32_t		floor;			/* left scores up to it are too low */
	int32_t		ceiling;		/* those above it have been listed before */
} Window;

/* Columns of a dense row looked at together */
#define BLOCK 64

/*
 * Look at columns from .. from + n - 1 of a dense row: may they enter the
 * list, as far as the window and the gate's score tell?
 */
static inline uint32_t
flag_columns(const Stable *s, const MtrStableRow *row, Window window,
			 int32_t from, int32_t n, uint8_t *restrict flag)
{
	const int32_t *left = row->left + from;
	const int32_t *right = row->right + from;
	const int32_t *gate = s->gate + from;
	uint32_t	any = 0;

	for (int32_t k = 0; k < n; k++)
	{
		uint32_t	may = (left[k] > window.floor) &
		(left[k] <= window.ceiling) & (right[k] >= gate[k]);

		flag[k] = may;
		any |= may;
	}
	return any;
}

/*
 * Starting at "from", find the first block in which some columns may enter
 * the list; beyond the row if there is none.  Flags tell which ones.
 */
MTR_SIMD
static int32_t
find_block(const Stable *s, const MtrStableRow *row, Window window,
		   int32_t from, uint8_t *flag)
{
	for (; row->n - from >= BLOCK; from += BLOCK)
		if (flag_columns(s, row, window, from, BLOCK, flag))
			return from;
	if (from < row->n)
		flag_columns(s, row, window, from, row->n - from, flag);
	return from;
}

/*
 * Enter a column into the list unless its score is too low, at the end of
 * those with the same score, for columns come in ascending order.
 */
static inline int32_t
enter(Choice *list, int32_t listed, int32_t size, Choice choice)
{
	int32_t		k = listed < size ? listed : size - 1;

	if (listed == size && choice.left <= list[k].left)
		return listed;
	for (; k > 0 && list[k - 1].left < choice.left; k--)
		list[k] = list[k - 1];
	list[k] = choice;
	return listed < size ? listed + 1 : size;
}

/* Does this column of row i come after "last" in the row's order, and can it
 * still be had? */
static inline bool
may_enter(const Stable *s, int32_t i, Choice choice, Choice last)
{
	if (choice.left == MTR_NO_PAIR || choice.right == MTR_NO_PAIR)
		return false;
	if (choice.left > last.left ||
		(choice.left == last.left && choice.col <= last.col))
		return false;
	return passes_gate(s, i, choice.col, choice.right);
}

/* Fill the list of row i from a row whose entry k is column k. */
static int32_t
fill_dense(Stable *s, int32_t i, Choice *list, Choice last)
{
	const MtrStableRow *row = &s->numbers;
	Window		window = {MTR_NO_PAIR, last.left};
	int32_t		listed = 0;
	uint8_t		flag[BLOCK];
	int32_t		found[BLOCK];

	for (int32_t from = find_block(s, row, window, 0, flag); from < row->n;
		 from = find_block(s, row, window, from + BLOCK, flag))
	{
		int32_t		n = row->n - from < BLOCK ? row->n - from : BLOCK;
		int32_t		nfound = 0;

		/* without a branch, for which way it goes can't be foreseen */
		for (int32_t k = 0; k < n; k++)
		{
			found[nfound] = from + k;
			nfound += flag[k];
		}
		for (int32_t k = 0; k < nfound; k++)
		{
			int32_t		j = found[k];
			Choice		choice = {row->left[j], row->right[j], j};

			if (!may_enter(s, i, choice, last))
				continue;
			listed = enter(list, listed, s->list_size, choice);
			if (listed == s->list_size)
				window.floor = list[listed - 1].left;
		}
	}
	return listed;
}

/* The same for one that names its columns; -1 when they don't ascend. */
static int32_t
fill_sparse(Stable *s, int32_t i, Choice *list, Choice last)
{
	const MtrStableRow *row = &s->numbers;
	int32_t		before = -1;
	int32_t		listed = 0;

	for (int32_t k = 0; k < row->n; k++)
	{
		Choice		choice = {row->left[k], row->right[k], row->col[k]};

		if (choice.col <= before || choice.col >= s->p->ncols)
			return -1;
		before = choice.col;
		if (may_enter(s, i, choice, last))
			listed = enter(list, listed, s->list_size, choice);
	}
	return listed;
}

/*
 * Fill the list of row i with the best columns that come after "last" in its
 * order and whose gates it passes.  A list that doesn't become full holds
 * all that is left for this row.  Returns false for a row that breaks the
 * contract.
 */
static bool
fill_list(Stable *s, int32_t i, Choice last)
{
	MtrStable  *p = s->p;
	MtrStableRow *row = &s->numbers;
	Choice	   *list = s->list + (size_t) i * s->list_size;

	mtr_poll();
	row->n = p->ncols;
	row->col = NULL;
	row->left = row->left_room = s->left_room;
	row->right = row->right_room = s->right_room;
	p->read_row(p->state, i, row);
	p->rows_read++;
	if (row->n < 0 || row->n > p->ncols)
		return false;
	s->listed[i] = row->col == NULL ? fill_dense(s, i, list, last) :
		fill_sparse(s, i, list, last);
	s->next[i] = 0;
	return s->listed[i] >= 0;
}

/* ----------
 * Rows that lost a place
 * ----------
 */

/* Whom the column they lost valued most comes first, of these the lower row:
 * the higher key */
static int64_t
wait_key(int32_t row, int32_t right)
{
	return (int64_t) right * MAX_SIDE + (MAX_SIDE - 1 - row);
}

static int32_t
waiting_row(int64_t key)
{
	return MAX_SIDE - 1 - (int32_t) (key & (MAX_SIDE - 1));
}

/* Let row wait for its turn. */
static void
push_waiting(Stable *s, int64_t key)
{
	int32_t		k = s->nwaiting++;

	for (; k > 0 && s->waiting[(k - 1) / 2] < key; k = (k - 1) / 2)
		s->waiting[k] = s->waiting[(k - 1) / 2];
	s->waiting[k] = key;
}

/* Take the next row whose turn it is. */
static int32_t
pop_waiting(Stable *s)
{
	int64_t    *heap = s->waiting;
	int64_t		top = heap[0];
	int64_t		sinking = heap[--s->nwaiting];
	int32_t		k = 0;

	for (;;)
	{
		int32_t		child = 2 * k + 1;

		if (child + 1 < s->nwaiting && heap[child + 1] > heap[child])
			child++;
		if (child >= s->nwaiting || heap[child] <= sinking)
			break;
		heap[k] = heap[child];
		k = child;
	}
	heap[k] = sinking;
	return waiting_row(top);
}

/* ----------
 * What columns hold
 * ----------
 */

/* Is proposal a worse to its column than b? */
static inline bool
is_worse(const Node *a, const Node *b)
{
	if (a->right != b->right)
		return a->right < b->right;
	return a->row > b->row;
}

/* Merge two skew heaps: along the right edges, exchanging children. */
static int32_t
merge(Node *node, int32_t a, int32_t b)
{
	int32_t		top = NONE;
	int32_t    *slot = &top;

	while (a != NONE && b != NONE)
	{
		Node	   *worse;
		int32_t		rest;

		if (is_worse(&node[b], &node[a]))
		{
			int32_t		other = a;

			a = b;
			b = other;
		}
		*slot = a;
		worse = &node[a];
		rest = worse->child[1];
		worse->child[1] = worse->child[0];
		slot = &worse->child[0];
		a = rest;
	}
	*slot = a == NONE ? b : a;
	return top;
}

/* Take the worst proposal out of a column; its node is free then. */
static int32_t
take_worst(Stable *s, int32_t j)
{
	int32_t		at = s->worst[j];
	const Node *worst = &s->node[at];

	s->worst[j] = merge(s->node, worst->child[0], worst->child[1]);
	return at;
}

/*
 * Row i, which passes the gate, gets a place of the column.  If it has no
 * empty one, the worst row held loses its place and waits for its turn; one
 * that had an empty place before has its turn coming, or nothing to propose.
 */
static void
accept(Stable *s, int32_t i, Choice choice)
{
	int32_t		j = choice.col;
	int32_t		at;
	Node	   *node;

	if (s->col_left[j] > 0)
	{
		s->col_left[j]--;
		at = s->nnodes++;
		node = &s->node[at];
	}
	else
	{
		at = take_worst(s, j);
		node = &s->node[at];
		if (s->row_left[node->row]++ == 0)
			push_waiting(s, wait_key(node->row, node->right));
	}
	node->left = choice.left;
	node->right = choice.right;
	node->row = i;
	node->child[0] = node->child[1] = NONE;
	s->worst[j] = merge(s->node, s->worst[j], at);
	s->row_left[i]--;
	if (s->col_left[j] == 0)
	{
		s->gate[j] = s->node[s->worst[j]].right;
		s->gate_row[j] = s->node[s->worst[j]].row;
	}
}

/* ----------
 * Solving
 * ----------
 */

/* Row i proposes until it has no empty place or no column left. */
static MtrStatus
propose(Stable *s, int32_t i)
{
	const Choice *list = s->list + (size_t) i * s->list_size;

	while (s->row_left[i] > 0)
	{
		Choice		choice;

		if (s->next[i] == s->list_size &&
			!fill_list(s, i, list[s->list_size - 1]))
			return MTR_INVALID;
		if (s->next[i] == s->listed[i])
			break;
		choice = list[s->next[i]++];
		s->p->proposals++;
		if (passes_gate(s, i, choice.col, choice.right))
			accept(s, i, choice);
	}
	return MTR_OK;
}

/*
 * Write the pairs, sorted.  Columns are emptied in ascending order, so those
 * of one row come in ascending order.
 */
static void
write_pairs(Stable *s)
{
	MtrStable  *p = s->p;
	int32_t    *start = s->start;

	memset(start, 0, ((size_t) p->nrows + 1) * sizeof(int32_t));
	for (int32_t k = 0; k < s->nnodes; k++)
		start[s->node[k].row + 1]++;
	for (int32_t i = 0; i < p->nrows; i++)
		start[i + 1] += start[i];
	for (int32_t j = 0; j < p->ncols; j++)
	{
		mtr_poll();
		while (s->worst[j] != NONE)
		{
			const Node *node = &s->node[take_worst(s, j)];
			int32_t		at = start[node->row]++;

			p->pair_row[at] = node->row;
			p->pair_col[at] = j;
			p->pair_left[at] = node->left;
			p->pair_right[at] = node->right;
		}
	}
	p->npairs = s->nnodes;
}

/* Is the input within the ranges? */
static MtrStatus
check_input(const MtrStable *p)
{
	if (p->nrows < 0 || p->ncols < 0)
		return MTR_INVALID;
	if (p->nrows > MAX_SIDE || p->ncols > MAX_SIDE)
		return MTR_OVERFLOW;
	for (int32_t i = 0; i < p->nrows; i++)
		if (p->row_places[i] < 0)
			return MTR_INVALID;
	for (int32_t j = 0; j < p->ncols; j++)
		if (p->col_places[j] < 0)
			return MTR_INVALID;
	return mtr_stable_max_pairs(p) > INT32_MAX ? MTR_OVERFLOW : MTR_OK;
}

/* Columns at the start: empty. */
static void
start_columns(Stable *s)
{
	const MtrStable *p = s->p;

	for (int32_t j = 0; j < p->ncols; j++)
	{
		bool		has_places = p->col_places[j] > 0;

		s->col_left[j] = p->col_places[j];
		s->worst[j] = NONE;
		s->gate[j] = has_places ? OPEN_SCORE : BARRED_SCORE;
		s->gate_row[j] = has_places ? OPEN_ROW : BARRED_ROW;
	}
}

MtrStatus
mtr_stable_solve(MtrStable *p, void *scratch)
{
	Stable		s = {.p = p};
	Choice		first = {INT32_MAX, 0, -1}; /* comes before all columns */
	MtrStatus	status = check_input(p);

	if (status != MTR_OK)
		return status;
	p->npairs = 0;
	p->rows_read = 0;
	p->proposals = 0;
	if (p->ncols == 0)
		return MTR_OK;

	lay_out(&s, p, scratch);
	start_columns(&s);
	for (int32_t i = 0; i < p->nrows; i++)
	{
		mtr_progress(i, p->nrows);
		s.row_left[i] = p->row_places[i];
		if (s.row_left[i] == 0)
			continue;
		if (!fill_list(&s, i, first))
			return MTR_INVALID;
		status = propose(&s, i);
		if (status != MTR_OK)
			return status;
	}
	while (s.nwaiting > 0)
	{
		mtr_poll();
		status = propose(&s, pop_waiting(&s));
		if (status != MTR_OK)
			return status;
	}
	write_pairs(&s);
	return MTR_OK;
}
