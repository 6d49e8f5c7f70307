#!/usr/bin/python3
"""sync_bench.py: a Moodle of 100,000 persons in the same database

Persons with a custom field, two interests, a manager and three rated
competencies each; then a second run without changes; then 100,000 rows of the
standard log since the last sync, of 1,000 mentees in a programme under way.

For each call of sync(): wall-clock time, processor time of its backend, and
the growth of the backend's own memory (RssAnon, sampled every 20 ms).  The
rival of the second run is one SELECT of the very same rows by the person query
alone, which is what the learning management system's tables cost to read.

Targets, on a machine of its own: 20 s and 100 MB, 5 s, 5 s.  MTR_BENCH_SIZE
gives another number of persons.

Connection by PGHOST, PGDATABASE ...; the database must have the extension.
"""
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PERSONS = int(os.environ.get('MTR_BENCH_SIZE', '100000'))
MENTEES = min(1000, PERSONS)
LOG_ROWS = 100000
ROLE = 'bench_sync'

SETUP = r"""
CREATE SCHEMA lms;
SET search_path = lms;
\i {moodle}
INSERT INTO mdl_user (id, confirmed, mnethostid, username, firstname, lastname,
    email, institution, department, timezone)
SELECT i, 1, 1, 'u' || i, 'First' || i % 977, 'Last' || i,
       'u' || i || '@example.org', 'Institute', 'Department ' || i % 200,
       (ARRAY['99', 'Europe/Berlin', '5.5', 'America/Lima'])[1 + i % 4]
  FROM generate_series(1001, 1000 + {n}) AS i;
INSERT INTO mdl_user_info_data (userid, fieldid, data)
SELECT i, 4, 'Job ' || i % 50 FROM generate_series(1001, 1000 + {n}) AS i;
INSERT INTO mdl_tag (id, name, rawname)
SELECT i, 'tag' || i, 'Tag' || i FROM generate_series(100, 300) AS i;
INSERT INTO mdl_tag_instance (tagid, component, itemtype, itemid)
SELECT 100 + (i * 7 + k * 13) % 200, 'core', 'user', i
  FROM generate_series(1001, 1000 + {n}) AS i, generate_series(1, 2) AS k;
INSERT INTO mdl_competency (id, shortname, competencyframeworkid, scaleid)
SELECT i, 'Competency ' || i, 1, 2 FROM generate_series(100, 200) AS i;
INSERT INTO mdl_competency_usercomp (userid, competencyid, proficiency, grade)
SELECT i, 100 + (i + k * 17) % 100, 1, 1 + (i + k) % 8
  FROM generate_series(1001, 1000 + {n}) AS i, generate_series(1, 3) AS k;
INSERT INTO mdl_context (id, contextlevel, instanceid)
SELECT i + 1000, 30, i FROM generate_series(1001, 1000 + {n}) AS i;
INSERT INTO mdl_role_assignments (roleid, contextid, userid)
SELECT 1, i + 1000, 1001 + i % 1000
  FROM generate_series(2001, 1000 + {n}) AS i;
RESET search_path;
VACUUM ANALYZE;
DROP ROLE IF EXISTS {role};
CREATE ROLE {role};
SELECT mentoring.grant_access('{role}', 'sync');
GRANT USAGE ON SCHEMA lms TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA lms TO {role};
SELECT mentoring.register_moodle('lms', 'lms');
"""

ACTIVITY = r"""
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (1, 'bench', 'one_to_one', 'running');
INSERT INTO mentoring.participant (programme_id, person_id, role, status)
SELECT 1, id, 'mentee', 'accepted' FROM mentoring.person
 WHERE source = 'lms' ORDER BY id LIMIT {mentees};
INSERT INTO lms.mdl_logstore_standard_log (eventname, edulevel, userid,
    courseid, timecreated)
SELECT '\core\event\course_viewed', 2, 1001 + i % {mentees}, 2,
       extract(epoch FROM now())::bigint - i * 3
  FROM generate_series(1, {rows}) AS i;
UPDATE mentoring.source SET last_synced_at = now() - interval '3 days';
ANALYZE;
"""


def sql(text):
    return subprocess.run(['psql', '-X', '-q', '-A', '-t', '-v',
                           'ON_ERROR_STOP=1'], input=text.encode(), check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode().strip()


def proc(pid, name):
    with open('/proc/%d/%s' % (pid, name)) as f:
        return f.read()


def own_memory(pid):
    for line in proc(pid, 'status').splitlines():
        if line.startswith('RssAnon'):
            return int(line.split()[1])
    return 0


def measure(what, statement):
    """Run a statement in a session of its own as the role of level sync."""
    client = subprocess.Popen(['psql', '-X', '-q', '-A', '-t'],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)

    def ask(text):
        client.stdin.write((text + "\n\\echo done\n").encode())
        client.stdin.flush()
        lines = []
        for line in client.stdout:
            if line.strip() == b'done':
                return lines
            lines.append(line.decode().strip())
        sys.exit('%s failed' % what)

    pid = int(ask('SELECT pg_backend_pid();')[0])
    ask('SET ROLE %s; SELECT mentoring.version();' % ROLE)
    before, peak, stop = own_memory(pid), [0], threading.Event()

    def watch():
        while not stop.wait(0.02):
            peak[0] = max(peak[0], own_memory(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    cpu = int(proc(pid, 'schedstat').split()[0])
    start = time.perf_counter()
    lines = ask(statement)
    wall = time.perf_counter() - start
    cpu = int(proc(pid, 'schedstat').split()[0]) - cpu
    stop.set()
    watcher.join()
    client.stdin.close()
    client.wait()
    print('%-28s %7.2f s   %7.2f s CPU   %6.1f MB' %
          (what, wall, cpu / 1e9, max(0, peak[0] - before) / 1024), flush=True)
    return lines


def main():
    sql(SETUP.format(n=PERSONS, role=ROLE,
                     moodle=os.path.join(HERE, '..', 'lms_moodle.sql')))
    call = "SELECT * FROM mentoring.sync('lms');"
    print('%d persons with 3 skills each' % PERSONS)
    report = measure('first run', call)
    query = sql("SELECT person_query FROM mentoring.source WHERE name = 'lms'")
    sql('VACUUM ANALYZE')
    measure('second run, no change', call)
    measure('  of it the person query',
            'SELECT count(x.*) FROM (%s) AS x;' % query)
    sql(ACTIVITY.format(mentees=MENTEES, rows=LOG_ROWS))
    activity = measure('%d new log rows' % LOG_ROWS, call)
    measure('again', call)
    print('first run: ' + ', '.join(report))
    print('activity:  ' + ', '.join(activity))
    if sql('SELECT count(*) FROM mentoring.verify_learning_log()') != '0':
        sys.exit('totals differ from the log')
    sql('DROP OWNED BY %s; DROP ROLE %s;' % (ROLE, ROLE))


main()
