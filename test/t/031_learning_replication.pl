# The learning log elsewhere: on a physical standby, on a subscriber that
# receives every table, and on one that receives no derived table and keeps
# its own.
#
# Everybody is compared after each kind of change: the standby and the first
# subscriber table by table, the other one with what it computes itself.

use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use lib dirname(__FILE__);
use LearningLog;

my $fixture = slurp_file(dirname(__FILE__) . '/../fixture.sql');

# A line for each table that meets a condition: name, rows, hash over all rows.
sub tables
{
	my ($node, $condition) = @_;

	return $node->safe_psql(
		'postgres', qq{
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, E''\\n''
					  ORDER BY t::text COLLATE "C"), '''')) FROM %s AS t',
			  c.relname, c.oid::regclass)
  FROM pg_class AS c
 WHERE c.relnamespace = 'mentoring'::regnamespace AND c.relkind = 'r'
   AND $condition
 ORDER BY c.relname COLLATE "C"
\\gexec
});
}

# What is dumped is what somebody wrote, and not derived.
my $is_registered = q{EXISTS (SELECT FROM pg_extension AS e
	WHERE e.extname = 'mentoring' AND c.oid = ANY (e.extconfig))};

sub new_node
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(
		allows_streaming => 'logical',
		extra => [ '--no-locale', '-E', 'UTF8' ]);
	$node->append_conf(
		'postgresql.conf', qq{
max_connections = 40
max_wal_senders = 20
max_replication_slots = 40
max_worker_processes = 24
max_logical_replication_workers = 12
max_sync_workers_per_subscription = 5
max_prepared_transactions = 40
max_standby_streaming_delay = -1
shared_buffers = 16MB
logical_decoding_work_mem = 64kB
log_statement = none
jit = off
$conf
});
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION mentoring');
	return $node;
}

my $primary = new_node('primary', 'mentoring.fold_after = 0');
my $every = new_node('every', '');
my $own = new_node('own', 'mentoring.fold_after = 100');

$primary->safe_psql('postgres', $fixture);
$primary->safe_psql('postgres', $LearningLog::setup_sql);

# Totals that are folded, some that aren't, and some not even applied.
sub write_some
{
	my ($node, %what) = @_;

	is( LearningLog::writers_end(LearningLog::writers_start($node, %what)),
		'', 'clients write');
	return;
}
my $spill_sql = q{
	SET mentoring.flush_memory = '64kB';
	INSERT INTO mentoring.learning_log
		   (programme_id, participant_id, relationship_id, occurred_on,
			minutes)
	SELECT 9002, 900030 + n % 2, CASE WHEN n % 3 = 0 THEN 90015 END,
		   date '2000-01-01' + n, n % 50
	  FROM generate_series(1, 2500) AS n;
};
write_some($primary, transactions => 30);
$primary->safe_psql('postgres', 'SELECT mentoring.fold_learning_log()');
$primary->safe_psql('postgres', $spill_sql);

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# FOR ALL TABLES sends constant tables, too, which are there already.
my $publisher = $primary->connstr . ' dbname=postgres';
$every->safe_psql('postgres', 'TRUNCATE mentoring.transition');
$primary->safe_psql('postgres', 'CREATE PUBLICATION every FOR ALL TABLES');
$primary->safe_psql(
	'postgres', qq{
SELECT format('CREATE PUBLICATION own FOR TABLE %s',
			  string_agg(c.oid::regclass::text, ', '))
  FROM pg_class AS c WHERE c.relkind = 'r' AND $is_registered
\\gexec
});

# Wait until a server says true.  A worker that fails would try again for ever.
sub wait_until
{
	my ($node, $sql) = @_;

	until ($node->safe_psql('postgres', $sql) eq 't')
	{
		foreach my $subscriber ($every, $own)
		{
			my $errors = $subscriber->safe_psql(
				'postgres', q{
				SELECT sum(apply_error_count + sync_error_count)
				  FROM pg_stat_subscription_stats});

			next if !$errors;
			slurp_file($subscriber->logfile) =~ /( ERROR: .*)/;
			die 'subscriber ' . $subscriber->name . ":$1";
		}
		usleep(50_000);
	}
	return;
}

my $copied_sql = q{
SELECT count(*) = 0 FROM pg_subscription_rel
 WHERE srsubstate NOT IN ('r', 's')
};

sub wait_for_all
{
	my $lsn = $primary->lsn('write');

	wait_until(
		$primary, qq{
		SELECT count(*) = 3 FROM pg_stat_replication
		 WHERE application_name IN ('standby', 'every', 'own')
		   AND state = 'streaming' AND replay_lsn >= '$lsn'});
	return;
}

# The initial copies, while clients write and the standby is read.
my $writers = LearningLog::writers_start($primary, clients => 4, rate => 100);
$every->safe_psql(
	'postgres', qq{
	CREATE SUBSCRIPTION every CONNECTION '$publisher' PUBLICATION every
	WITH (streaming = on)});
$own->safe_psql(
	'postgres', qq{
	CREATE SUBSCRIPTION own CONNECTION '$publisher' PUBLICATION own
	WITH (streaming = on, two_phase = on)});
is($standby->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'standby: exact while the primary writes');
wait_until($_, $copied_sql) foreach ($every, $own);
isnt($own->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'a subscriber without derived tables has no totals');
$own->safe_psql('postgres',
	q{SELECT mentoring.set_replication_mode('rebuild')});
$primary->safe_psql('postgres', 'SELECT mentoring.fold_learning_log()');
is($standby->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'standby: exact after a fold');
LearningLog::writers_stop($writers);

# Compare all with the primary, which nobody writes to.
sub all_equal
{
	my ($name) = @_;
	my $every_table = tables($primary, 'true');
	my $totals = $primary->safe_psql('postgres', $LearningLog::totals_sql);

	wait_for_all();
	is($primary->safe_psql('postgres', $LearningLog::wrong_sql),
		'', "$name: the primary is exact");
	is(tables($standby, 'true'), $every_table,
		"$name: the standby has the same tables");
	is($standby->safe_psql('postgres', $LearningLog::totals_sql),
		$totals, "$name: and the same totals");
	is(tables($every, 'true'),
		$every_table, "$name: a subscriber of everything has the same tables");
	is($every->safe_psql('postgres', $LearningLog::totals_sql),
		$totals, "$name: and the same totals");
	is( tables($own, $is_registered),
		tables($primary, $is_registered),
		"$name: a subscriber without derived tables has the others");
	is($own->safe_psql('postgres', $LearningLog::wrong_sql),
		'', "$name: its own totals are exact");
	is($own->safe_psql('postgres', $LearningLog::totals_sql),
		$totals, "$name: and the same");
	is($own->safe_psql('postgres', 'SELECT * FROM mentoring.verify_load()'),
		'', "$name: and its places, too");
	return;
}

all_equal('initial copy');
is( $every->safe_psql('postgres',
		'SELECT count(*) FROM mentoring.verify_learning_log()'),
	0, 'a subscriber of everything verifies its totals');
is( $standby->safe_psql('postgres',
		'SELECT count(*) FROM mentoring.verify_learning_log()'),
	0, 'so does a standby');

# One row at a time, and many at once.
$primary->safe_psql(
	'postgres', q{
INSERT INTO mentoring.learning_log
	   (programme_id, id, participant_id, relationship_id, occurred_on, minutes,
		skill_id, level_before, level_after)
SELECT 9002, 1000000 + n, 900040 + n % 4, 90020 + n % 4 / 2,
	   date '2024-02-20' + n % 20, n, 9001 + n % 3, n % 8, (n + 3) % 8
  FROM generate_series(1, 60) AS n;
UPDATE mentoring.learning_log SET minutes = minutes + 1 WHERE id = 1000001;
UPDATE mentoring.learning_log SET occurred_on = '2024-04-01'
 WHERE id = 1000002;
UPDATE mentoring.learning_log SET relationship_id = NULL WHERE id = 1000003;
UPDATE mentoring.learning_log SET participant_id = participant_id # 1
 WHERE id = 1000004;
UPDATE mentoring.learning_log SET skill_id = NULL WHERE id = 1000005;
UPDATE mentoring.learning_log SET skill_id = 9004 WHERE id = 1000006;
UPDATE mentoring.learning_log SET level_before = NULL WHERE id = 1000007;
UPDATE mentoring.learning_log SET level_after = 7 WHERE id = 1000008;
UPDATE mentoring.learning_log SET reflection = 'none' WHERE id = 1000009;
UPDATE mentoring.learning_log SET id = 2000010 WHERE id = 1000010;
DELETE FROM mentoring.learning_log WHERE id = 1000011;
DELETE FROM mentoring.learning_log WHERE participant_id = 900041;
WITH gone AS (
	DELETE FROM mentoring.learning_log WHERE id BETWEEN 1000020 AND 1000030
	RETURNING *)
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
SELECT programme_id, participant_id, minutes FROM gone;
MERGE INTO mentoring.learning_log AS l
USING generate_series(1000031, 1000070) AS n
   ON l.programme_id = 9002 AND l.id = n
 WHEN MATCHED AND n % 2 = 0 THEN DELETE
 WHEN MATCHED THEN UPDATE SET minutes = 5
 WHEN NOT MATCHED THEN INSERT (programme_id, id, participant_id)
	  VALUES (9002, n, 900046);
INSERT INTO mentoring.learning_log
	   (programme_id, participant_id, minutes, source, source_event_id)
SELECT 9002, 900046 + n % 2, n, 'canvas', n FROM generate_series(1, 20) AS n;
INSERT INTO mentoring.learning_log
	   (programme_id, participant_id, minutes, source, source_event_id)
SELECT 9002, 900048, n, 'canvas', n FROM generate_series(11, 30) AS n
	ON CONFLICT (programme_id, source, source_event_id)
	DO UPDATE SET minutes = EXCLUDED.minutes + 100,
				  participant_id = EXCLUDED.participant_id;
COPY mentoring.learning_log (programme_id, participant_id, occurred_on, minutes)
FROM STDIN;
9002	900050	2024-05-01	10
9002	900050	2024-05-02	20
9002	900051	2024-05-02	30
\.
BEGIN;
UPDATE mentoring.learning_log SET minutes = 9 WHERE participant_id = 900050;
SAVEPOINT a;
DELETE FROM mentoring.learning_log WHERE participant_id = 900050;
ROLLBACK TO a;
SAVEPOINT b;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (9002, 900052, '2024-05-03');
RELEASE b;
PREPARE TRANSACTION 'goes on';
BEGIN;
DELETE FROM mentoring.learning_log WHERE participant_id = 900051;
PREPARE TRANSACTION 'goes back';
});
$primary->safe_psql('postgres', $spill_sql);
$primary->safe_psql(
	'postgres', q{
COMMIT PREPARED 'goes on';
ROLLBACK PREPARED 'goes back';
});
all_equal('statements');

# Many sessions bring the same new keys at the same time: each inserts a row of
# totals, and finds in the primary key that another was faster.  Seldom would
# they be so close, but for another index, which goes first and takes its time.
# The row of an author's month is the first that anybody writes.
$primary->safe_psql(
	'postgres', q{
CREATE INDEX slow ON mentoring.learning_author
	   (md5(repeat(entries::text, 1000000))) WHERE month < '1970-01-01';
REINDEX INDEX CONCURRENTLY mentoring.learning_author_pkey;
});
my $too_late_sql = q{SELECT n_tup_del FROM pg_stat_all_tables
	WHERE relid = 'mentoring.learning_author'::regclass};
my $too_late = $primary->safe_psql('postgres', $too_late_sql);
write_some(
	$primary,
	clients => 8,
	transactions => 30,
	scripts => {
		same => [
			1, q{
INSERT INTO mentoring.learning_log
	   (programme_id, participant_id, occurred_on, minutes, skill_id)
SELECT 9002, 900054, date '1950-01-01' + n
		   + ((2000 * extract(epoch FROM clock_timestamp()))::bigint % 7000
			 )::integer, 3, 9002
  FROM generate_series(1, 2) AS n;
} ] });
cmp_ok($primary->safe_psql('postgres', $too_late_sql),
	'>', $too_late, 'rows of totals were inserted too late');
$primary->safe_psql('postgres', 'DROP INDEX mentoring.slow');
cmp_ok($primary->safe_psql('postgres', 'SELECT mentoring.fold_learning_log()'),
	'>', 0, 'the primary folds');
all_equal('the same keys');
ok( $own->poll_query_until(
		'postgres', 'SELECT count(*) < 200 FROM mentoring.learning_delta'),
	'a subscriber that keeps its own totals folds by itself');
my ($code, $answer, $refusal) =
  $every->psql('postgres', 'SELECT mentoring.fold_learning_log()');
like($refusal, qr/a subscription delivers learning_delta/,
	'one that receives them does not');

# Places, which the same mode is about
$primary->safe_psql(
	'postgres', q{
INSERT INTO mentoring.participant
	   (programme_id, id, person_id, role, status, capacity)
SELECT 9002, 910000 + n, 900000 + n, 'peer', 'accepted', 2
  FROM generate_series(1, 5) AS n;
UPDATE mentoring.participant SET capacity = 3 WHERE id = 910001;
DELETE FROM mentoring.participant WHERE id = 910002;
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (9002, 91001, 'active'), (9002, 91002, 'proposed');
INSERT INTO mentoring.relationship_member
	   (programme_id, relationship_id, participant_id, role)
VALUES (9002, 91001, 910001, 'peer'), (9002, 91001, 910003, 'peer'),
	   (9002, 91002, 910001, 'peer'), (9002, 91002, 910004, 'peer');
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 91002;
DELETE FROM mentoring.relationship_member
 WHERE relationship_id = 91001 AND participant_id = 910003;
});

# TRUNCATE, taken back and not
$primary->safe_psql(
	'postgres', q{
BEGIN;
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
VALUES (9002, 900056, 1);
SAVEPOINT a;
TRUNCATE mentoring.learning_log;
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
VALUES (9002, 900056, 2);
ROLLBACK TO a;
COMMIT;
});
all_equal('TRUNCATE rolled back');
$primary->safe_psql(
	'postgres', q{
BEGIN;
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
VALUES (9002, 900056, 4);
SAVEPOINT a;
TRUNCATE mentoring.learning_log;
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
VALUES (9002, 900056, 8), (9002, 900057, 16);
RELEASE a;
COMMIT;
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
VALUES (9002, 900056, 32);
});
all_equal('TRUNCATE');
is( $own->safe_psql(
		'postgres', q{
		SELECT participant_id, entries, minutes
		  FROM mentoring.learning_by_participant ORDER BY 1}),
	"900056|2|40\n900057|1|16", 'what is left after TRUNCATE');
$primary->safe_psql('postgres',
	'TRUNCATE mentoring.relationship_member CASCADE');
$primary->safe_psql('postgres', $LearningLog::members_sql);
write_some($primary, transactions => 10);
all_equal('TRUNCATE of members');

# Modes
my $keeps_sql = q{
SELECT tgenabled, string_agg(tgname, ' ' ORDER BY tgname COLLATE "C")
  FROM pg_trigger AS t
  JOIN pg_class AS c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'mentoring'::regnamespace AND NOT t.tgisinternal
 GROUP BY tgenabled ORDER BY tgenabled
};
my $origin = $primary->safe_psql('postgres', $keeps_sql);
like($origin, qr/\AO\|[^\n]*\z/, 'triggers fire for what is written here');
my @keepers = qw(learning_log_total learning_log_total_update
  learning_log_truncate participant_load_delete participant_load_insert
  participant_load_update relationship_load relationship_member_load
  relationship_member_truncate);
like($own->safe_psql('postgres', $keeps_sql),
	qr/\AA\|@keepers\nO\|[^\n]*\z/,
	'mode rebuild: those of derived tables fire for whatever arrives');
my ($rc, $out, $error) = $every->psql('postgres',
	q{SELECT mentoring.set_replication_mode('rebuild')});
like(
	$error,
	qr/a subscription delivers derived tables: .*mentoring\.learning_day/,
	'mode rebuild is refused where derived tables arrive');
is($every->safe_psql('postgres', $keeps_sql), $origin,
	'and changes nothing');
($rc, $out, $error) = $own->psql('postgres',
	q{SELECT mentoring.set_replication_mode('replica')});
like($error, qr/there is no replication mode "replica"/, 'other modes');

$own->safe_psql('postgres',
	q{SELECT mentoring.set_replication_mode('origin')});
is($own->safe_psql('postgres', $keeps_sql),
	$origin, 'mode origin: as they were');
$primary->safe_psql(
	'postgres', q{
INSERT INTO mentoring.learning_log (programme_id, participant_id, minutes)
VALUES (9002, 900058, 1)});
wait_for_all();
isnt($own->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'mode origin: nobody keeps what does not arrive');
$own->safe_psql('postgres',
	q{SELECT mentoring.set_replication_mode('rebuild')});
is($own->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'mode rebuild makes it anew');

# Nothing of all this was an error to whoever applies it.
foreach my $node ($every, $own)
{
	is( $node->safe_psql(
			'postgres', q{
			SELECT sum(apply_error_count), sum(sync_error_count)
			  FROM pg_stat_subscription_stats}),
		'0|0', 'subscription ' . $node->name . ' met no error');
}

# Who was a standby writes its own log.
$standby->promote;
write_some($standby, transactions => 20);
is($standby->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'promoted: exact');
cmp_ok($standby->safe_psql('postgres', 'SELECT mentoring.fold_learning_log()'),
	'>', 0, 'promoted: folds');
is($standby->safe_psql('postgres', $LearningLog::wrong_sql),
	'', 'promoted: exact when folded');
is( $standby->safe_psql('postgres', 'SELECT mentoring.rebuild_learning_log()'),
	0, 'promoted: nothing to rebuild');

$_->stop foreach ($every, $own, $standby, $primary);
done_testing();
