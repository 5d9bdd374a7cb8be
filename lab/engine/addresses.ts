/** Owns: where the hosts are. Whoever is at no address of these is a stranger, in lane C. */

export const HOME = { A: '192.0.2.1', B: '192.0.2.2' } as const;

/** Whose each address is, whoever uses it. */
export const OWNERS: Readonly<Record<string, 'A' | 'B'>> = { [HOME.A]: 'A', [HOME.B]: 'B' };
