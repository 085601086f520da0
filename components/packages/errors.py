"""Why a package cannot be made::

PackagingError
├── UnknownImport    a module that no layer has, or that is looked up at run time
└── LayerFailed      a layer could not be resolved or written; nothing of it is left
"""


class PackagingError(Exception):
    """The message says what to do."""


class UnknownImport(PackagingError):
    pass


class LayerFailed(PackagingError):
    pass
