"""From the words of a prompt to a musical character: energy, light, tension, and who plays."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

from runner.audio.sketch.theory import Key, Meter, parse_meter
from runner.frozen import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.audio.sketch.chance import Chance


@dataclass(frozen=True, slots=True)
class Character:
    """How a sketch plays. Empty names are chosen later from energy and light, `a|b` by chance; `none` stays silent."""

    energy: int = 0
    light: int = 0
    tension: int = 0
    pad: str = ""
    lead: str = ""
    arp: str = ""
    bass: str = ""
    kit: str = ""
    line: str = ""
    swing: int = 0
    space: int = 0
    sevenths: int = 0
    drama: int = 0
    loop: int = 0
    bpm: int = 0
    meter: str = ""


_CALM = {"energy": -1, "space": 1}
_DARK = {"light": -2, "tension": 1}
_FIERCE = {"energy": 2, "light": -1, "tension": 1}

WORDS: Mapping[str, Mapping[str, int | str]] = {
    # genres and places
    "ambient": {"energy": -2, "space": 3, "pad": "glass", "arp": "bell", "kit": "none", "bpm": 66},
    "drone": {"energy": -2, "space": 3, "arp": "none", "lead": "none", "kit": "none", "bpm": 60},
    "lofi": {"pad": "warm", "arp": "keys", "lead": "keys|bell|guitar", "bass": "upright", "kit": "lofi", "line": "late", "swing": 2, "sevenths": 1, "bpm": 78},
    "jazz": {"arp": "keys", "lead": "horn", "bass": "upright", "kit": "jazz", "line": "walk", "swing": 2, "sevenths": 1, "bpm": 128},
    "chiptune": {"energy": 1, "light": 1, "pad": "none", "lead": "pulse", "arp": "chip", "bass": "triangle", "kit": "chip", "line": "octave", "bpm": 138},
    "orchestral": {"pad": "strings|brass", "lead": "violin|flute|clarinet|horn", "arp": "harp|ostinato", "bass": "cello", "kit": "epic|march"},
    "epic": {"energy": 1, "pad": "strings|brass|choir", "lead": "horn|violin", "arp": "ostinato|harp|none", "bass": "cello", "kit": "epic|march", "line": "pulse|drawn|fifths"},
    "electronic": {"energy": 1, "pad": "warm", "lead": "saw", "arp": "pluck", "bass": "synth", "kit": "electro", "line": "octave", "bpm": 122},
    "rock": {"energy": 2, "lead": "saw", "arp": "guitar", "bass": "synth", "kit": "rock", "line": "pulse", "bpm": 132},
    "folk": {"light": 1, "lead": "flute|reed|violin", "arp": "guitar|oud", "bass": "upright", "kit": "soft", "bpm": 100},
    "waltz": {"meter": "3/4", "line": "waltz", "pad": "strings", "bpm": 138},
    "march": {"energy": 1, "lead": "horn", "kit": "march", "line": "walk", "bpm": 112},
    "lullaby": {"energy": -2, "light": 1, "lead": "bell", "arp": "harp", "kit": "none", "meter": "6/8", "bpm": 80},
    "battle": {**_FIERCE, "kit": "epic|march|rock", "line": "pulse|octave|drawn", "arp": "ostinato|pluck|none", "bpm": 144},
    "boss": {**_FIERCE, "kit": "rock|epic|electro", "line": "pulse|octave", "arp": "ostinato|pluck|guitar", "bpm": 152},
    "chase": {"energy": 3, "tension": 1, "line": "pulse", "arp": "ostinato", "bpm": 160},
    "tavern": {"energy": 1, "light": 2, "lead": "flute|reed|violin", "arp": "guitar|oud", "kit": "soft|hand", "bpm": 116},
    "menu": {"energy": -1, "space": 1},
    "space": {"space": 2, "pad": "glass"},
    "forest": {"lead": "flute|clarinet|reed", "arp": "harp|kalimba|guitar", "space": 1},
    "desert": {"tension": 2, "lead": "reed", "arp": "oud", "bass": "upright", "kit": "hand", "line": "drawn"},
    "mountain": {"energy": 1, "pad": "brass", "lead": "horn", "arp": "harp", "bass": "cello", "kit": "march", "line": "fifths", "space": 2},
    "ocean": {"light": 1, "pad": "warm", "lead": "clarinet", "arp": "harp", "bass": "upright", "kit": "soft", "space": 2, "line": "fifths"},
    "island": {"energy": 1, "light": 2, "arp": "marimba", "lead": "flute", "kit": "hand", "line": "late"},
    "snow": {"light": 1, "pad": "glass", "lead": "glassharp", "arp": "bell", "bass": "cello", "kit": "ice", "space": 2, "line": "hold"},
    "swamp": {"energy": -1, "light": -1, "tension": 1, "lead": "clarinet", "arp": "marimba", "bass": "upright", "kit": "hand", "line": "late", "swing": 2},
    "jungle": {"energy": 1, "lead": "flute|clarinet", "arp": "kalimba|marimba", "kit": "hand", "line": "drawn"},
    "city": {"energy": 1, "pad": "warm", "lead": "horn", "arp": "keys", "bass": "synth", "kit": "lofi", "line": "octave", "sevenths": 1},
    "volcano": {**_FIERCE, "pad": "choir", "lead": "horn", "arp": "ostinato", "bass": "cello", "kit": "epic", "line": "pulse", "drama": 1},
    "castle": {"pad": "organ", "lead": "violin", "arp": "harp", "bass": "cello", "kit": "march", "line": "walk"},
    "sky": {"light": 1, "space": 3, "pad": "glass", "lead": "flute", "arp": "harp", "line": "drawn"},
    "storm": {"energy": 2, "tension": 1, "light": -1, "pad": "strings", "arp": "ostinato", "kit": "epic", "line": "pulse", "drama": 1},
    "dramatic": {"drama": 2, "tension": 1}, "crescendo": {"drama": 3}, "dynamic": {"drama": 2}, "loop": {"loop": 1},
    "night": {"energy": -1, "light": -1, "space": 1},
    "victory": {"energy": 1, "light": 2, "lead": "horn"},
    # moods
    "calm": _CALM, "peaceful": {**_CALM, "light": 1}, "gentle": _CALM, "soft": _CALM, "relaxing": _CALM, "quiet": _CALM,
    "slow": {"energy": -1}, "dreamy": {**_CALM, "light": 1, "pad": "glass"},
    "sad": {"energy": -1, "light": -2}, "melancholy": {"energy": -1, "light": -2}, "nostalgic": {"light": -1},
    "emotional": {"light": -1}, "lonely": {"energy": -1, "light": -2},
    "happy": {"energy": 1, "light": 2}, "joyful": {"energy": 1, "light": 2}, "cheerful": {"energy": 1, "light": 2},
    "bright": {"light": 1}, "hopeful": {"light": 1}, "playful": {"energy": 1, "light": 2}, "uplifting": {"energy": 1, "light": 2},
    "dark": _DARK, "evil": _DARK, "horror": {**_DARK, "tension": 3, "energy": -1, "kit": "none"},
    "tense": {"tension": 2, "light": -1}, "suspense": {"tension": 2, "light": -1, "energy": -1},
    "mystery": {"tension": 1, "light": -1, "arp": "bell", "space": 1},
    "aggressive": _FIERCE, "angry": _FIERCE, "fierce": _FIERCE, "intense": {"energy": 2},
    "heroic": {"energy": 1, "light": 1, "lead": "horn"}, "triumphant": {"energy": 1, "light": 2, "lead": "horn"},
    "fast": {"energy": 2}, "driving": {"energy": 1}, "energetic": {"energy": 2}, "action": {"energy": 2}, "upbeat": {"energy": 1, "light": 1},
    "magical": {"arp": "bell", "space": 1, "light": 1}, "solemn": {"energy": -1, "light": -1},
    # instruments
    "piano": {"arp": "piano", "lead": "piano"}, "keys": {"arp": "keys"}, "choir": {"pad": "choir"}, "voice": {"lead": "voice"},
    "strings": {"pad": "strings"}, "violin": {"lead": "violin"}, "cello": {"bass": "cello"}, "brass": {"lead": "horn", "pad": "brass"},
    "flute": {"lead": "flute"}, "clarinet": {"lead": "clarinet"}, "accordion": {"lead": "reed"}, "oboe": {"lead": "reed"},
    "oud": {"arp": "oud"}, "kalimba": {"arp": "kalimba"}, "harmonica": {"lead": "reed"},
    "guitar": {"arp": "guitar"}, "harp": {"arp": "harp"}, "bell": {"arp": "bell"}, "organ": {"pad": "organ"},
    "marimba": {"arp": "marimba"}, "synth": {"pad": "warm", "lead": "saw", "bass": "synth", "arp": "pluck"}, "pad": {"pad": "warm"},
    "drums": {"kit": "rock"}, "percussion": {"kit": "epic"}, "taiko": {"kit": "epic"},
}  # fmt: skip

SAME = {
    "8bit": "chiptune", "chip": "chiptune", "retro": "chiptune", "arcade": "chiptune", "chill": "lofi", "hiphop": "lofi",
    "orchestra": "orchestral", "symphonic": "orchestral", "cinematic": "epic", "trailer": "epic", "synthwave": "electronic",
    "techno": "electronic", "edm": "electronic", "house": "electronic", "trance": "electronic", "cyberpunk": "electronic",
    "metal": "rock", "medieval": "folk", "celtic": "folk", "acoustic": "folk", "fight": "battle", "combat": "battle", "war": "battle",
    "drama": "dramatic", "build": "crescendo", "climax": "crescendo", "swell": "crescendo", "swelling": "crescendo", "building": "crescendo",
    "dynamics": "dynamic", "loopable": "loop", "looping": "loop", "loops": "loop", "looped": "loop", "seamless": "loop",
    "sea": "ocean", "water": "ocean", "lake": "ocean", "beach": "island", "tropical": "island", "ice": "snow", "winter": "snow",
    "frozen": "snow", "tundra": "snow", "marsh": "swamp", "urban": "city", "street": "city", "lava": "volcano", "fire": "volcano",
    "mountains": "mountain", "kingdom": "castle", "royal": "castle", "temple": "castle", "ruins": "castle", "clouds": "sky", "wind": "sky",
    "thunder": "storm", "dunes": "desert", "lute": "oud", "sitar": "oud", "koto": "oud",
    "meditation": "ambient", "atmospheric": "ambient", "underwater": "ambient", "inn": "tavern", "woods": "forest",
    "tranquil": "calm", "serene": "calm", "melancholic": "sad", "sorrow": "sad", "tragic": "sad", "grief": "sad", "joy": "happy",
    "fun": "playful", "ominous": "dark", "sinister": "dark", "gloomy": "dark", "scary": "horror", "creepy": "horror", "spooky": "horror",
    "tension": "tense", "danger": "tense", "suspenseful": "suspense", "mysterious": "mystery", "eerie": "mystery", "cave": "mystery",
    "dungeon": "mystery", "rage": "angry", "hero": "heroic", "triumph": "triumphant", "magic": "magical", "choral": "choir",
    "vocal": "voice", "vocals": "voice", "horn": "brass", "horns": "brass", "trumpet": "brass", "bells": "bell", "celesta": "bell",
    "xylophone": "marimba", "synthesizer": "synth", "drum": "drums", "drumming": "drums", "town": "folk", "village": "folk",
}  # fmt: skip

_SLOTS = {
    "drums": "kit",
    "percussion": "kit",
    "drum": "kit",
    "melody": "lead",
    "bass": "bass",
    "piano": "arp",
    "choir": "pad",
}
_NOT = ("no", "without")
_JOINED = re.compile(r"(lo|8|hip|synth)[ -](fi|bit|hop|wave)\b")


def read(prompt: str) -> Character:
    """Read the musical character from the words of a prompt; `no drums` silences the drums."""
    tokens = re.findall(r"[a-z0-9]+", _JOINED.sub(r"\1\2", prompt.lower()))
    character = Character()
    silent: dict[str, str] = {}
    for before, word in zip(["", *tokens], tokens, strict=False):
        if before in _NOT:
            silent |= {_SLOTS[word]: "none"} if word in _SLOTS else {}
        else:
            character = _nudge(character, WORDS.get(SAME.get(word, word), {}))
    return replace(character, **silent)  # type: ignore[arg-type]  # the slots are the character's text fields


def _nudge(character: Character, word: Mapping[str, int | str]) -> Character:
    """Add a word's numbers, except the tempo, and take over its names."""
    new: dict[str, int | str] = {}
    for name, value in word.items():
        adds = isinstance(value, int) and name in _SUMS
        new[name] = max(-3, min(3, getattr(character, name) + value)) if adds else value
    return replace(character, **new)  # type: ignore[arg-type]  # WORDS is checked by a test


_SUMS = frozenset(item.name for item in fields(Character) if item.type == "int") - {"bpm", "swing", "sevenths"}


_LEADS = ("flute", "piano", "bell", "violin", "clarinet", "reed")
_LIVELY_LEADS = ("saw", "violin", "horn", "reed")
_KITS = (
    ("none",),
    ("none",),
    ("none", "soft", "none", "hand"),
    ("soft", "hand", "jazz"),
    ("rock", "hand", "soft"),
    ("rock", "electro"),
    ("rock", "electro"),
)
_LINES = (
    ("hold",),
    ("hold",),
    ("hold", "drawn", "fifths"),
    ("fifths", "drawn", "late"),
    ("late", "drawn", "walk"),
    ("pulse", "octave", "drawn"),
    ("pulse", "octave"),
)
"""What may be chosen for each energy, from -3 to 3."""


def settle(character: Character, chance: Chance) -> Character:
    """Choose everything the prompt left open, so that no name is empty and `bpm` is set."""
    lively = character.energy > 0
    bright = character.light > 0
    defaults = {
        "pad": chance.pick(("strings", "warm", "brass") if lively else ("warm", "glass", "strings", "organ")),
        "lead": chance.pick(_LIVELY_LEADS if lively and not bright else _LEADS),
        "arp": chance.pick(("pluck", "guitar", "marimba", "oud") if lively else ("piano", "harp", "keys", "kalimba")),
        "bass": chance.pick(("synth", "upright") if lively else ("upright", "cello")),
        "kit": chance.pick(_KITS[character.energy + 3]),
        "line": chance.pick(_LINES[character.energy + 3]),
        "meter": "4/4",
    }
    written = {name: getattr(character, name) for name in defaults}
    filled = {name: chance.pick(text.split("|")) if text else defaults[name] for name, text in written.items()}
    base = character.bpm + 4 * character.energy if character.bpm else 96 + 16 * character.energy
    settled = replace(character, **filled)  # type: ignore[arg-type]  # these are text fields
    return replace(settled, bpm=base - 4 + chance.below(9))


def choose_key(named: Key | None, character: Character, chance: Chance) -> Key:
    """Return the key that is named, or one that suits the character."""
    tonic = chance.below(12)
    if character.tension > 1:
        modes: tuple[str, ...] = ("phrygian", "minor", "harmonic minor")
    elif character.light < 0:
        modes = ("minor", "minor", "dorian")
    elif character.light > 0:
        modes = ("major", "major", "lydian", "mixolydian")
    else:
        modes = ("major", "minor", "dorian", "mixolydian")
    mode = chance.pick(modes)
    return named or Key(tonic, mode)


def choose_meter(texts: tuple[str | None, ...], character: Character) -> Meter:
    """Return the first metre that one of `texts` names, or the character's own."""
    named = (parse_meter(text) for text in (*texts, character.meter) if text)
    return next((meter for meter in named if meter), Meter(48, (0, 12, 24, 36)))
