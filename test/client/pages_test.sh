#!/bin/bash
# pages_test.sh
#	  the statements on our pages print what the pages say they print
#
# Runs every "sql" block of a page in one psql session, in order, and compares
# what it prints with the "text" block that follows it, or with nothing where
# none follows.  Where the database comes from, the extension is already there,
# so it is dropped first.
#
#	bash test/client/pages_test.sh				TAP
#	bash test/client/pages_test.sh --rewrite	make the "text" blocks anew

cd "$(dirname "$0")/../.." || exit 1
pages="doc/tutorial.md README.md"
all_work=$(mktemp -d) || exit 1
trap 'rm -rf "$all_work"' EXIT
number=0 failed=0

for page in $pages
do
work=$all_work/$(basename "$page")
mkdir "$work"

# $work/sql.N, the statements of block N, and $work/want.N
awk -v work="$work" '
	/^```/ && inside == "" {
		inside = $0
		if (inside == "```sql") {
			n++
			printf "" > (work "/sql." n)
			printf "" > (work "/want." n)
			last = "sql"
		} else if (inside != "```text" || last != "sql")
			inside = "other"
		else
			last = "text"
		next
	}
	/^```/ { inside = ""; next }
	inside == "```sql" { print > (work "/sql." n) }
	inside == "```text" { print > (work "/want." n) }
	inside == "" && NF { last = "" }
	END { print n > (work "/count") }
' "$page"
count=$(cat "$work/count")

{
	echo 'DROP EXTENSION IF EXISTS mentoring; DROP SCHEMA IF EXISTS mentoring;'
	for n in $(seq "$count")
	do
		echo "\\echo @@ $n"
		cat "$work/sql.$n"
	done
} >"$work/all.sql"
PGOPTIONS="$PGOPTIONS -c client_min_messages=warning" \
	psql -X -q -P pager=off <"$work/all.sql" >"$work/all.out" 2>&1

# $work/got.N, without spaces at the ends of lines and the empty line that ends
# a table
awk -v work="$work" '
	{ sub(/ +$/, "") }
	/^@@ / { n = $2; printf "" > (work "/got." n); blank = ""; next }
	NF == 0 { blank = blank "\n"; next }
	n { printf "%s%s\n", blank, $0 > (work "/got." n); blank = "" }
' "$work/all.out"

if [ "$1" = --rewrite ]
then
	awk -v work="$work" '
		function answer(   line, some, file) {
			file = work "/got." n
			while ((getline line < file) > 0) {
				if (!some++)
					print "```text"
				print line
			}
			if (some)
				print "```"
			close(file)
		}
		/^```/ && inside == "" {
			if ($0 == "```text" && held) { inside = "drop"; next }
			flush_held()
			inside = $0
			if (inside == "```sql")
				n++
			print
			next
		}
		/^```/ {
			if (inside != "drop")
				print
			if (inside == "```sql") { answer(); held = 1 }
			inside = ""
			next
		}
		inside == "drop" { next }
		held && NF == 0 { next }
		{ flush_held(); print }
		function flush_held() { if (held) print ""; held = 0 }
	' "$page" >"$work/new" && cat "$work/new" >"$page"
	continue
fi

for n in $(seq "$count")
do
	number=$((number + 1))
	name="$page, block $n: $(grep -v '^--' "$work/sql.$n" | head -n 1)"
	if cmp -s "$work/want.$n" "$work/got.$n"
	then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		diff "$work/want.$n" "$work/got.$n" | sed 's/^/# /'
		failed=1
	fi
done
done

[ "$1" = --rewrite ] || echo "1..$number"
exit $failed
