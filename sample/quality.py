# SPDX-License-Identifier: Apache-2.0
"""Evaluates quality rules (README.md) over the rows of a CSV."""
from decimal import Decimal, InvalidOperation

KINDS = ("equation", "not_null", "unique", "range", "in", "row_count")


class RuleFault(Exception):
    """The rule cannot be evaluated over this table; the rule fails."""


def number(text):
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise RuleFault(f"not a number: {text!r}") from None
    if not value.is_finite():
        raise RuleFault(f"not a finite number: {text!r}")
    return value


def cell(row, column):
    if column not in row or row[column] is None:
        raise RuleFault(f"no column {column!r}")
    return row[column]


def operand(rows, spec):
    if "value" in spec:
        return number(spec["value"])
    total, found = Decimal(0), 0
    for row in rows:
        wanted = ((cell(row, column), texts) for column, texts in spec.get("where", {}).items())
        if all(text in (texts if isinstance(texts, list) else [texts]) for text, texts in wanted):
            if cell(row, spec["sum"]) != "":
                total += number(row[spec["sum"]])
                found += 1
    if found == 0:
        raise RuleFault(f"no row to sum for {spec}")
    return total


def _equation(rule, rows):
    left = operand(rows, rule["left"])
    if "divide_by" in rule:
        divisor = operand(rows, rule["divide_by"])
        if divisor == 0:
            raise RuleFault("division by zero")
        left /= divisor
    left *= number(rule.get("times", "1"))
    right = operand(rows, rule["right"])
    return abs(left - right) <= number(rule["tolerance"]), f"{left.quantize(Decimal('0.01'))} against {right}"


def _range(rule, rows):
    for at, row in enumerate(rows):
        text = cell(row, rule["column"])
        if text == "":
            continue
        value = number(text)
        if ("min" in rule and value < number(rule["min"])) or ("max" in rule and value > number(rule["max"])):
            return False, f"row {at + 1}: {text}"
    return True, "all in range"


def evaluate(rule, rows):
    """(holds, what was found). Never raises for a fault of the data."""
    kind = rule["rule"]
    if kind not in KINDS:
        raise ValueError(f"unknown rule {kind!r}")
    try:
        if kind == "equation":
            return _equation(rule, rows)
        if kind == "range":
            return _range(rule, rows)
        if kind == "not_null":
            empty = sum(cell(row, rule["column"]) == "" for row in rows)
            return empty == 0, f"{empty} empty"
        if kind == "unique":
            keys = [tuple(cell(row, column) for column in rule["columns"]) for row in rows]
            return len(set(keys)) == len(keys), f"{len(keys) - len(set(keys))} repeated"
        if kind == "in":
            other = [row[rule["column"]] for row in rows if cell(row, rule["column"]) not in ("", *rule["values"])]
            return not other, f"{len(other)} others" + (f", first {other[0]!r}" if other else "")
        low, high = rule.get("min", 0), rule.get("max", len(rows))
        return low <= len(rows) <= high, f"{len(rows)} rows"
    except RuleFault as fault:
        return False, str(fault)
