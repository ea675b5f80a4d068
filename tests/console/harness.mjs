// Our programs on loopback, in a fresh folder, and a real Chromium to look at them with.
//
//   node TEST.mjs --bin FOLDER --npm NODE_MODULES --screenshots FOLDER

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const option = (name) => resolve(process.argv[process.argv.indexOf('--' + name) + 1]);
const require = createRequire(join(option('npm'), '/'));
const { chromium } = require('playwright-core');
const axePath = require.resolve('axe-core/axe.min.js');

// bcrypt of "secret", at its cheapest.
const hash = '$2b$04$PAWgsMNhzxgQrC9OYRTen.IzcqIO.QA9/P0lHWzyc.OC3NnJLSSQG';
export const password = 'secret';

export async function until(what, condition, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// One of our programs; `url` is where it listens.
class Program {
  constructor(name, folder) {
    this.name = name;
    this.log = '';
    this.process = spawn(join(option('bin'), `lowbalance-${name}`), ['--config.file', join(folder, 'lowbalance.yml')],
      { stdio: ['ignore', 'ignore', 'pipe'] });
    this.process.stderr.on('data', (text) => { this.log += text; });
  }

  async ready() {
    const port = await until(`${this.name} to listen\n${this.log}`, () => {
      if (this.process.exitCode !== null) throw new Error(this.log);
      return /msg="?listening"? address=\S*:(\d+)/.exec(this.log)?.[1];
    });
    this.url = `http://127.0.0.1:${port}`;
    await until(`${this.name} to be ready`, async () => (await fetch(this.url + '/-/ready')).ok);
    return this;
  }

  stop() {
    if (this.process.exitCode !== null) return Promise.resolve();
    const ended = new Promise((done) => this.process.once('exit', done));
    this.process.kill('SIGTERM');
    return ended;
  }
}

// Sentences of ours that stand in English on a page in Chinese: three words in a row, anywhere but in what others
// said (names, letters, a mail server's words) and in what one types. Runs in the page.
function englishOnAChinesePage() {
  if (!document.documentElement.lang.startsWith('zh')) return [];
  const others = '.letter, .letter-frame, .name, .open, textarea, script, noscript, style, [lang=en], [lang=""]';
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest(others)) texts.push(walker.currentNode.data);
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
    if (element.closest(others)) continue;
    for (const name of ['aria-label', 'title', 'placeholder']) texts.push(element.getAttribute(name) ?? '');
  }
  return texts.filter((text) => /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(text));
}

export class World {
  static async make({ accounts, extra = '', webhook = false }) {
    const world = new World();
    world.folder = mkdtempSync(join(tmpdir(), 'lowbalance-console-'));
    world.write('web.yml', 'basic_auth_users:\n' + ['admin', 'vera', 'olga', 'nora'].map((user) => `  ${user}: "${hash}"\n`).join(''));
    world.write('key', 'a key for the logins of this test');
    world.balances(accounts);
    world.write('lowbalance.yml', `
contacts:
  finance: {email: [finance@example.com], internal: [finance]}
  ops: {internal: [ops], language: zh, time_zone: Asia/Shanghai}
default_contact: finance
access:
  session_key_file: key
  roles: {admin: administrator, vera: viewer, olga: {contact: ops}}
exporter:
  listen_address: "127.0.0.1:0"
  web_config_file: web.yml
  store: sqlite:exporter.db
  sources: [{name: books, type: file, path: balances.csv, interval: 200ms}]
${extra}
webhook:
  listen_address: "127.0.0.1:0"
  web_config_file: web.yml
  store: sqlite:webhook.db
  email: {url: "file:outbox", from: alerts@example.com}
  alert_expiry: 3s
  retry: {first: 100ms, longest: 200ms}
`);
    mkdirSync(join(world.folder, 'outbox'));
    world.programs = [new Program('exporter', world.folder)];
    if (webhook) world.programs.push(new Program('webhook', world.folder));
    [world.exporter, world.webhook] = await Promise.all(world.programs.map((program) => program.ready()));
    await world.open();
    return world;
  }

  async open() {
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
    this.errors = [];
  }

  write(name, text) {
    writeFileSync(join(this.folder, name + '.new'), text);
    renameSync(join(this.folder, name + '.new'), join(this.folder, name));
  }

  // [provider, id, name, currency, credit, costs]; the credit is split into terms.
  balances(accounts) {
    const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const lines = accounts.map(([provider, id, name, currency, credit, costs = true]) =>
      [provider, quoted(id), quoted(name), currency, credit.toFixed(2), (credit + 100).toFixed(2), 0, 0, '100.00', 0, costs].join(','));
    this.write('balances.csv', 'provider,account_id,account_name,currency,available_credit,cash_balance,credit_limit,'
      + 'credit_refunds,unsettled_current_month,unsettled_previous_months,costs_incurred\n' + lines.join('\n') + '\n');
    this.accounts = accounts;
  }

  // A browser of its own, which complains of nothing.
  async page({ lang = 'en', dark = false, phone = false } = {}) {
    const context = await this.browser.newContext({
      locale: lang === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'UTC', colorScheme: dark ? 'dark' : 'light',
      viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 900 }, acceptDownloads: true,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('dialog', (dialog) => { this.errors.push('a dialog: ' + dialog.message()); dialog.dismiss(); });
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) this.errors.push(message.text());
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.hostname !== '127.0.0.1' && url.protocol !== 'data:') this.errors.push('asked for ' + url);
    });
    return page;
  }

  async logIn(page, url, user = 'admin', secret = password) {
    await page.goto(url);
    await page.fill('input[name=user]', user);
    await page.fill('input[name=password]', secret);
    await page.keyboard.press('Enter');
    await page.waitForSelector('header.top');
  }

  // Nothing serious by axe, nothing in English on a Chinese page, and a picture for people.
  async look(page, name) {
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
    mkdirSync(option('screenshots'), { recursive: true });
    await page.screenshot({ path: join(option('screenshots'), name + '.png') });
    assert.deepEqual(await page.evaluate(englishOnAChinesePage), [], name);
    // Trusted Types keep scripts out of the page; the tool comes by the debugger's way.
    const session = await page.context().newCDPSession(page);
    const { readFileSync } = await import('node:fs');
    await session.send('Runtime.evaluate', { expression: readFileSync(axePath, 'utf8') });
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const serious = found.violations.filter((violation) => ['serious', 'critical'].includes(violation.impact));
    assert.deepEqual(serious.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`), [], name);
  }

  api(program, user = 'admin') {
    const authorization = 'Basic ' + Buffer.from(`${user}:${password}`).toString('base64');
    return async (method, path, body, headers = {}) => {
      const response = await fetch(program.url + path, {
        method, headers: { authorization, ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      let parsed = text;
      try { parsed = JSON.parse(text); } catch { /* A CSV, say. */ }
      return { status: response.status, body: parsed, headers: response.headers };
    };
  }

  async end() {
    await this.browser?.close();
    await Promise.all(this.programs.map((program) => program.stop()));
    rmSync(this.folder, { recursive: true });
  }
}

// Runs the tests one after the other, and ends with what went wrong.
export async function run(options, tests) {
  const world = await World.make(options);
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    const started = Date.now();
    try {
      await test(world);
      assert.deepEqual(world.errors, []);
      console.log(`ok   ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      ++failed;
      world.errors = [];
      console.log(`FAIL ${name}: ${error.stack}`);
    }
  }
  if (failed) console.log(world.programs.map((program) => program.log.slice(-3000)).join('\n'));
  await world.end();
  process.exitCode = failed ? 1 : 0;
}
