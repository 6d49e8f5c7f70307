# Who a transaction works for can't be said by those who may not say it, in any
# way a setting can be set, and is forgotten when the transaction ends.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('identity');
$node->init(extra => [ '--no-locale', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION mentoring;
	CREATE ROLE lms LOGIN;
	CREATE ROLE mallory LOGIN CREATEROLE;
	CREATE ROLE ana LOGIN;
	CREATE ROLE app;
	GRANT app TO lms, ana;
	GRANT CREATE ON SCHEMA public TO mallory;
	GRANT USAGE ON SCHEMA mentoring TO lms, mallory, ana, app;
	GRANT EXECUTE ON FUNCTION mentoring.current_person(),
		mentoring.act_as(text, text) TO lms, mallory, ana, app;
	GRANT SET ON PARAMETER mentoring.person_id TO lms;
	INSERT INTO mentoring.person (id, external_id, display_name, is_active)
	VALUES (1, 'one', 'One', true), (2, 'two', 'Two', false),
		   (3, 'three', 'Three', true);
	INSERT INTO mentoring.person_role (person_id, role_name) VALUES (3, 'ana');
});

# What a session of a role prints, and what it complains of.
sub session
{
	my ($role, $sql, $options) = @_;
	my ($out, $err);

	local $ENV{PGOPTIONS} = $options // '';
	$node->psql(
		'postgres', $sql,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
	return ($out, $err);
}

my $who = 'SELECT coalesce(mentoring.current_person()::text, $$nobody$$);';

# Somebody without the right, before the library is loaded and after it
foreach my $case (
	[ 'SET', "SET mentoring.person_id = '1'; $who" ],
	[ 'SET LOCAL', "BEGIN; SET LOCAL mentoring.person_id = '1'; $who COMMIT;" ],
	[ 'set_config', "SELECT set_config('mentoring.person_id', '1', false) \\g /dev/null\n$who" ],
	[ 'SET of a loaded library', "$who SET mentoring.person_id = '1'; $who" ],
	[ 'set_config of a loaded library', "$who SELECT set_config('mentoring.person_id', '1', false) \\g /dev/null\n$who" ],
	[ 'a function with SET', "CREATE FUNCTION public.spoof() RETURNS text LANGUAGE sql SET mentoring.person_id = '1' AS 'SELECT mentoring.current_person()::text'; SELECT coalesce(public.spoof(), 'nobody');" ],
	[ 'such a function called again', "$who SELECT coalesce(public.spoof(), 'nobody');" ],
	[ 'ALTER ROLE', "ALTER ROLE mallory SET mentoring.person_id = '1'; $who" ],
	[ 'the next session', $who ],
	[ 'LOAD', "SET mentoring.person_id = '1'; LOAD 'mentoring'; $who" ],
	[ 'act_as', "BEGIN; SELECT mentoring.act_as('local', 'one'); ROLLBACK; $who" ])
{
	my ($name, $sql) = @$case;
	my ($out, $err) = session('mallory', $sql);

	unlike($out, qr/1/, "$name spoofs nobody");
}
my ($out, $err) = session('mallory', $who, "-c mentoring.person_id=1");
unlike($out, qr/1/, 'PGOPTIONS spoof nobody');
($out, $err) = session('mallory', "$who SET mentoring.person_id = '1';");
like($err, qr/42501.*permission denied to set parameter/s, 'SET is refused');
($out, $err) =
  session('mallory', "BEGIN; SELECT mentoring.act_as('local', 'one');");
like($err, qr/42501.*cannot act for persons.*GRANT SET ON PARAMETER/s,
	'act_as says what is missing');

# The role of the learning management system
($out, $err) = session('lms', "BEGIN; SELECT mentoring.act_as('local', 'one');
	$who COMMIT; $who");
is($out, "1\n1\nnobody", 'act_as holds until the transaction ends');
is($err, '', 'without a word');
($out, $err) = session('lms', "BEGIN; SET LOCAL mentoring.person_id = '3';
	$who SET LOCAL mentoring.person_id = ''; $who COMMIT;");
is($out, "3\nnobody", 'SET LOCAL does, too; empty is nobody');
($out, $err) = session('lms', "SET mentoring.person_id = '1'; $who
	BEGIN; SAVEPOINT a; SELECT mentoring.act_as('local', 'three'); ROLLBACK TO a;
	$who COMMIT;");
is($out, "nobody\n3\nnobody", 'what a session has left is void');
($out, $err) = session('lms', $who, '-c mentoring.person_id=1');
is($out, 'nobody', 'so is what PGOPTIONS have left');
$node->safe_psql('postgres', "ALTER ROLE lms SET mentoring.person_id = '1'");
($out, $err) = session('lms', "$who BEGIN; $who COMMIT;");
is($out, "nobody\nnobody", 'and ALTER ROLE, even by a superuser');
$node->safe_psql('postgres', 'ALTER ROLE lms RESET mentoring.person_id');
($out, $err) = session('lms', "BEGIN; SELECT mentoring.act_as('local', 'one');
	SET LOCAL ROLE app; $who SET LOCAL mentoring.person_id = '3';");
is($out, "1\n1", 'another role keeps the identity');
like($err, qr/42501/, 'and cannot change it');

# Refusals
foreach my $case (
	[ 'autocommit', "SELECT mentoring.act_as('local', 'one');", qr/25P01.*BEGIN/s ],
	[ 'a function in autocommit', "DO \$\$BEGIN PERFORM mentoring.act_as('local', 'one'); END\$\$;", qr/25P01.*BEGIN/s ],
	[ 'an unknown person', "BEGIN; SELECT mentoring.act_as('local', 'nine');", qr/28000.*has no person "nine"/s ],
	[ 'an unknown source', "BEGIN; SELECT mentoring.act_as('moodle', 'one');", qr/28000.*source "moodle"/s ],
	[ 'one who has left', "BEGIN; SELECT mentoring.act_as('local', 'two');", qr/28000.*not active/s ],
	[ 'no person', "BEGIN; SELECT mentoring.act_as('local', NULL);", qr/22004/ ],
	[ 'a word', "BEGIN; $who SET LOCAL mentoring.person_id = 'one';", qr/22023.*id of a person/s ],
	[ 'a negative number', "BEGIN; $who SET LOCAL mentoring.person_id = '-1';", qr/22023/ ],
	[ 'nought', "BEGIN; $who SET LOCAL mentoring.person_id = '0';", qr/22023/ ],
	[ 'a number too large', "BEGIN; $who SET LOCAL mentoring.person_id = '9223372036854775808';", qr/22023/ ],
	[ 'a number and more', "BEGIN; $who SET LOCAL mentoring.person_id = '1 or 2';", qr/22023/ ])
{
	my ($name, $sql, $expected) = @$case;

	($out, $err) = session('lms', $sql);
	like($err, $expected, "refused: $name");
}

# Who logs in with a role of his own
($out, $err) = session('ana', "$who SET ROLE app; $who");
is($out, "3\n3", 'a role of one\'s own is a person, whatever role is set');
($out, $err) = session('lms', "BEGIN; $who COMMIT;");
is($out, 'nobody', 'other roles are nobody');
$node->safe_psql('postgres',
	'UPDATE mentoring.person SET is_active = false WHERE id = 3');
($out, $err) = session('ana', $who);
is($out, 'nobody', 'who has left is nobody');

$node->stop;
done_testing();
