"""The imports: the core does not import Twisted, codecs do not import doors, and no module imports
private names of another."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import chatd

PACKAGE = Path(chatd.__path__[0])
TESTS = PACKAGE.parent / "tests"

IMPORT_THE_REACTOR = {"chatd.tap", "chatd.client.main"}
"""The modules that import the reactor; it is passed to all others."""


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
EVERY = pytest.mark.parametrize("module", MODULES)


def imports_of(module: str) -> Iterator[tuple[str, str]]:
    """All imports of ``module``, also inside functions, as pairs of module and name."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from ((str(node.module), alias.name) for alias in node.names)


@functools.cache
def imported_by(module: str) -> frozenset[str]:
    """The modules that ``module`` imports; those of chatd with their full names."""
    modules = set()
    for source, name in imports_of(module):
        inner = f"{source}.{name}"
        modules.add(inner if inner in MODULES else source)
    return frozenset(modules)


def ours(modules: Iterable[str]) -> set[str]:
    return {module for module in modules if module.split(".")[0] == "chatd"}


def layer(prefix: str) -> set[str]:
    """The modules of a package, including the package."""
    return {module for module in MODULES if module == prefix or module.startswith(prefix + ".")}


CORE = layer("chatd.core") | {"chatd", "chatd.testing"}
CODECS, DELIVERY, DOORS = layer("chatd.codecs"), layer("chatd.delivery"), layer("chatd.doors")
STORE, CLIENT, ADMIN = layer("chatd.store"), layer("chatd.client"), layer("chatd.admin")
DAEMON, TUI = layer("chatd.daemon"), layer("chatd.tui")
AUTH = layer("chatd.auth")

PROTOCOL = {
    f"chatd.core.{name}"
    for name in (
        "answers",
        "command_table",
        "commands",
        "errors",
        "events",
        "highlight",
        "limits",
        "membership",
        "names",
        "retention",
        "state",
        "text",
        "when",
    )
}
"""The modules of the core that the screen and the client use too."""


@pytest.mark.parametrize("module", sorted(CORE))
def test_the_core_imports_only_itself_python_and_precis(module: str) -> None:
    imported = imported_by(module)
    assert ours(imported) <= CORE
    foreign = {name.split(".")[0] for name in imported - ours(imported)}
    assert foreign - sys.stdlib_module_names <= {"precis_i18n"}
    assert not foreign & {"socket", "ssl", "asyncio", "selectors", "select", "threading", "subprocess"}


@pytest.mark.parametrize("module", sorted(CODECS))
def test_codecs_import_the_core_and_python_and_the_widths_of_characters(module: str) -> None:
    imported = imported_by(module)
    assert ours(imported) <= CORE | CODECS
    assert {name.split(".")[0] for name in imported - ours(imported)} - sys.stdlib_module_names <= {"wcwidth"}


@pytest.mark.parametrize("module", sorted(DELIVERY))
def test_delivery_imports_no_door(module: str) -> None:
    assert ours(imported_by(module)) <= CORE | CODECS | DELIVERY


@pytest.mark.parametrize("module", sorted(STORE))
def test_the_store_imports_only_the_core_and_python(module: str) -> None:
    imported = imported_by(module)
    assert ours(imported) <= CORE | STORE
    assert {name.split(".")[0] for name in imported - ours(imported)} <= sys.stdlib_module_names


@pytest.mark.parametrize("module", sorted(AUTH))
def test_auth_imports_only_the_core_and_what_checks_passwords(module: str) -> None:
    imported = imported_by(module)
    assert ours(imported) <= CORE | AUTH
    assert {name.split(".")[0] for name in imported - ours(imported)} - sys.stdlib_module_names <= {"argon2", "twisted", "zope"}


@pytest.mark.parametrize("module", sorted(ADMIN))
def test_the_admin_imports_no_server(module: str) -> None:
    imported = imported_by(module)
    assert ours(imported) <= CORE | CODECS | STORE | ADMIN | {"chatd.auth.hashing"}
    assert {name.split(".")[0] for name in imported - ours(imported)} <= sys.stdlib_module_names


@pytest.mark.parametrize("module", sorted(DAEMON))
def test_the_daemon_imports_only_itself_and_the_limits(module: str) -> None:
    assert ours(imported_by(module)) <= DAEMON | {"chatd.core.limits"}


@pytest.mark.parametrize("module", sorted(DOORS))
def test_doors_import_no_wiring_and_no_client(module: str) -> None:
    assert ours(imported_by(module)) <= CORE | CODECS | DELIVERY | TUI | DOORS


@pytest.mark.parametrize("module", sorted(TUI))
def test_the_screen_knows_no_server_and_no_transport(module: str) -> None:
    imported = imported_by(module)
    assert ours(imported) <= {"chatd.core"} | PROTOCOL | CODECS | TUI
    foreign = imported - ours(imported)
    assert {name for name in foreign if name.startswith("twisted")} <= {"twisted.internet.interfaces"}
    assert not {name.split(".")[0] for name in foreign} & {"socket", "os", "sys", "signal", "termios"}


@pytest.mark.parametrize("module", sorted(CLIENT))
def test_the_client_imports_the_protocol_and_no_server(module: str) -> None:
    assert ours(imported_by(module)) <= {"chatd", "chatd.core"} | PROTOCOL | CODECS | TUI | CLIENT


def reachable(module: str) -> set[str]:
    """The modules that ``module`` imports, directly or indirectly."""
    modules: set[str] = set()
    waiting = [module]
    while waiting:
        new = ours(imported_by(waiting.pop())) - modules
        modules |= new
        waiting.extend(new)
    return modules


def test_imports_have_no_circle() -> None:
    """Imports only for types and inside functions count too: they only hide a circle."""
    leads_to = {module: reachable(module) for module in MODULES}
    circles = {frozenset(other for other in leads_to[one] if one in leads_to[other]) for one in MODULES}
    assert circles == {frozenset()}


@EVERY
def test_private_names_are_not_imported(module: str) -> None:
    private = [f"{source}.{name}" for source, name in imports_of(module) if name.startswith("_") and not name.endswith("__")]
    assert private == []


@EVERY
def test_the_reactor_is_passed_in(module: str) -> None:
    reactors = {source for source, name in imports_of(module) if f"{source}.{name}".startswith("twisted.internet.reactor")}
    assert not reactors or module in IMPORT_THE_REACTOR


def test_every_module_belongs_to_a_layer() -> None:
    layers = CORE | CODECS | DELIVERY | STORE | DOORS | TUI | CLIENT | ADMIN | DAEMON | AUTH
    assert set(MODULES) == layers | {"chatd.tap", "chatd.service"}


def test_the_core_does_not_load_twisted() -> None:
    program = "import sys, {}; print(*sorted({{'twisted', 'zope.interface'}} & set(sys.modules)))"
    command = [sys.executable, "-c", program.format(", ".join(sorted(CORE | CODECS)))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.split() == []


# -- Tests -----------------------------------------------------------------------------------------


def does_something(module: str) -> bool:
    """Whether ``module`` has a function with more than a docstring."""
    functions = [node for node in ast.walk(TREES[module]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(not isinstance(statement, ast.Expr) for function in functions for statement in function.body)


@pytest.mark.parametrize("module", [module for module in MODULES if does_something(module)])
def test_every_module_with_code_has_tests(module: str) -> None:
    folder, name = MODULES[module].relative_to(PACKAGE).parent, MODULES[module].stem
    assert TESTS.joinpath(folder, f"test_{name}.py").is_file()
