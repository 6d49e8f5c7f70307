# active_record.rb: a mentee's visit, by Ruby's ActiveRecord
#
# PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.

require 'active_record'

ActiveRecord::Base.establish_connection(
  adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'],
  database: ENV['PGDATABASE'], username: ENV['PGUSER'], pool: 1
)

# [models]
# The primary key is (id, programme_id); to Rails, id alone, which is unique.
class Participant < ActiveRecord::Base
  self.table_name = 'mentoring.participant'
  self.primary_key = 'id'
end

class Entry < ActiveRecord::Base
  self.table_name = 'mentoring.learning_log'
  self.primary_key = 'id'
end

class Person < ActiveRecord::Base
  self.table_name = 'mentoring.person'
end
# [/models]

# [identity]
def query(sql, *params)
  sql = ActiveRecord::Base.sanitize_sql([sql, *params])
  ActiveRecord::Base.connection.select_all(sql).to_a
end

# One request: one transaction that works for one person.
def as_user(userid)
  ActiveRecord::Base.transaction do
    me, = query("SELECT mentoring.act_as('lms', ?) AS id", userid)
    yield me['id']
  end
end
# [/identity]

# [visit]
def visit(person_id)
  me = Participant.find_by!(person_id: person_id, role: 'mentee')
  mentors = query('SELECT partner_id, display_name, score, free_places
                     FROM mentoring.recommend(?, ?, 3)', me.programme_id, me.id)
  request, = query('SELECT mentoring.request_mentor(?, ?, ?) AS id',
                   me.programme_id, me.id, mentors[0]['partner_id'])
  entry = Entry.create!(programme_id: me.programme_id, participant_id: me.id,
                        kind: 'meeting', minutes: 45, reflection: 'It’s a start')
  [mentors, request['id'], entry.id]
end

def edit(entry_id, minutes)
  Entry.find(entry_id).update!(minutes: minutes)  # RecordNotFound: not there,
end                                               # or somebody else's
# [/visit]

def types(person_id)
  person = Person.find(person_id)
  old = person.profile
  partners = query('SELECT * FROM mentoring.partner')
  not_false, = query('SELECT NOT ? AS answer', false)
  person.update!(profile: old.merge('interests' => [], 'remote' => true))
  [person, old, partners, not_false['answer'], person.reload.profile]
end

def ask_again(person_id)
  me = Participant.find_by!(person_id: person_id, role: 'mentee')
  Entry.create!(programme_id: me.programme_id, participant_id: me.id, reflection: 'undone')
  query('SELECT mentoring.request_mentor(programme_id, mentee_id, mentor_id)
           FROM mentoring.request')
end

def check(what, is_good)
  puts "#{is_good ? 'ok' : 'not ok'} #{what}"
end

def error_of
  yield
  nil
rescue ActiveRecord::ActiveRecordError => e
  e
end

def sqlstate(error)
  error&.cause&.result&.error_field(PG::PG_DIAG_SQLSTATE)
end

user = ENV['USERID']

mentors, request, entry = as_user(user) { |id| visit(id) }
check 'recommendations', mentors.length == 3 && mentors[0].delete('partner_id').is_a?(Integer) &&
                         mentors[0] == { 'display_name' => 'Mei Tanaka', 'score' => 1.0,
                                         'free_places' => 20 }
check 'request', request.is_a?(Integer) && request.positive?
check 'entry written', entry.is_a?(Integer) && entry > 1
check 'entry edited', as_user(user) { edit(entry, 60) && Entry.find(entry).minutes } == 60
check 'entry of another',
      error_of { as_user(user) { edit(1, 1) } }.is_a?(ActiveRecord::RecordNotFound)

person, old, partners, not_false, new = as_user(user) { |id| types(id) }
check 'boolean', person.is_active == true && not_false == true
check 'jsonb', old == { 'interests' => ['data'], 'newsletter' => false, 'phone' => nil } &&
               new == old.merge('interests' => [], 'remote' => true)
check 'bigint', person.id == 9_007_199_254_740_993 + 2 * (user.to_i - 100)
check 'empty set', partners == [] && as_user(user) { Entry.where(minutes: 1440).to_a } == []

# Errors: the whole transaction is undone, and the identity ends with it.
error = error_of { as_user(user) { |id| ask_again(id) } }
check 'refusal', error.is_a?(ActiveRecord::RecordNotUnique)
error = error_of { query('SELECT * FROM mentoring.recommend(1, 1)') }
check 'identity ends', query('SELECT mentoring.current_person() AS id') == [{ 'id' => nil }] &&
                       sqlstate(error) == '42501'

# Rails commits each statement where there is no transaction.
error = error_of { query("SELECT mentoring.act_as('lms', ?)", user) }
check 'autocommit', sqlstate(error) == '25P01' &&
                    error.message.include?('Send BEGIN first, or switch autocommit off.')
