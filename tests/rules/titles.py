"""Job titles as people write them, invented but usual, with what a salesperson would say of each: how senior, what for."""

TITLES = """
en|Chief Revenue Officer|c_level|sales
en|Co-Founder & CTO|c_level|engineering
en|Owner|c_level|other
en|Group CFO|c_level|finance
en|Chief People Officer|c_level|hr
en|VP, Customer Success|vp|other
en|Regional Vice President of Sales, EMEA|vp|sales
en|SVP Engineering|vp|engineering
en|Senior Director, Revenue Operations|director|sales
en|Director of Procurement|director|finance
en|Head of Growth|director|marketing
en|Global Head, Talent Acquisition|director|hr
en|Deputy Director, IT Infrastructure|director|it
en|Sr. Mgr., Digital Marketing|manager|marketing
en|Engineering Manager|manager|engineering
en|Plant Supervisor|manager|operations
en|Office Manager|manager|other
en|Team Leader Accounts Payable|manager|finance
en|Senior Product Manager|manager|product
en|Business Development Representative|individual|sales
en|Accountant|individual|finance
en|Staff Software Engineer|individual|engineering
en|Systems Administrator|individual|it
en|Executive Assistant to the CFO|individual|finance
en|UX Researcher|individual|product
en|Content Strategist|individual|marketing
en|Warehouse Associate|individual|operations
en|Marketing Intern|student|marketing
en|MBA Student|student|other
en|Problem solver and coffee lover|unknown|other
de|Geschäftsführender Gesellschafter|c_level|other
de|Vorstandsvorsitzender|c_level|other
de|Kaufmännischer Geschäftsführer|c_level|other
de|Inhaberin|c_level|other
de|Mitglied der Geschäftsleitung|c_level|other
de|Bereichsleiter Vertrieb|director|sales
de|Leiterin Unternehmenskommunikation|director|marketing
de|IT-Leiter|director|it
de|Leitung Einkauf|director|finance
de|Abteilungsleiter Produktion|director|operations
de|Personalleiterin|director|hr
de|Hauptabteilungsleiter Forschung und Entwicklung|director|engineering
de|Projektleiterin|manager|operations
de|Teamleitung Kundenservice|manager|other
de|Gruppenleiter Qualitätssicherung|manager|operations
de|Schichtleiter|manager|operations
de|Vertriebsmitarbeiter im Außendienst|individual|sales
de|Softwareentwickler|individual|engineering
de|Buchhalterin|individual|finance
de|Sachbearbeiter Personal|individual|hr
de|Assistenz der Geschäftsführung|individual|other
de|Systemadministrator|individual|it
de|Referentin Marketing|individual|marketing
de|Werkstudentin Controlling|student|finance
de|Praktikant|student|other
fr|Présidente-directrice générale|c_level|other
fr|Gérant|c_level|other
fr|Directeur général adjoint|c_level|other
fr|Fondatrice|c_level|other
fr|Directrice des ressources humaines|director|hr
fr|DSI|director|it
fr|Directeur administratif et financier|director|finance
fr|Responsable des achats|director|finance
fr|Directrice commerciale|director|sales
fr|Responsable communication|director|marketing
fr|Chef de projet|manager|operations
fr|Chef d'équipe logistique|manager|operations
fr|Chef de produit|manager|product
fr|Chargée de communication|individual|marketing
fr|Ingénieur commercial|individual|sales
fr|Développeur web|individual|engineering
fr|Comptable|individual|finance
fr|Assistante de direction|individual|other
fr|Technicien support informatique|individual|it
fr|Stagiaire marketing|student|marketing
fr|Alternante|student|other
es|Director general|c_level|other
es|Socia fundadora|c_level|other
es|Consejero delegado|c_level|other
es|Presidenta|c_level|other
es|Directora de Recursos Humanos|director|hr
es|Jefe de ventas|director|sales
es|Director financiero|director|finance
es|Responsable de compras|director|finance
es|Gerente de operaciones|manager|operations
es|Encargado de almacén|manager|operations
es|Coordinadora de marketing|individual|marketing
es|Ejecutivo de cuentas|individual|sales
es|Ingeniero de software|individual|engineering
es|Contable|individual|finance
es|Técnico de sistemas|individual|it
es|Becaria de comunicación|student|marketing
it|Amministratrice delegata|c_level|other
it|Titolare|c_level|other
it|Direttore generale|c_level|other
it|Presidente|c_level|other
it|Direttrice marketing|director|marketing
it|Responsabile commerciale|director|sales
it|Responsabile risorse umane|director|hr
it|Direttore di stabilimento|director|operations
it|Capo progetto|manager|operations
it|Capoufficio acquisti|manager|finance
it|Impiegata amministrativa|individual|other
it|Sviluppatore software|individual|engineering
it|Addetto vendite|individual|sales
it|Sistemista|individual|it
it|Tirocinante|student|other
nl|Algemeen directeur|c_level|other
nl|Eigenaar|c_level|other
nl|Bestuurder|c_level|other
nl|Financieel directeur|director|finance
nl|Hoofd Inkoop|director|finance
nl|Directeur verkoop|director|sales
nl|Hoofd communicatie|director|marketing
nl|Teamleider logistiek|manager|operations
nl|Projectleider|manager|operations
nl|Verkoopleider|manager|sales
nl|Accountmanager|manager|sales
nl|Boekhouder|individual|finance
nl|Medewerker personeelszaken|individual|hr
nl|Softwareontwikkelaar|individual|engineering
nl|Systeembeheerder|individual|it
nl|Stagiair|student|other
pt|Diretor-presidente|c_level|other
pt|Sócio-gerente|c_level|other
pt|Fundadora|c_level|other
pt|Diretora de Marketing|director|marketing
pt|Diretor comercial|director|sales
pt|Chefe de departamento financeiro|director|finance
pt|Gerente de recursos humanos|manager|hr
pt|Coordenador de logística|individual|operations
pt|Gestor de projetos|manager|operations
pt|Analista de sistemas|individual|it
pt|Engenheira de software|individual|engineering
pt|Vendedor|individual|sales
pt|Estagiário|student|other
pl|Prezes zarządu|c_level|other
pl|Właściciel|c_level|other
pl|Członek zarządu|c_level|other
pl|Dyrektor sprzedaży|director|sales
pl|Dyrektor finansowy|director|finance
pl|Dyrektor IT|director|it
pl|Kierownik produkcji|manager|operations
pl|Kierownik działu marketingu|manager|marketing
pl|Specjalista ds. zakupów|individual|finance
pl|Przedstawiciel handlowy|individual|sales
pl|Programista|individual|engineering
pl|Księgowa|individual|finance
pl|Stażysta|student|other
sv|Verkställande direktör|c_level|other
sv|VD|c_level|other
sv|Styrelseordförande|c_level|other
sv|Grundare|c_level|other
sv|Försäljningschef|director|sales
sv|Ekonomichef|director|finance
sv|IT-chef|director|it
sv|Marknadschef|director|marketing
sv|Personalchef|director|hr
sv|Projektledare|manager|operations
sv|Teamledare|manager|other
sv|Inköpare|individual|finance
sv|Säljare|individual|sales
sv|Systemutvecklare|individual|engineering
sv|Ekonomiassistent|individual|finance
sv|Praktikant|student|other
da|Administrerende direktør|c_level|other
da|Salgschef|director|sales
no|Daglig leder|c_level|other
fi|Toimitusjohtaja|c_level|other
cs|Jednatel|c_level|other
tr|Genel Müdür|c_level|other
en|Chief Operating Officer|c_level|operations
en|Founder|c_level|other
en|Executive Vice President, Finance|vp|finance
en|Director of Engineering|director|engineering
en|Head of Partnerships|director|sales
en|Customer Support Manager|manager|other
en|Key Account Manager|manager|sales
en|DevOps Engineer|individual|engineering
en|Payroll Specialist|individual|finance
en|Recruiter|individual|hr
en|Graduate Student|student|other
de|Geschäftsführerin|c_level|other
de|Gründer und CEO|c_level|other
de|Vertriebsleiterin Süd|director|sales
de|Leiter Qualitätsmanagement|director|operations
de|Leiter Rechnungswesen|director|finance
de|Teamleiterin Personalentwicklung|manager|hr
de|Produktmanager|manager|product
de|Einkäufer|individual|finance
de|Verkäuferin|individual|sales
de|Netzwerkadministrator|individual|it
de|Konstrukteur|individual|engineering
de|Auszubildender|student|other
fr|Directeur général|c_level|other
fr|Associé gérant|c_level|other
fr|Directeur technique|director|engineering
fr|Directrice marketing|director|marketing
fr|Responsable logistique|director|operations
fr|Chef des ventes|director|sales
fr|Chargé de recrutement|individual|hr
fr|Attachée commerciale|individual|sales
fr|Administrateur réseaux|individual|it
fr|Étudiant|student|other
es|Gerente general|c_level|other
es|Propietaria|c_level|other
es|Directora comercial|director|sales
es|Jefa de producción|director|operations
es|Responsable de informática|director|it
es|Técnico de selección|individual|hr
es|Administrativo|individual|other
es|Desarrolladora de software|individual|engineering
es|Estudiante|student|other
it|Socio fondatore|c_level|other
it|Direttore vendite|director|sales
it|Responsabile ufficio acquisti|director|finance
it|Responsabile produzione|director|operations
it|Ingegnere meccanico|individual|engineering
it|Contabile|individual|finance
it|Stagista|student|other
nl|Oprichter|c_level|other
nl|Directeur-grootaandeelhouder|c_level|other
nl|Hoofd ICT|director|it
nl|Marketingmanager|manager|marketing
nl|Teamleider verkoop|manager|sales
nl|Inkoper|individual|finance
nl|Adviseur|individual|other
pt|Diretor geral|c_level|other
pt|Diretora financeira|director|finance
pt|Gerente comercial|manager|sales
pt|Supervisor de produção|manager|operations
pt|Desenvolvedor|individual|engineering
pt|Analista de marketing|individual|marketing
pl|Dyrektor generalny|c_level|other
pl|Współwłaściciel|c_level|other
pl|Dyrektor ds. marketingu|director|marketing
pl|Kierownik projektu|manager|operations
pl|Inżynier|individual|engineering
pl|Specjalista ds. kadr|individual|hr
sv|Ägare|c_level|other
sv|Inköpschef|director|finance
sv|Produktionschef|director|operations
sv|Produktchef|director|product
sv|Säljchef|director|sales
sv|Controller|individual|finance
sv|Ingenjör|individual|engineering
en|Chief Customer Officer|c_level|other
en|Managing Partner|c_level|other
en|Vice President Human Resources|vp|hr
en|Director of Sales Enablement|director|sales
en|Head of Legal|director|other
en|Divisional Director|director|other
en|Procurement Manager|manager|finance
en|Scrum Master|individual|other
en|Site Reliability Engineer|individual|engineering
en|Copywriter|individual|marketing
en|Help Desk Technician|individual|it
en|Financial Analyst|individual|finance
en|Store Manager|manager|other
en|Lab Technician|individual|other
en|Maintenance Planner|individual|operations
en|Brand Ambassador|individual|marketing
en|Retired|unknown|other
de|Prokurist|director|other
de|Betriebsleiter|director|operations
de|Werkleiter|director|operations
de|Leiter der Buchhaltung|director|finance
de|Marketingleiter|director|marketing
de|Verkaufsleiter DACH|director|sales
de|Stellvertretende Geschäftsführerin|c_level|other
de|Disponent|individual|operations
de|Sekretärin|individual|other
de|Kundenberater|individual|sales
de|Elektroingenieur|individual|engineering
de|Lehrling|student|other
de|Fachinformatiker|individual|it
de|Standortleiter|director|other
fr|Directeur des opérations|director|operations
fr|Dirigeant|c_level|other
fr|Cofondateur|c_level|other
fr|Responsable RH|director|hr
fr|Chef comptable|director|finance
fr|Acheteuse|individual|finance
fr|Secrétaire|individual|other
fr|Architecte logiciel|individual|engineering
fr|Commerciale sédentaire|individual|sales
fr|Directrice d'usine|director|operations
fr|Apprenti|student|other
es|Consejera delegada|c_level|other
es|Fundador|c_level|other
es|Subdirector de logística|director|operations
es|Jefe de contabilidad|director|finance
es|Representante comercial|individual|sales
es|Programador|individual|engineering
es|Auxiliar administrativo|individual|other
es|Responsable de marketing digital|director|marketing
es|Jefe de proyecto|manager|operations
it|Imprenditore|c_level|other
it|Vicepresidente|vp|other
it|Responsabile IT|director|it
it|Capo reparto|manager|other
it|Agente di commercio|individual|sales
it|Direttore amministrativo|director|finance
it|Segretaria|individual|other
it|Studente|student|other
nl|Directeur|director|other
nl|Mede-eigenaar|c_level|other
nl|Commercieel directeur|director|sales
nl|HR-adviseur|individual|hr
nl|Productmanager|manager|product
nl|Vertegenwoordiger|individual|sales
nl|Secretaresse|individual|other
pt|Presidente|c_level|other
pt|Dono|c_level|other
pt|Coordenadora de RH|individual|hr
pt|Diretor de operações|director|operations
pt|Comprador|individual|finance
pt|Secretária|individual|other
pl|Prezes|c_level|other
pl|Główna księgowa|director|finance
pl|Kierownik sprzedaży|manager|sales
pl|Asystentka zarządu|individual|other
pl|Informatyk|individual|it
pl|Dyrektor operacyjny|director|operations
sv|Delägare|c_level|other
sv|Teknisk chef|director|engineering
sv|Kommunikationschef|director|marketing
sv|Redovisningsekonom|individual|finance
sv|Platschef|director|other
sv|Student|student|other
"""
"""The words of the rules were chosen with these in sight."""

IN_OTHER_SCRIPTS = [
    "代表取締役社長",
    "営業部長",
    "マーケティング担当",
    "销售总监",
    "软件工程师",
    "总经理",
    "대표이사",
    "генеральный директор",
    "مدير المبيعات",
]
"""Scripts that the rules do not read: they must not be taken for something else."""


def rows(table: str) -> list[tuple[str, str, str, str]]:
    """Language, title, seniority, function."""
    found = [tuple(line.split("|")) for line in table.strip().splitlines()]
    return [(language, title, seniority, function) for language, title, seniority, function in found]
