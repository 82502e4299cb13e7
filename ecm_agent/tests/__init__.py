from . import test_access
from . import test_allowed
from . import test_cards
from . import test_concurrency
from . import test_desk_tour
from . import test_erasure
from . import test_lease
from . import test_onboarding_tour
