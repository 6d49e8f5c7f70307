/*
 * match_store_rows.c
 *	  the prices of a run, its odd sets, its proposals and their members
 *
 * Rows go in as a named tuplestore each: one INSERT for prices, one for
 * proposals, one for their members, in the order of mentee and mentor, so
 * that the same input gets ids in the same order.
 *
 * A draft that is matched again keeps what is still right: a proposal of the
 * same people in the same roles keeps its id, and what is equal isn't written.
 *
 * Foreign keys.  Each pair makes five rows with seven references, and checking
 * them row by row took two thirds of the whole call.  They are checked here
 * for all rows at once: the participants are locked as a foreign key would
 * lock them, the run and the proposals are rows of this same transaction.  So
 * the statements run as if session_replication_role were replica, in which
 * triggers don't fire.  Where a site has put triggers or rules of its own on
 * these tables, they fire and all is checked row by row.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "rewrite/prs2lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "match.h"
#include "match_statement.h"
#include "mentoring.h"


/*
 * match_price
 */

static void
put_prices(MtrRows *rows, const MtrMatch *match, const MtrOutcome *outcome,
		   const MtrParticipant *list, int32 n)
{
	static const char *const reason[] = {
		[MTR_NO_PARTNER] = "no eligible partner",
		[MTR_PARTNERS_FULL] = "all eligible partners full",
		[MTR_OUTBID] = "outbid"
	};

	for (int32 i = 0; i < n; i++)
	{
		Datum		values[7];
		bool		nulls[7] = {false};

		if (!outcome[i].takes_part)
			continue;
		values[0] = Int64GetDatum(list[i].id);
		values[1] = Int32GetDatum(list[i].places);
		values[2] = Float8GetDatum(outcome[i].cover / (double) mtr_match_halves(match));
		values[3] = Float8GetDatum(MTR_TO_DOUBLE(outcome[i].price) /
								   mtr_match_halves(match));
		nulls[2] = nulls[3] = !match->has_proof;
		nulls[4] = outcome[i].reason == MTR_MATCHED;
		values[4] = nulls[4] ? (Datum) 0 :
			CStringGetTextDatum(reason[outcome[i].reason]);
		values[5] = Float8GetDatum(MTR_TO_DOUBLE(outcome[i].priority));
		values[6] = Int32GetDatum(outcome[i].set_position);
		nulls[6] = match->nsets == 0;
		mtr_put_row(rows, values, nulls);
	}
}

/* One row for everybody who brought a place, matched or not: optimality is
 * proven over all of them. */
static void
insert_prices(const MtrMatch *match, int64 run_id, bool in_place)
{
	static const MtrRowColumn column[] = {
		{"participant_id", INT8OID}, {"places", INT4OID},
		{"cover", FLOAT8OID}, {"price", FLOAT8OID}, {"reason", TEXTOID},
		{"priority", FLOAT8OID}, {"set_position", INT4OID}
	};
	static MtrStatement statement = {
		"INSERT INTO mentoring.match_price (programme_id, match_run_id,"
		" participant_id, places, cover, price, reason, priority,"
		" set_position)"
		" SELECT $1, $2, participant_id, places, cover, price, reason,"
		" priority, set_position FROM rows", SPI_OK_INSERT
	};
	static MtrStatement replacing = {
		"WITH gone AS ("
		" DELETE FROM mentoring.match_price AS p"
		" WHERE p.programme_id = $1 AND p.match_run_id = $2"
		" AND p.participant_id NOT IN (SELECT r.participant_id FROM rows AS r))"
		" INSERT INTO mentoring.match_price AS p (programme_id, match_run_id,"
		" participant_id, places, cover, price, reason, priority,"
		" set_position)"
		" SELECT $1, $2, participant_id, places, cover, price, reason,"
		" priority, set_position FROM rows"
		" ON CONFLICT (programme_id, match_run_id, participant_id) DO UPDATE"
		" SET places = excluded.places, cover = excluded.cover,"
		" price = excluded.price, reason = excluded.reason,"
		" priority = excluded.priority, set_position = excluded.set_position"
		" WHERE (p.places, p.cover, p.price, p.reason, p.priority,"
		" p.set_position) IS DISTINCT FROM (excluded.places, excluded.cover,"
		" excluded.price, excluded.reason, excluded.priority,"
		" excluded.set_position)", SPI_OK_INSERT
	};
	const MtrProgramme *programme = match->programme;
	int			n = match->nmentees + match->nmentors;
	MtrRows		rows;
	MtrParams	params = {0};

	mtr_begin_rows(&rows, column, lengthof(column), n);
	put_prices(&rows, match, match->mentee, programme->mentee,
			   programme->nmentees);
	if (match->mentor != NULL)
		put_prices(&rows, match, match->mentor, programme->mentor,
				   programme->nmentors);
	mtr_add_int64(&params, match->programme_id);
	mtr_add_int64(&params, run_id);
	if (in_place)
	{
		mtr_execute_with_rows(&replacing, &params, &rows);
		return;
	}
	mtr_execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != n)
		mtr_refuse_suppressed("match_price");
}

/* The odd sets of a proof of peers. */
static void
insert_sets(const MtrMatch *match, int64 run_id, bool in_place)
{
	static const MtrRowColumn column[] = {
		{"set_no", INT4OID}, {"first_position", INT4OID},
		{"last_position", INT4OID}, {"cover", FLOAT8OID}, {"price", FLOAT8OID}
	};
	static MtrStatement statement = {
		"INSERT INTO mentoring.match_odd_set (programme_id, match_run_id,"
		" set_no, first_position, last_position, cover, price)"
		" SELECT $1, $2, set_no, first_position, last_position, cover, price"
		" FROM rows", SPI_OK_INSERT
	};
	MtrRows		rows;
	MtrParams	params = {0};

	if (in_place)
	{
		int64		args[2] = {match->programme_id, run_id};

		mtr_match_query("DELETE FROM mentoring.match_odd_set"
						" WHERE programme_id = $1 AND match_run_id = $2",
						2, args, false, SPI_OK_DELETE);
	}
	if (match->nsets == 0)
		return;
	mtr_begin_rows(&rows, column, lengthof(column), match->nsets);
	for (int32 k = 0; k < match->nsets; k++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = Int32GetDatum(k);
		values[1] = Int32GetDatum(match->set[k].first);
		values[2] = Int32GetDatum(match->set[k].last);
		values[3] = Float8GetDatum(match->set[k].cover / 2.0);
		values[4] = Float8GetDatum(MTR_TO_DOUBLE(match->set[k].price) / 2);
		mtr_put_row(&rows, values, nulls);
	}
	mtr_add_int64(&params, match->programme_id);
	mtr_add_int64(&params, run_id);
	mtr_execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != match->nsets)
		mtr_refuse_suppressed("match_odd_set");
}

/*
 * proposal and proposal_member
 */

/* Give ids to the proposals that have none, in their order. */
static void
insert_proposals(const MtrMatch *match, int64 run_id, int64 *id)
{
	static const MtrRowColumn column[] = {
		{"score", FLOAT8OID}, {"is_pinned", BOOLOID}
	};
	static MtrStatement statement = {
		"INSERT INTO mentoring.proposal (programme_id, match_run_id,"
		" score, is_pinned)"
		" SELECT $1, $2, score, is_pinned FROM rows"
		" RETURNING id", SPI_OK_INSERT_RETURNING
	};
	int32		n = 0;
	MtrRows		rows;
	MtrParams	params = {0};

	mtr_begin_rows(&rows, column, lengthof(column), match->nproposals);
	for (int32 i = 0; i < match->nproposals; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		if (id[i] != 0)
			continue;
		values[0] = Float8GetDatum(MTR_TO_DOUBLE(match->proposal[i].score));
		values[1] = BoolGetDatum(match->proposal[i].is_pinned);
		mtr_put_row(&rows, values, nulls);
		n++;
	}
	mtr_add_int64(&params, match->programme_id);
	mtr_add_int64(&params, run_id);
	mtr_execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != n)
		mtr_refuse_suppressed("proposal");
	for (int32 i = 0, k = 0; i < match->nproposals; i++)
	{
		if (id[i] == 0)
			id[i] = mtr_result_int64(k++, 1);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* The members in their order, but those of proposals kept. */
static void
insert_members(const MtrMatch *match, const int64 *proposal,
			   const bool *is_kept)
{
	static const MtrRowColumn column[] = {
		{"proposal_id", INT8OID}, {"participant_id", INT8OID},
		{"role", TEXTOID}
	};
	static MtrStatement statement = {
		"INSERT INTO mentoring.proposal_member (programme_id,"
		" proposal_id, participant_id, role)"
		" SELECT $1, proposal_id, participant_id, role FROM rows",
		SPI_OK_INSERT
	};
	int64		n = 0;
	MtrRows		rows;
	MtrParams	params = {0};

	mtr_begin_rows(&rows, column, lengthof(column), match->nmembers);
	for (int32 i = 0; i < match->nproposals; i++)
	{
		const MtrProposal *p = &match->proposal[i];

		for (int32 k = p->first; k < p->first + p->count && !is_kept[i]; k++)
		{
			Datum		values[3];
			bool		nulls[3] = {false, false, false};

			values[0] = Int64GetDatum(proposal[i]);
			values[1] = Int64GetDatum(match->member[k].participant_id);
			values[2] = CStringGetTextDatum(match->member[k].role);
			mtr_put_row(&rows, values, nulls);
			pfree(DatumGetPointer(values[2]));
			n++;
		}
	}
	mtr_add_int64(&params, match->programme_id);
	mtr_execute_with_rows(&statement, &params, &rows);
	if (SPI_processed != n)
		mtr_refuse_suppressed("proposal_member");
}

/*
 * A draft matched again
 */

/* Who is in a proposal, and as what: equal for equal ones. */
static char *
people_of(const MtrMatch *match, const MtrProposal *proposal)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int32 k = proposal->first; k < proposal->first + proposal->count;
		 k++)
		appendStringInfo(&text, "%s %lld,", match->member[k].role,
						 (long long) match->member[k].participant_id);
	return text.data;
}

/* A proposal there was, by who is in it. */
typedef struct OldProposal
{
	char	   *people;
	int64		id;
	bool		is_used;
} OldProposal;

static int
compare_old(const void *a, const void *b)
{
	const OldProposal *p = a;
	const OldProposal *q = b;
	int			order = strcmp(p->people, q->people);

	return order != 0 ? order : (p->id > q->id) - (p->id < q->id);
}

static OldProposal *
read_old(const MtrMatch *match, int64 run_id, int32 *n)
{
	int64		args[2] = {match->programme_id, run_id};
	OldProposal *old;

	mtr_match_query("SELECT o.id, string_agg(m.role || ' '"
					" || m.participant_id || ',', '' ORDER BY m.id)"
					" FROM mentoring.proposal AS o"
					" LEFT JOIN mentoring.proposal_member AS m"
					"   ON m.programme_id = o.programme_id"
					"  AND m.proposal_id = o.id"
					" WHERE o.programme_id = $1 AND o.match_run_id = $2"
					" GROUP BY o.id", 2, args, false, SPI_OK_SELECT);
	*n = (int32) SPI_processed;
	old = palloc_extended((SPI_processed + 1) * sizeof(OldProposal),
						  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int32 k = 0; k < *n; k++)
	{
		char	   *people = SPI_getvalue(SPI_tuptable->vals[k],
										  SPI_tuptable->tupdesc, 2);

		old[k].id = mtr_result_int64(k, 1);
		old[k].people = people ? people : pstrdup("");
	}
	SPI_freetuptable(SPI_tuptable);
	qsort(old, *n, sizeof(OldProposal), compare_old);
	return old;
}

/* Take over the ids of proposals that stay. */
static void
keep_proposals(const MtrMatch *match, OldProposal *old, int32 nold, int64 *id)
{
	for (int32 i = 0; i < match->nproposals; i++)
	{
		OldProposal key = {.people = people_of(match, &match->proposal[i])};
		int32		low = 0;
		int32		high = nold;

		CHECK_FOR_INTERRUPTS();
		/* the first of those people; groups can be proposed twice */
		while (low < high)
		{
			int32		middle = low + (high - low) / 2;

			if (strcmp(old[middle].people, key.people) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		while (low < nold && old[low].is_used &&
			   strcmp(old[low].people, key.people) == 0)
			low++;
		if (low < nold && strcmp(old[low].people, key.people) == 0)
		{
			old[low].is_used = true;
			id[i] = old[low].id;
		}
		pfree(key.people);
	}
}

/* Delete the proposals nobody took over. */
static void
delete_old(const MtrMatch *match, const OldProposal *old, int32 nold)
{
	static const MtrRowColumn column = {"id", INT8OID};
	static MtrStatement statement[] = {
		{"DELETE FROM mentoring.proposal_member AS m USING rows"
			" WHERE m.programme_id = $1 AND m.proposal_id = rows.id",
		SPI_OK_DELETE, CURSOR_OPT_CUSTOM_PLAN},
		{"DELETE FROM mentoring.proposal AS o USING rows"
			" WHERE o.programme_id = $1 AND o.id = rows.id",
		SPI_OK_DELETE, CURSOR_OPT_CUSTOM_PLAN}
	};

	for (int s = 0; s < lengthof(statement); s++)
	{
		MtrRows		rows;
		MtrParams	params = {0};

		mtr_begin_rows(&rows, &column, 1, nold);
		for (int32 k = 0; k < nold; k++)
		{
			Datum		value = Int64GetDatum(old[k].id);
			bool		isnull = false;

			if (!old[k].is_used)
				mtr_put_row(&rows, &value, &isnull);
		}
		mtr_add_int64(&params, match->programme_id);
		mtr_execute_with_rows(&statement[s], &params, &rows);
	}
}

/* Scores of proposals kept that are others now. */
static void
update_kept(const MtrMatch *match, const int64 *id)
{
	static const MtrRowColumn column[] = {
		{"id", INT8OID}, {"score", FLOAT8OID}, {"is_pinned", BOOLOID}
	};
	static MtrStatement statement = {
		"UPDATE mentoring.proposal AS o"
		" SET score = rows.score, is_pinned = rows.is_pinned FROM rows"
		" WHERE o.programme_id = $1 AND o.id = rows.id"
		" AND (o.score, o.is_pinned)"
		" IS DISTINCT FROM (rows.score, rows.is_pinned)",
		SPI_OK_UPDATE, CURSOR_OPT_CUSTOM_PLAN
	};
	MtrRows		rows;
	MtrParams	params = {0};

	mtr_begin_rows(&rows, column, lengthof(column), match->nproposals);
	for (int32 i = 0; i < match->nproposals; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		if (id[i] == 0)
			continue;
		values[0] = Int64GetDatum(id[i]);
		values[1] = Float8GetDatum(MTR_TO_DOUBLE(match->proposal[i].score));
		values[2] = BoolGetDatum(match->proposal[i].is_pinned);
		mtr_put_row(&rows, values, nulls);
	}
	mtr_add_int64(&params, match->programme_id);
	mtr_execute_with_rows(&statement, &params, &rows);
}

/* Write the proposals; true if all of them are new. */
static bool
store_proposals(const MtrMatch *match, int64 run_id, int64 *id, bool in_place)
{
	bool	   *is_kept = palloc0(match->nproposals + 1);
	bool		all_new = true;

	if (in_place)
	{
		int32		nold;
		OldProposal *old = read_old(match, run_id, &nold);

		keep_proposals(match, old, nold, id);
		delete_old(match, old, nold);
		update_kept(match, id);
	}
	for (int32 i = 0; i < match->nproposals; i++)
	{
		is_kept[i] = id[i] != 0;
		all_new &= !is_kept[i];
	}
	insert_proposals(match, run_id, id);
	insert_members(match, id, is_kept);
	pfree(is_kept);
	return all_new;
}

/*
 * Foreign keys
 */

static void
put_ids(MtrRows *rows, const MtrOutcome *outcome, const MtrParticipant *list,
		int32 n)
{
	for (int32 i = 0; i < n; i++)
	{
		Datum		value = Int64GetDatum(list[i].id);
		bool		isnull = false;

		if (outcome[i].takes_part)
			mtr_put_row(rows, &value, &isnull);
	}
}

/* What the foreign keys to participant would do, for all rows at once. */
static void
lock_participants(const MtrMatch *match)
{
	static const MtrRowColumn column = {"id", INT8OID};
	static MtrStatement statement = {
		"SELECT count(*) FROM (SELECT FROM mentoring.participant AS p"
		" JOIN rows ON rows.id = p.id"
		" WHERE p.programme_id = $1 FOR KEY SHARE OF p) AS locked",
		SPI_OK_SELECT, CURSOR_OPT_CUSTOM_PLAN
	};
	const MtrProgramme *programme = match->programme;
	int			n = match->nmentees + match->nmentors;
	MtrRows		rows;
	MtrParams	params = {0};

	mtr_begin_rows(&rows, &column, 1, n);
	put_ids(&rows, match->mentee, programme->mentee, programme->nmentees);
	if (match->mentor != NULL)
		put_ids(&rows, match->mentor, programme->mentor, programme->nmentors);
	mtr_add_int64(&params, match->programme_id);
	mtr_execute_with_rows(&statement, &params, &rows);
	if (mtr_result_int64(0, 1) != n)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("participants of programme %lld were deleted while it was matched",
						(long long) match->programme_id),
				 errhint("Match again.")));
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Has a site put triggers or rules on a table that is filled?  The lock is
 * the one an INSERT takes; it keeps others from adding some now.
 */
static bool
has_site_code(const char *name)
{
	Oid			schema = get_namespace_oid(MTR_SCHEMA, false);
	Relation	relation = table_open(get_relname_relid(name, schema),
									  RowExclusiveLock);
	bool		found = relation->rd_rules != NULL;

	for (int i = 0; relation->trigdesc != NULL &&
		 i < relation->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &relation->trigdesc->triggers[i];

		found |= !trigger->tgisinternal &&
			trigger->tgenabled != TRIGGER_DISABLED;
	}
	table_close(relation, NoLock);
	return found;
}

/* What the draft had, where it isn't changed in place. */
static void
clear_rows(const MtrMatch *match, int64 run_id)
{
	static const char *const text[] = {
		"DELETE FROM mentoring.proposal"
		" WHERE programme_id = $1 AND match_run_id = $2",
		"DELETE FROM mentoring.match_price"
		" WHERE programme_id = $1 AND match_run_id = $2",
		"DELETE FROM mentoring.match_odd_set"
		" WHERE programme_id = $1 AND match_run_id = $2"
	};
	int64		args[2] = {match->programme_id, run_id};

	for (int i = 0; i < lengthof(text); i++)
		mtr_match_query(text[i], 2, args, false, SPI_OK_DELETE);
}

/* True if all proposals are new. */
static bool
store_all(const MtrMatch *match, int64 run_id, int64 *id, bool in_place)
{
	insert_prices(match, run_id, in_place);
	insert_sets(match, run_id, in_place);
	return store_proposals(match, run_id, id, in_place);
}

/*
 * The variable behind session_replication_role is set, not the setting:
 * changing the setting throws away all plans of the session, the caller's own
 * included, because rules may depend on it.  There are none here.
 */
static bool
store_without_triggers(const MtrMatch *match, int64 run_id, int64 *id)
{
	int			role = SessionReplicationRole;
	volatile bool all_new = false;

	PG_TRY();
	{
		SessionReplicationRole = SESSION_REPLICATION_ROLE_REPLICA;
		all_new = store_all(match, run_id, id, match->run_id != 0);
	}
	PG_FINALLY();
	{
		SessionReplicationRole = role;
	}
	PG_END_TRY();
	return all_new;
}

/*
 * Triggers of the site see all rows go and come: whether one of them kept a
 * row from being written can be told of new rows only.
 */
int64 *
mtr_match_store_rows(const MtrMatch *match, int64 run_id)
{
	int64	   *id = palloc_extended((match->nproposals + 1) * sizeof(int64),
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	lock_participants(match);
	if (has_site_code("match_price") || has_site_code("match_odd_set") ||
		has_site_code("proposal") || has_site_code("proposal_member"))
	{
		if (match->run_id != 0)
			clear_rows(match, run_id);
		(void) store_all(match, run_id, id, false);
		return NULL;
	}
	return store_without_triggers(match, run_id, id) ? id : NULL;
}
