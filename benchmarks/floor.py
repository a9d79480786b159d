"""The floor F: session, user, one raw indexed query, fifty rows of eight columns in a plain template."""

from __future__ import annotations

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

# Written as text by the query: Django's localised dates would cost more than the rest of the page.
QUERY = """
    SELECT l.id, c.name, c.company, s.name, l.state, l.amount::text, to_char(l.due_at, 'DD Mon HH24:MI'),
           to_char(l.touched_at, 'DD Mon HH24:MI'), to_char(l.created_at, 'DD Mon')
    FROM leads_lead l JOIN clients_client c ON c.id = l.client_id JOIN tiers_step s ON s.id = l.step_id
    WHERE l.seat_id = (SELECT id FROM tiers_seat WHERE user_id = %s) AND l.state IN ('new', 'contacted', 'parked')
    ORDER BY l.due_at, l.id LIMIT 50
"""


def floor(request: HttpRequest) -> HttpResponse:
    """The least that a page of fifty leads can cost."""
    user = request.user
    if not user.is_authenticated:
        raise Http404
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [user.pk])
        rows = cursor.fetchall()
    return render(request, "floor.html", {"rows": rows, "user": user})
