"""What a changed run computes again, as a Markdown table: decoded images, thumbnails, and inputs of each model.

python -m tests.benchmarks.reuse
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support.reuse import CHANGES, measured, table


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        rows = [(change.name, measured(Path(scratch, str(place)), change)) for place, change in enumerate(CHANGES)]
    print(table(rows))


if __name__ == "__main__":
    main()
