"""Fields that read what people really type: sums with spaces, days and hours in the pipeline's time zone."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

_THOUSANDS = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$")
FARTHEST = timedelta(days=5 * 366)


class NumberField(forms.DecimalField):
    """A number of at most two digits after the point, with a comma or spaces in it as people write them."""

    def __init__(self, *, digits: int, too_large: Any, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(max_digits=digits, decimal_places=2, **options)
        self.whole_digits, self.too_large = digits - 2, too_large
        self.error_messages["invalid"] = _("Write a number, such as 1250 or 1250.50.")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = re.sub(r"[\s'_]", "", value)
            value = value.replace(",", "") if _THOUSANDS.match(value) else value.replace(",", ".")
        return super().to_python(value)

    def run_validators(self, value: Any) -> None:
        if isinstance(value, Decimal) and value.adjusted() >= self.whole_digits:
            raise ValidationError(self.too_large)
        if isinstance(value, Decimal) and value < 0:
            raise ValidationError(_("Write a number that is not below nothing."))
        super().run_validators(value)


class AmountField(NumberField):
    """A sum of money."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            digits=14, too_large=_("This sum is too large to be true: write less than a trillion."), **options
        )


class MomentField(forms.DateTimeField):
    """A day and hour ahead, in the time zone that is active: that of the pipeline."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        super().__init__(widget=widget, **options)
        self.error_messages["invalid"] = _("Write a day and an hour.")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if isinstance(value, datetime):
            _refuse_far(value.date(), today=timezone.localdate())
            if value <= timezone.now():
                raise ValidationError(_("Choose a moment in the future."))


class DayField(forms.DateField):
    """A day."""

    def __init__(self, *, ahead: bool = False, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **options)
        self.ahead = ahead
        self.error_messages["invalid"] = _("Write a day.")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if isinstance(value, date):
            today = timezone.localdate()
            _refuse_far(value, today=today)
            if self.ahead and value < today:
                raise ValidationError(_("Choose today or a later day."))


def _refuse_far(day: date, *, today: date) -> None:
    if abs(day - today) > FARTHEST:
        raise ValidationError(_("Choose a day within five years."))
