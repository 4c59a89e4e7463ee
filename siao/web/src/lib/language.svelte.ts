// French first, English on demand. A sentence stands in both languages where it is said; codes take their words from core.
import { typeset } from './typeset';
import words from './words.json';

type Language = 'fr' | 'en';
const KEPT = 'siao.language';

class Tongue {
  now: Language = $state((localStorage.getItem(KEPT) as Language | null) ?? 'fr');

  choose(language: Language): void {
    this.now = language;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
  }
}

export const tongue = new Tongue();

export function say(fr: string, en: string): string {
  return tongue.now === 'fr' ? typeset(fr) : en;
}

type Words = Record<string, Record<string, Record<Language, string>>>;

/** The words of a code, e.g. word('units.Scheme', 'chu'); the code itself where core does not know it. */
export function word(kind: string, code: string | null | undefined): string {
  return typeset((code && (words as Words)[kind]?.[code]?.[tongue.now]) || (code ?? ''));
}

/** Every code of an enumeration with its words, in core's order. */
export function choices(kind: string): [string, string][] {
  return Object.entries((words as Words)[kind] ?? {}).map(([code, both]) => [code, typeset(both[tongue.now])]);
}
