-- import_xapi(): what is valid, what becomes of each statement, once each
-- whatever the order, whom it is about, who may, and what is kept of it.

\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET timezone = 'America/Lima';
SET datestyle = ISO;
BEGIN;

-- Persons 1 to 4 of a source that has no registration; 1 to 3 take part.
INSERT INTO mentoring.person (id, source, external_id, display_name, email)
SELECT 98700 + i, 'xapi_lms', 'u' || i, 'Person ' || i,
       'Person' || i || '@example.org'
  FROM generate_series(1, 4) AS i;
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (987, 'statements', 'one_to_one', 'running');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 987, 98700 + i, 98700 + i, CASE WHEN i = 3 THEN 'mentor' ELSE 'mentee' END,
       CASE WHEN i = 2 THEN 'completed' ELSE 'accepted' END
  FROM generate_series(1, 3) AS i;

CREATE FUNCTION pg_temp.uuid(n integer) RETURNS text LANGUAGE sql
AS $$ SELECT '00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0') $$;

CREATE FUNCTION pg_temp.account(name text) RETURNS jsonb LANGUAGE sql
AS $$ SELECT jsonb_build_object('account', jsonb_build_object(
                 'homePage', 'https://lms.example.org', 'name', name)) $$;

-- A valid statement, and more of it.
CREATE FUNCTION pg_temp.statement(n integer, actor jsonb, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql
AS $$ SELECT jsonb_build_object('id', pg_temp.uuid(n), 'actor', actor,
          'verb', '{"id": "http://adlnet.gov/expapi/verbs/completed"}'::jsonb,
          'object', '{"id": "https://lms.example.org/course/1"}'::jsonb,
          'timestamp', '2024-05-01T10:00:00Z') || more $$;

CREATE FUNCTION pg_temp.void(n integer, target integer) RETURNS jsonb
LANGUAGE sql
AS $$ SELECT pg_temp.statement(n, pg_temp.account('admin'), jsonb_build_object(
          'verb', '{"id": "http://adlnet.gov/expapi/verbs/voided"}'::jsonb,
          'object', jsonb_build_object('objectType', 'StatementRef',
                                       'id', pg_temp.uuid(target)))) $$;

-- What became of each, without the part of an id that is always the same.
CREATE FUNCTION pg_temp.import(statements jsonb, source text DEFAULT 'xapi_lms',
                               programme_id bigint DEFAULT 987)
RETURNS SETOF text LANGUAGE sql
AS $$ SELECT replace(concat_ws(' | ', right(statement_id, 3), outcome, detail),
                     '00000000-0000-4000-8000-000000000', '')
        FROM mentoring.import_xapi(statements, source, programme_id) $$;

CREATE TEMP VIEW entry AS
SELECT l.participant_id - 98700 AS who, l.occurred_on, l.kind, l.minutes,
       l.visibility, replace(l.source_event_id,
                             '00000000-0000-4000-8000-000000000', '') AS event
  FROM mentoring.learning_log l WHERE l.programme_id = 987;

-- Found by account, by address in any case, by digest of the address; the kind
-- follows from the verb, a day from the time in UTC, minutes from the duration.
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(1, pg_temp.account('u1'), '{"result": {"duration": "PT1H29M30S"}}'),
    pg_temp.statement(2, '{"mbox": "mailto:PERSON2@example.org"}',
        '{"verb": {"id": "http://adlnet.gov/expapi/verbs/attended"}, "timestamp": "2024-05-01T23:30:00-05:00"}'),
    pg_temp.statement(3, jsonb_build_object('objectType', 'Agent', 'mbox_sha1sum',
            '8e9eca2ab6d1ba6eaafbc5cd2ba53eb0b4c2c31b'), '{"verb": {"id": "http://example.org/unheard-of"}}'),
    pg_temp.statement(4, jsonb_build_object('mbox_sha1sum',
            upper(mentoring._mbox_sha1('person3@example.org'))),
        '{"verb": {"id": "http://adlnet.gov/expapi/verbs/answered"}, "result": {"duration": "P2D"}}'),
    pg_temp.statement(5, '{"openid": "https://person1.example.org"}'),
    pg_temp.statement(6, pg_temp.account('u4')),
    pg_temp.statement(7, pg_temp.account('u9')),
    pg_temp.statement(8, '{"mbox": "mailto:nobody@example.org"}')));
SELECT * FROM entry ORDER BY event;
SELECT statement_id, member_no, status, participant_id, actor_kind,
       length(actor_digest), home_page, kind, minutes
  FROM mentoring.xapi_statement WHERE programme_id = 987 ORDER BY id;
SELECT mentoring._mbox_sha1('me@example.org');

-- One that isn't in an array; nothing; no statement at all.
SELECT pg_temp.import(pg_temp.statement(9, pg_temp.account('u1')));
SELECT pg_temp.import('[]');
SELECT pg_temp.import('17');
SELECT pg_temp.import('[null, "x", [], {}]');

-- A verb of one's own wins.
INSERT INTO mentoring.xapi_verb (iri, kind)
VALUES ('http://adlnet.gov/expapi/verbs/completed', 'practice');
SELECT pg_temp.import(pg_temp.statement(10, pg_temp.account('u1')));
SELECT kind FROM entry WHERE event = '00a';
DELETE FROM mentoring.xapi_verb;

-- What a store adds to a statement or describes anew leaves it what it was.
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(1, pg_temp.account('u1') || '{"name": "Someone", "objectType": "Agent"}',
        '{"result": {"duration": "PT89.5M"}, "timestamp": "2024-05-01T12:00:00+02:00",
          "stored": "2024-05-02T00:00:00Z", "version": "1.0.3", "authority": {"mbox": "mailto:lrs@example.org"},
          "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "did"}},
          "object": {"id": "https://lms.example.org/course/1", "objectType": "Activity", "definition": {"name": {"en": "x"}}}}'),
    pg_temp.statement(7, pg_temp.account('u9')),
    pg_temp.statement(1, pg_temp.account('u1'), '{"result": {"duration": "PT1H29M31S"}}'),
    pg_temp.statement(11, pg_temp.account('u1'), '{"result": {"score": {"scaled": 0.5}}}'),
    pg_temp.statement(11, pg_temp.account('u1'), '{"result": {"score": {"scaled": 0.50}}}'),
    pg_temp.statement(11, pg_temp.account('u1'), '{"result": {"score": {"scaled": 0.51}}}'),
    pg_temp.statement(12, pg_temp.account('u1')) - 'timestamp',
    pg_temp.statement(12, pg_temp.account('u1'),
        '{"timestamp": "2026-01-01T00:00:00Z", "stored": "2026-01-01T01:00:00+01:00"}'),
    pg_temp.statement(13, pg_temp.account('u1'),
        '{"context": {"contextActivities": {"parent": {"id": "a:b"}}}}'),
    pg_temp.statement(13, pg_temp.account('u1'),
        '{"context": {"contextActivities": {"parent": [{"id": "a:b", "objectType": "Activity"}]}}}')));

-- Ids in any case are the same.
SELECT pg_temp.import(jsonb_set(pg_temp.statement(10, pg_temp.account('u1')),
    '{id}', to_jsonb(upper(pg_temp.uuid(10)))));

-- Voiding: after, before, within; of what waits; of a voiding statement; twice.
SELECT pg_temp.import(jsonb_build_array(pg_temp.void(21, 1), pg_temp.void(22, 7),
    pg_temp.void(23, 21), pg_temp.void(24, 25), pg_temp.void(29, 1)));
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(25, pg_temp.account('u1')),
    pg_temp.statement(26, pg_temp.account('u2')), pg_temp.void(27, 26),
    pg_temp.statement(1, pg_temp.account('u1'), '{"result": {"duration": "PT89.5M"}}')));
SELECT right(statement_id, 3), status, right(voids, 3), participant_id,
       actor_digest
  FROM mentoring.xapi_statement
 WHERE programme_id = 987 AND (status ~ '^void' OR statement_id = pg_temp.uuid(7))
 ORDER BY statement_id;
SELECT string_agg(event, ' ' ORDER BY event) FROM entry;

-- Groups: an entry for each member who takes part, however often named; the
-- order of members doesn't count.
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(31, jsonb_build_object('objectType', 'Group', 'member',
        jsonb_build_array(pg_temp.account('u1'), pg_temp.account('u2'),
            pg_temp.account('u5'), '{"mbox": "mailto:person1@example.org"}'::jsonb))),
    pg_temp.statement(31, jsonb_build_object('objectType', 'Group', 'member',
        jsonb_build_array('{"mbox": "mailto:person1@example.org"}'::jsonb,
            pg_temp.account('u5'), pg_temp.account('u1'), pg_temp.account('u2')))),
    pg_temp.statement(32, '{"objectType": "Group", "mbox": "mailto:team@example.org"}'),
    pg_temp.statement(33, '{"objectType": "Group", "mbox": "mailto:team@example.org",
        "member": [{"mbox": "mailto:person3@example.org"}]}')));
SELECT * FROM entry WHERE event ~ '/' ORDER BY event;
SELECT pg_temp.import(jsonb_build_array(pg_temp.void(34, 31)));
SELECT count(*) FROM entry WHERE event ~ '^01f';

-- Strictness.  Each is a valid statement but for what is said here.
CREATE TEMP TABLE fault (n serial, path text[], value text);
INSERT INTO fault (path, value) VALUES
    ('{id}', NULL), ('{id}', '"17"'), ('{id}', '17'), ('{actor}', NULL),
    ('{actor}', '"me"'), ('{actor}', '{}'), ('{actor}', 'null'),
    ('{actor}', '{"mbox": "mailto:a@b.c", "openid": "http://a.b"}'),
    ('{actor}', '{"mbox": "a@b.c"}'), ('{actor}', '{"mbox": "mailto:a@b.c,d@e.f"}'),
    ('{actor}', '{"mbox_sha1sum": "abc"}'), ('{actor}', '{"openid": "me"}'),
    ('{actor}', '{"account": {"name": "x"}}'),
    ('{actor}', '{"account": {"homePage": "lms", "name": "x"}}'),
    ('{actor}', '{"account": {"homePage": "http://a.b", "name": ""}}'),
    ('{actor}', '{"account": {"homePage": "http://a.b", "name": 7}}'),
    ('{actor}', '{"objectType": "Person", "mbox": "mailto:a@b.c"}'),
    ('{actor}', '{"objectType": "Group"}'),
    ('{actor}', '{"objectType": "Group", "member": []}'),
    ('{actor}', '{"objectType": "Group", "member": [{"mbox": "mailto:a@b.c"}, {"name": "x"}]}'),
    ('{actor}', '{"objectType": "Group", "member": [{"objectType": "Group", "mbox": "mailto:a@b.c"}]}'),
    ('{actor}', '{"mbox": "mailto:a@b.c", "member": [{"mbox": "mailto:a@b.c"}]}'),
    ('{verb}', NULL), ('{verb}', '{}'), ('{verb,id}', '"completed"'),
    ('{verb,display}', '"did"'), ('{verb,display}', '{"not a language": "x"}'),
    ('{verb,display}', '{"en": 1}'), ('{verb,name}', '"x"'),
    ('{object}', NULL), ('{object,id}', '"http://a b"'), ('{object,id}', '"http://"'),
    ('{object,objectType}', '"Thing"'), ('{object,definition}', '{"type": "x"}'),
    ('{object,definition}', '{"interactionType": "poll"}'),
    ('{object,definition}', '{"choices": [{"description": {"en": "x"}}]}'),
    ('{object,definition}', '{"extensions": {"x": 1}}'),
    ('{object}', '{"objectType": "StatementRef", "id": "x"}'),
    ('{object}', '{"objectType": "Agent", "name": "x"}'),
    ('{object}', '{"objectType": "SubStatement", "actor": {"mbox": "mailto:a@b.c"}, "verb": {"id": "a:b"}}'),
    ('{object}', '{"objectType": "SubStatement", "id": "00000000-0000-4000-8000-000000000001",
        "actor": {"mbox": "mailto:a@b.c"}, "verb": {"id": "a:b"}, "object": {"id": "a:b"}}'),
    ('{object}', '{"objectType": "SubStatement", "actor": {"mbox": "mailto:a@b.c"}, "verb": {"id": "a:b"},
        "object": {"objectType": "SubStatement"}}'),
    ('{result,score}', '{"scaled": 1.0001}'), ('{result,score}', '{"scaled": -1.5}'),
    ('{result,score}', '{"raw": 3, "min": 4}'), ('{result,score}', '{"raw": 5, "max": 4}'),
    ('{result,score}', '{"min": 4, "max": 4}'), ('{result,score}', '{"raw": "5"}'),
    ('{result,score}', '{"stars": 5}'), ('{result,success}', '"yes"'),
    ('{result,completion}', '1'), ('{result,response}', '{}'),
    ('{result,duration}', '"1 hour"'), ('{result,duration}', '"PT-5M"'),
    ('{result,duration}', '"P1Y2W"'), ('{result,duration}', '60'),
    ('{result,extensions}', '[]'),
    ('{context,registration}', '"x"'), ('{context,instructor}', '{}'),
    ('{context,team}', '{"mbox": "mailto:a@b.c"}'),
    ('{context,contextActivities}', '{"sibling": []}'),
    ('{context,contextActivities}', '{"parent": [{"id": "x"}]}'),
    ('{context,language}', '"english language"'), ('{context,platform}', '[]'),
    ('{context,statement}', '{"id": "00000000-0000-4000-8000-000000000001"}'),
    ('{context,contextAgents}', '[{"objectType": "contextAgent"}]'),
    ('{timestamp}', '"now"'), ('{timestamp}', '"2024-05-01"'),
    ('{timestamp}', '"2024-02-30T00:00:00Z"'), ('{timestamp}', '"2024-05-01T10:00:00-00:00"'),
    ('{timestamp}', '"2024-05-01T10:00:00"'), ('{timestamp}', '"9999-01-01T00:00:00Z"'),
    ('{timestamp}', '1714557600'), ('{stored}', '"yesterday"'),
    ('{authority}', '{}'), ('{version}', '"0.9"'), ('{version}', '1.0'),
    ('{attachments}', '[{}]'), ('{attachments}', '{}'),
    ('{attachments}', '[{"usageType": "a:b", "display": {}, "contentType": "a/b", "length": -1, "sha2": "x"}]'),
    ('{colour}', '"red"'), ('{result}', '{"grade": 5}'),
    (ARRAY[repeat('x', 300)], '1');
-- what is set below an object that isn't there makes that object
CREATE FUNCTION pg_temp.with_fault(n integer, path text[], value text)
RETURNS jsonb LANGUAGE sql
AS $$ SELECT CASE WHEN value IS NULL THEN x #- path
             WHEN cardinality(path) = 2 AND NOT x ? path[1]
             THEN jsonb_set(x, path[1:1], jsonb_build_object(path[2], value::jsonb))
             ELSE jsonb_set(x, path, value::jsonb) END
        FROM pg_temp.statement(n, pg_temp.account('u1')) AS x $$;
SELECT i.outcome, i.detail
  FROM (SELECT jsonb_agg(pg_temp.with_fault(1000 + n, path, value) ORDER BY n)
          FROM fault) AS f (j),
       mentoring.import_xapi(j, 'xapi_lms', 987) WITH ORDINALITY AS i
 ORDER BY i.ordinality;

-- What is unusual and valid.
SELECT i.outcome, i.detail, right(i.statement_id, 3)
  FROM mentoring.import_xapi(jsonb_build_array(
    pg_temp.statement(51, pg_temp.account('u1'), '{"version": "2.0.0",
        "context": {"contextAgents": [{"objectType": "contextAgent", "agent": {"mbox": "mailto:a@b.c"},
                                       "relevantTypes": ["a:b"]}],
                    "contextGroups": [{"objectType": "contextGroup",
                        "group": {"objectType": "Group", "member": [{"mbox": "mailto:a@b.c"}]}}],
                    "registration": "123e4567-e89b-12d3-a456-426614174000", "language": "zh-Hant",
                    "instructor": {"objectType": "Group", "member": [{"openid": "https://a.b"}]},
                    "statement": {"objectType": "StatementRef", "id": "123e4567-e89b-12d3-a456-426614174000"},
                    "extensions": {"a:b": null}, "revision": "1", "platform": "x"}}'),
    pg_temp.statement(52, pg_temp.account('u1'), '{"object": {"objectType": "SubStatement",
        "actor": {"mbox": "mailto:a@b.c"}, "verb": {"id": "a:b"}, "object": {"objectType": "Agent", "mbox": "mailto:a@b.c"},
        "result": {"completion": false}, "timestamp": "2030-01-01T00:00:00Z"}}'),
    pg_temp.statement(53, pg_temp.account('u1'), '{"object": {"id": "tag:example.org,2020:x", "definition": {
        "interactionType": "choice", "correctResponsesPattern": ["a[,]b"],
        "choices": [{"id": "a", "description": {"en-US": "A"}}], "moreInfo": "https://a.b", "extensions": {}}},
        "result": {"score": {"scaled": -1, "raw": 0, "min": 0, "max": 1e9}, "success": true, "duration": "P1W"}}'),
    pg_temp.statement(54, pg_temp.account('u1'), '{"attachments": [{"usageType": "a:b", "display": {"en": "x"},
        "contentType": "text/plain", "length": 3,
        "sha2": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}'),
    pg_temp.statement(55, pg_temp.account('u1'), '{"object": {"objectType": "Agent", "mbox": "mailto:a@b.c"},
        "context": {"platform": "x"}}'),
    pg_temp.statement(56, pg_temp.account('u1'), jsonb_build_object('result',
        jsonb_build_object('response', repeat('long ', 200000)))),
    pg_temp.void(57, 1) || '{"object": {"id": "a:b"}}'),
    'xapi_lms', 987) WITH ORDINALITY AS i ORDER BY i.ordinality;

-- Accounts: of another home page than the source's; aliases; addresses that
-- several have.  What waits is stored once the person is known: by sync().
INSERT INTO mentoring.source (name, kind, options)
VALUES ('xapi_other', 'xapi', '{"home_page": "https://other.example.org/"}'),
       ('xapi_lms', 'xapi', '{}');
INSERT INTO mentoring.person (id, source, external_id, display_name, email)
VALUES (98707, 'xapi_hr', 'u7', 'Twin', 'person3@example.org'),
       (98708, 'xapi_hr', 'u8', 'Second', 'eight@example.org');
INSERT INTO mentoring.person_alias (source, external_id, person_id)
VALUES ('xapi_lms', 'old1', 98701), ('xapi_other', 'u2', 98702);
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(61, pg_temp.account('old1')),
    pg_temp.statement(62, '{"mbox": "mailto:person3@example.org"}'),
    pg_temp.statement(63, '{"account": {"homePage": "urn:mentoring:source:xapi%5Fhr", "name": "u8"}}'),
    pg_temp.statement(64, '{"account": {"homePage": "urn:mentoring:source:%ff", "name": "u8"}}')));
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(65, pg_temp.account('u2')),
    pg_temp.statement(66, '{"account": {"homePage": "https://other.example.org", "name": "u2"}}'),
    pg_temp.statement(67, '{"account": {"homePage": "https://other.example.org", "name": "new"}}'),
    pg_temp.statement(68, '{"mbox": "mailto:New@example.org"}')), 'xapi_other');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 987, id, id, 'mentee', 'accepted' FROM mentoring.person
 WHERE id IN (98704, 98707, 98708);
SELECT pg_temp.import(pg_temp.statement(69, '{"mbox": "mailto:person3@example.org"}'));
CREATE ROLE regress_xapi_sync;
CREATE ROLE regress_xapi_app;
\o /dev/null
SELECT mentoring.grant_access('regress_xapi_sync', 'sync'),
       mentoring.grant_access('regress_xapi_app', 'app');
\o
SET LOCAL ROLE regress_xapi_sync;
SELECT * FROM mentoring.sync('xapi_lms');
INSERT INTO mentoring.person (id, source, external_id, display_name, email)
VALUES (98709, 'xapi_other', 'new', 'New', 'new@example.org');
RESET ROLE;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (987, 98709, 98709, 'mentee', 'accepted');
SET LOCAL ROLE regress_xapi_sync;
SELECT * FROM mentoring.sync('xapi_other');
SELECT * FROM mentoring.sync('xapi_other');
SELECT right(statement_id, 3), outcome, detail FROM mentoring.import_xapi(
    jsonb_build_array(pg_temp.statement(67, '{"account": {"homePage": "https://other.example.org", "name": "new"}}'),
                      pg_temp.statement(70, pg_temp.account('u1'))),
    'xapi_lms', 987);
RESET ROLE;
SELECT * FROM entry WHERE who > 3 ORDER BY event, who;

-- Who may, and what makes a call fail.
SELECT * FROM mentoring.import_xapi(NULL, 'xapi_lms', 987);
SELECT * FROM mentoring.import_xapi('[]', NULL, 987);
SELECT * FROM mentoring.import_xapi('[]', 'xapi_lms', NULL);
SELECT * FROM mentoring.import_xapi('[]', 'local', 987);
SELECT * FROM mentoring.import_xapi('[]', '', 987);
SELECT * FROM mentoring.import_xapi('[]', 'xapi_lms', -1);
SET LOCAL ROLE regress_xapi_app;
SELECT * FROM mentoring.import_xapi('[]', 'xapi_lms', 987);
SELECT * FROM mentoring.xapi_statement;
SET LOCAL ROLE regress_xapi_sync;
INSERT INTO mentoring.xapi_verb (iri, kind) VALUES ('a:b', 'other');
DELETE FROM mentoring.xapi_statement;
RESET ROLE;

-- Of a person who is erased nothing leads to statements any more, also not to
-- those that wait; what is void has been forgotten before.
SELECT x ->> 'status', right(x ->> 'statement_id', 3)
  FROM jsonb_array_elements(mentoring.export_person(98704) -> 'xapi_statement') AS x
 ORDER BY 2;
DELETE FROM mentoring.participant WHERE id = 98707;
SELECT pg_temp.import(jsonb_build_array(
    pg_temp.statement(71, pg_temp.account('u4')),
    pg_temp.statement(72, '{"account": {"homePage": "urn:mentoring:source:xapi_hr", "name": "u7"}}')));
SELECT x ->> 'status', right(x ->> 'statement_id', 3)
  FROM jsonb_array_elements(mentoring.export_person(98707) -> 'xapi_statement') AS x
 ORDER BY 2;
SELECT mentoring.erase_person(98704), mentoring.erase_person(98707);
SELECT right(statement_id, 3), status FROM mentoring.xapi_statement
 WHERE programme_id = 987
   AND statement_id IN (pg_temp.uuid(6), pg_temp.uuid(71), pg_temp.uuid(72))
 ORDER BY 1;
SELECT count(*), count(source_event_id) FROM mentoring.learning_log
 WHERE programme_id = 987 AND participant_id = 98704;

-- What is too old to be kept.
SELECT count(*) > 20 FROM mentoring.xapi_statement WHERE programme_id = 987;
SELECT object FROM mentoring.retention(987, 30)
 WHERE object = 'xapi_statement' AND removed > 20;
SELECT right(statement_id, 3) FROM mentoring.xapi_statement
 WHERE programme_id = 987 ORDER BY 1;

-- Any order: twelve times the same sixty statements, shuffled, in batches of
-- any size, some twice, into a programme of its own.  Some are about persons
-- who become participants half-way; some void others that may be void
-- themselves.  What is in the log afterwards is said by the list alone.
INSERT INTO mentoring.person (id, source, external_id, display_name)
SELECT 98750 + i, 'xapi_random', 'r' || i, 'Random ' || i
  FROM generate_series(0, 5) AS i;
CREATE TEMP TABLE said AS
SELECT n, CASE WHEN n % 4 = 0 THEN (n * 7) % 61 END AS voids,
       CASE WHEN n % 4 <> 0 THEN (n * 11) % 7 END AS who,
       n % 5 = 1 AS is_group, (n * 37) % 200 AS minutes
  FROM generate_series(1, 60) AS n;
CREATE TEMP TABLE written AS
SELECT s.n, CASE WHEN s.voids IS NOT NULL THEN pg_temp.void(s.n, s.voids)
       ELSE pg_temp.statement(s.n,
           CASE WHEN s.is_group THEN jsonb_build_object('objectType', 'Group',
               'member', jsonb_build_array(pg_temp.account('r' || s.who),
                   pg_temp.account('r' || (s.who + 2) % 7)))
           ELSE pg_temp.account('r' || s.who) END,
           jsonb_build_object('result', jsonb_build_object('duration',
               'PT' || s.minutes || 'M'))) END AS statement
  FROM said s;
-- 0 to 5 are somebody, 6 is nobody
CREATE TEMP TABLE expected AS
SELECT s.n, w.who, s.minutes
  FROM said s
 CROSS JOIN LATERAL (SELECT s.who UNION
                     SELECT (s.who + 2) % 7 WHERE s.is_group) AS w (who)
 WHERE s.voids IS NULL AND w.who < 6
   AND NOT EXISTS (SELECT FROM said o WHERE o.voids = s.n);
SELECT count(*) > 20, bool_or(o.voids IS NOT NULL)
  FROM expected e LEFT JOIN said o ON o.n = e.n;
SELECT setseed(0.61);
DO $$
DECLARE
    round integer;
    part  record;
BEGIN
    FOR round IN 1 .. 12 LOOP
        INSERT INTO mentoring.programme (id, name, model)
        VALUES (98760 + round, 'random', 'one_to_one');
        INSERT INTO mentoring.participant (programme_id, person_id, role, status)
        SELECT 98760 + round, 98750 + i, 'mentee', 'accepted'
          FROM generate_series(0, 2) AS i;
        FOR part IN
            WITH drawn AS MATERIALIZED (
                SELECT statement, random() AS place, random() AS batch
                  FROM written
                UNION ALL
                SELECT statement, random(), random() FROM written
                 WHERE random() < 0.5)
            SELECT floor(batch * round) AS batch,
                   jsonb_agg(statement ORDER BY place) AS statements
              FROM drawn GROUP BY 1 ORDER BY 1
        LOOP
            PERFORM mentoring.import_xapi(part.statements, 'xapi_random',
                                          98760 + round);
            IF part.batch = round / 2 THEN
                INSERT INTO mentoring.participant
                    (programme_id, person_id, role, status)
                SELECT 98760 + round, 98750 + i, 'mentee', 'accepted'
                  FROM generate_series(3, 5) AS i;
            END IF;
        END LOOP;
        PERFORM mentoring._resolve_xapi('xapi_random');
        -- everything again changes nothing
        PERFORM mentoring.import_xapi(
                    (SELECT jsonb_agg(statement ORDER BY random()) FROM written),
                    'xapi_random', 98760 + round);
    END LOOP;
END
$$;
CREATE TEMP VIEW result AS
SELECT p.id - 98760 AS round, e.n, e.who, e.minutes
  FROM mentoring.programme p
 CROSS JOIN LATERAL (
     SELECT ('x' || substr(l.source_event_id, 25, 12))::bit(48)::bigint AS n,
            t.person_id - 98750 AS who, l.minutes
       FROM mentoring.learning_log l
       JOIN mentoring.participant t
         ON t.programme_id = l.programme_id AND t.id = l.participant_id
      WHERE l.programme_id = p.id) AS e
 WHERE p.id BETWEEN 98761 AND 98772;
SELECT count(DISTINCT round), count(*) = 12 * (SELECT count(*) FROM expected)
  FROM result;
SELECT * FROM (SELECT r, n, who, minutes FROM expected, generate_series(1, 12) AS r
               EXCEPT SELECT * FROM result) AS missing;
SELECT * FROM (SELECT * FROM result
               EXCEPT SELECT r, n, who, minutes FROM expected, generate_series(1, 12) AS r) AS more;
-- and what is remembered is the same in all
SELECT count(DISTINCT remembered) FROM (
    SELECT jsonb_agg(jsonb_build_array(x.statement_id, x.status, x.voids,
                         x.digest, x.kind, x.minutes, t.person_id)
                     ORDER BY x.statement_id, t.person_id, x.actor_digest) AS remembered
      FROM mentoring.xapi_statement x
      LEFT JOIN mentoring.participant t
        ON t.programme_id = x.programme_id AND t.id = x.participant_id
     WHERE x.source = 'xapi_random' GROUP BY x.programme_id) AS x;
SELECT * FROM mentoring.verify_learning_log();

-- From an LRS in the same database, here SQL LRS: what is new since the last
-- time, with some overlap; voiding statements are among them.  The query is
-- that of doc/lms.md.
\set example `awk '/^<!-- test.sql.xapi.sql -->$/ {on = NR} on && NR > on + 1 {if (length($0) == 3) exit; print}' "$PG_ABS_SRCDIR/../doc/lms.md"`
CREATE SCHEMA lrs;
GRANT USAGE ON SCHEMA lrs TO regress_xapi_sync;
CREATE TABLE lrs.xapi_statement (
    id           uuid PRIMARY KEY,
    statement_id uuid NOT NULL UNIQUE,
    registration uuid,
    verb_iri     varchar(255) NOT NULL,
    is_voided    boolean DEFAULT false NOT NULL,
    payload      json NOT NULL,
    "timestamp"  timestamptz,
    stored       timestamptz);
INSERT INTO lrs.xapi_statement
    (id, statement_id, verb_iri, is_voided, payload, "timestamp", stored)
SELECT pg_temp.uuid(n)::uuid, pg_temp.uuid(n)::uuid, s #>> '{verb,id}', n = 81,
       s || '{"stored": "2024-06-01T00:00:00Z", "version": "1.0.0",
              "authority": {"account": {"homePage": "http://localhost", "name": "key"}}}',
       '2024-05-01', '2024-06-01'
  FROM (VALUES (81, pg_temp.statement(81, pg_temp.account('u1'))),
               (82, pg_temp.statement(82, '{"mbox": "mailto:person2@example.org"}')),
               (83, pg_temp.void(83, 81))) AS v (n, s);
GRANT SELECT ON lrs.xapi_statement TO regress_xapi_sync;
SET LOCAL ROLE regress_xapi_sync;
:example;
-- and an hour later, with another one
RESET ROLE;
INSERT INTO lrs.xapi_statement
    (id, statement_id, verb_iri, payload, "timestamp", stored)
SELECT pg_temp.uuid(84)::uuid, pg_temp.uuid(84)::uuid, 'x',
       pg_temp.statement(84, pg_temp.account('u1')), now(), now();
UPDATE lrs.xapi_statement SET stored = now() WHERE id = pg_temp.uuid(83)::uuid;
SET LOCAL ROLE regress_xapi_sync;
:example;
RESET ROLE;
SELECT status, count(*) FROM mentoring.xapi_statement
 WHERE source = 'lrs' AND programme_id = 987 GROUP BY status ORDER BY status;
ROLLBACK;
