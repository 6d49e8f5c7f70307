-- A Canvas in the same database, its merges and its time zones.

\set QUIET on
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
SET datestyle = 'ISO';
SET timezone = 'UTC';
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
\set canvas `echo "$PG_ABS_SRCDIR/lms_canvas.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
CREATE SCHEMA canvas_shard_1;
SET LOCAL search_path = canvas_shard_1;
\i :canvas
RESET search_path;
GRANT USAGE ON SCHEMA canvas_shard_1 TO lms_sync, lms_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA canvas_shard_1 TO lms_sync;
ALTER SEQUENCE mentoring.person_id_seq RESTART 7001;
\o
\set ECHO all
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_canvas(''canvas'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_canvas(''canvas'', ''canvas_shard_1'') > 0');
SELECT pg_temp.sync('canvas');
SELECT external_id, display_name, email, org_unit, job_role, timezone, is_active,
       (SELECT m.external_id FROM mentoring.person m WHERE m.id = p.manager_id), profile
  FROM mentoring.person p WHERE source = 'canvas' ORDER BY id;
SELECT p.external_id, s.name, k.level
  FROM mentoring.person_skill k
  JOIN mentoring.person p ON p.id = k.person_id
  JOIN mentoring.skill s ON s.id = k.skill_id
 WHERE k.source = 'canvas' ORDER BY p.id, s.name;
SELECT pg_temp.sync('canvas');

-- 7 is merged into 1: what hung on it hangs on 1 now; then split again.
INSERT INTO mentoring.programme (id, name, model, status) VALUES (7001, 'canvas', 'one_to_one', 'running');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 7001, 7001, id, 'mentee', 'accepted' FROM mentoring.person WHERE source = 'canvas' AND external_id = '7';
UPDATE canvas_shard_1.users SET workflow_state = 'deleted', deleted_at = now() WHERE id = 7;
INSERT INTO canvas_shard_1.user_merge_data (user_id, from_user_id) VALUES (1, 7);
UPDATE mentoring.source SET last_synced_at = NULL WHERE name = 'canvas';
SELECT pg_temp.sync('canvas');
SELECT p.external_id FROM mentoring.participant t JOIN mentoring.person p ON p.id = t.person_id WHERE t.id = 7001;
SELECT a.external_id, p.external_id FROM mentoring.person_alias a JOIN mentoring.person p ON p.id = a.person_id WHERE a.source = 'canvas';
SELECT * FROM pg_temp.found('old account');
SELECT occurred_on, kind, source_event_id FROM mentoring.learning_log WHERE source = 'canvas';
SELECT pg_temp.sync('canvas');
UPDATE canvas_shard_1.users SET workflow_state = 'registered', deleted_at = NULL WHERE id = 7;
UPDATE canvas_shard_1.user_merge_data SET workflow_state = 'deleted';
SELECT pg_temp.sync('canvas');
SELECT pg_temp.sync('canvas');

-- Every time zone of Rails is known, and what else learning management systems
-- write.
CREATE TABLE public.zone (name text);
GRANT SELECT ON public.zone TO lms_sync;
INSERT INTO public.zone VALUES
('International Date Line West'), ('Midway Island'), ('American Samoa'), ('Hawaii'), ('Alaska'), ('Pacific Time (US & Canada)'), ('Tijuana'),
('Mountain Time (US & Canada)'), ('Arizona'), ('Chihuahua'), ('Mazatlan'), ('Central Time (US & Canada)'), ('Saskatchewan'), ('Guadalajara'),
('Mexico City'), ('Monterrey'), ('Central America'), ('Eastern Time (US & Canada)'), ('Indiana (East)'), ('Bogota'), ('Lima'), ('Quito'),
('Atlantic Time (Canada)'), ('Caracas'), ('La Paz'), ('Santiago'), ('Newfoundland'), ('Brasilia'), ('Buenos Aires'), ('Montevideo'),
('Georgetown'), ('Puerto Rico'), ('Greenland'), ('Mid-Atlantic'), ('Azores'), ('Cape Verde Is.'), ('Dublin'), ('Edinburgh'), ('Lisbon'),
('London'), ('Casablanca'), ('Monrovia'), ('UTC'), ('Belgrade'), ('Bratislava'), ('Budapest'), ('Ljubljana'), ('Prague'), ('Sarajevo'),
('Skopje'), ('Warsaw'), ('Zagreb'), ('Brussels'), ('Copenhagen'), ('Madrid'), ('Paris'), ('Amsterdam'), ('Berlin'), ('Bern'), ('Zurich'),
('Rome'), ('Stockholm'), ('Vienna'), ('West Central Africa'), ('Bucharest'), ('Cairo'), ('Helsinki'), ('Kyiv'), ('Riga'), ('Sofia'),
('Tallinn'), ('Vilnius'), ('Athens'), ('Istanbul'), ('Minsk'), ('Jerusalem'), ('Harare'), ('Pretoria'), ('Kaliningrad'), ('Moscow'),
('St. Petersburg'), ('Volgograd'), ('Samara'), ('Kuwait'), ('Riyadh'), ('Nairobi'), ('Baghdad'), ('Tehran'), ('Abu Dhabi'), ('Muscat'),
('Baku'), ('Tbilisi'), ('Yerevan'), ('Kabul'), ('Ekaterinburg'), ('Islamabad'), ('Karachi'), ('Tashkent'), ('Chennai'), ('Kolkata'),
('Mumbai'), ('New Delhi'), ('Kathmandu'), ('Dhaka'), ('Sri Jayawardenepura'), ('Almaty'), ('Astana'), ('Novosibirsk'), ('Rangoon'),
('Bangkok'), ('Hanoi'), ('Jakarta'), ('Krasnoyarsk'), ('Beijing'), ('Chongqing'), ('Hong Kong'), ('Urumqi'), ('Kuala Lumpur'),
('Singapore'), ('Taipei'), ('Perth'), ('Irkutsk'), ('Ulaanbaatar'), ('Seoul'), ('Osaka'), ('Sapporo'), ('Tokyo'), ('Yakutsk'),
('Darwin'), ('Adelaide'), ('Canberra'), ('Melbourne'), ('Sydney'), ('Brisbane'), ('Hobart'), ('Vladivostok'), ('Guam'), ('Port Moresby'),
('Magadan'), ('Srednekolymsk'), ('Solomon Is.'), ('New Caledonia'), ('Fiji'), ('Kamchatka'), ('Marshall Is.'), ('Auckland'),
('Wellington'), ('Nuku''alofa'), ('Tokelau Is.'), ('Chatham Is.'), ('Samoa');
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('zones', 'custom',
    'SELECT name AS external_id, name AS display_name, name AS timezone FROM public.zone') > 0$$);
SELECT pg_temp.sync('zones');
SELECT count(*), count(*) FILTER (WHERE z.name IS NULL) AS unknown
  FROM mentoring.person p LEFT JOIN pg_timezone_names z ON z.name = p.timezone
 WHERE p.source = 'zones';
SELECT external_id, timezone FROM mentoring.person
 WHERE source = 'zones' AND external_id IN ('Quito', 'Samoa', 'Abu Dhabi', 'UTC', 'Chennai') ORDER BY 1;
DELETE FROM public.zone;
INSERT INTO public.zone VALUES ('0'), ('1'), ('-3.5'), ('5.75'), ('+05:30'), ('14.0'), ('-12'), ('13.5'), ('99'), ('-13'), ('1e3'), ('UTC+3'),
    ('EST5EDT4'), ('<x>3'), ('Europe/Vienna'), ('europe/vienna'), ('Etc/GMT+12'), ('../../etc/passwd'), (repeat('x', 300)), ('Mars/Base');
SET client_min_messages = error;
SELECT pg_temp.sync('zones', true);
RESET client_min_messages;
SELECT left(external_id, 20), timezone FROM mentoring.person
 WHERE source = 'zones' AND erased_at IS NULL ORDER BY external_id COLLATE "C";
ROLLBACK;
