"""what homes and the pulse ask"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_deal_handoffs_rep_id_offered_at", "deal_handoffs", ["rep_id", "offered_at"], unique=False)
    op.create_index("ix_opportunities_stage_since", "opportunities", ["stage_since", "id"], unique=False)
    op.drop_column("opportunities", "problem")


def downgrade() -> None:
    op.add_column("opportunities", sa.Column("problem", sa.Text(), nullable=True))
    op.drop_index("ix_opportunities_stage_since", table_name="opportunities")
    op.drop_index("ix_deal_handoffs_rep_id_offered_at", table_name="deal_handoffs")
