/**
 * Asking KMS under several pinned keys, and what it means when none of them opens.
 *
 * A list of keys lets a key be changed without an outage, so one that is gone or denied must not hide another
 * that works. The failures are kept, because the Encryption SDK folds them into one message.
 * @module
 */
import { isBudgetSpent } from "../aws/budget.ts";
import { isTransient } from "../aws/failure.ts";
import type { Decrypted, DecryptRequest, Kms } from "../aws/kms.ts";
import { PosternError, toPosternError } from "../core/errors.ts";
import { type FailureKind, failureKindOf } from "../core/group-state.ts";
import { quote, type Region, regionOfKey } from "../core/names.ts";
import type { Pin } from "./pins.ts";

export interface Attempts {
  /**
   * Asks KMS once. A region that failed is not asked again: an outage is never made worse.
   * @throws {PosternError} what KMS answered, or DecryptFailed when it used another key than the one named
   */
  decrypt(request: DecryptRequest): Promise<Decrypted>;
  /** Whether it is this key's turn: one that stands in waits for an outage of AWS (not of this host). */
  isDue(pin: Pin): boolean;
  /**
   * The failure that counts, or undefined when some key opened or none was asked. An outage before anything else, since a
   * region that did not answer may hold the key that opens; then a denial, since that key may be the one.
   *
   * @param name of the object, for the message
   */
  failure(name: string): PosternError | undefined;
}

export function createAttempts(kms: Pick<Kms, "decrypt">): Attempts {
  let opened = false;
  const failures: PosternError[] = [];
  const down = new Map<Region, PosternError>();
  return {
    decrypt: async (request) => {
      const region = regionOfKey(request.key);
      const outage = down.get(region);
      if (outage !== undefined) throw outage;
      try {
        const decrypted = confirmKey(await kms.decrypt(request), request);
        opened = true;
        return decrypted;
      } catch (error) {
        const failure = toPosternError(error);
        failures.push(failure);
        if (failureKindOf(failure.code) === "outage") down.set(region, failure);
        throw failure;
      }
    },
    isDue: ({ standsInFor }) => {
      if (standsInFor === undefined) return true;
      const outage = down.get(standsInFor);
      return outage !== undefined && isTransient(outage) && !isBudgetSpent(outage);
    },
    failure: (name) => {
      if (opened) return undefined;
      const counting = WEIGHT.flatMap((kind) =>
        failures.filter((failure) => failureKindOf(failure.code) === kind),
      )[0];
      return counting === undefined ? undefined : naming(name, counting);
    },
  };
}

const WEIGHT: readonly FailureKind[] = ["outage", "local", "denied", "rejected"];

// KMS is given the key, so another answer means that it is not KMS who answers
function confirmKey(decrypted: Decrypted, { key }: DecryptRequest): Decrypted {
  if (decrypted.key === key) return decrypted;
  decrypted.plaintext.wipe();
  throw new PosternError(
    "DecryptFailed",
    `Decrypt ${quote(key)}: expected KMS to use this key, got ${quote(decrypted.key)}`,
  );
}

function naming(name: string, failure: PosternError): PosternError {
  const { hint = hintFor(failure), awsCode, requestId, retryAfterMs } = failure;
  return new PosternError(failure.code, `cannot open ${quote(name)}: ${failure.message}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(awsCode === undefined ? {} : { awsCode }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: failure,
  });
}

function hintFor({ code }: PosternError): string | undefined {
  return code === "DecryptFailed"
    ? "it was sealed otherwise than decrypt says (mode, keys, context), moved from another key, or damaged"
    : undefined;
}
