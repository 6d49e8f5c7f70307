-- Subscribers.
--
-- Triggers that keep derived tables don't fire for replicated rows, and where
-- the derived tables are replicated as well they must not.  A subscriber that
-- receives the other tables only has to keep its own.

CREATE FUNCTION mentoring.set_replication_mode(mode text)
RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keeper   record;
    received text;
BEGIN
    IF mode NOT IN ('rebuild', 'origin') THEN
        RAISE EXCEPTION 'there is no replication mode "%"', mode
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use ''rebuild'' on a subscriber that receives no derived table, ''origin'' everywhere else.';
    END IF;
    SELECT string_agg(DISTINCT r.srrelid::regclass::text, ', ')
      INTO received
      FROM pg_subscription_rel r
     WHERE r.srrelid IN (
               'mentoring.participant_load'::regclass,
               'mentoring.learning_day'::regclass,
               'mentoring.learning_author'::regclass,
               'mentoring.learning_programme_month'::regclass,
               'mentoring.learning_programme_day'::regclass,
               'mentoring.learning_skill_month'::regclass,
               'mentoring.learning_delta'::regclass,
               'mentoring.learning_spill'::regclass);
    IF mode = 'rebuild' AND received IS NOT NULL THEN
        RAISE EXCEPTION 'a subscription delivers derived tables: %', received
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'What they total would be counted twice.',
                  HINT = 'Take them out of the publication and refresh the subscription, or stay in mode ''origin''.';
    END IF;

    -- Nothing may arrive between the switch and the recomputation.
    LOCK TABLE mentoring.participant, mentoring.relationship,
        mentoring.relationship_member, mentoring.learning_log
        IN SHARE ROW EXCLUSIVE MODE;
    FOR keeper IN
        SELECT t.tgrelid::regclass AS tab, t.tgname AS name
          FROM pg_trigger t
          JOIN (VALUES ('participant', 'participant_load_insert'),
                       ('participant', 'participant_load_update'),
                       ('participant', 'participant_load_delete'),
                       ('relationship', 'relationship_load'),
                       ('relationship_member', 'relationship_member_load'),
                       ('relationship_member', 'relationship_member_truncate'),
                       ('learning_log', 'learning_log_total'),
                       ('learning_log', 'learning_log_total_update'),
                       ('learning_log', 'learning_log_truncate'))
               AS k (tab, name)
            ON t.tgrelid = ('mentoring.' || k.tab)::regclass
           AND t.tgname = k.name
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', keeper.tab,
                       CASE mode WHEN 'rebuild' THEN 'ALWAYS' ELSE '' END,
                       keeper.name);
    END LOOP;
    IF mode = 'rebuild' THEN
        PERFORM mentoring.rebuild_load();
        PERFORM mentoring.rebuild_learning_log();
    END IF;
END
$$;

COMMENT ON FUNCTION mentoring.set_replication_mode(text) IS
'Says who keeps derived tables on a subscriber: ''rebuild'' = this server, as rows of the other tables arrive; call it when the initial copy is done, on a subscriber that receives no derived table. ''origin'' = the publisher; so it is from the start. The mode isn''t dumped.';
