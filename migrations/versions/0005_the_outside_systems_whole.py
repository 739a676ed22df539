"""the outside systems whole"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("system", "what", name=op.f("pk_cursors")),
    )
    op.create_table(
        "field_maps",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_maps")),
    )
    op.create_index(op.f("ix_field_maps_system"), "field_maps", ["system"], unique=False)
    op.create_table(
        "sync_runs",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("compared", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_system_began_at", "sync_runs", ["system", "began_at"], unique=False)
    op.create_table(
        "vendor_accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("quota_used", sa.BigInteger(), nullable=True),
        sa.Column("quota_of", sa.BigInteger(), nullable=True),
        sa.Column("quota_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_vendor_accounts")),
    )
    op.create_table(
        "vendor_windows",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("slices", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("account", "window", name=op.f("pk_vendor_windows")),
    )
    op.create_table(
        "vendor_leases",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "token", name=op.f("pk_vendor_leases")),
    )
    op.add_column("system_links", sa.Column("unsure", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_index("ix_system_links_dirty", table_name="system_links")
    op.create_index(
        "ix_system_links_dirty",
        "system_links",
        ["system", "dirty_since", "lead_id"],
        unique=False,
        postgresql_where=sa.text("dirty_since is not null"),
    )
    op.create_index(
        "ix_system_links_external_id",
        "system_links",
        ["external_id"],
        unique=False,
        postgresql_where=sa.text("external_id is not null"),
    )
    op.create_table(
        "sync_findings",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("repaired", sa.Text(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_sync_findings_lead_id_leads")),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name=op.f("fk_sync_findings_run_id_sync_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_findings")),
    )
    op.create_index(op.f("ix_sync_findings_lead_id"), "sync_findings", ["lead_id"], unique=False)
    op.create_index(
        "ix_sync_findings_open",
        "sync_findings",
        ["system"],
        unique=False,
        postgresql_where=sa.text("settled_at is null"),
    )
    op.create_index("ix_sync_findings_run_id", "sync_findings", ["run_id"], unique=False)
    op.create_table(
        "opportunities",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("handoff_id", sa.BigInteger(), nullable=True),
        sa.Column("company_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("won", sa.Boolean(), nullable=True),
        sa.Column("lost_reason", sa.Text(), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_opportunities_company_id_companies")),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_opportunities_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_opportunities_lead_id_leads")),
        sa.ForeignKeyConstraint(["owner_id"], ["reps.id"], name=op.f("fk_opportunities_owner_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint("external_id", name=op.f("uq_opportunities_external_id")),
        sa.UniqueConstraint("handoff_id", name=op.f("uq_opportunities_handoff_id")),
    )
    op.create_index(
        "ix_opportunities_closed_at",
        "opportunities",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at is not null"),
    )
    op.create_index(op.f("ix_opportunities_company_id"), "opportunities", ["company_id"], unique=False)
    op.create_index("ix_opportunities_lead_id_opened_at", "opportunities", ["lead_id", "opened_at"], unique=False)
    op.create_index(
        "ix_opportunities_open",
        "opportunities",
        ["stage_since"],
        unique=False,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(op.f("ix_opportunities_owner_id"), "opportunities", ["owner_id"], unique=False)
    op.create_table(
        "opportunity_stages",
        sa.Column("opportunity_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_opportunity_stages_opportunity_id_opportunities")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity_stages")),
    )
    op.create_index(
        "ix_opportunity_stages_opportunity_id_at", "opportunity_stages", ["opportunity_id", "at"], unique=False
    )
    op.add_column("leads", sa.Column("automation", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("system_links", "unsure")
    op.drop_column("leads", "automation")
    op.drop_index("ix_opportunity_stages_opportunity_id_at", table_name="opportunity_stages")
    op.drop_table("opportunity_stages")
    op.drop_index(op.f("ix_opportunities_owner_id"), table_name="opportunities")
    op.drop_index("ix_opportunities_open", table_name="opportunities", postgresql_where=sa.text("closed_at is null"))
    op.drop_index("ix_opportunities_lead_id_opened_at", table_name="opportunities")
    op.drop_index(op.f("ix_opportunities_company_id"), table_name="opportunities")
    op.drop_index(
        "ix_opportunities_closed_at", table_name="opportunities", postgresql_where=sa.text("closed_at is not null")
    )
    op.drop_table("opportunities")
    op.drop_index("ix_sync_findings_run_id", table_name="sync_findings")
    op.drop_index("ix_sync_findings_open", table_name="sync_findings", postgresql_where=sa.text("settled_at is null"))
    op.drop_index(op.f("ix_sync_findings_lead_id"), table_name="sync_findings")
    op.drop_table("sync_findings")
    op.drop_index("ix_system_links_dirty", table_name="system_links")
    op.create_index(
        "ix_system_links_dirty",
        "system_links",
        ["system", "dirty_since"],
        unique=False,
        postgresql_where=sa.text("dirty_since is not null"),
    )
    op.drop_index(
        "ix_system_links_external_id",
        table_name="system_links",
        postgresql_where=sa.text("external_id is not null"),
    )
    op.drop_table("vendor_leases")
    op.drop_table("vendor_windows")
    op.drop_table("vendor_accounts")
    op.drop_index("ix_sync_runs_system_began_at", table_name="sync_runs")
    op.drop_table("sync_runs")
    op.drop_index(op.f("ix_field_maps_system"), table_name="field_maps")
    op.drop_table("field_maps")
    op.drop_table("cursors")
