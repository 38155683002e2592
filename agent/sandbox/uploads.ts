/** Multipart uploads that are under way. @module */
import type { ChecksumAlgorithm, Checksum } from "./checksums.ts";
import type { NewObject } from "./objects.ts";

export interface Part {
  readonly number: number;
  readonly body: Buffer;
  /** With quotes. */
  readonly etag: string;
  readonly checksum: Checksum;
  /** Epoch milliseconds. */
  readonly lastModified: number;
}

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly initiated: number;
  readonly algorithm: ChecksumAlgorithm;
  readonly checksumType: Checksum["type"];
  /** What the finished object will have beside its bytes. */
  readonly object: Pick<NewObject, "headers" | "metadata" | "encryption">;
  readonly parts: ReadonlyMap<number, Part>;
}

export interface Uploads {
  start(upload: Omit<Upload, "parts">): void;
  get(id: string, bucket: string, key: string): Upload | undefined;
  addPart(upload: Upload, part: Part): void;
  end(upload: Upload): void;
  /** Of one bucket, oldest first. */
  all(bucket: string): readonly Upload[];
}

export function createUploads(): Uploads {
  const uploads = new Map<string, Upload & { readonly parts: Map<number, Part> }>();
  return {
    start(upload) {
      uploads.set(upload.id, { ...upload, parts: new Map() });
    },
    get(id, bucket, key) {
      const upload = uploads.get(id);
      return upload?.bucket === bucket && upload.key === key ? upload : undefined;
    },
    addPart({ id }, part) {
      uploads.get(id)?.parts.set(part.number, part);
    },
    end({ id }) {
      uploads.delete(id);
    },
    all: (bucket) => [...uploads.values()].filter((upload) => upload.bucket === bucket),
  };
}
