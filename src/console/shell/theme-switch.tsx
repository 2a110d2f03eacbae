import { Choice } from "../parts/choice.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { THEMES, type Theme, theme } from "../theme.ts";

const ICONS: Readonly<Record<Theme, IconName>> = { system: "system", light: "sun", dark: "moon" };
const LABELS: Readonly<Record<Theme, string>> = { system: "As the system", light: "Light", dark: "Dark" };

const OPTIONS = THEMES.map((value) => ({ value, label: <Icon name={ICONS[value]} />, title: LABELS[value] }));

/** Light, dark, or as the system is. */
export function ThemeSwitch() {
  const choose = (choice: Theme) => {
    theme.value = choice;
  };
  return <Choice legend="Theme" options={OPTIONS} chosen={theme.value} onChoose={choose} />;
}
