import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeset } from './typeset.ts';

test('no line breaks before a sign that stands apart, nor inside quotation marks', () => {
  assert.equal(typeset('Pourquoi ? « oui » : non ; bien !'), 'Pourquoi\u00a0? «\u00a0oui\u00a0»\u00a0: non\u00a0; bien\u00a0!');
  assert.equal(typeset('Why? 10:30; well!'), 'Why? 10:30; well!');
});
