"""Other code for processes that run: classes, and modules that have changed."""

from .._util import fix_module_metadata
from ..sys import Downgrade as Downgrade
from ._change import change as change
from ._errors import ReloadError as ReloadError
from ._reload import reload as reload
from ._result import Move as Move, ReloadResult as ReloadResult

fix_module_metadata(__name__, globals())
