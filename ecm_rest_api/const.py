"""Names and limits of the REST layer (requirement R4)."""

ROOT = "/ecm/api/v1"
VERSION = "1.0"
APP = "ecm"
ROUTING_TYPE = "ecm_rest"

# What Odoo writes into a key, so that it opens nothing else.
KEY_SCOPE = "ecm.rest"

PARAMETER = "ecm_rest_api.%s"
# What holds unless the system parameter of the name says otherwise.
DEFAULTS = {
    "rate_limit": 600,  # calls a minute of one key
    "max_body_kb": 1024,
    "replay_hours": 24,  # answers that are kept for a repeated Idempotency-Key
    "log_days": 30,
    "max_bulk_kb": 16 * 1024,  # of many contacts at once
    "max_file_mb": 64,  # of a file that is uploaded
    "event_days": 30,  # results that the outcomes feed still shows
    "log_calls": "all",
    "log_details": "",
    "cors_origins": "",
    "webhook_hosts": "",  # of one's own network that webhooks may be sent to
}

# What a client may wait before it asks again.
RETRY_SECONDS = 5

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500

# Methods that change nothing.
READING = ("GET", "HEAD", "OPTIONS")
