"""Made-up customers whose stories are known: what happens to them, and what that must raise."""

from streams.simulation.scenario import DEFAULT_START, Simulation, simulate
from streams.simulation.scoring import Found, Score, score
from streams.simulation.truth import Planted

__all__ = ["DEFAULT_START", "Found", "Planted", "Score", "Simulation", "score", "simulate"]
