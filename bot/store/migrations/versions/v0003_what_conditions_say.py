"""How often a watch looks and what it has learned stand in its condition and its state alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.tables import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.drop_column("every_seconds")
        batch_op.drop_column("learns_until")


def downgrade() -> None:
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("every_seconds", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("learns_until", Moment(), nullable=True))
