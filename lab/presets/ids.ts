/** Owns: the names of the presets, in the order in which the page offers them. */

export const IDS = ['handshake', 'lost-synack', 'half-close'] as const;

export type PresetId = (typeof IDS)[number];
