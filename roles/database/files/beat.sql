-- Write a beat, and tell which one the copies of the server have. One call at a time, to its commit.
--
-- A copy has a beat when it has replayed the commit of the beat, and where in the log that is cannot be known before
-- it is there. So each beat keeps what had been inserted into the log when it was called, behind the commit of the
-- beat before it: who has replayed up to there has that one, and all that anybody was told is written before it. What
-- was inserted and not what was written, for that holds without synchronous_commit, too.
create or replace function phoenix.beat()
returns table (
  written_id bigint, written_at timestamptz, written_writes bigint,
  replicated_id bigint, replicated_at timestamptz, replicated_writes bigint
)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $beat$
  -- Or a beat that was called first could be committed last. It is let go after the commit. No lock of the table, for
  -- which a vacuum would make way.
  select pg_advisory_xact_lock(7420919);

  delete from phoenix.heartbeat where at < clock_timestamp() - interval '1 hour';

  insert into phoenix.heartbeat (at, lsn, writes)
  select clock_timestamp(), pg_current_wal_insert_lsn(), coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
  from pg_stat_user_tables where schemaname <> 'phoenix';

  select written.id, written.at, written.writes, replicated.id, replicated.at, replicated.writes
  from (select * from phoenix.heartbeat order by id desc limit 1) as written
  left join (
    select * from phoenix.heartbeat
    where id < (
      select max(id) from phoenix.heartbeat
      where lsn <= (
        -- Who only decodes the log is no copy. Who makes a first one has replayed nothing.
        select min(replay_lsn) from pg_stat_replication as sender
        where not exists (
          select from pg_replication_slots where active_pid = sender.pid and slot_type = 'logical'
        )
      )
    )
    order by id desc limit 1
  ) as replicated on true;
$beat$
