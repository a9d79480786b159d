"""What was measured, beside its goal: a table to read and a line of JSON for each figure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One number; `better` says which way, and without a goal it only stands for the record."""

    figure: str
    value: float
    unit: str
    goal: float | None = None
    better: str = "lower"
    conditions: dict[str, object] = field(default_factory=dict)

    @property
    def missed(self) -> bool:
        """Whether there is a goal and the number is on its wrong side."""
        if self.goal is None:
            return False
        return self.value > self.goal if self.better == "lower" else self.value < self.goal


class Book:
    """Collects the figures of one run and prints each as it comes."""

    def __init__(self, conditions: dict[str, object]) -> None:
        self.conditions = conditions
        self.figures: list[Figure] = []

    def note(
        self, figure: str, value: float, unit: str, goal: float | None = None, *, better: str = "lower", **more: object
    ) -> None:
        """Writes a figure down; `more` are conditions of its own."""
        found = Figure(figure, round(value, 2), unit, goal, better, self.conditions | more)
        self.figures.append(found)
        aim = "" if goal is None else f"{'≤' if better == 'lower' else '≥'} {goal:g}"
        print(
            f"| {figure:46} | {found.value:10g} {unit:8} | {aim:8} | {'missed' if found.missed else '':6} |", flush=True
        )

    def head(self) -> None:
        """The head of the table."""
        print(f"| {'figure':46} | {'value':19} | {'goal':8} |        |\n|{'-' * 48}|{'-' * 21}|{'-' * 10}|--------|")

    def close(self, file: Path) -> None:
        """Writes the lines and says which goals were missed."""
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(asdict(each), ensure_ascii=False) for each in self.figures)
        file.write_text("".join(f"{line}\n" for line in lines))
        missed = [each for each in self.figures if each.missed]
        aimed = sum(each.goal is not None for each in self.figures)
        print(f"\n{aimed - len(missed)} of {aimed} goals reached; {len(self.figures)} figures in {file.name}.")
        for each in missed:
            print(f"missed: {each.figure}: {each.value:g} {each.unit}, the goal is {each.goal:g}")
