-- What learning_setup.sql made.
DELETE FROM mentoring.learning_log WHERE programme_id = 941;
DELETE FROM mentoring.relationship_member WHERE programme_id = 941;
DELETE FROM mentoring.relationship WHERE programme_id = 941;
DELETE FROM mentoring.participant WHERE programme_id = 941;
DELETE FROM mentoring.programme WHERE id = 941;
DELETE FROM mentoring.person WHERE id / 100 = 941;
DELETE FROM mentoring.skill WHERE id IN (9411, 9412);
SELECT mentoring.rebuild_learning_log();
