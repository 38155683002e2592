/**
 * Which AWS variables may count. The SDK reads `process.env` and two files by itself, in dozens of places:
 * what the configuration did not name is taken away before it can look.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 * @module
 */
import http from "node:http";

/** Structurally `CredentialsConfig`. */
export interface CredentialChoice {
  readonly from: "instance" | "environment" | "profile" | "container" | "web-identity" | "chain";
}

/** Structurally `EndpointsConfig`. */
export interface EndpointNaming {
  readonly kind: "aws" | "environment" | "explicit";
  readonly imds?: URL | undefined;
}

const REGION = /^AWS_(DEFAULT_)?REGION$/;

/** What each credential source reads. */
const OF_CREDENTIALS: Readonly<Record<CredentialChoice["from"], readonly RegExp[]>> = {
  instance: [],
  environment: [
    /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|CREDENTIAL_EXPIRATION)$/,
    REGION,
  ],
  // AWS_PROFILE stays out: the config names the profile
  profile: [/^AWS_(CONFIG_FILE|SHARED_CREDENTIALS_FILE|STS_REGIONAL_ENDPOINTS)$/, REGION],
  container: [/^AWS_CONTAINER_/, REGION],
  "web-identity": [
    /^AWS_(ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE|STS_REGIONAL_ENDPOINTS)$/,
    REGION,
  ],
  // a person's own tool: all but endpoints
  chain: [/^AWS_(?!ENDPOINT_URL|IGNORE_CONFIGURED_|USE_|EC2_METADATA_)/],
};

/** What `endpoints: environment` lets through. */
const OF_ENDPOINTS: readonly RegExp[] = [
  /^AWS_ENDPOINT_URL(_|$)/,
  /^AWS_IGNORE_CONFIGURED_ENDPOINT_URLS$/,
  /^AWS_USE_(FIPS|DUALSTACK)_ENDPOINT$/,
  /^AWS_EC2_METADATA_SERVICE_ENDPOINT(_MODE)?$/,
];

/** Set always: no v1 metadata, no shared files, no nine lines on stderr about Node's version. */
const FIXED: Readonly<Record<string, string>> = {
  AWS_EC2_METADATA_V1_DISABLED: "true",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/** Of Node's own: a proxy that IMDS would be asked through, and certificates of anybody taken for AWS's. */
const NEVER: readonly string[] = ["NODE_USE_ENV_PROXY", "NODE_TLS_REJECT_UNAUTHORIZED"];

/** A copy of `env` in which only the AWS variables that the configuration named are left. */
export function awsEnvironment(
  env: NodeJS.ProcessEnv,
  endpoints: EndpointNaming,
  credentials: CredentialChoice,
): NodeJS.ProcessEnv {
  const kept = [
    ...OF_CREDENTIALS[credentials.from],
    ...(endpoints.kind === "environment" ? OF_ENDPOINTS : []),
  ];
  const named = Object.entries(env).filter(([name]) =>
    /^AWS_/i.test(name) ? kept.some((pattern) => pattern.test(name)) : !NEVER.includes(name),
  );
  const noFiles =
    credentials.from === "profile" || credentials.from === "chain"
      ? {}
      : { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
  const imds =
    endpoints.kind === "explicit" && endpoints.imds !== undefined
      ? { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoints.imds.href }
      : {};
  return { ...Object.fromEntries(named), ...noFiles, ...imds, ...FIXED };
}

/**
 * Makes `wanted` the environment of this process, before the SDK is first used. Who hands the user's own
 * environment to a child takes a copy of it first.
 *
 * Node's global agent for HTTP is replaced, because the SDK asks IMDS with it: under NODE_USE_ENV_PROXY or
 * --use-env-proxy it would ask a proxy. `replaceHttpsAgent` does the same for HTTPS.
 */
export function applyEnvironment(wanted: NodeJS.ProcessEnv, target: NodeJS.ProcessEnv): void {
  http.globalAgent = new http.Agent({ keepAlive: true });
  for (const name of Object.keys(target)) if (wanted[name] === undefined) delete target[name];
  Object.assign(target, wanted);
}
