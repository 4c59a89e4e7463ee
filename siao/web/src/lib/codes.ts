// Reference codes drawn for a sheet of paper: 40 random bits in Crockford's base 32 with its check symbol, as core/codes.py does.
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS = 40, SIGNS = BITS / 5, CHECKED = 37n;

/** The code of 40 bits, or null where its check symbol cannot be said: draw again. */
export function code(bits: bigint): string | null {
  const signs = Array.from({ length: SIGNS }, (_, i) => SYMBOLS[Number((bits >> BigInt(BITS - 5 * (i + 1))) & 31n)]).join('');
  const check = SYMBOLS[Number(bits % CHECKED)];
  return check ? `${signs.slice(0, 4)}-${signs.slice(4)}-${check}` : null;
}

/** So many new codes. They are nobody's until they are said, and told to the server with the household that has one. */
export function draw(count: number): string[] {
  const codes: string[] = [];
  while (codes.length < count) {
    const random = crypto.getRandomValues(new Uint8Array(SIGNS * 5 / 8));
    const drawn = code(random.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n));
    if (drawn) codes.push(drawn);
  }
  return codes;
}
