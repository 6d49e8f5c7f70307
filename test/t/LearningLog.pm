# LearningLog
#	  what tests of the learning log share: who writes it, how its views are
#	  checked
#
# Whatever is written here is written in two programmes with ids of their own,
# so it goes together with any other data.  Author number n is participant
# 900000 + n, member of relationship 90000 + n / 2 with the one whose number
# differs in the last bit; the first 20 are in programme 9001, the others in
# 9002.

package LearningLog;

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

# The first numbers are anybody's; the others each of one transaction that is
# left prepared, because nobody else can apply to the same rows meanwhile.
our $shared_authors = 28;
our $authors = 100;

our $members_sql = qq{
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
SELECT CASE WHEN n < 20 THEN 9001 ELSE 9002 END, 90000 + n / 2, 900000 + n,
       'peer'
  FROM generate_series(0, $authors - 1) AS n;
};
our $setup_sql = qq{
INSERT INTO mentoring.skill (id, name)
SELECT 9000 + n, 'logged ' || n FROM generate_series(1, 4) AS n;
INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 900000 + n, 'log' || n, 'Log ' || n
  FROM generate_series(0, $authors - 1) AS n;
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (9001, 'Logged by few', 'peer', 'running'),
       (9002, 'Logged by many', 'peer', 'running');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT CASE WHEN n < 20 THEN 9001 ELSE 9002 END, 900000 + n, 900000 + n,
       'peer', 'accepted'
  FROM generate_series(0, $authors - 1) AS n;
INSERT INTO mentoring.relationship (programme_id, id, status)
SELECT CASE WHEN n < 20 THEN 9001 ELSE 9002 END, 90000 + n / 2, 'active'
  FROM generate_series(0, $authors - 1, 2) AS n;
$members_sql
};

# A few rows of one author: within some weeks of which each month has four days,
# so that keys are soon known, come to nothing and come again.
my $insert = q{
INSERT INTO mentoring.learning_log
       (programme_id, participant_id, relationship_id, occurred_on, minutes,
        skill_id, level_before, level_after)
SELECT :programme, :participant,
       CASE WHEN random() < 0.7 THEN :relationship END,
       date '2024-01-30' + (random() * 3)::integer
           + 28 * (random() * 3)::integer,
       (random() * 90)::integer,
       CASE WHEN random() < 0.7 THEN 9001 + (random() * 3)::integer END,
       CASE WHEN random() < 0.8 THEN (random() * 7)::integer END,
       CASE WHEN random() < 0.8 THEN (random() * 7)::integer END
  FROM generate_series(1, :rows);
};

# One of the author's rows that nobody else changes now; every column that
# counts.
my $one = q{
(SELECT id FROM mentoring.learning_log
  WHERE participant_id = :participant AND programme_id = :programme
  ORDER BY id DESC OFFSET :back LIMIT 1 FOR UPDATE SKIP LOCKED)
};
my $update = qq{
UPDATE mentoring.learning_log
   SET minutes = (minutes + 37) % 1441,
       occurred_on = occurred_on + CASE WHEN :back % 2 = 0 THEN 1 ELSE -27 END,
       relationship_id = CASE WHEN :back % 3 = 0 THEN NULL
                         ELSE :relationship END,
       participant_id = CASE WHEN :back % 4 = 1 THEN :participant # 1
                        ELSE participant_id END,
       skill_id = CASE WHEN :back % 5 < 2 THEN 9001 + :back % 4
                  WHEN :back % 5 = 2 THEN NULL ELSE skill_id END,
       level_before = level_after,
       level_after = CASE WHEN :back % 2 = 0 THEN level_before ELSE 7 END
 WHERE id = $one;
};
my $delete = qq{
DELETE FROM mentoring.learning_log
 WHERE id = $one;
};

# The ids of an author's number.
my $ids = q{
\set participant 900000 + :author
\set relationship 90000 + :author / 2
\set programme case when :author < 20 then 9001 else 9002 end
\set rows random(1, 3)
\set back random(0, 11)
};
my $author = qq{
\\set author random(0, $shared_authors - 1)
$ids
};

# What pgbench runs, with its weight.
my %script = (
	autocommit => [ 20, "$author $insert" ],
	update => [ 10, "$author $update" ],
	delete => [ 14, "$author $delete" ],
	several => [
		20, qq{
$author
\\set undo random(0, 1)
BEGIN;
$insert
SAVEPOINT a;
$update
SAVEPOINT b;
$delete
\\if :undo
ROLLBACK TO b;
$insert
\\else
RELEASE b;
\\endif
\\set undo random(0, 3)
\\if :undo < 2
ROLLBACK TO a;
\\endif
$author
$insert
\\if :undo = 0
ROLLBACK;
\\else
COMMIT;
\\endif
} ],
	snapshot => [
		6, qq{
$author
BEGIN ISOLATION LEVEL REPEATABLE READ;
$insert
COMMIT;
} ],
	event => [
		10, qq{
$author
\\set event random(1, 200)
INSERT INTO mentoring.learning_log
       (programme_id, participant_id, occurred_on, minutes, source,
        source_event_id)
VALUES (:programme, :participant, date '2024-02-27' + :back, :event, 'moodle',
        'e:event')
    ON CONFLICT (programme_id, source, source_event_id)
    DO UPDATE SET minutes = EXCLUDED.minutes + :back,
                  occurred_on = EXCLUDED.occurred_on;
} ],
	block => [
		6, qq{
$author
DO \$\$
BEGIN
	BEGIN
		$insert
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		$insert
	END;
END
\$\$;
} ],
	# nothing waits between the two but this client
	prepared => [
		8, qq{
$author
\\set gid random(1, 1000000000000)
\\set undo random(0, 3)
BEGIN;
$insert
SAVEPOINT a;
$update
ROLLBACK TO a;
$update
PREPARE TRANSACTION 'done-:gid';
\\if :undo
COMMIT PREPARED 'done-:gid';
\\else
ROLLBACK PREPARED 'done-:gid';
\\endif
} ],
	# as many as "leave" says of each client stay
	left => [
		3, qq{
\\if :left < :leave
\\set gid random(1, 1000000000000)
\\set author :reserved + :client_id * :leave + :left
$ids
\\set rows 4
\\set back 2 * random(0, 1)
BEGIN;
$insert
SAVEPOINT a;
$insert
ROLLBACK TO a;
$update
PREPARE TRANSACTION 'left-:gid';
\\set left :left + 1
\\endif
} ],
	# more than fits into the least memory
	large => [
		1, qq{
$author
\\set back random(0, 1)
BEGIN;
SET LOCAL mentoring.flush_memory = '64kB';
INSERT INTO mentoring.learning_log
       (programme_id, participant_id, relationship_id, occurred_on, minutes,
        skill_id)
SELECT :programme, :participant, CASE WHEN n % 2 = 0 THEN :relationship END,
       date '2000-01-01' + n * 7, n % 100, 9001 + n % 4
  FROM generate_series(1, 1200) AS n;
DELETE FROM mentoring.learning_log
 WHERE participant_id = :participant AND programme_id = :programme
   AND occurred_on < date '2023-12-24'
   AND (extract(doy FROM occurred_on) > 7 OR :back = 0);
COMMIT;
} ],
	fold => [ 2, 'SELECT mentoring.fold_learning_log();' ]);

# Start clients that write the log of database "postgres".
#
# clients; transactions: how many each of them begins, else they go on; rate: how
# many all together in a second, where others have to keep pace; reserved
# and leave: which authors transactions left prepared may have, from which number
# on and how many for each client; scripts: others than these.  Returns a handle
# for the functions below.
sub writers_start
{
	my ($node, %what) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $clients = $what{clients} // 6;
	my @command = (
		'pgbench', '-n', '-c', $clients,
		$what{transactions} ? ('-t', $what{transactions}) : ('-T', 600),
		$what{rate} ? ('-R', $what{rate}) : (),
		'-D', 'left=0', '-D',
		'leave=' . ($what{leave} // 0), '-D',
		'reserved=' . ($what{reserved} // $shared_authors));
	my %chosen = $what{scripts} ? %{ $what{scripts} } : %script;
	my $self = { node => $node, out => '' };

	foreach my $name (sort keys %chosen)
	{
		my ($weight, $text) = @{ $chosen{$name} };
		append_to_file("$dir/$name", $text);
		push @command, '-f', "$dir/$name\@$weight";
	}
	push @command, $node->connstr('postgres') . ' application_name=writer';
	$self->{run} =
	  IPC::Run::start(\@command, '<', \undef, '>&', \$self->{out});
	return $self;
}

# Wait until a query says true, unless they end before.
sub writers_wait
{
	my ($self, $sql) = @_;

	while ($self->{node}->safe_psql('postgres', $sql) ne 't')
	{
		$self->{run}->pump_nb;
		die "the clients ended too early: $self->{out}"
		  if !$self->{run}->pumpable;
		usleep(50_000);
	}
	return;
}

# Wait for them; returns why a client gave up, or nothing.
sub writers_end
{
	my ($self) = @_;
	my $ok = $self->{run}->finish;

	return $ok ? '' : $self->{out};
}

# End them before their time, and what they began.
sub writers_stop
{
	my ($self) = @_;
	my $node = $self->{node};

	$self->{run}->signal('INT');
	$self->{run}->finish;
	$node->poll_query_until(
		'postgres', q{
		SELECT count(*) = 0 FROM pg_stat_activity
		 WHERE application_name = 'writer'})
	  or die 'the clients do not end';
	finish_prepared($node, 'ROLLBACK', 'done-%');
	return;
}

# COMMIT or ROLLBACK so many of the transactions left prepared, or all; returns
# how many.
sub finish_prepared
{
	my ($node, $how, $pattern, $limit) = @_;
	my @gids = split /\n/,
	  $node->safe_psql(
		'postgres', qq{
		SELECT gid FROM pg_prepared_xacts WHERE gid LIKE '$pattern'
		 ORDER BY prepared, gid LIMIT } . ($limit // 'ALL'));

	$node->safe_psql('postgres', join(";\n", map { "$how PREPARED '$_'" } @gids))
	  if @gids;
	return scalar @gids;
}

# The views as the log gives them, computed otherwise than by the extension.
my %expected = (
	learning_by_relationship_week => q{
		SELECT programme_id, relationship_id,
			   date_trunc('week', occurred_on::timestamp)::date, count(*),
			   sum(minutes), count(DISTINCT occurred_on), max(occurred_on)
		  FROM mentoring.learning_log
		 WHERE relationship_id IS NOT NULL
		 GROUP BY 1, 2, 3},
	# weeks without a gap differ from their numbers by the same
	learning_by_participant => q{
		SELECT programme_id, participant_id, sum(n), sum(minutes), sum(days),
			   min(first_on), max(last_on),
			   count(*) FILTER (WHERE run = last_run)
		  FROM (SELECT *, max(run) OVER (PARTITION BY programme_id,
										 participant_id) AS last_run
				  FROM (SELECT programme_id, participant_id, count(*) AS n,
							   sum(minutes) AS minutes,
							   count(DISTINCT occurred_on) AS days,
							   min(occurred_on) AS first_on,
							   max(occurred_on) AS last_on,
							   date_trunc('week', occurred_on::timestamp)::date
								   - 7 * row_number() OVER (
									   PARTITION BY programme_id,
													participant_id
									   ORDER BY date_trunc('week',
										   occurred_on::timestamp))::integer
								   AS run
						  FROM mentoring.learning_log
						 GROUP BY programme_id, participant_id,
								  date_trunc('week', occurred_on::timestamp)
					   ) AS w) AS r
		 GROUP BY 1, 2},
	learning_by_skill_month => q{
		SELECT programme_id, skill_id,
			   date_trunc('month', occurred_on::timestamp)::date, count(*),
			   sum(minutes), count(DISTINCT participant_id),
			   sum(coalesce(level_after - level_before, 0)),
			   count(*) FILTER (WHERE level_after IS NOT NULL
								  AND level_before IS NOT NULL)
		  FROM mentoring.learning_log
		 WHERE skill_id IS NOT NULL
		 GROUP BY 1, 2, 3},
	learning_by_programme_month => q{
		SELECT programme_id, date_trunc('month', occurred_on::timestamp)::date,
			   count(*), sum(minutes), count(DISTINCT participant_id),
			   count(DISTINCT occurred_on)
		  FROM mentoring.learning_log
		 GROUP BY 1, 2});

our @views = sort keys %expected;

# Rows of the views that the log doesn't give, or the reverse, and what
# verify_learning_log() says; all in one snapshot.  No row means exact.
our $wrong_sql = join(
	' UNION ALL ',
	q{SELECT 'verify_learning_log' AS what, v::text
		FROM mentoring.verify_learning_log() AS v},
	map {
		qq{SELECT CASE WHEN sum(shown) > 0 THEN '$_ shows'
				  ELSE '$_ should show' END, r
			 FROM (SELECT v::text AS r, 1 AS shown FROM mentoring.$_ AS v
				   UNION ALL
				   SELECT e::text, -1 FROM ($expected{$_}) AS e) AS s
			GROUP BY r HAVING sum(shown) <> 0}
	} @views);

# A line for each view: name, rows, hash over all rows.
our $totals_sql = join(
	' UNION ALL ',
	map {
		qq{SELECT '$_', count(*), md5(coalesce(string_agg(t::text, E'\\n'
				  ORDER BY t::text COLLATE "C"), '')) FROM mentoring.$_ AS t}
	} @views);

# Tables that must not be looked at but through the views: where a number
# stands there depends on when it was folded.
our $derived = q{c.relname ~ '^learning_' AND c.relname <> 'learning_log'};

1;
