"""What the outside calls an industry -> ours. Names are parted by ` | `; `and`, `&`, case and underscores do not count.

The names are those of HubSpot's pick list (which is LinkedIn's first list), the top level of ZoomInfo's, and the sectors and
industries that Clearbit tells.
"""

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "software": (
        "software | computer software | internet | information technology and services | information services"
        " | computer and network security | computer networking | computer hardware | computer games | program development"
        " | information technology | software & services | internet software & services | it services"
        " | application software | systems software | data processing & outsourced services | it consulting & other services"
        " | technology hardware, storage & peripherals | communications equipment | cloud services | technology"
        " | software development | it services and it consulting | it & software | software & internet"
    ),
    "telecom": (
        "telecom | telecommunications | wireless | telecommunication services | diversified telecommunication services"
        " | wireless telecommunication services | integrated telecommunication services | communication services"
    ),
    "finance": (
        "finance | banking | capital markets | financial services | insurance | investment banking | investment management"
        " | venture capital & private equity | accounting services | financials | banks | diversified financials"
        " | diversified financial services | diversified capital markets | consumer finance | fund raising"
        " | holding companies & conglomerates | asset management & custody banks | investment banking & brokerage | payments"
    ),
    "healthcare": (
        "healthcare | alternative medicine | biotechnology | health, wellness and fitness | hospital & health care"
        " | medical devices | medical practice | mental health care | pharmaceuticals | veterinary | health care"
        " | healthcare services | hospitals & physicians clinics | health care equipment & services | health care services"
        " | pharmaceuticals, biotechnology & life sciences | life sciences tools & services | individual & family services"
        " | health care providers & services | hospitals and health care"
    ),
    "manufacturing": (
        "manufacturing | automotive | aviation & aerospace | building materials | business supplies and equipment | chemicals"
        " | cosmetics | defense & space | electrical/electronic manufacturing | food production | dairy | food & beverages"
        " | furniture | glass, ceramics & concrete | industrial automation | machinery | mechanical or industrial engineering"
        " | mining & metals | nanotechnology | packaging and containers | paper & forest products | plastics"
        " | railroad manufacture | semiconductors | shipbuilding | textiles | tobacco | wine and spirits | consumer electronics"
        " | industrials | materials | capital goods | automobiles & components | minerals & mining | aerospace & defense"
        " | electrical equipment | industrial conglomerates | food, beverage & tobacco | household & personal products"
        " | semiconductors & semiconductor equipment | construction machinery & heavy trucks | printing"
        " | consumer durables & apparel | apparel & luxury goods"
    ),
    "retail": (
        "retail | apparel & fashion | consumer goods | luxury goods & jewelry | sporting goods | supermarkets | wholesale"
        " | import and export | retailing | food & staples retailing | consumer staples | consumer discretionary"
        " | specialty retail | internet & direct marketing retail | e-commerce | distributors | arts and crafts"
        " | apparel, accessories & luxury goods | household appliances"
    ),
    "education": (
        "education | e-learning | education management | higher education | primary/secondary education"
        " | professional training & coaching | libraries | education services | diversified consumer services"
    ),
    "professional_services": (
        "professional services | accounting | alternative dispute resolution | architecture & planning | design | graphic design"
        " | environmental services | events services | executive office | facilities services | government relations"
        " | human resources | law practice | legal services | management consulting | market research | outsourcing/offshoring"
        " | research | security and investigations | staffing and recruiting | think tanks | translation and localization"
        " | business services | law firms & legal services | commercial & professional services | consulting"
        " | research & consulting services | human resource & employment services | environmental & facilities services"
        " | diversified support services | security & alarm services | civil engineering"
    ),
    "media": (
        "media | animation | broadcast media | entertainment | fine art | marketing and advertising | media production"
        " | motion pictures and film | music | newspapers | online media | performing arts | photography | publishing"
        " | public relations and communications | writing and editing | media & internet | advertising | movies & entertainment"
        " | broadcasting | cable & satellite | media & entertainment | advertising services | marketing services"
    ),
    "energy": (
        "energy | oil & energy | renewables & environment | utilities | energy, utilities & waste"
        " | energy, utilities & waste treatment | oil & gas | electric utilities | gas utilities | water utilities"
        " | multi-utilities | renewable electricity | independent power and renewable electricity producers"
    ),
    "construction": (
        "construction | real estate | commercial real estate | construction & engineering | building products"
        " | construction materials | real estate management & development | homebuilding | building construction"
    ),
    "transport": (
        "transport | transportation | airlines/aviation | logistics and supply chain | maritime | package/freight delivery"
        " | transportation/trucking/railroad | warehousing | air freight & logistics | airlines | road & rail | marine"
        " | trucking | transportation infrastructure"
    ),
    "hospitality": (
        "hospitality | gambling & casinos | leisure, travel & tourism | recreational facilities and services | restaurants"
        " | sports | hotels, restaurants & leisure | hotels, resorts & cruise lines | consumer services"
        " | museums and institutions | leisure products"
    ),
    "agriculture": "agriculture | farming | fishery | ranching | agricultural products | agriculture & farming",
    "public": (
        "public | civic & social organization | government administration | international affairs | judiciary"
        " | international trade and development | law enforcement | legislative office | military"
        " | non-profit organization management | philanthropy | political organization | public policy | public safety"
        " | religious institutions | government | organizations | chambers of commerce | public sector | non-profit"
    ),
}

WORDS: Mapping[str, str] = {
    "public": (
        r"government\w* | public (?:sector|administration|safety|policy) | non ?profit\w* | ngo | charit\w*"
        r" | military | law enforcement | municipal\w* | federal | civic | political\w* | philanthropy"
        r" | offentliche \w+ | behorde\w* | verwaltung | gobierno | gouvernement | administration publique"
        r" | pubblica amministrazione | overheid"
    ),
    "software": (
        r"\w*software\w* | saas | information (?:technology|services) | internet | computer\w* | cloud"
        r" | it services | it | technology | technologies | cyber ?security | artificial intelligence | ai"
        r" | platforms? | \w*informatik\w* | edv | informatique | informatica | informatyka | tecnologia | tech"
        r" | data | ict"
    ),
    "telecom": (r"telecom\w* | telekom\w* | telco | mobile network\w* | wireless | telefonia"),
    "finance": (
        r"\w*financ\w* | bank\w* | insurance | fintech | investment\w* | venture capital | private equity"
        r" | capital markets | finanz\w* | \w*versicherung\w* | assurances? | asset management | payments?"
        r" | banques? | banca | banco | seguros | mortgages? | finans\w* | verzekering\w* | ubezpieczeni\w*"
    ),
    "healthcare": (
        r"\w*health\w* | hospital\w* | pharma\w* | biotech\w* | medical | medicine | medtech | life sciences?"
        r" | dental | clinics? | gesundheit\w* | medizin\w* | sante | salud | sanita | saude | zdrowi\w*"
        r" | veterinary | krankenhaus\w* | farmac\w* | zorg"
    ),
    "energy": (
        r"energy | oil | gas | utilities | solar | wind power | renewables? | energie\w* | energia | electricity"
        r" | nuclear | stadtwerke"
    ),
    "construction": (
        r"construction | real estate | property management | building contractors? | bau | \w*baugewerbe"
        r" | immobili\w* | hochbau | tiefbau | construccion | construcao | costruzioni | batiment | bouw"
        r" | inmobiliaria | vastgoed | homebuilders?"
    ),
    "transport": (
        r"transport\w* | logisti\w* | shipping | freight | airlines? | railways? | trucking | couriers?"
        r" | warehous\w* | spedition | supply chain"
    ),
    "hospitality": (
        r"hospitality | hotels? | restaurants? | tourism\w* | travel | leisure | catering | gastronomie"
        r" | hotellerie | turismo | tourisme | gambling | casinos? | sports?"
    ),
    "agriculture": (r"agricultur\w* | farming | farms? | forestry | landwirtschaft | agri\w* | fishing | agro\w*"),
    "manufacturing": (
        r"manufactur\w* | industrial | automotive | machinery | mechanical | chemicals? | aerospace | aviation"
        r" | defen[cs]e | semiconductors? | electronics? | \w*maschinenbau | fertigung | produktion | industrie"
        r" | industria | plastics? | steel | metals? | mining | packaging | electrical | automation | chemie"
        r" | automobil\w* | przemysl | fabricacion"
    ),
    "retail": (
        r"retail\w* | e ?commerce | consumer (?:goods|electronics|products) | wholesale | fashion | apparel"
        r" | supermarkets? | grocer\w* | \w*handel | luxury goods | food & beverages? | comercio | commerce"
        r" | distribution | detailhandel | commercio | handlowy"
    ),
    "education": (
        r"education\w* | e ?learning | edtech | universit\w* | schools? | colleges? | academi\w* | training"
        r" | bildung\w* | hochschul\w* | enseignement | educacion | educacao | istruzione | onderwijs"
        r" | utbildning | edukacja"
    ),
    "professional_services": (
        r"professional services | consult\w* | legal | law(?: practice| firms?)? | accounting | advisory"
        r" | staffing | recruit\w* | human resources | outsourcing | architecture | research | design"
        r" | \w*beratung\w* | conseil | consultoria | consulenza | agency | agencies | business services"
        r" | advies | engineering services"
    ),
    "media": (
        r"media | publishing | entertainment | advertising | newspapers? | news | broadcast\w* | marketing"
        r" | film | music | gaming | games | television | radio | medien | werbung | verlag\w*"
        r" | motion pictures? | publicite | publicidad"
    ),
}
"""Where no name is exact: words (regular expressions over folded text, whole words only) that tell the industry."""
