"""Who is plugged in. A vendor is one file of this folder and one line here.

A vendor's file is loaded when it is first needed and only if its key is set: Salesforce's library alone takes most of a
second to import.
"""

import os
import threading
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from integrations.crm_ports import Crm
from integrations.marketing_ports import MarketingAutomation
from integrations.ports import Enricher, Plugged
from kit.quota import OPEN, Gate


@dataclass(frozen=True, slots=True)
class Plug:
    """A vendor's file, which has `Settings` and `build(settings, gate)`, and the setting that switches it on (or the other
    one, of an older API of the same vendor).
    """

    module: str
    switch: str
    or_switch: str = ""

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2]


ENRICHERS = (
    Plug("integrations.dns", "DNS_CHECK"),
    Plug("integrations.zoominfo", "ZOOMINFO_CLIENT_ID", "ZOOMINFO_USERNAME"),
    Plug("integrations.clearbit", "CLEARBIT_API_KEY"),
)
"""In the order of trust: where two providers disagree, the earlier one is believed. Among equally cheap ones it is asked first."""
CRMS = (Plug("integrations.salesforce", "SALESFORCE_CLIENT_ID"),)
MARKETING = (
    Plug("integrations.hubspot", "HUBSPOT_ACCESS_TOKEN"),
    Plug("integrations.marketo", "MARKETO_CLIENT_ID"),
    Plug("integrations.pardot", "PARDOT_CLIENT_ID"),
)
"""The first that is configured is the installation's own: it has the leads that came from no other."""

OFF = frozenset({"0", "f", "false", "n", "no", "off"})
"""How a switch says no, beside not being there."""

_lock = threading.Lock()
_clients: dict[str, Plugged | None] = {}
_gates: list[Gate] = [OPEN]
"""The last one is in use."""


def gate_by(gate: Gate) -> None:
    """From now on every client's calls go through `gate`. Without it they go as they come: the processes say it when they start."""
    forget()
    _gates[:] = [gate]


def enrichers() -> tuple[Enricher, ...]:
    """The configured providers, most trusted first."""
    found: list[Enricher | None] = [_client(plug) for plug in ENRICHERS]
    return tuple(enricher for enricher in found if enricher is not None)


def crm() -> Crm | None:
    found: list[Crm | None] = [_client(plug) for plug in CRMS]
    return next((one for one in found if one is not None), None)


def automations() -> tuple[MarketingAutomation, ...]:
    """All that are plugged in; the first is the installation's own."""
    found: list[MarketingAutomation | None] = [_client(plug) for plug in MARKETING]
    return tuple(one for one in found if one is not None)


def marketing(name: str | None = None) -> MarketingAutomation | None:
    """The one of this name; without a name, the installation's own."""
    return next((one for one in automations() if name in {None, one.name}), None)


def names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The CRM's name, if there is one, and those of the marketing automations, without loading their files."""
    crms, marketing = ([plug.name for plug in plugs if _is_on(plug)] for plugs in (CRMS, MARKETING))
    return tuple(crms[:1]), tuple(marketing)


def forget() -> None:
    """Close all clients; the next question reads the settings again."""
    with _lock:
        for client in _clients.values():
            if client is not None:
                client.close()
        _clients.clear()


def _client(plug: Plug) -> Any:
    with _lock:
        if plug.module not in _clients:
            _clients[plug.module] = _load(plug)
        return _clients[plug.module]


def _load(plug: Plug) -> Any:
    if not _is_on(plug):
        return None
    vendor = import_module(plug.module)
    settings = vendor.Settings()
    return vendor.build(settings, _gates[-1]) if settings.configured() else None


def not_plugged_in(name: str) -> str:
    """What is said to who asked for it."""
    plugged = ", ".join(one for kind in names() for one in kind) or "none"
    return f"{name} is not plugged in. Plugged in: {plugged}. docs/integrations.md lists the settings of each."


def switched_on(*plugs: Plug) -> dict[str, Any]:
    """Those of them that are, by name: the client, or as a text what is wrong with the settings, so that there is none."""
    return {plug.name: _client_or_why(plug) for plug in plugs if _is_on(plug)}


def _client_or_why(plug: Plug) -> Any:
    """Of a setting that cannot be read only the name is said: it may be a secret."""
    try:
        client = _client(plug)
    except ValidationError as wrong:
        fields = ", ".join(".".join(map(str, one["loc"])) for one in wrong.errors())
        return f"A setting of {plug.name} cannot be read: {fields}"
    return client or f"{plug.name} is only half set up: something it needs beside {plug.switch} is missing"


def _is_on(plug: Plug) -> bool:
    switches = [name for name in (plug.switch, plug.or_switch) if name]
    return any(
        (os.environ.get(name) or dotenv_values(".env").get(name) or "no").lower() not in OFF for name in switches
    )
