#!/usr/bin/python3
"""sqlsmith_test.py: random SQL as level app, which must crash and leak nothing

sqlsmith sends what the schema allows, as a person with a login of his own: a
member of relationships, then one who coordinates a programme.  Between it and
the server stands a wire that reads along, because sqlsmith throws results
away.  Texts that are hidden from that person carry a canary, put there by
rules of this test's own: no answer of the server may contain one, rows, errors
and notices alike.  What belongs to others must be unchanged afterwards, totals
and loads exact, and the server up.

So that random SQL meets what matters, the wire also gives sqlsmith a catalogue
of this test's own.  It has those of the server's functions and operators that
take and give types of our columns; functions that cost nothing and raise an
error when they see a canary, to be found in every WHERE; and each function of
ours several times, as one that returns text, because sqlsmith leaves out those
that return rows.

MTR_SMITH_SECONDS is another time than the 60 s of all runs, MTR_SEED where to
begin.  Queries are printed as the server got them.
"""
import collections
import os
import re
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap                                                      # noqa: E402

SECONDS = float(os.environ.get('MTR_SMITH_SECONDS', '60'))
SEED = int(os.environ.get('MTR_SEED', '1'))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PORT = 5433
ROLES = {who: 'mentoring_smith_%d_%s' % (os.getpid(), who)
         for who in ('member', 'office')}
RANK = 987654321                # of preferences, which have no text
Run = collections.namedtuple('Run', 'name who is_kept has_catalog')
RUNS = (Run('a member, also on the catalogue, rolled back', 'member', False,
            True),
        Run('a member, committed', 'member', True, False),
        Run('a coordinator, committed', 'office', True, False))


def canary(who):
    """In texts this person must not see."""
    return 'zqhidden' + who


def own(who):
    """In those the person may see."""
    return 'zqshown' + who


#
# The data: test/fixture.sql, and what is hidden from whom
#

# The member takes part in every programme and has relationships in two.  The
# office coordinates one of these and is in no other; it may not add persons or
# itself anywhere, which would rightly show it more.
SETUP = """
SET client_min_messages = error;
CREATE ROLE {member} LOGIN;
CREATE ROLE {office} LOGIN;
SELECT mentoring.grant_access('{member}', 'app'),
       mentoring.grant_access('{office}', 'app');
REVOKE INSERT ON mentoring.participant FROM {office};
REVOKE INSERT, UPDATE ON mentoring.relationship_member FROM {office};

INSERT INTO mentoring.person (source, external_id, display_name, email)
VALUES ('hr', 'office', 'Office', 'office@example.org');
INSERT INTO mentoring.participant (programme_id, person_id, role, status)
SELECT g.id, p.id, 'coordinator', 'accepted'
  FROM mentoring.programme AS g, mentoring.person AS p
 WHERE g.name = 'Upside down' AND p.external_id = 'office';
INSERT INTO mentoring.person_role (person_id, role_name)
SELECT id, CASE external_id WHEN 'office' THEN '{office}' ELSE '{member}' END
  FROM mentoring.person WHERE external_id IN ('office', 'E11');

CREATE TEMPORARY TABLE me AS
SELECT CASE external_id WHEN 'office' THEN 'office' ELSE 'member' END AS who,
       id AS person_id
  FROM mentoring.person WHERE external_id IN ('office', 'E11');
CREATE TEMPORARY TABLE coordinated AS
SELECT t.programme_id FROM mentoring.participant AS t
  JOIN me USING (person_id) WHERE me.who = 'office';
CREATE TEMPORARY TABLE my_part AS
SELECT t.id FROM mentoring.participant AS t
  JOIN me USING (person_id) WHERE me.who = 'member';
CREATE TEMPORARY TABLE my_bond AS
SELECT m.relationship_id AS id, r.status <> 'ended' AS is_open
  FROM mentoring.relationship_member AS m
  JOIN mentoring.relationship AS r ON r.id = m.relationship_id
 WHERE m.participant_id IN (SELECT id FROM my_part);
CREATE TEMPORARY TABLE my_partner AS
SELECT m.participant_id AS id FROM mentoring.relationship_member AS m
  JOIN my_bond AS b ON b.id = m.relationship_id AND b.is_open;
-- recommend() shows names and bios of those one may meet
CREATE TEMPORARY TABLE candidate AS
SELECT id, person_id FROM mentoring.participant
 WHERE role IN ('mentor', 'mentee', 'peer');

INSERT INTO mentoring.event
    (programme_id, role_name, object, object_id, action, old)
SELECT id, 'somebody', 'pair_rule', 1, 'delete', '{{"rule": "pin"}}'
  FROM mentoring.programme;
INSERT INTO mentoring.access_event (role_name, action, object)
VALUES ('somebody', 'grant', 'somebody else');
UPDATE mentoring.programme SET purpose = coalesce(purpose, 'purpose');
UPDATE mentoring.participant SET bio = coalesce(bio, 'bio');
UPDATE mentoring.participant SET aims = coalesce(aims, 'aims');
UPDATE mentoring.request SET reason = coalesce(reason, 'reason');
UPDATE mentoring.relationship SET end_reason = 'reason'
 WHERE status = 'ended';
UPDATE mentoring.pair_rule SET reason = coalesce(reason, 'reason');
UPDATE mentoring.learning_log SET reflection = coalesce(reflection, 'text');
UPDATE mentoring.preference SET rank = {rank}
 WHERE NOT is_veto AND participant_id NOT IN (SELECT id FROM my_part);
"""

# table, columns, and which rows are hidden from the member and the office.  A
# jsonb column gets one more key.
HIDDEN = (
    ('person', 'email org_unit job_role site profile',
     "id NOT IN (SELECT person_id FROM me WHERE who = 'member')",
     """id NOT IN (SELECT person_id FROM mentoring.participant
                    WHERE programme_id IN (SELECT * FROM coordinated))"""),
    ('person', 'display_name',
     'id NOT IN (SELECT person_id FROM candidate)',
     """id NOT IN (SELECT person_id FROM mentoring.participant
                    WHERE programme_id IN (SELECT * FROM coordinated))"""),
    ('person_history', 'org_unit job_role site',
     "person_id NOT IN (SELECT person_id FROM me WHERE who = 'member')",
     'true'),
    ('person_skill', 'source',
     "person_id NOT IN (SELECT person_id FROM me WHERE who = 'member')",
     """person_id NOT IN (SELECT person_id FROM mentoring.participant
                           WHERE programme_id IN
                                 (SELECT * FROM coordinated))"""),
    ('person_role', 'role_name', "role_name NOT LIKE 'mentoring_smith%'",
     "role_name NOT LIKE 'mentoring_smith%'"),
    ('programme', 'purpose', "status = 'draft'", "status = 'draft'"),
    ('participant', 'profile', 'id NOT IN (SELECT id FROM my_part)',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('participant', 'aims',
     """id NOT IN (SELECT id FROM my_part)
        AND id NOT IN (SELECT id FROM my_partner)""",
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('participant', 'bio', 'id NOT IN (SELECT id FROM candidate)',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('criterion', 'name', 'false',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('pair_rule', 'reason', 'true',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('match_run', 'detail', 'true',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('relationship', 'end_reason', 'id NOT IN (SELECT id FROM my_bond)',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('request', 'reason',
     """mentee_id NOT IN (SELECT id FROM my_part)
        AND (mentor_id NOT IN (SELECT id FROM my_part)
             OR asked_at IS NULL)""",
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('learning_log', 'reflection source_event_id',
     """participant_id NOT IN (SELECT id FROM my_part)
        AND (visibility = 'private' OR relationship_id IS NULL
             OR relationship_id NOT IN (SELECT id FROM my_bond))""",
     """visibility <> 'coordinator'
        OR programme_id NOT IN (SELECT * FROM coordinated)"""),
    ('event', 'role_name old', 'true',
     'programme_id NOT IN (SELECT * FROM coordinated)'),
    ('access_event', 'object', 'true', 'true'),
)

# Rows that must be the same afterwards; of a table that isn't named, all.
# What triggers derive is recomputed instead.
DERIVED = ('participant_load', 'learning_author', 'learning_day',
           'learning_delta', 'learning_programme_day',
           'learning_programme_month', 'learning_skill_month',
           'learning_spill')
ELSEWHERE = 'programme_id NOT IN (SELECT * FROM coordinated)'
UNCHANGED = {
    'member': {
        'person': "id NOT IN (SELECT person_id FROM me WHERE who = 'member')",
        'participant':
            "person_id NOT IN (SELECT person_id FROM me WHERE who = 'member')",
        'participant_skill': 'participant_id NOT IN (SELECT id FROM my_part)',
        'preference': 'participant_id NOT IN (SELECT id FROM my_part)',
        'learning_log': 'participant_id NOT IN (SELECT id FROM my_part)',
        'relationship': 'id NOT IN (SELECT id FROM my_bond)',
        'request': """mentee_id NOT IN (SELECT id FROM my_part)
                      AND mentor_id NOT IN (SELECT id FROM my_part)""",
    },
    'office': dict(
        {table: ELSEWHERE
         for table in ('participant', 'participant_skill', 'preference',
                       'criterion', 'pair_rule', 'match_run', 'match_price',
                       'match_odd_set', 'proposal', 'proposal_member',
                       'relationship', 'relationship_member', 'request')},
        person="id NOT IN (SELECT person_id FROM me WHERE who = 'office')",
        programme='id NOT IN (SELECT * FROM coordinated)'),
}

# A function for sqlsmith: the text isn't to be found in its own source.
PROBE = """
CREATE SEQUENCE smith.sighting;
GRANT USAGE ON SEQUENCE smith.sighting TO PUBLIC;
DO $do$
BEGIN
    FOR i IN 1 .. 30 LOOP
        EXECUTE format($f$
            CREATE FUNCTION smith.probe_%s(anyelement) RETURNS boolean
            LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $p$
            DECLARE
                who text := split_part(session_user, '_', 4);
            BEGIN
                IF $1::text ~* ('zq' || 'hidden' || who) THEN
                    RAISE EXCEPTION 'a probe saw %%', $1;
                ELSIF $1::text LIKE '%%zq' || 'shown%%' THEN
                    PERFORM nextval('smith.sighting');
                END IF;
                RETURN true;
            END
            $p$ $f$, i);
    END LOOP;
END
$do$;
"""
WRAPPERS = """
DO $do$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.proname, p.pronargs,
               (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n)
                  FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n))
                   AS types,
               (SELECT string_agg('$' || n, ', ' ORDER BY n)
                  FROM generate_series(1, p.pronargs) AS n) AS arguments
          FROM pg_proc AS p
         WHERE p.pronamespace = 'mentoring'::regnamespace
           AND has_function_privilege('{member}', p.oid, 'EXECUTE')
           AND p.prorettype NOT IN ('trigger'::regtype, 'boolean'::regtype)
    LOOP
        FOR i IN 1 .. 6 LOOP
            EXECUTE format('CREATE FUNCTION smith.%I(%s) RETURNS text'
                ' LANGUAGE sql VOLATILE AS $f$ SELECT'
                ' string_agg(r::text, chr(10)) FROM mentoring.%I(%s) AS r $f$',
                f.proname || '_' || i, f.types, f.proname, f.arguments);
        END LOOP;
    END LOOP;
END
$do$;
-- what sqlsmith is given for the catalogue
CREATE TABLE smith.common AS
SELECT DISTINCT a.atttypid AS id
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'mentoring'::regnamespace AND a.attnum > 0;
CREATE TABLE smith.pg_proc AS
SELECT oid, pronamespace, prorettype, proname, prokind, proretset, proargtypes
  FROM pg_catalog.pg_proc
 WHERE pronamespace = 'smith'::regnamespace
    OR pronamespace = 'mentoring'::regnamespace
       AND has_function_privilege('{member}', oid, 'EXECUTE')
    OR pronamespace = 'pg_catalog'::regnamespace
       AND prorettype IN (SELECT id FROM smith.common)
       AND proname !~ '^pg_(sleep|replication|logical|rotate|reload)'
       AND NOT EXISTS (SELECT FROM unnest(proargtypes) AS t (id)
                        WHERE id NOT IN (SELECT id FROM smith.common));
CREATE UNIQUE INDEX ON smith.pg_proc (oid);
CREATE TABLE smith.pg_operator AS
SELECT oprname, oprleft, oprright, oprresult FROM pg_catalog.pg_operator
 WHERE oprresult IN (SELECT id FROM smith.common)
   AND oprleft IN (SELECT id FROM smith.common)
   AND oprright IN (SELECT id FROM smith.common);
GRANT USAGE ON SCHEMA smith TO PUBLIC;
GRANT SELECT ON smith.pg_proc, smith.pg_operator TO PUBLIC;
ANALYZE;
"""


def set_up(admin):
    """Data and canaries; the temporary tables stay with this connection."""
    with open(os.path.join(ROOT, 'test', 'fixture.sql')) as fixture:
        tap.query(admin, fixture.read())
    names = dict(ROLES, rank=RANK, seed=SEED)
    tap.query(admin, SETUP.format(**names))
    for table, columns, *rows in HIDDEN:
        for column in columns.split():
            found = 0
            for who, condition in zip(('member', 'office'), rows):
                found += mark(admin, table, column, canary(who), condition)
                if column != 'role_name':       # one's login
                    mark(admin, table, column, own(who),
                         'NOT coalesce(%s, false)' % condition)
            if found == 0:
                raise RuntimeError('no %s.%s to hide' % (table, column))
    tap.query(admin, 'CREATE SCHEMA smith')
    tap.query(admin, PROBE)
    tap.query(admin, WRAPPERS.format(**names))


def mark(admin, table, column, word, condition):
    """Put the word into a column; how many rows got it."""
    kind = tap.value(
        admin, 'SELECT atttypid::regtype::text FROM pg_attribute'
               ' WHERE attrelid = %s::regclass AND attname = %s',
        'mentoring.' + table, column)
    new = column + " || ' %s'" % word
    if kind == 'jsonb':
        new = column + """ || '{"%s": "%s"}'""" % (word, word)
    with admin.cursor() as cursor:
        cursor.execute('UPDATE mentoring.%s SET %s = %s WHERE %s IS NOT NULL'
                       ' AND (%s)' % (table, column, new, column, condition))
        return cursor.rowcount


def state(admin, who, event_id):
    """A checksum of each table's rows that must stay as they are."""
    sums = {}
    for (table,) in tap.query(
            admin, "SELECT relname FROM pg_class WHERE relkind = 'r'"
                   " AND relnamespace = 'mentoring'::regnamespace"):
        if table in DERIVED:
            continue
        condition = UNCHANGED[who].get(table, 'true')
        if table == 'event':
            condition = 'id <= %d' % event_id
        sums[table] = tap.query(
            admin, 'SELECT count(*), md5(string_agg(t::text, chr(10)'
                   ' ORDER BY t::text)) FROM mentoring.%s AS t WHERE %s' %
                   (table, condition))[0]
    return sums


#
# The wire
#

# Of tables as small as ours sqlsmith's samples of a few percent are empty, and
# so is what it compares with its only constant of most types, NULL.  Where it
# asks whether a column is empty, a probe looks in.
SAMPLE = re.compile(r'tablesample (?:system|bernoulli) \([0-9.]+\)')
NULL = re.compile(r'cast\(null as (\w+)\)')
COLUMN = re.compile(r'\b((?:ref|sample|subq)_\d+\.\w+) is not NULL')
CONSTANT = {'bool': 'true', 'text': "''", 'int2': '1', 'int4': '1',
            'int8': '2', 'float8': '0.5', 'date': 'current_date',
            'timestamptz': 'now()', 'jsonb': "'{}'", '_int8': "'{1, 2}'"}

class Wire(threading.Thread):
    """Hands on what client and server say, and reads along."""

    def __init__(self, path, server):
        super().__init__(daemon=True)
        self.server = server
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(8)
        self.start_run(None)

    def start_run(self, run):
        self.run_now = run
        self.words = []
        self.own = None
        if run is not None:
            self.own = own(run.who).encode()
            word = canary(run.who)
            self.words = [word.encode(), word[::-1].encode(),
                          word.encode().hex().encode(), b'%d' % RANK]
        self.count = collections.Counter()
        self.errors = collections.Counter()
        self.internal = []
        self.found = []
        self.crashed = []

    def run(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.server)
            except OSError:
                client.close()
                continue
            talk = Talk(self, client, server)
            for side in (talk.from_client, talk.from_server):
                threading.Thread(target=talk.listen, args=(side,),
                                 daemon=True).start()


class Talk:
    """One connection.  In messages, to say which query an answer is to."""

    def __init__(self, wire, client, server):
        self.wire = wire
        self.client = client
        self.server = server
        self.query = ''
        self.is_random = False          # it has read the catalogue
        self.is_waiting = False
        self.had_fatal = False
        self.client_left = False
        self.nulls = 0

    def listen(self, side):
        try:
            side()
        except OSError:
            pass
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def messages(source, has_type=True):
        """Type and content of each message."""
        data = bytearray()
        while True:
            head = 5 if has_type else 4
            while len(data) >= head:
                (size,) = struct.unpack_from('!i', data, head - 4)
                if len(data) < size + head - 4:
                    break
                yield (bytes(data[:1]) if has_type else b'',
                       bytes(data[head:size + head - 4]))
                del data[:size + head - 4]
                has_type, head = True, 5
            more = source.recv(1 << 18)
            if not more:
                return
            data += more

    def from_client(self):
        self.hand_on()
        self.client_left = True

    def hand_on(self):
        for kind, content in self.messages(self.client, has_type=False):
            if kind == b'Q':
                content = self.rewrite(content)
            self.is_waiting = kind == b'Q'
            self.server.sendall(kind + struct.pack('!i', len(content) + 4) +
                                content)

    def rewrite(self, content):
        """Commit where sqlsmith would not, don't wait for long, and show it
        another catalogue."""
        text = content[:-1].decode(errors='replace')
        if text == 'ROLLBACK;' and self.wire.run_now.is_kept:
            return b'COMMIT;\0'
        self.query = text
        if text.startswith('set statement_timeout'):
            self.is_random = True
            return b'set statement_timeout = 300\0'
        if not self.is_random:
            content = content.replace(b' from pg_proc ',
                                      b' from smith.pg_proc ')
            return content.replace(b' from pg_catalog.pg_operator ',
                                   b' from smith.pg_operator ')
        if text not in ('ROLLBACK;', 'BEGIN;'):
            self.wire.count['queries'] += 1
            self.query = COLUMN.sub(r'smith.probe_1(\1)', NULL.sub(
                self.constant, SAMPLE.sub('', text)))
        return self.query.encode() + b'\0'

    def constant(self, match):
        """Three times out of four, one instead of NULL."""
        self.nulls += 1
        if self.nulls % 4 == 0 or match.group(1) not in CONSTANT:
            return match.group(0)
        return 'cast(%s as %s)' % (CONSTANT[match.group(1)], match.group(1))

    def from_server(self):
        wire = self.wire
        for kind, content in self.messages(self.server):
            # first the client: sqlsmith is to go on while this is searched
            self.client.sendall(kind + struct.pack('!i', len(content) + 4) +
                                content)
            if kind == b'Z':
                self.is_waiting = False
            elif kind == b'E':
                self.note_error(content)
            elif kind == b'D' and self.is_random:
                wire.count['rows'] += 1
            elif kind == b'C' and self.is_random and \
                    'mentoring.' in self.query:
                words = content.rstrip(b'\0').decode().split()
                wire.count[words[0] + (' none' if words[-1] == '0' else
                                       ' some')] += 1
            content = content.lower()
            if wire.own is not None and wire.own in content:
                wire.count['own texts'] += 1
            for word in wire.words:
                if word in content:
                    wire.found.append('%s in %s, the answer to\n%s' % (
                        word.decode(),
                        content[:2000].decode(errors='replace').replace(
                            '\0', ' '), self.query))
        if self.is_waiting and not self.had_fatal and not self.client_left:
            wire.crashed.append(self.query)

    def note_error(self, content):
        field = {part[:1]: part[1:].decode(errors='replace')
                 for part in content.split(b'\0') if part}
        self.had_fatal = field.get(b'V') in ('FATAL', 'PANIC')
        state_code = field.get(b'C', '?')
        self.wire.errors[state_code] += 1
        if state_code == 'XX000':
            self.wire.internal.append((field.get(b'F'), field.get(b'M'),
                                       self.query))


#
# A run
#

def smith(program, folder, wire, run, seed, seconds):
    """sqlsmith for so long.  It may end before, by an error of its own."""
    end = time.monotonic() + seconds
    starts = 0
    while time.monotonic() < end and starts < 10:
        target = 'host=%s port=%d dbname=%s user=%s' % (
            folder.path, PORT, os.environ['PGDATABASE'], ROLES[run.who])
        arguments = [program, '--target=' + target,
                     '--seed=%d' % (seed + 1000 * starts)]
        if not run.has_catalog:
            arguments.append('--exclude-catalog')
        started = folder.start(arguments, 'sqlsmith.log')
        tap.wait_until(lambda: started.poll() is not None or wire.crashed,
                       end - time.monotonic())
        folder.end(started)
        if wire.crashed:
            break
        starts += 1
    return starts < 10


def exercise(test, admin, sentinel, folder, program, wire, number, run):
    event_id = tap.value(admin, 'SELECT max(id) FROM mentoring.event')
    before = state(admin, run.who, event_id)
    wire.start_run(run)
    went_on = smith(program, folder, wire, run, SEED % 200000000 * 10 + number,
                    SECONDS / len(RUNS))

    name = run.name + ': '
    count = wire.count
    test.say('%s%s; errors: %s' % (
        name, ', '.join('%s %d' % item for item in sorted(count.items())),
        ', '.join('%s %d' % item for item in wire.errors.most_common(12))))
    test.check(not wire.crashed, name + 'no connection breaks off',
               *wire.crashed[:2])
    test.check(is_alive(sentinel), name + 'the server is up')
    if not is_alive(sentinel):
        return
    test.check(went_on and count['queries'] > SECONDS and
               count['SELECT some'] > 2 and
               (count['own texts'] > 0 or run.has_catalog),
               name + 'random SQL reads our tables', count,
               folder.output('sqlsmith.log')[-1000:])
    test.check(not wire.found, name + 'nothing hidden is seen',
               *wire.found[:2])
    ours = set(os.listdir(os.path.join(ROOT, 'src')))
    internal = [entry for entry in wire.internal if entry[0] in ours]
    test.check(not internal, name + 'no internal error of ours',
               *['%s: %s\n%s' % entry for entry in internal[:2]])
    after = state(admin, run.who, event_id)
    test.check(before == after, name + 'nothing of others has changed',
               [(table, before[table], after[table]) for table in before
                if before[table] != after[table]])
    for function in ('verify_load', 'verify_learning_log'):
        rows = tap.query(admin, 'SELECT * FROM mentoring.%s()' % function)
        test.check(not rows, name + function + '() finds nothing', *rows[:5])


def is_alive(sentinel):
    """A crash of any backend ends all sessions, this one too."""
    try:
        return tap.value(sentinel, 'SELECT 1') == 1
    except tap.psycopg2.Error:
        return False


def try_the_wire(test, wire, folder):
    """It sees what a superuser sees, so it would see a leak; and so would a
    probe."""
    through = tap.connect('host=%s port=%d' % (folder.path, PORT))
    for table, _, member, _ in HIDDEN:
        if member != 'false':
            wire.start_run(RUNS[0])
            tap.query(through, 'SELECT * FROM mentoring.' + table)
            test.check(wire.found, 'the wire hears of ' + table)
    wire.start_run(RUNS[0])
    try:
        tap.query(through, 'SELECT FROM mentoring.person'
                           ' WHERE smith.probe_1(email)')
    except tap.psycopg2.Error:
        pass
    test.check(wire.found, 'and what a probe says')
    through.close()


def main():
    program = tap.find_program('sqlsmith', 'sqlsmith')
    test = tap.Tap()
    admin = tap.connect()
    sentinel = tap.connect()
    folder = tap.Folder()
    try:
        set_up(admin)
        wire = Wire(os.path.join(folder.path, '.s.PGSQL.%d' % PORT),
                    os.path.join(os.environ.get('PGHOST',
                                                '/var/run/postgresql'),
                                 '.s.PGSQL.' + os.environ.get('PGPORT',
                                                              '5432')))
        wire.start()
        try_the_wire(test, wire, folder)
        for number, run in enumerate(RUNS):
            if is_alive(sentinel):
                exercise(test, admin, sentinel, folder, program, wire, number,
                         run)
        if is_alive(sentinel):
            calls = tap.value(admin, 'SELECT last_value FROM smith.sighting')
            test.check(calls > 1, 'probes saw texts', calls)
    finally:
        folder.remove()
    if is_alive(sentinel):
        for role in ROLES.values():
            tap.drop_role(admin, role)
    return test.done()


if __name__ == '__main__':
    sys.exit(main())
