import { SignInPage } from '../sign-in/SignInPage.tsx';
import { ChatPage } from './ChatPage.tsx';
import { chat } from './chat.ts';
import { useObservable } from './observable.ts';

export function App() {
  const session = useObservable(chat.session);
  return session.status === 'signed-in' ? (
    <ChatPage key={session.user.id} user={session.user} />
  ) : (
    <SignInPage expired={session.reason === 'expired'} />
  );
}
