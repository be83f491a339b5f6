"""Tells by the silence of others, as a number, how sure it is that they are gone."""

from .._util import fix_module_metadata
from ._accrual import (
    PhiAccrual as PhiAccrual,
    PhiAccrualDetector as PhiAccrualDetector,
)
from ._api import (
    heartbeat as heartbeat,
    is_suspected as is_suspected,
    judge as judge,
    listeners as listeners,
    phi as phi,
    statistics as statistics,
    suspected as suspected,
    unwatch as unwatch,
    watch as watch,
    watched as watched,
)
from ._deadline import Deadline as Deadline, DeadlineDetector as DeadlineDetector
from ._desk import DetectorStatistics as DetectorStatistics
from ._detector import Detector as Detector, DetectorSpec as DetectorSpec
from ._errors import (
    NoDetectorError as NoDetectorError,
    NotWatchedError as NotWatchedError,
)
from ._events import (
    DetectorEvent as DetectorEvent,
    Gone as Gone,
    Replaced as Replaced,
    Stalled as Stalled,
    Suspected as Suspected,
    Trusted as Trusted,
)
from ._guard import Watchfulness as Watchfulness
from ._health import LocalHealth as LocalHealth
from ._heart import beat_every as beat_every
from ._judgement import Judgement as Judgement, State as State
from ._phi import Distribution as Distribution, phi_of as phi_of
from ._policy import Policy as Policy, Threshold as Threshold
from ._process import FailureDetector as FailureDetector
from ._reports import (
    LateHeartbeatReport as LateHeartbeatReport,
    MistakeReport as MistakeReport,
    StallReport as StallReport,
    SuspicionReport as SuspicionReport,
)
from ._subject import Subject as Subject, Verdict as Verdict
from ._suspicion import (
    SuspicionTimer as SuspicionTimer,
    suspicion_timeout as suspicion_timeout,
)
from ._watch import EndProcess as EndProcess, OnSuspect as OnSuspect, Watch as Watch

fix_module_metadata(__name__, globals())
