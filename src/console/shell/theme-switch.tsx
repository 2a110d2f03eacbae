import { Icon, type IconName } from "../parts/icon.tsx";
import { THEMES, type Theme, theme } from "../theme.ts";

const ICONS: Readonly<Record<Theme, IconName>> = { system: "system", light: "sun", dark: "moon" };
const LABELS: Readonly<Record<Theme, string>> = { system: "As the system", light: "Light", dark: "Dark" };

/** Light, dark, or as the system is. */
export function ThemeSwitch() {
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">Theme</legend>
      {THEMES.map((choice) => (
        <button
          key={choice}
          type="button"
          title={LABELS[choice]}
          aria-label={LABELS[choice]}
          aria-pressed={theme.value === choice}
          onClick={() => {
            theme.value = choice;
          }}
        >
          <Icon name={ICONS[choice]} />
        </button>
      ))}
    </fieldset>
  );
}
