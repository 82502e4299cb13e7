from . import (
    ecm_team,
    ecm_campaign_group,
    ecm_campaign_group_zone,
    ecm_campaign_schedule,
    ecm_campaign_strategy,
    ecm_campaign_pacing,
    ecm_campaign_selection,
    ecm_campaign_explain,
    ecm_campaign,
    ecm_campaign_chain,
    ecm_campaign_prompt,
    ecm_target_group,
)
