// Dragging a card to another column posts the card's own "Move to" form; a refusal puts the card back and says why.
const board = document.querySelector("[data-board]");

function say(words) {
  document.dispatchEvent(new CustomEvent("page:tell", { detail: { words, tone: "error" } }));
}

function putBack({ item, from, oldIndex }) {
  from.insertBefore(item, from.children[oldIndex] ?? null);
}

// Figures over the columns and on the cards have changed, and the server's next page has them; the board stays where it was scrolled.
function renew(page) {
  const fresh = page.querySelector("[data-board]");
  if (!fresh) {
    location.reload();
    return;
  }
  board.replaceChildren(...fresh.childNodes);
  window.htmx.process(board);
  document.getElementById("toasts").append(...page.querySelectorAll("#flashes > .flash"));
  equip();
}

async function move(drop) {
  const form = drop.item.querySelector("[data-move-form]");
  const sent = new FormData(form);
  sent.set("step", drop.to.dataset.step);
  drop.item.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: sent });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) {
      renew(page);
    } else {
      putBack(drop);
      say(page.querySelector("[data-refused]")?.textContent.trim() ?? document.body.dataset.wentWrong);
    }
  } catch {
    putBack(drop);
    say(document.body.dataset.offline);
  } finally {
    drop.item.removeAttribute("aria-busy");
  }
}

// The way out of the stage needs a brief, so the card opens its page; one that cannot leave yet hears why.
function leave(drop) {
  putBack(drop);
  if (drop.item.dataset.out) location.assign(drop.item.dataset.out);
  else say(drop.to.dataset.cannot);
}

function equip() {
  for (const column of board.querySelectorAll("[data-step], [data-way-out]")) {
    window.Sortable.create(column, {
      group: board.dataset.board,
      draggable: "[data-drag]",
      filter: "a, button, summary, .drop-body",
      preventOnFilter: false,
      ghostClass: "drag-ghost",
      chosenClass: "drag-chosen",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 240,
      delay: 180,
      delayOnTouchOnly: true,
      onEnd: (drop) => {
        if ("wayOut" in drop.to.dataset) leave(drop);
        else if (drop.from !== drop.to) move(drop);
      },
    });
  }
}

if (board) equip();
