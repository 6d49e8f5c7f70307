"""tap.py: what client tests in Python share

TAP output, the superuser's connection, and programs of others run as an
ordinary user in a folder that goes when the test ends.  Not a test.
"""
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

try:
    import psycopg2
except ImportError:
    psycopg2 = None


class Tap:
    """Counts; the plan comes last, and only from a run that got there."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def check(self, is_good, name, *remarks):
        self.number += 1
        if not is_good:
            self.failed += 1
        print('%s %d - %s' % ('ok' if is_good else 'not ok', self.number,
                              name))
        if not is_good:
            for remark in remarks:
                self.say(remark)
        sys.stdout.flush()

    @staticmethod
    def say(remark):
        for line in str(remark).splitlines() or ['']:
            print('# ' + line)

    def done(self):
        print('1..%d' % self.number)
        sys.stdout.flush()
        return 1 if self.failed else 0


def skip_all(reason):
    print('1..0 # SKIP ' + reason)
    sys.exit(0)


def find_program(name, package):
    """Its path; daemons are not in everybody's PATH."""
    if psycopg2 is None:
        skip_all('python3-psycopg2 is not installed')
    path = shutil.which(name, path=os.environ.get('PATH', '') +
                        ':/usr/sbin:/usr/bin')
    if path is None:
        skip_all(package + ' is not installed')
    return path


def connect(target=''):
    """If not told otherwise as the superuser, to this test's database."""
    connection = psycopg2.connect(target)
    connection.autocommit = True
    return connection


def query(connection, text, *params):
    with connection.cursor() as cursor:
        cursor.execute(text, params or None)
        return cursor.fetchall() if cursor.description else []


def value(connection, text, *params):
    return query(connection, text, *params)[0][0]


def drop_role(connection, role):
    query(connection, 'DROP OWNED BY %s CASCADE' % role)
    query(connection, 'DROP ROLE %s' % role)


class Folder:
    """A temporary one, and the programs that run there; both end with the
    test, also when that is told to end."""

    def __init__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.path = tempfile.mkdtemp()
        self.user = 'postgres' if os.geteuid() == 0 else None
        if self.user is not None:
            entry = pwd.getpwnam(self.user)
            os.chown(self.path, entry.pw_uid, entry.pw_gid)
        self.programs = []

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, 'w') as out:
            out.write(text)
        os.chmod(path, 0o644)
        return path

    def start(self, arguments, output):
        """Run a program as nobody special; its output goes to a file here."""
        with open(os.path.join(self.path, output), 'w') as out:
            program = subprocess.Popen(arguments, cwd=self.path, stdout=out,
                                       stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL,
                                       user=self.user)
        self.programs.append(program)
        return program

    def output(self, name):
        with open(os.path.join(self.path, name), errors='replace') as file:
            return file.read()

    @staticmethod
    def end(program):
        if program.poll() is None:
            program.terminate()
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def remove(self):
        for program in self.programs:
            self.end(program)
        shutil.rmtree(self.path, ignore_errors=True)


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
