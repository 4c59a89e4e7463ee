import assert from 'node:assert/strict';
import { test } from 'node:test';
import { around, compose } from './compose.ts';

test('spaces are optional', () => {
  assert.deepEqual(compose('1f2e1bpmr'), compose('1f 2e 1b pmr'));
  assert.deepEqual(compose('1f2e1bpmr').asked.needs, ['step_free']);
  assert.equal(compose('1f2e1bpmr').asked.children, 2);
});

test('level, nights and surroundings', () => {
  const { asked, around: near, levelSaid } = compose('2h n2 x3 @voi ani');
  assert.deepEqual([asked.men, asked.level, asked.nights, near, asked.needs, levelSaid], [2, 2, 3, 'voi', ['animals'], true]);
});

test('a letter alone is one person', () => assert.equal(compose('h').asked.men, 1));
test('what is not understood is given back', () => assert.equal(compose('1f zut').lost, 'zut'));
test('nothing said is nobody', () => assert.equal(compose('pmr').said, false));
test('communes are found without accents', () => {
  const communes = [{ name: 'Grenoble' }, { name: 'Échirolles' }, { name: 'Voiron' }];
  assert.equal(around('ech', communes), 'Échirolles');
  assert.equal(around('iron', communes), 'Voiron');
  assert.equal(around('paris', communes), null);
});
