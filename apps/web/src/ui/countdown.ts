import { useEffect, useState } from 'react';

/** Whole seconds until a time (milliseconds since the epoch), counting down to 0. */
export function useSecondsUntil(time: number | undefined): number {
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    if (time === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= time) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [time]);

  return time === undefined ? 0 : Math.max(0, Math.ceil((time - now) / 1000));
}
