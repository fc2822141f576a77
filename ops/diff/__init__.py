"""What changes when an environment is promoted: models, rows, numbers, what BI tools and others rely on."""

from ops.diff.compare import compare_environment
from ops.diff.markdown import as_markdown
from ops.diff.render import as_text
from ops.diff.types import EnvironmentDiff, as_json

__all__ = ["EnvironmentDiff", "as_json", "as_markdown", "as_text", "compare_environment"]
