"""Run the whole course: every page in its order, all figures, and at the end what each page proved.

uv run examples/course/whole_course.py [--backend numpy] [--figures FOLDER]
"""

import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    lines, failed = [], []
    for path in sorted(HERE.glob("[0-9][0-9]_*.py")):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, path, *sys.argv[1:]], capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - start
        print(done.stdout, flush=True)
        claims = len(re.findall(r" (?:yes|NO)$", done.stdout, re.MULTILINE))
        held = len(re.findall(r" yes$", done.stdout, re.MULTILINE))
        lines.append(f"  {path.stem:<28} {held:>3} of {claims:>2} claims hold {seconds:>8.1f} s")
        if done.returncode:
            failed.append(f"{path.name}:\n{done.stderr}")
    print("The course", *lines, sep="\n")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
