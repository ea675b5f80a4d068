// The list: search, filters, order, pages and what is selected, all of it in the address bar.

import { useEffect, useRef, useState } from 'preact/hooks';
import { get, query } from '../shared/api';
import { ago, amount, duration } from '../shared/format';
import { t } from '../shared/i18n';
import { follow, go } from '../shared/router';
import { Badge, errorText, Icon, Loading, mayEdit, Notice, Pages, Session } from '../shared/ui';
import { BulkDialog } from './bulk';
import { CsvDialog } from './csv';
import {
  Account, Filter, filterPath, keyOf, nameOf, pathOf, Picked, pickedHash, readFilter, readPicked, selectOf, stateOf,
} from './model';

const pageSize = 50;
const refreshMs = 15_000;

// What the list can be sorted by: the name that the API has for it, the word that people have.
const columns: [string, string, boolean?][] = [
  ['name', 'account'], ['contact', 'contact'], ['credit', 'credit', true], ['threshold', 'threshold', true],
  ['runway', 'runway', true], ['state', 'state'],
];

interface Listing { accounts: Account[]; total: number }
interface Summary {
  accounts: number;
  counts: Record<string, number>;
  providers: Record<string, number>;
  contacts: Record<string, number>;
}

export function ListPage({ session, url }: { session: Session; url: URL }) {
  const filter = readFilter(url);
  const select = selectOf(filter);
  const [listing, setListing] = useState<Listing | null>(null);
  const [summary, setSummary] = useState<Summary | null>(null);
  const [problem, setProblem] = useState('');
  const [chosen, setPicked] = useState<Picked>({ all: false, keys: readPicked(url.hash) });
  // "All that match" means those that matched when it was said, never those of another filter.
  const picked: Picked = chosen.all && chosen.select !== select ? { all: false, keys: new Set() } : chosen;
  const [dialog, setDialog] = useState<'' | 'bulk' | 'csv'>('');
  const [turn, setTurn] = useState(0);
  const asked = useRef(0);

  useEffect(() => {
    const mine = ++asked.current;
    const ask = async () => {
      try {
        const [list, sum] = await Promise.all([
          get('/api/v1/accounts' + query({ select, sort: filter.sort, limit: pageSize, offset: (filter.page - 1) * pageSize })),
          get('/api/v1/accounts/summary'),
        ]);
        // The answer to what was asked last is the one that counts.
        if (mine !== asked.current) return;
        setListing(list);
        setSummary(sum);
        setProblem('');
      } catch (error) {
        if (mine === asked.current) setProblem(errorText(error));
      }
    };
    ask();
    const timer = setInterval(() => { if (!document.hidden) ask(); }, refreshMs);
    return () => clearInterval(timer);
  }, [select, filter.sort, filter.page, turn]);

  // An address that this page did not make (Back, a link) says itself what is selected.
  const made = useRef(url.href);
  const goTo = (path: string, replace: boolean) => {
    made.current = new URL(path, url).href;
    go(path, replace);
  };
  useEffect(() => {
    const ours = url.href === made.current;
    made.current = url.href;
    if (!ours) setDialog('');
    if (!ours && !picked.all) setPicked({ all: false, keys: readPicked(url.hash) });
    else if (picked !== chosen) setPicked(picked);
  }, [url.href]);

  const show = (change: Partial<Filter>, replace = false) =>
    goTo(filterPath({ ...filter, page: 1, ...change }) + pickedHash(picked), replace);
  const pick = (next: Picked) => {
    setPicked(next);
    goTo(filterPath(filter) + pickedHash(next), true);
  };

  const accounts = listing?.accounts ?? [];
  const isPicked = (account: Account) => picked.all || picked.keys.has(keyOf(account));
  const count = picked.all ? picked.total : picked.keys.size;
  const selected = t(!picked.all && picked.of ? 'selectedOf' : 'selected', {
    n: count.toLocaleString('en'), total: picked.all ? '' : picked.of?.toLocaleString('en') ?? '',
  });
  const toggle = (list: Account[], on: boolean) => {
    const keys = new Set(picked.all ? accounts.map(keyOf) : picked.keys);
    for (const account of list) on ? keys.add(keyOf(account)) : keys.delete(keyOf(account));
    pick({ all: false, keys, of: picked.all && picked.total > accounts.length ? picked.total : undefined });
  };
  const wholePage = accounts.length > 0 && accounts.every(isPicked);
  const narrowed = filter.words.length > 0 || !!filter.search || !!filter.provider || !!filter.contact;

  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{t('accounts')}</h1>
        {summary && <p class="fine">{t('summary', { total: summary.accounts.toLocaleString('en') })}</p>}
        <div class="grow" />
        {mayEdit(session) && <button type="button" onClick={() => setDialog('csv')}>{t('fromCsv')}</button>}
        <a class="button" href={'/api/v1/settings.csv' + query({ select })} download="settings.csv">{t('export')}</a>
      </div>

      <section class="filters" aria-label={t('filters')}>
        <Search value={filter.search} onSearch={(search) => show({ search }, true)} />
        <Choice label={t('provider')} all={t('allProviders')} value={filter.provider}
                options={summary?.providers} onChange={(provider) => show({ provider })} />
        <Choice label={t('contact')} all={t('allContacts')} value={filter.contact}
                options={summary?.contacts} onChange={(contact) => show({ contact })} />
        <Order sort={filter.sort} onSort={(sort) => show({ sort })} />
        <div class="chips" role="group" aria-label={t('state')}>
          {(['low', 'overdue', 'awaiting', 'stale', 'enabled', 'disabled', 'costs'] as const).map((word) => (
            <button type="button" class="chip" aria-pressed={filter.words.includes(word)}
                    onClick={() => show({
                      words: filter.words.includes(word) ? filter.words.filter((w) => w !== word) : [...filter.words, word],
                    })}>
              {t(word)} <span class="n">{(summary?.counts[word] ?? 0).toLocaleString('en')}</span>
            </button>
          ))}
          {summary && summary.counts.no_costs > 0 && (
            <label class="check"><input type="checkbox" checked={filter.withoutCosts}
                   onChange={() => show({ withoutCosts: !filter.withoutCosts })} /> {t('showWithoutCosts')}</label>
          )}
          {narrowed && <button type="button" class="quiet" onClick={() =>
            show({ search: '', provider: '', contact: '', words: [] })}>{t('clearFilters')}</button>}
        </div>
      </section>

      {problem && <Notice kind="bad">{problem} <button type="button" class="quiet" onClick={() => setTurn(turn + 1)}>{t('retry')}</button></Notice>}
      {!listing && !problem && <Loading />}
      {listing && listing.total === 0 && (
        <p class="empty">{narrowed || (summary?.accounts ?? 0) > 0 ? t('noMatch') : t('noAccounts')}</p>
      )}
      {listing && listing.total > 0 && (
        <>
          <table class="list accounts">
            <thead>
              <tr>
                {mayEdit(session) && <th class="pick" scope="col"><input type="checkbox" checked={wholePage} aria-label={t('selectAll')}
                         onChange={() => toggle(accounts, !wholePage)} /></th>}
                {columns.map(([name, word, number]) => (
                  <Column name={name} title={t(word)} filter={filter} onSort={(sort) => show({ sort })} number={number} />
                ))}
                <th scope="col">{t('asOf')}</th>
              </tr>
            </thead>
            <tbody>
              {accounts.map((account) => (
                <Row key={keyOf(account)} account={account} editable={mayEdit(session)} picked={isPicked(account)}
                     onPick={() => toggle([account], !isPicked(account))} />
              ))}
            </tbody>
          </table>
          <Pages total={listing.total} size={pageSize} page={filter.page} onPage={(page) => show({ page })} />
        </>
      )}

      {count > 0 && mayEdit(session) && (
        <div class="action-bar" role="region" aria-label={selected}>
          <strong aria-live="polite">{selected}</strong>
          {!picked.all && listing && listing.total > accounts.length && (
            <button type="button" class="quiet" onClick={() => pick({ all: true, select, total: listing.total })}>
              {t('selectMatching', { n: listing.total.toLocaleString('en') })}
            </button>
          )}
          <button type="button" class="quiet" onClick={() => pick({ all: false, keys: new Set() })}>{t('clear')}</button>
          <button type="button" class="primary" onClick={() => setDialog('bulk')}>{t('bulkSettings')}</button>
        </div>
      )}
      {dialog === 'bulk' && (
        <BulkDialog which={picked.all ? { select: selectOf({ ...filter, withoutCosts: true }) } : { keys: [...picked.keys] }} count={count}
                    several={accounts.some((account) => account.alerts.length > 1)}
                    onClose={(changed) => { setDialog(''); if (changed) { pick({ all: false, keys: new Set() }); setTurn(turn + 1); } }} />
      )}
      {dialog === 'csv' && <CsvDialog onClose={(changed) => { setDialog(''); if (changed) setTurn(turn + 1); }} />}
    </>
  );
}

// Asks while one types, but not at every key.
function Search({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  // What the page shows may have been narrowed otherwise by the time the search is made.
  const latest = useRef(onSearch);
  latest.current = onSearch;
  useEffect(() => setText(value), [value]);
  return (
    <label class="search">
      <Icon name="search" />
      <input type="search" value={text} placeholder={t('searchAccounts')} aria-label={t('searchAccounts')} maxLength={200}
             onInput={(event) => {
               const typed = event.currentTarget.value;
               setText(typed);
               clearTimeout(timer.current);
               timer.current = window.setTimeout(() => latest.current(typed), 200);
             }} />
    </label>
  );
}

function Choice(props: {
  label: string; all: string; value: string; options?: Record<string, number>; onChange: (value: string) => void;
}) {
  const names = Object.keys(props.options ?? {});
  if (props.value && !names.includes(props.value)) names.push(props.value);
  return (
    <select aria-label={props.label} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
      <option value="">{props.all}</option>
      {names.map((name) => <option value={name}>{name}{props.options?.[name] ? ` (${props.options[name]})` : ''}</option>)}
    </select>
  );
}

// On a phone, where there are no column headings to click on.
function Order(props: { sort: string; onSort: (sort: string) => void }) {
  return (
    <select class="order" aria-label={t('sort')} value={props.sort} onChange={(event) => props.onSort(event.currentTarget.value)}>
      {columns.map(([name, word]) => (
        <>
          <option value={name}>{t('sortUp', { what: t(word) })}</option>
          <option value={'-' + name}>{t('sortDown', { what: t(word) })}</option>
        </>
      ))}
    </select>
  );
}

function Column(props: { name: string; title: string; filter: Filter; number?: boolean; onSort: (sort: string) => void }) {
  const up = props.filter.sort === props.name;
  const down = props.filter.sort === '-' + props.name;
  return (
    <th scope="col" class={props.number ? 'num' : ''} aria-sort={up ? 'ascending' : down ? 'descending' : undefined}>
      <button type="button" class="sort" title={t('sortBy', { what: props.title })}
              onClick={() => props.onSort(up ? '-' + props.name : props.name)}>
        {props.title}{(up || down) && <Icon name={up ? 'up' : 'down'} />}
      </button>
    </th>
  );
}

function Row(props: { account: Account; editable: boolean; picked: boolean; onPick: () => void }) {
  const { account } = props;
  const state = stateOf(account);
  const set = account.alerts.filter((alert) => alert.threshold !== null);
  return (
    <tr class={props.picked ? 'picked' : ''}>
      {props.editable && <td class="pick"><input type="checkbox" checked={props.picked} onChange={props.onPick}
               aria-label={t('selectOne', { name: nameOf(account) })} /></td>}
      <th scope="row">
        <a href={'/accounts' + pathOf(account)} onClick={follow}><span class="name">{nameOf(account)}</span></a>
        <span class="id">{keyOf(account)}</span>
      </th>
      <td data-label={t('contact')}>{account.contact || '–'}</td>
      <td class="num" data-label={t('credit')}><span>{amount(account.available_credit)} <span class="cur">{account.currency}</span></span></td>
      <td class="num" data-label={t('threshold')}><span>{set.length === 0 ? '–' : set.map((alert) => (
        <div class={alert.enabled ? '' : 'off'}>{amount(alert.threshold)}{account.alerts.length > 1 && <span class="cur"> {alert.level}</span>}</div>
      ))}</span></td>
      <td class="num" data-label={t('runway')}>{duration(account.runway_seconds)}</td>
      <td data-label={t('state')}><Badge kind={state}>{t('s_' + state)}</Badge></td>
      <td data-label={t('asOf')} class={account.stale ? 'old' : ''}>{ago(account.last_success)}</td>
    </tr>
  );
}
