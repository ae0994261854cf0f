//! What `get` of `airssys:core/storage` answers: `result<option<list<u8>>, storage-error>`. The value goes from C into a
//! buffer that is used again, and from there into the guest's memory, which is looked up once.

use std::cell::Cell;
use std::mem::MaybeUninit;

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lower};

use crate::abi::Bytes;
use crate::types::StorageError;

/// Buffers that are larger go back to the allocator.
const SPARE_MAX: usize = 64 << 10;

thread_local! {
    /// What the thread's last value was in. A guest that is being answered may move to another thread: who needs a
    /// buffer takes it, and leaves it where it is then.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// `airs_ext_value_t`: nothing, until C puts a value into it.
#[derive(Default)]
pub struct StoredValue(Option<Vec<u8>>);

impl StoredValue {
    fn put(&mut self, bytes: &[u8]) {
        let mut buffer = self.0.take().unwrap_or_else(|| SPARE.take());
        buffer.clear();
        buffer.extend_from_slice(bytes);
        self.0 = Some(buffer);
    }
}

impl Drop for StoredValue {
    fn drop(&mut self) {
        if let Some(buffer) = self.0.take().filter(|buffer| buffer.capacity() <= SPARE_MAX) {
            // A thread that ends has no place for it any more.
            let _ = SPARE.try_with(|spare| spare.set(buffer));
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_put_value(into: &mut StoredValue, bytes: Bytes) {
    into.put(unsafe { bytes.slice() });
}

pub struct Answer(Result<StoredValue, StorageError>);

/// The same as Wasmtime would have it.
type Shape<'a> = Result<Option<&'a [u8]>, &'a StorageError>;

const SIZE: usize = 16;
const _: () = assert!(Shape::SIZE32 == SIZE && Shape::ALIGN32 == 4);

impl Answer {
    pub fn new(value: StoredValue, outcome: Result<(), StorageError>) -> Self {
        Answer(outcome.map(|()| value))
    }

    fn shape(&self) -> Shape<'_> {
        self.0.as_ref().map(|value| value.0.as_deref())
    }
}

// SAFETY: it is the result that `Shape` is; type, size and alignment are taken from there.
unsafe impl ComponentType for Answer {
    type Lower = <Shape<'static> as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = Shape::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        Shape::typecheck(ty, types)
    }
}

/// `ok(some(list))`, each word as it is in the guest's memory.
fn found(pointer: usize, size: usize) -> [u8; SIZE] {
    let mut record = [0; SIZE];
    record[4] = 1;
    // A 32-bit memory gave the room.
    record[8..12].copy_from_slice(&(pointer as u32).to_le_bytes());
    record[12..].copy_from_slice(&(size as u32).to_le_bytes());
    record
}

// SAFETY: it writes the bytes of the result and no others but those that the guest gave room for.
unsafe impl Lower for Answer {
    fn linear_lower_to_flat<T>(
        &self,
        _cx: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        _to: &mut MaybeUninit<Self::Lower>,
    ) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("a result has more words than a function may return"))
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> wasmtime::Result<()> {
        let Ok(Some(value)) = self.shape() else {
            return self.shape().linear_lower_to_memory(cx, ty, offset);
        };
        let pointer = cx.realloc(0, 0, 1, value.len())?;
        let memory = cx.as_slice_mut();
        memory[offset..][..SIZE].copy_from_slice(&found(pointer, value.len()));
        memory[pointer..][..value.len()].copy_from_slice(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, ComponentNamedList, Linker};
    use wasmtime::{Config, Engine, Store};

    use super::*;

    /// Asks for a value and answers with all that was put into its memory: the result and everything that it points to,
    /// at the addresses that were given out one after the other.
    const ASKER: &str = r#"(component
        (import "host" (instance $host
            (type $error' (variant (case "not-found" string) (case "already-exists" string)
                (case "quota-exceeded") (case "invalid-key" string) (case "io-error" string)))
            (export "storage-error" (type $error (eq $error')))
            (export "get" (func (result (result (option (list u8)) (error $error)))))))
        (core module $libc
            (memory (export "memory") 1)
            (global $top (export "top") (mut i32) (i32.const 32))
            (func (export "realloc") (param i32 i32 i32) (param $size i32) (result i32) (local $at i32)
                (local.set $at (global.get $top))
                (global.set $top (i32.add (local.get $at) (local.get $size)))
                (local.get $at)))
        (core instance $libc (instantiate $libc))
        (core func $get (canon lower (func $host "get") (memory (core memory $libc "memory"))
            (realloc (core func $libc "realloc"))))
        (core module $m
            (import "host" "get" (func $get (param i32)))
            (import "libc" "memory" (memory 1))
            (import "libc" "top" (global $top (mut i32)))
            (func (export "ask") (result i32)
                (memory.fill (i32.const 16) (i32.const 255) (i32.const 16))
                (call $get (i32.const 16))
                (i32.store (i32.const 8) (i32.const 16))
                (i32.store (i32.const 12) (i32.sub (global.get $top) (i32.const 16)))
                i32.const 8))
        (core instance $i (instantiate $m (with "libc" (instance $libc)) (with "host" (instance
            (export "get" (func $get))))))
        (func (export "ask") (result (list u8)) (canon lift (core func $i "ask")
            (memory (core memory $libc "memory")))))"#;

    /// What the guest's memory holds after it was given what `answer` makes.
    fn given<R: ComponentNamedList + Lower + 'static>(
        answer: impl Fn() -> R + Send + Sync + 'static,
    ) -> Vec<u8> {
        let mut config = Config::new();
        config.wasm_component_model(true).concurrency_support(false);
        let engine = Engine::new(&config).expect("an engine");
        let component = Component::new(&engine, ASKER).expect("a component");
        let mut linker = Linker::<()>::new(&engine);
        let mut host = linker.instance("host").expect("a name");
        host.func_wrap("get", move |_, (): ()| Ok(answer())).expect("a function");
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).expect("an instance");
        let ask = instance.get_typed_func::<(), (Vec<u8>,)>(&mut store, "ask").expect("its function");
        ask.call(&mut store, ()).expect("an answer").0
    }

    fn value(bytes: &[u8]) -> StoredValue {
        let mut value = StoredValue::default();
        value.put(bytes);
        value
    }

    /// The tag's padding is written here, and not by what Wasmtime derives.
    fn without_padding(mut memory: Vec<u8>) -> Vec<u8> {
        for at in [1, 2, 3, 5, 6, 7] {
            memory[at] = 0;
        }
        memory
    }

    #[test]
    fn a_value_is_stored_as_wasmtime_would() {
        for size in [0, 1, 100, 5000] {
            let bytes = vec![7; size];
            let copy = bytes.clone();
            let memory = given(move || (Answer::new(value(&bytes), Ok(())),));
            let derived = given(move || (Ok::<_, StorageError>(Some(copy.clone())),));
            assert_eq!(memory, without_padding(derived));
            assert_eq!(memory.len(), SIZE + size);
        }
    }

    #[test]
    fn so_is_what_is_not_there() {
        let memory = given(|| (Answer::new(StoredValue::default(), Ok(())),));
        assert_eq!(memory, given(|| (Ok::<Option<Vec<u8>>, StorageError>(None),)));
    }

    #[test]
    fn so_are_errors_whatever_was_found() {
        let no = || StorageError::IoError("the disk".into());
        let memory = given(move || (Answer::new(value(b"found"), Err(no())),));
        assert_eq!(memory, given(move || (Err::<Option<Vec<u8>>, _>(no()),)));
        assert!(memory.ends_with(b"the disk"));
        let memory = given(|| (Answer::new(StoredValue::default(), Err(StorageError::QuotaExceeded)),));
        assert_eq!(memory, given(|| (Err::<Option<Vec<u8>>, _>(StorageError::QuotaExceeded),)));
    }

    #[test]
    fn a_buffer_is_used_again_unless_it_is_large() {
        std::thread::spawn(|| {
            drop(value(&[1; 100]));
            let one = value(&[2; 50]);
            assert!(one.0.as_ref().is_some_and(|buffer| buffer.capacity() >= 100 && *buffer == [2; 50]));
            let other = value(&[3; SPARE_MAX + 1]);
            assert_eq!(SPARE.take().capacity(), 0);
            drop(other);
            assert_eq!(SPARE.take().capacity(), 0);
            drop(one);
            assert!(SPARE.take().capacity() >= 100);
        })
        .join()
        .expect("the thread's end");
    }
}
