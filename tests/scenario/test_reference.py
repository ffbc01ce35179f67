"""The scenario reference is made from the schema and never edited."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from cssim.scenario import schema
from cssim.scenario.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "scenario.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "python -m cssim.scenario.reference docs/scenario.md"
    )


def test_every_model_and_every_key_is_on_it() -> None:
    page = reference()
    models = [m for m in vars(schema).values() if isinstance(m, type) and issubclass(m, schema.Model)]
    assert len(models) > 20
    for model in set(models) - {schema.Model}:
        assert issubclass(model, BaseModel)
        section = page.split(f"## {model.__name__}\n")[1].split("\n## ")[0]
        for name, info in model.model_fields.items():
            assert f"| `{info.alias or name}` |" in section
