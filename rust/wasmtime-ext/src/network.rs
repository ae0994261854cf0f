//! The network, of which nothing is open to a guest but what C allows: C is asked for each socket, each
//! address that it uses, each datagram that comes, each name that is looked up and each address that was found.

use std::ffi::c_void;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::SocketError;
use wasmtime_wasi::p2::bindings::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Network as NetworkResource,
};
use wasmtime_wasi::p2::bindings::sockets::{ip_name_lookup, tcp, tcp_create_socket, udp, udp_create_socket};
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSocketsCtxView};
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream};

use crate::abi::{Bytes, host_of};
use crate::imports::Host;
use crate::{StoreContextMut, StoreData};

/// `airs_ext_address_t`
#[repr(C)]
struct Address {
    bytes: [u8; 16],
    size: u8,
    port: u16,
}

impl Address {
    fn of(ip: IpAddr, port: u16) -> Self {
        let mut bytes = [0; 16];
        let size = match ip {
            IpAddr::V4(ip) => {
                bytes[..4].copy_from_slice(&ip.octets());
                4
            }
            IpAddr::V6(ip) => {
                bytes.copy_from_slice(&ip.octets());
                16
            }
        };
        Address { bytes, size, port }
    }
}

/// The last members of `airs_ext_wasi_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Network {
    may_have_sockets: unsafe extern "C" fn(*mut c_void) -> bool,
    may_use: unsafe extern "C" fn(*mut c_void, u8, *const Address) -> bool,
    opened: unsafe extern "C" fn(*mut c_void, u32, u8, *const Address),
    closed: unsafe extern "C" fn(*mut c_void, u32),
    begin_to_hear: unsafe extern "C" fn(*mut c_void, u32, *const Address),
    hears: unsafe extern "C" fn(*mut c_void, u32, *const Address) -> bool,
    may_look_up: unsafe extern "C" fn(*mut c_void, Bytes) -> bool,
    look_up: unsafe extern "C" fn(*mut c_void, u32, Bytes),
    may_know: unsafe extern "C" fn(*mut c_void, u32, *const Address) -> bool,
}

/// Wasmtime's tasks keep the check of addresses, and may have it after the store is gone: so it reaches C through a
/// gate, which is shut when the store ends.
pub struct Gate {
    network: Network,
    host: Mutex<Option<Host>>,
}

/// Shuts the gate when it is dropped.
pub struct GateKeeper(Arc<Gate>);

impl Gate {
    pub fn new(network: Network, host: Host) -> Arc<Self> {
        Arc::new(Gate { network, host: Mutex::new(Some(host)) })
    }

    pub fn keeper(self: &Arc<Self>) -> GateKeeper {
        GateKeeper(self.clone())
    }

    pub fn may_use(&self, reason: SocketAddrUse, address: SocketAddr) -> bool {
        let Some(reason) = number_of(reason) else {
            return true;
        };
        let address = Address::of(address.ip(), address.port());
        // C is asked under the lock, so that the keeper waits for it.
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the gate is open, so the host is alive.
        host.is_some_and(|host| unsafe { (self.network.may_use)(host.pointer(), reason, &address) })
    }
}

/// In the order of the header.
fn number_of(reason: SocketAddrUse) -> Option<u8> {
    match reason {
        SocketAddrUse::TcpBind => Some(0),
        SocketAddrUse::TcpListen => Some(1),
        SocketAddrUse::TcpAccept => Some(2),
        SocketAddrUse::TcpConnect => Some(3),
        SocketAddrUse::UdpBind => Some(4),
        SocketAddrUse::UdpSend => Some(5),
        // Wasmtime does not say to which socket a datagram came, and would throw away all that are refused in one
        // call, however many come. `receive` asks C instead.
        SocketAddrUse::UdpReceive => None,
    }
}

impl Drop for GateKeeper {
    fn drop(&mut self) {
        *self.0.host.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

type Accepted = (Resource<tcp::TcpSocket>, Resource<DynInputStream>, Resource<DynOutputStream>);

type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

fn sockets<'a>(store: &'a mut StoreContextMut<'_>) -> WasiSocketsCtxView<'a> {
    let view = store.data_mut().ctx();
    WasiSocketsCtxView { ctx: view.ctx.sockets(), table: view.table }
}

/// What the guest is told; an error that is none of the interface's traps.
fn answer<T>(result: Result<T, SocketError>) -> Answer<T> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

impl Network {
    fn may_have_sockets(&self, store: &StoreContextMut<'_>) -> bool {
        // SAFETY: the host outlives the call.
        unsafe { (self.may_have_sockets)(host_of(store)) }
    }

    fn connect(
        &self,
        mut store: StoreContextMut<'_>,
        socket: Resource<tcp::TcpSocket>,
        network: Resource<NetworkResource>,
        to: IpSocketAddress,
    ) -> Answer<()> {
        let host = host_of(&store);
        let number = socket.rep();
        let view = &mut sockets(&mut store);
        let begun = tcp::HostTcpSocket::start_connect(view, socket, network, to);
        if begun.is_ok() {
            self.note(host, number, SocketAddrUse::TcpConnect, to);
        }
        answer(begun)
    }

    fn accept(&self, mut store: StoreContextMut<'_>, socket: Resource<tcp::TcpSocket>) -> Answer<Accepted> {
        let host = host_of(&store);
        let again = Resource::new_borrow(socket.rep());
        let view = &mut sockets(&mut store);
        let accepted = tcp::HostTcpSocket::accept(view, socket);
        if let Ok((connection, ..)) = &accepted {
            let local = tcp::HostTcpSocket::local_address(view, again)?;
            self.note(host, connection.rep(), SocketAddrUse::TcpAccept, local);
        }
        answer(accepted)
    }

    fn note(&self, host: *mut c_void, number: u32, reason: SocketAddrUse, address: IpSocketAddress) {
        let address: SocketAddr = address.into();
        let address = Address::of(address.ip(), address.port());
        if let Some(reason) = number_of(reason) {
            // SAFETY: the host outlives the call.
            unsafe { (self.opened)(host, number, reason, &address) };
        }
    }

    fn close(&self, mut store: StoreContextMut<'_>, number: u32) -> wasmtime::Result<()> {
        let host = host_of(&store);
        let socket = Resource::new_own(number);
        tcp::HostTcpSocket::drop(&mut sockets(&mut store), socket)?;
        // SAFETY: the host outlives the call.
        unsafe { (self.closed)(host, number) };
        Ok(())
    }

    async fn streams(
        &self,
        mut store: StoreContextMut<'_>,
        socket: Resource<udp::UdpSocket>,
        to: Option<IpSocketAddress>,
    ) -> Answer<(Resource<udp::IncomingDatagramStream>, Resource<udp::OutgoingDatagramStream>)> {
        let host = Host(host_of(&store));
        let again = Resource::new_borrow(socket.rep());
        let view = &mut sockets(&mut store);
        let streams = udp::HostUdpSocket::stream(view, socket, to).await;
        if let Ok((incoming, _)) = &streams {
            let local: SocketAddr = udp::HostUdpSocket::local_address(view, again)?.into();
            let local = Address::of(local.ip(), local.port());
            // SAFETY: the host outlives the call.
            unsafe { (self.begin_to_hear)(host.pointer(), incoming.rep(), &local) };
        }
        answer(streams)
    }

    /// As many at most as Wasmtime hands over in one call, so that there is an end of those that are thrown away.
    fn receive(
        &self,
        mut store: StoreContextMut<'_>,
        stream: Resource<udp::IncomingDatagramStream>,
        max: u64,
    ) -> Answer<Vec<udp::IncomingDatagram>> {
        let host = host_of(&store);
        let number = stream.rep();
        let view = &mut sockets(&mut store);
        let received = udp::HostIncomingDatagramStream::receive(view, stream, max);
        answer(received.map(|mut datagrams| {
            datagrams.retain(|datagram| {
                let from: SocketAddr = datagram.remote_address.into();
                let from = Address::of(from.ip(), from.port());
                // SAFETY: the host outlives the call.
                unsafe { (self.hears)(host, number, &from) }
            });
            datagrams
        }))
    }

    fn resolve(
        &self,
        mut store: StoreContextMut<'_>,
        network: Resource<NetworkResource>,
        name: String,
    ) -> Answer<Resource<ip_name_lookup::ResolveAddressStream>> {
        let host = host_of(&store);
        // SAFETY: the host outlives the call.
        if !unsafe { (self.may_look_up)(host, Bytes::of(name.as_bytes())) } {
            return Ok((Err(ErrorCode::AccessDenied),));
        }
        let view = &mut sockets(&mut store);
        let stream = ip_name_lookup::Host::resolve_addresses(view, network, name.clone());
        if let Ok(stream) = &stream {
            // SAFETY: as above.
            unsafe { (self.look_up)(host, stream.rep(), Bytes::of(name.as_bytes())) };
        }
        answer(stream)
    }

    fn next_address(
        &self,
        mut store: StoreContextMut<'_>,
        stream: Resource<ip_name_lookup::ResolveAddressStream>,
    ) -> Answer<Option<IpAddress>> {
        let host = host_of(&store);
        let number = stream.rep();
        loop {
            let again = Resource::new_borrow(number);
            let view = &mut sockets(&mut store);
            let next = ip_name_lookup::HostResolveAddressStream::resolve_next_address(view, again);
            if let Ok(Some(address)) = &next {
                let address = Address::of(ip_of(address), 0);
                // SAFETY: the host outlives the call.
                if !unsafe { (self.may_know)(host, number, &address) } {
                    continue;
                }
            }
            return answer(next);
        }
    }

    pub fn add_to_linker(self, linker: &mut Linker<StoreData>) -> wasmtime::Result<()> {
        let mut root = linker.root();
        root.instance("wasi:sockets/tcp-create-socket@0.2.12")?.func_wrap(
            "create-tcp-socket",
            move |mut store: StoreContextMut<'_>,
                  (family,): (IpAddressFamily,)|
                  -> Answer<Resource<tcp::TcpSocket>> {
                if !self.may_have_sockets(&store) {
                    return Ok((Err(ErrorCode::AccessDenied),));
                }
                answer(tcp_create_socket::Host::create_tcp_socket(&mut sockets(&mut store), family))
            },
        )?;
        root.instance("wasi:sockets/udp-create-socket@0.2.12")?.func_wrap_async(
            "create-udp-socket",
            move |mut store: StoreContextMut<'_>, (family,): (IpAddressFamily,)| {
                Box::new(async move {
                    let answered: Answer<Resource<udp::UdpSocket>> = if self.may_have_sockets(&store) {
                        let view = &mut sockets(&mut store);
                        answer(udp_create_socket::Host::create_udp_socket(view, family).await)
                    } else {
                        Ok((Err(ErrorCode::AccessDenied),))
                    };
                    answered
                })
            },
        )?;
        let mut connections = root.instance("wasi:sockets/tcp@0.2.12")?;
        connections.func_wrap(
            "[method]tcp-socket.start-connect",
            move |store: StoreContextMut<'_>,
                  (socket, network, to): (
                Resource<tcp::TcpSocket>,
                Resource<NetworkResource>,
                IpSocketAddress,
            )| { self.connect(store, socket, network, to) },
        )?;
        connections.func_wrap(
            "[method]tcp-socket.accept",
            move |store: StoreContextMut<'_>, (socket,): (Resource<tcp::TcpSocket>,)| {
                self.accept(store, socket)
            },
        )?;
        connections.resource(
            "tcp-socket",
            ResourceType::host::<tcp::TcpSocket>(),
            move |store, number| self.close(store, number),
        )?;
        let mut datagrams = root.instance("wasi:sockets/udp@0.2.12")?;
        datagrams.func_wrap_async(
            "[method]udp-socket.stream",
            move |store: StoreContextMut<'_>,
                  (socket, to): (Resource<udp::UdpSocket>, Option<IpSocketAddress>)| {
                Box::new(async move { self.streams(store, socket, to).await })
            },
        )?;
        datagrams.func_wrap(
            "[method]incoming-datagram-stream.receive",
            move |store: StoreContextMut<'_>, (stream, max): (Resource<udp::IncomingDatagramStream>, u64)| {
                self.receive(store, stream, max)
            },
        )?;
        let mut look_up = root.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
        look_up.func_wrap(
            "resolve-addresses",
            move |store: StoreContextMut<'_>, (network, name): (Resource<NetworkResource>, String)| {
                self.resolve(store, network, name)
            },
        )?;
        look_up.func_wrap(
            "[method]resolve-address-stream.resolve-next-address",
            move |store: StoreContextMut<'_>,
                  (stream,): (Resource<ip_name_lookup::ResolveAddressStream>,)| {
                self.next_address(store, stream)
            },
        )?;
        Ok(())
    }
}

fn ip_of(address: &IpAddress) -> IpAddr {
    match *address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}
