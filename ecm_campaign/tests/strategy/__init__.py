from . import (
    test_outcomes,
    test_strategy,
    test_strategy_editor,
    test_wrap_ups,
)
