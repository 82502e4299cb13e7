"""States, limits and the role that more than one model needs (requirements F3, L5)."""

ADMINISTRATOR = "ecm_campaign.ecm_campaign_group_administrator"

PENDING = "pending"
SENT_TO_DIALER = "sent_to_dialer"

CONTACT_STATES = [
    (PENDING, "Pending"),
    (SENT_TO_DIALER, "Sent to Dialer"),
    ("connected", "Connected"),
    ("not_connected", "Not Connected"),
    ("retries_completed", "Retries Completed"),
    ("dnc_listed", "DNC Listed"),
    ("sms_sent", "SMS Sent"),
    ("sms_sent_closed", "SMS Sent and Closed"),
    ("sms_responded", "SMS Responded"),
    ("dangling", "Dangling"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn"),
]
OPEN_STATES = (PENDING, SENT_TO_DIALER, "sms_sent")
CLOSED_STATES = tuple(code for code, _label in CONTACT_STATES if code not in OPEN_STATES)

# A channel that is not installed cannot be planned: the module that brings it registers it.
CHANNELS = [("voice", "Voice"), ("sms", "SMS")]

PHONE_FIELDS = tuple(f"phone_{index}" for index in range(1, 6))
PHONE_SIZE = 28
BUSINESS_PARAMETER_COUNT = 12
BUSINESS_PARAMETERS = tuple(
    f"business_parameter_{index}" for index in range(1, BUSINESS_PARAMETER_COUNT + 1)
)

# UCCX keeps 25 characters of an account number (DialingList.accountnumber).
ATTEMPT_KEY_SIZE = 25
