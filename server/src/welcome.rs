//! What a person sees once the process is ready: where to send, where to look, where the data is.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

/// The addresses that were really bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub otlp_grpc: SocketAddr,
    pub otlp_http: SocketAddr,
    pub http: SocketAddr,
    pub jaeger_grpc: SocketAddr,
}

/// Writes the text to standard output; a closed output is no reason to stop.
pub(crate) fn print(addresses: Addresses, base_path: &str, data_dir: &Path) {
    drop(std::io::stdout().write_all(text(addresses, base_path, data_dir).as_bytes()));
}

fn text(addresses: Addresses, base_path: &str, data_dir: &Path) -> String {
    // The folder may be relative; where it really is matters to who looks for it.
    let data = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    format!(
        "
  Spoor is ready.

  Send it logs and traces:  OTEL_EXPORTER_OTLP_ENDPOINT=http://{grpc}   (OTEL_EXPORTER_OTLP_PROTOCOL=grpc)
                            OTEL_EXPORTER_OTLP_ENDPOINT=http://{http}   (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)
  Find a flow by any id:    http://{page}{base_path}/
  Point Jaeger's clients:   http://{page}{base_path}/   (Grafana, jaeger-ui, Kiali; gRPC at {jaeger})
  Everything is kept in:    {data}

",
        grpc = reachable(addresses.otlp_grpc),
        http = reachable(addresses.otlp_http),
        page = reachable(addresses.http),
        jaeger = reachable(addresses.jaeger_grpc),
        data = data.display(),
    )
}

/// Returns an address a program on this machine can connect to.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) | IpAddr::V6(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_can_be_copied_as_they_stand() {
        let addresses = Addresses {
            otlp_grpc: "0.0.0.0:14317".parse().unwrap(),
            otlp_http: "[::]:14318".parse().unwrap(),
            http: "127.0.0.1:16686".parse().unwrap(),
            jaeger_grpc: "0.0.0.0:16685".parse().unwrap(),
        };
        let text = text(addresses, "/spoor", Path::new("no such folder"));
        for part in [
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14317 ",
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14318 ",
            "http://127.0.0.1:16686/spoor/\n",
            "gRPC at 127.0.0.1:16685)\n",
            "no such folder\n",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
