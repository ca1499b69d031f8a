import sys
from pathlib import Path

import pytest

from footnote_qa import PluginError
from footnote_qa.plugins import CONTRACT, Kind, installed, load
from footnote_qa.plugins.check import faults_of
from footnote_qa.plugins.registry import code_digest, make
from tests.plugins.conftest import Install

GOOD = f"class Parser:\n    contract = {CONTRACT}\n    def parse(self, content, *, name): ...\n"


def test_plugins_of_installed_packages_are_found_and_not_imported(install: Install) -> None:
    install("good_plugin", GOOD, version="2.1", parsers={"foo": "good_plugin:Parser"})
    install("bad_plugin", "raise SystemExit", parsers={"bar": "bad_plugin:Parser"})

    found = {one.name: one for one in installed(Kind.PARSER)}

    assert (found["foo"].distribution, found["foo"].version) == ("good_plugin", "2.1")
    assert found["bar"].target == "bad_plugin:Parser"
    assert not {"good_plugin", "bad_plugin"} & set(sys.modules)


def test_a_plugin_is_loaded_by_its_entry_point_and_by_its_class_path(install: Install) -> None:
    install("good_plugin", GOOD, parsers={"foo": "good_plugin:Parser"})

    assert load(Kind.PARSER, "plugin:foo") is load(Kind.PARSER, "good_plugin:Parser")
    assert type(make(Kind.PARSER, "plugin:foo", {})).__name__ == "Parser"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import no_such_module", r"cannot be loaded \(ModuleNotFoundError: .*no_such_module"),
        ("raise ValueError('two\\nlines')", r"cannot be loaded \(ValueError: two lines\)"),
        ("raise SystemExit(3)", r"cannot be loaded \(SystemExit: 3\)"),
        ("def (", r"cannot be loaded \(SyntaxError"),
        ("Parse = 1", r"cannot be loaded \(AttributeError.*Parser"),
        ("class Parser:\n    def parse(self): ...", "names no contract"),
        ("class Parser:\n    contract = 99\n    def parse(self): ...", "contract 99, and .* has 1"),
        ("class Parser:\n    contract = 1", "is no parser: it has no parse"),
        ("class Parser:\n    contract = 1\n    parse = 5", "is no parser: it has no parse"),
    ],
)
def test_what_is_wrong_with_a_plugin_is_named_and_breaks_no_other(
    install: Install, code: str, message: str
) -> None:
    install("good_plugin", GOOD, parsers={"foo": "good_plugin:Parser"})
    install("bad_plugin", code, parsers={"bar": "bad_plugin:Parser"})

    with pytest.raises(PluginError, match=f"parser bad_plugin:Parser.*{message}") as error:
        load(Kind.PARSER, "plugin:bar")

    assert "\n" not in str(error.value)
    assert load(Kind.PARSER, "plugin:foo")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("plugin:none", r"no installed package has the parser 'none' \(installed: .*foo"),
        ("foo", "write plugin:NAME or module:Class"),
        ("", "write plugin:NAME or module:Class"),
        ("../evil:Parser", "write plugin:NAME or module:Class"),
        ("os:system('x')", "write plugin:NAME or module:Class"),
        ("no_such_module:Parser", "cannot be loaded"),
    ],
)
def test_a_reference_to_nothing_is_an_error_that_says_so(
    install: Install, reference: str, message: str
) -> None:
    install("good_plugin", GOOD, parsers={"foo": "good_plugin:Parser"})

    with pytest.raises(PluginError, match=message):
        load(Kind.PARSER, reference)


def test_two_packages_with_one_name_have_to_be_told_apart(install: Install) -> None:
    install("one_plugin", GOOD, parsers={"foo": "one_plugin:Parser"})
    install("two_plugin", GOOD, parsers={"foo": "two_plugin:Parser"})

    with pytest.raises(PluginError, match=r"several packages .*one_plugin, two_plugin"):
        load(Kind.PARSER, "plugin:foo")
    assert load(Kind.PARSER, "two_plugin:Parser")


def test_arguments_that_a_class_refuses_are_an_error_without_their_values(install: Install) -> None:
    install("good_plugin", GOOD)

    with pytest.raises(PluginError, match=r"cannot be made \(TypeError\)") as error:
        make(Kind.PARSER, "good_plugin:Parser", {"api_key": "sk-12345"})

    assert "sk-12345" not in str(error.value)


def test_the_digest_changes_with_the_code_and_imports_nothing(install: Install) -> None:
    folder = install("good_plugin", GOOD)
    before = code_digest("good_plugin:Parser")
    (folder / "good_plugin.py").write_text(GOOD + "# changed\n")
    code_digest.cache_clear()

    assert code_digest("good_plugin:Parser") != before
    assert "good_plugin" not in sys.modules
    with pytest.raises(PluginError, match="cannot be found"):
        code_digest("no_such_module:Parser")


def test_a_plugin_is_tried_in_a_process_without_secrets(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROVIDER_KEY", "sk-12345")
    seen = tmp_path / "seen"
    install("good_plugin", GOOD)
    install("curious_plugin", f"import os; open({str(seen)!r}, 'w').write(str(os.environ))\n{GOOD}")
    install("crashing_plugin", "import os; os._exit(7)")
    install("chatty_plugin", f"print('hello')\n{GOOD}")

    names = ("good_plugin", "curious_plugin", "crashing_plugin", "chatty_plugin")
    faults = faults_of([(Kind.PARSER, f"{name}:Parser") for name in names])

    assert [bool(fault) for fault in faults] == [False, False, True, False]
    assert "crashing_plugin:Parser ended its process with status 7" in faults[2]
    assert "sk-12345" not in seen.read_text()
