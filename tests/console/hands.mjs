// A person at the two consoles of programs that somebody else started: does what each line of standard
// input says, in a real Chromium, and answers each with a line of JSON: what was to be seen.
//
//   node hands.mjs --npm NODE_MODULES --screenshots FOLDER ACCOUNTS_URL MESSAGES_URL USER PASSWORD

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { World } from './harness.mjs';

const [exporter, webhook, user, secret] = process.argv.slice(-4);
const world = new World();
await world.open();
const pages = {};

async function at(console, path) {
  const url = { accounts: exporter, messages: webhook }[console] + path;
  if (pages[console]) await pages[console].goto(url);
  else await world.logIn(pages[console] = await world.page(), url, user, secret);
  return pages[console];
}

const text = (page, selector) => page.locator(selector).first().innerText();

// OK in the dialog that is open; answers with what the dialog and then the page said.
async function agree(page, name) {
  const dialog = await text(page, 'dialog');
  await world.look(page, `chain-${name}`);
  await page.locator('dialog').getByRole('button', { name: 'OK', exact: true }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  return { dialog, page: await text(page, 'main') };
}

const can = {
  async enable(account, threshold) {
    const page = await at('accounts', '/accounts/' + account);
    await page.getByRole('switch', { name: 'Low Balance Alerts' }).click();
    await page.getByLabel('Threshold in USD').fill(threshold);
    await page.getByText(/first alert goes out|An alert goes out/).waitFor();
    return agree(page, 'enable');
  },
  async threshold(account, threshold) {
    const page = await at('accounts', '/accounts/' + account);
    await page.getByRole('button', { name: 'Modify threshold', exact: true }).click();
    const field = page.getByLabel('Threshold in USD');
    await field.fill(threshold);
    await page.waitForTimeout(700);  // The dialog says what will happen once one stops typing.
    return agree(page, 'threshold');
  },
  async disable(account) {
    const page = await at('accounts', '/accounts/' + account);
    await page.getByRole('switch', { name: 'Low Balance Alerts' }).click();
    return agree(page, 'disable');
  },
  async story(account) {
    const page = await at('messages', '/messages/' + account);
    await page.locator('main .card').first().waitFor();
    await world.look(page, 'chain-story');
    return { page: await text(page, 'main') };
  },
  async letter(account) {
    const page = await at('messages', '/inbox');
    await page.locator('.inbox .open', { hasText: account }).first().click();
    await page.locator('.letter').waitFor();
    await world.look(page, 'chain-letter');
    return { page: await text(page, '.letter') };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, ...words] = line.split(' ');
  try {
    const seen = await can[verb](...words);
    assert.deepEqual(world.errors, []);
    console.log(JSON.stringify(seen));
  } catch (error) {
    console.log(JSON.stringify({ failed: `${line}: ${error.stack}` }));
  }
}
await world.browser.close();
