-- A Moodle with few rows that are awkward.
--
-- Made in the first schema of search_path.  Persons: 1 guest, 2 an
-- administrator, 3 to 12 people, 13 deleted, 14 of another host.

\ir lms_moodle_tables.sql

INSERT INTO mdl_config (name, value)
VALUES ('timezone', 'Europe/Vienna'), ('mnet_localhost_id', '1');

INSERT INTO mdl_user (id, confirmed, deleted, suspended, mnethostid, username,
    firstname, lastname, email, institution, department, lang, timezone)
VALUES
    (1, 1, 0, 0, 1, 'guest', 'Guest user', ' ', 'root@localhost', '', '', 'en', '99'),
    (2, 1, 0, 0, 1, 'admin', 'Admin', 'User', 'admin@example.org', '', '', 'en', '99'),
    (3, 1, 0, 0, 1, 'ada', 'Ada', 'Lovelace', 'ada@example.org',
     'Analytical Society', 'Engines', 'en', 'Europe/London'),
    (4, 1, 0, 0, 1, 'sean', 'Seán', 'O''Brien-Smith', 'sean@example.org',
     'Trinity', 'R&D – "Basics"', 'en_us', '99'),
    (5, 1, 0, 0, 1, 'wang', '小明', '王', 'wang@example.org', '', 'Engines',
     'zh_cn', '8'),
    (6, 1, 0, 0, 1, 'juan', 'Juan', 'Pérez', 'juan@example.org', '', '',
     'pt_br', '-3.5'),
    (7, 1, 0, 1, 1, 'sue', 'Sue', 'Spended', 'sue@example.org', '', 'Engines',
     'en', '5.5'),
    (8, 0, 0, 0, 1, 'una', 'Una', 'Firmed', '', '', '', 'en', ''),
    (9, 1, 0, 0, 1, 'nameless', '', ' ', 'x@example.org', '', '  ', 'en',
     'Mars/Phobos'),
    (10, 1, 0, 0, 1, 'boss', 'Bea', 'Boss', 'boss@example.org', '', 'Board',
     'en', 'UTC'),
    (11, 1, 0, 0, 1, 'mel', 'Mel', 'Mentor', 'mel@example.org', '', 'Board',
     'en', 'America/New_York'),
    (12, 1, 0, 0, 1, 'zoe', 'Zoë', 'Zero', 'mel@example.org', '', 'Board', 'en',
     '0'),
    (13, 1, 1, 0, 1, 'gone@example.org.1700000000', 'Gerda', 'Gone',
     'd41d8cd98f00b204e9800998ecf8427e', '', '', 'en', '99'),
    (14, 1, 0, 0, 2, 'ada', 'Ada', 'Elsewhere', 'e@example.org', '', '', 'en', '99');
SELECT setval('mdl_user_id_seq', 14);

INSERT INTO mdl_user_info_field (id, shortname, name, datatype, defaultdata)
VALUES (1, 'seniority', 'Seniority', 'text', '1'),
       (2, 'remote', 'Remote', 'checkbox', '0'),
       (3, 'joined', 'Joined', 'datetime', '0'),
       (4, 'jobtitle', 'Job title', 'menu', ''),
       (5, 'goals', 'Goals', 'textarea', NULL);
INSERT INTO mdl_user_info_data (userid, fieldid, data)
VALUES (3, 1, '7'), (3, 2, '1'), (3, 3, '1577836800'), (3, 4, 'Engineer'),
       (3, 5, '<p>To "count" \ things</p>'), (4, 1, '007'), (4, 4, ''),
       (13, 4, 'Spy');

INSERT INTO mdl_tag (id, name, rawname)
VALUES (1, 'c++', 'C++'), (2, 'música', 'Música'), (3, '围棋', '围棋'),
       (4, 'of a course', 'of a course');
INSERT INTO mdl_tag_instance (tagid, component, itemtype, itemid)
VALUES (1, 'core', 'user', 3), (2, 'core', 'user', 3), (3, 'core', 'user', 5),
       (4, 'core', 'course', 3);

-- 11 is manager of 3 and mentor of 4, 10 is parent of 5; 3 himself of himself
INSERT INTO mdl_role (id, shortname)
VALUES (1, 'manager'), (5, 'student'), (9, 'mentor'), (10, 'parent');
INSERT INTO mdl_context (id, contextlevel, instanceid)
VALUES (1, 10, 0), (20, 30, 3), (21, 30, 4), (22, 30, 5), (23, 50, 3),
       (24, 30, 13);
INSERT INTO mdl_role_assignments (roleid, contextid, userid)
VALUES (1, 20, 11), (9, 20, 10), (9, 21, 11), (10, 22, 10), (1, 23, 2),
       (1, 20, 3), (1, 24, 11), (9, 21, 13);

INSERT INTO mdl_scale (id, name, scale)
VALUES (1, 'Default', 'Not yet competent,Competent'),
       (2, 'Eight', 'a,b,c,d,e,f,g,h'), (3, 'One', 'done');
INSERT INTO mdl_competency_framework (id, shortname, scaleid)
VALUES (1, 'Engineering', 1);
INSERT INTO mdl_competency (id, shortname, competencyframeworkid, scaleid)
VALUES (1, 'Programming', 1, NULL), (2, 'Mathematics', 1, 2),
       (3, 'Punch cards', 1, 3);
INSERT INTO mdl_competency_usercomp (userid, competencyid, proficiency, grade)
VALUES (3, 1, 1, 2), (3, 2, 1, 6), (3, 3, 1, 1), (4, 1, 0, 1), (4, 2, 0, NULL),
       (5, 2, 1, 9), (13, 1, 1, 2);

INSERT INTO mdl_cohort (id, name) VALUES (1, 'Intake 2024'), (2, 'Women''s network');
INSERT INTO mdl_cohort_members (cohortid, userid)
VALUES (1, 3), (2, 3), (1, 4), (1, 13);

INSERT INTO mdl_course_completions (userid, course, timecompleted)
VALUES (3, 2, 1714521600), (3, 3, NULL), (4, 2, 1714608000), (13, 2, 1714608000);

-- 3 on 2024-05-01: 09:00, 09:10, 09:40 (40 minutes), 10:10:01 alone; over
-- midnight 23:50 to 00:10; as somebody else, anonymous, and not learning
INSERT INTO mdl_logstore_standard_log
    (eventname, edulevel, userid, courseid, anonymous, timecreated, realuserid)
VALUES ('\core\event\course_viewed', 2, 3, 2, 0, 1714554000, NULL),
       ('\core\event\course_viewed', 2, 3, 2, 0, 1714554600, NULL),
       ('\core\event\course_viewed', 2, 3, 3, 0, 1714556400, NULL),
       ('\core\event\course_viewed', 2, 3, 3, 0, 1714558201, NULL),
       ('\core\event\course_viewed', 2, 3, 2, 0, 1714607400, NULL),
       ('\core\event\course_viewed', 2, 3, 2, 0, 1714608600, NULL),
       ('\core\event\course_viewed', 2, 3, 2, 0, 1714557000, 2),
       ('\core\event\course_viewed', 2, 3, 2, 1, 1714557100, NULL),
       ('\core\event\user_loggedin', 0, 3, 0, 0, 1714557200, NULL),
       ('\core\event\course_viewed', 2, 0, 2, 0, 1714557200, NULL),
       ('\core\event\course_viewed', 2, 5, 2, 0, 1714554000, NULL),
       ('\core\event\course_viewed', 2, 13, 2, 0, 1714554000, NULL);
