/*
 * score_test.c
 *	  the scoring kernel against its definitions
 *
 * Random programmes, of sizes from nothing to several blocks, are scored by
 * two builds of the kernel (the linked one and one with vector clones) and
 * pair by pair by score_reference.h; all must agree to the last unit.
 *
 * Build: score_test.c poll.c score*.c -lm
 */
#include "score_check.h"
#include "score_random.h"

/* Do contributions add up to the score, each next to its exact value? */
static bool
contributions_add_up(const Programme *p, int32_t i, int32_t j)
{
	int32_t		n = p->set.ncriteria;
	int32_t    *share = TABLE(n, int32_t);
	int32_t    *sim = TABLE(n, int32_t);
	int32_t    *part = TABLE(n, int32_t);
	int32_t    *order = TABLE(n, int32_t);
	int64_t		sum = MTR_UNIT / 2;
	int32_t		score;

	for (int32_t k = 0; k < n; k++)
	{
		share[k] = p->criteria[k].share;
		sim[k] = reference_similarity(p, k, i, j);
		if (sim[k] == MTR_MISSING)
			sim[k] = p->criteria[k].if_missing;
		sum += (int64_t) share[k] * sim[k];
	}
	score = mtr_contributions(n, share, sim, part, order);
	if (score != sum / MTR_UNIT)
		return false;
	for (int32_t k = 0; k < n; k++)
	{
		int64_t		exact = (int64_t) share[k] * sim[k];

		if (part[k] != exact / MTR_UNIT &&
			(part[k] != exact / MTR_UNIT + 1 || exact % MTR_UNIT == 0))
			return false;
		score -= part[k];
	}
	return score == 0;
}

/* What a row should be. */
typedef struct Expected
{
	int32_t    *sim;			/* [ncriteria][n][m] */
	int32_t    *score;			/* [n][m] */
	int32_t    *side[2];		/* [n][m] */
} Expected;

static Expected
expect(const Programme *p)
{
	int32_t		n = p->set.nmentees;
	int32_t		m = p->set.nmentors;
	Expected	expected;

	expected.sim = TABLE((size_t) p->set.ncriteria * n * m, int32_t);
	expected.score = TABLE((size_t) n * m, int32_t);
	for (int32_t k = 0; k < p->set.ncriteria; k++)
		for (int32_t c = 0; c < n * m; c++)
			expected.sim[k * n * m + c] =
				reference_similarity(p, k, c / m, c % m);
	for (int32_t c = 0; c < n * m; c++)
		expected.score[c] = reference_score(p, expected.sim, c / m, c % m);
	for (int side = 0; side < 2; side++)
	{
		expected.side[side] = TABLE((size_t) n * m, int32_t);
		for (int32_t c = 0; c < n * m; c++)
			expected.side[side][c] = reference_side(p, expected.sim, c, side);
	}
	return expected;
}

/* Do all scores and similarities of a row agree with the definition? */
static bool
row_agrees(const Programme *p, const Build *build, void *scratch, int32_t i,
		   const Expected *expected)
{
	int32_t		n = p->set.nmentees;
	int32_t		m = p->set.nmentors;
	int32_t    *row = TABLE(m, int32_t);
	int32_t    *other = TABLE(m, int32_t);

	build->row(&p->set, i, row, scratch);
	if (!same_row(m, row, &expected->score[i * m], "score", i))
		return false;
	build->sides(&p->set, i, row, other, scratch);
	if (!same_row(m, row, &expected->side[0][i * m], "mentee's score", i) ||
		!same_row(m, other, &expected->side[1][i * m], "mentor's score", i))
		return false;
	for (int32_t k = 0; k < p->set.ncriteria; k++)
	{
		build->similarities(&p->set, k, i, row, scratch);
		if (same_row(m, row, &expected->sim[(k * n + i) * m], "similarity",
					 i))
			continue;
		printf("# kind %d\n", p->criteria[k].kind);
		return false;
	}
	return true;
}

/* Both builds, all rows, in an order that differs from that of the mentees
 * and with some rows asked for twice: rows must not depend on each other. */
static bool
programme_agrees(Programme *p)
{
	Expected	expected = expect(p);
	bool		agrees = true;

	pack_programme(p);
	for (int b = 0; b < 2 && agrees; b++)
	{
		void	   *scratch = new_scratch(&builds[b], &p->set);

		for (int32_t i = p->set.nmentees - 1; i >= 0 && agrees; i--)
			agrees = row_agrees(p, &builds[b], scratch, i, &expected);
		for (int32_t i = 0; i < p->set.nmentees && agrees; i += 7)
			agrees = row_agrees(p, &builds[b], scratch, i, &expected);
		free(scratch);
	}
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

		for (int r = 0; r < 150 && kind_agrees; r++)
		{
			kind_agrees = programme_agrees(random_programme(below(12),
															below(41), 1,
															kind));
			release_memory();
		}
		snprintf(what, sizeof(what), "150 programmes with %s alone agree",
				 names[kind]);
		report(kind_agrees, what);
	}
	for (int r = 0; r < 1500 && agrees; r++)
	{
		agrees = programme_agrees(random_programme(below(16), below(41),
												   below(8), -1));
		release_memory();
	}
	report(agrees, "1500 programmes with up to 7 criteria agree");
}

static void
test_large_programmes(void)
{
	bool		agrees = true;

	for (int r = 0; r < 3 && agrees; r++)
	{
		agrees = programme_agrees(random_programme(300, 500, 5, -1));
		release_memory();
	}
	report(agrees, "3 programmes of 300 x 500 agree");

	for (int kind = 0; kind <= MTR_CUSTOM && agrees; kind++)
	{
		/* every remainder modulo the vectors' widths at a block's end */
		for (int r = 0; r < 3 && agrees; r++)
		{
			int32_t		m = MTR_SCORE_BLOCK * below(3) + below(70);

			agrees = programme_agrees(random_programme(2, m, 2, kind));
			release_memory();
		}
	}
	report(agrees, "programmes of several blocks agree, each kind");

	/* so many mentors that classes and sets have tables */
	for (int r = 0; r < 6 && agrees; r++)
	{
		Programme  *p = random_programme(4, 2100, 6, MTR_GAP);
		void	   *scratch;

		random_criterion(p, 1, MTR_SAME);
		random_criterion(p, 2, MTR_OVERLAP);
		random_criterion(p, 4, MTR_NEAR);
		for (int32_t k = 0; k < 6; k++)
			p->criteria[k].share = MTR_UNIT / 6;
		p->criteria[1].u.class.nclasses = 0;
		agrees = programme_agrees(p);
		scratch = new_scratch(&builds[1], &p->set);
		agrees = agrees &&
			((MtrScoreWork *) scratch)->plan[0].joint_code != NULL;
		free(scratch);
		release_memory();
	}
	report(agrees, "classes looked up together agree");
}

static void
test_contributions(void)
{
	bool		adds_up = true;

	for (int r = 0; r < 200; r++)
	{
		Programme  *p = random_programme(1 + below(5), 1 + below(10),
										 below(9), -1);

		for (int32_t i = 0; i < p->set.nmentees; i++)
			for (int32_t j = 0; j < p->set.nmentors; j++)
				adds_up = adds_up && contributions_add_up(p, i, j);
		release_memory();
	}
	report(adds_up, "contributions add up to the score");
}

int
main(void)
{
	test_small_programmes();
	test_large_programmes();
	test_contributions();
	return finish();
}
