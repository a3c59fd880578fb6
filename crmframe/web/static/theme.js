// Before the first paint: Basecoat and our tokens go dark by the class, the class follows the system.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
follow();
dark.addEventListener("change", follow);
document.documentElement.classList.add("js");
