/**
 * Owns: a capture as a page of its own: the table, and for each connection that is told in full its story, pictures and every
 * segment explained. It needs no script, loads nothing, and is light or dark as its reader prefers.
 */

import {
  type CaptureReport,
  chinese,
  Explainer,
  english,
  shortened,
  storyInChinese,
  storyInEnglish,
  type Told,
  tellStory,
} from '../../explain/index.ts';
import type { Language, TraceEvent } from '../../trace/index.ts';
import { ladderPicture, sequencePictures, statePictures } from './pictures.ts';
import { tableOf } from './table.ts';
import { EXPLAIN_TEXTS } from './texts.ts';

/** Segments of a long connection that are explained one by one: from its beginning, from its end. */
const EXPLAINED = [100, 40] as const;

const STORIES = { en: storyInEnglish, zh: storyInChinese };
const SENTENCES = { en: english, zh: chinese };
const NAMES = { en: ['the client', 'the server'], zh: ['客户端', '服务器'] } as const;

/** @param file the capture's name */
export function pageOf(report: CaptureReport, told: readonly Told[], file: string, lang: Language): string {
  const texts = EXPLAIN_TEXTS[lang];
  const title = texts.page.title(file);
  const { size } = report.connections;
  return [
    `<!doctype html>\n<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">\n<meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${escaped(title)}</title>\n<style>${STYLE}</style>`,
    `<h1>${escaped(title)}</h1>`,
    `<p>${size === 0 ? texts.none(report.packets) : texts.connections(size, report.packets)}</p>`,
    ...(size === 0 ? [] : [tableHtml(report, told, lang)]),
    ...(report.crowded ? [`<p>${texts.page.only(told.length)}</p>`] : []),
    ...told.map((one) => connectionHtml(one, lang)),
    '</html>\n',
  ].join('\n');
}

function tableHtml({ connections }: CaptureReport, told: readonly Told[], lang: Language): string {
  const [head, ...rows] = tableOf(connections, lang);
  const streams = new Set(told.map(({ life }) => `${life.connection.stream}`));
  const cells = (row: NonNullable<typeof head>, tag: 'th' | 'td'): string =>
    row
      .map(({ text, right }, at) => {
        const scope = tag === 'th' ? ' scope="col"' : '';
        const link = tag === 'td' && at === 0 && streams.has(text);
        const inner = link ? `<a href="#stream-${text}">${text}</a>` : escaped(text);
        return `<${tag}${scope}${right ? ' class="n"' : ''}>${inner}</${tag}>`;
      })
      .join('');
  return [
    '<div class="wide" tabindex="0"><table>',
    `<thead><tr>${cells(head!, 'th')}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}</tbody>`,
    '</table></div>',
  ].join('\n');
}

function connectionHtml(told: Told, lang: Language): string {
  const texts = EXPLAIN_TEXTS[lang];
  const words = STORIES[lang];
  const story = tellStory(told.life, words);
  const { stream } = told.life.connection;
  const part = (name: 'opened' | 'flowed' | 'ended'): string =>
    story[name].length === 0
      ? ''
      : `<h3>${words.headings[name]}</h3>\n<p>${escaped(story[name].join(words.space))}</p>`;
  return [
    `<section aria-labelledby="stream-${stream}">`,
    `<h2 id="stream-${stream}">${texts.stream} ${stream}</h2>`,
    `<p>${escaped(story.cast)}</p>`,
    part('opened'),
    part('flowed'),
    `<h3>${words.headings.trouble}</h3>`,
    `<ul>${story.trouble.map((sentence) => `<li>${escaped(sentence)}`).join('\n')}</ul>`,
    part('ended'),
    `<h3>${texts.page.ladder}</h3>`,
    `<p class="small">${escaped(texts.page.estimated)}</p>`,
    `<div class="wide" tabindex="0">${ladderPicture(told, lang)}</div>`,
    picturesHtml(texts.page.states, statePictures(told, lang)),
    picturesHtml(texts.page.sequence, sequencePictures(told, lang)),
    segmentsHtml(told, lang),
    '</section>',
  ].join('\n');
}

function picturesHtml(heading: string, pictures: readonly string[]): string {
  if (pictures.length === 0) return '';
  return `<h3>${heading}</h3>\n<div class="wide row" tabindex="0">${pictures.join('\n')}</div>`;
}

/** Every segment as it is sent, and every change of state, with its explanation and its section. */
function segmentsHtml({ life, events }: Told, lang: Language): string {
  const texts = EXPLAIN_TEXTS[lang];
  const explainer = new Explainer({ words: SENTENCES[lang] });
  const rows = shortened(called(events, life, lang), ...EXPLAINED, texts.notDrawn).flatMap((event) => {
    const { text, rfc, url } = explainer.take(event);
    if (event.type === 'segment-received') return [];
    const frame = event.type === 'segment-sent' ? `${event.packet}` : '';
    const remarks = event.type === 'segment-sent' ? (event.remarks ?? []) : [];
    const marks = remarks.map((remark) => ` <b>${escaped(remark)}</b>`).join('');
    const section = url === undefined ? '' : ` <a href="${url}">${rfc[0]}</a>`;
    const time = (event.time / 1000).toFixed(6);
    return [
      `<tr><td class="n">${frame}</td><td class="n">${time}</td><td>${escaped(text)}${marks}${section}</td></tr>`,
    ];
  });
  const { frame, time, what, segments } = texts.page;
  return [
    `<details><summary>${segments}</summary><div class="wide" tabindex="0"><table>`,
    `<thead><tr><th scope="col" class="n">${frame}</th><th scope="col" class="n">${time}</th><th scope="col">${what}</th></tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody></table></div></details>`,
  ].join('\n');
}

/** The events with the ends called by their parts, where these are known. */
function called(events: readonly TraceEvent[], life: Told['life'], lang: Language): readonly TraceEvent[] {
  const { opener } = life;
  if (opener === null) return events;
  const [client, server] = NAMES[lang];
  const name = life.follower.ends[opener].host;
  return events.map((event) => ({ ...event, host: event.host === name ? client : server }));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = [
  ':root{color-scheme:light dark;--ink:#17202b;--paper:#fff;--faint:#566272;--line:#c9d0d8;--accent:#13663a}',
  '@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--paper:#151b23;--faint:#9ca8b7;--line:#384452;--accent:#6fdc9b}}',
  'body{font:1rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;padding:0 1rem}',
  'h2{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}h3{margin:1.4rem 0 .3rem;font-size:1rem}',
  'p,ul{margin:.3rem 0 .8rem;max-width:48rem}.small{font-size:.875rem;color:var(--faint)}',
  '.wide{overflow-x:auto}.row{display:flex;flex-wrap:wrap;gap:1.5rem}table{border-collapse:collapse;font-size:.875rem}',
  'th,td{padding:.25rem .6rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}',
  'details td:last-child{white-space:normal}th{color:var(--faint);font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}',
  'a{color:var(--accent)}summary{cursor:pointer;font-weight:600;margin:1rem 0}svg{max-width:none}',
].join('');
