-- Prints doc/reference.md from the COMMENTs of the installed extension:
--
--   psql -X -q -A -t -f test/reference.sql
--
-- test/t/010_reference.pl compares the two; "make reference" writes it anew.
SET search_path = pg_catalog, pg_temp;

SELECT $md$# Reference

Every public object of the extension, from its COMMENT. Names beginning with
an underscore are internal and not listed. This page is generated
(`make reference`) and checked by the tests; change the COMMENT, not the page.
Levels, scores and weights: see [matching](matching.md).
$md$;

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend d
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass
                   AND d.refobjid = e.oid
WHERE d.deptype = 'e' AND e.extname = 'mentoring';

SELECT E'## Functions\n';

-- Arguments that only return something belong to the result.
SELECT format(E'### %s\n\n```sql\n%s(%s)\n    -> %s\n```\n\n%s\n',
              p.proname, p.proname,
              regexp_replace(pg_get_function_arguments(p.oid),
                             '(, )?OUT .*$', ''),
              CASE WHEN p.proargmodes IS NULL
                   THEN pg_get_function_result(p.oid)
                   ELSE (SELECT 'rows of '
                                || string_agg(p.proargnames[i] || ' '
                                              || format_type(t.type, NULL),
                                              E',\n       ' ORDER BY i)
                         FROM unnest(p.proallargtypes) WITH ORDINALITY
                              AS t (type, i)
                         WHERE p.proargmodes[i] IN ('o', 't'))
              END,
              coalesce(obj_description(p.oid, 'pg_proc'), 'No comment.'))
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.proname NOT LIKE E'\\_%'
ORDER BY p.proname COLLATE "C",
         pg_get_function_identity_arguments(p.oid) COLLATE "C";

CREATE TEMP VIEW table_text AS
SELECT c.relname, c.relkind,
       format(E'### %s\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n%s\n',
              c.relname,
              coalesce(obj_description(c.oid, 'pg_class'), 'No comment.'),
              string_agg(format('| %s | %s | %s |', a.attname,
                                format_type(a.atttypid, a.atttypmod),
                                coalesce(replace(col_description(c.oid, a.attnum),
                                                 '|', E'\\|'), '')),
                         E'\n' ORDER BY a.attnum)) AS text
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                   AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'v') AND c.relname NOT LIKE E'\\_%'
GROUP BY c.oid, c.relname, c.relkind;

SELECT E'## Views\n';
SELECT text FROM table_text WHERE relkind = 'v' ORDER BY relname COLLATE "C";

SELECT E'## Tables\n';
SELECT text FROM table_text WHERE relkind = 'r' ORDER BY relname COLLATE "C";

SELECT E'## Settings\n';
SELECT format(E'### %s\n\nDefault %s%s. %s %s\n', name, boot_val,
              coalesce(' ' || unit, ''), short_desc, coalesce(extra_desc, ''))
FROM pg_settings, mentoring.version()
WHERE name LIKE 'mentoring.%'
ORDER BY name COLLATE "C";
