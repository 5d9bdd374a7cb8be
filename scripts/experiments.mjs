/**
 * Writes what the checker's experiments find at level 1 to test/check/experiments.json, which their tests compare: `npm run
 * experiments -- --record`. Without it says what would change. Look at every change before you commit it: a state more is another TCP.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { answer, EXPERIMENTS } from '../dist/check/index.js';

const file = new URL('../test/check/experiments.json', import.meta.url);
const before = JSON.parse(readFileSync(file, 'utf8'))['1'];
const answers = new Map();
const found = {};
for (const { name, question } of EXPERIMENTS) {
  if (question.level > 1) continue;
  if (!answers.has(question)) answers.set(question, answer(question, 1));
  const { states, trace } = answers.get(question);
  found[name] = { states, steps: trace.length };
}
const text = (entry) => (entry === undefined ? 'nothing' : `${entry.states} states, ${entry.steps} steps`);
const names = [...new Set([...Object.keys(before), ...Object.keys(found)])];
const changed = names.filter((name) => text(before[name]) !== text(found[name]));
for (const name of changed) console.log(`${name}: ${text(before[name])} -> ${text(found[name])}`);
if (process.argv.includes('--record')) writeFileSync(file, `${JSON.stringify({ 1: found }, null, 2)}\n`);
else process.exitCode = changed.length > 0 ? 1 : 0;
console.log(`${names.length} experiments, ${changed.length} changed`);
