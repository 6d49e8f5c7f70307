#!/usr/bin/python3
"""lazy_bench.py: the lazy assignment kernel against scipy on the same matrices

CPU time of solving alone, in turn in one run, and their ratio; the totals must
agree.  The kernel reads rows out of the matrix, as match() has it do between
2 million pairs and what mentoring.match_memory holds; lazy_bench.c, compiled
as the extension is, makes the scores.  scipy.optimize.linear_sum_assignment
gets float64, already converted, and a column of several places repeated.
Medians of 3 runs of scipy, or one if that takes longer than 5 s.

Arguments: numbers of rows to run only.
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
RUNS = 3
SECONDS = 5         # after which there are no more runs

INSTANCES = [  # scores, rows, columns, places of a column at most
    ('people', 1000, 1000, 1), ('people', 2000, 2000, 1),
    ('people', 5000, 5000, 1), ('percent', 5000, 5000, 1),
    ('uniform', 5000, 5000, 1), ('people', 6000, 2000, 5),
    ('people', 10000, 10000, 1)]


def build(folder):
    program = os.path.join(folder, 'lazy_bench')
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off',
         '-fno-strict-aliasing', '-fwrapv',
         '-I' + os.path.join(ROOT, 'src/kernel'), '-o', program] +
        [os.path.join(ROOT, name) for name in (
            'test/bench/lazy_bench.c', 'src/kernel/lazy.c',
            'src/kernel/assign.c', 'test/unit/poll.c')] + ['-lm'], check=True)
    return program


def ours(program, file, instance):
    out = subprocess.run([program, 'solve'] + [str(x) for x in instance] +
                         [file], check=True, stdout=subprocess.PIPE)
    seconds, pairs, total = out.stdout.decode().split()
    return float(seconds), int(pairs), int(total)


def theirs(file, nrows, ncols):
    numbers = numpy.fromfile(file, dtype=numpy.int32)
    score = numbers[ncols:].reshape(nrows, ncols)
    wide = numpy.repeat(score, numbers[:ncols], axis=1).astype(numpy.float64)
    del numbers, score
    times = []
    while len(times) < RUNS and sum(times) < SECONDS:
        before = time.process_time()
        rows, cols = linear_sum_assignment(wide, maximize=True)
        times.append(time.process_time() - before)
    return statistics.median(times), len(rows), int(wide[rows, cols].sum())


def main():
    wanted = [int(x) for x in sys.argv[1:]]
    agree = True
    print('%-8s %15s %7s %10s %10s %7s' % (
        'scores', 'rows x columns', 'places', 'ours ms', 'scipy ms', 'ratio'))
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        file = os.path.join(folder, 'scores')
        for instance in INSTANCES:
            kind, nrows, ncols, places = instance
            if wanted and nrows not in wanted:
                continue
            seconds, pairs, total = ours(program, file, instance)
            other, other_pairs, other_total = theirs(file, nrows, ncols)
            same = (pairs, total) == (other_pairs, other_total)
            agree = agree and same
            print('%-8s %7d x %5d %7d %10.2f %10.2f %7.1f%s' % (
                kind, nrows, ncols, places, seconds * 1e3, other * 1e3,
                other / seconds, '' if same else '  TOTALS DIFFER'),
                flush=True)
    return 0 if agree else 1


if __name__ == '__main__':
    sys.exit(main())
