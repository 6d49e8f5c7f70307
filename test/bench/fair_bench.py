#!/usr/bin/python3
"""fair_bench.py: the fair kernel against programs that use scipy

CPU time of solving alone, medians, in turn in one run, and their ratio; the
numbers of pairs and totals must agree.  Two rivals, both exact:

levels   what a program does that has maximum_bipartite_matching(): find the
         highest threshold that admits as many pairs, by bisection, and fix the
         pair of that score; then the next.  Needs scores that all differ.
weights  what a program does that has linear_sum_assignment(): as few of the
         lowest score as possible, by weights that grow by the number of pairs
         from score to score.  Needs so few scores that float64 is exact.

The kernel runs in fair_bench.c, compiled as the extension is.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching
except ImportError:
    print('python3-scipy is not installed: nothing to compare with')
    sys.exit(0)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
RUNS = 3
SECONDS = 4         # after which there are no more runs


def build(folder):
    program = os.path.join(folder, 'fair_bench')
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off',
         '-fno-strict-aliasing', '-fwrapv',
         '-I' + os.path.join(ROOT, 'src/kernel'), '-o', program,
         os.path.join(ROOT, 'test/bench/fair_bench.c'),
         os.path.join(ROOT, 'src/kernel/fair.c'),
         os.path.join(ROOT, 'src/kernel/fair_check.c'),
         os.path.join(ROOT, 'src/kernel/assign.c'),
         os.path.join(ROOT, 'test/unit/poll.c')], check=True)
    return program


def distinct(random, n):
    return random.permutation(n * n).reshape(n, n).astype(numpy.int32)


def three(random, n):
    return random.integers(0, 3, (n, n)).astype(numpy.int32)


def skewed(random, n):
    """Four scores, the lower the more frequent."""
    return numpy.minimum(random.integers(0, 4, (n, n)),
                         random.integers(0, n, (n, n)) // (n // 5)
                         ).astype(numpy.int32)


def pairs_from(score, low):
    return int((maximum_bipartite_matching(csr_matrix(score >= low)) >= 0)
               .sum())


def by_levels(score):
    total = 0
    size = len(score)
    while len(score) > 0:
        levels = numpy.unique(score)
        low, high = 0, len(levels)      # all pairs from low on, not from high
        while high - low > 1:
            middle = (low + high) // 2
            if pairs_from(score, levels[middle]) == len(score):
                low = middle
            else:
                high = middle
        row, col = numpy.argwhere(score == levels[low])[0]
        total += int(levels[low])
        score = numpy.delete(numpy.delete(score, row, 0), col, 1)
    return size, total


def by_weights(score):
    highest = int(score.max())
    base = len(score) + 1
    weight = numpy.array([float(base) ** (highest - level)
                          for level in range(highest + 1)])
    rows, cols = linear_sum_assignment(weight[score])
    return len(rows), int(score[rows, cols].sum())


INSTANCES = [  # scores, rows and columns, rival
    (distinct, 50, by_levels), (distinct, 100, by_levels),
    (distinct, 200, by_levels),
    (three, 1000, by_weights), (three, 2000, by_weights),
    (skewed, 1000, by_weights), (skewed, 2000, by_weights)]


def ours(program, file):
    out = subprocess.run([program, file], check=True, stdout=subprocess.PIPE)
    seconds, pairs, total = out.stdout.decode().split()
    return float(seconds), (int(pairs), int(total))


def theirs(rival, score):
    before = time.process_time()
    answer = rival(score)
    return time.process_time() - before, answer


def run(program, file, kind, n, rival):
    score = kind(numpy.random.default_rng(1), n)
    with open(file, 'wb') as out:
        for part in ([n, n, 1], numpy.ones(2 * n), score):
            numpy.asarray(part).astype(numpy.int32).tofile(out)
    mine, others = [], []
    started = time.monotonic()
    while len(mine) < RUNS and time.monotonic() - started < SECONDS:
        mine.append(ours(program, file))
        others.append(theirs(rival, score))
    seconds = [statistics.median(run[0] for run in runs)
               for runs in (mine, others)]
    agree = {run[1] for run in mine} == {run[1] for run in others}
    print('%-10s %5d x %5d %-10s %10.2f %10.1f %8.0f%s' % (
        kind.__name__, n, n, rival.__name__, 1e3 * seconds[0],
        1e3 * seconds[1], seconds[1] / seconds[0],
        '' if agree else '  totals differ'), flush=True)
    return agree


def main():
    print('%-10s %13s %-10s %10s %10s %8s' % (
        'scores', 'rows x cols', 'rival', 'ms', 'scipy ms', 'ratio'))
    agree = True
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        for instance in INSTANCES:
            agree &= run(program, os.path.join(folder, 'matrix'), *instance)
    sys.exit(0 if agree else 1)


main()
