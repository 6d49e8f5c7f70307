#!/usr/bin/env python3
"""Make onet.sql, the occupations of the demo, from the O*NET database.

    make_data.py FOLDER <posts.sql >onet.sql

FOLDER holds the tables of the O*NET database as gzip-compressed tab-separated
text: Content_Model_Reference.tsv.gz, Interests.tsv.gz and so on.  Every
occupation whose code stands in the input is extracted.  See NOTICE for what
is changed on the way.
"""
import csv
import gzip
import os
import re
import sys

# kind, file, scale of the level, scale of the importance
KINDS = (
    ("skill", "Skills", "LV", "IM"),
    ("knowledge", "Knowledge", "LV", "IM"),
    ("interest", "Interests", "OI", None),
    ("work value", "Work_Values", "EX", None),
    ("work style", "Work_Styles", "IM", None),
)

HEADER = """\
-- Occupations of the O*NET 29.2 Database, for the demo company.
--
-- This file includes information from the O*NET 29.2 Database by the U.S.
-- Department of Labor, Employment and Training Administration (USDOL/ETA).
-- Used under the CC BY 4.0 license.  O*NET(R) is a trademark of USDOL/ETA.
-- It is a changed extract: NOTICE says what was changed.  USDOL/ETA has not
-- approved, endorsed, or tested these modifications.
--
-- Made by make_data.py from posts.sql; don't edit.

CREATE TABLE demo.element (
    kind        text NOT NULL,
    no          integer NOT NULL,
    element_id  text NOT NULL UNIQUE,
    name        text NOT NULL,
    PRIMARY KEY (kind, no)
);

COMMENT ON TABLE demo.element IS
'What O*NET measures occupations by; no is the place in the arrays of demo.occupation.';

COPY demo.element (kind, no, element_id, name) FROM stdin;
"""

OCCUPATION = """
-- Levels of skills and knowledge run from 0 to 7, their importance and that
-- of work styles from 1 to 5, interests and work values from 1 to 7.

CREATE TABLE demo.occupation (
    code                  text PRIMARY KEY,
    title                 text NOT NULL,
    job_zone              integer NOT NULL CHECK (job_zone BETWEEN 1 AND 5),
    skill_level           numeric[] NOT NULL,
    skill_importance      numeric[] NOT NULL,
    knowledge_level       numeric[] NOT NULL,
    knowledge_importance  numeric[] NOT NULL,
    interest              numeric[],
    work_value            numeric[],
    work_style            numeric[]
);

COMMENT ON TABLE demo.occupation IS
'Occupations of O*NET with their levels, in the order of demo.element.';

COPY demo.occupation FROM stdin;
"""

RELATED = """
CREATE TABLE demo.related (
    occupation  text NOT NULL REFERENCES demo.occupation,
    related     text NOT NULL REFERENCES demo.occupation,
    rank        integer NOT NULL,
    PRIMARY KEY (occupation, related)
);

COMMENT ON TABLE demo.related IS
'Related occupations as O*NET ranks them; kept where the other one is in the next job zone.';

COPY demo.related FROM stdin;
"""


def read(folder, name):
    path = os.path.join(folder, name + ".tsv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t",
                                  quoting=csv.QUOTE_NONE)


def row(*values):
    for value in values:
        if "\t" in value or "\n" in value or "\\" in value:
            sys.exit("make_data.py: can't write " + repr(value))
    print("\t".join(values))


def array(values):
    """All values with one decimal as an array, or NULL when one is missing."""
    if None in values:
        return "\\N"
    return "{%s}" % ",".join(("%.1f" % v).replace(".0", "") for v in values)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    wanted = set(re.findall(r"\b\d\d-\d{4}\.\d\d\b", sys.stdin.read()))

    elements = {}                   # kind -> {element id: name}
    value = {}                      # (code, element id, scale) -> number
    for kind, name, level, importance in KINDS:
        elements[kind] = {}
        for line in read(folder, name):
            if line["Scale ID"] not in (level, importance):
                continue
            elements[kind][line["Element ID"]] = line["Element Name"]
            number = float(line["Data Value"])
            # O*NET: most of those asked find it not important for the job
            if line.get("Not Relevant") == "Y":
                number = 0.0
            value[line["O*NET-SOC Code"], line["Element ID"],
                  line["Scale ID"]] = number

    zone = {line["O*NET-SOC Code"]: int(line["Job Zone"])
            for line in read(folder, "Job_Zones")}
    title = {line["O*NET-SOC Code"]: line["Title"]
             for line in read(folder, "Occupation_Data")}
    unknown = sorted(code for code in wanted if code not in zone)
    if unknown:
        sys.exit("make_data.py: no job zone for " + " ".join(unknown))

    print(HEADER, end="")
    for kind, *_ in KINDS:
        for no, element in enumerate(sorted(elements[kind]), 1):
            row(kind, str(no), element, elements[kind][element])
    print("\\.")

    print(OCCUPATION, end="")
    for code in sorted(wanted):
        columns = []
        for kind, _, level, importance in KINDS:
            for scale in filter(None, (level, importance)):
                columns.append([value.get((code, element, scale))
                                for element in sorted(elements[kind])])
        if any(None in column for column in columns[:4]):
            sys.exit("make_data.py: levels are missing for " + code)
        # written by hand, for \N must pass as it is
        print("\t".join([code, title[code], str(zone[code])]
                        + [array(column) for column in columns]))
    print("\\.")

    print(RELATED, end="")
    for line in read(folder, "Related_Occupations"):
        code, other = line["O*NET-SOC Code"], line["Related O*NET-SOC Code"]
        if code in wanted and other in wanted and \
                zone[other] == zone[code] + 1:
            row(code, other, line["Index"])
    print("\\.")


if __name__ == "__main__":
    main()
