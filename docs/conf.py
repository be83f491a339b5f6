"""How the documentation is built: ``python -m sphinx -W -n docs docs/_build/html``.

Nothing is fetched while it is built. So a name of another library cannot be looked
up and is left as it stands, while a name of ours that leads nowhere is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otp import __version__

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "otp"
author = "the otp maintainers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# What is measured is a part of the page about it.
exclude_patterns = ["_build", "explanation/measured"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# In docstrings a name in single backticks is a link.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "description"

html_theme = "furo"
html_title = f"otp {release}"


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.Node | None:
    """Find a short name in the topmost face; leave the names of others alone.

    A private path comes out of a type alias or a type variable, and says no more than
    its last part.
    """
    if node.get("refdomain") != "py":
        return None
    target: str = node["reftarget"]
    if "._" in target:
        target = target.rpartition(".")[2]
    if target.startswith("otp."):
        return None
    found = env.domains["py"].resolve_xref(
        env, node["refdoc"], app.builder, "obj", f"otp.{target}", node, contnode
    )
    return found or contnode


def setup(app: Sphinx) -> None:
    """Register what is defined here."""
    app.connect("missing-reference", resolve)
