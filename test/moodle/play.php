<?php
// play.php: what test/moodle/run has a Moodle do, by that Moodle's own code
//
//	   php play.php FOLDER fill|learn|widen|change|narrow

define('CLI_SCRIPT', true);
require($argv[1] . '/config.php');
require_once($CFG->dirroot . '/user/lib.php');
require_once($CFG->dirroot . '/cohort/lib.php');
require_once($CFG->dirroot . '/course/lib.php');
require_once($CFG->libdir . '/ddllib.php');

function make_user($username, $firstname, $lastname, $department, $timezone) {
    global $CFG, $DB;

    $id = user_create_user((object) [
        'username' => $username, 'auth' => 'manual', 'confirmed' => 1,
        'mnethostid' => $CFG->mnet_localhost_id, 'password' => 'Us3r!pass',
        'firstname' => $firstname, 'lastname' => $lastname,
        'email' => $username . '@test.example', 'department' => $department,
        'institution' => 'Society', 'lang' => 'en'
    ], true, false);
    // Old sites hold offsets, which no form takes any more.
    $DB->set_field('user', 'timezone', $timezone, ['id' => $id]);
    return $id;
}

function find_user($username) {
    global $DB;

    return $DB->get_record('user', ['username' => $username], '*', MUST_EXIST);
}

function stamped($row) {
    return (object) ($row + ['timecreated' => time(), 'timemodified' => time(),
                             'usermodified' => 2]);
}

// Persons with everything that is read
function fill() {
    global $DB;

    set_config('timezone', 'Europe/Vienna');
    $ada = make_user('ada', 'Ada', 'Lovelace', 'Engines', 'Europe/London');
    $sean = make_user('sean', 'Seán', "O'Brien-Smith", 'R&D – "Basics"', '8');
    make_user('wang', '小明', '王', 'Engines', '99');
    $mel = make_user('mel', 'Mel', 'Mentor', 'Board', '99');

    $category = $DB->insert_record('user_info_category',
                                   (object) ['name' => 'Work', 'sortorder' => 1]);
    $field = $DB->insert_record('user_info_field', (object) [
        'shortname' => 'jobtitle', 'name' => 'Job title', 'datatype' => 'text',
        'categoryid' => $category, 'sortorder' => 1, 'visible' => 2
    ]);
    $DB->insert_record('user_info_data', (object) [
        'userid' => $ada, 'fieldid' => $field, 'data' => 'Engineer'
    ]);
    core_tag_tag::set_item_tags('core', 'user', $ada,
                                context_user::instance($ada), ['C++', 'Música']);
    $cohort = cohort_add_cohort((object) [
        'contextid' => context_system::instance()->id, 'name' => 'Intake',
        'idnumber' => 'intake', 'description' => '', 'descriptionformat' => 1
    ]);
    cohort_add_member($cohort, $ada);
    cohort_add_member($cohort, $sean);
    $role = create_role('Line manager', 'linemanager', '');
    set_role_contextlevels($role, [CONTEXT_USER]);
    role_assign($role, $mel, context_user::instance($ada)->id);

    $scale = $DB->insert_record('scale', (object) [
        'courseid' => 0, 'userid' => 2, 'name' => 'Two', 'description' => '',
        'scale' => 'Not yet competent,Competent', 'timemodified' => time()
    ]);
    $framework = $DB->insert_record('competency_framework', stamped([
        'shortname' => 'Engineering', 'idnumber' => 'e', 'scaleid' => $scale,
        'contextid' => context_system::instance()->id, 'description' => '',
        'descriptionformat' => 1, 'scaleconfiguration' => '[]',
        'visible' => 1, 'taxonomies' => ''
    ]));
    $competency = $DB->insert_record('competency', stamped([
        'shortname' => 'Programming', 'idnumber' => 'p', 'description' => '',
        'descriptionformat' => 1, 'competencyframeworkid' => $framework,
        'parentid' => 0, 'path' => '/0/', 'sortorder' => 0
    ]));
    foreach ([$ada => 2, $sean => null] as $user => $grade) {
        $DB->insert_record('competency_usercomp', stamped([
            'userid' => $user, 'competencyid' => $competency, 'status' => 0,
            'proficiency' => (int) ($grade == 2), 'grade' => $grade
        ]));
    }
}

// A course looked at and completed
function learn() {
    global $DB;

    $ada = find_user('ada');
    $course = create_course((object) [
        'fullname' => 'Counting', 'shortname' => 'count', 'category' => 1
    ]);
    $DB->insert_record('course_completions', (object) [
        'userid' => $ada->id, 'course' => $course->id, 'timeenrolled' => 0,
        'timestarted' => time(), 'timecompleted' => time(), 'reaggregate' => 0
    ]);
    \core\session\manager::set_user($ada);
    \core\event\course_viewed::create([
        'context' => context_course::instance($course->id)
    ])->trigger();
}

function set_precision($length) {
    global $DB;

    $DB->get_manager()->change_field_precision(
        new xmldb_table('user'),
        new xmldb_field('department', XMLDB_TYPE_CHAR, $length, null,
                        XMLDB_NOTNULL, null, ''));
}

function change() {
    global $DB;

    $ada = find_user('ada');
    $ada->lastname = 'King';
    $ada->department = 'Poetry';
    user_update_user($ada, false, false);
    $wang = find_user('wang');
    $wang->suspended = 1;
    user_update_user($wang, false, false);
    // Who only looks in is noted by Moodle, but nobody who changed.
    $DB->set_field('user', 'lastaccess', time(), ['username' => 'admin']);
    $mel = find_user('mel');
    $mel->city = 'Lima';
    user_update_user($mel, false, false);
    delete_user(find_user('sean'));
}

\core\session\manager::set_user(get_admin());
switch ($argv[2]) {
    case 'fill':
        fill();
        break;
    case 'learn':
        learn();
        break;
    case 'widen':
        set_precision('300');
        break;
    case 'narrow':
        set_precision('255');
        break;
    case 'change':
        change();
        break;
    default:
        exit(2);
}
