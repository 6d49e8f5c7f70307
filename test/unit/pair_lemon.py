#!/usr/bin/python3
"""pair_lemon.py: pairings of the kernel against the LEMON library

Problems go by files to test/bench/pair_bench.c, which also checks the proof,
and to pair_lemon.cpp; number of pairs and total have to agree.  Scores are
uniform, those of people, these in whole percent, of any sign, and such that
everybody prefers the same partners; pairs are ineligible at random or because
they are within one of two halves.
"""
import os
import random
import struct
import subprocess
import sys
import tempfile
from array import array

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
NO_PAIR = -2 ** 31
SIZES = (20, 61, 150, 151, 300)


def find_lemon():
    """LEMON is headers only here: can a program that uses it be compiled?"""
    try:
        probe = subprocess.run(
            ['g++', '-fsyntax-only', '-x', 'c++', '-'], capture_output=True,
            input=b'#include <lemon/matching.h>\n')
    except FileNotFoundError:
        return False
    return probe.returncode == 0


def build(folder):
    kernel = os.path.join(folder, 'kernel')
    lemon = os.path.join(folder, 'lemon')
    sources = ['test/bench/pair_bench.c', 'src/kernel/pair.c',
               'src/kernel/pair_check.c', 'src/kernel/pair_greedy.c',
               'test/unit/poll.c']
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off', '-I' +
         os.path.join(ROOT, 'src/kernel'), '-o', kernel] +
        [os.path.join(ROOT, source) for source in sources], check=True)
    subprocess.run(
        ['g++', '-O2', '-w', '-o', lemon,
         os.path.join(ROOT, 'test/unit/pair_lemon.cpp')], check=True)
    return kernel, lemon


def scores(rng, kind, n):
    skills = [{int(60 * rng.random() ** 2) for _ in range(8)}
              for _ in range(n)]
    quality = [rng.random() for _ in range(n)]

    def score(a, b):
        if kind == 'uniform':
            return rng.randrange(10 ** 6)
        if kind == 'any sign':
            return rng.randrange(-10 ** 9, 10 ** 9)
        if kind == 'favourites':
            return int(4e5 * (quality[a] + quality[b])) + rng.randrange(50000)
        near = 1 - abs(quality[a] - quality[b])
        common = len(skills[a] & skills[b]) / len(skills[a] | skills[b])
        value = int(1e6 * (0.7 * common + 0.3 * near))
        return value // 10000 * 10000 if kind == 'percent' else value

    matrix = [[NO_PAIR] * n for _ in range(n)]
    for a in range(n):
        for b in range(a):
            matrix[a][b] = matrix[b][a] = score(a, b)
    return matrix


def exclude(rng, how, matrix):
    n = len(matrix)
    for a in range(n):
        for b in range(a):
            if ((how == 'most' and rng.random() < 0.9) or
                    (how == 'within halves' and
                     (a < 2 * n // 3) == (b < 2 * n // 3) and
                     rng.random() < 0.99)):
                matrix[a][b] = matrix[b][a] = NO_PAIR


def solve(program, names):
    out = subprocess.run([program] + names, check=True, capture_output=True,
                         text=True).stdout
    return [tuple(int(word) for word in line.split()[1:])
            for line in out.splitlines()]


def main():
    if not find_lemon():
        print('ok 1 # SKIP liblemon-dev (or g++) is not installed')
        print('1..1')
        return
    rng = random.Random(20240612)
    ntests = 0
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        kernel, lemon = build(folder)
        for kind in ('uniform', 'people', 'percent', 'any sign',
                     'favourites'):
            for how in ('no pair', 'most', 'within halves'):
                names = []
                for n in SIZES:
                    for most_pairs in (0, 1):
                        matrix = scores(rng, kind, n)
                        exclude(rng, how, matrix)
                        names.append(os.path.join(
                            folder, '%d_%d' % (n, most_pairs)))
                        with open(names[-1], 'wb') as file:
                            file.write(struct.pack('=2i', n, most_pairs))
                            for row in matrix:
                                array('i', row).tofile(file)
                ours = solve(kernel, names)
                theirs = solve(lemon, names)
                # best_total doesn't fix the number of pairs
                wrong = ['# %s: %s, LEMON %s' % (os.path.basename(name), a, b)
                         for name, a, b in zip(names, ours, theirs)
                         if a[1] != b[1] or (name.endswith('1') and a != b)]
                failed |= bool(wrong) or len(ours) != len(names)
                ntests += 1
                print('%sok %d - totals of LEMON: %s, %s ineligible'
                      ' (%d cases)' % ('not ' if wrong else '', ntests, kind,
                                       how, len(names)),
                      *wrong, sep='\n', flush=True)
    print('1..%d' % ntests)
    sys.exit(1 if failed else 0)


main()
