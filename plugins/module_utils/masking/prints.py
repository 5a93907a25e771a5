# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the proof reads a value: as words, whatever is between them and however they are cased.

What is looked for is kept as prints, 64 bits of a hash with a salt, in a schema of its own that
goes with the proof. A print is of a whole value, of words that follow one another, or of digits.

Millions of values are read so, and hardly one of them has what is looked for: what costs least
comes first, and what follows is asked of the rest. A function in SQL of one `select` becomes a part
of the statement; one in PL/pgSQL is called for each value.
"""

from __future__ import annotations

from .schema import literal

SCHEMA = "phoenix_proof"
# As many words as are looked for in a row; of a longer value so many from its beginning.
MOST_WORDS = 5
# A single word tells of somebody only where it is none that others use.
LEAST_SIGNS, LEAST_DIGITS = 6, 9
# How many signs an account has, by country (registry of ISO 13616), and how cards begin.
IBANS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
    "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
    "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 "
)
CARDS = (
    r"^(4[0-9]{12}([0-9]{3}([0-9]{3})?)?|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}"
    r"|3(0[0-5]|[68][0-9])[0-9]{11}|6(011|5[0-9]{2}|4[4-9][0-9])[0-9]{12,15})$"
)
ACCOUNT = r"\m([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\M"
# Of JSON Web Tokens, payment providers, AWS, GitHub and Slack; private keys, and passwords as kept.
TOKEN = (
    r"(eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|\m(sk|pk|rk)_live_\w{8,}|\m(AKIA|ASIA)[A-Z0-9]{16}\M"
    r"|\mgh[pousr]_\w{30,}|\mxox[abprs]-|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\$2[aby]\$\d\d\$[./A-Za-z0-9]{50,}|\$argon2)"
)
# Where none of these is found, there is none of the above but those that are nobody's. They look
# neither back nor far ahead, which takes a tenth of the time.
MANY_DIGITS = rf"[0-9]([ ().\-/]*[0-9]){{{LEAST_DIGITS - 1}}}"
MAYBE_MAIL = r"@(?!example\.org($|[^[:alnum:].-]))"
MAYBE_PHONE = r"(\+|tel:|(^|[^\w-])00)([1-8]|9[^9]|99[^9])[0-9 ().\-/]{5}"
FOURS = "|".join(rf"4([ -]?0){{{n}}}[ -]?[1-9]([ -]?[0-9]){{{11 - n}}}" for n in range(5))
MAYBE_CARD = rf"(^|[^\w-])([2356]([ -]?[0-9]){{12}}|{FOURS})"
COUNTRIES = "|".join(one[:2] for one in IBANS.split() if not one.startswith("XK"))
MAYBE_ACCOUNT = rf"\m({COUNTRIES})[0-9]{{2}}[A-Z0-9 ]{{8}}|\mXK[0-9]{{2}} ?9{{0,3}}[^9 ]"
MAYBE_TOKEN = r"eyJ|_live_|A[KS]IA|gh[pousr]_|xox|PRIVATE KEY|\$2[aby]\$|\$argon2"
# Whatever of this is between two words, it is the same.
BETWEEN = "".join(chr(c) for c in range(1, 128) if not chr(c).isalnum()) + (
    "\u00a0\u00ab\u00b7\u00bb\u2010\u2011\u2012\u2013\u2014"
    "\u2018\u2019\u201c\u201d\u201e\u2022\u2026"
)
SEPARATORS = "".join(f"\\{c}" if c in r"\]^[-" else c for c in BETWEEN)
# Digits that are no word by themselves: with something between them, or a letter at an end.
SPLIT_DIGITS = (
    rf"[0-9][ ().\-/]+[0-9]|[^{SEPARATORS}0-9][0-9]{{{LEAST_DIGITS}}}"
    rf"|[0-9]{{{LEAST_DIGITS}}}[^{SEPARATORS}0-9]"
)
# Hashes and identifiers in hexadecimal: digits that follow one another in them are nobody's number,
# and among a million of them some are the same as in another one. What has letters before or behind
# a number only is none: `CC` with a card, an account with its country.
HEX = (
    r"(?<![0-9a-z])("
    r"(?=[0-9a-f]*[0-9][a-f]+[0-9]+[a-f]+[0-9])[0-9a-f]{16,}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r")(?![0-9a-z])"
)
SETUP = rf"""
create schema if not exists {SCHEMA};
revoke all on schema {SCHEMA} from public;
create table if not exists {SCHEMA}.salt (
    salt text not null, rules text not null, one bool primary key default true
);
create table if not exists {SCHEMA}.prints (
    origin text not null, print bigint not null, telling bool not null, head bigint, many int
);
create table if not exists {SCHEMA}.heads (print bigint not null, many int not null);
create table if not exists {SCHEMA}.before (
    name text primary key, rows bigint not null, filled jsonb not null, prints bigint not null,
    sums jsonb not null default '{{}}'
);

create or replace function {SCHEMA}.text(v bytea) returns text
language plpgsql immutable strict parallel safe as $$
begin
    return convert_from(v, 'UTF8');
exception when others then
    -- Of UTF-16 every other byte is none; any other one that is no sign of a word ends it.
    return regexp_replace(replace(encode(v, 'escape'), '\000', ''), '\\[0-7]{{3}}', ' ', 'g');
end $$;

create or replace function {SCHEMA}.decoded(t text) returns text
language plpgsql immutable strict parallel safe as $$
-- As it is once what JSON and URLs write for signs is read: \u00fc, %40. NULL where it is the same.
declare read text := t; one text; code int;
begin
    for one in select distinct m[1] from regexp_matches(t, '\\u([0-9a-fA-F]{{4}})', 'g') as m loop
        code := ('x' || one)::bit(16)::int;
        read := replace(read, '\u' || one,
            case when code = 0 or code between 55296 and 57343 then ' ' else chr(code) end);
    end loop;
    for one in select distinct m[1] from regexp_matches(
        read, '((?:%[0-9a-fA-F]{{2}})+)', 'g'
    ) as m loop
        begin
            read := replace(read, one, convert_from(decode(replace(one, '%', ''), 'hex'), 'UTF8'));
        exception when others then
            read := replace(read, one, ' ');
        end;
    end loop;
    return nullif(read, t);
end $$;

create or replace function {SCHEMA}.plain(t text) returns text
language sql immutable strict parallel safe as $$
    select regexp_replace(t, '\\["\\/bfnrt]', ' ', 'g')
$$;

create or replace function {SCHEMA}.leaves(v jsonb, paths jsonb) returns setof text
language sql immutable strict parallel safe rows 5 as $$
    -- paths: for each key, "*" for any other and "[]" for items, whether it goes or what is below.
    with recursive at(rule, value) as (
        select paths, v
        union all
        select case when jsonb_typeof(at.rule) = 'object'
            then coalesce(at.rule -> below.step, at.rule -> below.other) else at.rule end,
            below.value
        from at, lateral (
            select key, '*', value
            from jsonb_each(
                case when jsonb_typeof(at.value) = 'object' then at.value else '{{}}' end
            )
            union all
            select '[]', '[]', value from jsonb_array_elements(
                case when jsonb_typeof(at.value) = 'array' then at.value else '[]' end
            )
        ) as below(step, other, value)
    )
    select value #>> '{{}}' from at
    where jsonb_typeof(value) in ('string', 'number') and rule is distinct from 'false'
        and (jsonb_typeof(value) = 'string' or length(value #>> '{{}}') >= {LEAST_DIGITS})
$$;

create or replace function {SCHEMA}.list(t text) returns text[]
language sql stable parallel safe as $$
    select string_to_array(btrim(regexp_replace(
        lower(t collate "default"), {literal(f"[{SEPARATORS}]+")}, ' ', 'g'
    )), ' ')
$$;

create or replace function {SCHEMA}.words(t text) returns text
language sql stable parallel safe as $$
    select array_to_string({SCHEMA}.list(t), ' ')
$$;

create or replace function {SCHEMA}.print(t text, salt text) returns bigint
language sql stable parallel safe as $$
    select hashtextextended(salt || t, 0)
$$;

create or replace function {SCHEMA}.telling(words text) returns bool
language sql immutable parallel safe as $$
    select case
        when words like '% %' then length(words) >= {LEAST_SIGNS}
        when words ~ '^[0-9]+$' then length(words) >= {LEAST_DIGITS}
        when words ~ '[0-9]' then length(words) >= {LEAST_SIGNS}
        else false
    end
$$;

create or replace function {SCHEMA}.digits(t text) returns setof text
language sql stable parallel safe rows 1 as $$
    select d from (
        select regexp_replace(m[1], '[^0-9]', '', 'g') as d
        from regexp_matches(
            regexp_replace(t, '{HEX}', '#', 'gi'), '([0-9][0-9 ().\-/]*[0-9])', 'g'
        ) as m
    ) as found where length(d) >= {LEAST_DIGITS}
$$;

create or replace function {SCHEMA}.luhn(digits text) returns bool
language plpgsql immutable strict parallel safe as $$
declare sum int := 0; one int;
begin
    for i in 1 .. length(digits) loop
        one := substr(digits, length(digits) + 1 - i, 1)::int;
        if i % 2 = 0 then one := one * 2 - case when one > 4 then 9 else 0 end; end if;
        sum := sum + one;
    end loop;
    return sum % 10 = 0;
end $$;

create or replace function {SCHEMA}.valid_iban(account text) returns bool
language plpgsql immutable strict parallel safe as $$
declare turned text := substr(account, 5) || left(account, 4); digits text := '';
begin
    for i in 1 .. length(turned) loop
        digits := digits || case
            when substr(turned, i, 1) ~ '[0-9]' then substr(turned, i, 1)
            else (ascii(substr(turned, i, 1)) - 55)::text
        end;
    end loop;
    return digits::numeric % 97 = 1;
end $$;

create or replace function {SCHEMA}.leads(t text, production text[], staging text[]) returns bool
language plpgsql stable parallel safe as $$
-- Whether it names a host of production, but as that of a mail.
declare one text;
begin
    t := lower(t);
    foreach one in array staging loop t := replace(t, lower(one), ''); end loop;
    foreach one in array production loop
        if strpos(t, lower(one)) > 0 and t ~ (
            '(?<![@\w-])' || regexp_replace(lower(one), '([^\w])', '\\\1', 'g') || '(?![\w-])'
        ) then return true; end if;
    end loop;
    return false;
end $$;

create or replace function {SCHEMA}.maybe(t text) returns bool
language sql immutable parallel safe as $$
    -- Whether patterns may find something.
    select t like '%@%' and t ~ '{MAYBE_MAIL}' or t ~ '{MAYBE_PHONE}' or t ~ '{MAYBE_TOKEN}'
        or t ~ '{MANY_DIGITS}' and t ~ '{MAYBE_CARD}' or upper(t) ~ '{MAYBE_ACCOUNT}'
$$;

create or replace function {SCHEMA}.patterns(t text, allowed text[]) returns setof text
language plpgsql stable strict parallel safe rows 1 as $$
-- What somebody could be reached, paid from or let in by. allowed: domains, and whole addresses.
declare found text; digits text;
begin
    if t like '%@%' then
        for found in select lower(m[1]) from regexp_matches(
            t, '([[:alnum:]._%+-]+@[[:alnum:]-]+(?:\.[[:alnum:]-]+)*\.[[:alpha:]]{{2,}})', 'g'
        ) as m loop
            if found <> all(allowed) and not exists (
                select from unnest(allowed) as a(domain)
                where split_part(found, '@', 2) = domain
                    or right(found, length(domain) + 1) = '.' || domain
            ) then return next 'mail'; end if;
        end loop;
    end if;
    if t ~ '[0-9].*[0-9].*[0-9].*[0-9].*[0-9].*[0-9].*[0-9].*[0-9]' then
        for found in select m[1] from regexp_matches(
            t, '(?<![\w-])(?<![0-9] )((?:\+|00|tel:)[1-9][0-9 ().\-/]{{6,}}[0-9])(?![\w-])', 'g'
        ) as m loop
            digits := regexp_replace(regexp_replace(found, '[^0-9]', '', 'g'), '^00', '');
            if length(digits) between 8 and 15 and digits not like '999%' then
                return next 'phone';
            end if;
        end loop;
        for found in select m[1] from regexp_matches(
            t, '(?<![\w-])([2-6][0-9](?:[ -]?[0-9]){{11,17}})(?![\w-])', 'g'
        ) as m loop
            digits := regexp_replace(found, '[^0-9]', '', 'g');
            if digits ~ '{CARDS}' and digits not like '400000%' and {SCHEMA}.luhn(digits) then
                return next 'card';
            end if;
        end loop;
        for found in select replace(m[1], ' ', '') from regexp_matches(
            upper(t), '{ACCOUNT}', 'g'
        ) as m loop
            if '{IBANS}' like '%' || left(found, 2) || length(found) || '%'
                and found not like 'XK__9999%' and {SCHEMA}.valid_iban(found)
            then return next 'iban'; end if;
        end loop;
    end if;
    if t ~ '{TOKEN}'
    then return next 'token'; end if;
end $$;
"""
