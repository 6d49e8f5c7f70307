-- Triggers that note what changes in the tables of a learning management
-- system, and never get in its way.

\set QUIET on
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
\o
\set ECHO all
CREATE ROLE lms_app;
CREATE SCHEMA "the lms" AUTHORIZATION lms_app;
GRANT USAGE ON SCHEMA "the lms" TO lms_admin, lms_sync;
SET ROLE lms_app;
CREATE TABLE "the lms"."Users" (id bigint PRIMARY KEY, name text, lastaccess bigint, department varchar(30), note json);
INSERT INTO "the lms"."Users" VALUES (1, 'Ann', 0, 'a', '{}'), (2, 'Bob', 0, 'b', NULL);
GRANT SELECT, TRIGGER ON "the lms"."Users" TO lms_admin, lms_sync;
RESET ROLE;
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(''q'', ''custom'', ''SELECT id AS external_id, name AS display_name FROM "the lms"."Users"'') > 0');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.attach_trigger(''the lms'', ''users'', ''q'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.attach_trigger(''the lms'', ''Users'', ''nobody'')');
SELECT pg_temp.said('lms_sync', 'SELECT mentoring.attach_trigger(''the lms'', ''Users'', ''q'')');
SELECT mentoring.attach_trigger('the lms', 'Users', 'q');
SELECT mentoring.attach_trigger('the lms', 'Users', 'q');
SELECT tgname, tgtype, tgattr::text = '' AS names_no_column, tgqual IS NULL AS no_condition
  FROM pg_trigger WHERE tgrelid = '"the lms"."Users"'::regclass ORDER BY 1;

-- The application's role has no right on anything of ours.
SET ROLE lms_app;
INSERT INTO "the lms"."Users" VALUES (3, 'Cy', 0, 'c'), (4, 'Di', 0, 'd');
UPDATE "the lms"."Users" SET lastaccess = id;
UPDATE "the lms"."Users" SET department = department;
UPDATE "the lms"."Users" SET name = 'Robert' WHERE id <= 2 AND name < 'C' OR id = 9;
UPDATE "the lms"."Users" SET note = '{"a": 1}', lastaccess = 7 WHERE id = 1;
INSERT INTO "the lms"."Users" VALUES (4, 'Dinah', 0, 'd') ON CONFLICT (id) DO UPDATE SET name = excluded.name;
UPDATE "the lms"."Users" SET name = 'nobody' WHERE id = 99;
DELETE FROM "the lms"."Users" WHERE id = 3;
RESET ROLE;
SELECT source, table_name, action, external_id FROM mentoring.sync_queue ORDER BY id;
SELECT pg_temp.sync('q');
SELECT count(*) FROM mentoring.sync_queue;

-- It alters its table, and goes on where ours fails.
SET ROLE lms_app;
ALTER TABLE "the lms"."Users" ALTER COLUMN department TYPE varchar(300);
ALTER TABLE "the lms"."Users" ALTER COLUMN id TYPE integer;
ALTER TABLE "the lms"."Users" ADD COLUMN more text DEFAULT 'x', DROP COLUMN note;
UPDATE "the lms"."Users" SET more = 'y' WHERE id = 1;
ALTER TABLE "the lms"."Users" RENAME COLUMN id TO key;
UPDATE "the lms"."Users" SET more = 'z' WHERE key = 1;
RESET ROLE;
SELECT action, external_id FROM mentoring.sync_queue ORDER BY id;
ALTER TABLE mentoring.sync_queue ADD CONSTRAINT full_up CHECK (action <> 'update') NOT VALID;
SET ROLE lms_app;
UPDATE "the lms"."Users" SET more = 'kept' WHERE key = 1;
SELECT more FROM "the lms"."Users" WHERE key = 1;
RESET ROLE;
ALTER TABLE mentoring.sync_queue DROP CONSTRAINT full_up;
-- nor does code of the table's owner run with our rights
SET ROLE lms_app;
CREATE TYPE "the lms".odd AS (a integer);
CREATE FUNCTION "the lms".as_json("the lms".odd) RETURNS json LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
CREATE CAST ("the lms".odd AS json) WITH FUNCTION "the lms".as_json("the lms".odd);
ALTER TABLE "the lms"."Users" ADD COLUMN odd "the lms".odd;
UPDATE "the lms"."Users" SET odd = ROW(1) WHERE key = 2;
RESET ROLE;
SELECT action, external_id FROM mentoring.sync_queue ORDER BY id;

SELECT mentoring.detach_trigger('the lms', 'Users'), mentoring.detach_trigger('the lms', 'Users');
SELECT count(*) FROM pg_trigger WHERE tgrelid = '"the lms"."Users"'::regclass;
-- not one of attach_trigger()'s
CREATE TRIGGER odd BEFORE UPDATE ON "the lms"."Users" FOR EACH ROW EXECUTE FUNCTION mentoring._queue_change();
UPDATE "the lms"."Users" SET more = 'v' WHERE key = 1;
ROLLBACK;
