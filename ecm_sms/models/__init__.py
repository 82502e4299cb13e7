from . import (
    ecm_attempt,
    ecm_campaign,
    ecm_contact,
    ecm_sms_gateway_settings,
    ecm_sms_gateway,
    ecm_sms_message,
    ecm_sms_report,
    ecm_sms_reply,
    ecm_sms_keyword,
    ecm_strategy_attempt,
    sms_template,
)
