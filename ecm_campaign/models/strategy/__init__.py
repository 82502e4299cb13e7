from . import (
    ecm_outcome,
    ecm_business_outcome_group,
    ecm_business_outcome,
    ecm_strategy,
    ecm_strategy_limit,
    ecm_strategy_attempt,
    ecm_strategy_rule,
)
