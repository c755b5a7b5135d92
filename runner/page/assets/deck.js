// What plays: one deck at a time, of one take or of several in step. Switching between them keeps the position.

const NOT_THERE = "its audio is not where this page expects it";
const listeners = new Set();
let current = null;

/** Return the deck that is loaded, or null. */
export function deck() {
  return current;
}

/** Call a function whenever what plays, where, or how loud changes. */
export function onDeck(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Load takes, ready to play the one at `index`; `at` is a place in seconds. Return the deck. */
export function load(takes, { index = 0, at = 0, matched = false } = {}) {
  current?.close();
  current = new Deck(takes, matched);
  current.show(index, at);
  return current;
}

/** Return by how many dB each take is turned down, so that all are as loud as the quietest. */
export function attenuations(takes) {
  const known = takes.map((take) => take.lufs).filter((lufs) => lufs !== undefined);
  const quietest = Math.min(...known);
  return takes.map((take) => (take.lufs === undefined ? 0 : take.lufs - quietest));
}

class Deck {
  constructor(takes, matched) {
    this.takes = takes;
    this.index = 0;
    this.problem = "";
    this.sounds = takes.map((take) => this.#sound(take));
    this.match(matched);
  }

  get take() {
    return this.takes[this.index];
  }

  get sound() {
    return this.sounds[this.index];
  }

  get playing() {
    return !this.sound.paused && !this.sound.ended;
  }

  get at() {
    return this.sound.currentTime;
  }

  get seconds() {
    return Number.isFinite(this.sound.duration) ? this.sound.duration : this.take.seconds;
  }

  /** Play all takes as loud as the quietest, or each as it is. */
  match(matched) {
    this.matched = matched;
    const down = attenuations(this.takes);
    this.sounds.forEach((sound, index) => (sound.volume = matched ? 10 ** (-down[index] / 20) : 1));
    tell();
  }

  /** Go to another take; what played goes on there, at the same place. */
  show(index, at = this.at) {
    const playing = this.playing;
    this.sound.pause();
    this.index = index;
    this.seek(at);
    if (playing) this.play();
    tell();
  }

  async play() {
    this.problem = "";
    try {
      await this.sound.play();
    } catch (error) {
      if (error.name === "NotSupportedError") this.problem = NOT_THERE;
      else if (error.name !== "AbortError") this.problem = `cannot be played: ${error.message}`;
    }
    tell();
  }

  pause() {
    this.sound.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Go to a place in seconds. */
  seek(at) {
    this.sound.currentTime = Math.max(0, Math.min(at, this.take.seconds - 0.02));
    tell();
  }

  close() {
    for (const sound of this.sounds) {
      sound.pause();
      sound.removeAttribute("src");
      sound.load();
    }
  }

  #sound(take) {
    const sound = new Audio();
    sound.preload = "auto";
    sound.src = take.url;
    for (const name of ["play", "pause", "ended", "seeked", "loadedmetadata"]) {
      sound.addEventListener(name, () => this.sound === sound && tell());
    }
    sound.addEventListener("error", () => {
      if (!sound.hasAttribute("src")) return;
      if (this.sound === sound) this.problem = NOT_THERE;
      tell();
    });
    return sound;
  }
}

function tell() {
  for (const listener of listeners) listener(current);
  if (current?.playing && !ticking) tick();
}

let ticking = false;

/** Follow the position as long as something plays. */
function tick() {
  ticking = Boolean(current?.playing);
  if (!ticking) return;
  for (const listener of listeners) listener(current);
  requestAnimationFrame(tick);
}
