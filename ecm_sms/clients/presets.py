"""Settings that common gateways start from (requirement M1); all of them can be changed."""

# Of Kannel's delivery reports; the percent signs are Kannel's own placeholders.
_KANNEL_PARAMETERS = """\
username = {user}
password = {password}
from = {sender}
to = {number}
text = {text}
charset = UTF-8
coding = {coding}
validity = {minutes}
dlr-mask = 19
dlr-url = {report_url}?key={key}&status=%d&answer=%A
"""
_KANNEL_ERRORS = """\
Not routable = sms_invalid_destination
Number(s) has/have been blacklisted = sms_blacklist
"""
# 1 delivered, 2 failed, 4 queued, 8 taken by the operator, 16 refused by it.
_KANNEL_STATUSES = """\
1 = delivered
2 = sms_not_delivered
4 = sent
8 = sent
16 = sms_rejected
"""
_JSON_BODY = """\
{
  "from": "{sender}",
  "to": "{number}",
  "text": "{text}",
  "reference": "{key}",
  "callback_url": "{report_url}"
}"""
_STATUSES = """\
accepted = sent
sent = sent
delivered = delivered
failed = sms_not_delivered
undelivered = sms_not_delivered
expired = sms_expired
rejected = sms_rejected
"""
# As Twilio has it, and those that are spoken to alike.
_FORM_PARAMETERS = """\
From = {sender}
To = {number}
Body = {text}
StatusCallback = {report_url}?key={key}
"""
_FORM_ERRORS = """\
"code":*21211 = sms_number_format
"code":*21614 = sms_invalid_destination
"code":*21610 = sms_blacklist
"code":*21408 = sms_not_allowed
"""
_FORM_STATUSES = """\
accepted = sent
scheduled = sent
queued = sent
sending = sent
sent = sent
delivered = delivered
read = delivered
undelivered = sms_not_delivered
failed = sms_not_delivered
canceled = sms_rejected
"""
# What ``sms.tracker`` is told, of a state or of a failure.
_ODOO_STATUSES = """\
outgoing = sent
process = sent
pending = sent
sent = delivered
canceled = sms_rejected
error = sms_not_delivered
failed = sms_not_delivered
not_delivered = sms_not_delivered
expired = sms_expired
rejected = sms_rejected
not_allowed = sms_not_allowed
invalid_destination = sms_invalid_destination
wrong_number_format = sms_number_format
"""

PRESETS: dict[str, dict[str, str]] = {
    "kannel": {
        "url": "http://localhost:13013/cgi-bin/sendsms",
        "method": "GET",
        "body": "query",
        "parameters": _KANNEL_PARAMETERS,
        "json_body": "",
        "headers": "",
        "accepted": "0: Accepted for delivery\n3: Queued for later delivery",
        "id_path": "",
        "error_map": _KANNEL_ERRORS,
        "status_map": _KANNEL_STATUSES,
        "report_key": "key",
        "report_reference": "",
        "report_status": "status",
        "reply_number": "from",
        "reply_text": "text",
        "reply_reference": "id",
    },
    "rest": {
        "url": "https://gateway.example.com/v1/messages",
        "method": "POST",
        "body": "json",
        "parameters": "",
        "json_body": _JSON_BODY,
        "headers": "Authorization: Bearer {password}",
        "accepted": "",
        "id_path": "id",
        "error_map": "",
        "status_map": _STATUSES,
        "report_key": "reference",
        "report_reference": "id",
        "report_status": "status",
        "reply_number": "from",
        "reply_text": "text",
        "reply_reference": "id",
    },
    "form": {
        "url": "https://gateway.example.com/Accounts/{user}/Messages.json",
        "method": "POST",
        "body": "form",
        "parameters": _FORM_PARAMETERS,
        "json_body": "",
        "headers": "Authorization: Basic {basic}",
        "accepted": "",
        "id_path": "sid",
        "error_map": _FORM_ERRORS,
        "status_map": _FORM_STATUSES,
        "report_key": "key",
        "report_reference": "MessageSid",
        "report_status": "MessageStatus",
        "reply_number": "From",
        "reply_text": "Body",
        "reply_reference": "MessageSid",
    },
    # Odoo's own API class makes the request, and takes what is reported: these are not used.
    "odoo": {
        "url": "https://sms.api.odoo.com",
        "method": "POST",
        "body": "json",
        "parameters": "",
        "json_body": "{}",
        "headers": "",
        "accepted": "",
        "id_path": "",
        "error_map": "",
        "status_map": _ODOO_STATUSES,
        "report_key": "",
        "report_reference": "",
        "report_status": "",
        "reply_number": "",
        "reply_text": "",
        "reply_reference": "",
    },
}
# Through these nobody can answer.
PRESETS_WITHOUT_REPLIES = frozenset({"odoo"})
