# What pg_dump and a restore bring back: every row, the derived ones rebuilt by
# triggers, the grants, and next numbers that collide with none.
#
# Triggers fire during a restore and derived tables aren't dumped; a rule that
# only holds in the order the application writes, or a derived table that was
# dumped too, shows here as an error or as a difference.
#
# The tables of an extension are there with their foreign keys before the data
# comes.  pg_dump writes the data in an order that suits the keys, and one job
# keeps it; pg_restore -j doesn't know of it.  So a parallel restore goes by
# sections, with schema mentoring in one job.

use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib dirname(__FILE__);
use LearningLog;

my $fixture = dirname(__FILE__) . '/../fixture.sql';

plan skip_all => "test/fixture.sql is missing: DUMP AND RESTORE NOT TESTED"
  unless -f $fixture;

# A line for each table of the extension: name, rows, hash over all rows.  Views
# stand for the totals of the log: what the original has folded a restored
# database may not have.
my $fingerprint_sql = qq{
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, E''\\n''
                      ORDER BY t::text COLLATE "C"), '''')) FROM %s AS t',
              c.relname, c.oid::regclass)
  FROM pg_class AS c
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
   AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  JOIN pg_extension AS e
    ON e.oid = d.refobjid
 WHERE e.extname = 'mentoring'
   AND (c.relkind IN ('r', 'p') AND NOT ($LearningLog::derived)
		OR c.relkind = 'v' AND c.relname ~ '^learning_by_')
 ORDER BY c.relname COLLATE "C"
\\gexec
};

# For each identity column: would the next number be larger than all?
my $next_number_sql = q{
SELECT format('SELECT %L, nextval(%L) > coalesce(max(%I), 0) FROM %s',
              c.relname, pg_get_serial_sequence(c.oid::regclass::text,
                                                a.attname),
              a.attname, c.oid::regclass)
  FROM pg_class AS c
  JOIN pg_attribute AS a
    ON a.attrelid = c.oid AND a.attidentity <> ''
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
   AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  JOIN pg_extension AS e
    ON e.oid = d.refobjid
 WHERE e.extname = 'mentoring'
 ORDER BY c.relname COLLATE "C"
\gexec
};

# The functions that compare derived tables with what they derive from; no row
# means equal.
my $verify_sql = q{
SELECT format('SELECT %L, v FROM mentoring.%I() AS v', p.proname, p.proname)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'mentoring'::regnamespace
   AND p.proname IN ('verify_load', 'verify_learning_log')
   AND p.pronargs = 0
\gexec
};

my $grant_sql = q{
SELECT has_table_privilege('reader', 'mentoring.programme', 'SELECT'),
       has_table_privilege('reader', 'mentoring.person', 'SELECT'),
       has_function_privilege('reader', 'mentoring.version()', 'EXECUTE')
};

my $node = PostgreSQL::Test::Cluster->new('main');
my $dir = PostgreSQL::Test::Utils::tempdir;

$node->init(extra => [ '--no-locale', '-E', 'UTF8' ]);
$node->append_conf(
	'postgresql.conf', q{
fsync = off
jit = off
max_prepared_transactions = 20
mentoring.fold_after = 0
});
$node->start;

# Of a table that refers to itself pg_dump warns always.  One COPY restores such
# a table all the same, because keys are checked at its end.
my $warning = qr/pg_dump:\ warning:\ there\ are\ circular\ .*\n
	pg_dump:\ detail:\ person\n
	pg_dump:\ hint:.*\n
	pg_dump:\ hint:.*\n/x;

# Settings of the sessions a program starts
my $options = '';

# Run a program; it has to succeed and else to keep silent.
sub runs_silently
{
	my ($name, @command) = @_;
	my ($out, $err);

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGOPTIONS} = $options;
	my $ok = IPC::Run::run(\@command, '>', \$out, '2>', \$err);
	$err =~ s/^$warning// if $command[0] eq 'pg_dump';
	ok($ok, $name);
	is($err, '', "$name: no warning, no error");
	return;
}

# Compare a database with the one the dump was taken from.
sub same_as_original
{
	my ($name, $db, $original) = @_;

	is($node->safe_psql($db, $fingerprint_sql),
		$original, "$name: every table is the same");
	is($node->safe_psql($db, $verify_sql),
		'', "$name: derived tables equal what they derive from");
	unlike($node->safe_psql($db, $next_number_sql),
		qr/\|f$/m, "$name: the next numbers are free");
	return;
}

# The original
$node->safe_psql(
	'postgres', q{
	CREATE ROLE reader;
	CREATE ROLE dba SUPERUSER LOGIN;
	CREATE DATABASE original;
});
$node->safe_psql(
	'original', q{
	CREATE EXTENSION mentoring;
	GRANT USAGE ON SCHEMA mentoring TO reader;
	GRANT SELECT ON mentoring.programme TO reader;
});
my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1');
runs_silently('load the fixture',
	@psql, '-o', "$dir/fixture.out", '-d', 'original', '-f', $fixture);

# A site's own table may refer to ours.
$node->safe_psql(
	'original', q{
	CREATE TABLE public.account (
		person_id bigint PRIMARY KEY REFERENCES mentoring.person
	);
	INSERT INTO public.account SELECT id FROM mentoring.person;
});

# Totals of the log, some of them folded, some not, some not even applied
$node->safe_psql(
	'original', q{
	SELECT mentoring.fold_learning_log();
	UPDATE mentoring.learning_log SET minutes = minutes + 1 WHERE id % 3 = 0;
	DELETE FROM mentoring.learning_log WHERE id % 10 = 7;
	SET mentoring.flush_memory = '64kB';
	INSERT INTO mentoring.learning_log
		   (programme_id, participant_id, occurred_on, minutes, skill_id)
	SELECT p.programme_id, p.id, date '2010-01-01' + n, n % 60,
		   (SELECT min(id) + n % 3 FROM mentoring.skill)
	  FROM (SELECT * FROM mentoring.participant ORDER BY id LIMIT 2) AS p,
		   generate_series(1, 1200) AS n;
});
my @derived = split /\n/, $node->safe_psql(
	'original', qq{
SELECT format('SELECT %L WHERE EXISTS (SELECT FROM %s)', c.relname,
			  c.oid::regclass)
  FROM pg_class AS c
 WHERE c.relnamespace = 'mentoring'::regnamespace AND c.relkind = 'r'
   AND $LearningLog::derived
 ORDER BY c.relname COLLATE "C"
\\gexec
});
is( join(' ', @derived),
	'learning_author learning_day learning_delta learning_programme_day '
	  . 'learning_programme_month learning_skill_month learning_spill',
	'totals stand wherever they can');

my $original = $node->safe_psql('original', $fingerprint_sql);
my $grants = $node->safe_psql('original', $grant_sql);
is($grants, 't|f|f', 'what reader was granted');
is($node->safe_psql('original', $verify_sql),
	'', 'derived tables are right before the dump');

# A fixture that leaves a table empty proves nothing about it.
my @empty = map { (split /\|/)[0] } grep { /\|0\|/ } split /\n/, $original;
is(join(' ', @empty), '', 'the fixture fills every table');

# The dumps
runs_silently('dump as text',
	'pg_dump', '-f', "$dir/plain.sql", 'original');
runs_silently('dump as archive',
	'pg_dump', '-Fc', '-f', "$dir/archive", 'original');
runs_silently('dump the definitions only',
	'pg_dump', '--schema-only', '-f', "$dir/schema.sql", 'original');
runs_silently('dump the data only',
	'pg_dump', '--data-only', '-f', "$dir/data.sql", 'original');
unlike(slurp_file("$dir/plain.sql"),
	qr/^COPY mentoring\.(participant_load|learning_(?!log\b))/m,
	'derived rows are not dumped');

# The restores
$node->safe_psql('postgres', "CREATE DATABASE r_$_ TEMPLATE template0")
  foreach qw(plain dba archive parallel data disabled replica);

runs_silently('restore the text',
	@psql, '-o', "$dir/out", '-d', 'r_plain', '-f', "$dir/plain.sql");
same_as_original('text', 'r_plain', $original);
is($node->safe_psql('r_plain', $grant_sql), $grants, 'grants are restored');

runs_silently('restore as another superuser', @psql, '-U', 'dba', '-o',
	"$dir/out", '-d', 'r_dba', '-f', "$dir/plain.sql");
same_as_original('another superuser', 'r_dba', $original);

runs_silently('restore the archive',
	'pg_restore', '--exit-on-error', '-d', 'r_archive', "$dir/archive");
same_as_original('archive', 'r_archive', $original);

my @parallel = ('pg_restore', '--exit-on-error', '-d', 'r_parallel');
runs_silently('parallel, definitions',
	@parallel, '--section=pre-data', "$dir/archive");
runs_silently('parallel, our data in one job',
	@parallel, '--section=data', '-n', 'mentoring', "$dir/archive");
runs_silently('parallel, other data',
	@parallel, '--section=data', '-N', 'mentoring', '-j2', "$dir/archive");
runs_silently('parallel, indexes and keys',
	@parallel, '--section=post-data', '-j2', "$dir/archive");
same_as_original('parallel', 'r_parallel', $original);
is($node->safe_psql('r_parallel', $grant_sql),
	$grants, 'grants are restored in parallel');

runs_silently('restore the definitions only',
	@psql, '-o', "$dir/out", '-d', 'r_data', '-f', "$dir/schema.sql");
runs_silently('restore the data only',
	@psql, '-o', "$dir/out", '-d', 'r_data', '-f', "$dir/data.sql");
same_as_original('data only', 'r_data', $original);

# Where triggers didn't fire, derived tables are made anew.  Then order doesn't
# matter either.
sub rebuilt
{
	my ($name, $db) = @_;

	foreach my $what ('load', 'learning_log')
	{
		cmp_ok($node->safe_psql($db, "SELECT mentoring.rebuild_$what()"),
			'>', 0, "$name: rebuild_$what() has to do something");
	}
	same_as_original($name, $db, $original);
	is( $node->safe_psql($db,
			'SELECT mentoring.rebuild_load(), mentoring.rebuild_learning_log()'
		),
		'0|0',
		"$name: and then nothing any more");
	return;
}

runs_silently('restore the definitions only once more',
	@psql, '-o', "$dir/out", '-d', 'r_disabled', '-f', "$dir/schema.sql");
runs_silently(
	'restore the data only, without triggers',
	'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers',
	'-j2', '-d', 'r_disabled', "$dir/archive");
rebuilt('without triggers', 'r_disabled');

$options = '-c session_replication_role=replica';
runs_silently('restore as a replica',
	'pg_restore', '--exit-on-error', '-j2', '-d', 'r_replica', "$dir/archive");
$options = '';
rebuilt('replica', 'r_replica');

# The restored database dumps as the original did.  Restored where there is
# little memory, most totals wait to be applied.
runs_silently('dump the restored',
	'pg_dump', '-f', "$dir/again.sql", 'r_archive');
$node->safe_psql('postgres', 'CREATE DATABASE r_again TEMPLATE template0');
$options = '-c mentoring.flush_memory=64kB';
runs_silently('restore it once more',
	@psql, '-o', "$dir/out", '-d', 'r_again', '-f', "$dir/again.sql");
$options = '';
cmp_ok(
	$node->safe_psql('r_again',
		'SELECT count(*) FROM mentoring.learning_spill'),
	'>', 0, 'little memory: some totals are not applied');
same_as_original('second generation', 'r_again', $original);
cmp_ok(
	$node->safe_psql('r_again', 'SELECT mentoring.fold_learning_log()'),
	'>', 0, 'second generation: folds');
same_as_original('second generation, folded', 'r_again', $original);

# A dump taken while clients write is of one moment.
$node->safe_psql('postgres', 'CREATE EXTENSION mentoring');
$node->safe_psql('postgres', $LearningLog::setup_sql);
my $writers = LearningLog::writers_start($node, clients => 4);
foreach my $n (1, 2)
{
	LearningLog::writers_wait($writers,
		"SELECT count(*) > $n * 100 FROM mentoring.learning_log");
	runs_silently("dump while clients write, $n",
		'pg_dump', '-Fc', '-f', "$dir/busy$n", 'postgres');
}
LearningLog::writers_stop($writers);
foreach my $n (1, 2)
{
	$node->safe_psql('postgres',
		"CREATE DATABASE r_busy$n TEMPLATE template0");
	runs_silently("restore what was dumped, $n",
		'pg_restore', '--exit-on-error', '-d', "r_busy$n", "$dir/busy$n");
	is($node->safe_psql("r_busy$n", $LearningLog::wrong_sql),
		'', "dump while clients write, $n: exact");
}

# What had been asked goes on from there.
is( $node->safe_psql(
		'r_dba', q{
	UPDATE mentoring.request SET status = 'withdrawn' WHERE status = 'asked';
	SELECT rank, status FROM mentoring.request
	 WHERE status IN ('waiting', 'asked')}),
	'4|asked', 'a restored request passes on to the next');

# The audit tells of what the original has seen, of nothing a restore did, and
# goes on with what follows.
my $event_sql = 'SELECT count(*) FROM mentoring.event';
my $events = $node->safe_psql('original', $event_sql);
is($node->safe_psql('r_again', $event_sql),
	$events, 'two restores double no event');
is( $node->safe_psql(
		'r_again', qq{
	BEGIN;
	CREATE TEMP TABLE before AS SELECT max(id) FROM mentoring.event;
	UPDATE mentoring.participant SET capacity = capacity + 1
	 WHERE id = (SELECT min(id) FROM mentoring.participant);
	$event_sql;
	SELECT object, action FROM mentoring.event WHERE id > (TABLE before);
	ROLLBACK;
}),
	$events + 1 . "\nparticipant|update",
	'a restored database goes on with the account');

# Can the comparison fail?
$node->safe_psql('r_data',
	q{UPDATE mentoring.person SET display_name = display_name || '.'
	   WHERE id = (SELECT min(id) FROM mentoring.person)});
isnt($node->safe_psql('r_data', $fingerprint_sql),
	$original, 'one changed letter is a difference');
$node->safe_psql('r_data',
	q{SELECT setval(pg_get_serial_sequence('mentoring.person', 'id'), 1,
					false)});
like($node->safe_psql('r_data', $next_number_sql),
	qr/^person\|f$/m, 'a number that would collide is found');
$node->safe_psql('r_data',
	q{UPDATE mentoring.learning_delta SET minutes = minutes + 1
	   WHERE id = (SELECT max(id) FROM mentoring.learning_delta)});
like($node->safe_psql('r_data', $verify_sql),
	qr/^verify_learning_log\|/m, 'a minute too many is found');

$node->stop;
done_testing();
