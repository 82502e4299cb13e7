"""States, limits and the role that more than one model needs (requirements F3, L5)."""

AGENT = "ecm_campaign.ecm_campaign_group_agent"
SUPERVISOR = "ecm_campaign.ecm_campaign_group_supervisor"
ADMINISTRATOR = "ecm_campaign.ecm_campaign_group_administrator"

PENDING = "pending"

# As ECM names them (requirement F3). A channel's feed target says in which of them its contacts
# await a result; a module may add one.
CONTACT_STATES = [
    (PENDING, "Pending"),
    ("sent_to_dialer", "Sent to Dialer"),
    ("connected", "Connected"),
    ("not_connected", "Not Connected"),
    ("retries_completed", "Retries Completed"),
    ("dnc_listed", "DNC Listed"),
    ("sms_sent", "SMS Sent"),
    ("sms_sent_closed", "SMS Sent and Closed"),
    ("sms_responded", "SMS Responded"),
    ("email_sent", "E-mail Sent"),
    ("email_sent_closed", "E-mail Sent and Closed"),
    ("email_replied", "E-mail Replied"),
    ("dangling", "Dangling"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn"),
]
CLOSED_STATES = (
    "connected",
    "not_connected",
    "retries_completed",
    "dnc_listed",
    "sms_sent_closed",
    "sms_responded",
    "email_sent_closed",
    "email_replied",
    "dangling",
    "expired",
    "withdrawn",
)

# How contacts end whose person was reached: who answers a message was reached as well.
REACHED_STATES = ("connected", "sms_responded", "email_replied")
# What campaigns of a kind of their own send; no campaign of calls begins with such a strategy.
LONE_CHANNELS = ("sms", "email")

# After how many minutes behind each kind of work is a problem (requirement R9), unless the system
# parameter of its name says otherwise.
HEALTH_MINUTES = {"feed": 10, "results": 15, "job": 15}
HEALTH_PARAMETER = "ecm_campaign.health_%s_minutes"
# What monitoring shows to be told more than that we are alive.
HEALTH_TOKEN = "ecm_campaign.health_token"

# A contact's callback: it asked for none, its agent keeps it, anybody may take it.
CALLBACKS = (None, "personal", "normal")

PHONE_FIELDS = tuple(f"phone_{index}" for index in range(1, 6))
PHONE_SIZE = 28
BUSINESS_PARAMETER_COUNT = 12
BUSINESS_PARAMETERS = tuple(
    f"business_parameter_{index}" for index in range(1, BUSINESS_PARAMETER_COUNT + 1)
)

# Files that are uploaded have so many megabytes at most, unless the system parameter says otherwise.
MAX_UPLOAD_MB = 512
UPLOAD_PARAMETER = "ecm_campaign.max_upload_mb"
