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
            undergraduate | graduate student | intern | interns | internship | phd candidate | doctoral candidate
            doktorand(?:in)? | praktikant(?:in)? | werkstudent(?:in)? | auszubildende[rn]? | azubi | etudiante?
            stagiaire | alternante? | estudiante | becari[oa] | studente | studentessa | tirocinante | apprentice
            stagiair(?:e)? | stagista | estagiari[oa] | stazyst(?:a|ka) | praktykant(?:ka)? | praktikanter | elev
            aprendiz | harjoittelija | opiskelija | studerande | studentka | stajyer | alternance | apprentie?
            lehrling(?:e)? | leerling | larling | lehrtochter | uczen | aluno | alumn[oa] | doctorante? | trainee
        """,
    ),
    (
        "individual",
        rf"""
            (?:assistante?|ass?istente|assisten[tz]|assistentin){_BUT_A_MANAGER}
            (?:secretary|secretaire|sekretar(?:in)?|sekretarka|segretari[ao]|secretari[ao]){_BUT_A_MANAGER}
            \w+assistent(?:in)? | asystent(?:ka)? | ejecutiv[oa] de (?:cuentas|ventas) | pa | ea
            executive assistant | personal assistant | chefsekretarin | account executive | sales executive
            marketing executive | product owner | process owner | \w+ business partner | scrum master
        """,
    ),
    (
        "manager",
        r"""
            team ?lead(?:er)? | (?:team|gruppen|projekt|schicht)leit(?:er|erin|ung) | project lead(?:er)?
            \w*leider | chef de (?:projets?|produits?|equipe|groupe|secteur) | chef d equipe | (?:team|grupp?)chef
            \w*ledare | capo\w* | jef[ea] de (?:proyectos?|equipo|obra|turno|producto)
            chef de (?:chantier|rayon|rang) | vorarbeiter(?:in)? | \w*meister(?:in)? | werkmeister | brygadzista
            voorman | polier | capo (?:progetto|ufficio|reparto|turno|area) | kierowni(?:k|czka)
            (?:prosjekt|projekt|team|avdelings)leder
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
            c[etfoimrspd]o(?! (?:{_NOT_AN_OFFICER})) | chro | ciso | cxo | chief (?:\w+ ){{1,3}}officer
            (?:co ?)?founder | cofounder | (?:co )?owner | proprietor | managing director | president
            chair(?:man|woman|person) | board member | member of the board
            (?:managing|general|founding|senior|equity) partner | geschaftsfuhr(?:er|erin|ung)
            geschaeftsfuehr(?:er|erin|ung) | vorstand(?:svorsitzende[rn]?|smitglied)? | inhaber(?:in)?
            grunder(?:in)? | pdg | directeur general | directrice generale | president directeur general | gerante?
            fondat(?:eur|rice) | director general | directora general | fundador(?:a)? | socio director | fondatore
            algemeen directeur | eigenaar | oprichter | zaakvoerder
            (?:\w+ )?geschaftsfuhrende[rn]? (?:gesellschafter|partner|direktor)(?:in)? | gesellschafter(?:in)?
            geschaftsleitung | geschaftsleiter(?:in)? | amministrat(?:ore|rice) (?:delegat[oa]|unic[oa]) | titolare
            diret(?:tore|trice) generale | presidente? | presidenta | president[ea] directrice generale
            consejer[oa] delegad[oa]
            soci[oa] (?:\w+ )?(?:fundador[ae]?|director[ae]?|gerente|geral|titular|fondat(?:ore|rice))
            diretora? (?:geral|presidente|executiv[oa]) | gerente general | propietari[oa] | proprietari[oa]
            proprietaire | associee? gerante? | don[oa] | bestuurder | bestuursvoorzitter | dga
            directeur (?:grootaandeelhouder|eigenaar) | prezes\w* | (?:wspol)?wlasciciel(?:ka)?
            czlon(?:ek|kini) zarzadu | dyrektor(?:ka)? generaln[ya] | verkstallande direktor | vd | styrelse\w+
            grundare | (?:del)?agare | administrerende direktor | adm direktor | daglig leder | ejer | eier
            ordforande | toimitusjohtaja | omistaja | jednatel(?:ka)? | majitel(?:ka)? | (?:co)?fondat(?:eur|rice)
            dirigeante? | imprendit(?:ore|rice) | unternehmer(?:in)? | entrepreneu(?:r|se) | empresari[oa]
            ondernemer | przedsiebiorca | foretagare | foretagsledare | podnikatel(?:ka)? | eigentumer(?:in)?
            patron(?:ne)? | generalni reditel(?:ka)? | genel mudur | kurucu | ugyvezeto(?: igazgato)?
        """,
    ),
    (
        "director",
        r"""
            (?:associate |senior |deputy |managing )*director | directors | head | chief
            (?:global|group|regional) lead | direktor(?:in)? | \w*leiter(?:in)? | leitung | bereichsleitung
            prokurist(?:in)? | directeur | directrice | responsable | drh | dsi | daf | directora? | jefe | jefa
            direttore | direttrice | responsabile | hoofd | diretora? | dyrektor(?:ka)? | \w*direktor(?:in)?
            chef (?:de|du|des) (?:service|departement|division|pole|ventes?|la \w+) | chefe
            (?!kuchen|sous)\w+chef(?:in)? | chef (?:comptable|d (?:agence|etablissement|atelier))
            (?:it|hr|pr|teknisk|ekonomisk|administrativ) chef | (?:sub|vice)direc?tora? | subdirector
            adjunct directeur | glown[ya] ksiegow[ya] | kommissarisch\w* | \w+leitung | reditel(?:ka)? | \w*johtaja
            mudur\w*
        """,
    ),
    (
        "manager",
        r"""
            management | supervisor | lead | principal | foreman | gerente | encargad[oa] | \w*manager(?:in|s)?
            mgr | mngr | gestora? | menedzer(?:ka)? | manazer(?:ka)? | encarregad[oa] | supervisora? | \w*paallikko
            arbetsledare | forman
        """,
    ),
    (
        "individual",
        r"""
            specialist | analyst | consultant | coordinator | representative | rep | associate | assistant
            engineer | developer | designer | administrator | officer | clerk | agent | advisor | adviser
            executive | architect | scientist | researcher | buyer | planner | technician | accountant | controller
            recruiter | teacher | lecturer | nurse | writer | editor | strategist | expert | trainer | sdr | bdr
            ae | am | freelancer? | self employed | berater(?:in)? | referent(?:in)? | sachbearbeiter(?:in)?
            mitarbeiter(?:in)? | entwickler(?:in)? | ingenieur(?:in|e)? | charge[e]? d\w* | commercial(?:e)?
            analista | especialista | comercial | desarrollador(?:a)? | medewerker | adviseur
            \w+(?:entwickler|mitarbeiter|techniker|administrator|betreuer|kaufer|halter)(?:in)? | kaufmann
            kauffrau | konstrukteur(?:in)? | fachkraft | impiegat[oa] | sistemista | addett[oa] | contabile
            ragioniere | ingegnere | svilupp\w+ | consulente | coordinator[ei] | tecnic[oa] | venditore | venditrice
            boekhouder | \w*ontwikkelaar | \w*beheerder | verkoper | inkoper | medewerkster | vended\w+
            vendeu(?:r|se) | engenheir[oa] | ingenier[oa] | coordenadora? | coordinadora? | coordinat(?:eur|rice)
            administrativ[oa] | contable | comptable | contadora? | administrateur | administratrice | attachee? \w+
            conseill(?:er|ere) | technicien(?:ne)? | developpeu(?:r|se) | desenvolvedora? | consultora?
            programadora? | specjalist(?:a|ka) | przedstawiciel(?:ka)? | programist(?:a|ka) | ksiegow[ya]
            handlowiec | doradca | inzynier | konsultant(?:ka)? | inkopare | saljare | \w*utvecklare | ingenjor
            \w*konsult | konsulent | ekonom | attorney | lawyer | counsel | paralegal | physician | doctor
            therapist | pharmacist | mechanic | electrician | driver | operator | worker | cashier | bookkeeper
            \w*writer | merchandiser | auditor | underwriter | broker | trader | tester | instructor
            professor(?:in)? | librarian | inspector | dispatcher | estimator | scheduler | programmer | ambassador
            disponent(?:in)? | \w*informatiker(?:in)? | \w+ingenieur(?:in)? | monteur | \w*mechaniker(?:in)?
            elektriker(?:in)? | jurist(?:in)? | (?:rechts)?anwalt | anwaltin | arzt | arztin | lehrer(?:in)?
            dozent(?:in)? | \w*redakteur(?:in)? | architekt(?:in)? | planer(?:in)? | trainer(?:in)? | architecte
            acheteu(?:r|se) | gestionnaire | juriste | avocate? | formateur | formatrice | redact(?:eur|rice)
            ouvrier | vendeur | controleur | controleuse | infirmi(?:er|ere) | comprador(?:a)? | arquitect[oa]
            abogad[oa] | operari[oa] | profesor(?:a)? | enfermer[oa] | agente | delegad[oa] | architetto | avvocato
            operaio | geometra | docente | infermier[ea] | compratore | progettista | vertegenwoordiger
            secretaresse | docent | verpleegkundige | redacteur | jurist | advogad[oa] | operador(?:a)?
            professora? | arquitet[oa] | prawnik | nauczyciel(?:ka)? | analityk | magazynier | informatyk | grafik
            architekt | kontroler | asesor(?:a)? | larare | montor | redaktor | arkitekt | utredare | \w*ekonom
            handlaggare | s[ae]+lger | radgivare | asiantuntija | obchodnik | uzman\w*
        """,
    ),
)

FUNCTIONS = (
    (
        "hr",
        r"""
            human resources? | hr | chro | people | talent | recruit\w*
            personal(?! (?:assistant|trainer|banker|care|injury|shopper|lines|finance))(?!i[sz])\w*
            ressources humaines | rh | drh | recursos humanos | rrhh | risorse umane | personeel\w* | kadr\w*
            zasobow ludzkich | henkilosto\w* | recrutement | seleccion | lidske zdroje | insan kaynaklari
        """,
    ),
    (
        "marketing",
        r"""
            \w*marketing\w* | cmo | growth | demand gen(?:eration)? | brand | content | seo | sem | social media
            communications? | communicatie | comunicacion | comunicacao | comunicazione | komunikacj\w*
            \w*kommunikation\w* | copywrit\w* | redact(?:eur|rice) | (?:\w*)redakteur(?:in)? | marknad\w*
            markkinointi\w* | markeds\w* | reklam\w* | publicidad | pazarlama | pr | campaigns? | mercadotecnia
            mercadeo | public relations | lead generation
        """,
    ),
    (
        "sales",
        r"""
            sales | cro | revenue | business development | bizdev | account executive | account manager
            key account \w+ | sdr | bdr | ae | chief commercial officer | commercial | vertrieb\w* | verkauf\w*
            kundenberater\w* | ventes | vente | commerciale? | ventas | comercial | vendite | verkoop\w* | verkoper
            partnerships? | accountmanager(?:in)? | (?:ejecutiv[oa]|executivo) de (?:cuentas|contas) | vended\w+
            vendas | vertegenwoordiger | commercieel | commerci\w+ directeur | agente di commercio | aussendienst
            innendienst | delegad[oa] comercial | venditore | sprzedaz\w* | handlow\w* | forsaljning\w*
            salj(?:are|chef)\w* | salgs?(?:chef|sjef|\w*) | selger | myynti\w* | prodej\w* | obchod\w* | satis
        """,
    ),
    (
        "finance",
        r"""
            financ\w* | cfo | accounting | accountants? | controller | controlling | treasur\w* | tax | audit\w*
            payroll | billing | finanz\w* | buchhalt\w* | daf | comptab\w* | contab\w* | procurement | purchasing
            einkauf\w* | achats? | compras | acquisti | inkoop\w* | inkoper | inkop\w* | zakup\w* | ksiegow\w*
            finans\w* | ekonomi\w* | boekhoud\w* | rechnungswesen | redovisning\w* | tesorer\w* | talous\w*
            ragioniere | acheteu(?:r|se) | comprador(?:a)? | compratore | buyer | bookkeep\w*
            controleur de gestion | controleuse de gestion
            (?:direttore|direttrice|responsabile|directora?|directeur|directrice) (?:amministrativ|administrativ|administratif)\w*
            accounts (?:payable|receivable) | \w*einkaufer(?:in)?
        """,
    ),
    (
        "product",
        r"""
            product (?:manager|management|owner|lead|director|strategy|analyst|designer|operations)
            head of product | (?:director|vp|vice president) of product
            (?:vp|vice president|director|head) product | chief product officer | cpo | product | productmanag\w*
            product ?owner | produktmanag\w* | produktleit\w* | produktchef | chefs? de produits? | produto
            prodotto | ux | user experience
        """,
    ),
    (
        "it",
        r"""
            information technology | information systems? | cio | ciso | dsi
            chief information (?:security )?officer | (?:system|systems|network|database|salesforce|crm) admin\w*
            sysadmin | (?:it|cyber|information) ?security | cybersecurity | help ?desk | infrastructure
            informatik\w* | informatique | informatica | informatyk\w* | sistemas | sistemist[ai] | systeembeheer\w*
            ict | systemadministrator\w* | netzwerk\w* | administrateur (?:reseaux?|systemes?)
            \w*informatiker(?:in)? | tietohallin\w*
        """,
    ),
    (
        "engineering",
        r"""
            engineer\w* | cto | chief technology officer | technology | technical | develop(?:er|ers|ment)
            software | devops | sre | programmer | architect | data (?:scientist|science|analyst|engineer\w*)
            machine learning | r&d | research | qa | frontend | backend | full ?stack | (?!personal)\w*entwickl\w*
            \w*ontwikkel\w* | \w*utveckl\w* | programist\w* | programad\w* | inzynier\w* | engenhe?i?r\w*
            ingegner\w* | \w*architecte? (?:logiciel|software) | teknisk\w* | \w*ingenjor\w* | forschung\w*
            konstrukteur\w* | konstruktion\w* | desenvolv\w* | tecnologia | \w*ingenieur\w* | technik\w* | technique
            developpeu\w* | ingenier\w* | desarrollador\w* | sviluppatore
        """,
    ),
    (
        "operations",
        r"""
            operations? | ops | coo | chief operating officer | logisti\w* | supply chain | warehouse | plant
            production | manufacturing | quality | project | program(?:me)? | betriebs?leit\w* | betrieb
            \w*produktion\w* | operaciones | exploitation | operazioni | revops | \w*projekt\w* | project\w*
            projets? | proyectos? | progett[oi] | projetos? | prosjekt\w* | produkcj\w* | produccion | produzione
            producao | qualitat\w* | fertigung\w* | schicht\w* | lager\w* | almacen | magazzino | magazijn
            stabilimento | usine | operac\w* | werks?leit\w* | disponent(?:in)? | maintenance | instandhaltung
            utrzymani\w* | mantenimiento | manutenzione | manutencao | fabrik\w* | fabrica | zaklad\w*
            \w*logistik\w* | qualite | calidad | qualita | kwaliteit
        """,
    ),
)
