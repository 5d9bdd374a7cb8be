/** Pictures read as XML: whether they are well-formed, which elements and texts they have. */

/** Elements that are opened, in order; throws where the document is not well-formed. */
export function elementsOf(svg: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_whole, end, name, attributes, empty) => {
      const names = [...String(attributes).matchAll(/([\w:-]+)=/g)].map(([, attribute]) => attribute);
      if (new Set(names).size < names.length) throw new Error(`<${name}> has an attribute twice`);
      if (end === '/') {
        if (open.pop() !== name) throw new Error(`</${name}> closes something else`);
      } else {
        seen.push(name);
        if (empty !== '/') open.push(name);
      }
      return '';
    },
  );
  if (open.length > 0) throw new Error(`not closed: ${open.join()}`);
  if (/[<>]/.test(rest)) throw new Error(`no markup: ${rest}`);
  if (/&(?!amp;|lt;|gt;|quot;)/.test(rest)) throw new Error('an ampersand stands alone');
  return seen;
}

/** What the picture says, text by text. */
export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!);
}
