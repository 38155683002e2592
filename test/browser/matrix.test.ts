/**
 * The HTML matrix in a browser. Pictures of it are left in `dist/browser`, for people to look at.
 * @see https://playwright.dev/docs/api/class-page
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { encodeHtml } from "../../agent/audit/matrix-html.ts";
import { matrixOf } from "../../agent/audit/matrix.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { ACME } from "../support/access-maps.ts";
import { allow, identityOf, smallDeployment, smallMap } from "../support/audited.ts";
import { findClient, unlessFound } from "../support/judge.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

/** It has to run as root too, and to ask nobody on the network. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PICTURES = join(root, "dist", "browser");
const facts = { mapSha256: "0a".repeat(32), version: "1.2.3", madeOn: undefined };

const acme = parseMap(ACME, "acme.yaml");
/** More groups than a sheet of paper takes as columns. */
const wide = parseMap(
  ACME.replace(
    /\ngroups:\n/,
    `$&${Array.from({ length: 12 }, (_, at) => `  more-${at}: { prefix: more-${at}/, readers: [web] }\n`).join("")}`,
  ).replace(/\nexpect:[\s\S]*$/, "\n"),
  "wide.yaml",
);
const differing = {
  ...smallDeployment,
  identities: [
    ...smallDeployment.identities.filter(({ arn }) => !arn.endsWith("/ci")),
    identityOf("ci", allow(["s3:*", "kms:*"], "*")),
  ],
};
const PAGES = {
  same: encodeHtml(matrixOf(acme, generateDeployment(acme)), facts),
  differing: encodeHtml(matrixOf(smallMap, differing), facts),
  wide: encodeHtml(matrixOf(wide, generateDeployment(wide)), facts),
} as const;

describe("the HTML matrix in Chromium", { skip: unlessFound("chromium") }, () => {
  const folder = tempDir();
  let browser: Browser | undefined;
  before(async () => {
    const executablePath = findClient("chromium") ?? "chromium";
    browser = await chromium.launch({ executablePath, args: FLAGS });
    mkdirSync(PICTURES, { recursive: true });
    for (const [name, text] of Object.entries(PAGES))
      writeFileSync(join(folder, `${name}.html`), text);
  });
  after(async () => {
    await browser?.close();
  });

  /** Fails at whatever the page complains of, or asks for. */
  async function opened(
    name: keyof typeof PAGES,
    options: BrowserContextOptions,
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await (browser ?? assert.fail("no browser")).newContext(options);
    const page = await context.newPage();
    const address = pathToFileURL(join(folder, `${name}.html`)).href;
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== address) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(address);
    await look(page);
    await context.close();
    assert.deepEqual(complaints, []);
  }

  const shown = (page: Page, selector: string): Promise<readonly string[]> =>
    page.locator(`${selector} >> visible=true`).allTextContents();
  const titles = (page: Page): Promise<readonly string[]> => shown(page, "th[scope=row] .name");
  const groups = (page: Page): Promise<readonly string[]> =>
    shown(page, "thead th[data-group] .name");

  for (const name of ["same", "differing", "wide"] as const)
    for (const width of [1280, 400])
      for (const colorScheme of ["light", "dark"] as const)
        it(`fits ${width} pixels, ${colorScheme}: ${name}`, async () => {
          await opened(name, { viewport: { width, height: 900 }, colorScheme }, async (page) => {
            const scrolled = await page.evaluate<number>("document.documentElement.scrollWidth");
            assert.ok(scrolled <= width, `${scrolled} pixels wide`);
            const path = join(PICTURES, `${name}-${width}-${colorScheme}.png`);
            assert.ok((await page.screenshot({ path, fullPage: true })).length > 20_000);
          });
        });

  it("keeps the names of roles and groups in sight", async () => {
    await opened("wide", { viewport: { width: 900, height: 600 } }, async (page) => {
      await page.evaluate("document.querySelector('.scroll').scrollTo(600, 300)");
      const box = (await page.locator(".scroll").boundingBox()) ?? assert.fail();
      const corner = (await page.locator("thead th").first().boundingBox()) ?? assert.fail();
      const head = (await page.locator("thead th[data-group=api]").boundingBox()) ?? assert.fail();
      const row = (await page.locator("th[scope=row]").nth(8).boundingBox()) ?? assert.fail();
      const near = (one: number, other: number): boolean => Math.abs(one - other) <= 2;
      assert.ok(near(corner.x, box.x) && near(corner.y, box.y));
      assert.ok(near(head.y, box.y) && near(row.x, box.x));
    });
  });

  const filters: readonly (readonly [
    why: string,
    fill: (page: Page) => Promise<unknown>,
    titles: readonly string[],
    groups: readonly string[],
  ])[] = [
    [
      "role",
      (page) => page.getByLabel("Role", { exact: true }).fill("CI"),
      ["ci"],
      ["web", "plain"],
    ],
    [
      "group",
      (page) => page.getByLabel("Group").selectOption("plain"),
      ["web", "ci", "infra", "emergency", "other role, *:*", "foreign role, *:*", "anonymous"],
      ["plain"],
    ],
    [
      "kind",
      (page) => page.getByLabel("Kind").selectOption("stranger"),
      ["other role, *:*", "foreign role, *:*", "anonymous"],
      ["web", "plain"],
    ],
    [
      "what differs",
      (page) => page.getByLabel("Only cells").selectOption("differs"),
      ["ci"],
      ["plain"],
    ],
  ];
  for (const [why, fill, expectedTitles, expectedGroups] of filters)
    it(`filters by ${why}, and shows all again`, async () => {
      await opened("differing", {}, async (page) => {
        const before = await titles(page);
        await fill(page);
        assert.deepEqual(await titles(page), expectedTitles);
        assert.deepEqual(await groups(page), expectedGroups);
        const said = `${expectedTitles.length} of 7 roles, ${expectedGroups.length} of 2 groups`;
        assert.equal(await page.locator("output").textContent(), said);
        await page.getByRole("button", { name: "Reset" }).click();
        await page.locator("output", { hasText: "7 of 7 roles, 2 of 2 groups" }).waitFor();
        assert.deepEqual(await titles(page), before);
      });
    });

  it("opens a cell by keyboard, and all by one button", async () => {
    await opened("differing", {}, async (page) => {
      const first = page.locator("td summary").first();
      await first.focus();
      await page.keyboard.press("Enter");
      assert.deepEqual(await shown(page, "td li"), [
        "put: identity, bucket, key, endpoint",
        "remove, read old versions: identity, bucket, endpoint",
      ]);
      await page.getByRole("button", { name: "Show layers" }).click();
      assert.equal((await shown(page, "td ul")).length, 14);
    });
  });

  it("names rows, columns and cells to who does not see them", async () => {
    await opened("differing", {}, async (page) => {
      const cell = page.getByRole("row", { name: /^ci/ }).getByRole("cell").nth(1);
      assert.equal(
        await cell.locator("summary").getAttribute("aria-label"),
        "read, list, put, remove allowed; read old versions denied; not what the map says",
      );
      assert.equal(await page.getByRole("columnheader").count(), 4);
      assert.equal(
        await page.getByRole("table", { name: /^Roles down, groups across/ }).count(),
        1,
      );
    });
  });

  it("shows all without scripts, and no filter that would do nothing", async () => {
    await opened("differing", { javaScriptEnabled: false }, async (page) => {
      assert.equal((await titles(page)).length, 7);
      assert.equal(await page.locator("form").isVisible(), false);
      await page.locator("td summary").first().click();
      assert.equal((await shown(page, "td ul")).length, 1);
    });
  });

  for (const name of ["differing", "wide"] as const)
    it(`prints every cell with its layers: ${name}`, async () => {
      // the width of A4, landscape, between its margins
      await opened(
        name,
        { viewport: { width: 1032, height: 700 }, javaScriptEnabled: false },
        async (page) => {
          await page.emulateMedia({ media: "print" });
          const cells = await page.locator("td ul").count();
          assert.equal((await shown(page, "td ul")).length, cells);
          assert.equal((await shown(page, "td .signs")).length, cells);
          const boxes = await Promise.all(
            (await page.locator("td").all()).map((cell) => cell.boundingBox()),
          );
          assert.ok(boxes.every((box) => box !== null && box.x >= 0 && box.x + box.width <= 1032));
          assert.equal(await page.locator("form").isVisible(), false);
          await page.screenshot({ path: join(PICTURES, `${name}-print.png`), fullPage: true });
          const pdf = await page.pdf({
            path: join(PICTURES, `${name}.pdf`),
            preferCSSPageSize: true,
          });
          assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
        },
      );
    });
});
