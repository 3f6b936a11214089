import type { Visibility } from '@chat/contracts';
import { Icon } from '../ui/Icon.tsx';
import styles from './VisibilityChoice.module.css';

const CHOICES = [
  {
    value: 'public',
    icon: 'hash',
    label: 'Public',
    description: 'Anyone can find it, read it and join.',
  },
  {
    value: 'private',
    icon: 'lock',
    label: 'Private',
    description: 'Only people you add can see it.',
  },
] as const;

interface VisibilityChoiceProps {
  value: Visibility;
  onChange: (value: Visibility) => void;
}

export function VisibilityChoice({ value, onChange }: VisibilityChoiceProps) {
  return (
    <fieldset className={styles.choice}>
      <legend className="visually-hidden">Who can join</legend>
      {CHOICES.map((choice) => (
        <label key={choice.value} className={styles.option}>
          <input
            type="radio"
            name="visibility"
            className="visually-hidden"
            checked={value === choice.value}
            onChange={() => onChange(choice.value)}
          />
          <span className={styles.label}>
            <Icon shape={choice.icon} size={18} /> {choice.label}
          </span>
          <span className={styles.description}>{choice.description}</span>
        </label>
      ))}
    </fieldset>
  );
}
