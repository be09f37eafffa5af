// The page behind the link that the server printed. The text of the link is taken out of the address at once, so that
// it is neither in the history nor in a picture of the screen, and is sent in a body only.

import { ask, find, letReveal, onSubmit, show } from "./pages.js";

let link = "";

function takeLink() {
  const text = location.hash.slice(1);
  if (text !== "") {
    link = text;
    history.replaceState(null, "", location.pathname);
  }
  show("form-part", link !== "");
  show("no-link", link === "");
}

async function setUp(form) {
  const [name, password] = [form.get("name"), form.get("password")];
  await ask("POST", "/api/v1/set-up", { link, name, password });
  try {
    await ask("POST", "/api/v1/session", { name, password });
  } finally {
    // Signed in or not: the first page says which, and has a form.
    location.replace("/");
  }
}

takeLink();
window.addEventListener("hashchange", takeLink);
letReveal(find("reveal"), find("password"));
onSubmit(find("set-up-form"), find("set-up-problem"), setUp);
