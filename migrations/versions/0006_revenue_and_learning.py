"""revenue and learning"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "attribution_files",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_files")),
    )
    op.create_table(
        "attribution_fits",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("journeys", sa.BigInteger(), nullable=False),
        sa.Column("won", sa.BigInteger(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution_fits")),
    )
    op.create_index("ix_attribution_fits_model_fitted_at", "attribution_fits", ["model", "fitted_at"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.PrimaryKeyConstraint("base", "currency", "since", name=op.f("pk_exchange_rates")),
    )
    op.create_table(
        "loop_runs",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loop_runs")),
        sa.UniqueConstraint("kind", "period", "audience", name=op.f("uq_loop_runs_kind_period_audience")),
    )
    op.create_table(
        "costs",
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_costs_campaign_id_campaigns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_costs")),
        sa.UniqueConstraint(
            "campaign_id",
            "channel",
            "since",
            "until",
            name=op.f("uq_costs_campaign_id_channel_since_until"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_costs_until", "costs", ["until"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("base_id", sa.BigInteger(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("shadow_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shadow_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rolled_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rolled_back_by", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("drawn", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["base_id"], ["scoring_models.id"], name=op.f("fk_proposals_base_id_scoring_models")),
        sa.ForeignKeyConstraint(["decided_by"], ["reps.id"], name=op.f("fk_proposals_decided_by_reps")),
        sa.ForeignKeyConstraint(["model_id"], ["scoring_models.id"], name=op.f("fk_proposals_model_id_scoring_models")),
        sa.ForeignKeyConstraint(["rolled_back_by"], ["reps.id"], name=op.f("fk_proposals_rolled_back_by_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_base_id"), "proposals", ["base_id"], unique=False)
    op.create_index(op.f("ix_proposals_decided_by"), "proposals", ["decided_by"], unique=False)
    op.create_index("ix_proposals_made_at", "proposals", ["made_at"], unique=False)
    op.create_index(op.f("ix_proposals_model_id"), "proposals", ["model_id"], unique=False)
    op.create_index(op.f("ix_proposals_rolled_back_by"), "proposals", ["rolled_back_by"], unique=False)
    op.create_index(
        "uq_proposals_open",
        "proposals",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("status in ('open', 'shadow')"),
    )
    op.create_table(
        "pulses",
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leads", sa.BigInteger(), nullable=False),
        sa.Column("feeling", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("drawn", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_pulses_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulses")),
        sa.UniqueConstraint("rep_id", "period", name=op.f("uq_pulses_rep_id_period")),
    )
    op.create_index(
        "ix_pulses_answered_at",
        "pulses",
        ["answered_at"],
        unique=False,
        postgresql_where=sa.text("answered_at is not null"),
    )
    op.create_table(
        "learnings",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("base_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["base_id"], ["scoring_models.id"], name=op.f("fk_learnings_base_id_scoring_models")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_learnings_proposal_id_proposals")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learnings")),
    )
    op.create_index(op.f("ix_learnings_base_id"), "learnings", ["base_id"], unique=False)
    op.create_index("ix_learnings_kind_at", "learnings", ["kind", "at"], unique=False)
    op.create_index(op.f("ix_learnings_proposal_id"), "learnings", ["proposal_id"], unique=False)
    op.create_table(
        "credit_runs",
        sa.Column("opportunity_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=True),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("touches", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["attribution_files.id"], name=op.f("fk_credit_runs_file_id_attribution_files")
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_credit_runs_opportunity_id_opportunities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_runs")),
        sa.UniqueConstraint("opportunity_id", "version", name=op.f("uq_credit_runs_opportunity_id_version")),
    )
    op.create_index(
        "ix_credit_runs_closed_at",
        "credit_runs",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_index(op.f("ix_credit_runs_file_id"), "credit_runs", ["file_id"], unique=False)
    op.create_index(
        "uq_credit_runs_current",
        "credit_runs",
        ["opportunity_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "deal_handoffs",
        sa.Column("opportunity_id", sa.BigInteger(), nullable=False),
        sa.Column("handoff_id", sa.BigInteger(), nullable=True),
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=True),
        sa.Column("pool_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("drawn", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["reps.id"], name=op.f("fk_deal_handoffs_decided_by_reps")),
        sa.ForeignKeyConstraint(["from_id"], ["reps.id"], name=op.f("fk_deal_handoffs_from_id_reps")),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_deal_handoffs_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_deal_handoffs_opportunity_id_opportunities")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_deal_handoffs_pool_id_pools")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_deal_handoffs_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_handoffs")),
    )
    op.create_index(op.f("ix_deal_handoffs_decided_by"), "deal_handoffs", ["decided_by"], unique=False)
    op.create_index(op.f("ix_deal_handoffs_from_id"), "deal_handoffs", ["from_id"], unique=False)
    op.create_index(op.f("ix_deal_handoffs_handoff_id"), "deal_handoffs", ["handoff_id"], unique=False)
    op.create_index(
        "ix_deal_handoffs_live_rep_id",
        "deal_handoffs",
        ["rep_id"],
        unique=False,
        postgresql_where=sa.text("status in ('accepted', 'offered')"),
    )
    op.create_index("ix_deal_handoffs_opportunity_id", "deal_handoffs", ["opportunity_id"], unique=False)
    op.create_index(op.f("ix_deal_handoffs_pool_id"), "deal_handoffs", ["pool_id"], unique=False)
    op.create_index(
        "ix_deal_handoffs_remind_at",
        "deal_handoffs",
        ["remind_at"],
        unique=False,
        postgresql_where=sa.text("remind_at is not null"),
    )
    op.create_index(
        "uq_deal_handoffs_live",
        "deal_handoffs",
        ["opportunity_id"],
        unique=True,
        postgresql_where=sa.text("status in ('accepted', 'offered')"),
    )
    op.add_column("turns", sa.Column("deal_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_turns_deal_id"), "turns", ["deal_id"], unique=False)
    op.create_foreign_key(op.f("fk_turns_deal_id_deal_handoffs"), "turns", "deal_handoffs", ["deal_id"], ["id"])
    op.add_column("opportunities", sa.Column("crm_owner_id", sa.Text(), nullable=True))
    op.add_column("opportunities", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("opportunities", sa.Column("stuck_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_opportunities_waits_since",
        "opportunities",
        ["waits_since"],
        unique=False,
        postgresql_where=sa.text("waits_since is not null"),
    )
    op.create_table(
        "credits",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("fit_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("touch_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["fit_id"], ["attribution_fits.id"], name=op.f("fk_credits_fit_id_attribution_fits")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_credits_lead_id_leads")),
        sa.ForeignKeyConstraint(["run_id"], ["credit_runs.id"], name=op.f("fk_credits_run_id_credit_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
    )
    op.create_index(op.f("ix_credits_fit_id"), "credits", ["fit_id"], unique=False)
    op.create_index(op.f("ix_credits_lead_id"), "credits", ["lead_id"], unique=False)
    op.create_index("ix_credits_model_closed_at", "credits", ["model", "closed_at"], unique=False)
    op.create_index("ix_credits_run_id_model", "credits", ["run_id", "model"], unique=False)
    op.add_column("handoffs", sa.Column("model_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_handoffs_model_id_scoring_models"), "handoffs", "scoring_models", ["model_id"], ["id"]
    )
    op.execute("update handoffs set model_id = scores.model_id from scores where scores.id = handoffs.score_id")
    op.drop_index("ix_handoffs_became_at", table_name="handoffs")
    op.create_index(
        "ix_handoffs_became_at",
        "handoffs",
        ["became_at"],
        unique=False,
        postgresql_include=[
            "id",
            "lead_id",
            "cycle",
            "tier",
            "score",
            "model_id",
            "status",
            "pool_id",
            "rep_id",
            "accepted_at",
            "contacted_at",
            "qualified_at",
            "rejected_at",
            "reason",
        ],
    )
    op.create_index(
        "ix_opportunities_opened_at",
        "opportunities",
        ["opened_at"],
        unique=False,
        postgresql_include=["lead_id", "handoff_id", "won", "closed_at"],
    )


def downgrade() -> None:
    op.drop_index("ix_opportunities_opened_at", table_name="opportunities")
    op.drop_index("ix_handoffs_became_at", table_name="handoffs")
    op.create_index(
        "ix_handoffs_became_at",
        "handoffs",
        ["became_at"],
        unique=False,
        postgresql_include=[
            "id",
            "lead_id",
            "tier",
            "status",
            "rep_id",
            "accepted_at",
            "contacted_at",
            "qualified_at",
            "rejected_at",
            "reason",
        ],
    )
    op.drop_constraint(op.f("fk_handoffs_model_id_scoring_models"), "handoffs", type_="foreignkey")
    op.drop_column("handoffs", "model_id")
    op.drop_index("ix_credits_run_id_model", table_name="credits")
    op.drop_index("ix_credits_model_closed_at", table_name="credits")
    op.drop_index(op.f("ix_credits_lead_id"), table_name="credits")
    op.drop_index(op.f("ix_credits_fit_id"), table_name="credits")
    op.drop_table("credits")
    op.drop_index(
        "ix_opportunities_waits_since",
        table_name="opportunities",
        postgresql_where=sa.text("waits_since is not null"),
    )
    op.drop_column("opportunities", "stuck_at")
    op.drop_column("opportunities", "waits_since")
    op.drop_column("opportunities", "crm_owner_id")
    op.drop_constraint(op.f("fk_turns_deal_id_deal_handoffs"), "turns", type_="foreignkey")
    op.drop_index(op.f("ix_turns_deal_id"), table_name="turns")
    op.drop_column("turns", "deal_id")
    op.drop_index(
        "uq_deal_handoffs_live",
        table_name="deal_handoffs",
        postgresql_where=sa.text("status in ('accepted', 'offered')"),
    )
    op.drop_index(
        "ix_deal_handoffs_remind_at", table_name="deal_handoffs", postgresql_where=sa.text("remind_at is not null")
    )
    op.drop_index(op.f("ix_deal_handoffs_pool_id"), table_name="deal_handoffs")
    op.drop_index("ix_deal_handoffs_opportunity_id", table_name="deal_handoffs")
    op.drop_index(
        "ix_deal_handoffs_live_rep_id",
        table_name="deal_handoffs",
        postgresql_where=sa.text("status in ('accepted', 'offered')"),
    )
    op.drop_index(op.f("ix_deal_handoffs_handoff_id"), table_name="deal_handoffs")
    op.drop_index(op.f("ix_deal_handoffs_from_id"), table_name="deal_handoffs")
    op.drop_index(op.f("ix_deal_handoffs_decided_by"), table_name="deal_handoffs")
    op.drop_table("deal_handoffs")
    op.drop_index("uq_credit_runs_current", table_name="credit_runs", postgresql_where=sa.text("superseded_at is null"))
    op.drop_index(op.f("ix_credit_runs_file_id"), table_name="credit_runs")
    op.drop_index(
        "ix_credit_runs_closed_at", table_name="credit_runs", postgresql_where=sa.text("superseded_at is null")
    )
    op.drop_table("credit_runs")
    op.drop_index(op.f("ix_learnings_proposal_id"), table_name="learnings")
    op.drop_index("ix_learnings_kind_at", table_name="learnings")
    op.drop_index(op.f("ix_learnings_base_id"), table_name="learnings")
    op.drop_table("learnings")
    op.drop_index("ix_pulses_answered_at", table_name="pulses", postgresql_where=sa.text("answered_at is not null"))
    op.drop_table("pulses")
    op.drop_index("uq_proposals_open", table_name="proposals", postgresql_where=sa.text("status in ('open', 'shadow')"))
    op.drop_index(op.f("ix_proposals_rolled_back_by"), table_name="proposals")
    op.drop_index(op.f("ix_proposals_model_id"), table_name="proposals")
    op.drop_index("ix_proposals_made_at", table_name="proposals")
    op.drop_index(op.f("ix_proposals_decided_by"), table_name="proposals")
    op.drop_index(op.f("ix_proposals_base_id"), table_name="proposals")
    op.drop_table("proposals")
    op.drop_index("ix_costs_until", table_name="costs")
    op.drop_table("costs")
    op.drop_table("loop_runs")
    op.drop_table("exchange_rates")
    op.drop_table("campaigns")
    op.drop_index("ix_attribution_fits_model_fitted_at", table_name="attribution_fits")
    op.drop_table("attribution_fits")
    op.drop_table("attribution_files")
