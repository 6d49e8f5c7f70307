#!/bin/bash
# lang_test.sh
#	  the examples of doc/lms.md, in the languages of LMSs, do what they show
#
# Each program in lang/ is a mentee's visit: it lists recommendations, requests
# a mentor, writes an entry of the log and edits it, through a role of level
# app.  It says itself how things arrived; all must say the same, below in
# CHECKS.  Then the tables are looked at.  A client that isn't installed is
# skipped.
#
# Each code block of doc/lms.md below "<!-- test/client/lang/FILE: REGION -->"
# is what stands between [REGION] and [/REGION] in that file, and each region
# stands there.
#
#	bash test/client/lang_test.sh				TAP
#	bash test/client/lang_test.sh --rewrite		write the blocks anew

cd "$(dirname "$0")/../.." || exit 1
page=doc/lms.md
lang=test/client/lang
python=${MTR_PYTHON:-/usr/bin/python3}
role=mentoring_lang_$$
work=$(mktemp -d) || exit 1
number=0 failed=0

# the mentees, in the order of their keys: 101, 102, ...
CLIENTS="pgsql pdo moodle active_record psycopg2 django node_pg jdbc"
CHECKS="recommendations
request
entry written
entry edited
entry of another
boolean
jsonb
bigint
empty set
refusal
identity ends
autocommit"

leave()
{
	trap - EXIT
	psql -X -q -c "DROP OWNED BY $role CASCADE" -c "DROP ROLE $role" \
		2>/dev/null
	rm -rf "$work"
}

# report STATUS NAME
report()
{
	number=$((number + 1))
	if [ "$1" = 0 ]
	then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

#
# The page
#

# What is between the marks of a region, without the margin it has there.
region()
{
	awk -v region="$2" '
		index($0, "[/" region "]") { exit }
		inside {
			if (!lines++) {
				match($0, /^[ \t]*/)
				margin = RLENGTH
			}
			print substr($0, margin + 1)
		}
		index($0, "[" region "]") { inside = 1 }
	' "$lang/$1"
}

# FILE REGION of all regions there are, or of all blocks on the page
regions()
{
	grep -E '^[ 	]*(//|#) \[[a-z]+\]$' $lang/*.* |
		sed 's/^.*\/\([^\/:]*\):.*\[\(.*\)\]$/\1 \2/' | sort
}

blocks()
{
	sed -n "s|^<!-- $lang/\([^:]*\): \([a-z]*\) -->\$|\1 \2|p" $page | sort
}

# The page, with its blocks as the files say.
rewritten_page()
{
	local line file name

	while IFS= read -r line
	do
		printf '%s\n' "$line"
		[[ $line == "<!-- $lang/"*" -->" ]] || continue
		file=${line#"<!-- $lang/"} file=${file%%:*}
		name=${line##*: } name=${name% -->}
		IFS= read -r line && printf '%s\n' "$line"
		region "$file" "$name"
		while IFS= read -r line && [[ $line != '```' ]]
		do
			:
		done
		printf '%s\n' '```'
	done <$page
}

check_page()
{
	regions >"$work/regions"
	blocks >"$work/blocks"
	diff "$work/regions" "$work/blocks" >"$work/diff" && [ -s "$work/blocks" ]
	report $? "$page shows each region once"
	sed 's/^/# /' "$work/diff"
	rewritten_page >"$work/page"
	diff $page "$work/page" >"$work/diff"
	report $? "$page shows what runs here"
	sed 's/^/# /' "$work/diff"
}

#
# The programs
#

# What a visit leaves behind, of that mentee and nobody else.
left_behind()
{
	psql -X -q -A -t -F ' ' -v userid="$1" <<-'END'
		SELECT (SELECT string_agg(q.status || ' ' || o.display_name, ',')
		          FROM mentoring.request AS q
		          JOIN mentoring.participant AS m ON m.id = q.mentor_id
		          JOIN mentoring.person AS o ON o.id = m.person_id
		         WHERE q.mentee_id = t.id),
		       (SELECT string_agg(concat_ws(' ', kind, minutes, reflection), ',')
		          FROM mentoring.learning_log WHERE participant_id = t.id),
		       p.profile
		  FROM mentoring.person AS p
		  JOIN mentoring.participant AS t ON t.person_id = p.id
		 WHERE p.external_id = :'userid';
	END
}

EXPECTED='asked Mei Tanaka meeting 60 It’s a start {"phone": null, "remote": true, "interests": [], "newsletter": false}'

# visit NAME COMMAND...
visit()
{
	local name=$1 out=$work/$1.out rc what userid=101 other

	shift
	for other in $CLIENTS
	do
		[ "$other" != "$name" ] || break
		userid=$((userid + 1))
	done
	PGUSER=$role USERID=$userid timeout 120 "$@" >"$out" 2>&1 </dev/null
	rc=$?
	while read -r what
	do
		grep -qx "ok $what" "$out"
		report $? "$name: $what"
	done <<<"$CHECKS"
	while read -r what
	do
		grep -qxF "$what" <<<"$CHECKS" && continue
		grep -qx "ok $what" "$out"
		report $? "$name: $what"
	done < <(sed -nE 's/^(not )?ok //p' "$out")
	grep -vE '^(not )?ok ' "$out" >"$work/rest"
	[ $rc -eq 0 ] && [ ! -s "$work/rest" ]
	report $? "$name: ran to its end, said nothing else"
	sed 's/^/# /' "$work/rest"
	left_behind $userid >"$work/left"
	[ "$(cat "$work/left")" = "$EXPECTED" ]
	report $? "$name: what was written is there"
	[ "$(cat "$work/left")" = "$EXPECTED" ] || sed 's/^/# /' "$work/left"
}

# skip NAME PACKAGES
skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # skip $1: not installed (Debian: $2)"
}

visit_all()
{
	local name file version

	for name in pgsql pdo moodle
	do
		case $name in
			pdo) file=pdo_pgsql ;;
			*) file=pgsql ;;
		esac
		if php -r "exit(PHP_MAJOR_VERSION >= 8 && extension_loaded('$file')
			? 0 : 1);" 2>/dev/null
		then
			visit $name php $lang/$name.php
		else
			skip $name "php-cli php-pgsql, from PHP 8.0 on"
		fi
	done

	if "$python" -c 'import psycopg2' 2>/dev/null
	then
		visit psycopg2 "$python" -B $lang/psycopg2_client.py
	else
		skip psycopg2 python3-psycopg2
	fi
	if "$python" -c 'import psycopg2, django' 2>/dev/null
	then
		visit django "$python" -B $lang/django_client.py
	else
		skip django "python3-psycopg2 python3-django"
	fi

	# where Debian keeps its packages, or test/server.sh has unpacked them
	export NODE_PATH=${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs
	NODE_PATH=$NODE_PATH:$MTR_HOME/node-pg/usr/share/nodejs
	if node -e "require('pg')" 2>/dev/null
	then
		visit node_pg node $lang/node_pg.js
	else
		skip node_pg "nodejs node-pg; else npm's pg, found by NODE_PATH"
	fi

	if ruby -e "require 'pg'; require 'active_record'" 2>/dev/null
	then
		visit active_record ruby $lang/active_record.rb
	else
		skip active_record "ruby-pg ruby-activerecord"
	fi

	file=${MTR_JDBC:-/usr/share/java/postgresql.jar}
	version=$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
	if [ -f "$file" ] && [ "${version:-0}" -ge 16 ]
	then
		javac -encoding UTF-8 -cp "$file" -d "$work/java" $lang/*.java 2>&1 | sed 's/^/# /'
		visit jdbc java -cp "$file:$work/java" Jdbc
	else
		skip jdbc "default-jdk-headless, from Java 16 on, libpostgresql-jdbc-java"
	fi
}

trap 'exit 143' TERM
trap leave EXIT
if [ "$1" = --rewrite ]
then
	rewritten_page >"$work/page" && cat "$work/page" >$page
	exit
fi
check_page
psql -X -q -v ON_ERROR_STOP=1 -v role=$role -v clients="$CLIENTS" \
	-f $lang/setup.sql >/dev/null
rc=$?
report $rc "there is a programme"
[ $rc -ne 0 ] || visit_all
echo "1..$number"
exit $failed
