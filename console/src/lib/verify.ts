/**
 * A certificate held against docs/FORMAT.md by this browser, with its own SHA-256 and Ed25519: steps 1 to 5 and 9 to 11.
 * Numbers and verdicts are not computed again here: `plimsoll verify` does that.
 */

export type Files = Map<string, Uint8Array>;
export interface Step {
  step: string;
  /** What was found; of the last one that is told, perhaps what is wrong. */
  found: string;
  passed: boolean;
}

const CERTIFICATE = "certificate.dsse.json";
const PROOF = "certificate.tlog-proof";
const CHECKPOINT = "log/checkpoint";
const IN_TOTO = "application/vnd.in-toto+json";
const HASH = 32;
const TILE = 256;

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Wrong extends Error {}

function need(holds: unknown, why: string): asserts holds {
  if (!holds) throw new Wrong(why);
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const isSame = (one: Uint8Array, other: Uint8Array) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const toBase64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

function fromBase64(written: string): Uint8Array {
  const bytes = Uint8Array.from(atob(written), (character) => character.charCodeAt(0));
  need(toBase64(bytes) === written, "base64 with another spelling");
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

const sha256 = async (...parts: Uint8Array[]) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

/** Of texts that differ, the one with the lesser code point where they first do. */
function byCodePoint(one: string, other: string): number {
  const [first, second] = [utf8.encode(one), utf8.encode(other)];
  const at = first.findIndex((byte, at) => byte !== second[at]);
  return at < 0 ? first.length - second.length : (first[at] ?? 0) - (second[at] ?? -1);
}

/** The one spelling of a value; its numbers must be whole. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value).sort(([one], [other]) => byCodePoint(one, other));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
  }
  need(typeof value !== "number" || (Number.isInteger(value) && Math.abs(value) <= 2 ** 53), "a number that is not whole");
  return JSON.stringify(value);
}

// What it says is looked at where it is used: what is not there is refused there.
type Json = any;

function read(path: string, bytes: Uint8Array): Json {
  const written = text.decode(bytes);
  const value: unknown = JSON.parse(written);
  need(canonical(value) === written, `${path} is not canonical JSON`);
  return value;
}

interface Key {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  key: CryptoKey;
}

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value: bigint) => ((value % P) + P) % P;
function power(base: bigint, exponent: bigint): bigint {
  let [product, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) if (rest & 1n) product = mod(product * square);
  return product;
}
const inverse = (value: bigint) => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n));
/** X, Y, Z and XY/Z, where x = X/Z and y = Y/Z. */
type Point = readonly [bigint, bigint, bigint, bigint];
/** RFC 8032, 5.1.4. */
function sum([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const [a, b, c, d] = [(y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), mod(2n * t1 * t2) * D, 2n * z1 * z2];
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}
/** Whether 32 bytes are a point of prime order in its one spelling: browsers take others too, for which anybody can sign. */
function isOfPrimeOrder(bytes: Uint8Array): boolean {
  const whole = BigInt(`0x${hex(bytes.toReversed())}`);
  const [sign, y] = [whole >> 255n, whole & (2n ** 255n - 1n)];
  const square = mod((y * y - 1n) * inverse(D * mod(y * y) + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  if (y <= 1n || y >= P || mod(x * x) !== square) return false;
  if ((x & 1n) !== sign) x = P - x;
  let [point, product]: [Point, Point] = [[x, y, 1n, mod(x * y)], [0n, 1n, 1n, 0n]];
  for (let rest = L; rest > 0n; rest >>= 1n, point = sum(point, point)) if (rest & 1n) product = sum(product, point);
  return product[0] === 0n && product[1] === product[2];
}

/** A verifier key: `NAME+ID+BASE64(0x01 || key)`. */
async function keyOf(written: string): Promise<Key> {
  const [, name = "", id, base64 = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(written) ?? [];
  const raw = fromBase64(base64);
  const bytes = raw.slice(1);
  need(raw.length === 1 + HASH && raw[0] === 1, "no Ed25519 verifier key");
  need(hex((await sha256(utf8.encode(`${name}\n`), raw)).slice(0, 4)) === id, "a verifier key with another id");
  need(name === `plimsoll/${hex(await sha256(bytes)).slice(0, 16)}`, "a key that does not bear its name");
  need(isOfPrimeOrder(bytes), "a key that is not of prime order");
  return { name, bytes, key: await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]) };
}

async function checkSignature(what: string, { key }: Key, signature: Uint8Array, message: Uint8Array): Promise<void> {
  const holds = await crypto.subtle.verify("Ed25519", key, joined(signature), joined(message));
  need(holds, `the signature of ${what} is not by the key that the certificate names`);
}

interface Signed {
  payload: Uint8Array;
  says: Json;
  signature: { keyid: string; sig: string };
}

function envelope(path: string, bytes: Uint8Array, type: string): Signed {
  need(bytes.at(-1) === 0x0a, `${path} has no line's end`);
  const said = read(path, bytes.subarray(0, -1));
  need(said.payloadType === IN_TOTO && said.signatures.length === 1, `${path} is no signed statement`);
  const payload = fromBase64(said.payload);
  const says = read(path, payload);
  need(says._type === "https://in-toto.io/Statement/v1" && says.predicateType === type, `${path} is of another version`);
  return { payload, says, signature: said.signatures[0] };
}

async function checkFiles(files: Files, listed: { path: string; size: number; sha256: string }[]): Promise<void> {
  const known = new Map(listed.map((file) => [file.path, file]));
  need(known.size === listed.length, "a file is listed twice");
  for (const [path, bytes] of files) {
    if (path === CERTIFICATE || path === PROOF || /^(log|sign-offs)\//.test(path)) continue;
    const file = known.get(path);
    need(file, `${path} is not listed`);
    need(file.size === bytes.length && file.sha256 === hex(await sha256(bytes)), `${path} is not the file that was signed`);
  }
  for (const { path, sha256 } of listed) {
    need(files.has(path), `${path} is missing`);
    const isInPlace = path === "report.html" || /^statements\/[^/]+\.dsse\.json$/.test(path) || new RegExp(`^evidence/${sha256}\\.(json|txt|hlog)$`).test(path);
    need(isInPlace && /^[0-9a-f]{64}$/.test(sha256), `${path} has no place here`);
  }
}

/** RFC 6962: the root over leaves. */
async function rootOf(leaves: Uint8Array[]): Promise<Uint8Array> {
  const [first] = leaves;
  if (!first || leaves.length === 1) return first ?? sha256();
  const [left, right] = halves(leaves);
  return sha256(Uint8Array.of(1), await rootOf(left), await rootOf(right));
}
function halves(leaves: Uint8Array[]): [Uint8Array[], Uint8Array[]] {
  const at = 2 ** (31 - Math.clz32(leaves.length - 1));
  return [leaves.slice(0, at), leaves.slice(at)];
}
/** What leads from a leaf to the root, lowest first. */
async function pathOf(leaves: Uint8Array[], index: number): Promise<Uint8Array[]> {
  if (leaves.length < 2) return [];
  const [left, right] = halves(leaves);
  if (index < left.length) return [...(await pathOf(left, index)), await rootOf(right)];
  return [...(await pathOf(right, index - left.length)), await rootOf(left)];
}

interface Log {
  size: number;
  /** The last entry of each type about this certificate. */
  said: Map<string, number>;
}

async function checkLog(files: Files, key: Key, subject: string, profile: string, certificate: string): Promise<Log> {
  const checkpoint = files.get(CHECKPOINT);
  need(checkpoint, `${CHECKPOINT} is missing`);
  const note = /^((.+)\n(0|[1-9]\d{0,6})\n(.+)\n)\n— (.+) (.+)\n$/.exec(text.decode(checkpoint));
  need(note && note[2] === key.name && note[5] === key.name, `${CHECKPOINT} is malformed, or of another log`);
  const [size, line] = [Number(note[3]), fromBase64(note[6] ?? "")];
  const known = new Set([CHECKPOINT]);
  const leaves: Uint8Array[] = [];
  for (let tile = 0; tile * TILE < size; tile += 1) {
    const width = Math.min(TILE, size - tile * TILE);
    const digits = [...String(tile).padStart(Math.ceil(String(tile).length / 3) * 3, "0").matchAll(/.../g)].map(String);
    const path = `log/tile/0/${digits.slice(0, -1).map((three) => `x${three}/`).join("")}${digits.at(-1)}${width < TILE ? `.p/${width}` : ""}`;
    const bytes = files.get(path);
    need(bytes?.length === HASH * width, `${path} is missing, or of another length`);
    for (let at = 0; at < bytes.length; at += HASH) leaves.push(bytes.subarray(at, at + HASH));
    known.add(path);
  }
  need(isSame(fromBase64(note[4] ?? ""), await rootOf(leaves)), "the log's hashes do not lead to its root");
  const id = await sha256(utf8.encode(`${key.name}\n`), Uint8Array.of(1), key.bytes);
  need(isSame(line.subarray(0, 4), id.subarray(0, 4)), `${CHECKPOINT} names another key`);
  await checkSignature(CHECKPOINT, key, line.subarray(4), utf8.encode(note[1]));
  const said = new Map<string, number>();
  for (const [path, bytes] of files) {
    if (!path.startsWith("log/") || known.has(path)) continue;
    const index = Number(/^log\/entries\/(0|[1-9]\d{0,6})\.json$/.exec(path)?.[1] ?? size);
    const leaf = leaves[index];
    need(leaf && isSame(leaf, await sha256(Uint8Array.of(0), bytes)), `${path} is not an entry of the log`);
    const entry = read(path, bytes);
    need(entry.subject === subject && entry.profile === profile, `${path} is of another subject`);
    if (entry.statement === certificate) said.set(entry.type, Math.max(index, said.get(entry.type) ?? 0));
  }
  const result = said.get("result");
  need(result !== undefined, "the certificate does not stand in the log");
  const nodes = (await pathOf(leaves, result)).map(toBase64);
  const head = ["c2sp.org/tlog-proof@v1", `index ${result}`, ...nodes, "", ""].join("\n");
  need(isSame(files.get(PROOF) ?? new Uint8Array(), joined(utf8.encode(head), checkpoint)), `${PROOF} does not lead from entry to root`);
  return { size, said };
}

/** The steps, as far as they hold; the first that does not is the last. `trusted` is the text of a trust file. */
export async function* verify(files: Files, trusted: string, now: Date): AsyncGenerator<Step> {
  let step = "bytes";
  const passed = (found: string, next: string): Step => {
    const done = { step, found, passed: true };
    step = next;
    return done;
  };
  try {
    const bytes = files.get(CERTIFICATE);
    need(bytes, `there is no ${CERTIFICATE}`);
    const own = envelope(CERTIFICATE, bytes, "urn:plimsoll:certificate:v1");
    const signed = new Map([[CERTIFICATE, own]]);
    for (const [path, bytes] of files) if (path.startsWith("statements/")) signed.set(path, envelope(path, bytes, "urn:plimsoll:measurement:v1"));
    const certificate = own.says.predicate;
    yield passed(`certificate and ${signed.size - 1} statements are canonical`, "signatures");

    const [key, log] = [await keyOf(certificate.issuer.certificate_key), await keyOf(certificate.issuer.log_key)];
    need(!isSame(key.bytes, log.bytes), "one key signs both certificates and the log");
    const keyId = hex(await sha256(key.bytes));
    for (const [path, { payload, signature }] of signed) {
      need(signature.keyid === keyId, `${path} names another key`);
      const authenticated = joined(utf8.encode(`DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${payload.length} `), payload);
      await checkSignature(path, key, fromBase64(signature.sig), authenticated);
    }
    yield passed(`all ${signed.size} by ${key.name}`, "subject");

    const subject = canonical(certificate.subject.resources);
    need(certificate.subject.resources.length > 0, "it names no subject");
    for (const [path, { says }] of signed) need(canonical(says.subject) === subject, `${path} is about another subject`);
    yield passed(certificate.subject.name, "files");

    await checkFiles(files, certificate.files);
    yield passed(`${certificate.files.length} files, each as listed, none besides`, "log");

    const { size, said } = await checkLog(files, log, certificate.subject.name, certificate.level, hex(await sha256(own.payload)));
    yield passed(`entry ${(said.get("result") ?? 0) + 1} of ${size}`, "trust");

    const at = now.toISOString().replace(/\.\d+Z$/, "Z");
    need(certificate.issuance === "issued", "a demonstration: it is valid on the machine that made it, and nowhere else");
    const lines = trusted.split("\n").map((line) => line.replace(/(^|[ \t])#.*/, "").split(/[ \t]+/).filter(Boolean));
    const isTrusted = lines.some(([purpose, known, until]) => purpose === "certificate" && known === certificate.issuer.certificate_key && at < (until ?? "9999"));
    need(isTrusted, `its key ${key.name} is not that of this server`);
    yield passed("the key is this server's own", "validity");

    for (const word of ["revoked", "superseded"]) need(!said.has(word), `its issuer has said that it is ${word}`);
    need((said.get("suspended") ?? -1) <= (said.get("reinstated") ?? -1), "its issuer has suspended it");
    need(certificate.not_before <= at && at < certificate.not_after, `it holds from ${certificate.not_before} until ${certificate.not_after}`);
    yield passed(`valid until ${certificate.not_after}`, "");
  } catch (error) {
    yield { step, found: error instanceof Wrong ? error.message : `it cannot be read: ${error instanceof Error ? error.message : error}`, passed: false };
  }
}

/** The files of a tar archive (POSIX ustar), without the folder that all of them lie in. */
export function unpacked(archive: Uint8Array): Files {
  const BLOCK = 512;
  const field = (at: number, length: number) => text.decode(archive.subarray(at, at + length)).replace(/\0[^]*$/, "");
  const files: Files = new Map();
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const path = [field(at + 345, 155), field(at, 100)].filter(Boolean).join("/");
    const size = parseInt(field(at + 124, 12), 8);
    files.set(path.slice(path.indexOf("/") + 1), archive.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
