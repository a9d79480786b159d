// The bell asks for its count now and then; only while somebody looks, and never aloud when it gets no answer.
const frame = document.querySelector(".top-frame");
const bell = () => document.getElementById("bell");

if (bell()) {
  let asleep = false;
  frame.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === bell() && (document.hidden || asleep)) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !asleep) window.htmx.trigger(bell(), "bell:look");
  });
  // Nobody asked for it, so nobody is told that it did not come; after signing out it asks no more.
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    frame.addEventListener(failure, (event) => {
      if (event.target !== bell()) return;
      event.stopPropagation();
      if (event.detail.xhr?.status === 401) asleep = true;
    });
  }
}
