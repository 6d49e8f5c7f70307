-- Row security: which rows each level sees and writes.
--
-- What of it a role may use at all, its grants decide (81_grant.sql).  A
-- policy compares columns with the sets of 12_rights.sql, never reads a table,
-- and each column it compares is indexed; where that index begins with
-- programme_id, the arm names the programmes as well.  Without identity the
-- sets are empty.  What a row may become beyond that, triggers check:
-- _check_update() and _check_transition().

-- The directory.  Whom a person meets, partner and recommend() show.

CREATE POLICY person_read ON mentoring.person FOR SELECT
    USING (id = ANY ((SELECT mentoring.my_person())::bigint[])
           OR id = ANY ((SELECT mentoring.my_people())::bigint[])
           OR (SELECT mentoring.has_level('sync')
                      OR mentoring.has_level('admin')));
CREATE POLICY person_insert ON mentoring.person FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('sync')
                        OR mentoring.has_level('admin')));
CREATE POLICY person_update ON mentoring.person FOR UPDATE
    USING (id = ANY ((SELECT mentoring.my_person())::bigint[])
           OR (SELECT mentoring.has_level('sync')
                      OR mentoring.has_level('admin')));
CREATE POLICY person_delete ON mentoring.person FOR DELETE
    USING ((SELECT mentoring.has_level('admin')));

CREATE POLICY person_history_read ON mentoring.person_history FOR SELECT
    USING (person_id = ANY ((SELECT mentoring.my_person())::bigint[])
           OR (SELECT mentoring.has_level('sync')
                      OR mentoring.has_level('admin')));
CREATE POLICY person_history_insert ON mentoring.person_history FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('sync')
                        OR mentoring.has_level('admin')));
CREATE POLICY person_history_update ON mentoring.person_history FOR UPDATE
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));
CREATE POLICY person_history_delete ON mentoring.person_history FOR DELETE
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));

CREATE POLICY person_skill_read ON mentoring.person_skill FOR SELECT
    USING (person_id = ANY ((SELECT mentoring.my_person())::bigint[])
           OR person_id = ANY ((SELECT mentoring.my_people())::bigint[])
           OR (SELECT mentoring.has_level('sync')
                      OR mentoring.has_level('admin')));
CREATE POLICY person_skill_insert ON mentoring.person_skill FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('sync')
                        OR mentoring.has_level('admin')));
CREATE POLICY person_skill_update ON mentoring.person_skill FOR UPDATE
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));
CREATE POLICY person_skill_delete ON mentoring.person_skill FOR DELETE
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));

-- Who writes it could become anybody: the owner of the extension alone does.
CREATE POLICY person_role_read ON mentoring.person_role FOR SELECT
    USING ((SELECT mentoring.has_level('admin')));

CREATE POLICY skill_read ON mentoring.skill FOR SELECT USING (true);
CREATE POLICY skill_insert ON mentoring.skill FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('sync')
                        OR mentoring.has_level('admin')));
CREATE POLICY skill_update ON mentoring.skill FOR UPDATE
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));
CREATE POLICY skill_delete ON mentoring.skill FOR DELETE
    USING ((SELECT mentoring.has_level('admin')));

CREATE POLICY transition_read ON mentoring.transition FOR SELECT USING (true);

-- Programmes and who takes part.  Anybody may see what one can apply for.

CREATE POLICY programme_read ON mentoring.programme FOR SELECT
    USING (id = ANY ((SELECT mentoring.my_programmes())::bigint[])
           OR status <> 'draft'
              AND (SELECT mentoring.my_person()) <> '{}');
CREATE POLICY programme_insert ON mentoring.programme FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('admin')));
CREATE POLICY programme_update ON mentoring.programme FOR UPDATE
    USING (id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY programme_delete ON mentoring.programme FOR DELETE
    USING (id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[]));

CREATE POLICY participant_read ON mentoring.participant FOR SELECT
    USING (person_id = ANY ((SELECT mentoring.my_person())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
-- Who applied first waits first, so nobody sets the time back.
CREATE POLICY participant_insert ON mentoring.participant FOR INSERT
    WITH CHECK (person_id = ANY ((SELECT mentoring.my_person())::bigint[])
                AND role IN ('mentor', 'mentee', 'peer')
                AND status = 'applied' AND applied_at >= pg_catalog.now()
                OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY participant_update ON mentoring.participant FOR UPDATE
    USING (person_id = ANY ((SELECT mentoring.my_person())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY participant_delete ON mentoring.participant FOR DELETE
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

CREATE POLICY participant_skill_all ON mentoring.participant_skill
    USING (programme_id = ANY ((SELECT mentoring.my_participations())::bigint[])
           AND participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

CREATE POLICY preference_all ON mentoring.preference
    USING (programme_id = ANY ((SELECT mentoring.my_participations())::bigint[])
           AND participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[]));

-- What coordinators decide, and what runs came to.

CREATE POLICY criterion_all ON mentoring.criterion
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY pair_rule_all ON mentoring.pair_rule
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY match_run_read ON mentoring.match_run FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY match_price_read ON mentoring.match_price FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY match_odd_set_read ON mentoring.match_odd_set FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY proposal_read ON mentoring.proposal FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY proposal_member_read ON mentoring.proposal_member FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

-- Relationships: their members and coordinators.

CREATE POLICY relationship_read ON mentoring.relationship FOR SELECT
    USING (id = ANY ((SELECT mentoring.my_relationships())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY relationship_insert ON mentoring.relationship FOR INSERT
    WITH CHECK (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY relationship_update ON mentoring.relationship FOR UPDATE
    USING (id = ANY ((SELECT mentoring.my_relationships())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY relationship_delete ON mentoring.relationship FOR DELETE
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

CREATE POLICY relationship_member_read ON mentoring.relationship_member
    FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_participations())::bigint[])
           AND relationship_id = ANY ((SELECT mentoring.my_relationships())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY relationship_member_insert ON mentoring.relationship_member
    FOR INSERT
    WITH CHECK (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY relationship_member_update ON mentoring.relationship_member
    FOR UPDATE
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY relationship_member_delete ON mentoring.relationship_member
    FOR DELETE
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

CREATE POLICY participant_load_read ON mentoring.participant_load FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_participations())::bigint[])
           AND participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

-- Requests: a mentor sees those that have reached him.  A mentee withdraws.

CREATE POLICY request_read ON mentoring.request FOR SELECT
    USING (mentee_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR mentor_id = ANY ((SELECT mentoring.my_participants())::bigint[])
              AND asked_at IS NOT NULL
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY request_update ON mentoring.request FOR UPDATE
    USING (mentee_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[]))
    WITH CHECK (status = 'withdrawn');

-- The log.  An author does anything with what is his.  Arms are tried in this
-- order, so that who reads his own entries is asked for nothing else.

CREATE POLICY learning_log_read ON mentoring.learning_log FOR SELECT
    USING (participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR relationship_id = ANY ((SELECT mentoring.my_relationships())::bigint[])
              AND visibility IN ('relationship', 'coordinator')
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[])
              AND visibility = 'coordinator'
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[])
              AND visibility <> 'private'
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('sync'))::bigint[])
              AND source <> 'local');
CREATE POLICY learning_log_insert ON mentoring.learning_log FOR INSERT
    WITH CHECK (participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
                OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[])
                   AND visibility <> 'private'
                OR programme_id = ANY ((SELECT mentoring.my_level_programmes('sync'))::bigint[])
                   AND source <> 'local');
CREATE POLICY learning_log_update ON mentoring.learning_log FOR UPDATE
    USING (participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[])
              AND visibility <> 'private'
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('sync'))::bigint[])
              AND source <> 'local');
CREATE POLICY learning_log_delete ON mentoring.learning_log FOR DELETE
    USING (participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[])
              AND visibility <> 'private'
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('sync'))::bigint[])
              AND source <> 'local');

-- Its totals: an author's own, a relationship's to its members, all of a
-- programme's to its coordinators.

CREATE POLICY learning_day_read ON mentoring.learning_day FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_participations())::bigint[])
           AND participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR relationship_id = ANY ((SELECT mentoring.my_relationships())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY learning_spill_read ON mentoring.learning_spill FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_participations())::bigint[])
           AND participant_id = ANY ((SELECT mentoring.my_participants())::bigint[])
           OR relationship_id = ANY ((SELECT mentoring.my_relationships())::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY learning_author_read ON mentoring.learning_author FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY learning_programme_month_read
    ON mentoring.learning_programme_month FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY learning_programme_day_read
    ON mentoring.learning_programme_day FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY learning_skill_month_read
    ON mentoring.learning_skill_month FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY learning_delta_read ON mentoring.learning_delta FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));

-- Who changed what, and who may.

CREATE POLICY event_read ON mentoring.event FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_programmes())::bigint[]));
CREATE POLICY access_event_read ON mentoring.access_event FOR SELECT
    USING ((SELECT mentoring.has_level('admin')));

-- Learning management systems.  A query text is code: it is written by
-- register_source() alone.

CREATE POLICY source_read ON mentoring.source FOR SELECT
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));
CREATE POLICY source_delete ON mentoring.source FOR DELETE
    USING ((SELECT mentoring.has_level('admin')));
CREATE POLICY person_alias_read ON mentoring.person_alias FOR SELECT
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));
CREATE POLICY person_alias_insert ON mentoring.person_alias FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('admin')));
CREATE POLICY person_alias_update ON mentoring.person_alias FOR UPDATE
    USING ((SELECT mentoring.has_level('admin')));
CREATE POLICY person_alias_delete ON mentoring.person_alias FOR DELETE
    USING ((SELECT mentoring.has_level('admin')));
CREATE POLICY sync_queue_read ON mentoring.sync_queue FOR SELECT
    USING ((SELECT mentoring.has_level('sync')
                   OR mentoring.has_level('admin')));
CREATE POLICY sync_queue_delete ON mentoring.sync_queue FOR DELETE
    USING ((SELECT mentoring.has_level('admin')));

-- Statements.  A row of xapi_statement is what an import remembers: who deletes
-- it lets the statement come again.

CREATE POLICY xapi_verb_read ON mentoring.xapi_verb FOR SELECT USING (true);
CREATE POLICY xapi_verb_insert ON mentoring.xapi_verb FOR INSERT
    WITH CHECK ((SELECT mentoring.has_level('admin')));
CREATE POLICY xapi_verb_update ON mentoring.xapi_verb FOR UPDATE
    USING ((SELECT mentoring.has_level('admin')));
CREATE POLICY xapi_verb_delete ON mentoring.xapi_verb FOR DELETE
    USING ((SELECT mentoring.has_level('admin')));
CREATE POLICY xapi_statement_read ON mentoring.xapi_statement FOR SELECT
    USING (programme_id = ANY ((SELECT mentoring.my_level_programmes('sync'))::bigint[])
           OR programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[]));
CREATE POLICY xapi_statement_delete ON mentoring.xapi_statement FOR DELETE
    USING (programme_id = ANY ((SELECT mentoring.my_level_programmes('admin'))::bigint[]));
