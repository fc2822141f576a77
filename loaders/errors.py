"""What goes wrong in loading, told to people: the message says which file, what is wrong and what to do."""


class LoadError(Exception):
    """A file, a contract or the database does not let a load go on."""


class ContractError(LoadError):
    """A contract cannot be used: the message names the file and the key."""
