/** Who this host is to AWS: its metadata service, role, credentials, account and region. @module */
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { PosternError } from "../core/errors.ts";
import { answersWithoutToken } from "../credentials/imds-v1.ts";
import type { InstanceIdentity } from "../credentials/imds.ts";
import {
  attempt,
  type Examined,
  failed,
  type Finding,
  isFault,
  ok,
  skipped,
  warning,
} from "./finding.ts";
import type { Home, Services } from "../daemon/services.ts";

export interface Identity {
  readonly home: Home;
  /** Who the policies must grant something to: `role "web"`. */
  readonly who: string;
}

/** The value is undefined when S3 cannot be asked: without a home or without credentials. */
export async function examineIdentity(
  config: Config,
  services: Services,
  clock: Clock,
): Promise<Examined<Identity>> {
  const { home: choice, credentials } = config;
  const isInstance = credentials.from === "instance";
  const metadata = isInstance ? await examineImds(services) : notAsked(credentials.from);
  const role = isInstance ? await examineRole(services, metadata.value !== undefined) : NO_ROLE;
  const keys =
    isInstance && role.value === undefined
      ? { findings: [skipped("credentials", "the role")], value: undefined }
      : await examineCredentials(services, clock, credentials.from);
  const home = await attempt(() => services.findHome(choice));
  const findings = [
    ...metadata.findings,
    ...role.findings,
    ...keys.findings,
    isFault(home) ? judgeNoHome(home) : judgeHome(home, metadata.value),
  ];
  if (isFault(home) || keys.value === undefined) return { findings, value: undefined };
  const who = role.value === undefined ? "these credentials" : `role "${role.value}"`;
  return { findings, value: { home, who } };
}

async function examineImds({ imds, endpoints }: Services): Promise<Examined<InstanceIdentity>> {
  const identity = await attempt(() => imds.identity());
  if (isFault(identity)) return { findings: [failed("metadata", identity)], value: undefined };
  const { instance, account, region } = identity;
  const answers = await answersWithoutToken(endpoints.imds);
  const findings = [
    ok("metadata", `IMDSv2 answers: instance ${instance}, account ${account}, ${region}`),
    answers === true
      ? warning(
          "IMDSv1",
          "is enabled: it answers without a token",
          "require tokens: aws ec2 modify-instance-metadata-options " +
            `--instance-id ${instance} --http-tokens required`,
        )
      : ok("IMDSv1", "is off"),
  ];
  return { findings, value: identity };
}

// elsewhere than on an instance it may be missing, and findHome tells if that matters
function notAsked(source: string): Examined<InstanceIdentity> {
  const found = `not asked: credentials come from "${source}"`;
  return { findings: [ok("metadata", found)], value: undefined };
}

const NO_ROLE: Examined<string> = { findings: [], value: undefined };

async function examineRole({ imds }: Services, isThere: boolean): Promise<Examined<string>> {
  if (!isThere) return { findings: [skipped("role", "the metadata")], value: undefined };
  const role = await attempt(() => imds.role());
  return isFault(role)
    ? { findings: [failed("role", role)], value: undefined }
    : { findings: [ok("role", role)], value: role };
}

// AWS renews a role's credentials five minutes before they end: with less left, nobody renewed them
const LATE_MS = 60_000;

async function examineCredentials(
  { provider }: Services,
  clock: Clock,
  source: string,
): Promise<Examined<true>> {
  const identity = await attempt(() => provider.credentials());
  if (isFault(identity)) return { findings: [failed("credentials", identity)], value: undefined };
  return { findings: [judgeExpiry(identity.expiration, clock.now(), source)], value: true };
}

function judgeExpiry(expiration: Date | undefined, now: number, source: string): Finding {
  if (expiration === undefined) return ok("credentials", `from "${source}", without an end`);
  const found = `from "${source}", until ${expiration.toISOString()}`;
  return expiration.getTime() - now > LATE_MS
    ? ok("credentials", found)
    : warning("credentials", found, "new ones are due: is this host's clock right?");
}

function judgeNoHome(fault: PosternError): Finding {
  // told once: what is missing is missing because the metadata is
  return fault.code === "Unavailable"
    ? skipped("home", "the metadata, or bucket_owner and region in the config")
    : failed("home", fault);
}

function judgeHome({ owner, region }: Home, instance: InstanceIdentity | undefined): Finding {
  // a bucket of another account is as sound as one's own, and the first suspect when S3 denies all
  const others = [
    ...(instance === undefined || instance.account === owner ? [] : ["account"]),
    ...(instance === undefined || instance.region === region ? [] : ["region"]),
  ];
  const note = others.length === 0 ? "" : `, not this instance's own ${others.join(" and ")}`;
  return ok("home", `the bucket belongs to account ${owner}, in ${region}${note}`);
}
