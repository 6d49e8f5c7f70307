<?php
// moodle.php: a mentee's visit, by Moodle's $DB
//
// PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in,
// $USER->id in Moodle.

require __DIR__ . '/check.php';
require __DIR__ . '/moodle_db.php';

$DB = new pgsql_native_moodle_database();
$USER = (object) ['id' => getenv('USERID')];

// [identity]
// One request: one transaction that works for one person.
function as_user(string $userid, callable $work) {
    global $DB;

    $transaction = $DB->start_delegated_transaction();
    try {
        // execute(), not get_record_sql(): see below.
        $DB->execute("SELECT mentoring.act_as('lms', :userid)", ['userid' => $userid]);
        $result = $work();
        $transaction->allow_commit();
        return $result;
    } catch (Throwable $error) {
        $transaction->rollback($error);      // throws it again
    }
}
// [/identity]

// [visit]
[$list, $request, $entry] = as_user($USER->id, function () {
    global $DB;

    $me = $DB->get_record_sql("SELECT id, programme_id FROM mentoring.participant
        WHERE person_id = mentoring.current_person() AND role = 'mentee'", [], MUST_EXIST);

    $list = $DB->get_records_sql('SELECT partner_id, display_name, score, free_places
        FROM mentoring.recommend(:programme, :me, 3)',
        ['programme' => $me->programme_id, 'me' => $me->id]);

    $request = $DB->get_record_sql('SELECT mentoring.request_mentor(?, ?, ?) AS id',
        [$me->programme_id, $me->id, reset($list)->partner_id]);

    $entry = $DB->get_record_sql("INSERT INTO mentoring.learning_log
            (programme_id, participant_id, kind, minutes, reflection)
        VALUES (?, ?, 'meeting', ?, ?) RETURNING id",
        [$me->programme_id, $me->id, 45, 'It’s a start']);

    return [$list, $request, $entry];
});

as_user($USER->id, fn() => $DB->get_record_sql(
    'UPDATE mentoring.learning_log SET minutes = ? WHERE id = ? RETURNING id',
    [60, $entry->id], MUST_EXIST));
// [/visit]

$first = reset($list);
check('recommendations', count($list) === 3 && key($list) === (int) $first->partner_id
    && $first->display_name === 'Mei Tanaka' && ctype_digit($first->partner_id)
    && (float) $first->score === 1.0 && $first->free_places === '20');
check('request', ctype_digit($request->id));
check('entry written', ctype_digit($entry->id) && $entry->id > 1);
check('entry edited', as_user($USER->id, fn() => $DB->get_record_sql(
    'SELECT minutes FROM mentoring.learning_log WHERE id = ?', [$entry->id]))->minutes === '60');
check('entry of another', as_user($USER->id, fn() => $DB->get_record_sql(
    'UPDATE mentoring.learning_log SET minutes = 1 WHERE id = 1 RETURNING id')) === false);

// Types: all are strings, and 'f' is true to PHP.  $DB sends false as 0.
[$person, $partners, $sent, $written] = as_user($USER->id, function () {
    global $DB;

    return [
        $DB->get_record_sql('SELECT id, is_active, profile FROM mentoring.person
            WHERE id = mentoring.current_person()'),
        $DB->get_records_sql('SELECT * FROM mentoring.partner'),
        $DB->get_record_sql('SELECT CAST(:a AS boolean) AS no, NOT CAST(:b AS boolean) AS yes',
            ['a' => false, 'b' => false]),
        $DB->get_record_sql('UPDATE mentoring.person SET profile = profile || CAST(:new AS jsonb)
            WHERE id = mentoring.current_person() RETURNING id, profile',
            ['new' => json_encode(['interests' => [], 'remote' => true])]),
    ];
});
$old = json_decode($person->profile, true);
$new = json_decode($written->profile, true);
check('boolean', $person->is_active === 't' && $sent->no === 'f' && $sent->yes === 't');
check('jsonb', $old['interests'] === ['data'] && $old['newsletter'] === false
    && array_key_exists('phone', $old) && $old['phone'] === null
    && $new['interests'] === [] && $new['remote'] === true);
check('bigint', $person->id === (string) (9007199254740993 + 2 * ($USER->id - 100)));
check('empty set', $partners === []);

// Errors: the whole transaction is undone, and the identity ends with it.  What
// the server says is in the exception's $error, its message is Moodle's.
$error = error_of(fn() => as_user($USER->id, function () use ($first) {
    global $DB;

    $DB->execute("INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
        SELECT programme_id, id, 'undone' FROM mentoring.participant
         WHERE person_id = mentoring.current_person()");
    $DB->execute('SELECT mentoring.request_mentor(programme_id, id, ?) FROM mentoring.participant
         WHERE person_id = mentoring.current_person()', [$first->partner_id]);
}));
check('refusal', str_contains((string) $error?->error, 'has an open request to mentor'));
$error = error_of(fn() => $DB->get_records_sql('SELECT * FROM mentoring.recommend(1, 1)'));
check('identity ends', $DB->get_record_sql('SELECT mentoring.current_person() AS id')->id === null
    && str_contains((string) $error?->error, 'call act_as() in it first'));
$error = error_of(fn() => $DB->execute("SELECT mentoring.act_as('lms', ?)", [$USER->id]));
check('autocommit', str_contains((string) $error?->error, 'transaction block only')
    && str_contains($error->error, 'Send BEGIN first, or switch autocommit off.'));

// Moodle's own: tables of another schema are not for insert_record(), and an
// error that is caught undoes what was written by get_record_sql() since the
// last execute(), but not the identity, which came by one.
$error = error_of(fn() => $DB->insert_record('mentoring.learning_log', ['minutes' => 5]));
check('insert_record', str_contains((string) $error?->errorcode, 'ddltablenotexist'));
check('caught error', as_user($USER->id, function () {
    global $DB;

    $count = 'SELECT count(*) AS n FROM mentoring.learning_log
        WHERE participant_id = ANY (mentoring.my_participants())';
    $insert = "INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
        SELECT programme_id, id, 'undone' FROM mentoring.participant
         WHERE person_id = mentoring.current_person() RETURNING id";
    $before = $DB->get_record_sql($count)->n;
    $entry = $DB->get_record_sql($insert);
    $error = error_of(fn() => $DB->execute('SELECT 1 / 0'));
    return $before === '1' && $entry !== false && $error !== null
        && $DB->get_record_sql($count)->n === '1';
}));
check('no warning', $DB->warnings === []);
