from . import (
    ecm_api,
    ecm_api_call,
    ecm_api_event,
    ecm_api_key,
    ecm_api_replay,
    ecm_api_scope,
    ecm_campaign,
    ecm_contact,
    ecm_contact_list,
    ecm_engine,
    fastapi_endpoint,
)
