// Cuts what the pages use out of the packages of ui/node_modules and puts it into static/dist/.
// Called by build.sh, which says what it needs and when it may be skipped.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const dist = join(here, "..", "static", "dist");

const PARTS = {
  button: "Button", textarea: "Textarea", input: "Input", "native-select": "Native Select",
  checkbox: "Checkbox", radio: "Radio", field: "Field", label: "Label",
};
const SUBSETS = ["cyrillic-ext", "cyrillic", "latin-ext", "latin"];

function cutBasecoat() {
  // The style is published as one sheet with a heading over each component: all of it would be 180 kB.
  const source = join(packages, "basecoat-css", "dist");
  const style = readFileSync(join(source, "styles", "nova.css"), "utf8").split(/^\s*\/\* ([A-Z][A-Za-z ]+) \*\/$/m);
  const rules = Object.values(PARTS).map((heading) => {
    const at = style.indexOf(heading);
    if (at < 0) throw new Error(`Basecoat's style has no part called ${heading}.`);
    return style[at + 1];
  });
  const imports = ["base/base.css", ...Object.keys(PARTS).map((part) => `components/${part}.css`)];
  mkdirSync(join(packages, ".belt"), { recursive: true });
  writeFileSync(
    join(packages, ".belt", "basecoat.css"),
    imports.map((path) => `@import "../basecoat-css/dist/${path}";\n`).join("") + `@layer components {\n${rules.join("\n")}\n}\n`,
  );
}

function cutFonts() {
  const source = join(packages, "@fontsource-variable", "inter");
  const faces = readFileSync(join(source, "index.css"), "utf8").split(/(?=\/\* inter-)/);
  mkdirSync(join(dist, "inter"), { recursive: true });
  const kept = SUBSETS.map((subset) => {
    const face = faces.find((text) => text.startsWith(`/* inter-${subset}-wght-normal */`));
    if (!face) throw new Error(`Inter has no subset called ${subset}.`);
    const file = `inter-${subset}-wght-normal.woff2`;
    copyFileSync(join(source, "files", file), join(dist, "inter", file));
    return face.replace("./files/", "./");
  });
  writeFileSync(join(dist, "inter", "inter.css"), kept.join(""));
}

function cutIcons() {
  const names = readFileSync(join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean);
  const symbols = names.map((name) => {
    const svg = readFileSync(join(packages, "@tabler", "icons", "icons", "outline", `${name}.svg`), "utf8");
    const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
  });
  writeFileSync(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

mkdirSync(dist, { recursive: true });
cutBasecoat();
cutFonts();
cutIcons();
copyFileSync(join(packages, "sortablejs", "Sortable.min.js"), join(dist, "sortable.min.js"));
