import { useEffect, useState, type ComponentType } from 'react';

interface EmojiPickerProps {
  onPick: (emoji: string) => void;
}

/** The emoji picker, which is loaded when it is shown. */
export function LoadedEmojiPicker({ onPick }: EmojiPickerProps) {
  const [picker, setPicker] = useState<{ Component: ComponentType<EmojiPickerProps> }>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let shown = true;
    import('./EmojiPicker.tsx').then(
      ({ EmojiPicker }) => shown && setPicker({ Component: EmojiPicker }),
      () => shown && setFailed(true),
    );
    return () => {
      shown = false;
    };
  }, []);

  if (picker) return <picker.Component onPick={onPick} />;
  return (
    <p role="status">
      {failed ? 'Can’t load the emoji. Check your connection and try again.' : 'Loading emoji…'}
    </p>
  );
}
