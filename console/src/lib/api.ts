/** Questions to the server, as the session of this browser, and what comes back. */
import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
export type Account = Schemas["Account"];
export type AuditLine = Schemas["AuditLine"];
export type Certificate = Schemas["CertificateView"];
export type Certification = Schemas["CertificationView"];
export type Claims = Schemas["Claims"];
export type ListedCertificate = Schemas["Listed"];
export type Session = Schemas["SessionView"];
export type Settings = Schemas["SettingsView"];
export type StoredText = Schemas["TextView"];
export type Token = Schemas["TokenView"];
export type Trials = Schemas["Trials"];
export type User = Schemas["UserView"];
export type WithFiles = Schemas["WithFiles"];
export type Page<T> = { items: T[]; next?: string | null };

/** What the server says if the password is right and that is not enough. */
export const CODE_NEEDED = "urn:plimsoll:problem:code-needed";

/** The answer was no, or there was none: then `status` is 0. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  /** When to ask again, in seconds. */
  readonly waitSeconds: string | undefined;

  constructor(status: number, said: Partial<Schemas["ProblemBody"]>, waitSeconds?: string | null) {
    super(said.detail ?? "the server refused");
    this.status = status;
    this.type = said.type ?? "";
    this.hint = said.hint ?? undefined;
    this.requestId = said.request_id;
    this.waitSeconds = waitSeconds ?? undefined;
  }
}

const UNREACHABLE = { detail: "the server does not answer", hint: "look whether it still runs" };
const UNREADABLE = { detail: "the answer is not from Plimsoll", hint: "look what stands between here and the server" };

/** Who wants to know that the server answers again or does not any more, or that the session is over. */
type Told = { reached: (reachable: boolean) => void; ended: () => void };
const told: Told[] = [];
export const tellOf = (one: Told) => void told.push(one);

export interface Question {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Asks, and gives the response if it is a yes. */
export async function request(method: string, path: string, question: Question = {}): Promise<Response> {
  const { body, signal } = question;
  const isText = typeof body === "string";
  const type = isText ? "application/toml" : "application/json";
  const headers: Record<string, string> = { ...(body === undefined ? {} : { "Content-Type": type }), ...question.headers };
  const sent = body === undefined || isText ? body : JSON.stringify(body);
  const response = await fetch(path, { method, headers, body: sent, signal, credentials: "same-origin" }).catch((error) => {
    if (signal?.aborted) throw error;
    told.forEach((one) => one.reached(false));
    throw new Refusal(0, UNREACHABLE);
  });
  told.forEach((one) => one.reached(true));
  if (response.ok) return response;
  const said = await response.json().catch(() => UNREADABLE);
  if (response.status === 401 && path !== "/api/v1/session") told.forEach((one) => one.ended());
  throw new Refusal(response.status, said, response.headers.get("Retry-After"));
}

/** Asks, and gives what the body of the answer says. */
export async function ask<T>(method: string, path: string, question: Question = {}): Promise<T> {
  const response = await request(method, path, question);
  const text = await response.text();
  try {
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch {
    throw new Refusal(response.status, UNREADABLE);
  }
}

export const get = <T>(path: string, signal?: AbortSignal) => ask<T>("GET", path, signal ? { signal } : {});

/** An address in the API, with names that may hold anything. */
export function at(parts: TemplateStringsArray, ...names: string[]): string {
  return "/api/v1" + String.raw({ raw: parts }, ...names.map(encodeURIComponent));
}

/** Everything on the pages of a list, page by page as it comes, so that the first can be shown at once. */
export async function* everything<T>(path: string, signal?: AbortSignal): AsyncGenerator<T[]> {
  const PAGE = 500;
  let next: string | null | undefined = "";
  while (next !== null && next !== undefined) {
    const page: Page<T> = await get(`${path}?limit=${PAGE}${next && `&after=${encodeURIComponent(next)}`}`, signal);
    yield page.items;
    next = page.next;
  }
}
