# Nothing of what erase_person() is to erase is in a dump afterwards.
#
# Every column that mentoring._personal_column() says is exported or erased gets
# a text found nowhere else, in the rows of one person and of another; a column
# that comes to the list later is covered the day it is listed, or fails here.

use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $fixture = dirname(__FILE__) . '/../fixture.sql';

my $node = PostgreSQL::Test::Cluster->new('erase');
$node->init(extra => [ '--no-locale', '-E', 'UTF8' ]);
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION mentoring');
command_ok(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d',
		$node->connstr('postgres'), '-f', $fixture
	],
	'the fixture is loaded');

sub query
{
	return $node->safe_psql('postgres', shift);
}

# Both are mentors, and are together with nobody in common.
my %person = (
	ann => query("SELECT mentoring.person_id('hr', 'E12')"),
	bob => query("SELECT mentoring.person_id('hr', 'E14')"));

# A row of each table for each of them, where the fixture has none
foreach my $name (sort keys %person)
{
	my $id = $person{$name};

	query(qq{
		CREATE TEMPORARY TABLE mine AS
			SELECT p.*, o.id AS other_id
			  FROM mentoring.participant AS p
			  JOIN mentoring.participant AS o USING (programme_id)
			  JOIN mentoring.person AS q ON q.id = o.person_id
			 WHERE p.person_id = $id AND q.external_id = 'E17';
		INSERT INTO mentoring.person_role (person_id, role_name)
			VALUES ($id, 'role of $name');
		UPDATE mentoring.person SET manager_id = $id WHERE external_id = 'E40';
		INSERT INTO mentoring.person_skill (person_id, skill_id, level)
			SELECT $id, min(id), 3 FROM mentoring.skill
			ON CONFLICT DO NOTHING;
		INSERT INTO mentoring.participant_skill
			   (programme_id, participant_id, skill_id, level)
			SELECT programme_id, id, (SELECT min(id) FROM mentoring.skill), 3
			  FROM mine
			ON CONFLICT DO NOTHING;
		INSERT INTO mentoring.pair_rule
			   (programme_id, mentee_id, mentor_id, rule, reason)
			SELECT programme_id, other_id, id, 'forbid', 'x' FROM mine
			ON CONFLICT DO NOTHING;
		INSERT INTO mentoring.preference
			   (programme_id, participant_id, preferred_id, rank)
			SELECT programme_id, id, other_id, 1 FROM mine
			 UNION ALL
			SELECT programme_id, other_id, id, 1 FROM mine
			ON CONFLICT DO NOTHING;
		INSERT INTO mentoring.request
			   (programme_id, mentee_id, mentor_id, status, asked_at, reason)
			SELECT programme_id, other_id, id, 'declined', now(), 'x' FROM mine
			 UNION ALL
			SELECT programme_id, id, other_id, 'declined', now(), 'x' FROM mine;
		INSERT INTO mentoring.event
			   (programme_id, role_name, person_id, object, object_id, action,
				old, new)
			SELECT programme_id, 'role of $name', $id, 'participant', id,
				   'update', '{}', '{}'
			  FROM mine;
		INSERT INTO mentoring.access_event (role_name, action, object, detail)
			VALUES ('role of $name', 'grant', 'role of $name', 'level app');
		INSERT INTO mentoring.person_alias (source, external_id, person_id)
			VALUES ('$name', 'account', $id);
		INSERT INTO mentoring.sync_queue (source, table_name, external_id, action)
			VALUES ('$name', 'queue of $name', 'account', 'update');
	});
}

# Which rows are a person's: by the columns of the table, or said here.
my $mine = '(SELECT programme_id, id FROM mentoring.participant'
  . ' WHERE person_id = %1$s)';
my %rows_of = (
	person => 'id = %1$s',
	match_run => "programme_id IN (SELECT programme_id FROM $mine AS m)",
	relationship => '(programme_id, id) IN (SELECT programme_id,'
	  . ' relationship_id FROM mentoring.relationship_member'
	  . " WHERE (programme_id, participant_id) IN $mine)",
	access_event => 'role_name IN (SELECT role_name FROM mentoring.person_role'
	  . ' WHERE person_id = %1$s)');

sub rows_of
{
	my ($table, $id) = @_;
	my %has = map { $_ => 1 } split /\n/, query(
		"SELECT attname FROM pg_attribute WHERE attnum > 0"
		  . " AND attrelid = 'mentoring.$table'::regclass");
	my $rows =
		$rows_of{$table} ? $rows_of{$table}
	  : $has{person_id} ? 'person_id = %1$s'
	  : $has{participant_id} ? "(programme_id, participant_id) IN $mine"
	  : $has{mentee_id}
	  ? "((programme_id, mentee_id) IN $mine"
	  . " OR (programme_id, mentor_id) IN $mine)"
	  : undef;

	return defined $rows ? sprintf($rows, $id) : undef;
}

# Columns of any text, unless a CHECK lists what may be in it.
my @column = map { [ split /\|/ ] } split /\n/, query(q{
	SELECT l.table_name, l.column_name, l.treatment, t.typname
	  FROM mentoring._personal_column() AS l
	  JOIN pg_attribute AS a
		ON a.attrelid = ('mentoring.' || l.table_name)::regclass
	   AND a.attname = l.column_name
	  JOIN pg_type AS t ON t.oid = a.atttypid
	 WHERE l.treatment <> 'kept' AND t.typname IN ('text', 'jsonb')
	   -- the name of a table, which says whose row it is
	   AND (l.table_name, l.column_name) <> ('event', 'object')
	   -- of their own form; see below
	   AND l.table_name <> 'xapi_statement'
	   AND NOT EXISTS (SELECT FROM pg_constraint AS c
						WHERE c.conrelid = a.attrelid AND c.contype = 'c'
						  AND c.conkey = ARRAY[a.attnum]
						  AND pg_get_constraintdef(c.oid)
							  ~ '= ANY \(\(?ARRAY\[')
	 ORDER BY l.table_name, l.column_name});

# What is in more than one column and the same in all: whose mark it has
my %copy_of = (
	'event.role_name' => 'person_role_role_name',
	'access_event.role_name' => 'person_role_role_name',
	'access_event.object' => 'person_role_role_name',
	'sync_queue.external_id' => 'person_alias_external_id');

# The words of a run are those of all, so they are marked as the first one's.
my %is_shared = ('match_run.texts' => 1);

# The role last: its name is how rows of access_event are found.
foreach my $name (sort keys %person)
{
	my $id = $person{$name};

	foreach my $c (
		sort { ($a->[0] eq 'person_role') <=> ($b->[0] eq 'person_role') }
		@column)
	{
		my ($table, $column, $treatment, $type) = @$c;
		my $where = rows_of($table, $id);
		my $mark = ($treatment =~ /erased/ ? 'gone' : 'kept')
		  . "_${name}_${table}_${column}_";
		my $value = "'$mark' || id || '_'";

		next
		  if $copy_of{"$table.$column"}
		  || ($is_shared{"$table.$column"} && $name ne 'ann');
		if (!defined $where)
		{
			fail("$table.$column: which rows are a person's isn't said");
			next;
		}
		$value .= " || '\@example.org'" if $column eq 'email';
		$value = "jsonb_build_object('mark', $value)" if $type eq 'jsonb';
		query(
			$table eq 'person_role'
			? qq{
				WITH before AS (
					SELECT role_name FROM mentoring.person_role
					 WHERE person_id = $id
				), r AS (
					UPDATE mentoring.person_role SET role_name = $value
					 WHERE person_id = $id RETURNING role_name
				), event AS (
					UPDATE mentoring.event AS e
					   SET role_name = r.role_name
					  FROM before AS b, r WHERE e.role_name = b.role_name
				)
				UPDATE mentoring.access_event AS e
				   SET role_name = r.role_name,
					   object = 'role ' || r.role_name
				  FROM before AS b, r WHERE e.role_name = b.role_name}
			: "UPDATE mentoring.$table SET $column = $value WHERE $where");
	}
	query(qq{
		UPDATE mentoring.sync_queue AS q
		   SET source = a.source, external_id = a.external_id
		  FROM mentoring.person_alias AS a
		 WHERE a.person_id = $id AND q.table_name = 'queue of $name'});
}

# Statements: one that became an entry, one that waits, whose actor is known by
# a digest of the key alone.
my %statement = (
	ann => [ map { $_ x 8 . '-0000-4000-8000-000000000000' } 'a', 'b' ],
	bob => [ map { $_ x 8 . '-0000-4000-8000-000000000000' } 'c', 'd' ]);
my %word = map { $_ => [ @{ $statement{$_} }, "https://$_.example.org" ] }
  keys %statement;

foreach my $name (sort keys %person)
{
	my ($id, $stored, $waiting) = ($person{$name}, @{ $statement{$name} });

	query(qq{
		INSERT INTO mentoring.xapi_statement
			   (programme_id, source, statement_id, digest, status,
				occurred_on, participant_id)
			SELECT programme_id, 'lrs', '$stored',
				   encode(sha256('$stored'), 'hex'), 'stored', '2024-02-01', id
			  FROM mentoring.participant WHERE person_id = $id;
		INSERT INTO mentoring.xapi_statement
			   (programme_id, source, statement_id, digest, status,
				occurred_on, actor_kind, actor_digest, home_page, kind, minutes)
			SELECT t.programme_id, p.source, '$waiting',
				   encode(sha256('$waiting'), 'hex'), 'no_person',
				   '2024-02-01', 'account',
				   encode(sha256(convert_to(p.external_id, 'UTF8')), 'hex'),
				   'https://$name.example.org', 'other', 0
			  FROM mentoring.person AS p
			  JOIN mentoring.participant AS t ON t.person_id = p.id
			 WHERE p.id = $id});
	push @{ $word{$name} }, split /\n/, query(qq{
		SELECT digest FROM mentoring.xapi_statement
		 WHERE statement_id IN ('$stored', '$waiting')
		 UNION
		SELECT actor_digest FROM mentoring.xapi_statement
		 WHERE statement_id = '$waiting'});
}

# How many of the words of a person's statements are in a text
sub words_of
{
	my ($name, $text) = @_;

	return scalar(grep { index($text, $_) >= 0 } @{ $word{$name} });
}

# What a dump says, without what differs from call to call
sub dump_text
{
	my ($out, $err) = run_command([ 'pg_dump', '-d', $node->connstr('postgres') ]);

	$out =~ s/^\\(un)?restrict .*$//mg;
	return $out;
}

# Numbers of sequences don't come back when something fails.
sub rows_only
{
	return shift =~ s/^SELECT pg_catalog\.setval.*$//mgr;
}

# The marks in a text, each once, in order
sub marks
{
	my ($text, $like) = @_;
	my %found = map { $_ => 1 } $text =~ /\b((?:gone|kept)_\w+?_\d+_)/g;

	return join("\n", grep { /$like/ } sort keys %found);
}

sub verified
{
	is(query('SELECT count(*) FROM mentoring.verify_load()')
		  . query('SELECT count(*) FROM mentoring.verify_learning_log()'),
		'00', shift);
}

# Everything that is counted
my $totals = q{
	SELECT md5(string_agg(t, ' ' ORDER BY t))
	  FROM (SELECT to_jsonb(x)::text FROM mentoring.learning_by_participant AS x
			UNION ALL SELECT to_jsonb(x)::text
			  FROM mentoring.learning_by_relationship_week AS x
			UNION ALL SELECT to_jsonb(x)::text
			  FROM mentoring.learning_by_skill_month AS x
			UNION ALL SELECT to_jsonb(x)::text
			  FROM mentoring.learning_by_programme_month AS x
			UNION ALL SELECT to_jsonb(x)::text FROM mentoring.proposed_pair AS x
			UNION ALL SELECT to_jsonb(x)::text FROM mentoring.match_price AS x
			UNION ALL SELECT (to_jsonb(x) - 'texts' - 'input_hash')::text
			  FROM mentoring.match_run AS x
			UNION ALL SELECT to_jsonb(x)::text
			  FROM mentoring.relationship_member AS x) AS y (t)};

my $before = dump_text();
my $export = query("SELECT mentoring.export_person($person{ann})");
my $counted = query($totals);

verified('totals are exact before');
foreach my $c (@column)
{
	my ($table, $column, $treatment) = @$c;
	my $mark = ($treatment =~ /erased/ ? 'gone' : 'kept') . '_%s_'
	  . ($copy_of{"$table.$column"} // "${table}_$column") . '_';
	my $ann = sprintf($mark, 'ann');
	my $bob = sprintf($mark, 'bob');

	like($before, qr/\b$ann\d/, "$table.$column: there before");
	like($before, qr/\b$bob\d/, "$table.$column: of another, too")
	  if !$is_shared{"$table.$column"};
	if ($treatment =~ /exported/)
	{
		like($export, qr/\b$ann\d/, "$table.$column: exported");
	}
	elsif (!$copy_of{"$table.$column"})
	{
		unlike($export, qr/\b$ann\d/, "$table.$column: not exported");
	}
}
is(marks($export, qr/_bob_/), '', 'the export has nothing of the other');
is(words_of('ann', $before), 6, 'statements are there before');
is(words_of('ann', $export), 6, 'and exported');
is(words_of('bob', $export), 0, 'but not those of the other');

# What fails at the end has not begun.
query(q{
	CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql
		AS $$BEGIN RAISE EXCEPTION 'refused'; END$$;
	CREATE TRIGGER refuse BEFORE DELETE ON mentoring.person_role
		FOR EACH ROW EXECUTE FUNCTION public.refuse()});
my ($ret, $out, $err) = $node->psql('postgres',
	"SELECT mentoring.erase_person($person{ann})");
like($err, qr/refused/, 'erasing fails');
query(q{
	DROP TRIGGER refuse ON mentoring.person_role;
	DROP FUNCTION public.refuse()});
is(rows_only(dump_text()), rows_only($before),
	'and leaves everything as it was');

is(query("SELECT mentoring.erase_person($person{ann}, 'asked for it')"),
	't', 'erased');
my $after = dump_text();

is(marks($after, qr/gone_ann_/), '', 'nothing is left in a dump');
is( marks($after, qr/kept_ann_/),
	marks($before, qr/kept_ann_(?!person_skill_)/),
	'what is to be kept is there');
is(marks($after, qr/_bob_/), marks($before, qr/_bob_/),
	'so is all of the other');
isnt(marks($after, qr/gone_bob_/), '', 'which is something');
is(words_of('ann', $after), 0, 'nothing is left of statements');
is(words_of('bob', $after), 6, 'but those of the other');
verified('totals are exact afterwards');
is(query($totals), $counted, 'and the same');
unlike(query("SELECT mentoring.export_person($person{ann})"),
	qr/gone_ann/, 'nor is anything left to export');

is(query("SELECT mentoring.erase_person($person{ann}, 'again')"),
	'f', 'erased before');
is(dump_text(), $after, 'another call changes nothing');

# The other one, who was together with nobody the first one was
is(query("SELECT mentoring.erase_person($person{bob})"), 't', 'the other, too');
is(marks(dump_text(), qr/gone_/), '', 'nothing is left of either');
is(words_of('bob', dump_text()), 0, 'of statements neither');
verified('totals are exact in the end');
is(query($totals), $counted, 'and the same');

$node->stop;
done_testing();
