// One key for what is done all day: T takes the next, C calls, A accepts, / finds. The hint stands on the button (data-key).
const TYPING = "input, textarea, select, [contenteditable], dialog[open]";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
  if (event.target.closest(TYPING)) return;
  // The letter's place on the keyboard, so that a Russian layout works too.
  const pressed = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
  const wanted = [...document.querySelectorAll(`[data-key="${CSS.escape(pressed)}"]`)].find((one) => one.checkVisibility());
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("input, textarea, select")) wanted.focus();
  else wanted.click();
});
