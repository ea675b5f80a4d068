// Settings from lines that were pasted or uploaded: each account to its own.

import { useState } from 'preact/hooks';
import { ApiError, Json } from '../shared/api';
import { t } from '../shared/i18n';
import { Dialog, errorText, Notice } from '../shared/ui';
import { Steps, useBulkEdit } from './bulk';

// What spreadsheets save: UTF-8, "Unicode text" (UTF-16), or what Chinese Windows calls CSV (GB 18030).
function decode(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

export function CsvDialog(props: { onClose: (changed: boolean) => void }) {
  const [text, setText] = useState('');
  const [file, setFile] = useState('');
  const edit = useBulkEdit(() => ({ csv: text }));
  const lines: Json[] = edit.problem instanceof ApiError ? edit.problem.body?.lines ?? [] : [];
  return (
    <Dialog title={t('csvTitle')} wide onClose={() => props.onClose(!!edit.result)}>
      {edit.preview || edit.result ? <Steps edit={edit} onClose={props.onClose} /> : (
        <form ref={edit.begin} tabIndex={-1} aria-label={t('csvTitle')} onSubmit={(event) => { event.preventDefault(); edit.previewIt(); }}>
          <p class="fine">{t('csvHint')}</p>
          <div class="line file">
            {/* The browser's own button speaks the browser's language. */}
            <label class="button">{t('csvFile')}
              <input class="unseen" type="file" accept=".csv,.tsv,.txt,text/csv" onChange={async (event) => {
                const input = event.currentTarget;
                const chosen = input.files?.[0];
                if (!chosen) return;
                setText(decode(await chosen.arrayBuffer()));
                setFile(chosen.name);
                // The same file can be chosen again once it is corrected.
                input.value = '';
              }} /></label>
            <span class="fine">{file}</span>
          </div>
          <label>{t('csvText')}
            <textarea rows={10} spellcheck={false} value={text} required
                      placeholder={'provider,account_id,enabled,threshold\nalibaba,17,yes,500'}
                      onInput={(event) => setText(event.currentTarget.value)} /></label>
          {lines.length > 0 ? (
            <Notice kind="bad">
              <p>{t('csvWrong')}</p>
              <ul class="lines">{lines.map((line) => <li><b>{t('line', { n: line.line })}</b>{line.column && ` · ${line.column}`}: {line.message}</li>)}</ul>
            </Notice>
          ) : edit.problem && <Notice kind="bad">{errorText(edit.problem)}</Notice>}
          <div class="buttons">
            <button type="button" class="quiet" onClick={() => props.onClose(false)}>{t('cancel')}</button>
            <button class="primary" disabled={edit.busy || !text.trim()}>{t('preview')}</button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
