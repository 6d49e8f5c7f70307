# doc/reference.md is what the COMMENTs of the installed extension say.
use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = dirname(__FILE__) . '/../..';

my $node = PostgreSQL::Test::Cluster->new('reference');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION mentoring');

my $page = $node->safe_psql('postgres', slurp_file("$top/test/reference.sql"));
my $stored = slurp_file("$top/doc/reference.md");
$stored =~ s/\n+\z//;
$page =~ s/\n+\z//;

# The first lines that differ say more than two pages of text.
my @page = split /\n/, $page;
my @stored = split /\n/, $stored;
my $line = 0;
$line++ while $line < @page && $line < @stored && $page[$line] eq $stored[$line];
ok($page eq $stored, 'doc/reference.md is up to date (make reference)')
  or diag('line ', $line + 1, "\n  stored:  ", $stored[$line] // '(end)',
	"\n  catalog: ", $page[$line] // '(end)');

unlike($page, qr/^No comment\.$/m, 'everything public has a comment');

$node->stop;
done_testing();
