// What the wire carries: rows by view, frames, answers, problems. The server's own names.
export type Id = string;
export type Letter = 'l' | 'c' | 'o' | 'x' | 'b' | 'p' | 'a' | 'B' | 'P' | 'A' | 'O';
export type Level = 1 | 2 | 3 | 4;

export interface Shelter {
  id: Id; name: string; scheme: string; commune: string | null; zone: string | null; latitude: number | null; longitude: number | null;
  telephone: string | null; house_rules: string | null; arrive_before: string | null; confidential: boolean; by_phone: boolean;
  to_ring_since: string | null; address?: string | null;
}
export interface Bed {
  id: Id; number: number; physical: 'vacant' | 'occupied' | 'out'; out_reason: string | null; to_check: boolean; version: number;
  claim: 'held' | 'offered' | 'expected' | 'present' | null; placement: Id | null;
}
export interface Unit {
  id: Id; shelter: Id; name: string; kind: 'room' | 'dormitory'; nominal: number; rule: string; rule_tonight: string | null; features: string[];
  mode: 'on_acceptance' | 'direct'; open: boolean; closed_reason: string | null; plan: Id | null; suite: Id | null; nights_max: number | null;
  version: number; confirmed_at: string | null; confirmed_source: string | null; beds: string; bed_list?: Bed[];
  kept_until?: string | null; kept_level?: Level | null;
}
export interface Placement {
  id: Id; shelter?: Id; request?: Id | null; code: string | null; state: 'held' | 'offered' | 'expected' | 'present' | 'no_show'; persons: number | null;
  until: string | null; expected_until: string | null; end_date: string | null; beds: [Id, number][]; contested: boolean;
  men?: number | null; women?: number | null; children?: number | null; infants?: number | null; needs?: string[] | null; nights?: number | null;
}
export interface Composition { men: number; women: number; children: number; infants: number }
export interface Criteria extends Composition { needs: string[]; zone: string | null; max_km: number | null; nights: number; level: Level }
export interface Asked extends Criteria {
  id: Id; code: string; state: 'open' | 'placed' | 'paused'; asked_at: string; first_asked: string; nights_unmet: number; call_back: string | null;
  pause: string | null; party: Id | null; first_in_level: boolean; placement: Id | null; version: number;
}
export interface Followed {
  id: Id; code: string; state: string; closing: string | null; asked_at: string; first_asked: string; call_back: string | null; step: string;
  until: string | null; shelter_name: string | null; confidential: boolean; end_date: string | null; last_refusal: string | null;
  band: string | null; nights_unmet: number; night: string; closed_at: string | null;
}
export interface Plan { id: Id; name: string; level: number; open: boolean }
export interface News { seq: number; at: string; verb: string; outcome: string | null; source: string; shelter: Id | null; code: string | null; units: Id[] }
export interface Rows { shelters?: Shelter[]; units?: Unit[]; placements?: Placement[]; requests?: (Asked & Followed)[]; plans?: Plan[] }
export type Kind = keyof Rows;
export interface Frame {
  t: 'frame'; territory: string; epoch: string; whole: boolean; from: number; to: number; at: string; rows: Rows;
  gone: Partial<Record<Kind, Id[]>>; news: News[];
}
export interface Pong { t: 'pong'; n: number; epoch: string | null; top: number | null; redis: boolean }

export interface Territory { code: string; name: string; time_zone: string; telephone: string }
export interface Right { role: string; territory: Territory; shelter: { id: Id; name: string } | null; service: { id: Id; name: string } | null }
export interface Me { account: { id: Id; login: string; language: 'fr' | 'en' }; demo: boolean; idle: boolean; rights: Right[] }
export interface Answer { id: Id; seq: number; epoch: string; until: string | null; code: string | null }
export interface Place {
  rank: number; shelter: Id; units: Id[]; kind: 'room' | 'dormitory'; beds: number; waste: number; distance_km: number | null; same_shelter: boolean;
  arrive_before: string | null; mode: string; why: string;
}
export interface Places { places: Place[]; compatible: number; excluded: Record<string, number>; only: Record<string, number>; wish: { reason: string; places: number; words: string } | null; nobody: string[]; seq: number }
export interface Advice {
  say: 'give' | 'hold_back'; ground: string; why: string; units: Id[]; shelter: Id | null; evenings: number; of: number; level: Level | null;
  until: string | null; call_back: string | null; seq: number; token: string;
}
export interface Problem { status: number; code: string; detail: string; field: string | null; about: Id[]; facts: string[]; places?: Places }
export interface Commune { name: string; zone: string; latitude: number; longitude: number }
