"""The Python in the documents runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "docs/compile.md",
        "docs/from_pytorch.md",
        "docs/profiling.md",
        "docs/speed.md",
        "examples/course/README.md",
    ],
)
def test_blocks_run_one_after_the_other(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    names = {"__name__": name}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], name, "exec"), names)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/compile.md",
        "docs/from_pytorch.md",
        "docs/profiling.md",
        "docs/speed.md",
        "examples/course/README.md",
    ],
)
def test_links_within_the_project_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [target for target in targets if not ((ROOT / name).parent / target).exists()] == []
