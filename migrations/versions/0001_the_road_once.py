"""the road once"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "capture_sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_capture_sources_name")),
    )
    op.create_table(
        "companies",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("domain", name=op.f("uq_companies_domain")),
    )
    op.create_table(
        "installations",
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_installations")),
    )
    op.create_table(
        "job_lanes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_lanes")),
    )
    op.create_table(
        "jobs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claims", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_dead", "jobs", ["dead_at"], unique=False, postgresql_where=sa.text("dead_at is not null"))
    op.create_index(
        "ix_jobs_lane",
        "jobs",
        ["lane", "priority", "run_at", "id"],
        unique=False,
        postgresql_where=sa.text("lane is not null and leased_until is null and dead_at is null"),
    )
    op.create_index(
        "ix_jobs_leased", "jobs", ["leased_until"], unique=False, postgresql_where=sa.text("leased_until is not null")
    )
    op.create_index(
        "ix_jobs_ready",
        "jobs",
        ["priority", "run_at", "id"],
        unique=False,
        postgresql_where=sa.text("lane is null and leased_until is null and dead_at is null"),
    )
    op.create_index(
        "uq_jobs_pending_key",
        "jobs",
        ["name", "key"],
        unique=True,
        postgresql_where=sa.text("leased_until is null and dead_at is null"),
    )
    op.create_table(
        "reps",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("slack_user_id", sa.Text(), nullable=True),
        sa.Column("slack_dm_id", sa.Text(), nullable=True),
        sa.Column("crm_user_id", sa.Text(), nullable=True),
        sa.Column("available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reps")),
        sa.UniqueConstraint("email", name=op.f("uq_reps_email")),
        sa.UniqueConstraint("slack_user_id", name=op.f("uq_reps_slack_user_id")),
    )
    op.create_table(
        "scoring_models",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_models")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_scoring_models_name_version")),
    )
    op.create_index(
        "uq_scoring_models_active",
        "scoring_models",
        ["status"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "leads",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), server_default="captured", nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("fit", sa.BigInteger(), nullable=True),
        sa.Column("intent", sa.BigInteger(), nullable=True),
        sa.Column("negative", sa.BigInteger(), nullable=True),
        sa.Column("score_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enriched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("became_sales_ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nurtured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bulk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_leads_company_id_companies")),
        sa.ForeignKeyConstraint(["owner_id"], ["reps.id"], name=op.f("fk_leads_owner_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("email", name=op.f("uq_leads_email")),
    )
    op.create_index("ix_leads_captured_at", "leads", ["captured_at"], unique=False)
    op.create_index(op.f("ix_leads_company_id"), "leads", ["company_id"], unique=False)
    op.create_index(op.f("ix_leads_owner_id"), "leads", ["owner_id"], unique=False)
    op.create_index("ix_leads_stage_tier", "leads", ["stage", "tier"], unique=False)
    op.create_table(
        "pools",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("slack_channel", sa.Text(), nullable=True),
        sa.Column("manager_id", sa.BigInteger(), nullable=True),
        sa.Column("short_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["manager_id"], ["reps.id"], name=op.f("fk_pools_manager_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pools")),
        sa.UniqueConstraint("name", name=op.f("uq_pools_name")),
    )
    op.create_index(op.f("ix_pools_manager_id"), "pools", ["manager_id"], unique=False)
    op.create_table(
        "arrivals",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_key", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_arrivals_lead_id_leads")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["capture_sources.id"], name=op.f("fk_arrivals_source_id_capture_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
        sa.UniqueConstraint("source_id", "delivery_key", name=op.f("uq_arrivals_source_id_delivery_key")),
    )
    op.create_index(op.f("ix_arrivals_lead_id"), "arrivals", ["lead_id"], unique=False)
    op.create_index(
        "ix_arrivals_refused", "arrivals", ["received_at"], unique=False, postgresql_where=sa.text("state = 'refused'")
    )
    op.create_table(
        "handoffs",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=True),
        sa.Column("rep_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("bulk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("became_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.BigInteger(), nullable=True),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["accepted_by"], ["reps.id"], name=op.f("fk_handoffs_accepted_by_reps")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_handoffs_lead_id_leads")),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_handoffs_pool_id_pools")),
        sa.ForeignKeyConstraint(["rejected_by"], ["reps.id"], name=op.f("fk_handoffs_rejected_by_reps")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_handoffs_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
        sa.UniqueConstraint("lead_id", "cycle", name=op.f("uq_handoffs_lead_id_cycle")),
    )
    op.create_index("ix_handoffs_became_at", "handoffs", ["became_at"], unique=False)
    op.create_index(
        "ix_handoffs_open", "handoffs", ["pool_id"], unique=False, postgresql_where=sa.text("status = 'open'")
    )
    op.create_index(op.f("ix_handoffs_rep_id"), "handoffs", ["rep_id"], unique=False)
    op.create_index(
        "uq_handoffs_live",
        "handoffs",
        ["lead_id"],
        unique=True,
        postgresql_where=sa.text("status in ('accepted', 'contacted', 'offered', 'open', 'qualified')"),
    )
    op.create_table(
        "pool_members",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("virtual_time", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_turn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("weight between 1 and 100", name=op.f("ck_pool_members_weight")),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_pool_members_pool_id_pools")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_pool_members_rep_id_reps")),
        sa.PrimaryKeyConstraint("pool_id", "rep_id", name=op.f("pk_pool_members")),
    )
    op.create_index(op.f("ix_pool_members_rep_id"), "pool_members", ["rep_id"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cost_cents", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_profiles_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("lead_id", "provider", name=op.f("uq_profiles_lead_id_provider")),
    )
    op.create_table(
        "scores",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("fit", sa.BigInteger(), nullable=False),
        sa.Column("intent", sa.BigInteger(), nullable=False),
        sa.Column("negative", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("disqualified_by", sa.Text(), nullable=True),
        sa.Column("ledger", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_scores_lead_id_leads")),
        sa.ForeignKeyConstraint(["model_id"], ["scoring_models.id"], name=op.f("fk_scores_model_id_scoring_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
    )
    op.create_index("ix_scores_lead_id_as_of", "scores", ["lead_id", "as_of"], unique=False)
    op.create_table(
        "system_links",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("dirty", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("dirty_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_hash", sa.Text(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_system_links_lead_id_leads")),
        sa.PrimaryKeyConstraint("lead_id", "system", name=op.f("pk_system_links")),
    )
    op.create_index(
        "ix_system_links_dirty",
        "system_links",
        ["system", "dirty_since"],
        unique=False,
        postgresql_where=sa.text("dirty_since is not null"),
    )
    op.create_table(
        "territories",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("when", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_territories_pool_id_pools")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territories")),
    )
    op.create_index(op.f("ix_territories_pool_id"), "territories", ["pool_id"], unique=False)
    op.create_index("ix_territories_role_position", "territories", ["role", "position"], unique=False)
    op.create_table(
        "card_places",
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drawn", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_card_places_handoff_id_handoffs")),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_card_places")),
    )
    op.create_table(
        "contact_attempts",
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_contact_attempts_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_contact_attempts_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempts")),
        sa.UniqueConstraint("key", name=op.f("uq_contact_attempts_key")),
    )
    op.create_index(op.f("ix_contact_attempts_handoff_id"), "contact_attempts", ["handoff_id"], unique=False)
    op.create_index(op.f("ix_contact_attempts_rep_id"), "contact_attempts", ["rep_id"], unique=False)
    op.create_table(
        "lead_events",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        sa.Column("handoff_id", sa.BigInteger(), nullable=True),
        sa.Column("rep_id", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_lead_events_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_events_lead_id_leads")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_lead_events_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_events")),
    )
    op.create_index(op.f("ix_lead_events_handoff_id"), "lead_events", ["handoff_id"], unique=False)
    op.create_index("ix_lead_events_kind_at", "lead_events", ["kind", "at"], unique=False)
    op.create_index("ix_lead_events_lead_id_at", "lead_events", ["lead_id", "at"], unique=False)
    op.create_index(op.f("ix_lead_events_rep_id"), "lead_events", ["rep_id"], unique=False)
    op.create_table(
        "sla_clocks",
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_sla_clocks_handoff_id_handoffs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_clocks")),
        sa.UniqueConstraint("handoff_id", "kind", name=op.f("uq_sla_clocks_handoff_id_kind")),
    )
    op.create_index(
        "ix_sla_clocks_next_at",
        "sla_clocks",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at is not null"),
    )
    op.create_table(
        "touches",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("arrival_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrivals.id"], name=op.f("fk_touches_arrival_id_arrivals")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_touches_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touches")),
        sa.UniqueConstraint("arrival_id", name=op.f("uq_touches_arrival_id")),
    )
    op.create_index("ix_touches_lead_id_occurred_at", "touches", ["lead_id", "occurred_at"], unique=False)
    op.execute("insert into installations (key) values (left(gen_random_uuid()::text, 8))")


def downgrade() -> None:
    op.drop_index("ix_touches_lead_id_occurred_at", table_name="touches")
    op.drop_table("touches")
    op.drop_index("ix_sla_clocks_next_at", table_name="sla_clocks", postgresql_where=sa.text("next_at is not null"))
    op.drop_table("sla_clocks")
    op.drop_index(op.f("ix_lead_events_rep_id"), table_name="lead_events")
    op.drop_index("ix_lead_events_lead_id_at", table_name="lead_events")
    op.drop_index("ix_lead_events_kind_at", table_name="lead_events")
    op.drop_index(op.f("ix_lead_events_handoff_id"), table_name="lead_events")
    op.drop_table("lead_events")
    op.drop_index(op.f("ix_contact_attempts_rep_id"), table_name="contact_attempts")
    op.drop_index(op.f("ix_contact_attempts_handoff_id"), table_name="contact_attempts")
    op.drop_table("contact_attempts")
    op.drop_table("card_places")
    op.drop_index("ix_territories_role_position", table_name="territories")
    op.drop_index(op.f("ix_territories_pool_id"), table_name="territories")
    op.drop_table("territories")
    op.drop_index(
        "ix_system_links_dirty", table_name="system_links", postgresql_where=sa.text("dirty_since is not null")
    )
    op.drop_table("system_links")
    op.drop_index("ix_scores_lead_id_as_of", table_name="scores")
    op.drop_table("scores")
    op.drop_table("profiles")
    op.drop_index(op.f("ix_pool_members_rep_id"), table_name="pool_members")
    op.drop_table("pool_members")
    op.drop_index(
        "uq_handoffs_live",
        table_name="handoffs",
        postgresql_where=sa.text("status in ('accepted', 'contacted', 'offered', 'open', 'qualified')"),
    )
    op.drop_index(op.f("ix_handoffs_rep_id"), table_name="handoffs")
    op.drop_index("ix_handoffs_open", table_name="handoffs", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_handoffs_became_at", table_name="handoffs")
    op.drop_table("handoffs")
    op.drop_index("ix_arrivals_refused", table_name="arrivals", postgresql_where=sa.text("state = 'refused'"))
    op.drop_index(op.f("ix_arrivals_lead_id"), table_name="arrivals")
    op.drop_table("arrivals")
    op.drop_index(op.f("ix_pools_manager_id"), table_name="pools")
    op.drop_table("pools")
    op.drop_index("ix_leads_stage_tier", table_name="leads")
    op.drop_index(op.f("ix_leads_owner_id"), table_name="leads")
    op.drop_index(op.f("ix_leads_company_id"), table_name="leads")
    op.drop_index("ix_leads_captured_at", table_name="leads")
    op.drop_table("leads")
    op.drop_index(
        "uq_scoring_models_active", table_name="scoring_models", postgresql_where=sa.text("status = 'active'")
    )
    op.drop_table("scoring_models")
    op.drop_table("reps")
    op.drop_index(
        "uq_jobs_pending_key", table_name="jobs", postgresql_where=sa.text("leased_until is null and dead_at is null")
    )
    op.drop_index(
        "ix_jobs_ready",
        table_name="jobs",
        postgresql_where=sa.text("lane is null and leased_until is null and dead_at is null"),
    )
    op.drop_index("ix_jobs_leased", table_name="jobs", postgresql_where=sa.text("leased_until is not null"))
    op.drop_index(
        "ix_jobs_lane",
        table_name="jobs",
        postgresql_where=sa.text("lane is not null and leased_until is null and dead_at is null"),
    )
    op.drop_index("ix_jobs_dead", table_name="jobs", postgresql_where=sa.text("dead_at is not null"))
    op.drop_table("jobs")
    op.drop_table("job_lanes")
    op.drop_table("installations")
    op.drop_table("companies")
    op.drop_table("capture_sources")
