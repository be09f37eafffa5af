/** Every page as it is painted: in light, in dark and on a phone. Look at the pictures when you change a page. */
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, GOLDEN_ID, signIn, test } from "./server.ts";

const PICTURES = process.env.PICTURES ?? path.resolve("test-results/pages");

async function paint(page: Page, name: string): Promise<void> {
  for (const [look, width, height, scheme] of [
    ["light", 1280, 900, "light"],
    ["dark", 1280, 900, "dark"],
    ["phone", 390, 844, "light"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(beyond, `${name} is wider than ${width} pixels`).toBeLessThanOrEqual(0);
    const found = await new AxeBuilder({ page }).analyze();
    expect.soft(found.violations.map(({ id, nodes }) => `${name}, ${look}: ${id} at ${nodes.map((node) => node.target).join(", ")}`)).toEqual([]);
    await page.screenshot({ path: path.join(PICTURES, `${name}-${look}.png`), fullPage: look === "phone" });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

/** What each page is to those who do not see it: its heading, and what is below. */
const SEEN: [string, string, string, string][] = [
  ["overview", "", "carl", '- heading "Overview" [level=1]\n- heading "Is anything wrong?" [level=2]\n- heading "What is running?" [level=2]\n- heading "Newest certificates" [level=2]'],
  ["certificates", "/certificates", "carl", '- heading "Certificates" [level=1]\n- region "Certificates":\n  - table'],
  ["certificate", `/certificates/${GOLDEN_ID}`, "carl", '- heading /against/ [level=1]\n- region "Criteria":\n  - table\n- heading "Does it hold?" [level=2]\n- heading "What it does not prove" [level=2]'],
  ["certifications", "/certifications", "carl", '- heading "Certifications" [level=1]\n- form "Certify":\n  - combobox "Subject"\n  - combobox "Profile"\n  - button "Certify"'],
  ["subjects", "/subjects", "carl", '- heading "Subjects" [level=1]\n- paragraph:\n  - link "New"\n- region "Subjects":\n  - table'],
  ["new-subject", "/subjects/new", "carl", '- heading "A new subject" [level=1]\n- form "Write":\n  - paragraph:\n    - textbox "Text in TOML"'],
  ["profiles", "/profiles", "carl", '- heading "Profiles" [level=1]\n- paragraph:\n  - link "New"\n- region "Profiles":\n  - table'],
  ["profile", "/profiles/quick", "carl", '- heading "quick" [level=1]'],
  ["audit", "/audit", "carl", '- heading "Audit trail" [level=1]\n- searchbox "Who, what, address or request"\n- region "Audit trail":\n  - table'],
  ["journal", "/journal", "carl", '- heading "Journal" [level=1]\n- heading "Checkpoint, signed now" [level=2]\n- heading "Is it as it was written?" [level=2]'],
  ["account", "/account", "carl", '- heading "carl" [level=1]\n- heading "Sessions" [level=2]\n- heading "Tokens" [level=2]\n- heading "Password" [level=2]\n- heading "Second factor" [level=2]'],
  ["nowhere", "/nowhere", "carl", '- heading "There is nothing at this address" [level=1]'],
  ["people", "/people", "ada", '- heading "People" [level=1]\n- region "People":\n  - table\n- heading "Let somebody in" [level=2]\n- form "Let somebody in"'],
  ["person", "/people/carl", "ada", '- heading "carl" [level=1]\n- heading "Sessions" [level=2]\n- heading "Tokens" [level=2]\n- heading "Roles" [level=2]'],
  ["settings", "/settings", "ada", '- heading "Settings" [level=1]\n- region "Settings":\n  - table'],
];

test("every page is read, painted and audited", async ({ page, server, complaints }) => {
  test.setTimeout(240_000);
  server.keep(GOLDEN_ID);
  await page.goto(server.url);
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await paint(page, "door");
  let who = "";
  for (const [name, at, wanted, aria] of SEEN) {
    if (who !== wanted) {
      await page.context().clearCookies();
      await signIn(page, server, wanted);
      who = wanted;
    }
    await page.goto(`${server.url}/console${at}`);
    await expect.soft(page.getByRole("main"), name).toMatchAriaSnapshot(aria);
    await paint(page, name);
  }
  expect(complaints).toEqual([]);
});
