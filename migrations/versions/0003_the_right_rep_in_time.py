"""the right rep in time"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "routing_files",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_files")),
    )
    op.create_table(
        "sla_files",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_files")),
    )
    op.create_table(
        "absences",
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cover_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["cover_id"], ["reps.id"], name=op.f("fk_absences_cover_id_reps")),
        sa.ForeignKeyConstraint(["created_by"], ["reps.id"], name=op.f("fk_absences_created_by_reps")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_absences_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_cover_id"), "absences", ["cover_id"], unique=False)
    op.create_index(op.f("ix_absences_created_by"), "absences", ["created_by"], unique=False)
    op.create_index(
        "ix_absences_rep_id_until",
        "absences",
        ["rep_id", "until"],
        unique=False,
        postgresql_where=sa.text("cancelled_at is null"),
    )
    op.create_index(
        "ix_absences_open",
        "absences",
        ["since"],
        unique=False,
        postgresql_where=sa.text("ended_at is null and cancelled_at is null"),
    )
    op.create_table(
        "turns",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("rep_id", sa.BigInteger(), nullable=False),
        sa.Column("handoff_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.Double(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("routing_file_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_turns_handoff_id_handoffs")),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_turns_pool_id_pools")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_turns_rep_id_reps")),
        sa.ForeignKeyConstraint(
            ["routing_file_id"], ["routing_files.id"], name=op.f("fk_turns_routing_file_id_routing_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
    )
    op.create_index(op.f("ix_turns_handoff_id"), "turns", ["handoff_id"], unique=False)
    op.create_index("ix_turns_pool_id_at", "turns", ["pool_id", "at"], unique=False)
    op.create_index("ix_turns_rep_id_at", "turns", ["rep_id", "at"], unique=False)
    op.add_column("companies", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.add_column("companies", sa.Column("owner_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_companies_owner_id"), "companies", ["owner_id"], unique=False)
    op.create_foreign_key(op.f("fk_companies_owner_id_reps"), "companies", "reps", ["owner_id"], ["id"])
    op.add_column("handoffs", sa.Column("detail", sa.Text(), nullable=True))
    op.add_column("handoffs", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("handoffs", sa.Column("snooze_score", sa.BigInteger(), nullable=True))
    op.add_column("handoffs", sa.Column("moved_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_handoffs_moved_by_reps"), "handoffs", "reps", ["moved_by"], ["id"])
    op.create_index(
        "ix_handoffs_snoozed_until",
        "handoffs",
        ["snoozed_until"],
        unique=False,
        postgresql_where=sa.text("snoozed_until is not null"),
    )
    op.add_column("handoffs", sa.Column("handed_on", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    for whose in ("rep_id", "pool_id"):
        op.create_index(
            f"ix_handoffs_live_{whose}",
            "handoffs",
            [whose],
            unique=False,
            postgresql_where=sa.text("status in ('accepted', 'contacted', 'offered', 'open', 'qualified')"),
        )
    op.add_column("pools", sa.Column("overflow_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_pools_overflow_id"), "pools", ["overflow_id"], unique=False)
    op.create_foreign_key(op.f("fk_pools_overflow_id_pools"), "pools", "pools", ["overflow_id"], ["id"])
    op.add_column("reps", sa.Column("time_zone", sa.Text(), server_default=sa.text("'UTC'"), nullable=False))
    op.add_column("reps", sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("reps", sa.Column("holidays", sa.Text(), nullable=True))
    op.add_column("reps", sa.Column("most_open", sa.BigInteger(), nullable=True))
    op.add_column("reps", sa.Column("most_a_day", sa.BigInteger(), nullable=True))
    op.add_column("sla_clocks", sa.Column("working", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(
        "sla_clocks",
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("sla_clocks", sa.Column("taken", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("sla_clocks", sa.Column("target_seconds", sa.Double(), server_default=sa.text("0"), nullable=False))
    op.add_column("sla_clocks", sa.Column("spent_seconds", sa.Double(), server_default=sa.text("0"), nullable=False))
    op.add_column("sla_clocks", sa.Column("running_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sla_clocks", sa.Column("worked_seconds", sa.Double(), nullable=True))
    op.add_column("territories", sa.Column("name", sa.Text(), nullable=True))
    op.execute(CLOCKS_GO_ON)


# What 0002 knew of a clock: a reminder at half time (but for assignment), then the breach, of which the manager was told.
# `next_at` stays as it is; `taken` says which of these are behind it.
CLOCKS_GO_ON = """
update sla_clocks set
    running_since = started_at,
    target_seconds = extract(epoch from due_at - started_at),
    steps = case when kind = 'assignment' then '[]'::jsonb else '[{"do": "remind", "share": 0.5}]'::jsonb end
        || '[{"do": "breach", "share": 1.0}, {"do": "tell_manager", "share": 1.0}]'::jsonb,
    taken = case
        when breached_at is not null then case when kind = 'assignment' then 2 else 3 end
        when reminded_at is not null then 1
        else 0
    end
"""


# 0002 looks at a clock at half time (but for assignment) and at the deadline, and has done with it then. It knows no pause.
CLOCKS_GO_BACK = """
update sla_clocks set next_at = case
    when breached_at is not null then null
    when reminded_at is not null or kind = 'assignment' then due_at
    else due_at - (due_at - started_at) / 2
end
where stopped_at is null
"""

# It cannot read a history with words that it does not know.
UNKNOWN_EVENTS = """
delete from lead_events where kind in (
    'handoff.moved', 'handoff.snoozed', 'handoff.woken', 'handoff.undone', 'handoff.escalated', 'handoff.handed_on',
    'sla.imported', 'rep.settings', 'absence.set', 'absence.cancelled'
)
"""


def downgrade() -> None:
    op.execute(CLOCKS_GO_BACK)
    op.execute(UNKNOWN_EVENTS)
    op.drop_column("territories", "name")
    op.drop_column("sla_clocks", "worked_seconds")
    op.drop_column("sla_clocks", "running_since")
    op.drop_column("sla_clocks", "spent_seconds")
    op.drop_column("sla_clocks", "target_seconds")
    op.drop_column("sla_clocks", "taken")
    op.drop_column("sla_clocks", "steps")
    op.drop_column("sla_clocks", "working")
    op.drop_column("reps", "most_a_day")
    op.drop_column("reps", "most_open")
    op.drop_column("reps", "holidays")
    op.drop_column("reps", "hours")
    op.drop_column("reps", "time_zone")
    op.drop_constraint(op.f("fk_pools_overflow_id_pools"), "pools", type_="foreignkey")
    op.drop_index(op.f("ix_pools_overflow_id"), table_name="pools")
    op.drop_column("pools", "overflow_id")
    for whose in ("rep_id", "pool_id"):
        op.drop_index(f"ix_handoffs_live_{whose}", table_name="handoffs")
    op.drop_column("handoffs", "handed_on")
    op.drop_index(
        "ix_handoffs_snoozed_until",
        table_name="handoffs",
        postgresql_where=sa.text("snoozed_until is not null"),
    )
    op.drop_constraint(op.f("fk_handoffs_moved_by_reps"), "handoffs", type_="foreignkey")
    op.drop_column("handoffs", "moved_by")
    op.drop_column("handoffs", "snooze_score")
    op.drop_column("handoffs", "snoozed_until")
    op.drop_column("handoffs", "detail")
    op.drop_constraint(op.f("fk_companies_owner_id_reps"), "companies", type_="foreignkey")
    op.drop_index(op.f("ix_companies_owner_id"), table_name="companies")
    op.drop_column("companies", "owner_asked_at")
    op.drop_column("companies", "owner_id")
    op.drop_index("ix_turns_rep_id_at", table_name="turns")
    op.drop_index("ix_turns_pool_id_at", table_name="turns")
    op.drop_index(op.f("ix_turns_handoff_id"), table_name="turns")
    op.drop_table("turns")
    op.drop_index(
        "ix_absences_open", table_name="absences", postgresql_where=sa.text("ended_at is null and cancelled_at is null")
    )
    op.drop_index("ix_absences_rep_id_until", table_name="absences", postgresql_where=sa.text("cancelled_at is null"))
    op.drop_index(op.f("ix_absences_created_by"), table_name="absences")
    op.drop_index(op.f("ix_absences_cover_id"), table_name="absences")
    op.drop_table("absences")
    op.drop_table("sla_files")
    op.drop_table("routing_files")
