/*
 * score_column_test.c
 *	  scores by column against scores by row
 *
 * Random programmes with criteria of every kind: each column must hold what
 * all the rows say, in either build, in any order, and leave later rows and
 * columns as they were.
 *
 * Build: score_column_test.c poll.c score*.c -lm
 */
#include "score_check.h"
#include "score_random.h"

/* Scratch for columns, filled with rubbish before and exactly as long as
 * asked for. */
static void *
new_column_scratch(const Build *build, const MtrScoreSet *set)
{
	size_t		size = build->column_size(set);
	void	   *scratch = NULL;

	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	memset(scratch, 0xA5, size);
	build->column_prepare(set, scratch);
	return scratch;
}

static bool
column_agrees(const Programme *p, const int32_t *column, int32_t j,
			  const int32_t *rows)
{
	int32_t		m = p->set.nmentors;

	for (int32_t i = 0; i < p->set.nmentees; i++)
		if (column[i] != rows[(size_t) i * m + j])
		{
			printf("# mentor %d, mentee %d: score %d, the row says %d\n", j,
				   i, column[i], rows[(size_t) i * m + j]);
			return false;
		}
	return true;
}

/* All columns from the last to the first, some again in between, then some
 * rows again. */
static bool
build_agrees(const Programme *p, const Build *build, int32_t step)
{
	const MtrScoreSet *set = &p->set;
	int32_t		n = set->nmentees;
	int32_t		m = set->nmentors;
	void	   *row_scratch = new_scratch(build, set);
	void	   *scratch = new_column_scratch(build, set);
	int32_t    *rows = TABLE((size_t) n * m, int32_t);
	int32_t    *column = TABLE(n, int32_t);
	int32_t    *row = TABLE(m, int32_t);
	bool		agrees = true;

	for (int32_t i = 0; i < n; i++)
		build->row(set, i, rows + (size_t) i * m, row_scratch);
	for (int32_t j = m - 1; j >= 0 && agrees; j -= step)
	{
		int32_t		other = below(m);

		build->column(set, j, column, scratch, row_scratch);
		agrees = column_agrees(p, column, j, rows);
		if (!agrees || !chance(20))
			continue;
		build->column(set, other, column, scratch, row_scratch);
		agrees = column_agrees(p, column, other, rows);
	}
	for (int32_t i = 0; i < n && agrees; i += 5)
	{
		build->row(set, i, row, row_scratch);
		agrees = same_row(m, row, rows + (size_t) i * m, "score again", i);
	}
	free(scratch);
	free(row_scratch);
	return agrees;
}

/* Values without bounds, and classes whose value isn't a number. */
static void
add_infinities(Programme *p)
{
	for (int32_t k = 0; k < p->set.ncriteria; k++)
	{
		Raw		   *raw = &p->raw[k];

		if (p->criteria[k].kind != MTR_NEAR && p->criteria[k].kind != MTR_GAP)
			continue;
		for (int32_t i = 0; i < p->set.nmentees; i++)
			if (chance(10))
				raw->mentee_value[i] = chance(50) ? INFINITY : -INFINITY;
		for (int32_t v = 0; v < raw->nitems; v++)
			if (chance(15))
				raw->class_value[v] = chance(30) ? NAN :
					chance(50) ? INFINITY : -INFINITY;
	}
}

static bool
programme_agrees(Programme *p, int32_t step)
{
	bool		agrees = true;

	pack_programme(p);
	if (chance(10))
		p->set.exclude_start = NULL;
	for (int b = 0; b < 2 && agrees; b++)
		agrees = build_agrees(p, &builds[b], step);
	for (int32_t k = 0; k < p->set.ncriteria && !agrees; k++)
		printf("# criterion %d is of kind %d\n", k, p->criteria[k].kind);
	return agrees;
}

static void
test_small_programmes(void)
{
	static const char *const names[] = {
		"skill_cover", "overlap", "same", "differ", "near", "gap", "cosine",
		"availability", "text", "listed", "preference", "custom"
	};
	char		what[80];
	bool		agrees = true;

	for (int kind = 0; kind <= MTR_CUSTOM; kind++)
	{
		bool		kind_agrees = true;

		for (int r = 0; r < 400 && kind_agrees; r++)
		{
			Programme  *p = random_programme(below(41), below(25), 1, kind);

			if (chance(50))
				add_infinities(p);
			kind_agrees = programme_agrees(p, 1);
			release_memory();
		}
		snprintf(what, sizeof(what), "400 programmes with %s alone agree",
				 names[kind]);
		report(kind_agrees, what);
	}
	for (int r = 0; r < 4000 && agrees; r++)
	{
		Programme  *p = random_programme(below(41), below(17), below(8), -1);

		if (chance(30))
			add_infinities(p);
		agrees = programme_agrees(p, 1);
		release_memory();
	}
	report(agrees, "4000 programmes with up to 7 criteria agree");
}

static void
test_large_programmes(void)
{
	bool		agrees = true;

	for (int r = 0; r < 3 && agrees; r++)
	{
		agrees = programme_agrees(random_programme(500, 300, 5, -1), 1);
		release_memory();
	}
	report(agrees, "3 programmes of 500 x 300 agree");

	/* every remainder modulo the vectors' widths at a block's end */
	for (int kind = 0; kind <= MTR_CUSTOM && agrees; kind++)
		for (int r = 0; r < 3 && agrees; r++)
		{
			int32_t		n = MTR_SCORE_BLOCK * below(3) + below(70);

			agrees = programme_agrees(random_programme(n, 3, 2, kind), 1);
			release_memory();
		}
	report(agrees, "programmes of several blocks agree, each kind");

	/* so many mentors that rows use tables, looked up together */
	for (int r = 0; r < 4 && agrees; r++)
	{
		Programme  *p = random_programme(6, 2100, 5, MTR_GAP);

		random_criterion(p, 1, MTR_SAME);
		random_criterion(p, 2, MTR_OVERLAP);
		random_criterion(p, 4, MTR_NEAR);
		for (int32_t k = 0; k < 5; k++)
			p->criteria[k].share = MTR_UNIT / 5;
		agrees = programme_agrees(p, 7);
		release_memory();
	}
	report(agrees, "programmes of 6 x 2100 agree");
}

/* Rows of a custom criterion are made for every mentee, with a poll each. */
static void
test_polls(void)
{
	Programme  *p = random_programme(30, 4, 1, MTR_CUSTOM);
	void	   *row_scratch;
	void	   *scratch;
	int32_t    *column = TABLE(30, int32_t);
	int64_t		before;

	p->criteria[0].share = MTR_UNIT;
	pack_programme(p);
	row_scratch = new_scratch(&builds[1], &p->set);
	scratch = new_column_scratch(&builds[1], &p->set);
	before = npolls;
	builds[1].column(&p->set, 2, column, scratch, row_scratch);
	report(npolls - before >= 30, "a custom column polls at every row");
	free(scratch);
	free(row_scratch);
	release_memory();
}

int
main(void)
{
	test_small_programmes();
	test_large_programmes();
	test_polls();
	return finish();
}
