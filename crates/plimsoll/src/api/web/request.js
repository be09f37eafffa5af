// A request: what was filled in becomes it, it becomes a curl command, and it is sent.

/** Most of an answer that is shown, in characters: more than that is for programs. */
const SHOWN_CHARACTERS_MAX = 200_000;
/** Media types whose bodies are for reading. */
const READABLE = /^text\/|json|toml|openmetrics|javascript|svg/;
/** Headers that say something to a person. */
const HEADERS_SHOWN = [
  "content-type",
  "content-disposition",
  "location",
  "allow",
  "retry-after",
  "www-authenticate",
  "idempotent-replayed",
  "x-request-id",
];

/** The request that was filled in: `value` gives the text of a parameter. */
export function requestOf(call, value, body) {
  const of = (place) => call.parameters.filter((parameter) => parameter.in === place);
  const filled = (place) => of(place).map(({ name }) => [name, value(name)]).filter(([, text]) => text !== "");
  const fill = (path, [name, text]) => path.replace(`{${name}}`, () => encodeURIComponent(text));
  const query = new URLSearchParams(filled("query")).toString();
  const headers = Object.fromEntries(filled("header"));
  if (call.mediaType) headers["Content-Type"] = call.mediaType;
  return {
    method: call.method,
    path: filled("path").reduce(fill, call.path) + (query && `?${query}`),
    headers,
    body: call.mediaType && body,
  };
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same as a command. What opens a door is a variable in it: a command is copied, kept and shown around. */
export function curlOf(call, request, origin) {
  const parts = [`curl ${quoted(origin + request.path)}`];
  if (request.method !== "GET") parts.push(`--request ${request.method}`);
  if (call.isEndless) parts.push("--no-buffer");
  if (call.doors.includes("token")) parts.push('--header "Authorization: Bearer $PLIMSOLL_TOKEN"');
  else if (call.doors.includes("session")) {
    parts.push('--header "Cookie: $PLIMSOLL_COOKIE"', `--header ${quoted(`Origin: ${origin}`)}`);
  }
  for (const [name, text] of Object.entries(request.headers)) parts.push(`--header ${quoted(`${name}: ${text}`)}`);
  if (request.body !== undefined) parts.push(`--data-raw ${quoted(request.body)}`);
  return parts.join(" \\\n  ");
}

function pretty(mediaType, text) {
  if (!/[/+]json/.test(mediaType)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Reads a body piece by piece, as far as it is shown. */
async function readBody(response, tell) {
  if (!response.body) return;
  const mediaType = response.headers.get("content-type") ?? "";
  if (!READABLE.test(mediaType)) {
    await response.body.cancel();
    return tell.body("", true);
  }
  const [reader, decoder] = [response.body.getReader(), new TextDecoder()];
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += done ? decoder.decode() : decoder.decode(value, { stream: true });
    if (done) return tell.body(pretty(mediaType, text), false);
    if (text.length > SHOWN_CHARACTERS_MAX) {
      await reader.cancel();
      return tell.body(text.slice(0, SHOWN_CHARACTERS_MAX), true);
    }
    if (mediaType.startsWith("text/event-stream")) tell.body(text, false);
  }
}

/** Sends it, by a token or as the session of this browser, and tells of the answer as it comes. */
export async function send(request, token, signal, tell) {
  const headers = token ? { ...request.headers, Authorization: `Bearer ${token}` } : request.headers;
  const credentials = token ? "omit" : "same-origin";
  const began = performance.now();
  const { method, body } = request;
  const response = await fetch(request.path, { method, headers, body, credentials, signal });
  const shown = HEADERS_SHOWN.map((name) => [name, response.headers.get(name)]).filter(([, text]) => text !== null);
  tell.head(response.status, response.statusText, Math.round(performance.now() - began), shown);
  await readBody(response, tell);
}
