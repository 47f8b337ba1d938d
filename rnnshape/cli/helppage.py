"""The page of help: the options under the headings of their panels, in plain text.

Typer's own page is drawn with Rich, whose import costs more than everything else that `--help` does.
"""

from __future__ import annotations

import sys
from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """A command whose page of help has a heading for each panel of options."""

    def get_help(self, ctx: Any) -> str:
        """Return the page as standard output can carry it: Typer would write UTF-8 to a stream of ASCII."""
        text: str = super().get_help(ctx)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        return text if encoding.lower().startswith("utf") else text.replace("…", "...")

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the one sentence; a layer is needed, though Typer is not told so: the message is ours."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] LAYER...")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, panel by panel, in the order in which they are declared."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and parameter.param_type_name == "option":
                panel = getattr(parameter, "rich_help_panel", None) or "Help"
                panels.setdefault(panel, []).append(record)
        for panel, records in panels.items():
            with formatter.section(panel):
                formatter.write_dl(records)
