// Every enumeration a screen asks words of is one that core sends: else a person reads a code. And no other: each browser loads them all.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const words = JSON.parse(readFileSync(new URL('./words.json', import.meta.url), 'utf8')) as Record<string, unknown>;
const root = new URL('../', import.meta.url);
const sources = (readdirSync(root, { recursive: true }) as string[]).filter((name) => /\.(svelte|ts)$/.test(name) && !name.endsWith('.test.ts'));

const asked = new Set<string>();
for (const name of sources) for (const [, kind] of readFileSync(new URL(name, root), 'utf8').matchAll(/['"]([a-z]+(?:\.[a-z]+)*\.[A-Z][A-Za-z]+)['"]/g)) asked.add(kind ?? '');

test('no screen asks words of an enumeration that core does not send', () => {
  assert.ok(asked.size > 10, 'the pattern still finds them');
  assert.deepEqual([...asked].filter((kind) => !(kind in words)), []);
});

test('core sends no enumeration that no screen asks words of', () => {
  assert.deepEqual(Object.keys(words).filter((kind) => !asked.has(kind)), []);
});
