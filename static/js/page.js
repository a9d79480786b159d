// What every page does: panels that close, messages that can be put away, the theme without a reload, failures in words.
const body = document.body;
const flashes = document.getElementById("flashes");
const toasts = document.getElementById("toasts");

// What is said after the page came stands in a corner, so that nothing under the reader's hand moves.
function tell(words, tone = "error") {
  const line = document.createElement("p");
  line.className = "flash";
  line.dataset.tone = tone;
  const said = document.createElement("span");
  said.textContent = words;
  line.append(icon(tone === "success" ? "circle-check" : "alert-circle"), said);
  toasts.append(line);
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "ico");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

function closable(line) {
  if (line.querySelector("button")) return;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn";
  close.dataset.variant = "ghost";
  close.dataset.size = "sm";
  close.textContent = body.dataset.close;
  close.addEventListener("click", () => line.remove());
  line.append(close);
  if (line.dataset.tone === "success") setTimeout(() => line.remove(), 8000);
}

for (const line of flashes.children) closable(line);
const watch = new MutationObserver((changes) => {
  for (const change of changes) for (const line of change.addedNodes) if (line.classList?.contains("flash")) closable(line);
});
for (const list of [flashes, toasts]) watch.observe(list, { childList: true });

document.addEventListener("page:tell", (event) => tell(event.detail.words, event.detail.tone));
body.addEventListener("htmx:responseError", () => tell(body.dataset.wentWrong));
// A refusal carries its sentence to the list of messages; the piece on the page stays as it was.
body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.serverResponse.includes("data-refused")) event.detail.swapOverride = "none";
});
body.addEventListener("htmx:sendError", () => tell(body.dataset.offline));

// One small panel is open at a time; Escape or a click elsewhere closes it, and the button has the focus again.
document.addEventListener("click", (event) => {
  for (const drop of document.querySelectorAll("details.drop[open]")) if (!drop.contains(event.target)) drop.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = document.querySelector("details.drop[open]");
  if (drop) {
    drop.open = false;
    drop.querySelector("summary").focus();
  } else if (location.hash === "#side") {
    location.hash = "main";
  }
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.drop[open]")) event.target.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}, true);

// The form works by itself; with a script the page changes at once and is only told to the server.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const sent = new FormData(event.target, event.submitter);
  document.documentElement.classList.remove("dark", "light");
  document.documentElement.classList.add(theme);
  document.dispatchEvent(new CustomEvent("page:theme", { detail: { theme } }));
  fetch(event.target.action, { method: "POST", body: sent }).catch(() => tell(body.dataset.offline));
});

// The menu can be folded away; the server knows it from the cookie, so the next page does not jump.
const fold = document.querySelector("[data-fold]");
if (fold) {
  const folded = () => document.documentElement.classList.contains("folded");
  fold.hidden = false;
  fold.setAttribute("aria-expanded", String(!folded()));
  fold.addEventListener("click", () => {
    document.documentElement.classList.toggle("folded");
    document.cookie = `side=${folded() ? "folded" : "open"}; path=/; max-age=31536000; samesite=lax`;
    fold.setAttribute("aria-expanded", String(!folded()));
    if (folded()) {
      location.hash = "main";
      document.querySelector(".menu-open").focus();
    }
  });
}
