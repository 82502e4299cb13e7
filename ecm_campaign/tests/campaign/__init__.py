from . import (
    test_calling_hours,
    test_campaign,
    test_campaign_company,
    test_pacing,
    test_teams,
)
