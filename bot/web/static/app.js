// Everything works without this script too; it saves reloading pages.
"use strict";

const root = document.documentElement;
const THEMES = ["auto", "light", "dark"];

function theme(name) {
  if (name === "auto") root.removeAttribute("data-theme");
  else root.dataset.theme = name;
  for (const button of document.querySelectorAll("[data-theme-button]")) {
    const { themeAuto, themeLight, themeDark } = document.body.dataset;
    const words = { auto: themeAuto, light: themeLight, dark: themeDark }[name];
    button.setAttribute("aria-label", words);
    button.title = words;
    button.textContent = { auto: "◐", light: "☀", dark: "☾" }[name];
  }
}

function chosen() {
  try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; }
}

theme(chosen()); // before the page is painted

document.addEventListener("DOMContentLoaded", () => {
  theme(chosen());
  if (location.pathname === "/enter") history.replaceState(null, "", "/"); // keeps the token out of the history
  const question = document.querySelector("[data-ask] textarea");
  if (question && !document.querySelector("#last") && !location.hash && matchMedia("(min-width: 960px)").matches) question.focus();
  const ask = document.querySelector("[data-ask][data-now]");
  if (ask && question.value) ask.requestSubmit();
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-theme-button], [data-copy], [data-panel], [data-prompt], [data-close]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.matches("[data-theme-button]")) {
    const next = THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length];
    try { localStorage.setItem("theme", next); } catch { /* it holds for this page */ }
    theme(next);
  } else if (target.matches("[data-copy]")) {
    event.preventDefault();
    copy(target);
  } else if (target.matches("[data-panel]")) {
    event.preventDefault();
    openPanel(target);
  } else if (target.matches("[data-close]")) {
    document.getElementById("panel").close();
  } else {
    event.preventDefault();
    const form = document.querySelector("[data-ask]");
    form.elements.question.value = target.dataset.prompt;
    form.requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const field = document.querySelector("[data-ask] textarea, main input[type=search]");
    if (field) { event.preventDefault(); field.focus(); }
  }
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("[data-ask] textarea")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-ask]")) {
    event.preventDefault();
    ask(form);
  } else if (form.matches("[data-swap]")) {
    event.preventDefault();
    swap(form, event.submitter);
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.matches("[data-live]")) form.requestSubmit();
});

function say(words) {
  const live = document.getElementById("live");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = words; });
}

async function copy(link) {
  const texts = document.body.dataset;
  const reply = await fetch(link.href, { headers: { "X-Partial": "1" } });
  if (!reply.ok) { say(texts.notCopied); return; }
  try {
    await navigator.clipboard.writeText(await reply.text());
  } catch { // no permission for the clipboard: show the text instead
    location.href = link.href;
    return;
  }
  const words = link.textContent;
  link.textContent = texts.copied;
  say(texts.copiedAs);
  setTimeout(() => { link.textContent = words; }, 1600);
}

async function openPanel(link) {
  const panel = document.getElementById("panel");
  const inside = panel.querySelector(".inside");
  const reply = await fetch(link.href, { headers: { "X-Partial": "1" } });
  inside.innerHTML = await reply.text();
  if (!panel.open) panel.showModal();
  const heading = inside.querySelector("h2");
  if (heading) heading.focus({ preventScroll: true });
  const quote = inside.querySelector("#quote");
  panel.scrollTop = 0;
  if (quote) quote.scrollIntoView({ block: "center" });
  panel.dataset.whole = link.href;
}

// A form of which the answer replaces one element of the page
async function swap(form, submitter) {
  const fields = new URLSearchParams(new FormData(form));
  if (submitter && submitter.name) fields.set(submitter.name, submitter.value);
  const isGet = form.method === "get";
  const address = isGet ? `${form.action.split("?")[0]}?${fields}` : form.action;
  const reply = await fetch(address, { method: form.method, body: isGet ? null : fields, headers: { "X-Partial": "1" } });
  const place = document.querySelector(form.dataset.swap);
  const html = await reply.text();
  if (!reply.ok) {
    place.insertAdjacentHTML("afterbegin", html);
    return;
  }
  place.innerHTML = html;
  if (isGet && !("stay" in form.dataset)) history.replaceState(null, "", address);
  const said = place.querySelector("[data-say]");
  if (said) say(said.dataset.say);
  const next = place.querySelector("[data-focus]");
  if (next) next.focus();
}

// A question: the events of its answer as they come
async function ask(form) {
  const text = form.elements.question.value.trim();
  if (!text || form.dataset.busy) return;
  form.dataset.busy = "1";
  const turns = document.getElementById("turns");
  const hello = document.querySelector(".hello");
  if (hello) hello.remove();
  const last = document.getElementById("last");
  if (last) last.removeAttribute("id");
  const turn = document.getElementById("turn").content.firstElementChild.cloneNode(true);
  turn.querySelector("h2").textContent = text;
  turns.append(turn);
  const status = turn.querySelector(".busy");
  const says = turn.querySelector(".says");
  const body = new URLSearchParams(new FormData(form));
  form.elements.question.value = "";
  turn.scrollIntoView({ block: "start" });
  const ended = (html) => { turn.outerHTML = html; };
  try {
    const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/event-stream", "X-Partial": "1" } });
    if (!reply.ok || !reply.headers.get("content-type").startsWith("text/event-stream")) {
      ended(await reply.text());
      say(document.body.dataset.noAnswer);
    } else {
      let isOver = false;
      for await (const [name, told] of events(reply.body)) {
        if (name === "step") { status.textContent = told.text; say(told.text); }
        else if (name === "text") { says.innerHTML = told.html; status.hidden = true; }
        else {
          isOver = true;
          ended(told.html);
          if (name === "answer") {
            form.elements.conversation.value = told.conversation;
            history.replaceState(null, "", `/c/${told.conversation}`);
          }
          const shown = document.getElementById("last");
          say(shown ? `${document.body.dataset.answerBegins} ${shown.querySelector(".says, .none").innerText}` : document.body.dataset.noAnswer);
        }
      }
      if (!isOver) throw new Error("the stream ended early");
    }
  } catch {
    status.hidden = false;
    status.className = "warn";
    status.textContent = document.body.dataset.lost;
    form.elements.question.value = text;
    say(status.textContent);
  }
  delete form.dataset.busy;
  if (matchMedia("(min-width: 960px)").matches) form.elements.question.focus({ preventScroll: true });
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value;
    const whole = waiting.split("\n\n");
    waiting = whole.pop();
    for (const one of whole) {
      const lines = one.split("\n");
      const name = lines.find((line) => line.startsWith("event: ")).slice(7);
      const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      yield [name, JSON.parse(data)];
    }
  }
}
