"""Compare runs and show them: tables, plots, HTML reports."""

from eval.reports.compare import Comparison, compare_runs
from eval.reports.matrix import Tried, combinations, frontier, judged_by
from eval.reports.report import write
from eval.reports.table import comparison_table, matrix_table, run_table, visible

__all__ = [
    "Comparison",
    "Tried",
    "combinations",
    "compare",
    "compare_runs",
    "comparison_table",
    "frontier",
    "judged_by",
    "matrix_table",
    "run_table",
    "visible",
    "write",
]
