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
    from runner.audio.sketch.brief import Brief
    from runner.audio.sketch.render import Pcm

TAGS = {"title": "placeholder music", "artist": "scorefile local/sketch"}
"""The tags of every file that this composer makes."""

LEAST_BPM, MAX_BPM = 20.0, 400.0

_STREAMS = ("form", "tune", "arp", "drums")


def compose(brief: Brief, *, rate_hz: int = 48_000) -> Pcm:
    """Compose music and return it as 16-bit integers of shape (round(duration_s · rate_hz), 2).

    The same arguments give the same bytes on every machine. Loudness is about -16 LUFS, peaks stay below -1 dBFS.
    """
    chances = {stream: Chance(brief.prompt, brief.seed, stream) for stream in ("style", *_STREAMS)}
    character = settle(read(brief.prompt), chances["style"])
    if not brief.instrumental and character.lead != "none":
        character = replace(character, lead="voice")
    key_found = choose_key(brief.key, character, chances["style"])
    meter = choose_meter(brief.time_signature, character)
    tempo = min(max(brief.bpm or float(character.bpm), LEAST_BPM), MAX_BPM)
    samples = round(brief.duration_s * rate_hz)
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
