#!/usr/bin/python3
"""engine_bench.py: match(), verify_match() and rematch() at size, and cancel

From tables (people.sql) to a stored, committed draft, by processor time of the
backend, which a busy machine changes less than the clock.  No rival can start
the largest of these; programme_bench.py compares the smaller ones.

	engine_bench.py [size ...]			MTR_BENCH_SIZE, else 5000

Sizes beyond what mentoring.match_memory holds as a matrix are matched with
rows on demand.  make bench-large runs 100000, which takes some minutes and a
disk of 2 GB.  Connection by PGHOST, PGDATABASE ...; the database must have the
extension and is filled anew for each size.
"""
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PSQL = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']


def sql(text):
    return subprocess.run(PSQL + ['-c', text], check=True,
                          stdout=subprocess.PIPE).stdout.decode().strip()


def status_bytes(pid, name):
    with open('/proc/%s/status' % pid) as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


def spent(pid):
    with open('/proc/%s/schedstat' % pid) as stat:
        return int(stat.read().split()[0]) / 1e9


class Session:
    """A psql of its own; statements are timed by processor time, and the
    growth of the backend's memory is sampled."""

    def __init__(self):
        self.errors = tempfile.TemporaryFile('w+')
        self.psql = subprocess.Popen(PSQL, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE,
                                     stderr=self.errors,
                                     universal_newlines=True)
        self.pid = self.ask('SELECT pg_backend_pid()')

    def ask(self, text):
        self.psql.stdin.write(text + ';\n\\echo end\n')
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == 'end\n':
                return '\n'.join(lines)
            lines.append(line.rstrip('\n'))
        self.errors.seek(0)
        sys.exit('%s\n%s' % (text, self.errors.read()))

    def timed(self, text):
        """(answer, processor seconds, growth in bytes)"""
        peak = before = status_bytes(self.pid, 'RssAnon')
        start = spent(self.pid)
        over = threading.Event()
        grown = [0]

        def sample():
            while not over.wait(0.01):
                grown[0] = max(grown[0],
                               status_bytes(self.pid, 'RssAnon') - before)

        watch = threading.Thread(target=sample)
        watch.start()
        answer = self.ask(text)
        over.set()
        watch.join()
        return answer, spent(self.pid) - start, max(grown[0], peak - before)

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def fill(n):
    sql('DROP SCHEMA IF EXISTS bench CASCADE;'
        ' DROP EXTENSION mentoring; CREATE EXTENSION mentoring')
    subprocess.run(PSQL + ['-v', 'n=%d' % n, '-f',
                           os.path.join(HERE, 'people.sql')],
                   check=True, stdout=subprocess.DEVNULL)


def line(name, figure):
    print('  %-48s %s' % (name, figure), flush=True)


def bench_match(session, n):
    run, cpu, grown = session.timed('SELECT mentoring.match(1)')
    kernel, load, score, solve, rows, pairs, gap = session.ask(
        "SELECT detail ->> 'kernel', detail ->> 'load_ms',"
        " detail ->> 'score_ms', detail ->> 'solve_ms',"
        " coalesce(detail ->> 'rows_scored', '0'), pair_count, gap"
        ' FROM mentoring.match_run WHERE id = %s' % run).split('|')
    line('match(), processor time', '%9.2f s' % cpu)
    line('inside, by the clock: load, score, solve',
         '%.0f, %.0f, %.0f ms' % (float(load), float(score), float(solve)))
    line('kernel', kernel)
    if int(rows):
        line('rows scored, for each of them', '%9.2f' % (int(rows) / n))
    line('memory, growth of the backend', '%9.1f MB' % (grown / 1e6))
    if int(pairs) != n or float(gap) != 0:
        sys.exit('%s pairs, gap %s' % (pairs, gap))
    return run


def bench_verify(session, run):
    answer, cpu, grown = session.timed(
        'SELECT count(*) FILTER (WHERE holds) || \' of \' || count(*)'
        ' FROM mentoring.verify_match(1, %s)' % run)
    line('verify_match(), processor time', '%9.2f s  %s hold'
         % (cpu, answer))


def bench_rematch(session, run, n):
    """One person leaves, another changes."""
    first, second = session.ask(
        "SELECT min(id), max(id) FROM mentoring.participant"
        " WHERE role = 'mentee'").split('|')
    session.ask("UPDATE mentoring.participant SET status = 'withdrawn'"
                ' WHERE id = %s' % first)
    session.ask('UPDATE mentoring.person SET org_unit = \'elsewhere\''
                ' WHERE id = (SELECT person_id FROM mentoring.participant'
                ' WHERE id = %s)' % second)
    _, cpu, _ = session.timed("SELECT mentoring.rematch(1, %s, '[%s, %s]')"
                              % (run, first, second))
    load, solve, anew = session.ask(
        "SELECT detail ->> 'load_ms', detail ->> 'solve_ms',"
        " detail ->> 'solved_anew' FROM mentoring.match_run WHERE id = %s"
        % run).split('|')
    line('rematch() of 2 changes, processor time', '%9.2f s' % cpu)
    line('inside: load, solve with its check; anew',
         '%.0f, %.0f ms; %s' % (float(load), float(solve), anew))


def bench_cancel(n):
    """In the middle of match(), from another session."""
    victim = subprocess.Popen(
        PSQL + ['-c', "SET application_name = 'victim'",
                '-c', 'SELECT mentoring.match(1)'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = ''
    for _ in range(600):
        time.sleep(0.05)
        shown = sql("SELECT application_name FROM pg_stat_activity"
                    " WHERE application_name LIKE 'mentoring match 1: %'")
        if 'solve' in shown or 'ties' in shown:
            break
    start = time.perf_counter()
    hit = sql("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
              " WHERE application_name LIKE 'mentoring match 1: %'")
    status = victim.wait()
    if hit == '1' and status != 0:
        line('cancel while it shows "%s"' % shown, '%9.3f s'
             % (time.perf_counter() - start))
    else:
        line('cancel', 'SKIPPED: match() was over')


def main():
    for n in [int(a) for a in sys.argv[1:]] or [
            int(os.environ.get('MTR_BENCH_SIZE', 5000))]:
        print('\n%d x %d' % (n, n))
        fill(n)
        session = Session()
        if not os.path.exists('/proc/%s/schedstat' % session.pid):
            sys.exit('*** SKIPPED: the backend is not visible in /proc')
        # a small call first: an LMS calls from a pool whose caches are warm
        session.ask('SELECT count(*) FROM mentoring.recommend(1,'
                    " (SELECT min(id) FROM mentoring.participant"
                    " WHERE role = 'mentee'))")
        run = bench_match(session, n)
        bench_verify(session, run)
        bench_rematch(session, run, n)
        session.close()
        bench_cancel(n)


main()
