//! Wake-ups on their way to C: a waker may outlive its instance (a timer of tokio's keeps one), so
//! it reaches C through a cell that the instance empties when it ends.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

pub type WakeFn = unsafe extern "C" fn(*mut c_void);

struct Target {
    wake: WakeFn,
    context: *mut c_void,
}

// SAFETY: the header promises that `wake` may be called with `context` on any thread.
unsafe impl Send for Target {}

pub struct WakeCell {
    target: Mutex<Option<Target>>,
}

impl WakeCell {
    pub fn new(wake: WakeFn, context: *mut c_void) -> Arc<Self> {
        Arc::new(WakeCell { target: Mutex::new(Some(Target { wake, context })) })
    }

    /// After this, C is not called any more; a call under way has returned.
    pub fn disarm(&self) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Wake for WakeCell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // C is called under the lock, so that `disarm` waits for it.
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = target.as_ref() {
            // SAFETY: the target is armed, so its context is alive.
            unsafe { (target.wake)(target.context) }
        }
    }
}

pub fn waker(cell: &Arc<WakeCell>) -> Waker {
    Waker::from(cell.clone())
}
