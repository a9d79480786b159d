"""Who PostgreSQL takes us for. It lies on the ground, because rooms below this one need it, too; asked for here by the others."""

from __future__ import annotations

from pipeline_crm.identity import SYSTEM, WEB, Identity, act, acting_as, as_owner, eyes_of, kept_through, system_scope

__all__ = ["SYSTEM", "WEB", "Identity", "act", "acting_as", "as_owner", "eyes_of", "kept_through", "system_scope"]
