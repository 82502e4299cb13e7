from . import test_guide, test_onboarding_tour
