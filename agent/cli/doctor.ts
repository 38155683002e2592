/** `postern doctor`: tries each thing that a pass needs, and says what to change. @module */
import { EXIT, type ExitCode, exitCodeOf, PosternError } from "../core/errors.ts";
import type { DoctorRequest } from "../doctor/doctor.ts";
import type { Section } from "../doctor/finding.ts";
import type { Command, Surroundings } from "./command.ts";
import { chosenGroups, loadNamedConfig, readNamedConfig, withConfig } from "./configured.ts";
import { encodeSection, encodeTotals } from "./doctor-words.ts";
import { systemEffects } from "./effects.ts";
import { write } from "./output.ts";

export const doctor: Command = {
  name: "doctor",
  audience: "instances",
  summary: "try what a pass needs, and say what to change",
  repeatable: ["groups"],
  manual: {
    description: [
      "Tries each thing that a pass needs, against the real services: the configuration, the metadata service, the role and its credentials, the clock, the region, the bucket, reading and opening each group, and the place where its files will lie. Of what fails it says what to change, and names a permission that is missing.",
      "The shipped unit lets the daemon write to its own trees, and give files to groups. With --systemd nothing is tried: what is printed is the drop-in that the configuration needs beyond that, for files in other folders, owners other than root, and reloads by signal.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "doctor [groups..]",
      doctor.summary,
      (options) =>
        withConfig(options)
          .positional("groups", { type: "string", array: true, describe: "all when none is named" })
          .option("json", { type: "boolean", describe: "print what was found as JSON" })
          .option("systemd", {
            type: "boolean",
            describe: "print the drop-in that the configuration needs, and end",
          })
          .conflicts("systemd", "json")
          .epilogue(
            "Only looks: it writes nothing, and needs no more rights than a pass. Exits with 0 when nothing failed, else with the code of the first failure.",
          )
          .example("$0 doctor", "everything")
          .example("$0 doctor web --json", "this host and one group, for a script")
          .example("$0 doctor --systemd", "what lets the daemon do what is configured"),
      async ({ groups = [], config, json = false, systemd = false }) => {
        if (systemd) {
          await printDropIn(config, surroundings);
          return;
        }
        const request = await loadRequest(groups, config, surroundings);
        const sections = await tell(request, json, surroundings);
        surroundings.exitWith(exitCodeFor(sections));
      },
    ),
};

/** What can be put into a drop-in's file as it is, also when nothing is needed. */
async function printDropIn(file: string | undefined, surroundings: Surroundings): Promise<void> {
  const config = await loadNamedConfig(file, surroundings);
  const { encodeDropIn, needsOf } = await import("../daemon/confinement.ts");
  const lines = encodeDropIn(needsOf(config));
  const head = lines === "" ? "the shipped unit lets postern do all of it" : DROP_IN;
  await write(surroundings.terminal.stdout, `# ${head}\n${lines}`);
}

const DROP_IN =
  "for /etc/systemd/system/postern.service.d/postern.conf, then: systemctl daemon-reload";

/** A config that cannot be loaded is a finding like others; a group that it does not have is not. */
async function loadRequest(
  names: readonly string[],
  file: string | undefined,
  surroundings: Surroundings,
): Promise<DoctorRequest> {
  try {
    const config = await readNamedConfig(file, surroundings);
    return { config, groups: chosenGroups(config, names) };
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== "ConfigInvalid") throw error;
    return { config: error, groups: [] };
  }
}

/** A section is printed as soon as it is known: what waits for a timeout comes last. */
async function tell(
  request: DoctorRequest,
  json: boolean,
  surroundings: Surroundings,
): Promise<readonly Section[]> {
  const { stdout, env } = surroundings.terminal;
  const isColoured = stdout.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const sections: Section[] = [];
  for await (const section of await start(request, surroundings)) {
    const { title, findings } = section;
    sections.push({ title, findings });
    if (!json) await write(stdout, encodeSection(section, isColoured));
  }
  const said = json
    ? JSON.stringify({ sections, exitCode: exitCodeFor(sections) })
    : encodeTotals(sections);
  await write(stdout, `${said}\n`);
  return sections;
}

async function start(
  request: DoctorRequest,
  surroundings: Surroundings,
): Promise<AsyncIterable<Section>> {
  const [{ examine }, { systemKernel }] = await Promise.all([
    import("../doctor/doctor.ts"),
    import("../doctor/kernel.ts"),
  ]);
  return examine(request, {
    ...(await systemEffects(surroundings)),
    kernel: systemKernel,
    nodeVersion: process.versions.node,
  });
}

function exitCodeFor(sections: readonly Section[]): ExitCode {
  const findings = sections.flatMap((section) => section.findings);
  const first = findings.find((finding) => finding.kind === "failed");
  return first === undefined ? EXIT.done : exitCodeOf(first.code);
}
