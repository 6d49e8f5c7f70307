
-- Nothing is granted to PUBLIC (functions would be, by default).  Access is
-- given by name; the schema itself never had USAGE granted.

REVOKE ALL ON ALL TABLES IN SCHEMA mentoring FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA mentoring FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA mentoring FROM PUBLIC;
REVOKE ALL ON SCHEMA mentoring FROM PUBLIC;
