#!/usr/bin/python3
"""xapi_bench.py: 10,000 xAPI statements in a directory of 100,000 persons

Statements as a store gives them (1.1 kB: definitions, context, authority), by
account and by address, of 2,000 mentees; one in a hundred voids an earlier one,
one in twenty is about somebody unknown.  Then the same again, which changes
nothing; then one statement a call, 200 times; then what is told of them and of
10,000 local entries.

Wall-clock time and processor time of the backend, the median of three.  The
rival reads the ids, times and accounts out of the same batch by jsonb operators
alone, believes everything, and inserts entries: what SQL without checks costs.

Target, on a machine of its own: 2 s.  MTR_BENCH_SIZE gives another number of
statements.

Connection by PGHOST, PGDATABASE ...; the database must have the extension.
"""
import os
import statistics
import subprocess
import sys
import time

STATEMENTS = int(os.environ.get('MTR_BENCH_SIZE', '10000'))
MENTEES = 2000
SINGLES = 200
ROLE = 'bench_xapi'

SETUP = r"""
INSERT INTO mentoring.person (id, source, external_id, display_name, email)
SELECT 100000 + i, 'lms', 'user' || i, 'Person ' || i, 'user' || i || '@example.org'
  FROM generate_series(1, 100000) AS i;
INSERT INTO mentoring.programme (id, name, model, status)
SELECT p, 'bench', 'one_to_one', 'running' FROM generate_series(1, 9) AS p;
INSERT INTO mentoring.participant (programme_id, person_id, role, status)
SELECT p, 100000 + i, 'mentee', 'accepted'
  FROM generate_series(1, 9) AS p, generate_series(1, {mentees}) AS i;
CREATE TABLE batch (k integer, statements jsonb);
INSERT INTO batch
SELECT 1 + n % {singles} AS k, jsonb_agg(jsonb_build_object(
           'id', md5('statement ' || n)::uuid,
           'actor', CASE WHEN n % 20 = 7 THEN jsonb_build_object('mbox', 'mailto:nobody' || n || '@example.org')
                    WHEN n % 3 = 0 THEN jsonb_build_object('objectType', 'Agent', 'name', 'Person', 'mbox',
                                            'mailto:User' || 1 + n % {mentees} || '@example.org')
                    ELSE jsonb_build_object('objectType', 'Agent', 'name', 'Person', 'account', jsonb_build_object(
                             'homePage', 'https://lms.example.org', 'name', 'user' || 1 + n % {mentees})) END,
           'verb', jsonb_build_object('id', 'http://adlnet.gov/expapi/verbs/' ||
                       CASE WHEN n % 100 = 99 THEN 'voided' ELSE 'completed' END,
                       'display', '{{"en": "did", "de": "tat"}}'::jsonb),
           'object', CASE WHEN n % 100 = 99 THEN jsonb_build_object('objectType', 'StatementRef',
                              'id', md5('statement ' || n - 50)::uuid)
                     ELSE jsonb_build_object('objectType', 'Activity',
                              'id', 'https://lms.example.org/mod/quiz/view.php?id=' || n % 300,
                              'definition', jsonb_build_object('type', 'http://adlnet.gov/expapi/activities/assessment',
                                  'name', '{{"en": "A quiz of some length"}}'::jsonb,
                                  'description', jsonb_build_object('en', repeat('words ', 40)))) END,
           'result', jsonb_build_object('duration', 'PT' || n % 50 || 'M' || n % 60 || 'S', 'completion', true,
                         'score', '{{"raw": 7, "min": 0, "max": 10, "scaled": 0.7}}'::jsonb),
           'context', '{{"language": "en", "registration": "123e4567-e89b-12d3-a456-426614174000",
               "contextActivities": {{"grouping": [{{"id": "https://lms.example.org/course/7", "objectType": "Activity",
               "definition": {{"type": "http://vocab.xapi.fr/activities/course"}}}}]}},
               "extensions": {{"http://lrs.learninglocker.net/define/extensions/info": {{"event": "x", "n": 5}}}}}}'::jsonb,
           'timestamp', to_char(timestamptz '2024-01-01' + n * interval '17 minutes', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           'stored', '2024-09-01T00:00:00.000Z', 'version', '1.0.3',
           'authority', '{{"objectType": "Agent", "account": {{"homePage": "http://localhost", "name": "key"}}}}'::jsonb)
           ORDER BY n)
  FROM generate_series(1, {statements}) AS n GROUP BY 1;
CREATE TABLE whole AS
SELECT jsonb_agg(s) AS statements FROM batch, jsonb_array_elements(statements) AS s;
DROP ROLE IF EXISTS {role};
CREATE ROLE {role};
SELECT mentoring.grant_access('{role}', 'sync');
GRANT SELECT ON batch, whole TO {role};
VACUUM ANALYZE;
"""

RIVAL = r"""
INSERT INTO mentoring.learning_log (programme_id, participant_id, source, source_event_id, occurred_on, kind, minutes)
SELECT {p}, t.id, 'rival', s ->> 'id', (s ->> 'timestamp')::timestamptz::date, 'course',
       round(extract(epoch FROM (s #>> '{{result,duration}}')::interval) / 60)::integer
  FROM whole, jsonb_array_elements(statements) AS s
  JOIN mentoring.person AS o ON o.source = 'lms'
   AND o.external_id = coalesce(s #>> '{{actor,account,name}}',
                                lower(split_part(substr(s #>> '{{actor,mbox}}', 8), '@', 1)))
  JOIN mentoring.participant AS t ON t.programme_id = {p} AND t.person_id = o.id
    ON CONFLICT DO NOTHING;
"""

IMPORT = "SELECT outcome, count(*) FROM whole, mentoring.import_xapi(statements, 'lms', {p}) GROUP BY 1 ORDER BY 1;"


def sql(text):
    return subprocess.run(['psql', '-X', '-q', '-A', '-t', '-v',
                           'ON_ERROR_STOP=1'], input=text.encode(), check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode().strip()


class Session:
    def __init__(self, role=None):
        self.client = subprocess.Popen(['psql', '-X', '-q', '-A', '-t'],
                                       stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT)
        self.pid = int(self.ask('SELECT pg_backend_pid();')[0])
        if role:
            self.ask('SET ROLE %s;' % role)
        self.ask('SELECT mentoring.version();')

    def ask(self, text):
        self.client.stdin.write((text + '\n\\echo done\n').encode())
        self.client.stdin.flush()
        lines = []
        for line in self.client.stdout:
            line = line.decode().strip()
            if line == 'done':
                return lines
            if line.startswith('ERROR'):
                sys.exit(line)
            lines.append(line)
        sys.exit('psql has ended')

    def cpu(self):
        with open('/proc/%d/schedstat' % self.pid) as f:
            return int(f.read().split()[0]) / 1e9

    def measure(self, text):
        cpu, wall = self.cpu(), time.perf_counter()
        lines = self.ask(text)
        return time.perf_counter() - wall, self.cpu() - cpu, lines


def show(what, times):
    print('%-34s %7.2f s   %7.2f s CPU' %
          (what, statistics.median(t[0] for t in times),
           statistics.median(t[1] for t in times)), flush=True)


def main():
    sql(SETUP.format(mentees=MENTEES, statements=STATEMENTS, singles=SINGLES,
                     role=ROLE))
    size = int(sql('SELECT avg(length(s::text))::integer'
                   ' FROM whole, jsonb_array_elements(statements) AS s'))
    print('%d statements of %d bytes' % (STATEMENTS, size))
    session, owner = Session(ROLE), Session()
    first = [session.measure(IMPORT.format(p=p)) for p in (1, 2, 3)]
    rival = [owner.measure(RIVAL.format(p=p)) for p in (4, 5, 6)]
    again = [session.measure(IMPORT.format(p=p)) for p in (1, 2, 3)]
    show('import_xapi()', first)
    show('again', again)
    show('entries by SQL, nothing checked', rival)
    print('ratio to that: %.2f' % (statistics.median(t[1] for t in first) /
                                   statistics.median(t[1] for t in rival)))
    singles = session.measure('\n'.join(
        "SELECT count(*) FROM mentoring.import_xapi((SELECT statements -> 0"
        " FROM batch WHERE k = %d), 'lms', 7);" % k
        for k in range(1, SINGLES + 1)))
    print('%-34s %7.2f ms  %7.2f ms CPU' %
          ('one statement a call', singles[0] * 1000 / SINGLES,
           singles[1] * 1000 / SINGLES))
    sql("INSERT INTO mentoring.learning_log (programme_id, participant_id,"
        " kind, minutes, visibility) SELECT 8, t.id, 'meeting', 30,"
        " 'coordinator' FROM generate_series(1, %d) AS n"
        " JOIN mentoring.participant AS t ON t.programme_id = 8"
        " AND t.person_id = 100001 + n %% %d" % (STATEMENTS, MENTEES))
    told = [session.measure('SELECT count(*) FROM'
                            ' mentoring.xapi_statements(8);')
            for _ in range(3)]
    show('xapi_statements() of %s entries' % told[0][2][0], told)
    print('outcomes: ' + ', '.join(first[0][2]))
    print('again:    ' + ', '.join(again[0][2]))
    if sql('SELECT count(*) FROM mentoring.verify_learning_log()') != '0':
        sys.exit('totals differ from the log')
    sql('DROP OWNED BY %s; DROP ROLE %s;' % (ROLE, ROLE))


main()
