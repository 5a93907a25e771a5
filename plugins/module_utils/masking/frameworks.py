# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What common frameworks keep that would act, let in or call back, were it copied to staging.

Each has a table by which it is known. Of its other tables, where they are there, it is told what
becomes of their columns, which whoever declares rules may say otherwise, and of single rows, where
a table has rows of all kinds. Columns that are named in neither place have to be declared.

Sources: the migrations of Django 5, django-rest-framework, django-oauth-toolkit, allauth, Celery
and django-q; Rails 8 with Devise, Doorkeeper, Delayed Job, GoodJob, Que and Solid Queue; Laravel 12
with Sanctum, Passport and Telescope; WordPress 6 with WooCommerce and Action Scheduler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .methods import KEEP, NULL, TRUNCATE


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table. where: which, in SQL. sets: what their columns become, in SQL; where
    there is none, the rows go.
    """

    table: str
    where: str
    sets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Framework:
    """known_by: a table that it has, and a column of that. rules: as they are declared."""

    name: str
    known_by: tuple[str, str]
    rules: Mapping[str, Any]
    rows: tuple[Rows, ...] = ()


NO_PASSWORD = {"mask": "constant", "value": "!"}


def _kept(*columns: str) -> dict[str, str]:
    return dict.fromkeys(columns, KEEP)


def _gone(*tables: str) -> dict[str, str]:
    return dict.fromkeys(tables, TRUNCATE)


DJANGO = Framework(
    "Django",
    ("django_migrations", "applied"),
    {
        "django_migrations": _kept("id", "app", "name", "applied"),
        "django_content_type": _kept("id", "app_label", "model"),
        "django_site": {"id": KEEP, "domain": "host", "name": "host"},
        "auth_group": _kept("id", "name"),
        "auth_group_permissions": _kept("id", "group_id", "permission_id"),
        "auth_permission": _kept("id", "name", "content_type_id", "codename"),
        "auth_user_groups": _kept("id", "user_id", "group_id"),
        "auth_user_user_permissions": _kept("id", "user_id", "permission_id"),
        "auth_user": {
            **_kept("id", "last_login", "is_superuser", "is_staff", "is_active", "date_joined"),
            "password": NO_PASSWORD,
            "username": "username",
            "first_name": "first_name",
            "last_name": "last_name",
            "email": "email",
        },
        "account_emailaddress": {
            **_kept("id", "user_id", "verified", "primary"),
            "email": "email",
        },
        **_gone(
            "account_emailconfirmation",
            "authtoken_token",
            "django_admin_log",
            "django_celery_results_groupresult",
            "django_celery_results_taskresult",
            "django_q_ormq",
            "django_q_schedule",
            "django_q_task",
            "django_session",
            "oauth2_provider_accesstoken",
            "oauth2_provider_grant",
            "oauth2_provider_idtoken",
            "oauth2_provider_refreshtoken",
            "otp_static_statictoken",
            "otp_totp_totpdevice",
            "socialaccount_socialaccount",
            "socialaccount_socialtoken",
            "token_blacklist_blacklistedtoken",
            "token_blacklist_outstandingtoken",
        ),
    },
    (
        Rows("django_celery_beat_periodictask", "enabled", {"enabled": "false"}),
        Rows(
            "oauth2_provider_application",
            "true",
            {"client_secret": "'!'", "redirect_uris": "phoenix_mask.host(redirect_uris)"},
        ),
        Rows("socialaccount_socialapp", "true", {"secret": "'!'", "key": "'!'"}),
    ),
)
DEVISE = {
    "encrypted_password": NO_PASSWORD,
    **dict.fromkeys(
        ("reset_password_token", "confirmation_token", "unlock_token", "invitation_token"), NULL
    ),
    **dict.fromkeys(("current_sign_in_ip", "last_sign_in_ip"), "ip"),
    **_kept(
        "id",
        "reset_password_sent_at",
        "remember_created_at",
        "sign_in_count",
        "current_sign_in_at",
        "last_sign_in_at",
        "confirmed_at",
        "confirmation_sent_at",
        "failed_attempts",
        "locked_at",
        "created_at",
        "updated_at",
    ),
    "email": "email",
    "unconfirmed_email": "email",
    "password_digest": NO_PASSWORD,
    "remember_digest": NULL,
}
RAILS = Framework(
    "Rails",
    ("ar_internal_metadata", "key"),
    {
        "ar_internal_metadata": _kept("key", "value", "created_at", "updated_at"),
        "schema_migrations": _kept("version"),
        "users": DEVISE,
        **_gone(
            "action_mailbox_inbound_emails",
            "delayed_jobs",
            "good_job_batches",
            "good_job_executions",
            "good_job_processes",
            "good_job_settings",
            "good_jobs",
            "oauth_access_grants",
            "oauth_access_tokens",
            "que_jobs",
            "que_values",
            "que_lockers",
            "sessions",
            "solid_cache_entries",
            "solid_queue_blocked_executions",
            "solid_queue_claimed_executions",
            "solid_queue_failed_executions",
            "solid_queue_jobs",
            "solid_queue_pauses",
            "solid_queue_processes",
            "solid_queue_ready_executions",
            "solid_queue_recurring_executions",
            "solid_queue_recurring_tasks",
            "solid_queue_scheduled_executions",
            "solid_queue_semaphores",
        ),
    },
    (
        # By this its tools refuse to empty a database.
        Rows("ar_internal_metadata", "key = 'environment'", {"value": "'staging'"}),
        Rows(
            "oauth_applications",
            "true",
            {"secret": "'!'", "redirect_uri": "phoenix_mask.host(redirect_uri)"},
        ),
    ),
)
LARAVEL = Framework(
    "Laravel",
    ("migrations", "batch"),
    {
        "migrations": _kept("id", "migration", "batch"),
        "users": {
            **_kept("id", "email_verified_at", "created_at", "updated_at"),
            "name": "name",
            "email": "email",
            "password": NO_PASSWORD,
            **dict.fromkeys(
                ("remember_token", "two_factor_secret", "two_factor_recovery_codes"), NULL
            ),
            "two_factor_confirmed_at": NULL,
        },
        **_gone(
            "cache",
            "cache_locks",
            "failed_jobs",
            "job_batches",
            "jobs",
            "oauth_access_tokens",
            "oauth_auth_codes",
            "oauth_device_codes",
            "oauth_personal_access_clients",
            "oauth_refresh_tokens",
            "password_reset_tokens",
            "password_resets",
            "personal_access_tokens",
            "sessions",
            "telescope_entries",
            "telescope_entries_tags",
            "telescope_monitoring",
            "webhook_calls",
        ),
    },
    (Rows("oauth_clients", "true", {"secret": "'!'"}),),
)
WORDPRESS = Framework(
    "WordPress",
    ("wp_options", "option_name"),
    {
        "wp_options": {
            **_kept("option_id", "option_name", "autoload"),
            "option_value": "host",
        },
        "wp_users": {
            **_kept("id", "ID", "user_registered", "user_status"),
            "user_login": "username",
            "user_pass": NO_PASSWORD,
            "user_nicename": "username",
            "user_email": "email",
            "user_url": "url",
            "user_activation_key": {"mask": "constant", "value": ""},
            "display_name": "name",
        },
        "wp_comments": {
            **_kept(
                *("comment_id", "comment_ID", "comment_post_id", "comment_post_ID"),
                *("comment_date", "comment_date_gmt", "comment_karma", "comment_approved"),
                *("comment_type", "comment_parent", "user_id"),
            ),
            "comment_author": "name",
            "comment_author_email": "email",
            "comment_author_url": "url",
            "comment_author_ip": "ip",
            "comment_author_IP": "ip",
            "comment_content": "text",
            "comment_agent": "text",
        },
        **_gone(
            "wp_actionscheduler_actions",
            "wp_actionscheduler_claims",
            "wp_actionscheduler_logs",
            "wp_wc_rate_limits",
            "wp_wc_webhooks",
            "wp_woocommerce_api_keys",
            "wp_woocommerce_payment_tokenmeta",
            "wp_woocommerce_payment_tokens",
            "wp_woocommerce_sessions",
        ),
    },
    (
        Rows("wp_options", "option_name = 'cron'", {"option_value": "'a:0:{}'"}),
        Rows(
            "wp_options",
            "option_name ~ '^(_site)?_transient_|^mailserver_|_(secret|token|api_key|salt)$|_smtp$"
            "|^(auth|secure_auth|logged_in|nonce|secret)_key$'",
            {},
        ),
        Rows("wp_usermeta", "meta_key in ('session_tokens', '_application_passwords')", {}),
    ),
)
FRAMEWORKS = (DJANGO, RAILS, LARAVEL, WORDPRESS)
