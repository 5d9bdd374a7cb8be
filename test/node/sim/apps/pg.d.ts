/** What the tests use of pg, which comes without types. */
declare module 'pg' {
  import type { EventEmitter } from 'node:events';

  export interface PoolOptions {
    readonly host: string;
    readonly user: string;
    readonly max?: number;
    /** ms; 0 for ever */
    readonly idleTimeoutMillis?: number;
    readonly connectionTimeoutMillis?: number;
    readonly query_timeout?: number;
    readonly keepAlive?: boolean;
    readonly keepAliveInitialDelayMillis?: number;
  }

  export class Pool extends EventEmitter {
    constructor(options: PoolOptions);
    query(sql: string): Promise<{ readonly rows: readonly { readonly value: string }[] }>;
    end(): Promise<void>;
  }

  const pg: { readonly Pool: typeof Pool };
  export default pg;
}
