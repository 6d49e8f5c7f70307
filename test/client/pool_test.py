#!/usr/bin/python3
"""pool_test.py: people who share the connections of a pool

Fifty people send 10,000 requests through pgbouncer in transaction mode, to
five connections of the server, from sixteen threads.  A request is a
transaction that acts for one person and reads pages without a WHERE: what
comes back is all that row security leaves.  Each row is compared with what
that person may see, which was computed before from the tables by joins; a
person's own rows must all be there, those written meanwhile included, and no
other.

Some requests write, fail, roll back, vanish, act for nobody, leave a plain SET
behind, use a statement that somebody else has prepared, or try what isn't
theirs.  A person sends one request at a time, so that it is known what he has
written; those of different people meet as they come.

MTR_POOL_REQUESTS is another number of requests, MTR_SEED where to begin.
"""
import collections
import os
import random
import socket
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap                                                      # noqa: E402

REQUESTS = int(os.environ.get('MTR_POOL_REQUESTS', '10000'))
SEED = int(os.environ.get('MTR_SEED', '1'))
PEOPLE = 50
SERVERS = 5
THREADS = 16
PORT = 6432
ROLE = 'mentoring_pool_%d' % os.getpid()

# Two programmes of pairs, in which everybody is mentee once and mentor once,
# and one of circles of five, which has two coordinators among its people.
# Every fifth pair has ended.  Entries of each visibility, in relationships
# and outside; texts begin with the author.
SETUP = """
SET client_min_messages = error;
CREATE ROLE {role} LOGIN;
SELECT mentoring.grant_access('{role}', 'app');
GRANT SET ON PARAMETER mentoring.person_id TO {role};

INSERT INTO mentoring.person
    (source, external_id, display_name, email, profile)
SELECT 'lms', 'U' || i, 'Person U' || i, 'u' || i || '@example.org',
       jsonb_build_object('town', 'town of U' || i)
  FROM generate_series(1, {people}) AS i;
INSERT INTO mentoring.person (source, external_id, display_name, is_active)
VALUES ('lms', 'left', 'Gone', false);
CREATE TEMPORARY VIEW who AS
SELECT id, substr(external_id, 2)::integer AS n
  FROM mentoring.person WHERE external_id LIKE 'U%';

INSERT INTO mentoring.programme (name, model, status) VALUES
    ('odd learn', 'one_to_one', 'running'),
    ('even learn', 'reverse', 'running'),
    ('circles', 'circle', 'running');
INSERT INTO mentoring.participant
    (programme_id, person_id, role, status, capacity, bio, aims)
SELECT g.id, w.id,
       CASE WHEN g.model = 'circle' THEN 'peer'
            WHEN (g.model = 'one_to_one') = (w.n % 2 = 1) THEN 'mentee'
            ELSE 'mentor' END,
       'accepted', 5, 'bio of U' || w.n, 'aims of U' || w.n
  FROM mentoring.programme AS g CROSS JOIN who AS w
 ORDER BY g.id, w.n;
INSERT INTO mentoring.participant (programme_id, person_id, role, status)
SELECT g.id, w.id, 'coordinator', 'accepted'
  FROM mentoring.programme AS g CROSS JOIN who AS w
 WHERE g.model = 'circle' AND w.n IN (7, 31);

CREATE TEMPORARY TABLE place AS
SELECT t.programme_id, t.id AS participant_id, t.role, w.n,
       CASE g.model WHEN 'one_to_one' THEN (w.n - 1) / 2
                    WHEN 'reverse' THEN w.n % {people} / 2
                    ELSE (w.n - 1) / 5 END AS relationship,
       NULL::bigint AS relationship_id
  FROM mentoring.participant AS t
  JOIN mentoring.programme AS g ON g.id = t.programme_id
  JOIN who AS w ON w.id = t.person_id
 WHERE t.role <> 'coordinator';
WITH wanted AS (
    SELECT DISTINCT programme_id, relationship,
           nextval('mentoring.relationship_id_seq') AS id
      FROM (SELECT DISTINCT programme_id, relationship FROM place) AS p
), made AS (
    INSERT INTO mentoring.relationship (programme_id, id, status)
    SELECT programme_id, id, 'active' FROM wanted
)
UPDATE place AS p
   SET relationship_id = w.id
  FROM wanted AS w
 WHERE w.programme_id = p.programme_id AND w.relationship = p.relationship;
INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
SELECT programme_id, relationship_id, participant_id, role FROM place;

INSERT INTO mentoring.learning_log
    (programme_id, participant_id, relationship_id, occurred_on, minutes,
     visibility, reflection)
SELECT p.programme_id, p.participant_id,
       CASE WHEN k % 4 > 0 THEN p.relationship_id END,
       DATE '2024-01-01' + (p.n * 7 + k * 13) % 200, (p.n * 11 + k) % 90,
       (ARRAY['private', 'relationship', 'coordinator'])[1 + k % 3],
       'U' || p.n || ' wrote ' || k
  FROM place AS p CROSS JOIN generate_series(1, 5) AS k;
INSERT INTO mentoring.preference
    (programme_id, participant_id, preferred_id, rank)
SELECT a.programme_id, a.participant_id, min(b.participant_id), 1
  FROM place AS a
  JOIN place AS b
    ON b.programme_id = a.programme_id AND b.n > a.n AND b.role <> a.role
 GROUP BY 1, 2;
UPDATE mentoring.relationship SET status = 'ended', end_reason = 'done'
 WHERE id % 5 = 0;
DROP VIEW who;
ANALYZE;
"""

# What each person sees, by joins; each gives person, ids.
MEMBER = """mentoring.participant AS me
    JOIN mentoring.relationship_member AS mine
      ON mine.participant_id = me.id AND mine.programme_id = me.programme_id"""
COORDINATOR = """mentoring.participant AS c
      ON c.role = 'coordinator' AND c.status = 'accepted'
     AND c.programme_id = """
EXPECTED = {
    'person': """
        SELECT id, id FROM mentoring.person
        UNION SELECT c.person_id, t.person_id
          FROM mentoring.participant AS t
          JOIN """ + COORDINATOR + 't.programme_id',
    'participant': """
        SELECT person_id, id FROM mentoring.participant
        UNION SELECT c.person_id, t.id
          FROM mentoring.participant AS t
          JOIN """ + COORDINATOR + 't.programme_id',
    'preference': """
        SELECT t.person_id, f.id
          FROM mentoring.preference AS f
          JOIN mentoring.participant AS t ON t.id = f.participant_id""",
    'relationship': """
        SELECT me.person_id, mine.relationship_id FROM """ + MEMBER + """
        UNION SELECT c.person_id, r.id
          FROM mentoring.relationship AS r
          JOIN """ + COORDINATOR + 'r.programme_id',
    'partner': """
        SELECT me.person_id, o.participant_id FROM """ + MEMBER + """
          JOIN mentoring.relationship AS r
            ON r.id = mine.relationship_id AND r.status <> 'ended'
          JOIN mentoring.relationship_member AS o
            ON o.relationship_id = r.id AND o.participant_id <> me.id""",
    'total': """
        SELECT person_id, id FROM mentoring.participant
         WHERE role <> 'coordinator'
        UNION SELECT c.person_id, t.id
          FROM mentoring.participant AS t
          JOIN """ + COORDINATOR + 't.programme_id',
    'log': """
        SELECT t.person_id, l.id
          FROM mentoring.learning_log AS l
          JOIN mentoring.participant AS t ON t.id = l.participant_id
        UNION SELECT me.person_id, l.id FROM """ + MEMBER + """
          JOIN mentoring.learning_log AS l
            ON l.relationship_id = mine.relationship_id
           AND l.visibility <> 'private'
        UNION SELECT c.person_id, l.id
          FROM mentoring.learning_log AS l
          JOIN """ + COORDINATOR + """l.programme_id
         WHERE l.visibility = 'coordinator'""",
}

# What a request asks for: the id first; no WHERE.
PAGES = {
    'person': 'SELECT id, display_name, email, profile FROM mentoring.person',
    'participant': 'SELECT id, person_id, bio FROM mentoring.participant',
    'preference': 'SELECT id, participant_id FROM mentoring.preference',
    'relationship': 'SELECT id, status FROM mentoring.relationship',
    'partner': 'SELECT participant_id, person_id, display_name, bio, aims,'
               ' my_participant_id FROM mentoring.partner',
    'total': 'SELECT participant_id, entries, minutes'
             ' FROM mentoring.learning_by_participant',
    'log': 'SELECT id, participant_id, relationship_id, visibility, minutes,'
           ' reflection, programme_id FROM mentoring.learning_log',
}
TABLES = sorted(PAGES)
CONSTANT = [table for table in TABLES if table not in ('log', 'total')]

Entry = collections.namedtuple(
    'Entry', 'participant relationship visibility minutes reflection')
Place = collections.namedtuple(
    'Place', 'participant programme relationship')


class Person:
    def __init__(self, person_id, name):
        self.id = person_id
        self.name = name
        self.lock = threading.Lock()
        self.places = []                # where he can write
        self.expected = {}              # table: ids, before anybody writes
        self.log = {}                   # id: Entry, his own
        self.programmes = set()         # he coordinates


class World:
    """Who may see what, from the tables and not from row security."""

    def __init__(self, admin):
        self.people = [Person(*row) for row in tap.query(
            admin, "SELECT id, external_id FROM mentoring.person"
                   " WHERE is_active ORDER BY id")]
        self.by_id = {person.id: person for person in self.people}
        self.owner = dict(tap.query(
            admin, 'SELECT id, person_id FROM mentoring.participant'))
        self.members = collections.defaultdict(set)
        for relationship, person in tap.query(
                admin, 'SELECT m.relationship_id, t.person_id'
                       ' FROM mentoring.relationship_member AS m'
                       ' JOIN mentoring.participant AS t'
                       ' ON t.id = m.participant_id'):
            self.members[relationship].add(person)
        for row in tap.query(
                admin, 'SELECT t.person_id, m.participant_id, m.programme_id,'
                       ' m.relationship_id FROM mentoring.participant AS t'
                       ' JOIN mentoring.relationship_member AS m'
                       ' ON m.participant_id = t.id'):
            self.by_id[row[0]].places.append(Place(*row[1:]))
        for programme, person in tap.query(
                admin, "SELECT programme_id, person_id"
                       " FROM mentoring.participant"
                       " WHERE role = 'coordinator'"):
            self.by_id[person].programmes.add(programme)
        for table, text in EXPECTED.items():
            for person in self.people:
                person.expected[table] = set()
            for person, row_id in tap.query(admin, text):
                if person in self.by_id:
                    self.by_id[person].expected[table].add(row_id)
        self.private = []               # (id, person)
        for row in tap.query(admin, PAGES['log']):
            person = self.owner[row[1]]
            self.by_id[person].log[row[0]] = Entry(*row[1:6])
            if row[3] == 'private':
                self.private.append((row[0], person))
        self.base_log = {row_id for person in self.people
                         for row_id in person.log}

    def may_read(self, person, row):
        """Is this entry of the log for this person?"""
        (_, participant, relationship, visibility, _, reflection,
         programme) = row
        owner = self.owner[participant]
        if not reflection.startswith(self.by_id[owner].name + ' '):
            return False
        return (owner == person.id or
                (visibility != 'private' and
                 person.id in self.members.get(relationship, ())) or
                (visibility == 'coordinator' and
                 programme in person.programmes))


class Outcome:
    """What the threads have found."""

    def __init__(self):
        self.lock = threading.Lock()
        self.count = collections.Counter()
        self.wrong = collections.defaultdict(list)
        self.served = collections.defaultdict(collections.Counter)
        self.last = {}
        self.next = 0

    def note(self, what, n=1):
        with self.lock:
            self.count[what] += n

    def is_wrong(self, what, detail):
        with self.lock:
            self.wrong[what].append(detail)

    def serve(self, backend, person):
        """A connection of the server has worked for somebody."""
        with self.lock:
            self.served[backend][person] += 1
            if self.last.get(backend, person) != person:
                self.count['changes of person on one connection'] += 1
            self.last[backend] = person

    def take(self):
        """The next request, or None at the end."""
        with self.lock:
            if self.next >= REQUESTS or \
                    sum(len(found) for found in self.wrong.values()) > 50:
                return None
            self.next += 1
            return self.next


class Client(threading.Thread):
    KINDS = (['read'] * 49 + ['insert'] * 8 + ['change'] * 4 + ['remove'] * 3 +
             ['local'] * 5 + ['rollback'] * 5 + ['error'] * 5 +
             ['vanish'] * 2 + ['nobody'] * 5 + ['careless'] * 3 +
             ['savepoint'] * 2 + ['switch'] * 2 + ['foreign'] * 3 +
             ['prepared'] * 2 + ['autocommit'] * 2)

    def __init__(self, number, world, outcome, target):
        super().__init__(daemon=True)
        self.random = random.Random(SEED * 1000 + number)
        self.world = world
        self.outcome = outcome
        self.target = target
        self.connection = None
        self.cursor = None

    def run(self):
        while self.outcome.take() is not None:
            kind = self.random.choice(self.KINDS)
            try:
                self.request(kind)
                self.outcome.note(kind)
            except Exception as error:          # none is expected here
                self.outcome.is_wrong('failed', '%s: %s %s' % (
                    kind, type(error).__name__, error))
                self.close()
        self.close()

    def request(self, kind):
        if self.connection is None:
            self.connection = tap.psycopg2.connect(self.target)
            self.cursor = self.connection.cursor()
        if kind in ('nobody', 'careless', 'autocommit'):
            getattr(self, 'do_' + kind)()
            return
        person = self.random.choice(self.world.people)
        with person.lock:
            getattr(self, 'do_' + kind)(person)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    #
    # Pieces of a request
    #

    def execute(self, text, *params):
        self.cursor.execute(text, params or None)
        return self.cursor.fetchall() if self.cursor.description else []

    def act(self, person):
        ((person_id, backend),) = self.execute(
            "SELECT mentoring.act_as('lms', %s), pg_backend_pid()",
            person.name)
        self.outcome.serve(backend, person.id)
        if person_id != person.id:
            self.outcome.is_wrong('foreign', 'act_as(%s) gave %s' % (
                person.name, person_id))

    def must_fail(self, what, state, text, *params):
        """Run what is an error; gives it."""
        try:
            self.execute(text, *params)
        except tap.psycopg2.Error as error:
            if error.pgcode == state:
                return error
            self.outcome.is_wrong(what, '%s: %s %s' % (text, error.pgcode,
                                                       error))
        else:
            self.outcome.is_wrong(what, 'no error: ' + text)
        return None

    def read(self, person, tables):
        for table in tables:
            self.compare(person, table, self.execute(PAGES[table]))

    def compare(self, person, table, rows):
        """Nothing of others, everything of one's own."""
        self.outcome.note('rows', len(rows))
        ids = [row[0] for row in rows]
        if len(set(ids)) != len(ids):
            self.outcome.is_wrong('missing', '%s saw %s twice' % (person.name,
                                                                  table))
        expected = person.expected[table]
        if table == 'log':
            foreign = [row for row in rows
                       if not self.world.may_read(person, row)]
            missing = expected - set(ids) - person.log.keys()
            own = {row[0]: Entry(*row[1:6]) for row in rows
                   if self.world.owner[row[1]] == person.id}
            if own != person.log:
                self.outcome.is_wrong('missing', '%s, more or less: %s' % (
                    person.name, set(own.items()) ^ set(person.log.items())))
        else:
            foreign = [row for row in rows if row[0] not in expected]
            missing = expected - set(ids)
        if table == 'total':
            # coordinators see all of the programme, who has entries
            missing = {participant for participant in missing
                       if any(entry.participant == participant
                              for entry in person.log.values())}
            self.compare_totals(person, rows)
        for row in foreign:
            self.outcome.is_wrong('foreign', '%s saw in %s: %s' % (
                person.name, table, row))
        if missing:
            self.outcome.is_wrong('missing', '%s saw in %s no %s' % (
                person.name, table, sorted(missing)))

    def compare_totals(self, person, rows):
        entries = collections.Counter()
        minutes = collections.Counter()
        for entry in person.log.values():
            entries[entry.participant] += 1
            minutes[entry.participant] += entry.minutes
        for participant, saw_entries, saw_minutes in rows:
            if self.world.owner[participant] == person.id and \
                    (saw_entries, saw_minutes) != (entries[participant],
                                                   minutes[participant]):
                self.outcome.is_wrong('total', '%s, participant %s: %s' % (
                    person.name, participant, (
                        saw_entries, saw_minutes, entries[participant],
                        minutes[participant])))

    def some(self, n):
        return self.random.sample(TABLES, n)

    def new_entry(self, person, remark):
        place = self.random.choice(person.places)
        entry = Entry(place.participant,
                      self.random.choice((place.relationship, None)),
                      self.random.choice(('private', 'relationship',
                                          'coordinator')),
                      self.random.randrange(90),
                      '%s %s %d' % (person.name, remark,
                                    self.random.randrange(10 ** 9)))
        ((row_id,),) = self.execute(
            'INSERT INTO mentoring.learning_log (programme_id, participant_id,'
            ' relationship_id, visibility, minutes, reflection)'
            ' VALUES (%s, %s, %s, %s, %s, %s) RETURNING id',
            place.programme, *entry)
        return row_id, entry

    def see_nothing(self, what):
        """Works for nobody, whatever the session was left with."""
        ((person, left_behind, backend),) = self.execute(
            "SELECT mentoring.current_person(),"
            " current_setting('mentoring.person_id', true) <> '',"
            " pg_backend_pid()")
        self.outcome.serve(backend, None)
        if left_behind:
            self.outcome.note('left behind')
        if person is not None:
            self.outcome.is_wrong(what, 'works for %s' % person)
        for table in self.some(2):
            rows = self.execute(PAGES[table])
            if rows:
                self.outcome.is_wrong(what, 'saw in %s: %s' % (table,
                                                               rows[:3]))

    #
    # Kinds of requests
    #

    def do_read(self, person):
        self.act(person)
        self.read(person, self.some(2))
        self.connection.commit()

    def do_local(self, person):
        """Who knows the id sets it."""
        self.execute('SET LOCAL mentoring.person_id = %s', str(person.id))
        self.read(person, self.some(2))
        self.connection.commit()

    def do_insert(self, person):
        self.act(person)
        row_id, entry = self.new_entry(person, 'added')
        person.log[row_id] = entry
        self.read(person, ['log', 'total'])
        self.connection.commit()

    def do_change(self, person):
        self.act(person)
        row_id = self.random.choice(sorted(person.log))
        entry = person.log[row_id]._replace(
            minutes=self.random.randrange(90),
            reflection='%s changed %d' % (person.name,
                                          self.random.randrange(10 ** 9)))
        self.execute('UPDATE mentoring.learning_log SET minutes = %s,'
                     ' reflection = %s WHERE id = %s', entry.minutes,
                     entry.reflection, row_id)
        if self.cursor.rowcount != 1:
            self.outcome.is_wrong('missing', '%s could not change %s' % (
                person.name, row_id))
        person.log[row_id] = entry
        self.read(person, ['log', 'total'])
        self.connection.commit()

    def do_remove(self, person):
        """One's own, of what was added."""
        self.act(person)
        added = sorted(person.log.keys() - self.world.base_log)
        if added:
            row_id = self.random.choice(added)
            self.execute('DELETE FROM mentoring.learning_log WHERE id = %s',
                         row_id)
            del person.log[row_id]
        self.read(person, ['log', 'total'])
        self.connection.commit()

    def do_rollback(self, person):
        self.act(person)
        self.new_entry(person, 'undone')
        self.execute("UPDATE mentoring.learning_log SET reflection = %s",
                     person.name + ' undone')
        self.connection.rollback()
        self.see_nothing('left')
        self.connection.rollback()

    def do_error(self, person):
        """In the middle; COMMIT then ends it all the same."""
        self.act(person)
        self.new_entry(person, 'failed')
        self.must_fail('failed', '22012', 'SELECT 1 / 0 FROM mentoring.person')
        self.must_fail('failed', '25P02', PAGES['log'])
        if self.random.random() < 0.5:
            self.connection.commit()
        else:
            self.connection.rollback()
        self.act(person)
        self.read(person, ['log'])
        self.connection.commit()

    def do_vanish(self, person):
        """By a word or without one."""
        self.act(person)
        self.new_entry(person, 'vanished')
        self.read(person, [self.random.choice(CONSTANT)])
        if self.random.random() < 0.5:
            with socket.fromfd(self.connection.fileno(), socket.AF_UNIX,
                               socket.SOCK_STREAM) as wire:
                wire.shutdown(socket.SHUT_RDWR)
        self.close()

    def do_savepoint(self, person):
        """Who acts for another within a savepoint doesn't after it."""
        other = self.random.choice(self.world.people)
        self.act(person)
        self.read(person, ['relationship'])
        self.execute('SAVEPOINT s')
        self.act(other)
        self.read(other, [self.random.choice(CONSTANT)])
        self.execute('ROLLBACK TO s')
        self.read(person, ['relationship', 'log'])
        self.connection.commit()

    def do_switch(self, person):
        """One after the other in one transaction, to end as nobody."""
        other = self.random.choice(self.world.people)
        table = self.random.choice(CONSTANT)
        self.act(person)
        self.read(person, [table, 'log'])
        self.act(other)
        self.read(other, [table])
        self.execute("SET LOCAL mentoring.person_id = ''")
        self.see_nothing('nobody')
        self.connection.commit()

    def do_foreign(self, person):
        """Names what isn't one's own."""
        row_id, owner = self.random.choice(self.world.private)
        if owner == person.id:
            return
        other = self.world.by_id[owner]
        place = self.random.choice(other.places)
        self.act(person)
        if self.execute(PAGES['log'] + ' WHERE id = %s', row_id):
            self.outcome.is_wrong('foreign', '%s read entry %s' % (
                person.name, row_id))
        self.execute("UPDATE mentoring.learning_log SET reflection = 'mine'"
                     ' WHERE id = %s', row_id)
        changed = self.cursor.rowcount
        self.execute('DELETE FROM mentoring.learning_log WHERE id = %s',
                     row_id)
        if changed or self.cursor.rowcount:
            self.outcome.is_wrong('refused', '%s changed entry %s' % (
                person.name, row_id))
        self.must_fail('refused', '42501',
                       'INSERT INTO mentoring.learning_log (programme_id,'
                       " participant_id, reflection) VALUES (%s, %s, 'x')",
                       place.programme, place.participant)
        self.connection.rollback()

    def do_prepared(self, person):
        """The plan may be another client's, made for another person."""
        self.act(person)
        if not self.execute("SELECT 1 FROM pg_prepared_statements"
                            " WHERE name = 'own_log'"):
            self.execute('PREPARE own_log AS ' + PAGES['log'])
        else:
            self.outcome.note('plans of others')
        self.compare(person, 'log', self.execute('EXECUTE own_log'))
        self.connection.commit()

    def do_nobody(self):
        self.see_nothing('nobody')
        self.connection.commit()

    def do_careless(self):
        """A plain SET, which no transaction ends: void from the next one."""
        person = self.random.choice(self.world.people)
        if self.random.random() < 0.5:
            self.connection.autocommit = True
        self.execute('SET mentoring.person_id = %s', str(person.id))
        self.connection.commit()
        self.connection.autocommit = False
        self.see_nothing('left')
        self.connection.commit()

    def do_autocommit(self):
        """An error that says what to do, and nobody is acted for."""
        person = self.random.choice(self.world.people)
        self.connection.autocommit = True
        error = self.must_fail('autocommit', '25P01',
                               "SELECT mentoring.act_as('lms', %s)",
                               person.name)
        if error is not None and not error.diag.message_hint:
            self.outcome.is_wrong('autocommit', 'no hint: %s' % error)
        self.see_nothing('autocommit')
        self.connection.autocommit = False


def is_listening(address):
    """A socket is there before anybody listens to it."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(address)
        except OSError:
            return False
        return True


def start_pool(program, folder):
    """pgbouncer on a socket of its own, and how to reach it."""
    host = os.environ.get('PGHOST', '/var/run/postgresql')
    folder.write('pgbouncer.ini', '\n'.join((
        '[databases]',
        'pooled = host=%s port=%s dbname=%s user=%s' % (
            host, os.environ.get('PGPORT', '5432'), os.environ['PGDATABASE'],
            ROLE),
        '[pgbouncer]',
        'listen_addr =',
        'unix_socket_dir = ' + folder.path,
        'unix_socket_mode = 0700',
        'listen_port = %d' % PORT,
        'auth_type = any',
        'pool_mode = transaction',
        'default_pool_size = %d' % SERVERS,
        'max_client_conn = 100',
        'log_connections = 0',
        'log_disconnections = 0',
        'ignore_startup_parameters = extra_float_digits', '')))
    pool = folder.start([program, 'pgbouncer.ini'], 'pgbouncer.log')
    address = os.path.join(folder.path, '.s.PGSQL.%d' % PORT)
    if not tap.wait_until(lambda: is_listening(address) or
                          pool.poll() is not None, 20):
        raise RuntimeError('pgbouncer listens to no socket')
    if pool.poll() is not None:
        raise RuntimeError('pgbouncer ended:\n' +
                           folder.output('pgbouncer.log'))
    return 'host=%s port=%d dbname=pooled user=anybody' % (folder.path, PORT)


def watch_servers(console, outcome, is_over):
    """The most connections the pool had at a time, by its own word: the
    server counts also those that are just ending."""
    most = 0
    while not is_over.wait(0.2):
        most = max(most, sum(row[2] == 'pooled'
                             for row in tap.query(console, 'SHOW SERVERS')))
    outcome.count['servers'] = most


def run_clients(world, outcome, target):
    clients = [Client(n, world, outcome, target) for n in range(THREADS)]
    is_over = threading.Event()
    console = tap.connect(target.replace('dbname=pooled', 'dbname=pgbouncer'))
    watch = threading.Thread(target=watch_servers,
                             args=(console, outcome, is_over), daemon=True)
    watch.start()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    is_over.set()
    watch.join()
    console.close()


def report(test, admin, world, outcome):
    def good(what, name):
        found = outcome.wrong[what]
        test.check(not found, name, *found[:5])

    count = outcome.count
    test.say(', '.join('%s %d' % item for item in sorted(count.items())))
    done = sum(count[kind] for kind in set(Client.KINDS))
    test.check(done == REQUESTS, '%d requests' % REQUESTS,
               '%d were done' % done)
    good('failed', 'no request fails that should not, and those that should')
    good('foreign', 'nobody sees a row of another')
    good('missing', 'everybody sees all of his own, also what he just wrote')
    good('total', 'and the totals of that')
    good('refused', 'nobody changes or writes a row of another')
    good('nobody', 'without identity there are no rows')
    good('left', 'what a transaction or a careless SET left behind is void')
    good('autocommit', 'act_as() in autocommit is an error with a hint')
    for what in ('rows', 'left behind', 'plans of others'):
        test.check(count[what] > REQUESTS / 1000, what + ' were met',
                   count[what])
    test.check(0 < count['servers'] <= SERVERS,
               '%d connections to the server' % SERVERS, count['servers'])
    test.check(count['changes of person on one connection'] > REQUESTS / 2,
               'work for one after the other',
               count['changes of person on one connection'])
    busiest = max(outcome.served.values(), key=len, default=())
    test.check(len(busiest) >= min(PEOPLE, REQUESTS / 100) * 0.8,
               'one of them for most of the people', len(busiest))
    log = {row[0]: Entry(*row[1:6]) for row in tap.query(admin, PAGES['log'])}
    known = {row_id: entry for person in world.people
             for row_id, entry in person.log.items()}
    test.check(log == known,
               'what was committed is there, and nothing that was not',
               sorted(set(log.items()) ^ set(known.items()))[:5])
    for function in ('verify_learning_log', 'verify_load'):
        rows = tap.query(admin, 'SELECT * FROM mentoring.%s()' % function)
        test.check(not rows, function + '() finds nothing', *rows[:5])


def main():
    program = tap.find_program('pgbouncer', 'pgbouncer')
    test = tap.Tap()
    admin = tap.connect()
    folder = tap.Folder()
    try:
        tap.query(admin, SETUP.format(role=ROLE, people=PEOPLE))
        world = World(admin)
        outcome = Outcome()
        run_clients(world, outcome, start_pool(program, folder))
        report(test, admin, world, outcome)
        if outcome.wrong['failed']:
            test.say(folder.output('pgbouncer.log')[-2000:])
    finally:
        folder.remove()
    tap.drop_role(admin, ROLE)
    return test.done()


if __name__ == '__main__':
    sys.exit(main())
