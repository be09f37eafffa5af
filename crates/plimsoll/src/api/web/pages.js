// What the pages share: elements, questions to the server, and what is said when its answer is no.

/** Makes an element. What is inside is text or elements: nothing that the server says is ever read as HTML. */
export function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...inside);
  return element;
}

export const find = (id) => document.getElementById(id);

export function show(id, shown) {
  find(id).hidden = !shown;
}

/** Text in which what stands between backquotes is code. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? make("code", {}, part) : part));
}

/** The answer was no, or there was none. */
export class Refusal extends Error {
  constructor(status, { type, detail, hint, request_id }, waitSeconds) {
    super(detail);
    Object.assign(this, { status, type, hint, requestId: request_id, waitSeconds });
  }
}

const UNREACHABLE = { detail: "the server does not answer", hint: "look whether it still runs" };
const UNREADABLE = { detail: "the answer is not from Plimsoll", hint: "look what stands between here and the server" };

/** Asks the server as the session of this browser, and gives the body of its answer. */
export async function ask(method, path, body) {
  const request = { method, credentials: "same-origin" };
  if (body !== undefined) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  const response = await fetch(path, request).catch(() => {
    throw new Refusal(0, UNREACHABLE);
  });
  const text = await response.text();
  const said = text === "" ? undefined : read(response.status, text);
  if (response.ok) return said;
  throw new Refusal(response.status, said ?? UNREADABLE, response.headers.get("Retry-After"));
}

function read(status, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(status, UNREADABLE);
  }
}

/** Says in `place`, which is announced, why something was not done. */
export function complain(place, refusal) {
  const { message, hint, waitSeconds, requestId } = refusal;
  const lines = [make("p", { class: "detail" }, message)];
  if (hint) lines.push(make("p", { class: "hint" }, hint));
  if (waitSeconds) lines.push(make("p", {}, `Try again in ${waitSeconds} s.`));
  if (requestId) lines.push(make("p", { class: "minor" }, "Request ", make("code", {}, requestId)));
  place.replaceChildren(...lines);
}

/** Has a form sent by `act`: not twice at once, and with what went wrong said in `place`. */
export function onSubmit(form, place, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    place.replaceChildren();
    try {
      await act(new FormData(form));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      complain(place, error);
    } finally {
      button.disabled = false;
    }
  });
}

/** Lets passwords be read while they are typed. */
export function letReveal(box, ...inputs) {
  box.addEventListener("change", () => {
    for (const input of inputs) input.type = box.checked ? "text" : "password";
  });
}
