"""Erlang/OTP's discipline for Python, on Trio.

Processes that share nothing but messages, servers and state machines as their
behaviours, and supervisors that bring back what crashes.
"""

# The floors of the house. A file uses its own floor and those above it in this
# list, and of another package only what is public there.
#
#  0 _util
#  1 kernel, process, timer, global_, abc
#  3 proc_lib
#  4 gen
#  5 sys
#  6 gen_server, gen_statem, gen_event, agent, task
#  7 supervisor, dynamic_supervisor, partition_supervisor, task_supervisor
#  8 registry, pg, code
#  9 application
# 10 protection, retry, rate_limiter, bulkhead, circuit_breaker, pipeline
# 11 failure_detector, pool, task_executor
# 14 reports, testing, cli

from loguru import logger

from . import (
    abc as abc,
    agent as agent,
    application as application,
    bulkhead as bulkhead,
    circuit_breaker as circuit_breaker,
    code as code,
    dynamic_supervisor as dynamic_supervisor,
    failure_detector as failure_detector,
    gen as gen,
    gen_event as gen_event,
    gen_server as gen_server,
    gen_statem as gen_statem,
    global_ as global_,
    partition_supervisor as partition_supervisor,
    pg as pg,
    pipeline as pipeline,
    pool as pool,
    proc_lib as proc_lib,
    process as process,
    protection as protection,
    rate_limiter as rate_limiter,
    registry as registry,
    reports as reports,
    retry as retry,
    supervisor as supervisor,
    sys as sys,
    task as task,
    task_executor as task_executor,
    task_supervisor as task_supervisor,
    timer as timer,
)
from ._util import fix_module_metadata
from .agent import Agent as Agent
from .application import (
    Application as Application,
    ApplicationError as ApplicationError,
    run as run,
)
from .bulkhead import Bulkhead as Bulkhead
from .circuit_breaker import (
    BreakerSpec as BreakerSpec,
    CircuitBreaker as CircuitBreaker,
    CircuitOpenError as CircuitOpenError,
)
from .dynamic_supervisor import (
    DynamicSpec as DynamicSpec,
    DynamicSupervisor as DynamicSupervisor,
)
from .failure_detector import FailureDetector as FailureDetector
from .gen_event import EventHandler as EventHandler, EventManager as EventManager
from .gen_server import (
    BadArgumentsError as BadArgumentsError,
    BadReturnError as BadReturnError,
    Fail as Fail,
    From as From,
    GenServer as GenServer,
    Ignore as Ignore,
    NoReply as NoReply,
    Reply as Reply,
    Stop as Stop,
    UnknownRequestError as UnknownRequestError,
)
from .gen_server.clauses import (
    call as call,
    call_noreply as call_noreply,
    cast as cast,
)
from .gen_statem import GenStatem as GenStatem
from .kernel import (
    Alias as Alias,
    AlreadyStartedError as AlreadyStartedError,
    Bounded as Bounded,
    CallError as CallError,
    CallingSelfError as CallingSelfError,
    CallTimeoutError as CallTimeoutError,
    Crash as Crash,
    DeadLetter as DeadLetter,
    Down as Down,
    Exit as Exit,
    Exited as Exited,
    ExitReason as ExitReason,
    InvalidSpecError as InvalidSpecError,
    Kill as Kill,
    Killed as Killed,
    MailboxFullError as MailboxFullError,
    Name as Name,
    NameTakenError as NameTakenError,
    NoConnection as NoConnection,
    Node as Node,
    NodeDownError as NodeDownError,
    NoNodeError as NoNodeError,
    NoProc as NoProc,
    NoProcessError as NoProcessError,
    Normal as Normal,
    NotAProcessError as NotAProcessError,
    OTPError as OTPError,
    Pid as Pid,
    Reason as Reason,
    ReceiveTimeoutError as ReceiveTimeoutError,
    Recovery as Recovery,
    Ref as Ref,
    ServerExitedError as ServerExitedError,
    ServerRef as ServerRef,
    Severity as Severity,
    Shutdown as Shutdown,
    StartError as StartError,
    StartIgnored as StartIgnored,
    StartTimeoutError as StartTimeoutError,
    Timeout as Timeout,
    Via as Via,
)
from .partition_supervisor import PartitionSupervisor as PartitionSupervisor
from .pipeline import Pipeline as Pipeline
from .pool import Pool as Pool, PoolSpec as PoolSpec
from .proc_lib import (
    Backoff as Backoff,
    ChildSpec as ChildSpec,
    child_spec as child_spec,
)
from .protection import RejectedError as RejectedError
from .rate_limiter import RateLimiter as RateLimiter
from .registry import (
    AlreadyRegisteredError as AlreadyRegisteredError,
    NoRegistryError as NoRegistryError,
    Registry as Registry,
)
from .retry import Retry as Retry, RetryBudget as RetryBudget
from .supervisor import (
    Supervisor as Supervisor,
    SupervisorError as SupervisorError,
    SupervisorSpec as SupervisorSpec,
    one_for_all as one_for_all,
    one_for_one as one_for_one,
    rest_for_one as rest_for_one,
)
from .task import Task as Task, TaskResult as TaskResult
from .task_executor import ExecutorSpec as ExecutorSpec, TaskExecutor as TaskExecutor
from .task_supervisor import TaskSupervisor as TaskSupervisor

__version__ = "0.1.0"

# A library does not speak unasked: logger.enable("otp") turns the reports on.
logger.disable("otp")

fix_module_metadata(__name__, globals())
