"""A small deterministic composer: placeholder music of exact length, tempo and key, the same bytes on every machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runner.audio.sketch.chance import Chance
from runner.audio.sketch.compose import Piece, compose_notes
from runner.audio.sketch.render import Stage, render
from runner.audio.sketch.style import choose_key, choose_meter, read, settle
from runner.audio.sketch.theory import TICKS

if TYPE_CHECKING:
    from runner.audio.sketch.render import Pcm

TAGS = {"title": "placeholder music", "artist": "scorefile local/sketch"}
"""What every file of this composer says about itself."""

LEAST_BPM, MAX_BPM = 20.0, 400.0

_STREAMS = ("form", "tune", "arp", "drums")


def compose(
    *,
    prompt: str,
    duration_s: float,
    bpm: float | None = None,
    key: str | None = None,
    time_signature: str | None = None,
    seed: int = 0,
    rate_hz: int = 48_000,
    instrumental: bool = True,
) -> Pcm:
    """Compose music and return it as 16-bit integers of shape (round(duration_s · rate_hz), 2).

    `bpm` counts quarter notes a minute and is held between 20 and 400. Where `bpm`, `key` (`D minor`, `F#`) or
    `time_signature` (`6/8`) is None or unreadable, the words of the prompt and the seed decide. The same arguments
    give the same bytes on every machine. Loudness is about -16 LUFS, peaks stay below -1 dBFS. Without
    `instrumental` a voice carries the tune.
    """
    chances = {stream: Chance(prompt, seed, stream) for stream in ("style", *_STREAMS)}
    character = settle(read(prompt), chances["style"])
    if not instrumental and character.lead != "none":
        character = replace(character, lead="voice")
    key_found = choose_key(key, character, chances["style"])
    meter = choose_meter(time_signature, character)
    tempo = min(max(bpm or float(character.bpm), LEAST_BPM), MAX_BPM)
    samples = round(duration_s * rate_hz)
    tick_samples = rate_hz * 60 / (tempo * TICKS)
    bars = max(0, int(samples / (tick_samples * meter.bar) - 0.5))
    piece = Piece(
        character=character,
        key=key_found,
        meter=meter,
        bars=bars,
        bar_s=meter.bar * tick_samples / rate_hz,
        end=int(samples / tick_samples) + 1,
    )
    stage = Stage(rate_hz=rate_hz, tick_samples=tick_samples, samples=samples, space=max(0, character.space))
    return render(compose_notes(piece, chances), stage)
