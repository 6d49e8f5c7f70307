#!/usr/bin/python3
"""assign_scipy.py: totals of the assignment kernel against scipy

The kernel is compiled to a shared object in a temporary folder.  Problems are
square, rectangular, with several places on either side (scipy gets the rows or
columns repeated) and with ineligible pairs; scores are uniform, those of a
mentoring programme, and the latter in whole percent, which ties most of them.

Repeating a row and a column that both have several places would let a pair be
taken twice, so only one side has several.
"""
import ctypes
import os
import subprocess
import sys
import tempfile

try:
    import numpy
    from scipy.optimize import linear_sum_assignment
except ImportError:
    print('ok 1 # SKIP python3-scipy is not installed')
    print('1..1')
    sys.exit(0)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
NO_PAIR = -2 ** 31


class MtrAssign(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ('nrows', 'ncols')] + [
        (name, ctypes.c_void_p)
        for name in ('score', 'row_places', 'col_places')] + [
        ('most_pairs', ctypes.c_bool), ('npairs', ctypes.c_int32),
        ('pair_row', ctypes.c_void_p), ('pair_col', ctypes.c_void_p),
        ('total', ctypes.c_int64)] + [
        (name, ctypes.c_void_p)
        for name in ('row_cover', 'col_cover', 'row_price', 'col_price')]


def build(folder):
    library = os.path.join(folder, 'assign.so')
    subprocess.run(
        ['gcc', '-std=gnu99', '-O3', '-ffp-contract=off', '-fPIC', '-shared',
         '-I' + os.path.join(ROOT, 'src/kernel'), '-o', library,
         os.path.join(ROOT, 'src/kernel/assign.c'),
         os.path.join(ROOT, 'test/unit/poll.c')], check=True)
    kernel = ctypes.CDLL(library)
    kernel.mtr_assign_max_pairs.restype = ctypes.c_int64
    kernel.mtr_assign_scratch_size.restype = ctypes.c_size_t
    return kernel


def solve(kernel, score, row_places, col_places, most_pairs):
    """Number of pairs and total, recomputed from the pairs."""
    nrows, ncols = score.shape
    places = [numpy.ascontiguousarray(side, numpy.int32)
              for side in (row_places, col_places)]
    outputs = [numpy.zeros(max(n, 1), kind) for n, kind in (
        (nrows, numpy.uint8), (ncols, numpy.uint8),
        (nrows, numpy.int64), (ncols, numpy.int64))]
    p = MtrAssign(nrows, ncols, score.ctypes.data, places[0].ctypes.data,
                  places[1].ctypes.data, most_pairs)
    most = kernel.mtr_assign_max_pairs(ctypes.byref(p))
    pairs = [numpy.zeros(max(most, 1), numpy.int32) for _ in range(2)]
    scratch = numpy.empty(kernel.mtr_assign_scratch_size(ctypes.byref(p)) + 64,
                          numpy.uint8)
    p.pair_row, p.pair_col = (side.ctypes.data for side in pairs)
    p.row_cover, p.col_cover, p.row_price, p.col_price = (
        side.ctypes.data for side in outputs)
    status = kernel.mtr_assign_solve(
        ctypes.byref(p), ctypes.c_void_p((scratch.ctypes.data + 63) // 64 * 64))
    if status != 0:
        return 'status %d' % status
    taken = score[pairs[0][:p.npairs], pairs[1][:p.npairs]]
    total = int(taken.astype(numpy.int64).sum())
    if total != p.total or NO_PAIR in taken:
        return 'total %d of pairs with %d' % (p.total, total)
    return p.npairs, total


def oracle(score, row_places, col_places, most_pairs):
    """The same by scipy: an ineligible pair costs more than all others gain,
    or (best_total) like a pair of score <= 0 nothing."""
    wide = numpy.repeat(numpy.repeat(score, row_places, axis=0), col_places,
                        axis=1).astype(numpy.float64)
    missing = wide == NO_PAIR
    if most_pairs:
        wide[missing] = -4e6 * (min(wide.shape) + 1)
    else:
        wide = numpy.maximum(wide, 0)
    rows, cols = linear_sum_assignment(wide, maximize=True)
    taken = ~missing[rows, cols]
    if not most_pairs:
        taken &= wide[rows, cols] > 0
    return int(taken.sum()), int(wide[rows, cols][taken].sum())


def programme(random, nrows, ncols, nskills=60):
    """Scores as of a mentoring programme: how much of what one side wants
    the other offers, plus nearness of two numbers; popular skills are wanted
    by many."""
    popular = 1 / numpy.arange(1, nskills + 1) ** 0.8
    wanted = random.random((nrows, nskills)) < popular
    offered = random.random((ncols, nskills)) < popular * 1.5
    cover = (wanted.astype(float) @ offered.T) / numpy.maximum(
        wanted.sum(axis=1), 1)[:, None]
    near = 1 - numpy.abs(random.random(nrows)[:, None] -
                         random.random(ncols)[None, :])
    return numpy.rint(1e6 * (0.7 * cover + 0.3 * near)).astype(numpy.int32)


def scores(random, kind, nrows, ncols):
    if kind == 'uniform':
        return random.integers(0, 10 ** 6 + 1, (nrows, ncols)).astype(
            numpy.int32)
    if kind == 'any sign':
        return random.integers(-10 ** 6, 10 ** 6 + 1, (nrows, ncols)).astype(
            numpy.int32)
    score = programme(random, nrows, ncols)
    if kind == 'percent':
        score = score // 10000 * 10000
    return score


SHAPES = [  # rows, columns, places of a row and of a column up to
    (200, 200, 1, 1), (400, 400, 1, 1), (700, 700, 1, 1),
    (200, 500, 1, 1), (500, 200, 1, 1), (1000, 130, 1, 1),
    (300, 100, 1, 5), (400, 250, 1, 3), (100, 300, 5, 1)]


def main():
    random = numpy.random.default_rng(20240607)
    ntests = 0
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        kernel = build(folder)
        for kind in ('uniform', 'programme', 'percent', 'any sign'):
            for excluded in (0, 0.6):
                wrong = []
                for nrows, ncols, row_most, col_most in SHAPES:
                    score = scores(random, kind, nrows, ncols)
                    score[random.random(score.shape) < excluded] = NO_PAIR
                    rows = random.integers(row_most == 1, row_most + 1, nrows)
                    cols = random.integers(col_most == 1, col_most + 1, ncols)
                    for most_pairs in (True, False):
                        ours = solve(kernel, score, rows, cols, most_pairs)
                        theirs = oracle(score, rows, cols, most_pairs)
                        # best_total doesn't fix the number of pairs
                        if ours != theirs and (most_pairs or
                                               ours[1] != theirs[1]):
                            wrong.append('# %s, %s: %s, scipy %s' % (
                                (nrows, ncols, row_most, col_most),
                                'most_pairs' if most_pairs else 'best_total',
                                ours, theirs))
                ntests += 1
                failed |= bool(wrong)
                print('%sok %d - totals of scipy: %s, %d %% ineligible'
                      ' (%d cases)' % ('not ' if wrong else '', ntests, kind,
                                       100 * excluded, 2 * len(SHAPES)),
                      *wrong, sep='\n', flush=True)
    print('1..%d' % ntests)
    sys.exit(1 if failed else 0)


main()
