/**
 * Reads the home bucket, and a replica in its place while the home is out.
 *
 * A replica stands in for an outage alone: never for a denial or an absence, which would undo a revocation or
 * a delete, and never for what is wrong with this host (its clock, its credentials, its budget), which a
 * replica would not cure. What a replica has to say in place of the home's answer is content; its refusals
 * are no news of the group, so the home's outage stays the outcome.
 * @module
 */
import { setMaxListeners } from "node:events";
import { isBudgetSpent } from "../aws/budget.ts";
import { isTransient } from "../aws/failure.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { PosternError, toPosternError } from "../core/errors.ts";
import { failureKindOf } from "../core/group-state.ts";
import { quote } from "../core/names.ts";
import { afterHearing, decide, GOOD, type HomeHealth } from "./home-health.ts";
import type { Place, Places } from "./places.ts";

export interface Question<Answer> {
  /** @param signal ends with the pass, or before it when this place's share of the pass is over */
  readonly ask: (place: Place, signal: AbortSignal) => Promise<Answer>;
  /** Whether this host would take the answer of a replica. */
  readonly mayUseReplica: boolean;
  /** The pass's deadline: one of its own for each pass, since listeners stay on it as long as it lives. */
  readonly signal: AbortSignal;
}

/** What happened to the home bucket, for the log. */
export type FailoverEvent =
  | { readonly kind: "failover"; readonly outage: PosternError }
  | { readonly kind: "failback"; readonly lastedMs: number };

export interface Failover {
  /**
   * The home's answer, or a replica's.
   * @throws {PosternError} the home's failure; after an outage it also says why no replica stood in
   */
  read<Answer>(question: Question<Answer>): Promise<Answer>;
  /** What it remembers, to go on from after the configuration was read again. */
  health(): HomeHealth;
}

export interface FailoverOptions {
  readonly places: Places;
  /** Half of it is for the home, the rest for the replicas in equal shares. */
  readonly passTimeoutMs: number;
  readonly clock: Clock;
  readonly chance: Pick<Chance, "random">;
  /** Of an earlier one for the same home; by default good. */
  readonly health?: HomeHealth | undefined;
  /** Told of failover and failback, once each. */
  readonly onEvent?: ((event: FailoverEvent) => void) | undefined;
}

/** Its memory is all it is: a daemon keeps one for as long as its configuration, `fetch` makes its own. */
export function createFailover(options: FailoverOptions): Failover {
  const { places, clock, chance } = options;
  let health = options.health ?? GOOD;

  const hear = (error: PosternError | undefined): void => {
    const heard = meaningOf(error);
    if (heard === "nothing") return;
    const before = health;
    const word = heard === "answer" || error === undefined ? ANSWER : outageOf(error);
    health = afterHearing(before, word, clock.monotonic(), chance.random());
    const event = eventBetween(before, health, clock.monotonic());
    if (event !== undefined) options.onEvent?.(event);
  };

  const askHome = async <Answer>(
    { ask, signal }: Question<Answer>,
    shareMs: number | undefined,
  ): Promise<Answer> => {
    try {
      const answer = await withinShare(places.home, shareMs, clock, signal, ask);
      hear(undefined);
      return answer;
    } catch (error) {
      hear(toPosternError(error));
      throw error;
    }
  };

  return {
    health: () => health,
    read: async (question) => {
      // nothing to fail over to, and nothing to remember
      if (places.replicas.length === 0) return question.ask(places.home, question.signal);
      if (!question.mayUseReplica) return askHome(question, undefined);
      const decision = decide(health, clock.monotonic(), chance.random());
      health = decision.health;
      let outage = health.kind === "failing" ? health.outage : undefined;
      if (decision.asksHome || outage === undefined) {
        try {
          return await askHome(question, options.passTimeoutMs / 2);
        } catch (error) {
          outage = toPosternError(error);
          if (!isOutage(outage) || question.signal.aborted) throw error;
        }
      }
      return askReplicas(question, outage, options);
    },
  };
}

async function askReplicas<Answer>(
  { ask, signal }: Question<Answer>,
  outage: PosternError,
  { places: { replicas }, passTimeoutMs, clock }: FailoverOptions,
): Promise<Answer> {
  const refusals: string[] = [];
  for (const [index, place] of replicas.entries()) {
    // the last one may have all that is left
    const isLast = index === replicas.length - 1;
    const shareMs = isLast ? undefined : passTimeoutMs / 2 / replicas.length;
    try {
      return await withinShare(place, shareMs, clock, signal, ask);
    } catch (error) {
      refusals.push(`replica ${quote(place.bucket)}: ${toPosternError(error).message}`);
      if (signal.aborted) break;
    }
  }
  throw withRefusals(outage, refusals);
}

/** Runs `ask` with a signal that ends `shareMs` from now, unless it settled before; undefined is no end. */
async function withinShare<Answer>(
  place: Place,
  shareMs: number | undefined,
  clock: Clock,
  signal: AbortSignal,
  ask: Question<Answer>["ask"],
): Promise<Answer> {
  if (shareMs === undefined) return ask(place, signal);
  const share = new AbortController();
  const settled = new AbortController();
  // every request under way listens
  setMaxListeners(0, share.signal);
  // for longer than the share: what came of `ask` may go on asking within the pass
  const onAbort = (): void => share.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const late = new PosternError(
    "Unavailable",
    `${quote(place.bucket)} did not answer within its share of the pass`,
  );
  const timer = clock.sleep(shareMs, settled.signal).then(
    () => share.abort(late),
    () => undefined,
  );
  try {
    return await ask(place, share.signal);
  } catch (error) {
    throw share.signal.reason === late && isOutage(toPosternError(error)) ? late : error;
  } finally {
    settled.abort();
    await timer;
  }
}

/** AWS failed, rather than refused, and it was AWS. */
function isOutage(error: PosternError): boolean {
  return isTransient(error) && !isBudgetSpent(error);
}

const ANSWER = { kind: "answer" } as const;

function outageOf(error: PosternError): { readonly kind: "outage"; readonly error: PosternError } {
  return { kind: "outage", error };
}

/** A refusal is an answer; what is wrong with this host says nothing of the home. */
function meaningOf(error: PosternError | undefined): "answer" | "outage" | "nothing" {
  if (error === undefined) return "answer";
  if (isOutage(error)) return "outage";
  const kind = failureKindOf(error.code);
  return kind === "denied" || kind === "rejected" ? "answer" : "nothing";
}

function eventBetween(
  before: HomeHealth,
  after: HomeHealth,
  now: number,
): FailoverEvent | undefined {
  if (before.kind === "good" && after.kind === "failing")
    return { kind: "failover", outage: after.outage };
  if (before.kind === "recovering" && after.kind === "good")
    return { kind: "failback", lastedMs: now - before.since };
  return undefined;
}

function withRefusals(outage: PosternError, refusals: readonly string[]): PosternError {
  const { code, message, hint, awsCode, requestId, retryAfterMs } = outage;
  return new PosternError(code, [message, ...refusals].join("; "), {
    cause: outage,
    ...(hint === undefined ? {} : { hint }),
    ...(awsCode === undefined ? {} : { awsCode }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
