/*
 * Jdbc.java: a mentee's visit, by JDBC
 *
 * PGHOST, PGDATABASE, PGUSER say where; USERID is the key of who is logged in.
 */
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.postgresql.util.PSQLException;

public class Jdbc {
    // [identity]
    interface Work<T> {
        T run(Connection db) throws SQLException;
    }

    /** One request: one transaction that works for one person. */
    static <T> T asUser(Connection db, String userid, Work<T> work) throws SQLException {
        db.setAutoCommit(false);
        try (PreparedStatement actAs = db.prepareStatement("SELECT mentoring.act_as('lms', ?)")) {
            actAs.setString(1, userid);
            actAs.execute();
            T result = work.run(db);
            db.commit();
            return result;
        } catch (SQLException | RuntimeException e) {
            db.rollback();
            throw e;
        }
    }
    // [/identity]

    record Mentor(long id, String name, double score, int freePlaces) {
    }

    record Visit(List<Mentor> mentors, long requestId, long entryId) {
    }

    // [visit]
    static Visit visit(Connection db) throws SQLException {
        long programme, me;
        try (PreparedStatement select = db.prepareStatement("""
                SELECT programme_id, id FROM mentoring.participant
                 WHERE person_id = mentoring.current_person() AND role = 'mentee'""");
                ResultSet row = select.executeQuery()) {
            row.next();
            programme = row.getLong("programme_id");
            me = row.getLong("id");
        }

        List<Mentor> mentors = new ArrayList<>();
        try (PreparedStatement select = db.prepareStatement("""
                SELECT partner_id, display_name, score, free_places
                  FROM mentoring.recommend(?, ?, 3)""")) {
            select.setLong(1, programme);
            select.setLong(2, me);
            try (ResultSet row = select.executeQuery()) {
                while (row.next())
                    mentors.add(new Mentor(row.getLong("partner_id"), row.getString("display_name"),
                            row.getDouble("score"), row.getInt("free_places")));
            }
        }

        long requestId = id(db, "SELECT mentoring.request_mentor(?, ?, ?) AS id",
                programme, me, mentors.get(0).id());
        long entryId = id(db, """
                INSERT INTO mentoring.learning_log
                       (programme_id, participant_id, kind, minutes, reflection)
                VALUES (?, ?, 'meeting', ?, ?) RETURNING id""",
                programme, me, 45, "It’s a start");
        return new Visit(mentors, requestId, entryId);
    }

    static long id(Connection db, String sql, Object... params) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            for (int i = 0; i < params.length; i++)
                statement.setObject(i + 1, params[i]);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong("id");
            }
        }
    }

    static int edit(Connection db, long entryId, int minutes) throws SQLException {
        try (PreparedStatement update = db.prepareStatement(
                "UPDATE mentoring.learning_log SET minutes = ? WHERE id = ?")) {
            update.setInt(1, minutes);
            update.setLong(2, entryId);
            return update.executeUpdate();      // 0: not there, or somebody else's
        }
    }
    // [/visit]

    static boolean types(Connection db, String userid) throws SQLException {
        try (ResultSet row = db.createStatement().executeQuery("""
                SELECT id, is_active, profile FROM mentoring.person
                 WHERE id = mentoring.current_person()""")) {
            row.next();
            check("bigint", row.getLong("id")
                    == 9007199254740993L + 2 * (Long.parseLong(userid) - 100)
                    && row.getObject("id") instanceof Long);
            check("boolean", row.getObject("is_active").equals(true));
            check("jsonb", row.getString("profile").contains("\"newsletter\": false"));
        }
        try (PreparedStatement update = db.prepareStatement("""
                UPDATE mentoring.person SET profile = profile || CAST(? AS jsonb)
                 WHERE id = mentoring.current_person()
                RETURNING profile ->> 'interests', NOT CAST(? AS boolean)""")) {
            update.setString(1, "{\"interests\": [], \"remote\": true}");
            update.setBoolean(2, false);
            ResultSet row = update.executeQuery();
            row.next();
            check("parameters", row.getString(1).equals("[]") && row.getBoolean(2));
        }
        try (ResultSet row = db.createStatement().executeQuery("SELECT * FROM mentoring.partner")) {
            check("empty set", !row.next());
        }
        return true;
    }

    static int askAgain(Connection db) throws SQLException {
        db.createStatement().executeUpdate("""
                INSERT INTO mentoring.learning_log (programme_id, participant_id, reflection)
                SELECT programme_id, id, 'undone' FROM mentoring.participant
                 WHERE person_id = mentoring.current_person()""");
        db.createStatement().executeQuery("""
                SELECT mentoring.request_mentor(programme_id, mentee_id, mentor_id)
                  FROM mentoring.request""");
        return 0;
    }

    static void check(String what, boolean isGood) {
        System.out.println((isGood ? "ok " : "not ok ") + what);
    }

    static PSQLException errorOf(Connection db, Work<?> work) throws SQLException {
        try {
            work.run(db);
        } catch (PSQLException e) {
            return e;
        }
        throw new IllegalStateException("no error");
    }

    public static void main(String[] args) throws SQLException {
        Map<String, String> env = System.getenv();
        Properties properties = new Properties();
        properties.setProperty("user", env.get("PGUSER"));
        String host = env.get("PGHOST");
        String port = env.getOrDefault("PGPORT", "5432");
        if (host.startsWith("/")) {             // pgjdbc itself knows TCP only
            properties.setProperty("socketFactory", "UnixSocketFactory");
            properties.setProperty("socketFactoryArg", host + "/.s.PGSQL." + port);
            properties.setProperty("sslmode", "disable");
            properties.setProperty("gssEncMode", "disable");
            host = "localhost";
        }
        String userid = env.get("USERID");
        Connection db = DriverManager.getConnection(
                "jdbc:postgresql://" + host + ":" + port + "/" + env.get("PGDATABASE"), properties);

        Visit visit = asUser(db, userid, Jdbc::visit);
        Mentor first = visit.mentors().get(0);
        check("recommendations", visit.mentors().size() == 3
                && first.equals(new Mentor(first.id(), "Mei Tanaka", 1.0, 20)));
        check("request", visit.requestId() > 0);
        check("entry written", visit.entryId() > 1);
        check("entry edited", asUser(db, userid, c -> edit(c, visit.entryId(), 60)) == 1);
        check("entry of another", asUser(db, userid, c -> edit(c, 1, 1)) == 0);
        asUser(db, userid, c -> types(c, userid));

        // Errors: the whole transaction is undone, and the identity ends with it.
        PSQLException refusal = errorOf(db, c -> asUser(c, userid, Jdbc::askAgain));
        check("refusal", refusal.getSQLState().equals("23505"));

        // A connection of a pool begins in autocommit mode.
        db.setAutoCommit(true);
        ResultSet row = db.createStatement().executeQuery("SELECT mentoring.current_person()");
        row.next();
        PSQLException denied = errorOf(db, c -> c.createStatement().executeQuery(
                "SELECT * FROM mentoring.recommend(1, 1)"));
        check("identity ends", row.getString(1) == null && denied.getSQLState().equals("42501"));
        PSQLException trap = errorOf(db, c -> c.createStatement().executeQuery(
                "SELECT mentoring.act_as('lms', '" + userid + "')"));
        check("autocommit", trap.getSQLState().equals("25P01")
                && trap.getServerErrorMessage().getHint()
                .equals("Send BEGIN first, or switch autocommit off."));
        db.close();
    }
}
