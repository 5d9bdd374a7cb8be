import { simulate } from 'tsyn/sim';
import { expect, test } from 'vitest';
import { cases } from './cases.mjs';

cases({ test, equal: (a, b) => expect(a).toBe(b), simulate });
