"""Each law is shown a small tree that breaks it, and one that keeps it: a law that cannot fail is none."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

import layers
from laws import LAWS
from sizes import functions
from tree import Source, Tree


def broken_by(law: str, files: dict[str, str]) -> list[str]:
    """What a law says, fatally, of a tree of these files."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        commands = root / "compile_commands.json"
        return [str(finding) for finding in LAWS[law](Tree(root, commands)) if finding.fatal]


# law, what is shown, the tree that breaks it, the tree that keeps it
CASES: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    (
        "layers",
        "the domain does not include JSON's folder",
        {"src/rotation/x.cc": '#include "formats/events.h"\n'},
        {"src/rotation/x.cc": '#include "base/error.h"\n// #include "formats/events.h"\n'},
    ),
    (
        "layers",
        "the local Azure does not include the clients it tests",
        {"emulator/x.cc": '#include "azure/key_vault.h"\n'},
        {"emulator/x.cc": '#include "listen/http_server.h"\n#include "emulator/vault.h"\n'},
    ),
    (
        "layers",
        "nobody knows app",
        {"test/conformance/x.cc": '#include "app/main.h"\n'},
        {"test/conformance/x.cc": '#include "azure/key_vault.h"\n'},
    ),
    (
        "layers",
        "third-party headers stay with their owners",
        {"src/engine/x.cc": "#include <curl/curl.h>\n"},
        {"src/http/x.cc": "#include <curl/curl.h>\n#include <sys/socket.h>\n#include <vector>\n"},
    ),
    (
        "layers",
        "JSON stays out of headers",
        {"src/azure/x.h": "#include <boost/json/value.hpp>\n"},
        {"src/azure/x.cc": "#include <boost/json/value.hpp>\n"},
    ),
    ("layers", "a new third party needs an owner", {"src/base/x.cc": "#include <new/thing.h>\n"}, {}),
    ("layers", "a new folder needs a row", {"src/novel/x.cc": '#include "base/error.h"\n'}, {}),
    (
        "layers",
        "shipped code does not include what tests use",
        {"src/engine/x.cc": '#include "test/support/sim_clock.h"\n'},
        {"src/engine/x_test.cc": '#include "support/sim_clock.h"\n#include <gtest/gtest.h>\n'},
    ),
    (
        "tasks",
        "tasks are spawned in async only",
        {"src/engine/x.cc": "void f() { asio::co_spawn(e, g(), h); }\n"},
        {"src/async/x.cc": "void f() { asio::co_spawn(e, g(), h); }\n", "src/engine/y.cc": "// no co_spawn here\n"},
    ),
    (
        "tasks",
        "threads too",
        {"src/azure/x.cc": "std::thread t;\n"},
        {"src/azure/x.cc": "std::this_thread::get_id();\n"},
    ),
    (
        "clocks",
        "time comes from Clock",
        {"src/azure/x.cc": "auto t = std::chrono::system_clock::now();\n"},
        {"src/async/clock.cc": "auto t = std::chrono::system_clock::now();\n", "src/azure/x.cc": "clock.now();\n"},
    ),
    ("clocks", "and not from C", {"emulator/x.cc": "auto t = ::time(nullptr);\n"}, {"emulator/x.cc": "out.time(0);\n"}),
    (
        "timers",
        "the engine's waiting can be virtual",
        {"src/engine/x.cc": "asio::steady_timer t;\n"},
        {"src/listen/x.cc": "asio::steady_timer t;\n"},
    ),
    (
        "sleeps",
        "tests do not sleep",
        {"src/engine/x_test.cc": "std::this_thread::sleep_for(1s);\n"},
        {"src/engine/x_test.cc": "clock.sleep_for(1s); // nor sleep(1)\n"},
    ),
    (
        "chance",
        "chance comes from Random",
        {"src/engine/x.cc": "std::mt19937 g(std::random_device{}());\n"},
        {"src/base/random.cc": "getrandom(p, n, 0);\n", "src/engine/x.cc": "strand(x);\n"},
    ),
    (
        "environment",
        "only config reads the environment",
        {"src/http/x.cc": 'auto p = std::getenv("https_proxy");\n'},
        {"src/config/x.cc": 'auto p = std::getenv("https_proxy");\n'},
    ),
    ("environment", "nobody writes it", {"src/base/x_test.cc": 'setenv("A", "b", 1);\n'}, {}),
    (
        "expose",
        "a secret's bytes are reached where the list says",
        {"src/azure/x.cc": "use(value.expose());\n"},
        {
            "src/azure/x.cc": "use(value.expose());\n",
            "src/azure/y.cc": "// value.expose()\n",
            "src/azure/x_test.cc": "use(value.expose());\n",
            "tools/check/expose_allowed.txt": "# why\nsrc/azure/x.cc the request's body\n",
        },
    ),
    (
        "expose",
        "the list names no file that does not need it",
        {"src/azure/x.cc": "int x;\n", "tools/check/expose_allowed.txt": "src/azure/x.cc once did\n"},
        {},
    ),
    (
        "expose",
        "the list gives reasons",
        {"src/azure/x.cc": "value.expose();\n", "tools/check/expose_allowed.txt": "src/azure/x.cc\n"},
        {},
    ),
    ("sizes", "a file has an end", {"src/base/x.cc": "int x;\n" * 601}, {"src/base/x.cc": "int x;\n" * 600}),
    (
        "sizes",
        "a function has an end",
        {"src/base/x.cc": "namespace a {\nint f() {\n" + "    g();\n" * 100 + "}\n}\n"},
        {"src/base/x.cc": "namespace a {\nint f() {\n" + "    g();\n" * 98 + "}\n}\n"},
    ),
    ("sizes", "a line has an end", {"src/base/x.cc": f"int {'x' * 160};\n"}, {"src/base/x.cc": f"int {'x' * 100};\n"}),
    ("names", "a file's name says something", {"src/base/string_utils.h": ""}, {"src/base/ascii.h": ""}),
    (
        "names",
        "a type's name too",
        {"src/base/x.h": "class TokenManager {};\n"},
        {"src/base/x.h": "class Tokens {};\n"},
    ),
    (
        "readmes",
        "a folder tells its purpose",
        {"src/base/x.h": "int x;\n"},
        {"src/base/x.h": "int x;\n", "src/base/README.md": "words that all may use\n"},
    ),
    ("readmes", "briefly", {"src/base/x.h": "", "src/base/README.md": "line\n" * 31}, {}),
    (
        "events",
        "a log event is documented",
        {"src/engine/x.cc": 'log_.info("a.b", {});\n', "docs/operations/events.md": "| `c.d` | x |\n"},
        {
            "src/engine/x.cc": 'log_.info("a.b", {}); // log_.info("x.y")\n',
            "docs/operations/events.md": "| event | do |\n|---|---|\n| `a.b` | x |\n",
        },
    ),
    (
        "outcomes",
        "an outcome code is documented, and what is documented exists",
        {
            "src/engine/x.cc": 'return {OutcomeKind::deferred,\n "not-due", why};\n',
            "docs/operations/outcomes.md": "| `overlap` | x |\n",
        },
        {"src/engine/x.cc": 'o.code = "not-due";\n', "docs/operations/outcomes.md": "| `not-due` | x |\n"},
    ),
    (
        "outcomes",
        "a code that stands behind its kind is one too",
        {"src/engine/x.cc": 'Conclusion{OutcomeKind::deferred,\n "not-due"}', "docs/operations/outcomes.md": ""},
        {
            "src/engine/x.cc": 'Conclusion{OutcomeKind::deferred,\n "not-due"}',
            "docs/operations/outcomes.md": "| `not-due` | x |\n",
        },
    ),
    (
        "metrics",
        "a metric is documented, and what is documented exists",
        {
            "src/server/x.cc": 'Counters("kssedr_a_total", "h", {})\n',
            "docs/operations/metrics.md": "| `kssedr_b_total` | x |\n",
        },
        {
            "src/server/x.cc": 'Counters("kssedr_a_total", "h", {})\n',
            "docs/operations/metrics.md": "| `kssedr_a_total` | x |\n",
        },
    ),
    (
        "targets",
        "every source is compiled",
        {"src/base/x.cc": "", "compile_commands.json": "[]"},
        {"src/base/x.h": "", "test/negative/x.cc": "", "compile_commands.json": "[]"},
    ),
]


class Laws(unittest.TestCase):
    def test_each_law_can_fail_and_can_be_kept(self) -> None:
        for law, title, breaking, keeping in CASES:
            with self.subTest(law=law, title=title):
                self.assertNotEqual(broken_by(law, breaking), [], "the tree that breaks the law was let through")
                self.assertEqual(broken_by(law, keeping), [])

    def test_every_law_is_shown_to_fail(self) -> None:
        self.assertEqual({case[0] for case in CASES}, set(LAWS))

    def test_a_source_that_is_compiled_passes(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory).resolve()
            (root / "src/base").mkdir(parents=True)
            (root / "src/base/x.cc").write_text("")
            commands = root / "compile_commands.json"
            commands.write_text(json.dumps([{"directory": str(root / "build"), "file": "../src/base/x.cc"}]))
            self.assertEqual(list(LAWS["targets"](Tree(root, commands))), [])

    def test_the_table_of_layers_has_no_cycle(self) -> None:
        self.assertEqual(layers.cycle(layers.MAY_INCLUDE), [])
        self.assertEqual(layers.cycle({"a": {"b"}, "b": {"a"}}), ["a", "b", "a"])


class Reading(unittest.TestCase):
    def test_code_is_told_from_comments_and_strings(self) -> None:
        source = Source(
            "src/base/x.cc", 'int a = 1\'000; // co_spawn\nauto b = R"(co_spawn)"; char c = \'"\'; f("co_spawn");\n'
        )
        self.assertNotIn("co_spawn", source.code)
        self.assertIn("1'000", source.code)
        self.assertEqual(source.code.count("\n"), 2)

    def test_functions_are_measured(self) -> None:
        text = (
            "namespace a {\n"
            "struct B {\n    int x = 0;\n    void f() {\n        g();\n    }\n};\n"
            "int table[] = {\n    1,\n    2,\n};\n"
            "B::B(int x) : x_{x}, y_{x} {\n    h();\n}\n"
            "}\n"
        )
        lengths = [length for _line, length in functions(Source("src/base/x.cc", text)) if length > 1]
        self.assertEqual(lengths, [3, 3])


if __name__ == "__main__":
    unittest.main()
