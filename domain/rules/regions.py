"""The region of the world that a country is sold to from: emea, americas or apac, and the part of it."""

_PARTS = {
    "emea": {
        "dach": "AT CH DE LI",
        "uk_ireland": "GB GG IE IM JE",
        "nordics": "AX DK FI FO GL IS NO SE SJ",
        "benelux": "BE LU NL",
        "southern_europe": "AD CY ES FR GI GR IT MC MT PT SM VA",
        "eastern_europe": "AL AM AZ BA BG BY CZ EE GE HR HU LT LV MD ME MK PL RO RS RU SI SK UA XK",
        "middle_east": "AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE",
        "africa": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU"
        " MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    },
    "americas": {
        "north_america": "BM CA PM US",
        "latin_america": "AG AI AR AW BB BL BO BQ BR BS BV BZ CL CO CR CU CW DM DO EC FK GD GF GP GS GT GY HN HT JM KN"
        " KY LC MF MQ MS MX NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI",
    },
    "apac": {
        "east_asia": "CN HK JP KP KR MN MO TW",
        "south_asia": "AF BD BT IN IO LK MV NP PK",
        "southeast_asia": "BN ID KH LA MM MY PH SG TH TL VN",
        "central_asia": "KG KZ TJ TM UZ",
        "oceania": "AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
    },
}
_OF = {code: (region, part) for region, parts in _PARTS.items() for part, row in parts.items() for code in row.split()}


def region_of(country: str) -> tuple[str, str] | None:
    """The region and the part of it, for the two letters of a country; None where nobody sells (Antarctica)."""
    return _OF.get(country)
