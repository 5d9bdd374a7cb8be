export { Analysis, Arrival, Flow } from './analysis.ts';
export { type Agreement, Connection, type Offer, RoundTrips, Side } from './connection.ts';
export { Connections } from './connections.ts';
export { type Found, findTcp, Place } from './packet.ts';
export * from './types.ts';
