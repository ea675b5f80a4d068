// The messages console: which page the address names.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get } from '../shared/api';
import { t, useLanguage } from '../shared/i18n';
import { Gate } from '../shared/login';
import { useLocation } from '../shared/router';
import { Header, Session } from '../shared/ui';
import { ContactsPage } from './contacts';
import { DeliveriesPage } from './deliveries';
import { InboxPage } from './inbox';
import { SentPage } from './sent';
import { StoryPage } from './story';

function Page({ session, leave }: { session: Session; leave: () => void }) {
  useLanguage();
  const url = useLocation();
  const [unread, setUnread] = useState(0);
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const ask = () => get('/api/v1/inbox?limit=1').then((inbox) => setUnread(inbox.unread), () => {});
  useEffect(() => {
    ask();
    const timer = setInterval(() => { if (!document.hidden) ask(); }, 30_000);
    return () => clearInterval(timer);
  }, []);
  const pages: Record<string, string> = { inbox: 'inbox', messages: 'sent', deliveries: 'deliveries', contacts: 'contacts' };
  const story = parts[0] === 'messages' && parts.length === 3;
  document.title = `${unread ? `(${unread}) ` : ''}${story ? parts[2] : t(pages[parts[0]] ?? 'messages')} · lowbalance`;
  return (
    <>
      <Header session={session} here="messages" onLogout={leave}
              links={Object.entries(pages).map(([path, word]) => (
                { href: '/' + path, text: t(word), current: parts[0] === path, count: path === 'inbox' ? unread : 0 }))} />
      <main id="main">
        {story ? <StoryPage session={session} provider={parts[1]} accountId={parts[2]} key={url.pathname} />
          : parts[0] === 'inbox' ? <InboxPage session={session} url={url} onRead={ask} />
          : parts[0] === 'deliveries' ? <DeliveriesPage session={session} url={url} />
          : parts[0] === 'contacts' ? <ContactsPage session={session} />
          : <SentPage url={url} />}
      </main>
    </>
  );
}

render(<Gate>{(session, leave) => <Page session={session} leave={leave} />}</Gate>, document.getElementById('app')!);
