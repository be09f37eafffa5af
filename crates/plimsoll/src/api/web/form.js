// The form under a call of the reference: what to fill in, the curl command, and what the server answered.

import { make } from "./pages.js";
import { curlOf, requestOf, send } from "./request.js";
import { exampleOf } from "./schema.js";

function parameterField(call, parameter) {
  const id = `${call.id}.${parameter.name}`;
  const { minimum, maximum } = parameter.schema;
  const place = parameter.in === "header" ? "header" : `in the ${parameter.in}`;
  const label = make("label", { for: id }, make("code", {}, parameter.name), ` ${place}${parameter.required ? "" : ", optional"}`);
  const input = make("input", { id, name: parameter.name, required: parameter.required, autocomplete: "off", spellcheck: "false" });
  if (parameter.schema.examples) input.placeholder = parameter.schema.examples[0];
  else if (maximum !== undefined) input.placeholder = `${minimum ?? 0} to ${maximum}`;
  return make("div", { class: "field" }, label, input);
}

function bodyField(reference, call) {
  const id = `${call.id}.body`;
  const example = exampleOf(reference, call.bodySchema);
  const text = call.mediaType.includes("json") ? JSON.stringify(example, null, 2) : String(example);
  const area = make("textarea", { id, name: "body", spellcheck: "false", autocapitalize: "none", rows: Math.max(text.split("\n").length + 1, 6) });
  area.value = text;
  return make("div", { class: "field" }, make("label", { for: id }, "Body"), area);
}

/** Where the answer is shown, and what tells of it. */
function answerPlace() {
  const status = make("p", { class: "answer-status", role: "status" });
  const headers = make("dl", { class: "headers" });
  const body = make("pre", { class: "answer-body", tabindex: "0", role: "region", "aria-label": "Body of the answer", hidden: true });
  const rest = make("p", { class: "minor", hidden: true }, "There is more than is shown here: the command gives all of it.");
  const say = (kind, text, detail) => {
    const mark = { good: "● ", bad: "▲ ", neutral: "" }[kind];
    status.replaceChildren(make("span", { class: `mark ${kind}` }, mark + text), detail);
  };
  const tell = {
    begin() {
      say("neutral", "Sent; waiting …", "");
      headers.replaceChildren();
      body.hidden = rest.hidden = true;
    },
    head(code, text, tookMs, shown) {
      say(code < 400 ? "good" : "bad", `${code} ${text}`, ` after ${tookMs} ms`);
      headers.replaceChildren(...shown.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, make("code", {}, value)))));
    },
    body(text, isCut) {
      body.textContent = text;
      body.hidden = text === "";
      rest.hidden = !isCut;
    },
    failed: (why) => say("bad", "No answer", ` ${why}`),
    stopped: () => status.append(", stopped"),
  };
  return { element: make("div", { class: "answer" }, status, headers, body, rest), tell };
}

function curlNote(call) {
  if (call.doors.includes("token")) return "PLIMSOLL_TOKEN stands for a token of yours.";
  if (call.doors.includes("session")) return "This takes a session, not a token: PLIMSOLL_COOKIE stands for its cookie, name=text.";
  return "";
}

/** Makes the form. `tokenText` gives the token that was typed, `sent` is told after each request. */
export function formOf(reference, call, tokenText, sent) {
  const fields = (isHeader) =>
    call.parameters.filter((one) => (one.in === "header") === isHeader).map((one) => parameterField(call, one));
  const body = call.mediaType ? [bodyField(reference, call)] : [];
  const stop = make("button", { type: "button", class: "quiet", hidden: true }, "Stop");
  const submit = make("button", { type: "submit" }, `Send ${call.method}`);
  const command = make("code");
  const curl = make("pre", { class: "curl", tabindex: "0", role: "region", "aria-label": "The same with curl" }, command);
  const { element: answer, tell } = answerPlace();
  const form = make(
    "form",
    { class: "try", "aria-label": `Try ${call.method} ${call.path}` },
    ...fields(false), ...body, ...fields(true), make("p", { class: "buttons" }, submit, stop),
    make("h4", {}, "The same with curl"), curl, make("p", { class: "minor" }, curlNote(call)), answer,
  );
  const filled = () => requestOf(call, (name) => form.elements[name].value.trim(), form.elements.body?.value);
  const showCurl = () => {
    command.textContent = curlOf(call, filled(), location.origin);
  };
  form.addEventListener("input", showCurl);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(submit);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!stop.hidden) return;
    const control = new AbortController();
    stop.onclick = () => control.abort();
    stop.hidden = false;
    tell.begin();
    try {
      await send(filled(), tokenText(), control.signal, tell);
    } catch (error) {
      if (control.signal.aborted) tell.stopped();
      else tell.failed(error.message);
    }
    stop.hidden = true;
    sent();
  });
  showCurl();
  return form;
}
