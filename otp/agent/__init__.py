"""Agents: a state in a process of its own, and functions that are sent to it."""

from .._util import fix_module_metadata
from ..gen_server import stop as stop
from ._agent import Agent as Agent
from ._client import (
    cast as cast,
    get as get,
    get_and_update as get_and_update,
    start as start,
    start_link as start_link,
    start_named as start_named,
    update as update,
)

fix_module_metadata(__name__, globals())
