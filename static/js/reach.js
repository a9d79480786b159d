// A contact that was shown hides again by itself: after a minute, and when the page is left.
const MINUTE = 60000;
let timer = 0;

function hide() {
  clearTimeout(timer);
  const reach = document.querySelector("#reach[data-opened]");
  if (!reach) return;
  for (const link of reach.querySelectorAll("[data-mask]")) link.replaceWith(link.dataset.mask);
  for (const way of reach.querySelectorAll("[data-open]")) way.remove();
  for (const form of reach.querySelectorAll("[data-show]")) form.hidden = false;
  reach.removeAttribute("data-opened");
  reach.removeAttribute("aria-label");
}

function watch() {
  if (!document.querySelector("#reach[data-opened]")) return;
  clearTimeout(timer);
  timer = setTimeout(hide, MINUTE);
}

watch();
document.body.addEventListener("htmx:afterSettle", (event) => {
  watch();
  // The button that was pressed is gone; whoever works by keys stands on the number now.
  if (event.detail.elt.id === "reach") event.detail.elt.querySelector("a")?.focus();
});
addEventListener("pagehide", hide);
