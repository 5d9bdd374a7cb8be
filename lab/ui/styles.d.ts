/** Owns: that a style sheet may be imported, for its effect. */

declare module '*.css';
