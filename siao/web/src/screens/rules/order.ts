// The order of the levels in a form: level 1 stays before level 2, the others go anywhere.
const PRIORITY = /^l\d$/;

/** The order with the one at `at` a step earlier or later; null where that is no order. */
export function moved(order: string[], at: number, step: -1 | 1): string[] | null {
  const [one, other] = [order[at], order[at + step]];
  if (one === undefined || other === undefined || (PRIORITY.test(one) && PRIORITY.test(other))) return null;
  const next = [...order];
  [next[at], next[at + step]] = [other, one];
  return next;
}
