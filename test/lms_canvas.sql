-- Tables of a Canvas, as far as register_canvas() reads them: their names,
-- types and habits (bigint keys beyond 10^13, workflow_state for what is
-- deleted, timestamps without time zone that hold UTC, Rails time zones).
--
-- Made in the first schema of search_path.

CREATE TABLE accounts (
    id bigserial PRIMARY KEY,
    name varchar(255),
    parent_account_id bigint,
    workflow_state varchar(255) NOT NULL DEFAULT 'active'
);
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    name varchar(255),
    sortable_name varchar(255),
    short_name varchar(255),
    workflow_state varchar(255) NOT NULL,
    time_zone varchar(255),
    locale varchar(255),
    school_name varchar(255),
    school_position varchar(255),
    created_at timestamp NOT NULL DEFAULT '2020-01-01',
    updated_at timestamp NOT NULL DEFAULT '2020-01-01',
    deleted_at timestamp
);
CREATE TABLE communication_channels (
    id bigserial PRIMARY KEY,
    user_id bigint,
    path varchar(255) NOT NULL,
    path_type varchar(255) NOT NULL DEFAULT 'email',
    position integer,
    workflow_state varchar(255) NOT NULL
);
CREATE TABLE pseudonyms (
    id bigserial PRIMARY KEY,
    user_id bigint,
    account_id bigint NOT NULL,
    unique_id varchar(255) NOT NULL,
    sis_user_id varchar(255),
    position integer,
    workflow_state varchar(255) NOT NULL
);
CREATE TABLE user_observers (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL,
    observer_id bigint NOT NULL,
    workflow_state varchar(255) NOT NULL DEFAULT 'active'
);
CREATE TABLE learning_outcomes (
    id bigserial PRIMARY KEY,
    short_description varchar(255) NOT NULL,
    workflow_state varchar(255) NOT NULL DEFAULT 'active'
);
CREATE TABLE learning_outcome_results (
    id bigserial PRIMARY KEY,
    user_id bigint,
    learning_outcome_id bigint,
    score double precision,
    possible double precision,
    percent double precision,
    mastery boolean,
    submitted_at timestamp,
    assessed_at timestamp,
    workflow_state varchar(255) NOT NULL DEFAULT 'active'
);
CREATE TABLE enrollments (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL,
    course_id bigint NOT NULL,
    type varchar(255) NOT NULL,
    workflow_state varchar(255) NOT NULL,
    completed_at timestamp
);
CREATE TABLE user_merge_data (
    id bigserial PRIMARY KEY,
    user_id bigint,
    from_user_id bigint,
    workflow_state varchar(255) NOT NULL DEFAULT 'active'
);

INSERT INTO accounts (id, name, parent_account_id)
VALUES (1, 'College', NULL), (2, 'Dept. of "Arts"', 1);
INSERT INTO users (id, name, workflow_state, time_zone, locale, school_name,
    school_position, deleted_at)
VALUES
    (1, 'Ada Lovelace', 'registered', 'Eastern Time (US & Canada)', 'en-GB', 'Upper', 'Professor', NULL),
    (10000000000002, 'Bo O''Neil', 'registered', 'Warsaw', NULL, NULL, NULL, NULL),
    (3, 'Cy Young', 'pre_registered', 'Nuku''alofa', '', NULL, NULL, NULL),
    (4, 'Di Leted', 'deleted', NULL, NULL, NULL, NULL, '2024-01-01'),
    (5, 'Ed Suspended', 'registered', 'Atlantis', NULL, NULL, NULL, NULL),
    (6, NULL, 'creation_pending', '', NULL, NULL, NULL, NULL),
    (7, 'Ada L. (old account)', 'registered', NULL, NULL, NULL, NULL, NULL);
INSERT INTO communication_channels (user_id, path, path_type, position, workflow_state)
VALUES (1, '+4315550100', 'sms', 1, 'active'), (1, 'old@example.org', 'email', 2, 'retired'),
       (1, 'second@example.org', 'email', 4, 'active'), (1, 'ada@example.org', 'email', 3, 'active'),
       (3, 'cy@example.org', 'email', 1, 'unconfirmed');
INSERT INTO pseudonyms (user_id, account_id, unique_id, position, workflow_state)
VALUES (1, 2, 'ada', 1, 'active'), (1, 1, 'ada2', 2, 'active'), (5, 1, 'ed', 1, 'suspended'),
       (3, 1, 'cy', 1, 'active'), (3, 2, 'cy-old', 0, 'deleted');
INSERT INTO user_observers (user_id, observer_id, workflow_state)
VALUES (1, 3, 'active'), (3, 10000000000002, 'deleted'), (5, 4, 'active');
INSERT INTO learning_outcomes (id, short_description)
VALUES (1, 'Counts'), (2, 'Writes');
INSERT INTO learning_outcome_results (user_id, learning_outcome_id, score,
    possible, percent, submitted_at, assessed_at, workflow_state)
VALUES (1, 1, 5, 5, 1.2, '2024-01-01', '2024-01-02', 'active'),
       (1, 2, 3, 5, 0.6, '2024-01-01', NULL, 'active'),
       (1, 2, 1, 5, 0.2, '2023-01-01', '2025-01-01', 'active'),
       (1, 2, 0, 5, 0, '2024-06-01', NULL, 'deleted'),
       (3, 1, 2, 4, NULL, NULL, '2024-01-01', 'active'),
       (3, 2, 2, 0, NULL, NULL, '2024-01-01', 'active'),
       (4, 1, 1, 1, 1, '2024-01-01', NULL, 'active');
INSERT INTO enrollments (user_id, course_id, type, workflow_state, completed_at)
VALUES (1, 1, 'StudentEnrollment', 'completed', '2024-05-01 23:30'),
       (1, 2, 'StudentEnrollment', 'active', NULL),
       (1, 3, 'TeacherEnrollment', 'completed', '2024-05-01');
