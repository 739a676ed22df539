"""The words by which personas.py knows a category, over folded text: small letters, no accents, single blanks.

The first row that is found wins, so the order of the rows is part of the rule. Words are parted by ` | `; each is a
regular expression that matches whole words only.
"""

_BOSS = (
    r"(?:the |our |group |deputy )*(?:c[efotim]o|chro|president|chairman|chief \w+ officer|[se]?vp|vice president"
    r"|(?:managing |executive )?directors?|board|management)"
)

TO_SOMEBODY = rf"""
    (?:to|for|supporting) {_BOSS} | (?:office|assistant|secretary|pa|ea) of {_BOSS}
    der geschaftsfuhrung | de direction | de direccion | di direzione | (?:former|formerly|retired|ex) .*
"""
"""What follows names the boss, or the past, not the person."""

_BUT_A_MANAGER = r"(?! (?:\w+ )?(?:manager|director|vice|professor|vp|head|general))"  # an assistant manager is one

_NOT_AN_OFFICER = "specialist|manager|analyst|consultant|coordinator|assistant|office|coach|advisor|advisory|recruiter"

SENIORITIES = (
    (
        "student",
        r"""
            student(?:in|en)?(?! (?:success|affairs|services|support|recruit\w*|life|experience|engagement|loans?))
            undergraduate | graduate student | intern | interns | internship | phd candidate
            doctoral candidate | doktorand(?:in)? | praktikant(?:in)? | werkstudent(?:in)? | auszubildende[rn]?
            azubi | etudiante? | stagiaire | alternante? | estudiante | becari[oa] | studente | studentessa
            tirocinante | apprentice
        """,
    ),
    (
        "individual",
        rf"""
            (?:assistante?|ass?istente|assisten[tz]|assistentin){_BUT_A_MANAGER}
            (?:secretary|secretaire|sekretar(?:in)?){_BUT_A_MANAGER}
            pa | ea | executive assistant | personal assistant | chefsekretarin | account executive
            sales executive | marketing executive | product owner | process owner | \w+ business partner
            scrum master
        """,
    ),
    (
        "manager",
        r"""
            team ?lead | team ?leader | teamleiter(?:in)? | gruppenleiter(?:in)? | projektleiter(?:in)?
        """,
    ),
    (
        "vp",
        r"""
            (?:executive |senior |assistant |associate |group |regional )*vice president | [sear]?vp
            vice presidente? | vizeprasident(?:in)? | vicepresidente
        """,
    ),
    (
        "c_level",
        rf"""
            c[etfoimrspd]o(?! (?:{_NOT_AN_OFFICER})) | chro | ciso | cxo
            chief (?:\w+ ){{1,3}}officer | (?:co ?)?founder | cofounder | (?:co )?owner | proprietor
            managing director | president | chair(?:man|woman|person) | board member | member of the board
            (?:managing|general|founding|senior|equity) partner | geschaftsfuhr(?:er|erin|ung)
            geschaeftsfuehr(?:er|erin|ung) | vorstand(?:svorsitzende[rn]?|smitglied)? | inhaber(?:in)?
            grunder(?:in)? | pdg | directeur general | directrice generale | president directeur general
            gerante? | fondat(?:eur|rice) | director general | directora general | fundador(?:a)?
            socio director | amministratore delegato | fondatore | algemeen directeur | eigenaar | oprichter
            zaakvoerder
        """,
    ),
    (
        "director",
        r"""
            (?:associate |senior |deputy |managing )*director | directors | head | chief
            (?:global|group|regional) lead | direktor(?:in)? | \w*leiter(?:in)? | leitung | bereichsleitung
            prokurist(?:in)? | directeur | directrice | responsable | drh | dsi | daf | directora? | jefe | jefa
            direttore | direttrice | responsabile | hoofd
        """,
    ),
    (
        "manager",
        r"""
            manager | managers | management | supervisor | lead | principal | foreman | gerente | encargad[oa]
            chef de (?:projet|produit) | teamleider
        """,
    ),
    (
        "individual",
        r"""
            specialist | analyst | consultant | coordinator | representative | rep | associate | assistant
            engineer | developer | designer | administrator | officer | clerk | agent | advisor | adviser
            executive | architect | scientist | researcher | buyer | planner | technician | accountant
            controller | recruiter | teacher | lecturer | nurse | writer | editor | strategist | expert
            trainer | sdr | bdr | ae | am | freelancer? | self employed | berater(?:in)? | referent(?:in)?
            sachbearbeiter(?:in)? | mitarbeiter(?:in)? | entwickler(?:in)? | ingenieur(?:in|e)?
            charge[e]? d\w* | commercial(?:e)? | analista | especialista | comercial | desarrollador(?:a)?
            medewerker | adviseur
        """,
    ),
)

FUNCTIONS = (
    (
        "hr",
        r"""
            human resources? | hr | chro | people | talent | recruit\w*
            personal(?:leiter\w*|abteilung|referent\w*|wesen) | ressources humaines | rh | drh
            recursos humanos | rrhh | risorse umane | personeelszaken
        """,
    ),
    (
        "marketing",
        r"""
            \w*marketing\w* | cmo | growth | demand gen(?:eration)? | brand | content | seo | sem | social media
            communications? | pr | campaigns? | kommunikation\w* | mercadotecnia | mercadeo | public relations
            lead generation
        """,
    ),
    (
        "sales",
        r"""
            sales | cro | revenue | business development | bizdev | account executive | account manager
            key account \w+ | sdr | bdr | ae | chief commercial officer | commercial | vertrieb\w* | verkauf\w*
            kundenberater\w* | ventes | vente | commerciale? | ventas | comercial | vendite | verkoop
            partnerships?
        """,
    ),
    (
        "finance",
        r"""
            financ\w* | cfo | accounting | accountants? | controller | controlling | treasur\w* | tax | audit\w*
            payroll | billing | finanz\w* | buchhalt\w* | daf | comptab\w* | contab\w* | procurement
            purchasing | einkauf\w* | achats | compras
        """,
    ),
    (
        "product",
        r"""
            product (?:manager|management|owner|lead|director|strategy|analyst|designer|operations)
            head of product | (?:director|vp|vice president) of product
            (?:vp|vice president|director|head) product | chief product officer | cpo | product
            produktmanag\w* | produktleit\w* | chef de produit | ux | user experience
        """,
    ),
    (
        "it",
        r"""
            information technology | information systems? | cio | ciso | dsi
            chief information (?:security )?officer
            (?:system|systems|network|database|salesforce|crm) admin\w* | sysadmin
            (?:it|cyber|information) ?security | cybersecurity | help ?desk | infrastructure | informatik\w*
            informatique | informatica | sistemas | systemadministrator\w*
        """,
    ),
    (
        "engineering",
        r"""
            engineer\w* | cto | chief technology officer | technology | technical | develop(?:er|ers|ment)
            software | devops | sre | programmer | architect | data (?:scientist|science|analyst|engineer\w*)
            machine learning | r&d | research | qa | frontend | backend | full ?stack | entwickl\w*
            \w*ingenieur\w* | technik\w* | technique | developpeu\w* | ingenier\w* | desarrollador\w*
            sviluppatore
        """,
    ),
    (
        "operations",
        r"""
            operations? | ops | coo | chief operating officer | logisti\w* | supply chain | warehouse | plant
            production | manufacturing | quality | project | program(?:me)? | betriebs?leit\w* | betrieb
            produktion\w* | operaciones | exploitation | operazioni | revops
        """,
    ),
)
