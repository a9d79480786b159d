"""Short ways to read an export in a test."""

import io

from pipeline_crm.exchange.reading import LeadRow, Reading, Rejected, Row, read_leads

PHONE, SECOND_PHONE = "+79161234567", "+79261234567"


def read(text: str | bytes, encoding: str = "utf-8", *, told: str | None = None) -> Reading:
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return read_leads(io.BytesIO(content), region="RU", encoding=told)


def leads(text: str | bytes, encoding: str = "utf-8", *, told: str | None = None) -> list[LeadRow]:
    rows = list(read(text, encoding, told=told))
    assert [row for row in rows if isinstance(row, Rejected)] == []
    return [row.lead for row in rows if isinstance(row, Row)]
