"""django_client.py: a mentee's visit, by Django

PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.
"""
import os

import django
from django.conf import settings

settings.configure(USE_TZ=True, DATABASES={'default': {
    'ENGINE': 'django.db.backends.postgresql',
    'HOST': os.environ['PGHOST'],
    'PORT': os.environ.get('PGPORT', ''),
    'NAME': os.environ['PGDATABASE'],
    'USER': os.environ['PGUSER'],
}})
django.setup()

from django.db import connection, models, transaction, Error     # noqa: E402


def check(what, is_good):
    print('ok' if is_good else 'not ok', what)


def error_of(work):
    try:
        work()
    except Error as error:
        return error.__cause__          # psycopg2's


# [models]
# Only the columns the application uses: Django writes all a model has.
class Participant(models.Model):
    id = models.BigAutoField(primary_key=True)
    programme_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    role = models.TextField()

    class Meta:
        managed = False
        app_label = 'mentoring'
        db_table = '"mentoring"."participant"'


class Entry(models.Model):
    id = models.BigAutoField(primary_key=True)
    programme_id = models.BigIntegerField()
    participant_id = models.BigIntegerField()
    kind = models.TextField()
    minutes = models.IntegerField()
    reflection = models.TextField(null=True)

    class Meta:
        managed = False
        app_label = 'mentoring'
        db_table = '"mentoring"."learning_log"'


class Person(models.Model):
    id = models.BigAutoField(primary_key=True)
    is_active = models.BooleanField()
    profile = models.JSONField()

    class Meta:
        managed = False
        app_label = 'mentoring'
        db_table = '"mentoring"."person"'
# [/models]


# [identity]
def query(sql, params=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


def as_user(userid, work):
    """One request: one transaction that works for one person."""
    with transaction.atomic():
        me, = query("SELECT mentoring.act_as('lms', %s) AS id", [userid])
        return work(me['id'])
# [/identity]


# [visit]
def visit(person_id):
    me = Participant.objects.get(person_id=person_id, role='mentee')
    mentors = query("""
        SELECT partner_id, display_name, score, free_places
          FROM mentoring.recommend(%s, %s, 3)""", [me.programme_id, me.id])
    request, = query('SELECT mentoring.request_mentor(%s, %s, %s) AS id',
                     [me.programme_id, me.id, mentors[0]['partner_id']])
    entry = Entry.objects.create(
        programme_id=me.programme_id, participant_id=me.id, kind='meeting',
        minutes=45, reflection='It’s a start')
    return mentors, request['id'], entry.id


def edit(entry_id, minutes):
    return Entry.objects.filter(id=entry_id).update(minutes=minutes)
# [/visit]


def types(person_id):
    person = Person.objects.get(id=person_id)
    old = person.profile
    partners = query('SELECT * FROM mentoring.partner')
    not_false = query('SELECT NOT %s AS answer', [False])[0]['answer']
    raw = query('SELECT profile FROM mentoring.person WHERE id = %s',
                [person_id])[0]['profile']
    person.profile = {**old, 'interests': [], 'remote': True}
    person.save(update_fields=['profile'])   # the one column that is granted
    return (person, old, partners, not_false, raw,
            Person.objects.get(id=person_id).profile)


def ask_again(person_id):
    me = Participant.objects.get(person_id=person_id, role='mentee')
    Entry.objects.create(programme_id=me.programme_id, participant_id=me.id,
                         kind='other', minutes=1, reflection='undone')
    query("""
        SELECT mentoring.request_mentor(programme_id, mentee_id, mentor_id)
          FROM mentoring.request""")


user = os.environ['USERID']

mentors, request, entry = as_user(user, visit)
check('recommendations', len(mentors) == 3
      and type(mentors[0].pop('partner_id')) is int
      and mentors[0] == {'display_name': 'Mei Tanaka', 'score': 1.0,
                         'free_places': 20})
check('request', type(request) is int and request > 0)
check('entry written', type(entry) is int and entry > 1)
check('entry edited', as_user(user, lambda _: edit(entry, 60)) == 1)
check('entry of another', as_user(user, lambda _: edit(1, 1)) == 0)

person, old, partners, not_false, raw, new = as_user(user, types)
check('boolean', person.is_active is True and not_false is True)
check('jsonb', type(raw) is str             # dict by a model, text without
      and old == {'interests': ['data'], 'newsletter': False, 'phone': None}
      and new['interests'] == [] and new['remote'] is True)
check('bigint', person.id == 9007199254740993 + 2 * (int(user) - 100))
check('empty set', partners == [] and not as_user(
    user, lambda _: Entry.objects.filter(minutes=1440).exists()))

# Errors: the whole transaction is undone, and the identity ends with it.
error = error_of(lambda: as_user(user, ask_again))
check('refusal', error is not None and error.pgcode == '23505')
error = error_of(lambda: query('SELECT * FROM mentoring.recommend(1, 1)'))
check('identity ends', query('SELECT mentoring.current_person() AS id')
      == [{'id': None}] and error is not None and error.pgcode == '42501')

# Django commits each statement where there is no atomic().
error = error_of(lambda: query("SELECT mentoring.act_as('lms', %s)", [user]))
check('autocommit', error is not None and error.pgcode == '25P01'
      and error.diag.message_hint
      == 'Send BEGIN first, or switch autocommit off.')
