"""The ground: what every floor needs and nothing of which knows processes."""

from ._cast import (
    GEN_CAST as GEN_CAST,
    Cast as Cast,
    class_of as class_of,
    is_cast as is_cast,
)
from ._exports import fix_module_metadata as fix_module_metadata
from ._format import (
    as_call as as_call,
    kind_of as kind_of,
    short as short,
    title as title,
)
from ._heap import DeadlineHeap as DeadlineHeap, HeapEntry as HeapEntry
from ._seconds import is_seconds as is_seconds
from ._window import Window as Window

fix_module_metadata(__name__, globals())
