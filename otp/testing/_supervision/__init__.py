"""The laws of supervision, and a tree that is watched while it is hurt."""

from ._actions import (
    Action as Action,
    ActionKind as ActionKind,
    Actions as Actions,
    Fault as Fault,
    InjectedCrash as InjectedCrash,
    NewChild as NewChild,
    Options as Options,
    Request as Request,
)
from ._guest import LIMIT as LIMIT, GuestError as GuestError
from ._story import Story as Story, StoryError as StoryError
from ._tree import Tree as Tree
from ._waits import LAWS as LAWS, BrokenLawError as BrokenLawError, Law as Law
