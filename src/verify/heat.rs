//! Heaters as the file sets them.

use std::collections::BTreeMap;

/// What is known of one heater.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heater {
    pub target: f64,
    /// The file waited for a target high enough to melt filament, and did not turn off since.
    pub reached: bool,
    /// Line of the last change.
    pub line: usize,
}

/// All heaters of a machine, and what is not known about them.
#[derive(Clone, Debug, Default)]
pub(super) struct Heaters {
    nozzles: BTreeMap<u32, Heater>,
    pub bed: Heater,
    /// A command was called that only the machine's configuration knows: it may have heated.
    pub macro_may_heat: bool,
    /// Such a command, or one that turns everything off, was called since the last printing move.
    pub may_be_off: bool,
}

impl Heaters {
    /// A nozzle's target, and whether the file waits for it. `named` is the tool that the command names, if it does;
    /// otherwise it means the `present` one, which may share its nozzle (see [`Self::nozzle`]).
    pub(super) fn set_nozzle(&mut self, named: Option<u32>, present: u32, target: f64, waits: bool, line: usize) {
        let shared = if self.nozzles.contains_key(&present) || self.nozzles.len() != 1 {
            present
        } else {
            self.nozzles.keys().next().copied().unwrap_or(present)
        };
        let tool = named.unwrap_or(shared);
        let heater = self.nozzles.entry(tool).or_default();
        heater.target = target;
        heater.line = line;
        heater.reached = target > 0.0 && (waits || heater.reached);
    }

    pub(super) fn set_bed(&mut self, target: f64, line: usize) {
        self.bed.target = target;
        self.bed.line = line;
    }

    /// Waits for everything that has a target.
    pub(super) fn wait_for_all(&mut self) {
        for heater in self.nozzles.values_mut() {
            heater.reached |= heater.target > 0.0;
        }
    }

    pub(super) fn turn_off(&mut self, line: usize) {
        for heater in self.nozzles.values_mut() {
            *heater = Heater { line, ..Heater::default() };
        }
        self.bed = Heater { line, ..Heater::default() };
        self.may_be_off = true;
    }

    /// The heater of a tool. Tools that share one nozzle are heated by the name of one of them, so a tool that was
    /// never heated takes the only nozzle that was.
    pub(super) fn nozzle(&self, tool: u32) -> Option<Heater> {
        match self.nozzles.get(&tool) {
            Some(heater) => Some(*heater),
            None if self.nozzles.len() == 1 => self.nozzles.values().next().copied(),
            None => None,
        }
    }

    /// Nozzles that are on, with their tools.
    pub(super) fn nozzles_on(&self) -> impl Iterator<Item = (u32, Heater)> {
        self.nozzles.iter().filter(|(_, h)| h.target > 0.0).map(|(tool, h)| (*tool, *h))
    }

    /// Whether the file itself ever set a nozzle's target.
    pub(super) fn any_nozzle_known(&self) -> bool {
        !self.nozzles.is_empty()
    }
}
