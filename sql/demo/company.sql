-- A company of 1,200 people and its mentoring programme.
--
-- Run by psql in a database with the extension, as a superuser:
--
--     psql -f sql/demo/company.sql
--
-- Havelin makes instruments for hospitals, on five continents.  Its people are
-- made up, what they do is not: occupations, skill levels, interests and work
-- values are those of O*NET (see NOTICE).
--
-- Nothing here is random: a draw is a hash of what is drawn and for whom, so
-- every machine and every version of PostgreSQL makes the same company.

\set ON_ERROR_STOP on
\set QUIET on

-- Compiling these one-off statements would take longer than running them.
SET jit = off;

CREATE SCHEMA demo;
COMMENT ON SCHEMA demo IS
'What the demo company is made from; DROP SCHEMA demo CASCADE removes it.';

\ir onet.sql
\ir posts.sql

CREATE FUNCTION demo.draw(what text, n integer, sides integer)
RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || left(encode(sha256((what || ':' || n::text)::bytea), 'hex'),
                    7))::bit(28)::integer % sides;

COMMENT ON FUNCTION demo.draw(text, integer, integer) IS
'A number from 0 to sides - 1 that looks random and is always the same for the same arguments.';


-- Places, and who lives there

CREATE TABLE demo.site (
    no        integer PRIMARY KEY,
    name      text NOT NULL,
    timezone  text NOT NULL
);

INSERT INTO demo.site VALUES
    (1, 'Minneapolis', 'America/Chicago'),
    (2, 'Campinas', 'America/Sao_Paulo'),
    (3, 'Galway', 'Europe/Dublin'),
    (4, 'Utrecht', 'Europe/Amsterdam'),
    (5, 'Cape Town', 'Africa/Johannesburg'),
    (6, 'Pune', 'Asia/Kolkata'),
    (7, 'Penang', 'Asia/Kuala_Lumpur');

-- Where the teams of a unit work, in turn; the director sits at the first.
CREATE TABLE demo.unit (
    name   text PRIMARY KEY,
    sites  integer[] NOT NULL
);

INSERT INTO demo.unit VALUES
    ('Executive', '{1}'),
    ('Production', '{3,7,1,3,7,2,1,7}'),
    ('Quality', '{3,7,1,2}'),
    ('Supply Chain', '{3,7,1,2,5}'),
    ('Engineering', '{1,3,4,6}'),
    ('IT and Data', '{6,4,3,1,6}'),
    ('Clinical', '{4,1,5,6}'),
    ('Sales and Service', '{1,4,5,2,6,7,3}'),
    ('Marketing', '{4,1,6,3}'),
    ('Finance', '{3,1,6,4}'),
    ('People', '{1,3,6,7}'),
    ('Legal', '{1,4}'),
    ('Facilities', '{1,3,7,4}');

-- How many of a hundred who grew up at a site speak a language, by job zone
-- 1 to 5.  The first language of a site is everybody's who speaks no other.
CREATE TABLE demo.site_language (
    site      integer NOT NULL REFERENCES demo.site,
    no        integer NOT NULL,
    language  text NOT NULL,
    share     integer[] NOT NULL,
    PRIMARY KEY (site, no)
);

INSERT INTO demo.site_language VALUES
    (1, 1, 'English', '{100,100,100,100,100}'),
    (1, 2, 'Spanish', '{25,22,18,15,15}'),
    (1, 3, 'French', '{1,2,4,6,8}'),
    (2, 1, 'Portuguese', '{100,100,100,100,100}'),
    (2, 2, 'Spanish', '{8,12,20,35,40}'),
    (2, 3, 'English', '{4,8,30,75,95}'),
    (3, 1, 'English', '{100,100,100,100,100}'),
    (3, 2, 'Irish', '{25,25,25,25,25}'),
    (3, 3, 'French', '{2,4,8,15,20}'),
    (4, 1, 'Dutch', '{95,95,95,95,95}'),
    (4, 2, 'English', '{50,60,75,96,100}'),
    (4, 3, 'German', '{15,20,30,45,50}'),
    (5, 1, 'English', '{70,75,88,98,100}'),
    (5, 2, 'Afrikaans', '{45,45,45,45,45}'),
    (5, 3, 'Xhosa', '{50,45,40,35,30}'),
    (6, 1, 'Marathi', '{75,75,75,75,75}'),
    (6, 2, 'Hindi', '{80,80,80,80,80}'),
    (6, 3, 'English', '{10,20,55,95,100}'),
    (7, 1, 'Malay', '{85,85,85,85,85}'),
    (7, 2, 'Mandarin', '{45,45,45,45,45}'),
    (7, 3, 'English', '{20,30,60,92,100}'),
    (7, 4, 'Tamil', '{12,12,12,12,12}');

-- Names.  Origins 1 to 7 are at home at the site of that number.  20 given
-- names and 23 family names have no factor in common, so counting through
-- both at once gives 460 different names.
CREATE TABLE demo.origin (
    no        integer PRIMARY KEY,
    language  text NOT NULL,
    given     text[] NOT NULL CHECK (cardinality(given) = 20),
    family    text[] NOT NULL CHECK (cardinality(family) = 23)
);

INSERT INTO demo.origin VALUES
    (1, 'English',
     '{Olivia,Marcus,Hannah,Tyler,Grace,Darnell,Emily,Caleb,Naomi,Ethan,Paige,Jordan,Claire,Isaiah,Megan,Austin,Ruth,Wesley,Tara,Curtis}',
     '{Johnson,Carter,Anderson,Brooks,Peterson,Hughes,Lindgren,Foster,Olson,Reed,Washington,Palmer,Hansen,Price,Coleman,Larson,Bennett,Freeman,Schultz,Warren,Nelson,Gibson,Swenson}'),
    (2, 'Portuguese',
     '{Beatriz,Rafael,Camila,Thiago,Larissa,Bruno,Juliana,Felipe,Renata,Gustavo,Aline,Rodrigo,Fernanda,Mateus,Carolina,Eduardo,Patricia,Diego,Vanessa,Leandro}',
     '{Silva,Oliveira,Souza,Pereira,Ferreira,Almeida,Ribeiro,Carvalho,Barbosa,Teixeira,Moreira,Cardoso,Nogueira,Campos,Martins,Rocha,Moura,Freitas,Pinto,Duarte,Lopes,Azevedo,Tavares}'),
    (3, 'English',
     '{Aoife,Liam,Niamh,Conor,Ciara,Declan,Orla,Eoin,Siobhan,Padraig,Maeve,Fergal,Grainne,Brendan,Aisling,Cormac,Roisin,Donal,Sinead,Kevin}',
     '{Murphy,Kelly,Walsh,Byrne,Ryan,Doyle,McCarthy,Gallagher,Doherty,Lynch,Murray,Quinn,Moore,McLoughlin,Connolly,Daly,Nolan,Flynn,Keane,Burke,Joyce,Conneely,Folan}'),
    (4, 'Dutch',
     '{Sanne,Daan,Lotte,Bram,Femke,Jeroen,Anouk,Thijs,Marieke,Sander,Iris,Ruben,Eva,Joost,Maaike,Pieter,Noor,Wouter,Tess,Koen}',
     '{"de Vries",Jansen,Bakker,Visser,Smit,"de Boer",Mulder,"van Dijk",Bos,Vos,Peters,Hendriks,Dekker,"van Leeuwen",Kok,Brouwer,Jacobs,Maas,Verhoeven,Koster,Prins,Blom,Huisman}'),
    (5, 'English',
     '{Thandi,Sipho,Zanele,Pieter,Nomsa,Johan,Lindiwe,Riaan,Ayanda,Themba,Elmarie,Bongani,Chantelle,Luyanda,Yusuf,Fatima,Nandi,Willem,Amahle,Andile}',
     '{Dlamini,Botha,Nkosi,Jacobs,Mthembu,Petersen,Khumalo,Adams,Ndlovu,Davids,Zulu,Fourie,Mokoena,Hendricks,Sithole,Naidoo,Mkhize,Marais,Ngcobo,Isaacs,Mbeki,Steyn,Mahlangu}'),
    (6, 'Marathi',
     '{Ananya,Rohan,Priya,Vikram,Sneha,Aditya,Kavita,Sanjay,Meera,Nikhil,Pooja,Rahul,Swati,Amit,Neha,Suresh,Deepa,Kiran,Asha,Manoj}',
     '{Kulkarni,Deshpande,Patil,Joshi,Jadhav,Gokhale,Shinde,Pawar,Bhosale,Kale,Chavan,More,Sharma,Verma,Iyer,Reddy,Nair,Gupta,Mehta,Kadam,Sathe,Phadke,Thakur}'),
    (7, 'Malay',
     '{"Wei Ling",Ahmad,Nurul,"Kah Hoe",Kavitha,Faizal,"Mei Yee",Ravi,Siti,"Jun Wei",Aisyah,Hafiz,"Li Ting",Farah,"Boon Keat",Shanti,Azlan,"Hui Min",Rizal,Devi}',
     '{Tan,Ismail,Lim,Hassan,Lee,Rahman,Ong,Abdullah,Raman,Khoo,Yusof,Teoh,Ibrahim,Ng,Omar,Cheah,Kumar,Salleh,Goh,Othman,Pillai,Yeoh,Zainal}'),
    (8, 'Polish',
     '{Agnieszka,Tomasz,Magdalena,Marek,Joanna,Krzysztof,Ewa,Jakub,Dorota,Adam,Monika,Wojciech,Alicja,Piotr,Natalia,Rafal,Beata,Dariusz,Karolina,Szymon}',
     '{Nowak,Kowalski,Zielinski,Lewandowski,Wojcik,Mazur,Krawczyk,Grabowski,Pawlak,Michalski,Jankowski,Wieczorek,Dudek,Sikora,Baran,Duda,Szewczyk,Walczak,Borkowski,Sadowski,Bielecki,Kubiak,Wilk}'),
    (9, 'Arabic',
     '{Layla,Omar,Rania,Khaled,Yasmin,Tariq,Samira,Hassan,Nour,Karim,Amal,Bilal,Huda,Nabil,Salma,Ziad,Mariam,Walid,Dina,Sami}',
     '{Haddad,Mansour,Khoury,Nasser,Saleh,Aziz,Hamdan,Farah,Bishara,Shaheen,Darwish,Kassem,Sabbagh,Taha,Rahal,Najjar,Barakat,Jaber,Issa,Sayegh,Masri,Halabi,Qasim}'),
    (10, 'Vietnamese',
     '{Linh,Minh,Huong,Duc,Thao,Quang,Lan,Tuan,Mai,Hieu,Trang,Nam,Phuong,Khanh,Hoa,Long,Ngoc,Son,Thu,Vinh}',
     '{Nguyen,Tran,Le,Pham,Hoang,Phan,Vu,Vo,Dang,Bui,Do,Ho,Ngo,Duong,Ly,Truong,Dinh,Lam,Mac,Trinh,Cao,Luong,Ta}'),
    (11, 'Spanish',
     '{Lucia,Javier,Paola,Miguel,Daniela,Carlos,Elena,Andres,Gabriela,Luis,Mariana,Jorge,Ximena,Pablo,Rosa,Hector,Valeria,Oscar,Ines,Raul}',
     '{Garcia,Hernandez,Torres,Ramirez,Flores,Vargas,Morales,Castillo,Ortega,Mendoza,Rojas,Navarro,Delgado,Cruz,Aguilar,Salazar,Fuentes,Campos,Vega,Cortes,Rios,Molina,Herrera}'),
    (12, 'Yoruba',
     '{Tunde,Folake,Segun,Yetunde,Kunle,Bisi,Femi,Ronke,Wale,Titi,Dele,Simi,Kayode,Bola,Gbenga,Lola,Dayo,Kemi,Rotimi,Sade}',
     '{Adeyemi,Balogun,Ogunleye,Adebayo,Akande,Oladipo,Fashola,Ojo,Bankole,Alabi,Okunola,Ayodele,Lawal,Sowande,Afolabi,Oyelaran,Bello,Ige,Akintola,Owolabi,Falana,Odukoya,Salako}');


-- Who works where, for whom
--
-- n counts people from the top: the chief executive, directors, managers,
-- staff.  Staff are dealt to the teams of their unit in equal blocks, one
-- team to each manager.

CREATE TABLE demo.employee (
    n           integer PRIMARY KEY,
    unit        text NOT NULL,
    tier        integer NOT NULL,
    role        text NOT NULL,
    occupation  text NOT NULL REFERENCES demo.occupation,
    job_zone    integer NOT NULL,
    seniority   integer NOT NULL,
    grade       integer NOT NULL,
    team        integer NOT NULL,
    manager     integer REFERENCES demo.employee,
    site        integer NOT NULL REFERENCES demo.site,
    origin      integer NOT NULL REFERENCES demo.origin
);

COMMENT ON TABLE demo.employee IS
'The people of the demo company before they become rows of mentoring.person.';

WITH seat AS (
    SELECT row_number() OVER (ORDER BY p.tier, p.id, copy)::integer AS n,
           p.unit, p.tier, p.role, p.occupation, o.job_zone,
           row_number() OVER (PARTITION BY p.unit, p.tier
                              ORDER BY p.id, copy) - 1 AS place,
           count(*) OVER (PARTITION BY p.unit, p.tier) AS places,
           (SELECT sum(m.people) FROM demo.post m
            WHERE m.unit = p.unit AND m.tier = 3) AS teams
    FROM demo.post p
    JOIN demo.occupation o ON o.code = p.occupation,
         generate_series(1, p.people) AS copy
), dealt AS (
    SELECT *,
           CASE tier WHEN 4 THEN place * teams / places
                     WHEN 3 THEN place
                     ELSE 0 END::integer AS team,
           CASE tier WHEN 1 THEN 2
                     WHEN 2 THEN 2
                     WHEN 3 THEN 1 + demo.draw('seniority', n, 2)
                     ELSE (ARRAY[0,0,0,0,1,1,1,2,2,2])
                          [1 + demo.draw('seniority', n, 10)]
           END AS seniority,
           -- one of eight with a job that allows it works away from the team
           CASE WHEN tier = 4 AND job_zone >= 4
                 AND unit NOT IN ('Production', 'Facilities')
                 AND demo.draw('away', n, 8) = 0
                THEN 1 + demo.draw('where', n, 7) END AS away,
           -- one of six comes from elsewhere
           CASE WHEN demo.draw('moved', n, 6) = 0
                THEN 1 + demo.draw('origin', n, 12) END AS from_elsewhere
    FROM seat
), placed AS (
    SELECT d.*, COALESCE(d.away, u.sites[1 + d.team % cardinality(u.sites)])
                    AS site
    FROM dealt d
    JOIN demo.unit u ON u.name = d.unit
)
INSERT INTO demo.employee
SELECT a.n, a.unit, a.tier, a.role, a.occupation, a.job_zone, a.seniority,
       2 * a.job_zone - 3 + a.seniority
           + (ARRAY[5, 4, 2, 0])[a.tier],
       a.team, boss.n, a.site, COALESCE(a.from_elsewhere, a.site)
FROM placed a
LEFT JOIN placed boss
  ON boss.tier = a.tier - 1
 AND (boss.tier = 1
      OR boss.unit = a.unit AND (boss.tier = 2 OR boss.team = a.team))
ORDER BY a.n;


-- Their profiles

CREATE TEMPORARY TABLE profile AS
WITH spoken AS (
    -- Who came from elsewhere keeps the language of home, and has learnt
    -- those of the site less often, English excepted.
    SELECT e.n, l.language
    FROM demo.employee e
    JOIN demo.site_language l ON l.site = e.site
    WHERE demo.draw('speaks ' || l.language, e.n, 100)
          < l.share[e.job_zone]
            * CASE WHEN e.origin = e.site OR l.language = 'English' THEN 10
                   ELSE 4 END / 10
    UNION
    SELECT e.n, o.language
    FROM demo.employee e
    JOIN demo.origin o ON o.no = e.origin
    WHERE e.origin <> e.site
    UNION
    -- Managers speak with their people, and with each other.
    SELECT e.n, l.language
    FROM demo.employee e
    JOIN demo.site_language l ON l.site = e.site
    WHERE e.tier < 4 AND (l.no = 1 OR l.language = 'English')
), language AS (
    SELECT e.n,
           COALESCE(jsonb_agg(s.language ORDER BY s.language COLLATE "C")
                        FILTER (WHERE s.n IS NOT NULL),
                    jsonb_build_array(min(l.language))) AS languages
    FROM demo.employee e
    JOIN demo.site_language l ON l.site = e.site AND l.no = 1
    LEFT JOIN spoken s ON s.n = e.n
    GROUP BY e.n
), liking AS (
    -- what the occupation is about: two of its three strongest interests
    SELECT e.n,
           (ARRAY['making things', 'research', 'design', 'teaching',
                  'enterprise', 'order and method'])[i.no] AS interest
    FROM demo.employee e
    JOIN demo.occupation o ON o.code = e.occupation,
    LATERAL (SELECT no
             FROM (SELECT v.no::integer, row_number() OVER
                              (ORDER BY v.value DESC, v.no) AS place
                   FROM unnest(o.interest) WITH ORDINALITY AS v (value, no))
                  AS ordered
             WHERE place <= 3
               AND place <> 1 + demo.draw('not so', e.n, 4)) AS i
    UNION
    -- and what one likes besides
    SELECT e.n,
           (ARRAY['running', 'cooking', 'chess', 'gardening', 'football',
                  'photography', 'choir', 'cycling', 'reading', 'hiking',
                  'films', 'volunteering', 'swimming', 'music', 'travel',
                  'painting', 'yoga', 'cricket', 'board games', 'theatre'])
           [1 + demo.draw('hobby ' || i, e.n, 20)]
    FROM demo.employee e, generate_series(1, 4) AS i
), interest AS (
    SELECT n, jsonb_agg(interest ORDER BY interest COLLATE "C") AS interests
    FROM liking
    GROUP BY n
), work_value AS (
    -- How much more or less than the others each value matters, so that the
    -- cosine of two people is the correlation of their values.
    SELECT e.n,
           jsonb_agg(round(v.value - m.mean
                           + (demo.draw('value ' || v.no, e.n, 151) - 75)
                             / 100.0, 2) ORDER BY v.no) AS work_values
    FROM demo.employee e
    JOIN demo.occupation o ON o.code = e.occupation,
    LATERAL (SELECT avg(value) AS mean FROM unnest(o.work_value) AS value) m,
    unnest(o.work_value) WITH ORDINALITY AS v (value, no)
    GROUP BY e.n
), slot AS (
    -- on shift: before or after it; else here and there in the week
    SELECT e.n, day, s.starts, s.ends
    FROM demo.employee e,
         generate_series(1, 5) AS day,
         (VALUES (1, '14:15', '15:45'), (2, '12:15', '13:45'),
                 (3, '16:30', '18:00')) AS s (shift, starts, ends)
    WHERE e.unit IN ('Production', 'Quality', 'Supply Chain')
      AND e.tier = 4 AND e.job_zone <= 3
      AND s.shift = 1 + demo.draw('shift', e.n, 3)
      AND (demo.draw('free ' || day, e.n, 10) < 7
           OR day = 1 + demo.draw('free anyway', e.n, 5))
    UNION ALL
    SELECT e.n, day, s.starts, s.ends
    FROM demo.employee e,
         generate_series(1, 5) AS day,
         (VALUES ('08:30', '10:00'), ('11:00', '12:30'), ('13:00', '14:30'),
                 ('15:00', '16:30'), ('17:00', '18:30')) AS s (starts, ends)
    WHERE NOT (e.unit IN ('Production', 'Quality', 'Supply Chain')
               AND e.tier = 4 AND e.job_zone <= 3)
      AND (demo.draw('free ' || day || s.starts, e.n, 100) < 24
           OR s.starts = '13:00'
              AND day = 1 + demo.draw('free anyway', e.n, 5))
), week AS (
    SELECT n, jsonb_agg(jsonb_build_object('day', day, 'from', starts,
                                           'to', ends)
                        ORDER BY day, starts COLLATE "C") AS availability
    FROM slot
    GROUP BY n
)
SELECT e.n,
       jsonb_strip_nulls(jsonb_build_object(
           'occupation', e.occupation,
           'languages', l.languages,
           'interests', i.interests,
           'work_values', v.work_values,
           'availability', w.availability)) AS profile
FROM demo.employee e
JOIN language l ON l.n = e.n
LEFT JOIN interest i ON i.n = e.n
LEFT JOIN work_value v ON v.n = e.n
LEFT JOIN week w ON w.n = e.n;


-- What they can do
--
-- O*NET's skills and areas of knowledge.  "English Language" is left out: in
-- this company languages are an attribute of their own.
INSERT INTO mentoring.skill (name, category, uri)
SELECT name, 'O*NET ' || kind,
       'https://www.onetonline.org/find/descriptor/result/' || element_id
FROM demo.element
WHERE kind IN ('skill', 'knowledge') AND name <> 'English Language'
ORDER BY kind COLLATE "C" DESC, no;

-- What O*NET measured of each occupation
CREATE TEMPORARY TABLE requirement AS
SELECT o.code AS occupation, s.id AS skill_id, s.uri,
       r.level, r.importance
FROM demo.occupation o,
LATERAL (SELECT 'skill' AS kind, * FROM
             unnest(o.skill_level, o.skill_importance)
             WITH ORDINALITY AS a (level, importance, no)
         UNION ALL
         SELECT 'knowledge', * FROM
             unnest(o.knowledge_level, o.knowledge_importance)
             WITH ORDINALITY AS a (level, importance, no)) AS r
JOIN demo.element e ON e.kind = r.kind AND e.no = r.no
JOIN mentoring.skill s ON s.name = e.name AND s.category = 'O*NET ' || e.kind;

-- What each person can do: the level of the occupation, more with seniority,
-- and up to 0.7 more or less as people differ.
CREATE TEMPORARY TABLE ability AS
SELECT e.n, r.skill_id, r.importance, r.level AS expected,
       CASE WHEN r.level > 0 THEN
           LEAST(7, GREATEST(0, round(r.level + 0.35 * e.seniority
               + (demo.draw(r.uri, e.n, 141) - 70) / 100.0)))
       ELSE 0 END::smallint AS level
FROM demo.employee e
JOIN requirement r ON r.occupation = e.occupation;

ANALYZE requirement;
ANALYZE ability;

-- The directory knows the twenty that matter most in the job.
CREATE TEMPORARY TABLE known AS
SELECT n, skill_id, level, place
FROM (SELECT *, row_number() OVER (PARTITION BY n
                    ORDER BY importance DESC, expected DESC, skill_id) AS place
      FROM ability) a
WHERE place <= 20;


-- The directory
--
-- With LMS=moodle the company is in the tables of a Moodle, and comes from
-- there; see moodle.sql.

CREATE TEMPORARY TABLE entry AS
SELECT e.n, e.unit, e.role, e.grade, s.name AS site, s.timezone, e.manager,
       e.given, e.family,
       lower(replace(e.given || '.' || e.family, ' ', '.'))
           || '@havelin.example' AS email,
       date '2025-12-01' - (e.seniority * 1200 + e.grade * 100
                            + demo.draw('joined', e.n, 900)) AS joined_on,
       p.profile
FROM (SELECT e.*, o.given[1 + (e.k * 7 % 20)] AS given,
             o.family[1 + (e.k * 9 % 23)] AS family
      FROM (SELECT *, row_number() OVER (PARTITION BY origin ORDER BY n) AS k
            FROM demo.employee) e
      JOIN demo.origin o ON o.no = e.origin) e
JOIN demo.site s ON s.no = e.site
JOIN profile p ON p.n = e.n;

CREATE TABLE demo.who (
    n          integer PRIMARY KEY REFERENCES demo.employee,
    person_id  bigint NOT NULL UNIQUE
);

\if :{?lms}
\ir moodle.sql
\else

INSERT INTO mentoring.person
       (source, external_id, display_name, email, org_unit, job_role, grade,
        site, timezone, profile, joined_on)
SELECT 'havelin', to_char(n, 'FM"H"0000'), given || ' ' || family, email, unit,
       role, grade, site, timezone, profile, joined_on
FROM entry
ORDER BY n;

INSERT INTO demo.who
SELECT e.n, p.id
FROM entry e
JOIN mentoring.person p
  ON p.source = 'havelin' AND p.external_id = to_char(e.n, 'FM"H"0000');

UPDATE mentoring.person p
SET manager_id = boss.person_id
FROM entry e
JOIN demo.who me ON me.n = e.n
JOIN demo.who boss ON boss.n = e.manager
WHERE p.id = me.person_id;

INSERT INTO mentoring.person_skill (person_id, skill_id, level, source)
SELECT w.person_id, k.skill_id, k.level, 'havelin'
FROM known k
JOIN demo.who w ON w.n = k.n
ORDER BY k.n, k.place;

\endif


-- The programme
--
-- 400 mentees want what a related occupation of the next job zone asks for:
-- the six skills in which importance times what they lack is largest.  250
-- mentors have one to three places.

INSERT INTO mentoring.programme
       (name, purpose, model, channel, status, starts_on, ends_on,
        cadence_days, target_pairs, created_at)
VALUES ('Next step',
        'Learn from somebody who already does what you want to do next.',
        'one_to_one', 'blended', 'matching', '2025-03-10', '2025-12-19', 14,
        350, '2025-01-13 09:00+00')
RETURNING id AS programme_id
\gset demo_

-- What would be the next step: as O*NET relates occupations, or else the two
-- occupations of the next job zone in the same unit that ask for levels most
-- alike.  Nobody applies to become chief executive.
CREATE TEMPORARY TABLE step AS
SELECT r.occupation, r.related AS target, r.rank
FROM demo.related r
WHERE r.related <> '11-1011.00';

INSERT INTO step
SELECT occupation, target, place
FROM (SELECT a.occupation, b.occupation AS target,
             row_number() OVER (PARTITION BY a.occupation
                 ORDER BY sum(abs(ra.level - rb.level)), b.occupation)
                 AS place
      FROM (SELECT DISTINCT p.unit, p.occupation, o.job_zone
            FROM demo.post p
            JOIN demo.occupation o ON o.code = p.occupation
            WHERE p.occupation NOT IN (SELECT occupation FROM step)) a
      JOIN (SELECT DISTINCT p.unit, p.occupation, o.job_zone
            FROM demo.post p
            JOIN demo.occupation o ON o.code = p.occupation
            WHERE p.tier > 2) b
        ON b.unit = a.unit AND b.job_zone = a.job_zone + 1
      JOIN requirement ra ON ra.occupation = a.occupation
      JOIN requirement rb ON rb.occupation = b.occupation
                         AND rb.skill_id = ra.skill_id
      GROUP BY a.occupation, b.occupation) nearest
WHERE place <= 2;

-- Who applies: newer people rather than old hands, and of each job zone as
-- many as the programme has room for.
CREATE TEMPORARY TABLE mentee AS
SELECT n, target
FROM (SELECT e.n, e.job_zone, s.target,
             row_number() OVER (PARTITION BY e.job_zone
                 ORDER BY demo.draw('applies', e.n, 1000)
                          + 400 * e.seniority, e.n) AS place
      FROM demo.employee e,
      LATERAL (SELECT target FROM step
               WHERE step.occupation = e.occupation
               ORDER BY demo.draw('target ' || target, e.n, 1000) + 100 * rank,
                        target
               LIMIT 1) AS s
      WHERE e.tier >= 3) applicant
WHERE place <= (ARRAY[0, 150, 160, 90, 0])[job_zone];

CREATE TEMPORARY TABLE mentor AS
SELECT n,
       CASE WHEN tier <= 2 THEN 1
            ELSE (ARRAY[1,1,1,1,1,1,2,2,2,3])
                 [1 + demo.draw('capacity', n, 10)] END AS capacity
FROM (SELECT e.n, e.tier,
             row_number() OVER (ORDER BY demo.draw('offers', e.n, 1000)
                 - 400 * (4 - e.tier) - 250 * e.seniority
                 - 200 * e.job_zone, e.n) AS place
      FROM demo.employee e
      WHERE e.n NOT IN (SELECT n FROM mentee)
        AND (e.tier <= 3 OR e.job_zone >= 4 OR e.seniority = 2)) candidate
WHERE place <= 250;

-- Everybody signs up at a time of their own; ids follow the order.
INSERT INTO mentoring.participant
       (programme_id, person_id, role, status, applied_at, capacity,
        created_at, bio, aims)
SELECT :demo_programme_id, w.person_id, a.role, 'accepted', a.at, a.capacity,
       a.at, a.bio, a.aims
FROM (SELECT m.n, 'mentee' AS role, 1 AS capacity, NULL AS bio,
             'Next step: ' || (SELECT p.role FROM demo.post p
                               WHERE p.occupation = m.target
                               ORDER BY p.tier DESC, p.id LIMIT 1) || '.'
                 AS aims,
             timestamptz '2025-01-13 09:00+00' + interval '1 minute'
                 * demo.draw('signs up', m.n, 40000) AS at
      FROM mentee m
      UNION ALL
      SELECT m.n, 'mentor', m.capacity,
             format('%s in %s. Known for %s.', e.role, s.name, style.names),
             NULL,
             timestamptz '2025-01-13 09:00+00' + interval '1 minute'
                 * demo.draw('signs up', m.n, 40000)
      FROM mentor m
      JOIN demo.employee e ON e.n = m.n
      JOIN demo.site s ON s.no = e.site
      JOIN demo.occupation o ON o.code = e.occupation,
      -- two of the four work styles in which the occupation stands out most
      LATERAL (SELECT string_agg(name, ' and ' ORDER BY place) AS names
               FROM (SELECT lower(x.name) AS name, place, row_number() OVER
                         (ORDER BY demo.draw('style ' || x.name, m.n, 1000),
                                   place) AS pick
                     FROM (SELECT split_part(y.name, '/', 1) AS name,
                                 row_number() OVER
                               (ORDER BY v.value
                                    - (SELECT avg(o2.work_style[v.no])
                                       FROM demo.occupation o2) DESC, v.no)
                               AS place
                           FROM unnest(o.work_style) WITH ORDINALITY
                                AS v (value, no)
                           JOIN demo.element y
                             ON y.kind = 'work style' AND y.no = v.no) x
                     WHERE place <= 4) z
               WHERE pick <= 2) AS style) a
JOIN demo.who w ON w.n = a.n
ORDER BY a.at, a.n;

INSERT INTO mentoring.participant_skill
       (programme_id, participant_id, skill_id, level, target_level, weight)
SELECT p.programme_id, p.id, want.skill_id, want.level, want.target_level,
       want.importance
FROM (SELECT m.n, r.skill_id, a.level, round(r.level)::smallint
                 AS target_level, r.importance,
             row_number() OVER (PARTITION BY m.n
                 ORDER BY r.importance * (round(r.level) - a.level) DESC,
                          r.skill_id) AS place
      FROM mentee m
      JOIN requirement r ON r.occupation = m.target
      JOIN ability a ON a.n = m.n AND a.skill_id = r.skill_id
      WHERE round(r.level) > a.level) AS want
JOIN demo.who w ON w.n = want.n
JOIN mentoring.participant p
  ON p.programme_id = :demo_programme_id AND p.person_id = w.person_id
 AND p.role = 'mentee'
WHERE want.place <= 6
ORDER BY p.id, want.importance DESC, want.skill_id;

-- What makes a good pair: five criteria that count, two that are rules only.
INSERT INTO mentoring.criterion
       (programme_id, name, kind, mentee_key, mentor_key, weight, minimum,
        params)
VALUES
    (:demo_programme_id, 'skills wanted', 'skill_cover', NULL, NULL, 5, 0.2,
     '{}'),
    (:demo_programme_id, 'seniority', 'gap', 'grade', 'grade', 2, NULL,
     '{"from": 1, "to": 4, "slack": 3}'),
    (:demo_programme_id, 'shared interests', 'overlap', 'interests', NULL,
     1, NULL, '{}'),
    (:demo_programme_id, 'work values', 'cosine', 'work_values', NULL, 1,
     NULL, '{}'),
    (:demo_programme_id, 'free at the same time', 'availability',
     'availability', NULL, 1, 0.25, '{"minutes": 120}'),
    (:demo_programme_id, 'a common language', 'overlap', 'languages', NULL,
     0, 0.01, '{"strict": true}'),
    (:demo_programme_id, 'outside the reporting line', 'reporting_line',
     NULL, NULL, 0, 1, '{"depth": 3, "siblings": true}');

DROP TABLE profile, entry, known, requirement, ability, step, mentee, mentor;

ANALYZE mentoring.person, mentoring.person_skill, mentoring.participant,
    mentoring.participant_skill;

RESET jit;
