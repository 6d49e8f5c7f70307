#!/usr/bin/python3
"""assign_bench.py: the assignment kernel against scipy on the same matrices

CPU time of solving alone, medians, in turn in one run, and their ratio; the
totals must agree.  scipy.optimize.linear_sum_assignment gets float64, already
converted, and a column of several places repeated.  The kernel runs in
assign_bench.c, compiled as the extension is.

Arguments: a part of the names of the instances to run.
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
except ImportError:
    print('python3-scipy is not installed: nothing to compare with')
    sys.exit(0)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
RUNS = 5
SECONDS = 3         # after which there are no more runs


def build(folder):
    program = os.path.join(folder, 'assign_bench')
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off',
         '-fno-strict-aliasing', '-fwrapv',
         '-I' + os.path.join(ROOT, 'src/kernel'), '-o', program,
         os.path.join(ROOT, 'test/bench/assign_bench.c'),
         os.path.join(ROOT, 'src/kernel/assign.c'),
         os.path.join(ROOT, 'test/unit/poll.c')], check=True)
    return program


def people(random, n, nskills, nheld):
    """What skill each has at which level, 5 of 100 interests, four numbers."""
    popular = 1 / numpy.arange(1, nskills + 1) ** 0.8
    popular /= popular.sum()
    level = numpy.zeros((n, nskills))
    interest = numpy.zeros((n, 100))
    for i in range(n):
        level[i, random.choice(nskills, nheld, replace=False, p=popular)] = (
            random.integers(1, 6, nheld))
        interest[i, random.choice(100, 5, replace=False)] = 1
    return level, interest, random.random((4, n))


def programme(random, nrows, ncols):
    """0.45 coverage of 10 wanted of 300 skills, 0.2 Jaccard of interests,
    0.15 gap of seniority, 0.1 same department, 0.1 near time zones."""
    wanted, likes, mentee = people(random, nrows, 300, 10)
    offered, shares, mentor = people(random, ncols, 300, 12)
    score = numpy.zeros((nrows, ncols))
    common = likes @ shares.T
    for i in range(nrows):
        skills = wanted[i] > 0
        cover = numpy.minimum(1, offered[:, skills] / wanted[i, skills])
        gap = 27 * mentor[0] + 3 - 20 * mentee[0, i]
        score[i] = (0.45 * cover.mean(axis=1) +
                    0.2 * common[i] / (10 - common[i]) +
                    0.15 * numpy.clip(1 - abs(gap - 6) / 10, 0, 1) +
                    0.1 * (numpy.floor(12 * mentor[1]) ==
                           numpy.floor(12 * mentee[1, i])) +
                    0.1 * numpy.clip(1 - 2 * abs(mentor[2] - mentee[2, i]),
                                     0, 1))
    return numpy.rint(1e6 * score).astype(numpy.int32)


def percent(random, nrows, ncols):
    return programme(random, nrows, ncols) // 10000 * 10000


def uniform(random, nrows, ncols):
    return random.integers(0, 10 ** 6 + 1, (nrows, ncols)).astype(numpy.int32)


def product(random, nrows, ncols):
    worth = numpy.outer(numpy.arange(1, nrows + 1), numpy.arange(1, ncols + 1))
    return (10 ** 6 - worth * 10 ** 6 // (nrows * ncols)).astype(numpy.int32)


INSTANCES = [  # scores, rows, columns, places of a column at most
    (uniform, 1000, 1000, 1), (uniform, 2000, 2000, 1),
    (programme, 1000, 1000, 1), (programme, 2000, 2000, 1),
    (programme, 5000, 5000, 1),
    (percent, 1000, 1000, 1), (percent, 2000, 2000, 1),
    (uniform, 400, 250, 3), (programme, 400, 250, 3),
    (programme, 3000, 1000, 5), (programme, 4000, 400, 1),
    (programme, 400, 4000, 1), (product, 1000, 1000, 1)]


def ours(program, file):
    out = subprocess.run([program, file], check=True, stdout=subprocess.PIPE)
    seconds, pairs, total = out.stdout.decode().split()
    return float(seconds), int(pairs), int(total)


def theirs(wide):
    before = time.process_time()
    rows, cols = linear_sum_assignment(wide, maximize=True)
    return time.process_time() - before, int(wide[rows, cols].sum())


def run(program, file, instance):
    kind, nrows, ncols, most = instance
    random = numpy.random.default_rng(1)
    score = kind(random, nrows, ncols)
    places = random.integers(1, most + 1, ncols)
    with open(file, 'wb') as out:
        for part in ([nrows, ncols, 1], numpy.ones(nrows), places, score):
            numpy.asarray(part).astype(numpy.int32).tofile(out)
    wide = numpy.repeat(score, places, axis=1).astype(numpy.float64)
    mine, rival = [], []
    started = time.monotonic()
    while len(mine) < RUNS and time.monotonic() - started < SECONDS:
        mine.append(ours(program, file))
        rival.append(theirs(wide))
    seconds = [statistics.median(run[0] for run in runs)
               for runs in (mine, rival)]
    agree = {run[2] for run in mine} == {run[1] for run in rival}
    print('%-10s %6d x %5d %7d %8d %10.2f %10.1f %7.1f%s' % (
        kind.__name__, nrows, ncols, most, mine[0][1], 1e3 * seconds[0],
        1e3 * seconds[1], seconds[1] / seconds[0],
        '' if agree else '  totals differ'), flush=True)
    return agree


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ''
    print('%-10s %14s %7s %8s %10s %10s %7s' % (
        'scores', 'rows x columns', 'places', 'pairs', 'ms', 'scipy ms',
        'ratio'))
    agree = True
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        for instance in INSTANCES:
            if wanted in instance[0].__name__:
                agree &= run(program, os.path.join(folder, 'matrix'),
                             instance)
    sys.exit(0 if agree else 1)


main()
