// Settings from lines that were pasted or uploaded: each account to its own.

import { useState } from 'preact/hooks';
import { ApiError, Json } from '../shared/api';
import { t } from '../shared/i18n';
import { Dialog, errorText, Notice } from '../shared/ui';
import { Steps, useBulkEdit } from './bulk';

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
                const chosen = event.currentTarget.files?.[0];
                if (!chosen) return;
                setText(await chosen.text());
                setFile(chosen.name);
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
