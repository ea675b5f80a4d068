// What an edit of many accounts comes to: before, as a preview, and after, as its results.

import { Json } from '../shared/api';
import { amount } from '../shared/format';
import { t } from '../shared/i18n';
import { sentence } from '../shared/ui';
import { effectText, nameOf } from './model';

function Setting({ setting }: { setting: Json }) {
  if (!setting) return <span class="fine">{t('notSet')}</span>;
  return <span class={setting.enabled ? '' : 'off'}>{t(setting.enabled ? 'on' : 'off')}{setting.threshold !== null && `, ${amount(setting.threshold)} ${setting.currency}`}</span>;
}

function meaning(item: Json): string {
  if (item.outcome === 'refused') return sentence(item.error.message);
  if (item.outcome === 'left_out') return t('left_' + item.left_out);
  return effectText(item.effect);
}

export function Outcome({ outcome, done }: { outcome: Json; done: boolean }) {
  const counts: [string, string][] = [
    [done ? 'countsChangedDone' : 'countsChanged', 'changed'], ['countsUnchanged', 'unchanged'],
    ['countsLeftOut', 'left_out'], ['countsRefused', 'refused'],
  ];
  const count = (word: string, n: number) => t(word, { n: n.toLocaleString('en') });
  // What the accounts are that have no row.
  const hidden = counts.map(([word, kind]): [string, number] =>
    [word, outcome[kind] - outcome.results.filter((item: Json) => item.outcome === kind).length]);
  return (
    <>
      <p class="counts" role="status">
        {counts.filter(([, kind]) => outcome[kind] > 0 || kind === 'changed').map(([word, kind]) => (
          <span class={word}>{count(word, outcome[kind])}</span>
        ))}
      </p>
      <ul class="effects">
        {Object.entries(outcome.effects as Record<string, number>).map(([effect, n]) => (
          <li class={effect.startsWith('first_change') ? 'mind' : ''}><b>{n.toLocaleString('en')}×</b> {effectText(effect)}</li>
        ))}
      </ul>
      <div class="scroll" tabIndex={0} role="region" aria-label={t(done ? 'resultTitle' : 'previewTitle')}>
        <table class="list compact">
          <thead><tr><th scope="col">{t('account')}</th><th scope="col">{t('from')}</th><th scope="col">{t('to')}</th><th scope="col">{t('effect')}</th></tr></thead>
          <tbody>
            {outcome.results.map((item: Json) => (
              <tr class={item.outcome}>
                <th scope="row"><span class="name">{nameOf(item)}</span><span class="id">{item.line ? t('line', { n: item.line }) + ' · ' : ''}{item.provider}/{item.account_id} · {item.level}</span></th>
                <td><Setting setting={item.from} /></td>
                <td>{item.outcome === 'changed' || item.outcome === 'unchanged' ? <Setting setting={item.to} /> : '–'}</td>
                <td class="meaning">{meaning(item)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {outcome.results_left_out > 0 && <p class="fine">{t('moreRows', {
          n: outcome.results_left_out.toLocaleString('en'),
          what: hidden.filter(([, n]) => n > 0).map(([word, n]) => count(word, n)).join(', '),
        })}</p>}
      </div>
    </>
  );
}
