#!/usr/bin/python3
"""learning_bench.py: what exact totals of the learning log cost

Against the same table without what keeps the totals: same indexes, checks,
foreign keys and BEFORE triggers ("bare", learning.sql); against triggers in
PL/pgSQL that upsert the same totals; and against computing from the log.

Where nothing waits, processor time of the backend is compared, which a busy
machine changes less than the clock; it is read from /proc, so the server must
run here.  Sides take turns; figures are medians, ratios are ratios of medians.
Deltas are not folded meanwhile, folding is measured by itself.  Bulk loads are
of 50,000 rows in transactions of 10,000.

Where clients wait for each other, transactions a second are compared, with
fsync on (switched for these parts, and back) and folding as it comes.

Connection by PGHOST, PGDATABASE ... as a superuser; the database must have the
extension and no data.  MTR_BENCH_ROWS: entries in all, 1,000,000 unless given;
MTR_BENCH_ROUNDS: 5; MTR_BENCH_SECONDS: of a round with many clients, 4.

	learning_bench.py [part ...]		see PARTS at the end
"""
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

os.environ['PGOPTIONS'] = '-c jit=off -c max_parallel_workers_per_gather=0'

from libpq import Connection

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = int(os.environ.get('MTR_BENCH_ROWS', 1000000))
ROUNDS = int(os.environ.get('MTR_BENCH_ROUNDS', 5))
SECONDS = int(os.environ.get('MTR_BENCH_SECONDS', 4))
BATCH = 10000
BULK = max(ROWS // 20, BATCH)
CLIENTS = 16

OURS, BARE = 'mentoring.learning_log', 'bench.log_bare'
BY_ROW, BY_STATEMENT = 'bench.log_row', 'bench.log_stmt'
TOTALS = ('day', 'author', 'programme_day', 'skill_month')
COLUMNS = ('programme_id, occurred_on, relationship_id, participant_id,'
           ' minutes, skill_id, level_before, level_after, reflection')
NO_FOLD = "LOAD 'mentoring'; SET mentoring.fold_after = 0"
ASYNC = 'SET synchronous_commit = off'


def report(what, ours, other='', ratio=None, target=''):
    print('%-47s %12s %12s %8s %8s' % (
        what, ours, other, '' if ratio is None else
        '%.*f' % (2 if ratio < 10 else 0, ratio), target), flush=True)


def micro(seconds, count):
    return '%.1f us' % (seconds * 1e6 / count)


def milli(seconds):
    return '%.*f ms' % (1 if seconds >= 0.01 else 3, seconds * 1000)


@contextlib.contextmanager
def server_setting(**settings):
    """Change settings of the whole server, and change them back."""
    admin = Connection()
    try:
        for name, value in settings.items():
            admin.run('ALTER SYSTEM SET %s = %s' % (name, value))
        admin.run('SELECT pg_reload_conf()')
        time.sleep(0.5)
        admin.run('CHECKPOINT')
        yield
    finally:
        for name in settings:
            admin.run('ALTER SYSTEM RESET %s' % name)
        admin.run('SELECT pg_reload_conf()')
        admin.close()


def empty():
    """Empty all logs and totals, with nothing left for VACUUM."""
    conn = Connection()
    conn.run('TRUNCATE %s, mentoring.learning_delta, mentoring.learning_spill'
             % ', '.join([OURS, BARE, BY_ROW, BY_STATEMENT] +
                         ['mentoring.learning_' + t for t in TOTALS] +
                         ['bench.row_' + t for t in TOTALS] +
                         ['bench.stmt_' + t for t in TOTALS]))
    conn.close()


def verify():
    """Stop where a total is wrong; returns the processor time it took."""
    conn = Connection()
    before = conn.cpu()
    wrong = conn.run('SELECT * FROM mentoring.verify_learning_log()')
    spent = conn.cpu() - before
    conn.close()
    if wrong:
        sys.exit('totals are wrong: %r' % wrong[:3])
    return spent


def insert(conn, table, first, source='bench.entry', add_days=0):
    """Insert the batch of entries that begins with number first."""
    conn.run('INSERT INTO %s (%s) SELECT %s FROM %s'
             ' WHERE n BETWEEN %d AND %d ORDER BY n'
             % (table, COLUMNS,
                COLUMNS.replace('occurred_on', 'occurred_on + %d' % add_days),
                source, first, first + BATCH - 1))


def turns(sides, work, prepare=lambda: None):
    """Let sides take turns; median of work(side) of each."""
    spent = {side: [] for side in sides}
    for turn in range(ROUNDS):
        prepare()
        for side in sides if turn % 2 == 0 else reversed(sides):
            spent[side].append(work(side))
    return [statistics.median(spent[side]) for side in sides]


def batches(sides, count, step, prepare=empty):
    """Median processor time of each side for step(connection, side, first) of
    each batch, from one session a round; sides take turns batch by batch."""
    spent = {side: [] for side in sides}
    for turn in range(ROUNDS):
        prepare()
        sessions = [(side, Connection(NO_FOLD), [0]) for side in sides]
        for first in range(0, count, BATCH):
            for side, conn, total in sessions:
                before = conn.cpu()
                step(conn, side, first)
                total[0] += conn.cpu() - before
            sessions.reverse()
        for side, conn, total in sessions:
            spent[side].append(total[0])
            conn.close()
    return [statistics.median(spent[side]) for side in sides]


# ------------------------------------------------------------------------
# Many rows at once
# ------------------------------------------------------------------------

def bench_bulk():
    ours, bare = batches((OURS, BARE), BULK, insert)
    conn = Connection()
    new_keys = int(conn.value(
        'SELECT (SELECT count(*) FROM mentoring.learning_day)'
        ' + (SELECT count(*) FROM mentoring.learning_author)'))
    deltas = int(conn.value('SELECT count(*) FROM mentoring.learning_delta'))
    conn.close()
    report('INSERT ... SELECT, new keys, CPU a row', micro(ours, BULK),
           micro(bare, BULK), ours / bare, '<= 1.5')
    report('  new rows of totals, and deltas, for each row',
           '%.2f + %.2f' % (new_keys / BULK, deltas / BULK))
    report('  verify_learning_log(), CPU a row', micro(verify(), BULK))


def bench_existing():
    def prepare():
        empty()
        conn = Connection(NO_FOLD)
        for table in (OURS, BARE):
            conn.run('INSERT INTO %s (%s) SELECT %s FROM (SELECT DISTINCT ON'
                     ' (participant_id, occurred_on, skill_id) *'
                     ' FROM bench.again) a' % (table, COLUMNS, COLUMNS))
        conn.close()

    ours, bare = batches(
        (OURS, BARE), BULK,
        lambda conn, side, first: insert(conn, side, first, 'bench.again'),
        prepare)
    report('INSERT ... SELECT, 11 rows an existing key', micro(ours, BULK),
           micro(bare, BULK), ours / bare, '<= 1.15')


def bench_copy():
    conn = Connection()
    data = {}
    for first in range(0, BULK, BATCH):
        text = b''.join(conn.copy_out(
            'COPY (SELECT %s FROM bench.entry WHERE n BETWEEN %d AND %d'
            ' ORDER BY n) TO STDOUT' % (COLUMNS, first, first + BATCH - 1)))
        data[first] = [text[at:at + 65536]
                       for at in range(0, len(text), 65536)]
    conn.close()
    ours, bare = batches(
        (OURS, BARE), BULK,
        lambda conn, side, first: conn.copy_in(
            'COPY %s (%s) FROM STDIN' % (side, COLUMNS), data[first]))
    report('COPY, CPU a row', micro(ours, BULK), micro(bare, BULK),
           ours / bare, '<= 1.25')


def bench_capture():
    """Transactions that are rolled back apply nothing."""
    def step(conn, side, first):
        conn.run('BEGIN')
        insert(conn, side, first)
        conn.run('ROLLBACK')

    count = 2 * BATCH
    ours, bare = batches((OURS, BARE), count, step)
    report('  collected only (rolled back), CPU a row', micro(ours, count),
           micro(bare, count), ours / bare)


def bench_row_trigger():
    count = min(2 * BATCH, BULK)
    ours, by_row, by_statement, bare = batches(
        (OURS, BY_ROW, BY_STATEMENT, BARE), count, insert)
    report('INSERT ... SELECT, row trigger in PL/pgSQL', micro(ours, count),
           micro(by_row, count), by_row / ours, '>= 8')
    report('  what it adds to bare', micro(ours - bare, count),
           micro(by_row - bare, count), (by_row - bare) / (ours - bare))
    report('INSERT ... SELECT, statement trigger', micro(ours, count),
           micro(by_statement, count), by_statement / ours)
    report('  what it adds to bare', micro(ours - bare, count),
           micro(by_statement - bare, count),
           (by_statement - bare) / (ours - bare))
    conn = Connection()
    conn.run('SELECT mentoring.fold_learning_log()')
    for rival in ('row', 'stmt'):
        if conn.value("SELECT bench.differences('%s')" % rival) != '0':
            sys.exit('totals of the rivals differ from ours')
    conn.close()


# ------------------------------------------------------------------------
# Row by row
# ------------------------------------------------------------------------

def bench_single():
    """After a bulk load; a checkpoint first, and the first round is not
    counted, because pages are written to the WAL as a whole once."""
    count = BULK // 25
    names = COLUMNS.split(', ')
    empty()
    conn = Connection(NO_FOLD)
    for first in range(0, BULK, BATCH):
        for table in (OURS, BARE):
            insert(conn, table, first)
    rows = conn.run('SELECT %s FROM bench.entry WHERE n BETWEEN %d AND %d'
                    ' ORDER BY n' % (COLUMNS, BULK,
                                     BULK + (ROUNDS + 1) * count - 1))
    again = conn.run('SELECT %s FROM bench.again WHERE n < %d'
                     % (COLUMNS, count))
    sides = {}
    for table in (OURS, BARE):
        sides[table] = Connection(NO_FOLD, ASYNC)
        sides[table].prepare(
            'INSERT INTO %s (%s) VALUES (%s)' % (table, COLUMNS, ', '.join(
                '$%d' % (i + 1) for i in range(len(names)))), len(names))
    conn.run('CHECKPOINT')

    def single(table, part):
        side = sides[table]
        lsn = conn.value('SELECT pg_current_wal_insert_lsn()')
        before = side.cpu()
        side.run_prepared(part)
        return side.cpu() - before, int(conn.value(
            "SELECT pg_current_wal_insert_lsn() - '%s'" % lsn))

    def measure(what, parts, cpu_target, wal_target):
        spent = {OURS: [], BARE: []}
        for part in parts:
            figures = {OURS: [], BARE: []}
            order = [OURS, BARE]
            for at in range(0, count, count // 8):
                for table in order:
                    figures[table].append(
                        single(table, part[at:at + count // 8]))
                order.reverse()
            for table in order:
                spent[table].append([sum(f) for f in zip(*figures[table])])
        (ours, our_wal), (bare, bare_wal) = [
            [statistics.median(figures) for figures in zip(*spent[table][1:])]
            for table in (OURS, BARE)]
        report('single row, %s, CPU' % what, micro(ours, count),
               micro(bare, count), ours / bare, cpu_target)
        report('single row, %s, WAL' % what, '%.0f B' % (our_wal / count),
               '%.0f B' % (bare_wal / count), our_wal / bare_wal, wal_target)

    measure('autocommit', [rows[at:at + count]
                           for at in range(0, len(rows), count)],
            '<= 1.5', '<= 2.0')
    measure('existing keys', [again] * (ROUNDS + 1), '', '')
    for side in list(sides.values()) + [conn]:
        side.close()


# ------------------------------------------------------------------------
# Many clients
# ------------------------------------------------------------------------

def pgbench(script):
    """Transactions a second; deadlock victims try again."""
    with tempfile.NamedTemporaryFile('w', suffix='.sql') as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            ['pgbench', '-n', '-M', 'prepared', '-c', str(CLIENTS), '-j', '2',
             '-T', str(SECONDS), '--max-tries=0', '-f', file.name],
            check=True, stdout=subprocess.PIPE, universal_newlines=True)
    return float(re.search(r'^tps = ([0-9.]+)', done.stdout, re.M).group(1))


def deadlocks():
    conn = Connection()
    result = int(conn.value('SELECT deadlocks FROM pg_stat_database'
                            ' WHERE datname = current_database()'))
    conn.close()
    return result


ONE_ROW = (
    'INSERT INTO %s (programme_id, occurred_on, relationship_id,'
    ' participant_id, minutes, skill_id, reflection)'
    " VALUES (:p%d, '2024-07-31', :r%d, :a%d, 30, :s%d, 'learned');\n")


def bench_hot():
    """All write to one programme, day and skill; 800 authors."""
    empty()
    script = ('\\set p1 1\n\\set s1 1\n\\set r1 1 + 50 * random(0, 399)\n'
              '\\set a1 2 * :r1 - random(0, 1)\n')
    with server_setting(fsync='on'):
        ours, bare = turns(
            (OURS, BARE),
            lambda side: pgbench(script + ONE_ROW % (side, 1, 1, 1, 1)))
    report('one hot programme, %d clients, fsync on' % CLIENTS,
           '%.0f tps' % ours, '%.0f tps' % bare, ours / bare, '>= 0.95')
    verify()


def bench_three():
    """Three inserts a transaction, programmes at random."""
    for programmes in (50, 10):
        empty()
        count = {OURS: 0, BY_STATEMENT: 0}
        script = ''
        for i in (1, 2, 3):
            script += ('\\set p%d random(1, %d)\n'
                       '\\set r%d :p%d + 50 * random(0, 399)\n'
                       '\\set a%d 2 * :r%d - random(0, 1)\n'
                       '\\set s%d random(1, 200)\n'
                       % (i, programmes, i, i, i, i, i))

        def work(side):
            before = deadlocks()
            result = pgbench(script + 'BEGIN;\n' + ''.join(
                ONE_ROW % (side, i, i, i, i) for i in (1, 2, 3)) +
                'COMMIT;\n')
            count[side] += deadlocks() - before
            return result

        with server_setting(fsync='on'):
            ours, theirs = turns((OURS, BY_STATEMENT), work)
        report('3 rows a transaction, %d programmes, st. trigger' % programmes,
               '%.0f tps' % ours, '%.1f tps' % theirs, ours / theirs,
               '>= 500')
        report('  deadlocks in %d s' % (ROUNDS * SECONDS), str(count[OURS]),
               str(count[BY_STATEMENT]), None, '0')
        if count[OURS] > 0:
            sys.exit('deadlocks in totals of the learning log')
        verify()


# ------------------------------------------------------------------------
# Reading
# ------------------------------------------------------------------------

MONTH = "date_trunc('month', occurred_on::timestamp)::date"
WEEK = "date_trunc('week', occurred_on::timestamp)::date"

# view: keys, columns, what computes these columns for these keys from the log
VIEWS = {
    'learning_by_programme_month': (
        "programme_id = 7 AND month = '2024-01-01'",
        'programme_id, month, entries, minutes, participants, active_days',
        'SELECT programme_id, ' + MONTH + ' AS month, count(*), sum(minutes),'
        ' count(DISTINCT participant_id), count(DISTINCT occurred_on)'
        ' FROM mentoring.learning_log %s GROUP BY 1, 2',
        "programme_id = 7 AND occurred_on BETWEEN '2024-01-01'"
        " AND '2024-01-31'"),
    'learning_by_skill_month': (
        "programme_id = 7 AND skill_id = 5 AND month = '2024-01-01'",
        'programme_id, skill_id, month, entries, minutes, participants, gain,'
        ' gain_entries',
        'SELECT programme_id, skill_id, ' + MONTH + ', count(*), sum(minutes),'
        ' count(DISTINCT participant_id), sum(level_after - level_before),'
        ' count(level_after - level_before) FROM mentoring.learning_log %s'
        ' GROUP BY 1, 2, 3',
        "programme_id = 7 AND skill_id = 5 AND occurred_on"
        " BETWEEN '2024-01-01' AND '2024-01-31'"),
    'learning_by_relationship_week': (
        "programme_id = 7 AND relationship_id = 1007",
        'programme_id, relationship_id, week, entries, minutes, active_days,'
        ' last_on',
        'SELECT programme_id, relationship_id, ' + WEEK + ', count(*),'
        ' sum(minutes), count(DISTINCT occurred_on), max(occurred_on)'
        ' FROM mentoring.learning_log %s GROUP BY 1, 2, 3',
        'programme_id = 7 AND relationship_id = 1007'),
    # without the streak, which takes more
    'learning_by_participant': (
        'programme_id = 7 AND participant_id = 2013',
        'programme_id, participant_id, entries, minutes, active_days,'
        ' first_on, last_on',
        'SELECT programme_id, participant_id, count(*), sum(minutes),'
        ' count(DISTINCT occurred_on), min(occurred_on), max(occurred_on)'
        ' FROM mentoring.learning_log %s GROUP BY 1, 2',
        'programme_id = 7 AND participant_id = 2013'),
}

# the dashboard without sorting for each count of different values
BY_HASH = (
    'SELECT programme_id, month, sum(entries), sum(minutes),'
    ' sum(participants), sum(active_days) FROM ('
    'SELECT programme_id, ' + MONTH + ' AS month, count(*) AS entries,'
    ' sum(minutes) AS minutes, 0 AS participants, 1 AS active_days'
    ' FROM mentoring.learning_log GROUP BY programme_id, occurred_on'
    ' UNION ALL SELECT DISTINCT programme_id, ' + MONTH + ', 0, 0, 1,'
    ' participant_id * 0 FROM (SELECT DISTINCT programme_id, participant_id, '
    + MONTH + ' AS occurred_on FROM mentoring.learning_log) a) b'
    ' GROUP BY 1, 2')


def clock(conn, text, runs):
    """Median seconds of a prepared query with its rows, and the rows.  The
    first run isn't counted."""
    conn.run('DEALLOCATE ALL; PREPARE q AS ' + text)
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        rows = conn.run('EXECUTE q')
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]), sorted(rows)


def read(conn, view, key, label, target='', theirs=None):
    """One view against its computation from the log, or all that was measured
    before; the rows must be the same.  Returns what the log took."""
    keys, columns, from_log, log_keys = VIEWS[view]
    where = ' WHERE ' + keys if key else ''
    ours, mine = clock(conn, 'SELECT %s FROM mentoring.%s%s'
                       % (columns, view, where), 2 * ROUNDS)
    spent, other = clock(conn, from_log
                         % (' WHERE ' + log_keys if key else ''),
                         2 * ROUNDS if key else 1 if theirs else 3)
    if mine != other:
        sys.exit('%s differs from the log' % view)
    if theirs is None:
        theirs = spent if key else min(spent, clock(conn, BY_HASH, 3)[0])
    report(label, milli(ours), milli(theirs), theirs / ours, target)
    return theirs


def load_log(conn, add_days=0):
    """All entries, without the foreign keys' checks, which take most time."""
    conn.run('ALTER TABLE %s DISABLE TRIGGER ALL' % OURS)
    conn.run('ALTER TABLE %s ENABLE TRIGGER learning_log_total' % OURS)
    for first in range(0, ROWS + 1, BATCH):
        insert(conn, OURS, first, 'bench.entry', add_days)
    conn.run('ALTER TABLE %s ENABLE TRIGGER ALL' % OURS)


def bench_read():
    empty()
    conn = Connection(NO_FOLD)
    load_log(conn)
    before = conn.cpu()
    folded = int(conn.value('SELECT mentoring.fold_learning_log()'))
    report('folding, CPU a delta (%d of them)' % folded,
           micro(conn.cpu() - before, folded))
    conn.run('VACUUM ANALYZE')
    month = 'learning_by_programme_month'
    from_log = read(conn, month, False, 'dashboard, all programme-months',
                    '>= 100')
    for view in VIEWS:
        read(conn, view, True, '  one key of ' + view[len('learning_'):])
    conn.run(ASYNC)
    conn.run("""DO $$
        DECLARE e record;
        BEGIN
            FOR e IN SELECT * FROM bench.entry ORDER BY n LIMIT 10000 LOOP
                INSERT INTO mentoring.learning_log (%s) VALUES (%s);
                COMMIT;
            END LOOP;
        END $$""" % (COLUMNS, ', '.join('e.' + name
                                        for name in COLUMNS.split(', '))))
    deltas = conn.value('SELECT count(*) FROM mentoring.learning_delta')
    read(conn, month, False, 'dashboard, %s deltas not folded' % deltas, '',
         from_log)
    read(conn, month, True, '  one key of it')
    before = conn.cpu()
    folded = int(conn.value('SELECT mentoring.fold_learning_log()'))
    report('folding, CPU a delta (%d of them)' % folded,
           micro(conn.cpu() - before, folded))
    conn.close()


def bench_memory():
    """Growth of the backend's own memory in a transaction of 2 M rows, each of
    which has keys of its own, and how long its commit takes."""
    empty()
    conn = Connection(NO_FOLD)
    insert(conn, OURS, 1 - BATCH)
    peak = before = conn.memory()
    done = threading.Event()

    def sample():
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, conn.memory())

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        conn.run('BEGIN')
        load_log(conn)
        load_log(conn, 335)
        conn.run('COMMIT')
    finally:
        done.set()
        sampler.join()
    limit = int(conn.value("SELECT setting FROM pg_settings"
                           " WHERE name = 'mentoring.flush_memory'")) / 1024
    report('memory, %d rows in a transaction' % (2 * ROWS),
           '%.0f MB' % ((peak - before) / 1048576), '', None,
           '<= %.0f' % (limit + 20))
    report('  entries spilled', conn.value(
        'SELECT count(*) FROM mentoring.learning_spill'))
    conn.close()
    empty()


PARTS = {
    'bulk': bench_bulk,
    'existing': bench_existing,
    'copy': bench_copy,
    'capture': bench_capture,
    'single': bench_single,
    'hot': bench_hot,
    'three': bench_three,
    'row_trigger': bench_row_trigger,
    'read': bench_read,
    'memory': bench_memory,
}


def main():
    parts = sys.argv[1:] or list(PARTS)
    conn = Connection()
    if conn.cpu() is None or conn.memory() is None:
        print('*** SKIPPED: learning log; backends are not visible in /proc')
        return
    start = time.time()
    subprocess.run(['psql', '-X', '-q', '-v', 'rows=%d' % ROWS, '-f',
                    os.path.join(HERE, 'learning.sql')], check=True,
                   stdout=subprocess.DEVNULL)
    if conn.value("SELECT count(*) FROM pg_available_extensions"
                  " WHERE name = 'pg_ivm'") == '0':
        print('pg_ivm is not available in this server, not compared')
    conn.close()
    print('%-47s %12s %12s %8s %8s' % ('', 'ours', 'other', 'ratio', 'target'))
    with server_setting(autovacuum='off', checkpoint_timeout="'1h'"):
        for part in parts:
            if part not in ('hot', 'three'):
                PARTS[part]()
    for part in parts:
        if part in ('hot', 'three'):
            PARTS[part]()
    print('%.0f s' % (time.time() - start))


main()
