/** Buckets of versioned objects, in memory. @module */
export interface Bucket {
  readonly name: string;
}
