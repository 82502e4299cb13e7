from . import (
    ecm_contact_queue,
    ecm_contact_explain,
    ecm_contact,
    ecm_contact_withdrawal,
    ecm_attempt,
)
