/*
 * node_pg.js: a mentee's visit, by Node's pg
 *
 * PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.
 */
'use strict';

const assert = require('assert');
const { Pool } = require('pg');

const pool = new Pool({ max: 3 });
const userid = process.env.USERID;

// [identity]
// One request: one client of the pool, one transaction, one person.
async function asUser(userid, work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT mentoring.act_as('lms', $1)", [userid]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
// [/identity]

// [visit]
async function visit(client) {
  const me = (await client.query(
    `SELECT programme_id, id FROM mentoring.participant
      WHERE person_id = mentoring.current_person() AND role = 'mentee'`)).rows[0];

  const mentors = (await client.query(
    `SELECT partner_id, display_name, score, free_places
       FROM mentoring.recommend($1, $2, 3)`, [me.programme_id, me.id])).rows;

  const request = (await client.query(
    'SELECT mentoring.request_mentor($1, $2, $3) AS id',
    [me.programme_id, me.id, mentors[0].partner_id])).rows[0];

  const entry = (await client.query(
    `INSERT INTO mentoring.learning_log
            (programme_id, participant_id, kind, minutes, reflection)
     VALUES ($1, $2, 'meeting', $3, $4) RETURNING id`,
    [me.programme_id, me.id, 45, 'It’s a start'])).rows[0];

  return { mentors, request, entry };
}

async function edit(client, id, minutes) {
  const result = await client.query(
    'UPDATE mentoring.learning_log SET minutes = $1 WHERE id = $2', [minutes, id]);
  return result.rowCount;               // 0: not there, or somebody else's
}
// [/visit]

async function types(client) {
  const person = (await client.query(
    `SELECT id, is_active, profile FROM mentoring.person
      WHERE id = mentoring.current_person()`)).rows[0];
  const partners = (await client.query('SELECT * FROM mentoring.partner')).rows;
  const notFalse = (await client.query(
    'SELECT NOT CAST($1 AS boolean) AS answer', [false])).rows[0].answer;
  const profile = (await client.query(
    `UPDATE mentoring.person SET profile = profile || $1
      WHERE id = mentoring.current_person() RETURNING profile`,
    [{ interests: [], remote: true }])).rows[0].profile;
  return { person, partners, notFalse, profile };
}

async function askAgain(client) {
  await client.query(
    `INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
     SELECT programme_id, id, 'undone' FROM mentoring.participant
      WHERE person_id = mentoring.current_person()`);
  await client.query(
    `SELECT mentoring.request_mentor(programme_id, mentee_id, mentor_id)
       FROM mentoring.request`);
}

function check(what, test) {
  let isGood = true;
  try {
    test();
  } catch (error) {
    console.log('# ' + String(error.message).replace(/\n/g, '\n# '));
    isGood = false;
  }
  console.log((isGood ? 'ok ' : 'not ok ') + what);
}

async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return {};
}

async function main() {
  const { mentors, request, entry } = await asUser(userid, visit);
  check('recommendations', () => {
    assert.strictEqual(mentors.length, 3);
    assert.match(mentors[0].partner_id, /^\d+$/);
    assert.strictEqual(mentors[0].display_name, 'Mei Tanaka');
    assert.strictEqual(mentors[0].score, 1);
    assert.strictEqual(mentors[0].free_places, 20);
  });
  check('request', () => assert.match(request.id, /^\d+$/));
  check('entry written', () => assert.match(entry.id, /^\d+$/));
  const edited = await asUser(userid, (client) => edit(client, entry.id, 60));
  check('entry edited', () => assert.strictEqual(edited, 1));
  const others = await asUser(userid, (client) => edit(client, 1, 1));
  check('entry of another', () => assert.strictEqual(others, 0));

  const { person, partners, notFalse, profile } = await asUser(userid, types);
  check('boolean', () => {
    assert.strictEqual(person.is_active, true);
    assert.strictEqual(notFalse, true);
  });
  check('jsonb', () => {
    assert.deepStrictEqual(person.profile,
      { interests: ['data'], newsletter: false, phone: null });
    assert.deepStrictEqual(profile,
      { interests: [], newsletter: false, phone: null, remote: true });
  });
  // a string, for a number would be rounded
  check('bigint', () => assert.strictEqual(person.id,
    String(9007199254740993n + 2n * (BigInt(userid) - 100n))));
  check('empty set', () => assert.deepStrictEqual(partners, []));

  // Errors: the whole transaction is undone, and the identity ends with it.
  const refusal = await errorOf(asUser(userid, askAgain));
  check('refusal', () => assert.strictEqual(refusal.code, '23505'));
  const nobody = (await pool.query('SELECT mentoring.current_person() AS id')).rows;
  const denied = await errorOf(pool.query('SELECT * FROM mentoring.recommend(1, 1)'));
  check('identity ends', () => {
    assert.deepStrictEqual(nobody, [{ id: null }]);
    assert.strictEqual(denied.code, '42501');
  });

  // pool.query() takes any client, and commits.
  const trap = await errorOf(pool.query("SELECT mentoring.act_as('lms', $1)", [userid]));
  const beside = await asUser(userid, () =>
    errorOf(pool.query('SELECT * FROM mentoring.recommend(1, 1)')));
  check('autocommit', () => {
    assert.strictEqual(trap.code, '25P01');
    assert.strictEqual(trap.hint, 'Send BEGIN first, or switch autocommit off.');
    assert.strictEqual(beside.code, '42501');
  });
  await pool.end();
}

main().catch((error) => {
  console.log('# ' + error.stack.replace(/\n/g, '\n# '));
  process.exit(1);
});
