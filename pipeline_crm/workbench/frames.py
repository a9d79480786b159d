"""Fills in the frame around a page from what one person may see; three questions to the database at most."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import DateTimeField, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from pipeline_crm.access.exporting import answers
from pipeline_crm.access.pipelines import chosen_of, in_sight
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.conveyor.answers import Request
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import STAGE_ICONS, Frame, Link, LinkGroup, NavStage, Person, Place
from pipeline_crm.conveyor.questions import Blank
from pipeline_crm.conveyor.standins import PERSON, stand_in
from pipeline_crm.conveyor.words import FEW, badge
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage

from . import own
from .day import stages_of
from .joints import joint_queries, joint_words
from .tally import Marks, kept_tally

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

RECORDS = frozenset(desk.namespace for desk in DESKS.values())
KEPT = 256  # frames, of as many people on as many pages
END, SINCE = Blank("end", DateTimeField()), Blank("since", DateTimeField())


@dataclass(frozen=True)
class Standpoint:
    """Where a person stands when they open a page."""

    user: User
    sight: Sight
    pipeline: Pipeline | None
    pipelines: Sequence[Pipeline]
    tiers: Sequence[Tier]  # of every pipeline in sight
    path: str
    namespace: str
    seats: Sequence[Seat] = field(default=())

    @property
    def own_stages(self) -> list[Stage]:
        """The stages that the person's seats in this pipeline work."""
        return [stage for stage in Stage if any(seat.tier.works(stage) for seat in self.seats)]

    @property
    def seat_ids(self) -> list[int]:
        """The person's seats in this pipeline."""
        return [seat.pk for seat in self.seats]

    @property
    def repeats(self) -> bool:
        """Whether a farmer here works repeat deals without a desk at the deals."""
        return Stage.DEAL not in self.own_stages and any(
            seat.tier in self.sight.tiers_for(Stage.DEAL) for seat in self.seats
        )

    @property
    def leads_only(self) -> bool:
        """Whether every seat here is a team lead's."""
        return all(seat.role == Seat.Role.LEAD for seat in self.seats)

    @property
    def heads(self) -> bool:
        """Whether the person steers the whole pipeline."""
        return self.pipeline is not None and self.pipeline.pk in self.sight.headed_ids

    @property
    def analyses(self) -> bool:
        """Whether the person reads the numbers of the pipeline."""
        return self.pipeline in self.sight.analysed

    def tier_of(self, stage: Stage) -> Tier:
        """The tier that works a stage of the chosen pipeline."""
        return next(tier for tier in self.tiers_here if tier.works(stage))

    @property
    def tiers_here(self) -> list[Tier]:
        """The tiers of the chosen pipeline in the order of the belt."""
        here = [tier for tier in self.tiers if self.pipeline is not None and tier.pipeline_id == self.pipeline.pk]
        return sorted(here, key=lambda tier: tier.stages[0].rank)


def standpoint(request: Request) -> Standpoint:
    """Reads where the person of a request stands."""
    sight = sight_of(request.user)
    pipelines = in_sight(sight)
    pipeline = chosen_of(request, pipelines)
    match = request.resolver_match
    return Standpoint(
        user=request.user,
        sight=sight,
        pipeline=pipeline,
        pipelines=pipelines,
        tiers=_tiers_of(pipelines, sight),
        path=request.path,
        namespace=match.namespace if match else "",
        seats=[seat for seat in sight.seats if seat.tier.pipeline == pipeline],
    )


def _tiers_of(pipelines: Sequence[Pipeline], sight: Sight) -> list[Tier]:
    house, shown = sight.house or setup(), {pipeline.pk for pipeline in pipelines}
    return [tier for tier in house.tiers.values() if tier.pipeline_id in shown]


def frame_of(request: Request) -> Frame:
    """All that stands around a page for the person of this request; kept as long as it would come out the same."""
    here = standpoint(request)
    counts = _counts(here)
    # No link of the frame leads to a single record, so one frame serves the pages of all.
    match = request.resolver_match
    path = "" if match and "pk" in match.kwargs and match.namespace in RECORDS else request.path
    offsets = tuple(timezone.now().astimezone(pipeline.zone).utcoffset() for pipeline in here.pipelines)
    key = (
        here.user.pk, here.user.is_staff, here.sight.house and here.sight.house.stamp, here.sight.headed_ids, here.sight.viewing, here.pipeline and here.pipeline.pk, here.namespace,
        path, get_language(), offsets, tuple(counts.items()),
    )  # fmt: skip
    frame = _kept.get(key)
    if frame is None:
        frame = _kept[key] = _frame(here, counts)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return frame


_kept: OrderedDict[Hashable, Frame] = OrderedDict()


def _frame(here: Standpoint, counts: dict[str, int]) -> Frame:
    return Frame(
        person=Person(here.user.name, role_words(here)),
        stage=_hue(here),
        pipeline=here.pipeline.name if here.pipeline else "",
        line=_line(here.pipeline, here.tiers) if here.pipeline else "",
        pipelines=[_pipeline_link(one, here) for one in here.pipelines],
        top=_top(here, counts),
        belt=_belt(here, counts),
        groups=[group for group in _groups(here) if group.links],
        tabs=_tabs(here),
        unread=counts["unread"],
        notices_url=reverse("workbench:notices"),
        profile_url=reverse("account_change_password"),
        theme_url=reverse("workbench:theme"),
        language_url=reverse("workbench:language"),
        sign_out_url=reverse("account_logout"),
    )


def _counts(here: Standpoint) -> dict[str, int]:
    """Everything that the frame counts, by name; asked for a stand-in, so that the question is written once."""
    now, nobody = timezone.now(), stand_in(here.sight)
    seats = {stage: [seat for seat in here.seats if seat.tier.works(stage)] for stage in here.own_stages}
    tiers = {stage: tuple(nobody.tier(seat.tier_id) for seat in at) for stage, at in seats.items()}
    places = Places(
        seats=tuple(nobody.seat(pk) for pk in here.seat_ids),
        everywhere=tuple(nobody.seat(pk) for pk in sorted(here.sight.seat_ids)),
        tiers=tiers,
        stages=tuple(stages_of(here.sight)),
        with_joints=bool(here.own_stages) and not here.leads_only,
        repeats=here.repeats,
    )
    end, since = own.midnight_after(now), now - own.WINDOW
    key = ("frame", places.seats, places.everywhere, *tiers.items(), places.stages, places.with_joints, places.repeats)
    return kept_tally(key, lambda: _queries(here, places), nobody.numbers, end=end, since=since)


@dataclass(frozen=True)
class Places:
    """Where a person's counts come from, by the numbers of a stand-in."""

    seats: tuple[int, ...]  # in the chosen pipeline
    everywhere: tuple[int, ...]
    tiers: Mapping[Stage, tuple[int, ...]]
    stages: tuple[Stage, ...]
    with_joints: bool
    repeats: bool


def _queries(here: Standpoint, places: Places) -> dict[str, QuerySet[Any] | Marks]:
    queries: dict[str, QuerySet[Any] | Marks] = {"unread": Notice.objects.unread_by(PERSON)}
    for stage, tiers in places.tiers.items():
        queries[f"{stage}_held"] = own.held(stage, places.seats).order_by()[: FEW + 1]
        queries[f"{stage}_pool"] = DESKS[stage].model.objects.in_pool(*tiers).order_by()[: FEW + 1]
    if places.repeats:
        queries["repeats"] = own.held(Stage.DEAL, places.seats).order_by()[: FEW + 1]
    for stage in places.stages:
        queries[f"{stage}_due"] = own.due_before(stage, places.everywhere, END)[: FEW + 1]
    if places.with_joints:
        queries |= joint_queries(here, places.seats, SINCE)
    return queries


def _hue(here: Standpoint) -> str:
    """The colour of the stage that the page is about, when it is the person's own; else of their first desk."""
    at = next((desk.stage for desk in DESKS.values() if desk.namespace == here.namespace), None)
    if at in here.own_stages:
        return at.value
    return here.own_stages[0].value if here.own_stages else "none"


def _line(pipeline: Pipeline, tiers: Iterable[Tier]) -> str:
    count = sum(tier.pipeline_id == pipeline.pk for tier in tiers)
    offset = timezone.now().astimezone(pipeline.zone).strftime("%z")
    words = ngettext("%(n)d tier", "%(n)d tiers", count) % {"n": count}
    return f"{words} · UTC{offset[:3].replace('-', '−')}{f':{offset[3:]}' if offset[3:] != '00' else ''}"


def _pipeline_link(pipeline: Pipeline, here: Standpoint) -> Link:
    return Link(
        reverse("workbench:pipeline", args=[pipeline.pk]),
        pipeline.name,
        line=_line(pipeline, here.tiers),
        current=pipeline == here.pipeline,
        post=True,
    )


def role_words(here: Standpoint) -> str:
    """What the person is here, in a few words."""
    if here.seats:
        return " · ".join(
            _("%(tier)s, team lead") % {"tier": seat.tier.name} if seat.role == Seat.Role.LEAD else seat.tier.name
            for seat in here.seats
        )
    if here.sight.administers:
        return _("Administrator")
    if here.heads:
        return _("Head of sales")
    if here.analyses:
        return _("Analyst")
    return _("Configurator") if here.user.is_staff else ""


def _here(here: Standpoint, url: str) -> bool:
    return here.path == url.partition("?")[0]


def _link(here: Standpoint, url: str, word: str, icon: str = "", **more: Any) -> Link:
    return Link(url, word, icon, current=_here(here, url), **more)


def _top(here: Standpoint, counts: dict[str, int]) -> list[Link]:
    find = _link(here, reverse("workbench:find"), _("Find"), "search", key="/")
    if not here.sight.seats:
        return [*_conveyor_link(here), *([find] if here.heads else [])]
    due = sum(counts[f"{stage}_due"] for stage in stages_of(here.sight))
    work = _link(here, reverse("workbench:my-work"), _("My work"), "bolt", count=badge(due) if due else None)
    works = due or any(seat.capacity for seat in here.sight.seats)
    mine = [work] if works else []
    return [*mine, *_own_teams(here), find, *_conveyor_link(here)]


def _belt(here: Standpoint, counts: dict[str, int]) -> list[Place]:
    if not here.own_stages:
        return []
    places = []
    for stage in Stage:
        mine = stage in here.own_stages
        after = stage.next
        links = _stage_links(here, stage, counts) if mine else ()
        crosses = after is not None and here.tier_of(stage) != here.tier_of(after)
        joint = joint_words(here, stage, after, counts) if after is not None and crosses else None
        places.append(Place(NavStage(stage.value, str(stage.label), mine=mine, links=links), joint))
    return places


def _stage_links(here: Standpoint, stage: Stage, counts: dict[str, int]) -> list[Link]:
    desk = DESKS[stage]
    whose = (
        {Stage.LEAD: _("My leads"), Stage.DEAL: _("My deals"), Stage.ACCOUNT: _("My accounts")}
        if not here.leads_only
        else {Stage.LEAD: _("All leads"), Stage.DEAL: _("All deals"), Stage.ACCOUNT: _("All accounts")}
    )
    pool = desk.url("list") + "?view=pool"
    return [
        _link(here, desk.url("board"), _("Board")),
        _link(here, desk.url("list"), whose[stage], count=None if here.leads_only else badge(counts[f"{stage}_held"])),
        Link(pool, _("Pool"), count=badge(counts[f"{stage}_pool"])),
        *_repeat_link(here, stage, counts),
    ]


def _repeat_link(here: Standpoint, stage: Stage, counts: dict[str, int]) -> list[Link]:
    """A farmer who works repeat deals has them beside the accounts."""
    if not here.repeats or stage is not Stage.ACCOUNT:
        return []
    return [_link(here, DESKS[Stage.DEAL].url("list"), _("Repeat deals"), count=badge(counts["repeats"]))]


def _groups(here: Standpoint) -> list[LinkGroup]:
    return [
        LinkGroup(_("Teams"), _all_teams(here)),
        LinkGroup(_("Records"), [*_record_links(here), *_file_links(here)]),
        LinkGroup(_("Set up"), _set_up_links(here)),
    ]


def _team_link(here: Standpoint, tier: Tier, word: str) -> Link:
    return _link(here, reverse("reports:team", args=[tier.pk]), word, "users")


def _own_teams(here: Standpoint) -> list[Link]:
    """The teams that somebody leads; a head of sales has all of them, further down."""
    led = [] if here.heads else [tier for tier in here.tiers_here if tier.pk in here.sight.led_ids]
    return [_team_link(here, tier, tier.name if len(led) > 1 else _("My team")) for tier in led]


def _all_teams(here: Standpoint) -> list[Link]:
    return [_team_link(here, tier, tier.name) for tier in here.tiers_here] if here.heads else []


def _conveyor_link(here: Standpoint) -> list[Link]:
    if here.pipeline is None or not (here.heads or here.analyses):
        return []
    url = reverse("reports:conveyor", args=[here.pipeline.pk])
    return [_link(here, url, _("Conveyor") if here.heads else _("Conveyor numbers"), "route")]


def _record_links(here: Standpoint) -> list[Link]:
    """A head of sales has no desk on the belt, but reads every stage."""
    if not here.heads or here.own_stages:
        return []
    return [_stage_link(here, stage, "board") for stage in Stage]


def _file_links(here: Standpoint) -> list[Link]:
    """Files that leave the house, for those who take them or answer for them."""
    concerned = here.sight.exports or answers(here.sight)
    return [_link(here, reverse("exchange:exports"), _("Exports"), "file-export")] if concerned else []


def _stage_link(here: Standpoint, stage: Stage, page: str) -> Link:
    words = {Stage.LEAD: _("Leads"), Stage.DEAL: _("Deals"), Stage.ACCOUNT: _("Accounts")}
    return _link(here, DESKS[stage].url(page), words[stage], STAGE_ICONS[stage])


def _set_up_links(here: Standpoint) -> list[Link]:
    links = [_link(here, reverse("admin:index"), _("Structure and people"), "sitemap")] if here.user.is_staff else []
    glass = [_link(here, reverse("access:glass"), _("Emergency access"), "lock")] if here.sight.administers else []
    return [*links, *glass, *_journal_link(here)]


def _journal_link(here: Standpoint) -> list[Link]:
    if not (here.sight.answered_for or here.sight.audited):
        return []
    return [_link(here, reverse("oversight:alarms"), _("Alarms and journal"), "shield-check")]


def _tabs(here: Standpoint) -> list[Link]:
    if not here.own_stages:
        return [*_conveyor_link(here), *_record_links(here)[:2]]
    stage = here.own_stages[0]
    tabs = [_link(here, reverse("workbench:my-work"), _("My work"), "bolt"), _stage_link(here, stage, "list")]
    if here.leads_only:
        return [*_own_teams(here)[:1], *tabs[1:]]
    take = reverse("workbench:take-next", args=[here.tier_of(stage).pk, stage.value])
    return [*tabs, Link(take, pgettext("tab", "Take next"), "hand-grab", post=True)]
