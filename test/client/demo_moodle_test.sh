#!/bin/bash
# demo_moodle_test.sh
#	  the demo on a Moodle-shaped database plays as it does without one
#
# The company that comes from a Moodle by sync() must be the company: what
# show.sql prints is compared with what it prints of the company that was
# entered directly, in a database beside.  Times, hashes and ids of match runs
# don't count.  Then what changes in Moodle is looked at, by its effects.

cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
plain=${PGDATABASE}_plain
n=0
failed=0

trap 'rm -rf "$work"; psql -X -q -d postgres -c "DROP DATABASE IF EXISTS $plain"' EXIT

# check RESULT NAME
check()
{
	n=$((n + 1))
	if [ "$1" = 0 ]
	then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

# run_script FILE PSQL_ARGUMENTS...
run_script()
{
	local file=$1

	shift
	psql -X -q -v ON_ERROR_STOP=1 -P pager=off -f "sql/demo/$file" "$@"
}

mask()
{
	sed -E 's/ in [0-9]+ ms/ in N ms/; s/hash [0-9a-f]+/hash H/; s/ +$//'
}

ask()
{
	psql -X -A -t -c "$1"
}

# has QUERY ANSWER NAME
has()
{
	local answer

	answer=$(ask "$1")
	[ "$answer" = "$2" ]
	check $? "$3"
	[ "$answer" = "$2" ] || echo "# $answer instead of $2"
}

echo "1..11"
psql -X -q -d postgres -c "CREATE DATABASE $plain" &&
	psql -X -q -d "$plain" -c "CREATE EXTENSION mentoring" &&
	run_script company.sql -d "$plain" >"$work/load" 2>&1
check $? "the company loads"
run_script company.sql -v lms=moodle >>"$work/load" 2>&1
check $? "and by way of a Moodle"
[ ! -s "$work/load" ]
check $? "both without a word"
sed 's/^/# /' "$work/load"
run_script show.sql -d "$plain" 2>&1 | mask >"$work/plain"
run_script show.sql 2>&1 | mask >"$work/moodle"
[ "$(wc -l <"$work/plain")" -gt 80 ] &&
	diff "$work/plain" "$work/moodle" >"$work/diff"
check $? "both are matched alike"
sed 's/^/# /' "$work/diff"
run_script log.sql >"$work/log" 2>&1 && run_script access.sql >>"$work/log" 2>&1
check $? "a term goes by"
run_script moodle_changes.sql >"$work/changes" 2>&1
check $? "with changes in Moodle"
[ $failed = 0 ] || sed 's/^/# /' "$work/log" "$work/changes"

# What they came to
has "SELECT sum(inserted + updated + retired) FROM demo.sync_report
	WHERE call = 'second'" 0 "a second sync() writes nothing"
has "SELECT sum(refused) FROM demo.sync_report" 0 "no row is refused"
has "SELECT count(*) FROM mentoring.person
	WHERE source = 'havelin' AND erased_at IS NOT NULL" 1 "who was deleted is gone"
has "SELECT string_agg(kind || ' ' || (n > 90), ', ' ORDER BY kind) FROM (
	SELECT kind, count(*) AS n FROM mentoring.learning_log
	WHERE source = 'havelin' GROUP BY kind) AS x" \
	"course true, practice true" "what was learnt is logged"
has "SELECT count(*) FROM mentoring.verify_learning_log()" 0 "and counted"
exit $failed
