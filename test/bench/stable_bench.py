#!/usr/bin/python3
"""stable_bench.py: stable matching against programs in Python

n residents, n / 3 hospitals of 1 to 5 places, all of them acceptable to each
other, with random scores of both sides.  The rivals are

  python    deferred acceptance as one would write it: preferences sorted, the
            residents on a stack, a heap for each hospital
  matching  the package of that name, if it is installed: making its players
            and solving

and get the scores in lists, already in memory.  The kernel runs in
stable_bench.c, compiled as the extension is; solve_stable() reads the scores
from a table.  Times are CPU seconds, medians of up to 5 runs, but wall-clock
for solve_stable(); ratios are those of the kernel.  All answers must agree.

Connection by PGHOST, PGDATABASE ...; the database must have the extension.
"""
import array
import heapq
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import matching
    import matching.games
except ImportError:
    matching = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PSQL = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']
RUNS = 5
SECONDS = 3         # after which there are no more runs
MATCHING_MAX = 1000     # its time grows with the third power


def build(folder):
    program = os.path.join(folder, 'stable_bench')
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off',
         '-fno-strict-aliasing', '-fwrapv',
         '-I' + os.path.join(ROOT, 'src/kernel'), '-o', program] +
        [os.path.join(ROOT, part) for part in (
            'test/bench/stable_bench.c', 'src/kernel/stable.c',
            'src/kernel/stable_check.c', 'test/unit/poll.c')], check=True)
    return program


def instance(n):
    generator = random.Random(n)
    below = generator.randrange
    m = n // 3
    return ([[below(10 ** 6) for _ in range(m)] for _ in range(n)],
            [[below(10 ** 6) for _ in range(m)] for _ in range(n)],
            [1 + below(5) for _ in range(m)])


def by_python(left, right, places):
    """Hospital of each resident; equal scores: the lower number first."""
    n, m = len(left), len(places)
    # a sort in reverse keeps the order of equals
    choices = [iter(sorted(range(m), key=row.__getitem__, reverse=True))
               for row in left]
    held = [[] for _ in range(m)]
    free = list(range(n - 1, -1, -1))
    while free:
        i = free.pop()
        for j in choices[i]:
            offer = (right[i][j], -i)
            if len(held[j]) < places[j]:
                heapq.heappush(held[j], offer)
                break
            if offer > held[j][0]:
                free.append(-heapq.heapreplace(held[j], offer)[1])
                break
    return {-k: j for j in range(m) for _, k in held[j]}


def by_package(left, right, places):
    n, m = len(left), len(places)
    sys.setrecursionlimit(10 ** 6)
    game = matching.games.HospitalResident.create_from_dictionaries(
        {'r%d' % i: ['h%d' % j for j in sorted(
            range(m), key=left[i].__getitem__, reverse=True)]
         for i in range(n)},
        {'h%d' % j: ['r%d' % i for i in sorted(
            range(n), key=lambda i: right[i][j], reverse=True)]
         for j in range(m)},
        {'h%d' % j: places[j] for j in range(m)})
    return {int(resident.name[1:]): int(hospital.name[1:])
            for hospital, residents in game.solve(optimal='resident').items()
            for resident in residents}


def median_seconds(work):
    seconds = []
    started = time.monotonic()
    while len(seconds) < RUNS and (not seconds or
                                   time.monotonic() - started < SECONDS):
        before = time.process_time()
        answer = work()
        seconds.append(time.process_time() - before)
    return statistics.median(seconds), answer


def by_kernel(program, folder, left, right, places):
    file = os.path.join(folder, 'problem')
    with open(file, 'wb') as out:
        array.array('i', [len(left), len(places)]).tofile(out)
        array.array('i', [1] * len(left) + places).tofile(out)
        for rows in (left, right):
            for row in rows:
                array.array('i', row).tofile(out)
    out = subprocess.run([program, file], check=True, stdout=subprocess.PIPE)
    seconds, pairs, liked, likes = out.stdout.decode().split()
    return float(seconds), (int(pairs), int(liked), int(likes))


def by_sql(left, right, places):
    rows = '\n'.join('%d\t%d\t%d\t%d' % (i, j, left[i][j], right[i][j])
                     for i in range(len(left)) for j in range(len(places)))
    hospitals = '\n'.join('right\t%d\t%d' % pair for pair in enumerate(places))
    script = r'''
CREATE TEMPORARY TABLE score (left_id integer, right_id integer, a integer,
                              b integer);
COPY score FROM STDIN;
%s
\.
CREATE TEMPORARY TABLE place (side text, id integer, places integer);
COPY place FROM STDIN;
%s
\.
CREATE TEMPORARY VIEW pair AS
SELECT left_id, right_id, a / 1000.0::float8 AS left_score,
       b / 1000.0::float8 AS right_score
  FROM score;
ANALYZE score;
\timing on
CREATE TEMPORARY TABLE answer AS
SELECT * FROM mentoring.solve_stable('TABLE pair', 'TABLE place');
\timing off
SELECT count(*), sum(a), sum(b) FROM answer JOIN score USING (left_id, right_id);
''' % (rows, hospitals)
    out = subprocess.run(PSQL, input=script.encode(), check=True,
                         stdout=subprocess.PIPE).stdout.decode().split('\n')
    seconds = [float(line.split()[1]) / 1000 for line in out
               if line.startswith('Time:')]
    answer = [line for line in out if line.count('|') == 2][0]
    return seconds[-1], tuple(int(part) for part in answer.split('|'))


def sums(problem, answer):
    left, right, _ = problem
    return (len(answer), sum(left[i][j] for i, j in answer.items()),
            sum(right[i][j] for i, j in answer.items()))


def run(program, folder, n):
    problem = instance(n)
    kernel, wanted = by_kernel(program, folder, *problem)
    sql, answer = by_sql(*problem)
    agree = answer == wanted
    python, answer = median_seconds(lambda: by_python(*problem))
    agree = agree and sums(problem, answer) == wanted
    line = '%6d %10.5f %12.3f %10.3f %7.0fx' % (n, kernel, sql, python,
                                                python / kernel)
    if matching and n <= MATCHING_MAX:
        package, answer = median_seconds(lambda: by_package(*problem))
        agree = agree and sums(problem, answer) == wanted
        line += ' %10.3f %7.0fx' % (package, package / kernel)
    print(line + ('' if agree else '  answers differ'), flush=True)
    return agree


def main():
    agree = True
    if matching is None:
        print('*** SKIPPED: the Python package "matching" is not installed')
    print('%6s %10s %12s %10s %8s%s' % (
        'n', 'kernel', 'solve_stable', 'python', 'ratio',
        ' %10s %8s' % ('matching', 'ratio') if matching else ''))
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        for n in (300, 1000, 2000):
            agree = run(program, folder, n) and agree
    return 0 if agree else 1


if __name__ == '__main__':
    sys.exit(main())
