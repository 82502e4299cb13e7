from . import (
    ecm_outcome,
    ecm_strategy,
    ecm_strategy_attempt,
    ecm_strategy_rule,
    ecm_campaign,
    ecm_import_profile,
    ecm_contact_list,
    ecm_contact_list_reject,
    ecm_contact,
    ecm_attempt,
    ecm_feed_target,
    ecm_engine,
)
