"""Words that bodies are made of: names of people and places, nouns, sentences. Domains are those of RFC 2606."""

from __future__ import annotations


def _listed(words: str) -> list[str]:
    return words.split()


FIRST_NAMES = _listed(
    "Ada Amara Anna Boris Carmen Chen Clara Daniel Diego Elena Emil Farah Felix Freya Hana Hugo Ines Ivan Jonas Julia "
    "Kenji Lara Leo Lucia Maria Marco Mei Mila Nadia Noah Nora Olga Omar Paula Priya Rosa Samir Sofia Tariq Yuki"
)
LAST_NAMES = _listed(
    "Adams Bauer Becker Castro Cohen Costa Diaz Dubois Evans Fischer Garcia Haas Hansen Ito Jensen Kaya Keller Khan "
    "Klein Kovac Larsen Lopez Martin Meyer Moreau Nguyen Novak Okafor Olsen Park Patel Rossi Sato Silva Singh Smith "
    "Tanaka Weber Wilson Yilmaz"
)
CITIES = _listed(
    "Amsterdam Athens Barcelona Berlin Boston Brussels Cairo Chicago Copenhagen Dublin Geneva Hamburg Helsinki Kyoto "
    "Lagos Lima Lisbon London Lyon Madrid Melbourne Milan Montreal Munich Nairobi Oslo Paris Porto Prague Rome Seoul "
    "Stockholm Sydney Tokyo Toronto Turin Vienna Warsaw Wellington Zurich"
)
COUNTRIES = (
    ("Austria", "AT", "AUT"), ("Belgium", "BE", "BEL"), ("Brazil", "BR", "BRA"), ("Canada", "CA", "CAN"),
    ("Denmark", "DK", "DNK"), ("Finland", "FI", "FIN"), ("France", "FR", "FRA"), ("Germany", "DE", "DEU"),
    ("India", "IN", "IND"), ("Ireland", "IE", "IRL"), ("Italy", "IT", "ITA"), ("Japan", "JP", "JPN"),
    ("Kenya", "KE", "KEN"), ("Mexico", "MX", "MEX"), ("Norway", "NO", "NOR"), ("Poland", "PL", "POL"),
    ("Portugal", "PT", "PRT"), ("Spain", "ES", "ESP"), ("Sweden", "SE", "SWE"), ("Switzerland", "CH", "CHE"),
    ("United Kingdom", "GB", "GBR"), ("United States", "US", "USA"),
)  # fmt: skip
STATES = _listed("Bavaria California Catalonia Illinois Lombardy Ontario Oregon Provence Texas Tyrol Utah Victoria")
STREETS = _listed("Bridge Church Garden Green Harbour High Hill Lake Market Mill Park River School Station Union")
CURRENCIES = _listed("EUR USD GBP CHF JPY SEK NOK DKK PLN CAD AUD BRL")
CURRENCY_NAMES = ["Euro", "US Dollar", "Pound Sterling", "Swiss Franc", "Yen", "Krone"]
LANGUAGES = _listed("en de fr es it pt nl sv da pl ja")
LOCALES = _listed("en-GB en-US de-DE fr-FR es-ES it-IT pt-BR nl-NL sv-SE ja-JP")
TIMEZONES = _listed(
    "Europe/Berlin Europe/London Europe/Paris Europe/Madrid America/New_York America/Sao_Paulo Asia/Tokyo "
    "Asia/Kolkata Australia/Sydney UTC"
)
COMPANIES = _listed(
    "Acorn Aurora Birch Cedar Cobalt Compass Delta Ember Falcon Granite Harbor Juniper Lantern Maple Meridian Nimbus "
    "North Orchard Pioneer Quartz River Summit Tidewater Willow"
)
COMPANY_ENDINGS = _listed("Analytics Group Industries Labs Logistics Media Partners Systems Trading Works")
JOBS = ["Accountant", "Designer", "Electrician", "Engineer", "Librarian", "Nurse", "Product Manager", "Teacher"]
DEPARTMENTS = _listed("Engineering Finance Legal Marketing Operations Research Sales Support")
PRODUCTS = _listed("Backpack Bicycle Bottle Chair Clock Desk Headphones Jacket Kettle Keyboard Lamp Mug Notebook Tent")
MATERIALS = _listed("Alpine Bamboo Brass Classic Compact Cotton Folding Leather Linen Oak Steel Wool")
CATEGORIES = _listed("books clothing electronics garden groceries health home music office sports tools toys travel")
PETS = _listed("Bella Biscuit Coco Felix Ginger Luna Max Milo Nala Oscar Pepper Rex Rocky Simba")
COLORS = _listed("amber azure black blue coral crimson green indigo ivory navy olive orange purple red teal white")
NOUNS = _listed(
    "anchor apple arrow basket beacon branch bridge canyon cloud copper crystal dawn ember feather field forest "
    "garden harbor island kernel lantern maple meadow mirror morning mountain ocean orchard pebble pepper planet "
    "prairie ribbon river rocket saddle shadow signal silver spark spruce stone summit sunset thunder valley violet "
    "whisper window winter"
)
ADJECTIVES = _listed(
    "brave bright calm clear crisp curious daring deep early eager fair fresh gentle golden grand happy honest keen "
    "lively lucky mellow modest noble patient proud quick quiet rapid sharp silent simple smooth steady sunny swift"
)
STATUSES = ["active", "pending", "completed", "inactive"]
SENTENCES = (
    "The first delivery arrived a day early.", "Please check the details before you confirm.",
    "Everything that is needed comes in one box.", "A short walk from the station, close to the river.",
    "Works with most devices and needs no setup.", "The team meets every Tuesday to review the plan.",
    "Made by hand from local materials.", "This was updated after the last inspection.",
    "Two rooms, a small kitchen and a view of the park.", "Send it back within thirty days if it does not fit.",
    "The report covers the last three months.", "Light enough to carry, strong enough to last.",
)  # fmt: skip
TITLES = (
    "Getting started", "Notes from the field", "A guide to the harbour", "Monthly report", "The quiet season",
    "Plans for the garden", "Release notes", "Questions and answers",
)  # fmt: skip
GENRES = _listed("ambient classical drama fantasy folk history jazz mystery poetry science")
DOMAINS = ("example.com", "example.org", "example.net")
MEDIA_TYPES = _listed("application/json application/pdf image/png image/jpeg text/plain text/csv")
FILE_ENDINGS = _listed("pdf png jpg txt csv")
USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 (KHTML, like Gecko) Version/17.5 Safari/605.1",
)
PEOPLE = frozenset(
    _listed(
        "user person people customer author owner contact employee member patient student teacher driver guest "
        "assignee creator sender recipient account profile manager reviewer passenger holder buyer seller lead doctor"
    )
)
FIRMS = frozenset(
    _listed(
        "company organization organisation org merchant vendor supplier business employer brand publisher firm agency "
        "client tenant bank store shop"
    )
)
GOODS = frozenset(_listed("product item article good sku part variant offer plan"))
ANIMALS = frozenset(_listed("pet animal dog cat"))
