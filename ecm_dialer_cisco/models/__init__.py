from . import (
    ecm_attempt,
    ecm_campaign,
    ecm_contact,
    ecm_dialer_uccx,
    ecm_dialer_cce,
    ecm_dialer_hours,
    ecm_dialer_campaign_hours,
    ecm_dialer,
    ecm_dialer_campaign,
    ecm_dialer_result,
    ecm_engine,
    ecm_outcome,
)
