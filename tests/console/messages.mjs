// The messages console: the inbox, an account's story, deliveries, contacts; in both languages.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run, until } from './harness.mjs';

const words = {
  en: {
    unread: '2 unread', inbox: 'Inbox', low: 'Available credit is below the threshold from here on', alert: 'Alert', reminder: 'Reminder 1 of 5',
    notDue: 'The alert was sent; the next reminder is not due yet.',
    awaiting: 'Low because of a setting or from the start: the first alert goes out when available credit next changes.',
    sent: 'Sent', deliveries: 'Deliveries', contacts: 'Contacts', preview: 'Preview a message', kind: 'Kind', test: 'Send a test message', close: 'Close',
    delivered: 'Delivered', onItsWay: 'The test message is on its way.', as: 'As ops would get it', dead: 'Given up', resend: 'Send again', again: 'It will be sent again now.',
    expired: /^expired; the last attempt: cannot make the folder/, arrived: 'Not sent again: it has been delivered.',
  },
  zh: {
    unread: '2 条未读', inbox: '收件箱', low: '可用额度自此低于预警阈值', alert: '预警', reminder: '第 1 次提醒（共 5 次）',
    notDue: '预警已发送，下次提醒时间未到。',
    awaiting: '因设置或初始数据而低于阈值：首次预警将在可用额度下次变动时发出。',
    sent: '已发送', deliveries: '投递', contacts: '联系人', preview: '预览消息', kind: '类型', test: '发送测试消息', close: '关闭',
    delivered: '已送达', onItsWay: '测试消息已发出', as: 'ops 将收到的内容', dead: '投递失败', resend: '重新发送', again: '即将重新发送。',
    expired: /^已过期；最后一次尝试：cannot make the folder/, arrived: '未重新发送：已经送达。',
  },
};

const evil = '<img src=x onerror=alert(1)>';
const seconds = (ms) => (ms / 1000).toFixed(3);

// As Prometheus and Alertmanager say it.
function low(account, { name, contact, credit, changed, began: since }) {
  const now = Date.now();
  return {
    status: 'firing', startsAt: new Date(since).toISOString(), endsAt: '0001-01-01T00:00:00Z', generatorURL: '', fingerprint: account,
    labels: { alertname: 'LowBalance', provider: 'alibaba', account_id: account, currency: 'USD', level: 'warning', severity: 'warning', shard: '1' },
    annotations: {
      summary: '',
      lowbalance_facts: `evaluated_at=${seconds(now)} available_credit=${credit}.000000 threshold=100.000000 low=${seconds(since)} `
        + (changed ? `first_change=${seconds(since)} ` : '') + `last_success=${seconds(now)} account_name=${JSON.stringify(name)} contact=${JSON.stringify(contact)}`,
    },
  };
}

async function notify(world, alerts) {
  const response = await fetch(world.webhook.url + '/api/v1/alerts', {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      version: '4', receiver: 'lowbalance', status: 'firing', alerts, groupKey: '{}', groupLabels: {}, commonLabels: {},
      commonAnnotations: {}, externalURL: '', truncatedAlerts: 0,
    }),
  });
  assert.equal(response.status, 200, await response.text());
}

const tests = {
  'the story begins': async (world) => {
    const began = Date.now() - 60_000;
    const picture = () => [
      low('17', { name: evil, contact: 'finance', credit: 90, changed: true, began }),
      low('18', { name: 'Northwind', contact: 'ops', credit: 80, changed: true, began }),
      low('19', { name: 'Waiting', contact: 'finance', credit: 70, changed: false, began }),
      low('20', { name: 'Waiting too', contact: 'ops', credit: 60, changed: false, began }),
    ];
    await notify(world, picture());
    await until('the mails', async () =>
      (await world.api(world.webhook)('GET', '/api/v1/deliveries?state=pending')).body.deliveries.length === 0);
    // The heartbeat: the same picture, seen later.
    await notify(world, picture());
  },
};

for (const lang of ['en', 'zh']) {
  const w = words[lang];
  tests[`${lang}: the inbox`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, world.webhook.url + '/inbox');
    if (lang === 'en') await page.getByText(w.unread).waitFor();
    const letter = page.locator('.inbox .unread .open').last();
    await letter.waitFor();
    assert.equal(await page.locator('.inbox img').count(), 0, 'markup is text');
    await world.look(page, `inbox-${lang}`);
    const unread = async () => (await world.api(world.webhook)('GET', '/api/v1/inbox')).body.unread;
    const before = await unread();
    await letter.click();
    await page.locator('.letter').waitFor();
    await until('it is read', async () => (await unread()) === before - 1);
    await world.look(page, `inbox-open-${lang}`);
    await page.context().close();
  };

  tests[`${lang}: the story of an account, and why nothing is sent`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, world.webhook.url + '/messages');
    await page.getByRole('link', { name: 'Northwind' }).first().click();
    await page.getByText(w.low).waitFor();
    await page.getByText(w.notDue).waitFor();
    await page.getByText(w.reminder, { exact: false }).waitFor();
    await world.look(page, `story-${lang}`);
    await page.goto(world.webhook.url + '/messages/alibaba/19');
    await page.getByText(w.awaiting).waitFor();
    await world.look(page, `story-awaiting-${lang}`);
    await page.context().close();
  };

  tests[`${lang}: preview and test message`] = async (world) => {
    const page = await world.page({ lang, dark: lang === 'zh' });
    await world.logIn(page, world.webhook.url + '/contacts');
    await page.getByRole('button', { name: w.preview }).last().click();
    await page.getByText(w.as).waitFor();
    // The contact reads Chinese, whoever looks.
    await page.locator('.letter-frame').getByText(/余额|额度/).first().waitFor();
    await page.getByLabel(w.kind).selectOption('reminder');
    await page.getByText('第 1 次提醒（共 5 次）', { exact: false }).first().waitFor();
    await world.look(page, `preview-${lang}`);
    await page.keyboard.press('Escape');
    const before = (await world.api(world.webhook)('GET', '/api/v1/messages')).body.messages.length;
    await page.getByRole('button', { name: w.test }).first().click();
    await page.locator('dialog').getByRole('button', { name: w.test }).click();
    await page.getByText(w.onItsWay).waitFor();
    await world.look(page, `test-${lang}`);
    const { messages } = (await world.api(world.webhook)('GET', '/api/v1/messages')).body;
    assert.equal(messages.length, before + 1);
    assert.equal(messages[0].kind, 'test');
    await page.context().close();
  };

  tests[`${lang}: deliveries, on a phone`] = async (world) => {
    const page = await world.page({ lang, phone: true });
    await world.logIn(page, world.webhook.url + '/deliveries?state=delivered');
    await page.locator('tbody tr').first().waitFor();
    await world.look(page, `deliveries-${lang}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    await page.goto(world.webhook.url + '/messages');
    await page.locator('tbody tr').first().waitFor();
    await world.look(page, `sent-${lang}`);
    await page.context().close();
  };
}

for (const lang of ['en', 'zh']) {
  const w = words[lang];
  tests[`${lang}: what was given up is sent again, once`] = async (world) => {
    // A file where the folder of mails should be.
    const outbox = join(world.folder, 'outbox');
    rmSync(outbox, { recursive: true });
    world.write('outbox', 'in the way');
    assert.equal((await world.api(world.webhook)('POST', '/api/v1/contacts/finance/test', {})).status, 200);
    await until('it is given up', async () =>
      (await world.api(world.webhook)('GET', '/api/v1/deliveries?state=dead')).body.deliveries.length === 1);
    const [page, late] = [await world.page({ lang }), await world.page({ lang })];
    for (const each of [page, late]) {
      await world.logIn(each, world.webhook.url + '/deliveries');
      await each.getByText('finance@example.com').waitFor();
    }
    await page.getByText(w.expired).waitFor();
    await world.look(page, `dead-letter-${lang}`);
    rmSync(outbox);
    mkdirSync(outbox);
    // The other page does not hear of it.
    await late.route('**/api/v1/deliveries?*', (route) => route.abort());
    await page.getByRole('button', { name: w.resend }).click();
    await page.getByText(w.again).waitFor();
    await until('it arrives', () => readdirSync(outbox).some((name) => name.endsWith('.eml')));
    await until('it is known to have', async () =>
      (await world.api(world.webhook)('GET', '/api/v1/deliveries?state=dead')).body.deliveries.length === 0);
    await late.getByRole('button', { name: w.resend }).click();
    await late.getByText(w.arrived).waitFor();
    await world.look(late, `sent-twice-${lang}`);
    assert.equal(readdirSync(outbox).filter((name) => name.endsWith('.eml')).length, 1);
    await page.context().close();
    await late.context().close();
  };
}

tests["a contact reads its own inbox alone, and a viewer's reading leaves no mark"] = async (world) => {
  const olga = world.api(world.webhook, 'olga');
  const inbox = (await olga('GET', '/api/v1/inbox')).body;
  assert.deepEqual(inbox.recipients, ['ops']);
  assert.ok(inbox.messages.every((entry) => entry.recipient === 'ops'));
  assert.equal((await olga('GET', '/api/v1/inbox?recipient=finance')).body.messages.length, 0);
  const all = (await world.api(world.webhook)('GET', '/api/v1/inbox?recipient=finance')).body.messages;
  assert.equal((await olga('POST', `/api/v1/inbox/${all[0].id}/read`)).status, 404);
  assert.ok((await olga('GET', '/api/v1/messages')).body.messages.every((message) => message.contact === 'ops'));
  const foreign = (await world.api(world.webhook)('GET', '/api/v1/messages')).body.messages.find((message) => message.contact === 'finance');
  assert.equal((await olga('GET', `/api/v1/messages/${foreign.id}`)).status, 404);
  assert.equal((await olga('GET', '/api/v1/episodes?account_id=17')).body.episodes.length, 0);
  assert.equal((await olga('GET', '/api/v1/episodes?account_id=18')).body.episodes.length, 1);
  // One's own accounts are one's own before the first message; another's are not.
  // (The one has been told, and may have been looked at again since.)
  const own = (await olga('GET', '/api/v1/episodes')).body.episodes;
  assert.deepEqual(own.map((one) => one.account_id), ['18', '20']);
  assert.equal(own[1].reason, 'awaiting_first_change');
  assert.deepEqual((await olga('GET', '/api/v1/contacts')).body.contacts.map((contact) => contact.name), ['ops']);
  assert.equal((await olga('POST', '/api/v1/contacts/finance/preview', {})).status, 404);
  assert.equal((await olga('POST', '/api/v1/contacts/ops/test', {})).status, 403);
  assert.equal((await world.api(world.webhook, 'vera')('POST', `/api/v1/inbox/${all[0].id}/read`)).status, 403);
};

await run({ accounts: [['alibaba', '17', 'Acme', 'USD', 90]], webhook: true }, tests);
