-- Tables of a Moodle 4, as far as register_moodle() reads them: their names,
-- types and habits (no foreign keys, epoch seconds, '' for nothing, smallint
-- for yes and no, deleted rows that stay).  The tests, the bench and make demo
-- LMS=moodle fill them.
--
-- Made in the first schema of search_path.

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
