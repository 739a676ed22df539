"""`handoff setup VENDOR`: whether our fields have their place there, making what may be made, and saying what an admin has to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from domain.rules.field_maps import FieldMap, Theirs, Wrong, as_toml, read_field_map, what_is_wrong
from domain.rules.model_table import ModelError
from domain.verbs import field_mapping, telling
from handlers.draining import drain_again, link_system
from handlers.jobs import reading, send, transaction
from handlers.sending import Job
from integrations import registry
from integrations.crm_ports import Crm
from integrations.marketing_ports import MarketingAutomation
from integrations.ports import NotOffered
from kit.clock import utcnow
from kit.outside import Refused, TryLater

# What vendors and files say is no markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

Client = Crm | MarketingAutomation


def setup(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="salesforce, hubspot ...")],
    *,
    apply: Annotated[
        bool, typer.Option("--apply/--check", help="Make the fields that lack, and put the map in force.")
    ] = False,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", exists=True, dir_okay=False, help="A field map (TOML); without it the one in force."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the map as a file, and do nothing else.")] = False,
) -> None:
    """See whether VENDOR has a place for what we write. The exit status is 1 if an admin has something to do."""
    client = _client(vendor)
    toml = _text(client, map_file)
    if show:
        out.print(toml, soft_wrap=True, end="")
        return
    fields = _read(toml, map_file)
    deploy = ""
    try:
        _say_whom(client)
        left = _put_right(client, fields, apply=apply)
        deploy = _to_deploy(client, left)
    except NotOffered:
        out.print(f"{vendor} does not say which fields it has: the map could not be tried.")
        left = []
    except (Refused, TryLater) as no:
        _end(f"{no.why}.")
    if deploy:
        out.print(f"An admin of {vendor} deploys this:\n\n{deploy}", soft_wrap=True)
    if apply and not left and not deploy:
        _keep(client, toml)
    if left or deploy:
        raise typer.Exit(1)


def _client(vendor: str) -> Client:
    crm = registry.crm()
    found = crm if crm is not None and crm.name == vendor else registry.marketing(vendor)
    if found is None:
        _end(registry.not_plugged_in(vendor))
    return found


def _text(client: Client, map_file: Path | None) -> str:
    if map_file is not None:
        try:
            return map_file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            _end(f"{map_file}: is no text in UTF-8.")
    with reading() as session:
        newest = field_mapping.newest_of(session, client.name)
    return newest.text if newest is not None else as_toml(client.default_map)


def _read(toml: str, map_file: Path | None) -> FieldMap:
    try:
        # A system may write all of its fields by itself: then there is nothing in the default map.
        return read_field_map(toml) if toml != as_toml(FieldMap()) else FieldMap()
    except ModelError as wrong:
        _end(f"{map_file or 'the map in force'}: {wrong}.")


def _say_whom(client: Client) -> None:
    try:
        out.print(client.check())
    except NotOffered:
        out.print(f"{client.name} is plugged in.")


def _put_right(client: Client, fields: FieldMap, *, apply: bool) -> Sequence[Wrong]:
    """Make what lacks if it is wanted; returns what is left to do."""
    wrong = what_is_wrong(fields, client.fields())
    left = []
    table = Table("field", "there", "what is wrong", "what is done about it")
    for one in wrong:
        done = _create(client, one.create) if apply and one.create is not None else None
        if done is None or not done.startswith("made"):
            left.append(one)
        table.add_row(one.path, one.name, one.why, done or _advice(one))
    if wrong:
        out.print(table)
    else:
        out.print(f"All {len(fields.pairs)} fields of the map have their place.")
    return left


def _to_deploy(client: Client, left: Sequence[Wrong]) -> str:
    """What lacks of our own fields and of the map's, as the vendor's admins deploy it."""
    crm = registry.crm()
    if crm is None or crm is not client:
        return ""
    try:
        return crm.to_deploy([wrong.create for wrong in left if wrong.create is not None])
    except NotOffered:
        return ""


def _create(client: Client, wanted: Theirs) -> str:
    try:
        client.create_field(wanted)
    except NotOffered:
        return f"an admin makes a {wanted.type} field of this name"
    except Refused as no:
        return no.why
    return "made"


def _advice(wrong: Wrong) -> str:
    return "--apply makes it" if wrong.create is not None else "an admin changes it, or the map names another"


def _keep(client: Client, toml: str) -> None:
    """Put the map in force; what was told by another one is told anew."""
    with transaction() as session:
        now = utcnow()
        in_force = field_mapping.newest_of(session, client.name)
        same = toml == (in_force.text if in_force is not None else as_toml(client.default_map))
        if same:
            return
        field_mapping.put_in_force(session, client.name, toml, now)
        marketing = registry.marketing(client.name)
        if marketing is not None:
            link, job = link_system(telling.MARKETING, marketing), Job.TELL_MARKETING
        else:
            link, job = telling.CRM, Job.TELL_CRM
        telling.tell_again(session, link, now)
        several = job is Job.TELL_MARKETING and len(registry.automations()) > 1
        send(session, drain_again(job, client.name if several else ""))
    out.print("The map is in force; every lead is told by it.")


def _end(why: str) -> NoReturn:
    err.print(why)
    raise typer.Exit(1)
