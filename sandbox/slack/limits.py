"""What Slack allows, as data. Lengths are in characters, counts in items, times in seconds."""

from typing import Final

BLOCKS_IN_MESSAGE: Final = 50
BLOCKS_IN_VIEW: Final = 100
BLOCKS_TOTAL: Final = 13_200  # characters of a message's blocks as JSON; beyond it Slack answers msg_blocks_too_long
MESSAGE_TEXT: Final = 40_000  # longer text is cut, not refused
METADATA_BYTES: Final = 8_000
VIEW_BYTES: Final = 250_000

ACTION_ID: Final = 255
BLOCK_ID: Final = 255
TEXT: Final = 3_000
SECTION_FIELD: Final = 2_000
SECTION_FIELDS: Final = 10
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
ACTIONS_ELEMENTS: Final = 25
IMAGE_URL: Final = 3_000
ALT_TEXT: Final = 2_000
INPUT_LABEL: Final = 2_000
INPUT_HINT: Final = 2_000
TABLE_ROWS: Final = 100
TABLE_COLUMNS: Final = 20
TABLES: Final = 1  # per message
TABLE_CHARACTERS: Final = 10_000  # of all cells of a message

BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
URL: Final = 3_000
ACCESSIBILITY_LABEL: Final = 75
PLACEHOLDER: Final = 150
PLAIN_TEXT_INPUT: Final = 3_000

OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OPTION_DESCRIPTION: Final = 75
SELECT_OPTIONS: Final = 100
OPTION_GROUPS: Final = 100
MIN_QUERY_LENGTH: Final = 3  # characters before an external select asks the app, unless it says otherwise
GROUP_LABEL: Final = 75
OVERFLOW_OPTIONS: Final = 5
CHECKBOX_OPTIONS: Final = 10
RADIO_OPTIONS: Final = 10

CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30

VIEW_TITLE: Final = 24
VIEW_BUTTON: Final = 24
PRIVATE_METADATA: Final = 3_000
CALLBACK_ID: Final = 255
EXTERNAL_ID: Final = 255
VIEWS_STACKED: Final = 3

TRIGGER_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 3.0
RESPONSE_URL_SECONDS: Final = 1_800.0
RESPONSE_URL_USES: Final = 5
FILE_READY_SECONDS: Final = 0.3  # Slack looks at an upload before a block may show it; some say a second
FILE_BYTES: Final = 5_000_000  # ours, not Slack's
FILES_KEPT: Final = 200  # ours, not Slack's
EVENT_RETRIES: Final = (0.0, 60.0, 300.0)

POST_EVERY: Final = 1.0  # one post per channel
BURST: Final = 20  # calls that a bucket holds when full
TIER_2: Final = 20  # calls per minute
TIER_3: Final = 50
TIER_4: Final = 100

MESSAGES_KEPT: Final = 20_000  # ours, not Slack's: per channel, then the oldest go
