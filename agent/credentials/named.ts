/** Credentials from a source that the config names instead of the instance role, or a person has. @module */
import {
  fromEnv,
  fromHttp,
  fromIni,
  fromNodeProviderChain,
  fromTokenFile,
} from "@aws-sdk/credential-providers";
import type { AwsCredentialIdentity } from "@smithy/types";
import { replaceHttpsAgent } from "../aws/https-agent.ts";
import { SILENT } from "./silent.ts";

export type NamedSource =
  | { readonly from: "environment" }
  | { readonly from: "profile"; readonly profile: string }
  | { readonly from: "container" }
  | { readonly from: "web-identity" }
  /** Whatever the SDK finds first: environment, SSO, profile, web identity, container, instance. For people's tools. */
  | { readonly from: "chain" };

/** Asks the source once. @throws whatever the SDK's provider fails with */
export function loadNamed(source: NamedSource): Promise<AwsCredentialIdentity> {
  replaceHttpsAgent();
  switch (source.from) {
    case "environment":
      return fromEnv({ logger: SILENT })();
    case "profile":
      return fromIni({ profile: source.profile, ignoreCache: true, logger: SILENT })();
    case "container":
      return fromHttp({ timeout: 1000, maxRetries: 2, logger: SILENT })();
    case "web-identity":
      return fromTokenFile({ logger: SILENT })();
    case "chain":
      return fromNodeProviderChain({ ignoreCache: true, logger: SILENT })();
    default:
      return source satisfies never;
  }
}
