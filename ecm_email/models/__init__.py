from . import (
    ecm_attempt,
    ecm_campaign,
    ecm_contact,
    ecm_dnc_list,
    ecm_gate_email,
    ecm_email_sender,
    ecm_email_message,
    ecm_email_reply,
    ecm_strategy_attempt,
    ecm_guide,
    mail_thread,
)
