# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters that a group of RDS for PostgreSQL has, and which values they take.

Names and ranges are those of PostgreSQL 15 itself (`pg_settings`), with what versions 11 to 17 have
beside it; those of RDS and of its extensions are from the Amazon RDS User Guide ("RDS for
PostgreSQL DB instance parameter list", and the chapters of the extensions). Which version has which
is not asked. A range may be narrower on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from moto.rds.exceptions import RDSClientError as Refusal

# Kind, least and most, and the parameters with this range, in PostgreSQL's own units.
_NUMBERS = """
integer -2147483648 2147483647 max_pred_locks_per_relation
integer -15 3 extra_float_digits
integer -1 10000 autovacuum_vacuum_cost_limit
integer -1 86400 old_snapshot_threshold
integer -1 262143 wal_buffers
integer -1 1073741823 log_parameter_max_length log_parameter_max_length_on_error
integer -1 2147483647 auto_explain.log_min_duration autovacuum_vacuum_insert_threshold
    autovacuum_work_mem log_autovacuum_min_duration log_min_duration_sample
    log_min_duration_statement log_temp_files max_slot_wal_keep_size max_standby_archive_delay
    max_standby_streaming_delay temp_file_limit
integer 0 256 backend_flush_after bgwriter_flush_after checkpoint_flush_after
integer 0 1000 commit_siblings effective_io_concurrency maintenance_io_concurrency
integer 0 1024 max_parallel_apply_workers_per_subscription max_parallel_maintenance_workers
    max_parallel_workers max_parallel_workers_per_gather rds.pg_stat_ramdisk_size
integer 0 10000 vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss
integer 0 100000 commit_delay
integer 0 131072 commit_timestamp_buffers subtransaction_buffers transaction_buffers
integer 0 262143 max_logical_replication_workers max_prepared_transactions max_replication_slots
    max_sync_workers_per_subscription max_wal_senders max_worker_processes
integer 0 1000000 vacuum_defer_cleanup_age
integer 0 2097151 log_rotation_size
integer 0 2147483 wal_receiver_status_interval
integer 0 16777216 vacuum_buffer_usage_limit
integer 0 35791394 log_rotation_age wal_summary_keep_time
integer 0 715827882 min_parallel_index_scan_size min_parallel_table_scan_size
integer 0 1000000000 vacuum_freeze_min_age vacuum_multixact_freeze_min_age
integer 0 1073741823 bgwriter_lru_maxpages
integer 0 2000000000 vacuum_freeze_table_age vacuum_multixact_freeze_table_age
integer 0 2100000000 vacuum_failsafe_age vacuum_multixact_failsafe_age
integer 0 2147483647 autovacuum_analyze_threshold autovacuum_vacuum_threshold checkpoint_warning
    client_connection_check_interval cron.max_running_jobs geqo_generations geqo_pool_size
    gin_fuzzy_search_limit huge_page_size idle_in_transaction_session_timeout
    idle_session_timeout lock_timeout log_startup_progress_interval max_pred_locks_per_page
    pg_bigm.gin_key_limit pg_partman_bgw.interval pg_prewarm.autoprewarm_interval
    rds.rds_superuser_reserved_connections reserved_connections scram_iterations
    statement_timeout tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval
    tcp_user_timeout transaction_timeout wal_keep_segments wal_keep_size wal_receiver_timeout
    wal_sender_timeout wal_skip_threshold wal_writer_flush_after
integer 1 10 geqo_effort
integer 1 32 io_combine_limit
integer 1 600 authentication_timeout
integer 1 10000 default_statistics_target vacuum_cost_limit wal_writer_delay
integer 1 262143 autovacuum_max_workers
integer 1 2147483 autovacuum_naptime
integer 1 2147483647 deadlock_timeout effective_cache_size from_collapse_limit
    join_collapse_limit wal_retrieve_retry_interval
integer 2 2147483647 geqo_threshold max_wal_size min_wal_size
integer 6 8388607 max_connections
integer 10 10000 bgwriter_delay
integer 10 2147483647 max_locks_per_transaction max_pred_locks_per_transaction
integer 16 131072 multixact_member_buffers multixact_offset_buffers notify_buffers
    serializable_buffers
integer 16 1073741823 shared_buffers
integer 30 86400 checkpoint_timeout
integer 64 2147483647 gin_pending_list_limit logical_decoding_work_mem max_files_per_process
    max_notify_queue_pages work_mem
integer 100 1048576 track_activity_query_size
integer 100 1073741823 pg_stat_statements.max temp_buffers
integer 100 2147483647 max_stack_depth
integer 1024 2147483647 maintenance_work_mem
integer 1440 10080 rds.log_retention_period
integer 10000 2000000000 autovacuum_multixact_freeze_max_age
integer 65536 1073741823 wal_decode_buffer_size
integer 100000 2000000000 autovacuum_freeze_max_age
real -1 100 autovacuum_vacuum_cost_delay
real -1 1.79769e+308 jit_above_cost jit_inline_above_cost jit_optimize_above_cost
real 0 1 auto_explain.sample_rate checkpoint_completion_target cursor_tuple_fraction geqo_seed
    log_statement_sample_rate log_transaction_sample_rate pg_bigm.similarity_limit
real 0 10 bgwriter_lru_multiplier
real 0 100 autovacuum_analyze_scale_factor autovacuum_vacuum_insert_scale_factor
    autovacuum_vacuum_scale_factor vacuum_cost_delay
real 0 1e+10 vacuum_cleanup_index_scale_factor
real 0 1.79769e+308 cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost parallel_setup_cost
    parallel_tuple_cost random_page_cost seq_page_cost
real 0.001 1e+06 recursive_worktable_factor
real 1 1000 hash_mem_multiplier
real 1.5 2 geqo_selection_bias
"""
# The words, and the parameters that take these; a tilde is a space.
_WORDS = """
TLSv1,TLSv1.1,TLSv1.2,TLSv1.3 ssl_min_protocol_version
auto,force_generic_plan,force_custom_plan plan_cache_mode
auto,regress,on,off compute_query_id
base64,hex xmlbinary
buffered,immediate debug_logical_replication_streaming logical_replication_mode
content,document xmloption
debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic
    cron.log_min_messages log_min_error_statement log_min_messages pg_hint_plan.message_level
    pg_hint_plan.parse_messages pglogical.conflict_log_level
debug5,debug4,debug3,debug2,debug1,info,notice,warning,log auto_explain.log_level
    pgaudit.log_level
debug5,debug4,debug3,debug2,debug1,log,notice,warning,error client_min_messages
disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic
    rds.force_admin_logging_level rds.force_autovacuum_logging_level
disabled,debug5,debug4,debug3,debug2,debug1,log,notice,warning,error icu_validation_level
error,apply_remote,keep_local,last_update_wins,first_update_wins pglogical.conflict_resolution
escape,hex bytea_output
local,remote_write,remote_apply,on,off synchronous_commit
md5+scram,scram rds.accepted_password_auth_method
md5,scram-sha-256 password_encryption
none,cache,snapshot stats_fetch_consistency
none,ddl,mod,all log_statement
none,pl,all track_functions
none,top,all pg_stat_statements.track
off,on,regress debug_parallel_query force_parallel_mode
off,on,require pgtle.enable_password_check
off,on,try huge_pages
off,on,verbose,detailed pg_hint_plan.debug_print
origin,replica,local session_replication_role
partition,on,off constraint_exclusion
pglz,lz4 default_toast_compression
pglz,lz4,zstd,on,off wal_compression
postgres,postgres_verbose,sql_standard,iso_8601 intervalstyle
safe_encoding,on,off backslash_quote
serializable,repeatable~read,read~committed,read~uncommitted default_transaction_isolation
    transaction_isolation
terse,default,verbose log_error_verbosity
text,xml,json,yaml auto_explain.log_format
"""
_FLAGS = """
array_nulls auto_explain.log_analyze auto_explain.log_buffers auto_explain.log_nested_statements
auto_explain.log_settings auto_explain.log_timing auto_explain.log_triggers
auto_explain.log_verbose auto_explain.log_wal autovacuum check_function_bodies
cron.enable_superuser_jobs cron.log_run cron.log_statement cron.use_background_workers
debug_pretty_print debug_print_parse debug_print_plan debug_print_rewritten
default_transaction_deferrable default_transaction_read_only default_with_oids enable_async_append
enable_bitmapscan enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin
enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize
enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash
enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join
enable_presorted_aggregate enable_seqscan enable_sort enable_tidscan escape_string_warning
event_triggers fsync full_page_writes geqo gss_accept_delegation hot_standby_feedback jit
jit_expressions jit_tuple_deforming log_checkpoints log_connections log_disconnections
log_duration log_executor_stats log_hostname log_lock_waits log_parser_stats log_planner_stats
log_recovery_conflict_waits log_replication_commands log_statement_stats
operator_precedence_warning parallel_leader_participation pg_bigm.enable_recheck
pg_hint_plan.enable_hint pg_hint_plan.enable_hint_table pg_partman_bgw.analyze
pg_partman_bgw.jobmon pg_prewarm.autoprewarm pg_stat_statements.save
pg_stat_statements.track_planning pg_stat_statements.track_utility pgaudit.log_catalog
pgaudit.log_client pgaudit.log_parameter pgaudit.log_relation pgaudit.log_rows
pgaudit.log_statement pgaudit.log_statement_once pglogical.batch_inserts
pglogical.synchronous_commit pglogical.use_spi pgtle.enable_clientauth quote_all_identifiers
rds.adaptive_autovacuum rds.custom_dns_resolution rds.enable_pgactive rds.enable_plan_management
rds.force_ssl rds.logical_replication rds.restrict_password_commands row_security
standard_conforming_strings summarize_wal sync_replication_slots synchronize_seqscans
trace_connection_negotiation track_activities track_commit_timestamp track_counts track_io_timing
track_wal_io_timing transaction_deferrable transaction_read_only transform_null_equals
update_process_title wal_receiver_create_temp_slot
"""
_TEXTS = """
application_name client_encoding createrole_self_grant cron.database_name cron.timezone datestyle
default_table_access_method default_tablespace default_text_search_config lc_messages lc_monetary
lc_numeric lc_time log_destination log_filename log_line_prefix orafce.nls_date_format
orafce.timezone pg_partman_bgw.dbname pg_partman_bgw.role pgaudit.log pgaudit.role
pgtle.clientauth_databases_to_skip pgtle.clientauth_db_name pgtle.clientauth_users_to_skip
pgtle.passcheck_db_name postgis.gdal_enabled_drivers rds.allowed_extensions
restrict_nonsystem_relation_kind search_path session_preload_libraries shared_preload_libraries
ssl_ciphers synchronized_standby_slots temp_tablespaces timezone timezone_abbreviations
"""
# Those that need a restart (context `postmaster`, and those of RDS itself).
_STATIC = """
autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age
commit_timestamp_buffers cron.database_name cron.enable_superuser_jobs cron.log_run
cron.log_statement cron.max_running_jobs cron.timezone cron.use_background_workers huge_page_size
huge_pages max_connections max_files_per_process max_locks_per_transaction
max_logical_replication_workers max_notify_queue_pages max_pred_locks_per_transaction
max_prepared_transactions max_replication_slots max_wal_senders max_worker_processes
multixact_member_buffers multixact_offset_buffers notify_buffers old_snapshot_threshold
pg_prewarm.autoprewarm pg_stat_statements.max pglogical.batch_inserts pglogical.synchronous_commit
pglogical.use_spi rds.custom_dns_resolution rds.enable_pgactive rds.enable_plan_management
rds.logical_replication rds.pg_stat_ramdisk_size rds.rds_superuser_reserved_connections
rds.restrict_password_commands reserved_connections serializable_buffers shared_buffers
shared_preload_libraries subtransaction_buffers track_activity_query_size track_commit_timestamp
transaction_buffers wal_buffers wal_decode_buffer_size
"""
# What RDS sets, and nobody else.
_FIXED = """
allow_in_place_tablespaces allow_system_table_mods archive_cleanup_command archive_command
archive_library archive_mode archive_timeout backtrace_functions bonjour bonjour_name cluster_name
config_file cron.host data_directory data_sync_retry db_user_namespace debug_discard_caches
dynamic_library_path dynamic_shared_memory_type event_source exit_on_error extension_destdir
external_pid_file hba_file hot_standby ident_file ignore_checksum_failure ignore_invalid_pages
ignore_system_indexes jit_debugging_support jit_dump_bitcode jit_profiling_support jit_provider
krb_caseins_users krb_server_keyfile listen_addresses lo_compat_privileges local_preload_libraries
log_directory log_file_mode log_timezone log_truncate_on_rotation logging_collector
min_dynamic_shared_memory port post_auth_delay pre_auth_delay primary_conninfo primary_slot_name
promote_trigger_file rds.extensions rds.superuser_variables recovery_end_command
recovery_init_sync_method recovery_min_apply_delay recovery_prefetch recovery_target
recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name
recovery_target_time recovery_target_timeline recovery_target_xid remove_temp_files_after_crash
restart_after_crash restore_command shared_memory_type ssl ssl_ca_file ssl_cert_file ssl_crl_dir
ssl_crl_file ssl_dh_params_file ssl_ecdh_curve ssl_key_file ssl_max_protocol_version
ssl_passphrase_command ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers
stats_temp_directory superuser_reserved_connections synchronous_standby_names syslog_facility
syslog_ident syslog_sequence_numbers syslog_split_messages trace_notify trace_recovery_messages
trace_sort unix_socket_directories unix_socket_group unix_socket_permissions
wal_consistency_checking wal_init_zero wal_level wal_log_hints wal_recycle wal_sync_method
zero_damaged_pages
"""
_LOADED = """
auto_explain orafce pg_bigm pg_cron pg_hint_plan pg_prewarm pg_similarity pg_stat_statements pg_tle
pg_transport pgactive pgaudit pglogical plprofiler plrust rdsutils
"""
_TRUTH = frozenset({"0", "1", "on", "off", "true", "false", "yes", "no"})
# "Specifying DB parameters" in the user guide; what is in the braces is left to the server.
_FORMULA = re.compile(
    r"\{[^{}]*(AllocatedStorage|DBInstanceClassMemory|DBInstanceVCPU|EndPointPort)[^{}]*\}"
    r"|TrueIfReplica"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind` is integer, real, words, flag or text; `least` and `most` are for numbers."""

    kind: str
    least: float = 0.0
    most: float = 0.0
    words: frozenset[str] = frozenset()


def _all() -> Mapping[str, Parameter]:
    found = {name: Parameter("flag") for name in _FLAGS.split()}
    found |= {name: Parameter("text") for name in _TEXTS.split()}
    for row in _rows(_NUMBERS):
        kind, least, most, *names = row
        found |= {name: Parameter(kind, float(least), float(most)) for name in names}
    for row in _rows(_WORDS):
        words = frozenset(row[0].replace("~", " ").split(","))
        found |= {name: Parameter("words", words=words) for name in row[1:]}
    return found


def _rows(table: str) -> list[list[str]]:
    """The rows of a table, whose second and further lines are indented."""
    return [row.split() for row in re.split(r"\n(?! )", table.strip())]


PARAMETERS = _all()
STATIC = frozenset(_STATIC.split())
_LIBRARIES = frozenset(_LOADED.split())
_UNCHANGEABLE = frozenset(_FIXED.split())


def check_name(name: str) -> None:
    """Refuse a parameter that there is not, or that RDS lets nobody change.

    The text of the first is as users have reported it of AWS; code and text of the second were
    found nowhere.
    """
    if name.lower() in _UNCHANGEABLE:
        raise Refusal("InvalidParameterValue", f"The parameter {name} cannot be modified.")
    if name.lower() not in PARAMETERS:
        raise Refusal("InvalidParameterValue", f"Could not find parameter with name: {name}")


def check_value(name: str, value: str) -> None:
    """Refuse a value that a parameter does not take."""
    known = PARAMETERS[name.lower()]
    if name.lower() == "shared_preload_libraries":
        wanted = {library.strip() for library in value.split(",")} - {""}
        if not wanted <= _LIBRARIES:
            raise _bad(name, value, ",".join(sorted(_LIBRARIES)))
    elif known.kind == "flag" and value.lower() not in _TRUTH:
        raise _bad(name, value, "0,1")
    elif known.kind == "words" and not _word(known, value):
        raise _bad(name, value, ",".join(sorted(known.words)))
    elif known.kind in ("integer", "real") and not _FORMULA.search(value):
        number = _number(known.kind, value)
        if number is None or not known.least <= number <= known.most:
            raise _bad(name, value, f"{known.least:.15g}-{known.most:.15g}")


def _word(known: Parameter, value: str) -> bool:
    lower = value.lower()
    return lower in known.words or (lower in _TRUTH and {"on", "off"} <= known.words)


def _number(kind: str, value: str) -> float | None:
    pattern = r"[+-]?\d+" if kind == "integer" else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    return float(value) if re.fullmatch(pattern, value.strip()) else None


def _bad(name: str, value: str, allowed: str) -> Refusal:
    return Refusal(
        "InvalidParameterValue",
        f"Invalid parameter value: {value} for: {name} allowed values are: {allowed}",
    )
