// The first page: whether the server can work, who you are, and coming in and going out.

import { ask, complain, find, letReveal, make, onSubmit, Refusal, show } from "./pages.js";

/** What the server says if the password is right and that is not enough. */
const CODE_NEEDED = "urn:plimsoll:problem:code-needed";

async function showReadiness() {
  const place = find("ready");
  try {
    await ask("GET", "/health/ready");
    place.replaceChildren(make("span", { class: "mark good" }, "● Ready"));
  } catch (refusal) {
    place.replaceChildren(make("span", { class: "mark bad" }, "▲ Not ready"), make("span", { class: "detail" }, refusal.message));
  }
}

function wantCode(wanted) {
  show("code-field", wanted);
  const code = find("code");
  code.required = wanted;
  code.value = "";
}

function showSignIn() {
  show("account", false);
  show("sign-in", true);
  wantCode(false);
}

/** Actions by their noun: `audit.list` and `audit.export` stand together. */
function byNoun(actions) {
  const groups = new Map();
  for (const action of actions) {
    const [noun, verb] = action.split(".");
    groups.set(noun, [...(groups.get(noun) ?? []), verb]);
  }
  return [...groups];
}

function showAccount(account) {
  find("name-shown").textContent = account.name;
  find("roles").textContent = account.roles.join(", ") || "none";
  const left = `on; ${account.recovery_codes_left} recovery codes left`;
  find("second-factor").textContent = account.second_factor ? left : "off";
  find("password-changed").textContent = account.password_changed.slice(0, 10);
  show("must-enrol", account.must_enrol);
  const nouns = byNoun(account.may).map(([noun, verbs]) =>
    make("div", {}, make("dt", {}, noun.replaceAll("_", " ")), make("dd", {}, verbs.join(", ").replaceAll("_", " "))),
  );
  find("may").replaceChildren(...nouns);
  show("sign-in", false);
  show("account", true);
}

/** Whether there is nobody else yet, or nothing was certified, as far as whoever has these rights may see it. */
async function isNew(may) {
  const counted = async (path) => (await ask("GET", path)).items.length;
  if (may.includes("user.create") && (await counted("/api/v1/users?limit=2")) < 2) return true;
  return may.includes("certification.start") && (await counted("/api/v1/certifications?limit=1")) === 0;
}

/** Shows who asks, or the form if nobody is known. */
async function showWho() {
  let account;
  try {
    account = await ask("GET", "/api/v1/account");
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    showSignIn();
    if (refusal.status !== 401) complain(find("sign-in-problem"), refusal);
    return;
  }
  show("next-user", account.may.includes("user.create"));
  // If it cannot be asked now, nothing is amiss with the account.
  show("next", await isNew(account.may).catch(() => false));
  showAccount(account);
}

async function signIn(form) {
  const credentials = { name: form.get("name"), password: form.get("password") };
  if (!find("code-field").hidden) credentials.code = form.get("code").replaceAll(" ", "");
  try {
    await ask("POST", "/api/v1/session", credentials);
  } catch (refusal) {
    if (refusal.type !== CODE_NEEDED) throw refusal;
    wantCode(true);
    find("code").focus();
    return;
  }
  find("sign-in-form").reset();
  find("password").type = "password";
  await showWho();
  find("account-title").focus();
}

async function signOut() {
  await ask("DELETE", "/api/v1/session");
  showSignIn();
  find("name").focus();
}

showReadiness();
if (find("sign-in")) {
  onSubmit(find("sign-in-form"), find("sign-in-problem"), signIn);
  onSubmit(find("sign-out-form"), find("sign-out-problem"), signOut);
  letReveal(find("reveal"), find("password"));
  // Another name is another person, whose password may be enough.
  find("name").addEventListener("input", () => wantCode(false));
  showWho();
}
