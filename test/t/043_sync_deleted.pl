# Who was deleted in the learning management system is found in no dump of our
# schema after the next sync(), whatever was written about her here.
#
# Moodle keeps the names of who is deleted in her row; Canvas keeps the row.

use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = dirname(__FILE__) . '/..';

my $node = PostgreSQL::Test::Cluster->new('sync_deleted');
$node->init(extra => [ '--no-locale', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;

sub query
{
	return $node->safe_psql('postgres', shift);
}

sub sync
{
	return query("SET ROLE sync_role; SELECT * FROM mentoring.sync('$_[0]')");
}

sub dump_ours
{
	my ($out) = run_command(
		[ 'pg_dump', '--inserts', '-n', 'mentoring', $node->connstr('postgres') ]);
	return $out;
}

query(q{
	CREATE EXTENSION mentoring;
	CREATE ROLE sync_role;
	SELECT mentoring.grant_access('sync_role', 'sync')});
foreach my $lms ('moodle', 'canvas')
{
	query("CREATE SCHEMA $lms");
	command_ok(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
			'-d', $node->connstr('postgres') . " options='-c search_path=$lms'",
			'-f', "$test/lms_$lms.sql"
		],
		"a $lms is there");
	query(qq{
		GRANT USAGE ON SCHEMA $lms TO sync_role;
		GRANT SELECT ON ALL TABLES IN SCHEMA $lms TO sync_role;
		SELECT mentoring.register_$lms('$lms', '$lms')});
	sync($lms);
}

# Moodle's 4, who is called O'Brien-Smith, and Canvas's 10000000000002, O'Neil,
# take part, are written about and write themselves.
query(q{
	INSERT INTO mentoring.programme (id, name, model, status)
		VALUES (1, 'first', 'one_to_one', 'running');
	INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
		SELECT 1, p.id, p.id, CASE WHEN p.display_name LIKE '%''%' THEN 'mentee'
							  ELSE 'mentor' END, 'accepted'
		  FROM mentoring.person p WHERE p.is_active;
	UPDATE mentoring.participant SET bio = 'I am O''Brien', aims = 'O''Neil''s'
	 WHERE role = 'mentee';
	INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
		SELECT 1, id, 'O''Brien and O''Neil' FROM mentoring.participant
		 WHERE role = 'mentee';
	UPDATE mentoring.person SET profile = profile || '{"own": "O''Neil O''Brien"}'
	 WHERE display_name LIKE '%''%'});
my $before = dump_ours();
like($before, qr/O''$_/, "a dump has $_ before") foreach ('Brien', 'Neil');

query(q{
	UPDATE moodle.mdl_user SET deleted = 1, username = 'sean@example.org.1',
		   idnumber = '', email = md5(username) WHERE id = 4;
	UPDATE canvas.users SET workflow_state = 'deleted', deleted_at = now()
	 WHERE id = 10000000000002});
sync('moodle');
sync('canvas');
is(query("SELECT count(*) FROM mentoring.person WHERE erased_at IS NOT NULL"),
	2, 'both are erased');
my $after = dump_ours();
like($after, qr/Lovelace/, 'a dump has the others');
unlike($after, qr/$_/, "and nothing of $_")
  foreach ("O''Brien", "O''Neil", 'sean@', 'Trinity', 'R&D');
is(query("SELECT count(*) FROM mentoring.learning_log"),
	2, 'what they wrote counts');

# as somebody new, who has nothing of the old one
query("UPDATE canvas.users SET workflow_state = 'registered', deleted_at = NULL
	   WHERE id = 10000000000002");
like(sync('canvas'), qr/^person\|1\|0\|0/m, 'who comes back is somebody new');
is(query("SELECT count(*) FROM mentoring.participant t
		  JOIN mentoring.person p ON p.id = t.person_id
		  WHERE p.external_id = '10000000000002'"),
	0, 'who takes part in nothing');

$node->stop;
done_testing();
