# SPDX-License-Identifier: GPL-3.0-or-later
"""Metric math: the four operations on metrics and numbers, which is all that is understood here."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

Points = Sequence[float | None]

_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class NotUnderstood(ValueError):
    """The expression uses something else; the text says what."""


def combine(expression: str, series: Mapping[str, Points]) -> list[float | None]:
    """The data points of an expression over series of one length, by their ids.

    A point is missing where one of those it needs is, or where it would divide by zero. Raises
    NotUnderstood.
    """
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError as problem:
        raise NotUnderstood(f"{expression!r}: {problem.msg}") from None
    length = max((len(points) for points in series.values()), default=0)
    return [_value(tree, {id: points[n] for id, points in series.items()}) for n in range(length)]


def _value(node: ast.expr, known: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = _value(operand, known)
            return None if found is None else -found
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            one, other = _value(left, known), _value(right, known)
            if one is None or other is None:
                return None
            try:
                return _OPERATIONS[type(op)](one, other)
            except ZeroDivisionError:
                return None
    raise NotUnderstood(f"the sandbox does not understand {ast.unparse(node)!r} in metric math")
