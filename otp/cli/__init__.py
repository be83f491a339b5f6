"""The command ``otp``: run a program, or begin one."""

from .._util import fix_module_metadata
from ._errors import CommandError as CommandError
from ._main import main as main
from ._reload import (
    ChildNotSwapped as ChildNotSwapped,
    CodeReloaded as CodeReloaded,
    NotReloaded as NotReloaded,
    NotWatched as NotWatched,
)

fix_module_metadata(__name__, globals())
