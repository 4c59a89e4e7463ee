import assert from 'node:assert/strict';
import { test } from 'node:test';
import { around, compose, isCode } from './compose.ts';

test('spaces are optional', () => {
  assert.deepEqual(compose('1f2e1bpmr'), compose('1f 2e 1b pmr'));
  assert.deepEqual(compose('1f2e1bpmr').asked.needs, ['step_free']);
  assert.equal(compose('1f2e1bpmr').asked.children, 2);
});

test('level, nights and surroundings', () => {
  const { asked, around: near, levelSaid } = compose('2h n2 x3 @voi ani');
  assert.deepEqual([asked.men, asked.level, asked.nights, near, asked.needs, levelSaid], [2, 2, 3, 'voi', ['animals'], true]);
});

test('who does not want to be recorded is a number of persons', () => {
  assert.deepEqual([compose('?2h').unrecorded, compose('?2h').asked.men, compose('2h ?').unrecorded, compose('?').said], [true, 2, true, false]);
  assert.equal(compose('2h').unrecorded, false);
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

test('a household of nine signs is no code', () => {
  assert.equal(isCode('1f2e1bpmr'), false);
  assert.equal(isCode('1h1f2e2b3'), true);
  for (const code of ['7K3M-9QXF-C', '7k3m9qxfc', ' 7K3M 9QXF C ', '1F2E-1B3H-E']) assert.equal(isCode(code), true);
});

test('a code with a household behind it comes from a sheet of paper', () => {
  const { code, said, asked, lost } = compose('7k3m-9qxf-c 1f 2e');
  assert.deepEqual([code, said, asked.women, asked.children, lost], ['7K3M-9QXF-C', true, 1, 2, '']);
  assert.equal(isCode('7K3M-9QXF-C 1f'), false);
  assert.deepEqual([compose('7K3M-9QXF-C').said, isCode('7K3M-9QXF-C ')], [false, true]);
  assert.equal(compose('1f2e1bpmr').code, null);
});
