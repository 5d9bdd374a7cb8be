import { expect, test } from '@jest/globals';
import { simulate } from 'tsyn/sim';
import { cases } from './cases.mjs';

cases({ test, equal: (a, b) => expect(a).toBe(b), simulate });
