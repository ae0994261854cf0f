//! The records of `airssys:core@1.0.0` as the typed calls and imports carry them: borrowed where
//! the host lowers, owned where the guest's memory is gone by the time C reads, views where an
//! import may look straight into guest memory.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::{InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::views::PayloadView;

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub struct ComponentId<'a> {
    pub namespace: &'a str,
    pub name: &'a str,
    pub instance: &'a str,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub struct Timestamp {
    pub seconds: u64,
    pub nanoseconds: u32,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub struct MessageMetadata<'a> {
    #[component(name = "correlation-id")]
    pub correlation_id: Option<&'a str>,
    #[component(name = "reply-to")]
    pub reply_to: Option<ComponentId<'a>>,
    pub timestamp: Timestamp,
    #[component(name = "content-type")]
    pub content_type: Option<&'a str>,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub struct ComponentMessage<'a> {
    pub sender: ComponentId<'a>,
    pub payload: &'a [u8],
    pub metadata: MessageMetadata<'a>,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub struct ResourceLimits {
    #[component(name = "max-memory-bytes")]
    pub max_memory_bytes: u64,
    #[component(name = "max-execution-time-ms")]
    pub max_execution_time_ms: u64,
    #[component(name = "max-fuel")]
    pub max_fuel: Option<u64>,
}

#[derive(ComponentType, Lower, Clone)]
#[component(record)]
pub struct ComponentConfig<'a> {
    #[component(name = "env-vars")]
    pub env_vars: Vec<(&'a str, &'a str)>,
    #[component(name = "config-data")]
    pub config_data: Option<&'a [u8]>,
    #[component(name = "resource-limits")]
    pub resource_limits: ResourceLimits,
}

// `airssys:actor/batch`

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "made by C, as a number")]
pub enum ItemKind {
    #[component(name = "message")]
    Message,
    #[component(name = "request")]
    Request,
    #[component(name = "response")]
    Response,
    #[component(name = "failure")]
    Failure,
}

/// `airs_ext_request_id_t`
#[derive(ComponentType, Lift, Lower, Clone, Copy, Default)]
#[component(record)]
#[repr(C)]
pub struct RequestId {
    pub high: u64,
    pub low: u64,
}

/// `airs_ext_item_t`
#[derive(ComponentType, Clone, Copy)]
#[component(record)]
#[repr(C)]
pub struct Item {
    pub kind: ItemKind,
    pub sender: u64,
    pub correlation: RequestId,
    pub sent: u64,
    pub size: u32,
}

const _: () = assert!(Item::SIZE32 == 48);

impl Item {
    /// As it is in the guest's memory: fields in the order of `wit/`, each aligned to its size, in little endian.
    fn store(&self, to: &mut [u8; Item::SIZE32]) {
        *to = [0; Item::SIZE32];
        to[0] = self.kind as u8;
        to[8..16].copy_from_slice(&self.sender.to_le_bytes());
        to[16..24].copy_from_slice(&self.correlation.high.to_le_bytes());
        to[24..32].copy_from_slice(&self.correlation.low.to_le_bytes());
        to[32..40].copy_from_slice(&self.sent.to_le_bytes());
        to[40..44].copy_from_slice(&self.size.to_le_bytes());
    }
}

// What is derived looks up the guest's memory for each field; here it is once for a whole list.
// SAFETY: the type and its size in memory are those that `ComponentType` derives, and `store` writes that many bytes.
unsafe impl Lower for Item {
    fn linear_lower_to_flat<T>(
        &self,
        _cx: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        _to: &mut MaybeUninit<Self::Lower>,
    ) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("an item comes in a list"))
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        offset: usize,
    ) -> wasmtime::Result<()> {
        self.store(cx.get(offset));
        Ok(())
    }

    fn linear_store_list_to_memory<T>(
        cx: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        offset: usize,
        items: &[Self],
    ) -> wasmtime::Result<()> {
        let (room, _) = cx.as_slice_mut()[offset..].as_chunks_mut();
        for (to, item) in room[..items.len()].iter_mut().zip(items) {
            item.store(to);
        }
        Ok(())
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub struct Outgoing {
    pub target: u64,
    pub correlation: RequestId,
    pub payload: PayloadView,
}

#[derive(ComponentType, Lift)]
#[component(record)]
#[allow(dead_code, reason = "C asks for the name and version only")]
pub struct ComponentMetadata {
    pub name: String,
    pub version: String,
    pub description: String,
    pub author: String,
    pub license: String,
    #[component(name = "supported-operations")]
    pub supported_operations: Vec<String>,
    pub stateful: bool,
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "made by lifting; C reads the number")]
pub enum HealthStatus {
    #[component(name = "healthy")]
    Healthy,
    #[component(name = "degraded")]
    Degraded,
    #[component(name = "unhealthy")]
    Unhealthy,
    #[component(name = "unknown")]
    Unknown,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub enum WasmError {
    #[component(name = "component-not-found")]
    ComponentNotFound(String),
    #[component(name = "instantiation-failed")]
    InstantiationFailed(String),
    #[component(name = "export-not-found")]
    ExportNotFound(String),
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "resource-limit-exceeded")]
    ResourceLimitExceeded(String),
    #[component(name = "invalid-component")]
    InvalidComponent(String),
    #[component(name = "runtime-error")]
    RuntimeError(String),
}

impl WasmError {
    /// The case's number in `wit/`, and its text.
    pub fn parts(self) -> (u8, String) {
        match self {
            WasmError::ComponentNotFound(text) => (0, text),
            WasmError::InstantiationFailed(text) => (1, text),
            WasmError::ExportNotFound(text) => (2, text),
            WasmError::Timeout => (3, String::new()),
            WasmError::ResourceLimitExceeded(text) => (4, text),
            WasmError::InvalidComponent(text) => (5, text),
            WasmError::RuntimeError(text) => (6, text),
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub enum ComponentError {
    #[component(name = "initialization-failed")]
    InitializationFailed(String),
    #[component(name = "already-initialized")]
    AlreadyInitialized,
    #[component(name = "not-initialized")]
    NotInitialized,
    #[component(name = "shutdown-failed")]
    ShutdownFailed(String),
    #[component(name = "invalid-state")]
    InvalidState(String),
}

impl ComponentError {
    /// The case's number in `wit/`, and its text.
    pub fn parts(self) -> (u8, String) {
        match self {
            ComponentError::InitializationFailed(text) => (0, text),
            ComponentError::AlreadyInitialized => (1, String::new()),
            ComponentError::NotInitialized => (2, String::new()),
            ComponentError::ShutdownFailed(text) => (3, text),
            ComponentError::InvalidState(text) => (4, text),
        }
    }
}

// What imports answer.

#[derive(ComponentType, Lower, Default)]
#[component(record)]
pub struct ComponentIdOwned {
    pub namespace: String,
    pub name: String,
    pub instance: String,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub enum MessagingError {
    #[component(name = "delivery-failed")]
    DeliveryFailed(String),
    #[component(name = "correlation-timeout")]
    CorrelationTimeout(String),
    #[component(name = "invalid-message")]
    InvalidMessage(String),
    #[component(name = "queue-full")]
    QueueFull,
    #[component(name = "target-not-found")]
    TargetNotFound(ComponentIdOwned),
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub enum StorageError {
    #[component(name = "not-found")]
    NotFound(String),
    #[component(name = "already-exists")]
    AlreadyExists(String),
    #[component(name = "quota-exceeded")]
    QuotaExceeded,
    #[component(name = "invalid-key")]
    InvalidKey(String),
    #[component(name = "io-error")]
    IoError(String),
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub struct StorageUsage {
    #[component(name = "used-bytes")]
    pub used_bytes: u64,
    #[component(name = "quota-bytes")]
    pub quota_bytes: u64,
    #[component(name = "key-count")]
    pub key_count: u64,
}
