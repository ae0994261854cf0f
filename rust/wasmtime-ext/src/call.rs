//! Room for one call's future, used again by the next call: a call allocates nothing here.

use std::alloc::Layout;
use std::future::Future;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use crate::instance::Ending;

type DynCall = dyn Future<Output = Ending> + 'static;

pub struct CallSlot {
    room: Option<(NonNull<u8>, Layout)>,
    call: Option<NonNull<DynCall>>,
}

impl CallSlot {
    pub fn new() -> Self {
        CallSlot { room: None, call: None }
    }

    /// Put a call into the empty slot.
    pub fn put<F: Future<Output = Ending> + 'static>(&mut self, call: F) {
        assert!(self.call.is_none(), "one call at a time");
        let room = self.room_for(Layout::new::<F>()).cast::<F>();
        // SAFETY: the room is large and aligned enough, and empty.
        unsafe { room.write(call) };
        self.call = Some(room as NonNull<DynCall>);
    }

    fn room_for(&mut self, layout: Layout) -> NonNull<u8> {
        if let Some((room, held)) = self.room
            && held.size() >= layout.size()
            && held.align() >= layout.align()
        {
            return room;
        }
        self.release_room();
        // A future of a call is never of size zero: it holds at least the function.
        let layout =
            Layout::from_size_align(layout.size().max(1), layout.align()).expect("a type's own layout");
        // SAFETY: the size is not zero.
        let room = unsafe { std::alloc::alloc(layout) };
        let room = NonNull::new(room).unwrap_or_else(|| std::alloc::handle_alloc_error(layout));
        self.room = Some((room, layout));
        room
    }

    fn release_room(&mut self) {
        if let Some((room, layout)) = self.room.take() {
            // SAFETY: it was allocated with this layout, and no call is in it.
            unsafe { std::alloc::dealloc(room.as_ptr(), layout) };
        }
    }

    /// Poll the call; when it is ready the slot is empty again.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Ending> {
        let mut call = self.call.expect("a call in progress");
        // SAFETY: the call stays in the room until it is dropped, so it is pinned.
        let polled = unsafe { Pin::new_unchecked(call.as_mut()) }.poll(context);
        if polled.is_ready() {
            self.drop_call();
        }
        polled
    }

    pub fn drop_call(&mut self) {
        if let Some(call) = self.call.take() {
            // SAFETY: the call is in the room and is not used again.
            unsafe { std::ptr::drop_in_place(call.as_ptr()) };
        }
    }
}

impl Drop for CallSlot {
    fn drop(&mut self) {
        self.drop_call();
        self.release_room();
    }
}
