import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { parse } from "yaml";
import { readPage, rowsOf, sectionOf } from "../support/document.ts";
import { everyMetric } from "../support/metrics.ts";
import { assertSound, withoutPromtool } from "../support/promtool.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const ALERTS = "docs/dashboards/alerts.yaml";
const DASHBOARD = "docs/dashboards/postern.json";

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

/** By name, as the program itself tells of them. */
const metrics = new Map<string, Metric>();
before(async () => {
  const text = await everyMetric();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const series = [...text.matchAll(new RegExp(`^${name}(?:_bucket)?\\{(.*)\\}`, "gm"))];
    const labels = series.flatMap(([, pairs = ""]) =>
      [...pairs.matchAll(/(\w+)="/g)].map(([, label = ""]) => label),
    );
    metrics.set(name, { name, type, labels: new Set(labels.filter((label) => label !== "le")) });
  }
});

const alerts = parse(readPage(ALERTS)) as {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}
const dashboard = JSON.parse(readPage(DASHBOARD)) as {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const expressions = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.map(({ expr }) => expr),
];

describe("docs/monitoring.md", () => {
  it("tells of every metric as the program has it, and of no other", () => {
    const rows = rowsOf(sectionOf(readPage("docs/monitoring.md"), "The metrics"));
    assert.deepEqual(
      rows.map(([name, type, labels]) => [name, type, labels]),
      [...metrics.values()].map(({ name, type, labels }) => [name, type, [...labels].join(", ")]),
    );
  });
});

describe("the dashboard and the alerts", () => {
  it("ask for metrics that there are, and labels that they have", () => {
    for (const text of [...rules.map(({ expr }) => expr), ...expressions])
      for (const [, name = "", selector = ""] of text.matchAll(
        /\b(postern_\w+)(?:\{([^}]*)\})?/g,
      )) {
        const metric = metrics.get(name) ?? metrics.get(name.replace(/_bucket$/, ""));
        assert.ok(metric, `${name} in ${text}`);
        for (const [, label = ""] of selector.matchAll(/(\w+)\s*=/g))
          assert.ok(label === "instance" || metric.labels.has(label), `${label} in ${text}`);
      }
  });

  it("show every metric there is", () => {
    const shown = expressions.join("\n");
    for (const name of metrics.keys()) assert.ok(shown.includes(name), name);
  });

  it("have panels that Grafana can tell apart, and variables that there are", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const known = [...dashboard.templating.list.map(({ name }) => name), "__rate_interval"];
    for (const { title, targets, gridPos } of dashboard.panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      const letters = targets.map(({ refId }) => refId);
      assert.equal(new Set(letters).size, letters.length, title);
      for (const { expr } of targets)
        for (const [, variable = ""] of expr.matchAll(/\$(\w+)/g))
          assert.ok(known.includes(variable), `${variable} in ${title}`);
    }
  });

  it("read as Prometheus reads them", { skip: withoutPromtool }, () => {
    const file = join(tempDir(), "dashboard.yaml");
    const asRules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$\w+/g, ".*"),
    }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules: asRules }] }));
    assertSound(["check", "rules", join(root, ALERTS)]);
    assertSound(["check", "rules", file]);
  });

  it("go off when they should and at no other time", { skip: withoutPromtool }, () => {
    const cases = readPage("test/cases/monitoring/alerts.test.yaml");
    for (const { alert } of rules) assert.ok(cases.includes(`alertname="${alert}"`), alert);
    const file = join(tempDir(), "cases.yaml");
    writeFileSync(file, cases.replace("RULES", JSON.stringify(join(root, ALERTS))));
    assertSound(["test", "rules", file]);
  });
});
