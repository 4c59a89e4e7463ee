"""Where the files are that the package carries: in a checkout beside it, in an installed wheel inside it."""

from pathlib import Path

HERE = Path(__file__).parent


def database_folder() -> Path:
    """The folder with schema.sql and migrations/."""
    inside = HERE / "_db"
    return inside if inside.is_dir() else HERE.parent / "db"


def screens_folder() -> Path:
    """The built screens; may be absent in a checkout that was never built."""
    return HERE / "web" / "dist"


def samples_folder() -> Path:
    return HERE / "samples"
