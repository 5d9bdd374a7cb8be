import { strictEqual } from 'node:assert';
import { test } from 'node:test';
import { simulate } from 'tsyn/sim';
import { cases } from './cases.mjs';

cases({ test, equal: strictEqual, simulate });
