"""More job titles, to measure on: language, title, how senior, what for."""

UNSEEN = """
en|Chief Strategy Officer|c_level|other
en|Board Advisor|individual|other
en|Vice President of Product|vp|product
en|Associate Director, Clinical Research|director|engineering
en|Head of Data|director|other
en|Regional Sales Director|director|sales
en|Demand Generation Manager|manager|marketing
en|Facilities Manager|manager|other
en|Cloud Architect|individual|engineering
en|Sales Assistant|individual|sales
en|Credit Controller|individual|finance
en|HR Generalist|individual|hr
en|Production Operator|individual|operations
en|Undergraduate|student|other
de|Vorstand Finanzen|c_level|finance
de|Alleininhaber|c_level|other
de|Technischer Leiter|director|engineering
de|Leiter Unternehmensentwicklung|director|other
de|Niederlassungsleiter|director|other
de|Regionalverkaufsleiter|director|sales
de|Personalreferentin|individual|hr
de|Marketingassistentin|individual|marketing
de|Steuerberater|individual|finance
de|Entwicklungsingenieur|individual|engineering
de|Lagerist|individual|operations
de|Trainee Vertrieb|student|sales
fr|Président|c_level|other
fr|Directeur des systèmes d'information|director|it
fr|Responsable qualité|director|operations
fr|Directeur de la communication|director|marketing
fr|Responsable grands comptes|director|sales
fr|Chef de publicité|manager|marketing
fr|Contrôleuse de gestion|individual|finance
fr|Technico-commercial|individual|sales
fr|Analyste financier|individual|finance
es|Dueño|c_level|other
es|Directora de tecnología|director|engineering
es|Jefa de recursos humanos|director|hr
es|Responsable comercial|director|sales
es|Gestor de cuentas|manager|sales
es|Secretaria de dirección|individual|other
es|Analista financiero|individual|finance
it|Amministratore unico|c_level|other
it|Direttore tecnico|director|engineering
it|Responsabile marketing|director|marketing
it|Responsabile di filiale|director|other
it|Impiegato commerciale|individual|sales
it|Programmatore|individual|engineering
nl|Directeur eigenaar|c_level|other
nl|HR-manager|manager|hr
nl|Hoofd verkoop|director|sales
nl|Administratief medewerker|individual|other
nl|Accountmanager binnendienst|manager|sales
nl|Werkvoorbereider|individual|operations
pt|Proprietário|c_level|other
pt|Gerente de vendas|manager|sales
pt|Diretor de TI|director|it
pt|Assistente administrativo|individual|other
pt|Analista de RH|individual|hr
pl|Prezes Zarządu, współzałożyciel|c_level|other
pl|Dyrektor ds. personalnych|director|hr
pl|Menedżer sprzedaży|manager|sales
pl|Analityk finansowy|individual|finance
pl|Kierownik magazynu|manager|operations
sv|Vice VD|c_level|other
sv|HR-chef|director|hr
sv|Kundtjänstchef|director|other
sv|Marknadskoordinator|individual|marketing
sv|Mjukvaruutvecklare|individual|engineering
sv|Lagerarbetare|individual|operations
"""
"""Written down after the words had been chosen; the words were not changed for these."""
