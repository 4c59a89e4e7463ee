// French sets a space before : ; ? ! and inside its quotation marks, and no line may break there.
const BEFORE = / (?=[:;?!»])/g, AFTER = /(?<=«) /g;
const known = new Map<string, string>();
/** Sentences stand in the source; only those with names or numbers in them are made anew. */
const KNOWN_MAX = 2_000;

/** English has no space there, so that both languages may pass. */
export function typeset(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  const set = text.replace(BEFORE, '\u00a0').replace(AFTER, '\u00a0');
  if (known.size < KNOWN_MAX) known.set(text, set);
  return set;
}
