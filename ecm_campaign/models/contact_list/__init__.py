from . import (
    ir_attachment,
    ir_http,
    ecm_import_profile,
    ecm_phone_mode,
    ecm_file_mixin,
    ecm_file_job,
    ecm_contact_list_delivery,
    ecm_contact_list_scrub,
    ecm_contact_list,
    ecm_contact_list_reject,
    ecm_global_list,
)
