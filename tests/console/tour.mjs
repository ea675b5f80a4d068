// A tour of 10,000 accounts: every step answers at once, and edits of all of them too.

import assert from 'node:assert/strict';
import { run } from './harness.mjs';

// Not a measurement (a busy machine is slow): nobody waits this long without thinking that it hangs.
const patience = 10_000;
const currencies = ['USD', 'CNY'];
const accounts = Array.from({ length: 10_000 }, (_, n) =>
  [n % 5 === 4 ? 'tencent' : 'alibaba', String(100_000 + n), `Account ${n}`, currencies[n % 2], (n * 37 + 1234) % 20_000 - 500, n % 20 !== 7]);

async function timed(what, page, act, wait) {
  const started = Date.now();
  await act();
  await wait();
  const took = Date.now() - started;
  console.log(`     ${what}: ${took} ms`);
  assert.ok(took < patience, `${what} took ${took} ms`);
}

await run({ accounts }, {
  'the tour': async (world) => {
    const page = await world.page();
    await world.logIn(page, world.exporter.url + '/accounts');
    const rows = page.locator('tbody tr');
    await rows.first().waitFor();
    const first = () => rows.first().locator('.id').textContent();
    // The list is new once another account is its first. (How long ago a row is of changes by itself.)
    const step = async (what, act) => {
      const before = await first();
      await timed(what, page, act, () => page.waitForFunction(
        (was) => (document.querySelector('tbody tr .id')?.textContent ?? was) !== was, before));
    };
    assert.ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 3000, 'the page stays small');
    await step('sort by credit', () => page.getByRole('button', { name: 'Available credit' }).click());
    await step('the other way', () => page.getByRole('button', { name: 'Available credit' }).click());
    await step('sort by runway', () => page.getByRole('button', { name: 'Runway' }).click());
    await step('sort by name, the other way', async () => {
      await page.getByRole('button', { name: 'Account', exact: true }).click();
      await page.getByRole('button', { name: 'Account', exact: true }).click();
    });
    await step('next page', () => page.getByRole('button', { name: 'Next page' }).click());
    await step('search', () => page.getByLabel('Search name, ID or contact').fill('105001'));
    await step('search no more', () => page.getByLabel('Search name, ID or contact').fill(''));
    await step('filter', () => page.getByLabel('Provider').selectOption('alibaba'));
    await step('filter no more', () => page.getByRole('button', { name: 'Clear filters' }).click());

    // "All that match" never comes to mean others, and never fewer in silence.
    const selected = page.locator('.action-bar strong');
    await step('filter again', () => page.getByLabel('Provider').selectOption('alibaba'));
    await page.getByLabel('Select all on this page').check();
    await page.getByRole('button', { name: 'Select all 7,500 that match' }).click();
    assert.equal(await selected.textContent(), '7,500 selected');
    await step('next page of what is selected', () => page.getByRole('button', { name: 'Next page' }).click());
    assert.equal(await selected.textContent(), '7,500 selected');
    await rows.first().getByRole('checkbox').uncheck();
    assert.equal(await selected.textContent(), 'Only 49 on this page stay selected, no longer all 7,500 that match');
    await world.look(page, 'tour-unticked');
    await page.getByRole('button', { name: 'Select all 7,500 that match' }).click();
    await step('back', () => page.goBack());
    assert.equal(await selected.textContent(), '7,500 selected', 'the same filter');
    await step('back to another filter', () => page.goBack());
    assert.equal(await selected.count(), 0);

    await page.getByLabel('Select all on this page').check();
    await page.getByRole('button', { name: 'Select all 9,500 that match' }).click();
    await page.getByRole('button', { name: 'Low Balance Alerts settings' }).click();
    await page.getByLabel('Threshold for all selected').fill('1000');
    const preview = page.getByRole('button', { name: 'Preview' });
    const counts = () => page.locator('dialog .counts span').allTextContents();
    await timed('preview of 9,500 accounts', page, () => preview.click(), () => page.getByLabel('Threshold in CNY').waitFor());
    await page.getByLabel('Threshold in CNY').fill('7000');
    await page.getByLabel('Threshold in USD').fill('1000');
    const apply = page.getByRole('button', { name: 'Apply to 9,500 accounts' });
    await timed('preview again', page, () => preview.click(), () => apply.waitFor());
    await world.look(page, 'tour-preview');
    assert.deepEqual(await counts(), ['9,500 change', '500 left out']);
    await page.getByText('and 9,500 more: 9,000 change, 500 left out').waitFor();
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await page.getByLabel('Include accounts that are known to have incurred no costs').check();
    await preview.click();
    await page.getByRole('button', { name: 'Apply to 10,000 accounts' }).waitFor();
    assert.deepEqual(await counts(), ['10,000 change']);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await page.getByLabel('Include accounts that are known to have incurred no costs').uncheck();
    await preview.click();
    await apply.waitFor();
    await timed('apply to 9,500 accounts', page, () => apply.click(), () => page.getByRole('button', { name: 'Done' }).waitFor());
    await page.getByRole('button', { name: 'Done' }).click();
    const { body } = await world.api(world.exporter)('GET', '/api/v1/accounts/summary');
    assert.equal(body.counts.enabled, 9500);
    // A few that change among very many that do not are to be seen.
    await page.getByLabel('Select all on this page').check();
    await page.getByRole('button', { name: 'Select all 9,500 that match' }).click();
    await page.getByRole('button', { name: 'Low Balance Alerts settings' }).click();
    await page.getByRole('radio', { name: 'Leave as it is' }).check();
    await page.getByLabel('Threshold for all selected').fill('1000');
    await preview.click();
    await page.getByLabel('Threshold in USD').fill('1000');
    await page.getByLabel('Threshold in CNY').fill('7000');
    assert.equal((await world.api(world.exporter)('PATCH', '/api/v1/accounts/tencent/109999/alerts/warning', { threshold: '1' })).status, 200);
    await preview.click();
    await page.getByText('and 9,500 more: 9,499 stay as they are, 1 left out').waitFor();
    assert.match(await page.locator('dialog tbody tr').first().textContent(), /tencent\/109999/);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await step('filter what is low', () => page.getByRole('button', { name: /^Low \d/ }).click());
    await world.look(page, 'tour-low');
    await page.context().close();
  },
});
