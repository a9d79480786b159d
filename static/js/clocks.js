// Clocks of an open page go on: every half minute the arc and the words follow. The words are the server's, in its language.
const page = document.documentElement;
const words = JSON.parse(page.dataset.clockWords);
const plural = new Intl.PluralRules(page.lang);
// A wrong clock on this machine must not lie about the firm's.
const ahead = Date.now() / 1000 - Number(page.dataset.now);
const MINUTE = 60, HOUR = 3600, DAY = 86400;

const fill = (pattern, values) => pattern.replace(/%\((\w+)\)[ds]/g, (_, name) => values[name]);

function span(seconds) {
  const hours = Math.floor(seconds / HOUR), minutes = Math.floor((seconds % HOUR) / MINUTE);
  if (!hours) return fill(words.minutes, { minutes: Math.max(minutes, 1) });
  return fill(minutes && seconds < 2 * HOUR ? words.both : words.hours, { hours, minutes });
}

function said(seconds, near, far) {
  if (seconds < DAY) return fill(near, { span: span(seconds) });
  const days = Math.floor(seconds / DAY);
  return fill(far[plural.select(days)], { days });
}

function runOut(clock) {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
  mark.setAttribute("class", "clock-mark");
  mark.setAttribute("d", "M10 6v4.6M10 13.6v.1");
  clock.querySelector(".clock-arc")?.replaceWith(mark);
}

function move(clock, now) {
  const from = Number(clock.dataset.from), due = Number(clock.dataset.due), left = due - now;
  clock.dataset.state = left <= 0 ? "over" : now >= Number(clock.dataset.soon) ? "soon" : "ok";
  if (left <= 0) runOut(clock);
  else clock.querySelector(".clock-arc")?.setAttribute("stroke-dasharray", `${Math.min(Math.round((100 * left) / (due - from || left)), 100)} 100`);
  if ("said" in clock.dataset) return;
  const line = clock.querySelector("span");
  const next = left > 0 ? said(left, words.left, words.daysLeft) : said(-left < HOUR ? -left : Math.floor(-left / HOUR) * HOUR, words.late, words.daysLate);
  if (line.textContent !== next) line.textContent = next;
}

function tick() {
  const now = Date.now() / 1000 - ahead;
  for (const clock of document.querySelectorAll(".clock[data-due]")) move(clock, now);
}

setInterval(() => document.hidden || tick(), 30_000);
document.addEventListener("visibilitychange", () => document.hidden || tick());
