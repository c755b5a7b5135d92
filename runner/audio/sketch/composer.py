"""A small deterministic composer: placeholder music of exact length, tempo and key, the same bytes on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.audio.sketch.chance import Chance
from runner.audio.sketch.compose import Piece, compose_notes
from runner.audio.sketch.render import Stage, render
from runner.audio.sketch.stated import stated_bpm, stated_key, stated_meter
from runner.audio.sketch.style import choose_key, choose_meter, read, settle
from runner.audio.sketch.theory import TICKS, parse_key
from runner.frozen import replace

if TYPE_CHECKING:
    from runner.audio.sketch.brief import Brief
    from runner.audio.sketch.render import Pcm
    from runner.audio.sketch.theory import Meter

LEAST_BPM, MAX_BPM = 20.0, 400.0

_STREAMS = ("form", "rhythm", "tune", "arp", "drums")
_LOOP_STRETCH = 0.06
"""How far the tempo of a loop may move, so that it holds whole bars; where that is not enough it holds whole beats."""


def compose(brief: Brief, *, rate_hz: int = 48_000) -> Pcm:
    """Compose music and return it as 16-bit integers of shape (round(duration_s · rate_hz), 2).

    The same arguments give the same bytes on every machine. Loudness is about -16 LUFS, peaks stay below -1 dBFS.
    """
    chances = {stream: Chance(brief.prompt, brief.seed, stream) for stream in ("style", *_STREAMS)}
    character = settle(read(brief.prompt), chances["style"])
    if not brief.instrumental and character.lead != "none":
        character = replace(character, lead="voice")
    named = parse_key(brief.key) if brief.key else None
    key_found = choose_key(named or stated_key(brief.prompt), character, chances["style"])
    meter = choose_meter((brief.time_signature, stated_meter(brief.prompt)), character)
    tempo = min(max(brief.bpm or stated_bpm(brief.prompt) or float(character.bpm), LEAST_BPM), MAX_BPM)
    samples = round(brief.duration_s * rate_hz)
    tick_samples = rate_hz * 60 / (tempo * TICKS)
    loop_ticks = _loop_ticks(samples / tick_samples, meter) if character.loop else 0
    if loop_ticks:
        tick_samples = samples / loop_ticks
    bars = max(0, int(samples / (tick_samples * meter.bar) - 0.5))
    piece = Piece(
        character=character,
        key=key_found,
        meter=meter,
        bars=-(-loop_ticks // meter.bar) if loop_ticks else bars,
        bar_s=meter.bar * tick_samples / rate_hz,
        end=loop_ticks or int(samples / tick_samples) + 1,
        loops=loop_ticks > 0,
    )
    stage = Stage(
        rate_hz=rate_hz,
        tick_samples=tick_samples,
        samples=samples,
        space=max(0, character.space),
        loops=piece.loops,
    )
    return render(compose_notes(piece, chances), stage)


def _loop_ticks(ticks: float, meter: Meter) -> int:
    """Return the ticks of a loop that takes about `ticks`: whole bars, else whole beats; 0 where not a beat fits."""
    for unit in (meter.bar, TICKS):
        whole = unit * round(ticks / unit)
        if whole and abs(whole / ticks - 1) <= _LOOP_STRETCH:
            return whole
    return 0
