"""Tools for testing programs of processes.

What is here needs neither pytest nor Hypothesis.
"""

from .._util import fix_module_metadata
from ._errors import ExpectationError as ExpectationError
from ._idle import wait_until_idle as wait_until_idle
from ._match import Matcher as Matcher
from ._probe import Probe as Probe
from ._reason import ReasonMatcher as ReasonMatcher
from ._settings import SETTINGS as SETTINGS, Settings as Settings

fix_module_metadata(__name__, globals())
