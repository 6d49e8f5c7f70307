"""psycopg2_client.py: a mentee's visit, by psycopg2

PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.
"""
import os

import psycopg2
from psycopg2.extras import Json


def check(what, is_good):
    print('ok' if is_good else 'not ok', what)


def error_of(work):
    try:
        work()
    except psycopg2.Error as error:
        return error


# [identity]
def as_user(connection, userid, work):
    """One request: one transaction that works for one person."""
    with connection:                    # COMMIT, or ROLLBACK after an exception
        with connection.cursor() as cursor:
            cursor.execute("SELECT mentoring.act_as('lms', %s)", [userid])
            return work(cursor)
# [/identity]


# [visit]
def visit(cursor):
    cursor.execute("""
        SELECT programme_id, id FROM mentoring.participant
         WHERE person_id = mentoring.current_person() AND role = 'mentee'""")
    programme, me = cursor.fetchone()

    cursor.execute("""
        SELECT partner_id, display_name, score, free_places
          FROM mentoring.recommend(%s, %s, 3)""", [programme, me])
    mentors = cursor.fetchall()

    cursor.execute('SELECT mentoring.request_mentor(%s, %s, %s)',
                   [programme, me, mentors[0][0]])
    request, = cursor.fetchone()

    cursor.execute("""
        INSERT INTO mentoring.learning_log
               (programme_id, participant_id, kind, minutes, reflection)
        VALUES (%s, %s, 'meeting', %s, %s) RETURNING id""",
                   [programme, me, 45, 'It’s a start'])
    entry, = cursor.fetchone()
    return mentors, request, entry


def edit(cursor, entry, minutes):
    cursor.execute('UPDATE mentoring.learning_log SET minutes = %s WHERE id = %s',
                   [minutes, entry])
    return cursor.rowcount              # 0: not there, or somebody else's
# [/visit]


def types(cursor):
    cursor.execute("""
        SELECT id, is_active, profile FROM mentoring.person
         WHERE id = mentoring.current_person()""")
    person = cursor.fetchone()
    cursor.execute('SELECT * FROM mentoring.partner')
    partners = cursor.fetchall()
    cursor.execute('SELECT NOT %s', [False])
    not_false, = cursor.fetchone()
    cursor.execute("""
        UPDATE mentoring.person SET profile = profile || %s
         WHERE id = mentoring.current_person() RETURNING profile""",
                   [Json({'interests': [], 'remote': True})])
    profile, = cursor.fetchone()
    return person, partners, not_false, profile


def ask_again(cursor):
    cursor.execute("""
        INSERT INTO mentoring.learning_log
               (programme_id, participant_id, reflection)
        SELECT programme_id, id, 'undone' FROM mentoring.participant
         WHERE person_id = mentoring.current_person()""")
    cursor.execute("""
        SELECT mentoring.request_mentor(programme_id, mentee_id, mentor_id)
          FROM mentoring.request""")


db = psycopg2.connect('')
user = os.environ['USERID']

mentors, request, entry = as_user(db, user, visit)
check('recommendations', len(mentors) == 3 and type(mentors[0][0]) is int
      and mentors[0][1:] == ('Mei Tanaka', 1.0, 20))
check('request', type(request) is int and request > 0)
check('entry written', type(entry) is int and entry > 1)
check('entry edited', as_user(db, user, lambda c: edit(c, entry, 60)) == 1)
check('entry of another', as_user(db, user, lambda c: edit(c, 1, 1)) == 0)

person, partners, not_false, profile = as_user(db, user, types)
check('boolean', person[1] is True and not_false is True)
check('jsonb', person[2] == {'interests': ['data'], 'newsletter': False,
                             'phone': None}
      and profile['interests'] == [] and profile['remote'] is True)
check('bigint', person[0] == 9007199254740993 + 2 * (int(user) - 100))
check('empty set', partners == [])

# Errors: the whole transaction is undone, and the identity ends with it.
error = error_of(lambda: as_user(db, user, ask_again))
check('refusal', error is not None and error.pgcode == '23505')
with db, db.cursor() as cursor:
    cursor.execute('SELECT mentoring.current_person()')
    nobody = cursor.fetchone()
    error = error_of(lambda: cursor.execute(
        'SELECT * FROM mentoring.recommend(1, 1)'))
check('identity ends', nobody == (None,) and error is not None
      and error.pgcode == '42501')

# In autocommit mode a statement is a transaction; before psycopg2 2.9 also in
# "with connection".
db.rollback()
db.autocommit = True
error = error_of(lambda: db.cursor().execute(
    "SELECT mentoring.act_as('lms', %s)", [user]))
check('autocommit', error is not None and error.pgcode == '25P01'
      and error.diag.message_hint
      == 'Send BEGIN first, or switch autocommit off.')
