"""Leads as members of Salesforce's campaigns."""

from collections.abc import Sequence

from simple_salesforce.format import format_soql

from integrations.reading import dig, sentence
from integrations.salesforce_org import LATER, MOST_KEYS, Org, codes_of
from kit.outside import Refused, TryLater

PREFIX = "701"
"""With this the id of a campaign begins."""
LONGEST_NAME = 80
IN_IT_ALREADY = "DUPLICATE_VALUE"


class Campaigns:
    def __init__(self, org: Org) -> None:
        self._org = org

    def join(self, lead_id: str, named: Sequence[str]) -> int:
        wanted = self._ids(named[:MOST_KEYS])
        if not wanted:
            return 0
        asked = "SELECT CampaignId FROM CampaignMember WHERE LeadId = {} AND CampaignId IN {}"
        there = {str(row["CampaignId"]) for row in self._org.query(format_soql(asked, lead_id, wanted))}
        self._write(lead_id, [one for one in wanted if one not in there])
        return len(wanted)

    def _ids(self, named: Sequence[str]) -> list[str]:
        """Of those that are there. Each is named by its id or its name, which several may have."""
        by_id = [one for one in named if one.startswith(PREFIX) and len(one) in {15, 18} and one.isalnum()]
        names = [one for one in named if one not in by_id and len(one) <= LONGEST_NAME]
        asked = [
            format_soql("{:literal} IN {}", field, some) for field, some in (("Id", by_id), ("Name", names)) if some
        ]
        if not asked:
            return []
        rows = self._org.query(format_soql("SELECT Id FROM Campaign WHERE {:literal}", " OR ".join(asked)))
        return [str(row["Id"]) for row in rows]

    def _write(self, lead_id: str, campaign_ids: Sequence[str]) -> None:
        """What one campaign refuses keeps the lead out of no other. The status is the campaign's default one."""
        refused: list[str] = []
        later = False
        for at in range(0, len(campaign_ids), MOST_KEYS):
            some = campaign_ids[at : at + MOST_KEYS]
            members = [{"attributes": {"type": "CampaignMember"}, "CampaignId": one, "LeadId": lead_id} for one in some]
            for result in self._org.collection("POST", "composite/sobjects", members):
                codes = codes_of(result)
                if dig(result, "success") is True or IN_IT_ALREADY in codes:
                    continue
                later = later or bool(LATER & codes.keys())
                refused.append(sentence(next(iter(codes.values()), None), "Salesforce refused a campaign's member"))
        if later:
            raise TryLater("Salesforce is changing the same campaign")
        if refused:
            raise Refused(refused[0])
