import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.industries import Industry, industry_of
from domain.rules.industry_names import NAMES
from tests.conftest import TEXT_LAW

OF_PROVIDERS = [
    ("Business Services", "professional_services"),
    ("Energy, Utilities & Waste", "energy"),
    ("Hospitals & Physicians Clinics", "healthcare"),
    ("Holding Companies & Conglomerates", "finance"),
    ("Law Firms & Legal Services", "professional_services"),
    ("Media & Internet", "media"),
    ("Minerals & Mining", "manufacturing"),
    ("Organizations", "public"),
    ("Software", "software"),
    ("Internet Software & Services", "software"),
    ("Information Technology", "software"),
    ("Health Care", "healthcare"),
    ("Consumer Discretionary", "retail"),
    ("Diversified Telecommunication Services", "telecom"),
    ("Automobiles & Components", "manufacturing"),
    ("COMPUTER_SOFTWARE", "software"),
    ("INFORMATION_TECHNOLOGY_AND_SERVICES", "software"),
    ("HOSPITAL_HEALTH_CARE", "healthcare"),
    ("LAW_PRACTICE", "professional_services"),
    ("LAW_ENFORCEMENT", "public"),
    ("MARKETING_AND_ADVERTISING", "media"),
    ("LOGISTICS_AND_SUPPLY_CHAIN", "transport"),
    ("LEISURE_TRAVEL_TOURISM", "hospitality"),
    ("NON_PROFIT_ORGANIZATION_MANAGEMENT", "public"),
    ("VENTURE_CAPITAL_PRIVATE_EQUITY", "finance"),
    ("RENEWABLES_ENVIRONMENT", "energy"),
]
IN_FREE_WORDS = [
    ("SaaS for dentists", "software"),
    ("Versicherungen", "finance"),
    ("Rückversicherung", "finance"),
    ("Automotive supplier", "manufacturing"),
    ("Maschinenbau", "manufacturing"),
    ("E-Commerce", "retail"),
    ("Lebensmittelhandel", "retail"),
    ("Immobilien", "construction"),
    ("Spedition & Logistik", "transport"),
    ("Unternehmensberatung", "professional_services"),
    ("Conseil en management", "professional_services"),
    ("Sanità", "healthcare"),
    ("Construcción", "construction"),
    ("Energía", "energy"),
    ("Onderwijs", "education"),
    ("Offentlig sektor", "other"),
    ("Balloon folding", "other"),
    ("  ", "unknown"),
    (None, "unknown"),
]


@pytest.mark.parametrize(("name", "industry"), OF_PROVIDERS)
def test_the_names_of_the_providers_lead_to_one_taxonomy(name: str, industry: str) -> None:
    assert industry_of(name) == industry


@pytest.mark.parametrize(("words", "industry"), IN_FREE_WORDS)
def test_free_words_find_their_industry(words: str | None, industry: str) -> None:
    assert industry_of(words) == industry


def test_the_industry_named_first_counts() -> None:
    assert industry_of("Banking software") is Industry.FINANCE
    assert industry_of("Software for banking") is Industry.SOFTWARE


@pytest.mark.parametrize("industry", sorted(set(Industry) - {Industry.OTHER, Industry.UNKNOWN}))
def test_every_industry_is_read_back_from_its_own_name(industry: Industry) -> None:
    assert industry_of(industry.value) is industry_of(industry.words) is industry


def test_no_name_leads_to_two_industries() -> None:
    names = [(name, industry) for industry, row in NAMES.items() for name in row.split(" | ")]
    assert [(name, industry) for name, industry in names if industry_of(name) != industry] == []
    assert len(names) > 250


@TEXT_LAW
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_has_an_industry(text: str) -> None:
    assert industry_of(text) in Industry
