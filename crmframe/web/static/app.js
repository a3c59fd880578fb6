// What HTML alone cannot do. Every page works without it.

/** Counts the selected rows and shows the bar for them. */
const selection = () => {
  const bar = document.querySelector("[data-selbar]");
  if (!bar) return;
  const boxes = [...document.querySelectorAll('tbody input[name="id"]')];
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr").ariaSelected = String(box.checked);
  bar.querySelector("[data-selected]").textContent = chosen.length;
  const all = document.querySelector("[data-all]");
  all.checked = chosen.length > 0 && chosen.length === boxes.length;
  all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
};

const choose = (checked) => {
  for (const box of document.querySelectorAll('tbody input[name="id"]')) box.checked = checked;
  selection();
};

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.matches("[data-all]")) choose(target.checked);
  else if (target.matches('tbody input[name="id"]')) selection();
  if (target.matches("select, input[type=date]") && target.form?.hasAttribute("data-autosubmit")) {
    if (target.value || target.form.method === "get") target.form.requestSubmit();
  }
});

/** Whoever fills in a field of a bulk change means to change it. */
document.addEventListener("input", (event) => {
  const line = event.target.closest("[data-bulk] .c-bulkform > .row");
  const tick = line?.querySelector('input[name="field"]');
  if (tick && event.target !== tick) tick.checked = true;
});

/** Closes what hangs open when the click goes elsewhere. */
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.c-adder[open], details.c-user[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
  if (event.target.closest("[data-none]")) choose(false);
  const menu = event.target.closest("[data-menu]");
  if (menu) {
    event.preventDefault();
    const shown = document.body.classList.toggle("is-menu");
    menu.ariaExpanded = String(shown);
  } else if (!event.target.closest(".c-side")) {
    document.body.classList.remove("is-menu");
  }
});

/** Copies the address of a record, or a text; the button shows where the browser can. */
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const { text, copy } = button.dataset;
    await navigator.clipboard.writeText(text ?? new URL(copy, location.origin).href);
    button.closest("details").open = false;
  });
}

/** Opens the dialog to print. */
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

/** F makes the record a favorite, or none any more. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  document.querySelector("[data-favorite]")?.click();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.c-adder[open], details.c-user[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
  document.body.classList.remove("is-menu");
});

/** The result of the last request goes after eight seconds, and its mark leaves the address at once. */
const toast = document.querySelector("[data-toast]");
if (toast) {
  const here = new URL(location.href);
  here.searchParams.delete("done");
  history.replaceState(null, "", here);
  let timer;
  const wait = () => { timer = setTimeout(() => toast.remove(), 8000); };
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusin", () => clearTimeout(timer));
  wait();
}
selection();

/** The menu may be longer than the screen: where one is stays in view. */
document.querySelector(".c-nav [aria-current]")?.scrollIntoView({ block: "nearest" });
