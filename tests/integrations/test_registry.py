import subprocess
import sys
from pathlib import Path

import pytest

from integrations import registry
from tests.integrations.conftest import Sandbox

ROOT = Path(__file__).parents[2]


def test_nothing_is_plugged_in_where_nothing_is_configured() -> None:
    assert registry.enrichers() == ()
    assert registry.crm() is None
    assert registry.marketing() is None


def test_providers_are_asked_in_the_order_of_trust(configured: Sandbox) -> None:
    assert [enricher.name for enricher in registry.enrichers()] == ["dns", "zoominfo", "clearbit"]


def test_a_client_is_made_once_per_process(configured: Sandbox) -> None:
    assert registry.crm() is registry.crm()
    assert registry.enrichers() == registry.enrichers()


def test_settings_are_read_again_after_forgetting(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.name for one in registry.automations()] == ["hubspot", "marketo", "pardot"]
    for switch in ("HUBSPOT_ACCESS_TOKEN", "MARKETO_CLIENT_ID"):
        monkeypatch.delenv(switch)
    registry.forget()
    assert [one.name for one in registry.automations()] == ["pardot"]


def test_half_a_configuration_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_ID", "an id without a secret")
    monkeypatch.setenv("ZOOMINFO_CLIENT_ID", "an id without a secret")
    assert registry.crm() is None
    assert registry.enrichers() == ()


def test_a_key_may_stand_in_a_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CLEARBIT_API_KEY=sk_sample\nUNRELATED=1\n")
    assert [enricher.name for enricher in registry.enrichers()] == ["clearbit"]


def test_importing_the_registry_and_asking_it_loads_no_vendor_that_is_not_configured() -> None:
    question = (
        "import sys, integrations.registry as r; r.crm(); r.marketing(); r.enrichers(); "
        "sys.exit(bool({'simple_salesforce', 'hubspot', 'integrations.clearbit'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", question], cwd=ROOT, env={"PATH": ""}, check=False).returncode == 0
