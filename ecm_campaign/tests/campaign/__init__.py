from . import (
    test_calling_hours,
    test_campaign,
    test_campaign_company,
    test_campaign_form,
    test_pacing,
    test_results,
    test_results_counters,
    test_results_tour,
    test_teams,
)
