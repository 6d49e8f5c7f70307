/*
 * score_fuzz.c
 *	  the scoring kernel: score.h word for word
 *
 * Programmes with criteria of every kind are made of the fuzzer's bytes.  Each
 * row, as it counts and as either side sees it, each column and the
 * similarities behind them must be what the definitions say, computed pair by
 * pair; and contributions must add up to the score.
 *
 * Build: score_fuzz.c with poll.c and the kernels
 */
#include "fuzz.h"

static Input input;

static int32_t
below(int32_t n)
{
	return (int32_t) choose(&input, (uint32_t) n);
}

#define SCORE_RANDOM_BELOW
#include "score_random.h"

/* Values without bounds, and classes whose value isn't a number: what they
 * are worth isn't stated, but columns must have what rows have. */
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

static void
describe_programme(const void *programme)
{
	const Programme *p = programme;

	fprintf(stderr, "%d mentees, %d mentors, kind (share, minimum, missing, "
			"strict):", p->set.nmentees, p->set.nmentors);
	for (int32_t k = 0; k < p->set.ncriteria; k++)
		fprintf(stderr, " %d (%d, %d, %d, %d)", (int) p->criteria[k].kind,
				p->criteria[k].share, p->criteria[k].minimum,
				p->criteria[k].if_missing, (int) p->criteria[k].strict);
	fprintf(stderr, "\n");
}

/* [ncriteria][n][m] */
static int32_t *
similarities_of(const Programme *p)
{
	int32_t		n = p->set.nmentees,
				m = p->set.nmentors;
	int32_t    *sim = TABLE((size_t) p->set.ncriteria * n * m, int32_t);

	for (int32_t k = 0; k < p->set.ncriteria; k++)
		for (int32_t c = 0; c < n * m; c++)
			sim[k * n * m + c] = reference_similarity(p, k, c / m, c % m);
	return sim;
}

static void
claim_rows(const Programme *p, const int32_t *sim, void *scratch)
{
	const MtrScoreSet *set = &p->set;
	int32_t		n = set->nmentees,
				m = set->nmentors;
	int32_t    *row = TABLE(m, int32_t);
	int32_t    *other = TABLE(m, int32_t);

	for (int32_t i = 0; i < n; i++)
	{
		mtr_score_row(set, i, row, scratch);
		for (int32_t j = 0; j < m; j++)
			CLAIM(row[j] == reference_score(p, sim, i, j));
		mtr_score_row_sides(set, i, row, other, scratch);
		for (int32_t j = 0; j < m; j++)
			CLAIM(row[j] == reference_side(p, sim, i * m + j, 0) &&
				  other[j] == reference_side(p, sim, i * m + j, 1));
		for (int32_t k = 0; k < set->ncriteria; k++)
		{
			mtr_score_similarities(set, k, i, row, scratch);
			for (int32_t j = 0; j < m; j++)
				CLAIM(row[j] == sim[(k * n + i) * m + j]);
		}
	}
}

static void
claim_columns(const Programme *p, void *row_scratch)
{
	const MtrScoreSet *set = &p->set;
	int32_t		n = set->nmentees,
				m = set->nmentors;
	void	   *scratch = take_memory(mtr_score_column_size(set), 1);
	int32_t    *column = TABLE(n, int32_t);
	int32_t    *score = TABLE((size_t) n * m, int32_t);

	for (int32_t i = 0; i < n; i++)
		mtr_score_row(set, i, score + (size_t) i * m, row_scratch);
	mtr_score_column_prepare(set, scratch);
	for (int32_t j = m - 1; j >= 0; j--)
	{
		mtr_score_column(set, j, column, scratch, row_scratch);
		for (int32_t i = 0; i < n; i++)
			CLAIM(column[i] == score[i * m + j]);
	}
	free(scratch);
}

/* Of one pair, eligible or not, for it may be explained all the same */
static void
claim_contributions(const Programme *p, const int32_t *sim, int32_t pair)
{
	int32_t		n = p->set.ncriteria;
	int32_t    *share = TABLE(n, int32_t);
	int32_t    *here = TABLE(n, int32_t);
	int32_t    *part = TABLE(n, int32_t);
	int32_t    *order = TABLE(n, int32_t);
	int64_t		sum = MTR_UNIT / 2;
	int32_t		score;

	for (int32_t k = 0; k < n; k++)
	{
		share[k] = p->criteria[k].share;
		here[k] = sim[k * p->set.nmentees * p->set.nmentors + pair];
		if (here[k] == MTR_MISSING)
			here[k] = p->criteria[k].if_missing;
		sum += (int64_t) share[k] * here[k];
	}
	score = mtr_contributions(n, share, here, part, order);
	CLAIM(score == sum / MTR_UNIT);
	for (int32_t k = 0; k < n; k++)
	{
		int64_t		exact = (int64_t) share[k] * here[k];

		CLAIM(part[k] == exact / MTR_UNIT ||
			  (part[k] == exact / MTR_UNIT + 1 && exact % MTR_UNIT != 0));
		score -= part[k];
	}
	CLAIM(score == 0);
}

static Programme *
read_programme(void)
{
	int32_t		nmentees = choose_side(&input, 25);
	int32_t		nmentors = choose_side(&input, 51);
	int32_t		ncriteria = below(5);

	return random_programme(nmentees, nmentors, ncriteria,
							below(MTR_CUSTOM + 2) - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Programme  *p;
	void	   *scratch;
	bool		is_defined;

	input = begin_input(data, size);
	p = read_programme();
	describe = describe_programme;
	in_hand = p;
	is_defined = !chance(20);
	if (!is_defined)
		add_infinities(p);
	pack_programme(p);
	if (chance(20))
	{
		/* no list of exclusions at all is a second way of having none */
		memset(p->excluded, 0, (size_t) p->set.nmentees * p->set.nmentors);
		p->set.exclude_start = NULL;
	}
	scratch = take_memory(mtr_score_scratch_size(&p->set), 1);
	mtr_score_prepare(&p->set, scratch);
	if (is_defined)
	{
		int32_t    *sim = similarities_of(p);

		claim_rows(p, sim, scratch);
		if (p->set.nmentees > 0 && p->set.nmentors > 0)
			claim_contributions(p, sim,
								below(p->set.nmentees * p->set.nmentors));
	}
	claim_columns(p, scratch);
	free(scratch);
	release_memory();
	return 0;
}
