/** What the console promises, one test each, against the shipped binary. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Files, verify } from "../src/lib/verify.ts";
import { expect, GOLDEN, GOLDEN_ID, PASSWORD, signIn, test } from "./server.ts";

test("a wrong password is refused, a right one comes in, and who signs out is out", async ({ page, server, complaints }) => {
  await page.goto(`${server.url}/console/audit`);
  await page.getByLabel("Name").fill("carl");
  await page.getByLabel("Password", { exact: true }).fill("not the password at all");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("password");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  // Where he wanted to go, he is.
  await expect(page.getByRole("heading", { name: "Audit trail" })).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("a certification is started, watched step by step, and cancelled", async ({ page, server, complaints }) => {
  await signIn(page, server, "carl");
  await page.getByRole("link", { name: "certify it by" }).click();
  await expect(page.getByLabel("Subject")).toHaveValue("demo");
  await expect(page.getByLabel("Profile")).toHaveValue("quick");
  await page.getByRole("button", { name: "Certify" }).click();
  await expect(page.getByRole("heading", { name: "demo against quick" })).toBeVisible();
  await expect(page.getByText("holding the load generator against known servers")).toBeVisible();
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("region", { name: "demo against quick" }).getByRole("progressbar")).toBeVisible();
  await page.getByRole("link", { name: "demo against quick" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("cancelled")).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel" })).toHaveCount(0);
  expect(complaints).toEqual([]);
});

test("a certificate is shown only as far as its raw data bear it out", async ({ page, server, complaints }) => {
  server.keep(GOLDEN_ID);
  const altered = "0123456789abcdef0124";
  server.keep(altered, (folder) => writeFileSync(path.join(folder, "report.html"), "\n", { flag: "a" }));
  await signIn(page, server, "carl");
  await page.goto(`${server.url}/console/certificates/${GOLDEN_ID}`);
  await expect(page.getByText("every number and verdict follows")).toBeVisible();
  await page.goto(`${server.url}/console/certificates/${altered}`);
  await expect(page.getByText("report.html is not the file that was signed").first()).toBeVisible();
  await expect(page.getByRole("table")).toHaveCount(0);
  expect(complaints).toEqual([]);
});

test("the browser verifies a certificate by itself, as far as it holds", async ({ page, server, complaints }) => {
  server.keep(GOLDEN_ID);
  const altered = "0123456789abcdef0124";
  server.keep(altered, (folder) => writeFileSync(path.join(folder, "report.html"), "\n", { flag: "a" }));
  await signIn(page, server, "carl");
  const steps = page.getByRole("list", { name: "Verified by this browser" }).getByRole("listitem");
  await page.goto(`${server.url}/console/certificates/${GOLDEN_ID}`);
  await page.getByRole("button", { name: "Verify it in this browser" }).click();
  await expect(steps).toHaveText([/✓ bytes/, /✓ signatures/, /✓ subject notes/, /✓ files 54 files/, /✓ log entry 4 of 4/, /✗ trust its key .* is not that of this server/]);
  await page.goto(`${server.url}/console/certificates/${altered}`);
  await page.getByRole("button", { name: "Verify it in this browser" }).click();
  await expect(steps).toHaveText([/✓ bytes/, /✓ signatures/, /✓ subject/, /✗ files report.html is not the file that was signed/]);
  expect(complaints).toEqual([]);
});

/** A verifier key as docs/FORMAT.md writes it, for the byte of its algorithm and the key. */
async function named(raw: Uint8Array<ArrayBuffer>): Promise<string> {
  const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  const name = `plimsoll/${(await sha256(raw.slice(1))).slice(0, 16)}`;
  const id = await sha256(Uint8Array.from([...new TextEncoder().encode(`${name}\n`), ...raw]));
  return `${name}+${id.slice(0, 8)}+${Buffer.from(raw).toString("base64")}`;
}

test("no byte of a certificate can be altered unseen by who verifies it in a browser", async () => {
  const files: Files = new Map();
  for (const entry of readdirSync(GOLDEN, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.relative(GOLDEN, file), new Uint8Array(readFileSync(file)));
  }
  const envelope = JSON.parse(new TextDecoder().decode(files.get("certificate.dsse.json")));
  const { issuer } = JSON.parse(Buffer.from(envelope.payload, "base64").toString()).predicate;
  const trusted = `certificate ${issuer.certificate_key} # the tests'\n`;
  const last = async (files: Files, trusts = trusted, at = "2026-11-23T00:00:00Z") => {
    let last;
    for await (const step of verify(files, trusts, new Date(at))) last = step;
    return last;
  };
  expect(await last(files)).toEqual({ step: "validity", found: "valid until 2026-12-22T02:38:05Z", passed: true });
  for (const [name, bytes] of files) {
    for (const at of [0, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const altered = bytes.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect((await last(new Map([...files, [name, altered]])))?.passed, `${name}, byte ${at}`).toBe(false);
    }
    const without = new Map(files);
    without.delete(name);
    // Earlier entries of the log are there for those who count attempts.
    if (!/^log\/entries\/[0-2]/.test(name)) expect((await last(without))?.passed, `without ${name}`).toBe(false);
  }
  expect((await last(new Map([...files, ["evidence/more.json", new Uint8Array()]])))?.found).toContain("is not listed");
  // A key of small order, for which anybody can sign.
  const small = { ...issuer, certificate_key: await named(Uint8Array.of(1, 1, ...new Uint8Array(31))) };
  const forged = new TextDecoder().decode(files.get("certificate.dsse.json")).replace(envelope.payload, Buffer.from(Buffer.from(envelope.payload, "base64").toString().replace(issuer.certificate_key, small.certificate_key)).toString("base64"));
  expect((await last(new Map([...files, ["certificate.dsse.json", new TextEncoder().encode(forged)]])))?.found).toContain("not of prime order");
  expect(await last(files, "")).toMatchObject({ step: "trust", passed: false });
  expect(await last(files, trusted.replace(" #", " 2026-11-22T23:59:59Z #"))).toMatchObject({ step: "trust", passed: false });
  for (const at of ["2026-11-22T02:38:04Z", "2026-12-22T02:38:05Z"]) expect(await last(files, trusted, at)).toMatchObject({ step: "validity", passed: false });
});

test("a malicious certificate is shown inert", async ({ page, server, complaints }) => {
  const name = "<img src=x onerror=document.title='planted'>\u202Egnp.exe";
  server.keep(GOLDEN_ID, (folder) => {
    const file = path.join(folder, "certificate.dsse.json");
    const envelope = JSON.parse(readFileSync(file, "utf8"));
    const said = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
    said.predicate.subject.name = name;
    envelope.payload = Buffer.from(JSON.stringify(said)).toString("base64");
    writeFileSync(file, `${JSON.stringify(envelope)}\n`);
  });
  await signIn(page, server, "carl");
  await page.goto(`${server.url}/console/certificates`);
  await expect(page.getByRole("link", { name: /img src=x/ })).toBeVisible();
  await page.getByRole("link", { name: /img src=x/ }).click();
  await expect(page.getByText("Not to be relied on")).toBeVisible();
  await expect(page.locator("img")).toHaveCount(0);
  expect(await page.title()).not.toBe("planted");
  expect(complaints).toEqual([]);
});

test("what is written in a form is still there after the session has ended", async ({ page, server, playwright, complaints }) => {
  await signIn(page, server, "carl");
  await page.goto(`${server.url}/console/subjects/new`);
  const text = 'name = "kept"\n\n[target]\nurl = "http://127.0.0.1:9"\nhealth = "/"\n\n[[request]]\npath = "/"\n';
  await page.getByLabel("Text in TOML").fill(text);
  const ada = await playwright.request.newContext({ baseURL: server.url, extraHTTPHeaders: { Origin: server.url } });
  await ada.post("/api/v1/session", { data: { name: "ada", password: PASSWORD } });
  expect((await ada.delete("/api/v1/users/carl/sessions")).ok()).toBe(true);
  await ada.dispose();
  await page.getByRole("button", { name: "Write" }).click();
  const again = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(again).toBeVisible();
  await again.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await again.getByRole("button", { name: "Sign in" }).click();
  await expect(again).toBeHidden();
  await expect(page.getByLabel("Text in TOML")).toHaveValue(text);
  await page.getByRole("button", { name: "Write" }).click();
  await expect(page.getByRole("heading", { name: "kept" })).toBeVisible();
  await expect(page.getByText("Revision 1")).toBeVisible();
  expect(complaints).toEqual([]);
});

test("what is typed before the server has answered stays", async ({ page, server, complaints }) => {
  await signIn(page, server, "carl");
  let typed = () => {};
  const isTyped = new Promise<void>((done) => (typed = done));
  await page.route("**/api/v1/profiles?*", async (route) => {
    await isTyped;
    await route.continue();
  });
  await page.goto(`${server.url}/console/subjects/new`);
  await page.getByLabel("Text in TOML").fill('name = "typed"');
  typed();
  await expect(page.getByRole("combobox").getByRole("option", { name: "quick" })).toBeAttached();
  await expect(page.getByLabel("Text in TOML")).toHaveValue('name = "typed"');
  expect(complaints).toEqual([]);
});

test("who wrote meanwhile in another tab is not overwritten", async ({ page, context, server }) => {
  await signIn(page, server, "carl");
  await page.goto(`${server.url}/console/subjects/new`);
  await page.getByLabel("Text in TOML").fill('name = "both"\n[target]\nurl = "http://127.0.0.1:9"\nhealth = "/"\n[[request]]\npath = "/"\n');
  await page.getByRole("button", { name: "Write" }).click();
  await expect(page.getByText("Revision 1")).toBeVisible();
  const other = await context.newPage();
  await other.goto(`${server.url}/console/subjects/both`);
  for (const tab of [page, other]) await tab.getByLabel("Text in TOML").press("Control+End");
  await other.getByLabel("Text in TOML").pressSequentially("# the other\n");
  await other.getByRole("button", { name: "Write" }).click();
  await expect(other.getByText("Revision 2")).toBeVisible();
  await page.getByLabel("Text in TOML").pressSequentially("# the first\n");
  await page.getByRole("button", { name: "Write" }).click();
  await expect(page.getByRole("form", { name: "Write" }).getByRole("alert")).toContainText("revision");
  await expect(page.getByLabel("Text in TOML")).toHaveValue(/# the first/);
});

test("the audit trail is live, goes on where it was cut off, and is found by its address", async ({ page, server, playwright, complaints }) => {
  await signIn(page, server, "carl");
  await page.goto(`${server.url}/console/audit?outcome=refused`);
  await expect(page.getByText("● live")).toBeVisible();
  await expect(page.getByRole("cell", { name: "sign_in" })).toHaveCount(0);
  const guess = async () => {
    const stranger = await playwright.request.newContext({ baseURL: server.url, extraHTTPHeaders: { Origin: server.url } });
    const answer = await stranger.post("/api/v1/session", { data: { name: "ada", password: "not the password at all" } });
    expect(answer.status()).toBe(401);
    await stranger.dispose();
  };
  await page.goto(`${server.url}/console/audit?outcome=denied`);
  await expect(page.getByText("● live")).toBeVisible();
  await guess();
  await expect(page.getByRole("cell", { name: "sign_in" })).toHaveCount(1);

  await server.stop("SIGKILL");
  await page.getByRole("link", { name: "Certificates" }).click();
  await expect(page.getByText("The server has not answered since")).toBeVisible();
  await server.start();
  await expect(page.getByText("The server has not answered since")).toBeHidden();
  await page.goto(`${server.url}/console/audit?outcome=denied`);
  await guess();
  await expect(page.getByRole("cell", { name: "sign_in" })).toHaveCount(2);
  expect(complaints).toEqual([]);
});

test("every page is a few keys away", async ({ page, server, complaints }) => {
  await signIn(page, server, "carl");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("jour");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Journal" })).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/console/journal`);
  await page.getByRole("button", { name: "Look through all of it" }).click();
  await expect(page.getByText("● Intact")).toBeVisible();
  expect(complaints).toEqual([]);
});

test("an administrator lets somebody in, keeps him out, and sees no certificate", async ({ page, server, complaints }) => {
  await signIn(page, server, "ada");
  await page.getByRole("link", { name: "People" }).click();
  await page.getByLabel("Name").fill("grace");
  await page.getByLabel("A password to begin with").fill(PASSWORD);
  await page.getByRole("checkbox", { name: /^viewer/ }).check();
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByText("grace can sign in now.")).toBeVisible();
  await page.getByRole("link", { name: "grace" }).click();
  await page.getByRole("button", { name: "Keep grace out" }).click();
  await expect(page.getByRole("button", { name: "Let grace in again" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Certificates" })).toHaveCount(0);
  expect(complaints).toEqual([]);
});
