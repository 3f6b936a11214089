import { Component, type ReactNode } from 'react';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';

/** Stands in for a part of the page that broke. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <Notice title="Something on this page broke">
        <p>Nothing is lost: messages that were not sent yet are kept and go out after a reload.</p>
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </Notice>
    );
  }
}
