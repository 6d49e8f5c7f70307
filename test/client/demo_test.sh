#!/bin/bash
# demo_test.sh
#	  the demo runs, and prints what the tutorial says it prints
#
# Loads the company, shows it twice (what it shows must not depend on having been
# shown before, ids of match runs aside), writes its learning log, reads it as the
# application does, and looks for each "text" block of the tutorial's chapter about the demo.  Times and hashes
# don't count.

cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
n=0

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

run_script()
{
	psql -X -q -v ON_ERROR_STOP=1 -P pager=off -f "sql/demo/$1"
}

mask()
{
	sed -E 's/ in [0-9]+ ms/ in N ms/; s/[0-9]+ us/N us/g; s/hash [0-9a-f]+/hash H/; s/ +$//'
}

mask_runs()
{
	sed -E 's/match run [0-9]+/match run N/
		s/match_run_id = [0-9]+/match_run_id = N/
		s/diff_match\([0-9, ]+/diff_match(N/
		s/publish_match\([0-9, ]+/publish_match(N/'
}

# $work/block.N and $work/count
awk -v work="$work" '
	/^## / { chapter = ($0 == "## The demo") }
	/^```/ {
		inside = (inside == "" && $0 == "```text") ? "text" : \
			(inside == "" ? "other" : "")
		if (inside == "text" && chapter)
			n++
		next
	}
	chapter && inside == "text" { print > (work "/block." n) }
	END { print n + 0 > (work "/count") }
' doc/tutorial.md
count=$(cat "$work/count")
echo "1..$((count + 7))"

run_script company.sql >"$work/load" 2>&1
check $? "the company loads"
[ ! -s "$work/load" ]
check $? "without a word"
sed 's/^/# /' "$work/load"
run_script show.sql >"$work/first" 2>&1
check $? "and is shown"
mask <"$work/first" >"$work/shown"
run_script show.sql 2>&1 | mask | mask_runs >"$work/again"
mask_runs <"$work/shown" | cmp -s - "$work/again"
check $? "twice alike"
run_script log.sql >"$work/log" 2>&1
check $? "its log is written"
run_script access.sql >"$work/access" 2>&1
check $? "and read for one after the other"
sed 's/^ *$//' "$work/access" >>"$work/log"
[ "$count" -ge 4 ]
check $? "the tutorial quotes it"

shown=$(cat "$work/shown")
logged=$(mask <"$work/log" | mask_runs)
for i in $(seq "$count")
do
	block=$(mask <"$work/block.$i")
	[[ $shown == *"$block"* || $logged == *"$(mask_runs <<<"$block")"* ]]
	found=$?
	check $found "as quoted: $(head -n 1 "$work/block.$i")"
	[ $found = 0 ] || diff <(printf '%s\n' "$block") \
		<(cat "$work/shown" "$work/log") |
		grep '^<' | sed 's/^/# /'
done
exit $failed
