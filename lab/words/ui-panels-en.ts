/** Owns: the words of the panels in English; their type is what another language has to have. */

export const panelsEn = {
  bar: {
    parts: { label: 'Parts of this page', lab: 'Lab', why: 'Why?', capture: 'Captures' },
    theme: { label: 'Theme', system: 'System theme', light: 'Light', dark: 'Dark' },
    dismiss: 'Dismiss',
  },
};

export type PanelWords = typeof panelsEn;
