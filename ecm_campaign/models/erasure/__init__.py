from . import (
    ecm_erasable_mixin,
    ecm_erasure,
    ecm_erasure_line,
    ecm_campaign_retention,
    privacy_lookup_wizard,
)
