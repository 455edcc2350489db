"""The part of ksqlDB's SQL that the fake server needs.

What the server refuses is refused here: an open quote, a second statement, LIKE beside
AND or OR, ORDER BY, unknown names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<symbol>->|[<>=(),;*]))"
)
Row = Mapping[str, Any]


class StatementRefused(Exception):  # noqa: N818 - not an error of this program
    """The statement is rejected, with a message for the response."""


@dataclass
class Source:
    """A table or stream: its columns are types or, of a struct, fields with theirs."""

    name: str
    kind: str
    topic: str
    value_format: str
    columns: dict[str, Any]
    key: str | None
    statement: str

    @property
    def is_source_table(self) -> bool:
        """Whether it accepts pull queries."""
        return "SOURCE" in self.statement.upper().split()[:2]


@dataclass
class Parser:
    """Tokens of one request, taken one after the other."""

    statement: str
    tokens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Cut the statement into tokens."""
        position = 0
        text = self.statement.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise StatementRefused(f"line 1:{position}: token recognition error")
            token = match.group().strip()
            # Names and keywords are upper-cased, texts are not.
            self.tokens.append(token if match["text"] else token.upper())
            position = match.end()

    def peek(self) -> str:
        """Return the next token; empty at the end."""
        return self.tokens[0] if self.tokens else ""

    def take(self, *expected: str) -> str:
        """Take the next token, which must be one of these if any are given."""
        if not self.tokens or (expected and self.tokens[0] not in expected):
            raise StatementRefused(f"Syntax Error: unexpected {self.peek() or 'EOF'!r}")
        return self.tokens.pop(0)

    def skip(self, *tokens: str) -> bool:
        """Take these tokens if they come next."""
        if self.tokens[: len(tokens)] != list(tokens):
            return False
        del self.tokens[: len(tokens)]
        return True

    def text(self) -> str:
        """Take a literal."""
        token = self.take()
        if not token.startswith("'"):
            raise StatementRefused(f"Syntax Error: no literal: {token}")
        return token[1:-1].replace("''", "'")

    def type(self) -> Any:
        """Take a column's type."""
        name = self.take()
        if name != "STRUCT":
            return {"STRING": "VARCHAR", "INT": "INTEGER"}.get(name, name)
        self.take("<")
        fields = {}
        while True:
            field_name = self.take()
            fields[field_name] = self.type()
            if self.take(",", ">") == ">":
                return fields

    def one_statement(self) -> None:
        """Check for one semicolon at the end."""
        self.take(";")
        if self.tokens:
            raise StatementRefused("Expected exactly one KSQL statement; found 2")


def parse_create(parser: Parser) -> tuple[Source, bool]:
    """Parse what follows CREATE; return it, and whether it may exist already."""
    is_source = parser.skip("SOURCE")
    kind = parser.take("TABLE", "STREAM")
    may_exist = parser.skip("IF", "NOT", "EXISTS")
    name = parser.take()
    columns: dict[str, Any] = {}
    key = None
    parser.take("(")
    while True:
        column = parser.take()
        columns[column] = parser.type()
        if parser.skip("PRIMARY", "KEY"):
            key = column
        if parser.take(",", ")") == ")":
            break
    parser.take("WITH")
    parser.take("(")
    properties = {}
    while True:
        property_name = parser.take()
        parser.take("=")
        properties[property_name] = parser.text()
        if parser.take(",", ")") == ")":
            break
    source = Source(
        name,
        kind,
        properties["KAFKA_TOPIC"],
        properties["VALUE_FORMAT"],
        columns,
        key,
        f"CREATE {'SOURCE ' if is_source else ''}{kind} {name} (...);",
    )
    return source, may_exist


@dataclass(frozen=True)
class Select:
    """A query: what to show of which rows of which source."""

    columns: Mapping[str, Callable[[Row], Any]]
    types: Mapping[str, str]
    source: Source
    condition: Callable[[Row], bool]
    limit: int | None


def parse_select(parser: Parser, sources: Mapping[str, Source]) -> Select:
    """Parse a whole pull query."""
    parser.take("SELECT")
    wanted: list[tuple[list[str], str]] = []
    while True:
        path = [parser.take()]
        while parser.skip("->"):
            path.append(parser.take())
        alias = parser.take() if parser.skip("AS") else path[-1]
        wanted.append((path, alias))
        if not parser.skip(","):
            break
    parser.take("FROM")
    name = parser.take()
    if name not in sources:
        raise StatementRefused(f"{name} does not exist.")
    source = sources[name]
    columns = {alias: _value_of(path, source) for path, alias in wanted}
    types = {alias: _type_of(path, source) for path, alias in wanted}
    condition: Callable[[Row], bool] = lambda _: True  # noqa: E731
    if parser.skip("WHERE"):
        condition = _condition(parser, source)
    limit = int(parser.take()) if parser.skip("LIMIT") else None
    parser.one_statement()
    if not source.is_source_table:
        raise StatementRefused(f"The `{name}` table isn't queryable.")
    return Select(columns, types, source, condition, limit)


def _type_of(path: list[str], source: Source) -> str:
    kind: Any = source.columns
    for part in path:
        if not isinstance(kind, dict) or part not in kind:
            raise StatementRefused(f"Column '{'->'.join(path)}' cannot be resolved.")
        kind = kind[part]
    return "STRUCT" if isinstance(kind, dict) else kind.replace("VARCHAR", "STRING")


def _value_of(path: list[str], source: Source) -> Callable[[Row], Any]:
    _type_of(path, source)

    def value(row: Row) -> Any:
        found: Any = row
        for part in path:
            found = found.get(part) if found is not None else None
        return found

    return value


def _condition(parser: Parser, source: Source) -> Callable[[Row], bool]:
    has_like, joined = False, False
    terms = []
    while True:
        term, is_like = _comparison(parser, source)
        has_like |= is_like
        terms.append(term)
        if parser.peek() not in {"AND", "OR"}:
            break
        if parser.take() == "OR":
            raise StatementRefused("the fake knows no OR")
        joined = True
    if has_like and joined:
        raise StatementRefused("Unsupported expression in WHERE: LIKE")
    return lambda row: all(term(row) for term in terms)


def _comparison(parser: Parser, source: Source) -> tuple[Callable[[Row], bool], bool]:
    left = _expression(parser, source)
    operator = parser.take("=", ">", "LIKE")
    if operator == "LIKE":
        pattern = re.escape(parser.text()).replace("%", ".*").replace("_", ".")
        whole = re.compile(pattern, re.DOTALL)
        return lambda row: bool(whole.fullmatch(left(row) or "")), True
    right = _expression(parser, source)
    if operator == ">":
        return lambda row: left(row) > right(row), False
    return lambda row: left(row) == right(row), False


def _expression(parser: Parser, source: Source) -> Callable[[Row], Any]:
    token = parser.take()
    if token.startswith("'"):
        text = token[1:-1].replace("''", "'")
        return lambda _: text
    if token.isdigit():
        return lambda _: int(token)
    if token == "LCASE":
        parser.take("(")
        inner = _expression(parser, source)
        parser.take(")")
        return lambda row: None if inner(row) is None else inner(row).lower()
    if token == "INSTR":
        parser.take("(")
        hay = _expression(parser, source)
        parser.take(",")
        needle = _expression(parser, source)
        parser.take(")")
        # No text: 0, as in Java.
        return lambda row: 0 if hay(row) is None else hay(row).find(needle(row)) + 1
    return _value_of([token], source)
