from . import (
    ecm_campaign_region,
    ecm_region_effect,
    ecm_region_rule,
    ecm_region_rule_limit,
)
