"""Who else of the company is known: on the card, best score first."""

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from domain import cards
from domain.rules.lifecycle import Stage
from domain.rules.tiers import Tier
from domain.verbs import deciding
from domain.verbs.merging import merge_leads
from tests.conftest import NOON
from tests.domain.making import DIRECTOR, HQL, MQL, Team, make_lead, make_offer, take


def named(name: str) -> dict[str, object]:
    return {**DIRECTOR, "name": name}


def test_the_best_three_of_the_same_company_are_shown_and_the_others_counted(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL, "kim@sample-buyer.com")
    with_sales = make_offer(session, HQL, "lee@sample-buyer.com")
    deciding.accept(session, with_sales.id, version=2, by=team.morgan, now=NOON)
    make_lead(session, ("webinar",), "ann@sample-buyer.com", person=named("Ann Sample"))
    make_lead(session, ("page_view",), "ben@sample-buyer.com", person=named("Ben Sample"))
    take(session, "new@sample-buyer.com")
    make_lead(session, HQL, "zoe@other-company.com")
    view = cards.card_view(session, handoff.id)
    assert [one.name for one in view.colleagues] == ["lee@sample-buyer.com", "Ann Sample", "Ben Sample"]
    first = view.colleagues[0]
    assert (first.title, first.tier, first.stage) == ("VP Sales", Tier.HQL, Stage.IN_HANDOFF)
    assert first.rep in {team.ada.name, team.alex.name}
    assert (view.colleagues[1].rep, view.more_colleagues) == (None, 1)


def test_a_lead_that_is_alone_at_its_company_has_no_colleagues(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL, "kim@sample-buyer.com")
    view = cards.card_view(session, handoff.id)
    assert (view.colleagues, view.more_colleagues) == ([], 0)


def test_a_lead_without_a_company_has_no_colleagues(session: Session) -> None:
    take(session, "lee@gmail.com", person={})
    assert cards.colleagues_of(session, take(session, "kim@gmail.com", person={})) == ([], 0)


def test_a_merged_lead_is_nobodys_colleague(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL, "kim@sample-buyer.com")
    twin = take(session, "k.buyer@sample-buyer.com")
    merge_leads(session, handoff.lead_id, twin.id, by=None, now=NOON)
    assert cards.card_view(session, handoff.id).colleagues == []


def test_a_card_takes_as_many_queries_with_colleagues_as_it_says(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL, "kim@sample-buyer.com")
    for n in range(5):
        take(session, f"colleague{n}@sample-buyer.com")
    session.flush()
    session.expire_all()
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    cards.card_view(session, handoff.id)
    event.remove(connection, "before_cursor_execute", note)
    assert len(seen) == 9
    assert "nine queries" in (cards.card_view.__doc__ or "")
