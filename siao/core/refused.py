"""A command that cannot be done, with the reason in both languages. A refusal touches nothing."""

from uuid import UUID

from siao.core.coded import Coded


class Refusal(Coded):
    """Closed list of refusals. The HTTP status of each is in STATUS; 409 where the state of the world is against it."""

    UNKNOWN = "unknown", "Introuvable dans ce territoire.", "Not found in this territory."
    FORBIDDEN = "forbidden", "Vos droits ne le permettent pas.", "Your rights do not allow it."
    INVALID = "invalid", "Valeur refusée.", "Value refused."
    NOT_NOW = "not_now", "Ce geste n’existe pas dans l’état présent.", "This cannot be done in the present state."
    TAKEN = "taken", "Déjà prise à l’instant.", "Taken a moment ago."
    NOT_FREE = "not_free", "La place n’est pas libre.", "The place is not free."
    NOT_ENOUGH_BEDS = "not_enough_beds", "Il n’y a pas assez de lits libres ensemble.", "Not enough free beds together."
    CLOSED = "closed", "L’unité est fermée.", "The unit is closed."
    DOES_NOT_FIT = "does_not_fit", "La place ne convient pas à ce ménage.", "The place does not fit this household."
    NOT_ADJOINING = "not_adjoining", "Ces chambres ne sont pas voisines.", "These rooms do not adjoin."
    ANOTHER_RULE = "another_rule", "Le dortoir est à l’autre règle cette nuit.", "The dormitory has another rule tonight."
    RULE_NEEDED = "rule_needed", "Dire qui dort dans ce dortoir : hommes, femmes ou mixte.", "Say who sleeps in this dormitory."
    EXPIRED = "expired", "Le délai est passé : la place n’est plus tenue.", "Too late: the place is no longer held."
    CONTESTED = (
        "contested",
        "La structure voit ce lit autrement : déplacer, libérer, ou nouvelle déclaration.",
        "The shelter sees this bed otherwise: move, release, or report again.",
    )
    USE_DEPARTURE = "use_departure", "Quelqu’un y est présent : utiliser « Sortie ».", "Somebody is present there: use departure."
    STALE_VERSION = "stale_version", "L’état a changé depuis : relire, puis redire.", "It changed meanwhile: look again."
    COUNT_DOES_NOT_FIT = "count_does_not_fit", "Ce nombre ne va pas avec les lits du dortoir.", "This count does not fit the dormitory."
    NOT_A_DORMITORY = (
        "not_a_dormitory",
        "C’est une chambre : déclarer ses lits, pas un nombre.",
        "This is a room: report its beds, not a count.",
    )
    NOT_A_ROOM = "not_a_room", "C’est un dortoir : il se prend lit par lit.", "This is a dormitory: it goes bed by bed."
    OUT_REASON_NEEDED = "out_reason_needed", "Hors service : dire le motif.", "Out of service: say the reason."
    ALREADY_PLACED = "already_placed", "Ce ménage a déjà une place.", "This household already has a place."
    TOO_MANY_HOLDS = "too_many_holds", "Trop de places bloquées à la fois.", "Too many places held at once."
    SHELTER_ANSWERS = "shelter_answers", "La structure répond elle-même : proposer d’abord.", "The shelter answers itself: offer first."
    OVERRIDE_NEEDED = (
        "override_needed",
        "Une autre place passe devant : dire le motif pour prendre celle-ci.",
        "Another place comes first: say why to take this one.",
    )
    HELD_BACK = (
        "held_back",
        "Cette place est gardée pour plus tard : dire le motif pour la prendre maintenant.",
        "This place is held back for later: say why to take it now.",
    )
    LIVE_PLACEMENTS = (
        "live_placements",
        "Des ménages y ont une place : à libérer d’abord.",
        "Households have places there: these must be free first.",
    )
    IMPOSSIBLE_COMPOSITION = "impossible_composition", "Composition impossible.", "Impossible composition."
    CODE_UNKNOWN = (
        "code_unknown",
        "Code inconnu dans ce territoire : le relire, ou le faire redire.",
        "Unknown code in this territory: read it again, or have it said again.",
    )
    CODE_TAKEN = (
        "code_taken",
        "Ce code est déjà celui d’une demande : le taper seul pour l’ouvrir.",
        "This code is a request’s already: type it alone to open it.",
    )
    CODE_TYPO = "code_typo", "Ce code est mal noté : relire, la dernière lettre le vérifie.", "This code is mistyped."
    TOO_OLD = "too_old", "Plus de 30 jours : faire une nouvelle demande.", "More than 30 days ago: make a new request."
    NIGHT_NOT_OVER = "night_not_over", "La nuit se clôt à partir de 03:30.", "The night closes from 03:30 on."
    NIGHT_CLOSED = "night_closed", "La nuit est déjà close.", "The night is closed already."
    KEY_REUSED = "key_reused", "Ce geste a déjà servi : regarder l’état présent.", "This was sent before: look at the present state."
    NO_SESSION = "no_session", "Session terminée : se reconnecter.", "Session over: log in again."
    IDLE = "idle", "Écran au repos : redonner le mot de passe.", "Screen at rest: give the password again."
    WRONG_PASSWORD = "wrong_password", "Identifiant ou mot de passe inconnu.", "Unknown login or password."
    FOREIGN_ORIGIN = "foreign_origin", "Cette page n’est pas de ce serveur.", "This page is not from this server."
    UNAVAILABLE = "unavailable", "Le serveur ne répond pas : le même geste peut être renvoyé.", "The server is away: send the same again."
    BUSY = "busy", "Trop de connexions à la fois : réessayer dans un instant.", "Too many people are signing in: try again in a moment."
    NO_METHOD = "no_method", "Cette adresse se lit seulement.", "This address can only be read."
    PAUSED = "paused", "Trop d’essais : attendre un quart d’heure.", "Too many attempts: wait a quarter of an hour."


STATUS: dict[Refusal, int] = {
    Refusal.UNKNOWN: 404,
    Refusal.CODE_UNKNOWN: 404,
    Refusal.FORBIDDEN: 403,
    Refusal.INVALID: 400,
    Refusal.IMPOSSIBLE_COMPOSITION: 400,
    Refusal.CODE_TYPO: 400,
    Refusal.NOT_A_DORMITORY: 400,
    Refusal.NOT_A_ROOM: 400,
    Refusal.RULE_NEEDED: 400,
    Refusal.OUT_REASON_NEEDED: 400,
    Refusal.KEY_REUSED: 422,
    Refusal.NO_SESSION: 401,
    Refusal.IDLE: 401,
    Refusal.WRONG_PASSWORD: 401,
    Refusal.FOREIGN_ORIGIN: 403,
    Refusal.UNAVAILABLE: 503,
    Refusal.BUSY: 503,
    Refusal.NO_METHOD: 405,
    Refusal.PAUSED: 429,
}
CONFLICT = 409


class Refused(Exception):
    """`field`: the field at fault, as the caller names it. `about`: ids that the answer may show. `more`: what is free now."""

    def __init__(self, why: Refusal, field: str | None = None, about: tuple[UUID, ...] = (), facts: tuple[str, ...] = ()) -> None:
        super().__init__(why.value if field is None else f"{why.value}: {field}")
        self.why, self.field, self.about, self.facts = why, field, about, facts
        self.more: dict[str, object] = {}

    @property
    def status(self) -> int:
        return STATUS.get(self.why, CONFLICT)
