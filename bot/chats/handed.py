"""Files that a chat hands out: where they went, or how to get them after all."""

_PASSES = "/passes "
_AGAIN = (
    "`/passes again` with the batch's number gives it once more; do not print anew, or there are "
    "twice as many."
)


def taken(count: int) -> str:
    """Where so many files are now."""
    return "It is in your messages with me." if count == 1 else "They are in your messages with me."


def not_taken(platform: str, call: str) -> str:
    """What to do when the platform did not take the files that this call brought."""
    again = _AGAIN if call.startswith(_PASSES) else "Please ask for it again."
    return f"{platform} did not take the file just now. {again}"
