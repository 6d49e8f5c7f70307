# server.sh
#	  what demo, test and bench share: packages, a copy of the tree, a
#	  temporary installation, a throw-away server
#
# To be sourced by bash.  A driver says
#
#	. test/server.sh
#	mtr_enter test "$@"		packages; then itself once more, in a copy of the
#							tree, as an ordinary user
#	mtr_build				build there, install below the same folder
#	mtr_start NAME			start a server there
#
# Everything lives in one folder below /tmp (MTR_HOME, a short path because of
# the sockets): src/, the copy; usr/..., the installation; data/; log/.  It goes
# when the driver ends, however it ends, unless mtr_keep was called.
#
# No rights are needed and no server is touched: PostgreSQL's programs find
# their libraries and scripts relative to themselves, so a copy of an
# installation, under any folder, is an installation.  As root all of it runs
# as user postgres, for no server starts as root.

# what the compiler is asked beyond what the server's own build asks
MTR_WARNINGS="-Wextra -Wno-unused-parameter -Wno-sign-compare
	-Wno-missing-field-initializers -Wno-clobbered"

MTR_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

mtr_say()
{
	printf '%s\n' "$*"
}

mtr_die()
{
	printf '%s\n' "mentoring: $*" >&2
	exit 1
}

#
# Packages
#

# Name the pg_config whose server has all it takes to build and run.
mtr_find_server()
{
	local candidate bindir

	for candidate in "${PG_CONFIG:-pg_config}" \
		$(ls -vr /usr/lib/postgresql/*/bin/pg_config 2>/dev/null)
	do
		candidate=$(command -v "$candidate") || continue
		bindir=$("$candidate" --bindir 2>/dev/null) || continue
		if [ -x "$bindir/postgres" ] && [ -x "$bindir/initdb" ] &&
			[ -f "$("$candidate" --pgxs)" ] &&
			[ -f "$("$candidate" --includedir-server)/postgres.h" ]
		then
			printf '%s\n' "$candidate"
			return 0
		fi
	done
	return 1
}

# The major version to install: what is there in part, else what this
# distribution calls "postgresql".
mtr_server_major()
{
	local major

	major=$("${PG_CONFIG:-pg_config}" --version 2>/dev/null |
		sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p')
	[ -n "$major" ] ||
		major=$(apt-cache depends postgresql 2>/dev/null |
			sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
	printf '%s\n' "${major:-15}"
}

# Can clang build a fuzz target?
mtr_has_fuzzer()
{
	local dir rc

	command -v "${CLANG:-clang}" >/dev/null || return 1
	dir=$(mktemp -d) || return 1
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *data,
		unsigned long size) { return 0; }' >"$dir/empty.c"
	"${CLANG:-clang}" -fsanitize=fuzzer,address,undefined \
		-o "$dir/empty" "$dir/empty.c" >/dev/null 2>&1
	rc=$?
	rm -rf "$dir"
	return $rc
}

# Debian names of what is missing for "demo" (also bench) or "test".
mtr_missing_packages()
{
	local config major

	if ! config=$(mtr_find_server)
	then
		major=$(mtr_server_major)
		printf '%s\n' "postgresql-$major" "postgresql-server-dev-$major"
	fi
	command -v make >/dev/null || echo make
	command -v gcc >/dev/null || command -v cc >/dev/null || echo gcc
	[ -f /usr/include/stdio.h ] || echo libc6-dev
	if [ -z "$config" ] || [ ! -f "$("$config" --includedir)/libpq-fe.h" ]
	then
		echo libpq-dev
	fi
	if [ "$1" = test ]
	then
		perl -MIPC::Run -MTest::More -e 1 2>/dev/null || echo libipc-run-perl
	fi
}

# The same for what makes some tests possible without which the rest is worth
# running.
mtr_missing_extras()
{
	[ "$1" = test ] || return 0
	"${MTR_PYTHON:-/usr/bin/python3}" -c 'import scipy' 2>/dev/null ||
		echo python3-scipy
	command -v pg_bsd_indent >/dev/null || command -v pg-bsd-indent \
		>/dev/null || echo pg-bsd-indent
	mtr_has_fuzzer || printf '%s\n' clang libclang-rt-dev
	"${MTR_PYTHON:-/usr/bin/python3}" -c 'import networkx' 2>/dev/null ||
		echo python3-networkx
	[ -f /usr/include/lemon/matching.h ] || echo liblemon-dev
	command -v g++ >/dev/null || echo g++
	"${MTR_PYTHON:-/usr/bin/python3}" -c 'import psycopg2' 2>/dev/null ||
		echo python3-psycopg2
	PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || echo pgbouncer
	command -v sqlsmith >/dev/null || echo sqlsmith
	mtr_missing_clients
}

# The languages of test/client/lang.  Ruby and Java are much to install for one
# program each; they are tested where they are.  Debian's node-pg can't be
# installed beside NodeSource's nodejs; see mtr_unpack_node_pg.
mtr_missing_clients()
{
	command -v php >/dev/null || echo php-cli
	php -m 2>/dev/null | grep -qx pdo_pgsql || echo php-pgsql
	"${MTR_PYTHON:-/usr/bin/python3}" -c 'import django' 2>/dev/null ||
		echo python3-django
	NODE_PATH=${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs \
		node -e "require('pg')" 2>/dev/null && return
	if ! command -v node >/dev/null
	then
		printf '%s\n' nodejs node-pg
	elif [[ $(dpkg-query -W -f '${Version}' nodejs 2>/dev/null) != *nodesource* ]]
	then
		echo node-pg
	fi
}

# What of Debian's node-pg a node of others needs, unpacked into the folder
# node-pg of MTR_HOME, where lang_test.sh looks for it.
mtr_unpack_node_pg()
{
	local get="apt-get download -q node-pg node-split2 node-xtend" file

	[ -z "${MTR_NO_INSTALL:-}" ] && command -v apt-get >/dev/null &&
		command -v node >/dev/null || return 0
	NODE_PATH=${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs \
		node -e "require('pg')" 2>/dev/null && return 0
	mkdir -p "$MTR_HOME/node-pg" && (
		cd "$MTR_HOME/node-pg" || exit
		$get || { mtr_can_install && mtr_as_root apt-get update && $get; } ||
			exit
		for file in *.deb
		do
			dpkg -x "$file" . || exit
		done
	) >"$MTR_HOME/log/node-pg.log" 2>&1 ||
		mtr_say "mentoring: node-pg can't be had from here" >&2
}

# Run a command as root, or fail.
mtr_as_root()
{
	if [ "$(id -u)" = 0 ]
	then
		"$@"
	else
		sudo -n "$@"
	fi
}

mtr_can_install()
{
	[ -z "${MTR_NO_INSTALL:-}" ] || return 1
	command -v apt-get >/dev/null || return 1
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# Debian starts a server of its own, cluster "main", when a server package
# comes in.  A file in createcluster.d, there while apt runs, says no.  So does
# policy-rc.d to the service of pgbouncer, where no other is there to ask.
mtr_apt_install()
{
	local dir=/etc/postgresql-common/createcluster.d
	local file=$dir/mentoring-$$.conf
	local policy=/usr/sbin/policy-rc.d
	local had_dir=yes had_policy=yes log rc

	log=$(mktemp) || return
	[ -d $dir ] || had_dir=no
	mtr_as_root mkdir -p $dir
	echo 'create_main_cluster = false' |
		mtr_as_root tee "$file" >/dev/null
	if [ ! -e $policy ]
	then
		had_policy=no
		printf '#!/bin/sh\ncase $* in *pgbouncer*) exit 101 ;; esac\n' |
			mtr_as_root tee $policy >/dev/null
		mtr_as_root chmod +x $policy
	fi
	mtr_say "mentoring: installing $*" >&2
	mtr_as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1
	rc=$?
	[ $rc -eq 0 ] || tail -n 30 "$log" >&2
	rm -f "$log"
	mtr_as_root rm -f "$file"
	[ $had_policy = yes ] || mtr_as_root rm -f $policy
	# nor shall it come with the next boot
	[[ " $* " != *" pgbouncer "* ]] ||
		mtr_as_root update-rc.d pgbouncer disable >/dev/null 2>&1
	[ $had_dir = yes ] || mtr_as_root rmdir --ignore-fail-on-non-empty $dir
	return $rc
}

# Install what is missing for $1 ("demo" or "test"), or say what it is; with
# MTR_NO_INSTALL only say it.
mtr_packages()
{
	local missing extras package

	missing=$(mtr_missing_packages "$1")
	extras=$(mtr_missing_extras "$1")
	if [ -n "$missing$extras" ] && mtr_can_install
	then
		mtr_as_root apt-get update -qq >&2 ||
			mtr_say "mentoring: apt-get update failed, trying on" >&2
		# only now is it known what "postgresql" means here
		missing=$(mtr_missing_packages "$1")
		[ -z "$missing" ] || mtr_apt_install $missing
		for package in $extras
		do
			mtr_apt_install "$package"
		done
		missing=$(mtr_missing_packages "$1")
		extras=$(mtr_missing_extras "$1")
	fi
	if [ -n "$missing" ]
	then
		{
			mtr_say "mentoring: these packages are missing and can't be" \
				"installed from here:"
			mtr_say "    "$missing
			mtr_say "As root: apt-get install "$missing $extras
		} >&2
		exit 1
	fi
	[ -z "$extras" ] ||
		mtr_say "mentoring: without $extras some tests are skipped" >&2
	PG_CONFIG=$(mtr_find_server)
	export PG_CONFIG
}

#
# The folder and the user
#

# Are we the driver, the second time round, in the copy?  exec keeps the process
# id; a program the driver starts has another one.
mtr_inside()
{
	[ "${MTR_OWNER:-}" = $$ ]
}

# mtr_enter KIND ARGS...: returns inside the copy, as an ordinary user.
mtr_enter()
{
	local kind=$1 script user

	shift
	if mtr_inside
	then
		cd "$MTR_TOP" || exit 1
		return 0
	fi

	mtr_packages "$kind"
	script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
	script=${script#"$MTR_TOP"/}
	MTR_HOME=$(mktemp -d /tmp/mentoring.XXXXXX) || exit 1
	trap 'rm -rf "$MTR_HOME"' EXIT
	mtr_copy_tree
	if [ "$script" = test/run ] && [[ $# -eq 0 || " $* " == *" client "* ]]
	then
		mtr_unpack_node_pg
	fi
	set -- bash "$MTR_HOME/src/$script" "$@"
	if [ "$(id -u)" = 0 ]
	then
		user=postgres
		id -u $user >/dev/null 2>&1 || user=nobody
		chown -R "$user:" "$MTR_HOME"
		set -- setpriv --reuid="$user" --regid="$(id -g $user)" \
			--init-groups --no-new-privs "$@"
	fi

	# Settings of the caller's must not reach another server than ours.
	unset $(compgen -e PG | grep -v '^PG_CONFIG$')
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	export MTR_OWNER=$$ MTR_HOME HOME=$MTR_HOME TMPDIR=$MTR_HOME/tmp
	# C for programs; PostgreSQL::Test drops LC_ALL, and servers made by it shall
	# be UTF8
	export LC_ALL=C LANG=C.UTF-8 TZ=UTC
	cd "$MTR_HOME/src" || exit 1
	exec "$@"
}

# The copy holds what belongs to the project and nothing that was built.
mtr_copy_tree()
{
	local name names=

	for name in sql src expected test doc Makefile mentoring.control \
		README.md LICENSE CHANGELOG.md META.json .typedefs.list .ci
	do
		[ ! -e "$MTR_TOP/$name" ] || names="$names $name"
	done
	mkdir -p "$MTR_HOME/src" "$MTR_HOME/tmp" "$MTR_HOME/log"
	tar -C "$MTR_TOP" --exclude='*.o' --exclude='*.so' --exclude='*.d' \
		--exclude='sql/mentoring--*.sql' --exclude=__pycache__ \
		-cf - $names |
		tar -C "$MTR_HOME/src" --no-same-owner -xf - || exit 1
}

# At the end, whatever it is.
mtr_leave()
{
	local rc=$?

	trap - EXIT
	trap '' HUP INT TERM
	cd /
	if [ -z "${MTR_KEEP:-}" ]
	then
		mtr_stop
		rm -rf "$MTR_HOME"
	fi
	exit $rc
}

#
# Build and server
#

# Build the copy and make the installation.  Output goes to log/build.log,
# shown when it fails.
mtr_build()
{
	local log=$MTR_HOME/log/build.log dir

	if ! make -j2 PG_CFLAGS="$(echo $MTR_WARNINGS)" >"$log" 2>&1
	then
		cat "$log" >&2
		return 1
	fi
	MTR_BINDIR=$MTR_HOME$("$PG_CONFIG" --bindir)
	for dir in --bindir --pkglibdir --sharedir
	do
		dir=$("$PG_CONFIG" $dir)
		mkdir -p "$MTR_HOME$dir"
		cp -RLp "$dir/." "$MTR_HOME$dir" 2>>"$log"
	done
	if ! make install DESTDIR="$MTR_HOME" >>"$log" 2>&1
	then
		tail -n 30 "$log" >&2
		return 1
	fi
}

# mtr_start [setting=value ...]
mtr_start()
{
	local setting

	if ! "$MTR_BINDIR/initdb" -D "$MTR_HOME/data" -U postgres -A trust -N \
		-E UTF8 --no-locale >"$MTR_HOME/log/initdb.log" 2>&1
	then
		cat "$MTR_HOME/log/initdb.log" >&2
		return 1
	fi
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$MTR_HOME'"
		echo "unix_socket_permissions = 0700"
		echo "timezone = 'UTC'"
		echo "log_line_prefix = '%m [%p] %d %a '"
		echo "fsync = off"
		for setting in "$@"
		do
			echo "$setting"
		done
	} >>"$MTR_HOME/data/postgresql.conf"
	if ! "$MTR_BINDIR/pg_ctl" -D "$MTR_HOME/data" -w -t 60 \
		-l "$MTR_HOME/log/server.log" start >"$MTR_HOME/log/start.log" 2>&1
	then
		cat "$MTR_HOME"/log/start.log "$MTR_HOME"/log/server.log >&2
		return 1
	fi
	export PGHOST=$MTR_HOME PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	export PATH=$MTR_BINDIR:$PATH
}

mtr_stop()
{
	[ ! -f "$MTR_HOME/data/postmaster.pid" ] ||
		"$MTR_BINDIR/pg_ctl" -D "$MTR_HOME/data" -w -m immediate stop \
			>/dev/null 2>&1
}

# Leave the server running; "$MTR_HOME/stop" ends it and removes everything.
mtr_keep()
{
	MTR_KEEP=yes
	cat >"$MTR_HOME/stop" <<END
#!/bin/sh
# stop this server and remove it
cd /
if [ "\$(id -u)" = 0 ]
then
	exec setpriv --reuid=$(id -u) --regid=$(id -g) --clear-groups sh "\$0"
fi
"$MTR_BINDIR/pg_ctl" -D "$MTR_HOME/data" -w -m fast stop && rm -rf "$MTR_HOME"
END
	chmod +x "$MTR_HOME/stop"
}

mtr_how_to_connect()
{
	mtr_say "The server keeps running:"
	mtr_say "    psql -h $MTR_HOME -U postgres -d ${1:-$PGDATABASE}"
	mtr_say "    $MTR_HOME/stop      # ends and removes it"
}

# The copy is there already, so from the first moment on it must also go.
if mtr_inside
then
	trap mtr_leave EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
fi
