<?php
// pgsql.php: a mentee's visit, by PHP's pgsql functions
//
// PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.

require __DIR__ . '/check.php';

// [identity]
$db = pg_connect('');

// One request: one transaction that works for one person.
function as_user($db, string $userid, callable $work)
{
    pg_query($db, 'BEGIN');
    try {
        rows($db, "SELECT mentoring.act_as('lms', $1)", [$userid]);
        $result = $work($db);
        pg_query($db, 'COMMIT');
        return $result;
    } catch (Throwable $error) {
        pg_query($db, 'ROLLBACK');
        throw $error;
    }
}

// All rows, or an exception: pg_query_params() alone would only warn.
function rows($db, string $sql, array $params = []): array
{
    pg_send_query_params($db, $sql, $params);
    $result = pg_get_result($db);
    $state = pg_result_error_field($result, PGSQL_DIAG_SQLSTATE);
    while (pg_get_result($db)) {
    }
    if ($state) {
        throw new RuntimeException($state . ' ' . pg_result_error($result));
    }
    return pg_fetch_all($result);
}
// [/identity]

$userid = getenv('USERID');

// [visit]
[$list, $request_id, $entry_id] = as_user($db, $userid, function ($db) {
    [$me] = rows($db, "SELECT programme_id, id FROM mentoring.participant
        WHERE person_id = mentoring.current_person() AND role = 'mentee'");

    $list = rows($db, 'SELECT partner_id, display_name, score, free_places
        FROM mentoring.recommend($1, $2, 3)', [$me['programme_id'], $me['id']]);

    [$request] = rows($db, 'SELECT mentoring.request_mentor($1, $2, $3) AS id',
        [$me['programme_id'], $me['id'], $list[0]['partner_id']]);

    [$entry] = rows($db, "INSERT INTO mentoring.learning_log
            (programme_id, participant_id, kind, minutes, reflection)
        VALUES ($1, $2, 'meeting', $3, $4) RETURNING id",
        [$me['programme_id'], $me['id'], 45, 'It’s a start']);

    return [$list, $request['id'], $entry['id']];
});

$edited = as_user($db, $userid, fn ($db) => rows($db,
    'UPDATE mentoring.learning_log SET minutes = $1 WHERE id = $2 RETURNING id', [60, $entry_id]));
// [/visit]

check('recommendations', count($list) === 3 && $list[0]['display_name'] === 'Mei Tanaka'
    && ctype_digit($list[0]['partner_id']) && (float) $list[0]['score'] === 1.0
    && $list[0]['free_places'] === '20');
check('request', ctype_digit($request_id));
check('entry written', ctype_digit($entry_id) && $entry_id > 1);
check('entry edited', $edited === [['id' => $entry_id]]);
check('entry of another', as_user($db, $userid, fn ($db) => rows($db,
    'UPDATE mentoring.learning_log SET minutes = 1 WHERE id = 1 RETURNING id')) === []);

// Types: all are strings, and 'f' is true to PHP.  false as a parameter would
// arrive as '', which is no boolean.
[$person, $partners, $sent, $written] = as_user($db, $userid, function ($db) {
    [$person] = rows($db, 'SELECT id, is_active, profile FROM mentoring.person
        WHERE id = mentoring.current_person()');
    $partners = rows($db, 'SELECT * FROM mentoring.partner');
    [$sent] = rows($db, 'SELECT CAST($1 AS boolean) AS no, NOT CAST($1 AS boolean) AS yes',
        [var_export(false, true)]);
    [$written] = rows($db, 'UPDATE mentoring.person SET profile = profile || CAST($1 AS jsonb)
        WHERE id = mentoring.current_person() RETURNING profile',
        [json_encode(['interests' => [], 'remote' => true])]);
    return [$person, $partners, $sent, $written];
});
$old = json_decode($person['profile'], true);
$new = json_decode($written['profile'], true);
check('boolean', $person['is_active'] === 't' && $sent === ['no' => 'f', 'yes' => 't']);
check('jsonb', $old['interests'] === ['data'] && $old['newsletter'] === false
    && array_key_exists('phone', $old) && $old['phone'] === null
    && $new['interests'] === [] && $new['remote'] === true);
check('bigint', $person['id'] === (string) (9007199254740993 + 2 * ($userid - 100)));
check('empty set', $partners === []);

// Errors: the whole transaction is undone, and the identity ends with it.
$error = error_of(fn () => as_user($db, $userid, function ($db) use ($list) {
    rows($db, "INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
        SELECT programme_id, id, 'undone' FROM mentoring.participant
         WHERE person_id = mentoring.current_person()");
    rows($db, 'SELECT mentoring.request_mentor(programme_id, id, $1) FROM mentoring.participant
         WHERE person_id = mentoring.current_person()', [$list[0]['partner_id']]);
}));
check('refusal', str_starts_with((string) $error?->getMessage(), '23505'));
$error = error_of(fn () => rows($db, 'SELECT * FROM mentoring.recommend(1, 1)'));
check('identity ends', rows($db, 'SELECT mentoring.current_person() AS id') === [['id' => null]]
    && str_starts_with((string) $error?->getMessage(), '42501'));
$error = error_of(fn () => rows($db, "SELECT mentoring.act_as('lms', $1)", [$userid]));
check('autocommit', str_starts_with((string) $error?->getMessage(), '25P01')
    && str_contains($error->getMessage(), 'Send BEGIN first, or switch autocommit off.'));
