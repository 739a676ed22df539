"""Countries as people write them in a form, turned into the two letters of ISO 3166.

Any two letters that are a country's are taken as they are. The names are those of the countries that leads come from;
one that is missing is a row here.
"""

from phonenumbers import SUPPORTED_REGIONS

_NAMES = {
    "AE": "united arab emirates|uae",
    "AR": "argentina",
    "AT": "austria|österreich|autriche",
    "AU": "australia",
    "BE": "belgium|belgien|belgique|belgië",
    "BR": "brazil|brasil",
    "CA": "canada|kanada",
    "CH": "switzerland|schweiz|suisse|svizzera",
    "CL": "chile",
    "CN": "china|people's republic of china",
    "CO": "colombia",
    "CZ": "czech republic|czechia|česko",
    "DE": "germany|deutschland|allemagne|alemania",
    "DK": "denmark|danmark|dänemark",
    "EE": "estonia",
    "EG": "egypt",
    "ES": "spain|españa|spanien|espagne",
    "FI": "finland|suomi|finnland",
    "FR": "france|frankreich|francia",
    "GB": "united kingdom|great britain|uk|u.k.|england|scotland|wales|northern ireland|vereinigtes königreich",
    "GR": "greece",
    "HK": "hong kong",
    "HU": "hungary|magyarország",
    "ID": "indonesia",
    "IE": "ireland|irland|irlande",
    "IL": "israel",
    "IN": "india|indien",
    "IT": "italy|italia|italien|italie",
    "JP": "japan",
    "KE": "kenya",
    "KR": "south korea|korea|republic of korea",
    "LT": "lithuania",
    "LU": "luxembourg|luxemburg",
    "LV": "latvia",
    "MX": "mexico|méxico",
    "MY": "malaysia",
    "NG": "nigeria",
    "NL": "netherlands|the netherlands|nederland|holland|niederlande|pays-bas",
    "NO": "norway|norge|norwegen",
    "NZ": "new zealand",
    "PH": "philippines",
    "PL": "poland|polska|polen|pologne",
    "PT": "portugal",
    "RO": "romania|românia",
    "SA": "saudi arabia",
    "SE": "sweden|sverige|schweden|suède",
    "SG": "singapore",
    "SI": "slovenia",
    "SK": "slovakia|slovensko",
    "TH": "thailand",
    "TR": "turkey|türkiye",
    "TW": "taiwan",
    "UA": "ukraine",
    "US": "united states|united states of america|usa|u.s.|u.s.a.|america|vereinigte staaten|états-unis|estados unidos",
    "VN": "vietnam|viet nam",
    "ZA": "south africa",
}
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split("|")}


def country_code(text: str) -> str | None:
    """Two letters, or None for words that are no country we know."""
    bare = text.strip()
    if len(bare) == 2 and bare.upper() in SUPPORTED_REGIONS:
        return bare.upper()
    return _BY_NAME.get(" ".join(bare.casefold().split()))
