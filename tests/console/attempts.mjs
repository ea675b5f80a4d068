// What must not work, tried on the running programs: edits without a login, with another's, from another site,
// with what is out of date, by halves; names with markup, names of a megabyte.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { password, run, until } from './harness.mjs';

const evil = '"><svg onload=alert(1)><b>bold</b>{{7*7}}${7*7}\u202e';
const accounts = [
  ['alibaba', '17', 'Acme', 'USD', 90], ['alibaba', '18', evil, 'USD', 50], ['alibaba', '<i>19</i>', 'x'.repeat(1000), 'USD', 5],
  ['tencent', '20', 'Northwind', 'USD', 250],
];
const edit = { enabled: true, threshold: '100' };
const alert = '/api/v1/accounts/alibaba/17/alerts/warning';

async function settings(world) {
  return (await world.api(world.exporter)('GET', '/api/v1/settings.csv')).body;
}

// The tried thing is refused with one of `statuses`, and nothing has changed.
async function refused(world, statuses, attempt) {
  const before = await settings(world);
  const { status } = await attempt();
  assert.ok(statuses.includes(status), `status ${status}`);
  assert.equal(await settings(world), before);
}

async function cookieOf(program, user) {
  const response = await fetch(program.url + '/api/v1/session', { method: 'POST', body: JSON.stringify({ user, password }) });
  assert.equal(response.status, 200);
  return response.headers.get('set-cookie').split(';')[0];
}

await run({ accounts, webhook: true, extra: '  accounts: [{provider: tencent, account_id: "20", contact: ops}]' }, {
  'without a login': async (world) => {
    const plain = (method, path, body, headers) =>
      fetch(world.exporter.url + path, { method, headers, body: body && JSON.stringify(body) });
    await refused(world, [401], () => plain('PATCH', alert, edit));
    await refused(world, [401], () => plain('POST', '/api/v1/accounts/edits', { select: '', ...edit }));
    await refused(world, [401], () => plain('PATCH', alert, edit, { cookie: 'lowbalance_00000000=61646d696e.9999999999999.00' }));
    for (const path of ['/api/v1/accounts', '/api/v1/edits', '/api/v1/edits.csv', '/api/v1/settings.csv', '/api/v1/accounts/summary']) {
      const response = await plain('GET', path);
      assert.equal(response.status, 401, path);
      assert.doesNotMatch(await response.text(), /Acme/);
    }
    for (const path of ['/api/v1/inbox', '/api/v1/messages', '/api/v1/deliveries', '/api/v1/episodes', '/api/v1/contacts']) {
      assert.equal((await fetch(world.webhook.url + path)).status, 401, path);
    }
    assert.equal((await plain('GET', '/metrics')).status, 401, 'metrics have a login where there are users');
    assert.equal((await plain('GET', '/-/healthy')).status, 200);
  },

  "with a viewer's login, and with a contact's on another's account": async (world) => {
    await refused(world, [403], () => world.api(world.exporter, 'vera')('PATCH', alert, edit));
    await refused(world, [403], () => world.api(world.exporter, 'vera')('POST', '/api/v1/accounts/edits', { select: '', ...edit }));
    const olga = world.api(world.exporter, 'olga');
    await refused(world, [404], () => olga('PATCH', alert, edit));
    await refused(world, [422], () => olga('POST', '/api/v1/accounts/edits',
      { accounts: [{ provider: 'tencent', account_id: '20' }, { provider: 'alibaba', account_id: '17' }], ...edit }));
    assert.equal((await olga('GET', '/api/v1/accounts/alibaba/17')).status, 404);
    assert.equal((await olga('GET', '/api/v1/accounts?select=account%3D17')).body.total, 0);
    assert.equal((await olga('PATCH', '/api/v1/accounts/tencent/20/alerts/warning', edit)).status, 200, 'its own it may');
  },

  'from another site': async (world) => {
    const cookie = await cookieOf(world.exporter, 'admin');
    const send = (headers) => () => fetch(world.exporter.url + alert,
      { method: 'PATCH', headers: { cookie, ...headers }, body: JSON.stringify(edit) });
    await refused(world, [403], send({}));
    await refused(world, [403], send({ 'x-lowbalance-console': '1', origin: 'https://evil.example' }));
    await refused(world, [403], send({ 'x-lowbalance-console': '1', origin: world.webhook.url }));
    assert.equal((await send({ 'x-lowbalance-console': '1', origin: world.exporter.url })()).status, 200, 'our own page may');

    // And as a browser does it: a page of another site, with the login's cookie in the jar.
    const site = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<title>elsewhere</title>');
    });
    await new Promise((done) => site.listen(0, '127.0.0.1', done));
    const page = await world.page();
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    const tried = await page.evaluate(async ([url, body]) => {
      const all = [];
      for (const options of [{ mode: 'no-cors' }, { mode: 'cors', credentials: 'include', headers: { 'X-Lowbalance-Console': '1' } }]) {
        all.push(await fetch(url, { method: 'POST', body, credentials: 'include', ...options }).then((r) => r.type, () => 'blocked'));
      }
      const frame = document.createElement('iframe');
      frame.src = new URL('/accounts', url);
      document.body.append(frame);
      await new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
      all.push(frame.contentDocument === null ? 'not readable' : frame.contentDocument.body.textContent);
      return all;
    }, [world.exporter.url + '/api/v1/accounts/edits', JSON.stringify({ select: '', enabled: false })]);
    assert.deepEqual(tried, ['opaque', 'blocked', 'not readable']);
    world.errors = world.errors.filter((error) => !/CORS|frame|Refused|ancestors/i.test(error));
    const account = (await world.api(world.exporter)('GET', '/api/v1/accounts/alibaba/17')).body;
    assert.equal(account.alerts[0].enabled, true, 'nothing was switched off');
    await page.context().close();
    site.close();
  },

  'with what is out of date': async (world) => {
    const api = world.api(world.exporter);
    const seen = await api('GET', '/api/v1/accounts/alibaba/17');
    assert.equal((await api('PATCH', alert, { threshold: '55' })).status, 200);
    await refused(world, [412], () => api('PATCH', alert, { threshold: '66' }, { 'if-match': seen.headers.get('etag') }));
    const late = await api('PATCH', alert, { threshold: '66' }, { 'if-match': seen.headers.get('etag') });
    assert.match(late.body.error.message, /admin set warning from enabled at 100.00 USD to enabled at 55.00 USD at .* through api/);
    const wish = { select: 'provider=alibaba', enabled: true, threshold: '70' };
    const { basis } = (await api('POST', '/api/v1/accounts/edits', { ...wish, dry_run: true })).body;
    assert.equal((await api('PATCH', alert, { threshold: '56' })).status, 200);
    await refused(world, [409], () => api('POST', '/api/v1/accounts/edits', { ...wish, basis }));
  },

  'by halves': async (world) => {
    const api = world.api(world.exporter);
    await refused(world, [422], () => api('POST', '/api/v1/accounts/edits',
      { accounts: [{ provider: 'alibaba', account_id: '17' }, { provider: 'alibaba', account_id: 'gone' }], ...edit }));
    await refused(world, [422], () => api('POST', '/api/v1/accounts/edits',
      { csv: 'provider,account_id,threshold\nalibaba,17,1\nalibaba,18,2\nalibaba,18,oops\ntencent,20,4\n' }));
    await refused(world, [422], () => api('POST', '/api/v1/accounts/edits',
      { select: 'provider=alibaba', enabled: true, threshold: '9', currency: 'CNY' }));
  },

  'names with markup, names of a megabyte': async (world) => {
    const page = await world.page();
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.getByText('<b>bold</b>').waitFor();
    assert.equal(await page.locator('tbody svg, tbody b').count(), 0);
    await world.look(page, 'names');
    const height = await page.locator('tbody tr').last().evaluate((row) => row.getBoundingClientRect().height);
    assert.ok(height < 200, 'a long name does not push everything else away');
    await page.goto(world.exporter.url + '/accounts/alibaba/' + encodeURIComponent('<i>19</i>'));
    await page.locator('.figure').waitFor();
    await page.getByText('alibaba/<i>19</i>').first().waitFor();
    await world.look(page, 'long-name');
    await page.context().close();
    // A name of a megabyte fails its source's poll, named, and changes nothing.
    const before = await settings(world);
    world.balances([...accounts.slice(0, 3), ['tencent', '20', 'x'.repeat(1_000_000), 'USD', 1]]);
    await until('the poll to fail', () => /poll failed.*account_name: longer than 1024 bytes/.test(world.exporter.log));
    assert.ok(world.exporter.log.length < 100_000, 'the log does not repeat it');
    assert.equal(await settings(world), before);
    const huge = await world.api(world.exporter)('PATCH', alert, { threshold: '1'.repeat(1_000_000) });
    assert.equal(huge.status, 413);
    const select = await world.api(world.exporter)('POST', '/api/v1/accounts/edits', { select: 'name=' + 'x'.repeat(1_000_000), enabled: true });
    assert.equal(select.status, 400);
    assert.ok(JSON.stringify(select.body).length < 1000);
  },

  'guessing': async (world) => {
    const guess = (user) => fetch(world.exporter.url + '/api/v1/session',
      { method: 'POST', body: JSON.stringify({ user, password: 'guess' }) });
    const statuses = [];
    for (let n = 0; n < 8; ++n) statuses.push((await guess('vera')).status);
    assert.ok(statuses.slice(0, 5).every((status) => status === 401), statuses.join());
    assert.ok(statuses.slice(5).includes(429), statuses.join());
    assert.equal((await guess('admin')).status, 401, 'nobody else has to wait');
  },

  'the pages allow nothing from elsewhere': async (world) => {
    for (const url of [world.exporter.url + '/accounts', world.webhook.url + '/messages']) {
      const response = await fetch(url);
      const policy = response.headers.get('content-security-policy');
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|http|\*/);
      assert.equal(response.headers.get('x-frame-options'), 'DENY');
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    }
    const login = await fetch(world.exporter.url + '/api/v1/session', { method: 'POST', body: JSON.stringify({ user: 'admin', password }) });
    assert.match(login.headers.get('set-cookie'), /; HttpOnly; SameSite=Strict/);
    const cookie = login.headers.get('set-cookie').split(';')[0];
    assert.equal((await fetch(world.webhook.url + '/api/v1/session', { headers: { cookie } })).status, 200, 'one login for both');
  },
});
