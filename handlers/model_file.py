"""A model's file, as somebody's editor has written it."""

from pathlib import Path

from domain.rules.scoring import Model, ModelError, read_model


class UnusableModelFile(Exception):
    """The text is a sentence with the file, the place in it, and what is wrong there. It may quote the file."""


def read_file(file: Path) -> tuple[str, Model]:
    """The text as it is kept, and the model in it: neither a byte order mark nor Windows' line breaks make it another.

    Raises UnusableModelFile.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        return text, read_model(text)
    except UnicodeDecodeError as wrong:
        line = wrong.object.count(b"\n", 0, wrong.start) + 1
        why = f"line {line}: is not UTF-8; save the file as UTF-8 in your editor"
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
    except ModelError as wrong:
        why = str(wrong)
    raise UnusableModelFile(f"{file}: {why}")
