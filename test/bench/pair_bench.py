#!/usr/bin/python3
"""pair_bench.py: pairing peers against LEMON and networkx

CPU time of solving alone, scores being in memory, and the ratio; all solve the
same complete graphs, the kernel proves its answer, and the totals must agree.
LEMON's MaxWeightedMatching is compiled with -O2 as its packages are; networkx
gets a graph already made.  The kernel runs in pair_bench.c, compiled as the
extension is.

Arguments: sizes of the problems for LEMON (default 500 1000 2000; 5000 takes
it more than a minute each).
"""
import os
import subprocess
import sys
import tempfile
import time

try:
    import numpy
except ImportError:
    print('python3-numpy is not installed: no problems can be made')
    sys.exit(0)
try:
    import networkx
except ImportError:
    networkx = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
NO_PAIR = -2 ** 31


def build(folder):
    kernel = os.path.join(folder, 'kernel')
    lemon = os.path.join(folder, 'lemon')
    sources = ['test/bench/pair_bench.c', 'src/kernel/pair.c',
               'src/kernel/pair_check.c', 'src/kernel/pair_greedy.c',
               'test/unit/poll.c']
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off',
         '-fno-strict-aliasing', '-fwrapv', '-I' +
         os.path.join(ROOT, 'src/kernel'), '-o', kernel] +
        [os.path.join(ROOT, source) for source in sources], check=True)
    try:
        made = subprocess.run(
            ['g++', '-O2', '-w', '-o', lemon,
             os.path.join(ROOT, 'test/unit/pair_lemon.cpp')],
            capture_output=True).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        print('liblemon-dev (or g++) is not installed: no comparison with it')
    return kernel, lemon if made else None


def people(rng, n):
    """The mean of both sides' coverage of 10 wanted of 300 skills by 20 held,
    interests, seniority, department, time zone, as weighted in a programme."""
    popular = 1 / numpy.arange(1, 301) ** 0.8
    popular /= popular.sum()
    wanted = numpy.zeros((n, 300))
    held = numpy.zeros((n, 300))
    likes = numpy.zeros((n, 100))
    for i in range(n):
        wanted[i, rng.choice(300, 10, replace=False, p=popular)] = (
            rng.integers(1, 6, 10))
        held[i, rng.choice(300, 20, replace=False, p=popular)] = (
            rng.integers(1, 6, 20))
        likes[i, rng.choice(100, 5, replace=False)] = 1
    number = rng.random((3, n))
    score = numpy.zeros((n, n))
    common = likes @ likes.T
    for i in range(n):
        skills = wanted[i] > 0
        cover = numpy.minimum(1, held[:, skills] / wanted[i, skills]).mean(
            axis=1)
        score[i] += 0.225 * cover
        score[:, i] += 0.225 * cover
        score[i] += (
            0.2 * common[i] / (10 - common[i]) +
            0.15 * numpy.clip(1 - 3 * abs(number[0] - number[0, i]), 0, 1) +
            0.1 * (numpy.floor(12 * number[1]) ==
                   numpy.floor(12 * number[1, i])) +
            0.1 * numpy.clip(1 - 2 * abs(number[2] - number[2, i]), 0, 1))
    return numpy.rint(1e6 * score).astype(numpy.int32)


def percent(rng, n):
    return people(rng, n) // 10000 * 10000


def uniform(rng, n):
    half = numpy.triu(rng.integers(0, 10 ** 6 + 1, (n, n)), 1)
    return (half + half.T).astype(numpy.int32)


def run(program, name):
    seconds, npairs, total = subprocess.run(
        [program, name], check=True, capture_output=True,
        text=True).stdout.split()
    return float(seconds), int(npairs), int(total)


def run_networkx(score):
    graph = networkx.Graph()
    n = len(score)
    graph.add_weighted_edges_from(
        (a, b, int(score[a, b])) for a in range(n) for b in range(a))
    start = time.process_time()
    pairs = networkx.max_weight_matching(graph)
    return (time.process_time() - start, len(pairs),
            sum(int(score[a, b]) for a, b in pairs))


def main():
    sizes = [int(word) for word in sys.argv[1:]] or [500, 1000, 2000]
    failed = False
    print('%-8s %6s %12s %12s %8s' % (
        'scores', 'n', 'kernel ms', 'rival ms', 'ratio'))
    with tempfile.TemporaryDirectory() as folder:
        kernel, lemon = build(folder)
        name = os.path.join(folder, 'problem')
        for make in (people, percent, uniform):
            for n in [200] + sizes:
                rng = numpy.random.default_rng(20240612)
                score = make(rng, n)
                numpy.fill_diagonal(score, NO_PAIR)
                with open(name, 'wb') as file:
                    numpy.array([n, 0], numpy.int32).tofile(file)
                    score.tofile(file)
                ours = run(kernel, name)
                if n == 200 and networkx:
                    rival, theirs = 'networkx', run_networkx(score)
                elif n > 200 and lemon:
                    rival, theirs = 'LEMON', run(lemon, name)
                else:
                    continue
                print('%-8s %6d %12.2f %12.1f %7.0fx  %s' % (
                    make.__name__, n, 1e3 * ours[0], 1e3 * theirs[0],
                    theirs[0] / ours[0], rival), flush=True)
                if ours[2] != theirs[2]:
                    print('totals differ: %d, %s %d' % (
                        ours[2], rival, theirs[2]))
                    failed = True
    sys.exit(1 if failed else 0)


main()
