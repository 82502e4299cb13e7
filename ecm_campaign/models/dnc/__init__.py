from . import (
    phone_blacklist,
    ecm_dnc_list,
    ecm_dnc_entry,
    ecm_dnc_load,
)
