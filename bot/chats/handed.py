"""Files that a chat hands out: where they went, or how to get them after all."""

from collections.abc import Sequence

from bot.messages import File

_PASSES = "application/pdf"  # nothing else is printed
_ONCE_MORE = (
    "`/passes again` with the batch's number gives it once more; do not print anew, or there are "
    "twice as many."
)


def taken(files: Sequence[File]) -> str:
    """Where the files are now."""
    one = len(files) == 1
    return "It is in your messages with me." if one else "They are in your messages with me."


def not_taken(platform: str, files: Sequence[File]) -> str:
    """What to do when the platform did not take the files."""
    printed = any(file.media_type == _PASSES for file in files)
    again = _ONCE_MORE if printed else "Please ask for it again."
    return f"{platform} did not take the file just now. {again}"
