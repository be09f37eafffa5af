/** Who sits here, as the server knows it, and whether it can be reached. */
import { ask, get, Refusal, tellOf, type Account } from "./api.ts";
import { base } from "./pages.ts";

/** How often a server that did not answer is asked again, in milliseconds. */
const AGAIN_MS = 3_000;

class Who {
  account = $state<Account>();
  /** The server has said at least once who this is. */
  asked = $state(false);
  /** Somebody was signed in, and the session is over: what was typed meanwhile stays. */
  ended = $state(false);
  /** Since when the server has not answered. */
  lostSince = $state<Date>();
  #asking: ReturnType<typeof setInterval> | undefined;

  constructor() {
    tellOf({
      reached: (reachable) => this.#reached(reachable),
      ended: () => {
        this.ended = this.account !== undefined;
      },
    });
  }

  may = (action: string) => this.account?.may.includes(action) ?? false;

  /** Finds out who this is: at the start, and when a tab is looked at again, since another may have signed out. */
  async ask() {
    try {
      const account = await get<Account>("/api/v1/account");
      if (this.account && this.account.name !== account.name) location.reload();
      this.account = account;
      this.ended = false;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status !== 401 && refusal.status !== 0) throw refusal;
    } finally {
      this.asked = true;
    }
  }

  async signIn(name: string, password: string, code?: string) {
    await ask("POST", "/api/v1/session", { body: { name, password, ...(code ? { code } : {}) } });
    await this.ask();
  }

  async signOut() {
    await ask("DELETE", "/api/v1/session");
    // Nothing of what one person saw stays for the next.
    location.assign(base);
  }

  #reached(reachable: boolean) {
    if (reachable) {
      this.lostSince = undefined;
      clearInterval(this.#asking);
      this.#asking = undefined;
    } else {
      this.lostSince ??= new Date();
      this.#asking ??= setInterval(() => void get("/health/live").catch(() => {}), AGAIN_MS);
    }
  }
}

export const who = new Who();
