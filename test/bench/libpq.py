"""libpq.py: connections for benches in Python, straight on libpq

No module beyond Python's own is needed.  A connection is of one session, whose
processor time, as the kernel counts it, can be asked at any moment; so it says
something only on the machine the server runs on.

Connection by PGHOST, PGDATABASE ...
"""
import ctypes
import ctypes.util
import os

PQ = ctypes.CDLL(ctypes.util.find_library('pq') or 'libpq.so.5')
for _name, _result, _arguments in [
        ('PQconnectdb', ctypes.c_void_p, [ctypes.c_char_p]),
        ('PQstatus', ctypes.c_int, [ctypes.c_void_p]),
        ('PQfinish', None, [ctypes.c_void_p]),
        ('PQerrorMessage', ctypes.c_char_p, [ctypes.c_void_p]),
        ('PQbackendPID', ctypes.c_int, [ctypes.c_void_p]),
        ('PQexec', ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
        ('PQprepare', ctypes.c_void_p,
         [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int,
          ctypes.c_void_p]),
        ('PQexecPrepared', ctypes.c_void_p,
         [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
          ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]),
        ('PQresultStatus', ctypes.c_int, [ctypes.c_void_p]),
        ('PQclear', None, [ctypes.c_void_p]),
        ('PQntuples', ctypes.c_int, [ctypes.c_void_p]),
        ('PQnfields', ctypes.c_int, [ctypes.c_void_p]),
        ('PQgetvalue', ctypes.c_char_p,
         [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ('PQputCopyData', ctypes.c_int,
         [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]),
        ('PQputCopyEnd', ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p]),
        ('PQgetResult', ctypes.c_void_p, [ctypes.c_void_p]),
        ('PQgetCopyData', ctypes.c_int,
         [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_int]),
        ('PQfreemem', None, [ctypes.c_void_p])]:
    getattr(PQ, _name).restype = _result
    getattr(PQ, _name).argtypes = _arguments

COMMAND_OK, TUPLES_OK, COPY_OUT, COPY_IN = 1, 2, 3, 4


class Connection:
    def __init__(self, *settings):
        self.conn = PQ.PQconnectdb(b'')
        if PQ.PQstatus(self.conn) != 0:
            raise RuntimeError(PQ.PQerrorMessage(self.conn).decode())
        self.pid = PQ.PQbackendPID(self.conn)
        for setting in settings:
            self.run(setting)

    def close(self):
        PQ.PQfinish(self.conn)
        self.conn = None

    def check(self, result, *expected):
        if PQ.PQresultStatus(result) not in expected:
            raise RuntimeError(PQ.PQerrorMessage(self.conn).decode())
        return result

    def run(self, text):
        """Run statements; the rows of the last one, as tuples of strings."""
        result = self.check(PQ.PQexec(self.conn, text.encode()), COMMAND_OK,
                            TUPLES_OK)
        rows = [tuple(PQ.PQgetvalue(result, row, column).decode()
                      for column in range(PQ.PQnfields(result)))
                for row in range(PQ.PQntuples(result))]
        PQ.PQclear(result)
        return rows

    def value(self, text):
        return self.run(text)[0][0]

    def prepare(self, text, count, name='p'):
        """Prepare a statement; run_prepared() runs the one named p."""
        PQ.PQclear(self.check(PQ.PQprepare(self.conn, name.encode(),
                                           text.encode(), count, None),
                              COMMAND_OK))

    def execute(self, text):
        """Run statements; how many rows the last one gave, not the rows."""
        return self.count(PQ.PQexec(self.conn, text.encode()))

    def execute_prepared(self, name, values):
        """The same with a prepared statement."""
        values = (ctypes.c_char_p * len(values))(*(v.encode()
                                                   for v in values))
        return self.count(PQ.PQexecPrepared(self.conn, name.encode(),
                                            len(values), values, None, None,
                                            0))

    def count(self, result):
        rows = PQ.PQntuples(self.check(result, COMMAND_OK, TUPLES_OK))
        PQ.PQclear(result)
        return rows

    def run_prepared(self, rows):
        """Once for each row, each a tuple of strings; autocommit."""
        calls = [(ctypes.c_char_p * len(row))(*(v.encode() for v in row))
                 for row in rows]
        conn, execute, clear = self.conn, PQ.PQexecPrepared, PQ.PQclear
        for call in calls:
            result = execute(conn, b'p', len(call), call, None, None, 0)
            self.check(result, COMMAND_OK)
            clear(result)

    def copy_out(self, text):
        """Chunks of a COPY ... TO STDOUT."""
        PQ.PQclear(self.check(PQ.PQexec(self.conn, text.encode()), COPY_OUT))
        chunks, buffer = [], ctypes.c_void_p()
        while True:
            size = PQ.PQgetCopyData(self.conn, ctypes.byref(buffer), 0)
            if size < 0:
                break
            chunks.append(ctypes.string_at(buffer, size))
            PQ.PQfreemem(buffer)
        self.finish_copy()
        return chunks

    def copy_in(self, text, chunks):
        PQ.PQclear(self.check(PQ.PQexec(self.conn, text.encode()), COPY_IN))
        for chunk in chunks:
            PQ.PQputCopyData(self.conn, chunk, len(chunk))
        PQ.PQputCopyEnd(self.conn, None)
        self.finish_copy()

    def finish_copy(self):
        while True:
            result = PQ.PQgetResult(self.conn)
            if not result:
                break
            PQ.PQclear(self.check(result, COMMAND_OK))

    def cpu(self):
        """Seconds of processor time of the backend, or None."""
        try:
            with open('/proc/%d/schedstat' % self.pid) as file:
                return int(file.read().split()[0]) / 1e9
        except OSError:
            pass
        try:
            # in ticks, mostly of 10 ms; the name may contain anything but )
            with open('/proc/%d/stat' % self.pid) as file:
                fields = file.read().rpartition(')')[2].split()
            ticks = int(fields[11]) + int(fields[12])
            return ticks / os.sysconf('SC_CLK_TCK')
        except OSError:
            return None

    def memory(self):
        """Bytes of the backend's own memory, or None; without shared buffers,
        which count as resident once they were touched."""
        try:
            with open('/proc/%d/status' % self.pid) as file:
                for line in file:
                    if line.startswith('RssAnon'):
                        return int(line.split()[1]) * 1024
        except OSError:
            pass
        return None
