// Low Balance Alerts settings of many accounts: what to change, what that comes to, what it came to.

import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, Json, send } from '../shared/api';
import { parseAmount } from '../shared/format';
import { t } from '../shared/i18n';
import { Dialog, errorText, Notice, sentence } from '../shared/ui';
import { EditTable } from './audit';
import { defaultLevel, splitKey } from './model';
import { Outcome } from './preview';

const shown = 500;

/** A selection says nothing of costs: the dialog asks, and the preview says how many are left out for it. */
export type Which = { select: string } | { keys: string[] };

/** Previews and applies one edit; both dialogs (settings, CSV) go through the same steps. */
export function useBulkEdit(bodyOf: () => Json | null) {
  const [preview, setPreview] = useState<Json | null>(null);
  const [result, setResult] = useState<Json | null>(null);
  const [problem, setProblem] = useState<ApiError | string>('');
  const [busy, setBusy] = useState(false);
  const ask = async (dryRun: boolean) => {
    const body = bodyOf();
    if (!body) return;
    setBusy(true);
    setProblem('');
    try {
      const answer = await send('POST', '/api/v1/accounts/edits',
        { ...body, limit: shown, dry_run: dryRun, ...(dryRun ? {} : { basis: preview.basis }) });
      dryRun ? setPreview(answer.body) : setResult(answer.body);
    } catch (error) {
      setProblem(error instanceof ApiError ? error : errorText(error));
    }
    setBusy(false);
  };
  // A step takes the button away that led to it, and the focus with it: that goes to where the new one begins.
  const begin = useRef<any>(null);
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current) begin.current?.focus();
    opened.current = true;
  }, [preview, result]);
  return { preview, result, problem, busy, begin, previewIt: () => ask(true), applyIt: () => ask(false),
           backToForm: () => { setPreview(null); setProblem(''); } };
}
export type BulkEdit = ReturnType<typeof useBulkEdit>;

/** The steps after the form. */
export function Steps({ edit, onClose }: { edit: BulkEdit; onClose: (changed: boolean) => void }) {
  if (edit.result) {
    return (
      <>
        <h3 ref={edit.begin} tabIndex={-1}>{t('resultTitle')}</h3>
        <Outcome outcome={edit.result} done />
        <div class="buttons"><button type="button" class="primary" onClick={() => onClose(true)}>{t('done')}</button></div>
      </>
    );
  }
  const { preview, problem } = edit;
  const moved = problem instanceof ApiError && problem.status === 409;
  // Who edited what meanwhile; none where it is the accounts that are others now.
  const conflicts: Json[] = moved ? problem.body?.conflicts ?? [] : [];
  return (
    <>
      <h3 ref={edit.begin} tabIndex={-1}>{t(preview.applicable && !moved ? 'previewTitle' : 'previewRefused')}</h3>
      {problem && <Notice kind="bad">{conflicts.length > 0 ? t('moved') : errorText(problem)}</Notice>}
      {conflicts.length > 0 && <EditTable edits={conflicts} accounts="names" />}
      {!preview.applicable && <Notice kind="bad">{sentence(preview.error?.message ?? '')}</Notice>}
      <Outcome outcome={preview} done={false} />
      <div class="buttons">
        <button type="button" class="quiet" onClick={edit.backToForm}>{t('back')}</button>
        {moved && <button type="button" onClick={edit.previewIt}>{t('previewAgain')}</button>}
        <button type="button" class="primary" disabled={edit.busy || !preview.applicable || preview.changed === 0 || moved}
                onClick={edit.applyIt}>{t('applyTo', { n: preview.changed.toLocaleString('en') })}</button>
      </div>
    </>
  );
}

export function BulkDialog(props: { which: Which; count: number; several: boolean; onClose: (changed: boolean) => void }) {
  const [enabled, setEnabled] = useState<'' | 'on' | 'off'>('on');
  const [amounts, setAmounts] = useState<Record<string, string>>({ '': '' });
  const [currencies, setCurrencies] = useState<string[]>([]);
  const [withoutCosts, setWithoutCosts] = useState(false);
  const [wrong, setWrong] = useState('');

  const body = (): Json | null => {
    const which = 'select' in props.which
      ? { select: props.which.select, include_without_costs: withoutCosts }
      : { accounts: props.which.keys.map(splitKey) };
    const wanted: Json = { ...which, leave_out_provisioned: true };
    if (enabled) wanted.enabled = enabled === 'on';
    const names = currencies.length > 1 ? currencies : [''];
    const thresholds: Record<string, string> = {};
    for (const name of names) {
      const text = amounts[name] ?? '';
      if (!text.trim()) continue;
      const amount = parseAmount(text);
      if (amount === null) { setWrong(t('notAnAmount', { text: text.trim() })); return null; }
      thresholds[name] = amount;
    }
    if (enabled !== 'off' && Object.keys(thresholds).length > 0) {
      if ('' in thresholds) wanted.threshold = thresholds[''];
      else wanted.thresholds = thresholds;
    }
    if (!('enabled' in wanted) && !wanted.threshold && !wanted.thresholds) { setWrong(t('nothingToChange')); return null; }
    setWrong('');
    return wanted;
  };
  const edit = useBulkEdit(body);
  // Which currencies there are, the first preview tells.
  useEffect(() => {
    const mixed: string[] = edit.preview?.error?.field === 'thresholds' ? edit.preview.currencies : [];
    if (mixed.length < 2 || currencies.length > 0) return;
    setCurrencies(mixed);
    edit.backToForm();
  }, [edit.preview]);

  return (
    <Dialog title={t('bulkTitle', { n: props.count.toLocaleString('en') })} wide onClose={() => props.onClose(!!edit.result)}>
      {edit.preview || edit.result ? <Steps edit={edit} onClose={props.onClose} /> : (
        <form ref={edit.begin} tabIndex={-1} aria-label={t('bulkSettings')} onSubmit={(event) => { event.preventDefault(); edit.previewIt(); }}>
          {props.several && <p class="fine">{t('oneLevel', { level: defaultLevel })}</p>}
          <fieldset class="choice">
            <legend>{t('alertSwitch')}</legend>
            {([['on', 'enable'], ['off', 'disable'], ['', 'keep']] as const).map(([value, word]) => (
              <label class="check"><input type="radio" name="enabled" checked={enabled === value} onChange={() => setEnabled(value)} /> {t(word)}</label>
            ))}
          </fieldset>
          {enabled !== 'off' && (
            <>
              {currencies.length > 1 && <Notice>{t('oneEach')}</Notice>}
              {(currencies.length > 1 ? currencies : ['']).map((name) => (
                <label>{name ? t('thresholdIn', { currency: name }) : t('sameThreshold')}
                  <input inputMode="decimal" autocomplete="off" maxLength={30} value={amounts[name] ?? ''}
                         onInput={(event) => setAmounts({ ...amounts, [name]: event.currentTarget.value })} /></label>
              ))}
            </>
          )}
          {'select' in props.which && (
            <label class="check"><input type="checkbox" checked={withoutCosts} onChange={() => setWithoutCosts(!withoutCosts)} /> {t('withoutCosts')}</label>
          )}
          {(wrong || edit.problem) && <Notice kind="bad">{wrong || errorText(edit.problem)}</Notice>}
          <div class="buttons">
            <button type="button" class="quiet" onClick={() => props.onClose(false)}>{t('cancel')}</button>
            <button class="primary" disabled={edit.busy}>{t('preview')}</button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
