//! One bound over all memories and tables of a store, which Wasmtime's own limiter does not have.

use wasmtime::{Error, ResourceLimiter};

/// What an element of a table costs.
const TABLE_ELEMENT_BYTES: usize = std::mem::size_of::<usize>();

pub struct TotalLimiter {
    limit: u64,
    pub used: u64,
    pub refused: u64,
    /// What the growth under way took, to be given back when the system refuses it after all.
    growing: u64,
}

impl TotalLimiter {
    pub fn new(limit: u64) -> Self {
        TotalLimiter { limit, used: 0, refused: 0, growing: 0 }
    }

    fn take(&mut self, bytes: usize) -> bool {
        let used = self.used.saturating_add(bytes as u64);
        if used > self.limit {
            self.refused += 1;
            return false;
        }
        self.growing = bytes as u64;
        self.used = used;
        true
    }

    fn undo(&mut self) {
        self.used -= std::mem::take(&mut self.growing);
        self.refused += 1;
    }
}

impl ResourceLimiter for TotalLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Beyond its own maximum a memory does not grow whatever is said here, and nobody would be told.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.take(desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }
}
