/*
 * pair_lemon.cpp
 *	  problems of pairing peers, solved by the LEMON library
 *
 * For each file (pair_bench.c says what is in it): seconds of CPU time, number
 * of pairs, total.  LEMON is headers only here; it is an oracle and a rival,
 * no part of the extension.
 *
 * Under most_pairs every weight is raised by more than all scores together
 * can differ, so that one pair more is always worth it.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <lemon/matching.h>
#include <lemon/smart_graph.h>

typedef lemon::SmartGraph Graph;
typedef Graph::EdgeMap<long long> Weights;

static double
cpu_seconds()
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void
solve(const char *name)
{
	FILE *file = fopen(name, "rb");
	int32_t head[2];

	if (file == NULL || fread(head, sizeof(int32_t), 2, file) != 2)
		exit(1);

	int n = head[0];
	bool most_pairs = head[1] != 0;
	long long raise = most_pairs ? 2000000001LL * (n + 1) : 0;
	std::vector<int32_t> row(n);
	std::vector<Graph::Node> node(n);
	Graph graph;
	Weights weight(graph);

	for (int a = 0; a < n; a++)
		node[a] = graph.addNode();
	for (int a = 0; a < n; a++)
	{
		if (fread(row.data(), sizeof(int32_t), n, file) != (size_t) n)
			exit(1);
		for (int b = 0; b < a; b++)
			if (row[b] != INT32_MIN && (most_pairs || row[b] > 0))
				weight[graph.addEdge(node[a], node[b])] = row[b] + raise;
	}
	fclose(file);

	double start = cpu_seconds();
	lemon::MaxWeightedMatching<Graph, Weights> matching(graph, weight);

	matching.run();
	printf("%.9f %d %lld\n", cpu_seconds() - start, matching.matchingSize(),
		   (long long) (matching.matchingWeight() -
						raise * matching.matchingSize()));
}

int
main(int argc, char **argv)
{
	for (int k = 1; k < argc; k++)
		solve(argv[k]);
	return 0;
}
