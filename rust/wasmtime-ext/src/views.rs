//! What a guest hands to an import, as views into its memory, which are good until guest code runs again. They are
//! looked up while the arguments are lifted, once: Wasmtime's own views look the memory up anew for each string.

use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift, WasmStr};
use wasmtime::{Error, ValRaw};

use crate::StoreContextMut;
use crate::abi::{Bytes, Id};
use crate::types::{ComponentId, ComponentIdOwned};

/// A pointer and a length, as they are in the guest's memory.
const PAIR: usize = 8;

fn pair_of(src: &[ValRaw; 2]) -> (u32, u32) {
    (src[0].get_u32(), src[1].get_u32())
}

fn stored_pair(bytes: &[u8]) -> (u32, u32) {
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    (word(0), word(4))
}

fn view(cx: &mut LiftContext<'_>, (pointer, size): (u32, u32)) -> wasmtime::Result<Bytes> {
    let (pointer, size) = (pointer as usize, size as usize);
    let bytes = cx.memory().get(pointer..).and_then(|rest| rest.get(..size));
    let bytes = bytes.ok_or_else(|| Error::msg("pointer/length out of bounds of memory"))?;
    cx.consume_fuel(size)?;
    Ok(Bytes::of(bytes))
}

/// `list<u8>`
pub struct PayloadView(Bytes);

// SAFETY: whoever has a view of it has the store too, which is used by one thread at a time; here and below.
unsafe impl Send for PayloadView {}
unsafe impl Sync for PayloadView {}

impl PayloadView {
    pub fn bytes<'a>(&'a self, _store: &'a StoreContextMut<'_>) -> &'a [u8] {
        // SAFETY: they are in the memory as long as nobody else uses the store.
        unsafe { self.0.slice() }
    }
}

// SAFETY: it is lifted as any list of bytes, and typechecked so.
unsafe impl ComponentType for PayloadView {
    type Lower = <[u8] as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::POINTER_PAIR;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        <[u8]>::typecheck(ty, types)
    }
}

unsafe impl Lift for PayloadView {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        _ty: InterfaceType,
        src: &Self::Lower,
    ) -> wasmtime::Result<Self> {
        Ok(PayloadView(view(cx, pair_of(src))?))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        _ty: InterfaceType,
        bytes: &[u8],
    ) -> wasmtime::Result<Self> {
        Ok(PayloadView(view(cx, stored_pair(bytes))?))
    }
}

/// `record component-id`. A guest whose strings are no UTF-8 has them copied.
pub struct ComponentIdView {
    parts: [Bytes; 3],
    _copies: Option<Box<[String; 3]>>,
}

unsafe impl Send for ComponentIdView {}
unsafe impl Sync for ComponentIdView {}

impl ComponentIdView {
    /// For C, during the import.
    pub fn view(&self, _store: &StoreContextMut<'_>) -> Id {
        let [namespace, name, instance] = self.parts;
        Id { namespace, name, instance }
    }

    pub fn owned(&self, _store: &StoreContextMut<'_>) -> ComponentIdOwned {
        // SAFETY: they were checked to be UTF-8, and are in the memory still.
        let [namespace, name, instance] = self.parts.map(|part| unsafe { part.text() }.to_owned());
        ComponentIdOwned { namespace, name, instance }
    }

    fn lift(cx: &mut LiftContext<'_>, pairs: [(u32, u32); 3]) -> wasmtime::Result<Self> {
        if !matches!(cx.options().string_encoding, StringEncoding::Utf8) {
            return Self::lift_copies(cx, pairs);
        }
        let mut parts = [Bytes::EMPTY; 3];
        for (part, pair) in parts.iter_mut().zip(pairs) {
            *part = view(cx, pair)?;
            // SAFETY: it was found to be in the guest's memory.
            str::from_utf8(unsafe { part.slice() })?;
        }
        Ok(ComponentIdView { parts, _copies: None })
    }

    #[cold]
    fn lift_copies(cx: &mut LiftContext<'_>, pairs: [(u32, u32); 3]) -> wasmtime::Result<Self> {
        let mut copies = Box::new([const { String::new() }; 3]);
        for (copy, (pointer, size)) in copies.iter_mut().zip(pairs) {
            let flat = [ValRaw::u32(pointer), ValRaw::u32(size)];
            *copy = String::linear_lift_from_flat(cx, InterfaceType::String, &flat)?;
        }
        let parts = [0, 1, 2].map(|i| Bytes::of(copies[i].as_bytes()));
        Ok(ComponentIdView { parts, _copies: Some(copies) })
    }
}

// SAFETY: three strings in the order of `wit/`, typechecked as the record that is handed to guests.
unsafe impl ComponentType for ComponentIdView {
    type Lower = [<WasmStr as ComponentType>::Lower; 3];

    const ABI: CanonicalAbiInfo = ComponentId::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        ComponentId::typecheck(ty, types)
    }
}

unsafe impl Lift for ComponentIdView {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        _ty: InterfaceType,
        src: &Self::Lower,
    ) -> wasmtime::Result<Self> {
        Self::lift(cx, [pair_of(&src[0]), pair_of(&src[1]), pair_of(&src[2])])
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        _ty: InterfaceType,
        bytes: &[u8],
    ) -> wasmtime::Result<Self> {
        let at = |place: usize| stored_pair(&bytes[place * PAIR..]);
        Self::lift(cx, [at(0), at(1), at(2)])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use wasmtime::component::{Component, Linker};
    use wasmtime::{AsContextMut, Config, Engine, Store, StoreContextMut};

    use super::*;

    /// Sends, with these bytes at 16 of its memory and this range as the target's name.
    fn sender(encoding: &str, memory: &str, pointer: u32, size: u32) -> String {
        format!(
            r#"(component
                (import "host" (instance $host
                    (type $id' (record
                        (field "namespace" string) (field "name" string) (field "instance" string)))
                    (export "component-id" (type $id (eq $id')))
                    (export "send" (func (param "target" $id) (param "payload" (list u8))))
                    (export "send-all" (func (param "targets" (list $id))))))
                (core module $libc
                    (memory (export "memory") 1)
                    (data (i32.const 16) "{memory}")
                    (data (i32.const 256) "\10\00\00\00\01\00\00\00\10\00\00\00\02\00\00\00\10\00\00\00\00\00\00\00"))
                (core instance $libc (instantiate $libc))
                (core func $send (canon lower (func $host "send")
                    (memory (core memory $libc "memory")) string-encoding={encoding}))
                (core func $send-all (canon lower (func $host "send-all")
                    (memory (core memory $libc "memory")) string-encoding={encoding}))
                (core module $m
                    (import "host" "send" (func $send (param i32 i32 i32 i32 i32 i32 i32 i32)))
                    (import "host" "send-all" (func $send-all (param i32 i32)))
                    (func (export "go")
                        (call $send (i32.const 16) (i32.const 2) (i32.const {pointer}) (i32.const {size})
                                    (i32.const 16) (i32.const 0) (i32.const 16) (i32.const 5)))
                    (func (export "go-all") (call $send-all (i32.const 256) (i32.const 1))))
                (core instance $i (instantiate $m (with "host" (instance
                    (export "send" (func $send)) (export "send-all" (func $send-all))))))
                (func (export "go") (canon lift (core func $i "go")))
                (func (export "go-all") (canon lift (core func $i "go-all"))))"#
        )
    }

    type Sent = Vec<(String, String, String, Vec<u8>)>;

    fn seen(target: &ComponentIdView, payload: &[u8]) -> (String, String, String, Vec<u8>) {
        // SAFETY: the guest does not run meanwhile.
        let [namespace, name, instance] = target.parts.map(|part| unsafe { part.text() }.to_owned());
        (namespace, name, instance, payload.to_vec())
    }

    /// What the host sees of what `function` sends.
    fn sent(component: String, function: &str) -> wasmtime::Result<Sent> {
        let mut config = Config::new();
        config.wasm_component_model(true).concurrency_support(false);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        let all = Arc::new(Mutex::new(Sent::new()));
        let mut linker = Linker::<()>::new(&engine);
        let mut host = linker.instance("host")?;
        let log = all.clone();
        host.func_wrap("send", move |_, (target, payload): (ComponentIdView, PayloadView)| {
            // SAFETY: as above.
            log.lock().unwrap().push(seen(&target, unsafe { payload.0.slice() }));
            Ok(())
        })?;
        let log = all.clone();
        type Targets = (wasmtime::component::WasmList<ComponentIdView>,);
        host.func_wrap("send-all", move |mut store: StoreContextMut<'_, ()>, (targets,): Targets| {
            for target in targets.iter(store.as_context_mut())? {
                log.lock().unwrap().push(seen(&target?, &[]));
            }
            Ok(())
        })?;
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component)?;
        instance.get_typed_func::<(), ()>(&mut store, function)?.call(&mut store, ())?;
        let sent = all.lock().unwrap().clone();
        Ok(sent)
    }

    fn one(namespace: &str, name: &str, instance: &str, payload: &[u8]) -> Sent {
        vec![(namespace.to_owned(), name.to_owned(), instance.to_owned(), payload.to_vec())]
    }

    #[test]
    fn an_id_and_a_payload_are_seen_where_they_are() {
        let component = sender("utf8", "abcde", 18, 3);
        assert_eq!(sent(component, "go").unwrap(), one("ab", "cde", "", b"abcde"));
        let component = sender("utf8", "abcde", 18, 3);
        assert_eq!(sent(component, "go-all").unwrap(), one("a", "ab", "", b""));
    }

    #[test]
    fn other_strings_are_seen_as_utf_8() {
        let component = sender("utf16", "a\\00\\f6\\00", 16, 2);
        assert_eq!(sent(component, "go").unwrap(), one("aö", "aö", "", b"a\0\xf6\0\0"));
        let component = sender("latin1+utf16", "a\\f6b\\00", 18, 1);
        assert_eq!(sent(component, "go").unwrap(), one("aö", "b", "", b"a\xf6b\0\0"));
    }

    fn refusal(component: String) -> String {
        let error = sent(component, "go").unwrap_err();
        error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    #[test]
    fn what_is_not_in_the_memory_is_refused() {
        for (pointer, size) in [(65535, 2), (65536, 1), (u32::MAX, 1), (16, u32::MAX), (u32::MAX, u32::MAX)] {
            let text = refusal(sender("utf8", "abcde", pointer, size));
            assert!(text.contains("out of bounds"), "{text}");
        }
        assert_eq!(sent(sender("utf8", "abcde", 65536, 0), "go").unwrap(), one("ab", "", "", b"abcde"));
    }

    #[test]
    fn what_is_no_utf_8_is_refused() {
        let text = refusal(sender("utf8", "ab\\ff", 18, 1));
        assert!(text.contains("invalid utf-8"), "{text}");
    }
}
