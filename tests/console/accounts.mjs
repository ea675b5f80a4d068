// The accounts console, as the finance administrator uses it, in both languages.

import assert from 'node:assert/strict';
import { run, until } from './harness.mjs';

const words = {
  en: {
    accounts: 'Accounts', enable: 'Low Balance Alerts', threshold: 'Threshold in USD', ok: 'OK', modify: 'Modify threshold',
    low: /^Low \d/, awaiting: 'Low, awaiting change', settings: 'Low Balance Alerts settings', all: 'Threshold for all selected', preview: 'Preview',
    apply: /^Apply to/, done: 'Done', firstChange: (what = 'this threshold') => `Available credit is already below ${what}: the first alert goes out when it next changes.`,
    willWatch: (what) => `An alert goes out when available credit falls below ${what}.`, notUnderstood: (text) => `“${text}” is not understood as an amount.`, import: 'Import CSV', lines: 'Lines',
    back: 'Back', file: 'Choose a file', off: 'No alert will be sent.', selectPage: 'Select all on this page', cny: 'Threshold in CNY', edits: 'Edits', disable: 'Disable',
    costs: 'Show accounts without costs', search: 'Search name, ID or contact', credit: 'Available credit', from: /^Shows from .* on: older changes are left out\.$/, noRole: 'You are logged in, but have no role here.', logout: 'Log out', stillIn: 'You are still logged in:', sort: 'Sort', acme: 'Select Acme', oneLevel: 'This is about the level warning. Other levels of an account stay as they are.',
    below: 'warning: Below the threshold of 100.00 USD', above: 'critical: Not below the threshold of 20.00 USD',
    stillOn: /^warning: No alert will be sent.* Still on: critical\.$/,
    faster: 'Somebody was faster', latest: 'Show the latest', northwind: 'Select Northwind', again: 'Preview again',
    applyOne: 'Apply to 1 account', asItStands: 'Nothing can be changed as it stands',
    moved: 'Somebody was faster, so nothing was changed. Look at the preview again.',
    wrongLines: ['Line 3 · threshold: not an amount (expected digits): "lots"', 'Line 4 · enabled: neither yes nor no: "perhaps"', 'Line 5: 2 cells where the header has 5'],
    wrongHeader: 'Line 1: unknown column "treshold"; did you mean threshold?',
    refused: ['there is no account "gone" of "alibaba"', "the account's amounts are in CNY, not in USD", /Read-only: the setting stands in .*lowbalance.yml, line \d+; change it there and reload/, '3 of 4 accounts refuse the edit, so nothing is changed'],
    tooMuch: 'not an amount (out of range): "99999999999999"', hasNoRole: 'the user "nora" has no role',
  },
  zh: {
    accounts: '账户', enable: '余额预警', threshold: '预警阈值（USD）', ok: '确定', modify: '修改阈值',
    low: /^低于阈值 \d/, awaiting: '低于阈值，等待变动', settings: '余额预警设置', all: '所有选中账户的阈值', preview: '预览',
    apply: /^应用到/, done: '完成', firstChange: (what = '该阈值') => `可用额度已低于${what}：首次预警将在可用额度下次变动时发出。`,
    willWatch: (what) => `可用额度低于${what}时将发出预警。`, notUnderstood: (text) => `无法识别金额“${text}”`, import: '导入 CSV', lines: '内容',
    back: '返回', file: '选择文件', off: '将不再发送预警。', selectPage: '选择本页全部账户', cny: '预警阈值（CNY）', edits: '修改记录', disable: '关闭',
    costs: '显示未产生费用的账户', search: '搜索名称、账户 ID 或联系人', credit: '可用额度', from: /^仅显示 .* 之后的变动，更早的变动未显示。$/, noRole: '您已登录，但尚未分配角色。', logout: '退出', stillIn: '尚未退出登录：', sort: '排序', acme: '选择 Acme', oneLevel: '此处设置级别 warning，账户的其他级别保持不变。',
    below: 'warning: 低于阈值 100.00 USD', above: 'critical: 不低于阈值 20.00 USD',
    stillOn: /^warning: 将不再发送预警.*仍保持开启：critical。$/,
    faster: '已有他人先修改', latest: '显示最新设置', northwind: '选择 Northwind', again: '重新预览',
    applyOne: '应用到 1 个账户', asItStands: '目前无法应用',
    moved: '已有他人先修改，本次未做任何更改，请重新预览。',
    wrongLines: ['第 3 行 · threshold: 金额无效（应为数字）："lots"', '第 4 行 · enabled: 既不是 yes（是）也不是 no（否）："perhaps"', '第 5 行: 有 2 个单元格，而列名行有 5 个'],
    wrongHeader: '第 1 行: 没有名为 "treshold" 的列；是否指 threshold？',
    refused: ['"alibaba" 中没有账户 "gone"', '账户的币种是 CNY，不是 USD', /只读：该设置写在 .*lowbalance.yml 第 \d+ 行，请在那里修改并重新加载/, '4 个账户中有 3 个无法修改，因此未做任何更改'],
    tooMuch: '金额无效（超出范围）："99999999999999"', hasNoRole: '用户 "nora" 没有角色',
  },
};

const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'&';
const accounts = [
  ['alibaba', '17', 'Acme', 'USD', 90], ['alibaba', '18', '青云科技', 'CNY', 5000], ['alibaba', '19', 'Idle', 'USD', 10, false],
  ['tencent', '20', evil, 'USD', -5], ['tencent', '21', 'Northwind', 'USD', 250],
];
const tests = {};

for (const lang of ['en', 'zh']) {
  const w = words[lang];
  const id = `en` === lang ? '17' : '21';
  const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' });

  tests[`${lang}: logs in, looks at the list`] = async (world) => {
    const page = await world.page({ lang });
    await page.goto(world.exporter.url + '/accounts');
    await page.waitForSelector('input[name=user]');
    await world.look(page, `login-${lang}`);
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.getByText('Northwind').waitFor();
    assert.equal(await page.locator('tbody tr').count(), 4, 'the account without costs is not listed');
    assert.ok(await page.getByText(evil, { exact: true }).isVisible(), 'markup is text');
    await world.look(page, `list-${lang}`);
    await page.getByLabel(w.costs).check();
    await page.getByText('Idle').waitFor();
    await page.getByLabel(w.search).fill('north');
    await until('the search', async () => (await page.locator('tbody tr').count()) === 1);
    assert.match(page.url(), /q=north/);
    await page.reload();
    await page.getByText('Northwind').waitFor();
    assert.equal(await page.locator('tbody tr').count(), 1, 'the address bar keeps the search');
    // Without a pause between: neither of the two undoes the other.
    await page.getByLabel(w.search).fill('east');
    await page.locator('.chip').first().click();
    await until('both', () => /q=east/.test(page.url()) && page.locator('.chip[aria-pressed=true]').count());
    await page.goBack();
    await page.context().close();
  };

  tests[`${lang}: one account: toggle, threshold, what will happen`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, `${world.exporter.url}/accounts`);
    await page.getByRole('link', { name: lang === 'en' ? 'Acme' : 'Northwind' }).click();
    await page.locator('.figure').waitFor();
    await page.getByRole('switch', { name: w.enable }).click();
    await page.getByLabel(w.threshold).fill('500');
    await page.getByText(w.firstChange('500.00 USD')).waitFor();
    await world.look(page, `enable-${lang}`);
    await button(page, w.ok).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.getByText(w.awaiting).waitFor();
    await world.look(page, `account-${lang}`);
    await button(page, w.modify).click();
    await page.getByLabel(w.threshold).fill('1.5');
    await page.getByText(w.willWatch('1.50 USD')).or(page.getByText(/What was low|本次预警结束|what was low/)).first().waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.getByRole('switch', { name: w.enable }).click();
    await button(page, w.ok).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    const account = (await world.api(world.exporter)('GET', `/api/v1/accounts/${lang === 'en' ? 'alibaba/17' : 'tencent/21'}`)).body;
    assert.equal(account.alerts[0].enabled, false);
    assert.equal(account.alerts[0].threshold, '500.00');
    const { edits } = (await world.api(world.exporter)('GET', `/api/v1/edits?account_id=${id}&through=console`)).body;
    assert.deepEqual(edits.slice(0, 2).map((edit) => edit.to.enabled), [false, true]);
    assert.equal(edits[0].who, 'admin');
    await page.context().close();
  };

  tests[`${lang}: somebody is faster`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, `${world.exporter.url}/accounts/tencent/21`);
    await page.getByRole('switch', { name: w.enable }).click();
    await page.getByLabel(w.threshold).fill('77');
    const other = await world.api(world.exporter)('PATCH', '/api/v1/accounts/tencent/21/alerts/warning', { threshold: lang === 'en' ? '42' : '43' });
    assert.equal(other.status, 200);
    // The page behind the dialog shows it by itself soon; the dialog is still about what was before.
    await page.locator('.setting').getByText(lang === 'en' ? '42.00' : '43.00').waitFor();
    await button(page, w.ok).click();
    await page.getByText(w.faster).waitFor();
    await page.getByText(lang === 'en' ? 'admin changed it from not set to off 42.00 USD' : /admin 已将其从/).waitFor();
    await world.look(page, `stale-${lang}`);
    await button(page, w.latest).click();
    await page.getByText(lang === 'en' ? '42.00' : '43.00').first().waitFor();
    await page.context().close();
  };

  tests[`${lang}: what was typed as an amount is repeated, or not understood`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, `${world.exporter.url}/accounts/alibaba/18`);
    await page.getByRole('switch', { name: w.enable }).click();
    const field = page.getByLabel(w.cny);
    for (const [typed, understood] of [
      ['50', '50.00'], ['1,234.50', '1,234.50'], [' 1234.5 ', '1,234.50'], ['1，000，000', '1,000,000.00'],
    ]) {
      await field.fill(typed);
      const sentence = Number(understood.replaceAll(',', '')) > 5000 ? w.firstChange : w.willWatch;
      await page.getByText(sentence(understood + ' CNY')).waitFor();
    }
    for (const typed of ['500,50', '1.234,50', '12,34,567', ',500', '5 00', '1.2345678', 'lots']) {
      await field.fill(typed);
      await button(page, w.ok).click();
      await page.getByText(w.notUnderstood(typed)).waitFor();
    }
    await world.look(page, `not-an-amount-${lang}`);
    await field.fill('99999999999999');
    await page.getByText(w.tooMuch).waitFor();
    await world.look(page, `too-much-${lang}`);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.deepEqual((await world.api(world.exporter)('GET', '/api/v1/accounts/alibaba/18')).body.alerts.filter((a) => a.enabled), []);
    await page.context().close();
  };

  tests[`${lang}: many accounts: mixed currencies, preview, apply`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.getByLabel(w.selectPage).check();
    assert.match(page.url(), /#picked=/);
    await page.reload();
    await button(page, w.settings).click();
    await page.getByLabel(w.all).fill('100');
    await world.look(page, `bulk-form-${lang}`);
    await button(page, w.preview).click();
    await page.getByLabel(w.cny).fill('7,000');
    await page.getByLabel(w.threshold).fill('1000');
    await button(page, w.preview).click();
    await button(page, w.apply).waitFor();
    assert.ok(await page.getByText(w.firstChange()).first().isVisible());
    await world.look(page, `bulk-preview-${lang}`);
    assert.equal((await world.api(world.exporter)('GET', '/api/v1/accounts/alibaba/18')).body.alerts.find((a) => a.enabled), undefined);
    await button(page, w.apply).click();
    await button(page, w.done).waitFor();
    await world.look(page, `bulk-result-${lang}`);
    await button(page, w.done).click();
    const after = (await world.api(world.exporter)('GET', '/api/v1/accounts')).body.accounts;
    assert.deepEqual(after.map((a) => a.alerts[0]?.threshold ?? null), ['1000.00', '7000.00', '5.00', '1000.00', '1000.00']);
    await button(page, w.low).click();
    await until('the filter', async () => /is=low/.test(page.url()));
    // Off again, for the next.
    await page.getByLabel(w.selectPage).check();
    await button(page, w.settings).click();
    await page.getByRole('radio', { name: w.disable }).check();
    await button(page, w.preview).click();
    await button(page, w.apply).click();
    await button(page, w.done).click();
    const off = await world.api(world.exporter)('POST', '/api/v1/accounts/edits', { select: '', enabled: false });
    assert.equal(off.body.applied, true);
    await page.context().close();
  };

  tests[`${lang}: many accounts: somebody is faster, and nobody is overwritten`] = async (world) => {
    const api = world.api(world.exporter);
    const page = await world.page({ lang });
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.getByLabel(w.acme).check();
    await page.getByLabel(w.northwind).check();
    await button(page, w.settings).click();
    await page.getByLabel(w.all).fill('61');
    await button(page, w.preview).click();
    await button(page, w.apply).waitFor();
    const theirs = lang === 'en' ? '62.00' : '63.00';
    assert.equal((await api('PATCH', '/api/v1/accounts/tencent/21/alerts/warning', { threshold: theirs })).status, 200);
    await button(page, w.apply).click();
    await page.getByText(w.moved).waitFor();
    await page.locator('dialog').getByRole('row').filter({ hasText: 'tencent/21' }).filter({ hasText: theirs }).first().waitFor();
    assert.ok(await button(page, w.apply).isDisabled());
    await world.look(page, `bulk-moved-${lang}`);
    const threshold = async (account) => (await api('GET', `/api/v1/accounts/${account}`)).body.alerts[0].threshold;
    assert.equal(await threshold('tencent/21'), theirs);
    await button(page, w.again).click();
    await page.getByText(w.moved).waitFor({ state: 'detached' });
    await button(page, w.apply).click();
    await button(page, w.done).click();
    assert.deepEqual([await threshold('alibaba/17'), await threshold('tencent/21')], ['61.00', '61.00']);
    await page.context().close();
    assert.equal((await api('POST', '/api/v1/accounts/edits', { select: '', enabled: false })).body.applied, true);
  };

  tests[`${lang}: a CSV with a wrong line changes nothing, a right one does`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, world.exporter.url + '/accounts');
    await button(page, w.import).click();
    await page.getByLabel(w.lines).fill('provider,account_id,enabled,treshold\nalibaba,17,yes,300\n');
    await button(page, w.preview).click();
    await page.locator('.lines li', { hasText: w.wrongHeader }).waitFor();
    const header = 'provider,account_id,enabled,threshold,currency\n';
    await page.getByLabel(w.lines).fill(header + 'alibaba,17,yes,300,\nalibaba,18,yes,lots,\nalibaba,18,perhaps,1,\nalibaba,18\n');
    await button(page, w.preview).click();
    for (const line of w.wrongLines) await page.locator('.lines li', { hasText: line }).waitFor();
    await world.look(page, `csv-wrong-${lang}`);
    await page.getByLabel(w.lines).fill(header + 'alibaba,17,yes,300,\nalibaba,gone,yes,300,\nalibaba,18,yes,300,USD\nalibaba,19,no,,\n');
    await button(page, w.preview).click();
    await page.getByText(w.asItStands).waitFor();
    for (const refusal of w.refused) await page.getByText(refusal).first().waitFor();
    await page.getByRole('button', { name: w.applyOne, exact: true }).waitFor();
    assert.ok(await button(page, w.apply).isDisabled());
    await world.look(page, `csv-refused-${lang}`);
    await button(page, w.back).click();
    await page.getByLabel(w.lines).fill(`provider\taccount_id\tthreshold\nalibaba\t17\t${lang === 'en' ? 301 : 302}\nalibaba\t18\t9000\n`);
    await button(page, w.preview).click();
    await button(page, w.apply).click();
    await button(page, w.done).click();
    const threshold = async () => (await world.api(world.exporter)('GET', '/api/v1/accounts/alibaba/17')).body.alerts[0].threshold;
    assert.equal(await threshold(), lang === 'en' ? '301.00' : '302.00');
    // From a file, by keyboard: Tab gets to the button, which is the browser's in our words.
    await button(page, w.import).click();
    await page.getByLabel(w.file).focus();
    await world.look(page, `csv-file-${lang}`);
    await page.getByLabel(w.file).setInputFiles({
      name: '设置 settings.csv', mimeType: 'text/csv', buffer: Buffer.from('\ufeffprovider,account_id,threshold\nalibaba,17,303\n'),
    });
    await page.getByText('设置 settings.csv').waitFor();
    await button(page, w.preview).click();
    await button(page, w.apply).click();
    await button(page, w.done).click();
    assert.equal(await threshold(), '303.00');
    // As Excel saves it in China (GB 18030), and as "Unicode text" (UTF-16, tabs); the same file twice.
    const files = [
      ['304', Buffer.concat([Buffer.from('provider,account_id,enabled,threshold\nalibaba,17,'), Buffer.from([0xca, 0xc7]), Buffer.from(',304\n')])],
      ['305', Buffer.from('\ufeffprovider\taccount_id\tenabled\tthreshold\r\nalibaba\t17\t是\t305\r\n', 'utf16le')],
    ];
    for (const [amount, buffer] of files) {
      await button(page, w.import).click();
      await page.getByLabel(w.file).setInputFiles({ name: 'settings.csv', mimeType: 'text/csv', buffer });
      await page.getByText('settings.csv').waitFor();
      assert.equal(await page.getByLabel(w.file).inputValue(), '', 'the browser tells of the same file again');
      assert.match(await page.getByLabel(w.lines).inputValue(), /是/);
      await world.look(page, `csv-chosen-${lang}`);
      await button(page, w.preview).click();
      await button(page, w.apply).click();
      await button(page, w.done).click();
      assert.equal(await threshold(), amount + '.00');
    }
    assert.equal((await world.api(world.exporter)('PATCH', '/api/v1/accounts/alibaba/17/alerts/warning', { enabled: false })).status, 200);
    await page.context().close();
  };

  tests[`${lang}: the audit, dark and on a phone`] = async (world) => {
    const page = await world.page({ lang, dark: true, phone: true });
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.getByText('Northwind').waitFor();
    await world.look(page, `phone-list-${lang}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
    assert.ok(wide, 'nothing sticks out to the side');
    const names = () => page.locator('tbody .id').allTextContents();
    await page.getByLabel(w.sort).selectOption('-credit');
    await until('the order', async () => (await names())[0] === 'alibaba/18' && /sort=-credit/.test(page.url()));
    await page.getByLabel(w.sort).selectOption('credit');
    await until('the other order', async () => (await names())[0] === 'tencent/20');
    await world.look(page, `phone-sort-${lang}`);
    await page.goto(world.exporter.url + '/accounts/tencent/20');
    await page.locator('.figure').waitFor();
    await world.look(page, `phone-account-${lang}`);
    await page.getByRole('link', { name: w.edits }).click();
    await page.locator('tbody tr').first().waitFor();
    await world.look(page, `phone-edits-${lang}`);
    await page.context().close();
  };
}

tests['what is selected is what the address says'] = async (world) => {
  const page = await world.page();
  await world.logIn(page, world.exporter.url + '/accounts');
  const selected = page.locator('.action-bar strong');
  await page.getByLabel('Select Acme').check();
  await page.getByRole('link', { name: 'Accounts', exact: true }).click();
  await selected.waitFor({ state: 'detached' });
  await page.goBack();
  await page.getByText('1 selected').waitFor();
  assert.ok(await page.getByLabel('Select Acme').isChecked());
  await page.context().close();
};

tests['by keyboard alone'] = async (world) => {
  const page = await world.page();
  await world.logIn(page, world.exporter.url + '/accounts/alibaba/17');
  const toggle = page.getByRole('switch', { name: 'Low Balance Alerts' });
  await toggle.waitFor();
  for (let n = 0; n < 30 && !(await toggle.evaluate((e) => e === document.activeElement)); ++n) await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.getByLabel('Threshold in USD').waitFor();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('12.5');
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await until('the edit', async () =>
    (await world.api(world.exporter)('GET', '/api/v1/accounts/alibaba/17')).body.alerts[0].threshold === '12.50');
  assert.ok(await toggle.evaluate((e) => e === document.activeElement), 'the focus comes back');
  await page.context().close();
};

tests['many accounts by keyboard alone'] = async (world) => {
  const page = await world.page();
  await world.logIn(page, world.exporter.url + '/accounts');
  const focused = (what) => until(`the focus on ${what}`, () => page.evaluate(() => document.activeElement?.textContent).then((text) => text?.startsWith(what)));
  const press = async (name) => {
    await page.getByRole('button', { name }).focus();
    await page.keyboard.press('Enter');
  };
  await page.getByLabel('Select Acme').focus();
  await page.keyboard.press('Space');
  await press('Low Balance Alerts settings');
  await page.getByLabel('Threshold for all selected').focus();
  await page.keyboard.type('13.5');
  await page.keyboard.press('Enter');
  await focused('This is what will change');
  await press('Back');
  await page.getByLabel('Threshold for all selected').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'FORM');
  await press('Preview');
  await focused('This is what will change');
  await press(/^Apply to/);
  await focused('Done: this is what changed');
  await press('Done');
  await focused('Accounts');
  await page.context().close();
};

tests['a viewer sees and changes nothing; a contact sees its own'] = async (world) => {
  const page = await world.page();
  await world.logIn(page, world.exporter.url + '/accounts/alibaba/17', 'vera');
  assert.ok(await page.getByRole('switch').isDisabled());
  await page.context().close();
  const own = await world.page();
  await world.logIn(own, world.exporter.url + '/accounts', 'olga');
  await own.getByText('Northwind').waitFor();
  assert.equal(await own.locator('tbody tr').count(), 1);
  await own.goto(world.exporter.url + '/accounts/alibaba/17');
  await own.getByText('There is no such account, or it is not yours.').waitFor();
  await own.context().close();
};

for (const lang of ['en', 'zh']) {
  const w = words[lang];
  tests[`${lang}: without a role one is told so, and can leave`] = async (world) => {
    const page = await world.page({ lang });
    await page.goto(world.exporter.url + '/accounts');
    await page.fill('input[name=user]', 'nora');
    await page.fill('input[name=password]', 'secret');
    await page.keyboard.press('Enter');
    await page.getByText(w.noRole).waitFor();
    await page.getByText(w.hasNoRole).waitFor();
    await world.look(page, `no-role-${lang}`);
    await page.getByRole('button', { name: w.logout }).click();
    await page.waitForSelector('input[name=user]');
    await page.context().close();
  };

  tests[`${lang}: a log-out that fails leaves one logged in, visibly`] = async (world) => {
    const page = await world.page({ lang });
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.route('**/api/v1/session', (route) => route.abort());
    await page.getByRole('button', { name: w.logout }).click();
    await page.getByText(w.stillIn).waitFor();
    await world.look(page, `still-in-${lang}`);
    await page.unroute('**/api/v1/session');
    await page.getByRole('button', { name: w.logout }).click();
    await page.waitForSelector('input[name=user]');
    await page.reload();
    await page.waitForSelector('input[name=user]');
    await page.context().close();
  };

  tests[`${lang}: the chart says where it begins`] = async (world) => {
    const page = await world.page({ lang });
    // It takes the server thousands of changes to leave some out.
    await page.route('**/history?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...await response.json(), left_out: 3 } });
    });
    await world.logIn(page, world.exporter.url + '/accounts/tencent/21');
    await page.getByText(w.from).scrollIntoViewIfNeeded();
    await world.look(page, `history-from-${lang}`);
    await page.context().close();
  };

  // Last, as a level that an account has had stays.
  tests[`${lang}: several levels are told apart`] = async (world) => {
    const api = world.api(world.exporter);
    const set = (level, body) => api('PATCH', `/api/v1/accounts/alibaba/17/alerts/${level}`, body);
    assert.equal((await set('warning', { enabled: true, threshold: '100' })).status, 200);
    assert.equal((await set('critical', { enabled: true, threshold: '20' })).status, 200);
    const page = await world.page({ lang });
    await world.logIn(page, world.exporter.url + '/accounts');
    await page.getByText('20.00 critical').waitFor();
    await page.getByText('100.00 warning').waitFor();
    await world.look(page, `levels-list-${lang}`);
    await page.getByLabel(w.acme).check();
    await page.getByRole('button', { name: w.settings }).click();
    await page.getByText(w.oneLevel).waitFor();
    await page.getByRole('radio', { name: w.disable }).check();
    await page.getByRole('button', { name: w.preview }).click();
    await page.getByText('alibaba/17 · warning').waitFor();
    await world.look(page, `levels-preview-${lang}`);
    await page.goto(world.exporter.url + '/accounts/alibaba/17');
    await page.getByText(w.below).waitFor();
    await page.getByText(w.above).waitFor();
    await world.look(page, `levels-account-${lang}`);
    await page.getByRole('switch', { name: w.enable + ' warning' }).click();
    await page.getByText(w.stillOn).waitFor();
    await world.look(page, `levels-disable-${lang}`);
    await page.context().close();
  };
}

await run({
  accounts,
  extra: `  accounts:
    - {provider: tencent, account_id: "21", contact: ops}
    - {provider: alibaba, account_id: "19", alert: {threshold: 5}}`,
}, tests);
