"""What Slack takes at most, in one place. Where published figures differ, the smaller is here."""

from __future__ import annotations

# A message
BLOCKS = 50
HOME_BLOCKS = 100
TEXT = 4_000  # of a message's `text`; Slack cuts it at 40 000, notifications show far less

# Blocks, in characters unless said otherwise
HEADER = 150
SECTION = 3_000
CONTEXT_ELEMENTS = 10  # elements in one context block
CONTEXT = 2_000
ALT_TEXT = 2_000
ACTION_ELEMENTS = 25  # elements in one actions block
PREFORMATTED = 3_000  # no limit is published for rich text; a section's is kept to

# Table block: one a message, its header row included
TABLE_ROWS = 100
TABLE_COLUMNS = 20
TABLE_CHARACTERS = 10_000

# Elements
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
PLACEHOLDER = 150
OPTIONS = 100
OPTION_TEXT = 75
OPTION_VALUE = 150
URL = 3_000

# A form
VIEW_TITLE = 24  # also of its buttons
INPUT_LABEL = 2_000
REASON = 500  # a choice
FIELD_ERROR = 200  # a choice; no limit is published

# Conversations
RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60
PROGRESS_SECONDS = 3.0  # between two updates of a message
REDELIVERY_SECONDS = 15 * 60  # Slack sends again for six minutes; some margin on top
