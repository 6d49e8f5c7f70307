# mentoring: a PostgreSQL extension for mentoring programmes
#
#   make demo       a company of 1,200 people, matched, on a throw-away server;
#                   LMS=moodle has it come from the tables of a Moodle
#   make test       every test; the last line is "N passed, N failed"
#   make soak       half an hour of random writes to the learning log
#   make bench      what measures speed, each against its rival
#   make bench-large  matching 100,000 by 100,000
#   make lint       format, names, orphans, version
#   make help       all targets
#
#   make, make install, make installcheck, make clean: as any PGXS extension.
#
# demo, test and bench install what they miss (as root or through sudo), work
# in a copy of this tree below /tmp and remove it: they need no pg_config when
# make starts, touch no server and write nothing here.

TOP := $(dir $(lastword $(MAKEFILE_LIST)))

EXTENSION = mentoring
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" \
	$(TOP)mentoring.control)

MODULE_big = mentoring

# One a line, so that two changes seldom meet.
OBJS = \
	src/access.o \
	src/directory.o \
	src/event.o \
	src/identity.o \
	src/rights.o \
	src/transition.o \
	src/json.o \
	src/learning_direct.o \
	src/learning_flush.o \
	src/learning_fold.o \
	src/learning_log.o \
	src/learning_pending.o \
	src/learning_statement.o \
	src/learning_total.o \
	src/kernel/assign.o \
	src/kernel/circle.o \
	src/kernel/circle_bound.o \
	src/kernel/circle_move.o \
	src/kernel/circle_placed.o \
	src/kernel/circle_search.o \
	src/kernel/fair.o \
	src/kernel/fair_check.o \
	src/kernel/greedy.o \
	src/kernel/pair.o \
	src/kernel/pair_check.o \
	src/kernel/pair_greedy.o \
	src/kernel/group.o \
	src/kernel/group_bound.o \
	src/kernel/group_move.o \
	src/kernel/group_search.o \
	src/kernel/group_seats.o \
	src/kernel/lazy.o \
	src/kernel/score.o \
	src/kernel/score_column.o \
	src/kernel/score_fixed.o \
	src/kernel/score_list.o \
	src/kernel/score_sides.o \
	src/kernel/score_skill.o \
	src/kernel/score_value.o \
	src/kernel/slack.o \
	src/kernel/stable.o \
	src/kernel/stable_check.o \
	src/kernel/ties.o \
	src/kernel/ties_bits.o \
	src/kernel/ties_list.o \
	src/kernel/ties_settle.o \
	src/kernel/xapi_text.o \
	src/match.o \
	src/match_assign.o \
	src/match_options.o \
	src/match_pin.o \
	src/match_publish.o \
	src/match_rematch.o \
	src/match_rows.o \
	src/match_shortage.o \
	src/match_stable.o \
	src/match_peer.o \
	src/match_circle.o \
	src/match_group.o \
	src/match_statement.o \
	src/match_store.o \
	src/match_store_rows.o \
	src/match_verify.o \
	src/match_verify_claim.o \
	src/match_verify_group.o \
	src/match_verify_pairing.o \
	src/match_verify_price.o \
	src/my_ids.o \
	src/person_data.o \
	src/programme.o \
	src/profile.o \
	src/progress.o \
	src/relationship.o \
	src/request.o \
	src/request_turn.o \
	src/score.o \
	src/score_criterion.o \
	src/score_custom.o \
	src/score_estimate.o \
	src/score_explain.o \
	src/score_load.o \
	src/score_member.o \
	src/score_query.o \
	src/score_relation.o \
	src/score_skill.o \
	src/score_term.o \
	src/score_text.o \
	src/score_value.o \
	src/score_week.o \
	src/solve.o \
	src/solve_circles.o \
	src/solve_graph.o \
	src/solve_input.o \
	src/solve_row.o \
	src/solve_kernel.o \
	src/solve_pairing.o \
	src/solve_resume.o \
	src/solve_stable.o \
	src/solve_ties.o \
	src/statement.o \
	src/sync.o \
	src/sync_apply.o \
	src/sync_history.o \
	src/sync_query.o \
	src/sync_queue.o \
	src/sync_row.o \
	src/sync_skill.o \
	src/sync_zone.o \
	src/xapi.o \
	src/xapi_check.o \
	src/xapi_digest.o \
	src/xapi_value.o \
	src/mentoring.o

# Regression tests in reading order; names must not occur in sql/.
REGRESS = \
	install \
	catalogue \
	directory \
	programme \
	transition \
	learning_log \
	learning_total \
	learning_fold \
	relationship \
	load \
	demo_company \
	score_kinds \
	score_edges \
	score_estimate \
	score_explain \
	score_recommend \
	score_custom \
	score_hash \
	score_errors \
	score_reference \
	score_relation \
	match_solve \
	match_circles \
	match_stable \
	match_pairing \
	match_errors \
	match_basic \
	match_pins \
	match_verify \
	match_publish \
	match_active \
	match_refused \
	match_keep \
	match_ties \
	match_permuted \
	match_random \
	match_metamorphic \
	match_metamorphic_tables \
	match_method \
	match_peer \
	match_group \
	match_options \
	match_rematch \
	match_shortage \
	progress \
	match_cancel \
	request \
	request_errors \
	lms_moodle \
	lms_random \
	lms_sync \
	lms_canvas \
	lms_queue \
	lms_cancel \
	lms_hostile \
	xapi \
	xapi_emit \
	analyst \
	event \
	access_grant \
	access_participant \
	access_leak \
	access_matrix \
	person_data

# Isolation tests; test/specs/race_*.spec
ISOLATION = \
	race_claim \
	race_capacity \
	race_end_add \
	race_end_remove \
	race_group \
	race_rebuild \
	race_publish \
	race_replace \
	race_request_ask \
	race_request_answer \
	race_request_expire \
	race_learning_log \
	race_sync \
	race_erase \
	race_access

DATA := $(patsubst $(TOP)%,%,$(wildcard $(TOP)sql/updates/mentoring--*.sql))
DATA_built = sql/mentoring--$(EXTVERSION).sql
DOCS := $(patsubst $(TOP)%,%,$(wildcard $(TOP)doc/*.md))
EXTRA_CLEAN = sql/mentoring--*.sql src/*.d src/kernel/*.d results \
	regression.diffs regression.out log output_iso tmp_check

# A value given on the command line replaces PG_CFLAGS, so what results depend
# on stands here: without -ffp-contract=off some machines fuse a*b+c, and the
# floating point of two machines would differ.  -MMD -MP because PGXS follows
# headers only in servers built with --enable-depend.
PG_CPPFLAGS = -I$(srcdir)/src -DMTR_VERSION=\"$(EXTVERSION)\" \
	-ffp-contract=off -MMD -MP

REGRESS_OPTS = --inputdir=$(srcdir)/test --load-extension=mentoring
ISOLATION_OPTS = --inputdir=$(srcdir)/test --outputdir=. \
	--load-extension=mentoring

# Bitcode would let the server's JIT inline our functions into expressions.
# They are long loops, never worth inlining, and clang of the very version the
# server was built with would be needed.
override with_llvm = no

# doc/extension/ is shared by all extensions, and "tutorial.md" isn't unique.
override docmoduledir = mentoring

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))

ifneq ($(PGXS),)
include $(PGXS)
else
srcdir = .
all install uninstall installcheck clean:
	@echo "mentoring: $(PG_CONFIG) names no PGXS; install PostgreSQL's" >&2
	@echo "server headers (Debian: postgresql-server-dev-15) or set" >&2
	@echo "PG_CONFIG.  make demo and make test install what they need." >&2
	@exit 1
endif

# The install script is its parts in the order of their names.  The directory
# is a prerequisite because a part that goes away makes nothing newer.
SQL_PARTS = $(sort $(wildcard $(TOP)sql/install/*.sql))
SQL_SCRIPT = sql/mentoring--$(EXTVERSION).sql

$(SQL_SCRIPT): $(SQL_PARTS) $(TOP)sql/install $(TOP)mentoring.control
	@mkdir -p $(@D)
	cat $(SQL_PARTS) > $@.new
	mv $@.new $@

# The kernels are where the time goes.
src/kernel/%.o: override CFLAGS += -O3

-include $(wildcard $(OBJS:.o=.d))
src/mentoring.o: $(TOP)mentoring.control

# In a build directory of its own (VPATH) objects need their folders and
# pg_regress looks for expected/ where it runs.  Absolute names, for others
# are found in the source tree.
ifneq ($(abspath $(TOP)),$(CURDIR))
$(OBJS): | $(CURDIR)/src/kernel
$(CURDIR)/src/kernel:
	mkdir -p $@
installcheck: $(CURDIR)/expected
$(CURDIR)/expected:
	ln -s $(abspath $(TOP))/expected $@
EXTRA_CLEAN += expected
endif

# PGXS forgets the folder it installed DOCS to.
uninstall: uninstall-doc
uninstall-doc:
	$(if $(docdir),rm -rf '$(DESTDIR)$(docdir)/$(docmoduledir)')

demo test bench:
	@KEEP='$(KEEP)' LMS='$(LMS)' PG_CONFIG='$(PG_CONFIG)' \
		bash $(TOP)$(RUN_$@)
RUN_demo = sql/demo/run
RUN_test = test/run
RUN_bench = test/bench/run

bench-large:
	@PG_CONFIG='$(PG_CONFIG)' MTR_BENCH_SIZE=100000 \
		bash $(TOP)test/bench/run engine_bench

# The client programs, one of which writes the learning log at random: for so
# many seconds, and from another seed each time unless one is given.
soak:
	@export MTR_LEARNING_SECONDS=$${MTR_LEARNING_SECONDS:-1800}; \
		KEEP='$(KEEP)' PG_CONFIG='$(PG_CONFIG)' \
		MTR_SEED=$${MTR_SEED:-$$(date +%s)} \
		MTR_TEST_SECONDS=$$((MTR_LEARNING_SECONDS + 900)) \
		bash $(TOP)test/run client

# The examples of doc/lms.md, in the languages that are installed.
test-clients:
	@KEEP='$(KEEP)' PG_CONFIG='$(PG_CONFIG)' MTR_NO_INSTALL=1 \
		MTR_CLIENT_TESTS=lang_test bash $(TOP)test/run client

# A real Moodle in the same database.
test-moodle:
	@MOODLE='$(MOODLE)' KEEP='$(KEEP)' PG_CONFIG='$(PG_CONFIG)' \
		bash $(TOP)test/moodle/run

lint:
	@bash $(TOP)test/lint

indent:
	@bash $(TOP)test/lint --indent

reference:
	@bash $(TOP)test/reference >$(TOP)doc/reference.md.new
	@mv $(TOP)doc/reference.md.new $(TOP)doc/reference.md

# What test/run must know of the lists above.
print-%:
	@echo $($*)

help:
	@echo "make demo [KEEP=1]  build, start a throw-away server, match a company of"
	@echo "                    1,200; KEEP=1 leaves the server running for psql"
	@echo "make demo LMS=moodle  the same company in a Moodle's tables, read by sync()"
	@echo "make test           every test: kernels under sanitizers, pg_regress,"
	@echo "                    isolation, TAP, client programs, lint"
	@echo "make test-clients   PHP, Python, Node, Ruby, Java as doc/lms.md shows"
	@echo "make soak           random writes to the learning log for half an hour,"
	@echo "                    or MTR_LEARNING_SECONDS; MTR_SEED repeats one"
	@echo "make test-moodle MOODLE=folder  install the Moodle there into a throw-away"
	@echo "                    server, sync, have Moodle check and alter its schema"
	@echo "make bench          measure speed against rivals"
	@echo "make bench-large    100,000 by 100,000, some minutes"
	@echo "make lint           format, exported names, orphans, version"
	@echo "make indent         format the C files as core does"
	@echo "make reference      write doc/reference.md from the COMMENTs"
	@echo "make                build"
	@echo "make install        install for the server of PG_CONFIG ($(PG_CONFIG))"
	@echo "make installcheck   pg_regress and isolation tests, running server"
	@echo "make clean          remove what make made"

.PHONY: demo test test-moodle test-clients soak bench bench-large lint indent reference help uninstall-doc
