# What only reads works on a standby, with the same results.
use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = dirname(__FILE__) . '/../..';

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION mentoring');
$primary->safe_psql('postgres', slurp_file("$top/test/fixture.sql"));

# A programme with a run to verify, whatever ids the fixture has.
my ($programme, $run) = split /\|/, $primary->safe_psql('postgres', q{
	SELECT programme_id, id FROM mentoring.match_run
	WHERE pair_count > 0 ORDER BY id LIMIT 1});
ok($run, 'the fixture has a match run with pairs');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));

is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'),
	't', 'the standby is one');

my $pair = "(SELECT mentee_id FROM mentoring.proposed_pair WHERE programme_id = $programme AND match_run_id = $run ORDER BY 1 LIMIT 1)";
my $mentor = "(SELECT mentor_id FROM mentoring.proposed_pair WHERE programme_id = $programme AND match_run_id = $run ORDER BY mentee_id LIMIT 1)";
my %query = (
	pair_scores => "SELECT * FROM mentoring.pair_scores($programme)",
	compatibility =>
	  "SELECT mentoring.compatibility($programme, $pair, $mentor)",
	explain_pair =>
	  "SELECT * FROM mentoring.explain_pair($programme, $pair, $mentor)",
	recommend => "SELECT * FROM mentoring.recommend($programme, $pair)",
	verify_match => "SELECT * FROM mentoring.verify_match($programme, $run)",
	diff_match => "SELECT * FROM mentoring.diff_match($programme, $run, $run)",
	unmatched => 'SELECT * FROM mentoring.unmatched ORDER BY 1, 2, 3',
	verify_load => 'SELECT count(*) FROM mentoring.verify_load()',
	verify_learning_log => 'SELECT * FROM mentoring.verify_learning_log()',
	learning_by_relationship_week =>
	  'SELECT * FROM mentoring.learning_by_relationship_week ORDER BY 1, 2, 3',
	learning_by_participant =>
	  'SELECT * FROM mentoring.learning_by_participant ORDER BY 1, 2',
	learning_by_skill_month =>
	  'SELECT * FROM mentoring.learning_by_skill_month ORDER BY 1, 2, 3',
	learning_by_programme_month =>
	  'SELECT * FROM mentoring.learning_by_programme_month ORDER BY 1, 2',
	person_id => 'SELECT mentoring.person_id(source, external_id) FROM mentoring.person ORDER BY id LIMIT 1',
	solve_assignment => q{SELECT * FROM mentoring.solve_assignment(
		'SELECT 1 AS left_id, 2 AS right_id, 0.5 AS score')});

for my $name (sort keys %query)
{
	my $expected = $primary->safe_psql('postgres', $query{$name});
	my ($rc, $found, $error) = $standby->psql('postgres', $query{$name});
	is($rc, 0, "$name runs on a standby") or diag($error);
	is($found, $expected, "$name gives the same there");
}

$standby->stop;
$primary->stop;
done_testing();
