# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What masks a value, as functions within the database: no value of a row ever leaves it.

Each takes the value, the key of this refresh, and mostly for how many characters there is room, 0
for any. Equal values have equal masks, wherever they stand, so that rows still belong together;
once the key is gone nothing leads back. NULL stays NULL.

What a mask could do harm with is of a space that is nobody's: example.org (RFC 2606), country code
999, which is not assigned (ITU-T E.164), 240.0.0.0/4 (RFC 1112) and 2001:db8::/32 (RFC 3849), cards
of the range that payment providers keep for tests, and bank accounts in XK with bank 9999. Names
are made of syllables, for a real name might be somebody's here.
"""

from __future__ import annotations

SCHEMA = "phoenix_mask"
# None of them is in many real names, and no two of them are.
SYLLABLES = (
    *("baz", "dag", "fal", "gev", "giz", "hul", "jax", "kov", "lez", "lix", "mon", "nuz", "pyr"),
    *("qen", "riv", "sel", "tow", "vug", "wez", "xaf", "yor", "zib", "zud", "fex", "hoj", "kiz"),
    *("lub", "wyg", "qas"),
)
FIRST = [a + b for a in SYLLABLES for b in SYLLABLES]
# A prime number of them, which are far apart.
LAST = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES][::6][:4057]
WORDS = (
    "lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut "
    "labore et dolore magna aliqua. ut enim ad minim veniam, quis nostrud exercitation ullamco "
    "laboris nisi ut aliquip ex ea commodo consequat. "
)


def _table(names: list[str]) -> str:
    """Names as bytes one after the other: of a text PostgreSQL counts each sign before a place."""
    return f"'{''.join(name.capitalize() for name in names)}'::bytea"


def _name(function: str, names: list[str]) -> str:
    """The function that picks one of names, which are of one length."""
    size = len(names[0])
    return f"""
create or replace function {SCHEMA}.{function}(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select left(
        {SCHEMA}.one_of({_table(names)}, {size}, {SCHEMA}.whole('{function}', v, k)),
        {SCHEMA}.room(size, {size})
    )
$$;
"""


# In SQL a function becomes a part of the statement, which is a good deal faster than calling it;
# one that needs a digest more than once is in PL/pgSQL, where that is computed once.
SETUP = rf"""
create schema if not exists {SCHEMA};
revoke all on schema {SCHEMA} from public;
create table if not exists {SCHEMA}.key (key bytea not null, one bool primary key default true);
create table if not exists {SCHEMA}.done (
    name text primary key, rows bigint not null, seconds float not null, anew bool default false
);
create table if not exists {SCHEMA}.hosts (production text primary key, staging text not null);

create or replace function {SCHEMA}.digest(kind text, value text, key bytea) returns bytea
language sql stable parallel safe as $$
    select sha256(key || convert_to(kind || ':' || value, 'UTF8'))
$$;

create or replace function {SCHEMA}.flat(v anyarray) returns anyarray
language plpgsql immutable strict parallel safe as $$
begin
    if array_ndims(v) > 1 then
        raise exception using errcode = 'feature_not_supported',
            message = 'a list of lists cannot be masked: give its column null or keep';
    end if;
    return v;
end $$;

create or replace function {SCHEMA}.hex(kind text, value text, key bytea) returns text
language sql stable parallel safe as $$
    select encode({SCHEMA}.digest(kind, value, key), 'hex')
$$;

create or replace function {SCHEMA}.whole(kind text, value text, key bytea) returns bigint
language sql stable parallel safe as $$
    select ('x' || substr({SCHEMA}.hex(kind, value, key), 1, 15))::bit(60)::bigint
$$;

create or replace function {SCHEMA}.room(size int, wanted int) returns int
language sql immutable parallel safe as $$
    select case when size = 0 then wanted else least(size, wanted) end
$$;

create or replace function {SCHEMA}.email(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select 'u' || substr({SCHEMA}.hex('email', v, k), 1, {SCHEMA}.room(size, 33) - 13)
        || '@example.org'
$$;

create or replace function {SCHEMA}.username(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select 'u' || substr({SCHEMA}.hex('username', v, k), 1, {SCHEMA}.room(size, 21) - 1)
$$;

create or replace function {SCHEMA}.one_of(names bytea, size int, number bigint) returns text
language sql immutable parallel safe as $$
    select encode(
        substr(names, (1 + size * (number % (octet_length(names) / size)))::int, size), 'escape'
    )
$$;

{_name("first_name", FIRST)}
{_name("last_name", LAST)}
{_name("place", LAST)}
create or replace function {SCHEMA}.full_name(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select left(
        {SCHEMA}.first_name(v, k, 0) || ' ' || {SCHEMA}.last_name(v, k, 0), {SCHEMA}.room(size, 16)
    )
$$;

create or replace function {SCHEMA}.address(v text, k bytea, size int) returns text
language plpgsql stable parallel safe as $$
declare n bigint := {SCHEMA}.whole('address', v, k);
begin
    return left(
        1 + n % 200 || ' ' || {SCHEMA}.one_of({_table(LAST)}, 9, n / 200) || ' Street, '
        || {SCHEMA}.one_of({_table(LAST)}, 9, n / 900000), {SCHEMA}.room(size, 34)
    );
end $$;

create or replace function {SCHEMA}.phone(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select left('+999' || lpad(
        ({SCHEMA}.whole('phone', v, k) % 100000000000)::text, 11, '0'
    ), {SCHEMA}.room(size, 15))
$$;

create or replace function {SCHEMA}.prose(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select rpad(
        substr('{WORDS}', 1 + ({SCHEMA}.whole('text', v, k) % 120)::int), length(v), '{WORDS}'
    )
$$;

create or replace function {SCHEMA}.card(v text, k bytea, size int) returns text
language plpgsql stable parallel safe as $$
declare
    long int := least(
        greatest(length(v) - length(translate(v, '0123456789', '')), 13), 19,
        {SCHEMA}.room(size, 19)
    );
    n bigint := {SCHEMA}.whole('card', v, k) % (10::numeric ^ (long - 7))::bigint;
    left_ bigint := n;
    -- That of the 4 with which it begins.
    sum int := case when long % 2 = 0 then 8 else 4 end;
begin
    if v is null then return null; end if;
    -- From the last digit but the one that is looked for: each other one counts twice.
    while left_ > 0 loop
        sum := sum + (left_ % 10 * 2 + left_ % 10 / 5 + left_ / 10 % 10)::int;
        left_ := left_ / 100;
    end loop;
    return '400000' || lpad(n::text, long - 7, '0') || (10 - sum % 10) % 10;
end $$;

create or replace function {SCHEMA}.iban(v text, k bytea, size int) returns text
language plpgsql stable parallel safe as $$
declare
    account text := '9999' || lpad(
        ({SCHEMA}.whole('iban', v, k) % 1000000000000)::text, 12, '0'
    );
begin
    -- X and K are 33 and 20, and two noughts stand for the check digits (ISO 13616).
    return 'XK' || lpad((98 - (account || '332000')::numeric % 97)::text, 2, '0') || account;
end $$;

create or replace function {SCHEMA}.bank_account(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select rpad('9999' || {SCHEMA}.whole('bank', v, k)::text, {SCHEMA}.room(size, 12), '0')
$$;

create or replace function {SCHEMA}.ip(v text, k bytea, size int) returns text
language plpgsql stable parallel safe as $$
declare d bytea := {SCHEMA}.digest('ip', split_part(btrim(v), '/', 1), k);
begin
    if v is null then return null; end if;
    if v not like '%:%' then
        return '240.' || get_byte(d, 0) || '.' || get_byte(d, 1) || '.' || get_byte(d, 2);
    end if;
    return '2001:db8:' || rtrim(
        regexp_replace(encode(substr(d, 1, 12), 'hex'), '(.{{4}})', '\1:', 'g'), ':'
    );
end $$;

create or replace function {SCHEMA}.token(v text, k bytea, size int) returns text
language plpgsql stable parallel safe as $$
declare found text := {SCHEMA}.hex('token', v, k);
begin
    return left(repeat(found, 1 + length(v) / 64), greatest(length(v), {SCHEMA}.room(size, 32)));
end $$;

create or replace function {SCHEMA}.url(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select 'https://example.org/'
        || substr({SCHEMA}.hex('url', v, k), 1, {SCHEMA}.room(size, 40) - 20)
$$;

create or replace function {SCHEMA}.file(v text, k bytea, size int) returns text
language sql stable parallel safe as $$
    select substr({SCHEMA}.hex('file', v, k), 1, {SCHEMA}.room(size, 28) - 8)
        || coalesce(lower(substring(v from '\.[A-Za-z0-9]{{1,7}}$')), '')
$$;

create or replace function {SCHEMA}.plain_host(v text) returns text
language plpgsql stable parallel safe as $$
declare one record;
begin
    -- What was replaced already has the old name in it where that is the end of the new one.
    for one in select * from {SCHEMA}.hosts order by length(staging) desc loop
        v := replace(v, one.staging, one.production);
    end loop;
    for one in select *, row_number() over (order by production) as n from {SCHEMA}.hosts
        order by length(production) desc loop
        v := replace(v, one.production, chr(1) || one.n || chr(2));
    end loop;
    for one in select *, row_number() over (order by production) as n from {SCHEMA}.hosts loop
        v := replace(v, chr(1) || one.n || chr(2), one.staging);
    end loop;
    return v;
end $$;

create or replace function {SCHEMA}.host(v text, k bytea default null, size int default 0)
returns text language plpgsql stable parallel safe as $$
declare rest text := v; found text := ''; head text[]; part text;
begin
    if v !~ '^[aO]:[0-9]+:' then return {SCHEMA}.plain_host(v); end if;
    -- As PHP writes lists and objects, a text comes after the number of its bytes.
    loop
        head := regexp_match(rest, '^(.*?)s:([0-9]{{1,9}}):"');
        if head is null then return found || {SCHEMA}.plain_host(rest); end if;
        rest := substr(rest, length(head[1]) + length(head[2]) + 5);
        part := convert_from(substr(convert_to(rest, 'UTF8'), 1, head[2]::int), 'UTF8');
        rest := substr(rest, length(part) + 1);
        part := {SCHEMA}.plain_host(part);
        found := found || head[1] || 's:' || octet_length(part) || ':"' || part;
    end loop;
exception when character_not_in_repertoire or substring_error then
    -- The number is not that of its bytes, so nobody reads it as a list any more.
    return {SCHEMA}.plain_host(v);
end $$;

create or replace function {SCHEMA}.uuid(v text, k bytea) returns uuid
language sql stable parallel safe as $$
    select overlay(
        overlay(substr({SCHEMA}.hex('uuid', v, k), 1, 32) placing '4' from 13) placing 'a' from 17
    )::uuid
$$;

create or replace function {SCHEMA}.bytes(v bytea, k bytea) returns bytea
language plpgsql stable parallel safe as $$
declare found bytea := sha256(k || v);
begin
    return case when v is null then null else substr(
        decode(repeat(encode(found, 'hex'), 1 + length(v) / 32), 'hex'), 1, length(v)
    ) end;
end $$;

create or replace function {SCHEMA}.days(who text, k bytea, most int) returns int
language plpgsql stable parallel safe as $$
declare found int := {SCHEMA}.whole('days', who, k) % (2 * most);
begin
    -- Never none.
    return case when found < most then found - most else found - most + 1 end;
end $$;

create or replace function {SCHEMA}.within(v text, k bytea, low numeric, high numeric, places int)
returns numeric language sql stable parallel safe as $$
    select low + trunc(
        {SCHEMA}.whole('number', v, k)::numeric / (2::numeric ^ 60)
        * (high - low + 10::numeric ^ -places), places
    )
$$;

create or replace function {SCHEMA}.scalar(v jsonb, method text, k bytea) returns jsonb
language plpgsql stable parallel safe as $$
declare t text := v #>> '{{}}'; kind text := jsonb_typeof(v); found text;
begin
    if kind = 'null' or method = 'keep' then return v; end if;
    if method = 'null' then return 'null'; end if;
    if kind not in ('string', 'number') then return v; end if;
    found := case method
        {{scalars}}
    end;
    if kind = 'number' and method in ('card', 'phone', 'bank_account') then
        return to_jsonb(regexp_replace(found, '\D', '', 'g')::numeric);
    end if;
    return to_jsonb(found);
end $$;

create or replace function {SCHEMA}.json(v jsonb, paths jsonb, k bytea) returns jsonb
language plpgsql stable parallel safe as $$
-- paths: for each key, "*" for any other and "[]" for items, a method or the paths below it.
declare below jsonb; found jsonb;
begin
    if v is null then return null; end if;
    if jsonb_typeof(paths) = 'string' and paths #>> '{{}}' = 'keep' then return v; end if;
    if jsonb_typeof(paths) = 'string' and paths #>> '{{}}' = 'null' then return 'null'; end if;
    case jsonb_typeof(v)
    when 'object' then
        select coalesce(jsonb_object_agg(key, {SCHEMA}.json(value, case
            when jsonb_typeof(paths) = 'object' then coalesce(paths -> key, paths -> '*') else paths
        end, k)), '{{}}') into found from jsonb_each(v);
        return found;
    when 'array' then
        below := case when jsonb_typeof(paths) = 'object' then paths -> '[]' else paths end;
        select coalesce(jsonb_agg({SCHEMA}.json(value, below, k) order by place), '[]') into found
        from jsonb_array_elements(v) with ordinality as e(value, place);
        return found;
    else
        -- What no path names is masked where it is a text, or a number as a card or account has it.
        if jsonb_typeof(paths) = 'string' then
            return {SCHEMA}.scalar(v, paths #>> '{{}}', k);
        end if;
        return case
            when jsonb_typeof(v) = 'string' then {SCHEMA}.scalar(v, 'text', k)
            when v::text ~ '^[0-9]{{9,}}$' then {SCHEMA}.scalar(v, 'bank_account', k)
            else v
        end;
    end case;
end $$;
"""
