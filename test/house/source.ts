/** The source as the rules of the house see it: files, their imports, their code without comments and strings. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
export const SRC: string = join(ROOT, 'src');

export interface Import {
  /** As written. */
  readonly from: string;
  /** The file meant, from `src/`; null for a package. */
  readonly file: string | null;
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** From `src/`, with forward slashes. */
  readonly path: string;
  /** The first folder of the path. */
  readonly layer: string;
  readonly text: string;
  /** The text with comments, strings and the words of templates blanked; lines keep their numbers. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export function sourceFiles(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(SRC, path), 'utf8');
      return { path, layer: path.split('/')[0]!, text, code: codeOf(text), imports: importsOf(path, text) };
    });
}

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const plain = stripComments(text);
  const add = (from: string, typeOnly: boolean): void => {
    const file = from.startsWith('.') ? relative(SRC, normalize(join(SRC, dirname(path), from))) : null;
    found.push({ from, file, typeOnly });
  };
  for (const match of plain.matchAll(/^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*from\s*['"]([^'"]+)['"]/gm)) {
    const names = /^\{([\s\S]*)\}$/.exec(match[2]!)?.[1]?.split(',') ?? ['value'];
    const inline = names.every((name) => name.trim() === '' || name.trim().startsWith('type '));
    add(match[3]!, match[1] !== undefined || inline);
  }
  for (const match of plain.matchAll(/^import\s*['"]([^'"]+)['"]/gm)) add(match[1]!, false);
  for (const match of plain.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/g))
    add(match[2]!, match[1] !== undefined);
  return found;
}

function stripComments(text: string): string {
  return scan(text, false);
}

function codeOf(text: string): string {
  return scan(text, true);
}

/** One pass over the text: comments become blanks, and with `strings` what is quoted does too. */
function scan(text: string, strings: boolean): string {
  let out = '';
  let at = 0;
  const templates: number[] = []; // depth of braces in each `${` that is open
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  const quoted = (part: string): string => (strings ? blank(part) : part);
  const template = (from: number): number => {
    let end = from;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) end += text[end] === '\\' ? 2 : 1;
    if (text.startsWith('${', end)) templates.push(0);
    end += text[end] === '`' ? 1 : 2;
    out += quoted(text.slice(from, end));
    return end;
  };
  while (at < text.length) {
    const character = text[at]!;
    const rest = text.slice(at, at + 2);
    if (rest === '//') {
      const end = text.indexOf('\n', at);
      out += blank(text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end;
    } else if (rest === '/*') {
      const end = text.indexOf('*/', at) + 2;
      out += blank(text.slice(at, end));
      at = end;
    } else if (character === "'" || character === '"') {
      let end = at + 1;
      while (end < text.length && text[end] !== character) end += text[end] === '\\' ? 2 : 1;
      out += quoted(text.slice(at, end + 1));
      at = end + 1;
    } else if (character === '/' && /[=(,:[!&|?;]\s*$|\breturn\s*$/.test(out.slice(-20))) {
      // A regular expression: after these a slash cannot divide.
      const literal = /^\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/[a-z]*/.exec(text.slice(at))?.[0] ?? '/';
      out += quoted(literal);
      at += literal.length;
    } else if (character === '`') {
      out += quoted('`');
      at = template(at + 1);
    } else if (character === '}' && templates.at(-1) === 0) {
      templates.pop();
      out += quoted('}');
      at = template(at + 1);
    } else {
      if (templates.length > 0 && character === '{') templates[templates.length - 1]!++;
      if (templates.length > 0 && character === '}') templates[templates.length - 1]!--;
      out += character;
      at++;
    }
  }
  return out;
}

/** The lines of `code` that match, as `path:line: text`. */
export function linesMatching(file: SourceFile, pattern: RegExp): string[] {
  const lines = file.text.split('\n');
  return file.code
    .split('\n')
    .flatMap((line, i) => (pattern.test(line) ? [`${file.path}:${i + 1}: ${lines[i]!.trim()}`] : []));
}
