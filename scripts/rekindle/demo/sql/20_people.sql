-- People. A household of the data set is one person here (one profile); the others never bought. `seq` is unique per
-- person and goes into every e-mail address and phone number, so that no two people share one by accident.

create table first_names as
select
    cast(row_number() over () - 1 as integer) as name_index,
    name,
    slug,
    nickname,
from (values
    ('Robert', 'robert', 'Bob'), ('Elizabeth', 'elizabeth', 'Liz'), ('William', 'william', 'Bill'),
    ('Margaret', 'margaret', 'Peggy'), ('James', 'james', 'Jim'), ('Katherine', 'katherine', 'Kate'),
    ('Thomas', 'thomas', 'Tom'), ('Patricia', 'patricia', 'Pat'), ('Michael', 'michael', 'Mike'),
    ('Jennifer', 'jennifer', 'Jenny'), ('David', 'david', 'Dave'), ('Susan', 'susan', 'Sue'),
    ('Richard', 'richard', 'Rick'), ('Deborah', 'deborah', 'Debbie'), ('Joseph', 'joseph', 'Joe'),
    ('Rebecca', 'rebecca', 'Becky'), ('Charles', 'charles', 'Chuck'), ('Barbara', 'barbara', 'Barb'),
    ('Daniel', 'daniel', 'Dan'), ('Jessica', 'jessica', 'Jess'), ('José', 'jose', 'Pepe'),
    ('María', 'maria', 'Mari'), ('Zoë', 'zoe', 'Zo'), ('Renée', 'renee', 'Ren'), ('André', 'andre', 'Andy'),
    ('Søren', 'soren', 'Sor'), ('Łukasz', 'lukasz', 'Luke'), ('Chloé', 'chloe', 'Chlo'), ('Müge', 'muge', 'Mugi'),
    ('İlker', 'ilker', 'Ilk'), ('Siobhán', 'siobhan', 'Shiv'), ('Björn', 'bjorn', 'Bear'), ('Анна', 'anna', 'Аня'),
    ('Дмитрий', 'dmitri', 'Дима'), ('ليلى', 'layla', 'Layla'), ('יעל', 'yael', 'Yael'), ('美咲', 'misaki', 'Misa'),
    ('伟', 'wei', 'Wei'), ('Aisha', 'aisha', 'Ash'), ('Priya', 'priya', 'Pri'), ('Nguyễn', 'nguyen', 'Win'),
    ('Jean-Luc', 'jeanluc', 'Jean'), ('Mary Ann', 'maryann', 'Mary'), ('Grace', 'grace', 'Gracie'),
    ('Ethan', 'ethan', 'E'), ('Olivia', 'olivia', 'Liv'), ('Noah', 'noah', 'Noah'), ('Emma', 'emma', 'Em'),
    ('Carlos', 'carlos', 'Carlitos'), ('Rosa', 'rosa', 'Rosi'), ('Walter', 'walter', 'Walt'),
    ('Ruth', 'ruth', 'Ruthie')
) as listed (name, slug, nickname);

create table last_names as
select
    cast(row_number() over () - 1 as integer) as name_index,
    name,
    slug,
from (values
    ('Sample', 'sample'), ('Example', 'example'), ('Placeholder', 'placeholder'), ('Fictional', 'fictional'),
    ('Specimen', 'specimen'), ('Muster', 'muster'), ('Martin', 'martin'), ('García', 'garcia'), ('Muñoz', 'munoz'),
    ('O’Sample', 'osample'), ('O''Example', 'oexample'), ('Müller', 'muller'), ('Løvgren', 'lovgren'),
    ('Dvořák', 'dvorak'), ('Şahin', 'sahin'), ('Łaska', 'laska'), ('Ångström', 'angstrom'),
    ('D''Esempio', 'desempio'), ('Van der Voorbeeld', 'vandervoorbeeld'), ('De Proef', 'deproef'),
    ('Testa', 'testa'), ('Modelo', 'modelo'), ('Образцова', 'obraztsova'), ('النموذج', 'namudhaj'),
    ('Nguyễn', 'nguyen'), ('Smith-Sample', 'smithsample'), ('Doe', 'doe'), ('Roe', 'roe'), ('Bloggs', 'bloggs'),
    ('Public', 'public'), ('Tester', 'tester'), ('Demo', 'demo'), ('Mockford', 'mockford'), ('Dummett', 'dummett'),
    ('Pseudon', 'pseudon'), ('Fakenham', 'fakenham'), ('Noone', 'noone'), ('Anyman', 'anyman'),
    ('Everett', 'everett'), ('Nobody', 'nobody')
) as listed (name, slug);

-- 200 United States area codes for people, five more for switchboards. Together with 555-0100 to 555-0199, the
-- numbers that the North American Numbering Plan keeps for fiction in every area code.
create table area_codes as
select
    cast(row_number() over () - 1 as integer) as area_index,
    area_code,
from (
    select unnest([
        201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229,
        231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304,
        305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 334, 336, 337,
        339, 347, 351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417,
        419, 423, 424, 425, 430, 432, 434, 435, 440, 443, 469, 478, 479, 480, 484, 501, 502, 503, 504, 505, 507,
        508, 509, 510, 512, 513, 515, 516, 517, 518, 520, 530, 540, 541, 551, 559, 561, 562, 563, 567, 570, 571,
        573, 574, 575, 580, 585, 586, 601, 602, 603, 605, 606, 607, 608, 609, 610, 612, 614, 615, 616, 617, 618,
        619, 620, 623, 626, 630, 631, 636, 641, 646, 650, 651, 660, 661, 662, 678, 682, 701, 702, 703, 704, 706,
        707, 708, 712, 713, 714, 715, 716, 717, 718, 719, 720, 724, 727, 731, 732, 734, 740, 754, 757, 760, 763,
        765, 770, 772, 773, 774, 775, 781, 785, 786, 801, 802, 803, 804, 805, 806, 808
    ]) as area_code
);

create table people as
with

households as (
    select
        'H' || household_id as person_id,
        'household' as kind,
        household_id,
        cast(household_id as integer) as number,
        cast(household_id as integer) as seq
    from frame_households
),

-- newsletter readers, web prospects, app prospects, contest entrants, callers and those who join the web shop in the
-- second half of 2017, who never bought; and past customers
others as (
    select
        upper(substring(kind, 1, 1)) || lpad(cast(number as varchar), 4, '0') as person_id,
        kind,
        cast(null as varchar) as household_id,
        cast(number as integer) as number,
        cast(first_seq + number as integer) as seq
    from (
        select 'newsletter' as kind, 2500 as first_seq, unnest(range(1, 4301)) as number
        union all
        select 'web' as kind, 7000 as first_seq, unnest(range(1, 451)) as number
        union all
        select 'app' as kind, 7500 as first_seq, unnest(range(1, 121)) as number
        union all
        select 'social' as kind, 7630 as first_seq, unnest(range(1, 351)) as number
        union all
        select 'caller' as kind, 8100 as first_seq, unnest(range(1, 81)) as number
        union all
        select 'joiner' as kind, 9400 as first_seq, unnest(range(1, 401)) as number
        union all
        -- past customers are numbered as their cards are
        select 'past' as kind, 0 as first_seq, unnest(range(8201, 9401)) as number
    )
    where kind <> 'past' or has_archive()
),

everyone as (
    select * from households
    union all
    select * from others
),

aged as (
    select
        everyone.*,
        -- the age band of the data set where it has one
        case demographics.age
            when '19-24' then 19 + pick('age', person_id, 6)
            when '25-34' then 25 + pick('age', person_id, 10)
            when '35-44' then 35 + pick('age', person_id, 10)
            when '45-54' then 45 + pick('age', person_id, 10)
            when '55-64' then 55 + pick('age', person_id, 10)
            when '65+' then 65 + pick('age', person_id, 20)
            else 20 + pick('age', person_id, 60)
        end as age_in_2017,
        pick('first name', person_id, (select count(*) from first_names)) as first_name_index,
        pick('last name', person_id, (select count(*) from last_names)) as last_name_index
    from everyone
    left join completejourney.demographics as demographics
        on everyone.household_id = demographics.household_id
)

select
    aged.person_id,
    aged.kind,
    aged.household_id,
    aged.number,
    aged.seq,
    first_names.name as first_name,
    first_names.nickname,
    last_names.name as last_name,
    first_names.slug as first_slug,
    last_names.slug as last_slug,
    -- one in forty was born on 29 February
    case
        when pick('leap day', person_id, 40) = 0
            then make_date(cast(floor((2016 - age_in_2017) / 4.0) as integer) * 4, 2, 29)
        else make_date(2017 - age_in_2017, 1, 1) + pick('birthday', person_id, 365)
    end as birth_date,
    case
        when draw('language', person_id) < 0.86 then 'en'
        when draw('language', person_id) < 0.98 then 'es'
        else 'fr'
    end as language_code,
    cast(1 + pick('house', person_id, 400) as varchar)
        || [' Sample Street', ' Placeholder Avenue', ' Example Road', ' Specimen Lane', ' Fiction Boulevard'][
            1 + pick('street', person_id, 5)
        ] as street_address,
    ['Sampleton', 'Fictionville', 'Demoburg', 'Placeholder Falls', 'Exampleton', 'Specimen Springs'][
        1 + pick('city', person_id, 6)
    ] as city,
    -- ZIP codes 00100 to 00499 are assigned to no place
    lpad(cast(100 + pick('zip', person_id, 400) as varchar), 5, '0') as postal_code,
from aged
inner join first_names on first_names.name_index = aged.first_name_index
inner join last_names on last_names.name_index = aged.last_name_index;

-- The three addresses a person may give, all in domains kept for examples (RFC 2606).
create macro email_of(seq, first_slug, last_slug, which) as
    case which
        when 1 then
            first_slug || '.' || last_slug || seq
            || ['@example.com', '@example.org', '@example.net'][1 + pick('domain 1', seq || '', 3)]
        when 2 then
            substring(first_slug, 1, 1) || '.' || last_slug || seq
            || ['@example.net', '@example.com', '@example.org'][1 + pick('domain 2', seq || '', 3)]
        when 3 then first_slug || '_' || seq || '@example.com'
    end;

-- The two telephone numbers a person may give: place 0 to 19,999 in the fictitious range, no place twice (7919 and
-- 20000 have no common divisor).
create macro phone_place(seq, which) as ((seq * 2 + which - 1) * 7919) % 20000;
