// Whether the server can work, on pages for whoever has not come in.

import { ask, find, make } from "./pages.js";

async function showReadiness() {
  const place = find("ready");
  try {
    await ask("GET", "/health/ready");
    place.replaceChildren(make("span", { class: "mark good" }, "● Ready"));
  } catch (refusal) {
    place.replaceChildren(make("span", { class: "mark bad" }, "▲ Not ready"), make("span", { class: "detail" }, refusal.message));
  }
}

showReadiness();
