"""How much the tests with made-up or very many cases try.

The default run makes a third of the examples, other ones each time; `make test-long` makes all, and
runs the tests marked `long`, which try one after the other what the default run samples.
"""

import os

import hypothesis

IS_LONG = os.environ.get("LONG") == "1"
QUICK_SHARE = 3


def settings(max_examples):
    """Hypothesis's settings; `max_examples` is the number of the long run."""
    count = max_examples if IS_LONG else max_examples // QUICK_SHARE
    return hypothesis.settings(max_examples=count, deadline=None)
