#!/usr/bin/python3
"""access_bench.py: what row security costs an application

Pages of a learning management system, each one transaction, by a role of
level app that acts for a person ("ours"), against the same queries by a
superuser, whom row security doesn't hold, with the ids written into them
instead ("other").  Views of the extension that filter by the current person
are written out for it.  The rows must be the same.

Each person is another one, chosen at random.  An unmeasured reader reads the
page first, so that both sides find it in memory; then the sides take turns at
being first.  A page costs what its statements cost, BEGIN and COMMIT
included, by the clock as libpq sees it and in processor time of the backend
from /proc, so the server must run here.  Figures are medians, ratios are
ratios of medians.

Connection by PGHOST, PGDATABASE ... as a superuser; the database must have the
extension and no data.  The role mentoring_bench is made and dropped.
MTR_BENCH_ROWS: entries of the log, 2,000,000 unless given;
MTR_BENCH_PROGRAMMES: 50; MTR_BENCH_PERSONS: pages of each kind, 300.
"""
import os
import random
import re
import statistics
import subprocess
import sys
import time

os.environ['PGOPTIONS'] = '-c jit=off -c max_parallel_workers_per_gather=0'

from libpq import Connection

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = int(os.environ.get('MTR_BENCH_ROWS', 2000000))
PROGRAMMES = int(os.environ.get('MTR_BENCH_PROGRAMMES', 50))
PERSONS = int(os.environ.get('MTR_BENCH_PERSONS', 300))
ROLE = 'mentoring_bench'
YEAR = "'2023-09-01'"				# and on: the second of the two years

# What is asked, of both sides where it is one text.  Person n is participant
# n, among others.

PARTNER = 'SELECT * FROM mentoring.partner'
OWN = ('SELECT programme_id, id, role, status FROM mentoring.participant'
       ' WHERE person_id = {person}')
LOG = ('SELECT id, occurred_on, relationship_id, kind, minutes, skill_id,'
       ' reflection, visibility FROM mentoring.learning_log'
       ' WHERE participant_id = {person} AND occurred_on >= %s'
       ' ORDER BY occurred_on DESC, id' % YEAR)
TOTAL = ('SELECT * FROM mentoring.learning_by_participant'
         ' WHERE programme_id = {programme} AND participant_id = {person}')
# no index of learning_day begins with the participant: where row security
# doesn't name the programmes, the table is read
TOTAL_ALONE = ('SELECT * FROM mentoring.learning_by_participant'
               ' WHERE participant_id = {person}')
# as written by who relies on row security; and what shows the same
CARELESS = (
    'SELECT * FROM mentoring.learning_log WHERE occurred_on >= %s' % YEAR,
    'SELECT * FROM mentoring.learning_log WHERE occurred_on >= %s'
    ' AND (participant_id = ANY ({my_participants}::bigint[])'
    ' OR relationship_id = ANY ({my_relationships}::bigint[])'
    " AND visibility IN ('relationship', 'coordinator'))" % YEAR)
RECOMMEND = 'SELECT * FROM mentoring.recommend(1, {person})'
WRITE = ('INSERT INTO mentoring.learning_log (programme_id, participant_id,'
         ' occurred_on, minutes, skill_id, reflection)'
         " VALUES ({programme}, {person}, '2024-09-01', 30, 7, 'learned')")
RELATIONSHIPS = (
    'SELECT r.id, r.status, sum(w.entries), sum(w.minutes), max(w.last_on)'
    ' FROM mentoring.relationship r'
    ' LEFT JOIN mentoring.learning_by_relationship_week w'
    ' ON w.programme_id = r.programme_id AND w.relationship_id = r.id'
    ' WHERE r.programme_id = {programme} GROUP BY r.id, r.status')
PARTICIPANTS = ('SELECT id, person_id, role, status FROM mentoring.participant'
                ' WHERE programme_id = {programme}')

# Whom a transaction works for.
SET_LOCAL = ('SET LOCAL mentoring.person_id = {person}', None)
ACT_AS = ("SELECT mentoring.act_as('local', 'p' || {person})",
          "SELECT id FROM mentoring.person WHERE source = 'local'"
          " AND external_id = 'p' || {person}")

# The page of a person: queries by name.
PERSONAL = (('partner', PARTNER), ('own participations', OWN),
            ('own log of a year', LOG), ('own totals', TOTAL))

OURS, OTHER = 0, 1


def share_processor(pid):
    """Have it run where this program runs: whether a server process is woken
    here or on another processor costs as much as a query."""
    try:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.sched_setaffinity(pid, os.sched_getaffinity(0))
    except (AttributeError, OSError):
        pass


def both(query):
    """What each side sends: the other asks for what is in the view, with ids
    in the place of the sets it compares with."""
    if not isinstance(query, str):
        return query
    name = re.search(r'FROM (mentoring\.(partner|learning_by_participant))\b',
                     query)
    if name is None:
        return query, query
    view, found = re.subn(
        r'\( SELECT mentoring\.(my_\w+)\(\) AS my_\w+\)', r'{\1}',
        Side.reader.conn.value("SELECT pg_get_viewdef('%s'::regclass)"
                               % name.group(1)).rstrip(';'))
    if found == 0:
        sys.exit('%s compares with no set' % name.group(1))
    return query, query.replace(name.group(1), '(%s) v' % view)


def fill(text, values):
    """The text with its values written into it."""
    return re.sub(r'{(\w+)}', lambda m: "'%s'" % values[m.group(1)], text)


class Side:
    """A session, and what its statements cost: (clock, processor) seconds."""

    def __init__(self, number):
        self.number = number
        self.conn = Connection()
        # the server would plan for each array of ids anew
        self.conn.run('SET SESSION AUTHORIZATION ' + ROLE if number == OURS
                      else 'SET plan_cache_mode = force_generic_plan')
        share_processor(self.conn.pid)
        self.prepared = {}

    def measure(self, work, *arguments):
        before = self.conn.cpu()
        start = time.perf_counter()
        work(*arguments)
        clock = time.perf_counter() - start
        return clock, self.conn.cpu() - before

    def send(self, text, values, is_prepared):
        # SET takes no parameters
        if not is_prepared or text.startswith('SET'):
            return self.measure(self.conn.execute, fill(text, values))
        if text not in self.prepared:
            names = sorted(set(re.findall(r'{(\w+)}', text)))
            name = 'q%d' % len(self.prepared)
            self.conn.prepare(re.sub(
                r'{(\w+)}', lambda m: '$%d' % (names.index(m.group(1)) + 1),
                text), len(names), name)
            self.prepared[text] = name, names
        name, names = self.prepared[text]
        return self.measure(self.conn.execute_prepared, name,
                            [str(values[value]) for value in names])

    def page(self, queries, identity, values, is_prepared, end='COMMIT'):
        """Cost of each query and, last, of the whole transaction."""
        around = [self.send('BEGIN', {}, False)]
        if identity[self.number] is not None:
            around.append(self.send(identity[self.number], values,
                                    is_prepared))
        costs = [self.send(query[self.number], values, is_prepared)
                 for _, query in queries]
        around.append(self.send(end, {}, False))
        return costs + [tuple(map(sum, zip(*around, *costs)))]

    def rows(self, query, identity, values):
        self.conn.run('BEGIN')
        if identity[self.number] is not None:
            self.conn.run(fill(identity[self.number], values))
        rows = self.conn.run(fill(query[self.number], values))
        self.conn.run('COMMIT')
        return sorted(rows)


def report(what, ours, other, target=''):
    """A line of the medians of both sides."""
    line = '%-40s' % what
    for clock_or_cpu in (0, 1):
        mine, theirs = [
            statistics.median(cost[clock_or_cpu] for cost in costs) * 1000
            for costs in (ours, other)]
        line += ' %9.3f %9.3f %6.2f' % (mine, theirs, mine / theirs)
    print('%s  %s' % (line, target), flush=True)


def bench(title, queries, people, identity=SET_LOCAL, is_prepared=False,
          end='COMMIT', target=''):
    """The page of each of these people, by both sides in turn."""
    queries = [(name, both(query)) for name, query in queries]
    for values in people[:20]:
        for name, query in queries:
            if end == 'ROLLBACK':
                continue
            mine, theirs = [side.rows(query, identity, values)
                            for side in (Side.ours, Side.other)]
            if mine != theirs:
                sys.exit('%s: other rows for %r' % (name, values))
    costs = [[], []]
    for turn, values in enumerate(people):
        Side.reader.page(queries, identity, values, False, end)
        sides = [Side.ours, Side.other]
        for side in sides if turn % 2 == 0 else reversed(sides):
            costs[side.number].append(
                side.page(queries, identity, values, is_prepared, end))
    parts = [[part for part in zip(*pages)] for pages in costs]
    report(title, parts[OURS][-1], parts[OTHER][-1], target)
    if len(queries) > 1:
        for number, (name, _) in enumerate(queries):
            report('  ' + name, parts[OURS][number], parts[OTHER][number])
    return parts[OURS][-1]


# ------------------------------------------------------------------------
# Pages
# ------------------------------------------------------------------------

def people(count):
    """Persons at random, with the sets that row security finds itself."""
    result = []
    for person in random.sample(range(1, 80001), count):
        Side.ours.conn.run('BEGIN; SET LOCAL mentoring.person_id = %d' % person)
        sets = Side.ours.conn.run(
            'SELECT mentoring.my_person(), mentoring.my_participants(),'
            ' mentoring.my_relationships(), mentoring.my_partners()')[0]
        Side.ours.conn.run('COMMIT')
        result.append(dict(
            zip(('my_person', 'my_participants', 'my_relationships',
                 'my_partners'), sets),
            person=person,
            programme=((person + 1) // 2 - 1) % PROGRAMMES + 1))
    return result


def coordinators():
    return [{'person': 80000 + number, 'programme': number}
            for number in range(1, PROGRAMMES + 1)]


def bench_page():
    for is_prepared in (False, True):
        how = 'prepared' if is_prepared else 'text'
        page = bench('page of a person, %s' % how, PERSONAL, people(PERSONS),
                     SET_LOCAL, is_prepared, target='< 5 ms, <= 1.5')
        slow = sorted(clock for clock, _ in page)[len(page) * 99 // 100]
        print('  99 of 100 pages take less than %.3f ms' % (slow * 1000))
        bench('the same, act_as(), %s' % how, PERSONAL, people(PERSONS),
              ACT_AS, is_prepared)


def bench_one():
    """Transactions of one query: who the person is costs most then."""
    for name, query in PERSONAL:
        bench('%s alone, prepared' % name, ((name, query),),
              people(PERSONS), SET_LOCAL, True)
    bench('own totals, without the programme', (('totals', TOTAL_ALONE),),
          people(20), SET_LOCAL, True)


def bench_session():
    """The first page of a new session, for who doesn't pool them."""
    count = max(PERSONS // 25, 5)
    costs = [[], []]
    queries = [(name, both(query)) for name, query in PERSONAL]
    for turn, values in enumerate(people(count)):
        Side.reader.page(queries, SET_LOCAL, values, False)
        for number in (OURS, OTHER) if turn % 2 == 0 else (OTHER, OURS):
            side = Side(number)
            costs[number].append(side.page(queries, SET_LOCAL, values,
                                           False)[-1])
            side.conn.close()
    report('first page of a session, text', *costs)


def bench_careless():
    for is_prepared in (False, True):
        bench('log of a year without an id, %s'
              % ('prepared' if is_prepared else 'text'),
              (('log', CARELESS),), people(PERSONS), SET_LOCAL, is_prepared)


def bench_write():
    bench('one entry written, prepared, rolled back', (('write', WRITE),),
          people(PERSONS), SET_LOCAL, True, 'ROLLBACK')


def bench_coordinator():
    for name, query in (("coordinator: relationships' totals", RELATIONSHIPS),
                        ('coordinator: participants', PARTICIPANTS)):
        bench(name, ((name, query),), coordinators())


def bench_recommend():
    """Scoring, for comparison."""
    bench('recommend(), prepared', (('recommend', RECOMMEND),),
          [{'person': person} for person in (
              2 * PROGRAMMES * number + 2
              for number in range(min(PERSONS, 50000 // PROGRAMMES - 1)))
           if person <= 80000], SET_LOCAL, True)


PARTS = {
    'page': bench_page,
    'one': bench_one,
    'session': bench_session,
    'careless': bench_careless,
    'write': bench_write,
    'coordinator': bench_coordinator,
    'recommend': bench_recommend,
}


def main():
    parts = sys.argv[1:] or list(PARTS)
    admin = Connection()
    if admin.cpu() is None:
        print('*** SKIPPED: row security; backends are not visible in /proc')
        return
    start = time.time()
    random.seed(4)
    if admin.value("SELECT NOT EXISTS (SELECT FROM mentoring.learning_log)") == 't':
        subprocess.run(['psql', '-X', '-q', '-v', 'rows=%d' % ROWS, '-v',
                        'programmes=%d' % PROGRAMMES, '-f',
                        os.path.join(HERE, 'access.sql')], check=True,
                       stdout=subprocess.DEVNULL)
    admin.run('SET client_min_messages = warning; CREATE ROLE ' + ROLE)
    try:
        admin.run("SELECT mentoring.grant_access('%s', 'app');"
                  ' GRANT SET ON PARAMETER mentoring.person_id TO %s'
                  % (ROLE, ROLE))
        Side.ours, Side.other, Side.reader = Side(OURS), Side(OTHER), Side(OTHER)
        print('%-40s %26s %26s' % ('', 'clock, ms', 'processor, ms'))
        print('%-40s %9s %9s %6s %9s %9s %6s  %s'
              % (('',) + ('ours', 'other', 'ratio') * 2 + ('target',)))
        for part in parts:
            PARTS[part]()
    finally:
        admin.run("SELECT mentoring.revoke_access('%s')" % ROLE)
        admin.run('REVOKE SET ON PARAMETER mentoring.person_id FROM %s;'
                  ' DROP ROLE %s' % (ROLE, ROLE))
    print('%.0f s' % (time.time() - start))


main()
