from . import (
    ecm_crm_launch_reader,
    ecm_crm_launch_preview,
    ecm_crm_launch_segment,
    ecm_crm_launch,
    ecm_crm_launch_line,
    ecm_crm_launch_member,
)
