// The reference: every call of openapi.json with a form to try it.

import { ask, complain, find, make, prose, Refusal } from "./pages.js";
import { formOf } from "./form.js";
import { fieldsOf, plainTypeOf, resolve, typeOf } from "./schema.js";

const METHODS = ["get", "post", "put", "delete"];
/** The group of what is for browsers and not for programs comes last. */
const LAST_GROUP = "pages";

/** One operation with what a page needs of it. */
function callOf(reference, path, method, operation) {
  const [[mediaType, content] = []] = Object.entries(operation.requestBody?.content ?? {});
  const answers = Object.entries(operation.responses).map(([status, answer]) => ({ status, ...resolve(reference, answer) }));
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    group: operation.tags?.[0] ?? LAST_GROUP,
    summary: operation.summary ?? "",
    description: operation.description ?? "",
    parameters: operation.parameters ?? [],
    mediaType,
    bodySchema: content?.schema,
    answers,
    doors: (operation.security ?? []).flatMap(Object.keys),
    isEndless: answers.some((answer) => answer.content?.["text/event-stream"]),
  };
}

function callsOf(reference) {
  return Object.entries(reference.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => callOf(reference, path, method, item[method])),
  );
}

function grouped(calls) {
  const groups = new Map();
  for (const call of calls) groups.set(call.group, [...(groups.get(call.group) ?? []), call]);
  const last = groups.get(LAST_GROUP);
  groups.delete(LAST_GROUP);
  return last ? [...groups, [LAST_GROUP, last]] : [...groups];
}

function fieldList(fields) {
  const items = fields.map(({ name, type, required, description, fields: inner }) =>
    make(
      "li",
      {},
      make("code", { class: "field-name" }, name),
      make("span", { class: "type" }, ` ${type}${required ? "" : ", optional"}`),
      make("span", { class: "says" }, ...prose(description)),
      ...(inner.length > 0 ? [fieldList(inner)] : []),
    ),
  );
  return make("ul", { class: "fields" }, ...items);
}

function schemaShown(reference, schema) {
  const fields = fieldsOf(reference, schema);
  return fields.length > 0 ? fieldList(fields) : make("p", { class: "type" }, typeOf(reference, schema));
}

function parametersShown(reference, parameters) {
  return fieldList(
    parameters.map(({ name, in: place, required, schema, description }) => ({
      name,
      type: `in the ${place}, ${plainTypeOf(reference, schema)}`,
      required,
      description: description ?? "",
      fields: [],
    })),
  );
}

function answerShown(reference, { status, description, content = {} }) {
  const [[mediaType, { schema } = {}] = []] = Object.entries(content);
  const code = status === "default" ? "otherwise" : status;
  const says = [make("span", { class: "status-code" }, code), " ", ...prose(description ?? "")];
  if (!mediaType) return make("p", { class: "answer-line" }, ...says);
  const more = make("summary", {}, ...says, make("span", { class: "type" }, ` ${mediaType}`));
  return make("details", { class: "answer-line" }, more, schemaShown(reference, schema ?? {}));
}

function part(title, ...inside) {
  return [make("h4", {}, title), ...inside];
}

function contents(reference, call) {
  const { parameters, bodySchema, mediaType } = call;
  const said = [make("p", {}, ...prose(call.description))];
  if (parameters.length > 0) said.push(...part("Parameters", parametersShown(reference, parameters)));
  if (mediaType) said.push(...part(`Body, ${mediaType}`, schemaShown(reference, bodySchema)));
  said.push(...part("Answers", ...call.answers.map((answer) => answerShown(reference, answer))));
  const tokenText = () => find("token").value.trim();
  const sent = () => {
    // Some calls change who is asking.
    if (call.method !== "GET") showWho();
  };
  said.push(...part("Try it", formOf(reference, call, tokenText, sent)));
  return make("div", { class: "contents" }, ...said);
}

function callShown(reference, call) {
  const summary = make(
    "summary",
    {},
    make("span", { class: `method ${call.method.toLowerCase()}` }, call.method),
    " ",
    make("code", { class: "path" }, call.path),
    " ",
    make("span", { class: "says" }, call.summary),
  );
  const details = make("details", { class: "call", id: call.id }, summary);
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    if (details.childElementCount === 1) details.append(contents(reference, call));
    history.replaceState(null, "", `#${call.id}`);
  });
  const words = [call.method, call.path, call.summary, call.id, call.description].join(" ").toLowerCase();
  return { ...call, details, summary, words };
}

function groupShown([name, calls]) {
  const id = `group.${name}`;
  const title = make("h2", { id }, name.replaceAll("-", " "));
  const section = make("section", { class: "group", "aria-labelledby": id }, title, ...calls.map((call) => call.details));
  return { id, name, section, calls };
}

async function showWho() {
  try {
    const { name } = await ask("GET", "/api/v1/account");
    find("who").replaceChildren("Calls are sent as ", make("strong", {}, name), ".");
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    find("who").replaceChildren("Nobody is signed in: ", make("a", { href: "/" }, "sign in"), ", or type a token.");
  }
}

function filter(groups) {
  const wanted = find("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { section, calls } of groups) {
    for (const { details, words } of calls) details.hidden = !wanted.every((word) => words.includes(word));
    section.hidden = calls.every(({ details }) => details.hidden);
  }
  const all = groups.flatMap(({ calls }) => calls);
  const shown = all.filter(({ details }) => !details.hidden).length;
  find("shown").textContent = wanted.length > 0 ? `${shown} of ${all.length} calls` : `${all.length} calls`;
}

/** Opens the call that the address names. */
function openNamed(calls) {
  const named = calls.find(({ id }) => id === location.hash.slice(1));
  if (!named) return;
  named.details.hidden = named.details.parentElement.hidden = false;
  named.details.open = true;
  named.summary.focus({ preventScroll: true });
  // The contents come with the event that says that it is open.
  requestAnimationFrame(() => named.details.scrollIntoView({ block: "start" }));
}

function onKey(event, calls, groups) {
  const from = event.target;
  const isTyped = from.matches("input, textarea");
  const box = find("filter");
  if (event.key === "/" && !isTyped && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === "Escape" && (from === box || !isTyped)) {
    box.value = "";
    filter(groups);
  } else if (from === box || from.matches(".call > summary")) {
    const shown = calls.filter(({ details }) => !details.hidden).map(({ summary }) => summary);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    const next = shown[shown.indexOf(from) + step];
    if (step !== 0) event.preventDefault();
    if (step === -1 && !next) box.focus();
    else if (step !== 0) next?.focus();
    else if (event.key === "Enter" && from === box) shown[0]?.click();
  }
}

function showReference(reference) {
  const calls = callsOf(reference).map((call) => callShown(reference, call));
  const groups = grouped(calls).map(groupShown);
  const inOrder = groups.flatMap((group) => group.calls);
  find("description").replaceChildren(...prose(reference.info.description));
  find("version").replaceChildren(`Version ${reference.info.version}; for programs: `, make("a", { href: "/openapi.json" }, "openapi.json"));
  find("groups").replaceChildren(...groups.map(({ id, name }) => make("li", {}, make("a", { href: `#${id}` }, name.replaceAll("-", " ")))));
  find("calls").replaceChildren(...groups.map(({ section }) => section));
  filter(groups);
  find("filter").addEventListener("input", () => filter(groups));
  document.addEventListener("keydown", (event) => onKey(event, inOrder, groups));
  window.addEventListener("hashchange", () => openNamed(inOrder));
  find("main").hidden = false;
  openNamed(inOrder);
}

try {
  showReference(await ask("GET", "/openapi.json"));
  await showWho();
} catch (refusal) {
  if (!(refusal instanceof Refusal)) throw refusal;
  find("description").textContent = "The reference could not be read.";
  complain(find("reference-problem"), refusal);
}
