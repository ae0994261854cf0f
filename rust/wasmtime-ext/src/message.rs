//! A message on its way into a guest: `record component-message`.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lower};

use crate::abi::{Bytes, Id};
use crate::types::{ComponentId, ComponentMessage, MessageMetadata, Timestamp};

/// `airs_ext_message_t`
#[repr(C)]
pub struct Message {
    pub sender: Id,
    pub payload: Bytes,
    pub correlation_id: Bytes,
    pub has_correlation_id: bool,
    pub has_reply_to: bool,
    pub has_content_type: bool,
    pub reply_to: Id,
    pub content_type: Bytes,
    pub seconds: u64,
    pub nanoseconds: u32,
}

unsafe fn id_of(id: &Id) -> ComponentId<'_> {
    unsafe {
        ComponentId { namespace: id.namespace.text(), name: id.name.text(), instance: id.instance.text() }
    }
}

/// The argument of `handle-message` and `handle-callback`: a message of C's, which is there until the call has ended.
#[derive(Clone, Copy)]
pub struct MessageArgument<'a>(pub &'a Message);

// SAFETY: C does not write to it meanwhile.
unsafe impl Send for MessageArgument<'_> {}
unsafe impl Sync for MessageArgument<'_> {}

// Where the fields are in the guest's memory: each aligned to its size, in the order of `wit/`.
const SENDER: usize = 0;
const PAYLOAD: usize = 24;
const CORRELATION_ID: usize = 32;
const REPLY_TO: usize = 44;
const SECONDS: usize = 72;
const NANOSECONDS: usize = 80;
const CONTENT_TYPE: usize = 88;
const SIZE: usize = 104;

/// Of what has a length of its own: two ids, the payload, a correlation id and a content type.
const PARTS_MAX: usize = 9;

/// The record in the making. Everything is put into the guest's memory in one go when there is room for all of it, for
/// each look at where that memory is costs more than most fields.
struct Layout {
    record: [u8; SIZE],
    parts: [(usize, Bytes); PARTS_MAX],
    count: usize,
}

impl Layout {
    fn new() -> Self {
        Layout { record: [0; SIZE], parts: [(0, Bytes::EMPTY); PARTS_MAX], count: 0 }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.record[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// A pointer to room for `part`, and its length.
    fn part<T>(&mut self, cx: &mut LowerContext<'_, T>, at: usize, part: Bytes) -> wasmtime::Result<()> {
        // What is longer than 32 bits can tell is refused here.
        let pointer = cx.realloc(0, 0, 1, part.size)?;
        self.put(at, &(pointer as u32).to_le_bytes());
        self.put(at + 4, &(part.size as u32).to_le_bytes());
        self.parts[self.count] = (pointer, part);
        self.count += 1;
        Ok(())
    }

    fn id<T>(&mut self, cx: &mut LowerContext<'_, T>, at: usize, id: &Id) -> wasmtime::Result<()> {
        self.part(cx, at, id.namespace)?;
        self.part(cx, at + 8, id.name)?;
        self.part(cx, at + 16, id.instance)
    }

    fn option<T>(&mut self, cx: &mut LowerContext<'_, T>, at: usize, part: Bytes) -> wasmtime::Result<()> {
        self.put(at, &[1]);
        self.part(cx, at + 4, part)
    }

    fn store(&self, memory: &mut [u8], offset: usize) {
        memory[offset..][..SIZE].copy_from_slice(&self.record);
        for (pointer, part) in &self.parts[..self.count] {
            // SAFETY: C's bytes are there until the call has ended.
            memory[*pointer..][..part.size].copy_from_slice(unsafe { part.slice() });
        }
    }
}

impl MessageArgument<'_> {
    fn fields(&self) -> ComponentMessage<'_> {
        let message = self.0;
        // SAFETY: C's views are good until the call has ended, and its text is UTF-8.
        unsafe {
            ComponentMessage {
                sender: id_of(&message.sender),
                payload: message.payload.slice(),
                metadata: MessageMetadata {
                    correlation_id: message.has_correlation_id.then(|| message.correlation_id.text()),
                    reply_to: message.has_reply_to.then(|| id_of(&message.reply_to)),
                    timestamp: Timestamp { seconds: message.seconds, nanoseconds: message.nanoseconds },
                    content_type: message.has_content_type.then(|| message.content_type.text()),
                },
            }
        }
    }

    /// Room for each part, in the order in which it is asked for by what Wasmtime derives.
    fn layout<T>(&self, cx: &mut LowerContext<'_, T>) -> wasmtime::Result<Layout> {
        let message = self.0;
        let mut layout = Layout::new();
        layout.id(cx, SENDER, &message.sender)?;
        layout.part(cx, PAYLOAD, message.payload)?;
        if message.has_correlation_id {
            layout.option(cx, CORRELATION_ID, message.correlation_id)?;
        }
        if message.has_reply_to {
            layout.put(REPLY_TO, &[1]);
            layout.id(cx, REPLY_TO + 4, &message.reply_to)?;
        }
        layout.put(SECONDS, &message.seconds.to_le_bytes());
        layout.put(NANOSECONDS, &message.nanoseconds.to_le_bytes());
        if message.has_content_type {
            layout.option(cx, CONTENT_TYPE, message.content_type)?;
        }
        Ok(layout)
    }
}

// SAFETY: it is the record that `ComponentMessage` is; type, size and alignment are taken from there.
unsafe impl ComponentType for MessageArgument<'_> {
    type Lower = <ComponentMessage<'static> as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = ComponentMessage::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        ComponentMessage::typecheck(ty, types)
    }
}

const _: () = assert!(ComponentMessage::SIZE32 == SIZE);

// SAFETY: `store` writes the bytes of the record and no others but those that the guest gave room for.
unsafe impl Lower for MessageArgument<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        _cx: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        _to: &mut MaybeUninit<Self::Lower>,
    ) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("a message has more fields than arguments may have"))
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> wasmtime::Result<()> {
        if !matches!(cx.options().string_encoding, StringEncoding::Utf8) {
            return self.fields().linear_lower_to_memory(cx, ty, offset);
        }
        let layout = self.layout(cx)?;
        layout.store(cx.as_slice_mut(), offset);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, ComponentNamedList, Linker};
    use wasmtime::{Config, Engine, Store};

    use super::*;

    /// Takes a message and answers with all that was put into its memory: the record and everything that it points to,
    /// at the addresses that were given out one after the other.
    fn taker(encoding: &str) -> String {
        format!(
            r#"(component
                (core module $m
                    (memory (export "memory") 1)
                    (global $top (mut i32) (i32.const 64))
                    (func (export "realloc") (param $old i32) (param i32) (param $align i32) (param $size i32)
                          (result i32) (local $at i32)
                        (if (local.get $old) (then (return (local.get $old)))) ;; it only shrinks
                        (local.set $at (i32.and
                            (i32.sub (i32.add (global.get $top) (local.get $align)) (i32.const 1))
                            (i32.sub (i32.const 0) (local.get $align))))
                        (global.set $top (i32.add (local.get $at) (local.get $size)))
                        (local.get $at))
                    (func (export "take") (param $record i32) (result i32)
                        (i32.store (i32.const 8) (i32.const 64))
                        (i32.store (i32.const 12) (i32.sub (global.get $top) (i32.const 64)))
                        i32.const 8))
                (core instance $i (instantiate $m))
                (type $id' (record (field "namespace" string) (field "name" string) (field "instance" string)))
                (export $id "component-id" (type $id'))
                (type $time' (record (field "seconds" u64) (field "nanoseconds" u32)))
                (export $time "timestamp" (type $time'))
                (type $metadata' (record
                    (field "correlation-id" (option string))
                    (field "reply-to" (option $id))
                    (field "timestamp" $time)
                    (field "content-type" (option string))))
                (export $metadata "message-metadata" (type $metadata'))
                (type $message' (record
                    (field "sender" $id)
                    (field "payload" (list u8))
                    (field "metadata" $metadata)))
                (export $message "component-message" (type $message'))
                (func (export "take") (param "message" $message) (result (list u8))
                    (canon lift (core func $i "take") (memory (core memory $i "memory"))
                        (realloc (core func $i "realloc")) string-encoding={encoding})))"#
        )
    }

    fn bytes(text: &'static str) -> Bytes {
        Bytes::of(text.as_bytes())
    }

    fn id(name: &'static str) -> Id {
        Id { namespace: bytes("demo"), name: bytes(name), instance: bytes("12") }
    }

    fn message() -> Message {
        Message {
            sender: id("söner"),
            payload: bytes("some bytes"),
            correlation_id: Bytes::EMPTY,
            has_correlation_id: false,
            has_reply_to: false,
            has_content_type: false,
            reply_to: Id { namespace: Bytes::EMPTY, name: Bytes::EMPTY, instance: Bytes::EMPTY },
            content_type: Bytes::EMPTY,
            seconds: 0x1122_3344_5566_7788,
            nanoseconds: 999_999_999,
        }
    }

    fn full() -> Message {
        Message {
            correlation_id: bytes("01234567-89ab-4cde-8f01-23456789abcd"),
            has_correlation_id: true,
            has_reply_to: true,
            reply_to: id("other"),
            content_type: bytes("text/plain"),
            has_content_type: true,
            ..message()
        }
    }

    /// What the guest's memory holds after it was given `argument`.
    fn taken<P: ComponentNamedList + Lower>(encoding: &str, argument: P) -> Vec<u8> {
        let mut config = Config::new();
        config.wasm_component_model(true).concurrency_support(false);
        let engine = Engine::new(&config).expect("an engine");
        let component = Component::new(&engine, taker(encoding)).expect("a component");
        let mut store = Store::new(&engine, ());
        let linker = Linker::<()>::new(&engine);
        let instance = linker.instantiate(&mut store, &component).expect("an instance");
        let take = instance.get_typed_func::<P, (Vec<u8>,)>(&mut store, "take").expect("its function");
        take.call(&mut store, argument).expect("an answer").0
    }

    /// It must be what Wasmtime derives, byte for byte.
    fn check(encoding: &str, message: &Message) {
        let argument = MessageArgument(message);
        let memory = taken(encoding, (argument,));
        assert_eq!(memory, taken(encoding, (argument.fields(),)));
        assert!(memory.windows(10).any(|window| window == b"some bytes"));
    }

    #[test]
    fn a_message_is_stored_as_its_fields_would_be() {
        check("utf8", &message());
        check("utf8", &full());
        check("utf8", &Message { has_reply_to: false, ..full() });
        check("utf8", &Message { has_correlation_id: false, ..full() });
        check("utf8", &Message { has_content_type: false, ..full() });
    }

    #[test]
    fn a_guest_with_other_strings_gets_them_as_it_wants_them() {
        for encoding in ["utf16", "latin1+utf16"] {
            check(encoding, &message());
            check(encoding, &full());
        }
        let wide: Vec<u8> = "söner".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let memory = taken("utf16", (MessageArgument(&message()),));
        assert!(memory.windows(wide.len()).any(|window| window == wide));
    }

    #[test]
    fn empty_parts_are_empty() {
        let none = Id { namespace: Bytes::EMPTY, name: Bytes::EMPTY, instance: Bytes::EMPTY };
        let empty = Message { sender: none, payload: Bytes::EMPTY, ..message() };
        let memory = taken("utf8", (MessageArgument(&empty),));
        assert_eq!(memory, taken("utf8", (MessageArgument(&empty).fields(),)));
    }
}
