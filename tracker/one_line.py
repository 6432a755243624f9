"""What strangers wrote, in a terminal or a log."""


def one_line(text: str) -> str:
    """The text with nothing in it that steers a terminal or breaks a line."""
    return "".join(char if char.isprintable() else "�" for char in text)
