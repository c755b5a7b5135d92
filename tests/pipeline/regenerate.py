"""Write the expected text beside each broken pipeline: python -m tests.pipeline.regenerate. Read the difference before it is kept."""

from __future__ import annotations

from tests.pipeline.cases import CASES, shown


def main() -> None:
    """Write FILE.expected for every FILE.yaml, and say which ones changed."""
    for case in CASES:
        expected = case.with_suffix(".expected")
        text = shown(case.read_text(encoding="utf-8"))
        if not expected.exists() or expected.read_text(encoding="utf-8") != text:
            expected.write_text(text, encoding="utf-8")
            print(expected.name)


if __name__ == "__main__":
    main()
