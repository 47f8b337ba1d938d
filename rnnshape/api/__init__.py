"""For Python: the same questions as on the command line, and layers, models and blocks of the program itself.

exploring  `explore`
watching   `watch`
reports    the answers, which show and save themselves
"""

from rnnshape.api.exploring import LayerOptions, explore
from rnnshape.api.reports import ProgramReport, Report
from rnnshape.api.watching import Watch, watch

__all__ = ["LayerOptions", "ProgramReport", "Report", "Watch", "explore", "watch"]
