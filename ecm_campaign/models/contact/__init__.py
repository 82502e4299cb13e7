from . import (
    ecm_attempt_results,
    ecm_contact_queue,
    ecm_contact_bulk,
    ecm_contact_explain,
    ecm_contact_details,
    ecm_contact,
    ecm_contact_withdrawal,
    ecm_bulk_choices_mixin,
    ecm_bulk_action,
    ecm_bulk_action_part,
    ecm_attempt,
    ecm_results_count,
)
