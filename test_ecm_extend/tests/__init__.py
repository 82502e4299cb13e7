from . import test_letter, test_letter_gates, test_letter_lives, test_recipes
