/**
 * What a person at the console waits for, in Debian's Chromium and by its own trace. Prints JSON; `run` calls it.
 *
 * Usage: node look.ts URL NAME PASSWORD ROUNDS SECONDS first|list|tail
 */
import { createRequire } from "node:module";
import path from "node:path";

const console_ = path.resolve(import.meta.dirname, "../../console");
const { chromium } = createRequire(path.join(console_, "package.json"))("@playwright/test") as typeof import("@playwright/test");

/** Slow 4G, as Lighthouse has it: 150 ms there and back, 1.6 Mbit/s down, 0.75 Mbit/s up. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 1_638_400 / 8, uploadThroughput: 768_000 / 8 };
const MS = 1_000;

const [url = "", name = "", password = "", rounds = "5", seconds = "10", what = ""] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const viewport = { width: 1280, height: 900 };

/** From the first byte that is asked for until the door can be used, with an empty cache. */
async function firstLoad() {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW_4G);
  const sent = { script: 0, all: 0 };
  const scripts = new Set<string>();
  session.on("Network.responseReceived", ({ requestId, type }) => void (type === "Script" && scripts.add(requestId)));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    sent.all += encodedDataLength;
    if (scripts.has(requestId)) sent.script += encodedDataLength;
  });
  await page.goto(`${url}/console`, { waitUntil: "commit" });
  const ms = await page.evaluate(
    () =>
      new Promise<number>((seen) => {
        const look = () => (document.querySelector("input[type=password]") ? requestAnimationFrame(() => seen(performance.now())) : setTimeout(look, 5));
        look();
      }),
  );
  await page.waitForLoadState("networkidle");
  await context.close();
  return { ms, script_bytes: sent.script, bytes: sent.all };
}

/** The tasks of the page's main thread while something is done there, by the browser's trace. */
async function traced(at: string, meanwhile: (page: import("@playwright/test").Page) => Promise<Record<string, number>>) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.goto(`${url}/console${at}`);
  await page.getByRole("table").waitFor();
  // After first load: everything has come, and the machine has come to rest.
  await page.waitForFunction(() => !document.body.textContent?.includes("more are coming"));
  await page.waitForTimeout(1_000);
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  const seen = await meanwhile(page);
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: { name: string; ph: string; dur?: number; pid: number; tid: number; args?: { name?: string } }[] };
  const main = new Set(trace.traceEvents.filter((event) => event.name === "thread_name" && event.args?.name === "CrRendererMain").map((event) => `${event.pid}/${event.tid}`));
  const tasks = trace.traceEvents.filter((event) => event.name.endsWith("RunTask") && event.ph === "X" && main.has(`${event.pid}/${event.tid}`));
  const ms = tasks.map((task) => (task.dur ?? 0) / MS);
  await context.close();
  return { ...seen, tasks: ms.length, longest_ms: Math.max(...ms), long: ms.filter((one) => one > 50).length };
}

/** Turns the wheel through the whole list, down and up again, and looks for one of ten thousand. */
const scrolled = () =>
  traced("/certificates", async (page) => {
    const rows = Number(await page.getByRole("table").getAttribute("aria-rowcount")) - 1;
    await page.getByRole("region", { name: "Certificates" }).hover();
    const until = Date.now() + Number(seconds) * 1_000;
    for (let turn = 0; Date.now() < until; turn += 1) {
      await page.mouse.wheel(0, turn % 40 < 20 ? 4_000 : -4_000);
      await page.waitForTimeout(30);
    }
    await page.getByLabel("Subject, profile or id").pressSequentially("notes 0042", { delay: 60 });
    await page.waitForTimeout(300);
    return { rows };
  });

/** Watches the audit trail grow. */
const followed = () =>
  traced("/audit", async (page) => {
    // Each act is a record and its line in the trail: the journal grows by two.
    const newest = async () => 0.5 * Number((await page.getByRole("table").locator("tbody tr:not(.room) td:last-child").first().textContent())?.trim());
    const [before, began] = [await newest(), Date.now()];
    await page.waitForTimeout(Number(seconds) * 1_000);
    return { records_per_s: ((await newest()) - before) / ((Date.now() - began) / 1_000) };
  });

const look = { first: firstLoad, list: scrolled, tail: followed }[what];
if (!look) throw new Error(`what is ${what}?`);
const seen = [];
for (let round = 0; round < Number(rounds); round += 1) seen.push(await look());
await browser.close();
process.stdout.write(`${JSON.stringify(seen)}\n`);
