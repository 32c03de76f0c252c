"""The tenancy guard: no statement leaves for the database unless it stays in the district of its session.

Two halves. The compiler half reads each statement once, in its final form, and keeps the verdict with the compiled
statement, which SQLAlchemy caches. The other half runs before every execution and compares the bound districts with
the district of the session. The first leans on hooks of the compiler that SQLAlchemy does not promise to keep:
``core.db.selfcheck`` proves at start that it still sees what it must.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Select, event
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import FromClause

from core.db.assignments import check_assignments, check_insert
from core.db.errors import ReadOnlySession
from core.db.scope import Findings, Tie, check_tables, find_ties, flatten, tied_tables
from core.db.session import ALL, Scope
from core.db.tenancy import is_owned
from core.db.types import DistrictKey
from core.errors import TenancyError


@dataclass(frozen=True, slots=True)
class Demand:
    """What a compiled statement asks of the session that executes it."""

    tables: frozenset[str]
    fault: str
    #: Bound values that must be the session's district: name, and for the tuples of an IN position and width.
    keys: tuple[tuple[str, int, int], ...]


#: Settings of row-level security, which no statement may name.
SETTINGS = r"innesto\.(?:district|all)"


class TenancyCompiler(SQLCompiler):
    """Mixed into the statement compiler of the dialect. Every hook only looks; the SQL stays as it was."""

    _findings: Findings | None = None
    demand: Demand | None = None

    @property
    def findings(self) -> Findings:
        """Made at first use: the base class compiles inside ``__init__``."""
        if self._findings is None:
            self._findings = Findings()
        return self._findings

    def _setup_select_stack(self, select: Select[Any], *args: Any, **kw: Any) -> list[FromClause]:
        outer = self._tied_outside()
        froms: list[FromClause] = super()._setup_select_stack(select, *args, **kw)  # type: ignore[no-untyped-call]
        self._inspect("SELECT", froms, select.whereclause, outer)
        return froms

    def update_tables_clause(self, update_stmt: Any, from_table: Any, extra_froms: Any, **kw: Any) -> str:
        check_assignments(update_stmt, self.findings)
        self._inspect("UPDATE", [from_table, *extra_froms], update_stmt.whereclause, set())
        sql: str = super().update_tables_clause(update_stmt, from_table, extra_froms, **kw)  # type: ignore[no-untyped-call]
        return sql

    def delete_table_clause(self, delete_stmt: Any, from_table: Any, extra_froms: Any, **kw: Any) -> str:
        self._inspect("DELETE", [from_table, *extra_froms], delete_stmt.whereclause, set())
        sql: str = super().delete_table_clause(delete_stmt, from_table, extra_froms, **kw)  # type: ignore[no-untyped-call]
        return sql

    def visit_insert(self, insert_stmt: Any, *args: Any, **kw: Any) -> str:
        if is_owned(insert_stmt.table):
            check_insert(insert_stmt, self.findings)
        sql: str = super().visit_insert(insert_stmt, *args, **kw)  # type: ignore[no-untyped-call]
        return sql

    def visit_textclause(self, textclause: Any, *args: Any, **kw: Any) -> str:
        self._note_text(textclause.text)
        sql: str = super().visit_textclause(textclause, *args, **kw)  # type: ignore[no-untyped-call]
        return sql

    def visit_tstring_text(self, element: Any, **kw: Any) -> str:
        self._note_text(element.text)
        sql: str = super().visit_tstring_text(element, **kw)  # type: ignore[no-untyped-call]
        return sql

    def visit_column(self, column: Any, *args: Any, **kw: Any) -> str:
        if column.is_literal:
            self._note_text(column.name)
        sql: str = super().visit_column(column, *args, **kw)
        return sql

    def _note_text(self, text: str) -> None:
        self.findings.texts.append(text)

    def _tied_outside(self) -> set[FromClause]:
        enclosing: Any = self.stack[-1] if self.stack else {}
        tied: set[FromClause] = enclosing.get("tied", set())
        return tied

    def _inspect(self, form: str, froms: list[FromClause], where: Any, outer: set[FromClause]) -> None:
        ties: list[Tie] = []
        tables = [table for element in froms for table in flatten(element, ties)]
        ties.extend(find_ties(where))
        # A table named again inside is another row source than the outer one of the same name.
        tied = tied_tables(ties, outer.difference(tables), self.findings)
        check_tables(tables, tied, self.findings, form)
        entry: Any = self.stack[-1]
        entry["tied"] = tied


class Guard:
    """Compares what a statement touches with the district of its session, before the database sees it."""

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._watched: set[str] = set()
        self._named_in = lru_cache(maxsize=4096)(self._find_names)
        self._pattern = lru_cache(maxsize=8)(self._build_pattern)

    def __call__(  # noqa: PLR0917 - the signature of SQLAlchemy's event
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: DefaultExecutionContext,
        executemany: bool,
    ) -> None:
        options = connection.get_execution_options()
        scope: Scope = options.get("district")
        if scope is not ALL:
            self._check(scope, statement, context)
        if (context.isinsert or context.isupdate or context.isdelete) and not options.get("write"):
            raise ReadOnlySession("this session only reads: open one with database.write()")

    def _check(self, scope: Scope, statement: str, context: DefaultExecutionContext) -> None:
        if getattr(context, "district_checked", False):
            return
        if context.isddl:
            raise TenancyError("tables are changed by migrations, in a session of all districts")
        demand = self._demand(context.compiled, statement)
        if demand.tables:
            _refuse(demand, scope)
            _compare(demand, scope, context)
        # A long list of rows is sent in batches: each passes here with all its rows, and the first check held for all.
        context.district_checked = True  # type: ignore[attr-defined]

    def _demand(self, compiled: Any, statement: str) -> Demand:
        if compiled is None:
            return _textual(self.names_in(statement))
        demand: Demand | None = getattr(compiled, "demand", None)
        if demand is None:
            demand = compiled.demand = self._judge(compiled)
        return demand

    def _judge(self, compiled: Any) -> Demand:
        findings: Findings = getattr(compiled, "findings", None) or Findings()
        written = self.names_in("\n".join(findings.texts))
        # Whatever names a table by a way no hook has seen counts as text too.
        unseen = self.names_in(compiled.string) - findings.tables
        if written or unseen:
            return _textual(written | unseen)
        return Demand(frozenset(findings.tables), ", ".join(findings.faults), _keys(compiled, findings))

    def watch(self, table: str) -> None:
        """Treat ``table`` as district-owned in textual SQL although the metadata does not know it."""
        self._watched.add(table)

    def names_in(self, sql: str) -> frozenset[str]:
        """District-owned tables (and settings of row-level security) that ``sql`` names."""
        return self._named_in(sql, len(self._metadata.tables) + len(self._watched)) if sql else frozenset()

    def _find_names(self, sql: str, tables: int) -> frozenset[str]:
        return frozenset(name.lower() for name in self._pattern(tables).findall(sql))

    def _build_pattern(self, tables: int) -> re.Pattern[str]:
        owned = {table.name for table in self._metadata.tables.values() if is_owned(table)} | self._watched
        names = [re.escape(name) for name in sorted(owned)]
        return re.compile(rf"\b(?:{'|'.join([*names, SETTINGS])})\b", re.IGNORECASE)


def _textual(names: frozenset[str]) -> Demand:
    return Demand(names, f"textual SQL on {', '.join(sorted(names))}", ())


def _keys(compiled: Any, findings: Findings) -> tuple[tuple[str, int, int], ...]:
    typed = [(name, 0, 1) for bind, name in compiled.bind_names.items() if isinstance(bind.type, DistrictKey)]
    # A value written into the SQL has no name here; "" is bound nowhere, so the comparison refuses it.
    ties = [(compiled.bind_names.get(bound.parameter, ""), bound.position, bound.width) for bound in findings.bounds]
    return tuple(dict.fromkeys(typed + ties))


def _refuse(demand: Demand, scope: Scope) -> None:
    if scope is None:
        raise TenancyError(f"session of the installation on {', '.join(sorted(demand.tables))}")
    if demand.fault:
        raise TenancyError(demand.fault)


def _compare(demand: Demand, scope: Scope, context: DefaultExecutionContext) -> None:
    for parameters in context.compiled_parameters:
        for key in demand.keys:
            if parameters.get(key[0], MISSING) != scope and not _members_equal(key, parameters, scope, context):
                raise TenancyError("the statement is bound to another district")


def _members_equal(
    key: tuple[str, int, int], parameters: Mapping[str, Any], scope: Scope, context: DefaultExecutionContext
) -> bool:
    """The values of an IN, which SQLAlchemy has spread over numbered parameters by now."""
    name, position, width = key
    members: Sequence[str] | None = (getattr(context, "_expanded_parameters", None) or {}).get(name)
    return members is not None and all(parameters[member] == scope for member in members[position::width])


MISSING = object()


def install_guard(engine: Engine, metadata: MetaData) -> Guard:
    """Give ``engine`` a guarded compiler and check every execution. ``metadata`` knows the district-owned tables."""
    compiler = engine.dialect.statement_compiler
    engine.dialect.statement_compiler = type("GuardedCompiler", (TenancyCompiler, compiler), {})
    guard = Guard(metadata)
    event.listen(engine, "before_cursor_execute", guard)
    return guard
