"""Whole worlds in memory, with the risk monitor's rules in the loop two slices behind."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ecosystem.audit.verdict import Alteration, first_reaching
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import run_key
from ecosystem.machine import Machine
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.run import RunPlan, opening_events
from ecosystem.scenario import Scenario
from ecosystem.trading.machine import TradingEngine
from ecosystem.world import World
from eventlog.catalogue.load import load_catalogue
from producers.machines import SIMULATORS, build_machine
from producers.test_coordinator.scenario_file import load_scenario

ROOT = Path(__file__).parents[3]
EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)


class InSlice(msgspec.Struct, frozen=True):
    """An event at the place the log would give it."""

    topic: str
    partition: int
    offset: int
    event: Event


class Running:
    """One run of a scenario in a world, and all it wrote."""

    def __init__(
        self, scenario: Scenario, seed: int, *, twin: bool = False, engine: Machine | None = None
    ) -> None:
        self.plan = RunPlan(run_id="run", scenario=scenario, scenario_text="", seed=seed, twin=twin)
        key = run_key(seed, "test")
        catalogue = load_catalogue(ROOT / "topics.yaml")
        self._topic_of = {
            name: topic.name for topic in catalogue.topics.values() for name in topic.events
        }
        self._production = {event.__name__ for event in PRODUCTION_EVENTS}
        self.engine = engine or build_machine("trading-engine", key, seed, self.plan.starts_at_us)
        machines = [
            self.engine
            if name == "trading-engine"
            else build_machine(name, key, seed, self.plan.starts_at_us)
            for name in SIMULATORS
        ]

        def consumes(machine: str) -> frozenset[type[Event]]:
            topics = catalogue.subscription(machine)
            return frozenset(
                event for event in EVENTS if self._topic_of.get(event.__name__) in topics
            )

        self.world = World(machines, consumes)
        for event in opening_events(self.plan, key):
            self.world.publish(event)
        limits = ROOT / "consumers" / "risk_monitor" / "limits.toml"
        self.monitor = RiskEngine(parse_limits(limits.read_text("utf-8"), "limits"))
        self.written: list[Event] = []
        self.alerts: list[Event] = []

    def slices(self) -> Iterator[list[Event]]:
        """Run slice by slice; the alerts of one reach the engine when the next but one begins."""
        plan = self.plan
        answers: list[list[Event]] = []
        now_us = plan.starts_at_us
        while now_us < plan.ends_at_us:
            if len(answers) >= plan.reaction_slices:
                for alert in answers[-plan.reaction_slices]:
                    self.world.deliver("trading-engine", alert, now_us)
            now_us += plan.slice_us
            written = [one for run in self.world.run_until(now_us) for one in run.events]
            self.written += written
            found = self.monitor.process_slice(self._placed(written))
            self.alerts += found
            answers.append(found)
            yield written

    def run(self) -> "Running":
        """Run to the end."""
        for _ in self.slices():
            pass
        return self

    def of(self, kind: type[Event]) -> list[Event]:
        """Return what was written of one kind."""
        return [one for one in self.written if isinstance(one, kind)]

    def production(self) -> list[Event]:
        """Return what the production plane saw, alerts left out."""
        return [one for one in self.written if type(one).__name__ in self._production]

    def effects_reached(self) -> dict[str, bool]:
        """Return whether each stated effect came about, by injection and measure."""
        names = {
            event.injection_id: event.name  # type: ignore[attr-defined]  # the kind has it
            for event in self.of(_scheduled())
        }
        reached = {}
        for effect in self.plan.scenario.effects:
            alterations = [
                Alteration(event, event.event_time_us)
                for event in self.of(InjectionApplied)
                if isinstance(event, InjectionApplied)
                and names[event.injection_id] == effect.injection
            ]
            found = first_reaching(alterations, effect.measure, effect.deviation_e8)
            reached[f"{effect.injection}: {effect.measure}"] = found is not None
        return reached

    def _placed(self, written: list[Event]) -> list[InSlice]:
        return [
            InSlice(self._topic_of[type(one).__name__], 0, at, one)
            for at, one in enumerate(written)
            if type(one).__name__ in self._production
        ]


def _scheduled() -> type[Event]:
    from ecosystem.events.control.scenario import InjectionScheduled

    return InjectionScheduled


def bundled(name: str) -> Scenario:
    """Return a scenario that is delivered with the ecosystem."""
    return load_scenario(ROOT / "scenarios" / f"{name}.yaml")


def trading(running: Running) -> TradingEngine:
    """Return the engine of a run."""
    assert isinstance(running.engine, TradingEngine)
    return running.engine
