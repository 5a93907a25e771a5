-- What visitors have written.
create table entries (
    id bigint generated always as identity primary key,
    key text not null unique,
    name text not null,
    text text not null,
    written timestamptz not null default now()
);
