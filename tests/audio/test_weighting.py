"""Weighting by products of matrices is the recursion of ITU-R BS.1770-5, Annex 1, at every sample rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.audio.probe.weighting import Weigher, weighting

if TYPE_CHECKING:
    from tests.support.waves import Wave

SHELF_48K = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
HIGH_48K = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
"""The coefficients in the standard's Tables 1 and 2."""


def filtered(wave: Wave, ahead: tuple[float, ...], back: tuple[float, ...]) -> Wave:
    """Filter the plain way, sample by sample."""
    made = np.zeros_like(wave)
    for at in range(len(wave)):
        made[at] = sum(ahead[lag] * wave[at - lag] for lag in range(3) if at >= lag)
        made[at] -= sum(back[lag - 1] * made[at - lag] for lag in (1, 2) if at >= lag)
    return made


def energies(wave: Wave, rate_hz: int) -> Wave:
    """Return what the meter makes of one channel."""
    rules = weighting(rate_hz)
    weigher = Weigher(rules, 1)
    pieces = wave.astype(np.float32).reshape(-1, 1, rules.length)
    return np.concatenate([weigher.energies(piece)[0] for piece in pieces])


def test_it_is_the_standard_at_48_khz_also_beside_a_large_offset() -> None:
    rules = weighting(48_000)
    wave = np.random.default_rng(3).normal(0, 0.1, 2 * rules.length) + 0.5
    wave[rules.length // 2 :] = 0.5 + 0.001 * (wave[rules.length // 2 :] - 0.5)
    expected = filtered(filtered(wave, *SHELF_48K), *HIGH_48K).reshape(-1, rules.hop)
    found = 10 * np.log10(energies(wave, 48_000) / (expected**2).sum(axis=1))
    assert np.abs(found).max() < 0.005


def gain_db(hz: float) -> float:
    """Return how the standard's filters at 48 kHz weight a tone."""
    back = np.exp(-2j * np.pi * hz / 48_000 * np.arange(3))
    gains = [abs(np.dot(top, back) / np.dot((1.0, *bottom), back)) for top, bottom in (SHELF_48K, HIGH_48K)]
    return float(20 * np.log10(math.prod(gains)))


def numerator_db(rate_hz: int) -> float:
    """Return what it adds at a rate that the high-pass filter's numerator is 1, -2, 1 there, too, as other meters have it."""
    pitch, q = np.tan(np.pi * 38.13547087602444 / np.array([rate_hz, 48_000])), 0.5003270373238773
    top, bottom = 1 + pitch / q + pitch * pitch
    return float(20 * np.log10(top / bottom))


@pytest.mark.parametrize(
    "rate_hz", [4_000, 4_090, 8_000, 11_025, 22_050, 44_056, 44_100, 96_000, 192_000, 767_990, 768_000]
)
@pytest.mark.parametrize("highest_hz", [10.0, 100.0, 990.0])
def test_tones_are_weighted_as_at_48_khz_at_every_rate(rate_hz: int, highest_hz: float) -> None:
    hz = min(highest_hz, rate_hz / 40)  # tones nearer to half of the rate are weighted as those near 24 kHz
    rules = weighting(rate_hz)
    pieces = math.ceil(1.2 * rate_hz / rules.length) + 1
    wave = np.sin(2 * np.pi * hz / rate_hz * np.arange(pieces * rules.length))
    mean = energies(wave, rate_hz)[-10:].sum() / (10 * rules.hop)
    assert 10 * math.log10(2 * mean) == pytest.approx(gain_db(hz) + numerator_db(rate_hz), abs=0.1)


@pytest.mark.parametrize(
    "rate_hz", [*range(4_000, 50_000, 997), 88_200, 96_000, 192_000, 352_800, 384_000, 767_990, 768_000]
)
def test_a_hop_is_a_tenth_of_a_second_and_a_piece_is_small(rate_hz: int) -> None:
    rules = weighting(rate_hz)
    assert rules.hop == pytest.approx(rate_hz / 10, rel=0.08)
    assert rules.length <= 16 * 19_200
    assert rules.length % (16 * rules.row) == 0


@pytest.mark.parametrize(
    "rate_hz", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 384_000]
)
def test_a_hop_is_exact_at_the_usual_rates(rate_hz: int) -> None:
    assert weighting(rate_hz).hop == rate_hz // 10
