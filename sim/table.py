"""Tables: rows of named values, such as the result of a sweep or a profile."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from os import PathLike, fspath
from typing import Any

from pteg.errors import UserError
from pteg.frames import frame
from pteg.outputs import write_file

__all__ = ["Table", "flat"]

Value = int | float | str | bool | None


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """A mapping of mappings as one: `{"mmu": {"x": 1}}` becomes `{"mmu.x": 1}`.

    Numbers of numpy become Python's.

    Raises
    ------
    UserError
        A value is neither a number, a text, None nor a mapping.
    """
    found: dict[str, Value] = {}
    for name, value in values.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found.update(flat(value, f"{path}."))
            continue
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        if not isinstance(value, int | float | str | None):
            raise UserError(f"measure {path!r} must be a number, a text or None, not a "
                            f"{type(value).__name__}")
        found[path] = value
    return found


class Table:
    """Rows of named values, which other programs can read.

    Attributes
    ----------
    rows : list of dict
    columns : list of str
        All names, in the order in which they first come.
    origin : dict of str to str
        What the rows were made by: of a sweep its function, and versions. An Arrow table and a
        Parquet file keep it as metadata, under the key "pteg"; beside a CSV file it is in a file of
        its own.
    """

    def __init__(self, rows: Iterable[Mapping[str, Value]],
                 origin: Mapping[str, str] | None = None):
        self.rows = [dict(row) for row in rows]
        self.origin = dict(origin or {})
        self.columns = list(dict.fromkeys(name for row in self.rows for name in row))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Value]]:
        return iter(self.rows)

    def __getitem__(self, column: str) -> list[Value]:
        """All values of a column; None where a row has none."""
        if column not in self.columns:
            raise UserError(f"column must be one of {', '.join(self.columns)}, not {column!r}")
        return [row.get(column) for row in self.rows]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self.rows == other.rows

    def csv(self) -> str:
        """The table as CSV, with a line of names."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def arrow(self) -> Any:
        """As a `pyarrow.Table`."""
        table = frame(self._columns(), "pyarrow")
        return table.replace_schema_metadata({"pteg": json.dumps(self.origin)})

    def pandas(self) -> Any:
        """As a `pandas.DataFrame`."""
        return frame(self._columns(), "pandas")

    def polars(self) -> Any:
        """As a `polars.DataFrame`."""
        return frame(self._columns(), "polars")

    def _columns(self) -> dict[str, list[Value]]:
        return {name: self[name] for name in self.columns}

    def write(self, path: str | PathLike) -> None:
        """Write a file: Parquet if the name ends in `.parquet`, CSV if in `.csv`.

        CSV has no place for `origin`: it goes to `FILE.meta.json`, with the SHA-256 of the table
        that it belongs to.

        Raises
        ------
        UserError
            The name ends in something else, or a file cannot be written.
        """
        if fspath(path).endswith(".parquet"):
            table, buffer = self.arrow(), io.BytesIO()
            from pyarrow import parquet

            parquet.write_table(table, buffer)
            write_file(path, buffer.getvalue())
        elif fspath(path).endswith(".csv"):
            data = self.csv().encode()
            write_file(path, data)
            if self.origin:
                origin = {**self.origin, "sha256": hashlib.sha256(data).hexdigest()}
                write_file(f"{fspath(path)}.meta.json",
                           f"{json.dumps(origin, indent=2)}\n".encode())
        else:
            raise UserError(f"a table's name must end in .csv or .parquet, not {fspath(path)!r}")

    def __repr__(self) -> str:
        cells = [self.columns, *([_shown(row.get(name)) for name in self.columns]
                                 for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in
                                   zip(row, widths, strict=True)) for row in cells)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{escape(_shown(row.get(name)))}</td>"
                                        for name in self.columns) + "</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
