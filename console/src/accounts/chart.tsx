// The history of available credit: a step line, as it changes at once and then stays.

import { useEffect, useState } from 'preact/hooks';
import { get, query } from '../shared/api';
import { amount, day, instant, money } from '../shared/format';
import { t } from '../shared/i18n';
import { Notice, errorText } from '../shared/ui';
import { Account, Alert } from './model';

const width = 960;
const height = 260;
const pad = { left: 76, right: 16, top: 14, bottom: 28 };
const ranges = [['days7', 7], ['days30', 30], ['days90', 90], ['days365', 365]] as const;

interface Change { at: string; currency: string; available_credit: string }

/** Round values between two others, four or so. */
function ticks(from: number, to: number): number[] {
  const rough = (to - from) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  const found: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to + step / 1e6; value += step) found.push(value);
  return found;
}

const short = (value: number) => new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);

export function HistoryChart({ path, account, thresholds }: { path: string; account: Account; thresholds: Alert[] }) {
  const [days, setDays] = useState(30);
  const [changes, setChanges] = useState<Change[]>([]);
  const [now, setNow] = useState(Date.now());
  const [from, setFrom] = useState('');  // Where the server left out what is older.
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let over = false;
    const since = new Date(Date.now() - days * 86_400_000).toISOString();
    get(`${path}/history` + query({ since })).then((answer) => {
      if (over) return;
      setFrom(answer.left_out > 0 ? answer.changes[0].at : '');
      setChanges(answer.changes.filter((change: Change) => change.currency === account.currency));
      setNow(new Date(answer.now).getTime());
      setProblem('');
    }, (error) => { if (!over) setProblem(errorText(error)); });
    return () => { over = true; };
  }, [path, days, account.changed, account.last_success]);

  const range = t(ranges.find(([, n]) => n === days)![0]);
  return (
    <section class="card" aria-labelledby="history-h">
      <div class="line">
        <h2 id="history-h">{t('history')}</h2>
        <div class="chips" role="group" aria-label={t('history')}>
          {ranges.map(([word, n]) => (
            <button type="button" class="chip" aria-pressed={n === days} onClick={() => setDays(n)}>{t(word)}</button>
          ))}
        </div>
      </div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {changes.length === 0 ? <p class="empty">{t('noHistory')}</p> : (
        <>
          <Drawing changes={changes} days={days} now={now} thresholds={thresholds} label={t('historyOf', { range })} />
          {from && <p class="fine">{t('historyFrom', { at: instant(from) })}</p>}
          <details>
            <summary>{t('historyTable')}</summary>
            <div class="scroll" tabIndex={0} role="region" aria-label={t('historyTable')}>
              <table class="list compact">
                <thead><tr><th scope="col">{t('at')}</th><th scope="col" class="num">{t('credit')}</th></tr></thead>
                <tbody>{[...changes].reverse().slice(0, 500).map((change) => (
                  <tr><td>{instant(change.at)}</td><td class="num">{money(change.available_credit, change.currency)}</td></tr>
                ))}</tbody>
              </table>
            </div>
          </details>
        </>
      )}
    </section>
  );
}

function Drawing(props: { changes: Change[]; days: number; now: number; thresholds: Alert[]; label: string }) {
  const start = props.now - props.days * 86_400_000;
  const points = props.changes.map((change) => ({
    at: Math.max(new Date(change.at).getTime(), start), value: Number(change.available_credit),
  }));
  const lines = props.thresholds.filter((alert) => alert.threshold !== null)
    .map((alert) => ({ level: alert.level, text: alert.threshold!, value: Number(alert.threshold), on: alert.enabled }));
  const values = [...points.map((point) => point.value), ...lines.map((line) => line.value)];
  let least = Math.min(0, ...values);
  let most = Math.max(...values);
  if (most === least) most = least + 1;
  most += (most - least) * 0.06;
  if (least < 0) least -= (most - least) * 0.04;
  const x = (at: number) => pad.left + ((at - start) / (props.now - start)) * (width - pad.left - pad.right);
  const y = (value: number) => pad.top + ((most - value) / (most - least)) * (height - pad.top - pad.bottom);
  let d = `M${x(points[0].at).toFixed(1)} ${y(points[0].value).toFixed(1)}`;
  for (const point of points.slice(1)) d += `H${x(point.at).toFixed(1)}V${y(point.value).toFixed(1)}`;
  d += `H${x(props.now).toFixed(1)}`;
  const area = `${d}V${y(Math.max(least, 0)).toFixed(1)}H${x(points[0].at).toFixed(1)}Z`;
  const marks = [0, 1, 2, 3, 4].map((n) => start + ((props.now - start) * n) / 4);
  return (
    <svg class="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={props.label}>
      {ticks(least, most).map((value) => (
        <g><line class="grid" x1={pad.left} x2={width - pad.right} y1={y(value)} y2={y(value)} />
          <text x={pad.left - 8} y={y(value) + 4} text-anchor="end">{short(value)}</text></g>
      ))}
      {marks.map((at, n) => (
        <text x={x(at)} y={height - 8} text-anchor={n === 0 ? 'start' : n === 4 ? 'end' : 'middle'}>{day(new Date(at))}</text>
      ))}
      <path class="area" d={area} />
      <path class="credit" d={d} />
      <circle class="now" cx={x(props.now)} cy={y(points[points.length - 1].value)} r="4" />
      {lines.map((line) => (
        <g class={line.on ? 'limit' : 'limit off'}>
          <line x1={pad.left} x2={width - pad.right} y1={y(line.value)} y2={y(line.value)} />
          <text x={width - pad.right} y={y(line.value) - 6} text-anchor="end">{t('threshold')} {amount(line.text)}</text>
        </g>
      ))}
    </svg>
  );
}
