"""The register (GUARANTEES, 16): everything that is kept, what for, what it is about, and how long.

Every column of every table, every channel of Redis, every field of a log line, every place in a browser. A test compares with
the live schema and with the code: what is not declared here fails, and so does what is declared and no longer there.
"""

from msgspec import Struct

from siao.core.coded import Coded


class About(Coded):
    """What a datum is about, from nothing to what may hint at health."""

    SERVICE = "service", "le fonctionnement du service", "how the service runs"
    PLACES = "places", "des places, pas des personnes", "places, not persons"
    COUNTS = "counts", "des nombres, pas des lignes", "counts, not rows"
    STAFF = "staff", "qui travaille ici", "who works here"
    SECRET = "secret", "un secret, haché", "a secret, hashed"
    HOUSEHOLD = "household", "un ménage, sous pseudonyme", "a household, under a pseudonym"
    NEEDS = "needs", "ce qu’il faut à un ménage", "what a household needs"


class Kept(Struct, frozen=True):
    """`what`: names by what they are about. `until`: when it goes, and by what."""

    purpose: str
    until: str
    what: dict[About, str]

    def names(self) -> list[str]:
        return [name for names in self.what.values() for name in names.split()]


S, P, C, A, X, H, N = About.SERVICE, About.PLACES, About.COUNTS, About.STAFF, About.SECRET, About.HOUSEHOLD, About.NEEDS
WHILE_USED = "as long as the place exists"
CLOSING = "deleted in the transaction that closes the request; at the noon after its night at the latest"
MONTH = "30 days after the request closed, then unlinked"
YEAR = "12 months, in monthly segments"

TABLES: dict[str, Kept] = {
    "territory": Kept("numbering, clocks and telephone of a territory", WHILE_USED, {S: (
        "code name time_zone telephone seq head hold_seconds answer_seconds travel_seconds grace_seconds call_back_seconds holds_max")}),
    "commune": Kept("distances, from the commune that a household names", WHILE_USED, {P: "territory name zone latitude longitude"}),
    "service": Kept("whose request a social worker follows", WHILE_USED, {S: "id territory name"}),
    "shelter": Kept("where the places are; an address under confidentiality leaves by a recorded read", WHILE_USED, {P: (
        "id territory name scheme commune zone latitude longitude address telephone house_rules arrive_before confidential by_phone "
        "to_ring_since")}),
    "plan": Kept("surge plans", WHILE_USED, {P: "id territory name level open"}),
    "unit": Kept("what can be given, and to whom tonight", WHILE_USED, {P: (
        "id territory shelter name kind nominal rule rule_tonight features mode open closed_reason plan suite nights_max version "
        "confirmed_at confirmed_source kept_until kept_level")}),
    "bed": Kept("what staff see of a bed", WHILE_USED, {P: "id territory unit number physical out_reason to_check version"}),
    "rules": Kept("the order of the allocation, as published", "as long as a decision under it may be asked about", {S: (
        "version effective order floors promote_after_hours counted step_free_waste protected_waste territory grid")}),
    "request": Kept("a household's place in the queue, under its code; two nights are linked by that code alone", MONTH, {
        S: "territory version", H: (
            "id code state closing pause night first_asked asked_at nights_unmet call_back service party first_in_level last_refusal "
            "closed_at")}),
    "criteria": Kept("finding a place that suits", CLOSING, {S: "territory", H: "request", N: (
        "men women children infants needs zone max_km nights last_shelter level explanation")}),
    "placement": Kept("what is promised to a household, and its stay", f"{MONTH}; persons and hours until nobody is awaited", {
        S: "territory opened_seq version rules_version engine",
        H: "id request shelter state persons night until expected_until end_date accepted outcome override decided compatible"}),
    "placement_bed": Kept("which bed is promised; no bed twice", MONTH, {P: "bed unit territory whole rule", H: "placement live moved"}),
    "night": Kept("which nights are closed", "as long as their counts", {S: "territory date closed_at"}),
    "tally": Kept("statistics; never shown under 11", "as long as the statistics", {C: (
        "territory night outcome side composition level band households persons")}),
    "demand": Kept("forecasting tonight's calls, by week; a need beside a cell of 11 requests in 28 nights alone", "5 weeks", {C: (
        "territory week side size level hours need requests")}),
    "supply": Kept("forecasting what may still be declared tonight", "5 weeks", {P: "territory week kind capacity rule hours units"}),
    "journal": Kept("who did what, for the audit and for every screen; never a need", YEAR, {
        S: "territory seq at role source verb outcome salt hash service", A: "agent account", P: "shelter units plan",
        H: "placement request"}),
    "anchor": Kept("the journal's chain goes on where a month of it was purged", "as long as the journal", {
        S: "territory seq hash at", X: "mac"}),
    "command": Kept("the same click twice has one effect", "48 hours; mac, answer and request are emptied when the request closes", {
        S: "key territory at", X: "mac", H: "answer request"}),
    "account": Kept("signing in, and who acted", "as long as the account exists", {A: "id login language active", X: "password"}),
    "account_right": Kept("who may do what", "as long as the account exists", {A: "account role territory shelter service"}),
    "session": Kept("staying signed in", "12 hours", {A: "account began human_at", X: "token"}),
    "login_failure": Kept("a password cannot be guessed", "15 minutes", {A: "login at browser"}),
    "access_log": Kept("who looked up a code or read an address", "6 months", {S: "territory at what", A: "agent", H: "subject"}),
    "migration": Kept("which steps of the schema ran", "as long as the database", {S: "name checksum at"}),
}  # fmt: skip

CHANNELS = {"siao:news": Kept("a bell: something is new in this database", "not kept: published", {S: "database code seq"})}
"""Redis. Each database has its own, by its name behind the colon. Published, never stored; whoever missed it reads the journal."""

FILES = {
    "siao verify --state": Kept("a history written anew is seen, whoever owns the database", "as long as whoever keeps it says", {
        S: "time territory seq head"}),
    "siao verify --kept": Kept("a monitor sees when all promises were last found kept", "until the next look", {S: "time"}),
    "backups and WAL": Kept("the house goes on where its disk is lost", "7 days; whoever makes them ends them (docs/operate.md)", {
        N: "everything"}),
}  # fmt: skip
"""What is written beside the database."""

LOG = {
    "no.why": "the code of a refusal that the clock met",
    "kind": "which command of the clock's failed, never of what",
    "worker.process.pid": "which process",
    "type(no).__name__": "the kind of a fault, never what it says: that may repeat a row",
    "request.scope.get('path_template', '?')": "the route, without ids and query",
    "traced.where(no)": "where in the code, without values",
    "name": "which loop",
}
"""Every value that reaches a log line, as the code names it. Written to stderr and kept by whoever operates, who ends it: after 6 months
at most (docs/operate.md)."""

BROWSER = {
    "siao.language": Kept("the screen's language before signing in", "until changed", {S: "language"}),
    "siao.bell": Kept("whether this screen may ring", "until changed", {S: "on or off"}),
    "siao.theme": Kept("light or dark", "until changed", {S: "theme"}),
    "siao.seat": Kept("at which of one's posts this tab sits", "until the tab closes", {S: "role territory", P: "shelter service"}),
    "siao.pending": Kept("keys of commands under way, alone", "until answered, or the next page says that they were not", {S: "keys"}),
    "siao.outbox": Kept("what a shelter reported while the network was away", "until sent, signed out, or 12 hours", {
        S: "key post path words at", P: "body beds"}),
    "siao.board": Kept(
        "each post's last board, where no server answers: a shelter's own beds and codes expected with hour and bed; a call desk's places",
        "until signed out, the night closes, or 12 hours; looked at by the page that is open, or the next that opens", {
        S: "at right language", P: "shelters units", H: "placements"}),
    "siao.left": Kept("that somebody signed out and no server has heard it yet", "until one has", {S: "yes"}),
    "siao.shell": Kept("the screens themselves, where no server answers", "until newer ones come", {S: "pages assets"}),
}  # fmt: skip
"""Local and session storage, and the cache of the screens. No composition, no queue; of codes those that a shelter expects."""

COOKIES = {
    "siao": Kept("staying signed in", "12 hours, or until signed out", {X: "token"}),
    "siao-browser": Kept("whoever guesses a password elsewhere keeps nobody out of a post that was used before", "90 days", {
        S: "number", X: "mac"}),
}  # fmt: skip
"""No script reads them. The browser's number says nothing of who sits there; a MAC under the secret says for which logins it counts."""
