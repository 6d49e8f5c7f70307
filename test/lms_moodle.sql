-- Tables of a Moodle 4, as far as register_moodle() reads them: their names,
-- types and habits (no foreign keys, epoch seconds, '' for nothing, smallint
-- for yes and no, deleted rows that stay), with few rows that are awkward.
--
-- Made in the first schema of search_path.  Persons: 1 guest, 2 an
-- administrator, 3 to 12 people, 13 deleted, 14 of another host.

CREATE TABLE mdl_config (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL DEFAULT '',
    value text NOT NULL
);
CREATE TABLE mdl_user (
    id bigserial PRIMARY KEY,
    auth varchar(20) NOT NULL DEFAULT 'manual',
    confirmed smallint NOT NULL DEFAULT 0,
    policyagreed smallint NOT NULL DEFAULT 0,
    deleted smallint NOT NULL DEFAULT 0,
    suspended smallint NOT NULL DEFAULT 0,
    mnethostid bigint NOT NULL DEFAULT 0,
    username varchar(100) NOT NULL DEFAULT '',
    password varchar(255) NOT NULL DEFAULT '',
    idnumber varchar(255) NOT NULL DEFAULT '',
    firstname varchar(100) NOT NULL DEFAULT '',
    lastname varchar(100) NOT NULL DEFAULT '',
    email varchar(100) NOT NULL DEFAULT '',
    institution varchar(255) NOT NULL DEFAULT '',
    department varchar(255) NOT NULL DEFAULT '',
    lang varchar(30) NOT NULL DEFAULT 'en',
    timezone varchar(100) NOT NULL DEFAULT '99',
    firstaccess bigint NOT NULL DEFAULT 0,
    lastaccess bigint NOT NULL DEFAULT 0,
    timecreated bigint NOT NULL DEFAULT 0,
    timemodified bigint NOT NULL DEFAULT 0,
    UNIQUE (mnethostid, username)
);
CREATE TABLE mdl_user_info_field (
    id bigserial PRIMARY KEY,
    shortname varchar(255) NOT NULL DEFAULT 'shortname',
    name text NOT NULL,
    datatype varchar(255) NOT NULL DEFAULT '',
    defaultdata text,
    param1 text
);
CREATE TABLE mdl_user_info_data (
    id bigserial PRIMARY KEY,
    userid bigint NOT NULL DEFAULT 0,
    fieldid bigint NOT NULL DEFAULT 0,
    data text NOT NULL
);
CREATE TABLE mdl_tag (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL DEFAULT '',
    rawname varchar(255) NOT NULL DEFAULT ''
);
CREATE TABLE mdl_tag_instance (
    id bigserial PRIMARY KEY,
    tagid bigint NOT NULL,
    component varchar(100) NOT NULL,
    itemtype varchar(100) NOT NULL DEFAULT '',
    itemid bigint NOT NULL
);
CREATE TABLE mdl_role (
    id bigserial PRIMARY KEY,
    shortname varchar(100) NOT NULL DEFAULT ''
);
CREATE TABLE mdl_context (
    id bigserial PRIMARY KEY,
    contextlevel bigint NOT NULL DEFAULT 0,
    instanceid bigint NOT NULL DEFAULT 0
);
CREATE TABLE mdl_role_assignments (
    id bigserial PRIMARY KEY,
    roleid bigint NOT NULL DEFAULT 0,
    contextid bigint NOT NULL DEFAULT 0,
    userid bigint NOT NULL DEFAULT 0,
    timemodified bigint NOT NULL DEFAULT 0
);
CREATE TABLE mdl_scale (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL DEFAULT '',
    scale text NOT NULL
);
CREATE TABLE mdl_competency_framework (
    id bigserial PRIMARY KEY,
    shortname varchar(100),
    scaleid bigint
);
CREATE TABLE mdl_competency (
    id bigserial PRIMARY KEY,
    shortname varchar(100),
    idnumber varchar(100),
    competencyframeworkid bigint NOT NULL,
    parentid bigint NOT NULL DEFAULT 0,
    scaleid bigint
);
CREATE TABLE mdl_competency_usercomp (
    id bigserial PRIMARY KEY,
    userid bigint NOT NULL,
    competencyid bigint NOT NULL,
    proficiency smallint,
    grade bigint
);
CREATE TABLE mdl_cohort (
    id bigserial PRIMARY KEY,
    name varchar(254) NOT NULL DEFAULT ''
);
CREATE TABLE mdl_cohort_members (
    id bigserial PRIMARY KEY,
    cohortid bigint NOT NULL DEFAULT 0,
    userid bigint NOT NULL DEFAULT 0
);
CREATE TABLE mdl_course_completions (
    id bigserial PRIMARY KEY,
    userid bigint NOT NULL DEFAULT 0,
    course bigint NOT NULL DEFAULT 0,
    timecompleted bigint
);
CREATE TABLE mdl_logstore_standard_log (
    id bigserial PRIMARY KEY,
    eventname varchar(255) NOT NULL DEFAULT '',
    edulevel smallint NOT NULL,
    userid bigint NOT NULL,
    courseid bigint,
    anonymous smallint NOT NULL DEFAULT 0,
    timecreated bigint NOT NULL,
    realuserid bigint
);
CREATE INDEX mdl_logsstanlog_tim_ix
    ON mdl_logstore_standard_log (timecreated);

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
