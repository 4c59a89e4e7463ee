// At which of one's posts this tab sits, where an account has several: three shelters, two territories. Pure but for what the tab keeps.
import { word } from './language.svelte';
import type { Right } from './types';

const KEPT = 'siao.seat';
export const chosen = (): string | null => sessionStorage.getItem(KEPT);

export const stay = (key: string): void => sessionStorage.setItem(KEPT, key);

/** Another post is another screen, from its beginning: nothing of the one before is left on it. */
export function choose(key: string): void {
  stay(key);
  location.assign('/');
}

/** What a post is called among these: its house or service, else its territory; its role where roles differ. */
export function named(r: Right, among: Right[]): string {
  const house = r.shelter?.name ?? r.service?.name;
  const told = [new Set(among.map((one) => one.role)).size > 1 ? word('people.Role', r.role) : '', house ?? r.territory.name];
  if (house && new Set(among.map((one) => one.territory.code)).size > 1) told.push(r.territory.name);
  return told.filter(Boolean).join(' · ');
}
