"""Registries: processes by keys of any kind, with a value for each."""

from .._util import fix_module_metadata
from ..supervisor import stop as stop
from ._api import (
    Registration as Registration,
    count as count,
    count_match as count_match,
    count_select as count_select,
    delete_meta as delete_meta,
    dispatch as dispatch,
    keys as keys,
    lock as lock,
    lookup as lookup,
    match as match,
    meta as meta,
    put_meta as put_meta,
    register as register,
    select as select,
    unregister as unregister,
    unregister_match as unregister_match,
    update_value as update_value,
    values as values,
    whereis as whereis,
)
from ._directory import Keys as Keys
from ._errors import (
    AlreadyRegisteredError as AlreadyRegisteredError,
    NoRegistryError as NoRegistryError,
    NotRegisteredError as NotRegisteredError,
    RegistryError as RegistryError,
    RegistryKindError as RegistryKindError,
)
from ._messages import Registered as Registered, Unregistered as Unregistered
from ._registry import Registry as Registry, start_link as start_link
from ._via import RegistryNames as RegistryNames, via as via

fix_module_metadata(__name__, globals())
