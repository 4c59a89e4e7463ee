"""What must be true of a database at every moment (GUARANTEES, Invariants), by name, and what a look found that is not so."""

from msgspec import Struct

from siao.core.coded import Coded


class Invariant(Coded):
    BED = "bed", "aucun lit promis deux fois", "no bed with two live claims"
    ROOM = "room", "aucune chambre partagée par deux ménages", "no room shared by two placements"
    RULE = "rule", "aucune règle de dortoir changée sous une promesse", "no dormitory's rule changed under a live claim"
    COMMITMENT = "commitment", "engagement ⇔ lit promis, un au moins par personne", "commitment ⇔ live claim, of its own place, a bed each"
    WAITING = "waiting", "demande orientée ⇔ une place en cours", "a request is placed ⇔ it has one live placement"
    CRITERIA = "criteria", "aucun besoin gardé d’une demande close", "no criteria on a closed request, one row on a waiting one"
    EFFECT = "effect", "chaque clic au plus un effet, chaque réponse dans le journal", "each key one effect, each answer in the journal"
    CHAIN = "chain", "chaque écriture suit la précédente", "sequence contiguous, each entry linked to the one before"
    HEAD = "head", "la tête est la dernière écriture", "the head is the last entry"
    ANCHOR = "anchor", "la chaîne tient à ses ancres signées", "the chain holds its anchors, as they were signed"
    REMEMBERED = "remembered", "le passé est celui déjà vu", "history is what it was at the look before"
    TRANSITION = "transition", "seuls les passages permis", "only legal transitions, and the state they lead to"
    CLOCK = "clock", "rien d’accepté après l’heure", "nothing confirmed after its clock ran out"
    ENTRY = "entry", "une écriture par changement", "one entry per change"
    GUARD = "guard", "les garde-fous de la base sont là", "the database's guards stand, no territory reads another"
    DECLARED = "declared", "rien qui ne soit déclaré", "nothing undeclared is kept"
    CELL = "cell", "aucun nombre de moins de 11 à déduire", "no published number under 11, nor one that follows"


NUMBERS_MAX = 5


class Broken(Struct, frozen=True):
    """Where an invariant does not hold: how many, and the first of them. `territory`: empty where it is the whole database's.

    `numbers`: of the journal; nothing of a household. `names`: of tables, columns and guards.
    """

    invariant: Invariant
    territory: str
    count: int
    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
