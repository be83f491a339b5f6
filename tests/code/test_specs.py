"""What is renewed in the specifications of supervisors of all kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import otp
from otp import child_spec, code, dynamic_supervisor, supervisor, sys
from tests.kernel.support import on_node

if TYPE_CHECKING:
    from tests.code.program import Program


@on_node
async def test_a_child_with_options_goes_on_after_a_reload(program: Program) -> None:
    module = program.load(
        "reloaded_options",
        """
        import otp
        from otp import gen_server

        class Counter(otp.GenServer):
            pass

        class Root(otp.Supervisor):
            def children(self):
                options = gen_server.Options(timeout=1)
                return otp.one_for_one(options.child_spec(Counter))
        """,
    )
    root = await supervisor.start_link(module.Root)
    before = await supervisor.which_children(root)

    result = await code.reload(module, swap_children=True)

    assert [move.new for move in result.moved] == [module.Root, module.Counter]
    assert result.swaps[root].outcomes == {"Counter": "kept"}
    after = await supervisor.which_children(root)
    assert [child.pid for child in after] == [child.pid for child in before]


@on_node
async def test_the_extra_arguments_of_dynamic_children_are_renewed(
    program: Program,
) -> None:
    module = program.load(
        "reloaded_extras",
        """
        import otp

        class Note:
            pass

        class Server(otp.GenServer):
            def __init__(self, note):
                self.note = note
        """,
    )
    sup = await dynamic_supervisor.start_link(
        otp.DynamicSupervisor, extra_arguments=(module.Note,)
    )

    await code.reload(module)

    pid = await dynamic_supervisor.start_child(sup, child_spec(module.Server))
    assert await sys.get_state(pid) == {"note": module.Note}


@on_node
@pytest.mark.parametrize("wrong", [None, 3, "x"])
async def test_what_is_no_class_is_refused(wrong: Any) -> None:
    pid = await supervisor.start_link(otp.Supervisor, otp.one_for_one())

    with pytest.raises(TypeError, match="as an instance of a class, not of"):
        await code.change(pid, wrong)


@on_node
@pytest.mark.parametrize("wrong", [None, 3, otp.Supervisor])
async def test_what_is_no_module_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="a module or its name, not"):
        await code.reload(wrong)
