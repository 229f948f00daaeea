/*
 * Whether a password or a PIN is easily guessed, and why. Judged in the page, because it never leaves the phone.
 */

const KEYBOARD = ["QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"];
const SHORTEST_RUN = 3;

/** Return +1 or -1 when one character follows the other in the alphabet or among the digits (9 goes on at 0), else 0. */
function step(from, to) {
  const digits = /^[0-9]$/.test(from) && /^[0-9]$/.test(to);
  const difference = to.charCodeAt(0) - from.charCodeAt(0);
  if (digits && difference === -9) return 1;
  if (digits && difference === 9) return -1;
  const letters = /^[A-Z]$/.test(from) && /^[A-Z]$/.test(to);
  return (digits || letters) && Math.abs(difference) === 1 ? difference : 0;
}

/** Tell whether the text is nothing but runs like 123, CBA, or a piece of a keyboard's row. */
function isSequence(text) {
  if (KEYBOARD.some((row) => row.includes(text) || [...row].reverse().join("").includes(text))) return true;
  let at = 0;
  while (at < text.length) {
    const direction = at + 1 < text.length ? step(text[at], text[at + 1]) : 0;
    let end = at + 1;
    while (direction !== 0 && end < text.length && step(text[end - 1], text[end]) === direction) end += 1;
    if (end - at < SHORTEST_RUN) return false;
    at = end;
  }
  return true;
}

/**
 * Return why a text is weak: same (one character only), repeats (a shorter text again and again, such as the PIN
 * twice), sequence, birthday; null when it isn't. `guessable`: the spellings of the holder's birthday, of any length.
 */
export function weakness(text, guessable = []) {
  if (/^(.)\1+$/.test(text)) return "same";
  if (isSequence(text)) return "sequence";
  if (/^(.+)\1+$/.test(text)) return "repeats";
  const whole = text.length === 4 ? (one) => text === one : (one) => one.length >= 6 && text.includes(one);
  return guessable.some(whole) ? "birthday" : null;
}
