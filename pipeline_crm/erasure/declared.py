"""Every text that the database keeps, and what an erasure does with it; a text that stands nowhere here fails the build.

A line is a model and its fields. What is `ERASED` goes or loses its words by `migrations/0002_laws` and `removing`. What stays
holds no person's data, for the reason above it.
"""

from __future__ import annotations

ERASED = """
    clients.Client        name company region city language masked_contact consent
    clients.ContactPoint  kind sealed masked mark end_mark
    timeline.Entry        text details
    timeline.Task         title
    conveyor.HandOff      summary need budget timing decider next_step comment
    leads.Lead            campaign comment
    deals.Deal            competitor comment
    accounts.Account      comment
    exchange.ImportedRow  fingerprint
    exchange.Export       question reason answer sealed_key digest
    exchange.ExportPart   sealed
    access.BreakGlass     reason
    admin.LogEntry        object_repr change_message
    sessions.Session      session_data
"""

KEPT = {
    "words of a fixed list, out of our code": """
        clients.Agreement     channel source
        timeline.Entry        stage kind outcome
        timeline.Movement     stage cause from_state to_state
        timeline.Task         stage
        outbox.Notice         kind stage
        outbox.Mute           kind channel
        outbox.Digest         rhythm
        outbox.Delivery       channel
        conveyor.HandOff      from_stage to_stage state
        conveyor.BookMove     cause
        conveyor.BookMoveItem stage
        leads.Lead            clock state currency
        deals.Deal            clock state currency
        accounts.Account      clock state currency
        oversight.Alarm       measure
        access.Share          stage
        exchange.ImportedRow  stage
        exchange.Export       stage format contacts language state why
        erasure.Erasure       basis state
        audit.Line            kind stage
    """,
    "numbers of seats, rules and pipelines, and names of rules; counts; numbers of records": """
        timeline.Movement     why
        outbox.Notice         event
        oversight.Tally       counts
        exchange.Export       records named
        erasure.Erasure       pipelines removed
        audit.Line            detail
    """,
    "random, or a hash of what holds no person's data": """
        outbox.Mail           key
        exchange.Export       key mark
        erasure.Erasure       key mark
        audit.Link            hash
        audit.Head            hash
        audit.Anchor          seal
        audit.Anchored        hash
        tiers.Stamp           value
        clients.Pepper        sealed
    """,
    "kept on purpose: the person asked that this contact never be taken in again": """
        clients.Suppression   mark
    """,
    "keyed hashes of contacts under the key of their day: nothing without it, and it goes with that key (docs/privacy.md)": """
        audit.Line            traces
    """,
    "about those who work here": """
        users.User            password username first_name last_name email language session_seed
        users.Invitation      digest
        account.EmailAddress  email
        account.EmailConfirmation key
        mfa.Authenticator     type data
        usersessions.UserSession ip session_key user_agent data
        tiers.Absence         reason
        tiers.HistoricalAbsence reason history_change_reason history_type
    """,
    "the set-up of the house, which names no client": """
        tiers.Pipeline        name currency time_zone country repeat_deals
        tiers.HistoricalPipeline name currency time_zone country repeat_deals history_change_reason history_type
        tiers.HistoricalWorkingHours history_change_reason history_type
        tiers.DayOff          name
        tiers.HistoricalDayOff name history_change_reason history_type
        tiers.Source          name
        tiers.HistoricalSource name history_change_reason history_type
        tiers.Product         name
        tiers.HistoricalProduct name history_change_reason history_type
        tiers.Reason          name kind
        tiers.HistoricalReason name kind history_change_reason history_type
        tiers.Tier            name strategy when_full
        tiers.HistoricalTier  name strategy when_full history_change_reason history_type
        tiers.HistoricalPipelineUserObjectPermission history_change_reason history_type
        tiers.Step            stage name
        tiers.HistoricalStep  stage name history_change_reason history_type
        tiers.Rung            act
        tiers.HistoricalRung  act history_change_reason history_type
        tiers.Seat            role
        tiers.HistoricalSeat  role history_change_reason history_type
        tiers.Shift           kind
        tiers.HistoricalShift kind history_change_reason history_type
        tiers.Rule            name regions languages
        tiers.HistoricalRule  name regions languages history_change_reason history_type
    """,
    "Django's own tables, which name models, rights and numbers": """
        admin.LogEntry        object_id
        auth.Permission       name codename
        auth.Group            name
        contenttypes.ContentType app_label model
        sessions.Session      session_key
        guardian.UserObjectPermission object_pk
        guardian.GroupObjectPermission object_pk
    """,
}


def fields_in(table: str) -> list[str]:
    """The fields of a table above, as `room.Model.field`."""
    lines = (line.split() for line in table.strip().splitlines())
    return [f"{model}.{field}" for model, *fields in lines for field in fields]
