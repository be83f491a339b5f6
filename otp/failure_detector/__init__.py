"""Tells by the silence of others, as a number, how sure it is that they are gone."""

from .._util import fix_module_metadata
from ._accrual import (
    PhiAccrual as PhiAccrual,
    PhiAccrualDetector as PhiAccrualDetector,
)
from ._deadline import Deadline as Deadline, DeadlineDetector as DeadlineDetector
from ._detector import Detector as Detector, DetectorSpec as DetectorSpec
from ._guard import Watchfulness as Watchfulness
from ._health import LocalHealth as LocalHealth
from ._judgement import Judgement as Judgement, State as State
from ._phi import Distribution as Distribution, phi_of as phi_of
from ._policy import Policy as Policy, Threshold as Threshold
from ._subject import Subject as Subject, Verdict as Verdict
from ._suspicion import (
    SuspicionTimer as SuspicionTimer,
    suspicion_timeout as suspicion_timeout,
)

fix_module_metadata(__name__, globals())
