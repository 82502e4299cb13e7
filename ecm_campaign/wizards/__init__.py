from . import (
    ecm_bulk_start,
    ecm_contact_upload,
    ecm_contact_withdraw,
    ecm_database_settle,
    ecm_deletion,
    ecm_dnc_check,
    ecm_erasure_start,
    ecm_export_start,
    ecm_global_list_feed,
    ecm_holiday_load,
    ecm_list_undo,
    ecm_settings,
)
