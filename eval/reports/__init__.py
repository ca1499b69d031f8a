"""Compare runs and show them: tables, plots, HTML reports."""

from footnote_qa.eval.reports.compare import Comparison, Unclear, compare_runs
from footnote_qa.eval.reports.export import table, to_csv, to_github, to_junit, to_parquet
from footnote_qa.eval.reports.matrix import Tried, combinations, frontier, judged_by
from footnote_qa.eval.reports.report import write
from footnote_qa.eval.reports.table import comparison_table, matrix_table, run_table, visible

__all__ = [
    "Comparison",
    "Tried",
    "Unclear",
    "combinations",
    "compare",
    "compare_runs",
    "comparison_table",
    "frontier",
    "judged_by",
    "matrix_table",
    "run_table",
    "table",
    "to_csv",
    "to_github",
    "to_junit",
    "to_parquet",
    "visible",
    "write",
]
