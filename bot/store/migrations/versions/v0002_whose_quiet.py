"""What was quieted knows the warning it was said on, and who said it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("snoozes", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("incident", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("said_by", sa.String(length=64), nullable=False, server_default="")
        )
        batch_op.create_index("snoozes_of_incident", ["incident"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("snoozes", schema=None) as batch_op:
        batch_op.drop_index("snoozes_of_incident")
        batch_op.drop_column("said_by")
        batch_op.drop_column("incident")
