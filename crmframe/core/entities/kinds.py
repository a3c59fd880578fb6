"""The kinds of fields: what a value is in Python, in JSON, in text and in the database.

A kind reads what people write (a cell, a form) as well as JSON, and gives every value one canonical form.
"""

from __future__ import annotations

from crmframe.core.entities.kinds_base import Kind, ParseContext, ValueProblem
from crmframe.core.entities.kinds_choice import Boolean, Choices, MultiChoice
from crmframe.core.entities.kinds_contact import Email, Phone, Url
from crmframe.core.entities.kinds_json import Json
from crmframe.core.entities.kinds_number import DecimalNumber, Integer, Money
from crmframe.core.entities.kinds_reference import AnyReference, Reference
from crmframe.core.entities.kinds_text import LongText, Text
from crmframe.core.entities.kinds_time import Date, Instant

__all__ = [
    "AnyReference",
    "Boolean",
    "Choices",
    "Date",
    "DecimalNumber",
    "Email",
    "Instant",
    "Integer",
    "Json",
    "Kind",
    "LongText",
    "Money",
    "MultiChoice",
    "ParseContext",
    "Phone",
    "Reference",
    "Text",
    "Url",
    "ValueProblem",
]
