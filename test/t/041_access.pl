# Levels are plain grants: a dump brings them back, roles inherit them, and a
# restored database knows who holds what.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('access');
$node->init(extra => [ '--no-locale', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;

$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION mentoring;
	CREATE ROLE lms LOGIN;
	CREATE ROLE web LOGIN IN ROLE lms;
	CREATE ROLE office LOGIN;
	CREATE ROLE "Odd ""role""" LOGIN;
	GRANT SET ON PARAMETER mentoring.person_id TO lms;
	SELECT mentoring.grant_access('lms', 'app'),
		   mentoring.grant_access('lms', 'sync'),
		   mentoring.grant_access('office', 'admin'),
		   mentoring.grant_access('Odd "role"', 'analyst');
	INSERT INTO mentoring.person (external_id, display_name)
	VALUES ('one', 'One'), ('two', 'Two');
	CREATE DATABASE restored;
	CREATE DATABASE archive;
});

# Everything any of the roles may do in the schema, and who holds what.
my $rights = q{
	SELECT 'report', role_name, level, inherited_from, can_act, is_refused
	  FROM mentoring.access_report
	UNION ALL
	SELECT 'relation', c.relname, c.relacl::text, NULL, NULL, NULL
	  FROM pg_class AS c WHERE c.relnamespace = 'mentoring'::regnamespace
	UNION ALL
	SELECT 'column', a.attrelid::regclass::text, a.attname, a.attacl::text,
		   NULL, NULL
	  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
	 WHERE c.relnamespace = 'mentoring'::regnamespace
	UNION ALL
	SELECT 'function', f.oid::regprocedure::text, f.proacl::text, NULL, NULL,
		   NULL
	  FROM pg_proc AS f WHERE f.pronamespace = 'mentoring'::regnamespace
	UNION ALL
	SELECT 'schema', n.nspname, n.nspacl::text, NULL, NULL, NULL
	  FROM pg_namespace AS n WHERE n.nspname = 'mentoring'
	 ORDER BY 1, 2, 3, 4};

# The order of an access list says nothing.
sub rights_of
{
	my ($database) = @_;
	my $out = $node->safe_psql($database, $rights);

	$out =~ s/\{([^}]*)\}/'{' . join(',', sort split(m{,(?=[^,]*=)}, $1)) . '}'/ge;
	return $out;
}

my $before = rights_of('postgres');

like($before, qr/^report\|web\|app\|lms\|t\|f$/m, 'a role inherits a level');
like($before, qr/^report\|Odd "role"\|analyst\|/m, 'an odd name holds one');

my $dump = $node->backup_dir . '/access.sql';

mkdir $node->backup_dir;
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'a plain dump');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', $dump ],
	'is restored');
is(rights_of('restored'), $before, 'with all that was granted');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dump.dump", 'postgres' ],
	'an archive');
$node->command_ok([ 'pg_restore', '-d', 'archive', "$dump.dump" ],
	'is restored');
is(rights_of('archive'), $before, 'with all that was granted');

# What roles do there
is( $node->safe_psql(
		'restored', 'SELECT count(*) FROM mentoring.person',
		extra_params => [ '-U', 'office' ]),
	'2',
	'the office reads the directory');
my ($result, $out, $err) = $node->psql(
	'restored', 'SELECT count(*) FROM mentoring.person',
	extra_params => [ '-U', 'Odd "role"' ]);
isnt($result, 0, 'an analyst does not');
like($err, qr/permission denied for table person/, 'and is told so');
is( $node->safe_psql(
		'restored',
		"SELECT mentoring.grant_access('lms', 'app'),"
		  . " mentoring.revoke_access('lms', 'sync')"),
	'f|t',
	'it is known who holds what');
is( $node->safe_psql('restored',
		'SELECT count(*) FROM mentoring.access_event'),
	'5',
	'and who was given it');

# SET on the parameter belongs to the cluster
unlike(slurp_file($dump), qr/ON PARAMETER/, 'a dump of the database has no SET');
my ($globals) = run_command(
	[ 'pg_dumpall', '--globals-only', '-h', $node->host, '-p', $node->port ]);
like(
	$globals,
	qr/GRANT SET ON PARAMETER "?mentoring.person_id"? TO lms/,
	'that of the cluster has it');

# The extension and its schema take all of it away, and the roles can go
$node->safe_psql('postgres', 'DROP EXTENSION mentoring; DROP SCHEMA mentoring');
$node->safe_psql('restored', 'DROP EXTENSION mentoring; DROP SCHEMA mentoring');
$node->safe_psql('archive', 'DROP EXTENSION mentoring; DROP SCHEMA mentoring');
$node->safe_psql('postgres',
	'REVOKE SET ON PARAMETER mentoring.person_id FROM lms;'
	  . ' DROP ROLE web, lms, office, "Odd ""role"""');
is( $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_roles WHERE rolname IN ('lms', 'office')"),
	'0',
	'nothing holds the roles when the extension is gone');

$node->stop;
done_testing();
