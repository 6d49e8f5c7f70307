<?php
// pdo.php: a mentee's visit, by PDO
//
// PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.

require __DIR__ . '/check.php';

// [identity]
$db = new PDO('pgsql:', null, null, [
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
]);

// One request: one transaction that works for one person.
function as_user(PDO $db, string $userid, callable $work)
{
    $db->beginTransaction();
    try {
        query($db, "SELECT mentoring.act_as('lms', ?)", [$userid]);
        $result = $work($db);
        $db->commit();
        return $result;
    } catch (Throwable $error) {
        $db->rollBack();
        throw $error;
    }
}

function query(PDO $db, string $sql, array $params = []): PDOStatement
{
    $statement = $db->prepare($sql);
    $statement->execute($params);
    return $statement;
}
// [/identity]

$userid = getenv('USERID');

// [visit]
[$list, $request_id, $entry_id] = as_user($db, $userid, function ($db) {
    $me = query($db, "SELECT programme_id, id FROM mentoring.participant
        WHERE person_id = mentoring.current_person() AND role = 'mentee'")->fetch();

    $list = query($db, 'SELECT partner_id, display_name, score, free_places
        FROM mentoring.recommend(?, ?, 3)', [$me['programme_id'], $me['id']])->fetchAll();

    $request_id = query($db, 'SELECT mentoring.request_mentor(?, ?, ?)',
        [$me['programme_id'], $me['id'], $list[0]['partner_id']])->fetchColumn();

    $entry_id = query($db, "INSERT INTO mentoring.learning_log
            (programme_id, participant_id, kind, minutes, reflection)
        VALUES (?, ?, 'meeting', ?, ?) RETURNING id",
        [$me['programme_id'], $me['id'], 45, 'It’s a start'])->fetchColumn();

    return [$list, $request_id, $entry_id];
});

$edited = as_user($db, $userid, fn ($db) => query($db,
    'UPDATE mentoring.learning_log SET minutes = ? WHERE id = ?', [60, $entry_id])->rowCount());
// [/visit]

check('recommendations', count($list) === 3 && $list[0]['display_name'] === 'Mei Tanaka'
    && is_int($list[0]['partner_id']) && (float) $list[0]['score'] === 1.0
    && $list[0]['free_places'] === 20);
check('request', is_int($request_id) && $request_id > 0);
check('entry written', is_int($entry_id) && $entry_id > 1);
check('entry edited', $edited === 1);
check('entry of another', as_user($db, $userid, fn ($db) => query($db,
    'UPDATE mentoring.learning_log SET minutes = 1 WHERE id = 1')->rowCount()) === 0);

// Types.  false in execute() would arrive as '', which is no boolean.
[$person, $partners, $not_false, $profile] = as_user($db, $userid, function ($db) {
    $person = query($db, 'SELECT id, is_active, profile FROM mentoring.person
        WHERE id = mentoring.current_person()')->fetch();
    $partners = query($db, 'SELECT * FROM mentoring.partner')->fetchAll();
    $statement = $db->prepare('SELECT NOT CAST(? AS boolean)');
    $statement->bindValue(1, false, PDO::PARAM_BOOL);
    $statement->execute();
    $not_false = $statement->fetchColumn();
    $profile = query($db, 'UPDATE mentoring.person SET profile = profile || CAST(? AS jsonb)
        WHERE id = mentoring.current_person() RETURNING profile',
        [json_encode(['interests' => [], 'remote' => true])])->fetchColumn();
    return [$person, $partners, $not_false, json_decode($profile, true)];
});
$old = json_decode($person['profile'], true);
check('boolean', $person['is_active'] === true && $not_false === true);
check('jsonb', $old['interests'] === ['data'] && $old['newsletter'] === false
    && array_key_exists('phone', $old) && $old['phone'] === null
    && $profile['interests'] === [] && $profile['remote'] === true);
check('bigint', $person['id'] === 9007199254740993 + 2 * ($userid - 100));
check('empty set', $partners === []);

// Errors: the whole transaction is undone, and the identity ends with it.
$error = error_of(fn () => as_user($db, $userid, function ($db) use ($list) {
    query($db, "INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
        SELECT programme_id, id, 'undone' FROM mentoring.participant
         WHERE person_id = mentoring.current_person()");
    query($db, 'SELECT mentoring.request_mentor(programme_id, id, ?) FROM mentoring.participant
         WHERE person_id = mentoring.current_person()', [$list[0]['partner_id']]);
}));
check('refusal', $error instanceof PDOException && $error->getCode() === '23505');
check('identity ends', query($db, 'SELECT mentoring.current_person()')->fetchColumn() === null
    && error_of(fn () => query($db, 'SELECT * FROM mentoring.recommend(1, 1)'))
        ?->getCode() === '42501');
$error = error_of(fn () => query($db, "SELECT mentoring.act_as('lms', ?)", [$userid]));
check('autocommit', $error?->getCode() === '25P01'
    && str_contains($error->getMessage(), 'Send BEGIN first, or switch autocommit off.'));
