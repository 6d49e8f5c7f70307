#!/usr/bin/python3
"""programme_bench.py: scoring and matching from tables, against SQL and scipy

Both sides run on the same server and data (people.sql), in turn, in one run;
the figures are medians of wall-clock time and their ratios.  The rival of
scoring is the better of two set-based queries (score_join, score_bits); the
rival of match() is that query, copied out in binary form, and
scipy.optimize.linear_sum_assignment; writing its result back is not counted.

For match() the processor time is compared, too, which a busy machine changes
less: of both backends, and on the rival's side of Python for scipy; what psql
spends on passing the scores is not counted.

Memory: growth of the backend's own memory (RssAnon, sampled) over one match().
Cancel: time from pg_cancel_backend() to the error in the middle of match().

Connection by PGHOST, PGDATABASE ...; the database must have the extension and
is filled anew for each size.
"""
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PSQL = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']
RIVAL_SETTINGS = "SET work_mem = '256MB'; SET max_parallel_workers_per_gather = 0;"

try:
    import numpy
    from scipy.optimize import linear_sum_assignment
except ImportError:
    numpy = None


def sql(text, binary=False):
    done = subprocess.run(PSQL + ['-c', text], check=True,
                          stdout=subprocess.PIPE)
    return done.stdout if binary else done.stdout.decode().strip()


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def session(text, settings='', meta='', binary=False):
    """Run a statement in a session of its own; returns its output and the
    seconds of processor time its backend spent on it, or None."""
    with tempfile.NamedTemporaryFile('r') as spent:
        look = r'\! cat /proc/$MTR_PID/schedstat >>$MTR_SPENT 2>/dev/null'
        script = '\n'.join([
            settings, r'SELECT pg_backend_pid() AS pid \gset',
            r'\setenv MTR_PID :pid', meta, look, text + ';', look, ''])
        done = subprocess.run(PSQL, input=script.encode(), check=True,
                              stdout=subprocess.PIPE,
                              env=dict(os.environ, MTR_SPENT=spent.name))
        looks = [int(line.split()[0]) for line in spent]
    cpu = (looks[1] - looks[0]) / 1e9 if len(looks) == 2 else None
    return done.stdout if binary else done.stdout.decode(), cpu


def fill(n):
    sql('DROP SCHEMA IF EXISTS bench CASCADE;'
        ' DROP EXTENSION mentoring; CREATE EXTENSION mentoring')
    subprocess.run(PSQL + ['-v', 'n=%d' % n, '-f',
                           os.path.join(HERE, 'people.sql')],
                   check=True, stdout=subprocess.DEVNULL)


def server_ms(text, settings=''):
    """Seconds of one statement as psql sees them, without connecting, and of
    processor time."""
    out, cpu = session(text, settings, r'\timing on')
    return [float(line.split()[1]) for line in out.splitlines()
            if line.startswith('Time:')][-1] / 1000, cpu


def rival_match(view):
    """Scores by SQL, optimum by scipy; returns the total and the processor
    time."""
    data, cpu = session(
        'COPY (SELECT score::real FROM bench.%s ORDER BY mentee, mentor)'
        ' TO STDOUT (FORMAT binary)' % view, RIVAL_SETTINGS, binary=True)
    start = time.process_time()
    # header 19 bytes; each row 2 (fields) + 4 (length) + 4 (value); end 2
    rows = numpy.frombuffer(data, dtype=numpy.dtype(
        [('n', '>i2'), ('len', '>i4'), ('score', '>f4')]),
        offset=19, count=(len(data) - 21) // 10)
    side = int(round(len(rows) ** 0.5))
    score = rows['score'].astype(numpy.float64).reshape(side, side)
    left, right = linear_sum_assignment(score, maximize=True)
    total = float(score[left, right].sum())
    if cpu is not None:
        cpu += time.process_time() - start
    return total, cpu


def our_match():
    """One match() in a session that made one before: an LMS calls from a
    pool, where the library is loaded and the catalogs are cached."""
    return server_ms('SELECT mentoring.match(1)',
                     'SELECT mentoring.match(1);')


def table(title, rows):
    print('\n%s' % title)
    for name, figure in rows:
        print('  %-44s %s' % (name, figure))


def bench_size(n, runs):
    fill(n)
    pairs = n * n
    ours, joins, bits = [], [], []
    for _ in range(runs):
        ours.append(server_ms('SELECT count(*), sum(score)'
                              ' FROM mentoring.pair_scores(1)')[0])
        joins.append(server_ms('SELECT count(*), sum(score)'
                               ' FROM bench.score_join', RIVAL_SETTINGS)[0])
        bits.append(server_ms('SELECT count(*), sum(score)'
                              ' FROM bench.score_bits', RIVAL_SETTINGS)[0])
    mine, join, bit = map(statistics.median, (ours, joins, bits))
    best = 'score_bits' if bit < join else 'score_join'
    table('scoring, %d x %d, five criteria (median of %d)' % (n, n, runs), [
        ('pair_scores(), all rows through SQL', '%8.3f s  %7.1f ns a pair'
         % (mine, mine * 1e9 / pairs)),
        ('SQL, joins', '%8.3f s  %7.1f ns a pair' % (join, join * 1e9 / pairs)),
        ('SQL, bit strings', '%8.3f s  %7.1f ns a pair'
         % (bit, bit * 1e9 / pairs)),
        ('ratio to the better', '%8.1f' % (min(join, bit) / mine))])
    if numpy is None:
        print('\n*** SKIPPED: match against scipy; python3-scipy is missing')
        return
    mine, theirs, my_cpu, their_cpu = [], [], [], []
    for _ in range(runs):
        spent, cpu = our_match()
        mine.append(spent)
        my_cpu.append(cpu)
        spent, (other, cpu) = timed(lambda: rival_match(best))
        theirs.append(spent)
        their_cpu.append(cpu)
    total = float(sql('SELECT total_score FROM mentoring.match_run'
                      ' ORDER BY id DESC LIMIT 1'))
    if abs(total - other) > 1e-4 * n:
        sys.exit('the totals differ: %f and %f' % (total, other))
    mine, theirs = statistics.median(mine), statistics.median(theirs)
    processor = ('processor time', 'not visible in /proc')
    if None not in my_cpu + their_cpu:
        ratio = statistics.median(their_cpu) / statistics.median(my_cpu)
        processor = ('ratio of processor time', '%8.1f  (%.3f s, %.3f s)'
                     % (ratio, statistics.median(my_cpu),
                        statistics.median(their_cpu)))
    phases = {}
    for phase in ('load', 'score', 'solve'):
        phases[phase] = float(sql(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY"
            " (detail ->> '%s_ms')::float8) FROM mentoring.match_run" % phase))
    table('match(), %d x %d, tables to stored proposals (median of %d)'
          % (n, n, runs), [
        ('match()', '%8.3f s' % mine),
        ('SQL + COPY + scipy', '%8.3f s' % theirs),
        ('ratio', '%8.1f' % (theirs / mine)),
        processor,
        ('inside: load, score, solve', '%.1f, %.1f, %.1f ms'
         % (phases['load'], phases['score'], phases['solve'])),
        ('scoring inside match()', '%8.1f ns a pair'
         % (phases['score'] * 1e6 / pairs)),
        ('ratio of scoring to the better SQL', '%8.0f'
         % (min(join, bit) * 1000 / phases['score']))])


def anonymous(pid):
    with open('/proc/%s/status' % pid) as status:
        for line in status:
            if line.startswith('RssAnon'):
                return int(line.split()[1]) * 1024
    raise OSError('no RssAnon')


def bench_memory(n):
    """Peak of the backend's own memory over one match(), sampled."""
    sql("INSERT INTO mentoring.programme (id, name, model)"
        " VALUES (2, 'small', 'one_to_one');"
        " INSERT INTO mentoring.participant"
        " (programme_id, id, person_id, role, status)"
        " SELECT 2, 1000000 + id, person_id, role, status"
        " FROM mentoring.participant WHERE id %% %d < 3;"
        " INSERT INTO mentoring.criterion"
        " (programme_id, name, kind, mentee_key, weight, params)"
        " SELECT 2, name, kind, mentee_key, weight, params"
        " FROM mentoring.criterion" % n)
    proc = subprocess.Popen(PSQL, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, universal_newlines=True)

    def tell(statement):
        proc.stdin.write(statement + ';\n')
        proc.stdin.flush()

    # a small match first: what stays in caches isn't memory of the large one
    tell('SELECT mentoring.match(2)')
    proc.stdout.readline()
    tell('SELECT pg_backend_pid()')
    pid = proc.stdout.readline().strip()
    try:
        before = peak = anonymous(pid)
        tell('SELECT mentoring.match(1)')
        while not select.select([proc.stdout], [], [], 0.0005)[0]:
            peak = max(peak, anonymous(pid))
    except OSError:
        print('\n*** SKIPPED: memory; the backend is not visible in /proc')
        return
    finally:
        proc.stdin.close()
        proc.wait()
    counted = float(sql("SELECT detail ->> 'memory_bytes'"
                        " FROM mentoring.match_run"
                        " ORDER BY id DESC LIMIT 1"))
    table('memory of match(), %d x %d' % (n, n), [
        ('growth of the backend\'s own memory, peak', '%8.1f MB'
         % ((peak - before) / 1e6)),
        ('counted by match()', '%8.1f MB' % (counted / 1e6)),
        ('4 bytes a pair + 1 kB a person', '%8.1f MB'
         % ((4 * n * n + 1000 * 2 * n) / 1e6))])


def bench_cancel(n, runs):
    times = []
    for run in range(runs):
        proc = subprocess.Popen(
            PSQL + ['-c', "SET application_name = 'victim'",
                    '-c', 'SELECT mentoring.match(1)'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.05 + 0.1 * run / runs)
        start = time.perf_counter()
        hit = sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                  " WHERE application_name = 'victim' AND state = 'active'")
        status = proc.wait()
        if hit == 't' and status != 0:
            times.append(time.perf_counter() - start)
    if times:
        table('cancel in match(), %d x %d (%d hits)' % (n, n, len(times)), [
            ('until the client has the error, median', '%8.3f s'
             % statistics.median(times)),
            ('slowest', '%8.3f s' % max(times))])
    else:
        print('\n*** SKIPPED: cancel; match() was over each time')


def main():
    sizes = [int(a) for a in sys.argv[1:]] or [1000, 2000]
    for n in sizes:
        bench_size(n, 5 if n <= 1000 else 3)
    bench_memory(sizes[-1])
    bench_cancel(sizes[-1], 12)


main()
