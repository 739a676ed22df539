"""the score explained"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# The mailbox behind an address, as domain/rules/mailboxes.py reads it.
IDENTITY = """
case when email ~ '@(gmail|googlemail)[.]com$'
     then coalesce(nullif(replace(regexp_replace(email, '^([^+@]*)[+@].*$', '\\1'), '.', ''), ''), replace(split_part(email, '@', 1), '.', '')) || '@gmail.com'
     else regexp_replace(email, '^([^+@]+)[+][^@]*@', '\\1@') end
"""

# Of several spellings of one mailbox that are leads already, the bare one or else the first has the name; the others stay as they are, to be
# merged by a person.
_IDENTITIES = f"""
with named as (
    select id, email, {IDENTITY} as identity,
           row_number() over (partition by {IDENTITY} order by {IDENTITY} <> email, id) as place
    from leads
)
update leads set identity = case when place = 1 then named.identity else named.email end
from named where named.id = leads.id
"""  # noqa: S608  (no text of anybody is in it)


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.create_table(
        "content_results",
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("persona", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("content", "tier", "persona", name=op.f("pk_content_results")),
    )
    op.create_table(
        "contents",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contents")),
        sa.UniqueConstraint("key", name=op.f("uq_contents_key")),
    )
    op.create_table(
        "programmes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("when", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("contents", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
        sa.UniqueConstraint("name", name=op.f("uq_programmes_name")),
    )
    op.create_table(
        "provider_days",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("matched", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cost_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("provider", "day", name=op.f("pk_provider_days")),
    )
    op.create_table(
        "rescorings",
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["scoring_models.id"], name=op.f("fk_rescorings_model_id_scoring_models")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescorings")),
    )
    op.create_table(
        "lead_attributes",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_attributes_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_attributes")),
    )
    op.create_index("ix_lead_attributes_lead_id_at", "lead_attributes", ["lead_id", "at"], unique=False)
    op.create_table(
        "lead_merges",
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rep_id", sa.BigInteger(), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["kept_id"], ["leads.id"], name=op.f("fk_lead_merges_kept_id_leads")),
        sa.ForeignKeyConstraint(["merged_id"], ["leads.id"], name=op.f("fk_lead_merges_merged_id_leads")),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_lead_merges_rep_id_reps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_merges")),
    )
    op.create_index(op.f("ix_lead_merges_kept_id"), "lead_merges", ["kept_id"], unique=False)
    op.create_index(op.f("ix_lead_merges_merged_id"), "lead_merges", ["merged_id"], unique=False)
    op.create_index(op.f("ix_lead_merges_rep_id"), "lead_merges", ["rep_id"], unique=False)
    op.create_table(
        "recommendations",
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_recommendations_lead_id_leads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendations")),
        sa.UniqueConstraint("lead_id", "content", name=op.f("uq_recommendations_lead_id_content")),
    )
    op.add_column("companies", sa.Column("name_key", sa.Text(), nullable=True))
    op.add_column("companies", sa.Column("country", sa.Text(), nullable=True))
    op.add_column(
        "companies",
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.alter_column("companies", "domain", existing_type=sa.TEXT(), nullable=True)
    op.create_index("ix_companies_name_key", "companies", ["name_key"], unique=False)
    op.create_index(
        "uq_companies_name_key_country",
        "companies",
        ["name_key", "country"],
        unique=True,
        postgresql_where=sa.text("domain is null"),
    )
    op.create_index(
        "ix_companies_name_key_trigrams",
        "companies",
        ["name_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
    )
    op.add_column("leads", sa.Column("identity", sa.Text(), nullable=True))
    op.add_column("leads", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    op.add_column("leads", sa.Column("company_match", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("leads", sa.Column("grade", sa.Text(), nullable=True))
    op.add_column("leads", sa.Column("tier_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leads", sa.Column("alerted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leads", sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leads", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leads", sa.Column("programme", sa.Text(), nullable=True))
    op.add_column("leads", sa.Column("programme_since", sa.DateTime(timezone=True), nullable=True))
    op.execute(_IDENTITIES)
    op.alter_column("leads", "identity", nullable=False)
    op.create_index(op.f("ix_leads_merged_into"), "leads", ["merged_into"], unique=False)
    op.create_index(
        "ix_leads_recheck_at", "leads", ["recheck_at"], unique=False, postgresql_where=sa.text("recheck_at is not null")
    )
    op.create_unique_constraint(op.f("uq_leads_identity"), "leads", ["identity"])
    op.create_foreign_key(op.f("fk_leads_merged_into_leads"), "leads", "leads", ["merged_into"], ["id"])
    op.add_column("profiles", sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("profiles", sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("scores", sa.Column("acted", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index(
        "ix_scores_in_shadow", "scores", ["model_id", "as_of"], unique=False, postgresql_where=sa.text("not acted")
    )
    op.add_column("system_links", sa.Column("programme", sa.Text(), nullable=True))
    op.add_column(
        "touches", sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
    )
    op.execute(
        "update touches set recorded_at = arrivals.received_at from arrivals where arrivals.id = touches.arrival_id"
    )
    op.execute("update leads set tier_since = scored_at")
    op.execute("insert into lead_attributes (lead_id, at, attributes) select id, captured_at, attributes from leads")


def downgrade() -> None:
    # What the schema before has no word for: who was merged is erased there, and a company without a domain is none.
    op.execute("update leads set stage = 'erased' where stage = 'merged'")
    op.execute("update leads set company_id = null from companies where companies.id = company_id and domain is null")
    op.execute("delete from companies where domain is null")
    op.execute("delete from scores where not acted")
    op.drop_column("touches", "recorded_at")
    op.drop_column("system_links", "programme")
    op.drop_index("ix_scores_in_shadow", table_name="scores", postgresql_where=sa.text("not acted"))
    op.drop_column("scores", "acted")
    op.drop_column("profiles", "again_at")
    op.drop_column("profiles", "tries")
    op.drop_constraint(op.f("fk_leads_merged_into_leads"), "leads", type_="foreignkey")
    op.drop_constraint(op.f("uq_leads_identity"), "leads", type_="unique")
    op.drop_index("ix_leads_recheck_at", table_name="leads", postgresql_where=sa.text("recheck_at is not null"))
    op.drop_index(op.f("ix_leads_merged_into"), table_name="leads")
    op.drop_column("leads", "programme_since")
    op.drop_column("leads", "programme")
    op.drop_column("leads", "reviewed_at")
    op.drop_column("leads", "recheck_at")
    op.drop_column("leads", "alerted_at")
    op.drop_column("leads", "tier_since")
    op.drop_column("leads", "grade")
    op.drop_column("leads", "company_match")
    op.drop_column("leads", "merged_into")
    op.drop_column("leads", "identity")
    op.drop_index(
        "ix_companies_name_key_trigrams",
        table_name="companies",
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops"},
    )
    op.drop_index("uq_companies_name_key_country", table_name="companies", postgresql_where=sa.text("domain is null"))
    op.drop_index("ix_companies_name_key", table_name="companies")
    op.alter_column("companies", "domain", existing_type=sa.TEXT(), nullable=False)
    op.drop_column("companies", "fields")
    op.drop_column("companies", "country")
    op.drop_column("companies", "name_key")
    op.drop_table("recommendations")
    op.drop_index(op.f("ix_lead_merges_rep_id"), table_name="lead_merges")
    op.drop_index(op.f("ix_lead_merges_merged_id"), table_name="lead_merges")
    op.drop_index(op.f("ix_lead_merges_kept_id"), table_name="lead_merges")
    op.drop_table("lead_merges")
    op.drop_index("ix_lead_attributes_lead_id_at", table_name="lead_attributes")
    op.drop_table("lead_attributes")
    op.drop_table("rescorings")
    op.drop_table("provider_days")
    op.drop_table("programmes")
    op.drop_table("contents")
    op.drop_table("content_results")
