import type { Id, Shelter, Unit } from '../../lib/types';

export interface Structure extends Shelter { address: string | null; units: (Omit<Unit, 'beds'> & { beds: number })[] }
export interface Service { id: Id; name: string }
export interface Account { id: Id; login: string; language: string; active: boolean; rights: { role: string; territory: string; shelter: Id | null; service: Id | null }[] }
export type Write = (path: string, body: unknown, method: string, done: string) => Promise<boolean>;
