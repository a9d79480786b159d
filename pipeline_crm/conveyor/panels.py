"""The panels of a record's page as HTML: a timeline has fifty lines, so they are written in Python and not by templates.

Everything that a person or a client has written goes through `escape`; `templates/belt/record.html` stands around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from pipeline_crm.clients.models import Client
from pipeline_crm.tiers.models import Step
from pipeline_crm.timeline.models import Task
from pipeline_crm.timeline.reading import Line

from .draw import avatar, clock, dot, flag, gate, icon, stage_tag
from .faces import ClockFace, Link
from .forms import ReassignForm, TaskForm
from .hands import Spell
from .models import HandOff
from .opening import Opened
from .printed import Press
from .why import Why
from .words import day_of, full_moment, span

Fact = tuple[str, str]
BUTTON = '<form{} method="post" action="{}">{}{}</form>'
TICK = (
    '<form method="post" action="{}">{}<button type="submit" class="-m-1.5 grid cursor-pointer place-items-center p-1.5 '
    'max-md:-m-3.5 max-md:p-3.5" aria-label="{}"><span class="block size-4 rounded-sm border border-line-strong bg-card '
    'hover:bg-hue-soft"></span></button></form>'
)
TICKED = (
    '<li class="flex items-start gap-2.5 py-1.5"><span class="text-good" aria-hidden="true">{}</span>'
    '<span class="min-w-0 break-words"><span class="text-muted-foreground line-through">{}</span>'
    '<span class="meta block">{}</span></span></li>'
)
EMPTY = (
    '<div class="empty"><span class="empty-sign">{}</span><p class="font-semibold">{}</p>'
    '<p class="text-muted-foreground">{}</p></div>'
)
CONSENT = {"given": ("good", "shield-check"), "withdrawn": ("over", "alert-circle"), "partly": ("over", "alert-circle")}


def panel(name: str, title: str, inside: str, *, beside: str = "", wraps: bool = False, before: str = "") -> SafeString:
    """A panel with its heading."""
    head = f'<header{' class="flex-wrap"' if wraps else ""}>{before}<h2 id="{name}" class="panel-title">{title}</h2>'
    return SafeString(f'<section class="panel" aria-labelledby="{name}">{head}{beside}</header>{inside}</section>')


def facts(told: Iterable[Fact]) -> str:
    """Words and what they stand for, those alone that are known."""
    return "".join(f"<dt>{word}</dt><dd>{escape(said)}</dd>" for word, said in told if said)


# Contact -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """Phones and addresses, each with what is shown of it; masked ones keep their value to themselves."""

    in_full: bool
    phones: Sequence[Opened]
    emails: Sequence[Opened]
    opened: int
    limit: int
    shows: bool = True  # whether the reader may ask to see them
    rings: bool = False  # whether the telephone system can call without that


def contact(press: Press, seen: Contact, told: Iterable[Fact], *, works: bool, asks: str = "") -> SafeString:
    """How to reach the client, and what is known of them; `asks` is the page of what they ask of the firm themselves."""
    client = press.item.client
    where = [word for word in (client.city, client.region) if word]
    about = facts(
        [
            (_("Company"), client.company),
            (_("Where"), ", ".join(where)),
            (_("Language"), str(client.get_language_display()) if client.language else ""),
            *told,
        ]
    )
    comment = getattr(press.item, "comment", "")
    said = f'<p class="mt-3 whitespace-pre-line border-t pt-3">{escape(comment)}</p>' if comment else ""
    edit = f"{icon('pencil')}{_('Edit the details')}"
    change = f'<a class="btn mt-3" data-variant="ghost" data-size="sm" href="{press.url("edit")}">{edit}</a>'
    agree = f"{icon('shield-check')}{_('Consent')}"
    consent = f'<a class="btn mt-3" data-variant="ghost" data-size="sm" href="{press.url("consent")}">{agree}</a>'
    if client.erased_at is not None:
        change = consent = ""
    if asks:
        words = f"{icon('user-off')}{_('The client’s own request')}"
        consent += f'<a class="btn mt-3" data-variant="ghost" data-size="sm" href="{asks}">{words}</a>'
    inside = (
        f'<div class="p-3.5">{reach(press, seen)}<dl class="facts mt-3 border-t pt-3 empty:hidden">{about}</dl>'
        f"{said}{change if works else ''}{consent}</div>"
    )
    return panel("contact", _("Contact"), inside, beside=f'<span class="ms-auto">{_consent(client)}</span>')


def _consent(client: Client) -> str:
    if client.no_contact:
        return flag(_("do not contact"), tone="over", sign="phone-off")
    consent = client.consent
    words = {
        "given": _("consent given"),
        "withdrawn": _("consent withdrawn"),
        "partly": _("consent withdrawn in part"),
    }
    tone, sign = CONSENT.get(consent, ("", "info-circle"))
    return flag(words.get(consent) or _("consent not asked"), tone=tone, sign=sign)


def reach(press: Press, seen: Contact) -> SafeString:
    """The phones and addresses with what can be done with them: what a click opens, and a minute closes again."""
    phones = "".join(_phone(press, seen, place, phone) for place, phone in enumerate(seen.phones))
    emails = "".join(f'<p class="mt-1 break-all">{_shown(seen, "mailto", email)}</p>' for email in seen.emails)
    nothing = "" if seen.phones else f'<p class="text-muted-foreground">{_("No phone is known.")}</p>'
    limit = {"opened": seen.opened, "limit": seen.limit}
    counted = _("Revealed %(opened)s of %(limit)s today. Each time is recorded.") % limit
    if not seen.shows:
        counted = _("At this tier calls are made without showing the number. Each one is recorded.")
    opened = f' data-opened aria-label="{_("Contact in full")}"' if seen.in_full else ""
    return SafeString(
        f'<div id="reach"{opened}>{phones}{nothing}{emails}{_ways(press, seen)}<p class="meta mt-2">{counted}</p></div>'
    )


def _phone(press: Press, seen: Contact, place: int, phone: Opened) -> str:
    shown = f'<p class="min-w-0 text-lg font-semibold tracking-wide">{_shown(seen, "tel", phone)}</p>'
    if not seen.rings or press.item.barred:
        return shown
    words = f'{icon("phone")}<span class="sr-only">{pgettext("button", "Call")} {escape(phone.mask)}</span>'
    ring = f'<input type="hidden" name="place" value="{place}"><button type="submit" class="btn" data-variant="outline" data-size="icon">{words}</button>'
    form = BUTTON.format(' class="ms-auto"', press.url("dial"), press.sent, ring)
    return f'<div class="flex items-center gap-2">{shown}{form}</div>'


def _shown(seen: Contact, way: str, point: Opened) -> str:
    """The mask; or the value as a link that knows its mask, so that it can hide again."""
    if not seen.in_full:
        return escape(point.mask)
    return f'<a href="{way}:{escape(point.value)}" data-mask="{escape(point.mask)}">{escape(point.words)}</a>'


def _ways(press: Press, seen: Contact) -> str:
    """The button that shows; when all is shown it waits for the minute to end, and a call can be made in its place."""
    if press.item.barred:
        return f'<p class="mt-2.5 flex gap-1.5 font-medium">{icon("phone-off")}{_("This client must not be contacted.")}</p>'
    if not seen.shows or not (seen.phones or seen.emails):
        return ""
    way = ""
    if seen.in_full and seen.phones and not seen.rings:
        words = f"{icon('phone')}{pgettext('button', 'Call')}"
        number = escape(seen.phones[0].value)
        way = f'<a class="btn mt-2.5 w-full" data-variant="outline" data-open href="tel:{number}">{words}</a>'
    show = f'<button type="submit" class="btn w-full" data-variant="outline">{icon("eye")}{pgettext("contact", "Show")}</button>'
    hidden = " hidden data-show" if seen.in_full else ""
    attributes = f' class="mt-2.5" hx-post="{press.url("reveal")}" hx-target="#reach" hx-swap="outerHTML"{hidden}'
    return way + BUTTON.format(attributes, press.url("reveal"), press.sent, show)


# Brief -------------------------------------------------------------------------------------------------------------


def brief_facts(brief: HandOff) -> str:
    """What the brief says besides its summary."""
    return facts(
        [
            (_("Need"), brief.need),
            (_("Budget"), brief.budget),
            (_("When"), brief.timing),
            (_("Who decides"), brief.decider),
            (_("Agreed next step"), brief.next_step),
        ]
    )


def brief(press: Press, told: HandOff, marking: str, *, now: datetime) -> SafeString:
    """What the giver has written; `marking` is the form by which its receiver marks it, or nothing."""
    giver = f"{escape(told.giver.user.name)}, " if told.giver else ""
    under = ""
    if marking:
        save = f'<button type="submit" class="btn mt-2.5" data-variant="outline" data-size="sm">{_("Save the mark")}</button>'
        under = BUTTON.format(' class="mt-3 border-t pt-3"', press.url("mark"), press.sent, f"{marking}{save}")
    elif told.mark:
        said = _("The receiver marked this brief %(mark)s of 5.") % {"mark": told.mark}
        under = f'<p class="meta mt-3 border-t pt-3">{said}</p>'
    inside = (
        f'<div class="p-3.5"><p class="meta mb-1.5">{giver}{full_moment(told.offered_at, today=day_of(now))}</p>'
        f'<p class="whitespace-pre-line">{escape(told.summary)}</p>'
        f'<dl class="facts mt-3 border-t pt-3 empty:hidden">{brief_facts(told)}</dl>{under}</div>'
    )
    return panel("brief", _("Brief"), inside, before=gate("passed"))


# Timeline ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class History:
    """The lines that are shown, the filters above them and the links under them."""

    lines: Sequence[Line]
    filters: Sequence[Link]
    newest: str = ""
    earlier: str = ""


def timeline(history: History, note: str, *, now: datetime) -> SafeString:
    """What happened, the newest first; `note` is the form for one more note, or nothing."""
    today = day_of(now)
    write = f'<summary class="cursor-pointer text-xs font-medium text-hue-text">{_("Write a note")}</summary>'
    above = f'<details class="border-b px-3.5 py-2">{write}<div class="pt-2">{note}</div></details>' if note else ""
    lines = "".join(_line(line, full_moment(line.at, today=today)) for line in history.lines)
    shown = f'<ol class="tl mx-3.5 my-1.5">{lines}</ol>'
    if not history.lines:
        words = _("Calls, messages, meetings and movements are written here as they happen.")
        shown = EMPTY.format(icon("history", "size-5"), _("Nothing of this kind yet"), words)
    links = ((history.newest, _("Newest")), (history.earlier, _("Earlier")))
    pages = "".join(f'<a href="{escape(url)}">{word}</a>' for url, word in links if url)
    if pages:
        pages = f'<p class="flex gap-4 border-t px-3.5 py-2 text-xs font-medium text-hue-text">{pages}</p>'
    beside = f'<div class="ms-auto">{_switch(history.filters, _("What the timeline shows"))}</div>'
    return panel("timeline", _("Timeline"), f"{above}{shown}{pages}", beside=beside, wraps=True)


def _switch(links: Iterable[Link], label: str) -> str:
    drawn = "".join(
        f'<a class="choice" href="{escape(link.url)}"{' aria-current="true"' if link.current else ""}>{link.word}</a>'
        for link in links
    )
    return f'<div class="flex flex-wrap gap-1" role="group" aria-label="{label}">{drawn}</div>'


def _line(line: Line, when: str) -> str:
    sign = f'<span class="absolute -left-8 top-2">{gate(line.gate)}</span>' if line.gate else dot(line.sign)
    by = f", {escape(line.by)}" if line.by else ""
    text = line.text
    said = f'<p class="whitespace-pre-line break-words text-muted-foreground">{escape(text)}</p>' if text else ""
    title = f'<b class="font-semibold">{escape(line.title)}</b>'
    return f'<li>{sign}<p>{title} <span class="meta">{when}{by}</span></p>{said}</li>'


# Clocks, tasks, hands ----------------------------------------------------------------------------------------------


def clocks(faces: Sequence[tuple[str, ClockFace | None]], then: str) -> SafeString:
    """Every clock that runs, and what happens when one runs out."""
    rows = "".join(f'<li class="row justify-between"><span>{word}</span>{clock(face)}</li>' for word, face in faces)
    shown = f'<ul class="rows">{rows}</ul>' if rows else f'<p class="meta px-3.5 py-3">{_("No clock runs.")}</p>'
    under = f'<p class="meta border-t px-3.5 py-2">{escape(then)}</p>' if then else ""
    return panel("clocks", _("Clocks"), shown + under)


def tasks(
    press: Press, to_do: Sequence[Task], ticked: Sequence[Task], *, more: bool, works: bool, now: datetime
) -> SafeString:
    """What is to be done, and what was ticked off last."""
    today = day_of(now)
    rows = [_task(press, task, full_moment(task.due_at, today=today), works=works, now=now) for task in to_do]
    for task in ticked:
        when = full_moment(task.done_at, today=today) if task.done_at else ""
        rows.append(TICKED.format(icon("checkbox"), escape(task.title), _("done %(when)s") % {"when": when}))
    if not rows:
        rows = [f'<li class="meta py-1.5">{_("Nothing is planned.")}</li>']
    beside = f'<span class="count">{len(to_do)}{"+" if more else ""}</span>' if to_do else ""
    if works:
        opens = f'data-variant="ghost" data-size="icon-sm" aria-label="{_("Add a task")}"'
        form = press.print(TaskForm, quiet=True)
        beside += (
            f'<details class="drop ms-auto"><summary class="btn" {opens}>{icon("plus")}</summary>'
            f'<div class="drop-body">{form}</div></details>'
        )
    return panel("tasks", _("Tasks"), f'<ul class="px-3.5 py-1.5">{"".join(rows)}</ul>', beside=beside)


def _task(press: Press, task: Task, when: str, *, works: bool, now: datetime) -> str:
    tick = ""
    if works:
        label = _("Done: %(title)s") % {"title": escape(task.title)}
        tick = TICK.format(press.url("task-done", task.pk), press.sent, label)
    late = task.due_at <= now
    shape, said = ("font-medium text-over", f", {_('overdue')}") if late else ("text-muted-foreground", "")
    due = f'<span class="block text-xs {shape}">{when}{said}</span>'
    title = f'<span class="min-w-0 break-words">{escape(task.title)}{due}</span>'
    return f'<li class="flex items-start gap-2.5 py-1.5">{tick}{title}</li>'


def hands(press: Press, had: Sequence[Spell], why: Why | None, *, moves: bool, sight: str = "") -> SafeString:
    """Who has had the client, and why they are with their owner; `moves` offers to give them to somebody else.

    `sight` is the page of who can see the record, for those who may ask.
    """
    shown = f'<ul class="rows">{"".join(_spell(spell) for spell in had)}</ul>'
    if not had:
        shown = f'<p class="meta px-3.5 py-3">{_("Nobody yet.")}</p>'
    give = f'<div class="border-t p-3.5">{press.print(ReassignForm, quiet=True)}</div>' if moves else ""
    because = _why(why, owned=press.item.seat_id is not None) if why is not None else ""
    words = f"{icon('eye-check')}{_('Who can see this and why')}"
    seen = f'<p class="border-t p-2"><a class="btn" data-variant="ghost" data-size="sm" href="{sight}">{words}</a></p>'
    return panel("hands", _("Who has had the client"), f"{because}{shown}{give}{seen if sight else ''}")


def _spell(spell: Spell) -> str:
    length = span(spell.seconds)
    said = _("%(length)s, now") % {"length": length} if spell.is_now else length
    name = f'<span class="block truncate font-medium">{escape(spell.name)}</span><span class="meta">{said}</span>'
    return f'<li class="row">{avatar(spell.name)}<span class="min-w-0 grow">{name}</span>{stage_tag(spell.stage)}</li>'


def _why(why: Why, *, owned: bool) -> str:
    heading = _("Why this owner") if owned else _("Why in the pool")
    passed = ""
    if why.skipped:
        rows = "".join(f"<li>{escape(names)}: {escape(reason)}</li>" for reason, names in why.skipped)
        passed = f'<p class="meta mt-1">{_("Passed over:")}</p><ul class="meta">{rows}</ul>'
    said = f'<h3 class="text-sm font-semibold">{heading}</h3><p class="text-sm">{escape(why.sentence)}</p>'
    return f'<div class="border-b px-3.5 py-2.5" id="why">{said}{passed}</div>'


# What is to be known first -----------------------------------------------------------------------------------------


def returned(last: HandOff, *, now: datetime) -> SafeString:
    """The client came back: why, and when."""
    at = last.answered_at or last.offered_at
    told = {"reason": escape(str(last.reason)), "when": full_moment(at, today=day_of(now))}
    words = f'<b class="font-semibold">{_("Returned %(when)s: %(reason)s.") % told}</b> {escape(last.comment)}'
    return SafeString(f'<p class="tell" data-tone="soon">{icon("arrow-back-up")}<span>{words}</span></p>')


def gone_on(link: Link) -> SafeString:
    """The client went on, and the reader sees them there, too."""
    words = _("The client went on and you see them there, too: %(stage)s.") % {"stage": escape(link.word)}
    way = f'<a class="font-medium underline underline-offset-2" href="{link.url}">{_("Open")}</a>'
    return SafeString(f'<p class="tell">{icon("arrow-right")}<span>{words} {way}</span></p>')


# Acts in the head --------------------------------------------------------------------------------------------------


def call(press: Press, seen: Contact) -> SafeString:
    """The first thing to do: call, or once the number is open, write down what was said."""
    rings = seen.rings and not seen.in_full
    if seen.in_full or not seen.phones or not (seen.shows or rings):
        return SafeString(f'<a class="btn px-4" href="#log">{icon("message-2")}{_("Log a touch")}</a>')
    words = f'{icon("phone")}{pgettext("button", "Call")}<span class="key">C</span>'
    button = f'<button type="submit" class="btn px-4" data-key="c">{words}</button>'
    return SafeString(BUTTON.format("", press.url("dial" if rings else "reveal"), press.sent, button))


def to_next(press: Press, step: Step | None) -> SafeString:
    """The step that follows."""
    if step is None:
        return SafeString("")
    words = f'<span class="max-w-40 truncate">{_("To %(step)s") % {"step": escape(step.name)}}</span>'
    button = f'<button type="submit" class="btn" data-variant="outline" name="step" value="{step.pk}">{words}</button>'
    return SafeString(BUTTON.format("", press.url("move"), press.sent, button))


def more(press: Press, steps: Sequence[Step], back: str = "", *, releases: bool = True) -> SafeString:
    """The menu of what is done seldom; `back` is the word for returning the client, where that can be done."""
    shown = ""
    if steps:
        shown = "".join(_step(step, here=step.pk == press.item.step_id) for step in steps)
        shown = f'<p class="eyebrow px-2 pb-1">{_("Move to")}</p>{shown}'
        shown = BUTTON.format(' class="grid gap-0.5"', press.url("move"), press.sent, shown)
    shown += f'<p class="eyebrow px-2 pb-1 pt-2">{_("More")}</p>'
    if back:
        shown += f'<a class="drop-item" href="{press.url("return")}">{icon("arrow-back-up")}{escape(back)}</a>'
    if releases and press.item.seat_id is not None:
        words = f"{icon('stack-2')}{_('Put it into the pool')}"
        button = f'<button type="submit" class="drop-item">{words}</button>'
        shown += BUTTON.format("", press.url("release"), press.sent, button)
    shown += f'<a class="drop-item" href="{press.url("edit")}">{icon("pencil")}{_("Edit the details")}</a>'
    opens = f'data-variant="ghost" data-size="icon" aria-label="{_("More to do with this record")}"'
    return SafeString(
        f'<details class="drop"><summary class="btn" {opens}>{icon("dots")}</summary>'
        f'<div class="drop-body">{shown}</div></details>'
    )


def _step(step: Step, *, here: bool) -> str:
    sign = icon("check") if here else icon("arrow-right")
    shut = " disabled" if here else ""
    words = f"{sign}{escape(step.name)}"
    return f'<button type="submit" class="drop-item" name="step" value="{step.pk}"{shut}>{words}</button>'
