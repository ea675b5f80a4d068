// Who changed which setting, when, from what, to what, and through what.

import { useEffect, useState } from 'preact/hooks';
import { get, Json, query } from '../shared/api';
import { amount, instant } from '../shared/format';
import { t } from '../shared/i18n';
import { follow, go, useLocation } from '../shared/router';
import { errorText, Loading, Notice } from '../shared/ui';

function Setting({ setting }: { setting: Json }) {
  if (!setting) return <span class="fine">{t('notSet')}</span>;
  return <>{t(setting.enabled ? 'on' : 'off')}{setting.threshold !== null && `, ${amount(setting.threshold)} ${setting.currency}`}</>;
}

/** `accounts`: whether to name them, and as links. */
export function EditTable({ edits, accounts }: { edits: Json[]; accounts: 'links' | 'names' | 'none' }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={t('auditTitle')}>
      <table class="list compact">
        <thead><tr>
          <th scope="col">{t('at')}</th><th scope="col">{t('who')}</th><th scope="col">{t('through')}</th>
          {accounts !== 'none' && <th scope="col">{t('account')}</th>}
          <th scope="col">{t('level')}</th><th scope="col">{t('was')}</th><th scope="col">{t('became')}</th>
        </tr></thead>
        <tbody>
          {edits.map((edit) => (
            <tr key={edit.id}>
              <td class="when">{instant(edit.at)}</td><td>{edit.who}</td><td>{t('t_' + edit.through)}</td>
              {accounts === 'names' && <td>{edit.provider}/{edit.account_id}</td>}
              {accounts === 'links' && <td><a href={`/accounts/${encodeURIComponent(edit.provider)}/${encodeURIComponent(edit.account_id)}`} onClick={follow}>{edit.provider}/{edit.account_id}</a></td>}
              <td>{edit.level}</td><td><Setting setting={edit.from} /></td><td><Setting setting={edit.to} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function AuditPage() {
  const url = useLocation();
  const filter = Object.fromEntries(['who', 'through', 'provider', 'account_id', 'before'].map((name) =>
    [name, url.searchParams.get(name) ?? '']));
  const [answer, setAnswer] = useState<Json | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let over = false;
    get('/api/v1/edits' + query({ ...filter, limit: 100 })).then(
      (found) => { if (!over) { setAnswer(found); setProblem(''); } },
      (error) => { if (!over) setProblem(errorText(error)); });
    return () => { over = true; };
  }, [url.search]);
  const show = (change: Record<string, string>) => go('/edits' + query({ ...filter, before: '', ...change }));
  const { before, ...lasting } = filter;
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{t('auditTitle')}</h1>
        <div class="grow" />
        <a class="button" href={'/api/v1/edits.csv' + query(lasting)} download="edits.csv">{t('export')}</a>
      </div>
      <section class="filters" aria-label={t('filters')}>
        <input type="search" aria-label={t('who')} placeholder={t('who')} value={filter.who} maxLength={200}
               onChange={(event) => show({ who: event.currentTarget.value.trim() })} />
        <select aria-label={t('through')} value={filter.through} onChange={(event) => show({ through: event.currentTarget.value })}>
          <option value="">{t('through')}: {t('all')}</option>
          {['console', 'api', 'cli', 'file'].map((way) => <option value={way}>{t('t_' + way)}</option>)}
        </select>
        {(filter.account_id || filter.who || filter.through) && (
          <button type="button" class="quiet" onClick={() => go('/edits')}>{t('clearFilters')}</button>
        )}
      </section>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {!answer && !problem && <Loading />}
      {answer && (answer.edits.length === 0 ? <p class="empty">{t('noEdits')}</p> : <EditTable edits={answer.edits} accounts="links" />)}
      <nav class="pages" aria-label={t('pages')}>
        {before && <button type="button" onClick={() => show({})}>{t('newest')}</button>}
        {answer?.next && <button type="button" onClick={() => show({ before: String(answer.next) })}>{t('older')}</button>}
      </nav>
    </>
  );
}
