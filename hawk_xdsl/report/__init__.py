"""The report of a compile: a row for each decision, its file, and its tables."""

from hawk_xdsl.report.report_file import (
    FullReport,
    Report,
    add_to_report,
    read_full_report,
    read_report,
    write_report,
)
from hawk_xdsl.report.rows import ReportRow, device_time, row_of
from hawk_xdsl.report.run_record import LaunchRecord, RunRecord, run_record
from hawk_xdsl.report.tables import print_performance, print_report

__all__ = [
    "FullReport",
    "LaunchRecord",
    "Report",
    "ReportRow",
    "RunRecord",
    "add_to_report",
    "device_time",
    "print_performance",
    "print_report",
    "read_full_report",
    "read_report",
    "row_of",
    "run_record",
    "write_report",
]
