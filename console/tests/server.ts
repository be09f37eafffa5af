/** The shipped binary, on a port of its own with data of its own, and the people who use it. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test as base, type APIRequestContext, type Page } from "@playwright/test";

/** Good enough, and no secret. */
export const PASSWORD = "sandbar lantern oxbow quill";
export const GOLDEN = path.resolve("../crates/plimsoll/tests/golden/v1");
/** A certificate that the server finds in its folder and knows nothing else of. */
export const GOLDEN_ID = "0123456789abcdef0123";

export class Server {
  readonly folder = mkdtempSync(path.join(tmpdir(), "console-"));
  url = "";
  #port = "0";
  #child: ChildProcess | undefined;
  #link = "";

  async start(): Promise<void> {
    const program = process.env.PLIMSOLL;
    if (!program) throw new Error("PLIMSOLL is the program to be tested: ./scripts/test --filter 'test(console)'");
    const data = path.join(this.folder, "data");
    const environment = { PATH: process.env.PATH, HOME: this.folder, TMPDIR: process.env.TMPDIR };
    const child = spawn(program, ["serve", "--listen", `127.0.0.1:${this.#port}`, "--data", data], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    await new Promise<void>((ready, failed) => {
      let said = "";
      const hear = (piece: Buffer) => {
        said += piece.toString();
        const address = /is ready at (http:\/\/127\.0\.0\.1:(\d+))/.exec(said);
        const isWhole = said.includes('"event":"ready"');
        if (!address?.[1] || !address[2] || !isWhole) return;
        [this.url, this.#port] = [address[1], address[2]];
        this.#link = /set-up#(\S+)/.exec(said)?.[1] ?? this.#link;
        ready();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }

  /** An administrator, and somebody who certifies. */
  async people(request: APIRequestContext): Promise<void> {
    const ask = async (at: string, data: unknown) => {
      const answer = await request.post(this.url + at, { data, headers: { Origin: this.url } });
      if (!answer.ok()) throw new Error(`${at}: ${answer.status()} ${await answer.text()}`);
    };
    await ask("/api/v1/set-up", { link: this.#link, name: "ada", password: PASSWORD });
    await ask("/api/v1/session", { name: "ada", password: PASSWORD });
    await ask("/api/v1/users", { name: "carl", password: PASSWORD, roles: ["operator", "certifier", "reviewer"] });
  }

  /** A certificate that was made long ago, below the data. */
  keep(id: string, change: (folder: string) => void = () => {}): void {
    const folder = path.join(this.folder, "data/certificates", id);
    mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
    cpSync(GOLDEN, folder, { recursive: true });
    change(folder);
  }
}

/** Comes in by typing. */
export async function signIn(page: Page, server: Server, name: string): Promise<void> {
  await page.goto(server.url);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

interface Fixtures {
  server: Server;
  /** What the page's scripts and the server's policy made the browser complain of. */
  complaints: string[];
}

export const test = base.extend<Fixtures>({
  server: async ({ playwright }, use) => {
    const server = new Server();
    try {
      await server.start();
      const request = await playwright.request.newContext();
      await server.people(request);
      await request.dispose();
      await use(server);
    } finally {
      await server.stop();
      rmSync(server.folder, { recursive: true, force: true });
    }
  },
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    // A refusal is an answer like others: the console asks whether it may.
    page.on("console", (said) => said.type() === "error" && !said.text().startsWith("Failed to load resource") && complaints.push(said.text()));
    await use(complaints);
  },
});
export { expect } from "@playwright/test";
