# The learning log after crashes: clients write, fold and prepare, the server is
# killed, and what recovery brings back is exact.
#
# The server dies in every way a server can without its machine: the postmaster
# and all others at once, the postmaster by "immediate", one backend, whereupon
# the postmaster starts anew.  Each time one session has folded and not
# committed, and one has written more than it may keep in memory.

use strict;
use warnings;

use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use lib dirname(__FILE__);
use LearningLog;

my $clients = 6;
my $leave = 2;

# Authors whom the clients leave alone: one who commits an entry in each round,
# and one who never gets so far.
my $lucky = 900000 + $LearningLog::authors - 1;
my $unlucky = $lucky - 2;
my $count_sql = 'SELECT count(*) FROM mentoring.learning_log';
my $node = PostgreSQL::Test::Cluster->new('crash');

$node->init(extra => [ '--no-locale', '-E', 'UTF8' ]);
$node->append_conf(
	'postgresql.conf', qq{
full_page_writes = on
restart_after_crash = on
log_statement = none
max_prepared_transactions = 50
mentoring.fold_after = 300
jit = off
});
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION mentoring');
$node->safe_psql('postgres', $LearningLog::setup_sql);
my $has_amcheck = $node->safe_psql('postgres',
	q{SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'});
$node->safe_psql('postgres', 'CREATE EXTENSION amcheck') if $has_amcheck;

# Each index against its table, and each table's pages.
my $damage_sql = q{
SELECT c.relname || ': ' || h.msg
  FROM pg_class AS c, verify_heapam(c.oid) AS h
 WHERE c.relnamespace = 'mentoring'::regnamespace
   AND c.relname ~ '^learning_' AND c.relkind = 'r'
UNION ALL
SELECT bt_index_check(i.indexrelid, true)::text
  FROM pg_class AS c
  JOIN pg_index AS i ON i.indrelid = c.oid
 WHERE c.relnamespace = 'mentoring'::regnamespace
   AND c.relname ~ '^learning_'
};

sub exact
{
	my ($name) = @_;

	is($node->safe_psql('postgres', $LearningLog::wrong_sql), '', $name);
	return;
}

# Start a session that runs statements in a transaction and leaves that open.
sub session_start
{
	my ($name, $sql) = @_;
	my $out = '';
	my $run = IPC::Run::start(
		[
			'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d',
			$node->connstr('postgres') . " application_name=$name",
			'-c', 'BEGIN', '-c', $sql, '-c', 'SELECT pg_sleep(600)'
		],
		'<', \undef, '>&', \$out);

	$node->poll_query_until(
		'postgres', qq{
		SELECT count(*) = 1 FROM pg_stat_activity
		 WHERE application_name = '$name'
		   AND query = 'SELECT pg_sleep(600)'})
	  or die "session $name: $out";
	return $run;
}

# Wait until that many more entries were inserted, whatever became of them.
sub wait_for_entries
{
	my ($writers, $more) = @_;
	my $sql = 'SELECT last_value FROM mentoring.learning_log_id_seq';
	my $from = $node->safe_psql('postgres', $sql);

	LearningLog::writers_wait($writers, "SELECT ($sql) >= $from + $more");
	return;
}

sub wait_for_prepared
{
	my ($writers, $count) = @_;

	LearningLog::writers_wait(
		$writers, qq{
		SELECT count(*) >= $count FROM pg_prepared_xacts
		 WHERE gid LIKE 'left-%'});
	return;
}

# Kill the postmaster, and its children before they notice; wait until they are
# gone.
sub kill_all
{
	my @pids = split /\n/,
	  $node->safe_psql(
		'postgres', q{
		SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()});
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];

	$node->kill9;
	kill(9, @pids);
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if !kill(0, $postmaster, @pids);
		usleep(100_000);
	}
	die 'processes that were killed are still there';
}

# Kill one of the writers' backends; the postmaster ends the others and starts
# anew by itself.
sub kill_backend
{
	my $log = -s $node->logfile;
	my $pid = $node->safe_psql(
		'postgres', q{
		SELECT pid FROM pg_stat_activity
		 WHERE application_name = 'writer'
		 ORDER BY state = 'active' DESC, random() LIMIT 1});

	kill(9, $pid) == 1 or die 'no backend to kill';
	$node->wait_for_log(qr/all server processes terminated; reinitializing/,
		$log);
	$node->poll_query_until('postgres', 'SELECT true')
	  or die 'the server does not come back';
	return;
}

my @crash = (
	[ 'all killed', sub { kill_all(); $node->start; } ],
	[ 'a backend killed', \&kill_backend ],
	[ 'stopped at once', sub { $node->stop('immediate'); $node->start; } ]);
my $round = 0;
my $kept = 0;

foreach my $crash (@crash)
{
	my ($name, $how) = @$crash;
	my $before = $node->safe_psql('postgres', $count_sql);

	my $writers = LearningLog::writers_start(
		$node,
		clients => $clients,
		leave => $leave,
		reserved => $LearningLog::shared_authors + $round * $clients * $leave);
	wait_for_entries($writers, 300);
	$node->safe_psql('postgres', 'CHECKPOINT');
	my $large = session_start(
		'large', qq{
		SET LOCAL mentoring.flush_memory = '64kB';
		INSERT INTO mentoring.learning_log
			   (programme_id, participant_id, occurred_on, minutes)
		SELECT 9002, $unlucky, date '2000-01-01' + n, 1
		  FROM generate_series(1, 3000) AS n;
		DO \$\$
		BEGIN
			ASSERT EXISTS (SELECT FROM mentoring.learning_spill
						   WHERE participant_id = $unlucky);
		END
		\$\$});
	wait_for_prepared($writers, $kept + 6);
	# others may be folding, and may have folded all there is
	my $folder = session_start(
		'folder', q{
		DO $$
		BEGIN
			WHILE mentoring.fold_learning_log() = 0 LOOP
				PERFORM pg_sleep(0.01);
			END LOOP;
		END
		$$});
	wait_for_entries($writers, 100);
	$node->safe_psql(
		'postgres', qq{
		INSERT INTO mentoring.learning_log
			   (programme_id, participant_id, occurred_on, minutes)
		VALUES (9002, $lucky, '2024-05-01', 11)});
	usleep(int(rand(200_000)));
	$how->();
	$_->finish foreach ($large, $folder);
	LearningLog::writers_end($writers);
	$round++;

	exact("$name: exact after recovery");
	is( $node->safe_psql(
			'postgres', qq{
			SELECT participant_id, entries, minutes, active_days
			  FROM mentoring.learning_by_participant
			 WHERE participant_id IN ($lucky, $unlucky)}),
		join('|', $lucky, $round, 11 * $round, 1),
		"$name: committed entries count, others don't");
	cmp_ok($node->safe_psql('postgres', $count_sql),
		'>', $before, "$name: the log has grown");

	# Transactions caught between PREPARE and COMMIT hold rows of anybody.
	LearningLog::finish_prepared($node, 'COMMIT', 'done-%');
	my $left = $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_prepared_xacts});
	cmp_ok($left, '>=', $kept + 6, "$name: prepared transactions are there");
	my $count = $node->safe_psql('postgres', $count_sql);
	LearningLog::finish_prepared($node, 'COMMIT', 'left-%', $kept + 2);
	cmp_ok($node->safe_psql('postgres', $count_sql),
		'>', $count, "$name: they bring entries");
	LearningLog::finish_prepared($node, 'ROLLBACK', 'left-%', 2);
	exact("$name: exact after COMMIT PREPARED and ROLLBACK PREPARED");

	# Some see the next crash, too.  Nothing can be rebuilt meanwhile.
	if ($round == 1)
	{
		$kept = $left - $kept - 4;
		next;
	}
	$kept = 0;
	LearningLog::finish_prepared($node, 'COMMIT', 'left-%');
	is( $node->safe_psql('postgres',
			'SELECT mentoring.rebuild_learning_log()'),
		0, "$name: nothing to rebuild");
}

# Nothing that a crash left is in the way of the next fold.  A worker that was
# asked for mustn't be before it.
$node->poll_query_until(
	'postgres', q{
	SELECT count(*) = 0 FROM pg_stat_activity
	 WHERE backend_type = 'mentoring fold'}) or die 'a worker goes on folding';
$node->safe_psql(
	'postgres', qq{
	SET mentoring.fold_after = 0;
	INSERT INTO mentoring.learning_log (programme_id, participant_id)
	VALUES (9002, $lucky)});
cmp_ok($node->safe_psql('postgres', 'SELECT mentoring.fold_learning_log()'),
	'>', 0, 'folding goes on');
is( $node->safe_psql(
		'postgres', q{
		SELECT (SELECT count(*) FROM mentoring.learning_delta),
			   (SELECT count(*) FROM mentoring.learning_spill)}),
	'0|0', 'everything is folded');
exact('exact in the end');

SKIP:
{
	skip 'amcheck is not installed', 1 if !$has_amcheck;
	my ($rc, $out, $error) = $node->psql('postgres', $damage_sql);
	$out =~ s/\n//g;
	is("$out$error", '', 'no table and no index is damaged');
}

# Nobody died but by our hand, and nobody waited in a circle: whoever applies
# does so in one order.
unlike(
	slurp_file($node->logfile),
	qr/terminated by signal (?!9\b)|PANIC:|TRAP:|deadlock detected/,
	'neither another crash nor a deadlock');

$node->stop;
done_testing();
