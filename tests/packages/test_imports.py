"""What a package holds is found in the sources: everything a function may import, and nothing it cannot."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from components.packages.errors import UnknownImport
from components.packages.imports import LOCAL_ONLY, Imports, imports_of

Follow = Callable[[Mapping[str, str]], Imports]

HANDLER = "lambdas/task/handler.py"


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    """Writes sources by name, each with the packages above it, and follows the handler of ``task``."""

    def write_and_follow(sources: Mapping[str, str]) -> Imports:
        (tmp_path / "src").mkdir(exist_ok=True)
        for name, source in sources.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(source))
            for folder in path.relative_to(tmp_path).parents:
                if folder.name not in {"", "src"}:
                    (tmp_path / folder / "__init__.py").touch()
        return imports_of("task", root=tmp_path)

    return write_and_follow


def ours(found: Imports) -> set[str]:
    """Without what is always there."""
    return {name for name in found.files if not name.startswith("lambdas/") and not name.endswith("__init__.py")}


CLIENTS = """
    def documents():
        from stores.documents import connect
        import pymongo
        return connect()

    def images():
        from stores.images import connect
        import PIL
        return connect()
"""
STORES = {"src/stores/documents.py": "def connect(): ...", "src/stores/images.py": "def connect(): ..."}


@pytest.mark.parametrize(
    "handler",
    [
        "from runtime import clients\ndef handler(): return clients.documents()",
        "from runtime import clients as on\ndef handler(): return on.documents()",
        "from runtime.clients import documents\ndef handler(): return documents()",
        "from runtime.clients import documents as made\ndef handler(): return made()",
        "import runtime.clients\ndef handler(): return runtime.clients.documents()",
        "import runtime.clients as on\ndef handler(): return on.documents()",
        "def handler():\n    from runtime import clients\n    return clients.documents()",
        "def handler():\n    def inner():\n        from runtime.clients import documents\n        documents()",
        "from runtime import clients\nMADE = clients.documents\ndef handler(): ...",
        "from runtime import clients\n@clients.documents\ndef handler(): ...",
        "from runtime import clients\ndef handler(ports=clients.documents): ...",
        "from runtime import clients\ndef other(): return clients.documents()\ndef handler(): return other()",
        "from runtime import clients\nclass Ports:\n    def made(self): return clients.documents()\ndef handler(): ...",
    ],
)
def test_a_late_import_counts_where_its_function_may_be_called(follow: Follow, handler: str) -> None:
    found = follow({HANDLER: handler, "src/runtime/clients.py": CLIENTS, **STORES})

    assert ours(found) == {"runtime/clients.py", "stores/documents.py"}
    assert found.libraries == {"pymongo"}


@pytest.mark.parametrize(
    "handler",
    [
        "from runtime import clients\ndef handler(): return vars(clients)",
        "import runtime.clients\ndef handler(): return vars(runtime.clients)",
        "from runtime.clients import *\ndef handler(): ...",
    ],
)
def test_a_module_that_is_handed_on_counts_whole(follow: Follow, handler: str) -> None:
    found = follow({HANDLER: handler, "src/runtime/clients.py": CLIENTS, **STORES})

    assert ours(found) == {"runtime/clients.py", "stores/documents.py", "stores/images.py"}


def test_a_name_that_is_passed_on_by_another_module_is_followed(follow: Follow) -> None:
    found = follow(
        {
            HANDLER: "from runtime import documents\ndef handler(): return documents()",
            "src/runtime/__init__.py": "from runtime.clients import documents, images",
            "src/runtime/clients.py": CLIENTS,
            **STORES,
        }
    )

    assert ours(found) == {"runtime/clients.py", "stores/documents.py"}


def test_each_branch_that_binds_a_name_is_followed(follow: Follow) -> None:
    handler = """
        try:
            from runtime.first import make
        except ImportError:
            from runtime.second import make
        def handler(): return make()
    """
    found = follow(
        {
            HANDLER: handler,
            "src/runtime/first.py": "def make():\n    import pymongo",
            "src/runtime/second.py": "def make():\n    import redis",
        }
    )

    assert found.libraries == {"pymongo", "redis"}


@pytest.mark.parametrize(
    ("import_of_it", "condition"),
    [
        ("from typing import TYPE_CHECKING", "TYPE_CHECKING"),
        ("import typing", "typing.TYPE_CHECKING"),
    ],
)
def test_what_only_type_checkers_import_does_not_count(follow: Follow, import_of_it: str, condition: str) -> None:
    handler = f"""
{import_of_it}
if {condition}:
    from stores.images import connect
    import mypy_boto3_s3
else:
    from stores.documents import connect
def handler() -> "connect": ...
"""
    found = follow({HANDLER: handler, **STORES})

    assert ours(found) == {"stores/documents.py"}
    assert found.libraries == set()


def test_packages_on_the_way_are_there_and_run(follow: Follow) -> None:
    found = follow(
        {
            HANDLER: "from a.b.c import d\ndef handler(): ...",
            "src/a/__init__.py": "import redis",
            "src/a/b/c.py": "d = 1",
            "src/a/b/other.py": "",
        }
    )

    assert found.files.keys() == {
        "a/__init__.py",
        "a/b/__init__.py",
        "a/b/c.py",
        "lambdas/__init__.py",
        "lambdas/task/__init__.py",
        HANDLER,
    }
    assert found.libraries == {"redis"}


def test_relative_imports_are_followed(follow: Follow) -> None:
    found = follow(
        {
            HANDLER: "from . import helper\nfrom a import b\ndef handler(): ...",
            "lambdas/task/helper.py": "",
            "src/a/b/__init__.py": "from .c import d",
            "src/a/b/c.py": "from .e import d\nfrom ..f import g",
            "src/a/b/e.py": "d = 1",
            "src/a/f.py": "g = 1",
        }
    )

    assert ours(found) == {"a/b/c.py", "a/b/e.py", "a/f.py"}
    assert "lambdas/task/helper.py" in found.files


def test_only_libraries_of_other_people_that_the_cloud_has_are_named(follow: Follow) -> None:
    handler = f"""
        import json, xml.etree, pymongo.errors, {", ".join(LOCAL_ONLY)}
        from bson.codec_options import CodecOptions
        def handler(): ...
    """
    assert follow({HANDLER: handler}).libraries == {"bson", "pymongo"}


def test_the_handlers_own_folder_is_packed_whole(follow: Follow, tmp_path: Path) -> None:
    folder = tmp_path / "lambdas/task"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__/handler.cpython-313.pyc").write_bytes(b"")
    (folder / "table.json").write_text("{}")
    (folder / ".DS_Store").write_text("")

    found = follow({HANDLER: "def handler(): ...", "lambdas/task/words.py": "import redis", "lambdas/b/handler.py": ""})

    assert found.files.keys() == {
        "lambdas/__init__.py",
        "lambdas/task/__init__.py",
        HANDLER,
        "lambdas/task/table.json",
        "lambdas/task/words.py",
    }
    assert found.libraries == {"redis"}


def test_a_source_that_changed_is_read_again(follow: Follow) -> None:
    sources = {HANDLER: "def handler(): ...", **STORES}
    assert ours(follow(sources)) == set()

    sources[HANDLER] = "import stores.images\ndef handler(): ..."
    assert ours(follow(sources)) == {"stores/images.py"}


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        ("import stores.missing", "imports stores.missing, which does not exist"),
        ("import importlib\nimportlib.import_module('json')", "by a name made at run time"),
        ("from importlib import import_module\nimport_module('json')", "by a name made at run time"),
        ("__import__('json')", "by a name made at run time"),
    ],
)
def test_an_import_that_cannot_be_followed_is_refused(follow: Follow, handler: str, says: str) -> None:
    with pytest.raises(UnknownImport, match=says):
        follow({HANDLER: handler, **STORES})


def test_a_task_without_a_handler_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownImport, match=r"there is no .*handler\.py"):
        imports_of("task", root=tmp_path)
