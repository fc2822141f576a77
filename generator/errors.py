"""What goes wrong in generating, told to people."""


class GeneratorError(Exception):
    """The folder or the options do not let files be generated; the message says what to do."""
