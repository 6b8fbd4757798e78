// Makes pages nicer that work without it: completions while typing, results without a reload, a key to the search
// box, a button that copies the code. Nothing here asks any other host.
"use strict";

const DELAY = 120; // milliseconds without a key before completions are asked for
const form = document.getElementById("search");
const box = document.getElementById("q");
const announcement = document.getElementById("announcement");

// Results without a reload. The server makes the page; its main part is put in place of the old one.

let loading = null;

async function show(address, { remember = true, focus = null } = {}) {
  loading?.abort();
  const request = (loading = new AbortController());
  const main = document.querySelector("main");
  main.classList.add("loading");
  let page;
  try {
    const answer = await fetch(address, { signal: request.signal, headers: { Accept: "text/html" } });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address); // the browser says what is wrong
    return;
  }
  if (request !== loading) return;
  const fresh = page.querySelector("main[data-live]");
  if (!fresh || !document.querySelector("main[data-live]")) {
    location.assign(address);
    return;
  }
  if (remember) history.pushState(null, "", address);
  document.title = page.title;
  document.querySelector("main").replaceWith(fresh);
  announcement.textContent = document.getElementById("summary").textContent;
  if (focus === "summary") {
    scrollTo(0, 0);
    document.getElementById("summary").focus({ preventScroll: true });
  } else if (focus) {
    document.querySelector(`input[name="filter"][value="${CSS.escape(focus)}"]`)?.focus();
  }
  return page;
}

function address() {
  const state = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) state.append(name, value);
  return `${form.action}${state.size ? `?${state}` : ""}`;
}

const live = () => document.querySelector("main[data-live]") !== null;

form?.addEventListener("submit", (event) => {
  closeCompletions();
  if (!live() || !box.value.trim()) return;
  event.preventDefault();
  show(address());
});

document.addEventListener("change", (event) => {
  if (event.target.matches('.filters input[type="checkbox"]')) show(address(), { focus: event.target.value });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest(".pages a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href, { focus: "summary" });
});

addEventListener("popstate", async () => {
  if (!live()) return;
  const page = await show(location.href, { remember: false });
  if (page) box.value = page.getElementById("q").value;
});

// Completions. What is typed is never changed but by choosing one; late answers are dropped; Enter always searches.

let timer = 0;
let asked = 0;
let list = null;
let chosen = -1;

if (form) {
  list = document.createElement("ul");
  list.className = "completions";
  list.id = "completions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Completions");
  form.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"],
                               ["aria-controls", "completions"]]) box.setAttribute(name, value);
}

function closeCompletions() {
  clearTimeout(timer);
  asked += 1; // an answer still on its way is late
  chosen = -1;
  if (!list) return;
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

async function complete() {
  const mine = (asked += 1);
  let found;
  try {
    const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: box.value })}`);
    if (!answer.ok) return;
    found = await answer.json();
  } catch {
    return; // typing goes on without completions
  }
  if (mine !== asked || document.activeElement !== box) return;
  chosen = -1;
  box.removeAttribute("aria-activedescendant");
  list.replaceChildren(...found.map(option));
  list.hidden = found.length === 0;
  box.setAttribute("aria-expanded", String(!list.hidden));
}

function option({ text, kind, id }, number) {
  const item = document.createElement("li");
  item.id = `completion-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.text = text;
  const shown = document.createElement("span");
  shown.textContent = text;
  const told = document.createElement("span");
  told.className = "kind";
  told.textContent = kind === "name" ? (id ?? "") : kind === "term" ? "word" : kind;
  item.append(shown, told);
  return item;
}

function choose(number) {
  const items = [...list.children];
  chosen = (number + items.length + 1) % (items.length + 1); // past the last one, none
  if (chosen === items.length) chosen = -1;
  items.forEach((item, place) => item.setAttribute("aria-selected", String(place === chosen)));
  if (chosen < 0) box.removeAttribute("aria-activedescendant");
  else box.setAttribute("aria-activedescendant", items[chosen].id);
}

function take(item) {
  box.value = item.dataset.text;
  form.requestSubmit();
}

box?.addEventListener("input", () => {
  clearTimeout(timer);
  asked += 1;
  if (box.value.trim().length < 2) closeCompletions();
  else timer = setTimeout(complete, DELAY);
});

box?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape" && !list.hidden) {
    closeCompletions();
    event.preventDefault();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
    choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? list.children.length - 1 : chosen - 1);
    event.preventDefault();
  } else if (event.key === "Enter" && chosen >= 0) {
    event.preventDefault();
    take(list.children[chosen]);
  }
});

box?.addEventListener("blur", closeCompletions);
list?.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
list?.addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (item) take(item);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// The code of a procedure, copied.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // only where the page is served safely
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    announcement.textContent = `Copied ${button.dataset.copy}`;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
