from . import (
    test_calls_and_texts,
    test_letter,
    test_letter_gates,
    test_letter_lives,
    test_recipes,
    test_router,
    test_twilio,
)
