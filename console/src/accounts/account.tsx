// One account: its available credit with the terms, the threshold against it, history, the setting,
// and who edited it.

import { useEffect, useState } from 'preact/hooks';
import { ApiError, get, Json, query, send } from '../shared/api';
import { ago, amount, duration, instant, money, parseAmount } from '../shared/format';
import { t } from '../shared/i18n';
import { follow } from '../shared/router';
import { Badge, consoleUrl, Dialog, errorText, Icon, Loading, mayEdit, Notice, Session, Switch } from '../shared/ui';
import { EditTable } from './audit';
import { HistoryChart } from './chart';
import { Account, Alert, defaultLevel, effectText, nameOf, pathOf, stateOf } from './model';

const refreshMs = 15_000;
const signs: [string, 'plus' | 'minus'][] = [
  ['cash_balance', 'plus'], ['credit_limit', 'plus'], ['credit_refunds', 'plus'],
  ['unsettled_current_month', 'minus'], ['unsettled_previous_months', 'minus'],
];

// What the dialog edits is the account as it was when the dialog opened: a refresh behind it must not
// make its edit look up to date.
interface Editing { account: Account; alert: Alert; action: 'enable' | 'disable' | 'threshold' }

export function AccountPage(props: { session: Session; provider: string; accountId: string }) {
  const path = '/api/v1/accounts' + pathOf({ provider: props.provider, account_id: props.accountId });
  const [account, setAccount] = useState<Account | null>(null);
  const [edits, setEdits] = useState<Json[]>([]);
  const [problem, setProblem] = useState<unknown>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [said, setSaid] = useState('');

  const ask = async () => {
    try {
      const [fresh, audit] = await Promise.all([
        get(path), get('/api/v1/edits' + query({ provider: props.provider, account_id: props.accountId, limit: 20 })),
      ]);
      setAccount(fresh);
      setEdits(audit.edits);
      setProblem(null);
    } catch (error) {
      setProblem(error);
    }
  };
  useEffect(() => {
    ask();
    const timer = setInterval(() => { if (!document.hidden) ask(); }, refreshMs);
    return () => clearInterval(timer);
  }, [path]);

  const crumb = <p class="crumb"><a href="/accounts" onClick={follow}><Icon name="left" />{t('accounts')}</a></p>;
  if (problem && !account) {
    return <>{crumb}<h1 tabIndex={-1}>{props.accountId}</h1><Notice kind="bad">
      {problem instanceof ApiError && problem.status === 404 ? t('notFound') : errorText(problem)}</Notice></>;
  }
  if (!account) return <>{crumb}<Loading /></>;

  const state = stateOf(account);
  // An account that nobody has set up yet has the one level that there is by default.
  const alerts: Alert[] = account.alerts.length > 0 ? account.alerts : [{
    level: defaultLevel, enabled: false, threshold: null, currency: account.currency, suspended: false, provisioned: false,
    state: 'disabled', low_since: null, first_change: null, overdue_since: null,
  }];
  const messages = consoleUrl(props.session, 'messages') + '/messages' + pathOf(account);

  return (
    <>
      {crumb}
      <div class="page-head">
        <div>
          <h1 tabIndex={-1} class="long" title={nameOf(account)}>{nameOf(account)}</h1>
          <p class="fine">{account.provider}/{account.account_id}{account.contact && ` · ${t('contact')}: ${account.contact}`}{account.owner && ` · ${t('owner')}: ${account.owner}`}{account.source && ` · ${t('source')}: ${account.source}`}</p>
        </div>
        <div class="grow" />
        <a class="button" href={messages}><Icon name="mail" />{t('whatWasSent')}</a>
      </div>
      {problem !== null && <Notice kind="bad">{errorText(problem)}</Notice>}
      {said && <Notice kind="good">{said}</Notice>}
      {account.stale && account.last_success && <Notice kind="warn">{t('staleText', { at: instant(account.last_success) })}</Notice>}
      {(account.status === 'frozen' || account.status === 'closed') && <Notice kind="warn">{t('stoppedText')}</Notice>}
      {!account.up && <Notice kind="warn">{t('failingText')}</Notice>}

      <div class="cards">
        <section class="card" aria-labelledby="credit-h">
          <h2 id="credit-h">{t('credit')}</h2>
          <p class="figure"><span class={state === 'overdue' || state === 'low' || state === 'awaiting' ? 'bad' : ''}>{amount(account.available_credit)}</span> <span class="cur">{account.currency}</span> <Badge kind={state}>{t('s_' + state)}</Badge></p>
          <Against account={account} alerts={alerts} />
          <p>{account.runway_seconds !== null
            ? t('runwayText', { runway: duration(account.runway_seconds), rate: money(account.burn_rate_per_day, account.currency) })
            : t('runwayNone')}</p>
          <p class="fine">{t('asOf')}: {instant(account.last_success)} ({ago(account.last_success)})</p>
        </section>

        <section class="card" aria-labelledby="settings-h">
          <h2 id="settings-h">{t('accountSettings')}</h2>
          <p class="fine">{t('alertsHint')}</p>
          {alerts.map((alert) => (
            <AlertSetting key={alert.level} alert={alert} account={account} several={alerts.length > 1}
                          editable={mayEdit(props.session)} onEdit={(action) => { setSaid(''); setEditing({ account, alert, action }); }} />
          ))}
        </section>

        <section class="card" aria-labelledby="formula-h">
          <h2 id="formula-h">{t('formula')}</h2>
          <Formula account={account} />
          {account.billed_before_tax && <p class="fine">{t('preTax')}</p>}
        </section>
      </div>

      <HistoryChart path={path} account={account} thresholds={alerts} />

      <section class="card" aria-labelledby="edits-h">
        <h2 id="edits-h">{t('edits')}</h2>
        {edits.length === 0 ? <p class="empty">{t('noEdits')}</p> : <EditTable edits={edits} accounts="none" />}
      </section>

      {editing && (
        <EditDialog {...editing} path={path} onClose={(saved) => {
          setEditing(null);
          if (saved) setSaid(saved);
          ask();
        }} />
      )}
    </>
  );
}

function Against({ account, alerts }: { account: Account; alerts: Alert[] }) {
  const set = alerts.filter((alert) => alert.threshold !== null);
  if (set.length === 0 || account.available_credit === null) return null;
  const credit = Number(account.available_credit);  // To draw with; amounts are never calculated.
  const most = Math.max(credit, ...set.map((alert) => Number(alert.threshold)), 0) * 1.15 || 1;
  const share = (value: number) => `${Math.max(0, Math.min(100, (100 * value) / most))}%`;
  const below = (alert: Alert) => credit < Number(alert.threshold);
  return (
    <>
      <div class={set.some(below) ? 'meter low' : 'meter'} aria-hidden="true">
        <span class="fill" style={{ width: share(credit) }} />
        {set.map((alert) => <span key={alert.level} class="mark-at" style={{ left: share(Number(alert.threshold)) }} />)}
      </div>
      {set.map((alert) => (
        <p key={alert.level}>{alerts.length > 1 && `${alert.level}: `}{t(below(alert) ? 'belowBy' : 'aboveBy', { threshold: money(alert.threshold, alert.currency) })}</p>
      ))}
    </>
  );
}

function Formula({ account }: { account: Account }) {
  const known = signs.filter(([name]) => name in account.terms);
  if (known.length === 0) return <p class="fine">{t('noTerms')}</p>;
  const odd = account.unexplained_amount !== null && Number(account.unexplained_amount) !== 0;
  return (
    <table class="formula">
      <tbody>
        {known.map(([name, sign]) => (
          <tr><td class="sign"><span aria-hidden="true">{sign === 'plus' ? '+' : '−'}</span><span class="unseen">{t(sign)}</span></td>
            <th scope="row">{t(name)}</th><td class="num">{amount(account.terms[name])}</td></tr>
        ))}
        {odd && <tr><td class="sign"><span aria-hidden="true">+</span></td><th scope="row">{t('unexplained')}</th><td class="num">{amount(account.unexplained_amount)}</td></tr>}
        <tr class="sum"><td class="sign"><span aria-hidden="true">=</span></td><th scope="row">{t('credit')}</th><td class="num">{money(account.available_credit, account.currency)}</td></tr>
      </tbody>
    </table>
  );
}

function AlertSetting(props: {
  alert: Alert; account: Account; several: boolean; editable: boolean; onEdit: (action: Editing['action']) => void;
}) {
  const { alert } = props;
  const fixed = alert.provisioned || !props.editable;
  return (
    <div class="setting">
      <div class="line">
        <span>{t('alerts')}{props.several && ` · ${alert.level}`}</span>
        <Switch on={alert.enabled} label={`${t('alerts')}${props.several ? ' ' + alert.level : ''}`} disabled={fixed}
                onChange={() => props.onEdit(alert.enabled ? 'disable' : 'enable')} />
      </div>
      <div class="line">
        <span>{t('threshold')}: <strong>{money(alert.threshold, alert.currency)}</strong></span>
        {alert.threshold !== null && !fixed && (
          <button type="button" onClick={() => props.onEdit('threshold')}>{t('modifyThreshold')}</button>
        )}
      </div>
      {alert.low_since && <p class="state-line"><Icon name="clock" />{t('lowSince', { at: instant(alert.low_since) })}. {!alert.first_change && t('awaitingText')}</p>}
      {alert.overdue_since && <p class="state-line"><Icon name="warn" />{t('overdueSince', { at: instant(alert.overdue_since) })}</p>}
      {alert.suspended && <p class="state-line"><Icon name="warn" />{t('suspendedText', { currency: props.account.currency })}</p>}
      {alert.provisioned && <p class="fine">{t('provisioned')}</p>}
      {!alert.provisioned && !props.editable && <p class="fine">{t('viewerOnly')}</p>}
    </div>
  );
}

// Who changed what meanwhile, in the reader's language.
async function whoWasFaster(account: Account, otherwise: string): Promise<string> {
  const which = query({ provider: account.provider, account_id: account.account_id, limit: 1 });
  const latest = (await get('/api/v1/edits' + which).catch(() => null))?.edits[0];
  if (!latest) return t('staleEdit', { message: otherwise });
  const setting = (of: Json) => (of ? `${t(of.enabled ? 'on' : 'off')} ${money(of.threshold, of.currency)}` : t('notSet'));
  return t('staleEdit', { message: t('staleBy', {
    who: latest.who, at: instant(latest.at), from: setting(latest.from), to: setting(latest.to), through: t('t_' + latest.through),
  }) });
}

// Says what will happen before one clicks OK: the server works it out, as a dry run.
function EditDialog(props: Editing & { path: string; onClose: (saved: string) => void }) {
  const { alert, action, account } = props;
  const [text, setText] = useState(alert.threshold ?? '');
  const [outlook, setOutlook] = useState<{ effect: string; after: Alert } | null>(null);
  const [problem, setProblem] = useState('');  // Of what was submitted.
  const [doubt, setDoubt] = useState('');      // Of what is being typed.
  const [stale, setStale] = useState(false);
  const [busy, setBusy] = useState(false);
  const threshold = action === 'disable' ? null : parseAmount(text);
  const body = (dryRun: boolean): Json => ({
    ...(action === 'threshold' ? {} : { enabled: action === 'enable' }),
    ...(threshold === null ? {} : { threshold }), dry_run: dryRun,
  });
  const path = `${props.path}/alerts/${encodeURIComponent(alert.level)}`;
  const version = { 'If-Match': `"${account.version}"` };

  useEffect(() => {
    if (action !== 'disable' && threshold === null) { setOutlook(null); setDoubt(''); return; }
    let over = false;
    const timer = setTimeout(async () => {
      try {
        const answer = await send('PATCH', path, body(true));
        if (!over) { setOutlook(answer.body); setDoubt(''); }
      } catch (error) {
        if (!over) { setOutlook(null); setDoubt(errorText(error)); }
      }
    }, 150);
    return () => { over = true; clearTimeout(timer); };
  }, [text]);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (action !== 'disable' && threshold === null) {
      setProblem(text.trim() ? t('notAnAmount', { text: text.trim() }) : t('wantsThreshold'));
      return;
    }
    setBusy(true);
    try {
      const answer = await send('PATCH', path, body(false), version);
      props.onClose(`${t('saved')} ${several ? `${alert.level}: ` : ''}${effectText(answer.body.effect, answer.body.after)}`);
    } catch (error) {
      const late = error instanceof ApiError && error.status === 412;
      setStale(late);
      setProblem(late ? await whoWasFaster(account, errorText(error)) : errorText(error));
      setBusy(false);
    }
  };
  const several = account.alerts.length > 1;
  const stayOn = account.alerts.filter((other) => other.enabled && other.level !== alert.level).map((other) => other.level);
  const title = action === 'enable' ? 'enableTitle' : action === 'disable' ? 'disableTitle' : 'modifyThreshold';
  return (
    <Dialog title={t(title)} onClose={() => props.onClose('')}>
      <form onSubmit={submit} noValidate>
        <p class="fine">{nameOf(account)} · {account.provider}/{account.account_id}{several && ` · ${t('level')}: ${alert.level}`}</p>
        {action !== 'disable' && (
          <label>{account.currency ? t('thresholdIn', { currency: account.currency }) : t('threshold')}
            <input inputMode="decimal" autocomplete="off" autofocus maxLength={30} value={text}
                   aria-invalid={problem !== '' && threshold === null} onInput={(event) => { setText(event.currentTarget.value); if (!stale) setProblem(''); }} /></label>
        )}
        <p class="fine">{t('credit')}: {money(account.available_credit, account.currency)}</p>
        <div class="outlook" aria-live="polite">
          {outlook && <><h3>{t('whatHappens')}</h3><p class={outlook.effect.startsWith('first_change') ? 'mind' : ''}>{several && `${alert.level}: `}{effectText(outlook.effect, outlook.after)}{action === 'disable' && stayOn.length > 0 && ' ' + t('staysOn', { levels: stayOn.join(', ') })}</p></>}
          {action !== 'disable' && account.billed_before_tax && <Notice kind="warn">{t('preTax')}</Notice>}
        </div>
        {(problem || doubt) && <Notice kind="bad">{problem || doubt}</Notice>}
        <div class="buttons">
          <button type="button" class="quiet" onClick={() => props.onClose('')}>{t('cancel')}</button>
          {stale ? <button type="button" class="primary" onClick={() => props.onClose('')}>{t('showLatest')}</button>
            : <button class="primary" disabled={busy}>{t('ok')}</button>}
        </div>
      </form>
    </Dialog>
  );
}
