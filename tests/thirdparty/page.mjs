// A person at local-slack's page: does the steps on standard input, prints what was seen as JSON.
// usage: node page.mjs PLAYWRIGHT CHROMIUM URL < steps.json
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [playwright, executablePath, url] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const browser = await chromium.launch({ executablePath, headless: true, args: flags });
const page = await browser.newPage({
  viewport: { width: 1180, height: 1500 }, deviceScaleFactor: 1.5,
});
page.setDefaultTimeout(60_000);
await page.goto(url);
const seen = {};

const steps = {
  goTo: (name) => page.locator(".sidebar-item", { hasText: name }).first().click(),
  actAs: (name) => page.locator(".actas select").selectOption({ label: name }),
  type: async (text) => {
    await page.locator("textarea.composer-input").fill(text);
    await page.locator("textarea.composer-input").press("Enter");
  },
  press: (label) => page.locator("button.bk-button", { hasText: label }).last().click(),
  click: (text) => page.getByText(text, { exact: true }).first().click(),
  wait: (text) => page.locator("main").getByText(text).last().waitFor(),
  gone: (text) => page.locator("main").getByText(text).last().waitFor({ state: "hidden" }),
  picture: () => page.waitForFunction(() => {
    const images = [...document.querySelectorAll(".bk-image img")];
    return images.length && images.every((image) => image.complete && image.naturalWidth > 0);
  }),
  pause: (ms) => page.waitForTimeout(ms),
  shoot: (path) => page.screenshot({ path }),
  shootLast: async (path) => {
    const blocks = page.locator(".blocks").last();
    await blocks.scrollIntoViewIfNeeded();
    await blocks.screenshot({ path });
  },
  read: async (name) => {
    seen[name] = await page.evaluate(() => ({
      text: document.querySelector("main").innerText,
      images: [...document.querySelectorAll(".bk-image img")].map((image) => ({
        width: image.naturalWidth, height: image.naturalHeight, alt: image.alt,
      })),
      buttons: [...document.querySelectorAll(".bk-button")].map((button) => button.innerText),
    }));
  },
};

try {
  for (const [step, argument] of JSON.parse(readFileSync(0, "utf8"))) await steps[step](argument);
} catch (error) {
  seen.error = String(error);
  await steps.read("end");
}
await browser.close();
console.log(JSON.stringify(seen));
