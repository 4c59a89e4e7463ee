import type { Id, Shelter, Unit } from '../../lib/types';

export type Kept = Omit<Unit, 'beds'> & { beds: number };
/** `version`: what a change of it carries, so that nobody writes over what another changed meanwhile. */
export interface Structure extends Omit<Shelter, 'to_ring_since'> { address: string | null; units: Kept[]; version: string }
export interface Service { id: Id; name: string; version: string }
export interface RightForm { role: string; shelter: Id | null; service: Id | null }
export interface Account { id: Id; login: string; language: string; active: boolean; rights: (RightForm & { territory: string })[] }
/** One entry of the journal as an administrator looks back at it; `by` and `account` are logins. */
export interface Change { seq: number; at: string; by: string | null; role: string; verb: string; outcome: string; account: string | null; shelter: Id | null; service: Id | null }
/** What was refused, and which field is at fault. */
export interface Fault { field: string | null; detail: string }
/** One write, then everything anew; null once done. */
export type Write = (path: string, body: unknown, method: string, done: string) => Promise<Fault | null>;
