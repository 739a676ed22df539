"""the surface that people live in"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "checks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_checks")),
    )
    op.create_table(
        "suppressions",
        sa.Column("identity_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identity_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "qualification_files",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification_files")),
    )
    op.create_table(
        "notices",
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        sa.Column("handoff_id", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_notices_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_notices_lead_id_leads")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_notices_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_handoff_id"), "notices", ["handoff_id"], unique=False)
    op.create_index(
        "ix_notices_held",
        "notices",
        ["rep_id"],
        unique=False,
        postgresql_where=sa.text("held in ('quiet_hours', 'budget', 'digest') and sent_at is null"),
    )
    op.create_index("ix_notices_kind_at", "notices", ["kind", "at"], unique=False)
    op.create_index(op.f("ix_notices_lead_id"), "notices", ["lead_id"], unique=False)
    op.create_index(
        "ix_notices_of_many",
        "notices",
        ["rep_id", "sent_at"],
        unique=False,
        postgresql_where=sa.text("data ? 'leads'"),
    )
    op.create_index("ix_notices_rep_id_at", "notices", ["rep_id", "at"], unique=False)
    op.create_table(
        "qualifications",
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("framework", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_qualifications_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_qualifications_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualifications")),
        sa.UniqueConstraint("key", name=op.f("uq_qualifications_key")),
    )
    op.create_index("ix_qualifications_handoff_id_at", "qualifications", ["handoff_id", "at"], unique=False)
    op.create_index(op.f("ix_qualifications_rep_id"), "qualifications", ["rep_id"], unique=False)
    op.create_table(
        "pool_calls",
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("drawn", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_pool_calls_handoff_id_handoffs")),
        sa.PrimaryKeyConstraint("handoff_id", name=op.f("pk_pool_calls")),
    )
    op.add_column("card_places", sa.Column("brief_claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("card_places", sa.Column("brief_ts", sa.Text(), nullable=True))
    op.add_column("card_places", sa.Column("brief_drawn", sa.Text(), nullable=True))
    op.add_column("card_places", sa.Column("permalink", sa.Text(), nullable=True))
    op.add_column("contact_attempts", sa.Column("next_step", sa.Text(), nullable=True))
    op.add_column("contact_attempts", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("handoffs", sa.Column("qualified_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_handoffs_qualified_by_reps"), "handoffs", "reps", ["qualified_by"], ["id"])
    op.add_column("reps", sa.Column("admin", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(
        "reps",
        sa.Column(
            "preferences", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("reps", sa.Column("home_opened_at", sa.DateTime(timezone=True), nullable=True))
    # What /leadstats counts is read from these alone.
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
    op.create_index(
        "ix_sla_clocks_started_at",
        "sla_clocks",
        ["started_at"],
        unique=False,
        postgresql_include=[
            "handoff_id",
            "kind",
            "outcome",
            "due_at",
            "breached_at",
            "running_since",
            "stopped_at",
        ],
    )
    for name in ("channel", "campaign"):
        op.create_index(
            f"ix_touches_{name}",
            "touches",
            [name, "lead_id", "occurred_at"],
            unique=False,
            postgresql_where=sa.text(f"{name} is not null"),
        )


def downgrade() -> None:
    for name in ("campaign", "channel"):
        op.drop_index(f"ix_touches_{name}", table_name="touches", postgresql_where=sa.text(f"{name} is not null"))
    op.drop_index("ix_sla_clocks_started_at", table_name="sla_clocks")
    op.drop_index("ix_handoffs_became_at", table_name="handoffs")
    op.create_index("ix_handoffs_became_at", "handoffs", ["became_at"], unique=False)
    op.drop_column("reps", "home_opened_at")
    op.drop_column("reps", "preferences")
    op.drop_column("reps", "admin")
    op.drop_constraint(op.f("fk_handoffs_qualified_by_reps"), "handoffs", type_="foreignkey")
    op.drop_column("handoffs", "qualified_by")
    op.drop_column("contact_attempts", "next_at")
    op.drop_column("contact_attempts", "next_step")
    op.drop_column("card_places", "permalink")
    op.drop_column("card_places", "brief_drawn")
    op.drop_column("card_places", "brief_ts")
    op.drop_column("card_places", "brief_claimed_at")
    op.drop_table("pool_calls")
    op.drop_index(op.f("ix_qualifications_rep_id"), table_name="qualifications")
    op.drop_index("ix_qualifications_handoff_id_at", table_name="qualifications")
    op.drop_table("qualifications")
    op.drop_index("ix_notices_rep_id_at", table_name="notices")
    op.drop_index("ix_notices_of_many", table_name="notices", postgresql_where=sa.text("data ? 'leads'"))
    op.drop_index(op.f("ix_notices_lead_id"), table_name="notices")
    op.drop_index("ix_notices_kind_at", table_name="notices")
    op.drop_index(
        "ix_notices_held",
        table_name="notices",
        postgresql_where=sa.text("held in ('quiet_hours', 'budget', 'digest') and sent_at is null"),
    )
    op.drop_index(op.f("ix_notices_handoff_id"), table_name="notices")
    op.drop_table("notices")
    op.drop_table("qualification_files")
    op.drop_table("heartbeats")
    op.drop_table("suppressions")
    op.drop_table("checks")
