// A bell for a counter at three in the morning: by consent only, never without its text, silent again at one tap.
const KEPT = 'siao.bell';
const AGAIN_MS = 8_000;
/** Two strokes, a fourth apart: hertz, and seconds after the first. */
const STROKES = [[880, 0], [660, 0.3]] as const;
const STROKE_SECONDS = 0.9;

class Bell {
  on = $state(localStorage.getItem(KEPT) === 'on');
  private sound: AudioContext | null = null;

  /** Turned by a tap, which is also what a browser wants before a page may sound. */
  turn(on: boolean): void {
    this.on = on;
    localStorage.setItem(KEPT, on ? 'on' : 'off');
    if (on) this.strike();
  }

  /** Rings now and every eight seconds, where it is wanted; gives the way to stop. */
  ring(): () => void {
    if (!this.on) return () => undefined;
    this.strike();
    const timer = setInterval(() => this.strike(), AGAIN_MS);
    return () => clearInterval(timer);
  }

  private strike(): void {
    this.sound ??= new AudioContext();
    void this.sound.resume();
    for (const [hertz, after] of STROKES) this.stroke(this.sound, hertz, this.sound.currentTime + after);
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) navigator.vibrate?.([300, 200, 300]);
  }

  private stroke(sound: AudioContext, hertz: number, at: number): void {
    const tone = new OscillatorNode(sound, { frequency: hertz });
    const loudness = new GainNode(sound, { gain: 0 });
    loudness.gain.setValueAtTime(0.5, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + STROKE_SECONDS);
    tone.connect(loudness).connect(sound.destination);
    tone.start(at);
    tone.stop(at + STROKE_SECONDS);
  }
}

export const bell = new Bell();

/** What calls stands in the title as well: the tab of a screen that is behind others, a telephone's list of pages. */
export function titled(words: string): () => void {
  const before = document.title;
  document.title = `(!) ${words}`;
  return () => (document.title = before);
}
