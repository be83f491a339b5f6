"""Applications: parts of a program that are started and stopped as a whole."""

from .._util import fix_module_metadata
from ._api import (
    ensure_all_started as ensure_all_started,
    ensure_started as ensure_started,
    get_all_env as get_all_env,
    get_application as get_application,
    get_env as get_env,
    get_own_env as get_own_env,
    get_spec as get_spec,
    get_supervisor as get_supervisor,
    load as load,
    loaded_applications as loaded_applications,
    replace_env as replace_env,
    set_env as set_env,
    start as start,
    stop as stop,
    unload as unload,
    unset_env as unset_env,
    which_applications as which_applications,
)
from ._errors import (
    AlreadyLoadedError as AlreadyLoadedError,
    ApplicationAlreadyStartedError as ApplicationAlreadyStartedError,
    ApplicationError as ApplicationError,
    ApplicationStartError as ApplicationStartError,
    ApplicationTerminatedError as ApplicationTerminatedError,
    BadStartError as BadStartError,
    CircularDependencyError as CircularDependencyError,
    DependencyError as DependencyError,
    MissingDependencyError as MissingDependencyError,
    NoProgramError as NoProgramError,
    NotLoadedError as NotLoadedError,
    NotStartedError as NotStartedError,
    StillRunningError as StillRunningError,
    UnknownApplicationError as UnknownApplicationError,
)
from ._host import CONTROLLER as CONTROLLER
from ._logs import LogLevel as LogLevel
from ._order import start_order as start_order
from ._report import (
    ApplicationExited as ApplicationExited,
    ApplicationReport as ApplicationReport,
    ApplicationStarted as ApplicationStarted,
    ApplicationStopped as ApplicationStopped,
    CallbackFailed as CallbackFailed,
)
from ._rules import StartType as StartType
from ._run import (
    ProgramFailed as ProgramFailed,
    RunOptions as RunOptions,
    run as run,
    serve as serve,
    stop_run as stop_run,
)
from ._spec import (
    Application as Application,
    ApplicationSpec as ApplicationSpec,
    Dependency as Dependency,
)
from ._table import ApplicationInfo as ApplicationInfo

fix_module_metadata(__name__, globals())
