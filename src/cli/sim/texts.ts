/** Owns: what `tsyn sim` says, in English and Chinese. */

import type { Language } from '../../trace/index.ts';
import { grouped } from '../report.ts';

export interface SimTexts {
  passed(scenario: string, seed: number, time: string): string;
  /** A cause: its first seed, and how many more have it. */
  failed(seed: number, more: number, others: readonly number[]): string;
  at(place: string): string;
  /** Above a ladder: what it shows. */
  between(left: string, right: string): string;
  notDrawn(rows: number): string;
  otherPairs(count: number): string;
  replay: string;
  notAgain(seed: number): string;
  faults(count: number): string;
  minimal(faults: number, before: number, runs: number): string;
  incomplete(runs: number): string;
  faultless: string;
  written(paths: readonly string[]): string;
  noScript(why: string): string;
  cut: string;
  unused(count: number): string;
  moreCauses(count: number): string;
  otherScenario(planned: string, name: string): string;
  strays(count: number, first: string): string;
  stopped: string;
  throughput(seeds: number, seconds: number, virtual: string): string;
  summary(passed: number, failed: number): string;
}

const en: SimTexts = {
  passed: (scenario, seed, time) => `PASS  seed ${seed}  ${scenario}, ${time} of virtual time`,
  failed: (seed, more, others) =>
    `FAIL  seed ${seed}${more === 0 ? '' : `, and ${grouped(more)} more: ${list(others, more)}`}`,
  at: (place) => `at ${place}`,
  between: (left, right) => `${left} and ${right}:`,
  notDrawn: (rows) => `... ${grouped(rows)} rows are not drawn: --ladder draws all ...`,
  otherPairs: (count) => `${grouped(count)} more pairs of hosts exchange segments: --ladder draws all`,
  replay: 'replay:',
  notAgain: (seed) =>
    `seed ${seed} does not fail in this way when run again: the scenario has chance, time or state of its own`,
  faults: (count) => (count === 1 ? '1 fault in this run' : `${grouped(count)} faults in this run`),
  minimal: (faults, before, runs) =>
    `${faults === 1 ? 'one fault is' : `${faults} faults are`} enough, of ${grouped(before)} (${grouped(runs)} runs):`,
  incomplete: (runs) => `the search ended after ${grouped(runs)} runs: fewer faults may be enough`,
  faultless: 'it fails without any fault',
  written: (paths) => `written: ${paths.join(' ')}`,
  noScript: (why) => `no script: ${why}`,
  cut: 'the trace is longer than what is kept of it: its end is missing',
  unused: (count) =>
    `${count === 1 ? '1 fault' : `${grouped(count)} faults`} of the plan did not happen: what they are about did not come`,
  moreCauses: (count) => `${grouped(count)} more causes, each with its first seed:`,
  otherScenario: (planned, name) => `the plan is of the scenario '${planned}', and this is '${name}'`,
  strays: (count, first) =>
    `${count === 1 ? '1 error was' : `${grouped(count)} errors were`} thrown by what a run has left behind, when it was over; the first: ${first}`,
  stopped: 'stopped: what was found so far',
  throughput: (seeds, seconds, virtual) =>
    `${grouped(seeds)} seeds in ${seconds.toFixed(1)} s (${rate(seeds, seconds)} a second), ${virtual} of virtual time`,
  summary: (passed, failed) => `${passed} passed, ${failed} failed`,
};

const zh: SimTexts = {
  passed: (scenario, seed, time) => `通过  种子 ${seed}  ${scenario}，虚拟时间 ${time}`,
  failed: (seed, more, others) =>
    `失败  种子 ${seed}${more === 0 ? '' : `，另有 ${grouped(more)} 个：${list(others, more)}`}`,
  at: (place) => `位于 ${place}`,
  between: (left, right) => `${left} 与 ${right}：`,
  notDrawn: (rows) => `…… 有 ${grouped(rows)} 行未画出：--ladder 全部画出 ……`,
  otherPairs: (count) => `还有 ${grouped(count)} 对主机交换了报文段：--ladder 全部画出`,
  replay: '重放：',
  notAgain: (seed) => `种子 ${seed} 再次运行时没有以同样的方式失败：场景带有自己的随机性、时间或状态`,
  faults: (count) => `这次运行中有 ${grouped(count)} 个故障`,
  minimal: (faults, before, runs) => `${grouped(before)} 个故障中，${faults} 个就够了（运行 ${grouped(runs)} 次）：`,
  incomplete: (runs) => `搜索在运行 ${grouped(runs)} 次后结束：也许更少的故障就够了`,
  faultless: '没有任何故障也会失败',
  written: (paths) => `已写入：${paths.join(' ')}`,
  noScript: (why) => `没有脚本：${why}`,
  cut: '轨迹超出了保留的长度：末尾缺失',
  unused: (count) => `计划中有 ${grouped(count)} 个故障没有发生：它们指的包没有出现`,
  moreCauses: (count) => `还有 ${grouped(count)} 种原因，各列出第一个种子：`,
  otherScenario: (planned, name) => `计划属于场景“${planned}”，而这里是“${name}”`,
  strays: (count, first) => `运行结束之后，遗留的代码又抛出了 ${grouped(count)} 个错误；第一个：${first}`,
  stopped: '已中止：以下是到目前为止的结果',
  throughput: (seeds, seconds, virtual) =>
    `${grouped(seeds)} 个种子，用时 ${seconds.toFixed(1)} 秒（每秒 ${rate(seeds, seconds)} 个），虚拟时间 ${virtual}`,
  summary: (passed, failed) => `${passed} 通过，${failed} 失败`,
};

export const SIM_TEXTS: Readonly<Record<Language, SimTexts>> = { en, zh };

function list(seeds: readonly number[], count: number): string {
  return `${seeds.join(', ')}${seeds.length < count ? ', ...' : ''}`;
}

export function rate(count: number, seconds: number): string {
  return grouped(Math.round(count / Math.max(seconds, 0.001)));
}

/** Virtual time as a person reads it: `12.5 s`, `3.2 h`, `41 days`. */
export function virtualTime(ms: number, lang: Language): string {
  const units: readonly (readonly [number, string, string])[] = [
    [86_400_000, 'days', '天'],
    [3_600_000, 'h', '小时'],
    [60_000, 'min', '分钟'],
    [1000, 's', '秒'],
    [1, 'ms', '毫秒'],
  ];
  // Two of a unit at least: 90 s rather than 1.5 min.
  const [size, english, chinese] = units.find(([unit]) => ms >= 2 * unit) ?? units.at(-1)!;
  const value = ms / size;
  return `${value >= 100 || Number.isInteger(value) ? grouped(Math.round(value)) : value.toFixed(1)} ${lang === 'zh' ? chinese : english}`;
}
