// The search box: "/" goes to it, arrows walk through what it offers, Enter opens it. Without this it is a plain form.

const box = document.querySelector("[data-find]");
const list = document.querySelector("#found");

if (box && list) {
  const options = () => [...list.querySelectorAll('[role="option"]')];
  const current = () => list.querySelector('[aria-selected="true"]');

  const show = (open) => {
    list.hidden = !open || !options().length;
    box.ariaExpanded = String(!list.hidden);
    if (list.hidden) box.removeAttribute("aria-activedescendant");
  };

  const choose = (option) => {
    for (const each of options()) each.ariaSelected = String(each === option);
    if (!option) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const all = options();
    const at = all.indexOf(current());
    choose(at < 0 ? all.at(by > 0 ? 0 : -1) : all[at + by]);
  };

  new MutationObserver(() => show(document.activeElement === box && box.value.trim() !== "")).observe(list, { childList: true });
  box.addEventListener("focus", () => show(box.value.trim() !== ""));
  box.addEventListener("input", () => { if (!box.value.trim()) show(false); });

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      show(true);
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !list.hidden && current()) {
      event.preventDefault();
      location.assign(current().href);
    } else if (event.key === "Escape") {
      show(false);
      box.blur();
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (getComputedStyle(box.closest(".c-side")).display === "none") document.body.classList.add("is-menu");
    box.focus();
    box.select();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest(".c-find")) show(false);
  });
}
